//! Collections to measure on: made up, the same for the same size.

use std::sync::LazyLock;
use std::time::Instant;

use crossmatch::corpus::{CorpusWriter, Encoded, Snapshot};
use crossmatch::matching::{Request, Search};
use crossmatch::model::Model;
use crossmatch::record::{Kind, Record, Reference, json};
use crossmatch::simulate::{Counts, Simulation};
use rayon::prelude::*;
use rustc_hash::FxHashSet;

/// Queries of the mixed stream.
const QUERIES: u64 = 200;
/// Records made and read in parallel before they are put in order.
const CHUNK: u64 = 16_384;

/// A collection in columns, and a stream of queries.
pub(crate) struct Collection {
    pub(crate) size: u64,
    pub(crate) snapshot: Snapshot,
    pub(crate) model: Model,
    /// Records of the collection, of all kinds as they are frequent, spread evenly.
    pub(crate) queries: Vec<(Reference, Record)>,
    /// Of the process, for all that the snapshot and its writer hold.
    pub(crate) resident_bytes: u64,
    writer: CorpusWriter,
}

/// So many records, at the shares of the three kinds among 19,000 realistic ones.
pub(crate) fn simulation(size: u64) -> Simulation {
    let (missing, unidentified) = (size * 8 / 19, size * 5 / 19);
    let counts = Counts { missing, unidentified, unclaimed: size - missing - unidentified, twins: missing / 10 };
    Simulation::new(counts, 7).expect("a collection")
}

/// A simulated record, read.
pub(crate) fn record(simulation: Simulation, kind: Kind, at: u64) -> (Reference, Record) {
    let made = simulation.record(kind, at).json;
    let read = json::parse(made.as_bytes()).and_then(|tree| json::read_with_reference(&tree));
    read.expect("the simulation makes records")
}

impl Collection {
    /// Makes one.
    pub(crate) fn simulated(size: u64) -> Self {
        let simulation = simulation(size);
        let (before, start) = (resident_bytes(), Instant::now());
        let (mut writer, mut queries) = (CorpusWriter::default(), Vec::new());
        for &kind in Kind::ALL {
            let count = simulation.count(kind);
            for from in (0..count).step_by(CHUNK as usize) {
                let to = count.min(from + CHUNK);
                let records: Vec<(Reference, Encoded)> = (from..to)
                    .into_par_iter()
                    .map(|at| record(simulation, kind, at))
                    .map(|(reference, record)| (reference, Encoded::of(&record)))
                    .collect();
                records.into_iter().for_each(|(reference, record)| writer.put_encoded(reference, record));
            }
            let share = (QUERIES * count / size).max(1);
            queries.extend((0..share).map(|at| record(simulation, kind, at * count / share)));
        }
        // Kinds mixed, so that the stream is no three streams.
        queries.sort_by_cached_key(|(reference, _)| reference.id().bytes().rev().collect::<Vec<u8>>());
        let snapshot = writer.snapshot(1);
        let resident_bytes = resident_bytes().saturating_sub(before);
        eprintln!("{size} records made and put into columns in {:.1} s", start.elapsed().as_secs_f64());
        Self { size, snapshot, model: Model::default(), queries, resident_bytes, writer }
    }

    /// What the stream asks for: ten candidates.
    pub(crate) fn request<'a>(&self, itself: &'a Reference, limit: usize) -> Request<'a> {
        static NOBODY: LazyLock<FxHashSet<Reference>> = LazyLock::new(FxHashSet::default);
        Request {
            limit,
            min_bits: None,
            kind: None,
            include_unverified: false,
            itself: Some(itself),
            ruled_out: &NOBODY,
        }
    }

    /// A planned search.
    pub(crate) fn search<'a>(&'a self, itself: &'a Reference, query: &'a Encoded, limit: usize) -> Search<'a> {
        Search::new(&self.snapshot, &self.model, query, self.request(itself, limit))
    }

    /// The next snapshot of an unchanged collection.
    pub(crate) fn snapshot_again(&self) -> Snapshot {
        self.writer.snapshot(2)
    }
}

/// What the system says that the process has in memory.
pub(crate) fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1_024
}
