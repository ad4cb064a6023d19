//! What people do in Chatwoot: its signed webhooks, understood and queued like any agent's wish.

use conversation::shape::shape;
use desk::FromDesk;
use desk::chatwoot::understand;
use models::{AgentDeed, Part, Personal};

use crate::conversations::{MOST_BODY_BYTES, MOST_CHARACTERS, Wished, is_sayable, is_usable, queue};
use crate::{Answer, Call, Ingest};

/// Takes a webhook in whose signature is good. Chatwoot shows the agent a message as failed if the answer is no 2xx: so
/// what cannot be sent is refused, and what needs no action is not.
pub(crate) async fn receive(ingest: &Ingest, call: Call<'_>) -> Answer {
    if call.body.len() > MOST_BODY_BYTES {
        return Answer::too_large("256 KiB");
    }
    let wished = match understand(call.body) {
        None => return Answer::ignored(),
        Some(FromDesk::Release { conversation }) => Wished { conversation, deed: AgentDeed::Release, name: None },
        Some(FromDesk::Message { conversation, id, text }) => match for_whatsapp(&text) {
            Some(text) => Wished { conversation, deed: AgentDeed::Say(text), name: Some(id) },
            None => return Answer::bad_request(&format!("a message has 1 to {MOST_CHARACTERS} characters")),
        },
    };
    if !is_usable(&wished.conversation) {
        return Answer::bad_request("the contact's source id is not one that we gave");
    }
    queue(ingest, wished).await
}

/// The Markdown of Chatwoot's editor as WhatsApp shows it: what is queued is sent as it stands. `None` if there is
/// nothing to see in it, or more than an agent may send at once.
fn for_whatsapp(markdown: &Personal) -> Option<Personal> {
    // Before it is read: the time that takes grows with its length.
    let parts = if is_sayable(markdown) { shape(markdown.as_str(), usize::MAX) } else { Vec::new() };
    let text = Personal::from(parts.iter().map(Part::as_str).collect::<Vec<_>>().join("\n\n"));
    Some(text).filter(is_sayable)
}

#[cfg(test)]
mod tests {
    use conversation::shape::verbatim;

    use super::*;

    fn shown(markdown: &str) -> Option<String> {
        for_whatsapp(&markdown.into()).map(|text| text.as_str().to_owned())
    }

    #[test]
    fn an_agent_sees_in_chatwoot_what_the_user_sees_on_whatsapp() {
        for (markdown, expected) in [
            ("We **refund** it.", "We *refund* it."),
            ("Hello\n\nyour parcel\nis *here*", "Hello\n\nyour parcel\nis _here_"),
            ("5 \\* 3 is 15", "5 * 3 is 15"),
            ("1\\. of May", "1. of May"),
            ("[Track it](https://x.y/1)", "Track it (https://x.y/1)"),
            ("See\nhttps://x.y/rails/a_b_c--1/photo_1.png", "See\nhttps://x.y/rails/a_b_c--1/photo_1.png"),
            ("```\na  b\n```", "```\na  b\n```"),
        ] {
            assert_eq!(shown(markdown).as_deref(), Some(expected), "{markdown}");
        }
    }

    #[test]
    fn what_is_queued_is_sent_as_it_stands() {
        for markdown in
            ["**a** _b_ ~~c~~ `d`", "* one\n* two\n\n> said\n\n1. x\n2. y", "# T\n\n| a | b |\n|---|---|\n| 1 | 2 |"]
        {
            let text = shown(markdown).unwrap();
            let parts: Vec<_> = verbatim(&text).into_iter().map(String::from).collect();
            assert_eq!(parts, [text], "{markdown}");
        }
    }

    #[test]
    fn nothing_of_a_long_message_is_lost_and_one_too_long_is_refused() {
        let long = (0..1_500).map(|n| format!("word{n}")).collect::<Vec<_>>().join(" ");
        let text = shown(&long).unwrap();
        assert!((0..1_500).all(|n| text.contains(&format!("word{n}"))), "{text}");
        assert_eq!(text.split_whitespace().count(), 1_500);
        assert_eq!(shown(&"x".repeat(MOST_CHARACTERS + 1)), None);
        for nothing in ["", " \n", "\u{200b}", "<!-- a -->"] {
            assert_eq!(shown(nothing), None, "{nothing:?}");
        }
    }
}
