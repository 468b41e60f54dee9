//! A match from end to end, over a mixed stream of full queries: ten candidates with their evidence.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::Criterion;
use crossmatch::corpus::Encoded;
use crossmatch::matching::{agrees, evidence};
use crossmatch::record::{Kind, Record, Reference};

use super::collection::{Collection, record, simulation};
use super::report::{Report, measure};

/// Queries that every row is weighed for by itself.
const ROW_BY_ROW: usize = 10;
/// Pairs that the naive twin weighs; its time for all follows from theirs.
const PAIRS: u64 = 500;

pub(crate) fn bench(criterion: &mut Criterion, report: &mut Report, collection: &Collection) {
    let size = collection.size;
    let mut queries = collection.queries.iter().cycle();
    let (mut plan, mut scan, mut rest) = (Vec::new(), Vec::new(), Vec::new());
    let times = measure(criterion, &format!("match/{size}"), || {
        let Some((reference, query)) = queries.next() else { return };
        let start = Instant::now();
        let query = Encoded::of(query);
        let search = collection.search(reference, &query, 10);
        plan.push(start.elapsed());
        let scanned = search.scan(None);
        scan.push(start.elapsed());
        black_box(scanned.list());
        rest.push(start.elapsed());
    });
    if times.is_empty() {
        return;
    }
    let mean = |times: &[Duration]| times.iter().sum::<Duration>() / times.len() as u32;
    let phases = [mean(&plan), mean(&scan).saturating_sub(mean(&plan)), mean(&rest).saturating_sub(mean(&scan))];
    let note = format!(
        "weighing {:.1?}, scan {:.1?}, evidence {:.1?} on average; every row weighed by itself, without being read or told, {:.1?}",
        phases[0],
        phases[1],
        phases[2],
        row_by_row(collection)
    );
    report.add("match, top 10", size, &times).naive(naive(collection)).note(note);
}

/// What a running service checks its lists with: every row weighed by itself from its column, on one thread.
fn row_by_row(collection: &Collection) -> Duration {
    let queries = collection.queries.iter().step_by(collection.queries.len().div_ceil(ROW_BY_ROW));
    let one = |(reference, query): &(Reference, Record)| {
        let request = collection.request(reference, 10);
        let list = collection.search(reference, &Encoded::of(query), 10).scan(None).list();
        let start = Instant::now();
        assert!(agrees(&list, &collection.snapshot, &collection.model, query, request), "a list is wrong");
        start.elapsed()
    };
    let times: Vec<Duration> = queries.map(one).collect();
    times.iter().sum::<Duration>() / times.len() as u32
}

/// The naive twin: every pair read, weighed by itself, one after the other. Measured on some pairs of each kind.
fn naive(collection: &Collection) -> Duration {
    let simulation = simulation(collection.size);
    let mut all = Duration::ZERO;
    for (_, query) in collection.queries.iter().take(20) {
        let sides: &[Kind] = crossmatch::matching::faces(query.kind);
        for &side in sides {
            let count = simulation.count(side);
            let pairs = PAIRS.min(count);
            let some: Vec<_> = (0..pairs).map(|at| record(simulation, side, at * count / pairs).1).collect();
            let start = Instant::now();
            black_box(evidence(&collection.snapshot, &collection.model, query, some.iter()));
            all += start.elapsed().mul_f64(count as f64 / pairs as f64);
        }
    }
    all / collection.queries.len().min(20) as u32
}
