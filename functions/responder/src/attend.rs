//! Working at one conversation: it is claimed when something is due, and answered as long as something is.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use models::{Attributes, ConversationKey, Message, MessageId};
use platform::clock::Deadline;
use store::{Head, HeadWrite, Held, StoreError, TurnRow, WriteError, write_head};

use crate::keep::{self, Kept};
use crate::later::LaterAnswer;
use crate::summarise::Long;
use crate::{RECORD_WITHIN, Responder, SEND_WITHIN};

/// One delivery of one message.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    /// How often the queue has delivered it, this time included.
    pub(crate) receives: u32,
    /// The message.
    pub(crate) message: Message,
    /// What it changed about the conversation and could not be written to the user's profile: later runs try again.
    pub(crate) unwritten: Attributes,
}

/// Whether a delivery is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Its message is settled: delete it.
    Settled,
    /// It is not: let it come back after this.
    ComesBack(Duration),
    /// Its conversation failed before: attend to it alone, after the others of the batch.
    Alone,
}

/// What came of attending to something.
pub(crate) struct Done<T> {
    /// Whether what was delivered is over.
    pub(crate) over: T,
    /// The conversation, if it grows long.
    pub(crate) long: Option<Long>,
}

impl From<Verdict> for Done<Verdict> {
    fn from(over: Verdict) -> Self {
        Self { over, long: None }
    }
}

/// Why work on a conversation ended before its turn did.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Stop {
    /// Somebody else has the conversation now.
    #[error("another run has taken the conversation over")]
    Lost,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How a piece of work on a claimed conversation ended; the conversation is free again.
pub(crate) struct Worked {
    /// The conversation as it is now.
    pub(crate) head: Head,
    /// Whether to come back as the head shows or as after a failure.
    pub(crate) kept: Kept,
    /// Whether something will soon fall out of what a prompt shows of the conversation.
    pub(crate) grows_long: bool,
}

impl Worked {
    /// The conversation was given free.
    pub(crate) fn freed(head: Head, kept: Kept) -> Self {
        Self { head, kept, grows_long: false }
    }
}

/// Everything a step needs to know of the conversation it works on.
pub(crate) struct Conversation<'a> {
    pub(crate) key: &'a ConversationKey,
    /// Follows the delivery that woke it through the logs.
    pub(crate) log_id: &'a str,
    pub(crate) deadline: Deadline,
    /// What this run was brought.
    pub(crate) deliveries: &'a [Delivery],
    /// Messages whose rows this run put.
    pub(crate) fresh: &'a HashMap<MessageId, Message>,
    /// The answer that this run was brought, if that came later than its question was asked.
    pub(crate) later: Option<&'a LaterAnswer<'a>>,
}

impl Conversation<'_> {
    /// What these messages changed and the user's profile does not say yet.
    pub(crate) fn unwritten(&self, covers: &[MessageId]) -> Attributes {
        let theirs = self.deliveries.iter().filter(|delivery| covers.contains(&delivery.message.id));
        theirs.fold(Attributes::default(), |mut all, delivery| {
            all.merge(delivery.unwritten.clone());
            all
        })
    }
}

/// The work to be done at one key.
pub(crate) struct Errand<'a> {
    pub(crate) key: &'a ConversationKey,
    pub(crate) deliveries: &'a [Delivery],
    /// An answer that came later; then there are no deliveries.
    pub(crate) later: Option<&'a LaterAnswer<'a>>,
    /// Follows what it is done for through the logs.
    pub(crate) log_id: &'a str,
    pub(crate) deadline: Deadline,
    /// Nothing else is going on in this function, so that a conversation whose last run ended badly may be taken.
    pub(crate) alone: bool,
}

/// What this run knows of a conversation.
#[derive(Default)]
pub(crate) struct View {
    pub(crate) head: Head,
    pub(crate) held: Option<Held>,
    pub(crate) rows: Option<Vec<TurnRow>>,
    pub(crate) kept: Option<Kept>,
    /// Messages whose rows this run put, so that they are known to be open.
    pub(crate) fresh: HashMap<MessageId, Message>,
    pub(crate) settled: HashSet<MessageId>,
    /// Messages that the store could not be asked about.
    pub(crate) failed: HashSet<MessageId>,
    /// The conversation must be attended to alone.
    pub(crate) suspect: bool,
    pub(crate) grows_long: bool,
}

impl Responder {
    /// Answers what is due; the conversation, if it grows long. What stops the work is logged: the view tells what is left to do.
    pub(crate) async fn work_at(&self, errand: &Errand<'_>, view: &mut View) -> Option<Long> {
        if let Err(stop) = self.answer_due(errand, view).await {
            tracing::warn!(log_id = errand.log_id, reason = %stop, "work on a conversation stopped");
        }
        view.grows_long.then(|| Long { key: errand.key.clone(), log_id: errand.log_id.to_owned() })
    }

    /// Answers as long as something is due, the conversation can be had and time is left.
    async fn answer_due(&self, errand: &Errand<'_>, view: &mut View) -> Result<(), Stop> {
        while self.has_time(errand) {
            let held = match view.held.take() {
                Some(held) => held,
                None => match self.claim_due(errand, view).await? {
                    Some(held) => held,
                    None => return Ok(()),
                },
            };
            let Errand { key, deliveries, later, log_id, deadline, .. } = *errand;
            let conversation = Conversation { key, log_id, deadline, deliveries, fresh: &view.fresh, later };
            let worked = self.work(&conversation, &view.head, held, view.rows.take()).await?;
            (view.head, view.kept, view.grows_long) = (worked.head, Some(worked.kept), worked.grows_long);
            // What this run settled may come once more: then its row tells.
            view.fresh.retain(|id, _| view.head.pending.contains_key(id));
            if worked.kept != Kept::AsSeen {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Takes the conversation if its burst is due and nobody else has it.
    async fn claim_due(&self, errand: &Errand<'_>, view: &mut View) -> Result<Option<Held>, Stop> {
        let now = self.clock.now();
        let due = view.head.due(self.assistant.quiet.cap).is_some_and(|due| due <= now);
        let free = !view.head.leased(now) && view.head.retry_at(now).is_none();
        let Some(message) = view.head.pending.keys().next().filter(|_| due && free).cloned() else { return Ok(None) };
        if view.head.suspect() && !errand.alone {
            view.suspect = true;
            return Ok(None);
        }
        let claim = self.claim(errand.deadline, errand.alone);
        let write = HeadWrite::Claim { message, claim: claim.clone() };
        let claiming = write_head(&*self.store, errand.key, &write, now);
        let (claimed, rows) = futures::future::join(claiming, self.newest_turns(errand.key, now)).await;
        match claimed {
            Ok(head) => {
                let held = claim.held(&head);
                (view.head, view.rows) = (head, rows.ok());
                Ok(Some(held))
            }
            Err(WriteError::Refused(Some(found))) => {
                view.head = *found;
                Ok(None)
            }
            Err(WriteError::Refused(None)) => Err(Stop::Lost),
            Err(WriteError::Failed(error)) => Err(error.into()),
        }
    }

    /// When the message `id`, which is pending, comes back.
    pub(crate) fn comes_back(&self, view: &View, id: &MessageId, receives: u32) -> Verdict {
        let kept = view.kept.unwrap_or(Kept::AsSeen);
        let (cap, now) = (self.assistant.quiet.cap, self.clock.now());
        let jitter = keep::jitter(&(self.words)());
        Verdict::ComesBack(keep::comes_back(&view.head, id, kept, receives, cap, now, jitter))
    }

    /// Whether enough is left to begin a turn: a moment for the AI, the send, and writing it down.
    pub(crate) fn has_time(&self, errand: &Errand<'_>) -> bool {
        let needed = Duration::from_secs(1) + SEND_WITHIN + RECORD_WITHIN;
        errand.deadline.left(self.clock.now(), needed) > Duration::ZERO
    }
}
