//! How long bodies lie before they are found, by condition: log-normal days, and how many years that spans.

use super::{GAP_CLASSES, Gap, Normal, TimelineModel};

/// Years after last contact that are counted one by one.
pub const GAP_YEARS: usize = 80;
/// Days of a year that stand for all of them.
const SAMPLES: usize = 12;
const DAYS_A_YEAR: f64 = 365.25;

/// For each condition: the chance that the finding is in the n-th calendar year after the last contact's.
#[derive(Clone, Debug, Default)]
pub(super) struct GapTables {
    masses: Vec<Vec<f64>>,
}

impl GapTables {
    /// By adding up the density day by day, for contacts spread over a year.
    pub(super) fn new(model: &TimelineModel) -> Self {
        let row = |class: u8| {
            let days = (GAP_YEARS as f64 * DAYS_A_YEAR) as usize;
            let density: Vec<f64> = (0..days).map(|day| model.gap_density(class, day as f64)).collect();
            let mut masses = vec![0.0; GAP_YEARS];
            for sample in 0..SAMPLES {
                let start = (sample as f64 + 0.5) / SAMPLES as f64 * DAYS_A_YEAR;
                for (day, density) in density.iter().enumerate() {
                    let year = ((start + day as f64) / DAYS_A_YEAR) as usize;
                    if year < GAP_YEARS {
                        masses[year] += density / SAMPLES as f64;
                    }
                }
            }
            masses
        };
        Self { masses: (0..GAP_CLASSES as u8).map(row).collect() }
    }
}

impl TimelineModel {
    /// The density a day of a gap of so many days; a little for a clerk's error of up to a week the other way.
    pub fn gap_density(&self, class: u8, days: f64) -> f64 {
        let Gap { median_days, log_sd } = self.gaps[usize::from(class).min(GAP_CLASSES - 1)];
        match days {
            days if days < -7.0 => 0.0,
            days if days < 0.0 => self.found_before_contact / 7.0,
            days => {
                // Half a day keeps the density of the first day finite.
                let days = days + 0.5;
                (1.0 - self.found_before_contact) * Normal { mean: median_days.ln(), sd: log_sd }.density(days.ln())
                    / days
            }
        }
    }

    /// The chance of a finding in the n-th calendar year after the last contact's, n from 0 to [`GAP_YEARS`].
    pub fn gap_masses(&self, class: u8) -> &[f64] {
        &self.tables.masses[usize::from(class).min(GAP_CLASSES - 1)]
    }
}

#[cfg(test)]
mod tests {
    use crate::model::{GAP_CLASSES, Model};

    #[test]
    fn nearly_every_finding_falls_into_a_counted_year() {
        let model = Model::parse(Model::DEFAULT).expect("the default model");
        for class in 0..GAP_CLASSES as u8 {
            let sum: f64 = model.timeline.gap_masses(class).iter().sum();
            assert!((0.95..=1.01).contains(&sum), "class {class}: {sum}");
        }
    }
}
