//! What may be written to a head, seen from outside the store's own conditions.

use models::{ConversationKey, Message, MessageId, Timestamp};
use platform::clock::Clock as _;
use store::{Aftermath, Head, HeadWrite, Held, MOST_PENDING, RowState, Store as _, TurnKey, TurnKind};

use super::ledger::{Over, is_parked};
use super::sends::Heard;
use super::{End, Figure, State, Witness};

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
            conversation.claimed_when = self.clock.now();
            conversation.waiting_then = after.pending.keys().cloned().collect();
            state.found_by_a_claim(key, &head, after.epoch);
            let is_claim = matches!(write, HeadWrite::File { .. } | HeadWrite::Claim { .. });
            if is_claim && head.lease_until > self.clock.now() + self.ahead {
                state.broken(format!("{} was taken from a living holder", key.as_str()));
            }
        }
        if let HeadWrite::Adopt { by, .. } = write {
            state.adopted.push((by.clone(), key.clone()));
        }
        if let HeadWrite::ChangeOwner { owner, at, .. } = write {
            state.owner_changes(key, *owner, *at, &head);
        }
        let conversation = state.conversations.entry(key.clone()).or_default();
        (conversation.last_turn, conversation.opted_out) = (after.last_turn, after.opted_out);
        conversation.done.clone_from(&after.done);
        conversation.was_full |= after.pending.len() >= MOST_PENDING;
        state.goes_forward(key, &head, after);
        // Those that were settled before their user was forgotten have no row any more, and need none.
        let is_gone = |id: &MessageId| state.is_of_the_forgotten(key, id) || state.spans_an_erasure(key, id);
        let is_kept = |id: &&MessageId| after.done.contains(id) || is_gone(id);
        let lost = head.done.iter().filter(|id| !is_kept(id) && !done_rows.contains(id));
        for id in lost.collect::<Vec<_>>() {
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

impl Witness {
    /// Only the holder of the newest claim writes: everything else is from the past. Looks at what the writer asked for, whatever
    /// the table made of it.
    pub(crate) fn is_held(&self, asked: &HeadWrite, before: Option<&Head>) {
        let (HeadWrite::Commit { held, .. }
        | HeadWrite::NextPart { held, .. }
        | HeadWrite::PutBack { held, .. }
        | HeadWrite::SendAgain { held, .. }
        | HeadWrite::Settle { held, .. }
        | HeadWrite::Release { held }) = asked
        else {
            return;
        };
        let holds = |head: &Head| head.run.as_ref() == Some(&held.run) && head.epoch == held.epoch;
        if !before.is_some_and(holds) {
            self.lock().broken(format!("{} wrote with a claim that was over", by(held)));
        }
    }
}

impl State {
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
            HeadWrite::File { message, .. } if !done_rows.contains(message) => self.file(key, message, after),
            HeadWrite::Commit { turn, covers, .. } => {
                let known: Vec<_> = covers.iter().filter(|id| !done_rows.contains(id)).cloned().collect();
                self.commit(key, *turn, &known, before);
            }
            HeadWrite::NextPart { held, turn, part, .. } => {
                self.was_accepted(key, (*turn, *part), held.epoch);
                self.begin(key, *turn, part + 1, before);
            }
            HeadWrite::SendAgain { turn, .. } => {
                let open = after.turn.as_ref();
                if open.is_some_and(|open| open.copies > most_copies) {
                    self.broken(format!("one copy too many was begun in {}", key.as_str()));
                }
                self.begin(key, *turn, open.map_or(1, |open| open.part), before);
            }
            HeadWrite::Settle { held, covers, turn, last_turn, aftermath, .. } => {
                if turn.is_none() {
                    // The same write a second time, by a client that did not hear of the first, changes nothing.
                    let counted = matches!(aftermath, Some(Aftermath::Spent(spent)) if before.spent != *spent);
                    self.counts_what_is_no_turn(key, held.epoch, counted, now);
                }
                let why = turn.and_then(|turn| self.why_over(key, turn, held.epoch)).filter(|_| !is_parked(write));
                if let (Some(turn), Some(Over::Flagged)) = (turn, why) {
                    self.flagged.insert((key.clone(), *turn));
                }
                // Without a turn that was sent, what is over is what a person was told.
                let forwarded = (turn.is_none() && *last_turn > before.last_turn)
                    .then_some(TurnKey { number: *last_turn, epoch: held.epoch });
                self.settle(key, (covers, *turn, forwarded), (before, after), done_rows, (now, most_copies));
            }
            _ => {}
        }
    }

    fn file(&mut self, key: &ConversationKey, message: &MessageId, after: &Head) {
        if let Some(erased) = self.erased.get_mut(key) {
            erased.filed.remove(message);
        }
        if let Some(row) = self.rows.get(&(key.clone(), message.clone())).cloned() {
            if self.predates_erasure(key, row.arrival) {
                self.on_old_rows.insert(message.clone());
            }
            let arrival = after.pending.get(message).map_or(row.arrival, |pending| pending.arrival);
            self.queued.insert(message.clone(), Message { arrival, ..row });
        }
        self.places.extend(after.pending.get(message).map(|pending| (message.clone(), pending.sequence)));
        let conversation = self.conversations.entry(key.clone()).or_default();
        if !std::mem::replace(&mut conversation.has_messages, true) {
            self.figures.count(Figure::Conversations);
        }
        self.filed.insert(message.clone(), key.clone());
        match self.ends.remove(message) {
            None | Some(End::Parked) => {}
            Some(_) if self.is_new_again(key, message, after.pending.get(message)) => {}
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
        let are_pending = covers.iter().all(|id| before.pending.contains_key(id));
        // Whose row an erasure took waits for the delivery that brings it, and what came after it does not.
        let is_in_turn = |id: &&MessageId| !self.on_old_rows.contains(*id) && !self.spans_an_erasure(key, id);
        let in_turn = covers.iter().filter(is_in_turn);
        let places: Vec<_> = in_turn.filter_map(|id| Some(before.pending.get(id)?.sequence)).collect();
        // What an agent wrote goes first, in the order of the door, what another system starts last, and what is handed over
        // is not over.
        let kind = self.kind(key, turn);
        let begun = covers.first().is_some_and(|id| self.is_start(id));
        let in_order = kind.settles() && kind != TurnKind::Agent && !begun;
        self.commit_among_people(key, turn, covers, before);
        let conversation = self.conversations.entry(key.clone()).or_default();
        let ordered = places.is_sorted() && places.first().is_none_or(|first| *first > conversation.answered_up_to);
        if in_order {
            conversation.answered_up_to = places.last().copied().unwrap_or(conversation.answered_up_to);
        }
        if (in_order && !ordered) || !are_pending {
            self.broken(format!("turn {} of {} is out of order", turn.number, key.as_str()));
        }
        if matches!(kind, TurnKind::Waiting(_)) {
            self.broken(format!("turn {} of {} says nothing, and was committed", turn.number, key.as_str()));
        }
        self.takes_a_moment(key, turn);
        self.begins(key, turn);
        self.spends(key, turn);
        self.flow_goes_on(key, turn, covers);
        self.committed.insert((key.clone(), turn));
        if let Some(row) = self.drafts.get(&(key.clone(), turn)).map(|draft| draft.row.clone()) {
            let said = self.said_in(&row, &[]);
            if kind.settles() {
                self.says_nothing_twice(key, &said);
            }
            if row.reply.len() > 1 {
                self.figures.count(Figure::LongReplies);
            }
        }
        self.begin(key, turn, 1, before);
    }

    /// The next part is begun by whoever heard that the one before it was accepted.
    fn was_accepted(&mut self, key: &ConversationKey, (turn, part): (TurnKey, u32), epoch: u64) {
        if self.heard_by(key, (turn, part), epoch) != Some(Heard::Accepted) {
            self.broken(format!(
                "part {} of {} was begun before the one before it was accepted",
                part + 1,
                key.as_str()
            ));
        }
    }

    /// A write begins a send: nothing of the kind while a person owns the conversation, and never backwards.
    fn begin(&mut self, key: &ConversationKey, turn: TurnKey, part: u32, before: &Head) {
        let conversation = self.conversations.entry(key.clone()).or_default();
        let backwards = conversation.last_part.is_some_and(|last| last > (turn, part));
        conversation.begun.push((turn, part, before.epoch));
        (conversation.last_part, conversation.begun_by) = (Some((turn, part)), before.epoch);
        if backwards {
            self.broken(format!("part {part} of turn {} of {} is out of order", turn.number, key.as_str()));
        }
        self.may_speak(key, turn, before);
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
