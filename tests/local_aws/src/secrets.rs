//! Secrets Manager: reading a secret's current or previous value.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::fields::Fields;
use crate::refusal::Refusal;

/// The secrets by name.
#[derive(Debug, Default)]
pub(crate) struct Vault(BTreeMap<String, Secret>);

#[derive(Debug)]
struct Secret {
    arn: String,
    /// Newest first; only the first two still carry a label, as on AWS.
    versions: Vec<Version>,
}

#[derive(Debug)]
struct Version {
    id: String,
    text: String,
    created: Duration,
}

const STAGES: [&str; 2] = ["AWSCURRENT", "AWSPREVIOUS"];

impl Vault {
    /// Creates the secret, or rotates it: what was current becomes previous. Returns its ARN.
    pub(crate) fn put(&mut self, name: &str, text: &str, now: Duration) -> String {
        let arn = format!("arn:aws:secretsmanager:us-east-1:000000000000:secret:{name}-a1B2c3");
        let secret = self.0.entry(name.to_owned()).or_insert_with(|| Secret { arn, versions: Vec::new() });
        let id = format!("00000000-0000-4000-8000-{:012x}", secret.versions.len() + 1);
        secret.versions.insert(0, Version { id, text: text.to_owned(), created: now });
        secret.arn.clone()
    }

    pub(crate) fn get_secret_value(&self, mut fields: Fields) -> Result<Json, Refusal> {
        let id = fields.required_text("SecretId")?;
        let (stage, version) = (fields.text("VersionStage")?, fields.text("VersionId")?);
        fields.finish()?;
        let (name, secret) = self.find(&id)?;
        let (version, stage) = secret.version(stage.as_deref(), version.as_deref())?;
        Ok(json!({
            "ARN": secret.arn,
            "Name": name,
            "VersionId": version.id,
            "SecretString": version.text,
            "VersionStages": [stage],
            "CreatedDate": version.created.as_secs_f64(),
        }))
    }

    fn find(&self, id: &str) -> Result<(&String, &Secret), Refusal> {
        let found = self.0.iter().find(|(name, secret)| *name == id || secret.arn == id);
        found.ok_or_else(|| not_found("Secrets Manager can't find the specified secret."))
    }
}

impl Secret {
    fn version(&self, stage: Option<&str>, id: Option<&str>) -> Result<(&Version, &'static str), Refusal> {
        // Without any wish the current version is meant; a version id alone may name any version with a label.
        let wanted = stage.or_else(|| id.is_none().then_some(STAGES[0]));
        let mut labelled = self.versions.iter().zip(STAGES);
        let found = labelled.find(|(version, label)| {
            wanted.is_none_or(|stage| stage == *label) && id.is_none_or(|id| id == version.id)
        });
        found.ok_or_else(|| {
            let wish = stage.map_or_else(
                || format!("VersionId: {}", id.unwrap_or_default()),
                |stage| format!("staging label: {stage}"),
            );
            not_found(format!("Secrets Manager can't find the specified secret value for {wish}"))
        })
    }
}

fn not_found(message: impl Into<String>) -> Refusal {
    Refusal::new("ResourceNotFoundException", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::Service;

    fn value(vault: &Vault, request: &str) -> Result<String, &'static str> {
        let fields = Fields::parse(Service::SecretsManager, request.as_bytes()).unwrap();
        let answer = vault.get_secret_value(fields).map_err(|refusal| refusal.code)?;
        Ok(answer["SecretString"].as_str().unwrap().to_owned())
    }

    #[test]
    fn the_stages_move_with_each_rotation() {
        let mut vault = Vault::default();
        let arn = vault.put("s", "one", Duration::ZERO);
        let missing = Err("ResourceNotFoundException");
        let previous = r#"{"SecretId": "s", "VersionStage": "AWSPREVIOUS"}"#;
        assert_eq!(value(&vault, r#"{"SecretId": "s"}"#), Ok("one".to_owned()));
        assert_eq!(value(&vault, previous), missing.map(str::to_owned));
        vault.put("s", "two", Duration::ZERO);
        assert_eq!(
            value(&vault, &format!(r#"{{"SecretId": "{arn}", "VersionStage": "AWSCURRENT"}}"#)),
            Ok("two".to_owned())
        );
        assert_eq!(value(&vault, previous), Ok("one".to_owned()));
        vault.put("s", "three", Duration::ZERO);
        assert_eq!(value(&vault, previous), Ok("two".to_owned()));
        assert_eq!(value(&vault, r#"{"SecretId": "other"}"#), missing.map(str::to_owned));
        assert_eq!(value(&vault, r#"{"SecretId": "s", "VersionStage": "AWSPENDING"}"#), missing.map(str::to_owned));
        assert_eq!(value(&vault, r#"{"SecretId": "s", "Version": "1"}"#), Err("InvalidParameterException"));
    }

    #[test]
    fn a_version_can_be_read_by_its_id_while_it_carries_a_label() {
        let mut vault = Vault::default();
        for text in ["one", "two", "three"] {
            vault.put("s", text, Duration::ZERO);
        }
        let by_id =
            |n: u8| value(&vault, &format!(r#"{{"SecretId": "s", "VersionId": "00000000-0000-4000-8000-{n:012x}"}}"#));
        assert_eq!(by_id(3), Ok("three".to_owned()));
        assert_eq!(by_id(2), Ok("two".to_owned()));
        assert_eq!(by_id(1), Err("ResourceNotFoundException"));
    }
}
