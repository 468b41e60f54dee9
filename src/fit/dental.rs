//! What becomes of teeth between two charts of one person: clerks err, treatment goes forward, and restorations grow.

use super::ages::day;
use super::appearance::counted;
use super::{Estimate, LEAST, Pair, Sample};
use crate::record::{Tooth, ToothState};

/// Teeth that the row in use counts as.
const PRIOR_TEETH: f64 = 100.0;
/// Days within which a dentist does next to nothing.
const SOON: i32 = 365;

/// `dental.charted`: P(state after | state before), tooth by tooth, of those who were found within a year.
pub(super) fn charted(sample: &Sample<'_>) -> Vec<Estimate> {
    let charts: Vec<Vec<(Tooth, Tooth)>> = sample.pairs.iter().filter(|pair| is_soon(pair)).filter_map(teeth).collect();
    let states = charts.iter().flatten().filter_map(|(ante, post)| Some((place(*ante)?, place(*post)?)));
    let states: Vec<(usize, usize)> = states.collect();
    let estimate = counted(sample, "dental.charted", &states, PRIOR_TEETH).filter(|_| charts.len() >= LEAST);
    estimate.map(|estimate| Estimate { pairs: charts.len(), ..estimate }).into_iter().collect()
}

/// `dental.surfaces`: of teeth restored at both times, how many have the same surfaces, more, fewer and others.
pub(super) fn surfaces(sample: &Sample<'_>) -> Vec<Estimate> {
    let restored: Vec<(Tooth, Tooth)> = sample.pairs.iter().filter_map(teeth).flatten().filter(both_restored).collect();
    let mut counts = [0.0; 4];
    for (ante, post) in &restored {
        let (ante, post) = (ante.byte(), post.byte());
        let at = match ante & post {
            _ if ante == post => 0,
            both if both == ante => 1,
            both if both == post => 2,
            _ => 3,
        };
        counts[at] += 1.0;
    }
    sample.shares_of("dental.surfaces", &counts, PRIOR_TEETH).into_iter().collect()
}

fn is_soon(pair: &Pair) -> bool {
    let days = || Some(day(pair.body.event()?.date.as_ref()?)? - day(pair.missing.event()?.date.as_ref()?)?);
    days().is_some_and(|days| days < SOON)
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
