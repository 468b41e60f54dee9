//! Teeth: P(chart after | chart before, years between) over the chart's chance among the missing.
//!
//! `LR = ((1 - m) L + m C) / C`, where m is the chance that the chart is not this person's and
//!
//! - `L = product over teeth of P(after | before, years) x surfaces`, once for a person who died soon after the last
//!   contact and once for one who lived on ([`history`]); a quadrant that contradicts is read with its neighbours'
//!   numbers too ([`numbering`]);
//! - `C = sum over classes of mouths of share x product over teeth of P(after | class)` ([`classes`]), with the shares at the
//!   age of the body where that is known: a toothless mouth tells little of the old, a sound one little of the young.
//!
//! Only teeth charted on both count; a tooth that never erupted says as little as none. Cap 16 bits, the most that a
//! population of 57,980 charts can support (OdontoSearch). Everything that hangs on the query alone is a table, and every
//! tooth's chance is over that in the population, in L and C alike, so that tables of short numbers do, which are multiplied
//! as long ones: a candidate costs 16 look-ups, of two teeth each, for L and 16 for every class of C at once; where a quadrant
//! contradicts, 96 more and a chain of eight steps along all four.

mod classes;
mod history;
mod numbering;
mod readings;

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use self::classes::{CLASSES, Population};
use self::history::{Changes, Surfaces, YEARS};
use self::numbering::{OFFSETS, QUADRANT, QUADRANTS, Steps};
use self::readings::{Read, Readings};
use super::derived::Derived;
use super::span::Span;
use super::{About, Attribute, Detail, Evidence, Facing, Scale};
use crate::model::{Bits, DentalModel, TOOTH_STATES};
use crate::processor::{LANES, Vector};
use crate::record::{Kind, Record, Tooth, ToothState};

const TEETH: usize = 32;
/// The states of a tooth, and none.
const STATES: usize = TOOTH_STATES + 1;
const UNKNOWN: usize = TOOTH_STATES;
/// Two teeth abreast are looked up together.
const PAIRS: usize = TEETH / 2;
/// Codes of restored surfaces: sets of seven letters.
const CODES: usize = 128;
const CROWN_BIT: usize = Tooth::CROWN_BIT as usize;
/// Teeth whose surfaces are counted together.
const GROUPS: usize = 2;
/// A chart of so many untouched teeth, and nothing else, may be NCIC's default.
const ALL_UNTOUCHED: u8 = 28;
/// Years between two charts of the collection, roughly.
const TYPICAL_YEARS: f64 = 2.0;

/// The attribute.
pub struct Dental;

/// The codes in universal order, and when they were charted.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Value {
    teeth: [u8; TEETH],
    span: Span,
    /// The place of the age in [`AGES`] and one; 0 is unknown.
    age: u8,
}

/// The first age of each band but the youngest.
const AGES: [f64; 5] = [18.0, 30.0, 42.0, 55.0, 68.0];
/// An estimate of age as wide as this tells nothing of the teeth.
const WIDE_YEARS: f64 = 30.0;

/// The charts of the missing.
#[derive(Clone)]
pub struct Statistics {
    charts: [i64; CLASSES],
    /// The same by age.
    by_age: [[i64; CLASSES]; AGES.len() + 1],
    /// By class, tooth and state.
    states: Box<[[[i64; TOOTH_STATES]; TEETH]; CLASSES]>,
    /// Restored teeth by group and surfaces.
    surfaces: Box<[[i64; CODES]; GROUPS]>,
    expected: Derived<Expected>,
}

/// What is expected of anybody's teeth.
struct Expected {
    changes: [Changes; YEARS.len()],
    population: Population,
    surfaces: Surfaces,
}

impl Expected {
    fn new(model: &DentalModel, statistics: &Statistics) -> Self {
        let changes = history::changes(model);
        let population = Population::new(model, statistics, &changes[history::period(TYPICAL_YEARS)]);
        Self { changes, population, surfaces: Surfaces::new(model, statistics) }
    }
}

impl Default for Statistics {
    fn default() -> Self {
        let states = Box::new([[[0; TOOTH_STATES]; TEETH]; CLASSES]);
        Self {
            charts: [0; CLASSES],
            by_age: [[0; CLASSES]; AGES.len() + 1],
            states,
            surfaces: Box::new([[0; CODES]; GROUPS]),
            expected: Derived::default(),
        }
    }
}

/// A query made ready.
pub struct Prepared<'a> {
    model: &'a DentalModel,
    facing: Facing,
    query: &'a Value,
    states: Abreast,
    readings: Readings,
    steps: Steps,
    /// The share of each class, by the age of the body.
    shares: [[f64; LANES]; AGES.len() + 2],
    /// How much commoner two teeth abreast are in each class than in all, by the candidate's two states.
    pairs: Box<[[Vector; STATES * STATES]; PAIRS]>,
}

/// A byte a tooth, the quadrants abreast: the first teeth of all four, then the second ones.
type Abreast = [u8; TEETH];

/// Where a tooth stands abreast.
const fn abreast(tooth: usize) -> usize {
    tooth % QUADRANT * QUADRANTS + tooth / QUADRANT
}

/// The tooth that stands there.
const fn from_abreast(place: usize) -> usize {
    place % QUADRANTS * QUADRANT + place / QUADRANTS
}

impl Attribute for Dental {
    const ABOUT: About = About {
        name: "dental",
        needs: "at least one tooth charted on both",
        levels: &[
            ("consistent", "no tooth contradicts"),
            ("mostly_consistent", "one contradiction in sixteen teeth or fewer"),
            ("inconsistent", "more contradictions, or more treatment than the time explains"),
        ],
        floor: Bits(-14_000),
        cap: Bits(16_000),
        professional: true,
        source: "Kieser 2006 (charting errors); NHANES tooth counts; OdontoSearch (cap)",
        reading: 3,
    };
    type Value = Value;
    type Statistics = Statistics;
    type Prepared<'a> = Prepared<'a>;
    type Known = ();

    fn read(record: &Record) -> Option<Value> {
        let chart = record.dental.as_ref()?;
        let teeth = chart.teeth().map(Tooth::byte);
        let charted = chart.teeth().iter().any(|tooth| tooth.state().is_some());
        let age = record.age_years.filter(|age| age.max() - age.min() < WIDE_YEARS).map(|age| age.middle());
        let age = age.map_or(0, |age| AGES.iter().filter(|from| age >= **from).count() as u8 + 1);
        charted.then(|| Value { teeth, span: Span::of(record, chart.date.as_ref()), age })
    }

    fn count(statistics: &mut Statistics, kind: Kind, value: &Value, by: i64) {
        if kind != Kind::Missing {
            return;
        }
        statistics.expected.forget();
        let states = value.states();
        let class = classes::class(&states);
        statistics.charts[class] += by;
        if let Some(of_age) = usize::from(value.age).checked_sub(1).and_then(|age| statistics.by_age.get_mut(age)) {
            of_age[class] += by;
        }
        for (tooth, (&state, &code)) in states.iter().zip(&value.teeth).enumerate() {
            if usize::from(state) != UNKNOWN {
                statistics.states[class][tooth][usize::from(state)] += by;
            }
            if usize::from(code) < CODES {
                statistics.surfaces[history::group(tooth)][usize::from(code)] += by;
            }
        }
    }

    fn prepare<'a>(scale: Scale<'a, Statistics>, query: &'a Value) -> Prepared<'a> {
        let Scale { model, statistics, facing } = scale;
        let model = &model.dental;
        let expected = statistics.expected.get(scale.model, || Expected::new(model, statistics));
        let Expected { changes, population, surfaces } = &*expected;
        let states = query.states();
        let post = facing.query_is_post();
        let read = Read { query_is_post: post, states: &states, codes: &query.teeth, changes, population };
        let readings = Readings::new(&read, surfaces);
        // Only teeth charted on both count, by their state after.
        let commoner = |tooth: usize, candidate: usize| match (usize::from(states[tooth]), candidate) {
            (UNKNOWN, _) | (_, UNKNOWN) => &population.commoner[tooth][UNKNOWN],
            (query, candidate) => &population.commoner[tooth][if post { query } else { candidate }],
        };
        let mut pairs = Box::new([[Vector::default(); STATES * STATES]; PAIRS]);
        for (at, pair) in pairs.iter_mut().enumerate() {
            let [one, other] = [2 * at, 2 * at + 1].map(from_abreast);
            for (states, pair) in pair.iter_mut().enumerate() {
                *pair = commoner(one, states / STATES).times(commoner(other, states % STATES));
            }
        }
        let shares = std::array::from_fn(|age| {
            let shares = population.shares(age as u8);
            std::array::from_fn(|class| shares.get(class).copied().unwrap_or(0.0))
        });
        let steps = numbering::steps(model);
        let states = query.states_abreast();
        Prepared { model, facing, query, states, readings, steps, shares, pairs }
    }

    #[inline(always)]
    fn weigh(prepared: &Prepared<'_>, candidate: &Value) -> Bits {
        prepared.bits(candidate, &candidate.states_abreast())
    }

    fn explain(prepared: &Prepared<'_>, candidate: &Value) -> Option<Evidence> {
        let states = candidate.states_abreast();
        let counts = prepared.counts(candidate, &states);
        let Counts { agree, explainable, unexplainable, misnumbered } = counts;
        let compared = agree + explainable + unexplainable;
        if compared == 0 {
            return None;
        }
        let incomparable = TEETH as u64 - compared;
        let level = match unexplainable {
            0 => "consistent",
            n if n * 16 <= compared => "mostly_consistent",
            _ => "inconsistent",
        };
        let bits = prepared.bits(candidate, &states);
        // Much may be treated in a while, but not everything.
        let level = if bits < Bits(-3_000) { "inconsistent" } else { level };
        let mut summary = format!(
            "{agree} teeth agree, {explainable} later treated, {unexplainable} contradict, {incomparable} not comparable"
        );
        let counts = [agree, explainable, unexplainable, incomparable].map(Detail::Count);
        let names = ["agree", "explainable", "unexplainable", "incomparable"];
        let mut details: Vec<(&str, Detail)> = names.into_iter().zip(counts).collect();
        if misnumbered > 0 {
            summary += &format!("; {misnumbered} read with a neighbour's number");
            details.push(("misnumbered", Detail::Count(misnumbered)));
        }
        Some(Evidence { details, ..Evidence::plain(&Self::ABOUT, bits, level, summary) })
    }
}

impl Value {
    fn states(&self) -> [u8; TEETH] {
        self.teeth.map(|byte| STATE[usize::from(byte)])
    }

    #[inline(always)]
    fn states_abreast(&self) -> Abreast {
        let mut states = [0; TEETH];
        for (place, state) in states.iter_mut().enumerate() {
            *state = STATE[usize::from(self.teeth[from_abreast(place)])];
        }
        states
    }
}

/// The state of each byte of a tooth: untouched 0, restored 1, crowned 2, extracted 3, none 4.
static STATE: [u8; 256] = {
    let mut states = [UNKNOWN as u8; 256];
    let mut byte = 0;
    while byte < 256 {
        states[byte] = match Tooth::from_byte(byte as u8).state() {
            Some(ToothState::Virgin) => 0,
            Some(ToothState::Restored) => 1,
            Some(ToothState::Crown) => 2,
            Some(ToothState::Extracted) => 3,
            Some(ToothState::Unerupted) | None => UNKNOWN as u8,
        };
        byte += 1;
    }
    states
};

/// How many teeth go together.
#[derive(Default)]
struct Counts {
    agree: u64,
    explainable: u64,
    unexplainable: u64,
    /// Read with a neighbour's number; counted above as what they are then.
    misnumbered: u64,
}

/// A query and a candidate in the order of time.
struct Pair<'a> {
    before: &'a Abreast,
    after: &'a Abreast,
    /// The candidate's states, and codes in universal order.
    states: &'a Abreast,
    codes: &'a [u8; TEETH],
    /// The places in [`history::YEARS`] of one who died soon, and of one who lived on.
    periods: [usize; 2],
}

impl Pair<'_> {
    /// Whether each quadrant has a tooth that contradicts.
    #[inline(always)]
    fn contradicts(&self) -> [bool; QUADRANTS] {
        let mut contradict = [false; QUADRANTS];
        for (before, after) in self.before.chunks_exact(QUADRANTS).zip(self.after.chunks_exact(QUADRANTS)) {
            for quadrant in 0..QUADRANTS {
                contradict[quadrant] |= before[quadrant] != UNKNOWN as u8 && before[quadrant] > after[quadrant];
            }
        }
        contradict
    }

    /// Whether the chart before may be NCIC's default.
    #[inline(always)]
    fn may_be_default(&self) -> bool {
        let untouched = self.before.iter().map(|state| u8::from(*state == 0)).sum::<u8>();
        let others = self.before.iter().map(|state| u8::from((1..UNKNOWN as u8).contains(state))).sum::<u8>();
        untouched >= ALL_UNTOUCHED && others == 0
    }
}

impl Prepared<'_> {
    #[inline(always)]
    fn pair<'p>(&'p self, candidate: &'p Value, states: &'p Abreast) -> Pair<'p> {
        let (ante, post) = self.facing.ante_post(self.query, candidate);
        let (before, after) = self.facing.ante_post(&self.states, states);
        let charted = ante.span.years_alive().unwrap_or(self.model.undated_years);
        let gap = ante.span.years_to(post.span).unwrap_or(0.0).max(0.0);
        let periods = [charted, charted + gap / 2.0].map(history::period);
        Pair { before, after, states, codes: &candidate.teeth, periods }
    }

    #[inline(always)]
    fn bits(&self, candidate: &Value, states: &Abreast) -> Bits {
        let pair = self.pair(candidate, states);
        let (_, post) = self.facing.ante_post(self.query, candidate);
        let mut pairs = [0; PAIRS];
        for (pair, states) in pairs.iter_mut().zip(states.chunks_exact(2)) {
            *pair = states[0] * STATES as u8 + states[1];
        }
        let chance = self.chance(&pairs, post.age);
        let default = if pair.may_be_default() { self.model.untouched_default } else { self.model.misfiled };
        let likely = (1.0 - default) * self.likely(&pair, &pairs) + default * chance;
        Bits::of_ratio(likely / chance).within(Dental::ABOUT.floor, Dental::ABOUT.cap)
    }

    /// How much commoner the chart after is, of the teeth that are compared, at the age of the body, than if every tooth were
    /// anybody's.
    #[inline(always)]
    fn chance(&self, pairs: &[u8; PAIRS], age: u8) -> f64 {
        let mut chances = self.shares[usize::from(age).min(self.shares.len() - 1)];
        // What four teeth say a short number holds, and what all say does not.
        for (by_states, states) in self.pairs.chunks_exact(2).zip(pairs.chunks_exact(2)) {
            let four = by_states[0][usize::from(states[0])].times(&by_states[1][usize::from(states[1])]);
            for (chance, four) in chances.iter_mut().zip(four.iter()) {
                *chance *= f64::from(*four);
            }
        }
        let mut sums = [0.0; 4];
        for four in chances.chunks_exact(sums.len()) {
            sums.iter_mut().zip(four).for_each(|(sum, chance)| *sum += chance);
        }
        (sums[0] + sums[2] + (sums[1] + sums[3])).max(f64::MIN_POSITIVE)
    }

    /// How much likelier the chart after is given that before than if every tooth were anybody's.
    #[inline(always)]
    fn likely(&self, pair: &Pair<'_>, pairs: &[u8; PAIRS]) -> f64 {
        let [soon, late] = pair.periods;
        let died = self.readings.changes(soon, pairs);
        let lived = if late == soon { died } else { self.readings.changes(late, pairs) };
        let (died, lived) = ((1.0 - self.model.lived_on) * died, self.model.lived_on * lived);
        let likely = self.readings.surfaces(pair.codes) * (died + lived);
        let contradicts = pair.contradicts();
        if contradicts == [false; QUADRANTS] {
            return likely;
        }
        let period = pair.periods[usize::from(lived > died)];
        let factors = self.readings.factors(period, pair.states, pair.codes);
        let likelier = numbering::likelier(&self.steps, &factors);
        let contradicting = likelier.into_iter().zip(contradicts).filter(|(_, contradicts)| *contradicts);
        likely * contradicting.map(|(likelier, _)| likelier).product::<f64>()
    }

    fn counts(&self, candidate: &Value, states: &Abreast) -> Counts {
        let pair = self.pair(candidate, states);
        let mut counts = Counts::default();
        let factors = self.readings.factors(pair.periods[0], pair.states, pair.codes);
        for (quadrant, contradicts) in pair.contradicts().into_iter().enumerate() {
            let likeliest = || numbering::likeliest(&self.steps, &factors, quadrant);
            let numbers = if contradicts { likeliest() } else { [0; QUADRANT] };
            for (tooth, number) in (quadrant * QUADRANT..).zip(numbers) {
                if usize::from(pair.before[abreast(tooth)]) != UNKNOWN {
                    counts.add(&pair, tooth, OFFSETS[number]);
                }
            }
        }
        counts
    }
}

impl Counts {
    /// Counts a tooth after, read as a neighbour before where that was charted.
    fn add(&mut self, pair: &Pair<'_>, tooth: usize, offset: isize) {
        let before = |tooth: usize| pair.before[abreast(tooth)];
        let other = neighbour(tooth, offset).filter(|&other| usize::from(before(other)) != UNKNOWN);
        let (before, after) = (before(other.unwrap_or(tooth)), pair.after[abreast(tooth)]);
        if usize::from(after) == UNKNOWN {
            return;
        }
        match before.cmp(&after) {
            Ordering::Equal => self.agree += 1,
            Ordering::Less => self.explainable += 1,
            Ordering::Greater => self.unexplainable += 1,
        }
        self.misnumbered += u64::from(other.is_some_and(|other| other != tooth));
    }
}

/// The tooth beside one, in its quadrant.
fn neighbour(tooth: usize, offset: isize) -> Option<usize> {
    let other = tooth.checked_add_signed(offset)?;
    (other / QUADRANT == tooth / QUADRANT && other < TEETH).then_some(other)
}

#[cfg(test)]
mod tests;
