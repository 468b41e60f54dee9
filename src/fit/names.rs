//! How a name changes between two clerks.

use std::collections::BTreeSet;

use super::{Estimate, Pair, Sample};
use crate::record::Record;

/// Likeness (Jaro and Winkler's) from which a part is the same but for a slip.
const CLOSE: f64 = 0.88;

/// `names.exact` and `names.close`: parts of the body's name that the missing person has, to the letter or nearly.
pub(super) fn slips(sample: &Sample<'_>) -> Vec<Estimate> {
    let (mut parts, mut exact, mut close) = (0, 0, 0);
    for pair in sample.pairs {
        let Some((ante, post)) = both(pair) else { continue };
        for part in &post {
            let likeness = ante.iter().map(|other| strsim::jaro_winkler(other, part)).fold(0.0, f64::max);
            parts += 1;
            exact += usize::from(ante.contains(part));
            close += usize::from(!ante.contains(part) && likeness >= CLOSE);
        }
    }
    let shares = [("names.exact", exact), ("names.close", close)];
    shares.into_iter().filter_map(|(key, hit)| sample.share(key, hit, parts)).collect()
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
