//! How far from the last contact people are found: the shares of the model's kernels.

use std::f64::consts::PI;

use super::{Estimate, LEAST, PRIOR, Pair, Sample, list, rounded, row};
use crate::record::Record;

const EARTH_KM: f64 = 6_371.0;
/// Rounds of expectation and maximization: the shares move by less than their error long before.
const ROUNDS: usize = 200;

/// `place.shares` and `place.anywhere`, by expectation and maximization with the model's scales as they are.
///
/// "Anywhere" has the distances of bodies from the last contacts of other people.
pub(super) fn distances(sample: &Sample<'_>) -> Vec<Estimate> {
    let (Some(scales), Some(old), Some(anywhere)) =
        (sample.numbers("place.scales_km"), sample.numbers("place.shares"), sample.number("place.anywhere"))
    else {
        return Vec::new();
    };
    let own: Vec<f64> = sample.pairs.iter().filter_map(|pair| km(&pair.missing, &pair.body)).collect();
    let others = sample.pairs.iter().zip(sample.pairs.iter().cycle().skip(1 + sample.pairs.len() / 2));
    let mut strange: Vec<f64> = others.filter_map(|(one, other)| km(&one.missing, &other.body)).collect();
    if own.len() < LEAST || strange.len() < LEAST {
        return Vec::new();
    }
    strange.sort_by(f64::total_cmp);
    let densities: Vec<Vec<f64>> = own.iter().map(|&km| densities(km, &scales, &strange)).collect();
    let prior: Vec<f64> = old.iter().copied().chain([anywhere]).collect();
    let mut shares = prior.clone();
    let mut counts = shares.clone();
    for _ in 0..ROUNDS {
        counts = vec![0.0; shares.len()];
        for densities in &densities {
            let all: f64 = densities.iter().zip(&shares).map(|(density, share)| density * share).sum();
            let parts = densities.iter().zip(&shares).map(|(density, share)| density * share / all);
            counts.iter_mut().zip(parts).for_each(|(count, part)| *count += part);
        }
        let total = counts.iter().sum::<f64>() + PRIOR;
        shares = counts.iter().zip(&prior).map(|(count, prior)| (count + PRIOR * prior) / total).collect();
    }
    let shares = row(&counts, &prior, PRIOR);
    let n = own.len() as f64 + PRIOR;
    let error = shares.iter().map(|share| (share * (1.0 - share) / n).sqrt()).fold(0.0, f64::max);
    let (kernels, rest) = shares.split_at(shares.len() - 1);
    let both = [("place.shares", list(kernels)), ("place.anywhere", rest[0].into())];
    let both = both.into_iter().filter_map(|(key, new)| sample.estimate(key, new, error, own.len()));
    let both: Vec<Estimate> = both.collect();
    // They sum to 1: one cannot move alone.
    let moved = both.iter().any(|estimate| estimate.moved);
    both.into_iter().map(|estimate| Estimate { moved, ..estimate }).collect()
}

/// `place.area_shares`: the smallest area that a last contact and a finding have in common, of pairs that name them all.
pub(super) fn areas(sample: &Sample<'_>) -> Vec<Estimate> {
    let names = |record: &Record| {
        let place = record.event()?.place.as_ref()?;
        Some([place.country.clone()?, place.region.clone()?, place.county.clone()?, place.locality.clone()?])
    };
    let common = |pair: &Pair| {
        let (ante, post) = (names(&pair.missing)?, names(&pair.body)?);
        Some(ante.iter().zip(&post).take_while(|(ante, post)| ante == post).count())
    };
    let mut counts = [0.0; 5];
    sample.pairs.iter().filter_map(common).for_each(|common| counts[4 - common] += 1.0);
    sample.shares_of("place.area_shares", &counts, PRIOR).into_iter().collect()
}

/// The density a kilometre of a distance in each kernel of the plane, and among strangers.
fn densities(km: f64, scales: &[f64], strange: &[f64]) -> Vec<f64> {
    // Places are rounded: nobody is nearer than a few hundred metres.
    let km = km.max(0.3);
    let kernels = scales.iter().map(|scale| km / (scale * scale) * (-km / scale).exp());
    let (near, far) = (km / 1.5, km * 1.5);
    let between = strange.partition_point(|other| *other <= far) - strange.partition_point(|other| *other < near);
    kernels.chain([(between as f64 + 0.1) / strange.len() as f64 / (far - near)]).collect()
}

/// Great-circle distance.
fn km(ante: &Record, post: &Record) -> Option<f64> {
    let point = |record: &Record| {
        let (latitude, longitude) = record.event()?.place.as_ref()?.point()?;
        Some((latitude * PI / 180.0, longitude * PI / 180.0))
    };
    let ((from, west), (to, east)) = (point(ante)?, point(post)?);
    let square = |angle: f64| (angle / 2.0).sin().powi(2);
    let part = square(to - from) + from.cos() * to.cos() * square(east - west);
    Some(rounded(2.0 * EARTH_KM * part.sqrt().min(1.0).asin()))
}
