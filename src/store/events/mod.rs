//! `events.redb`: the log of events, up to which write it goes, the pairs that it is made from, and who is told.
//!
//! A file of its own, so that no commit of it stands in the way of a commit of records. Events, the pairs they come
//! from and the number of the last write that was weighed change in one transaction: a write is followed once, whenever
//! the power is cut. Only the last events are kept; [`Page::lost`] says to whoever comes too late that some are gone.
//!
//! Nothing of what was told is made again: a new file begins at the last write, under a new name of its log, and without
//! webhooks. The pairs are: where they are not known, or not by the same rules, stock is taken of all ([`Stock`]), record by
//! record and without telling anything, from where it was left.

mod pairs;
mod webhooks;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use jiff::Timestamp;
use redb::{ReadTransaction, ReadableTable, Table, TableDefinition, WriteTransaction};
use tokio::sync::watch;
use uuid::Uuid;

use super::database::Database;
use super::tables::number;
use super::{EVENTS_FILE, StoreError};
use crate::event::{Event, Told};
use crate::record::Reference;

use pairs::Pairs;

pub use pairs::Weighed;
pub use webhooks::Registered;

/// Number of an event to the [`Event`] in JSON.
const EVENTS: TableDefinition<'_, u64, &str> = TableDefinition::new("events");
/// Numbers by name: `format`, `log` (its random name), `followed` (the last write weighed), `last` (event), `forgotten`
/// (the last event that was dropped), `ended` (up to when the ends of exclusions were looked at, in microseconds).
const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
const FORMAT: u64 = 1;
/// `rules`: by which the pairs were weighed; `after`: the last record that stock was taken of, until it is of all.
const STOCK: TableDefinition<'_, &str, &str> = TableDefinition::new("stock");

/// How far stock was taken of the pairs of all records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stock {
    /// Every pair is known.
    Taken,
    /// Those of records behind this one, in order, may not be known; none: of any record.
    After(Option<Reference>),
}

/// The log of events of one directory.
pub struct EventLog {
    database: Database,
    file: PathBuf,
    name: u32,
    /// What pairs are weighed by, and from how many bits on they are followed.
    rules: String,
    followed: AtomicU64,
    is_stock_taken: AtomicBool,
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
    /// Opens the log of a directory. A new one begins behind the write `sequence`. `rules`: what pairs are weighed by, and
    /// from how many bits on they are followed; where the pairs were weighed by others, that is told and stock taken anew.
    pub(super) fn open(directory: &Path, sequence: u64, rules: &str) -> Result<Self, StoreError> {
        let file = directory.join(EVENTS_FILE);
        let database = Database::open(file.clone()).map_err(|error| unusable(&file, "open the events", &error))?;
        let (followed, is_stock_taken) = (AtomicU64::new(0), AtomicBool::new(false));
        let (rules, changes) = (rules.to_owned(), watch::Sender::new(0));
        let log = Self { database, file, name: 0, rules, followed, is_stock_taken, changes };
        let now = Timestamp::now();
        let (name, followed, is_by_others) = log.transact("prepare the events", |transaction| {
            let mut meta = transaction.open_table(META)?;
            let found = meta.get("format")?.map(|format| format.value());
            match found {
                Some(FORMAT) => {}
                Some(found) => return Err(redb::Error::Corrupted(format!("its format is {found}, not {FORMAT}"))),
                None => {
                    meta.insert("format", FORMAT)?;
                    meta.insert("log", u64::from(Uuid::new_v4().as_fields().0))?;
                    meta.insert("followed", sequence)?;
                    begin_stock(transaction, &log.rules)?;
                }
            }
            if meta.get("ended")?.is_none() {
                meta.insert("ended", micros(now))?;
            }
            transaction.open_table(EVENTS)?;
            Pairs::open(transaction)?;
            let stock = transaction.open_table(STOCK)?;
            let is_by_others = stock.get("rules")?.is_none_or(|known| known.value() != log.rules);
            webhooks::prepare(transaction)?;
            Ok((number(&meta, "log")? as u32, number(&meta, "followed")?, is_by_others))
        })?;
        if is_by_others {
            // Pairs and first candidates that were told may be others now.
            log.lose_the_thread(followed, now)?;
        }
        log.followed.store(followed, Ordering::Relaxed);
        log.is_stock_taken.store(log.stock()? == Stock::Taken, Ordering::Relaxed);
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

    /// Goes on behind a write without knowing what became of the pairs up to it, and says so to everybody.
    pub fn lose_the_thread(&self, followed: u64, at: Timestamp) -> Result<(), StoreError> {
        self.is_stock_taken.store(false, Ordering::Relaxed);
        self.append(followed, u64::MAX, at, |transaction| {
            begin_stock(transaction, &self.rules)?;
            Ok(vec![Told::Gap])
        })
    }

    /// Whether the pairs of all records are known.
    pub fn is_stock_taken(&self) -> bool {
        self.is_stock_taken.load(Ordering::Relaxed)
    }

    /// How far stock was taken.
    pub fn stock(&self) -> Result<Stock, StoreError> {
        self.read("read the events", |transaction| {
            let stock = transaction.open_table(STOCK)?;
            let after = stock.get("after")?.map(|after| Reference::parse(after.value()).ok());
            Ok(after.map_or(Stock::Taken, Stock::After))
        })
    }

    /// Takes stock of some records. `upto`: the last record looked at; none: there are no more.
    pub fn take_stock(&self, weighed: &[Weighed], upto: Option<&Reference>) -> Result<(), StoreError> {
        self.transact("write events", |transaction| {
            let mut pairs = Pairs::open(transaction)?;
            for weighed in weighed {
                pairs.take_stock(weighed)?;
            }
            let mut stock = transaction.open_table(STOCK)?;
            match upto {
                Some(upto) => stock.insert("after", upto.as_str())?,
                None => stock.remove("after")?,
            };
            Ok(())
        })?;
        self.is_stock_taken.store(upto.is_none(), Ordering::Relaxed);
        Ok(())
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

/// Forgets the pairs, so that stock is taken of all.
fn begin_stock(transaction: &WriteTransaction, rules: &str) -> Result<(), redb::Error> {
    let mut stock = transaction.open_table(STOCK)?;
    stock.insert("rules", rules)?;
    stock.insert("after", "")?;
    Pairs::forget(transaction)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Bits;
    use crate::store::Refusal;
    use crate::store::disk::faults::fail_after;

    fn reference(name: &str) -> Reference {
        Reference::new("x", name).expect("a reference")
    }

    /// Every change of the file fails once, what was taken over stays so, what was not
    /// can be as soon as the disk has room, and the log is read all the while.
    #[test]
    fn every_change_of_the_file_may_fail_once() {
        let weighed = |turn: u64| Weighed {
            record: reference("M"),
            is_missing: true,
            pairs: (0..40).map(|id| (reference(&format!("B{id}")), Bits((id + turn) as i32))).collect(),
        };
        type Step<'s> = &'s dyn Fn(&EventLog) -> Result<(), StoreError>;
        let steps: [Step<'_>; 5] = [
            &|log| log.follow(&[weighed(1)], 8, 100, Timestamp::UNIX_EPOCH),
            &|log| log.take_stock(&[weighed(1)], Some(&reference("M"))),
            &|log| log.follow(&[weighed(2)], 9, 30, Timestamp::UNIX_EPOCH),
            &|log| log.take_stock(&[], None),
            &|log| log.lose_the_thread(10, Timestamp::UNIX_EPOCH),
        ];
        let state = |log: &EventLog| {
            let page = log.page(0, usize::MAX).expect("a page");
            (page, log.last().expect("the last"), log.stock().expect("stock"))
        };
        let in_order = {
            let directory = tempfile::tempdir().expect("a directory");
            let log = EventLog::open(directory.path(), 7, "a").expect("a log");
            let after = |step: &Step<'_>| {
                step(&log).expect("a step");
                state(&log)
            };
            std::iter::once(state(&log)).chain(steps.iter().map(after)).collect::<Vec<_>>()
        };
        let fails_once_at = |change: u32| {
            let directory = tempfile::tempdir().expect("a directory");
            let log = EventLog::open(directory.path(), 7, "a").expect("a log");
            let mut failed = false;
            fail_after(Some(change));
            for (at, step) in steps.iter().enumerate() {
                if let Err(error) = step(&log) {
                    assert!(matches!(error, StoreError::Disk { refusal: Refusal::Full, .. }) && !failed, "{error}");
                    failed = true;
                    assert!(
                        in_order[at..=at + 1].contains(&state(&log)),
                        "all of the commit is there or nothing of it"
                    );
                    assert!(step(&log).is_err(), "a full disk takes nothing");
                    fail_after(None);
                    step(&log).expect("a disk with room");
                }
                let (page, ..) = state(&log);
                assert!(page.events.windows(2).all(|two| two[0].sequence + 1 == two[1].sequence), "{page:?}");
            }
            fail_after(None);
            let before = state(&log);
            drop(log);
            let log = EventLog::open(directory.path(), 7, "a").expect("the log again");
            assert_eq!((state(&log), log.followed()), (before, 10));
            failed
        };
        let failures = (0..).take_while(|change| fails_once_at(*change)).count();
        assert!(failures > 20, "{failures}");
    }

    #[test]
    fn stock_goes_on_where_it_was_left_tells_nothing_and_begins_anew_by_other_rules() {
        let directory = tempfile::tempdir().expect("a directory");
        let open = |rules: &str| EventLog::open(directory.path(), 7, rules).expect("a log");
        let weighed = |score| Weighed {
            record: reference("M"),
            is_missing: true,
            pairs: vec![(reference("B"), Bits(score)), (reference("C"), Bits(9))],
        };
        let log = open("a");
        assert_eq!((log.stock().expect("stock"), log.is_stock_taken()), (Stock::After(None), false));
        log.follow(&[weighed(5)], 8, 100, Timestamp::UNIX_EPOCH).expect("followed");
        let told = log.last().expect("the last");
        // What is known stays: it is as of the last write.
        log.take_stock(&[weighed(6)], Some(&reference("M"))).expect("taken");
        drop(log);
        let log = open("a");
        assert_eq!(log.stock().expect("stock"), Stock::After(Some(reference("M"))));
        log.take_stock(&[], None).expect("taken");
        assert!(log.is_stock_taken() && log.last().expect("the last") == told);
        drop(log);
        let log = open("a");
        assert!(log.is_stock_taken());
        log.follow(&[weighed(6)], 9, 100, Timestamp::UNIX_EPOCH).expect("followed");
        let page = log.page(told, 10).expect("a page");
        assert!(matches!(page.events[0].told, Told::Pair { before: Some(Bits(5)), .. }), "{page:?}");
        let last = log.last().expect("the last");
        drop(log);
        let log = open("b");
        assert_eq!((log.stock().expect("stock"), log.is_stock_taken()), (Stock::After(None), false));
        let page = log.page(last, 10).expect("a page");
        assert!(matches!(&page.events[..], [Event { told: Told::Gap, .. }]), "other rules are a gap: {page:?}");
        log.take_stock(&[weighed(6)], None).expect("taken");
        let last = log.last().expect("the last");
        log.follow(&[weighed(6)], 10, 100, Timestamp::UNIX_EPOCH).expect("followed");
        assert_eq!(log.last().expect("the last"), last, "nothing rose");
        log.lose_the_thread(11, Timestamp::UNIX_EPOCH).expect("a gap");
        assert_eq!((log.stock().expect("stock"), log.is_stock_taken()), (Stock::After(None), false));
    }
}
