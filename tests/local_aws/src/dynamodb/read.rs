//! `GetItem`, `BatchGetItem` and `Query`.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json, json};
use tokio::time::Instant;

use crate::dynamodb::capacity::{consumed, half_read_units, wants_capacity};
use crate::dynamodb::database::Database;
use crate::dynamodb::evaluate::holds;
use crate::dynamodb::expression::{Bindings, KeyCondition, parse_key_condition};
use crate::dynamodb::items::View;
use crate::dynamodb::size::item_size;
use crate::dynamodb::table::{Key, Table, key_to_attributes, parse_key};
use crate::dynamodb::value::{Attributes, attributes_to_json};
use crate::fields::Fields;
use crate::operation::Service;
use crate::refusal::Refusal;

/// The most keys of one `BatchGetItem`, and the most bytes of its answer.
const BATCH_KEYS: usize = 100;
const BATCH_BYTES: usize = 16 << 20;

/// The most bytes one `Query` looks at.
const PAGE_BYTES: usize = 1 << 20;

impl Database {
    pub(crate) fn get_item(&mut self, mut fields: Fields) -> Result<Json, Refusal> {
        let table = fields.required_text("TableName")?;
        let (key, _) = parse_key(&fields.required_object("Key")?)?;
        let consistent = fields.flag("ConsistentRead")?.unwrap_or(false);
        let capacity = wants_capacity(&mut fields)?;
        fields.finish()?;
        let item = self.table(&table)?.items.get(&key, view(consistent)).cloned();
        let units = half_read_units(item.as_ref().map_or(0, item_size), consistent);
        self.meter.half_read_units += units;
        let mut answer = json!({});
        if let Some(item) = item {
            answer["Item"] = attributes_to_json(&item);
        }
        if capacity {
            answer["ConsumedCapacity"] = consumed(&table, units);
        }
        Ok(answer)
    }

    pub(crate) fn batch_get_item(&mut self, mut fields: Fields) -> Result<Json, Refusal> {
        let capacity = wants_capacity(&mut fields)?;
        let requests = fields.required_object("RequestItems")?;
        fields.finish()?;
        let batches =
            requests.iter().map(|(table, request)| Batch::parse(table, request)).collect::<Result<Vec<_>, _>>()?;
        check_count(batches.iter().map(|batch| batch.keys.len()).sum())?;
        let mut room = Room { keys: self.batch_limit.unwrap_or(BATCH_KEYS), bytes: BATCH_BYTES };
        let (mut responses, mut unprocessed, mut costs) = (Map::new(), Map::new(), Vec::new());
        for batch in &batches {
            let found = batch.read(self.table(&batch.table)?, &mut room);
            self.meter.half_read_units += found.half_units;
            costs.push(consumed(&batch.table, found.half_units));
            responses.insert(batch.table.clone(), found.items.into());
            if !found.unprocessed.is_empty() {
                let rest = json!({ "Keys": found.unprocessed, "ConsistentRead": batch.consistent });
                unprocessed.insert(batch.table.clone(), rest);
            }
        }
        let mut answer = json!({ "Responses": responses, "UnprocessedKeys": unprocessed });
        if capacity {
            answer["ConsumedCapacity"] = costs.into();
        }
        Ok(answer)
    }

    pub(crate) fn query(&mut self, fields: Fields) -> Result<Json, Refusal> {
        let query = Query::parse(fields)?;
        let page = query.page(self.table(&query.table)?);
        let units = half_read_units(page.items.iter().map(|item| item_size(item)).sum(), query.consistent);
        let items: Vec<_> = page.items.iter().map(|item| attributes_to_json(item)).collect();
        let mut answer = json!({ "Count": items.len(), "ScannedCount": items.len(), "Items": items });
        if let Some(last) = page.last {
            answer["LastEvaluatedKey"] = attributes_to_json(&key_to_attributes(last));
        }
        if query.capacity {
            answer["ConsumedCapacity"] = consumed(&query.table, units);
        }
        self.meter.half_read_units += units;
        Ok(answer)
    }
}

/// The keys that a batch asks of one table.
struct Batch {
    table: String,
    keys: Vec<Key>,
    consistent: bool,
}

/// What a batch may still process.
struct Room {
    keys: usize,
    bytes: usize,
}

struct Found {
    items: Vec<Json>,
    unprocessed: Vec<Json>,
    half_units: u64,
}

impl Batch {
    fn parse(table: &str, request: &Json) -> Result<Self, Refusal> {
        let Json::Object(request) = request else {
            return Err(Refusal::serialization("RequestItems must hold an object for each table."));
        };
        let mut fields = Fields::of(Service::DynamoDb, request.clone());
        let listed = fields.list("Keys")?.unwrap_or_default();
        let consistent = fields.flag("ConsistentRead")?.unwrap_or(false);
        fields.finish()?;
        let key = |json: &Json| match json {
            Json::Object(key) => parse_key(key).map(|(key, _)| key),
            _ => Err(Refusal::serialization("A key must be an object.")),
        };
        let keys: Vec<_> = listed.iter().map(key).collect::<Result<_, _>>()?;
        if keys.is_empty() {
            return Err(Refusal::missing(Service::DynamoDb, "requestItems.member.keys"));
        }
        if keys.iter().collect::<BTreeSet<_>>().len() < keys.len() {
            return Err(Refusal::validation("Provided list of item keys contains duplicates"));
        }
        Ok(Self { table: table.to_owned(), keys, consistent })
    }

    /// Reads in the reverse of the order asked: AWS promises none, so nobody shall rely on one.
    fn read(&self, table: &Table, room: &mut Room) -> Found {
        let mut found = Found { items: Vec::new(), unprocessed: Vec::new(), half_units: 0 };
        for key in self.keys.iter().rev() {
            let item = table.items.get(key, view(self.consistent));
            let bytes = item.map_or(0, item_size);
            if room.keys == 0 || bytes > room.bytes {
                found.unprocessed.push(attributes_to_json(&key_to_attributes(key)));
                continue;
            }
            (room.keys, room.bytes) = (room.keys - 1, room.bytes - bytes);
            found.half_units += half_read_units(bytes, self.consistent);
            found.items.extend(item.map(attributes_to_json));
        }
        found
    }
}

fn check_count(keys: usize) -> Result<(), Refusal> {
    match keys {
        0 => Err(Refusal::missing(Service::DynamoDb, "requestItems")),
        1..=BATCH_KEYS => Ok(()),
        _ => Err(Refusal::validation("Too many items requested for the BatchGetItem call")),
    }
}

struct Query {
    table: String,
    condition: KeyCondition,
    forward: bool,
    limit: usize,
    /// The key to go on behind.
    start: Option<Key>,
    consistent: bool,
    capacity: bool,
}

struct Page<'a> {
    items: Vec<&'a Attributes>,
    /// Where the next page goes on, if there may be one.
    last: Option<&'a Key>,
}

impl Query {
    fn parse(mut fields: Fields) -> Result<Self, Refusal> {
        let text = fields.required_text("KeyConditionExpression")?;
        let mut bindings = Bindings::take(&mut fields, true)?;
        let condition = parse_key_condition(&text, &mut bindings)?;
        let query = Self {
            table: fields.required_text("TableName")?,
            forward: fields.flag("ScanIndexForward")?.unwrap_or(true),
            limit: limit(&mut fields)?,
            start: fields.object("ExclusiveStartKey")?.map(|key| start(&key, &condition)).transpose()?,
            consistent: fields.flag("ConsistentRead")?.unwrap_or(false),
            capacity: wants_capacity(&mut fields)?,
            condition,
        };
        fields.finish()?;
        bindings.finish()?;
        Ok(query)
    }

    fn page<'a>(&self, table: &'a Table) -> Page<'a> {
        let mut page = Page { items: Vec::new(), last: None };
        let mut bytes = 0;
        for (key, item) in self.matching(table) {
            page.items.push(item);
            bytes += item_size(item);
            if page.items.len() == self.limit || bytes >= PAGE_BYTES {
                // As on AWS the key is there even if this was the last item: only the next page can tell.
                page.last = Some(key);
                break;
            }
        }
        page
    }

    fn matching<'a>(&self, table: &'a Table) -> impl Iterator<Item = (&'a Key, &'a Attributes)> {
        let meant = |(key, item): &(&Key, &Attributes)| {
            self.condition.sort.as_ref().is_none_or(|sort| holds(sort, item))
                && self.start.as_ref().is_none_or(|start| if self.forward { *key > start } else { *key < start })
        };
        let mut all = table.items.partition(&self.condition.partition, view(self.consistent));
        all.retain(meant);
        if !self.forward {
            all.reverse();
        }
        all.into_iter()
    }
}

fn view(consistent: bool) -> View {
    if consistent { View::Consistent } else { View::EventualAt(Instant::now()) }
}

fn limit(fields: &mut Fields) -> Result<usize, Refusal> {
    let Some(limit) = fields.integer("Limit")? else { return Ok(usize::MAX) };
    usize::try_from(limit).ok().filter(|limit| *limit > 0).ok_or_else(|| {
        Refusal::validation(format!(
            "1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1"
        ))
    })
}

fn start(key: &Map<String, Json>, condition: &KeyCondition) -> Result<Key, Refusal> {
    let (key, attributes) = parse_key(key).map_err(|_| Refusal::validation("The provided starting key is invalid"))?;
    let inside = key.0 == condition.partition && condition.sort.as_ref().is_none_or(|sort| holds(sort, &attributes));
    inside.then_some(key).ok_or_else(|| {
        Refusal::validation("The provided starting key is outside query boundaries based on provided conditions")
    })
}
