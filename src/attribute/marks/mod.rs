//! Marks and things as clerks write them: read once, paired one to one, weighed by rarity.
//!
//! ```text
//! text ─ tokens ─▶ words ─ reading ─▶ drafts ─▶ Marks          query: Likeness ─▶ bits of every pair ─ pairing ─▶ pairs
//!     language, vocabulary, smt: what words and codes mean              census: how rare each term is
//! ```
//!
//! [`reading`] turns free text into marks with the words of the tables in `data/`; [`likeness`] says what one mark against
//! another is worth, by the counts of [`census`]; [`pairing`] gives each mark of one side at most one of the other. What a
//! mark is worth that has none, and when, is the business of the attributes that use this.

mod census;
mod language;
mod likeness;
mod measure;
mod pairing;
mod reading;
mod smt;
mod terms;
mod tokens;
mod vocabulary;

use serde::{Deserialize, Serialize};

pub(super) use census::Census;
pub(super) use language::{Language, language};
pub(super) use likeness::Likeness;
pub(super) use pairing::{Pair, Pairing};
pub(super) use reading::{Domain, Draft, Reading, read, read_code};

use crate::processor::fetch;
use crate::record::{BelongingKind, FeatureKind};
use language::ENGLISH;
use measure::Measure;
pub use terms::Distance;
use terms::TERMS;

/// Marks that are kept of one record, those that tell most: one to one is exact for them.
pub(super) const MOST: usize = 16;
/// Terms that are kept of one mark.
const MOST_TERMS: usize = 40;

/// A term is a hash of its word. These bits tell the class of a word, and a whole inscription, from words.
const CLASS: u32 = 1 << 30;
const EXACT: u32 = 1 << 31;

/// The marks of one record, packed: a search goes over those of everybody.
///
/// ```text
/// how many ─ a head each ─ the terms of one after the other, each mark's sorted ─ a line of words each, as they were said
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Box<[u8]>")]
pub(super) struct Marks(Box<[u8]>);

/// What a mark is and where, without its terms.
#[derive(Clone, Copy)]
pub(super) struct Head {
    /// The number of its kind's code.
    pub(super) sort: u8,
    /// Bit 0: left, bit 1: right; 0 is not said.
    pub(super) side: u8,
    /// A site of the vocabulary and one; 0 is not said.
    pub(super) site: u8,
    pub(super) large: bool,
    measure: Measure,
    /// Whether it has a serial number or a long inscription.
    numbered: bool,
    /// How many words it has.
    words: u8,
    /// The first letters of its long words that no table knows: what may hold a slip of the pen.
    odd: u32,
    /// Where its terms end.
    end: u16,
}

/// Bytes of a head, and of a term.
const HEAD: usize = 11;
const TERM: usize = 4;

/// The terms of a mark, sorted.
#[derive(Clone, Copy)]
struct Terms<'m>(&'m [[u8; TERM]]);

impl Terms<'_> {
    fn iter(self) -> impl Iterator<Item = u32> {
        self.0.iter().map(|term| u32::from_le_bytes(*term))
    }
}

/// Heads, terms and words.
type Parts<'m> = (&'m [[u8; HEAD]], &'m [[u8; TERM]], &'m [u8]);

/// The parts of packed marks; none: they are not all there.
#[inline(always)]
fn split(bytes: &[u8]) -> Option<Parts<'_>> {
    let (&count, rest) = bytes.split_first()?;
    let (heads, rest) = rest.split_at_checked(usize::from(count) * HEAD)?;
    let heads = heads.as_chunks().0;
    let end = heads.last().map_or(0, |head| usize::from(Head::unpack(head).end));
    let (terms, words) = rest.split_at_checked(end * TERM)?;
    Some((heads, terms.as_chunks().0, words))
}

/// Sorts of marks, and of things, at most: what a record denies is a bit each.
const SORTS: usize = u16::BITS as usize;
const _: () = assert!(FeatureKind::ALL.len() <= SORTS && BelongingKind::ALL.len() <= SORTS);

/// From a file.
impl TryFrom<Box<[u8]>> for Marks {
    type Error = &'static str;

    fn try_from(bytes: Box<[u8]>) -> Result<Self, Self::Error> {
        if bytes.is_empty() {
            return Ok(Self(bytes));
        }
        let (heads, _, words) = split(&bytes).ok_or("a mark lacks its head or its terms")?;
        let heads = || heads.iter().map(Head::unpack);
        if !(1..=MOST).contains(&heads().len()) || !heads().map(|head| head.end).is_sorted() {
            return Err("the marks are none or too many, or their terms do not end where they should");
        }
        if heads().any(|head| head.site > TERMS.sites() || usize::from(head.sort) >= SORTS || !head.measure.is_sound())
        {
            return Err("a mark's site, sort or size is not there");
        }
        if std::str::from_utf8(words).is_err() {
            return Err("the words of a mark are no text");
        }
        Ok(Self(bytes))
    }
}

impl Marks {
    /// Packs what was read: each mark once, those that tell least left out where there are too many.
    pub(super) fn pack(drafts: Vec<Draft>) -> Self {
        let mut different: Vec<Draft> = Vec::new();
        for draft in drafts {
            let same = |other: &Draft| {
                (other.side, other.site, other.measure, &other.terms)
                    == (draft.side, draft.site, draft.measure, &draft.terms)
                    && (other.sort == draft.sort || !draft.terms.is_empty())
            };
            if !different.iter().any(same) {
                different.push(draft);
            }
        }
        let told = |draft: &Draft| draft.terms.len() + usize::from(draft.site.is_some());
        let mut order: Vec<usize> = (0..different.len()).collect();
        order.sort_by_key(|&at| std::cmp::Reverse(told(&different[at])));
        order.truncate(MOST);
        order.sort_unstable();
        let (mut heads, mut terms, mut words) = (Vec::new(), Vec::new(), Vec::new());
        for draft in order.iter().map(|&at| &different[at]) {
            let said = &draft.terms[..draft.terms.len().min(MOST_TERMS)];
            let mut own: Vec<u32> = said.iter().map(|word| term(word)).collect();
            own.extend(said.iter().filter_map(|word| TERMS.class(word)).map(|class| term(class) | CLASS));
            own.extend(draft.exact.iter().take(MOST_TERMS).map(|whole| term(whole) | EXACT));
            own.sort_unstable();
            own.dedup();
            terms.extend(own);
            words.push(said.join(" "));
            let head = Head {
                sort: draft.sort,
                side: draft.side & 3,
                site: draft.site.map_or(0, |site| site + 1),
                large: draft.large,
                measure: draft.measure,
                numbered: !draft.exact.is_empty(),
                words: said.len() as u8,
                odd: said.iter().filter_map(|word| odd_initial(word)).fold(0, |odd, letter| odd | 1 << letter),
                end: terms.len() as u16,
            };
            heads.push(head.pack());
        }
        if heads.is_empty() {
            return Self::default();
        }
        let (terms, words): (Vec<_>, _) = (terms.into_iter().map(u32::to_le_bytes).collect(), words.join("\n"));
        let packed = [&[heads.len() as u8], heads.as_flattened(), terms.as_flattened(), words.as_bytes()];
        Self(packed.concat().into())
    }

    /// Asks for what is read to weigh them.
    #[inline(always)]
    pub(super) fn fetch(&self) {
        fetch(&self.0);
    }

    /// Heads, terms and words.
    #[inline(always)]
    fn parts(&self) -> Parts<'_> {
        split(&self.0).unwrap_or_default()
    }

    /// How many there are.
    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        self.0.first().map_or(0, |&count| usize::from(count))
    }

    /// What a mark is and where.
    pub(super) fn head(&self, mark: usize) -> Head {
        Head::unpack(&self.parts().0[mark])
    }

    /// The terms of a mark.
    fn terms(&self, mark: usize) -> Terms<'_> {
        self.iter().nth(mark).map_or(Terms(&[]), |(_, terms)| terms)
    }

    /// Each mark with its terms.
    #[inline(always)]
    fn iter(&self) -> impl Iterator<Item = (Head, Terms<'_>)> {
        let (heads, terms, _) = self.parts();
        let mut start = 0;
        heads.iter().map(move |head| {
            let head = Head::unpack(head);
            let end = usize::from(head.end);
            (head, Terms(&terms[std::mem::replace(&mut start, end)..end]))
        })
    }

    /// The words of a mark.
    fn words(&self, mark: usize) -> impl Iterator<Item = &str> {
        let lines = std::str::from_utf8(self.parts().2).unwrap_or("");
        lines.split('\n').nth(mark).unwrap_or("").split(' ').filter(|word| !word.is_empty())
    }

    /// Each mark as its clerk described it.
    pub(super) fn described(&self) -> impl Iterator<Item = Described<'_>> {
        self.iter().enumerate().map(|(mark, (head, _))| Described { head, words: self.words(mark).collect() })
    }

    /// A mark in words: its words, then its place. `sort` names its kind where no word does.
    pub(super) fn told(&self, mark: usize, sort: &str) -> String {
        let head = self.head(mark);
        let measure = head.measure.told();
        let words: Vec<&str> =
            self.words(mark).take(12).chain([&*measure].into_iter().filter(|_| head.measure.is_said())).collect();
        let what = if words.is_empty() { sort.to_owned() } else { format!("{sort}: {}", words.join(" ")) };
        let side = ["", "left", "right", "both"][usize::from(head.side)];
        let place = [side, head.site_name()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        if place.is_empty() { what } else { format!("{what}, {place}") }
    }
}

/// A mark as one clerk described it, beside which another's description can be held.
pub struct Described<'m> {
    head: Head,
    /// Its words, as terms.
    pub words: Vec<&'m str>,
}

impl Described<'_> {
    /// The number of its kind's code.
    pub const fn sort(&self) -> usize {
        self.head.sort as usize
    }

    /// Whether both are of one sort, on one site and one side, all of them said.
    pub fn is_in_one_place(&self, other: &Self) -> bool {
        self.sort() == other.sort() && self.lie(other) == Some(Distance::Same) && self.one_side(other) == Some(true)
    }

    /// How the sites of both lie; none: one of them is not said.
    pub fn lie(&self, other: &Self) -> Option<Distance> {
        Some(TERMS.distance(self.head.site.checked_sub(1)?, other.head.site.checked_sub(1)?))
    }

    /// Whether both are left or both are right; none: one of them is not said, or both sides are.
    pub const fn one_side(&self, other: &Self) -> Option<bool> {
        match (self.head.side, other.head.side) {
            (1, 1) | (2, 2) => Some(true),
            (1, 2) | (2, 1) => Some(false),
            _ => None,
        }
    }
}

impl Head {
    const LARGE: u8 = 1 << 2;
    const NUMBERED: u8 = 1 << 3;

    fn pack(self) -> [u8; HEAD] {
        let said = |flag: u8, is_so: bool| if is_so { flag } else { 0 };
        let bits = self.side | said(Self::LARGE, self.large) | said(Self::NUMBERED, self.numbered);
        let [odd_0, odd_1, odd_2, odd_3] = self.odd.to_le_bytes();
        let [end_0, end_1] = self.end.to_le_bytes();
        [self.sort, bits, self.site, self.measure.0, self.words, odd_0, odd_1, odd_2, odd_3, end_0, end_1]
    }

    #[inline(always)]
    fn unpack(&[sort, bits, site, measure, words, odd_0, odd_1, odd_2, odd_3, end_0, end_1]: &[u8; HEAD]) -> Self {
        Self {
            sort,
            side: bits & 3,
            site,
            large: bits & Self::LARGE != 0,
            measure: Measure(measure),
            numbered: bits & Self::NUMBERED != 0,
            words,
            odd: u32::from_le_bytes([odd_0, odd_1, odd_2, odd_3]),
            end: u16::from_le_bytes([end_0, end_1]),
        }
    }

    /// The site's name; empty where none is said.
    fn site_name(self) -> &'static str {
        self.site.checked_sub(1).map_or("", |site| TERMS.site_name(site))
    }

    /// The name of the largest part of the body that it is on: head, torso, arm or leg; empty where none is said.
    pub(super) fn region(self) -> &'static str {
        self.site.checked_sub(1).map_or("", |site| TERMS.site_name(TERMS.region(site)))
    }

    /// Whether it is on this part of the body.
    pub(super) fn is_on(self, name: &str) -> bool {
        let whole = TERMS.site(name);
        self.site.checked_sub(1).zip(whole).is_some_and(|(site, whole)| TERMS.within(site, whole))
    }
}

/// The first letter of a long word that no table knows, from 0.
fn odd_initial(word: &str) -> Option<u8> {
    let first = word.bytes().next().filter(u8::is_ascii_lowercase)?;
    (word.len() >= vocabulary::SHORTEST && ENGLISH.mended(word).is_none()).then_some(first - b'a')
}

/// FNV-1a, folded: it is stored, so it must not change with a library.
fn term(word: &str) -> u32 {
    let hash = word
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    (hash ^ (hash >> 30)) as u32 & (CLASS - 1)
}

#[cfg(test)]
mod tests;
