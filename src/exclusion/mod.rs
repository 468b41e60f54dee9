//! Pairs that people have decided: ruled out, or confirmed to be one person.
//!
//! An exclusion holds for its two records whatever they weigh. It stays when a record is deleted, and holds again when
//! the record comes back. A later change of what it was decided by reopens it for review and leaves it in force: only a
//! person takes it back. No clock: whether one has expired depends on the moment that the caller names.

mod index;

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::record::{ExclusionMethod, Record, Reference, json};

pub use index::Exclusions;

/// A decision on a pair, before it is numbered.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// One record.
    pub a: Reference,
    /// The other.
    pub b: Reference,
    /// What it was decided by.
    #[serde(deserialize_with = "method")]
    pub method: ExclusionMethod,
    /// Who decided.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When it ends; none: it holds until it is withdrawn.
    pub expires: Option<Timestamp>,
    /// The two are one person: neither is on any list any more.
    pub resolved: bool,
}

/// A decision in force since it was made, unless it has expired.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exclusion {
    /// Sorts by when it was made.
    pub id: Uuid,
    /// What was decided.
    #[serde(flatten)]
    pub decision: Decision,
    /// When it was made.
    pub created: Timestamp,
    /// What it was decided by has changed since.
    pub review: bool,
}

impl Exclusion {
    /// Whether it counts at a moment.
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.decision.expires.is_none_or(|end| now < end)
    }
}

impl Decision {
    /// Whether it is about this record.
    pub fn concerns(&self, reference: &Reference) -> bool {
        self.a == *reference || self.b == *reference
    }

    /// The hash of what it is decided by in one of its records: another hash, another state of the evidence.
    pub fn basis(&self, record: &Record) -> String {
        let fields = fields(self.method);
        let text = json::write_fields(record, |name| match fields {
            Some(fields) => fields.contains(&name),
            None => name != "verified",
        });
        Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The fields of a record that a method looks at; none: all that describe the person.
const fn fields(method: ExclusionMethod) -> Option<&'static [&'static str]> {
    match method {
        ExclusionMethod::Dna => Some(&["dna"]),
        ExclusionMethod::Dental => Some(&["dental"]),
        ExclusionMethod::Fingerprints => Some(&["fingerprint_class"]),
        ExclusionMethod::Visual => Some(&[
            "kind",
            "sex",
            "ancestry",
            "age_years",
            "height_cm",
            "weight_kg",
            "hair_color",
            "eye_color",
            "remains",
            "features",
            "belongings",
        ]),
        ExclusionMethod::Circumstances => Some(&[
            "kind",
            "identifiers",
            "names",
            "birth_date",
            "age_years",
            "last_contact",
            "found",
            "death_date",
            "living",
            "belongings",
            "narrative",
        ]),
        ExclusionMethod::Other => None,
    }
}

fn method<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ExclusionMethod, D::Error> {
    let code = String::deserialize(deserializer)?;
    ExclusionMethod::parse(&code).ok_or_else(|| serde::de::Error::custom("an unknown method"))
}

/// Prints the pair alone: who decided and why are people's data.
impl fmt::Debug for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decision").field("a", &self.a).field("b", &self.b).finish_non_exhaustive()
    }
}

impl fmt::Debug for Exclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exclusion").field("id", &self.id).field("decision", &self.decision).finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A decision on `x/a` and `x/b` by DNA.
    pub(crate) fn decision(a: &str, b: &str) -> Decision {
        let reference = |id: &str| Reference::new("x", id).expect("a reference");
        let (by, reason) = ("Dr. Quist".to_owned(), "no kinship".to_owned());
        let (a, b) = (reference(a), reference(b));
        Decision { a, b, method: ExclusionMethod::Dna, by, reason, expires: None, resolved: false }
    }

    /// An exclusion of two records by all that is known.
    pub(crate) fn exclusion(id: u128, a: Reference, b: Reference) -> Exclusion {
        let decision = Decision { a, b, method: ExclusionMethod::Other, ..decision("1", "2") };
        Exclusion { id: Uuid::from_u128(id), decision, created: Timestamp::UNIX_EPOCH, review: false }
    }

    fn record(rest: &str) -> Record {
        let text = format!(r#"{{"kind":"missing","sex":"male"{rest}}}"#);
        json::read(&json::parse(text.as_bytes()).expect("JSON")).expect("a record").1
    }

    fn check(method: ExclusionMethod, change: &str, reopens: bool) {
        let decision = Decision { method, ..decision("1", "2") };
        let changed = decision.basis(&record("")) != decision.basis(&record(change));
        assert_eq!(changed, reopens, "{method:?} and {change}");
    }

    #[test]
    fn only_a_change_of_what_decided_is_another_basis() {
        let dna = r#","dna":{"str":{"TH01":["6","7"]}}"#;
        let dental = r#","dental":{"teeth":{"3":"MO"}}"#;
        check(ExclusionMethod::Dna, dna, true);
        check(ExclusionMethod::Dna, dental, false);
        check(ExclusionMethod::Dna, r#","height_cm":{"min":170,"max":175}"#, false);
        check(ExclusionMethod::Dental, dental, true);
        check(ExclusionMethod::Dental, dna, false);
        check(ExclusionMethod::Fingerprints, r#","fingerprint_class":"0102030405060708PI10""#, true);
        check(ExclusionMethod::Visual, r#","features":[{"kind":"scar","site":"left arm"}]"#, true);
        check(ExclusionMethod::Visual, r#","narrative":"last seen""#, false);
        check(ExclusionMethod::Circumstances, r#","narrative":"last seen""#, true);
        check(ExclusionMethod::Other, dna, true);
        check(ExclusionMethod::Other, r#","verified":false"#, false);
    }

    #[test]
    fn every_field_that_a_method_looks_at_is_a_field_of_a_record() {
        for method in ExclusionMethod::ALL {
            for name in fields(*method).unwrap_or_default() {
                assert!(json::SCHEMA_VALUE["properties"].get(name).is_some(), "{name}");
            }
        }
    }

    #[test]
    fn debug_names_the_pair_and_nobody() {
        let text = format!("{:?}", decision("1", "2"));
        assert!(text.contains("x/1") && !text.contains("Quist") && !text.contains("kinship"), "{text}");
    }
}
