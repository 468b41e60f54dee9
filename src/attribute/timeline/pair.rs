//! One missing person's dates and ages against one body's: the numerators, over their chances.

use super::chances::Chances;
use super::{AGES, DAYS_A_YEAR, Prepared, Value, middle};
use crate::model::{Bits, LIVES, TimelineModel, lived_days, lived_years};

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

/// The cells of the time lived on, as pairs need them.
pub(super) struct Cells {
    /// First day of each, and one over its days.
    from: [i32; LIVES],
    to: [i32; LIVES],
    share_of_day: [f64; LIVES],
    years: [f64; LIVES],
}

impl Cells {
    pub(super) fn new() -> Self {
        let [from, to] = [|days: (i32, i32)| days.0, |days: (i32, i32)| days.1]
            .map(|end| std::array::from_fn(|cell| end(lived_days(cell))));
        let share_of_day = std::array::from_fn(|cell| 1.0 / f64::from(to[cell] - from[cell]));
        Self { from, to, share_of_day, years: std::array::from_fn(lived_years) }
    }

    /// How well an estimated time of death goes with each, lived on from the day of the last contact: by how much of the
    /// cell lies within it.
    fn fit_death(&self, model: &TimelineModel, contact: i32, (first, last): (i32, i32)) -> [f64; LIVES] {
        let (first, end) = (first - contact, last - contact + 1);
        std::array::from_fn(|cell| {
            let within = (self.to[cell].min(end) - self.from[cell].max(first)).max(0);
            f64::from(within) * self.share_of_day[cell] * (1.0 - model.death_outside) + model.death_outside
        })
    }

    /// How well an interval of ages goes with each, lived on from an age.
    pub(super) fn fits(&self, fit_outside: &[f64; AGES], age: f64, (least, most): (u8, u8)) -> [f64; LIVES] {
        std::array::from_fn(|cell| {
            let age = (age + self.years[cell]) as i32;
            let outside = (i32::from(least) - age).max(age - i32::from(most)).max(0) as usize;
            fit_outside[outside.min(AGES - 1)]
        })
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
        let all = sum(&lives);
        let age = match (birth, ante.age_at_contact(), post.age) {
            (None, Some(age), Some(interval)) => Some(self.age((age, interval), &lives, all, chances)),
            _ => None,
        };
        Weighed { birth, age, gap: days.map(|_| self.gap(all, chances)) }
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
        if let (Some(contact), Some(death)) = (ante.event, post.death) {
            let fits = self.cells.fit_death(model, middle(contact), death);
            lives.iter_mut().zip(fits).for_each(|(chance, fit)| *chance *= fit);
        }
        // What follows no rule is put down to those who died soon.
        lives[0] += model.gap_slip / 100.0 / DAYS_A_YEAR;
        lives
    }

    fn gap(&self, all: f64, chances: Chances) -> Bits {
        let likely = all * DAYS_A_YEAR;
        let ratio = likely / (chances.gap + self.model.timeline.gap_slip / 100.0);
        Bits::of_ratio(ratio).within(Bits(-7_000), Bits(4_500))
    }

    /// An estimate against the age at last contact and what the dates say of the time lived on.
    fn age(&self, (age, interval): (f64, (u8, u8)), lives: &[f64; LIVES], all: f64, chances: Chances) -> Bits {
        let known = self.fits.as_ref().and_then(|fits| fits.get((age * 2.0) as usize));
        let fits = known.copied().unwrap_or_else(|| self.cells.fits(&self.fit_outside, age, interval));
        let likely = sum(&std::array::from_fn(|cell| lives[cell] * fits[cell]));
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

/// The sum of all cells, in four sums at once: each addition waits for the one before it.
fn sum(cells: &[f64; LIVES]) -> f64 {
    let mut sums = [0.0; 4];
    for part in cells.chunks(4) {
        sums.iter_mut().zip(part).for_each(|(sum, cell)| *sum += cell);
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3])
}

impl Value {
    /// Days from the last contact to the finding; where the dates are vague and may be in order, at least none.
    pub(super) fn days_to(&self, post: &Self) -> Option<i32> {
        let (contact, found) = (self.event?, post.event?);
        let days = middle(found) - middle(contact);
        Some(if found.1 >= contact.0 { days.max(0) } else { days })
    }
}
