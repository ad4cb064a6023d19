//! What the sandbox keeps over a restart, apart from the conversations: its queues and what simulated Braze knows.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use redb::{Database, ReadableDatabase as _, ReadableTable as _, TableDefinition};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// One kind of thing on the disk.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shelf {
    Queue,
    DeadLetters,
    AgentQueue,
    AgentDeadLetters,
    Quarantine,
    Braze,
}

impl Shelf {
    /// Where what a queue gives up is laid.
    pub(crate) fn of_the_dead(self) -> Self {
        if matches!(self, Self::AgentQueue) { Self::AgentDeadLetters } else { Self::DeadLetters }
    }

    fn table(self) -> TableDefinition<'static, u64, &'static [u8]> {
        TableDefinition::new(match self {
            Self::Queue => "queue",
            Self::DeadLetters => "dead letters",
            Self::AgentQueue => "agent queue",
            Self::AgentDeadLetters => "agent dead letters",
            Self::Quarantine => "quarantine",
            Self::Braze => "braze",
        })
    }
}

/// A file of JSON values, or nothing.
#[derive(Clone)]
pub(crate) struct Disk(Option<Arc<Database>>);

impl Disk {
    /// Keeps nothing.
    pub(crate) fn none() -> Self {
        Self(None)
    }

    /// Keeps everything in `file`.
    pub(crate) fn at(file: &Path) -> Result<Self, redb::Error> {
        Ok(Self(Some(Arc::new(Database::create(file)?))))
    }

    /// Everything on a shelf that can still be read.
    pub(crate) fn load<T: DeserializeOwned>(&self, shelf: Shelf) -> BTreeMap<u64, T> {
        let read = || -> Result<BTreeMap<u64, T>, redb::Error> {
            let Some(database) = &self.0 else { return Ok(BTreeMap::new()) };
            let mut values = BTreeMap::new();
            for entry in database.begin_read()?.open_table(shelf.table())?.iter()? {
                let (key, value) = entry?;
                if let Ok(json) = serde_json::from_slice(value.value()) {
                    values.insert(key.value(), json);
                }
            }
            Ok(values)
        };
        // A shelf that nothing was put on yet does not exist.
        read().unwrap_or_default()
    }

    /// Puts a value on a shelf; it is on the disk when this returns.
    pub(crate) fn save<T: Serialize>(&self, shelf: Shelf, key: u64, value: &T) {
        let json = serde_json::to_vec(value).unwrap_or_default();
        self.write(|database| {
            let write = database.begin_write()?;
            write.open_table(shelf.table())?.insert(key, json.as_slice())?;
            Ok(write.commit()?)
        });
    }

    /// Takes a value off a shelf.
    pub(crate) fn remove(&self, shelf: Shelf, key: u64) {
        self.write(|database| {
            let write = database.begin_write()?;
            write.open_table(shelf.table())?.remove(key)?;
            Ok(write.commit()?)
        });
    }

    fn write(&self, write: impl FnOnce(&Database) -> Result<(), redb::Error>) {
        if let Some(database) = &self.0
            && let Err(error) = write(database)
        {
            tracing::error!(%error, "the data folder cannot be written; a restart will lose something");
        }
    }
}
