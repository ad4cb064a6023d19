//! Mistakes put in on purpose, to see that the search finds them: each is one line of the protocol left out.

use std::collections::BTreeMap;

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
    /// Giving up a turn that waits for Braze forgets that a copy before may have arrived.
    EarlierCopyForgotten,
    /// A run that put a message's row takes it for open as long as it works, also after it settled it itself.
    FreshForEver,
    /// That the answer takes a moment counts as the answer.
    MomentSettles,
    /// A run that said so gives the conversation back and goes on.
    MomentGivesBack,
    /// What was said about a moment is sent once more where its run died.
    MomentSentAgain,
    /// Whether the user was told so already is not looked at.
    MomentForgotten,
    /// The row of a dead run that says so is taken for its answer.
    MomentTakenForTheAnswer,
    /// Whoever has waited in vain is promised an answer once more.
    PromisedAgain,
    /// The messages of a question that is put aside are deleted.
    AsideDeleted,
    /// Putting a question aside settles it.
    AsideSettles,
    /// That a question was put aside is not looked at.
    AsideForgotten,
    /// The run that has just put a question aside says in its row's place that it takes a moment.
    MomentInItsPlace,
    /// An answer that came later is said whatever a dead run has drafted, or said, instead of it.
    LeftOverIgnoredLater,
    /// An answer that came later is said to whatever is waited for.
    AnyQuestion,
    /// When an answer came is not looked at.
    AnyTime,
    /// An answer that came later and meets another run's lease is deleted.
    AnswerAcknowledged,
}

impl Bug {
    /// Every one.
    pub const ALL: [Self; 35] = [
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
        Self::EarlierCopyForgotten,
        Self::FreshForEver,
        Self::MomentSettles,
        Self::MomentGivesBack,
        Self::MomentSentAgain,
        Self::MomentForgotten,
        Self::MomentTakenForTheAnswer,
        Self::PromisedAgain,
        Self::AsideDeleted,
        Self::AsideSettles,
        Self::AsideForgotten,
        Self::MomentInItsPlace,
        Self::LeftOverIgnoredLater,
        Self::AnyQuestion,
        Self::AnyTime,
        Self::AnswerAcknowledged,
    ];
}

impl Bug {
    /// The mistake in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::LeftOverIgnored => "a committed turn is ignored and asked anew",
            Self::NoFence => "no write is conditional on the claim",
            Self::OwnerIgnored => "a send begins whoever owns the conversation",
            Self::DuplicatesEnd => "a message whose row exists is taken for settled",
            Self::StaleSet => "what was pending before the claim is answered",
            Self::NoDoneGuard => "a message remembered as settled is filed again",
            Self::SettlesAll => "settling takes everything pending",
            Self::SentMoved => "what became of a send is written down before it",
            Self::UntoldDeleted => "a message the queue was not told about is deleted",
            Self::ConflictAcknowledged => "a message that meets another run's lease is deleted",
            Self::ForgottenUnmarked => "the head forgets an id whose row does not say it is settled",
            Self::OwnWriteUnrecognised => "the own write is not recognised after a lost answer",
            Self::CopiesCountedLate => "a further copy is counted after it is sent",
            Self::AttemptsCountedLate => "an attempt is counted when it fails",
            Self::NewestOnly => "only the newest message of a burst is worked on",
            Self::DraftsShareARow => "the drafts of one turn share a row",
            Self::UnknownTakenForRefused => "a send of which nothing is known is taken for refused",
            Self::ParkedAcknowledged => "a message that was given up is deleted",
            Self::TakeoverFencesNobody => "a takeover does not end a claim",
            Self::EarlierCopyForgotten => "giving up a waiting turn forgets an earlier copy",
            Self::FreshForEver => "a run's own message is open to it for ever",
            Self::MomentSettles => "that the answer takes a moment counts as the answer",
            Self::MomentGivesBack => "a run that said so gives back and goes on",
            Self::MomentSentAgain => "a dead run's line about a moment is sent once more",
            Self::MomentForgotten => "that the user was told of a moment is forgotten",
            Self::MomentTakenForTheAnswer => "a dead run's line about a moment is taken for its answer",
            Self::PromisedAgain => "who has waited in vain is promised an answer once more",
            Self::AsideDeleted => "the messages of a question that is put aside are deleted",
            Self::AsideSettles => "putting a question aside settles it",
            Self::AsideForgotten => "that a question was put aside is not looked at",
            Self::MomentInItsPlace => "a line about a moment takes the place of a question's row",
            Self::LeftOverIgnoredLater => "what came later is said beside what was said instead of it",
            Self::AnyQuestion => "what came later is said to whatever is waited for",
            Self::AnyTime => "when an answer came is not looked at",
            Self::AnswerAcknowledged => "an answer that meets another run's lease is deleted",
        }
    }
}

/// Writes as the product does, but for `bug`: the product's own condition and change, on a head that hides what the bug
/// does not look at.
pub(crate) fn apply(bug: Option<Bug>, write: &HeadWrite, old: Option<&Head>) -> Result<Head, ConditionFailed> {
    let plain = || write.apply(old, NOW);
    let Some((bug, found)) = bug.zip(old) else { return plain() };
    match (bug, write) {
        (Bug::LeftOverIgnored | Bug::LeftOverIgnoredLater, HeadWrite::Commit { .. }) => {
            write.apply(Some(&Head { turn: None, ..found.clone() }), NOW)
        }
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
            let mut done = new.done.clone();
            done.extend(new.pending.keys().cloned());
            Ok(Head { pending: BTreeMap::new(), done, ..new })
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
