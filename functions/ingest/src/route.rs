//! Which path is what.

use http::Method;
use models::RouteName;

use crate::Answer;
use crate::conversations::Wish;

/// A path that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    /// `POST /inbound`, `POST /inbound/{route}`.
    Inbound(Option<RouteName>),
    /// `POST /conversations/…`.
    Conversation(Wish),
    /// `POST /conversations/chatwoot`.
    Chatwoot,
    /// `GET /health`.
    Health,
}

/// The route of `path`, compared as it stands: nothing is decoded or normalised here.
pub(crate) fn route(method: &Method, path: &str) -> Result<Route, Answer> {
    let (route, expected) = match path {
        "/inbound" => (Route::Inbound(None), Method::POST),
        "/health" => (Route::Health, Method::GET),
        "/conversations/messages" => (Route::Conversation(Wish::Message), Method::POST),
        "/conversations/takeover" => (Route::Conversation(Wish::Takeover), Method::POST),
        "/conversations/release" => (Route::Conversation(Wish::Release), Method::POST),
        "/conversations/erase" => (Route::Conversation(Wish::Erase), Method::POST),
        "/conversations/flows" => (Route::Conversation(Wish::Flow), Method::POST),
        "/conversations/answers" => (Route::Conversation(Wish::Answer), Method::POST),
        "/conversations/chatwoot" => (Route::Chatwoot, Method::POST),
        _ => {
            let name = path.strip_prefix("/inbound/").and_then(RouteName::parse).ok_or_else(Answer::not_found)?;
            (Route::Inbound(Some(name)), Method::POST)
        }
    };
    if *method == expected { Ok(route) } else { Err(Answer::wrong_method()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_paths_of_the_contract_exist() {
        let status = |method: &Method, path| route(method, path).map_err(|answer| answer.status.as_u16());
        assert_eq!(status(&Method::POST, "/inbound"), Ok(Route::Inbound(None)));
        assert_eq!(status(&Method::POST, "/inbound/returns"), Ok(Route::Inbound(RouteName::parse("returns"))));
        assert_eq!(status(&Method::GET, "/health"), Ok(Route::Health));
        assert_eq!(status(&Method::POST, "/conversations/takeover"), Ok(Route::Conversation(Wish::Takeover)));
        assert_eq!(status(&Method::POST, "/conversations/flows"), Ok(Route::Conversation(Wish::Flow)));
        assert_eq!(status(&Method::POST, "/conversations/answers"), Ok(Route::Conversation(Wish::Answer)));
        assert_eq!(status(&Method::POST, "/conversations/chatwoot"), Ok(Route::Chatwoot));
        for path in
            ["/", "//inbound", "/inbound/", "/inbound/../admin", "/inbound/a/b", "/inbound/%2e%2e", "/conversations"]
        {
            assert_eq!(status(&Method::POST, path), Err(404), "{path}");
        }
        for method in [Method::GET, Method::PUT, Method::OPTIONS, Method::DELETE] {
            assert_eq!(status(&method, "/inbound"), Err(405), "{method}");
        }
        assert_eq!(status(&Method::POST, "/health"), Err(405));
    }
}
