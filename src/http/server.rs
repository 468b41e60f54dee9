//! The server: the sockets, TLS, actix's workers, and an orderly end.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::web::{Data, ServiceConfig};
use actix_web::{App as Application, HttpServer};
use socket2::SockRef;

use super::guard::ForOperators;
use super::tls::TlsError;
use super::{App, delivery, exchange, refused, routes, routes_of_operation, tls};

/// The server's own knobs.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// Threads that talk to clients; matching has its own.
    pub workers: usize,
    /// How long an idle connection stays open.
    pub keep_alive: Duration,
    /// How long a client may take to send a request's head.
    pub head_timeout: Duration,
    /// How long calls under way may take to finish when the server stops.
    pub shutdown_timeout: Duration,
}

/// How long a client that was refused may go on sending before its connection is cut: it reads the answer first.
const LINGER: Duration = Duration::from_secs(5);

/// A bound socket that nobody serves yet.
pub struct Listener {
    sockets: Vec<TcpListener>,
    tls: Option<rustls::ServerConfig>,
}

/// Where a service listens.
pub struct Listeners {
    /// For everything.
    pub service: Listener,
    /// For probes and metrics alone, without keys.
    pub operation: Option<Listener>,
}

impl Listener {
    /// Binds every address that `HOST:PORT` stands for; port 0 picks a free one.
    pub fn bind(address: &str) -> io::Result<Self> {
        let addresses = std::net::ToSocketAddrs::to_socket_addrs(address)?;
        let mut sockets: Vec<TcpListener> = Vec::new();
        for mut address in addresses {
            // All addresses of one name get the port that the first one picked.
            if let (0, Some(first)) = (address.port(), sockets.first()) {
                address.set_port(first.local_addr()?.port());
            }
            sockets.push(TcpListener::bind(address)?);
        }
        if sockets.is_empty() {
            return Err(io::Error::new(io::ErrorKind::AddrNotAvailable, "the name has no address"));
        }
        Ok(Self { sockets, tls: None })
    }

    /// Speaks TLS with a certificate and its private key, read again when they change.
    pub fn with_tls(self, certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let tls = tls::configure(certificate, key)?;
        Ok(Self { tls: Some(tls), ..self })
    }

    /// Cuts off a client that takes nothing of an answer for so long: without it, that client holds the answer for ever.
    pub fn with_stall_timeout(self, timeout: Duration) -> io::Result<Self> {
        // Connections have it from their listener.
        self.sockets.iter().try_for_each(|socket| SockRef::from(socket).set_tcp_user_timeout(Some(timeout)))?;
        Ok(self)
    }

    /// Whether only this machine can reach it.
    pub fn is_loopback(&self) -> bool {
        self.sockets.iter().all(|socket| socket.local_addr().is_ok_and(|address| address.ip().is_loopback()))
    }

    /// Whether it speaks TLS.
    pub const fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// The first address bound.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.sockets.first().map_or_else(|| Err(io::ErrorKind::AddrNotAvailable.into()), TcpListener::local_addr)
    }
}

/// Serves and posts events until `stop` comes, then finishes what is under way; probes are answered until the end. Runs
/// inside [`block_on`].
pub async fn run(
    listeners: Listeners,
    app: Arc<App>,
    options: &ServerOptions,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let served = tokio::select! {
        served = serve(listeners, &app, options, stop) => served,
        never = refused::follow(Arc::clone(&app)) => match never {},
        never = delivery::run(Arc::clone(&app)) => match never {},
    };
    refused::tell(&app).await;
    served
}

async fn serve(
    listeners: Listeners,
    app: &Arc<App>,
    options: &ServerOptions,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let mut service = start(listeners.service, app, options, routes)?;
    let Some(operation) = listeners.operation else {
        return until_stopped(&mut service, app, (options, stop)).await;
    };
    let one_worker = ServerOptions { workers: 1, ..options.clone() };
    let operation = start(operation, app, &one_worker, |config| {
        config.app_data(ForOperators).configure(routes_of_operation);
    })?;
    let handle = operation.handle();
    let served = async {
        let served = until_stopped(&mut service, app, (options, stop)).await;
        handle.stop(false).await;
        served
    };
    let (served, operated) = tokio::join!(served, operation);
    served.and(operated)
}

async fn until_stopped(
    server: &mut Server,
    app: &App,
    (options, stop): (&ServerOptions, impl Future<Output = ()>),
) -> io::Result<()> {
    let handle = server.handle();
    // A worker that has no connection left goes at once, and what it carries out for a client that is gone with it.
    let stopped = async {
        stop.await;
        app.stop();
        let _ = tokio::time::timeout(options.shutdown_timeout, app.finished()).await;
    };
    tokio::select! {
        ended = &mut *server => return ended,
        () = stopped => {}
    }
    tokio::join!(server, handle.stop(true)).0
}

/// Starts serving some routes.
fn start(
    listener: Listener,
    app: &Arc<App>,
    options: &ServerOptions,
    routes: fn(&mut ServiceConfig),
) -> io::Result<Server> {
    let shared = Data::from(Arc::clone(app));
    let mut server = HttpServer::new(move || {
        Application::new().app_data(shared.clone()).wrap(from_fn(exchange::around)).configure(routes)
    })
    .workers(options.workers)
    .keep_alive(options.keep_alive)
    .client_request_timeout(options.head_timeout)
    .client_disconnect_timeout(LINGER)
    .shutdown_timeout(options.shutdown_timeout.as_secs())
    .disable_signals();
    for socket in listener.sockets {
        server = match &listener.tls {
            Some(tls) => server.listen_rustls_0_23(socket, tls.clone())?,
            None => server.listen(socket)?,
        };
    }
    Ok(server.run())
}

/// Runs a future on the runtime that the server needs.
pub fn block_on<F: Future>(future: F) -> F::Output {
    actix_web::rt::System::new().block_on(future)
}
