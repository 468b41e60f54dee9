//! The one writer: takes what waits, makes it durable in one commit, changes the columns, publishes, acknowledges.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use tokio::sync::{mpsc, oneshot};

use super::{EngineError, Shared, decisions, recovery};
use crate::corpus::{CorpusWriter, Encoded};
use crate::record::Reference;
use crate::store::{Applied, Asked, Write};

/// Writes in one commit: enough to share one wait for the disk, few enough to answer soon.
const GROUP: usize = 1_024;
/// Bytes of records in one commit.
const GROUP_BYTES: usize = 32 << 20;
/// Changes after which the columns' file is written again while running: what a restart catches up with.
const SAVE_EVERY: u64 = 100_000;

/// The handle of the writer thread.
pub(super) struct Writer {
    jobs: mpsc::Sender<Job>,
    waiting: Arc<AtomicU64>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

enum Job {
    Write { write: Asked, record: Option<Encoded>, reply: oneshot::Sender<Result<Applied, EngineError>> },
    Stop,
}

impl Writer {
    pub(super) fn start(
        shared: Arc<Shared>,
        corpus: CorpusWriter,
        bells: Vec<SyncSender<()>>,
        queue: usize,
    ) -> std::io::Result<Self> {
        let (jobs, queued) = mpsc::channel(queue);
        let waiting = Arc::new(AtomicU64::new(0));
        let saved = shared.snapshot.load().sequence();
        let state = State { shared, corpus, bells, saved, waiting: Arc::clone(&waiting) };
        let thread = thread::Builder::new().name("write".to_owned()).spawn(move || state.run(queued))?;
        Ok(Self { jobs, waiting, thread: Mutex::new(Some(thread)) })
    }

    /// Queues a write and waits until it is durable and visible.
    pub(super) async fn write(&self, write: impl Into<Asked>, record: Option<Encoded>) -> Result<Applied, EngineError> {
        let (reply, replied) = oneshot::channel();
        self.jobs.try_send(Job::Write { write: write.into(), record, reply }).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => EngineError::Busy,
            mpsc::error::TrySendError::Closed(_) => EngineError::Stopping,
        })?;
        self.waiting.fetch_add(1, Ordering::Relaxed);
        replied.await.map_err(|_| EngineError::Stopping)?
    }

    /// Writes queued and not yet acknowledged.
    pub(super) fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Finishes what is queued and stops.
    pub(super) fn stop(&self) {
        let thread = self.thread.lock().ok().and_then(|mut thread| thread.take());
        let Some(thread) = thread else { return };
        let mut stop = Job::Stop;
        while let Err(mpsc::error::TrySendError::Full(again)) = self.jobs.try_send(stop) {
            stop = again;
            thread::yield_now();
        }
        let _ = thread.join();
    }
}

struct State {
    shared: Arc<Shared>,
    corpus: CorpusWriter,
    /// Of those who follow at their own pace.
    bells: Vec<SyncSender<()>>,
    /// The last write in the columns' file.
    saved: u64,
    waiting: Arc<AtomicU64>,
}

/// What is needed to answer a write after it is durable.
struct Waiting {
    record: Option<Encoded>,
    reply: oneshot::Sender<Result<Applied, EngineError>>,
}

impl State {
    fn run(mut self, mut queued: mpsc::Receiver<Job>) {
        let mut stopping = false;
        while !stopping {
            let Some(first) = queued.blocking_recv() else { return };
            let (mut writes, mut waiting, mut bytes) = (Vec::new(), Vec::new(), 0);
            let mut next = Some(first);
            while let Some(job) = next {
                match job {
                    Job::Stop => {
                        stopping = true;
                        queued.close();
                    }
                    Job::Write { write, record, reply } => {
                        bytes += write.write.size();
                        writes.push(write);
                        waiting.push(Waiting { record, reply });
                    }
                }
                let full = writes.len() >= GROUP || bytes >= GROUP_BYTES;
                next = if full && !stopping { None } else { queued.try_recv().ok() };
            }
            self.commit(&writes, waiting);
        }
    }

    fn commit(&mut self, writes: &[Asked], mut waiting: Vec<Waiting>) {
        let count = waiting.len() as u64;
        match self.shared.store.apply(writes) {
            Ok((outcomes, sequence)) => {
                let before = self.shared.snapshot.load().sequence();
                if writes.iter().any(|write| matches!(write.write, Write::Exclude { .. } | Write::Withdraw { .. })) {
                    self.shared.last_decision.store(sequence, Ordering::Release);
                }
                for ((write, waiting), outcome) in writes.iter().zip(&mut waiting).zip(&outcomes) {
                    self.follow(&write.write, waiting.record.take(), outcome);
                }
                if sequence > before {
                    self.shared.snapshot.store(Arc::new(self.corpus.snapshot(sequence)));
                }
                for (waiting, outcome) in waiting.into_iter().zip(outcomes) {
                    // Whoever asked may have gone away; the write stands.
                    let _ = waiting.reply.send(Ok(outcome));
                }
                // A full bell has been rung already.
                self.bells.iter().for_each(|bell| _ = bell.try_send(()));
                self.save_now_and_then(sequence);
            }
            Err(error) => {
                let refused = EngineError::from(error);
                self.shared.writes_refused.fetch_add(count, Ordering::Relaxed);
                for waiting in waiting {
                    let _ = waiting.reply.send(Err(refused.clone()));
                }
                self.follow_store();
            }
        }
        self.waiting.fetch_sub(count.min(self.waiting.load(Ordering::Relaxed)), Ordering::Relaxed);
    }

    /// A commit that failed at its last step may yet have been made: then the columns have it too.
    fn follow_store(&mut self) {
        let before = self.shared.snapshot.load().sequence();
        let store = &self.shared.store;
        let caught_up = decisions::load(store).and_then(|exclusions| {
            let sequence = recovery::catch_up(store, &exclusions, &mut self.corpus, before)?;
            self.shared.last_decision.store(sequence.unwrap_or(before), Ordering::Release);
            *self.shared.exclusions_to_change() = exclusions;
            Ok(sequence)
        });
        match caught_up {
            Ok(Some(sequence)) if sequence > before => {
                self.shared.snapshot.store(Arc::new(self.corpus.snapshot(sequence)));
                self.bells.iter().for_each(|bell| _ = bell.try_send(()));
            }
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "what the store holds after the failure is not known"),
        }
    }

    /// Does to the columns and the exclusions what was done to the store.
    fn follow(&mut self, write: &Write, record: Option<Encoded>, outcome: &Applied) {
        match (write, record, outcome) {
            (Write::Put { reference, .. }, Some(record), Applied::Inserted(_) | Applied::Replaced(_))
                if self.shared.exclusions().resolved_with(reference).is_none() =>
            {
                self.corpus.put_encoded(reference.clone(), record);
            }
            (Write::Delete { reference, .. }, _, Applied::Deleted) => self.corpus.remove(reference),
            (Write::Exclude { exclusion, .. }, _, Applied::Excluded(_)) => {
                self.shared.exclusions_to_change().add(exclusion);
                let decision = &exclusion.decision;
                if decision.resolved {
                    [&decision.a, &decision.b].into_iter().for_each(|one| self.corpus.remove(one));
                }
            }
            (Write::Withdraw { id }, _, Applied::Deleted) => {
                let reopened = self.shared.exclusions_to_change().remove(*id);
                reopened.iter().for_each(|reference| self.show(reference));
            }
            _ => {}
        }
    }

    fn show(&mut self, reference: &Reference) {
        let (store, exclusions) = (&self.shared.store, self.shared.exclusions());
        if let Err(error) = recovery::show(store, &exclusions, &mut self.corpus, reference.clone()) {
            tracing::error!(%error, %reference, "the record is not matched until the next start");
        }
    }

    fn save_now_and_then(&mut self, sequence: u64) {
        if sequence >= self.saved + SAVE_EVERY {
            self.saved = sequence;
            let shared = Arc::clone(&self.shared);
            let save = move || recovery::save_columns(&shared);
            if let Err(error) = thread::Builder::new().name("save-columns".to_owned()).spawn(save) {
                tracing::warn!(%error, "the columns' file was not written; a restart takes longer");
            }
        }
    }
}
