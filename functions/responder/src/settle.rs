//! The ways a run gives a conversation back: settled, given up, or as it was.

use std::time::Duration;

use conversation::decide::ParkReason;
use models::{MessageId, Timestamp};
use platform::metrics::Metric;
use store::{Aftermath, Head, HeadWrite, Held, RowState, StoreError, TurnKind, WriteError, write_head};

use crate::Responder;
use crate::attend::{Conversation, Stop, Worked};
use crate::keep::Kept;

/// How messages stop being pending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Settled<'a> {
    /// A turn about them was sent, or may have been.
    Answered(TurnKind),
    /// Nothing is said to the user.
    Silent {
        /// The number of the last turn from now on.
        turn: u64,
        /// What else is so from now on.
        aftermath: Option<Aftermath>,
    },
    /// They were left to a person, but for those that are given up and may come again.
    Forwarded {
        /// The number of the last turn from now on.
        turn: u64,
        /// Those.
        parked: &'a [MessageId],
    },
    /// The turn about them is taken back; they are still pending.
    Withdrawn,
    /// They are given up and may come again.
    Parked,
    /// A line beside them was sent, or may have been, and the run goes on.
    GoesOn,
}

impl Responder {
    /// Ends a run with `covers` no longer pending.
    pub(crate) async fn settle(
        &self,
        conversation: &Conversation<'_>,
        head: &Head,
        held: &Held,
        covers: &[MessageId],
        how: Settled<'_>,
    ) -> Result<Worked, Stop> {
        let turn = head.turn.as_ref().map(|turn| turn.key);
        let (last_turn, aftermath) = match how {
            Settled::GoesOn => (turn.map_or(head.last_turn, |turn| turn.number), None),
            Settled::Answered(kind) => {
                (turn.map_or(head.last_turn, |turn| turn.number), kind.aftermath(self.after_the_last_owner(head)))
            }
            Settled::Silent { turn, aftermath } => (turn, aftermath),
            Settled::Forwarded { turn, .. } => (turn, None),
            Settled::Parked | Settled::Withdrawn => (head.last_turn, None),
        };
        let over: Vec<_> = match how {
            Settled::Parked => vec![],
            Settled::Forwarded { parked, .. } => covers.iter().filter(|id| !parked.contains(id)).cloned().collect(),
            _ => covers.to_vec(),
        };
        let done = head.done_after(&over).0;
        let (held, covers) = (held.clone(), covers.to_vec());
        let mut write =
            HeadWrite::Settle { held, turn, covers, done, last_turn, aftermath, goes_on: how == Settled::GoesOn };
        let mut written = self.write(conversation, &write).await?;
        if written.is_err()
            && let HeadWrite::Settle { aftermath: aftermath @ Some(Aftermath::HandOver { .. }), .. } = &mut write
        {
            // Somebody may have decided about the owner while the last part was on its way: that stands.
            *aftermath = None;
            written = self.write(conversation, &write).await?;
        }
        Ok(Worked::freed(written.map_err(|_| Stop::Lost)?, Kept::AsSeen))
    }

    /// This moment, as an owner's: later than the last change that the hand-off knew of, whose clock may be ahead.
    fn after_the_last_owner(&self, head: &Head) -> Timestamp {
        let after = head.owner_since.map(|since| since + Duration::from_millis(1));
        after.map_or(self.clock.now(), |after| after.max(self.clock.now()))
    }

    /// Gives messages up: they are no longer pending, and their deliveries go to the dead letters.
    pub(crate) async fn park(
        &self,
        conversation: &Conversation<'_>,
        head: &Head,
        held: &Held,
        covers: &[MessageId],
        reason: ParkReason,
        log_ids: &[String],
    ) -> Result<Worked, Stop> {
        let worked = self.settle(conversation, head, held, covers, Settled::Parked).await?;
        self.mark_parked(conversation, covers, reason, log_ids).await?;
        Ok(worked)
    }

    /// Writes into the rows of messages that they were given up, once the head has let go of them.
    pub(crate) async fn mark_parked(
        &self,
        conversation: &Conversation<'_>,
        messages: &[MessageId],
        reason: ParkReason,
        log_ids: &[String],
    ) -> Result<(), StoreError> {
        if messages.is_empty() {
            return Ok(());
        }
        self.count(Metric::Parked, messages.len());
        tracing::error!(
            log_id = conversation.log_id,
            log_ids = log_ids.join(" "),
            end = "given_up",
            ?reason,
            messages = messages.len(),
            "messages given up; they go to the dead letters"
        );
        for id in messages {
            self.store.mark(conversation.key, id, RowState::Parked(self.clock.now())).await?;
        }
        Ok(())
    }

    /// Gives the conversation back after a failed attempt, so that the next one need not wait for the lease to end.
    pub(crate) async fn give_back(&self, conversation: &Conversation<'_>, held: &Held) -> Result<Worked, Stop> {
        let write = HeadWrite::Release { held: held.clone() };
        let head = self.write(conversation, &write).await?.map_err(|_| Stop::Lost)?;
        Ok(Worked::freed(head, Kept::Failed))
    }

    /// Writes the head. The inner error is a refusal, with what stands there instead.
    pub(crate) async fn write(
        &self,
        conversation: &Conversation<'_>,
        write: &HeadWrite,
    ) -> Result<Result<Head, Option<Head>>, StoreError> {
        match write_head(&*self.store, conversation.key, write, self.clock.now()).await {
            Ok(head) => Ok(Ok(head)),
            Err(WriteError::Refused(found)) => Ok(Err(found.map(|head| *head))),
            Err(WriteError::Failed(error)) => Err(error),
        }
    }
}
