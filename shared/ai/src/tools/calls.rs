//! What becomes of a model's tool calls: each is checked against what was offered, and what does not pass is counted.

use models::{Personal, ProfileValue, Proposal, ProposedList, ProposedMedia, ProposedReplies};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::schema::{HAND_OFF, LIST, MEDIA, QUICK_REPLIES, REMEMBER, START_FLOW};
use super::{Deed, FactKind, Tools};
use crate::brand_tools::Shown;
use crate::library::SEARCH;
use crate::{AiError, Answer, Usage};

/// The most calls that are looked at in one answer.
const CALLS: usize = 8;
/// The most bytes of one call's arguments: a full list has some 20 kB in any script.
const ARGUMENT_BYTES: usize = 32 * 1024;
/// A person reads it before they answer. It is cut rather than refused: the hand-off is worth more than its summary.
const SUMMARY_CHARACTERS: usize = 1_000;
/// From here on a float skips whole numbers: what is stored would not be what was said.
const INEXACT: f64 = 9_007_199_254_740_992.0;

/// The calls of one answer, over all its rounds.
pub(crate) struct Calls<'a> {
    offer: &'a Tools,
    looked_at: usize,
    deeds: Vec<Deed>,
    rejected: u32,
    /// What the model is shown of the calls of this round.
    shown: Vec<Shown>,
    /// Whether it looked something up, in whichever round.
    looks_up: bool,
}

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// Nothing: a next round is not shown it.
    Ignored,
    /// A next round is shown it with what came of it.
    Kept,
    /// The same, but without its arguments: they are not as described, and may not even be JSON.
    KeptEmpty,
}

impl<'a> Calls<'a> {
    /// No call yet.
    pub(crate) fn new(offer: &'a Tools) -> Self {
        Self { offer, looked_at: 0, deeds: Vec::new(), rejected: 0, shown: Vec::new(), looks_up: false }
    }

    /// Takes the call of tool `name` with `arguments` in JSON: it becomes a deed, a search, or a request to the brand's systems,
    /// or is counted as rejected.
    pub(crate) fn take(&mut self, name: &str, arguments: &str) -> Taken {
        self.looked_at += 1;
        if self.looked_at <= CALLS
            && name == SEARCH
            && let Some(library) = &self.offer.library
        {
            self.looks_up = true;
            return match library.search(arguments) {
                Some(found) => self.show(Shown::Found(found), Taken::Kept),
                None => self.misfit(),
            };
        }
        if self.looked_at <= CALLS
            && let Some(request) = self.offer.brand.request(name, arguments)
        {
            self.looks_up = true;
            return match request {
                Ok(request) => self.show(Shown::Wanted(request), Taken::Kept),
                Err(_) => self.misfit(),
            };
        }
        let deed = if self.looked_at > CALLS { None } else { deed(self.offer, name, arguments) };
        if self.looked_at <= CALLS && deed.is_none() && is_offered(self.offer, name) {
            self.reject();
            return self.show(Shown::NotDone, Taken::KeptEmpty);
        }
        let Some(deed) = deed.filter(|deed| !self.deeds.iter().any(|earlier| excludes(earlier, deed))) else {
            self.reject();
            return Taken::Ignored;
        };
        self.deeds.push(deed);
        self.show(Shown::Noted, Taken::Kept)
    }

    /// Counts a call that is not as described, and tells the model so.
    fn misfit(&mut self) -> Taken {
        self.reject();
        self.show(Shown::Misfit, Taken::KeptEmpty)
    }

    fn show(&mut self, shown: Shown, taken: Taken) -> Taken {
        self.shown.push(shown);
        taken
    }

    /// What the model is to be shown of its calls since this was asked last.
    pub(crate) fn take_shown(&mut self) -> Vec<Shown> {
        std::mem::take(&mut self.shown)
    }

    /// Whether the model waits for what comes of its calls. What it said beside a deed stands without.
    pub(crate) fn wait(&self) -> bool {
        self.shown.iter().any(|shown| !matches!(shown, Shown::Noted | Shown::NotDone))
    }

    /// Whether something was looked up, in whichever round.
    pub(crate) fn look_up(&self) -> bool {
        self.looks_up
    }

    /// Counts something that cannot even be read as a call.
    pub(crate) fn reject(&mut self) {
        self.rejected = self.rejected.saturating_add(1);
    }

    /// Whether the user hears something, even if the AI said nothing.
    pub(crate) fn have_words(&self) -> bool {
        self.deeds.iter().any(Deed::has_words)
    }

    /// The answer: with `text`, or without if the deeds speak for themselves.
    pub(crate) fn answer(self, text: Result<Personal, AiError>, usage: Option<Usage>) -> Result<Answer, AiError> {
        let text = match text {
            Ok(text) => Some(text),
            Err(_) if self.have_words() => None,
            Err(reason) => return Err(reason),
        };
        let left_over = self.shown.iter().filter(|shown| matches!(shown, Shown::Wanted(_))).count();
        let rejected = self.rejected.saturating_add(u32::try_from(left_over).unwrap_or(u32::MAX));
        Ok(Answer::Said { text, deeds: self.deeds, rejected, usage })
    }
}

/// Whether only the first of two deeds counts.
fn excludes(earlier: &Deed, deed: &Deed) -> bool {
    match (earlier, deed) {
        (Deed::HandOff { .. }, Deed::HandOff { .. }) | (Deed::StartFlow(_), Deed::StartFlow(_)) => true,
        (Deed::Remember { name: earlier, .. }, Deed::Remember { name, .. }) => earlier == name,
        _ => false,
    }
}

/// Whether what this tool does is done here, and it was offered.
fn is_offered(offer: &Tools, name: &str) -> bool {
    match name {
        HAND_OFF => offer.hand_off,
        START_FLOW => !offer.flows.is_empty(),
        REMEMBER => !offer.facts.is_empty(),
        QUICK_REPLIES | LIST | MEDIA => offer.kinds,
        _ => false,
    }
}

fn deed(offer: &Tools, name: &str, arguments: &str) -> Option<Deed> {
    match name {
        HAND_OFF if offer.hand_off => {
            let HandOff { summary } = read(arguments)?;
            Some(Deed::HandOff { summary: summary.trim().chars().take(SUMMARY_CHARACTERS).collect::<String>().into() })
        }
        START_FLOW => {
            let StartFlow { flow } = read(arguments)?;
            offer.flows.iter().any(|(name, _)| *name == flow).then_some(Deed::StartFlow(flow))
        }
        REMEMBER => {
            let Remember { name, value } = read(arguments)?;
            let fact = offer.facts.iter().find(|fact| fact.name == name)?;
            Some(Deed::Remember { name, value: profile_value(&fact.kind, &value)? })
        }
        QUICK_REPLIES if offer.kinds => propose(Proposal::QuickReplies(read::<ProposedReplies>(arguments)?)),
        LIST if offer.kinds => propose(Proposal::List(read::<ProposedList>(arguments)?)),
        MEDIA if offer.kinds => propose(Proposal::Media(read::<ProposedMedia>(arguments)?)),
        _ => None,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HandOff {
    /// Small models leave it out; the user gets a person all the same.
    #[serde(default)]
    summary: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StartFlow {
    flow: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Remember {
    name: String,
    value: Value,
}

/// An object of exactly these fields. Of a list, which would also do for serde, the fields have no names.
pub(crate) fn read<T: DeserializeOwned>(arguments: &str) -> Option<T> {
    let arguments = if arguments.trim().is_empty() { "{}" } else { arguments.trim_start() };
    let is_one = arguments.starts_with('{') && arguments.len() <= ARGUMENT_BYTES;
    is_one.then(|| serde_json::from_str(arguments).ok()).flatten()
}

/// A proposal that says anything, as what it is or in plain words.
fn propose(proposal: Proposal) -> Option<Deed> {
    let is_blank = proposal.clone().fit().is_err_and(|text| models::is_blank(text.as_str()));
    (!is_blank).then_some(Deed::Propose(proposal))
}

/// The value, if it is one of this kind. Models give numbers and flags as what they are or, as described, as strings.
pub(crate) fn profile_value(kind: &FactKind, value: &Value) -> Option<ProfileValue> {
    match (kind, value) {
        (FactKind::Text, Value::String(text)) => text_value(text),
        (FactKind::Choice(choices), Value::String(text)) => {
            let chosen = text.trim().to_lowercase();
            choices.iter().find(|choice| choice.to_lowercase() == chosen).and_then(|choice| text_value(choice))
        }
        (FactKind::Bool, Value::Bool(flag)) => Some(ProfileValue::Flag(*flag)),
        (FactKind::Bool, Value::String(text)) => text.trim().to_lowercase().parse().ok().map(ProfileValue::Flag),
        (FactKind::Number, Value::Number(number)) => number_value(&number.to_string()),
        (FactKind::Number, Value::String(text)) => number_value(text.trim()),
        _ => None,
    }
}

fn text_value(text: &str) -> Option<ProfileValue> {
    let is_one_line = !text.trim().is_empty() && !text.contains(char::is_control);
    is_one_line.then(|| ProfileValue::text(text).ok()).flatten()
}

fn number_value(text: &str) -> Option<ProfileValue> {
    if let Ok(number) = text.parse() {
        return Some(ProfileValue::Integer(number));
    }
    let number = text.parse::<f64>().ok().filter(|number| number.abs() < INEXACT)?;
    ProfileValue::float(number).ok()
}
