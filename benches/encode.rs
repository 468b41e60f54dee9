//! Records into columns: one put, and a snapshot.

use std::hint::black_box;

use criterion::Criterion;
use crossmatch::corpus::CorpusWriter;

use super::collection::{Collection, record, simulation};
use super::report::{Report, measure};
use crossmatch::record::Kind;

/// Records put in one round.
const PUTS: u64 = 1_000;

pub(crate) fn bench(criterion: &mut Criterion, report: &mut Report, collection: &Collection) {
    let size = collection.size;
    let simulation = simulation(collection.size);
    let records: Vec<_> = (0..PUTS.min(size / 4)).map(|at| record(simulation, Kind::Missing, at)).collect();
    let mut writer = CorpusWriter::default();
    let times = measure(criterion, &format!("encode/put 1000/{size}"), || {
        records.iter().for_each(|(reference, record)| writer.put(reference.clone(), record));
    });
    report.add("encode 1,000 puts", size, &times);
    let times = measure(criterion, &format!("encode/snapshot/{size}"), || {
        black_box(collection.snapshot_again());
    });
    let bytes = collection.resident_bytes as f64 / size as f64;
    report.add("encode a snapshot", size, &times).note(format!("{bytes:.0} bytes resident a record"));
}
