//! `crossmatch serve`: runs the service until SIGINT or SIGTERM.
//!
//! The socket is bound before the index is opened: `/livez` answers and `/readyz` refuses while it is recovered. When
//! the service stops, calls under way are finished before the engine is closed.

use std::future::Future;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

use super::{Failure, demo, model};
use crate::access::{Guard, OidcOptions, Refresh};
use crate::audit::{Trail, TrailError};
use crate::engine::{Engine, EngineOptions, EventOptions};
use crate::http::{self, App, Limits, Listener, Listeners, ServerOptions, Telling};
use crate::model::{Bits, Model};
use crate::settings::{Layer, Oidc, Settings, SettingsError};
use crate::telemetry;

/// Options of `serve`.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// A TOML file with any of these options; the command line and the environment win over it
    #[arg(long, env = "CROSSMATCH_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    layer: Layer,
}

/// Runs the service to its end.
pub(super) fn run(options: Options) -> Result<(), Failure> {
    let settings = settings(options).map_err(|error| Failure(error.to_string()))?;
    telemetry::start_log(settings.log_level, settings.log_format).map_err(|error| Failure(error.to_string()))?;
    let listeners = listeners(&settings)?;
    let guard = guard(&settings, &listeners)?;
    let model = model::load(settings.model.as_deref())?;
    let directory = Directory::of(&settings)?;
    let trail = Trail::open(directory.path()).map_err(|error| match error {
        TrailError::Disk { .. } => {
            let mend = "every call leaves a line there: make it writable, or choose another --index-dir";
            Failure(format!("{error}; {mend}"))
        }
        TrailError::Locked(_) | TrailError::Broken { .. } => Failure(error.to_string()),
    })?;
    let app = App::new(guard, trail, limits(&settings));
    let (app, outcome) = http::block_on(serve(&settings, model, directory.path(), (listeners, app)));
    if let Some(engine) = app.opened() {
        engine.close();
    }
    outcome
}

fn settings(options: Options) -> Result<Settings, SettingsError> {
    let file = options.config.as_deref().map_or(Ok(Layer::default()), Layer::read)?;
    Settings::new(options.layer.over(file))
}

fn bind(address: &str, setting: &str, settings: &Settings) -> Result<Listener, Failure> {
    let failed = |error| Failure::doing(format_args!("cannot listen at {address} (see --{setting})"), error);
    Listener::bind(address).and_then(|bound| bound.with_stall_timeout(settings.body_timeout)).map_err(failed)
}

fn listeners(settings: &Settings) -> Result<Listeners, Failure> {
    let mut service = bind(&settings.listen, "listen", settings)?;
    if let Some((certificate, key)) = &settings.tls {
        service = service.with_tls(certificate, key).map_err(|error| Failure(error.to_string()))?;
    }
    let operation = settings.operation_listen.as_deref().map(|address| bind(address, "operation-listen", settings));
    Ok(Listeners { service, operation: operation.transpose()? })
}

/// Without keys and tokens nobody is asked, and nobody from elsewhere may come.
fn guard(settings: &Settings, listeners: &Listeners) -> Result<Guard, Failure> {
    let listen = &settings.listen;
    let (is_loopback, is_tls) = (listeners.service.is_loopback(), listeners.service.is_tls());
    if settings.keys.is_none() && settings.oidc.is_none() {
        if !is_loopback {
            return Err(Failure(format!(
                "{listen} can be reached from other machines, and there are no keys: make one with `crossmatch keys \
                 create` and give its file by --keys, or listen on 127.0.0.1"
            )));
        }
        tracing::warn!(listen, "there are no keys (see --keys): whoever reaches this address may do everything");
        return Ok(Guard::Open);
    }
    if !is_loopback && !is_tls {
        tracing::warn!(
            listen,
            "keys and records travel in clear text (see --tls-certificate), unless a proxy speaks TLS"
        );
    }
    let keys = settings.keys.as_deref().map(|file| Guard::with_keys(file, settings.calls_per_second)).transpose();
    let guard = keys.map_err(|error| Failure(error.to_string()))?.unwrap_or(Guard::Open);
    let Some(Oidc { issuer, audience, jwks, claim }) = settings.oidc.clone() else { return Ok(guard) };
    let (calls_per_second, refresh) = (settings.calls_per_second, Refresh::default());
    let options = OidcOptions { issuer, audience, jwks, claim, calls_per_second, refresh };
    guard.and_tokens(options).map_err(|error| Failure(error.to_string()))
}

/// Where the index is: the demonstration's is gone afterwards.
enum Directory {
    Lasting(PathBuf),
    Temporary(TempDir),
}

impl Directory {
    fn of(settings: &Settings) -> Result<Self, Failure> {
        if !settings.demo {
            return Ok(Self::Lasting(settings.index_dir.clone()));
        }
        let made = tempfile::Builder::new().prefix("crossmatch-demo-").tempdir();
        made.map(Self::Temporary).map_err(|error| Failure::doing("cannot make a temporary directory", error))
    }

    fn path(&self) -> &Path {
        match self {
            Self::Lasting(path) => path,
            Self::Temporary(made) => made.path(),
        }
    }
}

/// Serves until a signal comes or the index cannot be opened.
async fn serve(
    settings: &Settings,
    model: Model,
    directory: &Path,
    (listeners, app): (Listeners, Arc<App>),
) -> (Arc<App>, Result<(), Failure>) {
    let address = listeners.service.address().map(|address| {
        let scheme = if listeners.service.is_tls() { "https" } else { "http" };
        (scheme, address)
    });
    let (stop, stopped) = oneshot::channel::<()>();
    let served = async {
        // The other half is dropped rather than sent to: either way the wait is over.
        let stopped = async { stopped.await.unwrap_or_default() };
        http::run(listeners, Arc::clone(&app), &server_options(settings), stopped).await
    };
    let worked = async {
        let address = address.map_err(|error| Failure::doing("cannot tell the address", error))?;
        let outcome = until_signal(settings, model, directory, (&app, address)).await;
        drop(stop);
        outcome
    };
    let (served, worked) = tokio::join!(served, worked);
    let served = served.map_err(|error| Failure::doing("the server failed", error));
    (app, worked.and(served))
}

/// Opens the engine, says that it is ready, and waits for the signal to stop.
async fn until_signal(
    settings: &Settings,
    model: Model,
    directory: &Path,
    (app, (scheme, address)): (&Arc<App>, (&str, SocketAddr)),
) -> Result<(), Failure> {
    let mut signals = Signals::new()?;
    let engine = tokio::select! {
        opened = open(settings, model, directory) => Arc::new(opened?),
        () = signals.next() => return Ok(()),
    };
    if settings.demo {
        tokio::select! {
            loaded = demo::load(&engine, address) => loaded?,
            () = signals.next() => return Ok(()),
        }
    }
    let records: u64 = engine.census().records.iter().sum();
    app.provide(engine).await;
    announce(&format!("{scheme}://{address}"), records, directory);
    signals.next().await;
    tracing::info!("stopping");
    Ok(())
}

/// Opens the engine on a thread of its own: recovery reads and computes for long, and must not hold up an exit.
fn open(settings: &Settings, model: Model, directory: &Path) -> impl Future<Output = Result<Engine, Failure>> {
    let options = EngineOptions {
        threads: settings.threads,
        write_queue: settings.write_queue,
        match_queue: settings.match_queue,
        model,
        events: Some(EventOptions {
            least: Bits::from_f64(f64::from(settings.event_min_bits)),
            kept: settings.events_kept,
        }),
    };
    let directory = directory.to_owned();
    let (sender, opened) = oneshot::channel();
    std::thread::spawn(move || {
        let engine = Engine::open(&directory, &options);
        // Nobody waits any more if a signal came first.
        let _ = sender.send(engine.map_err(|error| Failure::doing("cannot open the index", error)));
    });
    async { opened.await.unwrap_or_else(|_| Err(Failure("opening the index broke off".to_owned()))) }
}

/// The one line on stdout. That nobody reads it is no reason to stop.
fn announce(address: &str, records: u64, directory: &Path) {
    let version = env!("CARGO_PKG_VERSION");
    let directory = directory.display();
    let mut stdout = std::io::stdout();
    let _ = writeln!(stdout, "crossmatch {version} ready at {address} ({records} records in {directory})");
    let _ = stdout.flush();
}

/// SIGINT and SIGTERM.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> Result<Self, Failure> {
        let listen = |kind| signal(kind).map_err(|error| Failure::doing("cannot wait for signals", error));
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

fn limits(settings: &Settings) -> Limits {
    Limits {
        record_max_bytes: settings.record_max_bytes,
        batch_buffer_bytes: settings.batch_buffer_bytes,
        batch_matches: settings.threads,
        body_timeout: settings.body_timeout,
        telling: Telling {
            keep_alive: settings.event_keep_alive,
            webhook_allow: settings.webhook_allow.clone(),
            webhook_http: settings.webhook_http,
            webhook_retry: settings.webhook_retry,
        },
    }
}

/// Two to four workers: they only parse and write; weighing is done elsewhere.
fn server_options(settings: &Settings) -> ServerOptions {
    ServerOptions {
        workers: settings.threads.clamp(2, 4),
        keep_alive: settings.keep_alive,
        head_timeout: settings.head_timeout,
        shutdown_timeout: settings.shutdown_timeout,
    }
}
