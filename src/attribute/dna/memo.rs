//! Figures of a query by locus and result, each worked out when a candidate first shows the result.
//!
//! A locus has few results, so that a query meets the same ones again and again. Threads that meet one at the same time
//! work out the same figures, to the bit: none waits for another.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::loci::{LOCI, TABLE, Typed};

/// The figures of each result of one locus.
type OfLocus<const N: usize> = Box<[[AtomicU64; N]]>;

/// `N` figures for each result of each locus.
pub(super) struct Memo<const N: usize> {
    by_locus: Box<[OnceLock<OfLocus<N>>]>,
}

/// Stands for what is not worked out yet: no figure has these bits.
const BLANK: u64 = u64::MAX;

impl<const N: usize> Memo<N> {
    /// Nothing is worked out.
    pub(super) fn new() -> Self {
        Self { by_locus: (0..LOCI).map(|_| OnceLock::new()).collect() }
    }

    /// The figures of a result, which are always worked out where an allele of it is not in the table.
    pub(super) fn get(&self, at: usize, result: Typed, work_out: impl FnOnce() -> [f64; N]) -> [f64; N] {
        let Some(number) = TABLE[at].number(result) else { return work_out() };
        let blank = || (0..TABLE[at].results()).map(|_| [const { AtomicU64::new(BLANK) }; N]).collect();
        let kept = &self.by_locus[at].get_or_init(blank)[number];
        let known = kept.each_ref().map(|figure| figure.load(Relaxed));
        if !known.contains(&BLANK) {
            return known.map(f64::from_bits);
        }
        let figures = work_out();
        kept.iter().zip(figures).for_each(|(kept, figure)| kept.store(figure.to_bits(), Relaxed));
        figures
    }
}

/// A figure for pairs of results, for as many of the last ones as there is room for.
#[derive(Default)]
pub(super) struct PairMemo {
    kept: OnceLock<Box<[[AtomicU64; 2]]>>,
}

impl PairMemo {
    /// Pairs that there is room for, half a megabyte: enough for nearly all that a million records show.
    const ROOM: u32 = 15;

    /// The figure of two results of a locus in a population.
    ///
    /// A pair lies beside its figure, mixed with it: what two threads wrote at once is then no pair, and is worked out anew.
    pub(super) fn get(&self, place: (usize, usize), results: [Typed; 2], work_out: impl FnOnce() -> f64) -> f64 {
        let (locus, [one, other]) = (&TABLE[place.0], results);
        let Some((one, other)) = locus.number(one).zip(locus.number(other)) else { return work_out() };
        // No pair is 0, which is what lies where nothing was kept yet.
        let pair = [place.0, place.1, one, other].iter().fold(1, |pair, part| pair << 15 | *part as u64);
        let room = || (0..1 << Self::ROOM).map(|_| Default::default()).collect();
        let at = (pair.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - Self::ROOM)) as usize;
        let [mixed, figure] = &self.kept.get_or_init(room)[at];
        let known = figure.load(Relaxed);
        if mixed.load(Relaxed) ^ known == pair {
            return f64::from_bits(known);
        }
        let worked_out = work_out();
        figure.store(worked_out.to_bits(), Relaxed);
        mixed.store(worked_out.to_bits() ^ pair, Relaxed);
        worked_out
    }
}
