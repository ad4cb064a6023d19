//! What becomes of a dead letter, from what the table knows today: the one place where that is decided. It follows the
//! responder's own rules, which look at everything once more when the letter is back.

use std::time::Duration;

use conversation::decide::STALE_AFTER;
use models::{AgentAction, AgentDeed, Keywords, MessageId, QueueMessage, Timestamp};
use serde::Serialize;
use store::{Head, Owner, RowState};

/// What a letter asks for, as far as its verdict hangs on that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asks {
    /// An answer.
    Answer,
    /// To be left alone, or not any more: that holds however late it comes.
    Wish,
    /// That an agent's words be sent.
    AgentsWords,
    /// That a flow be started.
    Flow,
    /// That somebody else own the conversation.
    Owner,
    /// To be forgotten.
    Erasure,
    /// That an AI's answer be said which came later.
    LaterAnswer,
}

impl Asks {
    /// What `letter` asks for. `wishes` are the keywords that the bot remembers.
    pub(super) fn of(letter: &QueueMessage, wishes: &[&Keywords]) -> Self {
        match letter {
            QueueMessage::InboundV1(message) => {
                let is_wish = wishes.iter().any(|keywords| keywords.matches(message.text.as_str()));
                if is_wish { Self::Wish } else { Self::Answer }
            }
            QueueMessage::AgentV1(action) => match action.deed {
                AgentDeed::Say(_) => Self::AgentsWords,
                AgentDeed::TakeOver | AgentDeed::Release => Self::Owner,
                AgentDeed::Erase => Self::Erasure,
                AgentDeed::StartFlow { .. } => Self::Flow,
                AgentDeed::Answer { .. } => Self::LaterAnswer,
            },
        }
    }
}

/// The message that `letter` is done with, once that one is: of an answer that came later the newest of its question, of
/// anything else itself.
pub(super) fn done_with(letter: &QueueMessage) -> MessageId {
    match letter {
        QueueMessage::AgentV1(AgentAction { deed: AgentDeed::Answer { question, .. }, .. }) => question.newest(),
        _ => letter.id().clone(),
    }
}

/// A letter, and what the table knows of it.
#[derive(Debug)]
pub(super) struct Known<'a> {
    pub(super) asks: Asks,
    /// The message that it is done with, see [`done_with`].
    pub(super) id: &'a MessageId,
    /// When it reached the door.
    pub(super) arrival: Timestamp,
    /// When it was written, as far as anybody knows.
    pub(super) written: Timestamp,
    /// What its row says, if there is one.
    pub(super) row: Option<RowState>,
    /// The head of its conversation, if there is one.
    pub(super) head: Option<&'a Head>,
}

/// What becomes of a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    /// It goes back to its queue.
    SendAgain,
    /// It goes back to its queue, and from there to the person who has the conversation: the bot says nothing.
    WithPerson,
    /// It was answered meanwhile, or somebody decided otherwise since: deleted.
    Done,
    /// Its user was forgotten after it had come: deleted.
    Forgotten,
    /// Its user wants to hear nothing from the bot: deleted.
    OptedOut,
    /// Too old to be answered: it stays.
    TooOld,
    /// No version of this code wrote it: it stays.
    Unreadable,
}

/// What is done about a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Sent,
    Deleted,
    Stays,
}

impl Verdict {
    pub(super) fn fate(self) -> Fate {
        match self {
            Self::SendAgain | Self::WithPerson => Fate::Sent,
            Self::Done | Self::Forgotten | Self::OptedOut => Fate::Deleted,
            Self::TooOld | Self::Unreadable => Fate::Stays,
        }
    }
}

/// Decides at `now`, from what makes a letter pointless to what forbids an answer.
pub(super) fn verdict(known: &Known<'_>, now: Timestamp) -> Verdict {
    let nobody = Head::default();
    let head = known.head.unwrap_or(&nobody);
    // An erasure that died half-way is done again: that finds what it had left.
    if known.asks == Asks::Erasure {
        return Verdict::SendAgain;
    }
    if head.forgot(known.arrival) {
        return Verdict::Forgotten;
    }
    let is_decided_since = known.asks == Asks::Owner && head.owner_since >= Some(known.arrival);
    // Nobody else waits for an answer than whoever asked, and only while no person has the conversation.
    let is_unwanted =
        known.asks == Asks::LaterAnswer && (!head.pending.contains_key(known.id) || head.owner == Owner::Person);
    if known.row == Some(RowState::Done) || head.settled(known.id) || is_decided_since || is_unwanted {
        return Verdict::Done;
    }
    let is_users = matches!(known.asks, Asks::Answer | Asks::Wish);
    if is_users && head.owner == Owner::Person {
        return Verdict::WithPerson;
    }
    match known.asks {
        Asks::Wish => return Verdict::SendAgain,
        Asks::Answer | Asks::Flow | Asks::LaterAnswer if head.opted_out => return Verdict::OptedOut,
        _ => {}
    }
    if is_stale(known.written, now) { Verdict::TooOld } else { Verdict::SendAgain }
}

/// The same age as the responder's: what it would only park again is not sent again.
fn is_stale(written: Timestamp, now: Timestamp) -> bool {
    now.since(written) >= STALE_AFTER
}

/// An age as people say it: `5 min`, `3 h`, `2 d`.
pub(super) fn age(age: Duration) -> String {
    match age.as_secs() / 60 {
        minutes @ 0..=119 => format!("{minutes} min"),
        minutes @ 120..=2_879 => format!("{} h", minutes / 60),
        minutes => format!("{} d", minutes / 1_440),
    }
}

#[cfg(test)]
mod tests {
    use models::ConversationKey;
    use store::Pending;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    fn ago(hours: u64) -> Timestamp {
        NOW - Duration::from_hours(hours)
    }

    fn changed(change: impl Fn(&mut Head)) -> Head {
        let mut head = Head::default();
        change(&mut head);
        head
    }

    fn id() -> MessageId {
        MessageId::stored("m1")
    }

    #[test]
    fn each_letter_gets_the_verdict_that_the_table_demands() {
        use Asks::{AgentsWords, Answer, Erasure, Flow, LaterAnswer, Wish};
        use Verdict::{Done, Forgotten, OptedOut, SendAgain, TooOld, WithPerson};
        let head = |change: fn(&mut Head)| Some(changed(change));
        let silent = || head(|head| head.opted_out = true);
        let person = || head(|head| (head.owner, head.owner_since) = (Owner::Person, Some(ago(1))));
        let silent_person = || head(|head| (head.owner, head.opted_out) = (Owner::Person, true));
        let settled = || head(|head| head.done = vec![id()]);
        let erased = || head(|head| head.erased_at = Some(ago(1)));
        let moved_on = |since| Some(changed(|head| head.owner_since = Some(ago(since))));
        let asked = |change: fn(&mut Head)| {
            let mut head = changed(change);
            head.pending.insert(id(), Pending { sequence: 1, due: ago(3), arrival: ago(3) });
            Some(head)
        };
        let (parked, open) = (Some(RowState::Parked(ago(2))), Some(RowState::Open));
        for (asks, hours, row, head, expected) in vec![
            // Nothing stands in the way.
            (Answer, 2, None, None, SendAgain),
            (Answer, 2, Some(RowState::Open), head(|_| {}), SendAgain),
            (Answer, 2, parked, head(|_| {}), SendAgain),
            (AgentsWords, 2, parked, person(), SendAgain),
            (AgentsWords, 2, parked, silent(), SendAgain),
            (Flow, 2, None, None, SendAgain),
            // Age: from an hour less than a day on.
            (Answer, 22, parked, None, SendAgain),
            (Answer, 23, parked, None, TooOld),
            (Answer, 90, parked, None, TooOld),
            (AgentsWords, 23, parked, person(), TooOld),
            (Flow, 23, None, None, TooOld),
            (Asks::Owner, 23, None, None, TooOld),
            // A person has it.
            (Answer, 2, parked, person(), WithPerson),
            (Answer, 90, parked, person(), WithPerson),
            (Answer, 2, parked, silent_person(), WithPerson),
            (Wish, 2, parked, person(), WithPerson),
            // The user wants silence.
            (Answer, 2, parked, silent(), OptedOut),
            (Answer, 90, parked, silent(), OptedOut),
            (Flow, 2, None, silent(), OptedOut),
            // A wish holds however late it comes.
            (Wish, 90, parked, None, SendAgain),
            (Wish, 90, parked, silent(), SendAgain),
            // Done already.
            (Answer, 2, Some(RowState::Done), head(|_| {}), Done),
            (Answer, 90, Some(RowState::Done), person(), Done),
            (Answer, 2, Some(RowState::Open), settled(), Done),
            (Wish, 2, None, settled(), Done),
            (AgentsWords, 2, Some(RowState::Done), None, Done),
            (Asks::Owner, 2, None, moved_on(3), SendAgain),
            (Asks::Owner, 2, None, moved_on(2), Done),
            (Asks::Owner, 2, None, moved_on(1), Done),
            // An answer that came later is wanted as long as its question waits, and the bot has the conversation.
            (LaterAnswer, 2, open, asked(|_| {}), SendAgain),
            (LaterAnswer, 23, open, asked(|_| {}), TooOld),
            (LaterAnswer, 2, open, asked(|head| head.owner = Owner::Person), Done),
            (LaterAnswer, 2, open, asked(|head| head.opted_out = true), OptedOut),
            (LaterAnswer, 2, parked, head(|_| {}), Done),
            (LaterAnswer, 2, None, settled(), Done),
            (LaterAnswer, 2, None, None, Done),
            (LaterAnswer, 2, None, erased(), Forgotten),
            // Forgotten: what came before the erasure, but not the erasure itself.
            (Answer, 2, parked, erased(), Forgotten),
            (Answer, 0, parked, erased(), SendAgain),
            (Wish, 2, Some(RowState::Done), erased(), Forgotten),
            (Erasure, 2, None, erased(), SendAgain),
            (Erasure, 90, None, None, SendAgain),
        ] {
            let (id, at) = (id(), ago(hours));
            let known = Known { asks, id: &id, arrival: at, written: at, row, head: head.as_ref() };
            assert_eq!(verdict(&known, NOW), expected, "{known:?}");
        }
    }

    #[test]
    fn what_braze_rendered_long_before_it_came_is_as_old_as_its_words() {
        let known = Known { asks: Asks::Answer, id: &id(), arrival: ago(1), written: ago(30), row: None, head: None };
        assert_eq!(verdict(&known, NOW), Verdict::TooOld);
    }

    #[test]
    fn only_what_needs_nobody_any_more_is_deleted() {
        use Verdict::{Done, Forgotten, OptedOut, SendAgain, TooOld, Unreadable, WithPerson};
        let all = [SendAgain, WithPerson, Done, Forgotten, OptedOut, TooOld, Unreadable];
        let fates = |fate| all.into_iter().filter(move |verdict| verdict.fate() == fate).collect::<Vec<_>>();
        assert_eq!(fates(Fate::Sent), [SendAgain, WithPerson]);
        assert_eq!(fates(Fate::Deleted), [Done, Forgotten, OptedOut]);
        assert_eq!(fates(Fate::Stays), [TooOld, Unreadable]);
    }

    #[test]
    fn what_a_letter_asks_for_is_known_by_its_deed_and_its_keywords() {
        let stop: Keywords = ["stop"].iter().collect();
        let deed = |deed| {
            let (id, conversation) = (id(), ConversationKey::parse("user:42").unwrap());
            QueueMessage::AgentV1(models::AgentAction {
                id,
                log_id: "l".to_owned(),
                conversation,
                at: NOW,
                named: true,
                deed,
            })
        };
        let flow = AgentDeed::StartFlow { flow: "return".to_owned(), language: None };
        let question = MessageId::of_question(&[MessageId::stored("m0"), MessageId::stored("m2")]).unwrap();
        let answer = AgentDeed::Answer { question, body: "{}".into() };
        for (letter, asks, done_with_it) in [
            (deed(AgentDeed::Say("stop".into())), Asks::AgentsWords, "m1"),
            (deed(AgentDeed::TakeOver), Asks::Owner, "m1"),
            (deed(AgentDeed::Release), Asks::Owner, "m1"),
            (deed(AgentDeed::Erase), Asks::Erasure, "m1"),
            (deed(flow), Asks::Flow, "m1"),
            (deed(answer), Asks::LaterAnswer, "m2"),
        ] {
            assert_eq!((Asks::of(&letter, &[&stop]), done_with(&letter).as_str()), (asks, done_with_it));
        }
    }

    #[test]
    fn ages_are_said_in_the_unit_that_people_use() {
        for (seconds, said) in [(59, "0 min"), (7_199, "119 min"), (7_200, "2 h"), (172_799, "47 h"), (172_800, "2 d")]
        {
            assert_eq!(age(Duration::from_secs(seconds)), said);
        }
    }
}
