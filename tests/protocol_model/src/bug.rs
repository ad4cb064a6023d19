//! Mistakes put in on purpose, to see that the search finds them: each is one line of the protocol left out.

use store::{ConditionFailed, Head, HeadWrite, Held, Owner};

use crate::time::NOW;

/// One mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// A run that finds a committed turn asks anew.
    LeftOverIgnored,
    /// No write is conditional on the claim.
    NoFence,
    /// A send may begin whoever owns the conversation.
    OwnerIgnored,
    /// A message whose row exists is taken for settled.
    DuplicatesEnd,
    /// What is answered is what was pending before the claim.
    StaleSet,
    /// A message that the head remembers as settled is filed again.
    NoDoneGuard,
    /// Settling takes everything pending, not what the turn covers.
    SettlesAll,
    /// What became of a send is written down before it.
    SentMoved,
    /// A message whose visibility could not be changed is deleted.
    UntoldDeleted,
    /// A message that meets another run's lease is deleted.
    ConflictAcknowledged,
    /// The head forgets a settled id whose row does not say so.
    ForgottenUnmarked,
    /// A refusal is believed without looking whether the own write stood in the way.
    OwnWriteUnrecognised,
    /// A further copy is counted once its outcome is known, not before it is sent.
    CopiesCountedLate,
    /// An attempt is counted when it fails, not when it begins.
    AttemptsCountedLate,
    /// Only the newest message of a burst is worked on, however long it takes to come.
    NewestOnly,
    /// Drafts of one turn share a row.
    DraftsShareARow,
    /// A send of which nothing is known is taken for refused.
    UnknownTakenForRefused,
    /// A message that was given up is deleted.
    ParkedAcknowledged,
    /// A takeover does not end a claim.
    TakeoverFencesNobody,
}

impl Bug {
    /// Every one.
    pub const ALL: [Self; 19] = [
        Self::LeftOverIgnored,
        Self::NoFence,
        Self::OwnerIgnored,
        Self::DuplicatesEnd,
        Self::StaleSet,
        Self::NoDoneGuard,
        Self::SettlesAll,
        Self::SentMoved,
        Self::UntoldDeleted,
        Self::ConflictAcknowledged,
        Self::ForgottenUnmarked,
        Self::OwnWriteUnrecognised,
        Self::CopiesCountedLate,
        Self::AttemptsCountedLate,
        Self::NewestOnly,
        Self::DraftsShareARow,
        Self::UnknownTakenForRefused,
        Self::ParkedAcknowledged,
        Self::TakeoverFencesNobody,
    ];
}

/// Writes as the product does, but for `bug`: the product's own condition and change, on a head that hides what the bug
/// does not look at.
pub(crate) fn apply(bug: Option<Bug>, write: &HeadWrite, old: Option<&Head>) -> Result<Head, ConditionFailed> {
    let plain = || write.apply(old, NOW);
    let Some((bug, found)) = bug.zip(old) else { return plain() };
    match (bug, write) {
        (Bug::LeftOverIgnored, HeadWrite::Commit { .. }) => write.apply(Some(&Head { turn: None, ..found.clone() }), NOW),
        (Bug::NoFence, _) => held_by_anybody(write, found).apply(old, NOW),
        (Bug::OwnerIgnored, _) if found.owner == Owner::Person && begins_a_send(write) => {
            let new = write.apply(Some(&Head { owner: Owner::Bot, ..found.clone() }), NOW)?;
            Ok(Head { owner: Owner::Person, ..new })
        }
        (Bug::NoDoneGuard, HeadWrite::File { .. }) => {
            let new = write.apply(Some(&Head { done: Vec::new(), ..found.clone() }), NOW)?;
            Ok(Head { done: found.done.clone(), ..new })
        }
        (Bug::SettlesAll, HeadWrite::Settle { .. }) => {
            let new = plain()?;
            let (pending, mut done) = (Vec::from_iter(new.pending.keys().cloned()), new.done.clone());
            done.extend(pending);
            Ok(Head { pending: std::collections::BTreeMap::new(), done, ..new })
        }
        (Bug::CopiesCountedLate, HeadWrite::SendAgain { copies, .. }) => {
            let mut new = plain()?;
            new.turn.iter_mut().for_each(|turn| turn.copies = (*copies).max(1));
            Ok(new)
        }
        (Bug::AttemptsCountedLate, HeadWrite::Claim { .. } | HeadWrite::File { .. }) => {
            Ok(Head { attempts: found.attempts, ..plain()? })
        }
        (Bug::AttemptsCountedLate, HeadWrite::Release { .. }) => Ok(Head { attempts: found.attempts + 1, ..plain()? }),
        (Bug::TakeoverFencesNobody, HeadWrite::ChangeOwner { .. }) => {
            Ok(Head { epoch: found.epoch, lease_until: found.lease_until, ..plain()? })
        }
        _ => plain(),
    }
}

fn begins_a_send(write: &HeadWrite) -> bool {
    matches!(write, HeadWrite::Commit { .. } | HeadWrite::NextPart { .. } | HeadWrite::SendAgain { .. })
}

/// The same write by whoever holds `head`.
pub(crate) fn held_by_anybody(write: &HeadWrite, head: &Head) -> HeadWrite {
    let mut write = write.clone();
    if let HeadWrite::Commit { held, .. }
    | HeadWrite::NextPart { held, .. }
    | HeadWrite::PutBack { held, .. }
    | HeadWrite::SendAgain { held, .. }
    | HeadWrite::Settle { held, .. }
    | HeadWrite::Release { held } = &mut write
        && let Some(run) = &head.run
    {
        *held = Held { epoch: head.epoch, run: run.clone() };
    }
    write
}

