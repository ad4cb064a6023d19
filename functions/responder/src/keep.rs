//! When a message that is not settled comes back. The queue message is the timer: there is no other.

use std::time::Duration;

use models::{MessageId, Timestamp};
use store::Head;

/// Longest wait for a reset that Braze names.
const LONGEST_RETRY: Duration = Duration::from_hours(1);
/// Longest wait for a table that is out of reach.
const LONGEST_OUTAGE: Duration = Duration::from_mins(5);
/// A message that was given up: it comes back until the queue moves it to the dead letters.
pub(crate) const PARKED: Duration = Duration::from_secs(1);

/// Why a message is kept, apart from what the head shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// As the head shows.
    AsSeen,
    /// An attempt failed and gave the conversation back.
    Failed,
    /// There is nothing to do before this moment, unless something else comes.
    Until(Timestamp),
}

/// How long until the unsettled message `id` comes back, given the newest view of its conversation. `receives` counts the
/// deliveries of the message so far, `cap` is the longest a burst waits, `jitter` spreads those who wait for the same.
pub(crate) fn comes_back(
    head: &Head,
    id: &MessageId,
    kept: Kept,
    receives: u32,
    cap: Duration,
    now: Timestamp,
    jitter: Duration,
) -> Duration {
    if let Some(at) = head.retry_at(now) {
        return at.since(now).min(LONGEST_RETRY) + jitter;
    }
    if kept == Kept::Failed {
        return backoff(head.attempts) + jitter;
    }
    let until_due = head.due(cap).map_or(Duration::ZERO, |due| due.since(now));
    if head.leased(now) {
        // The holder answers what it finds pending, and may be done long before its lease is: look again sooner, but less
        // and less often.
        let own_due = head.pending.get(id).map_or(Duration::ZERO, |pending| pending.due.since(now));
        let patience = own_due.max(backoff(receives));
        return patience.min(head.lease_until.since(now) + Duration::from_secs(2));
    }
    if let Kept::Until(at) = kept {
        return at.since(now) + jitter;
    }
    if until_due.is_zero() { Duration::from_secs(1) } else { until_due }
}

/// How long until a message comes back that the table could not be asked about.
pub(crate) fn after_outage(receives: u32) -> Duration {
    backoff(receives).min(LONGEST_OUTAGE)
}

/// 2, 4, 8 … seconds.
fn backoff(times: u32) -> Duration {
    Duration::from_secs(1 << times.clamp(1, 12))
}

/// A part of a second that the word decides.
pub(crate) fn jitter(word: &str) -> Duration {
    Duration::from_millis(word.bytes().fold(7_u64, |sum, byte| sum * 31 % 1_000 + u64::from(byte)) % 1_000)
}

/// When Braze may be tried again after so many claims of the turn: at the reset it names, within reason. Where that is
/// missing, past or has proved wrong before, each wait is longer, so that a message outlives most of a day of it.
pub(crate) fn retry_at(reset: Option<Timestamp>, attempts: u32, now: Timestamp) -> Timestamp {
    let patience = now + unavailable_for(attempts);
    match reset.filter(|reset| *reset > now) {
        Some(reset) if attempts <= 1 => reset.min(now + LONGEST_RETRY),
        Some(reset) => reset.min(now + LONGEST_RETRY).max(patience),
        None => patience,
    }
}

/// How long a send waits that Braze could not take, after so many claims of its turn: long enough in the end that the
/// deliveries a message has ride out most of a day.
pub(crate) fn unavailable_for(attempts: u32) -> Duration {
    Duration::from_secs(15 << attempts.clamp(1, 9).saturating_sub(1)).min(LONGEST_RETRY)
}

#[cfg(test)]
mod tests {
    use store::{OpenTurn, Pending, SendState, TurnKey};

    use super::*;

    const CAP: Duration = Duration::from_secs(12);

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn id(name: &str) -> MessageId {
        MessageId::stored(name)
    }

    /// Messages that arrived and are due at these seconds, in the order of filing.
    fn waiting(messages: &[(u64, u64)]) -> Head {
        let mut head = Head::default();
        for (sequence, (arrival, due)) in (1..).zip(messages) {
            let pending = Pending { sequence, due: at(*due), arrival: at(*arrival) };
            head.pending.insert(id(&format!("m{sequence}")), pending);
        }
        head
    }

    fn seconds(head: &Head, kept: Kept, receives: u32, now: u64) -> u64 {
        comes_back(head, &id("m1"), kept, receives, CAP, at(now), Duration::ZERO).as_secs()
    }

    #[test]
    fn what_is_waited_for_comes_back_when_that_is_over_or_when_whoever_has_it_is_done() {
        let until = Kept::Until(Timestamp::from_seconds(220));
        assert_eq!(seconds(&waiting(&[(100, 103)]), until, 1, 110), 110);
        let leased = Head { lease_until: Timestamp::from_seconds(130), ..waiting(&[(100, 103)]) };
        assert_eq!(seconds(&leased, until, 1, 110), 2);
    }

    #[test]
    fn a_burst_comes_back_when_its_newest_message_is_due_and_never_after_the_cap() {
        assert_eq!(seconds(&waiting(&[(100, 103)]), Kept::AsSeen, 1, 100), 3);
        assert_eq!(seconds(&waiting(&[(100, 103), (102, 105)]), Kept::AsSeen, 2, 103), 2);
        assert_eq!(seconds(&waiting(&[(100, 103), (111, 114)]), Kept::AsSeen, 2, 111), 1);
    }

    #[test]
    fn a_conflict_is_looked_at_again_less_and_less_often_and_at_last_when_the_lease_is_over() {
        let head = Head { lease_until: at(170), ..waiting(&[(100, 100)]) };
        let waits: Vec<_> = (1..=7).map(|receives| seconds(&head, Kept::AsSeen, receives, 100)).collect();
        assert_eq!(waits, [2, 4, 8, 16, 32, 64, 72]);
        let fragment = Head { lease_until: at(170), ..waiting(&[(100, 103)]) };
        assert_eq!(seconds(&fragment, Kept::AsSeen, 1, 100), 3);
    }

    #[test]
    fn a_failed_attempt_backs_off_with_the_attempts_of_the_conversation() {
        let head = |attempts| Head { attempts, ..waiting(&[(100, 100)]) };
        assert_eq!(seconds(&head(1), Kept::Failed, 9, 100), 2);
        assert_eq!(seconds(&head(3), Kept::Failed, 1, 100), 8);
    }

    /// A conversation whose turn Braze refused until this second.
    fn refused(retry_at: u64) -> Head {
        let turn = OpenTurn {
            key: TurnKey { number: 1, epoch: 1 },
            voice: store::Voice::Bot,
            state: SendState::Ready,
            part: 1,
            parts: 1,
            copies: 0,
            covers: vec![id("m1")],
            retry_at: Some(at(retry_at)),
        };
        Head { turn: Some(turn), ..waiting(&[(100, 100)]) }
    }

    #[test]
    fn a_refused_turn_waits_for_brazes_reset_within_reason() {
        assert_eq!(seconds(&refused(140), Kept::AsSeen, 1, 100), 40);
        assert_eq!(seconds(&refused(90_000), Kept::AsSeen, 1, 100), 3_600);
    }

    #[test]
    fn who_waits_for_the_same_moment_comes_back_spread_over_a_second() {
        let spread = Duration::from_millis(250);
        let wait = |head: &Head, kept| comes_back(head, &id("m1"), kept, 1, CAP, at(100), spread);
        assert_eq!(wait(&refused(140), Kept::AsSeen), Duration::from_millis(40_250));
        assert_eq!(wait(&Head { attempts: 1, ..Head::default() }, Kept::Failed), Duration::from_millis(2_250));
        let ids = (0..100).map(|number| MessageId::of_webhook("", "", "42", &format!("message {number}")));
        let words: Vec<_> = ids.map(|id| jitter(id.as_str())).collect();
        assert!(words.iter().all(|jitter| *jitter < Duration::from_secs(1)));
        let tenths: std::collections::BTreeSet<_> = words.iter().map(|jitter| jitter.as_millis() / 100).collect();
        assert!(tenths.len() >= 9, "{tenths:?}");
        assert_eq!(jitter("word"), jitter("word"));
    }

    #[test]
    fn two_words_hardly_ever_share_a_moment() {
        let ids = (0..100).map(|number| MessageId::of_webhook("", "", "42", &format!("message {number}")));
        let moments: std::collections::BTreeSet<_> = ids.map(|id| jitter(id.as_str())).collect();
        assert!(moments.len() >= 90, "{}", moments.len());
    }

    #[test]
    fn brazes_reset_is_believed_within_reason() {
        for (reset, attempts, expected) in [
            (Some(103), 1, 103),
            (Some(100_000), 1, 3_700),
            (Some(90), 1, 115),
            (Some(100), 1, 115),
            (None, 1, 115),
            (Some(103), 3, 160),
            (Some(90), 3, 160),
            (None, 20, 3_700),
        ] {
            assert_eq!(retry_at(reset.map(at), attempts, at(100)), at(expected), "{reset:?} {attempts}");
        }
    }

    #[test]
    fn a_reset_after_a_wrong_one_is_waited_for_too_within_reason() {
        for (reset, expected) in [(400, 400), (100_000, 3_700)] {
            assert_eq!(retry_at(Some(at(reset)), 3, at(100)), at(expected), "{reset}");
        }
    }

    #[test]
    fn a_send_that_braze_cannot_take_waits_longer_each_time() {
        assert_eq!([1, 2, 5, 9, 30].map(|attempts| unavailable_for(attempts).as_secs()), [15, 30, 240, 3_600, 3_600]);
    }

    #[test]
    fn an_outage_is_waited_out_in_growing_steps() {
        assert_eq!([1, 3, 20].map(|receives| after_outage(receives).as_secs()), [2, 8, 300]);
    }
}
