//! Folding a name, in any script, to parts in plain lower-case letters.

use any_ascii::any_ascii;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// Particles belong to the name beside them, and clerks leave them out: they are not compared.
const PARTICLES: &[&str] = &[
    "al", "bin", "bint", "da", "das", "de", "del", "den", "der", "di", "do", "dos", "du", "el", "la", "las", "le",
    "los", "van", "von", "y", "e", "jr", "sr", "ii", "iii", "iv",
];

/// One part of a name, and which letters it has: parts with many different letters need no closer look.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Part {
    pub(super) text: Box<str>,
    letters: u32,
}

impl Part {
    fn new(text: String) -> Self {
        let letters = text.bytes().filter(u8::is_ascii_lowercase).fold(0, |set, b| set | 1 << (b - b'a'));
        Self { text: text.into(), letters }
    }

    /// How many letters only one of the two has: at most twice the edits that lead from one to the other.
    pub(super) fn letters_apart(&self, other: &Self) -> u32 {
        (self.letters ^ other.letters).count_ones()
    }

    /// The letter of an initial.
    pub(super) fn is_initial(&self) -> bool {
        self.text.len() == 1
    }
}

/// The parts of a name field. Hyphens divide, apostrophes and points join.
pub(super) fn parts(text: &str) -> Vec<Part> {
    let plain: String = text.nfkd().filter(|c| !unicode_normalization::char::is_combining_mark(*c)).collect();
    let plain = any_ascii(&plain).to_lowercase();
    let joined: String = plain.chars().filter(|c| !matches!(c, '\'' | '`' | '.')).collect();
    let words = joined.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let all: Vec<String> = words.map(str::to_owned).collect();
    let told: Vec<String> = all.iter().filter(|word| !PARTICLES.contains(&word.as_str())).cloned().collect();
    let kept = if told.is_empty() { all } else { told };
    kept.into_iter().map(Part::new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let found: Vec<String> = parts(text).into_iter().map(|part| part.text.into()).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn names_of_any_script_become_plain_letters() {
        check("O'Brien-Smith Jr.", &["obrien", "smith"]);
        check("DOÑA María", &["dona", "maria"]);
        check("de la Cruz", &["cruz"]);
        check("Müller", &["muller"]);
        check("Иванов", &["ivanov"]);
        check("La", &["la"]);
        check(" - ", &[]);
    }
}
