//! Y-chromosomal profiles: alleles by locus, from father to son.
//!
//! There is one allele at most loci; where a duplicated locus shows two and the other profile one of them, they agree.

use serde::{Deserialize, Serialize};

use super::lineage::Haplotype;
use super::loci::{Typed, plain};
use crate::record::{Allele, Alleles, Str};

/// A profile: by locus, ascending.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct YStr(Vec<(Box<str>, Typed)>);

impl YStr {
    /// Reads a profile.
    pub(super) fn read(str: &Str) -> Self {
        let typed = |alleles: &Alleles| {
            let second = alleles.second.filter(|second| *second != alleles.first).map(Allele::tenths);
            Typed::new(alleles.first.tenths(), second)
        };
        let loci = str.loci.iter().map(|(name, alleles)| (plain(name).into_boxed_str(), typed(alleles)));
        let mut loci: Vec<_> = loci.collect();
        loci.sort_unstable();
        loci.dedup_by(|a, b| a.0 == b.0);
        Self(loci)
    }

    fn at(&self, name: &str) -> Option<Typed> {
        let at = self.0.binary_search_by(|(locus, _)| (**locus).cmp(name)).ok()?;
        Some(self.0[at].1)
    }
}

impl Haplotype for YStr {
    type Region = Vec<Box<str>>;

    fn common(&self, other: &Self) -> Option<Vec<Box<str>>> {
        let names = self.0.iter().map(|(name, _)| name);
        let common: Vec<Box<str>> = names.filter(|name| other.at(name).is_some()).cloned().collect();
        (!common.is_empty()).then_some(common)
    }

    fn covers(&self, region: &Vec<Box<str>>) -> bool {
        region.iter().all(|name| self.at(name).is_some())
    }

    fn is_exact(&self) -> bool {
        self.0.iter().all(|(_, typed)| typed.is_single())
    }

    fn differences(&self, other: &Self, region: &Vec<Box<str>>) -> u32 {
        let within = |a: Typed, b: Typed| a.alleles().all(|allele| b.alleles().any(|other| other == allele));
        let differ = |name: &str| match (self.at(name), other.at(name)) {
            (Some(a), Some(b)) => !within(a, b) && !within(b, a),
            _ => true,
        };
        region.iter().filter(|name| differ(name)).count() as u32
    }
}
