//! The server in the hands of a test.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::clock::Clock;
use crate::dispatch::{Cloud, router};
use crate::dynamodb::{Database, View, attributes_to_json, item_size};
use crate::faults::{Fault, Faults};
use crate::operation::Operation;
use crate::secrets::Vault;
use crate::server::Server;
use crate::shared::Shared;
use crate::sqs::{Queue, QueueSettings, Queues};
use crate::texts::Texts;

/// AWS on a free port of this machine. It stops, with all its connections, when it is dropped.
#[derive(Debug)]
pub struct LocalAws {
    server: Server,
    cloud: Arc<Cloud>,
}

/// What was used since the start or the last [`LocalAws::reset_capacity`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Capacity {
    /// `DynamoDB` write units: one for each kilobyte begun of the larger of the item before and after.
    pub write_units: u64,
    /// Halves of `DynamoDB` read units: an eventually consistent read of up to 4 KB costs one, a consistent one two.
    pub half_read_units: u64,
    /// How often each operation was called, whatever came of it. A [`crate::Mapping`] counts one `ReceiveMessage` for
    /// each batch it got and one `DeleteMessage` for each message it deleted.
    pub calls: BTreeMap<Operation, u64>,
}

impl Capacity {
    /// How often `operation` was called.
    pub fn calls(&self, operation: Operation) -> u64 {
        self.calls.get(&operation).copied().unwrap_or_default()
    }
}

impl LocalAws {
    /// Starts the server on the current tokio runtime. Paused time is paused for it too.
    ///
    /// # Panics
    ///
    /// If the loopback interface has no free port.
    #[expect(clippy::expect_used, reason = "a test that has no server cannot go on")]
    pub async fn start() -> Self {
        let mut cloud = None;
        let server = Server::start(|address| {
            let made = Arc::new(new_cloud(&format!("http://{address}")));
            router(Arc::clone(cloud.insert(made)))
        });
        let server = server.await.expect("the loopback interface has a free port");
        Self { server, cloud: cloud.expect("a started server has been made") }
    }

    /// What goes into `AWS_ENDPOINT_URL`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// The variables that make a client, or a child process, use this server.
    pub fn environment(&self) -> Vec<(String, String)> {
        let pairs = [
            ("AWS_ENDPOINT_URL", self.endpoint()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "local".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
        ];
        pairs.map(|(name, value)| (name.to_owned(), value)).to_vec()
    }

    /// Creates a secret, or rotates it: what was `AWSCURRENT` becomes `AWSPREVIOUS`. Returns the secret's ARN.
    pub fn put_secret(&self, name: &str, text: &str) -> String {
        self.cloud.vault.lock().put(name, text, self.cloud.queues.clock.now())
    }

    /// Puts a text into a bucket in S3.
    pub fn put_object(&self, bucket: &str, key: &str, text: &str) {
        self.cloud.texts.lock().put_object(bucket, key, text);
    }

    /// Puts an encrypted parameter into the Parameter Store, under a name that begins with a slash.
    pub fn put_parameter(&self, name: &str, text: &str) {
        self.cloud.texts.lock().put_parameter(name, text);
    }

    /// Creates a standard queue.
    ///
    /// # Panics
    ///
    /// If the settings name a dead-letter queue that does not exist yet.
    pub fn create_queue(&self, name: &str, settings: QueueSettings) -> Queue {
        let grave = settings.dead_letters.as_ref().map(|(grave, _)| self.cloud.queues.url(grave));
        assert!(
            grave.is_none_or(|url| self.cloud.queues.name_of(&url).is_some()),
            "the dead-letter queue of {name} must exist before it"
        );
        self.cloud.queues.create(name, settings);
        Queue { name: name.to_owned(), cloud: Arc::clone(&self.cloud) }
    }

    /// The queue with this name, if it was created.
    pub fn queue(&self, name: &str) -> Option<Queue> {
        self.cloud.queues.name_of(&self.cloud.queues.url(name))?;
        Some(Queue { name: name.to_owned(), cloud: Arc::clone(&self.cloud) })
    }

    /// Creates a table with string keys `pk` and `sk` whose items may expire by `ttl_attribute`.
    pub fn create_table(&self, name: &str, ttl_attribute: &str) {
        self.cloud.database.lock().create(name, ttl_attribute);
    }

    /// One item in DynamoDB's JSON (`{"pk": {"S": …}, …}`), if it is there. Costs nothing.
    pub fn item(&self, table: &str, pk: &str, sk: &str) -> Option<Json> {
        let key = (pk.to_owned(), sk.to_owned());
        self.cloud.database.lock().tables.get(table)?.items.get(&key, View::Consistent).map(attributes_to_json)
    }

    /// Every item of a table in DynamoDB's JSON, in the order of their keys. Costs nothing.
    pub fn items(&self, table: &str) -> Vec<Json> {
        let database = self.cloud.database.lock();
        database.tables.get(table).map_or_else(Vec::new, |table| table.items.all().map(attributes_to_json).collect())
    }

    /// The bytes of an item as AWS counts them, if it is there.
    pub fn item_size(&self, table: &str, pk: &str, sk: &str) -> Option<usize> {
        let key = (pk.to_owned(), sk.to_owned());
        self.cloud.database.lock().tables.get(table)?.items.get(&key, View::Consistent).map(item_size)
    }

    /// Deletes the items of a table whose time to live ended before `now_seconds` (since the epoch), as AWS does within
    /// days and never at once; returns how many. Nothing expires unless this is called.
    pub fn expire_items(&self, table: &str, now_seconds: u64) -> usize {
        self.cloud.database.lock().tables.get_mut(table).map_or(0, |table| table.expire(now_seconds))
    }

    /// From now on one `BatchGetItem` processes at most this many keys and returns the others as unprocessed.
    pub fn limit_batches(&self, keys: usize) {
        self.cloud.database.lock().batch_limit = Some(keys);
    }

    /// What was used so far.
    pub fn capacity(&self) -> Capacity {
        let meter = self.cloud.database.lock().meter;
        let calls = self.cloud.calls.lock().clone();
        Capacity { write_units: meter.write_units, half_read_units: meter.half_read_units, calls }
    }

    /// Sets all counters of [`LocalAws::capacity`] to zero.
    pub fn reset_capacity(&self) {
        self.cloud.database.lock().meter = crate::dynamodb::Meter::default();
        self.cloud.calls.lock().clear();
    }

    /// Makes a call go wrong.
    pub fn inject(&self, fault: Fault) {
        self.cloud.faults.lock().add(fault);
    }

    /// The faults that have not happened yet, or not often enough.
    pub fn pending_faults(&self) -> Vec<Fault> {
        self.cloud.faults.lock().pending().to_vec()
    }

    /// Ends all faults.
    pub fn clear_faults(&self) {
        self.cloud.faults.lock().clear();
    }
}

pub(crate) fn new_cloud(endpoint: &str) -> Cloud {
    Cloud {
        database: Shared::new(Database::default()),
        queues: Queues::new(Clock::start(), endpoint.to_owned()),
        vault: Shared::new(Vault::default()),
        texts: Shared::new(Texts::default()),
        faults: Shared::new(Faults::default()),
        calls: Shared::new(BTreeMap::new()),
    }
}
