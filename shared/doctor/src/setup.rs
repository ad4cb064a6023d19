//! What the doctor is told of a set-up.

use secrecy::SecretString;

/// A set-up. What is left out is not looked at.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// Where Braze's webhooks should arrive.
    pub door: Option<Door>,
    /// The Braze workspace.
    pub workspace: Option<Workspace>,
    /// The names of the assistant's routes, where the assistant is known.
    pub routes: Option<Vec<String>>,
    /// The subscription group of newcomers, where the assistant names one.
    pub newcomers_group: Option<String>,
    /// The external id of a user who gets one real message.
    pub send_to: Option<SecretString>,
}

/// The deployed `ingest`.
#[derive(Debug, Clone)]
pub struct Door {
    /// `InboundUrl` of the deployment.
    pub url: String,
    /// `webhook_token` of its secret.
    pub token: SecretString,
}

/// A Braze workspace and what Dragoman uses in it.
#[derive(Debug, Clone)]
pub struct Workspace {
    /// The REST host of its cluster.
    pub endpoint: String,
    /// The key that Dragoman sends with.
    pub key: SecretString,
    /// The key that may read campaigns, if it is another one.
    pub details_key: Option<SecretString>,
    /// The id of the campaign that sends the replies.
    pub reply_campaign: String,
    /// The ids of the campaigns that the assistant names.
    pub further_campaigns: Vec<String>,
    /// The id of the campaign that forwards what customers write.
    pub inbound_campaign: Option<String>,
    /// Whether the assistant writes to profiles.
    pub writes_profiles: bool,
    /// The addresses of the clusters that are asked whether they know a key that this one refuses; the key is shown to them.
    pub other_clusters: Vec<String>,
}
