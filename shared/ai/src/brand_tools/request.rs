//! From a model's call to the one request it may become: the declaration says where and how, the model fills in arguments, and
//! whose it is comes from the conversation.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use models::assistant::{HttpTool, Method, Piece, ToolUrl};
use models::{MessageId, Personal, ProfileValue};
use platform::hmac_sha256;
use reqwest::Url;
use serde_json::{Map, Value};

use crate::tools::{FactKind, profile_value, read};

/// The arguments are not exactly those that were described, or cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Misfit;

/// One request to one of the brand's systems. `Debug` shows nothing of the user's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolRequest {
    /// The tool's name.
    pub tool: String,
    /// The whole address.
    pub url: Personal,
    /// JSON, for a POST.
    pub body: Option<Personal>,
    /// The same for every try of one question to do the same, so that a POST need not be done twice; of a GET none.
    pub idempotency_key: Option<String>,
    /// The most time it gets.
    pub timeout: Duration,
}

/// What is filled in, by its name.
type Filled<'a> = BTreeMap<&'a str, ProfileValue>;

impl ToolRequest {
    /// The request for a call of `tool` with `arguments` in JSON, for `user` and no one else.
    pub(super) fn new(
        name: &str,
        tool: &HttpTool,
        arguments: &str,
        user: Option<&Personal>,
        question: &MessageId,
    ) -> Result<Self, Misfit> {
        let filled = filled(tool, arguments)?;
        let texts: BTreeMap<&str, String> = filled.iter().map(|(name, value)| (*name, text(value))).collect();
        let user = match (&tool.user, user) {
            (Some(name), Some(id)) => Some((name.as_str(), id.as_str())),
            (Some(_), None) => return Err(Misfit),
            (None, _) => None,
        };
        let value = |name: &str| match user {
            Some((known, id)) if known == name => Some(id),
            _ => texts.get(name).map(String::as_str),
        };
        let mut url = address(&tool.url, &value)?;
        let in_path: Vec<_> = tool.url.arguments().collect();
        let beside = |name: &str| !in_path.contains(&name);
        let body = match tool.method {
            Method::Get => {
                let given = texts.iter().map(|(name, text)| (*name, text.as_str())).chain(user);
                for (name, text) in given.filter(|(name, _)| beside(name)) {
                    url.query_pairs_mut().append_pair(name, text);
                }
                None
            }
            Method::Post => {
                let given = filled.iter().map(|(name, value)| (*name, json(value)));
                let given = given.chain(user.map(|(name, id)| (name, Value::from(id))));
                let body: Map<_, _> =
                    given.filter(|(name, _)| beside(name)).map(|(name, value)| (name.to_owned(), value)).collect();
                Some(Personal::from(Value::Object(body).to_string()))
            }
        };
        let url = Personal::from(String::from(url));
        let idempotency_key = body.as_ref().and_then(|body| once(question, name, &url, body));
        Ok(Self { tool: name.to_owned(), url, body, idempotency_key, timeout: tool.timeout })
    }
}

/// The arguments, if they are exactly those that were described. `null` stands for one that is left out.
fn filled<'a>(tool: &'a HttpTool, arguments: &str) -> Result<Filled<'a>, Misfit> {
    let given: Map<String, Value> = read(arguments).ok_or(Misfit)?;
    let mut filled = BTreeMap::new();
    for (name, value) in &given {
        let argument = tool.arguments.iter().find(|argument| argument.name == *name).ok_or(Misfit)?;
        if !value.is_null() {
            let value = profile_value(&FactKind::from(&argument.values), value).ok_or(Misfit)?;
            filled.insert(argument.name.as_str(), value);
        }
    }
    let is_there = |name: &str| filled.contains_key(name);
    let whole = tool.arguments.iter().all(|argument| !argument.required || is_there(&argument.name));
    whole.then_some(filled).ok_or(Misfit)
}

/// The declared address with `value` in the places of its path. Each stays within its step: what is filled in is encoded, and
/// what would be read as "here", "above" or nothing is refused, as are characters that a URL drops.
fn address<'a>(declared: &ToolUrl, value: &impl Fn(&str) -> Option<&'a str>) -> Result<Url, Misfit> {
    let mut url = Url::parse(&declared.origin).map_err(|_| Misfit)?;
    url.set_query(declared.query.as_deref());
    let mut path = url.path_segments_mut().map_err(|()| Misfit)?;
    path.clear();
    for pieces in &declared.path {
        let mut step = String::new();
        for piece in pieces {
            step.push_str(match piece {
                Piece::Text(text) => text,
                Piece::Argument(name) => value(name).filter(|value| !value.is_empty()).ok_or(Misfit)?,
            });
        }
        if step == "." || step == ".." || step.contains(char::is_control) {
            return Err(Misfit);
        }
        path.push(&step);
    }
    drop(path);
    Ok(url)
}

fn text(value: &ProfileValue) -> String {
    match value {
        ProfileValue::Text(text) => text.as_str().to_owned(),
        other => json(other).to_string(),
    }
}

fn json(value: &ProfileValue) -> Value {
    match value {
        ProfileValue::Text(text) => text.as_str().into(),
        ProfileValue::Flag(flag) => (*flag).into(),
        ProfileValue::Integer(number) => (*number).into(),
        ProfileValue::Float(number) => number.get().into(),
        ProfileValue::Time(time) => time.millis().into(),
    }
}

/// A word for one deed of one question.
fn once(question: &MessageId, tool: &str, url: &Personal, body: &Personal) -> Option<String> {
    let parts = [tool.as_bytes(), b"\n", url.as_str().as_bytes(), b"\n", body.as_str().as_bytes()];
    let signed = hmac_sha256::sign(question.as_str().as_bytes(), &parts)?;
    let mut word = String::new();
    for byte in &signed[..16] {
        write!(word, "{byte:02x}").ok()?;
    }
    Some(word)
}

#[cfg(test)]
mod tests {
    use models::assistant::Assistant;
    use proptest::prelude::*;

    use super::*;

    const ORDER: &str = r#"
        [tools.order]
        describe = "Where an order is."
        url = "https://api.shop.example/v1/{customer}/orders/no-{order}/?lang=en"
        user = "customer"
        [tools.order.arguments.order]
        describe = "Its number"
        [tools.order.arguments.part]
        describe = "Which part"
        one_of = ["all", "Parcel"]
        required = false
        [tools.order.arguments.from]
        describe = "From which number on"
        values = "number"
        required = false
    "#;
    const CANCEL: &str = r#"
        [tools.order]
        describe = "Cancels an order."
        method = "POST"
        url = "https://api.shop.example/orders/{order}"
        user = "customer_id"
        [tools.order.arguments.order]
        describe = "Its number"
        [tools.order.arguments.whole]
        describe = "Whether all of it"
        values = "flag"
        [tools.order.arguments.amount]
        describe = "How much"
        values = "number"
        required = false
    "#;

    fn request(toml: &str, arguments: &str, user: &str) -> Result<ToolRequest, Misfit> {
        let tools = Assistant::from_toml(toml).unwrap().tools;
        let user = Some(Personal::from(user)).filter(|user| !user.is_empty());
        ToolRequest::new("order", tools.get("order").unwrap(), arguments, user.as_ref(), &MessageId::stored("m1"))
    }

    #[test]
    fn what_the_path_does_not_name_goes_into_the_query_of_a_get() {
        for (arguments, expected) in [
            (r#"{"order": "AB1"}"#, "https://api.shop.example/v1/42/orders/no-AB1/?lang=en"),
            (
                r#"{"order": "AB 1/..?x#%2e", "part": "parcel", "from": 7.5}"#,
                "https://api.shop.example/v1/42/orders/no-AB%201%2F..%3Fx%23%252e/?lang=en&from=7.5&part=Parcel",
            ),
            (
                r#"{"order": "\\@evil.example", "part": null}"#,
                "https://api.shop.example/v1/42/orders/no-%5C@evil.example/?lang=en",
            ),
            (
                r#"{"order": "ä&b=c", "from": "8"}"#,
                "https://api.shop.example/v1/42/orders/no-%C3%A4&b=c/?lang=en&from=8",
            ),
        ] {
            let request = request(ORDER, arguments, "42").unwrap();
            assert_eq!((request.url.as_str(), &request.body, &request.idempotency_key), (expected, &None, &None));
        }
    }

    #[test]
    fn what_the_path_does_not_name_is_the_body_of_a_post_with_the_users_id() {
        let post = |arguments: &str| request(CANCEL, arguments, "42").unwrap();
        let first = post(r#"{"order": "AB1", "whole": true, "amount": 7}"#);
        assert_eq!(first.url.as_str(), "https://api.shop.example/orders/AB1");
        let body: Value = serde_json::from_str(first.body.as_ref().unwrap().as_str()).unwrap();
        assert_eq!(body, serde_json::json!({"customer_id": "42", "whole": true, "amount": 7}));
        let key = first.idempotency_key.clone().unwrap();
        assert_eq!(key.len(), 32);
        assert_eq!(post(r#"{"amount": "7", "whole": "true", "order": "AB1"}"#), first, "it is the same call");
        assert_ne!(post(r#"{"order": "AB1", "whole": false}"#).idempotency_key, first.idempotency_key);
    }

    #[test]
    fn arguments_that_are_not_exactly_as_described_make_no_request() {
        for arguments in [
            "",
            "{}",
            "null",
            "[]",
            r#"["AB1"]"#,
            r#""AB1""#,
            r#"{"order": "AB1""#,
            r#"{"order": null}"#,
            r#"{"order": ""}"#,
            r#"{"order": "  "}"#,
            r#"{"order": 7}"#,
            r#"{"order": ["AB1"]}"#,
            r#"{"order": "AB1\nX-Header: 1"}"#,
            r#"{"order": "AB1\u0000"}"#,
            r#"{"order": "AB1", "part": "none"}"#,
            r#"{"order": "AB1", "from": "seven"}"#,
            r#"{"order": "AB1", "from": true}"#,
            r#"{"order": "AB1", "customer": "43"}"#,
            r#"{"order": "AB1", "broadcast": true}"#,
            r#"{"Order": "AB1"}"#,
        ] {
            assert_eq!(request(ORDER, arguments, "42"), Err(Misfit), "{arguments}");
        }
        let long = format!(r#"{{"order": "{}"}}"#, "x".repeat(256));
        assert_eq!(request(ORDER, &long, "42"), Err(Misfit));
        for user in ["", ".", "..", "a\tb", "a\nb"] {
            assert_eq!(request(ORDER, r#"{"order": "AB1"}"#, user), Err(Misfit), "{user:?}");
        }
    }

    #[test]
    fn debug_shows_neither_words_nor_ids() {
        let shown = format!("{:?}", request(CANCEL, r#"{"order": "AB1secret", "whole": true}"#, "ada-secret").unwrap());
        assert!(!shown.contains("secret"), "{shown}");
    }

    proptest! {
        #[test]
        fn whatever_is_filled_in_stays_in_its_step_of_the_path(order in "\\PC{1,40}|[./\\\\%?#@:a-f0-9]{1,12}", user in any::<String>()) {
            let arguments = serde_json::json!({"order": order}).to_string();
            if let Ok(request) = request(ORDER, &arguments, &user) {
                let url = Url::parse(request.url.as_str()).unwrap();
                prop_assert_eq!(url.origin().ascii_serialization(), "https://api.shop.example");
                prop_assert_eq!((url.query(), url.fragment(), url.username()), (Some("lang=en"), None, ""));
                let steps: Vec<_> = url.path_segments().unwrap().map(decoded).collect();
                prop_assert_eq!(steps, ["v1", &user, "orders", &format!("no-{order}"), ""]);
            }
        }
    }

    /// The text of one step, as a server decodes it.
    fn decoded(step: &str) -> String {
        let (mut bytes, mut rest) = (vec![], step.as_bytes());
        while let [first, left @ ..] = rest {
            if let (b'%', [high, low, after @ ..]) = (first, left) {
                let hex = format!("{}{}", *high as char, *low as char);
                bytes.push(u8::from_str_radix(&hex, 16).unwrap());
                rest = after;
            } else {
                bytes.push(*first);
                rest = left;
            }
        }
        String::from_utf8(bytes).unwrap()
    }
}
