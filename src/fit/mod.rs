//! What pairs of known truth say of the model's parameters: a list of small estimators, one a family.
//!
//! Each counts or measures what its parameters stand for, over pairs that are one person, and gives a figure with its
//! standard error and the number of pairs behind it. Shares are weighed against the present figure as if that rested on
//! `PRIOR` pairs, so that few pairs move little and nothing becomes impossible. Spreads are measured with the middle of
//! what was found, so that a slip of the pen does not widen them. No I/O, no chance: the same pairs, the same figures.
//!
//! Adding an estimator is one file and one line in `ESTIMATORS`.

mod ages;
mod appearance;
mod build;
mod collect;
mod dental;
mod features;
mod figures;
mod fingerprints;
mod gaps;
mod names;
mod place;
mod sex;

use toml::Value;

use crate::corpus::Snapshot;
use crate::model::Model;
use crate::record::Record;

pub use figures::lines;

/// Pairs that the present figure of a share counts as.
const PRIOR: f64 = 20.0;
/// Fewer measures than this say nothing of a spread.
const LEAST: usize = 12;

/// Two records of one person.
#[derive(Clone)]
pub struct Pair {
    /// Of the missing person.
    pub missing: Record,
    /// Of the remains or the unclaimed body.
    pub body: Record,
}

/// What there is to learn from.
pub struct Sample<'a> {
    /// The model in use.
    pub model: &'a Model,
    /// Pairs of one person, in any order that is always the same.
    pub pairs: &'a [Pair],
    /// The whole collection, with its counts.
    pub snapshot: &'a Snapshot,
}

/// What the pairs say of one parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// The parameter's name, such as `sex.error_skeleton`.
    pub key: String,
    /// The new figure, in the form of the old one.
    pub new: Value,
    /// Its standard error; of a list the largest.
    pub error: f64,
    /// Pairs that it rests on.
    pub pairs: usize,
    /// Whether it is further from the figure in use than its standard error.
    pub moved: bool,
}

/// An estimator of one family of parameters.
type Estimator = fn(&Sample<'_>) -> Vec<Estimate>;

/// Every family that can be estimated.
const ESTIMATORS: &[(&str, Estimator)] = &[
    ("sex", sex::errors),
    ("ancestry, hair and eyes", appearance::confusions),
    ("height", build::height),
    ("weight", build::weight),
    ("birth", ages::births),
    ("age", ages::ages),
    ("order of dates", ages::order),
    ("gap by condition", gaps::gaps),
    ("distance", place::distances),
    ("area", place::areas),
    ("teeth", dental::charted),
    ("surfaces", dental::surfaces),
    ("readings of fingers", fingerprints::readings),
    ("patterns of fingers", fingerprints::population),
    ("marks", features::agreements),
    ("names", names::slips),
    ("what an attribute tells", collect::expected),
];

/// Everything that the pairs say, family by family.
pub fn fit(sample: &Sample<'_>) -> Vec<Estimate> {
    ESTIMATORS.iter().flat_map(|(_, estimate)| estimate(sample)).collect()
}

impl Sample<'_> {
    /// The figure in use; none: the model has no such parameter.
    fn old(&self, key: &str) -> Option<&Value> {
        let mut names = key.split('.');
        let first = self.model.parameters().get(names.next()?)?;
        names.try_fold(first, |value, name| value.as_table()?.get(name))
    }

    fn number(&self, key: &str) -> Option<f64> {
        self.old(key)?.as_float()
    }

    fn numbers(&self, key: &str) -> Option<Vec<f64>> {
        self.old(key)?.as_array()?.iter().map(Value::as_float).collect()
    }

    /// How often `hit` of `pairs`, weighed against the figure in use; none: no such parameter.
    fn share(&self, key: &str, hit: usize, pairs: usize) -> Option<Estimate> {
        self.share_of(key, (hit as f64, pairs as f64), PRIOR)
    }

    /// How often so many hits of all, weighed against the figure in use as if that rested on `prior`.
    fn share_of(&self, key: &str, (hit, all): (f64, f64), prior: f64) -> Option<Estimate> {
        let share = (hit + prior * self.number(key)?) / (all + prior);
        let error = (share * (1.0 - share) / (all + prior)).sqrt();
        self.estimate(key, Value::Float(rounded(share)), error, all as usize)
    }

    /// Counts as shares that sum to one, weighed against those in use as if they rested on `prior`.
    fn shares_of(&self, key: &str, counts: &[f64], prior: f64) -> Option<Estimate> {
        let new = row(counts, &self.numbers(key)?, prior);
        let all = counts.iter().sum::<f64>();
        let error = new.iter().map(|share| (share * (1.0 - share) / (all + prior)).sqrt()).fold(0.0, f64::max);
        self.estimate(key, list(&new), error, all as usize)
    }

    /// An estimate; none: no such parameter, or nothing that it could rest on.
    fn estimate(&self, key: &str, new: Value, error: f64, pairs: usize) -> Option<Estimate> {
        let moved = figures::distance(self.old(key)?, &new) > error;
        (pairs > 0).then(|| Estimate { key: key.to_owned(), new, error, pairs, moved })
    }
}

/// To three digits that mean something.
fn rounded(figure: f64) -> f64 {
    if figure == 0.0 || !figure.is_finite() {
        return figure;
    }
    let unit = 10_f64.powi(2 - figure.abs().log10().floor() as i32);
    (figure * unit).round() / unit
}

/// Numbers as a list.
fn list(numbers: &[f64]) -> Value {
    Value::Array(numbers.iter().map(|&number| Value::Float(number)).collect())
}

/// Counts as shares of a row, weighed against the row in use, in ten-thousandths that sum to 1.
fn row(counts: &[f64], old: &[f64], prior: f64) -> Vec<f64> {
    let total = counts.iter().sum::<f64>() + prior;
    let share = |(count, old): (&f64, &f64)| ((count + prior * old) / total * 1e4).round().max(1.0) as i64;
    let mut parts: Vec<i64> = counts.iter().zip(old).map(share).collect();
    let rest = 10_000 - parts.iter().sum::<i64>();
    if let Some(largest) = parts.iter_mut().max() {
        *largest += rest;
    }
    parts.into_iter().map(|part| part as f64 / 1e4).collect()
}

/// The middle of measures, and their spread by the median distance from it: a standard deviation where they are normal.
fn middle_and_spread(measures: &[f64]) -> (f64, f64) {
    let median = |mut measures: Vec<f64>| {
        measures.sort_by(f64::total_cmp);
        let half = measures.len() / 2;
        match measures.len() {
            0 => 0.0,
            n if n % 2 == 1 => measures[half],
            _ => f64::midpoint(measures[half - 1], measures[half]),
        }
    };
    let middle = median(measures.to_vec());
    (middle, 1.4826 * median(measures.iter().map(|measure| (measure - middle).abs()).collect()))
}

#[cfg(test)]
mod tests;
