//! Something the AI said, all the way: from its server's bytes through the shaping and the guard to the requests that Braze gets.

use std::ops::RangeInclusive;

use ai::{Ai as _, AiError, Answer, Question, Tools};
use conversation::guard::{Instructions, Looked, look};
use conversation::shape::shape;
use models::assistant::Guards;
use models::{ConversationKey, MessageId, PART_CHARACTERS, Recipient};

use crate::cases::{Answered, Reply, Shown};
use crate::chain::{AMPLE, Chain, INSTRUCTIONS};
use crate::notation::Notation;
use crate::received::{holds, same};
use crate::sent::Names;

impl Chain {
    /// Whether the user's phone shows of a reply what it must.
    pub(crate) async fn shows(&self, reply: &Reply, guards: &Guards, wanted: &Shown) -> Result<(), String> {
        holds(*wanted != Shown::default(), || "the case expects nothing".to_owned())?;
        let says = reply.says.text();
        self.ai_says(&says);
        let passed = match self.asked_anything().await {
            Ok(text) => self.replies(&text, guards).await?,
            Err(AiError::Unusable(_)) => Some(vec![]),
            Err(error) => return Err(error.to_string()),
        };
        same("whether it is withheld", &passed.is_none(), &wanted.withheld)?;
        passed.map_or(Ok(()), |parts| are_shown(&parts, &says, wanted))
    }

    /// Whether what the AI's server answers is understood, and refused where it is no answer.
    pub(crate) async fn understands(&self, answered: &Answered) -> Result<(), String> {
        let content_type = answered.content_type.as_deref().unwrap_or("application/json");
        self.ai.answer(answered.status.unwrap_or(200), content_type, &answered.body.bytes());
        match (self.asked_anything().await, &answered.words, &answered.failure) {
            (Ok(text), Some(words), None) => {
                same("what the AI said", &text, &words.text())?;
                self.replies(&text, &self.assistant.guards).await.map(drop)
            }
            (Err(error), None, Some(failure)) => {
                let told = error.to_string();
                holds(told.contains(failure), || format!("the failure is {told:?}"))
            }
            (got, words, failure) => Err(format!("it gave {got:?}; wanted were {words:?} or {failure:?}")),
        }
    }

    async fn asked_anything(&self) -> Result<String, AiError> {
        let question = Question {
            id: MessageId::stored("anything"),
            conversation: ConversationKey::of(&Recipient::External("user".into())),
            instructions: format!("{INSTRUCTIONS}\n\n{}", Instructions::of(INSTRUCTIONS).note()),
            language: None,
            history: vec![],
            text: "Anything?".into(),
            media: vec![],
            output_tokens: self.assistant.limits.output_tokens,
            tools: Tools::default(),
            passed: 0,
            aloud: ai::Aloud::default(),
        };
        let answer = self.openai.answer(&question, AMPLE).await;
        drop(self.ai.requests());
        Ok(match answer? {
            Answer::Said { text, .. } => text.unwrap_or_default().into_string(),
            Answer::DontKnow | Answer::Later(_) => String::new(),
        })
    }

    /// The parts of a reply, after they went to Braze; `None` if the guard withholds it.
    async fn replies(&self, text: &str, guards: &Guards) -> Result<Option<Vec<String>>, String> {
        let shaped = shape(text, self.assistant.limits.reply_parts);
        if shaped.is_empty() {
            return Ok(Some(vec![]));
        }
        let Looked::Passed { parts, .. } = look(&shaped, &Instructions::of(INSTRUCTIONS), guards) else {
            return Ok(None);
        };
        holds(parts.len() <= self.assistant.limits.reply_parts, || format!("{} parts", parts.len()))?;
        for part in &parts {
            is_harmless(part.as_str())?;
        }
        let names = Names { external: "42".to_owned(), ..Names::default() };
        self.sends(&parts, &names.identity().unwrap(), &names).await?;
        Ok(Some(parts.into_iter().map(String::from).collect()))
    }
}

/// What holds for every part, read with other eyes than those of the type [`Part`].
fn is_harmless(part: &str) -> Result<(), String> {
    let pairs: Vec<_> = part.chars().zip(part.chars().skip(1)).collect();
    let is_liquid = |(a, b): &(char, char)| matches!((a, b), ('{', '{' | '%') | ('}' | '%', '}'));
    holds(!pairs.iter().any(is_liquid), || format!("Liquid in {part:?}"))?;
    let is_control = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    holds(!part.contains(is_control), || format!("a control character in {part:?}"))?;
    holds(part.chars().count() <= PART_CHARACTERS, || "a part is too long".to_owned())?;
    holds(!part.trim().is_empty(), || "a part is blank".to_owned())?;
    part.lines().try_for_each(closes_its_directions)
}

fn closes_its_directions(line: &str) -> Result<(), String> {
    let mut open = Vec::new();
    for c in line.chars() {
        match c {
            '\u{202a}' | '\u{202b}' | '\u{202d}' | '\u{202e}' => open.push('\u{202c}'),
            '\u{2066}'..='\u{2068}' => open.push('\u{2069}'),
            '\u{202c}' | '\u{2069}' => holds(open.pop() == Some(c), || format!("a stray direction in {line:?}"))?,
            _ => {}
        }
    }
    holds(open.is_empty(), || format!("an open direction in {line:?}"))
}

fn are_shown(parts: &[String], says: &str, wanted: &Shown) -> Result<(), String> {
    if wanted.nothing {
        same("what is shown", &parts, &[].as_slice())?;
    } else {
        holds(!parts.is_empty(), || "nothing is shown".to_owned())?;
    }
    let is_blank = |part: &String| !part.chars().any(is_seen);
    same("whether a part shows nothing", &parts.iter().any(is_blank), &wanted.blank)?;
    if let Some(exactly) = &wanted.parts {
        let exactly: Vec<_> = exactly.iter().map(Notation::text).collect();
        same("what is shown", &parts, &exactly.as_slice())?;
    }
    if let Some(count) = wanted.count {
        same("the number of parts", &parts.len(), &count)?;
    }
    if wanted.whole {
        same("everything but white space", &dense(&parts.concat()), &dense(says))?;
    }
    if let Some(unit) = wanted.units.as_ref().map(Notation::text) {
        let is_pure = |part: &String| part.replace(&unit, "").trim_end_matches(" …").is_empty();
        holds(parts.iter().all(is_pure), || "a unit was cut".to_owned())?;
    }
    for kept in wanted.keeps.iter().map(Notation::text) {
        holds(parts.iter().any(|part| part.contains(&kept)), || format!("{kept:?} is not in {parts:?}"))?;
    }
    for lost in wanted.loses.iter().map(Notation::text) {
        holds(!parts.iter().any(|part| part.contains(&lost)), || format!("{lost:?} is in {parts:?}"))?;
    }
    Ok(())
}

/// Unicode's default ignorable code points: they show nothing by themselves.
const IGNORABLE: [RangeInclusive<char>; 17] = [
    '\u{ad}'..='\u{ad}',
    '\u{34f}'..='\u{34f}',
    '\u{61c}'..='\u{61c}',
    '\u{115f}'..='\u{1160}',
    '\u{17b4}'..='\u{17b5}',
    '\u{180b}'..='\u{180f}',
    '\u{200b}'..='\u{200f}',
    '\u{202a}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{3164}'..='\u{3164}',
    '\u{fe00}'..='\u{fe0f}',
    '\u{feff}'..='\u{feff}',
    '\u{ffa0}'..='\u{ffa0}',
    '\u{fff0}'..='\u{fff8}',
    '\u{1bca0}'..='\u{1bca3}',
    '\u{1d173}'..='\u{1d17a}',
    '\u{e0000}'..='\u{e0fff}',
];

/// Whether a reader sees anything of `c`, read with other eyes than those of `models`.
pub(crate) fn is_seen(c: char) -> bool {
    !c.is_whitespace() && !c.is_control() && c != '\u{2800}' && !IGNORABLE.iter().any(|range| range.contains(&c))
}

fn dense(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eyes_see_what_must_not_be_in_a_part() {
        for part in ["{{a", "a%}", "a\u{7}", " \n", "\u{202e}a", "a\u{2069}", "\u{202a}a\u{2069}"] {
            assert!(is_harmless(part).is_err(), "{part:?}");
        }
        assert!(is_harmless(&"x".repeat(PART_CHARACTERS + 1)).is_err());
        assert!("\u{3164}\u{200b} \u{e0041}".chars().all(|c| !is_seen(c)) && is_seen('.') && is_seen('👍'));
        assert_eq!(is_harmless("{ { a \u{2067}b\u{2069}\n\t} %"), Ok(()));
    }
}
