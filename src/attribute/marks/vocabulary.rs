//! The words of one language, from its table: what each is, which sites of the body lie together, which words clerks take
//! for one another, and what a slip of the pen was meant to be.
//!
//! Another language is another table. What no table knows stays a word as it stands.

use std::sync::LazyLock;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::record::FeatureKind;

/// English, and what is mixed into it.
pub(super) static ENGLISH: LazyLock<Vocabulary> = LazyLock::new(|| {
    Vocabulary::read(include_str!("../data/marks_en.txt"), include_str!("../data/marks_words_en.txt"))
});

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
    /// Every other word that tells.
    Term(&'static str),
}

/// A site of the body.
struct Site {
    name: &'static str,
    /// The larger site that it is part of.
    of: Option<u8>,
    next: Vec<u8>,
}

/// The words of a language.
pub(super) struct Vocabulary {
    senses: FxHashMap<&'static str, Sense>,
    classes: FxHashMap<&'static str, &'static str>,
    large: FxHashSet<&'static str>,
    /// A larger site and a word: the site that the word makes of it.
    parts: FxHashMap<(u8, &'static str), u8>,
    /// First words of phrases.
    phrases: FxHashSet<&'static str>,
    sites: Vec<Site>,
    /// How each site lies to each, row by row.
    distances: Vec<Distance>,
    /// Words, and words less one letter: the known words they may be.
    slips: FxHashMap<Box<str>, Vec<&'static str>>,
}

impl Vocabulary {
    /// From the table of senses and a list of words that are only known to be words.
    fn read(table: &'static str, words: &'static str) -> Self {
        let mut vocabulary = Self {
            senses: FxHashMap::default(),
            classes: FxHashMap::default(),
            large: FxHashSet::default(),
            parts: FxHashMap::default(),
            phrases: FxHashSet::default(),
            sites: Vec::new(),
            distances: Vec::new(),
            slips: FxHashMap::default(),
        };
        // Neighbours are named before their own lines: sites have their places first.
        for head in entries(table).filter_map(|(class, head, _)| (class == "site").then_some(head)) {
            vocabulary.sites.push(Site { name: first(head), of: None, next: Vec::new() });
        }
        for (class, head, said) in entries(table) {
            vocabulary.enter(class, head, said);
        }
        let sites = 0..vocabulary.sites();
        let pairs = sites.clone().flat_map(|a| sites.clone().map(move |b| (a, b)));
        vocabulary.distances = pairs.map(|(a, b)| vocabulary.lie(a, b)).collect();
        for word in words.lines().filter(|line| !line.starts_with('#')) {
            vocabulary.learn_spelling(word);
        }
        vocabulary
    }

    /// Takes a line of the table in.
    fn enter(&mut self, class: &str, head: &'static str, said: &'static str) {
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
            "site" => Sense::Site(self.enter_site(head)),
            "kind" => {
                let kind = FeatureKind::parse(name).unwrap_or(FeatureKind::Other);
                Sense::Kind(kind, head.split(' ').nth(1))
            }
            "thing" => Sense::Thing(name),
            "is" => return self.classes.extend(said.split(' ').map(|word| (word, name))),
            "large" => return self.large.extend(said.split(' ')),
            "part" => {
                let words: Vec<&'static str> = head.split(' ').collect();
                if let [part, whole, word] = words[..] {
                    let (part, whole) = (self.site(part), self.site(whole));
                    self.parts.extend(part.zip(whole).map(|(part, whole)| ((whole, word), part)));
                }
                return;
            }
            _ => Sense::Term(name),
        };
        let own = head.split(' ').next_back().filter(|_| class == "kind").unwrap_or(name);
        for word in said.split(' ').chain([name, own]).filter(|word| !word.is_empty() && *word != "-") {
            self.learn(word, sense);
        }
    }

    fn enter_site(&mut self, head: &'static str) -> u8 {
        let (name, about) = head.split_once(" (").unwrap_or((head, ""));
        let (of, next) = about.split_once(')').unwrap_or((about, ""));
        let place = self.site(name).unwrap_or(0);
        let of = self.site(of);
        let next = next.split(' ').filter_map(|name| self.site(name)).collect();
        self.sites[usize::from(place)] = Site { name, of, next };
        place
    }

    fn learn(&mut self, word: &'static str, sense: Sense) {
        if let Some((first, _)) = word.split_once('_') {
            self.phrases.insert(first);
        }
        self.senses.entry(word).or_insert(sense);
        if !word.contains('_') {
            self.learn_spelling(word);
        }
    }

    fn learn_spelling(&mut self, word: &'static str) {
        if word.len() < SHORTEST {
            return;
        }
        for less in lessened(word).chain([word.to_owned()]) {
            let known = self.slips.entry(less.into()).or_default();
            if !known.contains(&word) {
                known.push(word);
            }
        }
    }

    /// What a word or phrase is.
    pub(super) fn sense(&self, word: &str) -> Option<Sense> {
        self.senses.get(word).copied()
    }

    /// Whether a phrase may begin with it.
    pub(super) fn begins_phrase(&self, word: &str) -> bool {
        self.phrases.contains(word)
    }

    /// The class within which clerks take one term for another.
    pub(super) fn class(&self, term: &str) -> Option<&'static str> {
        self.classes.get(term).copied()
    }

    /// Whether the word makes a mark too large to be overlooked.
    pub(super) fn is_large(&self, word: &str) -> bool {
        self.large.contains(word)
    }

    /// The site that a word makes of a larger one.
    pub(super) fn part(&self, whole: u8, word: &str) -> Option<u8> {
        self.parts.iter().find_map(|((of, said), part)| (*of == whole && *said == word).then_some(*part))
    }

    /// The site of a name.
    pub(super) fn site(&self, name: &str) -> Option<u8> {
        self.sites.iter().position(|site| site.name == name).map(|at| at as u8)
    }

    /// The name of a site.
    pub(super) fn site_name(&self, site: u8) -> &'static str {
        self.sites.get(usize::from(site)).map_or("", |site| site.name)
    }

    /// How many sites there are.
    pub(super) fn sites(&self) -> u8 {
        self.sites.len() as u8
    }

    /// Whether `part` lies within `whole`, or is it.
    pub(super) fn within(&self, part: u8, whole: u8) -> bool {
        part == whole || self.sites[usize::from(part)].of.is_some_and(|of| self.within(of, whole))
    }

    /// The largest site that holds this one: the head, the torso, an arm or a leg.
    pub(super) fn region(&self, site: u8) -> u8 {
        self.sites[usize::from(site)].of.map_or(site, |of| self.region(of))
    }

    /// How two sites lie.
    pub(super) fn distance(&self, a: u8, b: u8) -> Distance {
        self.distances[usize::from(a) * self.sites.len() + usize::from(b)]
    }

    fn lie(&self, a: u8, b: u8) -> Distance {
        let next = |a: u8, b: u8| self.sites[usize::from(a)].next.contains(&b);
        match () {
            () if a == b => Distance::Same,
            () if self.within(a, b) || self.within(b, a) || next(a, b) || next(b, a) => Distance::Near,
            () => Distance::Apart,
        }
    }

    /// The known word that this is a slip of the pen for: one letter more, less, changed or two swapped.
    pub(super) fn mended(&self, word: &str) -> Option<&'static str> {
        if word.len() < SHORTEST || !word.bytes().all(|byte| byte.is_ascii_lowercase()) {
            return None;
        }
        let may_be = |less: &str| self.slips.get(less).into_iter().flatten().copied();
        if let Some(known) = may_be(word).find(|known| *known == word) {
            return Some(known);
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

/// How two sites lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Distance {
    Same,
    /// One is part of the other, or next to it.
    Near,
    Apart,
}

/// Shorter words are as often another word as a slip.
pub(super) const SHORTEST: usize = 5;

/// The lines of a table: class, head, what is read as it.
fn entries(table: &'static str) -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    table.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).map(|line| {
        let (class, rest) = line.split_once(' ').unwrap_or((line, ""));
        let (head, said) = rest.split_once(':').unwrap_or((rest, ""));
        (class, head, said.trim_start())
    })
}

fn first(head: &'static str) -> &'static str {
    head.split(' ').next().unwrap_or(head)
}

fn lessened(word: &str) -> impl Iterator<Item = String> {
    (0..word.len())
        .filter(|at| word.is_char_boundary(*at) && word.is_char_boundary(at + 1))
        .map(|at| format!("{}{}", &word[..at], &word[at + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_senses() {
        let site = |name: &str| ENGLISH.site(name).expect("a site");
        assert_eq!(ENGLISH.sense("wrst"), Some(Sense::Site(site("wrist"))));
        assert_eq!(ENGLISH.sense("healed_wound"), Some(Sense::Kind(FeatureKind::Scar, None)));
        assert_eq!(ENGLISH.sense("birth_mark"), Some(Sense::Kind(FeatureKind::Scar, Some("birthmark"))));
        assert_eq!(ENGLISH.sense("lft"), Some(Sense::Side(1)));
        assert_eq!(ENGLISH.sense("trousers"), Some(Sense::Thing("pants")));
        assert_eq!(ENGLISH.sense("laquita"), None);
    }

    #[test]
    fn sites_lie_within_and_beside_each_other() {
        let distance = |a: &str, b: &str| ENGLISH.distance(ENGLISH.site(a).unwrap(), ENGLISH.site(b).unwrap());
        assert_eq!(distance("wrist", "wrist"), Distance::Same);
        assert_eq!(distance("wrist", "forearm"), Distance::Near);
        assert_eq!(distance("arm", "wrist"), Distance::Near);
        assert_eq!(distance("finger", "shoulder"), Distance::Apart);
        assert_eq!(distance("arm", "leg"), Distance::Apart);
        for site in 0..ENGLISH.sites() {
            let region = ENGLISH.site_name(ENGLISH.region(site));
            assert!(
                ["head", "torso", "arm", "leg"].contains(&region),
                "{} is part of {region}",
                ENGLISH.site_name(site)
            );
        }
    }

    #[test]
    fn a_slip_of_the_pen_is_mended_where_only_one_word_is_near() {
        assert_eq!(ENGLISH.mended("cciatrix"), Some("cicatrix"));
        assert_eq!(ENGLISH.mended("forehhead"), Some("forehead"));
        assert_eq!(ENGLISH.mended("laquita"), None);
    }
}
