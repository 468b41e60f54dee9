//! Slips of the pen between two short names.

/// Letters that are looked at: longer names are compared by their beginnings.
const LENGTH: usize = 40;

/// A name whose edits to many others are counted: where each letter stands in it, a bit a place.
pub(super) struct Pattern {
    places: Box<[u64; LETTERS]>,
    length: usize,
}

/// Plain letters and digits are ASCII.
const LETTERS: usize = 128;

impl Pattern {
    pub(super) fn new(name: &[u8]) -> Self {
        let name = &name[..name.len().min(LENGTH)];
        let mut places = Box::new([0; LETTERS]);
        name.iter().enumerate().for_each(|(at, &byte)| places[usize::from(byte) % LETTERS] |= 1 << at);
        Self { places, length: name.len() }
    }

    /// Letters left out, put in, changed or swapped with their neighbour (optimal string alignment), up to `most`.
    ///
    /// A column of the table of edits at once, its steps up and down a bit a row each (Hyyrö 2003).
    pub(super) fn edits(&self, other: &[u8], most: usize) -> Option<usize> {
        let other = &other[..other.len().min(LENGTH)];
        if self.length.abs_diff(other.len()) > most || self.length == 0 {
            return (self.length == 0 && other.len() <= most).then_some(other.len());
        }
        let bottom = self.length - 1;
        let (mut up, mut down, mut diagonal, mut before) = (u64::MAX, 0_u64, 0_u64, 0_u64);
        let mut edits = self.length;
        for &byte in other {
            let same = self.places[usize::from(byte) % LETTERS];
            let swapped = ((!diagonal & same) << 1) & before;
            diagonal = (((same & up).wrapping_add(up)) ^ up) | same | down | swapped;
            let (right, left) = (down | !(diagonal | up), diagonal & up);
            edits = edits + (right >> bottom & 1) as usize - (left >> bottom & 1) as usize;
            let right = right << 1 | 1;
            (up, down) = (left << 1 | !(diagonal | right), right & diagonal);
            before = same;
        }
        (edits <= most).then_some(edits)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_the_optimal_string_alignment(a in "[abc]{0,8}|[ab1]{30,45}", b in "[abc]{0,8}|[ab1]{30,45}", most in 0..9_usize) {
            let [begin, end] = [&a, &b].map(|name| &name[..name.len().min(LENGTH)]);
            let expected = strsim::osa_distance(begin, end);
            prop_assert_eq!(Pattern::new(a.as_bytes()).edits(b.as_bytes(), most), (expected <= most).then_some(expected));
        }
    }
}
