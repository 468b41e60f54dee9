//! Files that are read again whenever they change, while the service runs.
//!
//! A change that cannot be used leaves in force what was there before: a slip of the editor must not lock everybody
//! out. The log says so once, and the files are tried again: a disk that failed for a moment must not keep a revoked key
//! in force. Whoever asks looks at the files' metadata, and reads them only when those differ.

use std::fmt::Display;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;

/// What some files say, as they are now.
pub struct Followed<T, const FILES: usize> {
    /// What the files are, for the log.
    what: &'static str,
    files: [PathBuf; FILES],
    looked: Mutex<Looked<FILES>>,
    /// The pause before files that could not be used are tried again.
    pause: Duration,
    held: ArcSwap<T>,
}

/// What was found at the last look.
struct Looked<const FILES: usize> {
    seen: [Option<Seen>; FILES],
    /// When that could not be used.
    failed: Option<Instant>,
}

/// Tells whether a file is another.
#[derive(PartialEq, Eq)]
struct Seen {
    inode: u64,
    modified: (i64, i64),
    /// Of its owner and rights too: one that could not be read may be readable now.
    changed: (i64, i64),
    bytes: u64,
}

impl Seen {
    fn of(data: &Metadata) -> Self {
        Self {
            inode: data.ino(),
            modified: (data.mtime(), data.mtime_nsec()),
            changed: (data.ctime(), data.ctime_nsec()),
            bytes: data.len(),
        }
    }
}

fn look<const FILES: usize>(files: &[PathBuf; FILES]) -> [Option<Seen>; FILES] {
    files.each_ref().map(|file| fs::metadata(file).ok().as_ref().map(Seen::of))
}

impl<T, const FILES: usize> Followed<T, FILES> {
    /// Reads the files, which must be usable now.
    pub fn open<E>(
        what: &'static str,
        files: [PathBuf; FILES],
        read: impl FnOnce(&[PathBuf; FILES]) -> Result<T, E>,
    ) -> Result<Self, E> {
        // Looked at before they are read: a change in between is seen the next time.
        let looked = Mutex::new(Looked { seen: look(&files), failed: None });
        let held = ArcSwap::from_pointee(read(&files)?);
        Ok(Self { what, files, looked, pause: Duration::from_secs(1), held })
    }

    /// What the files say. `read` reads them anew if they have changed, and may take over from what they said before.
    pub fn now<E: Display>(&self, read: impl FnOnce(&[PathBuf; FILES], &T) -> Result<T, E>) -> Arc<T> {
        let found = look(&self.files);
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = looked.seen != found;
        if changed || looked.failed.is_some_and(|failed| failed.elapsed() >= self.pause) {
            looked.seen = found;
            looked.failed = None;
            match read(&self.files, &self.held.load()) {
                Ok(next) => {
                    tracing::info!(what = self.what, "read again after a change");
                    self.held.store(Arc::new(next));
                }
                Err(error) => {
                    looked.failed = Some(Instant::now());
                    if changed {
                        tracing::error!(what = self.what, %error, "the change cannot be used; nothing changes");
                    }
                }
            }
        }
        drop(looked);
        self.held.load_full()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn what_could_not_be_read_is_read_again_without_another_change() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("a");
        let write = |text: &str| fs::write(&file, text).expect("written");
        let fails = Cell::new(false);
        let read = |[file]: &[PathBuf; 1]| match fails.get() {
            true => Err("the disk is away".to_owned()),
            false => fs::read_to_string(file).map_err(|error| error.to_string()),
        };
        write("old");
        let mut followed = Followed::open("words", [file.clone()], read).expect("words");
        followed.pause = Duration::ZERO;
        let now = || followed.now(|files, _| read(files)).as_str().to_owned();
        write("newer");
        fails.set(true);
        assert_eq!(now(), "old");
        fails.set(false);
        assert_eq!(now(), "newer");
    }

    #[test]
    fn a_change_counts_at_once_and_one_that_cannot_be_used_changes_nothing() {
        let directory = tempfile::tempdir().expect("a directory");
        let files = ["a", "b"].map(|name| directory.path().join(name));
        let write = |at: usize, text: &str| fs::write(&files[at], text).expect("written");
        let number = |file: &PathBuf| {
            let text = fs::read_to_string(file).map_err(|error| error.to_string())?;
            text.parse::<u8>().map_err(|error| error.to_string())
        };
        let read = |[a, b]: &[PathBuf; 2]| Ok::<u8, String>(number(a)? + number(b)?);
        write(0, "1");
        assert!(Followed::open("numbers", files.clone(), read).is_err(), "the second is not there");
        write(1, "2");
        let followed = Followed::open("numbers", files.clone(), read).expect("numbers");
        let now = || *followed.now(|files, _| read(files));
        assert_eq!(now(), 3);
        write(1, "30");
        assert_eq!((now(), now()), (31, 31));
        write(0, "nonsense");
        assert_eq!(now(), 31);
        fs::remove_file(&files[1]).expect("removed");
        assert_eq!(now(), 31);
        write(0, "100");
        write(1, "11");
        assert_eq!(now(), 111);
    }
}
