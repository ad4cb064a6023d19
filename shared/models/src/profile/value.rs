//! One name and one value of a profile, as Braze takes them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::reply::has_liquid;
use crate::{Personal, Timestamp};

/// The most characters of a name or a text.
const CHARACTERS: usize = 255;

/// Why something cannot be written to a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotWritable {
    /// Not a name that Braze takes.
    #[error("a name has 1 to {CHARACTERS} characters, no control character and no $ at its start")]
    Name,
    /// Braze reads this name as something else than a value of its own.
    #[error("the name means something else to Braze")]
    Reserved,
    /// A text that Braze would refuse.
    #[error("the text has more than {CHARACTERS} characters")]
    TooLong,
    /// Holds `{{`, `{%` or a closing twin, which Braze may run where a message shows the value.
    #[error("it holds Liquid")]
    Liquid,
    /// Infinite, or no number at all.
    #[error("the number is not finite")]
    NotFinite,
}

/// The name of an attribute, an event or a property.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FieldName(String);

impl FieldName {
    /// Reads a name.
    pub fn new(text: impl Into<String>) -> Result<Self, NotWritable> {
        let text = text.into();
        let legal = (1..=CHARACTERS).contains(&text.chars().count())
            && !text.starts_with('$')
            && !text.chars().any(char::is_control);
        match legal {
            true if has_liquid(&text) => Err(NotWritable::Liquid),
            true => Ok(Self(text)),
            false => Err(NotWritable::Name),
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same name, unless it is one of `reserved`.
    pub(crate) fn other_than(self, reserved: &[&str]) -> Result<Self, NotWritable> {
        if reserved.contains(&self.as_str()) { Err(NotWritable::Reserved) } else { Ok(self) }
    }
}

impl TryFrom<String> for FieldName {
    type Error = NotWritable;

    fn try_from(text: String) -> Result<Self, NotWritable> {
        Self::new(text)
    }
}

impl From<FieldName> for String {
    fn from(name: FieldName) -> Self {
        name.0
    }
}

/// One value of a profile. `Debug` shows its type only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProfileValue {
    /// Words.
    Text(ProfileText),
    /// Yes or no.
    Flag(bool),
    /// A whole number.
    Integer(i64),
    /// Another number.
    Float(Finite),
    /// A moment.
    Time(Timestamp),
}

impl ProfileValue {
    /// A text of at most 255 characters.
    pub fn text(text: impl Into<String>) -> Result<Self, NotWritable> {
        ProfileText::try_from(text.into()).map(Self::Text)
    }

    /// A number that is one.
    pub fn float(number: f64) -> Result<Self, NotWritable> {
        Finite::try_from(number).map(Self::Float)
    }
}

impl fmt::Debug for ProfileValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "‹text›",
            Self::Flag(_) => "‹flag›",
            Self::Integer(_) => "‹integer›",
            Self::Float(_) => "‹float›",
            Self::Time(_) => "‹time›",
        })
    }
}

/// A text of at most 255 characters without Liquid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProfileText(Personal);

impl ProfileText {
    /// The text itself.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl TryFrom<String> for ProfileText {
    type Error = NotWritable;

    fn try_from(text: String) -> Result<Self, NotWritable> {
        match text.chars().count() {
            count if count > CHARACTERS => Err(NotWritable::TooLong),
            _ if has_liquid(&text) => Err(NotWritable::Liquid),
            _ => Ok(Self(Personal::from(text))),
        }
    }
}

impl From<ProfileText> for String {
    fn from(text: ProfileText) -> Self {
        text.0.into_string()
    }
}

/// A number that is neither infinite nor none.
#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Finite(f64);

impl Finite {
    /// The number itself.
    pub fn get(self) -> f64 {
        self.0
    }
}

// Without NaN every number equals itself.
impl Eq for Finite {}

impl fmt::Debug for Finite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹float›")
    }
}

impl TryFrom<f64> for Finite {
    type Error = NotWritable;

    fn try_from(number: f64) -> Result<Self, NotWritable> {
        if number.is_finite() { Ok(Self(number)) } else { Err(NotWritable::NotFinite) }
    }
}

impl From<Finite> for f64 {
    fn from(number: Finite) -> Self {
        number.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_that_braze_takes() {
        let long = "é".repeat(255);
        for (name, verdict) in [
            ("plan", Ok(())),
            ("Lieblingsfarbe $", Ok(())),
            (long.as_str(), Ok(())),
            ("", Err(NotWritable::Name)),
            ("$plan", Err(NotWritable::Name)),
            ("a\nb", Err(NotWritable::Name)),
            (&format!("{long}x"), Err(NotWritable::Name)),
            ("{{x}}", Err(NotWritable::Liquid)),
        ] {
            assert_eq!(FieldName::new(name).map(|_| ()), verdict, "{name}");
            let read = serde_json::from_value::<FieldName>(name.into());
            assert_eq!(read.is_ok(), verdict.is_ok(), "{name}");
        }
    }

    #[test]
    fn a_value_is_one_that_braze_takes() {
        assert!(ProfileValue::text("é".repeat(255)).is_ok());
        assert_eq!(ProfileValue::text("x".repeat(256)), Err(NotWritable::TooLong));
        assert_eq!(ProfileValue::text("{% abort_message() %}"), Err(NotWritable::Liquid));
        assert!(ProfileValue::float(0.5).is_ok());
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(ProfileValue::float(number), Err(NotWritable::NotFinite));
        }
        let long = serde_json::json!({"text": "x".repeat(256)});
        assert!(serde_json::from_value::<ProfileValue>(long).is_err());
    }

    #[test]
    fn debug_shows_a_type_and_no_value() {
        let values = [ProfileValue::text("Ada").unwrap(), ProfileValue::Integer(4_711), ProfileValue::Flag(true)];
        assert_eq!(format!("{values:?}"), "[‹text›, ‹integer›, ‹flag›]");
        let times = [ProfileValue::float(47.11).unwrap(), ProfileValue::Time(Timestamp::from_millis(4_711))];
        assert_eq!(format!("{times:?}"), "[‹float›, ‹time›]");
        assert!(!format!("{:?}", Finite(47.11)).contains("47"));
    }
}
