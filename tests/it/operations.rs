//! What is in `ops/` fits the service: every metric that the dashboard and the alert rules ask for is one that it has.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use crate::service::Service;

fn read(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("ops").join(name)).unwrap()
}

/// The metrics that a text names, without what Prometheus adds to a histogram's name.
fn metrics(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let named = words.filter(|word| word.starts_with("crossmatch_") || word.starts_with("process_"));
    let plain = |name| {
        ["_bucket", "_count", "_sum"].iter().fold(name, |name: &str, end| name.strip_suffix(end).unwrap_or(name))
    };
    named.map(plain).collect()
}

#[test]
fn every_metric_that_is_watched_is_there() {
    let service = Service::start();
    service.put("/v1/records/a/M", r#"{"kind":"missing"}"#);
    let served = service.get("/metrics").text().to_owned();
    for file in ["dashboard.json", "alerts.yml", "alerts_test.yml"] {
        let text = read(file);
        let watched = metrics(&text);
        assert!(watched.len() >= 3, "{file}");
        for metric in watched {
            assert!(served.contains(&format!("# TYPE {metric} ")), "{file} watches {metric}, which is not there");
        }
    }
    let dashboard: serde_json::Value = serde_json::from_str(&read("dashboard.json")).unwrap();
    for panel in dashboard["panels"].as_array().unwrap() {
        assert!(panel["description"].as_str().is_some_and(|text| !text.is_empty()), "{}", panel["title"]);
    }
}

#[test]
fn promtool_finds_every_rule_to_fire_when_it_should() {
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("ops/alerts_test.yml");
    let Ok(output) = Command::new("promtool").args(["test", "rules"]).arg(rules).output() else {
        return; // Not on this machine; `./check` fetches it.
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
