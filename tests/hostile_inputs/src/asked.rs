//! What the AI is asked about a message, down to the request that leaves.

use ai::{Ai as _, Medium, Opened, Question, Tools};
use conversation::decide::{Answerer, Beside, Decision, OptWish, Pending, Situation, decide};
use conversation::likeness::Look;
use conversation::prompt::kept_words;
use models::assistant::BotText;
use models::{Attachment, HandOffReason, Message, Spent, attachments};
use serde_json::{Value, json};

use crate::chain::{AMPLE, Chain, INSTRUCTIONS};
use crate::outbound::is_seen;
use crate::received::{holds, same};

impl Chain {
    /// Whether what happens is `wanted`: if that is to ask the AI, whether it gets the user's words as the one user message
    /// and nothing else of the user's.
    pub(crate) async fn asks(&self, message: &Message, wanted: Decision, kept: Option<String>) -> Result<(), String> {
        let words = kept_words(message.text.as_str(), message.shortened, self.assistant.limits.input_characters);
        match kept {
            Some(kept) => same("what is kept", &words, &kept)?,
            None => self.keeps(message, &words)?,
        }
        let decision = self.decision(message, &words);
        same("the decision", &decision, &wanted)?;
        if !matches!(wanted, Decision::Ask(_)) {
            return Ok(());
        }
        let attached: Vec<_> = message.media_urls.iter().flat_map(attachments).collect();
        self.opens_none(&attached).await?;
        self.ai_says("The answer.");
        let question = Question {
            id: message.id.clone(),
            conversation: message.identity.conversation(),
            instructions: INSTRUCTIONS.to_owned(),
            language: message.language.clone(),
            history: vec![],
            text: words.as_str().into(),
            media: attached.iter().map(|found| Medium::Unseen(found.kind)).collect(),
            output_tokens: self.assistant.limits.output_tokens,
            tools: Tools::default(),
            passed: 0,
            aloud: ai::Aloud::default(),
        };
        let answer = self.openai.answer(&question, AMPLE).await;
        answer.map_err(|error| format!("the AI was not asked: {error}"))?;
        let requests = self.ai.requests();
        let [request] = &requests[..] else { return Err(format!("the AI was asked {} times", requests.len())) };
        let system = request["messages"][0]["content"].clone();
        let user = request["messages"][1]["content"].as_str().unwrap_or_default();
        let notes = user.strip_prefix(words.as_str()).unwrap_or("its words are not there");
        let only_names = notes.lines().filter(|line| !line.is_empty()).all(is_a_note);
        holds(only_names && notes.is_empty() == attached.is_empty(), || format!("behind the words stands {notes}"))?;
        let expected = json!([{"role": "system", "content": system}, {"role": "user", "content": user}]);
        same("what the AI is told", &request["messages"], &expected)?;
        holds(is_the_brands(&system, message.language.as_deref()), || format!("the instructions are {system}"))
    }

    /// Whether nothing that came along is fetched: none of it is where Braze keeps what users send.
    async fn opens_none(&self, attached: &[Attachment]) -> Result<(), String> {
        let opened = self.media.open(attached, true, AMPLE).await;
        let none: Vec<_> = attached.iter().map(|found| Opened::Not(found.kind)).collect();
        same("what was opened", &opened, &none)
    }

    fn decision(&self, message: &Message, words: &str) -> Decision {
        let route = message.route.as_ref();
        let look = Look { text: words, arrival: message.arrival, route, dispatched: message.dispatched, media: None };
        decide(&Situation {
            pending: &[Pending { look, written: message.arrival, beside: Beside::Nothing }],
            last_turn: &[],
            repeats: 0,
            flow_waits: false,
            owner: Answerer::Bot,
            desk: true,
            opted_out: false,
            route_hands_off: false,
            spent: &Spent::default(),
            attempts: 1,
            assistant: &self.assistant,
            now: message.arrival,
        })
    }

    /// Whether the words kept are the text, without control characters that no keyboard types and as far as the cap.
    fn keeps(&self, message: &Message, words: &str) -> Result<(), String> {
        let is_typed = |c: char| matches!(c, '\n' | '\r' | '\t') || !c.is_control();
        let typed: String = message.text.as_str().chars().filter(|c| is_typed(*c)).collect();
        if typed.chars().count() <= self.assistant.limits.input_characters && !message.shortened {
            return same("what is kept", &words, &typed.as_str());
        }
        let kept = match words.strip_suffix(" […]") {
            Some(kept) => kept,
            None if message.shortened || typed.contains(is_seen) => {
                return Err("what is kept does not say that it was cut".to_owned());
            }
            None => words,
        };
        let (length, most) = (kept.chars().count(), self.assistant.limits.input_characters);
        // Less by a grapheme at most; longer ones say in their case what is left.
        let fits = length <= most && most <= length + 16;
        holds(fits && typed.starts_with(kept), || "what is kept is not the beginning of the text".to_owned())
    }
}

/// What follows from the words of a message: from the shipped list of keywords they are in, or from whether there are any.
pub(crate) fn follows(keyword: Option<&str>, asked: bool) -> Decision {
    match keyword {
        Some("opt_out") => Decision::Heed(OptWish::Out),
        Some("hand_off") => Decision::HandOff(HandOffReason::Keyword, vec![0]),
        _ if asked => Decision::Ask(vec![0]),
        _ => Decision::Say(BotText::NoWords, vec![0]),
    }
}

/// Whether a line names what came along, in words of ours alone.
fn is_a_note(line: &str) -> bool {
    let named =
        line.strip_prefix("[The customer sent a ").and_then(|rest| rest.strip_suffix(", which you cannot open.]"));
    named.is_some_and(|named| named.len() < 20 && named.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b' '))
}

/// Whether the instructions hold the brand's words, a language tag, and nothing else that anybody could have written.
fn is_the_brands(system: &Value, language: Option<&str>) -> bool {
    let system = system.as_str().unwrap_or_default();
    let Some(hint) = system.strip_prefix(INSTRUCTIONS) else { return false };
    let Some(tag) = language else { return hint.is_empty() };
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    hint.is_empty() || (hint.matches(tag).count() >= 1 && tag.chars().all(legal) && hint.len() < 200)
}
