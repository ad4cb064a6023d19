//! Sending a committed turn part by part, and finishing one that a dead run left behind.

use std::borrow::Cow;
use std::time::Duration;

use braze::{Outcome, Refusal};
use conversation::decide::{ParkReason, STALE_AFTER};
use models::{Attributes, MessageId, Reply, ReplyId, Timestamp, Utterance};
use platform::metrics::Metric;
use store::{Head, HeadWrite, Held, OpenTurn, Owner, SendState, StoreError, TurnKind, TurnRow, Voice};

use crate::attend::{Conversation, Stop, Worked};
use crate::cut_short::apart;
use crate::ended::{End, Messages};
use crate::keep::{self, Kept};
use crate::settle::Settled;
use crate::{RECORD_WITHIN, Responder, SEND_WITHIN};

/// How long to wait before a copy is sent: an answer that is only late may still be seen in the logs before it.
pub(crate) const BEFORE_A_COPY: Duration = Duration::from_secs(1);

/// The attempt that gives up a turn whose row this version cannot read. A newer one may finish it that is being deployed, or comes
/// back: it has some eight minutes. Then the messages go to the dead letters, and the conversation is no longer silent.
const UNREAD_UNTIL: u32 = 9;

/// A committed turn on its way out.
#[derive(Clone, Copy)]
pub(crate) struct Outgoing<'a> {
    pub(crate) conversation: &'a Conversation<'a>,
    pub(crate) held: &'a Held,
    pub(crate) row: &'a TurnRow,
}

/// What to do about the current part next.
pub(crate) enum Next {
    /// The head changed; look at it again.
    Go(Head),
    /// The turn is over.
    Over(Worked),
}

impl Responder {
    /// Finishes a turn that was committed by a run before us: never asked anew. Goes on where it was a line beside what is
    /// still to be answered.
    pub(crate) async fn finish(&self, conversation: &Conversation<'_>, head: &Head, held: &Held) -> Result<Next, Stop> {
        let turn = open(head)?;
        let row = match self.store.turn(conversation.key, turn.key).await {
            Err(StoreError::Malformed { .. }) => {
                self.meter.count(Metric::RowSkipped, 1);
                let (log_id, attempts) = (conversation.log_id, head.attempts);
                tracing::error!(log_id, attempts, "this version cannot read what is on its way; another one may");
                if head.attempts < UNREAD_UNTIL {
                    return Ok(Next::Over(self.give_back(conversation, held).await?));
                }
                None
            }
            row => row?,
        };
        let Some(row) = row else {
            // Whatever was drafted is gone, and with it the ids of its messages.
            return Ok(Next::Over(self.park(conversation, head, held, &turn.covers, ParkReason::Attempts, &[]).await?));
        };
        let out = Outgoing { conversation, held, row: &row };
        if turn.state == SendState::Ready && self.is_stale(&row) {
            return Ok(Next::Over(self.give_up(out, head, ParkReason::Stale).await?));
        }
        if turn.state == SendState::Ready && self.is_shut_out(&row, head) {
            return Ok(Next::Over(self.shut_out(out, head).await?));
        }
        if turn.state == SendState::Sending {
            self.meter.count(Metric::UnknownSend, 1);
        }
        if row.kind == TurnKind::Begun {
            return Ok(Next::Go(Box::pin(self.finish_beginning(out, head)).await?));
        }
        if row.kind == TurnKind::Moment {
            // Whether it was read or not: it is not worth a second copy.
            return Ok(Next::Go(self.settle(conversation, head, held, &[], Settled::GoesOn).await?.head));
        }
        if self.wants_silence(conversation, head, &row).await? {
            return Ok(Next::Over(match turn.state {
                SendState::Ready => self.say_no_more(out, head, read(turn)).await?,
                SendState::Sending => self.flag(out, head).await?,
            }));
        }
        match self.again(out, head).await? {
            Next::Go(head) => Ok(Next::Over(self.deliver(out, head).await?)),
            over @ Next::Over(_) => Ok(over),
        }
    }

    /// Sends the current part and all after it. The head says that the current part is being sent; nothing stands between
    /// a send and writing down what became of it, but what would be lost with this run.
    pub(crate) async fn deliver(&self, out: Outgoing<'_>, mut head: Head) -> Result<Worked, Stop> {
        let (all, mut row) = (out, Cow::Borrowed(out.row));
        loop {
            let out = Outgoing { row: &row, ..all };
            let turn = open(&head)?;
            let Some(part) = out.row.reply.get(turn.part as usize - 1) else {
                return self.over(out, &head, End::Sent(out.row.kind)).await;
            };
            let left = out.conversation.deadline.left(self.clock.now(), RECORD_WITHIN);
            let next = if left < SEND_WITHIN {
                self.put_back(out, turn, self.clock.now()).await?
            } else {
                let outcome = self.messaging.send(&reply(out.row, (turn.part, turn.parts), part), SEND_WITHIN).await;
                if matches!(outcome, Outcome::Accepted { left_out: true, .. }) {
                    row = Cow::Owned(self.left_out(out).await);
                }
                self.record(Outgoing { row: &row, ..all }, &head, outcome).await?
            };
            match next {
                Next::Go(next) => head = next,
                Next::Over(worked) => return Ok(worked),
            }
        }
    }

    /// The row of a turn with whose reply Braze would write nothing: that is tried once more by a call of its own, whoever
    /// says the rest of the reply.
    async fn left_out(&self, out: Outgoing<'_>) -> TurnRow {
        self.meter.count(Metric::ProfileFailed, 1);
        let groups: Vec<_> = out.row.attributes.groups().map(|(group, _)| group.as_str()).collect();
        let (log_id, log_ids, groups) = (out.conversation.log_id, out.row.log_ids.join(" "), groups.join(" "));
        tracing::error!(log_id, log_ids, groups, "Braze refuses what a reply writes to the profile; it went without");
        let row = apart(out.row);
        // Nothing of this may take the time in which it is to be written down that the part was accepted.
        let left = out.conversation.deadline.left(self.clock.now(), RECORD_WITHIN);
        let putting = self.store.put_turn(out.conversation.key, &row, self.clock.now());
        if !matches!(tokio::time::timeout(left, putting).await, Ok(Ok(()))) {
            tracing::warn!(log_id, "what a reply went without is known to this run alone");
        }
        row
    }

    async fn record(&self, out: Outgoing<'_>, head: &Head, outcome: Outcome) -> Result<Next, Stop> {
        let (part, log_id, log_ids) = (open(head)?.part, out.conversation.log_id, out.row.log_ids.join(" "));
        match outcome {
            Outcome::Accepted { remarks, dispatch_id, .. } => {
                let next = self.accepted(out, head).await;
                tracing::info!(log_id, log_ids, part, dispatch_id, remarks, "accepted by Braze");
                next
            }
            Outcome::NotAccepted(refusal) => {
                tracing::warn!(log_id, log_ids, part, ?refusal, "not accepted by Braze");
                self.refused(out, head, refusal).await
            }
            Outcome::Unknown(reason) => {
                self.meter.count(Metric::UnknownSend, 1);
                tracing::error!(log_id, log_ids, part, reason, "nobody knows whether Braze accepted");
                tokio::time::sleep(BEFORE_A_COPY).await;
                self.again(out, head).await
            }
        }
    }

    async fn accepted(&self, out: Outgoing<'_>, head: &Head) -> Result<Next, Stop> {
        let turn = open(head)?;
        if turn.part >= turn.parts {
            let worked = self.over(out, head, End::Sent(out.row.kind)).await?;
            self.meter.count(sent(out.row.kind), 1);
            // What Braze is to know beside the reply, once nothing hangs on it any more. A run before may have drafted it.
            let unwritten = self.as_it_is_now(out.row.unwritten.clone(), &worked.head);
            self.record_row(out.conversation, &TurnRow { unwritten, ..out.row.clone() }).await;
            return Ok(Next::Over(worked));
        }
        let (held, voice) = (out.held.clone(), turn.voice);
        let write = HeadWrite::NextPart { held, turn: turn.key, voice, part: turn.part };
        self.step(out, &write, turn.part).await
    }

    /// Whether what `row` writes to the profile has to be written by a call of its own.
    pub(crate) fn goes_apart(&self, row: &TurnRow) -> bool {
        let carries = |first: &Utterance| self.messaging.carries(&row.attributes, first.campaign.as_ref());
        !row.attributes.is_empty() && !row.reply.first().is_some_and(carries)
    }

    async fn refused(&self, out: Outgoing<'_>, head: &Head, refusal: Refusal) -> Result<Next, Stop> {
        let now = self.clock.now();
        let retry_at = match refusal {
            Refusal::RateLimited(reset) => keep::retry_at(reset, head.attempts, now),
            Refusal::Unavailable | Refusal::Unauthorized => now + keep::unavailable_for(head.attempts),
            // As where there was too little time to begin with.
            Refusal::OutOfTime => return self.put_back(out, open(head)?, now).await,
            Refusal::Rejected(_) | Refusal::Unsupported => {
                return Ok(Next::Over(self.give_up(out, head, ParkReason::Rejected).await?));
            }
        };
        self.meter.count(Metric::SendDelayed, 1);
        self.put_back(out, open(head)?, retry_at).await
    }

    /// Begins one more copy of the current part, if one may be risked and still be read; otherwise the turn is flagged and
    /// over.
    async fn again(&self, out: Outgoing<'_>, head: &Head) -> Result<Next, Stop> {
        let turn = open(head)?;
        let is_too_late = self.is_stale(out.row) || self.is_shut_out(out.row, head);
        if turn.copies < self.on_unknown.most_copies() && !is_too_late {
            let (held, voice) = (out.held.clone(), turn.voice);
            let write = HeadWrite::SendAgain { held, turn: turn.key, voice, copies: turn.copies };
            return self.step(out, &write, read(turn)).await;
        }
        Ok(Next::Over(self.flag(out, head).await?))
    }

    /// Writes a step that begins a send. If a person has taken over meanwhile, the rest of the turn is dropped, and the
    /// first `read` parts stand.
    async fn step(&self, out: Outgoing<'_>, write: &HeadWrite, read: u32) -> Result<Next, Stop> {
        match self.write(out.conversation, write).await? {
            Ok(head) => Ok(Next::Go(head)),
            // Who has lost the claim has lost the turn too: what stands there now is somebody else's.
            Err(Some(found)) if !found.is_held(out.held) => Err(Stop::Lost),
            Err(Some(found)) if found.owner == Owner::Person && out.row.kind.voice() == Voice::Bot => {
                // If nothing was read, the messages are that person's to answer.
                Ok(Next::Over(self.say_no_more(out, &found, read).await?))
            }
            Err(_) => Err(Stop::Lost),
        }
    }

    /// Notes that no copy of the current part is out, and frees the conversation until `retry_at`.
    async fn put_back(&self, out: Outgoing<'_>, turn: &OpenTurn, retry_at: Timestamp) -> Result<Next, Stop> {
        let write = HeadWrite::PutBack {
            held: out.held.clone(),
            turn: turn.key,
            part: turn.part,
            copies: turn.copies,
            retry_at,
        };
        let head = self.write(out.conversation, &write).await?.map_err(|_| Stop::Lost)?;
        Ok(Next::Over(Worked::freed(head, Kept::AsSeen)))
    }

    pub(crate) async fn over(&self, out: Outgoing<'_>, head: &Head, end: End) -> Result<Worked, Stop> {
        let how = Settled::Answered(out.row.kind);
        let worked = self.settle(out.conversation, head, out.held, &open(head)?.covers, how).await?;
        self.tell_end(out.conversation, &Messages::of_row(out.row), end);
        Ok(worked)
    }

    pub(crate) fn is_stale(&self, row: &TurnRow) -> bool {
        let newest = row.said.iter().map(|said| said.arrival).max().unwrap_or(row.at);
        self.clock.now().since(newest) >= STALE_AFTER
    }
}

/// How many parts the user may have read.
fn read(turn: &OpenTurn) -> u32 {
    turn.part - 1 + u32::from(turn.copies > 0)
}

pub(crate) fn open(head: &Head) -> Result<&OpenTurn, Stop> {
    head.turn.as_ref().ok_or(Stop::Lost)
}

/// What is counted when a turn was sent.
pub(crate) fn sent(kind: TurnKind) -> Metric {
    match kind {
        TurnKind::HandOff(_) => Metric::HandedOff,
        TurnKind::Agent => Metric::AgentAnswered,
        TurnKind::Answer
        | TurnKind::OptIn
        | TurnKind::Forwarded
        | TurnKind::DeskDown
        | TurnKind::Moment
        | TurnKind::Begun
        | TurnKind::Heeded
        | TurnKind::Waiting(_) => Metric::Answered,
    }
}

/// One part of a turn as Braze is to send it.
pub(crate) fn reply(row: &TurnRow, (part, parts): (u32, u32), said: &Utterance) -> Reply {
    let first = row.covers.first().map_or_else(|| MessageId::stored(""), Clone::clone);
    // Such a message is answered later on: the two must not share a name.
    let id = match row.kind {
        TurnKind::HandOff(_) => ReplyId::besides(&first, "hand-off", part),
        TurnKind::DeskDown => ReplyId::besides(&first, "desk-down", part),
        TurnKind::Moment => ReplyId::besides(&first, "moment", part),
        // There may be several.
        TurnKind::Begun => ReplyId::besides(&first, "begun", u32::try_from(row.key.number).unwrap_or(u32::MAX)),
        _ => ReplyId::new(&first, part),
    };
    Reply {
        to: row.to.clone(),
        id,
        content: said.content.clone(),
        campaign: said.campaign.clone(),
        // One call is enough to write them, and the first one is the first to arrive.
        attributes: if part == 1 { row.attributes.clone() } else { Attributes::default() },
        part,
        parts,
    }
}
