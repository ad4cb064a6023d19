//! An HTTP server on a free port of the loopback interface, which can cut a connection instead of answering.

use std::io;
use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

/// A response with this mark is not sent: the client sees its connection close instead.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lost;

/// A running server; it and all its connections end when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    accepting: AbortHandle,
}

#[derive(Debug, thiserror::Error)]
#[error("the connection is cut on purpose")]
struct CutOnPurpose;

impl Server {
    /// Starts to serve, on the runtime that calls it: paused time is paused for the server too.
    pub(crate) async fn start(router: impl FnOnce(SocketAddr) -> Router) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let accepting = tokio::spawn(accept(listener, router(address))).abort_handle();
        Ok(Self { address, accepting })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, router: Router) {
    let mut connections = JoinSet::new();
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            connections.spawn(serve(stream, router.clone()));
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, router: Router) {
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |request: Request<Incoming>| {
        let answer = router.call(request.map(Body::new));
        async move {
            let Ok(response) = answer.await;
            send_unless_lost(response)
        }
    });
    // Small answers must not wait for the client's acknowledgement of the one before.
    let quick = stream.set_nodelay(true);
    debug_assert!(quick.is_ok());
    // A connection that ends in an error was cut, by the client or by us on purpose.
    http1::Builder::new().serve_connection(TokioIo::new(stream), service).await.ok();
}

fn send_unless_lost(response: Response<Body>) -> Result<Response<Body>, CutOnPurpose> {
    match response.extensions().get::<Lost>() {
        Some(Lost) => Err(CutOnPurpose),
        None => Ok(response),
    }
}
