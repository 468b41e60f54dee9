//! The tables that writes change, in one transaction, and what becomes of each write.

use redb::ReadableTable;

use super::{Applied, DELETED, RECORDS, Stored, Write, exclusions};
use crate::exclusion::Exclusion;
use crate::record::Reference;

/// The tables that writes change.
pub(super) struct Tables<'t> {
    records: redb::Table<'t, &'static str, &'static [u8]>,
    deleted: redb::Table<'t, &'static str, u64>,
    exclusions: exclusions::Tables<'t>,
}

impl<'t> Tables<'t> {
    pub(super) fn open(transaction: &'t redb::WriteTransaction) -> Result<Self, redb::Error> {
        Ok(Self {
            records: transaction.open_table(RECORDS)?,
            deleted: transaction.open_table(DELETED)?,
            exclusions: exclusions::Tables::open(transaction)?,
        })
    }

    /// What became of a write, and the records that derived files and the log of events must look at again.
    pub(super) fn apply(&mut self, write: &Write) -> Result<(Applied, Vec<Reference>), redb::Error> {
        // Whatever was decided on a pair, the candidates of both are others now.
        let of_pair = |exclusion: Exclusion| vec![exclusion.decision.a, exclusion.decision.b];
        let (outcome, changed) = match write {
            Write::Put { reference, json, if_version } => {
                (self.put(reference, json, *if_version)?, vec![reference.clone()])
            }
            Write::Delete { reference, if_version } => (self.delete(reference, *if_version)?, vec![reference.clone()]),
            Write::Exclude { exclusion, key } => {
                let outcome = self.exclusions.add(&self.records, exclusion, key.as_deref())?;
                (outcome, of_pair(Exclusion::clone(exclusion)))
            }
            Write::Withdraw { id } => match self.exclusions.remove(*id)? {
                Some(exclusion) => (Applied::Deleted, of_pair(exclusion)),
                None => (Applied::Absent, Vec::new()),
            },
        };
        let changed = if outcome.is_change() { changed } else { Vec::new() };
        Ok((outcome, changed))
    }

    fn put(&mut self, reference: &Reference, json: &str, expected: Option<u64>) -> Result<Applied, redb::Error> {
        let key = reference.as_str();
        let stored = self.records.get(key)?.and_then(|value| unpack(value.value()));
        let current = stored.as_ref().map_or(0, |stored| stored.version);
        let outcome = match stored {
            _ if expected.is_some_and(|expected| expected != current) => return Ok(Applied::Conflict(current)),
            Some(stored) if stored.json == json => return Ok(Applied::Unchanged(current)),
            Some(_) => Applied::Replaced(current + 1),
            None => Applied::Inserted(self.deleted.remove(key)?.map_or(0, |version| version.value()) + 1),
        };
        if let Applied::Replaced(version) | Applied::Inserted(version) = outcome {
            self.records.insert(key, pack(version, json).as_slice())?;
        }
        self.exclusions.follow(key, Some(json))?;
        Ok(outcome)
    }

    fn delete(&mut self, reference: &Reference, expected: Option<u64>) -> Result<Applied, redb::Error> {
        let key = reference.as_str();
        let stored = self.records.get(key)?.and_then(|value| unpack(value.value()));
        let current = stored.as_ref().map_or(0, |stored| stored.version);
        if expected.is_some_and(|expected| expected != current) {
            return Ok(Applied::Conflict(current));
        }
        let Some(stored) = stored else { return Ok(Applied::Absent) };
        self.records.remove(key)?;
        self.deleted.insert(key, stored.version)?;
        self.exclusions.follow(key, None)?;
        Ok(Applied::Deleted)
    }
}

impl Applied {
    /// Whether anything was written.
    const fn is_change(&self) -> bool {
        matches!(self, Self::Inserted(_) | Self::Replaced(_) | Self::Deleted | Self::Excluded(_))
    }
}

/// A number by its name; 0: it is not there.
pub(super) fn number(meta: &impl ReadableTable<&'static str, u64>, name: &str) -> Result<u64, redb::Error> {
    Ok(meta.get(name)?.map_or(0, |number| number.value()))
}

fn pack(version: u64, json: &str) -> Vec<u8> {
    [&version.to_le_bytes(), json.as_bytes()].concat()
}

/// A stored record from its bytes.
pub(super) fn unpack(value: &[u8]) -> Option<Stored> {
    let (version, json) = value.split_first_chunk::<8>()?;
    Some(Stored { version: u64::from_le_bytes(*version), json: std::str::from_utf8(json).ok()?.to_owned() })
}
