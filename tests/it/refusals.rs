//! A bad call is told what is wrong with it: a problem with a status, a code and a request id, whatever the service's
//! state. Nothing a caller sends is a panic.

use std::io::Write;
use std::net::Shutdown;

use crate::client::Answer;
use crate::service::Service;

const RECORD: &str = "/v1/records/namus/MP7";

#[track_caller]
fn check(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, answer.problem()["code"].as_str()), (status, Some(code)), "{}", answer.text());
}

#[test]
fn nonsense_bodies_are_refused_with_every_fault() {
    let service = Service::without_engine();
    let deep = "[".repeat(100_000);
    for body in ["", "{", "nonsense", "{\"kind\":}", "\u{feff}{}", "{} {}", deep.as_str(), "\"\\ud800\"", "1e999"] {
        check(&service.put(RECORD, body), 400, "malformed_json");
    }
    check(&service.call("PUT", RECORD).send(b"{\"kind\":\"\xff\"}"), 400, "malformed_json");
    for body in ["null", "7", "[]", "{}", "\"missing\"", "{\"kind\":\"lost\"}", "{\"kind\":\"missing\",\"x\":1}"] {
        check(&service.put(RECORD, body), 422, "invalid_record");
    }
    let answer =
        service.put(RECORD, r#"{"kind":3,"sex":"none","height_cm":{"min":9,"max":1},"id":"MP8","coat":"red"}"#);
    let problem = answer.problem();
    let faults = problem["errors"].as_array().unwrap().iter();
    let mut found: Vec<(&str, &str)> =
        faults.map(|fault| (fault["pointer"].as_str().unwrap(), fault["code"].as_str().unwrap())).collect();
    found.sort_unstable();
    let expected = [
        ("/coat", "unknown_field"),
        ("/height_cm", "invalid_range"),
        ("/id", "wrong_reference"),
        ("/kind", "wrong_type"),
        ("/sex", "unknown_value"),
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_pair_is_refused_with_pointers_into_its_sides() {
    let service = Service::without_engine();
    let answer = service.call("POST", "/v1/compare").send(br#"{"a":{"kind":"lost"},"b":"no-slash"}"#);
    check(&answer, 422, "invalid_record");
    let problem = answer.problem();
    assert_eq!((&problem["errors"][0]["pointer"], &problem["errors"][1]["pointer"]), (&"/a/kind".into(), &"/b".into()));
}

#[test]
fn a_body_over_the_limit_is_refused_and_its_sender_told() {
    let service = Service::without_engine();
    let large = vec![b' '; 20 << 20];
    check(&service.call("PUT", RECORD).send(&large), 413, "too_large");
    check(&service.call("POST", "/v1/match").send(&large), 413, "too_large");
    let pieces: Vec<&[u8]> = large.chunks(64 << 10).take(24).collect();
    check(&service.call("PUT", RECORD).send_chunked(&pieces), 413, "too_large");
}

#[test]
fn a_body_in_another_form_is_refused() {
    let service = Service::without_engine();
    let send = |name, value, body| service.call("PUT", RECORD).header(name, value).send(body);
    check(&send("Content-Type", "text/xml", b"{}"), 415, "unsupported_media_type");
    check(&send("Content-Type", "application/x-www-form-urlencoded", b"{}"), 415, "unsupported_media_type");
    check(&send("Content-Encoding", "br", b"{}"), 415, "unsupported_media_type");
    check(&send("Content-Encoding", "gzip", b"{}"), 400, "broken_body");
    check(&send("Content-Type", "application/json; charset=utf-8", b"{}"), 422, "invalid_record");
    check(&send("Content-Type", "application/vnd.case+json", b"{}"), 422, "invalid_record");
}

#[test]
fn a_body_that_ends_early_is_refused() {
    let service = Service::without_engine();
    let mut stream = service.call("PUT", RECORD).header("Content-Length", "100").open();
    stream.write_all(b"{\"kind\"").unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    check(&Answer::read(stream), 400, "broken_body");
}

#[test]
fn what_does_not_name_a_record_is_refused() {
    let service = Service::without_engine();
    let long = "x".repeat(129);
    for id in ["a%2Fb", "%C3%BC", "a%20b", "%00", "%FF", "%", "a;b", long.as_str()] {
        for path in [format!("/v1/records/namus/{id}"), format!("/v1/records/namus/{id}/matches")] {
            check(&service.get(&path), 400, "invalid_reference");
        }
        check(&service.put(&format!("/v1/records/namus/{id}"), "{}"), 400, "invalid_reference");
    }
    check(&service.get("/v1/records/na:mus/MP7"), 400, "invalid_reference");
    for path in ["/v1/records/namus/a/b", "/v1/records/namus/", "/v1/records/namus", "/v1/records", "/nowhere", "/v1/"]
    {
        check(&service.get(path), 404, "not_found");
    }
}

#[test]
fn a_method_that_a_path_does_not_have_is_refused_with_those_it_has() {
    let service = Service::without_engine();
    for (method, path, allowed) in [
        ("POST", RECORD, vec!["DELETE", "GET", "HEAD", "PUT"]),
        ("GET", "/v1/match", vec!["POST"]),
        ("GET", "/v1/records:batch", vec!["POST"]),
        ("DELETE", "/livez", vec!["GET", "HEAD"]),
        ("PURGE", "/v1/search", vec!["GET", "HEAD"]),
    ] {
        let answer = service.call(method, path).send(b"");
        check(&answer, 405, "method_not_allowed");
        let mut found: Vec<&str> = answer.header("allow").unwrap().split(", ").collect();
        found.sort_unstable();
        assert_eq!(found, allowed, "{method} {path}");
    }
}

#[test]
fn a_parameter_that_is_unknown_or_out_of_range_is_refused_by_name() {
    let service = Service::without_engine();
    let matches = "/v1/records/namus/MP7/matches";
    for (path, name) in [
        (format!("{matches}?limit=0"), "limit"),
        (format!("{matches}?limit=101"), "limit"),
        (format!("{matches}?limit=-1"), "limit"),
        (format!("{matches}?limit="), "limit"),
        (format!("{matches}?limit=99999999999999999999"), "limit"),
        (format!("{matches}?limit=1&limit=2"), "limit"),
        (format!("{matches}?min_bits=NaN"), "min_bits"),
        (format!("{matches}?min_bits=inf"), "min_bits"),
        (format!("{matches}?kind=lost"), "kind"),
        (format!("{matches}?timeout_ms=0"), "timeout_ms"),
        ("/v1/search?q=a&timeout_ms=3600001".to_owned(), "timeout_ms"),
        (format!("{matches}?include_unverified=1"), "include_unverified"),
        (format!("{matches}?limits=3"), "limits"),
        (format!("{matches}?%FF=3"), "\u{fffd}"),
        ("/v1/search".to_owned(), "q"),
        ("/v1/search?q=".to_owned(), "q"),
        (format!("/v1/search?q={}", "x".repeat(1_001)), "q"),
        ("/v1/search?q=a&from=1985-13".to_owned(), "from"),
        ("/v1/search?q=a&sex=f".to_owned(), "sex"),
        ("/v1/attributes?x".to_owned(), "x"),
        (format!("{RECORD}?x=1"), "x"),
    ] {
        let answer = service.get(&path);
        check(&answer, 400, "invalid_parameter");
        assert!(answer.problem()["detail"].as_str().unwrap().contains(&format!("`{name}`")), "{}", answer.text());
    }
    let many = (0..1_000).map(|n| format!("p{n}=1")).collect::<Vec<_>>().join("&");
    check(&service.get(&format!("/v1/search?{many}")), 400, "invalid_parameter");
    check(&service.put(&format!("{RECORD}?matches=no"), "{}"), 400, "invalid_parameter");
    check(&service.call("POST", "/v1/compare?limit=3").send(b"{}"), 400, "invalid_parameter");
}

#[test]
fn a_condition_that_cannot_be_read_is_refused() {
    let service = Service::without_engine();
    let send = |name, value| service.call("PUT", RECORD).header(name, value).send(b"{\"kind\":\"missing\"}");
    check(&send("If-Match", "3"), 400, "invalid_header");
    check(&send("If-None-Match", "\"3\""), 400, "invalid_header");
}

#[test]
fn a_good_call_to_a_service_that_is_loading_is_told_to_come_again() {
    let service = Service::without_engine();
    let good = br#"{"kind":"missing"}"#;
    for answer in [
        service.call("PUT", RECORD).send(good),
        service.call("POST", "/v1/match").send(good),
        service.call("POST", "/v1/records:batch").send(good),
        service.call("POST", "/v1/compare").send(br#"{"a":"s/1","b":{"kind":"missing"}}"#),
        service.call("DELETE", RECORD).send(b""),
        service.get(RECORD),
        service.get("/v1/search?q=anchor"),
        service.get("/v1/attributes"),
        service.call("POST", "/v1/exclusions").send(br#"{"a":"s/1","b":"s/2","method":"dna","by":"x","reason":"y"}"#),
        service.get("/v1/exclusions"),
        service.call("DELETE", "/v1/exclusions/019b2f3e-7c1a-7cc2-b3ad-0c6d2f1f9a01").send(b""),
    ] {
        check(&answer, 503, "not_ready");
        assert_eq!(answer.header("retry-after"), Some("1"));
    }
}

#[test]
fn a_sane_request_id_is_taken_over() {
    let service = Service::without_engine();
    let ask = |id| service.call("GET", "/nowhere").header("X-Request-Id", id).send(b"");
    assert_eq!(ask("case-7.a").problem()["request_id"], "case-7.a");
    assert_ne!(ask("a b\"c").problem()["request_id"], "a b\"c");
    assert_ne!(service.get("/nowhere").problem()["request_id"], service.get("/nowhere").problem()["request_id"]);
}
