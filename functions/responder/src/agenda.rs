//! What a claimed conversation is about: the open messages that the next turn covers.

use conversation::prompt::kept_words;
use models::{Author, Message, MessageId, Timestamp, attachments};
use store::{Filed, Head, MOST_COVERED, Owner, ROW_LIFE, RowState, Said};

use crate::Responder;
use crate::attend::{Conversation, Delivery, Stop};
use crate::history::Begun;

/// The messages a turn is about, in the order of filing, and what of them counts.
pub(crate) struct Agenda {
    /// Every message that stops being pending with this turn, the open ones first.
    pub(crate) covers: Vec<MessageId>,
    /// The open ones among them, all by one author.
    pub(crate) open: Vec<Message>,
    /// What the open ones say, as the assistant keeps it.
    pub(crate) said: Vec<Said>,
}

impl Agenda {
    /// Who wrote the messages it is about.
    pub(crate) fn author(&self) -> Author {
        self.open.first().map_or(Author::User, |message| message.author)
    }

    /// Whether `begun` is how the answer to the open ones begins, and to nothing else.
    pub(crate) fn is_only_about(&self, begun: &Begun<'_>) -> bool {
        self.open.iter().all(|message| begun.covers.contains(&message.id))
    }

    /// What follows the open ones through the logs.
    pub(crate) fn log_ids(&self) -> Vec<String> {
        self.open.iter().map(|message| message.log_id.clone()).collect()
    }
}

impl Responder {
    /// Reads the rows of what is pending. A row that this run put is known to be open; any other may have been settled and
    /// forgotten by the head before its message came in a second time. One that says it was given up is pending again all
    /// the same: giving up takes it out of the head before its row says so.
    ///
    /// A pending message without a row was filed by a row that an earlier delivery had left, and that an erasure took since.
    /// It waits for the delivery that brings it.
    pub(crate) async fn agenda(&self, conversation: &Conversation<'_>, head: &Head) -> Result<Agenda, Stop> {
        let mut covers = head.next_covers();
        if head.owner == Owner::Person && head.pending.len() > covers.len() {
            // An agent's line may stand behind more of the user's than one turn covers.
            covers = head.pending.keys().cloned().collect();
            covers.sort_by_key(|id| head.pending.get(id).map(|pending| pending.sequence));
        }
        let unknown: Vec<_> = covers.iter().filter(|id| !conversation.fresh.contains_key(*id)).cloned().collect();
        let rows = if unknown.is_empty() { vec![] } else { self.store.messages(conversation.key, &unknown).await? };
        let lost: Vec<_> = unknown.into_iter().filter(|id| rows.iter().all(|row| row.message.id != *id)).collect();
        let brought = self.put_again(conversation, head, &lost).await?;
        let now = self.clock.now();
        covers.retain(|id| {
            !lost.contains(id) || brought.iter().any(|message| message.id == *id) || given_up(head, id, now)
        });
        let open = rows.into_iter().filter(|row| row.state != RowState::Done).map(|row| row.message);
        let mut known: Vec<_> = open.chain(brought).chain(conversation.fresh.values().cloned()).collect();
        // A row may be an older copy's than the one that has its place by it.
        for message in &mut known {
            message.arrival = head.pending.get(&message.id).map_or(message.arrival, |pending| pending.arrival);
        }
        Ok(self.agenda_of(covers, &known))
    }

    /// Puts the rows of those of the `lost` messages that this run was brought.
    async fn put_again(
        &self,
        conversation: &Conversation<'_>,
        head: &Head,
        lost: &[MessageId],
    ) -> Result<Vec<Message>, Stop> {
        let mut brought = Vec::new();
        for Delivery { message, .. } in conversation.deliveries {
            if lost.contains(&message.id)
                && !head.forgot(message.arrival)
                && self.put_row(conversation.key, message).await? == Filed::New
            {
                brought.push(message.clone());
            }
        }
        Ok(brought)
    }

    /// One turn is by one author. What an agent wrote goes first: it waits for nobody, least of all for the desk. A flow that
    /// another system starts comes last.
    fn agenda_of(&self, covers: Vec<MessageId>, known: &[Message]) -> Agenda {
        let find = |id: &MessageId| known.iter().find(|message| message.id == *id);
        let (open, closed): (Vec<_>, Vec<_>) = covers.into_iter().partition(|id| find(id).is_some());
        let mut open: Vec<_> = open.iter().filter_map(|id| find(id).cloned()).collect();
        let by = |author: Author| open.iter().filter(move |message| message.author == author);
        let next =
            [Author::Agent, Author::User, Author::System].into_iter().find(|author| by(*author).next().is_some());
        open.retain(|message| Some(message.author) == next);
        match next {
            Some(Author::Agent) => open.sort_by_key(|message| message.arrival),
            // One flow at a time; what the user wrote before it must not be taken for an answer.
            Some(Author::System) => open.truncate(1),
            _ => {}
        }
        open.truncate(MOST_COVERED);
        // A reply is named after its first message: that must be one nobody has answered.
        let covers = open.iter().map(|message| message.id.clone()).chain(closed).take(MOST_COVERED).collect();
        let said = self.said(&open);
        Agenda { covers, open, said }
    }

    /// What the messages say: each as far as one message may go, all together as far as a turn's row can hold.
    fn said(&self, messages: &[Message]) -> Vec<Said> {
        let most = self.assistant.limits.input_characters;
        let mut left = most * 3;
        messages
            .iter()
            .map(|message| {
                let said = said(message, most.min(left));
                left = left.saturating_sub(said.text.as_str().chars().count());
                said
            })
            .collect()
    }
}

/// Whether no queue can still hold the message.
fn given_up(head: &Head, id: &MessageId, now: Timestamp) -> bool {
    head.pending.get(id).is_none_or(|pending| now.since(pending.arrival) > ROW_LIFE)
}

fn said(message: &Message, most: usize) -> Said {
    let words = kept_words(message.text.as_str(), message.shortened, most);
    Said {
        text: words.into(),
        arrival: message.arrival,
        route: message.route.clone(),
        dispatched: message.dispatched,
        media: message.media_urls.iter().flat_map(attachments).map(|attachment| attachment.kind).collect(),
        heard: None,
    }
}
