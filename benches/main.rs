//! Where time goes, and how far from the limit it is.
//!
//! ```text
//! cargo bench                                              62,000 records
//! CROSSMATCH_BENCH_RECORDS=62000,1000000 cargo bench       both; with 10,000,000 it takes some 8 GB
//! cargo bench -- weigh                                     one subject
//! ```
//! Every subject stands beside the naive twin (every pair weighed one by one) and the floor (the bytes that must be read,
//! over the bandwidth of this machine), measured in the same run, so that a noisy machine changes figures but hardly
//! ratios. The table at the end has the ratios. What does not depend on the machine's mood, the instructions of the inner
//! loops, is counted by `instructions.rs`.
//!
//! Made-up collections ([`crossmatch::simulate`]) with teeth, prints, DNA and texts at the shares of published cases.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark tells its figures")]

mod collection;
mod encode;
mod floor;
mod insert;
mod matches;
mod recovery;
mod report;
mod scan;
mod weigh;

use criterion::Criterion;

use collection::Collection;
use report::Report;

/// As the program has it: where values lie in memory is half of what weighing them costs.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let sizes = std::env::var("CROSSMATCH_BENCH_RECORDS").unwrap_or_else(|_| "62000".to_owned());
    let sizes: Vec<u64> = sizes.split(',').map(|size| size.trim().parse().expect("numbers of records")).collect();
    let mut criterion = Criterion::default().configure_from_args().sample_size(10);
    let mut report = Report::default();
    for size in sizes {
        let collection = Collection::simulated(size);
        encode::bench(&mut criterion, &mut report, &collection);
        recovery::bench(&mut criterion, &mut report, &collection);
        weigh::bench(&mut criterion, &mut report, &collection);
        scan::bench(&mut criterion, &mut report, &collection);
        matches::bench(&mut criterion, &mut report, &collection);
    }
    // Last: what it leaves behind would be counted as a collection's memory.
    insert::bench(&mut criterion, &mut report);
    criterion.final_summary();
    report.print(floor::bytes_a_second());
}
