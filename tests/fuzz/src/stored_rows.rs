//! Any JSON as what the mailbox keeps.

use std::time::Duration;

use store::{Head, MOST_COVERED, REMEMBERED, TurnRow};

use crate::markup::assert_sendable;

/// How long a burst is collected.
const CAP: Duration = Duration::from_secs(12);

/// A turn or a head is read or refused, and what is read is written again as the same. A stored reply can be sent, and to
/// somebody. The rules on a head hold whatever stands in it.
pub fn stored_rows(bytes: &[u8]) {
    if let Ok(turn) = serde_json::from_slice::<TurnRow>(bytes) {
        let again = serde_json::to_vec(&turn).expect("JSON");
        assert_eq!(serde_json::from_slice::<TurnRow>(&again).expect("a turn"), turn);
        let parts: Vec<_> = turn.reply.iter().map(|said| said.text().clone()).collect();
        assert_sendable(&parts, usize::MAX);
        assert!(!turn.to.recipients().is_empty());
    }
    if let Ok(head) = serde_json::from_slice::<Head>(bytes) {
        let again = serde_json::to_vec(&head).expect("JSON");
        assert_eq!(serde_json::from_slice::<Head>(&again).expect("a head"), head);
        assert_ruled(&head);
    }
}

fn assert_ruled(head: &Head) {
    let first = head.pending.values().map(|pending| pending.arrival).min();
    assert_eq!(head.due(CAP).is_some(), first.is_some());
    assert!(head.due(CAP).zip(first).is_none_or(|(due, first)| due <= first + CAP));
    let covers = head.next_covers();
    assert_eq!(covers.len(), head.pending.len().min(MOST_COVERED));
    let (kept, forgotten) = head.done_after(&covers);
    assert!(kept.len() <= REMEMBERED);
    let is_known = |id| kept.contains(id) || forgotten.contains(id);
    assert!(covers.iter().chain(&head.done).all(is_known), "an id was lost without its row being told");
}
