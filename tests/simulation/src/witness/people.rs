//! What is promised where people take part: who speaks when, what the desk gets to know, and silence for who wants it.

use std::collections::{HashMap, HashSet};

use conversation::decide::STALE_AFTER;
use desk::{DeskError, DeskEvent, What};
use models::{AgentAction, AgentDeed, ConversationKey, MessageId, Timestamp};
use platform::clock::Clock as _;
use platform::metrics::Metric;
use store::{Head, MOST_COVERED, Owner, Store as _, TurnKey, TurnKind, Voice};

use super::{End, State, Witness, canaries};

/// What is known of people and the desk.
#[derive(Default)]
pub(super) struct People {
    /// The step at which the desk was first told of a message.
    told: HashMap<MessageId, usize>,
    /// The messages that the desk refused for good.
    refused: HashSet<MessageId>,
    /// The same by somebody whose claim still held: nobody else can know that the conversation was given back meanwhile.
    told_by_a_holder: HashMap<MessageId, usize>,
    /// The place in the order of filing up to which the desk was told, by conversation.
    told_up_to: HashMap<ConversationKey, u64>,
    /// The step at which a conversation was last given back to the bot.
    released: HashMap<ConversationKey, usize>,
    /// Who had last changed the owner when a hand-off was committed.
    handing_over: HashMap<(ConversationKey, TurnKey), Option<Timestamp>>,
    /// The hand-off turns of each conversation since it was last the bot's, of which something was read.
    said_good_bye: HashMap<ConversationKey, HashSet<TurnKey>>,
    /// The door times at which agents gave conversations back: whatever else gives one back is the end of quiet hours.
    releases: HashSet<Timestamp>,
    /// Whether there is a desk.
    pub(super) desk: bool,
}

impl People {
    /// A conversation was forgotten: it is the bot's again, and nothing in it was told to anybody.
    pub(super) fn begin_anew(&mut self, key: &ConversationKey, step: usize) {
        self.released.insert(key.clone(), step);
        self.said_good_bye.remove(key);
        self.told_up_to.remove(key);
    }

    /// What a turn said of that is as if it had not been read.
    pub(super) fn did_not_say_good_bye(&mut self, key: &ConversationKey, turn: TurnKey) {
        if let Some(said) = self.said_good_bye.get_mut(key) {
            said.remove(&turn);
        }
    }
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

    /// An agent wants the conversation to be the bot's at this door time.
    pub(crate) fn is_given_back(&self, at: Timestamp) {
        self.lock().people.releases.insert(at);
    }

    /// The desk was told by somebody who had claimed this epoch of the conversation.
    pub(crate) fn the_desk_is_told(&self, event: &DeskEvent, claim: Option<u64>) {
        let mut state = self.lock();
        state.step(self.clock.now(), || format!("the desk is told {}", event.id));
        let words = canaries(&everything_in(event));
        state.may_be_known(&event.conversation, claim, &words, "the desk was told");
        let epoch = state.conversations.get(&event.conversation).map(|conversation| conversation.epoch);
        let holds = claim.is_none() || claim == epoch;
        state.is_told_of_the_unsent(event, holds);
        let What::Message { text, .. } = &event.what else { return };
        let id = MessageId::stored(event.id.strip_prefix("message:").unwrap_or_default());
        if state.queued.get(&id).is_none_or(|message| message.text.as_str() != text.as_str()) {
            state.broken(format!("the desk was told other words than {id:?} says"));
        }
        let step = state.figures.get(super::Figure::Steps);
        if holds {
            state.people.told_by_a_holder.insert(id.clone(), step);
        }
        if state.people.told.contains_key(&id) {
            return;
        }
        state.people.told.insert(id.clone(), step);
        // What somebody told whose claim was over may have been on its way for long.
        if !holds {
            return;
        }
        let (Some(place), Some(key)) = (state.places.get(&id).copied(), state.filed.get(&id).cloned()) else { return };
        // Without its row it waits for the delivery that brings it, and others do not wait for that.
        let may_wait = state.people.refused.contains(&id) || state.spans_an_erasure(&key, &id);
        let up_to = state.people.told_up_to.entry(key.clone()).or_default();
        // What the desk refused for good did not hold up what came after it; at another try it may take it.
        let is_late = *up_to > place && !may_wait;
        *up_to = (*up_to).max(place);
        if is_late {
            state.broken(format!("the desk was told {id:?} of {} out of order", key.as_str()));
        }
    }

    /// A run heard of what it told the desk.
    pub(crate) fn heard_of_the_desk(&self, event: &DeskEvent, told: Result<(), DeskError>) {
        let mut state = self.lock();
        if let Err(DeskError::Rejected { .. }) = told {
            state.ledger.expects(Metric::DeskRefused, 1);
            state.unsent.refuses(event);
            state.people.refused.extend(event.id.strip_prefix("message:").map(MessageId::stored));
        }
    }

    /// An agent's wish leaves its queue: only when it is fulfilled.
    pub(super) async fn a_wish_is_deleted(&self, action: &AgentAction, began: usize) {
        if matches!(action.deed, AgentDeed::Erase) {
            return self.an_erasure_is_deleted(action);
        }
        if let AgentDeed::Answer { question, body } = &action.deed {
            return self.a_later_answer_is_deleted((question, body.as_str()), action, began).await;
        }
        let mut key = action.conversation.clone();
        let mut head = self.store.head(&key, self.clock.now()).await.ok().flatten().unwrap_or_default();
        if let Some(to) = head.moved_to.clone() {
            head = self.store.head(&to, self.clock.now()).await.ok().flatten().unwrap_or_default();
            key = to;
        }
        let mut state = self.lock();
        let message = action.message();
        if head.forgot(action.at) || state.was_forgotten(&[&action.conversation, &key], action.at) {
            if let Some(message) = message.filter(|message| !state.came_again(&message.id)) {
                state.ends.entry(message.id).or_insert(End::Forgotten);
            }
            return;
        }
        if message.is_some_and(|message| state.is_over_with(&message)) {
            return;
        }
        // A tombstone that nothing was added to expires, and with it who took the conversation before that.
        let is_gone = head == Head::default() && state.erased.contains_key(&key);
        let changes_the_owner = !matches!(action.deed, AgentDeed::StartFlow { .. });
        if changes_the_owner && !is_gone && head.owner_since.is_none_or(|since| since < action.at) {
            state.broken(format!("a wish for {} was deleted from the queue and is not fulfilled", key.as_str()));
        }
        let settled = state.ends.get(&action.id).is_some_and(|end| *end != End::Parked);
        if action.message().is_some() && !settled {
            state.broken(format!("the line {:?} was deleted from the queue and is not settled", action.id));
        }
    }
}

impl State {
    /// The owner was changed at this door time; `before` is the head as it was.
    pub(super) fn owner_changes(&mut self, key: &ConversationKey, owner: Owner, at: Timestamp, before: &Head) {
        if owner == Owner::Bot {
            if before.owner == Owner::Person && !self.people.releases.contains(&at) {
                self.figures.count(super::Figure::TakenBack);
                self.nothing_is_owed_to_people(key, at, before);
            }
            let step = self.figures.get(super::Figure::Steps);
            self.people.released.insert(key.clone(), step);
            self.people.said_good_bye.remove(key);
        }
    }

    /// The bot takes a conversation back at the end of the quiet hours: not with what was written to people before that.
    fn nothing_is_owed_to_people(&mut self, key: &ConversationKey, end: Timestamp, before: &Head) {
        let Some(conversation) = self.conversations.get(key) else { return };
        // What came after the claim, or would have waited for the turn after the next one, it may not have seen.
        let seen = |id: &&MessageId| conversation.waiting_then.contains(*id) && !self.is_line(id) && !self.is_start(id);
        let waiting: Vec<_> = before.pending.keys().filter(seen).cloned().collect();
        if waiting.len() > MOST_COVERED {
            return;
        }
        let counted = self.counted_among(key, &waiting);
        let arrival = |id: &MessageId| before.pending.get(id).map(|pending| pending.arrival);
        if let Some(id) = counted.iter().find(|id| arrival(id).is_some_and(|arrival| arrival < end)) {
            self.broken(format!("{} was taken back although {id:?} was written to people", key.as_str()));
        }
    }

    /// A part of a turn appears on a phone: that a person takes over is read once, until the conversation is the bot's again.
    /// Says whether this is the first that was read of it.
    pub(super) fn says_good_bye(&mut self, key: &ConversationKey, turn: TurnKey) -> bool {
        if !matches!(self.kind(key, turn), TurnKind::HandOff(_)) {
            return false;
        }
        let step = self.drafts.get(&(key.clone(), turn)).map_or(0, |draft| draft.step);
        if self.people.released.get(key).is_some_and(|released| *released > step) {
            return false;
        }
        let said = self.people.said_good_bye.entry(key.clone()).or_default();
        let is_first = said.insert(turn);
        if said.len() > 1 {
            self.broken(format!("{} read twice that a person takes over", key.as_str()));
        }
        is_first
    }

    /// What kind of turn it is.
    pub(super) fn kind(&self, key: &ConversationKey, turn: TurnKey) -> TurnKind {
        self.drafts.get(&(key.clone(), turn)).map(|draft| draft.row.kind).unwrap_or_default()
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
        let told = |id: &&MessageId| self.people.told_by_a_holder.get(*id).is_some_and(|told| *told > released);
        if let Some(id) = covers.iter().find(told) {
            self.broken(format!("{id:?} is answered by the bot although the desk has it"));
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

    /// Whether the desk refused each of these messages for good.
    pub(super) fn are_refused_by_the_desk(&self, messages: &[MessageId]) -> bool {
        !messages.is_empty() && messages.iter().all(|id| self.people.refused.contains(id))
    }

    /// What is left to a person was told to that person.
    pub(super) fn is_left_to_somebody(&mut self, id: &MessageId) {
        if self.people.desk && !self.people.told.contains_key(id) {
            self.broken(format!("{id:?} was left to a person whom nobody told"));
        }
    }

    /// How a message ended that no turn was sent about.
    pub(super) fn silent_end(&self, id: &MessageId, too_much: Option<End>, (before, after): (&Head, &Head)) -> End {
        if (before.opted_out || after.opted_out) && !self.is_line(id) {
            return End::Silent;
        }
        too_much.unwrap_or(End::Copy)
    }

    /// Whether somebody wished to be heard again so long ago that saying so would reach nobody.
    pub(super) fn is_late_wish(&self, covers: &[MessageId], now: Timestamp) -> bool {
        let wishes = covers.iter().filter_map(|id| self.queued.get(id)).any(|message| message.text.as_str() == START);
        wishes && self.newest_arrival(covers).is_some_and(|arrival| now.since(arrival) >= STALE_AFTER)
    }

    /// Whether a wish for silence waits that was not taken back since.
    pub(super) fn waits_for_silence(&self, head: &Head) -> bool {
        let text = |id| self.queued.get(id).map(|message| message.text.as_str());
        // What one turn does not cover any more is not looked at before the next one.
        let next = head.next_covers();
        next.iter().rev().filter_map(text).find(|text| matches!(*text, STOP | START)) == Some(STOP)
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
        if after.opted_out && !before.opted_out {
            self.flow_ends(key);
        }
    }
}

/// Every word of an event.
fn everything_in(event: &DeskEvent) -> String {
    match &event.what {
        What::HandOff { summary, transcript, .. } => {
            let lines = transcript.iter().map(|line| line.text.as_str());
            lines.chain([summary.as_str()]).collect::<Vec<_>>().join(" ")
        }
        What::Message { text, .. } | What::NotSent { text, .. } => text.as_str().to_owned(),
        What::Released { .. } => String::new(),
    }
}

/// What users write to hear nothing any more, to be heard again, and to reach a person.
pub(crate) const STOP: &str = "STOP";
pub(crate) const START: &str = "START";
pub(crate) const HUMAN: &str = "talk to a human";
