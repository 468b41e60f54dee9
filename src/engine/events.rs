//! The log of events and the webhooks, as the engine is asked for them.

use uuid::Uuid;

use super::{Engine, EngineError};
use crate::event::Webhook;
use crate::model::Bits;
use crate::store::{EventLog, EventsPage, Registered};

/// What is followed, and how long it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventOptions {
    /// Pairs are followed from so many bits on: nobody is told of a pair below.
    pub least: Bits,
    /// Events that are kept.
    pub kept: u64,
}

/// What is told without being asked.
#[derive(Clone, Copy)]
pub struct Events<'a> {
    log: &'a EventLog,
    options: EventOptions,
}

impl Engine {
    /// What is told without being asked; none: this engine tells nothing.
    pub fn events(&self) -> Option<Events<'_>> {
        let (log, options) = self.shared.events.as_ref()?;
        Some(Events { log, options: *options })
    }
}

impl Events<'_> {
    /// Pairs below are not followed.
    pub const fn least(&self) -> Bits {
        self.options.least
    }

    /// Names this log: the same numbers of another log are other events.
    pub const fn log(&self) -> u32 {
        self.log.name()
    }

    /// Rings when there may be something new, of events or webhooks.
    pub fn changes(&self) -> tokio::sync::watch::Receiver<u64> {
        self.log.changes()
    }

    /// The events after one, at most `most`.
    pub fn page(&self, after: u64, most: usize) -> Result<EventsPage, EngineError> {
        Ok(self.log.page(after, most)?)
    }

    /// The number of the last event.
    pub fn last(&self) -> Result<u64, EngineError> {
        Ok(self.log.last()?)
    }

    /// What would become of a registration now.
    pub fn may_register(&self, webhook: &Webhook) -> Result<Registered, EngineError> {
        Ok(self.log.may_register(webhook)?)
    }

    /// Registers a webhook, which is told what comes from now on.
    pub fn register(&self, webhook: &Webhook) -> Result<Registered, EngineError> {
        Ok(self.log.register(webhook)?)
    }

    /// Removes a webhook. True if there was one.
    pub fn unregister(&self, id: Uuid) -> Result<bool, EngineError> {
        Ok(self.log.unregister(id)?)
    }

    /// A webhook, and the last event it was told.
    pub fn webhook(&self, id: Uuid) -> Result<Option<(Webhook, u64)>, EngineError> {
        Ok(self.log.webhook(id)?)
    }

    /// Every webhook, each with the last event it was told.
    pub fn webhooks(&self) -> Result<Vec<(Webhook, u64)>, EngineError> {
        Ok(self.log.webhooks()?)
    }

    /// Notes durably that a webhook was told everything up to an event.
    pub fn told(&self, id: Uuid, upto: u64) -> Result<(), EngineError> {
        Ok(self.log.told(id, upto)?)
    }
}
