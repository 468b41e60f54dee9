//! The façade: what can be asked of crossmatch, whoever asks.
//!
//! One writer thread makes writes durable in groups, changes the columns and publishes the next snapshot; only then are
//! the writes acknowledged, so a match that begins later sees them. Matches run on a pool of their own and hold one
//! snapshot from start to end; those that wait together share it. The text index and the log of events follow the store
//! at their own pace.

mod decisions;
mod events;
mod follower;
mod indexer;
mod recovery;
mod selfcheck;
mod under_way;
mod writer;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Instant;

use arc_swap::{ArcSwap, ArcSwapOption};
use rayon::ThreadPool;
use rustc_hash::FxHashSet;
use thiserror::Error;
use tokio::sync::{Semaphore, oneshot};
use uuid::Uuid;

use crate::attribute::{About, Evidence};
use crate::corpus::{self, Encoded, Snapshot};
use crate::exclusion::Exclusions;
use crate::matching::{self, CandidateList, Comparison, Pair, Phases, Search};
use crate::model::{Bits, Model};
use crate::record::{Kind, Record, Reference, json};
use crate::store::{self, Applied, Asked, EventLog, Store, StoreError, Write};
use crate::text::{SearchError, SearchPage, SearchRequest, TextError, TextIndex};

use follower::Follower;
use indexer::Indexer;
use selfcheck::SelfCheck;
use under_way::UnderWay;
use writer::Writer;

pub use crate::store::{EventsPage, ExclusionsRequest, Origin, Refusal, Registered, Stored};
pub use decisions::Decided;
pub use events::{EventOptions, Events};

/// What an engine is opened with.
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// Threads that weigh records.
    pub threads: usize,
    /// Writes that may wait for the next commit.
    pub write_queue: usize,
    /// Matches that may wait for a thread.
    pub match_queue: usize,
    /// The parameters of the evidence.
    pub model: Model,
    /// What is told of pairs without being asked; none: nothing, and a log that is there is left behind.
    pub events: Option<EventOptions>,
}

/// The matching engine over one directory.
pub struct Engine {
    shared: Arc<Shared>,
    pool: ThreadPool,
    match_queue: u64,
    /// One for each thread of the pool.
    turns: Arc<Semaphore>,
    writer: Writer,
    indexer: Indexer,
    follower: Option<Follower>,
}

/// What every thread of the engine sees.
struct Shared {
    store: Store,
    text: TextIndex,
    model: Model,
    snapshot: ArcSwap<Snapshot>,
    /// The one that calls under way share, while there are any.
    joint: ArcSwapOption<Snapshot>,
    /// Calls that wait or run, searches among them.
    under_way: AtomicU64,
    /// The last write that changed the exclusions; raised before they change.
    last_decision: AtomicU64,
    /// Changed before the write that changes it is acknowledged; held for a look-up only.
    exclusions: RwLock<Exclusions>,
    /// The log of events, and how it is kept.
    events: Option<(Arc<EventLog>, EventOptions)>,
    /// The last write that the text index has.
    indexed: AtomicU64,
    /// The last write before the start: until the text index has it, it may be far behind.
    indexed_once: u64,
    rows_weighed_in_full: AtomicU64,
    writes_refused: AtomicU64,
    self_check: SelfCheck,
}

/// Why an engine cannot be opened. Names the file.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The records cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The text index can neither be used nor made again.
    #[error(transparent)]
    Text(#[from] TextError),
    /// The system refused a thread.
    #[error("cannot start a thread: {0}")]
    Thread(String),
}

/// Why a call was not carried out. Nothing was changed.
#[derive(Clone, Debug, Error)]
pub enum EngineError {
    /// Too many calls are waiting.
    #[error("too many calls are waiting; try again in a moment")]
    Busy,
    /// The engine is stopping.
    #[error("the service is stopping")]
    Stopping,
    /// The version that the caller expected is not the stored one.
    #[error("the record's version is {current}, not the one expected")]
    VersionConflict {
        /// The stored version; 0: there is no such record.
        current: u64,
    },
    /// The text index is not up to the records yet.
    #[error("the text index is being made again; a search would miss records")]
    NotIndexed,
    /// A record of the pair is not stored.
    #[error("there is no record {0}")]
    NoSuchRecord(Reference),
    /// The key of the call belongs to a call with another body.
    #[error("the key of the call belongs to a call with another body")]
    KeyReused,
    /// What the call made before was taken back.
    #[error("what this call made before was taken back")]
    TakenBack,
    /// A decision in force says the contrary.
    #[error("the exclusion {0} says the contrary")]
    Contradicts(Uuid),
    /// The disk refused. The log has said why.
    #[error("the store cannot {doing}")]
    Store {
        /// What was under way.
        doing: &'static str,
        /// What sort of refusal.
        refusal: Refusal,
    },
    /// The search query cannot be read.
    #[error(transparent)]
    Search(#[from] SearchError),
}

/// What a write did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// The record's version now.
    pub version: u64,
    /// Inserted, replaced or left as it was.
    pub outcome: Outcome,
}

/// What became of a record that was put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// There was none.
    Inserted,
    /// There was another.
    Replaced,
    /// There was the same.
    Unchanged,
}

/// What a list of candidates is asked for.
#[derive(Clone, Debug)]
pub struct MatchRequest {
    /// At most so many candidates, 1 to 100.
    pub limit: usize,
    /// Leave out candidates with fewer bits.
    pub min_bits: Option<f64>,
    /// Only this side; none: the sides that the record's kind faces.
    pub kind: Option<Kind>,
    /// Also candidates that nobody has verified yet.
    pub include_unverified: bool,
}

impl MatchRequest {
    /// The request of a record that may be stored itself, and with which some are ruled out.
    fn of<'a>(&self, itself: Option<&'a Reference>, ruled_out: &'a FxHashSet<Reference>) -> matching::Request<'a> {
        matching::Request {
            limit: self.limit,
            min_bits: self.min_bits.map(Bits::from_f64),
            kind: self.kind,
            include_unverified: self.include_unverified,
            itself,
            ruled_out,
        }
    }
}

/// One side of a comparison.
pub enum Subject {
    /// A stored record.
    Stored(Reference),
    /// A record that is not stored.
    Inline(Box<Record>),
}

/// One side of a comparison as it was found: its reference if it is stored.
type Side = (Option<Reference>, Record);

/// What the collection holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// Records that are matched, by kind: missing, unidentified, unclaimed. Not those whose person is known.
    pub records: [u64; 3],
    /// Bytes of the files in the index directory.
    pub index_bytes: u64,
    /// Writes waiting.
    pub write_queue: u64,
    /// Matches waiting or running.
    pub match_queue: u64,
    /// Rows of which every attribute was weighed, in all matches since the start: today each row that is scanned.
    pub rows_weighed_in_full: u64,
    /// Writes that the disk refused since the start.
    pub writes_refused: u64,
    /// Writes that the text index does not have yet.
    pub text_lag: u64,
    /// Matches weighed again exhaustively since the start, and those of them whose lists were wrong: 0 unless the
    /// engine has a fault.
    pub self_checks: (u64, u64),
    /// Writes that the log of events has not followed yet.
    pub event_lag: u64,
    /// Whether the log of events knows the pairs of all records.
    pub event_stock_taken: bool,
}

impl Engine {
    /// Opens or creates the directory, recovers what it holds and starts the writer.
    pub fn open(directory: &Path, options: &EngineOptions) -> Result<Self, OpenError> {
        let thread = |error: &dyn std::fmt::Display| OpenError::Thread(error.to_string());
        let named = rayon::ThreadPoolBuilder::new().thread_name(|at| format!("weigh-{at}"));
        let pool = named.num_threads(options.threads).build().map_err(|error| thread(&error))?;
        let store = Store::open(directory)?;
        let exclusions = decisions::load(&store)?;
        let (corpus, sequence) = recovery::corpus(&store, &exclusions, &pool)?;
        let (text, indexed) = TextIndex::open(&store.text_directory())?;
        // Before anything is written, which would take the numbers of what the index has of another file.
        let indexed = match indexed {
            Some(at) => store.changes_since(at, 0)?.map(|_| at),
            None => None,
        };
        let log = |events: EventOptions| {
            // Another version may read or weigh otherwise by the same model.
            let rules = format!("{} {} {}", env!("CARGO_PKG_VERSION"), options.model.hash(), events.least.0);
            store.events(&rules).map(|log| (Arc::new(log), events))
        };
        let events = options.events.map(log).transpose()?;
        let shared = Arc::new(Shared {
            store,
            text,
            model: options.model.clone(),
            snapshot: ArcSwap::from_pointee(corpus.snapshot(sequence)),
            joint: ArcSwapOption::empty(),
            under_way: AtomicU64::new(0),
            last_decision: AtomicU64::new(sequence),
            exclusions: RwLock::new(exclusions),
            events,
            indexed: AtomicU64::new(indexed.unwrap_or(0)),
            indexed_once: sequence,
            rows_weighed_in_full: AtomicU64::new(0),
            writes_refused: AtomicU64::new(0),
            self_check: SelfCheck::start(options.model.clone()).map_err(|error| thread(&error))?,
        });
        let indexer = Indexer::start(Arc::clone(&shared), indexed).map_err(|error| thread(&error))?;
        let follow = |(log, options): &(Arc<EventLog>, EventOptions)| {
            Follower::start(Arc::clone(&shared), Arc::clone(log), *options).map_err(|error| thread(&error))
        };
        let follower = shared.events.as_ref().map(follow).transpose()?;
        let bells = std::iter::once(indexer.bell()).chain(follower.as_ref().map(Follower::bell)).collect();
        let writer = Writer::start(Arc::clone(&shared), corpus, bells, options.write_queue);
        let writer = writer.map_err(|error| thread(&error))?;
        let turns = Arc::new(Semaphore::new(pool.current_num_threads()));
        Ok(Self { shared, pool, match_queue: options.match_queue as u64, turns, writer, indexer, follower })
    }

    /// Stores a record durably, for a call if it is of one. Returns when it would survive a loss of power.
    pub async fn put(
        &self,
        reference: Reference,
        record: Record,
        if_version: Option<u64>,
        by: Option<Origin>,
    ) -> Result<Written, EngineError> {
        let write = Write::Put { reference, json: json::write(&record), if_version };
        let written = |version, outcome| Ok(Written { version, outcome });
        match self.writer.write(Asked { write, by }, Some(Encoded::of(&record))).await? {
            Applied::Inserted(version) => written(version, Outcome::Inserted),
            Applied::Replaced(version) => written(version, Outcome::Replaced),
            Applied::Unchanged(version) => written(version, Outcome::Unchanged),
            Applied::Conflict(current) => Err(EngineError::VersionConflict { current }),
            // A put is never answered as another write.
            _ => Err(EngineError::Stopping),
        }
    }

    /// Removes a record durably, only if the stored version is `if_version`, where that is given. True if there was one.
    pub async fn delete(
        &self,
        reference: Reference,
        if_version: Option<u64>,
        by: Option<Origin>,
    ) -> Result<bool, EngineError> {
        let write = Write::Delete { reference, if_version };
        match self.writer.write(Asked { write, by }, None).await? {
            Applied::Conflict(current) => Err(EngineError::VersionConflict { current }),
            outcome => Ok(outcome == Applied::Deleted),
        }
    }

    /// A stored record.
    pub fn get(&self, reference: &Reference) -> Result<Option<Stored>, EngineError> {
        Ok(self.shared.store.get(reference)?)
    }

    /// The candidates of a stored record; none: there is no such record.
    pub async fn matches(
        &self,
        reference: &Reference,
        request: MatchRequest,
    ) -> Result<Option<CandidateList>, EngineError> {
        let Some(record) = self.record(reference)? else { return Ok(None) };
        let itself = Some(reference.clone());
        self.on_pool(move |call| call.list(&record, &request, itself.as_ref())).await.map(Some)
    }

    /// The candidates of a record that is not stored.
    pub async fn match_record(&self, record: Record, request: MatchRequest) -> Result<CandidateList, EngineError> {
        self.on_pool(move |call| call.list(&record, &request, None)).await
    }

    /// Weighs one pair, with `a` as the query. `Err(reference)` inside: that record does not exist.
    pub async fn compare(
        &self,
        a: Subject,
        b: Subject,
        limit: usize,
    ) -> Result<Result<Comparison, Reference>, EngineError> {
        let a = match self.subject(a)? {
            Ok(subject) => subject,
            Err(absent) => return Ok(Err(absent)),
        };
        let b = match self.subject(b)? {
            Ok(subject) => subject,
            Err(absent) => return Ok(Err(absent)),
        };
        self.on_pool(move |call| Ok(call.compare(&a, &b, limit))).await
    }

    /// The evidence of a stored record with others, pair by pair. Those that are not stored are left out.
    pub async fn evidence(&self, query: &Reference, others: &[Reference]) -> Result<Vec<Vec<Evidence>>, EngineError> {
        let Some(query) = self.record(query)? else { return Ok(Vec::new()) };
        let others: Result<Vec<Option<Record>>, EngineError> = others.iter().map(|other| self.record(other)).collect();
        let others = others?;
        self.on_pool(move |call| {
            matching::evidence(&call.snapshot(), &call.shared.model, &query, others.iter().flatten())
        })
        .await
    }

    /// Full-text search. Not before the index has all that was written before the start: nothing is silently missing.
    pub async fn search(&self, request: SearchRequest) -> Result<SearchPage, EngineError> {
        if self.shared.indexed.load(Ordering::Relaxed) < self.shared.indexed_once {
            return Err(EngineError::NotIndexed);
        }
        self.on_pool(move |call| {
            let fetch = |reference: &Reference| store::read_json(&call.shared.store.get(reference).ok()??.json);
            call.shared.text.search(&request, fetch)
        })
        .await?
        .map_err(EngineError::Search)
    }

    /// Every attribute that is compared.
    pub fn attributes(&self) -> Vec<&'static About> {
        corpus::attributes()
    }

    /// The hash of the parameters in force.
    pub fn model_hash(&self) -> &str {
        self.shared.model.hash()
    }

    /// What the collection holds now.
    pub fn census(&self) -> Census {
        let snapshot = self.shared.snapshot.load();
        Census {
            records: [Kind::Missing, Kind::Unidentified, Kind::Unclaimed].map(|kind| snapshot.records(kind)),
            index_bytes: self.shared.store.bytes(),
            write_queue: self.writer.waiting(),
            match_queue: self.shared.under_way.load(Ordering::Relaxed),
            rows_weighed_in_full: self.shared.rows_weighed_in_full.load(Ordering::Relaxed),
            text_lag: snapshot.sequence().saturating_sub(self.shared.indexed.load(Ordering::Relaxed)),
            writes_refused: self.shared.writes_refused.load(Ordering::Relaxed),
            self_checks: self.shared.self_check.counts(),
            event_lag: self
                .shared
                .events
                .as_ref()
                .map_or(0, |(log, _)| snapshot.sequence() - log.followed().min(snapshot.sequence())),
            event_stock_taken: self.shared.events.as_ref().is_none_or(|(log, _)| log.is_stock_taken()),
        }
    }

    /// The latest writes that were of a call, oldest first: all since the last clean stop, and perhaps more.
    pub fn called(&self) -> Result<Vec<(Reference, Origin)>, EngineError> {
        Ok(self.shared.store.called()?)
    }

    /// A backup of everything that counts, as of one moment.
    pub fn backup(&self) -> Result<std::fs::File, EngineError> {
        Ok(self.shared.store.backup()?)
    }

    /// Finishes what is under way, writes the derived files and stops. Later writes are refused.
    pub fn close(&self) {
        self.writer.stop();
        self.indexer.stop();
        self.follower.iter().for_each(Follower::stop);
        self.shared.self_check.stop();
        recovery::save_columns(&self.shared);
    }

    fn record(&self, reference: &Reference) -> Result<Option<Record>, EngineError> {
        Ok(self.shared.store.get(reference)?.and_then(|stored| store::read_json(&stored.json)))
    }

    fn subject(&self, subject: Subject) -> Result<Result<Side, Reference>, EngineError> {
        match subject {
            Subject::Inline(record) => Ok(Ok((None, *record))),
            Subject::Stored(reference) => match self.record(&reference)? {
                Some(record) => Ok(Ok((Some(reference), record))),
                None => Ok(Err(reference)),
            },
        }
    }

    /// Runs `work` on the pool that weighs, if there is room in the queue: first come, first served, and no more at once
    /// than there are threads. A thread that waits for its share of one match takes up another, and the first goes on only
    /// when that is done: of many at once, the earliest would wait for all that came later.
    async fn on_pool<T: Send + 'static>(
        &self,
        work: impl FnOnce(&UnderWay) -> T + Send + 'static,
    ) -> Result<T, EngineError> {
        let under_way = UnderWay::new(&self.shared);
        if under_way.ahead >= self.match_queue {
            return Err(EngineError::Busy);
        }
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| EngineError::Stopping)?;
        let (answer, answered) = oneshot::channel();
        self.pool.spawn(move || {
            let _turn = turn;
            // Whoever asked may have gone away meanwhile: then nobody wants the answer.
            if !answer.is_closed() {
                let _ = answer.send(catch_unwind(AssertUnwindSafe(|| work(&under_way))));
            }
        });
        // A panic is the caller's, not the pool's, which it would end and the program with it.
        answered.await.map_err(|_| EngineError::Stopping)?.map_err(|panic| resume_unwind(panic))
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    fn exclusions(&self) -> RwLockReadGuard<'_, Exclusions> {
        self.exclusions.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Only the writer changes them.
    fn exclusions_to_change(&self) -> RwLockWriteGuard<'_, Exclusions> {
        self.exclusions.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl UnderWay {
    /// The decisions are read first: the snapshot is no older than they are.
    fn list(&self, record: &Record, request: &MatchRequest, itself: Option<&Reference>) -> CandidateList {
        let shared = &self.shared;
        if let Some(other) = itself.and_then(|itself| shared.exclusions().resolved_with(itself).cloned()) {
            return CandidateList::resolved(other);
        }
        let ruled_out = shared.ruled_out(itself);
        let snapshot = self.snapshot();
        let start = Instant::now();
        let query = Encoded::of(record);
        let search = Search::new(&snapshot, &shared.model, &query, request.of(itself, &ruled_out));
        let planned = Instant::now();
        let scanned = search.scan(None);
        let counted = Instant::now();
        let mut list = scanned.list();
        let us = |from: Instant, to: Instant| to.duration_since(from).as_micros() as u64;
        list.phases = Phases {
            plan_us: us(start, planned),
            scan_us: us(planned, counted),
            explain_us: us(counted, Instant::now()),
        };
        shared.rows_weighed_in_full.fetch_add(list.searched.records, Ordering::Relaxed);
        shared.self_check.doubt(&snapshot, (record, itself, ruled_out), request, &list);
        list
    }

    /// `a` is the query; its list is that of the kinds it faces, or of `b`'s kind where it does not face that.
    fn compare(&self, a: &Side, b: &Side, limit: usize) -> Comparison {
        let (decided, ruled_out) = self.shared.decided(a.0.as_ref(), b.0.as_ref());
        let snapshot = self.snapshot();
        let (a, a_record) = (a.0.as_ref(), &a.1);
        let (b, b_record) = (b.0.as_ref(), &b.1);
        let pair = Pair { a, a_record, b, b_record, limit, ruled_out: &ruled_out, decided: decided.as_ref() };
        pair.compare(&snapshot, &self.shared.model)
    }
}

/// Logged here, once, however many callers are told.
impl From<StoreError> for EngineError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the store failed");
        match error {
            StoreError::Disk { doing, refusal, .. } => Self::Store { doing, refusal },
            _ => Self::Store { doing: "use its files", refusal: Refusal::Failed },
        }
    }
}
