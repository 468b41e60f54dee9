//! Every knob of `serve`, once: its flag, its environment variable, its key in the file, its unit and its limits.
//!
//! A [`Layer`] is what one origin says, each knob or nothing; the command line and the environment fill one, the file
//! another. Laid over each other and over the defaults they become [`Settings`], in one place that checks the limits.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum;
use clap::value_parser as parser;
use ipnet::IpNet;
use serde::Deserialize;
use thiserror::Error;

const THREADS: RangeInclusive<u64> = 1..=1_024;
const RECORD_MAX_BYTES: RangeInclusive<u64> = 1_024..=1 << 30;
const BATCH_BUFFER_BYTES: RangeInclusive<u64> = 65_536..=1 << 30;
const QUEUE: RangeInclusive<u64> = 1..=1_000_000;
const CALLS_PER_SECOND: RangeInclusive<u64> = 0..=1_000_000;
const EVENT_MIN_BITS: RangeInclusive<u64> = 5..=100;
const EVENTS_KEPT: RangeInclusive<u64> = 1_000..=100_000_000;
const TIMEOUT_MS: RangeInclusive<u64> = 100..=3_600_000;

/// What one origin says about each knob. Keys of the file are these names, with `_` or `-`.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// Where to listen; port 0 picks a free one [default: 127.0.0.1:8080]
    #[arg(long, env = "CROSSMATCH_LISTEN", value_name = "HOST:PORT")]
    pub listen: Option<String>,
    /// The directory of the index, made if it is not there [default: index]
    #[arg(long, env = "CROSSMATCH_INDEX_DIR", value_name = "DIR")]
    #[serde(alias = "index-dir")]
    pub index_dir: Option<PathBuf>,
    /// The file of the keys that callers must show, as `crossmatch keys` makes it. Without it the service listens on
    /// loopback only, and whoever reaches it may do everything
    #[arg(long, env = "CROSSMATCH_KEYS", value_name = "FILE")]
    pub keys: Option<PathBuf>,
    /// Calls a second of a key that has no limit of its own, and of each subject of tokens; 0: no limit [default: 100]
    #[arg(long, env = "CROSSMATCH_CALLS_PER_SECOND", value_name = "N",
        value_parser = parser!(u64).range(CALLS_PER_SECOND))]
    #[serde(alias = "calls-per-second")]
    pub calls_per_second: Option<u64>,
    /// The identity provider whose tokens callers may show instead of a key, as it names itself in `iss`
    #[arg(long, env = "CROSSMATCH_OIDC_ISSUER", value_name = "URL", requires_all = ["oidc_audience", "oidc_jwks"])]
    #[serde(alias = "oidc-issuer")]
    pub oidc_issuer: Option<String>,
    /// What tokens must be for, in `aud`: the name of this service at the identity provider
    #[arg(long, env = "CROSSMATCH_OIDC_AUDIENCE", value_name = "NAME", requires = "oidc_issuer")]
    #[serde(alias = "oidc-audience")]
    pub oidc_audience: Option<String>,
    /// The identity provider's keys (JWKS), for RS256 or ES256: a file, read again when it changes, or an address, fetched
    /// every 10 minutes and when a token names a key that is new
    #[arg(long, env = "CROSSMATCH_OIDC_JWKS", value_name = "FILE|URL", requires = "oidc_issuer")]
    #[serde(alias = "oidc-jwks")]
    pub oidc_jwks: Option<String>,
    /// The claim that says what a token may do, by name or as a JSON pointer (/resource_access/crossmatch/roles): scopes by
    /// name, `source:NAME` or `source:*` for sources it may write, `clearance` [default: scope]
    #[arg(long, env = "CROSSMATCH_OIDC_CLAIM", value_name = "CLAIM", requires = "oidc_issuer")]
    #[serde(alias = "oidc-claim")]
    pub oidc_claim: Option<String>,
    /// Certificates of the service in PEM, its own first: from then on it speaks TLS only
    #[arg(long, env = "CROSSMATCH_TLS_CERTIFICATE", value_name = "FILE", requires = "tls_key")]
    #[serde(alias = "tls-certificate")]
    pub tls_certificate: Option<PathBuf>,
    /// The private key of the certificate in PEM
    #[arg(long, env = "CROSSMATCH_TLS_KEY", value_name = "FILE", requires = "tls_certificate")]
    #[serde(alias = "tls-key")]
    pub tls_key: Option<PathBuf>,
    /// Where else to answer probes and metrics, without keys and TLS
    #[arg(long, env = "CROSSMATCH_OPERATION_LISTEN", value_name = "HOST:PORT")]
    #[serde(alias = "operation-listen")]
    pub operation_listen: Option<String>,
    /// Threads that weigh records [default: one a processor]
    #[arg(long, env = "CROSSMATCH_THREADS", value_name = "N", value_parser = parser!(u64).range(THREADS))]
    pub threads: Option<u64>,
    /// Parameters of the evidence, instead of the built-in ones
    #[arg(long, env = "CROSSMATCH_MODEL", value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// Serve a small synthetic collection from a temporary directory
    #[arg(long, env = "CROSSMATCH_DEMO", num_args = 0..=1, require_equals = true, default_missing_value = "true",
        value_name = "true|false")]
    pub demo: Option<bool>,
    /// The longest body of a record, and line of a batch [default: 16777216]
    #[arg(long, env = "CROSSMATCH_RECORD_MAX_BYTES", value_name = "BYTES",
        value_parser = parser!(u64).range(RECORD_MAX_BYTES))]
    #[serde(alias = "record-max-bytes")]
    pub record_max_bytes: Option<u64>,
    /// Answers of one batch that wait for a client that is still sending [default: 67108864]
    #[arg(long, env = "CROSSMATCH_BATCH_BUFFER_BYTES", value_name = "BYTES",
        value_parser = parser!(u64).range(BATCH_BUFFER_BYTES))]
    #[serde(alias = "batch-buffer-bytes")]
    pub batch_buffer_bytes: Option<u64>,
    /// Writes that may wait for the next commit; more are refused with 503 [default: 4096]
    #[arg(long, env = "CROSSMATCH_WRITE_QUEUE", value_name = "N", value_parser = parser!(u64).range(QUEUE))]
    #[serde(alias = "write-queue")]
    pub write_queue: Option<u64>,
    /// Matches that may wait for a thread; more are refused with 503 [default: 256]
    #[arg(long, env = "CROSSMATCH_MATCH_QUEUE", value_name = "N", value_parser = parser!(u64).range(QUEUE))]
    #[serde(alias = "match-queue")]
    pub match_queue: Option<u64>,
    /// Pairs are followed, and callers told of them, from so many bits on. Each bit less doubles what is followed and
    /// kept [default: 14]
    #[arg(long, env = "CROSSMATCH_EVENT_MIN_BITS", value_name = "BITS", value_parser = parser!(u64).range(EVENT_MIN_BITS))]
    #[serde(alias = "event-min-bits")]
    pub event_min_bits: Option<u64>,
    /// Events that are kept for whoever has not read them yet [default: 100000]
    #[arg(long, env = "CROSSMATCH_EVENTS_KEPT", value_name = "N", value_parser = parser!(u64).range(EVENTS_KEPT))]
    #[serde(alias = "events-kept")]
    pub events_kept: Option<u64>,
    /// How often a stream of events on which nothing happens says that it is alive [default: 15000]
    #[arg(long, env = "CROSSMATCH_EVENT_KEEP_ALIVE_MS", value_name = "MS",
        value_parser = parser!(u64).range(TIMEOUT_MS))]
    #[serde(alias = "event-keep-alive-ms")]
    pub event_keep_alive_ms: Option<u64>,
    /// Networks that webhooks may be in beside the internet, such as 10.20.0.0/16; more with commas between them
    #[arg(long, env = "CROSSMATCH_WEBHOOK_ALLOW", value_name = "PREFIX", value_delimiter = ',')]
    #[serde(alias = "webhook-allow")]
    pub webhook_allow: Option<Vec<IpNet>>,
    /// Post to webhooks without TLS, too: what is told, and that it is, can then be read on the way
    #[arg(long, env = "CROSSMATCH_WEBHOOK_HTTP", num_args = 0..=1, require_equals = true,
        default_missing_value = "true", value_name = "true|false")]
    #[serde(alias = "webhook-http")]
    pub webhook_http: Option<bool>,
    /// The pause before an event that was not taken is posted again; it doubles up to ten minutes [default: 1000]
    #[arg(long, env = "CROSSMATCH_WEBHOOK_RETRY_MS", value_name = "MS", value_parser = parser!(u64).range(TIMEOUT_MS))]
    #[serde(alias = "webhook-retry-ms")]
    pub webhook_retry_ms: Option<u64>,
    /// How long a client may take to send a request's head [default: 5000]
    #[arg(long, env = "CROSSMATCH_HEAD_TIMEOUT_MS", value_name = "MS", value_parser = parser!(u64).range(TIMEOUT_MS))]
    #[serde(alias = "head-timeout-ms")]
    pub head_timeout_ms: Option<u64>,
    /// The longest pause between two pieces of a request's body, and while a client takes nothing of an answer
    /// [default: 60000]
    #[arg(long, env = "CROSSMATCH_BODY_TIMEOUT_MS", value_name = "MS", value_parser = parser!(u64).range(TIMEOUT_MS))]
    #[serde(alias = "body-timeout-ms")]
    pub body_timeout_ms: Option<u64>,
    /// How long an idle connection stays open [default: 75000]
    #[arg(long, env = "CROSSMATCH_KEEP_ALIVE_MS", value_name = "MS", value_parser = parser!(u64).range(TIMEOUT_MS))]
    #[serde(alias = "keep-alive-ms")]
    pub keep_alive_ms: Option<u64>,
    /// How long calls under way may take to finish when the service stops [default: 30000]
    #[arg(long, env = "CROSSMATCH_SHUTDOWN_TIMEOUT_MS", value_name = "MS",
        value_parser = parser!(u64).range(TIMEOUT_MS))]
    #[serde(alias = "shutdown-timeout-ms")]
    pub shutdown_timeout_ms: Option<u64>,
    /// What is logged [default: info]
    #[arg(long, env = "CROSSMATCH_LOG_LEVEL", value_name = "LEVEL")]
    #[serde(alias = "log-level")]
    pub log_level: Option<LogLevel>,
    /// How it is written [default: text]
    #[arg(long, env = "CROSSMATCH_LOG_FORMAT", value_name = "FORMAT")]
    #[serde(alias = "log-format")]
    pub log_format: Option<LogFormat>,
}

/// From which level on events are logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// What the service could not do.
    Error,
    /// What it worked around.
    Warn,
    /// A line a call.
    Info,
    /// What happens inside.
    Debug,
    /// All of it.
    Trace,
}

impl LogLevel {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// A JSON object a line.
    Json,
}

/// Every knob, set and within its limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `HOST:PORT`.
    pub listen: String,
    /// The directory of the index.
    pub index_dir: PathBuf,
    /// The file of keys; none: nobody is asked.
    pub keys: Option<PathBuf>,
    /// Calls a second of a key that has no limit of its own; 0: no limit.
    pub calls_per_second: u32,
    /// The identity provider; none: no tokens.
    pub oidc: Option<Oidc>,
    /// Certificates and their private key; none: no TLS.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// `HOST:PORT` of probes and metrics alone.
    pub operation_listen: Option<String>,
    /// Threads that weigh records.
    pub threads: usize,
    /// Parameters of the evidence; none: the built-in ones.
    pub model: Option<PathBuf>,
    /// Serve a synthetic collection.
    pub demo: bool,
    /// The longest body of a record, and line of a batch.
    pub record_max_bytes: usize,
    /// Answers of one batch that wait for a client that is still sending.
    pub batch_buffer_bytes: usize,
    /// Writes that may wait.
    pub write_queue: usize,
    /// Matches that may wait.
    pub match_queue: usize,
    /// Pairs are followed from so many bits on.
    pub event_min_bits: u32,
    /// Events that are kept.
    pub events_kept: u64,
    /// How often a quiet stream says that it is alive.
    pub event_keep_alive: Duration,
    /// Networks that webhooks may be in beside the internet.
    pub webhook_allow: Vec<IpNet>,
    /// Post to webhooks without TLS, too.
    pub webhook_http: bool,
    /// The pause before an event that was not taken is posted again.
    pub webhook_retry: Duration,
    /// How long a client may take to send a request's head.
    pub head_timeout: Duration,
    /// The longest pause between two pieces of a body.
    pub body_timeout: Duration,
    /// How long an idle connection stays open.
    pub keep_alive: Duration,
    /// How long calls under way may take to finish.
    pub shutdown_timeout: Duration,
    /// What is logged.
    pub log_level: LogLevel,
    /// How it is written.
    pub log_format: LogFormat,
}

/// The identity provider whose tokens count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oidc {
    /// As it names itself.
    pub issuer: String,
    /// What tokens must be for.
    pub audience: String,
    /// A file or an address with its keys.
    pub jwks: String,
    /// The claim that says what a token may do.
    pub claim: String,
}

/// Why the settings cannot be used.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("cannot read the settings in {}: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// The file is not TOML, or has a key that no setting has.
    #[error("{}, line {line}: {message}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        message: String,
    },
    /// A certificate without its key, or the reverse.
    #[error("TLS needs both `tls_certificate` and `tls_key`")]
    HalfOfTls,
    /// A part of what tokens need.
    #[error("tokens need `oidc_issuer`, `oidc_audience` and `oidc_jwks`, all three")]
    PartOfOidc,
    /// A number outside its limits.
    #[error("the setting `{name}` is {value}; it must be from {least} to {most}")]
    OutOfRange {
        /// The setting.
        name: &'static str,
        /// What it is.
        value: u64,
        /// The least it may be.
        least: u64,
        /// The most it may be.
        most: u64,
    },
}

impl Layer {
    /// What a TOML file says.
    pub fn read(path: &Path) -> Result<Self, SettingsError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| SettingsError::Unreadable { path: path.to_owned(), error })?;
        toml::from_str(&text).map_err(|error| SettingsError::Invalid {
            path: path.to_owned(),
            line: error.span().map_or(1, |span| 1 + text[..span.start].matches('\n').count()),
            message: error.message().replace('\n', " "),
        })
    }

    /// This layer where it says something, else the one below.
    #[must_use]
    pub fn over(self, below: Self) -> Self {
        Self {
            listen: self.listen.or(below.listen),
            index_dir: self.index_dir.or(below.index_dir),
            keys: self.keys.or(below.keys),
            calls_per_second: self.calls_per_second.or(below.calls_per_second),
            oidc_issuer: self.oidc_issuer.or(below.oidc_issuer),
            oidc_audience: self.oidc_audience.or(below.oidc_audience),
            oidc_jwks: self.oidc_jwks.or(below.oidc_jwks),
            oidc_claim: self.oidc_claim.or(below.oidc_claim),
            tls_certificate: self.tls_certificate.or(below.tls_certificate),
            tls_key: self.tls_key.or(below.tls_key),
            operation_listen: self.operation_listen.or(below.operation_listen),
            threads: self.threads.or(below.threads),
            model: self.model.or(below.model),
            demo: self.demo.or(below.demo),
            record_max_bytes: self.record_max_bytes.or(below.record_max_bytes),
            batch_buffer_bytes: self.batch_buffer_bytes.or(below.batch_buffer_bytes),
            write_queue: self.write_queue.or(below.write_queue),
            match_queue: self.match_queue.or(below.match_queue),
            event_min_bits: self.event_min_bits.or(below.event_min_bits),
            events_kept: self.events_kept.or(below.events_kept),
            event_keep_alive_ms: self.event_keep_alive_ms.or(below.event_keep_alive_ms),
            webhook_allow: self.webhook_allow.or(below.webhook_allow),
            webhook_http: self.webhook_http.or(below.webhook_http),
            webhook_retry_ms: self.webhook_retry_ms.or(below.webhook_retry_ms),
            head_timeout_ms: self.head_timeout_ms.or(below.head_timeout_ms),
            body_timeout_ms: self.body_timeout_ms.or(below.body_timeout_ms),
            keep_alive_ms: self.keep_alive_ms.or(below.keep_alive_ms),
            shutdown_timeout_ms: self.shutdown_timeout_ms.or(below.shutdown_timeout_ms),
            log_level: self.log_level.or(below.log_level),
            log_format: self.log_format.or(below.log_format),
        }
    }
}

impl Settings {
    /// The settings that a layer, over the defaults, stands for.
    pub fn new(layer: Layer) -> Result<Self, SettingsError> {
        let processors = std::thread::available_parallelism().map_or(1, |count| count.get() as u64);
        Ok(Self {
            listen: layer.listen.unwrap_or_else(|| "127.0.0.1:8080".to_owned()),
            index_dir: layer.index_dir.unwrap_or_else(|| PathBuf::from("index")),
            keys: layer.keys,
            calls_per_second: number("calls_per_second", layer.calls_per_second.unwrap_or(100), CALLS_PER_SECOND)?
                as u32,
            oidc: match (layer.oidc_issuer, layer.oidc_audience, layer.oidc_jwks, layer.oidc_claim) {
                (Some(issuer), Some(audience), Some(jwks), claim) => {
                    Some(Oidc { issuer, audience, jwks, claim: claim.unwrap_or_else(|| "scope".to_owned()) })
                }
                (None, None, None, None) => None,
                _ => return Err(SettingsError::PartOfOidc),
            },
            tls: match (layer.tls_certificate, layer.tls_key) {
                (Some(certificate), Some(key)) => Some((certificate, key)),
                (None, None) => None,
                _ => return Err(SettingsError::HalfOfTls),
            },
            operation_listen: layer.operation_listen,
            threads: number("threads", layer.threads.unwrap_or(processors), THREADS)?,
            model: layer.model,
            demo: layer.demo.unwrap_or(false),
            record_max_bytes: number("record_max_bytes", layer.record_max_bytes.unwrap_or(16 << 20), RECORD_MAX_BYTES)?,
            batch_buffer_bytes: number(
                "batch_buffer_bytes",
                layer.batch_buffer_bytes.unwrap_or(64 << 20),
                BATCH_BUFFER_BYTES,
            )?,
            write_queue: number("write_queue", layer.write_queue.unwrap_or(4_096), QUEUE)?,
            match_queue: number("match_queue", layer.match_queue.unwrap_or(256), QUEUE)?,
            event_min_bits: number("event_min_bits", layer.event_min_bits.unwrap_or(14), EVENT_MIN_BITS)? as u32,
            events_kept: number("events_kept", layer.events_kept.unwrap_or(100_000), EVENTS_KEPT)? as u64,
            event_keep_alive: timeout("event_keep_alive_ms", layer.event_keep_alive_ms.unwrap_or(15_000))?,
            webhook_allow: layer.webhook_allow.unwrap_or_default(),
            webhook_http: layer.webhook_http.unwrap_or(false),
            webhook_retry: timeout("webhook_retry_ms", layer.webhook_retry_ms.unwrap_or(1_000))?,
            head_timeout: timeout("head_timeout_ms", layer.head_timeout_ms.unwrap_or(5_000))?,
            body_timeout: timeout("body_timeout_ms", layer.body_timeout_ms.unwrap_or(60_000))?,
            keep_alive: timeout("keep_alive_ms", layer.keep_alive_ms.unwrap_or(75_000))?,
            shutdown_timeout: timeout("shutdown_timeout_ms", layer.shutdown_timeout_ms.unwrap_or(30_000))?,
            log_level: layer.log_level.unwrap_or(LogLevel::Info),
            log_format: layer.log_format.unwrap_or(LogFormat::Text),
        })
    }
}

fn number(name: &'static str, value: u64, limits: RangeInclusive<u64>) -> Result<usize, SettingsError> {
    let (least, most) = (*limits.start(), *limits.end());
    let refused = SettingsError::OutOfRange { name, value, least, most };
    if limits.contains(&value) { usize::try_from(value).map_err(|_| refused) } else { Err(refused) }
}

fn timeout(name: &'static str, ms: u64) -> Result<Duration, SettingsError> {
    number(name, ms, TIMEOUT_MS).map(|_| Duration::from_millis(ms))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn read(text: &str) -> Result<Layer, SettingsError> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        Layer::read(file.path())
    }

    #[test]
    fn the_upper_layer_wins() {
        let upper = Layer { threads: Some(3), ..Layer::default() };
        let lower = read("threads = 5\nwrite-queue = 7\nindex_dir = \"i\"\nlog_level = \"debug\"").unwrap();
        let settings = Settings::new(upper.over(lower)).unwrap();
        assert_eq!((settings.threads, settings.write_queue), (3, 7));
        assert_eq!((settings.index_dir, settings.log_level), (PathBuf::from("i"), LogLevel::Debug));
        assert_eq!((settings.listen.as_str(), settings.record_max_bytes), ("127.0.0.1:8080", 16 << 20));
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told_in_one_line() {
        for (text, words) in [
            ("threads = 1\nthread = 2", ["line 2", "thread"]),
            ("threads = \"many\"", ["line 1", "u64"]),
            ("webhook_allow = [\"10.0.0.0/33\"]", ["line 1", "address"]),
            ("log_level = \"loud\"", ["line 1", "loud"]),
            ("threads", ["line 1", "="]),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(words.iter().all(|word| error.contains(word)) && !error.contains('\n'), "{text}: {error}");
        }
    }

    #[test]
    fn a_number_outside_its_limits_is_refused_by_name() {
        for text in
            ["threads = 0", "record_max_bytes = 1", "head_timeout_ms = 99", "events_kept = 1", "write_queue = 1000001"]
        {
            let name = text.split(' ').next().unwrap();
            let error = Settings::new(read(text).unwrap()).unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
        }
    }
}
