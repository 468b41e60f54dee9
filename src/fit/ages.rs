//! Births, estimated ages and the order of dates.

use toml::Value;

use super::{Estimate, LEAST, Pair, Sample, rounded};
use crate::record::{DateInterval, Day};

const DAYS_A_YEAR: f64 = 365.25;

/// `timeline.birth_near` and `birth_other`: births on both that are a year or two apart, or further.
pub(super) fn births(sample: &Sample<'_>) -> Vec<Estimate> {
    let years = |pair: &Pair| {
        let (ante, post) = (days(pair.missing.birth_date.as_ref()?)?, days(pair.body.birth_date.as_ref()?)?);
        Some(f64::from((post.0 - ante.1).max(ante.0 - post.1).max(0)) / DAYS_A_YEAR)
    };
    let apart: Vec<f64> = sample.pairs.iter().filter_map(years).collect();
    let near = apart.iter().filter(|years| **years > 0.0 && **years <= 2.5).count();
    let other = apart.iter().filter(|years| **years > 2.5).count();
    let shares = [("timeline.birth_near", near), ("timeline.birth_other", other)];
    shares.into_iter().filter_map(|(key, hit)| sample.share(key, hit, apart.len())).collect()
}

/// `timeline.age_outside` and `age_shoulder_years`: how far the age at last contact lies outside the estimate, of those
/// found within two years.
///
/// The chance a year just outside falls off by the shoulder; `age_outside` is where it begins, of the chance a year inside.
pub(super) fn ages(sample: &Sample<'_>) -> Vec<Estimate> {
    let measured = |pair: &Pair| {
        let gap = f64::from(day(pair.body.event()?.date.as_ref()?)? - day(pair.missing.event()?.date.as_ref()?)?);
        let (age, estimate) = (pair.missing.age_years?.middle(), pair.body.age_years?);
        let outside = (estimate.min() - age).max(age - estimate.max()).max(0.0).round();
        (gap < 2.0 * DAYS_A_YEAR).then_some((outside, estimate.max() - estimate.min() + 1.0))
    };
    let measures: Vec<(f64, f64)> = sample.pairs.iter().filter_map(measured).collect();
    let outside: Vec<f64> = measures.iter().map(|(outside, _)| *outside).filter(|outside| *outside > 0.0).collect();
    let inside = (measures.len() - outside.len()) as f64;
    if outside.len() < LEAST || inside < 1.0 {
        return Vec::new();
    }
    let out = outside.len() as f64;
    // Whole years from 1 on that fall off by exp(-1/s) a year have the mean 1 / (1 - exp(-1/s)).
    let mean = outside.iter().sum::<f64>() / out;
    let shoulder = -1.0 / (1.0 - 1.0 / mean.max(1.05)).ln();
    let fall: f64 = (1..100).map(|year| (-f64::from(year) / shoulder).exp()).sum();
    let width = measures.iter().map(|(_, width)| width).sum::<f64>() / measures.len() as f64;
    let share = ((out / (2.0 * fall)) / (inside / width)).min(0.99);
    let estimate =
        |(key, new): (&str, f64)| sample.estimate(key, Value::Float(rounded(new)), new / out.sqrt(), measures.len());
    let figures = [("timeline.age_outside", share), ("timeline.age_shoulder_years", shoulder)];
    figures.into_iter().filter_map(estimate).collect()
}

/// `timeline.found_before_contact` and `death_outside`: orders of dates that only a slip can explain.
pub(super) fn order(sample: &Sample<'_>) -> Vec<Estimate> {
    let contact = |pair: &Pair| days(pair.missing.event()?.date.as_ref()?);
    let gap = |pair: &Pair| Some(day(pair.body.event()?.date.as_ref()?)? - day(pair.missing.event()?.date.as_ref()?)?);
    let soon: Vec<i32> = sample.pairs.iter().filter_map(gap).filter(|days| (-7..14).contains(days)).collect();
    let before = soon.iter().filter(|days| **days < 0).count();
    let died = |pair: &Pair| Some((contact(pair)?, days(pair.body.death_date.as_ref()?)?));
    let died: Vec<((i32, i32), (i32, i32))> = sample.pairs.iter().filter_map(died).collect();
    let after = died.iter().filter(|(contact, death)| contact.0 > death.1).count();
    let shares = [("timeline.found_before_contact", before, soon.len()), ("timeline.death_outside", after, died.len())];
    shares.into_iter().filter_map(|(key, hit, pairs)| sample.share(key, hit, pairs)).collect()
}

/// First and last day, where both are known.
fn days(date: &DateInterval) -> Option<(i32, i32)> {
    Some((date.first().map(Day::number)?, date.last().map(Day::number)?))
}

/// The middle day.
pub(super) fn day(date: &DateInterval) -> Option<i32> {
    days(date).map(|(first, last)| i32::midpoint(first, last))
}
