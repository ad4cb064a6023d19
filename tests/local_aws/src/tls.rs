//! TLS before a server that has none, as a function finds it where AWS and Braze really are.
//!
//! The certificate beside this file is for `localhost`. Its key is no secret: nobody trusts who signed it but a process that is
//! told to, by [`TlsFront::AUTHORITY`] in `SSL_CERT_FILE`.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// TLS on loopback, with a server behind it.
#[derive(Debug)]
pub struct TlsFront {
    url: String,
    misnamed_url: String,
    handshakes: Arc<Handshakes>,
}

/// How the handshakes of a front ended.
#[derive(Debug, Default)]
struct Handshakes {
    done: AtomicUsize,
    broken_off: AtomicUsize,
}

impl TlsFront {
    /// The path of the certificate of who signed for it.
    pub const AUTHORITY: &'static str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/tls/authority.pem");

    /// Before the server at `backend`, which is `http://host:port`.
    pub async fn before(backend: &str) -> io::Result<Self> {
        let backend = backend.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let (acceptor, listener) = (acceptor()?, TcpListener::bind("127.0.0.1:0").await?);
        let port = listener.local_addr()?.port();
        let [url, misnamed_url] = ["localhost", "127.0.0.1"].map(|host| format!("https://{host}:{port}"));
        let handshakes = Arc::<Handshakes>::default();
        let counted = Arc::clone(&handshakes);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(pass_on(acceptor.clone(), stream, backend.clone(), Arc::clone(&counted)));
            }
        });
        Ok(Self { url, misnamed_url, handshakes })
    }

    /// Where it is: `https://localhost:port`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The same place under a name that is not in its certificate: `https://127.0.0.1:port`.
    pub fn misnamed_url(&self) -> &str {
        &self.misnamed_url
    }

    /// How many handshakes it has seen to their end.
    pub fn handshakes(&self) -> usize {
        self.handshakes.done.load(Ordering::SeqCst)
    }

    /// How many handshakes were broken off: whoever called saw the certificate and did not go on. Nothing of theirs went further.
    pub fn broken_off(&self) -> usize {
        self.handshakes.broken_off.load(Ordering::SeqCst)
    }
}

fn acceptor() -> io::Result<TlsAcceptor> {
    let certificate = CertificateDer::from_pem_slice(include_bytes!("tls/localhost.pem")).map_err(io::Error::other)?;
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("tls/localhost.key")).map_err(io::Error::other)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(io::Error::other)?.with_no_client_auth().with_single_cert(vec![certificate], key);
    Ok(TlsAcceptor::from(Arc::new(config.map_err(io::Error::other)?)))
}

async fn pass_on(acceptor: TlsAcceptor, stream: TcpStream, backend: String, handshakes: Arc<Handshakes>) {
    let Ok(mut outside) = acceptor.accept(stream).await else {
        handshakes.broken_off.fetch_add(1, Ordering::SeqCst);
        return;
    };
    handshakes.done.fetch_add(1, Ordering::SeqCst);
    if let Ok(mut inside) = TcpStream::connect(backend).await {
        // Either side may go when it likes.
        drop(copy_bidirectional(&mut outside, &mut inside).await);
    }
}
