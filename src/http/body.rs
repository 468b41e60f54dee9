//! Bodies of requests: their media type, their limit in bytes and in time, and the JSON in them.
//!
//! A large body is parsed on a thread for blocking work: parsing 16 MiB takes long enough to be felt by the other
//! calls of a worker.

use std::time::Duration;

use actix_web::dev::Decompress;
use actix_web::http::header;
use actix_web::web::{self, Bytes, BytesMut, Payload};
use actix_web::{HttpMessage, HttpRequest};
use futures_util::StreamExt;

use super::App;
use super::problem::Problem;

/// Bytes that are parsed in place.
const PARSED_IN_PLACE: usize = 64 * 1024;

/// Media types of a JSON body. Absent is taken for JSON; a form is not, so that no web page can send one unasked.
const JSON: &[&str] = &["application/json"];
/// Media types of a body of JSON lines.
const NDJSON: &[&str] = &[
    "application/x-ndjson",
    "application/ndjson",
    "application/jsonl",
    "application/x-jsonlines",
    "application/json",
    "application/octet-stream",
];

/// A request's body, unpacked, piece by piece.
pub(super) struct Pieces {
    stream: Decompress<Payload>,
    pause: Duration,
}

impl Pieces {
    /// The next piece; none: the body is complete. May be dropped while waiting without losing anything.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        match tokio::time::timeout(self.pause, self.stream.next()).await {
            Err(_) => Err(Problem::SlowBody),
            Ok(None) => Ok(None),
            Ok(Some(Ok(piece))) => Ok(Some(piece)),
            Ok(Some(Err(_))) => Err(Problem::BrokenBody),
        }
    }
}

/// The pieces of a body of JSON lines.
pub(super) fn ndjson(request: &HttpRequest, payload: Payload, app: &App) -> Result<Pieces, Problem> {
    check_type(request, NDJSON, "application/x-ndjson")?;
    pieces(request, payload, app)
}

/// A whole JSON body.
pub(super) async fn json(request: &HttpRequest, payload: Payload, app: &App) -> Result<Bytes, Problem> {
    check_type(request, JSON, "application/json (curl: -H 'content-type: application/json')")?;
    let limit = app.limits.record_max_bytes;
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: u64| length > limit as u64) {
        return Err(Problem::TooLarge { limit });
    }
    let mut pieces = pieces(request, payload, app)?;
    let mut body = BytesMut::new();
    while let Some(piece) = pieces.next().await? {
        if body.len() + piece.len() > limit {
            return Err(Problem::TooLarge { limit });
        }
        body.extend_from_slice(&piece);
    }
    Ok(body.freeze())
}

/// Runs `read` over a body, elsewhere if the body is large.
pub(super) async fn parsed<T: Send + 'static>(
    body: Bytes,
    read: impl FnOnce(&[u8]) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    if body.len() <= PARSED_IN_PLACE {
        return read(&body);
    }
    web::block(move || read(&body)).await.unwrap_or(Err(Problem::Internal))
}

fn pieces(request: &HttpRequest, payload: Payload, app: &App) -> Result<Pieces, Problem> {
    let encoding = request.headers().get(header::CONTENT_ENCODING).map(|value| value.to_str().unwrap_or("?"));
    let encoding = encoding.map_or_else(String::new, |encoding| encoding.trim().to_ascii_lowercase());
    if !matches!(&*encoding, "" | "identity" | "gzip" | "deflate") {
        return Err(Problem::UnsupportedMediaType {
            expected: "sent as it is, or with Content-Encoding gzip or deflate",
        });
    }
    Ok(Pieces { stream: Decompress::from_headers(payload, request.headers()), pause: app.limits.body_timeout })
}

fn check_type(request: &HttpRequest, known: &[&str], expected: &'static str) -> Result<(), Problem> {
    let found = request.content_type().trim().to_ascii_lowercase();
    let fits = found.is_empty() || known.contains(&found.as_str()) || found.ends_with("+json");
    if fits { Ok(()) } else { Err(Problem::UnsupportedMediaType { expected }) }
}
