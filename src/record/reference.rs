//! The name of a record: `source/id`.

use std::fmt;

use smol_str::{SmolStr, format_smolstr};
use thiserror::Error;

/// The longest source, in characters.
const SOURCE_MAX: usize = 64;
/// The longest identifier, in characters.
const ID_MAX: usize = 128;

/// Which record of which case system: `source/id`. Ordered as text, source first.
///
/// Most are so short that they lie where the reference lies.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference(SmolStr);

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
        Self::check(source, id)?;
        Ok(Self(format_smolstr!("{source}/{id}")))
    }

    fn check(source: &str, id: &str) -> Result<(), InvalidReference> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if source.is_empty() || source.len() > SOURCE_MAX || !source.chars().all(plain) {
            return Err(InvalidReference::Source);
        }
        if id.is_empty() || id.len() > ID_MAX || !id.chars().all(|c| plain(c) || c == ':') {
            return Err(InvalidReference::Id);
        }
        Ok(())
    }

    /// A reference from `source/id`.
    pub fn parse(text: &str) -> Result<Self, InvalidReference> {
        let (source, id) = text.split_once('/').ok_or(InvalidReference::Slash)?;
        Self::check(source, id)?;
        Ok(Self(text.into()))
    }

    /// The case system.
    pub fn source(&self) -> &str {
        self.parts().0
    }

    /// The identifier in that system.
    pub fn id(&self) -> &str {
        self.parts().1
    }

    /// A source has no slash: the first one divides.
    fn parts(&self) -> (&str, &str) {
        self.0.split_once('/').unwrap_or_default()
    }

    /// `source/id`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl serde::Serialize for Reference {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for Reference {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = SmolStr::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}
