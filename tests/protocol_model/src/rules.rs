//! What is the same in every state of one search.

use models::MessageId;
use store::{Head, REMEMBERED};

use crate::bug::Bug;

/// The settings of a search.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Copies of one part that may be begun: 1 under `flag`, 2 under `resend_once`.
    pub most_copies: u32,
    /// The claim on which messages are given up; the fallback line goes out on the one before.
    pub attempts: u32,
    /// Parts of a reply.
    pub parts: u32,
    /// Settled ids a head remembers, and messages a turn covers at most.
    pub memory: usize,
    /// Messages of one conversation that one batch may hold.
    pub batch: usize,
    /// Whether a run may take longer from a message's row to its place in the head than the head remembers it settled.
    pub slow_filing: bool,
    /// Whether users are told of an AI that takes long.
    pub moments: bool,
    /// Whether the AI may promise its answer for later.
    pub later: bool,
    /// The mistake that was put in on purpose.
    pub bug: Option<Bug>,
}

impl Rules {
    pub(crate) fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }

    /// What a turn on `head` covers: the product's rule, or the same with a smaller memory.
    pub(crate) fn next_covers(&self, head: &Head) -> Vec<MessageId> {
        let mut covers = head.next_covers();
        covers.truncate(self.memory);
        covers
    }

    /// What `head` remembers once `covers` are settled, and what it forgets by that: the product's rule, or the same with
    /// a smaller memory.
    pub(crate) fn done_after(&self, head: &Head, covers: &[MessageId]) -> (Vec<MessageId>, Vec<MessageId>) {
        let (mut kept, mut forgotten) = head.done_after(covers);
        if self.memory < REMEMBERED {
            forgotten.extend(kept.drain(..kept.len().saturating_sub(self.memory)));
        }
        (kept, forgotten)
    }
}

#[cfg(test)]
mod tests {
    use models::MessageId;

    use super::*;
    use crate::setting::{FLAG, Setting};

    fn ids(names: &[&str]) -> Vec<MessageId> {
        names.iter().map(|name| MessageId::stored(*name)).collect()
    }

    fn with_memory(memory: usize) -> Rules {
        Setting::new("", &[], FLAG, &[]).memory(memory).rules
    }

    #[test]
    fn a_smaller_memory_forgets_the_oldest_first_as_the_products_does() {
        let head = Head { done: ids(&["m1", "m2"]), ..Head::default() };
        let covers = ids(&["m2", "m3"]);
        assert_eq!(with_memory(REMEMBERED).done_after(&head, &covers), head.done_after(&covers));
        assert_eq!(with_memory(2).done_after(&head, &covers), (ids(&["m2", "m3"]), ids(&["m1"])));
        assert_eq!(with_memory(1).done_after(&head, &ids(&["m3"])), (ids(&["m3"]), ids(&["m1", "m2"])));
    }
}
