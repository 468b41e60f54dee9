//! The alleles of one locus that matter for one pair, and how they are handed down.
//!
//! The alleles that anybody of the pair shows have a place each; all others share one, the rest. A parent hands an allele
//! down unchanged but for a mutation with chance mu: mostly by one repeat, else to any allele by its share. The chance of
//! a step between neighbours follows the rarer of the two ([`Locus::step`]), so that mutation is reversible: a drawn
//! allele's share stays what it is over generations, and who descends from whom means nothing. The rest is treated as
//! one allele with the mean of its members' chances; what that neglects takes two mutations.

use super::loci::{Locus, Typed};
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
    /// Row by row, the chance that each allele is handed down as this one; last in a row, that a drawn one is.
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
        let named: f64 = pool.share[..pool.places].iter().sum();
        // Alleles that are not in the table take their shares from the rest, which cannot be nothing.
        pool.share[pool.places] = (1.0 - named).max(1e-9);
        pool.places += 1;
        pool.hand_down(locus, population, model);
        pool
    }

    fn named(&self) -> &[u16] {
        &self.alleles[..self.places]
    }

    fn hand_down(&mut self, locus: &Locus, population: usize, model: &DnaModel) {
        self.handed = vec![0.0; self.places * (self.places + 1)];
        let rest = self.places - 1;
        let (step, jump) = (model.mutation * model.mutation_one_step, model.mutation * (1.0 - model.mutation_one_step));
        let mut kept = [1.0; PLACES];
        for a in 0..rest {
            let allele = self.alleles[a];
            for b in 0..a {
                let one_step = step * locus.step(population, allele, self.alleles[b]);
                self.set_both(a, b, one_step + jump * self.share[a] * self.share[b], &mut kept);
            }
            let unnamed = |other: u16| !self.alleles[..rest].contains(&other);
            let steps = locus.steps(population, allele).into_iter().filter(|(other, _)| unnamed(*other));
            let steps: f64 = steps.map(|(_, chance)| chance).sum();
            // Where there is next to no rest, little can be handed down from it.
            let most = 10.0 * model.mutation * self.share[rest];
            self.set_both(a, rest, (step * steps + jump * self.share[a] * self.share[rest]).min(most), &mut kept);
        }
        for (allele, kept) in kept.iter().enumerate().take(self.places) {
            let (same, drawn) = (self.at(allele, allele), self.at(self.places, allele));
            self.handed[same] = kept.max(0.0);
            self.handed[drawn] = self.share[allele];
        }
    }

    /// Where the chance is that one allele is handed down as another.
    const fn at(&self, from: usize, to: usize) -> usize {
        to * (self.places + 1) + from
    }

    /// From the chance that one is drawn and becomes the other, which is the same either way; `kept`: what is left to each.
    fn set_both(&mut self, a: usize, b: usize, joint: f64, kept: &mut [f64; PLACES]) {
        for (from, to) in [(a, b), (b, a)] {
            let chance = joint / self.share[from];
            let at = self.at(from, to);
            self.handed[at] = chance;
            kept[from] -= chance;
        }
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
        0.5 * (self.handed[self.at(rows[0], allele)] + self.handed[self.at(rows[1], allele)])
    }

    /// The chance of a drawn allele.
    pub(super) fn share(&self, allele: usize) -> f64 {
        self.share[allele]
    }

    /// The chance that an allele is another after so many handings-on, one at least.
    pub(super) fn becomes(&self, from: usize, to: usize, meioses: u32) -> f64 {
        if meioses == 1 {
            return self.becoming(to)[from];
        }
        let mut chances = [0.0; PLACES];
        let chances = &mut chances[..self.places];
        chances.copy_from_slice(&self.becoming(to)[..self.places]);
        for _ in 2..meioses {
            let mut before = [0.0; PLACES];
            for (at, chance) in chances.iter().enumerate() {
                before.iter_mut().zip(self.becoming(at)).for_each(|(sum, handed)| *sum += chance * handed);
            }
            chances.copy_from_slice(&before[..chances.len()]);
        }
        chances.iter().enumerate().map(|(at, chance)| chance * self.becoming(at)[from]).sum()
    }

    /// The chance that one drawn allele is handed down as each of several.
    pub(super) fn copies<const N: usize>(&self, alleles: [usize; N]) -> f64 {
        let rows = alleles.map(|allele| self.becoming(allele));
        let shares = self.share[..self.places].iter().enumerate();
        shares.map(|(from, share)| rows.iter().fold(*share, |chance, row| chance * row[from])).sum()
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

    /// The chance of a result in a person drawn from the population.
    pub(super) fn by_chance(&self, seen: Seen) -> f64 {
        self.child(self.nobody(), self.nobody(), seen)
    }

    /// The chance of a result in a child of two parents.
    pub(super) fn child(&self, mother: Rows, father: Rows, seen: Seen) -> f64 {
        match seen {
            Seen::Two(a, b) if a == b => self.hands(mother, a) * self.hands(father, a),
            Seen::Two(a, b) => {
                self.hands(mother, a) * self.hands(father, b) + self.hands(mother, b) * self.hands(father, a)
            }
            Seen::One(a) => {
                let (m, f) = (self.hands(mother, a), self.hands(father, a));
                m * f + self.drop_out * (m * (1.0 - f) + f * (1.0 - m))
            }
        }
    }
}
