//! How near the people of a grid's cell are on average, as the kernels of distance see it.
//!
//! The collection is counted in grids, one a kernel. To know how many missing persons are around a place, each cell near
//! it counts by the kernel's mean over the cell, as if its people were spread evenly: a table by how far its middle is.
//!
//! Distances are told apart in steps of 1.5 %, by the square of the chord: a pair needs neither root nor exponential.

use super::{PLACE_SCALES, PlaceModel};

/// Degrees of latitude on a side of the cells of each kernel's grid: about two and a half scales.
pub const CELL_DEGREES: [f64; PLACE_SCALES] = [0.025, 0.2, 0.75, 3.0, 9.0];
/// Kilometres in a degree of latitude.
pub const DEGREE_KM: f64 = 6_371.0 * std::f64::consts::PI / 180.0;
/// Entries of a table, ten a cell's side: the middle of a neighbouring cell is up to one and a half away.
pub(super) const TENTHS: usize = 16;
/// Points a cell's side that stand for all of it.
const SAMPLES: usize = 8;

/// Mean radius of the earth.
pub const EARTH_KM: f64 = 6_371.0;
/// Beyond so many scales a kernel adds nothing.
const REACH: f64 = 9.0;
/// Steps an octave of squares, and the octaves from 50 m to the other side of the earth.
const STEPS_AN_OCTAVE: u32 = 32;
const OCTAVES: std::ops::Range<u32> = 26..63;
/// How many steps of distance there are.
pub const DISTANCES: usize = ((OCTAVES.end - OCTAVES.start) * STEPS_AN_OCTAVE) as usize;
/// The radius of the sphere that chords are measured in.
pub const SPHERE: f64 = 1_073_741_824.0;

/// The step of a distance, by the square of its chord in a sphere of radius [`SPHERE`].
pub fn distance_step(square: u64) -> usize {
    let octave = square.max(1).ilog2();
    if octave < OCTAVES.start {
        return 0;
    }
    let within = (square >> (octave - STEPS_AN_OCTAVE.ilog2())) as u32 % STEPS_AN_OCTAVE;
    (((octave - OCTAVES.start) * STEPS_AN_OCTAVE + within) as usize).min(DISTANCES - 1)
}

/// The middle of a step, in kilometres.
fn middle_km(step: usize) -> f64 {
    let (octave, within) = (step as u32 / STEPS_AN_OCTAVE, step as u32 % STEPS_AN_OCTAVE);
    let square =
        f64::from(octave + OCTAVES.start).exp2() * (1.0 + (f64::from(within) + 0.5) / f64::from(STEPS_AN_OCTAVE));
    2.0 * EARTH_KM * (square.sqrt() / SPHERE / 2.0).min(1.0).asin()
}

/// The means of each kernel, and the kernels at each step of distance.
#[derive(Clone, Debug, Default)]
pub(super) struct KernelTables {
    means: Vec<[[f64; TENTHS]; TENTHS]>,
    kernels: Vec<[f64; PLACE_SCALES]>,
}

impl KernelTables {
    pub(super) fn new(model: &PlaceModel) -> Self {
        let means = (0..PLACE_SCALES).map(|scale| {
            let cell = CELL_DEGREES[scale] * DEGREE_KM / model.scales_km[scale];
            std::array::from_fn(|north| std::array::from_fn(|east| mean(cell, away(east), away(north))))
        });
        let kernel = |km: f64, scale: f64| if km < REACH * scale { (-km / scale).exp() } else { 0.0 };
        let kernels = (0..DISTANCES).map(|step| model.scales_km.map(|scale| kernel(middle_km(step), scale)));
        Self { means: means.collect(), kernels: kernels.collect() }
    }
}

impl PlaceModel {
    /// `exp(-distance / scale)` of each kernel at a step of distance; 0 where it is out of reach.
    pub fn kernels(&self, step: usize) -> &[f64; PLACE_SCALES] {
        &self.tables.kernels[step]
    }

    /// The means of `exp(-distance / scale)` over the cells of a row whose middle is so many tenths of a cell to the north,
    /// or to the south: for each tenth that a cell's middle is to the east or west, up to 15.
    #[inline(always)]
    pub fn mean_kernels(&self, scale: usize, tenths: usize) -> &[f64; TENTHS] {
        &self.tables.means[scale][tenths.min(TENTHS - 1)]
    }
}

fn away(tenths: usize) -> f64 {
    tenths as f64 / 10.0
}

fn mean(cell: f64, east: f64, north: f64) -> f64 {
    let within = || (0..SAMPLES).map(|sample| (sample as f64 + 0.5) / SAMPLES as f64 - 0.5);
    let kernel = |x: f64, y: f64| (-cell * (east + x).hypot(north + y)).exp();
    let sum: f64 = within().flat_map(|x| within().map(move |y| (x, y))).map(|(x, y)| kernel(x, y)).sum();
    sum / (SAMPLES * SAMPLES) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Model;

    #[test]
    fn a_step_of_distance_is_short() {
        for km in [0.06, 0.3, 1.0, 7.7, 33.0, 250.0, 1_234.0, 5_000.0, 12_000.0] {
            let chord = 2.0 * (km / EARTH_KM / 2.0).sin() * SPHERE;
            let step = distance_step((chord * chord) as u64);
            assert!((middle_km(step) / km - 1.0).abs() < 0.016, "{km}: {}", middle_km(step));
        }
        assert_eq!(distance_step(0), 0);
    }

    #[test]
    fn the_cells_around_a_point_make_up_the_plane() {
        // An exponential kernel's integral over the plane is 2 pi scale^2.
        let model = Model::default().place;
        for (scale, km) in model.scales_km.iter().enumerate() {
            let cell = CELL_DEGREES[scale] * DEGREE_KM / km;
            let near = || [10, 0, 10].into_iter();
            let sum: f64 =
                near().flat_map(|x| near().map(move |y| (x, y))).map(|(x, y)| model.mean_kernels(scale, y)[x]).sum();
            let share = sum * cell * cell / std::f64::consts::TAU;
            assert!((0.85..1.0).contains(&share), "{km} km: {share}");
        }
    }
}
