//! What is promised where people take part: who speaks when, what the desk gets to know, and silence for who wants it.

use std::collections::HashMap;

use desk::{DeskEvent, What};
use models::{AgentAction, AgentDeed, Author, ConversationKey, MessageId, Timestamp};
use platform::clock::Clock as _;
use store::{Head, Owner, Store as _, TurnKey, TurnKind, TurnRow, Voice};

use super::{End, State, Witness};

/// What marks an agent's words: followed by a number.
pub(crate) const LINE: &str = "agent-line-";

/// What is known of people and the desk.
#[derive(Default)]
pub(super) struct People {
    /// The step at which the desk was first told of a message.
    told: HashMap<MessageId, usize>,
    /// The place in the order of filing up to which the desk was told, by conversation.
    told_up_to: HashMap<ConversationKey, u64>,
    /// The step at which a conversation was last given back to the bot.
    released: HashMap<ConversationKey, usize>,
    /// Who had last changed the owner when a hand-off was committed.
    handing_over: HashMap<(ConversationKey, TurnKey), Option<Timestamp>>,
    /// Whether there is a desk.
    pub(super) desk: bool,
}

impl Witness {
    /// There is a desk in this world.
    pub(crate) fn knows_of_the_desk(&self) {
        self.lock().people.desk = true;
    }

    /// A person is about to be an agent's matter: these conversations are that person's own.
    pub(crate) fn concerns(&self, person: &str, own: &[String]) {
        self.lock().own.insert(person.to_owned(), own.to_vec());
    }

    /// The desk was told.
    pub(crate) fn the_desk_is_told(&self, event: &DeskEvent) {
        let mut state = self.lock();
        state.step(self.clock.now(), || format!("the desk is told {}", event.id));
        let What::Message { text, .. } = &event.what else { return };
        let id = MessageId::stored(event.id.strip_prefix("message:").unwrap_or_default());
        if state.queued.get(&id).is_none_or(|message| message.text.as_str() != text.as_str()) {
            state.broken(format!("the desk was told other words than {id:?} says"));
        }
        let step = state.figures.get(super::Figure::Steps);
        if state.people.told.contains_key(&id) {
            return;
        }
        state.people.told.insert(id.clone(), step);
        let (Some(place), Some(key)) = (state.places.get(&id).copied(), state.filed.get(&id).cloned()) else { return };
        let up_to = state.people.told_up_to.entry(key.clone()).or_default();
        let is_late = *up_to > place;
        *up_to = (*up_to).max(place);
        if is_late {
            state.broken(format!("the desk was told {id:?} of {} out of order", key.as_str()));
        }
    }

    /// An agent's wish leaves its queue: only when it is fulfilled.
    pub(super) async fn a_wish_is_deleted(&self, action: &AgentAction) {
        if matches!(action.deed, AgentDeed::Erase) {
            return;
        }
        let mut key = action.conversation.clone();
        let mut head = self.store.head(&key, self.clock.now()).await.ok().flatten().unwrap_or_default();
        if let Some(to) = head.moved_to.clone() {
            head = self.store.head(&to, self.clock.now()).await.ok().flatten().unwrap_or_default();
            key = to;
        }
        let mut state = self.lock();
        if head.owner_since.is_none_or(|since| since < action.at) {
            state.broken(format!("a wish for {} was deleted from the queue and is not fulfilled", key.as_str()));
        }
        let settled = state.ends.get(&action.id).is_some_and(|end| *end != End::Parked);
        if action.message().is_some() && !settled {
            state.broken(format!("the line {:?} was deleted from the queue and is not settled", action.id));
        }
    }
}

impl State {
    /// The owner was changed.
    pub(super) fn owner_changes(&mut self, key: &ConversationKey, owner: Owner) {
        if owner == Owner::Bot {
            let step = self.figures.get(super::Figure::Steps);
            self.people.released.insert(key.clone(), step);
        }
    }

    /// Whether an agent wrote the message.
    pub(super) fn is_line(&self, id: &MessageId) -> bool {
        self.queued.get(id).is_some_and(|message| message.author == Author::Agent)
    }

    /// What kind of turn it is.
    pub(super) fn kind(&self, key: &ConversationKey, turn: TurnKey) -> TurnKind {
        self.drafts.get(&(key.clone(), turn)).map(|draft| draft.row.kind).unwrap_or_default()
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
        if !row.said.is_sorted_by_key(|said| said.arrival) {
            self.broken(format!("the agent's lines of turn {} of {} are out of order", row.key.number, key.as_str()));
        }
    }

    /// A turn is committed where people take part.
    pub(super) fn commit_among_people(
        &mut self,
        key: &ConversationKey,
        turn: TurnKey,
        covers: &[MessageId],
        head: &Head,
    ) {
        let kind = self.kind(key, turn);
        if matches!(kind, TurnKind::HandOff(_)) {
            self.people.handing_over.insert((key.clone(), turn), head.owner_since);
        }
        if kind == TurnKind::Agent {
            self.takes_the_oldest_lines(key, covers, head);
            return;
        }
        if kind != TurnKind::Answer {
            return;
        }
        let released = self.people.released.get(key).copied().unwrap_or_default();
        let told = |id: &&MessageId| self.people.told.get(*id).is_some_and(|told| *told > released);
        if let Some(id) = covers.iter().find(told) {
            self.broken(format!("{id:?} is answered by the bot although the desk has it"));
        }
    }

    /// No line waits that reached the door before one that is sent, and was there when the turn's run looked. One that a
    /// slow queue hands over later cannot be waited for.
    fn takes_the_oldest_lines(&mut self, key: &ConversationKey, covers: &[MessageId], head: &Head) {
        let arrival = |id: &MessageId| self.queued.get(id).map(|message| message.arrival);
        let newest = covers.iter().filter_map(arrival).max();
        let waiting = self.conversations.get(key).map(|conversation| &conversation.waiting_then);
        let waits = |id: &&MessageId| self.is_line(id) && !covers.contains(id) && !self.ends.contains_key(*id);
        let overtaken = waiting.into_iter().flatten().filter(waits).any(|id| arrival(id) < newest);
        if overtaken && head.pending.len() <= store::MOST_COVERED {
            self.broken(format!("a line of {} was overtaken by a later one", key.as_str()));
        }
    }

    /// A send of the bot begins: not while a person owns the conversation, and not to somebody who wants silence.
    pub(super) fn may_speak(&mut self, key: &ConversationKey, turn: TurnKey, head: &Head) {
        let kind = self.kind(key, turn);
        if kind.voice() == Voice::Bot && head.owner == Owner::Person {
            self.broken(format!("a send was begun in {} while a person owned it", key.as_str()));
        }
        if kind.voice() == Voice::Bot && kind != TurnKind::OptIn && head.opted_out {
            self.broken(format!("a send was begun in {} although its user has opted out", key.as_str()));
        }
    }

    /// A hand-off ends with a person, unless somebody decided about the owner meanwhile.
    pub(super) fn is_handed_over(&mut self, key: &ConversationKey, turn: TurnKey, after: &Head) {
        let Some(since) = self.people.handing_over.get(&(key.clone(), turn)).copied() else { return };
        if after.owner != Owner::Person && after.owner_since == since {
            self.broken(format!("{} was handed over, and no person owns it", key.as_str()));
        }
    }

    /// What is left to a person was told to that person.
    pub(super) fn is_left_to_somebody(&mut self, id: &MessageId) {
        if self.people.desk && !self.people.told.contains_key(id) {
            self.broken(format!("{id:?} was left to a person whom nobody told"));
        }
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
            let counts = self.ends.get(id).is_none_or(|end| matches!(end, End::Answered(_) | End::Parked));
            for line in lines(message.text.as_str()) {
                *asked.entry(line).or_default() += usize::from(counts);
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

    /// How a message ended that no turn was sent about.
    pub(super) fn silent_end(&self, id: &MessageId, (before, after): (&Head, &Head)) -> End {
        if (before.opted_out || after.opted_out) && !self.is_line(id) { End::Silent } else { End::Copy }
    }

    /// A wish to hear nothing, or something again, has its cause in the words; while a person has the conversation it is
    /// heard before its message is told to the desk.
    pub(super) fn wishes(&mut self, key: &ConversationKey, covers: &[MessageId], (before, after): (&Head, &Head)) {
        let says = |words: &str| {
            let mut messages = covers.iter().chain(before.pending.keys()).filter_map(|id| self.queued.get(id));
            messages.any(|message| message.text.as_str() == words)
        };
        let right = match (before.opted_out, after.opted_out) {
            (false, true) => says(STOP),
            (true, false) => says(START),
            _ => true,
        };
        if !right {
            self.broken(format!("{} opted out or in, and never said so", key.as_str()));
        }
    }
}

/// What users write to hear nothing any more, to be heard again, and to reach a person.
pub(crate) const STOP: &str = "STOP";
pub(crate) const START: &str = "START";
pub(crate) const HUMAN: &str = "talk to a human";

/// The agent's lines in a text, in their order.
fn lines(text: &str) -> Vec<String> {
    let after = text.match_indices(LINE).map(|(start, _)| &text[start..]);
    after.map(|rest| rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect()).collect()
}
