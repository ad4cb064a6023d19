//! What to do with the messages a claim found: the one place where that is decided, with everything it depends on given.

use std::time::Duration;

use models::Timestamp;
use models::assistant::{BotText, Limits};

use crate::likeness::{Look, kept};

/// A message this long after it was written is no longer answered: WhatsApp's window of 24 hours is about to close.
pub const STALE_AFTER: Duration = Duration::from_hours(23);

/// One pending message, as deciding needs it.
#[derive(Debug, Clone, Copy)]
pub struct Pending<'a> {
    /// Text, arrival, route, dispatch.
    pub look: Look<'a>,
    /// When the user wrote it, as far as anybody knows.
    pub written: Timestamp,
}

/// Everything a decision depends on.
#[derive(Debug)]
pub struct Situation<'a> {
    /// The open messages, in the order of filing.
    pub pending: &'a [Pending<'a>],
    /// What the last turn answered.
    pub last_turn: &'a [Look<'a>],
    /// Whether a person owns the conversation.
    pub person_owns: bool,
    /// Claims since a turn last ended, this one included.
    pub attempts: u32,
    /// The assistant's limits.
    pub limits: &'a Limits,
    /// This moment.
    pub now: Timestamp,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Nothing: every message is a copy of another one, or a person answers.
    Silence {
        /// How many messages were copies.
        duplicates: usize,
    },
    /// Give the messages up; they go to the dead letters.
    Park(ParkReason),
    /// Say one of the bot's own lines about the messages at these places.
    Say(BotText, Vec<usize>),
    /// Ask the AI about the messages at these places.
    Ask(Vec<usize>),
}

/// Why messages are given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParkReason {
    /// Too old to be answered.
    Stale,
    /// Every attempt failed.
    Attempts,
    /// Braze refuses the send, and will again.
    Rejected,
}

/// Decides.
pub fn decide(situation: &Situation) -> Decision {
    let fresh = without_copies(situation.pending, situation.last_turn);
    let duplicates = situation.pending.len() - fresh.len();
    let Some(newest) = fresh.iter().map(|index| situation.pending[*index].written).max() else {
        return Decision::Silence { duplicates };
    };
    if situation.person_owns {
        return Decision::Silence { duplicates };
    }
    if situation.now.since(newest) >= STALE_AFTER {
        return Decision::Park(ParkReason::Stale);
    }
    if situation.attempts >= situation.limits.attempts {
        return Decision::Park(ParkReason::Attempts);
    }
    if situation.attempts + 1 == situation.limits.attempts {
        return Decision::Say(BotText::Fallback, fresh);
    }
    if fresh.iter().all(|index| situation.pending[*index].look.text.trim().is_empty()) {
        return Decision::Say(BotText::NoWords, fresh);
    }
    Decision::Ask(fresh)
}

fn without_copies(pending: &[Pending], last_turn: &[Look]) -> Vec<usize> {
    // The last turn stands before: what it answered already cannot lose to a copy that came late.
    let answered = last_turn.len();
    let looks: Vec<_> = last_turn.iter().copied().chain(pending.iter().map(|pending| pending.look)).collect();
    let is_copy_of_answered = |look| last_turn.iter().any(|answered| crate::likeness::alike(*answered, look));
    let stays = kept(&looks);
    (0..pending.len()).filter(|index| stays[answered + index] && !is_copy_of_answered(pending[*index].look)).collect()
}

#[cfg(test)]
mod tests {
    use models::RouteName;
    use models::assistant::Assistant;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(100_000);

    fn saying(text: &str) -> Pending<'_> {
        written(text, NOW)
    }

    fn written(text: &str, at: Timestamp) -> Pending<'_> {
        Pending { look: Look { text, arrival: NOW, route: None, dispatched: true }, written: at }
    }

    fn decided(pending: &[Pending], attempts: u32) -> Decision {
        let limits = Assistant::from_toml("").unwrap().limits;
        let (last_turn, person_owns) = (&[], false);
        decide(&Situation { pending, last_turn, person_owns, attempts, limits: &limits, now: NOW })
    }

    #[test]
    fn attempts_lead_from_the_ai_to_the_fallback_to_the_dead_letters() {
        let hello = [saying("hello")];
        let ladder: Vec<_> = (1..=5).map(|attempts| decided(&hello, attempts)).collect();
        let (ask, park) = (Decision::Ask(vec![0]), Decision::Park(ParkReason::Attempts));
        assert_eq!(ladder, [ask.clone(), ask, Decision::Say(BotText::Fallback, vec![0]), park.clone(), park]);
    }

    #[test]
    fn a_message_without_words_gets_a_line_of_its_own() {
        assert_eq!(decided(&[saying(" \n")], 1), Decision::Say(BotText::NoWords, vec![0]));
        assert_eq!(decided(&[saying(""), saying("hi")], 1), Decision::Ask(vec![0, 1]));
    }

    #[test]
    fn what_is_too_old_is_parked_unless_something_new_came() {
        let old = NOW - STALE_AFTER;
        assert_eq!(decided(&[written("hi", old)], 1), Decision::Park(ParkReason::Stale));
        assert_eq!(decided(&[written("hi", old), saying("still there?")], 1), Decision::Ask(vec![0, 1]));
    }

    #[test]
    fn copies_are_silent_and_what_was_answered_is_not_answered_again() {
        let returns = RouteName::parse("returns").unwrap();
        let named = Look { text: "return", arrival: NOW, route: Some(&returns), dispatched: true };
        let limits = Assistant::from_toml("").unwrap().limits;
        let plain = [saying("return")];
        let of = |last_turn: &[Look]| {
            decide(&Situation {
                pending: &plain,
                last_turn,
                person_owns: false,
                attempts: 1,
                limits: &limits,
                now: NOW,
            })
        };
        assert_eq!(of(&[named]), Decision::Silence { duplicates: 1 });
        assert_eq!(of(&[]), Decision::Ask(vec![0]));
    }

    #[test]
    fn of_two_copies_the_one_by_a_named_route_is_answered() {
        let returns = RouteName::parse("returns").unwrap();
        let plain = saying("return");
        let named = Pending { look: Look { route: Some(&returns), ..plain.look }, ..plain };
        assert_eq!(decided(&[plain, named], 1), Decision::Ask(vec![1]));
        assert_eq!(decided(&[named, plain, saying("please")], 1), Decision::Ask(vec![0, 2]));
    }

    #[test]
    fn a_named_route_that_comes_after_the_answer_is_a_copy_too() {
        let returns = RouteName::parse("returns").unwrap();
        let look = Look { text: "return", arrival: NOW, route: Some(&returns), dispatched: true };
        let late = [Pending { look, written: NOW }];
        let limits = Assistant::from_toml("").unwrap().limits;
        let last_turn = [saying("return").look];
        let situation = Situation {
            pending: &late,
            last_turn: &last_turn,
            person_owns: false,
            attempts: 1,
            limits: &limits,
            now: NOW,
        };
        assert_eq!(decide(&situation), Decision::Silence { duplicates: 1 });
    }

    #[test]
    fn while_a_person_owns_the_conversation_the_bot_is_silent() {
        let limits = Assistant::from_toml("").unwrap().limits;
        let pending = [saying("hello")];
        let situation =
            Situation { pending: &pending, last_turn: &[], person_owns: true, attempts: 1, limits: &limits, now: NOW };
        assert_eq!(decide(&situation), Decision::Silence { duplicates: 0 });
    }
}
