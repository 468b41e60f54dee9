//! The best k rows of a scan: score descending, then reference ascending.

use std::cmp::Reverse;

use crate::corpus::Snapshot;
use crate::model::Bits;
use crate::record::{Kind, Reference};

/// Rows that a caller may ask for; whoever wants all above a threshold takes room as it is needed.
const LISTED: usize = 100;

/// A row and its score.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ranked {
    pub(super) score: Bits,
    pub(super) reference: Reference,
    pub(super) side: Kind,
    pub(super) row: usize,
}

impl Ranked {
    fn order(&self) -> (Reverse<Bits>, &Reference) {
        (Reverse(self.score), &self.reference)
    }
}

/// At most k rows. Kept unsorted up to twice k, then cut: an insert costs next to nothing.
pub(super) struct Top {
    most: usize,
    rows: Vec<Ranked>,
    /// Nothing below this can be among the best; equal may, by its reference.
    threshold: Bits,
}

impl Top {
    pub(super) fn new(most: usize) -> Self {
        // Nobody asks for a list: nothing is wanted.
        let threshold = Bits(if most == 0 { i32::MAX } else { i32::MIN });
        Self { most, rows: Vec::with_capacity(2 * most.min(LISTED)), threshold }
    }

    /// Whether a row of this score may be among the best.
    pub(super) fn wants(&self, score: Bits) -> bool {
        score >= self.threshold
    }

    /// As many rows as are wanted have at least this score: those found here, or by others.
    pub(super) fn threshold(&self) -> Bits {
        self.threshold
    }

    /// Others have found as many rows as are wanted, of this score and above.
    pub(super) fn raise(&mut self, threshold: Bits) {
        self.threshold = self.threshold.max(threshold);
    }

    /// Takes a row of the snapshot.
    pub(super) fn offer(&mut self, snapshot: &Snapshot, side: Kind, row: usize, score: Bits) {
        let reference = snapshot.rows(side).get(row).and_then(|row| row.reference.clone());
        if let Some(reference) = reference {
            self.push(Ranked { score, reference, side, row });
        }
    }

    /// The best of both.
    pub(super) fn merge(mut self, other: Self) -> Self {
        other.rows.into_iter().for_each(|ranked| self.push(ranked));
        self
    }

    /// The best k in order.
    pub(super) fn into_sorted(mut self) -> Vec<Ranked> {
        self.cut();
        self.rows
    }

    fn push(&mut self, ranked: Ranked) {
        self.rows.push(ranked);
        if self.rows.len() >= 2 * self.most {
            self.cut();
        }
    }

    fn cut(&mut self) {
        self.rows.sort_unstable_by(|a, b| a.order().cmp(&b.order()));
        self.rows.truncate(self.most);
        if self.rows.len() == self.most
            && let Some(last) = self.rows.last()
        {
            self.threshold = self.threshold.max(last.score);
        }
    }
}
