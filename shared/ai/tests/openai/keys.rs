//! What happens to the key.

use std::sync::Arc;

use ai::{Ai as _, AiError};
use async_trait::async_trait;
use platform::secrets::{Key, SecretUnavailable};
use secrecy::SecretString;

use crate::server::{Server, response};
use crate::{AMPLE, HELLO, JSON, client, fixed, hello, question};

/// Gives out one key until it is asked to look again.
struct Rotated {
    fresh: Result<&'static str, SecretUnavailable>,
}

#[async_trait]
impl Key for Rotated {
    async fn current(&self) -> Result<SecretString, SecretUnavailable> {
        Ok("sk-old".into())
    }

    async fn refreshed(&self) -> Result<SecretString, SecretUnavailable> {
        self.fresh.clone().map(SecretString::from)
    }
}

#[tokio::test]
async fn a_refused_key_is_read_again_once() {
    let unreachable = SecretUnavailable::Unreachable { name: "ai".to_owned(), reason: "timeout".to_owned() };
    let refused = || Err(AiError::Refused { status: 401 });
    for (fresh, expected, keys) in [
        (Ok("sk-new"), Ok(hello()), vec!["Bearer sk-old", "Bearer sk-new"]),
        (Ok("sk-wrong"), refused(), vec!["Bearer sk-old", "Bearer sk-wrong"]),
        (Err(unreachable), refused(), vec!["Bearer sk-old"]),
    ] {
        let server = Server::start(|seen| async move {
            let status = if seen.headers["authorization"] == "Bearer sk-new" { 200 } else { 401 };
            response(status, JSON, HELLO)
        })
        .await;
        let client = client(&server.base_url, Some(Arc::new(Rotated { fresh })));
        assert_eq!(client.answer(&question("hi"), AMPLE).await, expected);
        let seen = server.seen();
        assert_eq!(seen.iter().map(|seen| &seen.headers["authorization"]).collect::<Vec<_>>(), keys);
    }
}

#[tokio::test]
async fn a_401_without_a_key_is_not_asked_again() {
    let server = Server::fixed(401, &[], "").await;
    let answer = client(&server.base_url, None).answer(&question("hi"), AMPLE).await;
    assert_eq!(answer, Err(AiError::Refused { status: 401 }));
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_key_that_cannot_be_had_or_sent_costs_no_call() {
    struct Lost;
    #[async_trait]
    impl Key for Lost {
        async fn current(&self) -> Result<SecretString, SecretUnavailable> {
            Err(SecretUnavailable::Malformed { name: "ai".to_owned(), reason: "absent".to_owned() })
        }
        async fn refreshed(&self) -> Result<SecretString, SecretUnavailable> {
            self.current().await
        }
    }
    let server = Server::json(HELLO).await;
    let lost: Option<Arc<dyn Key>> = Some(Arc::new(Lost));
    let unavailable = AiError::Unavailable { status: None, retry_after: None };
    for (key, expected) in [(lost, unavailable), (Some(fixed("sk-a\r\nx-evil: 1")), AiError::Refused { status: 401 })] {
        assert_eq!(client(&server.base_url, key).answer(&question("hi"), AMPLE).await, Err(expected));
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_line_break_around_the_key_does_no_harm() {
    let server = Server::json(HELLO).await;
    assert_eq!(client(&server.base_url, Some(fixed("sk-secret\n"))).answer(&question("hi"), AMPLE).await, Ok(hello()));
    assert_eq!(server.seen()[0].headers["authorization"], "Bearer sk-secret");
}
