//! Starting from what is on disk: the columns' file and what was written after it, or else every record.

use std::sync::atomic::Ordering;

use rayon::ThreadPool;
use rayon::prelude::*;

use super::Shared;
use crate::corpus::{ColumnsFile, CorpusWriter, Encoded, InvalidColumns};
use crate::exclusion::Exclusions;
use crate::record::{Record, Reference};
use crate::store::{self, Store, StoreError};

/// Records read at a time.
const BATCH: usize = 4_096;

/// The columns of everything in the store, and the number of the last write.
pub(super) fn corpus(
    store: &Store,
    exclusions: &Exclusions,
    pool: &ThreadPool,
) -> Result<(CorpusWriter, u64), StoreError> {
    match saved(store, pool)? {
        Some(Ok((mut corpus, sequence))) => match catch_up(store, exclusions, &mut corpus, sequence)? {
            Some(sequence) => Ok((corpus, sequence)),
            None => {
                // Or a later start, once as much is written again, would take them for those of these records.
                let file = store.columns_file();
                if let Err(error) = std::fs::remove_file(&file) {
                    tracing::warn!(file = %file.display(), %error, "the columns' file is of other records and stays");
                }
                from_records(store, exclusions, pool)
            }
        },
        Some(Err(error)) => {
            let file = store.columns_file();
            tracing::warn!(file = %file.display(), %error, "the columns' file is not used; it is made again from the records");
            from_records(store, exclusions, pool)
        }
        None => from_records(store, exclusions, pool),
    }
}

/// Writes the columns' file, and forgets the changes that every derived file and the log of events have. A failure costs only time.
pub(super) fn save_columns(shared: &Shared) {
    let snapshot = shared.snapshot.load_full();
    let save = || -> Result<(), String> {
        let pieces = ColumnsFile::encode(&snapshot).map_err(|error| error.to_string())?;
        shared.store.write_columns(&pieces).map_err(|error| error.to_string())?;
        let followed = match &shared.events {
            Some((log, _)) => log.followed(),
            None if shared.store.has_events() => return Ok(()),
            None => u64::MAX,
        };
        let everywhere = snapshot.sequence().min(shared.indexed.load(Ordering::Relaxed)).min(followed);
        shared.store.forget_changes(everywhere).map_err(|error| error.to_string())
    };
    if let Err(error) = save() {
        tracing::warn!(error, "the columns' file was not written; a restart takes longer");
    }
}

type Decoded = Result<(CorpusWriter, u64), InvalidColumns>;

fn saved(store: &Store, pool: &ThreadPool) -> Result<Option<Decoded>, StoreError> {
    Ok(store.read_columns()?.map(|bytes| pool.install(|| ColumnsFile::decode(&bytes))))
}

/// Applies what was written after a write, and says which was the last. None: it is not known any more what that was.
pub(super) fn catch_up(
    store: &Store,
    exclusions: &Exclusions,
    corpus: &mut CorpusWriter,
    mut sequence: u64,
) -> Result<Option<u64>, StoreError> {
    loop {
        let Some(changes) = store.changes_since(sequence, BATCH)? else { return Ok(None) };
        let Some((last, _)) = changes.last() else { return Ok(Some(sequence)) };
        sequence = *last;
        for (_, reference) in changes {
            show(store, exclusions, corpus, reference)?;
        }
    }
}

/// Makes the columns show a record as it is stored; one whose person is known is not in them.
pub(super) fn show(
    store: &Store,
    exclusions: &Exclusions,
    corpus: &mut CorpusWriter,
    reference: Reference,
) -> Result<(), StoreError> {
    let is_resolved = exclusions.resolved_with(&reference).is_some();
    let stored = if is_resolved { None } else { store.get(&reference)? };
    match stored.and_then(|stored| read(&reference, &stored.json)) {
        Some(record) => corpus.put(reference, &record),
        None => corpus.remove(&reference),
    }
    Ok(())
}

fn from_records(store: &Store, exclusions: &Exclusions, pool: &ThreadPool) -> Result<(CorpusWriter, u64), StoreError> {
    let mut corpus = CorpusWriter::default();
    let sequence = store.each(BATCH, |batch| {
        let parse = |(reference, json): (Reference, String)| {
            let is_resolved = exclusions.resolved_with(&reference).is_some();
            let record = if is_resolved { None } else { read(&reference, &json) };
            record.map(|record| (reference, Encoded::of(&record)))
        };
        let records: Vec<Option<(Reference, Encoded)>> = pool.install(|| batch.into_par_iter().map(parse).collect());
        records.into_iter().flatten().for_each(|(reference, record)| corpus.put_encoded(reference, record));
    })?;
    Ok((corpus, sequence))
}

fn read(reference: &Reference, json: &str) -> Option<Record> {
    let record = store::read_json(json);
    if record.is_none() {
        tracing::warn!(%reference, "the stored record does not follow this version's rules; it is kept, and not matched");
    }
    record
}
