//! What a match answers: ranked candidates, each with the evidence that made its score.

use super::Informative;
use crate::attribute::Evidence;
use crate::model::Bits;
use crate::record::{Kind, Reference};

/// The ranked candidates of one query.
#[derive(Clone, Debug, PartialEq)]
pub struct CandidateList {
    /// Bits descending, then reference ascending.
    pub candidates: Vec<Candidate>,
    /// Probability that none of the records searched is this person.
    pub none_of_these: f64,
    /// What was weighed.
    pub searched: Searched,
    /// The record that the query is confirmed to be one person with: then nothing was searched.
    pub resolved_with: Option<Reference>,
    /// How long each phase took, in microseconds.
    pub phases: Phases,
}

impl CandidateList {
    /// The empty list of a record whose person is known.
    pub fn resolved(with: Reference) -> Self {
        Self {
            candidates: Vec::new(),
            none_of_these: 1.0,
            searched: Searched { records: 0, excluded: 0 },
            resolved_with: Some(with),
            phases: Phases::default(),
        }
    }
}

/// What a match weighed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Searched {
    /// Records of the other sides, all of them weighed.
    pub records: u64,
    /// Pairs left out because they are ruled out.
    pub excluded: u64,
}

/// Microseconds spent in each phase of a match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Phases {
    /// Weighing the query against distinct values.
    pub plan_us: u64,
    /// Adding up every row.
    pub scan_us: u64,
    /// Explaining the candidates.
    pub explain_us: u64,
}

impl Phases {
    /// All phases together.
    pub const fn total_us(&self) -> u64 {
        self.plan_us + self.scan_us + self.explain_us
    }
}

/// One record that may be the person.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// From 1.
    pub rank: u64,
    /// Which record.
    pub record: Reference,
    /// Its side.
    pub kind: Kind,
    /// The pair's weight and why.
    pub weight: Weight,
}

/// The weight of a pair.
#[derive(Clone, Debug, PartialEq)]
pub struct Weight {
    /// Sum of the evidence.
    pub score: Bits,
    /// Before any evidence.
    pub prior: Bits,
    /// Probability, seen together with the rest of the list.
    pub posterior: f64,
    /// One for each attribute that both records have.
    pub evidence: Vec<Evidence>,
    /// Attributes that one side or both do not have.
    pub missing: Vec<&'static str>,
    /// The one of these that would tell most if it were collected; none: nothing can be collected any more.
    pub most_informative_missing: Option<Informative>,
}

/// A pair weighed on its own, and whether it would be on the list.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The pair's weight and why.
    pub weight: Weight,
    /// Why the pair would not be on the list; none: it is on it.
    pub why_not: Option<WhyNot>,
}

/// Why a pair is not on a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WhyNot {
    /// Stable name of the reason.
    pub code: &'static str,
    /// The reason in words.
    pub detail: String,
}

impl WhyNot {
    /// A reason and its words.
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }
}
