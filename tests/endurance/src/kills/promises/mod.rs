//! The promises, judged on the evidence of a run. Each check says what is broken and what shows it.

mod accounted;
mod causes;
mod copies;
mod history;
mod order;
mod people;
mod silence;
mod words;

use std::collections::BTreeMap;

use serde_json::Value;

use super::trace::Event;
use history::History;

/// Everything that is known of a run once it is over.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// The most copies of a part that a user may read.
    pub most_copies: usize,
    /// The assistant's fallback line.
    pub fallback: String,
    /// The marks of the texts that mean STOP.
    pub stops: Vec<String>,
    /// What happened, in its order.
    pub events: Vec<Event>,
    /// What Braze took, in its order.
    pub taken: Vec<Taken>,
    /// The ids of the dead letters.
    pub dead: Vec<String>,
    /// The ids of what is in quarantine.
    pub quarantined: Vec<String>,
    /// Users with the ids of messages that are not settled.
    pub open: Vec<(String, String)>,
    /// What the brand wrote on each user's phone, in its order.
    pub phones: BTreeMap<String, Vec<String>>,
    /// How often an alarm was raised about a send of which nobody knows whether it arrived.
    pub alarms: usize,
    /// Calls that Braze refused.
    pub refused: Vec<String>,
    /// Why something that Braze took reached nobody.
    pub undelivered: Vec<String>,
}

/// A send that Braze took.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taken {
    /// The users it named, by external id; anything else shows as JSON.
    pub to: Vec<String>,
    /// The id of the part.
    pub reply: String,
    /// Which part.
    pub part: u64,
    /// Of how many.
    pub parts: u64,
    /// The words.
    pub text: String,
    /// Whether it named more than its one user: a broadcast, an audience.
    pub is_wide: bool,
}

impl Taken {
    /// Reads the body of a call.
    pub fn read(body: &Value) -> Self {
        let recipients = body["recipients"].as_array().cloned().unwrap_or_default();
        let properties = recipients.first().map_or(&Value::Null, |recipient| &recipient["trigger_properties"]);
        let text = |name: &str| properties[name].as_str().unwrap_or_default().to_owned();
        let who = |recipient: &Value| {
            recipient["external_user_id"].as_str().map_or_else(|| recipient.to_string(), str::to_owned)
        };
        Self {
            to: recipients.iter().map(who).collect(),
            reply: text("reply_id"),
            part: properties["part"].as_u64().unwrap_or_default(),
            parts: properties["parts"].as_u64().unwrap_or_default(),
            text: text("external_system_msg_body"),
            is_wide: ["broadcast", "audience"].iter().any(|name| body.get(name).is_some()),
        }
    }

    /// The message that names the turn: the first one it answers.
    pub(crate) fn turn(&self) -> &str {
        self.reply.split_once('#').map_or("", |(turn, _)| turn)
    }

    /// Whom it went to, if that is one user.
    pub(crate) fn user(&self) -> Option<&str> {
        match self.to.as_slice() {
            [user] if !self.is_wide => Some(user),
            _ => None,
        }
    }
}

/// Every promise that does not hold.
pub fn broken(evidence: &Evidence) -> Vec<String> {
    let history = History::new(evidence);
    let checks = [
        people::check(&history),
        accounted::check(&history),
        copies::check(&history),
        order::check(&history),
        words::check(&history),
        causes::check(&history),
        silence::check(&history),
    ];
    checks.into_iter().flatten().collect()
}

impl Evidence {
    /// Everything, one thing a line, for whoever wants to know how a promise was broken.
    pub(crate) fn told(&self) -> String {
        let events = self.events.iter().map(|event| format!("{event:?}\n"));
        let taken = self.taken.iter().map(|taken| format!("{taken:?}\n"));
        let ends = [("dead", &self.dead), ("quarantined", &self.quarantined), ("refused", &self.refused)];
        events.chain(taken).chain(ends.map(|(what, all)| format!("{what}: {all:?}\n"))).collect()
    }

    /// What became of everything, as figures.
    pub(crate) fn figures(&self) -> Vec<(&'static str, usize)> {
        let history = History::new(self);
        let fates = accounted::fates(&history);
        let count = |fate| fates.iter().filter(|(_, own)| *own == fate).count();
        vec![
            ("messages accepted", fates.len()),
            ("messages answered", count(accounted::Fate::Answered)),
            ("messages answered with the fallback line", count(accounted::Fate::Fallback)),
            ("messages that are dead letters", count(accounted::Fate::Dead)),
            ("messages flagged: sent perhaps, and nobody knows", count(accounted::Fate::Flagged)),
            ("messages after STOP or a takeover, left alone", count(accounted::Fate::LeftAlone)),
            ("users who wrote STOP", history.stopped.len()),
            ("conversations that agents took over", history.owned.len()),
            ("bodies in quarantine", count(accounted::Fate::Quarantined)),
            ("parts that Braze took", self.taken.len()),
            ("parts taken twice", copies::doubles(&history)),
            ("parts after the first one of a reply", self.taken.iter().filter(|taken| taken.part > 1).count()),
        ]
    }
}
