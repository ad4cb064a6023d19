//! What may be written to a head, seen from outside the store's own conditions.

use conversation::decide::STALE_AFTER;
use models::{ConversationKey, MessageId, Timestamp};
use platform::clock::Clock as _;
use store::{Head, HeadWrite, Held, Owner, RowState, Store as _, TurnKey};

use super::sends::Heard;
use super::{Draft, End, Figure, State, Witness};

/// Claims before messages may be given up: the least of any assistant here.
const FEWEST_ATTEMPTS: u32 = 4;

impl Witness {
    /// A write was applied to the head of `key`.
    pub(crate) async fn wrote(&self, key: &ConversationKey, write: &HeadWrite, before: Option<&Head>, after: &Head) {
        let head = before.cloned().unwrap_or_default();
        let done_rows = self.done_rows(key, write, &head, after).await;
        let mut state = self.lock();
        state.step(self.clock.now(), || line(key, write, after));
        if after.epoch > head.epoch {
            let step = state.figures.get(Figure::Steps);
            let conversation = state.conversations.entry(key.clone()).or_default();
            (conversation.claimed_at, conversation.epoch, conversation.attempts) = (step, after.epoch, after.attempts);
            let is_claim = matches!(write, HeadWrite::File { .. } | HeadWrite::Claim { .. });
            if is_claim && head.lease_until > self.clock.now() + self.ahead {
                state.broken(format!("{} was taken from a living holder", key.as_str()));
            }
        }
        state.is_held(write, &head);
        state.goes_forward(key, &head, after);
        for id in head.done.iter().filter(|id| !after.done.contains(id) && !done_rows.contains(id)) {
            state.broken(format!("{id:?} was forgotten before its row said that it is done"));
        }
        state.apply(key, write, &head, after, &done_rows, (self.clock.now(), self.most_copies));
    }

    /// The ids whose rows say that they are done, among those that leave the head's memory or that the write is about. A
    /// duplicate that stalled until the head had forgotten its message is pending once more, and says nothing.
    async fn done_rows(&self, key: &ConversationKey, write: &HeadWrite, before: &Head, after: &Head) -> Vec<MessageId> {
        let left = before.done.iter().filter(|id| !after.done.contains(id));
        let covers = match write {
            HeadWrite::Settle { covers, .. } | HeadWrite::Commit { covers, .. } => covers.as_slice(),
            HeadWrite::File { message, .. } => std::slice::from_ref(message),
            _ => &[],
        };
        let ids: Vec<_> = left.chain(covers).cloned().collect();
        if ids.is_empty() {
            return ids;
        }
        let rows = self.store.messages(key, &ids).await.unwrap_or_default();
        rows.into_iter().filter(|row| row.state == RowState::Done).map(|row| row.message.id).collect()
    }
}

impl State {
    /// Only the holder of the newest claim writes: everything else is from the past.
    fn is_held(&mut self, write: &HeadWrite, before: &Head) {
        let (HeadWrite::Commit { held, .. }
        | HeadWrite::NextPart { held, .. }
        | HeadWrite::PutBack { held, .. }
        | HeadWrite::SendAgain { held, .. }
        | HeadWrite::Settle { held, .. }
        | HeadWrite::Release { held }) = write
        else {
            return;
        };
        if before.run.as_ref() != Some(&held.run) || before.epoch != held.epoch {
            self.broken(format!("{} wrote with a claim that was over", by(held)));
        }
    }

    fn goes_forward(&mut self, key: &ConversationKey, before: &Head, after: &Head) {
        let forward =
            after.epoch >= before.epoch && after.sequence >= before.sequence && after.last_turn >= before.last_turn;
        if !forward {
            self.broken(format!("the head of {} went back", key.as_str()));
        }
    }

    fn apply(
        &mut self,
        key: &ConversationKey,
        write: &HeadWrite,
        before: &Head,
        after: &Head,
        done_rows: &[MessageId],
        (now, most_copies): (Timestamp, u32),
    ) {
        match write {
            HeadWrite::File { message, .. } if !done_rows.contains(message) => self.file(key, message),
            HeadWrite::Commit { turn, covers, .. } => {
                let known: Vec<_> = covers.iter().filter(|id| !done_rows.contains(id)).cloned().collect();
                self.commit(key, *turn, &known, before);
            }
            HeadWrite::NextPart { turn, part, .. } => self.begin(key, *turn, part + 1, before),
            HeadWrite::SendAgain { turn, .. } => {
                let open = after.turn.as_ref();
                if open.is_some_and(|open| open.copies > most_copies) {
                    self.broken(format!("one copy too many was begun in {}", key.as_str()));
                }
                self.begin(key, *turn, open.map_or(1, |open| open.part), before);
            }
            HeadWrite::Settle { covers, turn, .. } => {
                self.settle(key, (covers, *turn), (before, after), done_rows, (now, most_copies));
            }
            _ => {}
        }
    }

    fn file(&mut self, key: &ConversationKey, message: &MessageId) {
        let conversation = self.conversations.entry(key.clone()).or_default();
        if !std::mem::replace(&mut conversation.has_messages, true) {
            self.figures.count(Figure::Conversations);
        }
        self.filed.insert(message.clone(), key.clone());
        match self.ends.remove(message) {
            None | Some(End::Parked) => {}
            Some(end) => {
                self.broken(format!("{message:?} was settled ({end:?}) and is pending again"));
                self.ends.insert(message.clone(), end);
            }
        }
    }

    fn commit(&mut self, key: &ConversationKey, turn: TurnKey, covers: &[MessageId], before: &Head) {
        if let Some(end) = covers.iter().find_map(|id| self.ends.get(id)) {
            self.broken(format!("turn {} of {} answers what was settled ({end:?})", turn.number, key.as_str()));
        }
        let places: Vec<_> = covers.iter().filter_map(|id| Some(before.pending.get(id)?.sequence)).collect();
        let conversation = self.conversations.entry(key.clone()).or_default();
        let ordered = places.is_sorted() && places.first().is_some_and(|first| *first > conversation.answered_up_to);
        conversation.answered_up_to = places.last().copied().unwrap_or_default();
        if !ordered || places.len() != covers.len() {
            self.broken(format!("turn {} of {} is out of order", turn.number, key.as_str()));
        }
        self.begin(key, turn, 1, before);
    }

    /// A write begins a send: nothing of the kind while a person owns the conversation, and never backwards.
    fn begin(&mut self, key: &ConversationKey, turn: TurnKey, part: u32, before: &Head) {
        let conversation = self.conversations.entry(key.clone()).or_default();
        let backwards = conversation.last_part.is_some_and(|last| last > (turn, part));
        conversation.begun.push((turn, part));
        conversation.last_part = Some((turn, part));
        if backwards {
            self.broken(format!("part {part} of turn {} of {} is out of order", turn.number, key.as_str()));
        }
        if before.owner == Owner::Person {
            self.broken(format!("a send was begun in {} while a person owned it", key.as_str()));
        }
    }

    fn settle(
        &mut self,
        key: &ConversationKey,
        (covers, turn): (&[MessageId], Option<TurnKey>),
        (before, after): (&Head, &Head),
        done_rows: &[MessageId],
        (now, most_copies): (Timestamp, u32),
    ) {
        let parked = covers.first().is_some_and(|id| !after.done.contains(id));
        // A client that repeats the write changes nothing the second time.
        if parked && covers.iter().any(|id| before.pending.contains_key(id)) {
            self.may_be_parked(key, covers, before, now);
        }
        let covered = covers.iter().filter(|id| before.pending.contains_key(*id) && !self.is_over(id, done_rows));
        for id in covered.collect::<Vec<_>>() {
            let end = match turn {
                _ if parked => End::Parked,
                Some(turn) => End::Answered(turn),
                None if before.owner == Owner::Person => End::LeftToPerson,
                None => End::Copy,
            };
            if end == End::Copy && !done_rows.contains(id) && !self.has_twin(id) {
                self.broken(format!("{id:?} was settled unanswered"));
            }
            if let Some(earlier) = self.ends.insert(id.clone(), end).filter(|earlier| *earlier != End::Parked) {
                self.broken(format!("{id:?} was settled twice ({earlier:?}, {end:?})"));
            }
        }
        let Some(turn) = turn.filter(|_| !parked) else { return };
        let open = before.turn.as_ref();
        if open.is_none_or(|open| open.covers != covers) {
            self.broken(format!("turn {} of {} settled other messages than it answered", turn.number, key.as_str()));
        }
        self.was_said(key, turn, before, now, most_copies);
    }

    /// Whether a message ended before, and its row says so.
    fn is_over(&self, id: &MessageId, done_rows: &[MessageId]) -> bool {
        done_rows.contains(id) && self.ends.contains_key(id)
    }

    /// Whether the same person wrote the same words in another message.
    fn has_twin(&self, id: &MessageId) -> bool {
        let Some(message) = self.queued.get(id) else { return false };
        self.queued.values().any(|other| other.id != *id && other.text == message.text)
    }

    /// A turn that is over was sent to its end, or its last part says why not.
    fn was_said(&mut self, key: &ConversationKey, turn: TurnKey, before: &Head, now: Timestamp, most_copies: u32) {
        let Some(Draft { row, .. }) = self.drafts.get(&(key.clone(), turn)) else { return };
        let first = row.covers.first().map(|id| id.as_str().to_owned()).unwrap_or_default();
        let part = |number: usize| self.parts.get(&format!("{first}#{number}"));
        let heard: Vec<_> = (1..=row.reply.len()).map_while(part).map(|part| part.heard).collect();
        let last = heard.last().copied().flatten();
        if last != Some(Heard::Accepted) || heard.len() < row.reply.len() {
            self.unfinished.insert((key.clone(), turn));
        }
        let (owner, copies) = (before.owner, before.turn.as_ref().map_or(0, |open| open.copies));
        let is_stale = self.newest_arrival(&row.covers).is_some_and(|arrival| now.since(arrival) >= STALE_AFTER);
        // What Braze said was heard by a run that could not write it down; this one cannot know.
        let claimed_at = self.conversations.get(key).map_or(0, |conversation| conversation.claimed_at);
        let is_hearsay = part(heard.len()).is_some_and(|part| part.claimed_at < claimed_at) && copies >= most_copies;
        match last {
            Some(Heard::Accepted) if heard.len() == row.reply.len() => {}
            Some(Heard::Rejected | Heard::Refused) if is_hearsay => self.figures.count(Figure::Flagged),
            _ if owner == Owner::Person => self.figures.count(Figure::Cut),
            Some(Heard::Rejected) if heard.len() > 1 || copies > 1 => self.figures.count(Figure::Cut),
            Some(Heard::Rejected) => self.broken(format!("{first}: nothing was read, and it is no dead letter")),
            Some(Heard::Refused) if is_stale => self.figures.count(Figure::Cut),
            Some(Heard::Refused) => self.broken(format!("{first}: given up although Braze only said later")),
            // Every copy that may be risked was begun, and nobody can tell.
            Some(Heard::Accepted | Heard::Nothing) | None if copies >= most_copies => {
                self.figures.count(Figure::Flagged);
            }
            _ => self.broken(format!("{first}: given up although another copy may be sent")),
        }
    }

    /// Messages may be given up when every attempt failed, Braze will never take them, or they are too old.
    fn may_be_parked(&mut self, key: &ConversationKey, covers: &[MessageId], before: &Head, now: Timestamp) {
        let part = covers.first().and_then(|first| self.parts.get(&format!("{}#1", first.as_str())));
        let is_rejected = part.is_some_and(|part| part.heard == Some(Heard::Rejected));
        let is_stale = self.newest_arrival(covers).is_some_and(|arrival| now.since(arrival) >= STALE_AFTER);
        if !is_rejected && !is_stale && before.attempts < FEWEST_ATTEMPTS {
            self.broken(format!("{} gave up after {} attempts", key.as_str(), before.attempts));
        }
    }

    pub(super) fn newest_arrival(&self, covers: &[MessageId]) -> Option<Timestamp> {
        covers.iter().filter_map(|id| Some(self.queued.get(id)?.arrival)).max()
    }
}

fn by(held: &Held) -> String {
    format!("{:?} of epoch {}", held.run, held.epoch)
}

fn line(key: &ConversationKey, write: &HeadWrite, after: &Head) -> String {
    let what = match write {
        HeadWrite::File { message, claim, .. } => format!("filed {} claim {}", message.as_str(), claim.is_some()),
        HeadWrite::Claim { message, .. } => format!("claimed for {}", message.as_str()),
        HeadWrite::Commit { turn, covers, .. } => format!("committed turn {} {covers:?}", turn.number),
        HeadWrite::NextPart { part, .. } => format!("part {part} accepted"),
        HeadWrite::PutBack { part, .. } => format!("part {part} put back"),
        HeadWrite::SendAgain { copies, .. } => format!("copy {} begun", copies + 1),
        HeadWrite::Settle { covers, turn, .. } => format!("settled {covers:?} turn {turn:?}"),
        HeadWrite::Release { .. } => "released".to_owned(),
        HeadWrite::ChangeOwner { owner, .. } => format!("owner is {owner:?}"),
        HeadWrite::Point { to } => format!("moved to {}", to.as_str()),
        HeadWrite::Adopt { by, .. } => format!("adopted by {}", by.as_str()),
    };
    format!("{} epoch {} {:?} {what}", key.as_str(), after.epoch, after.run)
}
