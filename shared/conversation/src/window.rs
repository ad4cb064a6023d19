//! WhatsApp's window: for 24 hours after a user wrote, a brand may write anything; later, approved templates alone.

use std::time::Duration;

use models::Timestamp;

/// How long the window counts as open here: an hour less than it is, for what is on its way, and for clocks that differ.
pub const OPEN_FOR: Duration = Duration::from_hours(23);

/// Whether the window is closed at `now` for somebody who last wrote at `heard`. It counts as closed for somebody of whom no
/// message is known: they may have written to the same number before, but then nobody here knows when.
pub fn is_closed(heard: Option<Timestamp>, now: Timestamp) -> bool {
    heard.is_none_or(|heard| now.since(heard) >= OPEN_FOR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_closes_an_hour_before_whatsapp_closes_it() {
        let heard = Timestamp::from_seconds(1_000_000);
        for (later, closed) in [(0, false), (23 * 3_600 - 1, false), (23 * 3_600, true), (90 * 3_600, true)] {
            assert_eq!(is_closed(Some(heard), heard + Duration::from_secs(later)), closed, "{later}");
        }
        assert!(!is_closed(Some(heard + Duration::from_mins(1)), heard));
    }

    #[test]
    fn nobody_opened_a_window_who_never_wrote() {
        assert!(is_closed(None, Timestamp::EPOCH));
    }
}
