//! The assistants of the worlds: versions that follow each other, and what a world's brand allows its users.

use crate::chance::Chance;
use crate::flows;

/// What all versions of one world's assistant have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that a brand has or has not")]
pub struct Brand {
    /// The most turns a user gets in a minute, in a day, and about the same words in a row; none for as many as anybody wants.
    pub limits: Option<(u32, u32, u32)>,
    /// The most questions that the deployment asks its AI in a day; none for as many as there are.
    pub questions: Option<u64>,
    /// Whether profiles say who owns a conversation, how many turns it had, and what else can be said of it;
    /// then who writes STOP leaves a subscription group as well, and somebody unknown joins another with the first answer.
    pub profiles: bool,
    /// Whether Braze takes what is written to a profile by a call of its own alone, as where replies go as messages.
    pub apart: bool,
    /// Whether others call the workspace so often that its request limit is near.
    pub busy: bool,
    /// Whether there are flows and routes.
    pub flows: bool,
    /// Whether people are told that an answer takes a moment.
    pub moments: bool,
    /// Whether an answer's first paragraphs are sent while the AI still writes the rest.
    pub streams: bool,
    /// Whether an AI is shown so little of a conversation that the rest is soon summed up.
    pub forgetful: bool,
}

impl Default for Brand {
    fn default() -> Self {
        Self::NONE
    }
}

impl Brand {
    /// A brand that has none of it.
    pub const NONE: Self = Self {
        limits: None,
        questions: None,
        profiles: false,
        apart: false,
        busy: false,
        flows: false,
        moments: false,
        streams: false,
        forgetful: false,
    };

    /// The brand of a world.
    pub(crate) fn of(seed: u64) -> Self {
        let mut chance = Chance::new(seed ^ 0xb4a2d);
        let limits = || (chance.pick(&[2, 3, 5]), chance.pick(&[6, 10, 30]), chance.pick(&[2, 3]));
        let limits = Chance::new(seed ^ 0x11311).chance(300).then(limits);
        let mut few = Chance::new(seed ^ 0x9e5d1);
        let questions = few.chance(100).then(|| few.pick(&[3, 10, 40]));
        let flows = Chance::new(seed ^ 0xf10f5).chance(400);
        Self {
            limits,
            questions,
            profiles: Chance::new(seed ^ 0x9f0f1).chance(400),
            apart: Chance::new(seed ^ 0xa9a27).chance(400),
            busy: Chance::new(seed ^ 0xb0514).chance(400),
            flows,
            streams: Chance::new(seed ^ 0x57e4a).chance(300),
            moments: Chance::new(seed ^ 0x30e27).chance(400),
            forgetful: Chance::new(seed ^ 0x5e3a7).chance(400),
        }
    }

    /// One of its assistants, as `assistant.toml`.
    pub fn toml(self, version: usize) -> String {
        let (minute, day, repeats) = self.limits.unwrap_or((10_000, 100_000, 100));
        let limits = format!("[limits]\nturns_per_minute = {minute}\nturns_per_day = {day}\nrepeats = {repeats}\n");
        let limits = limits + if self.moments { "moment_seconds = 6\n" } else { "" };
        let limits = limits + if self.forgetful { "history_turns = 4\n" } else { "" };
        let questions = self.questions.map(|most| format!("questions_per_day = {most}\n"));
        let limits = limits + &questions.unwrap_or_default();
        let facts = r#"["owner", "last_message", "turns", "route", "language", "unresolved"]"#;
        let profile = if self.profiles {
            format!("[profile]\nfacts = {facts}\nopt_out_group = \"the-group\"\nnewcomers_group = \"{NEWCOMERS}\"\n")
        } else {
            String::new()
        };
        VERSIONS[version % VERSIONS.len()].replace("[limits]\n", &limits)
            + &profile
            + if self.streams { "[replies]\nstream = true\n" } else { "" }
            + if self.flows { flows::TOML } else { "" }
    }
}

/// The group that somebody unknown joins.
pub(crate) const NEWCOMERS: &str = "the-newcomers";

/// They follow each other, and work side by side while a deployment rolls on.
const VERSIONS: [&str; 2] = [
    "instructions = \"You are the canary prompt\"\n[limits]\n",
    "instructions = \"You are the canary prompt, of today\"\n[limits]\nattempts = 5\n[quiet_period]\nfragment_seconds = 2\n",
];
