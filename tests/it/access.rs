//! Who may do what: keys, scopes, sources, clearance, allowances, TLS, and what is open to operators' machines.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::thread;

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
    assert_eq!((basic.status, &basic.problem()["code"]), (401, &json!("no_key")));
    assert!(basic.header("www-authenticate").is_some());
    let bare = service.call("GET", RECORD).header("Authorization", "xm_1_2").send(b"");
    assert_eq!((bare.status, &bare.problem()["code"]), (400, &json!("invalid_header")));
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
    let mut withheld: Vec<&str> = read["withheld"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    withheld.sort_unstable();
    assert_eq!(withheld, ["dental", "dna", "fingerprint_class", "identifiers"]);
    assert_eq!(read["record"]["names"][0]["given"], "Ada");
    let list = send(&service, &uncleared, "GET", &matches, &Value::Null).json();
    let evidence = list["candidates"][0]["evidence"].as_array().unwrap();
    let withheld =
        |name: &str| evidence.iter().find(|told| told["attribute"] == name).map(|told| told["withheld"] == true);
    assert_eq!((withheld("dental"), withheld("identifiers"), withheld("names")), (Some(true), Some(true), Some(false)));
    assert!(send(&service, &cleared, "GET", RECORD, &Value::Null).text().contains("MODFL"));
}

#[test]
fn an_attribute_needs_a_clearance_just_where_the_fields_it_is_read_from_do() {
    let mut keys = Keys::new();
    let uncleared = keys.make(&[Scope::Admin], |_| {});
    let service = Service::start_guarded(keys.guard());
    let evidence = |a: &Value, b: &Value| {
        let pair = json!({"a": a, "b": b});
        let answer = send(&service, &uncleared, "POST", "/v1/compare", &pair).json();
        let evidence = answer["evidence"].as_array().unwrap_or_else(|| panic!("{answer}")).clone();
        evidence.iter().map(|told| (told["attribute"].to_string(), told["withheld"] == true)).collect::<Vec<_>>()
    };
    let closed = ["identifiers", "dental", "fingerprint_class", "dna"];
    let professional = |kind: &str| {
        let mut person = person(kind);
        person.as_object_mut().unwrap().retain(|field, _| field == "kind" || closed.contains(&field.as_str()));
        person
    };
    let told = evidence(&professional("missing"), &professional("unidentified"));
    assert!(told.len() >= 4 && told.iter().all(|(_, withheld)| *withheld), "{told:?}");
    let open = |kind: &str, event: &str| {
        json!({"kind": kind, "sex": "female", "names": [{"given": "Ada", "family": "Quist"}], "ancestry": ["white"],
            "birth_date": "1985-03", "age_years": {"min": 30, "max": 34}, "height_cm": {"min": 160, "max": 165},
            "weight_kg": {"min": 60, "max": 65}, "hair_color": ["brown"], "eye_color": ["blue"], "blood_type": "A+",
            event: {"date": "2019-06-02", "place": {"country": "US", "region": "ID"}},
            "features": [{"kind": "tattoo", "site": "left arm", "description": "anchor"}],
            "belongings": [{"kind": "jewelry", "description": "silver ring with a skull"}]})
    };
    let told = evidence(&open("missing", "last_contact"), &open("unidentified", "found"));
    assert!(told.len() >= 9 && told.iter().all(|(_, withheld)| !withheld), "{told:?}");
    let all = send(&service, &uncleared, "GET", "/v1/attributes", &Value::Null).json();
    let names = |professional: bool| {
        let attributes = all["attributes"].as_array().unwrap().iter();
        attributes.filter(|about| about["professional"] == professional).count()
    };
    assert_eq!((names(true), names(false)), (4, told.len()), "every attribute is met");
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
fn what_a_key_cannot_see_it_cannot_drop_in_part() {
    let mut keys = Keys::new();
    let cleared = keys.make(&[Scope::Admin], |key| key.clearance = true);
    let uncleared = keys.make(&[Scope::RecordsWrite], |_| {});
    let service = Service::start_guarded(keys.guard());
    let path = format!("{RECORD}?matches=false");
    let mut person = person("missing");
    person["identifiers"]["fbi"] = json!("7");
    send(&service, &cleared, "PUT", &path, &person);
    let less = |pointer: &str, name: &str| {
        let mut less = person.clone();
        less.pointer_mut(pointer).unwrap().as_object_mut().unwrap().remove(name);
        send(&service, &uncleared, "PUT", &path, &less)
    };
    for (pointer, name) in [("/dental/teeth", "14"), ("/identifiers", "ncic"), ("/dna/str", "TH01"), ("/dna", "mtdna")]
    {
        let answer = less(pointer, name);
        assert_eq!((answer.status, &answer.problem()["code"]), (403, &json!("clearance_required")), "{pointer}/{name}");
    }
    assert_eq!(less("", "sex").status, 200, "what it can see it may drop");
    let mut other = person.clone();
    (other["dental"]["teeth"]["3"], other["dental"]["teeth"]["4"]) = (json!("MO"), json!("V"));
    assert_eq!(send(&service, &uncleared, "PUT", &path, &other).status, 200, "another finding is no loss");
}

#[test]
fn no_write_slips_in_between_what_was_seen_and_what_is_dropped() {
    let mut keys = Keys::new();
    let cleared = keys.make(&[Scope::Admin], |key| key.clearance = true);
    let uncleared = keys.make(&[Scope::RecordsWrite], |_| {});
    let service = Service::start_guarded(keys.guard());
    for round in 0..100 {
        let path = format!("/v1/records/namus/{round}?matches=false");
        let line = json!({"source": "namus", "id": round.to_string(), "kind": "missing", "narrative": "line"});
        thread::scope(|scope| {
            scope.spawn(|| {
                for text in ["a", "b", "c", "d"] {
                    let answer =
                        send(&service, &uncleared, "PUT", &path, &json!({"kind": "missing", "narrative": text}));
                    assert!(matches!(answer.status, 200 | 201 | 403), "{}", answer.text());
                }
            });
            scope.spawn(|| {
                for _ in 0..4 {
                    let answer = send(&service, &uncleared, "POST", "/v1/records:batch", &line).lines();
                    assert!([200, 201, 403].map(|status| json!(status)).contains(&answer[0]["status"]), "{answer:?}");
                }
            });
            let _ = send(&service, &cleared, "PUT", &path, &json!({"kind": "missing", "narrative": "seen"}));
            assert!(send(&service, &cleared, "PUT", &path, &person("missing")).status < 300);
        });
        let record = send(&service, &cleared, "GET", &format!("/v1/records/namus/{round}"), &Value::Null);
        assert!(record.text().contains("MODFL"), "round {round}: {}", record.text());
    }
}

#[test]
fn a_key_decides_on_pairs_of_its_sources_alone() {
    let mut keys = Keys::new();
    let every = keys.make(&[Scope::Admin], |key| key.clearance = true);
    let some =
        keys.make(&[Scope::ExclusionsWrite, Scope::MatchRead], |key| key.sources = Some(vec!["namus".to_owned()]));
    let service = Service::start_guarded(keys.guard());
    for (path, kind) in [(RECORD, "missing"), ("/v1/records/ncic/1", "unidentified"), ("/v1/records/ncic/2", "missing")]
    {
        send(&service, &every, "PUT", path, &json!({"kind": kind}));
    }
    let decide = |key: &str, a: &str, b: &str| {
        let decision = json!({"a": a, "b": b, "method": "dna", "by": "A", "reason": "B"});
        send(&service, key, "POST", "/v1/exclusions", &decision)
    };
    let refused =
        |answer: Answer| (answer.status, answer.problem()["code"].clone()) == (403, json!("source_not_allowed"));
    assert!(refused(decide(&some, "ncic/1", "ncic/2")));
    assert!(refused(decide(&some, "ncic/1", "ncic/none")), "whether a record is there is not told");
    let foreign = decide(&every, "ncic/1", "ncic/2").json()["id"].as_str().unwrap().to_owned();
    assert!(refused(send(&service, &some, "DELETE", &format!("/v1/exclusions/{foreign}"), &Value::Null)));
    assert_eq!(send(&service, &every, "GET", &format!("/v1/exclusions/{foreign}"), &Value::Null).status, 200);
    for (a, b) in [("namus/MP7", "ncic/1"), ("ncic/1", "namus/MP7")] {
        let own = decide(&some, a, b);
        let path = format!("/v1/exclusions/{}", own.json()["id"].as_str().unwrap());
        assert_eq!((own.status, send(&service, &some, "DELETE", &path, &Value::Null).status), (201, 204));
        assert_eq!(send(&service, &some, "DELETE", &path, &Value::Null).status, 204);
    }
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

/// What `/livez` answers a client that trusts this certificate alone; none: it does not trust the service's.
fn get_by_tls(address: SocketAddr, trusted: &Path) -> Option<String> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(rustls::pki_types::pem::PemObject::from_pem_file(trusted).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let client = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let client = Arc::new(client.with_root_certificates(roots).with_no_client_auth());
    let session = rustls::ClientConnection::new(client, "localhost".try_into().unwrap()).unwrap();
    let mut stream = rustls::StreamOwned::new(session, TcpStream::connect(address).unwrap());
    stream.write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").ok()?;
    let mut text = String::new();
    let _ = stream.read_to_string(&mut text);
    Some(text)
}

#[test]
fn with_a_certificate_the_service_speaks_tls_only() {
    let listener = Listener::bind("127.0.0.1:0").unwrap();
    let listener = listener.with_tls(&fixture("certificate.pem"), &fixture("key.pem")).unwrap();
    let service = Service::listening_at(listener);
    let text = get_by_tls(service.address, &fixture("certificate.pem")).unwrap();
    assert!(text.starts_with("HTTP/1.1 200 OK") && text.contains("alive"), "{text}");

    let mut plain = TcpStream::connect(service.address).unwrap();
    plain.write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP/"), "plain text is not answered");
}

#[test]
fn a_new_certificate_counts_without_a_restart_and_a_broken_one_does_not() {
    let directory = TempDir::new().unwrap();
    let file = |name: &str| directory.path().join(name);
    let (certificate, key) = (file("certificate.pem"), file("key.pem"));
    let put = |from: &str, to: &Path| {
        // As a whole, as those who renew certificates do.
        std::fs::copy(fixture(from), file("new")).unwrap();
        std::fs::rename(file("new"), to).unwrap();
    };
    put("certificate.pem", &certificate);
    put("key.pem", &key);
    let listener = Listener::bind("127.0.0.1:0").unwrap().with_tls(&certificate, &key).unwrap();
    let service = Service::listening_at(listener);
    let shows = |name: &str| get_by_tls(service.address, &fixture(name)).is_some();
    assert!(shows("certificate.pem") && !shows("next_certificate.pem"));
    put("next_certificate.pem", &certificate);
    assert!(shows("certificate.pem"), "it does not fit the key that is there");
    put("next_key.pem", &key);
    assert!(shows("next_certificate.pem") && !shows("certificate.pem"));
    for broken in ["nonsense", "", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        std::fs::write(&certificate, broken).unwrap();
        assert!(shows("next_certificate.pem"), "{broken:?}");
    }
    std::fs::remove_file(&key).unwrap();
    assert!(shows("next_certificate.pem"));
    put("certificate.pem", &certificate);
    put("key.pem", &key);
    assert!(shows("certificate.pem"));
}

#[test]
fn a_certificate_that_cannot_be_used_is_named() {
    for (certificate, key) in [("none.pem", "key.pem"), ("certificate.pem", "none.pem"), ("key.pem", "key.pem")] {
        let listener = Listener::bind("127.0.0.1:0").unwrap();
        let error = listener.with_tls(&fixture(certificate), &fixture(key)).err().unwrap().to_string();
        assert!(error.contains(".pem"), "{error}");
    }
}
