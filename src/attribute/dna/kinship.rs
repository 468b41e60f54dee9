//! A person's profile against a family, locus by locus, where either is the query.
//!
//! A locus has few results, so that a query meets the same ones again and again: what it says of each is worked out
//! once and kept. Where the query is a person this holds for families of one relative; larger ones are worked out.

use std::sync::OnceLock;

use super::family::{AtLocus, Family, Reading};
use super::loci::{LOCI, POPULATIONS, Profile, TABLE, Typed};
use crate::model::DnaModel;
use crate::record::Relation;

/// A set of loci, a bit each.
pub(super) type Loci = u32;

/// The loci of a set, in order.
pub(super) fn each(loci: Loci) -> impl Iterator<Item = usize> {
    let rest = std::iter::successors(Some(loci), |loci| Some(loci & loci.wrapping_sub(1)));
    rest.take_while(|loci| *loci != 0).map(|loci| loci.trailing_zeros() as usize)
}

/// What each result of each locus says: one family under one reading, or what is shared with one person.
type Memo = Box<[OnceLock<Option<AtLocus>>]>;

/// Relations of which each says something else ([`shared`]).
const SHARED: usize = 5;

/// Numbers what a relation has in common with the person: those of one number say the same, to the bit.
const fn shared(relation: Relation) -> usize {
    match relation {
        Relation::Mother | Relation::Father | Relation::Child => 0,
        Relation::HalfSibling | Relation::Grandparent => 1,
        Relation::FullSibling => 2,
        Relation::AuntUncle => 3,
        Relation::Cousin => 4,
    }
}

/// A query that families, or persons, are weighed against.
pub(super) struct Kinship<'a> {
    model: &'a DnaModel,
    query: Query<'a>,
    /// Population by population; in each a reading, or what a relation shares, after the other.
    memos: Vec<OnceLock<Memo>>,
    slots: usize,
    /// Where the results of each locus begin in a memo, and where they end.
    begins: [usize; LOCI + 1],
}

enum Query<'a> {
    Person(&'a Profile),
    Family(&'a Family, Vec<Reading>),
}

/// One pair in one population.
#[derive(Clone, Copy)]
struct Pair<'a> {
    person: &'a Profile,
    family: &'a Family,
    population: usize,
    loci: Loci,
}

impl<'a> Kinship<'a> {
    /// A query that is a person's own profile.
    pub(super) fn of_person(model: &'a DnaModel, profile: &'a Profile) -> Self {
        Self::new(model, Query::Person(profile), SHARED)
    }

    /// A query that is a family.
    pub(super) fn of_family(model: &'a DnaModel, family: &'a Family) -> Self {
        let readings = family.readings();
        let slots = readings.len();
        Self::new(model, Query::Family(family, readings), slots)
    }

    fn new(model: &'a DnaModel, query: Query<'a>, slots: usize) -> Self {
        let mut begins = [0; LOCI + 1];
        for (at, locus) in TABLE.iter().enumerate() {
            begins[at + 1] = begins[at] + locus.results();
        }
        let memos = (0..POPULATIONS * slots).map(|_| OnceLock::new()).collect();
        Self { model, query, memos, slots, begins }
    }

    /// log2 of the likelihood ratio of the query's person and another's family, over some loci.
    pub(super) fn against_family(&self, population: usize, family: &Family, loci: Loci) -> f64 {
        let Query::Person(person) = self.query else { return 0.0 };
        let pair = Pair { person, family, population, loci };
        let Some(only) = family.only() else { return self.over_readings(pair, &family.readings(), |_| None) };
        let memo = self.memo(population, shared(only.relation()));
        let work_out = |at| family.readings().first()?.at_locus(at, population, self.model, (person.0[at], family));
        let told = each(loci).filter_map(|at| self.kept(memo, (at, only.profile().0[at]), || work_out(at)));
        told.map(|told| told.ratio).sum()
    }

    /// log2 of the likelihood ratio of the query's family and another person, over some loci.
    pub(super) fn against_person(&self, population: usize, person: &Profile, loci: Loci) -> f64 {
        let Query::Family(family, readings) = &self.query else { return 0.0 };
        self.over_readings(Pair { person, family, population, loci }, readings, Some)
    }

    /// The mean over the readings, each by how well it explains the relatives. `slot`: where a reading is kept.
    fn over_readings(&self, pair: Pair<'_>, readings: &[Reading], slot: impl Fn(usize) -> Option<usize>) -> f64 {
        let told = readings.iter().enumerate().map(|(at, reading)| self.over_loci(pair, reading, slot(at)));
        if readings.len() == 1 {
            return told.map(|(ratio, _)| ratio).sum();
        }
        let told: Vec<(f64, f64)> = told.collect();
        let most = told.iter().map(|(_, family)| *family).fold(f64::MIN, f64::max);
        let weights: f64 = told.iter().map(|(_, family)| (family - most).exp2()).sum();
        let best = told.iter().map(|(ratio, family)| ratio + family).fold(f64::MIN, f64::max);
        let sum: f64 = told.iter().map(|(ratio, family)| (ratio + family - best).exp2()).sum();
        best - most + (sum / weights).log2()
    }

    /// log2 of the likelihood ratio, and of the chance of the relatives' results.
    fn over_loci(&self, pair: Pair<'_>, reading: &Reading, slot: Option<usize>) -> (f64, f64) {
        let Pair { person, family, population, loci } = pair;
        let memo = slot.map(|slot| self.memo(population, slot));
        let told = each(loci).filter_map(|at| {
            let work_out = || reading.at_locus(at, population, self.model, (person.0[at], family));
            memo.map_or_else(work_out, |memo| self.kept(memo, (at, person.0[at]), work_out))
        });
        told.fold((0.0, 0.0), |(ratio, family), told| (ratio + told.ratio, family + told.family))
    }

    fn memo(&self, population: usize, slot: usize) -> &Memo {
        let blank = || (0..self.begins[LOCI]).map(|_| OnceLock::new()).collect();
        self.memos[population * self.slots + slot].get_or_init(blank)
    }

    /// What a result says at a locus, worked out at most once where its alleles are in the table.
    fn kept(
        &self,
        memo: &Memo,
        (at, result): (usize, Typed),
        work_out: impl FnOnce() -> Option<AtLocus>,
    ) -> Option<AtLocus> {
        match TABLE[at].number(result) {
            None => work_out(),
            Some(number) => *memo[self.begins[at] + number].get_or_init(work_out),
        }
    }
}
