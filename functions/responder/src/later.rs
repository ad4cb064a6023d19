//! Answers that come later: a question is put aside, and taken up again when its answer is here or its time is over.
//!
//! The answer's delivery is kept in its queue until its question is over, as a message is: nothing else stores its words. A row
//! beside the head says what is waited for, and on which way it was asked; the head knows nothing of it.

use std::sync::atomic::{AtomicBool, Ordering};

use models::{AgentAction, MessageId, Personal, RouteName, Timestamp};
use platform::clock::Deadline;
use platform::metrics::Metric;
use store::{Aftermath, Head, Owner, StoreError, TurnRow, Wait};

use crate::Responder;
use crate::attend::{Conversation, Done, Errand, Stop, Verdict, Worked};
use crate::history::{History, Waiting};
use crate::keep::{self, Kept};
use crate::settle::Settled;
use crate::turn::Claimed;
use crate::way::Way;
use crate::words::Words;

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
    let Some(waiting) = waiting.filter(|waiting| open.contains(waiting.newest)) else { return Stance::Ask(None) };
    let (is_same, wait) = (waiting.question() == *question, waiting.wait);
    if is_same && answer.is_some_and(|answer| answer.question == question && answer.at <= wait.until) {
        return Stance::Take(wait);
    }
    if is_same && now < wait.until { Stance::WaitOn(wait) } else { Stance::Ask(Some(wait)) }
}

/// How many AIs, from the top, are passed over by a question that is asked at `now`, if this is `waiting`: what did not come in its
/// time is not asked for again, and nobody else is waited for. Where it goes another way than the one that promised, nobody there
/// was asked yet.
pub(crate) fn passed(waiting: Option<Waiting<'_>>, is_same_way: bool, now: Timestamp) -> usize {
    let over = waiting.filter(|waiting| is_same_way && waiting.wait.until <= now);
    over.map_or(0, |waiting| waiting.wait.passed.max(1))
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
    match waiting.and_then(|waiting| place(waiting.newest).map(|place| (place, waiting))) {
        Some((other, _)) if other > own => Standing::Refused(Refusal::Replaced),
        Some((_, waiting)) if waiting.question() == *question && at > waiting.wait.until => {
            Standing::Refused(Refusal::TooLate)
        }
        Some((_, waiting)) if waiting.question() == *question => Standing::Wanted,
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
    ) -> Result<Done<Verdict>, StoreError> {
        let log_id = action.log_id.as_str();
        let (key, head) = self.found(&action.conversation).await?;
        let (newest, now) = (later.question.newest(), self.clock.now());
        let rows = if head.pending.contains_key(&newest) { self.newest_turns(&key, now).await? } else { vec![] };
        let history = History::new(rows, head.last_turn);
        match standing(&head, history.waiting_in(&head, Some(later.question)), later.question, later.at) {
            Standing::Wanted | Standing::WithPerson => {}
            Standing::NotYet if receives < TRIES => return Ok(Verdict::ComesBack(keep::after_outage(receives)).into()),
            Standing::NotYet => return Ok(self.refuse(log_id, Refusal::NotAsked).into()),
            Standing::Refused(why) => return Ok(self.refuse(log_id, why).into()),
        }
        let errand = Errand { key: &key, deliveries: &[], later: Some(later), log_id, deadline, alone };
        let done = Box::pin(self.take_up(&errand, head, &newest, receives)).await;
        if later.unusable.load(Ordering::Relaxed) {
            return Ok(self.refuse(log_id, Refusal::Unusable).into());
        }
        Ok(done)
    }

    /// Whether those are asked on this way who are asked where that question was.
    pub(crate) fn is_asked_on_its_way(&self, waiting: Option<Waiting<'_>>, way: Way<'_>) -> bool {
        let own = |name: Option<&RouteName>| name.filter(|name| self.route_ais.contains_key(*name)).cloned();
        waiting.is_some_and(|waiting| own(waiting.row.route.as_ref()) == own(way.route.map(|(name, _)| name)))
    }

    /// Whether an AI here may answer later.
    pub(crate) fn answers_later(&self) -> bool {
        self.ai.answers_later() || self.route_ais.values().any(|ai| ai.answers_later())
    }

    fn refuse(&self, log_id: &str, why: Refusal) -> Verdict {
        self.meter.count(Metric::LateAnswer, 1);
        tracing::warn!(log_id, %why, "an answer that came later is not said");
        Verdict::Settled
    }

    /// Puts a question aside: its messages stay pending, no attempt is used up, and the conversation is free until there is
    /// something to do. Whoever waits is told so once, as where an AI is slow. One that takes the place of another counts as a turn:
    /// whoever goes on writing would ask without end.
    pub(crate) async fn put_aside(&self, claimed: Claimed<'_>, aside: Aside) -> Result<Worked, Stop> {
        let Claimed { conversation, head, held, history, .. } = claimed;
        let Aside { wait, new } = aside;
        let (is_new, mut head, mut aftermath) = (new.is_some(), head.clone(), None);
        let moment = self.assistant.limits.moment_after.map(|after| wait.since + after);
        if let Some((messages, words)) = new {
            let row = TurnRow { covers: messages, ..self.row(claimed, *words) };
            let before =
                history.waiting_in(&head, MessageId::of_question(&row.covers).as_ref()).map(|waiting| waiting.row);
            aftermath = before.map(|_| Aftermath::Spent(head.spent.and_a_turn(self.clock.now())));
            self.put_question(conversation, before, row).await?;
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
        let silent = Settled::Silent { turn: head.last_turn, aftermath };
        let worked = self.settle(conversation, &head, held, &[], silent).await?;
        Ok(Worked { kept: Kept::Until(next), ..worked })
    }

    /// Stores the row of a question in the place of the one `before` that it renews: however much somebody goes on writing, no row
    /// of what was said before is crowded out of those that are read.
    async fn put_question(
        &self,
        conversation: &Conversation<'_>,
        before: Option<&TurnRow>,
        row: TurnRow,
    ) -> Result<(), Stop> {
        let (key, now) = (conversation.key, self.clock.now());
        let Some(before) = before else { return Ok(self.store.put_turn(key, &row, now).await?) };
        let row = TurnRow { key: before.key, ..row };
        if self.store.replace_turn(key, before, &row, now).await? {
            return Ok(());
        }
        match self.store.turn(key, row.key).await? {
            // Our own write, of whose success we did not hear.
            Some(found) if found == row => Ok(()),
            // What a version before this one wrote stands there in other words.
            Some(found) if found == *before => Ok(self.store.put_turn(key, &row, now).await?),
            _ => Err(Stop::Lost),
        }
    }
}

#[cfg(test)]
mod tests;
