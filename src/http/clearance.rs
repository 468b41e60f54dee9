//! What is withheld from a caller without clearance: teeth, prints, DNA and the numbers of other systems.
//!
//! Their bits count for everybody, so that a list is the same list for all; their values, counts and words do not leave.

use serde_json::{Map, Value};

use crate::attribute::{Evidence, Part};
use crate::record::Record;

/// Attributes of which only bits and level are told.
const ATTRIBUTES: [&str; 4] = ["dental", "fingerprints", "dna", "identifiers"];
/// The fields of a record that they are read from.
const FIELDS: [&str; 4] = ["dental", "fingerprint_class", "dna", "identifiers"];
/// What stands in the place of words.
pub(super) const WITHHELD: &str = "withheld: it needs a clearance";

/// Evidence as somebody without clearance may see it, and whether anything was taken out.
pub(super) fn evidence(evidence: Evidence) -> (Evidence, bool) {
    if !ATTRIBUTES.contains(&evidence.attribute) {
        return (evidence, false);
    }
    let parts = evidence.parts.into_iter().map(|part| Part { summary: WITHHELD.to_owned(), ..part });
    let (summary, details, parts) = (WITHHELD.to_owned(), Vec::new(), parts.collect());
    (Evidence { summary, details, parts, ..evidence }, true)
}

/// A stored record as somebody without clearance may see it, and the fields that were taken out.
pub(super) fn record(json: &str) -> (String, Vec<&'static str>) {
    let mut members: Map<String, Value> = serde_json::from_str(json).unwrap_or_default();
    let withheld = FIELDS.into_iter().filter(|field| members.remove(*field).is_some()).collect();
    (Value::Object(members).to_string(), withheld)
}

/// The fields that a stored record has and a new one would drop: somebody who cannot see them must not.
pub(super) fn dropped(stored: &str, new: &Record) -> Vec<&'static str> {
    let before = record(stored).1;
    let has = |field: &str| match field {
        "dental" => new.dental.is_some(),
        "fingerprint_class" => new.fingerprint_class.is_some(),
        "dna" => new.dna.is_some(),
        _ => !new.identifiers.is_empty(),
    };
    before.into_iter().filter(|field| !has(field)).collect()
}
