//! The parameters of a request, taken one by one; what is left over is refused.

use serde_json::{Map, Value as Json};

use crate::operation::Service;
use crate::refusal::Refusal;

/// The parameters not yet looked at. `null` counts as absent, as it does on AWS.
#[derive(Debug)]
pub(crate) struct Fields {
    service: Service,
    left: Map<String, Json>,
}

impl Fields {
    pub(crate) fn parse(service: Service, body: &[u8]) -> Result<Self, Refusal> {
        match serde_json::from_slice(body) {
            Ok(Json::Object(left)) => Ok(Self { service, left }),
            _ => Err(Refusal::serialization("The body is not a JSON object.")),
        }
    }

    pub(crate) fn of(service: Service, left: Map<String, Json>) -> Self {
        Self { service, left }
    }

    pub(crate) fn take(&mut self, name: &str) -> Option<Json> {
        self.left.remove(name).filter(|value| !value.is_null())
    }

    pub(crate) fn text(&mut self, name: &str) -> Result<Option<String>, Refusal> {
        match self.take(name) {
            None => Ok(None),
            Some(Json::String(text)) => Ok(Some(text)),
            Some(_) => Err(wrong_type(name, "a string")),
        }
    }

    pub(crate) fn required_text(&mut self, name: &str) -> Result<String, Refusal> {
        self.text(name)?.ok_or_else(|| Refusal::missing(self.service, name))
    }

    pub(crate) fn integer(&mut self, name: &str) -> Result<Option<i64>, Refusal> {
        let Some(value) = self.take(name) else { return Ok(None) };
        value.as_i64().map(Some).ok_or_else(|| wrong_type(name, "an integer"))
    }

    pub(crate) fn flag(&mut self, name: &str) -> Result<Option<bool>, Refusal> {
        let Some(value) = self.take(name) else { return Ok(None) };
        value.as_bool().map(Some).ok_or_else(|| wrong_type(name, "a boolean"))
    }

    pub(crate) fn object(&mut self, name: &str) -> Result<Option<Map<String, Json>>, Refusal> {
        match self.take(name) {
            None => Ok(None),
            Some(Json::Object(object)) => Ok(Some(object)),
            Some(_) => Err(wrong_type(name, "an object")),
        }
    }

    pub(crate) fn required_object(&mut self, name: &str) -> Result<Map<String, Json>, Refusal> {
        self.object(name)?.ok_or_else(|| Refusal::missing(self.service, name))
    }

    pub(crate) fn list(&mut self, name: &str) -> Result<Option<Vec<Json>>, Refusal> {
        match self.take(name) {
            None => Ok(None),
            Some(Json::Array(list)) => Ok(Some(list)),
            Some(_) => Err(wrong_type(name, "a list")),
        }
    }

    /// A list of strings; empty if it is absent.
    pub(crate) fn texts(&mut self, name: &str) -> Result<Vec<String>, Refusal> {
        let text = |value: Json| value.as_str().map(str::to_owned).ok_or_else(|| wrong_type(name, "a list of strings"));
        self.list(name)?.unwrap_or_default().into_iter().map(text).collect()
    }

    /// Refuses whatever nobody asked for: a parameter that is silently ignored makes a test worthless.
    pub(crate) fn finish(self) -> Result<(), Refusal> {
        match self.left.iter().find(|(_, value)| !value.is_null()) {
            None => Ok(()),
            Some((name, _)) => {
                Err(Refusal::unsupported(self.service, format!("The parameter {name} is not supported here.")))
            }
        }
    }
}

fn wrong_type(name: &str, expected: &str) -> Refusal {
    Refusal::serialization(format!("{name} must be {expected}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(json: &str) -> Fields {
        Fields::parse(Service::DynamoDb, json.as_bytes()).unwrap()
    }

    #[test]
    fn what_is_left_over_is_refused() {
        let mut request = fields(r#"{"TableName": "t", "Scam": 1, "Nothing": null}"#);
        assert_eq!(request.text("TableName").unwrap().as_deref(), Some("t"));
        assert_eq!(request.finish().unwrap_err().message, "The parameter Scam is not supported here.");
        assert!(fields(r#"{"Nothing": null}"#).finish().is_ok());
    }

    #[test]
    fn a_field_of_the_wrong_type_is_refused() {
        let code = |refusal: Refusal| refusal.code;
        assert_eq!(fields(r#"{"a": 1}"#).text("a").map_err(code), Err("SerializationException"));
        assert_eq!(fields(r#"{"a": "1"}"#).integer("a").map_err(code), Err("SerializationException"));
        assert_eq!(fields(r#"{"a": 1.5}"#).integer("a").map_err(code), Err("SerializationException"));
        assert_eq!(fields(r#"{"a": [1]}"#).texts("a").map_err(code), Err("SerializationException"));
        assert_eq!(Fields::parse(Service::Sqs, b"[]").map_err(code).err(), Some("SerializationException"));
    }
}
