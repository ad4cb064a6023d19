//! What came along with a user's words: opened for an AI that sees, or heard, and else named to it.

use ai::{Medium, Opened};
use conversation::decide::Beside;
use conversation::prompt::kept_words;
use models::assistant::BotText;
use models::{MediaKind, Message, Personal, attachments, is_blank};
use store::Said;

use crate::Responder;
use crate::attend::Conversation;
use crate::matter::Matter;
use crate::way::Way;

impl Responder {
    /// What came along with `message`, for whoever answers on that way.
    pub(crate) fn beside(&self, message: &Message, way: Way<'_>) -> Beside {
        let (Some(reader), Some(media_urls)) = (&self.media, &message.media_urls) else { return Beside::Nothing };
        let (sees, hears) = (self.ai_on(way).sees(), reader.hears());
        let opens = |kind: MediaKind| (sees && kind.may_be_seen()) || (hears && kind.may_be_heard());
        match attachments(media_urls) {
            none if none.is_empty() => Beside::Nothing,
            some if some.iter().any(|found| found.url.is_some() && opens(found.kind)) => Beside::Openable,
            _ => Beside::Closed,
        }
    }

    /// Opens what can be opened, within half of the time that there is for an answer: the AI has the other half. What is said
    /// aloud stands with the matter's words from now on; of everything else only its kind is kept.
    pub(crate) async fn take_in(&self, conversation: &Conversation<'_>, matter: &mut Matter<'_>) -> Vec<Medium> {
        let found: Vec<_> = matter.messages.iter().map(|message| attached(message)).collect();
        if found.iter().all(Vec::is_empty) {
            return vec![];
        }
        let closed = found
            .iter()
            .zip(&matter.said)
            .flat_map(|(found, said)| found.iter().filter(|attachment| !is_heard(said.heard.is_some(), attachment)));
        let all: Vec<_> = closed.cloned().collect();
        let opened = match &self.media {
            Some(reader) if self.may_ask(conversation) => {
                let time = self.time_to_answer(conversation, self.clock.now()) / 2;
                reader.open(&all, self.ai_on(matter.way).sees(), time).await
            }
            _ => all.iter().map(|attachment| Opened::Not(attachment.kind)).collect(),
        };
        let mut opened = opened.into_iter();
        let mut media = Vec::new();
        let mut left = self.assistant.limits.input_characters;
        for (said, found) in matter.said.iter_mut().zip(found) {
            said.media.clear();
            let before = said.heard.is_some();
            for attachment in found {
                let opened = if is_heard(before, &attachment) { None } else { opened.next() };
                let (kind, medium) = match opened {
                    Some(Opened::Picture(image)) => (MediaKind::Picture, Medium::Picture(image)),
                    Some(Opened::Heard { words, usage }) => {
                        self.note(usage);
                        hear(said, &words, &mut left);
                        (MediaKind::Voice, Medium::Spoken)
                    }
                    Some(Opened::Not(kind)) => (kind, Medium::Unseen(kind)),
                    None => (MediaKind::Voice, Medium::Spoken),
                };
                said.media.push(kind);
                media.push(medium);
            }
        }
        matter.language = self.language(matter.newest, &matter.said, matter.history);
        media
    }
}

/// What is said where there is nothing to answer: no word, and nothing that could be opened.
pub(crate) fn in_vain(media: &[Medium], matter: &Matter<'_>) -> Option<BotText> {
    let is_wordless = |said: &Said| is_blank(said.text.as_str()) && said.heard.is_none();
    let is_shown = media.iter().any(|medium| matches!(medium, Medium::Picture(_)));
    if media.is_empty() || is_shown || !matter.said.iter().all(is_wordless) {
        return None;
    }
    Some(if media.contains(&Medium::Unseen(MediaKind::Voice)) { BotText::NotHeard } else { BotText::NotOpened })
}

/// Whether an earlier run listened to it, and the words of its message stand already.
fn is_heard(words: bool, attachment: &models::Attachment) -> bool {
    words && attachment.kind.may_be_heard()
}

fn attached(message: &Message) -> Vec<models::Attachment> {
    message.media_urls.iter().flat_map(attachments).collect()
}

/// Adds what was heard, as far as one message may go for all of them together.
fn hear(said: &mut Said, words: &Personal, left: &mut usize) {
    let kept = kept_words(words.as_str(), false, *left);
    *left = left.saturating_sub(kept.chars().count());
    said.heard = Some(match said.heard.take() {
        Some(before) => format!("{}\n{kept}", before.as_str()).into(),
        None => kept.into(),
    });
}
