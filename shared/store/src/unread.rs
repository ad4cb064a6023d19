//! Rows that this version cannot read: a newer one wrote them, before it was taken back or while both are there.

use crate::rows::TurnRow;

/// Of these rows, each by its sort key, those that can be read; and how many cannot. What is logged of them is their place.
pub(crate) fn readable<E>(rows: impl Iterator<Item = (String, Result<TurnRow, E>)>) -> (Vec<TurnRow>, u64) {
    let (mut read, mut unread) = (Vec::new(), 0);
    for (sort, row) in rows {
        if let Ok(row) = row {
            read.push(row);
        } else {
            unread += 1;
            tracing::warn!(row = sort, "a row that this version cannot read; the history goes without it");
        }
    }
    (read, unread)
}
