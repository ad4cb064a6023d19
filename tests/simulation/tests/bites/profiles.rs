//! Mistakes in what is written to profiles.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use braze::{Messaging, Outcome, ProfileUpdate, Profiles, TrackOutcome};
use models::{Attributes, ProfileValue, Reply, Subscription, SubscriptionGroupId};
use responder::Responder;
use simulation::{Brand, Effect, Fault, Handler, Plan};

use crate::phone::carried;
use crate::{finds, finds_beside};

fn with_profiles(plan: &mut Plan) {
    plan.brand = Brand { profiles: true, ..Brand::default() };
    plan.toml = plan.brand.toml(0);
    plan.desk = true;
}

#[test]
fn a_profile_that_tells_what_was_said() {
    fn tells(responder: Responder) -> Box<dyn Handler> {
        carried(responder, |reply| {
            let mut attributes = Attributes::default();
            let words: String = reply.content.text().as_str().chars().take(200).collect();
            attributes.set("last_words", ProfileValue::text(words).unwrap()).unwrap();
            vec![Reply { attributes, ..reply.clone() }]
        })
    }
    finds("tells what was said", 20, |plan| {
        with_profiles(plan);
        plan.handler = tells;
    });
}

/// Profiles to which nobody writes who owns a conversation.
struct Silent(Arc<dyn Profiles>);

#[async_trait]
impl Profiles for Silent {
    async fn track(&self, updates: &[ProfileUpdate], within: Duration) -> TrackOutcome {
        let without = |update: &ProfileUpdate| ProfileUpdate { attributes: Attributes::default(), ..update.clone() };
        drop(self.0.track(&updates.iter().map(without).collect::<Vec<_>>(), within).await);
        braze::NoProfiles.track(updates, within).await
    }
}

#[test]
fn a_profile_that_does_not_say_that_a_person_took_over() {
    fn silent(responder: Responder) -> Box<dyn Handler> {
        Box::new(Responder { profiles: Arc::new(Silent(responder.profiles.clone())), ..responder })
    }
    finds("and its owner is the", 200, |plan| {
        with_profiles(plan);
        plan.handler = silent;
    });
}

/// Says the last reply once more when a profile could not be written after it.
struct Again(Arc<dyn Profiles>, Arc<dyn Messaging>, Arc<Mutex<Option<Reply>>>);

#[async_trait]
impl Profiles for Again {
    async fn track(&self, updates: &[ProfileUpdate], within: Duration) -> TrackOutcome {
        let outcome = self.0.track(updates, within).await;
        let last = self.2.lock().unwrap().clone();
        if let (Some(reply), false) = (last, outcome.all_written()) {
            self.1.send(&reply, Duration::from_secs(1)).await;
        }
        outcome
    }
}

/// Remembers the last reply.
struct Remembers(Arc<dyn Messaging>, Arc<Mutex<Option<Reply>>>);

#[async_trait]
impl Messaging for Remembers {
    async fn send(&self, reply: &Reply, time: Duration) -> Outcome {
        *self.1.lock().unwrap() = Some(reply.clone());
        self.0.send(reply, time).await
    }
}

#[test]
fn a_reply_that_is_said_again_because_a_profile_could_not_be_written() {
    fn again(responder: Responder) -> Box<dyn Handler> {
        let last = Arc::default();
        let messaging = Arc::new(Remembers(responder.messaging.clone(), Arc::clone(&last)));
        let profiles = Arc::new(Again(responder.profiles.clone(), responder.messaging.clone(), last));
        Box::new(Responder { messaging, profiles, ..responder })
    }
    finds("was sent again without a cause", 200, |plan| {
        with_profiles(plan);
        plan.handler = again;
    });
}

/// Profiles that say something else about the group.
struct Grouped(Arc<dyn Profiles>, fn(&Attributes) -> Attributes);

#[async_trait]
impl Profiles for Grouped {
    async fn track(&self, updates: &[ProfileUpdate], within: Duration) -> TrackOutcome {
        let changed =
            |update: &ProfileUpdate| ProfileUpdate { attributes: (self.1)(&update.attributes), ..update.clone() };
        drop(self.0.track(&updates.iter().map(changed).collect::<Vec<_>>(), within).await);
        braze::NoProfiles.track(updates, within).await
    }
}

#[test]
fn a_wish_to_hear_nothing_that_does_not_reach_braze() {
    fn keeps(responder: Responder) -> Box<dyn Handler> {
        Box::new(Responder {
            profiles: Arc::new(Grouped(responder.profiles.clone(), Attributes::without_groups)),
            ..responder
        })
    }
    let late = (Effect { name: "track", nth: 0 }, Fault::Lags(Duration::from_mins(1)));
    for faults in [None, Some(&[late][..])] {
        finds_beside(faults, "is still in the group", 200, |plan| {
            with_profiles(plan);
            plan.handler = keeps;
        });
    }
}

#[test]
fn somebody_who_leaves_the_group_without_having_said_so() {
    fn leaves(responder: Responder) -> Box<dyn Handler> {
        let left = |attributes: &Attributes| {
            let mut left = attributes.clone();
            left.subscribe(SubscriptionGroupId::new("the-group").unwrap(), Subscription::Unsubscribed);
            left
        };
        Box::new(Responder { profiles: Arc::new(Grouped(responder.profiles.clone(), left)), ..responder })
    }
    finds("never wrote STOP", 200, |plan| {
        with_profiles(plan);
        plan.handler = leaves;
    });
}
