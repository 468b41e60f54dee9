//! Calls of this program to services elsewhere: over TLS, with whom the system trusts.
//!
//! Agencies have certificate authorities of their own: those of the system count, or those of the file that the
//! environment names in `SSL_CERT_FILE`.

use std::io::Read;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use serde::Deserialize;
use ureq::config::ConfigBuilder;
use ureq::http::Response;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::typestate::AgentScope;
use ureq::unversioned::resolver::Resolver;
use ureq::unversioned::transport::DefaultConnector;
use ureq::{Agent, Body, Proxy};

/// How long a service may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

static TRUSTED: LazyLock<Arc<Vec<Certificate<'static>>>> = LazyLock::new(|| {
    let found = rustls_native_certs::load_native_certs();
    for error in found.errors {
        tracing::warn!(%error, "a certificate of the system cannot be used");
    }
    Arc::new(found.certs.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect())
});

/// A client for case data: straight to the service, past any proxy that the environment names. A status is no error.
pub fn direct() -> Agent {
    client().proxy(None).build().new_agent()
}

/// A client for what is no secret at an address, such as the keys of an identity provider: to nowhere else than where it
/// is sent, done within `timeout`. A status is no error.
///
/// It passes the proxy that the environment names with TLS alone: what is in clear text a proxy could change.
pub fn public(address: &str, timeout: Duration) -> Agent {
    let proxy = if address.starts_with("https://") { Proxy::try_from_env() } else { None };
    let client = client().proxy(proxy).max_redirects(0).timeout_global(Some(timeout));
    client.build().new_agent()
}

/// A client for addresses that callers name, as far as `resolver` gives them, done within `timeout`: to nowhere else than
/// where it is sent, past any proxy. A status is no error.
pub fn named_by_callers(resolver: impl Resolver, https_only: bool, timeout: Duration) -> Agent {
    let client = client().https_only(https_only).max_redirects(0).proxy(None).timeout_global(Some(timeout));
    let client = client.user_agent(concat!("crossmatch/", env!("CARGO_PKG_VERSION")));
    Agent::with_parts(client.build(), DefaultConnector::default(), resolver)
}

/// What a refusal says of itself, after a colon; nothing where it is no problem (RFC 9457).
pub fn problem(response: Response<Body>) -> String {
    /// The longest body that is read, in bytes.
    const BYTES_MAX: u64 = 64 << 10;
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Problem {
        title: String,
        detail: String,
    }
    let body = response.into_body().into_reader().take(BYTES_MAX);
    let Problem { title, detail } = serde_json::from_reader(body).unwrap_or_default();
    let words = if detail.is_empty() { title } else { detail };
    if words.is_empty() { words } else { format!(": {words}") }
}

fn client() -> ConfigBuilder<AgentScope> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = TlsConfig::builder().unversioned_rustls_crypto_provider(provider);
    let tls = tls.root_certs(RootCerts::Specific(Arc::clone(&TRUSTED))).build();
    Agent::config_builder().http_status_as_error(false).timeout_connect(Some(CONNECT_TIMEOUT)).tls_config(tls)
}
