//! `/livez`, `/readyz` and `/metrics`: for whoever runs the service.

use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use super::Shared;
use super::openapi::Refused;
use super::problem::Problem;
use crate::telemetry;

/// How the service is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Health {
    /// `alive` or `ready`.
    #[schema(example = "ready")]
    status: &'static str,
}

/// Is the service alive?
///
/// Answers as long as the process does, under any load.
#[utoipa::path(
    get, path = "/livez", tag = "operation", operation_id = "livez",
    responses((status = 200, description = "It is", body = Health))
)]
pub(super) async fn alive() -> HttpResponse {
    HttpResponse::Ok().json(Health { status: "alive" })
}

/// Is the service ready?
///
/// Ready once the index is loaded, and until the service stops.
#[utoipa::path(
    get, path = "/readyz", tag = "operation", operation_id = "readyz",
    responses((status = 200, description = "It is", body = Health), Refused::<503>)
)]
pub(super) async fn ready(app: Shared) -> Result<HttpResponse, Problem> {
    app.engine()?;
    Ok(HttpResponse::Ok().json(Health { status: "ready" }))
}

/// Metrics
///
/// In Prometheus' text format. Figures of the index are there once it is loaded.
#[utoipa::path(
    get, path = "/metrics", tag = "operation", operation_id = "metrics",
    responses((status = 200, description = "The metrics", body = String, content_type = "text/plain"), Refused::<500>)
)]
pub(super) async fn metrics(app: Shared, _request: HttpRequest) -> Result<HttpResponse, Problem> {
    let census = app.engine.get().map(|engine| engine.census());
    app.metrics.failed(app.trail.lost(), app.guard.failed_fetches());
    let text = app.metrics.text(census.as_ref());
    Ok(HttpResponse::Ok().content_type(telemetry::METRICS_TYPE).body(text))
}
