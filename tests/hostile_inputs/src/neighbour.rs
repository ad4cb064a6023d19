//! A server on this machine that remembers what it was sent and answers what it was told: Braze, or an AI.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// The server.
pub(crate) struct Neighbour {
    /// Where it is.
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    requests: Vec<Vec<u8>>,
    answer: Vec<u8>,
}

impl Neighbour {
    /// Serves on a free port until the runtime ends.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(serve(connection, Arc::clone(&shared)));
            }
        });
        Self { url, state }
    }

    /// Answers everything with this from now on.
    pub(crate) fn answer(&self, status: u16, content_type: &str, body: &[u8]) {
        let head = format!(
            "HTTP/1.1 {status} Answer\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        self.state.lock().unwrap().answer = [head.as_bytes(), body].concat();
    }

    /// What it was sent since it was last asked, oldest first.
    pub(crate) fn requests(&self) -> Vec<Value> {
        let requests = std::mem::take(&mut self.state.lock().unwrap().requests);
        requests.iter().map(|body| serde_json::from_slice(body).expect("a request is JSON")).collect()
    }
}

async fn serve(connection: TcpStream, state: Arc<Mutex<State>>) {
    let mut connection = BufReader::new(connection);
    while let Some(body) = request(&mut connection).await {
        let answer = {
            let mut state = state.lock().unwrap();
            state.requests.push(body);
            state.answer.clone()
        };
        // Whoever has read enough may hang up.
        if connection.write_all(&answer).await.is_err() {
            return;
        }
    }
}

/// The body of the next request; `None` when the other side is done.
async fn request(connection: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if connection.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body).await.ok()?;
    Some(body)
}
