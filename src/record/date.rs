//! Dates as case systems know them: EDTF level 0, from an open interval of years down to one day.

use jiff::civil::Date;
use thiserror::Error;

/// Days since 1970-01-01 in the proleptic Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i32);

impl Day {
    /// The day's number.
    pub const fn number(self) -> i32 {
        self.0
    }

    fn of(date: Date) -> Self {
        let epoch = jiff::civil::date(1970, 1, 1);
        Self((date - epoch).get_days())
    }
}

/// The days between which something happened. Keeps the text it was written in.
#[derive(Clone, PartialEq)]
pub struct DateInterval {
    text: Box<str>,
    first: Option<Day>,
    last: Option<Day>,
}

/// Prints nothing: a date may be a person's.
impl std::fmt::Debug for DateInterval {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DateInterval")
    }
}

/// Why a text is not a date. Never holds the text: a date of birth is a person's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidDate {
    /// Not of the form.
    #[error("a date is YYYY, YYYY-MM, YYYY-MM-DD or A/B of these, where one end may be `..`")]
    Form,
    /// A month or day that no calendar has.
    #[error("the calendar has no such month or day")]
    Impossible,
    /// The interval ends before it begins.
    #[error("the interval is upside down: it ends before it begins")]
    UpsideDown,
}

impl DateInterval {
    /// Reads EDTF level 0, with `..` for an open end.
    pub fn parse(text: &str) -> Result<Self, InvalidDate> {
        let (first, last) = match text.split_once('/') {
            None => {
                let (first, last) = days_of(text)?;
                (Some(first), Some(last))
            }
            Some((from, to)) => (open_end(from)?.map(|days| days.0), open_end(to)?.map(|days| days.1)),
        };
        if first.zip(last).is_some_and(|(first, last)| first > last) {
            return Err(InvalidDate::UpsideDown);
        }
        Ok(Self { text: text.into(), first, last })
    }

    /// The first day it may have been; none where the beginning is open.
    pub const fn first(&self) -> Option<Day> {
        self.first
    }

    /// The last day it may have been; none where the end is open.
    pub const fn last(&self) -> Option<Day> {
        self.last
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl serde::Serialize for DateInterval {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

fn open_end(text: &str) -> Result<Option<(Day, Day)>, InvalidDate> {
    if text == ".." { Ok(None) } else { days_of(text).map(Some) }
}

/// The first and the last day of a year, a month or a day.
fn days_of(text: &str) -> Result<(Day, Day), InvalidDate> {
    let mut parts = text.split('-');
    let year = digits(parts.next(), 4)?.ok_or(InvalidDate::Form)?;
    let month = digits(parts.next(), 2)?;
    let day = digits(parts.next(), 2)?;
    if parts.next().is_some() {
        return Err(InvalidDate::Form);
    }
    let date = |month: i16, day: i16| Date::new(year, month as i8, day as i8).map_err(|_| InvalidDate::Impossible);
    let (first, last) = match (month, day) {
        (None, _) => (date(1, 1)?, date(12, 31)?),
        (Some(month), None) => (date(month, 1)?, date(month, 1)?.last_of_month()),
        (Some(month), Some(day)) => (date(month, day)?, date(month, day)?),
    };
    Ok((Day::of(first), Day::of(last)))
}

/// Exactly `count` ASCII digits.
fn digits(text: Option<&str>, count: usize) -> Result<Option<i16>, InvalidDate> {
    let Some(text) = text else { return Ok(None) };
    if text.len() != count || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(InvalidDate::Form);
    }
    text.parse().map(Some).map_err(|_| InvalidDate::Form)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<(Option<i32>, Option<i32>), InvalidDate>) {
        let found = DateInterval::parse(text).map(|date| (date.first().map(Day::number), date.last().map(Day::number)));
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn every_form_is_read_to_its_days() {
        check("1970", Ok((Some(0), Some(364))));
        check("1972-02", Ok((Some(761), Some(789))));
        check("1970-01-02", Ok((Some(1), Some(1))));
        check("1970/1971", Ok((Some(0), Some(729))));
        check("../1970-01", Ok((None, Some(30))));
        check("1970-01-31/..", Ok((Some(30), None)));
        check("../..", Ok((None, None)));
    }

    #[test]
    fn what_is_no_date_is_refused_with_its_reason() {
        for text in
            ["", "..", "197", "1970-1", "1970-01-01T00", "-1970", "1970/1971/1972", "１９７０", "/1970", "1970/"]
        {
            check(text, Err(InvalidDate::Form));
        }
        for text in ["1970-00", "1970-13", "1970-02-30", "1971-02-29", "1970-01-00"] {
            check(text, Err(InvalidDate::Impossible));
        }
        check("1971/1970", Err(InvalidDate::UpsideDown));
        check("1970-05/1970", Ok((Some(120), Some(364))));
    }
}
