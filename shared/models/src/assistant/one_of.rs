//! Settings that are one of a few words.

use super::section::Section;
use super::spelling::{did_you_mean, listed, nearest};

impl Section {
    /// What the word at `key` stands for. Another word, or none, is told with all that there are; what it was probably
    /// meant for is taken, so that what depends on it is not a mistake as well. `None` where nobody can know.
    pub(super) fn one_of<T: Clone>(&mut self, key: &str, choices: &[(&str, T)]) -> Option<T> {
        self.one_of_unless(key, choices, "")
    }

    /// [`Section::one_of`], with what may stand there instead in words that go on from the list of them.
    pub(super) fn one_of_unless<T: Clone>(&mut self, key: &str, choices: &[(&str, T)], instead: &str) -> Option<T> {
        let word = self.word(key);
        if let Some((_, choice)) = choices.iter().find(|(known, _)| *known == word) {
            return Some(choice.clone());
        }
        let meant = nearest(&word, choices.iter(), |(known, _)| known);
        let words: Vec<_> = choices.iter().map(|(known, _)| *known).collect();
        let advice = did_you_mean(meant.map(|(known, _)| *known));
        self.mistake(key, &format!("must be {}{instead}{advice}", listed(&words)));
        meant.map(|(_, choice)| choice.clone())
    }

    /// [`Section::one_of`] where the first is meant if nothing is said.
    pub(super) fn one_of_or<T: Clone>(&mut self, key: &str, default: T, choices: &[(&str, T)]) -> T {
        let said = if self.has(key) { self.one_of(key, choices) } else { None };
        said.unwrap_or(default)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Assistant, BadAssistant};
    use super::*;

    fn section(toml: &str) -> Section {
        Section::root(toml.parse().unwrap())
    }

    #[test]
    fn a_word_stands_for_its_choice_and_a_wrong_one_for_what_was_meant() {
        let choices = [("text", 1), ("number", 2)];
        for (toml, read, told) in [
            ("a = \"number\"", Some(2), None),
            ("a = \"numbr\"", Some(2), Some("`a` must be text or number; did you mean `number`?")),
            ("a = \"Text\"", Some(1), Some("`a` must be text or number; did you mean `text`?")),
            ("a = \"colour\"", None, Some("`a` must be text or number")),
            ("a = 7", None, Some("`a` must be text or number")),
            ("", None, Some("`a` must be text or number")),
        ] {
            let mut section = section(toml);
            assert_eq!(section.one_of("a", &choices), read, "{toml}");
            assert_eq!(
                BadAssistant::from(section.mistakes()).told(),
                Vec::from_iter(told.map(str::to_owned)),
                "{toml}"
            );
        }
        assert_eq!(section("").one_of_or("a", 7, &choices), 7);
    }

    #[test]
    fn one_slip_in_a_value_is_one_mistake_with_what_was_meant() {
        let step = |rest: &str| format!("[[flows.f.steps]]\nname = \"ask\"\nsay = \"?\"\n{rest}");
        let expect = "must be text, one_of, number, date, email, pattern or nothing; did you mean";
        let tool = "[tools.t]\ndescribe = \"x\"\nurl = \"https://x.example\"\n";
        let claude = "[backends.claude]\nkind = \"anthropic\"\nbase_url = \"https://x.example\"\nmodel = \"m\"\n";
        let facts = "may be owner, last_message, turns, route, language, unresolved: number 1 is none; did you mean";
        let branches = "expect = \"one_of\"\noptions = [\"Yes\", \"No\"]\nnext =";
        for (toml, told) in [
            (
                step(&format!("{}{{ Yes = \"end\", No = \"hand_off\" }}", branches.replace("one_of", "oneof"))),
                format!("`flows.f.steps.ask.expect` {expect} `one_of`?"),
            ),
            (step("expect = \"patern\"\npattern = \"x\""), format!("`flows.f.steps.ask.expect` {expect} `pattern`?")),
            (
                step(&format!("{branches} {{ Yes = \"end\", no = \"end\" }}")),
                "`flows.f.steps.ask.next.no` is none of the step's options; did you mean `No`?".to_owned(),
            ),
            (
                step("expect = \"text\"\nnext = \"handoff\""),
                "`flows.f.steps.ask.next` names the step \"handoff\", which does not exist; did you mean `hand_off`?"
                    .to_owned(),
            ),
            (
                step("expect = \"text\"\notherwise = \"cancle\""),
                "`flows.f.steps.ask.otherwise` names the step \"cancle\", which does not exist; did you mean `cancel`?"
                    .to_owned(),
            ),
            (
                format!("ladder = [\"claude\"]\n{}", claude.replace("anthropic", "antropic")),
                "`backends.claude.kind` must be openai, anthropic, bedrock or webhook; did you mean `anthropic`?"
                    .to_owned(),
            ),
            (
                format!("ladder = [\"cloude\"]\n{claude}"),
                "`ladder` must be names out of [backends] (claude): number 1 is none; did you mean `claude`?"
                    .to_owned(),
            ),
            (
                format!("{claude}[routes.a]\nbackend = \"claud\""),
                "`routes.a.backend` must be a name out of [backends] (claude); did you mean `claude`?".to_owned(),
            ),
            (format!("{tool}method = \"get\""), "`tools.t.method` must be GET or POST; did you mean `GET`?".to_owned()),
            (
                format!("{tool}[tools.t.arguments.a]\ndescribe = \"x\"\nvalues = \"numbers\""),
                "`tools.t.arguments.a.values` must be text, number or flag, or give one_of; did you mean `number`?"
                    .to_owned(),
            ),
            (
                "[profile.learn.size]\ndescribe = \"x\"\nvalues = \"colour\"".to_owned(),
                "`profile.learn.size.values` must be text, number or flag, or give one_of".to_owned(),
            ),
            (
                "[profile.learn.size]\ndescribe = \"x\"\nvalues = \"text\"\none_of = [\"S\", \"L\"]".to_owned(),
                "`profile.learn.size.values` does not go with `one_of`, which says already what the values are"
                    .to_owned(),
            ),
            ("[profile]\nfacts = [\"onwer\"]".to_owned(), format!("`profile.facts` {facts} `owner`?")),
            (
                "default_language = \"pt-BR\"".to_owned(),
                "`default_language` must be de, en, es, fr or pt; did you mean `pt`?".to_owned(),
            ),
            (
                "default_language = \"english\"".to_owned(),
                "`default_language` must be de, en, es, fr or pt; a new one needs its lines in [texts] too".to_owned(),
            ),
            (
                "[desk]\nlanguage = \"DE\"".to_owned(),
                "`desk.language` must be de, en, es, fr or pt; did you mean `de`?".to_owned(),
            ),
            (
                "[texts.de-AT]\nfallback = \"Später\"".to_owned(),
                "`texts.de-AT` is no language: two or three small letters, like en; did you mean `de`?".to_owned(),
            ),
        ] {
            let mistakes = Assistant::from_toml(&toml).expect_err(&toml).told();
            assert_eq!(mistakes, [told], "{toml}");
        }
    }
}
