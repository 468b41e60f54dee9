//! A database that outlives its disk's refusals.
//!
//! redb stops for good at the first error of its file. Here it is opened anew: as a view that reads what was
//! committed while the disk takes no writes, and on the file again as soon as it does. Nobody has to restart.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use redb::ReadableDatabase;
use redb::{Builder, DatabaseError};

use super::disk::{Disk, View};

/// Bytes that a disk must take before the file is written again: more than most commits.
const PROBE_BYTES: usize = 4 << 20;
/// Bytes of the file that are kept in memory.
const CACHE_BYTES: usize = 16 << 20;

/// One file of tables.
pub(super) struct Database {
    file: PathBuf,
    state: RwLock<State>,
}

struct State {
    redb: redb::Database,
    /// The disk refused a write: `redb` is only a view.
    refused: bool,
}

impl Database {
    /// Opens the file, or makes a new one.
    pub(super) fn open(file: PathBuf) -> Result<Self, redb::Error> {
        let redb = whole(|| Ok(on_disk(&file)?))?;
        Ok(Self { file, state: RwLock::new(State { redb, refused: false }) })
    }

    /// Changes the tables, durably, all or nothing.
    pub(super) fn transact<T>(
        &self,
        change: impl FnOnce(&redb::WriteTransaction) -> Result<T, redb::Error>,
    ) -> Result<T, redb::Error> {
        self.resume()?;
        let run = || {
            let state = self.state();
            let transaction = state.redb.begin_write()?;
            let done = change(&transaction)?;
            transaction.commit()?;
            Ok(done)
        };
        whole(run).inspect_err(|error| self.suspend_after(error))
    }

    /// Looks into the tables as of one moment.
    pub(super) fn read<T>(
        &self,
        look: impl FnOnce(&redb::ReadTransaction) -> Result<T, redb::Error>,
    ) -> Result<T, redb::Error> {
        let run = || {
            // A long look must not keep the lock: whoever waits to write it keeps every other reader waiting.
            let transaction = self.state().redb.begin_read()?;
            look(&transaction)
        };
        whole(run).inspect_err(|error| self.suspend_after(error))
    }

    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// After an error of the file: from now on a view, so that reading goes on.
    fn suspend_after(&self, error: &redb::Error) {
        if !matches!(error, redb::Error::Io(_) | redb::Error::Backend(_) | redb::Error::PreviousIo) {
            return;
        }
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if state.refused {
            return;
        }
        match view(&self.file) {
            Ok(redb) => *state = State { redb, refused: true },
            Err(error) => tracing::error!(file = %self.file.display(), %error, "the records cannot be read any more"),
        }
    }

    /// Goes back to the file, if the disk takes writes again.
    fn resume(&self) -> Result<(), redb::Error> {
        if !self.state().refused {
            return Ok(());
        }
        probe(self.file.parent().unwrap_or(Path::new(".")))?;
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if state.refused {
            *state = State { redb: on_disk(&self.file)?, refused: false };
            tracing::info!(file = %self.file.display(), "the disk takes writes again");
        }
        Ok(())
    }
}

/// Runs what uses the file. redb takes what it finds there for its own and panics where it is not: that is a damaged file.
fn whole<T>(run: impl FnOnce() -> Result<T, redb::Error>) -> Result<T, redb::Error> {
    let damaged = || redb::Error::Corrupted("it is damaged".to_owned());
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| Err(damaged()))
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES);
    builder
}

/// A database on a file, which stops for good at the first refusal of the disk.
pub(super) fn on_disk(file: &Path) -> Result<redb::Database, DatabaseError> {
    builder().create_with_backend(Disk::open(file)?)
}

fn view(file: &Path) -> Result<redb::Database, DatabaseError> {
    builder().create_with_backend(View::open(file)?)
}

fn probe(directory: &Path) -> io::Result<()> {
    #[cfg(test)]
    super::disk::faults::strike()?;
    let mut file = tempfile::tempfile_in(directory)?;
    io::Write::write_all(&mut file, &vec![0; PROBE_BYTES])?;
    file.sync_data()
}
