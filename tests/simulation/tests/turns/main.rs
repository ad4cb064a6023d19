//! The ordinary life of a conversation: bursts, duplicates, long replies, refusals.

mod batches;
mod bursts;
mod failures;
mod flows;
mod forgotten;
mod later;
mod learned;
mod moments;
mod owed;
mod people;
mod profiles;
mod routes;
mod shared_calls;
mod streamed;
mod summaries;
mod window;

use std::time::Duration;

pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// The world goes on for so many seconds.
pub(crate) async fn goes_on(world: &simulation::World, seconds: u32) {
    for _ in 0..seconds {
        tokio::time::sleep(SECOND).await;
        world.poll_once().await;
        world.poll_agents_once().await;
    }
}
