//! What a person's result at a locus says of every result of a relative, kept for all queries.
//!
//! It follows from the model and the population alone, and query after query has the same few results.

use std::sync::{Arc, RwLock};

use rustc_hash::FxHashMap;

use super::figures::Figures;
use super::loci::{LOCI, Profile, TABLE};

/// Bytes of figures that are kept, about; then they are forgotten, and worked out again.
const BYTES: usize = 16 << 20;
/// Results of a locus, on average.
const RESULTS: usize = 256;

/// Population, what the relation shares with the person, and the number of the person's result.
type Key = (usize, usize, usize);

/// `N` figures for each two results.
pub(super) struct Kept<const N: usize>(RwLock<FxHashMap<Key, Row<N>>>);

/// Figures by the relative's result.
#[derive(Clone)]
struct Row<const N: usize> {
    /// The results of the loci before.
    before: usize,
    figures: Arc<[Figures<N>]>,
}

/// The rows of a person's results; none: an allele is not in the table.
pub(super) struct Rows<const N: usize>([Option<Row<N>>; LOCI]);

impl<const N: usize> Default for Kept<N> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<const N: usize> Kept<N> {
    const ROWS: usize = BYTES / (N * size_of::<f64>() * RESULTS);

    /// What a person's results say in a population of those of relatives who share so much.
    pub(super) fn rows(&self, (population, shared): (usize, usize), person: &Profile) -> Rows<N> {
        Rows(std::array::from_fn(|locus| {
            let (number, results) = (person.number(locus), TABLE[locus].numbers());
            results.contains(&number).then(|| {
                let blank = || (0..results.len()).map(|_| Figures::default()).collect();
                let make = || Row { before: results.start, figures: blank() };
                self.row((population, shared, number), make)
            })
        }))
    }

    fn row(&self, key: Key, make: impl FnOnce() -> Row<N>) -> Row<N> {
        if let Some(row) = self.0.read().ok().and_then(|rows| rows.get(&key).cloned()) {
            return row;
        }
        let Ok(mut rows) = self.0.write() else { return make() };
        if rows.len() >= Self::ROWS {
            rows.clear();
        }
        rows.entry(key).or_insert_with(make).clone()
    }
}

impl<const N: usize> Rows<N> {
    /// The figures of what a relative shows at a locus, which are always worked out where an allele is not in the table.
    pub(super) fn get(&self, relative: &Profile, locus: usize, work_out: impl FnOnce() -> [f64; N]) -> [f64; N] {
        let row = self.0[locus].as_ref();
        match row.and_then(|row| row.figures.get(relative.number(locus).wrapping_sub(row.before))) {
            Some(figures) => figures.get(work_out),
            None => work_out(),
        }
    }
}
