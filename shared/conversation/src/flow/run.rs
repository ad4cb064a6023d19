//! One move through a flow: from an answer to the next question, or to the end.

use models::assistant::{Expect, Flow, Line, Otherwise, Say, Step, Target};
use models::{FlowState, Personal};

use super::{End, FACT_CHARACTERS, Fact, Flowing, Progress, Saying};

/// A move under way.
pub(super) struct Run<'a> {
    flow: &'a Flow,
    language: Option<&'a str>,
    state: FlowState,
    says: Vec<Saying>,
    facts: Vec<Fact>,
}

impl<'a> Run<'a> {
    pub(super) fn new(flow: &'a Flow, state: FlowState, flowing: &Flowing<'a>) -> Self {
        let language = state.language.clone().or_else(|| flowing.language.map(str::to_owned));
        let state = FlowState { touched: flowing.now, language, ..state };
        Self { flow, language: flowing.language, state, says: Vec::new(), facts: Vec::new() }
    }

    /// `value` was the answer to `step`.
    pub(super) fn answered(mut self, step: &'a Step, value: Personal) -> Progress {
        self.record(step, Some(&value));
        let target = step.next.after(value.as_str());
        self.state.values.insert(step.name.clone(), value);
        self.follow(target)
    }

    /// The answer to `step` did not fit; there may be another.
    pub(super) fn ask_again(mut self, step: &Step) -> Progress {
        match &step.re_ask {
            Some(line) => self.say_line(line, step),
            None => self.say(step),
        }
        self.state.asked = self.state.asked.saturating_add(1);
        self.wait(None)
    }

    /// No answer to `step` did fit.
    pub(super) fn give_up(self, step: &'a Step) -> Progress {
        match &step.otherwise {
            Otherwise::HandOff => self.wait(Some(End::HandOff)),
            Otherwise::Cancel => self.end(End::Cancelled),
            Otherwise::Step(name) => self.go_to(name),
        }
    }

    /// Goes on at the step called `name`.
    pub(super) fn go_to(mut self, name: &'a str) -> Progress {
        let mut name = name;
        // No way through a checked flow meets a step twice without a question between.
        for _ in &self.flow.steps {
            let Some(step) = self.flow.step(name) else { return self.end(End::Gone) };
            self.say(step);
            if step.expect != Expect::Nothing {
                (self.state.step, self.state.asked) = (step.name.clone(), 1);
                return self.wait(None);
            }
            self.record(step, None);
            match step.next.after("") {
                Target::Step(next) => name = next,
                target => return self.follow(target),
            }
        }
        self.end(End::Completed)
    }

    fn follow(self, target: &'a Target) -> Progress {
        match target {
            Target::Step(name) => self.go_to(name),
            Target::End => self.end(End::Completed),
            Target::HandOff => self.end(End::HandOff),
        }
    }

    fn say(&mut self, step: &Step) {
        match &step.say {
            Say::Text(line) => self.say_line(line, step),
            Say::Campaign(id) => {
                let properties = self.state.values.clone();
                self.says.push(Saying::Campaign { id: id.clone(), properties });
            }
        }
    }

    fn say_line(&mut self, line: &Line, step: &Step) {
        let options = match &step.expect {
            Expect::OneOf(options) => options.iter().map(|option| option.text(self.language).to_owned()).collect(),
            _ => Vec::new(),
        };
        self.says.push(Saying::Text { text: line.text(self.language).to_owned(), options });
    }

    /// Notes what Braze is told when `step` is done.
    fn record(&mut self, step: &Step, value: Option<&Personal>) {
        let value =
            value.map(|value| -> Personal { value.as_str().chars().take(FACT_CHARACTERS).collect::<String>().into() });
        if let (Some(name), Some(value)) = (&step.attribute, &value) {
            let is_number = step.expect == Expect::Number;
            self.facts.push(Fact::Attribute { name: name.clone(), value: value.clone(), is_number });
        }
        if let Some(name) = &step.event {
            // Any words are what was said in the chat, and no event holds that; an attribute does where one is asked for.
            let value = value.filter(|_| step.expect != Expect::Text);
            self.facts.push(Fact::Event { name: name.clone(), value });
        }
    }

    fn wait(self, end: Option<End>) -> Progress {
        Progress { says: self.says, state: Some(self.state), facts: self.facts, end }
    }

    fn end(self, end: End) -> Progress {
        Progress { says: self.says, state: None, facts: self.facts, end: Some(end) }
    }
}
