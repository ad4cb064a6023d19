//! A trace in words.

use std::rc::Rc;

use store::{Head, Owner, SendState};

use crate::run::{How, Run, Step};
use crate::state::{MOST_MESSAGES, Set, State};
use crate::surroundings::{Action, Mail};
use crate::time::Passing;
use crate::witness::Ending;

/// What `action` did to `before`.
pub(crate) fn of(before: &State, action: Action, after: &State) -> String {
    match action {
        Action::Deliver(mail, other) => {
            let both = other.map_or(String::new(), |other| format!(" and {}", name(other)));
            format!("{}{both} delivered to R{}", name(mail), after.next.run)
        }
        Action::Duplicate(mail) => format!("{} delivered once more, to R{}", name(mail), after.next.run),
        Action::Pass(Passing::Lease) => "the lease ends".to_owned(),
        Action::Pass(Passing::Quiet) => "the quiet period ends".to_owned(),
        Action::Pass(Passing::Retry) => "Braze may be tried again".to_owned(),
        Action::Pass(Passing::Burial) => "two minutes pass".to_owned(),
        Action::Pass(Passing::Wait) => "the time of the question is over".to_owned(),
        Action::Answer(question) => format!("an answer about {} reaches the door", messages(question.about)),
        Action::Hear(place) => format!("answer {} delivered to R{}", place + 1, after.next.run),
        Action::HearTwice(place) => format!("answer {} delivered once more, to R{}", place + 1, after.next.run),
        Action::Repeat(mail) => format!("Braze repeats the webhook of m{}", mail.message + 1),
        Action::LastDelivery(mail) => format!("that was the last delivery of {}: a dead letter", name(mail)),
        Action::Bury(mail) => format!("{} came back often enough: a dead letter", name(mail)),
        Action::Redrive(mail) => format!("{} put back from the dead letters", name(mail)),
        Action::Change(Owner::Person) => "a person takes over".to_owned(),
        Action::Change(Owner::Bot) => "the person gives the conversation back".to_owned(),
        Action::Day => "a day passes".to_owned(),
        Action::Run(slot, how) => of_run(before, &before.runs[slot], how, after),
    }
}

fn of_run(before: &State, run: &Run, how: How, after: &State) -> String {
    let step = step(run);
    let outcome = match how {
        How::Well => format!("{step}{}", fate(before, run, after)),
        How::Dies => return format!("R{} dies before it {step}", run.name),
        How::Unheard => format!("{step}; the answer is lost, and the client will repeat it"),
        How::FailsDone => format!("{step}; it happens and is reported as failed"),
        How::FailsUndone => format!("tries and fails: it {step}"),
        How::Slow => format!("{step}, which takes long"),
        How::Later => "asks the AI: the answer will come later".to_owned(),
        How::AiFails => "asks the AI: no answer".to_owned(),
        How::Unknown { delivered } => {
            format!("{step}: nobody knows, and it is {}delivered", if delivered { "" } else { "not " })
        }
        How::Refused => format!("{step}: not accepted for now"),
        How::Rejected => format!("{step}: refused for good"),
        How::Short => "has no time left to send".to_owned(),
        How::NotTold => format!("{step}, but cannot tell the queue when what is kept comes back"),
    };
    format!("R{} {outcome}", run.name)
}

/// What came of a step that went well: refused, if it was to change the head and did not.
fn fate(before: &State, run: &Run, after: &State) -> &'static str {
    if !run.alone && after.runs.iter().any(|other| other.name == run.name && other.alone) {
        return ": the last run ended badly, so it begins again, alone";
    }
    let writes = matches!(
        run.step,
        Step::File(..)
            | Step::Claim(_)
            | Step::Commit { .. }
            | Step::CommitMoment
            | Step::CommitAnyway
            | Step::NextPart
            | Step::SendAgain
            | Step::PutBack
            | Step::Settle(_)
            | Step::Release
    );
    let is_same = match (&before.head, &after.head) {
        (Some(before), Some(after)) => Rc::ptr_eq(before, after),
        _ => false,
    };
    if writes && is_same { ": the table refuses or knows it" } else { "" }
}

fn step(run: &Run) -> String {
    let message = |index: usize| format!("m{}", run.deliveries[index].message + 1);
    let part = || part(&run.head);
    match run.step {
        Step::Look => "reads the head".to_owned(),
        Step::PutRow(index) => format!("puts the row of {}", message(index)),
        Step::File(index, None) => format!("files {} in the head", message(index)),
        Step::File(index, Some(_)) => format!("files {} in the head and claims", message(index)),
        Step::Claim(_) => format!("claims, having seen {} pending", pending(&run.view)),
        Step::ReadTurn => "reads the turn that was left behind".to_owned(),
        Step::ReadRows { again: false } => format!("reads the rows of what is pending ({})", pending(&run.head)),
        Step::ReadRows { again: true } => format!("finds something newer and reads again ({})", pending(&run.head)),
        Step::Mark { .. } => "marks a row that the head will forget".to_owned(),
        Step::PutMoment => "stores the line that it takes a moment".to_owned(),
        Step::CommitMoment => "commits that line and begins to send".to_owned(),
        Step::SendMoment => "sends that line".to_owned(),
        Step::Ask { .. } => "asks the AI".to_owned(),
        Step::HearHead => "reads the head for the answer".to_owned(),
        Step::HearRows => "reads the newest rows for it".to_owned(),
        Step::PutAside => "stores the row of a question that is put aside".to_owned(),
        Step::WaitOn => "finds that the answer may still come".to_owned(),
        Step::PutDraft { .. } => format!("stores a draft for {}", covers(run)),
        Step::Commit { .. } => format!("commits the draft for {} and begins to send", covers(run)),
        Step::CommitAnyway => "leaves what is newer still to the next turn, commits and begins to send".to_owned(),
        Step::Send => format!("sends part {}", part()),
        Step::SendLate { part } => format!("sends part {part}"),
        Step::NextPart => format!("notes that part {} was accepted and begins the next", part()),
        Step::SendAgain => format!("begins one more copy of part {}", part()),
        Step::PutBack => format!("notes that part {} was not accepted", part()),
        Step::PutCut { read } => format!("shortens the turn's row to {read} part(s)"),
        Step::Settle(ending) => format!("settles the turn as {}", ended(ending)),
        Step::MarkParked(message) => format!("marks the row of m{} as given up", message + 1),
        Step::Release => "gives the conversation back".to_owned(),
        Step::Tell => "tells the queue what is over".to_owned(),
    }
}

fn messages(about: Set) -> String {
    (0..MOST_MESSAGES)
        .filter(|message| about.has(*message))
        .map(|message| format!("m{}", message + 1))
        .collect::<Vec<_>>()
        .join(", ")
}

fn name(mail: Mail) -> String {
    let copy = if mail.copy == 0 { "" } else { " (repeated)" };
    format!("m{}{copy}", mail.message + 1)
}

fn pending(head: &Head) -> String {
    let mut pending: Vec<_> = head.pending.iter().collect();
    pending.sort_by_key(|(_, pending)| pending.sequence);
    join(pending.iter().map(|(id, _)| id.as_str()))
}

fn covers(run: &Run) -> String {
    join(run.draft.iter().flat_map(|draft| &draft.covers).map(models::MessageId::as_str))
}

fn join<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

fn part(head: &Head) -> String {
    head.turn.as_ref().map_or_else(String::new, |turn| {
        let copies = turn.copies + u32::from(turn.state == SendState::Ready);
        let copy = if copies > 1 { format!(", copy {copies}") } else { String::new() };
        format!("{} of {}{copy}", turn.part, turn.parts)
    })
}

fn ended(ending: Ending) -> &'static str {
    match ending {
        Ending::Accepted => "answered",
        Ending::Flagged => "flagged",
        Ending::Cut => "cut",
        Ending::Silent => "silent",
        Ending::Parked => "given up",
        Ending::GoesOn => "a moment, and goes on",
        Ending::Aside { .. } => "put aside",
    }
}
