//! No acknowledged write is lost to `kill -9`: the program is killed many times with writes under way, and every
//! answer that a client had in hand is true after the next start, in the records and in what is matched.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::thread;

use tempfile::TempDir;

use crate::client::Call;
use crate::service::until;

const ROUNDS: usize = 20;
const CLIENTS: usize = 4;
const RECORDS: usize = 12;
/// Each round kills the program this many acknowledged writes later than the one before, the others then under way.
const WRITES: usize = 7;

/// What a client was told last of each record: its version and text, or that it is deleted.
type Told = BTreeMap<String, Option<(u64, String)>>;

/// The program, serving.
pub(crate) struct Program {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Program {
    pub(crate) fn start(mut command: Command, directory: &Path) -> Self {
        command.arg("serve");
        Self::begin(command, directory)
    }

    fn begin(mut command: Command, directory: &Path) -> Self {
        let mut child = command
            .args(["--listen", "127.0.0.1:0", "--log-level", "error", "--index-dir"])
            .arg(directory)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.split("://").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
        Self { child, address: address.parse().unwrap() }
    }

    /// The program with options of its own.
    pub(crate) fn start_with(options: &[&str], directory: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_crossmatch"));
        // Options come after the command's name; those of every test follow.
        command.arg("serve").args(options);
        Self::begin(command, directory)
    }

    pub(crate) fn id(&self) -> String {
        self.child.id().to_string()
    }

    /// Kills it, as [`Drop`] does where a test fails before.
    pub(crate) fn kill(self) {}
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}

/// Writes to records that are this client's alone until the program is gone. A write without an answer may or may not
/// have happened: what the client knew of that record is forgotten.
fn write_until_killed(address: SocketAddr, client: usize, told: &Mutex<Told>, done: &dyn Fn()) {
    for turn in 0.. {
        let id = format!("{client}-{}", turn % RECORDS);
        let before = told.lock().unwrap().remove(&id);
        let delete = turn % 7 == 6;
        let record = format!(r#"{{"kind":"missing","sex":"male","narrative":"turn {turn}"}}"#);
        let path = format!("/v1/records/crash/{id}");
        let answer = std::panic::catch_unwind(|| {
            if delete {
                Call::new(address, "DELETE", &path).send(b"")
            } else {
                Call::new(address, "PUT", &format!("{path}?matches=false")).send(record.as_bytes())
            }
        });
        let Ok(answer) = answer else { return };
        let known = match answer.status {
            204 => None,
            200 | 201 => Some((answer.json()["version"].as_u64().unwrap(), record)),
            other => panic!("status {other} after {before:?}"),
        };
        told.lock().unwrap().insert(id, known);
        done();
    }
}

fn check(address: SocketAddr, told: &Told) {
    for (id, known) in told {
        let answer = Call::new(address, "GET", &format!("/v1/records/crash/{id}")).send(b"");
        match known {
            None => assert_eq!(answer.status, 404, "{id} was deleted"),
            Some((version, record)) => {
                let found = answer.json();
                let record: serde_json::Value = serde_json::from_str(record).unwrap();
                assert_eq!((answer.status, found["version"].as_u64()), (200, Some(*version)), "{id}");
                assert_eq!(found["record"]["narrative"], record["narrative"], "{id}");
            }
        }
    }
    let body = br#"{"kind":"unidentified","sex":"male"}"#;
    let list = Call::new(address, "POST", "/v1/match?limit=100").send(body).json();
    let listed: Vec<&str> =
        list["candidates"].as_array().unwrap().iter().filter_map(|candidate| candidate["record"].as_str()).collect();
    for (id, known) in told {
        assert_eq!(
            listed.contains(&format!("crash/{id}").as_str()),
            known.is_some(),
            "{id} is matched as it is stored"
        );
    }
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let directory = tempfile::tempdir().unwrap();
    let told = Mutex::new(Told::new());
    for round in 0..ROUNDS {
        let program = Program::start(Command::new(env!("CARGO_BIN_EXE_crossmatch")), directory.path());
        check(program.address, &told.lock().unwrap());
        let (acknowledged, seen) = std::sync::mpsc::channel();
        thread::scope(|scope| {
            for client in 0..CLIENTS {
                let (told, acknowledged, address) = (&told, acknowledged.clone(), program.address);
                scope.spawn(move || write_until_killed(address, client, told, &|| _ = acknowledged.send(())));
            }
            drop(acknowledged);
            seen.iter().take((round + 1) * WRITES).for_each(drop);
            program.kill();
        });
        // A derived file that is damaged or foreign is made again, and loses nothing.
        if round == ROUNDS / 2 {
            std::fs::write(directory.path().join("columns.bin"), b"not ours").unwrap();
        }
    }
    assert!(!told.lock().unwrap().is_empty());
    let program = Program::start(Command::new(env!("CARGO_BIN_EXE_crossmatch")), directory.path());
    every_write_is_in_the_trail(&program, directory.path());
}

/// Whether its call was answered or broken off: as many lines tell of changes of a record as it has versions.
fn every_write_is_in_the_trail(program: &Program, directory: &Path) {
    let trail = std::fs::read_to_string(directory.join("trail.ndjson")).unwrap();
    let mut lines: BTreeMap<String, u64> = BTreeMap::new();
    for line in trail.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let found_at_start = line["action"].as_str().unwrap().starts_with("a write that was made before");
        let changed = line["action"] == "put" && matches!(line["status"].as_u64(), Some(200 | 201));
        if changed || found_at_start {
            assert_eq!(line["who"], "anyone");
            *lines.entry(line["records"][0].as_str().unwrap().to_owned()).or_default() += 1;
        }
    }
    for (record, lines) in &lines {
        let stored = Call::new(program.address, "GET", &format!("/v1/records/{record}")).send(b"");
        let version = if stored.status == 200 { stored.json()["version"].as_u64().unwrap() } else { 0 };
        assert!(*lines >= version, "{record}: {lines} lines of {version} versions");
    }
    assert!(!lines.is_empty());
}

#[test]
fn a_foreign_records_file_is_refused_by_name_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("records.redb");
    let foreign = vec![7; 10_000];
    std::fs::write(&file, &foreign).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_crossmatch"))
        .args(["serve", "--listen", "127.0.0.1:0", "--index-dir"])
        .arg(directory.path())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("records.redb"), "{said}");
    assert_eq!(std::fs::read(&file).unwrap(), foreign);
}

#[test]
fn a_log_that_cannot_be_written_stops_nothing() {
    let directory = TempDir::new().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_crossmatch"))
        .args(["serve", "--listen", "127.0.0.1:0", "--log-level", "info", "--index-dir"])
        .arg(directory.path())
        .stdout(Stdio::piped())
        .stderr(std::fs::File::options().write(true).open("/dev/full").unwrap())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.split("://").nth(1).and_then(|rest| rest.split(' ').next()).map(str::parse::<SocketAddr>);
    let alive = address.and_then(Result::ok).map(|address| Call::new(address, "GET", "/livez").send(b"").status);
    child.kill().and_then(|()| child.wait()).unwrap();
    assert_eq!(alive, Some(200), "{line}");
}

#[test]
fn an_older_copy_of_the_records_is_searched_as_it_is() {
    let directory = TempDir::new().unwrap();
    let records = directory.path().join("records.redb");
    let put = |program: &Program, id: &str, word: &str| {
        let record = format!(r#"{{"kind":"missing","narrative":"{word}"}}"#);
        let put = Call::new(program.address, "PUT", &format!("/v1/records/a/{id}")).send(record.as_bytes());
        assert_eq!(put.status, 201);
    };
    let found = |program: &Program, word: &str, total: u64| {
        until("the search knows the records", || {
            Call::new(program.address, "GET", &format!("/v1/search?q={word}")).send(b"").json()["total"] == total
        });
    };
    let program = Program::start_with(&[], directory.path());
    put(&program, "1", "anchor");
    program.kill();
    let old = std::fs::read(&records).unwrap();
    let program = Program::start_with(&[], directory.path());
    ["2", "3", "4"].iter().for_each(|id| put(&program, id, "bell"));
    found(&program, "bell", 3);
    program.kill();
    std::fs::write(&records, old).unwrap();
    let program = Program::start_with(&[], directory.path());
    put(&program, "5", "compass");
    found(&program, "compass", 1);
    found(&program, "bell", 0);
    found(&program, "anchor", 1);
}
