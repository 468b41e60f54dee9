//! Figures of a query by locus and result, each worked out when a candidate first shows the result.
//!
//! A locus has few results, so that a query meets the same ones again and again. Threads that meet one at the same time
//! work out the same figures, to the bit: none waits for another.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::loci::{LOCI, TABLE, Typed};

/// `N` figures, worked out when they are first asked for.
pub(super) struct Figures<const N: usize>([AtomicU64; N]);

/// Stands for what is not worked out yet: no figure has these bits.
const BLANK: u64 = u64::MAX;

impl<const N: usize> Default for Figures<N> {
    fn default() -> Self {
        Self([const { AtomicU64::new(BLANK) }; N])
    }
}

impl<const N: usize> Figures<N> {
    pub(super) fn get(&self, work_out: impl FnOnce() -> [f64; N]) -> [f64; N] {
        let known = self.0.each_ref().map(|figure| figure.load(Relaxed));
        if !known.contains(&BLANK) {
            return known.map(f64::from_bits);
        }
        let figures = work_out();
        self.0.iter().zip(figures).for_each(|(kept, figure)| kept.store(figure.to_bits(), Relaxed));
        figures
    }
}

/// Figures for each result of one locus.
type OfLocus<const N: usize> = Box<[Figures<N>]>;

/// `N` figures for each result of each locus.
pub(super) struct Memo<const N: usize> {
    by_locus: Box<[OnceLock<OfLocus<N>>]>,
}

impl<const N: usize> Memo<N> {
    /// Nothing is worked out.
    pub(super) fn new() -> Self {
        Self { by_locus: (0..LOCI).map(|_| OnceLock::new()).collect() }
    }

    /// The figures of a result, which are always worked out where an allele of it is not in the table.
    pub(super) fn get(&self, at: usize, result: Typed, work_out: impl FnOnce() -> [f64; N]) -> [f64; N] {
        let Some(number) = TABLE[at].number(result) else { return work_out() };
        let blank = || (0..TABLE[at].results()).map(|_| Figures::default()).collect();
        self.by_locus[at].get_or_init(blank)[number].get(work_out)
    }
}
