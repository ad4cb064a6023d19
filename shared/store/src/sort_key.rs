//! The sort keys of a conversation's items, the same in every store.

use models::MessageId;

use crate::head::TurnKey;

/// The head.
pub(crate) const HEAD: &str = "C";

/// The row of a message.
pub(crate) fn message(id: &MessageId) -> String {
    format!("M#{}", id.as_str())
}

/// The row of a draft or turn: padded, so that the order of the keys is the order of the turns.
pub(crate) fn turn(key: TurnKey) -> String {
    format!("T#{:010}#{:010}", key.number, key.epoch)
}
