//! Secrets, read once and kept: fresh for five minutes, stale rather than absent, renewed when a key is refused.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::Instant;

/// How long a secret that was read is used before it is read again.
const FRESH_FOR: Duration = Duration::from_mins(5);
/// The least time between two reads, so that wrong tokens cannot be used to run up the bill.
const READ_EVERY: Duration = Duration::from_secs(1);

/// Where the two versions of a secret are read: Secrets Manager, the environment, a test.
#[async_trait]
pub trait SecretSource: Send + Sync {
    /// The current version and, after a rotation, the one before it.
    async fn read(&self) -> Result<Versions, SecretUnavailable>;
}

/// The raw versions of a secret, as stored.
#[derive(Debug, Clone)]
pub struct Versions {
    /// The version in force.
    pub current: SecretString,
    /// The one before it, still good for those who have not heard of the rotation.
    pub previous: Option<SecretString>,
}

/// A secret could not be read, or is not what it should be. Never says what was in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretUnavailable {
    /// The store did not give it; trying again later may help.
    #[error("the secret {name} cannot be read: {reason}; the next call tries again")]
    Unreachable {
        /// The name of the secret.
        name: String,
        /// The kind of failure, in the store's words for kinds.
        reason: String,
    },
    /// It was read but cannot be used; somebody has to change it.
    #[error("the secret {name} cannot be used: {reason}; put a good value in Secrets Manager")]
    Malformed {
        /// The name of the secret.
        name: String,
        /// What is wrong with its form.
        reason: String,
    },
}

/// One key out of a secret, as a client of an outside system needs it.
#[async_trait]
pub trait Key: Send + Sync {
    /// The key in force as far as we know.
    async fn current(&self) -> Result<SecretString, SecretUnavailable>;
    /// The key after looking again: for when the outside system refused the one we had.
    async fn refreshed(&self) -> Result<SecretString, SecretUnavailable>;
}

/// A key that never changes: for tests, the sandbox and keys from the environment.
#[derive(Debug, Clone)]
pub struct FixedKey(pub SecretString);

#[async_trait]
impl Key for FixedKey {
    async fn current(&self) -> Result<SecretString, SecretUnavailable> {
        Ok(self.0.clone())
    }

    async fn refreshed(&self) -> Result<SecretString, SecretUnavailable> {
        Ok(self.0.clone())
    }
}

/// Turns the stored versions into what the function works with.
pub type Parse<T> = fn(&Versions) -> Result<T, SecretUnavailable>;

/// A secret in its parsed form, kept for as long as it is fresh. One read at a time, whoever asks.
pub struct SecretCache<T> {
    source: Box<dyn SecretSource>,
    parse: Parse<T>,
    state: Mutex<State<T>>,
}

struct State<T> {
    value: Option<Arc<T>>,
    read_at: Option<Instant>,
    failure: Option<SecretUnavailable>,
}

impl<T> SecretCache<T> {
    /// An empty cache in front of `source`; nothing is read yet.
    pub fn new(source: impl SecretSource + 'static, parse: Parse<T>) -> Self {
        let state = State { value: None, read_at: None, failure: None };
        Self { source: Box::new(source), parse, state: Mutex::new(state) }
    }

    /// The secret; read again once it is no longer fresh. If that fails, the old value goes on being used.
    pub async fn current(&self) -> Result<Arc<T>, SecretUnavailable> {
        let state = self.read_if_older(FRESH_FOR).await;
        match (&state.value, &state.failure) {
            (Some(value), _) => Ok(Arc::clone(value)),
            (None, failure) => Err(failure.clone().unwrap_or_else(unread)),
        }
    }

    /// The secret after a new read, unless the last one is less than a second ago. An error if that read failed: the value
    /// at hand may be out of date.
    pub async fn refreshed(&self) -> Result<Arc<T>, SecretUnavailable> {
        let state = self.read_if_older(READ_EVERY).await;
        match (&state.value, &state.failure) {
            (Some(value), None) => Ok(Arc::clone(value)),
            (_, failure) => Err(failure.clone().unwrap_or_else(unread)),
        }
    }

    async fn read_if_older(&self, age: Duration) -> MutexGuard<'_, State<T>> {
        let mut state = self.state.lock().await;
        // After a failure the value may be old: try again soon, but not on every call.
        let age = if state.failure.is_some() { READ_EVERY } else { age };
        if state.read_at.is_none_or(|at| at.elapsed() >= age) {
            let began = Instant::now();
            let read = self.source.read().await.and_then(|versions| (self.parse)(&versions));
            state.read_at = Some(Instant::now());
            match read {
                // What was read is as old as the question: a function may have been frozen since.
                Ok(value) => {
                    (state.value, state.failure, state.read_at) = (Some(Arc::new(value)), None, Some(began));
                }
                Err(failure) => {
                    tracing::error!(reason = %failure, stale = state.value.is_some(), "secret not read");
                    state.failure = Some(failure);
                }
            }
        }
        state
    }
}

fn unread() -> SecretUnavailable {
    SecretUnavailable::Unreachable { name: String::new(), reason: "not read".to_owned() }
}

impl<T> fmt::Debug for SecretCache<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretCache")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex as StdMutex;

    use secrecy::ExposeSecret as _;

    use super::*;

    /// Answers with what it is told to, and counts.
    #[derive(Clone, Default)]
    struct Shelf(Arc<StdMutex<(Option<&'static str>, usize)>>);

    #[async_trait]
    impl SecretSource for Shelf {
        async fn read(&self) -> Result<Versions, SecretUnavailable> {
            let mut shelf = self.0.lock().unwrap();
            shelf.1 += 1;
            let unreachable = SecretUnavailable::Unreachable { name: "shelf".to_owned(), reason: "timeout".to_owned() };
            shelf.0.map(|text| Versions { current: text.into(), previous: None }).ok_or(unreachable)
        }
    }

    fn cache(shelf: &Shelf) -> SecretCache<String> {
        SecretCache::new(shelf.clone(), |versions| Ok(versions.current.expose_secret().to_owned()))
    }

    #[tokio::test(start_paused = true)]
    async fn a_secret_is_read_once_while_it_is_fresh() {
        let shelf = Shelf::default();
        shelf.0.lock().unwrap().0 = Some("one");
        let cache = cache(&shelf);
        for _ in 0..3 {
            assert_eq!(*cache.current().await.unwrap(), "one");
        }
        assert_eq!(shelf.0.lock().unwrap().1, 1);
        shelf.0.lock().unwrap().0 = Some("two");
        tokio::time::advance(FRESH_FOR).await;
        assert_eq!(*cache.current().await.unwrap(), "two");
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_leaves_the_old_value_in_use_and_ends_by_itself() {
        let shelf = Shelf::default();
        let cache = cache(&shelf);
        assert!(cache.current().await.is_err());
        shelf.0.lock().unwrap().0 = Some("one");
        tokio::time::advance(READ_EVERY).await;
        assert_eq!(*cache.current().await.unwrap(), "one");
        shelf.0.lock().unwrap().0 = None;
        tokio::time::advance(FRESH_FOR).await;
        assert_eq!(*cache.current().await.unwrap(), "one");
        assert!(cache.refreshed().await.is_err(), "nobody may be refused by a value that may be out of date");
        shelf.0.lock().unwrap().0 = Some("two");
        tokio::time::advance(READ_EVERY).await;
        assert_eq!(*cache.current().await.unwrap(), "two");
    }

    #[tokio::test(start_paused = true)]
    async fn a_secret_is_as_old_as_the_question_for_it_although_the_function_was_frozen_over_the_answer() {
        let shelf = Frozen::default();
        let cache = SecretCache::new(shelf.clone(), |versions| Ok(versions.current.expose_secret().to_owned()));
        assert_eq!(*cache.current().await.unwrap(), "1");
        assert_eq!(*cache.refreshed().await.unwrap(), "2");
    }

    /// Each read is another version, and its answer is heard two minutes later.
    #[derive(Clone, Default)]
    struct Frozen(Arc<StdMutex<usize>>);

    #[async_trait]
    impl SecretSource for Frozen {
        async fn read(&self) -> Result<Versions, SecretUnavailable> {
            let version = {
                let mut version = self.0.lock().unwrap();
                *version += 1;
                version.to_string()
            };
            tokio::time::advance(Duration::from_mins(2)).await;
            Ok(Versions { current: version.into(), previous: None })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_refresh_reads_again_but_at_most_once_a_second() {
        let shelf = Shelf::default();
        shelf.0.lock().unwrap().0 = Some("one");
        let cache = cache(&shelf);
        cache.current().await.unwrap();
        shelf.0.lock().unwrap().0 = Some("two");
        assert_eq!(*cache.refreshed().await.unwrap(), "one");
        tokio::time::advance(READ_EVERY).await;
        assert_eq!(*cache.refreshed().await.unwrap(), "two");
        cache.refreshed().await.unwrap();
        assert_eq!(shelf.0.lock().unwrap().1, 2);
    }
}
