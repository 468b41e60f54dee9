//! Who may make which call. What a call needs is said here once for every path; what depends on a body is asked with
//! [`need`] and [`need_source`] where the body is read.

use std::sync::Arc;

use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpMessage, HttpRequest};
use jiff::Timestamp;

use super::App;
use super::problem::Problem;
use crate::access::{Caller, Denied, Left, Scope};

/// What a call needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    /// Nothing: it tells nothing of any record.
    Nothing,
    /// A key, whatever it may do.
    Key,
    /// A key with this scope.
    Scope(Scope),
}

/// Whether a call may change something. Who may ask for matches may be told of them: a webhook needs no more, and is
/// written all the same.
fn writes(need: Need, method: &Method, path: &str) -> bool {
    let asks = match path {
        "/v1/webhooks" | "/v1/webhooks/{id}" => false,
        _ => matches!(need, Need::Nothing | Need::Scope(Scope::MatchRead | Scope::RecordsRead | Scope::AuditRead)),
    };
    !asks && *method != Method::GET && *method != Method::HEAD
}

/// What a call of a path needs, in words; none: it needs no key.
pub(super) fn told(method: &Method, path: &str) -> Option<String> {
    match needed(method, path) {
        Need::Nothing => None,
        Need::Key => Some("Where the service asks for keys or tokens: any.".to_owned()),
        Need::Scope(scope) => {
            Some(format!("Where the service asks for keys or tokens: one with the scope `{}`.", scope.code()))
        }
    }
}

/// What a call of a path needs. A path that is not listed is for whoever runs the service.
fn needed(method: &Method, path: &str) -> Need {
    let reads = *method == Method::GET || *method == Method::HEAD;
    match path {
        "/livez" | "/readyz" | "/openapi.yaml" | "/" | "/docs" | "/docs/{file:.*}" => Need::Nothing,
        "/v1/attributes" => Need::Key,
        "/v1/records/{source}/{id}" | "/v1/search" if reads => Need::Scope(Scope::RecordsRead),
        "/v1/records/{source}/{id}" | "/v1/records:batch" => Need::Scope(Scope::RecordsWrite),
        "/v1/records/{source}/{id}/matches" | "/v1/match" | "/v1/compare" => Need::Scope(Scope::MatchRead),
        "/v1/exclusions" | "/v1/exclusions/{id}" if reads => Need::Scope(Scope::MatchRead),
        "/v1/exclusions" | "/v1/exclusions/{id}" => Need::Scope(Scope::ExclusionsWrite),
        "/v1/events" | "/v1/webhooks" | "/v1/webhooks/{id}" => Need::Scope(Scope::MatchRead),
        "/v1/backup" => Need::Scope(Scope::Admin),
        "/v1/audit" => Need::Scope(Scope::AuditRead),
        _ => Need::Scope(Scope::Admin),
    }
}

/// Marks a server that has nothing but probes and metrics, and asks nobody.
pub(super) struct ForOperators;

/// A call that is let in: by whom, and what is left of the caller's allowance.
pub(super) struct Admitted {
    pub(super) caller: Arc<Caller>,
    pub(super) left: Option<Left>,
    /// Whether it may change something.
    pub(super) writes: bool,
}

impl Admitted {
    /// A call that asks for nothing that is anybody's.
    fn of_nobody() -> Self {
        Self { caller: Caller::nobody(), left: None, writes: false }
    }
}

/// A call that is not, as far as the caller was known.
pub(super) struct Turned {
    pub(super) problem: Problem,
    pub(super) known: Option<Admitted>,
}

/// The pattern that a call will be routed by; none: no path is like it.
///
/// Of the path as the router reads it: with its percent-encoding undone. `ServiceRequest::match_pattern` looks at the
/// path as it was sent, as long as the call is not routed.
pub(super) fn pattern(request: &ServiceRequest) -> Option<String> {
    request.resource_map().match_pattern(request.match_info().unprocessed())
}

/// Lets a call in, or says why not. A path that does not exist goes no further.
pub(super) fn admit(app: &App, request: &ServiceRequest) -> Result<Admitted, Turned> {
    if request.app_data::<ForOperators>().is_some() {
        return Ok(Admitted::of_nobody());
    }
    let turned = |problem| Turned { problem, known: None };
    let path = pattern(request).ok_or_else(|| turned(Problem::UnknownPath))?;
    let need = needed(request.method(), &path);
    if need == Need::Nothing {
        return Ok(Admitted::of_nobody());
    }
    let token = bearer(request.headers()).map_err(turned)?;
    let caller = app.guard.admit(token, Timestamp::now()).map_err(|denied| turned(Problem::NotAdmitted(denied)))?;
    let left = caller.allowance.as_ref().map(|allowance| allowance.take());
    let admitted = Admitted { caller, left, writes: writes(need, request.method(), &path) };
    let problem = match (left, need) {
        (Some(Left { remaining: None, seconds, .. }), _) => Problem::TooManyCalls { seconds },
        (_, Need::Scope(scope)) if !admitted.caller.may(scope) => Problem::MissingScope(scope),
        _ => return Ok(admitted),
    };
    Err(Turned { problem, known: Some(admitted) })
}

/// The token of the header `Authorization`.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let refused = Problem::InvalidHeader { name: "Authorization", detail: "must be `Bearer` and one key" };
    let mut values = headers.get_all(header::AUTHORIZATION);
    let Some(value) = values.next() else { return Ok(None) };
    let (scheme, token) = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or(refused.clone())?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Problem::NotAdmitted(Denied::NoKey));
    }
    if values.next().is_none() { Ok(Some(token.trim())) } else { Err(refused) }
}

/// The token of a call that came through, if it has one.
pub(super) fn token(headers: &HeaderMap) -> Option<&str> {
    bearer(headers).ok().flatten()
}

/// Whether somebody, by its id, may be told of pairs without a call: its key is there, good, and for matches.
pub(super) fn stands(app: &App, caller: &str) -> bool {
    app.guard.standing(caller, Timestamp::now()).is_some_and(|caller| caller.may(Scope::MatchRead))
}

/// The caller of a request that came through.
pub(super) fn caller(request: &HttpRequest) -> Arc<Caller> {
    request.extensions().get().cloned().unwrap_or_else(Caller::nobody)
}

/// Refuses a caller that may not do this.
pub(super) fn need(caller: &Caller, scope: Scope) -> Result<(), Problem> {
    if caller.may(scope) { Ok(()) } else { Err(Problem::MissingScope(scope)) }
}

/// Refuses a caller that may not write records of this source.
pub(super) fn need_source(caller: &Caller, source: &str) -> Result<(), Problem> {
    if caller.may_write(source) { Ok(()) } else { Err(Problem::SourceNotAllowed(source.to_owned())) }
}

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Tells a caller what is left, as draft-ietf-httpapi-ratelimit-headers-10 has it.
pub(super) fn tell_left(headers: &mut HeaderMap, left: Left) {
    let Left { per_second, remaining, seconds } = left;
    let policy = format!("\"key\";q={per_second};w=1");
    let limit = format!("\"key\";r={};t={seconds}", remaining.unwrap_or(0));
    for (name, text) in [(RATE_LIMIT_POLICY, policy), (RATE_LIMIT, limit)] {
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_nobody_thought_of_is_for_admins() {
        assert_eq!(needed(&Method::GET, "/v1/secrets"), Need::Scope(Scope::Admin));
        assert_eq!(needed(&Method::PATCH, "/v1/records/{source}/{id}"), Need::Scope(Scope::RecordsWrite));
        assert_eq!(needed(&Method::HEAD, "/v1/records/{source}/{id}"), Need::Scope(Scope::RecordsRead));
        assert_eq!(needed(&Method::DELETE, "/v1/exclusions/{id}"), Need::Scope(Scope::ExclusionsWrite));
    }

    #[test]
    fn what_changes_something_is_carried_out_to_its_end() {
        let writes = |method, path| writes(needed(&method, path), &method, path);
        for (method, path) in [(Method::POST, "/v1/webhooks"), (Method::DELETE, "/v1/webhooks/{id}")] {
            assert!(writes(method, path) && !writes(Method::GET, path), "{path}");
        }
        assert!(writes(Method::PUT, "/v1/records/{source}/{id}") && writes(Method::POST, "/v1/exclusions"));
        assert!(!writes(Method::POST, "/v1/match") && !writes(Method::POST, "/v1/compare"));
    }

    fn check(values: &[&'static str], token: Option<&str>) {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::AUTHORIZATION, HeaderValue::from_static(value));
        }
        assert_eq!(bearer(&headers).ok().flatten(), token, "{values:?}");
        assert_eq!(bearer(&headers).is_err(), !values.is_empty() && token.is_none(), "{values:?}");
    }

    #[test]
    fn one_bearer_token_is_read_and_nothing_else() {
        check(&[], None);
        check(&["Bearer xm_1_2"], Some("xm_1_2"));
        check(&["bearer  xm_1_2 "], Some("xm_1_2"));
        for wrong in [&["xm_1_2"][..], &["Basic xm_1_2"], &["Bearer"], &["Bearer a", "Bearer b"]] {
            check(wrong, None);
        }
    }
}
