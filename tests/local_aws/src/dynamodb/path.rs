//! Document paths: `a.b[1].c`.

use std::fmt;

use crate::dynamodb::value::{Attributes, Value};

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    Name(String),
    Index(usize),
}

/// A path into an item: a name, then any steps.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Path {
    pub(crate) head: String,
    pub(crate) steps: Vec<Step>,
}

/// How two paths of one update get in each other's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clash {
    /// One contains the other.
    Overlap,
    /// One takes for a map what the other takes for a list.
    Conflict,
}

impl Path {
    /// What is there, if anything.
    pub(crate) fn get<'a>(&self, item: &'a Attributes) -> Option<&'a Value> {
        self.steps.iter().try_fold(item.get(&self.head)?, |value, step| match (value, step) {
            (Value::M(map), Step::Name(name)) => map.get(name),
            (Value::L(list), Step::Index(index)) => list.get(*index),
            _ => None,
        })
    }

    pub(crate) fn clash(&self, other: &Self) -> Option<Clash> {
        if self.head != other.head {
            return None;
        }
        for pair in self.steps.iter().zip(&other.steps) {
            match pair {
                (Step::Name(_), Step::Index(_)) | (Step::Index(_), Step::Name(_)) => return Some(Clash::Conflict),
                (a, b) if a != b => return None,
                _ => {}
            }
        }
        Some(Clash::Overlap)
    }
}

/// As DynamoDB's messages show a path: `[a, b, [1]]`.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}", self.head)?;
        for step in &self.steps {
            match step {
                Step::Name(name) => write!(f, ", {name}")?,
                Step::Index(index) => write!(f, ", [{index}]")?,
            }
        }
        f.write_str("]")
    }
}
