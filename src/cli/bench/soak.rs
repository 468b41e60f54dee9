//! A long time at full load: every kind of call at once, over a collection that does not grow. Neither must memory.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::service::{Connection, Service};
use super::{Failure, SEARCHES, drive};
use crate::simulate::Simulated;

/// Stretches of the time, after each of which the memory is looked at.
const STRETCHES: usize = 20;
/// Caches fill and allocators settle in the first of them.
const SETTLING: usize = 5;
/// Memory may be so much more in the second half than in the first.
const GROWTH: f64 = 1.1;

/// Drives all kinds of calls for so long; a table of speed and memory, or why it is not well.
pub(super) fn soak(service: &Service, records: &[Simulated], clients: u64, time: Duration) -> Result<String, Failure> {
    let next = AtomicU64::new(0);
    let call = |connection: &mut Connection| one(connection, records, next.fetch_add(1, Ordering::Relaxed) as usize);
    let mut table = format!("{:>8} {:>10} {:>10} {:>10} {:>10}  resident\n", "", "a second", "p50", "p99", "p99.9");
    let mut resident = Vec::with_capacity(STRETCHES);
    for stretch in 1..=STRETCHES {
        let figures = drive(service, clients, time / STRETCHES as u32, &call)?;
        let megabytes = service.resident_bytes() as f64 / 1e6;
        resident.push(megabytes);
        let seconds = (time * stretch as u32 / STRETCHES as u32).as_secs();
        let _ = writeln!(table, "{seconds:>6} s {figures} {megabytes:>6.1} MB");
    }
    let most = |stretches: &[f64]| stretches.iter().copied().fold(0.0, f64::max);
    let (first, second) = resident[SETTLING..].split_at((STRETCHES - SETTLING) / 2);
    if most(second) > GROWTH * most(first) {
        return Err(Failure(format!("memory grows: {:.1} MB, later {:.1} MB\n{table}", most(first), most(second))));
    }
    Ok(table)
}

/// Six matches, two searches and one record that goes and comes back, of nine calls.
fn one(connection: &mut Connection, records: &[Simulated], at: usize) -> Result<bool, Failure> {
    let Simulated { source, id, json } = &records[at / 3 % records.len()];
    match at % 9 {
        0 => {
            let path = format!("/v1/records/{source}/{id}");
            connection.delete(&path)?;
            connection.put(&format!("{path}?limit=10"), json)?;
        }
        1 | 2 => connection.get(&format!("/v1/search?q={}", SEARCHES[at % SEARCHES.len()]))?,
        _ => connection.post("/v1/match?limit=10", json)?,
    }
    Ok(true)
}
