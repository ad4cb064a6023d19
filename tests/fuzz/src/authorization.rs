//! Any bytes as `Authorization` headers.

use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::door::{self, AGENT, ANSWERS, WEBHOOK, WEBHOOK_BEFORE};

/// The door's doors, what is posted there, the tokens that open each, and what it answers to whoever comes in.
const DOORS: [(&str, &[u8], &[&str], StatusCode); 4] = [
    ("/inbound", WEBHOOK_BODY, &[WEBHOOK, WEBHOOK_BEFORE], StatusCode::ACCEPTED),
    ("/inbound/returns", WEBHOOK_BODY, &[WEBHOOK, WEBHOOK_BEFORE], StatusCode::ACCEPTED),
    ("/conversations/takeover", WISH, &[AGENT], StatusCode::ACCEPTED),
    ("/conversations/answers", ANSWER, &[ANSWERS], StatusCode::ACCEPTED),
];

const WEBHOOK_BODY: &[u8] = br#"{ "user_id": "42", "phone_number": "", "message": "hi" }"#;
const WISH: &[u8] = br#"{ "conversation": "user:42" }"#;
const ANSWER: &[u8] = br#"{ "conversation": "user:42", "question": "m1", "text": "hi" }"#;

/// Each line is a header. Bytes that no header can hold stand for what no mutation would find: the scheme, the good
/// tokens, and one that lacks its last character. Only one header with the scheme and exactly a good token opens a door.
pub fn authorization(bytes: &[u8]) {
    let lines: Vec<Vec<u8>> = bytes.split(|byte| *byte == b'\n').take(4).map(spelled).collect();
    let values: Vec<_> = lines.iter().filter_map(|line| HeaderValue::from_bytes(line).ok()).collect();
    let mut headers = HeaderMap::new();
    for value in &values {
        headers.append(header::AUTHORIZATION, value.clone());
    }
    for (path, body, tokens, welcome) in DOORS {
        let is_good = matches!(&values[..], [value] if tokens.iter().any(|token| is_bearer(value.as_bytes(), token)));
        let visit = door::post(path, "", &headers, body);
        assert_eq!(visit.answer.status, if is_good { welcome } else { StatusCode::UNAUTHORIZED });
        assert_eq!(visit.queued.len() + visit.asked.len(), usize::from(visit.answer.status == StatusCode::ACCEPTED));
    }
}

fn spelled(line: &[u8]) -> Vec<u8> {
    let piece = |byte: &u8| match byte {
        1 => b"Bearer ".to_vec(),
        2 => WEBHOOK.into(),
        3 => WEBHOOK_BEFORE.into(),
        4 => AGENT.into(),
        5 => WEBHOOK[..WEBHOOK.len() - 1].into(),
        6 => ANSWERS.into(),
        byte => vec![*byte],
    };
    line.iter().flat_map(piece).collect()
}

fn is_bearer(value: &[u8], token: &str) -> bool {
    value.to_ascii_lowercase().starts_with(b"bearer ") && value[7..] == *token.as_bytes()
}
