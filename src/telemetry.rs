//! What operators see: structured logs on stderr, and metrics in Prometheus' text format.
//!
//! Both carry identifiers and counts only. Labels are bounded: routes are patterns, never paths.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use prometheus::{
    Encoder, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};
use thiserror::Error;
use tracing_subscriber::EnvFilter;

use crate::engine::Census;
use crate::matching::Phases;
use crate::record::Kind;
use crate::settings::{LogFormat, LogLevel};

/// The media type of [`Metrics::text`].
pub const METRICS_TYPE: &str = prometheus::TEXT_FORMAT;

/// The logs cannot be set up.
#[derive(Debug, Error)]
#[error("logs are set up already")]
pub struct LogError;

/// Sends logs to stderr from now on. Other crates' lines only from `warn` on: below it, some print requests.
pub fn start_log(level: LogLevel, format: LogFormat) -> Result<(), LogError> {
    let filter = EnvFilter::new(format!("warn,crossmatch={}", level.as_str()));
    // A line that cannot be written is lost: telling stderr that stderr is full would end the thread that logs.
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).log_internal_errors(false);
    match format {
        LogFormat::Text => log.with_ansi(false).try_init(),
        LogFormat::Json => log.json().flatten_event(true).try_init(),
    }
    .map_err(|_| LogError)
}

/// Every metric of the service.
pub struct Metrics {
    registry: Registry,
    requests: HistogramVec,
    matches: HistogramVec,
    records: IntGaugeVec,
    rows_scanned: IntCounter,
    rows_weighed_in_full: IntCounter,
    writes_refused: IntCounter,
    self_checks: IntCounter,
    self_check_mismatches: IntCounter,
    queues: IntGaugeVec,
    index_bytes: IntGauge,
    audit_lines_lost: IntCounter,
    key_fetches_failed: IntCounter,
    event_lag: IntGauge,
    text_lag: IntGauge,
    event_stock_taken: IntGauge,
    events_told: IntCounterVec,
    subscribers: IntGaugeVec,
    webhook_posts: IntCounterVec,
    /// One scrape at a time: a counter is moved up to the engine's own count.
    scrape: Mutex<()>,
}

/// From 100 µs, a quick read, to 30 s, a large batch.
const REQUEST_SECONDS: &[f64] =
    &[0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];
/// From 10 µs, a plan, to 10 s, a scan of very many rows.
const MATCH_SECONDS: &[f64] =
    &[0.00001, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 10.0];

impl Metrics {
    /// All metrics, at zero.
    #[expect(clippy::new_without_default, reason = "a registry of its own is no default")]
    pub fn new() -> Self {
        let registry = Registry::new();
        let metrics = Self {
            requests: histograms(
                ("crossmatch_http_request_duration_seconds", "From a request's head to the end of its answer."),
                &["route", "method", "status"],
                REQUEST_SECONDS,
            ),
            matches: histograms(
                ("crossmatch_match_duration_seconds", "Time in each phase of a match."),
                &["phase"],
                MATCH_SECONDS,
            ),
            records: gauges("crossmatch_records", "Records that are matched.", &["kind"]),
            rows_scanned: counter("crossmatch_rows_scanned_total", "Rows weighed by all matches."),
            rows_weighed_in_full: counter(
                "crossmatch_rows_weighed_in_full_total",
                "Rows whose costly attributes were weighed too.",
            ),
            writes_refused: counter("crossmatch_writes_refused_total", "Writes that the disk refused."),
            self_checks: counter("crossmatch_selfcheck_total", "Matches weighed again exhaustively."),
            self_check_mismatches: counter(
                "crossmatch_selfcheck_mismatches_total",
                "Matches whose exhaustive weighing gave another list: always 0 unless the engine has a fault.",
            ),
            queues: gauges("crossmatch_queue_depth", "Calls waiting for the engine.", &["queue"]),
            index_bytes: gauge("crossmatch_index_bytes", "Bytes of the files in the index directory."),
            audit_lines_lost: counter(
                "crossmatch_audit_lines_lost_total",
                "Lines of the audit trail that could not be written.",
            ),
            key_fetches_failed: counter(
                "crossmatch_oidc_key_fetches_failed_total",
                "Fetches of the identity provider's keys that failed.",
            ),
            event_lag: gauge("crossmatch_event_lag_writes", "Writes whose pairs were not looked at for events yet."),
            text_lag: gauge("crossmatch_text_lag_writes", "Writes that a search does not find yet."),
            event_stock_taken: gauge(
                "crossmatch_event_stock_taken",
                "1 when the log of events knows the pairs of all records, 0 while stock is taken of them.",
            ),
            events_told: counters("crossmatch_events_told_total", "Events told, by stream and webhook.", &["to"]),
            subscribers: gauges("crossmatch_event_subscribers", "Open streams of events, and webhooks.", &["to"]),
            webhook_posts: counters(
                "crossmatch_webhook_posts_total",
                "Posts to webhooks, by how they ended.",
                &["outcome"],
            ),
            scrape: Mutex::new(()),
            registry,
        };
        metrics.register();
        for to in ["stream", "webhook"] {
            metrics.events_told.with_label_values(&[to]);
            metrics.subscribers.with_label_values(&[to]);
        }
        metrics.webhook_posts.with_label_values(&["taken"]);
        metrics
    }

    fn register(&self) {
        let build = gauges("crossmatch_build_info", "The version that runs.", &["version"]);
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        let collectors: Vec<Box<dyn prometheus::core::Collector>> = vec![
            Box::new(self.requests.clone()),
            Box::new(self.matches.clone()),
            Box::new(self.records.clone()),
            Box::new(self.rows_scanned.clone()),
            Box::new(self.rows_weighed_in_full.clone()),
            Box::new(self.writes_refused.clone()),
            Box::new(self.self_checks.clone()),
            Box::new(self.self_check_mismatches.clone()),
            Box::new(self.queues.clone()),
            Box::new(self.index_bytes.clone()),
            Box::new(self.audit_lines_lost.clone()),
            Box::new(self.key_fetches_failed.clone()),
            Box::new(self.event_lag.clone()),
            Box::new(self.text_lag.clone()),
            Box::new(self.event_stock_taken.clone()),
            Box::new(self.events_told.clone()),
            Box::new(self.subscribers.clone()),
            Box::new(self.webhook_posts.clone()),
            Box::new(build),
            #[cfg(target_os = "linux")]
            Box::new(prometheus::process_collector::ProcessCollector::for_self()),
        ];
        for collector in collectors {
            self.registry.register(collector).expect("metrics have different names");
        }
    }

    /// Counts an answer.
    pub fn answered(&self, route: &str, method: &str, status: u16, elapsed: Duration) {
        let labels = [route, method, &status.to_string()];
        self.requests.with_label_values(&labels).observe(elapsed.as_secs_f64());
    }

    /// Counts a match over so many rows.
    pub fn matched(&self, phases: &Phases, rows: u64) {
        self.rows_scanned.inc_by(rows);
        for (phase, us) in [("plan", phases.plan_us), ("scan", phases.scan_us), ("explain", phases.explain_us)] {
            self.matches.with_label_values(&[phase]).observe(us as f64 / 1e6);
        }
    }

    /// Takes over what others count from the start: lines of the audit trail that were lost, and fetches of the identity
    /// provider's keys that failed.
    pub fn failed(&self, lines_lost: u64, key_fetches: u64) {
        let _one_at_a_time = self.scrape.lock().unwrap_or_else(PoisonError::into_inner);
        for (counter, all) in [(&self.audit_lines_lost, lines_lost), (&self.key_fetches_failed, key_fetches)] {
            counter.inc_by(all.saturating_sub(counter.get()));
        }
    }

    /// Counts events told to streams or webhooks.
    pub fn told(&self, to: &'static str, events: u64) {
        self.events_told.with_label_values(&[to]).inc_by(events);
    }

    /// Counts a stream or webhook that begins (1) or ends (-1).
    pub fn subscribers(&self, to: &'static str, change: i64) {
        self.subscribers.with_label_values(&[to]).add(change);
    }

    /// Counts a post to a webhook.
    pub fn delivered(&self, outcome: &'static str) {
        self.webhook_posts.with_label_values(&[outcome]).inc();
    }

    /// Everything in the text format; with the engine's own figures once there is one.
    pub fn text(&self, census: Option<&Census>) -> String {
        let _one_at_a_time = self.scrape.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(census) = census {
            self.take_over(census);
        }
        let mut text = Vec::new();
        // Writing to memory fails only for a metric without a value, which the registry does not gather.
        let _ = TextEncoder::new().encode(&self.registry.gather(), &mut text);
        String::from_utf8(text).unwrap_or_default()
    }

    fn take_over(&self, census: &Census) {
        for (kind, count) in Kind::ALL.iter().zip(census.records) {
            self.records.with_label_values(&[kind.code()]).set(signed(count));
        }
        self.queues.with_label_values(&["write"]).set(signed(census.write_queue));
        self.queues.with_label_values(&["match"]).set(signed(census.match_queue));
        self.index_bytes.set(signed(census.index_bytes));
        self.event_lag.set(signed(census.event_lag));
        self.text_lag.set(signed(census.text_lag));
        self.event_stock_taken.set(i64::from(census.event_stock_taken));
        move_up(&self.rows_weighed_in_full, census.rows_weighed_in_full);
        move_up(&self.writes_refused, census.writes_refused);
        move_up(&self.self_checks, census.self_checks.0);
        move_up(&self.self_check_mismatches, census.self_checks.1);
    }
}

fn move_up(counter: &IntCounter, to: u64) {
    counter.inc_by(to.saturating_sub(counter.get()));
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn histograms((name, help): (&str, &str), labels: &[&str], buckets: &[f64]) -> HistogramVec {
    let options = HistogramOpts::new(name, help).buckets(buckets.to_vec());
    HistogramVec::new(options, labels).expect("the name and the labels are valid")
}

fn gauges(name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
    IntGaugeVec::new(Opts::new(name, help), labels).expect("the name and the labels are valid")
}

fn counters(name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
    IntCounterVec::new(Opts::new(name, help), labels).expect("the name and the labels are valid")
}

fn gauge(name: &str, help: &str) -> IntGauge {
    IntGauge::new(name, help).expect("the name is valid")
}

fn counter(name: &str, help: &str) -> IntCounter {
    IntCounter::new(name, help).expect("the name is valid")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_has_its_help_its_type_and_its_value() {
        let metrics = Metrics::new();
        metrics.answered("/v1/match", "POST", 200, Duration::from_millis(3));
        metrics.matched(&Phases { plan_us: 1, scan_us: 2, explain_us: 3 }, 25_726);
        let census = Census {
            records: [5, 6, 7],
            index_bytes: 8,
            write_queue: 9,
            match_queue: 10,
            rows_weighed_in_full: 11,
            writes_refused: 17,
            text_lag: 18,
            self_checks: (12, 13),
            event_lag: 14,
            event_stock_taken: true,
        };
        metrics.told("stream", 15);
        metrics.subscribers("webhook", 16);
        metrics.delivered("refused");
        metrics.text(Some(&census));
        let text = metrics.text(Some(&census));
        for line in [
            "crossmatch_http_request_duration_seconds_count{method=\"POST\",route=\"/v1/match\",status=\"200\"} 1",
            "crossmatch_match_duration_seconds_count{phase=\"scan\"} 1",
            "crossmatch_rows_scanned_total 25726",
            "crossmatch_rows_weighed_in_full_total 11",
            "crossmatch_writes_refused_total 17",
            "crossmatch_selfcheck_total 12",
            "crossmatch_selfcheck_mismatches_total 13",
            "crossmatch_records{kind=\"unclaimed\"} 7",
            "crossmatch_queue_depth{queue=\"match\"} 10",
            "crossmatch_index_bytes 8",
            "crossmatch_event_lag_writes 14",
            "crossmatch_text_lag_writes 18",
            "crossmatch_event_stock_taken 1",
            "crossmatch_events_told_total{to=\"stream\"} 15",
            "crossmatch_event_subscribers{to=\"webhook\"} 16",
            "crossmatch_webhook_posts_total{outcome=\"refused\"} 1",
            concat!("crossmatch_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1"),
        ] {
            assert!(text.lines().any(|found| found == line), "{line} not in\n{text}");
        }
        let names = |word: &str| text.lines().filter(|line| line.starts_with(word)).count();
        assert_eq!(names("# HELP "), names("# TYPE "));
    }
}
