//! What every call has in common: its id, its measure, its line in the log, and the body of its error.
//!
//! The log knows method, route, status, time and id; paths, queries and bodies may hold a person's data and stay out.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::{Bytes, Data};
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse, ResponseError, rt};
use futures_util::FutureExt;
use jiff::Timestamp;

use super::App;
use super::audit::{Call, Note, Slot};
use super::guard::{self, Admitted};
use super::problem::{MEDIA_TYPE, Problem, ProblemBody};
use crate::access::Caller;

/// SHA-256 of the model's parameters: the same figures come only from the same model.
const MODEL: HeaderName = HeaderName::from_static("crossmatch-model");
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest id that is taken over.
const ID_MAX: usize = 128;

/// Names one call, in its answer and in the log.
#[derive(Clone, Debug)]
pub(super) struct RequestId(Arc<str>);

impl RequestId {
    /// The id of a request that came through [`around`].
    pub(super) fn of(request: &HttpRequest) -> Self {
        request.extensions().get().cloned().unwrap_or_else(Self::new)
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    fn new() -> Self {
        Self(uuid::Uuid::now_v7().to_string().into())
    }

    /// The caller's own id if it is sane, so that one call can be followed through several services.
    fn taken_over(headers: &HeaderMap) -> Option<Self> {
        let text = headers.get(X_REQUEST_ID)?.to_str().ok()?;
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"._:-".contains(&b);
        (!text.is_empty() && text.len() <= ID_MAX && text.bytes().all(plain)).then(|| Self(text.into()))
    }
}

/// One call, from its head until its answer is sent or given up: measured and logged when dropped.
struct Exchange {
    app: Arc<App>,
    id: RequestId,
    /// The trace that the call is part of (W3C Trace Context), if it says so.
    trace: Option<String>,
    method: &'static str,
    route: String,
    /// Who makes it, and what is left of its allowance.
    admitted: Option<Admitted>,
    status: u16,
    started: Instant,
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let elapsed = self.started.elapsed();
        self.app.metrics.answered(&self.route, self.method, self.status, elapsed);
        tracing::info!(
            method = self.method,
            route = self.route,
            status = self.status,
            elapsed_us = elapsed.as_micros() as u64,
            caller = self.admitted.as_ref().map(|admitted| admitted.caller.id.as_str()),
            request_id = self.id.as_str(),
            traceparent = self.trace,
            "answered"
        );
    }
}

/// The middleware around every call. No panic gets past it.
pub(super) async fn around(
    app: Data<App>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let id = RequestId::taken_over(request.headers()).unwrap_or_else(RequestId::new);
    request.extensions_mut().insert(id.clone());
    let app = app.into_inner();
    let mut exchange = Exchange {
        app: Arc::clone(&app),
        id: id.clone(),
        trace: trace(request.headers()),
        method: bounded(request.method()),
        route: guard::pattern(&request).unwrap_or_else(|| "unmatched".to_owned()),
        admitted: None,
        status: 500,
        started: Instant::now(),
    };
    let slot = Slot::default();
    request.extensions_mut().insert(slot.clone());
    match guard::admit(&exchange.app, &request) {
        Ok(admitted) => {
            request.extensions_mut().insert(Arc::clone(&admitted.caller));
            let writes = admitted.writes;
            exchange.admitted = Some(admitted);
            let under_way = writes.then(|| exchange.app.begin());
            let call = Call::of(&exchange.app, request.request());
            let answered = answer(exchange, (call, slot), next.call(request));
            let Some(under_way) = under_way else { return answered.await };
            // Not dropped when the client goes away: what it has done must be told.
            let task = rt::spawn(async move {
                let answered = answered.await;
                drop(under_way);
                answered
            });
            // A task that no panic leaves breaks off only with its worker.
            task.await.unwrap_or_else(|_| Err(failed(&Problem::Stopping, &app, &id)))
        }
        Err(turned) => {
            exchange.admitted = turned.known;
            exchange.status = turned.problem.status_code().as_u16();
            let caller = exchange.admitted.as_ref().map(|admitted| Arc::clone(&admitted.caller));
            request.extensions_mut().insert(caller.unwrap_or_else(Caller::nobody));
            tell(&exchange, &Call::of(&exchange.app, request.request()), None).await;
            // `into_response` would lose the problem that the body is made from.
            let response = ServiceResponse::new(request.into_parts().0, HttpResponse::from_error(turned.problem));
            Ok(finished(response, exchange))
        }
    }
}

/// Carries out a call that was let in, and tells the trail.
async fn answer(
    mut exchange: Exchange,
    (call, slot): (Call, Slot),
    answered: impl Future<Output = Result<ServiceResponse<impl MessageBody + 'static>, Error>>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let answered = AssertUnwindSafe(answered).catch_unwind().await;
    let problem = match answered {
        Ok(Ok(response)) => {
            exchange.status = response.status().as_u16();
            tell(&exchange, &call, slot.take()).await;
            return Ok(finished(response.map_into_boxed_body(), exchange));
        }
        Ok(Err(error)) => problem_of(Some(&error), error.as_response_error().status_code()),
        Err(_) => {
            tracing::error!(request_id = exchange.id.as_str(), "the call panicked");
            Problem::Internal
        }
    };
    exchange.status = problem.status_code().as_u16();
    tell(&exchange, &call, slot.take()).await;
    Err(failed(&problem, &exchange.app, &exchange.id))
}

/// Tells the trail what the handler left, or that the call was refused.
async fn tell(exchange: &Exchange, call: &Call, left: Option<Note>) {
    let refused = || {
        let is_refused = matches!(exchange.status, 401 | 403 | 429);
        is_refused.then(|| Note::new(format!("{} {}", exchange.method, exchange.route), []))
    };
    let Some(note) = left.or_else(refused) else { return };
    if exchange.app.refused.is_told(call, exchange.status, Timestamp::now()) {
        call.tell(note, exchange.status).await;
    }
}

/// Gives an error its body, and every answer its id and the model that it comes from.
fn finished(mut response: ServiceResponse<BoxBody>, exchange: Exchange) -> ServiceResponse<BoxBody> {
    let status = response.status();
    if status.is_client_error() || status.is_server_error() {
        let body = problem_of(response.response().error(), status).body(exchange.id.as_str());
        response = response.map_body(|_, _| BoxBody::new(text_of(&body)));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    }
    if let Some(left) = exchange.admitted.as_ref().and_then(|admitted| admitted.left) {
        guard::tell_left(response.headers_mut(), left);
    }
    if exchange.route.starts_with("/v1/") {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("authorization"));
    }
    mark(response.headers_mut(), &exchange.app, &exchange.id);
    response.map_body(|_, body| BoxBody::new(Followed { body, _exchange: exchange }))
}

/// The problem behind an answer: a handler's own, or what actix refused by itself.
fn problem_of(error: Option<&Error>, status: StatusCode) -> Problem {
    error.and_then(|error| error.as_error::<Problem>()).cloned().unwrap_or(Problem::Other(status))
}

/// An error that already is its answer.
fn failed(problem: &Problem, app: &App, id: &RequestId) -> Error {
    let body = problem.body(id.as_str());
    let status = StatusCode::from_u16(body.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status).content_type(MEDIA_TYPE).body(text_of(&body));
    mark(response.headers_mut(), app, id);
    InternalError::from_response("refused", response).into()
}

fn text_of(body: &ProblemBody) -> String {
    serde_json::to_string(body).unwrap_or_default()
}

fn mark(headers: &mut HeaderMap, app: &App, id: &RequestId) {
    if let Some(Ok(hash)) = app.opened().map(|engine| HeaderValue::from_str(engine.model_hash())) {
        headers.insert(MODEL, hash);
    }
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        headers.insert(X_REQUEST_ID, value);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

/// The header `traceparent`, if it is one: version, trace, parent and flags in hexadecimal.
fn trace(headers: &HeaderMap) -> Option<String> {
    let text = headers.get("traceparent")?.to_str().ok()?;
    let parts: Vec<&str> = text.split('-').collect();
    let is_hex = |part: &str| part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    let is_none = |part: &str| part.bytes().all(|byte| byte == b'0');
    let fits = lengths == [2, 32, 16, 2] && parts.iter().all(|part| is_hex(part)) && parts[0] != "ff";
    (fits && !is_none(parts[1]) && !is_none(parts[2])).then(|| text.to_owned())
}

/// A method as a label: a caller may invent any number of them.
fn bounded(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::PUT => "PUT",
        Method::POST => "POST",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::PATCH => "PATCH",
        _ => "other",
    }
}

/// A body that keeps its exchange open until it is sent or dropped.
struct Followed {
    body: BoxBody,
    _exchange: Exchange,
}

impl MessageBody for Followed {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(cx)
    }
}

#[cfg(test)]
mod tests {
    use actix_web::middleware::from_fn;
    use actix_web::web;

    use super::*;
    use crate::record::Reference;

    fn check(given: &str, taken: bool) {
        let mut headers = HeaderMap::new();
        headers.insert(X_REQUEST_ID, HeaderValue::from_str(given).unwrap());
        assert_eq!(RequestId::taken_over(&headers).is_some(), taken, "{given:?}");
    }

    #[test]
    fn only_a_trace_is_logged_as_one() {
        let check = |given: &'static str, taken: bool| {
            let mut headers = HeaderMap::new();
            headers.insert(HeaderName::from_static("traceparent"), HeaderValue::from_static(given));
            assert_eq!(trace(&headers).as_deref(), taken.then_some(given));
        };
        check("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true);
        check("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", false);
        check("00-00000000000000000000000000000000-00f067aa0ba902b7-01", false);
        check("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false);
        check("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7", false);
        check("Ada Quist", false);
    }

    #[test]
    fn a_call_that_panics_is_answered_and_told() {
        super::super::block_on(async {
            let (app, directory) = super::super::tests::app();
            let panics = |request: HttpRequest| async move {
                let reference = Reference::new("a", "1").expect("a reference");
                Note::new("put", [reference]).leave(&request);
                assert!(request.path().is_empty(), "as a handler may");
                HttpResponse::Ok().finish()
            };
            let resource = web::resource("/v1/records/{source}/{id}").route(web::put().to(panics));
            let service = actix_web::App::new().app_data(Data::from(app)).wrap(from_fn(around)).service(resource);
            let service = actix_web::test::init_service(service).await;
            let request = actix_web::test::TestRequest::put().uri("/v1/records/a/1").to_request();
            let refused = actix_web::test::try_call_service(&service, request).await.expect_err("an error");
            assert_eq!(refused.error_response().status(), 500);
            let trail = std::fs::read_to_string(directory.path().join(crate::audit::FILE)).expect("a trail");
            assert!(trail.contains("\"a/1\"") && trail.contains("\"status\":500"), "{trail}");
        });
    }

    #[test]
    fn only_a_sane_id_is_taken_over() {
        check("abc-1.2:3_Z", true);
        check("", false);
        check("a b", false);
        check("a\"b", false);
        check(&"x".repeat(ID_MAX), true);
        check(&"x".repeat(ID_MAX + 1), false);
    }
}
