//! The words of one language, from its table: what each is, and what a slip of the pen was meant to be.
//!
//! Terms are the same in every language ([`super::terms`]); what no table knows stays a word as it stands. Which language
//! a text is in is the business of [`super::language()`].

use rustc_hash::{FxHashMap, FxHashSet};

use super::measure::Measure;
use super::reading::Domain;
use super::terms::TERMS;
use crate::record::FeatureKind;

/// What a word or phrase is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sense {
    /// Says nothing of a mark.
    Filler,
    /// What follows is not there.
    Not,
    /// What follows is there again.
    But,
    /// Another mark may follow.
    Join,
    /// Bit 0: left, bit 1: right.
    Side(u8),
    /// A site of the body: its place in the list.
    Site(u8),
    /// A sort of mark, and the word for it where the code does not say all.
    Kind(FeatureKind, Option<&'static str>),
    /// A sort of thing.
    Thing(&'static str),
    /// A size, or another of a few values; or the word for one of which none follows.
    Measure(Measure),
    /// Every other word that tells.
    Term(&'static str),
}

/// The words of a language.
#[derive(Default)]
pub(in crate::attribute) struct Vocabulary {
    /// The language that is mixed into this one: what a word means that is none of this.
    under: Option<&'static Self>,
    /// By domain.
    senses: [FxHashMap<Box<str>, Sense>; 2],
    /// First words of phrases.
    phrases: FxHashSet<Box<str>>,
    /// Words, and words less one letter: the known words they may be.
    slips: FxHashMap<Box<str>, Vec<Box<str>>>,
    /// Words that are shortened with a full stop.
    shortened: FxHashSet<&'static str>,
    /// Words that do not tell the language of a text.
    unsure: FxHashSet<&'static str>,
    /// What words take in the plural, by their ends.
    plurals: Vec<(&'static str, &'static str)>,
    /// What stands before a vowel in one word with it.
    elided: Vec<&'static str>,
    /// Whether the side is said after the site.
    side_follows: bool,
}

impl Vocabulary {
    /// From the table of a language, which may stand over another.
    pub(super) fn read(table: &'static str, under: Option<&'static Self>) -> Self {
        let mut vocabulary = Self { under, ..Self::default() };
        for (class, head, said) in entries(table) {
            vocabulary.enter(class, head, said);
        }
        vocabulary
    }

    /// With words that are only known to be words, a line each.
    pub(super) fn knowing(mut self, words: &str) -> Self {
        words.lines().filter(|line| !line.starts_with('#')).for_each(|word| self.learn_spelling(word));
        self
    }

    /// Takes a line of the table in.
    fn enter(&mut self, class: &str, head: &'static str, said: &'static str) {
        let words = || said.split(' ').filter(|word| !word.is_empty());
        match class {
            "plural" => self.plurals.extend(head.split(' ').map(|end| (end, said))),
            "elided" => self.elided.extend(words()),
            "order" => self.side_follows = head == "side",
            "short" => self.shortened.extend(words()),
            "name" => self.unsure.extend(words()),
            "known" => self.forms(said, true).iter().for_each(|form| self.learn_spelling(form)),
            _ => self.enter_sense(class, head, said),
        }
    }

    fn enter_sense(&mut self, class: &str, head: &'static str, said: &'static str) {
        let name = first(head);
        let sense = match class {
            "filler" => Sense::Filler,
            "no" => Sense::Not,
            "but" => Sense::But,
            "join" => Sense::Join,
            "side" => Sense::Side(match name {
                "left" => 1,
                "right" => 2,
                _ => 3,
            }),
            "site" => TERMS.site(name).map_or(Sense::Filler, Sense::Site),
            "kind" => {
                let kind = FeatureKind::parse(name).unwrap_or(FeatureKind::Other);
                Sense::Kind(kind, head.split(' ').nth(1))
            }
            "thing" => Sense::Thing(name),
            _ => Measure::of_term(name).map_or(Sense::Term(name), Sense::Measure),
        };
        let (own, mixed) = said.split_once('|').unwrap_or((said, ""));
        self.unsure.extend(mixed.split(' '));
        let words = own.split(' ').chain(mixed.split(' '));
        if self.under.is_some() {
            // The word of another language for what is none of the text's domain is that term, as in the first.
            let term = Sense::Term(head.split(' ').next_back().unwrap_or(name));
            let senses = match sense {
                Sense::Side(_) | Sense::Site(_) | Sense::Kind(..) => [sense, term],
                Sense::Thing(_) => [term, sense],
                _ => [sense, sense],
            };
            let domains = if class == "worn" { 1..2 } else { 0..2 };
            let bend = !matches!(sense, Sense::Filler | Sense::Not | Sense::But | Sense::Join);
            for form in self.forms(own, bend) {
                domains.clone().for_each(|domain| self.learn(domain, &form, senses[domain]));
            }
            return;
        }
        let domains = match sense {
            Sense::Side(_) | Sense::Site(_) | Sense::Kind(..) => 0..1,
            Sense::Thing(_) => 1..2,
            _ => 0..2,
        };
        let own = head.split(' ').next_back().filter(|_| class == "kind").unwrap_or(name);
        for word in words.chain([name, own]).filter(|word| !word.is_empty() && *word != "-") {
            domains.clone().for_each(|domain| self.learn(domain, word, sense));
        }
    }

    /// The words of a line, each with its forms; those that do not `bend` only with what their lines say.
    fn forms(&self, said: &str, bend: bool) -> Vec<String> {
        let words = said.split(' ').filter(|word| !word.is_empty());
        let forms = |word: &str| if bend || word.contains('/') { self.forms_of(word) } else { vec![word.to_owned()] };
        words.flat_map(forms).collect()
    }

    /// A word of the table with its other gender, its plurals, and what is written in one with it.
    fn forms_of(&self, word: &str) -> Vec<String> {
        let (word, other) = word.split_once('/').map_or((word, None), |(word, other)| (word, Some(other)));
        let stem = |other: &str| word.strip_suffix('o').filter(|_| other == "a").unwrap_or(word).to_owned();
        let mut forms = vec![word.to_owned()];
        forms.extend(other.map(|other| stem(other) + other));
        let plurals = |form: &String| {
            let plural = self.plurals.iter().filter(|(end, _)| form.ends_with(end));
            plural.map(|(_, takes)| format!("{form}{takes}")).collect::<Vec<_>>()
        };
        let plurals: Vec<String> = forms.iter().flat_map(plurals).collect();
        forms.extend(plurals);
        let vowels = forms.iter().filter(|form| form.starts_with(['a', 'e', 'i', 'o', 'u', 'h']));
        let elided: Vec<String> =
            vowels.flat_map(|form| self.elided.iter().map(move |before| format!("{before}{form}"))).collect();
        forms.extend(elided);
        forms
    }

    fn learn(&mut self, domain: usize, word: &str, sense: Sense) {
        match word.split_once('_') {
            Some((first, _)) => drop(self.phrases.insert(first.into())),
            None => self.learn_spelling(word),
        }
        self.senses[domain].entry(word.into()).or_insert(sense);
    }

    fn learn_spelling(&mut self, word: &str) {
        if word.len() < SHORTEST {
            return;
        }
        for less in lessened(word).chain([word.to_owned()]) {
            let known = self.slips.entry(less.into()).or_default();
            if !known.iter().any(|known| **known == *word) {
                known.push(word.into());
            }
        }
    }

    /// What a word or phrase is among marks or things.
    pub(super) fn sense(&self, domain: Domain, word: &str) -> Option<Sense> {
        self.own_sense(domain, word).or_else(|| self.under?.sense(domain, word))
    }

    /// The same by this language's own table.
    pub(super) fn own_sense(&self, domain: Domain, word: &str) -> Option<Sense> {
        self.senses[domain as usize].get(word).copied()
    }

    /// Whether a phrase may begin with it.
    pub(super) fn begins_phrase(&self, word: &str) -> bool {
        self.phrases.contains(word) || self.under.is_some_and(|under| under.begins_phrase(word))
    }

    /// Whether a full stop after it is part of it.
    pub(super) fn is_shortened(&self, word: &str) -> bool {
        self.shortened.contains(word) || self.under.is_some_and(|under| under.is_shortened(word))
    }

    /// Whether the side is said after the site.
    pub(super) const fn side_follows(&self) -> bool {
        self.side_follows
    }

    /// Whether the word is of this language's own table and of no other use.
    pub(super) fn is_sure(&self, domain: Domain, word: &str) -> bool {
        self.own_sense(domain, word).is_some() && !self.unsure.contains(word)
    }

    /// Whether it is a word, and none of another language that is mixed in.
    pub(super) fn knows(&self, word: &str) -> bool {
        let sense = self.senses.iter().any(|senses| senses.contains_key(word));
        (sense || self.slips.get(word).is_some_and(|known| known.iter().any(|known| **known == *word)))
            && !self.unsure.contains(word)
    }

    /// The known word that this is a slip of the pen for: one letter more, less, changed or two swapped.
    pub(super) fn mended(&self, word: &str) -> Option<&str> {
        if word.len() < SHORTEST || !word.bytes().all(|byte| byte.is_ascii_lowercase()) {
            return None;
        }
        let may_be = |less: &str| self.slips.get(less).into_iter().flatten().map(|known| &**known);
        if let Some(known) = may_be(word).find(|known| *known == word) {
            return Some(known);
        }
        if self.under.is_some_and(|under| under.knows(word)) {
            return None;
        }
        let near = |known: &&str| strsim::osa_distance(known, word) == 1;
        let mut found: Vec<&str> = may_be(word).filter(near).collect();
        for less in lessened(word) {
            found.extend(may_be(&less).filter(near));
        }
        found.sort_unstable();
        found.dedup();
        // The first letter is seldom the wrong one; between several nobody can tell.
        let first: Vec<&&str> = found.iter().filter(|known| known.as_bytes()[0] == word.as_bytes()[0]).collect();
        match (&first[..], &found[..]) {
            ([one], _) => Some(one),
            ([], [one]) => Some(one),
            _ => None,
        }
    }
}

/// Shorter words are as often another word as a slip.
pub(super) const SHORTEST: usize = 5;

/// The lines of a table: class, head, what is read as it.
pub(super) fn entries(table: &'static str) -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    table.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).map(|line| {
        let (class, rest) = line.split_once(' ').unwrap_or((line, ""));
        let (head, said) = rest.split_once(':').unwrap_or((rest, ""));
        (class, head, said.trim_start())
    })
}

pub(super) fn first(head: &'static str) -> &'static str {
    head.split(' ').next().unwrap_or(head)
}

fn lessened(word: &str) -> impl Iterator<Item = String> {
    (0..word.len())
        .filter(|at| word.is_char_boundary(*at) && word.is_char_boundary(at + 1))
        .map(|at| format!("{}{}", &word[..at], &word[at + 1..]))
}

#[cfg(test)]
mod tests {
    use super::super::language::{ENGLISH, FRENCH, SPANISH};
    use super::*;

    #[test]
    fn words_have_senses() {
        let site = |name: &str| TERMS.site(name).expect("a site");
        assert_eq!(ENGLISH.sense(Domain::Body, "wrst"), Some(Sense::Site(site("wrist"))));
        assert_eq!(ENGLISH.sense(Domain::Body, "healed_wound"), Some(Sense::Kind(FeatureKind::Scar, None)));
        assert_eq!(ENGLISH.sense(Domain::Body, "birth_mark"), Some(Sense::Kind(FeatureKind::Scar, Some("birthmark"))));
        assert_eq!(ENGLISH.sense(Domain::Body, "lft"), Some(Sense::Side(1)));
        assert_eq!(ENGLISH.sense(Domain::Things, "trousers"), Some(Sense::Thing("pants")));
        assert_eq!(ENGLISH.sense(Domain::Body, "laquita"), None);
    }

    #[test]
    fn a_slip_of_the_pen_is_mended_where_only_one_word_is_near() {
        assert_eq!(ENGLISH.mended("cciatrix"), Some("cicatrix"));
        assert_eq!(ENGLISH.mended("forehhead"), Some("forehead"));
        assert_eq!(ENGLISH.mended("laquita"), None);
    }

    #[test]
    fn words_of_a_table_have_their_genders_plurals_and_elisions() {
        let site = |name: &str| TERMS.site(name).map(Sense::Site);
        for word in ["izquierdo", "izquierda", "izquierdos", "izquierdas"] {
            assert_eq!(SPANISH.sense(Domain::Body, word), Some(Sense::Side(1)), "{word}");
        }
        assert_eq!(SPANISH.sense(Domain::Body, "talones"), site("foot"));
        for word in ["blanc", "blanche", "blancs", "blanches"] {
            assert_eq!(FRENCH.sense(Domain::Things, word), Some(Sense::Term("white")), "{word}");
        }
        for word in ["oreilles", "loreille", "doreilles"] {
            assert_eq!(FRENCH.sense(Domain::Body, word), site("ear"), "{word}");
        }
        assert_eq!(FRENCH.sense(Domain::Body, "chateaux"), None);
    }

    #[test]
    fn a_word_means_what_its_language_and_domain_make_of_it() {
        let site = |name: &str| TERMS.site(name).map(Sense::Site);
        assert_eq!(FRENCH.sense(Domain::Body, "dos"), site("back"));
        assert_eq!(SPANISH.sense(Domain::Body, "dos"), Some(Sense::Term("2")));
        assert_eq!(FRENCH.sense(Domain::Body, "taille"), site("waist"));
        assert_eq!(FRENCH.sense(Domain::Things, "taille"), Some(Sense::Term("size")));
        assert_eq!(SPANISH.sense(Domain::Body, "rosa"), Some(Sense::Term("rose")));
        assert_eq!(SPANISH.sense(Domain::Things, "rosa"), Some(Sense::Term("pink")));
        assert_eq!(ENGLISH.sense(Domain::Body, "main"), None);
        assert_eq!(SPANISH.sense(Domain::Body, "forearm"), site("forearm"), "English is mixed in");
    }
}
