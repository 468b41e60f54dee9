//! The floor: no match can be quicker than reading what it must read.

use std::hint::black_box;
use std::time::Instant;

use rayon::prelude::*;

/// More than any cache holds.
const BYTES: usize = 512 << 20;
const ROUNDS: usize = 5;

/// Bytes a second that all threads together read from memory: the best of a few rounds.
pub(crate) fn bytes_a_second() -> f64 {
    let memory = vec![1_u64; BYTES / 8];
    let round = |_| {
        let start = Instant::now();
        let sum: u64 = memory.par_chunks(1 << 16).map(|chunk| chunk.iter().sum::<u64>()).sum();
        black_box(sum);
        BYTES as f64 / start.elapsed().as_secs_f64()
    };
    (0..ROUNDS).map(round).fold(0.0, f64::max)
}
