//! The index's directory: what is stored, one writer, commits that carry a sequence number.
//!
//! Invariants: a commit is visible when [`TextIndex::commit`] returns; a directory that is corrupt, foreign or
//! of another version is never read, but emptied, named in the log and filled anew by the caller. The name of
//! the tokenizer is part of the stored schema, so a change of either is another version.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tantivy::indexer::IndexWriterOptions;
use tantivy::schema::{self, FAST, IndexRecordOption, Schema, SchemaBuilder, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::RAW_TOKENIZER_NAME;
use tantivy::{Index, IndexReader, IndexWriter, ReloadPolicy, TantivyDocument, TantivyError, Term};
use tracing::warn;

use super::{Field, TextError, words};
use crate::record::{DateInterval, Day, Record, Reference};

/// What one segment may hold in memory before it is written.
const HEAP_BYTES: usize = 32 << 20;
/// The name of the field that the reference is in.
pub(super) const REFERENCE: &str = "reference";

/// Finds records by their words. One thread writes, any number read.
pub struct TextIndex {
    pub(super) reader: IndexReader,
    pub(super) fields: Fields,
    writer: Mutex<IndexWriter>,
}

/// Where in a document what is.
#[derive(Clone, Copy)]
pub(super) struct Fields {
    pub(super) reference: schema::Field,
    pub(super) kind: schema::Field,
    pub(super) sex: schema::Field,
    pub(super) region: schema::Field,
    pub(super) first_day: schema::Field,
    pub(super) last_day: schema::Field,
    texts: [schema::Field; Field::ALL.len()],
}

impl Fields {
    /// The text fields and where they are.
    pub(super) fn texts(&self) -> impl Iterator<Item = (Field, schema::Field)> {
        Field::ALL.into_iter().zip(self.texts)
    }
}

/// Why a directory is not opened: it is another's, or it is to be built anew.
enum Refusal {
    Locked,
    Unusable(String),
}

impl From<TantivyError> for Refusal {
    fn from(error: TantivyError) -> Self {
        match error {
            TantivyError::LockFailure(..) => Self::Locked,
            error => Self::Unusable(error.to_string()),
        }
    }
}

impl TextIndex {
    /// Opens or creates the index, with the sequence number of its last commit.
    ///
    /// None: it is empty, because it is new or because what was there could not be used and was deleted. Then
    /// every record must be staged again.
    pub fn open(directory: &Path) -> Result<(Self, Option<u64>), TextError> {
        if is_new(directory) {
            return Ok((Self::create(directory)?, None));
        }
        match Self::open_existing(directory) {
            Ok((index, sequence)) => Ok((index, sequence)),
            Err(Refusal::Locked) => Err(TextError::Locked(directory.display().to_string())),
            Err(Refusal::Unusable(reason)) => {
                warn!(directory = %directory.display(), reason, "the text index cannot be used and is built anew");
                remove(directory).map_err(|error| failed("remove its directory", error))?;
                Ok((Self::create(directory)?, None))
            }
        }
    }

    fn create(directory: &Path) -> Result<Self, TextError> {
        // Tantivy makes its files for everybody to read: nobody else may enter.
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(directory);
        made.map_err(|error| failed("create its directory", error))?;
        let index = Index::create_in_dir(directory, layout().0).map_err(|error| failed("be created", error))?;
        match Self::of(&index) {
            Ok(index) => Ok(index),
            Err(Refusal::Locked) => Err(TextError::Locked(directory.display().to_string())),
            Err(Refusal::Unusable(reason)) => Err(failed("be created", reason)),
        }
    }

    fn open_existing(directory: &Path) -> Result<(Self, Option<u64>), Refusal> {
        let index = Index::open_in_dir(directory)?;
        if index.schema() != layout().0 {
            return Err(Refusal::Unusable("it is of another version".to_owned()));
        }
        // The lock first: whoever else has the directory may be writing what is read here.
        let opened = Self::of(&index)?;
        // Tantivy checks no sums when it reads; a damaged file would be a panic or a wrong answer later.
        if !index.validate_checksum()?.is_empty() {
            return Err(Refusal::Unusable("a file's checksum is wrong".to_owned()));
        }
        let meta = index.load_metas()?;
        match meta.payload.map(|payload| payload.parse()) {
            None if meta.segments.is_empty() => Ok((opened, None)),
            Some(Ok(sequence)) => Ok((opened, Some(sequence))),
            _ => Err(Refusal::Unusable("its last commit has no sequence number".to_owned())),
        }
    }

    fn of(index: &Index) -> Result<Self, Refusal> {
        index.tokenizers().register(words::NAME, words::analyzer());
        let options = IndexWriterOptions::builder().num_worker_threads(1).num_merge_threads(1);
        let options = options.memory_budget_per_thread(HEAP_BYTES).build();
        let writer = Mutex::new(index.writer_with_options(options)?);
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok(Self { reader, writer, fields: layout().1 })
    }

    /// Queues a record: it replaces the one with the same reference at the next commit.
    pub fn stage(&self, reference: &Reference, record: &Record) -> Result<(), TextError> {
        let mut writer = self.writer();
        writer.delete_term(Term::from_field_text(self.fields.reference, reference.as_str()));
        match writer.add_document(self.document(reference, record)) {
            Ok(_) => Ok(()),
            Err(error) => Err(forget(&mut writer, "take a record", &error)),
        }
    }

    /// Queues a removal: the record is gone at the next commit.
    pub fn remove(&self, reference: &Reference) {
        self.writer().delete_term(Term::from_field_text(self.fields.reference, reference.as_str()));
    }

    /// Queues the removal of everything.
    pub fn clear(&self) -> Result<(), TextError> {
        let mut writer = self.writer();
        match writer.delete_all_documents() {
            Ok(_) => Ok(()),
            Err(error) => Err(forget(&mut writer, "be emptied", &error)),
        }
    }

    /// Writes what was queued, durably and under `sequence`, and shows it to searches that begin after it.
    pub fn commit(&self, sequence: u64) -> Result<(), TextError> {
        let mut writer = self.writer();
        let committed = writer.prepare_commit().and_then(|mut commit| {
            commit.set_payload(&sequence.to_string());
            commit.commit()
        });
        if let Err(error) = committed {
            return Err(forget(&mut writer, "commit", &error));
        }
        self.reader.reload().map_err(|error| failed("be read after a commit", error))
    }

    fn writer(&self) -> MutexGuard<'_, IndexWriter> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn document(&self, reference: &Reference, record: &Record) -> TantivyDocument {
        let mut document = TantivyDocument::new();
        document.add_text(self.fields.reference, reference.as_str());
        document.add_text(self.fields.kind, record.kind.code());
        if let Some(sex) = record.sex {
            document.add_text(self.fields.sex, sex.code());
        }
        let event = record.event();
        if let Some(region) = event.and_then(|event| event.place.as_ref()).and_then(|place| place.region.as_ref()) {
            document.add_text(self.fields.region, fold_region(region));
        }
        if let Some((first, last)) = event.and_then(|event| event.date.as_ref()).and_then(days) {
            document.add_i64(self.fields.first_day, first);
            document.add_i64(self.fields.last_day, last);
        }
        for (field, at) in self.fields.texts() {
            field.texts(record).into_iter().for_each(|text| document.add_text(at, text));
        }
        document
    }
}

/// A region as it is compared: in either case.
pub(super) fn fold_region(region: &str) -> String {
    region.trim().to_lowercase()
}

/// The days between which a date lies; none where both ends are open, which is no date.
fn days(date: &DateInterval) -> Option<(i64, i64)> {
    if date.first().is_none() && date.last().is_none() {
        return None;
    }
    let number = |day: Option<Day>, open: i64| day.map_or(open, |day| i64::from(day.number()));
    Some((number(date.first(), i64::MIN), number(date.last(), i64::MAX)))
}

fn layout() -> (Schema, Fields) {
    let mut builder = SchemaBuilder::new();
    let raw = || TextFieldIndexing::default().set_tokenizer(RAW_TOKENIZER_NAME).set_fieldnorms(false);
    let code = || TextOptions::default().set_indexing_options(raw());
    let words = TextFieldIndexing::default()
        .set_tokenizer(words::NAME)
        .set_index_option(IndexRecordOption::WithFreqsAndPositions);
    let words = TextOptions::default().set_indexing_options(words);
    let fields = Fields {
        reference: builder.add_text_field(REFERENCE, code().set_fast(RAW_TOKENIZER_NAME)),
        kind: builder.add_text_field("kind", code()),
        sex: builder.add_text_field("sex", code()),
        region: builder.add_text_field("region", code()),
        first_day: builder.add_i64_field("first_day", FAST),
        last_day: builder.add_i64_field("last_day", FAST),
        texts: Field::ALL.map(|field| builder.add_text_field(field.name(), words.clone())),
    };
    (builder.build(), fields)
}

fn is_new(directory: &Path) -> bool {
    match fs::read_dir(directory) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

fn remove(path: &Path) -> io::Result<()> {
    if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}

/// After a failure tantivy's writer is dead: a new one takes its place, without what was queued.
fn forget(writer: &mut IndexWriter, doing: &'static str, error: &TantivyError) -> TextError {
    match writer.rollback() {
        Ok(_) => failed(doing, error),
        Err(second) => failed(doing, format_args!("{error}; and it cannot begin again: {second}")),
    }
}

fn failed(doing: &'static str, reason: impl std::fmt::Display) -> TextError {
    TextError::Index { doing, reason: reason.to_string() }
}
