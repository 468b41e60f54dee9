//! The post-mortem record: what an examiner could tell of remains without a name.

use super::calendar::{self, YEAR};
use super::clerk::Clerk;
use super::dice::{Dice, Purpose};
use super::dna::{self, Family};
use super::fate::Fate;
use super::marks::{self, Mark};
use super::missing::{sorted, told_hair};
use super::person::{Blood, Person, Woman};
use super::prints::Prints;
use super::sheet::{BelongingSheet, DnaSheet, EventSheet, FeatureSheet, RemainsSheet, Sheet, Span};
use super::tables::WORDS;
use super::teeth::Teeth;
use super::things::{self, Thing};
use crate::record::{Ancestry, BloodType, BodyRegion, Condition, EyeColor, Kind, Sex};

/// What the state of the remains lets an examiner say: the share of records with each field.
struct Legible {
    sex: f64,
    ancestry: f64,
    height: f64,
    weight: f64,
    hair: f64,
    eyes: f64,
    prints: f64,
    marks: f64,
    teeth: f64,
    /// Teeth that came loose and were not found.
    lost_teeth: f64,
}

/// Shares as published cases have them.
const fn legible(condition: Condition) -> Legible {
    let row = match condition {
        Condition::Recognizable => [1.0, 0.95, 0.88, 0.88, 0.9, 0.76, 0.58, 0.62, 0.66, 0.03],
        Condition::Traumatized => [0.97, 0.9, 0.8, 0.77, 0.75, 0.47, 0.05, 0.42, 0.58, 0.15],
        Condition::Decomposed | Condition::InsectActivity => {
            [0.99, 0.85, 0.85, 0.72, 0.73, 0.21, 0.27, 0.42, 0.64, 0.08]
        }
        Condition::Burned => [0.91, 0.65, 0.68, 0.44, 0.27, 0.09, 0.01, 0.22, 0.66, 0.2],
        Condition::Mummified => [0.99, 0.77, 0.84, 0.43, 0.69, 0.06, 0.2, 0.24, 0.7, 0.12],
        Condition::PartialSoftTissue => [0.84, 0.6, 0.56, 0.16, 0.27, 0.04, 0.0, 0.22, 0.5, 0.2],
        Condition::Skeleton => [0.94, 0.77, 0.77, 0.15, 0.32, 0.02, 0.0, 0.75, 0.72, 0.2],
        Condition::PartialSkeleton => [0.78, 0.5, 0.4, 0.02, 0.09, 0.0, 0.0, 0.35, 0.42, 0.3],
    };
    let [sex, ancestry, height, weight, hair, eyes, prints, marks, teeth, lost_teeth] = row;
    Legible { sex, ancestry, height, weight, hair, eyes, prints, marks, teeth, lost_teeth }
}

/// The record of this person's remains.
pub(super) fn record(person: &Person, source: &'static str, id: String) -> Sheet {
    let fate = Fate::unidentified(person);
    let legible = legible(fate.condition);
    let mut dice = person.dice(Purpose::ExaminersClerk);
    let dice = &mut dice;
    let clerk = Clerk::new(dice);
    let age = person.age_at(fate.death);
    let bones = fate.bones_only();
    let mut place = fate.spot.named(dice.chance(0.6));
    place.locality = place.locality.filter(|_| dice.chance(0.89));
    Sheet {
        source,
        id,
        kind: Some(Kind::Unidentified),
        sex: dice.chance(legible.sex).then(|| sex(dice, person.sex, bones)),
        ancestry: if dice.chance(legible.ancestry) { ancestry(dice, person) } else { Vec::new() },
        age_years: dice.chance(0.74).then(|| estimated_age(dice, age, bones)),
        height_cm: dice.chance(legible.height).then(|| estimated_height(dice, person.height_at(age), bones)),
        weight_kg: dice.chance(legible.weight).then(|| weight(dice, person.weight_at(age), fate.condition)),
        hair_color: if dice.chance(legible.hair) { vec![told_hair(dice, person.hair_at(age))] } else { Vec::new() },
        eye_color: if dice.chance(legible.eyes) { vec![clouded(dice, person.eyes)] } else { Vec::new() },
        blood_type: dice.chance(if bones { 0.03 } else { 0.25 }).then(|| blood(person, bones)),
        death_date: dice.chance(0.43).then(|| death_date(dice, &fate)),
        features: features(dice, &clerk, person, &fate),
        belongings: belongings(dice, &clerk, person, &fate),
        dental: (age > 4.0 && !fate.lacks(BodyRegion::Head) && dice.chance(legible.teeth))
            .then(|| Teeth::new(&mut person.dice(Purpose::Teeth)).post_mortem(dice, age, legible.lost_teeth)),
        fingerprint_class: (!fate.lacks(BodyRegion::Hands) && dice.chance(legible.prints))
            .then(|| Prints::new(&mut person.dice(Purpose::Prints)).classified(dice, 0.12)),
        dna: dice.chance(0.455).then(|| dna(dice, person, &fate)),
        narrative: dice.chance(0.1).then(|| WORDS.pick("found", dice)),
        found: Some(EventSheet { date: calendar::full(fate.found), place }),
        remains: dice
            .chance(0.998)
            .then(|| RemainsSheet { condition: fate.condition, not_recovered: sorted(&fate.not_recovered) }),
        ..Sheet::default()
    }
}

/// The group as it was typed; of bones without the Rh factor, and less surely.
fn blood(person: &Person, bones: bool) -> BloodType {
    let (wrong, no_factor) = if bones { (0.03, 1.0) } else { (0.005, 0.1) };
    Blood { wrong, no_factor }.told(&mut person.dice(Purpose::ExaminersBlood), person.blood)
}

/// Wrong in 0.5 % of bodies and 5.3 % of skeletons (Thomas et al. 2016).
fn sex(dice: &mut Dice, sex: Sex, bones: bool) -> Sex {
    match (sex, dice.chance(if bones { 0.053 } else { 0.005 })) {
        (Sex::Female, false) | (Sex::Male, true) => Sex::Female,
        (Sex::Male, false) | (Sex::Female, true) => Sex::Male,
        (Sex::Intersex, _) => Sex::Intersex,
    }
}

/// Wrong in about one case in twelve, and "other" now and then.
fn ancestry(dice: &mut Dice, person: &Person) -> Vec<Ancestry> {
    use Ancestry::{Asian, Black, Hispanic, Indigenous, Other, White};
    match dice.below(100) {
        0..92 => sorted(&person.ancestry),
        92..94 => vec![Other],
        _ => vec![dice.pick(&[White, White, Black, Hispanic, Indigenous, Asian])],
    }
}

/// A range that holds the truth in about nine cases of ten.
fn estimated_age(dice: &mut Dice, age: f64, bones: bool) -> Span {
    let child = (age / 18.0).clamp(0.1, 1.0);
    let width = child
        * dice.weighted(if bones {
            &[(10.0, 22), (15.0, 18), (20.0, 26), (25.0, 10), (30.0, 10), (40.0, 6), (5.0, 8)]
        } else {
            &[(0.0, 9), (5.0, 12), (9.0, 8), (10.0, 28), (15.0, 16), (20.0, 18), (30.0, 6), (25.0, 3)]
        });
    let error = dice.normal() * (1.0 + 0.28 * width * child);
    let low = dice.chance(0.04) && age > 18.0;
    if low {
        return Span { min: 18, max: 18 + dice.weighted(&[(81, 80), (60, 10), (70, 10)]) };
    }
    let to_five = |x: f64| if age > 20.0 && width >= 10.0 { (x / 5.0).round() * 5.0 } else { x };
    Span::around(to_five(age + error - width / 2.0) + width / 2.0, width / 2.0)
}

/// Measured on a body to 3 cm; from long bones to 4.3 cm, told as a range.
fn estimated_height(dice: &mut Dice, height_cm: f64, bones: bool) -> Span {
    let child = (height_cm / 160.0).min(1.0);
    let (sd, half) = if bones {
        (4.3, dice.weighted(&[(0.0, 25), (4.0, 12), (5.0, 18), (8.0, 25), (9.0, 12), (11.0, 8)]))
    } else {
        (2.4, dice.weighted(&[(0.0, 88), (2.5, 6), (5.0, 6)]))
    };
    Span::around(height_cm + sd * child * dice.normal(), half * child)
}

/// What the scales said: decay and fire take much of it.
fn weight(dice: &mut Dice, weight_kg: f64, condition: Condition) -> Span {
    let (share, sd) = match condition {
        Condition::Recognizable | Condition::Traumatized => (1.0, 0.06),
        Condition::Decomposed | Condition::InsectActivity => (0.92, 0.13),
        Condition::Burned | Condition::Mummified => (0.65, 0.2),
        _ => (0.85, 0.2),
    };
    let half = dice.weighted(&[(0.0, 93), (2.5, 3), (4.5, 4)]);
    Span::around((weight_kg * (share + sd * dice.normal())).max(1.0), half)
}

/// The eyes of the dead cloud: blue and hazel are read as gray or brown.
fn clouded(dice: &mut Dice, eyes: EyeColor) -> EyeColor {
    use EyeColor::{Black, Blue, Brown, Gray, Green, Hazel};
    match eyes {
        Blue => dice.weighted(&[(Blue, 72), (Gray, 18), (Brown, 5), (Green, 5)]),
        Hazel => dice.weighted(&[(Hazel, 50), (Brown, 38), (Green, 7), (Gray, 5)]),
        Green => dice.weighted(&[(Green, 45), (Hazel, 20), (Blue, 15), (Brown, 12), (Gray, 8)]),
        Brown | Black => dice.weighted(&[(Brown, 91), (Hazel, 4), (Black, 3), (Gray, 2)]),
        other => other,
    }
}

/// An interval of years up to the day of finding.
fn death_date(dice: &mut Dice, fate: &Fate) -> String {
    let years = f64::from(fate.found - fate.death) / YEAR;
    let back = (years * dice.between(0.9, 2.2) + dice.between(0.0, 0.3)) as i32;
    let found = calendar::year(fate.found);
    format!("{}/{found}", found - back)
}

fn features(dice: &mut Dice, clerk: &Clerk, person: &Person, fate: &Fate) -> Vec<FeatureSheet> {
    if dice.chance(0.025) {
        return vec![marks::negation(dice)];
    }
    if !dice.chance(legible(fate.condition).marks) {
        return Vec::new();
    }
    let marks = marks::marks(&mut person.dice(Purpose::Marks), person);
    let legible = |mark: &Mark| mark.in_bone() || !fate.bones_only();
    let seen: Vec<&Mark> =
        marks.iter().filter(|mark| legible(mark) && dice.chance(if mark.striking() { 0.9 } else { 0.65 })).collect();
    marks::described(dice, clerk, &seen)
}

fn belongings(dice: &mut Dice, clerk: &Clerk, person: &Person, fate: &Fate) -> Vec<BelongingSheet> {
    let share = match fate.condition {
        Condition::PartialSkeleton => 0.31,
        Condition::Burned => 0.45,
        _ => 0.7,
    };
    if !dice.chance(share) {
        return Vec::new();
    }
    worn(dice, clerk, person, fate.same_clothes)
}

/// What was on or near the body: the clothes of the last contact, or others and what its owner always had.
pub(super) fn worn(dice: &mut Dice, clerk: &Clerk, person: &Person, same: bool) -> Vec<BelongingSheet> {
    let last_seen = things::outfit(&mut person.dice(Purpose::Things), person.woman());
    let later = things::outfit(dice, Woman(person.woman().0));
    let kept = last_seen.iter().filter(|thing| same || thing.lasting());
    let new = later.iter().filter(|_| !same);
    let mut found: Vec<&Thing> = kept.chain(new).filter(|_| dice.chance(0.75)).collect();
    if found.is_empty() {
        found.push(&later[0]);
    }
    things::described(dice, clerk, &found, true)
}

/// The profile of the remains: the longer they lay, the less of it.
fn dna(dice: &mut Dice, person: &Person, fate: &Fate) -> DnaSheet {
    let family = Family::new(&mut person.dice(Purpose::Family), person.ancestry[0]);
    let decay = (f64::from(fate.found - fate.death) / (5.0 * YEAR)).min(1.0);
    let failure = dice.between(0.0, 0.1 + 0.3 * decay);
    let mtdna = if dice.chance(0.08) { family.mtdna(None) } else { Vec::new() };
    let drop_out = 0.02 + 0.1 * decay;
    let profile = dna::profile(dice, &family.person, failure, drop_out);
    DnaSheet {
        str: (profile.len() > 0).then_some(profile),
        mtdna_range: if mtdna.is_empty() { Vec::new() } else { vec!["16024-16569", "1-576"] },
        mtdna,
        y_str: (!person.woman().0 && dice.chance(0.04)).then(|| family.y_profile()),
        relatives: Vec::new(),
    }
}
