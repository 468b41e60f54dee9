//! What a tooth of the candidate says of a tooth of the query, read as the same tooth or as a neighbour: a table a query.
//!
//! The factor of a tooth is its change over the years between, by the candidate's state, over its chance in the
//! population, times the ratio of its surfaces, by the candidate's code. A tooth of the later chart whose neighbour is not
//! there, or was not charted before, is one of anybody's, and of a tooth that only one chart has nothing is said: 1.

use super::classes::Population;
use super::history::{Changes, Surfaces, YEARS, group};
use super::numbering::{Factors, OFFSETS, QUADRANTS};
use super::{Abreast, CODES, PAIRS, STATES, TEETH, UNKNOWN, abreast, from_abreast, neighbour};

/// Every byte of a tooth.
const BYTES: usize = 256;

/// A figure for each state of the candidate's tooth, and room.
type ByState = [f32; 8];

/// The tables of a query.
pub(super) struct Readings {
    query_is_post: bool,
    /// By period, place in [`OFFSETS`] and tooth abreast.
    changes: Box<[[[ByState; TEETH]; OFFSETS.len()]; YEARS.len()]>,
    /// By period, two teeth abreast and the states of both: what they are as themselves.
    own: Box<[[[f64; STATES * STATES]; PAIRS]; YEARS.len()]>,
    /// Rows by the candidate's byte, of the teeth that have surfaces.
    surfaces: Vec<[f32; BYTES]>,
    /// The query's teeth that have surfaces, each with its row.
    restored: Vec<(usize, usize)>,
    /// Every two teeth whose surfaces can be compared.
    compared: Vec<Surface>,
}

/// Two teeth that have surfaces.
struct Surface {
    /// The place in [`OFFSETS`] and the tooth after, abreast.
    offset: usize,
    place: usize,
    /// The candidate's tooth, and the row of the query's.
    from: usize,
    row: usize,
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
                true => surfaces.ratio(tooth, other, code) as f32,
                false => surfaces.ratio(tooth, code, other) as f32,
            }));
        }
        let mut compared = Vec::new();
        for (offset, by) in OFFSETS.into_iter().enumerate() {
            for tooth in 0..TEETH {
                let place = abreast(tooth);
                compared.extend(read.source(tooth, by, &restored).map(|(from, row)| Surface {
                    offset,
                    place,
                    from,
                    row,
                }));
            }
        }
        let mut changes = Box::new([[[[1.0; 8]; TEETH]; OFFSETS.len()]; YEARS.len()]);
        let mut own = Box::new([[[1.0; STATES * STATES]; PAIRS]; YEARS.len()]);
        for (period, (by_offset, own)) in changes.iter_mut().zip(own.iter_mut()).enumerate() {
            for (by_tooth, offset) in by_offset.iter_mut().zip(OFFSETS) {
                for (tooth, by_state) in by_tooth.iter_mut().enumerate().map(|(place, by)| (from_abreast(place), by)) {
                    let change = |state: usize| read.change(period, (tooth, offset), state) as f32;
                    by_state[..STATES].iter_mut().zip(0..).for_each(|(figure, state)| *figure = change(state));
                }
            }
            let change = |place: usize, state: usize| read.change(period, (from_abreast(place), 0), state);
            for (pair, by_states) in own.iter_mut().enumerate() {
                let of = |states: usize| change(2 * pair, states / STATES) * change(2 * pair + 1, states % STATES);
                *by_states = std::array::from_fn(of);
            }
        }
        Self { query_is_post: read.query_is_post, changes, own, surfaces: rows, restored, compared }
    }

    /// How much likelier all teeth's changes over the years of a period are, by the states of every two.
    #[inline(always)]
    pub(super) fn changes(&self, period: usize, pairs: &[u8; PAIRS]) -> f64 {
        let mut halves = [1.0; 2];
        for (at, (by_states, states)) in self.own[period].iter().zip(pairs).enumerate() {
            halves[at % 2] *= by_states[usize::from(*states)];
        }
        halves[0] * halves[1]
    }

    /// The ratio of all teeth's surfaces.
    #[inline(always)]
    pub(super) fn surfaces(&self, codes: &[u8; TEETH]) -> f64 {
        let surfaces = self.restored.iter().map(|(tooth, row)| self.surfaces[*row][usize::from(codes[*tooth])]);
        surfaces.map(f64::from).product()
    }

    /// The factors of all teeth, for each number that they may be read with.
    #[inline(always)]
    pub(super) fn factors(&self, period: usize, states: &Abreast, codes: &[u8; TEETH]) -> Factors {
        let mut factors = [[1.0; TEETH]; OFFSETS.len()];
        let sources = self.sources(states);
        for (factors, (by_tooth, sources)) in factors.iter_mut().zip(self.changes[period].iter().zip(&sources)) {
            for (factor, (by_state, state)) in factors.iter_mut().zip(by_tooth.iter().zip(sources)) {
                *factor = by_state[usize::from(*state) % by_state.len()];
            }
        }
        for &Surface { offset, place, from, row } in &self.compared {
            if usize::from(states[place]) != UNKNOWN {
                factors[offset][place] *= self.surfaces[row][usize::from(codes[from])];
            }
        }
        factors
    }

    /// The candidate's states that the teeth's changes are read by, for each of [`OFFSETS`]: of a candidate that is the
    /// earlier state those of the neighbours, where the tooth itself is known.
    #[inline(always)]
    fn sources(&self, states: &Abreast) -> [Abreast; OFFSETS.len()] {
        let mut sources = [*states; OFFSETS.len()];
        if self.query_is_post {
            let unknown = states.map(|state| if state == UNKNOWN as u8 { state } else { 0 });
            let [_, after, before] = &mut sources;
            after[..TEETH - QUADRANTS].copy_from_slice(&states[QUADRANTS..]);
            before[QUADRANTS..].copy_from_slice(&states[..TEETH - QUADRANTS]);
            for at in 0..TEETH {
                after[at] = after[at].max(unknown[at]);
                before[at] = before[at].max(unknown[at]);
            }
        }
        sources
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

    /// The candidate's tooth whose surfaces can be compared with those of the query's that a tooth after is read as, and
    /// their row; none: there are none to compare.
    fn source(&self, tooth: usize, offset: isize, restored: &[(usize, usize)]) -> Option<(usize, usize)> {
        // Front teeth have other surfaces than the rest.
        let other = self.other(tooth, offset).filter(|other| group(*other) == group(tooth))?;
        let (querys, candidates) = if self.query_is_post { (tooth, other) } else { (other, tooth) };
        let (_, row) = restored.iter().find(|(restored, _)| self.is_known(tooth) && *restored == querys)?;
        Some((candidates, *row))
    }

    /// How much likelier a tooth after is, by the candidate's state, if it was the one beside it before, than anybody's.
    fn change(&self, period: usize, (tooth, offset): (usize, isize), state: usize) -> f64 {
        let query = |tooth: usize| usize::from(self.states[tooth]);
        let changes = &self.changes[period];
        match self.other(tooth, offset).filter(|_| self.is_known(tooth) && state != UNKNOWN) {
            Some(_) if self.query_is_post => {
                changes[state][query(tooth)] / self.population.overall(tooth, query(tooth))
            }
            Some(other) => changes[query(other)][state] / self.population.overall(tooth, state),
            None => 1.0,
        }
    }
}
