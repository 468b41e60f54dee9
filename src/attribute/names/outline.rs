//! What of a name every query looks at, read once: enough to see that nothing of it agrees.
//!
//! It lies beside its neighbours in the dictionary, so that passing by a name costs no step to its letters.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::PARTS;
use super::folding::{Role, Token};

/// Parts whose numbers lie in the outline: hardly any name has more.
const NUMBERED: usize = 4;

/// A name without its letters. Sets of parts have a bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Outline {
    /// The number of each of the first parts ([`Token::number`]), and how many parts there are.
    numbers: [u32; NUMBERED],
    parts: u8,
    /// The parts that a person is hardly known without, and how many these are.
    pub(super) essential: u8,
    essentials: u8,
    /// Patronymics, and parts that are not told apart: more than middle names, if they are not essential.
    telling: u8,
    /// 1: parts of given names, 2: of family names.
    roles: u8,
    initials: u8,
    /// Letters that occur, a bit each, and how many stand there, in each part and in all.
    letters: u32,
    lengths: [u8; PARTS],
    length: u16,
}

impl Outline {
    /// Of at most [`PARTS`] parts.
    pub(super) fn of(tokens: &[Arc<Token>]) -> Self {
        let set = |holds: fn(&Token) -> bool| {
            tokens.iter().enumerate().filter(|(_, token)| holds(token)).fold(0, |set, (at, _)| set | 1 << at)
        };
        let role = |token: &Token| match token.role() {
            Role::Given | Role::Middle => 1,
            Role::Family => 2,
            Role::Any => 3,
        };
        let mut numbers = [0; NUMBERED];
        numbers.iter_mut().zip(tokens).for_each(|(number, token)| *number = token.number());
        let mut lengths = [0; PARTS];
        let length = |token: &Token| token.text.len().min(usize::from(u8::MAX)) as u8;
        lengths.iter_mut().zip(tokens).for_each(|(of, token)| *of = length(token));
        let essential = essential(tokens);
        Self {
            numbers,
            parts: tokens.len() as u8,
            essential,
            essentials: essential.count_ones() as u8,
            telling: set(|token| is_patronymic(token) || (token.role() == Role::Any && !token.is_initial())),
            roles: tokens.iter().fold(0, |roles, token| roles | role(token)),
            initials: set(Token::is_initial),
            lengths,
            letters: tokens.iter().fold(0, |letters, token| letters | token.letters()),
            length: tokens.iter().map(|token| token.text.len()).sum::<usize>().min(usize::from(u16::MAX)) as u16,
        }
    }

    /// Whether the two are nearly of the same letters: written together here and apart there.
    #[inline(always)]
    pub(super) fn is_of_letters(&self, other: &Self) -> bool {
        self.length.abs_diff(other.length) <= 2 && (self.letters ^ other.letters).count_ones() <= 2
    }

    /// The number of one of the name's parts.
    #[inline(always)]
    pub(super) fn number(&self, tokens: &[Arc<Token>], part: usize) -> u32 {
        self.numbers.get(part).copied().unwrap_or_else(|| tokens[part].number())
    }

    /// Whether it is worth looking closer at two of its parts as one that is `part` of another name.
    pub(super) fn may_join(&self, first: usize, (other, part): (&Self, usize)) -> bool {
        let length = u16::from(self.lengths[first]) + u16::from(self.lengths[first + 1]);
        length.abs_diff(u16::from(other.lengths[part])) <= 3 && self.initials >> first & 3 == 0
    }

    /// What is left of it where none of its parts has found a partner.
    #[inline(always)]
    pub(super) fn whole(&self) -> Leftover {
        Leftover { essential: self.essentials, others: self.parts.saturating_sub(self.essentials), roles: self.roles }
    }

    /// What is left of it where the parts `used` have found a partner.
    pub(super) fn left(&self, used: u8) -> Leftover {
        let free = (1_u16 << self.parts) as u8;
        let free = free.wrapping_sub(1) & !used;
        let [essential, others] = [self.essential, !self.essential].map(|set| (free & set).count_ones() as u8);
        Leftover { essential, others, roles: self.roles }
    }

    /// Whether parts that found no partner, beside the essential ones, are patronymics, or parts that are not told apart,
    /// which are more than middle names.
    pub(super) fn others_tell(&self, used: u8) -> bool {
        self.telling & !self.essential & !used != 0
    }
}

/// Parts of a name that found no partner.
#[derive(Clone, Copy)]
pub(super) struct Leftover {
    essential: u8,
    others: u8,
    roles: u8,
}

impl Leftover {
    pub(super) fn count(self) -> usize {
        usize::from(self.essential) + usize::from(self.others)
    }

    /// How many essential parts contradict each other, and how many others. A given name and a family name do not, where
    /// nothing else is known of either.
    #[inline(always)]
    pub(super) fn against(self, other: Self) -> (usize, usize) {
        if self.roles & other.roles == 0 {
            return (0, 0);
        }
        let essential = usize::from(self.essential.min(other.essential));
        let rest = [self, other].map(|left| left.count() - essential);
        (essential, rest[0].min(rest[1]))
    }
}

/// A set of words by hash, or of parts by number, and some more than were put in.
pub(super) struct Screen {
    bits: Box<[u64; Screen::BITS / 64]>,
}

impl Screen {
    /// Some thousand parts of a hundred thousand may agree with one name.
    const BITS: usize = 1 << 16;

    /// A word's bit.
    fn place(hash: u32) -> u16 {
        (hash.wrapping_mul(0x9e37_79b9) >> 16) as u16
    }

    pub(super) fn of(hashes: impl Iterator<Item = u32>) -> Self {
        let mut bits = Box::new([0; Self::BITS / 64]);
        hashes.map(|hash| usize::from(Self::place(hash))).for_each(|at| bits[at / 64] |= 1_u64 << (at % 64));
        Self { bits }
    }

    /// Whether a word may be in it.
    #[inline(always)]
    pub(super) fn may_hold(&self, hash: u32) -> bool {
        let place = Self::place(hash);
        self.bits[usize::from(place) / 64] >> (place % 64) & 1 == 1
    }
}

/// The parts that a person is hardly known without, a bit each: the first given and the first family name; of a name
/// whose parts are not told apart, the first and the last.
fn essential(tokens: &[Arc<Token>]) -> u8 {
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
