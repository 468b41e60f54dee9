//! A person's profile against a family, locus by locus, where either is the query.
//!
//! What a query says of each result is kept ([`Memo`]). Where the query is a person this holds for families of one
//! relative and for both parents, of whom each has a line. Other families are worked out.

use std::sync::{Arc, OnceLock};

use smallvec::SmallVec;

use super::family::{AtLocus, Family, Reading, chances};
use super::handing::Handings;
use super::lines::{Line, Person};
use super::loci::{Loci, POPULATIONS, Profile, TABLE, Typed, each};
use super::memo::Memo;
use super::pedigree::Role;
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
    /// What a parent's result says on the line, population by population.
    parents: [OnceLock<Memo<3>>; POPULATIONS],
    handings: Arc<Handings>,
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
    pub(super) fn of_person(model: &'a DnaModel, handings: &Arc<Handings>, profile: &'a Profile) -> Self {
        Self::new((model, handings), Query::Person(profile), SHARED)
    }

    /// A query that is a family.
    pub(super) fn of_family(model: &'a DnaModel, handings: &Arc<Handings>, family: &'a Family) -> Self {
        let readings = family.readings();
        let slots = readings.len();
        Self::new((model, handings), Query::Family(family, readings), slots)
    }

    fn new((model, handings): (&'a DnaModel, &Arc<Handings>), query: Query<'a>, slots: usize) -> Self {
        let memos = (0..POPULATIONS * slots).map(|_| OnceLock::new()).collect();
        Self { model, query, memos, slots, parents: Default::default(), handings: Arc::clone(handings) }
    }

    /// log2 of the likelihood ratio of the query's person and another's family, over some loci.
    pub(super) fn against_family(&self, population: usize, family: &Family, loci: Loci) -> f64 {
        let Query::Person(person) = self.query else { return 0.0 };
        let pair = Pair { person, family, population, loci };
        if let Some(parents) = family.parents() {
            return self.against_parents(pair, parents);
        }
        if let Some(siblings) = family.two_siblings() {
            let roles = |at: usize| siblings.map(|sibling| (Role::FullSibling, sibling.at(at)));
            return each(loci).map(|at| self.of_roles(at, pair, roles(at))).product::<f64>().log2();
        }
        let Some(only) = family.only() else { return self.over_readings(pair, &family.readings(), |_| None) };
        let memo = self.memo(population, shared(only.relation()));
        let worked_out = |at: usize| self.of_roles(at, pair, [(only.role(), only.profile().at(at))]);
        each(loci).map(|at| memo.get(only.profile(), at, || [worked_out(at), 0.0])[0]).product::<f64>().log2()
    }

    /// The likelihood ratio at a locus, of relatives who can be read in one way only.
    fn of_roles<const N: usize>(&self, at: usize, pair: Pair<'_>, members: [(Role, Typed); N]) -> f64 {
        let known: SmallVec<[(Role, Typed); N]> = members.into_iter().filter(|(_, typed)| typed.is_known()).collect();
        let person = self.person(at, pair);
        person.ratio(chances(person, &known, (false, false)))
    }

    /// The same where both parents are typed, line by line.
    fn against_parents(&self, pair: Pair<'_>, parents: [&Profile; 2]) -> f64 {
        let memo = self.parents[pair.population].get_or_init(Memo::new);
        let ratio = |at: usize| {
            let person = self.person(at, pair);
            let typed = parents.iter().filter(|parent| parent.at(at).is_known());
            let line = |parent: &Profile| memo.get(parent, at, || Line::OF_PARENT.tell(person, parent.at(at)));
            let mut lines = typed.map(|parent| line(parent));
            person.ratio(person.chances([lines.next(), lines.next()]))
        };
        each(pair.loci).map(ratio).product::<f64>().log2()
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
        let memo = slot.map(|slot| self.memo(pair.population, slot));
        let told = each(pair.loci).map(|at| {
            let work_out = || figures(self.at_locus(at, reading, pair));
            memo.map_or_else(work_out, |memo| memo.get(pair.person, at, work_out))
        });
        let (ratio, family) = told.fold((1.0_f64, 0.0), |all, told| (all.0 * told[0], all.1 + told[1]));
        (ratio.log2(), family)
    }

    fn at_locus(&self, at: usize, reading: &Reading, pair: Pair<'_>) -> Option<AtLocus> {
        reading.at_locus(at, self.person(at, pair), pair.family)
    }

    fn person(&self, at: usize, pair: Pair<'_>) -> Person<'_> {
        let (locus, population, model) = (&TABLE[at], pair.population, self.model);
        let handing = self.handings.at(at, population, model);
        Person { model, locus, population, handing, result: pair.person.at(at) }
    }

    fn memo(&self, population: usize, slot: usize) -> &Memo<2> {
        self.memos[population * self.slots + slot].get_or_init(Memo::new)
    }
}

/// What a locus adds; nothing where it says nothing.
fn figures(told: Option<AtLocus>) -> [f64; 2] {
    told.map_or([1.0, 0.0], |told| [told.ratio, told.family])
}
