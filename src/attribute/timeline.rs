//! Birth, age, last contact, death, finding and condition as one time line.
//!
//! Two parts. *Birth*: the years of birth where both give them, else the estimated age against the age at last
//! contact (an interval holds the truth in 92 % of reports, with soft shoulders of years). *Last contact to
//! finding*: how plausible the gap is for the condition of the remains (log-normal, fitted on twins of published
//! cases), and whether it fits the estimated time of death. Each is `K(post | ante)` over its average among the
//! missing of the collection, by year. A body found before the last contact costs much, up to a week less: the
//! first person NamUs ever identified had been found three days before.

use serde::{Deserialize, Serialize};

use super::{About, Attribute, Detail, Evidence, Facing, Part, Scale};
use crate::model::{Bits, Model};
use crate::record::{Condition, DateInterval, Day, Kind, Record};

const DAYS_A_YEAR: f64 = 365.25;
/// The years that are counted one by one; earlier and later ones count with the first and the last.
const FIRST_YEAR: i32 = 1_880;
const YEARS: usize = 170;
/// Ages that are counted one by one.
const AGES: usize = 111;

/// The attribute.
pub struct Timeline;

/// Days since 1970 and years, as far as they are known.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Value {
    /// First and last possible day of birth, as stated.
    birth: Option<(i32, i32)>,
    /// Least and greatest age in years.
    age: Option<(u8, u8)>,
    /// Last contact or finding: first and last day.
    event: Option<(i32, i32)>,
    /// First and last possible day of death.
    death: Option<(i32, i32)>,
    /// Place in the model's table of gaps.
    condition: u8,
}

/// How many missing persons by year of last contact, year of birth and age.
#[derive(Clone)]
pub struct Statistics {
    contact: Box<[i64; YEARS]>,
    birth: Box<[i64; YEARS]>,
    age: Box<[i64; AGES]>,
}

impl Default for Statistics {
    fn default() -> Self {
        Self { contact: Box::new([0; YEARS]), birth: Box::new([0; YEARS]), age: Box::new([0; AGES]) }
    }
}

/// A query made ready.
pub struct Prepared<'a> {
    model: &'a Model,
    facing: Facing,
    query: &'a Value,
    contact: Vec<f64>,
    birth: Vec<f64>,
    /// Share of missing persons younger than each age.
    younger: Vec<f64>,
    /// For each age: the shares of younger (and older) ones, fading over the shoulder.
    fading_below: Vec<f64>,
    fading_above: Vec<f64>,
    /// How well an interval fits an age so many years outside it.
    fit_outside: [f64; AGES],
    /// The query's chances, where it is the later state.
    chances: Option<Chances>,
}

/// How often a missing person of the collection would look like this: the denominators, which only the later state sets.
#[derive(Clone, Copy, Default)]
struct Chances {
    birth: f64,
    age: f64,
    gap: f64,
}

impl Attribute for Timeline {
    const ABOUT: About = About {
        name: "timeline",
        needs: "a date of last contact and one of finding, or an age or birth on both",
        levels: &[
            ("consistent", "ages and dates agree"),
            ("strained", "an age or a gap is unlikely"),
            ("impossible_order", "found more than a week before the last contact"),
        ],
        floor: Bits(-14_000),
        cap: Bits(12_000),
        source: "age intervals hold the truth in 92 % of reports; gaps by condition fitted on twins of published cases",
        reading: 1,
    };
    type Value = Value;
    type Statistics = Statistics;
    type Prepared<'a> = Prepared<'a>;

    fn read(record: &Record) -> Option<Value> {
        let age = record.age_years.map(|age| (age.min().floor().min(120.0) as u8, age.max().ceil().min(120.0) as u8));
        let value = Value {
            birth: record.birth_date.as_ref().and_then(days),
            age,
            event: record.event().and_then(|event| event.date.as_ref()).and_then(days),
            death: record.death_date.as_ref().and_then(days),
            condition: gap_class(record),
        };
        (value.birth.is_some() || value.age.is_some() || value.event.is_some()).then_some(value)
    }

    fn count(statistics: &mut Statistics, kind: Kind, value: &Value, by: i64) {
        if kind != Kind::Missing {
            return;
        }
        if let Some(contact) = value.event {
            statistics.contact[year(middle(contact))] += by;
        }
        if let Some(birth) = value.born() {
            statistics.birth[year(middle(birth))] += by;
        }
        if let Some(age) = value.age_at_contact() {
            statistics.age[(age as usize).min(AGES - 1)] += by;
        }
    }

    fn prepare<'a>(scale: Scale<'a, Statistics>, query: &'a Value) -> Prepared<'a> {
        let Scale { model, statistics, facing } = scale;
        let smoothing = model.smoothing;
        let ages = shares(&statistics.age[..], smoothing);
        let shoulder = (-1.0 / model.timeline.age_shoulder_years).exp();
        let (mut younger, mut fading_below, mut fading_above) =
            (vec![0.0; AGES + 1], vec![0.0; AGES + 1], vec![0.0; AGES + 1]);
        for age in 0..AGES {
            younger[age + 1] = younger[age] + ages[age];
            fading_below[age + 1] = (fading_below[age] + ages[age]) * shoulder;
        }
        for age in (0..AGES).rev() {
            fading_above[age] = (fading_above[age + 1] + ages[age]) * shoulder;
        }
        let contact = shares(&statistics.contact[..], smoothing);
        let birth = shares(&statistics.birth[..], smoothing);
        let outside = |years: usize| match years {
            0 => 1.0,
            years => (model.timeline.age_outside * shoulder.powi(years as i32)).max(model.timeline.age_slip),
        };
        let fit_outside = std::array::from_fn(outside);
        let mut prepared = Prepared {
            model,
            facing,
            query,
            contact,
            birth,
            younger,
            fading_below,
            fading_above,
            fit_outside,
            chances: None,
        };
        if facing.query_is_post() {
            prepared.chances = Some(prepared.chances_of(query));
        }
        prepared
    }

    fn weigh(prepared: &Prepared<'_>, candidate: &Value) -> Bits {
        let (ante, post) = prepared.facing.ante_post(prepared.query, candidate);
        let chances = prepared.chances.unwrap_or_else(|| prepared.chances_of(post));
        let birth = prepared.birth(ante, post, chances).map_or(Bits::ZERO, |birth| birth.bits);
        birth + prepared.gap(ante, post, chances).unwrap_or(Bits::ZERO)
    }

    fn explain(prepared: &Prepared<'_>, candidate: &Value) -> Option<Evidence> {
        let (ante, post) = prepared.facing.ante_post(prepared.query, candidate);
        let chances = prepared.chances.unwrap_or_else(|| prepared.chances_of(post));
        let (mut parts, mut details) = (Vec::new(), Vec::new());
        if let Some(birth) = prepared.birth(ante, post, chances) {
            parts.push(Part { name: birth.name, bits: birth.bits, summary: birth.tell(ante, post) });
        }
        let mut order = 0;
        if let (Some(bits), Some(contact), Some(found)) = (prepared.gap(ante, post, chances), ante.event, post.event) {
            order = found.1 - contact.0;
            parts.push(Part {
                name: "last_contact_to_found",
                bits,
                summary: tell_gap(middle(found) - middle(contact)),
            });
            details.push(("gap_days", Detail::Measure(f64::from(middle(found) - middle(contact)))));
        }
        let level = match parts.iter().map(|part| part.bits).min() {
            None => return None,
            Some(_) if order < -7 => "impossible_order",
            Some(worst) if worst < Bits(-1_500) => "strained",
            Some(_) => "consistent",
        };
        let summary = parts.iter().map(|part| part.summary.as_str()).collect::<Vec<_>>().join("; ");
        let bits = parts.iter().map(|part| part.bits).sum();
        Some(Evidence { parts, details, ..Evidence::plain(&Self::ABOUT, bits, level, summary) })
    }
}

impl Value {
    /// First and last possible day of birth, from the date of birth or from the age.
    fn born(&self) -> Option<(i32, i32)> {
        self.birth.or_else(|| {
            let (event, (least, most)) = (self.event?, self.age?);
            let years = |years: u8| (f64::from(years) * DAYS_A_YEAR) as i32;
            Some((event.0 - years(most) - 365, event.1 - years(least)))
        })
    }

    /// In years, from the stated age or from the date of birth.
    fn age_at_contact(&self) -> Option<f64> {
        let stated = self.age.map(|(least, most)| f64::midpoint(f64::from(least), f64::from(most)));
        stated.or_else(|| {
            let years = f64::from(middle(self.event?) - middle(self.birth?)) / DAYS_A_YEAR;
            Some(years.floor().max(0.0))
        })
    }
}

/// The share of the evidence that birth or age has.
struct Birth {
    name: &'static str,
    bits: Bits,
}

impl Birth {
    fn tell(&self, ante: &Value, post: &Value) -> String {
        match (self.name, ante.born(), post.born(), ante.age_at_contact(), post.age) {
            ("birth", Some(ante), Some(post), ..) => {
                let years = (middle(post) - middle(ante)).abs() / 365;
                if years == 0 { "born in the same year".to_owned() } else { format!("born {years} years apart") }
            }
            (.., Some(age), Some((least, most))) if least == most => format!("aged {age:.0}, estimated {least}"),
            (.., Some(age), Some((least, most))) => format!("aged {age:.0}, estimated {least} to {most}"),
            _ => String::new(),
        }
    }
}

impl Prepared<'_> {
    fn chances_of(&self, post: &Value) -> Chances {
        Chances {
            birth: post.birth.map_or(0.0, |birth| self.birth_by_chance(birth)),
            age: post.age.map_or(0.0, |age| self.age_by_chance(age)),
            gap: post.event.map_or(0.0, |found| self.gap_by_chance(found, post)),
        }
    }

    fn birth(&self, ante: &Value, post: &Value, chances: Chances) -> Option<Birth> {
        match (ante.born(), post.birth) {
            (Some(ante), Some(post)) => {
                let ratio = self.birth_likely(ante, post) / chances.birth;
                Some(Birth { name: "birth", bits: Bits::of_ratio(ratio).within(Bits(-7_000), Bits(7_500)) })
            }
            _ => {
                let ratio = self.age_likely(ante.age_at_contact()?, post.age?, ante, post) / chances.age;
                Some(Birth { name: "age", bits: Bits::of_ratio(ratio).within(Bits(-7_000), Bits(6_000)) })
            }
        }
    }

    /// Two stated births: the same, off by a year or two, a decade or more apart (one digit wrong), or unrelated.
    fn birth_likely(&self, ante: (i32, i32), post: (i32, i32)) -> f64 {
        let model = &self.model.timeline;
        let length = f64::from(ante.1 - ante.0 + 1);
        let overlap = f64::from((ante.1.min(post.1) - ante.0.max(post.0) + 1).max(0)) / length;
        let apart = f64::from((post.0 - ante.1).max(ante.0 - post.1).max(0)) / DAYS_A_YEAR;
        let decades = apart > 8.0 && apart < 42.0 && apart.round() as i32 % 10 == 0;
        (1.0 - model.birth_near - model.birth_other) * overlap
            + model.birth_near * 0.5 * if apart < 20.0 { (-apart).exp() } else { 0.0 }
            + model.birth_other * (if decades { 0.1 } else { 0.0 } + 0.6 * self.born_within(post, 0))
    }

    fn birth_by_chance(&self, post: (i32, i32)) -> f64 {
        let model = &self.model.timeline;
        let exact = self.born_within(post, 0);
        let near = (self.born_within(post, 2) - exact) / 4.0;
        ((1.0 - model.birth_near) * exact + model.birth_near * near).max(1e-6)
    }

    /// The share of missing persons born in these days, or so many years before or after.
    fn born_within(&self, days: (i32, i32), years: i32) -> f64 {
        self.birth[year(days.0 - years * 365)..=year(days.1 + years * 365)].iter().sum()
    }

    /// An estimate against the age at last contact: people mostly die soon after it.
    fn age_likely(&self, age: f64, (least, most): (u8, u8), ante: &Value, post: &Value) -> f64 {
        let fits = |age: f64| {
            let age = age as i32;
            let outside = (i32::from(least) - age).max(age - i32::from(most)).max(0) as usize;
            self.fit_outside[outside.min(AGES - 1)]
        };
        let gap = match (ante.event, post.event) {
            (Some(contact), Some(found)) => f64::from((middle(found) - middle(contact)).max(0)) / DAYS_A_YEAR,
            _ => 0.0,
        };
        let later = f64::midpoint(fits(age + gap.min(40.0) / 2.0), fits(age + gap.min(40.0)));
        let lived_on = self.model.timeline.age_later;
        (1.0 - lived_on) * fits(age) + lived_on * later
    }

    fn age_by_chance(&self, (least, most): (u8, u8)) -> f64 {
        let model = &self.model.timeline;
        let from = usize::from(least).min(AGES);
        let to = usize::from(most.saturating_add(1)).clamp(from, AGES);
        let beside = self.fading_below[from] + self.fading_above[to];
        self.younger[to] - self.younger[from] + model.age_outside * beside + model.age_slip
    }

    /// Last contact to finding, and the estimated time of death between them.
    fn gap(&self, ante: &Value, post: &Value, chances: Chances) -> Option<Bits> {
        let (contact, found) = (middle(ante.event?), middle(post.event?));
        let likely = self.model.timeline.gap_density(post.condition, f64::from(found - contact))
            * fits_death(self.model, contact, post);
        let slip = self.model.timeline.gap_slip / 100.0;
        let ratio = (likely * DAYS_A_YEAR + slip) / (chances.gap + slip);
        Some(Bits::of_ratio(ratio).within(Bits(-7_000), Bits(4_500)))
    }

    /// The chance a year that a missing person of the collection is found in that year and state.
    fn gap_by_chance(&self, found: (i32, i32), post: &Value) -> f64 {
        let found = middle(found);
        let last = year(found);
        let masses = self.model.timeline.gap_masses(post.condition).iter();
        let years = (0..=last).rev().zip(masses);
        let fits = |year: usize| fits_death(self.model, (day_of_year_start(year as i32) + 182).min(found), post);
        years.map(|(year, mass)| self.contact[year] * mass * fits(year)).sum()
    }
}

/// How well a last contact goes with the estimated time of death: it is before its end, rarely long before.
fn fits_death(model: &Model, contact: i32, post: &Value) -> f64 {
    let model = &model.timeline;
    match post.death {
        None => 1.0,
        Some((_, last)) if contact > last => model.contact_after_death,
        Some((first, _)) if contact < first => {
            model.contact_before_death * (-f64::from(first - contact) / model.contact_before_death_days).exp()
                + model.contact_after_death
        }
        Some(_) => 1.0,
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
    const LIFETIME: i32 = 36_525;
    match (date.first().map(Day::number), date.last().map(Day::number)) {
        (None, None) => None,
        (Some(first), Some(last)) => Some((first, last)),
        (Some(first), None) => Some((first, first + LIFETIME)),
        (None, Some(last)) => Some((last - LIFETIME, last)),
    }
}

fn middle((first, last): (i32, i32)) -> i32 {
    i32::midpoint(first, last)
}

fn year(day: i32) -> usize {
    let year = 1_970 + (f64::from(day) / DAYS_A_YEAR).floor() as i32;
    (year - FIRST_YEAR).clamp(0, YEARS as i32 - 1) as usize
}

fn day_of_year_start(at: i32) -> i32 {
    (f64::from(at + FIRST_YEAR - 1_970) * DAYS_A_YEAR) as i32
}

/// Shares of a histogram, each year smoothed with its neighbours, and all with a uniform share.
fn shares(counts: &[i64], smoothing: f64) -> Vec<f64> {
    let total = counts.iter().sum::<i64>() as f64 + smoothing;
    let uniform = smoothing / counts.len() as f64;
    let near = |at: usize| counts[at.saturating_sub(1)] + 2 * counts[at] + counts[(at + 1).min(counts.len() - 1)];
    (0..counts.len()).map(|at| (near(at) as f64 / 4.0 + uniform) / total).collect()
}
