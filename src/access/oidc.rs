//! Bearer tokens of an identity provider (OpenID Connect; JSON Web Tokens, RFC 7519 and 8725).
//!
//! A token counts if a key of the provider has signed it by that key's own algorithm, RS256 or ES256, if it is of the
//! issuer and for the audience that are set, and now is between its `nbf` and its `exp`. What it may do stands in one
//! claim, in words: a scope's name, `source:NAME` for a source whose records it may write (`source:*` for every one),
//! `clearance`. Whatever the claim does not grant is not granted; other words are other services'.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use rustc_hash::FxHashMap;
use serde_json::Value;
use std::num::NonZeroU32;
use thiserror::Error;

use super::key_set::{KeySource, Refresh};
use super::{Allowance, Caller, Denied, Scope, signature};

/// Seconds that the provider's clock and ours may be apart.
const LEEWAY: u64 = 30;
/// The longest subject, which OpenID Connect limits to ASCII.
const SUBJECT_MAX: usize = 255;
/// Subjects whose allowances are kept before those that are whole again are dropped.
const SUBJECTS: usize = 1_024;

/// Which tokens count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OidcOptions {
    /// The provider, as it names itself in `iss`.
    pub issuer: String,
    /// What tokens must be for, in `aud`.
    pub audience: String,
    /// The provider's keys (JWKS): a file, or an address.
    pub jwks: String,
    /// The claim that says what a token may do: a name, or a JSON pointer that begins with a slash.
    pub claim: String,
    /// Calls a second of each subject; 0: no limit.
    pub calls_per_second: u32,
    /// When keys are fetched again.
    pub refresh: Refresh,
}

/// Why tokens cannot be taken. Names the place.
#[derive(Debug, Error)]
pub enum OidcError {
    /// The keys cannot be used.
    #[error("the identity provider's keys in {place}: {reason}")]
    Keys {
        /// The file or address.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// Keys that anybody on the way can change.
    #[error("{0}: the identity provider's keys come from a file, from https://, or from this machine")]
    InClear(String),
}

/// The tokens of one provider.
pub struct Tokens {
    options: OidcOptions,
    keys: KeySource,
    subjects: Mutex<FxHashMap<String, Subject>>,
}

struct Subject {
    allowance: Arc<Allowance>,
    seen: Instant,
}

/// What a claim grants.
#[derive(Debug, Default, PartialEq, Eq)]
struct Granted {
    scopes: Vec<Scope>,
    sources: Vec<String>,
    every_source: bool,
    clearance: bool,
}

impl Tokens {
    /// Reads the keys of a file, or begins to fetch those of an address.
    pub(super) fn open(options: OidcOptions) -> Result<Self, OidcError> {
        signature::install();
        let keys = KeySource::open(&options.jwks, options.refresh)?;
        Ok(Self { options, keys, subjects: Mutex::default() })
    }

    /// How often the provider's keys could not be fetched.
    pub(super) fn failed_fetches(&self) -> u64 {
        self.keys.failed()
    }

    /// The caller behind a token.
    pub(super) fn admit(&self, token: &str) -> Result<Arc<Caller>, Denied> {
        let strange = Denied::BadToken("is no JSON Web Token signed with RS256 or ES256");
        let header = decode_header(token).map_err(|_| strange)?;
        if !matches!(header.alg, Algorithm::RS256 | Algorithm::ES256) {
            return Err(strange);
        }
        if header.crit.is_some() {
            return Err(Denied::BadToken("has a critical extension (`crit`), and none is known"));
        }
        let id = header.kid.ok_or(Denied::BadToken("does not name the key that signed it (`kid`)"))?;
        let keys = self.keys.now();
        let Some(key) = keys.find(&id, header.alg) else {
            self.keys.missed();
            return Err(Denied::BadToken("names a key (`kid`) that the identity provider does not have, or not yet"));
        };
        let claims = decode::<Value>(token, key, &self.validation(header.alg));
        self.caller(&claims.map_err(|error| denied(error.kind()))?.claims)
    }

    fn validation(&self, algorithm: Algorithm) -> Validation {
        let mut validation = Validation::new(algorithm);
        validation.leeway = LEEWAY;
        validation.validate_nbf = true;
        validation.set_required_spec_claims(&["iss", "sub", "aud", "exp"]);
        validation.set_issuer(&[&self.options.issuer]);
        validation.set_audience(&[&self.options.audience]);
        validation
    }

    fn caller(&self, claims: &Value) -> Result<Arc<Caller>, Denied> {
        let plain = |text: &&str| {
            (1..=SUBJECT_MAX).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        };
        let subject = claims.get("sub").and_then(Value::as_str).filter(plain);
        let subject = subject.ok_or(Denied::BadToken("has a subject (`sub`) that is not 1 to 255 ASCII characters"))?;
        let claim = &self.options.claim;
        let granted = Granted::of(if claim.starts_with('/') { claims.pointer(claim) } else { claims.get(claim) });
        Ok(Arc::new(Caller {
            // An issuer has no fragment: what stands behind the first `#` is the subject.
            id: format!("oidc:{}#{subject}", self.options.issuer),
            scopes: granted.scopes,
            sources: (!granted.every_source).then_some(granted.sources),
            clearance: granted.clearance,
            allowance: NonZeroU32::new(self.options.calls_per_second).map(|rate| self.allowance(subject, rate)),
        }))
    }

    /// What a subject may still call, whichever of its tokens it shows.
    fn allowance(&self, subject: &str, rate: NonZeroU32) -> Arc<Allowance> {
        let mut subjects = self.subjects.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if subjects.len() >= SUBJECTS && !subjects.contains_key(subject) {
            // After a second without a call an allowance is whole again: nothing is lost with it.
            subjects.retain(|_, subject| now.duration_since(subject.seen) <= Duration::from_secs(1));
        }
        let new = || Subject { allowance: Arc::new(Allowance::new(rate)), seen: now };
        let subject = subjects.entry(subject.to_owned()).or_insert_with(new);
        subject.seen = now;
        Arc::clone(&subject.allowance)
    }
}

impl Granted {
    /// What stands in a claim: words apart by spaces, or a list of them.
    fn of(claim: Option<&Value>) -> Self {
        let mut granted = Self::default();
        match claim {
            Some(Value::String(words)) => words.split_whitespace().for_each(|word| granted.grant(word)),
            Some(Value::Array(words)) => words.iter().filter_map(Value::as_str).for_each(|word| granted.grant(word)),
            _ => {}
        }
        granted
    }

    fn grant(&mut self, word: &str) {
        match (word, word.strip_prefix("source:")) {
            ("clearance", _) => self.clearance = true,
            (_, Some("*")) => self.every_source = true,
            (_, Some(source)) => self.sources.push(source.to_owned()),
            _ => self.scopes.extend(Scope::parse(word)),
        }
    }
}

/// Why a token that was signed as it should does not count.
fn denied(error: &ErrorKind) -> Denied {
    Denied::BadToken(match error {
        ErrorKind::ExpiredSignature => return Denied::ExpiredToken,
        ErrorKind::ImmatureSignature => "is not valid yet (`nbf`)",
        ErrorKind::InvalidIssuer => "is of another issuer (`iss`)",
        ErrorKind::InvalidAudience => "is for another audience (`aud`)",
        ErrorKind::InvalidSignature => "has a wrong signature",
        ErrorKind::MissingRequiredClaim(_) => "lacks one of the claims `iss`, `sub`, `aud` and `exp`",
        ErrorKind::InvalidClaimFormat(_) => "has a claim in a wrong form",
        _ => "cannot be read",
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_claim_grants_what_it_names_and_nothing_else() {
        let all = Granted {
            scopes: vec![Scope::RecordsWrite, Scope::MatchRead],
            sources: vec!["namus".to_owned(), "ncic".to_owned()],
            every_source: false,
            clearance: true,
        };
        let words = ["records:write", "openid", "source:namus", "source:ncic", "clearance", "match:read"];
        assert_eq!(Granted::of(Some(&json!(words))), all);
        assert_eq!(Granted::of(Some(&json!(words.join(" ")))), all);
        assert!(Granted::of(Some(&json!("source:*"))).every_source);
        for nothing in
            [None, Some(json!(true)), Some(json!({"admin": true})), Some(json!("Admin administrator xadmin"))]
        {
            assert_eq!(Granted::of(nothing.as_ref()), Granted::default(), "{nothing:?}");
        }
    }
}
