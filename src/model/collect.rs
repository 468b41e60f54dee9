//! What it would tell to collect an attribute that a pair lacks, and from whom it can still be had.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Bits;

/// For each attribute: what it tells, and where it is to be had.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct CollectModel(BTreeMap<String, Collect>);

/// One attribute, once it is collected.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collect {
    /// The mean of its bits over pairs of one person.
    pub bits: f64,
    /// The bodies that it can still be taken from.
    pub from: CollectedFrom,
    /// The part of the body that it is taken from; none: any.
    #[serde(default)]
    pub part: Option<CollectedPart>,
}

/// A part of the body that may not have been found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CollectedPart {
    /// The head, with the teeth.
    Head,
    /// The hands, with the fingers.
    Hands,
}

/// The bodies that an attribute can be taken from. A missing person's family can be asked for any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CollectedFrom {
    /// Any, a skeleton too.
    Any,
    /// Those that are more than bones.
    Flesh,
    /// None: who finds a body finds it then or never.
    None,
}

impl Collect {
    /// The mean of its bits over pairs of one person.
    pub fn expected(self) -> Bits {
        Bits::from_f64(self.bits)
    }
}

impl CollectModel {
    /// An attribute's figures; none: it is never proposed.
    pub fn get(&self, attribute: &str) -> Option<Collect> {
        self.0.get(attribute).copied()
    }
}
