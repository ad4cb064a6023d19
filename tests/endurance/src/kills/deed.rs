//! What a request of a function does. The one place that knows how the table's writes look on the wire; the names are those
//! of `shared/store/src/dynamodb`.

use serde_json::Value;

use super::trace::Change;

/// A request, understood.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Deed {
    /// A secret is read.
    ReadSecret,
    /// A message is handed to the work queue: its id, and its text.
    Queue { message: String, text: String },
    /// An agent's wish is handed to the work queue.
    Wish,
    /// A body is handed to the quarantine queue.
    Quarantine,
    /// It is said when a message comes back.
    ComeBack,
    /// A message's row is put.
    FileRow,
    /// A message's row is marked.
    MarkRow,
    /// A message's row is forgotten: its conversation is elsewhere.
    ForgetRow,
    /// Rows of messages are read.
    ReadRows,
    /// The head or one turn is read.
    ReadItem,
    /// The newest turns are read.
    ReadHistory,
    /// A draft is put.
    Draft,
    /// The head of a user's conversation is changed.
    Head { user: String, change: Change },
    /// The AI is asked.
    Ask,
    /// Braze is called.
    Send { reply: String },
    /// Nothing that is known.
    Unknown,
}

/// The moment around which a process can be killed while it starts.
pub(super) const AT_THE_START: &str = "read secret";
/// The moments around which a process of ingest can be killed: that of every webhook, and that of some.
pub(super) const OF_EVERY_WEBHOOK: [&str; 1] = ["queue"];
pub(super) const OF_SOME_WEBHOOKS: [&str; 1] = ["quarantine"];
/// The same for the responder: those of every turn.
pub(super) const OF_EVERY_TURN: [&str; 8] =
    ["put message row", "file and claim", "read history", "ask", "put draft", "commit", "send", "settle"];
/// And those of some turns.
pub(super) const OF_SOME_TURNS: [&str; 12] = [
    "read item",
    "file",
    "claim",
    "read message rows",
    "begin next part",
    "begin another copy",
    "put back",
    "give back",
    "mark message row",
    "sign",
    "come back",
    "take over",
];

impl Deed {
    /// Reads a request by its target (`X-Amz-Target`, if it has one), path and body.
    pub(super) fn of(target: Option<&str>, path: &str, body: &[u8]) -> Self {
        let json: Value = serde_json::from_slice(body).unwrap_or_default();
        match target.and_then(|target| target.split_once('.')).map(|(_, operation)| operation) {
            None if path.ends_with("/chat/completions") => Self::Ask,
            None if path == "/campaigns/trigger/send" => {
                Self::Send { reply: text(&json["recipients"][0]["trigger_properties"]["reply_id"]) }
            }
            Some("GetSecretValue") => Self::ReadSecret,
            Some("SendMessage") => sent_message(&text(&json["MessageBody"])),
            Some("ChangeMessageVisibility") => Self::ComeBack,
            Some("PutItem") if text(&json["Item"]["sk"]["S"]).starts_with("T#") => Self::Draft,
            Some("PutItem") => Self::FileRow,
            Some("DeleteItem") => Self::ForgetRow,
            Some("BatchGetItem") => Self::ReadRows,
            Some("GetItem") => Self::ReadItem,
            Some("Query") => Self::ReadHistory,
            Some("UpdateItem") if json["Key"]["sk"]["S"] == "C" => {
                let key = text(&json["Key"]["pk"]["S"]);
                let user = key.strip_prefix("user:").unwrap_or(&key).to_owned();
                Self::Head { user, change: change(&json) }
            }
            Some("UpdateItem") => Self::MarkRow,
            _ => Self::Unknown,
        }
    }

    /// Its name among the moments.
    pub(super) fn moment(&self) -> &'static str {
        match self {
            Self::ReadSecret => AT_THE_START,
            Self::Queue { .. } | Self::Wish => "queue",
            Self::Quarantine => "quarantine",
            Self::ComeBack => "come back",
            Self::FileRow => "put message row",
            Self::MarkRow => "mark message row",
            Self::ForgetRow => "forget message row",
            Self::ReadRows => "read message rows",
            Self::ReadItem => "read item",
            Self::ReadHistory => "read history",
            Self::Draft => "put draft",
            Self::Head { change, .. } => moment_of(change),
            Self::Ask => "ask",
            Self::Send { .. } => "send",
            Self::Unknown => "unknown",
        }
    }
}

fn moment_of(change: &Change) -> &'static str {
    match change {
        Change::File { claims: false, .. } => "file",
        Change::File { claims: true, .. } => "file and claim",
        Change::Claim => "claim",
        Change::Commit { .. } => "commit",
        Change::NextPart => "begin next part",
        Change::SendAgain => "begin another copy",
        Change::PutBack => "put back",
        Change::Settle | Change::OptOut => "settle",
        Change::Release => "give back",
        Change::TakeOver => "take over",
        Change::Sign => "sign",
        Change::Other => "other head write",
    }
}

/// What ingest hands over: to the work queue a message or a wish, to the quarantine a body.
fn sent_message(body: &str) -> Deed {
    let message: Value = serde_json::from_str(body).unwrap_or_default();
    match message["type"].as_str() {
        Some("inbound_v1") => Deed::Queue { message: text(&message["id"]), text: text(&message["text"]) },
        Some("agent_v1") => Deed::Wish,
        Some("quarantined_v1") => Deed::Quarantine,
        _ => Deed::Unknown,
    }
}

/// Told apart by the values that only one kind of write has.
fn change(update: &Value) -> Change {
    let values = &update["ExpressionAttributeValues"];
    let has = |name: &str| values.get(name).is_some();
    let removes = |name: &str| {
        let expression = update["UpdateExpression"].as_str().unwrap_or_default();
        let removed = expression.split_once(" REMOVE ").map_or("", |(_, removed)| removed);
        removed.split(", ").any(|removed| removed == name)
    };
    if has(":id") && has(":most") {
        let message = text(&values[":id"]["S"]);
        return Change::File { message, sequence: None, claims: has(":ru") };
    }
    if has(":tv") {
        let covers = values[":tv"]["L"].as_array().into_iter().flatten().map(|id| text(&id["S"])).collect();
        return Change::Commit { covers };
    }
    match () {
        () if has(":ru") => Change::Claim,
        () if removes("tk") && has(":kp") => Change::OptOut,
        () if removes("tk") => Change::Settle,
        () if has(":tr") => Change::PutBack,
        () if has(":tc") && has(":tp") => Change::NextPart,
        () if has(":tc") => Change::SendAgain,
        () if has(":lu") && !has(":mt") => Change::Release,
        () if has(":mv") => Change::Sign,
        () if values[":md"]["S"] == "h" => Change::TakeOver,
        () => Change::Other,
    }
}

/// The same change with what the table answered to it.
pub(super) fn answered(change: Change, answer: &[u8]) -> Change {
    let Change::File { message, claims, .. } = change else { return change };
    let head: Value = serde_json::from_slice(answer).unwrap_or_default();
    let place = &head["Attributes"][format!("s_{message}")]["N"];
    let sequence = place.as_str().and_then(|text| text.parse().ok());
    Change::File { message, sequence, claims }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn update(expression: &str, values: &[&str]) -> Value {
        let value = |name: &&str| match *name {
            ":tv" => ((*name).to_owned(), json!({"L": [{"S": "m1"}, {"S": "m2"}]})),
            ":md" => ((*name).to_owned(), json!({"S": "h"})),
            name => (name.to_owned(), json!({"S": "m1"})),
        };
        json!({
            "Key": {"pk": {"S": "user:42"}, "sk": {"S": "C"}}, "UpdateExpression": expression,
            "ExpressionAttributeValues": values.iter().map(value).collect::<serde_json::Map<_, _>>(),
        })
    }

    fn moment(target: &str, body: &Value) -> &'static str {
        Deed::of(Some(target), "/", body.to_string().as_bytes()).moment()
    }

    #[test]
    fn every_write_to_a_head_is_told_from_the_others() {
        let settling = "SET dn = :dn REMOVE #p0, #s0, tk, ts, tr";
        for (expression, values, expected) in [
            ("SET sq = :x", vec![":id", ":most"], "file"),
            ("SET sq = :x, ru = :ru", vec![":id", ":most", ":ru", ":lu"], "file and claim"),
            ("SET ru = :ru", vec![":ru", ":lu"], "claim"),
            ("SET tk = :tk", vec![":tv", ":tp", ":tc", ":is_ru"], "commit"),
            ("SET tp = :tp", vec![":tp", ":tc", ":is_ru"], "begin next part"),
            ("SET tc = :tc REMOVE tr", vec![":tc", ":ts", ":is_ru"], "begin another copy"),
            ("SET tr = :tr", vec![":tr", ":tc", ":lu", ":is_ru"], "put back"),
            (settling, vec![":lu", ":covered", ":is_ru"], "settle"),
            ("SET lu = :lu", vec![":lu", ":is_ru"], "give back"),
            ("SET mv = :mv", vec![":mv"], "sign"),
            ("SET mt = :mt, md = :md, lu = :lu", vec![":mt", ":md", ":lu", ":sending"], "take over"),
            ("SET ad = :ad", vec![":ad"], "other head write"),
        ] {
            assert_eq!(moment("DynamoDB_20120810.UpdateItem", &update(expression, &values)), expected);
        }
        let commit = Deed::of(Some("x.UpdateItem"), "/", update("SET tk = :tk", &[":tv"]).to_string().as_bytes());
        let stop = Deed::of(Some("x.UpdateItem"), "/", update(settling, &[":lu", ":kp"]).to_string().as_bytes());
        assert_eq!(stop, Deed::Head { user: "42".to_owned(), change: Change::OptOut });
        let covers = vec!["m1".to_owned(), "m2".to_owned()];
        assert_eq!(commit, Deed::Head { user: "42".to_owned(), change: Change::Commit { covers } });
    }

    #[test]
    fn what_goes_elsewhere_is_told_by_operation_and_path() {
        let row = |sort: &str| json!({"Item": {"sk": {"S": sort}}, "Key": {"sk": {"S": sort}}});
        let body = |text: &str| json!({"MessageBody": text});
        for (target, body, expected) in [
            ("d.PutItem", row("M#1"), "put message row"),
            ("d.PutItem", row("T#1#1"), "put draft"),
            ("d.UpdateItem", row("M#1"), "mark message row"),
            ("d.DeleteItem", row("M#1"), "forget message row"),
            ("s.SendMessage", body(r#"{"type": "inbound_v1", "id": "m1", "text": "hi"}"#), "queue"),
            ("s.SendMessage", body(r#"{"type": "agent_v1"}"#), "queue"),
            ("s.SendMessage", body(r#"{"type": "quarantined_v1"}"#), "quarantine"),
            ("s.SendMessage", body("?"), "unknown"),
            ("s.ChangeMessageVisibility", json!({}), "come back"),
            ("d.Scan", json!({}), "unknown"),
        ] {
            assert_eq!(moment(target, &body), expected, "{target} {body}");
        }
        let send = json!({"recipients": [{"trigger_properties": {"reply_id": "m1#1"}}]}).to_string();
        let send = Deed::of(None, "/campaigns/trigger/send", send.as_bytes());
        assert_eq!(send, Deed::Send { reply: "m1#1".to_owned() });
        assert_eq!(Deed::of(None, "/v1/chat/completions", b"{}"), Deed::Ask);
    }

    #[test]
    fn the_place_of_a_message_is_read_from_the_tables_answer() {
        let file = |sequence| Change::File { message: "m1".to_owned(), sequence, claims: true };
        let answer = json!({"Attributes": {"s_m1": {"N": "7"}, "s_m2": {"N": "8"}}}).to_string();
        assert_eq!(answered(file(None), answer.as_bytes()), file(Some(7)));
        assert_eq!(answered(file(None), b"{}"), file(None));
    }
}
