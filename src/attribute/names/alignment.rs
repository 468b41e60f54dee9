//! Aligning two names: which part stands for which, what that is worth, and what is left over.
//!
//! Parts agree in any order, since clerks swap given and family names and many write the family name first, but every
//! change of place costs. What is left over on one side only was left out; what is left over on both contradicts. Two
//! people who share all but one part are often of one family or one origin, so a contradiction also takes the greater
//! part of what the other parts are worth: chance alone would call every pair of brothers one man.

use std::cell::OnceCell;
use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::folding::{Role, Token, hash};
use super::frequency::Shares;
use super::likeness::{Agreement, Asked, Likeness, is_short_form};
use super::outline::{Leftover, Screen};
use super::variants::VARIANTS;
use super::{Folded, sounds};
use crate::attribute::counts::Counts;
use crate::model::{Bits, NamesModel};
use crate::processor::{Work, ahead, wide};

/// One name of the query, made ready.
pub(super) struct Ready<'a> {
    pub(super) name: &'a Folded,
    asked: Vec<Asked<'a>>,
    /// Every two parts that are neighbours, as one word, and the spellings of that.
    joined: Vec<(Joined, FxHashSet<u32>)>,
    /// What is left of it where no part agrees, and what that is worth by how many of these contradict.
    whole: Leftover,
    apart: [Bits; 3],
    /// What the collection's parts are to it; none: they were not looked at.
    met: Option<Met<'a>>,
    /// Every spelling that a part may have.
    spellings: Screen,
    /// First letters of the parts, and of those that are initials.
    firsts: u32,
    initials: u32,
}

/// Finds the parts of one shard of the collection's that may agree with a part of a name.
struct Meeting<'m, 'a> {
    name: &'m Ready<'a>,
    tokens: &'a FxHashMap<Arc<Token>, u32>,
    touching: &'m mut Vec<&'a Arc<Token>>,
}

impl Work for Meeting<'_, '_> {
    #[inline(always)]
    fn run(self) {
        for token in ahead(self.tokens.keys()) {
            if self.name.is_touched_by(token) {
                self.touching.push(token);
            }
        }
    }
}

/// What a part is worth beside every part of the query's name.
type Agreements = Vec<Option<Agreement>>;

/// The collection's parts that agree with a name.
struct Met<'a> {
    screen: Screen,
    /// By [`Token::number`], which hardly any two parts share.
    agreements: FxHashMap<u32, Vec<(&'a Arc<Token>, Agreements)>>,
}

impl<'a> Met<'a> {
    fn new(agreeing: Vec<(&'a Arc<Token>, Agreements)>) -> Self {
        let screen = Screen::of(agreeing.iter().map(|(token, _)| token.number()));
        let mut agreements: FxHashMap<u32, Vec<(&Arc<Token>, Agreements)>> = FxHashMap::default();
        agreeing.into_iter().for_each(|met| agreements.entry(met.0.number()).or_default().push(met));
        Self { screen, agreements }
    }

    /// Whether any part of a name agrees with any of the query's.
    #[inline(always)]
    fn holds(&self, name: &Folded) -> bool {
        for (at, part) in name.tokens.iter().enumerate() {
            let number = name.outline.number(&name.tokens, at);
            if self.screen.may_hold(number) && self.agreements_of(number, part).is_some() {
                return true;
            }
        }
        false
    }

    /// What a part of a name is worth beside every part of the query's; none: it agrees with none.
    fn of(&self, name: &Folded, at: usize) -> Option<&Agreements> {
        let number = name.outline.number(&name.tokens, at);
        if self.screen.may_hold(number) { self.agreements_of(number, &name.tokens[at]) } else { None }
    }

    fn agreements_of(&self, number: u32, part: &Arc<Token>) -> Option<&Agreements> {
        // Where the two are one, as they are nearly always, no letter is looked at.
        let met = self.agreements.get(&number)?.iter().find(|(token, _)| *token == part);
        met.map(|(_, agreements)| agreements)
    }
}

/// Parts of both names, a bit each, that agree.
#[derive(Clone, Copy)]
struct Pair {
    query: u8,
    candidate: u8,
    agreement: Agreement,
    /// Whether a given name agrees with a family name.
    swapped: bool,
    /// Whether a given name agrees with a middle name.
    moved: bool,
}

/// Few: most names have two or three parts.
type Pairs = SmallVec<[Pair; 8]>;

/// The best alignment of two names.
pub(super) struct Alignment {
    /// Role and likeness of the query's parts that agree, in their order.
    pub(super) agree: Vec<(Role, Likeness)>,
    pub(super) swapped: bool,
    /// Whether a given name agrees with a middle name.
    pub(super) moved: bool,
    /// Essential parts, and others, that contradict each other.
    pub(super) contradict: usize,
    pub(super) others_contradict: usize,
    /// Whether there was anything to compare.
    pub(super) compared: bool,
}

/// What an alignment is worth, and what speaks against it.
struct Weight {
    bits: Bits,
    contradict: usize,
    others_contradict: usize,
}

impl<'a> Ready<'a> {
    pub(super) fn new(name: &'a Folded, model: &NamesModel) -> Self {
        let asked: Vec<Asked<'a>> = name.tokens.iter().map(|token| Asked::new(token)).collect();
        let tokens = || name.tokens.iter();
        let with_spellings = |joined: Joined| {
            let spellings = VARIANTS.of(joined.hash).collect();
            (joined, spellings)
        };
        Self {
            name,
            joined: name.tokens.windows(2).map(Joined::new).map(with_spellings).collect(),
            whole: name.outline.whole(),
            apart: [0.0, model.one_differs_bits, model.all_differ_bits].map(Bits::from_f64),
            met: None,
            spellings: Screen::of(asked.iter().flat_map(Asked::spellings)),
            firsts: tokens().fold(0, |letters, token| letters | token.first()),
            initials: tokens().filter(|token| token.is_initial()).fold(0, |letters, token| letters | token.first()),
            asked,
        }
    }

    /// Meets every part of the collection's names once. Then a part of such a name is looked up.
    pub(super) fn meet(&mut self, tokens: &'a Counts<Arc<Token>>, shares: &Shares<'_>) {
        let touching = tokens.shards().par_iter().flat_map_iter(|tokens| {
            let mut touching = Vec::new();
            wide(Meeting { name: self, tokens, touching: &mut touching });
            touching
        });
        let agreements = touching.map(|token| (token, self.agreements(token, shares)));
        let agreeing = agreements.filter(|(_, agreements)| agreements.iter().any(Option::is_some));
        self.met = Some(Met::new(agreeing.collect()));
    }

    /// What a part is worth beside every part of the query's name.
    fn agreements(&self, token: &Token, shares: &Shares<'_>) -> Agreements {
        self.asked.iter().map(|asked| asked.agreement(token, shares)).collect()
    }

    /// Whether any part agrees with any, or both names are nearly of the same letters: false for nearly every other person.
    #[inline(always)]
    fn touches(&self, name: &Folded, shares: &Shares<'_>) -> bool {
        if name.outline.is_of_letters(&self.name.outline) {
            return true;
        }
        match &self.met {
            Some(met) => met.holds(name),
            None => self.agrees_with(name, shares),
        }
    }

    fn agrees_with(&self, name: &Folded, shares: &Shares<'_>) -> bool {
        let agrees = |token: &Token| self.agreements(token, shares).iter().any(Option::is_some);
        name.tokens.iter().any(|token| self.is_touched_by(token) && agrees(token))
    }

    /// Whether a part may agree with a part of this name.
    #[inline(always)]
    fn is_touched_by(&self, token: &Token) -> bool {
        let initial = if token.is_initial() { self.firsts } else { self.initials };
        if initial & token.first() != 0 || self.spellings.may_hold(token.plain) || self.spellings.may_hold(token.form) {
            return true;
        }
        for asked in &self.asked {
            if asked.token.sound == token.sound || asked.may_be_slip(token) || is_short_form(asked.token, token) {
                return true;
            }
        }
        false
    }

    /// What another name is worth: quick where the two have nothing in common.
    #[inline(always)]
    pub(super) fn bits(&self, name: &Folded, shares: &Shares<'_>) -> Bits {
        if self.touches(name, shares) { self.bits_of_touching(name, shares) } else { self.apart(name).bits }
    }

    fn bits_of_touching(&self, name: &Folded, shares: &Shares<'_>) -> Bits {
        self.weigh(&choose(self.pairs(name, shares)), name, &shares.model.names).bits
    }

    /// How that comes about.
    pub(super) fn align(&self, name: &Folded, shares: &Shares<'_>) -> Alignment {
        let pairs = self.aligned(name, shares);
        let Weight { contradict, others_contradict, .. } = self.weigh(&pairs, name, &shares.model.names);
        Alignment {
            agree: told(&pairs, &self.name.tokens),
            swapped: pairs.iter().any(|pair| pair.swapped),
            moved: pairs.iter().any(|pair| pair.moved),
            contradict,
            others_contradict,
            compared: contradict > 0 || !pairs.is_empty(),
        }
    }

    /// The parts that stand for each other, the best first.
    fn aligned(&self, name: &Folded, shares: &Shares<'_>) -> Pairs {
        if self.touches(name, shares) { choose(self.pairs(name, shares)) } else { Pairs::new() }
    }

    /// Of two names without anything in common.
    #[inline(always)]
    fn apart(&self, name: &Folded) -> Weight {
        let (contradict, others_contradict) = self.whole.against(name.outline.whole());
        Weight { bits: self.apart[contradict.min(2)], contradict, others_contradict }
    }

    fn weigh(&self, pairs: &[Pair], name: &Folded, model: &NamesModel) -> Weight {
        if pairs.is_empty() {
            return self.apart(name);
        }
        let used = pairs.iter().fold((0, 0), |(a, b), pair| (a | pair.query, b | pair.candidate));
        let (this, other) = (self.name.outline.left(used.0), name.outline.left(used.1));
        let (mut contradict, others_contradict) = this.against(other);
        let generations = [self.name.generation, name.generation];
        contradict += usize::from(generations[0] != generations[1] && !generations.contains(&0));
        let spare = (this.count() + other.count()).saturating_sub(2 * (contradict + others_contradict)).min(3);
        let strong = self.name.outline.others_tell(used.0) && name.outline.others_tell(used.1);
        let slope = match (contradict, others_contradict) {
            (0, 0) => 1.0,
            (0, _) if !strong => model.middle_differs_slope,
            _ => model.differs_slope,
        };
        let others_bits = if strong { model.patronymic_differs_bits } else { model.middle_differs_bits };
        let against = contradict as f64 * model.differs_bits
            + others_contradict.min(1) as f64 * others_bits
            + spare as f64 * model.spare_part_bits;
        let agree = self.worth(pairs, name, model).to_f64();
        Weight { bits: Bits::from_f64(agree * slope + against), contradict, others_contradict }
    }

    /// What the parts that agree, the best first, are worth together. Names have an origin: who is called Nguyen is not
    /// seldom called Van, so what a second part adds is damped where it is rare.
    fn worth(&self, pairs: &[Pair], name: &Folded, model: &NamesModel) -> Bits {
        let essential = [self.name.outline.essential, name.outline.essential];
        let cap = Bits::from_f64(model.middle_cap_bits);
        let full = Bits::from_f64(model.second_part_full_bits);
        let (mut sum, mut essential_ones) = (Bits::ZERO, 0);
        for pair in pairs {
            let bits = pair.agreement.bits;
            if pair.query & essential[0] == 0 || pair.candidate & essential[1] == 0 {
                sum += bits.min(cap);
                continue;
            }
            let whole = essential_ones == 0 || bits <= full;
            sum += if whole { bits } else { Bits(full.0 + (bits.0 - full.0) / 2) };
            essential_ones += 1;
        }
        sum
    }

    /// Every two parts that agree, and parts that agree when two are put together.
    fn pairs(&self, name: &Folded, shares: &Shares<'_>) -> Pairs {
        let mut pairs = Pairs::new();
        for j in 0..name.tokens.len() {
            let mut add = |agreements: &Agreements| {
                for (i, agreement) in agreements.iter().enumerate() {
                    let roles = (self.asked[i].token.role(), name.tokens[j].role());
                    pairs.extend(agreement.map(|agreement| Pair::new((1 << i, 1 << j), roles, agreement, shares)));
                }
            };
            match &self.met {
                None => add(&self.agreements(&name.tokens[j], shares)),
                Some(met) => met.of(name, j).into_iter().for_each(add),
            }
            for (i, (joined, spellings)) in self.joined.iter().enumerate() {
                if !self.name.outline.may_join(i, (&name.outline, j)) {
                    continue;
                }
                let token = &name.tokens[j];
                let listed = |_: u32| spellings.contains(&token.form);
                let Some(agreement) = joined.agreement(token, listed, shares) else { continue };
                let roles = (self.asked[i].token.role(), token.role());
                pairs.push(Pair::new((3 << i, 1 << j), roles, agreement, shares));
            }
        }
        for j in 0..name.tokens.len().saturating_sub(1) {
            let joined = OnceCell::new();
            let may_join = |i: usize| name.outline.may_join(j, (&self.name.outline, i));
            for (i, asked) in self.asked.iter().enumerate().filter(|(i, _)| may_join(*i)) {
                let two = &name.tokens[j..j + 2];
                let joined = joined.get_or_init(|| Joined::new(two));
                let listed = |hash: u32| asked.is_listed(hash);
                let Some(agreement) = joined.agreement(asked.token, listed, shares) else { continue };
                pairs.push(Pair::new((1 << i, 3 << j), (asked.token.role(), two[0].role()), agreement, shares));
            }
        }
        pairs
    }
}

impl Pair {
    fn new((query, candidate): (u8, u8), roles: (Role, Role), agreement: Agreement, shares: &Shares<'_>) -> Self {
        let model = &shares.model.names;
        let other = roles.0 != roles.1 && roles.0 != Role::Any && roles.1 != Role::Any;
        let swapped = other && (roles.0 == Role::Family || roles.1 == Role::Family);
        let moved = other && !swapped;
        let cost = if swapped { model.swapped_bits } else { model.moved_bits };
        let bits = agreement.bits + if other { Bits::from_f64(cost) } else { Bits::ZERO };
        Self { query, candidate, agreement: Agreement { bits, ..agreement }, swapped, moved }
    }
}

/// Two neighbours written as one word: Mary Ann and Maryann, Xiao Ming and Xiaoming.
struct Joined {
    text: SmallVec<[u8; 32]>,
    hash: u32,
    sound: u64,
    vague: bool,
}

impl Joined {
    fn new(two: &[Arc<Token>]) -> Self {
        let text: SmallVec<[u8; 32]> = two.iter().flat_map(|token| token.text.bytes()).collect();
        let vague = two.iter().any(|token| token.has_vague_vowels());
        Self { hash: hash(&text), sound: sounds::key(&text, false), vague, text }
    }

    /// What one part is worth beside it. `listed`: whether a hash is that of a spelling of the part.
    fn agreement(&self, one: &Token, listed: impl Fn(u32) -> bool, shares: &Shares<'_>) -> Option<Agreement> {
        let [a, b] = [&*self.text, one.text.as_bytes()];
        let likeness = if a == b {
            Likeness::Exact
        } else if listed(self.hash) {
            Likeness::Variant
        } else if self.sound == one.sound && (self.vague || one.has_vague_vowels() || sounds::vowels_agree(a, b)) {
            Likeness::Sound
        } else {
            return None;
        };
        let model = &shares.model.names;
        let rate = if likeness == Likeness::Exact { model.together } else { model.variant };
        let bits = Bits::of_ratio(rate / (2.0 * shares.of(one, Role::Any)));
        Some(Agreement { bits: bits.within(Bits::ZERO, Bits::from_f64(model.part_cap_bits)), likeness })
    }
}

/// The pairs that stand together: the best first, each part once.
fn choose(mut pairs: Pairs) -> Pairs {
    // The same whichever of the two names is the query's.
    let places = |pair: &Pair| (pair.query.max(pair.candidate), pair.query.min(pair.candidate), pair.query);
    pairs.sort_by_key(|pair| (std::cmp::Reverse(pair.agreement.bits), pair.agreement.likeness, places(pair)));
    let mut used = (0, 0);
    pairs.retain(|pair| {
        let free = used.0 & pair.query == 0 && used.1 & pair.candidate == 0;
        if free {
            used = (used.0 | pair.query, used.1 | pair.candidate);
        }
        free
    });
    pairs
}

fn told(pairs: &[Pair], tokens: &[Arc<Token>]) -> Vec<(Role, Likeness)> {
    let mut told: Vec<(u8, Likeness)> = pairs.iter().map(|pair| (pair.query, pair.agreement.likeness)).collect();
    told.sort_unstable();
    told.into_iter().map(|(query, likeness)| (tokens[query.trailing_zeros() as usize].role(), likeness)).collect()
}
