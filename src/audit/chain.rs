//! The chain of hashes: how a line is made, and how a file is checked.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::{Entry, TrailError};

/// The hash before the first line.
const BEGINNING: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// Characters of `,"hash":"..."}` at the end of a line.
const SEAL: usize = 9 + 64 + 2;

/// The end of a chain: how many lines there are, and the hash of the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) sequence: u64,
    pub(super) hash: String,
}

impl Default for Head {
    fn default() -> Self {
        Self { sequence: 0, hash: BEGINNING.to_owned() }
    }
}

#[derive(Serialize)]
struct Unsealed<'a> {
    sequence: u64,
    previous: &'a str,
    #[serde(flatten)]
    entry: &'a Entry,
}

/// What a line says of its place.
#[derive(Deserialize)]
struct Place {
    sequence: u64,
    previous: String,
}

impl Head {
    /// Adds a line behind the head, newline included.
    pub(super) fn seal(&mut self, entry: &Entry, text: &mut String) {
        let unsealed = Unsealed { sequence: self.sequence + 1, previous: &self.hash, entry };
        // An entry holds strings and numbers: nothing that JSON cannot hold.
        let unsealed = serde_json::to_string(&unsealed).unwrap_or_default();
        let hash = hash(&unsealed);
        text.push_str(unsealed.strip_suffix('}').unwrap_or_default());
        text.push_str(&format!(",\"hash\":\"{hash}\"}}\n"));
        *self = Self { sequence: self.sequence + 1, hash };
    }

    /// Follows a line, without its newline. The reason is told where it does not fit.
    pub(super) fn follow(&mut self, line: &str) -> Result<(), &'static str> {
        let found = Self::of(line)?;
        let place: Place = serde_json::from_str(line).map_err(|_| "the line is not of a trail")?;
        if place.sequence != self.sequence + 1 {
            return Err("a line is missing, or one too many");
        }
        if place.previous != self.hash {
            return Err("the line before is not the one that was there");
        }
        *self = found;
        Ok(())
    }

    /// The head that a line is, if its own hash is right.
    pub(super) fn of(line: &str) -> Result<Self, &'static str> {
        let (unsealed, seal) =
            line.len().checked_sub(SEAL).and_then(|at| line.split_at_checked(at)).ok_or("the line is too short")?;
        let sealed = seal.strip_prefix(",\"hash\":\"").and_then(|seal| seal.strip_suffix("\"}"));
        let hash = hash(&format!("{unsealed}}}"));
        if sealed != Some(hash.as_str()) {
            return Err("the line was changed");
        }
        let place: Place = serde_json::from_str(line).map_err(|_| "the line is not of a trail")?;
        Ok(Self { sequence: place.sequence, hash })
    }
}

fn hash(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A chain that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How many lines it has.
    pub lines: u64,
    /// The hash of the last: kept elsewhere, it shows later whether anything was cut off.
    pub head: String,
    /// Whether the hash that was asked for is one of the chain's.
    pub contains: bool,
}

/// Where a chain breaks.
#[derive(Debug, Error)]
pub enum Broken {
    /// The file cannot be read.
    #[error(transparent)]
    Unreadable(#[from] TrailError),
    /// The first line that does not fit.
    #[error("line {line}: {reason}")]
    Line {
        /// From 1.
        line: u64,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// Walks the chain of a file, and looks for the hash of an earlier head on the way.
pub fn verify(file: &Path, earlier: Option<&str>) -> Result<Verified, Broken> {
    let disk = |error| TrailError::Disk { doing: "read", file: file.to_owned(), error };
    let mut lines = BufReader::new(File::open(file).map_err(disk)?);
    let mut head = Head::default();
    let mut contains = earlier.is_none_or(|earlier| earlier == head.hash);
    let mut line = String::new();
    loop {
        line.clear();
        if lines.read_line(&mut line).map_err(disk)? == 0 {
            return Ok(Verified { lines: head.sequence, head: head.hash, contains });
        }
        let broken = |reason| Broken::Line { line: head.sequence + 1, reason };
        let whole = line.strip_suffix('\n').ok_or_else(|| broken("the line is not whole"))?;
        let mut next = head.clone();
        next.follow(whole).map_err(broken)?;
        head = next;
        contains |= earlier == Some(head.hash.as_str());
    }
}
