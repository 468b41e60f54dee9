//! What is known of the distinct values of a side whoever asks, worked out by the first query that needs it.
//!
//! Some of what a weighing takes follows from a candidate's value, the counts over the missing persons and the model alone:
//! how often chance makes one of them look like it. Queries share that until such a count changes; a value that comes or goes
//! takes its block with it. Nothing is worked out when a record is written.

use std::sync::{Arc, OnceLock};

use super::dictionary::VALUES;

/// What is known of a block of [`VALUES`].
type Block<K> = Arc<OnceLock<Box<[K]>>>;

/// What is known of a side's values.
pub(super) struct Known<K>(Arc<OnceLock<Kept<K>>>);

/// It holds for one model.
struct Kept<K> {
    model: String,
    blocks: Vec<Block<K>>,
}

impl<K> Clone for Known<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K> Default for Known<K> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K> Known<K> {
    /// The value of a code has come, gone or changed. What snapshots share stays as it is.
    pub(super) fn forget(&mut self, code: u32) {
        let now = match Arc::get_mut(&mut self.0) {
            Some(mine) => mine.take(),
            None => self.0.get().map(|kept| Kept { model: kept.model.clone(), blocks: kept.blocks.clone() }),
        };
        self.forget_all();
        let Some(mut kept) = now else { return };
        let block = code as usize / VALUES;
        kept.blocks.resize_with(kept.blocks.len().max(block + 1), Arc::default);
        kept.blocks[block] = Arc::default();
        self.0 = Arc::new(OnceLock::from(kept));
    }

    /// What it follows from has changed.
    pub(super) fn forget_all(&mut self) {
        let is_empty = Arc::get_mut(&mut self.0).is_some_and(|mine| mine.get().is_none());
        if !is_empty {
            self.0 = Arc::default();
        }
    }

    /// What is known of each of so many blocks, by one model; none: it is another's.
    pub(super) fn blocks(&self, model: &str, blocks: usize) -> Option<&[Block<K>]> {
        let nothing = || (0..blocks).map(|_| Arc::default()).collect();
        let kept = self.0.get_or_init(|| Kept { model: model.to_owned(), blocks: nothing() });
        (kept.model == model && kept.blocks.len() >= blocks).then_some(&kept.blocks)
    }
}
