//! `crossmatch fit`: what pairs of known truth say of the model's parameters, as lines of a model file.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use rustc_hash::FxHashMap;

use super::collection::Collection;
use super::{Failure, model};
use crate::corpus::CorpusWriter;
use crate::fit::{self, Pair, Sample};
use crate::model::Model;
use crate::record::{Record, Reference};

/// Estimates parameters from pairs of known truth, and prints what differs from the model in use.
#[derive(Debug, Args)]
pub(super) struct Fit {
    /// Holds `missing`, `unidentified` and `unclaimed` (`.ndjson` or `.ndjson.gz`) and `truth.tsv`.
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// The model in use, instead of the built-in one.
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Also writes a model there: that in use with the new figures.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Prints what differs.
pub(super) fn run(options: &Fit) -> Result<(), Failure> {
    let told = std::io::stdout().write_all(estimated(options)?.as_bytes());
    told.map_err(|error| Failure::doing("cannot write to standard output", error))
}

/// Reads and estimates, and writes a model only if asked to.
fn estimated(options: &Fit) -> Result<String, Failure> {
    let model = model::load(options.model.as_deref())?;
    let (pairs, writer) = read(&options.directory)?;
    let sample = Sample { model: &model, pairs: &pairs, snapshot: &writer.snapshot(1) };
    let estimates = fit::fit(&sample);
    let text = fit::lines(&sample, &estimates);
    Model::parse(&text).map_err(|error| Failure::doing("the estimates make no model", error))?;
    if let Some(file) = &options.out {
        let whole = whole(&text, options.model.as_deref())?;
        std::fs::write(file, whole)
            .map_err(|error| Failure::doing(format_args!("cannot write {}", file.display()), error))?;
    }
    Ok(text)
}

/// The pairs in the order of the truth, and the whole collection.
#[expect(clippy::print_stderr, reason = "what was refused is told beside the figures")]
fn read(directory: &Path) -> Result<(Vec<Pair>, CorpusWriter), Failure> {
    let mut collection = Collection::open(directory)?;
    let named = collection.names();
    let mut writer = CorpusWriter::default();
    let mut records: FxHashMap<Reference, Record> = FxHashMap::default();
    for read in collection.records() {
        let (reference, record) = read?;
        writer.put(reference.clone(), &record);
        if named.contains(reference.id()) {
            records.insert(reference, record);
        }
    }
    for refused in &collection.refused {
        eprintln!("refused: {refused}");
    }
    let pair = |pair: super::collection::Pair| {
        let (missing, body) = (records.get(&pair.missing)?.clone(), records.get(&pair.other)?.clone());
        Some(Pair { missing, body })
    };
    Ok((collection.pairs()?.into_iter().filter_map(pair).collect(), writer))
}

/// The lines over the model that they were estimated with; without one they are enough.
fn whole(lines: &str, in_use: Option<&Path>) -> Result<String, Failure> {
    let Some(file) = in_use else { return Ok(lines.to_owned()) };
    let failed = |error: &dyn std::fmt::Display| Failure::doing(format_args!("cannot use {}", file.display()), error);
    let text = std::fs::read_to_string(file).map_err(|error| failed(&error))?;
    let mut below: toml::Table = toml::from_str(&text).map_err(|error| failed(&error))?;
    let above: toml::Table = toml::from_str(lines).map_err(|error| failed(&error))?;
    lay(&mut below, above);
    Ok(below.to_string())
}

fn lay(below: &mut toml::Table, above: toml::Table) {
    for (name, value) in above {
        match (below.get_mut(&name), value) {
            (Some(toml::Value::Table(below)), toml::Value::Table(above)) => lay(below, above),
            (_, value) => drop(below.insert(name, value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Kind;
    use crate::simulate::{Counts, Simulation};

    /// A simulated collection with its truth, as `evaluate` and `fit` read it.
    fn collection(directory: &Path) {
        let counts = Counts { missing: 150, unidentified: 90, unclaimed: 60, twins: 120 };
        let simulation = Simulation::new(counts, 7).expect("a collection");
        for kind in Kind::ALL {
            let lines: String = simulation.records(*kind).map(|record| record.json + "\n").collect();
            std::fs::write(directory.join(format!("{}.ndjson", kind.code())), lines).expect("written");
        }
        let truth = simulation.twins().map(|twin| format!("{}\t{}\t{}\n", twin.missing, twin.other, twin.tier));
        std::fs::write(directory.join("truth.tsv"), truth.collect::<String>()).expect("written");
    }

    #[test]
    fn a_model_is_written_only_where_asked_and_can_be_used() {
        let directory = tempfile::tempdir().expect("a directory");
        collection(directory.path());
        let count = || std::fs::read_dir(directory.path()).expect("a directory").count();
        let mut options = Fit { directory: directory.path().to_owned(), model: None, out: None };
        estimated(&options).expect("estimates");
        assert_eq!(count(), 4);
        let (first, second) = (directory.path().join("first.toml"), directory.path().join("second.toml"));
        options.out = Some(first.clone());
        estimated(&options).expect("estimates");
        let fitted = model::load(Some(&first)).expect("a model");
        assert_ne!(fitted.hash(), Model::default().hash());
        // A model in use keeps what the pairs say nothing of.
        std::fs::write(&first, "presence = 0.4").expect("written");
        let in_use = model::load(Some(&first)).expect("a model");
        (options.model, options.out) = (Some(first), Some(second.clone()));
        estimated(&options).expect("estimates");
        let fitted = model::load(Some(&second)).expect("a model");
        assert!(fitted.presence == 0.4 && fitted.hash() != in_use.hash());
    }
}
