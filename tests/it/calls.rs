//! Random calls against a service and a model of it that fits on a page: every answer is the model's.
//!
//! A run that fails is cut down to the fewest calls, and printed.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use serde_json::{Value, json};

use crate::client::Answer;
use crate::service::Service;

const BODIES: [&str; 7] = [
    r#"{"kind":"missing","sex":"female","birth_date":"1985-03","height_cm":{"min":160,"max":165}}"#,
    r#"{"kind":"missing","sex":"male","names":[{"use":"legal","given":"Ana","family":"Quist"}]}"#,
    r#"{"kind":"missing","features":[{"kind":"tattoo","description":"rose on left arm"}]}"#,
    r#"{"kind":"unidentified","sex":"female","found":{"date":"2020-04-11"},"height_cm":{"min":158,"max":166}}"#,
    r#"{"kind":"unidentified","features":[{"kind":"tattoo","description":"ROSE LT ARM"}]}"#,
    r#"{"kind":"unclaimed","sex":"female","names":[{"use":"legal","given":"Anna","family":"Quist"}]}"#,
    r#"{"kind":"unclaimed","sex":"male","birth_date":"1971"}"#,
];
const RECORDS: [&str; 6] = ["a/1", "a/2", "a/3", "b/1", "b/2", "b/3"];

#[derive(Clone, Debug)]
enum Call {
    Put { record: usize, body: usize, on: Condition },
    Get { record: usize },
    Delete { record: usize },
    Batch { lines: Vec<(usize, usize)> },
    Matches { record: usize, limit: usize },
    Match { body: usize },
    Exclude { pair: (usize, usize), resolved: bool },
    Withdraw { place: usize },
}

/// What a put demands.
#[derive(Clone, Copy, Debug)]
enum Condition {
    None,
    Absent,
    Current,
    Other,
}

fn call() -> impl Strategy<Value = Call> {
    let (record, body) = (|| 0..RECORDS.len(), || 0..BODIES.len());
    let on = prop_oneof![
        5 => Just(Condition::None),
        1 => Just(Condition::Absent),
        1 => Just(Condition::Current),
        1 => Just(Condition::Other),
    ];
    prop_oneof![
        8 => (record(), body(), on).prop_map(|(record, body, on)| Call::Put { record, body, on }),
        2 => record().prop_map(|record| Call::Get { record }),
        2 => record().prop_map(|record| Call::Delete { record }),
        2 => prop::collection::vec((record(), body()), 0..6).prop_map(|lines| Call::Batch { lines }),
        4 => (record(), prop_oneof![Just(2_usize), Just(100)])
            .prop_map(|(record, limit)| Call::Matches { record, limit }),
        2 => body().prop_map(|body| Call::Match { body }),
        2 => ((record(), record()), any::<bool>()).prop_map(|(pair, resolved)| Call::Exclude { pair, resolved }),
        1 => (0..4_usize).prop_map(|place| Call::Withdraw { place }),
    ]
}

/// What a service should hold.
#[derive(Default)]
struct Model {
    /// The body of each record that is there.
    records: BTreeMap<usize, usize>,
    /// The last version that each record had.
    versions: BTreeMap<usize, u64>,
    /// In the order in which they were made.
    exclusions: Vec<(String, (usize, usize), bool)>,
}

impl Model {
    /// What becomes of a put, and the status that it is answered with.
    fn put(&mut self, record: usize, body: usize) -> u64 {
        let there = self.records.insert(record, body);
        if there != Some(body) {
            *self.versions.entry(record).or_default() += 1;
        }
        if there.is_some() { 200 } else { 201 }
    }

    fn kind(&self, record: usize) -> Option<&'static str> {
        self.records.get(&record).map(|&body| kind(body))
    }

    fn is_resolved(&self, record: usize) -> bool {
        self.exclusions.iter().any(|(_, pair, resolved)| *resolved && (pair.0 == record || pair.1 == record))
    }

    fn is_excluded(&self, a: usize, b: usize) -> bool {
        self.exclusions.iter().any(|(_, pair, _)| *pair == (a, b) || *pair == (b, a))
    }

    /// The records that a query of a kind faces, and how many of its pairs are ruled out. Who is known is on no list.
    fn faced(&self, asking: &str, itself: Option<usize>) -> (BTreeSet<&'static str>, u64) {
        let faces = |other: &str| (asking == "missing") != (other == "missing");
        let open = self.records.keys().copied().filter(|&record| !self.is_resolved(record));
        let facing = open.filter(|&record| self.kind(record).is_some_and(faces));
        let out = |record: usize| itself.is_some_and(|itself| self.is_excluded(itself, record));
        let (out, shown): (Vec<usize>, Vec<usize>) = facing.partition(|&record| out(record));
        (shown.into_iter().map(|record| RECORDS[record]).collect(), out.len() as u64)
    }
}

fn kind(body: usize) -> &'static str {
    ["missing", "unidentified", "unclaimed"]
        .into_iter()
        .find(|kind| BODIES[body].contains(&format!(r#""{kind}""#)))
        .unwrap()
}

fn path(record: usize) -> String {
    format!("/v1/records/{}", RECORDS[record])
}

fn thousandths(bits: &Value) -> i64 {
    (bits.as_f64().unwrap() * 1_000.0).round() as i64
}

/// A list holds what it should, in its order, with scores that its evidence makes and chances that make one.
fn check_list(list: &Value, (shown, excluded): (BTreeSet<&'static str>, u64), limit: usize) -> TestCaseResult {
    let candidates = list["candidates"].as_array().unwrap();
    let listed: BTreeSet<&str> = candidates.iter().map(|candidate| candidate["record"].as_str().unwrap()).collect();
    prop_assert_eq!(listed.len(), shown.len().min(limit));
    prop_assert!(listed.is_subset(&shown), "{:?} of {:?}", listed, shown);
    prop_assert_eq!(&list["searched"], &json!({"records": shown.len(), "excluded": excluded, "exact": true}));
    let order = |candidate: &Value| (-thousandths(&candidate["score_bits"]), candidate["record"].to_string());
    prop_assert!(candidates.is_sorted_by_key(order), "{}", list);
    for (candidate, rank) in candidates.iter().zip(1..) {
        let evidence = candidate["evidence"].as_array().unwrap();
        let sum: i64 = evidence.iter().map(|evidence| thousandths(&evidence["bits"])).sum();
        prop_assert_eq!((sum, &candidate["rank"]), (thousandths(&candidate["score_bits"]), &json!(rank)));
    }
    let chances = candidates.iter().map(|candidate| candidate["posterior"].as_f64().unwrap()).sum::<f64>();
    let all = chances + list["none_of_these"].as_f64().unwrap();
    prop_assert!(if listed.len() == shown.len() { (all - 1.0).abs() < 1e-6 } else { all <= 1.0 + 1e-6 }, "{}", all);
    Ok(())
}

fn check_put(answer: &Answer, status: u64, version: u64) -> TestCaseResult {
    prop_assert_eq!((u64::from(answer.status), &answer.json()["version"]), (status, &json!(version)));
    let tag = format!("\"{version}\"");
    prop_assert_eq!(answer.header("etag"), Some(tag.as_str()));
    Ok(())
}

fn make(service: &Service, model: &mut Model, call: &Call) -> TestCaseResult {
    match call {
        Call::Put { record, body, on } => put(service, model, (*record, *body), *on),
        Call::Get { record } => get(service, model, *record),
        Call::Delete { record } => {
            model.records.remove(record);
            let answer = service.call("DELETE", &path(*record)).send(b"");
            prop_assert_eq!(answer.status, 204);
            Ok(())
        }
        Call::Batch { lines } => batch(service, model, lines),
        Call::Matches { record, limit } => {
            let answer = service.get(&format!("{}/matches?limit={limit}", path(*record)));
            match model.kind(*record) {
                None => prop_assert_eq!(answer.status, 404),
                Some(_) if model.is_resolved(*record) => prop_assert_eq!(&answer.json()["candidates"], &json!([])),
                Some(kind) => check_list(&answer.json(), model.faced(kind, Some(*record)), *limit)?,
            }
            Ok(())
        }
        Call::Match { body } => {
            let answer = service.call("POST", "/v1/match?limit=100").send(BODIES[*body].as_bytes());
            check_list(&answer.json(), model.faced(kind(*body), None), 100)
        }
        Call::Exclude { pair, resolved } => exclude(service, model, *pair, *resolved),
        Call::Withdraw { place } => withdraw(service, model, *place),
    }
}

fn put(service: &Service, model: &mut Model, (record, body): (usize, usize), on: Condition) -> TestCaseResult {
    let there = model.records.contains_key(&record);
    let version = model.versions.get(&record).copied().unwrap_or(0);
    let put = service.call("PUT", &path(record));
    let (put, holds) = match on {
        Condition::None => (put, true),
        Condition::Absent => (put.header("If-None-Match", "*"), !there),
        Condition::Current => (put.header("If-Match", &format!("\"{}\"", version.max(1))), there),
        Condition::Other => (put.header("If-Match", &format!("\"{}\"", version + 1)), false),
    };
    let answer = put.send(BODIES[body].as_bytes());
    if !holds {
        prop_assert_eq!(answer.status, 412);
        return Ok(());
    }
    let status = model.put(record, body);
    check_put(&answer, status, model.versions[&record])?;
    if model.is_resolved(record) {
        return Ok(());
    }
    check_list(&answer.json()["matches"], model.faced(kind(body), Some(record)), 10)
}

fn get(service: &Service, model: &Model, record: usize) -> TestCaseResult {
    let answer = service.get(&path(record));
    let Some(&body) = model.records.get(&record) else {
        prop_assert_eq!(answer.status, 404);
        return Ok(());
    };
    prop_assert_eq!(&answer.json()["record"], &serde_json::from_str::<Value>(BODIES[body]).unwrap());
    check_put(&answer, 200, model.versions[&record])
}

fn batch(service: &Service, model: &mut Model, lines: &[(usize, usize)]) -> TestCaseResult {
    let line = |(record, body): &(usize, usize)| {
        let mut line: Value = serde_json::from_str(BODIES[*body]).unwrap();
        let (source, id) = RECORDS[*record].split_once('/').unwrap();
        (line["source"], line["id"]) = (json!(source), json!(id));
        format!("{line}\n")
    };
    let text: String = lines.iter().map(line).collect();
    let batch = service.call("POST", "/v1/records:batch").header("Content-Type", "application/x-ndjson");
    let told = batch.send(text.as_bytes()).lines();
    prop_assert_eq!(told.len(), lines.len());
    for (told, (record, body)) in told.iter().zip(lines) {
        let status = model.put(*record, *body);
        prop_assert_eq!((&told["status"], &told["version"]), (&json!(status), &json!(model.versions[record])));
    }
    Ok(())
}

fn exclude(service: &Service, model: &mut Model, (a, b): (usize, usize), resolved: bool) -> TestCaseResult {
    let decision = json!({
        "a": RECORDS[a], "b": RECORDS[b], "method": "other", "by": "us", "reason": "tried", "resolved": resolved,
    });
    let answer = service.call("POST", "/v1/exclusions").send(decision.to_string().as_bytes());
    let known = [a, b].iter().all(|record| model.records.contains_key(record));
    prop_assert_eq!(
        answer.status,
        if a == b {
            422
        } else if known {
            201
        } else {
            404
        }
    );
    if answer.status == 201 {
        let id = answer.json()["id"].as_str().unwrap().to_owned();
        model.exclusions.push((id, (a, b), resolved));
    }
    Ok(())
}

fn withdraw(service: &Service, model: &mut Model, place: usize) -> TestCaseResult {
    if place < model.exclusions.len() {
        let (id, _, _) = model.exclusions.remove(place);
        let withdraw = || service.call("DELETE", &format!("/v1/exclusions/{id}")).send(b"").status;
        prop_assert_eq!([withdraw(), withdraw()], [204, 204]);
        prop_assert_eq!(service.get(&format!("/v1/exclusions/{id}")).status, 404);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_called_the_answers_are_the_models(calls in prop::collection::vec(call(), 1..60)) {
        let (service, mut model) = (Service::start(), Model::default());
        for (place, call) in calls.iter().enumerate() {
            make(&service, &mut model, call)
                .map_err(|fault| TestCaseError::fail(format!("call {place}, {call:?}: {fault}")))?;
        }
    }
}
