//! People with a history, before anyone wrote them down.

use super::calendar::{self, Day, TODAY, YEAR};
use super::dice::{Dice, Purpose, exp, ln};
use super::names::FullName;
use super::places::Spot;
use crate::record::{Ancestry, BloodType, EyeColor, HairColor, Sex};

/// Whether names and clothes are a woman's.
#[derive(Clone, Copy)]
pub(super) struct Woman(pub(super) bool);

/// Which records a person was made for: those missing, and those of whom nobody is told to be missing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Pool {
    Missing,
    Unidentified,
    Unclaimed,
}

/// A person.
pub(super) struct Person {
    seed: u64,
    pool: Pool,
    number: u64,
    pub(super) sex: Sex,
    /// Main ancestry first.
    pub(super) ancestry: Vec<Ancestry>,
    pub(super) born: Day,
    /// The day of the last contact; those whom nobody misses have one too.
    pub(super) last_seen: Day,
    /// Grown height.
    height_cm: f64,
    /// Grown weight.
    weight_kg: f64,
    hair: HairColor,
    gray_from_age: f64,
    bald: bool,
    pub(super) eyes: EyeColor,
    pub(super) blood: BloodType,
    /// Where they were seen last, mostly at home.
    pub(super) spot: Spot,
}

impl Person {
    pub(super) fn new(seed: u64, pool: Pool, number: u64) -> Self {
        let mut dice = Dice::new(seed, Purpose::Person, pool as u8, number);
        let dice = &mut dice;
        let woman = dice.chance(share_of_women(pool));
        let ancestry = ancestry(dice, pool);
        let age = age(dice, pool, woman);
        let last_seen = last_seen(dice, pool);
        let tall = dice.normal();
        let heavy = 0.35 * tall + 0.937 * dice.normal();
        let born = calendar::years_before(last_seen, age);
        let home = Spot::home(dice);
        Self {
            seed,
            pool,
            number,
            sex: if woman { Sex::Female } else { Sex::Male },
            born,
            last_seen,
            height_cm: mean_height_cm(woman, ancestry[0]) + tall * if woman { 6.6 } else { 7.2 },
            weight_kg: exp(ln(median_weight_kg(woman, last_seen)) + heavy * if woman { 0.24 } else { 0.21 }),
            hair: hair(dice, ancestry[0]),
            gray_from_age: 57.0 + 9.0 * dice.normal(),
            bald: !woman && dice.chance(0.04),
            eyes: eyes(dice, ancestry[0]),
            blood: blood(dice),
            spot: home.last_seen(dice),
            ancestry,
        }
    }

    /// The stream of one side of this person.
    pub(super) fn dice(&self, purpose: Purpose) -> Dice {
        Dice::new(self.seed, purpose, self.pool as u8, self.number)
    }

    pub(super) const fn woman(&self) -> Woman {
        Woman(matches!(self.sex, Sex::Female))
    }

    pub(super) fn name(&self) -> FullName {
        let mut dice = self.dice(Purpose::Name);
        FullName::new(&mut dice, self.ancestry[0], self.woman(), calendar::year(self.born))
    }

    /// Age in years, with its fraction.
    pub(super) fn age_at(&self, day: Day) -> f64 {
        f64::from(day - self.born).max(0.0) / YEAR
    }

    /// Measured height at an age: children grow, and after forty a body loses about 0.06 cm a year.
    pub(super) fn height_at(&self, age: f64) -> f64 {
        self.height_cm * grown(age) - 0.06 * (age - 40.0).max(0.0)
    }

    /// Weight at an age: with nearly the square of height in children, up to half a kilogram in three years later.
    pub(super) fn weight_at(&self, age: f64) -> f64 {
        let grown = grown(age);
        (self.weight_kg * grown * grown * (0.6 + 0.4 * grown) + 0.15 * (age.min(60.0) - 35.0).max(-12.0)).max(3.0)
    }

    /// Hair colour at an age.
    pub(super) fn hair_at(&self, age: f64) -> HairColor {
        match age - self.gray_from_age {
            _ if self.bald && age > 35.0 => HairColor::Bald,
            past if past > 16.0 => HairColor::White,
            past if past > 0.0 => HairColor::Gray,
            _ => self.hair,
        }
    }
}

const fn share_of_women(pool: Pool) -> f64 {
    match pool {
        Pool::Missing => 0.40,
        Pool::Unidentified => 0.25,
        Pool::Unclaimed => 0.22,
    }
}

fn ancestry(dice: &mut Dice, pool: Pool) -> Vec<Ancestry> {
    use Ancestry::{Asian, Black, Hispanic, Indigenous, MiddleEastern, Other, PacificIslander, White};
    let main = match pool {
        Pool::Missing | Pool::Unclaimed => [
            (White, 640),
            (Black, 200),
            (Hispanic, 98),
            (Indigenous, 24),
            (Asian, 24),
            (Other, 6),
            (MiddleEastern, 4),
            (PacificIslander, 4),
        ],
        Pool::Unidentified => [
            (White, 480),
            (Black, 290),
            (Hispanic, 170),
            (Indigenous, 16),
            (Asian, 26),
            (Other, 10),
            (MiddleEastern, 4),
            (PacificIslander, 4),
        ],
    };
    let main = dice.weighted(&main);
    let second = match main {
        Hispanic => dice.weighted(&[(None, 66), (Some(White), 31), (Some(Black), 3)]),
        Indigenous | Other => dice.weighted(&[(None, 84), (Some(White), 16)]),
        _ => dice.weighted(&[(None, 98), (Some(Other), 1), (Some(White), 1)]),
    };
    let mut all = vec![main];
    all.extend(second.filter(|second| *second != main));
    all
}

fn age(dice: &mut Dice, pool: Pool, woman: bool) -> f64 {
    dice.quantile(match (pool, woman) {
        (Pool::Missing, false) => {
            &[(0.0, 0.5), (0.05, 14.0), (0.25, 24.0), (0.5, 36.0), (0.75, 50.0), (0.95, 70.0), (1.0, 94.0)]
        }
        (Pool::Missing, true) => {
            &[(0.0, 0.5), (0.05, 10.0), (0.25, 19.0), (0.5, 29.0), (0.75, 41.0), (0.95, 61.0), (1.0, 92.0)]
        }
        (Pool::Unidentified, _) => {
            &[(0.0, 0.2), (0.04, 12.0), (0.25, 27.0), (0.5, 39.0), (0.75, 52.0), (0.95, 67.0), (1.0, 90.0)]
        }
        (Pool::Unclaimed, _) => {
            &[(0.0, 18.0), (0.05, 33.0), (0.25, 51.0), (0.5, 61.0), (0.75, 70.0), (0.95, 83.0), (1.0, 98.0)]
        }
    })
}

/// More of the older cases are closed: records are as old as those that are open today.
fn last_seen(dice: &mut Dice, pool: Pool) -> Day {
    let year = dice.quantile(match pool {
        Pool::Missing => &[
            (0.0, 1935.0),
            (0.02, 1970.0),
            (0.08, 1980.0),
            (0.19, 1990.0),
            (0.33, 2000.0),
            (0.52, 2010.0),
            (0.77, 2020.0),
            (1.0, 2026.0),
        ],
        Pool::Unidentified => &[
            (0.0, 1940.0),
            (0.04, 1970.0),
            (0.13, 1980.0),
            (0.31, 1990.0),
            (0.5, 2000.0),
            (0.68, 2010.0),
            (0.86, 2020.0),
            (1.0, 2026.0),
        ],
        Pool::Unclaimed => &[(0.0, 1970.0), (0.03, 1995.0), (0.12, 2008.0), (0.5, 2018.0), (1.0, 2025.0)],
    });
    ((year - 1970.0) * YEAR) as Day - dice.below(365) as Day
}

/// NHANES 2017-2018: women 161.4 cm, men 175.0 cm at 20 to 39; by ancestry from the same survey's reports.
fn mean_height_cm(woman: bool, ancestry: Ancestry) -> f64 {
    let shift = match ancestry {
        Ancestry::Hispanic | Ancestry::Asian | Ancestry::Indigenous => -4.5,
        _ => 1.0,
    };
    shift + if woman { 161.4 } else { 175.0 }
}

/// Close to NHANES I (1971) for the old cases and a little below NHANES 2017 for the new: the missing are lean.
fn median_weight_kg(woman: bool, day: Day) -> f64 {
    let since = (f64::from(day) / (48.0 * YEAR)).clamp(0.0, 1.0);
    if woman { 58.0 + 9.0 * since } else { 73.0 + 9.0 * since }
}

/// The share of the grown height that a child of this age has reached.
fn grown(age: f64) -> f64 {
    const POINTS: [(f64, f64); 9] = [
        (0.0, 0.30),
        (1.0, 0.44),
        (2.0, 0.51),
        (5.0, 0.64),
        (8.0, 0.75),
        (11.0, 0.84),
        (14.0, 0.95),
        (16.0, 0.98),
        (18.0, 1.0),
    ];
    let pair = POINTS.windows(2).find(|pair| age < pair[1].0);
    pair.map_or(1.0, |p| p[0].1 + (p[1].1 - p[0].1) * (age - p[0].0) / (p[1].0 - p[0].0))
}

fn hair(dice: &mut Dice, ancestry: Ancestry) -> HairColor {
    use HairColor::{Black, Blond, Brown, Red, Sandy};
    dice.weighted(match ancestry {
        Ancestry::White => &[(Brown, 66), (Blond, 17), (Black, 9), (Red, 5), (Sandy, 3)],
        Ancestry::Black => &[(Black, 80), (Brown, 20)],
        Ancestry::Hispanic => &[(Black, 54), (Brown, 44), (Blond, 2)],
        Ancestry::Other => &[(Black, 40), (Brown, 50), (Blond, 10)],
        _ => &[(Black, 82), (Brown, 18)],
    })
}

fn eyes(dice: &mut Dice, ancestry: Ancestry) -> EyeColor {
    use EyeColor::{Black, Blue, Brown, Gray, Green, Hazel};
    dice.weighted(match ancestry {
        Ancestry::White => &[(Blue, 37), (Brown, 37), (Hazel, 15), (Green, 10), (Gray, 1)],
        Ancestry::Black => &[(Brown, 95), (Black, 4), (Hazel, 1)],
        Ancestry::Hispanic => &[(Brown, 92), (Hazel, 4), (Green, 2), (Black, 2)],
        Ancestry::Other => &[(Brown, 70), (Blue, 14), (Hazel, 10), (Green, 6)],
        _ => &[(Brown, 94), (Black, 5), (Hazel, 1)],
    })
}

/// Blood groups of US donors (American Red Cross).
fn blood(dice: &mut Dice) -> BloodType {
    use BloodType::{ANegative, APositive, AbNegative, AbPositive, BNegative, BPositive, ONegative, OPositive};
    dice.weighted(&[
        (OPositive, 374),
        (APositive, 357),
        (BPositive, 85),
        (ONegative, 66),
        (ANegative, 63),
        (AbPositive, 34),
        (BNegative, 15),
        (AbNegative, 6),
    ])
}

/// How a blood group is told.
#[derive(Clone, Copy)]
pub(super) struct Blood {
    /// Chance that it is somebody else's.
    pub(super) wrong: f64,
    /// Chance that it is told without the Rh factor.
    pub(super) no_factor: f64,
}

impl Blood {
    pub(super) fn told(self, dice: &mut Dice, own: BloodType) -> BloodType {
        use BloodType::{
            A, ANegative, APositive, Ab, AbNegative, AbPositive, B, BNegative, BPositive, O, ONegative, OPositive,
        };
        let told = if dice.chance(self.wrong) { blood(dice) } else { own };
        match (dice.chance(self.no_factor), told) {
            (false, told) => told,
            (true, O | OPositive | ONegative) => O,
            (true, A | APositive | ANegative) => A,
            (true, B | BPositive | BNegative) => B,
            (true, Ab | AbPositive | AbNegative) => Ab,
        }
    }
}

/// No event lies after the day of writing.
pub(super) fn not_after_today(day: Day) -> Day {
    day.min(TODAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people(pool: Pool) -> impl Iterator<Item = Person> {
        (0..2_000).map(move |number| Person::new(9, pool, number))
    }

    #[test]
    fn men_and_women_are_as_tall_as_measured() {
        let grown: Vec<Person> = people(Pool::Missing).filter(|p| p.age_at(p.last_seen) > 20.0).collect();
        let mean = |sex: Sex| {
            let heights: Vec<f64> = grown.iter().filter(|p| p.sex == sex).map(|p| p.height_at(30.0)).collect();
            heights.iter().sum::<f64>() / heights.len() as f64
        };
        assert!((160.0..163.0).contains(&mean(Sex::Female)), "{}", mean(Sex::Female));
        assert!((173.5..177.0).contains(&mean(Sex::Male)), "{}", mean(Sex::Male));
    }

    #[test]
    fn children_grow_and_the_old_turn_gray() {
        for person in people(Pool::Missing).take(200) {
            assert!(person.height_at(4.0) < person.height_at(12.0) && person.height_at(12.0) < person.height_at(20.0));
            assert!(person.weight_at(4.0) < person.weight_at(20.0));
        }
        let gray = |age: f64| {
            people(Pool::Missing).filter(|p| matches!(p.hair_at(age), HairColor::Gray | HairColor::White)).count()
        };
        assert!(gray(75.0) > 5 * gray(45.0));
    }

    #[test]
    fn nobody_is_seen_after_today_or_before_birth() {
        for pool in [Pool::Missing, Pool::Unidentified, Pool::Unclaimed] {
            assert!(people(pool).all(|p| p.born < p.last_seen && p.last_seen <= TODAY));
        }
    }
}
