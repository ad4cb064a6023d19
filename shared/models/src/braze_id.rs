//! The ids that Braze gives to what a workspace holds.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The most characters of an id; Braze's own have 36.
const CHARACTERS: usize = 128;

/// A text that cannot be an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id of Braze has 1 to {CHARACTERS} visible ASCII characters and no space")]
pub struct BadBrazeId;

fn checked(text: String) -> Result<String, BadBrazeId> {
    let legal = (1..=CHARACTERS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if legal { Ok(text) } else { Err(BadBrazeId) }
}

macro_rules! braze_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Reads an id.
            pub fn new(text: impl Into<String>) -> Result<Self, BadBrazeId> {
                checked(text.into()).map(Self)
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadBrazeId;

            fn try_from(text: String) -> Result<Self, BadBrazeId> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

braze_id! {
    /// The id of an API-triggered campaign.
    CampaignId
}

braze_id! {
    /// The id of a subscription group, which for WhatsApp is a sending number.
    SubscriptionGroupId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_short_and_visible() {
        for good in ["c1", "1d3b8f3e-7f0c-4d4e-9a53-0c0f2f9f1a11"] {
            assert_eq!(CampaignId::new(good).unwrap().as_str(), good);
            assert_eq!(SubscriptionGroupId::new(good).unwrap().to_string(), good);
        }
        for bad in ["", "a b", "a\n", "é", &"x".repeat(129)] {
            assert_eq!(CampaignId::new(bad), Err(BadBrazeId), "{bad}");
        }
        assert!(serde_json::from_str::<CampaignId>("\"a b\"").is_err());
    }
}
