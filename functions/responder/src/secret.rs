//! The responder's secret: the keys of the systems it calls.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use platform::secrets::{Key, SecretCache, SecretUnavailable, Versions};
use platform::standard_webhooks;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

const BRAZE: &str = "braze_api_key";
const AI: &str = "ai_api_key";
pub(crate) const DESK: &str = "desk_token";

/// The secret `{"braze_api_key": …, "ai_api_key": …?, "desk_token": …?}`, and any other texts that backends and tools name.
pub struct Secrets {
    texts: BTreeMap<String, SecretString>,
}

impl Secrets {
    /// Reads the stored secret.
    pub fn parse(versions: &Versions) -> Result<Self, SecretUnavailable> {
        // What serde says may quote the secret: only the form is named.
        let fields: BTreeMap<String, Value> = serde_json::from_str(versions.current.expose_secret())
            .map_err(|_| malformed(format!("it must be JSON with the text {BRAZE}")))?;
        let mut texts = BTreeMap::new();
        for (name, value) in fields {
            match value {
                Value::String(text) => drop(texts.insert(name, SecretString::from(text))),
                Value::Null => {}
                _ if [BRAZE, AI, DESK].contains(&name.as_str()) => {
                    return Err(malformed(format!("{name} must be a text")));
                }
                _ => {}
            }
        }
        let secrets = Self { texts };
        if secrets.has(BRAZE) { Ok(secrets) } else { Err(malformed(format!("{BRAZE} is missing or blank"))) }
    }

    /// Whether all of these are there and not blank.
    pub fn check<'a>(&self, needed: impl Iterator<Item = &'a str>) -> Result<(), SecretUnavailable> {
        let missing: Vec<_> = needed.filter(|name| !self.has(name)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let names = missing.join(", ");
        Err(malformed(format!(
            "{names}: missing or blank, and named by AI_BACKEND or DESK, or by [backends], [tools] or [media] of the assistant"
        )))
    }

    /// Whether each of these that is there can sign a webhook.
    pub fn check_signing<'a>(&self, mut signing: impl Iterator<Item = &'a str>) -> Result<(), SecretUnavailable> {
        let bad = signing.find_map(|name| Some((name, standard_webhooks::check(self.texts.get(name)?).err()?)));
        bad.map_or(Ok(()), |(name, reason)| Err(malformed(format!("{name} {reason}"))))
    }

    fn has(&self, name: &str) -> bool {
        self.texts.get(name).is_some_and(|text| !text.expose_secret().trim().is_empty())
    }
}

fn malformed(reason: String) -> SecretUnavailable {
    SecretUnavailable::Malformed { name: "RESPONDER_SECRET_ID".to_owned(), reason }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets")
    }
}

/// One of the keys, looked up in the cached secret whenever it is needed; empty if the secret has none.
pub struct SecretKey {
    secrets: Arc<SecretCache<Secrets>>,
    name: String,
}

impl SecretKey {
    /// Braze's REST key.
    pub fn braze(secrets: &Arc<SecretCache<Secrets>>) -> Self {
        Self::named(secrets, BRAZE)
    }

    /// The desk's token.
    pub fn desk(secrets: &Arc<SecretCache<Secrets>>) -> Self {
        Self::named(secrets, DESK)
    }

    /// The key in this field.
    pub fn named(secrets: &Arc<SecretCache<Secrets>>, name: &str) -> Self {
        Self { secrets: Arc::clone(secrets), name: name.to_owned() }
    }

    fn of(&self, secrets: &Secrets) -> SecretString {
        secrets.texts.get(&self.name).cloned().unwrap_or_default()
    }
}

#[async_trait]
impl Key for SecretKey {
    async fn current(&self) -> Result<SecretString, SecretUnavailable> {
        self.secrets.current().await.map(|secrets| self.of(&secrets))
    }

    async fn refreshed(&self) -> Result<SecretString, SecretUnavailable> {
        self.secrets.refreshed().await.map(|secrets| self.of(&secrets))
    }
}

#[cfg(test)]
mod tests {
    use platform::secrets::SecretSource;

    use super::*;

    fn parse(text: &str) -> Result<Secrets, SecretUnavailable> {
        Secrets::parse(&Versions { current: text.into(), previous: None })
    }

    #[test]
    fn a_bad_secret_is_named_without_being_shown() {
        for text in [
            "hush",
            r#"["hush"]"#,
            r#"{"braze_api_key": " "}"#,
            r#"{"ai_api_key": "hush"}"#,
            r#"{"braze_api_key": ["hush"]}"#,
            r#"{"braze_api_key": "x", "ai_api_key": {"hush": "hush"}}"#,
            r#"{"braze_api_key": "x", "desk_token": 7}"#,
        ] {
            let error = parse(text).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hush"), "{error}");
        }
    }

    #[test]
    fn every_key_that_a_backend_names_must_be_there_and_what_nobody_names_may_be_anything() {
        let secrets =
            parse(r#"{"braze_api_key": "x", "claude_key": "hush", "blank": " ", "number": 7, "desk_token": null}"#)
                .unwrap();
        assert_eq!(secrets.check(["claude_key"].into_iter()), Ok(()));
        let error = secrets.check(["claude_key", "blank", "number", "absent"].into_iter()).unwrap_err();
        let shown = format!("{error} {error:?} {secrets:?}");
        assert!(shown.contains("blank, number, absent: missing") && !shown.contains("hush"), "{shown}");
        assert!(!shown.contains("claude_key"), "{shown}");
    }

    #[test]
    fn a_key_that_signs_is_any_text_or_whsec_and_base64() {
        let secrets = parse(
            r#"{"braze_api_key": "whsec_hush", "plain": "hush", "good": "whsec_aHVzaA==", "bad": "whsec_*hush*"}"#,
        );
        let secrets = secrets.unwrap();
        assert_eq!(secrets.check_signing(["plain", "good", "absent"].into_iter()), Ok(()));
        let error = secrets.check_signing(["good", "bad"].into_iter()).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(shown.contains("bad cannot sign") && !shown.contains("hush"), "{shown}");
    }

    #[tokio::test]
    async fn a_key_is_the_field_of_its_name_or_empty() {
        struct Stored;
        #[async_trait]
        impl SecretSource for Stored {
            async fn read(&self) -> Result<Versions, SecretUnavailable> {
                Ok(Versions { current: r#"{"braze_api_key": "b", "claude_key": "c"}"#.into(), previous: None })
            }
        }
        let secrets = Arc::new(SecretCache::new(Stored, Secrets::parse));
        let keys = [SecretKey::braze(&secrets), SecretKey::named(&secrets, "claude_key"), SecretKey::desk(&secrets)];
        let mut found = vec![];
        for key in keys {
            found.push(key.current().await.unwrap().expose_secret().to_owned());
        }
        assert_eq!(found, ["b", "c", ""]);
    }
}
