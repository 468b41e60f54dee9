//! Spellings of one name across scripts and languages: Wikidata's groups.
//!
//! A group is a given or a family name with its spellings, folded as [`super::folding`] folds them, in their own script
//! where the plain letters would not do. A spelling may be in several groups.

use std::io::Read;
use std::sync::LazyLock;

use flate2::read::GzDecoder;

use super::folding::hash;

/// Spellings of a name that is well known.
const WELL_KNOWN: u32 = 5;

/// The groups, by hashes of their spellings.
pub(super) struct Variants {
    /// Hash of a spelling and its group, in order.
    groups: Vec<(u32, u32)>,
    /// Hashes of the spellings, group after group.
    spellings: Vec<u32>,
    /// Where each group begins among the spellings.
    starts: Vec<u32>,
}

/// Groups of person names (Wikidata, CC0): one a line, spellings apart by blanks.
pub(super) static VARIANTS: LazyLock<Variants> =
    LazyLock::new(|| Variants::read(include_bytes!("../data/name_variants.txt.gz")));

impl Variants {
    fn read(table: &[u8]) -> Self {
        let mut text = String::new();
        // The table is part of the program: a test reads it whole.
        let _ = GzDecoder::new(table).read_to_string(&mut text);
        let mut variants = Self { groups: Vec::new(), spellings: Vec::new(), starts: vec![0] };
        for (group, line) in text.lines().enumerate() {
            for spelling in line.split(' ') {
                let hash = hash(spelling.as_bytes());
                variants.groups.push((hash, group as u32));
                variants.spellings.push(hash);
            }
            variants.starts.push(variants.spellings.len() as u32);
        }
        variants.groups.sort_unstable();
        variants
    }

    /// The groups of a spelling.
    fn groups(&self, spelling: u32) -> impl Iterator<Item = u32> {
        let first = self.groups.partition_point(|&(hash, _)| hash < spelling);
        self.groups[first..].iter().take_while(move |(hash, _)| *hash == spelling).map(|(_, group)| *group)
    }

    /// Whether this is a name at all.
    pub(super) fn knows(&self, spelling: u32) -> bool {
        self.groups(spelling).next().is_some()
    }

    /// Whether this is a name that many languages have found worth spelling: one that many people have.
    pub(super) fn knows_well(&self, spelling: u32) -> bool {
        self.groups(spelling).any(|group| self.starts[group as usize + 1] - self.starts[group as usize] >= WELL_KNOWN)
    }

    /// Every spelling that shares a group with this one.
    pub(super) fn of(&self, spelling: u32) -> impl Iterator<Item = u32> {
        self.groups(spelling).flat_map(|group| {
            let [first, last] = [0, 1].map(|next| self.starts[group as usize + next] as usize);
            self.spellings[first..last].iter().copied()
        })
    }
}
