//! Taking a conversation up that no delivery of its messages has brought: the answer to them came, or a person who is to read them.

use models::{ConversationKey, MessageId};
use platform::clock::Deadline;
use store::{Head, Owner, StoreError};

use crate::Responder;
use crate::attend::{Done, Errand, Verdict, View};
use crate::history::History;

impl Responder {
    /// Takes a conversation up for the sake of the message `id`; what is to become of what brought that about, which is over when
    /// the message is.
    pub(crate) async fn take_up(
        &self,
        errand: &Errand<'_>,
        head: Head,
        id: &MessageId,
        receives: u32,
    ) -> Done<Verdict> {
        let mut view = View { head, ..View::default() };
        let long = self.work_at(errand, &mut view).await;
        let over = match view.head.pending.contains_key(id) {
            _ if view.suspect => Verdict::Alone,
            true => self.comes_back(&view, id, receives),
            false => Verdict::Settled,
        };
        Done { over, long }
    }

    /// A person has taken over: what was put aside is theirs to read now, and not only when its time is over. What is to become
    /// of what the person did, which is over when the desk has been told, however long it is out of reach.
    pub(crate) async fn hand_on(
        &self,
        conversation: &ConversationKey,
        (log_id, receives): (&str, u32),
        deadline: Deadline,
        alone: bool,
    ) -> Result<Done<Verdict>, StoreError> {
        let nothing = || Ok(Verdict::Settled.into());
        if !self.answers_later() {
            return nothing();
        }
        let (key, head) = self.found(conversation).await?;
        if head.owner != Owner::Person || head.pending.is_empty() {
            return nothing();
        }
        let history = History::new(self.newest_turns(&key, self.clock.now()).await?, head.last_turn);
        let Some(waiting) = history.waiting_in(&head, None) else { return nothing() };
        let errand = Errand { key: &key, deliveries: &[], later: None, log_id, deadline, alone };
        Ok(Box::pin(self.take_up(&errand, head, waiting.newest, receives)).await)
    }

    /// The conversation that `key` leads to, at once or by a sign, as it is now.
    pub(crate) async fn found(&self, key: &ConversationKey) -> Result<(ConversationKey, Head), StoreError> {
        let now = self.clock.now();
        let head = self.store.head(key, now).await?.unwrap_or_default();
        match head.moved_to {
            Some(to) => {
                let head = self.store.head(&to, now).await?.unwrap_or_default();
                Ok((to, head))
            }
            None => Ok((key.clone(), head)),
        }
    }
}
