//! S3 and the Parameter Store, as far as a text is read from them.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde_json::{Value as Json, json};

use crate::fields::Fields;
use crate::refusal::Refusal;

/// The texts that are kept.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    /// By bucket and key.
    objects: BTreeMap<(String, String), String>,
    /// By name. All of them are encrypted.
    parameters: BTreeMap<String, String>,
}

impl Texts {
    pub(crate) fn put_object(&mut self, bucket: &str, key: &str, text: &str) {
        self.objects.insert((bucket.to_owned(), key.to_owned()), text.to_owned());
    }

    pub(crate) fn put_parameter(&mut self, name: &str, text: &str) {
        self.parameters.insert(name.to_owned(), text.to_owned());
    }

    pub(crate) fn get_object(&self, mut fields: Fields) -> Result<Json, Refusal> {
        let place = (fields.required_text("Bucket")?, fields.required_text("Key")?);
        fields.finish()?;
        let missing = || Refusal {
            status: StatusCode::NOT_FOUND,
            ..Refusal::new("NoSuchKey", "The specified key does not exist.")
        };
        self.objects.get(&place).map(|text| Json::from(text.as_str())).ok_or_else(missing)
    }

    /// Without `WithDecryption` an encrypted value comes as it is.
    pub(crate) fn get_parameter(&self, mut fields: Fields) -> Result<Json, Refusal> {
        let name = fields.required_text("Name")?;
        let is_decrypted = fields.flag("WithDecryption")?.unwrap_or_default();
        fields.finish()?;
        let text = self.parameters.get(&name).ok_or_else(|| Refusal::new("ParameterNotFound", ""))?;
        let value = if is_decrypted { text } else { "AQICAHencrypted" };
        Ok(json!({ "Parameter": { "Name": name, "Type": "SecureString", "Value": value, "Version": 1 } }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::Service;

    #[test]
    fn what_was_put_is_read_and_an_encrypted_parameter_only_by_who_asks_to_decrypt_it() {
        let mut texts = Texts::default();
        texts.put_object("b", "a/k", "one");
        texts.put_parameter("/p", "two");
        let object = |key: &str| {
            let request = json!({ "Bucket": "b", "Key": key }).to_string();
            texts.get_object(Fields::parse(Service::S3, request.as_bytes()).unwrap()).map_err(|refusal| refusal.code)
        };
        assert_eq!((object("a/k"), object("k")), (Ok(json!("one")), Err("NoSuchKey")));
        let parameter = |request: Json| {
            let fields = Fields::parse(Service::Ssm, request.to_string().as_bytes()).unwrap();
            texts
                .get_parameter(fields)
                .map(|answer| answer["Parameter"]["Value"].clone())
                .map_err(|refusal| refusal.code)
        };
        assert_eq!(parameter(json!({ "Name": "/p", "WithDecryption": true })), Ok(json!("two")));
        assert_ne!(parameter(json!({ "Name": "/p" })), Ok(json!("two")));
        assert_eq!(parameter(json!({ "Name": "/q" })), Err("ParameterNotFound"));
    }
}
