//! The specification is the one in the repository, holds together, and its page loads nothing from elsewhere.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::service::Service;

fn specification() -> Value {
    serde_norway::from_str(crossmatch::http::specification()).unwrap()
}

#[test]
fn the_specification_is_the_one_in_the_repository() {
    let committed = include_str!("../../openapi.yaml");
    assert!(
        committed == crossmatch::http::specification(),
        "openapi.yaml differs from the code; `cargo run -- openapi > openapi.yaml` writes it"
    );
    assert_eq!(Service::without_engine().get("/openapi.yaml").text(), committed);
}

#[test]
fn every_reference_leads_somewhere() {
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
                members.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let specification = specification();
    let mut found = BTreeSet::new();
    references(&specification, &mut found);
    assert!(found.contains("#/components/schemas/Record") && found.contains("#/components/schemas/Place"));
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(specification.pointer(pointer).is_some(), "{reference}");
    }
}

#[test]
fn every_operation_and_every_response_is_described() {
    let specification = specification();
    for (path, item) in specification["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            for member in ["summary", "description", "operationId"] {
                assert!(operation[member].is_string(), "{method} {path} has no {member}");
            }
            for (status, response) in operation["responses"].as_object().unwrap() {
                assert!(response["description"].is_string(), "{method} {path} {status} has no description");
            }
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            for parameter in parameters {
                assert!(parameter["description"].is_string(), "{method} {path}: {parameter}");
            }
        }
    }
}

#[test]
fn the_root_leads_to_the_page_and_the_page_stays_at_home() {
    let service = Service::without_engine();
    for path in ["/", "/docs"] {
        let answer = service.get(path);
        assert_eq!((answer.status, answer.header("location")), (302, Some("/docs/")));
    }
    let page = service.get("/docs/");
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html")));
    assert!(page.header("content-security-policy").unwrap().contains("default-src 'self'"));
    assert!(!page.text().contains("//"), "{}", page.text());
    for part in page.text().split(['"', '\'']).filter(|part| part.starts_with("./") || part.ends_with(".js")) {
        let file = service.get(&format!("/docs/{}", part.trim_start_matches("./")));
        assert_eq!(file.status, 200, "{part}");
    }
    let initializer = service.get("/docs/swagger-initializer.js");
    assert!(initializer.text().contains("\"/openapi.yaml\""), "{}", initializer.text());
    assert!(initializer.text().contains("\"validatorUrl\": \"none\""), "{}", initializer.text());
    assert_eq!(service.get("/docs/nothing.js").problem()["code"], "not_found");
}
