//! Percentiles of measured values.

/// The smallest value that at least `share` (0 to 1) of `sorted` do not exceed; none of nothing.
///
/// The nearest-rank definition: the answer is a value that was measured.
pub fn percentile<T: Copy>(sorted: &[T], share: f64) -> Option<T> {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.max(1) - 1).or(sorted.last()).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_value_that_was_measured() {
        let values: Vec<u32> = (1..=200).collect();
        let at = |share| percentile(&values, share);
        assert_eq!((at(0.5), at(0.99), at(1.0), at(0.0)), (Some(100), Some(198), Some(200), Some(1)));
        assert_eq!(percentile(&[7], 0.99), Some(7));
        assert_eq!(percentile::<u32>(&[], 0.5), None);
    }
}
