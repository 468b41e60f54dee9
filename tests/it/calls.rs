//! Random calls of two callers against a service, restarts between them, and a model of it that fits on a page: every
//! answer is the model's.
//!
//! A run that fails is cut down to the fewest calls, and printed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crossmatch::access::{Guard, KeyFile, NewKey, Scope};
use jiff::Timestamp;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::{self, Answer};
use crate::service::{Service, until};

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

/// Words that are searched for.
const WORDS: [&str; 3] = ["quist", "rose", "nobody"];

/// Who calls. Both may do everything but write what is not theirs.
#[derive(Clone, Copy, Debug)]
enum By {
    /// May write every source.
    Every,
    /// May write the source `a`.
    OfA,
}

impl By {
    fn may_write(self, record: usize) -> bool {
        matches!(self, Self::Every) || RECORDS[record].starts_with("a/")
    }
}

#[derive(Clone, Debug)]
enum Call {
    Put {
        record: usize,
        body: usize,
        on: Condition,
    },
    Get {
        record: usize,
    },
    Delete {
        record: usize,
    },
    Batch {
        lines: Vec<(usize, usize)>,
    },
    Matches {
        record: usize,
        limit: usize,
    },
    Match {
        body: usize,
    },
    Compare {
        pair: (usize, usize),
    },
    Search {
        word: usize,
    },
    Exclude {
        pair: (usize, usize),
        resolved: bool,
    },
    /// Rules a pair out for a moment.
    ExcludeBriefly {
        pair: (usize, usize),
    },
    Withdraw {
        place: usize,
    },
    Restart,
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
        3 => (record(), record()).prop_map(|pair| Call::Compare { pair }),
        1 => (0..WORDS.len()).prop_map(|word| Call::Search { word }),
        2 => ((record(), record()), any::<bool>()).prop_map(|(pair, resolved)| Call::Exclude { pair, resolved }),
        1 => (record(), record()).prop_map(|pair| Call::ExcludeBriefly { pair }),
        1 => (0..4_usize).prop_map(|place| Call::Withdraw { place }),
        1 => Just(Call::Restart),
    ]
}

fn by() -> impl Strategy<Value = By> {
    prop_oneof![2 => Just(By::Every), 1 => Just(By::OfA)]
}

/// A service and the keys of its callers.
struct Live {
    service: Service,
    keys: [String; 2],
    directory: TempDir,
}

impl Live {
    fn start() -> Self {
        let (directory, mut file) = (TempDir::new().unwrap(), KeyFile::default());
        let keys = [None, Some(vec!["a".to_owned()])].map(|sources| {
            let (name, scopes) = ("a test".to_owned(), Scope::ALL.to_vec());
            let new = NewKey { name, scopes, sources, clearance: true, calls_per_second: None, expires: None };
            file.create(new, Timestamp::now()).unwrap()
        });
        file.write(&directory.path().join("keys.toml")).unwrap();
        Self { service: Service::start_guarded(guard(&directory)), keys, directory }
    }

    fn restart(&mut self) {
        self.service.restart(guard(&self.directory));
    }

    fn call(&self, by: By, method: &str, path: &str) -> client::Call {
        self.service.call(method, path).header("Authorization", &format!("Bearer {}", self.keys[by as usize]))
    }

    fn get(&self, path: &str) -> Answer {
        self.call(By::OfA, "GET", path).send(b"")
    }
}

fn guard(directory: &TempDir) -> Guard {
    Guard::with_keys(&directory.path().join("keys.toml"), 0).unwrap()
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

    /// The status that a decision on a pair is answered with.
    fn decides(&self, by: By, (a, b): (usize, usize), resolved: bool) -> u16 {
        let on_pair = |pair: (usize, usize)| pair == (a, b) || pair == (b, a);
        let contrary = self.exclusions.iter().any(|(_, pair, other)| on_pair(*pair) && *other != resolved);
        let known = [a, b].iter().all(|record| self.records.contains_key(record));
        match [a, b].iter().any(|&record| by.may_write(record)) {
            _ if a == b => 422,
            false => 403,
            true if known && contrary => 409,
            true if known => 201,
            true => 404,
        }
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

fn make(live: &mut Live, model: &mut Model, by: By, call: &Call) -> TestCaseResult {
    match call {
        Call::Put { record, body, on } => put(live, model, (by, *record, *body), *on),
        Call::Get { record } => get(live, model, *record),
        Call::Delete { record } => {
            let answer = live.call(by, "DELETE", &path(*record)).send(b"");
            prop_assert_eq!(answer.status, if by.may_write(*record) { 204 } else { 403 });
            if answer.status == 204 {
                model.records.remove(record);
            }
            Ok(())
        }
        Call::Batch { lines } => batch(live, model, by, lines),
        Call::Matches { record, limit } => {
            let answer = live.get(&format!("{}/matches?limit={limit}", path(*record)));
            match model.kind(*record) {
                None => prop_assert_eq!(answer.status, 404),
                Some(_) if model.is_resolved(*record) => prop_assert_eq!(&answer.json()["candidates"], &json!([])),
                Some(kind) => check_list(&answer.json(), model.faced(kind, Some(*record)), *limit)?,
            }
            Ok(())
        }
        Call::Match { body } => {
            let answer = live.call(by, "POST", "/v1/match?limit=100").send(BODIES[*body].as_bytes());
            check_list(&answer.json(), model.faced(kind(*body), None), 100)
        }
        Call::Compare { pair } => compare(live, model, *pair),
        Call::Search { word } => search(live, model, WORDS[*word]),
        Call::Exclude { pair, resolved } => exclude(live, model, (by, *pair), *resolved),
        Call::ExcludeBriefly { pair } => exclude_briefly(live, model, (by, *pair)),
        Call::Withdraw { place } => withdraw(live, model, by, *place),
        Call::Restart => {
            live.restart();
            Ok(())
        }
    }
}

fn put(live: &Live, model: &mut Model, (by, record, body): (By, usize, usize), on: Condition) -> TestCaseResult {
    let there = model.records.contains_key(&record);
    let version = model.versions.get(&record).copied().unwrap_or(0);
    let put = live.call(by, "PUT", &path(record));
    let (put, holds) = match on {
        Condition::None => (put, true),
        Condition::Absent => (put.header("If-None-Match", "*"), !there),
        Condition::Current => (put.header("If-Match", &format!("\"{}\"", version.max(1))), there),
        Condition::Other => (put.header("If-Match", &format!("\"{}\"", version + 1)), false),
    };
    let answer = put.send(BODIES[body].as_bytes());
    if !by.may_write(record) || !holds {
        prop_assert_eq!(answer.status, if by.may_write(record) { 412 } else { 403 });
        return Ok(());
    }
    let status = model.put(record, body);
    check_put(&answer, status, model.versions[&record])?;
    if model.is_resolved(record) {
        return Ok(());
    }
    check_list(&answer.json()["matches"], model.faced(kind(body), Some(record)), 10)
}

fn get(live: &Live, model: &Model, record: usize) -> TestCaseResult {
    let answer = live.get(&path(record));
    let Some(&body) = model.records.get(&record) else {
        prop_assert_eq!(answer.status, 404);
        return Ok(());
    };
    prop_assert_eq!(&answer.json()["record"], &serde_json::from_str::<Value>(BODIES[body]).unwrap());
    check_put(&answer, 200, model.versions[&record])
}

fn batch(live: &Live, model: &mut Model, by: By, lines: &[(usize, usize)]) -> TestCaseResult {
    let line = |(record, body): &(usize, usize)| {
        let mut line: Value = serde_json::from_str(BODIES[*body]).unwrap();
        let (source, id) = RECORDS[*record].split_once('/').unwrap();
        (line["source"], line["id"]) = (json!(source), json!(id));
        format!("{line}\n")
    };
    let text: String = lines.iter().map(line).collect();
    let batch = live.call(by, "POST", "/v1/records:batch").header("Content-Type", "application/x-ndjson");
    let told = batch.send(text.as_bytes()).lines();
    prop_assert_eq!(told.len(), lines.len());
    for (told, (record, body)) in told.iter().zip(lines) {
        if !by.may_write(*record) {
            prop_assert_eq!(&told["status"], &json!(403));
            continue;
        }
        let status = model.put(*record, *body);
        prop_assert_eq!((&told["status"], &told["version"]), (&json!(status), &json!(model.versions[record])));
    }
    Ok(())
}

/// The list and the pair on its own say the same.
fn compare(live: &Live, model: &Model, (a, b): (usize, usize)) -> TestCaseResult {
    let pair = json!({"a": RECORDS[a], "b": RECORDS[b], "limit": 100}).to_string();
    let answer = live.call(By::OfA, "POST", "/v1/compare").send(pair.as_bytes());
    let (Some(kind), Some(_)) = (model.kind(a), model.kind(b)) else {
        prop_assert_eq!(answer.status, 404);
        return Ok(());
    };
    let compared = answer.json();
    let listed = !model.is_resolved(a) && model.faced(kind, Some(a)).0.contains(RECORDS[b]);
    prop_assert_eq!((&compared["listed"], compared.get("why_not").is_none()), (&json!(listed), listed), "{}", compared);
    if listed {
        let list = live.get(&format!("{}/matches?limit=100", path(a))).json();
        let found = list["candidates"].as_array().unwrap().iter().find(|one| one["record"] == RECORDS[b]).unwrap();
        for member in ["score_bits", "posterior", "evidence", "missing"] {
            prop_assert_eq!(&compared[member], &found[member], "{}", member);
        }
    }
    Ok(())
}

/// A write is found soon, and what is gone is not.
fn search(live: &Live, model: &Model, word: &str) -> TestCaseResult {
    let holds = |(_, body): &(&usize, &usize)| BODIES[**body].to_lowercase().contains(word);
    let expected: BTreeSet<&str> = model.records.iter().filter(holds).map(|(&record, _)| RECORDS[record]).collect();
    until("the search finds what is there", || {
        let found = live.get(&format!("/v1/search?q={word}&limit=100")).json();
        let hits = found["hits"].as_array().unwrap().iter().map(|hit| hit["record"].as_str().unwrap());
        hits.collect::<BTreeSet<_>>() == expected
    });
    Ok(())
}

fn decide(live: &Live, (by, (a, b)): (By, (usize, usize)), rest: (&str, Value)) -> Answer {
    let mut decision = json!({"a": RECORDS[a], "b": RECORDS[b], "method": "other", "by": "us", "reason": "tried"});
    decision[rest.0] = rest.1;
    live.call(by, "POST", "/v1/exclusions").send(decision.to_string().as_bytes())
}

fn exclude(live: &Live, model: &mut Model, (by, pair): (By, (usize, usize)), resolved: bool) -> TestCaseResult {
    let answer = decide(live, (by, pair), ("resolved", json!(resolved)));
    prop_assert_eq!(answer.status, model.decides(by, pair, resolved));
    if answer.status == 201 {
        let id = answer.json()["id"].as_str().unwrap().to_owned();
        model.exclusions.push((id, pair, resolved));
    }
    Ok(())
}

/// Once it has ended nothing is left of it but its history.
fn exclude_briefly(live: &Live, model: &Model, (by, pair): (By, (usize, usize))) -> TestCaseResult {
    let ends = Timestamp::now() + Duration::from_millis(300);
    let answer = decide(live, (by, pair), ("expires", json!(ends.to_string())));
    prop_assert_eq!(answer.status, model.decides(by, pair, false));
    if answer.status == 201 {
        let path = format!("/v1/exclusions/{}", answer.json()["id"].as_str().unwrap());
        until("the exclusion has ended", || live.get(&path).json()["in_force"] == false);
    }
    Ok(())
}

fn withdraw(live: &Live, model: &mut Model, by: By, place: usize) -> TestCaseResult {
    if let Some((id, (a, b), _)) = model.exclusions.get(place).cloned() {
        let withdraw = || live.call(by, "DELETE", &format!("/v1/exclusions/{id}")).send(b"").status;
        if ![a, b].iter().any(|&record| by.may_write(record)) {
            prop_assert_eq!(withdraw(), 403);
            return Ok(());
        }
        model.exclusions.remove(place);
        prop_assert_eq!([withdraw(), withdraw()], [204, 204]);
        prop_assert_eq!(live.get(&format!("/v1/exclusions/{id}")).status, 404);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_called_the_answers_are_the_models(calls in prop::collection::vec((by(), call()), 1..60)) {
        let (mut live, mut model) = (Live::start(), Model::default());
        for (place, (by, call)) in calls.iter().enumerate() {
            make(&mut live, &mut model, *by, call)
                .map_err(|fault| TestCaseError::fail(format!("call {place}, {by:?} {call:?}: {fault}")))?;
        }
    }
}
