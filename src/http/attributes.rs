//! `/v1/attributes`: what the engine compares.

use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use super::Shared;
use super::openapi::Refused;
use super::parameters;
use super::problem::Problem;
use crate::attribute::About;

/// Every attribute that the engine compares.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Attributes {
    /// SHA-256 of the model's parameters in force, as in the header `Crossmatch-Model` of every answer.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    model: String,
    /// In the order of the evidence.
    attributes: Vec<Attribute>,
}

/// An attribute that the engine compares.
#[derive(Debug, Serialize, ToSchema)]
struct Attribute {
    /// Its name, as in the evidence.
    #[schema(example = "dental")]
    name: &'static str,
    /// What both records must have for it to be weighed.
    needs: &'static str,
    /// How well two values can agree, best first.
    levels: Vec<Level>,
    /// The least it can be worth.
    #[schema(example = -12.0)]
    floor_bits: f64,
    /// The most it can be worth.
    #[schema(example = 30.0)]
    cap_bits: f64,
    /// Professional data: its words and details need a clearance.
    professional: bool,
    /// Where the figures come from.
    source: &'static str,
}

/// How well two values of an attribute can agree.
#[derive(Debug, Serialize, ToSchema)]
struct Level {
    /// Its name, as in the evidence.
    #[schema(example = "consistent")]
    name: &'static str,
    /// What it means.
    meaning: &'static str,
}

impl From<&About> for Attribute {
    fn from(about: &About) -> Self {
        Self {
            name: about.name,
            needs: about.needs,
            levels: about.levels.iter().map(|&(name, meaning)| Level { name, meaning }).collect(),
            floor_bits: about.floor.to_f64(),
            cap_bits: about.cap.to_f64(),
            professional: about.professional,
            source: about.source,
        }
    }
}

/// List the attributes
///
/// Every attribute the engine compares: its levels, what each needs, its cap in bits, its source in the literature.
#[utoipa::path(
    get, path = "/v1/attributes", tag = "matching", operation_id = "listAttributes",
    responses(
        (status = 200, description = "The attributes", body = Attributes),
        Refused::<400>, Refused::<500>, Refused::<503>,
    )
)]
pub(super) async fn attributes(app: Shared, request: HttpRequest) -> Result<HttpResponse, Problem> {
    parameters::none(&request)?;
    let engine = app.engine()?;
    let attributes = engine.attributes().into_iter().map(Attribute::from).collect();
    Ok(HttpResponse::Ok().json(Attributes { model: engine.model_hash().to_owned(), attributes }))
}
