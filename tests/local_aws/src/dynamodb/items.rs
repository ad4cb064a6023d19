//! The items of a table, and what a reader sees of them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use crate::dynamodb::table::Key;
use crate::dynamodb::value::Attributes;

/// For how long an eventually consistent read does not see a write ("usually within one second or less": developer
/// guide, "Read consistency"). On AWS it may; here it does, so that nobody relies on luck.
const STALE_FOR: Duration = Duration::from_secs(1);

/// Which of an item's states a read sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum View {
    Consistent,
    /// As it was before a write that was not long ago.
    EventualAt(Instant),
}

/// Items in the order in which queries see them: by partition, then sort keys by their UTF-8 bytes.
#[derive(Debug, Default)]
pub(crate) struct Items {
    now: BTreeMap<Key, Attributes>,
    /// What was there before the latest write, for items that were written not long ago.
    before: BTreeMap<Key, (Instant, Option<Attributes>)>,
    writes: VecDeque<(Instant, Key)>,
}

impl Items {
    /// Stores an item, or removes it if there is none.
    pub(crate) fn put(&mut self, key: &Key, item: Option<Attributes>, at: Instant) {
        let old = match item {
            Some(item) => self.now.insert(key.clone(), item),
            None => self.now.remove(key),
        };
        self.before.insert(key.clone(), (at, old));
        self.writes.push_back((at, key.clone()));
        self.forget_old_writes(at);
    }

    fn forget_old_writes(&mut self, now: Instant) {
        while let Some((at, key)) = self.writes.front()
            && !is_recent(*at, now)
        {
            if self.before.get(key).is_some_and(|(latest, _)| latest == at) {
                self.before.remove(key);
            }
            self.writes.pop_front();
        }
    }

    pub(crate) fn get(&self, key: &Key, view: View) -> Option<&Attributes> {
        match (view, self.before.get(key)) {
            (View::EventualAt(now), Some((at, old))) if is_recent(*at, now) => old.as_ref(),
            _ => self.now.get(key),
        }
    }

    /// One partition, in the order of its sort keys.
    pub(crate) fn partition(&self, partition: &str, view: View) -> Vec<(&Key, &Attributes)> {
        let first = (partition.to_owned(), String::new());
        let is_in = |key: &&Key| key.0 == partition;
        let mut keys: BTreeSet<&Key> = self.now.range(&first..).map(|(key, _)| key).take_while(is_in).collect();
        keys.extend(self.before.range(&first..).map(|(key, _)| key).take_while(is_in));
        keys.into_iter().filter_map(|key| Some((key, self.get(key, view)?))).collect()
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Attributes> {
        self.now.values()
    }

    /// Removes what is to be removed, seen at once by every reader; returns how many items that were.
    pub(crate) fn remove_if(&mut self, remove: impl Fn(&Attributes) -> bool) -> usize {
        let before = self.now.len();
        self.now.retain(|_, item| !remove(item));
        before - self.now.len()
    }
}

fn is_recent(write: Instant, now: Instant) -> bool {
    now.saturating_duration_since(write) < STALE_FOR
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamodb::value::Value;

    fn item(text: &str) -> Attributes {
        [("x".to_owned(), Value::S(text.to_owned()))].into()
    }

    #[test]
    fn an_eventual_read_sees_each_item_as_it_was_before_its_latest_write() {
        let (mut items, start) = (Items::default(), Instant::now());
        let key = |sort: &str| ("p".to_owned(), sort.to_owned());
        let at = |millis| start + Duration::from_millis(millis);
        items.put(&key("a"), Some(item("1")), at(0));
        items.put(&key("b"), Some(item("1")), at(0));
        items.put(&key("a"), Some(item("2")), at(2_000));
        items.put(&key("b"), None, at(2_000));
        items.put(&key("c"), Some(item("1")), at(2_000));
        let seen = |view| -> Vec<_> {
            items.partition("p", view).into_iter().map(|(key, found)| (key.1.clone(), found.clone())).collect()
        };
        let old = vec![("a".to_owned(), item("1")), ("b".to_owned(), item("1"))];
        let new = vec![("a".to_owned(), item("2")), ("c".to_owned(), item("1"))];
        assert_eq!(seen(View::EventualAt(at(2_999))), old);
        assert_eq!(seen(View::EventualAt(at(3_000))), new);
        assert_eq!(seen(View::Consistent), new);
        assert_eq!(items.get(&key("c"), View::EventualAt(at(2_000))), None);
        assert_eq!(items.partition("other", View::Consistent), []);
    }

    #[test]
    fn what_was_before_is_kept_only_while_it_can_be_seen() {
        let (mut items, start) = (Items::default(), Instant::now());
        for n in 0..100 {
            let key = ("p".to_owned(), (n % 7).to_string());
            items.put(&key, Some(item("x")), start + Duration::from_millis(100 * n));
        }
        assert_eq!((items.writes.len(), items.before.len()), (10, 7));
    }
}
