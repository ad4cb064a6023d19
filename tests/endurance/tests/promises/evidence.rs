//! What a run leaves behind, as the checks read it: of one in which all is well, and of one that is spoilt.

use endurance::kills::promises::{Evidence, Taken, broken};
use endurance::kills::trace::{Change, Event, Process};

pub(crate) const FALLBACK: &str = "fallback";

pub(crate) fn head(process: Process, user: &str, change: Change) -> Event {
    Event::Head { process, user: user.to_owned(), change, applied: true }
}

pub(crate) fn typed(mark: &str) -> Vec<Event> {
    let user = mark.split_once('x').map_or("", |(user, _)| user).to_owned();
    let (message, mark) = (format!("id-{mark}"), mark.to_owned());
    vec![
        Event::Typed { user, text: format!("{mark} \"hi\"?"), mark: mark.clone() },
        Event::Queued { message: message.clone(), mark },
        Event::Accepted { message, quarantined: false },
    ]
}

pub(crate) fn filed(process: Process, mark: &str, sequence: u64) -> Event {
    let user = mark.split_once('x').map_or("", |(user, _)| user);
    let change = Change::File { message: format!("id-{mark}"), sequence: Some(sequence), claims: true };
    head(process, user, change)
}

pub(crate) fn asked(mark: &str) -> Event {
    let (question, answer) = (format!("{mark} \"hi\"?"), format!("re: {mark}"));
    Event::Asked { question, history: Vec::new(), answer }
}

pub(crate) fn committed(process: Process, mark: &str) -> Event {
    let user = mark.split_once('x').map_or("", |(user, _)| user);
    head(process, user, Change::Commit { covers: vec![format!("id-{mark}")] })
}

pub(crate) fn sent(process: Process, mark: &str) -> Event {
    Event::Sent { process, reply: format!("id-{mark}#1"), taken: true }
}

pub(crate) fn taken(mark: &str, text: &str) -> Taken {
    let user = mark.split_once('x').map_or("", |(user, _)| user);
    let (to, reply) = (vec![user.to_owned()], format!("id-{mark}#1"));
    Taken { to, reply, part: 1, parts: 1, text: text.to_owned(), is_wide: false }
}

/// One whole turn about one message, by a process that nobody kills.
pub(crate) fn turn(process: Process, mark: &str, sequence: u64) -> Vec<Event> {
    let user = mark.split_once('x').map_or("", |(user, _)| user);
    let mut events = typed(mark);
    events.extend([
        filed(process, mark, sequence),
        asked(mark),
        committed(process, mark),
        sent(process, mark),
        head(process, user, Change::Settle),
        Event::Finished { process },
    ]);
    events
}

/// Two users: one has two messages answered, the other's process died after its send and another one sent it again.
pub(crate) fn good() -> Evidence {
    let mut events = [turn(1, "quokka1x1", 1), turn(1, "quokka1x2", 2), typed("quokka2x1")].concat();
    events.extend([
        filed(2, "quokka2x1", 1),
        asked("quokka2x1"),
        committed(2, "quokka2x1"),
        sent(2, "quokka2x1"),
        Event::Killed { process: 2 },
        head(3, "quokka2", Change::Claim),
        head(3, "quokka2", Change::SendAgain),
        sent(3, "quokka2x1"),
        head(3, "quokka2", Change::Settle),
        Event::Finished { process: 3 },
    ]);
    let taken: Vec<_> = ["quokka1x1", "quokka1x2", "quokka2x1", "quokka2x1"]
        .into_iter()
        .map(|mark| taken(mark, &format!("re: {mark}")))
        .collect();
    Evidence { most_copies: 2, fallback: FALLBACK.to_owned(), events, ..Evidence::default() }.with(taken)
}

/// The user whose messages were answered at once.
pub(crate) fn good_without_copies() -> Evidence {
    let taken = ["quokka1x1", "quokka1x2"].map(|mark| taken(mark, &format!("re: {mark}"))).to_vec();
    let events = [turn(1, "quokka1x1", 1), turn(1, "quokka1x2", 2)].concat();
    Evidence { most_copies: 2, fallback: FALLBACK.to_owned(), events, ..Evidence::default() }.with(taken)
}

pub(crate) trait With {
    fn with(self, taken: Vec<Taken>) -> Self;
}

impl With for Evidence {
    /// What Braze took, as it shows on the phones.
    fn with(mut self, taken: Vec<Taken>) -> Self {
        self.phones.clear();
        for one in &taken {
            let phone = self.phones.entry(one.to.first().cloned().unwrap_or_default()).or_default();
            phone.push(one.text.clone());
        }
        Self { taken, ..self }
    }
}

pub(crate) fn spoilt(spoil: impl FnOnce(&mut Evidence)) -> String {
    let mut evidence = good();
    spoil(&mut evidence);
    let taken = evidence.taken.clone();
    broken(&evidence.with(taken)).join("\n")
}
