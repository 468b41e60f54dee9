//! A vector in blocks, copied on write: the next snapshot shares every block that did not change.
//!
//! Blocks are held in groups, so that a snapshot of a million rows costs a few pointers a column, not one a block.

use std::sync::Arc;

/// Rows in a block. A block of codes and its sums fit the first-level cache together.
pub const BLOCK: usize = 4_096;
/// Blocks in a group.
const GROUP: usize = 64;

/// A growing vector in blocks of `N`.
pub struct Blocks<T, const N: usize = BLOCK> {
    groups: Vec<Arc<Vec<Arc<Vec<T>>>>>,
    len: usize,
}

impl<T, const N: usize> Clone for Blocks<T, N> {
    fn clone(&self) -> Self {
        Self { groups: self.groups.clone(), len: self.len }
    }
}

impl<T, const N: usize> Default for Blocks<T, N> {
    fn default() -> Self {
        Self { groups: Vec::new(), len: 0 }
    }
}

impl<T, const N: usize> Blocks<T, N> {
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
        self.groups.get(at / N / GROUP)?.get(at / N % GROUP)?.get(at % N)
    }

    /// How many blocks there are.
    pub fn block_count(&self) -> usize {
        self.len.div_ceil(N)
    }

    /// The items of one block.
    pub fn block(&self, block: usize) -> &[T] {
        &self.groups[block / GROUP][block % GROUP]
    }

    /// Every item in order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.groups.iter().flat_map(|group| group.iter()).flat_map(|block| block.iter())
    }
}

impl<T: Clone, const N: usize> Blocks<T, N> {
    /// Appends an item.
    pub fn push(&mut self, item: T) {
        if self.len.is_multiple_of(N * GROUP) {
            self.groups.push(Arc::default());
        }
        let Some(group) = self.groups.last_mut().map(Arc::make_mut) else { return };
        if self.len.is_multiple_of(N) {
            group.push(Arc::new(Vec::with_capacity(N)));
        }
        if let Some(block) = group.last_mut().map(Arc::make_mut) {
            // A copy has no room to grow, and a vector would take twice what it has.
            block.reserve_exact(N - block.len());
            block.push(item);
            self.len += 1;
        }
    }

    /// The item at `at`, to be changed.
    pub fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        let group = Arc::make_mut(self.groups.get_mut(at / N / GROUP)?);
        Arc::make_mut(group.get_mut(at / N % GROUP)?).get_mut(at % N)
    }

    /// Puts an item at `at`, which is one of the items or the next one.
    pub fn set(&mut self, at: usize, item: T) {
        if at == self.len {
            self.push(item);
        } else if let Some(there) = self.get_mut(at) {
            *there = item;
        }
    }
}

impl<T: Clone, const N: usize> FromIterator<T> for Blocks<T, N> {
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
        const ITEMS: usize = 3 * GROUP * 8 + 21;
        let mut blocks: Blocks<usize, 8> = (0..ITEMS).collect();
        let before = blocks.clone();
        blocks.set(GROUP * 8 + 1, 99);
        blocks.set(blocks.len(), 100);
        assert_eq!(before.iter().copied().collect::<Vec<_>>(), (0..ITEMS).collect::<Vec<_>>());
        assert_eq!((blocks.get(GROUP * 8 + 1), blocks.get(ITEMS)), (Some(&99), Some(&100)));
        assert_eq!((before.get(before.len()), blocks.block_count()), (None, 3 * GROUP + 3));
        assert_eq!(blocks.block(3 * GROUP + 2), &[ITEMS - 5, ITEMS - 4, ITEMS - 3, ITEMS - 2, ITEMS - 1, 100]);
    }
}
