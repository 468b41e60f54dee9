//! Decisions of people on pairs, as the engine keeps and applies them.

use jiff::Timestamp;
use rustc_hash::FxHashSet;
use uuid::Uuid;

use super::{Engine, EngineError, Shared};
use crate::exclusion::{Decision, Exclusion, Exclusions};
use crate::matching::WhyNot;
use crate::record::Reference;
use crate::store::{Applied, Asked, ExclusionsRequest, Origin, Store, StoreError, Write};

/// Exclusions read at a time.
const BATCH: usize = 4_096;

/// A decision that is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The exclusion.
    pub exclusion: Exclusion,
    /// An earlier call with the same key has made it.
    pub repeated: bool,
}

impl Engine {
    /// Decides on a pair durably: every match that begins after the answer goes by it. The same `key` again answers
    /// what the first call made.
    pub async fn exclude(
        &self,
        decision: Decision,
        key: Option<String>,
        by: Option<Origin>,
    ) -> Result<Decided, EngineError> {
        let pair = [decision.a.clone(), decision.b.clone()];
        let exclusion = Exclusion { id: Uuid::now_v7(), decision, created: Timestamp::now(), review: false };
        let write = Write::Exclude { exclusion: Box::new(exclusion.clone()), key };
        match self.writer.write(Asked { write, by }, None).await? {
            Applied::Excluded(_) => Ok(Decided { exclusion, repeated: false }),
            // As it stood when the call was written: it may be taken back already.
            Applied::Repeated(exclusion) => Ok(Decided { exclusion: *exclusion, repeated: true }),
            Applied::NoRecord(side) => {
                let [a, b] = pair;
                Err(EngineError::NoSuchRecord(if side == 0 { a } else { b }))
            }
            Applied::KeyTaken => Err(EngineError::KeyReused),
            Applied::TakenBack => Err(EngineError::TakenBack),
            Applied::Contradicts(other) => Err(EngineError::Contradicts(other)),
            // A decision is never answered as another write.
            _ => Err(EngineError::Stopping),
        }
    }

    /// Takes a decision back durably. True if there was one.
    pub async fn withdraw(&self, id: Uuid, by: Option<Origin>) -> Result<bool, EngineError> {
        let write = Write::Withdraw { id };
        Ok(self.writer.write(Asked { write, by }, None).await? == Applied::Deleted)
    }

    /// A decision by its number.
    pub fn exclusion(&self, id: Uuid) -> Result<Option<Exclusion>, EngineError> {
        Ok(self.shared.store.exclusion(id)?)
    }

    /// Decisions, in the order in which they were made.
    pub fn exclusions(&self, request: &ExclusionsRequest) -> Result<Vec<Exclusion>, EngineError> {
        Ok(self.shared.store.exclusions(request)?)
    }
}

/// Every exclusion of the store, by record.
pub(super) fn load(store: &Store) -> Result<Exclusions, StoreError> {
    let mut index = Exclusions::default();
    let mut request = ExclusionsRequest { after: None, record: None, review: None, limit: BATCH };
    loop {
        let page = store.exclusions(&request)?;
        page.iter().for_each(|exclusion| index.add(exclusion));
        match page.last() {
            Some(last) if page.len() == BATCH => request.after = Some(last.id),
            _ => return Ok(index),
        }
    }
}

impl Shared {
    /// The records that are ruled out for a query now.
    pub(super) fn ruled_out(&self, query: Option<&Reference>) -> FxHashSet<Reference> {
        query.map(|query| self.exclusions().ruled_out(query, Timestamp::now())).unwrap_or_default()
    }

    /// What a person decided that keeps `b` from the list of `a`, and every record that is on no list of `a`.
    pub(super) fn decided(
        &self,
        a: Option<&Reference>,
        b: Option<&Reference>,
    ) -> (Option<WhyNot>, FxHashSet<Reference>) {
        let (exclusions, now) = (self.exclusions(), Timestamp::now());
        let mut ruled_out = a.map(|a| exclusions.ruled_out(a, now)).unwrap_or_default();
        let excluded = a
            .zip(b)
            .and_then(|(a, b)| exclusions.between(a, b, now))
            .map(|(id, method)| WhyNot::new("excluded", format!("ruled out by {} (exclusion {id})", method.code())));
        let resolved = [a, b].into_iter().flatten().find_map(|one| Some((one, exclusions.resolved_with(one)?)));
        let resolved = resolved.map(|(one, other)| {
            WhyNot::new("resolved", format!("{one} and {other} are confirmed to be one person: neither is on a list"))
        });
        if let Some(b) = b.filter(|b| exclusions.resolved_with(b).is_some()) {
            ruled_out.insert(b.clone());
        }
        (resolved.or(excluded), ruled_out)
    }
}
