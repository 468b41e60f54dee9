//! A copy of everything that counts, made while writes go on, and put into a directory again.
//!
//! A backup is a records' file like any other, as of one moment: records, versions, decisions. What is derived is made
//! again from it.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use redb::{
    Database, Key, ReadTransaction, ReadableDatabase, ReadableTable, ReadableTableMetadata, TableDefinition, Value,
    WriteTransaction,
};

use super::database::on_disk;
use super::lock::DirectoryLock;
use super::tables::number;
use super::{
    COLUMNS_FILE, DELETED, EVENTS_FILE, FORMATS, META, RECORDS, RECORDS_FILE, Store, StoreError, TEXT_DIRECTORY,
    exclusions, private_directory,
};

/// What a backup holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contents {
    /// Records.
    pub records: u64,
    /// Decisions on pairs.
    pub exclusions: u64,
}

impl Store {
    /// Writes a backup beside the records and returns it, open and without a name: nothing is left of it when it is closed,
    /// or when the power is cut.
    pub fn backup(&self) -> Result<File, StoreError> {
        let disk = |error: io::Error| StoreError::disk(self.directory.clone(), "write a backup in", &error);
        let file = tempfile::NamedTempFile::new_in(&self.directory).map_err(disk)?;
        let path = file.path().to_owned();
        let failed = |error: &redb::Error| of_file(&path, "write a backup", error);
        let (handle, target) = (file.reopen().map_err(disk)?, on_disk(&path).map_err(|error| failed(&error.into()))?);
        file.close().map_err(disk)?;
        // Outside of what `read` looks at: a failure of the copy says nothing of the records' own file.
        let copied = self.read("read the records", |from| Ok(copy(from, &target)))?;
        copied.map_err(|error| failed(&error))?;
        Ok(handle)
    }

    /// Puts a backup into a directory that has no records.
    pub fn restore(directory: &Path, backup: &Path) -> Result<Contents, StoreError> {
        let disk = |doing| move |error: io::Error| StoreError::disk(directory.to_owned(), doing, &error);
        private_directory(directory).map_err(disk("make the directory"))?;
        let _lock = DirectoryLock::take(directory)?;
        let file = directory.join(RECORDS_FILE);
        if file.exists() {
            return Err(StoreError::Occupied(directory.to_owned()));
        }
        let mut copy = tempfile::NamedTempFile::new_in(directory).map_err(disk("write in"))?;
        let mut source = File::open(backup).map_err(|error| StoreError::disk(backup.to_owned(), "read", &error))?;
        io::copy(&mut source, &mut copy).map_err(disk("write in"))?;
        let contents = check(copy.path(), backup)?;
        // What followed other records follows these no further.
        for (derived, is_directory) in [(COLUMNS_FILE, false), (EVENTS_FILE, false), (TEXT_DIRECTORY, true)] {
            let path = directory.join(derived);
            let removed = if is_directory { fs::remove_dir_all(path) } else { fs::remove_file(path) };
            match removed {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(disk("clear")(error)),
                _ => {}
            }
        }
        copy.as_file().sync_all().map_err(disk("write in"))?;
        copy.persist(file).map_err(|error| disk("write in")(error.error))?;
        File::open(directory).and_then(|directory| directory.sync_all()).map_err(disk("write in"))?;
        Ok(contents)
    }
}

/// What the file at `path` holds, if it is whole; errors name `shown`.
fn check(path: &Path, shown: &Path) -> Result<Contents, StoreError> {
    let unusable = |reason: String| StoreError::NoBackup { file: shown.to_owned(), reason };
    if fs::metadata(path).map_or(0, |data| data.len()) == 0 {
        return Err(unusable("it is empty".to_owned()));
    }
    let mut database = on_disk(path).map_err(|error| unusable(error.to_string()))?;
    if !database.check_integrity().map_err(|error| unusable(error.to_string()))? {
        return Err(unusable("a checksum in it does not match".to_owned()));
    }
    match count(&database).map_err(|error| unusable(error.to_string()))? {
        (format, contents) if FORMATS.contains(&format) => Ok(contents),
        (found, _) => Err(StoreError::Format { file: shown.to_owned(), found }),
    }
}

/// The format of a file, and what is in it.
fn count(database: &Database) -> Result<(u64, Contents), redb::Error> {
    let transaction = database.begin_read()?;
    let format = number(&transaction.open_table(META)?, "format")?;
    let records = transaction.open_table(RECORDS)?.len()?;
    Ok((format, Contents { records, exclusions: exclusions::count(&transaction)? }))
}

/// Copies what counts. The changes stay behind: every derived file begins anew.
fn copy(from: &ReadTransaction, target: &Database) -> Result<(), redb::Error> {
    let to = target.begin_write()?;
    copy_table(from, &to, RECORDS)?;
    copy_table(from, &to, DELETED)?;
    copy_table(from, &to, META)?;
    exclusions::copy(from, &to)?;
    {
        let mut meta = to.open_table(META)?;
        let sequence = number(&meta, "sequence")?;
        meta.insert("forgotten", sequence)?;
    }
    to.commit()?;
    Ok(())
}

/// Copies one table.
pub(super) fn copy_table<K: Key + 'static, V: Value + 'static>(
    from: &ReadTransaction,
    to: &WriteTransaction,
    table: TableDefinition<'_, K, V>,
) -> Result<(), redb::Error> {
    let mut target = to.open_table(table)?;
    for item in from.open_table(table)?.iter()? {
        let (key, value) = item?;
        target.insert(key.value(), value.value())?;
    }
    Ok(())
}

fn of_file(file: &Path, doing: &'static str, error: &redb::Error) -> StoreError {
    match error {
        redb::Error::Io(error) => StoreError::disk(file.to_owned(), doing, error),
        other => StoreError::Unusable { file: file.to_owned(), reason: other.to_string() },
    }
}
