//! What an attribute says about a pair: its bits, and the words for them.

use super::About;
use crate::model::Bits;

/// The evidence of one attribute for one pair.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// Name of the attribute.
    pub attribute: &'static str,
    /// Whether its words and details need a clearance.
    pub professional: bool,
    /// What it is worth.
    pub bits: Bits,
    /// How well the two values agree: one of the attribute's levels.
    pub level: &'static str,
    /// One line for a person.
    pub summary: String,
    /// The fields weighed together; their bits add up to the whole. Empty where there is only one.
    pub parts: Vec<Part>,
    /// Counts and measures behind the summary.
    pub details: Vec<(&'static str, Detail)>,
}

impl Evidence {
    /// Evidence of one field, without counts.
    pub(crate) fn plain(about: &About, bits: Bits, level: &'static str, summary: String) -> Self {
        let (attribute, professional) = (about.name, about.professional);
        Self { attribute, professional, bits, level, summary, parts: Vec::new(), details: Vec::new() }
    }
}

/// One field's share of an attribute's evidence.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Name of the field.
    pub name: &'static str,
    /// Its share.
    pub bits: Bits,
    /// One line for a person.
    pub summary: String,
}

/// A count, a measure or a code behind a summary.
#[derive(Clone, Debug, PartialEq)]
pub enum Detail {
    /// A count.
    Count(u64),
    /// A measure, in the unit its name ends in.
    Measure(f64),
    /// A word or a code.
    Text(String),
}
