//! Mitochondrial and Y-chromosomal profiles: handed down whole, along one line of the family.
//!
//! A profile's frequency is counted in the collection, over what both sides cover: `f = (x + 2) / (n + 2)`, x of n profiles
//! that agree. Both agree: `agrees / f`, and at least 1. One difference is inconclusive (SWGDAM): 1. Each further one is a
//! factor `difference`. A relative stands for the person where both are of one line; where that is open (a half sibling may
//! be the father's) the ratio is 1 for the share that is not.
//!
//! Relatives of one line whose profiles differ cannot all be of it: each profile is the person's by its odds, `s / (1 - s)`
//! of the chance s that its relative is of the line, against the other profiles' and 1 for none of them.

use std::hash::Hash;
use std::sync::Mutex;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::super::Counts;
use crate::model::DnaModel;
use crate::record::Relation;

/// Different profiles of one line that are weighed.
const LINES: usize = 4;
/// The share of a profile that is surely the person's.
const WHOLE: u16 = 1_000;
/// The odds that a relative who is of the line by the record is of it: one in a hundred is no relative.
const SURE: f64 = 99.0;

/// A profile that is handed down whole.
pub(super) trait Haplotype: Clone + Ord + Hash {
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

/// What a record has of one line: its different profiles, the surest first. There is one at least.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Lines<H>(Box<[Line<H>]>);

/// A profile, and how surely it is the person's.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Line<H> {
    haplotype: H,
    /// In thousandths.
    share: u16,
    /// Whose it is: the relation's place in `Relation::ALL`; none: the person's own.
    relation: Option<u8>,
}

impl<H: Haplotype> Lines<H> {
    /// What is known of a line; none: nothing. `quarters`: of four chances, how many that a relative is of it.
    ///
    /// The person's own profile makes those of relatives superfluous.
    pub(super) fn read(
        profiles: impl Iterator<Item = (Option<Relation>, H)>,
        quarters: impl Fn(Relation) -> u8,
    ) -> Option<Self> {
        let sure = |(relation, haplotype): (Option<Relation>, H)| (relation.map_or(4, &quarters), relation, haplotype);
        let mut found: Vec<(u8, Option<Relation>, H)> = profiles.map(sure).filter(|found| found.0 > 0).collect();
        found.sort_unstable_by(|a, b| (b.0, a.1, &a.2).cmp(&(a.0, b.1, &b.2)));
        let mut different: Vec<(u8, Option<Relation>, H)> = Vec::new();
        for one in found {
            let is_own = different.first().is_some_and(|(_, relation, _)| relation.is_none());
            if !is_own && different.len() < LINES && different.iter().all(|(_, _, haplotype)| *haplotype != one.2) {
                different.push(one);
            }
        }
        let odds = |quarters: u8| if quarters == 4 { SURE } else { f64::from(quarters) / f64::from(4 - quarters) };
        let all: f64 = 1.0 + different.iter().map(|(quarters, ..)| odds(*quarters)).sum::<f64>();
        let is_only = different.len() == 1;
        let line = |(quarters, relation, haplotype): (u8, Option<Relation>, H)| {
            let share = if is_only { f64::from(quarters) / 4.0 } else { odds(quarters) / all };
            Line {
                haplotype,
                share: (share * f64::from(WHOLE)).round() as u16,
                relation: relation.map(|relation| relation as u8),
            }
        };
        let lines: Box<[Line<H>]> = different.into_iter().map(line).collect();
        (!lines.is_empty()).then_some(Self(lines))
    }

    /// Whether it is as [`Self::read`] makes it, from a file.
    pub(super) fn is_sound(&self) -> bool {
        let fits = |line: &Line<H>| {
            line.share <= WHOLE && line.relation.is_none_or(|relation| usize::from(relation) < Relation::ALL.len())
        };
        !self.0.is_empty() && self.0.iter().all(fits)
    }

    /// The surest profile.
    pub(super) fn surest(&self) -> &H {
        &self.0[0].haplotype
    }
}

/// How many profiles agree with one, of how many that cover the region.
type Frequency = (u64, u64);

/// What two profiles say: the likelihood ratio, their differences, and how frequent the profile is where they agree.
type Said = (f64, u32, Option<Frequency>);

/// A line of one side against others.
pub(super) struct Lineage<'a, H: Haplotype> {
    model: &'a DnaModel,
    counts: &'a Counts<H>,
    query: &'a Lines<H>,
    /// By the place of one of the query's profiles and a region: how many are the same there, and how many cover it.
    counted: Mutex<FxHashMap<(usize, H::Region), Frequency>>,
}

/// What a comparison found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Compared {
    /// log2 of the likelihood ratio.
    pub(super) bits: f64,
    /// Whose profiles agree best, the query's first; none: the person's own.
    pub(super) whose: [Option<Relation>; 2],
    /// Their differences over what both cover.
    pub(super) differences: u32,
    /// How frequent the profile is, where both agree.
    pub(super) frequency: Option<Frequency>,
}

impl<'a, H: Haplotype> Lineage<'a, H> {
    pub(super) fn new(model: &'a DnaModel, counts: &'a Counts<H>, query: &'a Lines<H>) -> Self {
        Self { model, counts, query, counted: Mutex::default() }
    }

    /// Compares a candidate's; none: nothing is covered by both.
    pub(super) fn compare(&self, candidate: &Lines<H>) -> Option<Compared> {
        let pairs = self.query.0.iter().flat_map(|ours| candidate.0.iter().map(move |theirs| (ours, theirs)));
        let whole = f64::from(WHOLE);
        let (mut ratio, mut best): (f64, Option<(f64, Compared)>) = (1.0, None);
        for (ours, theirs) in pairs {
            let Some((found, differences, frequency)) = self.pair(&ours.haplotype, &theirs.haplotype) else { continue };
            let sure = f64::from(ours.share) / whole * (f64::from(theirs.share) / whole);
            ratio += sure * (found - 1.0);
            if best.is_none_or(|(most, _)| sure * found > most) {
                let whose = [ours, theirs].map(|line| line.relation.map(|at| Relation::ALL[usize::from(at)]));
                best = Some((sure * found, Compared { bits: 0.0, whose, differences, frequency }));
            }
        }
        // Shares are rounded, and may make a little more than one.
        best.map(|(_, best)| Compared { bits: ratio.max(f64::MIN_POSITIVE).log2(), ..best })
    }

    /// What two profiles say; none: nothing is covered by both.
    fn pair(&self, ours: &H, theirs: &H) -> Option<Said> {
        let region = ours.common(theirs)?;
        let differences = ours.differences(theirs, &region);
        let frequency = (differences == 0).then(|| self.frequency(ours, theirs, &region));
        let ratio = match frequency {
            Some((agree, of)) => (self.model.lineage_agrees * (of as f64 + 2.0) / (agree as f64 + 2.0)).max(1.0),
            None => self.model.lineage_difference.powi(differences.min(4) as i32 - 1),
        };
        Some((ratio, differences, frequency))
    }

    /// Profiles that agree with either of two that agree with each other, and how many cover the region.
    fn frequency(&self, ours: &H, theirs: &H, region: &H::Region) -> Frequency {
        let place = self.query.0.iter().position(|line| line.haplotype == *ours).unwrap_or_default();
        let key = (place, region.clone());
        let known = self.counted.lock().ok().and_then(|counted| counted.get(&key).copied());
        let of_query = known.unwrap_or_else(|| self.count(ours, region));
        if known.is_none()
            && let Ok(mut counted) = self.counted.lock()
        {
            counted.insert(key, of_query);
        }
        let same = ours.is_exact() && theirs.is_exact();
        if same { of_query } else { of_query.max(self.count(theirs, region)) }
    }

    fn count(&self, haplotype: &H, region: &H::Region) -> Frequency {
        let profiles = self.counts.shards().iter().flat_map(|shard| shard.iter());
        let there = profiles.filter(|(profile, _)| profile.covers(region));
        there.fold((0, 0), |(agree, of), (profile, &times)| {
            let agrees = profile.differences(haplotype, region) == 0;
            (agree + u64::from(times) * u64::from(agrees), of + u64::from(times))
        })
    }
}
