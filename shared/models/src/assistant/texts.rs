//! What the bot itself says, apart from any AI.

use std::collections::BTreeMap;

use super::section::Section;
use super::spelling::{did_you_mean, listed, nearest};

/// The lines shipped with Dragoman: English, French, Spanish, Portuguese, German.
const SHIPPED: &str = include_str!("texts.toml");
const LONGEST_LINE: usize = 1_000;

/// The languages of the shipped lines.
pub const SHIPPED_LANGUAGES: [&str; 5] = ["en", "fr", "es", "pt", "de"];

/// A line the bot says by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BotText {
    /// Nothing could answer: every backend failed.
    Fallback,
    /// The knowledge has nothing on this.
    DontKnow,
    /// The answer takes a moment.
    Moment,
    /// The message had no words: media alone, or nothing.
    NoWords,
    /// The message had no words, and what came instead is nothing that the AI is shown, or could not be had.
    NotOpened,
    /// The message had no words but spoken ones, and they could not be made out.
    NotHeard,
    /// A person goes on from here.
    HandOff,
    /// A person is to go on, and none can be reached for now.
    DeskDown,
    /// The user wants to hear from the bot again.
    OptedIn,
    /// The user has had as many answers as anybody gets for now.
    OverBudget,
    /// The user called a flow off.
    Cancelled,
    /// A flow that has no closing line of its own is done.
    Completed,
}

impl BotText {
    const ALL: [(Self, &'static str); 12] = [
        (Self::Fallback, "fallback"),
        (Self::DontKnow, "dont_know"),
        (Self::Moment, "moment"),
        (Self::NoWords, "no_words"),
        (Self::NotOpened, "not_opened"),
        (Self::NotHeard, "not_heard"),
        (Self::HandOff, "hand_off"),
        (Self::DeskDown, "desk_down"),
        (Self::OptedIn, "opted_in"),
        (Self::OverBudget, "over_budget"),
        (Self::Cancelled, "cancelled"),
        (Self::Completed, "completed"),
    ];
}

/// The bot's lines in every language it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texts {
    default: String,
    lines: BTreeMap<String, BTreeMap<BotText, String>>,
}

impl Texts {
    /// The line in the user's language, by its first part (`pt-BR` is `pt`), else in the default language.
    pub fn line(&self, text: BotText, language: Option<&str>) -> &str {
        let lines = language
            .and_then(spoken)
            .and_then(|language| self.lines.get(&language))
            .or_else(|| self.lines.get(&self.default));
        lines.and_then(|lines| lines.get(&text)).map_or("", String::as_str)
    }

    /// Whether there are lines in `language`: `pt`, without a region.
    pub fn know(&self, language: &str) -> bool {
        self.lines.contains_key(language)
    }

    /// Every language there are lines in: `pt`, without a region.
    pub fn languages(&self) -> impl Iterator<Item = &str> {
        self.lines.keys().map(String::as_str)
    }

    /// The language of whoever reads none of the others.
    pub(super) fn default_language(&self) -> &str {
        &self.default
    }

    /// Whether something in `language` is ever read; if not, what is wrong with it. Nobody is known to read a language
    /// in which the bot has no lines of its own.
    pub(super) fn check(&self, language: &str) -> Result<(), String> {
        if self.know(language) {
            return Ok(());
        }
        let all: Vec<_> = self.lines.keys().map(String::as_str).collect();
        Err(format!("is none of the assistant's languages ({}); {}", all.join(", "), advice(language, &all)))
    }

    /// The shipped lines, with those of the configuration laid over them.
    pub(super) fn read(default: &str, mut configured: Section) -> Self {
        let mut shipped = Section::root(SHIPPED.parse().unwrap_or_default());
        let mut languages = shipped.keys();
        languages.extend(configured.keys());
        languages.sort();
        languages.dedup();
        let mut lines = BTreeMap::new();
        for language in &languages {
            let (mut below, mut above) = (shipped.section(language), configured.section(language));
            check_own(language, &above, &mut configured);
            lines.insert(language.clone(), Self::lines_of(&mut below, &mut above));
        }
        if !lines.contains_key(default) {
            let all: Vec<_> = languages.iter().map(String::as_str).collect();
            let problem = format!("must be {}; {}", listed(&all), advice(default, &all));
            configured.mistake_at_root("default_language", &problem);
        }
        Self { default: default.to_owned(), lines }
    }

    fn lines_of(shipped: &mut Section, configured: &mut Section) -> BTreeMap<BotText, String> {
        let line = |(text, key)| (text, configured.text(key, &shipped.text(key, "", LONGEST_LINE), LONGEST_LINE));
        BotText::ALL.into_iter().map(line).collect()
    }
}

/// What to do about a `language` that is none of those that are `known`.
fn advice(language: &str, known: &[&str]) -> String {
    let meant = meant_language(language, known);
    meant.map_or("a new one needs its lines in [texts] too".to_owned(), |meant| format!("did you mean `{meant}`?"))
}

/// Notes what is wrong with a language that is none of the shipped ones.
fn check_own(language: &str, lines: &Section, configured: &mut Section) {
    if SHIPPED_LANGUAGES.contains(&language) {
        return;
    }
    let advice = did_you_mean(meant_language(language, &SHIPPED_LANGUAGES));
    let missing: Vec<_> = BotText::ALL.into_iter().map(|(_, key)| key).filter(|key| !lines.has(key)).collect();
    if !is_language(language) {
        configured.mistake(language, &format!("is no language: two or three small letters, like en{advice}"));
    } else if !missing.is_empty() {
        let missing = missing.join(", ");
        let problem = format!("is a language of your own, which needs every line; missing: {missing}{advice}");
        configured.mistake(language, &problem);
    }
}

/// The one of `known` that a wrong `language` was meant to be: the same without its region, or one spelled almost like
/// it.
pub(super) fn meant_language<'a>(language: &str, known: &[&'a str]) -> Option<&'a str> {
    let first = spoken(language);
    let without_region = known.iter().find(|known| first.as_deref() == Some(**known));
    without_region.copied().or_else(|| nearest(language, known.iter().copied(), |known| known))
}

/// The language of a user's tag, as the configuration calls it.
pub(super) fn spoken(tag: &str) -> Option<String> {
    tag.split(['-', '_']).next().map(str::to_lowercase)
}

/// A user's tag is looked up by its first part, so nothing longer would ever be found.
pub(super) fn is_language(key: &str) -> bool {
    (2..=3).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// What every line is called in the file.
#[cfg(test)]
pub(super) fn keys() -> [&'static str; 12] {
    BotText::ALL.map(|(_, key)| key)
}

#[cfg(test)]
mod tests {
    use super::super::Assistant;
    use super::*;

    #[test]
    fn every_shipped_language_has_every_line() {
        let texts = Assistant::from_toml("").unwrap().texts;
        let mut shipped = SHIPPED_LANGUAGES;
        shipped.sort_unstable();
        assert_eq!(texts.languages().collect::<Vec<_>>(), shipped);
        for language in SHIPPED_LANGUAGES {
            for (text, key) in BotText::ALL {
                assert!(!texts.lines[language][&text].is_empty(), "{language} {key}");
            }
        }
    }

    #[test]
    fn the_users_language_wins_and_the_default_catches_the_rest() {
        let texts = Assistant::from_toml("default_language = \"de\"").unwrap().texts;
        let line = |language| texts.line(BotText::Fallback, language);
        assert_ne!(line(Some("fr")), line(Some("de")));
        assert_eq!(line(Some("pt-BR")), line(Some("pt")));
        assert_eq!(line(Some("ja")), line(Some("de")));
        assert_eq!(line(None), line(Some("de")));
    }

    #[test]
    fn a_brand_can_change_one_line_and_add_a_language() {
        let own = BotText::ALL.map(|(_, key)| format!("{key} = \"{key}!\"")).join("\n");
        let texts =
            Assistant::from_toml(&format!("[texts.en]\nfallback = \"Later!\"\n[texts.it]\n{own}")).unwrap().texts;
        assert_eq!(texts.line(BotText::Fallback, Some("en")), "Later!");
        assert_eq!(texts.line(BotText::DontKnow, Some("it")), "dont_know!");
        let incomplete = Assistant::from_toml("[texts.it]\nfallback = \"Poi\"").unwrap_err().told();
        assert!(
            incomplete.len() == 1 && incomplete[0].contains("every line; missing: dont_know, moment"),
            "{incomplete:?}"
        );
        assert!(Assistant::from_toml(&format!("[texts.pt-BR]\n{own}")).is_err(), "it would never be used");
    }
}
