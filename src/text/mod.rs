//! Full-text search: the only room that knows tantivy.
//!
//! The index holds the words, the reference and what is filtered by; the texts themselves stay with the
//! records, which is where passages to show are cut from. It is derived: a directory that cannot be used is
//! deleted and filled anew, and nothing but search reads it (matching sees writes before a commit is here).
//!
//! - `words`: how a text comes apart.
//! - `query`: what people write, to clauses.
//! - `index`: the directory, one writer, commits.
//! - `search`: clauses to hits, pages and passages.

mod index;
mod query;
mod search;
#[cfg(test)]
mod tests;
mod words;

use thiserror::Error;

use crate::record::{DateInterval, Event, Feature, Kind, Name, Place, Record, Reference, Sex};

pub use index::TextIndex;

/// What is searched for.
#[derive(Clone, Debug, Default)]
pub struct SearchRequest {
    /// The words.
    pub query: String,
    /// Only this side.
    pub kind: Option<Kind>,
    /// Only this sex.
    pub sex: Option<Sex>,
    /// Only this region, as it is written in the records, in either case.
    pub region: Option<String>,
    /// Only events that may have been on or after the first day of this date.
    pub from: Option<DateInterval>,
    /// Only events that may have been on or before the last day of this date.
    pub to: Option<DateInterval>,
    /// At most so many hits.
    pub limit: usize,
    /// Where the page begins, from an earlier answer.
    pub page_token: Option<String>,
}

/// One page of hits, best first.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchPage {
    /// The hits.
    pub hits: Vec<Hit>,
    /// How many records there are in all.
    pub total: u64,
    /// Asks for the next page; none: this is the last.
    pub next_page_token: Option<String>,
}

/// One record found.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// Which record.
    pub record: Reference,
    /// Its side.
    pub kind: Kind,
    /// BM25.
    pub score: f32,
    /// Where the words were found: the field, and a passage in HTML with the words in `<b>`.
    pub highlights: Vec<(&'static str, String)>,
}

/// Why a search cannot be done.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SearchError {
    /// The query cannot be read.
    #[error("{0}")]
    Query(String),
    /// The page token is not one of ours.
    #[error("the page token is not one that an earlier answer gave")]
    PageToken,
    /// The index failed.
    #[error("the text index failed: {0}")]
    Index(String),
}

/// Why the index cannot be opened or written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TextError {
    /// Another process has the directory.
    #[error("another process uses the text index in {0}")]
    Locked(String),
    /// The disk or the library refused. What was staged since the last commit is forgotten.
    #[error("the text index cannot {doing}: {reason}")]
    Index {
        /// What was under way.
        doing: &'static str,
        /// What was said.
        reason: String,
    },
}

/// A part of a record that is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Narrative,
    Features,
    Belongings,
    Names,
    Places,
}

impl Field {
    /// Every field, in the order of their highlights.
    const ALL: [Self; 5] = [Self::Narrative, Self::Features, Self::Belongings, Self::Names, Self::Places];

    /// The name in queries and in highlights.
    const fn name(self) -> &'static str {
        match self {
            Self::Narrative => "narrative",
            Self::Features => "features",
            Self::Belongings => "belongings",
            Self::Names => "names",
            Self::Places => "places",
        }
    }

    /// The field's texts in a record. A phrase is found within one of them.
    fn texts(self, record: &Record) -> Vec<String> {
        match self {
            Self::Narrative => record.narrative.iter().cloned().collect(),
            Self::Features => record.features.iter().flat_map(feature).collect(),
            Self::Belongings => {
                let things = record.belongings.iter();
                things.flat_map(|thing| [thing.kind.code().to_owned(), thing.description.clone()]).collect()
            }
            Self::Names => record.names.iter().flat_map(name).collect(),
            Self::Places => {
                let events = [&record.last_contact, &record.found].into_iter().flatten();
                events.filter_map(|event: &Event| event.place.as_ref()).flat_map(place).collect()
            }
        }
    }
}

fn feature(feature: &Feature) -> Vec<String> {
    let words = [&feature.code, &feature.site, &feature.description].into_iter().flatten().cloned();
    [feature.kind.code().to_owned()].into_iter().chain(words).collect()
}

/// The parts of a name in the order they are spoken, one text, so that "given family" is a phrase.
fn name(name: &Name) -> Vec<String> {
    let parts: Vec<&str> =
        [&name.given, &name.middle, &name.family, &name.suffix].into_iter().flatten().map(String::as_str).collect();
    [parts.join(" ")].into_iter().chain(name.full.clone()).filter(|text| !text.is_empty()).collect()
}

fn place(place: &Place) -> Vec<String> {
    [&place.locality, &place.county, &place.region, &place.country].into_iter().flatten().cloned().collect()
}
