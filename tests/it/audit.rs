//! Every look at a pair or a record, every write and decision, and every refused call leaves a line in the trail; the lines
//! hold together, and name identifiers only.

use std::io::Write;
use std::net::TcpStream;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crossmatch::access::{Guard, KeyFile, NewKey, Scope};
use crossmatch::audit;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::client::Call;
use crate::crash::Program;
use crate::service::{Service, until};

const MISSING: &str = r#"{"kind":"missing","names":[{"given":"Ada","family":"Quist"}]}"#;
const FOUND: &str = r#"{"kind":"unidentified","narrative":"anchor tattoo"}"#;

/// Every line of the trail, over as many pages as it takes.
fn lines(service: &Service, query: &str) -> Vec<Value> {
    let (mut found, mut token) = (Vec::new(), String::new());
    loop {
        let page = service.get(&format!("/v1/audit?limit=3{query}{token}")).json();
        found.extend(page["entries"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next_page_token"].as_str() else { return found };
        token = format!("&page_token={next}");
    }
}

/// Action, status, records named and records shown of every line but those of reading the trail.
fn told(service: &Service) -> Vec<(String, u64, Value, Value)> {
    let lines = lines(service, "").into_iter().filter(|line| line["action"] != "audit");
    lines
        .map(|line| {
            let action = line["action"].as_str().unwrap().to_owned();
            (action, line["status"].as_u64().unwrap(), line["records"].clone(), line["seen"].clone())
        })
        .collect()
}

#[test]
fn every_call_that_counts_leaves_a_line() {
    let service = Service::start();
    service.put("/v1/records/a/M", MISSING);
    service.put("/v1/records/a/U", FOUND);
    service.get("/v1/records/a/M");
    service.get("/v1/records/a/none");
    service.get("/v1/records/a/M/matches");
    service.call("POST", "/v1/match").send(MISSING.as_bytes());
    service.call("POST", "/v1/compare").send(br#"{"a":"a/M","b":{"kind":"unclaimed"}}"#);
    service
        .call("POST", "/v1/records:batch?matches=true")
        .send(b"{\"source\":\"a\",\"id\":\"C\",\"kind\":\"unclaimed\"}\n{}");
    let pair = json!({"a": "a/M", "b": "a/U", "method": "dna", "by": "Dr. Quist", "reason": "no kinship"}).to_string();
    let exclusion = service.call("POST", "/v1/exclusions").send(pair.as_bytes()).json()["id"].clone();
    service.get("/v1/exclusions");
    service.call("DELETE", &format!("/v1/exclusions/{}", exclusion.as_str().unwrap())).send(b"");
    service.call("DELETE", "/v1/records/a/C").send(b"");
    service.get("/livez");
    service.get("/v1/attributes");
    let (m, u, none) = (json!(["a/M"]), json!(["a/U"]), Value::Null);
    let expected = [
        ("put", 201, &m, &none),
        ("put", 201, &u, &m),
        ("read", 200, &m, &none),
        ("read", 404, &json!(["a/none"]), &none),
        ("matches", 200, &m, &u),
        ("match", 200, &none, &u),
        ("compare", 200, &m, &none),
        ("put", 201, &json!(["a/C"]), &m),
        ("exclude", 201, &json!(["a/M", "a/U"]), &none),
        ("list exclusions", 200, &none, &json!(["a/M", "a/U"])),
        ("withdraw", 204, &json!(["a/M", "a/U"]), &none),
        ("delete", 204, &json!(["a/C"]), &none),
    ];
    let expected =
        expected.map(|(action, status, records, seen)| (action.to_owned(), status, records.clone(), seen.clone()));
    assert_eq!(told(&service), expected);

    let all = lines(&service, "");
    let decided = all.iter().find(|line| line["action"] == "exclude").unwrap();
    assert_eq!(
        (&decided["exclusion"], &decided["who"], &decided["from"]),
        (&exclusion, &json!("anyone"), &json!("127.0.0.1"))
    );
    assert_eq!(decided["model"].as_str(), Some(crossmatch::model::Model::default().hash()));
    assert_eq!(lines(&service, "&record=a/U").iter().filter(|line| line["action"] != "audit").count(), 6);
    let text = std::fs::read_to_string(service.trail().join(audit::FILE)).unwrap();
    for word in ["Quist", "Ada", "anchor", "kinship"] {
        assert!(!text.contains(word), "{word}");
    }
    assert_eq!(audit::verify(&service.trail().join(audit::FILE), None).unwrap().lines, text.lines().count() as u64);
}

#[test]
fn what_a_search_shows_is_told_and_its_words_are_not() {
    let service = Service::start();
    service.put("/v1/records/a/U?matches=false", FOUND);
    until("the record is found", || service.get("/v1/search?q=anchor").json()["total"] == 1);
    let last = lines(&service, "").into_iter().rfind(|line| line["action"] == "search").unwrap();
    assert_eq!((&last["seen"], last.to_string().contains("anchor")), (&json!(["a/U"]), false));
}

#[test]
fn refused_calls_are_told_with_whoever_made_them() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys.toml");
    let mut keys = KeyFile::default();
    let mut make = |scopes: &[Scope]| {
        let (name, scopes) = ("a test".to_owned(), scopes.to_vec());
        let sources = Some(vec!["a".to_owned()]);
        let new = NewKey { name, scopes, sources, clearance: false, calls_per_second: None, expires: None };
        keys.create(new, Timestamp::now()).unwrap()
    };
    let (writer, auditor) = (make(&[Scope::RecordsWrite]), make(&[Scope::AuditRead]));
    keys.write(&path).unwrap();
    let service = Service::start_guarded(Guard::with_keys(&path, 0).unwrap());
    let send = |key: &str, method: &str, path: &str| {
        service.call(method, path).header("Authorization", &format!("Bearer {key}")).send(MISSING.as_bytes())
    };
    service.get("/v1/records/a/1");
    send("xm_1_2", "PUT", "/v1/records/a/1");
    send(&writer, "GET", "/v1/records/a/1/matches");
    send(&writer, "PUT", "/v1/records/b/1?matches=false");
    assert_eq!(send(&writer, "GET", "/v1/audit").status, 403);
    let page = send(&auditor, "GET", "/v1/audit?limit=100").json();
    let told: Vec<(&str, &str, u64)> = page["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (line["who"].as_str().unwrap(), line["action"].as_str().unwrap(), line["status"].as_u64().unwrap()))
        .collect();
    let writer = format!("key:{}", writer.split('_').nth(1).unwrap());
    assert_eq!(
        told,
        [
            ("nobody", "GET /v1/records/{source}/{id}", 401),
            ("nobody", "PUT /v1/records/{source}/{id}", 401),
            (writer.as_str(), "GET /v1/records/{source}/{id}/matches", 403),
            (writer.as_str(), "put", 403),
            (writer.as_str(), "GET /v1/audit", 403),
        ]
    );
}

/// Sends a call behind another whose answer is not taken: the end of the connection will be a break.
pub(crate) fn send_to_vanish(service: &Service, method: &str, path: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(service.address).unwrap();
    stream.write_all(b"GET /livez HTTP/1.1\r\nHost: test\r\n\r\n").unwrap();
    // What lies unread in a socket that is closed makes its end a reset.
    while stream.peek(&mut [0; 1]).unwrap() == 0 {}
    let head = format!("{method} {path} HTTP/1.1\r\nHost: test\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
    stream
}

/// A large record, ever another.
fn large(turn: usize) -> String {
    format!(r#"{{"kind":"unclaimed","narrative":"{turn} {}"}}"#, "long ".repeat(13_000))
}

/// Sets a flag when it is dropped, also by a test that fails: nobody works on for it.
struct Stops<'a>(&'a AtomicBool);

impl Drop for Stops<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Keeps the one who writes busy with large records while `work` runs.
fn while_writing(service: &Service, work: impl FnOnce()) {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        for client in 0..3 {
            let stop = &stop;
            scope.spawn(move || {
                for turn in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let path = format!("/v1/records/large/{client}?matches=false");
                    // A batch may have taken the queue.
                    let status = service.put(&path, &large(turn)).status;
                    assert!(status < 300 || status == 503, "{status}");
                }
            });
        }
        let _stops = Stops(&stop);
        work();
    });
}

/// Every record of a source that is stored is in the trail as one that was put; at least one is.
fn all_told(service: &Service, source: &str, ids: std::ops::Range<usize>) {
    let path = service.trail().join(audit::FILE);
    let untold = || {
        let trail = std::fs::read_to_string(&path).unwrap();
        let stored: Vec<String> = ids
            .clone()
            .map(|id| format!("{source}/{id}"))
            .filter(|record| service.get(&format!("/v1/records/{record}")).status == 200)
            .collect();
        let told = |record: &&String| {
            let named = format!("\"{record}\"");
            trail.lines().any(|line| line.contains("\"action\":\"put\"") && line.contains(&named))
        };
        (stored.len(), stored.iter().filter(|record| !told(record)).count())
    };
    until("every write is told", || {
        let (stored, untold) = untold();
        stored > 0 && untold == 0
    });
}

#[test]
fn a_write_whose_client_vanishes_is_told() {
    let service = Service::start();
    while_writing(&service, || {
        for id in 0..30 {
            drop(send_to_vanish(&service, "PUT", &format!("/v1/records/gone/{id}?matches=false"), MISSING));
        }
    });
    all_told(&service, "gone", 0..30);
}

#[test]
fn lines_of_a_batch_whose_client_vanishes_are_told() {
    let service = Service::start();
    let line = |id: usize| format!("{{\"source\":\"gone\",\"id\":\"{id}\",\"kind\":\"missing\"}}\n");
    while_writing(&service, || {
        // Several: of one that vanishes before it is looked at nothing is written.
        for turn in 0..8 {
            let lines: String = (turn * 50..(turn + 1) * 50).map(line).collect();
            drop(send_to_vanish(&service, "POST", "/v1/records:batch", &lines));
        }
    });
    all_told(&service, "gone", 0..400);
}

#[test]
fn a_flood_of_refused_calls_is_counted_and_every_call_of_it() {
    const CALLS: u64 = 300;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys.toml");
    KeyFile::default().write(&path).unwrap();
    let mut service = Service::guarded(Guard::with_keys(&path, 0).unwrap());
    (0..CALLS).for_each(|_| assert_eq!(service.get("/v1/records/a/1").status, 401));
    service.stop_and_wait();
    let trail = std::fs::read_to_string(service.trail().join(audit::FILE)).unwrap();
    let lines: Vec<Value> = trail.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.len() < 100, "{} lines", lines.len());
    assert_eq!(lines.iter().map(|line| line["count"].as_u64().unwrap_or(1)).sum::<u64>(), CALLS);
    assert!(lines.iter().all(|line| line["status"] == 401 && line["from"] == "127.0.0.1" && line["who"] == "nobody"));
    let last = lines.last().unwrap();
    let moment = |name: &str| last[name].as_str().unwrap().parse::<Timestamp>().unwrap();
    assert!(moment("since") < moment("at"), "{last}");
    assert!(audit::verify(&service.trail().join(audit::FILE), None).is_ok());
}

#[test]
fn a_trail_outlives_kill_9_and_the_command_finds_what_was_changed() {
    let directory = tempfile::tempdir().unwrap();
    let put = |program: &Program, id: usize| {
        let path = format!("/v1/records/a/{id}?matches=false");
        assert_eq!(Call::new(program.address, "PUT", &path).send(MISSING.as_bytes()).status, 201);
    };
    let verify = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_crossmatch"));
        let output =
            command.args(["audit", "verify", "--index-dir"]).arg(directory.path()).args(more).output().unwrap();
        (output.status.code(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
    };
    for round in 0..3 {
        let program = Program::start_with(&[], directory.path());
        (0..5).for_each(|id| put(&program, round * 5 + id));
        let (code, said) = verify(&[]);
        assert_eq!(code, Some(0), "while the service runs: {said}");
        program.kill();
    }
    let (_, said) = verify(&[]);
    assert!(said.starts_with("15 lines, head "), "{said}");
    let head = said.trim_end().rsplit(' ').next().unwrap();
    let file = directory.path().join(audit::FILE);
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.lines().take(9).map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    let (code, said) = verify(&["--contains", head]);
    assert!(code == Some(1) && said.contains("cut off"), "{said}");
    std::fs::write(&file, text.replace("\"a/7\"", "\"a/8\"")).unwrap();
    let (code, said) = verify(&[]);
    assert!(code == Some(1) && said.contains("line 8: the line was changed"), "{said}");
}
