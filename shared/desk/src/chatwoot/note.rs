//! The private notes that agents read. They are in English, as agents' tools are.

use models::{HandOffReason, Personal, Timestamp};

use crate::{Line, NotSent, ReleasedBy, Speaker};

/// The most characters of a transcript in one note. Chatwoot takes 150,000 in all.
const MOST_CHARACTERS: usize = 60_000;
/// The most characters of the other texts, each.
const MOST_OF_A_FIELD: usize = 4_000;

/// What a note on a hand-off says: why, what about, who, and what was said so far.
pub(super) fn hand_off(
    reason: HandOffReason,
    summary: &Personal,
    transcript: &[Line],
    profile_name: Option<&Personal>,
    language: Option<&str>,
) -> Personal {
    let mut note = vec![format!("**Handed over: {}.**", because(reason))];
    let mut field = |name: &str, value: &str| {
        if !value.trim().is_empty() {
            note.push(format!("**{name}:** {}", quoted(&first(value.trim(), MOST_OF_A_FIELD))));
        }
    };
    field("Summary", summary.as_str());
    field("Calls themselves", profile_name.map(Personal::as_str).unwrap_or_default());
    field("Language", language.unwrap_or_default());
    note.extend(so_far(transcript));
    note.join("\n\n").into()
}

/// What a note says when the bot answers again.
pub(super) fn released(by: ReleasedBy) -> Personal {
    let by = match by {
        ReleasedBy::Agent => "an agent gave the conversation back",
        ReleasedBy::QuietHours => "nobody wrote for a while",
    };
    format!("**The assistant answers again: {by}.** A reply from here takes the conversation over.").into()
}

/// What a note says when an agent's words did not go out.
pub(super) fn not_sent(reason: NotSent, text: &Personal) -> Personal {
    let why = match reason {
        NotSent::WindowClosed => {
            "Not sent: the user has not written for a day, and WhatsApp lets only approved templates through"
        }
        NotSent::Refused => "Not sent: Braze refused it for good",
        NotSent::TooLate => "Not sent: it could not be sent for a day, and may not be true any more",
        NotSent::Uncertain => "Perhaps not sent: nobody knows whether it arrived, and it is not sent again",
    };
    format!("**{why}.**\n\n{}", quoted(&first(text.as_str(), MOST_OF_A_FIELD))).into()
}

fn because(reason: HandOffReason) -> &'static str {
    match reason {
        HandOffReason::Keyword => "the user asked for a person",
        HandOffReason::Assistant => "the assistant asked for a person",
        HandOffReason::Failure => "the assistant could not answer",
        HandOffReason::Route => "this route goes to people",
        HandOffReason::Agent => "an agent took the conversation",
        HandOffReason::Flow => "a step of a flow asked for a person",
    }
}

/// The lines, oldest first. Where they are too many, the newest are kept.
fn so_far(transcript: &[Line]) -> Vec<String> {
    let mut left = MOST_CHARACTERS;
    let mut kept = Vec::new();
    for line in transcript.iter().rev() {
        let line = written(line);
        let Some(rest) = left.checked_sub(line.chars().count()) else { break };
        left = rest;
        kept.push(line);
    }
    let missing = transcript.len() - kept.len();
    let title = match (transcript.len(), missing) {
        (0, _) => return Vec::new(),
        (_, 0) => "**So far** (UTC):".to_owned(),
        (_, missing) => format!("**So far** (UTC), without the first {missing}:"),
    };
    std::iter::once(title).chain(kept.into_iter().rev()).collect()
}

fn written(line: &Line) -> String {
    let who = match line.from {
        Speaker::User => "User",
        Speaker::Bot => "Assistant",
        Speaker::Agent => "Agent",
    };
    format!("{} **{who}:** {}", to_the_minute(line.at), quoted(&first(line.text.as_str(), MOST_OF_A_FIELD)))
}

/// Somebody's words as words. Chatwoot renders Liquid in what agents' tokens post (`app/models/concerns/liquidable.rb`), so
/// that `{{contact.email}}` would not stay what the user typed, and a link to `mention://` in a note would call whichever
/// agent the user names (`app/services/messages/mention_service.rb`). An invisible word joiner keeps both from being read.
fn quoted(text: &str) -> String {
    text.replace('{', "{\u{2060}").replace("mention://", "mention:\u{2060}//")
}

fn first(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A moment in UTC for a person: `2026-11-27 22:33`.
fn to_the_minute(at: Timestamp) -> String {
    at.iso_8601().chars().take(16).collect::<String>().replace('T', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(from: Speaker, text: &str, minute: u64) -> Line {
        Line { from, text: text.into(), at: Timestamp::from_seconds(60 * minute) }
    }

    #[test]
    fn a_note_says_why_what_about_who_and_what_was_said() {
        let transcript =
            [line(Speaker::User, "hi", 0), line(Speaker::Bot, "Hello!", 1), line(Speaker::Agent, "Yes?", 61)];
        let note = hand_off(HandOffReason::Keyword, &"A refund".into(), &transcript, Some(&"Ada".into()), Some("de"));
        let expected = "**Handed over: the user asked for a person.**\n\n**Summary:** A refund\n\n\
            **Calls themselves:** Ada\n\n**Language:** de\n\n**So far** (UTC):\n\n1970-01-01 00:00 **User:** hi\n\n\
            1970-01-01 00:01 **Assistant:** Hello!\n\n1970-01-01 01:01 **Agent:** Yes?";
        assert_eq!(note.as_str(), expected);
    }

    #[test]
    fn a_line_that_may_have_arrived_is_not_called_unsent() {
        for (reason, begins) in [
            (NotSent::WindowClosed, "**Not sent: the user has not written for a day, "),
            (NotSent::Refused, "**Not sent: Braze refused"),
            (NotSent::TooLate, "**Not sent: it could not be sent for a day, "),
            (NotSent::Uncertain, "**Perhaps not sent: nobody knows"),
        ] {
            let note = not_sent(reason, &"It {{comes}} today.".into());
            assert!(note.as_str().starts_with(begins), "{}", note.as_str());
            assert!(note.as_str().ends_with(".**\n\nIt {\u{2060}{\u{2060}comes}} today."), "{}", note.as_str());
        }
    }

    #[test]
    fn what_is_not_there_is_not_mentioned() {
        let note = hand_off(HandOffReason::Agent, &" ".into(), &[], None, None);
        assert_eq!(note.as_str(), "**Handed over: an agent took the conversation.**");
    }

    #[test]
    fn a_long_past_loses_its_beginning_and_the_note_stays_below_what_chatwoot_takes() {
        let long: Vec<Line> = (0..2_000)
            .map(|minute| line(Speaker::User, &format!("line {minute} {}", "é".repeat(90)), minute))
            .collect();
        let endless = "😀".repeat(200_000);
        let note = hand_off(
            HandOffReason::Flow,
            &endless.as_str().into(),
            &long,
            Some(&endless.as_str().into()),
            Some(&endless),
        );
        let note = note.as_str();
        assert!(note.chars().count() < 100_000, "{}", note.chars().count());
        assert!(note.contains("line 1999 ") && !note.contains("line 0 ") && note.contains("without the first "));
        let one = [line(Speaker::User, &endless, 0)];
        assert!(hand_off(HandOffReason::Flow, &"s".into(), &one, None, None).as_str().ends_with("😀…"));
    }

    #[test]
    fn users_words_are_neither_liquid_nor_mentions() {
        let words = "{{contact.email}} {% raw %} {{{%{{ [@Grace](mention://user/1/Grace)";
        let transcript = [line(Speaker::User, words, 0)];
        let note = hand_off(HandOffReason::Route, &words.into(), &transcript, Some(&words.into()), Some(words));
        for active in ["{{", "{%", "mention://"] {
            assert!(!note.as_str().contains(active), "{active}");
        }
        assert!(note.as_str().replace('\u{2060}', "").contains(words));
    }
}
