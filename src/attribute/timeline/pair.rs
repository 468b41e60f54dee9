//! One missing person's dates and ages against one body's: the numerators, over their chances.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI32, Ordering::Relaxed};

use jiff::Span;
use jiff::civil::Date;

use super::chances::Chances;
use super::{AGES, DAYS_A_YEAR, HALF_YEARS, OLDEST, Prepared, Value, is_open, middle};
use crate::model::{Bits, GAPS, LIVES, Lives, TimelineModel, gap_of_days, lived_days, lived_years};

/// Ages that are tried where the age is stated as an interval.
const AGES_TRIED: usize = 8;

/// An age that is stated to so many years is one.
pub(super) const EXACT: f64 = 1.0;

/// The most that a birth tells: the time line's cap holds for all of it.
const BIRTH_CAP: Bits = Bits(11_000);

/// Days lived on, where no time of death says how many.
const ANY_TIME: (i32, i32) = (i32::MIN, i32::MAX);

/// What the parts of a pair are worth; none: one side does not have it.
#[derive(Clone, Copy, Default)]
pub(super) struct Weighed {
    pub(super) birth: Option<Bits>,
    pub(super) age: Option<Bits>,
    pub(super) gap: Option<Bits>,
}

impl Weighed {
    pub(super) fn sum(self) -> Bits {
        [self.birth, self.age, self.gap].into_iter().flatten().sum()
    }
}

/// The cells of the time lived on, as pairs need them.
pub(super) struct Cells {
    /// First day of each, and one over its days.
    from: [f64; LIVES],
    to: [f64; LIVES],
    share_of_day: [f64; LIVES],
    years: [f64; LIVES],
}

impl Cells {
    pub(super) fn new() -> Self {
        let [from, to] = [|days: (i32, i32)| days.0, |days: (i32, i32)| days.1]
            .map(|end| std::array::from_fn(|cell| f64::from(end(lived_days(cell)))));
        let share_of_day = std::array::from_fn(|cell| 1.0 / (to[cell] - from[cell]));
        Self { from, to, share_of_day, years: std::array::from_fn(lived_years) }
    }

    /// How well an estimated time of death goes with each, lived on from the day of the last contact: by how much of the
    /// cell lies within it.
    fn fit_death(&self, model: &TimelineModel, contact: i32, death: (i32, i32)) -> [f64; LIVES] {
        let estimate = model.estimate(death);
        let since = |(first, end): (i32, i32)| (f64::from(first - contact), f64::from(end - contact));
        let (within, near) = (since(estimate.within), since(estimate.near));
        let share = |cell: usize, (first, end): (f64, f64)| {
            let (from, to) = (self.from[cell], self.to[cell]);
            let days = if to < end { to } else { end } - if from > first { from } else { first };
            if days > 0.0 { days * self.share_of_day[cell] } else { 0.0 }
        };
        std::array::from_fn(|cell| estimate.fit(share(cell, within), share(cell, near)))
    }

    /// How well an interval of ages goes with each, lived on from an age, of the days that may have been lived on.
    fn fits(
        &self,
        fit_outside: &[f64; AGES],
        (age, lived): (f64, (i32, i32)),
        (least, most): (u8, u8),
    ) -> [f64; LIVES] {
        let possible = (f64::from(lived.0), f64::from(lived.1));
        std::array::from_fn(|cell| {
            let possible = (self.from[cell].max(possible.0), self.to[cell].min(possible.1));
            // Where the cell holds a part of those days, the years are of that part.
            let lived = match possible.0 < possible.1 && cell > 0 {
                true => self.years[cell].clamp(possible.0 / DAYS_A_YEAR, possible.1 / DAYS_A_YEAR),
                false => self.years[cell],
            };
            let age = (age + lived) as i32;
            fit_outside[years(i32::from(least) - age)] * fit_outside[years(age - i32::from(most))]
        })
    }
}

/// How well every bound of an interval of ages goes with each time lived on from the query's age.
pub(super) struct OfAge {
    pub(super) age: f64,
    /// By the least age, and by the greatest.
    least: Box<[[f64; LIVES]]>,
    most: Box<[[f64; LIVES]]>,
}

impl OfAge {
    pub(super) fn new(cells: &Cells, fit_outside: &[f64; AGES], age: f64) -> Self {
        let fits = |interval| cells.fits(fit_outside, (age, ANY_TIME), interval);
        let least = (0..=OLDEST).map(|least| fits((least, u8::MAX))).collect();
        Self { age, least, most: (0..=OLDEST).map(|most| fits((0, most))).collect() }
    }

    /// What [`Cells::fits`] says of any time lived on.
    fn fits(&self, (least, most): (u8, u8)) -> [f64; LIVES] {
        let [least, most] = [&self.least[usize::from(least)], &self.most[usize::from(most)]];
        std::array::from_fn(|cell| least[cell] * most[cell])
    }
}

/// Years outside an interval; none within it.
fn years(outside: i32) -> usize {
    outside.clamp(0, AGES as i32 - 1) as usize
}

/// What repeats among the pairs of one query.
#[derive(Default)]
pub(super) struct Kept {
    /// Of a body's query, by gap, and by gap and half years of age: the bits.
    gaps: OnceLock<Box<[AtomicI32]>>,
    ages: OnceLock<Box<[AtomicI32]>>,
}

impl Kept {
    /// Stands for what is not worked out yet.
    const BLANK: i32 = i32::MIN;

    fn get(kept: &OnceLock<Box<[AtomicI32]>>, (at, places): (usize, usize), worked_out: impl FnOnce() -> Bits) -> Bits {
        let blank = || (0..places).map(|_| AtomicI32::new(Self::BLANK)).collect();
        let kept = &kept.get_or_init(blank)[at];
        match kept.load(Relaxed) {
            Self::BLANK => {
                let bits = worked_out();
                kept.store(bits.0, Relaxed);
                bits
            }
            known => Bits(known),
        }
    }
}

impl Prepared<'_> {
    pub(super) fn weighed(&self, ante: &Value, post: &Value, chances: Chances) -> Weighed {
        let birth = ante.born().zip(post.birth).map(|(ante, post)| self.birth(ante, post, chances));
        let age = if birth.is_none() { ante.ages_beside(post).zip(post.age) } else { None };
        let gap = ante.days_to(post).map(gap_of_days);
        let model = &self.model.timeline;
        if let (Some(gap), Some(contact), Some(death)) = (gap, ante.event, post.death) {
            let lives = self.dated(gap, middle(contact), (post.condition, death));
            let lived = (death.0 - middle(contact), death.1 - middle(contact) + 1);
            let age = age.map(|age| self.age(age, (&lives, lived), chances));
            return Weighed { birth, age, gap: Some(gap_bits(lives.log2, chances)) };
        }
        let lives = gap.map_or_else(|| model.lived(post.condition), |gap| model.found(post.condition, gap));
        let by_gap = |gap| self.by_gap(gap, || gap_bits(lives.log2, chances));
        let age = age.map(|age| self.by_age(gap, age.0, || self.age(age, (lives, ANY_TIME), chances)));
        Weighed { birth, age, gap: gap.map(by_gap) }
    }

    fn by_gap(&self, gap: usize, worked_out: impl FnOnce() -> Bits) -> Bits {
        match &self.kept {
            Some(kept) => Kept::get(&kept.gaps, (gap, GAPS), worked_out),
            None => worked_out(),
        }
    }

    fn by_age(&self, gap: Option<usize>, (least, most): (f64, f64), worked_out: impl FnOnce() -> Bits) -> Bits {
        let half_years = (least + most) as usize;
        match &self.kept {
            Some(kept) if half_years < HALF_YEARS && most - least <= EXACT => {
                let at = gap.unwrap_or(GAPS) * HALF_YEARS + half_years;
                Kept::get(&kept.ages, (at, (GAPS + 1) * HALF_YEARS), worked_out)
            }
            _ => worked_out(),
        }
    }

    /// The chance a day of the finding and the estimated time of death, for each time lived on.
    fn dated(&self, gap: usize, contact: i32, (condition, death): (u8, (i32, i32))) -> Lives {
        let model = &self.model.timeline;
        let fits = self.cells.fit_death(model, contact, death);
        let densities = model.gap_densities(condition, gap);
        model.with_slip(std::array::from_fn(|cell| densities[cell] * fits[cell]), fits[0])
    }

    /// An estimate against the age at last contact, as far as it is known, and what the dates say of the time lived on.
    fn age(
        &self,
        (ages, interval): ((f64, f64), (u8, u8)),
        (lives, lived): (&Lives, (i32, i32)),
        chances: Chances,
    ) -> Bits {
        let likely = |age: f64| {
            let fits = match &self.of_age {
                Some(of_age) if lived == ANY_TIME && of_age.age == age => of_age.fits(interval),
                _ => self.cells.fits(&self.fit_outside, (age, lived), interval),
            };
            Lives::sum(&std::array::from_fn(|cell| lives.cells[cell] * fits[cell]))
        };
        let (least, most) = ages;
        let likely = if most - least <= EXACT {
            likely(f64::midpoint(least, most))
        } else {
            let step = (most - least) / AGES_TRIED as f64;
            (0..AGES_TRIED).map(|at| likely(least + step * (at as f64 + 0.5))).sum::<f64>() / AGES_TRIED as f64
        };
        Bits::from_f64(likely.log2() - lives.log2 - chances.age).within(Bits(-7_000), Bits(6_000))
    }

    /// Two stated births: the same, off by a year or two, a decade or more apart (one digit wrong), or unrelated. Two days
    /// are compared part by part: a slip is in the day, the month or the year, or day and month change places.
    fn birth(&self, ante: (i32, i32), post: (i32, i32), chances: Chances) -> Bits {
        let model = &self.model.timeline;
        if let (Some(a), Some(b)) = (date_of(ante), date_of(post)) {
            let same = [a.day() == b.day(), a.month() == b.month(), a.year() == b.year()];
            let other = model.birth_other * 0.6 * chances.birth;
            let slips = model.birth_near + model.birth_other;
            let apart = f64::from((a.year() - b.year()).abs());
            let year = if apart < 20.0 { (-apart / 2.0).exp() / 2.0 } else { 0.0 }
                + if apart % 10.0 == 0.0 { 0.05 } else { 0.0 };
            let likely = match same {
                [true, true, true] => 1.0 - slips,
                [true, true, false] => slips * 0.4 * year,
                [false, true, true] => slips * 0.25 / 30.0,
                [true, false, true] => slips * 0.15 / 11.0,
                [false, false, true] if (a.day(), a.month()) == (b.month(), b.day()) => slips * 0.1,
                _ => slips * 0.1 * chances.birth,
            };
            return Bits::of_ratio((likely + other) / chances.birth).within(Bits(-7_000), BIRTH_CAP);
        }
        let length = f64::from(ante.1 - ante.0 + 1);
        let overlap = f64::from((ante.1.min(post.1) - ante.0.max(post.0) + 1).max(0)) / length;
        let apart = f64::from((post.0 - ante.1).max(ante.0 - post.1).max(0)) / DAYS_A_YEAR;
        let decades = apart > 8.0 && apart < 42.0 && apart.round() as i32 % 10 == 0;
        let near = model.birth_near * 0.5 * if apart < 20.0 { (-apart).exp() } else { 0.0 };
        let other = model.birth_other * (if decades { 0.1 } else { 0.0 } + 0.6 * self.collection.born_within(post, 0));
        // Within its year every day is as likely.
        let part = (f64::from(post.1 - post.0 + 1) / DAYS_A_YEAR).min(1.0);
        let likely = (1.0 - model.birth_near - model.birth_other) * overlap + (near + other) * part;
        Bits::of_ratio(likely / chances.birth).within(Bits(-7_000), BIRTH_CAP)
    }
}

/// The bits of a gap, by log2 of its chance a day.
fn gap_bits(log2: f64, chances: Chances) -> Bits {
    Bits::from_f64(log2 - chances.gap).within(Bits(-7_000), Bits(4_500))
}

/// The day, where it is known to the day.
fn date_of((first, last): (i32, i32)) -> Option<Date> {
    let day = || Date::constant(1970, 1, 1).checked_add(Span::new().try_days(first).ok()?).ok();
    if first == last { day() } else { None }
}

impl Value {
    /// Days from the last contact to the finding; where the dates are vague and may be in order, at least none. None where
    /// either has an open end, but for an order that is impossible all the same.
    pub(super) fn days_to(&self, post: &Self) -> Option<i32> {
        let (contact, found) = (self.event?, post.event?);
        match (is_open(contact) || is_open(found), found.1 >= contact.0) {
            (true, true) => None,
            (true, false) => Some(found.1 - contact.0),
            (false, in_order) => Some((middle(found) - middle(contact)).max(if in_order { 0 } else { i32::MIN })),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::super::{Statistics, Timeline};
    use super::*;
    use crate::attribute::{Attribute, Facing, Scale};
    use crate::model::Model;
    use crate::record::Kind;

    fn days() -> impl Strategy<Value = (i32, i32)> {
        let first = prop_oneof![4 => 0..20_000, 1 => -200_000..20_000];
        (first, prop_oneof![3 => Just(0), 1 => 0..400, 1 => Just(40_000)])
            .prop_map(|(first, days)| (first, first + days))
    }

    /// Birth, last contact or finding, death; age; condition.
    type Told = ([Option<(i32, i32)>; 3], Option<(u8, u8)>, u8);

    fn told() -> impl Strategy<Value = Told> {
        let age = (0..=120_u8, 0..12_u8).prop_map(|(least, more)| (least, least.saturating_add(more).min(120)));
        let date = || prop::option::of(days());
        ([date(), date(), date()], prop::option::of(age), 0..11_u8)
    }

    fn value(([birth, event, death], age, condition): &Told) -> Value {
        Value { birth: *birth, age: *age, event: *event, death: *death, condition: *condition }
    }

    proptest! {
        #[test]
        fn many_are_weighed_as_one_by_one(query in told(), candidates in prop::collection::vec(told(), 1..20)) {
            let (query, candidates) = (value(&query), candidates.iter().map(value).collect::<Vec<_>>());
            static MODEL: LazyLock<Model> = LazyLock::new(Model::default);
            let statistics = Statistics::default();
            for [query_kind, candidate] in [[Kind::Missing, Kind::Unidentified], [Kind::Unidentified, Kind::Missing]] {
                let scale = || {
                    let facing = Facing { query: query_kind, candidate };
                    Scale { model: &MODEL, statistics: &statistics, facing }
                };
                let (one, many) = (Timeline::prepare(scale(), &query), Timeline::prepare_for_all(scale(), &query));
                for candidate in candidates.iter().chain(&candidates) {
                    let known = Timeline::know(&many, candidate);
                    let weighed = Timeline::weigh_known(&many, candidate, &known);
                    prop_assert_eq!(Timeline::weigh(&one, candidate), weighed);
                }
            }
        }
    }
}
