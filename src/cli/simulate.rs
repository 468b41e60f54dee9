//! `crossmatch simulate`: writes a synthetic collection in the layout that `evaluate` and `import` read.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use flate2::{Compression, GzBuilder};
use rayon::prelude::{IntoParallelIterator, ParallelIterator};

use super::Failure;
use crate::record::Kind;
use crate::simulate::{Counts, Simulation};

/// Records made in parallel before they are written in order.
const CHUNK: u64 = 8_192;

/// Writes a synthetic collection: missing, unidentified and unclaimed records, and which are one person.
#[derive(Debug, Args)]
pub(super) struct Simulate {
    /// Missing persons to write.
    #[arg(long, value_name = "N")]
    missing: u64,
    /// Unidentified remains to write.
    #[arg(long, value_name = "N")]
    unidentified: u64,
    /// Unclaimed bodies to write.
    #[arg(long, value_name = "N")]
    unclaimed: u64,
    /// Missing persons who are also among the unidentified or unclaimed.
    #[arg(long, value_name = "N")]
    twins: u64,
    /// The same seed writes the same bytes.
    #[arg(long, value_name = "S")]
    seed: u64,
    /// Where to write; created if need be. Files of these names in it are replaced.
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

/// Writes the three collections and the truth.
pub(super) fn run(options: &Simulate) -> Result<(), Failure> {
    let Simulate { missing, unidentified, unclaimed, twins, seed, ref directory } = *options;
    let counts = Counts { missing, unidentified, unclaimed, twins };
    let simulation = Simulation::new(counts, seed).map_err(|error| Failure(error.to_string()))?;
    fs::create_dir_all(directory)
        .map_err(|error| Failure::doing(format!("cannot create {}", directory.display()), error))?;
    let mut written = [Ok(()), Ok(()), Ok(()), Ok(())];
    let [first, second, third, truth] = &mut written;
    rayon::scope(|scope| {
        for (kind, result) in [(Kind::Missing, first), (Kind::Unidentified, second), (Kind::Unclaimed, third)] {
            scope.spawn(move |_| *result = write_records(simulation, kind, directory));
        }
        scope.spawn(|_| *truth = write_truth(simulation, directory));
    });
    written.into_iter().collect()
}

fn write_records(simulation: Simulation, kind: Kind, directory: &Path) -> Result<(), Failure> {
    let path = directory.join(format!("{}.ndjson.gz", kind.code()));
    let write = || {
        // Without a name and a time in its head, so that the same records are the same bytes.
        let mut file = GzBuilder::new().write(BufWriter::new(File::create(&path)?), Compression::fast());
        for from in (0..simulation.count(kind)).step_by(CHUNK as usize) {
            let to = simulation.count(kind).min(from + CHUNK);
            let lines: Vec<String> =
                (from..to).into_par_iter().map(|index| simulation.record(kind, index).json + "\n").collect();
            lines.iter().try_for_each(|line| file.write_all(line.as_bytes()))?;
        }
        file.finish()?.flush()
    };
    write().map_err(|error| Failure::doing(format!("cannot write {}", path.display()), error))
}

fn write_truth(simulation: Simulation, directory: &Path) -> Result<(), Failure> {
    let path = directory.join("truth.tsv");
    let write = || {
        let mut file = BufWriter::new(File::create(&path)?);
        for twin in simulation.twins() {
            writeln!(file, "{}\t{}\t{}", twin.missing, twin.other, twin.tier)?;
        }
        file.flush()
    };
    write().map_err(|error: std::io::Error| Failure::doing(format!("cannot write {}", path.display()), error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(directory: &Path) -> Simulate {
        let directory = directory.to_owned();
        Simulate { missing: 30, unidentified: 20, unclaimed: 10, twins: 12, seed: 4, directory }
    }

    #[test]
    fn the_same_seed_writes_the_same_bytes() {
        let [one, two] = [(); 2].map(|()| tempfile::tempdir().expect("a directory"));
        for directory in [&one, &two] {
            run(&options(directory.path())).expect("written");
        }
        for name in ["missing.ndjson.gz", "unidentified.ndjson.gz", "unclaimed.ndjson.gz", "truth.tsv"] {
            let read = |directory: &Path| fs::read(directory.join(name)).expect("a file");
            assert!(!read(one.path()).is_empty() && read(one.path()) == read(two.path()), "{name}");
        }
    }

    #[test]
    fn a_directory_that_cannot_be_is_named() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("file");
        fs::write(&file, "").expect("written");
        let failure = run(&options(&file)).expect_err("no directory");
        assert!(failure.to_string().contains("file"), "{failure}");
    }
}
