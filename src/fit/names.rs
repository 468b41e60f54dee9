//! How a name changes between two clerks.

use std::collections::BTreeSet;

use super::{Estimate, Pair, Sample};
use crate::record::Record;

/// `names.exact`, `names.slip` and `names.two_slips`: parts of the body's name that the missing person has, to the letter or
/// one or two slips of the pen away.
pub(super) fn slips(sample: &Sample<'_>) -> Vec<Estimate> {
    let mut parts = 0;
    let mut apart = [0; 3];
    for pair in sample.pairs {
        let Some((ante, post)) = both(pair) else { continue };
        for part in &post {
            parts += 1;
            let nearest = ante.iter().map(|other| strsim::osa_distance(other, part)).min();
            if let Some(count) = nearest.and_then(|slips| apart.get_mut(slips)) {
                *count += 1;
            }
        }
    }
    let shares = ["names.exact", "names.slip", "names.two_slips"].into_iter().zip(apart);
    shares.filter_map(|(key, hit)| sample.share(key, hit, parts)).collect()
}

/// The given and family names of both, initials left out.
fn both(pair: &Pair) -> Option<(BTreeSet<String>, BTreeSet<String>)> {
    let (ante, post) = (parts(&pair.missing), parts(&pair.body));
    (!ante.is_empty() && !post.is_empty()).then_some((ante, post))
}

fn parts(record: &Record) -> BTreeSet<String> {
    let texts = record.names.iter().flat_map(|name| [&name.given, &name.family]).flatten();
    let words = texts.flat_map(|text| text.split(|c: char| !c.is_alphanumeric()));
    words.map(str::to_lowercase).filter(|word| word.chars().count() > 1).collect()
}
