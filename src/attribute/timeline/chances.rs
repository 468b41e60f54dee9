//! How often a missing person of the collection would look like a body's dates and ages: the denominators.
//!
//! From three histograms (years of last contact and of birth, ages), moved by the time that people live on. Only the later
//! state of a pair sets them, and age and dates are taken as independent of each other.

use std::sync::OnceLock;

use super::{AGES, DAYS_A_YEAR, FIRST_YEAR, Statistics, Value, YEARS, is_open, middle, year};
use crate::model::{Bits, GAP_CLASSES, GAP_YEARS, LIVES, Model, TimelineModel, lived_years, log2};

/// An estimated time of death is taken to be no more exact than so many days.
const LEAST_WIDTH: i32 = 30;

/// Days within which an estimate that is far off may be.
const FAR_DAYS: f64 = 3_652.0;

/// An estimated time of death: from one day and before another, and the days that it has missed by no more than its own
/// width.
pub(super) struct Estimate {
    pub(super) within: (i32, i32),
    pub(super) near: (i32, i32),
    outside: f64,
    far: f64,
}

impl Estimate {
    /// How well it goes with a time of death: so much for what of it lies within, so much for what lies near, and so much
    /// for any.
    pub(super) const fn weights(&self) -> [f64; 3] {
        [1.0 - 2.0 * self.outside, self.outside - self.far, self.far]
    }

    fn fit(&self, within: f64, near: f64) -> f64 {
        let [of_within, of_near, any] = self.weights();
        within * of_within + near * of_near + any
    }
}

/// What the collection expects.
pub(super) struct Collection {
    /// Share of missing persons who were last seen in each year, and before each.
    contact: Vec<f64>,
    contact_before: Vec<f64>,
    /// The same for those who lived on, by the year in which they died.
    died_later: Vec<f64>,
    /// Shares of those born before each year.
    born_before: Vec<f64>,
    /// Ages of those who died soon, and of those who lived on.
    soon: AgeShares,
    later: AgeShares,
    /// For each condition and year of finding, once it is asked for: the chances of having died before each year, from
    /// [`GAP_YEARS`] back.
    died_before: Box<[OnceLock<Box<[f64]>>]>,
}

/// How often a missing person would look like one body.
#[derive(Clone, Copy, Default)]
pub struct Chances {
    pub(super) birth: f32,
    /// That somebody was born on one of the days of the birth, and what the birth is worth beside any other that has nothing
    /// to do with it.
    pub(super) born: f32,
    pub(super) unlike: Bits,
    /// log2.
    pub(super) age: f32,
    /// log2 of a day's, with what follows no rule.
    pub(super) gap: f32,
}

/// Shares by age, added up.
struct AgeShares {
    /// Of those younger than each age.
    younger: Vec<f64>,
    /// For each age: the younger (and the older) ones, fading over the shoulder.
    fading_below: Vec<f64>,
    fading_above: Vec<f64>,
}

impl Collection {
    pub(super) fn new(model: &Model, statistics: &Statistics) -> Self {
        let ages = shares(&statistics.age[..], model.smoothing);
        let contact = shares(&statistics.contact[..], model.smoothing);
        let shoulder = model.timeline.shoulder();
        Self {
            died_later: later(&model.timeline, &contact),
            born_before: before(shares(&statistics.birth[..], model.smoothing).into_iter()),
            later: AgeShares::new(&later(&model.timeline, &ages), shoulder),
            soon: AgeShares::new(&ages, shoulder),
            contact_before: before(contact.iter().copied()),
            contact,
            died_before: (0..GAP_CLASSES * YEARS).map(|_| OnceLock::new()).collect(),
        }
    }

    #[inline(always)]
    pub(super) fn chances(&self, model: &TimelineModel, post: &Value) -> Chances {
        // No closures, which would not be inlined where many are worked out.
        let mut chances = Chances::default();
        if let Some(birth_days) = post.birth.get() {
            let born = self.born_within(birth_days, 0);
            let birth = self.birth(model, birth_days, born);
            (chances.birth, chances.born) = (birth as f32, born as f32);
            let unlike = model.birth_other * UNRELATED * born * part_of_year(birth_days);
            chances.unlike = birth_bits(unlike / birth);
        }
        if let Some(age) = post.age {
            chances.age = log2(self.age(model, age, soon(model, post))) as f32;
        }
        if let Some(found) = post.event.get() {
            let found = if is_open(found) { found.1 } else { middle(found) };
            chances.gap = log2(self.gap(model, found, post) / DAYS_A_YEAR) as f32;
        }
        chances
    }

    /// The share of missing persons born in these days, or so many years before or after.
    #[inline(always)]
    fn born_within(&self, days: (i32, i32), years: i32) -> f64 {
        self.born_before[year(days.1 + years * 365) + 1] - self.born_before[year(days.0 - years * 365)]
    }

    #[inline(always)]
    fn birth(&self, model: &TimelineModel, post: (i32, i32), exact: f64) -> f64 {
        let near = (self.born_within(post, 2) - exact) / 4.0;
        // The histogram is by year: within it all days are alike.
        ((1.0 - model.birth_near) * exact + model.birth_near * near).max(1e-6) * part_of_year(post)
    }

    #[inline(always)]
    fn age(&self, model: &TimelineModel, interval: (u8, u8), soon: f64) -> f64 {
        soon * self.soon.chance(model, interval) + (1.0 - soon) * self.later.chance(model, interval)
    }

    /// The chance a year that a missing person is found in that year and state, dead since an estimated time.
    #[inline(always)]
    fn gap(&self, model: &TimelineModel, found: i32, post: &Value) -> f64 {
        let last = year(found);
        let (start, died_before) = self.died_before(model, post.condition, last);
        let all = died_before[last + 1 - start];
        let slip = model.gap_slip / 100.0;
        let Some(death) = post.death.get() else { return all + slip };
        let estimate = model.estimate(death);
        let died = Sums { before: died_before, start, end: found + 1 };
        // What follows no rule is put down to those who died soon after the last contact.
        let soon = Sums { before: &self.contact_before, start: 0, end: first_day(YEARS) };
        died.fit(&estimate, all) + slip * soon.fit(&estimate, 1.0)
    }

    /// A year, and the chances that a missing person died before it and each later one, and is found in the year `last` in
    /// some state.
    #[inline(always)]
    fn died_before(&self, model: &TimelineModel, condition: u8, last: usize) -> (usize, &[f64]) {
        let class = usize::from(condition).min(GAP_CLASSES - 1);
        let start = (last + 1).saturating_sub(GAP_YEARS);
        let chances = self.died_before[class * YEARS + last].get_or_init(|| {
            let soon = f64::from(model.lived(condition).cells[0]);
            let masses = model.gap_masses(condition);
            let died = |at: usize| soon * self.contact[at] + (1.0 - soon) * self.died_later[at];
            before((start..=last).map(|at| died(at) * masses[last - at])).into()
        });
        (start, chances)
    }
}

impl AgeShares {
    fn new(ages: &[f64], shoulder: f64) -> Self {
        let (mut younger, mut fading_below, mut fading_above) =
            (vec![0.0; AGES + 1], vec![0.0; AGES + 1], vec![0.0; AGES + 1]);
        for age in 0..AGES {
            younger[age + 1] = younger[age] + ages[age];
            fading_below[age + 1] = (fading_below[age] + ages[age]) * shoulder;
        }
        for age in (0..AGES).rev() {
            fading_above[age] = (fading_above[age + 1] + ages[age]) * shoulder;
        }
        Self { younger, fading_below, fading_above }
    }

    #[inline(always)]
    fn chance(&self, model: &TimelineModel, (least, most): (u8, u8)) -> f64 {
        let from = usize::from(least).min(AGES);
        let to = usize::from(most.saturating_add(1)).clamp(from, AGES);
        let beside = self.fading_below[from] + self.fading_above[to];
        self.younger[to] - self.younger[from] + model.age_outside * beside + model.age_slip
    }
}

impl TimelineModel {
    /// An estimated time of death, from a first day to a last.
    pub(super) fn estimate(&self, (first, last): (i32, i32)) -> Estimate {
        let short = (LEAST_WIDTH - (last - first + 1)).max(0) / 2;
        let within = (first - short, last + 1 + short);
        let width = within.1 - within.0;
        // What is far off may be anywhere within years: the narrower the estimate, the less of it is said of each day.
        let far = self.death_far * (f64::from(width) / FAR_DAYS).min(1.0);
        Estimate { within, near: (within.0 - width, within.1 + width), outside: self.death_outside, far }
    }

    /// What is left of a fit for each year outside an interval of ages.
    pub(super) fn shoulder(&self) -> f64 {
        (-1.0 / self.age_shoulder_years).exp()
    }
}

/// Within its year every day is as likely.
pub(super) fn part_of_year((first, last): (i32, i32)) -> f64 {
    (f64::from(last - first + 1) / DAYS_A_YEAR).min(1.0)
}

/// The most that a birth tells: the time line's cap holds for all of it.
const BIRTH_CAP: Bits = Bits(11_000);

/// The bits of a birth.
pub(super) fn birth_bits(ratio: f64) -> Bits {
    Bits::of_ratio(ratio).within(Bits(-7_000), BIRTH_CAP)
}

/// Of births that are not the person's at all, how many are anybody's.
pub(super) const UNRELATED: f64 = 0.6;

/// The chance that who is found in the state of a body died soon.
fn soon(model: &TimelineModel, post: &Value) -> f64 {
    f64::from(model.lived(post.condition).cells[0])
}

/// A histogram by year moved on by the time lived on, of those who lived on. What leaves it stays in its last year.
fn later(model: &TimelineModel, shares: &[f64]) -> Vec<f64> {
    // Every class lives on for the same times; only how many do differs.
    let lived = model.lived(0).cells;
    let all: f64 = lived[1..].iter().copied().map(f64::from).sum();
    let mut moved = vec![0.0; shares.len()];
    for (cell, lived) in (1..LIVES).zip(&lived[1..]) {
        let years = lived_years(cell);
        let (whole, part) = (years as usize, years.fract());
        for (at, share) in shares.iter().enumerate() {
            let last = shares.len() - 1;
            moved[(at + whole).min(last)] += share * f64::from(*lived) / all * (1.0 - part);
            moved[(at + whole + 1).min(last)] += share * f64::from(*lived) / all * part;
        }
    }
    moved
}

/// Sums by year ([`before`]), from a year on; of the last year there are the days before `end`.
struct Sums<'a> {
    before: &'a [f64],
    start: usize,
    end: i32,
}

impl Sums<'_> {
    /// How well an estimate goes with all of them.
    #[inline(always)]
    fn fit(&self, estimate: &Estimate, all: f64) -> f64 {
        estimate.fit(self.between(estimate.within), self.between(estimate.near)) + (all - 1.0) * estimate.far
    }

    #[inline(always)]
    fn between(&self, (from, to): (i32, i32)) -> f64 {
        self.by(to) - self.by(from)
    }

    #[inline(always)]
    fn by(&self, day: i32) -> f64 {
        let last = self.start + self.before.len() - 2;
        let at = year(day).clamp(self.start, last);
        let (first, end) = (first_day(at), if at == last { self.end } else { first_day(at + 1) });
        let share = f64::from(day - first) / f64::from((end - first).max(1));
        let [before, after] = [self.before[at - self.start], self.before[at - self.start + 1]];
        before + (after - before) * share.clamp(0.0, 1.0)
    }
}

/// Sums of what comes before each item, and of all.
fn before(items: impl Iterator<Item = f64>) -> Vec<f64> {
    let sums = items.scan(0.0, |sum, item| {
        *sum += item;
        Some(*sum)
    });
    std::iter::once(0.0).chain(sums).collect()
}

fn first_day(at: usize) -> i32 {
    (f64::from(at as i32 + FIRST_YEAR - 1_970) * DAYS_A_YEAR) as i32
}

/// Shares of a histogram, each year smoothed with its neighbours, and all with a uniform share.
fn shares(counts: &[i64], smoothing: f64) -> Vec<f64> {
    let total = counts.iter().sum::<i64>() as f64 + smoothing;
    let uniform = smoothing / counts.len() as f64;
    let near = |at: usize| counts[at.saturating_sub(1)] + 2 * counts[at] + counts[(at + 1).min(counts.len() - 1)];
    (0..counts.len()).map(|at| (near(at) as f64 / 4.0 + uniform) / total).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Days;
    use super::*;

    /// The twin of [`Collection::gap`]: every year by itself.
    fn gap_by_years(collection: &Collection, model: &TimelineModel, found: i32, post: &Value) -> f64 {
        let (soon, last) = (soon(model, post), year(found));
        let years = (0..=last).rev().zip(model.gap_masses(post.condition));
        let died = |at: usize| soon * collection.contact[at] + (1.0 - soon) * collection.died_later[at];
        let fits = |at: usize, end: i32| {
            let Some((first, last)) = post.death.get() else { return 1.0 };
            let (from, to) = (first_day(at), (first_day(at + 1) - 1).min(end));
            let within = |(first, last): (i32, i32)| {
                let days = f64::from((to.min(last) - from.max(first) + 1).max(0));
                (days / f64::from((to - from + 1).max(1))).min(1.0)
            };
            let short = (30 - (last - first + 1)).max(0) / 2;
            let (first, last) = (first - short, last + short);
            let width = last + 1 - first;
            let (inside, near) = (within((first, last)), within((first - width, last + width)));
            inside * (1.0 - model.death_outside)
                + (near - inside) * model.death_outside
                + (1.0 - near) * model.death_far * (f64::from(width) / 3_652.0).min(1.0)
        };
        let slip: f64 = (0..YEARS).map(|at| collection.contact[at] * fits(at, i32::MAX)).sum();
        years.map(|(at, mass)| died(at) * mass * fits(at, found)).sum::<f64>() + model.gap_slip / 100.0 * slip
    }

    proptest! {
        #[test]
        fn a_gap_is_the_sum_over_the_years(
            contacts in prop::collection::vec(-30_000..20_000, 1..9),
            (found, first, length) in (-10_000..20_000, -50_000..21_000, 0..40_000),
            (condition, dated) in (0..11_u8, any::<bool>()),
        ) {
            let (model, mut statistics) = (Model::default(), Statistics::default());
            contacts.into_iter().for_each(|day| statistics.contact[year(day)] += 1);
            let collection = Collection::new(&model, &statistics);
            let death = dated.then_some((first, first + length));
            let [birth, event, death] = [None, Some((found, found)), death].map(Days::from);
            let post = Value { birth, age: None, event, death, condition };
            let quick = collection.gap(&model.timeline, found, &post);
            let twin = gap_by_years(&collection, &model.timeline, found, &post);
            prop_assert!((quick / twin - 1.0).abs() < 1e-6, "{} {}", quick, twin);
        }
    }

    #[test]
    fn who_lives_on_grows_older_and_nobody_is_lost() {
        let mut shares = vec![0.0; YEARS];
        shares[40] = 1.0;
        let moved = later(&Model::default().timeline, &shares);
        let mean: f64 = moved.iter().enumerate().map(|(at, share)| at as f64 * share).sum();
        assert!((moved.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        assert!((42.0..46.0).contains(&mean), "{mean}");
    }
}
