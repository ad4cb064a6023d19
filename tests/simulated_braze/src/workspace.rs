//! What is set up in a workspace before anybody writes.

use std::time::Duration;

use secrecy::SecretString;

use crate::campaigns::{InboundCampaign, ReplyCampaign};
use crate::profiles::Profile;
use crate::template;

/// A Braze workspace. The doubtful points of Braze's documentation are switches, and start in their strict position.
#[derive(Clone)]
pub struct Workspace {
    /// The keys that calls may carry.
    pub api_keys: Vec<ApiKey>,
    /// What fires when a user writes.
    pub inbound: Vec<InboundCampaign>,
    /// What `/campaigns/trigger/send` can send.
    pub replies: Vec<ReplyCampaign>,
    /// What `/canvas/trigger/send` can send.
    pub canvases: Vec<ReplyCampaign>,
    /// The users there are at the start.
    pub profiles: Vec<Profile>,
    /// Whether a `braze_id` may name a recipient: one page of Braze's documentation lists it, another does not.
    pub accepts_braze_id: bool,
    /// Whether somebody whose number Braze did not know may be answered at once. In Braze such a user is unsubscribed
    /// until an opt-in campaign or Canvas subscribes them.
    pub newcomers_subscribed: bool,
    /// Whether a subscription that comes with a send already counts for it. Braze writes attributes before it sends, but may
    /// take a minute for a subscription.
    pub subscribes_within_send: bool,
    /// The templates that Meta approved, as `/messages/send` names them.
    pub templates: Vec<MessageTemplate>,
    /// The most objects in one call of `/users/track`: 75, in some contracts 50.
    pub track_objects: usize,
    /// The WhatsApp subscription group, which is the sending number. `/messages/send` must name it.
    pub subscription_group: String,
    /// The app identifier that `/messages/send` must name.
    pub app: String,
    /// Calls an hour that are answered with anything but 429. Braze's default is 250,000.
    pub requests_per_hour: u64,
    /// How webhooks are retried.
    pub retries: Retries,
}

/// How a webhook that was not received is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retries {
    /// The wait before the first retry; each further one is twice as long. Braze spreads its retries over half an hour.
    pub first_after: Duration,
    /// How many there are; Braze makes up to 5.
    pub most: u32,
    /// How long an answer may take; Braze waits 90 s.
    pub timeout: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        Self { first_after: Duration::from_secs(1), most: 5, timeout: Duration::from_secs(90) }
    }
}

/// An approved template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageTemplate {
    /// Its name.
    pub name: String,
    /// Such as `en`.
    pub language_code: String,
    /// One line, with `{{1}}`, `{{2}}` … for its variables.
    pub body: String,
}

/// A REST API key and what it may do.
#[derive(Clone)]
pub struct ApiKey {
    /// The key itself.
    pub key: SecretString,
    /// Its permissions, for example `campaigns.trigger.send`.
    pub permissions: Vec<String>,
}

impl Workspace {
    /// The set-up the README describes: one webhook campaign that posts the recommended body to `webhook_url` with the
    /// bearer token `token`, one reply campaign `campaign_id`, and one key that may trigger it, read its details and
    /// write to profiles. Newcomers are unsubscribed and a `braze_id` is refused, as long as nobody changes that.
    pub fn recommended(webhook_url: &str, token: &str, campaign_id: &str, api_key: &str) -> Self {
        let permissions = ["campaigns.trigger.send", "campaigns.details", "users.track"];
        Self {
            api_keys: vec![ApiKey { key: api_key.into(), permissions: permissions.map(str::to_owned).to_vec() }],
            inbound: vec![InboundCampaign::recommended("inbound", webhook_url, token)],
            replies: vec![ReplyCampaign::recommended(campaign_id)],
            canvases: Vec::new(),
            profiles: Vec::new(),
            accepts_braze_id: false,
            subscribes_within_send: false,
            templates: Vec::new(),
            track_objects: 75,
            newcomers_subscribed: false,
            subscription_group: "whatsapp-group".to_owned(),
            app: "app".to_owned(),
            requests_per_hour: 250_000,
            retries: Retries::default(),
        }
    }

    /// What would go wrong with every message: templates that do not parse, keywords that are no expressions.
    pub fn mistakes(&self) -> Vec<String> {
        let inbound = self.inbound.iter().flat_map(|campaign| {
            let keyword = campaign.keyword.as_ref().and_then(|keyword| keyword.matches("").err());
            [
                template::tags(&campaign.url).err().map(|error| format!("campaign {}, URL: {error}", campaign.id)),
                template::tags(&campaign.body).err().map(|error| format!("campaign {}, body: {error}", campaign.id)),
                keyword.map(|error| format!("campaign {}: {error}", campaign.id)),
            ]
        });
        let replies = self.replies.iter().chain(&self.canvases).map(|campaign| {
            let error = campaign.templates().into_iter().find_map(|template| template::tags(template).err());
            error.map(|error| format!("campaign {}, message: {error}", campaign.id))
        });
        inbound.chain(replies).flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaigns::{DOCUMENTED_BODY, Keyword};

    #[test]
    fn the_published_set_ups_hold_no_mistake() {
        let mut workspace = Workspace::recommended("http://127.0.0.1/inbound", "token", "replies", "key");
        assert_eq!(workspace.mistakes(), [""; 0]);
        DOCUMENTED_BODY.clone_into(&mut workspace.inbound[0].body);
        assert_eq!(workspace.mistakes(), [""; 0]);
    }

    #[test]
    fn every_mistake_is_found_before_anybody_writes() {
        let mut workspace = Workspace::recommended("http://{{", "token", "replies", "key");
        "{{${user_id}".clone_into(&mut workspace.inbound[0].body);
        workspace.inbound[0].keyword = Some(Keyword::Matches("(".to_owned()));
        "{% if %}".clone_into(&mut workspace.replies[0].message);
        assert_eq!(workspace.mistakes().len(), 4, "{:?}", workspace.mistakes());
    }
}
