//! The same list the naive way: every row weighed by itself, all of them sorted, ratios summed in floating point.
//!
//! No tables, no blocks, no threads, no thresholds: what [`Search`](super::Search) must equal. A running service weighs
//! some of its matches again with it.

use std::cmp::Reverse;

use super::answer::CandidateList;
use super::plan::Plan;
use super::{Request, faces};
use crate::corpus::{Encoded, Snapshot};
use crate::model::{Bits, Model};
use crate::record::{Record, Reference};

/// How far two probabilities may lie apart: scores are rounded to thousandths, their ratios to 2^-32.
const TOLERANCE: f64 = 1e-6;

/// Whether a list is what weighing every row by itself gives: the same records in the same order with the same scores,
/// each the sum of its evidence, and the same probabilities.
pub fn agrees(list: &CandidateList, snapshot: &Snapshot, model: &Model, query: &Record, request: Request<'_>) -> bool {
    let (ranked, excluded) = ranked(snapshot, model, query, request);
    let searched = ranked.len() as u64;
    let prior = Bits::of_ratio(model.presence / searched.max(1) as f64);
    let ratio = |score: Bits| (score + prior).to_f64().exp2();
    let none = 1.0 - model.presence;
    let all = none + ranked.iter().map(|(score, _)| ratio(*score)).sum::<f64>();
    let least = request.min_bits.unwrap_or(Bits(i32::MIN));
    let expected: Vec<_> = ranked.into_iter().filter(|(score, _)| *score >= least).take(request.limit).collect();
    let near = |a: f64, b: f64| (a - b).abs() < TOLERANCE;
    let same = list.candidates.iter().zip(&expected).all(|(candidate, (score, reference))| {
        let weight = &candidate.weight;
        let told: Bits = weight.evidence.iter().map(|evidence| evidence.bits).sum();
        let probable = near(weight.posterior, ratio(*score) / all);
        candidate.record == *reference && weight.score == *score && told == *score && probable
    });
    same && list.candidates.len() == expected.len()
        && (list.searched.records, list.searched.excluded) == (searched, excluded)
        && near(list.none_of_these, none / all)
}

/// Every row that may be listed, the best first, and how many are ruled out.
fn ranked(snapshot: &Snapshot, model: &Model, query: &Record, request: Request<'_>) -> (Vec<(Bits, Reference)>, u64) {
    let asked = request.kind.as_ref().map(std::slice::from_ref);
    let (mut ranked, mut excluded) = (Vec::new(), 0);
    let encoded = Encoded::of(query);
    for &side in asked.unwrap_or_else(|| faces(query.kind)) {
        let sums = Plan::without_tables(snapshot, model, &encoded, side).weigh_rows();
        for (row, sum) in snapshot.rows(side).iter().zip(sums) {
            let Some(reference) = &row.reference else { continue };
            let shown = (row.verified || request.include_unverified) && request.itself != Some(reference);
            if shown && request.ruled_out.contains(reference) {
                excluded += 1;
            } else if shown {
                ranked.push((Bits(sum), reference.clone()));
            }
        }
    }
    ranked.sort_by(|a, b| (Reverse(a.0), &a.1).cmp(&(Reverse(b.0), &b.1)));
    (ranked, excluded)
}
