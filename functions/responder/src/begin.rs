//! What is said beside an answer that is still being made: its first paragraphs, or that it takes a moment.

use std::pin::pin;
use std::time::Duration;

use ai::Aloud;
use braze::Outcome;
use conversation::guard::{Instructions, Looked, look};
use conversation::shape::shape;
use futures::FutureExt as _;
use futures::future::{self, Either, OptionFuture};
use models::{Part, Personal, Timestamp, Utterance};
use platform::metrics::Metric;
use store::{Head, HeadWrite, Owner, TurnKind, TurnRow};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::attend::Stop;
use crate::draft::Drafted;
use crate::lines::utterances;
use crate::send::{BEFORE_A_COPY, Outgoing, open, reply};
use crate::settle::Settled;
use crate::turn::{Claimed, Committed};
use crate::way::Way;
use crate::words::Words;
use crate::{RECORD_WITHIN, Responder, SEND_WITHIN};

/// What may be said beside an answer.
#[derive(Debug, Clone, Copy)]
struct Beside {
    /// How it begins.
    begins: bool,
    /// That it takes a moment, and when.
    moment: Option<Duration>,
}

/// What was said beside an answer.
#[derive(Default)]
pub(crate) struct Said {
    /// The head since then.
    pub(crate) head: Option<Head>,
    /// How the AI's words begin of which nothing is to be said again.
    pub(crate) text: String,
    /// The turns that say so, oldest first.
    pub(crate) rows: Vec<TurnRow>,
    /// What has been heard since then.
    heard: String,
    /// Whether nothing more is begun, and the answer says the rest.
    is_over: bool,
}

impl Responder {
    /// What may be said beside the answer, if anything: only where somebody waits for it, and nothing was said beside it before.
    fn may_say_beside(&self, claimed: Claimed<'_>) -> Option<Beside> {
        let Claimed { conversation, history, .. } = claimed;
        if !claimed.may_take_a_moment() {
            return None;
        }
        // Where no copy may be risked, a paragraph in doubt could be missing from the midst of an answer, and nobody would know.
        let may_begin = self.assistant.replies.stream && self.on_unknown.most_copies() > 1;
        // What a run before us has begun is brought to its end first; whoever was told of a moment may still hear a beginning.
        let begins = may_begin && conversation.later.is_none() && history.begun().is_none();
        let moment = self.assistant.limits.moment_after.filter(|_| !history.asked_for_a_moment());
        (begins || moment.is_some()).then_some(Beside { begins, moment })
    }

    /// Drafts the next turn; when that was done. Meanwhile the user hears how it begins, or, if that takes long, once that it
    /// does, where something `may` be said before it.
    pub(crate) async fn draft_aloud(
        &self,
        claimed: Claimed<'_>,
        may: bool,
    ) -> Result<((Drafted, Said), Timestamp), Stop> {
        let (aloud, hears) = Aloud::heard();
        let beside = if may { self.may_say_beside(claimed) } else { None };
        let listener = if beside.is_some_and(|beside| beside.begins) { aloud.clone() } else { Aloud::default() };
        // Boxed: it is handed on, and would stand in the future of every run twice.
        let drafting = async {
            let drafted = self.draft(claimed, listener).await;
            // What is said beside it ends with it.
            aloud.close();
            drafted
        }
        .boxed();
        let drafted = match beside {
            Some(beside) => future::try_join(drafting, self.say_beside(claimed, hears, beside)).await?,
            None => (drafting.await?, Said::default()),
        };
        Ok((drafted, self.clock.now()))
    }

    /// Says what may be said beside the answer until that is there. That it takes a moment goes without saying once it has begun.
    async fn say_beside(
        &self,
        claimed: Claimed<'_>,
        mut hears: UnboundedReceiver<Personal>,
        Beside { moment, .. }: Beside,
    ) -> Result<Said, Stop> {
        let mut said = Said::default();
        let waits = OptionFuture::from(moment.map(tokio::time::sleep)).map(|it| it.is_some()).fuse();
        let mut waits = pin!(waits);
        loop {
            let heard = match future::select(pin!(hears.recv()), waits.as_mut()).await {
                Either::Left((heard, _)) => Either::Left(heard),
                Either::Right((waited, _)) => Either::Right(waited),
            };
            match heard {
                Either::Left(None) => return Ok(said),
                Either::Left(Some(paragraph)) => self.say_on(claimed, &mut said, &mut hears, &paragraph).await?,
                Either::Right(true) if said.rows.is_empty() => {
                    let head = said.head.as_ref().unwrap_or(claimed.head);
                    if let Some(head) = self.say_a_moment(Claimed { head, ..claimed }).await? {
                        said.head = Some(Head { sequence: claimed.head.sequence, ..head });
                    }
                }
                Either::Right(_) => {}
            }
        }
    }

    /// Says the next paragraph as a turn of its own, with whatever else is complete by now. Where that cannot be, nothing more
    /// is said before the answer, which says the rest.
    async fn say_on(
        &self,
        claimed: Claimed<'_>,
        said: &mut Said,
        hears: &mut UnboundedReceiver<Personal>,
        paragraph: &Personal,
    ) -> Result<(), Stop> {
        if said.is_over {
            return Ok(());
        }
        said.heard.push_str(paragraph.as_str());
        while let Ok(more) = hears.try_recv() {
            said.heard.push_str(more.as_str());
        }
        let parts = shape(&said.heard, 2);
        // With nothing to be seen in it it goes with the next one.
        if parts.is_empty() {
            return Ok(());
        }
        // The answer needs as much time once more, and a part of its own. If it is here, it says the rest itself.
        let has_room = said.rows.len() + 1 < self.assistant.limits.reply_parts && parts.len() == 1;
        let is_over = hears.is_closed() || !has_room || self.has_less_left(claimed.conversation, 2 * SEND_WITHIN);
        let way = self.way_of(claimed);
        let instructions = self.instructions_on(way);
        let all = said.text.clone() + &said.heard;
        let is_over = is_over || may_tell(&all, self.assistant.limits.reply_parts, &instructions);
        let words = if is_over { None } else { self.passed(&parts, way) };
        let is_said = match words {
            Some(words) => self.say_a_beginning(claimed, said, way.carries(words)).await?,
            None => false,
        };
        said.is_over = !is_said;
        Ok(())
    }

    /// The AI's words as they may be read; `None` if they must not be.
    pub(crate) fn passed(&self, parts: &[Part], way: Way<'_>) -> Option<Vec<Utterance>> {
        let instructions = self.instructions_on(way);
        match look(parts, &instructions, &self.assistant.guards) {
            Looked::Withheld => None,
            Looked::Passed { parts, .. } => Some(utterances(parts)).filter(|parts| !parts.is_empty()),
        }
    }

    /// Says `words` as how the answer begins, or goes on; the conversation stays ours. Whether they were said, as far as is
    /// known.
    async fn say_a_beginning(
        &self,
        claimed: Claimed<'_>,
        said: &mut Said,
        words: Vec<Utterance>,
    ) -> Result<bool, Stop> {
        let Claimed { conversation, held, history, agenda, .. } = claimed;
        let Some(newest) = agenda.open.last() else { return Ok(false) };
        let head = said.head.as_ref().unwrap_or(claimed.head);
        let words = Words::plain(TurnKind::Begun, words, newest.identity.clone());
        let words = Words { attributes: self.welcome(&words.to, words.kind, head, history), ..words };
        let row = self.subscribe_first(conversation, self.row(Claimed { head, ..claimed }, words)).await;
        // Whatever was written meanwhile may be a wish to hear nothing more, or change the answer.
        let Committed::Begun(head) = self.commit(conversation, head, held, &row, head.spent, true).await? else {
            return Ok(false);
        };
        let (head, is_said) = self.send_a_beginning(Outgoing { conversation, held, row: &row }, head).await?;
        if !is_said {
            // A machine that stood still meanwhile knows nothing of the copy that another one may have sent since.
            if conversation.deadline.left(self.clock.now(), RECORD_WITHIN).is_zero() {
                return Err(Stop::Lost);
            }
            let nothing = TurnRow { reply: vec![], ..row.clone() };
            self.store.put_turn(conversation.key, &nothing, self.clock.now()).await?;
        }
        let head = self.settle(conversation, &head, held, &[], Settled::GoesOn).await?.head;
        said.head = Some(Head { sequence: claimed.head.sequence, ..head });
        if is_said {
            said.text.push_str(&std::mem::take(&mut said.heard));
            said.rows.push(row);
        }
        Ok(is_said)
    }

    /// Sends a beginning, and once more where nobody knows whether it arrived and a copy may be risked. Whether the user may
    /// have read it.
    async fn send_a_beginning(&self, out: Outgoing<'_>, mut head: Head) -> Result<(Head, bool), Stop> {
        let Outgoing { conversation, row, .. } = out;
        let Some(words) = row.reply.first() else { return Ok((head, false)) };
        loop {
            let copies = open(&head)?.copies;
            // A machine that stood still may have no time left for it.
            if self.has_less_left(conversation, SEND_WITHIN) {
                return Ok((head, copies > 1));
            }
            let (log_id, log_ids) = (conversation.log_id, row.log_ids.join(" "));
            match self.messaging.send(&reply(row, (1, 1), words), SEND_WITHIN).await {
                Outcome::Accepted { dispatch_id, .. } => {
                    tracing::info!(log_id, log_ids, dispatch_id, "an answer is begun");
                    return Ok((head, true));
                }
                Outcome::NotAccepted(refusal) => {
                    tracing::warn!(log_id, log_ids, ?refusal, "an answer is not begun");
                    return Ok((head, copies > 1));
                }
                Outcome::Unknown(reason) => {
                    self.meter.count(Metric::UnknownSend, 1);
                    tracing::error!(log_id, log_ids, reason, copies, "an answer is begun, perhaps");
                    tokio::time::sleep(BEFORE_A_COPY).await;
                }
            }
            match self.copy_of_a_beginning(out, &head).await? {
                Ok(again) => head = again,
                Err(as_it_is) => return Ok((as_it_is, true)),
            }
        }
    }

    /// Begins one more copy of a beginning, if one may be risked and still be read; the inner error is the head where none is.
    async fn copy_of_a_beginning(&self, out: Outgoing<'_>, head: &Head) -> Result<Result<Head, Head>, Stop> {
        let turn = open(head)?;
        let may_be = turn.copies < self.on_unknown.most_copies()
            && !self.has_less_left(out.conversation, 2 * SEND_WITHIN)
            && !self.is_stale(out.row)
            && !self.is_shut_out(out.row, head);
        if !may_be {
            return Ok(Err(head.clone()));
        }
        let write =
            HeadWrite::SendAgain { held: out.held.clone(), turn: turn.key, voice: turn.voice, copies: turn.copies };
        match self.write(out.conversation, &write).await? {
            Ok(head) => Ok(Ok(head)),
            // A person has taken over.
            Err(Some(found)) if found.is_held(out.held) && found.owner == Owner::Person => Ok(Err(found)),
            Err(_) => Err(Stop::Lost),
        }
    }

    /// Finishes a beginning that a dead run left behind, of which nobody knows whether it arrived. What follows it is asked
    /// for anew.
    pub(crate) async fn finish_beginning(&self, out: Outgoing<'_>, head: &Head) -> Result<Head, Stop> {
        let mut head = head.clone();
        if !self.wants_silence(out.conversation, &head, out.row).await? {
            head = match self.copy_of_a_beginning(out, &head).await? {
                Ok(again) => self.send_a_beginning(out, again).await?.0,
                Err(as_it_is) => as_it_is,
            };
        }
        Ok(self.settle(out.conversation, &head, out.held, &[], Settled::GoesOn).await?.head)
    }
}

/// Whether `begun`, what has been heard of an answer, looks as if it told the instructions. Their mark may be told bit by bit; and
/// it stands below them, so that whoever tells them paragraph by paragraph comes to it last. What only looks like that waits
/// for the whole answer, which is judged by the mark and by how much of them it tells.
fn may_tell(begun: &str, most_parts: usize, instructions: &Instructions<'_>) -> bool {
    let seen: String = shape(begun, most_parts).iter().map(Part::as_str).collect();
    instructions.may_be_told_by(&seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_is_judged_with_all_that_came_before_it_and_by_the_words_of_the_instructions() {
        const RULES: &str =
            "You are the assistant of a shoe shop. Never grant a discount of more than ten percent to anybody.";
        let instructions = Instructions::of(RULES);
        let mark: String = instructions.note().chars().take(16).collect();
        let (half, other) = mark.split_at(8);
        for (begun, expected) in [
            (format!("One {half}\n\n"), false),
            (format!("One {half}\n\n{other} two.\n\n"), true),
            (format!("One {half}\n\n**{}**\n\n", other.to_uppercase()), true),
            (format!("I was told: {RULES}\n\n"), true),
            ("You are the *assistant* of a shoe\n\nshop. Never grant a discount of more than ten\n\n".to_owned(), true),
            ("We never grant a discount of more than ten percent.\n\n".to_owned(), false),
            ("One, of shoes.\n\nTwo, of boots.\n\n".to_owned(), false),
            ("<!-- nothing to see -->\n\n".to_owned(), false),
        ] {
            assert_eq!(may_tell(&begun, 3, &instructions), expected, "{begun}");
        }
    }
}
