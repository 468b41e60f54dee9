//! `crossmatch bench`: drives a service over HTTP, as its callers do, and says how quick it was.
//!
//! The service is this program again, serving a temporary directory on a free port of this machine: so its memory is its
//! own, and clients and service share the processors, as small installations do. Simulated records are made between the
//! measured stretches, not in them. Clients are bounded: each has one connection and one call under way.

mod service;
mod soak;

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use rayon::prelude::{IntoParallelIterator, ParallelIterator};

use super::Failure;
use crate::record::Kind;
use crate::simulate::{Counts, Simulated, Simulation};
use service::{Connection, Service};

/// Records of one body of `records:batch`.
const BATCH: usize = 2_000;
/// Bodies sent at once while loading.
const LOADERS: usize = 4;
/// Records made before they are sent.
const CHUNK: u64 = 40_000;
/// Records put in a second by no machine that this will run on: so many are made for each second.
const PUTS_A_SECOND: u64 = 4_000;
/// Queries of a full-text search, as an examiner types them.
const SEARCHES: [&str; 4] = ["anchor%20tattoo", "scar%20left%20knee", "red%20jacket", "cross~1"];

/// Drives a service with simulated records and prints how quick it is.
#[derive(Debug, Args)]
pub(super) struct Bench {
    /// Records to load first
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(10..=100_000_000))]
    records: u64,
    /// Clients at once
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u64).range(1..=1_024))]
    clients: u64,
    /// How long each kind of call is measured
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    seconds: u64,
    /// Instead, make calls of all kinds at once for so many seconds, and fail if the service's memory grows
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(20..=1_000_000))]
    soak: Option<u64>,
}

/// Loads, measures and prints.
pub(super) fn run(options: &Bench) -> Result<(), Failure> {
    let puts = PUTS_A_SECOND * options.seconds;
    let (missing, unidentified) = (options.records * 8 / 19, options.records * 5 / 19);
    let counts = Counts {
        // The last of the missing are put while it is measured.
        missing: missing + puts,
        unidentified,
        unclaimed: options.records - missing - unidentified,
        twins: missing / 10,
    };
    let simulation = Simulation::new(counts, 1).map_err(|error| Failure(error.to_string()))?;
    let service = Service::start()?;
    let empty = service.resident_bytes();
    let mut table = format!("{:22} {:>10} {:>10} {:>10} {:>10}\n", "", "a second", "p50", "p99", "p99.9");
    let loaded = load(&service, simulation, missing)?;
    let _ = writeln!(table, "{:22} {:>10.0}", "load, records:batch", options.records as f64 / loaded.as_secs_f64());
    let resident = service.resident_bytes().saturating_sub(empty);
    let queries = stream(simulation, missing);
    if let Some(seconds) = options.soak {
        return tell(&soak::soak(&service, &queries, options.clients, Duration::from_secs(seconds))?);
    }
    let time = Duration::from_secs(options.seconds);
    let next = AtomicU64::new(0);
    let body = || &queries[next.fetch_add(1, Ordering::Relaxed) as usize % queries.len()].json;
    let new: Vec<Simulated> =
        (missing..missing + puts).into_par_iter().map(|at| simulation.record(Kind::Missing, at)).collect();
    let new = Mutex::new(VecDeque::from(new));
    let calls: [(&str, &Call<'_>); 3] = [
        ("match", &|connection| connection.post("/v1/match?limit=10", body()).map(|()| true)),
        ("insert with match", &|connection| {
            let record = new.lock().ok().and_then(|mut new| new.pop_front());
            let Some(Simulated { source, id, json }) = record else { return Ok(false) };
            connection.put(&format!("/v1/records/{source}/{id}?limit=10"), &json).map(|()| true)
        }),
        ("search", &|connection| {
            let at = next.fetch_add(1, Ordering::Relaxed) as usize % SEARCHES.len();
            connection.get(&format!("/v1/search?q={}", SEARCHES[at])).map(|()| true)
        }),
    ];
    for (name, call) in calls {
        let figures = drive(&service, options.clients, time, call)?;
        let _ = writeln!(table, "{name:22} {figures}");
    }
    let _ = writeln!(
        table,
        "\n{} records, {} clients, {} s each; {} bytes resident a record, {} bytes on disk",
        options.records,
        options.clients,
        options.seconds,
        resident / options.records,
        service.disk_bytes() / options.records
    );
    tell(&table)
}

fn tell(table: &str) -> Result<(), Failure> {
    let told = std::io::stdout().write_all(table.as_bytes());
    told.map_err(|error| Failure::doing("cannot write to standard output", error))
}

/// One call; false: there is nothing more to ask.
type Call<'a> = dyn Fn(&mut Connection) -> Result<bool, Failure> + Sync + 'a;

/// Sends all records in batches, and says how long that took without the making of them.
fn load(service: &Service, simulation: Simulation, missing: u64) -> Result<Duration, Failure> {
    let mut took = Duration::ZERO;
    for &kind in Kind::ALL {
        let count = if kind == Kind::Missing { missing } else { simulation.count(kind) };
        for from in (0..count).step_by(CHUNK as usize) {
            let made = (from..count.min(from + CHUNK)).into_par_iter();
            let lines: Vec<String> = made.map(|at| simulation.record(kind, at).json + "\n").collect();
            let bodies: VecDeque<String> = lines.chunks(BATCH).map(|lines| lines.concat()).collect();
            let bodies = Mutex::new(bodies);
            let begun = Instant::now();
            at_once(LOADERS, || {
                let mut connection = service.connect()?;
                while let Some(body) = bodies.lock().ok().and_then(|mut bodies| bodies.pop_front()) {
                    connection.batch(&body)?;
                }
                Ok(())
            })?;
            took += begun.elapsed();
        }
    }
    Ok(took)
}

/// Full records of all kinds, mixed as they are in the collection.
fn stream(simulation: Simulation, missing: u64) -> Vec<Simulated> {
    const EACH: u64 = 400;
    let some = |kind: Kind, count: u64| {
        let of_all = simulation.count(Kind::Unidentified) + simulation.count(Kind::Unclaimed) + missing;
        let share = (EACH * count).div_ceil(of_all).min(count);
        (0..share).map(move |at| (count * at / share, simulation.record(kind, count * at / share)))
    };
    let mut records: Vec<(u64, Simulated)> = some(Kind::Missing, missing).collect();
    for kind in [Kind::Unidentified, Kind::Unclaimed] {
        records.extend(some(kind, simulation.count(kind)));
    }
    records.sort_by(|a, b| (a.0, &a.1.id).cmp(&(b.0, &b.1.id)));
    records.into_iter().map(|(_, record)| record).collect()
}

/// Does the same on so many threads, and tells the first failure.
fn at_once<T: Send>(threads: usize, work: impl Fn() -> Result<T, Failure> + Sync) -> Result<Vec<T>, Failure> {
    thread::scope(|scope| {
        let all: Vec<_> = (0..threads).map(|_| scope.spawn(&work)).collect();
        let ended =
            all.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err(Failure("a client failed".into()))));
        ended.collect()
    })
}

/// Calls for so long, and how quick the calls were.
fn drive(service: &Service, clients: u64, time: Duration, call: &Call<'_>) -> Result<Figures, Failure> {
    let begun = Instant::now();
    let times = at_once(clients as usize, || {
        let mut connection = service.connect()?;
        let mut times = Vec::new();
        while begun.elapsed() < time {
            let start = Instant::now();
            if !call(&mut connection)? {
                break;
            }
            times.push(start.elapsed());
        }
        Ok(times)
    })?;
    let elapsed = begun.elapsed();
    let mut times: Vec<Duration> = times.into_iter().flatten().collect();
    times.sort_unstable();
    Ok(Figures { times, elapsed })
}

/// The times of all calls, sorted, and how long they took together.
struct Figures {
    times: Vec<Duration>,
    elapsed: Duration,
}

impl Figures {
    /// In milliseconds: a share of the calls was as quick or quicker.
    fn percentile(&self, share: f64) -> f64 {
        let rank = (self.times.len() as f64 * share).ceil() as usize;
        self.times.get(rank.saturating_sub(1)).map_or(0.0, |time| time.as_secs_f64() * 1_000.0)
    }
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [median, late, last] = [0.5, 0.99, 0.999].map(|share| self.percentile(share));
        let rate = self.times.len() as f64 / self.elapsed.as_secs_f64();
        write!(f, "{rate:>10.0} {median:>7.2} ms {late:>7.2} ms {last:>7.2} ms")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_time_that_so_many_calls_kept_to() {
        let times: Vec<Duration> = (1..=1_000).map(Duration::from_millis).collect();
        let figures = Figures { times, elapsed: Duration::from_secs(2) };
        assert_eq!([0.5, 0.99, 0.999, 1.0].map(|share| figures.percentile(share)), [500.0, 990.0, 999.0, 1_000.0]);
        assert!(figures.to_string().trim_start().starts_with("500 "));
        let none = Figures { times: Vec::new(), elapsed: Duration::from_secs(1) };
        assert_eq!(none.percentile(0.99), 0.0);
    }
}
