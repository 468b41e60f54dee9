//! Mitochondrial profiles: differences from the revised Cambridge reference sequence, over the positions sequenced.
//!
//! Positions without a difference are the reference's. A mixture of bases (IUPAC R, Y, ...) agrees with any of them and with
//! the reference, which is nearly always one of the two. The length of the cytosine stretches and of the AC repeat at
//! 514 to 524 differs within one person, and is left out (EMPOP: Parson et al. 2014). A profile without ranges is taken
//! for hypervariable regions I and II, the least that laboratories sequence (SWGDAM 2019).

use serde::{Deserialize, Serialize};

use super::lineage::Haplotype;
use crate::record::{MT_LENGTH, MtDifference, MtRange};

/// Hypervariable regions I and II.
const LEAST_SEQUENCED: [Range; 2] = [(73, 340), (16_024, 16_365)];
/// Behind these positions the number of inserted bases means nothing.
const STRETCHES: [u16; 9] = [309, 455, 463, 573, 960, 5_899, 8_276, 8_285, 16_193];
/// The AC repeat.
const AC_REPEAT: std::ops::RangeInclusive<u16> = 514..=524;
/// A deletion, beside the four bases' bits.
const DELETED: u8 = 16;

/// Positions from and to, both within.
type Range = (u16, u16);

/// A profile.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct Mtdna {
    /// Position and number of the insertion behind it (0: none), and the bases that may be there; ascending.
    differences: Vec<((u16, u8), u8)>,
    /// Ascending, none touching the next.
    ranges: Vec<Range>,
}

impl Mtdna {
    /// Reads a profile; none: there are no differences, which means that nothing was sequenced.
    pub(super) fn read(differences: &[MtDifference], ranges: &[MtRange]) -> Option<Self> {
        if differences.is_empty() {
            return None;
        }
        let mut ranges = joined(ranges.iter().flat_map(|range| linear(range.bounds())));
        if ranges.is_empty() {
            ranges = LEAST_SEQUENCED.to_vec();
        }
        let mut read: Vec<_> = differences.iter().filter_map(|difference| parse(difference.as_str())).collect();
        read.retain(|((position, insertion), _)| {
            let length = *insertion > 0 && STRETCHES.contains(position) || AC_REPEAT.contains(position);
            !length && ranges.iter().any(|range| (range.0..=range.1).contains(position))
        });
        read.sort_unstable();
        read.dedup_by_key(|(place, _)| *place);
        Some(Self { differences: read, ranges })
    }

    fn at(&self, place: (u16, u8)) -> Option<u8> {
        let at = self.differences.binary_search_by_key(&place, |(place, _)| *place).ok()?;
        Some(self.differences[at].1)
    }
}

impl Haplotype for Mtdna {
    type Region = Vec<Range>;

    fn common(&self, other: &Self) -> Option<Vec<Range>> {
        let pairs = self.ranges.iter().flat_map(|a| other.ranges.iter().map(move |b| (a.0.max(b.0), a.1.min(b.1))));
        let common: Vec<Range> = pairs.filter(|(from, to)| from <= to).collect();
        (!common.is_empty()).then_some(common)
    }

    fn covers(&self, region: &Vec<Range>) -> bool {
        region.iter().all(|(from, to)| self.ranges.iter().any(|range| range.0 <= *from && *to <= range.1))
    }

    fn is_exact(&self) -> bool {
        self.differences.iter().all(|(_, bases)| !is_mixture(*bases))
    }

    fn differences(&self, other: &Self, region: &Vec<Range>) -> u32 {
        let within = |place: &(u16, u8)| region.iter().any(|range| (range.0..=range.1).contains(&place.0));
        let differ = |place: (u16, u8), bases: u8| match other.at(place) {
            Some(others) => bases & others == 0,
            None => !is_mixture(bases),
        };
        let ours = self.differences.iter().filter(|(place, bases)| within(place) && differ(*place, *bases)).count();
        let theirs = other
            .differences
            .iter()
            .filter(|(place, bases)| within(place) && self.at(*place).is_none() && !is_mixture(*bases));
        (ours + theirs.count()) as u32
    }
}

const fn is_mixture(bases: u8) -> bool {
    bases.count_ones() > 1
}

/// A range that runs over the origin is two.
fn linear((from, to): Range) -> impl Iterator<Item = Range> {
    let parts = if from <= to { [Some((from, to)), None] } else { [Some((from, MT_LENGTH)), Some((1, to))] };
    parts.into_iter().flatten()
}

fn joined(ranges: impl Iterator<Item = Range>) -> Vec<Range> {
    let mut ranges: Vec<Range> = ranges.collect();
    ranges.sort_unstable();
    let mut joined: Vec<Range> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.0 <= last.1 + 1 => last.1 = last.1.max(range.1),
            _ => joined.push(range),
        }
    }
    joined
}

/// `263G`, `A263G`, `315.1C`, `249del`: place and bases.
fn parse(text: &str) -> Option<((u16, u8), u8)> {
    let text = text.trim_start_matches(|letter: char| letter.is_ascii_alphabetic());
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (position, rest) = text.split_at(digits);
    let (insertion, rest) = match rest.strip_prefix('.') {
        None => (0, rest),
        Some(rest) => {
            let number = rest.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == 'X');
            (rest[..rest.len() - number.len()].parse().unwrap_or(1), number)
        }
    };
    let deleted = rest == "-" || rest == "d" || rest.eq_ignore_ascii_case("del");
    let bases = if deleted { DELETED } else { rest.chars().map(bases).fold(0, |all, bases| all | bases) };
    Some(((position.parse().ok()?, insertion), bases))
}

/// IUPAC's letters for bases: A 1, C 2, G 4, T 8.
fn bases(letter: char) -> u8 {
    match letter.to_ascii_uppercase() {
        'A' => 1,
        'C' => 2,
        'G' => 4,
        'T' | 'U' => 8,
        'R' => 5,
        'Y' => 10,
        'S' => 6,
        'W' => 9,
        'K' => 12,
        'M' => 3,
        'B' => 14,
        'D' => 13,
        'H' => 11,
        'V' => 7,
        _ => 15,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(differences: &[&str], ranges: &[&str]) -> Mtdna {
        let differences: Vec<_> = differences.iter().filter_map(|text| MtDifference::parse(text)).collect();
        let ranges: Vec<_> = ranges.iter().filter_map(|text| MtRange::parse(text)).collect();
        Mtdna::read(&differences, &ranges).expect("a profile")
    }

    #[track_caller]
    fn check(a: (&[&str], &[&str]), b: (&[&str], &[&str]), differences: Option<u32>) {
        let (a, b) = (profile(a.0, a.1), profile(b.0, b.1));
        for (a, b) in [(&a, &b), (&b, &a)] {
            assert_eq!(a.common(b).map(|region| a.differences(b, &region)), differences);
        }
    }

    #[test]
    fn only_what_both_cover_is_compared() {
        let all = &["16024-576"][..];
        check((&["263G", "16126C"], all), (&["A263G", "16126C"], all), Some(0));
        check((&["263G", "16126C"], all), (&["263G"], all), Some(1));
        check((&["263G", "16126C"], all), (&["263G"], &["1-400"]), Some(0));
        check((&["263G"], &["1-400"]), (&["16126C"], &["16024-16365"]), None);
        check((&["263G", "16519C"], &[]), (&["263G"], &[]), Some(0));
        check((&["263G", "249del"], all), (&["263G", "249d"], all), Some(0));
        check((&["16126C"], all), (&["16126T"], all), Some(1));
    }

    #[test]
    fn mixtures_agree_and_lengths_of_stretches_mean_nothing() {
        let all = &["16024-576"][..];
        check((&["263G", "16093Y"], all), (&["263G"], all), Some(0));
        check((&["263G", "16093Y"], all), (&["263G", "16093C"], all), Some(0));
        check((&["263G", "16093Y"], all), (&["263G", "16093G"], all), Some(1));
        check((&["263G", "309.1C", "523del"], all), (&["263G", "309.1C", "309.2C"], all), Some(0));
        check((&["263G", "315.1C"], all), (&["263G"], all), Some(1));
    }
}
