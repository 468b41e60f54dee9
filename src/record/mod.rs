//! One case about one person, as its case system describes it: valid by construction.
//!
//! A [`Record`] comes only from [`json::read`], which reports every fault of a body at once; whoever
//! holds one need not check it again. Absent means unknown, never a disagreement. Units are centimetres,
//! kilograms, years, days and WGS-84 degrees. How two records compare is the business of `attribute`.

mod codes;
mod date;
mod dna;
mod fingerprints;
pub mod json;
mod place;
mod range;
mod reference;
mod teeth;

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

pub use codes::{
    Ancestry, BelongingKind, BloodType, BodyRegion, Condition, ExclusionMethod, EyeColor, FeatureKind, HairColor, Kind,
    NameUse, Position, Relation, Sex,
};
pub use date::{DateInterval, Day, InvalidDate};
pub use dna::{Allele, Alleles, Dna, Locus, MT_LENGTH, MtDifference, MtRange, Relative, Str};
pub use fingerprints::{Finger, FingerprintClass, InvalidFingerprints};
pub use place::{Event, Place};
pub use range::{InvalidRange, Range};
pub use reference::{InvalidReference, Reference};
pub use teeth::{Chart, InvalidTooth, Notation, Tooth, ToothState};

/// One case. Only [`json::read`] makes one, so every part of it has been checked.
#[derive(Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Record {
    /// Missing, unidentified or unclaimed.
    pub kind: Kind,
    /// Numbers other systems gave the same case, by system.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub identifiers: BTreeMap<String, String>,
    /// Every name the person is known or thought to have.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<Name>,
    /// Biological sex, as recorded or determined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sex: Option<Sex>,
    /// Ancestries, all that apply.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ancestry: Vec<Ancestry>,
    /// Date of birth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<DateInterval>,
    /// Missing: age at last contact. Others: estimated age at death, or when found if living.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_years: Option<Range>,
    /// Height in centimetres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height_cm: Option<Range>,
    /// Weight in kilograms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_kg: Option<Range>,
    /// Hair colours.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hair_color: Vec<HairColor>,
    /// Eye colours.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub eye_color: Vec<EyeColor>,
    /// ABO group, with the Rh factor where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blood_type: Option<BloodType>,
    /// Missing persons: when and where last known alive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_contact: Option<Event>,
    /// Unidentified and unclaimed: when and where found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<Event>,
    /// Estimated date of death.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub death_date: Option<DateInterval>,
    /// An unidentified person who is alive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub living: Option<bool>,
    /// The state of the remains.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remains: Option<Remains>,
    /// Marks of the body.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<Feature>,
    /// Clothes and things found on or near the person.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub belongings: Vec<Belonging>,
    /// The chart of the teeth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dental: Option<Chart>,
    /// NCIC fingerprint classification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint_class: Option<FingerprintClass>,
    /// Profiles of the person and of relatives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dna: Option<Dna>,
    /// Circumstances in words: searched, not weighed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub narrative: Option<String>,
    /// False: entered by the public and not yet checked.
    #[serde(skip_serializing_if = "Clone::clone")]
    pub verified: bool,
}

impl Record {
    /// Where and when the person was last known alive or was found, by kind.
    pub fn event(&self) -> Option<&Event> {
        match self.kind {
            Kind::Missing => self.last_contact.as_ref(),
            Kind::Unidentified | Kind::Unclaimed => self.found.as_ref(),
        }
    }

    /// The condition of the remains, if any were described.
    pub fn condition(&self) -> Option<Condition> {
        self.remains.as_ref().and_then(|remains| remains.condition)
    }
}

/// Prints the kind alone: a record is a person's data, and never reaches a log.
impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// One name. Absent parts are unknown.
#[derive(Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Name {
    /// Given name or names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given: Option<String>,
    /// Middle name or initial.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub middle: Option<String>,
    /// Family name or names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
    /// Suffix, such as Jr.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suffix: Option<String>,
    /// The whole name where its parts are not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full: Option<String>,
    /// What the name is to the person.
    #[serde(rename = "use")]
    pub use_: NameUse,
}

/// The state of the remains.
#[derive(Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Remains {
    /// How far decay or injury went.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
    /// Parts of the body that were not recovered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_recovered: Vec<BodyRegion>,
}

/// One mark of the body, as a clerk wrote it.
#[derive(Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Feature {
    /// What sort of mark.
    pub kind: FeatureKind,
    /// NCIC SMT code, such as `TAT L ARM`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Where on the body, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// The mark in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// One garment, piece of jewellery, paper or other thing.
#[derive(Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Belonging {
    /// What sort of thing.
    pub kind: BelongingKind,
    /// The thing in words.
    pub description: String,
    /// On the body or near it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
}
