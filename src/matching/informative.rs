//! What an examiner does next: the one attribute missing from a pair that would tell most if it were collected.
//!
//! It is measured as the **expected bits if both records are one person**, E[log2 LR | same]. Not as the expected change
//! of the posterior's entropy: bits add to the score that is shown, do not depend on the rest of the list, and do not
//! vanish for candidates whose posterior is near 0 or 1 for now - those that a new finding could still turn over.
//!
//! Where the query has a value v and only the candidate lacks one, the values w that other records of the candidate's
//! side have, with their shares p(w), stand for what might be found: a value is as often found on the same person as
//! p(w) LR(v, w), because LR is the ratio of the two chances, so
//!
//! ```text
//! E[log2 LR | same, v] = sum over w of p(w) LR(v, w) log2 LR(v, w)
//! ```
//!
//! over the table of bits that the search has made anyway. Where sum p LR falls short of 1, the person's own value is
//! one that nobody else has (a rare name, a profile): that share is worth the attribute's mean of the model's `collect`,
//! at least log2 of the number of records that do not have it. Where the query lacks the attribute, it is that mean.

use super::tail::fraction;
use crate::attribute::{Left, Preservation};
use crate::corpus::Blocks;
use crate::model::{Bits, Collect, CollectedFrom, CollectedPart};
use crate::record::Kind;

/// An attribute to collect, and what it would tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Informative {
    /// Its name.
    pub attribute: &'static str,
    /// Expected bits if both records are one person.
    pub expected: Bits,
}

/// One side of a pair: whose it is, and what is left to examine.
#[derive(Clone, Copy)]
pub(super) struct Side {
    pub(super) kind: Kind,
    pub(super) left: Left,
}

impl Side {
    /// Whether an attribute that this side lacks can still be had.
    pub(super) fn can_give(self, collect: Collect) -> bool {
        let bones = matches!(self.left.preservation, Preservation::Skeleton | Preservation::Parts);
        let is_there = match collect.part {
            None => true,
            Some(CollectedPart::Head) => self.left.head,
            Some(CollectedPart::Hands) => self.left.hands,
        };
        let whole = match collect.from {
            CollectedFrom::Any => true,
            CollectedFrom::Flesh => !bones,
            CollectedFrom::None => false,
        };
        self.kind == Kind::Missing || (whole && is_there)
    }
}

/// Lowest whole bits that are told apart; no attribute's floor is below.
const LOWEST: i32 = -128;
const BUCKETS: usize = 256;

/// The expected bits of a query's value against one of a side whose values weigh `table` and are as frequent as
/// `rows` says. In integers by whole bits, so that the order of the values means nothing.
pub(super) fn expected(table: &[i32], rows: &Blocks<u32>, collect: Collect, cap: Bits) -> Bits {
    let mut ratios = [0_u128; BUCKETS];
    let mut weighted = [0_u128; BUCKETS];
    let mut records = 0_u64;
    for (&bits, &rows) in table.iter().zip(rows.iter()).filter(|(_, rows)| **rows > 0) {
        let above = bits.rem_euclid(Bits::SCALE);
        let bucket = (bits.div_euclid(Bits::SCALE) - LOWEST).clamp(0, BUCKETS as i32 - 1) as usize;
        let ratio = u128::from(fraction(above as usize)) * u128::from(rows);
        ratios[bucket] += ratio;
        weighted[bucket] += ratio * above as u128;
        records += u64::from(rows);
    }
    if records == 0 {
        return collect.expected();
    }
    let (mut share, mut told) = (0.0, 0.0);
    for (at, (&ratio, &weighted)) in ratios.iter().zip(&weighted).enumerate() {
        let whole = f64::from(at as i32 + LOWEST);
        let unit = (whole - 32.0).exp2() / records as f64;
        share += ratio as f64 * unit;
        told += (ratio as f64 * whole + weighted as f64 / f64::from(Bits::SCALE)) * unit;
    }
    let unseen = collect.bits.max((records as f64 + 1.0).log2());
    let bits = told / share.max(1.0) + (1.0 - share).max(0.0) * unseen;
    Bits::from_f64(bits).within(Bits::ZERO, cap)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: &[(f64, u32)], mean: f64, told: f64) {
        let table: Vec<i32> =
            std::iter::once(0).chain(values.iter().map(|(bits, _)| Bits::from_f64(*bits).0)).collect();
        let rows: Blocks<u32> = std::iter::once(0).chain(values.iter().map(|(_, rows)| *rows)).collect();
        let collect = Collect { bits: mean, from: CollectedFrom::Any, part: None };
        let found = expected(&table, &rows, collect, Bits(16_000)).to_f64();
        assert!((found - told).abs() < 0.002, "{values:?}: {found}, not {told}");
    }

    #[test]
    fn a_common_value_tells_less_than_a_rare_one() {
        // Two sexes, never wrong: the chance of a match is its share, and it tells log2 of one over it.
        check(&[(1.0, 50), (-100.0, 50)], 5.0, 1.0);
        check(&[(2.0, 25), (-100.0, 75)], 5.0, 2.0);
        // One in ten wrong: 0.9 log2 1.8 + 0.1 log2 0.2.
        check(&[(1.8_f64.log2(), 50), (0.2_f64.log2(), 50)], 5.0, 0.531);
    }

    #[test]
    fn a_value_nobody_else_has_tells_the_mean_or_at_least_how_many_lack_it() {
        check(&[(-100.0, 1_023)], 13.0, 13.0);
        check(&[(-100.0, 1_023)], 5.0, 10.0);
        check(&[(-100.0, 1_023)], 40.0, 16.0);
        check(&[], 7.0, 7.0);
    }

    #[test]
    fn bones_give_no_prints_a_body_no_name_and_nothing_what_was_not_found() {
        let side = |kind, left| Side { kind, left };
        let collect = |from, part| Collect { bits: 1.0, from, part };
        let [any, flesh, none] =
            [CollectedFrom::Any, CollectedFrom::Flesh, CollectedFrom::None].map(|from| collect(from, None));
        let bones = side(Kind::Unidentified, Left { preservation: Preservation::Skeleton, ..Left::WHOLE });
        assert!(bones.can_give(any) && !bones.can_give(flesh));
        let fleshed = side(Kind::Unclaimed, Left { preservation: Preservation::Altered, ..Left::WHOLE });
        assert!(fleshed.can_give(flesh) && !fleshed.can_give(none));
        assert!(side(Kind::Missing, Left::WHOLE).can_give(none));
        let headless = side(Kind::Unidentified, Left { head: false, ..Left::WHOLE });
        let [teeth, prints] =
            [CollectedPart::Head, CollectedPart::Hands].map(|part| collect(CollectedFrom::Any, Some(part)));
        assert!(!headless.can_give(teeth) && headless.can_give(prints));
        assert!(!side(Kind::Unclaimed, Left { hands: false, ..Left::WHOLE }).can_give(prints));
    }
}
