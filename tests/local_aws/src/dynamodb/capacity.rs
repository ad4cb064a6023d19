//! What reads and writes cost (developer guide, "`DynamoDB` read and write operations").

use serde_json::{Value as Json, json};

use crate::fields::Fields;
use crate::refusal::Refusal;

/// Capacity used so far.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Meter {
    pub(crate) write_units: u64,
    /// An eventually consistent read of up to 4 KB is one, a consistent one is two.
    pub(crate) half_read_units: u64,
}

/// The units of a write that touches `bytes`: the larger of the item before and after.
pub(crate) fn write_units(bytes: usize) -> u64 {
    blocks(bytes, 1024)
}

/// Half the units of a read of `bytes`, in the sense of [`Meter::half_read_units`].
pub(crate) fn half_read_units(bytes: usize, consistent: bool) -> u64 {
    blocks(bytes, 4096) * if consistent { 2 } else { 1 }
}

/// Nothing is free: an item that is not there costs as much as a small one.
fn blocks(bytes: usize, size: usize) -> u64 {
    bytes.div_ceil(size).max(1) as u64
}

/// Reads `ReturnConsumedCapacity`: whether the answer shall say what it cost.
pub(crate) fn wants_capacity(fields: &mut Fields) -> Result<bool, Refusal> {
    match fields.text("ReturnConsumedCapacity")?.as_deref() {
        None | Some("NONE") => Ok(false),
        Some("TOTAL") => Ok(true),
        Some(other) => Err(Refusal::validation(format!("ReturnConsumedCapacity {other} is not supported here"))),
    }
}

pub(crate) fn consumed(table: &str, half_units: u64) -> Json {
    let half_units = u32::try_from(half_units).unwrap_or(u32::MAX);
    json!({ "TableName": table, "CapacityUnits": f64::from(half_units) / 2.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_whole_blocks() {
        for (bytes, write, eventual, consistent) in [
            (0, 1, 1, 2),
            (1024, 1, 1, 2),
            (1025, 2, 1, 2),
            (4096, 4, 1, 2),
            (4097, 5, 2, 4),
            (400 * 1024, 400, 100, 200),
        ] {
            assert_eq!(write_units(bytes), write, "{bytes}");
            assert_eq!(half_read_units(bytes, false), eventual, "{bytes}");
            assert_eq!(half_read_units(bytes, true), consistent, "{bytes}");
        }
    }
}
