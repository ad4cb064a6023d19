//! What lets the first words to somebody unknown arrive: they join the brand's subscription group.

use models::{Attributes, Identity, Message, Recipient, Subscription};
use store::{Head, TurnKind, TurnRow};

use crate::attend::Conversation;
use crate::facts::{WRITE_WITHIN, Wrote};
use crate::history::History;
use crate::{RECORD_WITHIN, Responder, SEND_WITHIN};

impl Responder {
    /// What lets the first words to somebody unknown arrive, whoever says them: Braze made them unsubscribed, and nobody chose
    /// that. Whom the brand knows may have unsubscribed elsewhere; who never wrote here has chosen nothing.
    pub(crate) fn welcome(&self, to: &Identity, kind: TurnKind, head: &Head, history: &History) -> Attributes {
        let mut attributes = Attributes::default();
        let is_unknown = !matches!(to.profile(), Recipient::External(_));
        let wants_words = head.heard.is_some() && (!head.opted_out || kind == TurnKind::OptIn);
        let is_newcomer = is_unknown && wants_words && history.are_first_words(head.last_turn + 1);
        if let Some(group) = self.assistant.profile.newcomers_group.clone().filter(|_| is_newcomer) {
            attributes.subscribe(group, Subscription::Subscribed);
        }
        attributes
    }

    /// Lets somebody unknown join while the answer to `newest` is being made, where no reply can carry that: a slow answer
    /// leaves no time for it. The groups that the profile says from then on.
    pub(crate) async fn welcome_ahead(
        &self,
        conversation: &Conversation<'_>,
        head: &Head,
        history: &History,
        newest: &Message,
    ) -> Attributes {
        let attributes = self.welcome(&newest.identity, TurnKind::Answer, head, history);
        if attributes.is_empty() || self.messaging.carries(&attributes, None) {
            return Attributes::default();
        }
        self.join_groups(conversation, &newest.identity, attributes).await
    }

    /// Lets the user join before the reply the groups that the reply cannot carry: without them it may not arrive. What
    /// fails is tried again after it; the row as it is then.
    pub(crate) async fn subscribe_first(&self, conversation: &Conversation<'_>, row: TurnRow) -> TurnRow {
        let joined = self.join_groups(conversation, &row.to, row.unwritten.groups_alone()).await;
        TurnRow { unwritten: row.unwritten.beside(&joined), ..row }
    }

    /// Lets the user join these groups, if there is time for it; those that the profile says from then on.
    async fn join_groups(&self, conversation: &Conversation<'_>, user: &Identity, groups: Attributes) -> Attributes {
        let left = conversation.deadline.left(self.clock.now(), RECORD_WITHIN + SEND_WITHIN);
        let joins = !groups.is_empty() && left > WRITE_WITHIN;
        if joins && self.tell_profile(user, groups.clone(), conversation.deadline).await == Wrote::All {
            groups
        } else {
            Attributes::default()
        }
    }
}
