//! What the AI was asked, with whose words.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ai::{FactKind, FactSpec, Medium, Question, Tools};
use serde_json::{Value, json};

use crate::whose;

/// Questions that are kept for the page.
const KEPT: usize = 500;

/// Every question, oldest first.
#[derive(Clone, Default)]
pub(crate) struct Asked(Arc<Mutex<Vec<Asking>>>);

struct Asking {
    conversation: Option<String>,
    shown: Value,
}

impl Asked {
    /// Notes what is asked for the conversation that this task is about.
    pub(crate) fn note(&self, shown: Value) {
        let mut asked = self.lock();
        asked.push(Asking { conversation: whose::conversation(), shown });
        if asked.len() > KEPT {
            asked.remove(0);
        }
    }

    /// All of them, as `/sandbox/ai/requests` shows them.
    pub(crate) fn all(&self) -> Vec<Value> {
        self.lock().iter().map(|asking| asking.shown.clone()).collect()
    }

    /// Forgets what was asked for a user.
    pub(crate) fn forget(&self, conversation: &str) {
        self.lock().retain(|asking| asking.conversation.as_deref() != Some(conversation));
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Asking>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A question as a chat model gets it, and what it is offered to do.
pub(crate) fn shown(question: &Question) -> Value {
    let mut messages = vec![json!({"role": "system", "content": question.instructions})];
    for exchange in &question.history {
        messages.push(json!({"role": "user", "content": exchange.user.as_str()}));
        messages.push(json!({"role": "assistant", "content": exchange.assistant.as_str()}));
    }
    messages.push(json!({"role": "user", "content": question.text.as_str()}));
    json!({
        "messages": messages, "language": question.language, "most_output_tokens": question.output_tokens,
        "tools": tools(&question.tools), "media": question.media.iter().map(medium).collect::<Vec<_>>(),
    })
}

/// What came along with the words: of a picture its kind and size, for all of it would fill the page.
fn medium(medium: &Medium) -> Value {
    match medium {
        Medium::Picture(image) => json!({"picture": image.kind().mime(), "bytes": image.bytes().len()}),
        Medium::Spoken => json!("some of the words were spoken"),
        Medium::Unseen(kind) => json!({"not_opened": kind}),
    }
}

fn tools(tools: &Tools) -> Value {
    let flow = |(name, describe): &(String, String)| json!({"name": name, "when": describe});
    let fact = |fact: &FactSpec| json!({"name": fact.name, "about": fact.description, "values": kind(&fact.kind)});
    json!({
        "hand_off": tools.hand_off, "reply_kinds": tools.kinds,
        "flows": tools.flows.iter().map(flow).collect::<Vec<_>>(),
        "facts": tools.facts.iter().map(fact).collect::<Vec<_>>(),
        "brand": tools.brand.names(),
    })
}

fn kind(kind: &FactKind) -> Value {
    match kind {
        FactKind::Text => json!("text"),
        FactKind::Number => json!("number"),
        FactKind::Bool => json!("yes or no"),
        FactKind::Choice(choices) => json!(choices),
    }
}

#[cfg(test)]
mod tests {
    use ai::Image;
    use models::{ConversationKey, MediaKind, MessageId};

    use super::*;

    #[test]
    fn a_picture_is_shown_by_kind_and_size_and_never_whole() {
        let picture = [&b"\x89PNG\r\n\x1a\n"[..], &[b'x'; 4_000]].concat();
        let question = Question {
            id: MessageId::stored("m1"),
            conversation: ConversationKey::parse("user:42").unwrap(),
            instructions: "Be brief.".to_owned(),
            language: None,
            history: vec![],
            text: "Look!".into(),
            media: vec![Medium::Picture(Image::new(&picture).unwrap()), Medium::Unseen(MediaKind::Pdf)],
            output_tokens: 64,
            tools: Tools::default(),
            passed: 0,
            aloud: ai::Aloud::default(),
        };
        let shown = shown(&question);
        assert_eq!(shown["media"], json!([{"picture": "image/png", "bytes": 4_008}, {"not_opened": "pdf"}]));
        assert!(shown.to_string().len() < 1_000, "{shown}");
    }
}
