//! The page: a few files, served as they are.

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;

/// Nothing comes from elsewhere, and nothing a user typed can run.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'";

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Serves the page at `/`.
pub(crate) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let file = |kind: &'static str, text: &'static str| {
        get(move || async move { ([(CONTENT_TYPE.as_str(), kind), ("content-security-policy", POLICY)], text) })
    };
    Router::new()
        .route("/", file("text/html; charset=utf-8", include_str!("../page/index.html")))
        .route("/style.css", file("text/css; charset=utf-8", include_str!("../page/style.css")))
        .route("/app.js", file(SCRIPT, include_str!("../page/app.js")))
        .route("/markup.js", file(SCRIPT, include_str!("../page/markup.js")))
        .route("/timeline.js", file(SCRIPT, include_str!("../page/timeline.js")))
}
