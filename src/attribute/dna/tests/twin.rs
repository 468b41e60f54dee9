//! The pedigrees equal a naive twin that goes through the genotypes of everybody, and the formulas the pedigrees.

use proptest::prelude::*;

use super::super::family::chances;
use super::super::handing::Handing;
use super::super::lines::Person;
use super::super::loci::{LOCI, Locus, POPULATIONS, TABLE, Typed};
use super::super::pedigree::{Chances, Household, Role, Side};
use super::super::pool::{Pool, Seen};
use super::typed;
use crate::model::{DnaModel, Model};

use Side::{Father, Mother};

/// A relative and the alleles that were read.
type Member = (Role, (u16, u16));

/// Somebody of the naive pedigree: parents, and what was read.
#[derive(Clone, Default)]
struct Somebody {
    parents: Option<(usize, usize)>,
    seen: Vec<(u16, u16)>,
}

/// A pedigree with everybody in it; parents come before their children.
#[derive(Default)]
struct Pedigree {
    all: Vec<Somebody>,
}

impl Pedigree {
    fn add(&mut self, parents: Option<(usize, usize)>, seen: &[(u16, u16)]) -> usize {
        self.all.push(Somebody { parents, seen: seen.to_vec() });
        self.all.len() - 1
    }

    /// The family as it is read, without the person's own result.
    fn new(members: &[Member], halves_share: bool, children_share: bool) -> (Self, usize) {
        let of = |role: Role| -> Vec<(u16, u16)> {
            members.iter().filter(|(of, _)| *of == role).map(|(_, result)| *result).collect()
        };
        let mut pedigree = Self::default();
        let parents = [Mother, Father].map(|side| {
            let (grandparents, aunts, cousins) =
                (of(Role::Grandparent(side)), of(Role::AuntUncle(side)), of(Role::Cousin(side)));
            let mut couple = None;
            if !(grandparents.is_empty() && aunts.is_empty() && cousins.is_empty()) {
                let grandparent = |at: usize| grandparents.get(at).map(|result| vec![*result]).unwrap_or_default();
                couple = Some((pedigree.add(None, &grandparent(0)), pedigree.add(None, &grandparent(1))));
                for aunt in aunts {
                    pedigree.add(couple, &[aunt]);
                }
                for cousin in cousins {
                    let both = (pedigree.add(couple, &[]), pedigree.add(None, &[]));
                    pedigree.add(Some(both), &[cousin]);
                }
            }
            let parent = pedigree.add(couple, &of(Role::Parent(side)));
            pedigree.brood(parent, &of(Role::HalfSibling(side)), halves_share);
            parent
        });
        let parents = (parents[0], parents[1]);
        let person = pedigree.add(Some(parents), &[]);
        for sibling in of(Role::FullSibling) {
            pedigree.add(Some(parents), &[sibling]);
        }
        pedigree.brood(person, &of(Role::Child), children_share);
        (pedigree, person)
    }

    fn brood(&mut self, parent: usize, children: &[(u16, u16)], by_one: bool) {
        let one = by_one.then(|| self.add(None, &[]));
        for child in children {
            let other = one.unwrap_or_else(|| self.add(None, &[]));
            self.add(Some((parent, other)), &[*child]);
        }
    }
}

/// Alleles by their place in the table.
type Genotype = (usize, usize);

/// Frequencies and mutations of a locus over its whole table.
struct Whole {
    alleles: Vec<u16>,
    drop_out: f64,
    shares: Vec<f64>,
    handed: Vec<Vec<f64>>,
}

impl Whole {
    fn new(locus: &Locus, model: &DnaModel) -> Self {
        let alleles: Vec<u16> = locus.seen(0).collect();
        let shares: Vec<f64> = alleles.iter().map(|&allele| locus.share(0, allele)).collect();
        let change = |from: usize, to: usize| {
            let one = model.mutation_one_step * locus.step(0, alleles[from], alleles[to]) / shares[from];
            model.mutation * (one + (1.0 - model.mutation_one_step) * shares[to])
        };
        let all = 0..shares.len();
        let row = |from: usize| -> Vec<f64> {
            let changed: f64 = all.clone().filter(|to| *to != from).map(|to| change(from, to)).sum();
            all.clone().map(|to| if to == from { 1.0 - changed } else { change(from, to) }).collect()
        };
        let handed = all.clone().map(row).collect();
        Self { drop_out: model.drop_out, handed, shares, alleles }
    }

    fn child(&self, (a, b): Genotype, (mother, father): (Genotype, Genotype)) -> f64 {
        let hands = |of: Genotype, allele: usize| 0.5 * (self.handed[of.0][allele] + self.handed[of.1][allele]);
        let one_way = hands(mother, a) * hands(father, b);
        if a == b { one_way } else { one_way + hands(mother, b) * hands(father, a) }
    }

    fn fits(&self, result: (u16, u16), (a, b): Genotype) -> f64 {
        let genotype = (self.alleles[a], self.alleles[b]);
        let shown = [genotype.0, genotype.1].iter().filter(|allele| **allele == result.0).count();
        match (result.1, shown) {
            (0, shown) => [0.0, self.drop_out, 1.0][shown],
            _ if result == genotype || (result.1, result.0) == genotype => 1.0,
            _ => 0.0,
        }
    }

    /// The chance of everything that was seen, over all genotypes of whoever comes after those given.
    fn chance(&self, pedigree: &Pedigree, given: &mut Vec<Genotype>) -> f64 {
        let Some(somebody) = pedigree.all.get(given.len()) else { return 1.0 };
        let mut sum = 0.0;
        for genotype in (0..self.shares.len()).flat_map(|b| (0..=b).map(move |a| (a, b))) {
            let seen: f64 = somebody.seen.iter().map(|result| self.fits(*result, genotype)).product();
            if seen == 0.0 {
                continue;
            }
            let drawn = match somebody.parents {
                None => {
                    let both = self.shares[genotype.0] * self.shares[genotype.1];
                    both * if genotype.0 == genotype.1 { 1.0 } else { 2.0 }
                }
                Some((one, other)) => self.child(genotype, (given[one], given[other])),
            };
            given.push(genotype);
            sum += seen * drawn * self.chance(pedigree, given);
            given.pop();
        }
        sum
    }
}

/// The chances as the program works them out, and as the twin does.
fn both(
    locus: &Locus,
    person: (u16, u16),
    members: &[Member],
    (halves_share, children_share): (bool, bool),
) -> [Chances; 2] {
    let model = Model::default().dna;
    let relatives: Vec<(Role, Typed)> = members.iter().map(|(role, result)| (*role, typed(*result))).collect();
    let handing = Handing::new(locus, 0, &model, &[]);
    let examined = Person { model: &model, locus, population: 0, handing: &handing, result: typed(person) };
    let (mut pedigree, at) = Pedigree::new(members, halves_share, children_share);
    let whole = Whole::new(locus, &model);
    let family = whole.chance(&pedigree, &mut Vec::new());
    pedigree.all[at].seen.push(person);
    let together = whole.chance(&pedigree, &mut Vec::new());
    [chances(examined, &relatives, (halves_share, children_share)), Chances { family, together }]
}

/// Families of every sort that the schema allows, small enough to go through.
const FAMILIES: &[&[Role]] = &[
    &[Role::Parent(Mother)],
    &[Role::Parent(Mother), Role::Parent(Father)],
    &[Role::Parent(Father), Role::Parent(Father)],
    &[Role::FullSibling],
    &[Role::FullSibling, Role::FullSibling, Role::FullSibling],
    &[Role::Parent(Father), Role::FullSibling, Role::Child],
    &[Role::Parent(Mother), Role::HalfSibling(Mother), Role::FullSibling],
    &[Role::HalfSibling(Mother), Role::HalfSibling(Mother)],
    &[Role::HalfSibling(Mother), Role::HalfSibling(Father), Role::Child],
    &[Role::Child, Role::Child],
    &[Role::Grandparent(Mother), Role::Grandparent(Mother)],
    &[Role::Grandparent(Mother), Role::Grandparent(Father)],
    &[Role::Grandparent(Father), Role::AuntUncle(Father), Role::Parent(Mother)],
    &[Role::AuntUncle(Mother), Role::AuntUncle(Mother)],
    &[Role::Cousin(Mother)],
    &[Role::Cousin(Father), Role::Grandparent(Father), Role::Parent(Father)],
    &[Role::AuntUncle(Mother), Role::HalfSibling(Mother), Role::Child],
];

fn result() -> impl Strategy<Value = (u16, u16)> {
    let allele = || prop::sample::select(&[120_u16, 130][..]);
    prop_oneof![4 => (allele(), allele()), 1 => allele().prop_map(|allele| (allele, 0))]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, ..ProptestConfig::default() })]

    #[test]
    fn peeling_equals_going_through_all_genotypes(
        person in result(),
        results in prop::collection::vec(result(), 3),
        share in any::<(bool, bool)>(),
    ) {
        // Two alleles are shown at most, so that the rest is one allele and the two models are the same.
        let locus = Locus::of(&[(120, 0.25), (130, 0.15), (140, 0.6)]);
        for roles in FAMILIES {
            let members: Vec<_> = roles.iter().copied().zip(results.iter().copied()).collect();
            let named = members.iter().map(|(_, result)| *result).chain([person]);
            let mut named: Vec<u16> = named.flat_map(|(a, b)| [a, b]).filter(|allele| *allele > 0).collect();
            named.sort_unstable();
            named.dedup();
            prop_assume!(named.len() == 2);
            let [peeled, naive] = both(&locus, person, &members, share);
            for (peeled, naive) in [(peeled.family, naive.family), (peeled.together, naive.together)] {
                // Two results of one father that cannot both be right have no chance at all.
                prop_assert!((peeled - naive).abs() <= 1e-9 * naive, "{:?}: {} {}", members, peeled, naive);
            }
        }
    }
}

#[test]
fn what_the_rest_of_the_alleles_hide_takes_two_mutations() {
    let tpox = TABLE.iter().find(|locus| locus.name == "TPOX").expect("the locus");
    let families: [(&[Member], (u16, u16)); 5] = [
        (&[(Role::FullSibling, (80, 110))], (80, 90)),
        (&[(Role::FullSibling, (80, 110)), (Role::FullSibling, (80, 0))], (110, 110)),
        (&[(Role::Parent(Mother), (80, 120)), (Role::HalfSibling(Mother), (100, 120))], (120, 90)),
        (&[(Role::HalfSibling(Father), (80, 110))], (120, 100)),
        (&[(Role::Parent(Mother), (80, 80))], (90, 110)),
    ];
    for (members, person) in families {
        let [peeled, naive] = both(tpox, person, members, (false, false));
        let (peeled, naive) = (peeled.together / peeled.family, naive.together / naive.family);
        assert!((peeled / naive).log2().abs() < 0.005, "{members:?} {person:?}: {peeled} {naive}");
    }
}

/// Families that have a formula, each relation on either side.
const OF_LINES: &[&[Role]] = &[
    &[Role::Parent(Mother)],
    &[Role::Child],
    &[Role::FullSibling],
    &[Role::HalfSibling(Father)],
    &[Role::Grandparent(Mother)],
    &[Role::AuntUncle(Father)],
    &[Role::Cousin(Mother)],
    &[Role::Parent(Mother), Role::Parent(Father)],
    &[Role::FullSibling, Role::FullSibling],
    &[Role::HalfSibling(Father), Role::Parent(Mother)],
    &[Role::Grandparent(Mother), Role::AuntUncle(Father)],
    &[Role::Cousin(Father), Role::HalfSibling(Mother)],
];

/// Alleles that a pool takes beside the rest.
const ALLELES: usize = 19;

/// A locus of the table, and what was read of three people by the places of their alleles; single alleles among them.
fn at_a_locus() -> impl Strategy<Value = (usize, usize, Vec<(u16, u16)>)> {
    let result = (any::<prop::sample::Index>(), prop::option::weighted(0.8, any::<prop::sample::Index>()));
    let results = prop::collection::vec(result, 3);
    (0..LOCI, 0..POPULATIONS, results).prop_map(|(locus, population, results)| {
        let seen: Vec<u16> = TABLE[locus].seen(population).collect();
        let allele = |at: &prop::sample::Index| *at.get(&seen);
        let of =
            |(a, b): &(prop::sample::Index, Option<prop::sample::Index>)| (allele(a), b.as_ref().map_or(0, allele));
        (locus, population, results.iter().map(of).collect())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn formulas_equal_going_through_the_parents_genotypes((locus, population, results) in at_a_locus()) {
        let model = Model::default().dna;
        // Every allele has a place of its own in the pool, so that nothing is lumped together.
        prop_assume!(TABLE[locus].seen(population).count() <= ALLELES);
        for roles in OF_LINES {
            let shown = &results[..=roles.len()];
            let pool = Pool::new(&TABLE[locus], population, &model, TABLE[locus].seen(population).map(|a| typed((a, 0))));
            let seen: Vec<Seen> = shown.iter().filter_map(|result| pool.seen(typed(*result))).collect();
            let members: Vec<(Role, Seen)> = roles.iter().copied().zip(seen.iter().copied()).collect();
            let household = Household { pool: &pool, members: &members, halves_share: false, children_share: false };
            let peeled = household.chances(seen[roles.len()]);
            let family: Vec<(Role, Typed)> = roles.iter().copied().zip(shown.iter().copied().map(typed)).collect();
            let result = typed(shown[roles.len()]);
            let handing = Handing::new(&TABLE[locus], population, &model, &[]);
            let person = Person { model: &model, locus: &TABLE[locus], population, handing: &handing, result };
            let formula = chances(person, &family, (false, false));
            for (formula, peeled) in [(formula.family, peeled.family), (formula.together, peeled.together)] {
                // The rest's least share makes the shares sum to no more than that above 1.
                prop_assert!((formula / peeled - 1.0).abs() < 1e-7, "{:?} {:?}: {} {}", roles, shown, formula, peeled);
            }
        }
    }
}
