//! What people decided on pairs: left out before a list is cut, durable, reopened when its basis changes, taken back.
//!
//! That no figure of any list knows an excluded pair is in `twin`.

use std::io::Read;
use std::process::Command;
use std::thread;

use serde_json::{Value, json};

use crate::client::{Answer, Call};
use crate::crash::Program;
use crate::service::{Service, until};

const EXCLUSIONS: &str = "/v1/exclusions";

fn decision(a: &str, b: &str) -> Value {
    json!({"a": a, "b": b, "method": "dna", "by": "Ada County Coroner", "reason": "No kinship at 21 loci"})
}

fn with(mut decision: Value, name: &str, value: Value) -> Value {
    decision[name] = value;
    decision
}

fn exclude(service: &Service, decision: &Value) -> Answer {
    service.call("POST", EXCLUSIONS).send(decision.to_string().as_bytes())
}

#[track_caller]
fn excluded(service: &Service, decision: &Value) -> Value {
    let answer = exclude(service, decision);
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(answer.header("location"), Some(format!("{EXCLUSIONS}/{}", id(&answer.json())).as_str()));
    answer.json()
}

fn id(exclusion: &Value) -> String {
    exclusion["id"].as_str().unwrap().to_owned()
}

fn read(service: &Service, exclusion: &Value) -> Value {
    service.get(&format!("{EXCLUSIONS}/{}", id(exclusion))).json()
}

fn remove(service: &Service, exclusion: &Value) -> u16 {
    service.call("DELETE", &format!("{EXCLUSIONS}/{}", id(exclusion))).send(b"").status
}

/// Stores records of a person and of some bodies, all of one sex.
fn collection(service: &Service, bodies: &[&str]) {
    service.put("/v1/records/a/M?matches=false", r#"{"kind":"missing","sex":"male"}"#);
    for body in bodies {
        let answer =
            service.put(&format!("/v1/records/a/{body}?matches=false"), r#"{"kind":"unidentified","sex":"male"}"#);
        assert_eq!(answer.status, 201);
    }
}

/// The records on a list, and its `searched`.
fn list(service: &Service, record: &str, limit: u8) -> (Vec<String>, Value) {
    let list = service.get(&format!("/v1/records/{record}/matches?limit={limit}")).json();
    let records = list["candidates"].as_array().unwrap().iter();
    (records.map(|candidate| candidate["record"].as_str().unwrap().to_owned()).collect(), list["searched"].clone())
}

fn searched(records: u64, excluded: u64) -> Value {
    json!({"records": records, "excluded": excluded, "exact": true})
}

fn why_not(service: &Service, a: &str, b: &str) -> Value {
    let pair = json!({"a": a, "b": b}).to_string();
    service.call("POST", "/v1/compare").send(pair.as_bytes()).json()["why_not"]["code"].clone()
}

#[test]
fn an_excluded_pair_is_left_out_before_the_list_is_cut() {
    let service = Service::start();
    collection(&service, &["U1", "U2", "U3"]);
    assert_eq!(list(&service, "a/M", 2), (vec!["a/U1".to_owned(), "a/U2".to_owned()], searched(3, 0)));
    let exclusion = excluded(&service, &decision("a/U1", "a/M"));
    assert_eq!(list(&service, "a/M", 2), (vec!["a/U2".to_owned(), "a/U3".to_owned()], searched(2, 1)));
    assert_eq!(list(&service, "a/U1", 2), (vec![], searched(0, 1)));
    assert_eq!(list(&service, "a/U2", 2), (vec!["a/M".to_owned()], searched(1, 0)));
    for (a, b) in [("a/M", "a/U1"), ("a/U1", "a/M")] {
        assert_eq!(why_not(&service, a, b), "excluded");
    }
    let put = service.put("/v1/records/a/M", r#"{"kind":"missing","sex":"male","narrative":"new"}"#).json();
    assert_eq!(put["matches"]["searched"], searched(2, 1));
    assert_eq!((remove(&service, &exclusion), remove(&service, &exclusion)), (204, 204));
    assert_eq!(list(&service, "a/M", 2), (vec!["a/U1".to_owned(), "a/U2".to_owned()], searched(3, 0)));
    assert_eq!(why_not(&service, "a/M", "a/U1"), Value::Null);
    let gone = service.get(&format!("{EXCLUSIONS}/{}", id(&exclusion)));
    assert_eq!((gone.status, &gone.problem()["code"]), (404, &json!("no_such_exclusion")));
}

#[test]
fn an_exclusion_that_has_expired_is_kept_and_does_not_count() {
    let service = Service::start();
    collection(&service, &["U1"]);
    let ends = (jiff::Timestamp::now() + std::time::Duration::from_millis(300)).to_string();
    let past = excluded(&service, &with(decision("a/M", "a/U1"), "expires", json!(ends)));
    let path = format!("{EXCLUSIONS}/{}", id(&past));
    until("the exclusion has ended", || service.get(&path).json()["in_force"] == false);
    let past = service.get(&path).json();
    assert_eq!(list(&service, "a/M", 2).1, searched(1, 0));
    let future = excluded(&service, &with(decision("a/M", "a/U1"), "expires", json!("9000-01-01T00:00:00Z")));
    assert_eq!((&future["in_force"], list(&service, "a/M", 2).1), (&json!(true), searched(0, 1)));
    assert_eq!(service.get(EXCLUSIONS).json()["exclusions"], json!([past, future]));
}

#[test]
fn what_cannot_be_decided_is_refused() {
    let service = Service::start();
    collection(&service, &["U1"]);
    let check = |decision: Value, status: u16, code: &str| {
        let answer = exclude(&service, &decision);
        assert_eq!((answer.status, answer.problem()["code"].as_str()), (status, Some(code)), "{decision}");
    };
    check(decision("a/M", "a/none"), 404, "no_such_record");
    check(decision("a/none", "a/M"), 404, "no_such_record");
    check(decision("a/M", "a/M"), 422, "invalid_record");
    check(with(decision("a/M", "a/U1"), "method", json!("guess")), 422, "invalid_record");
    check(json!([]), 422, "invalid_record");
    for key in ["", "a b", "\u{fc}"] {
        let call = service.call("POST", EXCLUSIONS).header("Idempotency-Key", key);
        let answer = call.send(decision("a/M", "a/U1").to_string().as_bytes());
        assert_eq!((answer.status, &answer.problem()["code"]), (400, &json!("invalid_header")), "{key:?}");
    }
    assert_eq!(service.get("/v1/exclusions/7").problem()["code"], "invalid_exclusion_id");
    assert_eq!(service.get("/v1/exclusions?record=a").problem()["code"], "invalid_parameter");
    assert_eq!(service.get("/v1/exclusions?page_token=a").problem()["code"], "invalid_parameter");
    assert_eq!(service.get(EXCLUSIONS).json()["exclusions"], json!([]));
}

#[test]
fn the_same_call_with_the_same_key_decides_once() {
    let service = Service::start();
    collection(&service, &["U1", "U2"]);
    let post = |decision: &Value| {
        service.call("POST", EXCLUSIONS).header("Idempotency-Key", "case-7").send(decision.to_string().as_bytes())
    };
    let first = post(&decision("a/M", "a/U1"));
    let again = post(&decision("a/M", "a/U1"));
    assert_eq!((first.status, again.status, again.json()), (201, 201, first.json()));
    let other = post(&decision("a/M", "a/U2"));
    assert_eq!((other.status, &other.problem()["code"]), (422, &json!("idempotency_key_reused")));
    excluded(&service, &decision("a/M", "a/U1"));
    assert_eq!(service.get(EXCLUSIONS).json()["exclusions"].as_array().unwrap().len(), 2);
}

#[test]
fn a_repeated_call_is_answered_although_the_decision_is_taken_back_meanwhile() {
    let service = Service::start();
    collection(&service, &["U1"]);
    let post = |key: &str| {
        let decision = decision("a/M", "a/U1").to_string();
        service.call("POST", EXCLUSIONS).header("Idempotency-Key", key).send(decision.as_bytes())
    };
    for round in 0..150 {
        let key = format!("case-{round}");
        let made = post(&key).json();
        thread::scope(|scope| {
            let again = scope.spawn(|| post(&key));
            assert_eq!(remove(&service, &made), 204);
            let again = again.join().unwrap();
            let same = again.status == 201 && again.json()["id"] == made["id"];
            let late = again.status == 409 && again.problem()["code"] == "taken_back";
            assert!(same || late, "round {round}: {}", again.text());
        });
        assert_eq!(post(&key).status, 409, "what was taken back stays so");
    }
    assert_eq!(list(&service, "a/M", 2).1, searched(1, 0));
}

#[test]
fn pages_hold_every_exclusion_once_and_filters_hold() {
    let service = Service::start();
    collection(&service, &["U1", "U2"]);
    let made: Vec<String> =
        (0..7).map(|at| id(&excluded(&service, &decision("a/M", if at % 3 == 0 { "a/U1" } else { "a/U2" })))).collect();
    let pages = |query: &str| {
        let (mut found, mut token) = (Vec::new(), String::new());
        loop {
            let page = service.get(&format!("{EXCLUSIONS}?limit=2{query}{token}")).json();
            found.extend(page["exclusions"].as_array().unwrap().iter().map(id));
            let Some(next) = page["next_page_token"].as_str() else { return found };
            token = format!("&page_token={next}");
        }
    };
    assert_eq!(pages(""), made);
    let of_one: Vec<String> = made.iter().step_by(3).cloned().collect();
    assert_eq!(pages("&record=a/U1"), of_one);
    assert_eq!(pages("&review=true"), Vec::<String>::new());
    assert_eq!(pages("&review=false&record=a/M"), made);
}

#[test]
fn a_change_of_what_decided_reopens_and_leaves_in_force() {
    let service = Service::start();
    collection(&service, &["U1"]);
    let [dna, dental] =
        ["dna", "dental"].map(|method| excluded(&service, &with(decision("a/M", "a/U1"), "method", json!(method))));
    let reviewed = || [&dna, &dental].map(|exclusion| read(&service, exclusion)["review"] == true);
    let change = |rest: &str| {
        let record = format!(r#"{{"kind":"unidentified","sex":"male"{rest}}}"#);
        assert_eq!(service.put("/v1/records/a/U1?matches=false", &record).status, 200);
    };
    change(r#","height_cm":{"min":170,"max":175}"#);
    assert_eq!(reviewed(), [false, false]);
    change(r#","height_cm":{"min":170,"max":175},"dental":{"teeth":{"3":"MO"}}"#);
    assert_eq!(reviewed(), [false, true], "an exclusion by DNA is reopened only by DNA");
    change(r#","dental":{"teeth":{"3":"MO"}},"dna":{"str":{"TH01":["6","7"]}}"#);
    assert_eq!(reviewed(), [true, true]);
    change("");
    assert_eq!(reviewed(), [true, true], "a change back was a change");
    assert_eq!(list(&service, "a/M", 2).1, searched(0, 1), "it stays in force");
    let open = service.get("/v1/exclusions?review=true").json();
    assert_eq!(open["exclusions"].as_array().unwrap().len(), 2);
}

#[test]
fn an_exclusion_outlives_its_records() {
    let service = Service::start();
    collection(&service, &["U1"]);
    let exclusion = excluded(&service, &decision("a/M", "a/U1"));
    assert_eq!(service.call("DELETE", "/v1/records/a/U1").send(b"").status, 204);
    assert_eq!(read(&service, &exclusion), exclusion, "a delete is no change of what decided");
    assert_eq!(list(&service, "a/M", 2).1, searched(0, 0));
    service.put("/v1/records/a/U1?matches=false", r#"{"kind":"unidentified","sex":"male","dna":{"mtdna":["263G"]}}"#);
    assert_eq!(list(&service, "a/M", 2).1, searched(0, 1));
    assert_eq!(read(&service, &exclusion)["review"], true);
}

#[test]
fn a_resolved_pair_leaves_every_list_and_stays_stored() {
    let service = Service::start();
    collection(&service, &["U1", "U2"]);
    let resolution = excluded(&service, &with(decision("a/M", "a/U1"), "resolved", json!(true)));
    for (one, other) in [("a/M", "a/U1"), ("a/U1", "a/M")] {
        let matches = service.get(&format!("/v1/records/{one}/matches")).json();
        assert_eq!((&matches["candidates"], &matches["resolved_with"]), (&json!([]), &json!(other)));
        assert_eq!(service.get(&format!("/v1/records/{one}")).status, 200);
        assert_eq!(why_not(&service, one, other), "resolved");
    }
    assert_eq!(why_not(&service, "a/U2", "a/M"), "resolved");
    let contrary = exclude(&service, &decision("a/U1", "a/M"));
    assert_eq!((contrary.status, &contrary.problem()["code"]), (409, &json!("contradicts")));
    assert!(contrary.text().contains(&id(&resolution)), "{}", contrary.text());
    assert_eq!(list(&service, "a/U2", 2), (vec![], searched(0, 0)));
    service.put("/v1/records/a/M?matches=false", r#"{"kind":"missing","sex":"male","narrative":"new"}"#);
    assert_eq!(list(&service, "a/U2", 2), (vec![], searched(0, 0)), "a change does not bring it back");
    assert_eq!(remove(&service, &resolution), 204);
    assert_eq!(list(&service, "a/U2", 2), (vec!["a/M".to_owned()], searched(1, 0)));
    assert_eq!(list(&service, "a/M", 2), (vec!["a/U1".to_owned(), "a/U2".to_owned()], searched(2, 0)));
}

fn program(directory: &std::path::Path) -> Program {
    Program::start(Command::new(env!("CARGO_BIN_EXE_crossmatch")), directory)
}

#[test]
fn a_decision_survives_kill_9_and_the_loss_of_what_is_derived() {
    let directory = tempfile::tempdir().unwrap();
    let first = program(directory.path());
    let send = |program: &Program, method, path: &str, body: &Value| {
        Call::new(program.address, method, path).send(body.to_string().as_bytes())
    };
    for (id, kind) in [("M", "missing"), ("U1", "unidentified"), ("U2", "unidentified"), ("U3", "unidentified")] {
        send(&first, "PUT", &format!("/v1/records/a/{id}"), &json!({"kind": kind}));
    }
    assert_eq!(send(&first, "POST", EXCLUSIONS, &decision("a/M", "a/U1")).status, 201);
    let resolved = with(decision("a/U2", "a/U3"), "resolved", json!(true));
    assert_eq!(send(&first, "POST", EXCLUSIONS, &resolved).status, 201);
    first.kill();
    for derived in ["", "columns.bin"] {
        let again = program(directory.path());
        let list = send(&again, "GET", "/v1/records/a/M/matches", &Value::Null).json();
        assert_eq!((&list["candidates"], &list["searched"]), (&json!([]), &searched(0, 1)), "{derived}");
        again.kill();
        let _ = std::fs::remove_file(directory.path().join(derived));
    }
}

#[test]
fn a_directory_of_the_format_before_is_taken_over() {
    let directory = tempfile::tempdir().unwrap();
    let mut old = Vec::new();
    let packed = &include_bytes!("../fixtures/store/format1.redb.gz")[..];
    flate2::read::GzDecoder::new(packed).read_to_end(&mut old).unwrap();
    std::fs::write(directory.path().join("records.redb"), old).unwrap();
    let send = |program: &Program, method, path: &str, body: &Value| {
        Call::new(program.address, method, path).send(body.to_string().as_bytes())
    };
    for (candidates, excluded) in [(2, 0), (1, 1)] {
        let program = program(directory.path());
        let record = send(&program, "GET", "/v1/records/old/M", &Value::Null).json();
        assert_eq!((&record["version"], &record["record"]["dental"]["teeth"]["3"]), (&json!(2), &json!("MOD")));
        let list = send(&program, "GET", "/v1/records/old/M/matches", &Value::Null).json();
        assert_eq!(list["searched"], searched(candidates, excluded));
        send(&program, "POST", EXCLUSIONS, &decision("old/M", "old/U"));
        program.kill();
    }
    let again = program(directory.path());
    let deleted = send(&again, "PUT", "/v1/records/old/D", &json!({"kind": "unclaimed"})).json();
    assert_eq!(deleted["version"], 2, "versions count on over a delete and an upgrade");
    again.kill();
}
