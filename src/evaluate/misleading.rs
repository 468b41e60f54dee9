//! How often evidence misleads: bits against pairs of one person, and bits for pairs of two.

use super::{Weighed, cllr, minimum_cllr};

/// What an attribute was worth over pairs of known truth.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Strength {
    /// Pairs of one person, and of two, for which it had something to say.
    pub pairs: [usize; 2],
    /// The mean bits of pairs of one person: what it is expected to tell.
    pub same_bits: f64,
    /// The mean bits of pairs of two people.
    pub different_bits: f64,
    /// The share of pairs of one person that it speaks against.
    pub same_misled: f64,
    /// The share of pairs of two people that it speaks for.
    pub different_misled: f64,
    /// The mean likelihood ratio of pairs of two people: at most 1.
    pub different_ratio: f64,
    /// Its cost on its own; none: without pairs of both sorts.
    pub cllr: Option<f64>,
    /// The least that its cost could be.
    pub minimum_cllr: Option<f64>,
}

impl Strength {
    /// Of the bits of pairs of one person and of two.
    pub fn new(same: &[f64], different: &[f64]) -> Self {
        let mean = |bits: &[f64], of: &dyn Fn(f64) -> f64| {
            bits.iter().map(|&bits| of(bits)).sum::<f64>() / bits.len().max(1) as f64
        };
        let weighed = |bits: &[f64]| bits.iter().copied().map(Weighed::one).collect::<Vec<_>>();
        let (all_same, all_different) = (weighed(same), weighed(different));
        Self {
            pairs: [same.len(), different.len()],
            same_bits: mean(same, &|bits| bits),
            different_bits: mean(different, &|bits| bits),
            same_misled: mean(same, &|bits| f64::from(bits < 0.0)),
            different_misled: mean(different, &|bits| f64::from(bits > 0.0)),
            different_ratio: mean(different, &f64::exp2),
            cllr: cllr(&all_same, &all_different),
            minimum_cllr: minimum_cllr(&all_same, &all_different),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_on_the_wrong_side_mislead() {
        let strength = Strength::new(&[3.0, -1.0, 0.0, 2.0], &[-2.0, 1.0]);
        assert_eq!((strength.pairs, strength.same_bits, strength.different_bits), ([4, 2], 1.0, -0.5));
        assert_eq!((strength.same_misled, strength.different_misled), (0.25, 0.5));
        assert!((strength.different_ratio - 1.125).abs() < 1e-12);
        assert!(strength.minimum_cllr < strength.cllr);
        let nothing = Strength::new(&[], &[]);
        assert_eq!((nothing.same_bits, nothing.cllr), (0.0, None));
    }
}
