//! What the literature gives for one locus, to the digits it gives.

use super::super::direct::Direct;
use super::super::loci::Locus;
use super::super::pedigree::{Role, Side};
use super::{clean, ratio, typed};
use crate::model::DnaModel;

const P: f64 = 0.1;
const Q: f64 = 0.2;
const R: f64 = 0.3;
/// Alleles that are no neighbours.
const A: u16 = 100;
const B: u16 = 125;
const C: u16 = 150;
const D: u16 = 175;

fn locus() -> Locus {
    Locus::of(&[(A, P), (B, Q), (C, R), (D, 0.4)])
}

#[test]
fn a_match_of_own_profiles_is_that_of_balding_and_nichols() {
    let check = |theta: f64, result: (u16, u16), expected: f64| {
        let (locus, model) = (locus(), DnaModel { theta, ..clean() });
        let direct = Direct { locus: &locus, population: 0, model: &model };
        let found = direct.ratio(typed(result), typed(result));
        assert!((found - expected).abs() < 5e-5, "{result:?} at {theta}: {found}");
    };
    check(0.01, (A, A), 67.1096);
    check(0.01, (A, B), 22.7197);
    check(0.03, (A, A), 37.1879);
    check(0.03, (A, B), 19.1894);
    check(1e-15, (A, A), 1.0 / (P * P));
    check(1e-15, (A, B), 1.0 / (2.0 * P * Q));
}

#[test]
fn one_allele_may_be_all_that_was_seen_of_two() {
    let (locus, model) = (locus(), DnaModel { theta: 1e-15, ..clean() });
    let direct = Direct { locus: &locus, population: 0, model: &model };
    let ratio = |ante, post| direct.ratio(typed(ante), typed(post));
    // A drawn allele of the two: half of a heterozygote's are A, all of a homozygote's.
    for (ante, post, expected) in
        [((A, A), (A, 0), 1.0 / P), ((A, B), (A, 0), 0.5 / P), ((A, 0), (A, B), 0.5 / P), ((A, 0), (A, A), 1.0 / P)]
    {
        assert!((ratio(ante, post) - expected).abs() < 1e-9, "{ante:?} {post:?}: {}", ratio(ante, post));
    }
    // Of two single alleles that differ, both are the genotype: 2pq / 4 over p q.
    assert!((ratio((A, 0), (B, 0)) - 0.5).abs() < 1e-9);
    assert_eq!((ratio((A, B), (C, 0)), ratio((A, B), (A, C)), ratio((A, A), (A, B))), (0.0, 0.0, 0.0));
}

/// Checks a relation for pp/pp, pp/pq, pq/pq, pq/pr and nothing shared.
fn check(role: Role, expected: [f64; 5]) {
    let pairs = [((A, A), (A, A)), ((A, A), (A, B)), ((A, B), (A, B)), ((A, B), (A, C)), ((A, B), (C, D))];
    for ((person, relative), expected) in pairs.into_iter().zip(expected) {
        for (person, relative) in [(person, relative), (relative, person)] {
            let found = ratio(&locus(), &clean(), person, &[(role, relative)]);
            assert!((found - expected).abs() < 1e-6, "{role:?} {person:?} {relative:?}: {found}, not {expected}");
        }
    }
}

#[test]
fn every_relation_has_its_ratios() {
    let parent = [10.0, 5.0, 3.75, 2.5, 0.0];
    let sibling =
        [30.25, (1.0 + P) / (4.0 * P), (1.0 + P + Q + 2.0 * P * Q) / (8.0 * P * Q), (1.0 + 2.0 * P) / (8.0 * P), 0.25];
    for side in [Side::Mother, Side::Father] {
        check(Role::Parent(side), parent);
        for role in [Role::HalfSibling(side), Role::Grandparent(side), Role::AuntUncle(side)] {
            check(role, parent.map(|ratio| 0.5 + ratio / 2.0));
        }
        check(Role::Cousin(side), parent.map(|ratio| 0.75 + ratio / 4.0));
    }
    check(Role::Child, parent);
    check(Role::FullSibling, sibling);
}

#[test]
fn two_parents_are_not_two_strangers() {
    let parents = |mother, father| [(Role::Parent(Side::Mother), mother), (Role::Parent(Side::Father), father)];
    let found = ratio(&locus(), &clean(), (A, A), &parents((A, B), (A, B)));
    assert!((found - 25.0).abs() < 1e-6, "{found}");
    // Each alone gives 5, and so would their product; apart from chance, one of A's must come from each.
    assert!(ratio(&locus(), &clean(), (A, A), &parents((A, A), (B, C))) < 1e-6);
    let found = ratio(&locus(), &clean(), (A, C), &parents((A, B), (C, D)));
    assert!((found - 0.25 / (2.0 * P * R)).abs() < 1e-6, "{found}");
}

#[test]
fn a_mutation_costs_bits_and_one_step_the_fewest() {
    let locus = Locus::of(&[(120, 0.2), (130, 0.3), (140, 0.3), (150, 0.1), (160, 0.1)]);
    let model = DnaModel { mutation: 0.002, ..clean() };
    let father = |allele: u16| ratio(&locus, &model, (120, 120), &[(Role::Parent(Side::Father), (allele, allele))]);
    let (same, one, two) = (father(120), father(130), father(140));
    assert!(same > 4.9 && one < 0.05 && one > 0.001 && two < one / 5.0 && two > 0.0, "{same} {one} {two}");
}
