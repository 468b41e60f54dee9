//! How alike two clerks describe one mark.
//!
//! Which marks of two records are one is not known. It is as good as known of two that share a rare word, which then say
//! how often sorts, sites and sides agree; and of two in one place, which say how often words agree. What chance adds is
//! counted on the marks of other people's bodies, and taken away:
//! `share = (hits among one person's - among strangers') / (marks compared among one person's - among strangers')`. A body
//! with m marks has on average `noted` that are the person's, so that strangers' marks stand for (m - noted) / m of them.

use rustc_hash::FxHashMap;
use toml::Value;

use super::{Estimate, LEAST, PRIOR, Pair, Sample, rounded};
use crate::attribute::{Attribute, Described, Distance, Features, Preservation};

/// Bodies of other people that each missing person's marks are held against.
const STRANGERS: usize = 8;
/// Rounds of telling strangers' marks from one person's; they settle at once.
const ROUNDS: usize = 3;
/// A word is rare that so few marks have.
const RARE: f64 = 0.01;

type Marks<'v> = Vec<Described<'v>>;

/// `features.noted` and the agreements of `features.marks`.
pub(super) fn agreements(sample: &Sample<'_>) -> Vec<Estimate> {
    let read = |pair: &Pair| {
        let fleshed = Preservation::of(&pair.body) == Preservation::Fleshed;
        Some((Features::read(&pair.missing)?, Features::read(&pair.body)?, fleshed))
    };
    let values: Vec<_> = sample.pairs.iter().filter_map(read).collect();
    let people: Vec<(Marks<'_>, Marks<'_>)> =
        values.iter().map(|(ante, post, _)| (ante.described().collect(), post.described().collect())).collect();
    let fleshed: Vec<bool> = values.iter().map(|(.., fleshed)| *fleshed).collect();
    let mut both = Both { rare: Rare::of(&people), people, noted: sample.number("features.noted").unwrap_or(0.5) };
    // Who is a stranger hangs on how many marks are noted, and the other way round.
    for _ in 0..ROUNDS {
        let noted = both.noted(&fleshed);
        let share = noted.hit / noted.all / both.words_in_one_place().found();
        both.noted = if share.is_finite() { share.clamp(0.05, 0.95) } else { both.noted };
    }
    let terms = both.words_in_one_place();
    let mut estimates = vec![
        both.sorts(sample),
        both.site(sample, "features.marks.site_same", Distance::Same),
        both.site(sample, "features.marks.site_near", Distance::Near),
        both.sides().share(sample, "features.marks.side_agreement", 1.0),
        terms.share(sample, "features.marks.term_agreement", 1.0),
    ];
    // A mark that was noted has the word as often as clerks use one word.
    estimates.insert(0, both.noted(&fleshed).share(sample, "features.noted", terms.found()));
    estimates.into_iter().flatten().filter(|estimate| estimate.pairs >= LEAST).collect()
}

fn shared(a: &Described<'_>, b: &Described<'_>) -> usize {
    a.words.iter().filter(|word| b.words.contains(word)).count()
}

/// How many marks have each word.
struct Rare<'v> {
    marks: f64,
    words: FxHashMap<&'v str, usize>,
}

impl<'v> Rare<'v> {
    fn of(people: &[(Marks<'v>, Marks<'v>)]) -> Self {
        let mut rare = Self { marks: 0.0, words: FxHashMap::default() };
        for mark in people.iter().flat_map(|(ante, post)| ante.iter().chain(post)) {
            rare.marks += 1.0;
            mark.words.iter().for_each(|word| *rare.words.entry(word).or_default() += 1);
        }
        rare
    }

    /// A word of both clerks of one mark is rare in any sample.
    fn has(&self, word: &str) -> bool {
        self.words.get(word).is_none_or(|marks| *marks as f64 <= (RARE * self.marks).max(2.0))
    }
}

/// What one person's marks have more than strangers'.
#[derive(Clone, Copy, Default)]
struct Excess {
    hit: f64,
    all: f64,
}

impl Excess {
    fn add(&mut self, (hit, all): (usize, usize), weight: f64) {
        self.hit += weight * hit as f64;
        self.all += weight * all as f64;
    }

    fn found(self) -> f64 {
        self.hit / self.all
    }

    /// The share over that of `found`, weighed against the one in use; none: too little is left of strangers' marks.
    fn share(self, sample: &Sample<'_>, key: &str, found: f64) -> Option<Estimate> {
        let old = sample.number(key)?;
        let measured = (self.hit / (self.all * found)).clamp(0.001, 0.999);
        let share = (measured * self.all + PRIOR * old) / (self.all + PRIOR);
        let error = (share * (1.0 - share) / (self.all + PRIOR)).sqrt() / found;
        let estimate = || sample.estimate(key, Value::Float(rounded(share)), error, self.all as usize);
        (self.all >= LEAST as f64 && measured.is_finite()).then(estimate).flatten()
    }
}

/// The marks of the missing and of the bodies, person by person.
struct Both<'v> {
    people: Vec<(Marks<'v>, Marks<'v>)>,
    rare: Rare<'v>,
    /// The share of a person's marks that the body's record tells of.
    noted: f64,
}

impl<'v> Both<'v> {
    /// Each person's marks against those of the own body, and with a negative weight against strangers'. Whose is given.
    fn held(&self) -> impl Iterator<Item = (usize, &Marks<'v>, &Marks<'v>, f64)> {
        let strangers = STRANGERS.min(self.people.len().saturating_sub(1));
        self.people.iter().enumerate().flat_map(move |(at, (ante, _))| {
            (0..=strangers).map(move |step| {
                let other = (at + step) % self.people.len();
                let weight = if step == 0 { 1.0 } else { -1.0 / strangers as f64 };
                (other, ante, &self.people[other].1, weight)
            })
        })
    }

    /// Counts hits and comparisons of two marks.
    fn excess(&self, compare: impl Fn(&Described<'v>, &Described<'v>) -> Option<(usize, usize)>) -> Excess {
        let mut excess = Excess::default();
        for (_, ante, post, weight) in self.held() {
            let stranger = 1.0 - self.noted / (post.len() as f64).max(1.0);
            let weight = if weight < 0.0 { weight * stranger } else { weight };
            for found in ante.iter().flat_map(|a| post.iter().filter_map(|b| compare(a, b))) {
                excess.add(found, weight);
            }
        }
        excess
    }

    /// Of the words of marks in one place, how many the other has too.
    fn words_in_one_place(&self) -> Excess {
        self.excess(|a, b| a.is_in_one_place(b).then(|| (shared(a, b), a.words.len())))
    }

    /// Whether two marks share a rare word.
    fn alike(&self, a: &Described<'_>, b: &Described<'_>) -> bool {
        a.words.iter().any(|word| b.words.contains(word) && self.rare.has(word))
    }

    /// Of those alike, how many are of one sort; a clerk who takes another sort hits on the same by chance.
    fn sorts(&self, sample: &Sample<'_>) -> Option<Estimate> {
        let same = |a: &Described<'_>, b: &Described<'_>| (usize::from(a.sort() == b.sort()), 1);
        let alike = self.excess(|a, b| self.alike(a, b).then(|| same(a, b)));
        let (hit, all) = self.by_chance(|a, b| Some(a.sort() == b.sort()));
        let chance = hit / all;
        let share = (alike.hit / alike.all - chance) / (1.0 - chance);
        Excess { hit: share * alike.all, ..alike }.share(sample, "features.marks.sort_agreement", 1.0)
    }

    /// Of those alike, how many are on the same or on neighbouring sites; who takes another site takes any.
    fn site(&self, sample: &Sample<'_>, key: &str, wanted: Distance) -> Option<Estimate> {
        let share = |of: Distance| {
            let lie = |a: &Described<'_>, b: &Described<'_>| Some((usize::from(a.lie(b)? == of), 1));
            let alike = self.excess(|a, b| lie(a, b).filter(|_| self.alike(a, b)));
            let (hit, all) = self.by_chance(|a, b| Some(a.lie(b)? == of));
            (alike, alike.hit / alike.all, hit / all)
        };
        let ((alike, found, chance), (_, apart, chance_apart)) = (share(wanted), share(Distance::Apart));
        let anywhere = (apart / chance_apart).clamp(0.0, 1.0);
        Excess { hit: (found - anywhere * chance) * alike.all, ..alike }.share(sample, key, 1.0)
    }

    /// Of those alike, how many are on one side.
    fn sides(&self) -> Excess {
        self.excess(|a, b| Some((usize::from(a.one_side(b)?), 1)).filter(|_| self.alike(a, b)))
    }

    /// Of the marks with a rare word, how many of a body with all of its skin has that word.
    fn noted(&self, fleshed: &[bool]) -> Excess {
        let mut noted = Excess::default();
        for (_, ante, post, weight) in self.held().filter(|(at, ..)| fleshed[*at]) {
            let rare = ante.iter().filter_map(|mark| mark.words.iter().find(|word| self.rare.has(word)));
            let (mut hit, mut all) = (0, 0);
            for word in rare {
                all += 1;
                hit += usize::from(post.iter().any(|mark| mark.words.contains(word)));
            }
            // A stranger notes none of them: that only says how often chance hits.
            noted.hit += weight * hit as f64;
            noted.all += if weight > 0.0 { all as f64 } else { weight * hit as f64 };
        }
        noted
    }

    /// How often something is so among strangers' marks, and how many were compared.
    fn by_chance(&self, so: impl Fn(&Described<'v>, &Described<'v>) -> Option<bool>) -> (f64, f64) {
        let (mut hit, mut all) = (0.0, 0.0);
        for (_, ante, post, _) in self.held().filter(|(.., weight)| *weight < 0.0) {
            for is_so in ante.iter().flat_map(|a| post.iter().filter_map(|b| so(a, b))) {
                hit += f64::from(u8::from(is_so));
                all += 1.0;
            }
        }
        (hit, all)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Draw, found, pair};
    use super::*;

    const NOTED: f64 = 0.6;
    const SORT: f64 = 0.8;
    const SITE: [f64; 3] = [0.65, 0.2, 0.15];
    const SIDE: f64 = 0.9;
    const TERM: f64 = 0.5;
    /// Sites, each with a neighbour.
    const SITES: [(&str, &str); 8] = [
        ("wrist", "forearm"),
        ("knee", "thigh"),
        ("ankle", "foot"),
        ("chin", "jaw"),
        ("shoulder", "bicep"),
        ("navel", "abdomen"),
        ("breast", "nipple"),
        ("earlobe", "ear"),
    ];

    #[derive(Clone)]
    struct Mark {
        sort: &'static str,
        left: bool,
        site: &'static str,
        words: Vec<String>,
    }

    impl Mark {
        fn written(&self) -> String {
            let side = if self.left { "left" } else { "right" };
            let text = format!("{} on {side} {}", self.words.join(" "), self.site);
            format!("{{\"kind\":\"{}\",\"description\":\"{text}\"}}", self.sort)
        }
    }

    fn word(draw: &mut Draw) -> String {
        let letter = |n: usize| char::from(b'a' + n as u8);
        let n = draw.below(400);
        format!("x{}q{}zu", letter(n / 20), letter(n % 20))
    }

    fn mark(draw: &mut Draw) -> Mark {
        Mark {
            sort: if draw.chance(0.5) { "tattoo" } else { "scar" },
            left: draw.chance(0.5),
            site: SITES[draw.below(SITES.len())].0,
            words: (0..3).map(|_| word(draw)).collect(),
        }
    }

    fn described_again(draw: &mut Draw, mark: &Mark) -> Mark {
        let other = self::mark(draw);
        let near = SITES.iter().find(|(site, _)| *site == mark.site).map_or("", |(_, near)| near);
        Mark {
            sort: if draw.chance(SORT) { mark.sort } else { other.sort },
            left: mark.left == draw.chance(SIDE),
            site: [mark.site, near, other.site][draw.place(&SITE)],
            words: mark.words.iter().map(|said| if draw.chance(TERM) { said.clone() } else { word(draw) }).collect(),
        }
    }

    #[test]
    fn the_figures_that_marks_were_described_with_are_found() {
        let mut draw = Draw(11);
        let person = |_| {
            let marks: Vec<Mark> = (0..2).map(|_| mark(&mut draw)).collect();
            let seen: Vec<&Mark> = marks.iter().filter(|_| draw.chance(NOTED)).collect();
            let mut seen: Vec<Mark> = seen.into_iter().map(|mark| described_again(&mut draw, mark)).collect();
            seen.push(mark(&mut draw));
            let features = |marks: &[Mark]| {
                let marks: Vec<String> = marks.iter().map(Mark::written).collect();
                format!("\"features\":[{}]", marks.join(","))
            };
            pair(&features(&marks), &features(&seen))
        };
        let pairs: Vec<Pair> = (0..1_500).map(person).collect();
        let found = found(agreements, &pairs);
        let near = |name: &str, expected: f64, within: f64| {
            let value = found.get(&format!("features.{name}")).and_then(Value::as_float);
            assert!(value.is_some_and(|value| (value - expected).abs() <= within), "{name}: {value:?}, not {expected}");
        };
        near("noted", NOTED, 0.05);
        near("marks.sort_agreement", SORT, 0.04);
        near("marks.site_same", SITE[0], 0.04);
        near("marks.site_near", SITE[1], 0.03);
        near("marks.side_agreement", SIDE, 0.02);
        near("marks.term_agreement", TERM, 0.03);
        assert!(super::super::tests::found(agreements, &pairs[..3]).is_empty(), "a few marks say nothing");
    }
}
