//! What may be sent: only what a write has begun, to the person who asked, in order, in time, and no more copies than the
//! policy risks; each second copy must have its cause in the trace. What Braze denies costs one more.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use braze::{Outcome, Refusal};
use models::{ConversationKey, MessageId, Reply, Timestamp};
use platform::clock::Clock as _;
use platform::metrics::Metric;
use store::TurnKey;

use super::phone::Request;
use super::{Figure, State, Witness, canaries, person};
use crate::machine::Machine;

/// WhatsApp's window, and what clocks may differ by.
const WINDOW: Duration = Duration::from_mins(24 * 60 + 3);

/// What is known of one part of one reply.
#[derive(Debug, Clone, Default)]
pub(super) struct Part {
    pub(super) text: String,
    /// How often it reached its user and Braze did not deny that.
    pub(super) delivered: u32,
    /// How often it did although Braze said that it could not take it.
    denied: u32,
    /// What the last send came to; none if nobody heard.
    pub(super) heard: Option<Heard>,
    /// The request by which it was last sent; none if no write had begun it.
    request: Option<usize>,
    /// The step of the claim under which it was last sent.
    pub(super) claimed_at: usize,
    /// What had failed by then that is about its user.
    failures: usize,
    /// Who sent it last, and how often that machine had been held up by then.
    by: Option<(Arc<Machine>, usize)>,
    /// Whether it was last sent by a living machine whose claim somebody with a clock far ahead had ended: a reply may wait for
    /// its call, and that one cannot know.
    was_overtaken: bool,
}

/// What the sender heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    Accepted,
    Refused,
    Rejected,
    Nothing,
}

impl Witness {
    /// A request is about to leave. Returns its number, if a write began it.
    pub(crate) fn sending(&self, reply: &Reply, machine: &Arc<Machine>) -> Option<usize> {
        let mut state = self.lock();
        state.step(self.clock.now(), || {
            format!("sending {} to {}", reply.id.as_str(), reply.to.conversation().as_str())
        });
        let begun = state.was_begun(reply, machine);
        state.goes_to_who_asked(reply, self.clock.now());
        let name = part_name(reply.id.as_str(), begun.as_ref().map_or(NO_TURN, |(_, turn)| *turn));
        let cause = state.copy_of(reply, &name, machine, self.most_copies);
        if let Err(what) = cause {
            state.broken(what);
        }
        let (key, turn) = begun?;
        state.arrives_in_the_window(&key, reply, self.clock.now());
        state.goes_by_its_campaign(&key, turn, reply);
        let epoch = machine.claim_of(&key);
        state.requests.push(Request::new(key, turn, reply.part, epoch));
        let request = state.requests.len() - 1;
        state.parts.entry(name).or_default().request = Some(request);
        Some(request)
    }

    /// A message reached the user's phone, and what it carries their profile, by `request`.
    pub(crate) fn delivered(&self, request: Option<usize>, reply: &Reply, carries: bool) {
        let most = self.most_copies;
        let mut state = self.lock();
        state.step(self.clock.now(), || format!("delivered {}", reply.id.as_str()));
        let turn = request.map_or(NO_TURN, |request| state.requests[request].turn);
        let part = state.parts.entry(part_name(reply.id.as_str(), turn)).or_default();
        part.delivered += 1;
        let (copies, denied) = (part.delivered, part.denied);
        state.figures.count(Figure::Delivered);
        if copies + denied == 2 {
            state.figures.count(Figure::ReadTwice);
        }
        if copies > most {
            state.broken(format!("{} was delivered {copies} times", reply.id.as_str()));
        }
        if carries {
            state.comes_with(&reply.to, &reply.attributes);
        }
        state.reaches_a_subscriber(&reply.to, self.faults.count() == 0);
        if let Some(request) = request {
            state.appears(request, reply);
        }
    }

    /// What the sender heard of it.
    pub(crate) fn heard(&self, request: Option<usize>, reply: &Reply, outcome: &Outcome) {
        let heard = match outcome {
            Outcome::Accepted { .. } => Heard::Accepted,
            Outcome::NotAccepted(Refusal::Rejected(_)) => Heard::Rejected,
            Outcome::NotAccepted(_) => Heard::Refused,
            Outcome::Unknown(_) => Heard::Nothing,
        };
        let mut state = self.lock();
        state.step(self.clock.now(), || format!("heard {heard:?} of {}", reply.id.as_str()));
        let turn = request.map_or(NO_TURN, |request| state.requests[request].turn);
        let name = part_name(reply.id.as_str(), turn);
        let part = state.parts.entry(name.clone()).or_default();
        // Who sent it before somebody else did may hear of that only now: what counts is the last one.
        if part.request == request {
            part.heard = Some(heard);
        }
        if let Some(request) = request {
            state.requests[request].heard = Some(heard);
            let was_denied = heard == Heard::Refused && state.takes_back(request);
            if was_denied && let Some(part) = state.parts.get_mut(&name) {
                part.delivered -= 1;
                part.denied += 1;
                state.figures.count(Figure::ReadDenied);
            }
        }
        match heard {
            // That an answer takes a moment is not said later.
            Heard::Refused if is_moment(reply.id.as_str()) || is_beginning(reply.id.as_str()) => {}
            Heard::Refused => state.ledger.expects(Metric::SendDelayed, 1),
            Heard::Nothing => state.ledger.expects(Metric::UnknownSend, 1),
            Heard::Accepted | Heard::Rejected => {}
        }
    }
}

impl Witness {
    /// Several people's parts shared a call, and this came of it. What Braze refuses for good may be another one's mistake:
    /// each part may be sent once more, alone.
    pub(crate) fn shared(&self, requests: &[(Option<usize>, Reply)], outcome: &Outcome) {
        let mut state = self.lock();
        let people: HashSet<_> = requests.iter().map(|(_, reply)| reply.to.conversation()).collect();
        if people.len() < requests.len() || people.len() > 50 {
            state.broken(format!("a call of {} parts was for {} people", requests.len(), people.len()));
        }
        for request in requests.iter().filter_map(|(request, _)| *request) {
            state.figures.count(Figure::Shared);
            let Request { key, turn, part, epoch, .. } = &state.requests[request];
            let (key, made) = (key.clone(), (*turn, *part, epoch.unwrap_or_default()));
            if matches!(outcome, Outcome::NotAccepted(Refusal::Rejected(_))) {
                state.conversations.entry(key).or_default().alone.push(made);
            }
        }
    }
}

impl State {
    fn was_begun(&mut self, reply: &Reply, machine: &Machine) -> Option<(ConversationKey, TurnKey)> {
        let first = first(reply);
        let Some(key) = self.filed.get(&first).cloned() else {
            self.broken(format!("{first:?} was never filed"));
            return None;
        };
        let says = |(turn, part, _): &(TurnKey, u32, u64)| {
            let draft = self.drafts.get(&(key.clone(), *turn));
            let part =
                draft.map(|draft| &draft.row).filter(|row| *part == reply.part && row.covers.first() == Some(&first));
            let said = part.and_then(|row| row.reply.get(reply.part as usize - 1));
            said.map(|said| &said.content) == Some(&reply.content)
        };
        // The same words may have been begun in vain before: what the sender itself began comes first.
        let own = |begun: &(TurnKey, u32, u64)| machine.claim_of(&key) == Some(begun.2) && says(begun);
        let known = self.conversations.entry(key.clone()).or_default();
        let made = if let Some(place) = known.begun.iter().position(own) {
            Some(known.begun.remove(place))
        } else if let Some(place) = known.alone.iter().position(own) {
            Some(known.alone.remove(place))
        } else {
            known.begun.iter().rposition(says).map(|place| known.begun.remove(place))
        };
        if let Some((turn, ..)) = made {
            return Some((key, turn));
        }
        self.broken(format!("{} was sent without a write that began it", reply.id.as_str()));
        None
    }

    /// What the claim of `epoch` heard of a part that it sent.
    pub(super) fn heard_by(&self, key: &ConversationKey, (turn, part): (TurnKey, u32), epoch: u64) -> Option<Heard> {
        let own = |request: &&Request| {
            (&request.key, request.turn, request.part, request.epoch) == (key, turn, part, Some(epoch))
        };
        self.requests.iter().rev().find(own).and_then(|request| request.heard)
    }

    fn goes_to_who_asked(&mut self, reply: &Reply, now: Timestamp) {
        let first = first(reply);
        let Some(asked) = self.queued.get(&first) else { return };
        let known = |identity: &models::Identity| {
            let mut keys = identity.other_conversations();
            keys.push(identity.conversation());
            keys
        };
        // Words that say no name come from a conversation that does; an agent names the one that the words are for.
        let name = asked.identity.conversation();
        let is_own = |own: &[String]| own.iter().any(|key| key == name.as_str());
        let owner = || self.own.iter().find(|(_, own)| is_own(own)).map(|(person, _)| person.clone());
        let named = canaries(asked.text.as_str()).first().map(|canary| person(canary).to_owned());
        let who: Option<String> = named.or_else(owner);
        // People may have a phone in common: then only one of their names tells them apart.
        let same = match who.as_ref().and_then(|who| self.own.get(who)) {
            Some(own) => own.iter().any(|key| key == reply.to.conversation().as_str()),
            None => known(&asked.identity).iter().any(|key| known(&reply.to).contains(key)),
        };
        let own = canaries(reply.content.text().as_str()).iter().all(|canary| Some(person(canary)) == who.as_deref());
        // Whatever the turn answers anew: the newest of it says how long it may be answered. What another system starts answers
        // nothing: how long that may be sent is for the window to say.
        let covers =
            self.drafts.values().filter(|draft| draft.row.covers.first() == Some(&first) && !self.is_start(&first));
        let written = covers.filter_map(|draft| self.newest_written(&self.open(&draft.row.covers))).max();
        // A line beside an answer may be said as long as the window is open, whatever it is about.
        let is_beside = reply.id.as_str().contains('!');
        let written = if is_beside { written.max(self.last_written(&reply.to.conversation())) } else { written };
        if !same || !own {
            self.broken(format!("{} goes to somebody who did not ask", reply.id.as_str()));
        }
        if written.is_some_and(|written| now.since(written) > WINDOW) {
            self.broken(format!("{} was sent after WhatsApp's window", reply.id.as_str()));
        }
    }

    /// What needs the window is not sent when it has closed, whoever writes it and however long ago it was drafted.
    fn arrives_in_the_window(&mut self, key: &ConversationKey, reply: &Reply, now: Timestamp) {
        let is_dropped = self.last_written(key).is_some_and(|written| now.since(written) > WINDOW);
        if is_dropped && reply.content.needs_the_window() {
            self.broken(format!("{} was sent to somebody whose window is closed", reply.id.as_str()));
        }
    }

    /// Counts a copy by its cause; an error if it has none.
    fn copy_of(&mut self, reply: &Reply, id: &str, machine: &Arc<Machine>, most: u32) -> Result<(), String> {
        let key = self.filed.get(&first(reply));
        let conversation = key.and_then(|key| self.conversations.get(key));
        let claimed_at = conversation.map_or(0, |conversation| conversation.claimed_at);
        // The sender stood still, and somebody else has sent meanwhile.
        let claim = key.and_then(|key| machine.claim_of(key));
        let is_overtaken = claim.is_some() && claim < conversation.map(|conversation| conversation.epoch);
        let failures = key.map_or(0, |key| self.befallen.failures(key.as_str()));
        let part = self.parts.entry(id.to_owned()).or_default();
        let before = std::mem::replace(
            part,
            Part {
                text: reply.content.text().as_str().to_owned(),
                delivered: part.delivered,
                denied: part.denied,
                heard: None,
                request: None,
                claimed_at,
                failures,
                by: Some((machine.clone(), machine.held_up())),
                was_overtaken: is_overtaken && self.clocks_differ,
            },
        );
        let refused = matches!(before.heard, Some(Heard::Refused | Heard::Rejected));
        let is_known = !before.text.is_empty();
        if is_known && is_moment(id) && before.heard == Some(Heard::Refused) {
            return Err(format!("{id} was sent again although nothing may be"));
        }
        if !is_known || (refused && before.delivered == 0) {
            return Ok(());
        }
        if before.text != reply.content.text().as_str() {
            return Err(format!("{id} was sent with two texts"));
        }
        if most < 2 || is_moment(id) {
            return Err(format!("{id} was sent again although nothing may be"));
        }
        // Of the last one nothing arrived: this one stands for it.
        if refused {
            return Ok(());
        }
        let was_held_up = before.by.is_some_and(|(machine, before)| machine.held_up() > before);
        match before.heard {
            Some(Heard::Nothing) => self.figures.count(Figure::CopiesAfterUnknown),
            None if was_held_up => self.figures.count(Figure::CopiesAfterDeath),
            _ if is_overtaken || before.was_overtaken => self.figures.count(Figure::CopiesAfterDeath),
            Some(_) if was_held_up || failures > before.failures => self.figures.count(Figure::CopiesUnrecorded),
            _ => return Err(format!("{id} was sent again without a cause")),
        }
        Ok(())
    }
}

/// The first message a reply answers: it is in the reply's id.
fn first(reply: &Reply) -> MessageId {
    MessageId::stored(reply.id.as_str().split(['#', '!']).next().unwrap_or_default())
}

fn is_moment(name: &str) -> bool {
    name.contains("!moment")
}

/// Whether it is how an answer begins: what is refused of it is said with the rest.
pub(super) fn is_beginning(name: &str) -> bool {
    name.contains("!begun")
}

/// What stands for the turn of a reply that no write began.
const NO_TURN: TurnKey = TurnKey { number: 0, epoch: 0 };

/// The name of a part among all that are said: a line that is said besides an answer may be said about its message in several
/// turns.
pub(super) fn part_name(reply: &str, turn: TurnKey) -> String {
    if reply.contains('!') { format!("{reply} of turn {}", turn.number) } else { reply.to_owned() }
}
