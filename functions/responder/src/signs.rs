//! Signs: what leads from the other names of a user to their one conversation.

use futures::future;
use models::{ConversationKey, Message, Recipient, Timestamp};
use store::{HEAD_LIFE, Head, HeadWrite, StoreError, WriteError, write_head};

use crate::Responder;
use crate::filing::unexplained;

impl Responder {
    /// The conversation the same person had before Braze knew them by the name they have now, if nobody else has taken it
    /// over: people who share a phone must not share a conversation.
    pub(crate) async fn older_conversation(
        &self,
        key: &ConversationKey,
        message: &Message,
    ) -> Result<Option<ConversationKey>, StoreError> {
        let now = self.clock.now();
        let others = message.identity.other_conversations();
        let heads = future::try_join_all(others.iter().map(|other| self.store.head(other, now))).await?;
        let found = others.iter().zip(heads).find_map(|(other, head)| match head?.moved_to {
            None => Some(other.clone()),
            // An alias may point to somebody else who has the same phone.
            Some(_) if matches!(other.recipient(), Recipient::Alias { .. }) => None,
            sign => sign,
        });
        let Some(older) = found.filter(|older| older != key) else { return Ok(None) };
        let adopt = HeadWrite::Adopt { by: key.clone(), known_as: others };
        match write_head(&*self.store, &older, &adopt, now).await {
            Ok(_) => Ok(Some(older)),
            Err(WriteError::Refused(_)) => Ok(None),
            Err(WriteError::Failed(error)) => Err(error),
        }
    }

    /// Leaves signs to a new conversation under the person's other names, so that whoever knows one of those can take it
    /// over. Where there is something already, that stays; a sign that could not be written is only missed.
    pub(crate) async fn point_here(&self, key: &ConversationKey, message: &Message, now: Timestamp) {
        let sign = HeadWrite::Point { to: key.clone() };
        let others = message.identity.other_conversations();
        let signs = others.iter().map(|other| write_head(&*self.store, other, &sign, now));
        future::join_all(signs).await;
    }

    /// Takes the signs to a conversation away whose user was forgotten while they were left: the erasure found none yet.
    pub(crate) async fn take_forgotten_signs(
        &self,
        key: &ConversationKey,
        message: &Message,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        let names = other_names(key, message);
        if names.is_empty() {
            return Ok(());
        }
        let head = self.store.head(key, now).await?;
        let Some(erased) = head.filter(|head| head.forgot(message.arrival)).and_then(|head| head.erased_at) else {
            return Ok(());
        };
        for name in &names {
            let sign = self.store.head(name, now).await?;
            if sign.is_some_and(|sign| sign.moved_to.as_ref() == Some(key)) {
                self.store.erase(name, erased, now).await?;
            }
        }
        Ok(())
    }

    /// Lets the signs under the user's names last as long as the conversation; one that is missing is left again. Somebody
    /// else's conversation, or a sign to one, stays.
    pub(crate) async fn keep_signs(&self, key: &ConversationKey, message: &Message, now: Timestamp) {
        let names = other_names(key, message);
        let kept = names.iter().map(|name| async move {
            let ends_first = |sign: &Head| sign.expires_at < now + HEAD_LIFE;
            let found = self.store.head(name, now).await.ok()?;
            let write = found.is_none_or(|sign| sign.moved_to.as_ref() == Some(key) && ends_first(&sign));
            let sign = HeadWrite::Point { to: key.clone() };
            if write { write_head(&*self.store, name, &sign, now).await.ok() } else { None }
        });
        future::join_all(kept).await;
    }

    /// Makes `key` lead to the conversation `to`, which it took over.
    pub(crate) async fn point(
        &self,
        key: &ConversationKey,
        to: ConversationKey,
        now: Timestamp,
    ) -> Result<ConversationKey, StoreError> {
        let sign = HeadWrite::Point { to: to.clone() };
        match write_head(&*self.store, key, &sign, now).await {
            Ok(_) => Ok(to),
            Err(WriteError::Refused(Some(head))) if head.moved_to.is_some() => Ok(to),
            Err(WriteError::Refused(_)) => Err(unexplained()),
            Err(WriteError::Failed(error)) => Err(error),
        }
    }
}

/// The names under which a message's user may be known, but for that of the conversation `key`.
fn other_names(key: &ConversationKey, message: &Message) -> Vec<ConversationKey> {
    let identity = &message.identity;
    let names = identity.other_conversations().into_iter().chain([identity.conversation()]);
    names.filter(|name| name != key).collect()
}
