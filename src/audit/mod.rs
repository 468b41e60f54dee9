//! The trail: who looked at which pair, wrote, decided or was refused; what, when, from where and by which model.
//!
//! `index/trail.ndjson` is only ever appended to. Every line carries the hash of the line before and its own: a line
//! that is changed, taken out or put in breaks the chain, which [`verify`] walks. What is cut off at the end is found by
//! whoever keeps an earlier head. Identifiers only: the trail never tells what a record says.
//!
//! A line is in the file before its call is answered, and on the disk about a second later. Where the file cannot be
//! written the service goes on, and the first line that can be written again tells how many are missing.

mod chain;
mod file;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::{self, JoinHandle};

use jiff::Timestamp;
use serde::Serialize;
use thiserror::Error;
use tokio::sync::oneshot;

pub use chain::{Broken, Verified, verify};
pub use file::Page;

use file::{Places, Writer};

/// The file in the service's directory.
pub const FILE: &str = "trail.ndjson";

/// One call, or several of a kind, as it is told to the trail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// When it was answered; of several, the last.
    pub at: Timestamp,
    /// When the first of several calls was answered, where the line counts calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// How many calls the line counts; none: it tells of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// The caller's id.
    pub who: String,
    /// The address that it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What was asked.
    pub action: String,
    /// The records that the call names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub records: Vec<String>,
    /// The records that the answer shows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub seen: Vec<String>,
    /// The exclusion that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exclusion: Option<String>,
    /// The status of the answer.
    pub status: u16,
    /// The hash of the model's parameters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The call's id, as in the log.
    pub request_id: String,
}

/// Why a trail cannot be opened or read. Names the file.
#[derive(Debug, Error)]
pub enum TrailError {
    /// Another process writes it.
    #[error("{}: another crossmatch is writing this trail; stop it or choose another --index-dir", .0.display())]
    Locked(PathBuf),
    /// The disk refused.
    #[error("cannot {doing} {}: {error}", file.display())]
    Disk {
        /// What was under way.
        doing: &'static str,
        /// The file.
        file: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// It does not end as a trail does.
    #[error("{}: {reason}; `crossmatch audit verify` says where; move the file away to begin a new one", file.display())]
    Broken {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

/// The trail of a running service.
pub struct Trail {
    file: PathBuf,
    places: Arc<Places>,
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Job {
    entry: Entry,
    written: oneshot::Sender<()>,
}

impl Trail {
    /// Opens the trail of a directory and goes on behind its last line.
    pub fn open(directory: &Path) -> Result<Self, TrailError> {
        let file = directory.join(FILE);
        let (writer, places) = Writer::open(directory, &file)?;
        let places = Arc::new(places);
        let (jobs, queued) = mpsc::channel();
        let shared = Arc::clone(&places);
        let started = thread::Builder::new().name("trail".to_owned()).spawn(move || writer.run(&queued, &shared));
        let thread = started.map_err(|error| TrailError::Disk { doing: "follow", file: file.clone(), error })?;
        Ok(Self { file, places, jobs: Mutex::new(Some(jobs)), thread: Mutex::new(Some(thread)) })
    }

    /// Appends a line. Returns when it is in the file, or when it is clear that it cannot be written now.
    pub async fn append(&self, entry: Entry) {
        let (written, done) = oneshot::channel();
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if jobs.is_some_and(|jobs| jobs.send(Job { entry, written }).is_ok()) {
            let _ = done.await;
        }
    }

    /// Lines after one, oldest first, as they are in the file; only those about `record` if one is named.
    pub fn page(&self, after: u64, limit: usize, record: Option<&str>) -> Result<Page, TrailError> {
        file::page(&self.file, &self.places, after, (limit, record))
    }

    /// Of writes, each the id of its call and the record, those that no line tells of: their places, ascending.
    pub fn untold<'w>(&self, writes: impl Iterator<Item = (&'w str, &'w str)>) -> Result<Vec<usize>, TrailError> {
        file::untold(&self.file, writes)
    }

    /// Lines that could not be written since the start.
    pub fn lost(&self) -> u64 {
        self.places.lost()
    }
}

impl Drop for Trail {
    /// Writes what is queued.
    fn drop(&mut self) {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = thread.join();
        }
    }
}
