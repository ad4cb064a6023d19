//! DynamoDB's expression language: from text to trees.

mod bindings;
mod condition;
mod cursor;
mod key_condition;
mod operand_checks;
mod reserved;
mod token;
mod update;

pub(crate) use bindings::Bindings;
#[cfg(test)]
pub(crate) use bindings::tests::bindings;
pub(crate) use condition::{Comparator, Condition, Operand, parse_condition};
pub(crate) use key_condition::{KeyCondition, parse_key_condition};
pub(crate) use update::{SetOperand, SetValue, Update, parse_update};
