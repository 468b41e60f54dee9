//! Durable records: the only room that touches `index/`.
//!
//! `records.redb` holds every record in JSON with its version, what people decided on pairs, and the order of the
//! writes. One transaction commits a batch of writes; when [`Store::apply`] returns they survive a loss of power. `columns.bin` and `text/` are derived
//! from it: each says up to which write it goes, and what came after is found in the table of changes. `events.redb`
//! ([`EventLog`]) follows it in the same way, at its own pace.
//!
//! redb was taken for its single file, its readers that wait for no writer, no threads of its own, and a file that can
//! be replaced by one that fails, for tests. fjall, its peer, commits faster and reads more slowly (the README has both).

mod backup;
mod database;
mod disk;
mod events;
mod exclusions;
mod lock;
mod tables;
#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::ops::Bound;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use redb::{ReadableTable, TableDefinition};
use thiserror::Error;
use uuid::Uuid;

use crate::exclusion::Exclusion;
use crate::record::{Record, Reference, json};

use database::Database;
use lock::DirectoryLock;
use tables::{Tables, number, unpack};

pub use backup::Contents;
pub use events::{EventLog, Page as EventsPage, Registered, Stock, Weighed};
pub use exclusions::ExclusionsRequest;

/// Reference to version (8 bytes, little-endian) and JSON.
const RECORDS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("records");
/// Reference of a deleted record to its last version: versions count on over a delete.
const DELETED: TableDefinition<'_, &str, u64> = TableDefinition::new("deleted");
/// Number of a write to the reference it wrote, and behind tabs its call ([`Origin`]), as far back as a derived file needs it.
const CHANGES: TableDefinition<'_, u64, &str> = TableDefinition::new("changes");
/// Numbers by name: `format`, `sequence` (the last write), `forgotten` (the last change that was dropped).
const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
/// 1 had no exclusions; its files are taken over as they are.
const FORMAT: u64 = 2;
const FORMATS: std::ops::RangeInclusive<u64> = 1..=FORMAT;

const RECORDS_FILE: &str = "records.redb";
const EVENTS_FILE: &str = "events.redb";
const COLUMNS_FILE: &str = "columns.bin";
const TEXT_DIRECTORY: &str = "text";

/// The durable records of one directory.
pub struct Store {
    database: Database,
    directory: PathBuf,
    _lock: DirectoryLock,
}

/// One write to be made durable.
#[derive(Clone, Debug)]
pub enum Write {
    /// Insert or replace.
    Put {
        /// Which record.
        reference: Reference,
        /// The record in JSON.
        json: String,
        /// Only if the stored version is this one; 0: only if there is none.
        if_version: Option<u64>,
    },
    /// Remove.
    Delete {
        /// Which record.
        reference: Reference,
        /// Only if the stored version is this one.
        if_version: Option<u64>,
    },
    /// Decide on a pair.
    Exclude {
        /// What was decided.
        exclusion: Box<Exclusion>,
        /// Of the call: the same key again makes nothing new.
        key: Option<String>,
    },
    /// Take a decision back.
    Withdraw {
        /// Which exclusion.
        id: Uuid,
    },
}

/// The call that a write is of, as the trail knows it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    /// The call's id.
    pub request_id: String,
    /// The caller's id.
    pub caller: String,
}

/// A write, and the call that it is of; none: nobody called.
#[derive(Clone, Debug)]
pub struct Asked {
    /// What is to be done.
    pub write: Write,
    /// For whom.
    pub by: Option<Origin>,
}

impl From<Write> for Asked {
    fn from(write: Write) -> Self {
        Self { write, by: None }
    }
}

/// What became of one write of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    /// There was none; the version is now this.
    Inserted(u64),
    /// There was another; the version is now this.
    Replaced(u64),
    /// There was the same, with this version. Nothing was written.
    Unchanged(u64),
    /// Removed.
    Deleted,
    /// There was none to remove.
    Absent,
    /// The stored version (0: none) is not the one expected. Nothing was written.
    Conflict(u64),
    /// A decision was made, under this number.
    Excluded(Uuid),
    /// The same call has made this decision already. Nothing was written.
    Repeated(Box<Exclusion>),
    /// The call's key belongs to another decision. Nothing was written.
    KeyTaken,
    /// The same call made a decision that was taken back. Nothing was written.
    TakenBack,
    /// The decision of this number says the contrary of the pair. Nothing was written.
    Contradicts(Uuid),
    /// The first (0) or second (1) record of the pair is not stored. Nothing was written.
    NoRecord(usize),
}

/// A stored record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// From 1, counted for each record, also over a delete.
    pub version: u64,
    /// The record in JSON, without its reference.
    pub json: String,
}

/// Why the store did not do what it was asked. Names the file.
#[derive(Debug, Error)]
pub enum StoreError {
    /// Another process has the directory.
    #[error("{0}: another crossmatch is using this directory; stop it or choose another --index-dir")]
    Locked(PathBuf),
    /// There are records already.
    #[error("{0}: there are records already; move them away, or restore into another directory")]
    Occupied(PathBuf),
    /// The records' file is not ours, or is damaged.
    #[error("{file}: {reason}; move the directory away and import the records again, or restore a backup")]
    Unusable {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// What is to be restored is no backup.
    #[error("{file}: {reason}: it is no backup of this program, or is damaged; take another copy")]
    NoBackup {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The log of events is not ours, or is damaged.
    #[error("{file}: {reason}; move it away to begin a new log: webhooks must be registered again")]
    Events {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A newer or older format.
    #[error("{file}: its format is {found}, this version reads 1 to {FORMAT}")]
    Format {
        /// The file.
        file: PathBuf,
        /// The format found.
        found: u64,
    },
    /// The disk refused.
    #[error("{file}: cannot {doing}: {reason}")]
    Disk {
        /// The file.
        file: PathBuf,
        /// What was under way.
        doing: &'static str,
        /// What sort of refusal.
        refusal: Refusal,
        /// What the system said.
        reason: String,
    },
}

/// Why a disk refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no room.
    Full,
    /// It may not be written.
    ReadOnly,
    /// Anything else.
    Failed,
}

impl From<&io::Error> for Refusal {
    fn from(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => Self::Full,
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => Self::ReadOnly,
            _ => Self::Failed,
        }
    }
}

impl StoreError {
    fn disk(file: PathBuf, doing: &'static str, error: &io::Error) -> Self {
        Self::Disk { file, doing, refusal: error.into(), reason: error.to_string() }
    }

    fn of(file: &Path, doing: &'static str, error: &redb::Error) -> Self {
        let file = file.to_owned();
        match error {
            redb::Error::Corrupted(reason) => Self::Unusable { file, reason: reason.clone() },
            redb::Error::Io(error) => Self::disk(file, doing, error),
            other => Self::Disk { file, doing, refusal: Refusal::Failed, reason: other.to_string() },
        }
    }
}

impl Store {
    /// Opens the directory, or makes a new one.
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        private_directory(directory)
            .map_err(|error| StoreError::disk(directory.to_owned(), "make the directory", &error))?;
        let lock = DirectoryLock::take(directory)?;
        let file = directory.join(RECORDS_FILE);
        if fs::metadata(&file).map_or(0, |data| data.len()) == 0
            && [COLUMNS_FILE, EVENTS_FILE].iter().any(|made| directory.join(made).exists())
        {
            let reason = "it is empty or gone, beside files that were made from it".to_owned();
            return Err(StoreError::Unusable { file, reason });
        }
        let database = Database::open(file.clone()).map_err(|error| match error {
            redb::Error::Io(error) => StoreError::disk(file, "open the records", &error),
            other => StoreError::Unusable { file, reason: other.to_string() },
        })?;
        let store = Self { database, directory: directory.to_owned(), _lock: lock };
        store.check_format()?;
        Ok(store)
    }

    /// Makes a batch of writes durable, in order, all or none. Returns what became of each and the last write's number.
    pub fn apply(&self, writes: &[Asked]) -> Result<(Vec<Applied>, u64), StoreError> {
        self.transact("write records", |transaction| {
            let mut tables = Tables::open(transaction)?;
            let mut changes = transaction.open_table(CHANGES)?;
            let mut meta = transaction.open_table(META)?;
            let mut sequence = number(&meta, "sequence")?;
            let mut outcomes = Vec::with_capacity(writes.len());
            for Asked { write, by } in writes {
                let (outcome, changed) = tables.apply(write)?;
                let call = by.as_ref().map(|by| format!("\t{}\t{}", by.request_id, by.caller)).unwrap_or_default();
                for reference in changed {
                    sequence += 1;
                    changes.insert(sequence, format!("{reference}{call}").as_str())?;
                }
                outcomes.push(outcome);
            }
            meta.insert("sequence", sequence)?;
            Ok((outcomes, sequence))
        })
    }

    /// A stored record.
    pub fn get(&self, reference: &Reference) -> Result<Option<Stored>, StoreError> {
        self.read("read a record", |transaction| {
            let records = transaction.open_table(RECORDS)?;
            Ok(records.get(reference.as_str())?.and_then(|value| unpack(value.value())))
        })
    }

    /// One exclusion.
    pub fn exclusion(&self, id: Uuid) -> Result<Option<Exclusion>, StoreError> {
        self.read("read an exclusion", |transaction| exclusions::one(transaction, id))
    }

    /// Some exclusions, in the order in which they were made.
    pub fn exclusions(&self, request: &ExclusionsRequest) -> Result<Vec<Exclusion>, StoreError> {
        self.read("read the exclusions", |transaction| exclusions::page(transaction, request))
    }

    /// The number of the last write.
    pub fn sequence(&self) -> Result<u64, StoreError> {
        self.read("read the sequence", |transaction| number(&transaction.open_table(META)?, "sequence"))
    }

    /// The references written after a write, oldest first, at most `most`, each with its write's number; none: so
    /// far back the changes are forgotten, or there was no such write, since another file took this one's place: whoever
    /// asks must begin anew from [`Store::each`].
    pub fn changes_since(&self, sequence: u64, most: usize) -> Result<Option<Vec<(u64, Reference)>>, StoreError> {
        self.read("read the changes", |transaction| {
            let meta = transaction.open_table(META)?;
            if !(number(&meta, "forgotten")?..=number(&meta, "sequence")?).contains(&sequence) {
                return Ok(None);
            }
            let changes = transaction.open_table(CHANGES)?;
            let mut found = Vec::new();
            for item in changes.range(sequence + 1..)?.take(most) {
                let (number, reference) = item?;
                found.extend(change(reference.value()).map(|(reference, _)| (number.value(), reference)));
            }
            Ok(Some(found))
        })
    }

    /// The writes that are not forgotten yet and were of a call, oldest first.
    pub fn called(&self) -> Result<Vec<(Reference, Origin)>, StoreError> {
        self.read("read the changes", |transaction| {
            let changes = transaction.open_table(CHANGES)?;
            let mut found = Vec::new();
            for item in changes.iter()? {
                found.extend(change(item?.1.value()).and_then(|(reference, by)| Some((reference, by?))));
            }
            Ok(found)
        })
    }

    /// Forgets the changes up to a write: every derived file has them.
    pub fn forget_changes(&self, upto: u64) -> Result<(), StoreError> {
        self.transact("forget changes", |transaction| {
            let mut changes = transaction.open_table(CHANGES)?;
            let mut meta = transaction.open_table(META)?;
            changes.retain_in(..=upto, |_, _| false)?;
            let forgotten = number(&meta, "forgotten")?.max(upto);
            meta.insert("forgotten", forgotten)?;
            Ok(())
        })
    }

    /// Opens the log of events. A new one begins behind the last write.
    pub fn events(&self, rules: &str) -> Result<EventLog, StoreError> {
        EventLog::open(&self.directory, self.sequence()?, rules)
    }

    /// Whether there is a log of events, which needs the changes that it has not followed.
    pub fn has_events(&self) -> bool {
        self.directory.join(EVENTS_FILE).exists()
    }

    /// Hands every stored record to `take`, in batches, as of one moment; returns that moment's last write.
    pub fn each(&self, batch: usize, mut take: impl FnMut(Vec<(Reference, String)>)) -> Result<u64, StoreError> {
        self.read("read the records", |transaction| {
            let sequence = number(&transaction.open_table(META)?, "sequence")?;
            let mut found = Vec::with_capacity(batch);
            for record in transaction.open_table(RECORDS)?.iter()? {
                let (reference, value) = record?;
                found.extend(json_of(reference.value(), value.value()));
                if found.len() == batch {
                    take(std::mem::replace(&mut found, Vec::with_capacity(batch)));
                }
            }
            take(found);
            Ok(sequence)
        })
    }

    /// At most `most` records behind one in the order of references; none: from the first on.
    pub fn records_after(
        &self,
        after: Option<&Reference>,
        most: usize,
    ) -> Result<Vec<(Reference, String)>, StoreError> {
        self.read("read the records", |transaction| {
            let records = transaction.open_table(RECORDS)?;
            let from = after.map_or(Bound::Unbounded, |after| Bound::Excluded(after.as_str()));
            let mut found = Vec::with_capacity(most);
            for record in records.range::<&str>((from, Bound::Unbounded))? {
                if found.len() == most {
                    break;
                }
                let (reference, value) = record?;
                found.extend(json_of(reference.value(), value.value()));
            }
            Ok(found)
        })
    }

    /// How many records there are behind one in the order of references; none: in all.
    pub fn count_after(&self, after: Option<&Reference>) -> Result<usize, StoreError> {
        self.read("count the records", |transaction| {
            let from = after.map_or(Bound::Unbounded, |after| Bound::Excluded(after.as_str()));
            Ok(transaction.open_table(RECORDS)?.range::<&str>((from, Bound::Unbounded))?.count())
        })
    }

    /// The bytes of the columns' file, if there is one.
    pub fn read_columns(&self) -> Result<Option<Vec<u8>>, StoreError> {
        match fs::read(self.columns_file()) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.columns_error("read", &error)),
        }
    }

    /// Replaces the columns' file, which is given in pieces: the old one stays until the new one is whole and durable.
    pub fn write_columns(&self, pieces: &[Vec<u8>]) -> Result<(), StoreError> {
        let replace = || {
            let mut file = tempfile::NamedTempFile::new_in(&self.directory)?;
            pieces.iter().try_for_each(|piece| io::Write::write_all(&mut file, piece))?;
            file.as_file().sync_all()?;
            file.persist(self.columns_file()).map_err(|error| error.error)?;
            fs::File::open(&self.directory)?.sync_all()
        };
        replace().map_err(|error: io::Error| self.columns_error("write", &error))
    }

    /// Where the columns' file is.
    pub fn columns_file(&self) -> PathBuf {
        self.directory.join(COLUMNS_FILE)
    }

    /// Where the text index is.
    pub fn text_directory(&self) -> PathBuf {
        self.directory.join(TEXT_DIRECTORY)
    }

    /// Bytes of all files in the directory.
    pub fn bytes(&self) -> u64 {
        fn below(directory: &Path) -> u64 {
            let entries = fs::read_dir(directory).into_iter().flatten().flatten();
            let size = |entry: fs::DirEntry| match entry.metadata() {
                Ok(data) if data.is_dir() => below(&entry.path()),
                Ok(data) => data.len(),
                Err(_) => 0,
            };
            entries.map(size).sum()
        }
        below(&self.directory)
    }

    fn check_format(&self) -> Result<(), StoreError> {
        let found = self.transact("prepare the tables", |transaction| {
            let mut meta = transaction.open_table(META)?;
            let found = meta.get("format")?.map_or(FORMAT, |format| format.value());
            if FORMATS.contains(&found) {
                Tables::open(transaction)?;
                transaction.open_table(CHANGES)?;
                meta.insert("format", FORMAT)?;
            }
            Ok(found)
        })?;
        if FORMATS.contains(&found) { Ok(()) } else { Err(StoreError::Format { file: self.records_file(), found }) }
    }

    fn transact<T>(
        &self,
        doing: &'static str,
        change: impl FnOnce(&redb::WriteTransaction) -> Result<T, redb::Error>,
    ) -> Result<T, StoreError> {
        self.database.transact(change).map_err(|error| self.error(doing, &error))
    }

    fn read<T>(
        &self,
        doing: &'static str,
        look: impl FnOnce(&redb::ReadTransaction) -> Result<T, redb::Error>,
    ) -> Result<T, StoreError> {
        self.database.read(look).map_err(|error| self.error(doing, &error))
    }

    fn records_file(&self) -> PathBuf {
        self.directory.join(RECORDS_FILE)
    }

    fn error(&self, doing: &'static str, error: &redb::Error) -> StoreError {
        StoreError::of(&self.records_file(), doing, error)
    }

    fn columns_error(&self, doing: &'static str, error: &io::Error) -> StoreError {
        StoreError::disk(self.columns_file(), doing, error)
    }
}

impl Write {
    /// Bytes of the record.
    pub fn size(&self) -> usize {
        match self {
            Self::Put { json, .. } => json.len(),
            Self::Exclude { exclusion, .. } => exclusion.decision.reason.len(),
            Self::Delete { .. } | Self::Withdraw { .. } => 0,
        }
    }
}

/// Makes a directory, if it is not there, that only its owner may enter.
fn private_directory(directory: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

/// The reference and the call of a change.
fn change(text: &str) -> Option<(Reference, Option<Origin>)> {
    let mut parts = text.splitn(3, '\t');
    let reference = Reference::parse(parts.next()?).ok()?;
    let by = parts.next().zip(parts.next());
    let origin = |(request_id, caller): (&str, &str)| Origin { request_id: request_id.into(), caller: caller.into() };
    Some((reference, by.map(origin)))
}

/// A stored record's reference and JSON.
fn json_of(reference: &str, value: &[u8]) -> Option<(Reference, String)> {
    Some((Reference::parse(reference).ok()?, unpack(value)?.json))
}

/// Reads a stored record's JSON. None: it was written by a version with other rules.
pub fn read_json(text: &str) -> Option<Record> {
    let tree = json::parse(text.as_bytes()).ok()?;
    json::read(&tree).ok().map(|(_, record)| record)
}
