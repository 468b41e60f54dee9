//! Days from last contact to finding, by the condition of the body.

use toml::{Table, Value};

use super::ages::day;
use super::figures::distance;
use super::{Estimate, LEAST, Pair, Sample, middle_and_spread, rounded};
use crate::record::Kind;

const CLASSES: usize = 11;
const UNCLAIMED: usize = 9;
const UNKNOWN: usize = 10;

/// `timeline.gaps`: median and spread of the logarithm; classes with few pairs keep theirs.
pub(super) fn gaps(sample: &Sample<'_>) -> Vec<Estimate> {
    let mut logs: Vec<Vec<f64>> = vec![Vec::new(); CLASSES];
    for pair in sample.pairs {
        // Findings before the last contact are counted on their own.
        if let Some(days) = gap(pair).filter(|days| *days >= 0) {
            logs[class(pair)].push((f64::from(days) + 0.5).ln());
        }
    }
    let Some(Value::Array(mut rows)) = sample.old("timeline.gaps").cloned() else { return Vec::new() };
    let (mut error, mut pairs, mut moved) = (0.0_f64, 0, false);
    for (row, logs) in rows.iter_mut().zip(&logs).filter(|(_, logs)| logs.len() >= LEAST) {
        let (middle, spread) = middle_and_spread(logs);
        let its_error = 1.25 * spread / (logs.len() as f64).sqrt();
        let figures = [("median_days", middle.exp().max(0.5)), ("log_sd", spread.max(0.2))];
        let new = Table::from_iter(figures.map(|(key, new)| (key.to_owned(), Value::Float(rounded(new)))));
        // A condition that says nothing new keeps its figures, whatever the others do.
        if distance(row, &Value::Table(new.clone())) > its_error {
            (*row, moved) = (Value::Table(new), true);
        }
        error = error.max(its_error);
        pairs += logs.len();
    }
    let estimate = sample.estimate("timeline.gaps", Value::Array(rows), error, pairs);
    estimate.map(|estimate| Estimate { moved, ..estimate }).into_iter().collect()
}

fn gap(pair: &Pair) -> Option<i32> {
    Some(day(pair.body.event()?.date.as_ref()?)? - day(pair.missing.event()?.date.as_ref()?)?)
}

/// The row of the table: the condition's place in its list.
fn class(pair: &Pair) -> usize {
    match pair.body.condition() {
        _ if pair.body.kind == Kind::Unclaimed => UNCLAIMED,
        Some(condition) => condition as usize,
        None => UNKNOWN,
    }
}
