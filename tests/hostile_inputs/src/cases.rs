//! The table: what arrives and what must come of it, read from the folder `cases`.

use std::path::Path;

use models::assistant::{Assistant, Guards};
use serde::Deserialize;

use crate::notation::Notation;
use crate::templates::Mode;

/// Every class of every file.
#[derive(Debug)]
pub struct Table {
    /// In the order of the files' names.
    pub classes: Vec<Class>,
}

/// Cases of one kind. Kinds are numbered as in our list of faults: B what comes in, A32 what an AI answers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// `B5`.
    pub row: String,
    /// `a fake field in the text`.
    pub name: String,
    /// The modes of its cases that name none; all if left out.
    pub(crate) modes: Option<Vec<Mode>>,
    /// The `[guards]` of an assistant's configuration, for its replies; the usual ones if left out.
    pub(crate) guards: Option<String>,
    #[serde(default)]
    pub(crate) said: Vec<Said>,
    #[serde(default)]
    pub(crate) pair: Vec<Pair>,
    #[serde(default)]
    pub(crate) call: Vec<Called>,
    #[serde(default)]
    pub(crate) reply: Vec<Reply>,
    #[serde(default)]
    pub(crate) answer: Vec<Answered>,
}

/// A user says something, and Braze renders it through a template, in every mode that is not excluded.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Said {
    pub(crate) name: Option<String>,
    #[serde(default)]
    pub(crate) text: Notation,
    pub(crate) dispatch: Option<Notation>,
    pub(crate) sent_at: Option<Notation>,
    pub(crate) user: Option<Notation>,
    pub(crate) braze: Option<Notation>,
    pub(crate) phone: Option<Notation>,
    pub(crate) language: Option<Notation>,
    pub(crate) profile: Option<Notation>,
    pub(crate) media: Option<Notation>,
    pub(crate) modes: Option<Vec<Mode>>,
    /// What must come of it; in one of the modes, if one of the following is there.
    pub(crate) expect: Option<Read>,
    pub(crate) frame: Option<Read>,
    pub(crate) escaped: Option<Read>,
    pub(crate) half_escaped: Option<Read>,
    pub(crate) unescaped: Option<Read>,
    pub(crate) defect: Option<String>,
    pub(crate) limit: Option<String>,
    pub(crate) today: Option<Read>,
}

/// What must be read. Left out means: as it was said, by the user who said it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Read {
    pub(crate) text: Option<Notation>,
    /// The body is, byte for byte, what a working filter makes of this other text: so it must be read as that.
    pub(crate) twin: Option<Notation>,
    /// The conversation it belongs to.
    pub(crate) user: Option<String>,
    /// It must be parked, for a reason with these words.
    pub(crate) quarantined: Option<String>,
    #[serde(default)]
    pub(crate) shortened: bool,
    /// Whether the dispatch id and the time are believed.
    pub(crate) dispatched: Option<bool>,
    pub(crate) timed: Option<bool>,
    /// Values that must be passed on otherwise than they came; empty, if they must not be passed on.
    pub(crate) language: Option<Notation>,
    pub(crate) profile: Option<Notation>,
    pub(crate) media: Option<Notation>,
    /// Whether the AI must be asked, and what it must be shown, if not the text without odd control characters.
    pub(crate) asked: Option<bool>,
    pub(crate) kept: Option<Notation>,
    /// The shipped list of keywords that it is in; none of them if left out.
    pub(crate) keyword: Option<String>,
}

/// Two webhooks: whether they are one message.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pair {
    pub(crate) name: String,
    pub(crate) first: Said,
    pub(crate) second: Said,
    #[serde(default)]
    pub(crate) seconds_later: u64,
    pub(crate) one_message: bool,
    pub(crate) modes: Option<Vec<Mode>>,
}

/// A request by hand.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Called {
    pub(crate) name: Option<String>,
    pub(crate) method: Option<String>,
    pub(crate) path: Option<Notation>,
    #[serde(default)]
    pub(crate) query: String,
    /// Each header `Authorization`; the good one if left out.
    pub(crate) authorization: Option<Vec<Notation>>,
    #[serde(default)]
    pub(crate) headers: Vec<(String, Notation)>,
    /// "hi" by user 42 in the documented template if left out.
    pub(crate) body: Option<Notation>,
    /// The secret that the door knows, and the one before the last rotation.
    pub(crate) secret: Option<String>,
    pub(crate) previous: Option<String>,
    #[serde(default)]
    pub(crate) expect: Told,
    pub(crate) defect: Option<String>,
    pub(crate) limit: Option<String>,
    pub(crate) today: Option<Told>,
}

/// What must come of a request by hand.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Told {
    /// 202 if left out.
    pub(crate) status: Option<u16>,
    pub(crate) text: Option<Notation>,
    pub(crate) user: Option<String>,
    pub(crate) quarantined: Option<String>,
    #[serde(default)]
    pub(crate) shortened: bool,
    pub(crate) route: Option<String>,
    /// What an agent's request asks for, of the conversation `user` and with the words `text`: `say`, `take_over`,
    /// `release` or `erase`.
    pub(crate) asked: Option<String>,
    /// Whether the same request a second later has the same id.
    pub(crate) repeatable: Option<bool>,
}

/// The AI says something.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reply {
    pub(crate) name: Option<String>,
    pub(crate) says: Notation,
    pub(crate) expect: Shown,
    pub(crate) defect: Option<String>,
    pub(crate) limit: Option<String>,
    pub(crate) today: Option<Shown>,
}

/// What the user's phone must show of it.
#[expect(clippy::struct_excessive_bools, reason = "wishes that do not depend on each other, each by its name")]
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Shown {
    /// Exactly these parts.
    pub(crate) parts: Option<Vec<Notation>>,
    /// So many parts.
    pub(crate) count: Option<usize>,
    /// Nothing.
    #[serde(default)]
    pub(crate) nothing: bool,
    /// Nothing, because the guard lets none of it pass: one of the bot's own lines stands for it.
    #[serde(default)]
    pub(crate) withheld: bool,
    /// A part with nothing to see in it; never wanted, but there are defects.
    #[serde(default)]
    pub(crate) blank: bool,
    /// Everything that was said but white space.
    #[serde(default)]
    pub(crate) whole: bool,
    /// Nothing but this, again and again, never cut.
    pub(crate) units: Option<Notation>,
    /// Each of these in one part.
    #[serde(default)]
    pub(crate) keeps: Vec<Notation>,
    /// None of these in any part.
    #[serde(default)]
    pub(crate) loses: Vec<Notation>,
}

/// The AI's server answers something.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answered {
    pub(crate) name: Option<String>,
    pub(crate) status: Option<u16>,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Notation,
    /// The words that must be found in it; nothing usable if left out.
    pub(crate) words: Option<Notation>,
    /// What the failure must say.
    pub(crate) failure: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    class: Vec<Class>,
}

impl Class {
    /// `B5 a fake field in the text`.
    pub fn title(&self) -> String {
        format!("{} {}", self.row, self.name)
    }

    fn inputs(&self) -> impl Iterator<Item = String> {
        let said = self
            .said
            .iter()
            .map(|said| format!("{:?} {:?}", said.webhook(), said.modes.as_ref().or(self.modes.as_ref())));
        let pairs = self.pair.iter().map(|pair| {
            format!("{:?} {:?} {} {:?}", pair.first.webhook(), pair.second.webhook(), pair.seconds_later, self.modes)
        });
        let calls = self
            .call
            .iter()
            .map(|called| format!("{:?} {:?} {:?} {:?}", called.visit(), called.body, called.secret, called.previous));
        let replies = self.reply.iter().map(|reply| format!("{:?} {:?}", self.guards, reply.says));
        let answers = self
            .answer
            .iter()
            .map(|answered| format!("{:?} {:?} {:?}", answered.status, answered.content_type, answered.body));
        said.chain(pairs).chain(calls).chain(replies).chain(answers)
    }

    /// What is taken out of its replies.
    pub(crate) fn guards(&self) -> Guards {
        let toml = format!("[guards]\n{}", self.guards.as_deref().unwrap_or_default());
        Assistant::from_toml(&toml).unwrap_or_else(|error| panic!("{}: {error}", self.title())).guards
    }

    /// How many cases it has.
    pub fn cases(&self) -> usize {
        self.said.len() + self.pair.len() + self.call.len() + self.reply.len() + self.answer.len()
    }
}

impl Table {
    /// Reads the folder `cases` of this crate.
    pub fn read() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
        let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let classes = files.iter().flat_map(|path| {
            let text = std::fs::read_to_string(path).unwrap();
            let file: File = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            file.class
        });
        Self { classes: classes.collect() }
    }

    /// What arrives in each case, whatever it is called and whatever is expected: to see that none is counted twice.
    pub fn inputs(&self) -> Vec<String> {
        self.classes.iter().flat_map(Class::inputs).collect()
    }

    /// How many cases it has.
    pub fn cases(&self) -> usize {
        self.classes.iter().map(Class::cases).sum()
    }
}

impl Said {
    /// What must come of it in `mode`.
    pub(crate) fn read_in(&self, mode: Mode) -> Read {
        let own = match mode {
            Mode::Frame => &self.frame,
            Mode::Escaped => &self.escaped,
            Mode::HalfEscaped => &self.half_escaped,
            Mode::Unescaped => &self.unescaped,
        };
        own.as_ref().or(self.expect.as_ref()).cloned().unwrap_or_default()
    }
}
