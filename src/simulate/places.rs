//! Places: real cities, and made-up towns between them.
//!
//! A place is a point. Its settlement is the nearest city where that is near, and otherwise a town whose name,
//! county and centre follow from the point's cell of a grid, so that two records of one spot name it alike.

use std::sync::LazyLock;

use super::dice::{Dice, cos, exp, ln};
use super::order::mix;
use super::sheet::PlaceSheet;
use super::tables::{WORDS, Weighted, lines};

/// Kilometres in a degree of latitude.
const KM_PER_DEGREE: f64 = 111.2;
/// Up to here a spot belongs to the city.
const CITY_KM: f64 = 12.0;
/// Up to here a town lies in the nearest city's county.
const COUNTY_KM: f64 = 30.0;
/// No spot is farther from a known city: beyond lies the sea, or no state that could be told.
const FARTHEST_KM: f64 = 120.0;
/// Degrees of a town's cell, and of a county's.
const TOWN_CELL: f64 = 0.15;
const COUNTY_CELL: f64 = 0.6;

/// A point on the map, in degrees.
#[derive(Clone, Copy)]
pub(super) struct Spot {
    pub(super) latitude: f64,
    pub(super) longitude: f64,
}

struct City {
    name: &'static str,
    county: &'static str,
    region: &'static str,
    spot: Spot,
}

/// By the square root of the population: the towns around stand for what a city's size leaves out.
static CITIES: LazyLock<Weighted<City>> =
    LazyLock::new(|| Weighted::new(lines(include_str!("data/cities.txt")).filter_map(city)));

fn city(line: &'static str) -> Option<(City, u32)> {
    let fields: Vec<&str> = line.split('|').collect();
    let [name, county, region, latitude, longitude, thousands] = fields[..] else { return None };
    let spot = Spot { latitude: latitude.parse().ok()?, longitude: longitude.parse().ok()? };
    let weight = (thousands.parse::<u32>().ok()? * 100).isqrt();
    let abroad = region.contains(':');
    Some((City { name, county, region, spot }, if abroad { weight / 8 } else { weight }))
}

impl Spot {
    /// Somebody's home: half live in a city, half around one.
    pub(super) fn home(dice: &mut Dice) -> Self {
        let city = CITIES.pick(dice).spot;
        if dice.chance(0.5) { city.away(dice, 4.0) } else { log_uniform(dice, city, 8.0, 90.0) }
    }

    /// Where someone who lives here is seen last.
    pub(super) fn last_seen(self, dice: &mut Dice) -> Self {
        match dice.below(100) {
            0..75 => self,
            75..92 => log_uniform(dice, self, 2.0, 60.0),
            _ => Self::home(dice),
        }
    }

    /// Where the body of someone seen last here is found: a third within a few kilometres, a third within
    /// about a hundred, the rest anywhere.
    pub(super) fn found(self, dice: &mut Dice) -> Self {
        match dice.below(100) {
            0..14 => self,
            14..32 => self.away(dice, 5.0),
            32..64 => log_uniform(dice, self, 10.0, 250.0),
            64..86 => log_uniform(dice, self, 150.0, 1_500.0),
            _ => Self::home(dice),
        }
    }

    /// A spot at a distance with this mean.
    fn away(self, dice: &mut Dice, mean_km: f64) -> Self {
        let distance_km = dice.wait(1.0 / mean_km);
        self.moved(dice, distance_km)
    }

    fn moved(self, dice: &mut Dice, distance_km: f64) -> Self {
        let (east, north) = direction(dice);
        let latitude = (self.latitude + north * distance_km / KM_PER_DEGREE).clamp(-75.0, 75.0);
        let longitude = self.longitude + east * distance_km / (KM_PER_DEGREE * cos(latitude));
        Self { latitude, longitude: longitude.clamp(-179.9, 179.9) }.ashore()
    }

    /// The same spot, drawn in to where a city is known.
    fn ashore(self) -> Self {
        let (city, km) = nearest(self);
        let keep = if km > FARTHEST_KM { FARTHEST_KM * 0.5 / km } else { 1.0 };
        Self {
            latitude: city.spot.latitude + keep * (self.latitude - city.spot.latitude),
            longitude: city.spot.longitude + keep * (self.longitude - city.spot.longitude),
        }
    }

    /// The place as a record names it, its point that of the settlement where `centre` is set.
    pub(super) fn named(self, centre: bool) -> PlaceSheet {
        let (city, km) = nearest(self);
        let (country, region) = city.region.split_once(':').unwrap_or(("US", city.region));
        let town = cell(self, TOWN_CELL);
        let locality = if km < CITY_KM { city.name.to_owned() } else { made_up(town, "prefix", "suffix") };
        let county = if km < COUNTY_KM { city.county } else { county_name(cell(self, COUNTY_CELL)) };
        let point = match (centre, km < CITY_KM) {
            (false, _) => self,
            (true, true) => city.spot,
            (true, false) => centre_of(town),
        };
        PlaceSheet {
            country: Some(country),
            region: Some(region),
            county: (!county.is_empty()).then_some(county),
            locality: Some(locality),
            latitude: Some(rounded(point.latitude)),
            longitude: Some(rounded(point.longitude)),
        }
    }
}

fn log_uniform(dice: &mut Dice, around: Spot, near_km: f64, far_km: f64) -> Spot {
    let distance_km = exp(dice.between(ln(near_km), ln(far_km)));
    around.moved(dice, distance_km)
}

/// A unit vector in any direction, by rejection: no sine is needed.
fn direction(dice: &mut Dice) -> (f64, f64) {
    loop {
        let (x, y) = (dice.between(-1.0, 1.0), dice.between(-1.0, 1.0));
        let square = x * x + y * y;
        if (0.01..=1.0).contains(&square) {
            return (x / square.sqrt(), y / square.sqrt());
        }
    }
}

fn nearest(spot: Spot) -> (&'static City, f64) {
    let shrink = cos(spot.latitude);
    let square = |city: &City| {
        let north = city.spot.latitude - spot.latitude;
        let east = (city.spot.longitude - spot.longitude) * shrink;
        north * north + east * east
    };
    let mut best = (&CITIES.items()[0], f64::MAX);
    for city in CITIES.items() {
        let distance = square(city);
        if distance < best.1 {
            best = (city, distance);
        }
    }
    (best.0, best.1.sqrt() * KM_PER_DEGREE)
}

type Cell = (i32, i32, f64);

fn cell(spot: Spot, degrees: f64) -> Cell {
    ((spot.latitude / degrees).floor() as i32, (spot.longitude / degrees).floor() as i32, degrees)
}

fn hash(cell: Cell, salt: u64) -> u64 {
    mix(cell.0 as u64, cell.1 as u64, salt)
}

fn centre_of(cell: Cell) -> Spot {
    let within = |salt| 0.2 + 0.6 * (hash(cell, salt) % 1_000) as f64 / 1_000.0;
    Spot { latitude: (f64::from(cell.0) + within(3)) * cell.2, longitude: (f64::from(cell.1) + within(4)) * cell.2 }
}

fn word(list: &str, at: u64) -> &'static str {
    let words = WORDS.list(list);
    words[(at % words.len() as u64) as usize]
}

fn made_up(cell: Cell, first: &str, second: &str) -> String {
    format!("{} {}", word(first, hash(cell, 1)), word(second, hash(cell, 2)))
}

fn county_name(cell: Cell) -> &'static str {
    word("county", hash(cell, 5))
}

/// To about a metre, as geocoders write it.
fn rounded(degrees: f64) -> f64 {
    (degrees * 100_000.0).round() / 100_000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::dice::Purpose;

    fn km(a: Spot, b: Spot) -> f64 {
        let north = a.latitude - b.latitude;
        let east = (a.longitude - b.longitude) * cos(f64::midpoint(a.latitude, b.latitude));
        (north * north + east * east).sqrt() * KM_PER_DEGREE
    }

    #[test]
    fn bodies_are_found_near_for_a_third_and_far_for_a_third() {
        let mut dice = Dice::new(3, Purpose::Fate, 0, 0);
        let mut distances: Vec<f64> = (0..3_000)
            .map(|_| {
                let home = Spot::home(&mut dice);
                km(home, home.found(&mut dice))
            })
            .collect();
        distances.sort_by(f64::total_cmp);
        assert!((5.0..40.0).contains(&distances[1_000]), "{}", distances[1_000]);
        assert!((100.0..500.0).contains(&distances[2_000]), "{}", distances[2_000]);
    }

    #[test]
    fn one_spot_has_one_name_and_a_city_its_own() {
        let detroit = Spot { latitude: 42.33, longitude: -83.05 };
        let place = detroit.named(true);
        assert_eq!(
            (place.region, place.county, place.locality.as_deref()),
            (Some("MI"), Some("Wayne"), Some("Detroit"))
        );
        let rural = Spot { latitude: 42.9, longitude: -82.6 };
        assert_eq!(rural.named(true).locality, Spot { latitude: 42.901, longitude: -82.601 }.named(false).locality);
    }
}
