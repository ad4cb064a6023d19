//! Doors that are none, each with the finding that names it.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse as _, Redirect};
use serde_json::json;

use super::*;

/// A door at `url`, and nothing else.
fn door(url: &str, token: &str) -> Setup {
    Setup { door: Some(Door { url: url.to_owned(), token: token.into() }), ..Setup::default() }
}

async fn found(url: &str, token: &str) -> Vec<&'static str> {
    codes(&looked_at(&door(url, token)).await)
}

#[tokio::test]
async fn a_token_or_a_path_that_is_wrong_at_the_real_door_is_named() {
    let sandbox = Sandbox::start(&Options::default()).await.unwrap();
    let url = format!("{}/inbound", sandbox.url());
    for (url, token, expected) in [
        (url.clone(), "sandbox", vec![]),
        (format!("{url}/returns"), "sandbox", vec![]),
        (url.clone(), "another", vec!["wrong_token"]),
        (url.clone(), "", vec!["token_form"]),
        (url.clone(), "\"sandbox\"", vec!["token_form"]),
        // What the address shows is not told a second time by the 404.
        (format!("{}/inbuond", sandbox.url()), "sandbox", vec!["wrong_path", "wrong_path"]),
        (format!("{url}?explain=1"), "sandbox", vec!["query_in_the_url"]),
        ("127.0.0.1/inbound".to_owned(), "sandbox", vec!["no_url"]),
        ("http://127.0.0.1:1/inbound".to_owned(), "sandbox", vec!["no_answer"]),
    ] {
        assert_eq!(found(&url, token).await, expected, "{url} {token}");
    }
}

#[tokio::test]
async fn a_server_that_is_no_door_is_named() {
    let explained = |patch: Value| {
        let mut explanation =
            json!({"understood": true, "conversation": "user:dragoman-doctor", "text": "When are you open?"});
        merge(&mut explanation, &patch);
        (StatusCode::OK, Json(explanation)).into_response()
    };
    let json = |status, body: Value| (status, Json(body)).into_response();
    for (answer, expected) in [
        (Html("<h1>Welcome</h1>").into_response(), "other_server"),
        (Redirect::permanent("https://elsewhere.example/inbound").into_response(), "redirect"),
        (json(StatusCode::UNAUTHORIZED, json!({"message": "Unauthorized"})), "other_server"),
        (json(StatusCode::FORBIDDEN, json!({"message": "Forbidden"})), "other_server"),
        (json(StatusCode::NOT_FOUND, json!({"message": "Not Found"})), "wrong_path"),
        (json(StatusCode::ACCEPTED, json!({"state": "queued"})), "explain_ignored"),
        (json(StatusCode::SERVICE_UNAVAILABLE, json!({"error": "the tokens cannot be read"})), "door_not_ready"),
        (json(StatusCode::INTERNAL_SERVER_ERROR, json!({"message": "Internal Server Error"})), "door_broken"),
        (explained(json!({"understood": false, "reason": "the body is not UTF-8"})), "not_understood"),
        (explained(json!({"conversation": "user:victim"})), "wrong_person"),
        (explained(json!({"text": "When"})), "changed_words"),
    ] {
        let (head, body) = answer.into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap();
        let again = move || (head.status, head.headers.clone(), body.clone());
        let url = listen(Router::new().fallback(async move || again())).await;
        assert_eq!(found(&format!("{url}/inbound"), "token").await.first(), Some(&expected));
    }
}
