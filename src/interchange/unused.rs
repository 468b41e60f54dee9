//! What a file says without saying anything: each sort of such a value, and how often it was met.

use std::collections::BTreeMap;

/// Declares the reasons with their stable codes.
macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = $code:literal,)+) => {
        /// Why a value was left out.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Reason { $($(#[$doc])* $variant,)+ }

        impl Reason {
            /// The reason's stable name.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }
        }
    };
}

reasons! {
    /// "Unknown", "Unsure", "Uncertain", "Cannot Estimate", "Cannot Determine".
    SaysUnknown = "says_unknown",
    /// "None", "N/A", "no footwear": the clerk filled a form's field.
    SaysNone = "says_none",
    /// An empty text.
    EmptyText = "empty_text",
    /// An age that fits every adult, such as 18 to 99.
    AgeOfAnyAdult = "age_of_any_adult",
    /// Years of birth computed from such an age.
    BirthOfAnyAdult = "birth_of_any_adult",
    /// The year 0.
    YearZero = "year_zero",
    /// A measure no person has: a height of 818 inches.
    ImplausibleNumber = "implausible_number",
    /// Not a day of the calendar, or one before there were such cases.
    ImplausibleDate = "implausible_date",
    /// A range that ends below its beginning: turned round, or its end left out if that is no mere swap.
    UpsideDown = "upside_down",
    /// A post-mortem interval of 0, or without number or unit.
    IncompleteInterval = "incomplete_interval",
    /// A death after the body was found.
    DeathAfterFound = "death_after_found",
    /// A post-mortem interval that the years of death exclude.
    Contradiction = "contradiction",
    /// The county "All".
    CountyAll = "county_all",
    /// A point that stands for the whole country: the geocoder gave up.
    PointOfTheCountry = "point_of_the_country",
    /// A point that stands for a whole state.
    PointOfAState = "point_of_a_state",
    /// "Missing Eye" as a colour.
    MissingEye = "missing_eye",
    /// A code without counterpart in a record, such as the hair colour "Other".
    UnknownCode = "unknown_code",
    /// Longer than a record holds; texts are cut, numbers of cases left out.
    TooLong = "too_long",
    /// More than a list of a record holds.
    TooMany = "too_many",
    /// A number where a text should be, or the like.
    WrongType = "wrong_type",
}

/// How many values were left out, by reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unused(BTreeMap<Reason, u64>);

impl Unused {
    /// Counts one value.
    pub fn note(&mut self, reason: Reason) {
        *self.0.entry(reason).or_default() += 1;
    }

    /// Adds the counts of another.
    pub fn add(&mut self, other: &Self) {
        for (&reason, count) in &other.0 {
            *self.0.entry(reason).or_default() += count;
        }
    }

    /// How many values were left out for one reason.
    pub fn of(&self, reason: Reason) -> u64 {
        self.0.get(&reason).copied().unwrap_or_default()
    }

    /// How many values were left out in all.
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// Every reason that was met, and how often.
    pub fn iter(&self) -> impl Iterator<Item = (Reason, u64)> + '_ {
        self.0.iter().map(|(&reason, &count)| (reason, count))
    }
}
