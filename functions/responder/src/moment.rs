//! Telling a user that the answer takes a moment, while the AI is still asked.

use std::time::Duration;

use braze::Outcome;
use models::Author;
use models::assistant::BotText;
use platform::metrics::Metric;
use store::{Head, Owner, TurnKind, TurnRow};

use crate::attend::{Conversation, Stop};
use crate::send::reply;
use crate::settle::Settled;
use crate::turn::{Claimed, Committed};
use crate::words::Words;
use crate::{RECORD_WITHIN, Responder, SEND_WITHIN};

impl Responder {
    /// Says it as a turn of its own, once and without a second copy whatever becomes of it; the conversation stays ours.
    pub(crate) async fn say_a_moment(&self, claimed: Claimed<'_>) -> Result<Option<Head>, Stop> {
        let Claimed { conversation, head, held, history, agenda, .. } = claimed;
        let Some(newest) = agenda.open.last() else { return Ok(None) };
        // The answer needs as much once more.
        if self.has_less_left(conversation, 2 * SEND_WITHIN) {
            return Ok(None);
        }
        let line = self.line(BotText::Moment, self.language(newest, &agenda.said, history).as_deref());
        let line = self.way_of(claimed).carries(line);
        let words = Words::plain(TurnKind::Moment, line, newest.identity.clone());
        let words = Words { attributes: self.welcome(&words.to, words.kind, head, history), ..words };
        let row = self.subscribe_first(conversation, self.row(claimed, words)).await;
        // Whatever was written meanwhile may be a wish to hear nothing more: then it is the answer's to look at.
        let Committed::Begun(head) = self.commit(conversation, head, held, &row, head.spent, true).await? else {
            return Ok(None);
        };
        // A machine that stood still may have no time left for it.
        if !self.has_less_left(conversation, SEND_WITHIN) {
            self.send_once(conversation, &row).await;
        }
        Ok(Some(self.settle(conversation, &head, held, &[], Settled::GoesOn).await?.head))
    }

    pub(crate) fn has_less_left(&self, conversation: &Conversation<'_>, time: Duration) -> bool {
        conversation.deadline.left(self.clock.now(), RECORD_WITHIN) < time
    }

    async fn send_once(&self, conversation: &Conversation<'_>, row: &TurnRow) {
        let Some(line) = row.reply.first() else { return };
        let (log_id, log_ids) = (conversation.log_id, row.log_ids.join(" "));
        match self.messaging.send(&reply(row, (1, 1), line), SEND_WITHIN).await {
            Outcome::Accepted { dispatch_id, .. } => {
                tracing::info!(log_id, log_ids, dispatch_id, "told that it takes a moment");
            }
            Outcome::NotAccepted(refusal) => {
                tracing::warn!(log_id, log_ids, ?refusal, "not told that it takes a moment");
            }
            Outcome::Unknown(reason) => {
                self.meter.count(Metric::UnknownSend, 1);
                tracing::warn!(log_id, log_ids, reason, "perhaps not told that it takes a moment");
            }
        }
    }
}

impl Claimed<'_> {
    /// Whether what takes long can only be an answer to the user.
    pub(crate) fn may_take_a_moment(&self) -> bool {
        self.agenda.author() == Author::User && self.head.owner == Owner::Bot && !self.head.opted_out
    }
}
