//! The adaptive quiet period: how long to wait for the rest of what somebody is typing.

use std::time::Duration;

use models::assistant::QuietPeriods;
use models::{Author, Message};

/// Characters from which a text is taken for whole, whatever it ends with.
const LONG: usize = 80;
/// Words from which a text that ends like a sentence is taken for one.
const SENTENCE_WORDS: usize = 5;
const QUESTION_MARKS: [char; 4] = ['?', '？', '؟', '⁇'];
const SENTENCE_ENDS: [char; 6] = ['.', '!', '。', '！', '।', '۔'];

/// How long an agent's line waits for its neighbours: a desk sends several in quick succession, and queues keep no order.
const BETWEEN_LINES: Duration = Duration::from_secs(1);

/// How long the conversation must be silent after `message` before it is answered, or sent on. `is_keyword` tells whether a
/// text means something by itself: nobody has to wait for the rest of it.
pub fn quiet_period(message: &Message, periods: &QuietPeriods, is_keyword: impl FnOnce(&str) -> bool) -> Duration {
    match message.author {
        Author::Agent => return BETWEEN_LINES,
        Author::System => return Duration::ZERO,
        Author::User => {}
    }
    let text = message.text.as_str();
    let complete = message.media_urls.is_none() && (looks_complete(text) || is_keyword(text));
    if complete { periods.complete } else { periods.fragment }
}

/// Whether `text` looks like all that its writer wants to say: a question, a command, a choice from a menu, a whole
/// sentence or a long text. In doubt it does not: a few seconds of waiting cost less than an answer to half a thought.
fn looks_complete(text: &str) -> bool {
    // What decorates the end of a text says nothing: "where is my order? 🙏", "«how much?»".
    let end = text.trim_end_matches(|c: char| !is_telling(c));
    let words = text.split_whitespace().count();
    end.ends_with(QUESTION_MARKS)
        || text.trim_start().starts_with('/')
        || is_choice(text.trim())
        || text.chars().count() >= LONG
        || (words >= SENTENCE_WORDS && end.ends_with(SENTENCE_ENDS) && !end.ends_with(".."))
}

fn is_telling(c: char) -> bool {
    c.is_alphanumeric() || QUESTION_MARKS.contains(&c) || SENTENCE_ENDS.contains(&c) || c == '…' || c == ','
}

/// A number as menus ask for: "2", "12".
fn is_choice(text: &str) -> bool {
    (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use models::assistant::Assistant;
    use models::{Identity, MessageId, Timestamp};

    use super::*;

    fn message(text: &str, media_urls: Option<&str>) -> Message {
        Message {
            id: MessageId::stored("m1"),
            author: Author::User,
            log_id: "l".to_owned(),
            identity: Identity::new("42", "", "").unwrap(),
            text: text.into(),
            shortened: false,
            arrival: Timestamp::EPOCH,
            sent_at: None,
            dispatched: true,
            route: None,
            language: None,
            profile_name: None,
            media_urls: media_urls.map(Into::into),
        }
    }

    #[test]
    fn words_are_waited_for_behind_a_fragment_and_behind_every_picture() {
        let periods = Assistant::from_toml("").unwrap().quiet;
        assert!(periods.complete < periods.fragment);
        for (text, media, expected) in [
            ("Is this the right one?", None, periods.complete),
            ("Is this the right one?", Some("https://a.example/1.jpg"), periods.fragment),
            ("so I ordered", None, periods.fragment),
            ("", Some("https://a.example/1.jpg"), periods.fragment),
        ] {
            assert_eq!(quiet_period(&message(text, media), &periods, |_| false), expected, "{text} {media:?}");
        }
    }

    #[test]
    fn a_keyword_is_whole_but_not_beside_a_picture_nor_in_an_agents_mouth() {
        let periods = Assistant::from_toml("").unwrap().quiet;
        let is_keyword = |text: &str| text == "human";
        let by = |author| quiet_period(&Message { author, ..message("human", None) }, &periods, is_keyword);
        assert_eq!(by(Author::User), periods.complete);
        assert_eq!(by(Author::Agent), BETWEEN_LINES);
        assert_eq!(by(Author::System), Duration::ZERO);
        let picture = message("human", Some("https://a.example/1.jpg"));
        assert_eq!(quiet_period(&picture, &periods, is_keyword), periods.fragment);
    }

    #[test]
    fn what_looks_whole_is_answered_at_once() {
        for text in [
            "Where is my order?",
            "where is my order? 🙏",
            "«Combien ça coûte ?»",
            "你们几点关门？",
            "متى تفتحون؟",
            "/help",
            "2",
            "I would like to return my shoes.",
            "My parcel came yesterday but the box was open and one of the two shoes is missing, can you",
        ] {
            assert!(looks_complete(text), "{text}");
        }
    }

    #[test]
    fn what_looks_like_a_beginning_is_waited_for() {
        for text in [
            "hi",
            "Hello!",
            "one sec",
            "so I ordered",
            "the blue ones...",
            "my order is",
            "ok.",
            "",
            "👋",
            "hm…",
            "But why?…",
        ] {
            assert!(!looks_complete(text), "{text}");
        }
    }
}
