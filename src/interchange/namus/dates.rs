//! When: the day of the event, years of birth, and the days between which the person died.

use jiff::civil::Date;

use super::raw::{Raw, word};
use crate::interchange::Reason;
use crate::record::json::Tree;
use crate::record::{DateInterval, Kind};

/// No case is about anybody who was born before this year; earlier dates are a form's default.
const YEAR_MIN: i16 = 1800;
const YEAR_MAX: i16 = 2200;
/// Years of birth so far apart fit every adult: they were computed from an age of 18 to 99.
const YEARS_OF_ANY_ADULT: i16 = 80;
/// The longest post-mortem interval that is read, in days: two centuries.
const INTERVAL_DAYS_MAX: f64 = 73_050.0;

/// The day of last contact or of the finding.
pub(super) fn event(case: Raw<'_>, kind: Kind) -> Option<&str> {
    let text = case.text(match kind {
        Kind::Missing => "sighting.date",
        Kind::Unidentified => "circumstances.dateFound",
        Kind::Unclaimed => "circumstances.dateBodyFound",
    })?;
    let day = text.split('T').next().unwrap_or(text);
    let year = day.get(..4).and_then(|year| year.parse().ok());
    let plausible = DateInterval::parse(day).is_ok() && year.is_some_and(|year| (YEAR_MIN..=YEAR_MAX).contains(&year));
    if !plausible {
        case.note(Reason::ImplausibleDate);
    }
    plausible.then_some(day)
}

/// The year of birth, or the years between which it lies.
pub(super) fn birth(case: Raw<'_>) -> Option<Tree> {
    let (from, to) = match case.at("subjectIdentification.yearOfBirth") {
        Some(_) => (year(case, "subjectIdentification.yearOfBirth"), None),
        None => years(case, "subjectDescription.estimatedYearOfBirthFrom", "subjectDescription.estimatedYearOfBirthTo"),
    };
    match (from, to) {
        (Some(from), Some(to)) if to - from >= YEARS_OF_ANY_ADULT => {
            case.note(Reason::BirthOfAnyAdult);
            None
        }
        (None, None) => None,
        (Some(from), None) => Some(Tree::Text(from.to_string())),
        (Some(from), Some(to)) if from == to => Some(Tree::Text(from.to_string())),
        (from, to) => Some(Tree::Text(format!("{}/{}", open(from), open(to)))),
    }
}

fn open(year: Option<i16>) -> String {
    year.map_or_else(|| "..".to_owned(), |year| year.to_string())
}

fn years(case: Raw<'_>, from: &str, to: &str) -> (Option<i16>, Option<i16>) {
    match (year(case, from), year(case, to)) {
        (Some(from), Some(to)) if from > to => {
            case.note(Reason::UpsideDown);
            (Some(to), Some(from))
        }
        years => years,
    }
}

fn year(case: Raw<'_>, path: &str) -> Option<i16> {
    match case.number(path)? {
        0.0 => {
            case.note(Reason::YearZero);
            None
        }
        _ => case.number_within(path, YEAR_MIN.into(), YEAR_MAX.into()).map(|year| year as i16),
    }
}

/// The days between which something happened; an end may be open.
#[derive(Clone, Copy)]
struct Days {
    first: Option<Date>,
    last: Option<Date>,
}

/// The days between which an unidentified person died: the years stated, narrowed by the post-mortem
/// interval, and never after the finding.
pub(super) fn death(case: Raw<'_>, found: Option<&str>) -> Option<Tree> {
    let found: Option<Date> = found.and_then(|day| day.parse().ok());
    let years = years_of_death(case, found);
    let interval = interval(case).zip(found).and_then(|(days, found)| before(found, days));
    let death = match (years, interval) {
        (Some(years), Some(interval)) => Days::both(years, interval).unwrap_or_else(|| {
            case.note(Reason::Contradiction);
            years
        }),
        (years, interval) => years.or(interval)?,
    };
    Some(word(&death.text()))
}

fn years_of_death(case: Raw<'_>, found: Option<Date>) -> Option<Days> {
    let years = years(case, "subjectDescription.estimatedYearOfDeathFrom", "subjectDescription.estimatedYearOfDeathTo");
    let stated = match years {
        (None, None) => return None,
        // A form with one year means that year, not from it on.
        (Some(year), None) => Days { first: new_year(year), last: old_year(year) },
        (from, to) => Days { first: from.and_then(new_year), last: to.and_then(old_year) },
    };
    let until_found = Days { first: None, last: found };
    let death = Days::both(stated, until_found);
    if death.is_none() {
        case.note(Reason::DeathAfterFound);
    }
    death
}

fn new_year(year: i16) -> Option<Date> {
    Date::new(year, 1, 1).ok()
}

fn old_year(year: i16) -> Option<Date> {
    Date::new(year, 12, 31).ok()
}

/// The estimated post-mortem interval in days.
fn interval(case: Raw<'_>) -> Option<f64> {
    let unit = "subjectDescription.estimatedPostmortemIntervalUnit";
    let number = case.number("subjectDescription.estimatedPostmortemInterval");
    if number.is_none() && !case.has(unit) {
        return None;
    }
    let days_per_unit = case.name(unit).and_then(|unit| match unit {
        "Minutes" => Some(1.0 / 1_440.0),
        "Hours" => Some(1.0 / 24.0),
        "Days" => Some(1.0),
        "Weeks" => Some(7.0),
        "Months" => Some(30.44),
        "Years" => Some(365.25),
        _ => None,
    });
    let days = number.zip(days_per_unit).map(|(number, days)| number * days);
    let days = days.filter(|days| *days > 0.0 && *days <= INTERVAL_DAYS_MAX);
    if days.is_none() {
        case.note(Reason::IncompleteInterval);
    }
    days
}

/// An estimate of so many days before the finding is right within a factor of two: a judgement from how
/// the intervals of published cases lie to the years of death beside them.
fn before(found: Date, days: f64) -> Option<Days> {
    let back = |days: f64| found.checked_sub(jiff::Span::new().days(days as i64)).ok();
    Some(Days { first: Some(back((days * 2.0).ceil())?), last: Some(back((days / 2.0).floor())?) })
}

impl Days {
    /// The days that are in both; none if there are none.
    fn both(a: Self, b: Self) -> Option<Self> {
        let first = a.first.max(b.first);
        let last = a.last.into_iter().chain(b.last).min();
        (first.zip(last).is_none_or(|(first, last)| first <= last)).then_some(Self { first, last })
    }

    /// In EDTF; whole years as years.
    fn text(self) -> String {
        let end = |day: Option<Date>, whole: (i8, i8)| match day {
            None => "..".to_owned(),
            Some(day) if (day.month(), day.day()) == whole => day.year().to_string(),
            Some(day) => day.to_string(),
        };
        let (first, last) = (end(self.first, (1, 1)), end(self.last, (12, 31)));
        if first == last { first } else { format!("{first}/{last}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Option<Date> {
        text.parse().ok()
    }

    #[test]
    fn days_in_both_are_found_also_with_open_ends() {
        let check = |a: [&str; 2], b: [&str; 2], expected: Option<&str>| {
            let [a, b] = [a, b].map(|[first, last]| Days { first: day(first), last: day(last) });
            assert_eq!(Days::both(a, b).map(Days::text).as_deref(), expected);
        };
        check(["1990-01-01", "1990-12-31"], ["", "1990-05-02"], Some("1990/1990-05-02"));
        check(["", "1990-12-31"], ["", ""], Some("../1990"));
        check(["1990-01-01", "1990-12-31"], ["", "2001-05-02"], Some("1990"));
        check(["1990-01-01", "1990-12-31"], ["1990-03-01", "1991-01-01"], Some("1990-03-01/1990"));
        check(["1990-01-01", "1990-12-31"], ["", "1989-05-02"], None);
        check(["1990-01-01", "1990-01-01"], ["", ""], Some("1990/1990-01-01"));
    }
}
