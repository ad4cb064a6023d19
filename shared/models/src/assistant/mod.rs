//! The assistant's configuration, `assistant.toml`: what a brand decides about its bot.
//!
//! [`Assistant::from_toml`] reads the whole file and reports every bad value at once, so that one look mends it.

mod backends;
mod desk_notes;
mod flows;
mod folders;
mod guards;
mod keywords;
mod media;
mod mistake;
mod one_of;
mod profile;
mod replies;
mod routes;
#[cfg(test)]
mod schema;
mod section;
mod spelling;
mod syntax;
mod texts;
mod tools;

use std::collections::BTreeSet;
use std::time::Duration;

use crate::{Budget, CampaignId};
pub use backends::{Backend, Backends, LATER_WITHIN, Place, Speaks};
pub use desk_notes::{DeskNote, DeskNotes};
pub use flows::{Choice, Expect, Flow, Flows, Line, Next, Otherwise, Pattern, Say, Step, Target};
pub use folders::{KnowledgeFolder, knowledge_folders};
pub use guards::Guards;
pub use keywords::KeywordLists;
pub use media::{MediaRules, Voice};
pub use mistake::{BadAssistant, Mistake};
pub use profile::{ConversationFact, Learned, LearnedValues, ProfileRules};
pub use replies::ReplyRules;
pub use routes::{Route, Routes};
use section::Section;
pub use texts::{BotText, SHIPPED_LANGUAGES, Texts};
pub use tools::{Argument, HttpTool, HttpTools, Method, Piece, ToolUrl};

/// Everything `assistant.toml` says, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Assistant {
    /// What the AI is told about who it is and how to behave.
    pub instructions: String,
    /// What the bot itself says, per language.
    pub texts: Texts,
    /// What is understood before any AI.
    pub keywords: KeywordLists,
    /// How long to wait for the rest of a burst.
    pub quiet: QuietPeriods,
    /// What is too much.
    pub limits: Limits,
    /// When and for how long a person answers.
    pub hand_off: HandOff,
    /// What agents read in the desk's notes.
    pub desk_notes: DeskNotes,
    /// The AIs beside the one that the environment names.
    pub backends: Backends,
    /// What is different for some messages.
    pub routes: Routes,
    /// What the AI may look up, or do, at the brand's own systems.
    pub tools: HttpTools,
    /// What is written to profiles.
    pub profile: ProfileRules,
    /// What replies may be besides text.
    pub replies: ReplyRules,
    /// The folder of Markdown files the `knowledge` backend answers from, relative to the file.
    pub knowledge_folder: String,
    /// Whether an AI may search those files by itself, beside what it is shown of them.
    pub knowledge_search: bool,
    /// Questions asked step by step.
    pub flows: Flows,
    /// What an AI may write.
    pub guards: Guards,
    /// What of users' pictures and voice messages reaches an AI.
    pub media: MediaRules,
}

/// The adaptive quiet period: how long a conversation must be silent before it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuietPeriods {
    /// After a message that looks complete: a question, a long text.
    pub complete: Duration,
    /// After one that looks like the beginning of something: "hi".
    pub fragment: Duration,
    /// The longest the first message of a burst waits. Never without: it is also what lets an older message stop waiting
    /// for a newer one that will not come.
    pub cap: Duration,
}

/// Bounds on what one turn may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Characters of a user's message that are kept and shown to the AI.
    pub input_characters: usize,
    /// Turns of history shown to the AI.
    pub history_turns: usize,
    /// Tokens of these turns shown to the AI, by an estimate; a summary comes on top.
    pub history_tokens: usize,
    /// Whether an AI sums up what falls out of that.
    pub summary: bool,
    /// Messages one reply may be split into.
    pub reply_parts: usize,
    /// Tokens the AI may answer with.
    pub output_tokens: u32,
    /// How long the AI may take in one attempt.
    pub ai_deadline: Duration,
    /// When the user is told that the AI's answer takes a moment, if at all.
    pub moment_after: Option<Duration>,
    /// Claims of one turn before it is parked; on the last but one the fallback line goes out. At least 3, or the AI would
    /// never be asked.
    pub attempts: u32,
    /// The most turns a user gets.
    pub budget: Budget,
    /// Questions to the AI that the whole deployment may ask in a day in UTC, if that is bounded.
    pub questions_per_day: Option<u64>,
    /// Tokens that those questions and their answers may cost in a day in UTC, if that is bounded.
    pub tokens_per_day: Option<u64>,
    /// How often the same words are answered in a row in the day that the budget counts: somebody's own bot would go on for
    /// ever.
    pub repeats: usize,
}

/// When and for how long a person answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HandOff {
    /// Whether the AI may hand over, where there is a desk.
    pub by_assistant: bool,
    /// Whether a user for whom nothing could answer goes to a person, where there is a desk.
    pub on_failure: bool,
    /// How long after an agent's last deed the bot takes the conversation back. Shorter than a head lives, so that it is
    /// not forgotten who owns a conversation.
    pub return_after: Duration,
}

impl Assistant {
    /// Every campaign that is named here: those of routes, of kinds of replies and of flows' steps.
    pub fn campaigns(&self) -> BTreeSet<CampaignId> {
        let routes = self.routes.iter().filter_map(|(_, route)| route.campaign.clone());
        let steps = self.flows.iter().flat_map(|(_, flow)| &flow.steps);
        let flows = steps.filter_map(|step| match &step.say {
            Say::Campaign(id) => Some(id.clone()),
            Say::Text(_) => None,
        });
        routes.chain(self.replies.campaigns().cloned()).chain(flows).collect()
    }

    /// Whether `text` is a whole message that means something by itself: a keyword of any kind. Nobody has to wait for the
    /// rest of it.
    pub fn knows(&self, text: &str) -> bool {
        self.keywords.have(text) || self.routes.led_to(text).is_some() || self.flows.started_by(text).is_some()
    }

    /// Reads `assistant.toml`. Every key may be left out; an unknown key is a mistake, told with what was probably meant.
    pub fn from_toml(text: &str) -> Result<Self, BadAssistant> {
        let table = text.parse().map_err(|error| BadAssistant::from(vec![syntax::mistake(text, &error)]))?;
        Self::from_table(table).map_err(|mistakes| BadAssistant::of(text, mistakes))
    }

    fn from_table(table: toml::Table) -> Result<Self, Vec<Mistake>> {
        let mut file = Section::root(table);
        let assistant = Self::read(&mut file);
        match file.mistakes() {
            mistakes if mistakes.is_empty() => Ok(assistant),
            mistakes => Err(mistakes),
        }
    }

    fn read(file: &mut Section) -> Self {
        if !file.is_or_absent("version", VERSION) {
            file.mistake(
                "version",
                &format!(
                    "must be {VERSION}, the only version that this Dragoman reads: deploy the Dragoman that the file was \
                     written for, or write version = {VERSION} and mend what is wrong then"
                ),
            );
        }
        let default_language = file.text("default_language", "en", 8);
        let backends = Backends::read(file);
        let instructions = file.text("instructions", DEFAULT_INSTRUCTIONS, 20_000);
        let keywords = KeywordLists::read(file.section("keywords"));
        let mut knowledge = file.section("knowledge");
        let texts = Texts::read(&default_language, file.section("texts"));
        let assistant = Self {
            instructions,
            quiet: QuietPeriods::read(file.section("quiet_period")),
            limits: Limits::read(file.section("limits")),
            hand_off: HandOff::read(file.section("hand_off")),
            desk_notes: DeskNotes::read(&default_language, file.section("desk")),
            routes: Routes::read(file.section("routes"), &backends, &keywords),
            backends,
            tools: HttpTools::read(file),
            profile: ProfileRules::read(file.section("profile")),
            replies: ReplyRules::read(file.section("replies")),
            knowledge_folder: knowledge.text("folder", "knowledge", 200),
            knowledge_search: knowledge.flag("search", false),
            flows: Flows::read(file.section("flows"), &texts, &keywords),
            texts,
            keywords,
            guards: Guards::read(file.section("guards")),
            media: MediaRules::read(file.section("media")),
        };
        assistant.backends.check_use(&assistant.routes, file);
        assistant
    }
}

/// The version of the file's format.
const VERSION: i64 = 1;

const DEFAULT_INSTRUCTIONS: &str = "You answer customers on WhatsApp. Be friendly, brief and honest; say so when you do \
                                    not know something.";

impl QuietPeriods {
    fn read(mut section: Section) -> Self {
        let periods = Self {
            complete: section.seconds("complete_seconds", 0.0, 0.0..=60.0),
            fragment: section.seconds("fragment_seconds", 3.0, 0.0..=60.0),
            cap: section.seconds("cap_seconds", 12.0, 1.0..=120.0),
        };
        if periods.cap < periods.fragment.max(periods.complete) {
            section.mistake("cap_seconds", "must be at least as long as the quiet periods it bounds");
        }
        periods
    }
}

impl Limits {
    fn read(mut section: Section) -> Self {
        let limits = Self {
            input_characters: section.whole("input_characters", 4_000, 1..=16_000) as usize,
            history_turns: section.whole("history_turns", 10, 0..=50) as usize,
            history_tokens: section.whole("history_tokens", 12_000, 500..=1_000_000) as usize,
            summary: section.flag("summary", true),
            reply_parts: section.whole("reply_parts", 5, 1..=20) as usize,
            output_tokens: section.whole("output_tokens", 800, 16..=100_000),
            ai_deadline: section.seconds("ai_seconds", 25.0, 1.0..=600.0),
            moment_after: section.has("moment_seconds").then(|| section.seconds("moment_seconds", 0.0, 1.0..=600.0)),
            attempts: section.whole("attempts", 4, 3..=10),
            budget: Budget {
                per_minute: section.whole("turns_per_minute", 20, 1..=10_000),
                per_day: section.whole("turns_per_day", 300, 1..=1_000_000),
            },
            questions_per_day: most_in_a_day(&mut section, "questions_per_day"),
            tokens_per_day: most_in_a_day(&mut section, "tokens_per_day"),
            repeats: section.whole("repeats", 5, 2..=100) as usize,
        };
        if limits.moment_after.is_some_and(|moment| moment >= limits.ai_deadline) {
            section.mistake("moment_seconds", "must be less than ai_seconds, or nobody would ever be told");
        }
        limits
    }
}

fn most_in_a_day(section: &mut Section, key: &str) -> Option<u64> {
    section.has(key).then(|| section.whole(key, 0, 1..=u32::MAX).into())
}

impl HandOff {
    fn read(mut section: Section) -> Self {
        Self {
            by_assistant: section.flag("by_assistant", true),
            on_failure: section.flag("on_failure", true),
            return_after: section.minutes("return_after_minutes", 720, 1..=43_200),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_is_a_whole_configuration() {
        let assistant = Assistant::from_toml("").unwrap();
        assert_eq!(assistant.quiet.fragment, Duration::from_secs(3));
        assert_eq!(assistant.limits.attempts, 4);
    }

    #[test]
    fn every_mistake_is_reported_at_once() {
        let mistakes = Assistant::from_toml(
            r#"
            instructions = 7
            default_language = "xx"
            colour = "blue"
            [quiet_period]
            fragment_seconds = -1
            cap_seconds = "soon"
            [limits]
            attempts = 2
            history = 3
            [texts.fr]
            fallback = ""
            [keywords]
            opt_out = ["halt", 7]
            shipped = "no"
            "#,
        )
        .unwrap_err()
        .told();
        for key in [
            "instructions",
            "default_language",
            "colour",
            "quiet_period.fragment_seconds",
            "quiet_period.cap_seconds",
            "limits.attempts",
            "limits.history",
            "texts.fr.fallback",
            "keywords.opt_out",
            "keywords.shipped",
        ] {
            assert!(mistakes.iter().any(|m| m.starts_with(&format!("`{key}`"))), "{key} in {mistakes:#?}");
        }
        assert_eq!(mistakes.len(), 10, "{mistakes:#?}");
    }

    #[test]
    fn a_mistyped_or_misplaced_key_is_told_with_what_was_meant() {
        for (toml, told) in [
            ("instruction = \"x\"", "`instruction` is no setting; did you mean `instructions`?"),
            ("[limts]\nattempts = 3", "`limts` is no setting; did you mean `limits`?"),
            ("[limits]\nattemtps = 3", "`limits.attemtps` is no setting; did you mean `limits.attempts`?"),
            ("attempts = 3", "`attempts` is no setting; did you mean `limits.attempts`?"),
            ("[routes.a]\nhandoff = true", "`routes.a.handoff` is no setting; did you mean `routes.a.hand_off`?"),
            ("[texts.fr]\nfalback = \"x\"", "`texts.fr.falback` is no setting; did you mean `texts.fr.fallback`?"),
            (
                "[routes.vip]\nflow = \"x\"",
                "`routes.vip.flow` is no setting; there are backend, campaign, hand_off, instructions, keywords, \
                 knowledge_folder, knowledge_only, quiet_period, stay_minutes",
            ),
            (
                "[guards]\ncolour = \"blue\"",
                "`guards.colour` is no setting; there are links, mask_card_numbers, mask_phone_numbers, numbers",
            ),
        ] {
            assert_eq!(Assistant::from_toml(toml).unwrap_err().told(), [told], "{toml}");
        }
    }

    #[test]
    fn a_file_of_another_version_is_refused_with_what_to_do() {
        assert_eq!(Assistant::from_toml("version = 1"), Assistant::from_toml(""));
        for version in ["2", "0", "1.0", "\"1\""] {
            let mistakes = Assistant::from_toml(&format!("version = {version}")).unwrap_err().told();
            let [told] = &mistakes[..] else { panic!("{mistakes:?}") };
            assert!(told.starts_with("`version` must be 1") && told.contains("write version = 1"), "{told}");
        }
    }

    #[test]
    fn the_cap_bounds_the_quiet_periods() {
        assert!(Assistant::from_toml("[quiet_period]\nfragment_seconds = 20").is_err());
        assert!(Assistant::from_toml("[quiet_period]\nfragment_seconds = 20\ncap_seconds = 30").is_ok());
    }

    #[test]
    fn broken_toml_is_one_clear_mistake() {
        let message = Assistant::from_toml("# mine\ninstructions = ").unwrap_err().to_string();
        assert!(message.contains("not TOML") && message.contains("line 2"), "{message}");
    }
}
