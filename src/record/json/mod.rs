//! The JSON form of a record, in both directions: the contract's `record.schema.json`.
//!
//! It lives with the record because four rooms need it (http, store, interchange, simulate) and because it
//! is the one place where raw becomes valid. Writing is `serde` on [`Record`]; reading notes every fault.
//! [`FAULTS_OF_SENSE`] lists what is refused although the schema cannot say so.

mod read;
mod reader;
mod tree;

use std::sync::LazyLock;

use thiserror::Error;

use super::{Record, Reference};

pub use reader::{Code, Fault, Node, Object};
pub use tree::{Member, Tree};

/// The contract's schema of a record (JSON Schema 2020-12).
pub const SCHEMA: &str = include_str!("record.schema.json");

/// [`SCHEMA`], parsed.
pub static SCHEMA_VALUE: LazyLock<serde_json::Value> =
    LazyLock::new(|| serde_json::from_str(SCHEMA).unwrap_or_default());

/// The fields that everybody who may read a record may see. All others are professional data: teeth, prints, DNA and the
/// numbers of other systems. A new field is one of those until it is named here.
const OPEN: &[&str] = &[
    "kind",
    "names",
    "sex",
    "ancestry",
    "birth_date",
    "age_years",
    "height_cm",
    "weight_kg",
    "hair_color",
    "eye_color",
    "blood_type",
    "last_contact",
    "found",
    "death_date",
    "living",
    "remains",
    "features",
    "belongings",
    "narrative",
    "verified",
];

/// Whether everybody who may read a record may see this field; if not, it needs a clearance.
pub fn is_open(field: &str) -> bool {
    OPEN.contains(&field)
}

/// The codes of faults that no schema can say: each is a value that could not be true.
pub const FAULTS_OF_SENSE: &[&str] = &[
    "invalid_range",        // min above max
    "invalid_date",         // not EDTF, no such day, upside down
    "invalid_tooth",        // no such tooth, a surface twice
    "invalid_fingerprints", // a finger without an NCIC code
    "invalid_mtdna",        // not a difference from, or a range of, the reference sequence
    "half_a_point",         // a latitude without a longitude
    "duplicate_field",      // one name twice in an object
    "wrong_reference",      // `source` or `id` in the body differs from the path's
];

/// Why a text is not a record.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum Invalid {
    /// Not JSON at all.
    #[error("not JSON: {problem} at line {line}, column {column}")]
    Json {
        /// What the parser met.
        problem: &'static str,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// JSON, but not a record: every fault.
    #[error("the record has {} faults", .0.len())]
    Faults(Vec<Fault>),
}

/// Parses a JSON text.
pub fn parse(text: &[u8]) -> Result<Tree, Invalid> {
    serde_json::from_slice(text).map_err(|error| Invalid::Json {
        problem: match error.classify() {
            serde_json::error::Category::Eof => "the text ends too early",
            serde_json::error::Category::Data => "a value that cannot be represented",
            // serde_json has no kind of its own for it.
            _ if error.to_string().starts_with("recursion limit") => "nested too deeply",
            serde_json::error::Category::Syntax | serde_json::error::Category::Io => "a syntax error",
        },
        line: error.line(),
        column: error.column(),
    })
}

/// Reads a record, and the reference in it if there is one.
pub fn read(tree: &Tree) -> Result<(Option<Reference>, Record), Invalid> {
    read_by(tree, read::record)
}

/// Reads anything by walking its nodes. What `walk` finds counts only where it noted no fault.
pub fn read_by<T>(tree: &Tree, walk: impl FnOnce(&Node<'_>) -> Option<T>) -> Result<T, Invalid> {
    let faults = reader::Faults::default();
    let found = walk(&Node::root(tree, &faults));
    let faults = faults.placed(tree);
    match found {
        Some(found) if faults.is_empty() => Ok(found),
        _ => Err(Invalid::Faults(faults)),
    }
}

/// Reads a record that must carry its reference, as in a batch.
pub fn read_with_reference(tree: &Tree) -> Result<(Reference, Record), Invalid> {
    let missing = |field: &str| Fault {
        pointer: String::new(),
        code: "missing_field",
        detail: format!("the field `{field}` is required"),
    };
    let present = |field: &str| tree.member(field).is_some_and(|value| *value != Tree::Null);
    let absent: Vec<Fault> = ["source", "id"].into_iter().filter(|field| !present(field)).map(missing).collect();
    match read(tree) {
        Ok((Some(reference), record)) => Ok((reference, record)),
        Ok((None, _)) => Err(Invalid::Faults(absent)),
        Err(Invalid::Faults(faults)) => Err(Invalid::Faults([absent, faults].concat())),
        Err(other) => Err(other),
    }
}

/// Writes a record without its reference. The same record is always the same text.
pub fn write(record: &Record) -> String {
    // A record holds strings, finite numbers and string-keyed maps: nothing that JSON cannot hold.
    serde_json::to_string(record).unwrap_or_default()
}

/// Writes some fields of a record alone, for comparing them with those of another version of it.
pub fn write_fields(record: &Record, has: impl Fn(&str) -> bool) -> String {
    let mut fields = serde_json::to_value(record).unwrap_or_default();
    if let Some(members) = fields.as_object_mut() {
        members.retain(|name, _| has(name));
    }
    fields.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_open_or_professional_by_decision() {
        let fields = SCHEMA_VALUE["properties"].as_object().expect("properties");
        let mut closed: Vec<&str> = fields.keys().map(String::as_str).filter(|field| !is_open(field)).collect();
        closed.retain(|field| !["source", "id"].contains(field));
        closed.sort_unstable();
        let professional = ["dental", "dna", "fingerprint_class", "identifiers"];
        assert_eq!(closed, professional, "a new field: name it in OPEN, or here as professional");
        assert!(OPEN.iter().all(|field| fields.contains_key(*field)), "a field that is gone");
    }
}
