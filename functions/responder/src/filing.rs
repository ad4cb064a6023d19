//! Filing a message: its row, then its place in the head of its conversation.

use std::time::Duration;

use conversation::quiet::quiet_period;
use futures::future;
use models::assistant::Assistant;
use models::{Author, ConversationKey, Message, Timestamp};
use platform::clock::Deadline;
use platform::metrics::Metric;
use store::{
    Claim, Filed, Head, HeadWrite, Held, MOST_PENDING, RowState, RunToken, StoreError, TurnRow, WriteError, write_head,
};

use crate::history::turns_among;
use crate::{LEASE_MARGIN, Responder};

/// How long a message that was given up may take to the dead letters; met later, it comes back from there.
const TO_THE_DEAD: Duration = Duration::from_mins(2);

/// The fewest turns that are read, however few are shown: a flow and a way are found by them.
const FEWEST_READ: usize = 10;

/// The signs to a conversation are looked at with what a user writes when the last day that is counted for them began this
/// long ago: once a day, but for what is left to a person.
const LOOKED_AT_AFTER: Duration = Duration::from_hours(24);

/// What filing a message came to.
pub(crate) enum Filing {
    /// It was settled before.
    Settled,
    /// It was given up before, and this is not its way back from the dead letters.
    Parked,
    /// It is in its place. With a claim, the conversation is ours.
    Placed {
        /// The conversation as it is now.
        head: Box<Head>,
        /// Our claim, if we could and should take the conversation.
        held: Option<Held>,
        /// Whether we put its row, so that nobody can have settled it before.
        fresh: bool,
        /// The conversation's newest rows, if they were worth reading.
        rows: Option<Vec<TurnRow>>,
    },
    /// The same person's conversation has another key.
    Moved(ConversationKey),
}

impl Responder {
    /// Files `message`. With `take`, the conversation is claimed in the same write, if the message is due.
    pub(crate) async fn file(
        &self,
        key: &ConversationKey,
        message: &Message,
        receives: u32,
        take: Option<Claim>,
    ) -> Result<Filing, StoreError> {
        let now = self.clock.now();
        let fresh = match self.put_row(key, message).await? {
            Filed::New => true,
            Filed::Known(RowState::Done) => return Ok(Filing::Settled),
            // On its way to the dead letters, and not back from there.
            Filed::Known(RowState::Parked(since)) if receives > 1 && now.since(since) < TO_THE_DEAD => {
                return Ok(Filing::Parked);
            }
            Filed::Known(RowState::Open | RowState::Parked(_)) => false,
        };
        let route = message.route.as_ref().and_then(|name| self.assistant.routes.get(name));
        let quiet = route.and_then(|route| route.quiet).unwrap_or(self.assistant.quiet);
        let quiet = quiet_period(message, &quiet, |text| self.assistant.knows(text));
        let claim = take.filter(|_| quiet.is_zero());
        let heard = (message.author == Author::User).then(|| message.written());
        let mut place = Place { key, message, due: now + quiet, heard, claim, create: false, signed: false };
        let (placed, rows) = match place.claim {
            Some(_) => {
                let (placed, rows) = future::join(self.place(&mut place, now), self.newest_turns(key, now)).await;
                (placed?, rows.ok())
            }
            None => (self.place(&mut place, now).await?, None),
        };
        match &placed {
            Placed::Erased => self.take_forgotten_signs(key, message).await?,
            // It is in its place, and perhaps claimed: no answer waits for this. Whoever was forgotten meanwhile is found to be
            // when the message comes back.
            Placed::Here(..) if place.signed => {
                if let Err(error) = self.take_forgotten_signs(key, message).await {
                    tracing::warn!(log_id = message.log_id, %error, "nobody looked whether a new sign is to go");
                }
            }
            _ => {}
        }
        Ok(match placed {
            Placed::Here(head, held) => Filing::Placed { head, held, fresh, rows },
            Placed::Settled => Filing::Settled,
            Placed::Moved(to) => {
                // It is filed once more, where the conversation is.
                self.store.forget(key, &message.id).await?;
                Filing::Moved(to)
            }
            Placed::Erased => {
                // The same message may have come by the door once more since: then the row is that one's.
                let rows = self.store.messages(key, std::slice::from_ref(&message.id)).await?;
                if rows.iter().all(|row| row.message.arrival <= message.arrival) {
                    self.store.forget(key, &message.id).await?;
                }
                tracing::info!(
                    log_id = message.log_id,
                    end = "silent",
                    cause = "Forgotten",
                    "its user was forgotten meanwhile, and so is the message"
                );
                Filing::Settled
            }
            // What an agent says is never too much; it waits until the user's messages are fewer.
            Placed::Full if message.author == Author::Agent => return Err(unexplained()),
            Placed::Full => {
                self.turn_away(key, message).await?;
                Filing::Settled
            }
        })
    }

    /// Puts the row of `message`, unless there is one. By a route that the assistant does not have, the message goes the
    /// default way.
    pub(crate) async fn put_row(&self, key: &ConversationKey, message: &Message) -> Result<Filed, StoreError> {
        let filed = self.store.put_message(key, message, self.clock.now()).await?;
        let is_unknown = message.route.as_ref().is_some_and(|name| self.assistant.routes.get(name).is_none());
        if filed == Filed::New && is_unknown {
            self.meter.count(Metric::UnknownRoute, 1);
            let route = message.route.as_ref().map(models::RouteName::as_str);
            tracing::warn!(log_id = message.log_id, route, "the assistant has no such route; answered without one");
        }
        Ok(filed)
    }

    /// A claim until the work must be done, and a margin. `suspects` as in [`Claim`].
    pub(crate) fn claim(&self, deadline: Deadline, suspects: bool) -> Claim {
        Claim::until(RunToken((self.words)()), deadline.moment(), LEASE_MARGIN, suspects)
    }

    /// The rows of the newest turns, with the drafts of dead runs among them: of as many turns as are needed, or of all that
    /// there are. One reading has them, unless runs died by the dozen: while messages are given up one after another, or are left
    /// to people, no turn takes a number, and the drafts for the next one are as many as there were attempts. Nor is a row
    /// counted that has expired or that a newer version wrote, however many of them are the newest.
    pub(crate) async fn newest_turns(&self, key: &ConversationKey, now: Timestamp) -> Result<Vec<TurnRow>, StoreError> {
        let mut most = self.rows_read();
        loop {
            let newest = self.store.newest_rows(key, most, now).await?;
            if newest.is_all || turns_among(&newest.rows) > self.turns_read() {
                return Ok(newest.rows);
            }
            most *= 4;
        }
    }

    /// How many turns are read at least, if there are so many.
    pub(crate) fn turns_read(&self) -> usize {
        let limits = &self.assistant.limits;
        limits.history_turns.max(limits.repeats).max(FEWEST_READ)
    }

    /// How many rows of turns are read at first.
    fn rows_read(&self) -> usize {
        let Assistant { limits, replies, .. } = &self.assistant;
        // A turn may have a row before it that says that it takes a moment, one that its answer comes later, and one for each
        // part of its answer but the last, which went out while that was written.
        let begun = if replies.stream { limits.reply_parts - 1 } else { 0 };
        let each = 1 + usize::from(limits.moment_after.is_some()) + usize::from(self.answers_later()) + begun;
        self.turns_read() * each + limits.attempts as usize
    }

    /// Writes the message's place, each time as plainly as the last refusal allows.
    async fn place(&self, place: &mut Place<'_>, now: Timestamp) -> Result<Placed, StoreError> {
        loop {
            let refused = match write_head(&*self.store, place.key, &place.write(), now).await {
                Ok(head) => {
                    let held = place.claim.as_ref().filter(|claim| head.run.as_ref() == Some(&claim.run));
                    let held = held.map(|claim| claim.held(&head));
                    let is_looked_at = now.since(head.spent.day.start) >= LOOKED_AT_AFTER;
                    place.signed = place.create || is_looked_at;
                    if place.create {
                        self.point_here(place.key, place.message, now).await;
                    } else if is_looked_at {
                        self.keep_signs(place.key, place.message, now).await;
                    }
                    return Ok(Placed::Here(Box::new(head), held));
                }
                Err(WriteError::Failed(error)) => return Err(error),
                Err(WriteError::Refused(refused)) => refused,
            };
            match refused {
                None if place.create => return Err(unexplained()),
                None => {
                    if let Some(older) = self.older_conversation(place.key, place.message).await? {
                        return Ok(Placed::Moved(self.point(place.key, older, now).await?));
                    }
                    place.create = true;
                }
                Some(head) => match head.moved_to {
                    Some(to) => return Ok(Placed::Moved(to)),
                    None if head.forgot(place.message.arrival) => return Ok(Placed::Erased),
                    None if head.settled(&place.message.id) => return Ok(Placed::Settled),
                    None if head.pending.contains_key(&place.message.id) => return Ok(Placed::Here(head, None)),
                    None if head.pending.len() >= MOST_PENDING => return Ok(Placed::Full),
                    // What came late does not undo what was heard since.
                    None if place.heard.is_some() && head.heard > place.heard => place.heard = None,
                    None if place.claim.is_some() => place.claim = None,
                    None => return Err(unexplained()),
                },
            }
        }
    }

    /// A message too many: it keeps its row and is settled unanswered.
    async fn turn_away(&self, key: &ConversationKey, message: &Message) -> Result<(), StoreError> {
        self.meter.count(Metric::OverBudget, 1);
        tracing::warn!(
            log_id = message.log_id,
            end = "silent",
            cause = "TooManyWaiting",
            "settled unanswered: its conversation has too many messages waiting"
        );
        self.store.mark(key, &message.id, RowState::Done).await
    }
}

struct Place<'a> {
    key: &'a ConversationKey,
    message: &'a Message,
    due: Timestamp,
    /// When the user wrote it, if it is the last that the user did, as far as is known.
    heard: Option<Timestamp>,
    claim: Option<Claim>,
    create: bool,
    /// Whether signs to it were left or looked at.
    signed: bool,
}

enum Placed {
    Here(Box<Head>, Option<Held>),
    Settled,
    Moved(ConversationKey),
    Erased,
    Full,
}

impl Place<'_> {
    fn write(&self) -> HeadWrite {
        HeadWrite::File {
            message: self.message.id.clone(),
            due: self.due,
            arrival: self.message.arrival,
            heard: self.heard,
            claim: self.claim.clone(),
            create: self.create,
        }
    }
}

// The head changed between two writes in a way that none of the refusals explains: the message is kept and looked at again.
pub(crate) fn unexplained() -> StoreError {
    StoreError::Unavailable { operation: "file", reason: "the head changed meanwhile".to_owned() }
}
