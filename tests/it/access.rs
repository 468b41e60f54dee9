//! Who may do what: keys, scopes, sources, clearance, allowances, TLS, and what is open to operators' machines.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use crossmatch::access::{Guard, KeyFile, NewKey, Scope};
use crossmatch::http::Listener;
use jiff::Timestamp;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::{Answer, Call};
use crate::crash::Program;
use crate::service::{Service, until};

const RECORD: &str = "/v1/records/namus/MP7";

/// A file of keys.
struct Keys {
    directory: TempDir,
    file: KeyFile,
}

impl Keys {
    fn new() -> Self {
        let keys = Self { directory: TempDir::new().unwrap(), file: KeyFile::default() };
        keys.file.write(&keys.path()).unwrap();
        keys
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("keys.toml")
    }

    /// Makes a key with these scopes, changed by `change`.
    fn make(&mut self, scopes: &[Scope], change: impl FnOnce(&mut NewKey)) -> String {
        let (name, scopes) = ("a test".to_owned(), scopes.to_vec());
        let mut new = NewKey { name, scopes, sources: None, clearance: false, calls_per_second: None, expires: None };
        change(&mut new);
        let key = self.file.create(new, Timestamp::now()).unwrap();
        self.file.write(&self.path()).unwrap();
        key
    }

    fn guard(&self) -> Guard {
        Guard::with_keys(&self.path(), 0).unwrap()
    }
}

fn call(service: &Service, key: &str, method: &str, path: &str) -> Call {
    service.call(method, path).header("Authorization", &format!("Bearer {key}"))
}

fn send(service: &Service, key: &str, method: &str, path: &str, body: &Value) -> Answer {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    call(service, key, method, path).send(body.as_bytes())
}

/// Every operation of the specification: method, and a path with its parameters filled in.
fn operations() -> Vec<(String, String)> {
    let specification: Value = serde_norway::from_str(crossmatch::http::specification()).unwrap();
    let mut operations = Vec::new();
    for (path, item) in specification["paths"].as_object().unwrap() {
        let path = path
            .replace("{source}", "namus")
            .replace("exclusions/{id}", "exclusions/019b2f3e-7c1a-7cc2-b3ad-0c6d2f1f9a01");
        let path = path.replace("{id}", "MP7");
        operations.extend(item.as_object().unwrap().keys().map(|method| (method.to_uppercase(), path.clone())));
    }
    assert!(operations.len() > 15);
    operations
}

#[test]
fn nothing_but_probes_and_the_specification_is_open() {
    let service = Service::guarded(Keys::new().guard());
    for (method, path) in operations() {
        let answer = service.call(&method, &path).send(b"");
        if ["/livez", "/readyz", "/openapi.yaml"].contains(&path.as_str()) {
            assert_ne!(answer.status, 401, "{method} {path}");
            continue;
        }
        assert_eq!((answer.status, &answer.problem()["code"]), (401, &json!("no_key")), "{method} {path}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"crossmatch\""));
        let wrong = send(&service, "xm_000000000000_00", &method, &path, &Value::Null);
        assert_eq!((wrong.status, &wrong.problem()["code"]), (401, &json!("unknown_key")), "{method} {path}");
        assert!(wrong.header("www-authenticate").unwrap().contains("invalid_token"));
    }
    assert_eq!(service.get("/nowhere").status, 404);
    let basic = service.call("GET", RECORD).header("Authorization", "Basic eDp5").send(b"");
    assert_eq!((basic.status, &basic.problem()["code"]), (400, &json!("invalid_header")));
}

#[test]
fn a_path_written_in_another_way_opens_nothing() {
    let service = Service::guarded(Keys::new().guard());
    for (method, path) in operations() {
        let plain = service.call(&method, &path).send(b"");
        for at in (0..path.len()).filter(|at| path.as_bytes()[*at].is_ascii_alphanumeric()) {
            let encoded = format!("{}%{:02x}{}", &path[..at], path.as_bytes()[at], &path[at + 1..]);
            let answer = service.call(&method, &encoded).send(b"");
            assert_eq!(answer.status, plain.status, "{method} {encoded}");
        }
    }
    for path in
        ["/v1//backup", "/v1/./backup", "/v1/x/../backup", "/V1/backup", "/v1/backup/", "/v1/%2562ackup", "//v1/backup"]
    {
        let answer = service.call("GET", path).send(b"");
        assert!(matches!(answer.status, 400 | 401 | 404), "{path}: {}", answer.status);
    }
}

/// What each operation needs, as a reader of the contract expects it.
fn scope_of(method: &str, path: &str) -> Option<Scope> {
    match (method, path) {
        (_, "/v1/attributes") => None,
        ("GET", RECORD | "/v1/search") => Some(Scope::RecordsRead),
        (_, RECORD | "/v1/records:batch") => Some(Scope::RecordsWrite),
        ("POST" | "DELETE", path) if path.starts_with("/v1/exclusions") => Some(Scope::ExclusionsWrite),
        (_, "/v1/backup") => Some(Scope::Admin),
        ("GET", "/v1/audit") => Some(Scope::AuditRead),
        (_, path) if path.starts_with("/v1/") => Some(Scope::MatchRead),
        _ => Some(Scope::Admin),
    }
}

#[test]
fn each_operation_needs_its_scope_and_no_other() {
    let mut keys = Keys::new();
    let made: Vec<(Scope, String)> =
        Scope::ALL.into_iter().map(|scope| (scope, keys.make(&[scope], |key| key.clearance = true))).collect();
    let service = Service::guarded(keys.guard());
    for (method, path) in operations() {
        if ["/livez", "/readyz", "/openapi.yaml"].contains(&path.as_str()) {
            continue;
        }
        // A put shows candidates too, unless it says otherwise.
        let called = if method == "PUT" { format!("{path}?matches=false") } else { path.clone() };
        for (scope, key) in &made {
            let answer = send(&service, key, &method, &called, &Value::Null);
            let needed = scope_of(&method, &path);
            let may = needed.is_none_or(|needed| needed == *scope) || *scope == Scope::Admin;
            let told = answer.status != 403 || answer.problem()["code"] != "missing_scope";
            assert_eq!(told, may, "{method} {path} with {scope:?}: {}", answer.text());
            assert_ne!(answer.status, 401);
        }
    }
    let (_, writer) = &made[0];
    let unmatched = send(&service, writer, "PUT", &format!("{RECORD}?matches=false"), &json!({"kind": "missing"}));
    assert_eq!(unmatched.problem()["code"], "not_ready", "a writer without `match:read` stores without matches");
    let matched = send(&service, writer, "PUT", RECORD, &json!({"kind": "missing"}));
    assert_eq!(matched.problem()["code"], "missing_scope");
}

#[test]
fn a_key_writes_records_of_its_sources_alone() {
    let mut keys = Keys::new();
    let key = keys.make(&[Scope::RecordsWrite], |key| key.sources = Some(vec!["namus".to_owned()]));
    let service = Service::start_guarded(keys.guard());
    let put = |path: &str| send(&service, &key, "PUT", &format!("{path}?matches=false"), &json!({"kind": "missing"}));
    assert_eq!(put(RECORD).status, 201);
    let foreign = put("/v1/records/ncic/MP7");
    assert_eq!((foreign.status, &foreign.problem()["code"]), (403, &json!("source_not_allowed")));
    assert_eq!(send(&service, &key, "DELETE", "/v1/records/ncic/MP7", &Value::Null).status, 403);
    let lines = "{\"source\":\"ncic\",\"id\":\"1\",\"kind\":\"missing\"}\n{\"source\":\"namus\",\"id\":\"1\",\"kind\":\"missing\"}";
    let batch = call(&service, &key, "POST", "/v1/records:batch").send(lines.as_bytes()).lines();
    assert_eq!((&batch[0]["status"], &batch[0]["error"]["code"]), (&json!(403), &json!("source_not_allowed")));
    assert_eq!(batch[1]["status"], 201);
}

/// Words that are in professional data only.
const PROFESSIONAL: [&str; 5] = ["MODFL", "QX-4711", "TH01", "263G", "treated"];

fn person(kind: &str) -> Value {
    json!({"kind": kind, "sex": "female", "names": [{"given": "Ada", "family": "Quist"}],
        "identifiers": {"ncic": "QX-4711"}, "dental": {"teeth": {"3": "MODFL", "14": "O", "19": "X"}},
        "fingerprint_class": "0102030405060708PI10", "dna": {"str": {"TH01": ["6", "7"]}, "mtdna": ["263G"], "mtdna_range": ["16024-365"]}})
}

#[test]
fn without_clearance_bits_count_and_values_stay() {
    let mut keys = Keys::new();
    let cleared = keys.make(&[Scope::Admin], |key| key.clearance = true);
    let uncleared = keys.make(&[Scope::Admin], |_| {});
    let service = Service::start_guarded(keys.guard());
    for (path, kind) in [(RECORD, "missing"), ("/v1/records/namus/UP1", "unidentified")] {
        assert_eq!(send(&service, &cleared, "PUT", path, &person(kind)).status, 201);
    }
    let pair = json!({"a": "namus/MP7", "b": "namus/UP1"});
    let matches = format!("{RECORD}/matches");
    until("the record is found", || {
        send(&service, &cleared, "GET", "/v1/search?q=quist", &Value::Null).json()["total"] == 2
    });
    for (method, path, body) in [
        ("GET", matches.as_str(), &Value::Null),
        ("POST", "/v1/match", &person("missing")),
        ("POST", "/v1/compare", &pair),
        ("GET", RECORD, &Value::Null),
        ("GET", "/v1/search?q=quist", &Value::Null),
        ("PUT", RECORD, &person("missing")),
    ] {
        let full = send(&service, &cleared, method, path, body);
        let cut = send(&service, &uncleared, method, path, body);
        assert_eq!((full.status, cut.status), (200, 200), "{path}: {}", cut.text());
        assert!(!PROFESSIONAL.iter().any(|word| cut.text().contains(word)), "{path}: {}", cut.text());
        assert_eq!(bits(&full.json()), bits(&cut.json()), "{path}");
        assert_eq!(cut.header("vary"), Some("authorization"));
    }
    let read = send(&service, &uncleared, "GET", RECORD, &Value::Null).json();
    assert_eq!(read["withheld"], json!(["dental", "fingerprint_class", "dna", "identifiers"]));
    assert_eq!(read["record"]["names"][0]["given"], "Ada");
    let list = send(&service, &uncleared, "GET", &matches, &Value::Null).json();
    let evidence = list["candidates"][0]["evidence"].as_array().unwrap();
    let withheld =
        |name: &str| evidence.iter().find(|told| told["attribute"] == name).map(|told| told["withheld"] == true);
    assert_eq!((withheld("dental"), withheld("identifiers"), withheld("names")), (Some(true), Some(true), Some(false)));
    assert!(send(&service, &cleared, "GET", RECORD, &Value::Null).text().contains("MODFL"));
}

/// Every number of bits in an answer, in order.
fn bits(value: &Value) -> Vec<String> {
    match value {
        Value::Object(members) => members
            .iter()
            .filter(|(name, _)| *name != "elapsed_us")
            .flat_map(|(name, value)| if name.ends_with("bits") { vec![value.to_string()] } else { bits(value) })
            .collect(),
        Value::Array(items) => items.iter().flat_map(bits).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn what_a_key_cannot_see_it_cannot_drop() {
    let mut keys = Keys::new();
    let cleared = keys.make(&[Scope::Admin], |key| key.clearance = true);
    let uncleared = keys.make(&[Scope::RecordsRead, Scope::RecordsWrite, Scope::MatchRead], |_| {});
    let service = Service::start_guarded(keys.guard());
    send(&service, &cleared, "PUT", RECORD, &person("missing"));
    let read = send(&service, &uncleared, "GET", RECORD, &Value::Null).json()["record"].clone();
    let answer = send(&service, &uncleared, "PUT", RECORD, &read);
    assert_eq!((answer.status, &answer.problem()["code"]), (403, &json!("clearance_required")));
    let mut line = read;
    (line["source"], line["id"]) = (json!("namus"), json!("MP7"));
    let batch = send(&service, &uncleared, "POST", "/v1/records:batch", &line).lines();
    assert_eq!(batch[0]["error"]["code"], "clearance_required");
    assert!(send(&service, &cleared, "GET", RECORD, &Value::Null).text().contains("MODFL"));
    assert_eq!(send(&service, &uncleared, "PUT", RECORD, &person("missing")).status, 200);
    assert_eq!(send(&service, &uncleared, "PUT", "/v1/records/namus/MP8", &json!({"kind": "missing"})).status, 201);
}

#[test]
fn an_allowance_is_told_and_ends_in_429() {
    let mut keys = Keys::new();
    let key = keys.make(&[Scope::Admin], |key| key.calls_per_second = NonZeroU32::new(1));
    let other = keys.make(&[Scope::Admin], |key| key.calls_per_second = NonZeroU32::new(1_000));
    let service = Service::guarded(keys.guard());
    let answers: Vec<Answer> = (0..20).map(|_| send(&service, &key, "GET", RECORD, &Value::Null)).collect();
    for answer in &answers {
        assert_eq!(answer.header("ratelimit-policy"), Some("\"key\";q=1;w=1"));
        assert_eq!(answer.header("ratelimit"), Some("\"key\";r=0;t=1"));
    }
    let refused = answers.iter().find(|answer| answer.status == 429).expect("twenty calls in less than twenty seconds");
    assert_eq!((&refused.problem()["code"], refused.header("retry-after")), (&json!("too_many_calls"), Some("1")));
    assert_eq!(answers[0].problem()["code"], "not_ready");
    assert_eq!(send(&service, &other, "GET", RECORD, &Value::Null).status, 503, "each key has its own");
    assert_eq!(service.get("/livez").status, 200);
}

fn crossmatch(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_crossmatch")).args(arguments).output().unwrap()
}

fn printed(arguments: &[&str]) -> String {
    let output = crossmatch(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn keys_are_made_listed_and_taken_back_while_the_service_runs() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("keys.toml");
    let file = file.to_str().unwrap();
    let create =
        ["keys", "create", "--keys", file, "--name", "a coroner", "--scope", "records:write", "--source", "namus"];
    let key = printed(&create).trim_end().to_owned();
    let program = Program::start_with(&["--keys", file], &directory.path().join("index"));
    let put = || {
        let call = Call::new(program.address, "PUT", &format!("{RECORD}?matches=false"));
        call.header("Authorization", &format!("Bearer {key}")).send(b"{\"kind\":\"missing\"}").status
    };
    assert_eq!(put(), 201);
    let listed = printed(&["keys", "list", "--keys", file]);
    let id = listed.lines().nth(1).unwrap().split('\t').next().unwrap().to_owned();
    assert!(listed.contains("records:write") && listed.contains("namus") && listed.contains("good"), "{listed}");
    assert!(!listed.contains(key.rsplit('_').next().unwrap()), "no secret is shown twice");
    printed(&["keys", "revoke", "--keys", file, &id]);
    assert_eq!(put(), 401, "from the next call on");
    assert!(printed(&["keys", "list", "--keys", file]).contains("revoked"));
    assert_eq!(crossmatch(&["keys", "revoke", "--keys", file, "none"]).status.code(), Some(1));
    assert_eq!(crossmatch(&["keys", "create", "--keys", file, "--name", "x", "--scope", "all"]).status.code(), Some(2));
}

#[test]
fn without_keys_nobody_from_elsewhere_is_let_in() {
    let directory = TempDir::new().unwrap();
    let index = directory.path().join("index");
    let output = crossmatch(&["serve", "--listen", "0.0.0.0:0", "--index-dir", index.to_str().unwrap()]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said.contains("no keys") && said.contains("crossmatch keys create") && said.contains("127.0.0.1"),
        "{said}"
    );
    assert!(!index.exists(), "nothing was begun");
}

#[test]
fn operators_machines_get_probes_and_metrics_without_a_key() {
    let mut keys = Keys::new();
    let key = keys.make(&[Scope::MatchRead], |_| {});
    let operation = Listener::bind("127.0.0.1:0").unwrap();
    let address = operation.address().unwrap();
    let service = Service::with_operation(keys.guard(), operation);
    let get = |path| Call::new(address, "GET", path).send(b"").status;
    assert_eq!((get("/livez"), get("/readyz"), get("/metrics")), (200, 503, 200));
    for path in ["/v1/attributes", RECORD, "/openapi.yaml", "/docs/"] {
        assert_eq!(get(path), 404, "{path}");
    }
    assert_eq!(send(&service, &key, "GET", "/metrics", &Value::Null).status, 403);
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls").join(name)
}

#[test]
fn with_a_certificate_the_service_speaks_tls_only() {
    let listener = Listener::bind("127.0.0.1:0").unwrap();
    let listener = listener.with_tls(&fixture("certificate.pem"), &fixture("key.pem")).unwrap();
    let service = Service::listening_at(listener);
    let mut roots = rustls::RootCertStore::empty();
    let certificate = rustls::pki_types::pem::PemObject::from_pem_file(fixture("certificate.pem")).unwrap();
    roots.add(certificate).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let client = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let client = Arc::new(client.with_root_certificates(roots).with_no_client_auth());
    let session = rustls::ClientConnection::new(client, "localhost".try_into().unwrap()).unwrap();
    let mut stream = rustls::StreamOwned::new(session, TcpStream::connect(service.address).unwrap());
    stream.write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    let _ = stream.read_to_string(&mut text);
    assert!(text.starts_with("HTTP/1.1 200 OK") && text.contains("alive"), "{text}");

    let mut plain = TcpStream::connect(service.address).unwrap();
    plain.write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP/"), "plain text is not answered");
}

#[test]
fn a_certificate_that_cannot_be_used_is_named() {
    for (certificate, key) in [("none.pem", "key.pem"), ("certificate.pem", "none.pem"), ("key.pem", "key.pem")] {
        let listener = Listener::bind("127.0.0.1:0").unwrap();
        let error = listener.with_tls(&fixture(certificate), &fixture(key)).err().unwrap().to_string();
        assert!(error.contains(".pem"), "{error}");
    }
}
