//! Which messages are one message that came twice, by the rule that the README promises and not by the product's code: the
//! same words of the same person, without dispatch ids within half a minute, or by two routes within ten seconds.

use std::collections::HashSet;
use std::time::Duration;

use models::{Author, ConversationKey, Message, MessageId};
use store::TurnRow;

use super::{End, State};

fn alike(a: &Message, b: &Message) -> bool {
    let apart = a.arrival.since(b.arrival).max(b.arrival.since(a.arrival));
    let repeated = !a.dispatched && !b.dispatched && apart < Duration::from_secs(30);
    let forwarded_twice = a.route != b.route && apart < Duration::from_secs(10);
    // Of what another system asks for only the name tells.
    a.id != b.id && a.author != Author::System && a.text == b.text && (repeated || forwarded_twice)
}

impl State {
    /// The messages like this one in its conversation.
    fn like(&self, id: &MessageId) -> Vec<MessageId> {
        let Some(message) = self.queued.get(id) else { return vec![] };
        let key = self.filed.get(id);
        let same = |other: &&Message| alike(message, other) && self.filed.get(&other.id) == key;
        self.queued.values().filter(same).map(|other| other.id.clone()).collect()
    }

    /// A message ends as a copy: of what, is said by what is known of them now. Another delivery may bring another arrival.
    pub(super) fn is_a_copy(&mut self, id: &MessageId) {
        let like = self.like(id);
        self.copies_of.entry(id.clone()).or_default().extend(like);
    }

    /// Whether the same person wrote the same words in another message that is the same.
    pub(super) fn has_twin(&self, id: &MessageId) -> bool {
        !self.like(id).is_empty()
    }

    /// What the last turn by the author of these messages was about.
    fn last_said(&self, key: &ConversationKey, messages: &[MessageId]) -> Vec<MessageId> {
        let Some(conversation) = self.conversations.get(key) else { return vec![] };
        let lines = messages.first().is_some_and(|id| self.is_line(id));
        if lines { conversation.last_lines.clone() } else { conversation.last_said.clone() }
    }

    /// How many of these messages are copies.
    pub(super) fn copies_among(&self, key: &ConversationKey, open: &[MessageId]) -> usize {
        open.len() - self.counted_among(key, open).len()
    }

    /// Those of these messages that are no copies: of one that the last turn answered, or of another among them.
    pub(super) fn counted_among(&self, key: &ConversationKey, open: &[MessageId]) -> Vec<MessageId> {
        let last = self.last_said(key, open);
        let loses = |(place, id): &(usize, &MessageId)| {
            let Some(message) = self.queued.get(*id) else { return false };
            let is_like = |other: &MessageId| self.queued.get(other).is_some_and(|other| alike(message, other));
            let wins = |(rival, other): (usize, &MessageId)| {
                let named = |id: &MessageId| self.queued.get(id).is_some_and(|message| message.route.is_some());
                is_like(other)
                    && match (named(other), message.route.is_some()) {
                        (true, false) => true,
                        (false, true) => false,
                        _ => rival < *place,
                    }
            };
            last.iter().any(is_like) || open.iter().enumerate().any(wins)
        };
        open.iter().enumerate().filter(|one| !loses(one)).map(|(_, id)| id.clone()).collect()
    }

    /// Of the messages of a turn, those that its row says were counted: none of these that were `given_up`, although another one
    /// of the same moment may have had the same words.
    pub(super) fn said_in(&self, row: &TurnRow, given_up: &[MessageId]) -> Vec<MessageId> {
        let mut said: Vec<MessageId> = Vec::new();
        for words in &row.said {
            let is_it = |id: &&MessageId| {
                self.queued.get(*id).is_some_and(|message| {
                    (message.arrival, &message.route) == (words.arrival, &words.route)
                        && message.text.as_str() == words.text.as_str()
                })
            };
            let left = row.covers.iter().filter(|id| !said.contains(id) && !given_up.contains(id));
            said.extend(left.into_iter().find(is_it).cloned());
        }
        said
    }

    /// A turn answers no two messages that are one, and none that the turn before it answered.
    pub(super) fn says_nothing_twice(&mut self, key: &ConversationKey, said: &[MessageId]) {
        let last = self.last_said(key, said);
        let before: HashSet<_> = said.iter().chain(&last).cloned().collect();
        let twice = said.iter().find(|id| self.like(id).iter().any(|like| before.contains(like)));
        if let Some(id) = twice {
            self.broken(format!("{id:?} is answered, and so was its copy"));
        }
    }

    /// A copy is as good as what it is a copy of: through all its likes there must be one that is none.
    pub(super) fn copies_have_an_original(&mut self) {
        let copies: Vec<_> = self.ends.iter().filter(|(_, end)| **end == End::Copy).map(|(id, _)| id.clone()).collect();
        let mut wrong = Vec::new();
        for copy in copies {
            let (mut seen, mut next) = (HashSet::from([copy.clone()]), vec![copy.clone()]);
            let mut original = false;
            while let Some(id) = next.pop() {
                original |= self.ends.get(&id) != Some(&End::Copy);
                let then = self.copies_of.get(&id).cloned().unwrap_or_default();
                next.extend(self.like(&id).into_iter().chain(then).filter(|like| seen.insert(like.clone())));
            }
            if !original {
                wrong.push(format!("{copy:?} is only a copy of copies: nothing answered it"));
            }
        }
        wrong.sort();
        self.all_broken(wrong);
    }
}
