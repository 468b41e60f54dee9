//! The rank of the true record on each list: the cumulative match characteristic.

/// Ranks of the true records of many queries, those beyond the end of a list among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ranks {
    /// Ascending; none, last: beyond the list.
    ranks: Vec<u64>,
}

/// Stands for a rank beyond the end of the list: it sorts behind every other.
const BEYOND: u64 = u64::MAX;

impl Ranks {
    /// Ranks from 1, in any order; none: the true record is not on the list.
    pub fn new(ranks: impl IntoIterator<Item = Option<u64>>) -> Self {
        let mut ranks: Vec<u64> = ranks.into_iter().map(|rank| rank.unwrap_or(BEYOND)).collect();
        ranks.sort_unstable();
        Self { ranks }
    }

    /// How many queries there were.
    pub fn count(&self) -> usize {
        self.ranks.len()
    }

    /// Share of queries whose true record stands at `rank` or before; 0 of no queries.
    pub fn within(&self, rank: u64) -> f64 {
        self.ranks.partition_point(|&found| found <= rank) as f64 / self.ranks.len().max(1) as f64
    }

    /// The median rank; none where it lies beyond the lists, or of no queries.
    pub fn median(&self) -> Option<f64> {
        let upper = self.ranks.len() / 2;
        let lower = self.ranks.len().checked_sub(1)? / 2;
        let (low, high) = (self.ranks[lower], self.ranks[upper]);
        (high != BEYOND).then(|| f64::midpoint(low as f64, high as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_count_those_beyond_the_list() {
        let ranks = Ranks::new([Some(1), Some(11), None, Some(1)]);
        assert_eq!((ranks.count(), ranks.within(1), ranks.within(10), ranks.within(50)), (4, 0.5, 0.5, 0.75));
        assert_eq!(ranks.median(), Some(6.0));
    }

    #[test]
    fn a_median_beyond_the_list_is_not_told() {
        let median = |ranks: &[Option<u64>]| Ranks::new(ranks.iter().copied()).median();
        assert_eq!(median(&[None, Some(1), Some(3)]), Some(3.0));
        assert_eq!(median(&[None, Some(1)]), None);
        assert_eq!(median(&[None, None, Some(1)]), None);
        assert_eq!(median(&[]), None);
    }
}
