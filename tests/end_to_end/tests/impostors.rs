//! Whoever cannot prove over TLS to be who was called is told nothing, and what was meant for them waits.

use end_to_end::{Stack, documented, serve_braze};
use local_aws::{Operation, TlsFront};
use serde_json::{Value, json};

/// Settings that lead the functions to `front`, by the one called `setting`, so that it is an impostor: its certificate is trusted,
/// but names another host; or it names the right one, and nobody trusts who signed it.
fn impostor<'a>(setting: &'a str, front: &'a TlsFront, is_trusted: bool) -> Vec<(&'a str, &'a str)> {
    if is_trusted {
        vec![(setting, front.misnamed_url()), ("SSL_CERT_FILE", TlsFront::AUTHORITY)]
    } else {
        vec![(setting, front.url())]
    }
}

fn was_seen_through(front: &TlsFront, settings: &[(&str, &str)]) {
    assert_eq!(front.handshakes(), 0, "an impostor was believed: {settings:?}");
    assert!(front.broken_off() > 0, "nobody called the impostor, so nothing was proven: {settings:?}");
}

#[tokio::test]
async fn an_impostor_of_braze_gets_neither_the_key_nor_the_answer_and_the_message_is_kept() {
    for is_trusted in [false, true] {
        let (braze, endpoint) = serve_braze().await;
        let front = TlsFront::before(&endpoint).await.unwrap();
        let settings = impostor("BRAZE_ENDPOINT", &front, is_trusted);
        let stack = Stack::deploy_with(braze, &settings).await;
        stack.introduce("42");
        stack.webhook("canary-webhook-token", &documented("42", "When are you open?")).await;
        // Or "not accepted by Braze".
        stack.feed(|| stack.responder.stdout().contains("accepted by Braze")).await;
        was_seen_through(&front, &settings);
        assert_eq!(stack.braze.requests().len(), 0);
        assert_eq!(stack.work.messages().len(), 1);
        let said = stack.responder.stdout();
        let lines = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let refused = lines.filter(|line| line["message"] == "not accepted by Braze");
        assert_eq!(refused.map(|line| line["refusal"].clone()).collect::<Vec<_>>(), [json!("Unavailable")], "{said}");
    }
}

#[tokio::test]
async fn an_impostor_of_the_queue_gets_no_message_and_braze_is_asked_to_come_again() {
    for is_trusted in [false, true] {
        let aws = Stack::aws().await;
        let front = TlsFront::before(&aws.endpoint()).await.unwrap();
        let (braze, endpoint) = serve_braze().await;
        let mut settings = impostor("AWS_ENDPOINT_URL_SQS", &front, is_trusted);
        settings.push(("BRAZE_ENDPOINT", &endpoint));
        let stack = Stack::deploy_on(aws, braze, &settings).await;
        let answer = stack.webhook("canary-webhook-token", &documented("42", "When are you open?")).await;
        assert_eq!(answer["statusCode"], 503, "{answer}");
        was_seen_through(&front, &settings);
        assert_eq!(stack.aws.capacity().calls(Operation::SendMessage), 0);
    }
}
