//! Mis-numbered teeth: a quadrant's chart read as its own neighbours'.
//!
//! Where a tooth was lost and its neighbours closed the gap, one dentist counts on and the other does not; premolars and
//! molars are mistaken for each other. So before a contradiction is counted, the quadrant's teeth are read with a
//! neighbour's number: a hidden chain along the quadrant, where each tooth is itself, the one before or the one after.
//! Quadrants without contradiction are taken as they stand.

use crate::model::DentalModel;

/// Teeth of a quadrant.
pub(super) const QUADRANT: usize = 8;
/// A tooth is itself, or the neighbour after, or before.
pub(super) const OFFSETS: [isize; 3] = [0, 1, -1];

/// The chances of one quadrant's teeth for each of [`OFFSETS`].
pub(super) type Factors = [[f64; 3]; QUADRANT];

/// P(offset of a tooth | offset of the one before).
pub(super) type Steps = [[f64; 3]; 3];

/// The steps of a model.
pub(super) fn steps(model: &DentalModel) -> Steps {
    let (off, on) = (model.misnumbered, model.misnumbered_further);
    let back = (1.0 - on) / 2.0;
    [[1.0 - 2.0 * off, off, off], [back, on, back], [back, back, on]]
}

/// The chance of a quadrant over all ways to number it.
pub(super) fn chance(steps: &Steps, factors: &Factors) -> f64 {
    let mut paths = [1.0, 0.0, 0.0];
    for factor in factors {
        let reached = |to: usize| paths[0] * steps[0][to] + paths[1] * steps[1][to] + paths[2] * steps[2][to];
        paths = [reached(0) * factor[0], reached(1) * factor[1], reached(2) * factor[2]];
    }
    paths.iter().sum()
}

/// The likeliest numbering: each tooth's place in [`OFFSETS`].
pub(super) fn likeliest(steps: &Steps, factors: &Factors) -> [usize; QUADRANT] {
    let mut paths = [1.0, 0.0, 0.0];
    let mut came_from = [[0; 3]; QUADRANT];
    for (factor, came_from) in factors.iter().zip(&mut came_from) {
        let reached = |from: usize, to: usize| paths[from] * steps[from][to];
        *came_from = std::array::from_fn(|to| best(|from| reached(from, to)));
        paths = std::array::from_fn(|to| reached(came_from[to], to) * factor[to]);
    }
    let mut at = best(|at| paths[at]);
    let mut numbering = [0; QUADRANT];
    for tooth in (0..QUADRANT).rev() {
        numbering[tooth] = at;
        at = came_from[tooth][at];
    }
    numbering
}

/// The first of the largest.
fn best(value: impl Fn(usize) -> f64) -> usize {
    (1..3).fold(0, |best, at| if value(at) > value(best) { at } else { best })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::Model;

    /// Every numbering of the quadrant, one by one.
    fn naive(steps: &Steps, factors: &Factors) -> (f64, f64) {
        let paths = (0..3_usize.pow(QUADRANT as u32)).map(|path| {
            let (mut before, mut left, mut chance) = (0, path, 1.0);
            for factor in factors {
                let at = left % 3;
                left /= 3;
                chance *= steps[before][at] * factor[at];
                before = at;
            }
            chance
        });
        paths.fold((0.0, 0.0), |(sum, most): (f64, f64), chance| (sum + chance, most.max(chance)))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

        #[test]
        fn the_chain_is_the_sum_over_every_numbering_and_its_best_one(
            factors in prop::array::uniform8(prop::array::uniform3(0.001..1.0_f64))
        ) {
            let steps = steps(&Model::default().dental);
            let (sum, most) = naive(&steps, &factors);
            prop_assert!((chance(&steps, &factors) / sum - 1.0).abs() < 1e-9);
            let told = likeliest(&steps, &factors);
            let chain = std::iter::once(0).chain(told).zip(told).zip(&factors);
            let best: f64 = chain.map(|((before, at), factor)| steps[before][at] * factor[at]).product();
            prop_assert!((best / most - 1.0).abs() < 1e-9);
        }
    }
}
