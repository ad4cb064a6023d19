//! Secrets: never taken from the command line, never shown.

use std::collections::BTreeMap;
use std::path::PathBuf;

use platform::settings::environment;
use secrecy::SecretString;

use super::Misuse;

/// Secrets out of files, else of the environment.
pub(super) struct Secrets(BTreeMap<String, SecretString>);

impl Secrets {
    /// Reads what `files` hold: JSON objects of texts, as Secrets Manager gives them.
    pub(super) fn read(files: &[PathBuf]) -> Result<Self, Misuse> {
        let mut all = BTreeMap::new();
        for file in files {
            // What is wrong is not told by the parser: it might quote a secret.
            let text = std::fs::read_to_string(file);
            let text = text.map_err(|error| Misuse(format!("{} cannot be read: {error}", file.display())))?;
            let fields: BTreeMap<String, SecretString> = serde_json::from_str(&text)
                .map_err(|_| Misuse(format!("{} is no JSON object of texts", file.display())))?;
            all.extend(fields);
        }
        Ok(Self(all))
    }

    /// `webhook_token` of a file is `WEBHOOK_TOKEN` in the environment.
    pub(super) fn get(&self, name: &str) -> Option<SecretString> {
        let of_environment =
            || environment(&name.to_uppercase()).filter(|value| !value.is_empty()).map(SecretString::from);
        self.0.get(name).cloned().or_else(of_environment)
    }
}
