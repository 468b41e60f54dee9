//! Records into a running service: NDJSON to `POST /v1/records:batch`, an answer a line.

use std::io::{BufRead, BufReader};
use std::thread::sleep;
use std::time::Duration;

use serde::Deserialize;
use ureq::http::Response;
use ureq::{Agent, Body};

use super::ledger::{Fate, Refused};
use crate::cli::Failure;
use crate::interchange::native;
use crate::outbound;
use crate::record::{Record, Reference};

/// The most bytes of one request, but for a single longer line.
const BODY_BYTES_MAX: usize = 4 << 20;
/// How often records are sent again while the service is too busy to take them.
const ATTEMPTS: u32 = 8;
/// The pause before that, unless the service names one, and the longest pause.
const PAUSE: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// A running service.
pub(super) struct Service {
    agent: Agent,
    address: String,
    key: Option<String>,
}

/// The answer to one line.
#[derive(Deserialize)]
struct Answer {
    /// From 1.
    line: usize,
    status: u16,
    #[serde(default)]
    unchanged: bool,
    error: Option<Problem>,
}

/// RFC 9457, as far as it is passed on.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Problem {
    title: String,
    detail: String,
    code: String,
    errors: Vec<serde_json::Value>,
}

/// What one request came to.
enum Answered {
    /// An answer a line.
    Lines(Vec<Answer>),
    /// It took nothing, and names a pause.
    Busy(Duration),
}

impl Service {
    /// The service at an address such as `http://127.0.0.1:8080`.
    ///
    /// `key`: what the service asks its callers for, if it does.
    pub(super) fn at(address: &str, key: Option<&str>) -> Result<Self, Failure> {
        if !address.starts_with("http://") && !address.starts_with("https://") {
            let form = "--to takes an address such as http://127.0.0.1:8080 or https://crossmatch.example";
            return Err(Failure(form.to_owned()));
        }
        let agent = outbound::direct();
        Ok(Self { agent, address: address.trim_end_matches('/').to_owned(), key: key.map(str::to_owned) })
    }

    /// Sends the records; what a busy service leaves is sent again.
    pub(super) fn take(&self, records: &[(Reference, Record)]) -> Result<Vec<Fate>, Failure> {
        let lines = records.iter().map(|(reference, record)| native::line(reference, record) + "\n");
        let lines: Vec<String> = lines.collect();
        let mut fates: Vec<Option<Fate>> = vec![None; lines.len()];
        for attempt in 1..=ATTEMPTS {
            let mut pause = PAUSE * attempt;
            let open: Vec<usize> = (0..lines.len()).filter(|&at| fates[at].is_none()).collect();
            for body in bodies(&lines, &open) {
                let body_lines: Vec<&str> = body.iter().map(|&at| lines[at].as_str()).collect();
                match self.post(&body_lines)? {
                    Answered::Lines(answers) => {
                        for (&at, answer) in body.iter().zip(answers) {
                            fates[at] = fate(answer).map_err(|failed| self.failure(&failed))?;
                        }
                    }
                    Answered::Busy(named) => pause = named,
                }
            }
            if fates.iter().all(Option::is_some) {
                return Ok(fates.into_iter().flatten().collect());
            }
            if attempt < ATTEMPTS {
                sleep(pause.min(PAUSE_MAX));
            }
        }
        Err(self.failure("is too busy; import again later: what is stored stays, and is not stored twice"))
    }

    fn post(&self, lines: &[&str]) -> Result<Answered, Failure> {
        let url = format!("{}/v1/records:batch", self.address);
        let mut request = self.agent.post(&url).header("content-type", "application/x-ndjson");
        if let Some(key) = &self.key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        let response = request.send(lines.concat()).map_err(|error| self.unreachable(&error))?;
        match response.status().as_u16() {
            200..=299 => self.answers(response, lines.len()).map(Answered::Lines),
            429 | 503 => Ok(Answered::Busy(pause_named(&response))),
            status => Err(self.failure(&format!("answers {status}{}", outbound::problem(response)))),
        }
    }

    fn answers(&self, response: Response<Body>, count: usize) -> Result<Vec<Answer>, Failure> {
        let broken = |what: &str| self.failure(&format!("{what}; import again: what is stored is not stored twice"));
        let mut answers = Vec::with_capacity(count);
        for line in BufReader::new(response.into_body().into_reader()).lines() {
            let line = line.map_err(|error| broken(&format!("broke off its answer ({error})")))?;
            if line.trim().is_empty() {
                continue;
            }
            let answer: Answer = serde_json::from_str(&line).map_err(|_| broken("answers in an unknown form"))?;
            if answer.line != answers.len() + 1 {
                return Err(broken("answers out of order"));
            }
            answers.push(answer);
        }
        if answers.len() != count {
            return Err(broken(&format!("answered {} of {count} lines", answers.len())));
        }
        Ok(answers)
    }

    fn unreachable(&self, error: &ureq::Error) -> Failure {
        let hint = "start it with `crossmatch serve`, name another with --to, or write with --index-dir";
        self.failure(&format!("cannot be reached ({error}); {hint}"))
    }

    fn failure(&self, what: &str) -> Failure {
        Failure(format!("the service at {} {what}", self.address))
    }
}

/// The lines at `open`, parted into bodies of a bearable size.
fn bodies(lines: &[String], open: &[usize]) -> Vec<Vec<usize>> {
    let mut bodies: Vec<Vec<usize>> = Vec::new();
    let mut bytes = 0;
    for &at in open {
        bytes += lines[at].len();
        match bodies.last_mut().filter(|_| bytes <= BODY_BYTES_MAX) {
            Some(body) => body.push(at),
            None => {
                bytes = lines[at].len();
                bodies.push(vec![at]);
            }
        }
    }
    bodies
}

/// What became of a line; none if the service was too busy for it. Fails where the next line would fare no better: the key
/// may not write it, or the service cannot.
fn fate(answer: Answer) -> Result<Option<Fate>, String> {
    let told = |answer: Answer| {
        let Problem { title, detail, code, errors } = answer.error.unwrap_or_default();
        let code = if code.is_empty() { format!("status_{}", answer.status) } else { code };
        Refused { code, detail: if detail.is_empty() { title } else { detail }, errors }
    };
    match answer.status {
        429 | 503 => Ok(None),
        200..=299 if answer.unchanged => Ok(Some(Fate::Unchanged)),
        200..=299 => Ok(Some(Fate::Stored)),
        status @ (401 | 403 | 500..) => Err(format!(
            "answers {status} to a record: {}; mend that and import again: what is stored is not stored twice",
            told(answer).detail
        )),
        _ => Ok(Some(Fate::Refused(told(answer)))),
    }
}

fn pause_named(response: &Response<Body>) -> Duration {
    let seconds = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
    seconds.map_or(PAUSE, Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(answer: &str, expected: Option<&Fate>) {
        assert_eq!(fate(serde_json::from_str(answer).unwrap()).unwrap().as_ref(), expected, "{answer}");
    }

    #[test]
    fn an_answer_tells_what_became_of_its_line() {
        check(r#"{"line":1,"source":"a","id":"b","status":201,"version":1}"#, Some(&Fate::Stored));
        check(r#"{"line":1,"status":200,"version":2}"#, Some(&Fate::Stored));
        check(r#"{"line":1,"status":200,"version":2,"unchanged":false}"#, Some(&Fate::Stored));
        check(r#"{"line":1,"status":200,"version":2,"unchanged":true}"#, Some(&Fate::Unchanged));
        check(r#"{"line":1,"status":503,"error":{"code":"busy"}}"#, None);
        let refused = Refused { code: "invalid_record".to_owned(), detail: "1 fault".to_owned(), errors: Vec::new() };
        let problem = r#"{"line":1,"status":422,"error":{"code":"invalid_record","title":"t","detail":"1 fault"}}"#;
        check(problem, Some(&Fate::Refused(refused)));
        let full = r#"{"line":1,"status":507,"error":{"code":"disk_full","title":"t","detail":"the disk is full"}}"#;
        assert!(fate(serde_json::from_str(full).unwrap()).unwrap_err().contains("507 to a record: the disk is full"));
    }

    #[test]
    fn bodies_hold_every_open_line_once_and_in_order() {
        let lines = vec!["x".repeat(BODY_BYTES_MAX / 2), "x".repeat(BODY_BYTES_MAX), "x".to_owned(), "x".to_owned()];
        assert_eq!(bodies(&lines, &[0, 1, 2, 3]), [vec![0], vec![1], vec![2, 3]]);
        assert_eq!(bodies(&lines, &[0, 3]), [vec![0, 3]]);
        assert!(bodies(&lines, &[]).is_empty());
    }
}
