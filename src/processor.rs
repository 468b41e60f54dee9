//! What a loop over many values asks of the processor that no loop says by itself: wide vectors, and memory ahead of time.
//!
//! A release is built for every processor of its family, which on x86-64 means vectors of sixteen bytes. What is inlined
//! into [`wide`] is compiled a second time for those of 32 (AVX2, since 2013), and that is taken where it can run. Both do
//! the same operations in the same order on every number, so that no result depends on the processor.
//!
//! What a value points to lies anywhere, and is not in a cache where there are many: to wait for it takes longer than to
//! weigh it. [`fetch`] asks for it while others are weighed.

#![cfg_attr(
    target_arch = "x86_64",
    expect(unsafe_code, reason = "the two instructions that the compiler leaves to whoever knows what they are for")
)]

/// Work whose loops may use wide vectors, as far as they are inlined into it: `run` is always to be inlined.
pub trait Work {
    /// Does it.
    fn run(self);
}

/// Does work with the widest vectors that there are.
pub fn wide(work: impl Work) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        #[target_feature(enable = "avx2")]
        fn with_avx2(work: impl Work) {
            work.run();
        }
        // SAFETY: the processor has it.
        return unsafe { with_avx2(work) };
    }
    work.run();
}

/// Bytes that are fetched at once.
const LINE: usize = 64;
/// Lines that are asked for: what is further on is fetched as it is read.
const LINES: usize = 4;

/// Asks for items that will be read soon. Nothing is read, and nothing changes but the time that reading takes.
#[inline(always)]
pub fn fetch<T>(items: &[T]) {
    #[cfg(target_arch = "x86_64")]
    for line in (0..size_of_val(items)).step_by(LINE).take(LINES) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let bytes = items.as_ptr().cast::<i8>();
        // SAFETY: a hint, which may name any address at all; every processor of the family knows it.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(bytes.wrapping_add(line)) };
    }
}
