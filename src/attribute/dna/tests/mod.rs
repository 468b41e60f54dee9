//! Tests of DNA: published formulas, a naive twin of the pedigrees, simulated families, and whole records.

mod families;
mod formulas;
mod records;
mod twin;

use super::family::chances;
use super::handing::Handing;
use super::lines::Person;
use super::loci::{Locus, Typed};
use super::pedigree::Role;
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
fn ratio(locus: &Locus, model: &DnaModel, person: (u16, u16), family: &[(Role, (u16, u16))]) -> f64 {
    let family: Vec<(Role, Typed)> = family.iter().map(|(role, result)| (*role, typed(*result))).collect();
    let handing = Handing::new(locus, 0, model, &[]);
    let person = Person { model, locus, population: 0, handing: &handing, result: typed(person) };
    person.ratio(chances(person, &family, (false, false)))
}
