//! What happened after the last contact: death, and the place, day and state in which a body was found.

use super::calendar::{Day, TODAY};
use super::dice::{Dice, Purpose};
use super::person::{Person, not_after_today};
use super::places::Spot;
use crate::record::{BodyRegion, Condition};

/// How a life ended and what was found.
pub(super) struct Fate {
    pub(super) death: Day,
    pub(super) found: Day,
    pub(super) spot: Spot,
    pub(super) condition: Condition,
    pub(super) not_recovered: Vec<BodyRegion>,
    /// The clothes are those of the last contact.
    pub(super) same_clothes: bool,
}

impl Fate {
    /// Someone who was found and could not be named.
    pub(super) fn unidentified(person: &Person) -> Self {
        let mut dice = person.dice(Purpose::Fate);
        let dice = &mut dice;
        // Most die within days of the last contact, some live on elsewhere for years.
        let alive = if dice.chance(0.62) { dice.lognormal(5.0, 1.1) } else { dice.lognormal(160.0, 1.8) };
        let lying = match dice.below(100) {
            0..25 => dice.lognormal(1.2, 0.9),
            25..52 => dice.lognormal(22.0, 0.8),
            _ => dice.lognormal(900.0, 1.25),
        };
        Self::after(dice, person, alive, lying)
    }

    /// Someone who died under their name, far from those who miss them.
    pub(super) fn unclaimed(person: &Person) -> Self {
        let mut dice = person.dice(Purpose::Fate);
        let alive = dice.lognormal(900.0, 1.1);
        let lying = dice.lognormal(0.8, 0.8);
        Self::after(&mut dice, person, alive, lying)
    }

    fn after(dice: &mut Dice, person: &Person, alive_days: f64, lying_days: f64) -> Self {
        // Nobody outlives a hundred, and what is not found yet has no record.
        let left = f64::from((TODAY - person.last_seen).max(2));
        let shrink = (left / (alive_days + lying_days)).min(1.0);
        let alive_days = (alive_days * shrink).min((101.0 - person.age_at(person.last_seen)).max(0.1) * 365.0);
        let lying_days = lying_days * shrink;
        let death = person.last_seen + alive_days as Day;
        let condition = condition(dice, lying_days);
        Self {
            death,
            found: not_after_today(death + lying_days as Day),
            spot: person.spot.found(dice),
            condition,
            not_recovered: not_recovered(dice, condition),
            same_clothes: alive_days < dice.lognormal(8.0, 0.8),
        }
    }

    pub(super) fn lacks(&self, region: BodyRegion) -> bool {
        self.not_recovered.contains(&region)
    }

    /// Only bones and what is as hard are left.
    pub(super) const fn bones_only(&self) -> bool {
        matches!(self.condition, Condition::Skeleton | Condition::PartialSkeleton)
    }
}

/// The state of a body by the days since death.
fn condition(dice: &mut Dice, days: f64) -> Condition {
    use Condition::{
        Burned, Decomposed, InsectActivity, Mummified, PartialSkeleton, PartialSoftTissue, Recognizable, Skeleton,
        Traumatized,
    };
    dice.weighted(match days {
        ..4.0 => &[(Recognizable, 82), (Traumatized, 8), (Burned, 7), (Decomposed, 3)],
        ..15.0 => &[
            (Recognizable, 38),
            (Decomposed, 48),
            (Traumatized, 5),
            (Burned, 5),
            (InsectActivity, 2),
            (PartialSoftTissue, 2),
        ],
        ..120.0 => &[
            (Decomposed, 70),
            (PartialSoftTissue, 8),
            (Mummified, 7),
            (Skeleton, 5),
            (PartialSkeleton, 6),
            (Recognizable, 4),
        ],
        ..1_000.0 => &[
            (PartialSkeleton, 46),
            (Skeleton, 34),
            (Mummified, 6),
            (Decomposed, 7),
            (PartialSoftTissue, 5),
            (Burned, 2),
        ],
        _ => &[(PartialSkeleton, 66), (Skeleton, 29), (Mummified, 2), (Burned, 2), (Recognizable, 1)],
    })
}

fn not_recovered(dice: &mut Dice, condition: Condition) -> Vec<BodyRegion> {
    use BodyRegion::{Hands, Head, Limbs, Torso};
    let lost = match condition {
        Condition::PartialSkeleton => 0.72,
        Condition::PartialSoftTissue | Condition::Burned => 0.25,
        Condition::Skeleton | Condition::Mummified => 0.12,
        _ => 0.03,
    };
    if !dice.chance(lost) {
        return Vec::new();
    }
    const SETS: [(&[BodyRegion], u32); 7] = [
        (&[Torso, Limbs, Hands], 27),
        (&[Head, Torso, Limbs, Hands], 22),
        (&[Limbs, Hands], 17),
        (&[Hands], 12),
        (&[Limbs], 10),
        (&[Head, Limbs, Hands], 7),
        (&[Head, Hands], 5),
    ];
    dice.weighted(&SETS).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::person::Pool;

    fn fates() -> Vec<(Person, Fate)> {
        (0..3_000)
            .map(|number| {
                let person = Person::new(4, Pool::Unidentified, number);
                let fate = Fate::unidentified(&person);
                (person, fate)
            })
            .collect()
    }

    #[test]
    fn events_come_in_their_order() {
        for (person, fate) in fates() {
            assert!(person.last_seen <= fate.death && fate.death <= fate.found && fate.found <= TODAY);
        }
    }

    #[test]
    fn the_longer_a_body_lies_the_less_is_left() {
        let fates = fates();
        let bones = |from: Day, to: Day| {
            let lying: Vec<&Fate> = fates
                .iter()
                .map(|pair| &pair.1)
                .filter(|fate| (from..to).contains(&(fate.found - fate.death)))
                .collect();
            lying.iter().filter(|fate| fate.bones_only()).count() * 100 / lying.len()
        };
        assert_eq!(bones(0, 4), 0);
        assert!(bones(15, 120) < 30 && bones(400, 30_000) > 70);
    }
}
