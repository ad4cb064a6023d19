//! What Dragoman writes into a desk for agents to read, in their language.

use std::collections::BTreeMap;

use super::section::Section;
use super::spelling::{did_you_mean, listed};
use super::texts::meant_language;

/// The texts shipped with Dragoman, in the languages of the bot's lines.
const SHIPPED: &str = include_str!("desk_notes.toml");
const LONGEST_TEXT: usize = 1_000;
/// The language of the notes where neither the desk's nor the bot's has any.
const OTHERWISE: &str = "en";

/// A text in a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeskNote {
    /// What a hand-off's note begins with; why follows.
    HandedOver,
    /// The user asked for a person.
    ReasonKeyword,
    /// The assistant asked for one.
    ReasonAssistant,
    /// The assistant could not answer.
    ReasonFailure,
    /// The route goes to people.
    ReasonRoute,
    /// An agent took the conversation.
    ReasonAgent,
    /// A step of a flow asked for a person.
    ReasonFlow,
    /// The heading of the summary.
    Summary,
    /// The heading of the name that users give themselves.
    ProfileName,
    /// The heading of the user's language.
    Language,
    /// The heading of what was said.
    Transcript,
    /// That the first lines are left out, `{number}` of them.
    TranscriptCut,
    /// Who said a line: the user.
    User,
    /// The assistant.
    Assistant,
    /// An agent.
    Agent,
    /// The assistant answers again; why follows.
    Released,
    /// An agent gave the conversation back.
    ReleasedByAgent,
    /// Nobody wrote for a while.
    ReleasedByQuietHours,
    /// That a reply takes the conversation over.
    ReplyTakesOver,
    /// Not sent: `WhatsApp`'s window is closed.
    NotSentWindowClosed,
    /// Not sent: Braze refused it.
    NotSentRefused,
    /// Not sent: it is too late for it.
    NotSentTooLate,
    /// Perhaps not sent.
    NotSentUncertain,
    /// A message of the user's without words.
    NoText,
}

impl DeskNote {
    const ALL: [(Self, &'static str); 24] = [
        (Self::HandedOver, "handed_over"),
        (Self::ReasonKeyword, "reason_keyword"),
        (Self::ReasonAssistant, "reason_assistant"),
        (Self::ReasonFailure, "reason_failure"),
        (Self::ReasonRoute, "reason_route"),
        (Self::ReasonAgent, "reason_agent"),
        (Self::ReasonFlow, "reason_flow"),
        (Self::Summary, "summary"),
        (Self::ProfileName, "profile_name"),
        (Self::Language, "language"),
        (Self::Transcript, "transcript"),
        (Self::TranscriptCut, "transcript_cut"),
        (Self::User, "user"),
        (Self::Assistant, "assistant"),
        (Self::Agent, "agent"),
        (Self::Released, "released"),
        (Self::ReleasedByAgent, "released_by_agent"),
        (Self::ReleasedByQuietHours, "released_by_quiet_hours"),
        (Self::ReplyTakesOver, "reply_takes_over"),
        (Self::NotSentWindowClosed, "not_sent_window_closed"),
        (Self::NotSentRefused, "not_sent_refused"),
        (Self::NotSentTooLate, "not_sent_too_late"),
        (Self::NotSentUncertain, "not_sent_uncertain"),
        (Self::NoText, "no_text"),
    ];
}

/// The texts of a desk's notes, in the one language that its agents read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskNotes(BTreeMap<DeskNote, String>);

impl DeskNotes {
    /// The text.
    pub fn text(&self, note: DeskNote) -> &str {
        self.0.get(&note).map_or("", String::as_str)
    }

    /// The shipped texts in the desk's language, else in the bot's default one, with those of the configuration laid over them.
    pub(super) fn read(default_language: &str, mut desk: Section) -> Self {
        // A section for each language, of which only one is parsed: this is done at every cold start.
        let sections: Vec<_> = SHIPPED.split("\n[").filter_map(|section| section.split_once("]\n")).collect();
        let mut languages: Vec<_> = sections.iter().map(|(language, _)| *language).collect();
        languages.sort_unstable();
        let has = |language: &str| languages.contains(&language);
        let otherwise = if has(default_language) { default_language } else { OTHERWISE };
        let language = desk.text("language", otherwise, 8);
        if !has(&language) {
            let advice = did_you_mean(meant_language(&language, &languages));
            desk.mistake("language", &format!("must be {}{advice}", listed(&languages)));
        }
        let texts = sections.iter().find(|(other, _)| **other == language).map_or("", |(_, texts)| *texts);
        let (mut below, mut above) = (Section::root(texts.parse().unwrap_or_default()), desk.section("notes"));
        let text = |(note, key)| (note, above.text(key, &below.text(key, "", LONGEST_TEXT), LONGEST_TEXT));
        Self(DeskNote::ALL.into_iter().map(text).collect())
    }
}

impl Default for DeskNotes {
    /// The shipped English ones.
    fn default() -> Self {
        Self::read(OTHERWISE, Section::root(toml::Table::new()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Assistant;
    use super::*;

    fn notes(toml: &str) -> DeskNotes {
        Assistant::from_toml(toml).unwrap().desk_notes
    }

    #[test]
    fn every_shipped_language_has_every_text_and_its_own_words() {
        let english = notes("");
        for language in ["en", "fr", "es", "pt", "de"] {
            let notes = notes(&format!("[desk]\nlanguage = \"{language}\""));
            assert!(DeskNote::ALL.iter().all(|(note, _)| !notes.text(*note).is_empty()), "{language}");
            assert!(notes.text(DeskNote::TranscriptCut).contains("{number}"), "{language}");
            assert_eq!(notes == english, language == "en", "{language}");
        }
    }

    #[test]
    fn the_desks_language_goes_before_the_bots_and_a_language_without_notes_is_english() {
        let own =
            "[texts.it]\n".to_owned() + &super::super::texts::keys().map(|key| format!("{key} = \"{key}\"")).join("\n");
        for (toml, summary) in [
            ("default_language = \"de\"", "Zusammenfassung"),
            ("default_language = \"de\"\n[desk]\nlanguage = \"fr\"", "Résumé"),
            (&format!("default_language = \"it\"\n{own}"), "Summary"),
            ("[desk]\nlanguage = \"es\"\nnotes = { summary = \"De qué va\" }", "De qué va"),
        ] {
            assert_eq!(notes(toml).text(DeskNote::Summary), summary, "{toml}");
        }
        assert_eq!(notes("[desk.notes]\nsummary = \"About\"").text(DeskNote::Language), "Language");
    }

    #[test]
    fn a_language_that_there_is_not_and_a_text_that_there_is_not_are_told() {
        let mistakes = |toml| Assistant::from_toml(toml).map_err(|bad| bad.told()).unwrap_err();
        let told = mistakes("[desk]\nlanguage = \"it\"");
        assert!(told[0].starts_with("`desk.language` must be de, en, es, fr or pt"), "{told:?}");
        let told = mistakes("[desk.notes]\nsumary = \"x\"");
        assert!(told[0].contains("did you mean `desk.notes.summary`?"), "{told:?}");
    }
}
