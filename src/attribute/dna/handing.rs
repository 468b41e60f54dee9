//! How all alleles of a locus are handed down in one population, over one meiosis and more.
//!
//! An allele is handed down unchanged but for a mutation with chance mu: mostly by one repeat, else to any allele by its
//! share. The chance of a step between neighbours follows the rarer of the two ([`Locus::step`]), so that mutation is
//! reversible: a drawn allele's share stays what it is over generations, and who descends from whom means nothing.

use std::sync::{Arc, OnceLock, RwLock};

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::figures::Figures;
use super::kept::Kept;
use super::lines::Person;
use super::loci::{LOCI, Locus, POPULATIONS, Places, REPEAT, TABLE, Typed};
use super::pool::Seen;
use crate::model::DnaModel;

/// Handings-on between the most distant relatives that are weighed.
const MEIOSES: usize = 4;

/// The alleles that the population was seen to have, and such as were never seen but are shown.
pub(super) struct Handing {
    alleles: Vec<u16>,
    /// How many of them are the table's, which come first, and where each is.
    listed: usize,
    places: Places,
    share: Vec<f64>,
    /// The chance that an allele mutates to another one by its share.
    jump: f64,
    /// For each number of handings-on the chance that an allele becomes another, row by row of what it was.
    becomes: [OnceLock<Box<[f64]>>; MEIOSES],
    /// The chances of [`Handing::handed_to_all`], of the table's alleles.
    handed: OnceLock<Box<[Figures<1>]>>,
    /// The same with alleles that the population was never seen to have, by these.
    showing: RwLock<FxHashMap<Shown, Arc<Handing>>>,
}

/// Alleles that a population was never seen to have, in ascending order.
type Shown = SmallVec<[u16; 4]>;

/// So many of them are kept.
const SHOWING: usize = 256;

/// How every population's alleles of every locus of the table are handed down, and what follows from that alone, each worked
/// out once.
pub(super) struct Handings {
    /// The model's figures that it holds for.
    figures: OnceLock<[u64; 4]>,
    /// Population by population, each locus after the other.
    made: Box<[OnceLock<Handing>]>,
    /// Likelihood ratios of a person and one relative.
    pub(super) kin: Kept<1>,
    /// What a parent's result says on the line.
    pub(super) parents: Kept<3>,
}

impl Default for Handings {
    fn default() -> Self {
        let (figures, kin, parents) = Default::default();
        Self { figures, made: (0..POPULATIONS * LOCI).map(|_| OnceLock::new()).collect(), kin, parents }
    }
}

impl Handings {
    /// Those of a model: these, unless they are another's.
    pub(super) fn of(self: &Arc<Self>, model: &DnaModel) -> Arc<Self> {
        let DnaModel { mutation, mutation_one_step, drop_out, typing_error, .. } = *model;
        let figures = [mutation, mutation_one_step, drop_out, typing_error].map(f64::to_bits);
        if *self.figures.get_or_init(|| figures) == figures { Arc::clone(self) } else { Self::default().into() }
    }

    pub(super) fn at(&self, locus: usize, population: usize, model: &DnaModel) -> &Handing {
        let make = || Handing::new(&TABLE[locus], population, model, &[]);
        self.made[population * LOCI + locus].get_or_init(make)
    }
}

impl Handing {
    /// Of what a population was seen to have, and of `shown`.
    pub(super) fn new(locus: &Locus, population: usize, model: &DnaModel, shown: &[u16]) -> Self {
        let mut alleles: Vec<u16> = locus.seen(population).collect();
        let listed = alleles.len();
        let places = Places::of(&alleles);
        alleles.extend(shown);
        let share: Vec<f64> = alleles.iter().map(|&allele| locus.share(population, allele)).collect();
        let jump = model.mutation * (1.0 - model.mutation_one_step);
        let (becomes, handed, showing) = Default::default();
        let handing = Self { alleles, listed, places, share, jump, becomes, handed, showing };
        let step = |a: usize, b: usize| locus.step(population, handing.alleles[a], handing.alleles[b]);
        let once = handing.once(|a, b| model.mutation * model.mutation_one_step * step(a, b));
        Self { becomes: [once.into(), OnceLock::new(), OnceLock::new(), OnceLock::new()], ..handing }
    }

    /// The same where results show alleles that the population was never seen to have.
    pub(super) fn showing(&self, person: Person<'_>, results: impl Iterator<Item = Typed>) -> Arc<Self> {
        let unseen = |allele: &u16| self.places.get(*allele).is_none();
        let mut shown: Shown = results.flat_map(Typed::alleles).filter(unseen).collect();
        shown.sort_unstable();
        shown.dedup();
        if let Some(known) = self.showing.read().ok().and_then(|known| known.get(&shown).cloned()) {
            return known;
        }
        let made = Arc::new(Self::new(person.locus, person.population, person.model, &shown));
        if let Ok(mut known) = self.showing.write() {
            if known.len() >= SHOWING {
                known.clear();
            }
            known.insert(shown, Arc::clone(&made));
        }
        made
    }

    /// The chances of one handing-on. `step`: that an allele is drawn and becomes its neighbour.
    fn once(&self, step: impl Fn(usize, usize) -> f64) -> Box<[f64]> {
        let places = self.alleles.len();
        let mut once = vec![0.0; places * places].into_boxed_slice();
        for (from, row) in once.chunks_exact_mut(places).enumerate() {
            let mut kept = 1.0;
            for (to, becomes) in row.iter_mut().enumerate().filter(|(to, _)| *to != from) {
                *becomes = self.jump * self.share[to] + step(from, to) / self.share[from];
                kept -= *becomes;
            }
            row[from] = kept.max(0.0);
        }
        once
    }

    /// The chance that an allele is another after so many handings-on, from 1 to [`MEIOSES`].
    pub(super) fn becomes(&self, from: usize, to: usize, meioses: usize) -> f64 {
        self.after(meioses)[from * self.alleles.len() + to]
    }

    fn after(&self, meioses: usize) -> &[f64] {
        let made = || if meioses == 1 { Box::default() } else { self.once_more(self.after(meioses - 1)) };
        self.becomes[meioses - 1].get_or_init(made)
    }

    /// The chances after one more handing-on. Only from itself and from its neighbours does an allele come by more than by
    /// its share.
    fn once_more(&self, before: &[f64]) -> Box<[f64]> {
        let (places, once) = (self.alleles.len(), self.after(1));
        let mut after = vec![0.0; places * places].into_boxed_slice();
        for to in 0..places {
            let by_share = self.jump * self.share[to];
            let near = |from: &usize| *from == to || self.alleles[*from].abs_diff(self.alleles[to]) == REPEAT;
            let near: Vec<(usize, f64)> =
                (0..places).filter(near).map(|from| (from, once[from * places + to] - by_share)).collect();
            for (before, after) in before.chunks_exact(places).zip(after.chunks_exact_mut(places)) {
                after[to] = by_share + near.iter().map(|(from, more)| before[*from] * more).sum::<f64>();
            }
        }
        after
    }

    /// The chance of a drawn allele.
    pub(super) fn share(&self, allele: usize) -> f64 {
        self.share[allele]
    }

    /// The chance that one drawn allele is handed down as one and as another: it was one, two handings-on ago.
    fn copies(&self, one: usize, other: usize) -> f64 {
        self.share[one] * self.becomes(one, other, 2)
    }

    /// Stands for any allele, where places are asked for.
    pub(super) const fn any(&self) -> usize {
        self.alleles.len()
    }

    /// The chance that somebody of whom nothing is known hands down all of these, each a copy of either of two drawn ones.
    pub(super) fn handed_to_all(&self, three: [usize; 3]) -> f64 {
        let side = self.any() + 1;
        if self.listed < self.any() {
            // Few ask for these.
            return self.handed(three);
        }
        let blank = || (0..side.pow(3)).map(|_| Figures::default()).collect();
        let [a, b, c] = three;
        self.handed.get_or_init(blank)[(a * side + b) * side + c].get(|| [self.handed(three)])[0]
    }

    fn handed(&self, three: [usize; 3]) -> f64 {
        let (share, copies) = (|one: usize| self.share[one], |one: usize, other: usize| self.copies(one, other));
        let known: SmallVec<[usize; 3]> = three.into_iter().filter(|allele| *allele < self.any()).collect();
        match known[..] {
            [a] => share(a),
            [a, b] => 0.5 * (share(a) * share(b) + copies(a, b)),
            [a, b, c] => {
                let rows = self.after(1).chunks_exact(self.any());
                let thrice = |(share, row): (&f64, &[f64])| known.iter().fold(*share, |chance, to| chance * row[*to]);
                let of_one: f64 = self.share.iter().zip(rows).map(thrice).sum();
                let of_two = share(a) * copies(b, c) + share(b) * copies(a, c) + share(c) * copies(a, b);
                0.25 * (of_two + of_one)
            }
            _ => 1.0,
        }
    }

    /// A result by places; none: nothing was read, or an allele was never seen.
    pub(super) fn seen(&self, typed: Typed) -> Option<Seen> {
        let place = |allele: u16| {
            let shown = || self.alleles[self.listed..].iter().position(|other| *other == allele);
            self.places.get(allele).or_else(|| shown().map(|at| at + self.listed))
        };
        let first = place(typed.first)?;
        if typed.is_single() { Some(Seen::One(first)) } else { Some(Seen::Two(first, place(typed.second)?)) }
    }
}
