//! What is told without being asked over `/v1/events`: every pair that reaches a caller's threshold, once a rise, from
//! whichever side it came; every first candidate that is another; nothing else; and after a break, a restart or a long
//! silence nothing is missing, or it is said that it is.

use std::collections::{BTreeSet, VecDeque};
use std::io::BufReader;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crossmatch::access::{Guard, KeyFile, Scope};
use crossmatch::engine::{Engine, EngineOptions, EventOptions};
use crossmatch::event::Told;
use crossmatch::http;
use crossmatch::model::{Bits, Model};
use crossmatch::record::{Reference, json as record_json};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::client::{Answer, Call, read_chunk};
use crate::crash::Program;
use crate::service::{Service, key, until};

/// A missing person with a name of its own, and a body of that name: many bits.
pub(crate) fn named(kind: &str, name: &str) -> String {
    json!({"kind": kind, "sex": "male", "birth_date": "1970-05-02", "names": [{"given": name, "family": "Quistgaard"}]})
        .to_string()
}

/// A stream that is read event by event.
pub(crate) struct Events {
    reader: BufReader<TcpStream>,
    text: String,
    blocks: VecDeque<String>,
    last: Option<String>,
    opened: Instant,
}

/// A stream that keeps saying that it is alive must come to an end of its test, too.
const PATIENCE: Duration = Duration::from_secs(60);

/// An event as it came: id, type and data.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) data: Value,
}

fn field<'b>(block: &'b str, name: &str) -> Option<&'b str> {
    block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

impl Events {
    /// Opens a stream, which must be answered with 200.
    pub(crate) fn open(call: Call, last: Option<&str>) -> Self {
        let call = last.into_iter().fold(call, |call, id| call.header("Last-Event-ID", id));
        let mut reader = BufReader::new(call.open());
        let head = Answer::read_head(&mut reader);
        assert_eq!((head.status, head.header("content-type")), (200, Some("text/event-stream")), "{head:?}");
        Self { reader, text: String::new(), blocks: VecDeque::new(), last: None, opened: Instant::now() }
    }

    /// The next block of lines, of whatever sort; none: the stream has ended.
    fn block(&mut self) -> Option<String> {
        assert!(self.opened.elapsed() < PATIENCE, "waited in vain; the last was {:?}", self.last);
        while self.blocks.is_empty() {
            self.text.push_str(std::str::from_utf8(&read_chunk(&mut self.reader)?).unwrap());
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                self.blocks.push_back(block.to_owned());
                self.text = rest.to_owned();
            }
        }
        self.last = self.blocks.pop_front();
        self.last.clone()
    }

    /// Waits for the first block, from which on nothing is missed.
    pub(crate) fn greeted(mut self) -> Self {
        let block = self.block().unwrap();
        assert!(block.starts_with("retry: ") && field(&block, "id").is_some(), "{block}");
        self
    }

    pub(crate) fn next(&mut self) -> Event {
        loop {
            let block = self.block().expect("the stream goes on");
            let Some(kind) = field(&block, "event") else { continue };
            let data: Value = serde_json::from_str(field(&block, "data").unwrap()).unwrap();
            let id = field(&block, "id").unwrap().to_owned();
            assert_eq!((&data["id"], &data["type"]), (&json!(id), &json!(kind)));
            return Event { id, kind: kind.to_owned(), data };
        }
    }

    /// Events up to the pair of a body, that one with them.
    fn until_pair_of(&mut self, body: &str) -> Vec<Event> {
        let mut found = vec![self.next()];
        while !(found.last().unwrap().kind == "pair" && found.last().unwrap().data["body"] == body) {
            found.push(self.next());
        }
        found
    }
}

fn stream(service: &Service, query: &str, last: Option<&str>) -> Events {
    Events::open(service.call("GET", &format!("/v1/events{query}")), last)
}

fn put(service: &Service, record: &str, body: &str) {
    let status = service.put(&format!("/v1/records/{record}?matches=false"), body).status;
    assert!(matches!(status, 200 | 201), "{status}");
}

fn score(service: &Service, a: &str, b: &str) -> Value {
    service.call("POST", "/v1/compare").send(json!({"a": a, "b": b}).to_string().as_bytes()).json()["score_bits"]
        .clone()
}

fn pair_of<'e>(events: &'e [Event], body: &str) -> Option<&'e Event> {
    events.iter().find(|event| event.kind == "pair" && event.data["body"] == body)
}

#[test]
fn a_pair_is_told_with_its_bits_whichever_side_is_written_last() {
    let service = Service::start();
    let mut events = stream(&service, "", None).greeted();
    for (first, second, missing, body) in [("m1", "b1", "a/m1", "a/b1"), ("b2", "m2", "a/m2", "a/b2")] {
        let name = if first.ends_with('1') { "Thorvald" } else { "Ingeborg" };
        for id in [first, second] {
            put(&service, &format!("a/{id}"), &named(if id.starts_with('m') { "missing" } else { "unclaimed" }, name));
        }
        let mut pair = events.next();
        while (&pair.data["missing"], &pair.data["body"]) != (&json!(missing), &json!(body)) {
            pair = events.next();
        }
        assert_eq!(pair.data["score_bits"], score(&service, missing, body));
        assert_eq!(pair.data["score_bits"], score(&service, body, missing));
        assert_eq!(pair.data["written"], format!("a/{second}"));
        assert_eq!((&pair.data["rank_of_body"], &pair.data["rank_of_missing"]), (&json!(1), &json!(1)));
        let mut open = vec![(json!(missing), json!(body)), (json!(body), json!(missing))];
        while !open.is_empty() {
            let event = events.next();
            let first = (event.data["record"].clone(), event.data["candidate"]["record"].clone());
            open.retain(|other| *other != first);
        }
    }
}

#[test]
fn below_the_threshold_nothing_is_told_and_above_it_once_a_rise() {
    let service = Service::start();
    let weak = |kind: &str| json!({"kind": kind, "sex": "male"}).to_string();
    put(&service, "a/M", &named("missing", "Thorvald"));
    let strong = stream(&service, "?min_bits=0", None).greeted();
    put(&service, "a/B1", &named("unclaimed", "Thorvald"));
    let full = { strong }.until_pair_of("a/B1").last().unwrap().data["score_bits"].as_f64().unwrap();
    put(&service, "a/B2", &weak("unclaimed"));
    let low = score(&service, "a/M", "a/B2").as_f64().unwrap();
    assert!(low + 9.0 < full, "{low} {full}");

    // Each body of a name makes the name worth a little less.
    let mut events = stream(&service, &format!("?min_bits={}", full - 8.0), Some("0"));
    assert!(pair_of(&events.until_pair_of("a/B1"), "a/B2").is_none());
    // The same body as it was, weaker, strong again, then a mark that the log has come so far.
    put(&service, "a/B1", &named("unclaimed", "Thorvald"));
    put(&service, "a/B2", &json!({"kind": "unclaimed", "sex": "male", "narrative": "nothing new"}).to_string());
    put(&service, "a/B3", &named("unclaimed", "Thorvald"));
    let told = events.until_pair_of("a/B3");
    assert!(pair_of(&told, "a/B1").is_none() && pair_of(&told, "a/B2").is_none(), "{told:?}");
    let mut everything = stream(&service, "", None).greeted();
    put(&service, "a/B1", r#"{"kind":"unclaimed","sex":"female"}"#);
    while everything.next().data["record"] != "a/B1" {}
    put(&service, "a/B1", &named("unclaimed", "Thorvald"));
    let rises = events.until_pair_of("a/B1").into_iter().filter(|event| event.kind == "pair").count();
    assert_eq!(rises, 1, "it fell below and rose again");
}

#[test]
fn whoever_resumes_misses_nothing_and_hears_nothing_twice() {
    let service = Service::start();
    put(&service, "a/M", &named("missing", "Thorvald"));
    let (mut heard, mut last) = (Vec::new(), "0".to_owned());
    for turn in 0..5 {
        put(&service, &format!("a/B{turn}"), &named("unclaimed", "Thorvald"));
        // Cut off after the pair, with its other events unread.
        heard.extend(stream(&service, "", Some(&last)).until_pair_of(&format!("a/B{turn}")));
        last = heard.last().unwrap().id.clone();
    }
    let whole = stream(&service, "", Some("0")).until_pair_of("a/B4");
    assert_eq!(heard, whole);
    let numbers = whole.iter().map(|event| event.id.split_once('-').unwrap().1.parse::<u64>().unwrap());
    assert!(numbers.eq(1..=whole.len() as u64), "without a gap, in order");
}

#[test]
fn a_quiet_stream_says_that_it_is_alive_and_where_it_is() {
    let service = Service::start();
    let mut events = stream(&service, "?min_bits=1000", None).greeted();
    put(&service, "a/M", &named("missing", "Thorvald"));
    put(&service, "a/B", &named("unclaimed", "Thorvald"));
    let last = stream(&service, "", Some("0")).until_pair_of("a/B").last().unwrap().id.clone();
    let number = |id: &str| id.split_once('-').unwrap().1.parse::<u64>().unwrap();
    loop {
        let block = events.block().unwrap();
        assert!(block.starts_with(": alive\n"), "{block}");
        if number(field(&block, "id").unwrap()) >= number(&last) {
            break;
        }
    }
}

#[test]
fn whoever_comes_too_late_or_from_another_log_is_told_so() {
    let service = Service::telling(EventOptions { least: Bits::ZERO, kept: 4 });
    put(&service, "a/M", &named("missing", "Thorvald"));
    put(&service, "a/B0", &named("unclaimed", "Thorvald"));
    let first = stream(&service, "", Some("0")).next();
    assert_eq!(first.kind, "pair");
    let mut live = stream(&service, "", None).greeted();
    for turn in 1..9 {
        put(&service, &format!("a/B{turn}"), &named("unclaimed", "Thorvald"));
    }
    live.until_pair_of("a/B8");
    let foreign = format!("{:08x}-1", !u32::from_str_radix(first.id.split_once('-').unwrap().0, 16).unwrap());
    let future = format!("{}-999999", first.id.split_once('-').unwrap().0);
    for known in [first.id.as_str(), "0", &foreign, &future] {
        let mut events = stream(&service, "", Some(known));
        let gap = events.next();
        assert_eq!(gap.kind, "gap", "after {known}");
        let number = |event: &Event| event.id.split_once('-').unwrap().1.parse::<u64>().unwrap();
        let oldest = events.next();
        assert_eq!(number(&oldest), number(&gap) + 1, "it goes on with the oldest that is kept");
        assert_eq!(stream(&service, "", Some(&gap.id)).next(), oldest, "a gap can be resumed from");
    }
    for wrong in ["x", "1", "0-0-0", "zz-1", "0000000+-1", "00000000-+1", "1-1", ""] {
        let answer = service.call("GET", "/v1/events").header("Last-Event-ID", wrong).send(b"");
        assert_eq!((answer.status, &answer.problem()["code"]), (400, &json!("invalid_header")), "{wrong:?}");
    }
    let low = service.get("/v1/events?min_bits=-1");
    assert_eq!((low.status, &low.problem()["code"]), (400, &json!("invalid_parameter")));
}

#[test]
fn what_is_on_no_list_is_not_told_and_a_decision_is_a_change() {
    let service = Service::start();
    let mut events = stream(&service, "", None).greeted();
    put(&service, "a/M", &named("missing", "Thorvald"));
    let unverified = named("unclaimed", "Thorvald").replacen('{', "{\"verified\":false,", 1);
    put(&service, "a/B1", &unverified);
    put(&service, "a/B2", &named("unclaimed", "Thorvald"));
    let told = events.until_pair_of("a/B2");
    assert!(pair_of(&told, "a/B1").is_none(), "nobody has verified it: {told:?}");
    put(&service, "a/B1", &named("unclaimed", "Thorvald"));
    events.until_pair_of("a/B1");

    let decide = |body: &str, resolved: bool| {
        let decision =
            json!({"a": "a/M", "b": body, "method": "dna", "by": "A", "reason": "B", "resolved": resolved}).to_string();
        assert_eq!(service.call("POST", "/v1/exclusions").send(decision.as_bytes()).status, 201);
    };
    let first_of_m = |events: &mut Events| loop {
        let event = events.next();
        if event.kind == "first_candidate" && event.data["record"] == "a/M" {
            return event.data;
        }
    };
    while first_of_m(&mut events)["candidate"]["record"] != "a/B1" {}
    let before = service.get("/v1/records/a/M/matches").json()["candidates"][0]["record"].clone();
    decide(before.as_str().unwrap(), false);
    let change = first_of_m(&mut events);
    assert_eq!(change["before"]["record"], before);
    let now = service.get("/v1/records/a/M/matches").json()["candidates"][0]["record"].clone();
    assert_eq!(change["candidate"]["record"], now);
    // Another write of an excluded record, and of one that is resolved, is not news.
    decide(now.as_str().unwrap(), true);
    assert_eq!(first_of_m(&mut events)["candidate"], Value::Null);
    for body in ["a/B1", "a/B2", "a/M"] {
        let kind = if body == "a/M" { "missing" } else { "unclaimed" };
        put(&service, body, &named(kind, "Thorvald").replacen('{', "{\"narrative\":\"again\",", 1));
    }
    put(&service, "a/M3", &named("missing", "Ingeborg"));
    put(&service, "a/B3", &named("unclaimed", "Ingeborg"));
    let told = events.until_pair_of("a/B3");
    let pairs = told.iter().filter(|event| event.kind == "pair" && event.data["missing"] == "a/M");
    assert_eq!(pairs.count(), 0, "{told:?}");
}

#[test]
fn a_client_that_does_not_read_holds_up_no_write_and_one_that_is_gone_is_forgotten() {
    let service = Service::start();
    let mut slow = stream(&service, "", None);
    let gone = stream(&service, "", None).greeted();
    let open = || {
        let metrics = service.get("/metrics").text().to_owned();
        let line = metrics.lines().find_map(|line| line.strip_prefix("crossmatch_event_subscribers{to=\"stream\"} "));
        line.unwrap().to_owned()
    };
    until("both are counted", || open() == "2");
    drop(gone);
    until("one is gone", || open() == "1");
    put(&service, "a/M", &named("missing", "Thorvald"));
    for turn in 0..40 {
        put(&service, &format!("a/B{turn}"), &named("unclaimed", "Thorvald"));
    }
    slow = slow.greeted();
    let told = slow.until_pair_of("a/B39");
    let mut bodies: Vec<&str> =
        told.iter().filter(|event| event.kind == "pair").map(|event| event.data["body"].as_str().unwrap()).collect();
    bodies.sort_unstable();
    bodies.dedup();
    assert_eq!(bodies.len(), 40, "what was not read was kept");
    until("everything is followed", || service.get("/metrics").text().contains("crossmatch_event_lag_writes 0"));
}

#[test]
fn a_stop_of_the_service_ends_its_streams() {
    let mut service = Service::start();
    let mut events = stream(&service, "", None).greeted();
    service.stop();
    while events.block().is_some() {}
}

#[test]
fn events_need_a_key_show_no_evidence_are_audited_and_end_with_the_key() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys.toml");
    let mut keys = KeyFile::default();
    let mut make = |scopes: &[Scope]| key(&mut keys, scopes);
    let (admin, reader) = (make(&[Scope::Admin]), make(&[Scope::MatchRead]));
    keys.write(&path).unwrap();
    let service = Service::start_guarded(Guard::with_keys(&path, 0).unwrap());
    let call = |key: &str, method: &str, path: &str| {
        service.call(method, path).header("Authorization", &format!("Bearer {key}"))
    };
    let mut events = Events::open(call(&reader, "GET", "/v1/events"), None).greeted();
    for (id, kind) in [("M", "missing"), ("B", "unidentified")] {
        let record =
            json!({"kind": kind, "sex": "male", "dental": {"teeth": {"3": "MOD", "14": "DO", "19": "MOD", "30": "X"}}});
        let path = format!("/v1/records/a/{id}?matches=false");
        assert_eq!(call(&admin, "PUT", &path).send(record.to_string().as_bytes()).status, 201);
    }
    let pair = events.until_pair_of("a/B").pop().unwrap();
    let mut members: Vec<&str> = pair.data.as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    let expected = ["at", "body", "id", "missing", "rank_of_body", "rank_of_missing", "score_bits", "type", "written"];
    assert_eq!(members, expected, "identifiers, bits and ranks alone");

    let id = reader.split('_').nth(1).unwrap().to_owned();
    let lines = call(&admin, "GET", "/v1/audit?limit=100").send(b"").json();
    let told: Vec<&Value> =
        lines["entries"].as_array().unwrap().iter().filter(|line| line["action"] == "events").collect();
    assert_eq!(told.len(), 1, "{lines}");
    assert_eq!(told[0]["who"], format!("key:{id}"));
    assert_eq!(told[0]["seen"], json!(["a/B", "a/M"]));

    assert!(keys.revoke(&id, Timestamp::now()));
    keys.write(&path).unwrap();
    while events.block().is_some() {}
}

#[test]
fn a_replay_is_a_line_of_the_trail_a_piece_which_names_every_record() {
    let service = Service::start();
    put(&service, "a/M", &named("missing", "Thorvald"));
    (0..60).for_each(|turn| put(&service, &format!("a/B{turn}"), &named("unclaimed", "Thorvald")));
    until("everything is followed", || service.get("/metrics").text().contains("crossmatch_event_lag_writes 0"));
    let told = stream(&service, "", Some("0")).until_pair_of("a/B59");
    let last: usize = told.last().unwrap().id.split_once('-').unwrap().1.parse().unwrap();
    assert!(last > 100, "more than a page: {last}");
    let trail = std::fs::read_to_string(service.trail().join(crossmatch::audit::FILE)).unwrap();
    let lines: Vec<Value> = trail.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let pieces: Vec<&Value> =
        lines.iter().filter(|line| line["action"].as_str().unwrap().starts_with("event")).collect();
    assert!((2..=last / 100 + 2).contains(&pieces.len()), "{} lines, {last} events", pieces.len());
    let seen: BTreeSet<&str> =
        pieces.iter().flat_map(|line| line["seen"].as_array().unwrap()).map(|seen| seen.as_str().unwrap()).collect();
    assert!(
        told.iter()
            .filter(|event| event.kind == "pair")
            .all(|event| { ["missing", "body"].iter().all(|side| seen.contains(event.data[*side].as_str().unwrap())) })
    );
}

#[test]
fn one_caller_cannot_take_every_stream() {
    const MOST: usize = 20;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys.toml");
    let mut keys = KeyFile::default();
    let [greedy, other] = [(); 2].map(|()| key(&mut keys, &[Scope::MatchRead]));
    keys.write(&path).unwrap();
    let service = Service::start_guarded(Guard::with_keys(&path, 0).unwrap());
    let call = |key: &str| service.call("GET", "/v1/events").header("Authorization", &format!("Bearer {key}"));
    let status = |key: &str| Answer::read_head(&mut BufReader::new(call(key).open())).status;
    let mut open: Vec<Events> = (0..MOST).map(|_| Events::open(call(&greedy), None)).collect();
    let refused = Answer::read_head(&mut BufReader::new(call(&greedy).open()));
    assert_eq!((refused.status, refused.header("retry-after").is_some()), (503, true));
    assert_eq!(status(&other), 200, "others have their own");
    open.pop();
    until("its place is free again", || status(&greedy) == 200);
}

/// A pair that people have ruled out for so many seconds.
fn excluded(a: &str, b: &str, seconds: i64) -> Value {
    let expires = Timestamp::from_second(Timestamp::now().as_second() + seconds).unwrap();
    json!({"a": a, "b": b, "method": "other", "by": "A", "reason": "B", "expires": expires.to_string()})
}

#[test]
fn a_pair_whose_exclusion_expires_is_told_again() {
    let service = Service::start();
    let mut events = stream(&service, "", None).greeted();
    put(&service, "a/M", &named("missing", "Thorvald"));
    put(&service, "a/B", &named("unclaimed", "Thorvald"));
    events.until_pair_of("a/B");
    let decision = excluded("a/M", "a/B", 4).to_string();
    assert_eq!(service.call("POST", "/v1/exclusions").send(decision.as_bytes()).status, 201);
    while events.next().data["candidate"] != Value::Null {}
    events.until_pair_of("a/B");
    assert_eq!(service.get("/v1/records/a/M/matches").json()["candidates"][0]["record"], "a/B");
}

#[test]
fn an_exclusion_that_expires_while_the_service_is_away_is_told_after() {
    let directory = tempfile::tempdir().unwrap();
    let begin = || Program::start_with(&["--event-min-bits", "5"], directory.path());
    let program = begin();
    for (id, kind) in [("M", "missing"), ("B", "unclaimed")] {
        let call = Call::new(program.address, "PUT", &format!("/v1/records/a/{id}"));
        assert_eq!(call.send(named(kind, "Thorvald").as_bytes()).status, 201);
    }
    let mut events = Events::open(Call::new(program.address, "GET", "/v1/events"), Some("0"));
    events.until_pair_of("a/B");
    let decision = excluded("a/M", "a/B", 4);
    let call = Call::new(program.address, "POST", "/v1/exclusions");
    assert_eq!(call.send(decision.to_string().as_bytes()).status, 201);
    while events.next().data["candidate"] != Value::Null {}
    program.kill();
    let expires: Timestamp = decision["expires"].as_str().unwrap().parse().unwrap();
    until("it has expired", || Timestamp::now() > expires);
    for _ in 0..2 {
        let program = begin();
        let mut events = Events::open(Call::new(program.address, "GET", "/v1/events"), Some("0"));
        events.until_pair_of("a/B");
        events.until_pair_of("a/B");
        program.kill();
    }
}

#[test]
fn a_write_that_was_answered_ends_in_its_events_also_over_kill_9() {
    let directory = tempfile::tempdir().unwrap();
    for round in 0..4 {
        let program = Program::start_with(&["--event-min-bits", "5"], directory.path());
        for (id, kind) in [("M", "missing"), ("B", "unclaimed")] {
            let path = format!("/v1/records/a/{id}{round}?matches=false");
            let record = named(kind, ["Thorvald", "Ingeborg", "Sigismund", "Waldemar"][round]);
            assert_eq!(Call::new(program.address, "PUT", &path).send(record.as_bytes()).status, 201);
        }
        program.kill();
    }
    let program = Program::start_with(&["--event-min-bits", "5"], directory.path());
    let mut events = Events::open(Call::new(program.address, "GET", "/v1/events"), Some("0"));
    let mut open: Vec<String> = (0..4).map(|round| format!("a/M{round} a/B{round}")).collect();
    while !open.is_empty() {
        let Event { kind, data, .. } = events.next();
        assert_ne!(kind, "gap");
        if kind == "pair" {
            let pair = format!("{} {}", data["missing"].as_str().unwrap(), data["body"].as_str().unwrap());
            open.retain(|other| *other != pair);
        }
    }
    program.kill();
}

#[test]
fn an_orderly_stop_forgets_no_write_that_was_not_followed() {
    const BODIES: usize = 60;
    let directory = tempfile::tempdir().unwrap();
    let open = || {
        let events = Some(EventOptions { least: Bits::ZERO, kept: 10_000 });
        let options = EngineOptions { threads: 1, write_queue: 64, match_queue: 4, model: Model::default(), events };
        Engine::open(directory.path(), &options).unwrap()
    };
    let read = |text: &str| record_json::read(&record_json::parse(text.as_bytes()).unwrap()).unwrap().1;
    let put = |engine: &Engine, id: &str, kind: &str| {
        let written = engine.put(Reference::new("a", id).unwrap(), read(&named(kind, "Thorvald")), None, None);
        http::block_on(written).unwrap();
    };
    let engine = open();
    put(&engine, "M", "missing");
    (0..BODIES).for_each(|id| put(&engine, &format!("B{id}"), "unclaimed"));
    let lag = engine.census().event_lag;
    engine.close();
    drop(engine);
    let engine = open();
    until("everything is followed", || engine.census().event_lag == 0);
    let page = engine.events().unwrap().page(0, 10_000).unwrap();
    assert_eq!(page.lost, None);
    let told = page.events.iter().filter_map(|event| match &event.told {
        Told::Pair { body, before: None, .. } => Some(body.to_string()),
        Told::Gap => panic!("the thread was lost, {lag} writes behind"),
        _ => None,
    });
    assert_eq!(told.collect::<BTreeSet<String>>().len(), BODIES, "each is told, {lag} writes behind");
}

#[test]
fn what_was_there_before_the_log_is_no_news_and_counts() {
    let directory = tempfile::tempdir().unwrap();
    let open = |least: Option<i32>| {
        let events = least.map(|least| EventOptions { least: Bits(least), kept: 10_000 });
        let options = EngineOptions { threads: 1, write_queue: 64, match_queue: 4, model: Model::default(), events };
        Engine::open(directory.path(), &options).unwrap()
    };
    let put = |engine: &Engine, id: &str, kind: &str, narrative: &str| {
        let text = named(kind, "Thorvald").replacen('{', &format!("{{\"narrative\":\"{narrative}\","), 1);
        let record = record_json::read(&record_json::parse(text.as_bytes()).unwrap()).unwrap().1;
        http::block_on(engine.put(Reference::new("a", id).unwrap(), record, None, None)).unwrap();
    };
    let told = |engine: &Engine| {
        until("everything is known", || engine.census().event_stock_taken && engine.census().event_lag == 0);
        let events = engine.events().unwrap().page(0, 10_000).unwrap().events;
        events.into_iter().map(|event| event.told).collect::<Vec<Told>>()
    };
    let close = |engine: Engine| {
        engine.close();
        drop(engine);
    };
    let engine = open(None);
    put(&engine, "M1", "missing", "");
    put(&engine, "M2", "missing", "");
    put(&engine, "B1", "unclaimed", "");
    close(engine);

    let engine = open(Some(0));
    assert_eq!(told(&engine), [], "stock is taken in silence");
    put(&engine, "B1", "unclaimed", "again");
    assert_eq!(told(&engine), [], "it weighs what it did");
    put(&engine, "B2", "unclaimed", "");
    let events = told(&engine);
    let pair =
        |told: &&Told| matches!(told, Told::Pair { missing, body, .. } if (missing.id(), body.id()) == ("M2", "B2"));
    let Some(Told::Pair { ranks, before: None, .. }) = events.iter().find(pair) else { panic!("{events:?}") };
    assert_eq!(*ranks, [2, 2], "behind B1 for M2, and behind M1 for B2");
    close(engine);

    // Another threshold is another log of pairs: what it finds is no news either, and what was told may be others now.
    let engine = open(Some(-1_000));
    let again = told(&engine);
    assert_eq!(again.split_last(), Some((&Told::Gap, &events[..])));
    put(&engine, "M1", "missing", "again");
    assert_eq!(told(&engine), again);
    close(engine);
}

/// Stock is taken of 150 missing persons and as many bodies while the service is killed again and again.
#[test]
fn stock_goes_on_over_kill_9_and_gives_way_to_writes() {
    const EACH: usize = 150;
    let directory = tempfile::tempdir().unwrap();
    let begin = || Program::start_with(&["--event-min-bits", "5"], directory.path());
    let put = |program: &Program, id: &str, kind: &str, narrative: &str| {
        let record = named(kind, "Thorvald").replacen('{', &format!("{{\"narrative\":\"{narrative}\","), 1);
        let call = Call::new(program.address, "PUT", &format!("/v1/records/{id}?matches=false"));
        assert!(matches!(call.send(record.as_bytes()).status, 200 | 201));
    };
    let metric = |program: &Program, line: &str| {
        let metrics = Call::new(program.address, "GET", "/metrics").send(b"");
        metrics.text().lines().any(|found| found == line)
    };
    let program = begin();
    for id in 0..EACH {
        put(&program, &format!("a/M{id:03}"), "missing", "");
        put(&program, &format!("b/B{id:03}"), "unclaimed", "");
    }
    program.kill();
    std::fs::remove_file(directory.path().join("events.redb")).unwrap();

    let mut kills = 0;
    let program = loop {
        let program = begin();
        if kills == 5 {
            break program;
        }
        // Written while stock is taken: each is news, and no answer waits for it.
        put(&program, &format!("c/B{kills}"), "unclaimed", "");
        kills += 1;
        program.kill();
    };
    until("stock is taken", || metric(&program, "crossmatch_event_stock_taken 1"));
    until("everything is followed", || metric(&program, "crossmatch_event_lag_writes 0"));
    let mut events = Events::open(Call::new(program.address, "GET", "/v1/events"), None).greeted();
    // Old records again: nothing rises.
    for id in [0, EACH - 1] {
        put(&program, &format!("a/M{id:03}"), "missing", "again");
        put(&program, &format!("b/B{id:03}"), "unclaimed", "again");
    }
    put(&program, "d/B", "unclaimed", "");
    let mut open: BTreeSet<String> = (0..EACH).map(|id| format!("a/M{id:03}")).collect();
    while !open.is_empty() {
        let event = events.next();
        assert_ne!(event.kind, "gap");
        if event.kind == "pair" {
            assert_eq!(event.data["body"], "d/B", "no other pair is news: {event:?}");
            assert_eq!(event.data["rank_of_body"], EACH + kills + 1, "behind every body that was there before");
            open.remove(event.data["missing"].as_str().unwrap());
        }
    }
    let mut told = Events::open(Call::new(program.address, "GET", "/v1/events"), Some("0"));
    let mut open: BTreeSet<String> = (0..kills).map(|id| format!("c/B{id}")).collect();
    while !open.is_empty() {
        let event = told.next();
        open.remove(event.data["body"].as_str().unwrap_or_default());
    }
    program.kill();
}

#[test]
fn other_records_under_a_log_are_a_gap_that_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let begin = || Program::start_with(&["--event-min-bits", "5"], directory.path());
    let store = |program: &Program, name: &str| {
        for (id, kind) in [("M", "missing"), ("B", "unclaimed")] {
            let call = Call::new(program.address, "PUT", &format!("/v1/records/{name}/{id}"));
            assert_eq!(call.send(named(kind, name).as_bytes()).status, 201);
        }
    };
    let program = begin();
    store(&program, "Thorvald");
    let mut events = Events::open(Call::new(program.address, "GET", "/v1/events"), Some("0"));
    events.until_pair_of("Thorvald/B");
    program.kill();
    // Empty records beside a log would be refused: these are others.
    let others = tempfile::tempdir().unwrap();
    Program::start_with(&[], others.path()).kill();
    std::fs::copy(others.path().join("records.redb"), directory.path().join("records.redb")).unwrap();
    let program = begin();
    let mut events = Events::open(Call::new(program.address, "GET", "/v1/events"), Some("0"));
    while events.next().kind != "gap" {}
    store(&program, "Ingeborg");
    events.until_pair_of("Ingeborg/B");
    program.kill();
}
