//! The report of a missing person: what a relative told a clerk.

use super::calendar::{self, YEAR};
use super::clerk::Clerk;
use super::dice::{Dice, Purpose};
use super::dna::{self, Family};
use super::marks::{self, Mark};
use super::names::FullName;
use super::person::{Blood, Person, Woman};
use super::prints::Prints;
use super::sheet::{DnaSheet, EventSheet, NameSheet, RelativeSheet, Sheet, Span};
use super::tables::WORDS;
use super::teeth::Teeth;
use super::things::{self, Thing};
use crate::record::{EyeColor, HairColor, Kind, NameUse, Relation, Sex};

/// Which relatives gave samples, and how often.
const DONORS: [(&[Relation], u32); 10] = [
    (&[Relation::Mother], 36),
    (&[Relation::Mother, Relation::Father], 34),
    (&[Relation::Child], 35),
    (&[Relation::HalfSibling], 30),
    (&[Relation::FullSibling], 35),
    (&[Relation::FullSibling, Relation::FullSibling], 33),
    (&[Relation::Father], 35),
    (&[Relation::Grandparent], 4),
    (&[Relation::AuntUncle], 5),
    (&[Relation::Cousin], 3),
];

/// The group as relatives know it: often without the Rh factor, and now and then another's.
const BLOOD: Blood = Blood { wrong: 0.02, no_factor: 0.2 };

/// The report of this person.
pub(super) fn report(person: &Person, source: &'static str, id: String) -> Sheet {
    let mut dice = person.dice(Purpose::MissingClerk);
    let dice = &mut dice;
    let clerk = Clerk::new(dice);
    let age = person.age_at(person.last_seen);
    let (features, belongings) = (features(dice, &clerk, person), belongings(dice, &clerk, person));
    Sheet {
        source,
        id,
        kind: Some(Kind::Missing),
        names: names(dice, &person.name()),
        sex: Some(if dice.chance(0.001) { Sex::Intersex } else { person.sex }),
        ancestry: if dice.chance(0.997) { sorted(&person.ancestry) } else { Vec::new() },
        birth_date: birth_date(dice, person),
        age_years: Some(Span::around(f64::from(calendar::age(person.born, person.last_seen)), 0.0)),
        height_cm: dice.chance(0.998).then(|| height(dice, person.woman(), person.height_at(age), age)),
        weight_kg: dice.chance(0.998).then(|| weight(dice, person.weight_at(age))),
        hair_color: if dice.chance(0.984) { vec![told_hair(dice, person.hair_at(age))] } else { Vec::new() },
        eye_color: if dice.chance(0.976) { vec![told_eyes(dice, person.eyes)] } else { Vec::new() },
        blood_type: dice.chance(0.12).then(|| BLOOD.told(&mut person.dice(Purpose::MissingBlood), person.blood)),
        last_contact: Some(EventSheet {
            date: date(dice, person.last_seen),
            place: person.spot.named(dice.chance(0.6)),
        }),
        features,
        belongings,
        dental: (age > 6.0 && dice.chance(0.37)).then(|| {
            let since = dice.between(0.0, 4.0).min(age - 6.0);
            let charted = dice.chance(0.2).then(|| calendar::month(person.last_seen - (since * YEAR) as i32));
            Teeth::new(&mut person.dice(Purpose::Teeth)).ante_mortem(dice, age - since, charted)
        }),
        fingerprint_class: dice
            .chance(0.2)
            .then(|| Prints::new(&mut person.dice(Purpose::Prints)).classified(dice, 0.02)),
        dna: dna(dice, person),
        narrative: dice.chance(0.1).then(|| WORDS.pick("narrative", dice)),
        ..Sheet::default()
    }
}

/// Codes in the contract's order.
pub(super) fn sorted<T: Ord + Copy>(codes: &[T]) -> Vec<T> {
    let mut codes = codes.to_vec();
    codes.sort_unstable();
    codes
}

fn names(dice: &mut Dice, name: &FullName) -> Vec<NameSheet> {
    let owned = |text: &str| Some(text.to_owned());
    let middle = name.middle.map(|middle| if dice.chance(0.35) { middle[..1].to_owned() } else { middle.to_owned() });
    let legal = NameSheet {
        given: owned(name.given.name),
        middle,
        family: Some(name.family.clone()),
        suffix: name.suffix,
        full: None,
        use_: Some(NameUse::Legal),
    };
    let mut names = vec![legal];
    names.extend(name.nickname.map(|nickname| NameSheet {
        given: owned(nickname),
        family: Some(name.family.clone()),
        use_: Some(NameUse::Nickname),
        ..NameSheet::default()
    }));
    names.extend(name.alias.map(|(given, family)| NameSheet {
        given: owned(given),
        family: owned(family),
        use_: Some(NameUse::Alias),
        ..NameSheet::default()
    }));
    names.extend(name.native.clone().map(|full| NameSheet {
        full: Some(full),
        use_: Some(NameUse::Birth),
        ..NameSheet::default()
    }));
    names
}

fn birth_date(dice: &mut Dice, person: &Person) -> Option<String> {
    match dice.below(100) {
        0..34 => Some(calendar::full(person.born)),
        34..49 => Some(calendar::year(person.born).to_string()),
        49..50 => Some(calendar::month(person.born)),
        _ => None,
    }
}

/// A day, seldom only its month or year, and off by a few days where nobody was sure.
fn date(dice: &mut Dice, day: i32) -> String {
    match dice.below(200) {
        0..3 => calendar::month(day),
        3 => calendar::year(day).to_string(),
        4..14 => calendar::full(day + dice.below(15) as i32 - 7),
        _ => calendar::full(day),
    }
}

/// Reported height, in whole inches: NHANES 2017-2018, reported less measured, by sex and age.
fn height(dice: &mut Dice, woman: Woman, measured_cm: f64, age: f64) -> Span {
    let (bias_cm, sd_cm) = match (woman.0, age) {
        (true, ..40.0) => (0.78, 2.94),
        (true, ..60.0) => (1.26, 3.15),
        (true, _) => (2.36, 3.67),
        (false, ..40.0) => (1.30, 2.84),
        (false, ..60.0) => (1.49, 2.85),
        (false, _) => (2.82, 3.31),
    };
    let child = (measured_cm / 160.0).min(1.0);
    let told = ((measured_cm + (bias_cm + sd_cm * dice.normal()) * child) / 2.54).round();
    let inches = dice.weighted(&[(0.0, 71), (1.0, 11), (2.0, 12), (3.0, 4), (4.0, 2)]);
    let low = told - f64::from(dice.below(inches as u32 + 1));
    Span::around((low + inches / 2.0) * 2.54, inches / 2.0 * 2.54)
}

/// Reported weight, in pounds, mostly to five or ten.
fn weight(dice: &mut Dice, measured_kg: f64) -> Span {
    const POUND_KG: f64 = 0.453_592;
    let told = measured_kg * (0.99 + 0.075 * dice.normal()).max(0.7) / POUND_KG;
    let step = if told < 60.0 { 1.0 } else { dice.weighted(&[(5.0, 50), (10.0, 30), (1.0, 20)]) };
    let low = (told / step).round() * step;
    let range = dice.weighted(&[(0.0, 65), (5.0, 8), (10.0, 14), (20.0, 10), (30.0, 3)]);
    Span::around((low + range / 2.0) * POUND_KG, range / 2.0 * POUND_KG)
}

/// Hair as relatives call it: brown, blond and sandy run together.
pub(super) fn told_hair(dice: &mut Dice, hair: HairColor) -> HairColor {
    use HairColor::{Black, Blond, Brown, Gray, Sandy, White};
    match hair {
        Brown => dice.weighted(&[(Brown, 93), (Black, 3), (Blond, 2), (Sandy, 2)]),
        Blond => dice.weighted(&[(Blond, 88), (Brown, 7), (Sandy, 5)]),
        Sandy => dice.weighted(&[(Sandy, 60), (Blond, 20), (Brown, 20)]),
        Black => dice.weighted(&[(Black, 92), (Brown, 8)]),
        Gray => dice.weighted(&[(Gray, 78), (Brown, 12), (White, 4), (Black, 6)]),
        White => dice.weighted(&[(White, 70), (Gray, 30)]),
        other => other,
    }
}

pub(super) fn told_eyes(dice: &mut Dice, eyes: EyeColor) -> EyeColor {
    use EyeColor::{Blue, Brown, Green, Hazel};
    match eyes {
        Hazel => dice.weighted(&[(Hazel, 85), (Brown, 8), (Green, 7)]),
        Green => dice.weighted(&[(Green, 88), (Hazel, 8), (Blue, 4)]),
        Blue => dice.weighted(&[(Blue, 96), (Green, 2), (Hazel, 2)]),
        Brown => dice.weighted(&[(Brown, 97), (Hazel, 3)]),
        other => other,
    }
}

fn features(dice: &mut Dice, clerk: &Clerk, person: &Person) -> Vec<super::sheet::FeatureSheet> {
    if dice.chance(0.02) {
        return vec![marks::negation(dice)];
    }
    if !dice.chance(0.68) {
        return Vec::new();
    }
    let marks = marks::marks(&mut person.dice(Purpose::Marks), person);
    let known: Vec<&Mark> = marks.iter().filter(|mark| dice.chance(if mark.striking() { 0.95 } else { 0.8 })).collect();
    marks::described(dice, clerk, &known)
}

fn belongings(dice: &mut Dice, clerk: &Clerk, person: &Person) -> Vec<super::sheet::BelongingSheet> {
    if !dice.chance(0.46) {
        return Vec::new();
    }
    let outfit = things::outfit(&mut person.dice(Purpose::Things), person.woman());
    let told: Vec<&Thing> = outfit.iter().filter(|_| dice.chance(0.7)).collect();
    let told = if told.is_empty() { vec![&outfit[0]] } else { told };
    things::described(dice, clerk, &told, false)
}

fn dna(dice: &mut Dice, person: &Person) -> Option<DnaSheet> {
    let (own, donors) = match dice.below(1_000) {
        0..38 => (true, &[][..]),
        38..288 => (false, dice.weighted(&DONORS)),
        _ => return None,
    };
    let family = Family::new(&mut person.dice(Purpose::Family), person.ancestry[0]);
    let male = !person.woman().0;
    let mut dna = DnaSheet::default();
    if own {
        dna.str = Some(dna::full_profile(dice, &family.person));
        dna.mtdna = if dice.chance(0.15) { family.mtdna(None) } else { Vec::new() };
        dna.y_str = (male && dice.chance(0.15)).then(|| family.y_profile());
    }
    if !dna.mtdna.is_empty() {
        dna.mtdna_range = vec!["16024-16569", "1-576"];
    }
    for (nth, &relation) in donors.iter().enumerate() {
        let genotype = family.relative(relation, nth);
        let fathers_line = relation == Relation::Father && male;
        dna.relatives.push(RelativeSheet {
            relation,
            str: Some(dna::full_profile(dice, genotype)),
            mtdna: if dice.chance(0.15) { family.mtdna(Some(relation)) } else { Vec::new() },
            y_str: (fathers_line && dice.chance(0.2)).then(|| family.y_profile()),
        });
    }
    Some(dna)
}
