//! Where: the address, and the point that the publisher's geocoder found for it.

use super::raw::{Raw, object, word};
use crate::interchange::Reason;
use crate::record::json::Tree;

/// The geocoder's answer when it gives up: the middle of the contiguous United States.
const MIDDLE_OF_THE_COUNTRY: (f64, f64) = (38.794_595_2, -106.534_837_9);
/// Two points closer than this, in degrees, are one.
const SAME_POINT: f64 = 1e-4;
/// How far a county reaches around its middle: 3,143 counties share 9.15 million km² of land (US Census
/// Bureau, 2020), in the mean a circle of 30 km.
const COUNTY_RADIUS_KM: f64 = 30.0;
/// The longest county and town, in characters.
const COUNTY_MAX: usize = 100;
const LOCALITY_MAX: usize = 200;

/// The place of an event: the object that has `address` and `publicGeolocation`.
pub(super) fn place(event: Raw<'_>) -> Option<Tree> {
    let state = event.at("address.state").and_then(|state| state.text("displayName").or_else(|| state.own_name()));
    let point = point(event);
    let place = object([
        ("region", state.map(|state| event.cut(state, COUNTY_MAX))),
        ("county", county(event)),
        ("locality", locality(event, state)),
        ("latitude", point.map(|point| Tree::Number(point.latitude))),
        ("longitude", point.map(|point| Tree::Number(point.longitude))),
        ("radius_km", point.and_then(|point| point.radius_km).map(Tree::Number)),
    ])?;
    let Tree::Object(mut members) = place else { return None };
    // NamUs covers the States and their territories, and nothing else.
    members.insert(0, ("country".into(), word("US")));
    Some(Tree::Object(members))
}

fn county(event: Raw<'_>) -> Option<Tree> {
    let county = event.at("address.county")?;
    let name = county.text("displayName").or_else(|| county.own_name())?;
    if name == "All" {
        event.note(Reason::CountyAll);
        return None;
    }
    Some(event.cut(name, COUNTY_MAX))
}

/// The town, without the state that some write behind it.
fn locality(event: Raw<'_>, state: Option<&str>) -> Option<Tree> {
    let city = event.text("address.city")?;
    let town = state.and_then(|state| city.strip_suffix(state)?.trim_end().strip_suffix(','));
    Some(event.cut(town.unwrap_or(city), LOCALITY_MAX))
}

#[derive(Clone, Copy)]
struct Point {
    latitude: f64,
    longitude: f64,
    radius_km: Option<f64>,
}

fn point(event: Raw<'_>) -> Option<Point> {
    let found = event.at("publicGeolocation")?;
    let latitude = found.number_within("coordinates.lat", -90.0, 90.0)?;
    let longitude = found.number_within("coordinates.lon", -180.0, 180.0)?;
    let address = found.text("formattedAddress").unwrap_or_default();
    let near = |a: f64, b: f64| (a - b).abs() < SAME_POINT;
    let reason = if near(latitude, 0.0) && near(longitude, 0.0) {
        Some(Reason::ImplausibleNumber)
    } else if matches!(address, "United States" | "USA")
        || (near(latitude, MIDDLE_OF_THE_COUNTRY.0) && near(longitude, MIDDLE_OF_THE_COUNTRY.1))
    {
        Some(Reason::PointOfTheCountry)
    } else {
        // Its middle may be hundreds of kilometres away; `region` says as much without feigning a point.
        is_whole_state(event, address).then_some(Reason::PointOfAState)
    };
    if let Some(reason) = reason {
        event.note(reason);
        return None;
    }
    let county = address.split(',').next().is_some_and(|first| first.ends_with(" County"));
    Some(Point { latitude, longitude, radius_km: county.then_some(COUNTY_RADIUS_KM) })
}

fn is_whole_state(event: Raw<'_>, address: &str) -> bool {
    let place = [", USA", ", United States"].iter().find_map(|end| address.strip_suffix(end)).unwrap_or(address);
    let state = event.at("address.state").and_then(|state| state.text("name"));
    state.is_some_and(|state| state == place)
}
