//! Which row a record has: a table of rows that compares with the rows' own references, eight bytes an entry.

use std::hash::BuildHasher;

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;

use super::Row;
use super::blocks::Blocks;
use crate::record::{Kind, Reference};

/// Side and row of every record.
#[derive(Default)]
pub(super) struct Places {
    places: HashTable<(Kind, u32)>,
}

type Rows = [Blocks<Row>; 3];

fn reference(rows: &Rows, (kind, row): (Kind, u32)) -> Option<&Reference> {
    rows[kind as usize].get(row as usize)?.reference.as_ref()
}

impl Places {
    /// Remembers the row of the record that has it, which has no other.
    pub(super) fn insert(&mut self, kind: Kind, row: u32, rows: &Rows) {
        let hash = |place: &(Kind, u32)| FxBuildHasher.hash_one(reference(rows, *place));
        self.places.insert_unique(hash(&(kind, row)), (kind, row), hash);
    }

    /// Forgets the row of a record, and says which it was. The row still has its reference.
    pub(super) fn remove(&mut self, name: &Reference, rows: &Rows) -> Option<(Kind, u32)> {
        let hash = FxBuildHasher.hash_one(Some(name));
        let found = self.places.find_entry(hash, |&place| reference(rows, place) == Some(name));
        found.ok().map(|entry| entry.remove().0)
    }
}
