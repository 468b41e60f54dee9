//! Records into a directory that no service runs on: the engine, without HTTP.

use std::collections::HashSet;
use std::path::Path;

use futures_util::future::join_all;
use tokio::runtime::{Builder, Runtime};

use super::ledger::Fate;
use crate::cli::Failure;
use crate::engine::{Engine, EngineError, EngineOptions, Outcome, Written};
use crate::model::Model;
use crate::record::{Record, Reference};

/// An engine, and the thread that waits for it.
pub(super) struct Index {
    engine: Engine,
    runtime: Runtime,
}

impl Index {
    /// Opens the directory for chunks of `chunk` records.
    pub(super) fn open(directory: &Path, chunk: usize) -> Result<Self, Failure> {
        let what = format_args!("cannot open {}", directory.display());
        let runtime = Builder::new_current_thread().enable_time().build();
        let runtime = runtime.map_err(|error| Failure::doing("cannot start the runtime", error))?;
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        // A queue as long as a chunk is never full.
        let options =
            EngineOptions { threads, write_queue: chunk, match_queue: 1, model: Model::default(), events: None };
        let engine = Engine::open(directory, &options).map_err(|error| Failure::doing(what, error))?;
        Ok(Self { engine, runtime })
    }

    /// Puts the records, many at once, so that one commit serves many.
    pub(super) fn take(&mut self, records: Vec<(Reference, Record)>) -> Result<Vec<Fate>, Failure> {
        let mut fates = Vec::with_capacity(records.len());
        let mut wave = Vec::new();
        let mut references = HashSet::new();
        for (reference, record) in records {
            // Of two puts of one record the later must win: they do not travel together.
            if !references.insert(reference.clone()) {
                self.put(std::mem::take(&mut wave), &mut fates)?;
                references = HashSet::from([reference.clone()]);
            }
            wave.push((reference, record));
        }
        self.put(wave, &mut fates)?;
        Ok(fates)
    }

    fn put(&self, wave: Vec<(Reference, Record)>, fates: &mut Vec<Fate>) -> Result<(), Failure> {
        let puts = wave.into_iter().map(|(reference, record)| self.engine.put(reference, record, None, None));
        for written in self.runtime.block_on(join_all(puts)) {
            fates.push(fate(written)?);
        }
        Ok(())
    }

    /// Lets the engine finish.
    pub(super) fn close(self) {
        self.engine.close();
    }
}

fn fate(written: Result<Written, EngineError>) -> Result<Fate, Failure> {
    match written.map_err(|error| Failure::doing("the import stopped", error))?.outcome {
        Outcome::Inserted | Outcome::Replaced => Ok(Fate::Stored),
        Outcome::Unchanged => Ok(Fate::Unchanged),
    }
}
