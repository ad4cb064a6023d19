//! What users attach, against servers on this machine: how it is fetched, what it becomes on the wire, and what is left where it
//! cannot be had.

#![expect(clippy::unwrap_used, reason = "every function here is part of a test")]

mod fetching;
mod hearing;
#[path = "../server/mod.rs"]
mod server;
mod wire;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ai::{Image, MediaReader, Medium, Question, Tools};
use models::assistant::Assistant;
use models::{Attachment, ConversationKey, MediaKind, MessageId, attachments};
use platform::metrics::{Meter, Metric};
use platform::secrets::{FixedKey, Key};

const AMPLE: Duration = Duration::from_secs(20);
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR and so on";
const OGG: &[u8] = b"OggS\0\x02 and so on";

/// Counts what happens.
#[derive(Default)]
struct Counts(Mutex<Vec<(Metric, u64)>>);

impl Meter for Counts {
    fn count(&self, metric: Metric, amount: u64) {
        if amount > 0 {
            self.0.lock().unwrap().push((metric, amount));
        }
    }
}

impl Counts {
    fn all(&self) -> Vec<(Metric, u64)> {
        self.0.lock().unwrap().clone()
    }
}

/// A reader for the rules of an `assistant.toml`.
fn reader_of(toml: &str) -> (MediaReader, Arc<Counts>) {
    let rules = Assistant::from_toml(toml).unwrap().media;
    let (public, http) = (platform::http::public_client().unwrap(), platform::http::client().unwrap());
    let counts = Arc::<Counts>::default();
    let key = |field: &str| Some(Arc::new(FixedKey(format!("key-of-{field}").into())) as Arc<dyn Key>);
    let meter = Arc::<Counts>::clone(&counts);
    (MediaReader::new(&rules, &public, &http, &key, meter).unwrap(), counts)
}

/// A reader that may ask this machine.
fn reader() -> (MediaReader, Arc<Counts>) {
    reader_of("[media]\nhosts = [\"127.0.0.1\"]\nprivate = true")
}

fn attached(urls: &[&str]) -> Vec<Attachment> {
    attachments(&urls.join("\n").into())
}

fn question(text: &str, media: Vec<Medium>) -> Question {
    Question {
        id: MessageId::stored("m1"),
        conversation: ConversationKey::parse("user:ada").unwrap(),
        instructions: "Be brief.".to_owned(),
        language: None,
        history: vec![],
        text: text.into(),
        media,
        output_tokens: 64,
        tools: Tools::default(),
        passed: 0,
        aloud: ai::Aloud::default(),
    }
}

fn picture() -> Medium {
    Medium::Picture(Image::new(PNG).unwrap())
}

fn pdf() -> Medium {
    Medium::Unseen(MediaKind::Pdf)
}
