//! The log-likelihood-ratio cost, and the least it could be if scores were put on the right scale.

/// The bits of one pair, and how many pairs it stands for where pairs were sampled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weighed {
    /// log2 of the likelihood ratio.
    pub bits: f64,
    /// How many pairs it stands for: 1 where every pair was weighed.
    pub weight: f64,
}

impl Weighed {
    /// A pair that stands for itself.
    pub const fn one(bits: f64) -> Self {
        Self { bits, weight: 1.0 }
    }
}

/// Cllr, in bits: half the mean of log2(1 + 1/LR) over pairs of one person, and half that of log2(1 + LR)
/// over pairs of two. None where one of the two lists is empty.
pub fn cllr(same: &[Weighed], different: &[Weighed]) -> Option<f64> {
    let of_same = mean(same, |bits| log2_one_plus_exp2(-bits))?;
    let of_different = mean(different, log2_one_plus_exp2)?;
    Some(f64::midpoint(of_same, of_different))
}

/// Cllr after the best calibration that keeps the order of the scores: isotonic regression by pooling
/// adjacent violators. What [`cllr`] has above it is a matter of scale alone.
pub fn minimum_cllr(same: &[Weighed], different: &[Weighed]) -> Option<f64> {
    let total = |pairs: &[Weighed]| pairs.iter().map(|pair| pair.weight).sum::<f64>();
    let (same_total, different_total) = (total(same), total(different));
    if same_total <= 0.0 || different_total <= 0.0 {
        return None;
    }
    let pools = pool_adjacent_violators(steps(same, different));
    // Within a pool the calibrated LR is the pool's share of the same over its share of the different;
    // a pool without one of the two costs the other nothing.
    let cost = |count: f64, total: f64, other: f64, other_total: f64| match count > 0.0 {
        true => count / total * (1.0 + other / other_total * total / count).log2(),
        false => 0.0,
    };
    let costs = pools.iter().map(|pool| {
        cost(pool.same, same_total, pool.different, different_total)
            + cost(pool.different, different_total, pool.same, same_total)
    });
    Some(costs.sum::<f64>() / 2.0)
}

/// log2(1 + 2^x), without overflow.
fn log2_one_plus_exp2(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp2().ln_1p() / std::f64::consts::LN_2
}

fn mean(pairs: &[Weighed], cost: impl Fn(f64) -> f64) -> Option<f64> {
    let weight: f64 = pairs.iter().map(|pair| pair.weight).sum();
    (weight > 0.0).then(|| pairs.iter().map(|pair| pair.weight * cost(pair.bits)).sum::<f64>() / weight)
}

/// Pairs of one score, or of several that isotonic regression cannot tell apart, by weight.
#[derive(Clone, Copy)]
struct Pool {
    same: f64,
    different: f64,
}

impl Pool {
    /// Whether this pool has a smaller share of same pairs than a pool of lower scores.
    fn violates(self, lower: Self) -> bool {
        self.same * (lower.same + lower.different) <= lower.same * (self.same + self.different)
    }
}

/// One pool for each distinct score, scores ascending.
fn steps(same: &[Weighed], different: &[Weighed]) -> Vec<Pool> {
    let of_same = same.iter().map(|pair| (pair.bits, Pool { same: pair.weight, different: 0.0 }));
    let of_different = different.iter().map(|pair| (pair.bits, Pool { same: 0.0, different: pair.weight }));
    let mut scored: Vec<(f64, Pool)> = of_same.chain(of_different).collect();
    scored.sort_by(|a, b| a.0.total_cmp(&b.0));
    let equal = |a: &(f64, Pool), b: &(f64, Pool)| a.0 == b.0;
    scored
        .chunk_by(equal)
        .map(|scores| scores.iter().fold(Pool { same: 0.0, different: 0.0 }, |p, s| p + s.1))
        .collect()
}

impl std::ops::Add for Pool {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { same: self.same + other.same, different: self.different + other.different }
    }
}

fn pool_adjacent_violators(steps: Vec<Pool>) -> Vec<Pool> {
    let mut pools: Vec<Pool> = Vec::new();
    for mut pool in steps {
        while let Some(lower) = pools.pop_if(|lower| pool.violates(*lower)) {
            pool = lower + pool;
        }
        pools.push(pool);
    }
    pools
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, proptest};

    use super::*;

    fn ratios(ratios: &[f64]) -> Vec<Weighed> {
        ratios.iter().map(|ratio| Weighed::one(ratio.log2())).collect()
    }

    fn check(found: Option<f64>, expected: f64) {
        let found = found.expect("both lists have pairs");
        assert!((found - expected).abs() < 5e-6, "{found} {expected}");
    }

    #[test]
    fn the_cost_of_known_ratios() {
        let (three, third) = (ratios(&[3.0, 3.0]), ratios(&[1.0 / 3.0, 1.0 / 3.0]));
        check(cllr(&three, &third), 0.415_037);
        check(cllr(&third, &three), 2.0);
        check(cllr(&ratios(&[1.0]), &ratios(&[1.0])), 1.0);
        assert_eq!(cllr(&[], &third), None);
    }

    #[test]
    fn huge_bits_cost_their_size_and_no_more() {
        check(cllr(&[Weighed::one(-4_000.0)], &[Weighed::one(-4_000.0)]), 2_000.0);
        check(cllr(&[Weighed::one(4_000.0)], &[Weighed::one(-4_000.0)]), 0.0);
    }

    #[test]
    fn scores_in_the_right_order_could_cost_nothing() {
        check(minimum_cllr(&ratios(&[0.02, 0.03]), &ratios(&[0.01])), 0.0);
        // The other way round there is nothing to keep but "no evidence".
        check(minimum_cllr(&ratios(&[0.01]), &ratios(&[0.02, 0.03])), 1.0);
        check(minimum_cllr(&ratios(&[1.0]), &ratios(&[1.0, 1.0])), 1.0);
        assert_eq!(minimum_cllr(&[], &[]), None);
    }

    #[test]
    fn pooled_by_hand() {
        // Ascending: different, {same, different} pooled, same. Calibrated LR 0, 1 and infinite.
        check(minimum_cllr(&ratios(&[2.0, 8.0]), &ratios(&[1.0, 4.0])), 0.5);
    }

    #[test]
    fn a_weight_is_as_many_pairs() {
        let heavy = [Weighed { bits: 1.0, weight: 3.0 }, Weighed { bits: -2.0, weight: 1.0 }];
        let many = [1.0, 1.0, 1.0, -2.0].map(Weighed::one);
        let same = [0.5, 3.0, -1.0].map(Weighed::one);
        assert_eq!(cllr(&same, &heavy), cllr(&same, &many));
        check(minimum_cllr(&same, &heavy), minimum_cllr(&same, &many).expect("pairs"));
    }

    proptest! {
        #[test]
        fn no_calibration_costs_more_than_none(
            same in proptest::collection::vec(-20.0..20.0_f64, 1..40),
            different in proptest::collection::vec(-20.0..20.0_f64, 1..40),
        ) {
            let of = |bits: &[f64]| bits.iter().copied().map(Weighed::one).collect::<Vec<_>>();
            let (same, different) = (of(&same), of(&different));
            let least = minimum_cllr(&same, &different).expect("pairs");
            prop_assert!((0.0..=1.0 + 1e-9).contains(&least));
            prop_assert!(least <= cllr(&same, &different).expect("pairs") + 1e-9);
        }
    }
}
