//! A made-up collection that behaves like a real one, for demonstrations, tests, benchmarks and load.
//!
//! First people with a history, then records of them as different clerks would write them: the missing
//! report from what a relative remembers, the post-mortem record from what is left, the unclaimed record
//! from a name heard once. What two records of one person share comes from the person; what they differ in
//! comes from time (teeth go on being filled, children grow, bodies decay) and from the clerks.
//!
//! Every record follows from the seed and its index alone. A twin is a person whom two records describe;
//! which positions hold twins is a keyed shuffle that can be asked both ways (`order`), so nothing is held
//! and any part can be made on its own, in parallel. Same seed, same bytes, on every machine (`dice`).
//!
//! Shares of fields and the distributions of ages, dates and gaps follow published cases. No record is
//! copied from one, and none of the people exist.

mod calendar;
mod clerk;
mod dice;
mod dna;
mod fate;
mod marks;
mod missing;
mod names;
mod order;
mod person;
mod places;
mod prints;
mod sheet;
mod tables;
mod teeth;
mod things;
mod unclaimed;
mod unidentified;

use thiserror::Error;

use crate::record::Kind;
use order::{Order, mix};
use person::{Person, Pool};
use sheet::Sheet;

/// The source of every simulated record.
pub const SOURCE: &str = "sim";

/// How many records of each kind, and how many people have two of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Missing persons.
    pub missing: u64,
    /// Unidentified remains.
    pub unidentified: u64,
    /// Unclaimed bodies.
    pub unclaimed: u64,
    /// Missing persons who are among the unidentified (two in three, where they fit) or the unclaimed.
    pub twins: u64,
}

/// More twins than records that could be theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{twins} twins are too many: each takes one of the {missing} missing and one of the {others} others")]
pub struct TooManyTwins {
    twins: u64,
    missing: u64,
    others: u64,
}

/// One simulated record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Simulated {
    /// The case system that would own it: [`SOURCE`].
    pub source: &'static str,
    /// Its identifier there, such as `M000004`.
    pub id: String,
    /// The record in the contract's JSON with its source and id, on one line.
    pub json: String,
}

/// Two records of one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Twin {
    /// Identifier of the missing person's record.
    pub missing: String,
    /// Identifier of the unidentified or unclaimed record.
    pub other: String,
    /// What both carry: `description`, `features`, `dna+dental`, ...; `name` or `name+year` for the unclaimed.
    pub tier: String,
}

/// A collection that is not held but can be asked for any of its records.
#[derive(Clone, Copy)]
pub struct Simulation {
    counts: Counts,
    seed: u64,
    /// Twins whose other record is unidentified; the rest are unclaimed.
    unidentified_twins: u64,
}

impl Simulation {
    /// The collection of this seed.
    pub fn new(counts: Counts, seed: u64) -> Result<Self, TooManyTwins> {
        let Counts { missing, unidentified, unclaimed, twins } = counts;
        let others = unidentified.saturating_add(unclaimed);
        if twins > missing || twins > others {
            return Err(TooManyTwins { twins, missing, others });
        }
        let two_thirds = (twins * 2).div_ceil(3);
        let unidentified_twins = two_thirds.min(unidentified).max(twins.saturating_sub(unclaimed));
        Ok(Self { counts, seed, unidentified_twins })
    }

    /// How many records of a kind there are.
    pub const fn count(&self, kind: Kind) -> u64 {
        match kind {
            Kind::Missing => self.counts.missing,
            Kind::Unidentified => self.counts.unidentified,
            Kind::Unclaimed => self.counts.unclaimed,
        }
    }

    /// The record of a kind at an index from 0, which must be below its count.
    pub fn record(&self, kind: Kind, index: u64) -> Simulated {
        let sheet = self.sheet(kind, index);
        Simulated { source: SOURCE, json: sheet.json(), id: sheet.id }
    }

    /// All records of a kind.
    pub fn records(&self, kind: Kind) -> impl Iterator<Item = Simulated> + use<> {
        let simulation = *self;
        (0..self.count(kind)).map(move |index| simulation.record(kind, index))
    }

    /// The twin of a missing person's record, if it has one.
    pub fn twin(&self, index: u64) -> Option<Twin> {
        let rank = self.order(Kind::Missing).rank(index);
        if rank >= self.counts.twins {
            return None;
        }
        let (kind, other_rank) = match rank.checked_sub(self.unidentified_twins) {
            None => (Kind::Unidentified, rank),
            Some(rank) => (Kind::Unclaimed, rank),
        };
        let missing = self.sheet(Kind::Missing, index);
        let other = self.sheet(kind, self.order(kind).position(other_rank));
        Some(Twin { tier: other.tier(&missing), missing: missing.id, other: other.id })
    }

    /// All twins, in the order of the missing.
    pub fn twins(&self) -> impl Iterator<Item = Twin> + use<> {
        let simulation = *self;
        (0..self.counts.missing).filter_map(move |index| simulation.twin(index))
    }

    fn order(&self, kind: Kind) -> Order {
        Order::new(self.count(kind), mix(self.seed, 0, kind as u64))
    }

    fn sheet(&self, kind: Kind, index: u64) -> Sheet {
        let person = self.person(kind, index);
        match kind {
            Kind::Missing => missing::report(&person, SOURCE, format!("M{index:06}")),
            Kind::Unidentified => unidentified::record(&person, SOURCE, format!("U{index:06}")),
            Kind::Unclaimed => unclaimed::record(&person, SOURCE, format!("C{index:06}")),
        }
    }

    /// Whom a record describes: a missing person where it is a twin, and otherwise someone nobody reported.
    fn person(&self, kind: Kind, index: u64) -> Person {
        let rank = self.order(kind).rank(index);
        let unclaimed_twins = self.counts.twins - self.unidentified_twins;
        let (pool, number) = match kind {
            Kind::Missing => (Pool::Missing, rank),
            Kind::Unidentified if rank < self.unidentified_twins => (Pool::Missing, rank),
            Kind::Unclaimed if rank < unclaimed_twins => (Pool::Missing, self.unidentified_twins + rank),
            Kind::Unidentified => (Pool::Unidentified, rank),
            Kind::Unclaimed => (Pool::Unclaimed, rank),
        };
        Person::new(self.seed, pool, number)
    }
}

#[cfg(test)]
mod tests;
