//! From a query to a ranked list: plan, scan, top k, posterior, explanation.
//!
//! Every record of the sides that the query faces is weighed; nothing is skipped. A match runs on the calling thread's
//! rayon pool and has no clock: whoever calls measures it between [`Search::new`], [`Search::scan`] and
//! [`Scanned::list`].

mod answer;
mod compare;
mod exhaustive;
mod informative;
mod plan;
mod scan;
mod tail;
mod top;

use rustc_hash::FxHashSet;

use crate::attribute::Evidence;
use crate::corpus::{Encoded, Snapshot};
use crate::model::{Bits, Model};
use crate::record::{Kind, Record, Reference};

pub use answer::{Candidate, CandidateList, Comparison, Phases, Searched, Weight, WhyNot};
pub use compare::Pair;
pub use exhaustive::agrees;
pub use informative::Informative;
pub use plan::Told;

use plan::Plan;
use scan::Scan;
use tail::Posterior;
use top::Ranked;

/// The sides that a kind faces unless one is asked for.
pub fn faces(kind: Kind) -> &'static [Kind] {
    match kind {
        Kind::Missing => &[Kind::Unidentified, Kind::Unclaimed],
        Kind::Unidentified | Kind::Unclaimed => &[Kind::Missing],
    }
}

/// The evidence of single pairs, without a list around them.
pub fn evidence<'c>(
    snapshot: &Snapshot,
    model: &Model,
    query: &Record,
    candidates: impl Iterator<Item = &'c Record>,
) -> Vec<Vec<Evidence>> {
    let query = Encoded::of(query);
    let plans = Kind::ALL.iter().map(|&side| Plan::without_tables(snapshot, model, &query, side));
    let plans: Vec<Plan<'_>> = plans.collect();
    candidates.map(|record| plans[record.kind as usize].evidence_of(record)).collect()
}

/// What a search is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// At most so many candidates.
    pub limit: usize,
    /// Leave out candidates with fewer bits.
    pub min_bits: Option<Bits>,
    /// Only this side; none: the sides that the query's kind faces.
    pub kind: Option<Kind>,
    /// Also records that nobody has verified yet.
    pub include_unverified: bool,
    /// The query's own reference: a record is not its own candidate.
    pub itself: Option<&'a Reference>,
    /// Records that are ruled out: neither candidates nor part of any sum.
    pub ruled_out: &'a FxHashSet<Reference>,
}

/// A planned search.
pub struct Search<'a> {
    snapshot: &'a Snapshot,
    model: &'a Model,
    request: Request<'a>,
    plans: Vec<Plan<'a>>,
}

impl<'a> Search<'a> {
    /// Weighs the query against every distinct value of the sides it faces.
    pub fn new(snapshot: &'a Snapshot, model: &'a Model, query: &'a Encoded, request: Request<'a>) -> Self {
        let asked = request.kind.as_ref().map(std::slice::from_ref);
        let plans = Plan::all(snapshot, model, query, asked.unwrap_or_else(|| faces(query.kind())));
        Self { snapshot, model, request, plans }
    }

    /// Adds up every row. `watched`: also count the rows that would stand before this pair.
    pub fn scan(self, watched: Option<(Bits, &Reference)>) -> Scanned<'a> {
        let scan = Scan::new(self.snapshot, self.request, watched);
        let found = scan.run(&self.plans);
        let highest = found.highest;
        let posterior = Posterior::new(self.model.presence, found.searched, &found.tail, highest);
        Scanned { search: self, found, posterior }
    }

    /// The evidence for one record, which need not be a row.
    pub fn explain_record(&self, candidate: &Record) -> Told {
        let plan = self.plans.iter().find(|plan| plan.side == candidate.kind);
        plan.map(|plan| plan.explain_record(candidate)).unwrap_or_default()
    }
}

/// A search whose rows are weighed.
pub struct Scanned<'a> {
    search: Search<'a>,
    found: scan::Found,
    posterior: Posterior,
}

impl Scanned<'_> {
    /// Explains the best rows.
    pub fn list(self) -> CandidateList {
        let least = self.search.request.min_bits.unwrap_or(Bits(i32::MIN));
        let ranked: Vec<Ranked> = self.found.top.into_iter().filter(|ranked| ranked.score >= least).collect();
        let mut told: Vec<Told> = vec![Told::default(); ranked.len()];
        for plan in &self.search.plans {
            let of_side = ranked.iter().enumerate().filter(|(_, ranked)| ranked.side == plan.side);
            let (places, rows): (Vec<usize>, Vec<usize>) = of_side.map(|(at, ranked)| (at, ranked.row)).unzip();
            places.into_iter().zip(plan.explain(&rows)).for_each(|(at, evidence)| told[at] = evidence);
        }
        let candidates = ranked.into_iter().zip(told).zip(1..).map(|((ranked, told), rank)| {
            let weight = self.posterior.weight(ranked.score, told, true);
            Candidate { rank, record: ranked.reference, kind: ranked.side, weight }
        });
        CandidateList {
            candidates: candidates.collect(),
            none_of_these: self.posterior.none_of_these(),
            searched: Searched { records: self.found.searched, excluded: self.found.excluded },
            resolved_with: None,
            phases: Phases::default(),
        }
    }

    /// The best rows and their scores, without the evidence.
    pub fn scores(self) -> Vec<(Reference, Bits)> {
        let least = self.search.request.min_bits.unwrap_or(Bits(i32::MIN));
        let top = self.found.top.into_iter().filter(|ranked| ranked.score >= least);
        top.map(|ranked| (ranked.reference, ranked.score)).collect()
    }

    /// How many rows stand before the watched pair.
    pub fn before(&self) -> u64 {
        self.found.before
    }

    /// The weight of one pair seen together with the list. `searched`: the candidate is one of the rows.
    pub fn weight(&self, told: Told, searched: bool) -> Weight {
        self.posterior.weight(told.score(), told, searched)
    }
}
