//! Flows that another system of the brand starts.

use conversation::decide::{ParkReason, STALE_AFTER};
use models::Attributes;
use platform::metrics::Metric;
use store::{Head, Owner, TurnKind};

use crate::Responder;
use crate::agenda::Agenda;
use crate::draft::{Draft, Drafted};
use crate::ended::Cause;
use crate::facts::news;
use crate::history::History;
use crate::matter::Matter;
use crate::way::Way;
use crate::words::Words;

impl Responder {
    /// The first step of the flow that somebody asked for; in the place of one that the user is in. Where it led to a person,
    /// that person is told. Not while a person has the conversation, nor where the user wants silence, nor where it could not
    /// be read.
    pub(crate) fn started(&self, head: &Head, history: &History, agenda: &Agenda) -> Drafted {
        let give_up = |reason| Drafted { draft: Draft::Park(reason), counts: vec![] };
        let now = self.clock.now();
        let silence = || Draft::Silence(Cause::FlowNotStarted);
        let Some(start) = agenda.open.first() else { return Drafted { draft: silence(), counts: vec![] } };
        if history.led_to_people(&start.id) {
            // The user was told so: then its person must hear of it, or had the conversation already.
            let is_theirs = head.owner == Owner::Person;
            let draft = if is_theirs { Draft::Forward(vec![0], None) } else { Draft::Silence(Cause::NothingNew) };
            return Drafted { draft, counts: vec![] };
        }
        if now.since(start.arrival) >= STALE_AFTER {
            return give_up(ParkReason::Stale);
        }
        if head.attempts >= self.assistant.limits.attempts {
            return give_up(ParkReason::Attempts);
        }
        let not_started = |why: &'static str| {
            tracing::warn!(log_id = start.log_id, why, "a flow is not started");
            Drafted { draft: silence(), counts: vec![(Metric::FlowNotStarted, 1)] }
        };
        if head.owner == Owner::Person {
            let alone_from = history.left_alone_since(head.owner_since) + self.assistant.hand_off.return_after;
            if now >= alone_from {
                return Drafted { draft: Draft::TakeBack(alone_from), counts: vec![] };
            }
            return not_started("a person has the conversation");
        }
        if head.opted_out {
            return not_started("its user has opted out");
        }
        let matter = Matter {
            history,
            way: Way::default(),
            messages: vec![],
            said: vec![],
            newest: start,
            log_ids: start.log_id.clone(),
            language: self.language(start, &[], history),
            attempts: head.attempts,
            desk: self.desk.is_some(),
            aloud: ai::Aloud::default(),
        };
        let Some(answered) = self.flow_named(start.text.as_str(), &matter) else {
            return not_started("the assistant has no such flow");
        };
        let reply = self.way_back(history).carries(answered.reply);
        let Some(reply) = self.through_the_window(reply, head, now) else {
            return not_started("its user has not written for a day, or never, and there is no template");
        };
        if reply.is_empty() {
            return not_started("there is nothing to see in its first question");
        }
        let to = history.name_of(start).clone();
        let mut words = Words {
            events: answered.events,
            flow: answered.flow,
            own_line: answered.own_line,
            ..Words::plain(answered.kind.unwrap_or(TurnKind::Answer), reply, to)
        };
        let is_handed_over = matches!(words.kind, TurnKind::HandOff(_));
        let mut attributes = if is_handed_over { self.who_owns(true, now) } else { Attributes::default() };
        attributes.merge(answered.attributes);
        words.attributes = news(&attributes, &words.to, history, head.owner_since);
        words.attributes.merge(self.welcome(&words.to, words.kind, head, history));
        Drafted { draft: Draft::Say(Box::new(words)), counts: vec![(Metric::FlowStarted, 1)] }
    }
}
