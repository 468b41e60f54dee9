//! `crossmatch audit`: checks the trail of calls, also while the service runs.

use std::io::Write;
use std::path::PathBuf;

use clap::Subcommand;

use super::Failure;
use crate::audit;

/// Options of `audit`.
#[derive(Debug, clap::Args)]
pub(super) struct Audit {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Walks the chain of hashes, and prints its length and its head
    Verify(Verify),
}

#[derive(Debug, clap::Args)]
struct Verify {
    /// The directory of the index
    #[arg(long, env = "CROSSMATCH_INDEX_DIR", value_name = "DIR", default_value = "index")]
    index_dir: PathBuf,
    /// A head that an earlier check printed: fails if it is not in the chain any more, because the end was cut off
    #[arg(long, value_name = "HASH", value_parser = head)]
    contains: Option<String>,
}

fn head(text: &str) -> Result<String, &'static str> {
    let is_hash = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hash {
        Ok(text.to_ascii_lowercase())
    } else {
        Err("is no head: 64 hexadecimal digits, as an earlier check printed them")
    }
}

/// Checks the trail.
pub(super) fn run(options: &Audit) -> Result<(), Failure> {
    let Command::Verify(verify) = &options.command;
    let file = verify.index_dir.join(audit::FILE);
    let found = audit::verify(&file, verify.contains.as_deref())
        .map_err(|broken| Failure::doing(format_args!("the trail in {} does not hold", file.display()), broken))?;
    if let (false, Some(earlier)) = (found.contains, &verify.contains) {
        let file = file.display();
        return Err(Failure(format!("the trail in {file} holds, but {earlier} is not in it: its end was cut off")));
    }
    let text = format!("{} lines, head {}\n", found.lines, found.head);
    std::io::stdout().write_all(text.as_bytes()).map_err(|error| Failure::doing("cannot print", error))
}
