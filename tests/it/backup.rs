//! What is backed up while writes go on is one moment of the service, and all of it is there after a restore.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::{Value, json};

use crate::client::{Answer, Call};
use crate::crash::Program;

fn send(program: &Program, method: &str, path: &str, body: &Value) -> Answer {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    Call::new(program.address, method, path).send(body.as_bytes())
}

fn put(program: &Program, id: &str, body: &Value) {
    let answer = send(program, "PUT", &format!("/v1/records/a/{id}?matches=false"), body);
    assert!([200, 201].contains(&answer.status), "{}", answer.text());
}

fn crossmatch(arguments: &[&str], paths: &[&Path]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_crossmatch")).args(arguments).args(paths).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8([output.stdout.clone(), output.stderr.clone()].concat()).unwrap()
}

/// Writes two records in turn, each with the number of the turn, until told to stop.
fn write_pairs(program: &Program, stop: &AtomicBool) {
    for turn in 0.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        for id in ["first", "second"] {
            put(program, id, &json!({"kind": "unclaimed", "narrative": format!("{turn}")}));
        }
    }
}

#[test]
fn a_backup_under_writes_is_one_moment_and_restores_whole() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let program = Program::start_with(&[], &path("index"));
    for (id, kind) in [("M", "missing"), ("U1", "unidentified"), ("U2", "unidentified"), ("gone", "unclaimed")] {
        put(&program, id, &json!({"kind": kind, "sex": "male"}));
    }
    send(&program, "DELETE", "/v1/records/a/gone", &Value::Null);
    for id in ["first", "second"] {
        put(&program, id, &json!({"kind": "unclaimed", "narrative": "-1"}));
    }
    let decision = json!({"a": "a/M", "b": "a/U1", "method": "dna", "by": "A", "reason": "B"});
    let decided = send(&program, "POST", "/v1/exclusions", &decision).json();

    let stop = AtomicBool::new(false);
    let address = format!("http://{}", program.address);
    thread::scope(|scope| {
        scope.spawn(|| write_pairs(&program, &stop));
        for at in 0..3 {
            let output = crossmatch(&["backup", "--from", &address], &[&path(&format!("backup{at}"))]);
            assert!(output.status.success(), "{}", said(&output));
        }
        stop.store(true, Ordering::Relaxed);
    });
    let again = crossmatch(&["backup", "--from", &address], &[&path("backup0")]);
    assert!(again.status.code() == Some(1) && said(&again).contains("already"), "{}", said(&again));
    program.kill();

    for at in 0..3 {
        let restored = path(&format!("restored{at}"));
        let output = crossmatch(&["restore", "--index-dir"], &[&restored, &path(&format!("backup{at}"))]);
        assert!(said(&output).starts_with("5 records and 1 exclusions"), "{}", said(&output));
        let program = Program::start_with(&[], &restored);
        let list = send(&program, "GET", "/v1/records/a/M/matches?kind=unidentified", &Value::Null).json();
        assert_eq!((&list["candidates"][0]["record"], &list["searched"]["excluded"]), (&json!("a/U2"), &json!(1)));
        assert_eq!(send(&program, "GET", "/v1/exclusions", &Value::Null).json()["exclusions"], json!([decided]));
        let turn = |id: &str| {
            let record = send(&program, "GET", &format!("/v1/records/a/{id}"), &Value::Null).json();
            record["record"]["narrative"].as_str().unwrap().parse::<i64>().unwrap()
        };
        let (first, second) = (turn("first"), turn("second"));
        assert!(first == second || first == second + 1, "one moment: {first} and {second}");
        put(&program, "gone", &json!({"kind": "unclaimed"}));
        let version = send(&program, "GET", "/v1/records/a/gone", &Value::Null).json()["version"].clone();
        assert_eq!(version, 2, "versions count on over a delete and a restore");
        program.kill();
    }
}

#[test]
fn a_backup_and_an_import_speak_tls_with_whom_they_trust() {
    let directory = tempfile::tempdir().unwrap();
    let fixture = |name: &str| format!("{}/tests/fixtures/tls/{name}", env!("CARGO_MANIFEST_DIR"));
    let (certificate, key) = (fixture("certificate.pem"), fixture("key.pem"));
    let options = ["--tls-certificate", &certificate, "--tls-key", &key];
    let program = Program::start_with(&options, &directory.path().join("index"));
    let address = format!("https://localhost:{}", program.address.port());
    let file = directory.path().join("records.ndjson");
    std::fs::write(&file, "{\"source\":\"a\",\"id\":\"1\",\"kind\":\"missing\"}\n").unwrap();
    let call = |trusted: &str, arguments: &[&str], path: &Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_crossmatch"));
        let output = command.env("SSL_CERT_FILE", fixture(trusted)).args(arguments).arg(path).output().unwrap();
        (output.status.code(), said(&output))
    };
    let backup = directory.path().join("backup");
    let (code, said) = call("next_certificate.pem", &["backup", "--from", &address], &backup);
    assert!(code == Some(1) && said.contains("certificate") && !backup.exists(), "{said}");
    let (code, said) = call("certificate.pem", &["import", "--to", &address], &file);
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = call("certificate.pem", &["backup", "--from", &address], &backup);
    assert_eq!(code, Some(0), "{said}");
    let restored = directory.path().join("restored");
    let output = crossmatch(&["restore", "--index-dir"], &[&restored, &backup]);
    assert!(output.status.success());
    let (code, said) = call("certificate.pem", &["backup", "--from", "localhost:1"], &directory.path().join("none"));
    assert!(code == Some(1) && said.contains("https://"), "{said}");
}

#[test]
fn what_is_no_backup_is_refused_and_what_is_there_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let program = Program::start_with(&[], &path("index"));
    put(&program, "M", &json!({"kind": "missing", "narrative": "long ".repeat(10_000)}));
    let running = crossmatch(&["backup", "--index-dir"], &[&path("index"), &path("backup")]);
    assert!(running.status.code() == Some(1) && said(&running).contains("another crossmatch"), "{}", said(&running));
    program.kill();
    let output = crossmatch(&["backup", "--index-dir"], &[&path("index"), &path("backup")]);
    assert!(output.status.success(), "{}", said(&output));

    let occupied = crossmatch(&["restore", "--index-dir"], &[&path("index"), &path("backup")]);
    assert!(occupied.status.code() == Some(1) && said(&occupied).contains("records already"), "{}", said(&occupied));
    let whole = std::fs::read(path("backup")).unwrap();
    let mut damaged = whole.clone();
    let at = damaged.windows(9).position(|bytes| bytes == b"long long").expect("the narrative");
    damaged[at] = b'L';
    for (name, bytes) in
        [("empty", &b""[..]), ("foreign", &[7; 10_000]), ("cut", &whole[..whole.len() / 2]), ("damaged", &damaged)]
    {
        std::fs::write(path(name), bytes).unwrap();
        let output = crossmatch(&["restore", "--index-dir"], &[&path("new"), &path(name)]);
        assert!(output.status.code() == Some(1) && said(&output).contains(name), "{name}: {}", said(&output));
        assert!(!path("new").join("records.redb").exists(), "{name}");
    }
    let output = crossmatch(&["restore", "--index-dir"], &[&path("new"), &path("backup")]);
    assert!(said(&output).starts_with("1 records and 0 exclusions"), "{}", said(&output));
}
