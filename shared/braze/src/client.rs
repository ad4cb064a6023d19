//! Braze as a channel and as the keeper of profiles.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use models::{Attributes, CampaignId, Recipient, Reply};
use platform::secrets::Key;
use tokio::time::Instant;

use crate::call::Caller;
use crate::outcome::{Outcome, Refusal};
use crate::track::{MOST_OBJECTS, Object, ProfileUpdate, TrackOutcome, Tracked, objects};
use crate::{Allowance, Delivery, Messaging, Profiles, Shared, Together, request};

/// Something in the request is wrong; nobody is told what.
const BAD_REQUEST: Outcome = Outcome::NotAccepted(Refusal::Rejected(400));

/// What a 5xx with a Braze error body means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnServerError {
    /// What Braze's error page says: nothing was sent.
    #[default]
    TrustBraze,
    /// Nobody knows.
    TrustNobody,
}

/// One Braze workspace and the way replies are sent through it.
pub struct Client {
    caller: Caller,
    delivery: Delivery,
    server_errors: OnServerError,
    objects_per_call: usize,
    allowance: Mutex<Option<Allowance>>,
}

impl Client {
    /// A client for the workspace whose REST host is `endpoint` (no slash at its end), sending by `delivery`; the id of a
    /// campaign alone stands for that campaign. `http` must follow no redirects: one would carry the key to another host.
    pub fn new(http: reqwest::Client, endpoint: &str, delivery: impl Into<Delivery>, key: Arc<dyn Key>) -> Self {
        Self {
            caller: Caller { http, endpoint: endpoint.to_owned(), key },
            delivery: delivery.into(),
            server_errors: OnServerError::default(),
            objects_per_call: MOST_OBJECTS,
            allowance: Mutex::default(),
        }
    }

    /// The same client with another reading of server errors.
    #[must_use]
    pub fn on_server_error(self, server_errors: OnServerError) -> Self {
        Self { server_errors, ..self }
    }

    /// The same client with fewer objects in one call of `/users/track`: some contracts with Braze allow 50.
    #[must_use]
    pub fn objects_per_call(self, objects: usize) -> Self {
        Self { objects_per_call: objects.clamp(1, MOST_OBJECTS), ..self }
    }

    async fn send_by_any_name(&self, reply: &Reply, until: Instant) -> Outcome {
        let mut outcome = Outcome::NotAccepted(Refusal::Unsupported);
        for recipient in reply.to.recipients() {
            let Some(request) = request::send(&self.delivery, &recipient, reply) else { continue };
            outcome = self.ask(&request, until).await;
            // A name that Braze does not take is refused with 400, and so is a wrong campaign: where there is no external
            // id, the next name is tried before the refusal is believed.
            if outcome != BAD_REQUEST || matches!(recipient, Recipient::External(_)) {
                break;
            }
        }
        outcome
    }

    /// One call for a message, with what it says of the limit: writes to profiles have a limit of their own.
    async fn ask(&self, request: &request::Request, until: Instant) -> Outcome {
        let called = self.caller.call(request, until).await;
        if let Some(allowance) = called.allowance() {
            *self.allowance.lock().unwrap_or_else(PoisonError::into_inner) = Some(allowance);
        }
        called.outcome(self.server_errors)
    }

    /// Writes the objects of one call and appends what became of each. Gives the refusal that holds for later calls too.
    async fn track_some(
        &self,
        updates: &[ProfileUpdate],
        some: &[Object],
        until: Instant,
        all: &mut Vec<Tracked>,
    ) -> Option<Refusal> {
        let called = self.caller.call(&request::track(updates, some), until).await;
        let outcome = called.outcome(self.server_errors);
        all.extend(crate::track::read(some, &outcome, called.json().as_ref()));
        match outcome {
            // A body that is refused says nothing about the next one; everything else does.
            Outcome::NotAccepted(Refusal::Rejected(400)) | Outcome::Accepted { .. } | Outcome::Unknown(_) => None,
            Outcome::NotAccepted(refusal) => Some(refusal),
        }
    }
}

#[async_trait]
impl Messaging for Client {
    async fn send(&self, reply: &Reply, time: Duration) -> Outcome {
        let until = Instant::now() + time;
        let outcome = self.send_by_any_name(reply, until).await;
        if outcome != BAD_REQUEST
            || request::carried(&self.delivery, &reply.attributes, reply.campaign.as_ref()).is_empty()
        {
            return outcome;
        }
        // It may be a subscription group that there is not, or an attribute: neither must cost the reply.
        let bare = Reply { attributes: Attributes::default(), ..reply.clone() };
        match self.send_by_any_name(&bare, until).await {
            Outcome::Accepted { dispatch_id, remarks, .. } => {
                Outcome::Accepted { dispatch_id, remarks, left_out: true }
            }
            outcome => outcome,
        }
    }

    fn carries(&self, attributes: &Attributes, campaign: Option<&CampaignId>) -> bool {
        request::carried(&self.delivery, attributes, campaign) == *attributes
    }

    fn has_template(&self) -> bool {
        matches!(&self.delivery, Delivery::Messages(sender) if sender.template.is_some())
    }
}

#[async_trait]
impl Shared for Client {
    async fn send_together(&self, together: &Together, time: Duration) -> Outcome {
        let until = Instant::now() + time;
        match request::send_together(&self.delivery, together) {
            Some(request) => self.ask(&request, until).await,
            None => Outcome::NotAccepted(Refusal::Unsupported),
        }
    }

    fn shares(&self, reply: &Reply) -> bool {
        Together::default().add(reply) && request::is_triggered(&self.delivery, reply)
    }

    fn take_allowance(&self) -> Option<Allowance> {
        self.allowance.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[async_trait]
impl Profiles for Client {
    async fn track(&self, updates: &[ProfileUpdate], within: Duration) -> TrackOutcome {
        let until = Instant::now() + within;
        let objects = objects(updates);
        let (mut all, mut stopped) = (Vec::new(), None);
        for some in objects.chunks(self.objects_per_call) {
            if stopped.is_none() && Instant::now() >= until {
                stopped = Some(Refusal::Unavailable);
            }
            match stopped {
                Some(refusal) => all.extend(some.iter().map(|_| Tracked::NotAccepted(refusal))),
                None => stopped = self.track_some(updates, some, until, &mut all).await,
            }
        }
        TrackOutcome::new(updates, all)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({})", self.caller.endpoint)
    }
}

#[cfg(test)]
mod tests;
