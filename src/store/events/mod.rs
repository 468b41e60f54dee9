//! `events.redb`: the log of events, up to which write it goes, the pairs that it is made from, and who is told.
//!
//! A file of its own, so that no commit of it stands in the way of a commit of records. Events, the pairs they come
//! from and the number of the last write that was weighed change in one transaction: a write is followed once, whenever
//! the power is cut. Only the last events are kept; [`Page::lost`] says to whoever comes too late that some are gone.
//!
//! Nothing of it is made again: a new file begins at the last write, under a new name of its log, and without webhooks.

mod pairs;
mod webhooks;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use redb::{ReadTransaction, ReadableTable, Table, TableDefinition, WriteTransaction};
use tokio::sync::watch;
use uuid::Uuid;

use super::database::Database;
use super::tables::number;
use super::{EVENTS_FILE, StoreError};
use crate::event::{Event, Told};

use pairs::Pairs;

pub use pairs::Weighed;
pub use webhooks::Registered;

/// Number of an event to the [`Event`] in JSON.
const EVENTS: TableDefinition<'_, u64, &str> = TableDefinition::new("events");
/// Numbers by name: `format`, `log` (its random name), `followed` (the last write weighed), `last` (event), `forgotten`
/// (the last event that was dropped), `ended` (up to when the ends of exclusions were looked at, in microseconds).
const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
const FORMAT: u64 = 1;

/// The log of events of one directory.
pub struct EventLog {
    database: Database,
    file: PathBuf,
    name: u32,
    followed: AtomicU64,
    /// Goes up with every change of the log and of the webhooks.
    changes: watch::Sender<u64>,
}

/// Some events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Oldest first.
    pub events: Vec<Event>,
    /// Events after the one asked for were dropped: this is the last of them.
    pub lost: Option<u64>,
}

impl EventLog {
    /// Opens the log of a directory. A new one begins behind the write `sequence`.
    pub(super) fn open(directory: &Path, sequence: u64) -> Result<Self, StoreError> {
        let file = directory.join(EVENTS_FILE);
        let database =
            Database::open(file.clone()).map_err(|error| unusable(&file, "open the events", &error.into()))?;
        let log = Self { database, file, name: 0, followed: AtomicU64::new(0), changes: watch::Sender::new(0) };
        let now = Timestamp::now();
        let (name, followed) = log.transact("prepare the events", |transaction| {
            let mut meta = transaction.open_table(META)?;
            let found = meta.get("format")?.map(|format| format.value());
            match found {
                Some(FORMAT) => {}
                Some(found) => return Err(redb::Error::Corrupted(format!("its format is {found}, not {FORMAT}"))),
                None => {
                    meta.insert("format", FORMAT)?;
                    meta.insert("log", u64::from(Uuid::new_v4().as_fields().0))?;
                    meta.insert("followed", sequence)?;
                }
            }
            if meta.get("ended")?.is_none() {
                meta.insert("ended", micros(now))?;
            }
            transaction.open_table(EVENTS)?;
            Pairs::open(transaction)?;
            webhooks::prepare(transaction)?;
            Ok((number(&meta, "log")? as u32, number(&meta, "followed")?))
        })?;
        log.followed.store(followed, Ordering::Relaxed);
        Ok(Self { name, ..log })
    }

    /// Names this log: the same numbers of another log are other events.
    pub const fn name(&self) -> u32 {
        self.name
    }

    /// The last write that was weighed.
    pub fn followed(&self) -> u64 {
        self.followed.load(Ordering::Relaxed)
    }

    /// Up to when the ends of exclusions were looked at.
    pub fn ended(&self) -> Result<Timestamp, StoreError> {
        let ended = self.read("read the events", |transaction| number(&transaction.open_table(META)?, "ended"))?;
        Ok(i64::try_from(ended).ok().and_then(|ended| Timestamp::from_microsecond(ended).ok()).unwrap_or_default())
    }

    /// Notes that every exclusion that ended up to a moment, of whole microseconds, was looked at.
    pub fn note_ended(&self, upto: Timestamp) -> Result<(), StoreError> {
        self.transact("write events", |transaction| {
            transaction.open_table(META)?.insert("ended", micros(upto))?;
            Ok(())
        })
    }

    /// Rings at every change of the log and of the webhooks.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Takes over what was weighed of the writes up to `followed`, and keeps the last `kept` events.
    pub fn follow(&self, weighed: &[Weighed], followed: u64, kept: u64, at: Timestamp) -> Result<(), StoreError> {
        self.append(followed, kept, at, |transaction| {
            let mut pairs = Pairs::open(transaction)?;
            let mut told = Vec::new();
            for weighed in weighed {
                told.extend(pairs.settle(weighed)?);
            }
            Ok(told)
        })
    }

    /// Goes on behind a write without knowing what was written before it, and says so to everybody.
    pub fn lose_the_thread(&self, followed: u64, at: Timestamp) -> Result<(), StoreError> {
        self.append(followed, u64::MAX, at, |_| Ok(vec![Told::Gap]))
    }

    /// The events after one, at most `most`.
    pub fn page(&self, after: u64, most: usize) -> Result<Page, StoreError> {
        self.read("read the events", |transaction| {
            let forgotten = number(&transaction.open_table(META)?, "forgotten")?;
            let events = transaction.open_table(EVENTS)?;
            let mut page = Page { events: Vec::new(), lost: (after < forgotten).then_some(forgotten) };
            for item in events.range(after.saturating_add(1)..)?.take(most) {
                page.events.push(read_json(item?.1.value())?);
            }
            Ok(page)
        })
    }

    /// The number of the last event; 0: there was none yet.
    pub fn last(&self) -> Result<u64, StoreError> {
        self.read("read the events", |transaction| number(&transaction.open_table(META)?, "last"))
    }

    fn append(
        &self,
        followed: u64,
        kept: u64,
        at: Timestamp,
        tell: impl FnOnce(&WriteTransaction) -> Result<Vec<Told>, redb::Error>,
    ) -> Result<(), StoreError> {
        let is_told = self.transact("write events", |transaction| {
            let told = tell(transaction)?;
            let mut meta = transaction.open_table(META)?;
            let mut events = transaction.open_table(EVENTS)?;
            let mut last = number(&meta, "last")?;
            let is_told = !told.is_empty();
            for told in told {
                last += 1;
                events.insert(last, write_json(&Event { sequence: last, at, told })?.as_str())?;
            }
            forget(&mut events, &mut meta, last.saturating_sub(kept))?;
            meta.insert("last", last)?;
            meta.insert("followed", followed)?;
            Ok(is_told)
        })?;
        self.followed.store(followed, Ordering::Relaxed);
        if is_told {
            self.ring();
        }
        Ok(())
    }

    fn ring(&self) {
        self.changes.send_modify(|changes| *changes += 1);
    }

    fn transact<T>(
        &self,
        doing: &'static str,
        change: impl FnOnce(&WriteTransaction) -> Result<T, redb::Error>,
    ) -> Result<T, StoreError> {
        self.database.transact(change).map_err(|error| unusable(&self.file, doing, &error))
    }

    fn read<T>(
        &self,
        doing: &'static str,
        look: impl FnOnce(&ReadTransaction) -> Result<T, redb::Error>,
    ) -> Result<T, StoreError> {
        self.database.read(look).map_err(|error| unusable(&self.file, doing, &error))
    }
}

/// Drops the events up to one.
fn forget(events: &mut Table<'_, u64, &str>, meta: &mut Table<'_, &str, u64>, upto: u64) -> Result<(), redb::Error> {
    let forgotten = number(meta, "forgotten")?;
    if upto > forgotten {
        events.retain_in(..=upto, |_, _| false)?;
        meta.insert("forgotten", upto)?;
    }
    Ok(())
}

fn micros(at: Timestamp) -> u64 {
    u64::try_from(at.as_microsecond()).unwrap_or(0)
}

fn read_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, redb::Error> {
    serde_json::from_str(text).map_err(|error| redb::Error::Corrupted(format!("an event: {error}")))
}

fn write_json(value: &impl serde::Serialize) -> Result<String, redb::Error> {
    serde_json::to_string(value).map_err(|error| redb::Error::Corrupted(error.to_string()))
}

/// What the disk or the file refused.
fn unusable(file: &Path, doing: &'static str, error: &redb::Error) -> StoreError {
    match StoreError::of(file, doing, error) {
        StoreError::Unusable { file, reason } => StoreError::Events { file, reason },
        StoreError::Disk { .. }
            if !matches!(error, redb::Error::Io(_) | redb::Error::Backend(_) | redb::Error::PreviousIo) =>
        {
            StoreError::Events { file: file.to_owned(), reason: error.to_string() }
        }
        other => other,
    }
}
