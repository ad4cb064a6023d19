//! By which of Braze's calls replies are sent.

/// How a deployment sends, unless a reply names a campaign of its own: that always goes by that campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// `/campaigns/trigger/send` with this campaign: Braze decides what the message looks like.
    Campaign(String),
    /// `/messages/send`: the message goes along whole.
    Messages(Sender),
    /// `/canvas/trigger/send` with this Canvas.
    Canvas(String),
}

impl From<String> for Delivery {
    fn from(campaign: String) -> Self {
        Self::Campaign(campaign)
    }
}

impl From<&str> for Delivery {
    fn from(campaign: &str) -> Self {
        Self::Campaign(campaign.to_owned())
    }
}

/// Whose name stands above a message that goes along whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// Braze's identifier of the app.
    pub app_id: String,
    /// The WhatsApp subscription group, which is the sending number.
    pub subscription_group_id: String,
    /// What carries a text to somebody who has been silent for 24 hours; without it such a message is refused.
    pub template: Option<ApprovedTemplate>,
}

/// A template that Meta approved, with one variable in its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovedTemplate {
    /// Its name.
    pub name: String,
    /// Such as `en`.
    pub language_code: String,
}
