//! Posting events to webhooks: each has a task of its own, which reads the log from where the webhook was told last.
//!
//! At least once and in order: an event is posted again and again, with growing pauses, until it is taken, and only then
//! is the webhook's place moved on, durably. What is not kept any more meanwhile is told as a `gap`. A slow receiver keeps
//! nobody but itself waiting. A webhook whose key was revoked, has expired or may not ask for matches any more is told
//! nothing.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use rustc_hash::FxHashSet;
use tokio::sync::watch;
use uuid::Uuid;

use super::audit::Call;
use super::events::{self, Cursor, Message};
use super::post::Outcome;
use super::problem::Problem;
use super::{App, guard};
use crate::engine::Engine;
use crate::event::Webhook;

/// The longest pause before a post is tried again.
const PAUSE_MAX: Duration = Duration::from_secs(600);

/// Posts events for as long as it is polled, once there is an engine.
pub(super) async fn run(app: Arc<App>) -> Infallible {
    let engine = app.provided().await;
    let Some(mut changes) = engine.events().map(|events| events.changes()) else { return std::future::pending().await };
    let (mut known, mut tasks) = (FxHashSet::default(), FuturesUnordered::new());
    loop {
        changes.borrow_and_update();
        match registered(&engine).await {
            Ok(webhooks) => {
                let new = webhooks.into_iter().filter(|id| known.insert(*id)).collect::<Vec<Uuid>>();
                tasks.extend(new.into_iter().map(|id| Delivery::new(&app, &engine, id).run()));
            }
            Err(error) => tracing::error!(%error, "the webhooks cannot be read"),
        }
        tokio::select! {
            _ = changes.changed() => {}
            Some(ended) = tasks.next() => drop(known.remove(&ended)),
        }
    }
}

async fn registered(engine: &Arc<Engine>) -> Result<Vec<Uuid>, Problem> {
    let reader = Arc::clone(engine);
    let webhooks = web::block(move || events::of(&reader)?.webhooks().map_err(Problem::from));
    let webhooks = webhooks.await.map_err(|_| Problem::Internal)??;
    Ok(webhooks.into_iter().map(|(webhook, _)| webhook.id).collect())
}

/// What is done for one webhook.
struct Delivery {
    app: Arc<App>,
    engine: Arc<Engine>,
    id: Uuid,
    /// Posts that failed since one was taken.
    failures: u32,
    /// The last event that the trail knows to be told here: a repetition is no other look.
    traced: u64,
}

impl Delivery {
    fn new(app: &Arc<App>, engine: &Arc<Engine>, id: Uuid) -> Self {
        Self { app: Arc::clone(app), engine: Arc::clone(engine), id, failures: 0, traced: 0 }
    }

    /// Tells until the webhook is removed; returns its number.
    async fn run(mut self) -> Uuid {
        let engine = Arc::clone(&self.engine);
        let Some(mut changes) = engine.events().map(|events| events.changes()) else { return self.id };
        self.app.metrics.subscribers("webhook", 1);
        loop {
            changes.borrow_and_update();
            match self.tell().await {
                Ok(Told::Removed) => break,
                Ok(Told::Everything) => self.rest(&mut changes, None).await,
                Ok(Told::More) => {}
                Ok(Told::Failed) => self.rest(&mut changes, Some(self.pause())).await,
                Err(error) => {
                    tracing::error!(%error, webhook = %self.id, "the events cannot be read");
                    self.rest(&mut changes, Some(PAUSE_MAX / 100)).await;
                }
            }
        }
        self.app.metrics.subscribers("webhook", -1);
        self.id
    }

    /// Waits for something new, or, where something is to be tried again, for so long.
    async fn rest(&self, changes: &mut watch::Receiver<u64>, pause: Option<Duration>) {
        match pause {
            Some(pause) => tokio::time::sleep(pause).await,
            // The sender lives as long as the engine.
            None => _ = changes.changed().await,
        }
    }

    /// Doubles with each failure; so that many who wait for one receiver do not come together, by chance up to half longer.
    fn pause(&self) -> Duration {
        let doubled =
            self.app.limits.telling.webhook_retry.saturating_mul(1 << self.failures.min(20).saturating_sub(1));
        let mut chance = [0];
        let _ = getrandom::fill(&mut chance);
        doubled.min(PAUSE_MAX).mul_f64(1.0 + f64::from(chance[0]) / 512.0)
    }

    /// The webhook and the last event it was told, if it may be told more now; otherwise, how telling it ends.
    async fn standing(&self) -> Result<Result<(Webhook, u64), Told>, Problem> {
        let (reader, id) = (Arc::clone(&self.engine), self.id);
        let found = web::block(move || events::of(&reader)?.webhook(id).map_err(Problem::from));
        let found = found.await.map_err(|_| Problem::Internal)??;
        let Some((webhook, told)) = found else { return Ok(Err(Told::Removed)) };
        let stands = !self.app.is_stopping() && guard::stands(&self.app, &webhook.owner);
        Ok(if stands { Ok((webhook, told)) } else { Err(Told::Everything) })
    }

    /// Tells one page of events, or as far as they are taken.
    async fn tell(&mut self) -> Result<Told, Problem> {
        let (webhook, told) = match self.standing().await? {
            Ok(found) => found,
            Err(ends) => return Ok(ends),
        };
        let mut cursor = Cursor::behind(told, webhook.least);
        let (messages, more) = cursor.next(&self.engine).await?;
        let mut upto = told;
        for message in messages {
            // A post may take long: what became of the webhook and its key meanwhile counts for the next.
            if let Err(ends) = self.standing().await? {
                return Ok(ends);
            }
            if !self.post(&webhook, &message).await {
                return Ok(Told::Failed);
            }
            upto = message.sequence;
            self.note(upto).await?;
        }
        // Those that were not for this webhook, too.
        if cursor.at > upto {
            self.note(cursor.at).await?;
        }
        Ok(if more { Told::More } else { Told::Everything })
    }

    async fn note(&self, upto: u64) -> Result<(), Problem> {
        let (engine, id) = (Arc::clone(&self.engine), self.id);
        let noted = web::block(move || events::of(&engine)?.told(id, upto).map_err(Problem::from));
        noted.await.map_err(|_| Problem::Internal)?
    }

    /// Posts one event. True if it was taken.
    async fn post(&mut self, webhook: &Webhook, message: &Message) -> bool {
        if self.traced < message.sequence {
            let call = Call {
                app: Arc::clone(&self.app),
                who: webhook.owner.clone(),
                from: None,
                request_id: message.id.clone(),
            };
            call.tell(message.note_of_post(), 200).await;
            self.traced = message.sequence;
        }
        let to = (webhook.url.as_str(), webhook.secret.as_str());
        let outcome = self.app.post.send(to, &message.id, message.json.clone()).await;
        self.app.metrics.delivered(outcome.code());
        if let Outcome::Taken(_) = outcome {
            self.failures = 0;
            self.app.metrics.told("webhook", 1);
            return true;
        }
        self.failures = self.failures.saturating_add(1);
        let (webhook, event, outcome) = (webhook.id, message.id.as_str(), outcome.code());
        tracing::warn!(%webhook, event, outcome, failures = self.failures, "an event was not taken; it is posted again");
        false
    }
}

/// How far a webhook was told.
enum Told {
    /// It is not there any more.
    Removed,
    /// There is nothing more for now.
    Everything,
    /// There may be more.
    More,
    /// A post was not taken.
    Failed,
}
