//! How common a name is where the collection is too small to know: the census, and the nicknames of English.

use std::io::Read;
use std::sync::LazyLock;

use flate2::read::GzDecoder;
use rustc_hash::{FxHashMap, FxHashSet};

/// Share of a name nobody in the census' table has, which ends at about three in a million.
const RARER: f64 = 1e-6;

/// Names and their shares in the population.
pub(super) struct Census {
    shares: FxHashMap<Box<str>, f64>,
}

/// Surnames of the US Census 2010: the 30,011 commonest. Public domain.
pub(super) static FAMILY: LazyLock<Census> =
    LazyLock::new(|| Census::read(include_bytes!("../data/family_names_us.txt.gz")));

/// Given names of the US Census 2020: the 12,002 commonest. Public domain.
pub(super) static GIVEN: LazyLock<Census> =
    LazyLock::new(|| Census::read(include_bytes!("../data/given_names_us.txt.gz")));

impl Census {
    /// Lines of a name and its share in ten-millionths.
    fn read(table: &[u8]) -> Self {
        let mut text = String::new();
        // The table is part of the program: a test reads it whole.
        let _ = GzDecoder::new(table).read_to_string(&mut text);
        let line = |line: &str| {
            let (name, share) = line.split_once(' ')?;
            Some((name.into(), share.parse::<f64>().ok()? / 1e7))
        };
        Self { shares: text.lines().filter_map(line).collect() }
    }

    pub(super) fn share(&self, name: &str) -> f64 {
        self.shares.get(name).copied().unwrap_or(RARER)
    }
}

/// Nicknames by given name (carltonnorthern/nicknames, Apache-2.0): a formal name, then its short forms.
static NICKNAMES: LazyLock<FxHashMap<&'static str, Vec<&'static str>>> = LazyLock::new(|| {
    let mut related: FxHashMap<&str, Vec<&str>> = FxHashMap::default();
    for line in include_str!("../data/nicknames_en.txt").lines() {
        let group: Vec<&str> = line.split(' ').collect();
        for short in &group[1..] {
            related.entry(group[0]).or_default().push(short);
            related.entry(short).or_default().push(group[0]);
        }
    }
    related
});

/// The names that may stand for this one: its short forms, and the names that it is short for.
pub(super) fn nicknames(name: &str) -> FxHashSet<&'static str> {
    NICKNAMES.get(name).into_iter().flatten().copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_whole() {
        assert_eq!((FAMILY.shares.len(), GIVEN.shares.len()), (30_011, 12_002));
        assert!((FAMILY.share("smith") - 0.008_281_9).abs() < 1e-9);
        assert!(FAMILY.share("nobody has this") < FAMILY.share("smith"));
    }

    #[test]
    fn a_nickname_and_its_name_stand_for_each_other() {
        assert!(nicknames("robert").contains("bob") && nicknames("bob").contains("robert"));
        assert!(!nicknames("robert").contains("william"));
    }
}
