//! The figures of a run side by side, and their ratios.

use std::time::{Duration, Instant};

use criterion::Criterion;

/// What a run measured.
#[derive(Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
}

struct Row {
    subject: String,
    records: u64,
    median: Duration,
    worst: Duration,
    /// What the same takes naively.
    naive: Option<Duration>,
    /// Bytes that have to be read.
    bytes: Option<u64>,
    note: String,
}

/// A subject's times: a criterion benchmark whose samples are also kept.
pub(crate) fn measure(criterion: &mut Criterion, name: &str, mut run: impl FnMut()) -> Vec<Duration> {
    let mut times = Vec::new();
    criterion.bench_function(name, |bencher| {
        bencher.iter_custom(|rounds| {
            let all = Instant::now();
            for _ in 0..rounds {
                let start = Instant::now();
                run();
                times.push(start.elapsed());
            }
            all.elapsed()
        });
    });
    times.sort_unstable();
    times
}

/// A share of sorted times lies below this one.
pub(crate) fn percentile(times: &[Duration], share: f64) -> Duration {
    let at = ((times.len() as f64 * share) as usize).min(times.len().saturating_sub(1));
    times.get(at).copied().unwrap_or_default()
}

impl Report {
    /// Adds a subject; without times it was not asked for.
    pub(crate) fn add(&mut self, subject: &str, records: u64, times: &[Duration]) -> Figures<'_> {
        if times.is_empty() {
            return Figures(None);
        }
        let (median, worst) = (percentile(times, 0.5), percentile(times, 0.99));
        let (subject, note) = (subject.to_owned(), String::new());
        self.rows.push(Row { subject, records, median, worst, naive: None, bytes: None, note });
        Figures(self.rows.last_mut())
    }

    /// Prints all, beside what the machine's memory yields.
    pub(crate) fn print(&self, bytes_a_second: f64) {
        println!("\nmemory: {:.1} GB/s", bytes_a_second / 1e9);
        println!(
            "{:28} {:>10} {:>12} {:>12} {:>12} {:>10} {:>10}  ",
            "subject", "records", "median", "p99", "naive", "faster", "x floor"
        );
        for row in &self.rows {
            let times = |of: Duration| of.as_secs_f64() / row.median.as_secs_f64();
            let naive = row.naive.map_or_else(String::new, |naive| format!("{naive:.1?}"));
            let faster = row.naive.map_or_else(String::new, |naive| format!("{:.1}", times(naive)));
            let floor = row.bytes.map(|bytes| Duration::from_secs_f64(bytes as f64 / bytes_a_second));
            let above = floor.map_or_else(String::new, |floor| format!("{:.1}", 1.0 / times(floor)));
            let (median, worst) = (format!("{:.1?}", row.median), format!("{:.1?}", row.worst));
            println!(
                "{:28} {:>10} {median:>12} {worst:>12} {naive:>12} {faster:>10} {above:>10}  {}",
                row.subject, row.records, row.note
            );
        }
    }
}

/// What else is known of a subject.
pub(crate) struct Figures<'a>(Option<&'a mut Row>);

impl Figures<'_> {
    /// Beside the naive way.
    pub(crate) fn naive(mut self, naive: Duration) -> Self {
        if let Some(row) = &mut self.0 {
            row.naive = Some(naive);
        }
        self
    }

    /// Beside the floor.
    pub(crate) fn floor(mut self, bytes: u64) -> Self {
        if let Some(row) = &mut self.0 {
            row.bytes = Some(bytes);
        }
        self
    }

    /// In words.
    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        if let Some(row) = &mut self.0 {
            row.note = note.into();
        }
        self
    }
}
