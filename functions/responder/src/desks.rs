//! Which desk people answer at.

use std::sync::Arc;

use desk::chatwoot::Inbox;
use desk::{BadAddress, Chatwoot, Desk, Webhook};
use models::assistant::DeskNotes;
use platform::clock::Clock;
use platform::secrets::Key;
use platform::settings::Settings as Reader;

use crate::secret;

/// The desk, as the environment names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeskSettings {
    /// None: agents who have another way to read along can still take over and write.
    None,
    /// A system that is told by a signed POST.
    Webhook {
        /// `DESK_URL`.
        url: String,
    },
    /// An inbox of Chatwoot's API channel.
    Chatwoot {
        /// `DESK_URL`.
        base_url: String,
        /// `DESK_ACCOUNT`, `DESK_INBOX`, `DESK_INBOX_IDENTIFIER`.
        inbox: Inbox,
    },
}

#[derive(Clone, Copy)]
enum Kind {
    None,
    Webhook,
    Chatwoot,
}

impl DeskSettings {
    /// Reads `DESK` and what belongs to it.
    pub fn read(reader: &mut Reader) -> Self {
        let kinds = [("none", Kind::None), ("webhook", Kind::Webhook), ("chatwoot", Kind::Chatwoot)];
        match reader.one_of("DESK", &kinds) {
            Kind::None => Self::None,
            Kind::Webhook => Self::Webhook { url: reader.url("DESK_URL") },
            Kind::Chatwoot => Self::Chatwoot {
                base_url: reader.base_url("DESK_URL"),
                inbox: Inbox {
                    account: reader.number("DESK_ACCOUNT"),
                    number: reader.number("DESK_INBOX"),
                    identifier: reader.required("DESK_INBOX_IDENTIFIER"),
                    label: reader.optional("DESK_LABEL"),
                },
            },
        }
    }

    /// The field of the secret that it cannot do without.
    pub fn needed_key(&self) -> Option<&'static str> {
        (*self != Self::None).then_some(secret::DESK)
    }

    /// The same where that signs webhooks.
    pub fn signing_key(&self) -> Option<&'static str> {
        self.needed_key().filter(|_| matches!(self, Self::Webhook { .. }))
    }

    /// The desk, which is called with `http` and proves itself with `key`. Its agents read `notes`.
    pub fn desk(
        self,
        http: reqwest::Client,
        key: Arc<dyn Key>,
        clock: Arc<dyn Clock>,
        notes: &DeskNotes,
    ) -> Result<Option<Arc<dyn Desk>>, BadAddress> {
        Ok(match self {
            Self::None => None,
            Self::Webhook { url } => Some(Arc::new(Webhook::new(&url, key, http, clock)?)),
            Self::Chatwoot { base_url, inbox } => {
                Some(Arc::new(Chatwoot::new(&base_url, inbox, key, http, notes.clone())?))
            }
        })
    }
}
