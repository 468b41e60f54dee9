//! HTTP: the only room that knows actix, status codes and the JSON of answers. One file a resource.
//!
//! A call goes through `exchange`, which names, measures and logs it, asks `guard` whether it may be made, and gives an
//! error its body; then to its
//! resource, which reads path, query, headers and body **before** it asks for the engine, so that a bad call is told
//! what is wrong with it whatever state the service is in. `problem` is the one place that maps failures to status
//! codes. No handler blocks its worker: the engine's calls are futures, and the quick reads go to the pool for
//! blocking work. So `/livez` answers under any load. A call that may change something is carried out, and told to the
//! trail, also when its client goes away.

mod addresses;
mod answer;
mod attributes;
mod audit;
mod backup;
mod batch;
mod body;
mod clearance;
mod compare;
mod condition;
mod deadline;
mod delivery;
mod docs;
mod events;
mod exchange;
mod exclusions;
mod guard;
mod lines;
mod matches;
mod openapi;
mod parameters;
mod post;
mod probes;
mod problem;
mod records;
mod refused;
mod search;
mod server;
mod shares;
mod tls;
mod webhooks;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{FromRequest, Handler, HttpResponse, Resource, Responder};
use ipnet::IpNet;
use tokio::sync::{Notify, watch};

pub use lines::{Cutter, Line};
pub use openapi::specification;
pub use server::{Listener, Listeners, ServerOptions, block_on, run};
pub use tls::TlsError;

use crate::access::{Caller, Guard};
use crate::audit::Trail;
use crate::engine::Engine;
use crate::matching::CandidateList;
use crate::telemetry::Metrics;
use post::Post;
use problem::Problem;
use refused::Refused;
use shares::Shares;

/// What one call may cost.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The longest body of a record, and line of a batch, in bytes.
    pub record_max_bytes: usize,
    /// Bytes of a batch's answers that wait for a client that is still sending; also of its lines under way.
    pub batch_buffer_bytes: usize,
    /// Matches that one batch may have under way.
    pub batch_matches: usize,
    /// The longest pause between two pieces of a body.
    pub body_timeout: Duration,
    /// How events are told.
    pub telling: Telling,
}

/// How events are told.
#[derive(Clone, Debug)]
pub struct Telling {
    /// A stream on which nothing happens says so often that it is alive.
    pub keep_alive: Duration,
    /// Networks that webhooks may be in, beside what anybody can reach.
    pub webhook_allow: Vec<IpNet>,
    /// Whether webhooks may be posted to without TLS.
    pub webhook_http: bool,
    /// The pause before a post is tried again the first time.
    pub webhook_retry: Duration,
}

/// What all calls share.
pub struct App {
    engine: OnceLock<Arc<Engine>>,
    /// Told once there is an engine.
    ready: Notify,
    guard: Guard,
    trail: Trail,
    limits: Limits,
    metrics: Metrics,
    refused: Refused,
    post: Post,
    /// Challenges to new webhooks: posts to whoever a caller names.
    challenges: Arc<Shares>,
    /// Open streams of events.
    streams: Arc<Shares>,
    stopping: watch::Sender<bool>,
    /// Calls that are carried out to their end, whoever waits for them.
    under_way: watch::Sender<usize>,
}

impl App {
    /// An application that is alive but not ready: it has no engine yet.
    pub fn new(guard: Guard, trail: Trail, limits: Limits) -> Arc<Self> {
        Arc::new(Self {
            engine: OnceLock::new(),
            ready: Notify::new(),
            guard,
            trail,
            post: Post::new(limits.telling.clone()),
            challenges: Shares::new(webhooks::CHALLENGES),
            streams: Shares::new(events::STREAMS),
            limits,
            metrics: Metrics::new(),
            refused: Refused::default(),
            stopping: watch::Sender::new(false),
            under_way: watch::Sender::new(0),
        })
    }

    /// Makes the application ready. The first engine stays. The trail is told first what it does not know of the engine's
    /// writes.
    pub async fn provide(self: &Arc<Self>, engine: Arc<Engine>) {
        if let Err(error) = audit::catch_up(self, &engine).await {
            tracing::error!(error, "which writes the trail does not know is not known");
        }
        let _ = self.engine.set(engine);
        // Whoever waits, now or later: there is one, who posts to webhooks.
        self.ready.notify_one();
    }

    /// Waits until there is an engine.
    async fn provided(&self) -> Arc<Engine> {
        loop {
            if let Some(engine) = self.engine.get() {
                return Arc::clone(engine);
            }
            self.ready.notified().await;
        }
    }

    /// The engine, if it was provided, whatever state it is in.
    pub fn opened(&self) -> Option<&Arc<Engine>> {
        self.engine.get()
    }

    /// Takes no more work; batches end after the lines that are under way.
    fn stop(&self) {
        self.stopping.send_replace(true);
    }

    fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Waits until the application stops.
    async fn stopped(&self) {
        // The sender is in `self`: waiting cannot fail.
        let _ = self.stopping.subscribe().wait_for(|stopping| *stopping).await;
    }

    /// Counts a call that is carried out to its end, until this is dropped.
    fn begin(self: &Arc<Self>) -> UnderWay {
        self.under_way.send_modify(|count| *count += 1);
        UnderWay(Arc::clone(self))
    }

    /// Waits until no such call is under way.
    async fn finished(&self) {
        // The sender is in `self`: waiting cannot fail.
        let _ = self.under_way.subscribe().wait_for(|count| *count == 0).await;
    }

    /// The engine, once it can answer.
    fn engine(&self) -> Result<Arc<Engine>, Problem> {
        match self.engine.get() {
            _ if self.is_stopping() => Err(Problem::Stopping),
            Some(engine) => Ok(Arc::clone(engine)),
            None => Err(Problem::NotReady),
        }
    }

    /// A list as it is answered to this caller, its match counted.
    fn candidates(&self, list: CandidateList, caller: &Caller) -> answer::Candidates {
        self.metrics.matched(&list.phases, list.searched.records);
        answer::Candidates::new(list, caller.clearance)
    }
}

/// A call that is carried out to its end.
struct UnderWay(Arc<App>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.send_modify(|count| *count -= 1);
    }
}

/// Every path, and what answers there. A resource's methods also give its 405 the `Allow`.
fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/records:batch").route(web::post().to(batch::batch)))
        .service(
            readable("/v1/records/{source}/{id}", records::get)
                .route(web::put().to(records::put))
                .route(web::delete().to(records::delete)),
        )
        .service(readable("/v1/records/{source}/{id}/matches", matches::of_stored))
        .service(web::resource("/v1/match").route(web::post().to(matches::of_inline)))
        .service(web::resource("/v1/compare").route(web::post().to(compare::compare)))
        .service(readable("/v1/exclusions", exclusions::list).route(web::post().to(exclusions::create)))
        .service(readable("/v1/exclusions/{id}", exclusions::get).route(web::delete().to(exclusions::delete)))
        .service(web::resource("/v1/events").route(web::get().to(events::stream)))
        .service(readable("/v1/webhooks", webhooks::list).route(web::post().to(webhooks::create)))
        .service(web::resource("/v1/webhooks/{id}").route(web::delete().to(webhooks::delete)))
        .service(readable("/v1/audit", audit::list))
        .service(web::resource("/v1/backup").route(web::get().to(backup::backup)))
        .service(readable("/v1/search", search::search))
        .service(readable("/v1/attributes", attributes::attributes))
        .configure(probes_and_metrics)
        .service(readable("/openapi.yaml", docs::specification))
        .service(readable("/", docs::redirect))
        .service(readable("/docs", docs::redirect))
        .service(readable("/docs/{file:.*}", docs::page))
        .default_service(web::to(unknown_path));
}

/// What operators' machines ask for.
fn probes_and_metrics(config: &mut ServiceConfig) {
    config
        .service(readable("/livez", probes::alive))
        .service(readable("/readyz", probes::ready))
        .service(readable("/metrics", probes::metrics));
}

/// The paths of the listener that is for operators' machines.
fn routes_of_operation(config: &mut ServiceConfig) {
    config.configure(probes_and_metrics).default_service(web::to(unknown_path));
}

/// A resource that is read with GET, and with HEAD for what GET would say of it.
fn readable<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path.to_owned()).route(web::get().to(handler.clone())).route(web::head().to(handler))
}

async fn unknown_path() -> Result<HttpResponse, Problem> {
    Err(Problem::UnknownPath)
}

/// What handlers are given of [`App`].
type Shared = Data<App>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_waits_for_what_is_carried_out_to_its_end() {
        block_on(async {
            let (app, _directory) = app();
            let (first, second) = (app.begin(), app.begin());
            let mut finished = std::pin::pin!(app.finished());
            assert!(futures_util::poll!(&mut finished).is_pending());
            drop(first);
            assert!(futures_util::poll!(&mut finished).is_pending());
            drop(second);
            finished.await;
        });
    }

    /// An application without an engine that asks nobody, and the directory of its trail.
    pub(super) fn app() -> (Arc<App>, tempfile::TempDir) {
        let directory = tempfile::tempdir().expect("a directory");
        let trail = Trail::open(directory.path()).expect("a trail");
        let limits = Limits {
            record_max_bytes: 1 << 10,
            batch_buffer_bytes: 1 << 10,
            batch_matches: 1,
            body_timeout: Duration::from_secs(1),
            telling: Telling {
                keep_alive: Duration::from_secs(1),
                webhook_allow: Vec::new(),
                webhook_http: false,
                webhook_retry: Duration::from_secs(1),
            },
        };
        (App::new(Guard::Open, trail, limits), directory)
    }

    /// A call of somebody from somewhere.
    pub(super) fn call(app: &Arc<App>, who: &str, from: &str) -> audit::Call {
        let (who, from) = (who.to_owned(), Some(from.to_owned()));
        audit::Call { app: Arc::clone(app), who, from, request_id: "r".to_owned() }
    }
}
