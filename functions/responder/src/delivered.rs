//! Attending to the deliveries of one conversation: each is filed or done as it asks, what is due is answered, and of each it is
//! said whether it is over.

use futures::StreamExt as _;
use models::{AgentAction, AgentDeed, Attributes, ConversationKey, QueueMessage};
use platform::clock::Deadline;
use store::StoreError;

use crate::attend::{Delivery, Done, Errand, Verdict, View};
use crate::filing::Filing;
use crate::owner::{Acted, PROFILE_TRIES};
use crate::{Responder, ended, keep};

/// One delivery of whatever the queues carry.
#[derive(Debug, Clone)]
pub(crate) struct Delivered {
    /// How often the queue has delivered it, this time included.
    pub(crate) receives: u32,
    /// What.
    pub(crate) what: QueueMessage,
}

impl Delivered {
    fn are_an_agents_words(&self) -> bool {
        matches!(&self.what, QueueMessage::AgentV1(AgentAction { deed: AgentDeed::Say(_), .. }))
    }
}

enum Attended {
    Done(Done<Vec<Verdict>>),
    Moved(ConversationKey),
}

impl Responder {
    /// Attends to the deliveries of one conversation, in their order. With `alone`, also if its last run ended badly. What
    /// agents want of the conversation as a whole is done first: nothing may be begun that it forbids.
    pub(crate) async fn attend(&self, deliveries: &[Delivered], deadline: Deadline, alone: bool) -> Done<Vec<Verdict>> {
        let acts = deliveries.iter().map(|delivered| self.look_at(delivered, deadline, alone));
        let looked_at: Vec<_> = futures::stream::iter(acts).then(|act| act).collect().await;
        let messages: Vec<_> = looked_at.iter().filter_map(|looked_at| looked_at.as_ref().err().cloned()).collect();
        let Done { over, mut long } = match deliveries.first().map(|delivered| delivered.what.conversation()) {
            Some(key) if !messages.is_empty() => self.attend_to(key, &messages, deadline, alone).await,
            _ => Done { over: Vec::new(), long: None },
        };
        let (mut of_messages, mut verdicts) = (over.into_iter(), Vec::new());
        for (delivered, looked_at) in deliveries.iter().zip(looked_at) {
            let done = match looked_at {
                Ok(done) => done,
                Err(_) => match of_messages.next() {
                    // Boxed: it is seldom needed, and would make the future of every run larger.
                    Some(Verdict::Settled) if delivered.are_an_agents_words() => {
                        Box::pin(self.hand_on_after(delivered, deadline, alone)).await
                    }
                    Some(verdict) => verdict.into(),
                    None => continue,
                },
            };
            verdicts.push(done.over);
            long = long.or(done.long);
        }
        Done { over: verdicts, long }
    }

    /// Does what an agent asks for; what came of the delivery, or the message that is left to be attended to.
    async fn look_at(&self, delivered: &Delivered, deadline: Deadline, alone: bool) -> Result<Done<Verdict>, Delivery> {
        let receives = delivered.receives;
        let action = match &delivered.what {
            QueueMessage::InboundV1(message) => {
                return Err(Delivery { receives, message: message.clone(), unwritten: Attributes::default() });
            }
            QueueMessage::AgentV1(action) => action,
        };
        match self.act(action, receives, deadline, alone).await {
            Ok(Acted::Over(done)) => Ok(done),
            Ok(Acted::Says(words)) => Err(*words),
            Err(error) => {
                tracing::error!(log_id = action.log_id, %error, "an agent's wish is not fulfilled yet");
                Ok(Verdict::ComesBack(keep::after_outage(receives)).into())
            }
        }
    }

    /// An agent who writes takes over: with the words said, what was put aside is for people to read.
    async fn hand_on_after(&self, words: &Delivered, deadline: Deadline, alone: bool) -> Done<Verdict> {
        let (key, log_id) = (words.what.conversation(), words.what.log_id());
        let handing_on = self.hand_on(&key, (log_id, words.receives), deadline, alone);
        handing_on.await.unwrap_or_else(|error| {
            tracing::error!(log_id, %error, "what was put aside is not handed on yet");
            Verdict::ComesBack(keep::after_outage(words.receives)).into()
        })
    }

    async fn attend_to(
        &self,
        mut key: ConversationKey,
        deliveries: &[Delivery],
        deadline: Deadline,
        alone: bool,
    ) -> Done<Vec<Verdict>> {
        // One hop: a sign points to a conversation, never to another sign.
        let log_id = deliveries.first().map_or("", |delivery| delivery.message.log_id.as_str());
        for _ in 0..2 {
            match self.attend_at(&Errand { key: &key, deliveries, later: None, log_id, deadline, alone }).await {
                Ok(Attended::Done(done)) => {
                    ended::tell_deliveries(deliveries, &done.over);
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
        Done { over: verdicts.collect(), long: None }
    }

    async fn attend_at(&self, errand: &Errand<'_>) -> Result<Attended, StoreError> {
        let Errand { key, deliveries, alone, .. } = *errand;
        let mut view = View::default();
        let seen_before = deliveries.iter().any(|delivery| delivery.receives > 1);
        if seen_before && let Some(head) = self.store.head(key, self.clock.now()).await? {
            if head.suspect() && !head.leased(self.clock.now()) && !alone {
                return Ok(Attended::Done(Done { over: vec![Verdict::Alone; deliveries.len()], long: None }));
            }
            view.head = head;
        }
        if let Some(moved) = self.file_all(errand, &mut view).await {
            return Ok(Attended::Moved(moved));
        }
        let long = self.work_at(errand, &mut view).await;
        let verdicts = deliveries.iter().map(|delivery| self.verdict(&view, delivery)).collect();
        Ok(Attended::Done(Done { over: verdicts, long }))
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
}
