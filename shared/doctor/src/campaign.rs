//! What `GET /campaigns/details` tells of a campaign. (Braze documentation, "Get campaign details".)

use serde_json::{Map, Value};

use crate::Finding;
use crate::answer::Answer;

/// A campaign, as far as Braze tells.
pub(crate) struct Campaign {
    archived: bool,
    draft: bool,
    /// In Braze's words, which are not documented.
    pub(crate) schedule: String,
    pub(crate) channels: Vec<String>,
    /// The variants of its message, with whatever Braze tells of them.
    pub(crate) messages: Vec<Map<String, Value>>,
}

/// Which of the two campaigns is meant, for the words.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    Inbound,
    Reply,
}

impl Which {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Inbound => "webhook campaign",
            Self::Reply => "reply campaign",
        }
    }

    fn effect(self) -> &'static str {
        match self {
            Self::Inbound => "It forwards nothing: what customers write never reaches Dragoman.",
            Self::Reply => "Braze takes every reply, reports success, and sends nothing.",
        }
    }
}

impl Campaign {
    /// The campaign that `answer` tells of; or why there is none. Asked with `permission` already known to be there.
    pub(crate) fn read(answer: &Answer, id: &str, which: Which) -> Result<Self, Finding> {
        let json = answer.json().unwrap_or_default();
        if answer.status().is_none_or(|status| status >= 300) || !json.get("messages").is_some_and(Value::is_object) {
            return Err(Finding::error(
                "no_such_campaign",
                format!("There is no campaign {id} in this workspace."),
                which.effect(),
                format!(
                    "Open the {} in Braze: its id (API identifier) stands in the Schedule Delivery step, or under \
                     Settings > APIs and Identifiers. It is not the id in the browser's address. Look that \
                     the workspace is the right one.",
                    which.name()
                ),
            ));
        }
        let flag = |key: &str| json[key].as_bool().unwrap_or_default();
        let channels = json["channels"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let messages =
            json["messages"].as_object().into_iter().flatten().filter_map(|(_, message)| message.as_object());
        Ok(Self {
            archived: flag("archived"),
            draft: flag("draft"),
            schedule: json["schedule_type"].as_str().unwrap_or_default().to_lowercase(),
            channels: channels.map(letters).collect(),
            messages: messages.cloned().collect(),
        })
    }

    /// Whether it has messages in `channel`: `whatsapp`, `webhook`. Braze spells them in several ways.
    pub(crate) fn is_for(&self, channel: &str) -> bool {
        let of_message = |message: &Map<String, Value>| message.get("channel").and_then(Value::as_str).map(letters);
        let all = self.channels.iter().cloned().chain(self.messages.iter().filter_map(of_message));
        all.into_iter().any(|found| found == channel)
    }

    /// Whether it runs.
    pub(crate) fn state(&self, which: Which) -> Vec<Finding> {
        let name = which.name();
        if self.draft {
            let what = format!("The {name} is a draft.");
            return vec![Finding::error(
                "draft",
                what,
                which.effect(),
                format!("Open the {name} and press Launch Campaign."),
            )];
        }
        if self.archived {
            let what = format!("The {name} is archived or stopped.");
            let click = format!("Messaging > Campaigns: unarchive the {name}, and resume it.");
            return vec![Finding::error("not_live", what, which.effect(), click)];
        }
        Vec::new()
    }
}

/// Braze refused a reply because it has no campaign `id`.
pub fn unknown_campaign(id: &str) -> Finding {
    Finding::error(
        "unknown_campaign",
        format!("Braze has no campaign {id}, which assistant.toml names, and refuses what is sent by it."),
        "Nothing of it reaches the customer. It is tried again, and at last there is a dead letter and an alarm.",
        format!(
            "In Braze: create an API-triggered WhatsApp campaign, launch it, and write the id from its Schedule \
             Delivery step into assistant.toml. Here: start the sandbox with --campaign {id}, as if you had."
        ),
    )
}

fn letters(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}
