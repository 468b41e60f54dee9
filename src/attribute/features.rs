//! Marks of the body: words of the clerks' descriptions that both records share, weighed by rarity.
//!
//! A description is read into terms: lower case, abbreviations written out, a zero for the letter O mended, filler
//! left out. A term that both share is worth log2 of its agreement over its frequency in the corpus, less where the
//! marks are of different kinds: "rose" is common, a name with a date is not. Records whose marks share nothing cost
//! a little: marks are often not noted.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::counts::Counts;
use super::{About, Attribute, Detail, Evidence, Scale};
use crate::model::{Bits, Model};
use crate::record::{Kind, Record};

/// The attribute.
pub struct Features;

/// Terms, each with the kinds of mark it was said of: a bit each, in the order of the list.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Value {
    terms: BTreeMap<Box<str>, u16>,
}

/// In how many records each term stands.
#[derive(Clone, Default)]
pub struct Statistics {
    terms: Counts<Box<str>>,
    records: i64,
}

/// A query made ready.
pub struct Prepared<'a> {
    model: &'a Model,
    /// The query's terms: the kinds they were said of, and their bits.
    terms: FxHashMap<&'a str, (u16, f64)>,
}

impl Attribute for Features {
    const ABOUT: About = About {
        name: "features",
        needs: "a described mark on both",
        levels: &[
            ("distinctive", "rare words are shared"),
            ("similar", "words are shared"),
            ("nothing_shared", "no word is shared"),
        ],
        floor: Bits(-2_000),
        cap: Bits(16_000),
        source: "term frequencies of the collection; agreement fitted on twins of published cases",
        reading: 1,
    };
    type Value = Value;
    type Statistics = Statistics;
    type Prepared<'a> = Prepared<'a>;

    fn read(record: &Record) -> Option<Value> {
        let mut terms: BTreeMap<Box<str>, u16> = BTreeMap::new();
        for feature in &record.features {
            let kind = 1 << feature.kind as u16;
            let said = [&feature.code, &feature.site, &feature.description];
            for word in said.into_iter().flatten().flat_map(|text| words(text)) {
                *terms.entry(word.into()).or_default() |= kind;
            }
        }
        (!terms.is_empty()).then_some(Value { terms })
    }

    fn count(statistics: &mut Statistics, _: Kind, value: &Value, by: i64) {
        statistics.records += by;
        value.terms.keys().for_each(|term| statistics.terms.change(term, by));
    }

    fn prepare<'a>(scale: Scale<'a, Statistics>, query: &'a Value) -> Prepared<'a> {
        let Scale { model, statistics, .. } = scale;
        let records = statistics.records as f64 + model.smoothing;
        let weigh = |term: &str| {
            let share = (f64::from(statistics.terms.get(term)) + 1.0) / records;
            (model.features.agreement / share).log2().max(0.0) * model.features.independence
        };
        let terms = value_terms(query).map(|(term, kinds)| (term, (kinds, weigh(term)))).collect();
        Prepared { model, terms }
    }

    fn weigh(prepared: &Prepared<'_>, candidate: &Value) -> Bits {
        prepared
            .shared(candidate)
            .fold(prepared.nothing_shared(), |sum, (_, bits)| sum + bits)
            .within(Self::ABOUT.floor, Self::ABOUT.cap)
    }

    fn explain(prepared: &Prepared<'_>, candidate: &Value) -> Option<Evidence> {
        let mut shared: Vec<(&str, Bits)> = prepared.shared(candidate).collect();
        shared.sort_by_key(|&(term, bits)| (std::cmp::Reverse(bits), term.to_owned()));
        let level = match shared.first() {
            None => "nothing_shared",
            Some((_, bits)) if bits.0 >= 3_000 => "distinctive",
            Some(_) => "similar",
        };
        let summary = if shared.is_empty() {
            "the descriptions share no word".to_owned()
        } else {
            let words: Vec<&str> = shared.iter().take(8).map(|(term, _)| *term).collect();
            format!("both mention {}", words.join(", "))
        };
        let details = vec![("shared_words", Detail::Count(shared.len() as u64))];
        let bits = Self::weigh(prepared, candidate);
        Some(Evidence { details, ..Evidence::plain(&Self::ABOUT, bits, level, summary) })
    }
}

fn value_terms(value: &Value) -> impl Iterator<Item = (&str, u16)> {
    value.terms.iter().map(|(term, &kinds)| (&**term, kinds))
}

impl Prepared<'_> {
    /// The terms that the candidate shares, with what each is worth.
    fn shared<'c>(&'c self, candidate: &'c Value) -> impl Iterator<Item = (&'c str, Bits)> {
        value_terms(candidate).filter_map(|(term, kinds)| {
            let &(query_kinds, bits) = self.terms.get(term)?;
            let factor = if kinds & query_kinds != 0 { 1.0 } else { self.model.features.other_kind };
            Some((term, Bits::from_f64(bits * factor)))
        })
    }

    /// What it costs to begin with: marks of one person are often not noted by both.
    fn nothing_shared(&self) -> Bits {
        Bits::from_f64(self.model.features.nothing_shared_bits)
    }
}

/// The terms of a description. Everything that was negated is left out.
fn words(text: &str) -> BTreeSet<String> {
    let mended = text.split(|c: char| !c.is_alphanumeric() && c != '0').filter(|word| !word.is_empty());
    let mut terms = BTreeSet::new();
    let mut negated = false;
    for word in mended {
        let word = normal(word);
        negated = match word.as_str() {
            "no" | "none" | "without" | "unknown" | "denies" => true,
            "with" | "and" | "but" | "has" => false,
            _ => negated,
        };
        if !negated && !FILLER.contains(&word.as_str()) && (word.len() > 1 || word.chars().all(char::is_numeric)) {
            terms.insert(word);
        }
    }
    terms
}

/// Lower case, the letter O where a zero stands in a word, abbreviations written out, no plural.
fn normal(word: &str) -> String {
    let letters = word.chars().any(char::is_alphabetic);
    let mended = if letters { word.replace('0', "o") } else { word.to_owned() };
    let lower = mended.to_lowercase();
    let whole = SHORT.iter().find(|(short, _)| *short == lower).map_or(lower.as_str(), |(_, whole)| whole);
    match whole.strip_suffix('s') {
        Some(stem) if stem.len() > 3 && !stem.ends_with(['s', 'u', 'i']) => stem.to_owned(),
        _ => whole.to_owned(),
    }
}

/// What clerks shorten.
const SHORT: &[(&str, &str)] = &[
    ("lt", "left"),
    ("lft", "left"),
    ("l", "left"),
    ("rt", "right"),
    ("rgt", "right"),
    ("r", "right"),
    ("tat", "tattoo"),
    ("tatt", "tattoo"),
    ("tattooed", "tattoo"),
    ("tatoo", "tattoo"),
    ("sc", "scar"),
    ("scarred", "scar"),
    ("shld", "shoulder"),
    ("shldr", "shoulder"),
    ("abd", "abdomen"),
    ("stomach", "abdomen"),
    ("belly", "abdomen"),
    ("fgr", "finger"),
    ("hnd", "hand"),
    ("lwr", "lower"),
    ("upr", "upper"),
    ("bilat", "both"),
    ("bilateral", "both"),
    ("pierced", "piercing"),
    ("prcd", "piercing"),
    ("grey", "gray"),
    ("approx", "about"),
    ("dob", "birth"),
    ("appy", "appendectomy"),
    ("appendix", "appendectomy"),
    ("amputated", "amputation"),
    ("missing", "amputation"),
    ("initials", "letter"),
    ("letters", "letter"),
    ("lettering", "letter"),
];

/// Words that say nothing of a mark.
const FILLER: &[&str] = &[
    "a", "an", "the", "of", "on", "in", "at", "to", "and", "or", "with", "is", "was", "are", "were", "has", "had",
    "have", "her", "his", "he", "she", "their", "from", "by", "for", "that", "this", "which", "also", "as", "it",
    "its", "be", "been", "side", "area", "about", "possible", "possibly", "may", "unknown", "no", "none", "not",
    "without", "per", "near", "located", "visible", "noted", "present", "n", "inch", "cm", "mm", "x", "but", "who",
    "when", "decedent",
];
