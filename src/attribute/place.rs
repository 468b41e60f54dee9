//! Where last seen, and where found: a heavy-tailed mixture of distances over the density of missing persons.
//!
//! `LR = w0 + sum over i of w_i k_i(d) / rho_i`, where `k_i` is an exponential density in the plane with scale
//! `s_i` (from one town to a third of a continent) and `rho_i` the density of last contacts around the place of
//! finding, counted in a grid of about that scale: neighbours in an empty county weigh more than in a city. Places
//! without a point are compared by their region.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

use super::counts::Counts;
use super::{About, Attribute, Detail, Evidence, Facing, Scale};
use crate::model::{Bits, Model, PLACE_SCALES};
use crate::record::{Kind, Place, Record};

/// Mean radius of the earth.
const EARTH_KM: f64 = 6_371.0;
/// Kilometres in a degree of latitude.
const DEGREE_KM: f64 = EARTH_KM * PI / 180.0;
/// Beyond so many scales a kernel adds nothing.
const REACH: f64 = 9.0;

/// The attribute.
pub struct Places;

/// A point, or at least a region.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Value {
    point: Option<Point>,
    country: Box<str>,
    region: Box<str>,
}

/// Latitude and longitude in ten-thousandths of a degree (11 m), and where that is on a sphere of radius 2^30, so that
/// a distance needs no trigonometry but one arc sine.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Point {
    latitude: i32,
    longitude: i32,
    sphere: [i32; 3],
}

/// Last contacts by cell of the grids, and by country and region.
#[derive(Clone, Default)]
pub struct Statistics {
    cells: Counts<u64>,
    points: i64,
    regions: Counts<(Box<str>, Box<str>)>,
    named: i64,
}

/// A query made ready.
pub struct Prepared<'a> {
    model: &'a Model,
    statistics: &'a Statistics,
    facing: Facing,
    query: &'a Value,
    /// The densities around the query, where it is the place of finding.
    densities: Option<[f64; PLACE_SCALES]>,
}

impl Attribute for Places {
    const ABOUT: About = About {
        name: "place",
        needs: "a point, or a country and region, on both",
        levels: &[
            ("same_place", "within 5 km"),
            ("near", "within 50 km"),
            ("same_area", "within 150 km, or the same region"),
            ("far", "further apart"),
        ],
        floor: Bits(-3_000),
        cap: Bits(10_000),
        source: "distances fitted on twins of published cases",
        reading: 1,
    };
    type Value = Value;
    type Statistics = Statistics;
    type Prepared<'a> = Prepared<'a>;

    fn read(record: &Record) -> Option<Value> {
        let place = record.event()?.place.as_ref()?;
        let word = |text: &Option<String>| text.as_deref().unwrap_or("").trim().to_uppercase().into();
        let value = Value { point: point(place), country: word(&place.country), region: word(&place.region) };
        (value.point.is_some() || !value.region.is_empty()).then_some(value)
    }

    fn count(statistics: &mut Statistics, kind: Kind, value: &Value, by: i64) {
        if kind != Kind::Missing {
            return;
        }
        if let Some(point) = value.point {
            statistics.points += by;
            (0..PLACE_SCALES).for_each(|scale| statistics.cells.change(&cell(scale, point), by));
        }
        if !value.region.is_empty() {
            statistics.named += by;
            statistics.regions.change(&(value.country.clone(), value.region.clone()), by);
        }
    }

    fn prepare<'a>(scale: Scale<'a, Statistics>, query: &'a Value) -> Prepared<'a> {
        let Scale { model, statistics, facing } = scale;
        let found = query.point.filter(|_| facing.query_is_post());
        let densities = found.map(|point| std::array::from_fn(|at| density(statistics, model, at, point)));
        Prepared { model, statistics, facing, query, densities }
    }

    fn weigh(prepared: &Prepared<'_>, candidate: &Value) -> Bits {
        let (ante, post) = prepared.facing.ante_post(prepared.query, candidate);
        match (ante.point, post.point) {
            (Some(from), Some(to)) => prepared.by_distance(distance_km(from, to), to),
            _ => prepared.by_region(ante, post).unwrap_or(Bits::ZERO),
        }
    }

    fn explain(prepared: &Prepared<'_>, candidate: &Value) -> Option<Evidence> {
        let (ante, post) = prepared.facing.ante_post(prepared.query, candidate);
        let bits = Self::weigh(prepared, candidate);
        let regions = match (&*ante.region, &*post.region) {
            ("", _) | (_, "") => String::new(),
            (a, b) if a == b => format!(", both {a}"),
            (a, b) => format!(", {a} to {b}"),
        };
        let (Some(from), Some(to)) = (ante.point, post.point) else {
            prepared.by_region(ante, post)?;
            let same = ante.region == post.region;
            let level = if same { "same_area" } else { "far" };
            return Some(Evidence::plain(&Self::ABOUT, bits, level, format!("compared by region{regions}")));
        };
        let km = distance_km(from, to);
        let (level, far) = match km {
            km if km <= 5.0 => ("same_place", format!("{km:.1} km")),
            km if km <= 50.0 => ("near", format!("{km:.0} km")),
            km if km <= 150.0 => ("same_area", format!("{km:.0} km")),
            km => ("far", format!("{km:.0} km")),
        };
        let details = vec![("distance_km", Detail::Measure((km * 10.0).round() / 10.0))];
        let summary = format!("found {far} from the last contact{regions}");
        Some(Evidence { details, ..Evidence::plain(&Self::ABOUT, bits, level, summary) })
    }
}

impl Prepared<'_> {
    fn by_distance(&self, km: f64, found: Point) -> Bits {
        let model = &self.model.place;
        let mut ratio = model.anywhere;
        for at in 0..PLACE_SCALES {
            let scale = model.scales_km[at];
            if km < REACH * scale {
                let kernel = (-km / scale).exp() / (2.0 * PI * scale * scale);
                let around = match &self.densities {
                    Some(densities) => densities[at],
                    None => density(self.statistics, self.model, at, found),
                };
                ratio += model.shares[at] * kernel / around;
            }
        }
        Bits::of_ratio(ratio).within(Places::ABOUT.floor, Places::ABOUT.cap)
    }

    fn by_region(&self, ante: &Value, post: &Value) -> Option<Bits> {
        if ante.region.is_empty() || post.region.is_empty() {
            return None;
        }
        let key = (post.country.clone(), post.region.clone());
        let smoothing = self.model.smoothing;
        let share = (f64::from(self.statistics.regions.get(&key)) + smoothing / 100.0)
            / (self.statistics.named as f64 + smoothing);
        let same = self.model.place.same_region;
        let ratio = if ante.region == post.region && ante.country == post.country {
            same / share
        } else {
            (1.0 - same) / (1.0 - share).max(0.01)
        };
        Some(Bits::of_ratio(ratio).within(Places::ABOUT.floor, Places::ABOUT.cap))
    }
}

const SPHERE: f64 = 1_073_741_824.0;

fn point(place: &Place) -> Option<Point> {
    let ten_thousandths = |degrees: f64| (degrees * 1e4).round() as i32;
    let (latitude, longitude) = place.point()?;
    let (latitude, longitude) = (ten_thousandths(latitude), ten_thousandths(longitude));
    let radians = |degrees: i32| f64::from(degrees) / 1e4 * PI / 180.0;
    let ((north, out), (east, front)) = (radians(latitude).sin_cos(), radians(longitude).sin_cos());
    let sphere = [out * front, out * east, north].map(|axis| (axis * SPHERE).round() as i32);
    Some(Point { latitude, longitude, sphere })
}

/// Great-circle distance, by the chord.
fn distance_km(a: Point, b: Point) -> f64 {
    let squares = a.sphere.iter().zip(&b.sphere).map(|(a, b)| ((f64::from(*a) - f64::from(*b)) / SPHERE).powi(2));
    let chord = squares.sum::<f64>().sqrt();
    2.0 * EARTH_KM * (chord / 2.0).min(1.0).asin()
}

/// Degrees on a side of the cells of each scale's grid: about two and a half scales.
const CELL_DEGREES: [f64; PLACE_SCALES] = [0.025, 0.2, 0.75, 3.0, 9.0];

/// The row and column of a point in a scale's grid. Columns keep their width in kilometres away from the equator.
fn cell_of(scale: usize, point: Point) -> (i32, i32) {
    let degrees = CELL_DEGREES[scale];
    let row = (f64::from(point.latitude) / 1e4 / degrees).floor() as i32;
    (row, column(scale, row, point.longitude))
}

fn column(scale: usize, row: i32, longitude: i32) -> i32 {
    let middle = (f64::from(row) + 0.5) * CELL_DEGREES[scale] * PI / 180.0;
    (f64::from(longitude) / 1e4 * middle.cos().max(0.05) / CELL_DEGREES[scale]).floor() as i32
}

fn key(scale: usize, (row, column): (i32, i32)) -> u64 {
    (scale as u64) << 56 | u64::from((row + (1 << 20)) as u32) << 28 | u64::from((column + (1 << 20)) as u32)
}

fn cell(scale: usize, point: Point) -> u64 {
    key(scale, cell_of(scale, point))
}

/// The share of last contacts a square kilometre, around a point at a scale: nine cells.
fn density(statistics: &Statistics, model: &Model, scale: usize, point: Point) -> f64 {
    let (row, _) = cell_of(scale, point);
    let mut near = 0;
    for row in row - 1..=row + 1 {
        let column = column(scale, row, point.longitude);
        near += (column - 1..=column + 1).map(|column| statistics.cells.get(&key(scale, (row, column)))).sum::<u32>();
    }
    let area = (3.0 * CELL_DEGREES[scale] * DEGREE_KM).powi(2);
    let total = statistics.points as f64 + model.smoothing;
    let inhabited_km2 = 1e7;
    (f64::from(near) / total / area).max(1.0 / total / area / 4.0) + model.smoothing / total / inhabited_km2
}
