#![doc = include_str!("../README.md")]
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "a target panics where a promise is broken: that is what it is for"
)]

mod ai_answer;
mod answer;
mod authorization;
mod body;
mod braze_answer;
mod configuration;
mod door;
mod keyword;
mod markup;
mod media_urls;
mod queue_message;
mod rendered_text;
mod splitter;
mod stored_rows;

pub use ai_answer::ai_answer;
pub use authorization::authorization;
pub use body::body;
pub use braze_answer::braze_answer;
pub use configuration::configuration;
pub use keyword::keyword;
pub use markup::markup;
pub use media_urls::media_urls;
pub use queue_message::queue_message;
pub use rendered_text::rendered_text;
pub use splitter::splitter;
pub use stored_rows::stored_rows;

/// What any bytes whatever are handed to.
pub type Target = fn(&[u8]);

/// Every target by its name: that of its file, its corpus and its program in the engine.
pub const TARGETS: [(&str, Target); 12] = [
    ("ai_answer", ai_answer),
    ("authorization", authorization),
    ("body", body),
    ("braze_answer", braze_answer),
    ("configuration", configuration),
    ("keyword", keyword),
    ("markup", markup),
    ("media_urls", media_urls),
    ("queue_message", queue_message),
    ("rendered_text", rendered_text),
    ("splitter", splitter),
    ("stored_rows", stored_rows),
];
