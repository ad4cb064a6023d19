//! What of a row is stored in other words than it is read: so that a version that does not know a kind of turn yet, or no longer,
//! reads it as one that it knows, where that does no harm.

/// The kind of a turn. A question that is put aside is stored as a line that an answer takes a moment, which is never committed and
/// so never said, and beside it how it is waited for. Whoever does not know of that asks again. So is the beginning of an answer,
/// with a word that it is one. Whoever does not know of that gives the whole answer.
pub(super) mod kind {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::super::{TurnKind, Wait};

    #[derive(Serialize, Deserialize)]
    struct Stored {
        #[serde(default, skip_serializing_if = "is_answer")]
        kind: TurnKind,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        wait: Option<Wait>,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        begun: bool,
    }

    fn is_answer(kind: &TurnKind) -> bool {
        *kind == TurnKind::Answer
    }

    pub(in super::super) fn serialize<S: Serializer>(kind: &TurnKind, serializer: S) -> Result<S::Ok, S::Error> {
        let stored = match *kind {
            TurnKind::Waiting(wait) => Stored { kind: TurnKind::Moment, wait: Some(wait), begun: false },
            TurnKind::Begun => Stored { kind: TurnKind::Moment, wait: None, begun: true },
            kind => Stored { kind, wait: None, begun: false },
        };
        stored.serialize(serializer)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TurnKind, D::Error> {
        let Stored { kind, wait, begun } = Stored::deserialize(deserializer)?;
        Ok(match (kind, wait) {
            (TurnKind::Moment, Some(wait)) => TurnKind::Waiting(wait),
            (TurnKind::Moment, None) if begun => TurnKind::Begun,
            (kind, _) => kind,
        })
    }
}

/// What became of summing up: the recap, and whether one was tried in vain.
pub(super) mod summing {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::super::{Recap, Summing};

    #[derive(Serialize)]
    struct Written<'a> {
        #[serde(skip_serializing_if = "Option::is_none")]
        recap: Option<&'a Recap>,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        unsummed: bool,
    }

    #[derive(Deserialize)]
    struct Read {
        #[serde(default)]
        recap: Option<Recap>,
        #[serde(default)]
        unsummed: bool,
    }

    pub(in super::super) fn serialize<S: Serializer>(summing: &Summing, serializer: S) -> Result<S::Ok, S::Error> {
        let unsummed = matches!(summing, Summing::InVain(_));
        Written { recap: summing.recap(), unsummed }.serialize(serializer)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Summing, D::Error> {
        let Read { recap, unsummed } = Read::deserialize(deserializer)?;
        Ok(if unsummed { Summing::InVain(recap) } else { recap.into() })
    }
}

#[cfg(test)]
mod tests {
    use models::Timestamp;
    use serde_json::{Value, json};

    use super::super::{Recap, Summing, TurnKind, TurnRow, Wait};

    const AT: Timestamp = Timestamp::from_seconds(7);
    const WAIT: Wait = Wait { since: AT, until: AT, passed: 1 };
    /// A row as versions before this one wrote it, but for its kind.
    const PLAIN: &str = concat!(
        r#"{"key":{"number":3,"epoch":5},KIND"at":7000,"covers":["m1"],"log_ids":["l"],"said":[{"text":"hi","arrival":7000}],"#,
        r#""to":{"external_id":"42"},"reply":["Hello"],"own_line":true,"since":7000REST}"#
    );

    /// The text of a row with these words for its kind and for what became of summing up.
    fn text(kind: &str, rest: &str) -> String {
        PLAIN.replace("KIND", kind).replace("REST", rest)
    }

    fn read(text: &str) -> TurnRow {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn rows_of_versions_before_are_read_and_written_to_the_byte_as_they_stand() {
        // A row is replaced only where it still is what was read: by its text.
        let recap = r#","recap":{"up_to":1,"since":7000,"text":"likes shoes"}"#;
        let known = Recap { up_to: 1, since: AT, text: "likes shoes".into() };
        for (kind, rest, expected, summing) in [
            ("", "", TurnKind::Answer, Summing::Untried),
            (r#""kind":"agent","#, "", TurnKind::Agent, Summing::Untried),
            (r#""kind":"moment","#, "", TurnKind::Moment, Summing::Untried),
            ("", recap, TurnKind::Answer, Summing::Done(known.clone())),
            ("", r#","unsummed":true"#, TurnKind::Answer, Summing::InVain(None)),
            ("", &format!(r#"{recap},"unsummed":true"#), TurnKind::Answer, Summing::InVain(Some(known))),
        ] {
            let text = text(kind, rest);
            let row = read(&text);
            assert_eq!((row.kind, &row.summing), (expected, &summing), "{text}");
            assert_eq!(serde_json::to_string(&row).unwrap(), text);
        }
    }

    #[test]
    fn a_question_that_is_put_aside_is_read_in_both_forms_and_by_whoever_knows_of_none() {
        let wait = r#"{"since":7000,"until":7000,"passed":1}"#;
        let before = text(&format!(r#""kind":{{"waiting":{wait}}},"#), "");
        let now = text(&format!(r#""kind":"moment","wait":{wait},"#), "");
        for text in [&before, &now] {
            let row = read(text);
            assert_eq!(row.kind, TurnKind::Waiting(WAIT));
            assert_eq!(serde_json::to_string(&row).unwrap(), now);
        }
        // A version that does not know the key passes over it.
        let mut unknown: Value = serde_json::from_str(&now).unwrap();
        let taken = unknown.as_object_mut().unwrap().remove("wait");
        assert!(taken.is_some());
        assert_eq!(serde_json::from_value::<TurnRow>(unknown).unwrap().kind, TurnKind::Moment);
    }

    #[test]
    fn a_beginning_is_one_for_whoever_knows_of_those_and_else_a_line_beside_the_answer() {
        let text = text(r#""kind":"moment","begun":true,"#, "");
        let row = read(&text);
        assert_eq!(row.kind, TurnKind::Begun);
        assert_eq!(serde_json::to_string(&row).unwrap(), text);
    }

    #[test]
    fn a_kind_that_nobody_knows_is_no_row() {
        let mut row: Value = serde_json::from_str(&text("", "")).unwrap();
        row["kind"] = json!("sung");
        assert!(serde_json::from_value::<TurnRow>(row).is_err());
    }
}
