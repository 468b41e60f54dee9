//! Mis-numbered teeth: a quadrant's chart read as its own neighbours'.
//!
//! Where a tooth was lost and its neighbours closed the gap, one dentist counts on and the other does not; premolars and
//! molars are mistaken for each other. So before a contradiction is counted, the quadrant's teeth are read with a
//! neighbour's number: a hidden chain along the quadrant, where each tooth is itself, the one before or the one after.
//! Quadrants without contradiction are taken as they stand.

use super::TEETH;
use crate::model::DentalModel;

/// Teeth of a quadrant, and quadrants.
pub(super) const QUADRANT: usize = 8;
pub(super) const QUADRANTS: usize = 4;
/// A tooth is itself, or the neighbour after, or before.
pub(super) const OFFSETS: [isize; 3] = [0, 1, -1];

/// By place in [`OFFSETS`] and tooth abreast: all four quadrants are gone along at once.
pub(super) type Factors = [[f32; TEETH]; OFFSETS.len()];

/// P(offset of a tooth | offset of the one before).
pub(super) type Steps = [[f64; 3]; 3];

/// The steps of a model.
pub(super) fn steps(model: &DentalModel) -> Steps {
    let (off, on) = (model.misnumbered, model.misnumbered_further);
    let back = (1.0 - on) / 2.0;
    [[1.0 - 2.0 * off, off, off], [back, on, back], [back, back, on]]
}

/// How much likelier each quadrant is over all ways to number it than as it stands.
#[inline(always)]
pub(super) fn likelier(steps: &Steps, factors: &Factors) -> [f64; QUADRANTS] {
    let (mut paths, mut as_it_stands) = ([[1.0; QUADRANTS], [0.0; QUADRANTS], [0.0; QUADRANTS]], [1.0; QUADRANTS]);
    for tooth in 0..QUADRANT {
        let mut on = [[0.0; QUADRANTS]; OFFSETS.len()];
        for (to, on) in on.iter_mut().enumerate() {
            let factors = &factors[to][tooth * QUADRANTS..][..QUADRANTS];
            for at in 0..QUADRANTS {
                let reached = paths[0][at] * steps[0][to] + paths[1][at] * steps[1][to] + paths[2][at] * steps[2][to];
                on[at] = reached * f64::from(factors[at]);
            }
        }
        paths = on;
        let own = &factors[0][tooth * QUADRANTS..][..QUADRANTS];
        (0..QUADRANTS).for_each(|at| as_it_stands[at] *= f64::from(own[at]));
    }
    let mut likelier = [0.0; QUADRANTS];
    (0..QUADRANTS).for_each(|at| likelier[at] = (paths[0][at] + paths[1][at] + paths[2][at]) / as_it_stands[at]);
    likelier
}

/// The likeliest numbering of a quadrant: each tooth's place in [`OFFSETS`].
pub(super) fn likeliest(steps: &Steps, factors: &Factors, quadrant: usize) -> [usize; QUADRANT] {
    let mut paths = [1.0, 0.0, 0.0];
    let mut came_from = [[0; 3]; QUADRANT];
    for (tooth, came_from) in came_from.iter_mut().enumerate() {
        let reached = |from: usize, to: usize| paths[from] * steps[from][to];
        *came_from = std::array::from_fn(|to| best(|from| reached(from, to)));
        let factor = |to: usize| f64::from(factors[to][tooth * QUADRANTS + quadrant]);
        paths = std::array::from_fn(|to| reached(came_from[to], to) * factor(to));
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

    /// Every numbering of a quadrant, one by one: their sum and the likeliest, over the one as it stands.
    fn naive(steps: &Steps, factors: &[[f64; 3]; QUADRANT]) -> (f64, f64) {
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
        let stands = factors.iter().map(|factor| factor[0]).product::<f64>();
        let (sum, most) = paths.fold((0.0, 0.0), |(sum, most): (f64, f64), chance| (sum + chance, most.max(chance)));
        (sum / stands, most / stands)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

        #[test]
        fn the_chain_is_the_sum_over_every_numbering_and_its_best_one(
            factors in prop::array::uniform4(prop::array::uniform8(prop::array::uniform3(0.001..1.0_f32)))
        ) {
            let steps = steps(&Model::default().dental);
            let factor = |to: usize, place: usize| factors[place % QUADRANTS][place / QUADRANTS][to];
            let all: Factors = std::array::from_fn(|to| std::array::from_fn(|place| factor(to, place)));
            let likelier = likelier(&steps, &all);
            for (quadrant, factors) in factors.iter().enumerate() {
                let factors = &factors.map(|factor| factor.map(f64::from));
                let (sum, most) = naive(&steps, factors);
                prop_assert!((likelier[quadrant] / sum - 1.0).abs() < 1e-9, "{} {}", likelier[quadrant], sum);
                let told = likeliest(&steps, &all, quadrant);
                let chain = std::iter::once(0).chain(told).zip(told).zip(factors);
                let best: f64 = chain.map(|((before, at), factor)| steps[before][at] * factor[at] / factor[0]).product();
                prop_assert!((best / most - 1.0).abs() < 1e-9);
            }
        }
    }
}
