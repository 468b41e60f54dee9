//! Folding a name, in any script, to tokens in plain lower-case letters.
//!
//! Titles, particles and generations are taken off, because clerks leave them out; what is written apart or together at
//! will (Mc Donald, Abd al-Rahman, Nur ad-Din) is put together. [`super::scripts`] knows what the scripts need.

use std::hash::{Hash, Hasher};

use any_ascii::any_ascii;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use unicode_normalization::UnicodeNormalization;

use super::scripts::{self, Script};
use super::sounds;

/// Words that belong to the name beside them.
const PARTICLES: &[&str] = &[
    "al", "bin", "bint", "ibn", "binti", "da", "das", "de", "del", "dela", "dem", "den", "der", "di", "do", "dos",
    "du", "el", "la", "las", "le", "los", "ter", "van", "vande", "vanden", "vander", "von", "vom", "zu", "zur", "of",
    "ul", "ur", "e", "y", "i", "und", "and", "nee", "aka", "dit", "alias", "zum", "af", "av", "ould",
];

/// Articles that assimilate to the name they are hyphenated to: ash-Sharif, ar-Rashid.
const ARTICLES: &[&str] = &[
    "al", "el", "ul", "ol", "ar", "ur", "er", "as", "us", "es", "ash", "ush", "esh", "ad", "ud", "ed", "at", "et",
    "an", "un", "en", "az", "uz", "ez", "adh", "ath",
];

/// Forms of address, ranks and degrees, in the languages' own forms.
const TITLES: &[&str] = &[
    "mr",
    "mrs",
    "ms",
    "mister",
    "madam",
    "sir",
    "dr",
    "prof",
    "professor",
    "phd",
    "md",
    "esq",
    "reverend",
    "capt",
    "lt",
    "lieutenant",
    "sgt",
    "cpl",
    "pvt",
    "sra",
    "srta",
    "senor",
    "senora",
    "senorita",
    "lic",
    "herr",
    "frau",
    "fraulein",
    "hr",
    "dipl",
    "monsieur",
    "madame",
    "mademoiselle",
    "mme",
    "mlle",
    "maitre",
    "signor",
    "signora",
    "dott",
    "dottor",
    "dottssa",
    "hajj",
    "hajji",
    "alhaj",
    "alhajj",
    "shaykh",
    "mullah",
    "maulana",
    "mawlawi",
    "ayatollah",
    "pani",
    "gospodin",
    "gospozha",
    "smt",
    "hanim",
    "bayan",
    "efendi",
    "corporal",
    "lieut",
    "lcdr",
    "cmdr",
];

/// Titles that are names too: titles where a point or at least two more words follow.
const TITLES_OR_NAMES: &[&str] = &[
    "adm",
    "admiral",
    "bay",
    "captain",
    "col",
    "colonel",
    "dame",
    "doctor",
    "don",
    "dona",
    "emir",
    "father",
    "fr",
    "gen",
    "general",
    "hadji",
    "haj",
    "haji",
    "hon",
    "imam",
    "ing",
    "king",
    "kumari",
    "lady",
    "lord",
    "mag",
    "maj",
    "major",
    "miss",
    "pan",
    "pandit",
    "president",
    "prince",
    "princess",
    "queen",
    "rev",
    "sayyid",
    "sergeant",
    "sheik",
    "sheikh",
    "shaikh",
    "shri",
    "sig",
    "sr",
    "sri",
    "syed",
    "ustad",
];

/// One word of a name.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Token {
    pub(super) text: SmolStr,
    /// [`sounds::key`].
    pub(super) sound: u64,
    /// Hash of the word in its own script where the plain letters lose something; otherwise that of the plain letters.
    pub(super) form: u32,
    /// Hash of the plain letters.
    pub(super) plain: u32,
    /// The letters that occur, a bit each; above them the role and the script, and the first letter's bit from
    /// [`FIRST`] on.
    marks: u64,
}

impl Hash for Token {
    /// By its own hashes.
    fn hash<H: Hasher>(&self, state: &mut H) {
        (u64::from(self.form) << 32 ^ u64::from(self.plain) ^ self.marks.rotate_left(16)).hash(state);
    }
}

impl Token {
    /// A number that hardly any two tokens share.
    pub(super) fn number(&self) -> u32 {
        let mixed = u64::from(self.form) << 32 ^ u64::from(self.plain) ^ self.marks.rotate_left(16) ^ self.sound;
        (mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as u32
    }
}

/// What a token is in its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    /// A given name.
    Given,
    /// A middle name.
    Middle,
    /// A family name.
    Family,
    /// One of a name whose parts are not told apart.
    Any,
}

const LETTERS: u64 = (1 << 26) - 1;
const ROLE: u32 = 26;
const VAGUE: u64 = 1 << 28;
const LOSSY: u64 = 1 << 29;
const FIRST: u32 = 32;

impl Token {
    /// A word in plain letters, and in its own script if the letters do not say all of it.
    pub(super) fn new(text: String, own: Option<(&str, Script)>, role: Role) -> Self {
        let letters = |bytes: &[u8]| {
            bytes.iter().filter(|byte| byte.is_ascii_lowercase()).fold(0, |set: u64, byte| set | 1 << (byte - b'a'))
        };
        let plain = hash(text.as_bytes());
        let script = own.map_or(Script::Latin, |(_, script)| script);
        let abjad = script == Script::Abjad;
        let vague = matches!(script, Script::Abjad | Script::Abugida | Script::Hangul);
        Self {
            sound: sounds::key(text.as_bytes(), abjad),
            form: own.map_or(plain, |(word, _)| hash(word.as_bytes())),
            plain,
            marks: letters(text.as_bytes())
                | letters(&text.as_bytes()[..text.len().min(1)]) << FIRST
                | (role as u64) << ROLE
                | if vague { VAGUE } else { 0 }
                | if own.is_some() { LOSSY } else { 0 },
            text: text.into(),
        }
    }

    /// How many letters only one of the two has: at most twice the edits that lead from one to the other.
    #[inline(always)]
    pub(super) fn letters_apart(&self, other: &Self) -> u32 {
        ((self.marks ^ other.marks) & LETTERS).count_ones()
    }

    /// The letters that occur, a bit each.
    pub(super) fn letters(&self) -> u32 {
        (self.marks & LETTERS) as u32
    }

    /// The first letter's bit; 0: it is a digit.
    pub(super) fn first(&self) -> u32 {
        (self.marks >> FIRST) as u32
    }

    pub(super) fn role(&self) -> Role {
        [Role::Given, Role::Middle, Role::Family, Role::Any][(self.marks >> ROLE & 3) as usize]
    }

    /// Whether its script writes few vowels, or such that every clerk transcribes differently.
    pub(super) fn has_vague_vowels(&self) -> bool {
        self.marks & VAGUE != 0
    }

    /// Whether its script loses something in plain letters.
    pub(super) fn is_lossy(&self) -> bool {
        self.marks & LOSSY != 0
    }

    /// The letter of an initial. One sign of another script is a name.
    pub(super) fn is_initial(&self) -> bool {
        self.text.len() == 1 && !self.is_lossy()
    }
}

/// FNV-1a, which the tables of spellings are searched by: the same on every machine.
pub(super) fn hash(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash: u32, &byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// A name field in words.
pub(super) struct Words {
    pub(super) words: Vec<Word>,
    /// I for senior, II for junior and so on; 0: not said.
    pub(super) generation: u8,
}

/// One word, in its script and in plain letters.
pub(super) struct Word {
    pub(super) own: String,
    pub(super) plain: String,
    pub(super) script: Script,
    /// Whether a hyphen leads to the next word.
    hyphen: bool,
    /// Whether a point follows.
    point: bool,
    /// Whether it is written small.
    small: bool,
}

impl Word {
    fn new(written: &str, follower: Option<char>) -> Option<Self> {
        let small = written.chars().next().is_some_and(char::is_lowercase);
        let (own, script) = scripts::own(&written.to_lowercase());
        let plain: String = any_ascii(&scripts::readable(&own, script)).to_lowercase();
        let plain: String = plain.chars().filter(char::is_ascii_alphanumeric).collect();
        let hyphen = matches!(follower, Some('-' | '\u{2010}' | '\u{2011}' | '\u{2013}'));
        let plain = scripts::respell(plain, script);
        (!plain.is_empty()).then_some(Self { own, plain, script, hyphen, point: follower == Some('.'), small })
    }

    /// Its token.
    pub(super) fn token(self, role: Role) -> Token {
        let own = scripts::is_lossy(self.script).then_some((self.own.as_str(), self.script));
        Token::new(self.plain, own, role)
    }

    /// Its two words, the first up to a place in its own script.
    pub(super) fn divide(self, at: usize) -> Vec<Self> {
        let (first, second) = self.own.split_at(at);
        Self::new(first, None).into_iter().chain(Self::new(second, None)).collect()
    }

    /// One word of two.
    fn joined(self, next: &Self) -> Self {
        let script = if self.script == next.script { self.script } else { Script::Latin };
        Self { own: self.own + &next.own, plain: self.plain + &next.plain, script, ..self }
    }
}

/// The words of a name field that are compared. A `whole` name does not begin with a particle: Le and Do are family names
/// that stand first.
pub(super) fn words(text: &str, whole: bool) -> Words {
    let mut words = split(text);
    take_placeholders(&mut words);
    let generation = take_generation(&mut words);
    take_titles(&mut words);
    take_particles(&mut words, whole);
    Words { words: join(words), generation }
}

fn split(text: &str) -> Vec<Word> {
    let text: String = text.nfkc().filter(|&c| !scripts::is_dropped(c)).collect();
    let mut words = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices() {
        match (scripts::is_letter(c), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                words.extend(Word::new(&text[from..at], Some(c)));
                start = None;
            }
            _ => {}
        }
    }
    words.extend(start.and_then(|from| Word::new(&text[from..], None)));
    words
}

/// What clerks write where they do not know the name (first, last and middle name unknown; no middle name or initial).
const PLACEHOLDERS: &[&str] =
    &["fnu", "lnu", "mnu", "nmn", "nmi", "nfn", "nln", "unk", "unknown", "unidentified", "unnamed"];
/// The names of those who have none, and what stands before them.
const NOBODY: (&[&str], &[&str]) =
    (&["doe", "roe", "male", "female"], &["john", "jane", "baby", "unknown", "unidentified", "unnamed", "unk"]);

/// Whether given and family name are those of somebody who has none: John Doe.
pub(super) fn is_nobody(given: Option<&str>, family: Option<&str>) -> bool {
    let is = |names: &[&str], text: Option<&str>| {
        text.is_some_and(|text| names.iter().any(|name| name.eq_ignore_ascii_case(text.trim())))
    };
    is(NOBODY.0, family) && (given.is_none() || is(NOBODY.1, given))
}

/// Takes off what is nobody's name. Of a name that is nothing else, nothing is left.
fn take_placeholders(words: &mut Vec<Word>) {
    let nobody = words.iter().any(|word| NOBODY.0.contains(&word.plain.as_str()))
        && words.iter().all(|word| NOBODY.0.contains(&word.plain.as_str()) || NOBODY.1.contains(&word.plain.as_str()))
        && words.len() > 1;
    let unknown = words.iter().any(|word| matches!(word.plain.as_str(), "unknown" | "unidentified"));
    words.retain(|word| {
        let plain = word.plain.as_str();
        let what = matches!(plain, "male" | "female" | "man" | "woman" | "person" | "body" | "remains" | "name");
        !(nobody || PLACEHOLDERS.contains(&plain) || (unknown && what))
    });
}

fn take_generation(words: &mut Vec<Word>) -> u8 {
    let Some(last) = words.last().filter(|_| words.len() > 1) else { return 0 };
    let generation = match last.plain.as_str() {
        "sr" | "senior" => 1,
        "jr" | "junior" | "ii" | "2nd" => 2,
        "iii" | "3rd" => 3,
        "iv" | "4th" => 4,
        _ => return 0,
    };
    words.pop();
    generation
}

fn take_titles(words: &mut Vec<Word>) {
    while words.len() > 1 {
        let first = &words[0];
        let plain = first.plain.as_str();
        let title = TITLES.contains(&plain) || scripts::is_title(&first.own);
        if !title && !(TITLES_OR_NAMES.contains(&plain) && (first.point || words.len() > 2)) {
            break;
        }
        words.remove(0);
    }
    while words.len() > 2 {
        let last = &words[words.len() - 1];
        let title = matches!(last.plain.as_str(), "phd" | "md" | "esq" | "bey" | "hanim" | "sama" | "efendi" | "dds");
        if !title && !scripts::is_title(&last.own) {
            break;
        }
        words.pop();
    }
}

/// A particle stands before a name: the last word is none.
fn take_particles(words: &mut Vec<Word>, whole: bool) {
    let last = words.len().saturating_sub(1);
    let taken: Vec<bool> = words
        .iter()
        .enumerate()
        .map(|(at, word)| {
            let plain = word.plain.as_str();
            let letter = plain.len() == 1;
            let small = !letter || (word.small && at > 0 && !word.point);
            let particle = PARTICLES.contains(&plain) && small && at < last && !word.hyphen && !(whole && at == 0);
            let article = word.hyphen && ARTICLES.contains(&plain);
            let son_of = plain == "ben" && at > 0 && at < last;
            particle || article || son_of || (at < last && scripts::is_particle(&word.own))
        })
        .collect();
    let mut taken = taken.into_iter();
    words.retain(|_| taken.next() != Some(true));
}

/// Puts together what is written apart at will.
fn join(words: Vec<Word>) -> Vec<Word> {
    let mut joined: Vec<Word> = Vec::with_capacity(words.len());
    for word in words {
        let first_half = joined.last().is_some_and(|before| {
            let point = before.point;
            matches!(
                before.plain.as_str(),
                "mc" | "mac" | "abd" | "abdul" | "abdel" | "abdal" | "abdol" | "abdoul" | "abdur"
            ) || (before.plain == "o" && !point && !word.point && word.plain.len() > 2)
        });
        let second_half = !joined.is_empty()
            && matches!(word.plain.as_str(), "din" | "dine" | "deen" | "uddin" | "eddine" | "eddin" | "addin" | "dyn");
        match joined.pop() {
            Some(before) if first_half || second_half => {
                let whole = before.joined(&word);
                let plain = scripts::respell(whole.plain, Script::Latin);
                joined.push(Word { plain, ..whole });
            }
            before => {
                joined.extend(before);
                joined.push(word);
            }
        }
    }
    joined
}

/// Whether the name is written "family, given".
pub(super) fn comma(text: &str) -> Option<(&str, &str)> {
    text.split_once([',', '，', '、', '،'])
        .filter(|(family, given)| !family.trim().is_empty() && !given.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let found: Vec<String> = words(text, false).words.into_iter().map(|word| word.plain).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn names_of_any_script_become_plain_letters() {
        check("O'Brien-Smith Jr.", &["obrien", "smith"]);
        check("Doña María Peña", &["maria", "pena"]);
        check("de la Cruz", &["cruz"]);
        check("Müller", &["muller"]);
        check("Иванов", &["ivanov"]);
        check("La", &["la"]);
        check(" - ", &[]);
        check("محمد", &["mhmd"]);
        check("Đặng Văn Đức", &["dang", "duc"]);
    }

    #[test]
    fn what_is_written_apart_at_will_is_put_together() {
        check("Mc Donald", &["mcdonald"]);
        check("MacDonald", &["mcdonald"]);
        check("O Brien", &["obrien"]);
        check("Abd al-Rahman", &["abdrahman"]);
        check("Abdulrahman", &["abdrahman"]);
        check("عبد الرحمن", &["abdrhmn"]);
        check("Nur ad-Din", &["nurdin"]);
        check("Nooruddin", &["noordin"]);
    }

    #[test]
    fn titles_and_generations_are_taken_off() {
        check("Dr. John Smith", &["john", "smith"]);
        check("Don King", &["don", "king"]);
        check("J. R. Smith", &["j", "r", "smith"]);
        assert_eq!(words("John Smith Jr", true).generation, 2);
        assert_eq!(comma("Smith, John"), Some(("Smith", " John")));
    }
}
