//! What several messages that are answered at once mean to flows, each looked at by itself.

use models::assistant::Flows;

/// What a burst means to flows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard<'a> {
    /// All of it is the answer that a flow waits for.
    Answer,
    /// The flow is called off, and nothing comes after that.
    CalledOff,
    /// The flow of this name begins; it is what the whole burst is answered with.
    Begins(&'a str),
    /// No flow has to do with what stands from this place on. One that waited is called off by what stands before.
    Words(usize),
}

/// Reads `texts`, in their order. The newest cancel word calls off the flow that `waits`, or one that a message before it
/// would begin; what comes after it is read as if no flow had waited. Of several words that begin a flow the newest counts,
/// and none where a flow waits: there each may be an answer.
pub fn hear<'a>(flows: &'a Flows, texts: &[&str], waits: bool, is_cancel: impl Fn(&str) -> bool) -> Heard<'a> {
    let begun = |texts: &[&str]| texts.iter().rev().find_map(|text| flows.started_by(text));
    let calls_off = |place: &usize| is_cancel(texts[*place]) && (waits || begun(&texts[..*place]).is_some());
    let from = (0..texts.len()).rev().find(calls_off).map(|place| place + 1);
    match from {
        None if waits => Heard::Answer,
        Some(from) if from == texts.len() => Heard::CalledOff,
        from => {
            let from = from.unwrap_or_default();
            begun(&texts[from..]).map_or(Heard::Words(from), Heard::Begins)
        }
    }
}

#[cfg(test)]
mod tests {
    use models::assistant::Assistant;

    use super::Heard::{Answer, Begins, CalledOff, Words};
    use super::*;

    #[test]
    fn each_message_of_a_burst_is_heard_and_the_newest_word_counts() {
        let step = |name| format!("[[flows.{name}.steps]]\nname = \"{name}\"\nsay = \"?\"\nexpect = \"text\"\n");
        let toml = format!(
            "[flows.return]\nstart = [\"return\"]\n{}[flows.survey]\nstart = [\"survey\"]\n{}",
            step("return"),
            step("survey")
        );
        let assistant = Assistant::from_toml(&toml).unwrap();
        let cases: [(bool, &[&str], Heard<'_>); 15] = [
            (false, &[], Words(0)),
            (false, &["hi", "RETURN!", "it broke"], Begins("return")),
            (false, &["return", "survey", "please"], Begins("survey")),
            (false, &["I return it"], Words(0)),
            (false, &["cancel", "hi"], Words(0)),
            (false, &["return", "cancel"], CalledOff),
            (false, &["return", "cancel", "survey"], Begins("survey")),
            (false, &["return", "cancel", "when?"], Words(2)),
            (false, &["cancel", "return"], Begins("return")),
            (true, &["AB1", "return"], Answer),
            (true, &["AB1", "Cancel."], CalledOff),
            (true, &["cancel"], CalledOff),
            (true, &["AB1", "cancel", "when are you", "open?"], Words(2)),
            (true, &["cancel", "survey"], Begins("survey")),
            (true, &["cancel", "no", "never mind"], CalledOff),
        ];
        for (waits, texts, heard) in cases {
            let is_cancel = |text: &str| assistant.keywords.cancel.matches(text);
            assert_eq!(hear(&assistant.flows, texts, waits, is_cancel), heard, "{waits} {texts:?}");
        }
    }
}
