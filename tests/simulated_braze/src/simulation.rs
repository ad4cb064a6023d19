//! The simulation as its users hold it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use models::{Identity, Personal};
use reqwest::Client;
use reqwest::redirect::Policy;
use tokio::sync::watch;

use crate::delivery::NotDelivered;
use crate::faults::Faults;
use crate::profiles::{Name, Profile, Profiles};
use crate::views::{Outcome, PendingWebhook, PhoneMessage, RequestRecord, Snapshot, Undelivered, WebhookRecord};
use crate::webhooks::{self, Inbound, Outgoing};
use crate::workspace::Workspace;
use crate::world::{World, now};

/// A Braze workspace with its users and their phones. Shared by the router that serves its REST interface and by
/// whoever types, looks and meddles.
pub struct SimulatedBraze {
    world: Mutex<World>,
    /// `None` where this machine cannot make a client; then no endpoint can be reached.
    pub(crate) client: Option<Client>,
    changes: watch::Sender<u64>,
    on_their_way: watch::Sender<usize>,
}

/// A text that names no conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a conversation is user:<external id>, braze:<braze id> or alias:<label>:<name>")]
pub struct NotAConversation;

impl SimulatedBraze {
    /// A workspace in which nobody has written yet.
    pub fn new(workspace: Workspace) -> Arc<Self> {
        let client = Client::builder().redirect(Policy::none()).no_proxy().build().ok();
        let (changes, on_their_way) = (watch::Sender::new(0), watch::Sender::new(0));
        Arc::new(Self { world: Mutex::new(World::new(workspace)), client, changes, on_their_way })
    }

    /// A user types `text`: it appears on their phone at once, and the webhooks it fires go out by themselves.
    /// Somebody unknown gets a profile first. Call it within a Tokio runtime.
    pub fn user_types(self: &Arc<Self>, conversation: &str, text: &str) -> Result<(), NotAConversation> {
        self.user_sends(conversation, &Inbound { text: text.into(), media_urls: Personal::default() }).map(drop)
    }

    /// The same with media. Gives why campaigns that the message should have fired did not.
    pub fn user_sends(
        self: &Arc<Self>,
        conversation: &str,
        inbound: &Inbound,
    ) -> Result<Vec<NotDelivered>, NotAConversation> {
        let name = Name::of_conversation(conversation).ok_or(NotAConversation)?;
        let (outgoing, unsent) = self.change(|world| webhooks::receive(world, &name, inbound, now()));
        self.dispatch(outgoing);
        Ok(unsent)
    }

    /// A user wrote, and their webhook was posted by somebody else, by hand perhaps: it appears on their phone and opens the
    /// window for a reply, and no webhook is fired. Somebody unknown gets a profile first.
    pub fn user_wrote(&self, identity: &Identity, text: &Personal) {
        self.change(|world| webhooks::note(world, identity, text, now()));
    }

    /// Waits until no webhook is on its way or waits to be retried.
    pub async fn settled(&self) {
        // The sender lives as long as `self`, so this cannot fail.
        let _ = self.on_their_way.subscribe().wait_for(|count| *count == 0).await;
    }

    /// A number that changes with everything that happens here, for pages that wait for news.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// What the phone of a conversation shows, oldest first; nothing for somebody unknown.
    pub fn phone(&self, conversation: &str) -> Vec<PhoneMessage> {
        self.profile(conversation).map(|profile| profile.screen).unwrap_or_default()
    }

    /// The user of a conversation.
    pub fn profile(&self, conversation: &str) -> Option<Profile> {
        self.look(|world| find(&world.profiles, conversation).map(|at| world.profiles.at(at).clone()))
    }

    /// All users.
    pub fn profiles(&self) -> Vec<Profile> {
        self.look(|world| world.profiles.all().to_vec())
    }

    /// Every call the REST interface received, oldest first.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.look(|world| world.requests.clone())
    }

    /// Every webhook that was sent, oldest first.
    pub fn webhooks(&self) -> Vec<WebhookRecord> {
        self.look(|world| world.webhooks.clone())
    }

    /// Everything that was accepted or typed and reached nobody, oldest first.
    pub fn undelivered(&self) -> Vec<Undelivered> {
        self.look(|world| world.undelivered.clone())
    }

    /// The set-up as it is.
    pub fn workspace(&self) -> Workspace {
        self.look(|world| world.workspace.clone())
    }

    /// The faults in force, with how often each still occurs.
    pub fn faults(&self) -> Faults {
        self.look(|world| world.faults.clone())
    }

    /// Replaces the faults.
    pub fn set_faults(&self, faults: Faults) {
        self.change(|world| world.faults = faults);
    }

    /// Changes the set-up: pauses a campaign, revokes a key. Its `profiles` are only those of the start.
    pub fn change_workspace(&self, change: impl FnOnce(&mut Workspace)) {
        self.change(|world| {
            change(&mut world.workspace);
            world.limits.set_requests_per_hour(world.workspace.requests_per_hour);
        });
    }

    /// Changes a user: subscribes them, gives them a name. False if there is nobody.
    pub fn change_profile(&self, conversation: &str, change: impl FnOnce(&mut Profile)) -> bool {
        self.change(|world| find(&world.profiles, conversation).map(|at| world.profiles.edit(at, change)).is_some())
    }

    /// Lets a day pass for a user, so that response messages no longer reach them. False if there is nobody.
    pub fn close_window(&self, conversation: &str) -> bool {
        let day = Duration::from_hours(24);
        self.change_profile(conversation, |profile| profile.last_inbound = profile.last_inbound.map(|at| at - day))
    }

    /// What has to outlive a restart: users, phones, and webhooks on their way.
    pub fn snapshot(&self) -> Snapshot {
        self.look(|world| {
            let pending = world.webhooks.iter().filter(|webhook| webhook.outcome == Outcome::Pending);
            Snapshot { profiles: world.profiles.all().to_vec(), webhooks: pending.map(still_to_do).collect() }
        })
    }

    /// Takes up where a snapshot was taken, and sends on the webhooks that were on their way. Call it within a Tokio
    /// runtime, before anybody types.
    pub fn restore(self: &Arc<Self>, snapshot: Snapshot) {
        let outgoing = self.change(|world| {
            world.profiles = Profiles::new(snapshot.profiles);
            snapshot.webhooks.into_iter().map(|webhook| webhooks::enter(world, webhook)).collect()
        });
        self.dispatch(outgoing);
    }

    fn dispatch(self: &Arc<Self>, outgoing: Vec<Outgoing>) {
        for webhook in outgoing {
            let counted = OnItsWay::new(Arc::clone(self));
            tokio::spawn(async move {
                Arc::clone(&counted.0).deliver(webhook).await;
                drop(counted);
            });
        }
    }

    pub(crate) fn look<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(&self.world.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let result = change(&mut self.world.lock().unwrap_or_else(PoisonError::into_inner));
        self.changes.send_modify(|number| *number += 1);
        result
    }
}

fn find(profiles: &Profiles, conversation: &str) -> Option<usize> {
    profiles.find_writer(&Name::of_conversation(conversation)?)
}

fn still_to_do(webhook: &WebhookRecord) -> PendingWebhook {
    let WebhookRecord { at, campaign, conversation, dispatch_id, url, body, attempts, .. } = webhook.clone();
    let sent = u32::try_from(attempts.len()).unwrap_or(u32::MAX);
    PendingWebhook { at, campaign, conversation, dispatch_id, url, body, sent }
}

/// Counts one webhook as on its way for as long as it lives.
struct OnItsWay(Arc<SimulatedBraze>);

impl OnItsWay {
    fn new(braze: Arc<SimulatedBraze>) -> Self {
        braze.on_their_way.send_modify(|count| *count += 1);
        Self(braze)
    }
}

impl Drop for OnItsWay {
    fn drop(&mut self) {
        self.0.on_their_way.send_modify(|count| *count -= 1);
    }
}
