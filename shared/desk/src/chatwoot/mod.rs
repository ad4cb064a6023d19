//! Chatwoot: an inbox of its API channel, in both directions.

mod api;
mod authentic;
mod note;
mod source_id;
mod way_back;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use models::assistant::{DeskNote, DeskNotes};
use models::{Personal, Timestamp};
use platform::secrets::Key;
use reqwest::Url;
use secrecy::SecretString;

use crate::address::{BadAddress, address};
use crate::delivery::{self, Attempt};
use crate::{Desk, DeskError, DeskEvent, What};
use api::{Api, Conversation, NewMessage, PAGE};

pub use authentic::is_authentic;
pub use way_back::{FromDesk, understand};

/// How much Chatwoot's clock may be behind ours.
const CLOCKS_APART: Duration = Duration::from_mins(5);
/// The most pages of messages that are searched for an event.
const MOST_PAGES: usize = 5;

/// An inbox of Chatwoot's API channel.
#[derive(Clone, PartialEq, Eq)]
pub struct Inbox {
    /// The number of the account, as in the address of its pages: `/app/accounts/1/…`.
    pub account: u64,
    /// The number of the inbox: `/app/accounts/1/settings/inboxes/3`.
    pub number: u64,
    /// The inbox identifier that its settings show. Whoever has it can write as a contact: `Debug` does not show it.
    pub identifier: String,
    /// A label that every conversation handed over gets, beside those it has.
    pub label: Option<String>,
}

/// Hands conversations to people who work in Chatwoot.
///
/// Nothing is remembered here: the contact is found by its source id, its newest conversation in the inbox by asking, and
/// whether an event is there already by the source id of its message.
pub struct Chatwoot {
    base: Url,
    inbox: Inbox,
    token: Arc<dyn Key>,
    http: reqwest::Client,
    notes: DeskNotes,
}

impl Chatwoot {
    /// A desk at the Chatwoot behind `base_url` (`https://app.chatwoot.com`), with or without a slash at its end. `token` is
    /// the access token of a user who works in the inbox; agent bots' tokens may not read what has to be read. `notes` is what
    /// its agents read.
    ///
    /// `http` must follow no redirects: one would take the token and the user's words to a host nobody chose.
    pub fn new(
        base_url: &str,
        inbox: Inbox,
        token: Arc<dyn Key>,
        http: reqwest::Client,
        notes: DeskNotes,
    ) -> Result<Self, BadAddress> {
        Ok(Self { base: address(base_url)?, inbox, token, http, notes })
    }

    /// The conversation that an event goes to: the newest if nobody has closed it, else a new one.
    async fn place(
        &self,
        api: &Api<'_>,
        contact: u64,
        source_id: &str,
        newest: Option<Conversation>,
    ) -> Result<Conversation, DeskError> {
        match newest.filter(is_alive) {
            Some(conversation) => Ok(conversation),
            None => api.create_conversation(contact, source_id).await,
        }
    }

    /// Everything about a hand-off except its note: the note comes last, and says that the rest is done.
    async fn prepare(&self, api: &Api<'_>, conversation: &Conversation) -> Result<(), DeskError> {
        if conversation.status != "open" {
            api.open(conversation.id).await?;
        }
        match &self.inbox.label {
            Some(label) if !conversation.labels.contains(label) => {
                let mut labels = conversation.labels.clone();
                labels.push(label.clone());
                api.label(conversation.id, &labels).await
            }
            _ => Ok(()),
        }
    }

    /// Shows `event` in the newest conversation, or in a new one.
    async fn show(
        &self,
        api: &Api<'_>,
        event: &DeskEvent,
        (contact, source_id): (u64, &str),
        newest: Option<Conversation>,
    ) -> Result<(), DeskError> {
        let (id, notes) = (event.public_id(), &self.notes);
        // Before anything else: an event that is there must not open again what an agent has closed since.
        if let Some(newest) = &newest
            && is_there(api, newest.id, &id, event.at).await?
        {
            return Ok(());
        }
        match &event.what {
            What::HandOff { reason, summary, transcript, profile_name, language } => {
                let content =
                    note::hand_off(notes, *reason, summary, transcript, profile_name.as_ref(), language.as_deref());
                let conversation = self.place(api, contact, source_id, newest).await?;
                self.prepare(api, &conversation).await?;
                api.write(conversation.id, &private_note(&content, &id)).await
            }
            What::Message { text, media_urls } => {
                let content = message(notes, text, media_urls.as_ref());
                let conversation = self.place(api, contact, source_id, newest).await?;
                let words = NewMessage { content: &content, message_type: "incoming", private: false, source_id: &id };
                api.write(conversation.id, &words).await
            }
            // The conversation is left open: closing it from here would come back as an agent's release, which could meet
            // the next hand-off. Nobody looks at a note in one that is closed.
            What::Released { by } => match newest.filter(is_alive) {
                Some(conversation) => api.write(conversation.id, &private_note(&note::released(notes, *by), &id)).await,
                None => Ok(()),
            },
            What::NotSent { reason, text } => {
                let content = note::not_sent(notes, *reason, text);
                let conversation = self.place(api, contact, source_id, newest).await?;
                api.write(conversation.id, &private_note(&content, &id)).await
            }
        }
    }
}

#[async_trait]
impl Attempt for Chatwoot {
    fn key(&self) -> &dyn Key {
        self.token.as_ref()
    }

    async fn attempt(&self, event: &DeskEvent, token: &SecretString) -> Result<(), DeskError> {
        let api = Api { http: &self.http, base: &self.base, inbox: &self.inbox, token };
        let source_id = source_id::of(&event.conversation);
        let contact = api.contact(&source_id, event.conversation.as_str(), name(event)).await?;
        let newest = api.newest_conversation(contact).await?;
        let is_old = newest.is_some();
        match self.show(&api, event, (contact, &source_id), newest).await {
            // An agent deleted the conversation meanwhile. A contact that was deleted is made anew by the next try.
            Err(DeskError::Refused { status: 404 }) if is_old => {
                self.show(&api, event, (contact, &source_id), None).await
            }
            shown => shown,
        }
    }
}

#[async_trait]
impl Desk for Chatwoot {
    fn name(&self) -> &'static str {
        "chatwoot"
    }

    async fn deliver(&self, event: &DeskEvent, within: Duration) -> Result<(), DeskError> {
        delivery::deliver(self, event, within).await
    }
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "inbox {} of account {}", self.number, self.account)
    }
}

impl fmt::Debug for Chatwoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Chatwoot({}, {:?})", self.base.host_str().unwrap_or_default(), self.inbox)
    }
}

fn is_alive(conversation: &Conversation) -> bool {
    conversation.status != "resolved"
}

/// Whether the event's message is in the conversation. It cannot be older than the event, so that the search ends there.
async fn is_there(api: &Api<'_>, conversation: u64, id: &str, at: Timestamp) -> Result<bool, DeskError> {
    let mut before = None;
    for _ in 0..MOST_PAGES {
        let page = api.messages(conversation, before).await?;
        if page.iter().any(|message| message.source_id.as_deref() == Some(id)) {
            return Ok(true);
        }
        let oldest = page.iter().min_by_key(|message| message.id).filter(|_| page.len() >= PAGE);
        match oldest {
            Some(oldest) if oldest.created_at >= (at - CLOCKS_APART).seconds() => before = Some(oldest.id),
            _ => break,
        }
    }
    Ok(false)
}

fn private_note<'a>(content: &'a Personal, source_id: &'a str) -> NewMessage<'a> {
    NewMessage { content, message_type: "outgoing", private: true, source_id }
}

/// What agents see as the contact's name when it is new. Chatwoot would make up two funny words.
fn name(event: &DeskEvent) -> &str {
    match &event.what {
        What::HandOff { profile_name: Some(name), .. } if !name.as_str().trim().is_empty() => name.as_str(),
        _ => event.conversation.as_str(),
    }
}

/// A user's message as one text, the addresses of media below the words.
fn message(notes: &DeskNotes, text: &Personal, media_urls: Option<&Personal>) -> Personal {
    let parts = [text.as_str(), media_urls.map(Personal::as_str).unwrap_or_default()];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.trim().is_empty()).collect();
    if parts.is_empty() { notes.text(DeskNote::NoText).into() } else { parts.join("\n").into() }
}
