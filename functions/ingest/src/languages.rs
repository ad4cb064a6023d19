//! The languages in which flows may be started: those in which the assistant has lines of its own.

use std::collections::BTreeSet;
use std::fmt;

use models::assistant::SHIPPED_LANGUAGES;

/// Languages as tags without a region: `de`, `pt`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Languages(BTreeSet<String>);

impl Languages {
    /// These.
    pub fn of<T: Into<String>>(tags: impl IntoIterator<Item = T>) -> Self {
        Self(tags.into_iter().map(Into::into).collect())
    }

    /// Those in `list`, with commas between them: `en, it`. `None` if one is none of two or three small letters.
    pub(crate) fn read(list: &str) -> Option<Self> {
        let is_language =
            |tag: &&str| (2..=3).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_lowercase());
        let tags: Vec<_> = list.split(',').map(str::trim).collect();
        tags.iter().all(is_language).then(|| Self::of(tags))
    }

    /// Whether `tag`, perhaps with a region, is one of them: `pt`, `pt-BR`, `PT_br`.
    pub(crate) fn have(&self, tag: &str) -> bool {
        let first = tag.split(['-', '_']).next().unwrap_or_default();
        is_tag(tag) && self.0.contains(&first.to_ascii_lowercase())
    }
}

impl Default for Languages {
    /// The shipped ones.
    fn default() -> Self {
        Self::of(SHIPPED_LANGUAGES)
    }
}

impl fmt::Display for Languages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.iter().map(String::as_str).collect::<Vec<_>>().join(", "))
    }
}

/// Whether it looks like a language tag: `de`, `pt-BR`, `zh_Hans`.
fn is_tag(tag: &str) -> bool {
    (2..=35).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_known_with_any_region_and_in_any_case() {
        for (tag, known) in [
            ("de", true),
            ("pt-BR", true),
            ("PT_br", true),
            ("xx", false),
            ("german", false),
            ("it", false),
            ("de; DROP", false),
            ("de-\u{202e}", false),
            ("", false),
        ] {
            assert_eq!(Languages::default().have(tag), known, "{tag}");
        }
    }

    #[test]
    fn a_list_holds_languages_alone() {
        assert_eq!(Languages::read("en, it,nl"), Some(Languages::of(["en", "it", "nl"])));
        for list in ["", "en,", "English", "pt-BR", "en it"] {
            assert_eq!(Languages::read(list), None, "{list}");
        }
    }
}
