//! What is told of a pair beside its evidence: the model it was weighed with, what to collect next, why it is not listed.

use serde_json::{Value, json};

use crate::service::Service;

const PERSON: &str = r#"{"kind":"missing","sex":"male","height_cm":{"min":180,"max":180},
    "last_contact":{"date":"2001-05-06","place":{"country":"US","region":"TN","latitude":35.1,"longitude":-90.0}}}"#;

fn body(condition: &str) -> String {
    json!({"kind": "unidentified", "sex": "male", "remains": {"condition": condition}, "found": {"date": "2001-05-09"}})
        .to_string()
}

fn compare(service: &Service, a: &Value, b: &Value, limit: u8) -> Value {
    let call = json!({"a": a, "b": b, "limit": limit});
    let answer = service.call("POST", "/v1/compare").header("Content-Type", "application/json");
    let answer = answer.send(call.to_string().as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[test]
fn every_answer_names_the_model() {
    let service = Service::start();
    let attributes = service.get("/v1/attributes");
    let model = attributes.json()["model"].as_str().unwrap().to_owned();
    assert_eq!(model, crossmatch::model::Model::default().hash());
    for path in ["/v1/attributes", "/livez", "/v1/records/a/1", "/nowhere"] {
        assert_eq!(service.get(path).header("crossmatch-model"), Some(model.as_str()), "{path}");
    }
    assert_eq!(Service::without_engine().get("/livez").header("crossmatch-model"), None);
}

#[test]
fn the_most_informative_missing_attribute_can_still_be_collected() {
    let service = Service::start();
    service.put("/v1/records/a/M", PERSON);
    let proposal = |condition: &str| {
        let pair = compare(&service, &json!("a/M"), &serde_json::from_str(&body(condition)).unwrap(), 10);
        let proposal = &pair["most_informative_missing"];
        let missing = pair["missing"].as_array().unwrap();
        assert!(missing.contains(&proposal["attribute"]), "{pair}");
        assert!(proposal["expected_bits"].as_f64().unwrap() > 1.0, "{pair}");
        proposal["attribute"].as_str().unwrap().to_owned()
    };
    for condition in ["recognizable", "skeleton"] {
        let attribute = proposal(condition);
        assert!(!["names", "identifiers", "place"].contains(&attribute.as_str()), "nobody can collect {attribute}");
    }
    let bones = proposal("skeleton");
    assert!(!["appearance", "features", "fingerprints"].contains(&bones.as_str()), "bones have no {bones}");
}

#[test]
fn why_a_pair_is_not_listed() {
    let service = Service::start();
    service.put("/v1/records/a/M", PERSON);
    for (id, sex, found) in [("U1", "male", "2001-05-09"), ("U2", "female", "2001-05-09"), ("U3", "male", "1999-01-01")]
    {
        let found = json!({"kind": "unidentified", "sex": sex, "found": {"date": found}}).to_string();
        assert_eq!(service.put(&format!("/v1/records/a/{id}"), &found).status, 201);
    }
    let unseen = json!({"kind": "unidentified", "sex": "male", "verified": false}).to_string();
    service.put("/v1/records/a/U4", &unseen);
    service.put("/v1/records/a/C", r#"{"kind":"unclaimed"}"#);
    let check = |a: &str, b: &str, limit: u8, code: Option<&str>, words: &str| {
        let pair = compare(&service, &json!(a), &json!(b), limit);
        assert_eq!(pair["listed"], code.is_none(), "{pair}");
        assert_eq!(pair["why_not"]["code"].as_str(), code, "{pair}");
        assert!(pair["why_not"]["detail"].as_str().unwrap_or_default().contains(words), "{pair}");
    };
    check("a/M", "a/U1", 1, None, "");
    check("a/M", "a/U2", 10, None, "");
    check("a/M", "a/U2", 1, Some("below_the_list"), "rank 3, and the list shows 1; sex weighs most against it");
    check("a/M", "a/U3", 1, Some("impossible_order_of_dates"), "rank 4, and the list shows 1");
    check("a/M", "a/U4", 10, Some("not_verified"), "include_unverified");
    check("a/M", "a/M", 10, Some("same_record"), "");
    check("a/U1", "a/U2", 10, Some("same_kind"), "?kind=unidentified");
    check("a/U1", "a/C", 10, Some("kinds_do_not_face"), "unclaimed");
}
