//! What TLS costs a start: the door's, with and without it.

use std::time::Duration;

use endurance::Unfit;
use endurance::growth::{Ingest, Subject as _};
use local_aws::TlsFront;

use crate::figures::{Figure, Unit};
use crate::functions::Functions;
use crate::launch::Program;
use crate::spread::median;
use crate::targets;
use crate::warm::cpu;

/// The door reads both versions of its secret at once and opens a connection to its queue.
const CONTACTS: u32 = 3;

/// Starts the door in turns, its AWS behind TLS and not. The root that it trusts is one, read from a file, and not the compiled-in
/// ones; the first contact's random numbers and tables are in it.
pub(crate) async fn measure(functions: &Functions, rounds: usize) -> Result<Vec<Figure>, Unfit> {
    let subject = Ingest::surroundings().await;
    let plain = functions.ingest(&subject);
    let endpoint = subject.aws().endpoint();
    let unfit = |error: std::io::Error| Unfit::new(format!("there is no TLS: {error}"));
    let (secrets, queues) =
        (TlsFront::before(&endpoint).await.map_err(unfit)?, TlsFront::before(&endpoint).await.map_err(unfit)?);
    let mut tls = plain.clone();
    tls.environment.extend([
        ("SSL_CERT_FILE".to_owned(), TlsFront::AUTHORITY.to_owned()),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER".to_owned(), secrets.url().to_owned()),
        ("AWS_ENDPOINT_URL_SQS".to_owned(), queues.url().to_owned()),
    ]);
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        without.push(once(&plain).await?);
        with.push(once(&tls).await?);
    }
    let made = secrets.handshakes() + queues.handshakes();
    if made != CONTACTS as usize * rounds {
        return Err(Unfit::new(format!("{rounds} starts made {made} handshakes before their first poll")));
    }
    let each = median(with).saturating_sub(median(without)) / CONTACTS;
    let name = "ingest: CPU of a first contact over TLS, of three before the first poll";
    Ok(vec![Figure::new(name, Unit::Micros, each.as_secs_f64() * 1e6).target(targets::FIRST_CONTACT)])
}

/// The CPU of a start.
async fn once(program: &Program) -> Result<Duration, Unfit> {
    let process = program.start().await?;
    let cpu = cpu(&process)?;
    process.end().await?;
    Ok(cpu)
}
