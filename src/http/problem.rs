//! Every way a call can fail, and what it is in HTTP: RFC 9457 problems, mapped once by a full match.
//!
//! A handler returns a [`Problem`]; [`super::exchange`] gives it its body, because only there is the request's id
//! known. Details carry names, limits and identifiers, never a person's data.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use thiserror::Error;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::{Denied, Scope};
use crate::engine::{EngineError, Refusal};
use crate::record::json::{Fault, Invalid};
use crate::record::{InvalidReference, Reference};
use crate::text::SearchError;

/// The media type of every error.
pub(super) const MEDIA_TYPE: &str = "application/problem+json";

/// Faults listed in one answer: a hostile body has millions.
const FAULTS_LISTED: usize = 1_000;

/// Seconds after which a caller that was refused for now may come again.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// How callers say who they are (RFC 6750).
const CHALLENGE: HeaderValue = HeaderValue::from_static("Bearer realm=\"crossmatch\"");
const INVALID_TOKEN: HeaderValue = HeaderValue::from_static("Bearer realm=\"crossmatch\", error=\"invalid_token\"");

/// Why a call failed.
#[derive(Clone, Debug, Error)]
pub(super) enum Problem {
    /// The caller is not known.
    #[error("{0}")]
    NotAdmitted(Denied),
    /// The caller may not do this.
    #[error("the key or token does not have the scope `{}`", .0.code())]
    MissingScope(Scope),
    /// The caller may not write records of this source.
    #[error("the key or token may not write records of the source `{0}`")]
    SourceNotAllowed(String),
    /// The caller may write neither record of a pair.
    #[error("the key or token may write neither record of the pair, and so decides nothing on it")]
    PairNotAllowed,
    /// The write would drop what the caller cannot see.
    #[error("the stored record has {}, which the caller has no clearance to see, and the new one would drop something of it", .fields.join(", "))]
    ClearanceRequired { fields: Vec<String> },
    /// A backup holds what the caller may not see.
    #[error("a backup holds teeth, prints, DNA and identifiers, which the caller has no clearance to see")]
    BackupNeedsClearance,
    /// The caller's allowance is used up.
    #[error("too many calls of this caller; come again in {seconds} s")]
    TooManyCalls { seconds: u64 },
    /// A query parameter that is unknown, twice, or out of range.
    #[error("the parameter `{name}` {detail}")]
    InvalidParameter { name: String, detail: String },
    /// A header that cannot be read.
    #[error("the header `{name}` {detail}")]
    InvalidHeader { name: &'static str, detail: &'static str },
    /// The path does not name a record.
    #[error("{0}")]
    InvalidReference(#[from] InvalidReference),
    /// The body is not JSON; what the parser said.
    #[error("{0}")]
    MalformedJson(String),
    /// The body ended before its announced length, or its encoding is broken.
    #[error("the body ended too early, or its transfer or content encoding is broken")]
    BrokenBody,
    /// The search cannot be read.
    #[error("{0}")]
    InvalidSearch(String),
    /// The body is JSON but not what the call takes.
    #[error("{}", count_of(.0))]
    InvalidRecord(Vec<Fault>),
    /// No such path.
    #[error(
        "there is nothing at this path; a record is at /v1/records/{{source}}/{{id}}, neither of which has a slash"
    )]
    UnknownPath,
    /// No such record.
    #[error("there is no record {0}")]
    NoSuchRecord(Reference),
    /// No such exclusion.
    #[error("there is no exclusion {0}")]
    NoSuchExclusion(Uuid),
    /// The path does not name an exclusion.
    #[error("the id of an exclusion is a UUID")]
    InvalidExclusionId,
    /// The path does not name a webhook.
    #[error("the id of a webhook is a UUID")]
    InvalidWebhookId,
    /// A webhook must outlast a call.
    #[error("a webhook is bound to a key of the service: register it with one")]
    WebhookNeedsKey,
    /// Whoever answers at the address did not agree.
    #[error("the webhook did not confirm the challenge: {0}")]
    WebhookNotConfirmed(&'static str),
    /// The caller has one with this address.
    #[error("there is a webhook with this address: {0}; delete it to register it anew")]
    WebhookExists(Uuid),
    /// There are as many as there may be.
    #[error("there are as many webhooks as there may be: 20 of a key, 100 in all")]
    TooManyWebhooks,
    /// The key of a call that made something else.
    #[error("the Idempotency-Key belongs to an earlier call with another body; take a new key for another call")]
    KeyReused,
    /// What the call made before was taken back.
    #[error("the decision that this call made was taken back; to decide anew, send another Idempotency-Key")]
    TakenBack,
    /// A decision in force says the contrary.
    #[error("the exclusion {0} says the contrary of this pair; take it back first, if it is wrong")]
    Contradicts(Uuid),
    /// The next piece of the body did not come.
    #[error("the next piece of the body did not arrive in time")]
    SlowBody,
    /// Another version is stored than the caller expected.
    #[error("the record's version is {current}, not the one expected (0: there is no such record)")]
    VersionConflict { current: u64 },
    /// The body, or a line of it, is longer than the limit.
    #[error("longer than the limit of {limit} bytes")]
    TooLarge { limit: usize },
    /// A body in a form that the call does not take.
    #[error("the body must be {expected}")]
    UnsupportedMediaType { expected: &'static str },
    /// Too many calls are waiting.
    #[error("too many calls are waiting; try again in a moment")]
    Busy,
    /// The record was stored, but its candidates were not computed.
    #[error("the record is stored, but too many calls are waiting to compute its candidates; put it again in a moment")]
    StoredButBusy,
    /// The answer was not ready in time.
    #[error("the answer was not ready within {timeout_ms} ms, and is not cut short: ask again, with more time")]
    TooLate { timeout_ms: u64 },
    /// The record was stored, but its candidates were not ready in time.
    #[error("the record is stored, but its candidates were not ready within {timeout_ms} ms: ask for its matches")]
    StoredButLate { timeout_ms: u64 },
    /// The service is stopping.
    #[error("the service is stopping")]
    Stopping,
    /// The index is not loaded yet.
    #[error("the index is still being loaded; /readyz says when it is")]
    NotReady,
    /// The text index is not up to the records yet.
    #[error("the text index is being made again, and a search would miss records; matching is not affected")]
    NotIndexed,
    /// No room on the disk.
    #[error("the disk is full: the write was refused; what was written before is kept and goes on being matched")]
    DiskFull,
    /// The disk cannot be written.
    #[error("the disk is read-only: the write was refused; what was written before is kept and goes on being matched")]
    DiskReadOnly,
    /// The store failed.
    #[error("the store cannot {doing}; the service's log says why")]
    Store { doing: &'static str },
    /// A defect.
    #[error("the service failed; its log says why under this request id")]
    Internal,
    /// What actix refused by itself.
    #[error("{}", told(*.0))]
    Other(StatusCode),
}

fn count_of(faults: &[Fault]) -> String {
    match faults.len() {
        1 => "the body has a fault".to_owned(),
        count if count > FAULTS_LISTED => format!("the body has {count} faults; the first {FAULTS_LISTED} are listed"),
        count => format!("the body has {count} faults"),
    }
}

impl Problem {
    /// Its status, its stable code and its title.
    const fn shape(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::NotAdmitted(Denied::NoKey) => (StatusCode::UNAUTHORIZED, "no_key", "No key"),
            Self::NotAdmitted(Denied::UnknownKey) => (StatusCode::UNAUTHORIZED, "unknown_key", "Unknown key"),
            Self::NotAdmitted(Denied::ExpiredKey) => (StatusCode::UNAUTHORIZED, "expired_key", "Expired key"),
            Self::NotAdmitted(Denied::ExpiredToken) => (StatusCode::UNAUTHORIZED, "expired_token", "Expired token"),
            Self::NotAdmitted(Denied::BadToken(_)) => (StatusCode::UNAUTHORIZED, "invalid_token", "Invalid token"),
            Self::MissingScope(_) => (StatusCode::FORBIDDEN, "missing_scope", "Missing scope"),
            Self::SourceNotAllowed(_) | Self::PairNotAllowed => {
                (StatusCode::FORBIDDEN, "source_not_allowed", "Source not allowed")
            }
            Self::ClearanceRequired { .. } | Self::BackupNeedsClearance => {
                (StatusCode::FORBIDDEN, "clearance_required", "Clearance required")
            }
            Self::TooManyCalls { .. } => (StatusCode::TOO_MANY_REQUESTS, "too_many_calls", "Too many calls"),
            Self::InvalidParameter { .. } => (StatusCode::BAD_REQUEST, "invalid_parameter", "Invalid parameter"),
            Self::InvalidHeader { .. } => (StatusCode::BAD_REQUEST, "invalid_header", "Invalid header"),
            Self::InvalidReference(_) => (StatusCode::BAD_REQUEST, "invalid_reference", "Not a record's name"),
            Self::MalformedJson(_) => (StatusCode::BAD_REQUEST, "malformed_json", "Not JSON"),
            Self::BrokenBody => (StatusCode::BAD_REQUEST, "broken_body", "Broken body"),
            Self::InvalidSearch(_) => (StatusCode::BAD_REQUEST, "invalid_search", "Invalid search"),
            Self::InvalidRecord(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_record", "Invalid record"),
            Self::UnknownPath => (StatusCode::NOT_FOUND, "not_found", "Not found"),
            Self::NoSuchRecord(_) => (StatusCode::NOT_FOUND, "no_such_record", "No such record"),
            Self::NoSuchExclusion(_) => (StatusCode::NOT_FOUND, "no_such_exclusion", "No such exclusion"),
            Self::InvalidExclusionId => (StatusCode::BAD_REQUEST, "invalid_exclusion_id", "Not an exclusion's id"),
            Self::InvalidWebhookId => (StatusCode::BAD_REQUEST, "invalid_webhook_id", "Not a webhook's id"),
            Self::WebhookNeedsKey => (StatusCode::FORBIDDEN, "webhook_needs_key", "Webhook needs a key"),
            Self::WebhookNotConfirmed(_) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "webhook_not_confirmed", "Webhook not confirmed")
            }
            Self::WebhookExists(_) => (StatusCode::CONFLICT, "webhook_exists", "Webhook exists"),
            Self::TooManyWebhooks => (StatusCode::CONFLICT, "too_many_webhooks", "Too many webhooks"),
            Self::Contradicts(_) => (StatusCode::CONFLICT, "contradicts", "Contradicts a decision"),
            Self::TakenBack => (StatusCode::CONFLICT, "taken_back", "Taken back"),
            Self::KeyReused => (StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", "Idempotency key reused"),
            Self::SlowBody => (StatusCode::REQUEST_TIMEOUT, "slow_body", "Slow body"),
            Self::VersionConflict { .. } => (StatusCode::PRECONDITION_FAILED, "version_conflict", "Version conflict"),
            Self::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "too_large", "Too large"),
            Self::UnsupportedMediaType { .. } => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "Unsupported media type")
            }
            Self::Busy | Self::StoredButBusy => (StatusCode::SERVICE_UNAVAILABLE, "busy", "Busy"),
            Self::TooLate { .. } | Self::StoredButLate { .. } => {
                (StatusCode::GATEWAY_TIMEOUT, "deadline_exceeded", "Deadline exceeded")
            }
            Self::Stopping => (StatusCode::SERVICE_UNAVAILABLE, "stopping", "Stopping"),
            Self::NotReady => (StatusCode::SERVICE_UNAVAILABLE, "not_ready", "Not ready"),
            Self::NotIndexed => (StatusCode::SERVICE_UNAVAILABLE, "not_indexed", "Not indexed yet"),
            Self::DiskFull => (StatusCode::INSUFFICIENT_STORAGE, "disk_full", "Disk full"),
            Self::DiskReadOnly => (StatusCode::INSUFFICIENT_STORAGE, "disk_read_only", "Disk read-only"),
            Self::Store { .. } => (StatusCode::INTERNAL_SERVER_ERROR, "store_failed", "Store failed"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error"),
            Self::Other(status) => of_status(*status),
        }
    }

    /// The body that tells it.
    pub(super) fn body(&self, request_id: &str) -> ProblemBody {
        let (status, code, title) = self.shape();
        let errors = match self {
            Self::InvalidRecord(faults) => faults.iter().take(FAULTS_LISTED).cloned().map(FaultBody::from).collect(),
            _ => Vec::new(),
        };
        ProblemBody {
            kind: format!("urn:crossmatch:problem:{code}"),
            title,
            status: status.as_u16(),
            detail: self.to_string(),
            code,
            request_id: request_id.to_owned(),
            errors,
        }
    }

    /// Whether the same call may work in a moment.
    const fn passes(&self) -> bool {
        matches!(self, Self::Busy | Self::StoredButBusy | Self::Stopping | Self::NotReady | Self::NotIndexed)
            || matches!(self, Self::DiskFull | Self::DiskReadOnly)
    }
}

/// What is wrong, where actix says it by its status alone.
fn told(status: StatusCode) -> &'static str {
    match status {
        StatusCode::METHOD_NOT_ALLOWED => "this path takes other methods: the `Allow` header lists them",
        status => status.canonical_reason().unwrap_or("refused"),
    }
}

/// What actix answers by itself, by status alone.
const fn of_status(status: StatusCode) -> (StatusCode, &'static str, &'static str) {
    let (code, title) = match status {
        StatusCode::NOT_FOUND => ("not_found", "Not found"),
        StatusCode::METHOD_NOT_ALLOWED => ("method_not_allowed", "Method not allowed"),
        StatusCode::PAYLOAD_TOO_LARGE => ("too_large", "Too large"),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ("unsupported_media_type", "Unsupported media type"),
        StatusCode::REQUEST_TIMEOUT => ("slow_body", "Slow body"),
        StatusCode::INTERNAL_SERVER_ERROR => ("internal", "Internal error"),
        _ => ("refused", "Refused"),
    };
    (status, code, title)
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.shape().0
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::new(self.status_code());
        let headers = response.headers_mut();
        match self {
            Self::NotAdmitted(Denied::NoKey) => _ = headers.insert(header::WWW_AUTHENTICATE, CHALLENGE),
            Self::NotAdmitted(_) => _ = headers.insert(header::WWW_AUTHENTICATE, INVALID_TOKEN),
            Self::TooManyCalls { seconds } => _ = headers.insert(header::RETRY_AFTER, HeaderValue::from(*seconds)),
            other if other.passes() => _ = headers.insert(header::RETRY_AFTER, RETRY_AFTER),
            _ => {}
        }
        response
    }
}

impl From<EngineError> for Problem {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Busy => Self::Busy,
            EngineError::Stopping => Self::Stopping,
            EngineError::VersionConflict { current } => Self::VersionConflict { current },
            EngineError::NoSuchRecord(reference) => Self::NoSuchRecord(reference),
            EngineError::NotIndexed => Self::NotIndexed,
            EngineError::KeyReused => Self::KeyReused,
            EngineError::TakenBack => Self::TakenBack,
            EngineError::Contradicts(other) => Self::Contradicts(other),
            EngineError::Store { refusal: Refusal::Full, .. } => Self::DiskFull,
            EngineError::Store { refusal: Refusal::ReadOnly, .. } => Self::DiskReadOnly,
            EngineError::Store { doing, refusal: Refusal::Failed } => Self::Store { doing },
            EngineError::Search(error @ (SearchError::Query(_) | SearchError::PageToken)) => {
                Self::InvalidSearch(error.to_string())
            }
            EngineError::Search(SearchError::Index(reason)) => {
                tracing::error!(reason, "the text index failed");
                Self::Store { doing: "search" }
            }
        }
    }
}

impl From<Invalid> for Problem {
    fn from(invalid: Invalid) -> Self {
        match invalid {
            Invalid::Faults(faults) => Self::InvalidRecord(faults),
            Invalid::Json { .. } => Self::MalformedJson(invalid.to_string()),
        }
    }
}

/// An error, as RFC 9457 has it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct ProblemBody {
    /// A name of the sort of problem, unique in the world.
    #[serde(rename = "type")]
    #[schema(example = "urn:crossmatch:problem:invalid_record")]
    kind: String,
    /// The sort of problem in words.
    #[schema(example = "Invalid record")]
    title: &'static str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599, example = 422)]
    pub(super) status: u16,
    /// What is wrong this time.
    #[schema(example = "the body has a fault")]
    detail: String,
    /// Stable name of the sort of problem, for programs.
    #[schema(example = "invalid_record")]
    code: &'static str,
    /// The call's id, as in the service's log.
    request_id: String,
    /// Every fault of a body that was refused.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FaultBody>,
}

/// One thing wrong with a body, and where.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Fault)]
struct FaultBody {
    /// JSON pointer (RFC 6901) to the value at fault; empty: the whole body.
    #[schema(example = "/dental/teeth/3")]
    pointer: String,
    /// Stable name of the fault.
    #[schema(example = "invalid_tooth")]
    code: &'static str,
    /// What is wrong and what would be right.
    detail: String,
}

impl From<Fault> for FaultBody {
    fn from(fault: Fault) -> Self {
        Self { pointer: fault.pointer, code: fault.code, detail: fault.detail }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(problem: &Problem, status: u16, code: &str) {
        let body = problem.body("r1");
        assert_eq!((body.status, body.code, body.request_id.as_str()), (status, code, "r1"), "{problem:?}");
        let comes_again = problem.error_response().headers().contains_key(header::RETRY_AFTER);
        assert_eq!(comes_again, status == 503 || status == 507, "{problem:?}");
    }

    #[test]
    fn what_the_engine_refuses_has_its_status() {
        let store = |refusal| EngineError::Store { doing: "commit", refusal };
        check(&EngineError::Busy.into(), 503, "busy");
        check(&EngineError::TakenBack.into(), 409, "taken_back");
        check(&EngineError::Stopping.into(), 503, "stopping");
        check(&EngineError::NotIndexed.into(), 503, "not_indexed");
        check(&EngineError::VersionConflict { current: 2 }.into(), 412, "version_conflict");
        check(&store(Refusal::Full).into(), 507, "disk_full");
        check(&store(Refusal::ReadOnly).into(), 507, "disk_read_only");
        check(&store(Refusal::Failed).into(), 500, "store_failed");
        check(&EngineError::Search(SearchError::PageToken).into(), 400, "invalid_search");
        check(&EngineError::Search(SearchError::Index("torn".to_owned())).into(), 500, "store_failed");
    }

    #[test]
    fn a_hostile_number_of_faults_is_cut_and_counted() {
        let fault = Fault { pointer: "/x".to_owned(), code: "unknown_field", detail: String::new() };
        let body = Problem::InvalidRecord(vec![fault; 5_000]).body("r1");
        assert_eq!(body.errors.len(), FAULTS_LISTED);
        assert!(body.detail.contains("5000"), "{}", body.detail);
    }
}
