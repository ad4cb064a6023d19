//! An AI and a Braze that do as they are told and remember everything.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ai::{Ai, AiError, Answer, Deed, Later, Past, Question, Summary};
use async_trait::async_trait;
use braze::{Allowance, Outcome};
use models::{Attributes, CampaignId, Reply, Timestamp};
use tokio::time::Instant;

use crate::chance::Chance;
use crate::later::Promises;
use crate::witness::{GO_ON, Witness, canaries};

/// What the AI does with its next question.
#[derive(Debug, Clone)]
pub enum AiScript {
    /// Answers with these words after this long.
    Says(&'static str, Duration),
    /// Answers with these words one after the other, each after this long: to whoever listens, all but the last aloud.
    Writes(&'static [&'static str], Duration),
    /// The same, and does this besides.
    WritesAndDoes(&'static [&'static str], Duration, fn() -> Deed),
    /// The same, and fails where the last of them would be.
    BreaksOff(&'static [&'static str], Duration),
    /// Answers as always, after this long.
    Thinks(Duration),
    /// Fails at once.
    Fails,
    /// Never answers.
    Hangs,
    /// Has a mistake in its code.
    Panics,
    /// Says at once that it answers later, if somebody may wait, for so long.
    Later(Duration),
}

/// Answers `re: <question>` at once, unless told otherwise, and starts the flow that the question wants.
#[derive(Default)]
pub(crate) struct ScriptedAi {
    pub(crate) script: Mutex<VecDeque<AiScript>>,
    pub(crate) asked: Mutex<Vec<Question>>,
    pub(crate) asked_at: Mutex<Vec<Instant>>,
    /// What it says after the question.
    pub(crate) always: Mutex<Option<&'static str>>,
    pub(crate) moods: Mutex<Moods>,
    pub(crate) promises: Mutex<Promises>,
    /// Whether it was ever told to answer later.
    pub(crate) later: AtomicBool,
    /// What it says next when it sums a conversation up, instead of what it was shown.
    pub(crate) sums_up: Mutex<VecDeque<&'static str>>,
    /// What it was to sum up.
    pub(crate) summed_up: Mutex<Vec<Past>>,
}

/// How an AI takes its questions that is not told what to do: at its ease, and at times at length. The same question, asked
/// the same time over, always meets the same mood, so that a run with fewer faults is still the same run.
#[derive(Default)]
pub(crate) struct Moods {
    pub(crate) seed: Option<u64>,
    asked: HashMap<u64, u64>,
}

/// The longest an AI thinks that has no fault: what an invocation can wait for, if it asks at once.
const THINKS_AT_MOST: u64 = 19_000;
const SENTENCE: &str = "The parcel left our warehouse on Monday and is on its way to you now. ";

impl Moods {
    /// How long it thinks, and what else it says.
    fn next(&mut self, question: &str) -> (Duration, String) {
        let Some(seed) = self.seed else { return (Duration::ZERO, String::new()) };
        let mut hash = DefaultHasher::new();
        (seed, question).hash(&mut hash);
        let times = self.asked.entry(hash.finish()).or_default();
        *times += 1;
        let mut chance = Chance::new(hash.finish().wrapping_add(*times));
        let time = if chance.chance(500) { 0 } else { chance.below(THINKS_AT_MOST + 1) };
        // A part holds 4,096 characters: so this is two to four parts.
        let sentences = if chance.chance(70) { 60 + chance.index(130) } else { 0 };
        let more: Vec<_> = (1..=sentences).map(|number| format!(" {number}. {SENTENCE}")).collect();
        (Duration::from_millis(time), more.concat())
    }
}

#[async_trait]
impl Ai for ScriptedAi {
    fn name(&self) -> &'static str {
        "scripted"
    }

    fn answers_later(&self) -> bool {
        self.promises.lock().unwrap().are_made() || self.later.load(Ordering::Relaxed)
    }

    async fn answer(&self, question: &Question, time: Duration) -> Result<Answer, AiError> {
        self.asked.lock().unwrap().push(question.clone());
        self.asked_at.lock().unwrap().push(Instant::now());
        let next = self.script.lock().unwrap().pop_front();
        let besides = if let Some(AiScript::WritesAndDoes(_, _, deed)) = &next { Some(deed()) } else { None };
        let text = match next {
            None => {
                let promise = || self.promises.lock().unwrap().promise(question);
                if let Some(within) = (question.passed == 0).then(promise).flatten() {
                    return Ok(Answer::Later(Later { within, passed: 1 }));
                }
                let (time, more) = self.moods.lock().unwrap().next(question.text.as_str());
                if question.aloud.is_heard() {
                    tokio::time::sleep(time / 2).await;
                    let beginning = self.says(question) + "\n\n";
                    question.aloud.tell(&beginning);
                    tokio::time::sleep(time / 2).await;
                    beginning + "And so on." + &more
                } else {
                    tokio::time::sleep(time).await;
                    self.says(question) + &more
                }
            }
            Some(AiScript::Thinks(time)) => {
                tokio::time::sleep(time).await;
                self.says(question)
            }
            Some(AiScript::Fails) => return Err(AiError::Unavailable { status: Some(500), retry_after: None }),
            Some(AiScript::Later(within)) if question.passed == 0 => {
                return Ok(Answer::Later(Later { within, passed: 1 }));
            }
            Some(AiScript::Later(_)) => return Err(AiError::Unusable("nobody may wait")),
            Some(AiScript::Panics) => crate::quiet::panics_on_purpose(),
            Some(AiScript::Hangs) => {
                tokio::time::sleep(time).await;
                return Err(AiError::TimedOut);
            }
            Some(AiScript::Writes(all, between) | AiScript::WritesAndDoes(all, between, _)) => {
                write(question, all, between).await;
                all.concat()
            }
            Some(AiScript::BreaksOff(all, between)) => {
                write(question, all, between).await;
                return Err(AiError::Unavailable { status: None, retry_after: None });
            }
            Some(AiScript::Says(words, after)) => {
                tokio::time::sleep(after).await;
                words.to_owned()
            }
        };
        let offered = question.tools.flows.iter().any(|(name, _)| name == "return");
        let starts = offered && crate::flows::gives_back(&what_is_asked(question));
        let deeds = if starts { Some(Deed::StartFlow("return".to_owned())) } else { besides };
        Ok(Answer::Said { text: Some(text.into()), deeds: deeds.into_iter().collect(), rejected: 0, usage: None })
    }

    fn summarises(&self) -> bool {
        true
    }

    async fn summarise(&self, past: &Past, time: Duration) -> Result<Summary, AiError> {
        self.summed_up.lock().unwrap().push(past.clone());
        let words = told_in(past);
        let (takes, _) = self.moods.lock().unwrap().next(&format!("sum up {}", words.join(" ")));
        tokio::time::timeout(time, tokio::time::sleep(takes)).await.map_err(|_| AiError::TimedOut)?;
        let script = self.sums_up.lock().unwrap().pop_front();
        let text = script.map_or_else(|| words.join("; "), str::to_owned);
        Ok(Summary { text: text.into(), usage: None })
    }
}

/// The user's words: where an answer is to go on that was begun, they stand before it.
pub(crate) fn what_is_asked(question: &Question) -> String {
    let text = question.text.as_str();
    let before = question.history.last().filter(|_| text.contains(GO_ON));
    before.map_or_else(|| text.to_owned(), |before| format!("{}\n{text}", before.user.as_str()))
}

/// Tells all but the last of these, each after a while.
async fn write(question: &Question, all: &[&str], between: Duration) {
    for (place, words) in (1..).zip(all) {
        tokio::time::sleep(between).await;
        if place < all.len() {
            question.aloud.tell(words);
        }
    }
}

/// Summaries are cut at 2,000 characters; a canary has up to sixteen.
const MOST_TOLD: usize = 110;

/// Stands in a summary that lacks something.
pub(crate) const GAP: &str = "a gap";

/// Everything that a user said in it, the newest of it if that is much. What stands for it is enough.
fn told_in(past: &Past) -> Vec<String> {
    let earlier = past.earlier.iter().flat_map(|earlier| earlier.as_str().split("; "));
    let said = past.turns.iter().map(|turn| turn.user.as_str());
    let mut told: Vec<String> = Vec::new();
    for text in earlier.chain(said).filter(|text| !text.is_empty()) {
        let marks = canaries(text);
        let words = if marks.is_empty() { vec![text.to_owned()] } else { marks };
        told.extend(words.into_iter().filter(|word| !told.contains(word)).collect::<Vec<_>>());
    }
    // Whatever was missing once is missing for good.
    if told.iter().any(|word| word == GAP) || past.turns.iter().any(|turn| turn.assistant.as_str().contains("missing"))
    {
        told.retain(|word| word != GAP);
        told.push(GAP.to_owned());
    }
    told.split_off(told.len().saturating_sub(MOST_TOLD))
}

impl ScriptedAi {
    fn says(&self, question: &Question) -> String {
        let more = self.always.lock().unwrap().unwrap_or_default();
        format!("re: {}{more}", question.text.as_str())
    }
}

/// One request that reached Braze, and whether its message reached the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The conversation it went to.
    pub to: String,
    /// The words.
    pub text: String,
    /// The campaign, if it is not the one of every reply.
    pub campaign: Option<String>,
    /// The id of the part.
    pub reply_id: String,
    /// Whether the user got it.
    pub delivered: bool,
    /// When it reached Braze.
    pub at: Instant,
}

/// Accepts everything, unless told otherwise: an outcome, and whether the message was delivered all the same.
pub(crate) struct ScriptedBraze {
    pub(crate) script: Mutex<VecDeque<(Outcome, bool)>>,
    pub(crate) sent: Mutex<Vec<Sent>>,
    /// Whether a reply carries nothing to a profile.
    pub(crate) apart: bool,
    /// Whether others call the workspace so often that its limit is near.
    pub(crate) busy: bool,
    pub(crate) witness: Arc<Witness>,
}

/// Calls in an hour.
const LIMIT: u64 = 250_000;
const HOUR: Duration = Duration::from_hours(1);

impl ScriptedBraze {
    /// One call: replies, each with the number of its request.
    pub(crate) fn call(&self, requests: &[(Option<usize>, Reply)]) -> Outcome {
        let accepted = (Outcome::Accepted { dispatch_id: None, remarks: false, left_out: false }, true);
        let (outcome, delivered) = self.script.lock().unwrap().pop_front().unwrap_or(accepted);
        for (request, reply) in requests {
            self.sent.lock().unwrap().push(Sent {
                to: reply.to.conversation().as_str().to_owned(),
                text: reply.content.text().as_str().to_owned(),
                campaign: reply.campaign.as_ref().map(|id| id.as_str().to_owned()),
                reply_id: reply.id.as_str().to_owned(),
                delivered,
                at: Instant::now(),
            });
            if delivered {
                self.witness.delivered(*request, reply, !self.apart);
            }
        }
        outcome
    }

    pub(crate) fn carries(&self, _: &Attributes, _: Option<&CampaignId>) -> bool {
        !self.apart
    }

    /// What is left of this hour: in a busy workspace three times as many calls are always made as it has for the rest.
    pub(crate) fn allowance(&self, now: Timestamp) -> Option<Allowance> {
        let hours = now.seconds() / HOUR.as_secs();
        let reset = Timestamp::from_seconds((hours + 1) * HOUR.as_secs());
        let left = u64::try_from(reset.since(now).as_millis()).unwrap_or(u64::MAX);
        let cubed = |millis: u64| u128::from(millis).pow(3);
        let hour = u64::try_from(HOUR.as_millis()).unwrap_or(u64::MAX);
        let remaining = u64::try_from(u128::from(LIMIT) * cubed(left) / cubed(hour)).unwrap_or(LIMIT);
        self.busy.then_some(Allowance { remaining, reset })
    }
}
