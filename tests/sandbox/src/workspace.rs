//! The workspace of simulated Braze, as the README sets one up.

use doctor::SIMULATED_GROUP;
use models::SubscriptionGroupId;
use models::assistant::Assistant;
use simulated_braze::{Kind, ReplyCampaign, Workspace};

use crate::world::{CAMPAIGN, KEY, OWN_WEBHOOK};

/// Lets the packed assistant subscribe newcomers: it names no group, because no two brands have the same one, and without one
/// nobody whom simulated Braze does not know would read an answer.
pub(crate) fn subscribe_newcomers(assistant: &mut Assistant) {
    let group = &mut assistant.profile.newcomers_group;
    *group = group.take().or_else(|| SubscriptionGroupId::new(SIMULATED_GROUP).ok());
}

/// The workspace in which `assistant`, whose door is at `url` and knows `token`, answers.
pub(crate) fn of(assistant: &Assistant, url: &str, token: &str) -> Workspace {
    let mut workspace = Workspace::recommended(&format!("{url}/inbound"), token, CAMPAIGN, KEY);
    // Which group is the number's nobody can know here: the assistant is believed.
    let group = assistant.profile.newcomers_group.as_ref().map_or(SIMULATED_GROUP, SubscriptionGroupId::as_str);
    group.clone_into(&mut workspace.subscription_group);
    // The order that Braze documents. Whether the change is in force at once is not known: the simulation's strict reading,
    // in which no newcomer ever reads the first answer, would leave nothing to show.
    workspace.subscribes_within_send = true;
    let closed_window = assistant.replies.closed_window.as_ref();
    let campaigns = assistant.campaigns().into_iter().map(|id| ReplyCampaign {
        kind: if Some(&id) == closed_window { Kind::Template } else { Kind::Response },
        ..ReplyCampaign::recommended(id.as_str())
    });
    workspace.replies.extend(campaigns);
    for campaign in &mut workspace.inbound {
        campaign.headers.push((OWN_WEBHOOK.to_owned(), "1".into()));
    }
    workspace
}
