//! Who a message came from, and how Braze can be told to reach that person.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Personal;

/// The label Braze gives the alias of a number that belonged to nobody it knew.
const PHONE_LABEL: &str = "phone";

/// Every name Braze gave us for one person; at least one is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Names", into = "Names")]
pub struct Identity(Names);

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Names {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    external_id: Option<Personal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    braze_id: Option<Personal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    phone: Option<Personal>,
    /// An alias with another label than a phone's: only a desk or an operator names somebody so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    alias: Option<(String, Personal)>,
}

/// Nothing in the body says how to reach the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no user id, no braze id and no phone, so no way to reach the user")]
pub struct UnreachableIdentity;

impl Identity {
    /// From the three names a webhook body can hold; empty ones count as absent.
    pub fn new(external_id: &str, braze_id: &str, phone: &str) -> Result<Self, UnreachableIdentity> {
        let name = |text: &str| (!text.is_empty()).then(|| Personal::from(text));
        Names { external_id: name(external_id), braze_id: name(braze_id), phone: name(phone), alias: None }.try_into()
    }

    /// The person that `conversation` is named after, known by nothing else.
    pub fn of(conversation: &ConversationKey) -> Self {
        Self(match conversation.recipient() {
            Recipient::External(id) => Names { external_id: Some(id), ..Names::default() },
            Recipient::Braze(id) => Names { braze_id: Some(id), ..Names::default() },
            Recipient::Alias { label, name } if label == PHONE_LABEL => Names { phone: Some(name), ..Names::default() },
            Recipient::Alias { label, name } => Names { alias: Some((label, name)), ..Names::default() },
        })
    }

    /// The conversation this person's messages belong to: by external id, else braze id, else the phone's alias.
    pub fn conversation(&self) -> ConversationKey {
        self.conversations().remove(0)
    }

    /// The conversations the same person may have had under the other names.
    pub fn other_conversations(&self) -> Vec<ConversationKey> {
        self.conversations().split_off(1)
    }

    /// How to address this person in a send, best name first; never empty. The alias stands before the braze id, because
    /// only one of Braze's pages has the latter as a recipient (the generic recipient object, not the endpoint's own).
    pub fn recipients(&self) -> Vec<Recipient> {
        let [external, braze, phone, alias] = self.names();
        [external, phone, alias, braze].into_iter().flatten().collect()
    }

    /// How to address this person's profile in a write: by external id, else braze id, else the phone's alias. A write to a
    /// name that nobody has is taken as well and changes nothing, so an alias, whose form may be another one in Braze, comes
    /// last.
    pub fn profile(&self) -> Recipient {
        self.conversation().recipient()
    }

    fn conversations(&self) -> Vec<ConversationKey> {
        self.names().iter().flatten().map(ConversationKey::of).collect()
    }

    fn names(&self) -> [Option<Recipient>; 4] {
        let Names { external_id, braze_id, phone, alias } = self.0.clone();
        let alias_of = |(label, name)| Recipient::Alias { label, name };
        let phone = phone.map(|name| alias_of((PHONE_LABEL.to_owned(), name)));
        [external_id.map(Recipient::External), braze_id.map(Recipient::Braze), phone, alias.map(alias_of)]
    }
}

impl TryFrom<Names> for Identity {
    type Error = UnreachableIdentity;

    fn try_from(names: Names) -> Result<Self, Self::Error> {
        match names {
            Names { external_id: None, braze_id: None, phone: None, alias: None } => Err(UnreachableIdentity),
            names => Ok(Self(names)),
        }
    }
}

impl From<Identity> for Names {
    fn from(identity: Identity) -> Self {
        identity.0
    }
}

/// One person, as one Braze call can name them. There is no value for "everybody".
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// The brand's own id of the user.
    External(Personal),
    /// Braze's id of the profile.
    Braze(Personal),
    /// An alias, as Braze gives unknown numbers.
    Alias {
        /// What kind of alias; `phone` for unknown numbers.
        label: String,
        /// The alias itself.
        name: Personal,
    },
}

/// The name of a conversation: `user:<external id>`, `braze:<braze id>` or `alias:<label>:<name>`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConversationKey(Personal);

impl ConversationKey {
    /// The conversation with `recipient`.
    pub fn of(recipient: &Recipient) -> Self {
        Self(Personal::from(match recipient {
            Recipient::External(id) => format!("user:{}", id.as_str()),
            Recipient::Braze(id) => format!("braze:{}", id.as_str()),
            Recipient::Alias { label, name } => format!("alias:{label}:{}", name.as_str()),
        }))
    }

    /// Reads a key as agents and operators write it; `None` if it names nobody.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(':')?;
        let named = match kind {
            "user" | "braze" => !rest.is_empty(),
            "alias" => rest.split_once(':').is_some_and(|(label, name)| !label.is_empty() && !name.is_empty()),
            _ => false,
        };
        named.then(|| Self(Personal::from(text)))
    }

    /// Whom the conversation is with.
    pub fn recipient(&self) -> Recipient {
        // Both ways to make a key see to it that one of these holds.
        let (kind, rest) = self.as_str().split_once(':').unwrap_or(("user", self.as_str()));
        match (kind, rest.split_once(':')) {
            ("braze", _) => Recipient::Braze(rest.into()),
            ("alias", Some((label, name))) => Recipient::Alias { label: label.to_owned(), name: name.into() },
            _ => Recipient::External(rest.into()),
        }
    }

    /// The key as text. It names a person: never log it.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Debug for ConversationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "conversation {:?}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_conversation_is_named_by_the_best_name() {
        for (external, braze, phone, conversation, others) in [
            ("42", "b1", "+49", "user:42", vec!["braze:b1", "alias:phone:+49"]),
            ("", "b1", "+49", "braze:b1", vec!["alias:phone:+49"]),
            ("", "", "+49", "alias:phone:+49", vec![]),
        ] {
            let identity = Identity::new(external, braze, phone).unwrap();
            assert_eq!(identity.conversation().as_str(), conversation);
            let found = identity.other_conversations();
            assert_eq!(found.iter().map(ConversationKey::as_str).collect::<Vec<_>>(), others);
        }
    }

    #[test]
    fn somebody_without_an_external_id_is_addressed_by_alias_first() {
        let names = |identity: &Identity| identity.recipients().iter().map(ConversationKey::of).collect::<Vec<_>>();
        let keys = |keys: &[&str]| keys.iter().map(|key| ConversationKey::parse(key).unwrap()).collect::<Vec<_>>();
        assert_eq!(names(&Identity::new("", "b1", "+49").unwrap()), keys(&["alias:phone:+49", "braze:b1"]));
        assert_eq!(names(&Identity::new("42", "b1", "").unwrap()), keys(&["user:42", "braze:b1"]));
    }

    #[test]
    fn a_profile_is_addressed_by_alias_last() {
        for (external, braze, phone, profile) in
            [("42", "b1", "+49", "user:42"), ("", "b1", "+49", "braze:b1"), ("", "", "+49", "alias:phone:+49")]
        {
            let identity = Identity::new(external, braze, phone).unwrap();
            assert_eq!(ConversationKey::of(&identity.profile()).as_str(), profile);
        }
    }

    #[test]
    fn a_conversation_names_the_person_it_is_with() {
        for key in ["user:42", "user:a:b", "braze:x", "alias:phone:+49", "alias:crm:7:8"] {
            let key = ConversationKey::parse(key).unwrap();
            assert_eq!(ConversationKey::of(&key.recipient()), key);
            let identity = Identity::of(&key);
            assert_eq!((identity.conversation(), identity.recipients()), (key.clone(), vec![key.recipient()]));
            let stored = serde_json::to_string(&identity).unwrap();
            assert_eq!(serde_json::from_str::<Identity>(&stored).unwrap(), identity);
        }
    }

    #[test]
    fn an_identity_without_any_name_cannot_be_made_or_read() {
        assert_eq!(Identity::new("", "", ""), Err(UnreachableIdentity));
        assert!(serde_json::from_str::<Identity>("{}").is_err());
    }

    #[test]
    fn debug_shows_nobodys_name() {
        let identity = Identity::new("ada", "b1-ada", "+4915112345").unwrap();
        assert_eq!(format!("{:?}", identity.conversation()), "conversation ‹8 bytes›");
        let shown = format!("{identity:?} {:?}", identity.recipients());
        assert!(!shown.contains("ada") && !shown.contains("4915112345"), "{shown}");
    }

    #[test]
    fn keys_are_read_only_when_they_name_somebody() {
        for good in ["user:42", "user:a:b", "braze:x", "alias:phone:+49", "user:x/../y"] {
            assert_eq!(ConversationKey::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "42", "user:", "alias:phone", "alias::x", "alias:phone:", "group:1"] {
            assert_eq!(ConversationKey::parse(bad), None, "{bad}");
        }
    }
}
