//! What can be said of an attribute without any record.

use crate::model::Bits;

/// An attribute as callers see it.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// Its name in every answer.
    pub name: &'static str,
    /// What both records must have.
    pub needs: &'static str,
    /// Its levels: name and meaning.
    pub levels: &'static [(&'static str, &'static str)],
    /// The most it can count against a pair.
    pub floor: Bits,
    /// The most it can count for a pair.
    pub cap: Bits,
    /// Whether it is professional data, whose words and details need a clearance: teeth, prints, DNA and the numbers of
    /// other systems.
    pub professional: bool,
    /// Where its figures come from.
    pub source: &'static str,
    /// Changes whenever the value read from a record does: columns of another reading are made again.
    pub reading: u32,
}
