//! Probes and metrics answer in every state of the service, and name nobody.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::service::{Service, until};

#[test]
fn a_loading_service_is_alive_but_not_ready() {
    let service = Service::without_engine();
    assert_eq!(service.get("/livez").status, 200);
    let answer = service.get("/readyz");
    assert_eq!((answer.status, answer.problem()["code"].as_str()), (503, Some("not_ready")));
    let head = service.call("HEAD", "/livez").header("Accept", "*/*").open();
    let mut reader = std::io::BufReader::new(head);
    assert_eq!(crate::client::Answer::read_head(&mut reader).status, 200);
}

/// Needs a working engine.
#[test]
fn a_loaded_service_is_ready_and_counts_its_records() {
    let service = Service::start();
    assert_eq!(service.get("/readyz").status, 200);
    service.put("/v1/records/namus/MP7?matches=false", r#"{"kind":"missing"}"#);
    let text = service.get("/metrics").text().to_owned();
    assert!(text.contains("crossmatch_records{kind=\"missing\"} 1\n"), "{text}");
}

/// The first match of a service is weighed again exhaustively, and agrees.
#[test]
fn a_service_checks_its_matches() {
    let service = Service::start();
    service.put("/v1/records/x/1?matches=false", r#"{"kind":"unidentified","sex":"female"}"#);
    service.put("/v1/records/x/2?matches=false", r#"{"kind":"missing","sex":"female"}"#);
    assert_eq!(service.get("/v1/records/x/1/matches").status, 200);
    let metrics = || service.get("/metrics").text().to_owned();
    until("a match is checked", || metrics().contains("crossmatch_selfcheck_total 1\n"));
    assert!(metrics().contains("crossmatch_selfcheck_mismatches_total 0\n"));
}

#[test]
fn labels_are_patterns_never_what_a_caller_sent() {
    let service = Service::without_engine();
    service.get("/v1/records/namus/secret-id");
    service.get("/v1/search?q=secret-words");
    service.get("/secret/path");
    service.call("SECRET", "/livez").send(b"");
    let answer = service.get("/metrics");
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4"));
    let text = answer.text();
    for labels in [
        "{method=\"GET\",route=\"/v1/records/{source}/{id}\",status=\"503\"}",
        "{method=\"GET\",route=\"unmatched\",status=\"404\"}",
        "{method=\"other\",route=\"/livez\",status=\"405\"}",
    ] {
        let line = format!("crossmatch_http_request_duration_seconds_count{labels} 1\n");
        assert!(text.contains(&line), "{line} not in\n{text}");
    }
    assert!(!text.to_lowercase().contains("secret"), "{text}");
}

#[test]
fn promtool_finds_nothing_to_say() {
    let service = Service::without_engine();
    let text = service.get("/metrics");
    let Ok(mut promtool) =
        Command::new("promtool").args(["check", "metrics"]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn()
    else {
        return; // Not on this machine.
    };
    promtool.stdin.take().unwrap().write_all(&text.body).unwrap();
    let output = promtool.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}
