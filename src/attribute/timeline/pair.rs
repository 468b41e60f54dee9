//! One missing person's dates and ages against one body's: the numerators, over their chances.

use super::chances::Chances;
use super::{AGES, DAYS_A_YEAR, Prepared, Value, middle};
use crate::model::{Bits, LIVES, TimelineModel, lived_days};

/// What the parts of a pair are worth; none: one side does not have it.
#[derive(Clone, Copy, Default)]
pub(super) struct Weighed {
    pub(super) birth: Option<Bits>,
    pub(super) age: Option<Bits>,
    pub(super) gap: Option<Bits>,
}

impl Weighed {
    pub(super) fn sum(self) -> Bits {
        [self.birth, self.age, self.gap].into_iter().flatten().sum()
    }
}

impl Prepared<'_> {
    pub(super) fn weighed(&self, ante: &Value, post: &Value) -> Weighed {
        let chances = self.chances.unwrap_or_else(|| self.collection.chances(&self.model.timeline, post));
        let birth = ante.born().zip(post.birth).map(|(ante, post)| self.birth(ante, post, chances));
        let days = ante.days_to(post);
        let lives = match days {
            Some(days) => self.lives(days, ante, post),
            None => *self.model.timeline.lived(post.condition),
        };
        let age = match (birth, ante.age_at_contact(), post.age) {
            (None, Some(age), Some(interval)) => Some(self.age(age, interval, &lives, chances)),
            _ => None,
        };
        Weighed { birth, age, gap: days.map(|_| self.gap(&lives, chances)) }
    }

    /// The chance a day of the finding and the estimated time of death, for each time lived on.
    fn lives(&self, days: i32, ante: &Value, post: &Value) -> [f64; LIVES] {
        let model = &self.model.timeline;
        let mut lives = match u32::try_from(days) {
            Ok(days) => *model.gap_densities(post.condition, days),
            Err(_) => [0.0; LIVES],
        };
        if (-7..0).contains(&days) {
            lives[0] = model.found_before_contact / 7.0;
        }
        if let (Some(contact), Some(_)) = (ante.event, post.death) {
            let contact = middle(contact);
            for (cell, chance) in lives.iter_mut().enumerate() {
                let (from, to) = lived_days(cell);
                *chance *= post.fits_death(model, (contact + from, contact + to - 1));
            }
        }
        // What follows no rule is put down to those who died soon.
        lives[0] += model.gap_slip / 100.0 / DAYS_A_YEAR;
        lives
    }

    fn gap(&self, lives: &[f64; LIVES], chances: Chances) -> Bits {
        let likely = lives.iter().sum::<f64>() * DAYS_A_YEAR;
        let ratio = likely / (chances.gap + self.model.timeline.gap_slip / 100.0);
        Bits::of_ratio(ratio).within(Bits(-7_000), Bits(4_500))
    }

    /// An estimate against the age at last contact and what the dates say of the time lived on.
    fn age(&self, age: f64, (least, most): (u8, u8), lives: &[f64; LIVES], chances: Chances) -> Bits {
        let (mut likely, mut all) = (0.0, 0.0);
        for (cell, chance) in lives.iter().enumerate() {
            let age = (age + self.lived_years[cell]) as i32;
            let outside = (i32::from(least) - age).max(age - i32::from(most)).max(0) as usize;
            likely += chance * self.fit_outside[outside.min(AGES - 1)];
            all += chance;
        }
        Bits::of_ratio(likely / all / chances.age).within(Bits(-7_000), Bits(6_000))
    }

    /// Two stated births: the same, off by a year or two, a decade or more apart (one digit wrong), or unrelated.
    fn birth(&self, ante: (i32, i32), post: (i32, i32), chances: Chances) -> Bits {
        let model = &self.model.timeline;
        let length = f64::from(ante.1 - ante.0 + 1);
        let overlap = f64::from((ante.1.min(post.1) - ante.0.max(post.0) + 1).max(0)) / length;
        let apart = f64::from((post.0 - ante.1).max(ante.0 - post.1).max(0)) / DAYS_A_YEAR;
        let decades = apart > 8.0 && apart < 42.0 && apart.round() as i32 % 10 == 0;
        let likely = (1.0 - model.birth_near - model.birth_other) * overlap
            + model.birth_near * 0.5 * if apart < 20.0 { (-apart).exp() } else { 0.0 }
            + model.birth_other * (if decades { 0.1 } else { 0.0 } + 0.6 * self.collection.born_within(post, 0));
        Bits::of_ratio(likely / chances.birth).within(Bits(-7_000), Bits(7_500))
    }
}

impl Value {
    /// Days from the last contact to the finding; where the dates are vague and may be in order, at least none.
    pub(super) fn days_to(&self, post: &Self) -> Option<i32> {
        let (contact, found) = (self.event?, post.event?);
        let days = middle(found) - middle(contact);
        Some(if found.1 >= contact.0 { days.max(0) } else { days })
    }

    /// How well a death at some time between two days goes with the estimated time of death.
    pub(super) fn fits_death(&self, model: &TimelineModel, (from, to): (i32, i32)) -> f64 {
        let Some((first, last)) = self.death else { return 1.0 };
        let within = f64::from((to.min(last) - from.max(first) + 1).max(0)) / f64::from((to - from + 1).max(1));
        within.min(1.0) * (1.0 - model.death_outside) + model.death_outside
    }
}
