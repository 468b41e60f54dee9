//! The parameters of the evidence: one file, checked when it is loaded, the same for every pair.
//!
//! What a parameter means stands beside it in `default.toml`, with its source. A model that loads is usable: every
//! probability lies between 0 and 1, every row of a confusion matrix sums to 1, every spread is positive.

mod bits;
mod gaps;

use serde::Deserialize;
use thiserror::Error;

use crate::record::{Ancestry, EyeColor, HairColor};
use gaps::GapTables;

pub use bits::Bits;
pub use gaps::GAP_YEARS;

/// Kernels in the mixture of distances.
pub const PLACE_SCALES: usize = 5;
/// States of a tooth that are weighed.
pub const TOOTH_STATES: usize = 4;
/// Rows of the table of gaps between last contact and finding.
const GAP_CLASSES: usize = 11;
const A: usize = Ancestry::ALL.len();
const H: usize = HairColor::ALL.len();
const E: usize = EyeColor::ALL.len();

/// The parameters of every attribute.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each parameter is told in default.toml, with its source")]
pub struct Model {
    pub smoothing: f64,
    pub presence: f64,
    pub sex: SexModel,
    pub appearance: AppearanceModel,
    pub build: BuildModel,
    pub timeline: TimelineModel,
    pub place: PlaceModel,
    pub dental: DentalModel,
    pub features: FeaturesModel,
    pub names: NamesModel,
    pub identifiers: IdentifiersModel,
}

/// Errors of determined sex.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "see default.toml")]
pub struct SexModel {
    pub shares: [f64; 3],
    pub error_fleshed: f64,
    pub error_altered: f64,
    pub error_skeleton: f64,
    pub error_parts: f64,
}

/// Confusions of ancestry, hair and eyes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "see default.toml")]
pub struct AppearanceModel {
    pub ancestry_shares: [f64; A],
    pub ancestry: [[f64; A]; A],
    pub hair_shares: [f64; H],
    pub hair: [[f64; H]; H],
    pub eyes_shares: [f64; E],
    pub eyes_fresh: [[f64; E]; E],
    pub eyes_altered: [[f64; E]; E],
}

/// A normal density.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Normal {
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub sd: f64,
}

impl Normal {
    /// The density at `x`.
    pub fn density(self, x: f64) -> f64 {
        const ROOT_TAU: f64 = 2.506_628_274_631_000_5;
        let errors = (x - self.mean) / self.sd;
        (-0.5 * errors * errors).exp() / (self.sd * ROOT_TAU)
    }
}

/// Errors of heights and weights.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "see default.toml")]
pub struct BuildModel {
    pub slip: f64,
    pub height_cm: [Normal; 3],
    pub weight_log_kg: [Normal; 3],
    pub height_weight_correlation: f64,
    pub height_bias_cm: f64,
    pub height_error_cm: [f64; 4],
    pub weight_bias_log: [f64; 4],
    pub weight_error_log: [f64; 4],
    pub growth_cm_a_year: f64,
}

/// Ages, births and gaps.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "see default.toml")]
pub struct TimelineModel {
    pub birth_near: f64,
    pub birth_other: f64,
    pub age_outside: f64,
    pub age_shoulder_years: f64,
    pub age_slip: f64,
    pub age_later: f64,
    pub contact_after_death: f64,
    pub contact_before_death: f64,
    pub contact_before_death_days: f64,
    pub gap_slip: f64,
    pub found_before_contact: f64,
    gaps: [Gap; GAP_CLASSES],
    #[serde(skip)]
    tables: GapTables,
}

/// A log-normal time from last contact to finding.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Gap {
    median_days: f64,
    log_sd: f64,
}

/// Distances.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "see default.toml")]
pub struct PlaceModel {
    pub scales_km: [f64; PLACE_SCALES],
    pub shares: [f64; PLACE_SCALES],
    pub anywhere: f64,
    pub same_region: f64,
}

/// Changes of teeth.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "see default.toml")]
pub struct DentalModel {
    pub change: [[f64; TOOTH_STATES]; TOOTH_STATES],
    pub expected: [[f64; TOOTH_STATES]; 5],
    pub smoothing: f64,
    pub same_surfaces_ratio: f64,
    pub other_surfaces_ratio: f64,
    pub independence: f64,
}

/// Words of marks.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "see default.toml")]
pub struct FeaturesModel {
    pub agreement: f64,
    pub independence: f64,
    pub other_kind: f64,
    pub nothing_shared_bits: f64,
}

/// Levels of names.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "see default.toml")]
pub struct NamesModel {
    pub exact: f64,
    pub variant: f64,
    pub nickname: f64,
    pub together: f64,
    pub sound: f64,
    pub slip: f64,
    pub two_slips: f64,
    pub across_scripts: f64,
    pub sound_across_scripts: f64,
    pub slip_spellings: f64,
    pub sound_by_chance: f64,
    pub sounds_apart: f64,
    pub initial_ratio: f64,
    pub part_cap_bits: f64,
    pub second_part_full_bits: f64,
    pub differs_bits: f64,
    pub differs_slope: f64,
    pub patronymic_differs_bits: f64,
    pub middle_differs_bits: f64,
    pub middle_differs_slope: f64,
    pub middle_cap_bits: f64,
    pub one_differs_bits: f64,
    pub all_differ_bits: f64,
    pub spare_part_bits: f64,
    pub moved_bits: f64,
    pub swapped_bits: f64,
    pub inscribed_bits: f64,
    pub inscribed_cap_bits: f64,
    pub census_weight: f64,
}

/// Shared numbers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "see default.toml")]
pub struct IdentifiersModel {
    pub same_bits: f64,
    pub different_bits: f64,
}

/// Why a model file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidModel {
    /// Not TOML, or not these parameters.
    #[error("{0}")]
    Form(String),
    /// A parameter out of its limits.
    #[error("`{0}`: {1}")]
    Parameter(&'static str, &'static str),
}

/// The model that the program carries.
impl Default for Model {
    #[expect(clippy::expect_used, reason = "the file is part of the program, and a test reads it")]
    fn default() -> Self {
        Self::parse(Self::DEFAULT).expect("the default model is sound")
    }
}

impl Model {
    /// The model that the program carries.
    pub const DEFAULT: &'static str = include_str!("default.toml");

    /// Reads and checks a model.
    pub fn parse(text: &str) -> Result<Self, InvalidModel> {
        let mut model: Self = toml::from_str(text).map_err(|error| InvalidModel::Form(error.to_string()))?;
        model.check()?;
        model.timeline.tables = GapTables::new(&model.timeline);
        Ok(model)
    }

    fn check(&self) -> Result<(), InvalidModel> {
        let rows = |name, rows: &[&[f64]]| {
            let right = |row: &&[f64]| (row.iter().sum::<f64>() - 1.0).abs() < 1e-6 && row.iter().all(|p| *p > 0.0);
            if rows.iter().all(right) {
                Ok(())
            } else {
                Err(InvalidModel::Parameter(name, "every row holds positive shares that sum to 1"))
            }
        };
        fn slices<const R: usize, const C: usize>(matrix: &[[f64; C]; R]) -> Vec<&[f64]> {
            matrix.iter().map(|row| &row[..]).collect()
        }
        rows("sex.shares", &[&self.sex.shares])?;
        rows("appearance.ancestry", &slices(&self.appearance.ancestry))?;
        rows("appearance.hair", &slices(&self.appearance.hair))?;
        rows("appearance.eyes_fresh", &slices(&self.appearance.eyes_fresh))?;
        rows("appearance.eyes_altered", &slices(&self.appearance.eyes_altered))?;
        rows("dental.change", &slices(&self.dental.change))?;
        rows("dental.expected", &slices(&self.dental.expected))?;
        self.check_numbers()
    }

    fn check_numbers(&self) -> Result<(), InvalidModel> {
        let shares = [
            ("presence", self.presence),
            ("sex.error_fleshed", self.sex.error_fleshed),
            ("sex.error_altered", self.sex.error_altered),
            ("sex.error_skeleton", self.sex.error_skeleton),
            ("sex.error_parts", self.sex.error_parts),
            ("build.slip", self.build.slip),
            ("timeline.gap_slip", self.timeline.gap_slip),
            ("timeline.age_slip", self.timeline.age_slip),
            ("timeline.age_outside", self.timeline.age_outside),
            ("place.anywhere", self.place.anywhere),
            ("place.same_region", self.place.same_region),
            ("features.agreement", self.features.agreement),
            ("names.exact", self.names.exact),
            ("names.variant", self.names.variant),
            ("names.nickname", self.names.nickname),
            ("names.together", self.names.together),
            ("names.sound", self.names.sound),
            ("names.slip", self.names.slip),
            ("names.two_slips", self.names.two_slips),
            ("names.across_scripts", self.names.across_scripts),
            ("names.sound_across_scripts", self.names.sound_across_scripts),
            ("names.sound_by_chance", self.names.sound_by_chance),
            ("names.differs_slope", self.names.differs_slope),
            ("names.middle_differs_slope", self.names.middle_differs_slope),
        ];
        if let Some((name, _)) = shares.iter().find(|(_, share)| !(*share > 0.0 && *share < 1.0)) {
            return Err(InvalidModel::Parameter(name, "expected a share between 0 and 1"));
        }
        let positive = [
            ("smoothing", self.smoothing),
            ("timeline.age_shoulder_years", self.timeline.age_shoulder_years),
            ("timeline.contact_before_death_days", self.timeline.contact_before_death_days),
            ("dental.smoothing", self.dental.smoothing),
            ("names.census_weight", self.names.census_weight),
            ("names.initial_ratio", self.names.initial_ratio),
            ("names.slip_spellings", self.names.slip_spellings),
            ("names.sounds_apart", self.names.sounds_apart),
            ("names.part_cap_bits", self.names.part_cap_bits),
            ("names.second_part_full_bits", self.names.second_part_full_bits),
            ("names.middle_cap_bits", self.names.middle_cap_bits),
            ("names.inscribed_cap_bits", self.names.inscribed_cap_bits),
        ];
        if let Some((name, _)) = positive.iter().find(|(_, number)| !(*number > 0.0 && number.is_finite())) {
            return Err(InvalidModel::Parameter(name, "expected a positive number"));
        }
        let spreads = self.build.height_error_cm.iter().chain(&self.build.weight_error_log);
        let normals = self.build.height_cm.iter().chain(&self.build.weight_log_kg).map(|normal| &normal.sd);
        let gaps = self.timeline.gaps.iter().flat_map(|gap| [&gap.median_days, &gap.log_sd]);
        if !spreads.chain(normals).chain(gaps).chain(&self.place.scales_km).all(|sd| *sd > 0.0 && sd.is_finite()) {
            return Err(InvalidModel::Parameter("build, timeline.gaps, place.scales_km", "every spread is positive"));
        }
        let places = self.place.shares.iter().sum::<f64>() + self.place.anywhere;
        if (places - 1.0).abs() > 1e-6 {
            return Err(InvalidModel::Parameter("place.shares", "with `anywhere` they sum to 1"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_model_is_sound() {
        Model::parse(Model::DEFAULT).expect("the default model");
    }

    #[test]
    fn what_cannot_be_is_refused_by_name() {
        let wrong = |from: &str, to: &str| Model::parse(&Model::DEFAULT.replace(from, to)).err();
        assert_eq!(
            wrong("presence = 0.3", "presence = 1.3").map(|e| e.to_string()).as_deref(),
            Some("`presence`: expected a share between 0 and 1")
        );
        assert!(matches!(wrong("presence = 0.3", "presense = 0.3"), Some(InvalidModel::Form(_))));
        assert!(matches!(wrong("anywhere = 0.15", "anywhere = 0.5"), Some(InvalidModel::Parameter("place.shares", _))));
        assert!(matches!(wrong("0.9720, 0.0190", "0.9720, 0.9190"), Some(InvalidModel::Parameter("dental.change", _))));
    }
}
