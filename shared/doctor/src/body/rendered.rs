//! What one message makes of the body: which of its traps the words, or whoever wrote them, hit.

use serde_json::Value;

use super::values::SALVAGED;
use super::{Frame, LOST, judged, object, parsed, pasted_anew};
use crate::Finding;

/// Findings about a body that befall every message, whoever writes and whatever they say.
const ALWAYS: [&str; 10] = [
    "unknown_template",
    "unknown_version",
    "key_twice",
    "out_of_place",
    "key_behind_message",
    "no_message",
    "no_user_id",
    "same_for_everybody",
    "wrong_tag",
    "further_filter",
];

/// Who wrote, as the keys of a body say it.
const NAMES: [&str; 3] = ["user_id", "braze_id", "phone_number"];

/// Braze cannot render the body of a webhook campaign; `why`, in words about the template.
pub fn body_not_rendered(why: &str) -> Finding {
    Finding::error(
        "body_not_rendered",
        format!("Braze cannot render the webhook's body: {why}."),
        "Braze sends no webhook: nobody is answered.",
        pasted_anew(),
    )
}

/// The traps of the body `template` that one message hit: Braze made `rendered` of it. The findings hold none of its words.
pub fn rendered_body(template: &str, rendered: &str) -> Vec<Finding> {
    let values = object::rendered(rendered);
    let entries = match parsed(template) {
        Ok((_, entries)) => entries,
        Err(_) if values.is_some() => return Vec::new(),
        Err(finding) => return vec![finding],
    };
    let frame = match entries.first().map(|entry| entry.key.as_str()) {
        Some("user_id") => Frame::Documented,
        _ => Frame::Recommended,
    };
    let mut traps: Vec<_> = judged(&entries).into_iter().filter(|finding| hits(finding, rendered)).collect();
    match values {
        None => traps.push(no_json(frame)),
        Some(values) => {
            let keys = || values.iter().map(|(key, _)| key);
            // Logic hides which keys there should be.
            let forged = !entries.is_empty() && !keys().eq(entries.iter().map(|entry| &entry.key));
            traps.extend(forged.then(|| keys_of_their_own(frame)));
            traps.extend((!forged && names_nobody(&values)).then(nobody));
        }
    }
    traps
}

fn hits(finding: &Finding, rendered: &str) -> bool {
    match finding.code {
        "escaped_too_often" => rendered.contains('\\'),
        code => finding.is_error() && ALWAYS.contains(&code),
    }
}

fn no_json(frame: Frame) -> Finding {
    let what = "What was written holds a quotation mark, a line break or a backslash, and nothing escapes it: the body is no \
                JSON any more.";
    match frame {
        Frame::Documented => Finding::warning(
            "words_break_the_json",
            what,
            "Dragoman reads it all the same, by the places of its keys. Whatever reads it as JSON answers 400, and Braze never \
             sends such a webhook again: there the message is lost.",
            pasted_anew(),
        ),
        Frame::Recommended => Finding::error("words_break_the_json", what, SALVAGED, pasted_anew()),
    }
}

fn keys_of_their_own(frame: Frame) -> Finding {
    let what = "What was written ended its own quotation marks and went on as keys of the body: whoever writes can say who \
                they are.";
    match frame {
        Frame::Documented => Finding::warning(
            "words_become_keys",
            what,
            "Dragoman takes them for words, by the places of its keys. Whatever reads it as JSON believes the last of two \
             keys: it answers somebody else, or shows what they said.",
            pasted_anew(),
        ),
        Frame::Recommended => Finding::error(
            "words_become_keys",
            what,
            "Dragoman takes a key that stands twice for words and believes a new one: words are lost, and an answer can go to \
             somebody else.",
            pasted_anew(),
        ),
    }
}

fn names_nobody(values: &[(String, Value)]) -> bool {
    let names = values.iter().filter(|(key, _)| NAMES.contains(&key.as_str()));
    names.filter_map(|(_, value)| value.as_str()).all(|name| name.trim().is_empty())
}

fn nobody() -> Finding {
    Finding::error(
        "names_nobody",
        "The body does not say who wrote: Braze has no external id for them, and no other name came out of the body.",
        LOST,
        pasted_anew(),
    )
}
