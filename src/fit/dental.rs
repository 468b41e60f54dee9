//! What becomes of teeth between two charts of one person: treatment goes forward, and clerks err.

use toml::Value;

use super::appearance::counted;
use super::{Estimate, LEAST, Pair, Sample, rounded};
use crate::record::{Tooth, ToothState};

/// Teeth that the row in use counts as.
const PRIOR_TEETH: f64 = 100.0;

/// `dental.change`: P(post state | ante state), tooth by tooth.
pub(super) fn changes(sample: &Sample<'_>) -> Vec<Estimate> {
    let charts: Vec<Vec<(Tooth, Tooth)>> = sample.pairs.iter().filter_map(teeth).collect();
    let states = charts.iter().flatten().filter_map(|(ante, post)| Some((place(*ante)?, place(*post)?)));
    let states: Vec<(usize, usize)> = states.collect();
    let estimate = counted(sample, "dental.change", &states, PRIOR_TEETH).filter(|_| charts.len() >= LEAST);
    estimate.map(|estimate| Estimate { pairs: charts.len(), ..estimate }).into_iter().collect()
}

/// `dental.same_surfaces_ratio` and `other_surfaces_ratio`: how often two restored teeth of one person have the same
/// surfaces, over how often two of different people do.
pub(super) fn surfaces(sample: &Sample<'_>) -> Vec<Estimate> {
    let own: Vec<(Tooth, Tooth)> = sample.pairs.iter().filter_map(teeth).flatten().filter(both_restored).collect();
    let shifted = sample.pairs.iter().zip(sample.pairs.iter().cycle().skip(1));
    let strange = shifted.filter_map(|(one, other)| Some((one.missing.dental.as_ref()?, other.body.dental.as_ref()?)));
    let strange = strange.flat_map(|(ante, post)| ante.teeth().into_iter().zip(post.teeth())).filter(both_restored);
    let strange: Vec<(Tooth, Tooth)> = strange.collect();
    let same = |teeth: &[(Tooth, Tooth)]| {
        let same = teeth.iter().filter(|(ante, post)| ante.byte() == post.byte()).count();
        (same as f64 + 1.0) / (teeth.len() as f64 + 2.0)
    };
    if own.len() < 5 * LEAST || strange.len() < 5 * LEAST {
        return Vec::new();
    }
    let (one_person, two_people) = (same(&own), same(&strange));
    let error = (one_person * (1.0 - one_person) / own.len() as f64).sqrt();
    let ratios = [
        ("dental.same_surfaces_ratio", one_person, two_people),
        ("dental.other_surfaces_ratio", 1.0 - one_person, 1.0 - two_people),
    ];
    let estimate = |(key, one, two): (&str, f64, f64)| {
        sample.estimate(key, Value::Float(rounded(one / two)), error / two, own.len())
    };
    ratios.into_iter().filter_map(estimate).collect()
}

fn teeth(pair: &Pair) -> Option<Vec<(Tooth, Tooth)>> {
    let (ante, post) = (pair.missing.dental.as_ref()?, pair.body.dental.as_ref()?);
    Some(ante.teeth().into_iter().zip(post.teeth()).collect())
}

fn both_restored((ante, post): &(Tooth, Tooth)) -> bool {
    [ante, post].iter().all(|tooth| tooth.state() == Some(ToothState::Restored))
}

/// The row and column of a state.
fn place(tooth: Tooth) -> Option<usize> {
    match tooth.state()? {
        ToothState::Unerupted => None,
        ToothState::Virgin => Some(0),
        ToothState::Restored => Some(1),
        ToothState::Crown => Some(2),
        ToothState::Extracted => Some(3),
    }
}
