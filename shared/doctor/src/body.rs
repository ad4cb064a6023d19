//! The body of the webhook campaign, as it is written in Braze: everything that can be seen to go wrong before a customer
//! writes.

mod object;
mod rendered;
mod values;

use object::{Entry, read};
pub use rendered::{body_not_rendered, rendered_body};
use values::judge;

use crate::Finding;
use crate::liquid::pieces;

const BODY: &str = "Open the webhook campaign in Braze, go to its body (Raw text)";
const LOST: &str = "Dragoman cannot read the webhook and parks it in the quarantine queue: nobody is answered.";

/// The two bodies that Dragoman reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Frame {
    /// The one in Braze's own guide: nothing escaped, the text last.
    Documented,
    /// The one in the README: JSON, every value escaped.
    Recommended,
}

/// What is wrong with the body of a webhook campaign.
pub fn inbound_body(body: &str) -> Vec<Finding> {
    match parsed(body) {
        Ok((mut findings, entries)) => {
            findings.extend(judged(&entries));
            findings
        }
        Err(finding) => vec![finding],
    }
}

/// The keys of the body with what stands for their values, and what is wrong with its form; or why it cannot be read at all.
fn parsed(body: &str) -> Result<(Vec<Finding>, Vec<Entry<'_>>), Finding> {
    if body.trim().is_empty() {
        return Err(Finding::error("empty_body", "The body is empty.", LOST, pasted_anew()));
    }
    if body.contains(['“', '”', '„', '‟', '″', '«', '»']) {
        return Err(Finding::error(
            "typographic_quotes",
            "The body has typographic quotation marks, as word processors and web pages make them.",
            LOST,
            pasted_anew(),
        ));
    }
    let pieces = pieces(body).map_err(|_| {
        Finding::error(
            "liquid_syntax",
            "A Liquid tag in the body begins and does not end.",
            "Braze cannot render the body, so no webhook is sent: nobody is answered.",
            pasted_anew(),
        )
    })?;
    let mut findings = Vec::new();
    if body.contains(['\u{a0}', '\u{feff}']) {
        findings.push(Finding::warning(
            "pasted",
            "There are no-break spaces or a byte order mark in the body, as pasted from a web page.",
            "It is no JSON then; Dragoman reads it by the places of its keys, which bears less.",
            pasted_anew(),
        ));
    }
    match read(&pieces) {
        Ok(entries) => Ok((findings, entries)),
        Err(object::NotRead::Logic) => {
            findings.push(Finding::warning(
                "liquid_logic",
                "The body holds Liquid logic ({% … %}), which the doctor does not follow.",
                "What becomes of it is seen only when a customer writes.",
                format!("{BODY} and take the logic out if you can; else try the campaign with a message from a phone."),
            ));
            Ok((findings, Vec::new()))
        }
        Err(object::NotRead::NotJson(line)) => Err(Finding::error(
            "not_json",
            format!("The body is not JSON: see line {line}. Often a comma or a quotation mark is missing or too many."),
            LOST,
            pasted_anew(),
        )),
    }
}

fn pasted_anew() -> String {
    format!("{BODY}, empty it, and paste the body from Dragoman's README as plain text (Ctrl-Shift-V).")
}

fn judged(entries: &[Entry<'_>]) -> Vec<Finding> {
    let Some(first) = entries.first() else { return Vec::new() };
    let frame = match first.key.as_str() {
        "user_id" => Frame::Documented,
        "v" => Frame::Recommended,
        other => {
            return vec![Finding::error(
                "unknown_template",
                format!(
                    "The first key of the body is \"{other}\". Dragoman knows bodies that begin with \"v\" or \"user_id\"."
                ),
                LOST,
                pasted_anew(),
            )];
        }
    };
    let mut findings = twice(entries);
    findings.extend(match frame {
        Frame::Documented => documented(entries),
        Frame::Recommended => recommended(entries),
    });
    findings.extend(entries.iter().flat_map(|entry| judge(entry, frame)));
    findings
}

fn twice(entries: &[Entry<'_>]) -> Vec<Finding> {
    let again = |(at, entry): &(usize, &Entry<'_>)| entries[..*at].iter().any(|before| before.key == entry.key);
    let of = |(_, entry): (usize, &Entry<'_>)| {
        let what = format!("The key \"{}\" stands twice.", entry.key);
        Finding::error("key_twice", what, LOST, format!("{BODY} and take one of the two out."))
    };
    entries.iter().enumerate().filter(again).map(of).collect()
}

fn documented(entries: &[Entry<'_>]) -> Vec<Finding> {
    let mut findings = vec![Finding::warning(
        "documented_body",
        "This is the body from Braze's guide: nothing in it is escaped. Dragoman reads it, by the places of its keys.",
        "Where an external id may hold a quotation mark it cannot be read safely; webhooks that Braze repeats cannot be \
         told from a customer who says the same again.",
        pasted_anew(),
    )];
    if entries.get(1).is_none_or(|entry| entry.key != "phone_number") {
        findings.push(Finding::error(
            "out_of_place",
            "In a body that begins with \"user_id\" the second key must be \"phone_number\".",
            LOST,
            pasted_anew(),
        ));
    }
    match entries.iter().position(|entry| entry.key == "message") {
        None => findings.push(no_message()),
        Some(at) => {
            let between = entries[..at].iter().skip(2).map(|entry| further(&entry.key));
            let behind = entries[at + 1..].iter().map(|entry| {
                Finding::error(
                    "key_behind_message",
                    format!("The key \"{}\" stands behind \"message\", which must be the last one.", entry.key),
                    "It becomes a part of what the customer said, word for word, and the AI answers that.",
                    format!("{BODY} and move it before \"message\", or paste the body from Dragoman's README."),
                )
            });
            findings.extend(between.chain(behind));
        }
    }
    findings
}

fn recommended(entries: &[Entry<'_>]) -> Vec<Finding> {
    let has = |key: &str| entries.iter().any(|entry| entry.key == key && !entry.is_blank());
    let known = |key: &str| key == "v" || values::EXPECTED.iter().any(|expected| expected.key == key);
    let mut findings = Vec::new();
    if entries[0].raw != serde_json::json!(1) {
        let what = "\"v\" must be the number 1.";
        findings.push(Finding::error("unknown_version", what, LOST, pasted_anew()));
    }
    if !has("message") {
        findings.push(no_message());
    }
    let last = entries.iter().position(|entry| entry.key == "message").unwrap_or(entries.len());
    let behind = entries.iter().skip(last + 1).filter(|entry| known(&entry.key)).map(|entry| {
        Finding::error(
            "key_behind_message",
            format!("The key \"{}\" stands behind \"message\", which must be the last one.", entry.key),
            LOST,
            format!("{BODY} and move it before \"message\", or paste the body from Dragoman's README."),
        )
    });
    findings.extend(behind);
    if !has("user_id") {
        findings.push(Finding::error(
            "no_user_id",
            "The body has no \"user_id\".",
            "Replies go to a user's external id; Braze may refuse every other name, and then nobody is answered.",
            pasted_anew(),
        ));
    }
    if !has("braze_id") && !has("phone_number") {
        findings.push(Finding::warning(
            "no_other_name",
            "The body has neither \"braze_id\" nor \"phone_number\".",
            "People whose number Braze does not know have no external id: what they write is parked in the quarantine \
             queue, and they get no answer.",
            pasted_anew(),
        ));
    }
    if !has("dispatch_id") {
        findings.push(Finding::warning(
            "no_dispatch",
            "The body has no \"dispatch_id\".",
            "Webhooks that Braze repeats are harder to tell from a customer who says the same again.",
            pasted_anew(),
        ));
    }
    if !has("sent_at") {
        findings.push(Finding::warning(
            "no_time",
            "The body has no \"sent_at\".",
            "Should Braze give two webhooks one dispatch id, a customer who says \"yes\" twice is heard once.",
            pasted_anew(),
        ));
    }
    findings.extend(entries.iter().filter(|entry| !known(&entry.key)).map(|entry| further(&entry.key)));
    findings
}

fn no_message() -> Finding {
    Finding::error("no_message", "The body has no \"message\".", LOST, pasted_anew())
}

fn further(key: &str) -> Finding {
    Finding::warning(
        "further_key",
        format!("The key \"{key}\" is not known, and not used."),
        "None, unless it was meant to be another one.",
        format!("{BODY} and take it out, or correct its name."),
    )
}

#[cfg(test)]
mod tests;
