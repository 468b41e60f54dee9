//! `crossmatch import`: files of cases into a running service, into a directory, or onto standard output.
//!
//! Reading is `interchange`'s business. Here cases are gathered into chunks, handed to the destination, and
//! what became of each is counted in the ledger. A bad case stops nothing, a bad file only itself; a
//! destination that fails ends the import. Run again, it changes nothing that is already there.

mod index;
mod input;
mod ledger;
mod service;

use std::io::{self, BufRead, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use clap::{Args, ValueEnum};

use self::index::Index;
use self::ledger::{Fate, Ledger, Origin, Refused};
use self::service::Service;
use super::Failure;
use crate::interchange::{Case, Each, ReadError, namus, native};
use crate::record::{Record, Reference};

/// Where the service listens unless it is told otherwise.
const SERVICE: &str = "http://127.0.0.1:8080";
/// So many records go to the destination together: enough for one commit to serve many, and few enough that
/// their answers wait in the sockets while the last of them is still being sent.
const CHUNK: usize = 2_000;

/// What is imported, and to where.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// How the files are written.
    #[arg(long, value_enum, default_value_t = Format::Native)]
    format: Format,
    /// The case system of records that name none [default: the format's name; of native ones each must name its own].
    #[arg(long, value_name = "NAME", value_parser = crate::cli::source)]
    source: Option<String>,
    /// The service that takes the records.
    #[arg(long, value_name = "URL", default_value = SERVICE)]
    to: String,
    /// A key with the scope `records:write`, where the service asks for keys.
    #[arg(long, env = "CROSSMATCH_KEY", hide_env_values = true, value_name = "KEY")]
    key: Option<String>,
    /// Write into this directory instead, with no service running on it.
    #[arg(long, value_name = "DIR", conflicts_with = "to")]
    index_dir: Option<PathBuf>,
    /// Store nothing; print the records as native NDJSON.
    #[arg(long)]
    dry_run: bool,
    /// Write every refused case to this file, as NDJSON.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Files of cases, also compressed with gzip; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// How a file of cases is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// NDJSON, a record with `source` and `id` a line.
    Native,
    /// The case JSON of the NamUs public API.
    Namus,
    /// The table that the NamUs site exports (not supported yet).
    NamusCsv,
    /// NCIC entries (not supported yet).
    Ncic,
    /// People Finder Interchange Format (not supported yet).
    Pfif,
}

/// Runs the command to its end.
pub(super) fn run(options: &Options) -> Result<(), Failure> {
    options.format.supported()?;
    let mut import = Import::begin(options)?;
    let imported = import.files(&options.files);
    // What was done is told also when the rest could not be.
    let ended = import.end();
    imported.and(ended)
}

impl Format {
    fn supported(self) -> Result<(), Failure> {
        match self {
            Self::Native | Self::Namus => Ok(()),
            Self::NamusCsv | Self::Ncic | Self::Pfif => {
                let name = self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
                Err(Failure(format!("the format {name} is not supported yet; use --format native or namus")))
            }
        }
    }

    fn read(self, input: impl BufRead, source: Option<&str>, each: &mut Each<'_>) -> Result<(), ReadError> {
        let read = match self {
            Self::Namus => namus::read(input, source.unwrap_or(namus::SOURCE), each)?,
            _ => native::read(input, source, each)?,
        };
        // Whoever breaks off knows why.
        let (ControlFlow::Continue(()) | ControlFlow::Break(())) = read;
        Ok(())
    }
}

/// Where records go: each takes a chunk and says what became of every record, in order.
enum Destination {
    Print(io::Stdout),
    Service(Service),
    Index(Box<Index>),
}

impl Destination {
    fn of(options: &Options) -> Result<Self, Failure> {
        Ok(match &options.index_dir {
            _ if options.dry_run => Self::Print(io::stdout()),
            Some(directory) => Self::Index(Box::new(Index::open(directory, CHUNK)?)),
            None => Self::Service(Service::at(&options.to, options.key.as_deref())?),
        })
    }

    fn take(&mut self, records: Vec<(Reference, Record)>) -> Result<Vec<Fate>, Failure> {
        match self {
            Self::Print(output) => print(output, &records),
            Self::Service(service) => service.take(&records),
            Self::Index(index) => index.take(records),
        }
    }

    fn close(self) {
        if let Self::Index(index) = self {
            index.close();
        }
    }
}

fn print(output: &io::Stdout, records: &[(Reference, Record)]) -> Result<Vec<Fate>, Failure> {
    let mut output = output.lock();
    for (reference, record) in records {
        writeln!(output, "{}", native::line(reference, record))
            .map_err(|error| Failure::doing("cannot write to standard output", error))?;
    }
    Ok(records.iter().map(|_| Fate::Printed).collect())
}

/// An import under way.
struct Import<'a> {
    options: &'a Options,
    destination: Destination,
    ledger: Ledger,
    origins: Vec<Origin>,
    records: Vec<(Reference, Record)>,
}

impl<'a> Import<'a> {
    fn begin(options: &'a Options) -> Result<Self, Failure> {
        let ledger = Ledger::open(options.report.as_deref(), input::total_bytes(&options.files))?;
        let destination = Destination::of(options)?;
        Ok(Self { options, destination, ledger, origins: Vec::new(), records: Vec::new() })
    }

    fn files(&mut self, files: &[PathBuf]) -> Result<(), Failure> {
        let mut broken = 0;
        for path in files {
            if let Err(error) = self.file(path)? {
                broken += 1;
                self.ledger.say(format_args!("{}: {error}", path.display()))?;
            }
        }
        self.flush()?;
        if broken == 0 {
            return Ok(());
        }
        let files = files.len();
        Err(Failure(format!("{broken} of {files} files could not be read to the end; mend them and import them again")))
    }

    /// One file: the outer error ends the import, the inner one only the file.
    fn file(&mut self, path: &Path) -> Result<Result<(), ReadError>, Failure> {
        let input = match input::open(path, self.ledger.bar()) {
            Ok(input) => input,
            Err(error) => return Ok(Err(error.into())),
        };
        let name: Rc<str> = path.display().to_string().into();
        let (format, source) = (self.options.format, self.options.source.as_deref());
        let mut failure = None;
        let read = format.read(input, source, &mut |case| match self.case(&name, case) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failure = Some(error);
                ControlFlow::Break(())
            }
        });
        failure.map_or(Ok(read), Err)
    }

    fn case(&mut self, file: &Rc<str>, case: Case) -> Result<(), Failure> {
        self.ledger.read(&case.unused);
        let origin = Origin { file: Rc::clone(file), number: case.number, id: case.id };
        match case.record {
            Err(refusal) => self.ledger.settle(&origin, Fate::Refused(Refused::from(&refusal))),
            Ok(record) => {
                self.origins.push(origin);
                self.records.push(record);
                if self.records.len() < CHUNK { Ok(()) } else { self.flush() }
            }
        }
    }

    /// Sends off what has gathered.
    fn flush(&mut self) -> Result<(), Failure> {
        if self.records.is_empty() {
            return Ok(());
        }
        let fates = self.destination.take(std::mem::take(&mut self.records))?;
        for (origin, fate) in self.origins.drain(..).zip(fates) {
            self.ledger.settle(&origin, fate)?;
        }
        Ok(())
    }

    fn end(mut self) -> Result<(), Failure> {
        self.destination.close();
        // Standard output belongs to the records of a dry run.
        let told = if self.options.dry_run {
            self.ledger.end(&mut io::stderr().lock())
        } else {
            self.ledger.end(&mut io::stdout().lock())
        };
        told.map_err(|error| Failure::doing("cannot write the counts", error))?;
        match self.ledger.is_all_refused() {
            true => Err(Failure("every case was refused: is it the right file, and the right --format?".to_owned())),
            false => Ok(()),
        }
    }
}
