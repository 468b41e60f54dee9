//! Who is told by post, and up to which event each was told.
//!
//! Here because a registration and how far it was told must survive a restart, and nothing could make them again. The
//! secrets are in the file as they are: posts are signed with them.

use redb::{ReadTransaction, ReadableTable, TableDefinition, WriteTransaction};
use uuid::Uuid;

use super::{EventLog, META, number, read_json, write_json};
use crate::event::Webhook;
use crate::store::StoreError;

/// Number to a [`Webhook`] in JSON.
const WEBHOOKS: TableDefinition<'_, u128, &str> = TableDefinition::new("webhooks");
/// Number to the last event that was told.
const TOLD: TableDefinition<'_, u128, u64> = TableDefinition::new("webhooks_told");

/// Webhooks of one service, and of one of its callers.
const MOST: [usize; 2] = [100, 20];

/// What became of a registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Registered {
    /// It is there now.
    New,
    /// The same call with the same key has made it.
    Again(Webhook),
    /// The key belongs to a call for something else.
    KeyTaken,
    /// The caller has one with this address.
    Known(Uuid),
    /// There are as many as there may be.
    TooMany,
}

pub(super) fn prepare(transaction: &WriteTransaction) -> Result<(), redb::Error> {
    transaction.open_table(WEBHOOKS)?;
    transaction.open_table(TOLD)?;
    Ok(())
}

impl EventLog {
    /// What would become of a registration now.
    pub fn may_register(&self, webhook: &Webhook) -> Result<Registered, StoreError> {
        self.read("read the webhooks", |transaction| becomes(&transaction.open_table(WEBHOOKS)?, webhook))
    }

    /// Registers a webhook. It is told what comes after the last event.
    pub fn register(&self, webhook: &Webhook) -> Result<Registered, StoreError> {
        let registered = self.transact("register a webhook", |transaction| {
            let mut webhooks = transaction.open_table(WEBHOOKS)?;
            let becomes = becomes(&webhooks, webhook)?;
            if becomes != Registered::New {
                return Ok(becomes);
            }
            webhooks.insert(webhook.id.as_u128(), write_json(webhook)?.as_str())?;
            let last = number(&transaction.open_table(META)?, "last")?;
            transaction.open_table(TOLD)?.insert(webhook.id.as_u128(), last)?;
            Ok(Registered::New)
        })?;
        self.ring();
        Ok(registered)
    }

    /// Removes a webhook. True if there was one.
    pub fn unregister(&self, id: Uuid) -> Result<bool, StoreError> {
        let removed = self.transact("remove a webhook", |transaction| {
            transaction.open_table(TOLD)?.remove(id.as_u128())?;
            Ok(transaction.open_table(WEBHOOKS)?.remove(id.as_u128())?.is_some())
        })?;
        self.ring();
        Ok(removed)
    }

    /// A webhook, and the last event it was told.
    pub fn webhook(&self, id: Uuid) -> Result<Option<(Webhook, u64)>, StoreError> {
        self.read("read a webhook", |transaction| {
            let webhooks = transaction.open_table(WEBHOOKS)?;
            let found = webhooks.get(id.as_u128())?;
            found.map(|text| with_told(transaction, text.value())).transpose()
        })
    }

    /// Every webhook, in the order in which they were made, each with the last event it was told.
    pub fn webhooks(&self) -> Result<Vec<(Webhook, u64)>, StoreError> {
        self.read("read the webhooks", |transaction| {
            let webhooks = transaction.open_table(WEBHOOKS)?;
            webhooks.iter()?.map(|item| with_told(transaction, item?.1.value())).collect()
        })
    }

    /// Notes that a webhook was told everything up to an event.
    pub fn told(&self, id: Uuid, upto: u64) -> Result<(), StoreError> {
        self.transact("note what was told", |transaction| {
            let mut told = transaction.open_table(TOLD)?;
            // It may have been removed meanwhile.
            if told.get(id.as_u128())?.is_some() {
                told.insert(id.as_u128(), upto)?;
            }
            Ok(())
        })
    }
}

/// What becomes of a registration beside those that are there.
fn becomes(webhooks: &impl ReadableTable<u128, &'static str>, webhook: &Webhook) -> Result<Registered, redb::Error> {
    let mut known: Vec<Webhook> = webhooks.iter()?.map(|item| read_json(item?.1.value())).collect::<Result<_, _>>()?;
    let all = known.len();
    known.retain(|known| known.owner == webhook.owner);
    if let Some(at) = known.iter().position(|known| known.key.is_some() && known.key == webhook.key) {
        let made = known.swap_remove(at);
        let same = made.url == webhook.url && made.least == webhook.least;
        return Ok(if same { Registered::Again(made) } else { Registered::KeyTaken });
    }
    if let Some(there) = known.iter().find(|known| known.url == webhook.url) {
        return Ok(Registered::Known(there.id));
    }
    let too_many = all >= MOST[0] || known.len() >= MOST[1];
    Ok(if too_many { Registered::TooMany } else { Registered::New })
}

fn with_told(transaction: &ReadTransaction, text: &str) -> Result<(Webhook, u64), redb::Error> {
    let webhook: Webhook = read_json(text)?;
    let told = transaction.open_table(TOLD)?.get(webhook.id.as_u128())?.map_or(0, |told| told.value());
    Ok((webhook, told))
}
