//! Profiles: autosomal and Y-chromosome STR, mitochondrial differences, and whose they are.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::ser::SerializeSeq;

use super::Relation;

/// The name of a locus, such as `D3S1358`.
pub type Locus = Box<str>;

/// The last position of the mitochondrial reference sequence.
pub const MT_LENGTH: u16 = 16_569;

/// An allele in tenths of a repeat: 9.3 is 93.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Allele(u16);

impl Allele {
    /// Reads `[0-9]{1,2}(\.[0-9])?`.
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, tenth) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |s: &str, most| (1..=most).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole, 2) || !digits(tenth, 1) {
            return None;
        }
        Some(Self(whole.parse::<u16>().ok()? * 10 + tenth.parse::<u16>().ok()?))
    }

    /// Tenths of a repeat.
    pub const fn tenths(self) -> u16 {
        self.0
    }
}

impl Serialize for Allele {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self.0 / 10, self.0 % 10) {
            (whole, 0) => serializer.serialize_str(&whole.to_string()),
            (whole, tenth) => serializer.serialize_str(&format!("{whole}.{tenth}")),
        }
    }
}

/// The one or two alleles seen at each locus; one: the other dropped out.
#[derive(Clone, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Str {
    /// By locus.
    pub loci: BTreeMap<Locus, Alleles>,
}

/// One or two alleles, in the order they were written.
#[derive(Clone, Copy, PartialEq)]
pub struct Alleles {
    /// The first.
    pub first: Allele,
    /// The second, if it was seen.
    pub second: Option<Allele>,
}

impl Serialize for Alleles {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(None)?;
        seq.serialize_element(&self.first)?;
        if let Some(second) = &self.second {
            seq.serialize_element(second)?;
        }
        seq.end()
    }
}

/// One difference from the revised Cambridge reference sequence, such as `263G` or `315.1C`.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct MtDifference(Box<str>);

impl MtDifference {
    /// Reads a position, with the reference base before it or an insertion's number behind it, and the base
    /// (IUPAC) or deletion (`d`, `del`, `-`) found there.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.trim_start_matches(|c: char| "ACGT".contains(c.to_ascii_uppercase()));
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (position, rest) = rest.split_at(digits);
        position.parse().ok().filter(|p| (1..=MT_LENGTH).contains(p))?;
        let base = match rest.strip_prefix('.') {
            None => rest,
            Some(insertion) => insertion
                .strip_prefix(|c: char| c.is_ascii_digit() || c == 'X')?
                .trim_start_matches(|c: char| c.is_ascii_digit()),
        };
        let known = base == "-"
            || base.eq_ignore_ascii_case("del")
            || (!base.is_empty() && base.chars().all(|c| "ACGTURYSWKMBDHVN".contains(c.to_ascii_uppercase())));
        known.then(|| Self(text.into()))
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Positions of the mitochondrial genome that were sequenced. It is a circle: `16024-576` runs over its origin.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct MtRange(Box<str>);

impl MtRange {
    /// Reads `from-to`.
    pub fn parse(text: &str) -> Option<Self> {
        let (from, to) = text.split_once('-')?;
        let within =
            |s: &str| s.bytes().all(|b| b.is_ascii_digit()) && s.parse().is_ok_and(|p| (1..=MT_LENGTH).contains(&p));
        (within(from) && within(to)).then(|| Self(text.into()))
    }

    /// The first position and the last; the first is the greater where it runs over the origin.
    pub fn bounds(&self) -> (u16, u16) {
        let position = |text: &str| text.parse().unwrap_or(1);
        self.0.split_once('-').map_or((1, MT_LENGTH), |(from, to)| (position(from), position(to)))
    }
}

/// What is known of a case's DNA.
#[derive(Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Dna {
    /// The person's own autosomal profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub str: Option<Str>,
    /// Differences from the reference sequence; empty: not sequenced.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mtdna: Vec<MtDifference>,
    /// Positions sequenced.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mtdna_range: Vec<MtRange>,
    /// The person's own Y-chromosome profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub y_str: Option<Str>,
    /// Relatives who gave a sample.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub relatives: Vec<Relative>,
}

/// A relative who gave a sample.
#[derive(Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Relative {
    /// What the relative is to the missing person.
    pub relation: Relation,
    /// Autosomal profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub str: Option<Str>,
    /// Differences from the reference sequence; empty: not sequenced.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mtdna: Vec<MtDifference>,
    /// Y-chromosome profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub y_str: Option<Str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alleles_keep_their_tenths_and_nothing_else() {
        assert_eq!(Allele::parse("9.3").map(Allele::tenths), Some(93));
        assert_eq!(Allele::parse("08").map(Allele::tenths), Some(80));
        for text in ["", "9.", ".3", "100", "9.33", "x", "9.x", "-9"] {
            assert!(Allele::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn differences_have_a_position_of_the_genome_and_a_base() {
        for text in ["263G", "315.1C", "A263G", "523d", "249del", "16189-", "309.1CC", "152Y"] {
            assert!(MtDifference::parse(text).is_some(), "{text}");
        }
        for text in ["", "G", "263", "0G", "16570A", "263.C", "263Z", "315.1"] {
            assert!(MtDifference::parse(text).is_none(), "{text}");
        }
        assert!(MtRange::parse("16024-576").is_some());
        assert!(MtRange::parse("0-576").is_none() && MtRange::parse("1-99999").is_none());
    }
}
