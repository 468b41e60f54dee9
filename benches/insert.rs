//! Durable writes through the engine, each seen by the match that follows it.

use std::sync::atomic::{AtomicU64, Ordering};

use criterion::Criterion;
use crossmatch::engine::{Engine, EngineOptions, MatchRequest};
use crossmatch::model::Model;
use crossmatch::record::{Kind, Record, Reference};
use futures_util::future::join_all;

use super::collection::{record, simulation};
use super::report::{Report, measure};

/// Clients at once.
const CLIENTS: usize = 32;
const RECORDS: u64 = 20_000;

pub(crate) fn bench(criterion: &mut Criterion, report: &mut Report) {
    let directory = tempfile::tempdir().expect("a directory");
    let options =
        EngineOptions { threads: 2, write_queue: 4_096, match_queue: 256, model: Model::default(), events: None };
    let engine = Engine::open(directory.path(), &options).expect("an engine");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let simulation = simulation(4 * RECORDS);
    let next = AtomicU64::new(0);
    let made =
        || record(simulation, Kind::Missing, next.fetch_add(1, Ordering::Relaxed) % simulation.count(Kind::Missing));
    let put = |(reference, record): (Reference, Record)| {
        let engine = &engine;
        async move { engine.put(reference, record, None, None).await.expect("a put") }
    };
    let times = measure(criterion, "insert/1 client", || {
        runtime.block_on(put(made()));
    });
    report.add("insert, 1 client", 0, &times);
    let times = measure(criterion, "insert/32 clients", || {
        runtime.block_on(join_all((0..CLIENTS).map(|_| put(made()))));
    });
    report.add("insert, 32 at once", 0, &times);
    let request = MatchRequest { limit: 10, min_bits: None, kind: None, include_unverified: false };
    let times = measure(criterion, "insert/32 clients with match", || {
        let calls = (0..CLIENTS).map(|_| {
            let (made, request, engine) = (made(), request.clone(), &engine);
            async move {
                let reference = made.0.clone();
                engine.put(made.0, made.1, None, None).await.expect("a put");
                engine.matches(&reference, request).await.expect("a match")
            }
        });
        runtime.block_on(join_all(calls));
    });
    report.add("insert with match, 32", 0, &times);
}
