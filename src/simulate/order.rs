//! A shuffle of `0..n` that can be asked for any single position, both ways, without holding it.
//!
//! A Feistel network permutes the next power of four; what falls outside `0..n` is sent through again
//! (cycle walking), which keeps it a permutation.

/// A shuffle of `0..n`.
#[derive(Clone, Copy)]
pub(super) struct Order {
    n: u64,
    half_bits: u32,
    key: u64,
}

const ROUNDS: u64 = 4;

impl Order {
    pub(super) fn new(n: u64, key: u64) -> Self {
        let bits = 64 - n.max(2).leading_zeros();
        Self { n, half_bits: bits.div_ceil(2), key }
    }

    /// Where the item at `rank` of the unshuffled list stands.
    pub(super) fn position(self, rank: u64) -> u64 {
        self.walk(rank, |value| (0..ROUNDS).fold(value, |value, round| self.forth(value, round)))
    }

    /// Which item stands at `position`.
    pub(super) fn rank(self, position: u64) -> u64 {
        self.walk(position, |value| (0..ROUNDS).rev().fold(value, |value, round| self.back(value, round)))
    }

    fn walk(self, from: u64, step: impl Fn(u64) -> u64) -> u64 {
        let mut value = step(from);
        while value >= self.n {
            value = step(value);
        }
        value
    }

    fn halves(self, value: u64) -> (u64, u64) {
        (value >> self.half_bits, value & self.mask())
    }

    fn mask(self) -> u64 {
        (1 << self.half_bits) - 1
    }

    fn forth(self, value: u64, round: u64) -> u64 {
        let (left, right) = self.halves(value);
        right << self.half_bits | (left ^ (mix(right, self.key, round) & self.mask()))
    }

    fn back(self, value: u64, round: u64) -> u64 {
        let (left, right) = self.halves(value);
        (right ^ (mix(left, self.key, round) & self.mask())) << self.half_bits | left
    }
}

/// Scatters three numbers over 64 bits (the finalizer of splitmix64).
pub(super) fn mix(value: u64, key: u64, round: u64) -> u64 {
    let mut x = value ^ key.rotate_left(17) ^ (round + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_position_is_taken_once_and_leads_back() {
        for n in [1, 2, 3, 17, 1_000, 4_097] {
            let order = Order::new(n, 7);
            let mut taken = vec![false; n as usize];
            for rank in 0..n {
                let position = order.position(rank);
                assert_eq!(order.rank(position), rank, "{n}");
                assert!(!std::mem::replace(&mut taken[position as usize], true), "{n}");
            }
        }
    }

    #[test]
    fn another_key_is_another_order() {
        let list = |key| (0..100).map(|rank| Order::new(100, key).position(rank)).collect::<Vec<_>>();
        assert_ne!(list(1), list(2));
        assert_ne!(list(1), (0..100).collect::<Vec<_>>());
    }
}
