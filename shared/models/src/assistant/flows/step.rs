//! Reading one step.

use std::collections::BTreeMap;

use super::super::profile::brands_attribute;
use super::super::section::Section;
use super::super::spelling::{did_you_mean, nearest};
use super::super::texts::Texts;
use super::check::{TARGETS_BESIDE, missing};
use super::{Choice, Expect, Line, Next, Otherwise, Pattern, Say, Step, Target};
use crate::FieldName;

const LONGEST_PATTERN: usize = 1_000;
/// Braze's limit on names of attributes and events.
const LONGEST_NAME: usize = 255;
const TARGETS: &str = "must be a step's name, \"end\" or \"hand_off\"";

impl Step {
    /// `names` are those of all steps of the flow, and `following` is where it goes on where nothing is said.
    pub(super) fn read(section: &mut Section, name: &str, following: Target, names: &[String], texts: &Texts) -> Self {
        let say = say(section, texts);
        let expect = expect(section, texts).unwrap_or(Expect::Text);
        if expect == Expect::Nothing {
            for key in ["re_ask", "re_asks", "otherwise", "attribute"] {
                if section.has(key) {
                    section.skip(key);
                    section.mistake(key, "needs a step that expects an answer");
                }
            }
        }
        Self {
            name: name.to_owned(),
            say,
            re_ask: Line::read(section, "re_ask", texts),
            re_asks: section.whole("re_asks", 2, 0..=10),
            otherwise: otherwise(section),
            attribute: attribute(section),
            event: event(section),
            next: next(section, &expect, following, names),
            expect,
        }
    }
}

fn say(section: &mut Section, texts: &Texts) -> Say {
    if section.has("say") == section.has("campaign") {
        section.mistake("say", "or `campaign` must be given, and not both");
    }
    let campaign = section.campaign("campaign");
    let line = Line::read(section, "say", texts);
    match campaign {
        Some(id) if line.is_none() => Say::Campaign(id),
        _ => Say::Text(line.unwrap_or_default()),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Expected {
    Text,
    OneOf,
    Number,
    Date,
    Email,
    Pattern,
    Nothing,
}

const EXPECTED: [(&str, Expected); 7] = [
    ("text", Expected::Text),
    ("one_of", Expected::OneOf),
    ("number", Expected::Number),
    ("date", Expected::Date),
    ("email", Expected::Email),
    ("pattern", Expected::Pattern),
    ("nothing", Expected::Nothing),
];

/// `None` where nobody can know what is expected; what depends on it is taken for read then.
fn expect(section: &mut Section, texts: &Texts) -> Option<Expect> {
    let Some(expected) = section.one_of("expect", &EXPECTED) else {
        for key in ["options", "pattern", "next"] {
            section.skip(key);
        }
        return None;
    };
    for (key, owner, word) in [("options", Expected::OneOf, "one_of"), ("pattern", Expected::Pattern, "pattern")] {
        if expected != owner && section.has(key) {
            section.skip(key);
            section.mistake(key, &format!("needs expect = \"{word}\""));
        }
    }
    Some(match expected {
        Expected::Text => Expect::Text,
        Expected::OneOf => Expect::OneOf(Choice::list(section, texts)),
        Expected::Number => Expect::Number,
        Expected::Date => Expect::Date,
        Expected::Email => Expect::Email,
        Expected::Pattern => pattern(section),
        Expected::Nothing => Expect::Nothing,
    })
}

fn pattern(section: &mut Section) -> Expect {
    if !section.has("pattern") {
        section.mistake("pattern", "is missing");
    }
    let source = section.optional_text("pattern", LONGEST_PATTERN);
    match source.as_deref().map(Pattern::parse) {
        Some(Ok(pattern)) => return Expect::Pattern(pattern),
        Some(Err(error)) => section.mistake("pattern", &format!("is no pattern that can be used: {error}")),
        None => {}
    }
    Expect::Text
}

fn otherwise(section: &mut Section) -> Otherwise {
    if !section.has("otherwise") {
        return Otherwise::HandOff;
    }
    match section.word("otherwise").as_str() {
        "hand_off" => Otherwise::HandOff,
        "cancel" => Otherwise::Cancel,
        "" => {
            section.mistake("otherwise", "must be \"hand_off\", \"cancel\" or a step's name");
            Otherwise::HandOff
        }
        name => Otherwise::Step(name.to_owned()),
    }
}

fn attribute(section: &mut Section) -> Option<String> {
    let name = section.optional_text("attribute", LONGEST_NAME)?;
    if let Err(reason) = brands_attribute(&name) {
        section.mistake("attribute", &reason);
    }
    Some(name)
}

fn event(section: &mut Section) -> Option<String> {
    let name = section.optional_text("event", LONGEST_NAME)?;
    if let Err(reason) = FieldName::new(name.as_str()) {
        section.mistake("event", &format!("is no name for a custom event: {reason}"));
    }
    Some(name)
}

fn next(section: &mut Section, expect: &Expect, following: Target, names: &[String]) -> Next {
    match expect {
        _ if !section.has("next") => Next::Always(following),
        _ if !section.has_table("next") => Next::Always(target(section, "next")),
        // What is wrong with the options is said; their branches are not looked at.
        Expect::OneOf(options) if options.is_empty() => {
            section.skip("next");
            Next::Always(following)
        }
        Expect::OneOf(options) => branches(section, options, names),
        _ => {
            section.skip("next");
            section.mistake("next", "can only branch where expect = \"one_of\"");
            Next::Always(following)
        }
    }
}

fn branches(section: &mut Section, options: &[Choice], names: &[String]) -> Next {
    let mut branches = section.section("next");
    let (there, mut open): (Vec<_>, Vec<_>) =
        options.iter().map(Choice::value).partition(|option| branches.has(option));
    let mut next: BTreeMap<_, _> =
        there.into_iter().map(|option| (option.to_owned(), target(&mut branches, option))).collect();
    for stray in branches.keys() {
        let meant = nearest(&stray, open.iter().copied(), |option| option);
        branches.mistake(&stray, &format!("is none of the step's options{}", did_you_mean(meant)));
        match (target(&mut branches, &stray), meant) {
            (target, Some(meant)) => {
                open.retain(|option| *option != meant);
                next.insert(meant.to_owned(), target);
            }
            (Target::Step(name), None) if !names.contains(&name) => {
                branches.mistake(&stray, &missing(&name, names.iter().map(String::as_str), TARGETS_BESIDE));
            }
            _ => {}
        }
    }
    for option in open {
        section.mistake("next", &format!("has no branch for the option \"{option}\""));
        next.insert(option.to_owned(), Target::End);
    }
    Next::ByOption(next)
}

fn target(section: &mut Section, key: &str) -> Target {
    match section.word(key).as_str() {
        "end" => Target::End,
        "hand_off" => Target::HandOff,
        "" => {
            section.mistake(key, TARGETS);
            Target::End
        }
        name => Target::Step(name.to_owned()),
    }
}
