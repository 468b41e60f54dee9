//! What the engine answers, in JSON.

use serde::ser::{Serialize, Serializer};
use utoipa::ToSchema;

use super::clearance;
use crate::attribute::{Detail, Evidence, Part};
use crate::matching::{Candidate, CandidateList, Comparison, Weight};
use crate::model::Bits;

/// A ranked list of candidates.
#[derive(Debug, serde::Serialize, ToSchema)]
pub(super) struct Candidates {
    /// By `score_bits` descending, then by record.
    candidates: Vec<CandidateAnswer>,
    /// Probability that none of the records searched is this person.
    #[schema(minimum = 0, maximum = 1, example = 0.37)]
    none_of_these: f64,
    searched: SearchedAnswer,
    /// The record that this one is confirmed to be one person with: nothing was searched. Only where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "sim/U000007")]
    resolved_with: Option<String>,
    /// Time that the matching took, in microseconds.
    #[schema(example = 812)]
    elapsed_us: u64,
}

/// What was weighed.
#[derive(Debug, serde::Serialize, ToSchema)]
#[schema(as = Searched)]
struct SearchedAnswer {
    /// Records of the other sides, all of them weighed.
    #[schema(example = 25_726)]
    records: u64,
    /// Pairs left out because they are ruled out.
    #[schema(example = 3)]
    excluded: u64,
    /// Always true: no record was skipped by a filter that could have dropped a better candidate.
    exact: bool,
}

/// One record that may be the person.
#[derive(Debug, serde::Serialize, ToSchema)]
#[schema(as = Candidate)]
struct CandidateAnswer {
    /// From 1.
    #[schema(minimum = 1, example = 1)]
    rank: u64,
    /// `source/id`.
    #[schema(example = "sim/U000007")]
    record: String,
    /// Its side.
    #[schema(value_type = super::openapi::KindCode)]
    kind: &'static str,
    #[serde(flatten)]
    weight: WeightAnswer,
}

/// The weight of a pair.
#[derive(Debug, serde::Serialize, ToSchema)]
#[schema(as = Weight)]
struct WeightAnswer {
    /// Sum of the evidence, to the last digit: log2 of how many times likelier the pair is if both records are one
    /// person than if they are two people drawn at random.
    #[schema(example = 14.2)]
    score_bits: f64,
    /// Before any evidence.
    #[schema(example = -14.6)]
    prior_bits: f64,
    /// Probability, seen together with the rest of the list and with `none_of_these`.
    #[schema(minimum = 0, maximum = 1, example = 0.43)]
    posterior: f64,
    /// One for each attribute that both records have.
    evidence: Vec<EvidenceAnswer>,
    /// Attributes that one side or both do not have: worth 0 bits.
    #[schema(example = json!(["dna", "fingerprints"]))]
    missing: Vec<&'static str>,
    /// The one of these that would tell most if it were collected. Only where one still can be: bones have no
    /// fingerprints, and no examination finds a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    most_informative_missing: Option<InformativeAnswer>,
}

/// An attribute to collect next.
#[derive(Debug, serde::Serialize, ToSchema)]
#[schema(as = Informative)]
struct InformativeAnswer {
    /// Name of the attribute, one of `GET /v1/attributes`.
    #[schema(example = "dna")]
    attribute: &'static str,
    /// The mean of its bits if both records are one person.
    #[schema(minimum = 0, example = 22.0)]
    expected_bits: f64,
}

/// What one attribute says about a pair.
#[derive(Debug, serde::Serialize, ToSchema)]
#[schema(as = Evidence)]
struct EvidenceAnswer {
    /// Name of the attribute, one of `GET /v1/attributes`.
    #[schema(example = "dental")]
    attribute: &'static str,
    /// What it is worth.
    #[schema(example = 14.8)]
    bits: f64,
    /// How well the two values agree: one of the attribute's levels.
    #[schema(example = "consistent")]
    level: &'static str,
    /// One line for a person.
    #[schema(example = "24 teeth agree, 2 later treated, 0 contradict, 6 not comparable")]
    summary: String,
    /// The fields weighed together; their bits add up to the whole. Only where there are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    parts: Vec<PartAnswer>,
    /// Counts, measures and codes behind the summary.
    #[serde(skip_serializing_if = "Details::is_empty")]
    #[schema(required = false, value_type = Object, example = json!({"agree": 24, "incomparable": 6}))]
    details: Details,
    /// True: the words and details are withheld, because the key has no clearance. The bits count.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    withheld: bool,
}

/// One field's share of an attribute's evidence.
#[derive(Debug, serde::Serialize, ToSchema)]
#[schema(as = Part)]
struct PartAnswer {
    /// Name of the field.
    #[schema(example = "height")]
    name: &'static str,
    /// Its share.
    #[schema(example = -0.613)]
    bits: f64,
    /// One line for a person.
    #[schema(example = "178 cm reported, 171 to 174 cm estimated")]
    summary: String,
}

/// An object whose members keep the attribute's order.
#[derive(Debug)]
struct Details(Vec<(&'static str, Detail)>);

impl Details {
    const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Details {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, detail)| (name, DetailValue(detail))))
    }
}

struct DetailValue<'a>(&'a Detail);

impl Serialize for DetailValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Detail::Count(count) => serializer.serialize_u64(*count),
            Detail::Measure(measure) => serializer.serialize_f64(*measure),
            Detail::Text(text) => serializer.serialize_str(text),
        }
    }
}

/// A pair weighed on its own.
#[derive(Debug, serde::Serialize, ToSchema)]
#[schema(as = Comparison)]
pub(super) struct ComparisonAnswer {
    /// The first side's `source/id`; null: it was given in the call.
    #[schema(required = true, example = "demo/MP1")]
    pub(super) a: Option<String>,
    /// The second side's `source/id`; null: it was given in the call.
    #[schema(required = true, example = "sim/U000007")]
    pub(super) b: Option<String>,
    #[serde(flatten)]
    weight: WeightAnswer,
    /// Whether `b` would be on the list of `a`.
    listed: bool,
    /// Why it would not. Only where `listed` is false.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    why_not: Option<WhyNotAnswer>,
}

/// Why a pair is not on a list.
#[derive(Debug, serde::Serialize, ToSchema)]
#[schema(as = WhyNot)]
struct WhyNotAnswer {
    /// Stable name of the reason.
    #[schema(example = "below_the_list")]
    code: &'static str,
    /// The reason in words.
    detail: String,
}

impl Candidates {
    /// A list as somebody with or without clearance may see it.
    pub(super) fn new(list: CandidateList, clearance: bool) -> Self {
        let candidates = list.candidates.into_iter();
        Self {
            none_of_these: list.none_of_these,
            searched: SearchedAnswer { records: list.searched.records, excluded: list.searched.excluded, exact: true },
            resolved_with: list.resolved_with.map(|other| other.to_string()),
            elapsed_us: list.phases.total_us(),
            candidates: candidates.map(|candidate| CandidateAnswer::new(candidate, clearance)).collect(),
        }
    }
}

impl CandidateAnswer {
    fn new(candidate: Candidate, clearance: bool) -> Self {
        Self {
            rank: candidate.rank,
            record: candidate.record.to_string(),
            kind: candidate.kind.code(),
            weight: WeightAnswer::new(candidate.weight, clearance),
        }
    }
}

impl WeightAnswer {
    fn new(weight: Weight, clearance: bool) -> Self {
        Self {
            score_bits: weight.score.to_f64(),
            prior_bits: weight.prior.to_f64(),
            posterior: weight.posterior,
            evidence: weight.evidence.into_iter().map(|told| EvidenceAnswer::new(told, clearance)).collect(),
            missing: weight.missing,
            most_informative_missing: weight.most_informative_missing.map(|informative| InformativeAnswer {
                attribute: informative.attribute,
                expected_bits: informative.expected.to_f64(),
            }),
        }
    }
}

impl EvidenceAnswer {
    fn new(evidence: Evidence, clearance: bool) -> Self {
        let (evidence, withheld) = if clearance { (evidence, false) } else { clearance::evidence(evidence) };
        Self {
            attribute: evidence.attribute,
            bits: Bits::to_f64(evidence.bits),
            level: evidence.level,
            summary: evidence.summary,
            parts: evidence.parts.into_iter().map(PartAnswer::from).collect(),
            details: Details(evidence.details),
            withheld,
        }
    }
}

impl From<Part> for PartAnswer {
    fn from(part: Part) -> Self {
        Self { name: part.name, bits: part.bits.to_f64(), summary: part.summary }
    }
}

impl ComparisonAnswer {
    /// The answer for two sides, each named if it is stored, as somebody with or without clearance may see it.
    pub(super) fn new([a, b]: [Option<String>; 2], comparison: Comparison, clearance: bool) -> Self {
        let why_not = comparison.why_not.map(|why| WhyNotAnswer { code: why.code, detail: why.detail });
        Self { a, b, weight: WeightAnswer::new(comparison.weight, clearance), listed: why_not.is_none(), why_not }
    }
}
