//! What a turn answers.

use ai::Aloud;
use models::{Message, MessageId};
use store::Said;

use crate::history::History;
use crate::way::Way;

/// What is being answered.
pub(crate) struct Matter<'a> {
    pub(crate) history: &'a History,
    pub(crate) way: Way<'a>,
    /// What the user sent, copies left out.
    pub(crate) messages: Vec<&'a Message>,
    /// What is said in each of them.
    pub(crate) said: Vec<Said>,
    /// The last of the messages.
    pub(crate) newest: &'a Message,
    /// What follows the messages through the logs.
    pub(crate) log_ids: String,
    /// The user's language, as far as it is known.
    pub(crate) language: Option<String>,
    /// Claims since a turn last ended, this one included.
    pub(crate) attempts: u32,
    /// Whether there is a desk to hand over to.
    pub(crate) desk: bool,
    /// Who hears the AI's answer while it is written.
    pub(crate) aloud: Aloud,
}

impl Matter<'_> {
    /// The name of the question that is asked about it.
    pub(crate) fn question(&self) -> MessageId {
        let messages: Vec<_> = self.messages.iter().map(|message| message.id.clone()).collect();
        MessageId::of_question(&messages).unwrap_or_else(|| self.newest.id.clone())
    }
}

/// These messages, with what a dead run heard in the same ones: that is not listened to again. When they came is another
/// matter: it may be another copy that brought them now.
pub(crate) fn as_heard(said: &[Said], drafted: &[Said]) -> Vec<Said> {
    let earlier = drafted.iter().map(Some).chain(std::iter::repeat(None));
    let heard = |(said, earlier): (&Said, Option<&Said>)| {
        let same = earlier.filter(|earlier| earlier.text == said.text && earlier.media == said.media);
        let heard = said.heard.clone().or_else(|| same?.heard.clone());
        Said { heard, ..said.clone() }
    };
    said.iter().zip(earlier).map(heard).collect()
}
