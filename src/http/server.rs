//! The server: the socket, actix's workers, and an orderly end.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::middleware::from_fn;
use actix_web::web::Data;
use actix_web::{App as Application, HttpServer};

use super::{App, exchange, routes};

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
        Ok(Self { sockets })
    }

    /// The first address bound.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.sockets.first().map_or_else(|| Err(io::ErrorKind::AddrNotAvailable.into()), TcpListener::local_addr)
    }
}

/// Serves until `stop` comes, then finishes what is under way. Runs inside [`block_on`].
pub async fn run(
    listener: Listener,
    app: Arc<App>,
    options: &ServerOptions,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let shared = Data::from(Arc::clone(&app));
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
        server = server.listen(socket)?;
    }
    let mut running = server.run();
    let handle = running.handle();
    tokio::select! {
        ended = &mut running => return ended,
        () = stop => app.stop(),
    }
    tokio::join!(running, handle.stop(true)).0
}

/// Runs a future on the runtime that the server needs.
pub fn block_on<F: Future>(future: F) -> F::Output {
    actix_web::rt::System::new().block_on(future)
}
