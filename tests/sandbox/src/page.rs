//! The page: a few files, served as they are.

use axum::Router;
use axum::routing::get;

/// Nothing comes from elsewhere, nothing a user typed can run, and no text can become markup.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
                      require-trusted-types-for 'script'; trusted-types 'none'";

const HTML: &str = "text/html; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Path, kind and text of each file.
const FILES: [(&str, &str, &str); 18] = [
    ("/", HTML, include_str!("../page/index.html")),
    ("/style.css", STYLE, include_str!("../page/style.css")),
    ("/app.js", SCRIPT, include_str!("../page/app.js")),
    ("/calls.js", SCRIPT, include_str!("../page/calls.js")),
    ("/curl.js", SCRIPT, include_str!("../page/curl.js")),
    ("/customer.js", SCRIPT, include_str!("../page/customer.js")),
    ("/desk.js", SCRIPT, include_str!("../page/desk.js")),
    ("/element.js", SCRIPT, include_str!("../page/element.js")),
    ("/faults.js", SCRIPT, include_str!("../page/faults.js")),
    ("/finding.js", SCRIPT, include_str!("../page/finding.js")),
    ("/liquid.js", SCRIPT, include_str!("../page/liquid.js")),
    ("/live.js", SCRIPT, include_str!("../page/live.js")),
    ("/markup.js", SCRIPT, include_str!("../page/markup.js")),
    ("/people.js", SCRIPT, include_str!("../page/people.js")),
    ("/phone.js", SCRIPT, include_str!("../page/phone.js")),
    ("/stretches.js", SCRIPT, include_str!("../page/stretches.js")),
    ("/tabs.js", SCRIPT, include_str!("../page/tabs.js")),
    ("/timeline.js", SCRIPT, include_str!("../page/timeline.js")),
];

/// Serves the page at `/`.
pub(crate) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    FILES.into_iter().fold(Router::new(), |router, (path, kind, text)| {
        let headers = [
            ("content-type", kind),
            ("content-security-policy", POLICY),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-cache"),
        ];
        router.route(path, get(move || async move { (headers, text) }))
    })
}
