//! From a text on a phone to a webhook at somebody's door, with Braze's retries.

use std::sync::Arc;
use std::time::Duration;

use models::{ConversationKey, Identity, Personal, Recipient, Timestamp};
use secrecy::ExposeSecret as _;

use crate::SimulatedBraze;
use crate::campaigns::InboundCampaign;
use crate::delivery::NotDelivered;
use crate::layout::Beside;
use crate::profiles::{Name, Profile};
use crate::tags;
use crate::template::{self, Names, Rendered};
use crate::views::{Attempt, Outcome, PendingWebhook, PhoneMessage, Sender, WebhookRecord};
use crate::world::{World, dispatch_id, now};

/// What a user sends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inbound {
    /// The words; the caption, if there is media.
    pub text: Personal,
    /// What `{{whats_app.${inbound_media_urls}}}` shows. Its form is not documented.
    pub media_urls: Personal,
}

/// A webhook with its record's place among the records.
pub(crate) struct Outgoing {
    record: usize,
    webhook: PendingWebhook,
}

/// Puts what `name` sent on their phone, and gives the webhooks that it fires and why others are not.
pub(crate) fn receive(
    world: &mut World,
    name: &Name,
    inbound: &Inbound,
    now: Timestamp,
) -> (Vec<Outgoing>, Vec<NotDelivered>) {
    let at = world.profiles.writer(name, world.workspace.newcomers_subscribed);
    let profile = world.profiles.at_mut(at);
    profile.last_inbound = Some(now);
    let beside = (!inbound.media_urls.as_str().is_empty()).then(|| Beside::Image(inbound.media_urls.clone()));
    profile.screen.push(PhoneMessage { from: Sender::User, text: inbound.text.clone(), beside, at: now });
    let copies = 1 + world.faults.webhook_copies;
    let (mut outgoing, mut unsent) = (Vec::new(), Vec::new());
    for campaign in world.workspace.inbound.clone() {
        match fire(world, &campaign, at, inbound, now) {
            Ok(Some(webhook)) => outgoing.extend((0..copies).map(|_| enter(world, webhook.clone()))),
            Ok(None) => {}
            Err(reason) => {
                let conversation = world.profiles.at(at).conversation();
                world.not_delivered(conversation, &campaign.id, reason.clone(), now);
                unsent.push(reason);
            }
        }
    }
    (outgoing, unsent)
}

/// Puts what somebody wrote on their phone, as far as Braze can know them by the names in a webhook.
pub(crate) fn note(world: &mut World, identity: &Identity, text: &Personal, now: Timestamp) {
    let recipients = identity.recipients();
    // An anonymous profile is found by its number first, as Braze finds whoever writes.
    let by_braze_id = |recipient: &&Recipient| matches!(recipient, Recipient::Braze(_));
    let Some(best) = recipients.iter().find(|recipient| !by_braze_id(recipient)).or(recipients.first()) else { return };
    let Some(name) = Name::of_conversation(ConversationKey::of(best).as_str()) else { return };
    let at = world.profiles.writer(&name, world.workspace.newcomers_subscribed);
    world.profiles.edit(at, |profile| {
        profile.last_inbound = Some(now);
        profile.screen.push(PhoneMessage { from: Sender::User, text: text.clone(), beside: None, at: now });
        if let (None, Some(Recipient::Braze(id))) = (&profile.external_id, recipients.iter().find(by_braze_id)) {
            profile.braze_id = id.clone();
        }
    });
}

/// Enters a webhook in the records.
pub(crate) fn enter(world: &mut World, webhook: PendingWebhook) -> Outgoing {
    let PendingWebhook { at, campaign, conversation, dispatch_id, url, body, .. } = webhook.clone();
    let (attempts, outcome) = (Vec::new(), Outcome::Pending);
    world.webhooks.push(WebhookRecord { at, campaign, conversation, dispatch_id, url, body, attempts, outcome });
    Outgoing { record: world.webhooks.len() - 1, webhook }
}

fn fire(
    world: &mut World,
    campaign: &InboundCampaign,
    at: usize,
    inbound: &Inbound,
    now: Timestamp,
) -> Result<Option<PendingWebhook>, NotDelivered> {
    if let Some(keyword) = &campaign.keyword
        && !keyword.matches(inbound.text.as_str())?
    {
        return Ok(None);
    }
    let profile = world.profiles.at(at);
    let re_eligible = campaign.re_eligible && !world.faults.re_eligibility_off;
    if !campaign.live {
        return Err(NotDelivered::Paused);
    }
    if !re_eligible && profile.campaigns.contains(&campaign.id) {
        return Err(NotDelivered::NotReEligible);
    }
    let webhook = render(profile, &world.workspace.subscription_group, campaign, inbound, now)?;
    world.profiles.at_mut(at).campaigns.insert(campaign.id.clone());
    Ok(Some(webhook))
}

fn render(
    profile: &Profile,
    group: &str,
    campaign: &InboundCampaign,
    inbound: &Inbound,
    now: Timestamp,
) -> Result<PendingWebhook, NotDelivered> {
    let dispatch_id = dispatch_id();
    let mut names = tags::names(profile, group, &campaign.id, &dispatch_id);
    names.set_text("whats_app", "inbound_message_body", inbound.text.as_str());
    names.set_text("whats_app", "inbound_media_urls", inbound.media_urls.as_str());
    if let Some(name) = &profile.profile_name {
        names.set_text("whats_app", "inbound_profile_name", name.as_str());
    }
    let url = rendered(&campaign.url, &names)?;
    let legal = reqwest::Url::parse(&url).is_ok_and(|url| ["http", "https"].contains(&url.scheme()));
    if !legal {
        return Err(NotDelivered::BadUrl);
    }
    let body = rendered(&campaign.body, &names)?.into();
    let (campaign, conversation) = (campaign.id.clone(), profile.conversation());
    Ok(PendingWebhook { at: now, campaign, conversation, dispatch_id, url, body, sent: 0 })
}

fn rendered(template: &str, names: &Names) -> Result<String, NotDelivered> {
    match template::render(template, names)? {
        Rendered::Text(text) => Ok(text),
        Rendered::Aborted(reason) => Err(NotDelivered::Aborted(reason.into())),
    }
}

/// What Braze makes of an attempt.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Received,
    Again,
    Lost(u16),
}

/// 408, 429, 5xx and no answer at all are tried again; nothing else is. (Braze documentation, "Create a webhook".)
fn verdict(status: Option<u16>) -> Verdict {
    match status {
        Some(200..300) => Verdict::Received,
        None | Some(408 | 429 | 500..) => Verdict::Again,
        Some(lost) => Verdict::Lost(lost),
    }
}

impl SimulatedBraze {
    /// Sends a webhook until it is received or lost.
    pub(crate) async fn deliver(self: Arc<Self>, Outgoing { record, webhook }: Outgoing) {
        let retries = self.look(|world| world.workspace.retries);
        for sent in webhook.sent..=retries.most {
            if sent > 0 {
                tokio::time::sleep(backoff(retries.first_after, sent)).await;
            }
            let status = self.post(&webhook, retries.timeout).await;
            self.change(|world| world.webhooks[record].attempts.push(Attempt { at: now(), status }));
            match verdict(status) {
                Verdict::Received => return self.settle(record, Outcome::Received, None),
                Verdict::Lost(status) => {
                    return self.settle(record, Outcome::Refused, Some(NotDelivered::WebhookRefused(status)));
                }
                Verdict::Again => {}
            }
        }
        self.settle(record, Outcome::GivenUp, Some(NotDelivered::WebhookGivenUp));
    }

    async fn post(&self, webhook: &PendingWebhook, timeout: Duration) -> Option<u16> {
        let client = self.client.as_ref()?;
        let headers = self.look(|world| {
            let campaign = world.workspace.inbound.iter().find(|campaign| campaign.id == webhook.campaign);
            campaign.map(|campaign| campaign.headers.clone()).unwrap_or_default()
        });
        let request = client.post(&webhook.url).timeout(timeout).body(webhook.body.as_str().to_owned());
        let request =
            headers.iter().fold(request, |request, (name, value)| request.header(name, value.expose_secret()));
        let answer = request.send().await.ok()?;
        Some(answer.status().as_u16())
    }

    fn settle(&self, record: usize, outcome: Outcome, reason: Option<NotDelivered>) {
        self.change(|world| {
            world.webhooks[record].outcome = outcome;
            if let Some(reason) = reason {
                let WebhookRecord { conversation, campaign, .. } = world.webhooks[record].clone();
                world.not_delivered(conversation, &campaign, reason, now());
            }
        });
    }
}

fn backoff(first: Duration, retry: u32) -> Duration {
    first.saturating_mul(2_u32.saturating_pow(retry - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_some_answers_are_worth_another_try() {
        for (status, expected) in [
            (Some(200), Verdict::Received),
            (Some(202), Verdict::Received),
            (Some(299), Verdict::Received),
            (Some(301), Verdict::Lost(301)),
            (Some(307), Verdict::Lost(307)),
            (Some(400), Verdict::Lost(400)),
            (Some(401), Verdict::Lost(401)),
            (Some(404), Verdict::Lost(404)),
            (Some(413), Verdict::Lost(413)),
            (Some(408), Verdict::Again),
            (Some(429), Verdict::Again),
            (Some(500), Verdict::Again),
            (Some(503), Verdict::Again),
            (Some(598), Verdict::Again),
            (None, Verdict::Again),
        ] {
            assert_eq!(verdict(status), expected, "{status:?}");
        }
    }

    #[test]
    fn each_wait_is_twice_the_one_before() {
        let waits = (1..=5).map(|retry| backoff(Duration::from_secs(1), retry).as_secs());
        assert_eq!(waits.collect::<Vec<_>>(), [1, 2, 4, 8, 16]);
    }
}
