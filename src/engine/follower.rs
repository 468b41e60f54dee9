//! Weighs every record that was written once more, in the background, and tells the log what became of its pairs.
//!
//! No queue stands between: like the text index it reads what was written since from the table of changes, and goes on
//! after a crash where its last commit was. So a write never waits for it, and however far it is behind, every write is
//! followed. Weighing has one thread at the lowest priority, which holds no lock that a write or a match waits for: under
//! load it falls behind (`crossmatch_event_lag_writes`) and catches up. A record is weighed as it is when its turn comes:
//! of several writes that wait, the last is told. An exclusion that ends is followed like a write, also one that ended
//! while the service was away.
//!
//! On a collection that was there before the log, or after the model, the threshold or the records have changed behind it,
//! stock is taken: between writes every missing person is weighed once, and the pairs are noted without being told.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rayon::ThreadPool;
use rustc_hash::FxHashSet;
use thread_priority::ThreadPriority;

use super::{EventOptions, Shared};
use crate::corpus::{Encoded, Snapshot};
use crate::matching::{self, Search};
use crate::record::{Kind, Reference};
use crate::store::{self, EventLog, Stock, Weighed};

/// Writes in one commit of the log: what is told waits for the last of them.
const BATCH: usize = 32;
/// How many times longer than it has weighed it waits for matches.
const PATIENCE: u32 = 9;
/// How often it looks whether they have ended.
const PAUSE: Duration = Duration::from_millis(1);
/// How long stock is taken before writes are looked at.
const AT_A_TIME: Duration = Duration::from_millis(250);
/// How often the log is told how many records are left.
const TELL_STOCK: Duration = Duration::from_secs(300);
/// How long to wait for the end of an exclusion before the clock is read again.
const LONGEST: Duration = Duration::from_secs(60);
/// How long to wait after a failure.
const AGAIN: Duration = Duration::from_secs(5);

/// The handle of the following thread.
pub(super) struct Follower {
    bell: SyncSender<()>,
    stop: Mutex<Option<(Sender<()>, JoinHandle<()>)>>,
    stopping: Arc<AtomicBool>,
}

impl Follower {
    /// Starts behind the last write that the log knows.
    pub(super) fn start(shared: Arc<Shared>, log: Arc<EventLog>, options: EventOptions) -> std::io::Result<Self> {
        let (bell, rung) = mpsc::sync_channel(1);
        let (stop, stopped) = mpsc::channel();
        let stopping = Arc::new(AtomicBool::new(false));
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).thread_name(|_| "follow-weigh".to_owned());
        // Where the system does not let it, following takes its share like anything else.
        let pool = pool.start_handler(|_| _ = thread_priority::set_current_thread_priority(ThreadPriority::Min));
        let pool = pool.build().map_err(std::io::Error::other)?;
        let state = State { shared, log, options, pool, stopped, stopping: Arc::clone(&stopping) };
        let thread = thread::Builder::new().name("follow".to_owned()).spawn(move || state.run(&rung))?;
        // The first ring catches up with what was written before the start.
        let _ = bell.try_send(());
        Ok(Self { bell, stop: Mutex::new(Some((stop, thread))), stopping })
    }

    /// Rings when there is something new.
    pub(super) fn bell(&self) -> SyncSender<()> {
        self.bell.clone()
    }

    /// Finishes the record under way and stops: the next start goes on behind the last commit.
    pub(super) fn stop(&self) {
        let Some((stop, thread)) = self.stop.lock().ok().and_then(|mut stop| stop.take()) else { return };
        self.stopping.store(true, Ordering::Relaxed);
        drop(stop);
        let _ = self.bell.try_send(());
        let _ = thread.join();
    }
}

struct State {
    shared: Arc<Shared>,
    log: Arc<EventLog>,
    options: EventOptions,
    pool: ThreadPool,
    stopped: Receiver<()>,
    stopping: Arc<AtomicBool>,
}

impl State {
    fn run(&self, rung: &Receiver<()>) {
        // Rung by a write, and by the next end of an exclusion.
        loop {
            let is_over = match self.until_end() {
                Some(pause) => rung.recv_timeout(pause) == Err(RecvTimeoutError::Disconnected),
                None => rung.recv().is_err(),
            };
            if is_over || self.is_stopping() {
                return;
            }
            while let Err(error) = self.follow().and_then(|()| self.reopen()).and_then(|()| self.take_stock()) {
                tracing::error!(error, "the log of events is behind the records");
                if !matches!(self.stopped.recv_timeout(AGAIN), Err(RecvTimeoutError::Timeout)) {
                    return;
                }
            }
        }
    }

    /// How long until the next exclusion ends; none: none does. Not longer than [`LONGEST`]: clocks are set.
    fn until_end(&self) -> Option<Duration> {
        // Not from now on: one may have ended since they were looked at.
        let Ok(after) = self.log.ended() else { return Some(LONGEST) };
        let end = self.shared.exclusions().next_end(after)?;
        // Ends are looked at up to a whole microsecond.
        let pause =
            Duration::try_from(end.duration_since(Timestamp::now())).unwrap_or_default() + Duration::from_micros(1);
        Some(pause.min(LONGEST))
    }

    /// Weighs one side of each pair whose exclusion has ended: it is on both lists again, and no write says so.
    fn reopen(&self) -> Result<(), String> {
        let now = Timestamp::from_microsecond(Timestamp::now().as_microsecond()).map_err(|error| error.to_string())?;
        let after = self.log.ended().map_err(|error| error.to_string())?;
        let ended: Vec<Reference> = self.shared.exclusions().ended(after, now).into_iter().collect();
        if ended.is_empty() {
            return Ok(());
        }
        let snapshot = self.shared.snapshot.load_full();
        for some in ended.chunks(BATCH) {
            let mut weighed = Vec::with_capacity(some.len());
            for reference in some {
                if self.is_stopping() {
                    return Ok(());
                }
                let begun = Instant::now();
                weighed.push(self.weigh(&snapshot, reference.clone(), now)?);
                self.give_way(begun.elapsed());
            }
            let told = self.log.follow(&weighed, self.log.followed(), self.options.kept, Timestamp::now());
            told.map_err(|error| error.to_string())?;
        }
        // Last: what is weighed twice is told once.
        self.log.note_ended(now).map_err(|error| error.to_string())
    }

    /// Notes every pair that was there before the log, a few records at a time; writes are followed before the next ones.
    fn take_stock(&self) -> Result<(), String> {
        let (mut is_begun, mut told) = (false, Instant::now());
        while let Stock::After(after) = self.log.stock().map_err(|error| error.to_string())? {
            if self.is_stopping() {
                return Ok(());
            }
            if !std::mem::replace(&mut is_begun, true) || told.elapsed() > TELL_STOCK {
                let left = self.shared.store.count_after(after.as_ref()).map_err(|error| error.to_string())?;
                tracing::info!(left, "taking stock of the pairs of records that the log of events does not know yet");
                told = Instant::now();
            }
            self.take_stock_after(after.as_ref())?;
            self.follow().and_then(|()| self.reopen())?;
        }
        if is_begun {
            tracing::info!("the log of events knows every pair");
        }
        Ok(())
    }

    fn take_stock_after(&self, after: Option<&Reference>) -> Result<(), String> {
        let snapshot = self.shared.snapshot.load_full();
        let followed = self.log.followed();
        if snapshot.sequence() > followed {
            // A pair of what was written since is news, and not for here.
            return Ok(());
        }
        // An exclusion that has ended since is followed, too: till then it rules out.
        let now = self.log.ended().map_err(|error| error.to_string())?;
        let begun = Instant::now();
        let records = self.shared.store.records_after(after, BATCH).map_err(|error| error.to_string())?;
        if records.is_empty() {
            return self.log.take_stock(&[], None).map_err(|error| error.to_string());
        }
        let (mut weighed, mut upto) = (Vec::new(), after.cloned());
        for (reference, json) in records {
            // Every pair has a missing person.
            if store::read_json(&json).is_some_and(|record| record.kind == Kind::Missing) {
                let begun = Instant::now();
                weighed.push(self.weigh(&snapshot, reference.clone(), now)?);
                self.give_way(begun.elapsed());
            }
            upto = Some(reference);
            if self.is_stopping() || begun.elapsed() > AT_A_TIME {
                break;
            }
        }
        self.note_stock(weighed, followed, upto.as_ref())
    }

    /// Notes what was weighed, but for records that were written meanwhile: these are followed.
    fn note_stock(&self, mut weighed: Vec<Weighed>, followed: u64, upto: Option<&Reference>) -> Result<(), String> {
        let changes = self.shared.store.changes_since(followed, usize::MAX).map_err(|error| error.to_string())?;
        let Some(changes) = changes else { return Ok(()) };
        let changed: FxHashSet<Reference> = changes.into_iter().map(|(_, reference)| reference).collect();
        weighed.retain(|weighed| !changed.contains(&weighed.record));
        self.log.take_stock(&weighed, upto).map_err(|error| error.to_string())
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Follows everything that is written and published.
    fn follow(&self) -> Result<(), String> {
        loop {
            let (snapshot, followed) = (self.shared.snapshot.load_full(), self.log.followed());
            let changes = match followed > snapshot.sequence() {
                // These are not the records that the log has followed.
                true => None,
                false => self.shared.store.changes_since(followed, BATCH).map_err(|error| error.to_string())?,
            };
            let Some(mut changes) = changes else {
                tracing::warn!("the log of events does not know any more what was written, and says so");
                let lost = self.log.lose_the_thread(snapshot.sequence(), Timestamp::now());
                lost.map_err(|error| error.to_string())?;
                continue;
            };
            changes.retain(|(number, _)| *number <= snapshot.sequence());
            let Some(last) = changes.last().map(|(number, _)| *number) else { return Ok(()) };
            let mut weighed = Vec::with_capacity(changes.len());
            let mut known = FxHashSet::default();
            for (_, reference) in changes {
                if self.is_stopping() {
                    return Ok(());
                }
                if known.insert(reference.clone()) {
                    let begun = Instant::now();
                    weighed.push(self.weigh(&snapshot, reference, Timestamp::now())?);
                    self.give_way(begun.elapsed());
                }
            }
            let followed = self.log.follow(&weighed, last, self.options.kept, Timestamp::now());
            followed.map_err(|error| error.to_string())?;
        }
    }

    /// Lets matches go first, even where the lowest priority has a processor of its own, which may be half of theirs: waits
    /// while any is under way, but so long only that following goes on under any load.
    fn give_way(&self, took: Duration) {
        let begun = Instant::now();
        let matches = || self.shared.under_way.load(Ordering::Relaxed) > 0;
        while matches() && begun.elapsed() < took * PATIENCE && !self.is_stopping() {
            thread::sleep(PAUSE);
        }
    }

    /// Every pair of a record that weighs enough, as its list has them at a moment. None of one that nobody has verified:
    /// it is on no list, and its pairs are news once it is.
    fn weigh(&self, snapshot: &Snapshot, reference: Reference, now: Timestamp) -> Result<Weighed, String> {
        let shared = &self.shared;
        let is_resolved = shared.exclusions().resolved_with(&reference).is_some();
        let stored =
            if is_resolved { None } else { shared.store.get(&reference).map_err(|error| error.to_string())? };
        let record = stored.and_then(|stored| store::read_json(&stored.json)).filter(|record| record.verified);
        let Some(record) = record else {
            return Ok(Weighed { record: reference, is_missing: false, pairs: Vec::new() });
        };
        let ruled_out = shared.exclusions().ruled_out(&reference, now);
        let request = matching::Request {
            limit: Kind::ALL.iter().map(|kind| snapshot.records(*kind) as usize).sum::<usize>() + 1,
            min_bits: Some(self.options.least),
            kind: None,
            include_unverified: false,
            itself: Some(&reference),
            ruled_out: &ruled_out,
        };
        let query = Encoded::of(&record);
        let pairs = self.pool.install(|| Search::new(snapshot, &shared.model, &query, request).scan(None).scores());
        Ok(Weighed { is_missing: record.kind == Kind::Missing, pairs, record: reference })
    }
}
