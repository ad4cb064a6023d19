//! Something a user said, in one mode, all the way: through the door onto the queue, to the AI, and the reply to Braze.

use models::assistant::KeywordLists;
use models::{Message, Part};
use serde_json::json;

use crate::asked::follows;
use crate::cases::{Pair, Read, Said};
use crate::chain::Chain;
use crate::door::Visit;
use crate::notation::Notation;
use crate::outbound::is_seen;
use crate::received::{holds, message, quarantined, same};
use crate::sent::Names;
use crate::templates::{Mode, Webhook};

impl Said {
    /// What Braze fills in.
    pub(crate) fn webhook(&self) -> Webhook {
        let value = |given: &Option<Notation>, usual: &str| given.as_ref().map_or(usual.to_owned(), Notation::text);
        Webhook {
            dispatch_id: value(&self.dispatch, "dispatch-1"),
            sent_at: value(&self.sent_at, "1700000000"),
            user_id: value(&self.user, "42"),
            braze_id: value(&self.braze, "braze-42"),
            phone_number: value(&self.phone, "+4915112345678"),
            language: value(&self.language, "en"),
            profile_name: value(&self.profile, "Ada"),
            media_urls: value(&self.media, ""),
            message: self.text.text(),
        }
    }
}

impl Chain {
    /// Whether `said` is read in `mode` as `read` wants it, and goes on from there as it should.
    pub(crate) async fn reads(&self, said: &Said, mode: Mode, read: &Read) -> Result<(), String> {
        let mut webhook = said.webhook();
        let body = self.templates.render(&webhook, mode);
        if let Some(twin) = &read.twin {
            webhook.message = twin.text();
            let escaped = self.templates.render(&webhook, Mode::Escaped);
            holds(escaped == body, || "the twin is no twin: its body is another one".to_owned())?;
        }
        if let Some(text) = &read.text {
            webhook.message = text.text();
        }
        self.door.start_again();
        let arrival = self.door.visit(&Visit::webhook(), body.as_bytes()).await;
        if let Some(reason) = &read.quarantined {
            quarantined(&arrival, body.as_bytes(), reason)?;
            return self.explains_why_not(&body, reason).await;
        }
        let message = message(&arrival)?;
        same("the text", &message.text.as_str(), &webhook.message.as_str())?;
        let names = names(&webhook, mode);
        let conversation = message.identity.conversation();
        let wanted = read.user.clone().unwrap_or_else(|| names.conversation());
        same("the user", &conversation.as_str(), &wanted.as_str())?;
        has_the_rest(&message, &webhook, mode, read)?;
        same(
            "the keywords it is among",
            &keyword(&self.assistant.keywords, message.text.as_str()),
            &read.keyword.as_deref(),
        )?;
        self.explains(&body, &message).await?;
        self.is_known_again(&body, &message).await?;
        let asked = read.asked.unwrap_or(webhook.message.contains(is_seen));
        let follows = follows(read.keyword.as_deref(), asked);
        self.asks(&message, follows, read.kept.as_ref().map(Notation::text)).await?;
        if read.user.is_none() {
            same("the identity", &Some(&message.identity), &names.identity().as_ref())?;
            self.sends(&[Part::new("The answer.").unwrap()], &message.identity, &names).await?;
        }
        Ok(())
    }

    /// Whether `explain` says of a body what was done with it, and does nothing.
    async fn explains(&self, body: &str, message: &Message) -> Result<(), String> {
        let arrival = self.door.visit(&Visit::webhook().asking(), body.as_bytes()).await;
        same("what explain handed on", &(arrival.queued.len(), arrival.parked.len()), &(0, 0))?;
        let explained = arrival.answer.body;
        let conversation = message.identity.conversation();
        let told = json!([
            explained["understood"],
            explained["conversation"],
            explained["message_id"],
            explained["text"],
            explained["dispatch_id"].is_string(),
        ]);
        let (text, dispatched) = (message.text.as_str(), message.dispatched);
        let wanted = json!([true, conversation.as_str(), message.id.as_str(), text, dispatched]);
        same("what explain says", &told, &wanted)
    }

    async fn explains_why_not(&self, body: &str, reason: &str) -> Result<(), String> {
        let arrival = self.door.visit(&Visit::webhook().asking(), body.as_bytes()).await;
        same("what explain handed on", &(arrival.queued.len(), arrival.parked.len()), &(0, 0))?;
        let told = arrival.answer.body["reason"].as_str().unwrap_or_default();
        holds(told.contains(reason), || format!("explain says {told:?}"))
    }

    /// Whether a retry of the webhook 20 s later is the same message; without a dispatch and a time, nobody can know.
    async fn is_known_again(&self, body: &str, first: &Message) -> Result<(), String> {
        self.door.wait(20);
        let again = message(&self.door.visit(&Visit::webhook(), body.as_bytes()).await)?;
        let named = first.dispatched || first.sent_at.is_some();
        same("whether a retry is the same message", &(again.id == first.id), &named)
    }

    /// Whether two webhooks are taken for one message, or for two.
    pub(crate) async fn tells_apart(&self, pair: &Pair, mode: Mode) -> Result<(), String> {
        self.door.start_again();
        let bodies = [&pair.first, &pair.second].map(|said| self.templates.render(&said.webhook(), mode));
        let first = message(&self.door.visit(&Visit::webhook(), bodies[0].as_bytes()).await)?;
        self.door.wait(pair.seconds_later);
        let second = message(&self.door.visit(&Visit::webhook(), bodies[1].as_bytes()).await)?;
        same("whether they are one message", &(first.id == second.id), &pair.one_message)
    }
}

fn names(webhook: &Webhook, mode: Mode) -> Names {
    let braze = if mode.is_frame() { String::new() } else { webhook.braze_id.clone() };
    Names { external: webhook.user_id.clone(), braze, phone: webhook.phone_number.clone() }
}

/// The list that `text` is in.
fn keyword(lists: &KeywordLists, text: &str) -> Option<&'static str> {
    let KeywordLists { opt_out, opt_in, hand_off, cancel, ignore } = lists;
    let lists =
        [("opt_out", opt_out), ("opt_in", opt_in), ("hand_off", hand_off), ("cancel", cancel), ("ignore", ignore)];
    lists.into_iter().find(|(_, list)| list.matches(text)).map(|(name, _)| name)
}

/// Whether everything beside text and user is passed on, or left out, as it should be.
fn has_the_rest(message: &Message, webhook: &Webhook, mode: Mode, read: &Read) -> Result<(), String> {
    let wanted = |value: &str, read: &Option<Notation>| {
        let value = read.as_ref().map_or(value.to_owned(), Notation::text);
        (!mode.is_frame() && !value.is_empty()).then_some(value)
    };
    let personal = |value: &Option<models::Personal>| value.as_ref().map(|value| value.as_str().to_owned());
    same("the language", &message.language, &wanted(&webhook.language, &read.language))?;
    same("the name", &personal(&message.profile_name), &wanted(&webhook.profile_name, &read.profile))?;
    same("the media", &personal(&message.media_urls), &wanted(&webhook.media_urls, &read.media))?;
    same("whether it was shortened", &message.shortened, &read.shortened)?;
    same("whether a dispatch is named", &message.dispatched, &read.dispatched.unwrap_or(!mode.is_frame()))?;
    let time = read.timed.unwrap_or(!mode.is_frame()).then(|| webhook.sent_at.parse::<u64>().ok()).flatten();
    same("the time", &message.sent_at.map(models::Timestamp::seconds), &time)?;
    same("the route", &message.route, &None)
}
