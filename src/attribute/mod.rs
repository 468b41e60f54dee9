//! The attributes of a person: what each reads from a record, how two values are weighed, how that is told.
//!
//! One file an attribute, and one line in [`corpus::registry`](crate::corpus). Every attribute answers the
//! same question: how many times likelier is the pair of values if both records are one person than if they
//! are two? The numerator comes from the [`Model`]'s errors; the denominator is the same numerator averaged
//! over the missing persons of the collection, so that the mean ratio over different people is 1 by
//! construction and rare values weigh more. *Ante* is the missing person's value, *post* that of the
//! remains; [`Facing`] says which of the two the query is.

mod about;
mod appearance;
mod belongings;
mod blood_type;
mod build;
mod counts;
mod dental;
mod derived;
mod dna;
mod evidence;
mod features;
mod fingerprints;
mod identifiers;
mod marks;
mod names;
mod place;
mod sex;
mod span;
mod timeline;

use std::hash::Hash;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::model::{Bits, Model};
use crate::record::{BodyRegion, Condition, Kind, Record};

pub use about::About;
pub use appearance::Appearance;
pub use belongings::Belongings;
pub use blood_type::BloodTypes;
pub use build::Build;
pub use counts::Counts;

pub use dental::Dental;
pub use dna::Dna;
pub use evidence::{Detail, Evidence, Part};
pub use features::Features;
pub use fingerprints::Fingerprints;
pub use identifiers::Identifiers;
pub use marks::{Described, Distance};
pub use names::Names;
pub use place::Places;
pub use sex::Sexes;
pub use timeline::Timeline;

/// One attribute.
pub trait Attribute: Send + Sync + 'static {
    /// What can be said of it without any record.
    const ABOUT: About;

    /// What it reads from one record.
    type Value: Clone + Eq + Hash + Serialize + DeserializeOwned + Send + Sync + 'static;

    /// What it counts over all records: integers, so that the order of counting means nothing.
    type Statistics: Clone + Default + Send + Sync;

    /// A query's value, made ready to be weighed against many.
    type Prepared<'a>: Send + Sync;

    /// What follows from a candidate's value, the counts of missing persons and the model alone: the same for every query.
    type Known: Default + Send + Sync;

    /// Reads the value; none: the record does not have it.
    fn read(record: &Record) -> Option<Self::Value>;

    /// Whether a value that lay in a file can have been read from a record: places are in their lists.
    fn is_sound(_: &Self::Value) -> bool {
        true
    }

    /// Lets a value that is about to be counted share what it has in common with values of its side that are.
    fn share(_: &Self::Statistics, _: Kind, _: &mut Self::Value) {}

    /// Counts a value of one side `by` times more, or less.
    fn count(statistics: &mut Self::Statistics, kind: Kind, value: &Self::Value, by: i64);

    /// Makes a query's value ready.
    fn prepare<'a>(scale: Scale<'a, Self::Statistics>, query: &'a Self::Value) -> Self::Prepared<'a>;

    /// Makes a query's value ready to be weighed against every value that was counted, and no other: weighs the same, but
    /// may look at what repeats among the values once, rather than in each.
    fn prepare_for_all<'a>(scale: Scale<'a, Self::Statistics>, query: &'a Self::Value) -> Self::Prepared<'a> {
        Self::prepare(scale, query)
    }

    /// Asks the processor for what a candidate's value points to and is read to weigh it ([`crate::processor::fetch`]).
    fn fetch(_: &Self::Value) {}

    /// Weighs a candidate's value.
    fn weigh(prepared: &Self::Prepared<'_>, candidate: &Self::Value) -> Bits;

    /// Whether queries share what they know of candidates ([`Attribute::know`]).
    fn knows(_: Facing) -> bool {
        false
    }

    /// What is known of a candidate's value.
    fn know(_: &Self::Prepared<'_>, _: &Self::Value) -> Self::Known {
        Self::Known::default()
    }

    /// Weighs a candidate's value of which that is known: the same weighing.
    fn weigh_known(prepared: &Self::Prepared<'_>, candidate: &Self::Value, _: &Self::Known) -> Bits {
        Self::weigh(prepared, candidate)
    }

    /// The same weighing, told: its bits are those of [`Attribute::weigh`]. None: the two have nothing to compare.
    fn explain(prepared: &Self::Prepared<'_>, candidate: &Self::Value) -> Option<Evidence>;
}

/// What a weighing goes by.
pub struct Scale<'a, S> {
    /// The parameters.
    pub model: &'a Model,
    /// The counts over the collection.
    pub statistics: &'a S,
    /// Who faces whom.
    pub facing: Facing,
}

impl<S> Clone for Scale<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Scale<'_, S> {}

/// The side of the query and the side of the candidates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facing {
    /// The query's kind.
    pub query: Kind,
    /// The candidates' kind.
    pub candidate: Kind,
}

impl Facing {
    /// Orders the two values of a pair: the earlier state of the person first.
    ///
    /// The missing person's is the earlier one. Between two records of one kind the query's is.
    pub fn ante_post<'v, V>(self, query: &'v V, candidate: &'v V) -> (&'v V, &'v V) {
        if self.query_is_post() { (candidate, query) } else { (query, candidate) }
    }

    /// Whether the query is the later state of the person.
    pub fn query_is_post(self) -> bool {
        self.candidate == Kind::Missing && self.query != Kind::Missing
    }
}

/// How much of the person there was to examine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, serde::Deserialize)]
pub enum Preservation {
    /// A living person's description, or a body that can be recognized.
    Fleshed,
    /// Decayed, burned, injured or mummified: colours and weight are altered.
    Altered,
    /// A skeleton.
    Skeleton,
    /// Parts of a skeleton.
    Parts,
}

impl Preservation {
    /// Reads it from the condition of the remains; without one the person was seen whole.
    pub fn of(record: &Record) -> Self {
        match record.condition() {
            None | Some(Condition::Recognizable) => Self::Fleshed,
            Some(Condition::Skeleton) => Self::Skeleton,
            Some(Condition::PartialSkeleton) => Self::Parts,
            Some(_) => Self::Altered,
        }
    }
}

/// What is left of a person to examine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Left {
    /// How it is preserved.
    pub preservation: Preservation,
    /// Whether the head is there, with the teeth.
    pub head: bool,
    /// Whether the hands are there, with the fingers.
    pub hands: bool,
}

impl Left {
    /// A whole person.
    pub const WHOLE: Self = Self { preservation: Preservation::Fleshed, head: true, hands: true };

    /// Reads it from what is said of the remains.
    pub fn of(record: &Record) -> Self {
        let gone = |region| record.remains.as_ref().is_some_and(|remains| remains.not_recovered.contains(&region));
        let hands = !gone(BodyRegion::Hands) && !gone(BodyRegion::Limbs);
        Self { preservation: Preservation::of(record), head: !gone(BodyRegion::Head), hands }
    }
}
