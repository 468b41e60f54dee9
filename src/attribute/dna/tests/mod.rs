//! Tests of DNA: published formulas, a naive twin of the pedigrees, simulated families, and whole records.

mod families;
mod formulas;
mod records;
mod twin;

use super::loci::Typed;
use super::pedigree::{Household, Role};
use super::pool::Pool;
use crate::model::{DnaModel, Model};

/// Two alleles, or one and 0.
fn typed((first, second): (u16, u16)) -> Typed {
    Typed::new(first, (second > 0).then_some(second))
}

/// The model without errors and without mutations.
fn clean() -> DnaModel {
    DnaModel { mutation: 1e-12, typing_error: 0.0, ..Model::default().dna }
}

/// The likelihood ratio of a person's result and a family's.
fn ratio(locus: &super::loci::Locus, model: &DnaModel, person: (u16, u16), family: &[(Role, (u16, u16))]) -> f64 {
    let results = family.iter().map(|(_, result)| *result).chain([person]);
    let pool = Pool::new(locus, 0, model, results.map(typed));
    let member = |(role, result): &(Role, (u16, u16))| (*role, pool.seen(typed(*result)).expect("in the pool"));
    let members: Vec<_> = family.iter().map(member).collect();
    let household = Household { pool: &pool, members: &members, halves_share: false, children_share: false };
    let person = pool.seen(typed(person)).expect("in the pool");
    let chances = household.chances(person);
    chances.together / (chances.family * pool.by_chance(person))
}
