//! The embedded twin: the same mailbox in memory, and on disk if a folder is given, so that a restart loses nothing.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use models::{ConversationKey, Message, MessageId, Timestamp};
use redb::{Database, ReadableDatabase as _, ReadableTable as _, TableDefinition};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::head::{Head, TurnKey};
use crate::head_write::HeadWrite;
use crate::rows::{MessageRow, NewestRows, ROW_LIFE, RowState, TurnRow, keys_of};
use crate::unread::readable;
use crate::{Asked, Filed, Store, StoreError, Tally, WriteError, sort_key, tally};

const ITEMS: TableDefinition<(&str, &str), &[u8]> = TableDefinition::new("items");

/// Every item as JSON, keyed as in the table: partition (the conversation) and sort key.
type Items = HashMap<String, BTreeMap<String, Vec<u8>>>;

/// The mailbox.
#[derive(Default)]
pub struct Embedded {
    items: Mutex<Items>,
    disk: Option<Database>,
}

/// The data file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the conversations on disk cannot be opened ({0}); is another sandbox using the same folder?")]
pub struct OpenError(#[from] redb::Error);

#[derive(serde::Serialize, serde::Deserialize)]
struct StoredMessage {
    message: Message,
    state: RowState,
    expires_at: Timestamp,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct StoredTurn {
    turn: TurnRow,
    expires_at: Timestamp,
}

impl Embedded {
    /// An empty mailbox that lives as long as the process.
    pub fn in_memory() -> Self {
        Self::default()
    }

    /// The mailbox kept in `file`, created if it is not there. Each write is on disk before it counts.
    pub fn on_disk(file: &Path) -> Result<Self, OpenError> {
        let disk = Database::create(file).map_err(redb::Error::from)?;
        let items = load(&disk)?;
        Ok(Self { items: Mutex::new(items), disk: Some(disk) })
    }

    /// Every conversation that has a head, with it: what the sandbox's page shows.
    pub fn conversations(&self) -> Vec<(ConversationKey, Head)> {
        let items = self.lock();
        let heads = items.iter().filter_map(|(key, items)| {
            let head = serde_json::from_slice(items.get(sort_key::HEAD)?).ok()?;
            Some((ConversationKey::parse(key)?, head))
        });
        heads.collect()
    }

    /// Makes it so much longer ago that the user wrote last, as if that time had passed: what the sandbox's page does. Nothing
    /// else grows older, and where there is no head nothing happens.
    pub fn heard_longer_ago(&self, conversation: &ConversationKey, by: Duration) -> Result<(), StoreError> {
        self.update(conversation.as_str(), sort_key::HEAD, |old: Option<Head>| {
            Ok(old.map(|head| Head { heard: head.heard.map(|heard| heard - by), ..head }))
        })
    }

    // A poisoned lock only means that another thread panicked: every write here is whole or not at all.
    fn lock(&self) -> MutexGuard<'_, Items> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T: DeserializeOwned>(&self, conversation: &ConversationKey, sort: &str) -> Result<Option<T>, StoreError> {
        let items = self.lock();
        let bytes = items.get(conversation.as_str()).and_then(|items| items.get(sort));
        bytes.map(|bytes| decode(bytes)).transpose()
    }

    /// Reads, decides and writes under one lock: what a conditional write is.
    fn update<T, E>(
        &self,
        partition: &str,
        sort: &str,
        decide: impl FnOnce(Option<T>) -> Result<Option<T>, E>,
    ) -> Result<(), E>
    where
        T: Serialize + DeserializeOwned,
        E: From<StoreError>,
    {
        let mut items = self.lock();
        let place = items.entry(partition.to_owned()).or_default();
        let old = place.get(sort).map(|bytes| decode(bytes)).transpose()?;
        if let Some(new) = decide(old)? {
            let bytes = serde_json::to_vec(&new).map_err(|_| malformed("json"))?;
            self.on_disk_too(|items| items.insert((partition, sort), &*bytes).map(drop))?;
            place.insert(sort.to_owned(), bytes);
        }
        Ok(())
    }

    fn remove(&self, conversation: &ConversationKey, sort: &str) -> Result<(), StoreError> {
        let mut items = self.lock();
        self.on_disk_too(|items| items.remove((conversation.as_str(), sort)).map(drop))?;
        if let Some(partition) = items.get_mut(conversation.as_str()) {
            partition.remove(sort);
        }
        Ok(())
    }

    fn on_disk_too(
        &self,
        change: impl FnOnce(&mut redb::Table<(&str, &str), &[u8]>) -> Result<(), redb::StorageError>,
    ) -> Result<(), StoreError> {
        let Some(disk) = &self.disk else { return Ok(()) };
        let save = || -> Result<(), redb::Error> {
            let write = disk.begin_write()?;
            change(&mut write.open_table(ITEMS)?)?;
            Ok(write.commit()?)
        };
        save().map_err(|error| StoreError::Unavailable { operation: "save", reason: error.to_string() })
    }
}

fn malformed(attribute: &'static str) -> StoreError {
    StoreError::Malformed { operation: "read", attribute }
}

fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, StoreError> {
    serde_json::from_slice(bytes).map_err(|_| malformed("json"))
}

fn load(disk: &Database) -> Result<Items, redb::Error> {
    let begin = disk.begin_write()?;
    begin.open_table(ITEMS)?;
    begin.commit()?;
    let mut items = Items::new();
    for entry in disk.begin_read()?.open_table(ITEMS)?.iter()? {
        let (key, value) = entry?;
        let (conversation, sort) = key.value();
        items.entry(conversation.to_owned()).or_default().insert(sort.to_owned(), value.value().to_vec());
    }
    Ok(items)
}

#[async_trait]
impl Store for Embedded {
    async fn put_message(
        &self,
        conversation: &ConversationKey,
        message: &Message,
        now: Timestamp,
    ) -> Result<Filed, StoreError> {
        let mut filed = Filed::New;
        self.update(conversation.as_str(), &sort_key::message(&message.id), |old: Option<StoredMessage>| match old {
            Some(old) if old.expires_at > now => {
                filed = Filed::Known(old.state);
                Ok::<_, StoreError>(None)
            }
            _ => {
                Ok(Some(StoredMessage { message: message.clone(), state: RowState::Open, expires_at: now + ROW_LIFE }))
            }
        })?;
        Ok(filed)
    }

    async fn messages(&self, conversation: &ConversationKey, ids: &[MessageId]) -> Result<Vec<MessageRow>, StoreError> {
        let rows = ids.iter().map(|id| self.read::<StoredMessage>(conversation, &sort_key::message(id)));
        rows.filter_map(|row| {
            row.map(|row| row.map(|row| MessageRow { message: row.message, state: row.state })).transpose()
        })
        .collect()
    }

    async fn mark(&self, conversation: &ConversationKey, id: &MessageId, state: RowState) -> Result<(), StoreError> {
        self.update(conversation.as_str(), &sort_key::message(id), |old: Option<StoredMessage>| {
            Ok(old.filter(|old| old.state != RowState::Done).map(|old| StoredMessage { state, ..old }))
        })
    }

    async fn head(&self, conversation: &ConversationKey, now: Timestamp) -> Result<Option<Head>, StoreError> {
        Ok(self.read::<Head>(conversation, sort_key::HEAD)?.filter(|head| head.expires_at > now))
    }

    async fn try_write(
        &self,
        conversation: &ConversationKey,
        write: &HeadWrite,
        now: Timestamp,
    ) -> Result<Head, WriteError> {
        let mut written = Head::default();
        self.update(conversation.as_str(), sort_key::HEAD, |old: Option<Head>| match write.apply(old.as_ref(), now) {
            Ok(new) => {
                written = new.clone();
                Ok(Some(new))
            }
            Err(_) => Err(WriteError::Refused(old.map(Box::new))),
        })?;
        Ok(written)
    }

    async fn put_turn(&self, conversation: &ConversationKey, turn: &TurnRow, now: Timestamp) -> Result<(), StoreError> {
        let stored = StoredTurn { turn: turn.clone(), expires_at: now + ROW_LIFE };
        self.update(conversation.as_str(), &sort_key::turn(turn.key), |_: Option<StoredTurn>| Ok(Some(stored)))
    }

    async fn replace_turn(
        &self,
        conversation: &ConversationKey,
        was: &TurnRow,
        turn: &TurnRow,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut replaced = false;
        self.update(conversation.as_str(), &sort_key::turn(turn.key), |old: Option<StoredTurn>| {
            let new = old.filter(|old| old.turn == *was);
            replaced = new.is_some();
            Ok::<_, StoreError>(new.map(|_| StoredTurn { turn: turn.clone(), expires_at: now + ROW_LIFE }))
        })?;
        Ok(replaced)
    }

    async fn turn(&self, conversation: &ConversationKey, key: TurnKey) -> Result<Option<TurnRow>, StoreError> {
        Ok(self.read::<StoredTurn>(conversation, &sort_key::turn(key))?.map(|stored| stored.turn))
    }

    async fn newest_rows(
        &self,
        conversation: &ConversationKey,
        most: usize,
        now: Timestamp,
    ) -> Result<NewestRows, StoreError> {
        let items = self.lock();
        let partition = items.get(conversation.as_str()).into_iter();
        let mut newest = partition.flat_map(|items| items.range("T#".to_owned().."T$".to_owned()).rev());
        let kept = newest.by_ref().take(most).filter_map(|(sort, bytes)| match decode::<StoredTurn>(bytes) {
            Ok(stored) if stored.expires_at <= now => None,
            stored => Some((sort.clone(), stored.map(|stored| stored.turn))),
        });
        let (rows, _) = readable(kept);
        Ok(NewestRows { rows, is_all: newest.next().is_none() })
    }

    async fn keys_named(&self, conversation: &ConversationKey) -> Result<Vec<ConversationKey>, StoreError> {
        let rows: Vec<_> = self.lock().get(conversation.as_str()).cloned().unwrap_or_default().into_iter().collect();
        let rows = rows.iter().filter(|(sort, _)| sort != sort_key::HEAD);
        Ok(keys_of(rows.filter_map(|(sort, bytes)| {
            Some(if sort.starts_with("M#") {
                decode::<StoredMessage>(bytes).ok()?.message.identity
            } else {
                decode::<StoredTurn>(bytes).ok()?.turn.to
            })
        })))
    }

    async fn erase(
        &self,
        conversation: &ConversationKey,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Head>, StoreError> {
        let mut before = None;
        self.update(conversation.as_str(), sort_key::HEAD, |old: Option<Head>| {
            before.clone_from(&old);
            let head = old.unwrap_or_default();
            Ok::<_, StoreError>((!head.forgot(at)).then(|| head.tombstone(at, now)))
        })?;
        let rows: Vec<_> = self.lock().get(conversation.as_str()).cloned().unwrap_or_default().into_iter().collect();
        for (sort, bytes) in rows {
            let old = if sort.starts_with("M#") {
                let row = decode::<StoredMessage>(&bytes);
                row.map_or(true, |row| MessageRow { message: row.message, state: row.state }.is_of_before(at))
            } else {
                let is_old = |stored: StoredTurn| stored.turn.is_of_before(at, before.as_ref());
                sort != sort_key::HEAD && decode(&bytes).map_or(true, is_old)
            };
            if old {
                self.remove(conversation, &sort)?;
            }
        }
        Ok(before)
    }

    async fn forget(&self, conversation: &ConversationKey, id: &MessageId) -> Result<(), StoreError> {
        self.remove(conversation, &sort_key::message(id))
    }
}

#[async_trait]
impl Tally for Embedded {
    async fn add(&self, asked: Asked, now: Timestamp) -> Result<Asked, StoreError> {
        let mut sum = asked;
        self.update(tally::PARTITION, &tally::sort(now), |old: Option<Asked>| {
            sum = asked.and(old.unwrap_or_default());
            Ok::<_, StoreError>(Some(sum))
        })?;
        Ok(sum)
    }
}

#[cfg(test)]
mod tests {
    use models::{Identity, Recipient};

    use super::*;
    use crate::rows::{Summing, TurnKind};

    const NOW: Timestamp = Timestamp::from_seconds(1_000);

    fn turn(number: u64) -> TurnRow {
        TurnRow {
            key: TurnKey { number, epoch: 1 },
            kind: TurnKind::Agent,
            at: NOW,
            covers: vec![],
            log_ids: vec![],
            said: vec![],
            to: Identity::new("42", "", "").unwrap(),
            reply: vec![],
            attributes: models::Attributes::default(),
            unwritten: models::Attributes::default(),
            events: vec![],
            route: None,
            summary: None,
            flow: None,
            own_line: false,
            since: None,
            summing: Summing::Untried,
        }
    }

    #[tokio::test]
    async fn a_row_in_words_that_this_version_does_not_know_is_skipped_and_still_is_forgotten() {
        let (store, key) = (Embedded::in_memory(), ConversationKey::of(&Recipient::External("42".into())));
        for number in 1..=3 {
            store.put_turn(&key, &turn(number), NOW).await.unwrap();
        }
        let sort = sort_key::turn(turn(2).key);
        {
            let mut items = store.lock();
            let row = items.get_mut(key.as_str()).and_then(|items| items.get_mut(&sort)).unwrap();
            *row = String::from_utf8(row.clone()).unwrap().replace("agent", "sung").into_bytes();
        }
        assert_eq!(store.newest_turns(&key, 3, NOW).await, Ok(vec![turn(3), turn(1)]));
        let two = store.newest_rows(&key, 2, NOW).await;
        assert_eq!(two, Ok(NewestRows { rows: vec![turn(3)], is_all: false }), "fewer, and not all");
        assert!(matches!(store.turn(&key, turn(2).key).await, Err(StoreError::Malformed { .. })));
        assert_eq!(store.keys_named(&key).await, Ok(vec![key.clone()]));
        store.erase(&key, NOW, NOW).await.unwrap();
        assert_eq!(store.turn(&key, turn(2).key).await, Ok(None));
    }
}
