//! A person's profile against a family, locus by locus, where either is the query.
//!
//! What a family that is the query says of each result is kept for it ([`Memo`]); what a person's results say of one
//! relative's, or of either parent's, each of whom has a line, for all queries ([`Rows`]). Other families are worked out.

use std::sync::{Arc, OnceLock};

use smallvec::SmallVec;

use super::family::{AtLocus, Family, Reading, chances};
use super::handing::Handings;
use super::kept::Rows;
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
    handings: Arc<Handings>,
}

enum Query<'a> {
    Person(Box<OfPerson<'a>>),
    Family(OfFamily<'a>),
}

/// A person's own profile, and what it says population by population.
struct OfPerson<'a> {
    profile: &'a Profile,
    /// Of one relative, in each population one after the other what a relation shares.
    kin: [OnceLock<Rows<1>>; POPULATIONS * SHARED],
    parents: [OnceLock<Rows<3>>; POPULATIONS],
}

/// A family, and how it can be read.
struct OfFamily<'a> {
    family: &'a Family,
    readings: Vec<Reading>,
    /// The figures of [`AtLocus`], population by population; in each a reading after the other.
    memos: Vec<OnceLock<Memo<2>>>,
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
        let of =
            OfPerson { profile, kin: [const { OnceLock::new() }; POPULATIONS * SHARED], parents: Default::default() };
        Self { model, query: Query::Person(Box::new(of)), handings: Arc::clone(handings) }
    }

    /// A query that is a family.
    pub(super) fn of_family(model: &'a DnaModel, handings: &Arc<Handings>, family: &'a Family) -> Self {
        let readings = family.readings();
        let memos = (0..POPULATIONS * readings.len()).map(|_| OnceLock::new()).collect();
        let query = Query::Family(OfFamily { family, readings, memos });
        Self { model, query, handings: Arc::clone(handings) }
    }

    /// log2 of the likelihood ratio of the query's person and another's family, over some loci.
    pub(super) fn against_family(&self, population: usize, family: &Family, loci: Loci) -> f64 {
        let Query::Person(of) = &self.query else { return 0.0 };
        let person = of.profile;
        let pair = Pair { person, family, population, loci };
        if let Some(parents) = family.parents() {
            let rows = || self.handings.parents.rows((population, 0), person);
            return self.against_parents(pair, parents, of.parents[population].get_or_init(rows));
        }
        if let Some(siblings) = family.two_siblings() {
            let roles = |at: usize| siblings.map(|sibling| (Role::FullSibling, sibling.at(at)));
            return each(loci).map(|at| self.of_roles(at, pair, roles(at))).product::<f64>().log2();
        }
        let Some(only) = family.only() else { return self.over_readings(pair, &family.readings(), |_| None) };
        let shared = shared(only.relation());
        let rows = || self.handings.kin.rows((population, shared), person);
        let rows = of.kin[population * SHARED + shared].get_or_init(rows);
        let worked_out = |at: usize| self.of_roles(at, pair, [(only.role(), only.profile().at(at))]);
        each(loci).map(|at| rows.get(only.profile(), at, || [worked_out(at)])[0]).product::<f64>().log2()
    }

    /// The likelihood ratio at a locus, of relatives who can be read in one way only.
    fn of_roles<const N: usize>(&self, at: usize, pair: Pair<'_>, members: [(Role, Typed); N]) -> f64 {
        let known: SmallVec<[(Role, Typed); N]> = members.into_iter().filter(|(_, typed)| typed.is_known()).collect();
        let person = self.person(at, pair);
        person.ratio(chances(person, &known, (false, false)))
    }

    /// The same where both parents are typed, line by line.
    fn against_parents(&self, pair: Pair<'_>, parents: [&Profile; 2], rows: &Rows<3>) -> f64 {
        let ratio = |at: usize| {
            let person = self.person(at, pair);
            let typed = parents.iter().filter(|parent| parent.at(at).is_known());
            let line = |parent: &Profile| rows.get(parent, at, || Line::OF_PARENT.tell(person, parent.at(at)));
            let mut lines = typed.map(|parent| line(parent));
            person.ratio(person.chances([lines.next(), lines.next()]))
        };
        each(pair.loci).map(ratio).product::<f64>().log2()
    }

    /// log2 of the likelihood ratio of the query's family and another person, over some loci.
    pub(super) fn against_person(&self, population: usize, person: &Profile, loci: Loci) -> f64 {
        let Query::Family(OfFamily { family, readings, memos }) = &self.query else { return 0.0 };
        let pair = Pair { person, family, population, loci };
        let memo = |slot: usize| Some(memos[population * readings.len() + slot].get_or_init(Memo::new));
        self.over_readings(pair, readings, memo)
    }

    /// The mean over the readings, each by how well it explains the relatives. `memo`: where one is kept.
    fn over_readings<'m>(
        &self,
        pair: Pair<'_>,
        readings: &[Reading],
        memo: impl Fn(usize) -> Option<&'m Memo<2>>,
    ) -> f64 {
        let told = readings.iter().enumerate().map(|(at, reading)| self.over_loci(pair, reading, memo(at)));
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
    fn over_loci(&self, pair: Pair<'_>, reading: &Reading, memo: Option<&Memo<2>>) -> (f64, f64) {
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
}

/// What a locus adds; nothing where it says nothing.
fn figures(told: Option<AtLocus>) -> [f64; 2] {
    told.map_or([1.0, 0.0], |told| [told.ratio, told.family])
}
