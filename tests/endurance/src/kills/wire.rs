//! The wire between one process and everything it talks to: every request is seen, and some are its last.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::{AbortHandle, JoinSet};

use super::deed::{self, Deed};
use super::fate::Fate;
use super::options::Sabotage;
use super::sabotage;
use super::trace::{Change, Event, Process};
use super::world::World;
use crate::shared::Shared;

const MOST_BYTES: usize = 16 << 20;
/// Of a hundred answers of Braze, how many are lost although nobody dies.
const LOST_ANSWERS: usize = 1;

/// The end of the wire that a process holds. It is cut when this is dropped.
pub(super) struct Wire {
    pub(super) address: String,
    passage: Arc<Passage>,
    accepting: AbortHandle,
}

struct Passage {
    world: Arc<World>,
    process: Process,
    fate: Shared<Fate>,
    /// Whether its fate may strike already.
    armed: AtomicBool,
    struck: Notify,
}

/// A request as a whole.
pub(super) struct Call {
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Bytes,
}

/// What came back.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

/// The connection is closed instead of an answer.
#[derive(Debug)]
struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("cut on purpose")
    }
}

impl std::error::Error for Cut {}

impl Wire {
    pub(super) async fn open(world: &Arc<World>, process: Process, fate: Fate) -> io::Result<Self> {
        let passage = Arc::new(Passage {
            world: Arc::clone(world),
            process,
            fate: Shared::new(fate),
            armed: AtomicBool::new(false),
            struck: Notify::new(),
        });
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = format!("http://{}", listener.local_addr()?);
        let accepting = tokio::spawn(accept(listener, Arc::clone(&passage))).abort_handle();
        Ok(Self { address, passage, accepting })
    }

    /// From now on the fate may strike.
    pub(super) fn arm(&self) {
        self.passage.armed.store(true, Ordering::Relaxed);
    }

    /// Another fate instead of one that does not come.
    pub(super) fn change_fate(&self, fate: Fate) {
        *self.passage.fate.lock() = fate;
    }

    pub(super) fn fate(&self) -> Fate {
        *self.passage.fate.lock()
    }

    pub(super) fn is_armed(&self) -> bool {
        self.passage.armed.load(Ordering::Relaxed)
    }

    /// Waits until a request was the process's last.
    pub(super) async fn struck(&self) {
        self.passage.struck.notified().await;
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, passage: Arc<Passage>) {
    let mut connections = JoinSet::new();
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            connections.spawn(serve(stream, Arc::clone(&passage)));
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, passage: Arc<Passage>) {
    // Without it small answers wait for the acknowledgement of the one before; only slower, so not worth failing for.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| pass(Arc::clone(&passage), request));
    // A connection that ends in an error was cut: by a death, or here.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn pass(passage: Arc<Passage>, request: Request<Incoming>) -> Result<Response<Body>, Cut> {
    let call = Call::read(request).await.ok_or(Cut)?;
    let deed = call.deed();
    if passage.strikes(&deed, false) {
        // The process waits for an answer that never comes, until it is killed.
        return std::future::pending().await;
    }
    // What has arrived takes effect, whether or not its sender lives on.
    let (inner, done) = (Arc::clone(&passage), deed.clone());
    let answer = tokio::spawn(async move { inner.forward(call, done).await }).await;
    let answer = answer.ok().flatten().ok_or(Cut)?;
    if passage.strikes(&deed, true) {
        return std::future::pending().await;
    }
    if passage.loses_the_answer(&deed) { Err(Cut) } else { Ok(answer.into_response()) }
}

impl Passage {
    /// Whether this is the end. It comes once.
    fn strikes(&self, deed: &Deed, after: bool) -> bool {
        // Whoever is to die while it starts is never armed before.
        let due = self.armed.load(Ordering::Relaxed) || *deed == Deed::ReadSecret;
        let strikes = due && self.fate.lock().strikes(deed.moment(), after);
        if strikes {
            self.struck.notify_one();
        }
        strikes
    }

    fn loses_the_answer(&self, deed: &Deed) -> bool {
        let Deed::Send { reply } = deed else { return false };
        let lost = self.world.chance.lock().percent(LOST_ANSWERS);
        if lost {
            self.world.trace.add(Event::Unheard { process: self.process, reply: reply.clone() });
        }
        lost
    }

    async fn forward(&self, mut call: Call, deed: Deed) -> Option<Answer> {
        match self.world.saboteur.meets(&deed) {
            None => {}
            Some(Sabotage::Drop) => {
                self.note(deed, true, &[]);
                let headers = HeaderMap::new();
                return Some(Answer { status: StatusCode::OK, headers, body: sabotage::pretended() });
            }
            Some(Sabotage::Copy) => {
                call.send(&self.world).await;
                call.send(&self.world).await;
            }
            Some(Sabotage::Misdirect) => call.body = sabotage::misdirected(&call.body),
            Some(Sabotage::Garble) => call.body = sabotage::garbled(&call.body),
        }
        let answer = call.send(&self.world).await;
        let (done, body) = answer.as_ref().map_or((false, &[][..]), |a| (a.status.is_success(), &a.body[..]));
        self.note(deed, done, body);
        answer
    }

    fn note(&self, deed: Deed, done: bool, answer: &[u8]) {
        let process = self.process;
        let event = match deed {
            Deed::Queue { message, text } if done => {
                let mark = super::marks::marks(&text).first().map_or_else(String::new, |mark| (*mark).to_owned());
                Event::Queued { message, mark }
            }
            Deed::Head { change: Change::Other, .. } | Deed::Unknown => {
                self.world.tally.unknown.lock().insert(deed.moment().to_owned());
                return;
            }
            Deed::Head { change: Change::Sign, .. } => return,
            Deed::Head { user, change } => {
                Event::Head { process, user, change: deed::answered(change, answer), applied: done }
            }
            Deed::Send { reply } => Event::Sent { process, reply, taken: done },
            _ => return,
        };
        self.world.trace.add(event);
    }
}

impl Call {
    async fn read(request: Request<Incoming>) -> Option<Self> {
        let (head, body) = request.into_parts();
        // A body that breaks off is of a process that died while it wrote it.
        let body = to_bytes(Body::new(body), MOST_BYTES).await.ok()?;
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        Some(Self { method: head.method, path, headers: head.headers, body })
    }

    fn deed(&self) -> Deed {
        let target = self.headers.get("x-amz-target").and_then(|value| value.to_str().ok());
        Deed::of(target, &self.path, &self.body)
    }

    /// Sends it where it was meant to go; none if no answer came back.
    async fn send(&self, world: &World) -> Option<Answer> {
        let base = if self.headers.contains_key("x-amz-target") {
            world.cloud.endpoint()
        } else if self.path.ends_with("/chat/completions") {
            &world.ai_address
        } else {
            &world.braze_address
        };
        let mut headers = self.headers.clone();
        for name in [header::HOST, header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION] {
            headers.remove(name);
        }
        let request = world.http.request(self.method.clone(), format!("{base}{}", self.path)).headers(headers);
        let answer = request.body(self.body.clone()).send().await.ok()?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        Some(Answer { status, headers, body: answer.bytes().await.ok()? })
    }
}

impl Answer {
    fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        for (name, value) in &self.headers {
            if ![header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION].contains(name) {
                response.headers_mut().append(name, value.clone());
            }
        }
        response
    }
}
