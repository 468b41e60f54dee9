//! The name of a record: `source/id`.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use thiserror::Error;

/// The longest source, in characters.
const SOURCE_MAX: usize = 64;
/// The longest identifier, in characters.
const ID_MAX: usize = 128;

/// Which record of which case system. Ordered as text, source first.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Reference {
    /// `source/id`; a source has no slash, so the first one divides.
    text: Arc<str>,
    source_len: u8,
}

/// Why a text is not a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidReference {
    /// The source is not `[A-Za-z0-9._-]{1,64}`.
    #[error("a source is 1 to 64 of the characters A-Z a-z 0-9 . _ -")]
    Source,
    /// The identifier is not `[A-Za-z0-9._:-]{1,128}`.
    #[error("an id is 1 to 128 of the characters A-Z a-z 0-9 . _ : -")]
    Id,
    /// There is no slash between source and identifier.
    #[error("a reference is `source/id`")]
    Slash,
}

impl Reference {
    /// A reference from its two parts.
    pub fn new(source: &str, id: &str) -> Result<Self, InvalidReference> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if source.is_empty() || source.len() > SOURCE_MAX || !source.chars().all(plain) {
            return Err(InvalidReference::Source);
        }
        if id.is_empty() || id.len() > ID_MAX || !id.chars().all(|c| plain(c) || c == ':') {
            return Err(InvalidReference::Id);
        }
        Ok(Self { text: format!("{source}/{id}").into(), source_len: source.len() as u8 })
    }

    /// A reference from `source/id`.
    pub fn parse(text: &str) -> Result<Self, InvalidReference> {
        let (source, id) = text.split_once('/').ok_or(InvalidReference::Slash)?;
        Self::new(source, id)
    }

    /// The case system.
    pub fn source(&self) -> &str {
        &self.text[..usize::from(self.source_len)]
    }

    /// The identifier in that system.
    pub fn id(&self) -> &str {
        &self.text[usize::from(self.source_len) + 1..]
    }

    /// `source/id`.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl PartialOrd for Reference {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Reference {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl serde::Serialize for Reference {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> serde::Deserialize<'de> for Reference {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}
