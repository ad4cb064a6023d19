//! Routes: what the assistant does differently for messages that came by a campaign of their own, or that a keyword leads
//! there.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Duration;

use super::backends::UnknownBackend;
use super::keywords::KeywordLists;
use super::section::Section;
use super::spelling::did_you_mean;
use super::{Backends, QuietPeriods};
use crate::{CampaignId, Keywords, RouteName, normalised};

const LONGEST_KEYWORD: usize = 100;

/// Every route, by its name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Routes(BTreeMap<RouteName, Route>);

/// What one route does differently. What it leaves open is as everywhere.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    /// Whole messages that lead here, whatever campaign forwarded them.
    pub keywords: Keywords,
    /// What the AI is told instead.
    pub instructions: Option<String>,
    /// The reply campaign.
    pub campaign: Option<CampaignId>,
    /// The folder of Markdown files that are searched instead, relative to the file.
    pub knowledge_folder: Option<String>,
    /// The name of the backend that is asked first instead.
    pub backend: Option<String>,
    /// Whether the knowledge answers, and no AI is asked.
    pub knowledge_only: bool,
    /// How long to wait for the rest of a burst.
    pub quiet: Option<QuietPeriods>,
    /// Whether every message goes to a person.
    pub hand_off: bool,
    /// How long a conversation stays on the route after its last message there.
    pub stay: Duration,
}

impl Routes {
    /// The route called `name`.
    pub fn get(&self, name: &RouteName) -> Option<&Route> {
        self.0.get(name)
    }

    /// The route that `text` leads to as a keyword.
    pub fn led_to(&self, text: &str) -> Option<&RouteName> {
        self.0.iter().find(|(_, route)| route.keywords.matches(text)).map(|(name, _)| name)
    }

    /// All of them with their names.
    pub fn iter(&self) -> impl Iterator<Item = (&RouteName, &Route)> {
        self.0.iter()
    }

    /// `lists` are the words that are understood before a route is looked for.
    pub(super) fn read(mut section: Section, backends: &Backends, lists: &KeywordLists) -> Self {
        let mut routes = BTreeMap::new();
        let mut taken = TakenWords::default();
        for key in section.keys() {
            let route = Route::read(section.section(&key), &key, &mut taken, backends, lists);
            match RouteName::parse(&key) {
                Some(name) => drop(routes.insert(name, route)),
                None => section.mistake(&key, "is no route's name: 1 to 64 characters of A-Z a-z 0-9 _ -"),
            }
        }
        Self(routes)
    }
}

impl Route {
    /// `taken` are the keywords of the routes before: no two routes share one.
    fn read(
        mut section: Section,
        name: &str,
        taken: &mut TakenWords,
        backends: &Backends,
        lists: &KeywordLists,
    ) -> Self {
        let keywords = section.numbered_texts("keywords", LONGEST_KEYWORD);
        for (place, word) in &keywords {
            if let Some(list) = lists.goes_before(word) {
                section.mistake_in_list("keywords", *place, &never_heard(word, *place, list, "lead here"));
            }
            let compared = normalised(word);
            if compared.is_empty() {
                let problem = format!("must have a letter or a digit in each: number {place} has none");
                section.mistake_in_list("keywords", *place, &problem);
            } else if let Some(first) = taken.take(compared, &format!("routes.{name}.keywords"), *place) {
                section.mistake_in_list("keywords", *place, &there_twice(word, *place, &first));
            }
        }
        let (backend, knowledge_only) = (backend(&mut section, backends), section.flag("knowledge_only", false));
        if backend.is_some() && knowledge_only {
            section.mistake("backend", "is never asked where `knowledge_only` is true");
        }
        Self {
            keywords: keywords.iter().map(|(_, word)| word).collect(),
            instructions: section.optional_text("instructions", 20_000),
            campaign: section.campaign("campaign"),
            knowledge_folder: section.optional_text("knowledge_folder", 200),
            backend,
            knowledge_only,
            quiet: section.has("quiet_period").then(|| QuietPeriods::read(section.section("quiet_period"))),
            hand_off: section.flag("hand_off", false),
            stay: section.minutes("stay_minutes", 30, 0..=1_440),
        }
    }
}

/// What is wrong with a word of a route or a flow that a keyword list takes first, so that it would never do what is `meant`.
pub(super) fn never_heard(word: &str, place: usize, list: &str, meant: &str) -> String {
    format!("has \"{word}\" (number {place}), which `keywords.{list}` takes first, so it would never {meant}")
}

/// The words that lead somewhere already, as they are compared, each with the place where it stands.
#[derive(Default)]
pub(super) struct TakenWords(BTreeMap<String, String>);

impl TakenWords {
    /// Takes `word` for the list `key`, where it stands at `place`; or says where it stood before.
    pub(super) fn take(&mut self, word: String, key: &str, place: usize) -> Option<String> {
        match self.0.entry(word) {
            Entry::Occupied(taken) => Some(taken.get().clone()),
            Entry::Vacant(free) => {
                free.insert(format!("`{key}` (number {place})"));
                None
            }
        }
    }
}

/// What is wrong with a word that stands at a `first` place too, so that nobody could say which of the two is meant.
pub(super) fn there_twice(word: &str, place: usize, first: &str) -> String {
    format!("has \"{word}\" (number {place}), which stands in {first} already: a word can lead to one place only")
}

fn backend(section: &mut Section, backends: &Backends) -> Option<String> {
    let name = section.optional_text("backend", 40)?;
    let meant = backends.named(&name).map_or_else(
        |UnknownBackend { all, meant }| {
            section.mistake("backend", &format!("must be a name out of {all}{}", did_you_mean(meant)));
            meant
        },
        Some,
    );
    meant.map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::super::Assistant;
    use super::*;

    #[test]
    fn a_route_says_only_what_is_different() {
        let routes = Assistant::from_toml(
            "[routes.returns]\nkeywords = [\"Return\"]\ncampaign = \"c2\"\n[routes.returns.quiet_period]\ncap_seconds = 20\n[routes.vip]\nhand_off = true",
        )
        .unwrap()
        .routes;
        let returns = RouteName::parse("returns").unwrap();
        assert_eq!((routes.led_to(" RETURN! "), routes.led_to("return it")), (Some(&returns), None));
        let route = routes.get(&returns).unwrap();
        assert_eq!(route.quiet.unwrap().cap, Duration::from_secs(20));
        assert_eq!(
            (route.campaign.as_ref().map(CampaignId::as_str), route.hand_off, route.stay),
            (Some("c2"), false, Duration::from_mins(30))
        );
        assert!(routes.get(&RouteName::parse("vip").unwrap()).unwrap().hand_off);
    }

    #[test]
    fn a_word_that_a_keyword_list_takes_first_is_a_mistake() {
        for (toml, expected) in [
            (
                "[routes.a]\nkeywords = [\"x\", \"Stop!\"]",
                "`routes.a.keywords` has \"Stop!\" (number 2), which `keywords.opt_out`",
            ),
            (
                "[routes.a]\nkeywords = [\"human\"]",
                "`routes.a.keywords` has \"human\" (number 1), which `keywords.hand_off`",
            ),
            (
                "[keywords]\nignore = [\"sale\"]\n[routes.a]\nkeywords = [\"SALE\"]",
                "`routes.a.keywords` has \"SALE\" (number 1), which `keywords.ignore`",
            ),
        ] {
            let mistakes = Assistant::from_toml(toml).unwrap_err().told();
            assert!(mistakes.len() == 1 && mistakes[0].starts_with(expected), "{mistakes:?}");
        }
        // Only who had opted out is understood to want back in, and only in a flow is anything cancelled.
        Assistant::from_toml("[routes.a]\nkeywords = [\"start\", \"cancel\"]").unwrap();
    }

    #[test]
    fn a_word_that_stands_twice_is_named_with_both_places() {
        for (toml, expected) in [
            (
                "[routes.a]\nkeywords = [\"y\", \"x\"]\n[routes.b]\nkeywords = [\"X!\"]",
                "`routes.b.keywords` has \"X!\" (number 1), which stands in `routes.a.keywords` (number 2) already: a word can lead to one place only",
            ),
            (
                "[routes.a]\nkeywords = [\"x\", \"X.\"]",
                "`routes.a.keywords` has \"X.\" (number 2), which stands in `routes.a.keywords` (number 1) already: a word can lead to one place only",
            ),
        ] {
            assert_eq!(Assistant::from_toml(toml).unwrap_err().told(), [expected]);
        }
    }

    #[test]
    fn what_cannot_be_told_apart_is_a_mistake() {
        for (toml, key) in [
            ("[routes.\"a b\"]\nhand_off = true", "routes.a b"),
            ("[routes.a]\nkeywords = [\"!\"]", "routes.a.keywords"),
            ("[routes.a]\nhandoff = true", "routes.a.handoff"),
        ] {
            let mistakes = Assistant::from_toml(toml).unwrap_err().told();
            assert!(mistakes.len() == 1 && mistakes[0].starts_with(&format!("`{key}`")), "{mistakes:?}");
        }
    }
}
