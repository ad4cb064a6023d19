//! What the user wants altogether, silence or words: remembered without a word. And what a silent run leaves to the next ones.

use conversation::decide::{OptWish, wish};
use models::{Attributes, Author, FlowState, MessageId};
use store::{Aftermath, Head, TurnKind, TurnRow};

use crate::Responder;
use crate::agenda::Agenda;
use crate::attend::{Conversation, Stop, Worked};
use crate::ended::{Cause, End, Messages};
use crate::settle::Settled;
use crate::turn::Claimed;
use crate::words::Words;

/// What a run leaves to the next ones that says nothing.
pub(crate) struct Left<'a> {
    /// What Braze did not take.
    pub(crate) unwritten: Attributes,
    /// The flow that waits for an answer from now on.
    pub(crate) flow: Option<&'a FlowState>,
}

impl Responder {
    /// Remembers what the user wants from now on, and says nothing.
    pub(crate) async fn heed(&self, claimed: Claimed<'_>, wish: OptWish) -> Result<Worked, Stop> {
        let Claimed { conversation, head, held, agenda, .. } = claimed;
        let done = match agenda.open.last() {
            Some(message) => self.join(&message.identity, wish == OptWish::In, conversation.deadline).await,
            None => true,
        };
        // Tried again a few times; but the wish itself must not depend on Braze.
        if !done && head.attempts < self.assistant.limits.attempts {
            return self.give_back(conversation, held).await;
        }
        self.heeded(claimed, &agenda.covers, wish, done).await
    }

    /// Remembers a wish before anything that hangs on it is done: the messages wait until it is.
    pub(crate) async fn remember(&self, claimed: Claimed<'_>, wish: OptWish) -> Result<Worked, Stop> {
        let done = match claimed.agenda.open.last() {
            Some(message) => self.join(&message.identity, wish == OptWish::In, claimed.conversation.deadline).await,
            None => true,
        };
        self.heeded(claimed, &[], wish, done).await
    }

    /// Remembers a wish. Unless Braze has taken it (`done`), a row tells the next runs to try again. Whoever wants silence is in
    /// no flow any more.
    pub(crate) async fn heeded(
        &self,
        claimed: Claimed<'_>,
        covers: &[MessageId],
        wish: OptWish,
        done: bool,
    ) -> Result<Worked, Stop> {
        let Claimed { conversation, head, held, history, agenda, .. } = claimed;
        let unwritten = if done { Attributes::default() } else { self.membership(wish == OptWish::In) };
        let flow = history.flow().filter(|_| wish == OptWish::In);
        let turn = self.leave(claimed, covers, Left { unwritten, flow }).await?;
        let heeded = Settled::Silent { turn, aftermath: Some(aftermath(wish)) };
        let worked = self.settle(conversation, head, held, covers, heeded).await?;
        if !covers.is_empty() {
            self.tell_end(conversation, &Messages::of(agenda), End::Silent(Cause::Wish));
        }
        Ok(worked)
    }

    /// The group as the user wishes it now, where these messages wish otherwise too: a run that was not brought the last of them
    /// may have told Braze so, and not have lived to remember it.
    pub(crate) fn wished_after_all(&self, agenda: &Agenda, now: Option<OptWish>) -> Attributes {
        let texts = agenda.open.iter().filter(|message| message.author == Author::User);
        let mut wishes = texts.filter_map(|text| wish(&self.assistant.keywords, std::iter::once(text.text.as_str())));
        match now {
            Some(now) if wishes.any(|other| other != now) => self.membership(now == OptWish::In),
            _ => Attributes::default(),
        }
    }

    /// Whether the user has wished for silence since the turn of `row` was drafted, which Braze or a dead run kept from being
    /// said. The wish waits behind it. What an agent writes is said all the same.
    pub(crate) async fn wants_silence(
        &self,
        conversation: &Conversation<'_>,
        head: &Head,
        row: &TurnRow,
    ) -> Result<bool, Stop> {
        if row.kind == TurnKind::Agent || head.pending.keys().all(|id| row.covers.contains(id)) {
            return Ok(false);
        }
        let agenda = self.agenda(conversation, head).await?;
        let keywords = &self.assistant.keywords;
        let texts = agenda.open.iter().filter(|message| message.author == Author::User);
        let heard = texts.map(|message| message.text.as_str()).filter(|text| !keywords.ignore.matches(text));
        Ok(wish(keywords, heard) == Some(OptWish::Out))
    }

    /// Leaves to the next runs what nothing is said with; the number of the last turn from then on.
    pub(crate) async fn leave(
        &self,
        claimed: Claimed<'_>,
        covers: &[MessageId],
        Left { unwritten, flow }: Left<'_>,
    ) -> Result<u64, Stop> {
        let Claimed { conversation, head, history, agenda, .. } = claimed;
        let is_news = !unwritten.is_empty() || flow != history.flow();
        let Some(message) = agenda.open.last().filter(|_| is_news) else { return Ok(head.last_turn) };
        let words = Words::plain(TurnKind::Heeded, vec![], history.name_of(message).clone());
        let words = Words { flow: flow.cloned(), ..words };
        let row = TurnRow { unwritten, covers: covers.to_vec(), ..self.row(claimed, words) };
        self.store.put_turn(conversation.key, &row, self.clock.now()).await?;
        Ok(row.key.number)
    }
}

/// What a wish changes.
fn aftermath(wish: OptWish) -> Aftermath {
    match wish {
        OptWish::Out => Aftermath::OptOut,
        OptWish::In => Aftermath::OptIn,
    }
}
