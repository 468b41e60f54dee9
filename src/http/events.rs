//! `/v1/events`: what happened, told as it happens; and how an event reads, for whoever is told.
//!
//! A stream and a webhook are the same thing: a [`Cursor`] that reads the durable log at its own pace. So a client that is
//! slow costs nothing but the events it has not read yet, which are kept as long as the log keeps them; one that comes
//! too late is told so by an event `gap`. An event holds identifiers, bits and ranks: there is nothing in it that needs a
//! clearance, and the evidence is asked for as ever. Its records are in the audit trail before it is told.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;

use actix_web::http::header::{HeaderMap, HeaderName};
use actix_web::web::{self, Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::watch;
use utoipa::{IntoParams, ToSchema};

use super::audit::{Call, Note};
use super::openapi::Refused;
use super::parameters::Parameters;
use super::problem::Problem;
use super::shares::Share;
use super::{App, Shared, guard};
use crate::access::Scope;
use crate::engine::{Engine, Events};
use crate::event::{Event, First, Told};
use crate::model::Bits;
use crate::record::Reference;

/// Events read at a time.
const PAGE: usize = 100;
/// Streams that are open at once in all, and of one caller.
pub(super) const STREAMS: [usize; 2] = [1_000, 20];
/// Milliseconds after which a client that was cut off comes again.
const RETRY_MS: u32 = 2_000;
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// An event.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Event)]
pub(super) struct EventAnswer {
    /// Names it: the same event has the same id however often it is told.
    #[schema(example = "1f0c9a2b-17")]
    id: String,
    /// When the write that it comes from was weighed.
    #[schema(format = DateTime)]
    at: String,
    #[serde(flatten)]
    told: ToldAnswer,
}

/// What happened.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schema(as = Told)]
enum ToldAnswer {
    /// A pair has reached the threshold: it did not before.
    Pair {
        /// The missing person.
        #[schema(example = "demo/MP1")]
        missing: String,
        /// The unidentified or unclaimed body.
        #[schema(example = "sim/U000007")]
        body: String,
        /// Which of the two was written.
        #[schema(example = "sim/U000007")]
        written: String,
        /// What the pair weighs.
        #[schema(example = 21.4)]
        score_bits: f64,
        /// The body's place on the list of the missing, when this was weighed.
        #[schema(minimum = 1, example = 1)]
        rank_of_body: u64,
        /// The missing person's place on the list of the body.
        #[schema(minimum = 1, example = 1)]
        rank_of_missing: u64,
    },
    /// The first candidate of a record, among those that reach the threshold, is another.
    FirstCandidate {
        /// Whose candidate.
        #[schema(example = "demo/MP1")]
        record: String,
        /// The first now; null: none reaches the threshold.
        #[schema(required = true)]
        candidate: Option<FirstAnswer>,
        /// The first before.
        #[schema(required = true)]
        before: Option<FirstAnswer>,
    },
    /// Events are missing before this one: they are not kept any more, or were never weighed. Ask for the lists.
    Gap,
}

/// A first candidate.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FirstCandidate)]
struct FirstAnswer {
    /// `source/id`.
    #[schema(example = "sim/U000007")]
    record: String,
    /// What the pair weighs.
    #[schema(example = 21.4)]
    score_bits: f64,
}

impl From<First> for FirstAnswer {
    fn from(first: First) -> Self {
        Self { record: first.record.to_string(), score_bits: first.score.to_f64() }
    }
}

impl From<Told> for ToldAnswer {
    fn from(told: Told) -> Self {
        match told {
            Told::Pair { missing, body, written, score, ranks: [rank_of_body, rank_of_missing], .. } => Self::Pair {
                missing: missing.to_string(),
                body: body.to_string(),
                written: written.to_string(),
                score_bits: score.to_f64(),
                rank_of_body,
                rank_of_missing,
            },
            Told::First { record, now, before } => Self::FirstCandidate {
                record: record.to_string(),
                candidate: now.map(FirstAnswer::from),
                before: before.map(FirstAnswer::from),
            },
            Told::Gap => Self::Gap,
        }
    }
}

/// One event, ready to be told.
pub(super) struct Message {
    /// Its number in the log.
    pub(super) sequence: u64,
    pub(super) id: String,
    kind: &'static str,
    /// The event in JSON.
    pub(super) json: String,
    records: Vec<Reference>,
}

impl Message {
    fn new(log: u32, sequence: u64, at: Timestamp, told: Told) -> Self {
        let (kind, records) = match &told {
            Told::Pair { missing, body, .. } => ("pair", vec![missing.clone(), body.clone()]),
            Told::First { record, now, before } => {
                let others = [now, before].into_iter().flatten().map(|first| first.record.clone());
                ("first_candidate", std::iter::once(record.clone()).chain(others).collect())
            }
            Told::Gap => ("gap", Vec::new()),
        };
        let id = id(log, sequence);
        let answer = EventAnswer { id: id.clone(), at: at.to_string(), told: told.into() };
        Self { sequence, id, kind, json: serde_json::to_string(&answer).unwrap_or_default(), records }
    }

    /// What the trail is told of a post, before its receiver is.
    pub(super) fn note_of_post(&self) -> Note {
        let mut records = self.records.iter().cloned();
        let record = records.next();
        Note { seen: records.collect(), ..Note::new(format!("webhook {}", self.kind), record) }
    }

    fn write(&self, text: &mut String) {
        text.push_str(&format!("id: {}\nevent: {}\ndata: {}\n\n", self.id, self.kind, self.json));
    }
}

/// Names an event: numbers of another log are other events.
pub(super) fn id(log: u32, sequence: u64) -> String {
    format!("{log:08x}-{sequence}")
}

/// The events of an engine.
pub(super) fn of(engine: &Engine) -> Result<Events<'_>, Problem> {
    engine.events().ok_or(Problem::NotReady)
}

/// How far somebody has read, and from which bits on.
#[derive(Clone, Debug)]
pub(super) struct Cursor {
    /// The last event that was looked at.
    pub(super) at: u64,
    pub(super) least: Bits,
    /// What was read last was of another log.
    is_foreign: bool,
}

impl Cursor {
    /// Behind an event of this log.
    pub(super) const fn behind(at: u64, least: Bits) -> Self {
        Self { at, least, is_foreign: false }
    }

    /// The next messages; and whether the log may have more by now.
    pub(super) async fn next(&mut self, engine: &Arc<Engine>) -> Result<(Vec<Message>, bool), Problem> {
        let (reader, after) = (Arc::clone(engine), self.at);
        let page = web::block(move || of(&reader)?.page(after, PAGE).map_err(Problem::from));
        let page = page.await.map_err(|_| Problem::Internal)??;
        let log = of(engine)?.log();
        let is_lost = std::mem::take(&mut self.is_foreign) || page.lost.is_some();
        let behind = page.lost.unwrap_or(self.at);
        let gap = is_lost.then(|| Message::new(log, behind, Timestamp::now(), Told::Gap));
        self.at = page.events.last().map_or(behind, |event| event.sequence);
        let message = |event: &Event| {
            let told = event.told.seen_from(self.least)?;
            Some(Message::new(log, event.sequence, event.at, told))
        };
        let more = page.events.len() == PAGE;
        Ok((gap.into_iter().chain(page.events.iter().filter_map(message)).collect(), more))
    }
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what `stream` reads")]
struct EventsParameters {
    /// Tell of pairs from so many bits on; not less, and unless told otherwise, what the service follows pairs from
    /// (`event_min_bits`).
    #[param(example = 20.0)]
    min_bits: Option<f64>,
}

/// Be told as it happens
///
/// Server-sent events, in the order in which writes were weighed, some time after they were answered: no write waits for
/// them. `pair`: a pair that now weighs `min_bits`, whichever side was written; told once for each time that it rises
/// over it. `first_candidate`: the first candidate of a record is another, or none, among those from `min_bits` on. What
/// is on no list (excluded, resolved, unverified) is not told. The data of each is an `Event` in JSON; it holds
/// identifiers, bits and ranks: ask `POST /v1/compare` for the evidence. The bits are those of the last write of either
/// record. After a break, a client that shows the last id in `Last-Event-ID` misses nothing; if events after it are not
/// kept any more it is told `gap` and goes on with the oldest that is. Without the header it hears what happens from now
/// on. When an exclusion expires, its pair is told again, if it is on the lists.
///
/// On a collection that was there before the log (imported before the first start, restored from a backup), and where the
/// model, `event_min_bits` or the records have changed behind it, stock is taken of all pairs, without telling them. Until
/// that is done (`crossmatch_event_stock_taken`), a write of an old record may tell its long-standing pairs as new, and ranks
/// and first candidates count only the pairs that are known. Of another model or `event_min_bits` a `gap` tells: what was told
/// before may be others now.
///
/// The stream ends when the service stops or the key does. A caller has at most 20 streams open, all together 1000.
#[utoipa::path(
    get, path = "/v1/events", tag = "events", operation_id = "streamEvents",
    params(
        EventsParameters,
        ("Last-Event-ID" = Option<String>, Header, nullable = false, pattern = "^(0|[0-9a-f]{8}-[0-9]{1,19})$",
            example = "0",
            description = "The last event that is known; 0: from the oldest that is kept"),
    ),
    responses(
        (status = 200, description = "The stream", body = String, content_type = "text/event-stream"),
        Refused::<400>, Refused::<500>, Refused::<503>,
    )
)]
pub(super) async fn stream(app: Shared, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let known = last_event_id(request.headers())?;
    let mut parameters = Parameters::of(&request)?;
    let bits =
        parameters.read("min_bits", "a number", |text| text.parse().ok().filter(|bits: &f64| bits.is_finite()))?;
    parameters.finish()?;
    let engine = app.engine()?;
    let events = of(&engine)?;
    let least =
        threshold(bits, events).map_err(|detail| Problem::InvalidParameter { name: "min_bits".to_owned(), detail })?;
    let changes = events.changes();
    let (log, last) = (events.log(), events.last()?);
    let cursor = match known {
        None => Cursor::behind(last, least),
        Some((known, at)) if known.is_none_or(|known| known == log) && at <= last => Cursor::behind(at, least),
        Some(_) => Cursor { at: 0, least, is_foreign: true },
    };
    let app: Arc<App> = Data::into_inner(app);
    let call = Call::of(&app, &request);
    let subscriber = Subscriber::new(&app, &call.who)?;
    let token = guard::token(request.headers()).map(str::to_owned);
    let stream = Stream { engine, cursor, changes, call, token, is_greeted: false, _subscriber: subscriber };
    let pieces = futures_util::stream::unfold(stream, Stream::next);
    // Proxies that collect an answer before they pass it on must not.
    let unbuffered = ("x-accel-buffering", "no");
    let pieces = Box::pin(pieces);
    Ok(HttpResponse::Ok().content_type("text/event-stream").insert_header(unbuffered).streaming(pieces))
}

/// The least bits that a caller is told of.
pub(super) fn threshold(asked: Option<f64>, events: Events<'_>) -> Result<Bits, String> {
    let least = events.least();
    let asked = asked.map_or(least, Bits::from_f64);
    if asked >= least {
        Ok(asked)
    } else {
        Err(format!("must be at least {}: pairs below are not followed", least.to_f64()))
    }
}

/// The log, if it is named, and the number that a client knows.
fn last_event_id(headers: &HeaderMap) -> Result<Option<(Option<u32>, u64)>, Problem> {
    let Some(value) = headers.get(LAST_EVENT_ID) else { return Ok(None) };
    let parse = |text: &str| match text.split_once('-') {
        None => (text == "0").then_some((None, 0)),
        Some((log, number)) => {
            let is_one = log.len() == 8 && log.bytes().chain(number.bytes()).all(|byte| byte.is_ascii_hexdigit());
            let log = u32::from_str_radix(log, 16).ok().filter(|_| is_one)?;
            Some((Some(log), number.parse().ok()?))
        }
    };
    let detail = "must be the id of an event, or 0";
    let refused = Problem::InvalidHeader { name: "Last-Event-ID", detail };
    value.to_str().ok().and_then(parse).map(Some).ok_or(refused)
}

/// A stream that is open.
struct Stream {
    engine: Arc<Engine>,
    cursor: Cursor,
    changes: watch::Receiver<u64>,
    call: Call,
    /// A stream is as long as its key is good.
    token: Option<String>,
    is_greeted: bool,
    _subscriber: Subscriber,
}

impl Stream {
    /// The next piece; none: the stream ends.
    async fn next(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        let mut text = String::new();
        if !std::mem::replace(&mut self.is_greeted, true) && !self.cursor.is_foreign {
            // An id without an event: whoever is cut off before the first event resumes from here.
            text = format!("retry: {RETRY_MS}\n{}", self.place());
        }
        let app = Arc::clone(&self.call.app);
        while text.is_empty() {
            self.changes.borrow_and_update();
            if app.is_stopping() || !self.is_admitted() {
                return None;
            }
            // A stream that cannot be read on ends: its client comes again, with the last id that it knows.
            let (messages, more) = self.cursor.next(&self.engine).await.ok()?;
            if !messages.is_empty() {
                // One line a piece: a replay of the whole log must not fill the disk.
                let seen: BTreeSet<Reference> = messages.iter().flat_map(|message| &message.records).cloned().collect();
                let note = Note { seen: seen.into_iter().collect(), ..Note::new("events", []) };
                self.call.tell(note, 200).await;
            }
            messages.iter().for_each(|message| message.write(&mut text));
            app.metrics.told("stream", messages.len() as u64);
            if !text.is_empty() || more {
                continue;
            }
            tokio::select! {
                changed = self.changes.changed() => changed.ok()?,
                () = app.stopped() => return None,
                // Events that were not for this client move its place on, too.
                () = tokio::time::sleep(app.limits.telling.keep_alive) => text = format!(": alive\n{}", self.place()),
            }
        }
        Some((Ok(text.into()), self))
    }

    fn place(&self) -> String {
        self.engine.events().map_or_else(String::new, |events| format!("id: {}\n\n", id(events.log(), self.cursor.at)))
    }

    fn is_admitted(&self) -> bool {
        let caller = self.call.app.guard.admit(self.token.as_deref(), Timestamp::now());
        caller.is_ok_and(|caller| caller.may(Scope::MatchRead))
    }
}

/// Counts an open stream as long as it is.
struct Subscriber {
    app: Arc<App>,
    _share: Share,
}

impl Subscriber {
    fn new(app: &Arc<App>, caller: &str) -> Result<Self, Problem> {
        let share = app.streams.take(caller)?;
        app.metrics.subscribers("stream", 1);
        Ok(Self { app: Arc::clone(app), _share: share })
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.app.metrics.subscribers("stream", -1);
    }
}
