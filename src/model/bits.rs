//! Bits of evidence in fixed point.

use std::iter::Sum;
use std::ops::{Add, AddAssign};

use serde::{Deserialize, Serialize};

use super::log2;

/// Evidence in thousandths of a bit: log2 of a likelihood ratio.
///
/// An integer, so that sums do not depend on their order: one answer for any thread count, block size,
/// insertion order and restart, and parts that add up to the whole to the last digit. Kept as that integer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Bits(pub i32);

impl Bits {
    /// No evidence: what unknown is worth.
    pub const ZERO: Self = Self(0);
    /// Thousandths in a bit.
    pub const SCALE: i32 = 1_000;

    /// The nearest thousandth of `bits`. By cutting off, since rounding is a call where the processor may be an old one.
    pub fn from_f64(bits: f64) -> Self {
        debug_assert!(!bits.is_nan(), "no number of bits");
        let thousandths = bits * f64::from(Self::SCALE);
        Self((thousandths + 0.5_f64.copysign(thousandths)) as i32)
    }

    /// log2 of a likelihood ratio.
    pub fn of_ratio(likelihood_ratio: f64) -> Self {
        Self::from_f64(log2(likelihood_ratio))
    }

    /// As a number of bits, for showing.
    pub fn to_f64(self) -> f64 {
        f64::from(self.0) / f64::from(Self::SCALE)
    }

    /// Not below `floor` and not above `cap`.
    pub fn within(self, floor: Self, cap: Self) -> Self {
        Self(self.0.clamp(floor.0, cap.0))
    }
}

impl Add for Bits {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for Bits {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sum for Bits {
    fn sum<I: Iterator<Item = Self>>(bits: I) -> Self {
        bits.fold(Self::ZERO, Add::add)
    }
}
