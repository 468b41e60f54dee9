//! The specification, and Swagger UI to try it. Everything comes out of the binary; nothing is loaded from elsewhere.

use std::sync::{Arc, LazyLock};

use actix_web::http::header;
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use utoipa_swagger_ui::Config;

use super::openapi;
use super::problem::Problem;

/// Without a validator: the page would send the specification's address to swagger.io for a badge.
static CONFIG: LazyLock<Arc<Config<'static>>> =
    LazyLock::new(|| Arc::new(Config::from("/openapi.yaml").validator_url("none").try_it_out_enabled(true)));

/// Holds the page to its own files; Swagger UI sets styles and pictures inline.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// The specification
///
/// OpenAPI 3.1, as the running service has it.
#[utoipa::path(
    get, path = "/openapi.yaml", tag = "operation", operation_id = "specification",
    responses((status = 200, description = "The specification", body = String, content_type = "application/yaml"))
)]
pub(super) async fn specification() -> HttpResponse {
    HttpResponse::Ok().content_type("application/yaml").body(openapi::specification())
}

pub(super) async fn redirect() -> HttpResponse {
    HttpResponse::Found().insert_header((header::LOCATION, "/docs/")).finish()
}

pub(super) async fn page(file: Path<String>, _request: HttpRequest) -> Result<HttpResponse, Problem> {
    let found = utoipa_swagger_ui::serve(&file, Arc::clone(&CONFIG)).map_err(|_| Problem::Internal)?;
    let found = found.ok_or(Problem::UnknownPath)?;
    Ok(HttpResponse::Ok()
        .content_type(found.content_type)
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .body(found.bytes.into_owned()))
}
