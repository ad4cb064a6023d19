//! A batch from the queue: conversations at once, the messages of one in their order, and a verdict for each record.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future;
use models::QueueMessage;
use platform::clock::Deadline;
use platform::metrics::Metric;
use platform::queue::Timer;
use tracing::Instrument as _;

use crate::Responder;
use crate::attend::{Done, Verdict};
use crate::delivered::Delivered;
use crate::summarise::Long;

/// What must be left at most to tell the queue when a batch's messages come back; less where there is little time anyway.
const TELL_WITHIN: Duration = Duration::from_millis(3_500);

/// One record of a batch.
#[derive(Clone)]
pub struct Record {
    /// The queue's id of the message: what a partial failure names.
    pub id: String,
    /// The handle of this delivery.
    pub receipt: String,
    /// Which queue it came from.
    pub queue: Source,
    /// How often the message was delivered, this time included.
    pub receives: u32,
    /// The body.
    pub body: String,
}

/// The queues that records come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Users' messages.
    Work,
    /// What agents ask for.
    Agents,
}

/// The deliveries of one conversation, in their order.
#[derive(Default)]
struct Group {
    records: Vec<Record>,
    deliveries: Vec<Delivered>,
}

/// How the work on a group ended.
struct Over {
    /// It must be done alone, and nothing was done.
    must_be_alone: bool,
    /// The records that the queue must keep.
    kept: Vec<String>,
    /// The conversation, if it grows long.
    long: Option<Long>,
}

impl Responder {
    /// Works on a batch until `deadline` and returns the ids of the records that the queue must keep. Nothing goes on
    /// running when it returns: what is frozen with the function would thaw in the middle of the next invocation.
    pub async fn handle(&self, batch: Vec<Record>, deadline: Deadline) -> Vec<String> {
        let (groups, mut kept) = self.group(batch);
        let now = self.clock.now();
        let telling = TELL_WITHIN.min(deadline.left(now, Duration::ZERO) / 12);
        let working = Deadline::at(deadline.moment() - telling).beginning(now);
        // Each conversation is done with when it is, and does not wait for the slowest of the batch.
        let first = future::join_all(groups.iter().map(|group| self.work_on(group, working, false))).await;
        let (mut later, mut long) = (Vec::new(), Vec::new());
        for (group, over) in groups.iter().zip(first) {
            if over.must_be_alone {
                later.push(group);
            } else {
                kept.extend(over.kept);
                long.extend(over.long);
            }
        }
        // A conversation whose last run ended badly may be what kills the function: alone, it takes no other down with it.
        for group in later {
            // Boxed, as below: it is seldom needed, and would make the future of every batch larger.
            let over = Box::pin(self.work_on(group, working, true)).await;
            kept.extend(if over.must_be_alone { group.ids() } else { over.kept });
            long.extend(over.long);
        }
        // Now nobody of this batch waits for anything any more. One after the other, as a model may have few places: the others'
        // answers need them too.
        for long in &long {
            Box::pin(self.sum_up_within(long, working)).await;
        }
        kept
    }

    /// Sums a conversation up, or not: neither time nor a mistake in the code may cost the batch its end.
    async fn sum_up_within(&self, long: &Long, deadline: Deadline) {
        let left = deadline.left(self.clock.now(), Duration::ZERO);
        let span = tracing::info_span!("conversation", log_id = long.log_id);
        let summing = AssertUnwindSafe(self.sum_up(long, deadline).instrument(span)).catch_unwind();
        if !matches!(tokio::time::timeout(left, summing).await, Ok(Ok(()))) {
            tracing::warn!(log_id = long.log_id, "not summed up; a later turn tries again");
        }
    }

    /// Attends to one conversation.
    async fn work_on(&self, group: &Group, deadline: Deadline, alone: bool) -> Over {
        let (verdicts, long) = self.attend_group(group, deadline, alone).await;
        let must_be_alone = verdicts.contains(&Some(Verdict::Alone));
        let kept = if must_be_alone { vec![] } else { self.keep(group, &verdicts).await };
        Over { must_be_alone, kept, long }
    }

    fn timer(&self, queue: Source) -> &dyn Timer {
        match queue {
            Source::Work => &*self.work,
            Source::Agents => &*self.agents,
        }
    }

    fn group(&self, batch: Vec<Record>) -> (Vec<Group>, Vec<String>) {
        let (mut groups, mut kept): (Vec<Group>, _) = (Vec::new(), Vec::new());
        for record in batch {
            match QueueMessage::from_json(&record.body) {
                Ok(what) => {
                    let delivered = Delivered { receives: record.receives, what };
                    let key = delivered.what.conversation();
                    let place = groups.iter().position(|group| group.is_of(&key)).unwrap_or_else(|| {
                        groups.push(Group::default());
                        groups.len() - 1
                    });
                    groups[place].deliveries.push(delivered);
                    groups[place].records.push(record);
                }
                Err(error) => {
                    self.meter.count(Metric::Unreadable, 1);
                    tracing::error!(record = record.id, %error, "a queue message cannot be read");
                    kept.push(record.id);
                }
            }
        }
        (groups, kept)
    }

    /// One verdict for each delivery; none where the time ran out or the code panicked, and the queue's own visibility
    /// decides when they come back.
    async fn attend_group(
        &self,
        group: &Group,
        deadline: Deadline,
        alone: bool,
    ) -> (Vec<Option<Verdict>>, Option<Long>) {
        let left = deadline.left(self.clock.now(), Duration::ZERO);
        // What is logged on the way by whoever knows no message, an AI's client say, is found by this one's id.
        let span = tracing::info_span!("conversation", log_id = group.deliveries[0].what.log_id());
        let attending = self.attend(&group.deliveries, deadline, alone).instrument(span);
        let attended = AssertUnwindSafe(attending).catch_unwind();
        if let Ok(Ok(Done { over, long })) = tokio::time::timeout(left, attended).await {
            return (over.into_iter().map(Some).collect(), long);
        }
        tracing::error!(log_id = group.deliveries[0].what.log_id(), "a conversation was cut short");
        (vec![None; group.deliveries.len()], None)
    }

    /// Tells the queue when unsettled records come back, and names them.
    async fn keep(&self, group: &Group, verdicts: &[Option<Verdict>]) -> Vec<String> {
        let unsettled = group.records.iter().zip(verdicts).filter(|(_, verdict)| **verdict != Some(Verdict::Settled));
        let keeping = unsettled.map(|(record, verdict)| async move {
            if let Some(Verdict::ComesBack(delay)) = verdict
                && let Err(error) = self.timer(record.queue).come_back(&record.receipt, *delay).await
            {
                tracing::warn!(record = record.id, %error, "the queue's own visibility decides when it comes back");
            }
            record.id.clone()
        });
        future::join_all(keeping).await
    }
}

impl Group {
    fn ids(&self) -> Vec<String> {
        self.records.iter().map(|record| record.id.clone()).collect()
    }

    fn is_of(&self, key: &models::ConversationKey) -> bool {
        self.deliveries.first().is_some_and(|delivery| delivery.what.conversation() == *key)
    }
}
