//! How near the people of a grid's cell are on average, as the kernels of distance see it.
//!
//! The collection is counted in grids, one a kernel. To know how many missing persons are around a place, each cell near
//! it counts by the kernel's mean over the cell, as if its people were spread evenly: a table by how far its middle is.

use super::{PLACE_SCALES, PlaceModel};

/// Degrees of latitude on a side of the cells of each kernel's grid: about two and a half scales.
pub const CELL_DEGREES: [f64; PLACE_SCALES] = [0.025, 0.2, 0.75, 3.0, 9.0];
/// Kilometres in a degree of latitude.
pub const DEGREE_KM: f64 = 6_371.0 * std::f64::consts::PI / 180.0;
/// Entries a cell's side, and of a table: middles are up to two cells away.
const STEPS: usize = 10;
const ENTRIES: usize = 2 * STEPS + 1;
/// Points a cell's side that stand for all of it.
const SAMPLES: usize = 8;

/// The means of each kernel.
#[derive(Clone, Debug, Default)]
pub(super) struct KernelTables {
    means: Vec<[[f64; ENTRIES]; ENTRIES]>,
}

impl KernelTables {
    pub(super) fn new(model: &PlaceModel) -> Self {
        let means = (0..PLACE_SCALES).map(|scale| {
            let cell = CELL_DEGREES[scale] * DEGREE_KM / model.scales_km[scale];
            std::array::from_fn(|north| std::array::from_fn(|east| mean(cell, away(east), away(north))))
        });
        Self { means: means.collect() }
    }
}

impl PlaceModel {
    /// The mean of `exp(-distance / scale)` over a cell whose middle is so many cells to the east and to the north.
    pub fn mean_kernel(&self, scale: usize, east: f64, north: f64) -> f64 {
        let entry = |cells: f64| ((cells.abs() * STEPS as f64).round() as usize).min(ENTRIES - 1);
        self.tables.means[scale][entry(north)][entry(east)]
    }
}

fn away(entry: usize) -> f64 {
    entry as f64 / STEPS as f64
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
    fn the_cells_around_a_point_make_up_the_plane() {
        // An exponential kernel's integral over the plane is 2 pi scale^2.
        let model = Model::default().place;
        for (scale, km) in model.scales_km.iter().enumerate() {
            let cell = CELL_DEGREES[scale] * DEGREE_KM / km;
            let near = || [-1.0, 0.0, 1.0].into_iter();
            let sum: f64 =
                near().flat_map(|x| near().map(move |y| (x, y))).map(|(x, y)| model.mean_kernel(scale, x, y)).sum();
            let share = sum * cell * cell / std::f64::consts::TAU;
            assert!((0.85..1.0).contains(&share), "{km} km: {share}");
        }
    }
}
