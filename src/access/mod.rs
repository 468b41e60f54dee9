//! Who may do what: keys and tokens, scopes, sources, clearance, and how often.
//!
//! A [`Guard`] turns the secret that a call carries into a [`Caller`]: a key of this service's own, or a token of an
//! identity provider. It knows neither HTTP nor the paths: `http` says which scope a call needs. Only hashes of secrets
//! are kept, and nothing here prints a secret.

mod caller;
mod key_set;
mod keys;
mod oidc;
mod ring;
mod signature;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use thiserror::Error;

pub use caller::{Allowance, Caller, Left, Scope};
pub use key_set::Refresh;
pub use keys::{Key, KeyFile, KeysError, NewKey};
pub use oidc::{OidcError, OidcOptions, Tokens};
pub use ring::KeyRing;

/// Lets callers in.
pub enum Guard {
    /// Nobody is asked: whoever reaches the service may do everything. For the loopback interface only.
    Open,
    /// Callers show a key or a token.
    Asking {
        /// The keys that are known.
        keys: Option<KeyRing>,
        /// The tokens that are known.
        tokens: Option<Box<Tokens>>,
    },
}

/// Why a caller is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Denied {
    /// The call carries no key.
    #[error("the call carries neither a key nor a token: send `Authorization: Bearer ...`")]
    NoKey,
    /// Nobody has this key, or it is revoked.
    #[error("the key is not known, or was revoked")]
    UnknownKey,
    /// The key was good until a while ago.
    #[error("the key has expired")]
    ExpiredKey,
    /// The token was good until a while ago.
    #[error("the token has expired")]
    ExpiredToken,
    /// The token does not count.
    #[error("the token {0}")]
    BadToken(&'static str),
}

impl Guard {
    /// Lets in whoever has a key in the file, which is read again whenever it changes.
    pub fn with_keys(file: &Path, calls_per_second: u32) -> Result<Self, KeysError> {
        let keys = KeyRing::open(PathBuf::from(file), calls_per_second)?;
        Ok(Self::Asking { keys: Some(keys), tokens: None })
    }

    /// Lets in whoever has a token of an identity provider, beside those who have a key.
    pub fn and_tokens(self, options: OidcOptions) -> Result<Self, OidcError> {
        let tokens = Some(Box::new(Tokens::open(options)?));
        Ok(match self {
            Self::Open => Self::Asking { keys: None, tokens },
            Self::Asking { keys, .. } => Self::Asking { keys, tokens },
        })
    }

    /// Whether callers must show who they are.
    pub const fn asks(&self) -> bool {
        matches!(self, Self::Asking { .. })
    }

    /// How often the identity provider's keys could not be fetched since the start.
    pub fn failed_fetches(&self) -> u64 {
        match self {
            Self::Asking { tokens: Some(tokens), .. } => tokens.failed_fetches(),
            Self::Open | Self::Asking { .. } => 0,
        }
    }

    /// The caller behind the text of a bearer token.
    pub fn admit(&self, token: Option<&str>, now: Timestamp) -> Result<Arc<Caller>, Denied> {
        let Self::Asking { keys, tokens } = self else { return Ok(Caller::anyone()) };
        let token = token.ok_or(Denied::NoKey)?;
        match (keys, tokens) {
            // No token begins like a key: its first part is JSON in Base64.
            (_, Some(tokens)) if !token.starts_with(keys::PREFIX) => tokens.admit(token),
            (Some(keys), _) => keys.admit(token, now),
            (None, _) => Err(Denied::UnknownKey),
        }
    }

    /// The caller with an id, if it is one that can be known without a call and its key is good.
    pub fn standing(&self, id: &str, now: Timestamp) -> Option<Arc<Caller>> {
        match self {
            Self::Open => Some(Caller::anyone()).filter(|anyone| anyone.id == id),
            Self::Asking { keys, .. } => keys.as_ref()?.standing(id, now),
        }
    }
}
