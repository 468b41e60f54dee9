//! TLS of the listener: a certificate and its key, read again when their files change.
//!
//! Certificates are renewed every few weeks, often one file after the other: a pair that does not fit, or a file that is
//! no certificate, leaves the one in force that was.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use thiserror::Error;

use crate::followed::Followed;

/// Why a certificate cannot be used. Names the file.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A file is not there or not PEM.
    #[error("cannot read {file}: {error}")]
    Unreadable {
        /// The file.
        file: String,
        /// What is wrong with it.
        error: rustls::pki_types::pem::Error,
    },
    /// The two do not fit each other, or cannot be used.
    #[error("cannot use the certificate in {file}: {error}")]
    Unusable {
        /// The file.
        file: String,
        /// What is wrong with it.
        error: rustls::Error,
    },
}

/// TLS with the certificate that stands in these files whenever a client comes.
pub(super) fn configure(certificate: &Path, key: &Path) -> Result<ServerConfig, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| TlsError::Unusable { file: certificate.display().to_string(), error })?;
    let files = [certificate.to_owned(), key.to_owned()];
    let followed = Followed::open("the TLS certificate", files, |files| read(files, &provider))?;
    Ok(builder.with_no_client_auth().with_cert_resolver(Arc::new(Certificate { followed, provider })))
}

struct Certificate {
    followed: Followed<Arc<CertifiedKey>, 2>,
    provider: Arc<CryptoProvider>,
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.followed.now(|files, _| read(files, &self.provider))))
    }
}

/// Prints no key.
impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").finish_non_exhaustive()
    }
}

fn read([certificate, key]: &[PathBuf; 2], provider: &CryptoProvider) -> Result<Arc<CertifiedKey>, TlsError> {
    let unreadable = |file: &Path, error| TlsError::Unreadable { file: file.display().to_string(), error };
    let chain = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect);
    let chain: Vec<CertificateDer<'static>> = chain.map_err(|error| unreadable(certificate, error))?;
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable(key, error))?;
    let unusable = |error| TlsError::Unusable { file: certificate.display().to_string(), error };
    CertifiedKey::from_der(chain, secret, provider).map(Arc::new).map_err(unusable)
}
