//! The flows and routes that some worlds have, and what people write to them.

use crate::chance::Chance;
use crate::witness::CANCEL;

/// Three routes, one of which leads to people, and three flows with every kind of step and every way to end, as `assistant.toml`.
pub(crate) const TOML: &str = r#"
[routes.returns]
instructions = "You are the canary prompt of returns"
campaign = "c-returns"

[routes.sales]
instructions = "You are the canary prompt of sales"
campaign = "c-sales"
keywords = ["sale"]
stay_minutes = 10

[routes.vip]
instructions = "You are the canary prompt of the few"
campaign = "c-vip"
keywords = ["vip"]
hand_off = true

[flows.return]
start = ["return"]
describe = "The user wants to give something back."
timeout_minutes = 15

[[flows.return.steps]]
name = "reason"
say = "flow: why does it come back?"
expect = "one_of"
options = ["Broken", "Too small", "Other"]
re_ask = "flow: why, out of the three?"
re_asks = 1
otherwise = "cancel"
attribute = "return_reason"
next = { Broken = "words", "Too small" = "size", Other = "hand_off" }

[[flows.return.steps]]
name = "size"
campaign = "c-size"
expect = "number"
re_asks = 1
otherwise = "words"

[[flows.return.steps]]
name = "words"
say = "flow: what happened?"
expect = "text"
attribute = "return_words"

[[flows.return.steps]]
name = "pieces"
say = "flow: how many pieces?"
expect = "number"
re_asks = 1
attribute = "return_pieces"
event = "return_counted"

[[flows.return.steps]]
name = "done"
campaign = "c-done"
expect = "nothing"
event = "return_requested"

[flows.survey]
start = ["survey"]

[[flows.survey.steps]]
name = "stars"
say = "flow: how many stars?"
expect = "number"
re_asks = 0
otherwise = "cancel"
event = "survey_stars"

[flows.booking]
start = ["booking"]

[[flows.booking.steps]]
name = "day"
say = "flow: which day?"
expect = "date"
re_ask = "flow: which day, as 4.3.2026?"
re_asks = 1
otherwise = "code"
attribute = "booking_day"

[[flows.booking.steps]]
name = "mail"
say = "flow: which address?"
expect = "email"
re_asks = 1
otherwise = "code"
attribute = "booking_mail"
event = "booking_reached"

[[flows.booking.steps]]
name = "code"
say = "flow: which code?"
expect = "pattern"
pattern = "^[A-Z]{2}[0-9]{2,4}$"
re_asks = 1
event = "booking_code"

[[flows.booking.steps]]
name = "booked"
campaign = "c-booked"
expect = "nothing"
event = "booking_made"
"#;

/// A wish on which the AI starts a flow; `{}` stands for the canary.
pub(crate) const GIVE_BACK: &str = "I give {} back";

/// What is in such a wish, whatever its canary.
const GIVES_BACK: [&str; 2] = ["I give ", " back"];

/// Whether the AI starts a flow for these words.
pub(crate) fn gives_back(text: &str) -> bool {
    GIVES_BACK.iter().all(|words| text.contains(words))
}

/// Whether a line is one of the words that people write to flows and routes.
pub(crate) fn is_word(line: &str) -> bool {
    ANYTHING.iter().chain(ANSWERS.into_iter().flatten()).any(|word| *word == line)
}

const ANYTHING: [&str; 11] =
    ["return", "return", "survey", "booking", "Booking", "sale", "RETURN!", "7", "2", "vip", CANCEL];
/// Answers to a reason, a number, words, a day, an address and a code: right ones and wrong ones.
const ANSWERS: [&[&str]; 6] = [
    &["1", "broken", "too small", "2", "3", "who knows", "4", CANCEL],
    &["7", "12,5", "0", "40", "many", "12", CANCEL],
    &["it fell", "who knows", "7", "return"],
    &["4.3.2026", "4.3.2026", "2026-3-04", " 29/2/2024 ", "31.4.2026", "29.2.2026", "4.3.26", "tomorrow", CANCEL],
    &["ada@shop.example", "ada@shop.example", "o'neil+x@ex-ample.ie", "ada@shop", "it is ada@shop.example", "7"],
    &["AB12", "XY9999", " AB123 ", "ab12", "AB1", "AB12345", "AB12 please", CANCEL],
];

/// What somebody writes who has read `last`, as far as it has to do with flows and routes: an answer to its question, one
/// that does not fit, or the first word of something else.
pub(crate) fn words(last: Option<&str>, chance: &mut Chance) -> &'static str {
    let anything = chance.pick(&ANYTHING);
    let answers: &[&str] = match last {
        _ if chance.chance(200) => &[],
        Some(last) if last.contains("why") => ANSWERS[0],
        Some(last) if last.contains("how many") || last == "…" => ANSWERS[1],
        Some(last) if last.contains("what happened") => ANSWERS[2],
        Some(last) if last.contains("which day") => ANSWERS[3],
        Some(last) if last.contains("which address") => ANSWERS[4],
        Some(last) if last.contains("which code") => ANSWERS[5],
        _ => &[],
    };
    if answers.is_empty() { anything } else { chance.pick(answers) }
}
