//! What Dragoman writes to the profiles of users in Braze.

use std::collections::BTreeSet;

use super::section::Section;
use crate::SubscriptionGroupId;

/// The longest id of anything in Braze.
const LONGEST_ID: usize = 128;

/// What is written to profiles: nothing, unless it is asked for, because values may cost data points.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfileRules {
    /// What is written down about conversations.
    pub facts: BTreeSet<ConversationFact>,
    /// The subscription group of the WhatsApp number that somebody new is subscribed to with their first answer. Braze
    /// makes a number it does not know unsubscribed, and then nothing reaches it.
    pub newcomers_group: Option<SubscriptionGroupId>,
    /// The subscription group that an opt-out unsubscribes from, and an opt-in subscribes to.
    pub opt_out_group: Option<SubscriptionGroupId>,
}

/// One thing about a conversation that a segment or a campaign may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConversationFact {
    /// `dragoman_owner`, `bot` or `person`, and `dragoman_owner_since`: so that campaigns leave people in a live chat alone.
    Owner,
    /// `dragoman_last_message`: when the user wrote last.
    LastMessage,
    /// `dragoman_turns`: how many turns there were.
    Turns,
    /// `dragoman_route`: the route of the last turn.
    Route,
    /// `dragoman_language`: the language of the last turn.
    Language,
    /// `dragoman_unresolved`: whether the last question found no answer.
    Unresolved,
}

impl ConversationFact {
    const ALL: [(&'static str, Self); 6] = [
        ("owner", Self::Owner),
        ("last_message", Self::LastMessage),
        ("turns", Self::Turns),
        ("route", Self::Route),
        ("language", Self::Language),
        ("unresolved", Self::Unresolved),
    ];
}

impl ProfileRules {
    pub(super) fn read(mut section: Section) -> Self {
        let mut facts = BTreeSet::new();
        for (place, word) in section.numbered_texts("facts", 40) {
            match ConversationFact::ALL.iter().find(|(name, _)| *name == word) {
                Some((_, fact)) => drop(facts.insert(*fact)),
                None => {
                    let names = ConversationFact::ALL.map(|(name, _)| name).join(", ");
                    section.mistake("facts", &format!("may be {names}: number {place} is none"));
                }
            }
        }
        let newcomers_group = group(&mut section, "newcomers_group");
        let opt_out_group = group(&mut section, "opt_out_group");
        Self { facts, newcomers_group, opt_out_group }
    }
}

fn group(section: &mut Section, key: &str) -> Option<SubscriptionGroupId> {
    let id = section.optional_text(key, LONGEST_ID)?;
    let group = SubscriptionGroupId::new(id);
    if let Err(reason) = &group {
        section.mistake(key, &format!("is no id of a subscription group: {reason}"));
    }
    group.ok()
}

#[cfg(test)]
mod tests {
    use super::super::{Assistant, BadAssistant};
    use super::*;

    #[test]
    fn nothing_is_written_that_was_not_asked_for() {
        let rules = |toml| Assistant::from_toml(toml).unwrap().profile;
        assert_eq!(rules(""), ProfileRules::default());
        let asked = rules("[profile]\nfacts = [\"owner\", \"turns\"]\nnewcomers_group = \"g-1\"");
        assert_eq!(asked.facts, [ConversationFact::Owner, ConversationFact::Turns].into());
        assert_eq!(asked.newcomers_group, SubscriptionGroupId::new("g-1").ok());
    }

    #[test]
    fn unknown_facts_and_ids_that_are_none_are_mistakes() {
        let toml = "[profile]\nfacts = [\"mood\"]\nopt_out_group = \"two words\"";
        let BadAssistant(mistakes) = Assistant::from_toml(toml).unwrap_err();
        assert_eq!(mistakes.len(), 2, "{mistakes:?}");
    }
}
