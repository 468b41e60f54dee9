//! The keys that an identity provider signs with (RFC 7517): from a file that is followed, or from an address.
//!
//! A set from an address is fetched by a thread of its own: when it is old, and when a token names a key that it does
//! not have, but never more often than once in a while, whoever sends such tokens. Where a fetch fails, the last good
//! set stays in force. No call ever waits for a fetch.

use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};

use super::OidcError;
use crate::followed::Followed;
use crate::outbound;

/// The longest set that is read.
const BYTES_MAX: u64 = 1 << 20;
/// How long a fetch may take in all.
const FETCH_TIMEOUT: Duration = Duration::from_secs(10);

/// When a set is fetched again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refresh {
    /// No sooner than so long after the fetch before.
    pub least: Duration,
    /// So long after the fetch before, whatever comes.
    pub most: Duration,
}

impl Default for Refresh {
    fn default() -> Self {
        Self { least: Duration::from_secs(30), most: Duration::from_secs(600) }
    }
}

/// The keys that count: of RS256 and ES256, with a name, meant for signatures.
#[derive(Default)]
pub(super) struct KeySet(Vec<Named>);

struct Named {
    id: String,
    algorithm: Algorithm,
    key: DecodingKey,
}

impl KeySet {
    /// Reads a set. Keys that are not for us are passed over; a set without any of ours is refused.
    pub(super) fn read(text: &[u8]) -> Result<Self, String> {
        let set: JwkSet = serde_json::from_slice(text).map_err(|error| format!("is no set of keys: {error}"))?;
        let keys: Vec<Named> = set.keys.into_iter().filter_map(named).collect();
        if keys.is_empty() { Err("has no key with a `kid` for RS256 or ES256".to_owned()) } else { Ok(Self(keys)) }
    }

    /// The key with this name for this algorithm.
    pub(super) fn find(&self, id: &str, algorithm: Algorithm) -> Option<&DecodingKey> {
        let found = self.0.iter().find(|named| named.id == id && named.algorithm == algorithm);
        found.map(|named| &named.key)
    }
}

/// A key with the one algorithm that it may be used by: that of its kind, whatever a token says.
fn named(jwk: Jwk) -> Option<Named> {
    let algorithm = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => Algorithm::RS256,
        AlgorithmParameters::EllipticCurve(curve) if curve.curve == EllipticCurve::P256 => Algorithm::ES256,
        _ => return None,
    };
    let meant = jwk.common.key_algorithm.is_none_or(|named| named == KeyAlgorithm::from(algorithm))
        && jwk.common.public_key_use.as_ref().is_none_or(|purpose| *purpose == PublicKeyUse::Signature)
        && jwk.common.key_operations.as_ref().is_none_or(|may| may.contains(&KeyOperations::Verify));
    let key = DecodingKey::from_jwk(&jwk).ok().filter(|_| meant)?;
    Some(Named { id: jwk.common.key_id?, algorithm, key })
}

/// Where the keys come from.
pub(super) enum KeySource {
    /// A file.
    File(Followed<KeySet, 1>),
    /// An address.
    Address(Fetched),
}

impl KeySource {
    /// A file, which must be usable; or an address, which need not answer yet.
    pub(super) fn open(place: &str, refresh: Refresh) -> Result<Self, OidcError> {
        if place.starts_with("https://") || is_this_machine(place) {
            return Fetched::start(place.to_owned(), refresh).map(Self::Address);
        }
        if place.contains("://") {
            return Err(OidcError::InClear(place.to_owned()));
        }
        Followed::open("the identity provider's keys", [PathBuf::from(place)], read).map(Self::File)
    }

    /// The keys as they are now.
    pub(super) fn now(&self) -> Arc<KeySet> {
        match self {
            Self::File(file) => file.now(|files, _| read(files)),
            Self::Address(fetched) => fetched.set.load_full(),
        }
    }

    /// Fetches that failed since the start.
    pub(super) fn failed(&self) -> u64 {
        match self {
            Self::File(_) => 0,
            Self::Address(fetched) => fetched.failed.load(Ordering::Relaxed),
        }
    }

    /// Says that a key was missed.
    pub(super) fn missed(&self) {
        if let Self::Address(fetched) = self {
            // A full bell has been rung already.
            let _ = fetched.bell.try_send(());
        }
    }
}

/// Whoever changes the keys on the way may sign tokens: in clear text they come from this machine alone.
fn is_this_machine(place: &str) -> bool {
    let Some(rest) = place.strip_prefix("http://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // Before an @ stands who asks, not whom.
    if host.contains('@') {
        return false;
    }
    let name = if host.starts_with('[') { host.split_inclusive(']').next() } else { host.split(':').next() };
    matches!(name, Some("127.0.0.1" | "[::1]" | "localhost"))
}

fn read([file]: &[PathBuf; 1]) -> Result<KeySet, OidcError> {
    let text = fs::read(file).map_err(|error| error.to_string());
    let unusable = |reason| OidcError::Keys { place: file.display().to_string(), reason };
    text.and_then(|text| KeySet::read(&text)).map_err(unusable)
}

/// The set of an address.
pub(super) struct Fetched {
    set: Arc<ArcSwap<KeySet>>,
    /// Fetches that failed.
    failed: Arc<AtomicU64>,
    bell: SyncSender<()>,
}

impl Fetched {
    fn start(address: String, refresh: Refresh) -> Result<Self, OidcError> {
        let (bell, rung) = mpsc::sync_channel(1);
        let set = Arc::new(ArcSwap::from_pointee(KeySet::default()));
        let failed = Arc::new(AtomicU64::new(0));
        let (target, failures) = (Arc::clone(&set), Arc::clone(&failed));
        let place = address.clone();
        let take_over = move || {
            let is_good = take_over(&address, &target);
            failures.fetch_add(u64::from(!is_good), Ordering::Relaxed);
            is_good
        };
        // Before anybody can call: the only fetch that is waited for.
        let mut is_good = take_over();
        let follow = move || {
            while wait(&rung, refresh, is_good) {
                is_good = take_over();
            }
        };
        let started = thread::Builder::new().name("key-set".to_owned()).spawn(follow);
        started
            .map(|_| Self { set, failed, bell })
            .map_err(|error| OidcError::Keys { place, reason: error.to_string() })
    }
}

/// Fetches a set and puts it in force. False: the one before stays.
fn take_over(address: &str, target: &ArcSwap<KeySet>) -> bool {
    match fetch(address) {
        Ok(set) => {
            tracing::debug!(address, keys = set.0.len(), "the identity provider's keys were fetched");
            target.store(Arc::new(set));
            true
        }
        Err(reason) => {
            let kept = target.load().0.len();
            tracing::error!(
                address,
                reason,
                kept,
                "the identity provider's keys cannot be fetched; they stay as they were"
            );
            false
        }
    }
}

fn fetch(address: &str) -> Result<KeySet, String> {
    let response = outbound::public(address, FETCH_TIMEOUT).get(address).call().map_err(|error| error.to_string())?;
    if response.status().as_u16() != 200 {
        return Err(format!("it answers {}", response.status().as_u16()));
    }
    let mut text = Vec::new();
    let body = response.into_body().into_reader();
    body.take(BYTES_MAX).read_to_end(&mut text).map_err(|error| error.to_string())?;
    KeySet::read(&text)
}

/// Waits until the set may and should be fetched again. False: nobody wants it any more.
fn wait(rung: &Receiver<()>, refresh: Refresh, is_good: bool) -> bool {
    let begun = Instant::now();
    let mut until = begun + if is_good { refresh.most } else { refresh.least };
    loop {
        match rung.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(()) => until = until.min(begun + refresh.least),
            Err(RecvTimeoutError::Timeout) => return true,
            Err(RecvTimeoutError::Disconnected) => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_for_other_things_are_passed_over() {
        let rsa = r#""kty":"RSA","n":"AQAB","e":"AQAB""#;
        let ec = r#""kty":"EC","crv":"P-256","x":"AQAB","y":"AQAB""#;
        let check = |key: &str, algorithm: Option<Algorithm>| {
            let set = KeySet::read(format!(r#"{{"keys":[{{{key}}}]}}"#).as_bytes()).unwrap_or_default();
            let found = [Algorithm::RS256, Algorithm::ES256, Algorithm::HS256, Algorithm::PS256];
            let found = found.into_iter().find(|&algorithm| set.find("1", algorithm).is_some());
            assert_eq!(found, algorithm, "{key}");
        };
        check(&format!(r#""kid":"1",{rsa}"#), Some(Algorithm::RS256));
        check(&format!(r#""kid":"1","use":"sig","alg":"RS256","key_ops":["verify"],{rsa}"#), Some(Algorithm::RS256));
        check(&format!(r#""kid":"1",{ec}"#), Some(Algorithm::ES256));
        check(rsa, None);
        for other in [r#""use":"enc""#, r#""alg":"PS256""#, r#""alg":"HS256""#, r#""key_ops":["encrypt"]"#] {
            check(&format!(r#""kid":"1",{other},{rsa}"#), None);
        }
        check(r#""kid":"1","kty":"EC","crv":"P-384","x":"AQAB","y":"AQAB""#, None);
        check(r#""kid":"1","kty":"oct","k":"AQAB","alg":"HS256""#, None);
        check(r#""kid":"1","kty":"new","new":{}"#, None);
    }

    #[test]
    fn keys_come_over_tls_or_from_this_machine() {
        for (place, is_near) in [
            ("http://127.0.0.1:8080/keys", true),
            ("http://[::1]/keys", true),
            ("http://localhost", true),
            ("http://localhost.example.org/", false),
            ("http://127.0.0.1.example.org", false),
            ("http://127.0.0.1@example.org/", false),
            ("https://127.0.0.1/", false),
        ] {
            assert_eq!(is_this_machine(place), is_near, "{place}");
        }
        for place in ["http://example.org/keys", "ftp://127.0.0.1/keys"] {
            let error = KeySource::open(place, Refresh::default()).err().map(|error| error.to_string());
            assert!(error.as_deref().is_some_and(|error| error.contains("https")), "{error:?}");
        }
    }

    #[test]
    fn a_bell_brings_the_next_fetch_forward_but_not_before_the_least() {
        let (bell, rung) = mpsc::sync_channel(1);
        let refresh = Refresh { least: Duration::from_millis(30), most: Duration::from_secs(3_600) };
        let begun = Instant::now();
        bell.try_send(()).expect("rung");
        assert!(wait(&rung, refresh, true));
        assert!((refresh.least..refresh.most).contains(&begun.elapsed()));
        assert!(wait(&rung, refresh, false), "after a failure it is tried again without a bell");
        drop(bell);
        assert!(!wait(&rung, refresh, true));
    }
}
