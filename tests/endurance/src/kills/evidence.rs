//! What is left of a run: the evidence on which the promises are judged, and the figures.

use std::collections::BTreeMap;

use serde_json::Value;
use simulated_braze::Sender;

use super::promises::{Evidence, Taken, broken};
use super::trace::Event;
use super::world::World;
use super::{FALLBACK, marks, users};
use crate::{Report, Unfit};

/// A word about how it goes.
pub(super) fn so_far(world: &World) -> String {
    let typed = world.trace.count(|event| matches!(event, Event::Typed { .. }));
    let sent = world.trace.count(|event| matches!(event, Event::Sent { taken: true, .. }));
    format!("{typed} texts typed, {sent} parts of replies taken")
}

/// Looks everywhere once more.
pub(super) async fn gathered(world: &World) -> Result<Evidence, Unfit> {
    let ids = |bodies: Vec<String>| -> Vec<String> {
        let id = |body: &String| serde_json::from_str::<Value>(body).ok()?["id"].as_str().map(str::to_owned);
        bodies.iter().filter_map(id).collect()
    };
    let mut open = Vec::new();
    for user in (0..users::how_many(world.options.count)).map(marks::user) {
        open.extend(unsettled(&world.cloud.head(&user).await?).into_iter().map(|id| (user.clone(), id)));
    }
    let (mut taken, mut refused) = (Vec::new(), Vec::new());
    for request in world.braze.requests() {
        match request.status {
            Some(200..300) => taken.push(Taken::read(&request.body)),
            status => refused.push(format!("{status:?} {}", request.answer)),
        }
    }
    Ok(Evidence {
        most_copies: world.options.on_unknown.most_copies(),
        fallback: FALLBACK.to_owned(),
        stops: (0..users::how_many(world.options.count)).filter_map(users::stop).collect(),
        events: world.trace.events(),
        taken,
        dead: ids(world.cloud.dead_letters().await?),
        quarantined: ids(world.cloud.quarantined().await?),
        open,
        phones: phones(world),
        alarms: *world.tally.alarms.lock(),
        refused,
        undelivered: world.braze.undelivered().into_iter().map(|one| one.explanation).collect(),
    })
}

/// What every phone shows from the brand.
fn phones(world: &World) -> BTreeMap<String, Vec<String>> {
    let brand = |profile: simulated_braze::Profile| {
        let lines = profile.screen.into_iter().filter(|line| line.from == Sender::Brand);
        Some((profile.external_id?.into_string(), lines.map(|line| line.text.into_string()).collect()))
    };
    world.braze.profiles().into_iter().filter_map(brand).collect()
}

/// Messages that a head says are not settled.
fn unsettled(head: &Value) -> Vec<String> {
    let pending = head.as_object().into_iter().flatten().filter_map(|(name, _)| name.strip_prefix("p_"));
    let turn = head["tv"]["L"].as_array().into_iter().flatten().filter_map(|id| id["S"].as_str());
    pending.chain(turn).map(str::to_owned).collect()
}

/// Of a hundred processes, how many may be killed by their deadline. Their deaths excuse copies as the others do, and nobody
/// meant them: a responder that hung could hide behind them. One is a busy machine's.
const MOST_TIMED_OUT: u32 = 5;

fn too_many_timed_out(timed_out: usize, processes: u32) -> Option<String> {
    let most = (processes * MOST_TIMED_OUT / 100).max(1) as usize;
    (timed_out > most).then(|| format!("{timed_out} processes were killed by their deadline; at most {most} may be"))
}

/// The figures, and whatever is broken.
pub(super) fn report(world: &World, evidence: &Evidence, seed: u64) -> Report {
    let (mut report, tally) = (Report::default(), &world.tally);
    let count = |is_meant: &dyn Fn(&Event) -> bool| evidence.events.iter().filter(|event| is_meant(event)).count();
    report.figure("seed", seed, "");
    report.figure("processes killed", world.kills(), "");
    for (fate, kills) in tally.kills.lock().iter() {
        report.figure(format!("killed {fate}"), *kills, "");
    }
    report.figure("processes started", world.processes(), "");
    report.figure("processes killed by their deadline", *tally.timed_out.lock(), "");
    report.figure("texts typed", count(&|event| matches!(event, Event::Typed { .. })), "");
    report.figure("webhooks with a 2xx", count(&|event| matches!(event, Event::Accepted { .. })), "");
    report.figure("questions to the AI", count(&|event| matches!(event, Event::Asked { .. })), "");
    report.figure("answers of Braze lost", count(&|event| matches!(event, Event::Unheard { .. })), "");
    for (name, value) in evidence.figures() {
        report.figure(name, value, "");
    }
    report.figure("alarms about such a send", evidence.alarms, "");
    report.figure("lines that the functions wrote", *tally.lines.lock(), "");
    for promise in broken(evidence) {
        report.broken(promise);
    }
    for (what, found) in [
        ("a line tells too much or of a panic", tally.leaks.lock().clone()),
        ("a process ended that nobody killed", tally.failures.lock().clone()),
        ("this run does not understand a request", tally.unknown.lock().iter().cloned().collect()),
    ] {
        for found in found {
            report.broken(format!("{what}: {found}"));
        }
    }
    if let Some(too_many) = too_many_timed_out(*tally.timed_out.lock(), world.processes()) {
        report.broken(too_many);
    }
    if world.kills() != world.options.count || *tally.lines.lock() == 0 {
        report.broken("the run did not do what it was to do: processes were not killed, or wrote nothing");
    }
    report
}

#[cfg(test)]
mod tests {
    use super::too_many_timed_out;

    #[test]
    fn processes_may_be_killed_by_their_deadline_now_and_then_and_no_more() {
        for (timed_out, processes, is_too_many) in [(1, 10, false), (2, 10, true), (5, 100, false), (6, 100, true)] {
            assert_eq!(too_many_timed_out(timed_out, processes).is_some(), is_too_many, "{timed_out} of {processes}");
        }
    }
}
