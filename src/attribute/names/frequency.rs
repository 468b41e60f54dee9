//! How common a name is, in the collection and where that is too small to know, and what it is short for.

use std::io::Read;
use std::sync::LazyLock;

use flate2::read::GzDecoder;
use rustc_hash::FxHashMap;

use super::Statistics;
use super::folding::{Role, Token, hash};
use super::variants::VARIANTS;
use crate::model::Model;

/// Share of a name nobody in the census' table has, which ends at about three in a million.
const RARER: f64 = 1e-6;

/// Share of a well-known name among the people where it is at home.
const ELSEWHERE: f64 = 1e-3;

/// Names, by hash, and their shares in the population.
struct Census {
    shares: FxHashMap<u32, f32>,
}

/// Surnames of the US Census 2010: the 30,011 commonest. Public domain.
static FAMILY: LazyLock<Census> = LazyLock::new(|| Census::read(include_bytes!("../data/family_names_us.txt.gz")));

/// Given names of the US Census 2020: the 12,002 commonest. Public domain.
static GIVEN: LazyLock<Census> = LazyLock::new(|| Census::read(include_bytes!("../data/given_names_us.txt.gz")));

impl Census {
    /// Lines of a name and its share in ten-millionths.
    fn read(table: &[u8]) -> Self {
        let mut text = String::new();
        // The table is part of the program: a test reads it whole.
        let _ = GzDecoder::new(table).read_to_string(&mut text);
        let line = |line: &str| {
            let (name, share) = line.split_once(' ')?;
            Some((hash(name.as_bytes()), share.parse::<f32>().ok()? / 1e7))
        };
        Self { shares: text.lines().filter_map(line).collect() }
    }
}

/// Whether the census lists the name.
pub(super) fn is_listed(name: u32) -> bool {
    FAMILY.shares.contains_key(&name) || GIVEN.shares.contains_key(&name)
}

/// How common names are: the collection's counts, smoothed with the census'.
#[derive(Clone, Copy)]
pub(super) struct Shares<'a> {
    pub(super) model: &'a Model,
    pub(super) statistics: &'a Statistics,
}

impl Shares<'_> {
    /// The share of people with this name.
    pub(super) fn of(&self, token: &Token, role: Role) -> f64 {
        self.share(token, role, 0.0, RARER)
    }

    /// The share of people with just this string of letters, one of whom is before us. Of strings that nobody is known
    /// to be called there are the more, and so each is the rarer, the longer they are.
    pub(super) fn of_string(&self, token: &Token, role: Role) -> f64 {
        let string = (1e-5 * 0.25_f64.powi(token.text.len() as i32 - 4)).clamp(1e-9, 1e-5);
        let least = if VARIANTS.knows_well(token.plain) { ELSEWHERE } else { string };
        self.share(token, role, 1.0, string).max(least)
    }

    fn share(&self, token: &Token, role: Role, own: f64, unlisted: f64) -> f64 {
        let weight = self.model.names.census_weight;
        let names = self.statistics.names as f64;
        let name = token.plain;
        let smoothed = |count: u32, census: &Census| {
            let listed = census.shares.get(&name).copied().map_or(unlisted, f64::from);
            ((f64::from(count) - own).max(0.0) + weight * listed) / (names + weight)
        };
        let given = || smoothed(self.statistics.given.get(&name), &GIVEN);
        let family = || smoothed(self.statistics.family.get(&name), &FAMILY);
        match role {
            Role::Given | Role::Middle => given(),
            Role::Family => family(),
            Role::Any => given().max(family()),
        }
    }
}

/// Nicknames: a formal name, then its short forms. English ones from carltonnorthern/nicknames (Apache-2.0), those of
/// other languages our own.
static NICKNAMES: LazyLock<FxHashMap<u32, Vec<u32>>> = LazyLock::new(|| {
    let mut related: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
    let tables = [include_str!("../data/nicknames_en.txt"), include_str!("../data/nicknames_world.txt")];
    for line in tables.iter().flat_map(|table| table.lines()).filter(|line| !line.starts_with('#')) {
        let group: Vec<u32> = line.split(' ').map(|name| hash(name.as_bytes())).collect();
        for &short in &group[1..] {
            related.entry(group[0]).or_default().push(short);
            related.entry(short).or_default().push(group[0]);
        }
    }
    related
});

/// The names that may stand for this one: its short forms, and the names that it is short for.
pub(super) fn nicknames(name: u32) -> impl Iterator<Item = u32> {
    NICKNAMES.get(&name).into_iter().flatten().copied()
}

/// Particles that are written as one word with a family name.
const GLUED: &[&str] = &["de", "del", "di", "da", "du", "la", "le", "van", "von", "al", "el", "ben", "o", "mc"];

/// Endings of one family name for men and women, and in the spellings of several countries.
const ENDINGS: &[&[&str]] = &[
    &["ov", "ova", "off", "of", "ow", "owa"],
    &["ev", "eva", "eff", "ef", "ew", "ewa", "yev", "yeva", "jew", "jewa"],
    &["sky", "skaya", "ski", "skiy", "skii", "skij", "skaia", "skaja", "skyi", "skyy", "ska", "skyj", "skiya"],
    &["cky", "ckaya", "cki", "cka", "ckiy", "ckyi"],
    &["enko", "enka"],
];

/// The same, but only sure where the name is known to be a family name: Martin and Martina are two given names.
const FAMILY_ENDINGS: &[&[&str]] = &[&["in", "ina", "yn", "yna", "ine"], &["ny", "naya", "nyi", "nyy"]];

/// Other forms of a name that is not a given name: with and without a particle, a man's and a woman's.
pub(super) fn forms(name: &str) -> Vec<u32> {
    let mut forms = Vec::new();
    for glued in GLUED.iter().filter(|_| name.len() >= 3) {
        forms.push(hash(format!("{glued}{name}").as_bytes()));
        if let Some(bare) = name.strip_prefix(glued).filter(|bare| bare.len() >= 3) {
            forms.push(hash(bare.as_bytes()));
        }
    }
    forms.extend(with_endings(name, ENDINGS));
    forms
}

/// Other forms of a name that is known to be a family name.
pub(super) fn family_forms(name: &str) -> Vec<u32> {
    with_endings(name, FAMILY_ENDINGS)
}

fn with_endings(name: &str, sets: &[&[&str]]) -> Vec<u32> {
    let mut forms = Vec::new();
    for endings in sets {
        let stem = endings.iter().filter_map(|ending| name.strip_suffix(ending)).min_by_key(|stem| stem.len());
        if let Some(stem) = stem.filter(|stem| stem.len() >= 3) {
            forms.extend(endings.iter().map(|ending| hash(format!("{stem}{ending}").as_bytes())));
        }
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashed(name: &str) -> u32 {
        hash(name.as_bytes())
    }

    #[test]
    fn the_tables_are_whole() {
        assert_eq!((FAMILY.shares.len(), GIVEN.shares.len()), (30_011, 12_002));
        assert!((FAMILY.shares[&hashed("smith")] - 0.008_281_9).abs() < 1e-7);
    }

    #[test]
    fn a_nickname_and_its_name_stand_for_each_other() {
        let stands = |a: &str, b: &str| nicknames(hashed(a)).any(|name| name == hashed(b));
        assert!(stands("robert", "bob") && stands("bob", "robert"));
        assert!(!stands("robert", "william"));
        assert!(stands("francisco", "paco"));
    }

    #[test]
    fn a_family_name_has_forms() {
        let has = |a: &str, b: &str| forms(a).contains(&hashed(b));
        assert!(has("ivanov", "ivanova") && has("ivanova", "ivanov") && has("deleon", "leon") && has("leon", "deleon"));
        assert!(has("kowalski", "kowalska") && !has("smith", "jones"));
        assert!(!has("martin", "martina") && family_forms("pushkin").contains(&hashed("pushkina")));
    }
}
