//! Under full load the service answers that it lives in milliseconds, refuses what it has no room for, and cuts no list.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::service::Service;

const CLIENTS: usize = 16;
const PROBES: usize = 100;

fn fill(service: &Service) {
    let line = |at: usize| {
        format!(
            r#"{{"source":"load","id":"{at}","kind":"missing","sex":"male","height_cm":{{"min":{0},"max":{0}}},"names":[{{"given":"Jon{at}","family":"Smith{at}"}}],"dental":{{"teeth":{{"3":"MO","14":"X","19":"V"}}}}}}"#,
            150 + at % 50
        )
    };
    let lines: Vec<String> = (0..2_000).map(line).collect();
    let answer = service.call("POST", "/v1/records:batch").send(lines.join("\n").as_bytes());
    assert_eq!(answer.lines().len(), lines.len());
}

#[test]
fn a_service_at_full_load_is_alive_within_milliseconds() {
    let service = Service::start();
    fill(&service);
    let body = br#"{"kind":"unidentified","sex":"male","names":[{"given":"John","family":"Smith"}],"dental":{"teeth":{"3":"MOD"}}}"#;
    let (stop, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    let mut probes: Vec<Duration> = thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let answer = service.call("POST", "/v1/match?limit=100&timeout_ms=60000").send(body);
                    match answer.status {
                        200 => assert_eq!(answer.json()["candidates"].as_array().unwrap().len(), 100),
                        503 => assert_eq!(answer.header("retry-after"), Some("1")),
                        other => panic!("{other}: {}", answer.text()),
                    }
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        crate::service::until("the load is on", || answered.load(Ordering::Relaxed) > CLIENTS);
        let probes = (0..PROBES).map(|_| {
            let begun = Instant::now();
            assert_eq!(service.get("/livez").status, 200);
            begun.elapsed()
        });
        let probes = probes.collect();
        stop.store(true, Ordering::Relaxed);
        probes
    });
    probes.sort_unstable();
    let (median, worst) = (probes[PROBES / 2], probes[PROBES - 1]);
    assert!(median < Duration::from_millis(50) && worst < Duration::from_secs(2), "{median:?}, at worst {worst:?}");
}
