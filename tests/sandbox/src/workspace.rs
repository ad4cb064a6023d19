//! The workspace of simulated Braze, as the README sets one up.

use doctor::SIMULATED_GROUP;
use models::assistant::Assistant;
use models::{CampaignId, SubscriptionGroupId};
use simulated_braze::{Kind, ReplyCampaign, Workspace};

use crate::world::{CAMPAIGN, KEY, OWN_WEBHOOK};

/// Lets the assistant subscribe newcomers if it is the `packed` one: that names no group, because no two brands have
/// the same one, and without one nobody whom simulated Braze does not know would read an answer.
pub(crate) fn subscribe_newcomers(assistant: &mut Assistant, packed: bool) {
    if packed && assistant.profile.newcomers_group.is_none() {
        assistant.profile.newcomers_group = SubscriptionGroupId::new(SIMULATED_GROUP).ok();
    }
}

/// The campaigns that the shipped examples name: the shop among the samples, and the flow that stands in the packed
/// `assistant.toml` as a comment.
const EXAMPLES: [(&str, Kind); 3] = [
    ("replies-later", Kind::Template),
    ("replies-returns", Kind::Response),
    ("11111111-2222-4333-8444-555555555555", Kind::Response),
];

/// The campaigns that `assistant` names and `workspace` has not: Braze refuses what is sent by them.
pub(crate) fn unknown_campaigns(assistant: &Assistant, workspace: &Workspace) -> Vec<String> {
    let named = assistant.campaigns().into_iter().map(|id| id.as_str().to_owned());
    named.filter(|id| workspace.replies.iter().all(|campaign| campaign.id != *id)).collect()
}

/// The workspace in which `assistant`, whose door is at `url` and knows `token`, answers; with the campaigns that were
/// `created` there beside those of the README. What is there already is not created again.
pub(crate) fn of(assistant: &Assistant, url: &str, token: &str, created: &[CampaignId]) -> Workspace {
    let mut workspace = Workspace::recommended(&format!("{url}/inbound"), token, CAMPAIGN, KEY);
    // Which group is the number's nobody can know here: the assistant is believed.
    let group = assistant.profile.newcomers_group.as_ref().map_or(SIMULATED_GROUP, SubscriptionGroupId::as_str);
    group.clone_into(&mut workspace.subscription_group);
    // The order that Braze documents. Whether the change is in force at once is not known: the simulation's strict
    // reading, in which no newcomer ever reads the first answer, would leave nothing to show.
    workspace.subscribes_within_send = true;
    let closed_window = assistant.replies.closed_window.as_ref();
    let kind = |id: &CampaignId| if closed_window == Some(id) { Kind::Template } else { Kind::Response };
    let created = created.iter().map(|id| (id.as_str(), kind(id)));
    for (id, kind) in EXAMPLES.into_iter().chain(created) {
        if workspace.replies.iter().all(|campaign| campaign.id != id) {
            workspace.replies.push(ReplyCampaign { kind, ..ReplyCampaign::recommended(id) });
        }
    }
    for campaign in &mut workspace.inbound {
        campaign.headers.push((OWN_WEBHOOK.to_owned(), "1".into()));
    }
    workspace
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const PACKED: &str = include_str!("../../../functions/responder/assistant/assistant.toml");
    const SHOP: &str = include_str!("../../../functions/responder/samples/shop/assistant.toml");

    fn of(created: &[&str]) -> Vec<String> {
        let created: Vec<_> = created.iter().map(|id| CampaignId::new(*id).unwrap()).collect();
        let workspace = super::of(&Assistant::from_toml("").unwrap(), "http://x.example", "token", &created);
        workspace.replies.into_iter().map(|campaign| campaign.id).collect()
    }

    #[test]
    fn a_campaign_that_is_there_is_not_created_again() {
        let mut ids = of(&["spring", "replies-later", "spring", CAMPAIGN, "autumn"]);
        assert_eq!(ids[ids.len() - 2..], ["spring", "autumn"]);
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all, "{ids:?}");
    }

    #[test]
    fn the_examples_campaigns_are_those_that_the_shipped_files_name() {
        let shop = Assistant::from_toml(SHOP).unwrap();
        // The flow stands in the packed file as a comment.
        let (_, flow) = PACKED.split_once("# [flows.return]\n").unwrap();
        let ids = flow.lines().filter_map(|line| line.strip_prefix("# campaign = \"")?.split('"').next());
        let of_shop = shop.campaigns();
        let named: BTreeSet<_> = of_shop.iter().map(CampaignId::as_str).chain(ids).collect();
        assert_eq!(named, EXAMPLES.iter().map(|(id, _)| *id).collect());
        let template = shop.replies.closed_window.as_ref().map(CampaignId::as_str);
        for (id, kind) in EXAMPLES {
            assert_eq!(kind == Kind::Template, template == Some(id), "{id}");
        }
    }
}
