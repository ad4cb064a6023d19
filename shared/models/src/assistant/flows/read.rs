//! Reading `[flows]` and each flow in it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::keywords::KeywordLists;
use super::super::routes::{TakenWords, never_heard, there_twice};
use super::super::section::{Section, is_name};
use super::super::texts::Texts;
use super::{Expect, Flow, Flows, Step, Target, check};
use crate::folded;

const LONGEST_KEYWORD: usize = 80;
const LONGEST_DESCRIPTION: usize = 1_000;
/// The values of a whole flow are stored with the conversation, so there must not be any number of them.
const MOST_STEPS: usize = 30;
/// What `next` and `otherwise` say instead of a step's name.
const RESERVED: [&str; 3] = ["end", "hand_off", "cancel"];
/// A week.
const LONGEST_WAIT_MINUTES: u32 = 7 * 24 * 60;

impl Flows {
    /// `lists` are the words that are understood before a flow is looked for.
    pub(in super::super) fn read(mut section: Section, texts: &Texts, lists: &KeywordLists) -> Self {
        let mut flows = BTreeMap::new();
        let mut taken = TakenWords::default();
        for name in section.keys() {
            if !is_name(&name) {
                section.mistake(&name, "is no name: 1 to 40 characters of a-z, 0-9 and _");
            }
            let flow = Flow::read(section.section(&name), texts);
            let start = format!("{name}.start");
            for (place, word) in (1..).zip(&flow.start) {
                if let Some(list) = lists.goes_before(word) {
                    section.mistake_in_list(&start, place, &never_heard(word, place, list, "lead here"));
                }
                if let Some(first) = taken.take(folded(word), &format!("flows.{start}"), place) {
                    section.mistake_in_list(&start, place, &there_twice(word, place, &first));
                }
            }
            for step in &flow.steps {
                check_options(step, &mut section, &format!("{name}.steps.{}.options", step.name), lists);
            }
            flows.insert(name, flow);
        }
        Self(flows)
    }
}

/// Notes the options of `step` that are something else to the bot when a user writes them.
fn check_options(step: &Step, section: &mut Section, key: &str, lists: &KeywordLists) {
    let Expect::OneOf(options) = &step.expect else { return };
    for (place, option) in (1..).zip(options) {
        for text in option.texts() {
            if let Some(list) = lists.goes_before_an_answer(text) {
                section.mistake_in_list(key, place, &never_heard(text, place, list, "be taken for an answer"));
            }
        }
    }
}

impl Flow {
    fn read(mut section: Section, texts: &Texts) -> Self {
        let flow = Self {
            start: section.texts("start", LONGEST_KEYWORD).unwrap_or_default(),
            describe: section.optional_text("describe", LONGEST_DESCRIPTION),
            timeout: Duration::from_mins(section.whole("timeout_minutes", 60, 1..=LONGEST_WAIT_MINUTES).into()),
            steps: steps(&mut section, texts),
        };
        check::check(&flow, &mut section);
        flow
    }
}

fn steps(section: &mut Section, texts: &Texts) -> Vec<Step> {
    let Some(mut sections) = section.sections("steps") else { return Vec::new() };
    if !(1..=MOST_STEPS).contains(&sections.len()) {
        section.mistake("steps", &format!("must be 1 to {MOST_STEPS}"));
    }
    let names: Vec<_> = sections.iter_mut().map(name).collect();
    // Without `next`, the step that stands below it follows.
    let following = names.iter().skip(1).cloned().map(Target::Step).chain([Target::End]);
    let steps = sections.iter_mut().zip(&names).zip(following);
    steps.map(|((section, name), following)| Step::read(section, name, following, &names, texts)).collect()
}

fn name(section: &mut Section) -> String {
    let name = section.word("name");
    if !is_name(&name) {
        section.mistake("name", "must be 1 to 40 characters of a-z, 0-9 and _");
    } else if RESERVED.contains(&name.as_str()) {
        section.mistake("name", &format!("must not be one of {}", RESERVED.join(", ")));
    }
    name
}
