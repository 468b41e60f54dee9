//! Mitochondrial and Y-chromosomal profiles: handed down whole, along one line of the family.
//!
//! A profile's frequency is counted in the collection, over what both sides cover: `f = (x + 2) / (n + 2)`, x of n profiles
//! that agree. Both agree: `agrees / f`. One difference is inconclusive (SWGDAM): 1. Each further one is a factor
//! `difference`. A relative stands for the person where both are of one line; where that is open (a half sibling may be
//! the father's) the ratio is 1 for the share that is not.

use std::hash::Hash;
use std::sync::Mutex;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::super::Counts;
use crate::model::DnaModel;

/// A profile that is handed down whole.
pub(super) trait Haplotype: Clone + Eq + Hash {
    /// What two profiles both cover.
    type Region: Clone + Eq + Hash;

    /// What both cover; none: nothing.
    fn common(&self, other: &Self) -> Option<Self::Region>;

    /// Whether it covers all of a region.
    fn covers(&self, region: &Self::Region) -> bool;

    /// Whether it leaves nothing open: another profile that agrees with it and leaves nothing open is the same there.
    fn is_exact(&self) -> bool;

    /// How many differences there are within a region that both cover.
    fn differences(&self, other: &Self, region: &Self::Region) -> u32;
}

/// A profile, and how surely it is of the person's line.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Line<H> {
    pub(super) haplotype: H,
    /// Of four chances, how many that it is of the person's line.
    pub(super) quarters: u8,
    /// Whose it is: the relation's place in `Relation::ALL`; none: the person's own.
    pub(super) relation: Option<u8>,
}

/// A line of one side against others.
pub(super) struct Lineage<'a, H: Haplotype> {
    model: &'a DnaModel,
    counts: &'a Counts<H>,
    query: &'a Line<H>,
    /// How many profiles cover a region, and how many of them are the query's there.
    counted: Mutex<FxHashMap<H::Region, (u64, u64)>>,
}

/// What a comparison found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Compared {
    /// log2 of the likelihood ratio.
    pub(super) bits: f64,
    /// Differences over what both cover.
    pub(super) differences: u32,
    /// How frequent the profile is, where both agree.
    pub(super) frequency: Option<(u64, u64)>,
}

impl<'a, H: Haplotype> Lineage<'a, H> {
    pub(super) fn new(model: &'a DnaModel, counts: &'a Counts<H>, query: &'a Line<H>) -> Self {
        Self { model, counts, query, counted: Mutex::default() }
    }

    /// Compares a candidate's; none: nothing is covered by both.
    pub(super) fn compare(&self, candidate: &Line<H>) -> Option<Compared> {
        let (a, b) = (&self.query.haplotype, &candidate.haplotype);
        let region = a.common(b)?;
        let differences = a.differences(b, &region);
        let frequency = (differences == 0).then(|| self.frequency(b, &region));
        let ratio = match frequency {
            Some((agree, of)) => self.model.lineage_agrees * (of as f64 + 2.0) / (agree as f64 + 2.0),
            None => self.model.lineage_difference.powi(differences.min(4) as i32 - 1),
        };
        let sure = f64::from(self.query.quarters) * f64::from(candidate.quarters) / 16.0;
        Some(Compared { bits: (sure * ratio + 1.0 - sure).log2(), differences, frequency })
    }

    /// Profiles that agree with either of two that agree with each other, and how many cover the region.
    fn frequency(&self, candidate: &H, region: &H::Region) -> (u64, u64) {
        let query = &self.query.haplotype;
        let known = self.counted.lock().ok().and_then(|counted| counted.get(region).copied());
        let of_query = known.unwrap_or_else(|| self.count(query, region));
        if known.is_none()
            && let Ok(mut counted) = self.counted.lock()
        {
            counted.insert(region.clone(), of_query);
        }
        let same = query.is_exact() && candidate.is_exact();
        if same { of_query } else { of_query.max(self.count(candidate, region)) }
    }

    fn count(&self, haplotype: &H, region: &H::Region) -> (u64, u64) {
        let profiles = self.counts.shards().iter().flat_map(|shard| shard.iter());
        let there = profiles.filter(|(profile, _)| profile.covers(region));
        there.fold((0, 0), |(agree, of), (profile, &times)| {
            let agrees = profile.differences(haplotype, region) == 0;
            (agree + u64::from(times) * u64::from(agrees), of + u64::from(times))
        })
    }
}
