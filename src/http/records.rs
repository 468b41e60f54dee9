//! `/v1/records/{source}/{id}`: put, get and delete one record.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::{self, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::Shared;
use super::answer::Candidates;
use super::audit::{Note, origin};
use super::condition::{Condition, tag, tags};
use super::openapi::Refused;
use super::parameters::{self, Parameters};
use super::problem::Problem;
use super::{body, clearance, deadline, guard, matches};
use crate::access::Scope;
use crate::engine::{Engine, Outcome, Stored};
use crate::record::json::{self, Fault, Invalid, Tree};
use crate::record::{Record, Reference};

/// The reference in a path.
pub(super) fn reference(path: &Path<(String, String)>) -> Result<Reference, Problem> {
    Ok(Reference::new(&path.0, &path.1)?)
}

/// What a put answers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PutAnswer)]
pub(super) struct Put {
    /// The case system.
    #[schema(example = "demo")]
    source: String,
    /// The identifier in that system.
    #[schema(example = "MP1")]
    id: String,
    /// Counts from 1 for each record, also over a delete.
    #[schema(minimum = 1, example = 3)]
    version: u64,
    /// The record's candidates. Not with `matches=false`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    matches: Option<Candidates>,
}

/// What a get answers.
#[derive(ToSchema)]
#[schema(as = StoredRecord)]
#[expect(dead_code, reason = "documents what `text_of` writes around a record that is text already")]
struct StoredAnswer {
    /// The case system.
    #[schema(example = "demo")]
    source: String,
    /// The identifier in that system.
    #[schema(example = "MP1")]
    id: String,
    /// Counts from 1 for each record, also over a delete.
    #[schema(minimum = 1, example = 3)]
    version: u64,
    /// The record, without `source` and `id`.
    #[schema(schema_with = super::openapi::record)]
    record: (),
    /// Fields of the record that are withheld, because the key has no clearance. Only where there are any.
    #[schema(required = false, example = json!(["dental"]))]
    withheld: Vec<String>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what `put` reads")]
struct PutParameters {
    /// At most so many candidates.
    #[param(minimum = 1, maximum = 100, default = 10)]
    limit: Option<u32>,
    /// False: only store the record.
    #[param(default = true)]
    matches: Option<bool>,
    /// Refuse with 504 if the candidates are not ready after so many milliseconds; the record is stored then.
    #[param(minimum = 1, maximum = 3_600_000)]
    timeout_ms: Option<u32>,
}

/// Insert or replace a record
///
/// Stores the record durably and returns its version and its ranked candidates, computed in the same call.
/// Idempotent: the same body again changes nothing and keeps the version.
#[utoipa::path(
    put, path = "/v1/records/{source}/{id}", tag = "records", operation_id = "putRecord",
    params(
        ("source" = String, Path, description = "The case system", pattern = "^[A-Za-z0-9._-]{1,64}$", example = "demo"),
        ("id" = String, Path, description = "The identifier in that system", pattern = "^[A-Za-z0-9._:-]{1,128}$", example = "MP1"),
        PutParameters,
        ("If-Match" = Option<String>, Header, nullable = false, pattern = r#"^(\*|"[1-9][0-9]{0,18}")$"#, description = "Replace only this version, such as `\"3\"`, or any with `*`"),
        ("If-None-Match" = Option<String>, Header, nullable = false, pattern = r"^\*$", description = "`*`: insert only, never replace"),
    ),
    request_body(content = ref("#/components/schemas/Record"), content_type = "application/json",
        description = "The record. `source` and `id`, if present, are those of the path.",
        example = json!({"kind": "missing", "sex": "female", "birth_date": "1985-03", "height_cm": {"min": 160, "max": 165},
            "last_contact": {"date": "2019-06-02", "place": {"country": "US", "region": "ID"}}})),
    responses(
        (status = 200, description = "Replaced, or already as given", body = Put,
            headers(("ETag" = String, description = "The version, in double quotes"))),
        (status = 201, description = "Inserted", body = Put,
            headers(("ETag" = String, description = "The version, in double quotes"))),
        Refused::<400>, Refused::<408>, Refused::<412>, Refused::<413>, Refused::<415>, Refused::<422>,
        Refused::<500>, Refused::<503>, Refused::<504>, Refused::<507>,
    )
)]
pub(super) async fn put(
    app: Shared,
    request: HttpRequest,
    path: Path<(String, String)>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let reference = reference(&path)?;
    let mut parameters = Parameters::of(&request)?;
    let limit = parameters.limit()?;
    let wants_matches = parameters.flag("matches", true)?;
    let timeout = deadline::of(&mut parameters)?;
    parameters.finish()?;
    let caller = guard::caller(&request);
    Note::new("put", [reference.clone()]).leave(&request);
    guard::need_source(&caller, reference.source())?;
    if wants_matches {
        guard::need(&caller, Scope::MatchRead)?;
    }
    let condition = Condition::of(request.headers())?;
    let text = body::json(&request, payload, &app).await?;
    let named = reference.clone();
    let record = body::parsed(text, move |text| record_of(text, &named)).await?;
    let engine = app.engine()?;
    let written = condition.put(&engine, &caller, (&reference, &record), &origin(&request)).await?;
    let matches = if wants_matches {
        let list = engine.matches(&reference, matches::asking_for(limit));
        let found = deadline::within(timeout, list).await.map_err(after_storing)?;
        Note::new("put", [reference.clone()]).showing(found.as_ref()).leave(&request);
        found.map(|list| app.candidates(list, &caller))
    } else {
        None
    };
    let status = if written.outcome == Outcome::Inserted { StatusCode::CREATED } else { StatusCode::OK };
    let (source, id) = (reference.source().to_owned(), reference.id().to_owned());
    let answer = Put { source, id, version: written.version, matches };
    Ok(HttpResponse::build(status).insert_header((header::ETAG, tag(written.version))).json(answer))
}

/// Get a record
///
/// The record as it was put, and its version.
#[utoipa::path(
    get, path = "/v1/records/{source}/{id}", tag = "records", operation_id = "getRecord",
    params(
        ("source" = String, Path, description = "The case system", pattern = "^[A-Za-z0-9._-]{1,64}$", example = "demo"),
        ("id" = String, Path, description = "The identifier in that system", pattern = "^[A-Za-z0-9._:-]{1,128}$", example = "MP1"),
        ("If-None-Match" = Option<String>, Header, nullable = false, pattern = r#"^(\*|(W/)?"[1-9][0-9]{0,18}"(, (W/)?"[1-9][0-9]{0,18}")*)$"#, description = "Versions that the caller has, such as `\"3\"`"),
    ),
    responses(
        (status = 200, description = "The record", body = StoredAnswer,
            headers(("ETag" = String, description = "The version, in double quotes"))),
        (status = 304, description = "The caller has this version",
            headers(("ETag" = String, description = "The version, in double quotes"))),
        Refused::<400>, Refused::<404>, Refused::<500>, Refused::<503>,
    )
)]
pub(super) async fn get(
    app: Shared,
    request: HttpRequest,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let reference = reference(&path)?;
    parameters::none(&request)?;
    Note::new("read", [reference.clone()]).leave(&request);
    let known = tags(request.headers(), header::IF_NONE_MATCH)?;
    let stored = stored(&app.engine()?, &reference).await?;
    let stored = stored.ok_or_else(|| Problem::NoSuchRecord(reference.clone()))?;
    let etag = (header::ETAG, tag(stored.version));
    if known.is_some_and(|known| known.hold_weakly(stored.version)) {
        return Ok(HttpResponse::NotModified().insert_header(etag).finish());
    }
    let text = text_of(&reference, &stored, guard::caller(&request).clearance);
    Ok(HttpResponse::Ok().insert_header(etag).content_type("application/json").body(text))
}

/// Delete a record
///
/// Gone from every later answer, index and snapshot. Also succeeds when there is no such record.
#[utoipa::path(
    delete, path = "/v1/records/{source}/{id}", tag = "records", operation_id = "deleteRecord",
    params(
        ("source" = String, Path, description = "The case system", pattern = "^[A-Za-z0-9._-]{1,64}$", example = "demo"),
        ("id" = String, Path, description = "The identifier in that system", pattern = "^[A-Za-z0-9._:-]{1,128}$", example = "MP1"),
        ("If-Match" = Option<String>, Header, nullable = false, pattern = r#"^(\*|"[1-9][0-9]{0,18}")$"#, description = "Delete only this version, such as `\"3\"`, or any with `*`"),
    ),
    responses(
        (status = 204, description = "There is no such record now"),
        Refused::<400>, Refused::<412>, Refused::<500>, Refused::<503>, Refused::<507>,
    )
)]
pub(super) async fn delete(
    app: Shared,
    request: HttpRequest,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let reference = reference(&path)?;
    parameters::none(&request)?;
    Note::new("delete", [reference.clone()]).leave(&request);
    guard::need_source(&guard::caller(&request), reference.source())?;
    Condition::of(request.headers())?.delete(&app.engine()?, reference, &origin(&request)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Reads the store where waiting is allowed.
pub(super) async fn stored(engine: &Arc<Engine>, reference: &Reference) -> Result<Option<Stored>, Problem> {
    let (engine, reference) = (Arc::clone(engine), reference.clone());
    let read = web::block(move || engine.get(&reference)).await;
    Ok(read.map_err(|_| Problem::Internal)??)
}

/// The answer around a record that is JSON already. A reference has no character that JSON escapes.
fn text_of(reference: &Reference, stored: &Stored, has_clearance: bool) -> String {
    let (source, id, version, record) = (reference.source(), reference.id(), stored.version, &stored.json);
    let (shown, withheld) = if has_clearance { Default::default() } else { clearance::record(record) };
    let (record, withheld) = match withheld.as_slice() {
        [] => (record, String::new()),
        fields => (&shown, format!(r#","withheld":["{}"]"#, fields.join(r#"",""#))),
    };
    format!(r#"{{"source":"{source}","id":"{id}","version":{version},"record":{record}{withheld}}}"#)
}

/// A put that stored its record must not look like one that did not.
fn after_storing(problem: Problem) -> Problem {
    match problem {
        Problem::Busy => Problem::StoredButBusy,
        Problem::TooLate { timeout_ms } => Problem::StoredButLate { timeout_ms },
        other => other,
    }
}

/// The record in a put's body, which may repeat the path's reference but not contradict it.
fn record_of(text: &[u8], reference: &Reference) -> Result<Record, Problem> {
    let tree = json::parse(text)?;
    let contradictions = [("source", reference.source()), ("id", reference.id())]
        .into_iter()
        .filter(|(field, expected)| matches!(tree.member(field), Some(Tree::Text(found)) if found != expected))
        .map(|(field, _)| Fault {
            pointer: format!("/{field}"),
            code: "wrong_reference",
            detail: format!("`{field}` differs from the path's"),
        });
    let contradictions: Vec<Fault> = contradictions.collect();
    match json::read(&tree) {
        Ok((_, record)) if contradictions.is_empty() => Ok(record),
        Ok(_) => Err(Problem::InvalidRecord(contradictions)),
        Err(Invalid::Faults(faults)) => Err(Problem::InvalidRecord([contradictions, faults].concat())),
        Err(other) => Err(other.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_may_repeat_its_reference_but_not_contradict_it() {
        let reference = Reference::new("namus", "MP7").unwrap();
        let read = |text: &str| record_of(text.as_bytes(), &reference);
        assert!(read(r#"{"kind":"missing","source":"namus","id":"MP7"}"#).is_ok());
        assert!(read(r#"{"kind":"missing"}"#).is_ok());
        let Err(Problem::InvalidRecord(faults)) = read(r#"{"kind":"lost","source":"ncic","id":"MP8"}"#) else {
            panic!("accepted");
        };
        let found: Vec<(&str, &str)> = faults.iter().map(|fault| (fault.pointer.as_str(), fault.code)).collect();
        assert_eq!(found, [("/source", "wrong_reference"), ("/id", "wrong_reference"), ("/kind", "unknown_value")]);
    }
}
