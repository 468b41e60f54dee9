//! The parameters of the evidence: one file, checked when it is loaded, the same for every pair.
//!
//! What a parameter means stands beside it in `default.toml`, with its source. A model that loads is usable: every
//! probability lies between 0 and 1, every row of a confusion matrix sums to 1, every spread is positive.

mod bits;
mod collect;
mod gaps;
mod kernels;
mod load;
mod logarithms;

use std::f64::consts::{LOG2_E, TAU};

use serde::Deserialize;
use thiserror::Error;

use crate::record::{Ancestry, EyeColor, HairColor};
use gaps::GapTables;
use kernels::KernelTables;

pub use bits::Bits;
pub use collect::{Collect, CollectModel, CollectedFrom, CollectedPart};
pub use gaps::{GAP_YEARS, GAPS, LIVES, Lives, by_life, gap_of_days, lived_cell, lived_days, lived_years};
pub use kernels::{CELL_DEGREES, DEGREE_KM, DISTANCES, EARTH_KM, SPHERE, distance_step};
pub use logarithms::{exp2, log2};

/// Kernels in the mixture of distances.
pub const PLACE_SCALES: usize = 5;
/// States of a tooth that are weighed.
pub const TOOTH_STATES: usize = 4;
/// Conditions of remains that lie for times of their own: those of the schema, unclaimed bodies, and not known.
pub const GAP_CLASSES: usize = 11;
/// Classes of charts, by how much of a mouth is treated, that the model expects.
pub const DENTAL_CLASSES: usize = 8;
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
    pub dna: DnaModel,
    pub blood_type: BloodTypeModel,
    pub fingerprints: FingerprintsModel,
    pub features: FeaturesModel,
    pub belongings: BelongingsModel,
    pub names: NamesModel,
    pub identifiers: IdentifiersModel,
    pub collect: CollectModel,
    #[serde(skip)]
    hash: String,
    #[serde(skip)]
    parameters: toml::Table,
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
    pub error_child: f64,
    pub intersex_seen: f64,
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
    #[inline(always)]
    pub fn density(self, x: f64) -> f64 {
        let precision = 1.0 / self.sd;
        let errors = (x - self.mean) * precision;
        exp2(-0.5 * LOG2_E * errors * errors) * precision * (1.0 / TAU).sqrt()
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
    pub death_outside: f64,
    pub death_far: f64,
    pub gap_slip: f64,
    pub found_before_contact: f64,
    pub lived_on: [f64; GAP_CLASSES],
    pub lived_on_median_days: f64,
    pub lived_on_log_sd: f64,
    post_mortem: [Gap; GAP_CLASSES],
    #[serde(skip)]
    tables: GapTables,
}

/// A log-normal time from death to finding.
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
    pub area_shares: [f64; 5],
    #[serde(skip)]
    tables: KernelTables,
}

/// Changes of teeth.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "see default.toml")]
pub struct DentalModel {
    pub charted: [[f64; TOOTH_STATES]; TOOTH_STATES],
    pub restored_a_year: f64,
    pub crowned_a_year: f64,
    pub extracted_a_year: [f64; 3],
    pub undated_years: f64,
    pub lived_on: f64,
    pub surfaces: [f64; 4],
    pub rarest_surfaces: f64,
    pub misfiled: f64,
    pub untouched_default: f64,
    pub misnumbered: f64,
    pub misnumbered_further: f64,
    pub class_shares: [f64; DENTAL_CLASSES],
    pub expected: [[f64; TOOTH_STATES]; DENTAL_CLASSES],
    pub without_thirds: f64,
    pub thirds: [[f64; TOOTH_STATES]; 2],
    pub smoothing: f64,
}

/// Patterns of fingers, and how they are misread.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "see default.toml")]
pub struct FingerprintsModel {
    pub patterns: [[f64; 5]; 5],
    pub whorls: [f64; 4],
    pub tracings: [f64; 3],
    pub amputated: f64,
    pub ridges: [Normal; 2],
    pub mirrored: f64,
    pub ridges_off: [f64; 7],
    pub tented_for_plain: f64,
    pub tented_for_small: f64,
    pub each_ridge_more: f64,
    pub turned: f64,
    pub loop_for_whorl: f64,
    pub whorl_for_whorl: [[f64; 4]; 4],
    pub tracing_for_tracing: [[f64; 3]; 3],
    pub slip: f64,
    pub lost_since: f64,
    pub misfiled: f64,
}

/// What one mark or thing against another is worth.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "see default.toml")]
pub struct MarksModel {
    pub sort_agreement: f64,
    pub site_same: f64,
    pub site_near: f64,
    pub side_agreement: f64,
    pub term_agreement: f64,
    pub class_agreement: f64,
    pub independence: f64,
    pub sizes_of_one: [f64; 3],
    pub sizes_of_two: [f64; 3],
    pub slip_bits: f64,
    pub slips_from_bits: f64,
    pub unlike_bits: f64,
    pub unlike_most_bits: f64,
    pub other_number_bits: f64,
    pub cap_bits: f64,
    pub exact_cap_bits: f64,
}

/// Errors of profiles, and how they are handed down.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "see default.toml")]
pub struct DnaModel {
    pub theta: f64,
    pub mutation: f64,
    pub mutation_one_step: f64,
    pub typing_error: f64,
    pub relatives_wrong: f64,
    pub drop_out: f64,
    pub lineage_agrees: f64,
    pub lineage_difference: f64,
}

/// Shares of blood groups.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "see default.toml")]
pub struct BloodTypeModel {
    pub abo_shares: [f64; 4],
    pub rh_shares: [f64; 2],
    pub error: f64,
}

/// Marks of the body that one side has and the other has not.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "see default.toml")]
pub struct FeaturesModel {
    pub marks: MarksModel,
    pub noted: f64,
    pub absent_tattoo_bits: [f64; 2],
    pub absent_bone_bits: [f64; 3],
    pub absent_part_bits: [f64; 3],
    pub absent_bits: [f64; 2],
    pub large_factor: f64,
    pub denied_bits: f64,
    pub gained_bits: f64,
    pub floor_bits: f64,
    pub cap_bits: f64,
}

/// Things that one side has and the other has not.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "see default.toml")]
pub struct BelongingsModel {
    pub marks: MarksModel,
    pub worn_soon: f64,
    pub worn_later: f64,
    pub worn_days: f64,
    pub lasting_days: f64,
    pub absent_bits: f64,
    pub floor_bits: f64,
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
    #[error("`{key}` {found}; {expected}")]
    Value {
        /// The parameter.
        key: String,
        /// What is wrong with it: "is 1.3", "sums to 1.1".
        found: String,
        /// What would be right.
        expected: &'static str,
    },
    /// Parameters that do not go together.
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

    /// SHA-256 of the parameters in force, in hexadecimal.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Every parameter in force, by name.
    pub fn parameters(&self) -> &toml::Table {
        &self.parameters
    }

    /// Reads and checks a model: parameters that the text leaves out are the built-in ones.
    pub fn parse(text: &str) -> Result<Self, InvalidModel> {
        let table = load::overlay(Self::DEFAULT, text)?;
        let hash = load::hash(&table);
        let parameters = table.clone();
        let read = Self::deserialize(table);
        let mut model = read.map_err(|error| InvalidModel::Form(error.message().replace('\n', " ")))?;
        model.check()?;
        model.hash = hash;
        model.parameters = parameters;
        model.timeline.tables = GapTables::new(&model.timeline);
        model.place.tables = KernelTables::new(&model.place);
        Ok(model)
    }

    /// What no single parameter can be checked for.
    fn check(&self) -> Result<(), InvalidModel> {
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
}
