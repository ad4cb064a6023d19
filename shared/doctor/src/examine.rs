//! The only part that talks to anybody: it asks the door and Braze, and hands every answer to those who judge it. It changes
//! nothing, and sends nothing unless a test user is named.

mod at_the_door;
mod in_braze;

use reqwest::Client;

use crate::answer::Answer;
use crate::campaign::Campaign;
use crate::inbound::Ours;
use crate::questions::{Seen, questions};
use crate::report::{Check, Report};
use crate::{Setup, address, inbound, newcomers, reply};
use in_braze::Braze;

/// Looks at everything in `setup` and tells, before each look, what it is at. `http` must follow no redirects: they are a
/// finding, and one would carry a key to another host.
pub async fn examine(setup: &Setup, http: &Client, tell: &(dyn Fn(&str) + Sync)) -> Report {
    let examination = Examination { setup, http, tell };
    let (mut checks, mut seen) = (Vec::new(), Seen::default());
    let braze = examination.workspace(&mut checks).await;
    let inbound = match &braze {
        Some(braze) => examination.inbound(braze, &mut checks).await,
        None => None,
    };
    seen.token = inbound.as_ref().is_some_and(inbound::shows_its_token);
    checks.extend(at_the_door::look(&examination, inbound.as_ref().and_then(inbound::body)).await);
    if let Some(braze) = &braze {
        let main = examination.replies(braze, &mut checks).await;
        seen.words = main.is_some_and(|campaign| reply::shows_its_words(&campaign));
        checks.extend(examination.newcomers());
        checks.extend(in_braze::send(&examination, braze).await);
    }
    Report::of(checks, questions(seen))
}

/// One run.
struct Examination<'a> {
    setup: &'a Setup,
    http: &'a Client,
    tell: &'a (dyn Fn(&str) + Sync),
}

impl Examination<'_> {
    async fn ask(&self, at: &str, request: reqwest::RequestBuilder) -> Answer {
        (self.tell)(at);
        Answer::of(request).await
    }

    /// Whether Braze is simulated on this machine, or not looked at.
    fn braze_is_here(&self) -> bool {
        self.setup.workspace.as_ref().is_none_or(|workspace| address::is_here(&workspace.endpoint))
    }

    /// What the webhook campaign should agree with.
    fn ours(&self) -> Ours<'_> {
        let door = self.setup.door.as_ref();
        Ours {
            url: door.map(|door| door.url.as_str()),
            token: door.map(|door| &door.token),
            routes: self.setup.routes.as_deref(),
            braze_is_here: self.braze_is_here(),
        }
    }

    /// The workspace, if there is any sense in asking it more.
    async fn workspace(&self, checks: &mut Vec<Check>) -> Option<Braze<'_>> {
        let Some(workspace) = &self.setup.workspace else {
            checks.push(Check::skipped("Braze", "BRAZE_ENDPOINT, BRAZE_API_KEY and BRAZE_CAMPAIGN_ID are not set"));
            return None;
        };
        if in_braze::admitted(self, workspace, checks).await {
            return Some(Braze { workspace });
        }
        checks.push(Check::skipped("the campaigns", "Braze has to take the key first"));
        None
    }

    async fn inbound(&self, braze: &Braze<'_>, checks: &mut Vec<Check>) -> Option<Campaign> {
        let Some(id) = &braze.workspace.inbound_campaign else {
            checks.push(Check::skipped("the webhook campaign", "BRAZE_INBOUND_CAMPAIGN_ID is not set"));
            return None;
        };
        let read = in_braze::campaign(self, braze, id, crate::campaign::Which::Inbound).await;
        let findings =
            read.as_ref().map_or_else(|finding| vec![finding.clone()], |found| inbound::campaign(found, &self.ours()));
        checks.push(Check::of(
            "the webhook campaign",
            "It is live, fires when a customer writes, posts to this door with an Authorization header, and its body is \
             right.",
            findings,
        ));
        read.ok()
    }

    /// Looks at the group of newcomers; simulated Braze has its own.
    fn newcomers(&self) -> Option<Check> {
        let group = self.setup.newcomers_group.as_deref().filter(|_| !self.braze_is_here())?;
        let proves = "Whoever's number Braze does not know is subscribed to a group of yours with the first answer.";
        Some(Check::of("newcomers_group of assistant.toml", proves, newcomers::newcomers_group(group)))
    }

    /// Looks at every campaign that sends; gives the main one.
    async fn replies(&self, braze: &Braze<'_>, checks: &mut Vec<Check>) -> Option<Campaign> {
        let main = self.reply(braze, &braze.workspace.reply_campaign, true, checks).await;
        for id in braze.workspace.further_campaigns.iter().filter(|id| **id != braze.workspace.reply_campaign) {
            self.reply(braze, id, false, checks).await;
        }
        main
    }

    async fn reply(&self, braze: &Braze<'_>, id: &str, is_main: bool, checks: &mut Vec<Check>) -> Option<Campaign> {
        let read = in_braze::campaign(self, braze, id, crate::campaign::Which::Reply).await;
        let findings =
            read.as_ref().map_or_else(|finding| vec![finding.clone()], |found| reply::campaign(found, is_main));
        let what = if is_main { "the reply campaign".to_owned() } else { format!("campaign {id} of assistant.toml") };
        checks.push(Check::of(what, "It is live, a call can make it send, and it sends to WhatsApp.", findings));
        read.ok()
    }
}
