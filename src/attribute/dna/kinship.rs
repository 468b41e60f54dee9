//! A person's profile against a family, locus by locus, where either is the query.
//!
//! A locus has few results, so that a query meets the same ones again and again: what it says of each is worked out
//! once and kept. Where the query is a person this holds for families of one relative; larger ones are worked out.

use std::sync::OnceLock;

use super::family::{AtLocus, Family, Reading};
use super::loci::{LOCI, POPULATIONS, Profile, TABLE};
use crate::model::DnaModel;
use crate::record::Relation;

/// A set of loci, a bit each.
pub(super) type Loci = u32;

/// The loci of a set, in order.
pub(super) fn each(loci: Loci) -> impl Iterator<Item = usize> {
    (0..LOCI).filter(move |at| loci >> at & 1 == 1)
}

/// What each result of each locus says: one family under one reading, or one relation to one person.
type Memo = Box<[OnceLock<Option<AtLocus>>]>;

/// A query that families, or persons, are weighed against.
pub(super) struct Kinship<'a> {
    model: &'a DnaModel,
    query: Query<'a>,
    /// Population by population; in each a reading, or a relation, after the other.
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
        Self::new(model, Query::Person(profile), Relation::ALL.len())
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
        let slot = family.only().map(|only| only.relation() as usize);
        self.over_readings(pair, &family.readings(), |_| slot)
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
        let told = each(pair.loci).filter_map(|at| self.at_locus(pair, reading, (slot, at)));
        told.fold((0.0, 0.0), |(ratio, family), told| (ratio + told.ratio.log2(), family + told.family.log2()))
    }

    fn at_locus(&self, pair: Pair<'_>, reading: &Reading, (slot, at): (Option<usize>, usize)) -> Option<AtLocus> {
        let person = pair.person.0[at];
        let work_out = || reading.at_locus(at, pair.population, self.model, (person, pair.family));
        let other = match (&self.query, pair.family.only()) {
            (Query::Family(..), _) => person,
            (Query::Person(_), Some(only)) => only.profile().0[at],
            (Query::Person(_), None) => return work_out(),
        };
        let Some((slot, number)) = slot.zip(TABLE[at].number(other)) else { return work_out() };
        let memo = self.memos[pair.population * self.slots + slot].get_or_init(|| self.blank());
        *memo[self.begins[at] + number].get_or_init(work_out)
    }

    fn blank(&self) -> Memo {
        (0..self.begins[LOCI]).map(|_| OnceLock::new()).collect()
    }
}
