//! Where last seen, and where found: a heavy-tailed mixture of distances over the missing persons around the place.
//!
//! `LR = w0 + sum over i of w_i k_i(d) / mean k_i`, where `k_i(d) = exp(-d / s_i)` with scales from one town to a third
//! of a continent, and the mean is that of all missing persons' kernels at the place of finding: neighbours in an empty
//! county weigh more than in a city. It is counted in a grid a scale, where a cell stands for the people in it, but for
//! those last seen at the very point: places are geocoded to the middle of a town, so there are many. A point that is known
//! to within a radius is as far from every other as it would be on average over that circle.
//!
//! Places without a point are compared by their names in the same way: `LR = w0 + sum over areas of w_a [both in it] / f_a`,
//! from the locality up to the country, where f is the area's share of missing persons. Where one side does not name an
//! area, its weight goes to the next larger one. Regions are known by name and by code (ISO 3166-2).

use std::f64::consts::PI;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, LazyLock};

use any_ascii::any_ascii;
use rust_iso3166::iso3166_2::SUBDIVISION_MAP;
use rustc_hash::{FxBuildHasher, FxHashMap};
use serde::{Deserialize, Serialize};

use super::counts::Counts;
use super::{About, Attribute, Detail, Evidence, Facing, Scale};
use crate::model::{Bits, CELL_DEGREES, DISTANCES, EARTH_KM, Model, PLACE_SCALES, SPHERE, distance_step};
use crate::record::{Kind, Place, Record};

/// The attribute.
pub struct Places;

/// A point, or at least a region.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Value {
    point: Option<Point>,
    /// The mean square of what the radius adds to a distance, in the unit of [`square`].
    blur: u64,
    names: Names,
}

/// The names of the areas that a place is in, in capitals, the smallest first, a tab between two; empty: not given.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Names(Box<str>);

/// Areas, the smallest first, and what it is to be in one.
const AREAS: usize = 4;
const LEVELS: [&str; AREAS] = ["same_place", "near", "same_area", "far"];
const REGION: usize = 2;
const COUNTRY: usize = 3;
/// The least share of people that an area of each size is taken to have: a collection may have nobody of it by chance.
const LEAST_SHARES: [f64; AREAS] = [2e-4, 1e-3, 5e-3, 1e-2];
/// Words that one clerk writes behind the name of a county, and another does not.
const COUNTIES: [&str; 5] = [" COUNTY", " PARISH", " BOROUGH", " CENSUS AREA", " MUNICIPIO"];

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
    /// The same for grids with few cells, all of them, once there is anybody.
    coarse: Arc<Vec<u32>>,
    /// The same at one point.
    towns: Counts<(i32, i32)>,
    points: i64,
    /// The same by area, and how many name one of each size.
    areas: Counts<u64>,
    named: [i64; AREAS],
}

/// What each scale is worth at a place of finding, once it is asked for. Whoever asks at the same time works out the same.
pub struct Around {
    worth: [AtomicU32; PLACE_SCALES],
    /// How many were last seen at the very point.
    town: AtomicU32,
}

impl Around {
    /// Stands for what is not worked out yet: no worth has these bits, and no town so many people.
    const BLANK: u32 = u32::MAX;

    #[inline(always)]
    fn get(&self, scale: usize, work_out: impl FnOnce() -> f64) -> f64 {
        let worth = || (work_out() as f32).to_bits();
        f64::from(f32::from_bits(Self::known(&self.worth[scale], worth)))
    }

    fn town(&self, count: impl FnOnce() -> u32) -> u32 {
        Self::known(&self.town, count)
    }

    #[inline(always)]
    fn known(kept: &AtomicU32, work_out: impl FnOnce() -> u32) -> u32 {
        let known = kept.load(Relaxed);
        if known != Self::BLANK {
            return known;
        }
        let known = work_out();
        kept.store(known, Relaxed);
        known
    }
}

impl Default for Around {
    fn default() -> Self {
        let blank = || AtomicU32::new(Self::BLANK);
        Self { worth: [(); PLACE_SCALES].map(|()| blank()), town: blank() }
    }
}

/// A query made ready.
pub struct Prepared<'a> {
    model: &'a Model,
    statistics: &'a Statistics,
    facing: Facing,
    query: &'a Value,
    /// What every step of distance from the query is worth, where it is the place of finding and many are weighed.
    steps: Option<Box<[Bits]>>,
}

impl Attribute for Places {
    const ABOUT: About = About {
        name: "place",
        needs: "a point, or a region, on both",
        levels: &[
            ("same_place", "within 5 km, or the same locality"),
            ("near", "within 50 km, or the same county"),
            ("same_area", "within 150 km, or the same region"),
            ("far", "further apart"),
        ],
        floor: Bits(-3_000),
        cap: Bits(10_000),
        professional: false,
        source: "distances fitted on twins of published cases",
        reading: 3,
    };
    type Value = Value;
    type Statistics = Statistics;
    type Prepared<'a> = Prepared<'a>;
    type Known = Around;

    fn read(record: &Record) -> Option<Value> {
        let place = record.event()?.place.as_ref()?;
        // Nothing is further away than the other side of the earth, and two such squares can be added.
        let radius = place.radius_km.unwrap_or(0.0).min(PI * EARTH_KM) / EARTH_KM * SPHERE;
        let value = Value { point: point(place), blur: (radius * radius / 2.0) as u64, names: Names::of(place) };
        (value.point.is_some() || !value.names.all()[REGION].is_empty()).then_some(value)
    }

    fn is_sound(value: &Value) -> bool {
        let on_earth = |point: Point| {
            let on_sphere = point.sphere.iter().all(|axis| f64::from(*axis).abs() <= SPHERE);
            point.latitude.unsigned_abs() <= 900_000 && point.longitude.unsigned_abs() <= 1_800_000 && on_sphere
        };
        value.point.is_none_or(on_earth) && value.blur <= u64::MAX / 4
    }

    fn count(statistics: &mut Statistics, kind: Kind, value: &Value, by: i64) {
        if kind != Kind::Missing {
            return;
        }
        if let Some(point) = value.point {
            statistics.points += by;
            statistics.towns.change(&(point.latitude, point.longitude), by);
            for scale in 0..PLACE_SCALES {
                let row = row(scale, point).cell;
                statistics.change((scale, row, column(scale, row, point).cell), by);
            }
        }
        let names = value.names.all();
        for area in (0..AREAS).filter(|area| !names[*area].is_empty()) {
            statistics.named[area] += by;
            let keys = [names[COUNTRY], ""].map(|country| area_key(area, country, names));
            let different = if keys[0] == keys[1] { &keys[..1] } else { &keys[..] };
            different.iter().for_each(|key| statistics.areas.change(key, by));
        }
    }

    fn prepare<'a>(scale: Scale<'a, Statistics>, query: &'a Value) -> Prepared<'a> {
        let Scale { model, statistics, facing } = scale;
        Prepared { model, statistics, facing, query, steps: None }
    }

    fn prepare_for_all<'a>(scale: Scale<'a, Statistics>, query: &'a Value) -> Prepared<'a> {
        let mut prepared = Self::prepare(scale, query);
        let found = query.point.filter(|_| prepared.facing.query_is_post());
        let around = Around::default();
        let steps = |found| (0..DISTANCES).map(|step| prepared.at_distance(step, (found, &around))).collect();
        prepared.steps = found.map(steps);
        prepared
    }

    fn weigh(prepared: &Prepared<'_>, candidate: &Value) -> Bits {
        Self::weigh_known(prepared, candidate, &Around::default())
    }

    fn knows(facing: Facing) -> bool {
        !facing.query_is_post()
    }

    #[inline(always)]
    fn weigh_known(prepared: &Prepared<'_>, candidate: &Value, around: &Around) -> Bits {
        let (ante, post) = prepared.facing.ante_post(prepared.query, candidate);
        match (ante.point, post.point) {
            (Some(from), Some(to)) => {
                let step = distance_step(square(from, to).saturating_add(ante.blur + post.blur));
                let at_distance = || prepared.at_distance(step, (to, around));
                prepared.steps.as_ref().map_or_else(at_distance, |steps| steps[step])
            }
            _ => prepared.by_names(ante, post).map_or(Bits::ZERO, |(bits, _)| bits),
        }
    }

    fn explain(prepared: &Prepared<'_>, candidate: &Value) -> Option<Evidence> {
        let (ante, post) = prepared.facing.ante_post(prepared.query, candidate);
        let bits = Self::weigh(prepared, candidate);
        let (Some(from), Some(to)) = (ante.point, post.point) else {
            let (_, smallest) = prepared.by_names(ante, post)?;
            let level = smallest.map_or("far", |area| LEVELS[area]);
            let shared = smallest.map_or("no area in common".to_owned(), |area| {
                let names = post.names.all().into_iter().skip(area).filter(|name| !name.is_empty());
                format!("both {}", names.collect::<Vec<_>>().join(", "))
            });
            return Some(Evidence::plain(&Self::ABOUT, bits, level, format!("compared by name: {shared}")));
        };
        let regions = match (ante.names.all()[REGION], post.names.all()[REGION]) {
            ("", _) | (_, "") => String::new(),
            (a, b) if a == b => format!(", both {a}"),
            (a, b) => format!(", {a} to {b}"),
        };
        let km = distance_km(from, to);
        let (level, far) = match km {
            km if km <= 5.0 => ("same_place", format!("{km:.1} km")),
            km if km <= 50.0 => ("near", format!("{km:.0} km")),
            km if km <= 150.0 => ("same_area", format!("{km:.0} km")),
            km => ("far", format!("{km:.0} km")),
        };
        let details = vec![("distance_km", Detail::Measure((km * 10.0).round() / 10.0))];
        let radius = ((ante.blur + post.blur) as f64 * 2.0).sqrt() / SPHERE * EARTH_KM;
        let within = if radius < 0.5 { String::new() } else { format!(", known to within {radius:.0} km") };
        let summary = format!("found {far} from the last contact{within}{regions}");
        Some(Evidence { details, ..Evidence::plain(&Self::ABOUT, bits, level, summary) })
    }
}

impl Statistics {
    fn change(&mut self, cell: Cell, by: i64) {
        let Some(at) = coarse(cell) else { return self.cells.change(&key(cell), by) };
        let cells = Arc::make_mut(&mut self.coarse);
        if cells.is_empty() {
            cells.resize(COARSE_CELLS, 0);
        }
        cells[at] = u32::try_from(i64::from(cells[at]) + by).unwrap_or(0);
    }

    /// How many were last seen at the very point.
    fn at(&self, point: Point) -> u32 {
        self.towns.get(&(point.latitude, point.longitude))
    }

    /// How many are in a cell and in its neighbours to the west and to the east.
    fn people(&self, (scale, row, column): Cell) -> [u32; 3] {
        match coarse((scale, row, column)) {
            Some(at) => self.coarse.get(at - 1..=at + 1).and_then(|three| three.try_into().ok()).unwrap_or_default(),
            None => [-1, 0, 1].map(|east| self.cells.get(&key((scale, row, column + east)))),
        }
    }
}

impl Prepared<'_> {
    /// What a step of distance from a place of finding is worth. Scales that reach so far are all that is looked at.
    #[inline(always)]
    fn at_distance(&self, step: usize, (found, around): (Point, &Around)) -> Bits {
        let model = &self.model.place;
        let mut ratio = model.anywhere;
        for (scale, &kernel) in model.kernels(step).iter().enumerate().filter(|(_, kernel)| **kernel > 0.0) {
            ratio += kernel * around.get(scale, || self.worth(scale, (found, around)));
        }
        Bits::of_ratio(ratio).within(Places::ABOUT.floor, Places::ABOUT.cap)
    }

    /// What a scale's kernel is worth at a place of finding: its share over its mean there.
    fn worth(&self, scale: usize, (found, around): (Point, &Around)) -> f64 {
        let here = (found, f64::from(around.town(|| self.statistics.at(found))));
        self.model.place.shares[scale] / mean_kernel(self.statistics, self.model, scale, here)
    }

    /// What the names of areas are worth, and the smallest area that both are in; none: a side has no region.
    fn by_names(&self, ante: &Value, post: &Value) -> Option<(Bits, Option<usize>)> {
        let (ante, post) = (ante.names.all(), post.names.all());
        let both = |area: usize| !ante[area].is_empty() && !post[area].is_empty();
        if !both(REGION) {
            return None;
        }
        let same = |area: usize| ante[area] == post[area];
        let agree = |area: usize| !both(area) || same(area);
        let country = if both(COUNTRY) { post[COUNTRY] } else { "" };
        let (mut ratio, mut carried) = (self.model.place.area_shares[AREAS], 0.0);
        let mut smallest = None;
        for (area, least) in LEAST_SHARES.into_iter().enumerate() {
            carried += self.model.place.area_shares[area];
            if !both(area) {
                continue;
            }
            // Places of one name in different counties or regions are different places.
            if same(area) && (area + 1..AREAS).all(agree) {
                let people = f64::from(self.statistics.areas.get(&area_key(area, country, post))).max(1.0);
                let share = people / (self.statistics.named[area] as f64 + self.model.smoothing);
                ratio += carried / share.max(least);
                smallest = smallest.or(Some(area).filter(|area| *area < COUNTRY));
            }
            carried = 0.0;
        }
        // What is left is that of a country which one of them does not name.
        let bits = Bits::of_ratio(ratio + carried).within(Places::ABOUT.floor, Places::ABOUT.cap);
        Some((bits, smallest))
    }
}

/// Where people of an area are counted, by hash: two areas of one hash would be counted together. A locality or county is one of its region.
fn area_key(area: usize, country: &str, names: [&str; AREAS]) -> u64 {
    let region = if area < REGION { names[REGION] } else { "" };
    FxBuildHasher.hash_one((area, country, region, names[area]))
}

impl Names {
    /// As they are compared.
    fn of(place: &Place) -> Self {
        let plain = |text: &Option<String>| {
            any_ascii(text.as_deref().unwrap_or("").trim()).replace(BETWEEN, " ").to_uppercase()
        };
        let [locality, mut county, mut region, country] =
            [&place.locality, &place.county, &place.region, &place.country].map(plain);
        if let Some(bare) = COUNTIES.iter().find_map(|word| county.strip_suffix(word)) {
            county = bare.to_owned();
        }
        if let Some(code) = REGIONS.get(&(country.clone(), region.clone())) {
            region = (*code).to_owned();
        }
        Self([locality, county, region, country].join(BETWEEN).into())
    }

    /// Each of them.
    fn all(&self) -> [&str; AREAS] {
        let mut names = self.0.split(BETWEEN);
        std::array::from_fn(|_| names.next().unwrap_or_default())
    }
}

/// Stands between two names.
const BETWEEN: &str = "\t";

/// The code of a region by country and name in capitals.
static REGIONS: LazyLock<FxHashMap<(String, String), &'static str>> = LazyLock::new(|| {
    let regions = SUBDIVISION_MAP.into_iter().map(|(_, region)| region);
    regions
        .map(|region| ((region.country_code.to_owned(), any_ascii(region.name).to_uppercase()), region.region_code))
        .collect()
});

fn point(place: &Place) -> Option<Point> {
    let ten_thousandths = |degrees: f64| (degrees * 1e4).round() as i32;
    let (latitude, longitude) = place.point()?;
    let (latitude, longitude) = (ten_thousandths(latitude), ten_thousandths(longitude));
    let radians = |degrees: i32| f64::from(degrees) / 1e4 * PI / 180.0;
    let ((north, out), (east, front)) = (radians(latitude).sin_cos(), radians(longitude).sin_cos());
    let sphere = [out * front, out * east, north].map(|axis| (axis * SPHERE).round() as i32);
    Some(Point { latitude, longitude, sphere })
}

/// The square of the chord between two points.
fn square(a: Point, b: Point) -> u64 {
    let axes = a.sphere.iter().zip(&b.sphere);
    axes.map(|(a, b)| u64::from(a.abs_diff(*b))).map(|apart| apart * apart).sum()
}

/// Great-circle distance, by the chord.
fn distance_km(a: Point, b: Point) -> f64 {
    let chord = (square(a, b) as f64).sqrt() / SPHERE;
    2.0 * EARTH_KM * (chord / 2.0).min(1.0).asin()
}

/// A row, or a column, of a scale's grid, and how many tenths into it a point is.
#[derive(Clone, Copy)]
struct At {
    cell: i32,
    tenths: i32,
}

fn at(cells: f64) -> At {
    let towards_zero = cells as i32;
    let cell = towards_zero - i32::from(f64::from(towards_zero) > cells);
    At { cell, tenths: ((cells - f64::from(cell)) * 10.0 + 0.5) as i32 }
}

fn row(scale: usize, point: Point) -> At {
    at(f64::from(point.latitude) / 1e4 / CELL_DEGREES[scale])
}

impl At {
    /// How many tenths it is to the middle of the cell so many further.
    fn to_middle(self, cells: i32) -> usize {
        (10 * cells + 5 - self.tenths).unsigned_abs() as usize
    }
}

/// Columns a degree of longitude, by row, from the south pole on: they keep their width in kilometres.
static COLUMNS: LazyLock<[Vec<f64>; PLACE_SCALES]> = LazyLock::new(|| {
    let columns = |cell: f64, row: i32| ((f64::from(row) + 0.5) * cell * PI / 180.0).cos().max(0.05) / cell;
    let rows = |cell: f64| (-(90.0 / cell) as i32 - 2)..=((90.0 / cell) as i32 + 2);
    CELL_DEGREES.map(|cell| rows(cell).map(|row| columns(cell, row)).collect())
});

fn column(scale: usize, row: i32, point: Point) -> At {
    let columns = &COLUMNS[scale];
    at(f64::from(point.longitude) / 1e4 * columns[(row + columns.len() as i32 / 2) as usize])
}

/// A grid's cell: scale, row, column.
type Cell = (usize, i32, i32);

/// Grids of few cells: the scales from this one on, and how many rows and columns each has, with one more on every side.
const FIRST_COARSE: usize = 3;
const COARSE: [(i32, i32); PLACE_SCALES - FIRST_COARSE] = [(65, 125), (25, 45)];
const COARSE_CELLS: usize = 65 * 125 + 25 * 45;

/// Where a cell of a coarse grid is among all of them.
fn coarse((scale, row, column): Cell) -> Option<usize> {
    let (rows, columns) = *COARSE.get(scale.checked_sub(FIRST_COARSE)?)?;
    let before = if scale == FIRST_COARSE { 0 } else { COARSE[0].0 * COARSE[0].1 };
    Some((before + (row + rows / 2) * columns + column + columns / 2) as usize)
}

fn key((scale, row, column): Cell) -> u64 {
    (scale as u64) << 56 | u64::from((row + (1 << 20)) as u32) << 28 | u64::from((column + (1 << 20)) as u32)
}

/// The mean of a scale's kernel at a point over all last contacts, of which so many were at the point itself.
///
/// At least what one missing person at the point would make of it: nobody is nearer than that.
fn mean_kernel(statistics: &Statistics, model: &Model, scale: usize, (point, town): (Point, f64)) -> f64 {
    const INHABITED_KM2: f64 = 1e7;
    let here = row(scale, point);
    // A sum a row, none of which waits for another.
    let mut sums = [0.0; 3];
    for (rows, sum) in (-1..=1).zip(&mut sums) {
        let from = column(scale, here.cell + rows, point);
        let kernels = model.place.mean_kernels(scale, here.to_middle(rows));
        let people = statistics.people((scale, here.cell + rows, from.cell));
        let [west, middle, east] = [-1, 0, 1].map(|columns| kernels[from.to_middle(columns)]);
        *sum = f64::from(people[0]) * west + f64::from(people[1]) * middle + f64::from(people[2]) * east;
        // Those at the very point are nearer than their cell.
        if rows == 0 {
            *sum += town * (1.0 - middle);
        }
    }
    let sum = sums[0] + sums[1] + sums[2];
    let reach_km2 = 2.0 * PI * model.place.scales_km[scale].powi(2);
    let anywhere = model.smoothing * (reach_km2 / INHABITED_KM2).min(1.0);
    (sum + anywhere).max(1.0) / (statistics.points as f64 + model.smoothing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_point_and_what_is_around_it_has_a_cell_of_its_own() {
        for (scale, degrees) in CELL_DEGREES.into_iter().enumerate().skip(FIRST_COARSE) {
            let (rows, columns) = ((90.0 / degrees) as i32 + 1, (180.0 / degrees) as i32 + 1);
            let cells = (-rows..=rows).flat_map(|row| (-columns..=columns).map(move |column| (scale, row, column)));
            let mut places: Vec<usize> = cells.filter_map(coarse).collect();
            places.sort_unstable();
            assert!(places.windows(2).all(|two| two[0] < two[1]) && places.last() < Some(&COARSE_CELLS));
            // Those to the west and east lie beside it.
            let beside = |(row, column): (i32, i32)| coarse((scale, row, column)).zip(coarse((scale, row, column + 1)));
            let mut all = (-rows..=rows).flat_map(|row| (-columns..columns).map(move |column| (row, column)));
            assert!(all.all(|cell| beside(cell).is_some_and(|(west, east)| west + 1 == east)));
        }
    }
}
