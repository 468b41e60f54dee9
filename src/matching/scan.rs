//! The scan: every row of every planned side, block by block, in parallel.

use rayon::prelude::*;

use super::Request;
use super::plan::Plan;
use super::tail::Tail;
use super::top::{Ranked, Top};
use crate::corpus::{BLOCK, Snapshot};
use crate::model::Bits;
use crate::record::Reference;

/// What is looked for.
pub(super) struct Scan<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) request: Request<'a>,
    pub(super) watched: Option<(Bits, &'a Reference)>,
}

/// What was found.
pub(super) struct Found {
    pub(super) top: Vec<Ranked>,
    pub(super) tail: Tail,
    pub(super) searched: u64,
    pub(super) excluded: u64,
    pub(super) highest: Option<Bits>,
    pub(super) before: u64,
}

/// What one thread has found so far.
struct Partial {
    top: Top,
    tail: Tail,
    sums: Box<[i32; BLOCK]>,
    searched: u64,
    excluded: u64,
    highest: Option<Bits>,
    before: u64,
}

impl Scan<'_> {
    pub(super) fn run(&self, plans: &[Plan<'_>]) -> Found {
        let mut work = Vec::new();
        for plan in plans {
            work.extend((0..self.snapshot.rows(plan.side).block_count()).map(|block| (plan, block)));
        }
        let partial = work
            .into_par_iter()
            .fold(|| self.nothing(), |partial, (plan, block)| self.scan_block(partial, plan, block))
            .reduce(|| self.nothing(), Partial::merge);
        Found {
            top: partial.top.into_sorted(),
            tail: partial.tail,
            searched: partial.searched,
            excluded: partial.excluded,
            highest: partial.highest,
            before: partial.before,
        }
    }

    fn nothing(&self) -> Partial {
        Partial {
            top: Top::new(self.request.limit),
            tail: Tail::new(),
            sums: Box::new([0; BLOCK]),
            searched: 0,
            excluded: 0,
            highest: None,
            before: 0,
        }
    }

    fn scan_block(&self, mut partial: Partial, plan: &Plan<'_>, block: usize) -> Partial {
        plan.add_block(block, &mut partial.sums);
        for (at, row) in self.snapshot.rows(plan.side).block(block).iter().enumerate() {
            let Some(reference) = &row.reference else { continue };
            let shown = row.verified || self.request.include_unverified;
            if !shown || self.request.itself == Some(reference) {
                continue;
            }
            if self.request.ruled_out.contains(reference) {
                partial.excluded += 1;
                continue;
            }
            let score = Bits(partial.sums[at]);
            partial.searched += 1;
            partial.tail.add(score);
            partial.highest = partial.highest.max(Some(score));
            partial.before += u64::from(
                self.watched.is_some_and(|(watched, name)| score > watched || (score == watched && reference < name)),
            );
            partial.top.offer(self.snapshot, plan.side, block * BLOCK + at, score);
        }
        partial
    }
}

impl Partial {
    fn merge(self, other: Self) -> Self {
        Self {
            top: self.top.merge(other.top),
            tail: self.tail.merge(&other.tail),
            sums: self.sums,
            searched: self.searched + other.searched,
            excluded: self.excluded + other.excluded,
            highest: self.highest.max(other.highest),
            before: self.before + other.before,
        }
    }
}
