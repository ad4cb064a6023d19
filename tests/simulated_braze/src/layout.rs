//! What a WhatsApp message has besides its words.

use std::collections::HashSet;

use models::Personal;
use serde::{Deserialize, Serialize};

use crate::delivery::{NotDelivered, rendered};
use crate::template::Names;

/// The most buttons under a text.
pub(crate) const BUTTONS: usize = 3;
/// The most rows of a list, over all its sections.
pub(crate) const ROWS: usize = 10;
const BUTTON_CHARACTERS: usize = 20;
const TITLE_CHARACTERS: usize = 24;
const DESCRIPTION_CHARACTERS: usize = 72;

/// How a message is laid out. Every text in it is a Liquid template; buttons and rows are entered one by one, so that a
/// campaign always has as many as it was made with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Layout {
    /// Words alone.
    #[default]
    Text,
    /// Up to three buttons below the words.
    QuickReplies(Vec<String>),
    /// A button below the words that opens a list.
    List {
        /// What stands on the button.
        button: String,
        /// Up to ten rows: a title, and a description that may be empty.
        rows: Vec<(String, String)>,
    },
    /// A picture from this address, the words below it.
    Image(String),
}

/// What the phone shows besides the words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Beside {
    /// Buttons with these words. A tap is a message with them.
    Buttons(Vec<Personal>),
    /// A list.
    List {
        /// What stands on the button that opens it.
        button: Personal,
        /// The titles, and the descriptions of those that have one.
        rows: Vec<(Personal, Option<Personal>)>,
    },
    /// A picture from this address; what a user sends, as `{{whats_app.${inbound_media_urls}}}` shows it.
    Image(Personal),
}

impl Layout {
    /// Every template in it.
    pub(crate) fn templates(&self) -> Vec<&str> {
        match self {
            Self::Text => Vec::new(),
            Self::QuickReplies(buttons) => buttons.iter().map(String::as_str).collect(),
            Self::List { button, rows } => {
                let rows = rows.iter().flat_map(|(title, description)| [title.as_str(), description.as_str()]);
                std::iter::once(button.as_str()).chain(rows).collect()
            }
            Self::Image(url) => vec![url],
        }
    }

    /// What the phone shows of it. Braze does not say what becomes of a button without words or with too many: nothing is
    /// delivered, in the strict reading.
    pub(crate) fn show(&self, names: &Names) -> Result<Option<Beside>, NotDelivered> {
        match self {
            Self::Text => Ok(None),
            Self::QuickReplies(buttons) => {
                let texts = buttons.iter().map(|button| label(button, names, BUTTON_CHARACTERS));
                let texts = texts.collect::<Result<Vec<_>, _>>()?;
                choices(texts.iter(), BUTTONS)?;
                Ok(Some(Beside::Buttons(texts)))
            }
            Self::List { button, rows } => {
                let button = label(button, names, BUTTON_CHARACTERS)?;
                let rows = rows.iter().map(|row| shown_row(row, names)).collect::<Result<Vec<_>, _>>()?;
                choices(rows.iter().map(|(title, _)| title), ROWS)?;
                Ok(Some(Beside::List { button, rows }))
            }
            Self::Image(url) => {
                let url = rendered(url, names)?;
                let whole = reqwest::Url::parse(&url).is_ok_and(|url| url.scheme() == "https");
                if whole { Ok(Some(Beside::Image(url.into()))) } else { Err(NotDelivered::Layout) }
            }
        }
    }
}

fn shown_row(
    (title, description): &(String, String),
    names: &Names,
) -> Result<(Personal, Option<Personal>), NotDelivered> {
    let title = label(title, names, TITLE_CHARACTERS)?;
    let none = rendered(description, names)?.trim().is_empty();
    let description = (!none).then(|| label(description, names, DESCRIPTION_CHARACTERS));
    Ok((title, description.transpose()?))
}

fn label(template: &str, names: &Names, most: usize) -> Result<Personal, NotDelivered> {
    let text = rendered(template, names)?;
    let fits = !text.trim().is_empty() && text.chars().count() <= most && !text.contains(['\n', '\r', '\t']);
    if fits { Ok(text.into()) } else { Err(NotDelivered::Layout) }
}

fn choices<'a>(texts: impl Iterator<Item = &'a Personal>, most: usize) -> Result<(), NotDelivered> {
    let texts: Vec<_> = texts.collect();
    let different = texts.iter().collect::<HashSet<_>>().len() == texts.len();
    if different && (1..=most).contains(&texts.len()) { Ok(()) } else { Err(NotDelivered::Layout) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(layout: &Layout) -> Result<Option<Beside>, NotDelivered> {
        let mut names = Names::new();
        names.set_text("api_trigger_properties", "option_1", "yes");
        layout.show(&names)
    }

    fn buttons(texts: &[&str]) -> Layout {
        Layout::QuickReplies(texts.iter().map(|text| (*text).to_owned()).collect())
    }

    #[test]
    fn buttons_rows_and_pictures_are_shown_with_what_the_call_brought() {
        let shown = show(&buttons(&["{{api_trigger_properties.${option_1}}}", "no"])).unwrap();
        assert_eq!(shown, Some(Beside::Buttons(vec!["yes".into(), "no".into()])));
        let rows =
            vec![("a".to_owned(), "{{api_trigger_properties.${none}}}".to_owned()), ("b".to_owned(), "c".to_owned())];
        let shown = show(&Layout::List { button: "Open".to_owned(), rows }).unwrap();
        let rows = vec![("a".into(), None), ("b".into(), Some("c".into()))];
        assert_eq!(shown, Some(Beside::List { button: "Open".into(), rows }));
        let url = "https://shop.example/a.png";
        assert_eq!(show(&Layout::Image(url.to_owned())), Ok(Some(Beside::Image(url.into()))));
    }

    #[test]
    fn a_layout_that_whatsapp_would_not_take_is_not_delivered() {
        let list = |button: &str, title: &str, description: &str, count: usize| Layout::List {
            button: button.to_owned(),
            rows: (0..count).map(|number| (format!("{title}{number}"), description.to_owned())).collect(),
        };
        assert!(show(&list("Open", "x", &"y".repeat(72), 10)).is_ok());
        for layout in [
            buttons(&[]),
            buttons(&["a", "b", "c", "d"]),
            buttons(&["a", "a"]),
            buttons(&["{{api_trigger_properties.${option_2}}}"]),
            buttons(&["twenty-one characters"]),
            buttons(&["a\nb"]),
            list("", "x", "", 1),
            list("twenty-one characters", "x", "", 1),
            list("Open", "x", "", 11),
            list("Open", &"x".repeat(24), "", 1),
            list("Open", "x", &"y".repeat(73), 1),
            list("Open", "x", "", 0),
            Layout::Image("http://shop.example/a.png".to_owned()),
            Layout::Image(String::new()),
        ] {
            assert_eq!(show(&layout), Err(NotDelivered::Layout), "{layout:?}");
        }
    }
}
