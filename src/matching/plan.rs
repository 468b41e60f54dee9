//! A query against one side, made ready: a table of bits an attribute.
//!
//! # What a match costs
//!
//! Of a million records a query faces 420,000 (remains) to 580,000 (a missing person). The scan reads one to four bytes a
//! row and column and four of tag, some 30 in all, and adds a number a column. Weighing is the rest: 421,000 missing
//! persons have 4 sexes with what they were read from, 570 looks, 80,000 builds, 187,000 places, 357,000 names, 401,000
//! time lines, of which the last are hardly dictionaries any more. At 100 ns a value that would be 0.1 s of a processor. So
//! what repeats *within* values is weighed once ([`Attribute::prepare_for_all`]), as the parts of names are, and what
//! follows from a value, the counts and the model is kept for all queries ([`Attribute::know`]). What is left is 20 to 45 ns
//! a place or time line, 60 to 90 a name, 110 a record's belongings, 200 a chart of teeth, 700 a profile or family of those
//! with DNA, where the query has any, on one processor: 0.02 to 0.05 s on two. A fifth of that is waiting for memory: what a
//! query reads of them is hundreds of megabytes, which no cache holds. So what values point to is fetched ahead ([`fetch`]),
//! and the loops have the widest vectors that there are ([`wide`]). A missing person who is inserted changes the counts: the
//! next query of one pays 50 ns a place and 40 a time line more, and shares what it worked out with those that waited behind it.
//!
//! # Why no row goes early
//!
//! A list of ten could be cut by an upper bound of what is not weighed yet. But its probabilities are shares of a sum over
//! *all* rows. Of N rows, the weight of nobody being the person is that of (1 - p) / p N = 2.3 N ratios of 1 (p = 0.3), and
//! ratios of different people are 1 on average. To leave rows out and keep every probability within 1e-6, those left out
//! must weigh together less than 1e-6 of 2.3 N: at most 2.3e-6 each on average, an upper bound of -18.7 bits. A row that
//! names, teeth or marks (caps of 30, 16 and 20 bits) may still lift hardly gets there: what is cheap would have to speak
//! against it with 35 to 49 bits, and sex, looks, build, place and time line at their floors together have 41. A row without
//! them has nothing costly left. And if the highest bits that an attribute gives any row of the query were known beforehand:
//! of 20,000 simulated records 67 to 74 in a hundred would have to be weighed to the end between a missing person and remains,
//! 34 where both have names. So every row is weighed, and the bits of all are added up exactly (`tail`); bounds spare
//! only the list itself (`top`).
//!
//! [`Attribute::prepare_for_all`]: crate::attribute::Attribute::prepare_for_all
//! [`Attribute::know`]: crate::attribute::Attribute::know
//! [`fetch`]: crate::processor::fetch
//! [`wide`]: crate::processor::wide

use std::sync::OnceLock;

use rayon::prelude::*;

use super::informative::{self, Informative, Side};
use crate::attribute::{Evidence, Left};
use crate::corpus::{AnyColumns, BLOCK, Blocks, CodeBlock, Encoded, Row, Snapshot, Weigher};
use crate::model::{Bits, Collect, Model};
use crate::record::{Kind, Record};

/// One query against one side of a snapshot.
pub(super) struct Plan<'a> {
    pub(super) side: Kind,
    query: Side,
    rows: &'a Blocks<Row>,
    columns: Vec<Planned<'a>>,
}

/// An attribute of the plan; without a weigher the query does not have it.
struct Planned<'a> {
    columns: &'a dyn AnyColumns,
    weigher: Option<Box<dyn Weigher + 'a>>,
    table: Vec<i32>,
    /// What the model says of collecting it.
    collect: Option<Collect>,
    /// What the candidate's value would tell of the query's, once somebody asks.
    expected: OnceLock<Bits>,
}

impl<'a> Plan<'a> {
    /// Weighs the query against every distinct value of each side, all attributes of all sides in parallel.
    pub(super) fn all(snapshot: &'a Snapshot, model: &'a Model, query: &'a Encoded, sides: &[Kind]) -> Vec<Self> {
        let mut plans: Vec<Self> =
            sides.iter().map(|&side| Self::without_tables(snapshot, model, query, side)).collect();
        let mut columns: Vec<&mut Planned<'a>> = plans.iter_mut().flat_map(|plan| &mut plan.columns).collect();
        columns.par_iter_mut().with_max_len(1).for_each(|column| {
            column.table = column.weigher.as_ref().map(|weigher| weigher.table()).unwrap_or_default();
        });
        plans
    }

    /// A plan that can only weigh records one by one.
    pub(super) fn without_tables(snapshot: &'a Snapshot, model: &'a Model, query: &'a Encoded, side: Kind) -> Self {
        let columns = snapshot.columns().iter().map(|columns| Planned {
            columns: &**columns,
            weigher: columns.weigher(model, query, side),
            table: Vec::new(),
            collect: model.collect.get(columns.about().name),
            expected: OnceLock::new(),
        });
        let columns = columns.collect();
        let query = Side { kind: query.kind(), left: query.left() };
        Self { side, query, rows: snapshot.rows(side), columns }
    }

    /// Adds up one block of rows: `sums[row]` becomes the row's score.
    pub(super) fn add_block(&self, block: usize, sums: &mut [i32; BLOCK]) {
        sums.fill(0);
        for column in &self.columns {
            if let Some(weigher) = &column.weigher {
                match weigher.codes(block) {
                    CodeBlock::Unknown => {}
                    CodeBlock::Bytes(codes) => add_column(&column.table, codes, sums),
                    CodeBlock::Words(codes) => add_column(&column.table, codes, sums),
                    CodeBlock::Whole(codes) => add_column(&column.table, codes, sums),
                }
            }
        }
    }

    /// The score of every row, each weighed by itself.
    pub(super) fn weigh_rows(&self) -> Vec<i32> {
        let mut sums = vec![0; self.rows.len()];
        for weigher in self.columns.iter().filter_map(|column| column.weigher.as_ref()) {
            sums.iter_mut().zip(weigher.weigh_rows(self.rows.len())).for_each(|(sum, bits)| *sum += bits);
        }
        sums
    }

    /// The evidence of rows, and the attributes that are missing on either side.
    pub(super) fn explain(&self, rows: &[usize]) -> Vec<Told> {
        let explained = self.columns.par_iter().with_max_len(1).map(|column| {
            let nothing = || vec![None; rows.len()];
            column.weigher.as_ref().map_or_else(nothing, |weigher| weigher.explain(rows))
        });
        let explained: Vec<_> = explained.collect();
        let mut told = vec![Told::default(); rows.len()];
        for (column, evidence) in self.columns.iter().zip(explained) {
            for ((told, evidence), &row) in told.iter_mut().zip(evidence).zip(rows) {
                let left = self.rows.get(row).map_or(Left::WHOLE, |row| row.left);
                let has = column.columns.has(self.side, row);
                self.tell(told, column, evidence, (left, has));
            }
        }
        told.iter_mut().for_each(Told::sort);
        told
    }

    /// The evidence alone of a record that need not be a row, in the registry's order.
    pub(super) fn evidence_of(&self, candidate: &Record) -> Vec<Evidence> {
        let weighers = self.columns.iter().filter_map(|column| column.weigher.as_ref());
        weighers.filter_map(|weigher| weigher.explain_record(candidate)).collect()
    }

    /// The evidence of a record that need not be a row.
    pub(super) fn explain_record(&self, candidate: &Record) -> Told {
        let mut told = Told::default();
        for column in &self.columns {
            let weigher = column.weigher.as_ref();
            let evidence = weigher.and_then(|weigher| weigher.explain_record(candidate));
            let there = (Left::of(candidate), column.columns.read_by(candidate));
            self.tell(&mut told, column, evidence, there);
        }
        told.sort();
        told
    }

    /// Adds what an attribute says of a candidate, of which what is left and whether it `has` the attribute count.
    fn tell(&self, told: &mut Told, column: &Planned<'_>, evidence: Option<Evidence>, (left, has): (Left, bool)) {
        let Some(evidence) = evidence else {
            let candidate = Side { kind: self.side, left };
            told.missing.push(column.columns.about().name);
            told.propose(column.proposal((self.query, candidate), has));
            return;
        };
        told.evidence.push(evidence);
    }
}

impl Planned<'_> {
    /// What collecting the attribute would tell; none: it cannot be had any more.
    ///
    /// Where both sides have it, but nothing that can be compared, either would have to be examined again.
    fn proposal(&self, (query, candidate): (Side, Side), candidate_has: bool) -> Option<Informative> {
        let collect = self.collect?;
        let query_has = self.weigher.is_some();
        let both = query_has && candidate_has;
        let to_do = [(query, query_has), (candidate, candidate_has)];
        let possible = to_do.iter().all(|(side, has)| (*has && !both) || side.can_give(collect));
        possible.then(|| Informative {
            attribute: self.columns.about().name,
            expected: *self.expected.get_or_init(|| self.expected(collect)),
        })
    }

    fn expected(&self, collect: Collect) -> Bits {
        match &self.weigher {
            None => collect.expected(),
            Some(weigher) => {
                informative::expected(&self.table, weigher.frequencies(), collect, self.columns.about().cap)
            }
        }
    }
}

/// The evidence for one pair, and the attributes without any.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// The weightiest first.
    pub evidence: Vec<Evidence>,
    /// Attributes that one side or both do not have, or nothing that can be compared.
    pub missing: Vec<&'static str>,
    /// The one of these that would tell most if it were collected.
    pub most_informative_missing: Option<Informative>,
}

impl Told {
    /// The sum of the evidence.
    pub fn score(&self) -> Bits {
        self.evidence.iter().map(|evidence| evidence.bits).sum()
    }

    /// Of two that tell as much the first in the registry's order stays.
    fn propose(&mut self, proposal: Option<Informative>) {
        let most = self.most_informative_missing.map_or(Bits::ZERO, |best| best.expected);
        if let Some(proposal) = proposal.filter(|proposal| proposal.expected > most) {
            self.most_informative_missing = Some(proposal);
        }
    }

    /// The weightiest first; attributes of equal weight keep the registry's order.
    fn sort(&mut self) {
        self.evidence.sort_by_key(|told| std::cmp::Reverse(told.bits.0.abs()));
    }
}

/// The inner loop: one look-up and one addition a row.
fn add_column<C: Copy + Into<u32>>(table: &[i32], codes: &[C], sums: &mut [i32; BLOCK]) {
    for (sum, &code) in sums.iter_mut().zip(codes) {
        let code: u32 = code.into();
        *sum += table[code as usize];
    }
}
