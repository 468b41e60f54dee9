//! The keys of a running service: their file, read again whenever it changes.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use rustc_hash::FxHashMap;
use subtle::ConstantTimeEq;

use super::keys::{PREFIX, hash};
use super::{Allowance, Caller, Denied, Key, KeyFile, KeysError};
use crate::followed::Followed;

/// The keys of a file, as they are now.
pub struct KeyRing {
    calls_per_second: u32,
    entries: Followed<Entries, 1>,
}

/// What stands before the id of a key in that of its caller.
const CALLER: &str = "key:";

type Entries = FxHashMap<String, Entry>;

struct Entry {
    hash: String,
    expires: Option<Timestamp>,
    revoked: bool,
    caller: Arc<Caller>,
}

impl KeyRing {
    /// Reads the file, which must be there. Keys without an allowance of their own have `calls_per_second`; 0: no limit.
    pub(super) fn open(file: PathBuf, calls_per_second: u32) -> Result<Self, KeysError> {
        let first = |[file]: &[PathBuf; 1]| Ok(entries(KeyFile::read(file)?, calls_per_second, &Entries::default()));
        let entries = Followed::open("the keys", [file], first)?;
        Ok(Self { calls_per_second, entries })
    }

    /// The caller behind a key.
    pub(super) fn admit(&self, token: &str, now: Timestamp) -> Result<Arc<Caller>, Denied> {
        let entries = self.now();
        let (id, secret) =
            token.strip_prefix(PREFIX).and_then(|rest| rest.split_once('_')).ok_or(Denied::UnknownKey)?;
        let entry = entries.get(id).ok_or(Denied::UnknownKey)?;
        let same: bool = entry.hash.as_bytes().ct_eq(hash(secret).as_bytes()).into();
        if !same || entry.revoked {
            return Err(Denied::UnknownKey);
        }
        if entry.expires.is_some_and(|end| now >= end) {
            return Err(Denied::ExpiredKey);
        }
        Ok(Arc::clone(&entry.caller))
    }

    /// The keys as the file has them now.
    fn now(&self) -> Arc<Entries> {
        let again = |[file]: &[PathBuf; 1], before: &Entries| {
            Ok::<_, KeysError>(entries(KeyFile::read(file)?, self.calls_per_second, before))
        };
        self.entries.now(again)
    }

    /// The caller with an id, if its key is good.
    pub(super) fn standing(&self, id: &str, now: Timestamp) -> Option<Arc<Caller>> {
        let entries = self.now();
        let entry = entries.get(id.strip_prefix(CALLER)?)?;
        let is_good = !entry.revoked && entry.expires.is_none_or(|end| now < end);
        is_good.then(|| Arc::clone(&entry.caller))
    }
}

/// The keys by their ids. One whose allowance is as before goes on with what is left of it.
fn entries(file: KeyFile, calls_per_second: u32, before: &Entries) -> Entries {
    let entry = |key: Key| {
        let per_second = key.calls_per_second.or(NonZeroU32::new(calls_per_second));
        let unchanged = before.get(&key.id).filter(|entry| {
            let caller = &entry.caller;
            caller.scopes == key.scopes
                && caller.sources == key.sources
                && caller.clearance == key.clearance
                && caller.allowance.as_ref().map(|allowance| allowance.per_second()) == per_second
        });
        let caller = unchanged.map_or_else(
            || {
                let (id, allowance) =
                    (format!("{CALLER}{}", key.id), per_second.map(|rate| Arc::new(Allowance::new(rate))));
                let (scopes, sources, clearance) = (key.scopes, key.sources, key.clearance);
                Arc::new(Caller { id, scopes, sources, clearance, allowance })
            },
            |entry| Arc::clone(&entry.caller),
        );
        let revoked = key.revoked.is_some();
        (key.id, Entry { hash: key.hash, expires: key.expires, revoked, caller })
    };
    file.keys.into_iter().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::MetadataExt;

    use super::*;
    use crate::access::{NewKey, Scope};

    fn new() -> NewKey {
        NewKey {
            name: "a coroner".to_owned(),
            scopes: vec![Scope::MatchRead, Scope::RecordsWrite],
            sources: Some(vec!["namus".to_owned()]),
            clearance: false,
            calls_per_second: None,
            expires: None,
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a moment")
    }

    /// A file with one key, and the key.
    fn file(directory: &tempfile::TempDir, new: NewKey) -> (PathBuf, String) {
        let file = directory.path().join("keys.toml");
        let key = KeyFile::change(&file, |keys| keys.create(new, at(0))).expect("a key");
        (file, key)
    }

    #[test]
    fn a_key_opens_and_anything_like_it_does_not() {
        let directory = tempfile::tempdir().expect("a directory");
        let (file, key) = file(&directory, new());
        let text = fs::read_to_string(&file).expect("the file");
        assert!(!text.contains(key.rsplit('_').next().expect("a secret")), "the secret is nowhere");
        assert_eq!(fs::metadata(&file).expect("the file").mode() & 0o077, 0, "only its owner reads it");
        let ring = KeyRing::open(file, 0).expect("keys");
        let caller = ring.admit(&key, at(1)).expect("a caller");
        assert!(caller.may(Scope::MatchRead) && !caller.may(Scope::Admin) && caller.may_write("namus"));
        let flipped = format!("{}{}", &key[..key.len() - 1], if key.ends_with('0') { '1' } else { '0' });
        for wrong in ["", "xm_", "xm__", "xm_1", &key[1..], &key[..key.len() - 1], &flipped, &format!("{key}0")] {
            assert_eq!(ring.admit(wrong, at(1)).expect_err("a wrong key"), Denied::UnknownKey, "{wrong}");
        }
    }

    #[test]
    fn a_key_ends_when_it_expires() {
        let directory = tempfile::tempdir().expect("a directory");
        let (file, key) = file(&directory, NewKey { expires: Some(at(100)), ..new() });
        let ring = KeyRing::open(file, 0).expect("keys");
        assert!(ring.admit(&key, at(99)).is_ok());
        assert_eq!(ring.admit(&key, at(100)).expect_err("an old key"), Denied::ExpiredKey);
    }

    #[test]
    fn a_change_of_the_file_counts_at_once_and_a_broken_one_changes_nothing() {
        let directory = tempfile::tempdir().expect("a directory");
        let (file, key) = file(&directory, NewKey { calls_per_second: NonZeroU32::new(3), ..new() });
        let ring = KeyRing::open(file.clone(), 0).expect("keys");
        let allowance = |ring: &KeyRing| {
            ring.admit(&key, at(1))
                .expect("a caller")
                .allowance
                .as_ref()
                .and_then(|allowance| allowance.take().remaining)
        };
        assert_eq!(allowance(&ring), Some(2));
        let mut keys = KeyFile::read(&file).expect("keys");
        let another = keys.create(new(), at(0)).expect("a key");
        keys.write(&file).expect("written");
        assert!(ring.admit(&another, at(1)).is_ok());
        assert_eq!(allowance(&ring), Some(1), "a change of the file is no new allowance");
        fs::write(&file, "key = nonsense").expect("written");
        assert!(ring.admit(&key, at(1)).is_ok());
        let id = keys.keys[0].id.clone();
        assert!(keys.revoke(&id, at(1)) && !keys.revoke("none", at(1)));
        keys.write(&file).expect("written");
        assert_eq!(ring.admit(&key, at(1)).expect_err("revoked"), Denied::UnknownKey);
        assert!(ring.admit(&another, at(1)).is_ok());
    }
}
