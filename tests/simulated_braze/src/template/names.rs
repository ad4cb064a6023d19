//! The values a template can name. A name that Braze knows but has no value for is empty, as in Braze, and no error.

use std::collections::BTreeMap;
use std::fmt;

use liquid_core::model::{DisplayCow, KStringCow, State};
use liquid_core::{Object, ObjectView, Value, ValueView};

use super::scanner::PROFILE;

/// Namespaces that Braze has; what is in them depends on the message.
const KNOWN: [&str; 9] = [
    PROFILE,
    "api_trigger_properties",
    "campaign",
    "canvas",
    "context",
    "custom_attribute",
    "event_properties",
    "subscribed_state",
    "whats_app",
];

static ABSENT: Value = Value::Nil;

/// What the tags of one message stand for.
pub(crate) struct Names(BTreeMap<String, Entry>);

enum Entry {
    Value(Value),
    Namespace(Names),
}

impl Names {
    /// No tag has a value yet.
    pub(crate) fn new() -> Self {
        Self(KNOWN.iter().map(|name| ((*name).to_owned(), Entry::Namespace(Self(BTreeMap::new())))).collect())
    }

    /// Gives `namespace.${key}` a value.
    pub(crate) fn set(&mut self, namespace: &str, key: &str, value: &serde_json::Value) {
        // Only numbers beyond 64 bits have no counterpart; an absent value is the strict reading.
        let value = liquid_core::to_value(value).unwrap_or(Value::Nil);
        let space = self.0.entry(namespace.to_owned()).or_insert_with(|| Entry::Namespace(Self(BTreeMap::new())));
        if let Entry::Namespace(space) = space {
            space.0.insert(format!("${{{key}}}"), Entry::Value(value));
        }
    }

    /// Gives `namespace.${key}` a text.
    pub(crate) fn set_text(&mut self, namespace: &str, key: &str, text: &str) {
        self.set(namespace, key, &serde_json::Value::from(text));
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} names", self.0.len())
    }
}

impl Entry {
    fn view(&self) -> &dyn ValueView {
        match self {
            Self::Value(value) => value,
            Self::Namespace(names) => names,
        }
    }
}

impl ValueView for Names {
    fn as_debug(&self) -> &dyn fmt::Debug {
        self
    }

    fn render(&self) -> DisplayCow<'_> {
        ABSENT.render()
    }

    fn source(&self) -> DisplayCow<'_> {
        ABSENT.source()
    }

    fn type_name(&self) -> &'static str {
        "object"
    }

    fn query_state(&self, state: State) -> bool {
        matches!(state, State::Truthy) != self.0.is_empty()
    }

    fn to_kstr(&self) -> KStringCow<'_> {
        KStringCow::from_static("")
    }

    fn to_value(&self) -> Value {
        Value::Object(self.iter().map(|(key, value)| (key.into_owned(), value.to_value())).collect::<Object>())
    }

    fn as_object(&self) -> Option<&dyn ObjectView> {
        Some(self)
    }
}

impl ObjectView for Names {
    fn as_value(&self) -> &dyn ValueView {
        self
    }

    fn size(&self) -> i64 {
        i64::try_from(self.0.len()).unwrap_or(i64::MAX)
    }

    fn keys<'k>(&'k self) -> Box<dyn Iterator<Item = KStringCow<'k>> + 'k> {
        Box::new(self.0.keys().map(|key| KStringCow::from_ref(key)))
    }

    fn values<'k>(&'k self) -> Box<dyn Iterator<Item = &'k dyn ValueView> + 'k> {
        Box::new(self.0.values().map(Entry::view))
    }

    fn iter<'k>(&'k self) -> Box<dyn Iterator<Item = (KStringCow<'k>, &'k dyn ValueView)> + 'k> {
        Box::new(self.0.iter().map(|(key, entry)| (KStringCow::from_ref(key), entry.view())))
    }

    fn contains_key(&self, _key: &str) -> bool {
        true
    }

    fn get<'s>(&'s self, key: &str) -> Option<&'s dyn ValueView> {
        Some(self.0.get(key).map_or(&ABSENT as &dyn ValueView, Entry::view))
    }
}
