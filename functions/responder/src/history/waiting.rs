//! A question that was put aside, as its row tells it.

use models::MessageId;
use store::{TurnKind, TurnRow, Wait};

/// A question whose answer was to come later.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Waiting<'a> {
    /// Its row: its messages, oldest first, what the user had said in them, as it was heard, and the route by which it was asked.
    pub(crate) row: &'a TurnRow,
    /// How long it is waited for.
    pub(crate) wait: Wait,
    /// The newest of its messages, by which the head tells whether it is open.
    pub(crate) newest: &'a MessageId,
}

impl<'a> Waiting<'a> {
    /// What this row waits for, if it does.
    pub(crate) fn of(row: &'a TurnRow) -> Option<Self> {
        let TurnKind::Waiting(wait) = row.kind else { return None };
        Some(Self { row, wait, newest: row.covers.last()? })
    }

    /// Its name.
    pub(crate) fn question(&self) -> MessageId {
        MessageId::of_question(&self.row.covers).unwrap_or_else(|| self.newest.clone())
    }
}
