//! A person's profile against a family, locus by locus, where either is the query.
//!
//! What a query says of each result is kept ([`Memo`]). Where the query is a person this holds for families of one
//! relative; larger ones are worked out.

use std::sync::OnceLock;

use super::family::{AtLocus, Family, Reading};
use super::loci::{Loci, POPULATIONS, Profile, each};
use super::memo::Memo;
use crate::model::DnaModel;
use crate::record::Relation;

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
    /// The figures of [`AtLocus`], population by population; in each a reading, or what a relation shares, after the other.
    memos: Vec<OnceLock<Memo<2>>>,
    slots: usize,
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
        let memos = (0..POPULATIONS * slots).map(|_| OnceLock::new()).collect();
        Self { model, query, memos, slots }
    }

    /// log2 of the likelihood ratio of the query's person and another's family, over some loci.
    pub(super) fn against_family(&self, population: usize, family: &Family, loci: Loci) -> f64 {
        let Query::Person(person) = self.query else { return 0.0 };
        let pair = Pair { person, family, population, loci };
        let Some(only) = family.only() else { return self.over_readings(pair, &family.readings(), |_| None) };
        let memo = self.memo(population, shared(only.relation()));
        let work_out = |at| family.readings().first()?.at_locus(at, population, self.model, (person.0[at], family));
        each(loci).map(|at| memo.get(at, only.profile().0[at], || figures(work_out(at)))[0]).sum()
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
        let told = each(loci).map(|at| {
            let work_out = || figures(reading.at_locus(at, population, self.model, (person.0[at], family)));
            memo.map_or_else(work_out, |memo| memo.get(at, person.0[at], work_out))
        });
        told.fold((0.0, 0.0), |sums, told| (sums.0 + told[0], sums.1 + told[1]))
    }

    fn memo(&self, population: usize, slot: usize) -> &Memo<2> {
        self.memos[population * self.slots + slot].get_or_init(Memo::new)
    }
}

/// What a locus adds; nothing where it says nothing.
fn figures(told: Option<AtLocus>) -> [f64; 2] {
    told.map_or([0.0; 2], |told| [told.ratio, told.family])
}
