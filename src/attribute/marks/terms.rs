//! What the words of every language come to: the sites of the body and how they lie, the classes within which clerks take
//! one term for another, and what makes a mark large.

use std::sync::LazyLock;

use rustc_hash::{FxHashMap, FxHashSet};

use super::term;
use super::vocabulary::{entries, first};

/// The terms of all tables.
pub(super) static TERMS: LazyLock<Terms> = LazyLock::new(|| Terms::read(include_str!("../data/marks_terms.txt")));

/// A site of the body.
struct Site {
    name: &'static str,
    /// The larger site that it is part of.
    of: Option<u8>,
    next: Vec<u8>,
}

/// How terms lie to each other.
#[derive(Default)]
pub(super) struct Terms {
    classes: FxHashMap<&'static str, &'static str>,
    large: FxHashSet<&'static str>,
    /// Of terms, by hash, the share of people, or of marks, that they hold of at least.
    shares: FxHashMap<u32, f64>,
    /// Organs: what is said to be there is no mark.
    organs: FxHashSet<&'static str>,
    /// A larger site and a term: the site that the term makes of it.
    parts: FxHashMap<(u8, &'static str), u8>,
    /// Where a mark is that a term names, and on which side.
    places: FxHashMap<&'static str, (u8, u8)>,
    sites: Vec<Site>,
    /// How each site lies to each, row by row.
    distances: Vec<Distance>,
}

impl Terms {
    fn read(table: &'static str) -> Self {
        let mut terms = Self::default();
        // Neighbours are named before their own lines: sites have their places first.
        for head in entries(table).filter_map(|(class, head, _)| (class == "site").then_some(head)) {
            terms.sites.push(Site { name: first(head), of: None, next: Vec::new() });
        }
        for (class, head, said) in entries(table) {
            terms.enter(class, head, said);
        }
        let sites = 0..terms.sites();
        let pairs = sites.clone().flat_map(|a| sites.clone().map(move |b| (a, b)));
        terms.distances = pairs.map(|(a, b)| terms.lie(a, b)).collect();
        terms
    }

    /// Takes a line of the table in.
    fn enter(&mut self, class: &str, head: &'static str, said: &'static str) {
        match class {
            "site" => self.enter_site(head),
            "is" => self.classes.extend(said.split(' ').map(|word| (word, head))),
            "large" => self.large.extend(said.split(' ')),
            "organ" => self.organs.extend(said.split(' ')),
            "share" => {
                let share = head.parse().unwrap_or(1.0);
                self.shares.extend(said.split(' ').map(|word| (term(word), share)));
            }
            "at" => {
                let (name, side) = head.split_once(' ').unwrap_or((head, ""));
                let side = ["left", "right"].iter().position(|word| *word == side).map_or(0, |at| at as u8 + 1);
                let site = self.site(name);
                self.places.extend(said.split(' ').filter_map(|word| Some((word, (site?, side)))));
            }
            _ => {
                let words: Vec<&'static str> = head.split(' ').collect();
                if let [part, whole, word] = words[..] {
                    let (part, whole) = (self.site(part), self.site(whole));
                    self.parts.extend(part.zip(whole).map(|(part, whole)| ((whole, word), part)));
                }
            }
        }
    }

    fn enter_site(&mut self, head: &'static str) {
        let (name, about) = head.split_once(" (").unwrap_or((head, ""));
        let (of, next) = about.split_once(')').unwrap_or((about, ""));
        let place = self.site(name).unwrap_or(0);
        let of = self.site(of);
        let next = next.split(' ').filter_map(|name| self.site(name)).collect();
        self.sites[usize::from(place)] = Site { name, of, next };
    }

    /// The class within which clerks take one term for another.
    pub(super) fn class(&self, term: &str) -> Option<&'static str> {
        self.classes.get(term).copied()
    }

    /// Whether the term makes a mark too large to be overlooked.
    pub(super) fn is_large(&self, term: &str) -> bool {
        self.large.contains(term)
    }

    /// The least share of marks that a term, by its hash, is to be expected of.
    pub(super) fn least_share(&self, term: u32) -> f64 {
        self.shares.get(&term).copied().unwrap_or(0.0)
    }

    /// Whether it is an organ, which is worth telling of only where it is gone.
    pub(super) fn is_organ(&self, term: &str) -> bool {
        self.organs.contains(term)
    }

    /// The site that a word makes of a larger one.
    pub(super) fn part(&self, whole: u8, word: &str) -> Option<u8> {
        self.parts.iter().find_map(|((of, said), part)| (*of == whole && *said == word).then_some(*part))
    }

    /// Where a mark is that a term names, and on which side: the scar of an appendectomy is on the right of the abdomen.
    pub(super) fn place(&self, term: &str) -> Option<(u8, u8)> {
        self.places.get(term).copied()
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
}

/// How two sites lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distance {
    /// One site.
    Same,
    /// One is part of the other, or next to it.
    Near,
    /// Anything else.
    Apart,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_lie_within_and_beside_each_other() {
        let distance = |a: &str, b: &str| TERMS.distance(TERMS.site(a).unwrap(), TERMS.site(b).unwrap());
        assert_eq!(distance("wrist", "wrist"), Distance::Same);
        assert_eq!(distance("wrist", "forearm"), Distance::Near);
        assert_eq!(distance("arm", "wrist"), Distance::Near);
        assert_eq!(distance("finger", "shoulder"), Distance::Apart);
        assert_eq!(distance("arm", "leg"), Distance::Apart);
        for site in 0..TERMS.sites() {
            let region = TERMS.site_name(TERMS.region(site));
            assert!(["head", "torso", "arm", "leg"].contains(&region), "{} is part of {region}", TERMS.site_name(site));
        }
    }
}
