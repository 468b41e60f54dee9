//! Figures of a query by locus and result, each worked out when a candidate first shows the result.
//!
//! A locus has few results, so that a query meets the same ones again and again.

use super::figures::Figures;
use super::loci::{Profile, results};

/// `N` figures for each result of each locus.
pub(super) struct Memo<const N: usize>(Box<[Figures<N>]>);

impl<const N: usize> Memo<N> {
    /// Nothing is worked out.
    pub(super) fn new() -> Self {
        Self((0..results()).map(|_| Figures::default()).collect())
    }

    /// The figures of what a profile shows at a locus, which are always worked out where an allele is not in the table.
    pub(super) fn get(&self, profile: &Profile, locus: usize, work_out: impl FnOnce() -> [f64; N]) -> [f64; N] {
        match self.0.get(profile.number(locus)) {
            Some(figures) => figures.get(work_out),
            None => work_out(),
        }
    }
}
