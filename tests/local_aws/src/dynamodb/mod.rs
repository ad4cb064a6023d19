//! DynamoDB: tables with string keys `pk` and `sk`, and the expressions that read and write them.

mod apply;
mod capacity;
mod database;
mod evaluate;
mod expression;
mod items;
mod number;
mod path;
mod read;
mod size;
mod table;
mod value;
mod write;

pub(crate) use capacity::Meter;
pub(crate) use database::Database;
pub(crate) use items::View;
pub(crate) use size::item_size;
pub(crate) use value::attributes_to_json;
