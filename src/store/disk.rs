//! A database's file as redb wants it, and a view of one whose writes stay in memory.
//!
//! redb repairs what a crash left behind when it opens a file, and for that it writes. On a disk that refuses to, the
//! view keeps those writes to itself: what was acknowledged stays readable, and the file stays as it is.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use redb::StorageBackend;

/// Bytes that the view remembers together.
const PAGE: usize = 4_096;

/// A file that may be written.
pub(super) struct Disk(File);

/// A file that is only read.
pub(super) struct View {
    file: File,
    unwritten: Mutex<Unwritten>,
}

/// What would have been written: pages over those of the file, and the length.
struct Unwritten {
    pages: BTreeMap<u64, Box<[u8; PAGE]>>,
    length: u64,
}

impl Disk {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        // People's data: for the service's own user alone.
        OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path).map(Self)
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read_exact_at(out, offset)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        #[cfg(test)]
        faults::strike()?;
        self.0.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        #[cfg(test)]
        faults::strike()?;
        self.0.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        #[cfg(test)]
        faults::strike()?;
        self.0.write_all_at(data, offset)
    }
}

impl View {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        Ok(Self { file, unwritten: Mutex::new(Unwritten { pages: BTreeMap::new(), length }) })
    }

    fn unwritten(&self) -> MutexGuard<'_, Unwritten> {
        self.unwritten.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The page of the file; zeros behind its end.
    fn page_of_file(&self, page: u64) -> io::Result<Box<[u8; PAGE]>> {
        let mut bytes = Box::new([0; PAGE]);
        let mut filled = 0;
        while filled < PAGE {
            match self.file.read_at(&mut bytes[filled..], page * PAGE as u64 + filled as u64)? {
                0 => break,
                more => filled += more,
            }
        }
        Ok(bytes)
    }
}

/// The part of `length` bytes from `offset` on that lies in one page: page, place in it, bytes.
fn within_page(offset: u64, length: usize) -> (u64, usize, usize) {
    let start = (offset % PAGE as u64) as usize;
    (offset / PAGE as u64, start, length.min(PAGE - start))
}

impl StorageBackend for View {
    fn len(&self) -> io::Result<u64> {
        Ok(self.unwritten().length)
    }

    fn read(&self, mut offset: u64, mut out: &mut [u8]) -> io::Result<()> {
        let unwritten = self.unwritten();
        if offset + out.len() as u64 > unwritten.length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        while !out.is_empty() {
            let (page, start, count) = within_page(offset, out.len());
            let (now, later) = out.split_at_mut(count);
            match unwritten.pages.get(&page) {
                Some(bytes) => now.copy_from_slice(&bytes[start..start + count]),
                None => now.copy_from_slice(&self.page_of_file(page)?[start..start + count]),
            }
            (out, offset) = (later, offset + count as u64);
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.unwritten().length = len;
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, mut offset: u64, mut data: &[u8]) -> io::Result<()> {
        let mut unwritten = self.unwritten();
        unwritten.length = unwritten.length.max(offset + data.len() as u64);
        while !data.is_empty() {
            let (page, start, count) = within_page(offset, data.len());
            let (now, later) = data.split_at(count);
            let bytes = match unwritten.pages.entry(page) {
                std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
                std::collections::btree_map::Entry::Vacant(new) => new.insert(self.page_of_file(page)?),
            };
            bytes[start..start + count].copy_from_slice(now);
            (data, offset) = (later, offset + count as u64);
        }
        Ok(())
    }
}

/// Neither shows what the file holds.
impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Disk").finish_non_exhaustive()
    }
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View").finish_non_exhaustive()
    }
}

/// A disk that fails on demand.
#[cfg(test)]
pub(super) mod faults {
    use std::cell::Cell;
    use std::io;

    thread_local! {
        /// Changes of a file by this thread until one fails; none: none does.
        static UNTIL: Cell<Option<u32>> = const { Cell::new(None) };
    }

    /// What a change of a file meets. From the fault on nothing can be written until it is taken away.
    pub(in crate::store) fn strike() -> io::Result<()> {
        match UNTIL.get() {
            None => Ok(()),
            Some(0) => Err(io::ErrorKind::StorageFull.into()),
            Some(more) => {
                UNTIL.set(Some(more - 1));
                Ok(())
            }
        }
    }

    /// Lets the change of a file after so many more fail, and all after it; none: lets all succeed.
    pub(in crate::store) fn fail_after(changes: Option<u32>) {
        UNTIL.set(changes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The view answers as the file would if it were written, and the file stays as it is.
        #[test]
        fn a_view_reads_what_it_was_given(
            before in prop::collection::vec(any::<u8>(), 0..20_000),
            writes in prop::collection::vec((0..30_000_u64, prop::collection::vec(any::<u8>(), 0..9_000)), 0..8),
        ) {
            let directory = tempfile::tempdir().expect("a directory");
            let (kept, written) = (directory.path().join("kept"), directory.path().join("written"));
            std::fs::write(&kept, &before).expect("a file");
            std::fs::write(&written, &before).expect("a file");
            let (view, disk) = (View::open(&kept).expect("a view"), Disk::open(&written).expect("a file"));
            for (offset, data) in &writes {
                view.write(*offset, data).expect("a write");
                // As a file has it, a write of nothing does not make it longer.
                if data.is_empty() {
                    view.set_len(disk.len().expect("a length")).expect("a length");
                }
                disk.write(*offset, data).expect("a write");
            }
            prop_assert_eq!(view.len().expect("a length"), disk.len().expect("a length"));
            let mut seen = vec![0; disk.len().expect("a length") as usize];
            view.read(0, &mut seen).expect("a read");
            prop_assert_eq!(seen, std::fs::read(&written).expect("the file"));
            prop_assert_eq!(std::fs::read(&kept).expect("the file"), before);
            prop_assert!(view.read(disk.len().expect("a length"), &mut [0]).is_err());
        }
    }
}
