//! The days between which what is written on a body can have changed: from one examination to another.
//!
//! A missing person was last known alive at the last contact; a body changed no more after death, by then or when it was
//! found. What becomes of teeth and fingers in between is the business of the attributes.

use serde::{Deserialize, Serialize};

use crate::record::{DateInterval, Day, Kind, Record};

const DAYS_A_YEAR: f64 = 365.25;

/// When a person was examined, and until when known to live. Days since 1970.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Span {
    examined: Option<i32>,
    alive: Option<i32>,
}

impl Span {
    /// Reads it from a record, with the day of the examination where the person lived then.
    pub(super) fn of(record: &Record, examined: Option<&DateInterval>) -> Self {
        let last = |date: &DateInterval| date.last().map(Day::number);
        let event = record.event().and_then(|event| event.date.as_ref()).and_then(last);
        match record.kind {
            Kind::Missing => Self { examined: examined.and_then(last), alive: event },
            Kind::Unidentified | Kind::Unclaimed => {
                let death = record.death_date.as_ref().and_then(last);
                Self { examined: None, alive: death.into_iter().chain(event).min() }
            }
        }
    }

    /// Years from the examination to the last day known alive; none: it has no date.
    pub(super) fn years_alive(self) -> Option<f64> {
        let days = self.alive? - self.examined?;
        Some(f64::from(days.max(0)) / DAYS_A_YEAR)
    }

    /// Years from one record's last day alive to the other's, below 0 where the other's is earlier.
    pub(super) fn years_to(self, later: Self) -> Option<f64> {
        Some((f64::from(later.alive?) - f64::from(self.alive?)) / DAYS_A_YEAR)
    }
}
