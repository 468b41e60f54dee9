//! `crossmatch backup` and `crossmatch restore`: a copy of everything that counts, and a directory from it.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::Failure;
use crate::outbound;
use crate::store::{Contents, Store};

/// Options of `backup`.
#[derive(Debug, clap::Args)]
pub(super) struct Backup {
    /// The running service that is backed up
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    from: String,
    /// A key with the scope `admin`, where the service asks for keys
    #[arg(long, env = "CROSSMATCH_KEY", hide_env_values = true, value_name = "KEY")]
    key: Option<String>,
    /// Back up this directory instead, with no service running on it
    #[arg(long, value_name = "DIR", conflicts_with = "from")]
    index_dir: Option<PathBuf>,
    /// The file to write, which must not be there yet
    file: PathBuf,
}

/// Options of `restore`.
#[derive(Debug, clap::Args)]
pub(super) struct Restore {
    /// The directory of the index, which must have no records
    #[arg(long, env = "CROSSMATCH_INDEX_DIR", value_name = "DIR", default_value = "index")]
    index_dir: PathBuf,
    /// The backup
    file: PathBuf,
}

/// Writes a backup. A file that is there is whole: it gets its name at the end.
pub(super) fn backup(options: &Backup) -> Result<(), Failure> {
    let failed = |error| Failure::doing(format_args!("cannot write {}", options.file.display()), error);
    if options.file.exists() {
        return Err(Failure(format!("{} is there already; name another file", options.file.display())));
    }
    let mut source = match &options.index_dir {
        Some(directory) => Box::new(of_directory(directory)?) as Box<dyn Read>,
        None => of_service(&options.from, options.key.as_deref())?,
    };
    let directory = options.file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut target = tempfile::NamedTempFile::new_in(directory).map_err(failed)?;
    let bytes = io::copy(&mut source, &mut target).map_err(failed)?;
    target.as_file().sync_all().map_err(failed)?;
    target.persist_noclobber(&options.file).map_err(|error| failed(error.error))?;
    print(&format!("{bytes} bytes in {}\n", options.file.display()))
}

/// Puts a backup into a directory.
pub(super) fn restore(options: &Restore) -> Result<(), Failure> {
    let restored = Store::restore(&options.index_dir, &options.file);
    let Contents { records, exclusions } = restored.map_err(|error| Failure::doing("cannot restore", error))?;
    print(&format!("{records} records and {exclusions} exclusions in {}\n", options.index_dir.display()))
}

fn of_directory(directory: &Path) -> Result<File, Failure> {
    // A name with a slip in it must not make a new directory.
    if !directory.is_dir() {
        return Err(Failure(format!("{} is no directory", directory.display())));
    }
    let backed_up = Store::open(directory).and_then(|store| store.backup());
    backed_up.map_err(|error| Failure::doing("cannot back up", error))
}

fn of_service(address: &str, key: Option<&str>) -> Result<Box<dyn Read>, Failure> {
    if !address.starts_with("http://") && !address.starts_with("https://") {
        return Err(Failure(
            "--from takes an address such as http://127.0.0.1:8080 or https://crossmatch.example".to_owned(),
        ));
    }
    let url = format!("{}/v1/backup", address.trim_end_matches('/'));
    let mut request = outbound::direct().get(&url);
    if let Some(key) = key {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    let response = request.call().map_err(|error| Failure::doing(format_args!("cannot reach {address}"), error))?;
    match response.status().as_u16() {
        200 => Ok(Box::new(response.into_body().into_reader())),
        status => Err(Failure(format!("{address} answers {status}{}", outbound::problem(response)))),
    }
}

fn print(text: &str) -> Result<(), Failure> {
    io::stdout().write_all(text.as_bytes()).map_err(|error| Failure::doing("cannot print", error))
}
