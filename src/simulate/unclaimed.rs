//! The record of a body with a name whom nobody claimed: a name through a clerk's ear, and little else.

use super::calendar;
use super::clerk::{Clerk, slip};
use super::dice::{Dice, Purpose};
use super::fate::Fate;
use super::marks::{self, Mark};
use super::missing::{sorted, told_eyes, told_hair};
use super::names::FullName;
use super::person::Person;
use super::sheet::{BelongingSheet, EventSheet, FeatureSheet, NameSheet, Sheet};
use super::unidentified::worn;
use crate::record::{Kind, NameUse};

/// The record of this person's body.
pub(super) fn record(person: &Person, source: &'static str, id: String) -> Sheet {
    let fate = Fate::unclaimed(person);
    let mut dice = person.dice(Purpose::CoronersClerk);
    let dice = &mut dice;
    let clerk = Clerk::new(dice);
    let age = person.age_at(fate.death);
    let mut place = fate.spot.named(dice.chance(0.75));
    place.locality = place.locality.filter(|_| dice.chance(0.953));
    Sheet {
        source,
        id,
        kind: Some(Kind::Unclaimed),
        names: vec![written(dice, &person.name())],
        sex: dice.chance(0.9997).then_some(person.sex),
        ancestry: if dice.chance(0.93) { sorted(&person.ancestry) } else { Vec::new() },
        birth_date: dice.chance(0.42).then(|| birth_year(dice, person).to_string()),
        hair_color: if dice.chance(0.7) { vec![told_hair(dice, person.hair_at(age))] } else { Vec::new() },
        eye_color: if dice.chance(0.55) { vec![told_eyes(dice, person.eyes)] } else { Vec::new() },
        found: Some(EventSheet { date: calendar::full(fate.found), place }),
        features: features(dice, &clerk, person),
        belongings: belongings(dice, &clerk, person, fate.same_clothes),
        ..Sheet::default()
    }
}

/// The name as it was taken down: two in three as it is, the rest with a slip.
fn written(dice: &mut Dice, name: &FullName) -> NameSheet {
    let mut given = name.given.name.to_owned();
    let mut middle = name.middle.map(str::to_owned).filter(|_| dice.chance(0.9));
    let mut family = name.family.clone();
    match dice.below(100) {
        0..66 => {}
        66..73 => family = slip(dice, &family),
        73..79 => given = slip(dice, &given),
        79..85 => given = name.given.nickname(dice).map_or(given, str::to_owned),
        85..88 => given.truncate(given.chars().next().map_or(0, char::len_utf8)),
        88..91 => std::mem::swap(&mut given, &mut family),
        91..94 => {
            if let Some(middle) = &mut middle {
                std::mem::swap(middle, &mut given);
            }
        }
        94..97 => family = family.rsplit(' ').next().unwrap_or_default().to_owned(),
        _ => {
            if let Some((given_alias, family_alias)) = name.alias {
                (given, family) = (given_alias.to_owned(), family_alias.to_owned());
            }
        }
    }
    if middle.is_some() && dice.chance(0.4) {
        middle = middle.and_then(|middle| middle.chars().next()).map(String::from);
    }
    NameSheet {
        given: Some(given),
        middle,
        family: Some(family),
        suffix: name.suffix.filter(|_| dice.chance(0.5)),
        full: None,
        use_: Some(NameUse::Legal),
    }
}

/// Off by a year in one case in twenty: reckoned from an age.
fn birth_year(dice: &mut Dice, person: &Person) -> i32 {
    calendar::year(person.born) + dice.weighted(&[(0, 940), (-1, 25), (1, 25), (10, 5), (-10, 5)])
}

fn features(dice: &mut Dice, clerk: &Clerk, person: &Person) -> Vec<FeatureSheet> {
    if dice.chance(0.01) {
        return vec![marks::negation(dice)];
    }
    if !dice.chance(0.21) {
        return Vec::new();
    }
    let marks = marks::marks(&mut person.dice(Purpose::Marks), person);
    let seen: Vec<&Mark> = marks.iter().filter(|_| dice.chance(0.8)).collect();
    marks::described(dice, clerk, &seen)
}

fn belongings(dice: &mut Dice, clerk: &Clerk, person: &Person, same_clothes: bool) -> Vec<BelongingSheet> {
    let mut belongings = if dice.chance(0.143) { worn(dice, clerk, person, same_clothes) } else { Vec::new() };
    for belonging in &mut belongings {
        // Coroners seldom say where a thing was.
        belonging.position = belonging.position.filter(|_| dice.chance(0.02));
    }
    belongings
}
