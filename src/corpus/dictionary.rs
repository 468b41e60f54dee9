//! The distinct values of a column, each with a code and the number of rows that have it.

use std::hash::Hash;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::blocks::Blocks;

/// The code of rows without a value.
pub(super) const UNKNOWN: u32 = 0;

/// Code to value, and how many rows have it. Code 0 stands for no value; a freed code has none either.
pub(super) struct Dictionary<V> {
    values: Blocks<Option<Arc<V>>>,
    rows: Blocks<u32>,
}

impl<V> Clone for Dictionary<V> {
    fn clone(&self) -> Self {
        Self { values: self.values.clone(), rows: self.rows.clone() }
    }
}

impl<V> Default for Dictionary<V> {
    fn default() -> Self {
        Self { values: [None].into_iter().collect(), rows: [0].into_iter().collect() }
    }
}

impl<V> Dictionary<V> {
    /// The value of a code.
    pub(super) fn value(&self, code: u32) -> Option<&V> {
        self.values.get(code as usize)?.as_deref()
    }

    /// Values by code, in blocks.
    pub(super) fn values(&self) -> &Blocks<Option<Arc<V>>> {
        &self.values
    }

    /// How many rows have each code.
    pub(super) fn frequencies(&self) -> &Blocks<u32> {
        &self.rows
    }

    /// The values in use, with their codes and how many rows have them.
    pub(super) fn in_use(&self) -> impl Iterator<Item = (u32, &V, u32)> {
        let codes = self.values.iter().zip(self.rows.iter()).zip(0..);
        codes.filter_map(|((value, rows), code)| Some((code, value.as_deref()?, *rows)))
    }
}

/// The writer's side of a dictionary: value to code, and the codes that are free.
pub(super) struct Coder<V> {
    codes: FxHashMap<Arc<V>, u32>,
    free: Vec<u32>,
}

impl<V> Default for Coder<V> {
    fn default() -> Self {
        Self { codes: FxHashMap::default(), free: Vec::new() }
    }
}

impl<V: Eq + Hash> Coder<V> {
    /// The code of a value that `rows` more rows have.
    pub(super) fn add(&mut self, dictionary: &mut Dictionary<V>, value: V, rows: u32) -> u32 {
        if let Some(&code) = self.codes.get(&value) {
            let now = dictionary.rows.get(code as usize).copied().unwrap_or(0) + rows;
            dictionary.rows.set(code as usize, now);
            return code;
        }
        let code = self.free.pop().unwrap_or(dictionary.values.len() as u32);
        let value = Arc::new(value);
        dictionary.values.set(code as usize, Some(Arc::clone(&value)));
        dictionary.rows.set(code as usize, rows);
        self.codes.insert(value, code);
        code
    }

    /// One row fewer has the code. Without rows the value is forgotten and its code free again.
    pub(super) fn remove(&mut self, dictionary: &mut Dictionary<V>, code: u32) {
        let left = dictionary.rows.get(code as usize).copied().unwrap_or(0).saturating_sub(1);
        dictionary.rows.set(code as usize, left);
        if left == 0 {
            if let Some(value) = dictionary.values.get(code as usize).cloned().flatten() {
                self.codes.remove(&value);
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
}
