//! Conditional writes: what must be true of the stored version for a put or a delete to go ahead, and the entity tags that
//! say so.

use std::sync::Arc;

use actix_web::http::header::{self, HeaderMap, HeaderName};

use super::problem::Problem;
use super::{clearance, records};
use crate::access::Caller;
use crate::engine::{Engine, EngineError, Origin, Stored, Written};
use crate::record::{Record, Reference};

/// What must be true of the stored version for a write to go ahead.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// Nothing.
    None,
    /// There is no such record.
    Absent,
    /// It is one of these.
    Matches(Tags),
}

impl Condition {
    /// What the headers of a write ask for.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let some = tags(headers, header::IF_MATCH)?;
        match (some, tags(headers, header::IF_NONE_MATCH)?) {
            (None, None) => Ok(Self::None),
            (Some(tags), None) => Ok(Self::Matches(tags)),
            (None, Some(Tags::Any)) => Ok(Self::Absent),
            (_, Some(_)) => Err(not_here()),
        }
    }

    /// Stores a record, if the condition holds and nothing is dropped that the caller cannot see.
    ///
    /// What was looked at for either is what is replaced: a write that slips in between makes this one fail, or, where
    /// the caller did not name a version, look again.
    pub(super) async fn put(
        &self,
        engine: &Arc<Engine>,
        caller: &Caller,
        (reference, record): (&Reference, &Record),
        by: &Origin,
    ) -> Result<Written, Problem> {
        loop {
            let current = if !caller.clearance || self.looks() {
                let stored = records::stored(engine, reference).await?;
                if let Some(stored) = stored.as_ref().filter(|_| !caller.clearance) {
                    refuse_dropped(stored, record)?;
                }
                Some(stored.map_or(0, |stored| stored.version))
            } else {
                None
            };
            let expected = self.expected(current)?;
            match engine.put(reference.clone(), record.clone(), expected, Some(by.clone())).await {
                Err(EngineError::VersionConflict { .. }) if self.looks_again() => {}
                other => return Ok(other?),
            }
        }
    }

    /// Removes a record, if the condition holds.
    pub(super) async fn delete(&self, engine: &Arc<Engine>, reference: Reference, by: &Origin) -> Result<(), Problem> {
        if *self == Self::Absent {
            return Err(not_here());
        }
        loop {
            let stored = if self.looks() { Some(records::stored(engine, &reference).await?) } else { None };
            let expected = self.expected(stored.map(|stored| stored.map_or(0, |stored| stored.version)))?;
            match engine.delete(reference.clone(), expected, Some(by.clone())).await {
                Err(EngineError::VersionConflict { .. }) if self.looks_again() => {}
                other => return Ok(other.map(|_| ())?),
            }
        }
    }

    /// Whether it may yet hold where another write came between: it names no version.
    fn looks_again(&self) -> bool {
        matches!(self, Self::None | Self::Matches(Tags::Any))
    }

    /// Whether it needs to know the version that is stored.
    fn looks(&self) -> bool {
        matches!(self, Self::Matches(tags) if tags.only().is_none())
    }

    /// The version that must be replaced; none: whichever is stored. `current`: the one stored, if it was looked at.
    fn expected(&self, current: Option<u64>) -> Result<Option<u64>, Problem> {
        let expected = match self {
            Self::None => current,
            Self::Absent => Some(0),
            Self::Matches(tags) => match tags.only() {
                Some(tag) => Some(tag.strong().unwrap_or(u64::MAX)),
                None => Some(current.filter(|&version| version > 0 && tags.hold_strongly(version)).unwrap_or(u64::MAX)),
            },
        };
        match (current, expected) {
            (Some(current), Some(expected)) if current != expected => Err(Problem::VersionConflict { current }),
            _ => Ok(expected),
        }
    }
}

const fn not_here() -> Problem {
    Problem::InvalidHeader { name: "If-None-Match", detail: "is `*`, for a put alone and without If-Match" }
}

/// Refuses a record that would drop what its caller cannot see, because it read the stored one without it.
fn refuse_dropped(stored: &Stored, record: &Record) -> Result<(), Problem> {
    let fields = clearance::dropped(&stored.json, record);
    if fields.is_empty() { Ok(()) } else { Err(Problem::ClearanceRequired { fields }) }
}

/// A version as an entity tag.
pub(super) fn tag(version: u64) -> String {
    format!("\"{version}\"")
}

/// The entity tags of a conditional header.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Tags {
    /// Any version.
    Any,
    /// These.
    These(Vec<Tag>),
}

/// One entity tag: the version in it, if it is one of ours.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tag {
    version: Option<u64>,
    is_weak: bool,
}

impl Tag {
    fn parse(text: &str) -> Option<Self> {
        let (is_weak, text) = text.strip_prefix("W/").map_or((false, text), |rest| (true, rest));
        let inner = text.strip_prefix('"')?.strip_suffix('"')?;
        let version = inner.parse().ok().filter(|version: &u64| *version > 0 && version.to_string() == inner);
        (!inner.contains('"')).then_some(Self { version, is_weak })
    }

    fn strong(&self) -> Option<u64> {
        self.version.filter(|_| !self.is_weak)
    }
}

impl Tags {
    /// The tag, if it is one alone.
    fn only(&self) -> Option<&Tag> {
        match self {
            Self::These(these) if these.len() == 1 => these.first(),
            _ => None,
        }
    }

    /// As `If-Match` compares.
    fn hold_strongly(&self, version: u64) -> bool {
        match self {
            Self::Any => true,
            Self::These(tags) => tags.iter().any(|tag| tag.strong() == Some(version)),
        }
    }

    /// As `If-None-Match` compares.
    pub(super) fn hold_weakly(&self, version: u64) -> bool {
        match self {
            Self::Any => true,
            Self::These(tags) => tags.iter().any(|tag| tag.version == Some(version)),
        }
    }
}

/// The entity tags of a header, if the call has it.
pub(super) fn tags(headers: &HeaderMap, name: HeaderName) -> Result<Option<Tags>, Problem> {
    let named = if name == header::IF_MATCH { "If-Match" } else { "If-None-Match" };
    let refused = || Problem::InvalidHeader { name: named, detail: "must be `*` or versions in double quotes" };
    let mut found = None;
    for value in headers.get_all(name) {
        let text = value.to_str().map_err(|_| refused())?.trim();
        let these = match text {
            "*" => Some(Tags::Any),
            _ => text.split(',').map(|tag| Tag::parse(tag.trim())).collect::<Option<Vec<_>>>().map(Tags::These),
        };
        found = match (found, these) {
            (None, Some(these)) => Some(these),
            (Some(Tags::These(all)), Some(Tags::These(more))) => {
                Some(Tags::These(all.into_iter().chain(more).collect()))
            }
            _ => return Err(refused()),
        };
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn condition(name: HeaderName, value: &'static str) -> Result<Condition, Problem> {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_static(value));
        Condition::of(&headers)
    }

    fn check(value: &'static str, holds: &[u64], does_not: &[u64]) {
        let Ok(Condition::Matches(tags)) = condition(header::IF_MATCH, value) else { panic!("{value}") };
        assert!(holds.iter().all(|version| tags.hold_strongly(*version)), "{value}");
        assert!(!does_not.iter().any(|version| tags.hold_strongly(*version)), "{value}");
    }

    #[test]
    fn if_match_compares_strongly() {
        check("\"3\"", &[3], &[1, 33]);
        check("*", &[1, 2], &[]);
        check("\"1\", \"2\"", &[1, 2], &[3]);
        check("W/\"3\"", &[], &[3]);
        check("\"abc\"", &[], &[1]);
        check("\"03\"", &[], &[3]);
    }

    #[test]
    fn a_header_that_is_no_tag_is_refused() {
        for value in ["", "3", "\"3", "\"3\" \"4\"", "*, \"3\"", "\"\"\""] {
            assert!(condition(header::IF_MATCH, value).is_err(), "{value:?}");
        }
        assert_eq!(condition(header::IF_NONE_MATCH, "*").unwrap(), Condition::Absent);
        assert!(condition(header::IF_NONE_MATCH, "\"3\"").is_err());
    }
}
