//! The collection in columns: immutable snapshots, and the writer that makes the next one.
//!
//! A million records hold few different values. So each attribute is a dictionary of distinct values and a small code
//! a row: a query weighs itself against each distinct value once. The three kinds are three sides with rows of their
//! own, so that a query touches only the sides it faces. A row that is deleted is used again by the next insert; which
//! row a record has means nothing to any answer.

mod blocks;
mod codes;
mod column;
mod dictionary;
mod encoded;
mod file;
mod known;
mod places;
mod rows;

use std::sync::Arc;

use crate::attribute::{
    About, Appearance, Attribute, Belongings, BloodTypes, Build, Dental, Dna, Features, Fingerprints, Identifiers,
    Names, Places, Sexes, Timeline,
};
use crate::record::{Kind, Record, Reference};

pub use blocks::{BLOCK, Blocks};
pub use codes::CodeBlock;
pub use column::{AnyColumns, Weigher};
pub use encoded::Encoded;
pub use file::{ColumnsFile, InvalidColumns};
pub use rows::{Row, Tag};

use column::{AnyColumnsWriter, ColumnsWriter};
use places::Places as RowPlaces;

/// Every attribute that is compared, in the order in which evidence is listed at equal bits.
///
/// Adding an attribute is one file and one line here.
fn registry() -> Vec<Box<dyn AnyColumnsWriter>> {
    fn columns<A: Attribute>() -> Box<dyn AnyColumnsWriter> {
        Box::new(ColumnsWriter::<A>::default())
    }
    vec![
        columns::<Sexes>(),
        columns::<Appearance>(),
        columns::<Build>(),
        columns::<Timeline>(),
        columns::<Places>(),
        columns::<Features>(),
        columns::<Belongings>(),
        columns::<Dental>(),
        columns::<Dna>(),
        columns::<BloodTypes>(),
        columns::<Fingerprints>(),
        columns::<Names>(),
        columns::<Identifiers>(),
    ]
}

/// What every attribute says of itself.
pub fn attributes() -> Vec<&'static About> {
    registry().iter().map(|columns| columns.snapshot().about()).collect()
}

/// The collection at one moment. Never changes.
#[derive(Clone)]
pub struct Snapshot {
    rows: [Blocks<Row>; 3],
    tags: [Blocks<Tag>; 3],
    live: [u64; 3],
    unverified: [u64; 3],
    columns: Vec<Arc<dyn AnyColumns>>,
    /// The last write that is in it.
    sequence: u64,
}

impl Snapshot {
    /// The rows of a side.
    pub fn rows(&self, side: Kind) -> &Blocks<Row> {
        &self.rows[side as usize]
    }

    /// What a scan has to know of the rows of a side.
    pub fn tags(&self, side: Kind) -> &Blocks<Tag> {
        &self.tags[side as usize]
    }

    /// How many records a side has.
    pub fn records(&self, side: Kind) -> u64 {
        self.live[side as usize]
    }

    /// How many of a side's records nobody has verified.
    pub fn unverified(&self, side: Kind) -> u64 {
        self.unverified[side as usize]
    }

    /// Every attribute's columns.
    pub fn columns(&self) -> &[Arc<dyn AnyColumns>] {
        &self.columns
    }

    /// The number of the last write that is in it.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }
}

/// Makes snapshots: one writer, row by row.
pub struct CorpusWriter {
    rows: [Blocks<Row>; 3],
    tags: [Blocks<Tag>; 3],
    free: [Vec<u32>; 3],
    unverified: [u64; 3],
    columns: Vec<Box<dyn AnyColumnsWriter>>,
    places: RowPlaces,
}

impl Default for CorpusWriter {
    fn default() -> Self {
        Self {
            rows: Default::default(),
            tags: Default::default(),
            free: Default::default(),
            unverified: [0; 3],
            columns: registry(),
            places: RowPlaces::default(),
        }
    }
}

impl CorpusWriter {
    /// Inserts a record, or replaces the one with its reference.
    pub fn put(&mut self, reference: Reference, record: &Record) {
        self.put_encoded(reference, Encoded::of(record));
    }

    /// The same of a record that is read already.
    pub fn put_encoded(&mut self, reference: Reference, record: Encoded) {
        self.remove(&reference);
        let Encoded { kind, verified, left, values } = record;
        let side = kind as usize;
        let row = self.free[side].pop().unwrap_or(self.rows[side].len() as u32);
        self.fill(kind, row, Row { reference: Some(reference), verified, left });
        for (columns, value) in self.columns.iter_mut().zip(values) {
            columns.set(kind, row as usize, value);
        }
    }

    /// Removes a record, if there is one with this reference.
    pub fn remove(&mut self, reference: &Reference) {
        let Some((kind, row)) = self.places.remove(reference, &self.rows) else { return };
        let side = kind as usize;
        let verified = self.rows[side].get(row as usize).is_none_or(|row| row.verified);
        self.unverified[side] -= u64::from(!verified);
        self.rows[side].set(row as usize, Row::FREE);
        self.tags[side].set(row as usize, Row::FREE.tag());
        self.columns.iter_mut().for_each(|columns| columns.clear(kind, row as usize));
        self.free[side].push(row);
    }

    /// Gives a free row, or the next one, to a record.
    fn fill(&mut self, kind: Kind, at: u32, row: Row) {
        let side = kind as usize;
        self.unverified[side] += u64::from(!row.verified);
        self.tags[side].set(at as usize, row.tag());
        self.rows[side].set(at as usize, row);
        self.places.insert(kind, at, &self.rows);
    }

    /// The collection as it is now, after the write with this number.
    pub fn snapshot(&self, sequence: u64) -> Snapshot {
        let live = std::array::from_fn(|side| (self.rows[side].len() - self.free[side].len()) as u64);
        Snapshot {
            rows: self.rows.clone(),
            tags: self.tags.clone(),
            live,
            unverified: self.unverified,
            columns: self.columns.iter().map(|columns| columns.snapshot()).collect(),
            sequence,
        }
    }
}
