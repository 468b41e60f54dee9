//! Days from death to finding, by the condition of the body, and who lived on after the last contact.
//!
//! Only the sum of both times is seen. So each pair belongs to those who died soon by the share of the present model's
//! density that they have at its gap; the time since death is measured over the pairs so weighed, and the model that this
//! gives shares them out again, until nothing moves.

use toml::{Table, Value};

use super::ages::day;
use super::figures::distance;
use super::{Estimate, LEAST, Pair, Sample, rounded};
use crate::model::{GAP_CLASSES, Model, gap_of_days};
use crate::record::Kind;

const UNCLAIMED: usize = 9;
const UNKNOWN: usize = 10;
/// Rounds of sharing out the pairs; they settle well before.
const ROUNDS: usize = 12;

/// A pair's row of the table and its days.
type Gap = (usize, u32);

/// `timeline.post_mortem`: median and spread of the logarithm; classes with few pairs keep theirs.
pub(super) fn gaps(sample: &Sample<'_>) -> Vec<Estimate> {
    // Findings before the last contact are counted on their own, and who is unclaimed had mostly lived on.
    let gaps: Vec<Gap> = sample.pairs.iter().filter_map(gap).filter(|(class, _)| *class != UNCLAIMED).collect();
    let Some(Value::Array(old)) = sample.old("timeline.post_mortem").cloned() else { return Vec::new() };
    let (mut rows, mut error) = (old.clone(), 0.0);
    let mut model = sample.model.clone();
    for _ in 0..ROUNDS {
        (rows, error) = measured(&model, &gaps, &old);
        let mut parameters = sample.model.parameters().clone();
        if let Some(timeline) = parameters.get_mut("timeline").and_then(Value::as_table_mut) {
            timeline.insert("post_mortem".to_owned(), Value::Array(rows.clone()));
        }
        let Ok(next) = Model::parse(&parameters.to_string()) else { break };
        model = next;
    }
    let moved = rows != old;
    let estimate = sample.estimate("timeline.post_mortem", Value::Array(rows), error, gaps.len());
    estimate.map(|estimate| Estimate { moved, ..estimate }).into_iter().collect()
}

/// The rows as the gaps have them, shared out by a model, and the largest error. What says nothing new stays.
fn measured(model: &Model, gaps: &[Gap], old: &[Value]) -> (Vec<Value>, f64) {
    let (mut rows, mut largest) = (old.to_vec(), 0.0_f64);
    for (class, row) in rows.iter_mut().enumerate() {
        let of_class = gaps.iter().filter(|(of, _)| *of == class);
        let mut logs: Vec<(f64, f64)> = of_class
            .map(|&(class, days)| {
                let lives = model.timeline.gap_densities(class as u8, gap_of_days(days as i32));
                ((f64::from(days) + 0.5).ln(), f64::from(lives[0]) / lives.sum())
            })
            .collect();
        let pairs: f64 = logs.iter().map(|(_, soon)| soon).sum();
        if pairs < LEAST as f64 {
            continue;
        }
        let middle = weighted_median(&mut logs);
        let mut off: Vec<(f64, f64)> = logs.iter().map(|(log, soon)| ((log - middle).abs(), *soon)).collect();
        let spread = 1.4826 * weighted_median(&mut off);
        let error = 1.25 * spread / pairs.sqrt();
        let figures = [("median_days", middle.exp().max(0.5)), ("log_sd", spread.max(0.2))];
        let new = Table::from_iter(figures.map(|(key, new)| (key.to_owned(), Value::Float(rounded(new)))));
        // A condition that says nothing new keeps its figures, whatever the others do.
        if distance(row, &Value::Table(new.clone())) > error {
            *row = Value::Table(new);
        }
        largest = largest.max(error);
    }
    (rows, largest)
}

/// The value with half of the weight below it.
fn weighted_median(values: &mut [(f64, f64)]) -> f64 {
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    let half = values.iter().map(|(_, weight)| weight).sum::<f64>() / 2.0;
    let mut sum = 0.0;
    let at = values.iter().position(|(_, weight)| {
        sum += weight;
        sum >= half
    });
    at.and_then(|at| values.get(at)).map_or(0.0, |(value, _)| *value)
}

fn gap(pair: &Pair) -> Option<Gap> {
    let days = day(pair.body.event()?.date.as_ref()?)? - day(pair.missing.event()?.date.as_ref()?)?;
    Some((class(pair).min(GAP_CLASSES - 1), u32::try_from(days).ok()?))
}

/// The row of the table: the condition's place in its list.
fn class(pair: &Pair) -> usize {
    match pair.body.condition() {
        _ if pair.body.kind == Kind::Unclaimed => UNCLAIMED,
        Some(condition) => condition as usize,
        None => UNKNOWN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_weight_lies_below_the_median() {
        assert_eq!(weighted_median(&mut [(9.0, 1.0), (1.0, 3.0), (5.0, 1.0)]), 1.0);
        assert_eq!(weighted_median(&mut [(9.0, 2.0), (1.0, 1.0), (5.0, 2.0)]), 5.0);
        assert_eq!(weighted_median(&mut []), 0.0);
    }
}
