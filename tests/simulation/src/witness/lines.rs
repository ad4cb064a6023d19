//! What agents write: said as it was written, in the order of the door, each line in one place.

use std::collections::HashMap;

use models::{Author, ConversationKey, Message, MessageId, Timestamp};
use store::{Head, TurnRow};

use super::{End, State};

/// What marks an agent's words: followed by a number.
pub(crate) const LINE: &str = "agent-line-";

impl State {
    /// Whether an agent wrote the message.
    pub(super) fn is_line(&self, id: &MessageId) -> bool {
        self.queued.get(id).is_some_and(|message| message.author == Author::Agent)
    }

    /// An agent's turn says the agent's words, whole and in the order of the door.
    pub(super) fn says_the_agents_words(&mut self, key: &ConversationKey, row: &TurnRow) {
        if row.reply.is_empty() {
            return;
        }
        let words = |texts: Vec<&str>| texts.concat().split_whitespace().collect::<String>();
        let reply = words(row.reply.iter().map(|part| part.text().as_str()).collect());
        let said = words(row.said.iter().map(|said| said.text.as_str()).collect());
        let known = row.covers.iter().filter_map(|id| self.queued.get(id)).map(|message| message.text.as_str());
        let known: Vec<_> = known.collect();
        let whole = row.said.iter().all(|said| known.contains(&said.text.as_str()));
        if !whole || !said.starts_with(&reply) {
            self.broken(format!("turn {} of {} is not what the agent wrote", row.key.number, key.as_str()));
        }
        if !self.in_the_order_of_the_door(row) {
            self.broken(format!("the agent's lines of turn {} of {} are out of order", row.key.number, key.as_str()));
        }
    }

    /// Whether the lines of a turn stand as they reached the door: by what the door handed over, not by what the row says.
    fn in_the_order_of_the_door(&self, row: &TurnRow) -> bool {
        let mut lines: Vec<_> = row.covers.iter().filter_map(|id| self.bodies.get(id)).flatten().collect();
        lines.sort_by_key(|line| line.arrival);
        let mut up_to = Timestamp::EPOCH;
        row.said.iter().all(|said| {
            let is_it = |line: &&&Message| line.text.as_str() == said.text.as_str() && line.arrival >= up_to;
            let arrival = lines.iter().find(is_it).map(|line| line.arrival);
            up_to = arrival.unwrap_or(up_to);
            arrival.is_some()
        })
    }

    /// No line waits that reached the door before one that is sent, and was there when the turn's run looked. One that a
    /// slow queue hands over later cannot be waited for.
    pub(super) fn takes_the_oldest_lines(&mut self, key: &ConversationKey, covers: &[MessageId], head: &Head) {
        let arrival = |id: &MessageId| self.queued.get(id).map(|message| message.arrival);
        let newest = covers.iter().filter_map(arrival).max();
        let waiting = self.conversations.get(key).map(|conversation| &conversation.waiting_then);
        let waits = |id: &&MessageId| self.is_line(id) && !covers.contains(id) && !self.ends.contains_key(*id);
        // What an erasure took the row of waits for the delivery that brings it.
        let may_be_had = |id: &&MessageId| !self.spans_an_erasure(key, id);
        let overtaken = waiting.into_iter().flatten().filter(waits).filter(may_be_had).any(|id| arrival(id) < newest);
        if overtaken && head.pending.len() <= store::MOST_COVERED {
            self.broken(format!("a line of {} was overtaken by a later one", key.as_str()));
        }
    }

    /// How often what was written under this id may be answered, or said.
    pub(super) fn most_replies(&self, id: &MessageId) -> usize {
        let counts = |end: &End| matches!(end, End::Answered(_) | End::Parked | End::Forgotten);
        let counts = self.ends.get(id).is_none_or(counts);
        // That it was written is forgotten with its user, and what comes by the door after that is new.
        let is_new_again = self.filed.get(id).is_some_and(|key| self.spans_an_erasure(key, id));
        usize::from(counts) + usize::from(is_new_again)
    }

    /// Each line of an agent's that was named was read in one place.
    pub(super) fn lines_were_read_once(&mut self) {
        let mut read: HashMap<String, usize> = HashMap::new();
        for part in self.parts.values().filter(|part| part.delivered > 0) {
            for line in lines(&part.text) {
                *read.entry(line).or_default() += 1;
            }
        }
        let mut asked: HashMap<String, usize> = HashMap::new();
        for (id, message) in self.queued.iter().filter(|(_, message)| message.author == Author::Agent) {
            for line in lines(message.text.as_str()) {
                *asked.entry(line).or_default() += self.most_replies(id);
            }
        }
        let mut wrong = Vec::new();
        for (line, read) in &read {
            let asked = asked.get(line).copied().unwrap_or_default();
            if *read > asked {
                wrong.push(format!("{line} was written {asked} times and read in {read} places"));
            }
        }
        wrong.sort();
        self.all_broken(wrong);
    }
}

/// The agent's lines in a text, in their order.
fn lines(text: &str) -> Vec<String> {
    let after = text.match_indices(LINE).map(|(start, _)| &text[start..]);
    after.map(|rest| rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect()).collect()
}
