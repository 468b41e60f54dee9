//! How often a chart is seen: a mixture over classes of mouths, within which teeth are nearly independent.
//!
//! Teeth are far from independent: half the young have none restored, third molars are taken together, dentures take a
//! jaw at once. A class is how many teeth are treated, third molars aside and apart, with classes of their own for a
//! toothless upper jaw and a toothless mouth. Each class counts its own teeth among the missing, smoothed with how
//! common a tooth's states are in NHANES, raised or lowered to the class.

use std::sync::LazyLock;

use super::history::Changes;
use super::{AGES, STATES, Statistics, TEETH, UNKNOWN};
use crate::model::{DENTAL_CLASSES, DentalModel, TOOTH_STATES};
use crate::processor::{LANES, Vector};

/// Six by treated teeth, each with and without third molars, and the two toothless ones.
pub(super) const CLASSES: usize = 14;
const UPPER_TOOTHLESS: usize = 6;
const TOOTHLESS: usize = 7;
const EXTRACTED: usize = 3;
/// The teeth that are not third molars.
const OTHERS: f64 = 28.0;

const _: () = assert!(CLASSES <= LANES);

/// A figure a class.
pub(super) type ByClass = [f64; CLASSES];

/// The class of a chart's states.
pub(super) fn class(states: &[u8; TEETH]) -> usize {
    let count = |third: bool, test: fn(usize) -> bool| {
        let states = states.iter().enumerate().filter(|(tooth, _)| is_third(*tooth) == third);
        states.filter(|(_, state)| test(usize::from(**state))).count()
    };
    let charted = count(false, |state| state != UNKNOWN);
    let treated = count(false, |state| state != UNKNOWN && state > 0);
    let extracted = count(false, |state| state == EXTRACTED);
    let upper = states[1..15].iter().filter(|state| usize::from(**state) != UNKNOWN);
    let upper_teeth = upper.clone().count();
    if charted > 7 && extracted == charted {
        return CLASSES - 1;
    }
    if upper_teeth > 7 && upper.filter(|state| usize::from(**state) == EXTRACTED).count() == upper_teeth {
        return CLASSES - 2;
    }
    // As many as there would be if every tooth had been charted.
    let of_all = treated as f64 * OTHERS / charted.max(1) as f64;
    let level = match of_all {
        0.0 => 0,
        ..2.5 => 1,
        ..5.5 => 2,
        ..9.5 => 3,
        ..15.5 => 4,
        _ => 5,
    };
    let thirds = count(true, |state| state != UNKNOWN);
    2 * level + usize::from(2 * count(true, |state| state == EXTRACTED) > thirds)
}

const fn is_third(tooth: usize) -> bool {
    matches!(tooth % 16, 0 | 15)
}

/// The chances of states among the missing.
pub(super) struct Population {
    /// The share of each class.
    shares: ByClass,
    /// The same at each age.
    by_age: [ByClass; AGES.len() + 1],
    /// P(state after) in all classes together.
    overall: [[f64; STATES]; TEETH],
    /// How much commoner a state is in each class than in all, up to [`MOST`]; 1 where it is unknown.
    pub(super) commoner: Box<[[Vector; STATES]; TEETH]>,
}

/// A state is no more than 1 over a class' share commoner in it than in all. Where almost nobody is of a class, that is cut
/// here: the product of four teeth is still a short number.
const MOST: f64 = 1e9;

/// A figure a class, and zeros.
fn vector(of: &ByClass) -> Vector {
    Vector::each(|class| of.get(class).map_or(0.0, |figure| figure.min(MOST) as f32))
}

impl Population {
    /// By the collection's charts and the model's expectations, through the changes of some years.
    pub(super) fn new(model: &DentalModel, statistics: &Statistics, changes: &Changes) -> Self {
        let weight = model.smoothing * CLASSES as f64;
        let charts = statistics.charts.iter().sum::<i64>() as f64 + weight;
        let shares: ByClass = std::array::from_fn(|class| {
            (statistics.charts[class] as f64 + weight * expected_share(model, class)) / charts
        });
        // What is known of few of an age is drawn to what is known of all.
        let at_age = |charts: &[i64; CLASSES]| {
            let of_all = 4.0 * model.smoothing;
            let all = charts.iter().sum::<i64>() as f64 + of_all;
            std::array::from_fn(|class| (charts[class] as f64 + of_all * shares[class]) / all)
        };
        let by_age = statistics.by_age.each_ref().map(at_age);
        let mut chance = Box::new([[[1.0; CLASSES]; STATES]; TEETH]);
        for (tooth, chance) in chance.iter_mut().enumerate() {
            for class in 0..CLASSES {
                let before = before(model, &statistics.states[class][tooth], (class, tooth));
                for (after, chance) in chance[..UNKNOWN].iter_mut().enumerate() {
                    chance[class] = (0..TOOTH_STATES).map(|state| before[state] * changes[state][after]).sum();
                }
            }
        }
        let overall = |chance: &ByClass| shares.iter().zip(chance).map(|(share, chance)| share * chance).sum();
        let overall: [[f64; STATES]; TEETH] =
            std::array::from_fn(|tooth| std::array::from_fn(|after| overall(&chance[tooth][after])));
        let commoner = |tooth: usize, after: usize| match after {
            UNKNOWN => vector(&[1.0; CLASSES]),
            _ => vector(&chance[tooth][after].map(|chance| chance / overall[tooth][after])),
        };
        let commoner = std::array::from_fn(|tooth| std::array::from_fn(|after| commoner(tooth, after)));
        Self { shares, by_age, overall, commoner: Box::new(commoner) }
    }

    /// The share of each class, at an age if it is known.
    pub(super) fn shares(&self, age: u8) -> ByClass {
        usize::from(age).checked_sub(1).and_then(|age| self.by_age.get(age)).copied().unwrap_or(self.shares)
    }

    /// P(state after) in all classes together.
    pub(super) fn overall(&self, tooth: usize, after: usize) -> f64 {
        self.overall[tooth][after]
    }
}

/// The row of the model for a class, and whether its people lack their third molars.
const fn row(class: usize) -> (usize, bool) {
    match class {
        12 => (UPPER_TOOTHLESS, true),
        13 => (TOOTHLESS, true),
        class => (class / 2, class % 2 == 1),
    }
}

fn expected_share(model: &DentalModel, class: usize) -> f64 {
    let (row, without_thirds) = row(class);
    let thirds = match (row, without_thirds) {
        (UPPER_TOOTHLESS | TOOTHLESS, _) => 1.0,
        (_, true) => model.without_thirds,
        (_, false) => 1.0 - model.without_thirds,
    };
    model.class_shares[row] * thirds
}

/// The states' shares among a class' charts, smoothed.
fn before(model: &DentalModel, counts: &[i64; TOOTH_STATES], (class, tooth): (usize, usize)) -> [f64; TOOTH_STATES] {
    let expected = expected(model, class, tooth);
    let total = counts.iter().sum::<i64>() as f64 + model.smoothing;
    std::array::from_fn(|state| (counts[state] as f64 + model.smoothing * expected[state]) / total)
}

/// A class' expectation, by how common each state of this tooth is among all teeth of NHANES.
fn expected(model: &DentalModel, class: usize, tooth: usize) -> [f64; TOOTH_STATES] {
    let (row, without_thirds) = row(class);
    if is_third(tooth) {
        return model.thirds[usize::from(without_thirds)];
    }
    let jaw = if row == UPPER_TOOTHLESS && tooth < 16 { TOOTHLESS } else { row };
    let odds = NHANES[tooth];
    let raised: [f64; TOOTH_STATES] = std::array::from_fn(|state| model.expected[jaw][state] * odds[state]);
    let total: f64 = raised.iter().sum();
    raised.map(|state| state / total)
}

/// How much commoner a state is at a tooth than at all teeth: crowns as fillings, third molars as any.
static NHANES: LazyLock<[[f64; TOOTH_STATES]; TEETH]> = LazyLock::new(|| {
    let rows = include_str!("../data/nhanes_teeth.txt").lines().filter(|line| !line.starts_with('#'));
    let mut shares = [[1.0; TOOTH_STATES]; TEETH];
    let mut means = [0.0; TOOTH_STATES];
    for row in rows {
        let numbers: Vec<f64> = row.split(' ').filter_map(|word| word.parse().ok()).collect();
        let [number, sound, filled, missing] = numbers[..] else { continue };
        let total = sound + filled + missing;
        shares[number as usize - 1] = [sound, filled, filled, missing].map(|count| count / total);
    }
    let others = || (0..TEETH).filter(|tooth| !is_third(*tooth));
    others().for_each(|tooth| (0..TOOTH_STATES).for_each(|state| means[state] += shares[tooth][state] / OTHERS));
    for tooth in others() {
        shares[tooth] = std::array::from_fn(|state| shares[tooth][state] / means[state]);
    }
    shares
});

/// The model has a row for every class.
const _: () = assert!(TOOTHLESS + 1 == DENTAL_CLASSES);
