//! Heads and rows as items. Names are short because items are paid by size; this is the one place that knows them.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use models::{ConversationKey, Message, MessageId, Spent, Timestamp, Window};

use crate::head::{Head, OpenTurn, Owner, Pending, RunToken, SendState, TurnKey, Voice};
use crate::rows::{MessageRow, RowState, TurnRow};
use crate::sort_key;

pub(super) type Item = HashMap<String, AttributeValue>;

pub(super) const EXPIRES_AT: &str = "expires_at";
/// The JSON of a row.
pub(super) const BODY: &str = "b";
pub(super) const STATE: &str = "st";

/// The attribute that holds the times of a pending message: a map of `d` (due) and `a` (arrival).
pub(super) fn pending_name(id: &MessageId) -> String {
    format!("p_{}", id.as_str())
}

/// The attribute that holds the place of a pending message in the order of filing. Apart from its times, because only a
/// top-level attribute can be set from another one's value.
pub(super) fn sequence_name(id: &MessageId) -> String {
    format!("s_{}", id.as_str())
}

pub(super) fn text(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

pub(super) fn number(number: impl Into<u64>) -> AttributeValue {
    AttributeValue::N(number.into().to_string())
}

pub(super) fn millis(at: Timestamp) -> AttributeValue {
    number(at.millis())
}

pub(super) fn ids(ids: &[MessageId]) -> AttributeValue {
    AttributeValue::L(ids.iter().map(|id| text(id.as_str())).collect())
}

pub(super) fn pending(due: Timestamp, arrival: Timestamp) -> AttributeValue {
    AttributeValue::M(HashMap::from([("d".to_owned(), millis(due)), ("a".to_owned(), millis(arrival))]))
}

/// A user's turns as they are written: beginnings (seconds) and counts of minute and day, and whether the user was told.
pub(super) fn spent_words(spent: &Spent) -> String {
    let Spent { minute, day, told } = spent;
    format!("{} {} {} {} {}", minute.start.seconds(), minute.count, day.start.seconds(), day.count, u8::from(*told))
}

fn read_spent(item: &Item, name: &'static str) -> Result<Spent, Bad> {
    let numbers: Result<Vec<u64>, _> = read_text(item, name)?.split(' ').map(str::parse).collect();
    let Ok([minute, minutes, day, days, told]) = numbers.unwrap_or_default().try_into().map(|all: [u64; 5]| all) else {
        return Err(name);
    };
    let window = |start, count| Window {
        start: Timestamp::from_seconds(start),
        count: u32::try_from(count).unwrap_or(u32::MAX),
    };
    Ok(Spent { minute: window(minute, minutes), day: window(day, days), told: told == 1 })
}

/// The empty head of a forgotten user.
pub(super) fn tombstone(conversation: &ConversationKey, head: &Head) -> Item {
    let erased = head.erased_at.unwrap_or_default();
    let others = [("ad", &head.adopted_by), ("mv", &head.moved_to)];
    let others = others.into_iter().filter_map(|(name, key)| Some((name.to_owned(), text(key.as_ref()?.as_str()))));
    let mut item = Item::from(
        [
            ("pk", text(conversation.as_str())),
            ("sk", text(sort_key::HEAD)),
            ("ep", number(head.epoch)),
            ("dn", ids(&head.done)),
            ("er", millis(erased)),
            (EXPIRES_AT, number(head.expires_at.seconds())),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    item.extend(others);
    if let Some(since) = head.owner_since {
        let owner = if head.owner == Owner::Person { "h" } else { "b" };
        item.extend([("md".to_owned(), text(owner)), ("mt".to_owned(), millis(since))]);
    }
    item.extend(head.buried_at.map(|buried| ("br".to_owned(), millis(buried))));
    item.extend(head.person_since.map(|since| ("hs".to_owned(), millis(since))));
    item.extend(head.heard.map(|heard| ("hd".to_owned(), millis(heard))));
    item
}

/// A state as it is written: `open`, `done`, `parked@<milliseconds>`.
pub(super) fn state_word(state: RowState) -> String {
    match state {
        RowState::Open => "open".to_owned(),
        RowState::Done => "done".to_owned(),
        RowState::Parked(since) => format!("parked@{}", since.millis()),
    }
}

/// The name of the attribute that is not what it should be.
type Bad = &'static str;

pub(super) fn read_head(item: &Item) -> Result<Head, Bad> {
    Ok(Head {
        owner: if read_text(item, "md").is_ok_and(|owner| owner == "h") { Owner::Person } else { Owner::Bot },
        owner_since: optional(item, "mt", read_millis)?,
        person_since: optional(item, "hs", read_millis)?,
        heard: optional(item, "hd", read_millis)?,
        opted_out: item.contains_key("kp"),
        spent: optional(item, "bu", read_spent)?.unwrap_or_default(),
        erased_at: optional(item, "er", read_millis)?,
        buried_at: optional(item, "br", read_millis)?,
        epoch: optional(item, "ep", read_number)?.unwrap_or_default(),
        run: optional(item, "ru", read_text)?.map(|run| RunToken(run.to_owned())),
        lease_until: optional(item, "lu", read_millis)?.unwrap_or_default(),
        attempts: optional(item, "ac", read_u32)?.unwrap_or_default(),
        sequence: optional(item, "sq", read_number)?.unwrap_or_default(),
        pending: read_pending(item)?,
        done: optional(item, "dn", read_ids)?.unwrap_or_default(),
        last_turn: optional(item, "tn", read_number)?.unwrap_or_default(),
        turn: read_turn(item)?,
        adopted_by: optional(item, "ad", read_text)?.map(|key| ConversationKey::parse(key).ok_or("ad")).transpose()?,
        moved_to: optional(item, "mv", read_text)?.map(|key| ConversationKey::parse(key).ok_or("mv")).transpose()?,
        expires_at: Timestamp::from_seconds(read_number(item, EXPIRES_AT)?),
    })
}

fn read_pending(item: &Item) -> Result<BTreeMap<MessageId, Pending>, Bad> {
    let names = item.keys().filter_map(|name| name.strip_prefix("p_"));
    names
        .map(|id| {
            let id = MessageId::stored(id);
            let Some(AttributeValue::M(times)) = item.get(&pending_name(&id)) else { return Err("p_") };
            let (due, arrival) = (read_millis(times, "d")?, read_millis(times, "a")?);
            let sequence = item.get(&sequence_name(&id)).and_then(|value| value.as_n().ok()?.parse().ok());
            Ok((id, Pending { sequence: sequence.ok_or("s_")?, due, arrival }))
        })
        .collect()
}

fn read_turn(item: &Item) -> Result<Option<OpenTurn>, Bad> {
    let Some(key) = optional(item, "tk", read_text)? else { return Ok(None) };
    Ok(Some(OpenTurn {
        key: read_turn_key(key).ok_or("tk")?,
        voice: if read_text(item, "tq").is_ok_and(|voice| voice == "h") { Voice::Person } else { Voice::Bot },
        state: if read_text(item, "ts")? == "s" { SendState::Sending } else { SendState::Ready },
        part: read_u32(item, "tp")?,
        parts: read_u32(item, "tt")?,
        copies: read_u32(item, "tc")?,
        covers: read_ids(item, "tv")?,
        retry_at: optional(item, "tr", read_millis)?,
    }))
}

fn read_turn_key(sort: &str) -> Option<TurnKey> {
    let (number, epoch) = sort.strip_prefix("T#")?.split_once('#')?;
    Some(TurnKey { number: number.parse().ok()?, epoch: epoch.parse().ok()? })
}

pub(super) fn read_message(item: &Item) -> Result<MessageRow, Bad> {
    let message: Message = serde_json::from_str(read_text(item, BODY)?).map_err(|_| BODY)?;
    Ok(MessageRow { message, state: read_state(item)? })
}

pub(super) fn read_state(item: &Item) -> Result<RowState, Bad> {
    match optional(item, STATE, read_text)? {
        None | Some("open") => Ok(RowState::Open),
        Some("done") => Ok(RowState::Done),
        Some(word) => {
            let since = word.strip_prefix("parked@").and_then(|since| since.parse().ok());
            since.map(|since| RowState::Parked(Timestamp::from_millis(since))).ok_or(STATE)
        }
    }
}

pub(super) fn read_turn_row(item: &Item) -> Result<TurnRow, Bad> {
    serde_json::from_str(read_text(item, BODY)?).map_err(|_| BODY)
}

/// Where the item stands in its conversation; nothing if it does not say.
pub(super) fn sort_key(item: &Item) -> String {
    read_text(item, "sk").unwrap_or_default().to_owned()
}

pub(super) fn expired(item: &Item, now: Timestamp) -> bool {
    read_number(item, EXPIRES_AT).is_ok_and(|at| Timestamp::from_seconds(at) <= now)
}

fn optional<'a, T>(
    item: &'a Item,
    name: &'static str,
    read: impl Fn(&'a Item, &'static str) -> Result<T, Bad>,
) -> Result<Option<T>, Bad> {
    item.contains_key(name).then(|| read(item, name)).transpose()
}

fn read_text<'a>(item: &'a Item, name: &'static str) -> Result<&'a str, Bad> {
    item.get(name).and_then(|value| value.as_s().ok()).map(String::as_str).ok_or(name)
}

fn read_number(item: &Item, name: &'static str) -> Result<u64, Bad> {
    item.get(name).and_then(|value| value.as_n().ok()?.parse().ok()).ok_or(name)
}

fn read_u32(item: &Item, name: &'static str) -> Result<u32, Bad> {
    read_number(item, name).and_then(|number| u32::try_from(number).map_err(|_| name))
}

fn read_millis(item: &Item, name: &'static str) -> Result<Timestamp, Bad> {
    read_number(item, name).map(Timestamp::from_millis)
}

fn read_ids(item: &Item, name: &'static str) -> Result<Vec<MessageId>, Bad> {
    let list = item.get(name).and_then(|value| value.as_l().ok()).ok_or(name)?;
    list.iter().map(|id| id.as_s().map(MessageId::stored).map_err(|_| name)).collect()
}
