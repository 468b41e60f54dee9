//! Other people's formats into records: one file or room a format, each an iteration over its cases.
//!
//! Every format translates into the contract's JSON and lets [`record::json::read`](crate::record::json::read)
//! judge it, so that nothing enters by a side door. A case that cannot become a record is handed on as such,
//! with its number, and does not stop the rest; a value that says nothing is left out and counted in
//! [`Unused`]. Cases are handed over one at a time: no file is ever held as a whole. Where they go is the
//! business of `cli::import`.

pub mod namus;
pub mod native;
mod unused;

use std::io;
use std::ops::ControlFlow;

use thiserror::Error;

use crate::record::json::{Fault, Invalid};
use crate::record::{InvalidReference, Record, Reference};

pub use unused::{Reason, Unused};

/// One case of a file, as far as it became a record.
#[derive(Debug)]
pub struct Case {
    /// Its number in the file, from 1; the line, where a case is a line.
    pub number: u64,
    /// The identifier it bears in the file, if it could be read.
    pub id: Option<String>,
    /// The record, or why there is none.
    pub record: Result<(Reference, Record), Refusal>,
    /// The values that were left out.
    pub unused: Unused,
}

/// Why a case is no record.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum Refusal {
    /// Not JSON, or not a valid record.
    #[error("{0}")]
    Invalid(Invalid),
    /// Nothing in it tells whether the person is missing, unidentified or unclaimed.
    #[error("neither its number nor its fields tell whether the person is missing, unidentified or unclaimed")]
    UnknownKind,
    /// It has no number.
    #[error("the case has no number")]
    NoId,
    /// Its number or source cannot be in a reference.
    #[error("{0}")]
    Reference(InvalidReference),
}

impl Refusal {
    /// The refusal's stable name.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Invalid(Invalid::Json { .. }) => "invalid_json",
            Self::Invalid(Invalid::Faults(_)) => "invalid_record",
            Self::UnknownKind => "unknown_kind",
            Self::NoId => "no_id",
            Self::Reference(_) => "invalid_reference",
        }
    }

    /// Every fault of the record, where that is the reason.
    pub fn faults(&self) -> &[Fault] {
        match self {
            Self::Invalid(Invalid::Faults(faults)) => faults,
            _ => &[],
        }
    }
}

/// Why a file cannot be read to its end. The cases before have been handed over.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The system's word.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The file is not JSON from here on. Never holds the text: it may be a person's.
    #[error("not JSON: {problem} at line {line}, column {column}")]
    Json {
        /// What the parser met.
        problem: &'static str,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
}

/// Takes one case after another; [`ControlFlow::Break`] ends the reading.
pub type Each<'a> = dyn FnMut(Case) -> ControlFlow<()> + 'a;
