//! What Dragoman writes to the profiles of users in Braze.

use std::collections::BTreeSet;
use std::fmt::Display;

use super::section::Section;
use super::spelling::{did_you_mean, nearest};
use crate::{Attributes, SubscriptionGroupId};

/// The longest id of anything in Braze.
const LONGEST_ID: usize = 128;
/// How the names of the attributes begin that hold [`ConversationFact`]s.
const OUR_ATTRIBUTES: &str = "dragoman_";

/// What is written to profiles: nothing, unless it is asked for, because values may cost data points.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfileRules {
    /// What is written down about conversations.
    pub facts: BTreeSet<ConversationFact>,
    /// What the AI may note about a user.
    pub learn: Vec<Learned>,
    /// The subscription group of the WhatsApp number that somebody without an external id is subscribed to with the
    /// first words that they get after they wrote, whoever says them. Braze makes a number it does not know
    /// unsubscribed, and then nothing reaches it.
    pub newcomers_group: Option<SubscriptionGroupId>,
    /// The subscription group that an opt-out unsubscribes from, and an opt-in subscribes to.
    pub opt_out_group: Option<SubscriptionGroupId>,
}

/// A custom attribute that the AI may set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Learned {
    /// The attribute.
    pub name: String,
    /// What it says about the user, in words for the AI.
    pub description: String,
    /// What its values are.
    pub values: LearnedValues,
}

/// What the values of an attribute, or of a tool's argument, are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LearnedValues {
    /// Words.
    Text,
    /// A number.
    Number,
    /// Yes or no.
    Flag,
    /// One of these.
    OneOf(Vec<String>),
}

impl Learned {
    fn read(name: &str, mut section: Section) -> Self {
        if let Err(reason) = brands_attribute(name) {
            section.mistake_at_root(&format!("profile.learn.{name}"), &reason);
        }
        let description = section.text("describe", "", 500);
        if description.is_empty() {
            section.mistake("describe", "is missing: the AI has to know what the attribute says");
        }
        let values = LearnedValues::read(&mut section);
        Self { name: name.to_owned(), description, values }
    }
}

/// Whether a brand may give an attribute this name; if not, what is wrong with it.
pub(super) fn brands_attribute(name: &str) -> Result<(), String> {
    let no_name = |reason: &dyn Display| Err(format!("is no name for a custom attribute: {reason}"));
    match Attributes::name(name) {
        Err(reason) => no_name(&reason),
        Ok(_) if name.starts_with(OUR_ATTRIBUTES) => {
            no_name(&"what begins with dragoman_ is written by the bot itself")
        }
        Ok(_) => Ok(()),
    }
}

impl LearnedValues {
    /// Reads `values` or `one_of`, which do not go together.
    pub(super) fn read(section: &mut Section) -> Self {
        let has_values = section.has("values");
        if section.has("one_of") {
            let choices: Vec<_> = section.numbered_texts("one_of", 255).into_iter().map(|(_, choice)| choice).collect();
            if has_values {
                section.mistake("values", "does not go with `one_of`, which says already what the values are");
                section.skip("values");
            }
            return if choices.is_empty() { Self::Text } else { Self::OneOf(choices) };
        }
        let kinds = [("text", Self::Text), ("number", Self::Number), ("flag", Self::Flag)];
        let kind = if has_values { section.one_of_unless("values", &kinds, ", or give one_of") } else { None };
        kind.unwrap_or(Self::Text)
    }
}

/// One thing about a conversation that a segment or a campaign may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConversationFact {
    /// `dragoman_owner`, `bot` or `person`, and `dragoman_owner_since`: so that campaigns leave people in a live chat
    /// alone.
    Owner,
    /// `dragoman_last_message`: when the user wrote last; where they write to people, at most a quarter of an hour
    /// before that.
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
            let fact = ConversationFact::ALL.iter().find(|(name, _)| *name == word).map(|(_, fact)| *fact);
            facts.extend(fact);
            if fact.is_none() {
                let names = ConversationFact::ALL.map(|(name, _)| name);
                let advice = did_you_mean(nearest(&word, names.into_iter(), |name| name));
                let problem = format!("may be {}: number {place} is none{advice}", names.join(", "));
                section.mistake_in_list("facts", place, &problem);
            }
        }
        let mut learned = section.section("learn");
        let learn = learned.keys().iter().map(|name| Learned::read(name, learned.section(name))).collect();
        let newcomers_group = group(&mut section, "newcomers_group");
        let opt_out_group = group(&mut section, "opt_out_group");
        Self { facts, learn, newcomers_group, opt_out_group }
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
    use super::super::Assistant;
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
        for (toml, count) in [
            ("[profile]\nfacts = [\"mood\"]\nopt_out_group = \"two words\"", 2),
            ("[profile.learn.size]\nvalues = \"colour\"", 2),
            ("[profile.learn.dragoman_owner]\ndescribe = \"x\"\n[profile.learn.\"$x\"]\ndescribe = \"x\"", 2),
            ("[profile.learn.email]\ndescribe = \"x\"\n[profile.learn.phone]\ndescribe = \"x\"", 2),
        ] {
            let mistakes = Assistant::from_toml(toml).unwrap_err().told();
            assert_eq!(mistakes.len(), count, "{mistakes:?}");
        }
    }

    #[test]
    fn what_the_ai_may_note_has_a_description_and_values_of_one_kind() {
        let toml = "[profile.learn.size]\ndescribe = \"Shoe size\"\nvalues = \"number\"\n\
                    [profile.learn.taste]\ndescribe = \"Favourite\"\none_of = [\"red\", \"blue\"]";
        let learn = Assistant::from_toml(toml).unwrap().profile.learn;
        let values: Vec<_> = learn.iter().map(|fact| (fact.name.as_str(), &fact.values)).collect();
        let choices = LearnedValues::OneOf(vec!["red".to_owned(), "blue".to_owned()]);
        assert_eq!(values, [("size", &LearnedValues::Number), ("taste", &choices)]);
    }
}
