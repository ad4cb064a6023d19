//! Near the workspace's request limit, replies to several people share a call, and whatever befalls it befalls all of them.

use std::collections::HashSet;
use std::time::Duration;

use platform::metrics::Metric;
use responder::OnUnknown;
use simulation::{Brand, Effect, Fault, Figure, Moment, Plan, World};

use crate::{SECOND, goes_on};

const PEOPLE: [&str; 6] = ["ada", "bob", "cy", "dan", "eve", "fay"];

/// A world whose workspace others call so often that its limit is near, and a machine that has learnt it from two answers.
async fn near_the_limit(on_unknown: OnUnknown) -> World {
    let world = World::new(Plan { on_unknown, brand: Brand { busy: true, ..Brand::default() }, ..Plan::default() });
    for _ in 0..2 {
        world.says("somebody", "Are you open?").await;
        goes_on(&world, 10).await;
    }
    world
}

/// All of them write at the same moment, and everything that comes of it has come.
async fn all_write(world: &World) {
    for person in PEOPLE {
        world.says(person, "Where is my parcel?").await;
    }
    goes_on(world, 300).await;
    world.settle(1).await;
}

/// How often something was done so far.
fn count(world: &World, name: &str) -> u32 {
    world.faults.names().iter().filter(|done| **done == name).map(|_| 1).sum()
}

/// The call that they will share.
fn shared_call(world: &World) -> Effect {
    Effect { name: "send", nth: count(world, "send") }
}

fn read_by_each(world: &World) -> Vec<usize> {
    PEOPLE.iter().map(|person| world.read_by(person).len()).collect()
}

#[tokio::test(start_paused = true)]
async fn what_is_ready_at_the_same_moment_is_one_call_and_each_reads_their_own() {
    let world = near_the_limit(OnUnknown::ResendOnce).await;
    let before = count(&world, "send");
    all_write(&world).await;
    assert_eq!(read_by_each(&world), [1; 6]);
    assert_eq!((count(&world, "send") - before, world.witness.figures().get(Figure::Shared)), (1, 6));
    assert_eq!(world.witness.violations(), Vec::<String>::new());
}

/// What somebody reads, and what is flagged, whose only call is befallen by `fault`.
async fn alone(on_unknown: OnUnknown, fault: &Fault) -> (usize, usize) {
    let world = World::new(Plan { on_unknown, ..Plan::default() });
    world.faults.listed([(Effect { name: "send", nth: 0 }, fault.clone())]);
    world.says("ada", "Where is my parcel?").await;
    goes_on(&world, 300).await;
    world.settle(1).await;
    (world.read_by("ada").len(), world.counted(Metric::Flagged))
}

#[tokio::test(start_paused = true)]
async fn whatever_befalls_a_shared_call_each_reads_as_often_as_if_it_had_been_theirs_alone() {
    let (before, after, long) = (Moment::Before, Moment::After, 150 * SECOND);
    let faults = [
        Fault::Limited(None),
        Fault::Limited(Some(Duration::from_mins(2))),
        Fault::Unauthorized,
        Fault::Empty,
        Fault::Slow(2 * SECOND),
        Fault::Slow(20 * SECOND),
        Fault::Fails(before),
        Fault::Fails(after),
        Fault::Dies(before),
        Fault::Dies(after),
        Fault::Freezes(before, long),
        Fault::Freezes(after, long),
        Fault::Lags(30 * SECOND),
        Fault::Cut(30 * SECOND),
    ];
    let mut read = HashSet::new();
    for fault in faults {
        for on_unknown in [OnUnknown::ResendOnce, OnUnknown::Flag] {
            let (reads, flagged) = alone(on_unknown, &fault).await;
            let world = near_the_limit(on_unknown).await;
            world.faults.listed([(shared_call(&world), fault.clone())]);
            all_write(&world).await;
            assert_eq!(world.witness.violations(), Vec::<String>::new(), "{on_unknown:?} {fault:?}");
            assert_eq!(read_by_each(&world), [reads; 6], "{on_unknown:?} {fault:?}");
            assert_eq!(world.counted(Metric::Flagged), 6 * flagged, "{on_unknown:?} {fault:?}");
            read.insert(reads);
        }
    }
    assert_eq!(read, HashSet::from([0, 1, 2]));
}

#[tokio::test(start_paused = true)]
async fn what_braze_refuses_as_wrong_may_be_anothers_mistake_and_each_goes_alone() {
    let world = near_the_limit(OnUnknown::Flag).await;
    let before = count(&world, "send");
    world.faults.listed([(shared_call(&world), Fault::Refused(400))]);
    all_write(&world).await;
    assert_eq!(read_by_each(&world), [1; 6]);
    assert_eq!((count(&world, "send") - before, world.counted(Metric::Parked)), (1 + 6, 0));
    assert_eq!(world.witness.violations(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_stood_still_while_replies_waited_for_their_call_sends_none_of_them() {
    let world = near_the_limit(OnUnknown::ResendOnce).await;
    // The last of them is about to wait with the others when everything stops.
    let last = Effect { name: "commit", nth: count(&world, "commit") + 5 };
    world.faults.listed([(last, Fault::Freezes(Moment::After, 200 * SECOND))]);
    all_write(&world).await;
    assert_eq!(read_by_each(&world), [1; 6]);
    assert_eq!(world.witness.violations(), Vec::<String>::new());
}
