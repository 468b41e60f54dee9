//! Where and when: an event of a case.

use serde::Serialize;

use super::DateInterval;
use super::range::whole_as_integer;

/// When and where the person was last known alive, or was found.
#[derive(Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Event {
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<DateInterval>,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

/// A place, as precisely as it is known. Latitude and longitude come together or not at all.
#[derive(Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Place {
    /// ISO 3166-1 alpha-2 code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// State, province or region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// County or district.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub county: Option<String>,
    /// City, town or village.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locality: Option<String>,
    /// WGS-84 degrees north.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_put")]
    pub latitude: Option<f64>,
    /// WGS-84 degrees east.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_put")]
    pub longitude: Option<f64>,
    /// How far around the point the event may have been, in kilometres.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_put")]
    pub radius_km: Option<f64>,
}

impl Place {
    /// Latitude and longitude in degrees.
    pub fn point(&self) -> Option<(f64, f64)> {
        self.latitude.zip(self.longitude)
    }
}

fn as_put<S: serde::Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => whole_as_integer(value, serializer),
        None => serializer.serialize_none(),
    }
}
