//! The distinct values of a column, each with a code and the number of rows that have it.
//!
//! Values lie in blocks one after the other, as a query weighs them: nothing is followed but the values' own contents.
//! The writer's way from a value to its code is a table of codes that compares with the values themselves.

use std::hash::{BuildHasher, Hash};

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;

use super::blocks::Blocks;

/// The code of rows without a value.
pub(super) const UNKNOWN: u32 = 0;
/// Values in a block: an insert copies one of them.
pub(super) const VALUES: usize = 256;

/// Code to value, and how many rows have it. Code 0 stands for no value; a freed code has none either.
pub(super) struct Dictionary<V> {
    values: Blocks<Option<V>, VALUES>,
    rows: Blocks<u32>,
}

impl<V> Clone for Dictionary<V> {
    fn clone(&self) -> Self {
        Self { values: self.values.clone(), rows: self.rows.clone() }
    }
}

impl<V: Clone> Default for Dictionary<V> {
    fn default() -> Self {
        Self { values: [None].into_iter().collect(), rows: [0].into_iter().collect() }
    }
}

impl<V> Dictionary<V> {
    /// The value of a code.
    pub(super) fn value(&self, code: u32) -> Option<&V> {
        self.values.get(code as usize)?.as_ref()
    }

    /// Values by code, in blocks of [`VALUES`].
    pub(super) fn values(&self) -> &Blocks<Option<V>, VALUES> {
        &self.values
    }

    /// How many rows have each code.
    pub(super) fn frequencies(&self) -> &Blocks<u32> {
        &self.rows
    }

    /// The values in use, with their codes and how many rows have them.
    pub(super) fn in_use(&self) -> impl Iterator<Item = (u32, &V, u32)> {
        let codes = self.values.iter().zip(self.rows.iter()).zip(0..);
        codes.filter_map(|((value, rows), code)| Some((code, value.as_ref()?, *rows)))
    }
}

/// The writer's side of a dictionary: value to code, and the codes that are free.
#[derive(Default)]
pub(super) struct Coder {
    codes: HashTable<u32>,
    free: Vec<u32>,
}

fn hash<V: Hash>(value: &V) -> u64 {
    FxBuildHasher.hash_one(value)
}

impl Coder {
    /// Makes room for so many values.
    pub(super) fn reserve<V: Hash>(&mut self, values: usize, dictionary: &Dictionary<V>) {
        self.codes.reserve(values, |&code| dictionary.value(code).map_or(0, hash));
    }

    /// The code of a value that `rows` more rows have.
    pub(super) fn add<V: Clone + Eq + Hash>(&mut self, dictionary: &mut Dictionary<V>, value: V, rows: u32) -> u32 {
        let hashed = hash(&value);
        if let Some(&code) = self.codes.find(hashed, |&code| dictionary.value(code) == Some(&value)) {
            if let Some(now) = dictionary.rows.get_mut(code as usize) {
                *now += rows;
            }
            return code;
        }
        let code = self.free.pop().unwrap_or(dictionary.values.len() as u32);
        dictionary.values.set(code as usize, Some(value));
        dictionary.rows.set(code as usize, rows);
        self.codes.insert_unique(hashed, code, |&code| dictionary.value(code).map_or(0, hash));
        code
    }

    /// One row fewer has the code. Without rows the value is forgotten and its code free again.
    pub(super) fn remove<V: Clone + Eq + Hash>(&mut self, dictionary: &mut Dictionary<V>, code: u32) {
        let Some(left) = dictionary.rows.get_mut(code as usize) else { return };
        *left = left.saturating_sub(1);
        if *left == 0 {
            if let Some(value) = dictionary.value(code)
                && let Ok(entry) = self.codes.find_entry(hash(value), |&other| other == code)
            {
                entry.remove();
            }
            dictionary.values.set(code as usize, None);
            self.free.push(code);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_lives_as_long_as_its_rows_and_is_used_again() {
        let (mut dictionary, mut coder) = (Dictionary::default(), Coder::default());
        let a = coder.add(&mut dictionary, "a", 1);
        assert_eq!(coder.add(&mut dictionary, "a", 1), a);
        coder.remove(&mut dictionary, a);
        assert_eq!(dictionary.value(a), Some(&"a"));
        coder.remove(&mut dictionary, a);
        assert_eq!(dictionary.value(a), None);
        assert_eq!(coder.add(&mut dictionary, "b", 1), a);
        assert_eq!((dictionary.value(UNKNOWN), dictionary.in_use().count()), (None, 1));
    }

    #[test]
    fn a_dictionary_is_no_longer_than_the_most_values_that_it_ever_had() {
        let (mut dictionary, mut coder) = (Dictionary::default(), Coder::default());
        for round in 0..50_u32 {
            let codes: Vec<u32> = (0..600).map(|at| coder.add(&mut dictionary, round * 1_000 + at, 1)).collect();
            codes.into_iter().for_each(|code| coder.remove(&mut dictionary, code));
        }
        assert_eq!((dictionary.values().len(), coder.codes.len(), coder.free.len()), (601, 0, 600));
    }
}
