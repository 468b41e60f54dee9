//! `crossmatch keys`: makes, lists and takes back the keys of callers.

use std::io::Write;
use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::Subcommand;
use jiff::Timestamp;

use super::Failure;
use crate::access::{Key, KeyFile, KeysError, NewKey, Scope};

/// Options of `keys`.
#[derive(Debug, clap::Args)]
pub(super) struct Keys {
    #[command(subcommand)]
    command: Command,
}

/// Where the keys are.
#[derive(Debug, clap::Args)]
struct Where {
    /// The file of keys, as in `serve --keys`
    #[arg(long = "keys", env = "CROSSMATCH_KEYS", value_name = "FILE")]
    file: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Makes a key and prints it: it is shown this once
    Create(Create),
    /// Lists the keys
    List(Where),
    /// Takes a key back; a running service refuses it from the next call on
    Revoke {
        #[command(flatten)]
        place: Where,
        /// The id of the key, as `list` prints it
        id: String,
    },
}

#[derive(Debug, clap::Args)]
struct Create {
    #[command(flatten)]
    place: Where,
    /// Whose key it is
    #[arg(long)]
    name: String,
    /// What it may do: records:write, match:read, records:read, exclusions:write, audit:read, admin; may stand more than once
    #[arg(long = "scope", required = true, value_parser = scope)]
    scopes: Vec<Scope>,
    /// A source whose records it may write; may stand more than once [default: every source]
    #[arg(long = "source", value_name = "SOURCE", value_parser = crate::cli::source)]
    sources: Vec<String>,
    /// May see teeth, prints, DNA and identifiers
    #[arg(long)]
    clearance: bool,
    /// Calls a second [default: as the service is set]
    #[arg(long, value_name = "N")]
    calls_per_second: Option<NonZeroU32>,
    /// When it ends, such as 2027-12-31T00:00:00Z [default: when it is revoked]
    #[arg(long, value_name = "MOMENT")]
    expires: Option<Timestamp>,
}

fn scope(code: &str) -> Result<Scope, String> {
    let known = Scope::ALL.map(Scope::code).join(", ");
    Scope::parse(code).ok_or_else(|| format!("is not one of: {known}"))
}

impl From<KeysError> for Failure {
    fn from(error: KeysError) -> Self {
        Self(error.to_string())
    }
}

/// Runs one command on the file of keys.
pub(super) fn run(options: &Keys) -> Result<(), Failure> {
    match &options.command {
        Command::Create(create) => make(create),
        Command::List(place) => print(&list(&KeyFile::read(&place.file)?, Timestamp::now())),
        Command::Revoke { place, id } => revoke(place, id),
    }
}

fn make(create: &Create) -> Result<(), Failure> {
    let new = NewKey {
        name: create.name.clone(),
        scopes: create.scopes.clone(),
        sources: (!create.sources.is_empty()).then(|| create.sources.clone()),
        clearance: create.clearance,
        calls_per_second: create.calls_per_second,
        expires: create.expires,
    };
    let key = KeyFile::change(&create.place.file, |keys| keys.create(new, Timestamp::now()))?;
    print(&format!("{key}\n"))
}

fn revoke(place: &Where, id: &str) -> Result<(), Failure> {
    let file = &place.file;
    KeyFile::read(file)?;
    KeyFile::change(file, |keys| match keys.revoke(id, Timestamp::now()) {
        true => Ok(()),
        false => Err(Failure(format!("{} has no key {id}; `crossmatch keys list` shows those it has", file.display()))),
    })
}

/// A key a line, columns apart by tabs.
fn list(keys: &KeyFile, now: Timestamp) -> String {
    let head = "id\tstate\tclearance\tscopes\tsources\tcreated\texpires\tname\n".to_owned();
    head + &keys.keys.iter().map(|key| line(key, now)).collect::<String>()
}

fn line(key: &Key, now: Timestamp) -> String {
    let state = match (key.revoked, key.expires) {
        (Some(_), _) => "revoked",
        (None, Some(end)) if end <= now => "expired",
        _ => "good",
    };
    let clearance = if key.clearance { "yes" } else { "no" };
    let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.code()).collect();
    let sources = key.sources.as_ref().map_or("every".to_owned(), |sources| sources.join(","));
    let expires = key.expires.map_or("never".to_owned(), |end| end.to_string());
    let (id, created, name, scopes) = (&key.id, key.created, &key.name, scopes.join(","));
    format!("{id}\t{state}\t{clearance}\t{scopes}\t{sources}\t{created}\t{expires}\t{name}\n")
}

fn print(text: &str) -> Result<(), Failure> {
    std::io::stdout().write_all(text.as_bytes()).map_err(|error| Failure::doing("cannot print", error))
}
