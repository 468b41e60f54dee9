//! What becomes of one tooth between two charts: P(state after | state before) by the years between, and the surfaces.
//!
//! A tooth's history only advances: `after = before x (what a dentist does in a year)^years x (how it is charted)`, so
//! that the untouched become restored at `1 - exp(-r years)`, and the way back is a charting error. Years are told apart
//! by [`YEARS`]. Restored surfaces grow: the same, more, fewer or others, each over its chance among restored teeth.

use super::{CODES, CROWN_BIT, GROUPS, STATES, Statistics, UNKNOWN};
use crate::model::{DentalModel, TOOTH_STATES};

/// The years that tables are made for; a time counts as the nearest one not above it.
pub(super) const YEARS: [usize; 7] = [0, 1, 2, 4, 8, 15, 25];

type Square = [[f64; TOOTH_STATES]; TOOTH_STATES];

/// P(state after | state before), 1 where either is unknown.
pub(super) type Changes = [[f64; STATES]; STATES];

/// The place in [`YEARS`].
pub(super) fn period(years: f64) -> usize {
    YEARS.partition_point(|&from| from as f64 <= years).saturating_sub(1)
}

/// The changes for each of [`YEARS`].
pub(super) fn changes(model: &DentalModel) -> [Changes; YEARS.len()] {
    let year = a_year(model);
    let mut now: Square = std::array::from_fn(|from| std::array::from_fn(|to| f64::from(u8::from(from == to))));
    let mut passed = 0;
    YEARS.map(|years| {
        while passed < years {
            now = product(&now, &year);
            passed += 1;
        }
        let charted = product(&now, &model.charted);
        let change = |from: usize, to: usize| if from == UNKNOWN || to == UNKNOWN { 1.0 } else { charted[from][to] };
        std::array::from_fn(|from| std::array::from_fn(|to| change(from, to)))
    })
}

fn a_year(model: &DentalModel) -> Square {
    let (restored, crowned, lost) = (model.restored_a_year, model.crowned_a_year, model.extracted_a_year);
    [
        [1.0 - restored - lost[0], restored, 0.0, lost[0]],
        [0.0, 1.0 - crowned - lost[1], crowned, lost[1]],
        [0.0, 0.0, 1.0 - lost[2], lost[2]],
        [0.0, 0.0, 0.0, 1.0],
    ]
}

fn product(a: &Square, b: &Square) -> Square {
    std::array::from_fn(|i| std::array::from_fn(|j| (0..TOOTH_STATES).map(|k| a[i][k] * b[k][j]).sum()))
}

/// Likelihood ratios of the surfaces of a tooth restored, or crowned, at both times.
pub(super) struct Surfaces {
    shares: [f64; 4],
    rarest: f64,
    /// For each group of teeth and each code: its share among codes with a crown, or without one.
    chance: [[f64; CODES]; GROUPS],
    /// The shares of the codes with more surfaces, and with fewer.
    more: [[f64; CODES]; GROUPS],
    fewer: [[f64; CODES]; GROUPS],
}

impl Surfaces {
    /// By how common each code is in the collection.
    pub(super) fn new(model: &DentalModel, statistics: &Statistics) -> Self {
        let chance: [[f64; CODES]; GROUPS] =
            std::array::from_fn(|group| shares(&statistics.surfaces[group], model.smoothing));
        let (more, fewer) = (chance.map(|chance| sums(&chance, true)), chance.map(|chance| sums(&chance, false)));
        Self { shares: model.surfaces, rarest: model.rarest_surfaces, chance, more, fewer }
    }

    /// P(code after | code before, one person) over P(code after).
    pub(super) fn ratio(&self, tooth: usize, before: usize, after: usize) -> f64 {
        if (before ^ after) & CROWN_BIT != 0 {
            return 1.0;
        }
        let group = group(tooth);
        let [same, more, fewer, others] = self.shares;
        let agree = match before & after {
            _ if before == after => same / self.chance[group][after].max(self.rarest),
            both if both == before => more / self.more[group][before].max(self.rarest),
            both if both == after => fewer / self.fewer[group][before].max(self.rarest),
            _ => 0.0,
        };
        agree + others
    }
}

/// Front teeth, from canine to canine, and the rest.
pub(super) fn group(tooth: usize) -> usize {
    usize::from((5..=10).contains(&(tooth % 16)))
}

/// Shares among codes with a crown and among those without, smoothed: each surface more is half as common.
fn shares(counts: &[i64; CODES], smoothing: f64) -> [f64; CODES] {
    let expected: [f64; CODES] = std::array::from_fn(|code| 0.5_f64.powi((code & !CROWN_BIT).count_ones() as i32));
    // Of the six surfaces, each there or not: (1 + 1/2)^6.
    let smoothed = |code: usize| counts[code] as f64 + smoothing * expected[code] / 1.5_f64.powi(6);
    let mut totals = [0.0; 2];
    (0..CODES).for_each(|code| totals[usize::from(code & CROWN_BIT != 0)] += smoothed(code));
    std::array::from_fn(|code| smoothed(code) / totals[usize::from(code & CROWN_BIT != 0)])
}

/// For each code the sum over those with all its surfaces and more, or over those with only some of them.
fn sums(chance: &[f64; CODES], more: bool) -> [f64; CODES] {
    let mut sums = *chance;
    for bit in (0..7).map(|at| 1 << at).filter(|&bit| bit != CROWN_BIT) {
        for code in (0..CODES).filter(|code| code & bit == 0) {
            let (to, from) = if more { (code, code | bit) } else { (code | bit, code) };
            sums[to] += sums[from];
        }
    }
    std::array::from_fn(|code| sums[code] - chance[code])
}
