//! Which row a record has: a table of rows that compares with the rows' own references, four bytes an entry.

use std::hash::BuildHasher;

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;

use super::Row;
use super::blocks::Blocks;
use crate::record::{Kind, Reference};

/// Side and row of every record.
#[derive(Default)]
pub(super) struct Places {
    places: HashTable<Place>,
}

type Rows = [Blocks<Row>; 3];

/// A row of all sides: those of the three take turns. A side has fewer than 1.4 billion rows.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Place(u32);

const SIDES: u32 = Kind::ALL.len() as u32;

impl Place {
    const fn of(kind: Kind, row: u32) -> Self {
        Self(row * SIDES + kind as u32)
    }

    fn row(self) -> (Kind, u32) {
        (Kind::ALL[(self.0 % SIDES) as usize], self.0 / SIDES)
    }

    fn reference(self, rows: &Rows) -> Option<&Reference> {
        let (kind, row) = self.row();
        rows[kind as usize].get(row as usize)?.reference.as_ref()
    }
}

impl Places {
    /// Remembers the row of the record that has it, which has no other.
    pub(super) fn insert(&mut self, kind: Kind, row: u32, rows: &Rows) {
        let hash = |place: &Place| FxBuildHasher.hash_one(place.reference(rows));
        let place = Place::of(kind, row);
        self.places.insert_unique(hash(&place), place, hash);
    }

    /// Forgets the row of a record, and says which it was. The row still has its reference.
    pub(super) fn remove(&mut self, name: &Reference, rows: &Rows) -> Option<(Kind, u32)> {
        let hash = FxBuildHasher.hash_one(Some(name));
        let found = self.places.find_entry(hash, |place| place.reference(rows) == Some(name));
        found.ok().map(|entry| entry.remove().0.row())
    }
}
