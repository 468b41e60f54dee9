//! How alike two tokens are, and what that is worth.
//!
//! Agreement is worth log2 of P(level | one person) over the chance to meet such a name in another person. For names that
//! are equal, or spellings or short forms of one name, that chance is the name's frequency. A slip of the pen is weighed
//! as the string it makes: with k = P(slip) / n, n strings one slip away and shares s, P(a, b | one person) = k (s(a) + s(b))
//! over (s(a) + k s(b)) (s(b) + k s(a)), since others of that name slip too: "Mario" is rarely a slip for "Maria", because so
//! many are called Mario, and "Mraia" nearly always is one. Names that sound alike are worth what two names of so many
//! consonants are unlikely to do by chance.

use rustc_hash::FxHashSet;

use super::edits::Pattern;
use super::folding::{Role, Token};
use super::frequency::{self, Shares};
use super::sounds;
use super::variants::VARIANTS;
use crate::model::Bits;

/// How alike two tokens are, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Likeness {
    Exact,
    Variant,
    Nickname,
    Sound,
    Close,
    Initial,
}

/// What two tokens that agree are worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Agreement {
    pub(super) bits: Bits,
    pub(super) likeness: Likeness,
}

/// A token of the query with the spellings and short forms of its name.
pub(super) struct Asked<'a> {
    pub(super) token: &'a Token,
    pattern: Pattern,
    variants: FxHashSet<u32>,
    /// Other forms of a family name, and those that only a family name has.
    forms: FxHashSet<u32>,
    family_forms: FxHashSet<u32>,
    nicknames: FxHashSet<u32>,
}

impl<'a> Asked<'a> {
    pub(super) fn new(token: &'a Token) -> Self {
        let variants = VARIANTS.of(token.form).chain(VARIANTS.of(token.plain)).collect();
        let told = |role: Role, forms: fn(&str) -> Vec<u32>| match token.role() == role || role == Role::Any {
            true => forms(&token.text).into_iter().collect(),
            false => FxHashSet::default(),
        };
        Self {
            token,
            pattern: Pattern::new(token.text.as_bytes()),
            variants,
            forms: told(Role::Any, frequency::forms),
            family_forms: told(Role::Family, frequency::family_forms),
            nicknames: frequency::nicknames(token.plain).collect(),
        }
    }

    /// Every spelling that it may have, by hash.
    pub(super) fn spellings(&self) -> impl Iterator<Item = u32> {
        let own = [self.token.form, self.token.plain];
        own.into_iter()
            .chain([&self.variants, &self.forms, &self.family_forms, &self.nicknames].into_iter().flatten().copied())
    }

    /// Whether a hash is that of a spelling listed beside its form.
    pub(super) fn is_listed(&self, hash: u32) -> bool {
        match self.token.form == self.token.plain {
            true => self.variants.contains(&hash),
            false => VARIANTS.of(self.token.form).any(|spelling| spelling == hash),
        }
    }

    /// How alike the two are, and what that is worth.
    pub(super) fn agreement(&self, other: &Token, shares: &Shares<'_>) -> Option<Agreement> {
        let model = &shares.model.names;
        let likeness = self.likeness(other)?;
        let role = shared_role(self.token.role(), other.role());
        let [a, b] = [self.token, other].map(|token| shares.of(token, role));
        let across = self.token.is_lossy() != other.is_lossy();
        let ratio = match likeness {
            Likeness::Exact => model.exact / f64::midpoint(a, b),
            Likeness::Variant => (if across { model.across_scripts } else { model.variant }) / (2.0 * a.max(b)),
            Likeness::Nickname => model.nickname / (3.0 * f64::midpoint(a, b)),
            Likeness::Sound => {
                let written = if across { model.sound_across_scripts } else { model.sound };
                let length = sounds::length(self.token.sound).min(sounds::length(other.sound));
                let chance = model.sound_by_chance * model.sounds_apart.powi(-(length as i32));
                let slip = if across { 0.0 } else { self.slip(other, shares, role) };
                f64::max(written / (chance + a.max(b)), slip).min(0.9 * model.exact / a.max(b))
            }
            // No slip tells more than the name itself.
            Likeness::Close => self.slip(other, shares, role).min(0.9 * model.exact / a.max(b)),
            Likeness::Initial => model.initial_ratio,
        };
        let bits = Bits::of_ratio(ratio).within(Bits::from_f64(-1.0), Bits::from_f64(model.part_cap_bits));
        (likeness != Likeness::Close || bits > Bits::ZERO).then_some(Agreement { bits, likeness })
    }

    fn likeness(&self, other: &Token) -> Option<Likeness> {
        let this = self.token;
        if this.is_initial() || other.is_initial() {
            let [a, b] = [this, other].map(|token| token.text.as_bytes().first());
            return (a == b).then_some(Likeness::Initial);
        }
        if this.form == other.form && this.text == other.text {
            return Some(Likeness::Exact);
        }
        if self.is_variant(other) {
            return Some(Likeness::Variant);
        }
        if self.nicknames.contains(&other.plain) || is_short_form(this, other) {
            return Some(Likeness::Nickname);
        }
        if this.sound == other.sound && self.sounds_alike(other) {
            return Some(Likeness::Sound);
        }
        let close = !this.is_lossy() && !other.is_lossy() && self.may_be_slip(other);
        // Nobody adds two letters to the end by a slip: Michel and Michelet.
        let [a, b] = [&*this.text, &*other.text];
        let longer = a.len().abs_diff(b.len()) > 1 && (a.starts_with(b) || b.starts_with(a));
        let spelling = || a.len().min(b.len()) >= 6 && !is_mans_and_womans(a, b) && !is_mans_and_womans(b, a);
        match close && !longer {
            true if spelling() && self.shares_spelling(other) => Some(Likeness::Variant),
            true => Some(Likeness::Close),
            false => None,
        }
    }

    /// Whether the other is as many slips away as its length allows.
    #[inline(always)]
    pub(super) fn may_be_slip(&self, other: &Token) -> bool {
        let [this, that] = [self.token, other].map(|token| token.text.len());
        let most = slips(this.max(that));
        this.abs_diff(that) <= most
            && self.token.letters_apart(other) as usize <= 2 * most
            && self.slips(other).is_some()
    }

    /// How many slips away the other is, if they are not too many.
    fn slips(&self, other: &Token) -> Option<usize> {
        self.pattern.edits(other.text.as_bytes(), slips(self.token.text.len().max(other.text.len())))
    }

    /// Whether the other is a spelling of the same name. Signs that are read alike are not, within one script.
    fn is_variant(&self, other: &Token) -> bool {
        if self.token.is_lossy() && other.is_lossy() {
            return VARIANTS.of(self.token.form).any(|spelling| spelling == other.form);
        }
        let roles = [self.token.role(), other.role()];
        let [a, b] = [&*self.token.text, &*other.text];
        if roles != [Role::Family; 2] && (is_mans_and_womans(a, b) || is_mans_and_womans(b, a)) {
            return !roles.contains(&Role::Given) && self.forms.contains(&other.plain);
        }
        self.variants.contains(&other.form)
            || self.variants.contains(&other.plain)
            || (!roles.contains(&Role::Given) && self.forms.contains(&other.plain))
            || (roles == [Role::Family; 2] && self.family_forms.contains(&other.plain))
    }

    /// Whether both are listed beside a spelling that they have in common.
    fn shares_spelling(&self, other: &Token) -> bool {
        VARIANTS.of(other.plain).any(|spelling| self.variants.contains(&spelling))
    }

    /// Whether two names with the same consonants sound the same.
    fn sounds_alike(&self, other: &Token) -> bool {
        let this = self.token;
        let length = sounds::length(this.sound);
        let [a, b] = [this, other].map(|token| token.text.as_bytes());
        if this.is_lossy() != other.is_lossy() {
            // Across scripts the vowels may be missing; where both write them they have to agree.
            return length >= 2 && (this.has_vague_vowels() || other.has_vague_vowels() || sounds::vowels_agree(a, b));
        }
        if this.is_lossy() {
            let known = VARIANTS.knows(this.form) && VARIANTS.knows(other.form);
            return a == b || (!known && length >= 3 && self.pattern.edits(b, 1).is_some());
        }
        let families = [this, other].iter().all(|token| token.role() == Role::Family);
        let ends_agree = families || sounds::ends_agree(a, b);
        let known = is_known(this) && is_known(other);
        // Two names that many have are two names, if they are further apart than by a slip.
        let two_names = known && frequency::is_listed(this.plain) && frequency::is_listed(other.plain);
        let near = || !two_names || self.pattern.edits(b, 1).is_some();
        let alike = ends_agree && (self.shares_spelling(other) || (sounds::vowels_agree(a, b) && near()));
        (length >= 2 && alike) || (!known && length >= 3 && self.pattern.edits(b, a.len().max(b.len()) / 3).is_some())
    }

    /// The likelihood ratio of a slip of the pen.
    fn slip(&self, other: &Token, shares: &Shares<'_>, role: Role) -> f64 {
        let model = &shares.model.names;
        let [a, b] = [self.token, other].map(|token| shares.of_string(token, role));
        let slip = match self.slips(other) {
            Some(0 | 1) => model.slip / model.slip_spellings,
            Some(_) => model.two_slips / model.slip_spellings.powi(2) * 2.0,
            None => return 0.0,
        };
        slip * (a + b) / ((a + slip * b) * (b + slip * a))
    }
}

/// Whether it is a name that somebody has, as far as the tables know.
fn is_known(token: &Token) -> bool {
    VARIANTS.knows(token.plain) || frequency::is_listed(token.plain)
}

/// Whether two given names are one name's for a man and for a woman: Martin and Martina, Mario and Maria.
fn is_mans_and_womans(mans: &str, womans: &str) -> bool {
    womans
        .strip_suffix('a')
        .is_some_and(|stem| mans == stem || mans.strip_suffix(['o', 'i', 'e']) == Some(stem) && stem.len() > 3)
}

/// Whether one is the end of the other: Oluwaseun is called Seun.
#[inline(always)]
pub(super) fn is_short_form(a: &Token, b: &Token) -> bool {
    let (short, long) = if a.text.len() < b.text.len() { (a, b) } else { (b, a) };
    // Nearly every two end here.
    if short.text.len() < 4 || long.text.len() < 8 {
        return false;
    }
    let given = |token: &Token| token.role() != Role::Family && !token.is_lossy();
    given(a) && given(b) && long.text.ends_with(&*short.text)
}

/// The slips that a name of this length may have.
fn slips(length: usize) -> usize {
    match length {
        0..=2 => 0,
        3..=6 => 1,
        _ => 2,
    }
}

/// The role whose frequencies a pair is weighed by.
fn shared_role(a: Role, b: Role) -> Role {
    match (a, b) {
        (Role::Family, Role::Family) => Role::Family,
        (Role::Given | Role::Middle, Role::Given | Role::Middle) => Role::Given,
        _ => Role::Any,
    }
}
