//! What users attach: what of it a model is shown, and how the rest is named to it.

mod download;
mod multipart;
mod notes;
mod sniff;
mod transcription;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use models::assistant::MediaRules;
use models::{Attachment, MediaKind, Personal};
use platform::metrics::{Meter, Metric};
use platform::secrets::Key;
use reqwest::Client;
use tokio::sync::OwnedSemaphorePermit;

use crate::Usage;
use crate::http::BadBaseUrl;
use download::Downloads;
pub use notes::noted;
pub(crate) use notes::said;
use sniff::Sniffed;
pub use sniff::{ImageKind, sniffed_image};
use transcription::Transcriber;

/// The most bytes of a picture: 5 MiB in base64, which is the most that Anthropic and Bedrock take
/// (<https://docs.claude.com/en/docs/build-with-claude/vision>, <https://github.com/aws/aws-sdk-js-v3/issues/6785>).
pub const LARGEST_IMAGE: usize = 5 * 1024 * 1024 / 4 * 3;
/// The most bytes of a voice message: half an hour of one, as WhatsApp records them.
pub const LARGEST_VOICE: usize = 5 * 1024 * 1024;
/// The most pictures that one turn shows, and the most voice messages that it hears.
const MOST_OF_A_KIND: usize = 3;

/// One thing that came along with the new words, as a model may be told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Medium {
    /// A picture to look at. Whatever is written in it, the user says.
    Picture(Image),
    /// Some of the words were spoken.
    Spoken,
    /// Something that is not shown.
    Unseen(MediaKind),
}

/// A picture, in one of the formats that every model with eyes can read. `Debug` shows its kind and size alone.
#[derive(Clone)]
pub struct Image {
    kind: ImageKind,
    bytes: Arc<Vec<u8>>,
    /// Its part of what this process may hold of media, if it was downloaded.
    _room: Option<Arc<OwnedSemaphorePermit>>,
}

impl Image {
    /// A picture out of these bytes, if they are one.
    pub fn new(bytes: &[u8]) -> Option<Self> {
        Some(Self { kind: sniffed_image(bytes)?, bytes: Arc::new(bytes.to_vec()), _room: None })
    }

    /// Its format.
    pub fn kind(&self) -> ImageKind {
        self.kind
    }

    /// What it consists of.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "‹{}, {} bytes›", self.kind.mime(), self.bytes.len())
    }
}

impl PartialEq for Image {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && self.bytes == other.bytes
    }
}

impl Eq for Image {}

/// What opening an attachment came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// It is a picture.
    Picture(Image),
    /// It is a voice message, and somebody says this in it.
    Heard {
        /// The words, as a machine understood them; never blank.
        words: Personal,
        /// What they cost, where the server says so.
        usage: Option<Usage>,
    },
    /// It was not opened, or cannot be; this is what it is, as far as anybody knows.
    Not(MediaKind),
}

/// An attachment was not opened. Says what kind of failure it was, never a word of its address or of what it holds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MediaFailure {
    /// Its address is none that is asked: not https, not one of the hosts, a password in it, or numbers of a network of its own.
    #[error("it is kept at no address that media.hosts allows; it is named to the AI by its kind")]
    Forbidden,
    /// Nothing answers there, or the name leads to a network of its own.
    #[error("it cannot be reached, or its name leads to no public address; it is named to the AI by its kind")]
    Unreachable,
    /// Not within the time it had.
    #[error("it was not there in time; it is named to the AI by its kind")]
    TimedOut,
    /// Not a 2xx.
    #[error("status {0} came instead of it; it is named to the AI by its kind")]
    Status(u16),
    /// More bytes than are read.
    #[error("it is larger than anything that is opened; it is named to the AI by its kind")]
    TooLarge,
    /// It is not what its address says, nor anything else that can be opened.
    #[error("it is neither a picture nor a sound that can be opened; it is named to the AI by its kind")]
    Unreadable,
    /// Nobody could write down what is said.
    #[error("it could not be transcribed ({0}); it is named to the AI by its kind")]
    NotHeard(crate::AiError),
}

/// What opens attachments: one for a process, so that what all turns hold of them at the same time is bounded.
pub struct MediaReader {
    downloads: Downloads,
    transcriber: Option<Transcriber>,
    meter: Arc<dyn Meter>,
}

impl MediaReader {
    /// One for these rules. `public` must connect to public addresses alone; where the rules say that the hosts are private, they
    /// are asked by `http`, and so is what transcribes. Neither may follow redirects. `key` has the key in a field of the
    /// secret. What is opened and what is not is counted by `meter`.
    pub fn new(
        rules: &MediaRules,
        public: &Client,
        http: &Client,
        key: &dyn Fn(&str) -> Option<Arc<dyn Key>>,
        meter: Arc<dyn Meter>,
    ) -> Result<Self, BadBaseUrl> {
        let client = if rules.private { http } else { public };
        let downloads = Downloads::new(client.clone(), rules.hosts.clone(), rules.private);
        let transcriber = |voice| Transcriber::new(voice, rules.key().and_then(key), http.clone());
        Ok(Self { downloads, transcriber: rules.voice.as_ref().map(transcriber).transpose()?, meter })
    }

    /// Whether anybody listens to voice messages.
    pub fn hears(&self) -> bool {
        self.transcriber.is_some()
    }

    /// Opens what can be opened, all at the same time and within `time`, for a model that `sees` pictures or does not. What came of
    /// each, in their order.
    pub async fn open(&self, attachments: &[Attachment], sees: bool, time: Duration) -> Vec<Opened> {
        let (mut pictures, mut voices) = (0, 0);
        let opened = attachments.iter().map(|attachment| {
            let wants = Wants { pictures: sees, voices: self.hears() };
            let is_wanted = wants.any_of(attachment.kind) && {
                let count = if attachment.kind.may_be_seen() { &mut pictures } else { &mut voices };
                *count += 1;
                *count <= MOST_OF_A_KIND
            };
            async move {
                if !is_wanted {
                    return Opened::Not(attachment.kind);
                }
                let opening = tokio::time::timeout(time, self.open_one(attachment, wants, time)).await;
                opening.unwrap_or(Err(MediaFailure::TimedOut)).unwrap_or_else(|failure| {
                    self.meter.count(Metric::MediaFailed, 1);
                    tracing::warn!(kind = ?attachment.kind, %failure, "an attachment was not opened");
                    Opened::Not(attachment.kind)
                })
            }
        });
        join_all(opened).await
    }

    async fn open_one(&self, attachment: &Attachment, wants: Wants, time: Duration) -> Result<Opened, MediaFailure> {
        let url = attachment.url.as_ref().ok_or(MediaFailure::Forbidden)?;
        let most = if attachment.kind == MediaKind::Voice { LARGEST_VOICE } else { LARGEST_IMAGE };
        let (bytes, room) = self.downloads.fetch(url, most).await?;
        match sniff::sniffed(&bytes) {
            Sniffed::Image(kind) if wants.pictures => {
                self.meter.count(Metric::PictureOpened, 1);
                let room = Some(Arc::new(room));
                Ok(Opened::Picture(Image { kind, bytes: Arc::new(bytes), _room: room }))
            }
            Sniffed::Image(_) => Ok(Opened::Not(MediaKind::Picture)),
            Sniffed::Audio(kind) => match self.transcriber.as_ref().filter(|_| wants.voices) {
                Some(transcriber) => {
                    let heard = transcriber.transcribe(&bytes, kind, time).await.map_err(MediaFailure::NotHeard)?;
                    self.meter.count(Metric::VoiceTranscribed, 1);
                    self.meter.count(Metric::VoiceSeconds, heard.seconds);
                    Ok(Opened::Heard { words: heard.words, usage: heard.usage })
                }
                None => Ok(Opened::Not(MediaKind::Voice)),
            },
            Sniffed::Named(kind) => Ok(Opened::Not(kind)),
            Sniffed::Unknown => Err(MediaFailure::Unreadable),
        }
    }
}

/// What is opened for one turn.
#[derive(Clone, Copy)]
struct Wants {
    pictures: bool,
    voices: bool,
}

impl Wants {
    fn any_of(self, kind: MediaKind) -> bool {
        (self.pictures && kind.may_be_seen()) || (self.voices && kind.may_be_heard())
    }
}
