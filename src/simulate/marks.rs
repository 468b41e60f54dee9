//! Marks of the body: tattoos, scars, implants, and how two clerks describe one of them.

use std::sync::LazyLock;

use super::calendar;
use super::clerk::{Clerk, Side, wording};
use super::dice::Dice;
use super::names;
use super::person::{Person, Woman};
use super::sheet::FeatureSheet;
use super::tables::{WORDS, Weighted, lines};
use crate::record::FeatureKind;

/// A part of the body, of `sites.txt`.
struct Site {
    sided: bool,
    abbreviation: &'static str,
    group: &'static str,
    wordings: Vec<&'static str>,
}

static SITES: LazyLock<Vec<Site>> = LazyLock::new(|| lines(include_str!("data/sites.txt")).filter_map(site).collect());

fn site(line: &'static str) -> Option<Site> {
    let fields: Vec<&str> = line.split('|').collect();
    let [sided, abbreviation, group, _, wordings] = fields[..] else { return None };
    Some(Site { sided: sided == "s", abbreviation, group, wordings: wordings.split(';').collect() })
}

/// What a mark can be, of `motifs.txt`.
struct Motif {
    kind: FeatureKind,
    groups: Vec<&'static str>,
    /// n, a, d, w, i or s: see the file.
    inscription: &'static str,
    bone: bool,
    wordings: Vec<&'static str>,
}

static MOTIFS: LazyLock<Weighted<Motif>> =
    LazyLock::new(|| Weighted::new(lines(include_str!("data/motifs.txt")).filter_map(motif)));

fn motif(line: &'static str) -> Option<(Motif, u32)> {
    let fields: Vec<&str> = line.split('|').collect();
    let [kind, weight, groups, inscription, bone, wordings] = fields[..] else { return None };
    let motif = Motif {
        kind: FeatureKind::parse(kind)?,
        groups: groups.split(' ').collect(),
        inscription,
        bone: bone == "y",
        wordings: wordings.split(';').collect(),
    };
    Some((motif, weight.parse().ok()?))
}

/// A mark that a person bears.
pub(super) struct Mark {
    motif: &'static Motif,
    site: Option<&'static Site>,
    side: Option<Side>,
    inscription: Option<String>,
}

/// The marks of a person, those that hardly anyone overlooks first.
pub(super) fn marks(dice: &mut Dice, person: &Person) -> Vec<Mark> {
    let age = person.age_at(person.last_seen);
    let chance = if age < 5.0 { 0.15 } else { 0.74 };
    let mut marks = Vec::new();
    while marks.len() < 7 && dice.chance(if marks.is_empty() { chance } else { 0.48 }) {
        let motif = MOTIFS.pick(dice);
        let too_young = age < 15.0 && matches!(motif.kind, FeatureKind::Tattoo | FeatureKind::Artificial);
        if !too_young {
            marks.push(mark(dice, motif, person));
        }
    }
    marks
}

fn mark(dice: &mut Dice, motif: &'static Motif, person: &Person) -> Mark {
    let group = dice.pick(&motif.groups);
    let sites: Vec<&'static Site> = SITES.iter().filter(|site| site.group == group).collect();
    let site = (motif.inscription != "s" && !sites.is_empty()).then(|| dice.pick(&sites));
    let sided = site.is_some_and(|site| site.sided);
    let side = sided.then(|| dice.pick(&[Side::Left, Side::Right]));
    Mark { motif, site, side, inscription: inscription(dice, motif.inscription, person) }
}

fn inscription(dice: &mut Dice, form: &str, person: &Person) -> Option<String> {
    let woman = Woman(dice.chance(0.5));
    let loved = |dice: &mut Dice| names::any_given(dice, woman, calendar::year(person.born) + 15).name;
    match form {
        "a" => Some(loved(dice).to_owned()),
        "d" => {
            let day = person.last_seen - 30 - dice.below(7_000) as i32;
            Some(format!("{} {}", loved(dice), calendar::inked(day)))
        }
        "w" => Some(WORDS.pick("word", dice).to_owned()),
        "i" => {
            let letters: Vec<char> = (0..2 + dice.below(2)).map(|_| char::from(b'A' + dice.below(26) as u8)).collect();
            Some(letters.into_iter().collect())
        }
        _ => None,
    }
}

impl Mark {
    /// Whether it can be seen on bones alone.
    pub(super) const fn in_bone(&self) -> bool {
        self.motif.bone
    }

    /// Whether nobody overlooks it: words in the skin, metal in the bone, a missing finger.
    pub(super) const fn striking(&self) -> bool {
        self.inscription.is_some() || matches!(self.motif.kind, FeatureKind::Artificial | FeatureKind::Amputation)
    }

    /// The mark as read by a clerk who sees a worn inscription or takes the other side now and then.
    fn description(&self, dice: &mut Dice, clerk: &Clerk) -> String {
        let mut what = wording(dice, &self.motif.wordings).to_owned();
        if self.motif.kind == FeatureKind::Tattoo && dice.chance(0.35) {
            what = if clerk.abbreviates { format!("tatt {what}") } else { format!("tattoo of {what}") };
        }
        if let Some(words) = &self.inscription {
            let words = if dice.chance(0.05) { words.split(' ').next().unwrap_or(words) } else { words };
            what = format!("{what} \"{words}\"");
        }
        let place = self.place(dice, clerk).filter(|_| !clerk.site_apart);
        match (place, clerk.order) {
            (None, _) => what,
            (Some(place), 0) => format!("{place}: {what}"),
            (Some(place), 1) => format!("{place} - {what}"),
            (Some(place), 2) => format!("{what}, {place}"),
            (Some(place), _) => format!("{what} on {place}"),
        }
    }

    fn place(&self, dice: &mut Dice, clerk: &Clerk) -> Option<String> {
        let site = self.site?;
        let word = if clerk.abbreviates { site.abbreviation } else { wording(dice, &site.wordings) };
        let side = self.side.filter(|_| !dice.chance(0.06)).map(|side| match (side, dice.chance(0.03)) {
            (Side::Left, false) | (Side::Right, true) => Side::Left,
            _ => Side::Right,
        });
        Some(side.map_or_else(|| word.to_owned(), |side| format!("{} {word}", clerk.side(side))))
    }

    /// The NCIC code, where the list has one that says the same.
    fn code(&self) -> Option<String> {
        let site = self.site.filter(|_| self.motif.kind == FeatureKind::Tattoo)?;
        let side = match self.side {
            Some(Side::Left) => "L ",
            Some(Side::Right) => "R ",
            None => "",
        };
        let part = match (site.abbreviation, site.group) {
            ("U/ARM" | "F/ARM", _) => "ARM",
            (_, "back") => "BACK",
            (_, "neck") => "NECK",
            _ => return None,
        };
        Some(format!("TAT {side}{part}"))
    }
}

/// The marks as one clerk writes them down: a mark a line, or those of one kind in one.
pub(super) fn described(dice: &mut Dice, clerk: &Clerk, marks: &[&Mark]) -> Vec<FeatureSheet> {
    let mut features: Vec<FeatureSheet> = Vec::new();
    let coded = dice.chance(0.05);
    for mark in marks {
        let text = mark.description(dice, clerk);
        let description = clerk.typed(dice, &text);
        let kind = mark.motif.kind;
        match features.iter_mut().find(|feature| clerk.one_line && !clerk.site_apart && feature.kind == kind) {
            Some(feature) => {
                feature.description = format!("{}; {description}", feature.description);
                feature.code = None;
            }
            None => {
                let site = if clerk.site_apart { mark.place(dice, clerk) } else { None };
                features.push(FeatureSheet { kind, code: if coded { mark.code() } else { None }, site, description });
            }
        }
    }
    features
}

/// A record that says there are none.
pub(super) fn negation(dice: &mut Dice) -> FeatureSheet {
    FeatureSheet {
        kind: dice.pick(&[FeatureKind::Tattoo, FeatureKind::Scar, FeatureKind::Other]),
        code: None,
        site: None,
        description: WORDS.pick("negation", dice).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::dice::Purpose;
    use crate::simulate::person::Pool;

    #[test]
    fn every_line_of_the_tables_is_read() {
        assert_eq!(SITES.len(), lines(include_str!("data/sites.txt")).count());
        assert_eq!(MOTIFS.items().len(), lines(include_str!("data/motifs.txt")).count());
        for group in MOTIFS.items().iter().flat_map(|motif| &motif.groups) {
            assert!(SITES.iter().any(|site| site.group == *group), "{group}");
        }
    }

    #[test]
    fn two_clerks_describe_one_mark_in_their_own_words() {
        let person = Person::new(1, Pool::Missing, 3);
        let mut dice = Dice::new(1, Purpose::Marks, 0, 0);
        let motif = MOTIFS.items().iter().find(|motif| motif.inscription == "d").expect("a motif");
        let mark = mark(&mut dice, motif, &person);
        let texts: std::collections::BTreeSet<String> = (0..50)
            .map(|_| {
                let clerk = Clerk::new(&mut dice);
                described(&mut dice, &clerk, &[&mark])[0].description.clone()
            })
            .collect();
        assert!(texts.len() > 20, "{texts:?}");
    }
}
