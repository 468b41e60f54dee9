//! How often each term, sort and site is among the marks of the collection.

use super::vocabulary::ENGLISH;
use super::{EXACT, Marks};
use crate::attribute::counts::Counts;

/// Sorts of mark or thing, with room to spare.
const SORTS: usize = 16;

/// Counts over the marks of all records, of whatever side: two clerks of one office write alike.
#[derive(Clone)]
pub(in crate::attribute) struct Census {
    terms: Counts<u32>,
    sorts: [i64; SORTS],
    sites: Box<[i64]>,
    marks: i64,
}

impl Default for Census {
    fn default() -> Self {
        let sites = vec![0; usize::from(ENGLISH.sites()) + 1];
        Self { terms: Counts::default(), sorts: [0; SORTS], sites: sites.into(), marks: 0 }
    }
}

impl Census {
    /// Counts a record's marks `by` times more, or less.
    pub(in crate::attribute) fn count(&mut self, marks: &Marks, by: i64) {
        self.marks += by * marks.len() as i64;
        for (head, terms) in marks.heads().iter().zip(marks.terms()) {
            self.sorts[usize::from(head.sort)] += by;
            self.sites[usize::from(head.site)] += by;
            terms.iter().for_each(|term| self.terms.change(term, by));
        }
    }

    /// The share of marks that have a term. A mark that nobody has written yet stands for all that are to come.
    pub(super) fn share(&self, term: u32, smoothing: f64) -> f64 {
        (f64::from(self.terms.get(&(term))) + 1.0) / (self.marks as f64 + smoothing)
    }

    /// The shares of every sort.
    pub(super) fn sorts(&self, smoothing: f64) -> Vec<f64> {
        shares(&self.sorts, smoothing)
    }

    /// The shares of every site among the marks that name one.
    pub(super) fn sites(&self, smoothing: f64) -> Vec<f64> {
        shares(&self.sites[1..], smoothing)
    }
}

/// Shares of counts that are smoothed with equal ones.
fn shares(counts: &[i64], smoothing: f64) -> Vec<f64> {
    let even = smoothing / counts.len() as f64;
    let all = counts.iter().sum::<i64>() as f64 + smoothing;
    counts.iter().map(|count| (*count as f64 + even) / all).collect()
}

/// Whether the term is a whole inscription or a serial number.
pub(super) const fn is_exact(term: u32) -> bool {
    term & EXACT != 0
}
