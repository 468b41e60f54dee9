//! Birth, age, last contact, death, finding and condition as one time line.
//!
//! Years of birth are compared where both state them. Everything else hangs on when the person died: most die soon
//! after they were last seen, some live on for years and are then found soon. So
//! `K(found, age, death | last contact, age) = sum over l of P(l) p(found - last contact - l | condition) a(age + l) d(l)`
//! over the time lived on `l` ([`crate::model::LIVES`] cells), where `a` says how an estimated interval of ages
//! goes with an age at death (92 % of reports hold the truth, with soft shoulders of years) and `d` how an estimated
//! time of death does. A body that is recognizable after twenty years has grown twenty years older; a skeleton need not
//! have. An estimate that misses the time of death mostly misses it by no more than its own width. The evidence is `K` over its average among the missing of the collection ([`chances`]), in two parts: the gap
//! with the time of death, and what the age adds to it. A body found before the last contact costs much, up to a week
//! less: the first person NamUs ever identified had been found three days before.

mod chances;
mod pair;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::derived::Derived;
use super::{About, Attribute, Detail, Evidence, Facing, Part, Scale};
use crate::model::{Bits, Model};
use crate::record::{Condition, DateInterval, Day, Kind, Record};
use chances::{Chances, Collection};
use pair::{Ages, Born, Cells, Kept};

const DAYS_A_YEAR: f64 = 365.25;
/// The years that are counted one by one; earlier and later ones count with the first and the last.
const FIRST_YEAR: i32 = 1_880;
const YEARS: usize = 170;
/// The first of the conditions, by their place in the model's table of gaps, in which a body may have lain for years, and
/// how many.
const SKELETON: u8 = 7;
const YEARS_LAIN: f64 = 10.0;
/// An interval of so many days has an open end, which is as good as unknown.
const LIFETIME: i32 = 36_525;
/// Beyond every date that can be read, and an open end.
const LAST_DAY: u32 = 10_000_000;
/// Nobody is taken to be older.
const OLDEST: u8 = 120;
/// Ages that are counted one by one.
const AGES: usize = 111;
/// Ages at last contact that can be stated, in half years.
const HALF_YEARS: usize = 241;

/// The attribute.
pub struct Timeline;

/// Days since 1970 and years, as far as they are known.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Value {
    /// First and last possible day of birth, as stated.
    birth: Days,
    /// Least and greatest age in years.
    age: Option<(u8, u8)>,
    /// Last contact or finding: first and last day.
    event: Days,
    /// First and last possible day of death.
    death: Days,
    /// Place in the model's table of gaps.
    condition: u8,
}

/// There are nearly as many as records.
const _: () = assert!(size_of::<Option<Value>>() == 28);

/// A first and a last day; of days that are not known the last is the one before the first. In less room than an option.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Days {
    first: i32,
    last: i32,
}

impl Days {
    const UNKNOWN: Self = Self { first: 0, last: -1 };

    #[inline(always)]
    fn get(self) -> Option<(i32, i32)> {
        (self.first <= self.last).then_some((self.first, self.last))
    }

    fn is_sound(self) -> bool {
        let is_day = |day: i32| day.unsigned_abs() < LAST_DAY;
        self == Self::UNKNOWN || (self.first <= self.last && is_day(self.first) && is_day(self.last))
    }
}

impl From<Option<(i32, i32)>> for Days {
    fn from(days: Option<(i32, i32)>) -> Self {
        days.map_or(Self::UNKNOWN, |(first, last)| Self { first, last })
    }
}

/// How many missing persons by year of last contact, year of birth and age.
#[derive(Clone)]
pub struct Statistics {
    contact: Box<[i64; YEARS]>,
    birth: Box<[i64; YEARS]>,
    age: Box<[i64; AGES]>,
    collection: Derived<Collection>,
}

impl Default for Statistics {
    fn default() -> Self {
        Self {
            contact: Box::new([0; YEARS]),
            birth: Box::new([0; YEARS]),
            age: Box::new([0; AGES]),
            collection: Derived::default(),
        }
    }
}

/// A query made ready.
pub struct Prepared<'a> {
    model: &'a Model,
    facing: Facing,
    query: &'a Value,
    collection: Arc<Collection>,
    /// How well an interval fits an age so many years outside it.
    fit_outside: [f32; AGES],
    cells: Cells,
    /// What ages say of the query's, where many are weighed.
    ages: Option<Ages>,
    /// What a body's query says of what repeats among missing persons without an estimated time of death, where many are
    /// weighed.
    kept: Option<Kept>,
    /// The query's chances, where it is the later state.
    chances: Option<Chances>,
    /// When the query was born, as a record of its side tells it.
    born: Option<Born>,
    unlike_births: Bits,
}

impl Attribute for Timeline {
    const ABOUT: About = About {
        name: "timeline",
        needs: "a date of last contact and one of finding, or an age or birth on both",
        levels: &[
            ("consistent", "ages and dates agree"),
            ("strained", "an age or a gap is unlikely, or found up to a week, or dead, before the last contact"),
            ("impossible_order", "found more than a week before the last contact"),
        ],
        floor: Bits(-14_000),
        cap: Bits(15_500),
        professional: false,
        source: "age intervals hold the truth in 92 % of reports; gaps by condition fitted on twins of published cases",
        reading: 3,
    };
    type Value = Value;
    type Statistics = Statistics;
    type Prepared<'a> = Prepared<'a>;
    type Known = Chances;

    fn read(record: &Record) -> Option<Value> {
        let years = |years: f64| years.min(f64::from(OLDEST)) as u8;
        let age = record.age_years.map(|age| (years(age.min().floor()), years(age.max().ceil())));
        let death = record.death_date.as_ref().and_then(days);
        let event = record.event().and_then(|event| event.date.as_ref()).and_then(days);
        // Without a day of finding a body is taken for one that was found when it died.
        let (event, death) = match event {
            None if record.kind != Kind::Missing => (death, None),
            // Who is found alive has lived on until then.
            event if record.living == Some(true) => (event, event),
            event => (event, death),
        };
        let birth = record.birth_date.as_ref().and_then(days);
        let told = birth.is_some() || age.is_some() || event.is_some();
        let [birth, event, death] = [birth, event, death].map(Days::from);
        told.then(|| Value { birth, age, event, death, condition: gap_class(record) })
    }

    fn is_sound(value: &Value) -> bool {
        value.age.is_none_or(|(least, most)| least <= most && most <= OLDEST)
            && [value.birth, value.event, value.death].into_iter().all(Days::is_sound)
    }

    fn count(statistics: &mut Statistics, kind: Kind, value: &Value, by: i64) {
        if kind != Kind::Missing {
            return;
        }
        statistics.collection.forget();
        if let Some(contact) = value.event.get().filter(|contact| !is_open(*contact)) {
            statistics.contact[year(middle(contact))] += by;
        }
        if let Some(birth) = value.born() {
            statistics.birth[year(middle(birth))] += by;
        }
        if let Some((least, most)) = value.ages_at_contact() {
            statistics.age[(f64::midpoint(least, most) as usize).min(AGES - 1)] += by;
        }
    }

    fn prepare<'a>(scale: Scale<'a, Statistics>, query: &'a Value) -> Prepared<'a> {
        let Scale { model, statistics, facing } = scale;
        let collection = statistics.collection.get(model, || Collection::new(model, statistics));
        let outside = |years: usize| match years {
            0 => 1.0,
            years => {
                let near = model.timeline.age_outside * model.timeline.shoulder().powi(years as i32);
                (near + model.timeline.age_slip) as f32
            }
        };
        let fit_outside = std::array::from_fn(outside);
        let chances = facing.query_is_post().then(|| collection.chances(&model.timeline, query));
        Prepared {
            model,
            facing,
            query,
            collection,
            fit_outside,
            cells: Cells::new(),
            ages: None,
            kept: None,
            chances,
            born: if facing.query_is_post() { query.birth.get() } else { query.born() }.map(Born::new),
            unlike_births: Prepared::unlike_births(&model.timeline),
        }
    }

    fn prepare_for_all<'a>(scale: Scale<'a, Statistics>, query: &'a Value) -> Prepared<'a> {
        let prepared = Self::prepare(scale, query);
        let ages = prepared.ages_of_query();
        let kept = prepared.facing.query_is_post().then(Kept::default);
        Prepared { ages, kept, ..prepared }
    }

    #[inline(always)]
    fn weigh(prepared: &Prepared<'_>, candidate: &Value) -> Bits {
        Self::weigh_known(prepared, candidate, &Self::know(prepared, candidate))
    }

    fn knows(facing: Facing) -> bool {
        !facing.query_is_post()
    }

    /// The chances of the later state of the pair.
    #[inline(always)]
    fn know(prepared: &Prepared<'_>, candidate: &Value) -> Chances {
        match prepared.chances {
            Some(chances) => chances,
            None => prepared.collection.chances(&prepared.model.timeline, candidate),
        }
    }

    #[inline(always)]
    fn weigh_known(prepared: &Prepared<'_>, candidate: &Value, chances: &Chances) -> Bits {
        let (ante, post) = prepared.facing.ante_post(prepared.query, candidate);
        prepared.weighed(ante, post, *chances).sum()
    }

    fn explain(prepared: &Prepared<'_>, candidate: &Value) -> Option<Evidence> {
        let (ante, post) = prepared.facing.ante_post(prepared.query, candidate);
        let weighed = prepared.weighed(ante, post, Self::know(prepared, candidate));
        let days = ante.days_to(post);
        let died_before = ante.event.get().zip(post.death.get()).is_some_and(|(contact, death)| death.1 < contact.0);
        let died_before = if died_before { ", its death estimated before it" } else { "" };
        let gap = days.map(|days| tell_gap(days) + died_before).unwrap_or_default();
        let told = [
            ("birth", weighed.birth, tell_births(ante, post)),
            ("age", weighed.age, tell_ages(ante, post)),
            ("last_contact_to_found", weighed.gap, gap),
        ];
        let parts: Vec<Part> =
            told.into_iter().filter_map(|(name, bits, summary)| Some(Part { name, bits: bits?, summary })).collect();
        let level = match parts.iter().map(|part| part.bits).min() {
            None => return None,
            Some(_) if days.is_some_and(|days| days < -7) => "impossible_order",
            Some(worst) if worst < Bits(-1_500) || days.is_some_and(|days| days < 0) => "strained",
            Some(_) if !died_before.is_empty() => "strained",
            Some(_) => "consistent",
        };
        let details = days.map(|days| ("gap_days", Detail::Measure(f64::from(days)))).into_iter().collect();
        let summary = parts.iter().map(|part| part.summary.as_str()).collect::<Vec<_>>().join("; ");
        Some(Evidence { parts, details, ..Evidence::plain(&Self::ABOUT, weighed.sum(), level, summary) })
    }
}

impl Value {
    /// First and last possible day of birth, from the date of birth or from the age.
    fn born(&self) -> Option<(i32, i32)> {
        self.birth.get().or_else(|| {
            let (event, (least, most)) = (self.event.get().filter(|event| !is_open(*event))?, self.age?);
            let years = |years: u8| (f64::from(years) * DAYS_A_YEAR) as i32;
            Some((event.0 - years(most) - 365, event.1 - years(least)))
        })
    }

    /// Least and most in years, as stated or from the date of birth.
    fn ages_at_contact(&self) -> Option<(f64, f64)> {
        let stated = self.age.map(|(least, most)| (f64::from(least), f64::from(most)));
        stated.or_else(|| {
            let age = years_between(self.birth.get()?, self.event.get().filter(|event| !is_open(*event))?);
            Some((age, age))
        })
    }

    /// The same beside a body. Where nothing but the birth is known, and nobody knows when the person was last seen, it is the
    /// age when the body was found, less the years that one in its condition may have lain.
    fn ages_beside(&self, post: &Self) -> Option<(f64, f64)> {
        self.ages_at_contact().or_else(|| {
            let most = years_between(self.birth.get()?, post.event.get().filter(|event| !is_open(*event))?);
            let lain = if post.condition >= SKELETON { YEARS_LAIN } else { 0.0 };
            Some(((most - lain).max(0.0), most))
        })
    }
}

fn years_between(birth: (i32, i32), event: (i32, i32)) -> f64 {
    (f64::from(middle(event) - middle(birth)) / DAYS_A_YEAR).floor().max(0.0)
}

fn tell_births(ante: &Value, post: &Value) -> String {
    let Some((ante, post)) = ante.born().zip(post.birth.get()) else { return String::new() };
    let is_day = |(first, last): (i32, i32)| first == last;
    match (middle(post) - middle(ante)).abs() {
        0 if is_day(ante) && is_day(post) => "born on the same day".to_owned(),
        days if is_day(ante) && is_day(post) && days < 365 => format!("born {days} days apart"),
        0..365 => "born within a year".to_owned(),
        days => format!("born {} years apart", days / 365),
    }
}

fn tell_ages(ante: &Value, post: &Value) -> String {
    match (ante.ages_beside(post), post.age) {
        (Some(ages), Some((least, most))) => {
            let span =
                |least: f64, most: f64| if least == most { format!("{least}") } else { format!("{least} to {most}") };
            format!("aged {}, estimated {}", span(ages.0, ages.1), span(f64::from(least), f64::from(most)))
        }
        _ => String::new(),
    }
}

fn tell_gap(days: i32) -> String {
    match days {
        i32::MIN..=-1 => format!("found {} days before the last contact", -days),
        0..=90 => format!("found {days} days after the last contact"),
        91..=729 => format!("found {} months after the last contact", days / 30),
        _ => format!("found {} years after the last contact", days / 365),
    }
}

/// The row of the model's table of gaps.
fn gap_class(record: &Record) -> u8 {
    match record.condition() {
        _ if record.kind == Kind::Unclaimed => 9,
        None => 10,
        Some(Condition::Recognizable) => 0,
        Some(Condition::Decomposed) => 1,
        Some(Condition::InsectActivity) => 2,
        Some(Condition::PartialSoftTissue) => 3,
        Some(Condition::Mummified) => 4,
        Some(Condition::Burned) => 5,
        Some(Condition::Traumatized) => 6,
        Some(Condition::Skeleton) => 7,
        Some(Condition::PartialSkeleton) => 8,
    }
}

/// An open end is as good as unknown beyond a lifetime.
fn days(date: &DateInterval) -> Option<(i32, i32)> {
    match (date.first().map(Day::number), date.last().map(Day::number)) {
        (None, None) => None,
        (Some(first), Some(last)) => Some((first, last)),
        (Some(first), None) => Some((first, first + LIFETIME)),
        (None, Some(last)) => Some((last - LIFETIME, last)),
    }
}

const fn is_open((first, last): (i32, i32)) -> bool {
    last - first >= LIFETIME
}

fn middle((first, last): (i32, i32)) -> i32 {
    i32::midpoint(first, last)
}

#[inline(always)]
fn year(day: i32) -> usize {
    // Four years have 1,461 days.
    let year = 1_970 + i64::from(day).saturating_mul(4).div_euclid(1_461);
    (year - i64::from(FIRST_YEAR)).clamp(0, YEARS as i64 - 1) as usize
}
