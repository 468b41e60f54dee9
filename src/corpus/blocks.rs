//! A vector in blocks, copied on write: the next snapshot shares every block that did not change.

use std::sync::Arc;

/// Rows in a block. A block of codes and its sums fit the first-level cache together.
pub const BLOCK: usize = 4_096;

/// A growing vector whose clone costs one pointer a block.
pub struct Blocks<T> {
    blocks: Vec<Arc<Vec<T>>>,
    len: usize,
}

impl<T> Clone for Blocks<T> {
    fn clone(&self) -> Self {
        Self { blocks: self.blocks.clone(), len: self.len }
    }
}

impl<T> Default for Blocks<T> {
    fn default() -> Self {
        Self { blocks: Vec::new(), len: 0 }
    }
}

impl<T: Clone> Blocks<T> {
    /// How many items there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The item at `at`, if there is one.
    pub fn get(&self, at: usize) -> Option<&T> {
        self.blocks.get(at / BLOCK)?.get(at % BLOCK)
    }

    /// Appends an item.
    pub fn push(&mut self, item: T) {
        if self.len.is_multiple_of(BLOCK) {
            self.blocks.push(Arc::new(Vec::with_capacity(BLOCK)));
        }
        if let Some(last) = self.blocks.last_mut() {
            Arc::make_mut(last).push(item);
            self.len += 1;
        }
    }

    /// Puts an item at `at`, which is one of the items or the next one.
    pub fn set(&mut self, at: usize, item: T) {
        if at == self.len {
            self.push(item);
        } else {
            Arc::make_mut(&mut self.blocks[at / BLOCK])[at % BLOCK] = item;
        }
    }

    /// How many blocks there are.
    pub fn block_count(&self) -> usize {
        self.blocks.len()
    }

    /// The items of one block.
    pub fn block(&self, block: usize) -> &[T] {
        &self.blocks[block]
    }

    /// Every item in order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.blocks.iter().flat_map(|block| block.iter())
    }
}

impl<T: Clone> FromIterator<T> for Blocks<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut blocks = Self::default();
        items.into_iter().for_each(|item| blocks.push(item));
        blocks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_keeps_what_it_was_when_the_original_changes() {
        let mut blocks: Blocks<usize> = (0..3 * BLOCK + 7).collect();
        let before = blocks.clone();
        blocks.set(BLOCK + 1, 99);
        blocks.set(blocks.len(), 100);
        assert_eq!(before.iter().copied().collect::<Vec<_>>(), (0..3 * BLOCK + 7).collect::<Vec<_>>());
        assert_eq!((blocks.get(BLOCK + 1), blocks.get(3 * BLOCK + 7)), (Some(&99), Some(&100)));
        assert_eq!((before.get(before.len()), blocks.block_count()), (None, 4));
    }
}
