//! How far found heights and weights are from reported ones: bias and spread, by what was left of the body.

use toml::Value;

use super::{Estimate, LEAST, Pair, Sample, list, middle_and_spread, rounded};
use crate::attribute::Preservation;
use crate::record::Range;

/// Below this age the height at last contact says less.
const ADULT_AGE: f64 = 19.0;
const CLASSES: [Preservation; 4] =
    [Preservation::Fleshed, Preservation::Altered, Preservation::Skeleton, Preservation::Parts];

/// One pair's difference, and the variance that the widths of the two ranges bring to it.
struct Difference {
    class: Preservation,
    by: f64,
    of_ranges: f64,
}

/// `build.height_bias_cm` and `build.height_error_cm`.
pub(super) fn height(sample: &Sample<'_>) -> Vec<Estimate> {
    let difference = |pair: &Pair| {
        let (ante, post) = (pair.missing.height_cm?, pair.body.height_cm?);
        let by = post.middle() - ante.middle();
        Some(Difference { class: Preservation::of(&pair.body), by, of_ranges: variance(ante) + variance(post) / 4.0 })
    };
    let differences: Vec<Difference> = adults(sample).filter_map(difference).collect();
    let all: Vec<f64> = differences.iter().map(|difference| difference.by).collect();
    let (bias, spread) = middle_and_spread(&all);
    let error = 1.25 * spread / (all.len().max(1) as f64).sqrt();
    let bias = sample.estimate("build.height_bias_cm", Value::Float(rounded(bias)), error, all.len());
    let errors = spreads(sample, "build.height_error_cm", &differences);
    bias.filter(|bias| bias.pairs >= LEAST).into_iter().chain(errors).collect()
}

/// `build.weight_bias_log` and `build.weight_error_log`, in natural logarithms; bones have no weight.
pub(super) fn weight(sample: &Sample<'_>) -> Vec<Estimate> {
    let relative = |range: Range| variance(range) / range.middle().powi(2);
    let difference = |pair: &Pair| {
        let (ante, post) = (pair.missing.weight_kg?, pair.body.weight_kg?);
        let class = Preservation::of(&pair.body);
        let bones = matches!(class, Preservation::Skeleton | Preservation::Parts);
        let known = !bones && ante.middle() > 0.0 && post.middle() > 0.0;
        let by = (post.middle() / ante.middle()).ln();
        known.then(|| Difference { class, by, of_ranges: relative(ante) + relative(post) / 4.0 })
    };
    let differences: Vec<Difference> = adults(sample).filter_map(difference).collect();
    let key = "build.weight_bias_log";
    let biases = by_class(sample, key, &differences, &|class| {
        let (bias, spread) = middle_and_spread(&class.iter().map(|difference| difference.by).collect::<Vec<_>>());
        (bias, 1.25 * spread / (class.len() as f64).sqrt())
    });
    biases.into_iter().chain(spreads(sample, "build.weight_error_log", &differences)).collect()
}

fn adults<'s>(sample: &'s Sample<'_>) -> impl Iterator<Item = &'s Pair> {
    sample.pairs.iter().filter(|pair| pair.missing.age_years.is_none_or(|age| age.middle() >= ADULT_AGE))
}

/// Of a value that may be anywhere in the range.
fn variance(range: Range) -> f64 {
    (range.max() - range.min()).powi(2) / 12.0
}

/// What is left of the spread without the widths of the ranges; at least a quarter of it.
fn spreads(sample: &Sample<'_>, key: &str, differences: &[Difference]) -> Option<Estimate> {
    by_class(sample, key, differences, &|class| {
        let (_, spread) = middle_and_spread(&class.iter().map(|difference| difference.by).collect::<Vec<_>>());
        let of_ranges = class.iter().map(|difference| difference.of_ranges).sum::<f64>() / class.len() as f64;
        let error = (spread.powi(2) - of_ranges).max(spread.powi(2) / 16.0).sqrt();
        (error, error / (2.0 * class.len() as f64).sqrt())
    })
}

/// A figure a class; classes with few pairs keep theirs.
fn by_class(
    sample: &Sample<'_>,
    key: &str,
    differences: &[Difference],
    figure: &dyn Fn(&[&Difference]) -> (f64, f64),
) -> Option<Estimate> {
    let mut figures = sample.numbers(key)?;
    let (mut error, mut pairs, mut moved) = (0.0_f64, 0, false);
    for (at, class) in CLASSES.iter().enumerate().take(figures.len()) {
        let of_class: Vec<&Difference> = differences.iter().filter(|difference| difference.class == *class).collect();
        if of_class.len() >= LEAST {
            let (new, its_error) = figure(&of_class);
            // A class that says nothing new keeps its figure, whatever the others do.
            if (new - figures[at]).abs() > its_error {
                (figures[at], moved) = (rounded(new), true);
            }
            error = error.max(its_error);
            pairs += of_class.len();
        }
    }
    Some(Estimate { moved, ..sample.estimate(key, list(&figures), error, pairs)? })
}
