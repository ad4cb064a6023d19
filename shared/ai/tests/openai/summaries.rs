//! A conversation that is summed up.

use ai::{Ai as _, AiError, Summary, Usage};
use serde_json::{Value, json};

use crate::past::{past, shown, told};
use crate::server::Server;
use crate::{AMPLE, client, fixed};

#[tokio::test]
async fn everything_that_was_said_is_in_one_user_message_and_nothing_is_offered() {
    let server = Server::json(
        r#"{"choices": [{"message": {"content": "Notes."}}], "usage": {"prompt_tokens": 9, "completion_tokens": 2}}"#,
    )
    .await;
    let client = client(&server.base_url, Some(fixed("sk-secret")));
    let usage = Some(Usage { input_tokens: 9, output_tokens: 2 });
    assert!(client.summarises());
    assert_eq!(client.summarise(&past(), AMPLE).await, Ok(Summary { text: "Notes.".into(), usage }));
    let [seen] = &server.seen()[..] else { panic!("one request") };
    let expected = json!({
        "model": "test-model",
        "messages": [{"role": "system", "content": told()}, {"role": "user", "content": shown()}],
        "max_tokens": 64,
    });
    assert_eq!(serde_json::from_slice::<Value>(&seen.body).unwrap(), expected);
}

#[tokio::test]
async fn a_summary_without_words_is_none() {
    let server = Server::json(
        r#"{"choices": [{"message": {"content": "Notes."}}], "usage": {"prompt_tokens": 9, "completion_tokens": 2}}"#
            .replace("Notes.", " "),
    )
    .await;
    let client = client(&server.base_url, Some(fixed("sk-secret")));
    assert!(matches!(client.summarise(&past(), AMPLE).await, Err(AiError::Unusable(_))));
}
