//! Answers that come later: a question is put aside, and taken up again when its answer is here or its time is over.
//!
//! The answer's delivery is kept in its queue until its question is over, as a message is: nothing else stores its words. A row
//! beside the head says what is waited for; the head knows nothing of it.

use std::sync::atomic::{AtomicBool, Ordering};

use models::{AgentAction, ConversationKey, MessageId, Personal, Timestamp};
use platform::clock::Deadline;
use platform::metrics::Metric;
use store::{Head, Owner, StoreError, TurnRow, Wait};

use crate::Responder;
use crate::attend::{Errand, Judged, Stop, Verdict, Worked};
use crate::history::{History, Waiting};
use crate::keep::{self, Kept};
use crate::settle::Settled;
use crate::turn::{Claimed, Words};

/// Deliveries of an answer in which its question may not have been put aside yet: it can be faster than the run that asked.
const TRIES: u32 = 6;

/// An answer that comes later.
pub(crate) struct LaterAnswer<'a> {
    /// The question.
    pub(crate) question: &'a MessageId,
    /// The answer, as the JSON of a response.
    pub(crate) body: &'a Personal,
    /// When it reached the door.
    pub(crate) at: Timestamp,
    /// Whether it turned out to be none.
    pub(crate) unusable: AtomicBool,
}

/// What becomes of the question that would be asked now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stance {
    /// Its answer is here.
    Take(Wait),
    /// It was asked, and its answer may still come.
    WaitOn(Wait),
    /// It is asked; the user may have waited for the answer to an earlier one.
    Ask(Option<Wait>),
}

/// A question that is put aside.
pub(crate) struct Aside {
    pub(crate) wait: Wait,
    /// Its messages, the one that names it last, and what its row is to remember; none if it has one.
    pub(crate) new: Option<(Vec<MessageId>, Box<Words>)>,
}

/// Why an answer that came later is not said, as the log has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Refusal {
    #[error("its question is over, if it ever was one: answered, settled without an answer, or forgotten")]
    Over,
    #[error("its user has opted out")]
    OptedOut,
    #[error("its user has written more, and another question took its place")]
    Replaced,
    #[error("its question was never put aside")]
    NotAsked,
    #[error("the time of its question was over")]
    TooLate,
    #[error("it says nothing that can be used")]
    Unusable,
}

/// What an answer for a question meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Wanted,
    /// A person has the conversation: the messages are theirs to read now, and not only when their time is over.
    WithPerson,
    /// Whoever asked may not have put the question aside yet.
    NotYet,
    Refused(Refusal),
}

/// What becomes of `question` at `now`, if these messages are open and this is `waiting`.
pub(crate) fn stance(
    question: &MessageId,
    open: &[MessageId],
    waiting: Option<Waiting<'_>>,
    answer: Option<&LaterAnswer<'_>>,
    now: Timestamp,
) -> Stance {
    let Some(waiting) = waiting.filter(|waiting| open.contains(waiting.newest())) else { return Stance::Ask(None) };
    let (is_same, wait) = (waiting.question == *question, waiting.wait);
    if is_same && answer.is_some_and(|answer| answer.question == question && answer.at <= wait.until) {
        return Stance::Take(wait);
    }
    if is_same && now < wait.until { Stance::WaitOn(wait) } else { Stance::Ask(Some(wait)) }
}

/// How a question is waited for that is put aside at `now` for so long; the user may have waited before.
pub(crate) fn wait_for(later: ai::Later, began: Timestamp, before: Option<Wait>, now: Timestamp) -> Wait {
    let ai::Later { within, passed } = later;
    let until = now + within;
    match before {
        Some(Wait { since, until: earlier, .. }) => Wait { since, until: until.min(earlier), passed },
        None => Wait { since: began, until, passed },
    }
}

/// What an answer to `question` that reached the door at `at` meets, by its conversation's head.
fn standing(head: &Head, waiting: Option<Waiting<'_>>, question: &MessageId, at: Timestamp) -> Standing {
    let place = |id: &MessageId| head.pending.get(id).map(|pending| pending.sequence);
    let Some(own) = place(&question.newest()) else { return Standing::Refused(Refusal::Over) };
    if head.owner == Owner::Person {
        return Standing::WithPerson;
    }
    if head.opted_out {
        return Standing::Refused(Refusal::OptedOut);
    }
    match waiting.and_then(|waiting| place(waiting.newest()).map(|place| (place, waiting))) {
        Some((other, _)) if other > own => Standing::Refused(Refusal::Replaced),
        Some((_, waiting)) if waiting.question == *question && at > waiting.wait.until => {
            Standing::Refused(Refusal::TooLate)
        }
        Some((_, waiting)) if waiting.question == *question => Standing::Wanted,
        _ => Standing::NotYet,
    }
}

impl Responder {
    /// Says an answer that came later, if its question is still waited for.
    pub(crate) async fn hear_later(
        &self,
        (action, later): (&AgentAction, &LaterAnswer<'_>),
        receives: u32,
        deadline: Deadline,
        alone: bool,
    ) -> Result<Judged, StoreError> {
        let (log_id, now) = (action.log_id.as_str(), self.clock.now());
        let mut key = action.conversation.clone();
        let mut head = self.store.head(&key, now).await?.unwrap_or_default();
        if let Some(to) = head.moved_to.take() {
            (head, key) = (self.store.head(&to, now).await?.unwrap_or_default(), to);
        }
        let newest = later.question.newest();
        let rows = if head.pending.contains_key(&newest) { self.newest_turns(&key, now).await? } else { vec![] };
        let history = History::new(rows, head.last_turn);
        let ends = |verdict| Ok(Judged { verdict, long: None });
        match standing(&head, history.waiting(), later.question, later.at) {
            Standing::Wanted | Standing::WithPerson => {}
            Standing::NotYet if receives < TRIES => return ends(Verdict::ComesBack(keep::after_outage(receives))),
            Standing::NotYet => return ends(self.refuse(log_id, Refusal::NotAsked)),
            Standing::Refused(why) => return ends(self.refuse(log_id, why)),
        }
        let errand = Errand { key: &key, deliveries: &[], later: Some(later), log_id, deadline, alone };
        let judged = Box::pin(self.take_up(&errand, head, &newest, receives)).await;
        if later.unusable.load(Ordering::Relaxed) {
            return ends(self.refuse(log_id, Refusal::Unusable));
        }
        Ok(judged)
    }

    /// Whether an AI here may answer later.
    pub(crate) fn answers_later(&self) -> bool {
        self.ai.answers_later() || self.route_ais.values().any(|ai| ai.answers_later())
    }

    /// A person has taken over: what was put aside is theirs to read now, and not only when its time is over. What is to become
    /// of the wish to take over, which is over when that is.
    pub(crate) async fn hand_on(
        &self,
        (key, head): (&ConversationKey, &Head),
        (log_id, receives): (&str, u32),
        deadline: Deadline,
        alone: bool,
    ) -> Result<Verdict, StoreError> {
        if !self.answers_later() || head.pending.is_empty() {
            return Ok(Verdict::Settled);
        }
        let history = History::new(self.newest_turns(key, self.clock.now()).await?, head.last_turn);
        let waiting = history.waiting().filter(|waiting| head.pending.contains_key(waiting.newest()));
        let Some(waiting) = waiting else { return Ok(Verdict::Settled) };
        let errand = Errand { key, deliveries: &[], later: None, log_id, deadline, alone };
        Ok(Box::pin(self.take_up(&errand, head.clone(), waiting.newest(), receives)).await.verdict)
    }

    fn refuse(&self, log_id: &str, why: Refusal) -> Verdict {
        self.meter.count(Metric::LateAnswer, 1);
        tracing::warn!(log_id, %why, "an answer that came later is not said");
        Verdict::Settled
    }

    /// Puts a question aside: its messages stay pending, no attempt is used up, and the conversation is free until there is
    /// something to do. Whoever waits is told so once, as where an AI is slow.
    pub(crate) async fn put_aside(&self, claimed: Claimed<'_>, aside: Aside) -> Result<Worked, Stop> {
        let Claimed { conversation, head, held, history, .. } = claimed;
        let Aside { wait, new } = aside;
        let (is_new, mut head) = (new.is_some(), head.clone());
        let moment = self.assistant.limits.moment_after.map(|after| wait.since + after);
        if let Some((messages, words)) = new {
            let row = TurnRow { covers: messages, ..self.row(claimed, *words) };
            self.store.put_turn(conversation.key, &row, self.clock.now()).await?;
        }
        let now = self.clock.now();
        let may_be_told = claimed.may_take_a_moment() && !history.asked_for_a_moment();
        // A row of this very run would stand in its place: whoever has just asked comes back for it.
        if !is_new
            && may_be_told
            && moment.is_some_and(|moment| moment <= now)
            && let Some(told) = self.say_a_moment(claimed).await?
        {
            head = told;
        }
        let next = moment.filter(|moment| may_be_told && *moment > now).map_or(wait.until, |at| at.min(wait.until));
        let silent = Settled::Silent { turn: head.last_turn, aftermath: None };
        let worked = self.settle(conversation, &head, held, &[], silent).await?;
        Ok(Worked { kept: Kept::Until(next), ..worked })
    }
}

#[cfg(test)]
mod tests;
