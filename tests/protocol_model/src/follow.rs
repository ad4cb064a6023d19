//! Whether what a responder did is a way through the model, by the calls that it made.

use std::collections::HashSet;

use crate::canonical::Canonical;
use crate::run::{How, Step};
use crate::setting::Setting;
use crate::state::State;
use crate::surroundings::Action;

/// The calls that are looked at: every write, every question to the AI and every send, under the names that the simulation has
/// for them.
pub const CALLS: [&str; 13] = [
    "put message",
    "file",
    "claim",
    "mark",
    "ask",
    "draft",
    "commit",
    "send",
    "next part",
    "send again",
    "put back",
    "settle",
    "release",
];

fn call(step: Step) -> Option<&'static str> {
    match step {
        Step::PutRow(_) => Some("put message"),
        Step::File(..) => Some("file"),
        Step::Claim(_) => Some("claim"),
        Step::Mark { .. } | Step::MarkParked(_) => Some("mark"),
        Step::Ask { .. } => Some("ask"),
        Step::PutMoment | Step::PutAside | Step::PutDraft { .. } | Step::PutCut { .. } => Some("draft"),
        Step::Commit { .. } | Step::CommitMoment | Step::CommitAnyway => Some("commit"),
        Step::Send | Step::SendMoment | Step::SendLate { .. } => Some("send"),
        Step::NextPart => Some("next part"),
        Step::SendAgain => Some("send again"),
        Step::PutBack => Some("put back"),
        Step::Settle(_) => Some("settle"),
        Step::Release => Some("release"),
        Step::Look
        | Step::ReadTurn
        | Step::ReadRows { .. }
        | Step::HearHead
        | Step::HearRows
        | Step::WaitOn
        | Step::Tell => None,
    }
}

/// What a run calls in this action. Whoever has no time left to send does not.
fn called(state: &State, action: Action) -> Option<&'static str> {
    match action {
        Action::Run(_, How::Short) => None,
        Action::Run(slot, _) => call(state.runs[slot].step),
        _ => None,
    }
}

/// Whether an action may go unseen: it calls nothing, its run may have died before it called, or its client asks again by itself.
fn is_silent(state: &State, action: Action) -> bool {
    called(state, action).is_none() || matches!(action, Action::Run(_, How::Dies | How::Unheard))
}

impl Setting {
    /// How many of these calls, in their order, can be followed from the start, whatever else happens between them that this
    /// setting allows. As many as there are: they are a way through the model.
    pub fn follows(&self, calls: &[&str]) -> usize {
        let mut canonical = Canonical::default();
        let mut here = self.reached_unseen(vec![self.start()], &mut canonical);
        for (followed, wanted) in calls.iter().enumerate() {
            let mut next = Vec::new();
            for state in &here {
                let successors = state.successors(&self.rules).into_iter();
                let calling = successors.filter(|(action, _)| called(state, *action) == Some(wanted));
                next.extend(calling.map(|(_, after)| after));
            }
            if next.is_empty() {
                return followed;
            }
            here = self.reached_unseen(next, &mut canonical);
        }
        calls.len()
    }

    /// All states that can be reached from these without a call that is seen.
    fn reached_unseen(&self, from: Vec<State>, canonical: &mut Canonical) -> Vec<State> {
        let mut known = HashSet::new();
        let (mut open, mut reached) = (from, Vec::new());
        while let Some(state) = open.pop() {
            if !known.insert(canonical.fingerprint(&state)) {
                continue;
            }
            let successors = state.successors(&self.rules).into_iter();
            open.extend(successors.filter(|(action, _)| is_silent(&state, *action)).map(|(_, after)| after));
            reached.push(state);
        }
        reached
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Fault;
    use crate::setting::FLAG;

    const CALM: [&str; 7] = ["put message", "file", "ask", "draft", "commit", "send", "settle"];

    #[test]
    fn what_the_protocol_does_is_followed_to_its_end() {
        let calm = Setting::new("calm", &[true], FLAG, &[]);
        assert_eq!(calm.follows(&CALM), CALM.len());
        assert_eq!(calm.follows(&[]), 0);
    }

    #[test]
    fn what_it_does_not_do_is_followed_up_to_there() {
        let calm = Setting::new("calm", &[true], FLAG, &[]);
        for (place, missing) in CALM.into_iter().enumerate().take(CALM.len() - 1) {
            let mut swapped = CALM;
            swapped.swap(place, place + 1);
            assert_eq!(calm.follows(&swapped), place, "{swapped:?}");
            let left_out: Vec<_> = CALM.into_iter().filter(|call| *call != missing).collect();
            assert_eq!(calm.follows(&left_out), place, "{left_out:?}");
        }
        let twice = [&CALM[..6], &["send"]].concat();
        assert_eq!(calm.follows(&twice), 6);
    }

    #[test]
    fn what_goes_wrong_needs_a_setting_in_which_it_may() {
        let asked_again = [&CALM[..3], &["claim"], &CALM[2..]].concat();
        for (faults, followed) in [(&[][..], 3), (&[(Fault::Death, 1)][..], asked_again.len())] {
            assert_eq!(Setting::new("one", &[true], FLAG, faults).follows(&asked_again), followed, "{faults:?}");
        }
    }
}
