//! What should stand for each value of a body, and what stands there.

use super::object::{Entry, Holds};
use super::{BODY, Frame, pasted_anew};
use crate::Finding;
use crate::liquid::Tag;

/// What should stand for a key's value.
pub(super) struct Expected {
    pub(super) key: &'static str,
    tag: &'static str,
    role: Role,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Says who the user is.
    Name,
    /// Written by the user.
    Typed,
    /// Made by Braze.
    Made,
}

/// Every key of the recommended body but `v`; the documented one has three of them.
pub(super) const EXPECTED: [Expected; 9] = [
    Expected { key: "dispatch_id", tag: "campaign.${dispatch_id}", role: Role::Made },
    Expected { key: "sent_at", tag: "'now'", role: Role::Made },
    Expected { key: "user_id", tag: "${user_id}", role: Role::Name },
    Expected { key: "braze_id", tag: "${braze_id}", role: Role::Name },
    Expected { key: "phone_number", tag: "${phone_number}", role: Role::Name },
    Expected { key: "language", tag: "${language}", role: Role::Made },
    Expected { key: "profile_name", tag: "whats_app.${inbound_profile_name}", role: Role::Typed },
    Expected { key: "media_urls", tag: "whats_app.${inbound_media_urls}", role: Role::Made },
    Expected { key: "message", tag: "whats_app.${inbound_message_body}", role: Role::Typed },
];

/// What becomes of a message that nothing escaped, in a body that should be escaped.
pub(super) const SALVAGED: &str =
    "Such a message is no JSON. Dragoman reads some by the places of the keys and parks the others: no answer.";

/// What is wrong with the value of one key.
pub(super) fn judge(entry: &Entry<'_>, frame: Frame) -> Vec<Finding> {
    let Some(expected) = EXPECTED.iter().find(|expected| expected.key == entry.key) else { return Vec::new() };
    match &entry.holds {
        Holds::Words if entry.is_blank() => Vec::new(),
        Holds::Words => vec![constant(expected)],
        Holds::Mixture => vec![wrong_tag(expected, "more than its tag")],
        Holds::One(tag) if tag.name != expected.tag => vec![wrong_tag(expected, &format!("{{{{{}}}}}", tag.name))],
        Holds::One(tag) => [default(expected, tag), escape(expected, tag, frame), further_filter(expected, tag)]
            .into_iter()
            .flatten()
            .collect(),
    }
}

fn constant(expected: &Expected) -> Finding {
    if expected.role != Role::Name {
        return wrong_tag(expected, "the same words for everybody");
    }
    Finding::error(
        "same_for_everybody",
        format!("\"{}\" is the same for everybody: there is no tag in it.", expected.key),
        "All customers count as one person: they share one conversation, and one of them gets everybody's answers.",
        written(expected),
    )
}

fn wrong_tag(expected: &Expected, found: &str) -> Finding {
    let Expected { key, tag, role } = expected;
    let what = format!("\"{key}\" should hold {{{{{tag}}}}} and nothing else; it holds {found}.");
    match role {
        Role::Name => Finding::error(
            "wrong_tag",
            what,
            "Replies are sent to what stands there: they reach nobody, or somebody else.",
            written(expected),
        ),
        Role::Typed if *key == "message" => Finding::error(
            "wrong_tag",
            what,
            "What the customer wrote does not arrive: the AI answers something else, or nothing.",
            written(expected),
        ),
        Role::Typed | Role::Made => Finding::warning(
            "wrong_tag",
            what,
            "Dragoman leaves the value out, or misunderstands it.",
            written(expected),
        ),
    }
}

fn default(expected: &Expected, tag: &Tag<'_>) -> Option<Finding> {
    if !tag.has("default") {
        return None;
    }
    let (key, click) = (expected.key, format!("{BODY} and take `| default: …` out of \"{}\".", expected.key));
    Some(match expected.role {
        Role::Name => Finding::error(
            "default_for_a_name",
            format!("\"{key}\" has a `default` filter: whoever has none gets the same one."),
            "Everybody without it counts as one person: they share one conversation, and see each other's answers.",
            click,
        ),
        Role::Typed | Role::Made => Finding::warning(
            "default_for_a_value",
            format!("\"{key}\" has a `default` filter. Dragoman wants to know that there is nothing."),
            "Words that nobody wrote are taken for the customer's; a photo without words looks like a text.",
            click,
        ),
    })
}

fn escape(expected: &Expected, tag: &Tag<'_>, frame: Frame) -> Option<Finding> {
    let key = expected.key;
    let times = tag.filters.iter().filter(|filter| ["json_escape", "as_json_string"].contains(&filter.name)).count();
    match (frame, expected.role, times) {
        (Frame::Documented, Role::Typed, 1..) | (Frame::Recommended, _, 2..) => Some(Finding::error(
            "escaped_too_often",
            format!("\"{key}\" is escaped once too often for this body."),
            "Line breaks and quotation marks arrive as backslashes, and the AI reads them so.",
            pasted_anew(),
        )),
        (Frame::Recommended, Role::Typed, 0) => Some(Finding::error(
            "unescaped",
            format!("\"{key}\" is not escaped: customers write quotation marks and line breaks."),
            SALVAGED,
            format!("{BODY} and write `| json_escape` behind the tag of \"{key}\", within its braces."),
        )),
        (Frame::Recommended, _, 0) if matches!(key, "user_id" | "media_urls") => Some(Finding::warning(
            "unescaped",
            format!("\"{key}\" is not escaped."),
            "A quotation mark or a backslash in it makes the webhook no JSON; it may be parked: no answer.",
            format!("{BODY} and write `| json_escape` behind the tag of \"{key}\", within its braces."),
        )),
        _ => None,
    }
}

fn further_filter(expected: &Expected, tag: &Tag<'_>) -> Option<Finding> {
    let known = ["default", "json_escape", "as_json_string"];
    let key = expected.key;
    if key == "sent_at" {
        let seconds =
            matches!(&tag.filters[..], [one] if one.name == "date" && ["'%s'", "\"%s\""].contains(&one.argument));
        return (!seconds).then(|| wrong_tag(expected, "a time that is not in seconds; {{'now' | date: '%s'}} is"));
    }
    let further = tag.filters.iter().find(|filter| !known.contains(&filter.name))?;
    let what = format!("\"{key}\" goes through the filter `{}`.", further.name);
    let click = format!("{BODY} and take it out of \"{key}\".");
    Some(if expected.role == Role::Name {
        let why = "The name no longer is the one that Braze knows: replies reach nobody, or somebody else.";
        Finding::error("further_filter", what, why, click)
    } else {
        Finding::warning("further_filter", what, "What arrives is not what the customer wrote.", click)
    })
}

fn written(expected: &Expected) -> String {
    let (key, tag) = (expected.key, expected.tag);
    match key {
        "sent_at" => format!("{BODY} and write \"sent_at\": \"{{{{'now' | date: '%s'}}}}\"."),
        "dispatch_id" | "braze_id" | "language" => format!("{BODY} and write \"{key}\": \"{{{{{tag}}}}}\"."),
        _ => format!(
            "{BODY} and write \"{key}\": \"{{{{{tag} | json_escape}}}}\" (without `| json_escape` in Braze's own body)."
        ),
    }
}
