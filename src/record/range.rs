//! A closed range of a measure: what a report says between two numbers.

use serde::Serialize;
use thiserror::Error;

/// `min ..= max`, both finite and not negative. Equal ends are one number.
#[derive(Clone, Copy, PartialEq, Serialize)]
pub struct Range {
    #[serde(serialize_with = "whole_as_integer")]
    min: f64,
    #[serde(serialize_with = "whole_as_integer")]
    max: f64,
}

/// Why two numbers are not a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidRange {
    /// The lower end is above the upper end.
    #[error("the range is upside down: `min` is above `max`")]
    UpsideDown,
    /// An end is negative or not a number.
    #[error("a measure is a number from 0 up")]
    Negative,
}

impl Range {
    /// A range from its two ends.
    pub fn new(min: f64, max: f64) -> Result<Self, InvalidRange> {
        match (min, max) {
            (min, max) if !(min.is_finite() && max.is_finite()) || min < 0.0 || max < 0.0 => {
                Err(InvalidRange::Negative)
            }
            (min, max) if min > max => Err(InvalidRange::UpsideDown),
            // Negative zero would print, and hash, as another number.
            (min, max) => Ok(Self { min: min + 0.0, max: max + 0.0 }),
        }
    }

    /// The lower end.
    pub const fn min(self) -> f64 {
        self.min
    }

    /// The upper end.
    pub const fn max(self) -> f64 {
        self.max
    }

    /// The middle.
    pub fn middle(self) -> f64 {
        f64::midpoint(self.min, self.max)
    }
}

/// 163 stays `163`, 163.5 stays `163.5`: what was put comes back.
pub(super) fn whole_as_integer<S: serde::Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    /// Up to here every whole `f64` is an exact `i64`.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() < EXACT {
        serializer.serialize_i64(*value as i64)
    } else {
        serializer.serialize_f64(*value)
    }
}
