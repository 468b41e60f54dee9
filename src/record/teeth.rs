//! The chart of the teeth: 32 permanent teeth, each with an NCIC code.
//!
//! Codes are kept whole (surfaces break ties) and read into a [`ToothState`] that is ordered by how far
//! a tooth's history has gone. A tooth that is not listed has no information.

use serde::ser::SerializeMap;
use thiserror::Error;

use super::DateInterval;

/// How many permanent teeth there are.
const TEETH: usize = 32;

/// How a chart numbers its teeth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notation {
    /// 1 (upper right third molar) to 32 (lower right third molar).
    Universal,
    /// ISO 3950: quadrant and position, 11 to 48.
    Fdi,
}

impl Notation {
    const fn code(self) -> &'static str {
        match self {
            Self::Universal => "universal",
            Self::Fdi => "fdi",
        }
    }

    /// The tooth's place in universal order, from 0.
    fn index_of(self, number: &str) -> Result<usize, InvalidTooth> {
        let canonical = number.parse::<usize>().ok().filter(|n| n.to_string() == number);
        match (self, canonical.ok_or(InvalidTooth::Number)?) {
            (Self::Universal, n @ 1..=32) => Ok(n - 1),
            (Self::Fdi, n @ 11..=18) => Ok(18 - n),
            (Self::Fdi, n @ 21..=28) => Ok(n - 21 + 8),
            (Self::Fdi, n @ 31..=38) => Ok(38 - n + 16),
            (Self::Fdi, n @ 41..=48) => Ok(n - 41 + 24),
            _ => Err(InvalidTooth::Number),
        }
    }

    /// The tooth's number in this notation.
    fn number_of(self, index: usize) -> usize {
        match (self, index) {
            (Self::Universal, n) => n + 1,
            (Self::Fdi, n @ 0..=7) => 18 - n,
            (Self::Fdi, n @ 8..=15) => n - 8 + 21,
            (Self::Fdi, n @ 16..=23) => 38 - (n - 16),
            (Self::Fdi, n) => n - 24 + 41,
        }
    }
}

/// Why a tooth cannot be charted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidTooth {
    /// No such permanent tooth in the chart's notation.
    #[error("no such permanent tooth: universal numbers are 1 to 32, FDI numbers 11-18, 21-28, 31-38 and 41-48")]
    Number,
    /// Not an NCIC code.
    #[error("a tooth is V, X, U, / or /R, or its restored surfaces: letters of MODFLCR")]
    Code,
    /// A letter stands twice.
    #[error("each surface letter stands once")]
    Repeated,
}

/// The code of one tooth, one byte.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tooth(u8);

/// What a code says of the tooth's history, in the order in which it can only advance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ToothState {
    /// Not erupted.
    Unerupted,
    /// Present, never restored.
    Virgin,
    /// Restored on some surface, or with a root canal.
    Restored,
    /// Crowned.
    Crown,
    /// Extracted in life.
    Extracted,
}

/// The surfaces' letters in stored order; the bits of a [`Tooth`] from the lowest.
const SURFACES: [char; 7] = ['M', 'O', 'D', 'F', 'L', 'C', 'R'];
/// Codes without surfaces live above the surfaces' seven bits.
const SPECIAL: u8 = 1 << 7;

impl Tooth {
    /// The crown's bit in the byte of restored surfaces.
    pub const CROWN_BIT: u8 = 1 << 5;
    /// No information.
    pub const UNKNOWN: Self = Self(SPECIAL);
    const UNKNOWN_ROOT: Self = Self(SPECIAL | 1);
    const VIRGIN: Self = Self(SPECIAL | 2);
    const EXTRACTED: Self = Self(SPECIAL | 3);
    const UNERUPTED: Self = Self(SPECIAL | 4);

    /// Reads an NCIC code.
    pub fn parse(code: &str) -> Result<Self, InvalidTooth> {
        match code {
            "/" => Ok(Self::UNKNOWN),
            "/R" => Ok(Self::UNKNOWN_ROOT),
            "V" => Ok(Self::VIRGIN),
            "X" => Ok(Self::EXTRACTED),
            "U" => Ok(Self::UNERUPTED),
            "" => Err(InvalidTooth::Code),
            surfaces => surfaces.chars().try_fold(0, add_surface).map(Self),
        }
    }

    /// The code, its surfaces in the order MODFLCR.
    pub fn code(self) -> String {
        match self {
            Self::UNKNOWN => "/".to_owned(),
            Self::UNKNOWN_ROOT => "/R".to_owned(),
            Self::VIRGIN => "V".to_owned(),
            Self::EXTRACTED => "X".to_owned(),
            Self::UNERUPTED => "U".to_owned(),
            Self(bits) => (0..7).filter(|i| bits >> i & 1 == 1).map(|i| SURFACES[i]).collect(),
        }
    }

    /// What the code says; none where it says nothing.
    pub const fn state(self) -> Option<ToothState> {
        match self {
            Self::UNKNOWN | Self::UNKNOWN_ROOT => None,
            Self::VIRGIN => Some(ToothState::Virgin),
            Self::EXTRACTED => Some(ToothState::Extracted),
            Self::UNERUPTED => Some(ToothState::Unerupted),
            Self(bits) if bits & Self::CROWN_BIT != 0 => Some(ToothState::Crown),
            Self(_) => Some(ToothState::Restored),
        }
    }

    /// The byte that stands for the code.
    pub const fn byte(self) -> u8 {
        self.0
    }

    /// The code of a byte from [`Tooth::byte`].
    pub const fn from_byte(byte: u8) -> Self {
        Self(byte)
    }
}

fn add_surface(bits: u8, letter: char) -> Result<u8, InvalidTooth> {
    let at = SURFACES.iter().position(|&s| s == letter).ok_or(InvalidTooth::Code)?;
    if bits >> at & 1 == 1 { Err(InvalidTooth::Repeated) } else { Ok(bits | 1 << at) }
}

/// A chart: the teeth in universal order, those not listed unknown.
#[derive(Clone, PartialEq)]
pub struct Chart {
    notation: Notation,
    /// When charted.
    pub date: Option<DateInterval>,
    teeth: [Option<Tooth>; TEETH],
}

impl Chart {
    /// A chart with no tooth listed.
    pub const fn new(notation: Notation, date: Option<DateInterval>) -> Self {
        Self { notation, date, teeth: [None; TEETH] }
    }

    /// Lists a tooth by its number in the chart's notation.
    pub fn list(&mut self, number: &str, code: &str) -> Result<(), InvalidTooth> {
        let index = self.notation.index_of(number)?;
        self.teeth[index] = Some(Tooth::parse(code)?);
        Ok(())
    }

    /// The teeth in universal order.
    pub fn teeth(&self) -> [Tooth; TEETH] {
        self.teeth.map(|tooth| tooth.unwrap_or(Tooth::UNKNOWN))
    }
}

impl serde::Serialize for Chart {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut chart = serializer.serialize_map(None)?;
        chart.serialize_entry("notation", self.notation.code())?;
        if let Some(date) = &self.date {
            chart.serialize_entry("date", date)?;
        }
        chart.serialize_entry("teeth", &Teeth(self))?;
        chart.end()
    }
}

struct Teeth<'a>(&'a Chart);

impl serde::Serialize for Teeth<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let listed = self.0.teeth.iter().enumerate().filter_map(|(i, tooth)| tooth.map(|tooth| (i, tooth)));
        serializer.collect_map(listed.map(|(i, tooth)| (self.0.notation.number_of(i).to_string(), tooth.code())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_notations_name_the_same_32_teeth() {
        for notation in [Notation::Universal, Notation::Fdi] {
            let numbers: Vec<usize> = (0..TEETH).map(|i| notation.number_of(i)).collect();
            for (i, number) in numbers.iter().enumerate() {
                assert_eq!(notation.index_of(&number.to_string()), Ok(i));
            }
        }
        assert_eq!(Notation::Fdi.index_of("36"), Notation::Universal.index_of("19"));
    }

    #[test]
    fn numbers_that_are_no_teeth_are_refused() {
        for number in ["0", "33", "01", "+1", "A", "", "18 "] {
            assert_eq!(Notation::Universal.index_of(number), Err(InvalidTooth::Number), "{number}");
        }
        for number in ["10", "19", "20", "29", "49", "51", "1"] {
            assert_eq!(Notation::Fdi.index_of(number), Err(InvalidTooth::Number), "{number}");
        }
    }

    #[test]
    fn codes_come_back_in_stored_order() {
        for (code, stored) in [("V", "V"), ("/R", "/R"), ("LDM", "MDL"), ("RC", "CR"), ("RLCFDOM", "MODFLCR")] {
            assert_eq!(Tooth::parse(code).map(Tooth::code), Ok(stored.to_owned()));
        }
        assert_eq!(Tooth::parse("MM").err(), Some(InvalidTooth::Repeated));
        for code in ["", "v", "Q", "VX", "R/", " "] {
            assert_eq!(Tooth::parse(code).err(), Some(InvalidTooth::Code), "{code}");
        }
    }

    #[test]
    fn a_crown_is_worse_than_a_filling_and_a_gap_worse_than_both() {
        let state = |code| Tooth::parse(code).expect("a code").state();
        assert!(state("V") < state("MO") && state("MO") < state("MOC") && state("MOC") < state("X"));
        assert_eq!(state("/"), None);
    }
}
