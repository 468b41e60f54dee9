//! The data files beside this room, read once. Each names its source and terms in its head.

use std::sync::LazyLock;

use super::dice::Dice;

/// Things with weights.
pub(super) struct Weighted<T> {
    items: Vec<T>,
    /// Sum of the weights up to and with each item.
    sums: Vec<u32>,
}

impl<T> Weighted<T> {
    pub(super) fn new(items: impl IntoIterator<Item = (T, u32)>) -> Self {
        let mut sum = 0;
        let (items, sums) = items
            .into_iter()
            .map(|(item, weight)| {
                sum += weight;
                (item, sum)
            })
            .unzip();
        Self { items, sums }
    }

    /// One of them, by weight.
    pub(super) fn pick(&self, dice: &mut Dice) -> &T {
        let at = dice.below(self.sums.last().copied().unwrap_or(0));
        &self.items[self.sums.partition_point(|&sum| sum <= at)]
    }

    pub(super) fn items(&self) -> &[T] {
        &self.items
    }
}

/// The lines of a data file that are not comments.
pub(super) fn lines(file: &'static str) -> impl Iterator<Item = &'static str> {
    file.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// The lists of `words.txt`.
pub(super) struct Words {
    lists: Vec<(&'static str, Vec<&'static str>)>,
}

pub(super) static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let lists = lines(include_str!("data/words.txt")).filter_map(|line| line.split_once(' '));
    Words { lists: lists.map(|(name, words)| (name, words.split(';').collect())).collect() }
});

impl Words {
    /// A word of a list.
    pub(super) fn pick(&self, list: &str, dice: &mut Dice) -> &'static str {
        dice.pick(self.list(list))
    }

    pub(super) fn list(&self, list: &str) -> &[&'static str] {
        self.lists.iter().find(|(name, _)| *name == list).map_or(&[], |(_, words)| words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::dice::Purpose;

    #[test]
    fn weights_are_kept() {
        let table = Weighted::new([('a', 1), ('b', 0), ('c', 3)]);
        let mut dice = Dice::new(5, Purpose::Person, 0, 0);
        let picks: Vec<char> = (0..4_000).map(|_| *table.pick(&mut dice)).collect();
        let count = |c| picks.iter().filter(|&&pick| pick == c).count();
        assert_eq!(count('b'), 0);
        assert!((850..1_150).contains(&count('a')), "{}", count('a'));
    }

    #[test]
    fn every_list_that_is_asked_for_is_there() {
        for list in ["color", "brand", "metal", "word", "narrative", "found", "negation", "prefix", "suffix", "county"]
        {
            assert!(!WORDS.list(list).is_empty(), "{list}");
        }
    }
}
