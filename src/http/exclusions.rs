//! `/v1/exclusions`: pairs that people ruled out or confirmed.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::web::{self, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::audit::{Note, origin};
use super::openapi::{ExclusionMethodCode, Refused};
use super::parameters::{self, Parameters};
use super::problem::Problem;
use super::{Shared, body, clearance, guard};
use crate::access::Caller;
use crate::engine::ExclusionsRequest;
use crate::exclusion::{Decision, Exclusion};
use crate::record::json::{self, Node};
use crate::record::{ExclusionMethod, Reference};

/// The longest name of who decided, in characters.
const BY_MAX: usize = 200;
/// The longest reason, in characters.
const REASON_MAX: usize = 4_000;

/// A decision on a pair.
#[derive(Deserialize, ToSchema)]
#[expect(dead_code, reason = "documents what `decision` reads")]
struct NewExclusion {
    /// One record, which is stored.
    #[schema(pattern = "^[A-Za-z0-9._-]{1,64}/[A-Za-z0-9._:-]{1,128}$", example = "demo/MP1")]
    a: String,
    /// The other, which is stored too.
    #[schema(pattern = "^[A-Za-z0-9._-]{1,64}/[A-Za-z0-9._:-]{1,128}$", example = "sim/U000007")]
    b: String,
    /// What it was decided by.
    #[schema(value_type = ExclusionMethodCode)]
    method: String,
    /// Who decided.
    #[schema(min_length = 1, max_length = 200, example = "Ada County Coroner")]
    by: String,
    /// Why.
    #[schema(min_length = 1, max_length = 4_000, example = "No kinship at 21 loci")]
    reason: String,
    /// The moment at which the exclusion ends (RFC 3339). Not of a resolved pair.
    #[schema(format = DateTime, nullable = false, example = "2027-12-31T00:00:00Z")]
    expires: Option<String>,
    /// True: the two are one person, confirmed. Neither is on any list any more.
    #[schema(default = false, nullable = false)]
    resolved: Option<bool>,
}

/// A decision that is stored.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Exclusion)]
pub(super) struct ExclusionAnswer {
    /// Sorts by when the decision was made.
    #[schema(format = "uuid", example = "019b2f3e-7c1a-7cc2-b3ad-0c6d2f1f9a01")]
    id: String,
    /// One record.
    #[schema(example = "demo/MP1")]
    a: String,
    /// The other.
    #[schema(example = "sim/U000007")]
    b: String,
    /// What it was decided by.
    #[schema(value_type = ExclusionMethodCode)]
    method: &'static str,
    /// Who decided.
    by: String,
    /// Why.
    reason: String,
    /// When the decision was made.
    #[schema(format = DateTime)]
    created: String,
    /// When it ends; null: it holds until it is deleted.
    #[schema(required = true, format = DateTime)]
    expires: Option<String>,
    /// The two are one person: neither is on any list.
    resolved: bool,
    /// What it was decided by has changed since, in one of the records. It stays in force until somebody deletes it.
    review: bool,
    /// False: it has expired.
    in_force: bool,
}

/// One page of decisions.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExclusionsPage)]
pub(super) struct Page {
    /// In the order in which they were made.
    exclusions: Vec<ExclusionAnswer>,
    /// Asks for the next page; null: this is the last.
    #[schema(required = true)]
    next_page_token: Option<String>,
}

impl From<Exclusion> for ExclusionAnswer {
    fn from(exclusion: Exclusion) -> Self {
        let in_force = exclusion.is_in_force(Timestamp::now());
        let Exclusion { id, decision, created, review } = exclusion;
        Self {
            id: id.to_string(),
            a: decision.a.to_string(),
            b: decision.b.to_string(),
            method: decision.method.code(),
            by: decision.by,
            reason: decision.reason,
            created: created.to_string(),
            expires: decision.expires.map(|expires| expires.to_string()),
            resolved: decision.resolved,
            review,
            in_force,
        }
    }
}

impl ExclusionAnswer {
    /// As a caller with or without a clearance may see it: reasons tell of teeth, prints and DNA.
    fn shown(self, clearance: bool) -> Self {
        if clearance { self } else { Self { reason: clearance::WITHHELD.to_owned(), ..self } }
    }
}

/// Rule out or confirm a pair
///
/// An excluded pair is left out of both lists before they are cut to their limit, and of every sum. The exclusion stays
/// when a record is deleted, and holds again when the record comes back. When what it was decided by changes in one of
/// the records, it is up for review (`review`) and stays in force; an exclusion by DNA only when DNA changes. A resolved
/// pair, confirmed to be one person, takes both records out of every list; they stay stored. A caller that may write some
/// sources only decides on pairs of which at least one record is of these.
#[utoipa::path(
    post, path = "/v1/exclusions", tag = "exclusions", operation_id = "createExclusion",
    params(("Idempotency-Key" = Option<String>, Header, nullable = false, pattern = "^[!-~]{1,255}$",
        description = "Of the caller's choice: the same call with the same key again makes nothing new, also once that is taken back")),
    request_body(content = NewExclusion, content_type = "application/json", description = "The decision"),
    responses(
        (status = 201, description = "Decided, by this call or by an earlier one with the same key", body = ExclusionAnswer,
            headers(("Location" = String, description = "Where the exclusion is"))),
        Refused::<400>, Refused::<404>, Refused::<408>, Refused::<409>, Refused::<413>, Refused::<415>, Refused::<422>,
        Refused::<500>, Refused::<503>, Refused::<507>,
    )
)]
pub(super) async fn create(app: Shared, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    parameters::none(&request)?;
    // One caller's keys are not another's.
    let who = &guard::caller(&request).id;
    let key = parameters::idempotency_key(&request)?.map(|key| format!("{who} {key}"));
    let text = body::json(&request, payload, &app).await?;
    let decision = body::parsed(text, |text| Ok(json::read_by(&json::parse(text)?, decision)?)).await?;
    let pair = [decision.a.clone(), decision.b.clone()];
    Note::new("exclude", pair.clone()).leave(&request);
    need_one_of(&guard::caller(&request), &pair)?;
    let decided = app.engine()?.exclude(decision, key, Some(origin(&request))).await?;
    let answer = ExclusionAnswer::from(decided.exclusion);
    Note { exclusion: Some(answer.id.clone()), ..Note::new("exclude", pair) }.leave(&request);
    let location = (LOCATION, format!("/v1/exclusions/{}", answer.id));
    Ok(HttpResponse::build(StatusCode::CREATED).insert_header(location).json(answer))
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what `list` reads")]
struct ListParameters {
    /// Only exclusions of this record.
    #[param(nullable = false, pattern = "^[A-Za-z0-9._-]{1,64}/[A-Za-z0-9._:-]{1,128}$", example = "demo/MP1")]
    record: Option<String>,
    /// Only those that are, or are not, up for review.
    #[param(nullable = false)]
    review: Option<bool>,
    /// At most so many.
    #[param(minimum = 1, maximum = 100, default = 10)]
    limit: Option<u32>,
    /// Where the page begins: the `next_page_token` of an earlier answer.
    #[param(nullable = false, pattern = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
    page_token: Option<String>,
}

/// List the exclusions
///
/// In the order in which they were made, also those that have expired and those of deleted records.
#[utoipa::path(
    get, path = "/v1/exclusions", tag = "exclusions", operation_id = "listExclusions",
    params(ListParameters),
    responses(
        (status = 200, description = "One page of exclusions", body = Page),
        Refused::<400>, Refused::<500>, Refused::<503>,
    )
)]
pub(super) async fn list(app: Shared, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let mut parameters = Parameters::of(&request)?;
    let limit = parameters.limit()?;
    let asked = ExclusionsRequest {
        record: parameters.read("record", "a reference, `source/id`", |text| Reference::parse(text).ok())?,
        review: parameters.read("review", "true or false", |text| text.parse().ok())?,
        after: parameters.read("page_token", "one that an earlier answer gave", |text| text.parse().ok())?,
        // One more tells whether there is a next page.
        limit: limit + 1,
    };
    parameters.finish()?;
    let (engine, record) = (app.engine()?, asked.record.clone());
    let found = web::block(move || engine.exclusions(&asked)).await.map_err(|_| Problem::Internal)?;
    let mut found = found?;
    let more = found.len() > limit;
    found.truncate(limit);
    let pairs = found.iter().flat_map(|found| [found.decision.a.clone(), found.decision.b.clone()]);
    Note { seen: pairs.collect(), ..Note::new("list exclusions", record) }.leave(&request);
    let next_page_token = found.last().filter(|_| more).map(|last| last.id.to_string());
    let clearance = guard::caller(&request).clearance;
    let exclusions = found.into_iter().map(|found| ExclusionAnswer::from(found).shown(clearance)).collect();
    Ok(HttpResponse::Ok().json(Page { exclusions, next_page_token }))
}

/// Get an exclusion
///
/// As it was decided, and whether it is in force and up for review.
#[utoipa::path(
    get, path = "/v1/exclusions/{id}", tag = "exclusions", operation_id = "getExclusion",
    params(("id" = String, Path, format = "uuid", description = "The exclusion")),
    responses(
        (status = 200, description = "The exclusion", body = ExclusionAnswer),
        Refused::<400>, Refused::<404>, Refused::<500>, Refused::<503>,
    )
)]
pub(super) async fn get(app: Shared, request: HttpRequest, id: Path<String>) -> Result<HttpResponse, Problem> {
    let id = number(&id)?;
    parameters::none(&request)?;
    let engine = app.engine()?;
    let found = web::block(move || engine.exclusion(id)).await.map_err(|_| Problem::Internal)??;
    let found = found.ok_or(Problem::NoSuchExclusion(id))?;
    let pair = [found.decision.a.clone(), found.decision.b.clone()];
    Note { exclusion: Some(id.to_string()), ..Note::new("read exclusion", pair) }.leave(&request);
    Ok(HttpResponse::Ok().json(ExclusionAnswer::from(found).shown(guard::caller(&request).clearance)))
}

/// Take an exclusion back
///
/// The pair is weighed again from the next list on. Also succeeds when there is no such exclusion. A caller that may write
/// some sources only takes back what it could have decided.
#[utoipa::path(
    delete, path = "/v1/exclusions/{id}", tag = "exclusions", operation_id = "deleteExclusion",
    params(("id" = String, Path, format = "uuid", description = "The exclusion")),
    responses(
        (status = 204, description = "There is no such exclusion now"),
        Refused::<400>, Refused::<500>, Refused::<503>, Refused::<507>,
    )
)]
pub(super) async fn delete(app: Shared, request: HttpRequest, id: Path<String>) -> Result<HttpResponse, Problem> {
    let id = number(&id)?;
    parameters::none(&request)?;
    let engine = app.engine()?;
    let reader = Arc::clone(&engine);
    let found = web::block(move || reader.exclusion(id)).await.map_err(|_| Problem::Internal)??;
    let pair = found.map(|found| [found.decision.a, found.decision.b]);
    Note { exclusion: Some(id.to_string()), ..Note::new("withdraw", pair.clone().into_iter().flatten()) }
        .leave(&request);
    pair.map_or(Ok(()), |pair| need_one_of(&guard::caller(&request), &pair))?;
    engine.withdraw(id, Some(origin(&request))).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Refuses a caller that may write neither record: a decision on a pair is a statement about each of its records.
fn need_one_of(caller: &Caller, pair: &[Reference; 2]) -> Result<(), Problem> {
    let may = pair.iter().any(|record| caller.may_write(record.source()));
    if may { Ok(()) } else { Err(Problem::PairNotAllowed) }
}

fn number(text: &str) -> Result<Uuid, Problem> {
    Uuid::parse_str(text).map_err(|_| Problem::InvalidExclusionId)
}

/// Reads a decision; every fault is noted.
fn decision(node: &Node<'_>) -> Option<Decision> {
    let object = node.object()?;
    let reference = |name| object.required(name)?.parsed("invalid_reference", Reference::parse);
    let (a, b) = (reference("a"), reference("b"));
    let method = object.required("method").and_then(|node| node.code::<ExclusionMethod>());
    let by = object.required("by").and_then(|node| words(&node, BY_MAX));
    let reason = object.required("reason").and_then(|node| words(&node, REASON_MAX));
    let expires = object.field("expires");
    let ends = expires.as_ref().and_then(|node| node.parsed("invalid_moment", str::parse::<Timestamp>));
    let resolved = object.field("resolved").and_then(|node| node.boolean()).unwrap_or(false);
    if a.is_some() && a == b {
        node.fault("same_record", "`a` and `b` are the same record");
    }
    match expires {
        Some(node) if resolved => node.fault("resolved_expires", "a confirmed identity does not expire"),
        Some(node) if ends.is_some_and(|ends| ends <= Timestamp::now()) => {
            node.fault("past", "is over already: such a decision would rule nothing out");
        }
        _ => {}
    }
    object.refuse_unknown();
    Some(Decision { a: a?, b: b?, method: method?, by: by?, reason: reason?, expires: ends, resolved })
}

/// Words that must be there.
fn words(node: &Node<'_>, most: usize) -> Option<String> {
    let text = node.text_within(most);
    let blank = text.as_ref().is_none_or(|text| text.trim().is_empty());
    if blank && node.text().is_some() {
        node.fault("empty", "must not be empty");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rest: &str, expected: &[(&str, &str)]) {
        let text = format!(r#"{{"by":"A","reason":"B"{rest}}}"#);
        let faults = match json::read_by(&json::parse(text.as_bytes()).unwrap(), decision) {
            Ok(_) => Vec::new(),
            Err(json::Invalid::Faults(faults)) => faults,
            Err(other) => panic!("{other:?}"),
        };
        let found: Vec<(&str, &str)> = faults.iter().map(|fault| (fault.pointer.as_str(), fault.code)).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn every_fault_of_a_decision_has_its_pointer() {
        check(r#","a":"s/1","b":"s/2","method":"dna""#, &[]);
        check(r#","a":"s/1","b":"s/2","method":"dna","expires":"9000-01-01T00:00:00+02:00""#, &[]);
        check(r#","a":"s/1","b":"s/2","method":"dna","expires":"2020-01-01T00:00:00Z""#, &[("/expires", "past")]);
        check("", &[("", "missing_field"); 3]);
        check(r#","a":"s/1","b":"s/1","method":"dna""#, &[("", "same_record")]);
        check(
            r#","a":"s","b":7,"method":"guess","expires":"2027-01-01","resolved":1,"who":"x""#,
            &[
                ("/a", "invalid_reference"),
                ("/b", "wrong_type"),
                ("/method", "unknown_value"),
                ("/expires", "invalid_moment"),
                ("/resolved", "wrong_type"),
                ("/who", "unknown_field"),
            ],
        );
        check(
            r#","a":"s/1","b":"s/2","method":"dna","resolved":true,"expires":"2027-01-01T00:00:00Z""#,
            &[("/expires", "resolved_expires")],
        );
    }

    #[test]
    fn words_must_be_there() {
        let text = r#"{"a":"s/1","b":"s/2","method":"dna","by":" ","reason":""}"#;
        let Err(json::Invalid::Faults(faults)) = json::read_by(&json::parse(text.as_bytes()).unwrap(), decision) else {
            panic!("accepted");
        };
        assert_eq!(faults.iter().map(|fault| fault.code).collect::<Vec<_>>(), ["empty", "empty"]);
    }
}
