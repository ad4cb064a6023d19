//! What is left to be said of an answer that has been begun.

use conversation::resumed::after;
use conversation::shape::shape;
use store::{Aftermath, TurnRow};

use crate::Responder;
use crate::attend::{Stop, Worked};
use crate::begin::Said;
use crate::draft::Draft;
use crate::ended::{End, Messages};
use crate::send::sent;
use crate::settle::Settled;
use crate::turn::Claimed;
use crate::words::Words;

impl Responder {
    /// The draft without the words with which it was begun: in this run, which `said` them, or in one before it that the AI was
    /// asked to go on from, and repeats all the same. All of it together fits in the parts of one reply. An answer that is about
    /// something newer, too, is another one.
    pub(crate) fn without_what_was_said(&self, draft: Draft, said: &Said, claimed: Claimed<'_>) -> Draft {
        let Draft::Say(mut words) = draft else { return draft };
        // Where the AI's words may not be read after all, or another line stands for them, that follows as it is.
        let Some((text, place)) = words.spoken.take() else { return Draft::Say(words) };
        let text = text.as_str();
        let earlier = claimed.history.begun().filter(|begun| claimed.agenda.is_only_about(begun));
        let (rest, turns) = match earlier {
            _ if !said.rows.is_empty() => (text.strip_prefix(&said.text), said.rows.len()),
            Some(begun) => (Some(after(begun.reply.as_str(), text).unwrap_or(text)), begun.turns),
            None => (None, 0),
        };
        let Some(rest) = rest else { return Draft::Say(words) };
        let way = self.way_of(claimed);
        let parts = shape(rest, self.assistant.limits.reply_parts.saturating_sub(turns).max(1));
        // The whole was looked at before: if nothing is left of the rest by itself, everything was said.
        let rest = self.passed(&parts, way).unwrap_or_default();
        words.reply.splice(..place, way.carries(rest));
        if words.reply.is_empty() { Draft::Said(words) } else { Draft::Say(words) }
    }

    /// Ends a turn of which everything has been said: its messages are over, the user has had a turn, and the past and Braze know
    /// what it was about.
    pub(crate) async fn said_already(&self, claimed: Claimed<'_>, words: Words) -> Result<Worked, Stop> {
        let Claimed { conversation, head, held, agenda, .. } = claimed;
        let (kind, cost) = (words.kind, words.cost);
        let row = self.row(claimed, words);
        let spent = cost.on_top_of(head.spent, row.at);
        self.store.put_turn(conversation.key, &row, self.clock.now()).await?;
        let how = Settled::Silent { turn: row.key.number, aftermath: Some(Aftermath::Spent(spent)) };
        let worked = self.settle(conversation, head, held, &agenda.covers, how).await?;
        self.tell_end(conversation, &Messages::of(agenda), End::Sent(kind));
        self.meter.count(sent(kind), 1);
        let unwritten = self.as_it_is_now(row.unwritten.clone(), &worked.head);
        self.record_row(conversation, &TurnRow { unwritten, ..row }).await;
        Ok(worked)
    }
}
