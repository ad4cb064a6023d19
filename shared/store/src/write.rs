//! What a write means: the condition under which it happens, and what it makes of the head.

use std::time::Duration;

use models::Timestamp;

use crate::claim::Claim;
use crate::head::{
    HEAD_LIFE, Head, Held, MOST_PENDING, NEVER, OpenTurn, Owner, Pending, RunToken, SIGN_LIFE, SendState, TurnKey,
    Voice,
};
use crate::head_write::{Aftermath, ConditionFailed, HeadWrite};

impl HeadWrite {
    /// What the write makes of `old` at `now`.
    pub fn apply(&self, old: Option<&Head>, now: Timestamp) -> Result<Head, ConditionFailed> {
        let mut head = old.cloned().unwrap_or_default();
        if !self.holds(old, &head, now) {
            return Err(ConditionFailed);
        }
        self.change(&mut head);
        head.expires_at = if head.opted_out { NEVER } else { Timestamp::from_seconds((now + self.life()).seconds()) };
        Ok(head)
    }

    /// After a refusal: whether `found` shows that this very write was applied after all (the client's own retry meets its
    /// own write), or that what it was meant for is done.
    pub fn was_applied(&self, found: &Head) -> bool {
        let turn = found.turn.as_ref();
        let on = |key: &TurnKey| turn.filter(|turn| turn.key == *key);
        match self {
            Self::File { message, claim, .. } => {
                found.pending.contains_key(message) && claim.as_ref().is_none_or(|claim| found.is_run(&claim.run))
            }
            Self::Claim { claim, .. } => found.is_run(&claim.run),
            Self::Commit { held, turn, .. } => {
                found.is_held(held) && on(turn).is_some_and(|turn| turn.part == 1 && turn.state == SendState::Sending)
            }
            Self::NextPart { held, turn, part, .. } => {
                found.is_held(held) && on(turn).is_some_and(|turn| turn.part == part + 1)
            }
            Self::PutBack { held, turn, copies, .. } => {
                found.is_held(held)
                    && on(turn).is_some_and(|turn| turn.state == SendState::Ready && turn.copies + 1 == *copies)
            }
            Self::SendAgain { held, turn, copies, .. } => {
                found.is_held(held)
                    && on(turn).is_some_and(|turn| turn.state == SendState::Sending && turn.copies == copies + 1)
            }
            Self::Settle { held, turn, last_turn, goes_on: true, .. } => {
                found.is_held(held)
                    && found.last_turn == *last_turn
                    && turn.as_ref().is_none_or(|key| on(key).is_none())
            }
            Self::Settle { covers, turn, .. } => {
                covers.iter().all(|id| !found.pending.contains_key(id))
                    && turn.as_ref().is_none_or(|key| on(key).is_none())
                    && found.lease_or_epoch_moved(self)
            }
            Self::Release { held } => found.is_held(held) && found.lease_until == Timestamp::EPOCH,
            Self::ChangeOwner { owner, at, .. } => found.owner == *owner && found.owner_since == Some(*at),
            Self::Point { to } => found.moved_to.as_ref() == Some(to),
            Self::Adopt { by, .. } => found.adopted_by.as_ref() == Some(by),
        }
    }

    /// How long a head outlives this write, unless its user has opted out.
    pub(crate) fn life(&self) -> Duration {
        if matches!(self, Self::Point { .. }) { SIGN_LIFE } else { HEAD_LIFE }
    }

    fn holds(&self, old: Option<&Head>, head: &Head, now: Timestamp) -> bool {
        let turn = head.turn.as_ref();
        let on = |key: &TurnKey| turn.filter(|turn| turn.key == *key);
        let free =
            |claim: &Claim| !head.leased(now) && head.retry_at(now).is_none() && (claim.suspects || !head.suspect());
        match self {
            Self::File { message, claim, create, arrival, heard, .. } => {
                (*create || old.is_some())
                    && head.moved_to.is_none()
                    && !head.forgot(*arrival)
                    && !head.pending.contains_key(message)
                    && !head.settled(message)
                    && head.pending.len() < MOST_PENDING
                    && heard.is_none_or(|heard| head.heard.is_none_or(|last| last <= heard))
                    && claim.as_ref().is_none_or(free)
            }
            Self::Claim { message, claim } => head.pending.contains_key(message) && free(claim),
            Self::Commit { held, seen, voice, .. } => {
                head.is_held(held)
                    && head.hears(*voice)
                    && turn.is_none()
                    && seen.is_none_or(|seen| head.sequence == seen)
            }
            Self::NextPart { held, turn, part, voice } => {
                head.is_held(held)
                    && head.hears(*voice)
                    && on(turn).is_some_and(|turn| turn.state == SendState::Sending && turn.part == *part)
            }
            Self::PutBack { held, turn, part, copies, .. } => {
                head.is_held(held)
                    && on(turn).is_some_and(|turn| {
                        (turn.state, turn.part, turn.copies) == (SendState::Sending, *part, *copies)
                    })
            }
            Self::SendAgain { held, turn, copies, voice } => {
                head.is_held(held) && head.hears(*voice) && on(turn).is_some_and(|turn| turn.copies == *copies)
            }
            Self::Settle { held, turn: key, aftermath, .. } => {
                head.is_held(held)
                    && !matches!(aftermath, Some(Aftermath::HandOver { at }) if head.changed_owner_by(*at))
                    && match key {
                        Some(key) => on(key).is_some(),
                        None => turn.is_none(),
                    }
            }
            Self::Release { held } => head.is_held(held),
            Self::ChangeOwner { at, sending, .. } => {
                head.moved_to.is_none()
                    && !head.forgot(*at)
                    && !head.changed_owner_by(*at)
                    && *sending == turn.is_some_and(|turn| turn.state == SendState::Sending)
            }
            Self::Point { to } => old.is_none() || head.moved_to.as_ref() == Some(to),
            Self::Adopt { by, known_as } => {
                old.is_some()
                    && head.moved_to.is_none()
                    && head.adopted_by.as_ref().is_none_or(|owner| owner == by || known_as.contains(owner))
            }
        }
    }

    fn change(&self, head: &mut Head) {
        match self {
            Self::File { message, due, arrival, heard, claim, .. } => {
                head.sequence += 1;
                head.heard = heard.or(head.heard);
                let pending = Pending { sequence: head.sequence, due: *due, arrival: *arrival };
                head.pending.insert(message.clone(), pending);
                if let Some(claim) = claim {
                    head.take(claim);
                }
            }
            Self::Claim { claim, .. } => head.take(claim),
            Self::Commit { turn, voice, parts, covers, spent, .. } => {
                head.spent = *spent;
                head.turn = Some(OpenTurn {
                    key: *turn,
                    voice: *voice,
                    state: SendState::Sending,
                    part: 1,
                    parts: *parts,
                    copies: 1,
                    covers: covers.clone(),
                    retry_at: None,
                });
            }
            Self::NextPart { part, .. } => head.on_turn(|turn| (turn.part, turn.copies) = (part + 1, 1)),
            Self::PutBack { copies, retry_at, .. } => {
                head.on_turn(|turn| {
                    (turn.state, turn.copies, turn.retry_at) =
                        (SendState::Ready, copies.saturating_sub(1), Some(*retry_at));
                });
                head.release();
            }
            Self::SendAgain { copies, .. } => head.on_turn(|turn| {
                (turn.state, turn.copies, turn.retry_at) = (SendState::Sending, copies + 1, None);
            }),
            Self::Settle { covers, done, last_turn, aftermath, goes_on, .. } => {
                head.pending.retain(|id, _| !covers.contains(id));
                (head.turn, head.last_turn) = (None, *last_turn);
                head.done.clone_from(done);
                if !goes_on {
                    head.attempts = 0;
                    head.release();
                }
                match aftermath {
                    Some(Aftermath::HandOver { at }) => head.belongs_to(Owner::Person, *at),
                    Some(Aftermath::OptOut) => head.opted_out = true,
                    Some(Aftermath::OptIn) => head.opted_out = false,
                    Some(Aftermath::Spent(spent)) => head.spent = *spent,
                    None => {}
                }
            }
            Self::Release { .. } => head.release(),
            Self::ChangeOwner { owner, at, sending } => {
                head.belongs_to(*owner, *at);
                if !sending {
                    head.epoch += 1;
                    // What a run does that this ends was not tried in vain.
                    head.attempts = 0;
                    head.release();
                }
            }
            Self::Point { to } => head.moved_to = Some(to.clone()),
            Self::Adopt { by, .. } => head.adopted_by = Some(by.clone()),
        }
    }
}

impl Head {
    fn take(&mut self, claim: &Claim) {
        self.epoch += 1;
        self.attempts += 1;
        self.run = Some(claim.run.clone());
        self.lease_until = claim.lease_until;
    }

    fn belongs_to(&mut self, owner: Owner, at: Timestamp) {
        (self.owner, self.owner_since) = (owner, Some(at));
        self.person_since = (owner == Owner::Person).then(|| self.person_since.unwrap_or(at));
    }

    /// Whether `voice` may begin to speak.
    fn hears(&self, voice: Voice) -> bool {
        self.owner == Owner::Bot || voice == Voice::Person
    }

    /// Whether the owner was changed at the door time `at` or later.
    fn changed_owner_by(&self, at: Timestamp) -> bool {
        self.owner_since.is_some_and(|since| since >= at)
    }

    fn release(&mut self) {
        self.lease_until = Timestamp::EPOCH;
    }

    fn on_turn(&mut self, change: impl FnOnce(&mut OpenTurn)) {
        if let Some(turn) = &mut self.turn {
            change(turn);
        }
    }

    fn is_run(&self, run: &RunToken) -> bool {
        self.run.as_ref() == Some(run)
    }

    /// Whether this claim is the newest one.
    pub fn is_held(&self, held: &Held) -> bool {
        self.epoch == held.epoch && self.is_run(&held.run)
    }

    // A settled head is free, or somebody took it since.
    fn lease_or_epoch_moved(&self, write: &HeadWrite) -> bool {
        match write {
            HeadWrite::Settle { held, .. } => !self.is_held(held) || self.lease_until == Timestamp::EPOCH,
            _ => false,
        }
    }
}

#[cfg(test)]
mod own_writes;
