//! The scan: every row of every planned side, block by block, in parallel.
//!
//! A row costs its codes (one to four bytes a column that the query has), a look-up and an addition for each, its tag
//! (four bytes) and two look-ups for the sum of the ratios. Sums of a block and what the threads have found lie in the
//! first-level cache; threads share nothing but a threshold, which only spares them rows that cannot be listed: a row
//! below it has as many rows above it as are asked for. Rows at the threshold are kept: their references decide.

use std::sync::atomic::{AtomicI32, Ordering};

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::Request;
use super::plan::Plan;
use super::tail::Tail;
use super::top::{Ranked, Top};
use crate::corpus::{BLOCK, Snapshot, Tag};
use crate::model::Bits;
use crate::record::Reference;

/// What is looked for.
pub(super) struct Scan<'a> {
    snapshot: &'a Snapshot,
    request: Request<'a>,
    watched: Option<(Bits, &'a Reference)>,
    left_out: LeftOut,
    /// As many rows as are asked for have been found at it or above; nothing below it is asked for.
    threshold: AtomicI32,
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

impl<'a> Scan<'a> {
    pub(super) fn new(snapshot: &'a Snapshot, request: Request<'a>, watched: Option<(Bits, &'a Reference)>) -> Self {
        let left_out = LeftOut::of(&request);
        let threshold = AtomicI32::new(request.min_bits.map_or(i32::MIN, |least| least.0));
        Self { snapshot, request, watched, left_out, threshold }
    }

    pub(super) fn run(&self, plans: &[Plan<'_>]) -> Found {
        let mut work = Vec::new();
        for plan in plans {
            work.extend((0..self.snapshot.tags(plan.side).block_count()).map(|block| (plan, block)));
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
        partial.top.raise(Bits(self.threshold.load(Ordering::Relaxed)));
        let mut highest = i32::MIN;
        for (at, tag) in self.snapshot.tags(plan.side).block(block).iter().enumerate() {
            if !tag.is_shown(self.request.include_unverified) {
                continue;
            }
            if self.left_out.may_hold(*tag)
                && let Some(reference) = self.reference(plan, block * BLOCK + at)
                && self.leaves_out(reference)
            {
                partial.excluded += u64::from(self.request.itself != Some(reference));
                continue;
            }
            let score = partial.sums[at];
            partial.searched += 1;
            partial.tail.add(Bits(score));
            highest = highest.max(score);
            if partial.top.wants(Bits(score)) {
                partial.top.offer(self.snapshot, plan.side, block * BLOCK + at, Bits(score));
            }
        }
        partial.highest = partial.highest.max(Some(Bits(highest)).filter(|highest| highest.0 > i32::MIN));
        partial.before += self.watched.map_or(0, |watched| self.before(plan, block, &partial.sums, watched));
        self.threshold.fetch_max(partial.top.threshold().0, Ordering::Relaxed);
        partial
    }

    fn reference(&self, plan: &Plan<'_>, row: usize) -> Option<&Reference> {
        self.snapshot.rows(plan.side).get(row)?.reference.as_ref()
    }

    fn leaves_out(&self, reference: &Reference) -> bool {
        self.request.itself == Some(reference) || self.request.ruled_out.contains(reference)
    }

    /// How many rows of a block stand before a pair.
    fn before(&self, plan: &Plan<'_>, block: usize, sums: &[i32; BLOCK], (watched, name): (Bits, &Reference)) -> u64 {
        let rows = self.snapshot.tags(plan.side).block(block).iter().zip(sums).enumerate();
        let shown =
            rows.filter(|(_, (tag, score))| **score >= watched.0 && tag.is_shown(self.request.include_unverified));
        let before = shown.filter(|(at, (_, score))| {
            let reference = self.reference(plan, block * BLOCK + at);
            reference.is_some_and(|one| !self.leaves_out(one) && (**score > watched.0 || one < name))
        });
        before.count() as u64
    }
}

/// Rows that are not searched: the query's own, and those that are ruled out. Told from nearly all others by a bit of
/// their tags, and from the rest by the tags.
struct LeftOut {
    bits: u64,
    names: FxHashSet<u32>,
}

impl LeftOut {
    fn of(request: &Request<'_>) -> Self {
        let names: FxHashSet<u32> = request.itself.into_iter().chain(request.ruled_out).map(Tag::name_of).collect();
        Self { bits: names.iter().fold(0, |bits, name| bits | 1 << (name & 63)), names }
    }

    fn may_hold(&self, tag: Tag) -> bool {
        self.bits >> (tag.name() & 63) & 1 == 1 && self.names.contains(&tag.name())
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
