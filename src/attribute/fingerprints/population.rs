//! How often ten fingers are seen: a mixture over classes of hands, and the one hand in the likeness of the other.
//!
//! Some people have mostly whorls, some arches, some high ridge counts; within such a class fingers are nearly
//! independent. A finger is also now and then the mirror image of the other hand's. Both raise the chance of hands that
//! are alike all over, so that ten whorls do not count ten times.

use super::code::{AMPUTATED, KINDS, PLAIN_ARCH, Print, RADIAL, RIDGES, TENTED_ARCH, ULNAR};
use super::reading;
use super::{CODES, FINGERS, Statistics};
use crate::model::{FingerprintsModel, Normal};

/// Classes of patterns: arches, or none, a few, many and mostly whorls.
const HANDS: usize = 5;
/// Classes of ridge counts: low, middling, high.
pub(super) const HEIGHTS: usize = 3;
/// Classes.
pub(super) const CLASSES: usize = HANDS * HEIGHTS;
/// Ridges that the low and the high class lie below and above the middling one, and the spread within each, over the
/// spread of all.
const APART: f64 = 1.1;
const WITHIN: f64 = 0.6;

/// The class of ten fingers.
pub(super) fn class(prints: &[Option<Print>; FINGERS]) -> usize {
    let known = || prints.iter().flatten().filter(|print| print.kind != AMPUTATED);
    let tenths = |count: usize| (count * FINGERS).div_ceil(known().count().max(1));
    let arches = tenths(known().filter(|print| print.is_arch()).count());
    let whorls = tenths(known().filter(|print| print.whorl().is_some()).count());
    let hands = match (arches, whorls) {
        (3.., _) => 0,
        (_, 0) => 1,
        (_, ..4) => 2,
        (_, ..7) => 3,
        _ => 4,
    };
    let ridges: Vec<usize> = known().filter(|print| print.is_loop()).map(|print| print.ridges).collect();
    let height = match ridges.iter().sum::<usize>() as f64 / ridges.len() as f64 {
        ..11.0 => 0,
        15.5.. => 2,
        _ => 1,
    };
    hands * HEIGHTS + height
}

/// The chances of fingers among the missing.
pub(super) struct Population {
    /// The share of each class.
    pub(super) shares: [f64; CLASSES],
    /// P(read after), finger by finger, by code, in each class and in all together.
    codes: Box<[[f64; CLASSES]]>,
    overall: Box<[f64]>,
}

impl Population {
    /// By the collection's classifications, smoothed with so many expected ones, read a second time.
    pub(super) fn new(model: &FingerprintsModel, statistics: &Statistics, smoothing: f64) -> Self {
        let people = statistics.people.iter().sum::<i64>() as f64 + smoothing;
        let expected = smoothing / CLASSES as f64;
        let shares = statistics.people.map(|count| (count as f64 + expected) / people);
        let counted: [[f64; RIDGES]; RIDGES] =
            std::array::from_fn(|after| std::array::from_fn(|before| reading::counted(model, before, after)));
        // P(ridges counted after | a loop), by height of the ridge counts and finger.
        let ridges: [[[f64; RIDGES]; FINGERS]; HEIGHTS] = std::array::from_fn(|height| {
            std::array::from_fn(|finger| {
                let before = ridges_before(model, &statistics.ridges[height][finger], (height, finger), expected);
                let after = |at: usize| before.iter().zip(&counted[at]).map(|(before, counted)| before * counted).sum();
                std::array::from_fn(after)
            })
        });
        let read_as = kinds_read_as(model);
        // P(read after as this kind), by class and finger.
        let kinds: [[[f64; KINDS]; FINGERS]; CLASSES] = std::array::from_fn(|class| {
            std::array::from_fn(|finger| {
                let before = kinds_before(model, &statistics.kinds[class][finger], finger, expected);
                std::array::from_fn(|after| (0..KINDS).map(|kind| before[kind] * read_as[kind][after]).sum())
            })
        });
        let of_class = |finger: usize, after: Print, class: usize| {
            let ridges = if after.is_loop() { ridges[class % HEIGHTS][finger][after.ridges] } else { 1.0 };
            kinds[class][finger][after.kind] * ridges
        };
        let of_code = |finger: usize, code: usize| match Print::of(code as u8) {
            Some(print) => std::array::from_fn(|class| of_class(finger, print, class)),
            None => [1.0; CLASSES],
        };
        let every = (0..FINGERS).flat_map(|finger| (0..CODES).map(move |code| (finger, code)));
        let codes: Box<[[f64; CLASSES]]> = every.map(|(finger, code)| of_code(finger, code)).collect();
        let together = |chance: &[f64; CLASSES]| shares.iter().zip(chance).map(|(share, chance)| share * chance).sum();
        let overall = codes.iter().map(together).collect();
        Self { shares, codes, overall }
    }

    /// P(read after) in each class, by the finger's code; 1 where that says nothing.
    pub(super) fn chance(&self, finger: usize, code: u8) -> &[f64; CLASSES] {
        &self.codes[finger * CODES + usize::from(code)]
    }

    /// P(read after) in all classes together.
    pub(super) fn overall(&self, finger: usize, code: u8) -> f64 {
        self.overall[finger * CODES + usize::from(code)]
    }

    /// P(the left finger read after | it is the mirror image of the right one).
    pub(super) fn mirrored(model: &FingerprintsModel, right: Print, left: Print) -> f64 {
        match (right.whorl(), left.whorl()) {
            // Which side the tracing passes changes with the hand.
            (Some(right), Some(left)) => model.whorl_for_whorl[right.0][left.0] * model.tracings[left.1],
            _ if right.kind != left.kind => 0.0,
            _ if right.is_loop() => reading::counted(model, right.ridges, left.ridges),
            _ => 1.0,
        }
    }
}

/// P(kind before) of a class' finger.
fn kinds_before(model: &FingerprintsModel, counts: &[i64; KINDS], finger: usize, smoothing: f64) -> [f64; KINDS] {
    let total = counts.iter().sum::<i64>() as f64 + smoothing;
    let [plain, tented, ulnar, radial, whorl] = model.patterns[finger % 5];
    let expected = |kind: usize| match (Print { kind, ridges: 0 }).whorl() {
        Some((pattern, tracing)) => whorl * model.whorls[pattern] * model.tracings[tracing],
        None => match kind {
            PLAIN_ARCH => plain,
            TENTED_ARCH => tented,
            ULNAR => ulnar,
            RADIAL => radial,
            _ => model.amputated,
        },
    };
    std::array::from_fn(|kind| (counts[kind] as f64 + smoothing * expected(kind)) / total)
}

/// P(kind after | kind before), loops of average size.
fn kinds_read_as(model: &FingerprintsModel) -> [[f64; KINDS]; KINDS] {
    const AVERAGE: usize = 12;
    let print = |kind: usize| Print { kind, ridges: if matches!(kind, ULNAR | RADIAL) { AVERAGE } else { 0 } };
    std::array::from_fn(|before| {
        std::array::from_fn(|after| match (print(before), print(after)) {
            (before, after) if after.is_loop() => {
                (1..RIDGES).map(|ridges| reading::likely(model, before, Print { ridges, ..after })).sum()
            }
            (before, after) => reading::likely(model, before, after),
        })
    })
}

/// P(ridges before | a loop) of a finger of people with low, middling or high counts.
fn ridges_before(
    model: &FingerprintsModel,
    counts: &[i64; RIDGES],
    (height, finger): (usize, usize),
    smoothing: f64,
) -> [f64; RIDGES] {
    let Normal { mean, sd } = model.ridges[usize::from(finger % 5 != 0)];
    let normal = Normal { mean: mean + (height as f64 - 1.0) * APART * sd, sd: sd * WITHIN };
    let total = counts.iter().sum::<i64>() as f64 + smoothing;
    std::array::from_fn(|ridges| match ridges {
        0 => 0.0,
        ridges => (counts[ridges] as f64 + smoothing * normal.density(ridges as f64)) / total,
    })
}
