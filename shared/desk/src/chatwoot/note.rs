//! The private notes that agents read, in their language.

use models::assistant::{DeskNote, DeskNotes};
use models::{HandOffReason, Personal, Timestamp};

use crate::{Line, NotSent, ReleasedBy, Speaker};

/// The most characters of a transcript in one note. Chatwoot takes 150,000 in all.
const MOST_CHARACTERS: usize = 60_000;
/// The most characters of the other texts, each.
const MOST_OF_A_FIELD: usize = 4_000;

/// What a note on a hand-off says: why, what about, who, and what was said so far.
pub(super) fn hand_off(
    notes: &DeskNotes,
    reason: HandOffReason,
    summary: &Personal,
    transcript: &[Line],
    profile_name: Option<&Personal>,
    language: Option<&str>,
) -> Personal {
    let mut note = vec![format!("**{}: {}.**", notes.text(DeskNote::HandedOver), notes.text(because(reason)))];
    let mut field = |name, value: &str| {
        if !value.trim().is_empty() {
            note.push(format!("**{}:** {}", notes.text(name), quoted(&first(value.trim(), MOST_OF_A_FIELD))));
        }
    };
    field(DeskNote::Summary, summary.as_str());
    field(DeskNote::ProfileName, profile_name.map(Personal::as_str).unwrap_or_default());
    field(DeskNote::Language, language.unwrap_or_default());
    note.extend(so_far(notes, transcript));
    note.join("\n\n").into()
}

/// What a note says when the bot answers again.
pub(super) fn released(notes: &DeskNotes, by: ReleasedBy) -> Personal {
    let by = match by {
        ReleasedBy::Agent => DeskNote::ReleasedByAgent,
        ReleasedBy::QuietHours => DeskNote::ReleasedByQuietHours,
    };
    let [released, by, reply] = [DeskNote::Released, by, DeskNote::ReplyTakesOver].map(|note| notes.text(note));
    format!("**{released}: {by}.** {reply}").into()
}

/// What a note says when an agent's words did not go out.
pub(super) fn not_sent(notes: &DeskNotes, reason: NotSent, text: &Personal) -> Personal {
    let why = match reason {
        NotSent::WindowClosed => DeskNote::NotSentWindowClosed,
        NotSent::Refused => DeskNote::NotSentRefused,
        NotSent::TooLate => DeskNote::NotSentTooLate,
        NotSent::Uncertain => DeskNote::NotSentUncertain,
    };
    format!("**{}.**\n\n{}", notes.text(why), quoted(&first(text.as_str(), MOST_OF_A_FIELD))).into()
}

fn because(reason: HandOffReason) -> DeskNote {
    match reason {
        HandOffReason::Keyword => DeskNote::ReasonKeyword,
        HandOffReason::Assistant => DeskNote::ReasonAssistant,
        HandOffReason::Failure => DeskNote::ReasonFailure,
        HandOffReason::Route => DeskNote::ReasonRoute,
        HandOffReason::Agent => DeskNote::ReasonAgent,
        HandOffReason::Flow => DeskNote::ReasonFlow,
    }
}

/// The lines, oldest first. Where they are too many, the newest are kept.
fn so_far(notes: &DeskNotes, transcript: &[Line]) -> Vec<String> {
    let mut left = MOST_CHARACTERS;
    let mut kept = Vec::new();
    for line in transcript.iter().rev() {
        let line = written(notes, line);
        let Some(rest) = left.checked_sub(line.chars().count()) else { break };
        left = rest;
        kept.push(line);
    }
    let missing = transcript.len() - kept.len();
    let heading = notes.text(DeskNote::Transcript);
    let title = match (transcript.len(), missing) {
        (0, _) => return Vec::new(),
        (_, 0) => format!("**{heading}** (UTC):"),
        (_, missing) => {
            let cut = notes.text(DeskNote::TranscriptCut).replace("{number}", &missing.to_string());
            format!("**{heading}** (UTC), {cut}:")
        }
    };
    std::iter::once(title).chain(kept.into_iter().rev()).collect()
}

fn written(notes: &DeskNotes, line: &Line) -> String {
    let who = notes.text(match line.from {
        Speaker::User => DeskNote::User,
        Speaker::Bot => DeskNote::Assistant,
        Speaker::Agent => DeskNote::Agent,
    });
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
    use models::assistant::Assistant;

    use super::*;

    fn english() -> DeskNotes {
        DeskNotes::default()
    }

    fn line(from: Speaker, text: &str, minute: u64) -> Line {
        Line { from, text: text.into(), at: Timestamp::from_seconds(60 * minute) }
    }

    #[test]
    fn a_note_says_why_what_about_who_and_what_was_said() {
        let transcript =
            [line(Speaker::User, "hi", 0), line(Speaker::Bot, "Hello!", 1), line(Speaker::Agent, "Yes?", 61)];
        let note = hand_off(
            &english(),
            HandOffReason::Keyword,
            &"A refund".into(),
            &transcript,
            Some(&"Ada".into()),
            Some("de"),
        );
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
            let note = not_sent(&english(), reason, &"It {{comes}} today.".into());
            assert!(note.as_str().starts_with(begins), "{}", note.as_str());
            assert!(note.as_str().ends_with(".**\n\nIt {\u{2060}{\u{2060}comes}} today."), "{}", note.as_str());
        }
    }

    #[test]
    fn a_note_is_in_the_language_of_the_desk_and_in_the_brands_own_words() {
        let desk = "[desk]\nlanguage = \"de\"\nnotes = { user = \"Gast\" }";
        let notes = Assistant::from_toml(desk).unwrap().desk_notes;
        let transcript = [line(Speaker::User, "hi", 0), line(Speaker::Bot, "Hallo!", 1)];
        let note = hand_off(&notes, HandOffReason::Failure, &"A refund".into(), &transcript, None, Some("de"));
        let expected = "**Übergeben: der Assistent konnte nicht antworten.**\n\n**Zusammenfassung:** A refund\n\n\
            **Sprache:** de\n\n**Bisher** (UTC):\n\n1970-01-01 00:00 **Gast:** hi\n\n\
            1970-01-01 00:01 **Assistent:** Hallo!";
        assert_eq!(note.as_str(), expected);
        let released = released(&notes, ReleasedBy::QuietHours);
        let expected = "**Der Assistent antwortet wieder: eine Weile hat niemand geschrieben.** \
            Eine Antwort von hier übernimmt das Gespräch.";
        assert_eq!(released.as_str(), expected);
        let unsent = not_sent(&notes, NotSent::Refused, &"Ja".into());
        assert_eq!(unsent.as_str(), "**Nicht gesendet: Braze hat es endgültig abgelehnt.**\n\nJa");
    }

    #[test]
    fn what_is_not_there_is_not_mentioned() {
        let note = hand_off(&english(), HandOffReason::Agent, &" ".into(), &[], None, None);
        assert_eq!(note.as_str(), "**Handed over: an agent took the conversation.**");
    }

    #[test]
    fn a_long_past_loses_its_beginning_and_the_note_stays_below_what_chatwoot_takes() {
        let long: Vec<Line> = (0..2_000)
            .map(|minute| line(Speaker::User, &format!("line {minute} {}", "é".repeat(90)), minute))
            .collect();
        let endless = "😀".repeat(200_000);
        let note = hand_off(
            &english(),
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
        assert!(hand_off(&english(), HandOffReason::Flow, &"s".into(), &one, None, None).as_str().ends_with("😀…"));
    }

    #[test]
    fn users_words_are_neither_liquid_nor_mentions() {
        let words = "{{contact.email}} {% raw %} {{{%{{ [@Grace](mention://user/1/Grace)";
        let transcript = [line(Speaker::User, words, 0)];
        let note =
            hand_off(&english(), HandOffReason::Route, &words.into(), &transcript, Some(&words.into()), Some(words));
        for active in ["{{", "{%", "mention://"] {
            assert!(!note.as_str().contains(active), "{active}");
        }
        assert!(note.as_str().replace('\u{2060}', "").contains(words));
    }
}
