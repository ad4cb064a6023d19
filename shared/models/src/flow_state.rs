//! Where somebody is in a flow, as it is stored between two messages.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Personal, Timestamp};

/// A flow that waits for an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowState {
    /// The flow's name.
    pub flow: String,
    /// The name of the step whose answer is waited for.
    pub step: String,
    /// How often that step was asked in a row; at least 1.
    pub asked: u32,
    /// What was answered, by the step's name.
    pub values: BTreeMap<String, Personal>,
    /// The language it was begun in, where that is known: single words as answers do not tell one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// When the flow was started.
    pub since: Timestamp,
    /// When the flow last asked: its timeout counts from here.
    pub touched: Timestamp,
}
