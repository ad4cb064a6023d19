//! What a brand begins to say reaches the user through WhatsApp's window, or as a template, or not at all.

use conversation::window;
use models::{Content, Template, Timestamp, Utterance};
use store::{Head, TurnRow};

use crate::Responder;

impl Responder {
    /// `reply` as it can reach the user now: where the window is closed, its texts as templates. `None` if there is no
    /// template, and WhatsApp would drop it without a word.
    pub(crate) fn through_the_window(
        &self,
        reply: Vec<Utterance>,
        head: &Head,
        now: Timestamp,
    ) -> Option<Vec<Utterance>> {
        let campaign = self.assistant.replies.closed_window.as_ref();
        let has_template = campaign.is_some() || self.messaging.has_template();
        if !window::is_closed(head.heard, now) {
            return Some(reply);
        }
        let template = |line| Utterance { content: Content::Template(line), campaign: campaign.cloned() };
        let through = reply.into_iter().flat_map(|said| match said.content {
            // Its author chose it for this moment.
            Content::Campaign(_) => vec![Some(said)],
            _ if !has_template => vec![None],
            _ => Template::flatten(said.text()).into_iter().map(template).map(Some).collect(),
        });
        through.collect()
    }

    /// Whether what `row` says next, drafted while the window was open, would be dropped by WhatsApp without a word by now.
    pub(crate) fn is_shut_out(&self, row: &TurnRow, head: &Head) -> bool {
        let next = head.turn.as_ref().and_then(|turn| row.reply.get(turn.part as usize - 1));
        next.is_some_and(|said| said.content.needs_the_window()) && window::is_closed(head.heard, self.clock.now())
    }
}
