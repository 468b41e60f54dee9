//! The alleles of one locus that matter for one pair, and how they are handed down.
//!
//! The alleles that anybody of the pair shows have a place each; all others share one, the rest. A parent hands an allele
//! down unchanged but for a mutation with chance mu: mostly by one repeat, else to any allele by its share. The chance of
//! a step between neighbours follows the rarer of the two ([`Locus::step`]), so that mutation is reversible: a drawn
//! allele's share stays what it is over generations, and who descends from whom means nothing. The rest is treated as
//! one allele with the mean of its members' chances; what that neglects takes two mutations.

use super::loci::{Locus, REPEAT, Typed};
use crate::model::DnaModel;

/// The most places: two for each of nine profiles, and the rest.
const PLACES: usize = 20;

/// What a laboratory read, by places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// Both alleles.
    Two(usize, usize),
    /// One allele; the other may have dropped out.
    One(usize),
}

/// The places of a parent's two alleles. [`Pool::nobody`]'s: those of a parent of whom nothing else is known.
pub(super) type Rows = [usize; 2];

/// One way that somebody came by what they show: an allele of either parent's, or any; and its weight.
#[derive(Clone, Copy)]
pub(super) struct Way {
    pub(super) of: [Option<usize>; 2],
    pub(super) weight: f64,
}

/// A locus, made small for one pair.
pub(super) struct Pool {
    alleles: [u16; PLACES],
    /// Places in use, the rest included.
    places: usize,
    share: [f64; PLACES],
    /// The chance that an allele is drawn and becomes one of the rest, which is the same the other way round.
    with_rest: [f64; PLACES],
    /// The chances of a mutation by one repeat and to any allele; what those of steps between neighbours sum to.
    step: f64,
    jump: f64,
    steps: f64,
    /// For each allele the chance that each is handed down as this one; last, that a drawn one is.
    handed: Vec<f64>,
    drop_out: f64,
}

impl Pool {
    /// The pool of the alleles of these results.
    pub(super) fn new(
        locus: &Locus,
        population: usize,
        model: &DnaModel,
        results: impl Iterator<Item = Typed>,
    ) -> Self {
        let mut pool = Self {
            alleles: [0; PLACES],
            places: 0,
            share: [0.0; PLACES],
            with_rest: [0.0; PLACES],
            step: model.mutation * model.mutation_one_step,
            jump: model.mutation * (1.0 - model.mutation_one_step),
            steps: locus.all_steps(population),
            handed: Vec::new(),
            drop_out: model.drop_out,
        };
        for allele in results.flat_map(Typed::alleles) {
            if !pool.named().contains(&allele) && pool.places + 1 < PLACES {
                pool.alleles[pool.places] = allele;
                pool.share[pool.places] = locus.share(population, allele);
                pool.places += 1;
            }
        }
        let named = pool.places;
        // Alleles that are not in the table take their shares from the rest, which cannot be nothing.
        let rest = (1.0 - pool.share[..named].iter().sum::<f64>()).max(1e-9);
        for a in 0..named {
            let steps = locus.steps(population, pool.alleles[a]);
            let unnamed = steps.into_iter().filter(|(other, _)| !pool.named().contains(other));
            let steps: f64 = unnamed.map(|(_, chance)| chance).sum();
            // Where there is next to no rest, little can be handed down from it.
            let most = 10.0 * model.mutation * rest;
            pool.with_rest[a] = (pool.step * steps + pool.jump * pool.share[a] * rest).min(most);
        }
        pool.share[named] = rest;
        pool.places += 1;
        pool.handed = pool.table();
        pool
    }

    fn named(&self) -> &[u16] {
        &self.alleles[..self.places]
    }

    /// The chance that one of two alleles is drawn and becomes the other, which is the same either way.
    fn joint(&self, a: usize, b: usize) -> f64 {
        let (a, b) = (a.max(b), a.min(b));
        if a == self.places - 1 {
            return self.with_rest[b];
        }
        let is_step = self.alleles[a].abs_diff(self.alleles[b]) == REPEAT;
        let step = if is_step { self.share[a].min(self.share[b]) / self.steps } else { 0.0 };
        self.step * step + self.jump * self.share[a] * self.share[b]
    }

    /// The chances of all, row by row.
    fn table(&self) -> Vec<f64> {
        let row = self.places + 1;
        let mut handed = vec![0.0; self.places * row];
        for a in 0..self.places {
            for b in 0..a {
                let joint = self.joint(a, b);
                handed[a * row + b] = joint / self.share[b];
                handed[b * row + a] = joint / self.share[a];
            }
        }
        for allele in 0..self.places {
            let others = (0..self.places).filter(|other| *other != allele);
            let changed: f64 = others.map(|other| handed[other * row + allele]).sum();
            handed[allele * row + allele] = (1.0 - changed).max(0.0);
            handed[allele * row + self.places] = self.share[allele];
        }
        handed
    }

    /// Places in use.
    pub(super) const fn places(&self) -> usize {
        self.places
    }

    /// The places of a parent of whom nothing else is known.
    pub(super) const fn nobody(&self) -> Rows {
        [self.places; 2]
    }

    /// A result by places; none: nothing was read, or the pair shows too many alleles.
    pub(super) fn seen(&self, typed: Typed) -> Option<Seen> {
        let place = |allele: u16| self.alleles[..self.places - 1].iter().position(|&named| named == allele);
        let first = place(typed.first).filter(|_| typed.is_known())?;
        if typed.is_single() { Some(Seen::One(first)) } else { Some(Seen::Two(first, place(typed.second)?)) }
    }

    /// The chance that a parent hands down an allele.
    pub(super) fn hands(&self, rows: Rows, allele: usize) -> f64 {
        let becoming = self.becoming(allele);
        0.5 * (becoming[rows[0]] + becoming[rows[1]])
    }

    /// The chance that each allele is handed down as this one; last, that a drawn one is.
    fn becoming(&self, allele: usize) -> &[f64] {
        let row = self.places + 1;
        &self.handed[allele * row..(allele + 1) * row]
    }

    /// How somebody came by a result; those without weight are none.
    pub(super) fn ways(&self, seen: Seen) -> [Way; 3] {
        let way = |a: Option<usize>, b: Option<usize>, weight| Way { of: [a, b], weight };
        match seen {
            Seen::Two(a, b) => {
                let (a, b, other) = (Some(a), Some(b), if a == b { 0.0 } else { 1.0 });
                [way(a, b, 1.0), way(b, a, other), way(None, None, 0.0)]
            }
            // Both handed it down, or one of them did and the other's dropped out.
            Seen::One(a) => {
                let (a, single) = (Some(a), self.drop_out);
                [way(a, None, single), way(None, a, single), way(a, a, 1.0 - 2.0 * single)]
            }
        }
    }

    /// The chance that a drawn genotype is this one.
    pub(super) fn drawn(&self, a: usize, b: usize) -> f64 {
        if a == b { self.share[a] * self.share[a] } else { 2.0 * self.share[a] * self.share[b] }
    }

    /// The chance of a result given the genotype, up to a factor that depends on how many alleles it lists.
    pub(super) fn fits(&self, seen: Seen, a: usize, b: usize) -> f64 {
        match seen {
            Seen::Two(x, y) if (x, y) == (a, b) || (y, x) == (a, b) => 1.0,
            Seen::One(x) if x == a && x == b => 1.0,
            Seen::One(x) if x == a || x == b => self.drop_out,
            _ => 0.0,
        }
    }

    /// The chance of a result in a child of two parents.
    pub(super) fn child(&self, mother: Rows, father: Rows, seen: Seen) -> f64 {
        match seen {
            Seen::Two(a, b) if a == b => self.hands(mother, a) * self.hands(father, a),
            Seen::Two(a, b) => {
                self.hands(mother, a) * self.hands(father, b) + self.hands(mother, b) * self.hands(father, a)
            }
            Seen::One(a) => self.shown_alone(self.hands(mother, a), self.hands(father, a)),
        }
    }

    /// The chance that one allele is all that is seen, by those that either parent hands it down.
    fn shown_alone(&self, mother: f64, father: f64) -> f64 {
        mother * father + self.drop_out * (mother * (1.0 - father) + father * (1.0 - mother))
    }
}
