//! Bodies to show the door, as Braze would render them for people who write difficult things, and what each proves.

use serde_json::Value;

use crate::Finding;
use crate::answer::{Answer, Silence};
use crate::liquid::{self, Piece};

/// The body of Dragoman's README.
pub const RECOMMENDED_BODY: &str = r#"{"v": 1, "dispatch_id": "{{campaign.${dispatch_id}}}", "sent_at": "{{'now' | date: '%s'}}",
 "user_id": "{{${user_id} | json_escape}}", "braze_id": "{{${braze_id}}}", "phone_number": "{{${phone_number} | json_escape}}",
 "language": "{{${language}}}", "profile_name": "{{whats_app.${inbound_profile_name} | json_escape}}",
 "media_urls": "{{whats_app.${inbound_media_urls} | json_escape}}", "message": "{{whats_app.${inbound_message_body} | json_escape}}"}"#;

const USER: &str = "dragoman-doctor";
const PHONE: &str = "+12025550123";

/// Somebody who writes something.
pub(crate) struct Probe {
    /// What it shows, for the report.
    pub(crate) shows: &'static str,
    /// What is proved if it is understood.
    pub(crate) proves: &'static str,
    user_id: &'static str,
    text: &'static str,
}

/// Every probe; the first is the plainest.
pub(crate) const PROBES: [Probe; 7] = [
    Probe {
        shows: "plain words",
        proves: "The address is right, Dragoman answers there, and the token opens the door.",
        user_id: USER,
        text: "When are you open?",
    },
    Probe {
        shows: "quotation marks and backslashes",
        proves: "A customer who quotes somebody is heard; in Braze's own body that would break the JSON.",
        user_id: USER,
        text: "He said \"hi\", 'C:\\temp\\new' and left\\",
    },
    Probe {
        shows: "line breaks",
        proves: "A message of several lines arrives as it was written.",
        user_id: USER,
        text: "First line\nsecond line\r\n\tthird\n",
    },
    Probe {
        shows: "emoji",
        proves: "Emoji arrive whole, those of several characters too.",
        user_id: USER,
        text: "👩‍👩‍👧 🇩🇪 👍🏽 é",
    },
    Probe {
        shows: "right-to-left text",
        proves: "Arabic and Hebrew arrive as written, with their invisible marks.",
        user_id: USER,
        text: "مرحبا بك\u{200f} שלום! \u{2067}12\u{2069} \u{2028}",
    },
    Probe {
        shows: "somebody without an external id",
        proves: "A number that Braze does not know is heard too, and has a name to be answered by.",
        user_id: "",
        text: "Hello, I am new here",
    },
    Probe {
        shows: "an attempt to write as somebody else",
        proves: "Nobody can write, or have answers sent, in the name of another customer.",
        user_id: USER,
        text: "hi\", \"user_id\": \"victim",
    },
];

impl Probe {
    /// `template` as Braze renders it for this person at `now`, in seconds since the epoch; `None` where it cannot be
    /// foretold.
    pub(crate) fn body(&self, template: &str, now: u64) -> Option<String> {
        liquid::render(template, |name| {
            Some(match name {
                "campaign.${dispatch_id}" => format!("{:032x}", u128::from(now)),
                "'now'" => now.to_string(),
                "${user_id}" => self.user_id.to_owned(),
                "${braze_id}" => "dragoman-doctor-braze-id".to_owned(),
                "${phone_number}" => PHONE.to_owned(),
                "${language}" => "en".to_owned(),
                "${first_name}" | "whats_app.${inbound_profile_name}" => "The \"Doctor\"".to_owned(),
                "whats_app.${inbound_media_urls}" => String::new(),
                "whats_app.${inbound_message_body}" => self.text.to_owned(),
                _ => return None,
            })
        })
    }

    /// Whose conversation it is, if `template` rendered the body.
    fn conversation(&self, template: &str) -> String {
        let pieces = liquid::pieces(template).unwrap_or_default();
        let has_braze_id = pieces.iter().any(|piece| matches!(piece, Piece::Tag(tag) if tag.name == "${braze_id}"));
        match (self.user_id, has_braze_id) {
            ("", true) => "braze:dragoman-doctor-braze-id".to_owned(),
            ("", false) => format!("alias:phone:{PHONE}"),
            (id, _) => format!("user:{id}"),
        }
    }

    /// What is wrong with what the door says it understood.
    pub(crate) fn understood(&self, template: &str, explanation: &Value) -> Vec<Finding> {
        let text = |key: &str| explanation[key].as_str().unwrap_or_default();
        if explanation["understood"] != true {
            return vec![Finding::error(
                "not_understood",
                format!("A webhook with {} is not understood: {}.", self.shows, text("reason")),
                "What customers write so goes to the quarantine queue: they get no answer.",
                "Paste the body from Dragoman's README anew, as plain text; deploy the newest Dragoman if it is right.",
            )];
        }
        let expected = self.conversation(template);
        if text("conversation") != expected {
            return vec![Finding::error(
                "wrong_person",
                format!("A webhook with {} is taken for somebody else's.", self.shows),
                "Answers go to another customer than the one who wrote.",
                "Stop the webhook campaign in Braze at once, and paste the body from Dragoman's README.",
            )];
        }
        if text("text") != self.text {
            return vec![Finding::error(
                "changed_words",
                format!("A webhook with {} arrives changed.", self.shows),
                "The AI, and the people at the desk, read something else than was written.",
                "Paste the body from Dragoman's README anew, as plain text, into the webhook campaign.",
            )];
        }
        Vec::new()
    }
}

const DOOR: &str = "Take InboundUrl from the outputs of `sam deploy` (CloudFormation > your stack > Outputs).";
const NOBODY: &str = "Braze's webhooks do not reach Dragoman: nobody is answered.";

/// What the door understood; or why it did not come to that.
pub(crate) fn explanation(answer: &Answer) -> Result<Value, Finding> {
    let says = answer.text("error");
    let (status, location) = match answer {
        Answer::Silence(silence) => return Err(no_answer(*silence)),
        Answer::Got { status, location, .. } => (*status, location.as_deref()),
    };
    match (status, says.as_str()) {
        (200, _) => answer.json().filter(|json| json["understood"].is_boolean()).ok_or_else(|| somebody_else(200)),
        (202, _) => Err(Finding::error(
            "explain_ignored",
            "The door took the doctor's question for a customer's message.",
            "Something in front of it takes the header X-Dragoman-Explain away, and perhaps others; one message of a user \
             \"dragoman-doctor\" is in the queue.",
            "Let the proxy or CDN in front of API Gateway pass all headers on, or give Braze InboundUrl itself.",
        )),
        (300..=399, _) => Err(Finding::error(
            "redirect",
            format!("The address leads on to another one ({}).", location.unwrap_or("which it does not name")),
            "Braze follows no redirect: every message is dropped for good, and nobody is answered.",
            format!("{DOOR} Use it exactly as it stands there, with https://, without www or a slash behind it."),
        )),
        (401, "unauthorized") => Err(Finding::error(
            "wrong_token",
            "The token does not open the door.",
            "If Braze's campaign has the same one, every message is dropped for good with a 401. (This try has raised the \
             alarm for wrong tokens.)",
            "Compare WEBHOOK_TOKEN with `webhook_token` in the ingest secret (Secrets Manager > the stack's IngestSecret > \
             Retrieve secret value): no quotation marks, no blank, no \"Bearer\" in it.",
        )),
        (404, "no such path") | (405, _) => Err(wrong_path("Dragoman is there, but not under this path")),
        (404, _) if answer.text("message") == "Not Found" => {
            Err(wrong_path("An API Gateway is there, but has no such path"))
        }
        (503, _) if !says.is_empty() => Err(Finding::error(
            "door_not_ready",
            format!("The door is there and cannot work: {says}."),
            "Braze tries each message again for half an hour; then it is lost.",
            "Fill the ingest secret as in step 4 of the README's \"Deploy\" (JSON with webhook_token and agent_token, two \
             different ones), and look at the log of the ingest function.",
        )),
        (500.., _) => Err(Finding::error(
            "door_broken",
            format!("The server answers {status}."),
            "Braze tries each message again for half an hour; then it is lost.",
            "Look at the log of the ingest function (CloudWatch > Log groups): it says what keeps it from starting.",
        )),
        _ => Err(somebody_else(status)),
    }
}

fn wrong_path(what: &str) -> Finding {
    Finding::error(
        "wrong_path",
        format!("{what}."),
        "Braze gets a 404 and drops the message for good: nobody is answered.",
        format!("{DOOR} It ends in /inbound; behind that there may be the name of a route, and no slash."),
    )
}

fn somebody_else(status: u16) -> Finding {
    Finding::error(
        "other_server",
        format!("A server answers {status}, but it is not Dragoman."),
        "Braze may count the messages as received, and nobody ever sees them.",
        format!(
            "{DOOR} If a proxy, a CDN or an authorizer stands before it, look whether it lets the request through."
        ),
    )
}

fn no_answer(silence: Silence) -> Finding {
    let what = format!("Nobody answers at this address: {}.", silence.words());
    Finding::error(
        "no_answer",
        what,
        NOBODY,
        format!("{DOOR} Open its /health in a browser: {{\"status\":\"ok\"}} is right."),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_answer_of_a_door_that_is_none_has_its_finding() {
        let error = |status, words| Answer::json_of(status, &json!({"error": words}));
        for (answer, code) in [
            (Answer::Silence(Silence::NoConnection), "no_answer"),
            (Answer::Silence(Silence::TooSlow), "no_answer"),
            (Answer::page(200), "other_server"),
            (Answer::json_of(200, &json!({"ok": true})), "other_server"),
            (Answer::json_of(202, &json!({"state": "queued"})), "explain_ignored"),
            (Answer::page(301), "redirect"),
            (error(401, "unauthorized"), "wrong_token"),
            (Answer::page(401), "other_server"),
            (Answer::json_of(403, &json!({"message": "Forbidden"})), "other_server"),
            (error(404, "no such path"), "wrong_path"),
            (Answer::json_of(404, &json!({"message": "Not Found"})), "wrong_path"),
            (Answer::page(404), "other_server"),
            (error(405, "no such method on this path"), "wrong_path"),
            (error(503, "the tokens cannot be read"), "door_not_ready"),
            (Answer::page(502), "door_broken"),
        ] {
            assert_eq!(explanation(&answer).unwrap_err().code, code);
        }
        assert!(explanation(&Answer::json_of(200, &json!({"understood": false}))).is_ok());
    }

    #[test]
    fn what_the_door_misunderstands_has_its_finding() {
        let probe = &PROBES[1];
        let good = json!({"understood": true, "conversation": "user:dragoman-doctor", "text": probe.text});
        for (key, value, expected) in [
            ("x", json!(1), None),
            ("understood", json!(false), Some("not_understood")),
            ("conversation", json!("user:victim"), Some("wrong_person")),
            ("text", json!("He said"), Some("changed_words")),
        ] {
            let mut explanation = good.clone();
            explanation[key] = value;
            let found = probe.understood(RECOMMENDED_BODY, &explanation);
            assert_eq!(found.first().map(|finding| finding.code), expected, "{key}");
        }
    }
}
