//! Instructions of the inner loops, counted by valgrind's callgrind: the same on a busy machine as on an idle one, so that
//! two versions can be compared. What they cost in time, and whether memory keeps up, is the other benchmark's business.
//!
//! ```text
//! cargo install --locked gungraun-runner@0.20.0     as Cargo.lock has it; needs valgrind
//! cargo bench --bench instructions
//! ```
//! Each line is one query against the distinct values of an attribute, or the rows, of the sides that it faces among 2,000
//! made-up records, on one thread, asked for the second time, with what queries share worked out by the first; or one
//! record read. Beside each count stands that of the run before.

#![expect(missing_docs, reason = "the macros make modules of the benchmarks")]
#![expect(clippy::needless_pass_by_value, reason = "what is measured is given what was made for it")]

use std::hint::black_box;
use std::sync::LazyLock;

use crossmatch::corpus::{CorpusWriter, Encoded, Snapshot, Weigher};
use crossmatch::matching::{Request, Search};
use crossmatch::model::Model;
use crossmatch::record::{Kind, Record, Reference, json};
use crossmatch::simulate::{Counts, Simulation};
use gungraun::prelude::*;
use gungraun::{Callgrind, CallgrindMetrics, EventKind};
use rustc_hash::FxHashSet;

const RECORDS: Counts = Counts { missing: 850, unidentified: 550, unclaimed: 600, twins: 85 };

static SIMULATION: LazyLock<Simulation> = LazyLock::new(|| Simulation::new(RECORDS, 7).expect("a collection"));
static MODEL: LazyLock<Model> = LazyLock::new(Model::default);
static NOBODY: LazyLock<FxHashSet<Reference>> = LazyLock::new(FxHashSet::default);
static COLLECTION: LazyLock<Snapshot> = LazyLock::new(|| {
    // The calling thread is the pool: callgrind counts what is called, and that stays on its thread.
    rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global().expect("a pool");
    let mut writer = CorpusWriter::default();
    for &kind in Kind::ALL {
        for (reference, record) in (0..SIMULATION.count(kind)).map(|at| read(json(kind, at))) {
            writer.put(reference, &record);
        }
    }
    writer.snapshot(1)
});

fn json(kind: Kind, at: u64) -> String {
    SIMULATION.record(kind, at).json
}

fn read(json: String) -> (Reference, Record) {
    let tree = json::parse(json.as_bytes()).expect("JSON");
    json::read_with_reference(&tree).expect("the simulation makes records")
}

/// JSON of a record. The tables for reading it are there.
fn warmed(kind: Kind, at: u64) -> String {
    let made = json(kind, at);
    Encoded::of(&read(made.clone()).1);
    made
}

/// The first query of a kind that has the attribute, ready to be weighed against a side.
fn weigher(name: &str, query: Kind, side: Kind) -> Box<dyn Weigher + 'static> {
    let columns = COLLECTION.columns().iter().find(|columns| columns.about().name == name).expect("an attribute");
    // Queries live as long as the collection.
    let mut queries =
        (0..SIMULATION.count(query)).map(|at| &*Box::leak(Box::new(Encoded::of(&read(json(query, at)).1))));
    let weigher = queries.find_map(|query| columns.weigher(&MODEL, query, side)).expect("a query that has it");
    weigher.table();
    weigher
}

fn search(query: Kind) -> Search<'static> {
    let request =
        Request { limit: 10, min_bits: None, kind: None, include_unverified: false, itself: None, ruled_out: &NOBODY };
    let query = Box::leak(Box::new(Encoded::of(&read(json(query, 1)).1)));
    Search::new(&COLLECTION, &MODEL, query, request)
}

// Every distinct value of one attribute.
#[library_benchmark(setup = weigher)]
#[bench::sex("sex", Kind::Unidentified, Kind::Missing)]
#[bench::appearance("appearance", Kind::Unidentified, Kind::Missing)]
#[bench::build("build", Kind::Unidentified, Kind::Missing)]
#[bench::timeline("timeline", Kind::Unidentified, Kind::Missing)]
#[bench::timeline_of_missing("timeline", Kind::Missing, Kind::Unidentified)]
#[bench::place("place", Kind::Unidentified, Kind::Missing)]
#[bench::place_of_missing("place", Kind::Missing, Kind::Unidentified)]
#[bench::features("features", Kind::Unidentified, Kind::Missing)]
#[bench::belongings("belongings", Kind::Unidentified, Kind::Missing)]
#[bench::dental("dental", Kind::Unidentified, Kind::Missing)]
#[bench::dna("dna", Kind::Unidentified, Kind::Missing)]
#[bench::dna_of_missing("dna", Kind::Missing, Kind::Unidentified)]
#[bench::blood_type("blood_type", Kind::Unidentified, Kind::Missing)]
#[bench::fingerprints("fingerprints", Kind::Unidentified, Kind::Missing)]
#[bench::names("names", Kind::Unclaimed, Kind::Missing)]
fn weigh(weigher: Box<dyn Weigher + 'static>) -> Vec<i32> {
    black_box(weigher.table())
}

// Every row, of tables that are there.
#[library_benchmark(setup = search)]
#[bench::remains(Kind::Unidentified)]
#[bench::missing(Kind::Missing)]
fn scan(search: Search<'static>) -> u64 {
    black_box(search.scan(None).before())
}

// JSON to a record, and that to every attribute's value.
#[library_benchmark(setup = warmed)]
#[bench::missing(Kind::Missing, 1)]
#[bench::remains(Kind::Unidentified, 1)]
fn read_record(json: String) -> Encoded {
    black_box(Encoded::of(&read(json).1))
}

library_benchmark_group!(name = weighing, benchmarks = weigh);
library_benchmark_group!(name = scanning, benchmarks = scan);
library_benchmark_group!(name = reading, benchmarks = read_record);
main!(
    config = LibraryBenchmarkConfig::default()
        .tool(Callgrind::with_args(["--cache-sim=no"]).format([CallgrindMetrics::SingleEvent(EventKind::Ir)])),
    library_benchmark_groups = [weighing, scanning, reading]
);
