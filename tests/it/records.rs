//! One record's life over HTTP: versions, conditions, and every read of it.
//!
//! Everything here needs a working engine.

use serde_json::{Value, json};

use crate::service::Service;

const RECORD: &str = "/v1/records/namus/MP7";
const MISSING: &str =
    r#"{"kind":"missing","sex":"female","birth_date":"1985-03","names":[{"given":"Ada","family":"Quist"}]}"#;
const FOUND: &str =
    r#"{"kind":"unidentified","sex":"female","age_years":{"min":30,"max":40},"narrative":"anchor tattoo"}"#;

#[test]
fn a_record_is_put_read_replaced_and_removed() {
    let service = Service::start();
    let first = service.put(RECORD, MISSING);
    assert_eq!((first.status, first.header("etag")), (201, Some("\"1\"")));
    assert_eq!(first.json()["version"], 1);
    assert!(first.json()["matches"]["candidates"].is_array());
    assert_eq!(service.put(RECORD, MISSING).header("etag"), Some("\"1\""), "the same again changes nothing");

    let read = service.get(RECORD);
    let expected = json!({"source": "namus", "id": "MP7", "version": 1});
    let mut found = read.json();
    let record = found.as_object_mut().unwrap().remove("record").unwrap();
    assert_eq!((found, record["birth_date"].as_str()), (expected, Some("1985-03")));
    let unchanged = service.call("GET", RECORD).header("If-None-Match", "W/\"1\"").send(b"");
    assert_eq!((unchanged.status, unchanged.body.len()), (304, 0));

    let second = service.put(&format!("{RECORD}?matches=false"), r#"{"kind":"missing","source":"namus","id":"MP7"}"#);
    assert_eq!((second.status, second.json()), (200, json!({"source": "namus", "id": "MP7", "version": 2})));

    for _ in 0..2 {
        assert_eq!(service.call("DELETE", RECORD).send(b"").status, 204);
    }
    assert_eq!(service.get(RECORD).problem()["code"], "no_such_record");
    assert_eq!(service.get(&format!("{RECORD}/matches")).problem()["code"], "no_such_record");
    let again = service.put(RECORD, MISSING);
    assert_eq!(again.status, 201);
    assert!(again.json()["version"].as_u64().unwrap() > 2, "versions count over a delete");
}

#[test]
fn a_condition_holds_or_nothing_changes() {
    let service = Service::start();
    let put = |name, value, record: &str| service.call("PUT", RECORD).header(name, value).send(record.as_bytes());
    assert_eq!(put("If-Match", "*", MISSING).problem()["code"], "version_conflict");
    assert_eq!(put("If-Match", "\"1\"", MISSING).status, 412);
    assert_eq!(put("If-None-Match", "*", MISSING).status, 201);
    assert_eq!(put("If-None-Match", "*", FOUND).status, 412);
    assert_eq!(put("If-Match", "\"1\"", FOUND).status, 200);
    assert_eq!(put("If-Match", "\"1\"", MISSING).status, 412);
    assert_eq!(put("If-Match", "\"7\", \"2\"", MISSING).status, 200);
    assert_eq!(put("If-Match", "*", FOUND).status, 200);
    assert_eq!(service.get(RECORD).header("etag"), Some("\"4\""));
}

#[test]
fn a_delete_is_of_the_version_that_it_names() {
    let service = Service::start();
    let delete = |tags: &str| service.call("DELETE", RECORD).header("If-Match", tags).send(b"");
    assert_eq!(delete("*").status, 412);
    service.put(RECORD, MISSING);
    service.put(RECORD, FOUND);
    let refused = delete("\"1\"");
    assert_eq!((refused.status, &refused.problem()["code"]), (412, &json!("version_conflict")));
    assert_eq!(service.get(RECORD).json()["version"], 2);
    assert_eq!(service.call("DELETE", RECORD).header("If-None-Match", "*").send(b"").status, 400);
    assert_eq!(delete("\"1\", \"2\"").status, 204);
    assert_eq!((delete("*").status, service.get(RECORD).status), (412, 404));
}

#[test]
fn the_same_candidates_come_from_put_match_matches_and_compare() {
    let service = Service::start();
    service.put("/v1/records/namus/UP1", FOUND);
    service.put("/v1/records/namus/UP2", r#"{"kind":"unidentified","sex":"male"}"#);
    let put = service.put(RECORD, MISSING).json()["matches"].clone();
    let matches = service.get(&format!("{RECORD}/matches")).json();
    let matched = service.call("POST", "/v1/match").send(MISSING.as_bytes()).json();
    assert_eq!(put["searched"], json!({"records": 2, "excluded": 0, "exact": true}));
    let candidates = put["candidates"].as_array().unwrap();
    assert_eq!(candidates[0]["record"], "namus/UP1");
    for list in [&matches, &matched] {
        assert_eq!((&list["candidates"], &list["none_of_these"]), (&put["candidates"], &put["none_of_these"]));
    }
    for candidate in candidates {
        let evidence = candidate["evidence"].as_array().unwrap();
        let sum: i64 = evidence.iter().map(|evidence| thousandths(&evidence["bits"])).sum();
        assert_eq!(sum, thousandths(&candidate["score_bits"]));
        let pair = json!({"a": "namus/MP7", "b": candidate["record"]});
        let compared = service.call("POST", "/v1/compare").send(pair.to_string().as_bytes()).json();
        assert_eq!((&compared["a"], &compared["b"]), (&pair["a"], &pair["b"]));
        for member in ["score_bits", "prior_bits", "evidence", "missing"] {
            assert_eq!(compared[member], candidate[member], "{member}");
        }
        assert_eq!(compared["listed"].as_bool().unwrap(), compared.get("why_not").is_none());
    }
}

fn thousandths(bits: &Value) -> i64 {
    (bits.as_f64().unwrap() * 1_000.0).round() as i64
}

#[test]
fn a_comparison_takes_records_as_well_as_references() {
    let service = Service::start();
    let pair = format!(r#"{{"a":{MISSING},"b":{FOUND}}}"#);
    let compared = service.call("POST", "/v1/compare").send(pair.as_bytes()).json();
    assert_eq!((&compared["a"], &compared["b"]), (&Value::Null, &Value::Null));
    let absent = service.call("POST", "/v1/compare").send(br#"{"a":"namus/none","b":"namus/none2"}"#);
    assert_eq!((absent.status, absent.problem()["code"].as_str()), (404, Some("no_such_record")));
}

#[test]
fn a_search_finds_what_was_written() {
    let service = Service::start();
    service.put("/v1/records/namus/UP1", FOUND);
    crate::service::until("the record is found", || {
        service.get("/v1/search?q=anchor&kind=unidentified").json()["total"] == 1
    });
    let hit = service.get("/v1/search?q=anchor").json()["hits"][0].clone();
    assert_eq!((&hit["record"], &hit["kind"]), (&"namus/UP1".into(), &"unidentified".into()));
    assert!(hit["highlights"][0]["html"].as_str().unwrap().contains("<b>anchor</b>"), "{hit}");
}

#[test]
fn every_attribute_says_what_it_is() {
    let attributes = Service::start().get("/v1/attributes").json()["attributes"].clone();
    for attribute in attributes.as_array().unwrap() {
        assert!(attribute["floor_bits"].as_f64().unwrap() <= attribute["cap_bits"].as_f64().unwrap(), "{attribute}");
        assert!(!attribute["levels"].as_array().unwrap().is_empty(), "{attribute}");
    }
}
