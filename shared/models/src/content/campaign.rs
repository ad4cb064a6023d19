//! A campaign of its own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Misfit;
use crate::{FieldName, Part};

/// Properties that every reply has.
const RESERVED: [&str; 5] = ["external_system_msg_body", "reply_id", "part", "parts", "kind"];
/// Braze takes 50 KB of properties; the rest is for those that every reply has.
const PROPERTY_BYTES: usize = 49_000;

/// What a campaign of its own is triggered with. What it shows is decided in Braze.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Campaign {
    text: Part,
    properties: BTreeMap<FieldName, Part>,
}

impl Campaign {
    /// A campaign that says about the same as `text`, triggered with `properties`. All of them are texts, because how a
    /// message shows anything else is not documented.
    pub fn new(text: Part, properties: BTreeMap<FieldName, Part>) -> Result<Self, Misfit> {
        for name in properties.keys() {
            name.clone().other_than(&RESERVED)?;
        }
        let size = |text: &str| serde_json::Value::from(text).to_string().len();
        let pairs = properties.iter().map(|(name, value)| size(name.as_str()) + size(value.as_str()) + 2);
        if pairs.sum::<usize>() + size(text.as_str()) > PROPERTY_BYTES {
            return Err(Misfit::Properties);
        }
        Ok(Self { text, properties })
    }

    /// About what the campaign says: for the history, and for a way of sending that knows no campaigns.
    pub fn text(&self) -> &Part {
        &self.text
    }

    /// What it is triggered with, by name.
    pub fn properties(&self) -> impl Iterator<Item = (&FieldName, &Part)> {
        self.properties.iter()
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    text: Part,
    #[serde(default)]
    properties: BTreeMap<FieldName, Part>,
}

impl TryFrom<Stored> for Campaign {
    type Error = Misfit;

    fn try_from(Stored { text, properties }: Stored) -> Result<Self, Misfit> {
        Self::new(text, properties)
    }
}

impl From<Campaign> for Stored {
    fn from(Campaign { text, properties }: Campaign) -> Self {
        Self { text, properties }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NotWritable;

    fn campaign(names: &[&str], value: &str) -> Result<Campaign, Misfit> {
        let property = |name: &&str| (FieldName::new(*name).unwrap(), Part::new(value).unwrap());
        Campaign::new(Part::new("Which day?").unwrap(), names.iter().map(property).collect())
    }

    #[test]
    fn a_campaign_has_properties_of_its_own_and_none_of_ours() {
        assert_eq!(campaign(&["order", "email"], "1").unwrap().properties().count(), 2);
        for name in RESERVED {
            assert_eq!(campaign(&[name], "1"), Err(NotWritable::Reserved.into()));
        }
    }

    #[test]
    fn the_properties_stay_below_what_braze_takes() {
        let value = "x".repeat(4_000);
        let names: Vec<_> = (0..13).map(|number| format!("p{number}")).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        assert!(campaign(&names[..12], &value).is_ok());
        assert_eq!(campaign(&names, &value), Err(Misfit::Properties));
    }
}
