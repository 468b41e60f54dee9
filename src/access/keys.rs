//! The file of keys: hashes of secrets, and what each key may do.
//!
//! A key is `xm_ID_SECRET`. The secret is 32 random bytes, so that a plain SHA-256 of it cannot be turned back; the id
//! finds the entry, and hashes are compared in constant time.

use std::fs;
use std::io::{self, Write};
use std::num::NonZeroU32;
use std::os::unix::fs::{MetadataExt, fchown};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::Scope;

/// What every key begins with.
pub(super) const PREFIX: &str = "xm_";
const ID_BYTES: usize = 6;
const SECRET_BYTES: usize = 32;
/// The longest name, in characters.
const NAME_MAX: usize = 200;

/// Every key, as in the file.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyFile {
    /// The keys.
    #[serde(default, rename = "key")]
    pub keys: Vec<Key>,
}

/// One key, as in the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// Names the key; not a secret.
    pub id: String,
    /// Whose it is, in words.
    pub name: String,
    /// SHA-256 of the secret, in hexadecimal.
    pub hash: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// The sources whose records it may write; none: every source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sources: Option<Vec<String>>,
    /// Whether it may see teeth, prints, DNA and identifiers.
    #[serde(default)]
    pub clearance: bool,
    /// Calls a second; none: as the service is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls_per_second: Option<NonZeroU32>,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// When it was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Timestamp>,
}

/// What a key to be made may do.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// Whose it is, in words.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// The sources whose records it may write; none: every source.
    pub sources: Option<Vec<String>>,
    /// Whether it may see teeth, prints, DNA and identifiers.
    pub clearance: bool,
    /// Calls a second; none: as the service is set.
    pub calls_per_second: Option<NonZeroU32>,
    /// When it ends.
    pub expires: Option<Timestamp>,
}

/// Why a file of keys cannot be used. Names the file.
#[derive(Debug, Error)]
pub enum KeysError {
    /// The disk refused.
    #[error("cannot {doing} the keys in {}: {error}", file.display())]
    Disk {
        /// What was under way.
        doing: &'static str,
        /// The file.
        file: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// It is not a file of keys.
    #[error("{}, line {line}: {message}", file.display())]
    Invalid {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        message: String,
    },
    /// What a new key would be does not hold.
    #[error("{0}")]
    Unfit(String),
    /// The system has no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(String),
}

impl KeyFile {
    /// Reads a file.
    pub fn read(file: &Path) -> Result<Self, KeysError> {
        let failed = |error| KeysError::Disk { doing: "read", file: file.to_owned(), error };
        Self::parse(file, &fs::read_to_string(file).map_err(failed)?)
    }

    /// Changes a file; one that is not there yet has no keys. Of two that change it at once, the second waits, and sees what
    /// the first did. Where `change` fails, the file stays as it is.
    pub fn change<T, E: From<KeysError>>(file: &Path, change: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E> {
        let failed = |error| KeysError::Disk { doing: "lock", file: file.to_owned(), error };
        // Of a link what it leads to: a new file in the place of the link would be another's.
        let target = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
        let file = target.as_path();
        // The directory, since the file itself is replaced by another.
        let directory = fs::File::open(directory_of(file)).map_err(failed)?;
        directory.lock().map_err(failed)?;
        let mut keys = Self::read_or_empty(file)?;
        let changed = change(&mut keys)?;
        keys.write(file)?;
        Ok(changed)
    }

    fn read_or_empty(file: &Path) -> Result<Self, KeysError> {
        match Self::read(file) {
            Err(KeysError::Disk { error, .. }) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            other => other,
        }
    }

    fn parse(file: &Path, text: &str) -> Result<Self, KeysError> {
        toml::from_str(text).map_err(|error| KeysError::Invalid {
            file: file.to_owned(),
            line: error.span().map_or(1, |span| 1 + text[..span.start].matches('\n').count()),
            // The parser's first line says what is wrong; the rest would repeat the file.
            message: error.message().lines().next().unwrap_or_default().to_owned(),
        })
    }

    /// Replaces a file: the old one stays until the new one is whole, which has the same owner and the same rights. Only
    /// its owner may read a file that was not there.
    pub fn write(&self, file: &Path) -> Result<(), KeysError> {
        let text = toml::to_string(self).unwrap_or_default();
        let replace = || {
            let mut new = tempfile::NamedTempFile::new_in(directory_of(file))?;
            if let Ok(old) = fs::metadata(file) {
                fchown(new.as_file(), Some(old.uid()), Some(old.gid()))?;
                new.as_file().set_permissions(old.permissions())?;
            }
            new.write_all(text.as_bytes())?;
            new.as_file().sync_all()?;
            new.persist(file).map_err(|error| error.error)?;
            Ok(())
        };
        replace().map_err(|error| KeysError::Disk { doing: "write", file: file.to_owned(), error })
    }

    /// Makes a key and returns it whole, with the secret that is nowhere else.
    pub fn create(&mut self, new: NewKey, now: Timestamp) -> Result<String, KeysError> {
        new.check(now)?;
        let (id, secret) = (random::<ID_BYTES>()?, random::<SECRET_BYTES>()?);
        let whole = format!("{PREFIX}{id}_{secret}");
        self.keys.push(Key {
            id,
            name: new.name,
            hash: hash(&secret),
            scopes: new.scopes,
            sources: new.sources,
            clearance: new.clearance,
            calls_per_second: new.calls_per_second,
            created: now,
            expires: new.expires,
            revoked: None,
        });
        Ok(whole)
    }

    /// Takes a key back. False: there is none with this id.
    pub fn revoke(&mut self, id: &str, now: Timestamp) -> bool {
        let key = self.keys.iter_mut().find(|key| key.id == id);
        key.map(|key| key.revoked.get_or_insert(now)).is_some()
    }
}

impl NewKey {
    fn check(&self, now: Timestamp) -> Result<(), KeysError> {
        let unfit = |why: String| Err(KeysError::Unfit(why));
        if self.name.trim().is_empty() || self.name.chars().count() > NAME_MAX || self.name.contains(char::is_control) {
            return unfit(format!("a key's name is 1 to {NAME_MAX} characters in one line, without tabs"));
        }
        if let Some(end) = self.expires.filter(|end| *end <= now) {
            return unfit(format!("{end} is past: a key that expires then would never be good"));
        }
        Ok(())
    }
}

fn directory_of(file: &Path) -> &Path {
    file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn random<const BYTES: usize>() -> Result<String, KeysError> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map_err(|error| KeysError::Random(error.to_string()))?;
    Ok(hex(&bytes))
}

/// The hash of a secret as it stands in the file.
pub(super) fn hash(secret: &str) -> String {
    hex(&Sha256::digest(secret))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_file_is_told_with_its_line() {
        let check = |text: &str, words: &str| {
            let error = KeyFile::parse(Path::new("keys.toml"), text).expect_err(text).to_string();
            assert!(error.contains(words) && !error.contains('\n'), "{error}");
        };
        check("\n[[key]]\nid = 3", "keys.toml, line 3");
        check("[[keys]]", "line 1: unknown field `keys`");
    }

    fn new() -> NewKey {
        NewKey {
            name: "a coroner".to_owned(),
            scopes: vec![Scope::MatchRead],
            sources: None,
            clearance: false,
            calls_per_second: None,
            expires: None,
        }
    }

    #[test]
    fn changes_at_once_all_hold() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("keys.toml");
        let create = || KeyFile::change(&file, |keys| keys.create(new(), Timestamp::UNIX_EPOCH)).expect("a key");
        std::thread::scope(|scope| (0..8).for_each(|_| _ = scope.spawn(|| (0..8).for_each(|_| _ = create()))));
        assert_eq!(KeyFile::read(&file).expect("keys").keys.len(), 64);
    }

    #[test]
    fn a_link_stays_one_and_what_it_leads_to_is_changed() {
        let directory = tempfile::tempdir().expect("a directory");
        let [file, link] = ["real.toml", "link.toml"].map(|name| directory.path().join(name));
        KeyFile::default().write(&file).expect("a file");
        std::os::unix::fs::symlink(&file, &link).expect("a link");
        KeyFile::change(&link, |keys| keys.create(new(), Timestamp::UNIX_EPOCH)).expect("a key");
        assert!(fs::symlink_metadata(&link).expect("the link").is_symlink());
        assert_eq!(KeyFile::read(&file).expect("keys").keys.len(), 1);
    }

    #[test]
    fn a_key_that_would_do_nothing_is_not_made() {
        let check = |change: fn(&mut NewKey), words: &str| {
            let mut new = NewKey { expires: Timestamp::from_second(2).ok(), ..new() };
            let now = Timestamp::from_second(1).expect("a moment");
            assert!(KeyFile::default().create(new.clone(), now).is_ok());
            change(&mut new);
            let mut keys = KeyFile::default();
            let error = keys.create(new, now).expect_err(words).to_string();
            assert!(error.contains(words) && keys.keys.is_empty(), "{error}");
        };
        check(|new| new.expires = Some(Timestamp::UNIX_EPOCH), "is past");
        check(|new| new.name = "a\tcoroner".to_owned(), "without tabs");
        check(|new| new.name = " ".to_owned(), "1 to 200 characters");
    }
}
