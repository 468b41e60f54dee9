//! What a row is, and what a scan has to know of it, in four bytes.

use std::hash::BuildHasher;

use rustc_hash::FxBuildHasher;

use crate::attribute::Left;
use crate::record::Reference;

/// What a row is.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Which record; none: the row is free.
    pub reference: Option<Reference>,
    /// Whether somebody has verified the record.
    pub verified: bool,
    /// What there is to examine.
    pub left: Left,
}

impl Row {
    /// A row that no record has.
    pub(super) const FREE: Self = Self { reference: None, verified: true, left: Left::WHOLE };

    /// What a scan asks of it.
    pub(super) fn tag(&self) -> Tag {
        let name = self.reference.as_ref().map_or(0, |reference| Tag::name_of(reference) << 2 | Tag::LIVE);
        Tag(name | if self.verified { Tag::VERIFIED } else { 0 })
    }
}

/// Whether there is a record and whether it is verified, a bit each, and the hash of its reference: so a scan of a
/// million rows follows no pointer but to the few rows that it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag(u32);

impl Tag {
    const LIVE: u32 = 1;
    const VERIFIED: u32 = 2;

    /// Whether the row has a record, and a verified one unless others are asked for too.
    pub fn is_shown(self, include_unverified: bool) -> bool {
        let asked = if include_unverified { Self::LIVE } else { Self::LIVE | Self::VERIFIED };
        self.0 & asked == asked
    }

    /// The 30 bits that come of the reference: one in a billion other references has the same.
    pub fn name(self) -> u32 {
        self.0 >> 2
    }

    /// The same of a reference.
    pub fn name_of(reference: &Reference) -> u32 {
        FxBuildHasher.hash_one(reference) as u32 >> 2
    }
}
