//! The STR loci that have frequencies, and what a laboratory reads at one.
//!
//! Allele counts of four US populations at 29 loci (NIST 1036, revised July 2017). An allele seen fewer than five times
//! counts as seen five times (5/2N: National Research Council 1996); the others give up what that takes, so that the shares
//! of what a population has sum to 1. One that it was never seen to have counts as five as well, once somebody shows it. Loci without frequencies are not read: they cannot be weighed.

use std::cmp::Ordering;
use std::sync::LazyLock;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::record::{Ancestry, Str};

/// Loci of the table.
pub(super) const LOCI: usize = 29;
/// Populations of the table: Caucasian, African American, Hispanic, Asian.
pub(super) const POPULATIONS: usize = 4;
/// All of them, a bit each.
pub(super) const EVERY_POPULATION: u8 = (1 << POPULATIONS) - 1;
/// Their names in the table.
const NAMES: [&str; POPULATIONS] = ["Cauc", "AfAm", "Hisp", "Asian"];
/// Times an allele counts as seen at least.
const LEAST_SEEN: f64 = 5.0;
/// One repeat, in the tenths that alleles are counted in.
pub(super) const REPEAT: u16 = 10;

/// A set of loci, a bit each.
pub(super) type Loci = u32;

/// The loci of a set, in order.
pub(super) fn each(loci: Loci) -> impl Iterator<Item = usize> {
    let rest = std::iter::successors(Some(loci), |loci| Some(loci & loci.wrapping_sub(1)));
    rest.take_while(|loci| *loci != 0).map(|loci| loci.trailing_zeros() as usize)
}

/// The table, locus by locus.
pub(super) static TABLE: LazyLock<Vec<Locus>> = LazyLock::new(table);

/// The place of each locus by its plain name.
static BY_NAME: LazyLock<FxHashMap<String, usize>> =
    LazyLock::new(|| TABLE.iter().map(|locus| plain(locus.name)).zip(0..).collect());

/// A locus: its alleles in ascending order and their shares.
pub(super) struct Locus {
    /// Its name without spaces.
    pub(super) name: &'static str,
    /// Every allele that any of the populations has, in tenths of a repeat.
    pub(super) alleles: Vec<u16>,
    places: Places,
    populations: [Shares; POPULATIONS],
    /// The results of the loci before it.
    before: usize,
}

/// Where each number of tenths is among some alleles.
pub(super) struct Places(Vec<u8>);

impl Places {
    /// The place of what is none of them.
    const NOWHERE: u8 = u8::MAX;

    /// Of alleles in ascending order.
    pub(super) fn of(alleles: &[u16]) -> Self {
        let mut places = vec![Self::NOWHERE; alleles.last().map_or(0, |last| usize::from(*last) + 1)];
        (0..Self::NOWHERE).zip(alleles).for_each(|(at, allele)| places[usize::from(*allele)] = at);
        Self(places)
    }

    pub(super) fn get(&self, allele: u16) -> Option<usize> {
        self.0.get(usize::from(allele)).filter(|at| **at != Self::NOWHERE).map(|at| usize::from(*at))
    }
}

/// One population's shares of a locus' alleles.
struct Shares {
    /// By the locus' alleles; 0: never seen.
    shares: Vec<f64>,
    /// The share of an allele that was never seen.
    unseen: f64,
    /// What the chances of steps between neighbours sum to.
    steps: f64,
    /// By the locus' alleles; see [`Locus::steps`].
    to_neighbours: Vec<[(u16, f64); 2]>,
}

impl Locus {
    fn new(name: &'static str, alleles: Vec<u16>, populations: [Shares; POPULATIONS]) -> Self {
        let places = Places::of(&alleles);
        let mut locus = Self { name, alleles, places, populations, before: 0 };
        for population in 0..POPULATIONS {
            let of = |allele: &u16| locus.steps_to_seen(population, *allele);
            locus.populations[population].to_neighbours = locus.alleles.iter().map(of).collect();
        }
        locus
    }

    fn place(&self, allele: u16) -> Option<usize> {
        self.places.get(allele)
    }

    /// How frequent an allele is.
    pub(super) fn share(&self, population: usize, allele: u16) -> f64 {
        let shares = &self.populations[population];
        let seen = self.place(allele).map_or(0.0, |at| shares.shares[at]);
        if seen > 0.0 { seen } else { shares.unseen }
    }

    /// The alleles that a population was seen to have.
    pub(super) fn seen(&self, population: usize) -> impl Iterator<Item = u16> {
        self.alleles.iter().copied().filter(move |allele| self.is_seen(population, *allele))
    }

    fn is_seen(&self, population: usize, allele: u16) -> bool {
        self.place(allele).is_some_and(|at| self.populations[population].shares[at] > 0.0)
    }

    /// The chance that a drawn allele is `allele` and that its one mutation is a step to its neighbour `other`.
    ///
    /// Proportional to the smaller share of the two, and 1 in sum over all pairs: the same from either side, so that
    /// mutation leaves the shares as they are.
    pub(super) fn step(&self, population: usize, allele: u16, other: u16) -> f64 {
        if allele.abs_diff(other) != REPEAT {
            return 0.0;
        }
        self.share(population, allele).min(self.share(population, other)) / self.populations[population].steps
    }

    /// What the chances of steps between neighbours sum to before they are made to sum to 1.
    pub(super) fn all_steps(&self, population: usize) -> f64 {
        self.populations[population].steps
    }

    /// The alleles one step away, each with the chance of the step ([`Locus::step`]) if the population was seen to have it.
    pub(super) fn steps(&self, population: usize, allele: u16) -> [(u16, f64); 2] {
        match self.place(allele) {
            Some(at) => self.populations[population].to_neighbours[at],
            None => self.steps_to_seen(population, allele),
        }
    }

    fn steps_to_seen(&self, population: usize, allele: u16) -> [(u16, f64); 2] {
        [allele.saturating_sub(REPEAT), allele.saturating_add(REPEAT)].map(|other| {
            let seen = self.is_seen(population, other);
            (other, if seen { self.step(population, allele, other) } else { 0.0 })
        })
    }

    /// The numbers of its results.
    pub(super) fn numbers(&self) -> std::ops::Range<usize> {
        self.before..self.before + self.results()
    }

    /// How many results can be read of its listed alleles.
    fn results(&self) -> usize {
        let alleles = self.alleles.len();
        alleles * (alleles + 1) / 2 + alleles
    }

    /// Numbers a result among those of all loci; none: an allele of it is not in the table.
    fn number(&self, typed: Typed) -> Option<usize> {
        let lower = self.before + self.place(typed.first)?;
        match typed.second {
            0 => Some(lower),
            second if second < typed.first => None,
            second => self.place(second).map(|upper| self.alleles.len() + upper * (upper + 1) / 2 + lower),
        }
    }
}

/// A locus of tests, with the same shares in every population.
#[cfg(test)]
impl Locus {
    pub(super) fn of(shares: &[(u16, f64)]) -> Self {
        let alleles: Vec<u16> = shares.iter().map(|(allele, _)| *allele).collect();
        let populations = [(); POPULATIONS].map(|()| {
            let shares = shares.iter().map(|(_, share)| *share).collect();
            Shares::of(&alleles, shares, 0.001)
        });
        Self::new("a locus", alleles, populations)
    }
}

fn table() -> Vec<Locus> {
    let rows: Vec<Row> = include_str!("../data/str_alleles.txt").lines().filter_map(row).collect();
    let of_first = rows.iter().filter(|(population, ..)| *population == NAMES[0]);
    let mut loci: Vec<Locus> = of_first.map(|(_, name, _)| locus(name, &rows)).collect();
    let mut before = 0;
    for locus in &mut loci {
        locus.before = before;
        before += locus.results();
    }
    loci
}

/// How many results can be read of listed alleles at all loci.
pub(super) fn results() -> usize {
    TABLE.iter().map(Locus::results).sum()
}

/// A line of the table: population, locus, and how often each allele was seen.
type Row = (&'static str, &'static str, Vec<(u16, f64)>);

/// Reads a line; none: it is a comment.
pub(super) fn row(line: &'static str) -> Option<Row> {
    let mut words = line.split(' ');
    let (population, name) = (words.next().filter(|word| *word != "#")?, words.next()?);
    let count = |entry: &str| {
        let (allele, times) = entry.split_once(':')?;
        let (whole, tenth) = allele.split_once('.').unwrap_or((allele, "0"));
        Some((whole.parse::<u16>().ok()? * REPEAT + tenth.parse::<u16>().ok()?, times.parse().ok()?))
    };
    Some((population, name, words.filter_map(count).collect()))
}

fn locus(name: &'static str, rows: &[Row]) -> Locus {
    let of_locus = || rows.iter().filter(|(_, of, _)| *of == name);
    let mut alleles: Vec<u16> =
        of_locus().flat_map(|(_, _, counts)| counts.iter().map(|(allele, _)| *allele)).collect();
    alleles.sort_unstable();
    alleles.dedup();
    let populations = NAMES.map(|population| {
        let counts = of_locus().find(|(of, ..)| *of == population).map_or(&[][..], |(_, _, counts)| counts);
        Shares::new(&alleles, counts)
    });
    Locus::new(name, alleles, populations)
}

impl Shares {
    fn new(alleles: &[u16], counts: &[(u16, f64)]) -> Self {
        let total: f64 = counts.iter().map(|(_, times)| times).sum();
        let seen = |allele: &u16| counts.iter().find(|(of, _)| of == allele).map_or(0.0, |(_, times)| *times);
        let rare = counts.iter().filter(|(_, times)| *times < LEAST_SEEN).count() as f64;
        let common: f64 = alleles.iter().map(seen).filter(|times| *times >= LEAST_SEEN).sum();
        let unseen = LEAST_SEEN / total;
        let rest = (1.0 - rare * unseen) / common;
        let share = |times: f64| match times {
            0.0 => 0.0,
            times if times < LEAST_SEEN => unseen,
            times => times * rest,
        };
        let shares: Vec<f64> = alleles.iter().map(|allele| share(seen(allele))).collect();
        Self::of(alleles, shares, unseen)
    }

    fn of(alleles: &[u16], shares: Vec<f64>, unseen: f64) -> Self {
        let step = |at: usize| {
            let other = alleles.binary_search(&(alleles[at] + REPEAT)).ok();
            other.map_or(0.0, |other| 2.0 * shares[at].min(shares[other]))
        };
        let steps: f64 = (0..alleles.len()).map(step).sum();
        // Alleles of which none is a neighbour of another take no steps at all.
        Self { steps: if steps > 0.0 { steps } else { 1.0 }, shares, unseen, to_neighbours: Vec::new() }
    }
}

/// What a laboratory read at a locus: two alleles in ascending order, one and 0, or 0 and 0 where it read none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct Typed {
    /// The smaller allele, in tenths of a repeat.
    pub(super) first: u16,
    /// The larger; 0: the other may have dropped out.
    pub(super) second: u16,
}

impl Typed {
    /// Two alleles, or one.
    pub(super) fn new(first: u16, second: Option<u16>) -> Self {
        match second {
            None => Self { first, second: 0 },
            Some(second) => Self { first: first.min(second), second: first.max(second) },
        }
    }

    /// Whether anything was read.
    pub(super) const fn is_known(self) -> bool {
        self.first > 0
    }

    /// Whether only one allele was read.
    pub(super) const fn is_single(self) -> bool {
        self.second == 0
    }

    /// The alleles that were read.
    pub(super) fn alleles(self) -> impl Iterator<Item = u16> {
        [self.first, self.second].into_iter().filter(|allele| *allele > 0)
    }
}

/// What was read at each locus of the table.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "[Typed; LOCI]", into = "[Typed; LOCI]")]
pub(super) struct Profile {
    /// The number of each among all results of listed alleles; [`NOTHING`], or from [`UNLISTED`] on the place in `unlisted`.
    numbers: [u16; LOCI],
    /// The others. Hardly anybody has one.
    unlisted: Box<[Typed]>,
}

/// Stands for what is no result of listed alleles, and for no result.
const UNLISTED: u16 = u16::MAX - LOCI as u16;
const NOTHING: u16 = u16::MAX;

/// Results of listed alleles by number.
static RESULTS: LazyLock<Vec<Typed>> = LazyLock::new(|| {
    let of_locus = |locus: &'static Locus| {
        let alleles = || locus.alleles.iter().copied();
        let up_to = move |upper: u16| alleles().take_while(move |lower| *lower <= upper);
        let pairs = alleles().flat_map(move |upper| up_to(upper).map(move |lower| Typed::new(lower, Some(upper))));
        alleles().map(|allele| Typed::new(allele, None)).chain(pairs)
    };
    TABLE.iter().flat_map(of_locus).collect()
});

impl From<[Typed; LOCI]> for Profile {
    fn from(typed: [Typed; LOCI]) -> Self {
        let mut unlisted = Vec::new();
        let number = |at: usize| match TABLE[at].number(typed[at]).and_then(|number| u16::try_from(number).ok()) {
            Some(number @ ..UNLISTED) => number,
            _ if typed[at] == Typed::default() => NOTHING,
            _ => {
                unlisted.push(typed[at]);
                UNLISTED + unlisted.len() as u16 - 1
            }
        };
        Self { numbers: std::array::from_fn(number), unlisted: unlisted.into() }
    }
}

impl From<Profile> for [Typed; LOCI] {
    fn from(profile: Profile) -> Self {
        std::array::from_fn(|at| profile.at(at))
    }
}

impl Profile {
    /// What was read at a locus.
    pub(super) fn at(&self, locus: usize) -> Typed {
        match self.numbers[locus] {
            NOTHING => Typed::default(),
            number @ ..UNLISTED => RESULTS[usize::from(number)],
            other => self.unlisted[usize::from(other - UNLISTED)],
        }
    }

    /// The place of what was read at a locus in [`results`]; beyond them if it has none.
    pub(super) fn number(&self, locus: usize) -> usize {
        usize::from(self.numbers[locus])
    }

    /// The loci at which anything was read.
    pub(super) fn loci(&self) -> Loci {
        (0..LOCI).filter(|at| self.at(*at).is_known()).fold(0, |loci, at| loci | 1 << at)
    }

    /// Reads a profile; none: it has no locus of the table.
    pub(super) fn read(str: &Str) -> Option<Self> {
        let mut profile = [Typed::default(); LOCI];
        for (name, alleles) in &str.loci {
            if let Some(&at) = BY_NAME.get(&plain(name)) {
                let (first, second) = (alleles.first.tenths(), alleles.second.map(|second| second.tenths()));
                let seen = Typed::new(first, second);
                // Nobody has no repeats: some laboratories write 0 for an allele that dropped out.
                profile[at] = if seen.first == 0 { Typed::new(seen.second, None) } else { seen };
            }
        }
        profile.iter().any(|typed| typed.is_known()).then(|| Self::from(profile))
    }
}

impl PartialOrd for Profile {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Profile {
    /// By what was read at the loci, in their order.
    fn cmp(&self, other: &Self) -> Ordering {
        (0..LOCI).map(|at| self.at(at)).cmp((0..LOCI).map(|at| other.at(at)))
    }
}

/// A locus' name as every kit writes it: `Penta D`, `PENTA_D`; `TH01`, `THO1`.
pub(super) fn plain(name: &str) -> String {
    let letters = name.chars().filter(|letter| letter.is_alphanumeric());
    letters.map(|letter| letter.to_ascii_uppercase()).map(|letter| if letter == 'O' { '0' } else { letter }).collect()
}

/// The populations that an ancestry may stand for, a bit each: all where none of the table is its own.
pub(super) const fn populations(ancestry: Ancestry) -> u8 {
    match ancestry {
        Ancestry::White | Ancestry::MiddleEastern => 1,
        Ancestry::Black => 2,
        Ancestry::Hispanic => 4,
        Ancestry::Asian => 8,
        Ancestry::Indigenous | Ancestry::PacificIslander | Ancestry::Other => EVERY_POPULATION,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_table_is_whole_and_its_shares_sum_to_one() {
        assert_eq!(TABLE.len(), LOCI);
        for locus in TABLE.iter() {
            for population in 0..POPULATIONS {
                let sum: f64 = locus.seen(population).map(|allele| locus.share(population, allele)).sum();
                assert!((sum - 1.0).abs() < 1e-12, "{} {population}: {sum}", locus.name);
                let steps = locus.seen(population).flat_map(|allele| locus.steps(population, allele));
                let steps: f64 = steps.map(|(_, chance)| chance).sum();
                assert!((steps - 1.0).abs() < 1e-12, "{} {population}: {steps}", locus.name);
            }
        }
    }

    #[test]
    fn an_allele_never_seen_counts_as_five() {
        let tpox = TABLE.iter().find(|locus| locus.name == "TPOX").expect("the locus");
        assert_eq!(tpox.share(0, 255), 5.0 / 722.0);
        assert_eq!(tpox.share(3, 255), 5.0 / 194.0);
        assert!(tpox.alleles.iter().all(|&allele| tpox.share(3, allele) >= 5.0 / 194.0));
    }

    #[test]
    fn every_result_has_a_number_of_its_own() {
        let mut numbers = Vec::new();
        for locus in TABLE.iter() {
            let pairs = locus.alleles.iter().flat_map(|&a| locus.alleles.iter().map(move |&b| Typed::new(a, Some(b))));
            let singles = locus.alleles.iter().map(|&allele| Typed::new(allele, None));
            numbers.extend(pairs.chain(singles).filter_map(|typed| locus.number(typed)));
        }
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers, (0..results()).collect::<Vec<_>>());
        assert!(numbers.len() < usize::from(UNLISTED));
        assert_eq!(TABLE[0].number(Typed::new(255, None)), None);
        assert!(TABLE.iter().all(|locus| locus.numbers().all(|number| locus.number(RESULTS[number]) == Some(number))));
    }

    proptest! {
        #[test]
        fn a_profile_says_what_was_read_listed_or_not(
            alleles in prop::collection::vec((0..400_u16, prop::option::of(0..400_u16)), LOCI),
        ) {
            let typed: [Typed; LOCI] = std::array::from_fn(|at| Typed::new(alleles[at].0, alleles[at].1));
            let profile = Profile::from(typed);
            prop_assert_eq!(std::array::from_fn(|at| profile.at(at)), typed);
            let known = (0..LOCI).filter(|at| typed[*at].is_known()).count();
            prop_assert_eq!(profile.loci().count_ones() as usize, known);
        }
    }
}
