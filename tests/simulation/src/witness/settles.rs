//! How messages may stop waiting: answered by what was sent, left to a person, as copies, or given up with a cause.

use conversation::decide::STALE_AFTER;
use models::{ConversationKey, Message, MessageId, Timestamp};
use store::{Head, Owner, TurnKey, TurnKind, Voice};

use super::sends::{Heard, part_name};
use super::{Draft, End, Figure, State};

/// Claims before messages may be given up: the least of any assistant here.
pub(super) const FEWEST_ATTEMPTS: u32 = 4;

impl State {
    pub(super) fn settle(
        &mut self,
        key: &ConversationKey,
        (covers, turn, forwarded): (&[MessageId], Option<TurnKey>, Option<TurnKey>),
        (before, after): (&Head, &Head),
        done_rows: &[MessageId],
        (now, most_copies): (Timestamp, u32),
    ) {
        self.forgets_how_it_began(key, covers);
        let given_up: Vec<_> = covers.iter().filter(|id| !after.done.contains(id)).cloned().collect();
        let parked = !given_up.is_empty() && given_up.len() == covers.len();
        // A client that repeats the write changes nothing the second time.
        if given_up.iter().any(|id| before.pending.contains_key(id)) {
            self.may_be_parked(key, &given_up, before, now);
        }
        let row_of_turn = turn.or(forwarded);
        let row = row_of_turn.and_then(|turn| self.drafts.get(&(key.clone(), turn)));
        let (said, kind) =
            (row.map(|draft| self.said_in(&draft.row, &given_up)), row.map(|draft| draft.row.kind).unwrap_or_default());
        let silence = match row_of_turn {
            None if self.is_late_wish(covers, now) => Some(End::Silent),
            None => self.too_much(key, &self.open(covers)),
            Some(_) => None,
        };
        let covered = covers.iter().filter(|id| before.pending.contains_key(*id) && !self.is_over(id, done_rows));
        for id in covered.collect::<Vec<_>>() {
            let end = match turn {
                _ if given_up.contains(id) => End::Parked,
                Some(turn) if said.as_ref().is_none_or(|said| said.contains(id)) => End::Answered(turn),
                None if said.as_ref().is_some_and(|said| said.contains(id)) => End::LeftToPerson,
                Some(turn) if self.is_start(id) => End::Answered(turn),
                // Somebody may have told before that it is not sent.
                Some(_) if self.has_twin(id) => self.silent_end(id, silence, (before, after)),
                Some(_) | None => self
                    .not_begun(key, (id, covers), before, now)
                    .unwrap_or_else(|| self.silent_end(id, silence, (before, after))),
            };
            if matches!(end, End::OverBudget | End::Looped) {
                self.may_be_too_much(id, covers);
            }
            if end == End::Parked {
                self.later.given_up.insert(id.clone(), self.figures.get(Figure::Steps));
            }
            if end == End::LeftToPerson {
                self.is_left_to_somebody(id);
            }
            if end == End::Copy && !done_rows.contains(id) && !self.has_twin(id) {
                self.broken(format!("{id:?} was settled unanswered, and is no copy"));
            }
            if end == End::Copy {
                self.is_a_copy(id);
            }
            if let Some(earlier) = self.ends.insert(id.clone(), end).filter(|earlier| *earlier != End::Parked) {
                self.broken(format!("{id:?} was settled twice ({earlier:?}, {end:?})"));
            }
        }
        let is_withdrawn = self.is_withdrawn(key, covers, (before, after), now);
        if let Some(turn) = turn.filter(|_| parked || is_withdrawn) {
            self.flow_stands_as_before(key, turn);
        }
        if turn.is_some() && is_withdrawn {
            // Its messages wait as if it had never been.
            let first = after.pending.values().map(|pending| pending.sequence).min().unwrap_or(1);
            if let Some(conversation) = self.conversations.get_mut(key) {
                conversation.answered_up_to = conversation.answered_up_to.min(first.saturating_sub(1));
            }
            return;
        }
        if let (Some(conversation), Some(said), false) = (self.conversations.get_mut(key), said, parked) {
            match kind {
                TurnKind::Agent => conversation.last_lines = said,
                // What another system starts is not about anything that the user said.
                kind if kind.settles() && !said.is_empty() => conversation.last_said = said,
                _ => {}
            }
        }
        let is_about_nothing = matches!(kind, TurnKind::Agent | TurnKind::Heeded);
        if let Some(turn) = row_of_turn.filter(|_| kind.settles() && !is_about_nothing && !parked) {
            self.was_about(key, turn);
        }
        if let Some(turn) = forwarded.filter(|_| !parked) {
            self.flow_waits_for_people(key, turn);
        }
        if let Some(turn) = row_of_turn.filter(|_| !parked) {
            self.has_gone_on(key, turn);
        }
        self.wishes(key, covers, (before, after));
        let Some(turn) = turn.filter(|_| !parked) else { return };
        self.is_handed_over(key, turn, after);
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

    /// A turn that is over was sent to its end, or its last part says why not.
    fn was_said(&mut self, key: &ConversationKey, turn: TurnKey, before: &Head, now: Timestamp, most_copies: u32) {
        self.over.insert((key.clone(), turn));
        let Some(Draft { row, .. }) = self.drafts.get(&(key.clone(), turn)) else { return };
        let first = row.covers.first().map(|id| id.as_str().to_owned()).unwrap_or_default();
        let (kind, name) = (row.kind, besides(row.kind));
        // Whether that was read is not worth a second copy.
        if matches!(kind, TurnKind::Moment | TurnKind::Begun) {
            return;
        }
        let part = |number: usize| self.parts.get(&part_name(&format!("{first}{name}#{number}"), turn));
        // A message that was given up and came again may have a turn of which nothing ever left.
        let left = self.requests.iter().any(|request| request.key == *key && request.turn == turn);
        let sent = if left { row.reply.len() } else { 0 };
        // Whoever was overtaken may have sent it too, and heard something else.
        let of_holder = |number: usize| self.heard_by(key, (turn, u32::try_from(number).unwrap_or(0)), before.epoch);
        let heard = |number: usize| part(number).map(|part| of_holder(number).or(part.heard));
        let heard: Vec<_> = (1..=sent).map_while(heard).collect();
        let last = heard.last().copied().flatten();
        if last != Some(Heard::Accepted) || heard.len() < row.reply.len() {
            self.unfinished.insert((key.clone(), turn));
        }
        let (owner, copies) = (before.owner, before.turn.as_ref().map_or(0, |open| open.copies));
        let is_stale = self.newest_arrival(&row.covers).is_some_and(|arrival| now.since(arrival) >= STALE_AFTER)
            || self.is_window_closed(key, now)
            || self.waits_for_silence(before);
        // What Braze said was heard by a run that could not write it down; this one cannot know.
        let claimed_at = self.conversations.get(key).map_or(0, |conversation| conversation.claimed_at);
        let is_hearsay = part(heard.len()).is_some_and(|part| part.claimed_at < claimed_at) && copies >= most_copies;
        match last {
            Some(Heard::Accepted) if heard.len() == row.reply.len() => {}
            Some(Heard::Rejected | Heard::Refused) if is_hearsay => self.figures.count(Figure::Flagged),
            _ if owner == Owner::Person && kind.voice() == Voice::Bot => self.is_cut(key, turn),
            // Whoever is handed over is, whether or not that could be said.
            _ if !kind.settles() && row.reply.is_empty() => self.is_cut(key, turn),
            Some(Heard::Rejected) if heard.len() > 1 || copies > 1 => self.is_cut(key, turn),
            Some(Heard::Rejected) => self.broken(format!("{first}: nothing was read, and it is no dead letter")),
            Some(Heard::Refused) if is_stale => self.is_cut(key, turn),
            Some(Heard::Refused) => self.broken(format!("{first}: given up although Braze only said later")),
            // Every copy that may be risked was begun, or it is too late for one, and nobody can tell.
            Some(Heard::Accepted | Heard::Nothing) | None if copies >= most_copies || is_stale => {
                self.figures.count(Figure::Flagged);
            }
            _ => self.broken(format!("{first}: given up although another copy may be sent")),
        }
    }

    fn is_cut(&mut self, key: &ConversationKey, turn: TurnKey) {
        self.figures.count(Figure::Cut);
        self.cut.insert((key.clone(), turn));
    }

    /// Messages may be given up when every attempt failed, Braze will never take them, or they are too old.
    fn may_be_parked(&mut self, key: &ConversationKey, covers: &[MessageId], before: &Head, now: Timestamp) {
        let part = covers.first().and_then(|first| self.parts.get(&format!("{}#1", first.as_str())));
        let is_rejected = part.is_some_and(|part| part.heard == Some(Heard::Rejected));
        // A copy of what was answered goes with them, however young it is; nothing but copies may be too old as well.
        let counted = Some(self.counted_among(key, covers)).filter(|counted| !counted.is_empty());
        let counted = counted.unwrap_or_else(|| covers.to_vec());
        let is_stale = self.newest_written(&counted).is_some_and(|written| now.since(written) >= STALE_AFTER);
        let is_refused = self.are_refused_by_the_desk(&counted);
        if !is_rejected && !is_stale && !is_refused && before.attempts < FEWEST_ATTEMPTS {
            self.broken(format!("{} gave up after {} attempts", key.as_str(), before.attempts));
        }
    }

    /// When the newest of these messages was written, as far as anybody can know.
    pub(super) fn newest_written(&self, messages: &[MessageId]) -> Option<Timestamp> {
        messages.iter().filter_map(|id| self.queued.get(id)).map(written).max()
    }

    /// Whether a turn of which nothing can have been read is taken back: because its messages are a person's to answer, because
    /// it was drafted for a window that has closed since, or because its user wants silence.
    fn is_withdrawn(
        &self,
        key: &ConversationKey,
        covers: &[MessageId],
        (before, after): (&Head, &Head),
        now: Timestamp,
    ) -> bool {
        let unread = before.turn.as_ref().is_some_and(|open| open.part == 1 && open.copies == 0);
        let has_cause =
            after.owner == Owner::Person || self.is_window_closed(key, now) || self.waits_for_silence(before);
        covers.is_empty() && unread && has_cause && after.last_turn == before.last_turn
    }

    pub(super) fn newest_arrival(&self, covers: &[MessageId]) -> Option<Timestamp> {
        covers.iter().filter_map(|id| Some(self.queued.get(id)?.arrival)).max()
    }
}

/// What stands in the names of replies that are no answers to their first message.
fn besides(kind: TurnKind) -> &'static str {
    match kind {
        TurnKind::HandOff(_) => "!hand-off",
        TurnKind::DeskDown => "!desk-down",
        TurnKind::Moment => "!moment",
        TurnKind::Begun => "!begun",
        _ => "",
    }
}

/// When a message was written: not later than it came.
pub(super) fn written(message: &Message) -> Timestamp {
    message.sent_at.map_or(message.arrival, |at| at.min(message.arrival))
}
