//! Two webhooks for one text. A campaign without a keyword fires for every message, also for those that a keyword
//! campaign forwards; and a body without a dispatch id cannot be told from its own repetition.

use std::time::Duration;

use models::{RouteName, Timestamp};

/// Two equal texts without dispatch ids within this are one message.
const SAME_WEBHOOK: Duration = Duration::from_secs(30);
/// Two equal texts by different routes within this are one message.
const SAME_TEXT: Duration = Duration::from_secs(10);

/// What likeness looks at in a message.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    /// The words.
    pub text: &'a str,
    /// When they reached the door.
    pub arrival: Timestamp,
    /// The route they came by.
    pub route: Option<&'a RouteName>,
    /// Whether their webhook named a dispatch.
    pub dispatched: bool,
    /// What came along with them, by its addresses, if that is known: two pictures without a word are not one.
    pub media: Option<&'a str>,
}

/// Whether `a` and `b`, of the same user, are one message that was forwarded twice.
pub fn alike(a: Look, b: Look) -> bool {
    let apart = a.arrival.since(b.arrival).max(b.arrival.since(a.arrival));
    let undispatched = !a.dispatched && !b.dispatched && apart < SAME_WEBHOOK;
    let two_routes = a.route != b.route && apart < SAME_TEXT;
    let same_media = a.media.zip(b.media).is_none_or(|(a, b)| a == b);
    a.text == b.text && same_media && (undispatched || two_routes)
}

/// Which messages stay when those alike count once: for each, whether it does. A named route wins over none; otherwise the
/// first one stays.
pub fn kept(messages: &[Look]) -> Vec<bool> {
    let loses = |index: usize| {
        messages.iter().enumerate().any(|(other, rival)| {
            let wins = match (rival.route.is_some(), messages[index].route.is_some()) {
                (true, false) => true,
                (false, true) => false,
                _ => other < index,
            };
            wins && alike(*rival, messages[index])
        })
    };
    (0..messages.len()).map(|index| !loses(index)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message<'a>(text: &'a str, seconds: u64, route: Option<&'a RouteName>, dispatched: bool) -> Look<'a> {
        Look { text, arrival: Timestamp::from_seconds(seconds), route, dispatched, media: None }
    }

    #[test]
    fn likeness_needs_the_same_text_and_little_time() {
        let returns = RouteName::parse("returns").unwrap();
        let named = Some(&returns);
        for (first, second, expected) in [
            (message("yes", 0, None, true), message("yes", 1, None, true), false),
            (message("yes", 0, None, false), message("yes", 29, None, false), true),
            (message("yes", 0, None, false), message("yes", 30, None, false), false),
            (message("yes", 0, None, false), message("no", 1, None, false), false),
            (message("yes", 0, None, true), message("yes", 9, named, true), true),
            (message("yes", 0, None, true), message("yes", 10, named, true), false),
            (message("yes", 0, None, false), message("yes", 1, None, true), false),
        ] {
            assert_eq!(alike(first, second), expected, "{first:?} {second:?}");
            assert_eq!(alike(second, first), expected);
        }
    }

    #[test]
    fn two_pictures_without_a_word_are_two_messages_and_one_that_was_forwarded_twice_is_one() {
        let picture = |media| Look { media, ..message("", 0, None, false) };
        for (first, second, expected) in
            [(Some("a"), Some("b"), false), (Some("a"), Some("a"), true), (Some("a"), None, true), (None, None, true)]
        {
            assert_eq!(alike(picture(first), picture(second)), expected, "{first:?} {second:?}");
        }
    }

    #[test]
    fn the_named_route_stays_whichever_came_first() {
        let returns = RouteName::parse("returns").unwrap();
        let (plain, named) = (message("return", 0, None, true), message("return", 1, Some(&returns), true));
        assert_eq!(kept(&[plain, named]), [false, true]);
        assert_eq!(kept(&[named, plain]), [true, false]);
    }

    #[test]
    fn without_a_route_the_first_stays() {
        let once = message("hello", 0, None, false);
        assert_eq!(
            kept(&[once, message("hello", 2, None, false), message("bye", 3, None, false)]),
            [true, false, true]
        );
    }
}
