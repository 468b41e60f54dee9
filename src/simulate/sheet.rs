//! The form that a clerk fills in: a record in the making, written as the contract's JSON.
//!
//! A [`Record`](crate::record::Record) comes only from reading; this is what a case system would send.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::dna::Profile;
use crate::record::{
    Ancestry, BelongingKind, BloodType, BodyRegion, Condition, EyeColor, FeatureKind, HairColor, Kind, NameUse,
    Position, Relation, Sex,
};

/// A record as it is sent. An empty field is left out.
#[derive(Default, Serialize)]
pub(super) struct Sheet {
    pub(super) source: &'static str,
    pub(super) id: String,
    pub(super) kind: Option<Kind>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) names: Vec<NameSheet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sex: Option<Sex>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) ancestry: Vec<Ancestry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) birth_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) age_years: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) height_cm: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) weight_kg: Option<Span>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) hair_color: Vec<HairColor>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) eye_color: Vec<EyeColor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) blood_type: Option<BloodType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last_contact: Option<EventSheet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) found: Option<EventSheet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) death_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) remains: Option<RemainsSheet>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) features: Vec<FeatureSheet>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) belongings: Vec<BelongingSheet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) dental: Option<ChartSheet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fingerprint_class: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) dna: Option<DnaSheet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) narrative: Option<&'static str>,
}

impl Sheet {
    /// The record in JSON, on one line.
    pub(super) fn json(&self) -> String {
        // Strings, finite numbers and string-keyed maps: nothing that JSON cannot hold.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What this record and a missing person's both carry, in the words of `truth.tsv`.
    pub(super) fn tier(&self, missing: &Self) -> String {
        if self.kind == Some(Kind::Unclaimed) {
            return if self.birth_date.is_some() { "name+year" } else { "name" }.to_owned();
        }
        let both = [
            ("dna", self.dna.is_some() && missing.dna.is_some()),
            ("dental", self.dental.is_some() && missing.dental.is_some()),
            ("prints", self.fingerprint_class.is_some() && missing.fingerprint_class.is_some()),
            ("features", !self.features.is_empty() && !missing.features.is_empty()),
        ];
        let shared: Vec<&str> = both.iter().filter(|part| part.1).map(|part| part.0).collect();
        if shared.is_empty() { "description".to_owned() } else { shared.join("+") }
    }
}

/// A name as it is sent.
#[derive(Clone, Default, Serialize)]
pub(super) struct NameSheet {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) given: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) middle: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) family: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) suffix: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) full: Option<String>,
    #[serde(rename = "use", skip_serializing_if = "Option::is_none")]
    pub(super) use_: Option<NameUse>,
}

/// A range of whole numbers.
#[derive(Clone, Copy, Serialize)]
pub(super) struct Span {
    pub(super) min: u32,
    pub(super) max: u32,
}

impl Span {
    /// The range around a middle, not below zero.
    pub(super) fn around(middle: f64, half: f64) -> Self {
        let whole = |x: f64| x.round().max(0.0) as u32;
        Self { min: whole(middle - half), max: whole(middle + half) }
    }
}

/// When and where.
#[derive(Serialize)]
pub(super) struct EventSheet {
    pub(super) date: String,
    pub(super) place: PlaceSheet,
}

/// Where.
#[derive(Default, Serialize)]
pub(super) struct PlaceSheet {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) country: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) region: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) county: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) locality: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) latitude: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) longitude: Option<f64>,
}

/// The state of the remains.
#[derive(Serialize)]
pub(super) struct RemainsSheet {
    pub(super) condition: Condition,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) not_recovered: Vec<BodyRegion>,
}

/// A mark in a clerk's words.
#[derive(Serialize)]
pub(super) struct FeatureSheet {
    pub(super) kind: FeatureKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) site: Option<String>,
    pub(super) description: String,
}

/// A thing in a clerk's words.
#[derive(Serialize)]
pub(super) struct BelongingSheet {
    pub(super) kind: BelongingKind,
    pub(super) description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) position: Option<Position>,
}

/// A chart: 32 codes in universal order.
#[derive(Serialize)]
pub(super) struct ChartSheet {
    pub(super) notation: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) date: Option<String>,
    #[serde(serialize_with = "numbered")]
    pub(super) teeth: Vec<String>,
}

fn numbered<S: Serializer>(teeth: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(teeth.len()))?;
    for (at, code) in teeth.iter().enumerate() {
        map.serialize_entry(&(at + 1).to_string(), code)?;
    }
    map.end()
}

/// Profiles of the person and of relatives.
#[derive(Default, Serialize)]
pub(super) struct DnaSheet {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) str: Option<Profile>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) mtdna: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) mtdna_range: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) y_str: Option<Profile>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) relatives: Vec<RelativeSheet>,
}

/// A relative who gave a sample.
#[derive(Serialize)]
pub(super) struct RelativeSheet {
    pub(super) relation: Relation,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) str: Option<Profile>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) mtdna: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) y_str: Option<Profile>,
}
