//! Any text as `assistant.toml`.

use std::time::Duration;

use models::assistant::{Assistant, BotText, Mistake};

/// What an operator may have put into the file by mistake; never to be shown.
const SECRET: &str = "hush-4711-hush";

/// Where no text belongs.
const PLACES: [&str; 13] = [
    "api_key = VALUE",
    "quiet_period = VALUE",
    "limits.attempts = VALUE",
    "limits.secret = VALUE",
    "quiet_period.cap_seconds = VALUE",
    "texts.en = VALUE",
    "texts.en.secret = [VALUE]",
    "flows = VALUE",
    "flows.f.timeout_minutes = VALUE",
    "flows.f.steps = [VALUE]",
    "keywords.opt_out = VALUE",
    "keywords.shipped = VALUE",
    "keywords.secret = [VALUE]",
];

/// A file is read, with every value in its range, or refused, with a reason. The byte 1, which TOML cannot hold, stands
/// for a secret: what is no TOML at all is refused without showing it, and a wrong value is never shown.
pub fn configuration(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match Assistant::from_toml(&text.replace('\u{1}', SECRET)) {
        Ok(assistant) => assert_in_range(&assistant),
        Err(bad) => {
            let mistakes = bad.mistakes();
            assert!(!mistakes.is_empty());
            let is_syntax = |mistake: &&Mistake| mistake.told().starts_with("it is not TOML");
            assert!(mistakes.iter().filter(is_syntax).all(|mistake| !mistake.told().contains(SECRET)), "{bad}");
            let lines = text.matches('\n').count() + 1;
            assert!(mistakes.iter().filter_map(Mistake::line).all(|line| (1..=lines).contains(&line)), "{bad}");
        }
    }
    assert_values_are_not_shown(&text);
}

fn assert_in_range(assistant: &Assistant) {
    let (limits, quiet) = (&assistant.limits, &assistant.quiet);
    assert!((1..=16_000).contains(&limits.input_characters) && limits.history_turns <= 50);
    assert!((1..=20).contains(&limits.reply_parts) && (16..=100_000).contains(&limits.output_tokens));
    assert!((3..=10).contains(&limits.attempts));
    assert!((Duration::from_secs(1)..=Duration::from_mins(10)).contains(&limits.ai_deadline));
    assert!(quiet.complete.max(quiet.fragment) <= quiet.cap);
    assert!((Duration::from_secs(1)..=Duration::from_mins(2)).contains(&quiet.cap));
    assert!(!assistant.instructions.trim().is_empty() && !assistant.knowledge_folder.trim().is_empty());
    for line in [BotText::Fallback, BotText::DontKnow, BotText::NoWords] {
        for language in [None, Some("de"), Some("pt-BR"), Some("xx")] {
            let line = assistant.texts.line(line, language);
            assert!(!line.trim().is_empty() && line.chars().count() <= 1_000);
        }
    }
    for (name, flow) in assistant.flows.iter() {
        assert!(!name.is_empty() && (1..=30).contains(&flow.steps.len()));
        assert!((Duration::from_mins(1)..=Duration::from_hours(7 * 24)).contains(&flow.timeout));
        assert!(flow.steps.iter().all(|step| step.re_asks <= 10 && flow.step(&step.name) == Some(step)));
    }
}

/// `value` where it does not belong is refused in the same words as any other.
fn assert_values_are_not_shown(value: &str) {
    let place = PLACES[value.len() % PLACES.len()];
    let refused = |value: &str| Assistant::from_toml(&place.replace("VALUE", &quoted(value))).expect_err("wrong");
    assert_eq!(refused(value), refused("other"), "{place}");
}

/// A basic string of TOML: JSON's escapes, and one more.
fn quoted(value: &str) -> String {
    serde_json::Value::from(value).to_string().replace('\u{7f}', "\\u007f")
}
