//! The tables of exclusions: each in JSON under its number, the numbers of each record, and the keys of calls.
//!
//! A record and its exclusions change in one transaction: an exclusion whose basis has changed is up for review from
//! the very write that changed it. Of a deleted record nothing is kept, not even the hash of what decided: when it
//! comes back, its exclusions are up for review.

use redb::{
    MultimapTable, MultimapTableDefinition, ReadTransaction, ReadableMultimapTable, ReadableTable,
    ReadableTableMetadata, Table, TableDefinition, WriteTransaction,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::backup::copy_table;
use super::tables::unpack;
use super::{Applied, read_json};
use crate::exclusion::Exclusion;
use crate::record::Reference;

/// Number to a [`Kept`] in JSON.
const EXCLUSIONS: TableDefinition<'_, u128, &str> = TableDefinition::new("exclusions");
/// Reference to the numbers of its exclusions.
const NUMBERS: MultimapTableDefinition<'_, &str, u128> = MultimapTableDefinition::new("exclusions_of");
/// Key of a call to the number of what it made, also once that is taken back.
const KEYS: TableDefinition<'_, &str, u128> = TableDefinition::new("exclusion_keys");

/// An exclusion as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    #[serde(flatten)]
    exclusion: Exclusion,
    /// The hash of what decided in each record.
    basis: [Option<String>; 2],
    /// The key of the call that made it.
    key: Option<String>,
}

/// Which exclusions are asked for.
#[derive(Clone, Debug)]
pub struct ExclusionsRequest {
    /// After this one.
    pub after: Option<Uuid>,
    /// Only those of a record.
    pub record: Option<Reference>,
    /// Only those that are, or are not, up for review.
    pub review: Option<bool>,
    /// At most so many.
    pub limit: usize,
}

type Records<'t> = Table<'t, &'static str, &'static [u8]>;

/// The tables in a transaction.
pub(super) struct Tables<'t> {
    exclusions: Table<'t, u128, &'static str>,
    numbers: MultimapTable<'t, &'static str, u128>,
    keys: Table<'t, &'static str, u128>,
}

impl<'t> Tables<'t> {
    pub(super) fn open(transaction: &'t WriteTransaction) -> Result<Self, redb::Error> {
        Ok(Self {
            exclusions: transaction.open_table(EXCLUSIONS)?,
            numbers: transaction.open_multimap_table(NUMBERS)?,
            keys: transaction.open_table(KEYS)?,
        })
    }

    /// Adds an exclusion of two stored records.
    pub(super) fn add(
        &mut self,
        records: &Records<'_>,
        exclusion: &Exclusion,
        key: Option<&str>,
    ) -> Result<Applied, redb::Error> {
        let known = key.map(|key| self.keys.get(key)).transpose()?.flatten().map(|number| number.value());
        if let Some(number) = known {
            // A call that comes late, or again, must not bring back what a person took back.
            let Some(kept) = self.get(number)? else { return Ok(Applied::TakenBack) };
            let same = kept.exclusion.decision == exclusion.decision;
            return Ok(if same { Applied::Repeated(Box::new(kept.exclusion)) } else { Applied::KeyTaken });
        }
        let decision = &exclusion.decision;
        let mut basis = [None, None];
        for (side, reference) in [&decision.a, &decision.b].into_iter().enumerate() {
            let stored = records.get(reference.as_str())?.and_then(|value| unpack(value.value()));
            let Some(stored) = stored else { return Ok(Applied::NoRecord(side)) };
            basis[side] = read_json(&stored.json).map(|record| decision.basis(&record));
        }
        if let Some(other) = self.contradicted(exclusion)? {
            return Ok(Applied::Contradicts(other));
        }
        let number = exclusion.id.as_u128();
        for reference in [&decision.a, &decision.b] {
            self.numbers.insert(reference.as_str(), number)?;
        }
        if let Some(key) = key {
            self.keys.insert(key, number)?;
        }
        let key = key.map(str::to_owned);
        self.keep(&Kept { exclusion: exclusion.clone(), basis, key })?;
        Ok(Applied::Excluded(exclusion.id))
    }

    /// A decision in force on the same pair that says the contrary: one person, or not.
    fn contradicted(&self, exclusion: &Exclusion) -> Result<Option<Uuid>, redb::Error> {
        let decision = &exclusion.decision;
        for number in self.numbers.get(decision.a.as_str())? {
            let Some(kept) = self.get(number?.value())? else { continue };
            let other = &kept.exclusion.decision;
            let same_pair = [&other.a, &other.b].contains(&&decision.b);
            if same_pair && other.resolved != decision.resolved && kept.exclusion.is_in_force(exclusion.created) {
                return Ok(Some(kept.exclusion.id));
            }
        }
        Ok(None)
    }

    /// Removes an exclusion.
    pub(super) fn remove(&mut self, id: Uuid) -> Result<Option<Exclusion>, redb::Error> {
        let number = id.as_u128();
        let Some(Kept { exclusion, .. }) = self.get(number)? else { return Ok(None) };
        self.exclusions.remove(number)?;
        for reference in [&exclusion.decision.a, &exclusion.decision.b] {
            self.numbers.remove(reference.as_str(), number)?;
        }
        Ok(Some(exclusion))
    }

    /// Notes what a record is now; none: it is deleted.
    pub(super) fn follow(&mut self, reference: &str, json: Option<&str>) -> Result<(), redb::Error> {
        let numbers = self.numbers.get(reference)?.map(|number| number.map(|number| number.value()));
        let numbers = numbers.collect::<Result<Vec<u128>, _>>()?;
        if numbers.is_empty() {
            return Ok(());
        }
        let record = json.and_then(read_json);
        for number in numbers {
            let Some(mut kept) = self.get(number)? else { continue };
            let decision = &kept.exclusion.decision;
            let side = usize::from(decision.a.as_str() != reference);
            let basis = record.as_ref().map(|record| decision.basis(record));
            if kept.basis[side] != basis {
                kept.exclusion.review |= json.is_some();
                kept.basis[side] = basis;
                self.keep(&kept)?;
            }
        }
        Ok(())
    }

    fn get(&self, number: u128) -> Result<Option<Kept>, redb::Error> {
        self.exclusions.get(number)?.map(|text| read(text.value())).transpose()
    }

    fn keep(&mut self, kept: &Kept) -> Result<(), redb::Error> {
        let text = serde_json::to_string(kept).map_err(|error| redb::Error::Corrupted(error.to_string()))?;
        self.exclusions.insert(kept.exclusion.id.as_u128(), text.as_str())?;
        Ok(())
    }
}

/// How many exclusions there are; none in a file of the first format.
pub(super) fn count(transaction: &ReadTransaction) -> Result<u64, redb::Error> {
    match transaction.open_table(EXCLUSIONS) {
        Ok(exclusions) => Ok(exclusions.len()?),
        Err(redb::TableError::TableDoesNotExist(_)) => Ok(0),
        Err(error) => Err(error.into()),
    }
}

/// Copies every exclusion.
pub(super) fn copy(from: &ReadTransaction, to: &WriteTransaction) -> Result<(), redb::Error> {
    copy_table(from, to, EXCLUSIONS)?;
    copy_table(from, to, KEYS)?;
    let mut target = to.open_multimap_table(NUMBERS)?;
    for item in from.open_multimap_table(NUMBERS)?.iter()? {
        let (reference, numbers) = item?;
        for number in numbers {
            target.insert(reference.value(), number?.value())?;
        }
    }
    Ok(())
}

/// One exclusion.
pub(super) fn one(transaction: &ReadTransaction, id: Uuid) -> Result<Option<Exclusion>, redb::Error> {
    let found = transaction.open_table(EXCLUSIONS)?.get(id.as_u128())?;
    found.map(|text| read(text.value()).map(|kept| kept.exclusion)).transpose()
}

/// One page of exclusions, in the order in which they were made.
pub(super) fn page(transaction: &ReadTransaction, request: &ExclusionsRequest) -> Result<Vec<Exclusion>, redb::Error> {
    let exclusions = transaction.open_table(EXCLUSIONS)?;
    let first = request.after.map_or(0, |after| after.as_u128().saturating_add(1));
    let mut found = Vec::new();
    let mut take = |text: &str| -> Result<bool, redb::Error> {
        let exclusion = read(text)?.exclusion;
        if request.review.is_none_or(|review| review == exclusion.review) {
            found.push(exclusion);
        }
        Ok(found.len() < request.limit)
    };
    match &request.record {
        None => {
            for item in exclusions.range(first..)? {
                if !take(item?.1.value())? {
                    break;
                }
            }
        }
        Some(reference) => {
            for number in transaction.open_multimap_table(NUMBERS)?.get(reference.as_str())? {
                let number = number?.value();
                let text = if number < first { None } else { exclusions.get(number)? };
                if let Some(text) = text
                    && !take(text.value())?
                {
                    break;
                }
            }
        }
    }
    Ok(found)
}

fn read(text: &str) -> Result<Kept, redb::Error> {
    serde_json::from_str(text).map_err(|error| redb::Error::Corrupted(format!("an exclusion: {error}")))
}
