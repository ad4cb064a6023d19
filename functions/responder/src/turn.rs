//! One turn of a claimed conversation: decide, ask, draft, commit; then it is sent.

use std::borrow::Cow;
use std::time::Duration;

use conversation::decide::OptWish;
use futures::future;
use models::{Attributes, MessageId, Spent, Timestamp};
use store::{Head, HeadWrite, Held, Owner, RowState, TurnKey, TurnRow, Voice};

use crate::Responder;
use crate::agenda::Agenda;
use crate::attend::{Conversation, Stop, Worked};
use crate::draft::{Counts, Draft, Drafted};
use crate::ended::{End, Messages};
use crate::heed::Left;
use crate::history::{History, is_whole};
use crate::keep::Kept;
use crate::send::{Next, Outgoing};
use crate::settle::Settled;
use crate::words::Words;

/// Who sent a turn records its events at once. Later than this nobody does any more, and the next run may.
const RECORDED_BY: Duration = Duration::from_mins(2);

/// A claimed conversation, and what this run knows of it.
#[derive(Clone, Copy)]
pub(crate) struct Claimed<'a> {
    pub(crate) conversation: &'a Conversation<'a>,
    pub(crate) head: &'a Head,
    pub(crate) held: &'a Held,
    pub(crate) history: &'a History,
    pub(crate) agenda: &'a Agenda,
    /// When it began to be answered: whatever is said in the turn goes the way of that moment.
    pub(crate) began: Timestamp,
}

impl Responder {
    /// Does what a claimed conversation needs: finishes the turn a dead run left behind, or makes the next one. `rows` are
    /// the newest turns, if they were read already.
    pub(crate) async fn work(
        &self,
        conversation: &Conversation<'_>,
        head: &Head,
        held: Held,
        rows: Option<Vec<TurnRow>>,
    ) -> Result<Worked, Stop> {
        let mut head = head.clone();
        if head.turn.is_some() {
            head = match self.finish(conversation, &head, &held).await? {
                Next::Go(head) => head,
                Next::Over(worked) => return Ok(worked),
            };
        }
        let history = self.history(conversation, &head, rows).await?;
        let worked = self.next_turn(conversation, head, &held, &history).await?;
        // Where people answer or nobody may, no prompt needs it.
        let is_asked = worked.head.owner == Owner::Bot && !worked.head.opted_out;
        let grows_long = worked.kept == Kept::AsSeen && is_asked && self.grows_long(&history);
        Ok(Worked { grows_long, ..worked })
    }

    /// Makes the next turn of a claimed conversation.
    async fn next_turn(
        &self,
        conversation: &Conversation<'_>,
        mut head: Head,
        held: &Held,
        history: &History,
    ) -> Result<Worked, Stop> {
        // Asked at most twice: once more if something newer came while the AI was thinking.
        let (mut answered, mut history) = (None, Cow::Borrowed(history));
        for look_again in [true, false] {
            let agenda = self.agenda(conversation, &head).await?;
            if agenda.covers.is_empty() {
                return self.give_back(conversation, held).await;
            }
            let began = self.clock.now();
            let claimed = Claimed { conversation, head: &head, held, history: &history, agenda: &agenda, began };
            let drafted = self.draft_aloud(claimed, look_again);
            // While the AI thinks: what settling will push out of the head is written down in its row.
            // And Braze is told what it was not told of an earlier turn; no more than one, so that nobody waits for it.
            let leftover = async {
                if let Some(row) = history.unrecorded(self.clock.now() - RECORDED_BY).filter(|_| look_again) {
                    let unwritten = self.as_it_is_now(row.unwritten.clone(), &head);
                    self.record_row(conversation, &TurnRow { unwritten, ..row }).await;
                }
                Ok(())
            };
            let (((Drafted { draft, counts }, said), at), (), ()) =
                future::try_join3(drafted, self.mark_forgotten(conversation, &head, &agenda.covers), leftover).await?;
            let draft = self.without_what_was_said(draft, &said, claimed);
            // What was filed meanwhile is known to the head, and not to the draft.
            let sequence = head.sequence;
            head = said.head.map_or(head, |since| Head { sequence, ..since });
            if !said.rows.is_empty() {
                history = Cow::Owned(history.with_begun(said.rows));
            }
            let history = &*history;
            let (row, spent, counts) = match (draft, answered.take()) {
                (Draft::Say(words), _) => {
                    let spent = words.cost.on_top_of(head.spent, at);
                    let claimed = Claimed { conversation, head: &head, held, history, agenda: &agenda, began };
                    let mut row = TurnRow { at, ..self.row(claimed, *words) };
                    row.unwritten.merge(conversation.unwritten(&row.covers));
                    (row, spent, counts)
                }
                // The first answer took so long that there was no time for a second one: it stands, and what is newer gets
                // a turn of its own.
                (Draft::Failed, Some(earlier)) => earlier,
                (draft, _) => {
                    let claimed = Claimed { conversation, head: &head, held, history, agenda: &agenda, began };
                    // Boxed, as what follows: most turns say something, and it would make the future of every run larger.
                    let done = Box::pin(self.without_words(claimed, draft)).await?;
                    // What was given back is looked at anew.
                    if done.kept != Kept::Failed {
                        self.count_all(&counts);
                    }
                    return Ok(done);
                }
            };
            let row = self.subscribe_first(conversation, row).await;
            match self.commit(conversation, &head, held, &row, spent, true).await? {
                Committed::Begun(head) => {
                    self.count_all(&counts);
                    return self.deliver(Outgoing { conversation, held, row: &row }, head).await;
                }
                Committed::Newer(found) if look_again => (head, answered) = (found, Some((row, spent, counts))),
                Committed::Newer(found) => {
                    let out = Outgoing { conversation, held, row: &row };
                    return Box::pin(self.say_anyway(out, found, spent, &counts)).await;
                }
            }
        }
        Err(Stop::Lost)
    }

    /// Says a draft although something newer came once more, which gets a turn of its own; unless that is the wish to hear
    /// nothing more.
    async fn say_anyway(&self, out: Outgoing<'_>, head: Head, spent: Spent, counts: &Counts) -> Result<Worked, Stop> {
        let Outgoing { conversation, held, row } = out;
        if self.wants_silence(conversation, &head, row).await? {
            return self.give_back(conversation, held).await;
        }
        match self.commit(conversation, &head, held, row, spent, false).await? {
            Committed::Begun(head) => {
                self.count_all(counts);
                self.deliver(out, head).await
            }
            Committed::Newer(_) => Err(Stop::Lost),
        }
    }

    /// Says what does not wait for the user's next words.
    pub(crate) async fn begin(&self, claimed: Claimed<'_>, row: TurnRow) -> Result<Worked, Stop> {
        let Claimed { conversation, head, held, .. } = claimed;
        let row = self.subscribe_first(conversation, row).await;
        match self.commit(conversation, head, held, &row, head.spent, false).await? {
            Committed::Begun(head) => self.deliver(Outgoing { conversation, held, row: &row }, head).await,
            Committed::Newer(_) => Err(Stop::Lost),
        }
    }

    /// Ends a run in which nothing is said to the user.
    async fn without_words(&self, claimed: Claimed<'_>, draft: Draft) -> Result<Worked, Stop> {
        let Claimed { conversation, head, held, history, agenda, .. } = claimed;
        match draft {
            Draft::Silence(cause) => {
                let left = Left { unwritten: conversation.unwritten(&agenda.covers), flow: history.flow() };
                let turn = self.leave(claimed, &agenda.covers, left).await?;
                let silent = Settled::Silent { turn, aftermath: None };
                let worked = self.settle(conversation, head, held, &agenda.covers, silent).await?;
                self.tell_end(conversation, &Messages::of(agenda), End::Silent(cause));
                Ok(worked)
            }
            Draft::Heed(wish) => self.heed(claimed, wish).await,
            Draft::HearAgain => self.remember(claimed, OptWish::In).await,
            Draft::Forward(counted, wish) => self.forward(claimed, &counted, wish).await,
            Draft::NotSent(reason, places) => self.not_sent(claimed, reason, &places).await,
            Draft::TakeBack(at) => self.take_back(conversation, at).await,
            Draft::Park(reason) => self.park(conversation, head, held, &agenda.covers, reason, &agenda.log_ids()).await,
            Draft::Said(words) => self.said_already(claimed, *words).await,
            Draft::Wait(aside) => Box::pin(self.put_aside(claimed, aside)).await,
            Draft::Say(_) | Draft::Failed => self.give_back(conversation, held).await,
        }
    }

    /// The conversation's past. Rows that were read beside the claim may be from before what other runs wrote meanwhile.
    async fn history(
        &self,
        conversation: &Conversation<'_>,
        head: &Head,
        rows: Option<Vec<TurnRow>>,
    ) -> Result<History, Stop> {
        if let Some(rows) = rows.filter(|rows| is_whole(rows, head.epoch)) {
            return Ok(History::new(rows, head.last_turn));
        }
        let rows = self.newest_turns(conversation.key, self.clock.now()).await?;
        Ok(History::new(rows, head.last_turn))
    }

    pub(crate) fn row(&self, claimed: Claimed<'_>, words: Words) -> TurnRow {
        let Claimed { head, held, history, agenda, .. } = claimed;
        let row = TurnRow {
            key: TurnKey { number: head.last_turn + 1, epoch: held.epoch },
            kind: words.kind,
            at: self.clock.now(),
            covers: agenda.covers.clone(),
            log_ids: agenda.log_ids(),
            said: words.said,
            to: words.to,
            reply: words.reply,
            attributes: words.attributes,
            unwritten: Attributes::default(),
            events: words.events,
            route: words.route,
            summary: words.summary,
            flow: words.flow,
            own_line: words.own_line,
            since: agenda.open.iter().map(|message| message.arrival).min(),
            summing: history.recap_to_carry(self.turns_read(), self.clock.now()).into(),
        };
        let apart = || row.attributes.clone().beside(&words.joined_already);
        let unwritten = if self.goes_apart(&row) { apart() } else { Attributes::default() };
        TurnRow { unwritten, ..row }
    }

    /// Marks the rows of the ids that settling `covers` will push out of the head.
    async fn mark_forgotten(
        &self,
        conversation: &Conversation<'_>,
        head: &Head,
        covers: &[MessageId],
    ) -> Result<(), Stop> {
        let (_, forgotten) = head.done_after(covers);
        for id in forgotten {
            self.store.mark(conversation.key, &id, RowState::Done).await?;
        }
        Ok(())
    }

    /// Stores the draft, then commits it and begins the first send in one write.
    pub(crate) async fn commit(
        &self,
        conversation: &Conversation<'_>,
        head: &Head,
        held: &Held,
        row: &TurnRow,
        spent: Spent,
        look_again: bool,
    ) -> Result<Committed, Stop> {
        self.store.put_turn(conversation.key, row, self.clock.now()).await?;
        // What somebody else says does not hang on what the user wrote meanwhile.
        let look_again = look_again && row.kind.voice() == Voice::Bot;
        let write = HeadWrite::Commit {
            held: held.clone(),
            turn: row.key,
            voice: row.kind.voice(),
            parts: u32::try_from(row.reply.len()).unwrap_or(u32::MAX),
            covers: if row.kind.settles() { row.covers.clone() } else { Vec::new() },
            seen: look_again.then_some(head.sequence),
            spent,
        };
        match self.write(conversation, &write).await? {
            Ok(head) => Ok(Committed::Begun(head)),
            // A person who takes over before anything is sent ends the claim; so what is still ours has something newer.
            Err(Some(found)) if found.is_held(held) && found.turn.is_none() => Ok(Committed::Newer(found)),
            Err(_) => Err(Stop::Lost),
        }
    }
}

pub(crate) enum Committed {
    Begun(Head),
    Newer(Head),
}
