//! Something that happened to a person.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{FieldName, NotWritable, ProfileValue, Timestamp};

/// Names of properties that Braze keeps for itself.
const RESERVED: [&str; 2] = ["time", "event_name"];

/// A custom event. Braze keeps equal events apart, so one that is sent twice stands there twice. `Debug` shows names and no
/// values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Event {
    name: FieldName,
    time: Timestamp,
    properties: BTreeMap<FieldName, ProfileValue>,
}

impl Event {
    /// An event without properties.
    pub fn new(name: &str, time: Timestamp) -> Result<Self, NotWritable> {
        Ok(Self { name: FieldName::new(name)?, time, properties: BTreeMap::new() })
    }

    /// The same event with one property more.
    pub fn with(mut self, name: &str, value: ProfileValue) -> Result<Self, NotWritable> {
        self.properties.insert(FieldName::new(name)?.other_than(&RESERVED)?, value);
        Ok(self)
    }

    /// What happened.
    pub fn name(&self) -> &FieldName {
        &self.name
    }

    /// When it happened.
    pub fn time(&self) -> Timestamp {
        self.time
    }

    /// More about it, by name.
    pub fn properties(&self) -> impl Iterator<Item = (&FieldName, &ProfileValue)> {
        self.properties.iter()
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    name: FieldName,
    time: Timestamp,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    properties: BTreeMap<FieldName, ProfileValue>,
}

impl TryFrom<Stored> for Event {
    type Error = NotWritable;

    fn try_from(Stored { name, time, properties }: Stored) -> Result<Self, NotWritable> {
        let checked = properties.into_iter().map(|(name, value)| Ok((name.other_than(&RESERVED)?, value)));
        Ok(Self { name, time, properties: checked.collect::<Result<_, _>>()? })
    }
}

impl From<Event> for Stored {
    fn from(Event { name, time, properties }: Event) -> Self {
        Self { name, time, properties }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> Event {
        let event = Event::new("handed over", Timestamp::from_seconds(9)).unwrap();
        event.with("reason", ProfileValue::text("asked for Ada").unwrap()).unwrap()
    }

    #[test]
    fn a_stored_event_is_the_same_and_is_checked_again() {
        let stored = serde_json::to_string(&event()).unwrap();
        assert_eq!(serde_json::from_str::<Event>(&stored).unwrap(), event());
        for bad in [
            r#"{"name": "", "time": 1}"#,
            r#"{"name": "x"}"#,
            r#"{"name": "x", "time": 1, "properties": {"event_name": {"flag": true}}}"#,
            r#"{"name": "x", "time": 1, "properties": {"a": null}}"#,
        ] {
            assert!(serde_json::from_str::<Event>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn properties_that_braze_keeps_for_itself_are_refused() {
        for name in RESERVED {
            assert_eq!(event().with(name, ProfileValue::Flag(true)), Err(NotWritable::Reserved));
        }
        assert_eq!(Event::new("$x", Timestamp::EPOCH), Err(NotWritable::Name));
    }

    #[test]
    fn debug_shows_names_and_no_values() {
        let shown = format!("{:?}", event());
        assert!(shown.contains("reason") && !shown.contains("Ada"), "{shown}");
    }
}
