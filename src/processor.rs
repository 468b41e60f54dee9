//! What a loop over many values asks of the processor that no loop says by itself: wide vectors, and memory ahead of time.
//!
//! A release is built for every processor of its family, which on x86-64 means vectors of sixteen bytes. What is inlined
//! into [`wide`] is compiled a second time for those of 32 (AVX2, with the instructions on bits that came with it in 2013),
//! and that is taken where it can run. Both do the same operations in the same order on every number, so that no result
//! depends on the processor.
//!
//! What a value points to lies anywhere, and is not in a cache where there are many: to wait for it takes longer than to
//! weigh it. [`fetch`] asks for it while others are weighed.

#![cfg_attr(
    target_arch = "x86_64",
    expect(unsafe_code, reason = "the two instructions that the compiler leaves to whoever knows what they are for")
)]

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// Numbers in a [`Vector`].
pub const LANES: usize = 16;

/// Sixteen numbers that are worked on at once: one line of a cache, whole vectors of four, eight or sixteen. Who has fewer
/// leaves zeros.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
pub struct Vector([f32; LANES]);

impl Vector {
    /// A number for each place.
    #[inline(always)]
    pub fn each(of: impl Fn(usize) -> f32) -> Self {
        let mut each = Self::default();
        for (at, each) in each.0.iter_mut().enumerate() {
            *each = of(at);
        }
        each
    }

    /// The products, place by place.
    #[inline(always)]
    pub fn times(&self, other: &Self) -> Self {
        Self::each(|at| self.0[at] * other.0[at])
    }

    /// The sum, by halves.
    #[inline(always)]
    pub fn sum(&self) -> f64 {
        let (mut eight, mut four) = ([0.0; 8], [0.0; 4]);
        (0..8).for_each(|at| eight[at] = self.0[at] + self.0[at + 8]);
        (0..4).for_each(|at| four[at] = eight[at] + eight[at + 4]);
        f64::from((four[0] + four[2]) + (four[1] + four[3]))
    }
}

impl Deref for Vector {
    type Target = [f32; LANES];

    #[inline(always)]
    fn deref(&self) -> &[f32; LANES] {
        &self.0
    }
}

impl DerefMut for Vector {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [f32; LANES] {
        &mut self.0
    }
}

/// Work whose loops may use wide vectors, as far as they are inlined into it: `run` is always to be inlined.
pub trait Work {
    /// Does it.
    fn run(self);
}

/// Does work with the widest vectors that there are.
pub fn wide(work: impl Work) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2")
        && std::arch::is_x86_feature_detected!("bmi1")
        && std::arch::is_x86_feature_detected!("bmi2")
        && std::arch::is_x86_feature_detected!("lzcnt")
        && std::arch::is_x86_feature_detected!("popcnt")
    {
        #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
        fn with_avx2(work: impl Work) {
            work.run();
        }
        // SAFETY: the processor has all of them.
        return unsafe { with_avx2(work) };
    }
    work.run();
}

/// Items between one that is looked at and one that is fetched.
pub const AHEAD: usize = 6;
/// Shared things one after the other, each but the first [`AHEAD`] fetched while those before it are looked at.
pub fn ahead<'a, T: 'a>(shared: impl Iterator<Item = &'a Arc<T>> + Clone) -> impl Iterator<Item = &'a Arc<T>> {
    let mut soon = shared.clone().skip(AHEAD);
    shared.inspect(move |_| soon.next().into_iter().for_each(|soon| fetch(std::slice::from_ref(&**soon))))
}

/// Asks for items that will be read soon. Nothing is read, and nothing changes but the time that reading takes.
#[inline(always)]
pub fn fetch<T>(items: &[T]) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        /// Bytes that are fetched at once.
        const LINE: usize = 64;
        /// Lines that are asked for: what is further on is fetched as it is read.
        const LINES: usize = 4;
        let bytes = items.as_ptr().cast::<i8>();
        // What begins within a line may end on one more.
        let into = if items.is_empty() { 0 } else { bytes.addr() % LINE };
        for line in (0..into + size_of_val(items)).step_by(LINE).take(LINES) {
            // SAFETY: a hint, which may name any address at all; every processor of the family knows it.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(bytes.wrapping_add(line)) };
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = items;
}
