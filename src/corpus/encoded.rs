//! A record as the columns take it, to hold it or to ask with it: every attribute's value, read. Reading is the costly part
//! of an insert, and needs nothing of the collection: whoever brings a record does it, not the one writer.

use std::sync::LazyLock;

use super::column::{AnyValue, Own, Reader};
use super::registry;
use crate::attribute::{Attribute, Left};
use crate::record::{Kind, Record};

/// The readers of all attributes, in the registry's order.
static READERS: LazyLock<Vec<Reader>> = LazyLock::new(|| registry().iter().map(|columns| columns.reader()).collect());

/// What the columns hold of a record.
pub struct Encoded {
    pub(super) kind: Kind,
    pub(super) verified: bool,
    pub(super) left: Left,
    pub(super) values: Vec<AnyValue>,
}

impl Encoded {
    /// Reads every attribute.
    pub fn of(record: &Record) -> Self {
        Self {
            kind: record.kind,
            verified: record.verified,
            left: Left::of(record),
            values: READERS.iter().map(|read| read(record)).collect(),
        }
    }

    /// Which of the three kinds of record it is.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// What is left of the person to examine.
    pub const fn left(&self) -> Left {
        self.left
    }

    /// What an attribute has read; none: the record does not have it.
    pub(super) fn value<A: Attribute>(&self) -> Option<&A::Value> {
        let own = self.values.iter().flatten().find_map(|value| value.downcast_ref::<Own<A>>())?;
        Some(&own.0)
    }
}
