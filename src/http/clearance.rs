//! What is withheld from a caller without clearance: professional data, which are teeth, prints, DNA and the numbers of
//! other systems.
//!
//! Their bits count for everybody, so that a list is the same list for all; their values, counts and words do not leave.
//! Which attributes and fields they are is said where those are: by [`About`](crate::attribute::About) and by
//! [`is_open`].

use serde_json::{Map, Value};

use crate::attribute::{Evidence, Part};
use crate::record::Record;
use crate::record::json::{self, is_open};

/// What stands in the place of words.
pub(super) const WITHHELD: &str = "withheld: it needs a clearance";

/// Evidence as somebody without clearance may see it, and whether anything was taken out.
pub(super) fn evidence(evidence: Evidence) -> (Evidence, bool) {
    if !evidence.professional {
        return (evidence, false);
    }
    let parts = evidence.parts.into_iter().map(|part| Part { summary: WITHHELD.to_owned(), ..part });
    let (summary, details, parts) = (WITHHELD.to_owned(), Vec::new(), parts.collect());
    (Evidence { summary, details, parts, ..evidence }, true)
}

/// A stored record as somebody without clearance may see it, and the fields that were taken out.
pub(super) fn record(json: &str) -> (String, Vec<String>) {
    let (open, withheld): (Vec<_>, Vec<_>) = members(json).into_iter().partition(|(field, _)| is_open(field));
    let open = Value::Object(open.into_iter().collect());
    (open.to_string(), withheld.into_iter().map(|(field, _)| field).collect())
}

/// The fields of which a stored record has something that a new one would drop: somebody who cannot see it must not.
pub(super) fn dropped(stored: &str, new: &Record) -> Vec<String> {
    let after = members(&json::write(new));
    let before = members(stored).into_iter().filter(|(field, _)| !is_open(field));
    before.filter(|(field, value)| loses(value, after.get(field))).map(|(field, _)| field).collect()
}

/// Whether something that is said is not said any more, at any depth. Another value is another finding, and no loss.
fn loses(before: &Value, after: Option<&Value>) -> bool {
    match (before, after) {
        (Value::Object(before), Some(Value::Object(after))) => {
            before.iter().any(|(name, value)| loses(value, after.get(name)))
        }
        (Value::Array(before), Some(Value::Array(after))) => after.len() < before.len(),
        (_, after) => after.is_none(),
    }
}

fn members(json: &str) -> Map<String, Value> {
    serde_json::from_str(json).unwrap_or_default()
}
