//! Simulated families: the mean ratios that the literature gives, and sums that must be 1.

use std::sync::{Arc, LazyLock};

use super::super::family::Family;
use super::super::kinship::Kinship;
use super::super::loci::{LOCI, Loci, POPULATIONS, Profile, TABLE, Typed, row};
use crate::model::{DnaModel, Model};
use crate::record::Relation;

/// The CODIS core loci come first in the table.
const CORE: usize = 20;
const CORE_LOCI: Loci = (1 << CORE) - 1;

/// How often each allele was seen, without the least that a rare one counts as: rare ones are rarely drawn.
static CAUCASIAN: LazyLock<Vec<Vec<(u16, f64)>>> = LazyLock::new(|| {
    let rows = include_str!("../../data/str_alleles.txt").lines().filter_map(row);
    rows.filter(|(population, ..)| *population == "Cauc").map(|(_, _, counts)| counts).collect()
});

/// A small generator (SplitMix64): the same families in every run.
struct Dice(u64);

impl Dice {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn allele(&mut self, locus: usize) -> u16 {
        let counts = &CAUCASIAN[locus];
        let mut left = self.unit() * counts.iter().map(|(_, times)| times).sum::<f64>();
        let found = counts.iter().find(|(_, times)| {
            left -= times;
            left < 0.0
        });
        found.map_or(counts[0].0, |(allele, _)| *allele)
    }
}

type Genotype = [(u16, u16); CORE];

fn founder(dice: &mut Dice) -> Genotype {
    std::array::from_fn(|locus| (dice.allele(locus), dice.allele(locus)))
}

fn child(dice: &mut Dice, mother: &Genotype, father: &Genotype) -> Genotype {
    let mut hands = |of: (u16, u16)| if dice.unit() < 0.5 { of.0 } else { of.1 };
    std::array::from_fn(|locus| (hands(mother[locus]), hands(father[locus])))
}

fn profile(genotype: &Genotype) -> Profile {
    let mut profile = [Typed::default(); LOCI];
    profile.iter_mut().zip(genotype).for_each(|(typed, (a, b))| *typed = Typed::new(*a, Some(*b)));
    Profile::from(profile)
}

/// log10 of the ratio of a person and one relative.
fn log10(model: &DnaModel, relation: Relation, relative: &Genotype, person: &Genotype) -> f64 {
    let family = Family::new([(relation, profile(relative))].into_iter()).expect("a family");
    let kinship = Kinship::of_family(model, &Arc::default(), &family);
    kinship.against_person(0, &profile(person), CORE_LOCI) * 2.0_f64.log10()
}

/// Pairs of each sort.
const PAIRS: usize = 400;

/// The mean, and the share above 4.
fn mean(pair: impl FnMut(usize) -> f64) -> (f64, f64) {
    let found: Vec<f64> = (0..PAIRS).map(pair).collect();
    let above = found.iter().filter(|log10| **log10 > 4.0).count() as f64;
    (found.iter().sum::<f64>() / PAIRS as f64, above / PAIRS as f64)
}

#[track_caller]
fn near(found: f64, expected: f64, within: f64) {
    assert!((found - expected).abs() < within, "{found}, not {expected}");
}

#[test]
fn true_relatives_weigh_what_twenty_loci_give_on_average() {
    let model = Model::default().dna;
    let mut dice = Dice(20);
    let (parents, _) = mean(|_| {
        let (mother, father) = (founder(&mut dice), founder(&mut dice));
        log10(&model, Relation::Mother, &mother, &child(&mut dice, &mother, &father))
    });
    near(parents, 6.8, 0.25);
    let (siblings, above) = mean(|_| {
        let (mother, father) = (founder(&mut dice), founder(&mut dice));
        let (one, other) = (child(&mut dice, &mother, &father), child(&mut dice, &mother, &father));
        log10(&model, Relation::FullSibling, &one, &other)
    });
    near(siblings, 5.7, 0.35);
    near(above, 0.75, 0.06);
    let (halves, _) = mean(|_| {
        let (mother, father, other) = (founder(&mut dice), founder(&mut dice), founder(&mut dice));
        let (one, half) = (child(&mut dice, &mother, &father), child(&mut dice, &mother, &other));
        log10(&model, Relation::HalfSibling, &half, &one)
    });
    near(halves, 1.55, 0.25);
    let (strangers, _) = mean(|_| log10(&model, Relation::FullSibling, &founder(&mut dice), &founder(&mut dice)));
    near(strangers, -4.5, 0.3);
}

/// What is kept of results says the same as what is worked out, whichever of the two is the query.
#[test]
fn a_person_against_families_is_each_family_against_the_person() {
    let model = Model::default().dna;
    let mut dice = Dice(22);
    let (mother, father) = (founder(&mut dice), founder(&mut dice));
    let mut person = profile(&child(&mut dice, &mother, &father));
    let mut typed = <[Typed; LOCI]>::from(person);
    typed[3] = Typed::new(typed[3].first, None);
    person = Profile::from(typed);
    let kinship = Kinship::of_person(&model, &Arc::default(), &person);
    for at in 0..60 {
        let relatives = [founder(&mut dice), child(&mut dice, &mother, &father), mother, father];
        let [mut one, other] = [relatives[at % 4], relatives[at / 4 % 4]].map(|genotype| profile(&genotype));
        let mut typed = <[Typed; LOCI]>::from(one);
        typed[at % 5] = Typed::default();
        one = Profile::from(typed);
        for relations in [[Relation::Mother, Relation::Father], [Relation::FullSibling; 2]] {
            let members = relations.into_iter().zip([one.clone(), other.clone()]);
            let family = Family::new(members).expect("a family");
            for population in 0..2 {
                let of_family =
                    Kinship::of_family(&model, &Arc::default(), &family).against_person(population, &person, CORE_LOCI);
                assert_eq!(kinship.against_family(population, &family, CORE_LOCI), of_family);
            }
        }
    }
}

/// What queries share is of the person's result, the population and the relation.
#[test]
fn what_is_kept_for_all_queries_is_what_each_would_work_out() {
    let model = Model::default().dna;
    let (mut dice, shared) = (Dice(23), Arc::default());
    let people: Vec<Profile> = (0..4).map(|_| profile(&founder(&mut dice))).collect();
    let families =
        Relation::ALL.iter().map(|relation| vec![*relation]).chain([vec![Relation::Mother, Relation::Father]]);
    let families: Vec<Vec<Relation>> = families.collect();
    for (person, relative) in people.iter().flat_map(|one| people.iter().map(move |other| (one, other))) {
        for relations in &families {
            let members = relations.iter().map(|relation| (*relation, relative.clone()));
            let family = Family::new(members).expect("a family");
            for population in 0..POPULATIONS {
                let [kept, afresh] = [&shared, &Arc::default()].map(|handings| {
                    Kinship::of_person(&model, handings, person).against_family(population, &family, CORE_LOCI)
                });
                assert_eq!(kept, afresh, "{relations:?} {population}");
            }
        }
    }
}

#[test]
fn two_relatives_of_one_side_weigh_more_than_one_and_less_than_two_strangers() {
    let model = Model::default().dna;
    let mut dice = Dice(21);
    let (mut one, mut two) = (0.0, 0.0);
    for _ in 0..100 {
        let (mother, father) = (founder(&mut dice), founder(&mut dice));
        let children: [Genotype; 3] = std::array::from_fn(|_| child(&mut dice, &mother, &father));
        let of = |siblings: &[usize]| {
            let members = siblings.iter().map(|&at| (Relation::FullSibling, profile(&children[at])));
            let family = Family::new(members).expect("a family");
            Kinship::of_family(&model, &Arc::default(), &family).against_person(0, &profile(&children[0]), CORE_LOCI)
        };
        one += of(&[1]);
        two += of(&[1, 2]);
    }
    assert!(two > one && two < 2.0 * one, "{one} {two}");
}

/// Every genotype of a locus.
fn genotypes(locus: usize) -> impl Iterator<Item = (u16, u16)> {
    let pairs = TABLE[locus].seen(0).flat_map(move |a| TABLE[locus].seen(0).map(move |b| (a, b)));
    pairs.filter(|(a, b)| a <= b)
}

#[test]
fn the_ratios_of_unrelated_people_average_one_whatever_the_family() {
    use Relation::{AuntUncle, Child, Cousin, Father, FullSibling, Grandparent, HalfSibling, Mother};
    let families: &[&[(Relation, (u16, u16))]] = &[
        &[(Mother, (80, 110))],
        &[(Mother, (80, 110)), (Father, (80, 90))],
        &[(FullSibling, (80, 110)), (FullSibling, (80, 0))],
        &[(HalfSibling, (80, 110)), (HalfSibling, (90, 120)), (Mother, (80, 90))],
        &[(Grandparent, (80, 110)), (AuntUncle, (110, 110)), (Cousin, (80, 90))],
        &[(Child, (80, 110)), (Child, (80, 80)), (Father, (110, 120))],
        // A family that cannot be: no allele of the mother is the child's.
        &[(Mother, (120, 120)), (Father, (90, 90)), (FullSibling, (80, 110))],
    ];
    let model = Model::default().dna;
    let tpox = TABLE.iter().position(|locus| locus.name == "TPOX").expect("the locus");
    for family in families {
        let member = |(relation, result): &(Relation, (u16, u16))| {
            let mut profile = [Typed::default(); LOCI];
            profile[tpox] = super::typed(*result);
            (*relation, Profile::from(profile))
        };
        let read = Family::new(family.iter().map(member)).expect("a family");
        let kinship = Kinship::of_family(&model, &Arc::default(), &read);
        let mut sum = 0.0;
        for (a, b) in genotypes(tpox) {
            let share = TABLE[tpox].share(0, a) * TABLE[tpox].share(0, b) * if a == b { 1.0 } else { 2.0 };
            let mut person = [Typed::default(); LOCI];
            person[tpox] = Typed::new(a, Some(b));
            sum += share * kinship.against_person(0, &Profile::from(person), 1 << tpox).exp2();
        }
        // 1 but for the rest's second mutations.
        near(sum, 1.0, 1e-3);
    }
}
