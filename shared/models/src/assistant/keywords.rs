//! What a user can say that is understood before any AI.

use std::collections::BTreeMap;

use super::section::Section;
use crate::{Keywords, normalised};

/// The words shipped with Dragoman, by list and language.
const SHIPPED: &str = include_str!("keywords.toml");
const LISTS: [&str; 5] = ["opt_out", "opt_in", "hand_off", "cancel", "ignore"];
const LONGEST_KEYWORD: usize = 100;

/// The keywords, in every language at once: people write STOP in any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeywordLists {
    /// The user wants no more messages.
    pub opt_out: Keywords,
    /// The user wants messages again.
    pub opt_in: Keywords,
    /// The user wants to talk to a person.
    pub hand_off: Keywords,
    /// The user wants to leave a flow. May share words with `opt_out`, which goes first.
    pub cancel: Keywords,
    /// Braze itself answers these, so the bot says nothing. May share words with any other list.
    pub ignore: Keywords,
}

impl KeywordLists {
    /// Whether `text` is a keyword of any list.
    pub fn have(&self, text: &str) -> bool {
        [&self.opt_out, &self.opt_in, &self.hand_off, &self.cancel, &self.ignore].iter().any(|list| list.matches(text))
    }

    /// The list that understands `word` before any route or flow does, if one does.
    pub(super) fn goes_before(&self, word: &str) -> Option<&'static str> {
        let lists = [("opt_out", &self.opt_out), ("hand_off", &self.hand_off), ("ignore", &self.ignore)];
        lists.into_iter().find(|(_, list)| list.matches(word)).map(|(name, _)| name)
    }

    /// The list that understands `word` before a flow takes it for an answer, if one does.
    pub(super) fn goes_before_an_answer(&self, word: &str) -> Option<&'static str> {
        self.goes_before(word).or_else(|| self.cancel.matches(word).then_some("cancel"))
    }

    /// The shipped words, unless the configuration drops them, and its own.
    pub(super) fn read(mut configured: Section) -> Self {
        let shipped = if configured.flag("shipped", true) { shipped() } else { BTreeMap::new() };
        let lists = LISTS.map(|key| {
            let own = configured.numbered_texts(key, LONGEST_KEYWORD);
            let shipped = shipped.get(key).into_iter().flat_map(BTreeMap::values).flatten();
            let all: Keywords = shipped.chain(own.iter().map(|(_, word)| word)).collect();
            (key, own, all)
        });
        for (key, own, _) in &lists {
            for (place, word) in own {
                if normalised(word).is_empty() {
                    let problem = format!("must have a letter or a digit in each: number {place} has none");
                    configured.mistake_in_list(key, *place, &problem);
                }
                let rivals = lists.iter().filter(|(rival, _, all)| contradict(key, rival) && all.matches(word));
                for (rival, own, _) in rivals {
                    let there = own.iter().find(|(_, other)| normalised(other) == normalised(word));
                    // Both lists are the brand's: it is told once, where the word comes second.
                    if there.is_none()
                        || LISTS.iter().position(|list| list == rival) < LISTS.iter().position(|list| list == key)
                    {
                        let problem = contradiction(word, *place, rival, there.map(|(place, _)| *place));
                        configured.mistake_in_list(key, *place, &problem);
                    }
                }
            }
        }
        let [opt_out, opt_in, hand_off, cancel, ignore] = lists.map(|(_, _, all)| all);
        Self { opt_out, opt_in, hand_off, cancel, ignore }
    }
}

/// `there` is where the other list has it, unless it is shipped.
fn contradiction(word: &str, place: usize, rival: &str, there: Option<usize>) -> String {
    let whose = there.map_or("has as shipped".to_owned(), |place| format!("has too (number {place})"));
    format!("has \"{word}\" (number {place}), which `keywords.{rival}` {whose}: a word can mean only one of the two")
}

/// Whether no word may be in both lists.
fn contradict(one: &str, other: &str) -> bool {
    match (one, other) {
        ("ignore", _) | (_, "ignore") | ("opt_out", "cancel") | ("cancel", "opt_out") => false,
        _ => one != other,
    }
}

fn shipped() -> BTreeMap<String, BTreeMap<String, Vec<String>>> {
    toml::from_str(SHIPPED).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::Assistant;
    use super::*;

    fn read(text: &str) -> KeywordLists {
        Assistant::from_toml(text).unwrap().keywords
    }

    fn mistakes(text: &str) -> Vec<String> {
        Assistant::from_toml(text).unwrap_err().told()
    }

    #[test]
    fn every_shipped_language_has_every_list_but_none_to_ignore() {
        let shipped = shipped();
        assert_eq!(shipped.keys().collect::<Vec<_>>(), ["cancel", "hand_off", "opt_in", "opt_out"]);
        for (list, languages) in shipped {
            assert_eq!(languages.keys().collect::<Vec<_>>(), ["de", "en", "es", "fr", "pt"], "{list}");
            assert!(languages.values().all(|words| words.len() >= 4), "{list}");
        }
    }

    #[test]
    fn who_may_as_well_ask_for_more_messages_does_not_opt_out() {
        let lists = read("");
        for (words, opts_out) in [
            ("Plus de messages", false),
            ("Je ne veux plus de messages !", true),
            ("Plus aucun message", true),
            ("No more messages", true),
            ("Keine weiteren Nachrichten", true),
        ] {
            assert_eq!(lists.opt_out.matches(words), opts_out, "{words}");
        }
    }

    #[test]
    fn no_shipped_words_contradict_each_other() {
        let shipped = shipped();
        for (list, words) in &shipped {
            for (rival, rivals) in shipped.iter().filter(|(rival, _)| *rival != list) {
                let rivals: Keywords = rivals.values().flatten().collect();
                let both: Vec<_> = words.values().flatten().filter(|word| rivals.matches(word)).collect();
                assert!(both.is_empty(), "{list} {rival} {both:?}");
            }
        }
    }

    #[test]
    fn each_language_has_its_words() {
        let lists = read("");
        for word in
            ["STOP", "Unsubscribe.", "opt-out", "ARRET", "Désabonnez-moi", "BAJA", "PARAR", "Abmelden!", "STOPP"]
        {
            assert!(lists.opt_out.matches(word), "{word}");
        }
        for word in ["START", "Alta", "m’abonner", "inscrever-me", "wieder anmelden"] {
            assert!(lists.opt_in.matches(word), "{word}");
        }
        for word in [
            "Agent",
            "I want to talk to a human!",
            "Parler à quelqu'un ?",
            "hablar con una persona",
            "falar com alguém",
            "Ich möchte mit einem Menschen sprechen",
        ] {
            assert!(lists.hand_off.matches(word), "{word}");
        }
        for word in ["Cancel", "annuler", "olvidalo", "sair", "vergiss es"] {
            assert!(lists.cancel.matches(word), "{word}");
        }
        assert_eq!(lists.ignore, Keywords::default());
    }

    #[test]
    fn what_may_mean_something_else_opts_nobody_out() {
        for text in
            ["cancel", "end", "quit", "no", "nein", "alto", "sair", "remove", "halt", "stop my order", "fin", ""]
        {
            assert!(!read("").opt_out.matches(text), "{text}");
        }
    }

    #[test]
    fn a_brands_words_are_added_or_stand_alone() {
        let lists = read("[keywords]\nopt_out = [\"Lass das\"]\nignore = [\"INFO\"]");
        assert!(lists.opt_out.matches("lass das!") && lists.opt_out.matches("stop"));
        assert!(lists.ignore.matches("info"));
        let alone = read("[keywords]\nshipped = false\ncancel = [\"stop\"]");
        assert_eq!(alone, KeywordLists { cancel: ["stop"].into_iter().collect(), ..KeywordLists::default() });
        assert_eq!(read("[keywords]\nshipped = true"), read(""));
    }

    #[test]
    fn a_cancel_word_may_opt_out_and_any_word_be_ignored() {
        let lists =
            read("[keywords]\nopt_out = [\"cancel\"]\ncancel = [\"Stop\"]\nignore = [\"stop\", \"start\", \"agent\"]");
        assert!(lists.opt_out.matches("cancel") && lists.cancel.matches("stop") && lists.ignore.matches("agent"));
    }

    #[test]
    fn a_word_that_says_two_things_is_a_mistake_however_it_is_written() {
        for (text, expected) in [
            (
                "opt_in = [\"yes\", \"ＳＴＯＰ!\"]",
                "`keywords.opt_in` has \"ＳＴＯＰ!\" (number 2), which `keywords.opt_out` has as shipped: a word can mean only one of the two",
            ),
            (
                "hand_off = [\"unsubscribe\"]",
                "`keywords.hand_off` has \"unsubscribe\" (number 1), which `keywords.opt_out` has as shipped: a word can mean only one of the two",
            ),
            (
                "cancel = [\"human\"]",
                "`keywords.cancel` has \"human\" (number 1), which `keywords.hand_off` has as shipped: a word can mean only one of the two",
            ),
            (
                "cancel = [\"start\"]",
                "`keywords.cancel` has \"start\" (number 1), which `keywords.opt_in` has as shipped: a word can mean only one of the two",
            ),
            (
                "opt_in = [\"yes\"]\nhand_off = [\"Yes.\"]\nshipped = false",
                "`keywords.hand_off` has \"Yes.\" (number 1), which `keywords.opt_in` has too (number 1): a word can mean only one of the two",
            ),
        ] {
            assert_eq!(mistakes(&format!("[keywords]\n{text}")), [expected], "{text}");
        }
    }

    #[test]
    fn every_bad_word_is_named_by_its_place_and_not_shown() {
        let long = "x".repeat(LONGEST_KEYWORD + 1);
        let text =
            format!("[keywords]\nopt_out = [\"bye\", \"🛑\", 7, \" \", \"{long}\"]\nignore = \"bye\"\nstop = []");
        assert_eq!(
            mistakes(&text),
            [
                "`keywords.opt_out` must be texts of 1 to 100 characters: number 3 is none",
                "`keywords.opt_out` must be texts of 1 to 100 characters: number 4 is none",
                "`keywords.opt_out` must be texts of 1 to 100 characters: number 5 is none",
                "`keywords.opt_out` must have a letter or a digit in each: number 2 has none",
                "`keywords.ignore` must be a list of texts",
                "`keywords.stop` is no setting; there are cancel, hand_off, ignore, opt_in, opt_out, shipped",
            ]
        );
        assert!(Assistant::from_toml(&text.replace(&long, &long[1..])).unwrap_err().told().len() == 5);
    }
}
