//! `PutItem`, `UpdateItem` and `DeleteItem`: one item, perhaps under a condition.

use serde_json::{Value as Json, json};
use tokio::time::Instant;

use crate::dynamodb::apply::apply;
use crate::dynamodb::capacity::{consumed, wants_capacity, write_units};
use crate::dynamodb::database::Database;
use crate::dynamodb::evaluate::holds;
use crate::dynamodb::expression::{Bindings, Condition, Update, parse_condition, parse_update};
use crate::dynamodb::items::View;
use crate::dynamodb::size::item_size;
use crate::dynamodb::table::{Key, check_size, is_key_attribute, key_of_item, parse_key};
use crate::dynamodb::value::{Attributes, attributes_to_json, parse_attributes};
use crate::fields::Fields;
use crate::operation::Service;
use crate::refusal::Refusal;

/// What all three operations have in common.
struct Write {
    table: String,
    key: Key,
    condition: Option<Condition>,
    returns: Returns,
    item_on_refusal: bool,
    capacity: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Returns {
    Nothing,
    Old,
    New,
}

impl Database {
    pub(crate) fn put_item(&mut self, mut fields: Fields) -> Result<Json, Refusal> {
        let item = parse_attributes(&fields.required_object("Item")?)?;
        let key = key_of_item(&item)?;
        let condition = fields.text("ConditionExpression")?;
        let bindings = Bindings::take(&mut fields, condition.is_some())?;
        let write = Write::parse(fields, key, condition, bindings, false)?;
        check_size(&item, "Item size has exceeded the maximum allowed size")?;
        self.write(&write, |_| Ok(Some(item)))
    }

    pub(crate) fn update_item(&mut self, mut fields: Fields) -> Result<Json, Refusal> {
        let (key, key_attributes) = parse_key(&fields.required_object("Key")?)?;
        let (update, condition) = (fields.text("UpdateExpression")?, fields.text("ConditionExpression")?);
        let mut bindings = Bindings::take(&mut fields, update.is_some() || condition.is_some())?;
        let update = update.map_or_else(|| Ok(Update::default()), |text| parse_update(&text, &mut bindings))?;
        check_targets(&update)?;
        let write = Write::parse(fields, key, condition, bindings, true)?;
        self.write(&write, |before| updated(&update, before, &key_attributes))
    }

    pub(crate) fn delete_item(&mut self, mut fields: Fields) -> Result<Json, Refusal> {
        let (key, _) = parse_key(&fields.required_object("Key")?)?;
        let condition = fields.text("ConditionExpression")?;
        let bindings = Bindings::take(&mut fields, condition.is_some())?;
        let write = Write::parse(fields, key, condition, bindings, false)?;
        self.write(&write, |_| Ok(None))
    }

    /// Writes what `change` makes of the item, if the condition holds. A write that is refused by its condition costs as
    /// much as one that is not.
    fn write(
        &mut self,
        write: &Write,
        change: impl FnOnce(Option<&Attributes>) -> Result<Option<Attributes>, Refusal>,
    ) -> Result<Json, Refusal> {
        let before = self.table(&write.table)?.items.get(&write.key, View::Consistent).cloned();
        let after = change(before.as_ref());
        let size = |item: Option<&Attributes>| item.map_or(0, item_size);
        let units = write_units(size(before.as_ref()).max(size(after.as_ref().ok().and_then(Option::as_ref))));
        if !write.is_allowed(before.as_ref()) {
            self.meter.write_units += units;
            return Err(write.refusal(before.as_ref()));
        }
        let after = after?;
        self.meter.write_units += units;
        self.table_mut(&write.table)?.items.put(&write.key, after.clone(), Instant::now());
        Ok(write.answer(before.as_ref(), after.as_ref(), units))
    }
}

fn updated(update: &Update, before: Option<&Attributes>, key: &Attributes) -> Result<Option<Attributes>, Refusal> {
    // Where there is no item, an update that only takes away has nothing to do and makes none.
    let takes = !update.removes.is_empty() || !update.deletes.is_empty();
    if before.is_none() && takes && update.sets.is_empty() && update.adds.is_empty() {
        return Ok(None);
    }
    let after = apply(update, before.unwrap_or(key))?;
    check_size(&after, "Item size to update has exceeded the maximum allowed size")?;
    Ok(Some(after))
}

fn check_targets(update: &Update) -> Result<(), Refusal> {
    match update.targets().find(|path| is_key_attribute(&path.head)) {
        None => Ok(()),
        Some(path) => Err(Refusal::validation(format!(
            "One or more parameter values were invalid: Cannot update attribute {}. This attribute is part of the key",
            path.head
        ))),
    }
}

impl Write {
    fn parse(
        mut fields: Fields,
        key: Key,
        condition: Option<String>,
        mut bindings: Bindings,
        is_update: bool,
    ) -> Result<Self, Refusal> {
        let condition =
            condition.map(|text| parse_condition("ConditionExpression", &text, &mut bindings)).transpose()?;
        let write = Self {
            table: fields.required_text("TableName")?,
            key,
            condition,
            returns: Returns::parse(&mut fields, is_update)?,
            item_on_refusal: item_on_refusal(&mut fields)?,
            capacity: wants_capacity(&mut fields)?,
        };
        fields.finish()?;
        bindings.finish()?;
        Ok(write)
    }

    fn is_allowed(&self, before: Option<&Attributes>) -> bool {
        let nothing = Attributes::new();
        self.condition.as_ref().is_none_or(|condition| holds(condition, before.unwrap_or(&nothing)))
    }

    fn refusal(&self, before: Option<&Attributes>) -> Refusal {
        let item = before.filter(|_| self.item_on_refusal).map(attributes_to_json);
        Refusal { item, ..Refusal::new("ConditionalCheckFailedException", "The conditional request failed") }
    }

    fn answer(&self, before: Option<&Attributes>, after: Option<&Attributes>, units: u64) -> Json {
        let mut answer = json!({});
        let attributes = match self.returns {
            Returns::Nothing => None,
            Returns::Old => before,
            Returns::New => after,
        };
        if let Some(attributes) = attributes {
            answer["Attributes"] = attributes_to_json(attributes);
        }
        if self.capacity {
            answer["ConsumedCapacity"] = consumed(&self.table, 2 * units);
        }
        answer
    }
}

impl Returns {
    fn parse(fields: &mut Fields, is_update: bool) -> Result<Self, Refusal> {
        match fields.text("ReturnValues")?.as_deref() {
            None | Some("NONE") => Ok(Self::Nothing),
            Some("ALL_OLD") => Ok(Self::Old),
            Some("ALL_NEW") if is_update => Ok(Self::New),
            Some("UPDATED_OLD" | "UPDATED_NEW") if is_update => {
                Err(Refusal::unsupported(Service::DynamoDb, "UPDATED_OLD and UPDATED_NEW are not supported here"))
            }
            Some(_) => Err(Refusal::validation("Return values set to invalid value")),
        }
    }
}

fn item_on_refusal(fields: &mut Fields) -> Result<bool, Refusal> {
    match fields.text("ReturnValuesOnConditionCheckFailure")?.as_deref() {
        None | Some("NONE") => Ok(false),
        Some("ALL_OLD") => Ok(true),
        Some(_) => Err(Refusal::validation("Return values set to invalid value")),
    }
}
