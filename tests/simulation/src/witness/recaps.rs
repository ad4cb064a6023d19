//! What an AI makes of the older part of a conversation: of one person's words, kept where the turns it tells of are kept, and
//! with nothing missing between it and the turns that are still shown.

use ai::{Past, Question};
use models::ConversationKey;
use platform::clock::Clock as _;
use store::{Store as _, TurnKind, TurnRow};

use super::{Figure, Witness, canaries, person};
use crate::machine::Machine;
use crate::neighbours::GAP;

/// By this a question says that it has notes.
const NOTES: &str = "(Notes on what was said before";
/// By this it says that something is missing after them; in them, the AI says so itself.
const LEFT_OUT: &str = "(Some of what was said after these notes is left out.)";

impl Witness {
    /// The AI is to sum a conversation up, from this machine and process.
    pub(crate) fn to_sum_up(&self, past: &Past, machine: &Machine, process: usize) {
        let earlier = past.earlier.iter().map(models::Personal::as_str);
        let said = past.turns.iter().flat_map(|turn| [turn.user.as_str(), turn.assistant.as_str()]);
        let words: Vec<_> = earlier.chain(said).flat_map(canaries).collect();
        let key = &past.conversation;
        let mut state = self.lock();
        state.counts_a_question(self.clock.now(), process);
        state.step(self.clock.now(), || format!("to sum up {} {}", key.as_str(), words.join(" ")));
        let mut people: Vec<_> = words.iter().map(|canary| person(canary)).collect();
        people.sort_unstable();
        people.dedup();
        if people.len() > 1 {
            let what = format!("the AI was to sum up the words of {people:?} together");
            state.broken(what);
        }
        state.may_be_known(key, machine.claim_of(key), &words, "the AI was to sum up");
    }

    /// A recap has its place: in a row that was there, and in which nothing else has changed.
    pub(crate) fn kept_a_recap(&self, key: &ConversationKey, before: Option<&TurnRow>, row: &TurnRow) {
        let mut state = self.lock();
        state.step(self.clock.now(), || format!("recap kept {} turn {}", key.as_str(), row.key.number));
        let with_a_recap = |before: &TurnRow| TurnRow { summing: row.summing.clone(), ..before.clone() };
        let tried = |before: &TurnRow| TurnRow { summing: before.summing.clone().tried(), ..before.clone() };
        if before.is_some_and(|before| tried(before) == *row) {
            return;
        }
        state.figures.count(Figure::SummedUp);
        let is_as_it_was = before.is_some_and(|before| with_a_recap(before) == *row);
        if !is_as_it_was {
            state.broken(format!("a recap changed or brought back turn {} of {}", row.key.number, key.as_str()));
        }
        let older = before.and_then(|before| before.summing.recap()).map_or(0, |recap| recap.up_to);
        if row.summing.recap().is_none_or(|recap| recap.up_to <= older || recap.up_to >= row.key.number) {
            state.broken(format!("a recap of {} tells of the wrong turns", key.as_str()));
        }
    }

    /// From the oldest turn on that a question knows of, in notes or whole, it knows of every one, or says that it does not.
    pub(super) async fn lacks_nothing_between(&self, key: &ConversationKey, question: &Question, machine: &Machine) {
        let shown: Vec<_> = question.history.iter().map(|exchange| exchange.user.as_str()).collect();
        let with_notes = shown.first().is_some_and(|first| first.starts_with(NOTES));
        let says_so = shown.first().is_some_and(|first| first.ends_with(LEFT_OUT) || first.contains(GAP));
        {
            let mut state = self.lock();
            for (figure, is_so) in [(Figure::WithNotes, with_notes), (Figure::LeftOut, says_so)] {
                if is_so {
                    state.figures.count(figure);
                }
            }
        }
        let Ok(Some(head)) = self.store.head(key, self.clock.now()).await else { return };
        // Somebody whose claim is over may see another past.
        if machine.claim_of(key) != Some(head.epoch) || says_so {
            return;
        }
        let rows = self.store.newest_turns(key, usize::MAX, self.clock.now()).await.unwrap_or_default();
        let mut turns: Vec<_> = rows.into_iter().filter(|row| row.key.number <= head.last_turn).collect();
        turns.dedup_by_key(|row| row.key.number);
        let is_told = |row: &TurnRow| {
            let is_said = row.kind.settles() && !matches!(row.kind, TurnKind::Agent | TurnKind::Heeded);
            is_said && (!row.reply.is_empty() || row.kind == TurnKind::Forwarded)
        };
        turns.retain(is_told);
        let known: Vec<_> = shown.iter().flat_map(|text| canaries(text)).collect();
        let (mut newer, mut missing): (Vec<String>, Option<u64>) = (vec![], None);
        // Newest first: a turn that is known has none after it that is not. What was said again later says nothing about it.
        for row in &turns {
            let own: Vec<_> = row.said.iter().flat_map(|said| canaries(said.text.as_str())).collect();
            let own: Vec<_> = own.into_iter().filter(|canary| !newer.contains(canary)).collect();
            if own.is_empty() {
                continue;
            }
            let is_known = own.iter().any(|canary| known.contains(canary));
            if let Some(missing) = missing.filter(|_| is_known) {
                let what = format!("a question of {} knows turn {} and not {missing}", key.as_str(), row.key.number);
                self.lock().broken(what);
                return;
            }
            missing = if is_known { missing } else { Some(row.key.number) };
            newer.extend(own);
        }
    }
}
