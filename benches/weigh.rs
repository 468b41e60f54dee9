//! Each attribute's weighing of all its distinct values, by queries that are made ready, on one thread and beside the floor.

use std::hint::black_box;

use criterion::Criterion;
use crossmatch::corpus::Encoded;
use crossmatch::record::Kind;

use super::collection::Collection;
use super::report::{Report, measure, percentile};

/// Queries whose weighing is averaged.
const QUERIES: usize = 10;

pub(crate) fn bench(criterion: &mut Criterion, report: &mut Report, collection: &Collection) {
    let size = collection.size;
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    for columns in collection.snapshot.columns() {
        let name = columns.about().name;
        // The longest direction: remains against the missing; names where the other side has them.
        let asks = |kind: Kind| collection.queries.iter().filter(move |(_, record)| record.kind == kind);
        let queries = asks(Kind::Unidentified).chain(asks(Kind::Unclaimed));
        let queries: Vec<Encoded> = queries.map(|(_, query)| Encoded::of(query)).collect();
        let weighers = queries.iter().filter_map(|query| columns.weigher(&collection.model, query, Kind::Missing));
        let weighers: Vec<_> = weighers.take(QUERIES).collect();
        let mut next = weighers.iter().cycle();
        let Some(first) = weighers.first() else { continue };
        let (values, bytes) = (first.table().len(), 4 * first.table().len());
        let times = measure(criterion, &format!("weigh/{name}/{size}"), || {
            one.install(|| black_box(next.next().map(|weigher| weigher.table())));
        });
        let each = percentile(&times, 0.5).as_nanos() as f64 / values as f64;
        let note = format!("{values} distinct values, {each:.0} ns each, one thread");
        report.add(&format!("weigh {name}"), size, &times).floor(bytes as u64).note(note);
    }
}
