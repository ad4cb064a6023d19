//! Messages that let the user tap an answer.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::{Misfit, ProposedList, ProposedReplies, ProposedRow, bounded, given, label};
use crate::{Part, Personal};

const OPTIONS: usize = 3;
const OPTION_CHARACTERS: usize = 20;
/// Meta's limit for a text above buttons; Braze states none.
const REPLIES_BODY_CHARACTERS: usize = 1_024;
const ROWS: usize = 10;
const BUTTON_CHARACTERS: usize = 20;
const TITLE_CHARACTERS: usize = 24;
const DESCRIPTION_CHARACTERS: usize = 72;

/// A text of at most 1,024 characters with 1 to 3 buttons of at most 20.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "ProposedReplies", into = "ProposedReplies")]
pub struct QuickReplies {
    body: Part,
    options: Vec<Part>,
    text: Part,
}

impl QuickReplies {
    /// The text above the buttons.
    pub fn body(&self) -> &Part {
        &self.body
    }

    /// What stands on them; a tap comes back as these words.
    pub fn options(&self) -> &[Part] {
        &self.options
    }

    /// Everything in plain words.
    pub fn text(&self) -> &Part {
        &self.text
    }
}

impl TryFrom<ProposedReplies> for QuickReplies {
    type Error = Misfit;

    fn try_from(proposed: ProposedReplies) -> Result<Self, Misfit> {
        counted("options", proposed.options.len(), OPTIONS)?;
        let options = proposed.options.iter().map(|option| label("an option", option.as_str(), OPTION_CHARACTERS));
        let options = options.collect::<Result<Vec<_>, _>>()?;
        all_different(options.iter())?;
        let body = bounded("the text", proposed.body.as_str(), REPLIES_BODY_CHARACTERS)?;
        Ok(Self { body, options, text: Part::new(proposed.text())? })
    }
}

impl From<QuickReplies> for ProposedReplies {
    fn from(kind: QuickReplies) -> Self {
        Self { body: personal(kind.body), options: kind.options.into_iter().map(personal).collect() }
    }
}

/// A text with a button of at most 20 characters that opens a list of 1 to 10 rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "ProposedList", into = "ProposedList")]
pub struct List {
    body: Part,
    button: Part,
    rows: Vec<Row>,
    text: Part,
}

/// One choice of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// At most 24 characters; a tap comes back as these words.
    title: Part,
    /// At most 72 characters.
    description: Option<Part>,
}

impl List {
    /// The text above the button.
    pub fn body(&self) -> &Part {
        &self.body
    }

    /// What stands on the button.
    pub fn button(&self) -> &Part {
        &self.button
    }

    /// What can be chosen.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Everything in plain words; at most one [`Part`], so a list may hold somewhat less than its limits add up to.
    pub fn text(&self) -> &Part {
        &self.text
    }
}

impl Row {
    /// What is chosen; a tap comes back as these words.
    pub fn title(&self) -> &Part {
        &self.title
    }

    /// More about it.
    pub fn description(&self) -> Option<&Part> {
        self.description.as_ref()
    }
}

impl TryFrom<ProposedList> for List {
    type Error = Misfit;

    fn try_from(proposed: ProposedList) -> Result<Self, Misfit> {
        counted("rows", proposed.rows.len(), ROWS)?;
        let rows = proposed.rows.iter().map(row).collect::<Result<Vec<_>, _>>()?;
        all_different(rows.iter().map(|row| &row.title))?;
        let button = label("the button", proposed.button.as_str(), BUTTON_CHARACTERS)?;
        let body = Part::new(proposed.body.as_str())?;
        Ok(Self { body, button, rows, text: Part::new(proposed.text())? })
    }
}

fn row(proposed: &ProposedRow) -> Result<Row, Misfit> {
    let description = given(proposed.description.as_ref());
    let description = description.map(|text| label("the description of a row", text, DESCRIPTION_CHARACTERS));
    let title = label("the title of a row", proposed.title.as_str(), TITLE_CHARACTERS)?;
    Ok(Row { title, description: description.transpose()? })
}

impl From<List> for ProposedList {
    fn from(kind: List) -> Self {
        let row = |row: Row| ProposedRow { title: personal(row.title), description: row.description.map(personal) };
        let rows = kind.rows.into_iter().map(row).collect();
        Self { body: personal(kind.body), button: personal(kind.button), rows }
    }
}

fn counted(what: &'static str, count: usize, most: usize) -> Result<(), Misfit> {
    if (1..=most).contains(&count) { Ok(()) } else { Err(Misfit::Count { what, most }) }
}

fn all_different<'a>(mut choices: impl Iterator<Item = &'a Part>) -> Result<(), Misfit> {
    let mut seen = HashSet::new();
    if choices.all(|choice| seen.insert(choice.as_str().to_lowercase())) { Ok(()) } else { Err(Misfit::Twice) }
}

fn personal(text: Part) -> Personal {
    String::from(text).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NotSendable;

    fn replies(body: &str, options: &[&str]) -> Result<QuickReplies, Misfit> {
        ProposedReplies { body: body.into(), options: options.iter().map(|text| (*text).into()).collect() }.try_into()
    }

    #[test]
    fn quick_replies_keep_to_their_limits() {
        let (long, longest) = ("x".repeat(1_025), "é".repeat(1_024));
        let too_long = |what, most| Err(Misfit::TooLong { what, most });
        for (body, options, verdict) in [
            ("Which?", vec!["a", "b", "c"], Ok(())),
            (&*longest, vec!["twenty characters ok"], Ok(())),
            (&*long, vec!["a"], too_long("the text", 1_024)),
            ("Which?", vec![], Err(Misfit::Count { what: "options", most: 3 })),
            ("Which?", vec!["a", "b", "c", "d"], Err(Misfit::Count { what: "options", most: 3 })),
            ("Which?", vec!["twenty-one characters"], too_long("an option", 20)),
            ("Which?", vec!["a\nb"], Err(Misfit::Lines("an option"))),
            ("Which?", vec!["yes", " Yes "], Err(Misfit::Twice)),
            ("Which?", vec![" "], Err(NotSendable::Blank.into())),
            ("Which?", vec!["{{x}}"], Err(NotSendable::Liquid.into())),
            (" ", vec!["a"], Err(NotSendable::Blank.into())),
        ] {
            assert_eq!(replies(body, &options).map(|_| ()), verdict, "{options:?}");
        }
    }

    #[test]
    fn lists_keep_to_their_limits() {
        let row = |title: &str, description: Option<&str>| ProposedRow {
            title: title.into(),
            description: description.map(Into::into),
        };
        let several = |count: usize| (0..count).map(|number| row(&number.to_string(), None)).collect::<Vec<_>>();
        let too_long = |what, most| Err(Misfit::TooLong { what, most });
        for (button, rows, verdict) in [
            ("Open", several(10), Ok(())),
            ("Open", several(11), Err(Misfit::Count { what: "rows", most: 10 })),
            ("Open", vec![], Err(Misfit::Count { what: "rows", most: 10 })),
            ("twenty-one characters", several(1), too_long("the button", 20)),
            ("Open", vec![row(&"x".repeat(25), None)], too_long("the title of a row", 24)),
            ("Open", vec![row(&"x".repeat(24), Some(&"y".repeat(72)))], Ok(())),
            ("Open", vec![row("x", Some(&"y".repeat(73)))], too_long("the description of a row", 72)),
            ("Open", vec![row("x", None), row("X", Some("y"))], Err(Misfit::Twice)),
            ("Open", vec![row("x", Some(" "))], Ok(())),
            ("", several(1), Err(NotSendable::Blank.into())),
        ] {
            let proposed = ProposedList { body: "Which?".into(), button: button.into(), rows };
            assert_eq!(List::try_from(proposed).map(|_| ()), verdict, "{button}");
        }
        let full = ProposedList { body: "x".repeat(4_096).into(), button: "Open".into(), rows: several(1) };
        assert_eq!(List::try_from(full), Err(NotSendable::TooLong.into()), "its words must fit one text");
    }
}
