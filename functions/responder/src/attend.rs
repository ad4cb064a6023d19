//! Attending to one conversation: file what was delivered, answer what is due, and say of each delivery whether it is over.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use futures::StreamExt as _;
use models::{Attributes, ConversationKey, Message, MessageId, QueueMessage};
use platform::clock::Deadline;
use store::{Head, HeadWrite, Held, StoreError, TurnRow, WriteError, write_head};

use crate::filing::Filing;
use crate::keep::{self, Kept};
use crate::later::LaterAnswer;
use crate::owner::{Acted, PROFILE_TRIES};
use crate::summarise::Long;
use crate::{RECORD_WITHIN, Responder, SEND_WITHIN, ended};

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

/// One delivery of whatever the queues carry.
#[derive(Debug, Clone)]
pub(crate) struct Delivered {
    /// How often the queue has delivered it, this time included.
    pub(crate) receives: u32,
    /// What.
    pub(crate) what: QueueMessage,
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

/// What came of attending to deliveries.
pub(crate) struct Done {
    /// Whether each of them is over.
    pub(crate) verdicts: Vec<Verdict>,
    /// The conversation, if it grows long.
    pub(crate) long: Option<Long>,
}

/// What came of taking a conversation up.
pub(crate) struct Judged {
    /// Whether what brought that about is over.
    pub(crate) verdict: Verdict,
    /// The conversation, if it grows long.
    pub(crate) long: Option<Long>,
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
struct View {
    head: Head,
    held: Option<Held>,
    rows: Option<Vec<TurnRow>>,
    kept: Option<Kept>,
    /// Messages whose rows this run put, so that they are known to be open.
    fresh: HashMap<MessageId, Message>,
    settled: HashSet<MessageId>,
    /// Messages that the store could not be asked about.
    failed: HashSet<MessageId>,
    /// The conversation must be attended to alone.
    suspect: bool,
    grows_long: bool,
}

enum Attended {
    Done(Done),
    Moved(ConversationKey),
}

impl Responder {
    /// Attends to the deliveries of one conversation, in their order. With `alone`, also if its last run ended badly. What
    /// agents want of the conversation as a whole is done first: nothing may be begun that it forbids.
    pub(crate) async fn attend(&self, deliveries: &[Delivered], deadline: Deadline, alone: bool) -> Done {
        let acts = deliveries.iter().map(|delivered| self.look_at(delivered, deadline, alone));
        let looked_at: Vec<_> = futures::stream::iter(acts).then(|act| act).collect().await;
        let messages: Vec<_> = looked_at.iter().filter_map(|looked_at| looked_at.as_ref().err().cloned()).collect();
        let Done { verdicts, long } = match deliveries.first().map(|delivered| delivered.what.conversation()) {
            Some(key) if !messages.is_empty() => self.attend_to(key, &messages, deadline, alone).await,
            _ => Done { verdicts: Vec::new(), long: None },
        };
        let mut verdicts = verdicts.into_iter();
        let judged = looked_at.iter().find_map(|looked_at| looked_at.as_ref().ok()?.1.clone());
        let acts = looked_at.into_iter().map(|looked_at| looked_at.ok().map(|(verdict, _)| verdict));
        let verdicts = acts.filter_map(|verdict| verdict.or_else(|| verdicts.next()));
        Done { verdicts: verdicts.collect(), long: long.or(judged) }
    }

    /// Does what an agent asks for; a verdict on the delivery, or the message that is left to be attended to.
    async fn look_at(
        &self,
        delivered: &Delivered,
        deadline: Deadline,
        alone: bool,
    ) -> Result<(Verdict, Option<Long>), Delivery> {
        let receives = delivered.receives;
        let action = match &delivered.what {
            QueueMessage::InboundV1(message) => {
                return Err(Delivery { receives, message: message.clone(), unwritten: Attributes::default() });
            }
            QueueMessage::AgentV1(action) => action,
        };
        let verdict = match self.act(action, receives, deadline, alone).await {
            Ok(Acted::Done) => Verdict::Settled,
            Ok(Acted::Again(after)) => Verdict::ComesBack(after),
            Ok(Acted::Judged(judged)) => return Ok((judged.verdict, judged.long)),
            Ok(Acted::Says(words)) => return Err(*words),
            Err(error) => {
                tracing::error!(log_id = action.log_id, %error, "an agent's wish is not fulfilled yet");
                Verdict::ComesBack(keep::after_outage(receives))
            }
        };
        Ok((verdict, None))
    }

    async fn attend_to(
        &self,
        mut key: ConversationKey,
        deliveries: &[Delivery],
        deadline: Deadline,
        alone: bool,
    ) -> Done {
        // One hop: a sign points to a conversation, never to another sign.
        let log_id = deliveries.first().map_or("", |delivery| delivery.message.log_id.as_str());
        for _ in 0..2 {
            match self.attend_at(&Errand { key: &key, deliveries, later: None, log_id, deadline, alone }).await {
                Ok(Attended::Done(done)) => {
                    ended::tell_deliveries(deliveries, &done.verdicts);
                    return done;
                }
                Ok(Attended::Moved(to)) => key = to,
                Err(error) => {
                    tracing::error!(log_id, %error, "a conversation could not be attended to");
                    break;
                }
            }
        }
        let verdicts = deliveries.iter().map(|delivery| Verdict::ComesBack(keep::after_outage(delivery.receives)));
        Done { verdicts: verdicts.collect(), long: None }
    }

    async fn attend_at(&self, errand: &Errand<'_>) -> Result<Attended, StoreError> {
        let Errand { key, deliveries, alone, .. } = *errand;
        let mut view = View::default();
        let seen_before = deliveries.iter().any(|delivery| delivery.receives > 1);
        if seen_before && let Some(head) = self.store.head(key, self.clock.now()).await? {
            if head.suspect() && !head.leased(self.clock.now()) && !alone {
                return Ok(Attended::Done(Done { verdicts: vec![Verdict::Alone; deliveries.len()], long: None }));
            }
            view.head = head;
        }
        if let Some(moved) = self.file_all(errand, &mut view).await {
            return Ok(Attended::Moved(moved));
        }
        if let Err(stop) = self.answer_due(errand, &mut view).await {
            tracing::warn!(log_id = errand.log_id, reason = %stop, "work on a conversation stopped");
        }
        let verdicts = deliveries.iter().map(|delivery| self.verdict(&view, delivery)).collect();
        let long = || Long { key: key.clone(), log_id: deliveries[0].message.log_id.clone() };
        Ok(Attended::Done(Done { verdicts, long: view.grows_long.then(long) }))
    }

    /// Takes a conversation up that no delivery of its messages has brought, for the sake of the message `id`; what is to
    /// become of what brought it, which is over when that is.
    pub(crate) async fn take_up(&self, errand: &Errand<'_>, head: Head, id: &MessageId, receives: u32) -> Judged {
        let mut view = View { head, ..View::default() };
        if let Err(stop) = self.answer_due(errand, &mut view).await {
            tracing::warn!(log_id = errand.log_id, reason = %stop, "work on a conversation stopped");
        }
        let long = view.grows_long.then(|| Long { key: errand.key.clone(), log_id: errand.log_id.to_owned() });
        let verdict = match view.head.pending.contains_key(id) {
            _ if view.suspect => Verdict::Alone,
            true => self.comes_back(&view, id, receives),
            false => Verdict::Settled,
        };
        Judged { verdict, long }
    }

    /// Puts every delivery's message in its place; one that fails costs only itself. Only the last one may take the
    /// conversation in the same write: by then the others are known.
    async fn file_all(&self, errand: &Errand<'_>, view: &mut View) -> Option<ConversationKey> {
        for (index, delivery) in errand.deliveries.iter().enumerate() {
            let id = &delivery.message.id;
            if view.head.pending.contains_key(id) {
                continue;
            }
            // What is to be forgotten may have left a row behind when it last came: then it is filed, and refused, once more.
            if view.head.settled(id) && !view.head.forgot(delivery.message.arrival) {
                view.settled.insert(id.clone());
                continue;
            }
            let last = index + 1 == errand.deliveries.len() && self.has_time(errand);
            let claim = last.then(|| self.claim(errand.deadline, errand.alone));
            match self.file(errand.key, &delivery.message, delivery.receives, claim).await {
                Ok(Filing::Settled) => drop(view.settled.insert(id.clone())),
                // Neither settled nor pending: it comes back soon, until the queue moves it to the dead letters.
                Ok(Filing::Parked) => {}
                Ok(Filing::Moved(to)) => return Some(to),
                Ok(Filing::Placed { head, held, fresh, rows }) => {
                    (view.head, view.held, view.rows) = (*head, held, rows);
                    if fresh {
                        view.fresh.insert(id.clone(), delivery.message.clone());
                    }
                }
                Err(error) => {
                    tracing::error!(log_id = delivery.message.log_id, %error, "not filed");
                    view.failed.insert(id.clone());
                }
            }
        }
        None
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

    fn verdict(&self, view: &View, delivery: &Delivery) -> Verdict {
        let id = &delivery.message.id;
        if view.suspect {
            return Verdict::Alone;
        }
        if view.failed.contains(id) {
            return Verdict::ComesBack(keep::after_outage(delivery.receives));
        }
        // One delivery of it may be over with because its user was forgotten, and another one be new.
        let pending = view.head.pending.contains_key(id);
        if pending && view.head.forgot(delivery.message.arrival) {
            return Verdict::Settled;
        }
        if (view.settled.contains(id) && !pending) || view.head.settled(id) {
            // Another line's run may have sent it, which knows nothing of what this one owes.
            let owes = !delivery.unwritten.is_empty() && delivery.receives < PROFILE_TRIES;
            return if owes { Verdict::ComesBack(keep::after_outage(delivery.receives)) } else { Verdict::Settled };
        }
        if !pending {
            // Given up, or settled and forgotten by the head: its row tells which.
            return Verdict::ComesBack(keep::PARKED);
        }
        self.comes_back(view, id, delivery.receives)
    }

    fn comes_back(&self, view: &View, id: &MessageId, receives: u32) -> Verdict {
        let kept = view.kept.unwrap_or(Kept::AsSeen);
        let (cap, now) = (self.assistant.quiet.cap, self.clock.now());
        let jitter = keep::jitter(&(self.words)());
        Verdict::ComesBack(keep::comes_back(&view.head, id, kept, receives, cap, now, jitter))
    }

    /// Whether enough is left to begin a turn: a moment for the AI, the send, and writing it down.
    fn has_time(&self, errand: &Errand<'_>) -> bool {
        let needed = Duration::from_secs(1) + SEND_WITHIN + RECORD_WITHIN;
        errand.deadline.left(self.clock.now(), needed) > Duration::ZERO
    }
}
