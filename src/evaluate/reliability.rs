//! Reliability: of the candidates given a probability of about p, as many should be the person as p says.

/// A candidate's probability, and whether it was the person.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Claim {
    /// The probability that was given, 0 to 1.
    pub probability: f64,
    /// Whether it was the person.
    pub right: bool,
}

/// Claims of about the same probability.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bin {
    /// The lowest probability of the bin.
    pub from: f64,
    /// The highest.
    pub to: f64,
    /// How many claims.
    pub count: usize,
    /// Their mean probability.
    pub claimed: f64,
    /// The share of them that was right.
    pub right: f64,
    /// The standard error of that share if the claims are as good as they say.
    pub error: f64,
}

/// Where the bins begin: finer near 0, where most candidates are, and near 1, where errors are dear.
const EDGES: [f64; 13] = [0.0, 0.001, 0.01, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.99, 1.0];

/// The claims in bins, those without any left out.
pub fn reliability(claims: &[Claim]) -> Vec<Bin> {
    let bin = |ends: &[f64]| {
        let (from, to) = (ends[0], ends[1]);
        // The last bin holds its upper end too.
        let within = |claim: &&Claim| {
            claim.probability >= from && (claim.probability < to || (to >= 1.0 && claim.probability >= 1.0))
        };
        let inside: Vec<&Claim> = claims.iter().filter(within).collect();
        let count = inside.len();
        let n = count.max(1) as f64;
        let claimed = inside.iter().map(|claim| claim.probability).sum::<f64>() / n;
        let right = inside.iter().filter(|claim| claim.right).count() as f64 / n;
        let error = (claimed * (1.0 - claimed) / n).max(0.0).sqrt();
        (count > 0).then_some(Bin { from, to, count, claimed, right, error })
    };
    EDGES.windows(2).filter_map(bin).collect()
}

/// The mean distance between what was claimed and what was right, by the bins' counts; none without claims.
pub fn calibration_error(bins: &[Bin]) -> Option<f64> {
    let all: usize = bins.iter().map(|bin| bin.count).sum();
    let apart = |bin: &Bin| bin.count as f64 * (bin.claimed - bin.right).abs();
    (all > 0).then(|| bins.iter().map(apart).sum::<f64>() / all as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_held_against_what_was_right() {
        let claim = |probability, right| Claim { probability, right };
        let claims = [claim(0.55, true), claim(0.55, false), claim(1.0, true), claim(0.0, false), claim(0.6, true)];
        let bins = reliability(&claims);
        let told: Vec<(f64, usize)> = bins.iter().map(|bin| (bin.from, bin.count)).collect();
        assert_eq!(told, [(0.0, 1), (0.5, 3), (0.99, 1)]);
        assert!((bins[1].claimed - 1.7 / 3.0).abs() < 1e-12 && (bins[1].right - 2.0 / 3.0).abs() < 1e-12);
        assert!((calibration_error(&bins).expect("claims") - 0.3 / 5.0).abs() < 1e-12);
        assert_eq!((reliability(&[]), calibration_error(&[])), (Vec::new(), None));
    }
}
