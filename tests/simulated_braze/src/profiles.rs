//! The users of a workspace, and the names that calls and messages find them by.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use models::{Personal, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::hex::hex;
use crate::views::PhoneMessage;

/// The label of the alias that Braze gives somebody whose number it did not know.
const PHONE_LABEL: &str = "phone";

/// One user, and what their phone shows.
#[derive(Clone, Serialize, Deserialize)]
pub struct Profile {
    /// Braze's own id; every profile has one.
    pub braze_id: Personal,
    /// The brand's id; somebody whose number was unknown has none.
    pub external_id: Option<Personal>,
    /// Other names.
    pub aliases: Vec<Alias>,
    /// The number, as `{{${phone_number}}}` shows it. WhatsApp may keep it to itself.
    pub phone: Option<Personal>,
    /// What the brand calls the user.
    pub first_name: Option<Personal>,
    /// Such as `en`.
    pub language: Option<String>,
    /// What the user calls themselves on WhatsApp.
    pub profile_name: Option<Personal>,
    /// The custom attributes.
    pub attributes: BTreeMap<String, serde_json::Value>,
    /// The custom events, oldest first.
    pub events: Vec<serde_json::Value>,
    /// Whether the WhatsApp group may send to the user.
    pub subscribed: bool,
    /// When the user last wrote: opens the window for response messages.
    pub last_inbound: Option<Timestamp>,
    /// The campaigns that the user got or triggered.
    pub campaigns: BTreeSet<String>,
    /// What the phone shows, oldest first.
    pub screen: Vec<PhoneMessage>,
}

/// A second name of a user.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Alias {
    /// What kind of name.
    pub label: String,
    /// The name.
    pub name: Personal,
}

/// The names one profile can be found by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Name {
    External(Personal),
    Braze(Personal),
    Alias(Alias),
    Phone(Personal),
    Email(Personal),
}

impl Profile {
    /// A user of the brand: subscribed, with a number and a Braze id made up from the external id.
    pub fn customer(external_id: &str) -> Self {
        Self { external_id: Some(external_id.into()), subscribed: true, ..Self::nobody(external_id) }
    }

    /// What Braze makes of a number it does not know: an anonymous profile with the number as its alias.
    pub fn newcomer(phone: &str) -> Self {
        let alias = Alias { label: PHONE_LABEL.to_owned(), name: phone.into() };
        Self { phone: Some(phone.into()), aliases: vec![alias], ..Self::nobody(phone) }
    }

    fn nobody(seed: &str) -> Self {
        Self {
            // As long as the ids that Braze gives.
            braze_id: hex(&Sha256::digest(seed.as_bytes())[..12]).into(),
            external_id: None,
            aliases: Vec::new(),
            phone: Some(number(seed, 0)),
            first_name: None,
            language: Some("en".to_owned()),
            profile_name: None,
            attributes: BTreeMap::new(),
            events: Vec::new(),
            subscribed: false,
            last_inbound: None,
            campaigns: BTreeSet::new(),
            screen: Vec::new(),
        }
    }

    /// How a page names this user's conversation: by external id, else by the phone's alias, else by Braze id.
    pub fn conversation(&self) -> Personal {
        let alias = self.aliases.first().map(|alias| Name::Alias(alias.clone()));
        let name = self.external_id.clone().map(Name::External).or(alias);
        name.unwrap_or_else(|| Name::Braze(self.braze_id.clone())).conversation()
    }

    /// Every name under which others may keep this user's conversation.
    pub fn conversations(&self) -> Vec<Personal> {
        let is_a_conversation = |name: &Name| !matches!(name, Name::Phone(_) | Name::Email(_));
        self.names().iter().filter(|name| is_a_conversation(name)).map(Name::conversation).collect()
    }

    fn names(&self) -> Vec<Name> {
        let braze = std::iter::once(Name::Braze(self.braze_id.clone()));
        let external = self.external_id.iter().cloned().map(Name::External);
        let aliases = self.aliases.iter().cloned().map(Name::Alias);
        braze.chain(external).chain(aliases).chain(self.phone.iter().cloned().map(Name::Phone)).collect()
    }
}

impl Name {
    /// Reads `user:<external id>`, `braze:<braze id>` or `alias:<label>:<name>`.
    pub(crate) fn of_conversation(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(':').filter(|(_, rest)| !rest.is_empty())?;
        match kind {
            "user" => Some(Self::External(rest.into())),
            "braze" => Some(Self::Braze(rest.into())),
            "alias" => {
                let (label, name) =
                    rest.split_once(':').filter(|(label, name)| !label.is_empty() && !name.is_empty())?;
                Some(Self::Alias(Alias { label: label.to_owned(), name: name.into() }))
            }
            _ => None,
        }
    }

    pub(crate) fn conversation(&self) -> Personal {
        Personal::new(match self {
            Self::External(id) => format!("user:{}", id.as_str()),
            Self::Braze(id) => format!("braze:{}", id.as_str()),
            Self::Alias(alias) => format!("alias:{}:{}", alias.label, alias.name.as_str()),
            Self::Phone(phone) => format!("phone:{}", phone.as_str()),
            Self::Email(email) => format!("email:{}", email.as_str()),
        })
    }

    /// The profile that Braze makes of somebody who writes and was not known by this name; `phone` is a free number.
    fn newcomer(&self, phone: Personal) -> Profile {
        match self {
            Self::External(id) => Profile { phone: Some(phone), ..Profile::customer(id.as_str()) },
            Self::Braze(id) => Profile { braze_id: id.clone(), ..Profile::newcomer(phone.as_str()) },
            Self::Alias(alias) if alias.label == PHONE_LABEL => Profile::newcomer(alias.name.as_str()),
            Self::Alias(alias) => {
                let aliases = vec![alias.clone()];
                Profile { aliases, phone: Some(phone), ..Profile::nobody(alias.name.as_str()) }
            }
            Self::Phone(text) | Self::Email(text) => Profile::newcomer(text.as_str()),
        }
    }
}

/// All users. A name stays with the profile that had it first.
#[derive(Default)]
pub(crate) struct Profiles {
    all: Vec<Profile>,
    by_name: HashMap<Name, usize>,
}

impl Profiles {
    pub(crate) fn new(profiles: Vec<Profile>) -> Self {
        profiles.into_iter().fold(Self::default(), |mut all, profile| {
            all.add(profile);
            all
        })
    }

    /// Where the profile of that name is; it stays there.
    pub(crate) fn find(&self, name: &Name) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// Who writes under that name. Braze looks for the number first, so an alias that is somebody's number is them.
    pub(crate) fn find_writer(&self, name: &Name) -> Option<usize> {
        let by_phone = match name {
            Name::Alias(alias) if alias.label == PHONE_LABEL => self.find(&Name::Phone(alias.name.clone())),
            _ => None,
        };
        by_phone.or_else(|| self.find(name))
    }

    /// The same, with a new profile for somebody unknown.
    pub(crate) fn writer(&mut self, name: &Name, newcomers_subscribed: bool) -> usize {
        self.find_writer(name).unwrap_or_else(|| {
            let newcomer = name.newcomer(self.free_number(name));
            let subscribed = newcomer.subscribed || newcomers_subscribed;
            self.add(Profile { subscribed, ..newcomer })
        })
    }

    pub(crate) fn add(&mut self, profile: Profile) -> usize {
        let at = self.all.len();
        self.all.push(profile);
        self.index(at);
        at
    }

    /// Changes a profile, its names included.
    pub(crate) fn edit(&mut self, at: usize, change: impl FnOnce(&mut Profile)) {
        change(&mut self.all[at]);
        self.by_name.retain(|_, owner| *owner != at);
        self.index(at);
    }

    fn index(&mut self, at: usize) {
        for name in self.all[at].names() {
            self.by_name.entry(name).or_insert(at);
        }
    }

    fn free_number(&self, name: &Name) -> Personal {
        let seed = name.conversation();
        let taken = |phone: &Personal| self.by_name.contains_key(&Name::Phone(phone.clone()));
        (0..=u32::MAX).map(|offset| number(seed.as_str(), offset)).find(|phone| !taken(phone)).unwrap_or_default()
    }

    pub(crate) fn at(&self, at: usize) -> &Profile {
        &self.all[at]
    }

    pub(crate) fn at_mut(&mut self, at: usize) -> &mut Profile {
        &mut self.all[at]
    }

    pub(crate) fn all(&self) -> &[Profile] {
        &self.all
    }
}

/// A made-up number in the form of E.164, the same for the same seed.
fn number(seed: &str, offset: u32) -> Personal {
    let digest = Sha256::digest(seed.as_bytes());
    let number = digest[..4].iter().fold(offset, |number, byte| number.rotate_left(8) ^ u32::from(*byte)) % 10_000_000;
    format!("+1555{number:07}").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(conversation: &str) -> Name {
        Name::of_conversation(conversation).unwrap()
    }

    #[test]
    fn every_conversation_gets_the_names_it_should_have() {
        for (conversation, external, subscribed, aliases) in [
            ("user:42", true, true, 0),
            ("user:a:b", true, true, 0),
            ("braze:abc", false, false, 1),
            ("alias:phone:+4915112345", false, false, 1),
            ("alias:crm:7", false, false, 1),
        ] {
            let mut profiles = Profiles::default();
            let at = profiles.writer(&name(conversation), false);
            let profile = profiles.at(at);
            assert_eq!(profile.external_id.is_some(), external, "{conversation}");
            assert_eq!(profile.subscribed, subscribed, "{conversation}");
            assert_eq!(profile.aliases.len(), aliases, "{conversation}");
            assert!(profile.phone.is_some() && !profile.braze_id.is_empty(), "{conversation}");
            assert_eq!(profiles.find(&name(conversation)), Some(at), "{conversation}");
        }
        for nobody in ["", "42", "user:", "alias:phone", "alias::x", "alias:phone:", "group:1"] {
            assert!(Name::of_conversation(nobody).is_none(), "{nobody}");
        }
    }

    #[test]
    fn somebody_who_writes_from_a_known_number_is_who_has_it() {
        let mut profiles = Profiles::new(vec![Profile { phone: Some("+49151".into()), ..Profile::customer("42") }]);
        assert_eq!(profiles.writer(&name("alias:phone:+49151"), false), 0);
        // But a call that names the alias finds nobody: no such alias was ever made.
        assert_eq!(profiles.find(&name("alias:phone:+49151")), None);
    }

    #[test]
    fn a_number_counts_more_than_an_alias() {
        let alias = Profile { phone: None, ..Profile::newcomer("+49151") };
        let mut profiles =
            Profiles::new(vec![alias, Profile { phone: Some("+49151".into()), ..Profile::customer("42") }]);
        assert_eq!(profiles.writer(&name("alias:phone:+49151"), false), 1);
        assert_eq!(profiles.find(&name("alias:phone:+49151")), Some(0));
    }

    #[test]
    fn a_name_that_was_given_up_finds_nobody() {
        let mut profiles = Profiles::new(vec![Profile::customer("42"), Profile::customer("43")]);
        profiles.edit(0, |profile| profile.external_id = Some("44".into()));
        assert_eq!(["user:42", "user:43", "user:44"].map(|text| profiles.find(&name(text))), [None, Some(1), Some(0)]);
    }

    #[test]
    fn no_two_made_up_numbers_are_the_same() {
        let mut profiles = Profiles::default();
        let taken = number("user:42", 0);
        profiles.add(Profile { phone: Some(taken.clone()), ..Profile::customer("43") });
        let at = profiles.writer(&name("user:42"), false);
        assert_ne!(profiles.at(at).phone, Some(taken));
        assert!(profiles.find(&Name::Phone(profiles.at(at).phone.clone().unwrap())) == Some(at));
    }
}
