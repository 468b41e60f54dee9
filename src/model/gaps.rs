//! From last contact to death, and from death to finding: two times, of which only the sum is seen.
//!
//! Most people die soon after they were last seen; some live on for years (a runaway, a new life elsewhere) and are then
//! found within days of their death. The sum of the two is what dates tell, but an estimated age and an estimated time
//! of death tell where in between the death was. So the time lived on is cut into [`LIVES`] cells: the first for those
//! who died soon, the others by a log-normal; for each the table holds the density of the whole gap, by the condition of
//! the remains, whose time since death is log-normal too.

use super::{GAP_CLASSES, TimelineModel, log2};
use crate::processor::{LANES, Vector};

/// Cells of the time lived on after the last contact; the first is for those who died soon.
pub const LIVES: usize = 13;
/// Years between death and finding that are counted one by one.
pub const GAP_YEARS: usize = 80;
const DAYS_A_YEAR: f64 = 365.25;
/// First day of each cell of the time lived on, and the last one's end.
const EDGES: [i32; LIVES + 1] = [0, 14, 60, 120, 200, 320, 480, 720, 1_100, 1_700, 2_700, 4_300, 7_500, 15_000];
/// Cells of the gap: eight an octave of days, up to 179 years.
const BUCKETS: usize = 8 * 13;
/// Who is found within so many days may by a slip seem to have been found before the last contact.
const SOON_DAYS: f64 = 14.0;
/// Times within a cell, or within a year, that stand for all of them.
const SAMPLES: usize = 12;

const _: () = assert!(LIVES <= LANES);

/// Gaps as they are weighed: the cells, up to a week the wrong way round, and more than that.
pub const GAPS: usize = BUCKETS + 2;

/// Which gap so many days are.
pub fn gap_of_days(days: i32) -> usize {
    match u32::try_from(days) {
        Ok(days) => bucket(days),
        Err(_) if days >= -7 => BUCKETS,
        Err(_) => BUCKETS + 1,
    }
}

/// A chance for each cell of the time lived on.
#[derive(Clone, Copy, Debug)]
pub struct Lives {
    /// One by one.
    pub cells: Vector,
    /// log2 of their sum.
    pub log2: f64,
}

impl Lives {
    /// The chances and their sum.
    pub fn of(cells: Vector) -> Self {
        Self { log2: log2(cells.sum()), cells }
    }
}

/// A number for each cell, and zeros.
pub fn by_life(of: impl Fn(usize) -> f64) -> Vector {
    Vector::each(|cell| if cell < LIVES { of(cell) as f32 } else { 0.0 })
}

/// The cell of so many days lived on; the first and the last one hold what is before and after all of them.
pub fn lived_cell(days: i32) -> usize {
    EDGES[1..LIVES].iter().map(|edge| usize::from(*edge <= days)).sum()
}

/// Days lived on in a cell, from and to.
pub fn lived_days(cell: usize) -> (i32, i32) {
    (EDGES[cell], EDGES[cell + 1])
}

/// Years lived on in a cell, on average; those who died soon did not grow older.
pub fn lived_years(cell: usize) -> f64 {
    if cell == 0 { 0.0 } else { (day(cell) * day(cell + 1)).sqrt() / DAYS_A_YEAR }
}

fn day(edge: usize) -> f64 {
    f64::from(EDGES[edge])
}

/// What follows from the parameters, for each condition.
#[derive(Clone, Debug, Default)]
pub(super) struct GapTables {
    lived: Vec<Lives>,
    densities: Vec<Vector>,
    found: Vec<Lives>,
    masses: Vec<[f64; GAP_YEARS]>,
}

impl GapTables {
    pub(super) fn new(model: &TimelineModel) -> Self {
        let classes = || 0..GAP_CLASSES;
        let lived: Vec<Lives> = classes().map(|class| Lives::of(by_life(model.shares_lived(class)))).collect();
        let density = |class: usize, gap| match gap {
            0..BUCKETS => by_life(|cell| f64::from(lived[class].cells[cell]) * model.mean_density(class, gap, cell)),
            // A slip of days in the date of who was found soon: a skeleton was not found three days before.
            BUCKETS => by_life(|cell| match cell {
                0 => {
                    let soon = f64::from(lived[class].cells[0]) * model.found_by(class, SOON_DAYS);
                    soon * model.found_before_contact / 7.0
                }
                _ => 0.0,
            }),
            _ => by_life(|_| 0.0),
        };
        let gaps = || classes().flat_map(|class| (0..GAPS).map(move |gap| (class, gap)));
        let densities: Vec<Vector> = gaps().map(|(class, gap)| density(class, gap)).collect();
        let found = densities.iter().map(|cells| model.with_slip(*cells, 1.0)).collect();
        let year = |class, start: f64, year: usize| {
            let (from, to) = (year as f64 - start, (year + 1) as f64 - start);
            model.found_by(class, to * DAYS_A_YEAR) - model.found_by(class, from * DAYS_A_YEAR)
        };
        let starts = || (0..SAMPLES).map(|sample| (sample as f64 + 0.5) / SAMPLES as f64);
        let mass = |class, at| starts().map(|start| year(class, start, at)).sum::<f64>() / SAMPLES as f64;
        let masses = classes().map(|class| std::array::from_fn(|at| mass(class, at))).collect();
        Self { lived, densities, found, masses }
    }
}

impl TimelineModel {
    /// The chance of having lived on for each cell, in no particular gap.
    pub fn lived(&self, class: u8) -> &Lives {
        &self.tables.lived[usize::from(class).min(GAP_CLASSES - 1)]
    }

    /// The density a day of a gap, for each cell of the time lived on.
    pub fn gap_densities(&self, class: u8, gap: usize) -> &Vector {
        &self.tables.densities[usize::from(class).min(GAP_CLASSES - 1) * GAPS + gap]
    }

    /// The same with what follows no rule.
    pub fn found(&self, class: u8, gap: usize) -> &Lives {
        &self.tables.found[usize::from(class).min(GAP_CLASSES - 1) * GAPS + gap]
    }

    /// What follows no rule is put down to those who died soon; `fit`: how well that goes with the time of death.
    #[inline(always)]
    pub fn with_slip(&self, mut densities: Vector, fit: f32) -> Lives {
        densities[0] += (self.gap_slip / 100.0 / DAYS_A_YEAR) as f32 * fit;
        Lives::of(densities)
    }

    /// The chance of a finding in the n-th calendar year after the year of death.
    pub fn gap_masses(&self, class: u8) -> &[f64; GAP_YEARS] {
        &self.tables.masses[usize::from(class).min(GAP_CLASSES - 1)]
    }

    fn shares_lived(&self, class: usize) -> impl Fn(usize) -> f64 {
        let (median_days, log_sd) = (self.lived_on_median_days, self.lived_on_log_sd);
        let by = move |days: f64| log_normal(days, median_days, log_sd);
        let lived = self.lived_on[class];
        move |cell| match cell {
            0 => 1.0 - lived,
            1 => lived * by(day(2)),
            cell if cell == LIVES - 1 => lived * (1.0 - by(day(cell))),
            cell => lived * (by(day(cell + 1)) - by(day(cell))),
        }
    }

    /// The chance of having been found so many days after death.
    fn found_by(&self, class: usize, days: f64) -> f64 {
        let gap = self.post_mortem[class];
        log_normal(days, gap.median_days, gap.log_sd)
    }

    /// The density of the gaps of a bucket, given that the person lived on for a time within the cell.
    fn mean_density(&self, class: usize, bucket: usize, cell: usize) -> f64 {
        let (first, next) = (f64::from(first_day(bucket)), f64::from(first_day(bucket + 1)));
        let between = |lived: f64| self.found_by(class, next - lived) - self.found_by(class, first - lived);
        let sum: f64 = match cell {
            0 => between(0.0),
            cell => {
                let (from, to) = (day(cell), day(cell + 1));
                let at = |sample: usize| from * (to / from).powf((sample as f64 + 0.5) / SAMPLES as f64);
                (0..SAMPLES).map(|sample| between(at(sample))).sum::<f64>() / SAMPLES as f64
            }
        };
        sum / (next - first)
    }
}

/// The chance that a log-normal time is at most so many days.
fn log_normal(days: f64, median_days: f64, log_sd: f64) -> f64 {
    if days <= 0.0 { 0.0 } else { 0.5 * libm::erfc((median_days / days).ln() / log_sd / std::f64::consts::SQRT_2) }
}

fn bucket(days: u32) -> usize {
    let from = days + 8;
    let octave = from.ilog2();
    let eighth = (from >> (octave - 3)) - 8;
    (((octave - 3) * 8 + eighth) as usize).min(BUCKETS - 1)
}

fn first_day(bucket: usize) -> u32 {
    ((8 + bucket as u32 % 8) << (bucket / 8)) - 8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Model;

    #[test]
    fn a_bucket_begins_where_the_last_one_ends() {
        assert_eq!((bucket(0), first_day(0)), (0, 0));
        for days in 1..40_000 {
            assert!(bucket(days) == bucket(days - 1) || first_day(bucket(days)) == days, "{days}");
        }
    }

    #[test]
    fn nearly_every_gap_falls_into_a_bucket_and_a_counted_year() {
        let model = Model::default().timeline;
        for class in 0..GAP_CLASSES as u8 {
            let years: f64 = model.gap_masses(class).iter().sum();
            assert!((0.97..=1.000_001).contains(&years), "class {class}: {years}");
            let days: f64 = (0..32_000).map(|days| model.gap_densities(class, gap_of_days(days)).sum()).sum();
            assert!((0.95..=1.000_001).contains(&days), "class {class}: {days}");
            // A sum of short numbers.
            assert!(model.lived(class).log2.abs() < 1e-6, "class {class}");
        }
    }

    #[test]
    fn who_is_found_recognizable_after_years_lived_on() {
        let model = Model::default().timeline;
        let soon = |class, days| {
            let densities = model.gap_densities(class, gap_of_days(days));
            f64::from(densities[0]) / densities.sum()
        };
        assert!(soon(0, 20) > 0.8 && soon(0, 4_000) < 0.2, "{} {}", soon(0, 20), soon(0, 4_000));
        assert!(soon(7, 2_000) > 0.5, "a skeleton may have lain for the years: {}", soon(7, 2_000));
    }
}
