//! Ranked candidates: of a stored record, and of a record in the call.

use std::time::Duration;

use actix_web::web::{Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use utoipa::IntoParams;

use super::Shared;
use super::answer::Candidates;
use super::audit::Note;
use super::openapi::{KindCode, Refused};
use super::parameters::Parameters;
use super::problem::Problem;
use super::{body, deadline, guard, records};
use crate::engine::MatchRequest;
use crate::record::json;

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what `asked` reads")]
struct MatchParameters {
    /// At most so many candidates.
    #[param(minimum = 1, maximum = 100, default = 10)]
    limit: Option<u32>,
    /// Leave out candidates with fewer bits.
    min_bits: Option<f64>,
    /// Only this side, also the record's own; without it, the sides that the record's kind faces.
    #[param(nullable = false)]
    kind: Option<KindCode>,
    /// Also candidates that nobody has verified yet.
    #[param(default = false)]
    include_unverified: Option<bool>,
    /// Refuse with 504 what is not ready after so many milliseconds.
    #[param(minimum = 1, maximum = 3_600_000)]
    timeout_ms: Option<u32>,
}

/// Match a stored record
///
/// Its ranked candidates now.
#[utoipa::path(
    get, path = "/v1/records/{source}/{id}/matches", tag = "matching", operation_id = "getMatches",
    params(
        ("source" = String, Path, description = "The case system", pattern = "^[A-Za-z0-9._-]{1,64}$", example = "demo"),
        ("id" = String, Path, description = "The identifier in that system", pattern = "^[A-Za-z0-9._:-]{1,128}$", example = "MP1"),
        MatchParameters,
    ),
    responses(
        (status = 200, description = "The candidates", body = Candidates),
        Refused::<400>, Refused::<404>, Refused::<500>, Refused::<503>, Refused::<504>,
    )
)]
pub(super) async fn of_stored(
    app: Shared,
    request: HttpRequest,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let reference = records::reference(&path)?;
    let (asked, timeout) = asked(&request)?;
    let engine = app.engine()?;
    let list = deadline::within(timeout, engine.matches(&reference, asked)).await?;
    Note::new("matches", [reference.clone()]).showing(list.as_ref()).leave(&request);
    let list = list.ok_or(Problem::NoSuchRecord(reference))?;
    Ok(HttpResponse::Ok().json(app.candidates(list, &guard::caller(&request))))
}

/// Match a record without storing it
///
/// For what a medical examiner has on the table. `source` and `id` of the record, if present, are not used.
#[utoipa::path(
    post, path = "/v1/match", tag = "matching", operation_id = "matchRecord",
    params(MatchParameters),
    request_body(content = ref("#/components/schemas/Record"), content_type = "application/json",
        description = "The record", example = json!({"kind": "unidentified", "sex": "female", "height_cm": {"min": 158, "max": 166},
            "found": {"date": "2020-04-11", "place": {"country": "US", "region": "ID"}}})),
    responses(
        (status = 200, description = "The candidates", body = Candidates),
        Refused::<400>, Refused::<408>, Refused::<413>, Refused::<415>, Refused::<422>, Refused::<500>, Refused::<503>,
        Refused::<504>,
    )
)]
pub(super) async fn of_inline(app: Shared, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let (asked, timeout) = asked(&request)?;
    let text = body::json(&request, payload, &app).await?;
    let record = body::parsed(text, |text| Ok(json::read(&json::parse(text)?)?.1)).await?;
    let engine = app.engine()?;
    let list = deadline::within(timeout, engine.match_record(record, asked)).await?;
    Note::new("match", []).showing(Some(&list)).leave(&request);
    Ok(HttpResponse::Ok().json(app.candidates(list, &guard::caller(&request))))
}

/// What a match is asked for unless told otherwise.
pub(super) const fn asking_for(limit: usize) -> MatchRequest {
    MatchRequest { limit, min_bits: None, kind: None, include_unverified: false }
}

fn asked(request: &HttpRequest) -> Result<(MatchRequest, Option<Duration>), Problem> {
    let mut parameters = Parameters::of(request)?;
    let asked = MatchRequest {
        limit: parameters.limit()?,
        min_bits: parameters
            .read("min_bits", "a number", |text| text.parse().ok().filter(|bits: &f64| bits.is_finite()))?,
        kind: parameters.code("kind")?,
        include_unverified: parameters.flag("include_unverified", false)?,
    };
    let timeout = deadline::of(&mut parameters)?;
    parameters.finish()?;
    Ok((asked, timeout))
}
