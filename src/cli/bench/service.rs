//! The service that is driven: this program again, over a directory that goes with it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;
use ureq::{Agent, Body, http::Response};

use crate::cli::Failure;

/// A service that ends with this value, and its directory with it.
pub(super) struct Service {
    child: Child,
    address: String,
    directory: TempDir,
}

/// One client's connection.
pub(super) struct Connection {
    agent: Agent,
    address: String,
}

impl Service {
    /// Starts one and waits until it is ready.
    pub(super) fn start() -> Result<Self, Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::doing("cannot start a service", error);
        let directory =
            tempfile::Builder::new().prefix("crossmatch-bench-").tempdir().map_err(|error| failed(&error))?;
        let program = std::env::current_exe().map_err(|error| failed(&error))?;
        let mut child = Command::new(program)
            .args(["serve", "--listen", "127.0.0.1:0", "--log-level", "warn", "--index-dir"])
            .arg(directory.path())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| failed(&error))?;
        let mut line = String::new();
        let stdout = child.stdout.take();
        let mut service = Self { child, address: String::new(), directory };
        if let Some(stdout) = stdout {
            BufReader::new(stdout).read_line(&mut line).map_err(|error| failed(&error))?;
        }
        let address = line.split_whitespace().find(|word| word.starts_with("http://"));
        service.address = address.ok_or_else(|| failed(&"it did not say where it listens"))?.to_owned();
        Ok(service)
    }

    /// A new connection.
    pub(super) fn connect(&self) -> Result<Connection, Failure> {
        let agent = Agent::config_builder().proxy(None).build().new_agent();
        Ok(Connection { agent, address: self.address.clone() })
    }

    /// What the system says that it has in memory of its own.
    pub(super) fn resident_bytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        // Files that are mapped, as the text index is, are no memory of its own.
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        let kilobytes = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
        kilobytes.unwrap_or(0) * 1_024
    }

    /// Bytes of its files.
    pub(super) fn disk_bytes(&self) -> u64 {
        fn below(directory: &Path) -> u64 {
            let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
            let size = |entry: std::fs::DirEntry| match entry.metadata() {
                Ok(data) if data.is_dir() => below(&entry.path()),
                Ok(data) => data.len(),
                Err(_) => 0,
            };
            entries.map(size).sum()
        }
        below(self.directory.path())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // What it holds is not wanted any more.
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}

impl Connection {
    pub(super) fn get(&mut self, path: &str) -> Result<(), Failure> {
        let answer = self.agent.get(format!("{}{path}", self.address)).call();
        self.read(answer).map(drop)
    }

    pub(super) fn post(&mut self, path: &str, json: &str) -> Result<(), Failure> {
        let call = self.agent.post(format!("{}{path}", self.address)).header("content-type", "application/json");
        self.read(call.send(json)).map(drop)
    }

    pub(super) fn put(&mut self, path: &str, json: &str) -> Result<(), Failure> {
        let call = self.agent.put(format!("{}{path}", self.address)).header("content-type", "application/json");
        self.read(call.send(json)).map(drop)
    }

    pub(super) fn delete(&mut self, path: &str) -> Result<(), Failure> {
        let answer = self.agent.delete(format!("{}{path}", self.address)).call();
        self.read(answer).map(drop)
    }

    /// Stores records, a line each, all of which must be new.
    pub(super) fn batch(&mut self, lines: &str) -> Result<(), Failure> {
        let url = format!("{}/v1/records:batch", self.address);
        let answer = self.agent.post(url).header("content-type", "application/x-ndjson").send(lines);
        let answers = self.read(answer)?;
        match answers.lines().find(|line| !line.contains("\"status\":201")) {
            None => Ok(()),
            Some(other) => Err(Failure(format!("a record was not stored: {other}"))),
        }
    }

    /// An answer to its end, so that the connection can be used again.
    fn read(&self, answer: Result<Response<Body>, ureq::Error>) -> Result<String, Failure> {
        let text = answer.and_then(|mut answer| answer.body_mut().with_config().limit(u64::MAX).read_to_string());
        text.map_err(|error| Failure::doing(&self.address, error))
    }
}
