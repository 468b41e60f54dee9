//! The collection in columns: immutable snapshots, and the writer that makes the next one.
//!
//! A million records hold few different values. So each attribute is a dictionary of distinct values and a small code
//! a row: a query weighs itself against each distinct value once. The three kinds are three sides with rows of their
//! own, so that a query touches only the sides it faces. A row that is deleted is used again by the next insert; which
//! row a record has means nothing to any answer.

mod blocks;
mod column;
mod dictionary;
mod file;

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::attribute::{
    About, Appearance, Attribute, Belongings, BloodTypes, Build, Dental, Dna, Features, Fingerprints, Identifiers,
    Names, Places, Preservation, Sexes, Timeline,
};
use crate::record::{Kind, Record, Reference};

pub use blocks::{BLOCK, Blocks};
pub use column::{AnyColumns, Weigher};
pub use file::{ColumnsFile, InvalidColumns};

use column::{AnyColumnsWriter, ColumnsWriter};

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

/// What a row is.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Which record; none: the row is free.
    pub reference: Option<Reference>,
    /// Whether somebody has verified the record.
    pub verified: bool,
    /// How much there was to examine.
    pub preservation: Preservation,
}

/// The collection at one moment. Never changes.
#[derive(Clone)]
pub struct Snapshot {
    rows: [Blocks<Row>; 3],
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
    free: [Vec<u32>; 3],
    unverified: [u64; 3],
    columns: Vec<Box<dyn AnyColumnsWriter>>,
    places: FxHashMap<Reference, (Kind, u32)>,
}

impl Default for CorpusWriter {
    fn default() -> Self {
        Self {
            rows: Default::default(),
            free: Default::default(),
            unverified: [0; 3],
            columns: registry(),
            places: FxHashMap::default(),
        }
    }
}

impl CorpusWriter {
    /// Inserts a record, or replaces the one with its reference.
    pub fn put(&mut self, reference: Reference, record: &Record) {
        self.remove(&reference);
        let side = record.kind as usize;
        let row = self.free[side].pop().unwrap_or(self.rows[side].len() as u32);
        let preservation = Preservation::of(record);
        let filled = Row { reference: Some(reference.clone()), verified: record.verified, preservation };
        self.rows[side].set(row as usize, filled);
        self.unverified[side] += u64::from(!record.verified);
        self.columns.iter_mut().for_each(|columns| columns.set(record.kind, row as usize, record));
        self.places.insert(reference, (record.kind, row));
    }

    /// Removes a record, if there is one with this reference.
    pub fn remove(&mut self, reference: &Reference) {
        let Some((kind, row)) = self.places.remove(reference) else { return };
        let rows = &mut self.rows[kind as usize];
        let verified = rows.get(row as usize).is_none_or(|row| row.verified);
        self.unverified[kind as usize] -= u64::from(!verified);
        rows.set(row as usize, Row { reference: None, verified: true, preservation: Preservation::Fleshed });
        self.columns.iter_mut().for_each(|columns| columns.clear(kind, row as usize));
        self.free[kind as usize].push(row);
    }

    /// The collection as it is now, after the write with this number.
    pub fn snapshot(&self, sequence: u64) -> Snapshot {
        let live = std::array::from_fn(|side| (self.rows[side].len() - self.free[side].len()) as u64);
        Snapshot {
            rows: self.rows.clone(),
            live,
            unverified: self.unverified,
            columns: self.columns.iter().map(|columns| columns.snapshot()).collect(),
            sequence,
        }
    }
}
