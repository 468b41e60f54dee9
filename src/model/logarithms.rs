//! Logarithms and powers of two, inline, and of all but the least numbers the same on every machine.
//!
//! A weighing ends in one or two of them, and libm's are calls of 40 instructions each. As libm has it, a table brings the
//! number near 1 and a short series does the rest (Tang 1990): good to 1e-11, where a score is told in thousandths.

use std::f64::consts::{LN_2, LOG2_E};

/// Entries an octave.
const STEPS: usize = 128;
const STEP_BITS: u32 = STEPS.ilog2();
const MANTISSA_BITS: u32 = 52;
const ONE: u64 = 1.0_f64.to_bits();
/// Octaves begin at three quarters, so that of numbers near 1 no great logarithms are subtracted, and half a step before
/// it, so that 1 is in the middle of one.
const FROM: u64 = 0.75_f64.to_bits() - (1 << (MANTISSA_BITS - STEP_BITS - 1));
/// Rounds what is added to the nearest whole number, which then stands in the lowest bits.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// The logarithm to base 2.
#[inline(always)]
pub fn log2(x: f64) -> f64 {
    if !(f64::MIN_POSITIVE..f64::INFINITY).contains(&x) {
        return beyond_tables(x);
    }
    let above = x.to_bits().wrapping_sub(FROM);
    let octave = (above as i64 >> MANTISSA_BITS) as f64;
    let near_one = f64::from_bits(x.to_bits().wrapping_sub(above >> MANTISSA_BITS << MANTISSA_BITS));
    let at = (above >> (MANTISSA_BITS - STEP_BITS)) as usize % STEPS;
    let [middle, reciprocal, log2] = MIDDLES[at];
    let beside = (near_one - middle) * reciprocal;
    let series = 1.0 - beside * (1.0 / 2.0 - beside * (1.0 / 3.0 - beside * (1.0 / 4.0)));
    octave + log2 + beside * LOG2_E * series
}

#[cold]
fn beyond_tables(x: f64) -> f64 {
    x.log2()
}

/// Two to the power of a number; nothing where that would be less than the least normal number.
#[inline(always)]
pub fn exp2(x: f64) -> f64 {
    if !(-1_022.0..1_023.0).contains(&x) {
        return beyond_numbers(x);
    }
    let rounded = x * STEPS as f64 + ROUND;
    let steps = rounded.to_bits();
    let left = (x - (rounded - ROUND) / STEPS as f64) * LN_2;
    let series = 1.0 + left * (1.0 + left * (1.0 / 2.0 + left * (1.0 / 6.0)));
    let octave = (steps >> STEP_BITS << MANTISSA_BITS).wrapping_add(ONE);
    f64::from_bits(octave) * POWERS[steps as usize % STEPS] * series
}

#[cold]
fn beyond_numbers(x: f64) -> f64 {
    if x < -1_022.0 { 0.0 } else { x.exp2() }
}

/// For each step of an octave from [`FROM`] on its middle, one over it, and its logarithm. Of the step around 1 it is 1.
static MIDDLES: [[f64; 3]; STEPS] = {
    let mut middles = [[1.0, 1.0, 0.0]; STEPS];
    let mut at = 0;
    while at < STEPS {
        if at != STEPS / 2 {
            let middle = f64::from_bits(FROM + ((2 * at as u64 + 1) << (MANTISSA_BITS - STEP_BITS - 1)));
            middles[at] = [middle, 1.0 / middle, natural_logarithm(middle) * LOG2_E];
        }
        at += 1;
    }
    middles
};

/// Two to the power of each step of an octave.
static POWERS: [f64; STEPS] = {
    let mut powers = [1.0; STEPS];
    let mut at = 0;
    while at < STEPS {
        let exponent = at as f64 / STEPS as f64 * LN_2;
        let (mut term, mut sum, mut n) = (1.0, 0.0, 1.0);
        while n < 30.0 {
            sum += term;
            term *= exponent / n;
            n += 1.0;
        }
        powers[at] = sum;
        at += 1;
    }
    powers
};

/// By the series of its hyperbolic tangent, of numbers near 1.
const fn natural_logarithm(x: f64) -> f64 {
    let y = (x - 1.0) / (x + 1.0);
    let (mut power, mut sum, mut n) = (y, 0.0, 1.0);
    while n < 40.0 {
        sum += power / n;
        power *= y * y;
        n += 2.0;
    }
    2.0 * sum
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn they_are_those_of_the_standard_library(positive in prop::num::f64::POSITIVE, near_one in 0.5..2.0_f64, power in -1_022.0..1_023.0_f64) {
            for x in [positive, near_one] {
                prop_assert!((log2(x) - x.log2()).abs() <= 1e-11, "{} {}", x, log2(x) - x.log2());
            }
            prop_assert!((exp2(power) / power.exp2() - 1.0).abs() < 1e-10, "{} {}", power, exp2(power));
        }
    }

    #[test]
    fn at_the_ends_too() {
        for x in [0.0, f64::MIN_POSITIVE, f64::MIN_POSITIVE / 8.0, 1.0, f64::MAX, f64::INFINITY] {
            assert!(log2(x) == x.log2() || (log2(x) - x.log2()).abs() < 1e-11, "{x}");
        }
        assert!(log2(-1.0).is_nan() && log2(f64::NAN).is_nan() && exp2(f64::NAN).is_nan());
        assert_eq!((exp2(f64::INFINITY), exp2(1_024.0), exp2(-2_000.0)), (f64::INFINITY, f64::INFINITY, 0.0));
        for power in [-1_022, -1, 0, 1, 1_022] {
            assert_eq!(exp2(f64::from(power)), f64::from(power).exp2());
        }
    }
}
