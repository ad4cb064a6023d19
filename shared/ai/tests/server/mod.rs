//! A local server that answers as a test tells it to and keeps what it was sent.

use std::future::Future;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;

/// One request as it came in.
#[derive(Clone)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Serves on a free port until the test ends.
pub(crate) struct Server {
    pub(crate) base_url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    /// Every request, whatever its path, is answered by `respond`.
    pub(crate) async fn start<F, R>(respond: F) -> Self
    where
        F: Fn(Seen) -> R + Clone + Send + Sync + 'static,
        R: Future<Output = Response> + Send + 'static,
    {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
        let seen = Arc::<Mutex<Vec<Seen>>>::default();
        let kept = Arc::clone(&seen);
        let app = Router::new().fallback(move |uri: Uri, headers: HeaderMap, body: Bytes| {
            let request = Seen { path: uri.to_string(), headers, body };
            kept.lock().unwrap().push(request.clone());
            respond(request)
        });
        tokio::spawn(async { axum::serve(listener, app).await.unwrap() });
        Self { base_url, seen }
    }

    /// Answers everything with one fixed response.
    pub(crate) async fn fixed(
        status: u16,
        headers: &'static [(&'static str, &'static str)],
        body: impl Into<Bytes>,
    ) -> Self {
        let body = body.into();
        Self::start(move |_| std::future::ready(response(status, headers, body.clone()))).await
    }

    /// Answers everything with this JSON.
    pub(crate) async fn json(body: impl Into<Bytes>) -> Self {
        Self::fixed(200, &[("content-type", "application/json")], body).await
    }

    /// The requests so far, oldest first.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

/// A response with these headers.
pub(crate) fn response(status: u16, headers: &[(&str, &str)], body: impl Into<Body>) -> Response {
    let builder = Response::builder().status(status);
    headers.iter().fold(builder, |builder, (name, value)| builder.header(*name, *value)).body(body.into()).unwrap()
}
