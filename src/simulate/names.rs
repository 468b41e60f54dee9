//! Names, by ancestry, sex and decade of birth.

use std::sync::LazyLock;

use super::dice::Dice;
use super::person::Woman;
use super::tables::{Weighted, lines};
use crate::record::Ancestry;

/// Where a name comes from: the first letter of a line of the names' files.
type Origin = char;

const ORIGINS: [Origin; 8] = ['w', 'k', 'h', 'a', 'i', 'p', 'm', 's'];
const FIRST_DECADE: i32 = 1900;
const DECADES: usize = 13;

/// A given name.
#[derive(Clone, Copy)]
pub(super) struct Given {
    pub(super) name: &'static str,
    nicknames: &'static str,
}

impl Given {
    /// One of the name's short forms, if it has any.
    pub(super) fn nickname(self, dice: &mut Dice) -> Option<&'static str> {
        let forms: Vec<&str> = self.nicknames.split(',').filter(|form| !form.is_empty()).collect();
        (!forms.is_empty()).then(|| dice.pick(&forms))
    }
}

/// What a person is called.
pub(super) struct FullName {
    pub(super) given: Given,
    pub(super) middle: Option<&'static str>,
    pub(super) family: String,
    pub(super) suffix: Option<&'static str>,
    pub(super) nickname: Option<&'static str>,
    pub(super) alias: Option<(&'static str, &'static str)>,
    /// The whole name in the bearer's own script.
    pub(super) native: Option<String>,
}

impl FullName {
    /// A name for someone of this ancestry and sex, born in this year.
    pub(super) fn new(dice: &mut Dice, ancestry: Ancestry, woman: Woman, born: i32) -> Self {
        let origin = family_origin(dice, ancestry);
        let given_from = given_origin(dice, origin);
        let given = given(dice, given_from, woman, born);
        let first = surname(dice, origin);
        let second = (origin == 'h' && dice.chance(0.25)).then(|| surname(dice, 'h'));
        let accents = origin == 'h' && dice.chance(0.2);
        let spelled = |name: &'static str| if accents { own_script(name).unwrap_or(name) } else { name };
        let middle_from = given_origin(dice, origin);
        Self {
            given: Given { name: spelled(given.name), ..given },
            middle: dice.chance(0.76).then(|| self::given(dice, middle_from, woman, born).name),
            family: second
                .map_or(spelled(first).to_owned(), |second| format!("{} {}", spelled(first), spelled(second))),
            suffix: (!woman.0 && dice.chance(0.02)).then(|| dice.pick(&["Jr", "Sr", "II", "III"])),
            nickname: if dice.chance(0.1) { given.nickname(dice) } else { None },
            alias: dice.chance(0.06).then(|| (self::given(dice, given_from, woman, born).name, surname(dice, origin))),
            native: native(dice, origin, given.name, first),
        }
    }
}

/// The name as its bearer writes it, for some of those whose script or accents differ.
fn native(dice: &mut Dice, origin: Origin, given: &str, family: &str) -> Option<String> {
    let written = dice.chance(0.12) && matches!(origin, 'a' | 'm' | 's');
    let (given, family) = own_script(given).zip(own_script(family)).filter(|_| written)?;
    Some(match given.chars().next() {
        Some('\u{3000}'..='\u{D7FF}') => format!("{family}{given}"),
        _ => format!("{given} {family}"),
    })
}

/// A given name of the decade, from the general stock.
pub(super) fn any_given(dice: &mut Dice, woman: Woman, born: i32) -> Given {
    given(dice, 'w', woman, born)
}

/// A family name from the general stock.
pub(super) fn any_surname(dice: &mut Dice) -> &'static str {
    surname(dice, 'w')
}

fn family_origin(dice: &mut Dice, ancestry: Ancestry) -> Origin {
    match ancestry {
        Ancestry::White => dice.weighted(&[('w', 94), ('s', 3), ('h', 2), ('m', 1)]),
        Ancestry::Black => dice.weighted(&[('w', 74), ('k', 25), ('m', 1)]),
        Ancestry::Hispanic => dice.weighted(&[('h', 93), ('w', 7)]),
        Ancestry::Asian => dice.weighted(&[('a', 88), ('w', 12)]),
        Ancestry::Indigenous => dice.weighted(&[('w', 55), ('i', 30), ('h', 15)]),
        Ancestry::PacificIslander => dice.weighted(&[('p', 45), ('w', 40), ('a', 15)]),
        Ancestry::MiddleEastern => dice.weighted(&[('m', 93), ('w', 7)]),
        Ancestry::Other => dice.weighted(&[('w', 60), ('h', 20), ('a', 10), ('m', 10)]),
    }
}

fn given_origin(dice: &mut Dice, family: Origin) -> Origin {
    match family {
        'h' => dice.weighted(&[('h', 75), ('w', 25)]),
        'a' => dice.weighted(&[('a', 65), ('w', 35)]),
        'm' => dice.weighted(&[('m', 85), ('w', 15)]),
        's' => dice.weighted(&[('s', 45), ('w', 55)]),
        _ => 'w',
    }
}

fn surname(dice: &mut Dice, origin: Origin) -> &'static str {
    SURNAMES[index_of(origin)].pick(dice)
}

fn given(dice: &mut Dice, origin: Origin, woman: Woman, born: i32) -> Given {
    let decade = ((born - FIRST_DECADE) / 10).clamp(0, DECADES as i32 - 1) as usize;
    *GIVEN_NAMES[(index_of(origin) * 2 + usize::from(woman.0)) * DECADES + decade].pick(dice)
}

fn index_of(origin: Origin) -> usize {
    ORIGINS.iter().position(|&known| known == origin).unwrap_or(0)
}

fn own_script(name: &str) -> Option<&'static str> {
    SCRIPTS.iter().find(|(latin, _)| *latin == name).map(|(_, own)| *own)
}

static SCRIPTS: LazyLock<Vec<(&'static str, &'static str)>> =
    LazyLock::new(|| lines(include_str!("data/scripts.txt")).filter_map(|line| line.split_once(' ')).collect());

/// By origin.
static SURNAMES: LazyLock<Vec<Weighted<&'static str>>> = LazyLock::new(|| {
    let all: Vec<(&str, &str, u32)> = lines(include_str!("data/surnames.txt")).flat_map(surnames_of).collect();
    let of = |origin: Origin| all.iter().filter(move |entry| entry.0.starts_with(origin)).map(|e| (e.1, e.2));
    ORIGINS.iter().map(|&origin| Weighted::new(of(origin))).collect()
});

fn surnames_of(line: &'static str) -> impl Iterator<Item = (&'static str, &'static str, u32)> {
    let (origin, entries) = line.split_once(' ').unwrap_or_default();
    entries.split(' ').filter_map(move |entry| {
        let (name, frequency) = entry.split_once(':')?;
        Some((origin, name, frequency.parse().ok()?))
    })
}

/// A given name and how common it was when.
struct Popularity {
    /// Origin and sex, such as `w f`.
    group: &'static str,
    given: Given,
    frequency: u32,
    peak: i32,
}

/// By origin, then sex, then decade of birth. Origins without own given names are empty and never asked for.
static GIVEN_NAMES: LazyLock<Vec<Weighted<Given>>> = LazyLock::new(|| {
    let all: Vec<Popularity> = lines(include_str!("data/given_names.txt")).flat_map(given_names_of).collect();
    let mut tables = Vec::new();
    for group in ORIGINS.iter().flat_map(|origin| [format!("{origin} m"), format!("{origin} f")]) {
        for decade in 0..DECADES {
            let year = FIRST_DECADE + 10 * decade as i32;
            let group = all.iter().filter(|name| name.group == group);
            tables.push(Weighted::new(group.map(|name| (name.given, name.frequency * fashion(name.peak, year)))));
        }
    }
    tables
});

fn given_names_of(line: &'static str) -> impl Iterator<Item = Popularity> {
    let (group, entries) = line.split_at(3);
    entries.trim().split(' ').filter_map(move |entry| {
        let mut parts = entry.split(':');
        let name = parts.next()?;
        let frequency = parts.next()?.parse().ok()?;
        let peak = parts.next()?.parse().ok()?;
        let given = Given { name, nicknames: parts.next().unwrap_or_default() };
        Some(Popularity { group, given, frequency, peak })
    })
}

/// How common a name is in a decade, as against its peak of 100. Names rise faster than they fade.
const fn fashion(peak: i32, year: i32) -> u32 {
    match (year - peak) / 10 {
        0 => 100,
        1 => 64,
        2 => 30,
        3 => 14,
        -1 => 44,
        -2 => 10,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::dice::Purpose;

    #[test]
    fn every_table_that_can_be_asked_for_has_names() {
        for origin in ORIGINS {
            assert!(!SURNAMES[index_of(origin)].items().is_empty(), "{origin}");
        }
        for origin in ['w', 'h', 'a', 'm', 's'] {
            for at in index_of(origin) * 2 * DECADES..(index_of(origin) + 1) * 2 * DECADES {
                assert!(!GIVEN_NAMES[at].items().is_empty(), "{origin}");
            }
        }
        assert!(SURNAMES.iter().map(|table| table.items().len()).sum::<usize>() > 500);
    }

    #[test]
    fn names_follow_the_decade_of_birth() {
        let mut dice = Dice::new(1, Purpose::Name, 0, 0);
        let mut share =
            |name: &str, born| (0..4_000).filter(|_| any_given(&mut dice, Woman(true), born).name == name).count();
        assert!(share("Ashley", 1985) > 10 * share("Ashley", 1935).max(1));
        assert!(share("Shirley", 1935) > 5 * share("Shirley", 1985).max(1));
    }

    #[test]
    fn a_name_in_another_script_is_written_its_own_way() {
        let mut dice = Dice::new(1, Purpose::Name, 0, 0);
        let forms: Vec<String> = (0..400).filter_map(|_| native(&mut dice, 'a', "Wei", "Chen")).collect();
        assert!(!forms.is_empty() && forms.iter().all(|form| form == "陈伟"));
        let forms: Vec<String> = (0..400).filter_map(|_| native(&mut dice, 's', "Olga", "Petrov")).collect();
        assert!(forms.iter().all(|form| form == "Ольга Петров"));
    }
}
