//! What the AI may see: one person's words, exactly as written. And what becomes of its answer.

use ai::{AiError, Answer, Question};
use conversation::shape::shape;
use models::{ConversationKey, HandOffReason, MessageId};
use platform::clock::Clock as _;
use store::{Store as _, TurnKey, TurnKind, TurnRow};

use super::begun::GO_ON;
use super::reaching::Unasked;
use super::{Draft, Figure, HUMAN, START, STOP, State, Witness, canaries, person};
use crate::machine::Machine;

/// As in the assistant's limits that every world has.
pub(super) const REPLY_PARTS: usize = 5;
/// The attempt at which the most impatient assistant here says its fallback line.
pub(super) const FALLBACK_AT: u32 = 3;

impl Witness {
    /// The AI is asked, from this machine.
    pub(crate) async fn asked(&self, question: &Question, machine: &Machine, process: usize) {
        let words = canaries(question.text.as_str());
        let key = {
            let mut state = self.lock();
            state.figures.count(Figure::Asked);
            state.counts_a_question(self.clock.now(), process);
            state.step(self.clock.now(), || format!("asked {}", words.join(" ")));
            state.one_persons_words(question, &words);
            state.words_as_typed(question, &words);
            state.is_told_of_its_route(question);
            state.key_of(&words)
        };
        if let Some(key) = key {
            let history = question.history.iter().flat_map(|exchange| [&exchange.user, &exchange.assistant]);
            let before = history.flat_map(|text| canaries(text.as_str()));
            let all: Vec<_> = words.iter().cloned().chain(before).collect();
            self.lock().may_be_known(&key, machine.claim_of(&key), &all, "the AI was shown");
            self.lock().is_not_put_aside(&key, question, machine.claim_of(&key));
            self.nothing_was_said_yet(&key, &words, machine).await;
            self.lacks_nothing_between(&key, question, machine).await;
        }
    }

    /// What the AI said.
    pub(crate) fn answered(&self, question: &Question, answer: &Result<Answer, AiError>) {
        let text = match answer {
            Ok(Answer::Said { text: Some(text), .. }) => text.as_str(),
            _ => return,
        };
        let mut state = self.lock();
        state.step(self.clock.now(), || format!("answered {}", canaries(question.text.as_str()).join(" ")));
        state.answers.push(shape(text, REPLY_PARTS));
        state.may_be_the_rest_of(question, text);
    }

    /// A draft is stored.
    pub(crate) fn drafted(&self, key: &ConversationKey, row: &TurnRow) {
        let mut state = self.lock();
        state.step(self.clock.now(), || {
            format!("drafted {} turn {}/{} {:?}", key.as_str(), row.key.number, row.key.epoch, row.covers)
        });
        // All of the answer at first; a row that is cut short later keeps its first parts.
        let is_cut_short = state.drafts.contains_key(&(key.clone(), row.key));
        let reply: Vec<_> = row.reply.iter().map(|said| said.text().clone()).collect();
        state.goes_on_from_what_was_begun(key, row, &reply);
        let said = row.own_line
            || row.kind == TurnKind::Begun
            || reply.is_empty()
            || row.kind == TurnKind::Agent
            || state.is_begun_by_a_system(row)
            || state.may_be_said_by_a_flow(row)
            || state.is_in_hand(key, row)
            || state.answers.iter().any(|answer| *answer == reply || (is_cut_short && answer.starts_with(&reply)));
        if !said {
            state.broken(format!("turn {} of {} is not what the AI answered", row.key.number, key.as_str()));
        }
        // The ladder: the fallback line is for the last attempt but one.
        let claimed =
            state.conversations.get(key).map_or((0, 0), |conversation| (conversation.epoch, conversation.attempts));
        let (holder, attempts) = claimed;
        let has_words = row.said.iter().any(|said| !said.text.as_str().trim().is_empty());
        let ladder = matches!(row.kind, TurnKind::Answer | TurnKind::HandOff(HandOffReason::Failure));
        // What is cut short later was drafted before.
        let before =
            state.drafts.get(&(key.clone(), row.key)).filter(|draft| draft.row.own_line).map(|draft| draft.unasked);
        let unasked = before.unwrap_or_else(|| state.is_unasked(row, claimed, self.clock.now()));
        let ladder = ladder && !state.may_withhold() && !state.says_too_much(row) && unasked == Unasked::No;
        if row.own_line && ladder && has_words && holder == row.key.epoch && attempts < FALLBACK_AT {
            state.broken(format!("turn {} of {} fell back at attempt {attempts}", row.key.number, key.as_str()));
        }
        if row.kind == TurnKind::Agent {
            state.says_the_agents_words(key, row);
        }
        if row.own_line && ladder {
            state.figures.count(Figure::OwnLines);
        }
        if before.is_none() && unasked == Unasked::Yes {
            state.figures.count(Figure::Unasked);
        }
        state.waits(key, row, row.key.epoch);
        state.notes_a_draft(key, row);
        let step = state.figures.get(Figure::Steps);
        state.drafts.insert((key.clone(), row.key), Draft { row: row.clone(), step, unasked });
    }

    /// Once there is a draft for the same messages, nobody pays for another.
    async fn nothing_was_said_yet(&self, key: &ConversationKey, words: &[String], machine: &Machine) {
        let Ok(Some(head)) = self.store.head(key, self.clock.now()).await else { return };
        // Somebody whose claim is over does not know it yet.
        if machine.claim_of(key) != Some(head.epoch) {
            return;
        }
        if head.opted_out {
            self.lock().broken(format!("the AI was asked about {words:?} of somebody who has opted out"));
        }
        if head.turn.is_some() {
            self.lock().broken(format!("the AI was asked about {words:?} while a turn stood"));
        }
        let mut state = self.lock();
        // What is filed after the claim is known to whoever looks again, and then it is asked about.
        let waited = |id: &MessageId| state.conversations.get(key).is_none_or(|known| known.waiting_then.contains(id));
        let is_asked = |id: &MessageId| {
            let said = state.queued.get(id).map(|message| canaries(message.text.as_str())).unwrap_or_default();
            !said.is_empty() && said.iter().all(|canary| words.contains(canary))
        };
        // Whether it was looked at cannot be told of what has nothing to be asked about.
        let says_nothing =
            |id: &MessageId| state.queued.get(id).is_none_or(|message| canaries(message.text.as_str()).is_empty());
        // And what an erasure took the row of waits for the delivery that brings it.
        let cannot_be_told = |id: &MessageId| (!waited(id) && says_nothing(id)) || state.spans_an_erasure(key, id);
        if head.next_covers().iter().any(cannot_be_told) {
            return;
        }
        let covers: Vec<_> = head.next_covers().into_iter().filter(|id| waited(id) || is_asked(id)).collect();
        // A draft that a slow machine stores after the claim may be overlooked: the past is read beside the claim.
        let claimed = state.conversations.get(key).map_or(0, |conversation| conversation.claimed_at);
        let is_known = |(place, draft): (&(ConversationKey, TurnKey), &Draft)| {
            let (row, next) = (&draft.row, head.last_turn + 1);
            row.kind == TurnKind::Answer
                && place.0 == *key
                && row.key.number == next
                && row.covers == covers
                && !row.own_line
                && draft.step < claimed
                && !state.is_of_before(key, row.key.epoch)
        };
        if state.drafts.iter().any(is_known) {
            state.broken(format!("the AI was asked about {words:?} although a draft was there"));
        }
    }
}

impl State {
    /// Whether it is what another row says about the same messages: somebody who stood still may find that one when it was cut
    /// short already.
    fn is_in_hand(&self, key: &ConversationKey, row: &TurnRow) -> bool {
        let others = self.drafts.iter().filter(|(place, _)| place.0 == *key && place.1 != row.key);
        let mut others = others.map(|(_, draft)| &draft.row).filter(|other| !other.own_line);
        others.any(|other| other.covers == row.covers && other.reply == row.reply)
    }

    fn one_persons_words(&mut self, question: &Question, words: &[String]) {
        let history = question.history.iter().flat_map(|exchange| [&exchange.user, &exchange.assistant]);
        let before: Vec<_> = history.flat_map(|text| canaries(text.as_str())).collect();
        let mut people: Vec<_> = words.iter().chain(&before).map(|canary| person(canary)).collect();
        people.sort_unstable();
        people.dedup();
        if people.len() > 1 {
            let what = format!("the AI was shown the words of {people:?} together");
            self.broken(what);
        }
    }

    fn words_as_typed(&mut self, question: &Question, words: &[String]) {
        let typed: Option<Vec<_>> = words.iter().map(|canary| self.typed.get(canary).map(String::as_str)).collect();
        // What has no canary says nothing but itself.
        let is_word =
            |line: &&str| [START, STOP, HUMAN].contains(line) || crate::flows::is_word(line) || line.starts_with(GO_ON);
        let seen = question.text.as_str().split('\n').filter(|line| !is_word(line));
        let seen = seen.collect::<Vec<_>>().join("\n");
        if typed.is_some_and(|typed| !typed.is_empty() && typed.join("\n") != seen) {
            self.broken(format!("the AI was shown other words than {words:?} were"));
        }
    }

    fn key_of(&self, words: &[String]) -> Option<ConversationKey> {
        let canary = words.first()?;
        let message = self.queued.values().find(|message| message.text.as_str().contains(canary.as_str()))?;
        self.filed.get(&message.id).cloned()
    }
}
