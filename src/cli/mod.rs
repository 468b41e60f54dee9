//! The command line: one file a command, each with its options and a `run`.

mod audit;
mod backup;
mod bench;
mod collection;
mod demo;
mod evaluate;
mod fit;
mod import;
mod keys;
mod model;
mod openapi;
mod serve;
mod simulate;

use clap::{Parser, Subcommand};
use thiserror::Error;

use crate::record::{InvalidReference, Reference};

/// Weighs missing persons against unidentified remains and unclaimed bodies.
#[derive(Debug, Parser)]
#[command(name = "crossmatch", version, about)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Checks the audit trail
    Audit(audit::Audit),
    /// Writes a copy of everything that counts, while the service runs
    Backup(backup::Backup),
    /// Converts and loads files of cases.
    Import(import::Options),
    /// Puts a backup into a directory
    Restore(backup::Restore),
    /// Runs the service until SIGINT or SIGTERM
    Serve(Box<serve::Options>),
    /// Makes, lists and takes back the keys of callers
    Keys(keys::Keys),
    /// Prints openapi.yaml
    Openapi,
    /// Measures matching on a collection of known truth
    Evaluate(evaluate::Evaluate),
    /// Estimates the model's parameters from pairs of known truth
    Fit(fit::Fit),
    /// Writes a synthetic collection
    Simulate(simulate::Simulate),
    /// Drives a temporary service with simulated records and prints how quick it is
    Bench(bench::Bench),
}

/// Why a command failed: one line that says what, and how to mend it. The exit code is 1.
#[derive(Debug, Error)]
#[error("{0}")]
pub struct Failure(pub String);

impl Failure {
    /// A failure from any error, behind what was being done.
    pub fn doing(what: impl std::fmt::Display, error: impl std::fmt::Display) -> Self {
        Self(format!("{what}: {error}"))
    }
}

/// Runs one command to its end.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    match arguments.command {
        Command::Audit(options) => audit::run(&options),
        Command::Backup(options) => backup::backup(&options),
        Command::Restore(options) => backup::restore(&options),
        Command::Import(options) => import::run(&options),
        Command::Serve(options) => serve::run(*options),
        Command::Keys(options) => keys::run(&options),
        Command::Openapi => openapi::run(),
        Command::Evaluate(options) => evaluate::run(&options),
        Command::Fit(options) => fit::run(&options),
        Command::Simulate(options) => simulate::run(&options),
        Command::Bench(options) => bench::run(&options),
    }
}

/// The name of a case system on the command line.
fn source(name: &str) -> Result<String, InvalidReference> {
    Reference::new(name, "x").map(|_| name.to_owned())
}
