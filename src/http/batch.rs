//! `/v1/records:batch`: JSON lines, streamed both ways.
//!
//! One task a batch reads lines, keeps up to [`UNDER_WAY`] writes waiting at once so that they share commits, and
//! answers in the lines' order. It runs whether or not the client reads: answers wait in a buffer of so many bytes,
//! and only when that is full does the task stop reading. So a client that sends everything before it reads does not
//! deadlock. Two lines about one record are written in their order: the later waits for the earlier.

use std::collections::HashSet;
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::rt;
use actix_web::web::{Bytes, Payload};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::future::LocalBoxFuture;
use futures_util::stream::{FuturesOrdered, Stream};
use futures_util::{FutureExt, StreamExt};
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use utoipa::{IntoParams, ToSchema};

use super::answer::Candidates;
use super::audit::{Call, Note};
use super::condition::Condition;
use super::exchange::RequestId;
use super::lines::{Line, Lines};
use super::openapi::Refused;
use super::parameters::Parameters;
use super::problem::{Problem, ProblemBody};
use super::{App, Shared, body, guard, matches};
use crate::access::{Caller, Scope};
use crate::engine::{Engine, Outcome};
use crate::record::json::{self, Tree};
use crate::record::{Record, Reference};

/// Lines being written at once.
const UNDER_WAY: usize = 512;
/// Bytes of answers sent in one piece.
const PIECE: usize = 64 * 1024;
/// The first and the longest pause before a full queue is tried again.
const PAUSES: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(250));

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what `batch` reads")]
struct BatchParameters {
    /// Add each record's candidates to its line.
    #[param(default = false)]
    matches: Option<bool>,
    /// At most so many candidates a line.
    #[param(minimum = 1, maximum = 100, default = 10)]
    limit: Option<u32>,
}

/// What became of one line.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BatchLine)]
struct Answer {
    /// The line's number in the request, from 1.
    #[schema(minimum = 1, example = 1)]
    line: u64,
    /// The case system. Only where the line names its record.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "demo")]
    source: Option<String>,
    /// The identifier in that system. Only where the line names its record.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "MP1")]
    id: Option<String>,
    /// As a put of the line alone would have answered.
    #[schema(example = 201)]
    status: u16,
    /// The record's version now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, example = 1)]
    version: Option<u64>,
    /// True where the same record was stored already.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    unchanged: bool,
    /// The record's candidates. Only with `matches=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    matches: Option<Candidates>,
    /// Why the line was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    error: Option<ProblemBody>,
}

/// Put many records
///
/// A record with `source` and `id` a line, any number of lines; blank lines are passed over. For each line in order,
/// one line is answered while the request is still being sent. A line that is refused spoils no other.
/// When the service is busy a line waits rather than fails.
#[utoipa::path(
    post, path = "/v1/records:batch", tag = "records", operation_id = "putRecords",
    params(BatchParameters),
    request_body(content = ref("#/components/schemas/Record"), content_type = "application/x-ndjson",
        description = "One such record a line, each with `source` and `id`"),
    responses(
        (status = 200, description = "One such object a line, in the order of the request",
            body = Answer, content_type = "application/x-ndjson"),
        Refused::<400>, Refused::<415>, Refused::<503>,
    )
)]
pub(super) async fn batch(app: Shared, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let mut parameters = Parameters::of(&request)?;
    let (wants_matches, limit) = (parameters.flag("matches", false)?, parameters.limit()?);
    parameters.finish()?;
    let caller = guard::caller(&request);
    if wants_matches {
        guard::need(&caller, Scope::MatchRead)?;
    }
    let lines = Lines::new(body::ndjson(&request, payload, &app)?, app.limits.record_max_bytes);
    let engine = app.engine()?;
    let (answers, stream) = buffer(app.limits.batch_buffer_bytes);
    let work = Work {
        engine,
        matching: Semaphore::new(app.limits.batch_matches),
        limit: wants_matches.then_some(limit),
        request_id: RequestId::of(&request),
        call: Call::of(&app, &request),
        caller,
        is_given_up: AtomicBool::new(false),
        app: app.into_inner(),
    };
    rt::spawn(Batch::new(work).run(lines, answers));
    Ok(HttpResponse::Ok().content_type("application/x-ndjson").streaming(stream))
}

/// What the lines of one batch share.
struct Work {
    app: Arc<App>,
    engine: Arc<Engine>,
    /// Matches that may be under way: a batch must not take the queue from everyone else.
    matching: Semaphore,
    /// How many candidates a line wants, if any.
    limit: Option<usize>,
    request_id: RequestId,
    caller: Arc<Caller>,
    call: Call,
    /// The client is gone: nobody wants candidates any more.
    is_given_up: AtomicBool,
}

/// A line that was read, and what is to be done about it.
enum Read {
    Put(Box<(Reference, Record)>),
    Refused(Option<Reference>, Problem),
}

/// A line that was read and waits to be started.
struct Ready {
    number: u64,
    bytes: usize,
    read: Read,
}

/// A line that is done.
struct Done {
    written: Option<Reference>,
    bytes: usize,
    text: Bytes,
}

/// One batch: the lines under way and those that wait.
struct Batch {
    work: Arc<Work>,
    under_way: FuturesOrdered<LocalBoxFuture<'static, Done>>,
    /// Records that are being written.
    writing: HashSet<Reference>,
    /// Bytes of the lines under way.
    bytes: usize,
    /// A line whose record is being written by an earlier one.
    held: Option<Ready>,
    is_read: bool,
}

impl Batch {
    fn new(work: Work) -> Self {
        Self {
            work: Arc::new(work),
            under_way: FuturesOrdered::new(),
            writing: HashSet::new(),
            bytes: 0,
            held: None,
            is_read: false,
        }
    }

    /// Reads, writes and answers until the last line is answered. A client that is gone ends the reading: the lines
    /// under way are finished, so that each write is told to the trail.
    async fn run(mut self, mut lines: Lines, answers: Answers) {
        let _under_way = self.work.app.begin();
        while !(self.is_read && self.held.is_none() && self.under_way.is_empty()) {
            let may_read = self.may_read();
            tokio::select! {
                biased;
                () = answers.closed(), if !self.is_given_up() => self.give_up(),
                Some(done) = self.under_way.next() => {
                    self.forget(&done);
                    answers.send(done.text).await;
                }
                () = self.work.app.stopped(), if !self.is_read => {
                    self.end(lines.next_number(), Problem::Stopping);
                }
                line = lines.next(), if may_read => match line {
                    Ok(Some(line)) => self.take(line).await,
                    Ok(None) => self.is_read = true,
                    Err(problem) => self.end(lines.next_number(), problem),
                }
            }
        }
    }

    fn is_given_up(&self) -> bool {
        self.work.is_given_up.load(Ordering::Relaxed)
    }

    /// Takes no more, for a client that is gone.
    fn give_up(&mut self) {
        self.work.is_given_up.store(true, Ordering::Relaxed);
        (self.is_read, self.held) = (true, None);
    }

    fn may_read(&self) -> bool {
        let has_room = self.under_way.len() < UNDER_WAY && self.bytes < self.work.app.limits.batch_buffer_bytes;
        !self.is_read && self.held.is_none() && has_room
    }

    async fn take(&mut self, line: Line) {
        let bytes = line.text.as_ref().map_or(0, Bytes::len);
        let read = match line.text {
            Some(text) => body::parsed(text, |text| Ok(read(text))).await.unwrap_or_else(|p| Read::Refused(None, p)),
            None => Read::Refused(None, Problem::TooLarge { limit: self.work.app.limits.record_max_bytes }),
        };
        self.start_or_hold(Ready { number: line.number, bytes, read });
    }

    fn start_or_hold(&mut self, ready: Ready) {
        match &ready.read {
            Read::Put(put) if self.writing.contains(&put.0) => self.held = Some(ready),
            _ => self.start(ready),
        }
    }

    fn start(&mut self, ready: Ready) {
        self.bytes += ready.bytes;
        if let Read::Put(put) = &ready.read {
            self.writing.insert(put.0.clone());
        }
        self.under_way.push_back(Arc::clone(&self.work).carry_out(ready).boxed_local());
    }

    fn forget(&mut self, done: &Done) {
        self.bytes -= done.bytes;
        if let Some(reference) = &done.written {
            self.writing.remove(reference);
        }
        if let Some(held) = self.held.take() {
            self.start_or_hold(held);
        }
    }

    /// Reads no further, and says why in a last line.
    fn end(&mut self, number: u64, problem: Problem) {
        self.is_read = true;
        if let Some(held) = self.held.take() {
            self.start(Ready { read: Read::Refused(None, problem.clone()), ..held });
        }
        self.start(Ready { number, bytes: 0, read: Read::Refused(None, problem) });
    }
}

/// Reads one line.
fn read(text: &[u8]) -> Read {
    let tree = match json::parse(text) {
        Ok(tree) => tree,
        Err(invalid) => return Read::Refused(None, invalid.into()),
    };
    match json::read_with_reference(&tree) {
        Ok(put) => Read::Put(Box::new(put)),
        Err(invalid) => Read::Refused(named(&tree), invalid.into()),
    }
}

/// The reference that a line names, whatever else is wrong with it.
fn named(tree: &Tree) -> Option<Reference> {
    match (tree.member("source")?, tree.member("id")?) {
        (Tree::Text(source), Tree::Text(id)) => Reference::new(source, id).ok(),
        _ => None,
    }
}

impl Work {
    /// Carries out one line. A panic is that line's, not the batch's.
    async fn carry_out(self: Arc<Self>, ready: Ready) -> Done {
        let (reference, is_put) = match &ready.read {
            Read::Put(put) => (Some(put.0.clone()), true),
            Read::Refused(reference, _) => (reference.clone(), false),
        };
        let mut note = Note::new("put", reference.clone());
        let mut answer = match ready.read {
            Read::Put(put) => {
                let outcome = AssertUnwindSafe(self.put(put.0, put.1, &mut note)).catch_unwind().await;
                let outcome = outcome.unwrap_or_else(|_| {
                    tracing::error!(request_id = self.request_id.as_str(), line = ready.number, "the line panicked");
                    Err(Problem::Internal)
                });
                outcome.unwrap_or_else(|problem| self.refused(&problem))
            }
            Read::Refused(_, problem) => self.refused(&problem),
        };
        if is_put {
            self.call.tell(note, answer.status).await;
        }
        answer.line = ready.number;
        answer.source = reference.as_ref().map(|reference| reference.source().to_owned());
        answer.id = reference.as_ref().map(|reference| reference.id().to_owned());
        let mut text = serde_json::to_vec(&answer).unwrap_or_default();
        text.push(b'\n');
        Done { written: reference.filter(|_| is_put), bytes: ready.bytes, text: text.into() }
    }

    async fn put(&self, reference: Reference, record: Record, note: &mut Note) -> Result<Answer, Problem> {
        guard::need_source(&self.caller, reference.source())?;
        let (origin, put) = (self.call.origin(), (&reference, &record));
        let written = patiently(async || Condition::None.put(&self.engine, &self.caller, put, &origin).await).await?;
        let matches = match self.limit {
            Some(limit) if !self.is_given_up.load(Ordering::Relaxed) => self.matches(&reference, limit, note).await?,
            _ => None,
        };
        Ok(Answer {
            status: if written.outcome == Outcome::Inserted { 201 } else { 200 },
            version: Some(written.version),
            unchanged: written.outcome == Outcome::Unchanged,
            matches,
            ..Answer::blank()
        })
    }

    async fn matches(
        &self,
        reference: &Reference,
        limit: usize,
        note: &mut Note,
    ) -> Result<Option<Candidates>, Problem> {
        let _turn = self.matching.acquire().await.map_err(|_| Problem::Internal)?;
        let list = patiently(async || self.engine.matches(reference, matches::asking_for(limit)).await).await?;
        *note = std::mem::take(note).showing(list.as_ref());
        Ok(list.map(|list| self.app.candidates(list, &self.caller)))
    }

    fn refused(&self, problem: &Problem) -> Answer {
        let error = problem.body(self.request_id.as_str());
        Answer { status: error.status, error: Some(error), ..Answer::blank() }
    }
}

impl Answer {
    const fn blank() -> Self {
        Self { line: 0, source: None, id: None, status: 0, version: None, unchanged: false, matches: None, error: None }
    }
}

/// Calls the engine until it is not busy: a batch waits where a single call is refused.
async fn patiently<T, E: Into<Problem>>(call: impl AsyncFn() -> Result<T, E>) -> Result<T, Problem> {
    let mut pause = PAUSES.0;
    loop {
        match call().await.map_err(E::into) {
            Err(Problem::Busy) => tokio::time::sleep(pause).await,
            other => return other,
        }
        pause = (pause * 2).min(PAUSES.1);
    }
}

/// The side of the answers' buffer that is written to.
struct Answers {
    sender: UnboundedSender<Bytes>,
    /// Bytes that may still be buffered.
    room: Arc<Semaphore>,
    limit: usize,
}

impl Answers {
    /// Waits while the buffer is full and the client is there.
    async fn send(&self, text: Bytes) {
        tokio::select! {
            () = self.sender.closed() => {}
            Ok(room) = self.room.acquire_many(permits(text.len(), self.limit)) => {
                room.forget();
                let _ = self.sender.send(text);
            }
        }
    }

    /// Waits until the client is gone.
    async fn closed(&self) {
        self.sender.closed().await;
    }
}

/// What a text takes of the room; one that is longer than the buffer takes all of it.
fn permits(bytes: usize, limit: usize) -> u32 {
    u32::try_from(bytes.min(limit)).unwrap_or(u32::MAX)
}

/// A buffer of `limit` bytes between the batch and its client.
fn buffer(limit: usize) -> (Answers, impl Stream<Item = Result<Bytes, Infallible>>) {
    let (sender, receiver) = unbounded_channel();
    let room = Arc::new(Semaphore::new(limit));
    let answers = Answers { sender, room: Arc::clone(&room), limit };
    let stream = futures_util::stream::unfold(receiver, move |receiver| piece(receiver, Arc::clone(&room), limit));
    (answers, stream)
}

/// As many answers as are there, up to [`PIECE`] bytes.
async fn piece(
    mut receiver: UnboundedReceiver<Bytes>,
    room: Arc<Semaphore>,
    limit: usize,
) -> Option<(Result<Bytes, Infallible>, UnboundedReceiver<Bytes>)> {
    let first = receiver.recv().await?;
    room.add_permits(permits(first.len(), limit) as usize);
    let mut piece = Vec::from(first);
    while piece.len() < PIECE {
        let Ok(more) = receiver.try_recv() else { break };
        room.add_permits(permits(more.len(), limit) as usize);
        piece.extend_from_slice(&more);
    }
    Some((Ok(piece.into()), receiver))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::EngineError;

    fn run<F: Future>(future: F) -> F::Output {
        super::super::block_on(future)
    }

    #[test]
    fn answers_wait_for_their_client_up_to_the_limit() {
        run(async {
            let (answers, stream) = buffer(10);
            let mut stream = std::pin::pin!(stream);
            answers.send(Bytes::from_static(b"123456")).await;
            let mut second = std::pin::pin!(answers.send(Bytes::from_static(b"abcdef")));
            assert!(futures_util::poll!(&mut second).is_pending(), "the buffer is full");
            assert_eq!(stream.next().await.unwrap().unwrap(), "123456");
            second.await;
            assert_eq!(stream.next().await.unwrap().unwrap(), "abcdef");
            answers.send(Bytes::from_static(b"longer than the buffer")).await;
            assert_eq!(stream.next().await.unwrap().unwrap(), "longer than the buffer");
        });
    }

    #[test]
    fn a_client_that_is_gone_frees_the_one_who_waits() {
        run(async {
            let (answers, stream) = buffer(1);
            answers.send(Bytes::from_static(b"1")).await;
            drop(stream);
            answers.send(Bytes::from_static(b"2")).await;
            answers.closed().await;
        });
    }

    #[test]
    fn a_busy_engine_is_asked_again() {
        let calls = std::cell::Cell::new(0);
        let answer = run(patiently(async || {
            calls.set(calls.get() + 1);
            if calls.get() < 3 { Err(EngineError::Busy) } else { Ok(calls.get()) }
        }));
        assert_eq!(answer.unwrap(), 3);
    }

    #[test]
    fn a_bad_line_is_named_where_it_names_itself() {
        let Read::Refused(Some(reference), Problem::InvalidRecord(_)) =
            read(br#"{"source":"namus","id":"MP7","kind":"lost"}"#)
        else {
            panic!("accepted");
        };
        assert_eq!(reference.as_str(), "namus/MP7");
        assert!(matches!(read(b"{"), Read::Refused(None, Problem::MalformedJson(_))));
        assert!(matches!(read(b"{}"), Read::Refused(None, Problem::InvalidRecord(_))));
    }
}
