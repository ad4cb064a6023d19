//! Everything the simulation remembers.

use std::collections::HashMap;

use models::{Personal, Timestamp};

use crate::delivery::NotDelivered;
use crate::faults::Faults;
use crate::hex::hex;
use crate::profiles::Profiles;
use crate::rest::Limits;
use crate::views::{RequestRecord, Undelivered, WebhookRecord};
use crate::workspace::Workspace;

/// The workspace and what happened in it.
pub(crate) struct World {
    pub(crate) workspace: Workspace,
    pub(crate) profiles: Profiles,
    pub(crate) faults: Faults,
    pub(crate) limits: Limits,
    pub(crate) requests: Vec<RequestRecord>,
    pub(crate) webhooks: Vec<WebhookRecord>,
    pub(crate) undelivered: Vec<Undelivered>,
    /// When each profile last entered each Canvas.
    pub(crate) canvas_entries: HashMap<(usize, String), Timestamp>,
}

impl World {
    pub(crate) fn new(workspace: Workspace) -> Self {
        Self {
            profiles: Profiles::new(workspace.profiles.clone()),
            limits: Limits::new(workspace.requests_per_hour),
            workspace,
            faults: Faults::default(),
            requests: Vec::new(),
            webhooks: Vec::new(),
            undelivered: Vec::new(),
            canvas_entries: HashMap::new(),
        }
    }

    /// Notes what reached nobody.
    pub(crate) fn not_delivered(
        &mut self,
        conversation: Personal,
        campaign: &str,
        reason: NotDelivered,
        at: Timestamp,
    ) {
        let explanation = reason.to_string();
        self.undelivered.push(Undelivered { at, conversation, campaign: campaign.to_owned(), reason, explanation });
    }
}

/// A new dispatch id: 32 hexadecimal digits that nobody had before.
pub(crate) fn dispatch_id() -> String {
    let mut bytes = [0_u8; 16];
    if getrandom::fill(&mut bytes).is_err() {
        // A machine without random numbers still counts nanoseconds.
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        bytes = since.as_nanos().to_be_bytes();
    }
    hex(&bytes)
}

/// This moment.
pub(crate) fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
