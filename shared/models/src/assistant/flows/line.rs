//! A text of the configuration, in one language or in several.

use std::collections::BTreeMap;

use super::super::section::Section;
use super::super::texts::{Texts, spoken};
use crate::PART_CHARACTERS;

/// A text in the default language and in others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    default: String,
    others: BTreeMap<String, String>,
}

impl Line {
    /// The text in the user's language, by its first part (`pt-BR` is `pt`), else in the default language.
    pub fn text(&self, language: Option<&str>) -> &str {
        language.and_then(spoken).and_then(|language| self.others.get(&language)).unwrap_or(&self.default)
    }

    /// The texts in all languages, that in the default one first.
    pub(super) fn all(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.default).chain(self.others.values()).map(String::as_str)
    }

    /// Reads `key`: one text for everybody, or a table of texts by language. `None` if it is absent.
    pub(super) fn read(section: &mut Section, key: &str, texts: &Texts) -> Option<Self> {
        Self::within(section, key, PART_CHARACTERS, texts)
    }

    /// Reads the list `key`, in which each item is one or the other, of at most `most` characters. `None` if one is neither.
    pub(super) fn list(section: &mut Section, key: &str, most: usize, texts: &Texts) -> Option<Vec<Self>> {
        let items = section.items(key).into_iter();
        let lines: Vec<_> = items.map(|(place, mut item)| Self::within(&mut item, &place, most, texts)).collect();
        lines.into_iter().collect()
    }

    fn within(section: &mut Section, key: &str, most: usize, texts: &Texts) -> Option<Self> {
        if !section.has_table(key) {
            let default = section.optional_text(key, most)?;
            return Some(Self { default, others: BTreeMap::new() });
        }
        let mut table = section.section(key);
        if !table.has(texts.default_language()) {
            section.mistake(key, "has no text in the default language");
        }
        let mut others = BTreeMap::new();
        for language in table.keys() {
            if let Err(reason) = texts.check(&language) {
                table.mistake(&language, &reason);
            }
            others.extend(table.optional_text(&language, most).map(|text| (language, text)));
        }
        Some(Self { default: others.remove(texts.default_language()).unwrap_or_default(), others })
    }
}
