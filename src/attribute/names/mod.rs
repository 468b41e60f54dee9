//! Names: every name of one record with every name of the other, parts aligned in any order, the best counts.
//!
//! A part is folded (any script to plain letters) and compared on levels: exact, a nickname of the other, close (one or
//! two slips of the pen), initial, different. Agreement is worth log2 of P(level | one person) over the chance of meeting
//! such a name: its frequency in the collection, smoothed with the census' (Smith 1 in 121, a rare surname 1 in 100,000).
//! Given and family names are often swapped, so both orders are tried.

mod folding;
mod frequency;

use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

use super::counts::Counts;
use super::{About, Attribute, Detail, Evidence, Scale};
use crate::model::{Bits, Model};
use crate::record::{Kind, Name, Record};

use folding::{Part, parts};
use frequency::Census;

/// The attribute.
pub struct Names;

/// Every name of a record, folded.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Value {
    names: Vec<Folded>,
}

/// One name: its parts in plain lower-case letters.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Folded {
    given: Vec<Part>,
    middle: Vec<Part>,
    family: Vec<Part>,
}

/// How many names of the collection have each part.
#[derive(Clone, Default)]
pub struct Statistics {
    given: Counts<Box<str>>,
    family: Counts<Box<str>>,
    names: i64,
}

/// How alike two parts are, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Likeness {
    Exact,
    Nickname,
    Close,
    Initial,
}

/// A query made ready: its parts with their nicknames and how common they are.
pub struct Prepared<'a> {
    model: &'a Model,
    statistics: &'a Statistics,
    names: Vec<Ready<'a>>,
}

struct Ready<'a> {
    given: Vec<Asked<'a>>,
    middle: Vec<Asked<'a>>,
    family: Vec<Asked<'a>>,
}

struct Asked<'a> {
    part: &'a Part,
    nicknames: FxHashSet<&'static str>,
}

/// Which frequencies a part has.
#[derive(Clone, Copy)]
enum Role {
    Given,
    Family,
    /// Given on one side and family on the other: which of them is swapped is not known.
    Either,
}

/// The best pair of names of two records.
#[derive(Clone, Copy)]
struct Alignment {
    bits: Bits,
    given: Option<Likeness>,
    family: Option<Likeness>,
    swapped: bool,
}

impl Attribute for Names {
    const ABOUT: About = About {
        name: "names",
        needs: "a name on both",
        levels: &[
            ("same", "given and family name agree"),
            ("variant", "they agree but for a nickname, an initial or a slip of the pen"),
            ("partial", "one of them agrees"),
            ("different", "none agrees"),
        ],
        floor: Bits(-9_000),
        cap: Bits(30_000),
        source: "US Census 2010 surnames and 2020 given names; slips fitted on twins of published cases",
        reading: 1,
    };
    type Value = Value;
    type Statistics = Statistics;
    type Prepared<'a> = Prepared<'a>;

    fn read(record: &Record) -> Option<Value> {
        let names: Vec<Folded> = record.names.iter().map(Folded::of).filter(|name| !name.is_empty()).collect();
        (!names.is_empty()).then_some(Value { names })
    }

    fn count(statistics: &mut Statistics, _: Kind, value: &Value, by: i64) {
        for name in &value.names {
            statistics.names += by;
            name.given.iter().for_each(|part| statistics.given.change(&part.text, by));
            name.family.iter().for_each(|part| statistics.family.change(&part.text, by));
        }
    }

    fn prepare<'a>(scale: Scale<'a, Statistics>, query: &'a Value) -> Prepared<'a> {
        let Scale { model, statistics, .. } = scale;
        Prepared { model, statistics, names: query.names.iter().map(Ready::new).collect() }
    }

    fn weigh(prepared: &Prepared<'_>, candidate: &Value) -> Bits {
        prepared.best(candidate).bits
    }

    fn explain(prepared: &Prepared<'_>, candidate: &Value) -> Option<Evidence> {
        let best = prepared.best(candidate);
        let level = match (best.given, best.family) {
            (Some(Likeness::Exact), Some(Likeness::Exact)) => "same",
            (Some(_), Some(_)) => "variant",
            (None, None) => "different",
            _ => "partial",
        };
        let word = |likeness: Option<Likeness>| match likeness {
            Some(Likeness::Exact) => "the same",
            Some(Likeness::Nickname) => "a nickname",
            Some(Likeness::Close) => "a slip apart",
            Some(Likeness::Initial) => "an initial",
            None => "different",
        };
        let (given, family) = (word(best.given), word(best.family));
        let summary = if best.swapped {
            format!("given and family name swapped: one {given}, the other {family}")
        } else {
            format!("given name {given}, family name {family}")
        };
        let pairs = (prepared.names.len() * candidate.names.len()) as u64;
        let details = vec![("name_pairs_compared", Detail::Count(pairs))];
        Some(Evidence { details, ..Evidence::plain(&Self::ABOUT, best.bits, level, summary) })
    }
}

impl Folded {
    /// A name whose parts are not known is read in the usual order: the family name last.
    fn of(name: &Name) -> Self {
        let read = |part: &Option<String>| part.as_deref().map(parts).unwrap_or_default();
        let mut folded = Self { given: read(&name.given), middle: read(&name.middle), family: read(&name.family) };
        if folded.given.is_empty() && folded.family.is_empty() {
            let mut full = read(&name.full);
            folded.family = full.pop().into_iter().collect();
            folded.middle = if full.is_empty() { full.clone() } else { full.split_off(1) };
            folded.given = full;
        }
        folded
    }

    fn is_empty(&self) -> bool {
        self.given.is_empty() && self.family.is_empty()
    }
}

impl<'a> Ready<'a> {
    fn new(name: &'a Folded) -> Self {
        let asked = |parts: &'a [Part]| parts.iter().map(Asked::new).collect();
        Self { given: asked(&name.given), middle: asked(&name.middle), family: asked(&name.family) }
    }
}

impl<'a> Asked<'a> {
    fn new(part: &'a Part) -> Self {
        Self { part, nicknames: frequency::nicknames(&part.text) }
    }

    fn likeness(&self, other: &Part) -> Option<Likeness> {
        let (a, b) = (&*self.part.text, &*other.text);
        let apart = self.part.letters_apart(other) as usize;
        if apart == 0 && a == b {
            return Some(Likeness::Exact);
        }
        if self.part.is_initial() || other.is_initial() {
            return (a.as_bytes().first() == b.as_bytes().first()).then_some(Likeness::Initial);
        }
        if self.nicknames.contains(b) {
            return Some(Likeness::Nickname);
        }
        let slips = match a.len().max(b.len()) {
            0..=3 => 0,
            4..=7 => 1,
            _ => 2,
        };
        let may_be_close = a.len().abs_diff(b.len()) <= slips && apart <= 2 * slips;
        (slips > 0 && may_be_close && strsim::osa_distance(a, b) <= slips).then_some(Likeness::Close)
    }
}

impl Prepared<'_> {
    fn best(&self, candidate: &Value) -> Alignment {
        let pairs = self.names.iter().flat_map(|ready| candidate.names.iter().map(move |name| (ready, name)));
        let best = pairs.map(|(ready, name)| self.align(ready, name)).max_by_key(|alignment| alignment.bits);
        let nothing = Alignment { bits: Bits::ZERO, given: None, family: None, swapped: false };
        let best = best.unwrap_or(nothing);
        // The best of several tries is the likelier to be good by chance.
        let tries = ((self.names.len() * candidate.names.len()) as f64).log2();
        let bits = Bits(best.bits.0 - Bits::from_f64(tries).0).within(Names::ABOUT.floor, Names::ABOUT.cap);
        Alignment { bits, ..best }
    }

    fn align(&self, ready: &Ready<'_>, name: &Folded) -> Alignment {
        let middle = self.middle(&ready.middle, &name.middle);
        let given = self.field(&ready.given, &name.given, Role::Given);
        let family = self.field(&ready.family, &name.family, Role::Family);
        let straight =
            Alignment { bits: given.1 + family.1 + middle, given: given.0, family: family.0, swapped: false };
        if straight.given.is_some() || straight.family.is_some() {
            return straight;
        }
        let given = self.field(&ready.given, &name.family, Role::Either);
        let family = self.field(&ready.family, &name.given, Role::Either);
        let swap = Bits::from_f64(self.model.names.swapped_bits);
        // The better one first: which side is swapped is not known.
        let mut alike = [given.0, family.0];
        alike.sort_by_key(|likeness| (likeness.is_none(), *likeness));
        let [better, worse] = alike;
        let swapped =
            Alignment { bits: given.1 + family.1 + middle + swap, given: better, family: worse, swapped: true };
        if swapped.bits > straight.bits { swapped } else { straight }
    }

    /// The best pair of parts, what it is worth, and what the parts without a partner cost.
    fn field(&self, asked: &[Asked<'_>], parts: &[Part], role: Role) -> (Option<Likeness>, Bits) {
        if asked.is_empty() || parts.is_empty() {
            return (None, Bits::ZERO);
        }
        let pairs = asked.iter().flat_map(|asked| parts.iter().map(move |part| (asked, part)));
        let alike = pairs.filter_map(|(asked, part)| Some((asked, part, asked.likeness(part)?)));
        let worth = |(asked, part, likeness): (&Asked<'_>, &Part, Likeness)| {
            (self.agreement(asked.part, part, likeness, role), std::cmp::Reverse(likeness))
        };
        let differ = match role {
            Role::Given => self.model.names.given_differs_bits,
            Role::Family | Role::Either => self.model.names.family_differs_bits,
        };
        let Some((bits, std::cmp::Reverse(likeness))) = alike.map(worth).max() else {
            return (None, Bits::from_f64(differ));
        };
        let spare = asked.len().abs_diff(parts.len()) as f64 * self.model.names.spare_part_bits;
        (Some(likeness), bits + Bits::from_f64(spare))
    }

    fn agreement(&self, a: &Part, b: &Part, likeness: Likeness, role: Role) -> Bits {
        let model = &self.model.names;
        let common = f64::midpoint(self.share(&a.text, role), self.share(&b.text, role));
        Bits::of_ratio(match likeness {
            Likeness::Exact => model.exact / common,
            Likeness::Nickname => model.nickname / (3.0 * common),
            Likeness::Close => model.close / (8.0 * common + model.close_by_chance),
            Likeness::Initial => model.initial_ratio,
        })
    }

    fn middle(&self, asked: &[Asked<'_>], parts: &[Part]) -> Bits {
        let (Some(asked), Some(part)) = (asked.first(), parts.first()) else { return Bits::ZERO };
        match asked.likeness(part) {
            None => Bits::from_f64(self.model.names.middle_differs_bits),
            Some(likeness) => {
                let cap = Bits::from_f64(self.model.names.middle_cap_bits);
                self.agreement(asked.part, part, likeness, Role::Given).within(Bits::ZERO, cap)
            }
        }
    }

    /// The share of people with this name: the collection's, smoothed with the census'.
    fn share(&self, name: &str, role: Role) -> f64 {
        let smoothed = |counts: &Counts<Box<str>>, census: &Census| {
            let weight = self.model.names.census_weight;
            (f64::from(counts.get(name)) + weight * census.share(name)) / (self.statistics.names as f64 + weight)
        };
        let given = || smoothed(&self.statistics.given, &frequency::GIVEN);
        let family = || smoothed(&self.statistics.family, &frequency::FAMILY);
        match role {
            Role::Given => given(),
            Role::Family => family(),
            Role::Either => f64::midpoint(given(), family()),
        }
    }
}
