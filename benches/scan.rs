//! The scan of weighed columns, and what a list of the best adds to it.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::Criterion;
use crossmatch::corpus::Encoded;

use super::collection::Collection;
use super::report::{Report, measure};

pub(crate) fn bench(criterion: &mut Criterion, report: &mut Report, collection: &Collection) {
    let size = collection.size;
    for limit in [0, 10, 100] {
        let mut queries = collection.queries.iter().cycle();
        let mut times: Vec<Duration> = Vec::new();
        measure(criterion, &format!("scan/top {limit}/{size}"), || {
            let Some((reference, query)) = queries.next() else { return };
            let query = Encoded::of(query);
            let search = collection.search(reference, &query, limit);
            let start = Instant::now();
            black_box(search.scan(None).before());
            times.push(start.elapsed());
        });
        times.sort_unstable();
        report.add(&format!("scan, top {limit}"), size, &times);
    }
}
