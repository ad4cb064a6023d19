//! What a conversation's rows say about what went before.

use std::collections::BTreeMap;
use std::time::Duration;

use ai::{Exchange, noted};
use conversation::likeness::Look;
use models::{
    Author, FieldName, FlowState, HandOffReason, Identity, MessageId, Personal, ProfileValue, Recipient, RouteName,
    Timestamp,
};
use store::{Said, TurnKind, TurnRow};

/// A conversation's newest rows, sorted out: which are history, and which is a draft that was never committed.
#[derive(Debug, Default)]
pub(crate) struct History {
    turns: Vec<TurnRow>,
    drafts: Vec<TurnRow>,
    /// Wishes that were heeded without a word: nothing that was said, but Braze may not know of them.
    heeded: Vec<TurnRow>,
    /// That an answer takes a moment, which is no part of what was said.
    moments: Vec<TurnRow>,
}

impl History {
    /// Sorts `rows` (newest first), of which turns up to `last_turn` happened.
    pub(crate) fn new(rows: Vec<TurnRow>, last_turn: u64) -> Self {
        let (mut turns, drafts): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.key.number <= last_turn);
        // Of one turn the highest epoch is the one that was sent; newest first, it stands before the others.
        turns.dedup_by_key(|row| row.key.number);
        let (heeded, turns): (_, Vec<_>) = turns.into_iter().partition(|row| row.kind == TurnKind::Heeded);
        let (moments, turns) = turns.into_iter().partition(|row| row.kind == TurnKind::Moment);
        Self { turns, drafts, heeded, moments }
    }

    /// Whether the last thing the user read is that the answer takes a moment.
    pub(crate) fn asked_for_a_moment(&self) -> bool {
        let newest = |rows: &[TurnRow]| rows.first().map(|row| row.key.number);
        newest(&self.moments) > newest(&self.turns)
    }

    /// The last `most` turns in which something was said, oldest first. Where people had the conversation, it says so, and
    /// when they left it: or the assistant would go on waiting for them.
    pub(crate) fn exchanges(&self, most: usize) -> Vec<Exchange> {
        let told = |row: &&TurnRow| !row.reply.is_empty() || row.kind == TurnKind::Forwarded;
        let mut exchanges: Vec<_> = self.turns.iter().filter(told).take(most).map(exchange).collect();
        exchanges.reverse();
        if self.newest_kind().is_some_and(TurnKind::is_with_people) {
            exchanges.push(note(PEOPLE_LEFT));
        }
        exchanges
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
            TurnKind::Forwarded | TurnKind::Agent | TurnKind::DeskDown | TurnKind::Moment | TurnKind::Heeded => None,
        })?
    }

    /// Whether the desk has been told anything since a person has owned the conversation.
    pub(crate) fn told_the_desk_since(&self, since: Timestamp) -> bool {
        self.turns.iter().any(|row| row.kind == TurnKind::Forwarded && row.at >= since)
    }

    /// For how long since then messages of the user were on their way to the desk: nobody could have answered them.
    pub(crate) fn on_the_way_to_people(&self, since: Timestamp) -> Duration {
        let told = self.turns.iter().rev().filter(|row| row.kind == TurnKind::Forwarded && row.at >= since);
        let (waited, _) = told.fold((Duration::ZERO, since), |(waited, heard), row| {
            let first = row.said.iter().map(|said| said.arrival).min().unwrap_or(row.at);
            (waited + row.at.since(first.max(heard)), row.at)
        });
        waited
    }

    /// Everything that was said, oldest first: by the user, by an agent, or else by the bot.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (Option<Author>, Personal, &TurnRow)> {
        self.turns.iter().rev().flat_map(|row| {
            let user = row.said.iter().map(move |said| (Some(Author::User), words(said), row));
            let answered_by = (row.kind == TurnKind::Agent).then_some(Author::Agent);
            // What is handed over follows of itself, and what an agent said is the reply.
            let user = user.filter(|_| row.kind.settles() && row.kind != TurnKind::Agent);
            user.chain(row.reply.iter().map(move |part| (answered_by, Personal::from(part.text().as_str()), row)))
        })
    }

    /// The flow that waits for the user's answer. What people did meanwhile leaves it where it was.
    pub(crate) fn flow(&self) -> Option<&FlowState> {
        let bearing = |row: &&TurnRow| !matches!(row.kind, TurnKind::Agent | TurnKind::DeskDown);
        self.turns.iter().find(bearing).and_then(|row| row.flow.as_ref())
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

    /// Whether the turn of this number is the bot's first answer to the user: people may have written before it. Not so where
    /// what went before is no longer known.
    pub(crate) fn is_first_answer(&self, turn: u64) -> bool {
        let numbers = self.turns.iter().chain(&self.heeded).chain(&self.moments).map(|row| row.key.number);
        let is_whole = turn == 1 || numbers.min() == Some(1);
        let is_answer = |row: &&TurnRow| matches!(row.kind, TurnKind::Answer | TurnKind::OptIn | TurnKind::HandOff(_));
        is_whole && !self.turns.iter().filter(is_answer).any(|row| !row.said.is_empty())
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

    /// Whom the last turn went to, by every name that is known.
    pub(crate) fn addressee(&self) -> Option<&Identity> {
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

/// What the assistant reads of people in its own past.
const PERSON_WROTE: &str = "(A colleague of yours, a person, wrote:) ";
const PEOPLE_LEFT: &str = "(The person has left the conversation. You answer again.)";

/// Whether `rows` can lack nothing that was written before the claim of `epoch`: its predecessor's draft is among them. A run
/// that wrote none leaves that open.
pub(crate) fn is_whole(rows: &[TurnRow], epoch: u64) -> bool {
    rows.iter().map(|row| row.key.epoch).max().unwrap_or_default() + 1 >= epoch
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

fn exchange(row: &TurnRow) -> Exchange {
    let reply = row.reply.iter().map(|said| said.text().as_str()).collect::<Vec<_>>().join("\n\n");
    if row.kind == TurnKind::Agent {
        return note(&(PERSON_WROTE.to_owned() + &reply));
    }
    // What was handed over follows as what was forwarded.
    let said: Vec<_> = row.said.iter().filter(|_| row.kind.settles()).map(remembered).collect();
    Exchange { user: joined(said.iter()), assistant: Personal::new(reply) }
}

fn note(text: &str) -> Exchange {
    Exchange { user: Personal::default(), assistant: text.into() }
}

#[cfg(test)]
mod tests {
    use models::{Identity, MediaKind, Part, Timestamp};
    use store::TurnKey;

    use super::*;

    fn row(number: u64, epoch: u64, text: &str, reply: &[&str]) -> TurnRow {
        TurnRow {
            key: TurnKey { number, epoch },
            kind: TurnKind::Answer,
            at: Timestamp::EPOCH,
            covers: vec![MessageId::stored(text)],
            log_ids: vec![],
            said: vec![Said {
                text: text.into(),
                arrival: Timestamp::EPOCH,
                route: None,
                dispatched: true,
                media: vec![],
                heard: None,
            }],
            to: Identity::new("42", "", "").unwrap(),
            reply: reply.iter().map(|part| Part::new(*part).unwrap().into()).collect(),
            attributes: models::Attributes::default(),
            unwritten: models::Attributes::default(),
            events: vec![],
            route: None,
            summary: None,
            flow: None,
            own_line: false,
            since: None,
        }
    }

    #[test]
    fn of_each_turn_that_happened_the_last_draft_is_history_oldest_first() {
        let rows = vec![
            row(4, 9, "next", &["draft"]),
            row(3, 7, "c", &["3", "and more"]),
            row(3, 6, "c", &["unsent"]),
            row(2, 5, "b", &[]),
            row(1, 2, "a", &["1"]),
        ];
        let history = History::new(rows, 3);
        let said: Vec<_> =
            history.exchanges(10).into_iter().map(|e| (e.user.into_string(), e.assistant.into_string())).collect();
        assert_eq!(said, [("a".to_owned(), "1".to_owned()), ("c".to_owned(), "3\n\nand more".to_owned())]);
        assert_eq!(history.exchanges(1).len(), 1);
        let looked: Vec<_> = history.last_turn().iter().map(|look| (look.text, look.dispatched)).collect();
        assert_eq!(looked, [("c", true)]);
    }

    #[test]
    fn what_was_sent_or_said_aloud_stands_in_later_turns_as_a_word_for_it_and_its_words() {
        let mut sent = row(1, 1, "Look!", &["Nice"]);
        sent.said[0].media = vec![MediaKind::Picture, MediaKind::Voice];
        sent.said[0].heard = Some("My new shoes".into());
        let history = History::new(vec![sent], 1);
        let expected = "Look!\nMy new shoes\n[The customer sent a picture.]\n[The customer sent a voice message.]";
        assert_eq!(history.exchanges(1)[0].user.as_str(), expected);
        assert_eq!(history.lines().next().unwrap().1.as_str(), "Look!\nMy new shoes");
        assert_eq!((history.last_turn()[0].text, history.repeats(&"Look!".into(), Timestamp::EPOCH)), ("Look!", 1));
    }

    #[test]
    fn rows_that_lack_the_last_runs_draft_may_lack_more() {
        let rows = [row(2, 3, "given up", &["draft"]), row(1, 2, "a", &["1"])];
        assert!(is_whole(&rows, 4) && !is_whole(&rows, 5));
        assert!(is_whole(&[], 1) && !is_whole(&[], 2));
    }

    #[test]
    fn a_conversation_without_a_turn_has_no_past() {
        let history = History::new(vec![], 0);
        assert!(history.last_turn().is_empty() && history.exchanges(9).is_empty());
    }

    #[test]
    fn an_answer_that_was_drafted_is_taken_up_but_no_line_and_nothing_else_that_was_to_be_said() {
        let line = TurnRow { own_line: true, ..row(4, 10, "next", &["Sorry"]) };
        let hand_off = TurnRow { kind: TurnKind::HandOff(HandOffReason::Keyword), ..row(4, 9, "next", &["Bye"]) };
        let answer = row(4, 8, "next", &["answer"]);
        let covers = |text| [MessageId::stored(text)];
        let history = History::new(vec![line, hand_off, answer.clone()], 3);
        assert_eq!(history.answer_for(4, &covers("next")), Some(&answer));
        assert_eq!(history.answer_for(4, &covers("other")), None);
        assert_eq!(history.answer_for(5, &covers("next")), None);
    }

    #[test]
    fn several_messages_are_one_text_of_several_lines() {
        let texts = ["hi".into(), "one sec".into()];
        assert_eq!(joined(texts.iter()).as_str(), "hi\none sec");
    }

    fn with_people() -> History {
        let kind = |kind, row: TurnRow| TurnRow { kind, ..row };
        let said_by_agent = kind(TurnKind::Agent, row(4, 4, "Hello, Eve here", &["Hello, Eve here"]));
        History::new(
            vec![
                said_by_agent,
                kind(TurnKind::Forwarded, row(3, 3, "human", &[])),
                kind(TurnKind::HandOff(HandOffReason::Keyword), row(2, 2, "human", &["I pass you on"])),
                row(1, 1, "hi", &["hello"]),
            ],
            4,
        )
    }

    #[test]
    fn the_assistant_reads_that_people_had_the_conversation_and_left_it() {
        let history = with_people();
        let read = history.exchanges(10).into_iter().map(|e| (e.user.into_string(), e.assistant.into_string()));
        let expected = [
            ("hi", "hello".to_owned()),
            ("", "I pass you on".to_owned()),
            ("human", String::new()),
            ("", format!("{PERSON_WROTE}Hello, Eve here")),
            ("", PEOPLE_LEFT.to_owned()),
        ];
        assert_eq!(read.collect::<Vec<_>>(), expected.map(|(user, assistant)| (user.to_owned(), assistant)));
    }

    #[test]
    fn the_desk_reads_who_said_what_and_nothing_twice() {
        let history = with_people();
        let lines: Vec<_> = history.lines().map(|(from, text, _)| (from, text.into_string())).collect();
        let expected = [
            (Some(Author::User), "hi"),
            (None, "hello"),
            (None, "I pass you on"),
            (Some(Author::User), "human"),
            (Some(Author::Agent), "Hello, Eve here"),
        ];
        assert_eq!(lines, expected.map(|(from, text)| (from, text.to_owned())));
        assert_eq!(history.hand_off(Timestamp::EPOCH), Some((HandOffReason::Keyword, None)));
        assert_eq!(history.hand_off(Timestamp::from_seconds(1)), None, "somebody took it once more");
        assert!(history.told_the_desk_since(Timestamp::EPOCH));
        assert!(!history.told_the_desk_since(Timestamp::from_seconds(1)));
    }

    #[test]
    fn the_time_that_messages_took_to_the_desk_is_counted_once_and_only_since_an_agents_last_deed() {
        let told = |number, arrival, at| {
            let mut row = TurnRow {
                kind: TurnKind::Forwarded,
                at: Timestamp::from_seconds(at),
                ..row(number, number, "hi", &[])
            };
            row.said[0].arrival = Timestamp::from_seconds(arrival);
            row
        };
        for (rows, since, expected) in [
            (vec![], 0, 0),
            (vec![told(1, 100, 103)], 50, 3),
            (vec![told(2, 200, 260), told(1, 100, 103)], 50, 63),
            (vec![told(2, 102, 110), told(1, 100, 103)], 50, 10),
            (vec![told(1, 100, 150)], 120, 30),
            (vec![told(2, 200, 260), told(1, 100, 103)], 150, 60),
        ] {
            let history = History::new(rows.clone(), 2);
            let waited = history.on_the_way_to_people(Timestamp::from_seconds(since));
            assert_eq!(waited, Duration::from_secs(expected), "{rows:?} since {since}");
        }
    }

    #[test]
    fn what_the_user_said_last_is_not_what_was_handed_over_or_what_an_agent_said() {
        let history = with_people();
        assert_eq!(history.last_turn().iter().map(|look| look.text).collect::<Vec<_>>(), ["human"]);
        assert_eq!(history.last_agent_turn().iter().map(|look| look.text).collect::<Vec<_>>(), ["Hello, Eve here"]);
        assert_eq!(history.repeats(&"human".into(), Timestamp::EPOCH), 1);
        let at = |second, row: TurnRow| TurnRow { at: Timestamp::from_seconds(second), ..row };
        let again = vec![at(9, row(3, 3, "again", &["a"])), at(5, row(2, 2, "again", &["b"])), row(1, 1, "hi", &["c"])];
        let history = History::new(again, 3);
        let since = |second| history.repeats(&"again".into(), Timestamp::from_seconds(second));
        assert_eq!([0, 5, 6, 10].map(since), [2, 2, 1, 0]);
    }
}
