//! The campaigns of a workspace: those that call a webhook when a user writes, and those that a call makes send.

use regex::Regex;
use secrecy::SecretString;
use serde::Serialize;

use crate::layout::Layout;

/// The webhook body that Braze's own guide shows: nothing is escaped, the text stands last.
/// (Braze documentation, "WhatsApp and external systems".)
pub const DOCUMENTED_BODY: &str = r#"{
  "user_id": "{{${user_id}}}",
  "phone_number": "{{${phone_number}}}",
  "message": "{{whats_app.${inbound_message_body}}}"
}"#;

/// The webhook body that Dragoman recommends: every text is escaped, and it names its dispatch and its time.
pub const RECOMMENDED_BODY: &str = r#"{"v": 1, "dispatch_id": "{{campaign.${dispatch_id}}}", "sent_at": "{{'now' | date: '%s'}}",
 "user_id": "{{${user_id} | json_escape}}", "braze_id": "{{${braze_id}}}", "phone_number": "{{${phone_number} | json_escape}}",
 "language": "{{${language}}}", "profile_name": "{{whats_app.${inbound_profile_name} | json_escape}}",
 "media_urls": "{{whats_app.${inbound_media_urls} | json_escape}}", "message": "{{whats_app.${inbound_message_body} | json_escape}}"}"#;

/// The message of a reply campaign that sends what its call brings along.
pub const REPLY_MESSAGE: &str = "{{api_trigger_properties.${external_system_msg_body}}}";

/// The same as Braze's own guide prints it: with a plus in the name, which no call sends, so that it is empty.
/// (Braze documentation, "WhatsApp and external systems".)
pub const DOCUMENTED_REPLY_MESSAGE: &str = "{{api_trigger_properties.${external_system_msg+body}}}";

/// A webhook campaign with the trigger "Send a WhatsApp inbound message".
#[derive(Clone)]
pub struct InboundCampaign {
    /// Its id, `{{campaign.${api_id}}}`.
    pub id: String,
    /// Where the webhook goes; a Liquid template.
    pub url: String,
    /// The headers that were entered by hand, `Authorization` among them. Braze adds none of its own that one may rely on.
    pub headers: Vec<(String, SecretString)>,
    /// The raw text of the body; a Liquid template.
    pub body: String,
    /// For which messages it fires; `None` for all of them, also those that another campaign's keyword matches.
    pub keyword: Option<Keyword>,
    /// False once it was paused.
    pub live: bool,
    /// Whether a user may trigger it more than once. Off in a new campaign of Braze.
    pub re_eligible: bool,
}

impl InboundCampaign {
    /// A live and re-eligible campaign that posts [`RECOMMENDED_BODY`] for every message, with `token` as bearer token.
    pub fn recommended(id: &str, url: &str, token: &str) -> Self {
        Self {
            id: id.to_owned(),
            url: url.to_owned(),
            headers: vec![("Authorization".to_owned(), format!("Bearer {token}").into())],
            body: RECOMMENDED_BODY.to_owned(),
            keyword: None,
            live: true,
            re_eligible: true,
        }
    }
}

/// "Where the message body".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keyword {
    /// The whole text in any case. As in Braze it has to be entered in capitals; otherwise it matches nothing.
    Is(String),
    /// A regular expression that matches somewhere in the text, in this case unless it starts with `(?i)`.
    Matches(String),
}

impl Keyword {
    /// Whether `text` is meant. The error says that the expression is none.
    pub fn matches(&self, text: &str) -> Result<bool, BadKeyword> {
        match self {
            Self::Is(word) => Ok(text.to_uppercase() == *word),
            Self::Matches(pattern) => Ok(Regex::new(pattern).map_err(|_| BadKeyword)?.is_match(text)),
        }
    }
}

/// A keyword that is no regular expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, Serialize)]
#[error("the keyword is not a regular expression; the campaign never fires")]
pub struct BadKeyword;

/// What a call to Braze makes send: an API-triggered campaign or Canvas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyCampaign {
    /// Its id, as calls name it.
    pub id: String,
    /// The words; a Liquid template that reads `api_trigger_properties.${…}`, in a Canvas `context.${…}`.
    pub message: String,
    /// What makes it send.
    pub delivery: Delivery,
    /// Where it sends.
    pub channel: Channel,
    /// Whether a user may get it more than once. Off in a new campaign of Braze.
    pub re_eligible: bool,
    /// False once it was paused.
    pub live: bool,
    /// The kind of WhatsApp message.
    pub kind: Kind,
    /// What it has besides its words.
    pub layout: Layout,
}

impl ReplyCampaign {
    /// A live, re-eligible, API-triggered WhatsApp campaign that sends [`REPLY_MESSAGE`] as a response message.
    pub fn recommended(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            message: REPLY_MESSAGE.to_owned(),
            delivery: Delivery::ApiTriggered,
            channel: Channel::WhatsApp,
            re_eligible: true,
            live: true,
            kind: Kind::Response,
            layout: Layout::Text,
        }
    }

    /// Every template in it.
    pub(crate) fn templates(&self) -> Vec<&str> {
        std::iter::once(self.message.as_str()).chain(self.layout.templates()).collect()
    }
}

/// What makes a campaign send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// A call to `/campaigns/trigger/send`.
    ApiTriggered,
    /// Something the user does; no call can make it send.
    ActionBased,
}

/// Where a campaign sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// The phone of the simulation.
    WhatsApp,
    /// Anything else: the phone shows nothing of it.
    Other,
}

/// The two kinds of WhatsApp messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Free text within 24 hours of the user's last message.
    Response,
    /// A template approved by Meta with the text as its parameter: at any time, but no line break, no tab and no more
    /// than four spaces in a row.
    Template,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_match_as_in_braze() {
        let is = |word: &str| Keyword::Is(word.to_owned());
        let expression = |pattern: &str| Keyword::Matches(pattern.to_owned());
        for (keyword, text, matches) in [
            (is("RETURN"), "return", Ok(true)),
            (is("RETURN"), "Return", Ok(true)),
            (is("RETURN"), "return it", Ok(false)),
            (is("return"), "return", Ok(false)),
            (expression("return"), "I want to return it", Ok(true)),
            (expression("return"), "RETURN", Ok(false)),
            (expression("(?i)return"), "RETURN", Ok(true)),
            (expression("^stop$"), "stop", Ok(true)),
            (expression("("), "(", Err(BadKeyword)),
        ] {
            assert_eq!(keyword.matches(text), matches, "{keyword:?} {text}");
        }
    }
}
