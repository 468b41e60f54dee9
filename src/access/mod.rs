//! Who may do what: keys, scopes, sources, clearance, and how often.
//!
//! A [`Guard`] turns the secret that a call carries into a [`Caller`]. It knows neither HTTP nor the paths: `http` says
//! which scope a call needs. Only hashes of secrets are kept, and nothing here prints a secret.

mod caller;
mod keys;
mod ring;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use thiserror::Error;

pub use caller::{Allowance, Caller, Left, Scope};
pub use keys::{Key, KeyFile, KeysError, NewKey};

use ring::KeyRing;

/// Lets callers in.
pub enum Guard {
    /// Nobody is asked: whoever reaches the service may do everything. For the loopback interface only.
    Open,
    /// Callers show a key.
    Keys(KeyRing),
}

/// Why a caller is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Denied {
    /// The call carries no key.
    #[error("the call carries no key: send `Authorization: Bearer KEY`")]
    NoKey,
    /// Nobody has this key, or it is revoked.
    #[error("the key is not known, or was revoked")]
    UnknownKey,
    /// The key was good until a while ago.
    #[error("the key has expired")]
    ExpiredKey,
}

impl Guard {
    /// Lets in whoever has a key in the file, which is read again whenever it changes.
    pub fn with_keys(file: &Path, calls_per_second: u32) -> Result<Self, KeysError> {
        KeyRing::open(PathBuf::from(file), calls_per_second).map(Self::Keys)
    }

    /// Whether callers must show who they are.
    pub const fn asks(&self) -> bool {
        matches!(self, Self::Keys(_))
    }

    /// The caller behind the text of a bearer token.
    pub fn admit(&self, token: Option<&str>, now: Timestamp) -> Result<Arc<Caller>, Denied> {
        match (self, token) {
            (Self::Open, _) => Ok(Caller::anyone()),
            (Self::Keys(_), None) => Err(Denied::NoKey),
            (Self::Keys(ring), Some(token)) => ring.admit(token, now),
        }
    }
}
