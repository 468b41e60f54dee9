//! Figures that are worked out when they are first asked for, and kept.
//!
//! Threads that ask at the same time work out the same figures, to the bit: none waits for another.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// `N` figures, worked out together when they are first asked for.
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
