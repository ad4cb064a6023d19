//! The brand's own texts as something a model may search while it answers.

use std::sync::Arc;

use models::Personal;
use serde::Deserialize;
use serde_json::json;

use crate::Knowledge;
use crate::grounded::{MOST_PASSAGES, shown};
use crate::tools::{Tool, read};

pub(crate) const SEARCH: &str = "search_knowledge";
const NOTHING_FITS: &str = "Nothing in the brand's texts fits these words.";

/// What a question's model may search: the model often knows better words than the customer's, which were looked up before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Library {
    knowledge: Arc<Knowledge>,
    /// The language of the user's profile, which tells of short words what language they are in.
    language: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Search {
    words: String,
}

impl Library {
    /// `knowledge`, for a user whose profile is in `language`.
    pub fn new(knowledge: Arc<Knowledge>, language: Option<String>) -> Self {
        Self { knowledge, language }
    }

    /// As a model gets to know it.
    pub(crate) fn described() -> Tool {
        let words = json!({"type": "string", "description": "A few words that the text in question would use."});
        Tool {
            name: SEARCH.into(),
            description: "Searches the brand's own texts. For when what you were given does not answer the question. \
                          Returns passages under their headings; some may be about something else."
                .into(),
            parameters: json!({"type": "object", "properties": {"words": words}, "required": ["words"]}),
        }
    }

    /// The passages that fit best, each under its headings; as much as a prompt can bear. `None` if the call is not as described.
    pub(crate) fn search(&self, arguments: &str) -> Option<Personal> {
        let Search { words } = read(arguments)?;
        let found = shown(&self.knowledge.nearest(&words, self.language.as_deref(), MOST_PASSAGES));
        Some(if found.is_empty() { NOTHING_FITS.into() } else { found.trim_start().into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(files: &[&str], arguments: &str) -> Option<Personal> {
        let knowledge = Knowledge::new(files.iter().map(|text| ("a.md".to_owned(), (*text).to_owned())));
        Library::new(Arc::new(knowledge), None).search(arguments)
    }

    #[test]
    fn what_fits_comes_back_under_its_headings_and_of_much_only_as_much_as_a_prompt_can_bear() {
        let shop = "# Shipping\n\nIt costs three pounds.\n\n# Returns\n\n## Abroad\n\nWithin 30 days.";
        let found = search(&[shop], r#"{"words": "returns abroad"}"#).unwrap();
        assert!(found.as_str().starts_with("## Returns") && found.as_str().ends_with("Within 30 days."), "{found:?}");
        let long: Vec<_> =
            (0..9).map(|number| format!("# Shipping {number}\n\n{}", "shipping costs ".repeat(130))).collect();
        let long: Vec<_> = long.iter().map(String::as_str).collect();
        let found = search(&long, r#"{"words": "shipping costs"}"#).unwrap();
        assert_eq!(found.as_str().matches("## Shipping").count(), 3);
    }

    #[test]
    fn where_nothing_fits_that_is_said_and_what_is_no_search_is_none() {
        for words in ["zebra", "", "?"] {
            let arguments = json!({ "words": words }).to_string();
            assert_eq!(search(&["# Shipping\n\nThree pounds."], &arguments), Some(NOTHING_FITS.into()));
        }
        for arguments in ["", "{}", "[\"shipping\"]", r#"{"words": 7}"#, r#"{"words": "a", "file": "/etc/passwd"}"#] {
            assert_eq!(search(&["# Shipping\n\nThree pounds."], arguments), None, "{arguments}");
        }
    }
}
