//! Who is forgotten: nothing of what had reached the door before stands anywhere, is read, is asked or is told by anybody who
//! began after it, and what comes later is the beginning of a conversation.

use std::collections::HashSet;

use models::{AgentAction, Content, ConversationKey, Message, MessageId, Timestamp};
use platform::clock::Clock as _;
use store::{Head, Pending, Store as _, TurnKey, TurnRow};

use super::budgets::Spent;
use super::sends::is_beginning;
use super::{End, Figure, State, Witness, canaries};

/// An erasure of one conversation.
#[derive(Clone)]
pub(super) struct Erased {
    /// Its door time.
    at: Timestamp,
    /// Whoever claimed the conversation under this epoch, or an older one, began before it.
    epoch: u64,
    /// What had reached the door by then and was filed there, and not once more since.
    pub(super) filed: HashSet<MessageId>,
}

impl Witness {
    /// A conversation was forgotten as of `at`.
    pub(crate) fn erased(&self, key: &ConversationKey, at: Timestamp, before: Option<&Head>, after: &Head) {
        if before.is_some_and(|head| head.forgot(at)) {
            return;
        }
        let mut state = self.lock();
        state.step(self.clock.now(), || format!("erased {} as of {}", key.as_str(), at.millis()));
        let is_older = |id: &MessageId| {
            let row = state.rows.get(&(key.clone(), id.clone())).or_else(|| state.queued.get(id));
            row.is_none_or(|row| row.arrival <= at)
        };
        let here = state.filed.iter().filter(|(_, filed)| *filed == key).map(|(id, _)| id);
        let filed = here.filter(|id| is_older(id)).cloned().collect();
        state.erased.insert(key.clone(), Erased { at, epoch: after.epoch, filed });
        let sent = before.and_then(|head| head.turn.as_ref()).map(|turn| turn.covers.clone()).unwrap_or_default();
        let of_before = |id: &&MessageId| sent.contains(id) || state.arrival(id).is_some_and(|arrival| arrival <= at);
        let here = state.filed.iter().filter(|(_, filed)| *filed == key).map(|(id, _)| id);
        let gone = state.open(&here.filter(of_before).cloned().collect::<Vec<_>>());
        state.ends.extend(gone.into_iter().map(|id| (id, End::Forgotten)));
        state.begins_anew(key, after);
    }

    /// An erasure leaves its queue: only when the conversation is forgotten under every key that leads to it.
    pub(super) fn an_erasure_is_deleted(&self, action: &AgentAction) {
        let others = {
            let mut state = self.lock();
            let own = state.erasing.iter().position(|other| other == action);
            own.map(|own| state.erasing.remove(own));
            state.erasing.clone()
        };
        let heads = self.store.conversations();
        let (mut keys, mut next) = (vec![action.conversation.clone()], 0);
        while let Some(key) = keys.get(next).cloned() {
            let from = &key;
            let links = heads.iter().flat_map(|(of, head)| {
                // A sign leads both ways; from a newer name to an older one only a sign does.
                let signs = head.moved_to.iter().flat_map(move |to| [(of, to), (to, of)]);
                signs
                    .chain(head.adopted_by.iter().map(move |by| (of, by)))
                    .filter(|(of, _)| **of == *from)
                    .map(|(_, to)| to.clone())
            });
            for link in links.collect::<Vec<_>>() {
                if !keys.contains(&link) {
                    keys.push(link);
                }
            }
            next += 1;
        }
        let known = |key: &&ConversationKey| {
            heads.iter().any(|(of, head)| of == *key && head.moved_to.is_none() && !head.forgot(action.at))
        };
        if let Some(key) = keys.iter().find(known) {
            self.broken(format!("{} was to be forgotten and is not", key.as_str()));
        }
        let leads = |key: &&ConversationKey| {
            let is_sign = |head: &Head| {
                let named =
                    |since| head.moved_to.as_ref().is_some_and(|of| self.lock().was_named(key, of, since, action.at));
                head.moved_to.is_some() && head.erased_at.is_none_or(named)
            };
            heads.iter().any(|(of, head)| of == *key && is_sign(head) && !head.forgot(action.at))
        };
        // What another erasure found first, it has yet to forget.
        let is_found = others.iter().any(|other| keys.contains(&other.conversation) && other.at >= action.at);
        if let Some(key) = keys.iter().find(leads).filter(|key| !self.may_leave_rows(key) && !is_found) {
            self.broken(format!("{} still leads to somebody who was to be forgotten", key.as_str()));
        }
    }

    /// Nothing of anybody who was forgotten stands in the table, but what is among the dead letters.
    pub(super) async fn nothing_is_left(&self, dead: &HashSet<MessageId>) {
        let (erased, ids): (Vec<_>, Vec<_>) = {
            let state = self.lock();
            (state.erased.clone().into_iter().collect(), state.bodies.keys().cloned().collect())
        };
        for (key, erased) in erased.into_iter().filter(|(key, _)| !self.may_leave_rows(key)) {
            let rows = self.store.messages(&key, &ids).await.unwrap_or_default();
            let left = rows.iter().map(|row| &row.message);
            let left = left.filter(|message| message.arrival <= erased.at && !dead.contains(&message.id));
            let mut wrong: Vec<_> = left.map(|message| message.id.as_str().to_owned()).collect();
            let turns = self.store.newest_turns(&key, usize::MAX, self.clock.now()).await.unwrap_or_default();
            let mut state = self.lock();
            let words = turns.iter().flat_map(|row| canaries(&everything_in(row)));
            wrong.extend(words.filter(|canary| state.is_forgotten(&key, canary)));
            if !wrong.is_empty() {
                wrong.sort();
                state.broken(format!("{wrong:?} of {} is in the table although it was forgotten", key.as_str()));
            }
        }
    }

    /// What a client gave up, or a function that outlived its deadline, may put a row after the last look of an erasure.
    fn may_leave_rows(&self, key: &ConversationKey) -> bool {
        let state = self.lock();
        let came_late = || state.befallen.came_late(&["put message", "draft", "point"], key.as_str());
        !state.kills_at_deadline || !self.ahead.is_zero() || came_late()
    }
}

impl State {
    fn arrival(&self, id: &MessageId) -> Option<Timestamp> {
        self.queued.get(id).map(|message| message.arrival)
    }

    /// What is known of a conversation that begins anew.
    fn begins_anew(&mut self, key: &ConversationKey, after: &Head) {
        let step = self.figures.get(Figure::Steps);
        let conversation = self.conversations.entry(key.clone()).or_default();
        (conversation.last_part, conversation.answered_up_to, conversation.last_turn) = (None, 0, 0);
        (conversation.epoch, conversation.attempts, conversation.opted_out) = (after.epoch, 0, false);
        (conversation.last_said, conversation.last_lines) = (vec![], vec![]);
        conversation.done.clone_from(&after.done);
        conversation.spent = Spent::default();
        conversation.waiting_then.clear();
        if let Some(phone) = self.phones.get_mut(key) {
            phone.begins_anew();
        }
        // What is said beside answers is named by its turn, and turns are counted anew.
        let is_here = |name: &str| {
            let (id, beside) = name.split_once('!').unwrap_or_default();
            !beside.is_empty() && self.filed.get(&MessageId::stored(id)) == Some(key)
        };
        let (old, kept): (Vec<_>, Vec<_>) = self.parts.drain().partition(|(name, _)| is_here(name));
        self.parts.extend(kept);
        // How an answer begins may be all that was read of somebody's words.
        let read = old.iter().filter(|(name, part)| part.delivered > 0 && is_beginning(name));
        self.read_before.extend(read.flat_map(|(_, part)| canaries(&part.text)));
        self.people.begin_anew(key, step);
        self.flows.begin_anew(key);
        self.later.begin_anew(key);
        self.moments.remove(key);
        self.begun.remove(key);
    }

    /// Whether this message had reached the door before its user was forgotten: then it is over.
    pub(super) fn is_over_with(&mut self, message: &Message) -> bool {
        let mut keys = message.identity.other_conversations();
        keys.push(message.identity.conversation());
        keys.extend(self.filed.get(&message.id).cloned());
        let gone = keys.iter().any(|key| self.erased.get(key).is_some_and(|erased| message.arrival <= erased.at));
        if gone && !self.came_again(&message.id) && self.ends.get(&message.id).is_none_or(|end| *end == End::Parked) {
            self.ends.insert(message.id.clone(), End::Forgotten);
        }
        gone
    }

    /// Whether a conversation that has one of these keys was forgotten as of this moment or later. Its tombstone may be gone.
    pub(super) fn was_forgotten(&self, keys: &[&ConversationKey], as_of: Timestamp) -> bool {
        keys.iter().any(|key| self.erased.get(*key).is_some_and(|erased| as_of <= erased.at))
    }

    /// Whether a message came by the door once more since its user was forgotten, and has its place as that.
    pub(super) fn came_again(&self, id: &MessageId) -> bool {
        self.filed.get(id).is_some_and(|key| !self.is_of_the_forgotten(key, id))
    }

    /// Whether a message that ended may be filed once more: what comes by the door after its user was forgotten is new.
    pub(super) fn is_new_again(&mut self, key: &ConversationKey, id: &MessageId, placed: Option<&Pending>) -> bool {
        let erased = self.erased.get(key).map(|erased| erased.at);
        let is_new = erased.is_some_and(|at| placed.is_some_and(|placed| placed.arrival > at));
        if is_new {
            let is_about_it =
                |part: &str| part.strip_prefix(id.as_str()).is_some_and(|rest| rest.starts_with(['#', '!']));
            let (old, kept): (Vec<_>, Vec<_>) = self.parts.drain().partition(|(name, _)| is_about_it(name));
            self.parts.extend(kept);
            let read = old.iter().filter(|(_, part)| part.delivered > 0);
            self.read_before.extend(read.flat_map(|(_, part)| canaries(&part.text)));
        }
        is_new
    }

    /// Whether what arrived then is forgotten.
    pub(super) fn predates_erasure(&self, key: &ConversationKey, arrival: Timestamp) -> bool {
        self.erased.get(key).is_some_and(|erased| arrival <= erased.at)
    }

    /// Whether the user of `of` wrote after `since` and until `until` under this key too, and is remembered for it: what was
    /// forgotten before that is found by nothing else.
    fn was_named(&self, key: &ConversationKey, of: &ConversationKey, since: Timestamp, until: Timestamp) -> bool {
        let written = self.filed.iter().filter(|(_, filed)| *filed == of).filter_map(|(id, _)| self.queued.get(id));
        let mut named = written.filter(|message| message.arrival > since && message.arrival <= until);
        named.any(|message| message.identity.other_conversations().contains(key))
    }

    /// Whether a message reached the door before its user was forgotten, and once more after that: its row may be either's,
    /// and is taken with the older one's.
    pub(super) fn spans_an_erasure(&self, key: &ConversationKey, id: &MessageId) -> bool {
        let came = self.bodies.get(id).into_iter().flatten();
        let (before, after): (Vec<_>, Vec<_>) = came.partition(|copy| self.predates_erasure(key, copy.arrival));
        !before.is_empty() && !after.is_empty()
    }

    /// Whether a message had reached the door before its user was forgotten.
    pub(super) fn is_of_the_forgotten(&self, key: &ConversationKey, id: &MessageId) -> bool {
        self.arrival(id).is_some_and(|arrival| self.predates_erasure(key, arrival))
    }

    /// Whether a turn, or a claim, of this epoch began before the conversation was forgotten.
    pub(super) fn is_of_before(&self, key: &ConversationKey, epoch: u64) -> bool {
        self.erased.get(key).is_some_and(|erased| epoch <= erased.epoch)
    }

    /// Whether everything that was said with this canary is forgotten.
    pub(super) fn is_forgotten(&self, key: &ConversationKey, canary: &str) -> bool {
        let Some(erased) = self.erased.get(key) else { return false };
        let bodies = self.bodies.values().flatten();
        let mut said = bodies.filter(|message| canaries(message.text.as_str()).iter().any(|other| other == canary));
        said.all(|message| message.arrival <= erased.at)
    }

    /// Words are shown to somebody by a run that claimed this epoch: not what was forgotten before it began.
    pub(super) fn may_be_known(&mut self, key: &ConversationKey, epoch: Option<u64>, words: &[String], by: &str) {
        if epoch.is_none_or(|epoch| self.is_of_before(key, epoch)) {
            return;
        }
        if let Some(canary) = words.iter().find(|canary| self.is_forgotten(key, canary)) {
            self.broken(format!("{by} {canary} although it was forgotten"));
        }
    }

    /// What a turn says is no longer known when its user was forgotten before it began.
    pub(super) fn reads_nothing_forgotten(&mut self, key: &ConversationKey, turn: TurnKey, words: &[String]) {
        self.may_be_known(key, Some(turn.epoch), words, &format!("{} read", key.as_str()));
    }
}

/// Every word of a turn's row.
fn everything_in(row: &TurnRow) -> String {
    let said = row.said.iter().map(|said| said.text.as_str());
    let reply = row.reply.iter().map(|said| said.text().as_str());
    let values = row.flow.iter().flat_map(|flow| flow.values.values()).map(models::Personal::as_str);
    let summary = row.summary.iter().map(models::Personal::as_str);
    let properties = row.reply.iter().filter_map(|said| match &said.content {
        Content::Campaign(campaign) => Some(campaign.properties().map(|(_, value)| value.as_str())),
        _ => None,
    });
    let recap = row.summing.recap().into_iter().map(|recap| recap.text.as_str());
    said.chain(reply)
        .chain(values)
        .chain(recap)
        .chain(summary)
        .chain(properties.flatten())
        .collect::<Vec<_>>()
        .join(" ")
}
