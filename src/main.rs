//! The program: arguments to a command, a command's failure to an exit code.

use std::process::ExitCode;

use clap::Parser;
use crossmatch::cli::{self, Arguments};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[expect(clippy::print_stderr, reason = "the one line of a failure belongs on stderr")]
fn main() -> ExitCode {
    match cli::run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("crossmatch: {failure}");
            ExitCode::FAILURE
        }
    }
}
