//! The running service doubts itself: one in [`ONE_IN`] matches is weighed again exhaustively, and the two lists compared.
//!
//! On a thread of its own, at the lowest priority, one at a time: while one is checked and one waits, none is begun. So
//! matches wait for no check, however large the collection. The snapshot of the match lives until its check is done.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use rustc_hash::FxHashSet;
use thread_priority::ThreadPriority;

use super::MatchRequest;
use crate::corpus::Snapshot;
use crate::matching::{self, CandidateList};
use crate::model::Model;
use crate::record::{Record, Reference};

/// Of so many matches one is checked: the first, and every so many after it.
const ONE_IN: u64 = 256;

/// What was checked so far.
#[derive(Default)]
struct Counts {
    matches: AtomicU64,
    checks: AtomicU64,
    mismatches: AtomicU64,
}

/// The handle of the checking thread.
pub(super) struct SelfCheck {
    counts: Arc<Counts>,
    doubts: Mutex<Option<SyncSender<Box<Doubt>>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// A match to be weighed again.
struct Doubt {
    snapshot: Arc<Snapshot>,
    record: Record,
    itself: Option<Reference>,
    ruled_out: FxHashSet<Reference>,
    request: MatchRequest,
    list: CandidateList,
}

impl SelfCheck {
    /// Starts the thread.
    pub(super) fn start(model: Model) -> std::io::Result<Self> {
        let counts = Arc::new(Counts::default());
        let (doubts, doubted) = mpsc::sync_channel(1);
        let checked = Arc::clone(&counts);
        let thread = thread::Builder::new().name("self-check".to_owned());
        let thread = thread.spawn(move || check(&doubted, &model, &checked))?;
        Ok(Self { counts, doubts: Mutex::new(Some(doubts)), thread: Mutex::new(Some(thread)) })
    }

    /// Checks now and then a list that was made of a snapshot.
    pub(super) fn doubt(
        &self,
        snapshot: &Arc<Snapshot>,
        (record, itself, ruled_out): (&Record, Option<&Reference>, FxHashSet<Reference>),
        request: &MatchRequest,
        list: &CandidateList,
    ) {
        if !self.counts.matches.fetch_add(1, Ordering::Relaxed).is_multiple_of(ONE_IN) {
            return;
        }
        let doubts = self.doubts.lock().ok().and_then(|doubts| doubts.clone());
        let doubt = || Doubt {
            snapshot: Arc::clone(snapshot),
            record: record.clone(),
            itself: itself.cloned(),
            ruled_out,
            request: request.clone(),
            list: list.clone(),
        };
        if let Some(doubts) = doubts {
            // Refused while another waits: there will be more matches.
            let _ = doubts.try_send(Box::new(doubt()));
        }
    }

    /// Lists checked, and those of them that were wrong.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.counts.checks.load(Ordering::Relaxed), self.counts.mismatches.load(Ordering::Relaxed))
    }

    /// Finishes the check under way and stops.
    pub(super) fn stop(&self) {
        drop(self.doubts.lock().ok().and_then(|mut doubts| doubts.take()));
        if let Some(thread) = self.thread.lock().ok().and_then(|mut thread| thread.take()) {
            let _ = thread.join();
        }
    }
}

fn check(doubted: &Receiver<Box<Doubt>>, model: &Model, counts: &Counts) {
    // Of this thread alone. Where the system does not let it, checks take their share like anything else.
    let _ = thread_priority::set_current_thread_priority(ThreadPriority::Min);
    for doubt in doubted {
        let Doubt { snapshot, record, itself, ruled_out, request, list } = *doubt;
        let agrees = matching::agrees(&list, &snapshot, model, &record, request.of(itself.as_ref(), &ruled_out));
        counts.checks.fetch_add(1, Ordering::Relaxed);
        if !agrees {
            counts.mismatches.fetch_add(1, Ordering::Relaxed);
            let query = itself.map(|reference| reference.to_string());
            tracing::error!(query, "a match differs from the exhaustive weighing: please report it");
        }
    }
}
