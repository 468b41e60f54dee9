//! How a name sounds, roughly and in any language: its consonants in nine classes.
//!
//! Double Metaphone and Beider-Morse know Europe's spellings. Names of the missing come from everywhere, through scripts
//! that write no vowels and through clerks of many languages (Gaddafi, Qadhafi, Kadhafi; Tschechow, Chekhov, Czechow). So
//! the key keeps only what nearly every romanisation keeps: the order of the consonants' classes, and whether a vowel
//! stands first. That is coarse; [`vowels_agree`] is the closer look where both sides do write their vowels.

/// A vowel at the beginning.
const OPEN: u64 = 1;
/// b p
const LIPS: u64 = 2;
/// f v w ph
const BREATH: u64 = 3;
/// d t th
const TEETH: u64 = 4;
/// k g q and hard c
const THROAT: u64 = 5;
/// s z sh ch j ts and their many spellings
const HISS: u64 = 6;
/// h kh
const ASPIRATE: u64 = 7;
/// l
const L: u64 = 8;
/// r
const R: u64 = 9;
/// m
const M: u64 = 10;
/// n
const N: u64 = 11;
/// A digit.
const DIGIT: u64 = 12;

/// Classes that a key holds.
const LENGTH: u32 = 15;

/// The classes in order, four bits each, the first one uppermost.
#[derive(Clone, Copy)]
struct Key {
    classes: u64,
    length: u32,
}

impl Key {
    fn push(&mut self, class: u64, after_vowel: bool) {
        let doubled = self.length > 0 && self.classes & 15 == class && !after_vowel;
        if !doubled && self.length < LENGTH {
            self.classes = self.classes << 4 | class;
            self.length += 1;
        }
    }
}

fn is_vowel(byte: u8) -> bool {
    matches!(byte, b'a' | b'e' | b'i' | b'o' | b'u' | b'y')
}

/// The key of a name in plain lower-case letters. `abjad`: its script writes few vowels, so that w and y may be some.
pub(super) fn key(name: &[u8], abjad: bool) -> u64 {
    let mut key = Key { classes: 0, length: 0 };
    let mut after_vowel = false;
    let mut at = 0;
    while at < name.len() {
        let (class, taken) = class(name, at, abjad);
        match class {
            Some(class) => {
                key.push(class, after_vowel);
                if class == THROAT && name[at] == b'x' {
                    key.push(HISS, false);
                }
                after_vowel = false;
            }
            None if is_vowel(name[at]) => {
                if at == 0 {
                    key.push(OPEN, false);
                }
                after_vowel = true;
            }
            None => {}
        }
        at += taken;
    }
    key.classes
}

/// How many classes a key holds.
pub(super) fn length(key: u64) -> u32 {
    (64 - key.leading_zeros()).div_ceil(4)
}

/// The class of the sound at a place, if it is one that is kept, and how many letters it takes.
fn class(name: &[u8], at: usize, abjad: bool) -> (Option<u64>, usize) {
    let letter = |place: usize| name.get(place).copied().unwrap_or(b' ');
    let (this, next) = (letter(at), letter(at + 1));
    let before_front_vowel = matches!(next, b'e' | b'i' | b'y');
    match this {
        b'b' => (Some(LIPS), 1 + usize::from(next == b'h')),
        b'p' if next == b'h' => (Some(BREATH), 2),
        b'p' => (Some(LIPS), 1),
        b'f' | b'v' => (Some(BREATH), 1),
        b'w' => (semivowel(name, at, abjad), 1),
        b't' | b'd' if matches!(next, b's' | b'z' | b'j') || (next == b'c' && letter(at + 2) == b'h') => (None, 1),
        b't' | b'd' => (Some(TEETH), 1 + usize::from(next == b'h')),
        b'k' if next == b'h' => (Some(ASPIRATE), 2),
        b'c' if next == b'h' && matches!(letter(at + 2), b'r' | b'l') => (Some(THROAT), 2),
        b'c' if next == b'h' || next == b'z' => (Some(HISS), 2),
        b'c' if before_front_vowel => (Some(HISS), 1),
        b'g' => (Some(THROAT), 1 + usize::from(next == b'h')),
        b'x' if at == 0 => (Some(HISS), 1),
        b'k' | b'c' | b'q' | b'x' => (Some(THROAT), 1),
        b's' if next == b'c' && letter(at + 2) == b'h' => (Some(HISS), 3),
        b's' | b'z' => (Some(HISS), 1 + usize::from(matches!(next, b'h' | b'z'))),
        b'j' => (Some(HISS), 1),
        b'h' => (aspirate(name, at, abjad), 1),
        b'l' => (Some(L), 1),
        b'r' => (Some(R), 1),
        b'm' => (Some(M), 1),
        b'n' => (Some(N), 1),
        b'0'..=b'9' => (Some(DIGIT), 1),
        _ => (None, 1),
    }
}

/// A w that is a consonant: not in a script where it may be a vowel, not in -ow and -own.
fn semivowel(name: &[u8], at: usize, abjad: bool) -> Option<u64> {
    let vowel = abjad || matches!(name.get(at + 1), None | Some(b'n'));
    (at == 0 || !vowel).then_some(BREATH)
}

/// An h that is heard: not at the end, not in a digraph, not in the hs of Hsiao.
fn aspirate(name: &[u8], at: usize, abjad: bool) -> Option<u64> {
    let last = at + 1 == name.len();
    let hiss = name.get(at + 1) == Some(&b's');
    let silent = if at == 0 { hiss } else { !is_vowel(name[at - 1]) };
    (!last && (abjad || !silent)).then_some(ASPIRATE)
}

/// Whether two names that are spelt with vowels have the same ones, in three classes (a, e and i, o and u), runs taken
/// as one and a vowel at the end left out.
pub(super) fn vowels_agree(a: &[u8], b: &[u8]) -> bool {
    vowels(a).eq(vowels(b))
}

/// Whether two names end in the same vowel or both in none: that often is the difference between a man's and a woman's.
/// An e alone is mute, and so is an h.
pub(super) fn ends_agree(a: &[u8], b: &[u8]) -> bool {
    let end = |name: &[u8]| {
        let name = name.strip_suffix(b"h").unwrap_or(name);
        match name {
            [.., before, b'e'] if !is_vowel(*before) => 0,
            [.., b'a'] => 1,
            [.., b'e' | b'i' | b'y'] => 2,
            [.., b'o' | b'u'] => 3,
            _ => 0,
        }
    };
    end(a) == end(b)
}

fn vowels(name: &[u8]) -> impl Iterator<Item = u8> {
    let class = |byte: u8| match byte {
        b'a' => 1,
        b'e' | b'i' | b'y' => 2,
        b'o' | b'u' => 3,
        _ => 0,
    };
    let inner = name.iter().rposition(|&byte| !is_vowel(byte)).map_or(0, |last| last + 1);
    let mut before = 0;
    name[..inner].iter().filter_map(move |&byte| {
        let this = class(byte);
        let told = this != 0 && before == 0;
        before = this;
        told.then_some(this)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(names: &[&str]) {
        for name in names {
            assert_eq!(key(names[0].as_bytes(), false), key(name.as_bytes(), false), "{} and {name}", names[0]);
        }
    }

    #[test]
    fn spellings_of_one_name_sound_alike() {
        same(&["gaddafi", "qadhafi", "kadafi", "gadhafi"]);
        same(&["chekhov", "tchekhov", "tschekhov"]);
        same(&["mohammed", "muhamad", "mohamad"]);
        same(&["dmitri", "dmytro", "dimitri"]);
        same(&["alexander", "aleksandr", "oleksandr"]);
        same(&["shevchenko", "schewtschenko", "szewczenko"]);
        same(&["philip", "filip"]);
    }

    #[test]
    fn a_script_without_vowels_sounds_like_one_with_them() {
        for (bare, full) in [("mhmd", "mohammed"), ("ywsf", "yusuf"), ("hsyn", "hussein"), ("qdhfy", "gaddafi")] {
            assert_eq!(key(bare.as_bytes(), true), key(full.as_bytes(), false), "{full}");
        }
    }

    #[test]
    fn other_consonants_sound_different() {
        assert_ne!(key(b"martin", false), key(b"marvin", false));
        assert_ne!(key(b"smith", false), key(b"jones", false));
        assert_eq!((length(key(b"martin", false)), length(0)), (4, 0));
    }

    #[test]
    fn vowels_tell_what_consonants_do_not() {
        assert!(!vowels_agree(b"hassan", b"hussein"));
        assert!(vowels_agree(b"mohammed", b"muhammed") && vowels_agree(b"yousuf", b"yusuf"));
    }
}
