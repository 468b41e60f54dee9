//! What each attribute tells on average of a pair of one person: the worth of collecting it.

use std::collections::BTreeMap;

use toml::Value;

use super::{Estimate, LEAST, Sample, rounded};
use crate::matching;

/// `collect.*.bits`: the mean of each attribute's bits. It depends on the model, so fit it last, with the rest in place.
pub(super) fn expected(sample: &Sample<'_>) -> Vec<Estimate> {
    let mut bits: BTreeMap<&'static str, Vec<f64>> = BTreeMap::new();
    for pair in sample.pairs {
        let told = matching::evidence(sample.snapshot, sample.model, &pair.body, std::iter::once(&pair.missing));
        told.iter().flatten().for_each(|told| bits.entry(told.attribute).or_default().push(told.bits.to_f64()));
    }
    let estimate = |(attribute, bits): (&str, Vec<f64>)| {
        let key = format!("collect.{attribute}.bits");
        let n = bits.len() as f64;
        let mean = bits.iter().sum::<f64>() / n;
        let variance = bits.iter().map(|bits| (bits - mean).powi(2)).sum::<f64>() / n;
        let new = Value::Float(rounded(mean.max(0.0)));
        sample.estimate(&key, new, (variance / n).sqrt(), bits.len()).filter(|estimate| estimate.pairs >= LEAST)
    };
    bits.into_iter().filter_map(estimate).collect()
}
