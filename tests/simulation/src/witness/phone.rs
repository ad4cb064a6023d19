//! What people read on their phones, in the order in which they read it.

use std::collections::{HashMap, HashSet};

use models::{ConversationKey, MessageId, Reply};
use store::{TurnKey, TurnKind, TurnRow};

use super::sends::Heard;
use super::{End, Figure, State, canaries};

/// A request to Braze.
pub(super) struct Request {
    pub(super) key: ConversationKey,
    pub(super) turn: TurnKey,
    pub(super) part: u32,
    /// The claim its sender had.
    pub(super) epoch: Option<u64>,
    /// What the sender heard; none if nothing yet.
    pub(super) heard: Option<Heard>,
    /// What it changed when it appeared; none as long as it has not.
    appeared: Option<Appeared>,
}

impl Request {
    /// One that is about to leave.
    pub(super) fn new(key: ConversationKey, turn: TurnKey, part: u32, epoch: Option<u64>) -> Self {
        Self { key, turn, part, epoch, heard: None, appeared: None }
    }
}

/// What a request changed when it appeared.
struct Appeared {
    /// How far its user had read before, and has since.
    places: [Place; 2],
    /// Whether its part had not been read before.
    is_first: bool,
    /// The words that its turn had not said before.
    words: Vec<String>,
    /// Whether its turn had not said before that a person takes over.
    says_good_bye: bool,
}

/// How far somebody has read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Place {
    last: Option<(TurnKey, u32)>,
    /// The place in the order of filing up to which words were answered.
    up_to: u64,
}

/// What one person read of one conversation.
#[derive(Default)]
pub(super) struct Phone {
    place: Place,
    read: HashSet<(TurnKey, u32)>,
    words: HashMap<TurnKey, HashSet<String>>,
}

impl Phone {
    /// Whether these words were read in that turn.
    pub(super) fn has_read(&self, turn: TurnKey, canary: &String) -> bool {
        self.words.get(&turn).is_some_and(|words| words.contains(canary))
    }

    /// Whose conversation was forgotten, who reads the first answer of another one.
    pub(super) fn begins_anew(&mut self) {
        self.place = Place::default();
    }
}

impl State {
    /// Whether a request was overtaken: its sender never heard of it, and another one left meanwhile.
    fn is_overtaken(&self, number: usize) -> bool {
        let request = &self.requests[number];
        let unheard = request.heard.is_none_or(|heard| heard == Heard::Nothing);
        unheard && self.requests[number + 1..].iter().any(|later| later.key == request.key)
    }

    /// Whether a request left after somebody whose clock is far ahead had ended its sender's claim: the sender lives, and does
    /// not know.
    fn lost_its_claim_to_a_clock(&self, number: usize) -> bool {
        let Request { key, epoch, .. } = &self.requests[number];
        let newest = self.conversations.get(key).map_or(0, |conversation| conversation.epoch);
        self.clocks_differ && epoch.is_some_and(|epoch| epoch < newest)
    }

    /// A part appears on the phone: after the part before it, and never before something older, unless it was given up for
    /// lost and was only late.
    pub(super) fn appears(&mut self, number: usize, reply: &Reply) {
        let late = self.is_overtaken(number) || self.lost_its_claim_to_a_clock(number);
        let Request { key, turn, part, .. } = &self.requests[number];
        let (key, turn, part) = (key.clone(), *turn, *part);
        let phone = self.phones.entry(key.clone()).or_default();
        let last = phone.place.last;
        let before = phone.place;
        let mut wrong = Vec::new();
        if part > 1 && !phone.read.contains(&(turn, part - 1)) {
            wrong.push(format!("{} read part {part} of turn {} without the one before", key.as_str(), turn.number));
        }
        let of_before = self.is_of_before(&key, turn.epoch);
        if last > Some((turn, part)) && !of_before {
            if late {
                self.figures.count(Figure::ReadLate);
            } else {
                wrong.push(format!("{} read part {part} of turn {} after a later one", key.as_str(), turn.number));
            }
        }
        let phone = self.phones.entry(key.clone()).or_default();
        if !of_before {
            phone.place.last = last.max(Some((turn, part)));
        }
        let says_good_bye = self.says_good_bye(&key, turn);
        let words = canaries(reply.content.text().as_str());
        self.reads_nothing_forgotten(&key, turn, &words);
        let phone = self.phones.entry(key.clone()).or_default();
        let said = phone.words.entry(turn).or_default();
        let new: Vec<_> = words.iter().filter(|word| said.insert((*word).clone())).cloned().collect();
        let is_first = phone.read.insert((turn, part));
        if is_first && !late && !of_before {
            wrong.extend(self.answers_in_order(&key, turn, &words));
        }
        self.all_broken(wrong);
        let places = [before, self.phones.get(&key).map(|phone| phone.place).unwrap_or_default()];
        self.requests[number].appeared = Some(Appeared { places, is_first, words: new, says_good_bye });
    }

    /// Braze said of a request that it could not take it. If the message had appeared all the same, what is said after it is said
    /// as if it had not: nobody can know. Says whether that was so.
    pub(super) fn takes_back(&mut self, number: usize) -> bool {
        let Request { key, turn, part, appeared, .. } = &mut self.requests[number];
        let (Some(appeared), Some(phone)) = (appeared.take(), self.phones.get_mut(key)) else { return false };
        let [before, since] = appeared.places;
        if phone.place == since {
            phone.place = before;
        }
        if appeared.is_first {
            phone.read.remove(&(*turn, *part));
        }
        if let Some(said) = phone.words.get_mut(turn) {
            said.retain(|word| !appeared.words.contains(word));
        }
        if appeared.says_good_bye {
            let (key, turn) = (key.clone(), *turn);
            self.people.did_not_say_good_bye(&key, turn);
        }
        true
    }

    /// The words of an answer stand in the order in which their messages were filed, after everything answered before.
    fn answers_in_order(&mut self, key: &ConversationKey, turn: TurnKey, words: &[String]) -> Option<String> {
        let draft = self.drafts.get(&(key.clone(), turn))?;
        let of = |id: &MessageId| Some((*self.places.get(id)?, self.queued.get(id)?));
        let covered: Vec<_> = draft.row.covers.iter().filter_map(of).collect();
        // Without its row it waits for the delivery that brings it, and others do not wait for that.
        let may_wait = |canary: &String| {
            let mut late = draft.row.covers.iter().filter(|id| self.spans_an_erasure(key, id));
            late.any(|id| self.queued.get(id).is_some_and(|message| canaries(message.text.as_str()).contains(canary)))
        };
        // Whoever goes on from how it began may say it once more, and so may who begins to answer newer words too.
        let goes_on = draft.row.kind != TurnKind::Begun;
        let may_repeat = |begun: &TurnRow| goes_on || draft.row.covers.iter().any(|id| !begun.covers.contains(id));
        let is_begun =
            |canary: &String| draft.row.covers.iter().any(|id| self.was_begun_with(key, id, canary, may_repeat));
        let words: Vec<_> = words.iter().filter(|canary| !may_wait(canary) && !is_begun(canary)).collect();
        let phone = self.phones.get_mut(key)?;
        let mut up_to = phone.place.up_to;
        for canary in words {
            let places = covered.iter().filter(|(_, message)| canaries(message.text.as_str()).contains(canary));
            let Some(place) = places.map(|(place, _)| *place).filter(|place| *place > up_to).min() else {
                return Some(format!("{} read the answer to {canary} out of order", key.as_str()));
            };
            up_to = place;
        }
        phone.place.up_to = up_to;
        None
    }

    /// Every part of a turn that was sent to its end was read, and the words of every message that it answered.
    pub(super) fn everything_was_read(&mut self) {
        let mut wrong = Vec::new();
        for (id, end) in &self.ends {
            let (End::Answered(turn), Some(key)) = (end, self.filed.get(id)) else { continue };
            let place = (key.clone(), *turn);
            let (Some(draft), Some(message)) = (self.drafts.get(&place), self.queued.get(id)) else { continue };
            if self.unfinished.contains(&place) || draft.row.own_line {
                continue;
            }
            let phone = self.phones.get(key);
            let read = |part: usize| phone.is_some_and(|phone| phone.read.contains(&(*turn, as_part(part))));
            if let Some(part) = (1..=draft.row.reply.len()).find(|part| !read(*part)) {
                wrong.push(format!("part {part} of turn {} was never read by {}", turn.number, key.as_str()));
            }
            // Tests put words into the AI's mouth that are not about the question.
            let about = draft.row.reply.iter().any(|part| !canaries(part.text().as_str()).is_empty());
            let words = phone.and_then(|phone| phone.words.get(turn));
            let lacks = |canary: &String| {
                words.is_none_or(|words| !words.contains(canary))
                    && !self.was_begun_with(key, id, canary, |_| true)
                    && !self.is_begun_in_doubt(id)
            };
            let about = about && !self.is_called_off(&draft.row, id);
            if about && let Some(canary) = canaries(message.text.as_str()).iter().find(|canary| lacks(canary)) {
                wrong.push(format!("{canary} counts as answered, and turn {} does not say so", turn.number));
            }
        }
        wrong.sort();
        wrong.dedup();
        self.all_broken(wrong);
    }
}

fn as_part(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
