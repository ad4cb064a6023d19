//! Whoever wrote STOP gets no answer to it, and hears nothing more once it is written down. Nor does the bot begin to say
//! anything once an agent has the conversation; and an agent who was told so gets it.

use super::History;
use crate::kills::trace::Event;

pub(super) fn check(history: &History) -> Vec<String> {
    answered(history)
        .chain(after_stop(history))
        .chain(beside_a_person(history))
        .chain(not_taken_over(history))
        .collect()
}

fn answered(history: &History) -> impl Iterator<Item = String> {
    let stops = &history.evidence.stops;
    let answered = history.evidence.taken.iter().flat_map(|taken| history.answered_by(taken));
    let answered = answered.filter(|mark| stops.iter().any(|stop| stop == mark));
    answered.map(|mark| format!("{mark} is STOP, and was answered"))
}

fn after_stop(history: &History) -> impl Iterator<Item = String> {
    history.evidence.events.iter().enumerate().filter_map(|(at, event)| {
        let Event::Sent { reply, taken: true, .. } = event else { return None };
        let user = history.user_of(reply.split_once('#')?.0)?;
        let is_late = history.stopped.get(user).is_some_and(|since| at > *since);
        is_late.then(|| format!("{reply} was sent after {user} had written STOP"))
    })
}

/// What was begun before may arrive after.
fn beside_a_person(history: &History) -> impl Iterator<Item = String> {
    history.owned.iter().filter_map(|(user, since)| {
        let mut later = history.heads.get(user)?.iter().filter(|done| done.at > *since);
        let begun = later.find(|done| done.change.begins_a_send())?;
        Some(format!("the bot began to say something to {user}, who is a person's: {:?}", begun.change))
    })
}

fn not_taken_over(history: &History) -> impl Iterator<Item = String> {
    history.evidence.events.iter().filter_map(|event| {
        let Event::Wished { user } = event else { return None };
        let is_lost = !history.owned.contains_key(user.as_str());
        is_lost.then(|| format!("an agent was to have the conversation of {user}, and has it not"))
    })
}
