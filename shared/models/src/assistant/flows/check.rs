//! Whether a flow hangs together.

use std::collections::BTreeSet;

use super::super::section::Section;
use super::super::spelling::{did_you_mean, nearest};
use super::{Flow, Otherwise, Step, Target};

/// What `next` may say beside the name of a step.
pub(super) const TARGETS_BESIDE: &[&str] = &["end", "hand_off"];
/// What `otherwise` may.
const OTHERWISE_BESIDE: &[&str] = &["hand_off", "cancel"];

/// Notes what is wrong with the way the steps lead to each other.
pub(super) fn check(flow: &Flow, section: &mut Section) {
    let mut note = |step: &Step, key: &str, problem: &str| {
        section.mistake(&format!("steps.{}{key}", step.name), problem);
    };
    let names = || flow.steps.iter().map(|step| step.name.as_str());
    // Where names lead nowhere, or to two places, there is no way to speak of.
    let mut is_a_graph = true;
    for (index, step) in flow.steps.iter().enumerate() {
        if flow.steps[..index].iter().any(|other| other.name == step.name) {
            note(step, "", "is the name of two steps");
            is_a_graph = false;
        }
        let nowhere = |name: &&str| flow.step(name).is_none();
        for name in next_names(step).filter(nowhere) {
            note(step, ".next", &missing(name, names(), TARGETS_BESIDE));
            is_a_graph = false;
        }
        if let Some(name) = otherwise_name(step).filter(nowhere) {
            note(step, ".otherwise", &missing(name, names(), OTHERWISE_BESIDE));
            is_a_graph = false;
        }
    }
    if !is_a_graph {
        return;
    }
    let (reachable, ending) = (reachable(flow), ending(flow));
    for step in &flow.steps {
        if !reachable.contains(step.name.as_str()) {
            note(step, "", "is never reached");
        } else if !ending.contains(step.name.as_str()) {
            note(step, ".next", "leads into a loop that no answer leaves");
        }
    }
}

/// What is wrong with a name that leads nowhere, where one of `steps` or a word `beside` them would.
pub(super) fn missing<'a>(name: &str, steps: impl Iterator<Item = &'a str>, beside: &[&'a str]) -> String {
    let meant = nearest(name, steps.chain(beside.iter().copied()), |known| known);
    format!("names the step \"{name}\", which does not exist{}", did_you_mean(meant))
}

fn next_names(step: &Step) -> impl Iterator<Item = &str> {
    step.next.targets().filter_map(|target| match target {
        Target::Step(name) => Some(name.as_str()),
        Target::End | Target::HandOff => None,
    })
}

fn otherwise_name(step: &Step) -> Option<&str> {
    match &step.otherwise {
        Otherwise::Step(name) => Some(name),
        Otherwise::HandOff | Otherwise::Cancel => None,
    }
}

/// The steps that can be come to from the first.
fn reachable(flow: &Flow) -> BTreeSet<&str> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&Step> = flow.steps.first().into_iter().collect();
    while let Some(step) = open.pop() {
        if reached.insert(step.name.as_str()) {
            open.extend(next_names(step).chain(otherwise_name(step)).filter_map(|name| flow.step(name)));
        }
    }
    reached
}

/// The steps from which answers that fit lead to an end.
fn ending(flow: &Flow) -> BTreeSet<&str> {
    let mut ending = BTreeSet::new();
    loop {
        let before = ending.len();
        for step in &flow.steps {
            let is_last = step.next.targets().any(|target| !matches!(target, Target::Step(_)));
            if is_last || next_names(step).any(|name| ending.contains(name)) {
                ending.insert(step.name.as_str());
            }
        }
        if ending.len() == before {
            return ending;
        }
    }
}
