//! Fingerprint classes, finger by finger: P(class after | class before) over the class's chance among the missing.
//!
//! `LR = ((1 - m) L + m C) / C`, where m is the chance that the classification is another person's and
//!
//! - `L = product over fingers of (1 - slip) P(read after | read before) + slip x P(read after)` ([`reading`]);
//! - `C = sum over classes of hands of share x product over pairs of fingers of P(right) ((1 - w) P(left) + w M(left | right))`,
//!   where w is how often a finger is the mirror image of its counterpart ([`population`]).
//!
//! A class excludes well and identifies badly, so the cap is 14 bits. Fingers scarred, not printed or not classified say
//! nothing. `XX` is a finger lost in life: it may have been lost between the two records, in the order of their dates,
//! and never comes back. What hangs on the query alone is a table: a candidate costs 10 look-ups for L and 10 for C.

mod code;
mod population;
mod reading;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use self::code::{AMPUTATED, CODES, KINDS, Print, RIDGES, UNKNOWN};
use self::population::{CLASSES, HEIGHTS, Population};
use self::reading::Agreement;
use super::derived::Derived;
use super::span::Span;
use super::{About, Attribute, Detail, Evidence, Facing, Scale};
use crate::model::{Bits, FingerprintsModel};
use crate::record::{Kind, Record};

const FINGERS: usize = 10;
const HAND: usize = FINGERS / 2;

/// The attribute.
pub struct Fingerprints;

/// The fingers' codes, right thumb to left little finger, and when they were taken.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Value {
    fingers: [u8; FINGERS],
    span: Span,
}

/// The classifications of the missing.
#[derive(Clone)]
pub struct Statistics {
    people: [i64; CLASSES],
    /// By class, finger and kind.
    kinds: Box<[[[i64; KINDS]; FINGERS]; CLASSES]>,
    /// By height of the ridge counts, finger and count.
    ridges: Box<[[[i64; RIDGES]; FINGERS]; HEIGHTS]>,
    population: Derived<Population>,
}

impl Default for Statistics {
    fn default() -> Self {
        Self {
            people: [0; CLASSES],
            kinds: Box::new([[[0; KINDS]; FINGERS]; CLASSES]),
            ridges: Box::new([[[0; RIDGES]; FINGERS]; HEIGHTS]),
            population: Derived::default(),
        }
    }
}

/// A query made ready.
pub struct Prepared<'a> {
    model: &'a FingerprintsModel,
    facing: Facing,
    query: &'a Value,
    population: Arc<Population>,
    /// P(after | before) of a finger, by the candidate's code.
    likely: Box<[[f64; CODES]; FINGERS]>,
}

impl Attribute for Fingerprints {
    const ABOUT: About = About {
        name: "fingerprints",
        needs: "an NCIC classification on both, with a finger that both classify",
        levels: &[
            ("agree", "no finger differs"),
            ("mostly_agree", "one finger in five or fewer differs"),
            ("differ", "more fingers differ"),
        ],
        floor: Bits(-14_000),
        cap: Bits(14_000),
        professional: true,
        source: "Candela et al. 1995, NISTIR 5647 (patterns); NCIC codes; misreadings set by hand",
        reading: 1,
    };
    type Value = Value;
    type Statistics = Statistics;
    type Prepared<'a> = Prepared<'a>;
    type Known = ();

    fn read(record: &Record) -> Option<Value> {
        let mut fingers = [UNKNOWN; FINGERS];
        let read = record.fingerprint_class.as_ref()?.fingers();
        fingers.iter_mut().zip(read).for_each(|(code, finger)| *code = code::code(finger));
        let known = fingers.iter().any(|&code| code != UNKNOWN);
        known.then(|| Value { fingers, span: Span::of(record, None) })
    }

    fn is_sound(value: &Value) -> bool {
        value.fingers.iter().all(|code| usize::from(*code) < CODES)
    }

    fn count(statistics: &mut Statistics, kind: Kind, value: &Value, by: i64) {
        if kind != Kind::Missing {
            return;
        }
        statistics.population.forget();
        let prints = value.fingers.map(Print::of);
        let class = population::class(&prints);
        statistics.people[class] += by;
        for (finger, print) in prints.iter().enumerate() {
            let Some(print) = print else { continue };
            statistics.kinds[class][finger][print.kind] += by;
            if print.is_loop() {
                statistics.ridges[class % HEIGHTS][finger][print.ridges] += by;
            }
        }
    }

    fn prepare<'a>(scale: Scale<'a, Statistics>, query: &'a Value) -> Prepared<'a> {
        let Scale { model, statistics, facing } = scale;
        let expected = || Population::new(&model.fingerprints, statistics, model.smoothing);
        let population = statistics.population.get(model, expected);
        let model = &model.fingerprints;
        let post = facing.query_is_post();
        let likely = |finger: usize, candidate: u8| {
            let query = query.fingers[finger];
            let (before, after) = if post { (candidate, query) } else { (query, candidate) };
            let (Some(first), Some(second)) = (Print::of(before), Print::of(after)) else { return 1.0 };
            (1.0 - model.slip) * reading::likely(model, first, second) + model.slip * population.overall(finger, after)
        };
        let likely = std::array::from_fn(|finger| std::array::from_fn(|code| likely(finger, code as u8)));
        Prepared { model, facing, query, population, likely: Box::new(likely) }
    }

    #[inline(always)]
    fn weigh(prepared: &Prepared<'_>, candidate: &Value) -> Bits {
        let chance = prepared.chance(candidate);
        let likely = (1.0 - prepared.model.misfiled) * prepared.likely(candidate) + prepared.model.misfiled * chance;
        Bits::of_ratio(likely / chance).within(Self::ABOUT.floor, Self::ABOUT.cap)
    }

    fn explain(prepared: &Prepared<'_>, candidate: &Value) -> Option<Evidence> {
        let (before, after) = prepared.facing.ante_post(prepared.query, candidate);
        let pairs = before.fingers.iter().zip(&after.fingers);
        let compared = pairs.filter_map(|(&before, &after)| Some((Print::of(before)?, Print::of(after)?)));
        let (mut agree, mut close, mut differ) = (0_u64, 0, 0);
        for (before, after) in compared {
            match reading::compare(before, after) {
                Agreement::Agrees => agree += 1,
                Agreement::Close => close += 1,
                Agreement::Differs => differ += 1,
            }
        }
        let compared = agree + close + differ;
        if compared == 0 {
            return None;
        }
        let incomparable = FINGERS as u64 - compared;
        let level = match differ {
            0 => "agree",
            n if n * 5 <= compared => "mostly_agree",
            _ => "differ",
        };
        let fingers = if agree == 1 { "finger agrees" } else { "fingers agree" };
        let summary = format!("{agree} {fingers}, {close} close, {differ} differ, {incomparable} not comparable");
        let counts = [agree, close, differ, incomparable].map(Detail::Count);
        let details = ["agree", "close", "differ", "incomparable"].into_iter().zip(counts).collect();
        let bits = Self::weigh(prepared, candidate);
        Some(Evidence { details, ..Evidence::plain(&Self::ABOUT, bits, level, summary) })
    }
}

impl Prepared<'_> {
    /// The chance of the later classification given the earlier one.
    #[inline(always)]
    fn likely(&self, candidate: &Value) -> f64 {
        let fingers = self.likely.iter().zip(&candidate.fingers);
        let likely: f64 = fingers.map(|(row, &code)| row[usize::from(code)]).product();
        let (before, after) = self.facing.ante_post(self.query, candidate);
        if before.span.years_to(after.span).is_none_or(|years| years >= 0.0) {
            return likely;
        }
        // Against the order of time nothing is lost: only a slip makes a finger of one record none of the other.
        let fingers = before.fingers.iter().zip(&after.fingers).enumerate();
        let slips = fingers.filter_map(|(finger, (&before, &code))| {
            let (before, after) = (Print::of(before)?, Print::of(code)?);
            let slip = self.model.slip * self.population.overall(finger, code);
            let lost = (1.0 - self.model.slip) * self.model.lost_since;
            (before.kind != AMPUTATED && after.kind == AMPUTATED).then(|| slip / (slip + lost))
        });
        likely * slips.product::<f64>()
    }

    /// The chance of the later classification, of the fingers that are compared.
    #[inline(always)]
    fn chance(&self, candidate: &Value) -> f64 {
        let (before, after) = self.facing.ante_post(self.query, candidate);
        let compared = |finger: usize| before.fingers[finger] != UNKNOWN && after.fingers[finger] != UNKNOWN;
        let row = |finger: usize| self.population.chance(finger, after.fingers[finger]);
        let print = |finger: usize| Print::of(after.fingers[finger]).filter(|_| compared(finger));
        let mut chances = self.population.shares;
        for finger in 0..HAND {
            let counterpart = finger + HAND;
            let mirror = match (print(finger), print(counterpart)) {
                (Some(right), Some(left)) => Some(Population::mirrored(self.model, right, left)),
                _ => None,
            };
            if compared(finger) {
                chances.iter_mut().zip(row(finger)).for_each(|(chance, right)| *chance *= right);
            }
            if compared(counterpart) {
                let weight = mirror.map_or(0.0, |_| self.model.mirrored);
                let mirror = weight * mirror.unwrap_or(0.0);
                let left = |left: &f64| (1.0 - weight) * left + mirror;
                chances.iter_mut().zip(row(counterpart)).for_each(|(chance, row)| *chance *= left(row));
            }
        }
        chances.iter().sum()
    }
}

#[cfg(test)]
mod tests;
