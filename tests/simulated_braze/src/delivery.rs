//! When a message that was accepted really reaches a phone.
//!
//! Braze's "success" means that a call was understood. Everything here happens, or does not, without a word to the caller.

use std::time::Duration;

use models::{Personal, Timestamp};
use serde::Serialize;

use crate::campaigns::{BadKeyword, Channel, Kind, ReplyCampaign};
use crate::layout::{Beside, Layout};
use crate::profiles::Profile;
use crate::template::{self, Names, Rendered, TemplateError};

/// How long after the user's last message a response message may be sent.
const WINDOW: Duration = Duration::from_hours(24);
/// The most characters a response message may have: Meta's limit, Braze states none.
const RESPONSE_CHARACTERS: usize = 4_096;
/// The most characters of a text above buttons: Meta's limit, Braze states none.
const QUICK_REPLY_CHARACTERS: usize = 1_024;
/// The most characters below a picture.
const CAPTION_CHARACTERS: usize = 1_024;
/// The most characters the body of a template message may have.
const TEMPLATE_CHARACTERS: usize = 1_024;

/// Why something was accepted or typed and reached nobody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "detail")]
pub enum NotDelivered {
    /// No profile has the name the call used.
    #[error("no user has this name")]
    UnknownUser,
    /// The campaign is paused.
    #[error("the campaign is paused")]
    Paused,
    /// The campaign sends elsewhere.
    #[error("the campaign is not a WhatsApp campaign")]
    NotWhatsApp,
    /// The user is not subscribed to the number's group.
    #[error("the user is not subscribed to the WhatsApp group; newcomers are not until somebody subscribes them")]
    Unsubscribed,
    /// The campaign was sent to, or triggered by, this user before.
    #[error("the user had this campaign before and it is not re-eligible; switch re-eligibility on")]
    NotReEligible,
    /// The user had the message earlier in the same call.
    #[error("the same user is named twice in one call; Braze sends one message")]
    NamedTwice,
    /// More than a day since the user wrote.
    #[error("the user's last message is more than 24 hours old; only a template message may be sent")]
    WindowClosed,
    /// Nothing is left after rendering, for instance because the template names another property than the call.
    #[error(
        "the message is empty once it is rendered: perhaps the template names a property that the call does not send"
    )]
    Blank,
    /// WhatsApp shows no more.
    #[error("the message has more characters than WhatsApp takes")]
    TooLong,
    /// Template messages take one line.
    #[error("a template message holds a line break, a tab or more than four spaces in a row")]
    TemplateCharacters,
    /// Buttons, rows or a picture that WhatsApp does not take.
    #[error(
        "a button or a row is blank, too long or there twice, there are too many, or the picture has no https address"
    )]
    Layout,
    /// The user entered the same Canvas less than a second before.
    #[error("a Canvas takes a user once a second; what comes sooner may be dropped")]
    TooSoon,
    /// The template called `abort_message`, with this reason.
    #[error("the template aborted the message")]
    Aborted(Personal),
    /// The template is wrong.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The campaign's keyword is wrong.
    #[error(transparent)]
    Keyword(#[from] BadKeyword),
    /// The address of the webhook, once rendered, is none.
    #[error("the webhook's URL is not a URL")]
    BadUrl,
    /// The endpoint answered with this status, which Braze never retries.
    #[error("the endpoint answered {0}, which Braze never retries: the message is lost")]
    WebhookRefused(u16),
    /// The endpoint never received it.
    #[error("the endpoint did not receive the webhook in any attempt: the message is lost")]
    WebhookGivenUp,
}

/// Whether `campaign` may send to `profile` at all at this moment.
pub(crate) fn allowed(
    campaign: &ReplyCampaign,
    profile: &Profile,
    re_eligible: bool,
    now: Timestamp,
) -> Result<(), NotDelivered> {
    if !campaign.live {
        return Err(NotDelivered::Paused);
    }
    if campaign.channel != Channel::WhatsApp {
        return Err(NotDelivered::NotWhatsApp);
    }
    if !profile.subscribed {
        return Err(NotDelivered::Unsubscribed);
    }
    if !re_eligible && profile.campaigns.contains(&campaign.id) {
        return Err(NotDelivered::NotReEligible);
    }
    let open = profile.last_inbound.is_some_and(|last| now.since(last) < WINDOW);
    if campaign.kind == Kind::Response && !open {
        return Err(NotDelivered::WindowClosed);
    }
    Ok(())
}

/// What comes out of one template of a message.
pub(crate) fn rendered(template: &str, names: &Names) -> Result<String, NotDelivered> {
    match template::render(template, names)? {
        Rendered::Text(text) => Ok(text),
        Rendered::Aborted(reason) => Err(NotDelivered::Aborted(reason.into())),
    }
}

/// What appears on the phone: the words, and what stands beside them.
pub(crate) fn shown(campaign: &ReplyCampaign, names: &Names) -> Result<(String, Option<Beside>), NotDelivered> {
    Ok((words(campaign, names)?, campaign.layout.show(names)?))
}

fn words(campaign: &ReplyCampaign, names: &Names) -> Result<String, NotDelivered> {
    let text = rendered(&campaign.message, names)?;
    // A picture may go without words.
    if text.trim().is_empty() && !matches!(campaign.layout, Layout::Image(_)) {
        return Err(NotDelivered::Blank);
    }
    let most = match (campaign.kind, &campaign.layout) {
        (Kind::Template, _) => TEMPLATE_CHARACTERS,
        (Kind::Response, Layout::Text | Layout::List { .. }) => RESPONSE_CHARACTERS,
        (Kind::Response, Layout::QuickReplies(_)) => QUICK_REPLY_CHARACTERS,
        (Kind::Response, Layout::Image(_)) => CAPTION_CHARACTERS,
    };
    if text.chars().count() > most {
        return Err(NotDelivered::TooLong);
    }
    if campaign.kind == Kind::Template && (text.contains(['\n', '\r', '\t']) || text.contains("     ")) {
        return Err(NotDelivered::TemplateCharacters);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DOCUMENTED_REPLY_MESSAGE;
    use crate::campaigns::Delivery;

    fn subscriber(last_inbound: Option<u64>) -> Profile {
        Profile { last_inbound: last_inbound.map(Timestamp::from_seconds), ..Profile::customer("42") }
    }

    #[test]
    fn a_message_is_sent_only_when_nothing_stands_against_it() {
        let good = ReplyCampaign::recommended("r");
        let template = ReplyCampaign { kind: Kind::Template, ..good.clone() };
        let day = 24 * 3_600;
        let had = |profile: Profile| Profile { campaigns: ["r".to_owned()].into(), ..profile };
        for (name, campaign, profile, re_eligible, verdict) in [
            ("all is well", good.clone(), subscriber(Some(1)), false, Ok(())),
            ("again", good.clone(), had(subscriber(Some(1))), true, Ok(())),
            ("again, not re-eligible", good.clone(), had(subscriber(Some(1))), false, Err(NotDelivered::NotReEligible)),
            ("a day later", good.clone(), subscriber(Some(0)), true, Err(NotDelivered::WindowClosed)),
            ("never wrote", good.clone(), subscriber(None), true, Err(NotDelivered::WindowClosed)),
            ("template, never wrote", template, subscriber(None), true, Ok(())),
            (
                "paused",
                ReplyCampaign { live: false, ..good.clone() },
                subscriber(Some(1)),
                true,
                Err(NotDelivered::Paused),
            ),
            (
                "another channel",
                ReplyCampaign { channel: Channel::Other, delivery: Delivery::ApiTriggered, ..good.clone() },
                subscriber(Some(1)),
                true,
                Err(NotDelivered::NotWhatsApp),
            ),
            (
                "unsubscribed",
                good,
                Profile { subscribed: false, ..subscriber(Some(1)) },
                true,
                Err(NotDelivered::Unsubscribed),
            ),
        ] {
            let now = Timestamp::from_seconds(day);
            assert_eq!(allowed(&campaign, &profile, re_eligible, now), verdict, "{name}");
        }
    }

    #[test]
    fn only_words_that_whatsapp_takes_are_sent() {
        let response = ReplyCampaign::recommended("r");
        let template = ReplyCampaign { kind: Kind::Template, ..response.clone() };
        let aborting = ReplyCampaign { message: "{% abort_message('no') %}".to_owned(), ..response.clone() };
        let long = "x".repeat(RESPONSE_CHARACTERS);
        for (campaign, text, verdict) in [
            (&response, "two\nlines\tand     gaps", Ok(())),
            (&response, "{{${user_id}}} {% abort_message() %}", Ok(())),
            (&response, long.as_str(), Ok(())),
            (&response, &format!("{long}x"), Err(NotDelivered::TooLong)),
            (&response, " \n ", Err(NotDelivered::Blank)),
            (&template, "one line,    four spaces", Ok(())),
            (&template, "two\nlines", Err(NotDelivered::TemplateCharacters)),
            (&template, "two\rlines", Err(NotDelivered::TemplateCharacters)),
            (&template, "a\ttab", Err(NotDelivered::TemplateCharacters)),
            (&template, "five     spaces", Err(NotDelivered::TemplateCharacters)),
            (&template, &long[..=TEMPLATE_CHARACTERS], Err(NotDelivered::TooLong)),
            (&aborting, "x", Err(NotDelivered::Aborted("no".into()))),
        ] {
            let mut names = Names::new();
            names.set_text("api_trigger_properties", "external_system_msg_body", text);
            assert_eq!(words(campaign, &names), verdict.map(|()| text.to_owned()));
        }
    }

    #[test]
    fn the_property_of_the_guide_with_its_plus_sign_sends_nothing() {
        let message = DOCUMENTED_REPLY_MESSAGE.to_owned();
        let campaign = ReplyCampaign { message, ..ReplyCampaign::recommended("r") };
        let mut names = Names::new();
        names.set_text("api_trigger_properties", "external_system_msg_body", "hello");
        assert_eq!(words(&campaign, &names), Err(NotDelivered::Blank));
    }
}
