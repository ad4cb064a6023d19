//! Sending a committed turn part by part, and finishing one that a dead run left behind.

use std::time::Duration;

use braze::{Outcome, Refusal};
use conversation::decide::{ParkReason, STALE_AFTER};
use models::{Part, Reply, ReplyId, Timestamp};
use platform::metrics::Metric;
use store::{Head, HeadWrite, Held, OpenTurn, Owner, SendState, TurnRow};

use crate::attend::{Conversation, Stop, Worked};
use crate::keep::{self, Kept};
use crate::settle::Settled;
use crate::{RECORD_WITHIN, Responder, SEND_WITHIN};

/// How long to wait before a copy is sent: an answer that is only late may still be seen in the logs before it.
const BEFORE_A_COPY: Duration = Duration::from_secs(1);

/// What to do about the current part next.
enum Next {
    /// The head changed; look at it again.
    Go(Head),
    /// The turn is over.
    Over(Worked),
}

impl Responder {
    /// Finishes a turn that was committed by a run before us: never asked anew.
    pub(crate) async fn finish(
        &self,
        conversation: &Conversation<'_>,
        head: &Head,
        held: &Held,
    ) -> Result<Worked, Stop> {
        let turn = open(head)?;
        let Some(row) = self.store.turn(conversation.key, turn.key).await? else {
            return self.park(conversation, head, held, &turn.covers, ParkReason::Attempts).await;
        };
        if turn.state == SendState::Ready && self.clock.now().since(head.last_inbound) >= STALE_AFTER {
            return self.park(conversation, head, held, &turn.covers, ParkReason::Stale).await;
        }
        if turn.state == SendState::Sending {
            self.meter.count(Metric::UnknownSend, 1);
        }
        match self.again(conversation, head, held).await? {
            Next::Go(head) => self.deliver(conversation, head, held, &row).await,
            Next::Over(worked) => Ok(worked),
        }
    }

    /// Sends the current part and all after it. The head says that the current part is being sent; nothing stands between
    /// a send and writing down what became of it.
    pub(crate) async fn deliver(
        &self,
        conversation: &Conversation<'_>,
        mut head: Head,
        held: &Held,
        row: &TurnRow,
    ) -> Result<Worked, Stop> {
        loop {
            let turn = open(&head)?;
            let Some(part) = row.reply.get(turn.part as usize - 1) else {
                return self.settle(conversation, &head, held, &turn.covers, Settled::Answered).await;
            };
            let left = conversation.deadline.left(self.clock.now(), RECORD_WITHIN);
            let next = if left < SEND_WITHIN {
                self.put_back(conversation, turn, held, self.clock.now()).await?
            } else {
                let outcome = self.messaging.send(&reply(row, turn, part), SEND_WITHIN).await;
                self.record(conversation, &head, held, outcome).await?
            };
            match next {
                Next::Go(next) => head = next,
                Next::Over(worked) => return Ok(worked),
            }
        }
    }

    async fn record(
        &self,
        conversation: &Conversation<'_>,
        head: &Head,
        held: &Held,
        outcome: Outcome,
    ) -> Result<Next, Stop> {
        let turn = open(head)?;
        match outcome {
            Outcome::Accepted { remarks, dispatch_id } => {
                let next = self.accepted(conversation, head, held).await;
                tracing::info!(turn = turn.key.number, part = turn.part, dispatch_id, remarks, "accepted by Braze");
                next
            }
            Outcome::NotAccepted(refusal) => self.refused(conversation, head, held, refusal).await,
            Outcome::Unknown(reason) => {
                self.meter.count(Metric::UnknownSend, 1);
                tracing::error!(
                    turn = turn.key.number,
                    part = turn.part,
                    reason,
                    "nobody knows whether Braze accepted"
                );
                tokio::time::sleep(BEFORE_A_COPY).await;
                self.again(conversation, head, held).await
            }
        }
    }

    async fn accepted(&self, conversation: &Conversation<'_>, head: &Head, held: &Held) -> Result<Next, Stop> {
        let turn = open(head)?;
        if turn.part >= turn.parts {
            let worked = self.settle(conversation, head, held, &turn.covers, Settled::Answered).await?;
            self.meter.count(Metric::Answered, 1);
            return Ok(Next::Over(worked));
        }
        let write = HeadWrite::NextPart { held: held.clone(), turn: turn.key, part: turn.part };
        self.step(conversation, head, held, &write).await
    }

    async fn refused(
        &self,
        conversation: &Conversation<'_>,
        head: &Head,
        held: &Held,
        refusal: Refusal,
    ) -> Result<Next, Stop> {
        let turn = open(head)?;
        let now = self.clock.now();
        tracing::warn!(turn = turn.key.number, part = turn.part, ?refusal, "not accepted by Braze");
        let retry_at = match refusal {
            Refusal::RateLimited(reset) => keep::retry_at(reset, now),
            Refusal::Unavailable | Refusal::Unauthorized => now + keep::unavailable_for(head.attempts),
            // What the user has read of it already stands; asking for it anew would repeat that.
            Refusal::Rejected(_) if turn.part > 1 => {
                return Ok(Next::Over(self.settle(conversation, head, held, &turn.covers, Settled::Answered).await?));
            }
            Refusal::Rejected(_) => {
                let parked = self.park(conversation, head, held, &turn.covers, ParkReason::Rejected).await?;
                return Ok(Next::Over(parked));
            }
        };
        self.meter.count(Metric::SendDelayed, 1);
        self.put_back(conversation, turn, held, retry_at).await
    }

    /// Begins one more copy of the current part, if one may be risked; otherwise the turn is flagged and over.
    async fn again(&self, conversation: &Conversation<'_>, head: &Head, held: &Held) -> Result<Next, Stop> {
        let turn = open(head)?;
        if turn.copies < self.on_unknown.most_copies() {
            let write = HeadWrite::SendAgain { held: held.clone(), turn: turn.key, copies: turn.copies };
            return self.step(conversation, head, held, &write).await;
        }
        tracing::error!(
            turn = turn.key.number,
            part = turn.part,
            copies = turn.copies,
            "flagged: perhaps not delivered"
        );
        Ok(Next::Over(self.settle(conversation, head, held, &turn.covers, Settled::Answered).await?))
    }

    /// Notes that no copy of the current part is out, and frees the conversation until `retry_at`.
    async fn put_back(
        &self,
        conversation: &Conversation<'_>,
        turn: &OpenTurn,
        held: &Held,
        retry_at: Timestamp,
    ) -> Result<Next, Stop> {
        let write =
            HeadWrite::PutBack { held: held.clone(), turn: turn.key, part: turn.part, copies: turn.copies, retry_at };
        let head = self.write(conversation, &write).await?.map_err(|_| Stop::Lost)?;
        Ok(Next::Over(Worked { head, kept: Kept::AsSeen, parked: Vec::new() }))
    }

    /// Writes a step that begins a send. If a person has taken over meanwhile, the rest of the turn is dropped.
    async fn step(
        &self,
        conversation: &Conversation<'_>,
        head: &Head,
        held: &Held,
        write: &HeadWrite,
    ) -> Result<Next, Stop> {
        match self.write(conversation, write).await? {
            Ok(head) => Ok(Next::Go(head)),
            Err(Some(found)) if found.owner == Owner::Person => {
                let covers = &open(head)?.covers;
                Ok(Next::Over(self.settle(conversation, &found, held, covers, Settled::Answered).await?))
            }
            Err(_) => Err(Stop::Lost),
        }
    }
}

fn open(head: &Head) -> Result<&OpenTurn, Stop> {
    head.turn.as_ref().ok_or(Stop::Lost)
}

fn reply(row: &TurnRow, turn: &OpenTurn, part: &Part) -> Reply {
    let first = turn.covers.first().map_or_else(|| models::MessageId::stored(""), Clone::clone);
    Reply {
        to: row.to.clone(),
        id: ReplyId::new(&first, turn.part),
        text: part.clone(),
        part: turn.part,
        parts: turn.parts,
    }
}
