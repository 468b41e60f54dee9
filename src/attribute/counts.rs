//! How often each key occurs, in shards that are copied on write.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

use rustc_hash::{FxBuildHasher, FxHashMap};

/// Shards: an insert copies one of them, a snapshot one pointer each.
const SHARDS: usize = 256;

/// A multiset whose clone is cheap. A key whose count falls to 0 is forgotten.
#[derive(Clone)]
pub struct Counts<K> {
    shards: Vec<Arc<FxHashMap<K, u32>>>,
}

impl<K: Clone + Eq + Hash> Default for Counts<K> {
    fn default() -> Self {
        Self { shards: vec![Arc::default(); SHARDS] }
    }
}

impl<K: Clone + Eq + Hash> Counts<K> {
    /// How often `key` occurs.
    pub fn get<Q: ?Sized + Hash + Eq>(&self, key: &Q) -> u32
    where
        K: Borrow<Q>,
    {
        self.shards[shard(key)].get(key).copied().unwrap_or(0)
    }

    /// The key itself, as it was first counted.
    pub fn key<Q: ?Sized + Hash + Eq>(&self, key: &Q) -> Option<&K>
    where
        K: Borrow<Q>,
    {
        self.shards[shard(key)].get_key_value(key).map(|(key, _)| key)
    }

    /// Counts `key` `by` times more, or less.
    pub fn change(&mut self, key: &K, by: i64) {
        let shard = Arc::make_mut(&mut self.shards[shard(key)]);
        let Some(count) = shard.get_mut(key) else {
            if let Ok(count @ 1..) = u32::try_from(by) {
                shard.insert(key.clone(), count);
            }
            return;
        };
        match u32::try_from(i64::from(*count) + by) {
            Ok(0) | Err(_) => drop(shard.remove(key)),
            Ok(now) => *count = now,
        }
    }

    /// How many different keys there are.
    pub fn distinct(&self) -> usize {
        self.shards.iter().map(|shard| shard.len()).sum()
    }

    /// The shards, to go through the keys in parallel. Their order and that of their keys mean nothing.
    pub fn shards(&self) -> &[Arc<FxHashMap<K, u32>>] {
        &self.shards
    }
}

/// The upper bits: the lower ones place the key within the shard's own table.
fn shard<Q: ?Sized + Hash>(key: &Q) -> usize {
    (FxBuildHasher.hash_one(key) >> 40) as usize % SHARDS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_go_up_and_down_and_leave_no_scar() {
        let mut counts = Counts::<String>::default();
        counts.change(&"a".to_owned(), 2);
        let before = counts.clone();
        counts.change(&"a".to_owned(), -2);
        assert_eq!((before.get("a"), counts.get("a"), counts.distinct()), (2, 0, 0));
    }
}
