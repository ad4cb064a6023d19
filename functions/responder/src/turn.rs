//! One turn of a claimed conversation: decide, ask, draft, commit; then it is sent.

use ai::{Answer, Question};
use conversation::decide::{Decision, ParkReason, Pending, Situation, decide};
use conversation::likeness::Look;
use conversation::prompt::kept_words;
use conversation::shape::shape;
use futures::future;
use models::assistant::BotText;
use models::{Identity, Message, MessageId, Part, Timestamp};
use platform::metrics::Metric;
use store::{Head, HeadWrite, Held, Owner, RowState, Said, TurnKey, TurnRow};

use crate::attend::{Conversation, Stop, Worked};
use crate::history::{History, is_whole, joined, look};
use crate::send::Outgoing;
use crate::settle::Settled;
use crate::{RECORD_WITHIN, Responder, SEND_WITHIN};

/// The messages a turn is about, in the order of filing, and what of them counts.
struct Agenda {
    /// Every message that stops being pending with this turn, the open ones first.
    covers: Vec<MessageId>,
    /// The open ones among them.
    open: Vec<Message>,
    /// What the open ones say, as the assistant keeps it.
    said: Vec<Said>,
}

/// What to say, or that nothing is to be said.
enum Draft {
    Reply { reply: Vec<Part>, said: Vec<Said>, to: Identity, own_line: bool, counts: Counts },
    Silence(Counts),
    Park(ParkReason),
    Failed,
}

/// What is counted when a draft has become more than a draft: a run may make several.
#[derive(Clone, Copy, Default)]
struct Counts {
    duplicates: usize,
    fallbacks: usize,
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
        if head.turn.is_some() {
            return self.finish(conversation, head, &held).await;
        }
        let history = self.history(conversation, head, rows).await?;
        // Asked at most twice: once more if something newer came while the AI was thinking.
        let (mut head, mut answered) = (head.clone(), None);
        for look_again in [true, false] {
            let agenda = self.agenda(conversation, &head).await?;
            let drafted = self.draft(conversation, &head, &history, &agenda);
            // While the AI thinks: what settling will push out of the head is written down in its row.
            let (drafted, ()) =
                future::try_join(drafted, self.mark_forgotten(conversation, &head, &agenda.covers)).await?;
            let (row, counts) = match (drafted, answered.take()) {
                (Draft::Reply { reply, said, to, own_line, counts }, _) => {
                    let (key, at) = (TurnKey { number: head.last_turn + 1, epoch: held.epoch }, self.clock.now());
                    (TurnRow { key, at, covers: agenda.covers, said, to, reply, own_line }, counts)
                }
                (Draft::Silence(counts), _) => {
                    let settled = self.settle(conversation, &head, &held, &agenda.covers, Settled::Silent).await?;
                    self.count_all(counts);
                    return Ok(settled);
                }
                (Draft::Park(reason), _) => return self.park(conversation, &head, &held, &agenda.covers, reason).await,
                // The first answer took so long that there was no time for a second one: it stands, and what is newer gets
                // a turn of its own.
                (Draft::Failed, Some(earlier)) => earlier,
                (Draft::Failed, None) => return self.give_back(conversation, &held).await,
            };
            match self.commit(conversation, &head, &held, &row, look_again).await? {
                Committed::Begun(head) => {
                    self.count_all(counts);
                    return self.deliver(Outgoing { conversation, held: &held, row: &row }, head).await;
                }
                Committed::Newer(found) => (head, answered) = (found, Some((row, counts))),
            }
        }
        Err(Stop::Lost)
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

    /// Reads the rows of what is pending. A row that this run put is known to be open; any other may have been settled and
    /// forgotten by the head before its message came in a second time. One that says it was given up is pending again all
    /// the same: giving up takes it out of the head before its row says so.
    async fn agenda(&self, conversation: &Conversation<'_>, head: &Head) -> Result<Agenda, Stop> {
        let mut covers = head.next_covers();
        let unknown: Vec<_> = covers.iter().filter(|id| !conversation.fresh.contains_key(*id)).cloned().collect();
        let rows = if unknown.is_empty() { vec![] } else { self.store.messages(conversation.key, &unknown).await? };
        let open = rows.into_iter().filter(|row| row.state != RowState::Done).map(|row| row.message);
        let known: Vec<_> = open.chain(conversation.fresh.values().cloned()).collect();
        let open: Vec<_> =
            covers.iter().filter_map(|id| known.iter().find(|message| message.id == *id).cloned()).collect();
        // A reply is named after its first message: that must be one nobody has answered.
        covers.sort_by_key(|id| !open.iter().any(|message| message.id == *id));
        let said = self.said(&open);
        Ok(Agenda { covers, open, said })
    }

    /// What the messages say: each as far as one message may go, all together as far as a turn's row can hold.
    fn said(&self, messages: &[Message]) -> Vec<Said> {
        let most = self.assistant.limits.input_characters;
        let mut left = most * 3;
        messages
            .iter()
            .map(|message| {
                let said = said(message, most.min(left));
                left = left.saturating_sub(said.text.as_str().chars().count());
                said
            })
            .collect()
    }
}

fn said(message: &Message, most: usize) -> Said {
    let words = kept_words(message.text.as_str(), message.shortened, most);
    Said { text: words.into(), arrival: message.arrival, route: message.route.clone(), dispatched: message.dispatched }
}

impl Responder {
    async fn draft(
        &self,
        conversation: &Conversation<'_>,
        head: &Head,
        history: &History,
        agenda: &Agenda,
    ) -> Result<Draft, Stop> {
        let decision = self.decide(head, history, agenda);
        let (counted, line) = match decision {
            Decision::Silence { duplicates } => return Ok(Draft::Silence(Counts { duplicates, fallbacks: 0 })),
            Decision::Park(reason) => return Ok(Draft::Park(reason)),
            Decision::Say(line, counted) => (counted, Some(line)),
            Decision::Ask(counted) => (counted, None),
        };
        let (duplicates, falls_back) = (agenda.open.len() - counted.len(), line == Some(BotText::Fallback));
        let said: Vec<_> = counted.iter().map(|index| agenda.said[*index].clone()).collect();
        let newest = counted.last().map(|index| &agenda.open[*index]);
        let Some(newest) = newest else {
            return Ok(Draft::Silence(Counts { duplicates, fallbacks: 0 }));
        };
        let written = history.draft_for(head.last_turn + 1, &agenda.covers);
        let (reply, own_line) = match (written, line) {
            // A fallback line that was given up with its turn is no answer to the same words when they come again.
            (Some(draft), line) if !draft.own_line || line.is_some() => (Some(draft.reply.clone()), draft.own_line),
            (_, Some(line)) => (Some(self.line(line, newest)), true),
            (_, None) => (self.ask(conversation, head, history, &said, newest).await, false),
        };
        let to = newest.identity.clone();
        let counts = Counts { duplicates, fallbacks: usize::from(falls_back && own_line) };
        let drafted = |reply| Draft::Reply { reply, said, to, own_line, counts };
        Ok(reply.filter(|reply| !reply.is_empty()).map_or(Draft::Failed, drafted))
    }

    fn decide(&self, head: &Head, history: &History, agenda: &Agenda) -> Decision {
        let looks = agenda.said.iter().map(look);
        let pending: Vec<_> = agenda.open.iter().zip(looks).map(|(message, look)| pending(message, look)).collect();
        decide(&Situation {
            pending: &pending,
            last_turn: &history.last_turn(),
            person_owns: head.owner == Owner::Person,
            attempts: head.attempts,
            limits: &self.assistant.limits,
            now: self.clock.now(),
        })
    }

    /// Asks the AI; `None` if there is no answer.
    async fn ask(
        &self,
        conversation: &Conversation<'_>,
        head: &Head,
        history: &History,
        said: &[Said],
        newest: &Message,
    ) -> Option<Vec<Part>> {
        let limits = &self.assistant.limits;
        let question = Question {
            instructions: self.assistant.instructions.clone(),
            language: newest.language.clone(),
            history: history.exchanges(limits.history_turns),
            text: joined(said.iter().map(|said| &said.text)),
            output_tokens: limits.output_tokens,
        };
        let left = conversation.deadline.left(self.clock.now(), SEND_WITHIN + RECORD_WITHIN);
        if left.is_zero() {
            tracing::warn!(log_id = newest.log_id, "too late to ask in this run");
            return None;
        }
        match self.ai.answer(&question, left.min(limits.ai_deadline)).await {
            Ok(Answer::Text { text, .. }) => Some(shape(text.as_str(), limits.reply_parts)),
            Ok(Answer::DontKnow) => Some(self.line(BotText::DontKnow, newest)),
            Err(error) => {
                self.meter.count(Metric::AiFailed, 1);
                tracing::warn!(log_id = newest.log_id, %error, attempts = head.attempts, "no answer");
                None
            }
        }
    }

    fn line(&self, line: BotText, newest: &Message) -> Vec<Part> {
        shape(self.assistant.texts.line(line, newest.language.as_deref()), self.assistant.limits.reply_parts)
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
    async fn commit(
        &self,
        conversation: &Conversation<'_>,
        head: &Head,
        held: &Held,
        row: &TurnRow,
        look_again: bool,
    ) -> Result<Committed, Stop> {
        self.store.put_turn(conversation.key, row, self.clock.now()).await?;
        let write = HeadWrite::Commit {
            held: held.clone(),
            turn: row.key,
            parts: u32::try_from(row.reply.len()).unwrap_or(u32::MAX),
            covers: row.covers.clone(),
            seen: look_again.then_some(head.sequence),
        };
        match self.write(conversation, &write).await? {
            Ok(head) => Ok(Committed::Begun(head)),
            // A person who takes over before anything is sent ends the claim; so what is still ours has something newer.
            Err(Some(found)) if is_held(&found, held) && found.turn.is_none() => Ok(Committed::Newer(found)),
            Err(_) => Err(Stop::Lost),
        }
    }

    fn count_all(&self, counts: Counts) {
        self.count(Metric::Duplicate, counts.duplicates);
        self.count(Metric::Fallback, counts.fallbacks);
    }

    pub(crate) fn count(&self, metric: Metric, amount: usize) {
        if amount > 0 {
            self.meter.count(metric, amount as u64);
        }
    }
}

enum Committed {
    Begun(Head),
    Newer(Head),
}

fn pending<'a>(message: &Message, look: Look<'a>) -> Pending<'a> {
    // A clock that is ahead of ours must not make a message younger than its arrival.
    let written: Timestamp = message.sent_at.map_or(message.arrival, |sent_at| sent_at.min(message.arrival));
    Pending { look, written }
}

fn is_held(head: &Head, held: &Held) -> bool {
    head.epoch == held.epoch && head.run.as_ref() == Some(&held.run)
}
