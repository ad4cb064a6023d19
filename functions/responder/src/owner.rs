//! What agents and operators ask for: it happens at once, by a conditional write of its own, without a claim.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use desk::{DeskError, DeskEvent, ReleasedBy, What};
use models::{AgentAction, AgentDeed, Attributes, ConversationKey, Timestamp};
use platform::clock::Deadline;
use platform::metrics::Metric;
use store::{Head, HeadWrite, Owner, SendState, StoreError, WriteError, write_head};

use crate::attend::{Delivery, Done, Verdict};
use crate::facts::owner;
use crate::forward::TELL_WITHIN;
use crate::keep::after_outage;
use crate::later::LaterAnswer;
use crate::{LEASE_MARGIN, Responder};

/// How often a head may change between a refusal and the next try.
const TRIES: u32 = 6;
/// Deliveries of an action in which it is tried to write the owner to the user's profile.
pub(crate) const PROFILE_TRIES: u32 = 6;

/// What an action came to.
pub(crate) enum Acted {
    /// It is done, and what becomes of its delivery is known.
    Over(Done<Verdict>),
    /// It is done, and the words are to be sent.
    Says(Box<Delivery>),
}

impl Acted {
    /// It is done, and to be done once more after this.
    fn again(after: Duration) -> Self {
        Self::Over(Verdict::ComesBack(after).into())
    }
}

impl Responder {
    /// Does what `action` asks for. `receives` counts its deliveries, this one included. Repeatable. With `alone`, also where
    /// the last run on its conversation ended badly.
    pub(crate) async fn act(
        &self,
        action: &AgentAction,
        receives: u32,
        deadline: Deadline,
        alone: bool,
    ) -> Result<Acted, StoreError> {
        let AgentAction { conversation, at, log_id, .. } = action;
        let deed = match action.deed {
            AgentDeed::Say(_) => "message",
            AgentDeed::TakeOver => "takeover",
            AgentDeed::Release => "release",
            AgentDeed::Erase => "erase",
            AgentDeed::StartFlow { .. } => "flow",
            AgentDeed::Answer { .. } => "answer",
        };
        tracing::info!(log_id, deed, "an agent acts");
        let mut unwritten = Attributes::default();
        match &action.deed {
            AgentDeed::StartFlow { .. } => {}
            AgentDeed::Answer { question, body } => {
                let later = LaterAnswer { question, body, at: *at, unusable: AtomicBool::new(false) };
                // Boxed, as what follows: it is seldom needed, and would make the future of every run larger.
                let hearing = Box::pin(self.hear_later((action, &later), receives, deadline, alone));
                return Ok(Acted::Over(hearing.await?));
            }
            AgentDeed::Say(_) | AgentDeed::TakeOver => {
                let changed = self.change_owner(conversation, Owner::Person, *at).await?;
                // With words it is done once they are said.
                let mut handed_on = Done::from(Verdict::Settled);
                if let (AgentDeed::TakeOver, Some((key, _))) = (&action.deed, &changed) {
                    handed_on = Box::pin(self.hand_on(key, (log_id, receives), deadline, alone)).await?;
                }
                // Not with each of an agent's lines.
                let new = changed.filter(|(_, head)| head.person_since == Some(*at));
                let written = match new {
                    Some((key, _)) => self.write_owner(&key, true, *at, deadline).await,
                    None => true,
                };
                if !written && action.deed == AgentDeed::TakeOver && receives < PROFILE_TRIES {
                    return Ok(Acted::again(after_outage(receives)));
                }
                if action.deed == AgentDeed::TakeOver {
                    return Ok(Acted::Over(handed_on));
                }
                // The words must not wait for it.
                if !written {
                    unwritten = owner(true, *at);
                }
            }
            AgentDeed::Release => {
                if let Some((key, _)) = self.change_owner(conversation, Owner::Bot, *at).await? {
                    if !self.write_owner(&key, false, *at, deadline).await && receives < PROFILE_TRIES {
                        return Ok(Acted::again(after_outage(receives)));
                    }
                    self.tell_released(&key, (ReleasedBy::Agent, *at), log_id, deadline).await;
                }
            }
            AgentDeed::Erase => {
                // A run of before may still leave a draft, or a sign, for as long as any run may last. Only who begins to look
                // later than that finds it, whoever emptied the heads: that may have been told to nobody, or to another
                // delivery of the same, by another clock.
                let (began, a_run) = (self.clock.now(), deadline.whole() + LEASE_MARGIN);
                let emptied = self.erase(conversation, *at).await?;
                let is_over = emptied.is_none_or(|emptied| began >= emptied + a_run);
                return Ok(if is_over {
                    Acted::Over(Verdict::Settled.into())
                } else {
                    Acted::again(a_run + LEASE_MARGIN)
                });
            }
        }
        let says = |message| Acted::Says(Box::new(Delivery { receives, message, unwritten }));
        Ok(action.message().map_or_else(|| Acted::Over(Verdict::Settled.into()), says))
    }

    /// Tells the desk that the conversation is the bot's again. To know of it is a convenience: an agent who writes takes over
    /// again all the same.
    pub(crate) async fn tell_released(
        &self,
        conversation: &ConversationKey,
        (by, at): (ReleasedBy, Timestamp),
        log_id: &str,
        deadline: Deadline,
    ) {
        let within = TELL_WITHIN.min(deadline.left(self.clock.now(), Duration::ZERO));
        let Some(desk) = self.desk.as_ref().filter(|_| !within.is_zero()) else { return };
        let id = format!("released:{}:{}", conversation.as_str(), at.millis());
        let event = DeskEvent { id, conversation: conversation.clone(), at, what: What::Released { by } };
        if let Err(error) = desk.deliver(&event, within).await {
            self.count(Metric::DeskRefused, usize::from(matches!(error, DeskError::Rejected { .. })));
            tracing::warn!(log_id, %error, "the desk was not told that the bot is back");
        }
    }

    /// Changes the owner, under the key to which a sign may lead; that key and the head, if it was done, by this call or one
    /// before; not if it was changed at a later door time.
    pub(crate) async fn change_owner(
        &self,
        conversation: &ConversationKey,
        owner: Owner,
        at: Timestamp,
    ) -> Result<Option<(ConversationKey, Head)>, StoreError> {
        let (mut key, mut sending) = (conversation.clone(), false);
        for _ in 0..TRIES {
            let write = HeadWrite::ChangeOwner { owner, at, sending };
            match write_head(&*self.store, &key, &write, self.clock.now()).await {
                Ok(head) => {
                    self.meter.count(Metric::OwnerChanged, 1);
                    return Ok(Some((key, head)));
                }
                Err(WriteError::Failed(error)) => return Err(error),
                Err(WriteError::Refused(None)) => sending = false,
                Err(WriteError::Refused(Some(head))) => match head.moved_to {
                    Some(to) => key = to,
                    // Done before, and something later has confirmed it since: whoever comes again may have more to do.
                    None if head.owner == owner && head.person_since == Some(at) && !head.forgot(at) => {
                        return Ok(Some((key, *head)));
                    }
                    None if head.owner_since.is_some_and(|since| since >= at) || head.forgot(at) => return Ok(None),
                    None => sending = head.turn.is_some_and(|turn| turn.state == SendState::Sending),
                },
            }
        }
        Err(StoreError::Unavailable { operation: "owner", reason: "the head kept changing".to_owned() })
    }

    /// Forgets the user under every key they are known by here; when the last of their heads was emptied, if that is known.
    /// What leads from one key to another is read before any of it is forgotten; and what was found first is forgotten last,
    /// so that whoever has to begin again finds the same.
    async fn erase(&self, conversation: &ConversationKey, at: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let (mut keys, mut next) = (vec![conversation.clone()], 0);
        while let Some(key) = keys.get(next).cloned() {
            let head = self.store.head(&key, self.clock.now()).await?;
            let others = head.into_iter().flat_map(|Head { moved_to, adopted_by, .. }| [moved_to, adopted_by]);
            for other in others.flatten().chain(self.signs_to(&key).await?) {
                if !keys.contains(&other) {
                    keys.push(other);
                }
            }
            next += 1;
        }
        let (mut is_new, mut emptied) = (false, None);
        for key in keys.iter().rev() {
            let before = self.store.erase(key, at, self.clock.now()).await?.filter(|head| head.forgot(at));
            is_new |= before.is_none();
            emptied = emptied.max(before.map_or_else(|| Some(self.clock.now()), |head| head.buried_at));
        }
        self.count(Metric::Erased, usize::from(is_new));
        Ok(emptied)
    }

    /// The user's other keys, as far as they lead to this conversation: under a shared phone stands somebody else's.
    async fn signs_to(&self, key: &ConversationKey) -> Result<Vec<ConversationKey>, StoreError> {
        let mut signs = Vec::new();
        for other in self.store.keys_named(key).await? {
            let head = self.store.head(&other, self.clock.now()).await?;
            if head.is_some_and(|head| head.moved_to.as_ref() == Some(key)) {
                signs.push(other);
            }
        }
        Ok(signs)
    }
}
