//! What the bot itself says, in its user's language, and how anything becomes what is sent.

use conversation::language::language;
use conversation::shape::shape;
use models::assistant::BotText;
use models::{Content, Message, Part, Utterance};
use store::Said;

use crate::Responder;
use crate::answer::Answered;
use crate::history::{History, joined, words};
use crate::matter::Matter;

impl Responder {
    /// The profile's language, else that of the flow that waits, else the one the words are in, if there are lines in it.
    pub(crate) fn language(&self, newest: &Message, said: &[Said], history: &History) -> Option<String> {
        let said: Vec<_> = said.iter().map(words).collect();
        let words = joined(said.iter());
        let of_flow = history.flow().and_then(|flow| flow.language.as_deref());
        let tags = newest.language.as_deref().into_iter().chain(of_flow);
        language(tags, words.as_str(), |tag| self.assistant.texts.know(tag))
    }

    /// One of the bot's own lines in that language.
    pub(crate) fn line(&self, line: BotText, language: Option<&str>) -> Vec<Utterance> {
        self.shaped(self.assistant.texts.line(line, language))
    }

    /// A text of the brand's, in as many parts as it takes.
    pub(crate) fn shaped(&self, text: &str) -> Vec<Utterance> {
        utterances(shape(text, self.assistant.limits.reply_parts))
    }

    /// A message of a kind, by the campaign that shows such ones.
    pub(crate) fn shown(&self, content: Content) -> Utterance {
        Utterance { campaign: self.assistant.replies.campaign_for(&content).cloned(), content }
    }

    pub(crate) fn own_line(&self, line: BotText, matter: &Matter<'_>) -> Answered {
        Answered {
            own_line: true,
            unresolved: matches!(line, BotText::Fallback | BotText::DontKnow),
            ..Answered::of(self.line(line, matter.language.as_deref()))
        }
    }
}

pub(crate) fn utterances(parts: Vec<Part>) -> Vec<Utterance> {
    parts.into_iter().map(Utterance::from).collect()
}
