//! Runs a service for one test; proves nothing by itself.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossmatch::access::{Guard, KeyFile, NewKey, Scope};
use crossmatch::audit::Trail;
use crossmatch::engine::{Engine, EngineOptions, EventOptions};
use crossmatch::http::{self, App, Limits, Listener, Listeners, ServerOptions, Telling};
use crossmatch::model::{Bits, Model};
use jiff::Timestamp;
use tempfile::TempDir;
use tokio::sync::oneshot;

use crate::client::{Answer, Call};

/// What most services tell of pairs.
const TOLD: EventOptions = EventOptions { least: Bits::ZERO, kept: 1_000 };

/// A service that stops when it is dropped.
pub(crate) struct Service {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    engine: Option<(Arc<Engine>, TempDir)>,
    trail: TempDir,
}

impl Service {
    /// A service whose index is still being loaded.
    pub(crate) fn without_engine() -> Self {
        Self::guarded(Guard::Open)
    }

    /// A service that lets callers in by keys, and whose index is still being loaded.
    pub(crate) fn guarded(guard: Guard) -> Self {
        Self::run(None, listeners(), (guard, limits()))
    }

    /// The same, with a listener for operators' machines.
    pub(crate) fn with_operation(guard: Guard, operation: Listener) -> Self {
        Self::run(None, Listeners { operation: Some(operation), ..listeners() }, (guard, limits()))
    }

    /// A service whose index is still being loaded, at a listener of its own.
    pub(crate) fn listening_at(service: Listener) -> Self {
        Self::run(None, Listeners { service, operation: None }, (Guard::Open, limits()))
    }

    /// A service over an empty directory.
    pub(crate) fn start() -> Self {
        Self::with_limits(limits())
    }

    /// A service over an empty directory that lets callers in by keys.
    pub(crate) fn start_guarded(guard: Guard) -> Self {
        Self::over_a_directory(guard, limits())
    }

    /// A service over an empty directory, with limits of its own.
    pub(crate) fn with_limits(limits: Limits) -> Self {
        Self::over_a_directory(Guard::Open, limits)
    }

    /// A service over an empty directory that tells of pairs in its own way.
    pub(crate) fn telling(events: EventOptions) -> Self {
        Self::over((Guard::Open, limits()), events)
    }

    fn over_a_directory(guard: Guard, limits: Limits) -> Self {
        Self::over((guard, limits), TOLD)
    }

    fn over((guard, limits): (Guard, Limits), events: EventOptions) -> Self {
        let directory = TempDir::new().unwrap();
        let engine = open(&directory, events);
        Self::run(Some((engine, directory)), listeners(), (guard, limits))
    }

    fn run(engine: Option<(Arc<Engine>, TempDir)>, listeners: Listeners, how: (Guard, Limits)) -> Self {
        Self::run_with(TempDir::new().unwrap(), engine, listeners, how)
    }

    fn run_with(
        trail: TempDir,
        engine: Option<(Arc<Engine>, TempDir)>,
        listeners: Listeners,
        (guard, limits): (Guard, Limits),
    ) -> Self {
        let address = listeners.service.address().unwrap();
        let service = listeners.service.with_stall_timeout(limits.body_timeout).unwrap();
        let listeners = Listeners { service, ..listeners };
        let app = App::new(guard, Trail::open(trail.path()).unwrap(), limits);
        if let Some((engine, _)) = &engine {
            http::block_on(app.provide(Arc::clone(engine)));
        }
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let stopped = async { stopped.await.unwrap_or_default() };
            http::block_on(http::run(listeners, app, &options(), stopped)).unwrap();
        });
        Self { address, stop: Some(stop), thread: Some(thread), engine, trail }
    }

    /// Stops the service and starts one over its files, at another port.
    pub(crate) fn restart(&mut self, guard: Guard) {
        self.stop_and_wait();
        let (engine, directory) = self.engine.take().unwrap();
        engine.close();
        drop(engine);
        let trail = std::mem::replace(&mut self.trail, TempDir::new().unwrap());
        let engine = open(&directory, TOLD);
        *self = Self::run_with(trail, Some((engine, directory)), listeners(), (guard, limits()));
    }

    /// The directory of its trail.
    pub(crate) fn trail(&self) -> &std::path::Path {
        self.trail.path()
    }

    /// Starts a call.
    pub(crate) fn call(&self, method: &str, path: &str) -> Call {
        Call::new(self.address, method, path)
    }

    /// A call without a body.
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.call("GET", path).send(b"")
    }

    /// Stores a record.
    pub(crate) fn put(&self, path: &str, record: &str) -> Answer {
        self.call("PUT", path).send(record.as_bytes())
    }

    /// Asks the service to stop, without waiting.
    pub(crate) fn stop(&mut self) {
        self.stop = None;
    }
}

impl Service {
    /// Stops the service; its files stay.
    pub(crate) fn stop_and_wait(&mut self) {
        self.stop();
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(!matches!(ended, Some(Err(_))) || std::thread::panicking(), "the server failed");
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.stop_and_wait();
        if let Some((engine, _)) = &self.engine {
            engine.close();
        }
    }
}

/// Makes a key without clearance that may write every source.
pub(crate) fn key(keys: &mut KeyFile, scopes: &[Scope]) -> String {
    let (name, scopes) = ("a test".to_owned(), scopes.to_vec());
    let new = NewKey { name, scopes, sources: None, clearance: false, calls_per_second: None, expires: None };
    keys.create(new, Timestamp::now()).unwrap()
}

/// Asks again until something holds; fails after a minute: what has the lowest priority may wait on a busy machine.
#[track_caller]
pub(crate) fn until(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(60), "waited in vain until {what}");
    }
}

fn open(directory: &TempDir, events: EventOptions) -> Arc<Engine> {
    let events = Some(events);
    let options = EngineOptions { threads: 2, write_queue: 64, match_queue: 64, model: Model::default(), events };
    Arc::new(Engine::open(directory.path(), &options).unwrap())
}

fn listeners() -> Listeners {
    Listeners { service: Listener::bind("127.0.0.1:0").unwrap(), operation: None }
}

/// The limits of most tests: small, so that they can be reached.
pub(crate) fn limits() -> Limits {
    Limits {
        record_max_bytes: 1 << 20,
        batch_buffer_bytes: 1 << 20,
        batch_matches: 2,
        body_timeout: Duration::from_secs(20),
        telling: Telling {
            keep_alive: Duration::from_millis(200),
            webhook_allow: vec!["127.0.0.0/8".parse().unwrap()],
            webhook_http: true,
            webhook_retry: Duration::from_millis(100),
        },
    }
}

fn options() -> ServerOptions {
    ServerOptions {
        workers: 2,
        keep_alive: Duration::from_secs(5),
        head_timeout: Duration::from_secs(5),
        shutdown_timeout: Duration::from_secs(20),
    }
}
