//! What a conversation's rows say about what went before.

use std::collections::BTreeMap;
use std::time::Duration;

use ai::{Exchange, noted};
use conversation::likeness::Look;
use models::{
    Author, FieldName, FlowState, HandOffReason, Identity, Message, MessageId, Personal, ProfileValue, Recipient,
    RouteName, Timestamp,
};
use store::{Head, Recap, Said, TurnKind, TurnRow, Voice};

mod recap;
mod waiting;

pub(crate) use recap::Outgrown;
pub(crate) use waiting::Waiting;

/// A conversation's newest rows, sorted out: which are history, and which is a draft that was never committed.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    turns: Vec<TurnRow>,
    drafts: Vec<TurnRow>,
    /// Wishes that were heeded without a word: nothing that was said, but Braze may not know of them, and a flow may have ended
    /// with one.
    heeded: Vec<TurnRow>,
    /// That an answer takes a moment, which is no part of what was said.
    moments: Vec<TurnRow>,
    /// The first words of answers, each of which goes on in the turn after it.
    begun: Vec<TurnRow>,
    /// Questions whose answers were to come later: no part of it either.
    waiting: Vec<TurnRow>,
    /// The newest recap, and the number of the turn whose row has it.
    recap: Option<(u64, Recap)>,
    /// The lowest number of a turn that was read.
    oldest: Option<u64>,
}

impl History {
    /// Sorts `rows` (newest first), of which turns up to `last_turn` happened.
    pub(crate) fn new(rows: Vec<TurnRow>, last_turn: u64) -> Self {
        let recaps = rows.iter().filter(|row| row.key.number <= last_turn);
        let recaps = recaps.filter_map(|row| Some((row.key.number, row.summing.recap()?.clone())));
        let recap = recaps.max_by_key(|(number, recap)| (recap.up_to, *number));
        let oldest = rows.iter().map(|row| row.key.number).min();
        let (waiting, rows): (_, Vec<_>) = rows.into_iter().partition(|row| matches!(row.kind, TurnKind::Waiting(_)));
        let (mut turns, drafts): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.key.number <= last_turn);
        // Of one turn the highest epoch is the one that was sent; newest first, it stands before the others.
        turns.dedup_by_key(|row| row.key.number);
        let (heeded, turns): (_, Vec<_>) = turns.into_iter().partition(|row| row.kind == TurnKind::Heeded);
        let (moments, turns): (_, Vec<_>) = turns.into_iter().partition(|row| row.kind == TurnKind::Moment);
        let (mut begun, turns): (Vec<_>, _) = turns.into_iter().partition(|row| row.kind == TurnKind::Begun);
        // Nothing came of the others.
        begun.retain(|row| !row.reply.is_empty());
        Self { turns, drafts, heeded, moments, begun, waiting, recap, oldest }
    }

    /// The same with what has been begun since, oldest first.
    pub(crate) fn with_begun(&self, rows: Vec<TurnRow>) -> Self {
        let mut with = self.clone();
        with.begun.splice(0..0, rows.into_iter().rev());
        with
    }

    /// The answer that has been begun since the last turn, and is not over. Whether its messages are still open is for the head
    /// to say.
    pub(crate) fn begun(&self) -> Option<Begun<'_>> {
        let mut rows: Vec<_> = self.begun_between(self.turns.first(), None).collect();
        // An answer that was given up may have been begun before it, for other messages.
        let covers = rows.last()?.covers.as_slice();
        rows.retain(|row| row.covers == covers);
        Some(Begun { covers, turns: rows.len(), at: rows.last()?.at, reply: told(&rows) })
    }

    /// What was begun after one turn and before another, oldest first.
    fn begun_between(&self, after: Option<&TurnRow>, before: Option<&TurnRow>) -> impl Iterator<Item = &TurnRow> {
        let (after, before) = (after.map(|row| row.key.number), before.map(|row| row.key.number));
        let is_between =
            move |row: &&TurnRow| Some(row.key.number) > after && before.is_none_or(|before| row.key.number < before);
        self.begun.iter().rev().filter(is_between)
    }

    /// How the answer of `row` began, oldest first.
    fn begun_by(&self, row: &TurnRow) -> impl Iterator<Item = &TurnRow> {
        let before = self.turns.iter().find(|other| other.key.number < row.key.number);
        self.begun_between(before, Some(row))
    }

    /// The open question whose answer was to come later, if `is_open` says so of its newest message. Of several the one that has
    /// this name, or else that of the newest key: a run that was fenced may put its own after another one has taken its place, and
    /// only the name tells which is which.
    pub(crate) fn waiting(
        &self,
        name: Option<&MessageId>,
        is_open: impl Fn(&MessageId) -> bool,
    ) -> Option<Waiting<'_>> {
        let open = || self.waiting.iter().filter_map(Waiting::of).filter(|waiting| is_open(waiting.newest));
        open().find(|waiting| name == Some(&waiting.question())).or_else(|| open().next())
    }

    /// The same among all that are pending.
    pub(crate) fn waiting_in(&self, head: &Head, name: Option<&MessageId>) -> Option<Waiting<'_>> {
        self.waiting(name, |id| head.pending.contains_key(id))
    }

    /// Whether the last thing the user read is that the answer takes a moment, or how it begins.
    pub(crate) fn asked_for_a_moment(&self) -> bool {
        let newest = |rows: &[TurnRow]| rows.first().map(|row| row.key.number);
        newest(&self.moments).max(newest(&self.begun)) > newest(&self.turns)
    }

    /// What the last turn that was about messages of the user was about.
    pub(crate) fn last_turn(&self) -> Vec<Look<'_>> {
        self.of_the_user().next().into_iter().flat_map(|row| row.said.iter().map(look)).collect()
    }

    /// What the last turn in an agent's name said.
    pub(crate) fn last_agent_turn(&self) -> Vec<Look<'_>> {
        let last = self.turns.iter().find(|row| row.kind == TurnKind::Agent);
        last.into_iter().flat_map(|row| row.said.iter().map(look)).collect()
    }

    /// How many turns in a row since then, the last one among them, were about just these words.
    pub(crate) fn repeats(&self, words: &Personal, since: Timestamp) -> usize {
        let same = |row: &&TurnRow| row.at >= since && joined(row.said.iter().map(|said| &said.text)) == *words;
        self.of_the_user().take_while(same).count()
    }

    /// What happened last.
    pub(crate) fn newest_kind(&self) -> Option<TurnKind> {
        self.turns.first().map(|row| row.kind)
    }

    /// Why a person has owned the conversation `since` then, and what the AI wants that person to know, if the bot handed it
    /// over.
    pub(crate) fn hand_off(&self, since: Timestamp) -> Option<(HandOffReason, Option<&Personal>)> {
        self.turns.iter().find_map(|row| match row.kind {
            TurnKind::HandOff(reason) => Some(Some((reason, row.summary.as_ref()))),
            TurnKind::Answer | TurnKind::OptIn => Some(None),
            // People had it before that already: it was given back in between, and an agent took it again.
            TurnKind::Forwarded | TurnKind::Agent if row.at < since => Some(None),
            TurnKind::Forwarded
            | TurnKind::Agent
            | TurnKind::DeskDown
            | TurnKind::Moment
            | TurnKind::Begun
            | TurnKind::Heeded
            | TurnKind::Waiting(_) => None,
        })?
    }

    /// Whether the desk has been told anything since a person has owned the conversation.
    pub(crate) fn told_the_desk_since(&self, since: Timestamp) -> bool {
        self.turns.iter().any(|row| row.kind == TurnKind::Forwarded && row.at >= since)
    }

    /// For how long since then messages of the user were on their way to the desk: nobody could have answered them.
    fn on_the_way_to_people(&self, since: Timestamp) -> Duration {
        let told = self.turns.iter().rev().filter(|row| row.kind == TurnKind::Forwarded && row.at >= since);
        let (waited, _) = told.fold((Duration::ZERO, since), |(waited, heard), row| {
            let first = row.said.iter().map(|said| said.arrival).min().unwrap_or(row.at);
            (waited + row.at.since(first.max(heard)), row.at)
        });
        waited
    }

    /// Everything that was said, oldest first: by the user, by an agent, or else by the bot.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (Option<Author>, Personal, &TurnRow)> {
        let bots = |row| said_in(None, row);
        let not_over = self.begun_between(self.turns.first(), None).flat_map(bots);
        let over = self.turns.iter().rev().flat_map(move |row| {
            let user = row.said.iter().map(move |said| (Some(Author::User), words(said), row));
            let answered_by = (row.kind == TurnKind::Agent).then_some(Author::Agent);
            // What is handed over follows of itself, and what an agent said is the reply.
            let user = user.filter(|_| row.kind.settles() && row.kind != TurnKind::Agent);
            user.chain(self.begun_by(row).flat_map(bots)).chain(said_in(answered_by, row))
        });
        over.chain(not_over)
    }

    /// The flow that waits for the user's answer. What people did meanwhile leaves it where it was; a wish for silence ends it.
    pub(crate) fn flow(&self) -> Option<&FlowState> {
        let bearing = |row: &&TurnRow| !matches!(row.kind, TurnKind::Agent | TurnKind::DeskDown);
        let newest = self.turns.iter().chain(&self.heeded).filter(bearing).max_by_key(|row| row.key.number);
        newest.and_then(|row| row.flow.as_ref())
    }

    /// Whether the message led to a person.
    pub(crate) fn led_to_people(&self, id: &MessageId) -> bool {
        self.turns.iter().any(|row| matches!(row.kind, TurnKind::HandOff(_)) && row.covers.contains(id))
    }

    /// The route of the last turn that was about messages of the user, and when that was.
    pub(crate) fn route(&self) -> Option<(&RouteName, Timestamp)> {
        let last = self.of_the_user().next()?;
        Some((last.route.as_ref()?, last.at))
    }

    /// When the bot last answered.
    pub(crate) fn answered_at(&self) -> Option<Timestamp> {
        self.turns.iter().find(|row| !row.kind.is_with_people()).map(|row| row.at)
    }

    /// Since when people have left a conversation alone whose owner was chosen at `since`, as far as they could have heard.
    pub(crate) fn left_alone_since(&self, since: Option<Timestamp>) -> Timestamp {
        let since = since.unwrap_or_default();
        since + self.on_the_way_to_people(since)
    }

    /// Whether the turn of this number says the first words to the user, whoever says them, but for what reaches somebody who
    /// never wrote. Not so where what went before is no longer known, nor where somebody was subscribed with words before: they
    /// may have chosen something else since.
    pub(crate) fn are_first_words(&self, turn: u64) -> bool {
        let is_whole = turn == 1 || self.oldest == Some(1);
        let is_answer = |row: &TurnRow| row.kind.voice() == Voice::Bot && !row.said.is_empty() && !row.reply.is_empty();
        let is_plain = |row: &TurnRow| row.reply.iter().any(|said| said.content.needs_the_window());
        let subscribes = |row: &TurnRow| row.attributes.groups().next().is_some();
        is_whole && !self.turns.iter().any(|row| is_answer(row) || is_plain(row) || subscribes(row))
    }

    /// What that profile says, as far as these turns wrote it. Who has another name since may have another profile.
    pub(crate) fn written(&self, profile: &Recipient) -> BTreeMap<FieldName, ProfileValue> {
        let mut written = BTreeMap::new();
        let of_it = self.turns.iter().rev().filter(|row| row.to.profile() == *profile);
        for (name, value) in of_it.flat_map(|row| row.attributes.values()) {
            match value {
                Some(value) => drop(written.insert(name.clone(), value.clone())),
                None => drop(written.remove(name)),
            }
        }
        written
    }

    /// The newest turn of which Braze has not been told everything, although there was time for it before `since`. What
    /// a newer one wrote, or is to write, is left to that one.
    pub(crate) fn unrecorded(&self, since: Timestamp) -> Option<TurnRow> {
        let is_left = |row: &&TurnRow| row.at < since && !(row.events.is_empty() && row.unwritten.is_empty());
        let row = self.turns.iter().chain(&self.heeded).filter(is_left).max_by_key(|row| row.key.number)?;
        let newer = self.turns.iter().filter(|other| other.key.number > row.key.number);
        let unwritten = newer.fold(row.unwritten.clone(), |left, newer| left.beside(&newer.attributes));
        Some(TurnRow { unwritten, ..row.clone() })
    }

    /// Whose message it is, by every name that is known: the user's own bring all of them, what others want names one.
    pub(crate) fn name_of<'a>(&'a self, message: &'a Message) -> &'a Identity {
        self.addressee().filter(|_| message.author != Author::User).unwrap_or(&message.identity)
    }

    /// Whom the last turn went to, by every name that is known.
    fn addressee(&self) -> Option<&Identity> {
        self.turns.first().map(|row| &row.to)
    }

    /// An answer that a run before us wrote for exactly these messages and did not live to commit.
    pub(crate) fn answer_for(&self, number: u64, covers: &[MessageId]) -> Option<&TurnRow> {
        let is_answer = |row: &&TurnRow| row.kind == TurnKind::Answer && !row.own_line;
        self.drafts.iter().filter(is_answer).find(|row| row.key.number == number && row.covers == covers)
    }

    fn of_the_user(&self) -> impl Iterator<Item = &TurnRow> {
        let theirs = |row: &&TurnRow| row.kind.settles() && row.kind != TurnKind::Agent && !row.said.is_empty();
        self.turns.iter().filter(theirs)
    }
}

/// An answer that has been begun.
#[derive(Debug, Clone)]
pub(crate) struct Begun<'a> {
    /// The messages that it is about.
    pub(crate) covers: &'a [MessageId],
    /// In how many turns it was begun.
    pub(crate) turns: usize,
    /// When the last of these was drafted.
    pub(crate) at: Timestamp,
    /// What was said of it.
    pub(crate) reply: Personal,
}

/// What was said in these turns, as one text.
fn told(rows: &[&TurnRow]) -> Personal {
    let texts: Vec<_> = rows.iter().flat_map(|row| &row.reply).map(|said| said.text().as_str()).collect();
    Personal::new(texts.join("\n\n"))
}

fn said_in(by: Option<Author>, row: &TurnRow) -> impl Iterator<Item = (Option<Author>, Personal, &TurnRow)> {
    row.reply.iter().map(move |part| (by, Personal::from(part.text().as_str()), row))
}

/// What the assistant reads of people in its own past.
const PERSON_WROTE: &str = "(A colleague of yours, a person, wrote:) ";
const PEOPLE_LEFT: &str = "(The person has left the conversation. You answer again.)";

/// Whether `rows` can lack nothing that was written before the claim of `epoch`: its predecessor's draft is among them. A run
/// that wrote none, or only what goes on, leaves that open.
pub(crate) fn is_whole(rows: &[TurnRow], epoch: u64) -> bool {
    let is_last = |row: &TurnRow| !goes_on(row) && row.key.epoch + 1 >= epoch;
    epoch <= 1 || rows.iter().any(is_last)
}

/// How many turns `rows` (in their order) are about, all drafts for one counted once, and what goes on not at all.
pub(crate) fn turns_among(rows: &[TurnRow]) -> usize {
    let mut numbers: Vec<_> = rows.iter().filter(|row| !goes_on(row)).map(|row| row.key.number).collect();
    numbers.dedup();
    numbers.len()
}

/// Whether it says no more than that the answer takes a moment, how it begins or that it comes later.
fn goes_on(row: &TurnRow) -> bool {
    matches!(row.kind, TurnKind::Moment | TurnKind::Begun | TurnKind::Waiting(_))
}

/// What likeness looks at in something said.
pub(crate) fn look(said: &Said) -> Look<'_> {
    Look {
        text: said.text.as_str(),
        arrival: said.arrival,
        route: said.route.as_ref(),
        dispatched: said.dispatched,
        media: None,
    }
}

/// What somebody wrote, and what they said aloud.
pub(crate) fn words(said: &Said) -> Personal {
    let all = [Some(&said.text), said.heard.as_ref()];
    joined(all.into_iter().flatten().filter(|text| !text.is_empty()))
}

/// The same, as a later turn remembers it: with a word for whatever came along.
fn remembered(said: &Said) -> Personal {
    let (words, notes) = (words(said), said.media.iter().map(|kind| Personal::from(noted(*kind))));
    let all: Vec<_> = std::iter::once(words).chain(notes).filter(|text| !text.is_empty()).collect();
    joined(all.iter())
}

/// Several messages as one text, as a user's turn in a prompt.
pub(crate) fn joined<'a>(texts: impl Iterator<Item = &'a Personal>) -> Personal {
    Personal::new(texts.map(Personal::as_str).collect::<Vec<_>>().join("\n"))
}

/// What was said in a turn, and in how it was begun.
fn exchange(row: &TurnRow, begun: &[&TurnRow]) -> Exchange {
    if row.kind == TurnKind::Agent {
        return note(&(PERSON_WROTE.to_owned() + told(&[row]).as_str()));
    }
    let reply = told(&[begun, &[row]].concat());
    // What was handed over follows as what was forwarded.
    let said: Vec<_> = row.said.iter().filter(|_| row.kind.settles()).map(remembered).collect();
    Exchange { user: joined(said.iter()), assistant: reply }
}

fn note(text: &str) -> Exchange {
    Exchange { user: Personal::default(), assistant: text.into() }
}

#[cfg(test)]
pub(crate) mod tests;
