//! What agents write, on its way to the user.

use conversation::decide::{ParkReason, STALE_AFTER, without_copies};
use conversation::shape::verbatim;
use desk::{DeskEvent, NotSent, What};
use models::{MessageId, Personal, Timestamp, Utterance};
use platform::metrics::Metric;
use store::{Head, OpenTurn, TurnKind};

use crate::Responder;
use crate::agenda::Agenda;
use crate::attend::{Conversation, Stop, Worked};
use crate::draft::{Draft, Drafted, pending};
use crate::ended::{Cause, End, Messages};
use crate::heed::Left;
use crate::history::{History, look};
use crate::send::Outgoing;
use crate::settle::Settled;
use crate::turn::Claimed;
use crate::words::Words;

impl Responder {
    /// An agent's lines, each as it was written, in the order in which they reached the door. A desk that does not name its
    /// requests may have sent one twice. What was written a day ago is no longer sent: it may not be read any more.
    pub(crate) fn in_the_agents_words(&self, head: &Head, history: &History, agenda: &Agenda) -> Drafted {
        let now = self.clock.now();
        let looks = agenda.said.iter().map(look);
        let pending: Vec<_> = agenda.open.iter().zip(looks).map(|(message, look)| pending(message, look)).collect();
        let counted = without_copies(&pending, &history.last_agent_turn());
        let newest = agenda.open.iter().map(|message| message.arrival).max();
        if newest.is_some_and(|newest| now.since(newest) >= STALE_AFTER) {
            return Drafted { draft: Draft::NotSent(NotSent::TooLate, counted), counts: vec![] };
        }
        let counts = vec![(Metric::Duplicate, pending.len() - counted.len())];
        let lines = counted.iter().map(|place| agenda.open[*place].text.as_str());
        let reply: Vec<_> = lines.flat_map(verbatim).map(Utterance::from).collect();
        let Some(newest) = agenda.open.last().filter(|_| !reply.is_empty()) else {
            return Drafted { draft: Draft::Silence(Cause::NothingNew), counts };
        };
        let reply = self.way_back(history).carries(reply);
        let Some(reply) = self.through_the_window(reply, head, now) else {
            return Drafted { draft: Draft::NotSent(NotSent::WindowClosed, counted), counts };
        };
        let to = history.name_of(newest).clone();
        let said = counted.iter().map(|place| agenda.said[*place].clone()).collect();
        let words = Words { said, ..Words::plain(TurnKind::Agent, reply, to) };
        let words = Words { attributes: self.welcome(&words.to, words.kind, head, history), ..words };
        Drafted { draft: Draft::Say(Box::new(words)), counts }
    }

    /// Tells the desk that the messages at these places are not sent, and is done with them: sent later, they would say
    /// something else than their author meant. Those that are too old become dead letters all the same.
    pub(crate) async fn not_sent(
        &self,
        claimed: Claimed<'_>,
        reason: NotSent,
        places: &[usize],
    ) -> Result<Worked, Stop> {
        let Claimed { conversation, head, held, history, agenda, .. } = claimed;
        let event = |place: &usize| {
            let (message, said) = (&agenda.open[*place], &agenda.said[*place]);
            not_sent(conversation, &message.id, message.arrival, reason, said.text.clone())
        };
        let events: Vec<_> = places.iter().map(event).collect();
        if !self.tell_what_is_not_sent(conversation, &events).await && head.attempts < self.assistant.limits.attempts {
            return self.give_back(conversation, held).await;
        }
        tracing::error!(log_id = conversation.log_id, lines = places.len(), ?reason, "an agent's words were not sent");
        if reason == NotSent::TooLate {
            return self.park(conversation, head, held, &agenda.covers, ParkReason::Stale, &agenda.log_ids()).await;
        }
        self.count(Metric::WindowClosed, places.len());
        let left = Left { unwritten: conversation.unwritten(&agenda.covers), flow: history.flow() };
        let turn = self.leave(claimed, &agenda.covers, left).await?;
        let silent = Settled::Silent { turn, aftermath: None };
        let worked = self.settle(conversation, head, held, &agenda.covers, silent).await?;
        self.tell_end(conversation, &Messages::of(agenda), End::Silent(Cause::WindowClosed));
        Ok(worked)
    }

    /// Tells the desk that a turn in an agent's name ends here, before it does: the current part and those after it do not
    /// reach the user, as far as is known. Once, as well as it can be done: the conversation must not wait for it, and the
    /// words must not be sent again for its sake.
    pub(crate) async fn ends_unsent(&self, out: Outgoing<'_>, turn: &OpenTurn, reason: NotSent) {
        let (Some(first), TurnKind::Agent) = (out.row.covers.first(), out.row.kind) else { return };
        let unsent = out.row.reply.iter().skip(turn.part as usize - 1).map(|said| said.text().as_str());
        let unsent: Vec<_> = unsent.collect();
        let text = Personal::new(unsent.join("\n"));
        if text.is_empty() {
            // A run that died told it, and then cut the turn.
            return;
        }
        if reason == NotSent::WindowClosed {
            self.count(Metric::WindowClosed, unsent.len());
        }
        let event = not_sent(out.conversation, first, out.row.at, reason, text);
        self.tell_what_is_not_sent(out.conversation, &[event]).await;
    }

    /// Whether the desk knows of these events now; without a desk nobody has to.
    async fn tell_what_is_not_sent(&self, conversation: &Conversation<'_>, events: &[DeskEvent]) -> bool {
        let Some(desk) = &self.desk else { return true };
        let told = self.tell(&**desk, conversation, events).await;
        if let Err(error) = &told {
            self.meter.count(Metric::DeskFailed, 1);
            tracing::warn!(log_id = conversation.log_id, %error, "the desk was not told what was not sent");
        }
        told.is_ok()
    }
}

/// The same event for every try: a turn is named after its first message.
fn not_sent(
    conversation: &Conversation<'_>,
    first: &MessageId,
    at: Timestamp,
    reason: NotSent,
    text: Personal,
) -> DeskEvent {
    DeskEvent {
        id: format!("not-sent:{}", first.as_str()),
        conversation: conversation.key.clone(),
        at,
        what: What::NotSent { reason, text },
    }
}
