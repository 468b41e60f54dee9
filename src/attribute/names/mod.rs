//! Names: every name of one record with every name of the other, parts aligned in any order, the best counts.
//!
//! A name of any script is folded to tokens ([`folding`]); two tokens agree exactly, as spellings or short forms of one
//! name, by sound, but for a slip of the pen, or as an initial ([`likeness`]); the tokens of two names are aligned and what
//! is left over is weighed ([`alignment`]). Agreement is worth log2 of P(level | one person) over the chance of meeting such
//! a name: its frequency in the collection, smoothed with the census' (Smith 1 in 121, a rare surname 1 in 100,000). The
//! best of several alignments is the likelier to be good by chance: it pays log2 of the number of tries.
//!
//! Words inscribed on remains, or written in what they carried, may be the person's name ([`inscriptions`]).

mod alignment;
mod edits;
mod folding;
mod frequency;
mod inscriptions;
mod likeness;
mod outline;
mod scripts;
mod sounds;
mod variants;

#[cfg(test)]
mod pairs;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::counts::Counts;
use super::{About, Attribute, Detail, Evidence, Facing, Scale};
use crate::model::Bits;
use crate::processor::fetch;
use crate::record::{Kind, Name, Record};

use alignment::{Alignment, Ready};
use folding::{Role, Token, Word, Words};
use frequency::Shares;
use likeness::Likeness;
use outline::Outline;
use scripts::Script;

/// The attribute.
pub struct Names;

/// Parts of a name that are looked at.
const PARTS: usize = 8;

/// Every name of a record, folded.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Value(Folds);

/// Most have one name, which lies in the dictionary itself.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
enum Folds {
    One(Folded),
    Several(Box<[Folded]>),
}

/// One name: its parts in plain lower-case letters.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Folded {
    outline: Outline,
    /// In the columns each is shared with the names of its side that were counted before.
    tokens: Box<[Arc<Token>]>,
    /// I for senior, II for junior and so on; 0: not said.
    generation: u8,
    /// Read from an inscription: perhaps not a name, perhaps another's.
    inscribed: bool,
}

/// How many names of the collection have each part, by hash.
#[derive(Clone, Default)]
pub struct Statistics {
    given: Counts<u32>,
    family: Counts<u32>,
    names: i64,
    /// Every part of every name of a side, inscribed ones too: a query meets each once, however many names it is in.
    tokens: [Counts<Arc<Token>>; 3],
}

/// A query made ready: its parts with their spellings and short forms.
pub struct Prepared<'a> {
    shares: Shares<'a>,
    names: Vec<Ready<'a>>,
    query: &'a Value,
    facing: Facing,
}

impl Attribute for Names {
    const ABOUT: About = About {
        name: "names",
        needs: "a name on both",
        levels: &[
            ("same", "given and family name agree"),
            ("variant", "they agree but for a spelling, a nickname, an initial or a slip of the pen"),
            ("partial", "a part agrees and a part contradicts"),
            ("inscribed", "a name that is inscribed or written on something carried agrees"),
            ("different", "none agrees"),
        ],
        floor: Bits(-9_000),
        cap: Bits(30_000),
        professional: false,
        source: "US Census 2010 surnames and 2020 given names; spellings of Wikidata; slips fitted on twins of published \
                 cases",
        reading: 8,
    };
    type Value = Value;
    type Statistics = Statistics;
    type Prepared<'a> = Prepared<'a>;
    type Known = ();

    fn read(record: &Record) -> Option<Value> {
        let told = record.names.iter().map(Folded::of);
        let inscribed = inscriptions::names(record).into_iter().map(|text| Folded::inscribed(&text));
        let mut names: Vec<Folded> = Vec::new();
        for name in told.chain(inscribed).filter(|name| !name.tokens.is_empty()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        Value::of(names)
    }

    fn is_sound(value: &Value) -> bool {
        let is_sound = |name: &Folded| name.tokens.len() <= PARTS && name.outline == Outline::of(&name.tokens);
        !value.names().is_empty() && value.names().iter().all(is_sound)
    }

    fn share(statistics: &Statistics, kind: Kind, value: &mut Value) {
        let names = match &mut value.0 {
            Folds::One(name) => std::slice::from_mut(name),
            Folds::Several(names) => names,
        };
        for token in names.iter_mut().flat_map(|name| name.tokens.iter_mut()) {
            if let Some(shared) = statistics.tokens[kind as usize].key(&**token) {
                *token = Arc::clone(shared);
            }
        }
    }

    fn count(statistics: &mut Statistics, kind: Kind, value: &Value, by: i64) {
        let tokens = value.names().iter().flat_map(|name| name.tokens.iter());
        tokens.for_each(|token| statistics.tokens[kind as usize].change(token, by));
        for name in value.names().iter().filter(|name| !name.inscribed) {
            statistics.names += by;
            for token in &name.tokens {
                if matches!(token.role(), Role::Given | Role::Any) {
                    statistics.given.change(&token.plain, by);
                }
                if matches!(token.role(), Role::Family | Role::Any) {
                    statistics.family.change(&token.plain, by);
                }
            }
        }
    }

    fn prepare<'a>(scale: Scale<'a, Statistics>, query: &'a Value) -> Prepared<'a> {
        let Scale { model, statistics, facing } = scale;
        Prepared::new(Shares { model, statistics }, facing, query)
    }

    fn prepare_for_all<'a>(scale: Scale<'a, Statistics>, query: &'a Value) -> Prepared<'a> {
        let tokens = &scale.statistics.tokens[scale.facing.candidate as usize];
        let mut prepared = Self::prepare(scale, query);
        let shares = prepared.shares;
        prepared.names.iter_mut().for_each(|name| name.meet(tokens, &shares));
        prepared
    }

    /// The parts of a name are looked at only where they may agree.
    #[inline(always)]
    fn fetch(candidate: &Value) {
        if let Folds::Several(names) = &candidate.0 {
            fetch(names);
        }
    }

    #[inline(always)]
    fn weigh(prepared: &Prepared<'_>, candidate: &Value) -> Bits {
        match (prepared.names.as_slice(), &candidate.0) {
            // Nearly every pair: one name each.
            ([query], Folds::One(name)) if !query.name.inscribed && !name.inscribed => {
                query.bits(name, &prepared.shares).within(Self::ABOUT.floor, Self::ABOUT.cap)
            }
            _ => prepared.best(candidate).bits,
        }
    }

    /// Told from the missing person's side, whichever asks.
    fn explain(prepared: &Prepared<'_>, candidate: &Value) -> Option<Evidence> {
        if prepared.facing.query_is_post() {
            let facing = Facing { query: prepared.facing.candidate, candidate: prepared.facing.query };
            return Self::explain(&Prepared::new(prepared.shares, facing, candidate), prepared.query);
        }
        let best = prepared.best(candidate);
        let (query, name) = (&prepared.names[best.query], &candidate.names()[best.candidate]);
        let alignment = query.align(name, &prepared.shares);
        let inscribed = query.name.inscribed || name.inscribed;
        if !alignment.compared || (best.tries == 0 && best.bits == Bits::ZERO) {
            return None;
        }
        let (level, summary) = (level(&alignment, inscribed), summary(&alignment, inscribed));
        let details = vec![
            ("name_pairs_compared", Detail::Count(best.tries as u64)),
            ("parts_that_agree", Detail::Count(alignment.agree.len() as u64)),
            ("parts_that_differ", Detail::Count((alignment.contradict + alignment.others_contradict) as u64)),
        ];
        Some(Evidence { details, ..Evidence::plain(&Self::ABOUT, best.bits, level, summary) })
    }
}

/// The best pair of names of two records.
struct Best {
    bits: Bits,
    query: usize,
    candidate: usize,
    /// Pairs of names that were told as names.
    tries: usize,
}

impl<'a> Prepared<'a> {
    fn new(shares: Shares<'a>, facing: Facing, query: &'a Value) -> Self {
        let model = &shares.model.names;
        let names = query.names().iter().map(|name| Ready::new(name, model)).collect();
        Self { shares, names, query, facing }
    }

    fn best(&self, candidate: &Value) -> Best {
        let mut told = Best { bits: Bits(i32::MIN), query: 0, candidate: 0, tries: 0 };
        let mut inscribed = Best { bits: Bits::ZERO, query: 0, candidate: 0, tries: 0 };
        for (query, ready) in self.names.iter().enumerate() {
            for (place, name) in candidate.names().iter().enumerate() {
                let best = match (ready.name.inscribed, name.inscribed) {
                    (true, true) => continue,
                    (false, false) => &mut told,
                    _ => &mut inscribed,
                };
                let bits = ready.bits(name, &self.shares);
                best.tries += 1;
                if bits > best.bits {
                    *best = Best { bits, query, candidate: place, tries: best.tries };
                }
            }
        }
        let tries = |best: &Best| match best.tries {
            0 | 1 => Bits::ZERO,
            more => Bits::from_f64((more as f64).log2()),
        };
        let inscription = self.inscription(&inscribed, tries(&inscribed));
        if told.tries == 0 {
            return Best { bits: inscription, tries: 0, ..inscribed };
        }
        let bits = Bits(told.bits.0 - tries(&told).0).within(Names::ABOUT.floor, Names::ABOUT.cap);
        if inscription > bits.max(Bits::ZERO) {
            Best { bits: inscription, tries: told.tries, ..inscribed }
        } else {
            Best { bits, ..told }
        }
    }

    /// A name on the body is the person's own less often than another's.
    fn inscription(&self, best: &Best, tries: Bits) -> Bits {
        if best.bits <= Bits::ZERO {
            return Bits::ZERO;
        }
        let model = &self.shares.model.names;
        let own = Bits::from_f64(model.inscribed_bits);
        Bits(best.bits.0 + own.0 - tries.0).within(Bits::ZERO, Bits::from_f64(model.inscribed_cap_bits))
    }
}

fn level(alignment: &Alignment, inscribed: bool) -> &'static str {
    let exact = alignment.agree.iter().all(|(_, likeness)| *likeness == Likeness::Exact);
    match (alignment.agree.len(), alignment.contradict + alignment.others_contradict) {
        (0, _) => "different",
        _ if inscribed => "inscribed",
        (1, 0) => "variant",
        (_, 0) if exact && !alignment.swapped && !alignment.moved => "same",
        (_, 0) => "variant",
        _ => "partial",
    }
}

fn summary(alignment: &Alignment, inscribed: bool) -> String {
    let part = |(role, likeness): &(Role, Likeness)| {
        let role = match role {
            Role::Given => "given name",
            Role::Middle => "middle name",
            Role::Family => "family name",
            Role::Any => "one part",
        };
        let likeness = match likeness {
            Likeness::Exact => "the same",
            Likeness::Variant => "a spelling of the same",
            Likeness::Nickname => "a nickname",
            Likeness::Sound => "sounds alike",
            Likeness::Close => "a slip apart",
            Likeness::Initial => "an initial",
        };
        format!("{role} {likeness}")
    };
    let mut told: Vec<String> = alignment.agree.iter().map(part).collect();
    if told.is_empty() {
        told.push("no part agrees".to_owned());
    } else if alignment.contradict + alignment.others_contradict > 0 {
        told.push(format!("{} differ", alignment.contradict + alignment.others_contradict));
    }
    if alignment.swapped {
        told.push("given and family name swapped".to_owned());
    }
    let before = if inscribed { "inscribed: " } else { "" };
    format!("{before}{}", told.join(", "))
}

impl Value {
    fn of(mut names: Vec<Folded>) -> Option<Self> {
        match names.len() {
            0 | 1 => names.pop().map(|name| Self(Folds::One(name))),
            _ => Some(Self(Folds::Several(names.into()))),
        }
    }

    fn names(&self) -> &[Folded] {
        match &self.0 {
            Folds::One(name) => std::slice::from_ref(name),
            Folds::Several(names) => names,
        }
    }
}

impl Folded {
    fn new(mut tokens: Vec<Token>, generation: u8, inscribed: bool) -> Self {
        tokens.truncate(PARTS);
        let tokens: Box<[Arc<Token>]> = tokens.into_iter().map(Arc::new).collect();
        Self { outline: Outline::of(&tokens), tokens, generation, inscribed }
    }

    fn of(name: &Name) -> Self {
        let mut tokens = Vec::new();
        if folding::is_nobody(name.given.as_deref(), name.family.as_deref()) {
            return Self::new(tokens, 0, false);
        }
        let mut generation =
            name.suffix.as_deref().map_or(0, |suffix| folding::words(&format!("x {suffix}"), true).generation);
        let parts = [(&name.given, Role::Given), (&name.middle, Role::Middle), (&name.family, Role::Family)];
        for (text, role) in parts {
            let read = text.as_deref().map(|text| folding::words(text, false));
            if let Some(read) = read {
                generation = generation.max(read.generation);
                tokens.extend(read.words.into_iter().map(|word| word.token(role)));
            }
        }
        if let Some(full) = name.full.as_deref().filter(|_| name.given.is_none() && name.family.is_none()) {
            let (more, told) = full_name(full);
            tokens.extend(more);
            generation = generation.max(told);
        }
        Self::new(tokens, generation, false)
    }

    fn inscribed(text: &str) -> Self {
        let (tokens, generation) = full_name(text);
        Self::new(tokens, generation, true)
    }
}

/// The parts of a name that is written whole, and its generation.
fn full_name(text: &str) -> (Vec<Token>, u8) {
    if let Some((family, given)) = folding::comma(text) {
        let [family, given] = [family, given].map(|text| folding::words(text, false));
        if given.words.is_empty() {
            let generation = family.generation.max(given.generation);
            return (
                family.words.into_iter().flat_map(divided).map(|word| word.token(Role::Any)).collect(),
                generation,
            );
        }
        let tokens = |words: Words, role: Role| words.words.into_iter().map(move |word| word.token(role));
        let generation = family.generation.max(given.generation);
        return (tokens(given, Role::Given).chain(tokens(family, Role::Family)).collect(), generation);
    }
    let Words { words, generation } = folding::words(text, true);
    let alone = words.len() == 1;
    let words = words.into_iter().flat_map(|word| if alone { divided(word) } else { vec![word] });
    (words.map(|word| word.token(Role::Any)).collect(), generation)
}

/// A name that is written without blanks, divided.
fn divided(word: Word) -> Vec<Word> {
    if !matches!(word.script, Script::Han | Script::Hangul | Script::Kana) {
        return vec![word];
    }
    let known = |name: &str| variants::VARIANTS.knows(folding::hash(name.as_bytes()));
    match scripts::division(&word.own, word.script, known) {
        Some(at) => word.divide(at),
        None => vec![word],
    }
}
