//! Reading the answer of `/users/track`.

use models::Personal;
use serde_json::Value;

use super::{Object, Tracked};
use crate::Outcome;

/// The most characters of Braze's words on a mistake that are kept.
const REASON_CHARACTERS: usize = 200;

/// What became of each of `some` objects of one call. `answer` is its body, if it is JSON: on one of Braze's pages the errors
/// in it are objects that name an array and an index, on another they are texts that name nothing.
pub(crate) fn read(some: &[Object], outcome: &Outcome, answer: Option<&Value>) -> Vec<Tracked> {
    match outcome {
        Outcome::Accepted { .. } => taken(some, answer),
        Outcome::NotAccepted(refusal) => vec![Tracked::NotAccepted(*refusal); some.len()],
        Outcome::Unknown(_) => vec![Tracked::Unknown; some.len()],
    }
}

/// The objects that an error names are refused. Where an error names none, whatever Braze does not count as processed is
/// not known.
fn taken(some: &[Object], answer: Option<&Value>) -> Vec<Tracked> {
    let errors: &[Value] = answer.and_then(|answer| answer["errors"].as_array()).map(Vec::as_slice).unwrap_or_default();
    let mut all = vec![Tracked::Written; some.len()];
    let mut unnamed = false;
    for error in errors {
        match place(some, error).and_then(|at| all.get_mut(at)) {
            Some(tracked) => *tracked = Tracked::Refused(reason(error)),
            None => unnamed = true,
        }
    }
    for array in [Array::Attributes, Array::Events] {
        if unnamed && !all_counted(array, some, &all, answer) {
            let of_it = some.iter().zip(&mut all).filter(|(object, _)| Array::of(object) == array);
            of_it
                .filter(|(_, tracked)| **tracked == Tracked::Written)
                .for_each(|(_, tracked)| *tracked = Tracked::Unknown);
        }
    }
    all
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Array {
    Attributes,
    Events,
}

impl Array {
    fn of(object: &Object) -> Self {
        match object {
            Object::Attributes { .. } => Self::Attributes,
            Object::Event { .. } => Self::Events,
        }
    }

    fn named(name: &str) -> Option<Self> {
        match name {
            "attributes" => Some(Self::Attributes),
            "events" => Some(Self::Events),
            _ => None,
        }
    }

    fn count_key(self) -> &'static str {
        match self {
            Self::Attributes => "attributes_processed",
            Self::Events => "events_processed",
        }
    }
}

/// Where in `some` the object is that `error` names.
fn place(some: &[Object], error: &Value) -> Option<usize> {
    let array = Array::named(error["input_array"].as_str()?)?;
    let index = usize::try_from(error["index"].as_u64()?).ok()?;
    let of_it = some.iter().enumerate().filter(|(_, object)| Array::of(object) == array);
    of_it.map(|(at, _)| at).nth(index)
}

/// Whether Braze says that it processed every object of `array` but those it named.
fn all_counted(array: Array, some: &[Object], all: &[Tracked], answer: Option<&Value>) -> bool {
    let of_it = some.iter().zip(all).filter(|(object, _)| Array::of(object) == array);
    let unnamed = of_it.filter(|(_, tracked)| **tracked == Tracked::Written).count();
    let processed = answer.and_then(|answer| answer[array.count_key()].as_u64());
    processed.is_some_and(|processed| usize::try_from(processed).is_ok_and(|processed| processed >= unnamed))
}

fn reason(error: &Value) -> Personal {
    let words = error["type"].as_str().map_or_else(|| error.to_string(), str::to_owned);
    words.chars().take(REASON_CHARACTERS).collect::<String>().into()
}
