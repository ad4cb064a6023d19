//! From the work queue to the responder and back: Lambda's event source mapping with partial batch failures.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::watch;

use super::cloud::Delivery;
use super::environment::Environment;
use super::fate::Role;
use super::world::World;
use crate::Unfit;

/// Of a hundred deliveries, how many come twice.
const TWICE: usize = 2;

/// Feeds one environment of the responder until it is told to stop.
pub(super) async fn feed(world: Arc<World>, stop: watch::Receiver<bool>) -> Result<(), Unfit> {
    let mut environment = Environment::new(Role::Responder, &world);
    while !*stop.borrow() {
        let most = batch_size(&world);
        let batch = world.cloud.receive(most).await?;
        if batch.is_empty() {
            continue;
        }
        for delivery in &batch {
            if world.chance.lock().percent(TWICE) {
                world.cloud.show_again(&delivery.receipt).await?;
            }
        }
        let event = json!({"Records": batch.iter().map(Delivery::record).collect::<Vec<_>>()});
        if let Some(response) = environment.invoke(event).await {
            let kept = kept(&response);
            for delivery in batch.iter().filter(|delivery| !kept.contains(delivery.id.as_str())) {
                world.cloud.delete(&delivery.receipt).await;
            }
        }
    }
    environment.stop().await;
    Ok(())
}

/// Mostly few: whoever dies takes less with it, and more processes are needed. In a quick run one: the others of a batch
/// would be held when it dies.
fn batch_size(world: &World) -> usize {
    let mut chance = world.chance.lock();
    match chance.percent(20) {
        _ if world.options.quick => 1,
        true => 10,
        false => 1 + chance.below(3),
    }
}

fn kept(response: &Value) -> HashSet<&str> {
    let failures = response["batchItemFailures"].as_array();
    failures.into_iter().flatten().filter_map(|failure| failure["itemIdentifier"].as_str()).collect()
}
