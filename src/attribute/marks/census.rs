//! How often each term, sort and site is among the marks of the collection.

use super::terms::TERMS;
use super::{EXACT, Marks};
use crate::attribute::counts::Counts;

/// Sorts of mark or thing, with room to spare.
const SORTS: usize = 16;

/// Counts over the marks of all records, of whatever side: two clerks of one office write alike.
#[derive(Clone)]
pub(in crate::attribute) struct Census {
    /// By term, and by sort and term.
    terms: Counts<(u8, u32)>,
    sorts: [i64; SORTS],
    /// By sort and site.
    sites: Box<[[i64; SORTS]]>,
    marks: i64,
}

/// The least share of marks that a sort is taken to have.
const LEAST_SORT: f64 = 0.05;

/// Stands for any sort.
const ANY: u8 = u8::MAX;

impl Default for Census {
    fn default() -> Self {
        let sites = vec![[0; SORTS]; usize::from(TERMS.sites())];
        Self { terms: Counts::default(), sorts: [0; SORTS], sites: sites.into(), marks: 0 }
    }
}

impl Census {
    /// Counts a record's marks `by` times more, or less.
    pub(in crate::attribute) fn count(&mut self, marks: &Marks, by: i64) {
        self.marks += by * marks.len() as i64;
        for (head, terms) in marks.iter() {
            let sort = usize::from(head.sort);
            self.sorts[sort] += by;
            if let Some(site) = head.site.checked_sub(1) {
                self.sites[usize::from(site)][sort] += by;
            }
            for term in terms.iter() {
                self.terms.change(&(ANY, term), by);
                self.terms.change(&(head.sort, term), by);
            }
        }
    }

    /// The share of marks that have a term. A mark that nobody has written yet stands for all that are to come. What many
    /// people have is not rare because few clerks have written of it so far.
    pub(super) fn share(&self, term: u32, smoothing: f64) -> f64 {
        let written = (f64::from(self.terms.get(&(ANY, term))) + 1.0) / (self.marks as f64 + smoothing);
        written.max(TERMS.least_share(term))
    }

    /// The same among the marks of one sort, where few of them are known drawn to the share among all.
    pub(super) fn share_of_sort(&self, sort: u8, term: u32, smoothing: f64) -> f64 {
        let of_sort = self.sorts[usize::from(sort)] as f64;
        let prior = smoothing * self.share(term, smoothing);
        ((f64::from(self.terms.get(&(sort, term))) + prior) / (of_sort + smoothing)).max(TERMS.least_share(term))
    }

    /// The shares of every sort.
    pub(super) fn sorts(&self, smoothing: f64) -> Vec<f64> {
        let even = vec![1.0 / SORTS as f64; SORTS];
        let shares = shares(self.sorts.iter().copied(), &even, smoothing);
        // A sort that few clerks have used so far is not rare among people.
        shares.into_iter().map(|share| share.max(LEAST_SORT)).collect()
    }

    /// The shares of every site among the marks that name one.
    pub(super) fn sites(&self, smoothing: f64) -> Vec<f64> {
        let even = vec![1.0 / self.sites.len() as f64; self.sites.len()];
        shares(self.sites.iter().map(|sorts| sorts.iter().sum()), &even, smoothing)
    }

    /// The same among the marks of one sort, where few of them are known drawn to those among all.
    pub(super) fn sites_of_sort(&self, all: &[f64], sort: u8, smoothing: f64) -> Vec<f64> {
        shares(self.sites.iter().map(|sorts| sorts[usize::from(sort)]), all, smoothing)
    }
}

/// Shares of counts, smoothed with a prior that counts so many times.
fn shares(counts: impl Iterator<Item = i64> + Clone, prior: &[f64], smoothing: f64) -> Vec<f64> {
    let all = counts.clone().sum::<i64>() as f64 + smoothing;
    counts.zip(prior).map(|(count, prior)| (count as f64 + smoothing * prior) / all).collect()
}

/// Whether the term is a whole inscription or a serial number.
pub(super) const fn is_exact(term: u32) -> bool {
    term & EXACT != 0
}
