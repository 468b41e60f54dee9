//! The batch: answers in order, a bad line alone, no deadlock, no end to its length, and an end when the client goes.
//!
//! Everything here but the first test needs a working engine.

use std::io::{BufReader, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use crossmatch::http::Limits;
use serde_json::json;

use crate::client::{Answer, read_chunk, write_chunk};
use crate::service::{Service, limits};

const BATCH: &str = "/v1/records:batch";

fn line(n: usize) -> String {
    format!("{{\"source\":\"s\",\"id\":\"{n}\",\"kind\":\"missing\"}}\n")
}

#[test]
fn a_batch_to_a_service_that_is_loading_is_refused_as_a_whole() {
    let service = Service::without_engine();
    assert_eq!(service.call("POST", BATCH).send(line(1).as_bytes()).problem()["code"], "not_ready");
    assert_eq!(service.call("POST", "/v1/records:batch?limit=0").send(b"").problem()["code"], "invalid_parameter");
}

#[test]
fn a_bad_line_spoils_no_other() {
    let service = Service::start();
    let long = "x".repeat(limits().record_max_bytes + 1);
    let body = format!(
        "{}\r\n\r\nnonsense\n{{\"source\":\"s\",\"id\":\"2\",\"kind\":\"lost\"}}\n\n{{\"kind\":\"missing\"}}\n{long}\n{}{}",
        line(1).trim_end(),
        line(1),
        line(3).trim_end()
    );
    let answer = service.call("POST", BATCH).send(body.as_bytes());
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/x-ndjson")));
    let lines = answer.lines();
    let found: Vec<_> =
        lines.iter().map(|line| (line["line"].as_u64().unwrap(), line["status"].as_u64().unwrap())).collect();
    assert_eq!(found, [(1, 201), (3, 400), (4, 422), (6, 422), (7, 413), (8, 200), (9, 201)]);
    assert_eq!(lines[0], json!({"line": 1, "source": "s", "id": "1", "status": 201, "version": 1}));
    assert_eq!(lines[2]["error"]["errors"][0]["pointer"], "/kind");
    assert_eq!((&lines[2]["id"], lines[2].get("version")), (&"2".into(), None));
    let same = json!({"line": 8, "source": "s", "id": "1", "status": 200, "version": 1, "unchanged": true});
    assert_eq!(lines[5], same);
}

#[test]
fn lines_about_one_record_are_written_in_their_order() {
    let service = Service::start();
    let body: String = (0..200)
        .map(|n| format!("{{\"source\":\"s\",\"id\":\"{}\",\"kind\":\"missing\",\"narrative\":\"{n}\"}}\n", n % 3))
        .collect();
    let answer = service.call("POST", BATCH).send(body.as_bytes());
    let versions: Vec<u64> = answer.lines().iter().map(|line| line["version"].as_u64().unwrap()).collect();
    let expected: Vec<u64> = (0..200).map(|n| n / 3 + 1).collect();
    assert_eq!(versions, expected);
    assert_eq!(service.get("/v1/records/s/1").json()["record"]["narrative"], "199");
}

#[test]
fn candidates_come_with_a_line_when_asked_for() {
    let service = Service::start();
    let body = "{\"source\":\"s\",\"id\":\"u\",\"kind\":\"unidentified\",\"sex\":\"male\"}\n\
                {\"source\":\"s\",\"id\":\"m\",\"kind\":\"missing\",\"sex\":\"male\"}";
    let lines = service.call("POST", "/v1/records:batch?matches=true&limit=1").send(body.as_bytes()).lines();
    assert!(lines.iter().all(|line| line["matches"]["candidates"].is_array()), "{lines:?}");
}

#[test]
fn lines_are_answered_while_the_request_is_still_being_sent() {
    let service = Service::start();
    let mut stream = service.call("POST", BATCH).header("Transfer-Encoding", "chunked").open();
    let mut reader: Option<BufReader<TcpStream>> = None;
    for n in 0..5 {
        let (first, second) = (line(n), line(n));
        write_chunk(&mut stream, &first.as_bytes()[..7]);
        write_chunk(&mut stream, &second.as_bytes()[7..]);
        let reader = reader.get_or_insert_with(|| {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            assert_eq!(Answer::read_head(&mut reader).status, 200);
            reader
        });
        let answer: serde_json::Value = serde_json::from_slice(&read_chunk(reader).unwrap()).unwrap();
        assert_eq!(answer["line"], n + 1);
    }
    stream.write_all(b"0\r\n\r\n").unwrap();
    assert_eq!(read_chunk(&mut reader.unwrap()), None);
}

#[test]
fn a_client_that_sends_everything_before_it_reads_is_answered() {
    let service = Service::start();
    let body: String = (0..8_000).map(line).collect();
    let pieces: Vec<&[u8]> = body.as_bytes().chunks(10_007).collect();
    let lines = service.call("POST", BATCH).send_chunked(&pieces).lines();
    assert_eq!(lines.len(), 8_000);
    assert!(lines.iter().enumerate().all(|(at, line)| line["line"] == at + 1 && line["status"] == 201));
}

#[test]
fn a_client_that_goes_away_ends_its_batch() {
    let service = Service::start();
    let mut stream = service.call("POST", BATCH).header("Transfer-Encoding", "chunked").open();
    write_chunk(&mut stream, line(1).as_bytes());
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    Answer::read_head(&mut reader);
    read_chunk(&mut reader);
    drop((reader, stream));
    let counted =
        format!("crossmatch_http_request_duration_seconds_count{{method=\"POST\",route=\"{BATCH}\",status=\"200\"}} 1");
    crate::service::until("the batch ends", || service.get("/metrics").text().contains(&counted));
    assert_eq!(service.get("/v1/records/s/1").status, 200);
}

#[test]
fn a_client_that_takes_no_answer_is_cut_off() {
    let service = Service::with_limits(Limits { body_timeout: Duration::from_millis(500), ..limits() });
    let members: Vec<String> = (0..1_000).map(|n| format!("\"x{n}\":1")).collect();
    let line = format!("{{{}}}\n", members.join(","));
    let mut stream = service.call("POST", BATCH).header("Transfer-Encoding", "chunked").open();
    // Each answer has a thousand faults: eight megabytes fit into no socket that is not read.
    stream.set_write_timeout(Some(Duration::from_secs(1))).unwrap();
    let written = (0..80).all(|_| stream.write_all(format!("{:x}\r\n{line}\r\n", line.len()).as_bytes()).is_ok());
    let counted =
        format!("crossmatch_http_request_duration_seconds_count{{method=\"POST\",route=\"{BATCH}\",status=\"200\"}} 1");
    crate::service::until("the batch ends", || service.get("/metrics").text().contains(&counted));
    drop((stream, written));
}

#[test]
fn a_body_that_breaks_off_ends_in_a_line_that_says_so() {
    let service = Service::start();
    let mut stream = service.call("POST", BATCH).header("Content-Length", "1000").open();
    stream.write_all(format!("{}{{\"source\"", line(1)).as_bytes()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let lines = Answer::read(stream).lines();
    assert_eq!((lines.len(), lines[0]["status"].as_u64()), (2, Some(201)));
    assert_eq!((&lines[1]["line"], &lines[1]["error"]["code"]), (&2.into(), &"broken_body".into()));
}

#[test]
fn a_service_that_stops_ends_a_batch_in_a_line_that_says_so() {
    let mut service = Service::start();
    let mut stream = service.call("POST", BATCH).header("Transfer-Encoding", "chunked").open();
    write_chunk(&mut stream, line(1).as_bytes());
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    Answer::read_head(&mut reader);
    read_chunk(&mut reader);
    let asked = Instant::now();
    service.stop();
    let last: serde_json::Value = serde_json::from_slice(&read_chunk(&mut reader).unwrap()).unwrap();
    assert_eq!((&last["line"], &last["error"]["code"]), (&2.into(), &"stopping".into()));
    assert_eq!(read_chunk(&mut reader), None);
    drop(service);
    assert!(asked.elapsed() < Duration::from_secs(15), "a batch held up the end");
}
