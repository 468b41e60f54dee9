//! Random numbers that are the same on every machine.
//!
//! ChaCha gives the bits. All that is made of them uses integers and the five exact operations of IEEE 754
//! (`+ - * /` and the square root); the platform's `exp`, `ln` and `cos` may differ in the last digit, so
//! [`exp`], [`ln`] and [`cos`] are written out here.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// One stream of random numbers, for one purpose.
pub(super) struct Dice(ChaCha8Rng);

/// What a stream is for. Each has its own, so that a change in one leaves the others as they were.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    Person = 1,
    Name,
    Marks,
    Things,
    Teeth,
    Prints,
    Family,
    Fate,
    MissingClerk,
    ExaminersClerk,
    CoronersClerk,
    MissingBlood,
    ExaminersBlood,
}

impl Dice {
    /// The stream of one person (`pool` and `number`) for one purpose.
    pub(super) fn new(seed: u64, purpose: Purpose, pool: u8, number: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8] = purpose as u8;
        key[9] = pool;
        key[16..24].copy_from_slice(&number.to_le_bytes());
        Self(ChaCha8Rng::from_seed(key))
    }

    /// A whole number from 0 to `n - 1`.
    pub(super) fn below(&mut self, n: u32) -> u32 {
        ((u64::from(self.0.next_u32()) * u64::from(n)) >> 32) as u32
    }

    /// A number from 0 to just below 1.
    pub(super) fn unit(&mut self) -> f64 {
        f64::from(self.0.next_u32()) / 4_294_967_296.0
    }

    /// True with probability `p`.
    pub(super) fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// A number between two others.
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// One of a list.
    pub(super) fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len() as u32) as usize]
    }

    /// One of a short list of values, by weight.
    pub(super) fn weighted<T: Copy>(&mut self, items: &[(T, u32)]) -> T {
        let mut left = self.below(items.iter().map(|item| item.1).sum());
        for (item, weight) in items {
            if left < *weight {
                return *item;
            }
            left -= weight;
        }
        items[0].0
    }

    /// Standard normal: the sum of twelve uniform numbers, which ends at six deviations.
    pub(super) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }

    /// Lognormal, by its median and the deviation of its logarithm.
    pub(super) fn lognormal(&mut self, median: f64, sigma: f64) -> f64 {
        median * exp(sigma * self.normal())
    }

    /// Waiting time for something that happens `rate` times a year.
    pub(super) fn wait(&mut self, rate: f64) -> f64 {
        -ln(1.0 - self.unit()) / rate
    }

    /// A value whose distribution is given by some of its quantiles, straight between them.
    pub(super) fn quantile(&mut self, points: &[(f64, f64)]) -> f64 {
        let at = self.unit();
        points
            .windows(2)
            .find(|pair| at < pair[1].0)
            .map_or(0.0, |pair| pair[0].1 + (pair[1].1 - pair[0].1) * (at - pair[0].0) / (pair[1].0 - pair[0].0))
    }
}

/// e to the power of `x`, for the small `x` met here.
pub(super) fn exp(x: f64) -> f64 {
    let halvings = 8;
    let small = x.clamp(-40.0, 40.0) / 256.0;
    let mut term = 1.0;
    let mut sum = 1.0;
    for n in 1..12 {
        term *= small / f64::from(n);
        sum += term;
    }
    (0..halvings).fold(sum, |power, _| power * power)
}

/// Natural logarithm of a positive number.
pub(super) fn ln(x: f64) -> f64 {
    let mut mantissa = x.max(1e-12);
    let mut power = 0.0;
    while mantissa > 1.5 {
        mantissa *= 0.5;
        power += 1.0;
    }
    while mantissa < 0.75 {
        mantissa *= 2.0;
        power -= 1.0;
    }
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let mut term = s;
    let mut sum = 0.0;
    for n in 0..12 {
        sum += term / f64::from(2 * n + 1);
        term *= s * s;
    }
    2.0 * sum + power * std::f64::consts::LN_2
}

/// Cosine of an angle of at most a right angle, in degrees.
pub(super) fn cos(degrees: f64) -> f64 {
    let x = degrees * std::f64::consts::PI / 180.0;
    let mut term = 1.0;
    let mut sum = 1.0;
    for n in 1..12 {
        term *= -x * x / f64::from((2 * n - 1) * (2 * n));
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_functions_agree_with_the_platform() {
        for x in [-12.0_f64, -1.0, -0.01, 0.0, 0.5, 3.0, 15.0] {
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-11, "exp {x}");
        }
        for x in [1e-6_f64, 0.3, 0.99, 1.0, 7.0, 1e6] {
            assert!((ln(x) - x.ln()).abs() < 1e-11, "ln {x}");
        }
        for x in [-89.0_f64, -30.0, 0.0, 45.0, 70.0] {
            assert!((cos(x) - x.to_radians().cos()).abs() < 1e-11, "cos {x}");
        }
    }

    #[test]
    fn samples_have_the_moments_they_should() {
        let mut dice = Dice::new(1, Purpose::Person, 0, 0);
        let normals: Vec<f64> = (0..20_000).map(|_| dice.normal()).collect();
        let mean = normals.iter().sum::<f64>() / 20_000.0;
        let variance = normals.iter().map(|x| x * x).sum::<f64>() / 20_000.0;
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05, "{mean} {variance}");
        let median_below = (0..20_000).filter(|_| dice.lognormal(9.0, 2.0) < 9.0).count();
        assert!((9_600..10_400).contains(&median_below));
        let wait = (0..20_000).map(|_| dice.wait(0.5)).sum::<f64>() / 20_000.0;
        assert!((wait - 2.0).abs() < 0.1, "{wait}");
    }
}
