//! What the user writes while a person owns the conversation: it goes to the desk, in order, and stands in the history.

use std::time::Duration;

use conversation::decide::{OptWish, ParkReason};
use conversation::window;
use desk::{Desk, DeskError, DeskEvent, Line, ReleasedBy, Speaker, What};
use models::assistant::BotText;
use models::{Author, HandOffReason, Message, Personal, Timestamp};
use platform::metrics::Metric;
use store::{Owner, TurnKind, TurnRow};

use crate::agenda::Agenda;
use crate::attend::{Conversation, Stop, Worked};
use crate::ended::{End, Messages};
use crate::history::History;
use crate::keep::Kept;
use crate::settle::Settled;
use crate::turn::Claimed;
use crate::words::Words;
use crate::{RECORD_WITHIN, Responder};

/// How long the desk may take for one event.
pub(crate) const TELL_WITHIN: Duration = Duration::from_secs(5);
/// The attempt in which the user is told that the desk is out of reach: a hiccup is over by then.
const TOLD_AT: u32 = 2;
/// Characters of what the user said last that stand in for a summary.
const SUMMARY: usize = 300;

impl Responder {
    /// Tells the desk what the user wrote; without a desk it is only written down. A desk may be told the same twice, under
    /// the same id.
    pub(crate) async fn forward(
        &self,
        claimed: Claimed<'_>,
        counted: &[usize],
        wish: Option<OptWish>,
    ) -> Result<Worked, Stop> {
        let Claimed { conversation, head, held, history, agenda, .. } = claimed;
        let Some(newest) = counted.last().map(|place| &agenda.open[*place]) else { return Err(Stop::Lost) };
        if let Some(wish) = wish.filter(|wish| (*wish == OptWish::Out) != head.opted_out) {
            // The wish must not hang on the desk, nor on Braze: it is kept first, and then the desk is told.
            return self.remember(claimed, wish).await;
        }
        let refused = match self.tell_all(claimed, counted).await {
            Ok(refused) => refused,
            Err(error) => {
                self.meter.count(Metric::DeskFailed, 1);
                tracing::warn!(log_id = conversation.log_id, %error, "the desk was not told");
                return self.desk_is_down(claimed, newest).await;
            }
        };
        if refused.len() == counted.len() {
            return self
                .park(conversation, head, held, &agenda.covers, ParkReason::DeskRefused, &agenda.log_ids())
                .await;
        }
        let told = counted.iter().filter(|place| !refused.contains(place) && agenda.author() == Author::User);
        let said: Vec<_> = told.map(|place| agenda.said[*place].clone()).collect();
        let (flow, forwarded) = (history.flow().cloned(), said.len());
        let route = self.way_of(claimed).name();
        let words = Words::plain(TurnKind::Forwarded, vec![], history.name_of(newest).clone());
        let mut attributes = self.facts_with_people(&words.to.profile(), &said, history);
        attributes.merge(self.wished_after_all(agenda, wish));
        let words = Words { said, attributes, route, flow, ..words };
        let row = self.row(claimed, words);
        self.store.put_turn(conversation.key, &row, self.clock.now()).await?;
        let parked: Vec<_> = refused.iter().map(|place| agenda.open[*place].id.clone()).collect();
        let settled = Settled::Forwarded { turn: row.key.number, parked: &parked };
        let worked = self.settle(conversation, head, held, &agenda.covers, settled).await?;
        self.tell_end(conversation, &Messages::of(agenda), End::Forwarded);
        self.count(Metric::Forwarded, forwarded);
        self.count(Metric::Duplicate, agenda.open.len() - counted.len());
        let log_ids: Vec<_> = refused.iter().map(|place| agenda.open[*place].log_id.clone()).collect();
        self.mark_parked(conversation, &parked, ParkReason::DeskRefused, &log_ids).await?;
        self.record_row(conversation, &row).await;
        Ok(worked)
    }

    /// Tells the desk, if there is one, what it has to know; the places of the messages that it refuses for good. A desk that
    /// takes none of several events does not mean one of them.
    async fn tell_all(&self, claimed: Claimed<'_>, counted: &[usize]) -> Result<Vec<usize>, DeskError> {
        let Some(desk) = &self.desk else { return Ok(vec![]) };
        let events = events(claimed, counted);
        let refused = self.tell(&**desk, claimed.conversation, &events).await?;
        match refused.first() {
            Some((_, status)) if refused.len() == events.len() && events.len() > 1 => {
                Err(DeskError::Refused { status: *status })
            }
            _ => {
                let messages_from = events.len().saturating_sub(counted.len());
                let messages = refused.iter().filter_map(|(place, _)| place.checked_sub(messages_from));
                Ok(messages.map(|nth| counted[nth]).collect())
            }
        }
    }

    /// Tells the desk these events but those that it refuses for good: the places of these, each with the HTTP status. They
    /// must not hold up what comes after them.
    pub(crate) async fn tell(
        &self,
        desk: &dyn Desk,
        conversation: &Conversation<'_>,
        events: &[DeskEvent],
    ) -> Result<Vec<(usize, u16)>, DeskError> {
        let mut refused = Vec::new();
        for (place, event) in events.iter().enumerate() {
            let left = conversation.deadline.left(self.clock.now(), RECORD_WITHIN);
            if left.is_zero() {
                return Err(DeskError::TimedOut);
            }
            match desk.deliver(event, left.min(TELL_WITHIN)).await {
                Ok(()) => {}
                Err(error @ DeskError::Rejected { status }) => {
                    self.meter.count(Metric::DeskRefused, 1);
                    let event = event.public_id();
                    tracing::error!(log_id = conversation.log_id, desk = desk.name(), event, %error, "skipped");
                    refused.push((place, status));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(refused)
    }

    /// The messages are kept and come back; once, the user is told.
    async fn desk_is_down(&self, claimed: Claimed<'_>, newest: &Message) -> Result<Worked, Stop> {
        let Claimed { conversation, head, held, history, agenda, .. } = claimed;
        let told = history.newest_kind() == Some(TurnKind::DeskDown);
        let closed = window::is_closed(head.heard, self.clock.now());
        // Whom somebody has just written to knows better.
        let written = history.newest_kind() == Some(TurnKind::Agent);
        if head.attempts < TOLD_AT || head.opted_out || told || written || closed {
            return self.give_back(conversation, held).await;
        }
        let line = self.line(BotText::DeskDown, self.language(newest, &agenda.said, history).as_deref());
        let line = self.way_of(claimed).carries(line);
        let words = Words::plain(TurnKind::DeskDown, line, history.name_of(newest).clone());
        let words = Words { attributes: self.welcome(&words.to, words.kind, head, history), ..words };
        let row = self.row(claimed, words);
        self.begin(claimed, row).await
    }

    /// Gives the conversation back to the bot; the claim ends with it. It counts as done `at` the moment when the agents had
    /// been quiet for long enough, so whatever an agent has done since stands.
    pub(crate) async fn take_back(&self, conversation: &Conversation<'_>, at: Timestamp) -> Result<Worked, Stop> {
        let (_, head) = self.change_owner(conversation.key, Owner::Bot, at).await?.ok_or(Stop::Lost)?;
        self.count(Metric::TakenBack, 1);
        let Conversation { key, log_id, deadline, .. } = *conversation;
        self.tell_released(key, (ReleasedBy::QuietHours, at), log_id, deadline).await;
        // The next answer tells it too; a campaign that leaves people in a live chat alone should not have to wait for it.
        self.write_owner(conversation.key, false, at, conversation.deadline).await;
        Ok(Worked::freed(head, Kept::AsSeen))
    }
}

/// What the desk has to know: at first what went before, then each message. What another system started says nothing.
fn events(claimed: Claimed<'_>, counted: &[usize]) -> Vec<DeskEvent> {
    let Claimed { conversation, head, history, agenda, .. } = claimed;
    let event = |id, at, what| DeskEvent { id, conversation: conversation.key.clone(), at, what };
    let messages = counted.iter().filter(|_| agenda.author() == Author::User).map(|place| {
        let (message, said) = (&agenda.open[*place], &agenda.said[*place]);
        let what = What::Message { text: said.text.clone(), media_urls: message.media_urls.clone() };
        event(format!("message:{}", message.id.as_str()), message.arrival, what)
    });
    let since = head.person_since.unwrap_or_default();
    let first = (!history.told_the_desk_since(since)).then(|| {
        let newest = &agenda.open[*counted.last().unwrap_or(&0)];
        let (reason, told) = history.hand_off(since).unwrap_or((HandOffReason::Agent, None));
        let what = What::HandOff {
            reason,
            summary: told.filter(|told| !told.is_empty()).cloned().unwrap_or_else(|| summary(history, agenda)),
            transcript: history.lines().map(line).collect(),
            profile_name: newest.profile_name.clone(),
            language: newest.language.clone(),
        };
        event(format!("hand-off:{}:{}", conversation.key.as_str(), since.millis()), since, what)
    });
    first.into_iter().chain(messages).collect()
}

/// The user's newest words: what they want a person for. What another system started names a flow, and is nobody's words.
fn summary(history: &History, agenda: &Agenda) -> Personal {
    let now = agenda.said.last().filter(|_| agenda.author() == Author::User).map(|said| said.text.clone());
    let before = || history.lines().filter(|(from, ..)| *from == Some(Author::User)).last().map(|(_, text, _)| text);
    let newest = now.or_else(before).unwrap_or_default();
    Personal::new(conversation::prompt::kept_words(newest.as_str(), false, SUMMARY))
}

fn line((from, text, row): (Option<Author>, Personal, &TurnRow)) -> Line {
    let from = match from {
        Some(Author::User) => Speaker::User,
        Some(Author::Agent) => Speaker::Agent,
        Some(Author::System) | None => Speaker::Bot,
    };
    Line { from, text, at: row.at }
}
