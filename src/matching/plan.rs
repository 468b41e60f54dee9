//! A query against one side, made ready: a table of bits an attribute.

use rayon::prelude::*;

use crate::attribute::Evidence;
use crate::corpus::{BLOCK, Snapshot, Weigher};
use crate::model::Model;
use crate::record::{Kind, Record};

/// One query against one side of a snapshot.
pub(super) struct Plan<'a> {
    pub(super) side: Kind,
    columns: Vec<Planned<'a>>,
}

/// An attribute of the plan; without a weigher the query does not have it.
struct Planned<'a> {
    attribute: &'static str,
    weigher: Option<Box<dyn Weigher + 'a>>,
    table: Vec<i32>,
}

impl<'a> Plan<'a> {
    /// Weighs the query against every distinct value of the side, each attribute in parallel.
    pub(super) fn new(snapshot: &'a Snapshot, model: &'a Model, query: &Record, side: Kind) -> Self {
        let mut plan = Self::without_tables(snapshot, model, query, side);
        plan.columns.par_iter_mut().for_each(|column| {
            column.table = column.weigher.as_ref().map(|weigher| weigher.table()).unwrap_or_default();
        });
        plan
    }

    /// A plan that can only explain.
    pub(super) fn without_tables(snapshot: &'a Snapshot, model: &'a Model, query: &Record, side: Kind) -> Self {
        let planned = |columns: &'a std::sync::Arc<dyn crate::corpus::AnyColumns>| Planned {
            attribute: columns.about().name,
            weigher: columns.weigher(model, query, side),
            table: Vec::new(),
        };
        Self { side, columns: snapshot.columns().iter().map(planned).collect() }
    }

    /// Adds up one block of rows: `sums[row]` becomes the row's score.
    pub(super) fn add_block(&self, block: usize, sums: &mut [i32; BLOCK]) {
        sums.fill(0);
        for column in &self.columns {
            if let Some(weigher) = &column.weigher {
                add_column(&column.table, weigher.codes(block), sums);
            }
        }
    }

    /// The evidence of rows, and the attributes that are missing on either side.
    pub(super) fn explain(&self, rows: &[usize]) -> Vec<Told> {
        let mut told = vec![Told::default(); rows.len()];
        for column in &self.columns {
            let nothing = || vec![None; rows.len()];
            let evidence = column.weigher.as_ref().map_or_else(nothing, |weigher| weigher.explain(rows));
            told.iter_mut().zip(evidence).for_each(|(told, evidence)| told.add(column.attribute, evidence));
        }
        told.iter_mut().for_each(Told::sort);
        told
    }

    /// The evidence of a record that need not be a row.
    pub(super) fn explain_record(&self, candidate: &Record) -> Told {
        let mut told = Told::default();
        for column in &self.columns {
            let weigher = column.weigher.as_ref();
            told.add(column.attribute, weigher.and_then(|weigher| weigher.explain_record(candidate)));
        }
        told.sort();
        told
    }
}

/// The evidence for one pair, and the attributes without any.
#[derive(Clone, Default)]
pub(super) struct Told {
    pub(super) evidence: Vec<Evidence>,
    pub(super) missing: Vec<&'static str>,
}

impl Told {
    fn add(&mut self, attribute: &'static str, evidence: Option<Evidence>) {
        match evidence {
            Some(evidence) => self.evidence.push(evidence),
            None => self.missing.push(attribute),
        }
    }

    /// The weightiest first; attributes of equal weight keep the registry's order.
    fn sort(&mut self) {
        self.evidence.sort_by_key(|told| std::cmp::Reverse(told.bits.0.abs()));
    }
}

/// The inner loop: one look-up and one addition a row.
fn add_column(table: &[i32], codes: &[u32], sums: &mut [i32; BLOCK]) {
    for (sum, &code) in sums.iter_mut().zip(codes) {
        *sum += table[code as usize];
    }
}
