//! The functions' parts with a window in them: each does its work and shows the step.

use std::sync::Arc;
use std::time::Duration;

use ai::{Ai, AiError, Answer, Caller, Past, Question, Summary, ToolFailure, ToolRequest};
use async_trait::async_trait;
use braze::{Messaging, Outcome};
use models::{Attributes, CampaignId, ConversationKey, Message, MessageId, Personal, QueueMessage, Reply, Timestamp};
use platform::metrics::{Meter, Metric};
use platform::queue::{Queue, QueueError};
use serde_json::{Value, json};
use simulated_braze::SimulatedBraze;
use store::{
    Filed, Head, HeadWrite, MessageRow, NewestRows, RowState, Store, StoreError, TurnKey, TurnKind, TurnRow, WriteError,
};

use crate::asked::{self, Asked};
use crate::desk::{DeskLog, Entry};
use crate::faults::{AiFault, Crash, Switches};
use crate::queue::EmbeddedQueue;
use crate::steps::{Kind, Steps};
use crate::whose;

/// How much longer a slow AI takes.
const SLOW: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub(crate) struct WatchedQueue {
    pub(crate) inner: Arc<EmbeddedQueue>,
    pub(crate) title: &'static str,
    pub(crate) steps: Steps,
    pub(crate) faults: Switches,
    pub(crate) desk: DeskLog,
    /// Whose phones show what comes by here: for webhooks that simulated Braze did not send. Their users have not typed
    /// anything it knows of, and a reply would go to nobody.
    pub(crate) phones: Option<Arc<SimulatedBraze>>,
}

#[async_trait]
impl Queue for WatchedQueue {
    async fn send(&self, body: String) -> Result<(), QueueError> {
        let json: Value = serde_json::from_str(&body).unwrap_or_default();
        let message = QueueMessage::from_json(&body).ok();
        if let Some(conversation) = message.as_ref().map(QueueMessage::conversation) {
            whose::note(conversation.as_str());
        }
        if self.faults.queue_down() {
            self.steps.add(None, Kind::Fault, "the queue is down", Value::Null);
            return Err(QueueError { reason: "the queue is down, on purpose".to_owned() });
        }
        self.steps.add(None, Kind::Queue, self.title, json);
        match message {
            Some(QueueMessage::InboundV1(message)) => {
                self.phones.iter().for_each(|braze| braze.user_wrote(&message.identity, &message.text));
            }
            Some(QueueMessage::AgentV1(action)) => self.desk.note(Entry::Did(action)),
            None => {}
        }
        self.inner.send(body).await
    }
}

/// The AI, with every question it got.
pub(crate) struct WatchedAi {
    pub(crate) inner: Arc<dyn Ai>,
    pub(crate) steps: Steps,
    pub(crate) faults: Switches,
    pub(crate) asked: Asked,
}

#[async_trait]
impl Ai for WatchedAi {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn sees(&self) -> bool {
        self.inner.sees()
    }

    fn answers_later(&self) -> bool {
        self.inner.answers_later()
    }

    fn came(&self, passed: usize) {
        self.inner.came(passed);
    }

    async fn answer(&self, question: &Question, time: Duration) -> Result<Answer, AiError> {
        let shown = asked::shown(question);
        self.asked.note(shown.clone());
        self.steps.add(None, Kind::Ai, format!("{} is asked", self.name()), shown);
        let answer = match self.faults.ai() {
            AiFault::Ok => self.inner.answer(question, time).await,
            AiFault::Down => Err(AiError::Unavailable { status: Some(503), retry_after: None }),
            AiFault::Nonsense => Err(AiError::Unusable("nonsense, on purpose")),
            AiFault::Slow => {
                tokio::time::sleep(SLOW.min(time)).await;
                self.inner.answer(question, time.saturating_sub(SLOW)).await
            }
        };
        let (title, body) = match &answer {
            Ok(Answer::Said { text, deeds, rejected, usage }) => {
                let usage = usage.map(|usage| json!({"input": usage.input_tokens, "output": usage.output_tokens}));
                (
                    "it answers".to_owned(),
                    json!({"text": text, "deeds": deeds, "rejected_calls": rejected, "tokens": usage}),
                )
            }
            Ok(Answer::DontKnow) => ("it does not know".to_owned(), Value::Null),
            Ok(Answer::Later(later)) => {
                ("it answers later".to_owned(), json!({"waited_for_seconds": later.within.as_secs()}))
            }
            Err(error) => ("it fails".to_owned(), json!({"error": error.to_string()})),
        };
        self.steps.add(None, Kind::Ai, title, body);
        answer
    }

    fn summarises(&self) -> bool {
        self.inner.summarises()
    }

    async fn summarise(&self, past: &Past, time: Duration) -> Result<Summary, AiError> {
        let conversation = Some(past.conversation.as_str());
        let shown = json!({"earlier": past.earlier, "turns": past.turns.len()});
        self.steps.add(conversation, Kind::Ai, format!("{} is asked to sum up", self.name()), shown);
        let summary = self.inner.summarise(past, time).await;
        let (title, body) = match &summary {
            Ok(Summary { text, usage }) => {
                let usage = usage.map(|usage| json!({"input": usage.input_tokens, "output": usage.output_tokens}));
                ("it sums up", json!({"text": text, "tokens": usage}))
            }
            Err(error) => ("it fails", json!({"error": error.to_string()})),
        };
        self.steps.add(conversation, Kind::Ai, title, body);
        summary
    }
}

/// What calls the brand's tools, with every call and what came of it.
pub(crate) struct WatchedCaller {
    pub(crate) inner: Arc<dyn Caller>,
    pub(crate) steps: Steps,
}

#[async_trait]
impl Caller for WatchedCaller {
    async fn call(&self, request: &ToolRequest, time: Duration) -> Result<Personal, ToolFailure> {
        let method = if request.body.is_some() { "POST" } else { "GET" };
        let body = request.body.as_ref().and_then(|body| serde_json::from_str::<Value>(body.as_str()).ok());
        let called = json!({"tool": request.tool, "method": method, "url": request.url, "body": body});
        self.steps.add(None, Kind::Ai, format!("tool {} is called", request.tool), called);
        let outcome = self.inner.call(request, time).await;
        let (title, came) = match &outcome {
            Ok(text) => {
                let json = serde_json::from_str(text.as_str()).unwrap_or_else(|_| json!(text));
                (format!("tool {} returns", request.tool), json)
            }
            Err(failure) => (format!("tool {} fails", request.tool), json!({"error": failure.to_string()})),
        };
        self.steps.add(None, Kind::Ai, title, came);
        outcome
    }
}

/// The responder's counts, of which those are shown that nothing else tells of: what a caller was promised and is not done. The
/// reason is in the log.
pub(crate) struct WatchedMeter(pub(crate) Steps);

impl Meter for WatchedMeter {
    fn count(&self, metric: Metric, _: u64) {
        let title = match metric {
            Metric::FlowNotStarted => "a flow is not started, the terminal says why",
            Metric::LateAnswer => "an answer that came later is not said, the terminal says why",
            _ => return,
        };
        self.0.add(None, Kind::Queue, title, Value::Null);
    }
}

/// The channel to Braze. What goes over it is seen at Braze's end; here the responder can be made to die around it.
pub(crate) struct MortalMessaging<M> {
    pub(crate) inner: M,
    pub(crate) steps: Steps,
    pub(crate) faults: Switches,
}

impl<M> MortalMessaging<M> {
    #[expect(clippy::panic, reason = "dying is what this fault is for")]
    fn die_if_told(&self, moment: Crash) {
        if self.faults.crashes(moment) {
            self.steps.add(None, Kind::Fault, "the responder dies", json!({"moment": moment}));
            panic!("a crash, on purpose");
        }
    }
}

#[async_trait]
impl<M: Messaging> Messaging for MortalMessaging<M> {
    async fn send(&self, reply: &Reply, time: Duration) -> Outcome {
        self.die_if_told(Crash::BeforeSend);
        let outcome = self.inner.send(reply, time).await;
        self.die_if_told(Crash::AfterSend);
        let part = json!({"reply_id": reply.id.as_str(), "part": reply.part, "parts": reply.parts});
        self.steps.add(Some(reply.to.conversation().as_str()), Kind::Braze, title_of(&outcome), part);
        outcome
    }

    fn has_template(&self) -> bool {
        self.inner.has_template()
    }

    fn carries(&self, attributes: &Attributes, campaign: Option<&CampaignId>) -> bool {
        self.inner.carries(attributes, campaign)
    }
}

fn title_of(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Accepted { .. } => "Braze accepted the reply",
        Outcome::NotAccepted(_) => "Braze did not accept the reply",
        Outcome::Unknown(_) => "nobody knows whether Braze accepted the reply",
    }
}

/// The store, with every step on a head.
pub(crate) struct WatchedStore<S> {
    pub(crate) inner: Arc<S>,
    pub(crate) steps: Steps,
    pub(crate) desk: DeskLog,
    pub(crate) asked: Asked,
}

impl<S> WatchedStore<S> {
    fn seen(&self, key: &ConversationKey, title: String, found: Value) {
        self.steps.add(Some(key.as_str()), Kind::Store, title, found);
    }
}

#[async_trait]
impl<S: Store> Store for WatchedStore<S> {
    async fn put_message(&self, key: &ConversationKey, message: &Message, now: Timestamp) -> Result<Filed, StoreError> {
        self.inner.put_message(key, message, now).await
    }

    async fn messages(&self, key: &ConversationKey, ids: &[MessageId]) -> Result<Vec<MessageRow>, StoreError> {
        self.inner.messages(key, ids).await
    }

    async fn mark(&self, key: &ConversationKey, id: &MessageId, state: RowState) -> Result<(), StoreError> {
        self.inner.mark(key, id, state).await
    }

    async fn head(&self, key: &ConversationKey, now: Timestamp) -> Result<Option<Head>, StoreError> {
        self.inner.head(key, now).await
    }

    async fn try_write(&self, key: &ConversationKey, write: &HeadWrite, now: Timestamp) -> Result<Head, WriteError> {
        let written = self.inner.try_write(key, write, now).await;
        match &written {
            Ok(head) => self.seen(key, name_of(write).to_owned(), json!(head)),
            Err(WriteError::Refused(None)) => self.seen(key, "no conversation yet".to_owned(), Value::Null),
            Err(WriteError::Refused(Some(head))) => {
                self.seen(key, format!("not written, the conversation has moved on: {}", name_of(write)), json!(head));
            }
            Err(WriteError::Failed(_)) => {}
        }
        written
    }

    async fn put_turn(&self, key: &ConversationKey, turn: &TurnRow, now: Timestamp) -> Result<(), StoreError> {
        self.steps.add(Some(key.as_str()), Kind::Store, name_of_row(turn.kind), json!(turn));
        self.inner.put_turn(key, turn, now).await
    }

    async fn replace_turn(
        &self,
        key: &ConversationKey,
        was: &TurnRow,
        turn: &TurnRow,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let replaced = self.inner.replace_turn(key, was, turn, now).await;
        if replaced == Ok(true) {
            self.steps.add(Some(key.as_str()), Kind::Store, "earlier turns summed up", json!(turn.summing.recap()));
        }
        replaced
    }

    async fn turn(&self, key: &ConversationKey, turn: TurnKey) -> Result<Option<TurnRow>, StoreError> {
        self.inner.turn(key, turn).await
    }

    async fn newest_rows(&self, key: &ConversationKey, most: usize, now: Timestamp) -> Result<NewestRows, StoreError> {
        self.inner.newest_rows(key, most, now).await
    }

    async fn keys_named(&self, key: &ConversationKey) -> Result<Vec<ConversationKey>, StoreError> {
        self.inner.keys_named(key).await
    }

    async fn erase(&self, key: &ConversationKey, at: Timestamp, now: Timestamp) -> Result<Option<Head>, StoreError> {
        self.steps.forget(key.as_str());
        self.desk.forget(key.as_str());
        self.asked.forget(key.as_str());
        self.steps.add(Some(key.as_str()), Kind::Erased, "conversation forgotten", Value::Null);
        self.inner.erase(key, at, now).await
    }

    async fn forget(&self, key: &ConversationKey, id: &MessageId) -> Result<(), StoreError> {
        self.inner.forget(key, id).await
    }
}

fn name_of_row(kind: TurnKind) -> String {
    match kind {
        TurnKind::Waiting(wait) => format!("waits for a later answer until {}", wait.until.iso_8601()),
        _ => "reply drafted".to_owned(),
    }
}

fn name_of(write: &HeadWrite) -> &'static str {
    match write {
        HeadWrite::File { claim: None, .. } => "message filed",
        HeadWrite::File { claim: Some(_), .. } => "message filed, conversation claimed",
        HeadWrite::Claim { .. } => "conversation claimed",
        HeadWrite::Commit { .. } => "reply committed",
        HeadWrite::NextPart { .. } => "next part begun",
        HeadWrite::PutBack { .. } => "send put back",
        HeadWrite::SendAgain { .. } => "send begun again",
        // Nothing was said and nothing is over: a question was put aside.
        HeadWrite::Settle { turn: None, covers, goes_on: false, aftermath: None, .. } if covers.is_empty() => {
            "conversation given back, its messages wait"
        }
        HeadWrite::Settle { .. } => "turn settled",
        HeadWrite::Release { .. } => "conversation given back",
        HeadWrite::ChangeOwner { .. } => "owner changed",
        HeadWrite::Point { .. } => "leads to the same person's conversation",
        HeadWrite::Adopt { .. } => "older conversation taken over",
    }
}

#[cfg(test)]
mod tests {
    use store::{Held, RunToken, Wait};

    use super::*;

    #[test]
    fn a_question_that_is_put_aside_is_shown_neither_as_a_reply_nor_as_settled() {
        let at = Timestamp::from_seconds;
        let wait = Wait { since: at(0), until: at(86_400), passed: 1 };
        for (kind, title) in [
            (TurnKind::Waiting(wait), "waits for a later answer until 1970-01-02T00:00:00.000Z"),
            (TurnKind::Answer, "reply drafted"),
        ] {
            assert_eq!(name_of_row(kind), title);
        }
        let (turn, message) = (TurnKey { number: 1, epoch: 1 }, MessageId::stored("m1"));
        for (turn, covers, goes_on, title) in [
            (None, vec![], false, "conversation given back, its messages wait"),
            (None, vec![message], false, "turn settled"),
            (Some(turn), vec![], false, "turn settled"),
            (Some(turn), vec![], true, "turn settled"),
        ] {
            let held = Held { epoch: 1, run: RunToken("r1".to_owned()) };
            let done = covers.clone();
            let settle = HeadWrite::Settle { held, turn, covers, done, last_turn: 1, aftermath: None, goes_on };
            assert_eq!(name_of(&settle), title, "{settle:?}");
        }
    }

    #[test]
    fn what_was_promised_and_is_not_done_is_shown() {
        let steps = Steps::default();
        let meter = WatchedMeter(steps.clone());
        for metric in [Metric::FlowNotStarted, Metric::LateAnswer, Metric::FlowStarted] {
            meter.count(metric, 1);
        }
        let titles: Vec<_> = steps.after(0).into_iter().map(|step| step.title.clone()).collect();
        assert!(titles.len() == 2 && titles[0].contains("flow") && titles[1].contains("answer"), "{titles:?}");
    }
}
