//! How often the sex was determined wrongly, by what was left of the body.

use super::{Estimate, Sample};
use crate::attribute::Preservation;

/// `sex.error_*`: the share of pairs whose sexes differ.
pub(super) fn errors(sample: &Sample<'_>) -> Vec<Estimate> {
    let classes = [
        ("sex.error_fleshed", Preservation::Fleshed),
        ("sex.error_altered", Preservation::Altered),
        ("sex.error_skeleton", Preservation::Skeleton),
        ("sex.error_parts", Preservation::Parts),
    ];
    let of = |(key, class): (&str, Preservation)| {
        let known = sample.pairs.iter().filter(|pair| Preservation::of(&pair.body) == class);
        let sexes: Vec<_> = known.filter_map(|pair| Some((pair.missing.sex?, pair.body.sex?))).collect();
        sample.share(key, sexes.iter().filter(|(ante, post)| ante != post).count(), sexes.len())
    };
    classes.into_iter().filter_map(of).collect()
}
