//! What agents' tools post: which names, languages and lengths are taken.

use ingest::{Answer, Ingest};
use models::AgentDeed;
use serde_json::json;

use crate::{TOKENS, door, padded, post};

async fn wish(ingest: &Ingest, path: &str, body: &str) -> Answer {
    post(ingest, &format!("/conversations/{path}"), "a", &[], body.as_bytes()).await
}

#[tokio::test]
async fn a_request_may_have_a_name_of_one_to_two_hundred_characters() {
    let (ingest, behind) = door(TOKENS, None);
    for (id, status) in [
        (json!(null), 202),
        (json!("1"), 202),
        (json!("x".repeat(200)), 202),
        (json!("é".repeat(200)), 202),
        (json!(""), 400),
        (json!("x".repeat(201)), 400),
        (json!(7), 400),
    ] {
        let body = json!({"conversation": "user:ada", "id": id}).to_string();
        assert_eq!(wish(&ingest, "takeover", &body).await.status, status, "{body}");
        let named: Vec<_> = behind.wishes().iter().map(|wish| wish.named).collect();
        assert_eq!(named, if status == 202 { vec![id.is_string()] } else { vec![] }, "{body}");
    }
}

#[tokio::test]
async fn a_flow_is_begun_in_a_language_that_the_assistant_has_or_in_the_users() {
    let (ingest, behind) = door(TOKENS, None);
    for (language, expected) in [
        (json!("de"), Some(Some("de"))),
        (json!("pt-BR"), Some(Some("pt-BR"))),
        (json!(null), Some(None)),
        (json!("xx"), None),
        (json!(7), None),
    ] {
        let body = json!({"conversation": "user:ada", "flow": "return", "language": language}).to_string();
        let status = wish(&ingest, "flows", &body).await.status;
        assert_eq!(status, if expected.is_some() { 202 } else { 400 }, "{body}");
        let begun = behind.wishes().pop().map(|wish| wish.deed);
        let expected = expected
            .map(|language| AgentDeed::StartFlow { flow: "return".to_owned(), language: language.map(str::to_owned) });
        assert_eq!(begun, expected, "{body}");
    }
    let left_out = json!({"conversation": "user:ada", "flow": "return"}).to_string();
    assert_eq!(wish(&ingest, "flows", &left_out).await.status, 202);
}

#[tokio::test]
async fn the_largest_body_that_is_read_has_256_kib() {
    let (ingest, behind) = door(TOKENS, None);
    let body = r#"{"conversation": "user:ada"}"#;
    for (bytes, status) in [(256 * 1024, 202), (256 * 1024 + 1, 413)] {
        assert_eq!(wish(&ingest, "release", &padded(body, bytes)).await.status, status, "{bytes}");
    }
    assert_eq!(behind.wishes().len(), 1);
}
