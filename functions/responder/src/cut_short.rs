//! Turns that end before all of them was said, as far as is known: given up, cut, flagged, or taken back.

use std::time::Duration;

use conversation::decide::ParkReason;
use desk::NotSent;
use models::Attributes;
use platform::metrics::Metric;
use store::{Head, OpenTurn, SendState, TurnKind, TurnRow};

use crate::Responder;
use crate::attend::{Stop, Worked};
use crate::ended::{End, Messages};
use crate::send::{Outgoing, open};
use crate::settle::Settled;

impl Responder {
    /// Gives a turn up of which no further part can be sent. What the user may have read of it stands, and asking for it
    /// anew would repeat that; if nothing was read, its messages are parked.
    pub(crate) async fn give_up(&self, out: Outgoing<'_>, head: &Head, reason: ParkReason) -> Result<Worked, Stop> {
        let turn = open(head)?;
        let not_sent = match reason {
            ParkReason::Stale => NotSent::TooLate,
            ParkReason::Rejected | ParkReason::Attempts | ParkReason::DeskRefused => NotSent::Refused,
        };
        match self.ends_after(out, turn, not_sent).await {
            // A person gets to know what the user wants, whether or not the user could be told so.
            0 if !out.row.kind.settles() => self.cut(out, head, 0).await,
            0 => self.park(out.conversation, head, out.held, &turn.covers, reason, &out.row.log_ids).await,
            read => self.cut(out, head, read).await,
        }
    }

    /// Tells whoever wrote it that no further part of a turn is sent; how many parts the user may have read.
    async fn ends_after(&self, out: Outgoing<'_>, turn: &OpenTurn, not_sent: NotSent) -> u32 {
        // The copy that was just refused is not out; one before it may have arrived.
        let refused = u32::from(turn.state == SendState::Sending);
        let is_uncertain = turn.copies > refused;
        self.ends_unsent(out, turn, if is_uncertain { NotSent::Uncertain } else { not_sent }).await;
        turn.part - 1 + u32::from(is_uncertain)
    }

    /// Ends a turn of which only the first `read` parts count: the history keeps no more than those.
    pub(crate) async fn cut(&self, out: Outgoing<'_>, head: &Head, read: u32) -> Result<Worked, Stop> {
        // Whoever has outlived its time may have lost the turn to somebody who has said all of it since.
        if out.conversation.deadline.left(self.clock.now(), Duration::ZERO).is_zero() {
            return Err(Stop::Lost);
        }
        let told = out.row.reply.iter().take(read as usize).cloned().collect();
        let row = in_doubt(out.row, open(head)?).unwrap_or_else(|| out.row.clone());
        let mut row = TurnRow { reply: told, ..row };
        if read == 0 {
            // Nothing is to be known from what was not said; but who owns the conversation, and what it owed before.
            row.unwritten = row.unwritten.beside(&row.attributes);
            if matches!(row.kind, TurnKind::HandOff(_)) {
                row.unwritten.merge(self.who_owns(true, self.clock.now()));
            }
            (row.attributes, row.events) = (Attributes::default(), vec![]);
        }
        self.store.put_turn(out.conversation.key, &row, self.clock.now()).await?;
        self.meter.count(Metric::Cut, 1);
        let (log_id, log_ids, parts) = (out.conversation.log_id, out.row.log_ids.join(" "), out.row.reply.len());
        tracing::error!(log_id, log_ids, read, parts, "the rest of a reply is dropped");
        self.over(out, head, End::Cut).await
    }

    /// Ends a turn that was drafted for an open window and can no longer reach the user. As long as nothing of it was read it
    /// is taken back: what it is about is looked at anew, and may be said by a template.
    pub(crate) async fn shut_out(&self, out: Outgoing<'_>, head: &Head) -> Result<Worked, Stop> {
        let turn = open(head)?;
        let is_unread = turn.part == 1 && turn.copies == 0;
        if is_unread && out.row.kind.settles() {
            return self.say_no_more(out, head, 0).await;
        }
        let read = self.ends_after(out, turn, NotSent::WindowClosed).await;
        self.cut(out, head, read).await
    }

    /// Ends a turn that somebody decided against since it was drafted: the first `read` parts stand. If there are none, what it
    /// is about is looked at anew.
    pub(crate) async fn say_no_more(&self, out: Outgoing<'_>, head: &Head, read: u32) -> Result<Worked, Stop> {
        if read > 0 {
            return self.cut(out, head, read).await;
        }
        let worked = self.settle(out.conversation, head, out.held, &[], Settled::Withdrawn).await?;
        self.tell_end(out.conversation, &Messages::of_row(out.row), End::Withdrawn);
        Ok(worked)
    }

    /// Ends a turn of which nobody knows whether its current part arrived, and of which no further copy may be risked.
    pub(crate) async fn flag(&self, out: Outgoing<'_>, head: &Head) -> Result<Worked, Stop> {
        let turn = open(head)?;
        self.ends_unsent(out, turn, NotSent::Uncertain).await;
        self.meter.count(Metric::Flagged, 1);
        let (log_id, log_ids) = (out.conversation.log_id, out.row.log_ids.join(" "));
        tracing::error!(log_id, log_ids, part = turn.part, copies = turn.copies, "flagged: perhaps not delivered");
        let worked = self.over(out, head, End::Flagged).await?;
        if let Some(row) = in_doubt(out.row, turn)
            && let Err(error) = self.store.put_turn(out.conversation.key, &row, self.clock.now()).await
        {
            tracing::warn!(log_id, %error, "what the profile may not say is not written once more");
        }
        Ok(worked)
    }
}

/// The row of a turn that ends where nobody knows whether its first part arrived: nor does anybody of what went along with
/// that, which the next run writes once more. `None` where that is not in doubt.
fn in_doubt(row: &TurnRow, turn: &OpenTurn) -> Option<TurnRow> {
    (turn.part == 1 && !row.attributes.is_empty()).then(|| apart(row))
}

/// The row of a turn whose attributes have yet to be written, beside what else it owes the profile.
pub(crate) fn apart(row: &TurnRow) -> TurnRow {
    let mut unwritten = row.unwritten.clone();
    unwritten.merge(row.attributes.clone());
    TurnRow { unwritten, ..row.clone() }
}
