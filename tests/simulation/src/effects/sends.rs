//! Calls of Braze, each for one reply or for several: what befalls a call befalls everybody in it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use braze::{Allowance, Messaging, Outcome, Refusal, Shared, Together};
use models::{Attributes, CampaignId, Reply};

use super::Effects;
use crate::faults::Fault;
use crate::neighbours::ScriptedBraze;
use crate::witness::name_of;

impl Effects<ScriptedBraze> {
    /// One call, for everybody who is named in it: what befalls it befalls all of them.
    async fn call(&self, replies: &[Reply], time: Duration) -> Outcome {
        let witness = &self.scene.witness;
        self.scene.has_time_for("a reply was sent", time);
        let sending = |reply: &Reply| (witness.sending(reply, &self.scene.machine), reply.clone());
        let requests: Arc<[_]> = replies.iter().map(sending).collect();
        let failure = |fault: &Fault| match fault {
            Fault::Limited(wait) => {
                Outcome::NotAccepted(Refusal::RateLimited(wait.map(|wait| self.scene.clock.now() + wait)))
            }
            Fault::Refused(status) => Outcome::NotAccepted(Refusal::Rejected(*status)),
            Fault::Unauthorized => Outcome::NotAccepted(Refusal::Unauthorized),
            Fault::Empty | Fault::Denied => Outcome::NotAccepted(Refusal::Unavailable),
            _ => Outcome::Unknown("a fault"),
        };
        let effect = || {
            let (inner, requests) = (self.inner.clone(), requests.clone());
            async move { inner.call(&requests) }
        };
        let named = requests.iter().flat_map(|(_, reply)| reply.to.recipients());
        let named = named.map(|who| name_of(&who)).collect::<Vec<_>>();
        let sending = self.scene.live(("send", named), effect, failure);
        let outcome = tokio::time::timeout(time, sending).await.unwrap_or(Outcome::Unknown("timed out"));
        for (request, reply) in &*requests {
            witness.heard(*request, reply, &outcome);
        }
        if requests.len() > 1 {
            witness.shared(&requests, &outcome);
        }
        outcome
    }
}

#[async_trait]
impl Messaging for Effects<ScriptedBraze> {
    async fn send(&self, reply: &Reply, time: Duration) -> Outcome {
        self.call(std::slice::from_ref(reply), time).await
    }

    fn carries(&self, attributes: &Attributes, campaign: Option<&CampaignId>) -> bool {
        self.inner.carries(attributes, campaign)
    }
}

#[async_trait]
impl Shared for Effects<ScriptedBraze> {
    async fn send_together(&self, together: &Together, time: Duration) -> Outcome {
        self.call(together.replies(), time).await
    }

    fn shares(&self, reply: &Reply) -> bool {
        Together::default().add(reply)
    }

    fn take_allowance(&self) -> Option<Allowance> {
        self.inner.allowance(self.scene.clock.now())
    }
}
