//! Days by number and as clerks write them.

use jiff::civil::{Date, date};
use jiff::{Span, ToSpan};

/// Days since 1970-01-01.
pub(super) type Day = i32;

/// The last day of anything simulated.
pub(super) const TODAY: Day = 20_600;

/// Days in a year, on average.
pub(super) const YEAR: f64 = 365.25;

fn civil(day: Day) -> Date {
    let days: Span = day.clamp(-60_000, 60_000).days();
    date(1970, 1, 1).saturating_add(days)
}

/// The year of a day.
pub(super) fn year(day: Day) -> i32 {
    i32::from(civil(day).year())
}

/// `YYYY-MM-DD`.
pub(super) fn full(day: Day) -> String {
    civil(day).to_string()
}

/// `YYYY-MM`.
pub(super) fn month(day: Day) -> String {
    civil(day).strftime("%Y-%m").to_string()
}

/// Month, day and short year, as inked: `7-4-82`.
pub(super) fn inked(day: Day) -> String {
    let date = civil(day);
    format!("{}-{}-{:02}", date.month(), date.day(), date.year() % 100)
}

/// The day that many years before another.
pub(super) fn years_before(day: Day, years: f64) -> Day {
    day - (years * YEAR) as Day
}

/// Whole years from a birth to a later day, as people count them.
pub(super) fn age(born: Day, day: Day) -> u32 {
    let (born, day) = (civil(born), civil(day));
    let had = (day.month(), day.day()) >= (born.month(), born.day());
    (i32::from(day.year() - born.year()) - i32::from(!had)).max(0).unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_as_clerks_do() {
        assert_eq!((full(0).as_str(), month(31).as_str(), inked(184).as_str()), ("1970-01-01", "1970-02", "7-4-70"));
        assert_eq!(year(-1), 1969);
    }

    #[test]
    fn a_year_is_counted_on_the_birthday() {
        let born = 0;
        assert_eq!((age(born, 364), age(born, 365), age(born, 365 * 2)), (0, 1, 2));
    }
}
