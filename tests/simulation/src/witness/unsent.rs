//! What agents write and users never read: the desk is told, or at least somebody tried, before the turn is over; and it is
//! told so of nothing that was read.

use std::collections::HashSet;
use std::time::Duration;

use desk::{DeskEvent, NotSent, What};
use models::{ConversationKey, MessageId, Timestamp};
use store::{HeadWrite, TurnKey, TurnKind};

use super::ledger::{Over, is_parked};
use super::{End, State, Witness};
use crate::machine::Machine;

/// What a run keeps of its time for writing down what it did, and for telling the queue what it keeps.
const TO_RECORD: Duration = Duration::from_secs(6);

/// What the desk was told of lines that were not sent.
#[derive(Default)]
pub(super) struct Unsent {
    /// What somebody tried to tell, by the message that names it.
    tried: HashSet<MessageId>,
    /// What the desk knows.
    told: HashSet<(MessageId, NotSent)>,
    /// What the desk refused for good to hear, by the message that names it.
    refused: HashSet<MessageId>,
}

impl Unsent {
    /// The desk refused an event for good.
    pub(super) fn refuses(&mut self, event: &DeskEvent) {
        self.refused.extend(unsent(event).map(|(id, _)| id));
    }

    /// Whether the desk knows that this message was not sent for this reason.
    pub(super) fn knows(&self, id: &MessageId, reason: NotSent) -> bool {
        self.told.contains(&(id.clone(), reason))
    }

    /// Whether the desk refused for good to hear that this message was not sent.
    pub(super) fn was_refused(&self, id: &MessageId) -> bool {
        self.refused.contains(id)
    }
}

impl Witness {
    /// A run is about to tell the desk something.
    pub(crate) fn telling_the_desk(&self, event: &DeskEvent) {
        if let Some((id, _)) = unsent(event) {
            self.lock().unsent.tried.insert(id);
        }
    }

    /// A run is about to end a turn, if it is one: of an agent's that is not said to its end, somebody tried to tell the desk,
    /// unless there was no time left for that at `now`, by the machine's own clock.
    pub(crate) fn ends(&self, key: &ConversationKey, write: &HeadWrite, machine: &Machine, now: Timestamp) {
        let HeadWrite::Settle { held, turn, covers, last_turn, .. } = write else { return };
        // What is taken back is looked at anew.
        if covers.is_empty() && turn.is_some_and(|turn| *last_turn < turn.number) {
            return;
        }
        let mut state = self.lock();
        let has_no_time = machine.deadline().is_some_and(|deadline| now + TO_RECORD >= deadline);
        // Nor is anything known any more of a turn whose user was forgotten meanwhile; this write is from before that.
        let is_over = machine.claim_of(key) != Some(held.epoch) || state.is_of_before(key, held.epoch);
        if !state.people.desk || has_no_time || is_over {
            return;
        }
        let untold = match turn {
            Some(turn) => state.ends_unsent(key, *turn, held.epoch, is_parked(write)),
            None if is_parked(write) => covers.iter().find(|id| state.is_line(id) && !state.has_twin(id)).cloned(),
            None => None,
        };
        if let Some(id) = untold.filter(|id| !state.unsent.tried.contains(id)) {
            state.broken(format!("{id:?} does not reach its user, and nobody tried to tell the desk"));
        }
    }
}

impl State {
    /// The desk is told something, perhaps by somebody whose claim is over.
    pub(super) fn is_told_of_the_unsent(&mut self, event: &DeskEvent, holds: bool) {
        let Some((id, reason)) = unsent(event) else { return };
        let key = &event.conversation;
        let was_cut = |turn: &TurnKey| self.ledger.cut.iter().any(|(of, cut, _)| (of, cut) == (key, turn));
        let was_said = |turn: &TurnKey| !self.unfinished.contains(&(key.clone(), *turn)) && !was_cut(turn);
        // Who finishes a dead run's turn cannot know that it was accepted.
        let newest = self.conversations.get(key).map(|conversation| conversation.epoch);
        let is_known = |turn: &TurnKey| reason != NotSent::Uncertain || newest == Some(turn.epoch);
        let was_said = |turn: &TurnKey| was_said(turn) && is_known(turn);
        if holds && matches!(self.ends.get(&id), Some(End::Answered(turn)) if was_said(turn)) {
            self.broken(format!("the desk was told that {id:?} was not sent, and it was"));
        }
        self.unsent.told.insert((id, reason));
    }

    /// The message that names a turn in an agent's name that ends before all of it was accepted.
    fn ends_unsent(&self, key: &ConversationKey, turn: TurnKey, epoch: u64, parked: bool) -> Option<MessageId> {
        let draft = self.drafts.get(&(key.clone(), turn)).filter(|draft| draft.row.kind == TurnKind::Agent)?;
        let parts = u32::try_from(draft.row.reply.len()).unwrap_or_default();
        let last = self.conversations.get(key)?.last_part.filter(|(last, _)| *last == turn);
        // A run that cut it and died had told it before.
        let was_cut = last.is_some_and(|(_, part)| part > parts) && self.why_over(key, turn, epoch) != Some(Over::Cut);
        let is_unsent = matches!(self.why_over(key, turn, epoch), Some(Over::Cut | Over::Flagged)) && !was_cut;
        draft.row.covers.first().filter(|_| parked || is_unsent).cloned()
    }
}

/// The message that names what was not sent, and why.
fn unsent(event: &DeskEvent) -> Option<(MessageId, NotSent)> {
    let What::NotSent { reason, .. } = &event.what else { return None };
    Some((MessageId::stored(event.id.strip_prefix("not-sent:")?), *reason))
}
