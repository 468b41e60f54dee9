//! What a tooth of the candidate says of a tooth of the query, read as the same tooth or as a neighbour: a table a query.
//!
//! The factor of a tooth is its change over the years between, by the candidate's state, times the ratio of its surfaces,
//! by the candidate's code. A tooth of the later chart whose neighbour is not there, or was not charted before, is one of
//! anybody's: its chance in the population. Of a tooth that only one chart has nothing is said: 1.

use super::classes::Population;
use super::history::{Changes, Surfaces, YEARS, group};
use super::numbering::{Factors, OFFSETS, QUADRANT};
use super::{CODES, STATES, TEETH, UNKNOWN, neighbour};

/// Every byte of a tooth.
const BYTES: usize = 256;

/// A figure for each state of the candidate's tooth.
type ByState = [f64; STATES];

/// The tables of a query.
pub(super) struct Readings {
    /// By period, place in [`OFFSETS`] and tooth.
    changes: Box<[[[ByState; TEETH]; OFFSETS.len()]; YEARS.len()]>,
    /// By place in [`OFFSETS`] and tooth.
    sources: [[Source; TEETH]; OFFSETS.len()],
    /// Rows by the candidate's byte, of the teeth that have surfaces.
    surfaces: Vec<[f64; BYTES]>,
    /// The query's teeth that have surfaces, each with its row.
    restored: Vec<(usize, usize)>,
}

/// Where a factor is read.
#[derive(Clone, Copy)]
struct Source {
    /// The candidate's tooth.
    tooth: u8,
    /// The row of surfaces; none: the two teeth have none to compare.
    surfaces: Option<u8>,
}

/// The query, its place in time, and what it is read by.
pub(super) struct Read<'a> {
    pub(super) query_is_post: bool,
    pub(super) states: &'a [u8; TEETH],
    pub(super) codes: &'a [u8; TEETH],
    pub(super) changes: &'a [Changes; YEARS.len()],
    pub(super) population: &'a Population,
}

impl Readings {
    /// The tables of a query.
    pub(super) fn new(read: &Read<'_>, surfaces: &Surfaces) -> Self {
        let mut rows = Vec::new();
        let mut restored = Vec::new();
        for (tooth, code) in read.codes.iter().map(|code| usize::from(*code)).enumerate().filter(|(_, at)| *at < CODES)
        {
            restored.push((tooth, rows.len()));
            rows.push(std::array::from_fn(|other| match read.query_is_post {
                _ if other >= CODES => 1.0,
                true => surfaces.ratio(tooth, other, code),
                false => surfaces.ratio(tooth, code, other),
            }));
        }
        let sources = OFFSETS.map(|offset| std::array::from_fn(|tooth| read.source(tooth, offset, &restored)));
        let mut changes = Box::new([[[[1.0; STATES]; TEETH]; OFFSETS.len()]; YEARS.len()]);
        for (period, by_offset) in changes.iter_mut().enumerate() {
            for (by_tooth, offset) in by_offset.iter_mut().zip(OFFSETS) {
                for (tooth, by_state) in by_tooth.iter_mut().enumerate() {
                    *by_state = std::array::from_fn(|state| read.change(period, (tooth, offset), state));
                }
            }
        }
        Self { changes, sources, surfaces: rows, restored }
    }

    /// The chance of all teeth's changes over the years of a period.
    pub(super) fn changes(&self, period: usize, states: &[u8; TEETH]) -> f64 {
        let [own, ..] = &self.changes[period];
        own.iter().zip(states).map(|(by_state, state)| by_state[usize::from(*state)]).product()
    }

    /// The ratio of all teeth's surfaces.
    pub(super) fn surfaces(&self, codes: &[u8; TEETH]) -> f64 {
        self.restored.iter().map(|(tooth, row)| self.surfaces[*row][usize::from(codes[*tooth])]).product()
    }

    /// The factors of a quadrant's teeth, for each number that they may be read with.
    pub(super) fn factors(
        &self,
        (period, quadrant): (usize, usize),
        states: &[u8; TEETH],
        codes: &[u8; TEETH],
    ) -> Factors {
        let mut factors = [[1.0; OFFSETS.len()]; QUADRANT];
        for (tooth, factors) in (quadrant * QUADRANT..).zip(&mut factors) {
            if usize::from(states[tooth]) == UNKNOWN {
                continue;
            }
            for (factor, (by_tooth, sources)) in factors.iter_mut().zip(self.changes[period].iter().zip(&self.sources))
            {
                let Source { tooth: from, surfaces } = sources[tooth];
                let from = usize::from(from) % TEETH;
                *factor = by_tooth[tooth][usize::from(states[from])];
                if let Some(surfaces) = surfaces {
                    *factor *= self.surfaces[usize::from(surfaces)][usize::from(codes[from])];
                }
            }
        }
        factors
    }
}

impl Read<'_> {
    fn is_known(&self, tooth: usize) -> bool {
        usize::from(self.states[tooth]) != UNKNOWN
    }

    /// The tooth before that the one after is read as; none: its chart does not tell.
    fn other(&self, tooth: usize, offset: isize) -> Option<usize> {
        neighbour(tooth, offset).filter(|other| self.query_is_post || self.is_known(*other))
    }

    fn source(&self, tooth: usize, offset: isize, restored: &[(usize, usize)]) -> Source {
        let other = self.other(tooth, offset).filter(|_| self.is_known(tooth));
        let (querys, candidates) = match other {
            Some(other) if self.query_is_post => (Some(tooth), other),
            other => (other, tooth),
        };
        // Front teeth have other surfaces than the rest.
        let alike = |querys: &usize| other.is_some_and(|other| group(other) == group(tooth)) && self.is_known(*querys);
        let row = querys.filter(alike).and_then(|querys| restored.iter().find(|(tooth, _)| *tooth == querys));
        Source { tooth: candidates as u8, surfaces: row.map(|(_, row)| *row as u8) }
    }

    /// The chance of a tooth after if it was the one beside it before, by the candidate's state.
    fn change(&self, period: usize, (tooth, offset): (usize, isize), state: usize) -> f64 {
        let query = |tooth: usize| usize::from(self.states[tooth]);
        let changes = &self.changes[period];
        match self.other(tooth, offset) {
            _ if !self.is_known(tooth) => 1.0,
            Some(_) if self.query_is_post && (state != UNKNOWN || offset == 0) => changes[state][query(tooth)],
            Some(other) if !self.query_is_post => changes[query(other)][state],
            _ if self.query_is_post => self.population.overall(tooth, query(tooth)),
            _ if state == UNKNOWN => 1.0,
            _ => self.population.overall(tooth, state),
        }
    }
}
