//! A conversation's rows as lines: who said what, and when.

use models::{Author, Personal};
use serde::Serialize;
use store::{Head, MessageRow, TurnKind, TurnRow};

/// Something that was said.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Line {
    /// When, as ISO 8601 has it; of a reply when it was drafted.
    pub(super) at: String,
    pub(super) from: From,
    pub(super) text: Personal,
    pub(super) state: State,
}

/// Who said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum From {
    Customer,
    Bot,
    Person,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// It was said.
    Said,
    /// It is on its way to the customer, or may be.
    BeingSent,
    /// Nobody has answered it yet.
    Waiting,
}

impl From {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Bot => "bot",
            Self::Person => "person",
        }
    }
}

impl State {
    pub(super) fn note(self) -> &'static str {
        match self {
            Self::Said => "",
            Self::BeingSent => "  (being sent)",
            Self::Waiting => "  (waiting for an answer)",
        }
    }
}

/// What was said, oldest first, and at the end what waits. `rows` are the newest turns, newest first, with drafts that came
/// to nothing among them.
pub(super) fn lines(head: &Head, mut rows: Vec<TurnRow>, waiting: Vec<MessageRow>) -> Vec<Line> {
    let open = head.turn.as_ref().map(|turn| turn.key);
    // That an answer comes later is nothing that was said.
    rows.retain(|row| !matches!(row.kind, TurnKind::Waiting(_)));
    rows.retain(|row| row.key.number <= head.last_turn || Some(row.key) == open);
    // Of one turn the highest epoch is the one that was sent; newest first, it stands before the others.
    rows.dedup_by_key(|row| row.key.number);
    let mut lines: Vec<_> = rows.iter().rev().flat_map(|row| turn(row, Some(row.key) == open)).collect();
    let covered = |row: &MessageRow| head.turn.as_ref().is_some_and(|turn| turn.covers.contains(&row.message.id));
    let mut waiting: Vec<_> = waiting.into_iter().filter(|row| !covered(row)).collect();
    waiting.sort_by_key(|row| head.pending.get(&row.message.id).map(|pending| pending.sequence));
    lines.extend(waiting.into_iter().map(|row| {
        let (at, text) = (row.message.arrival.iso_8601(), row.message.text);
        let from = if row.message.author == Author::User { From::Customer } else { From::Person };
        Line { at, from, text, state: State::Waiting }
    }));
    lines
}

fn turn(row: &TurnRow, is_open: bool) -> impl Iterator<Item = Line> {
    // What is handed over follows in a turn of its own, and what a person said is the reply.
    let theirs = row.kind.settles() && row.kind != TurnKind::Agent;
    let said = row.said.iter().filter(move |_| theirs).map(|said| Line {
        at: said.arrival.iso_8601(),
        from: From::Customer,
        text: said.text.clone(),
        state: State::Said,
    });
    let from = if row.kind == TurnKind::Agent { From::Person } else { From::Bot };
    let state = if is_open { State::BeingSent } else { State::Said };
    let reply = row.reply.iter().map(move |part| Line {
        at: row.at.iso_8601(),
        from,
        text: part.text().as_str().into(),
        state,
    });
    said.chain(reply)
}
