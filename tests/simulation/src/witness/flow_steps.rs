//! The worlds' flows, read once more: what each step says, takes for an answer, and leads to.

use std::time::Duration;

/// What calls a flow off.
pub(crate) const CANCEL: &str = "cancel";

/// One step.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) flow: &'static str,
    pub(super) name: &'static str,
    pub(super) says: Says,
    pub(super) asks: Asks,
    /// The value of an answer, if it fits.
    pub(super) fits: fn(&str) -> Option<String>,
    /// What is said where an answer did not fit; else the question again.
    pub(super) re_ask: Option<&'static str>,
    pub(super) re_asks: u32,
    /// After too many that did not fit.
    pub(super) otherwise: Goes,
    pub(super) attribute: Option<&'static str>,
    pub(super) event: Option<&'static str>,
    /// After an answer that fits.
    pub(super) next: fn(&str) -> Goes,
}

/// What a step says.
#[derive(Debug)]
pub(super) enum Says {
    Text(&'static str),
    Campaign(&'static str),
}

/// Whether a step waits for an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asks {
    Something,
    Nothing,
}

/// Where a flow goes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Goes {
    To(&'static str),
    End(Ends),
}

/// How a flow ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Ends {
    Completed,
    Cancelled,
    HandOff,
    /// With a hand-off, where there is nobody.
    Nobody,
}

/// The first step of the flow called `name`.
pub(super) fn first(name: &str) -> Option<&'static Step> {
    STEPS.iter().find(|step| step.flow == name)
}

/// The step called `name`: no two flows share one.
pub(super) fn step(name: &str) -> Option<&'static Step> {
    STEPS.iter().find(|step| step.name == name)
}

/// How long the flow of `step` waits for an answer.
pub(super) fn timeout(step: &Step) -> Duration {
    Duration::from_mins(if step.flow == "return" { 15 } else { 60 })
}

/// All of them.
static STEPS: [Step; 10] = [
    Step {
        name: "reason",
        says: Says::Text("flow: why does it come back?\n\n1. Broken\n2. Too small\n3. Other"),
        fits: a_reason,
        re_ask: Some("flow: why, out of the three?\n\n1. Broken\n2. Too small\n3. Other"),
        re_asks: 1,
        otherwise: Goes::End(Ends::Cancelled),
        attribute: Some("return_reason"),
        next: |reason| match reason {
            "Broken" => Goes::To("words"),
            "Too small" => Goes::To("size"),
            _ => Goes::End(Ends::HandOff),
        },
        ..RETURN
    },
    Step {
        name: "size",
        says: Says::Campaign("c-size"),
        re_asks: 1,
        otherwise: Goes::To("words"),
        next: |_| Goes::To("words"),
        ..RETURN
    },
    Step {
        name: "words",
        says: Says::Text("flow: what happened?"),
        fits: |text| Some(text.trim()).filter(|text| !text.is_empty()).map(|text| text.chars().take(1_000).collect()),
        re_asks: 2,
        attribute: Some("return_words"),
        next: |_| Goes::To("pieces"),
        ..RETURN
    },
    Step {
        name: "pieces",
        says: Says::Text("flow: how many pieces?"),
        re_asks: 1,
        attribute: Some("return_pieces"),
        event: Some("return_counted"),
        next: |_| Goes::To("done"),
        ..RETURN
    },
    Step {
        name: "done",
        says: Says::Campaign("c-done"),
        asks: Asks::Nothing,
        event: Some("return_requested"),
        ..RETURN
    },
    Step {
        flow: "survey",
        name: "stars",
        says: Says::Text("flow: how many stars?"),
        otherwise: Goes::End(Ends::Cancelled),
        event: Some("survey_stars"),
        ..RETURN
    },
    Step {
        name: "day",
        says: Says::Text("flow: which day?"),
        fits: a_day,
        re_ask: Some("flow: which day, as 4.3.2026?"),
        re_asks: 1,
        otherwise: Goes::To("code"),
        attribute: Some("booking_day"),
        next: |_| Goes::To("mail"),
        ..BOOKING
    },
    Step {
        name: "mail",
        says: Says::Text("flow: which address?"),
        fits: an_address,
        re_asks: 1,
        otherwise: Goes::To("code"),
        attribute: Some("booking_mail"),
        event: Some("booking_reached"),
        next: |_| Goes::To("code"),
        ..BOOKING
    },
    Step {
        name: "code",
        says: Says::Text("flow: which code?"),
        fits: a_code,
        re_asks: 1,
        event: Some("booking_code"),
        next: |_| Goes::To("booked"),
        ..BOOKING
    },
    Step {
        name: "booked",
        says: Says::Campaign("c-booked"),
        asks: Asks::Nothing,
        event: Some("booking_made"),
        ..BOOKING
    },
];

const BOOKING: Step = Step { flow: "booking", ..RETURN };

/// What a step of the first flow is where it says nothing else: a number, once, and else a person.
const RETURN: Step = Step {
    flow: "return",
    name: "",
    says: Says::Text(""),
    asks: Asks::Something,
    fits: a_number,
    re_ask: None,
    re_asks: 0,
    otherwise: Goes::End(Ends::HandOff),
    attribute: None,
    event: None,
    next: |_| Goes::End(Ends::Completed),
};

fn a_reason(text: &str) -> Option<String> {
    let reasons = ["Broken", "Too small", "Other"];
    let text = text.trim();
    let by_number = text.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    let is_meant = |(place, reason): (usize, &&str)| by_number == Some(place) || reason.eq_ignore_ascii_case(text);
    let meant = (0..).zip(&reasons).find(|(place, reason)| is_meant((*place, reason)));
    meant.map(|(_, reason)| (*reason).to_owned())
}

/// A number as people of these worlds write one: digits, perhaps with a comma.
fn a_number(text: &str) -> Option<String> {
    let text = text.trim().replace(',', ".");
    let is_number = !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || c == '.');
    text.parse::<f64>().ok().filter(|_| is_number).map(|number| number.to_string())
}

/// A day as people of these worlds write one: day, month and year with dots or strokes, or turned round with hyphens.
fn a_day(text: &str) -> Option<String> {
    let text = text.trim();
    let by = |sign: char| {
        let numbers: Option<Vec<u32>> = text.split(sign).map(a_whole_number).collect();
        numbers.filter(|numbers| numbers.len() == 3)
    };
    let (day, month, year) = match (by('-'), by('.').or_else(|| by('/'))) {
        (Some(numbers), _) => (numbers[2], numbers[1], numbers[0]),
        (None, Some(numbers)) => (numbers[0], numbers[1], numbers[2]),
        (None, None) => return None,
    };
    let february = if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) { 29 } else { 28 };
    let months = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let last = *months.get(month.checked_sub(1)? as usize)?;
    ((1..=last).contains(&day) && (1_000..=9_999).contains(&year)).then(|| format!("{year}-{month:02}-{day:02}"))
}

fn a_whole_number(text: &str) -> Option<u32> {
    let is_one = !text.is_empty() && text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_one)
}

/// An address as people of these worlds have one: a name, and the shop or company it is at.
fn an_address(text: &str) -> Option<String> {
    let text = text.trim();
    let (name, place) = text.split_once('@')?;
    let is_plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "-.+'".contains(c));
    let is_one = !name.is_empty() && is_plain(name) && is_plain(place);
    let labels: Vec<_> = place.split('.').collect();
    (is_one && labels.len() > 1 && labels.iter().all(|label| !label.is_empty())).then(|| text.to_owned())
}

/// Two capital letters and two to four digits.
fn a_code(text: &str) -> Option<String> {
    let text = text.trim();
    let (letters, digits) = text.split_at_checked(2)?;
    let is_one = letters.bytes().all(|byte| byte.is_ascii_uppercase())
        && (2..=4).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_one.then(|| text.to_owned())
}
