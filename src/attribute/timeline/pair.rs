//! One missing person's dates and ages against one body's: the numerators, over their chances.

use std::f64::consts::LOG2_E;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI32, Ordering::Relaxed};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;

use super::chances::{Chances, UNRELATED, birth_bits, part_of_year};
use super::{AGES, DAYS_A_YEAR, HALF_YEARS, OLDEST, Prepared, Value, is_open, middle};
use crate::model::{
    Bits, GAPS, LIVES, Lives, TimelineModel, by_life, exp2, gap_of_days, lived_cell, lived_days, lived_years, log2,
};
use crate::processor::Vector;

/// Ages that are tried where the age is stated as an interval.
const AGES_TRIED: usize = 8;

/// An age that is stated to so many years is one.
const EXACT: f64 = 1.0;

const SECONDS_A_DAY: i64 = 86_400;

/// Years apart that no slip but one of a digit explains.
const FAR_YEARS: f64 = 20.0;

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
    /// First day of each, the day after its last, and one over its days.
    from: Vector,
    to: Vector,
    share_of_day: Vector,
    years: [f64; LIVES],
}

impl Cells {
    pub(super) fn new() -> Self {
        let [from, to] = [|days: (i32, i32)| days.0, |days: (i32, i32)| days.1]
            .map(|end| by_life(|cell| f64::from(end(lived_days(cell)))));
        let share_of_day = by_life(|cell| {
            let (from, to) = lived_days(cell);
            1.0 / f64::from(to - from)
        });
        Self { from, to, share_of_day, years: std::array::from_fn(lived_years) }
    }

    /// How well an estimated time of death goes with each, lived on from the day of the last contact: by how much of the
    /// cell lies within it.
    #[inline(always)]
    fn fit_death(&self, model: &TimelineModel, contact: i32, death: (i32, i32)) -> Vector {
        let estimate = model.estimate(death);
        let [of_within, of_near, any] = estimate.weights().map(|weight| weight as f32);
        let since = |(first, end): (i32, i32)| ((first - contact) as f32, (end - contact) as f32);
        let (within, near) = (since(estimate.within), since(estimate.near));
        // As one instruction each, which `min` and `max` are not where a number may be none.
        let (smaller, larger) = (|a, b| if a < b { a } else { b }, |a, b| if a > b { a } else { b });
        Vector::each(|cell| {
            let (from, to, share_of_day) = (self.from[cell], self.to[cell], self.share_of_day[cell]);
            let share = |(first, end): (f32, f32)| larger(smaller(to, end) - larger(from, first), 0.0) * share_of_day;
            share(within) * of_within + share(near) * of_near + any
        })
    }
}

/// What ages say of the query's: of one that is the earlier state by the bounds of the other's interval, of one that is the
/// later state by the other's age.
pub(super) enum Ages {
    /// The query's age; how well each least age of an interval, and each greatest, goes with each time lived on from it.
    Of { age: f64, least: Box<[Vector]>, most: Box<[Vector]> },
    /// How well the query's interval goes with each time lived on from every age, in half years.
    Interval(Box<[Vector]>),
}

impl Ages {
    /// What [`Prepared::fits`] says of any time lived on; none: it has to be worked out.
    #[inline(always)]
    fn fits(&self, age: f64, (least, most): (u8, u8)) -> Option<Vector> {
        match self {
            Self::Of { age: query, least: by_least, most: by_most } => {
                let (least, most) = (&by_least[usize::from(least)], &by_most[usize::from(most)]);
                (*query == age).then(|| least.times(most))
            }
            Self::Interval(by_age) => {
                let half_years = age * 2.0;
                by_age.get(half_years as usize).filter(|_| half_years.fract() == 0.0).copied()
            }
        }
    }
}

/// Years outside an interval; none within it.
fn outside(years: i32) -> usize {
    years.clamp(0, AGES as i32 - 1) as usize
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
    /// What ages say of the query's; none: it has no one age, or no interval. Whoever would be older than anybody has a slip
    /// in a date, and is weighed pair by pair.
    pub(super) fn ages_of_query(&self) -> Option<Ages> {
        let fits = |age, interval| Vector::each(|cell| self.fit(cell, (age, ANY_TIME), interval));
        if self.facing.query_is_post() {
            let interval = self.query.age?;
            let by_age = (0..HALF_YEARS).map(|half_years| fits(half_years as f64 / 2.0, interval));
            return Some(Ages::Interval(by_age.collect()));
        }
        let exact = |(least, most): &(f64, f64)| most - least <= EXACT && *most <= f64::from(OLDEST);
        let (least, most) = self.query.ages_at_contact().filter(exact)?;
        let age = f64::midpoint(least, most);
        let least = (0..=OLDEST).map(|least| fits(age, (least, u8::MAX))).collect();
        Some(Ages::Of { age, least, most: (0..=OLDEST).map(|most| fits(age, (0, most))).collect() })
    }

    /// How well an interval of ages goes with a cell of the time lived on from an age, of the days that may have been lived
    /// on.
    fn fit(&self, cell: usize, (age, lived): (f64, (i32, i32)), (least, most): (u8, u8)) -> f32 {
        if cell >= LIVES {
            return 0.0;
        }
        let (from, to) = lived_days(cell);
        let (from, to) = (from.max(lived.0), to.min(lived.1));
        let years = self.cells.years[cell];
        // Where the cell holds a part of those days, the years are of that part.
        let lived = match from < to && cell > 0 && lived != ANY_TIME {
            true => years.clamp(f64::from(from) / DAYS_A_YEAR, f64::from(to) / DAYS_A_YEAR),
            false => years,
        };
        let age = (age + lived) as i32;
        self.fit_outside[outside((i32::from(least) - age).max(age - i32::from(most)))]
    }

    /// The same for all cells.
    #[inline(always)]
    fn fits(&self, (age, lived): (f64, (i32, i32)), interval: (u8, u8)) -> Vector {
        let Some(mut fits) = self.ages.as_ref().and_then(|ages| ages.fits(age, interval)) else {
            return Vector::each(|cell| self.fit(cell, (age, lived), interval));
        };
        if lived != ANY_TIME {
            // Those of which the days are a part.
            for cell in [lived_cell(lived.0), lived_cell(lived.1)] {
                fits[cell] = self.fit(cell, (age, lived), interval);
            }
        }
        fits
    }

    #[inline(always)]
    pub(super) fn weighed(&self, ante: &Value, post: &Value, chances: Chances) -> Weighed {
        let births = match self.facing.query_is_post() {
            true => ante.born().map(Born::new).zip(self.born),
            false => self.born.zip(post.birth.get().map(Born::new)),
        };
        let birth = births.map(|(ante, post)| self.birth(ante, post, chances));
        let age = if birth.is_none() { ante.ages_beside(post).zip(post.age) } else { None };
        let gap = ante.days_to(post).map(gap_of_days);
        let model = &self.model.timeline;
        if let (Some(gap), Some(contact), Some(death)) = (gap, ante.event.get(), post.death.get()) {
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
    #[inline(always)]
    fn dated(&self, gap: usize, contact: i32, (condition, death): (u8, (i32, i32))) -> Lives {
        let model = &self.model.timeline;
        let fits = self.cells.fit_death(model, contact, death);
        let densities = model.gap_densities(condition, gap);
        model.with_slip(densities.times(&fits), fits[0])
    }

    /// An estimate against the age at last contact, as far as it is known, and what the dates say of the time lived on.
    #[inline(always)]
    fn age(
        &self,
        (ages, interval): ((f64, f64), (u8, u8)),
        (lives, lived): (&Lives, (i32, i32)),
        chances: Chances,
    ) -> Bits {
        let (least, most) = ages;
        let likely = if most - least <= EXACT {
            self.likely((f64::midpoint(least, most), lived), interval, lives)
        } else {
            let step = (most - least) / AGES_TRIED as f64;
            let age = |at: usize| least + step * (at as f64 + 0.5);
            let likely = |at: usize| self.likely((age(at), lived), interval, lives);
            (0..AGES_TRIED).map(likely).sum::<f64>() / AGES_TRIED as f64
        };
        Bits::from_f64(log2(likely) - lives.log2 - f64::from(chances.age)).within(Bits(-7_000), Bits(6_000))
    }

    /// The chance of an estimate for one age at last contact.
    #[inline(always)]
    fn likely(&self, age: (f64, (i32, i32)), interval: (u8, u8), lives: &Lives) -> f64 {
        let fits = self.fits(age, interval);
        lives.cells.times(&fits).sum()
    }

    /// What two days of birth are worth that have nothing in common.
    pub(super) fn unlike_births(model: &TimelineModel) -> Bits {
        let slips = model.birth_near + model.birth_other;
        birth_bits(slips * 0.1 + model.birth_other * UNRELATED)
    }

    /// Two stated births: the same, off by a year or two, a decade or more apart (one digit wrong), or unrelated. Two days
    /// are compared part by part: a slip is in the day, the month or the year, or day and month change places.
    #[inline(always)]
    fn birth(&self, ante: Born, post: Born, chances: Chances) -> Bits {
        let (model, chance) = (&self.model.timeline, f64::from(chances.birth));
        let faded = |years: f64| if years < FAR_YEARS { exp2(-years * LOG2_E) } else { 0.0 };
        if let (Some(a), Some(b)) = (ante.day, post.day) {
            let same = [a.day() == b.day(), a.month() == b.month(), a.year() == b.year()];
            let other = model.birth_other * UNRELATED * chance;
            let slips = model.birth_near + model.birth_other;
            let off = || {
                let apart = f64::from((a.year() - b.year()).abs());
                let fade = if apart < FAR_YEARS { faded(apart / 2.0) / 2.0 } else { 0.0 };
                fade + if apart % 10.0 == 0.0 { 0.05 } else { 0.0 }
            };
            let likely = match same {
                [true, true, true] => 1.0 - slips,
                [true, true, false] => slips * 0.4 * off(),
                [false, true, true] => slips * 0.25 / 30.0,
                [true, false, true] => slips * 0.15 / 11.0,
                [false, false, true] if (a.day(), a.month()) == (b.month(), b.day()) => slips * 0.1,
                // Nearly every pair: the chance cancels out.
                _ => return self.unlike_births,
            };
            return birth_bits((likely + other) / chance);
        }
        let (ante, post) = (ante.days, post.days);
        let apart = f64::from((post.0 - ante.1).max(ante.0 - post.1).max(0)) / DAYS_A_YEAR;
        let decades = apart > 8.0 && apart < 42.0 && (apart + 0.5) as i32 % 10 == 0;
        // Most: no overlap, and nothing of what a slip would explain.
        if apart >= FAR_YEARS && !decades {
            return chances.unlike;
        }
        let length = f64::from(ante.1 - ante.0 + 1);
        let overlap = f64::from((ante.1.min(post.1) - ante.0.max(post.0) + 1).max(0)) / length;
        let near = model.birth_near * 0.5 * faded(apart);
        let other = model.birth_other * (if decades { 0.1 } else { 0.0 } + UNRELATED * f64::from(chances.born));
        let likely = (1.0 - model.birth_near - model.birth_other) * overlap + (near + other) * part_of_year(post);
        birth_bits(likely / chance)
    }
}

/// The bits of a gap, by log2 of its chance a day.
fn gap_bits(log2: f64, chances: Chances) -> Bits {
    Bits::from_f64(log2 - f64::from(chances.gap)).within(Bits(-7_000), Bits(4_500))
}

/// When somebody was born.
#[derive(Clone, Copy)]
pub(super) struct Born {
    days: (i32, i32),
    /// The day, where it is known to the day.
    day: Option<Date>,
}

impl Born {
    pub(super) fn new(days: (i32, i32)) -> Self {
        let second = i64::from(days.0) * SECONDS_A_DAY;
        let day = || Some(Offset::UTC.to_datetime(Timestamp::from_second(second).ok()?).date());
        Self { days, day: if days.0 == days.1 { day() } else { None } }
    }
}

impl Value {
    /// Days from the last contact to the finding; where the dates are vague and may be in order, at least none. None where
    /// either has an open end, but for an order that is impossible all the same.
    pub(super) fn days_to(&self, post: &Self) -> Option<i32> {
        let (contact, found) = (self.event.get()?, post.event.get()?);
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

    use super::super::{Days, Statistics, Timeline};
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
        let [birth, event, death] = [birth, event, death].map(|days| Days::from(*days));
        Value { birth, age: *age, event, death, condition: *condition }
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
