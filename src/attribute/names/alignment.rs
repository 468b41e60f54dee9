//! Aligning two names: which part stands for which, what that is worth, and what is left over.
//!
//! Parts agree in any order, since clerks swap given and family names and many write the family name first, but every
//! change of place costs. What is left over on one side only was left out; what is left over on both contradicts. Two
//! people who share all but one part are often of one family or one origin, so a contradiction also takes the greater
//! part of what the other parts are worth: chance alone would call every pair of brothers one man.

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::Folded;
use super::edits::edits;
use super::folding::{Role, Token, hash};
use super::frequency::Shares;
use super::likeness::{Agreement, Asked, Likeness, slips};
use super::sounds;
use super::variants::VARIANTS;
use crate::attribute::counts::Counts;
use crate::model::{Bits, NamesModel};

/// Bits of a screen: some thousand parts of a hundred thousand may agree with one name.
const SCREEN: usize = 1 << 16;

/// A part's bit in a screen.
fn screened(token: &Token) -> usize {
    (token.plain.wrapping_mul(0x9e37_79b9) >> 16) as usize
}

/// One name of the query, made ready.
pub(super) struct Ready<'a> {
    pub(super) name: &'a Folded,
    asked: Vec<Asked<'a>>,
    /// What is left of it where no part agrees.
    whole: Leftover,
    /// Which bits of their hashes the parts have that may agree; none: they were not looked at.
    screen: Option<Vec<u64>>,
    /// Every spelling that a part may have, by hash.
    spellings: FxHashSet<u32>,
    sounds: FxHashSet<u64>,
    letters: u32,
    length: usize,
    /// First letters of the parts, and of those that are initials.
    firsts: u32,
    initials: u32,
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

/// The best alignment of two names.
#[derive(Clone, Default)]
pub(super) struct Alignment {
    pub(super) bits: Bits,
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

impl<'a> Ready<'a> {
    pub(super) fn new(name: &'a Folded) -> Self {
        let asked: Vec<Asked<'a>> = name.tokens.iter().map(Asked::new).collect();
        let mut spellings = FxHashSet::default();
        asked.iter().for_each(|asked| spellings.extend(asked.spellings()));
        let tokens = || name.tokens.iter();
        Self {
            name,
            whole: Leftover::new(&name.tokens, 0),
            screen: None,
            spellings,
            sounds: tokens().map(|token| token.sound).collect(),
            letters: tokens().fold(0, |letters, token| letters | token.letters()),
            length: tokens().map(|token| token.text.len()).sum(),
            firsts: tokens().fold(0, |letters, token| letters | first(token)),
            initials: tokens().filter(|token| token.is_initial()).fold(0, |letters, token| letters | first(token)),
            asked,
        }
    }

    /// Meets every part of the collection's names once. Then a part of such a name is looked at again only where it, or
    /// one with the same bits of its hash, may agree.
    pub(super) fn screen(&mut self, tokens: &Counts<Token>) {
        let touching = tokens.shards().par_iter().flat_map_iter(|shard| shard.keys());
        let touching: Vec<usize> = touching.filter(|token| self.is_touched_by(token)).map(screened).collect();
        let mut screen = vec![0; SCREEN / 64];
        touching.into_iter().for_each(|at| screen[at / 64] |= 1_u64 << (at % 64));
        self.screen = Some(screen);
    }

    /// Whether any part may agree with any: false for nearly every other person.
    fn touches(&self, name: &Folded) -> bool {
        let mut letters = 0;
        let mut length = 0;
        for token in &name.tokens {
            let may_touch = |screen: &Vec<u64>| {
                let at = screened(token);
                screen[at / 64] >> (at % 64) & 1 == 1
            };
            if self.screen.as_ref().is_none_or(may_touch) && self.is_touched_by(token) {
                return true;
            }
            letters |= token.letters();
            length += token.text.len();
        }
        // The same letters in other parts: written together here and apart there.
        (letters ^ self.letters).count_ones() <= 2 && self.length.abs_diff(length) <= 2
    }

    /// Whether a part may agree with a part of this name.
    fn is_touched_by(&self, token: &Token) -> bool {
        let initial = if token.is_initial() { self.firsts } else { self.initials };
        initial & first(token) != 0
            || self.spellings.contains(&token.plain)
            || (token.form != token.plain && self.spellings.contains(&token.form))
            || self.sounds.contains(&token.sound)
            || self.asked.iter().any(|asked| may_be_slip(asked.token, token))
    }

    /// What two names are worth that have no part in common.
    fn nothing(&self, name: &Folded, model: &NamesModel) -> Alignment {
        let (contradict, others_contradict) = self.whole.against(Leftover::new(&name.tokens, 0));
        let bits = match contradict {
            0 => 0.0,
            1 => model.one_differs_bits,
            _ => model.all_differ_bits,
        };
        let compared = contradict > 0;
        Alignment { bits: Bits::from_f64(bits), contradict, others_contradict, compared, ..Alignment::default() }
    }

    /// Aligns the query's name with another; quick, and without allocating, where they have nothing in common.
    pub(super) fn align(&self, name: &Folded, shares: &Shares<'_>) -> Alignment {
        let model = &shares.model.names;
        if !self.touches(name) {
            return self.nothing(name, model);
        }
        let pairs = choose(self.pairs(name, shares));
        if pairs.is_empty() {
            return self.nothing(name, model);
        }
        let used = pairs.iter().fold((0, 0), |(a, b), pair| (a | pair.query, b | pair.candidate));
        let (this, other) = (Leftover::new(&self.name.tokens, used.0), Leftover::new(&name.tokens, used.1));
        let (mut contradict, others_contradict) = this.against(other);
        let generations = [self.name.generation, name.generation];
        contradict += usize::from(generations[0] != generations[1] && !generations.contains(&0));
        let spare = (this.count() + other.count()).saturating_sub(2 * (contradict + others_contradict)).min(3);
        let strong = others_tell(&self.name.tokens, used.0) && others_tell(&name.tokens, used.1);
        let slope = match (contradict, others_contradict) {
            (0, 0) => 1.0,
            (0, _) if !strong => model.middle_differs_slope,
            _ => model.differs_slope,
        };
        let others_bits = if strong { model.patronymic_differs_bits } else { model.middle_differs_bits };
        let against = contradict as f64 * model.differs_bits
            + others_contradict.min(1) as f64 * others_bits
            + spare as f64 * model.spare_part_bits;
        let agree = self.worth(&pairs, name, model).to_f64();
        Alignment {
            bits: Bits::from_f64(agree * slope + against),
            agree: told(&pairs, &self.name.tokens),
            swapped: pairs.iter().any(|pair| pair.swapped),
            moved: pairs.iter().any(|pair| pair.moved),
            contradict,
            others_contradict,
            compared: true,
        }
    }

    /// What the parts that agree are worth together. Names have an origin: who is called Nguyen is not seldom called Van,
    /// so what a second part adds is damped where it is rare.
    fn worth(&self, pairs: &[Pair], name: &Folded, model: &NamesModel) -> Bits {
        let essential = [essential(&self.name.tokens), essential(&name.tokens)];
        let cap = Bits::from_f64(model.middle_cap_bits);
        let is_essential = |pair: &&Pair| pair.query & essential[0] != 0 && pair.candidate & essential[1] != 0;
        let (mut main, other): (Vec<&Pair>, Vec<&Pair>) = pairs.iter().partition(is_essential);
        main.sort_by_key(|pair| std::cmp::Reverse(pair.agreement.bits));
        let damped = |(place, pair): (usize, &&Pair)| {
            let bits = pair.agreement.bits;
            let full = Bits::from_f64(model.second_part_full_bits);
            if place == 0 || bits <= full { bits } else { Bits(full.0 + (bits.0 - full.0) / 2) }
        };
        let others: Bits = other.iter().map(|pair| Bits(pair.agreement.bits.0.min(cap.0))).sum();
        main.iter().enumerate().map(damped).sum::<Bits>() + others
    }

    /// Every two parts that agree, and parts that agree when two are put together.
    fn pairs(&self, name: &Folded, shares: &Shares<'_>) -> Vec<Pair> {
        let mut pairs = Vec::new();
        for (i, asked) in self.asked.iter().enumerate() {
            for (j, token) in name.tokens.iter().enumerate() {
                let Some(agreement) = asked.agreement(token, shares) else { continue };
                pairs.push(Pair::new((1 << i, 1 << j), (asked.token.role(), token.role()), agreement, shares));
            }
        }
        for (i, two) in self.name.tokens.windows(2).enumerate() {
            for (j, token) in name.tokens.iter().enumerate() {
                let Some(agreement) = together(two, token, shares) else { continue };
                pairs.push(Pair::new((3 << i, 1 << j), (two[0].role(), token.role()), agreement, shares));
            }
        }
        for (j, two) in name.tokens.windows(2).enumerate() {
            for (i, asked) in self.asked.iter().enumerate() {
                let Some(agreement) = together(two, asked.token, shares) else { continue };
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

fn first(token: &Token) -> u32 {
    token.text.as_bytes().first().filter(|byte| byte.is_ascii_lowercase()).map_or(0, |byte| 1 << (byte - b'a'))
}

fn may_be_slip(a: &Token, b: &Token) -> bool {
    let slips = slips(a.text.len().max(b.text.len()));
    a.letters_apart(b) as usize <= 2 * slips
        && a.text.len().abs_diff(b.text.len()) <= slips
        && edits(a.text.as_bytes(), b.text.as_bytes(), slips).is_some()
}

/// Two neighbours written as one word: Mary Ann and Maryann, Xiao Ming and Xiaoming.
fn together(two: &[Token], one: &Token, shares: &Shares<'_>) -> Option<Agreement> {
    let length = two[0].text.len() + two[1].text.len();
    if two.iter().any(Token::is_initial) || length.abs_diff(one.text.len()) > 3 {
        return None;
    }
    let whole = format!("{}{}", two[0].text, two[1].text);
    let vague = one.has_vague_vowels() || two.iter().any(Token::has_vague_vowels);
    let sound = sounds::key(whole.as_bytes(), false);
    let [a, b] = [whole.as_bytes(), one.text.as_bytes()];
    let likeness = if a == b {
        Likeness::Exact
    } else if VARIANTS.of(one.form).any(|spelling| spelling == hash(a)) {
        Likeness::Variant
    } else if sound == one.sound && (vague || sounds::vowels_agree(a, b)) {
        Likeness::Sound
    } else {
        return None;
    };
    let model = &shares.model.names;
    let rate = if likeness == Likeness::Exact { model.together } else { model.variant };
    let bits = Bits::of_ratio(rate / (2.0 * shares.of(one, Role::Any)));
    Some(Agreement { bits: bits.within(Bits::ZERO, Bits::from_f64(model.part_cap_bits)), likeness })
}

/// The pairs that stand together: the best first, each part once.
fn choose(mut pairs: Vec<Pair>) -> Vec<Pair> {
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

fn told(pairs: &[Pair], tokens: &[Token]) -> Vec<(Role, Likeness)> {
    let mut told: Vec<(u8, Likeness)> = pairs.iter().map(|pair| (pair.query, pair.agreement.likeness)).collect();
    told.sort_unstable();
    told.into_iter().map(|(query, likeness)| (tokens[query.trailing_zeros() as usize].role(), likeness)).collect()
}

/// The parts that a person is hardly known without, a bit each: the first given and the first family name; of a name
/// whose parts are not told apart, the first and the last.
fn essential(tokens: &[Token]) -> u8 {
    let place = |role: Role| tokens.iter().position(|token| token.role() == role);
    let whole = tokens.iter().rposition(|token| token.role() == Role::Any);
    let last = whole.map(|last| match tokens[..=last] {
        [_, .., ref before, ref last_one] if is_patronymic(last_one) && !is_patronymic(before) => last - 1,
        _ => last,
    });
    let places = [place(Role::Given), place(Role::Family), place(Role::Any), last];
    places.into_iter().flatten().fold(0, |set, place| set | 1 << place)
}

/// Whether a name says who the father is: it is never changed.
fn is_patronymic(token: &Token) -> bool {
    let endings = ["ovich", "evich", "ovych", "yovych", "ovna", "evna", "ivna", "ichna", "owitsch", "ewitsch"];
    let endings = endings.iter().chain(&["oglu", "qizi", "ogly", "kyzy", "ovitch", "evitch", "owna", "ewna", "ovitj"]);
    token.role() != Role::Family && endings.into_iter().any(|ending| token.text.ends_with(ending))
}

/// Whether parts that found no partner, beside the essential ones, are patronymics, or parts that are not told apart,
/// which are more than middle names.
fn others_tell(tokens: &[Token], used: u8) -> bool {
    let free = !used & !essential(tokens);
    let tells = |token: &Token| is_patronymic(token) || (token.role() == Role::Any && !token.is_initial());
    tokens.iter().enumerate().any(|(place, token)| free & 1 << place != 0 && tells(token))
}

/// Parts of a name that found no partner.
#[derive(Clone, Copy)]
struct Leftover {
    essential: usize,
    others: usize,
    roles: u8,
}

impl Leftover {
    fn new(tokens: &[Token], used: u8) -> Self {
        let essential = essential(tokens);
        let mut left = Self { essential: 0, others: 0, roles: 0 };
        for (place, token) in tokens.iter().enumerate() {
            left.roles |= match token.role() {
                Role::Given | Role::Middle => 1,
                Role::Family => 2,
                Role::Any => 3,
            };
            if used & 1 << place != 0 {
                continue;
            }
            if essential & 1 << place != 0 {
                left.essential += 1;
            } else {
                left.others += 1;
            }
        }
        left
    }

    fn count(self) -> usize {
        self.essential + self.others
    }

    /// How many essential parts contradict each other, and how many others. A given name and a family name do not, where
    /// nothing else is known of either.
    fn against(self, other: Self) -> (usize, usize) {
        if self.roles & other.roles == 0 {
            return (0, 0);
        }
        let essential = self.essential.min(other.essential);
        let rest = [self, other].map(|left| left.count() - essential);
        (essential, rest[0].min(rest[1]))
    }
}
