//! Runs a service for one test; proves nothing by itself.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossmatch::engine::{Engine, EngineOptions};
use crossmatch::http::{self, App, Limits, Listener, ServerOptions};
use crossmatch::model::Model;
use tempfile::TempDir;
use tokio::sync::oneshot;

use crate::client::{Answer, Call};

/// A service that stops when it is dropped.
pub(crate) struct Service {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    engine: Option<(Arc<Engine>, TempDir)>,
}

impl Service {
    /// A service whose index is still being loaded.
    pub(crate) fn without_engine() -> Self {
        Self::run(None, limits())
    }

    /// A service over an empty directory.
    pub(crate) fn start() -> Self {
        Self::with_limits(limits())
    }

    /// A service over an empty directory, with limits of its own.
    pub(crate) fn with_limits(limits: Limits) -> Self {
        let directory = TempDir::new().unwrap();
        let options = EngineOptions { threads: 2, write_queue: 64, match_queue: 64, model: Model::default() };
        let engine = Engine::open(directory.path(), &options).unwrap();
        Self::run(Some((Arc::new(engine), directory)), limits)
    }

    fn run(engine: Option<(Arc<Engine>, TempDir)>, limits: Limits) -> Self {
        let listener = Listener::bind("127.0.0.1:0").unwrap();
        let address = listener.address().unwrap();
        let app = App::new(limits);
        if let Some((engine, _)) = &engine {
            app.provide(Arc::clone(engine));
        }
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let stopped = async { stopped.await.unwrap_or_default() };
            http::block_on(http::run(listener, app, &options(), stopped)).unwrap();
        });
        Self { address, stop: Some(stop), thread: Some(thread), engine }
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

impl Drop for Service {
    fn drop(&mut self) {
        self.stop();
        let ended = self.thread.take().map(JoinHandle::join);
        if let Some((engine, _)) = &self.engine {
            engine.close();
        }
        assert!(matches!(ended, Some(Ok(()))) || std::thread::panicking(), "the server failed");
    }
}

/// Asks again until something holds; fails after ten seconds.
#[track_caller]
pub(crate) fn until(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(10), "waited in vain until {what}");
    }
}

/// The limits of most tests: small, so that they can be reached.
pub(crate) fn limits() -> Limits {
    Limits {
        record_max_bytes: 1 << 20,
        batch_buffer_bytes: 1 << 20,
        batch_matches: 2,
        body_timeout: Duration::from_secs(20),
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
