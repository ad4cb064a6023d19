//! What agents write, on its way to the user.

use conversation::decide::{ParkReason, STALE_AFTER, without_copies};
use conversation::shape::verbatim;
use desk::{DeskEvent, NotSent, What};
use models::Utterance;
use platform::metrics::Metric;
use store::{Head, TurnKind};

use crate::Responder;
use crate::agenda::Agenda;
use crate::attend::{Stop, Worked};
use crate::draft::{Draft, Drafted, pending};
use crate::ended::{Cause, End, Messages};
use crate::history::{History, look};
use crate::settle::Settled;
use crate::turn::{Claimed, Words};

impl Responder {
    /// An agent's lines, each as it was written, in the order in which they reached the door. A desk that does not name its
    /// requests may have sent one twice. What was written a day ago is no longer sent: it may not be read any more.
    pub(crate) fn in_the_agents_words(&self, head: &Head, history: &History, agenda: &Agenda) -> Drafted {
        let now = self.clock.now();
        let newest = agenda.open.iter().map(|message| message.arrival).max();
        if newest.is_some_and(|newest| now.since(newest) >= STALE_AFTER) {
            return Drafted { draft: Draft::Park(ParkReason::Stale), counts: vec![] };
        }
        let looks = agenda.said.iter().map(look);
        let pending: Vec<_> = agenda.open.iter().zip(looks).map(|(message, look)| pending(message, look)).collect();
        let counted = without_copies(&pending, &history.last_agent_turn());
        let counts = vec![(Metric::Duplicate, pending.len() - counted.len())];
        let lines = counted.iter().map(|place| agenda.open[*place].text.as_str());
        let reply: Vec<_> = lines.flat_map(verbatim).map(Utterance::from).collect();
        let Some(newest) = agenda.open.last().filter(|_| !reply.is_empty()) else {
            return Drafted { draft: Draft::Silence(Cause::NothingNew), counts };
        };
        let Some(reply) = self.through_the_window(reply, head, now) else {
            return Drafted { draft: Draft::NotSent(counted), counts };
        };
        // The desk may know the user by one name only; the user's own messages brought all of them.
        let to = history.addressee().unwrap_or(&newest.identity).clone();
        let said = counted.iter().map(|place| agenda.said[*place].clone()).collect();
        let words = Words { said, ..Words::plain(TurnKind::Agent, reply, to, head.spent) };
        Drafted { draft: Draft::Say(Box::new(words)), counts }
    }

    /// Tells the desk that the messages at these places were not sent. They are settled: sent later, they would say something
    /// else than their author meant.
    pub(crate) async fn not_sent(&self, claimed: Claimed<'_>, places: &[usize]) -> Result<Worked, Stop> {
        let Claimed { conversation, head, held, agenda, .. } = claimed;
        if let Some(desk) = &self.desk {
            let events: Vec<_> = places.iter().map(|place| not_sent(claimed, *place)).collect();
            if let Err(error) = self.tell(&**desk, conversation, &events).await {
                self.meter.count(Metric::DeskFailed, 1);
                tracing::warn!(log_id = conversation.log_id, %error, "the desk was not told what was not sent");
                if head.attempts < self.assistant.limits.attempts {
                    return self.give_back(conversation, held).await;
                }
            }
        }
        self.count(Metric::WindowClosed, places.len());
        tracing::error!(log_id = conversation.log_id, lines = places.len(), "an agent's words were not sent");
        let silent = Settled::Silent { turn: head.last_turn, aftermath: None };
        let worked = self.settle(conversation, head, held, &agenda.covers, silent).await?;
        self.tell_end(conversation, &Messages::of(agenda), End::Silent(Cause::WindowClosed));
        Ok(worked)
    }
}

fn not_sent(claimed: Claimed<'_>, place: usize) -> DeskEvent {
    let (message, said) = (&claimed.agenda.open[place], &claimed.agenda.said[place]);
    DeskEvent {
        id: format!("not-sent:{}", message.id.as_str()),
        conversation: claimed.conversation.key.clone(),
        at: message.arrival,
        what: What::NotSent { reason: NotSent::WindowClosed, text: said.text.clone() },
    }
}
