//! How ancestry, hair and eyes are confused: what was found of those who were reported with one value.

use toml::Value;

use super::{Estimate, PRIOR, Pair, Sample, list, row};
use crate::attribute::Preservation;

/// The confusion matrices: each row weighed against the one in use.
pub(super) fn confusions(sample: &Sample<'_>) -> Vec<Estimate> {
    let fresh = |pair: &Pair| Preservation::of(&pair.body) == Preservation::Fleshed;
    let ancestry = |pair: &Pair| one(&pair.missing.ancestry, &pair.body.ancestry, |value| value as usize);
    let hair = |pair: &Pair| one(&pair.missing.hair_color, &pair.body.hair_color, |value| value as usize);
    let eyes = |pair: &Pair| one(&pair.missing.eye_color, &pair.body.eye_color, |value| value as usize);
    let matrices = [
        matrix(sample, "appearance.ancestry", &ancestry),
        matrix(sample, "appearance.hair", &hair),
        matrix(sample, "appearance.eyes_fresh", &|pair| eyes(pair).filter(|_| fresh(pair))),
        matrix(sample, "appearance.eyes_altered", &|pair| eyes(pair).filter(|_| !fresh(pair))),
    ];
    matrices.into_iter().flatten().collect()
}

/// The two values where each side has exactly one.
fn one<T: Copy>(ante: &[T], post: &[T], place: impl Fn(T) -> usize) -> Option<(usize, usize)> {
    match (ante, post) {
        ([ante], [post]) => Some((place(*ante), place(*post))),
        _ => None,
    }
}

/// A matrix of P(post | ante) by counting.
pub(super) fn matrix(
    sample: &Sample<'_>,
    key: &str,
    values: &dyn Fn(&Pair) -> Option<(usize, usize)>,
) -> Option<Estimate> {
    let found: Vec<(usize, usize)> = sample.pairs.iter().filter_map(values).collect();
    counted(sample, key, &found, PRIOR)
}

/// The matrix of these places, its rows weighed against those in use as if they rested on `prior` of them.
pub(super) fn counted(sample: &Sample<'_>, key: &str, found: &[(usize, usize)], prior: f64) -> Option<Estimate> {
    let rows = sample.old(key)?.as_array()?;
    let mut counts = vec![vec![0.0; rows.first()?.as_array()?.len()]; rows.len()];
    for &(ante, post) in found {
        if let Some(count) = counts.get_mut(ante).and_then(|row| row.get_mut(post)) {
            *count += 1.0;
        }
    }
    from_counts(sample, key, &counts, prior)
}

/// The matrix of these counts.
pub(super) fn from_counts(sample: &Sample<'_>, key: &str, counts: &[Vec<f64>], prior: f64) -> Option<Estimate> {
    let rows = sample.old(key)?.as_array()?;
    let old: Vec<Vec<f64>> =
        rows.iter().map(|row| row.as_array()?.iter().map(Value::as_float).collect()).collect::<Option<_>>()?;
    let rows: Vec<Counted> = counts.iter().zip(&old).map(|(counts, old)| Counted::new(counts, old, prior)).collect();
    let moved = rows.iter().any(|row| row.moved);
    let error = rows.iter().filter(|row| row.moved == moved).map(|row| row.error).fold(0.0, f64::max);
    let new = Value::Array(rows.iter().map(|row| list(&row.shares)).collect());
    let found = counts.iter().flatten().sum::<f64>() as usize;
    Some(Estimate { moved, ..sample.estimate(key, new, error, found)? })
}

/// A row of a matrix. One whose shares are all within their errors stays as it is, whatever the others do.
struct Counted {
    shares: Vec<f64>,
    /// The largest of its shares' standard errors.
    error: f64,
    moved: bool,
}

impl Counted {
    fn new(counts: &[f64], old: &[f64], prior: f64) -> Self {
        let n = counts.iter().sum::<f64>() + prior;
        let shares = row(counts, old, prior);
        let errors: Vec<f64> = shares.iter().map(|share| (share * (1.0 - share) / n).sqrt()).collect();
        let moved = shares.iter().zip(old).zip(&errors).any(|((new, old), error)| (new - old).abs() > *error);
        let error = errors.into_iter().fold(0.0, f64::max);
        Self { shares: if moved { shares } else { old.to_vec() }, error, moved }
    }
}
