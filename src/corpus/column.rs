//! One attribute over all rows: a dictionary a side, a code a row, and the attribute's counts.
//!
//! [`Columns`] is the immutable part that snapshots share; [`ColumnsWriter`] the part that changes. Both exist as a
//! trait object an attribute ([`AnyColumns`], [`AnyColumnsWriter`]), so that everything else treats all alike.

use std::any::Any;
use std::sync::{Arc, OnceLock};

use bincode::error::{DecodeError, EncodeError};
use rayon::prelude::*;

use super::blocks::Blocks;
use super::codes::{CodeBlock, Codes};
use super::dictionary::{Coder, Dictionary, UNKNOWN, VALUES};
use super::encoded::Encoded;
use super::file::{Saved, save_all};
use super::known::Known;
use crate::attribute::{About, Attribute, Evidence, Facing, Scale};
use crate::model::{Bits, Model};
use crate::processor::{AHEAD, Work, wide};
use crate::record::{Kind, Record};

/// One attribute of all records, as of one moment.
pub trait AnyColumns: Send + Sync {
    /// What the attribute is.
    fn about(&self) -> &'static About;

    /// Makes a query ready against the candidates of one side; none: the query does not have the attribute.
    fn weigher<'a>(&'a self, model: &'a Model, query: &'a Encoded, candidates: Kind) -> Option<Box<dyn Weigher + 'a>>;

    /// Whether a record has a value.
    fn read_by(&self, record: &Record) -> bool;

    /// Whether the row of a side has a value.
    fn has(&self, side: Kind, row: usize) -> bool;

    /// The values and codes in bytes, rows in the order given.
    fn save(&self, rows: [&[u32]; 3]) -> Result<Vec<u8>, EncodeError>;
}

/// One query against one side of one attribute.
pub trait Weigher: Send + Sync {
    /// The bits of every code of the side's dictionary; 0 for the unknown one. Weighed in parallel.
    fn table(&self) -> Vec<i32>;

    /// How many rows have each code of the side's dictionary; none has the unknown one.
    fn frequencies(&self) -> &Blocks<u32>;

    /// The codes of one block of rows.
    fn codes(&self, block: usize) -> CodeBlock<'_>;

    /// The code of one row.
    fn code(&self, row: usize) -> u32;

    /// The bits of every row, each weighed by itself: as [`Weigher::table`] and [`Weigher::codes`] say, without either.
    fn weigh_rows(&self, rows: usize) -> Vec<i32>;

    /// The evidence for rows, told in parallel; none: a row has no value, or none that can be compared.
    fn explain(&self, rows: &[usize]) -> Vec<Option<Evidence>>;

    /// The evidence for a record that need not be a row.
    fn explain_record(&self, candidate: &Record) -> Option<Evidence>;
}

/// The value that an attribute reads, whichever other attribute's looks the same.
pub(super) struct Own<A: Attribute>(pub(super) A::Value);
/// A value of some attribute ([`Own`]), if a record has one.
pub(super) type AnyValue = Option<Box<dyn Any + Send + Sync>>;
/// Reads it.
pub(super) type Reader = fn(&Record) -> AnyValue;

/// Changes one attribute's columns.
pub(super) trait AnyColumnsWriter: Send {
    /// How a value is read from a record.
    fn reader(&self) -> Reader;

    /// Gives a row what [`AnyColumnsWriter::reader`] has read.
    fn set(&mut self, side: Kind, row: usize, value: AnyValue);

    /// Takes a row's value away.
    fn clear(&mut self, side: Kind, row: usize);

    /// The columns as they are now.
    fn snapshot(&self) -> Arc<dyn AnyColumns>;

    /// Takes the columns over from [`AnyColumns::save`]'s bytes, of sides that have so many rows.
    fn load(&mut self, saved: Saved<'_>, rows: [usize; 3]) -> Result<(), DecodeError>;
}

struct Side<A: Attribute> {
    dictionary: Dictionary<A::Value>,
    codes: Codes,
    known: Known<A::Known>,
}

impl<A: Attribute> Default for Side<A> {
    fn default() -> Self {
        Self { dictionary: Dictionary::default(), codes: Codes::default(), known: Known::default() }
    }
}

impl<A: Attribute> Clone for Side<A> {
    fn clone(&self) -> Self {
        Self { dictionary: self.dictionary.clone(), codes: self.codes.clone(), known: self.known.clone() }
    }
}

/// The columns of one attribute.
pub(super) struct Columns<A: Attribute> {
    sides: [Side<A>; 3],
    statistics: A::Statistics,
}

impl<A: Attribute> Clone for Columns<A> {
    fn clone(&self) -> Self {
        Self { sides: self.sides.clone(), statistics: self.statistics.clone() }
    }
}

/// The writer of one attribute's columns.
pub(super) struct ColumnsWriter<A: Attribute> {
    columns: Columns<A>,
    coders: [Coder; 3],
}

impl<A: Attribute> Default for ColumnsWriter<A> {
    fn default() -> Self {
        let columns = Columns { sides: Default::default(), statistics: A::Statistics::default() };
        Self { columns, coders: Default::default() }
    }
}

impl<A: Attribute> ColumnsWriter<A> {
    /// Forgets what does not hold any more once a row has got a code, or lost it.
    fn forget(&mut self, side: Kind, code: u32) {
        if size_of::<A::Known>() == 0 {
            return;
        }
        match side {
            Kind::Missing => self.columns.sides.iter_mut().for_each(|side| side.known.forget_all()),
            Kind::Unidentified | Kind::Unclaimed => self.columns.sides[side as usize].known.forget(code),
        }
    }
}

impl<A: Attribute> AnyColumns for Columns<A> {
    fn about(&self) -> &'static About {
        &A::ABOUT
    }

    fn weigher<'a>(&'a self, model: &'a Model, query: &'a Encoded, candidates: Kind) -> Option<Box<dyn Weigher + 'a>> {
        let value = query.value::<A>()?;
        let facing = Facing { query: query.kind(), candidate: candidates };
        let scale = Scale { model, statistics: &self.statistics, facing };
        let side = &self.sides[candidates as usize];
        Some(Box::new(TypedWeigher::<A> { scale, side, value, for_one: OnceLock::new(), for_all: OnceLock::new() }))
    }

    fn read_by(&self, record: &Record) -> bool {
        A::read(record).is_some()
    }

    fn has(&self, side: Kind, row: usize) -> bool {
        self.sides[side as usize].codes.get(row) != UNKNOWN
    }

    fn save(&self, rows: [&[u32]; 3]) -> Result<Vec<u8>, EncodeError> {
        let mut bytes = Vec::new();
        self.sides.iter().zip(rows).try_for_each(|(side, rows)| side.save(rows, &mut bytes))?;
        Ok(bytes)
    }
}

impl<A: Attribute> Side<A> {
    /// For each row the place of its value from 1, then the distinct values.
    fn save(&self, rows: &[u32], bytes: &mut Vec<u8>) -> Result<(), EncodeError> {
        let mut places = vec![0; self.dictionary.values().len()];
        let mut values = Vec::new();
        for (code, value, _) in self.dictionary.in_use() {
            values.push(value);
            places[code as usize] = values.len() as u32;
        }
        save_all(bytes, rows.iter().map(|&row| places[self.codes.get(row as usize) as usize]))?;
        save_all(bytes, values.into_iter())
    }
}

/// Holds the query's value, made ready once for one candidate at a time and once for all.
///
/// One task has a weigher, and asks for these before it shares out its own work: the making for all shares out work itself,
/// and a thread that took up a task which asks for it meanwhile would wait for itself.
struct TypedWeigher<'a, A: Attribute> {
    scale: Scale<'a, A::Statistics>,
    side: &'a Side<A>,
    value: &'a A::Value,
    for_one: OnceLock<A::Prepared<'a>>,
    for_all: OnceLock<A::Prepared<'a>>,
}

impl<'a, A: Attribute> TypedWeigher<'a, A> {
    fn for_one(&self) -> &A::Prepared<'a> {
        self.for_one.get_or_init(|| A::prepare(self.scale, self.value))
    }

    fn for_all(&self) -> &A::Prepared<'a> {
        self.for_all.get_or_init(|| A::prepare_for_all(self.scale, self.value))
    }
}

/// What is known of a block's values.
struct Knowing<'a, 'p, A: Attribute> {
    prepared: &'a A::Prepared<'p>,
    values: &'a [Option<A::Value>],
    known: &'a mut Vec<A::Known>,
}

impl<A: Attribute> Work for Knowing<'_, '_, A> {
    #[inline(always)]
    fn run(self) {
        for value in self.values {
            self.known.push(match value {
                None => A::Known::default(),
                Some(value) => A::know(self.prepared, value),
            });
        }
    }
}

/// The bits of a block's values, of which something may be known.
struct Weighing<'a, 'p, A: Attribute> {
    prepared: &'a A::Prepared<'p>,
    values: &'a [Option<A::Value>],
    known: Option<&'a [A::Known]>,
    bits: &'a mut [i32],
}

impl<A: Attribute> Work for Weighing<'_, '_, A> {
    #[inline(always)]
    fn run(self) {
        // A loop, since the closure of an iterator would not be inlined.
        for (at, (bits, value)) in self.bits.iter_mut().zip(self.values).enumerate() {
            if let Some(Some(soon)) = self.values.get(at + AHEAD) {
                A::fetch(soon);
            }
            *bits = match (value, self.known) {
                (None, _) => Bits::ZERO,
                (Some(value), None) => A::weigh(self.prepared, value),
                (Some(value), Some(known)) => A::weigh_known(self.prepared, value, &known[at]),
            }
            .0;
        }
    }
}

impl<A: Attribute> Weigher for TypedWeigher<'_, A> {
    fn table(&self) -> Vec<i32> {
        let prepared = self.for_all();
        let values = self.side.dictionary.values();
        let mut table = vec![0; values.len()];
        let known = match A::knows(self.scale.facing) {
            true => self.side.known.blocks(self.scale.model.hash(), values.block_count()),
            false => None,
        };
        // A block of values is enough to be worth a task, and little enough to share among threads.
        table.par_chunks_mut(VALUES).enumerate().for_each(|(block, bits)| {
            let values = values.block(block);
            let work_out = || {
                let mut known = Vec::with_capacity(values.len());
                wide(Knowing::<A> { prepared, values, known: &mut known });
                known.into()
            };
            let known = known.map(|known| &**known[block].get_or_init(work_out));
            wide(Weighing::<A> { prepared, values, known, bits });
        });
        table
    }

    fn frequencies(&self) -> &Blocks<u32> {
        self.side.dictionary.frequencies()
    }

    fn codes(&self, block: usize) -> CodeBlock<'_> {
        self.side.codes.block(block)
    }

    fn code(&self, row: usize) -> u32 {
        self.side.codes.get(row)
    }

    fn weigh_rows(&self, rows: usize) -> Vec<i32> {
        let prepared = self.for_one();
        let weigh = |value: &A::Value| A::weigh(prepared, value).0;
        (0..rows).map(|row| self.side.dictionary.value(self.side.codes.get(row)).map_or(0, weigh)).collect()
    }

    fn explain(&self, rows: &[usize]) -> Vec<Option<Evidence>> {
        let prepared = self.for_all.get().unwrap_or_else(|| self.for_one());
        let value = |row: &usize| self.side.dictionary.value(self.side.codes.get(*row));
        rows.par_iter().map(|row| A::explain(prepared, value(row)?)).collect()
    }

    fn explain_record(&self, candidate: &Record) -> Option<Evidence> {
        A::explain(self.for_one(), &A::read(candidate)?)
    }
}

impl<A: Attribute> AnyColumnsWriter for ColumnsWriter<A> {
    fn reader(&self) -> Reader {
        |record| A::read(record).map(|value| Box::new(Own::<A>(value)) as Box<dyn Any + Send + Sync>)
    }

    fn set(&mut self, side: Kind, row: usize, value: AnyValue) {
        let code = match value.and_then(|value| value.downcast::<Own<A>>().ok()) {
            None => UNKNOWN,
            Some(own) => {
                // A copy has just the room it needs, and lies among values, not among what its reader threw away.
                let mut value = own.0.clone();
                A::share(&self.columns.statistics, side, &mut value);
                A::count(&mut self.columns.statistics, side, &value, 1);
                let dictionary = &mut self.columns.sides[side as usize].dictionary;
                let code = self.coders[side as usize].add(dictionary, value, 1);
                self.forget(side, code);
                code
            }
        };
        self.columns.sides[side as usize].codes.set(row, code);
    }

    fn clear(&mut self, side: Kind, row: usize) {
        let columns = &mut self.columns.sides[side as usize];
        let code = columns.codes.get(row);
        if let Some(value) = columns.dictionary.value(code) {
            A::count(&mut self.columns.statistics, side, value, -1);
            self.coders[side as usize].remove(&mut columns.dictionary, code);
            columns.codes.set(row, UNKNOWN);
            self.forget(side, code);
        }
    }

    fn snapshot(&self) -> Arc<dyn AnyColumns> {
        Arc::new(self.columns.clone())
    }

    fn load(&mut self, mut saved: Saved<'_>, rows: [usize; 3]) -> Result<(), DecodeError> {
        *self = Self::default();
        for &kind in Kind::ALL {
            if saved.count()? != rows[kind as usize] {
                return Err(OTHER_ROWS);
            }
            let places = (0..rows[kind as usize]).map(|_| saved.next::<u32>()).collect::<Result<Vec<_>, _>>()?;
            // By place: as many values as there are rows, at the most.
            let mut rows = vec![0_u32; places.len() + 1];
            for &place in &places {
                *rows.get_mut(place as usize).ok_or(NO_SUCH_VALUE)? += 1;
            }
            let columns = &mut self.columns.sides[kind as usize];
            let coder = &mut self.coders[kind as usize];
            let values = saved.count()?;
            coder.reserve(values.min(places.len()), &columns.dictionary);
            let mut codes = vec![UNKNOWN];
            for place in 1..=values {
                let mut value: A::Value = saved.next()?;
                let rows = rows.get(place).copied().filter(|rows| *rows > 0).ok_or(NO_ROW)?;
                if !A::is_sound(&value) {
                    return Err(UNSOUND);
                }
                A::share(&self.columns.statistics, kind, &mut value);
                A::count(&mut self.columns.statistics, kind, &value, i64::from(rows));
                codes.push(coder.add(&mut columns.dictionary, value, rows));
            }
            let code = |place: &u32| codes.get(*place as usize).copied().ok_or(NO_SUCH_VALUE);
            columns.codes = places.iter().map(code).collect::<Result<_, _>>()?;
        }
        saved.end()
    }
}

const OTHER_ROWS: DecodeError = DecodeError::Other("the column has not as many rows as its side");
const UNSOUND: DecodeError = DecodeError::Other("a value is none that a record can have");
const NO_SUCH_VALUE: DecodeError = DecodeError::Other("a row has a value that is not there");
const NO_ROW: DecodeError = DecodeError::Other("a value is no row's");
