//! One process a directory: an advisory lock that the system lets go of when the process ends, however it ends.

use std::fs::{File, TryLockError};
use std::path::Path;

use super::StoreError;

/// Held for as long as the store is open.
pub(super) struct DirectoryLock(#[expect(dead_code, reason = "held, not read")] File);

impl DirectoryLock {
    pub(super) fn take(directory: &Path) -> Result<Self, StoreError> {
        let path = directory.join("lock");
        let disk = |error: &std::io::Error| StoreError::disk(path.clone(), "lock the directory", error);
        let file = File::create(&path).map_err(|error| disk(&error))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(StoreError::Locked(directory.to_owned())),
            Err(TryLockError::Error(error)) => Err(disk(&error)),
        }
    }
}
