//! The sum of the likelihood ratios of everything searched, in integers: the posterior's denominator.
//!
//! Floating-point sums depend on their order, and the order on the threads. Here a ratio of 2^(e + f) adds
//! `round(2^f * 2^32)` to the bucket of its whole bits `e`; buckets of different threads add up exactly.

use std::sync::LazyLock;

use super::answer::Weight;
use super::plan::Told;
use crate::model::Bits;

/// Buckets from -128 to 383 whole bits; beyond, ratios count as the last bucket's.
const LOWEST: i32 = -128;
const BUCKETS: usize = 512;
/// 2^f for every thousandth f of a bit, times 2^32.
static FRACTIONS: LazyLock<Vec<u64>> = LazyLock::new(|| {
    let fraction = |f: i32| ((f64::from(f) / f64::from(Bits::SCALE)).exp2() * 4_294_967_296.0).round() as u64;
    (0..Bits::SCALE).map(fraction).collect()
});

/// 2^f times 2^32, for thousandths f of a bit from 0 to 999.
pub(super) fn fraction(thousandths: usize) -> u64 {
    FRACTIONS[thousandths]
}

/// Sums of likelihood ratios, by their whole bits.
#[derive(Clone)]
pub(super) struct Tail {
    /// A bucket holds 2^31 ratios before it is full.
    buckets: Box<[u64; BUCKETS]>,
    fractions: &'static [u64],
}

impl Tail {
    pub(super) fn new() -> Self {
        Self { buckets: Box::new([0; BUCKETS]), fractions: &FRACTIONS }
    }

    /// Adds the ratio of a score.
    pub(super) fn add(&mut self, score: Bits) {
        let whole = score.0.div_euclid(Bits::SCALE);
        let bucket = (whole - LOWEST).clamp(0, BUCKETS as i32 - 1) as usize;
        self.buckets[bucket] += self.fractions[score.0.rem_euclid(Bits::SCALE) as usize];
    }

    /// Both sums.
    pub(super) fn merge(mut self, other: &Self) -> Self {
        self.buckets.iter_mut().zip(other.buckets.iter()).for_each(|(a, b)| *a += b);
        self
    }

    /// The sum of the ratios times `2^-scale`, smallest first, always in the same order.
    pub(super) fn total(&self, scale: f64) -> f64 {
        let bucket = |(at, &sum): (usize, &u64)| {
            let exponent = f64::from(at as i32 + LOWEST) - 32.0 - scale;
            if sum == 0 { 0.0 } else { sum as f64 * exponent.exp2() }
        };
        self.buckets.iter().enumerate().map(bucket).sum()
    }
}

/// What becomes of a list's scores as probabilities: prior and everything searched.
pub(super) struct Posterior {
    /// Bits before any evidence.
    pub(super) prior: Bits,
    /// All terms are divided by 2^scale, so that none overflows.
    scale: f64,
    /// The weight of nobody searched being the person.
    none: f64,
    all: f64,
}

impl Posterior {
    /// `presence`: the chance that the person is among the `searched` records.
    pub(super) fn new(presence: f64, searched: u64, tail: &Tail, highest: Option<Bits>) -> Self {
        let prior = Bits::of_ratio(presence / searched.max(1) as f64);
        let scale = highest.map_or(0.0, |highest| (highest + prior).to_f64().max(0.0));
        let none = (1.0 - presence) * (-scale).exp2();
        Self { prior, scale, none, all: none + tail.total(scale - prior.to_f64()) }
    }

    /// A pair's weight. `searched`: its candidate is among those searched.
    pub(super) fn weight(&self, score: Bits, told: Told, searched: bool) -> Weight {
        let posterior = if searched { self.of(score) } else { self.of_another(score) };
        let Told { evidence, missing, most_informative_missing } = told;
        Weight { score, prior: self.prior, posterior, evidence, missing, most_informative_missing }
    }

    /// The probability that a record searched, with this score, is the person.
    pub(super) fn of(&self, score: Bits) -> f64 {
        (self.term(score) / self.all).min(1.0)
    }

    /// The same for a record that was not among those searched.
    pub(super) fn of_another(&self, score: Bits) -> f64 {
        let term = self.term(score);
        if term.is_infinite() { 1.0 } else { term / (self.all + term) }
    }

    /// The probability that none of the records searched is the person.
    pub(super) fn none_of_these(&self) -> f64 {
        self.none / self.all
    }

    fn term(&self, score: Bits) -> f64 {
        ((score + self.prior).to_f64() - self.scale).exp2()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tail(scores: &[i32]) -> Tail {
        let mut tail = Tail::new();
        scores.iter().for_each(|&score| tail.add(Bits(score)));
        tail
    }

    #[test]
    fn the_sum_is_that_of_the_ratios_however_it_is_split() {
        let scores = [14_200, -3_001, 0, 999, -128_000, 20_500];
        let exact: f64 = scores.iter().map(|&score| Bits(score).to_f64().exp2()).sum();
        let (left, right) = (tail(&scores[..2]), tail(&scores[2..]));
        let merged = right.merge(&left);
        assert_eq!(merged.total(0.0).to_bits(), tail(&scores).total(0.0).to_bits());
        assert!((merged.total(0.0) / exact - 1.0).abs() < 1e-9);
    }

    #[test]
    fn probabilities_of_a_list_and_of_none_sum_to_one() {
        for scores in [&[14_000, 13_000, -2_000][..], &[250_000, 249_000], &[]] {
            let highest = scores.iter().max().map(|&score| Bits(score));
            let posterior = Posterior::new(0.3, scores.len() as u64, &tail(scores), highest);
            let sum: f64 = scores.iter().map(|&score| posterior.of(Bits(score))).sum();
            assert!((sum + posterior.none_of_these() - 1.0).abs() < 1e-6, "{scores:?}: {sum}");
        }
    }
}
