//! Profiles that remember what was written to them.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use braze::{NoProfiles, ProfileUpdate, Profiles, Refusal, TrackOutcome, Tracked, Updated};

use crate::effects::Effects;
use crate::faults::Fault;
use crate::witness::name_of;

#[async_trait]
impl Profiles for Effects<NoProfiles> {
    async fn track(&self, updates: &[ProfileUpdate], within: Duration) -> TrackOutcome {
        self.scene.has_time_for("a profile was written", within);
        let all = |tracked: &Tracked| {
            let of_one = |update: &ProfileUpdate| Updated {
                attributes: (!update.attributes.is_empty()).then(|| tracked.clone()),
                events: vec![tracked.clone(); update.events.len()],
            };
            TrackOutcome { updates: updates.iter().map(of_one).collect() }
        };
        let failure = |fault: &Fault| match fault {
            Fault::Limited(_) => all(&Tracked::NotAccepted(Refusal::RateLimited(None))),
            Fault::Refused(status) => {
                self.scene.witness.profiles_are_refused(updates);
                all(&Tracked::NotAccepted(Refusal::Rejected(*status)))
            }
            Fault::Empty => all(&Tracked::NotAccepted(Refusal::Unavailable)),
            _ => all(&Tracked::Unknown),
        };
        let effect = || {
            let (inner, witness, updates): (Arc<_>, _, _) =
                (self.inner.clone(), self.scene.witness.clone(), updates.to_vec());
            async move {
                witness.profiles_say(&updates);
                inner.track(&updates, within).await
            }
        };
        let named: Vec<_> = updates.iter().map(|update| name_of(&update.who)).collect();
        let tracking = self.scene.live(("track", named), effect, failure);
        tokio::time::timeout(within, tracking).await.unwrap_or_else(|_| all(&Tracked::Unknown))
    }
}
