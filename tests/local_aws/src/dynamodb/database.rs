//! All tables, and the way from an operation to what does it.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::dynamodb::capacity::Meter;
use crate::dynamodb::items::Items;
use crate::dynamodb::table::Table;
use crate::fields::Fields;
use crate::operation::{Operation, Service};
use crate::refusal::Refusal;

/// The tables by name, and what was used of them.
#[derive(Debug, Default)]
pub(crate) struct Database {
    pub(crate) tables: BTreeMap<String, Table>,
    pub(crate) meter: Meter,
    /// The most keys one `BatchGetItem` processes; the others come back unprocessed.
    pub(crate) batch_limit: Option<usize>,
}

impl Database {
    pub(crate) fn create(&mut self, name: &str, ttl_attribute: &str) {
        let table = Table { ttl_attribute: ttl_attribute.to_owned(), items: Items::default() };
        self.tables.insert(name.to_owned(), table);
    }

    pub(crate) fn perform(&mut self, operation: Operation, fields: Fields) -> Result<Json, Refusal> {
        match operation {
            Operation::PutItem => self.put_item(fields),
            Operation::UpdateItem => self.update_item(fields),
            Operation::DeleteItem => self.delete_item(fields),
            Operation::GetItem => self.get_item(fields),
            Operation::BatchGetItem => self.batch_get_item(fields),
            Operation::Query => self.query(fields),
            other => Err(Refusal::unsupported(Service::DynamoDb, format!("{other} is no operation of DynamoDB"))),
        }
    }

    pub(crate) fn table(&self, name: &str) -> Result<&Table, Refusal> {
        self.tables.get(name).ok_or_else(no_such_table)
    }

    pub(crate) fn table_mut(&mut self, name: &str) -> Result<&mut Table, Refusal> {
        self.tables.get_mut(name).ok_or_else(no_such_table)
    }
}

fn no_such_table() -> Refusal {
    Refusal::new("ResourceNotFoundException", "Requested resource not found")
}
