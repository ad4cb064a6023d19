//! The ways a run gives a conversation back: settled, given up, or as it was.

use conversation::decide::ParkReason;
use models::MessageId;
use platform::metrics::Metric;
use store::{Head, HeadWrite, Held, RowState, StoreError, WriteError, write_head};

use crate::Responder;
use crate::attend::{Conversation, Stop, Worked};
use crate::keep::Kept;

/// How messages stop being pending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Settled {
    /// A turn about them was sent, or may have been.
    Answered,
    /// Nothing is to be said.
    Silent,
    /// They are given up and may come again.
    Parked,
}

impl Responder {
    /// Ends a run with `covers` no longer pending.
    pub(crate) async fn settle(
        &self,
        conversation: &Conversation<'_>,
        head: &Head,
        held: &Held,
        covers: &[MessageId],
        how: Settled,
    ) -> Result<Worked, Stop> {
        let turn = head.turn.as_ref().map(|turn| turn.key);
        let parked = how == Settled::Parked;
        let write = HeadWrite::Settle {
            held: held.clone(),
            turn,
            covers: covers.to_vec(),
            done: if parked { head.done.clone() } else { head.done_after(covers).0 },
            last_turn: turn.filter(|_| !parked).map_or(head.last_turn, |turn| turn.number),
        };
        let head = self.write(conversation, &write).await?.map_err(|_| Stop::Lost)?;
        Ok(Worked { head, kept: Kept::AsSeen })
    }

    /// Gives messages up: they are no longer pending, and their deliveries go to the dead letters.
    pub(crate) async fn park(
        &self,
        conversation: &Conversation<'_>,
        head: &Head,
        held: &Held,
        covers: &[MessageId],
        reason: ParkReason,
    ) -> Result<Worked, Stop> {
        let worked = self.settle(conversation, head, held, covers, Settled::Parked).await?;
        self.count(Metric::Parked, covers.len());
        tracing::error!(
            log_id = conversation.log_id,
            ?reason,
            messages = covers.len(),
            "messages given up; they go to the dead letters"
        );
        for id in covers {
            self.store.mark(conversation.key, id, RowState::Parked(self.clock.now())).await?;
        }
        Ok(worked)
    }

    /// Gives the conversation back after a failed attempt, so that the next one need not wait for the lease to end.
    pub(crate) async fn give_back(&self, conversation: &Conversation<'_>, held: &Held) -> Result<Worked, Stop> {
        let write = HeadWrite::Release { held: held.clone() };
        let head = self.write(conversation, &write).await?.map_err(|_| Stop::Lost)?;
        Ok(Worked { head, kept: Kept::Failed })
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
