//! Figures of a query by locus and result, each worked out when a candidate first shows the result.
//!
//! A locus has few results, so that a query meets the same ones again and again.

use std::sync::OnceLock;

use super::loci::{LOCI, TABLE, Typed};
use crate::attribute::figures::Figures;

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
