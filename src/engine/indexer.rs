//! Keeps the text index up with the store: reads what was written since its last commit, from the table of changes.
//!
//! No queue stands between: however fast writes come, the index takes them in batches at its own pace, and after a
//! crash it goes on where its last commit was.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::Shared;
use crate::store;

/// Changes in one commit of the index.
const BATCH: usize = 4_096;
/// Commits of the index are at least so far apart: a write is found within a second.
const PACE: Duration = Duration::from_millis(250);
/// How long to wait after a failure.
const AGAIN: Duration = Duration::from_secs(5);

/// The handle of the indexing thread.
pub(super) struct Indexer {
    bell: Mutex<Option<SyncSender<()>>>,
    stop: Mutex<Option<(mpsc::Sender<()>, JoinHandle<()>)>>,
}

impl Indexer {
    /// Starts at the index's last commit; none: it is empty or unusable and begins anew.
    pub(super) fn start(shared: Arc<Shared>, indexed: Option<u64>) -> std::io::Result<Self> {
        let (bell, rung) = mpsc::sync_channel(1);
        let (stop, stopped) = mpsc::channel();
        let state = State { shared, indexed, stopped };
        let thread = thread::Builder::new().name("index-text".to_owned()).spawn(move || state.run(&rung))?;
        // The first ring catches up with what was written before the start.
        let _ = bell.try_send(());
        Ok(Self { bell: Mutex::new(Some(bell)), stop: Mutex::new(Some((stop, thread))) })
    }

    /// Rings when there is something new.
    pub(super) fn bell(&self) -> SyncSender<()> {
        let bell = self.bell.lock().ok().and_then(|bell| bell.clone());
        bell.unwrap_or_else(|| mpsc::sync_channel(1).0)
    }

    /// Commits what is there and stops.
    pub(super) fn stop(&self) {
        let Some((stop, thread)) = self.stop.lock().ok().and_then(|mut stop| stop.take()) else { return };
        let _ = stop.send(());
        if let Some(bell) = self.bell.lock().ok().and_then(|mut bell| bell.take()) {
            let _ = bell.try_send(());
        }
        let _ = thread.join();
    }
}

struct State {
    shared: Arc<Shared>,
    indexed: Option<u64>,
    stopped: mpsc::Receiver<()>,
}

impl State {
    fn run(mut self, rung: &mpsc::Receiver<()>) {
        while rung.recv().is_ok() {
            while let Err(error) = self.follow() {
                tracing::error!(error, "the text index is behind the records");
                if self.stops_within(AGAIN) {
                    return;
                }
            }
            if self.stops_within(PACE) {
                // What came while waiting; a failure is made good at the next start.
                let _ = self.follow();
                return;
            }
        }
    }

    fn stops_within(&self, time: Duration) -> bool {
        !matches!(self.stopped.recv_timeout(time), Err(RecvTimeoutError::Timeout))
    }

    /// Indexes everything that was written since the last commit. What comes meanwhile waits for the next one, or commits
    /// would follow each other as closely as writes do.
    fn follow(&mut self) -> Result<(), String> {
        loop {
            let Some(indexed) = self.indexed else {
                self.begin_anew()?;
                continue;
            };
            let changes = self.shared.store.changes_since(indexed, BATCH).map_err(|error| error.to_string())?;
            let Some(changes) = changes else {
                self.indexed = None;
                continue;
            };
            let Some((last, _)) = changes.last() else { return Ok(()) };
            let (last, is_all) = (*last, changes.len() < BATCH);
            for (_, reference) in &changes {
                let stored = self.shared.store.get(reference).map_err(|error| error.to_string())?;
                match stored.and_then(|stored| store::read_json(&stored.json)) {
                    Some(record) => self.shared.text.stage(reference, &record).map_err(|error| error.to_string())?,
                    None => self.shared.text.remove(reference),
                }
            }
            self.commit(last)?;
            if is_all {
                return Ok(());
            }
        }
    }

    fn begin_anew(&mut self) -> Result<(), String> {
        let text = &self.shared.text;
        text.clear().map_err(|error| error.to_string())?;
        let mut failed = None;
        let sequence = self.shared.store.each(BATCH, |batch| {
            for (reference, json) in batch {
                let Some(record) = store::read_json(&json) else { continue };
                if let Err(error) = text.stage(&reference, &record) {
                    failed = Some(error.to_string());
                }
            }
        });
        if let Some(error) = failed {
            return Err(error);
        }
        let sequence = sequence.map_err(|error| error.to_string())?;
        self.commit(sequence)
    }

    fn commit(&mut self, sequence: u64) -> Result<(), String> {
        self.shared.text.commit(sequence).map_err(|error| error.to_string())?;
        self.shared.indexed.store(sequence, Ordering::Relaxed);
        self.indexed = Some(sequence);
        Ok(())
    }
}
