//! Carrying out a send that was accepted.

use std::collections::HashSet;
use std::time::Duration;

use models::{Personal, Timestamp};
use serde_json::{Map, Value};

use crate::attributes::Attributes;
use crate::campaigns::ReplyCampaign;
use crate::delivery::{NotDelivered, allowed, shown};
use crate::layout::Beside;
use crate::profiles::{Name, Profile};
use crate::tags;
use crate::views::{PhoneMessage, Sender};
use crate::world::World;

/// How often a user may enter a Canvas.
const ENTRY_EVERY: Duration = Duration::from_secs(1);

/// A send that Braze said yes to.
#[derive(Clone)]
pub(crate) struct Order {
    pub(crate) campaign: ReplyCampaign,
    /// Where its message finds the properties: `api_trigger_properties`, or `context` in a Canvas.
    pub(crate) namespace: &'static str,
    pub(crate) recipients: Vec<Recipient>,
    /// Whether the rules of re-eligibility hold: a call that brings its message along has no campaign to be eligible for.
    pub(crate) of_a_campaign: bool,
    /// Whether it is a Canvas, which a user enters once a second at most.
    pub(crate) of_a_canvas: bool,
}

/// One user of a send.
#[derive(Clone)]
pub(crate) struct Recipient {
    pub(crate) name: Name,
    pub(crate) properties: Map<String, Value>,
    pub(crate) attributes: Attributes,
    /// Whether the user is made if there is none: `send_to_existing_only` is false.
    pub(crate) create: bool,
}

/// Sends to each recipient in turn, and notes why it did not.
pub(crate) fn carry_out(world: &mut World, order: &Order, dispatch_id: &str, now: Timestamp) {
    let mut met = HashSet::new();
    for recipient in &order.recipients {
        if let Err(reason) = send_one(world, order, recipient, dispatch_id, now, &mut met) {
            world.not_delivered(recipient.name.conversation(), &order.campaign.id, reason, now);
        }
    }
}

fn send_one(
    world: &mut World,
    order: &Order,
    recipient: &Recipient,
    dispatch_id: &str,
    now: Timestamp,
    met: &mut HashSet<Name>,
) -> Result<(), NotDelivered> {
    let at = find_or_create(world, recipient).ok_or(NotDelivered::UnknownUser)?;
    if !recipient.attributes.is_empty() {
        world.profiles.edit(at, |profile| recipient.attributes.write(profile));
    }
    if world.workspace.subscribes_within_send {
        subscribe(world, at, recipient);
    }
    let too_soon = order.of_a_canvas && !enters(world, at, &order.campaign.id, now);
    let profile = world.profiles.at(at);
    let phone = profile.phone.clone().map(Name::Phone);
    let numbers = std::iter::once(Name::Braze(profile.braze_id.clone())).chain(phone);
    let result = if numbers.filter(|name| !met.insert(name.clone())).count() > 0 {
        Err(NotDelivered::NamedTwice)
    } else if too_soon {
        Err(NotDelivered::TooSoon)
    } else {
        compose(world, order, recipient, profile, dispatch_id, now)
    };
    // The strict reading: a subscription that comes with a send is too late for it.
    subscribe(world, at, recipient);
    let (text, beside) = result?;
    let profile = world.profiles.at_mut(at);
    profile.screen.push(PhoneMessage { from: Sender::Brand, text, beside, at: now });
    profile.campaigns.insert(order.campaign.id.clone());
    Ok(())
}

fn subscribe(world: &mut World, at: usize, recipient: &Recipient) {
    let profile = world.profiles.at_mut(at);
    profile.subscribed = recipient.attributes.subscribed.unwrap_or(profile.subscribed);
}

/// Notes that a profile enters a Canvas; false if it did less than a second before.
fn enters(world: &mut World, at: usize, canvas: &str, now: Timestamp) -> bool {
    let before = world.canvas_entries.insert((at, canvas.to_owned()), now);
    before.is_none_or(|before| now.since(before) >= ENTRY_EVERY)
}

fn find_or_create(world: &mut World, recipient: &Recipient) -> Option<usize> {
    world.profiles.find(&recipient.name).or_else(|| match &recipient.name {
        Name::External(id) if recipient.create => {
            let profile = Profile { phone: None, subscribed: false, ..Profile::customer(id.as_str()) };
            Some(world.profiles.add(profile))
        }
        _ => None,
    })
}

fn compose(
    world: &World,
    order: &Order,
    recipient: &Recipient,
    profile: &Profile,
    dispatch_id: &str,
    now: Timestamp,
) -> Result<(Personal, Option<Beside>), NotDelivered> {
    let campaign = &order.campaign;
    let re_eligible = !order.of_a_campaign || campaign.re_eligible && !world.faults.re_eligibility_off;
    allowed(campaign, profile, re_eligible, now)?;
    let mut names = tags::names(profile, &world.workspace.subscription_group, &campaign.id, dispatch_id);
    for (key, value) in &recipient.properties {
        names.set(order.namespace, key, value);
    }
    shown(campaign, &names).map(|(text, beside)| (text.into(), beside))
}
