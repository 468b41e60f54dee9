//! What is told by post: only to whoever agreed, signed so that it can be checked, again and again until it is taken, also
//! over a restart; and never to where the service must not be sent.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crossmatch::access::{Guard, KeyFile, Scope};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::audit::send_to_vanish;
use crate::client::{Answer, Call};
use crate::crash::Program;
use crate::events::named;
use crate::service::{Service, key, limits, until};

const WEBHOOKS: &str = "/v1/webhooks";
/// What has the lowest priority may wait on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A post as it came.
#[derive(Clone, Debug)]
struct Received {
    headers: Vec<(String, String)>,
    body: String,
}

impl Received {
    fn header(&self, name: &str) -> &str {
        &self.headers.iter().find(|(known, _)| known == name).unwrap().1
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// What a receiver answers: status and body.
type Script = dyn Fn(&Received) -> (u16, String) + Send + Sync;

/// What has come, and a bell for whoever waits for it.
type Kept = (Mutex<Vec<Received>>, Condvar);

/// Somebody who is posted to, until it is dropped.
struct Receiver {
    address: SocketAddr,
    received: Arc<Kept>,
    script: Arc<Mutex<Arc<Script>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// Agrees to every challenge, and takes everything.
fn agree(post: &Received) -> (u16, String) {
    let challenge = post.json()["challenge"].clone();
    (200, if challenge.is_null() { String::new() } else { json!({"challenge": challenge}).to_string() })
}

impl Receiver {
    fn start(script: impl Fn(&Received) -> (u16, String) + Send + Sync + 'static) -> Self {
        Self::with_tls(script, None)
    }

    fn with_tls(
        script: impl Fn(&Received) -> (u16, String) + Send + Sync + 'static,
        tls: Option<rustls::ServerConfig>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, received) = (listener.local_addr().unwrap(), Arc::new(Kept::default()));
        let script: Arc<Mutex<Arc<Script>>> = Arc::new(Mutex::new(Arc::new(script)));
        let (kept, answers, tls) = (Arc::clone(&received), Arc::clone(&script), tls.map(Arc::new));
        let stop = Arc::new(AtomicBool::new(false));
        let stopping = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopping.load(Ordering::Relaxed) {
                    return;
                }
                let stream = stream.unwrap();
                match &tls {
                    Some(tls) => {
                        let session = rustls::ServerConnection::new(Arc::clone(tls)).unwrap();
                        serve(rustls::StreamOwned::new(session, stream), &kept, &answers);
                    }
                    None => serve(stream, &kept, &answers),
                }
            }
        });
        Self { address, received, script, stop, thread: Some(thread) }
    }

    fn answer(&self, script: impl Fn(&Received) -> (u16, String) + Send + Sync + 'static) {
        *self.script.lock().unwrap() = Arc::new(script);
    }

    fn url(&self) -> String {
        format!("http://{}/hook?case=1", self.address)
    }

    /// Every event posted so far, challenges aside.
    fn events(&self) -> Vec<Received> {
        events(&self.received.0.lock().unwrap())
    }

    fn pairs_of(&self, body: &str) -> Vec<Received> {
        pairs_of(&self.events(), body)
    }

    /// Waits until what has come is enough.
    #[track_caller]
    fn until(&self, what: &str, enough: impl Fn(&[Received]) -> bool) {
        let waited = self
            .received
            .1
            .wait_timeout_while(self.received.0.lock().unwrap(), PATIENCE, |received| !enough(&events(received)));
        assert!(!waited.unwrap().1.timed_out(), "waited in vain until {what}");
    }
}

fn events(received: &[Received]) -> Vec<Received> {
    received.iter().filter(|post| post.json()["type"] != "challenge").cloned().collect()
}

fn pairs_of(events: &[Received], body: &str) -> Vec<Received> {
    let is_its = |post: &&Received| post.json()["type"] == "pair" && post.json()["body"] == body;
    events.iter().filter(is_its).cloned().collect()
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Reads one post and answers it.
fn serve<S: Read + Write>(mut stream: S, kept: &Kept, script: &Mutex<Arc<Script>>) {
    let mut reader = BufReader::new(&mut stream);
    let (mut line, mut headers) = (String::new(), Vec::new());
    // A connection that breaks off is no post.
    if reader.read_line(&mut line).is_err() || line.is_empty() {
        return;
    }
    loop {
        line.clear();
        if reader.read_line(&mut line).is_err() {
            return;
        }
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, text)| text.parse().unwrap());
    let mut body = vec![0; length];
    // So does one whose sender is killed.
    if reader.read_exact(&mut body).is_err() || length == 0 {
        return;
    }
    let post = Received { headers, body: String::from_utf8(body).unwrap() };
    let script = Arc::clone(&script.lock().unwrap());
    let (status, answer) = script(&post);
    kept.0.lock().unwrap().push(post);
    kept.1.notify_all();
    let head = format!("HTTP/1.1 {status} Said\r\nContent-Length: {}\r\nConnection: close\r\n", answer.len());
    let _ = stream.write_all(format!("{head}Location: http://169.254.169.254/\r\n\r\n{answer}").as_bytes());
    let _ = stream.flush();
}

fn register(call: Call, url: &str, rest: &Value) -> Answer {
    let mut body = json!({"url": url});
    body.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    call.send(body.to_string().as_bytes())
}

#[track_caller]
fn registered(service: &Service, receiver: &Receiver) -> Value {
    let answer = register(service.call("POST", WEBHOOKS), &receiver.url(), &json!({}));
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()
}

fn put(address: SocketAddr, id: &str, kind: &str, name: &str) {
    let path = format!("/v1/records/a/{id}");
    assert_eq!(Call::new(address, "PUT", &path).send(named(kind, name).as_bytes()).status, 201);
}

/// HMAC as RFC 2104 writes it down: not the crate that signs.
fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let padded = |with: u8| (0..64).map(|at| key.get(at).copied().unwrap_or(0) ^ with).collect::<Vec<u8>>();
    let inner = Sha256::digest([padded(0x36), text.to_vec()].concat());
    Sha256::digest([padded(0x5c), inner.to_vec()].concat()).to_vec()
}

#[test]
fn posts_are_signed_with_the_secret_that_was_shown_once() {
    let service = Service::start();
    let receiver = Receiver::start(agree);
    let made = registered(&service, &receiver);
    let secret = made["secret"].as_str().unwrap().to_owned();
    assert_eq!(
        (&made["url"], &made["owner"], &made["active"]),
        (&json!(receiver.url()), &json!("anyone"), &json!(true))
    );
    put(service.address, "M", "missing", "Thorvald");
    put(service.address, "B", "unclaimed", "Thorvald");
    receiver.until("the pair is posted", |events| !pairs_of(events, "a/B").is_empty());
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    for post in receiver.received.0.lock().unwrap().iter() {
        let (id, at) = (post.header("webhook-id"), post.header("webhook-timestamp"));
        let expected = hmac(&key, format!("{id}.{at}.{}", post.body).as_bytes());
        assert_eq!(post.header("webhook-signature"), format!("v1,{}", STANDARD.encode(expected)));
        assert!((Timestamp::now().as_second() - at.parse::<i64>().unwrap()).abs() < 60);
        assert_eq!(post.header("content-type"), "application/json");
    }
    let event = receiver.pairs_of("a/B").pop().unwrap();
    assert_eq!(event.header("webhook-id"), event.json()["id"]);
    assert!(service.get("/metrics").text().contains("crossmatch_event_subscribers{to=\"webhook\"} 1"));
    let list = service.get(WEBHOOKS);
    assert!(!list.text().contains(&secret) && list.json()["webhooks"][0]["id"] == made["id"], "{}", list.text());
    assert_eq!(list.json()["webhooks"][0].get("secret"), None);
    let trail = std::fs::read_to_string(service.trail().join(crossmatch::audit::FILE)).unwrap();
    assert!(trail.contains("\"webhook pair\"") && !trail.contains(&secret) && !trail.contains("case=1"));
}

/// Every line of the trail that is about an action.
fn trail(service: &Service, action: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(service.trail().join(crossmatch::audit::FILE)).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["action"].as_str().unwrap().starts_with(action)).collect()
}

/// Somebody who says when it is challenged, and agrees once it is let.
fn hesitant() -> (Receiver, mpsc::Receiver<()>, mpsc::Sender<()>) {
    let ((challenged, wait), (release, released)) = (mpsc::channel(), mpsc::channel());
    let (challenged, released) = (Mutex::new(challenged), Mutex::new(released));
    let receiver = Receiver::start(move |post| {
        let _ = challenged.lock().unwrap().send(());
        let _ = released.lock().unwrap().recv_timeout(PATIENCE);
        agree(post)
    });
    (receiver, wait, release)
}

#[test]
fn a_registration_whose_client_vanishes_is_carried_out_and_told() {
    let service = Service::start();
    let (receiver, challenged, release) = hesitant();
    let client = send_to_vanish(&service, "POST", WEBHOOKS, &json!({"url": receiver.url()}).to_string());
    challenged.recv_timeout(PATIENCE).unwrap();
    drop(client);
    // Time in which the service can see that the client is gone.
    (0..50).for_each(|_| assert_eq!(service.get("/livez").status, 200));
    release.send(()).unwrap();
    until("it is told", || !trail(&service, "register webhook").is_empty());
    let made = service.get(WEBHOOKS).json()["webhooks"][0]["id"].as_str().unwrap().to_owned();
    let told = trail(&service, "register webhook").remove(0);
    assert_eq!((&told["action"], &told["status"]), (&json!(format!("register webhook {made}")), &json!(201)));
}

#[test]
fn a_challenge_that_failed_is_told() {
    let service = Service::start();
    let receiver = Receiver::start(|_| (500, String::new()));
    assert_eq!(register(service.call("POST", WEBHOOKS), &receiver.url(), &json!({})).status, 422);
    let told = trail(&service, "register webhook");
    assert_eq!(told.iter().map(|line| line["status"].as_u64().unwrap()).collect::<Vec<u64>>(), [422]);
}

#[test]
fn challenges_are_few_and_only_for_webhooks_that_may_be() {
    let service = Service::start();
    let known = Receiver::start(agree);
    registered(&service, &known);
    assert_eq!(register(service.call("POST", WEBHOOKS), &known.url(), &json!({})).status, 409);
    assert_eq!(known.received.0.lock().unwrap().len(), 1, "one that is there already is not challenged again");

    let (first, second, third) = (hesitant(), hesitant(), Receiver::start(agree));
    std::thread::scope(|scope| {
        let calls = [&first, &second].map(|(receiver, challenged, _)| {
            let (call, url) = (service.call("POST", WEBHOOKS), receiver.url());
            let call = scope.spawn(move || register(call, &url, &json!({})).status);
            challenged.recv_timeout(PATIENCE).unwrap();
            call
        });
        let busy = register(service.call("POST", WEBHOOKS), &third.url(), &json!({}));
        for (_, _, release) in [&first, &second] {
            release.send(()).unwrap();
        }
        assert_eq!((busy.status, &busy.problem()["code"]), (503, &json!("busy")));
        assert!(busy.header("retry-after").is_some() && third.received.0.lock().unwrap().is_empty());
        assert_eq!(calls.map(|call| call.join().unwrap()), [201, 201]);
    });
    assert_eq!(register(service.call("POST", WEBHOOKS), &third.url(), &json!({})).status, 201, "there is room again");
}

#[test]
fn nothing_is_posted_to_a_webhook_after_its_removal_or_the_end_of_its_key() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys.toml");
    let mut keys = KeyFile::default();
    let mut make = |scopes: &[Scope]| key(&mut keys, scopes);
    let (admin, removes, ends) = (make(&[Scope::Admin]), make(&[Scope::MatchRead]), make(&[Scope::MatchRead]));
    keys.write(&path).unwrap();
    let service = Service::start_guarded(Guard::with_keys(&path, 0).unwrap());
    let call = |key: &str, method: &str, path: &str| {
        service.call(method, path).header("Authorization", &format!("Bearer {key}"))
    };
    let [removed, ended, mark] = [(); 3].map(|()| Receiver::start(agree));
    let made = register(call(&removes, "POST", WEBHOOKS), &removed.url(), &json!({})).json();
    for (key, receiver) in [(&ends, &ended), (&admin, &mark)] {
        assert_eq!(register(call(key, "POST", WEBHOOKS), &receiver.url(), &json!({})).status, 201);
    }
    // Each ends with the first event that it is told, of three that come together.
    let webhook = format!("{WEBHOOKS}/{}", made["id"].as_str().unwrap());
    let (address, bearer) = (service.address, format!("Bearer {removes}"));
    removed.answer(move |post| {
        let remove = Call::new(address, "DELETE", &webhook).header("Authorization", &bearer);
        assert_eq!(remove.send(b"").status, 204);
        agree(post)
    });
    let (id, file) = (ends.split('_').nth(1).unwrap().to_owned(), path.clone());
    let keys = Mutex::new(keys);
    ended.answer(move |post| {
        let mut keys = keys.lock().unwrap();
        keys.revoke(&id, Timestamp::now());
        keys.write(&file).unwrap();
        agree(post)
    });
    for (id, kind) in [("M", "missing"), ("B", "unclaimed"), ("B2", "unclaimed")] {
        let path = format!("/v1/records/a/{id}?matches=false");
        assert_eq!(call(&admin, "PUT", &path).send(named(kind, "Thorvald").as_bytes()).status, 201);
        if id == "B" {
            for receiver in [&removed, &ended] {
                receiver.until("the first event is posted", |events| !events.is_empty());
            }
        }
    }
    mark.until("the mark is told", |events| !pairs_of(events, "a/B2").is_empty());
    assert_eq!([removed.events().len(), ended.events().len()], [1, 1]);
}

#[test]
fn nobody_is_told_who_did_not_agree() {
    let service = Service::start();
    let refused = |receiver: &Receiver, words: &str| {
        let answer = register(service.call("POST", WEBHOOKS), &receiver.url(), &json!({}));
        let problem = answer.problem();
        assert_eq!((answer.status, &problem["code"]), (422, &json!("webhook_not_confirmed")));
        assert!(problem["detail"].as_str().unwrap().contains(words), "{problem}");
        assert_eq!(service.get(WEBHOOKS).json()["webhooks"], json!([]));
    };
    refused(&Receiver::start(|_| (200, json!({"challenge": "guessed"}).to_string())), "does not have the challenge");
    refused(&Receiver::start(|_| (200, String::new())), "does not have the challenge");
    refused(&Receiver::start(|post| (500, agree(post).1)), "status");
    let moved = Receiver::start(|post| (302, agree(post).1));
    refused(&moved, "status");
    assert_eq!(moved.received.0.lock().unwrap().len(), 1, "a redirect is not followed");

    let receiver = Receiver::start(agree);
    let made = registered(&service, &receiver);
    let again = register(service.call("POST", WEBHOOKS), &receiver.url(), &json!({}));
    assert_eq!((again.status, &again.problem()["code"]), (409, &json!("webhook_exists")));
    assert!(again.text().contains(made["id"].as_str().unwrap()));
}

#[test]
fn the_same_registration_with_the_same_key_makes_one_webhook() {
    let service = Service::start();
    let receiver = Receiver::start(agree);
    let post = |address: &str, rest: &Value| {
        register(service.call("POST", WEBHOOKS).header("Idempotency-Key", "hook-1"), address, rest)
    };
    let (first, again) = (post(&receiver.url(), &json!({})), post(&receiver.url(), &json!({})));
    assert_eq!((first.status, again.status, again.json()), (201, 201, first.json()));
    assert_eq!(first.header("location"), again.header("location"));
    assert_eq!(receiver.received.0.lock().unwrap().len(), 1, "nobody is asked twice");
    for other in [post("https://elsewhere.example", &json!({})), post(&receiver.url(), &json!({"min_bits": 25}))] {
        assert_eq!((other.status, &other.problem()["code"]), (422, &json!("idempotency_key_reused")));
    }
    assert_eq!(service.get(WEBHOOKS).json()["webhooks"].as_array().unwrap().len(), 1);
    // With the webhook its key ends.
    let path = format!("{WEBHOOKS}/{}", first.json()["id"].as_str().unwrap());
    assert_eq!(service.call("DELETE", &path).send(b"").status, 204);
    let new = post(&receiver.url(), &json!({"min_bits": 25}));
    assert!(new.status == 201 && new.json()["id"] != first.json()["id"]);
}

#[test]
fn the_service_is_not_sent_where_it_must_not_go() {
    let mut strict = limits();
    strict.telling.webhook_allow = Vec::new();
    strict.telling.webhook_http = false;
    let service = Service::with_limits(strict);
    let receiver = Receiver::start(agree);
    let check = |url: &str, code: &str, words: &str| {
        let answer = register(service.call("POST", WEBHOOKS), url, &json!({}));
        let problem = answer.problem();
        assert_eq!((answer.status, problem["code"].as_str()), (422, Some(code)), "{url}: {problem}");
        assert!(problem.to_string().contains(words), "{url}: {problem}");
    };
    check(&receiver.url(), "invalid_record", "must be https");
    for host in ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"] {
        let url = format!("https://{host}:{}/", receiver.address.port());
        check(&url, "webhook_not_confirmed", "webhook_allow");
    }
    assert!(receiver.received.0.lock().unwrap().is_empty());
    for (body, pointer) in [
        (json!({"url": "nowhere"}), "/url"),
        (json!({}), ""),
        (json!({"url": "https://a.example", "min_bits": -1}), "/min_bits"),
    ] {
        let answer = service.call("POST", WEBHOOKS).send(body.to_string().as_bytes());
        assert_eq!(
            (answer.status, &answer.problem()["errors"][0]["pointer"]),
            (422, &json!(pointer)),
            "{}",
            answer.text()
        );
    }
}

#[test]
fn an_event_is_posted_again_until_it_is_taken_and_those_behind_it_wait() {
    let service = Service::start();
    let receiver = Receiver::start(agree);
    registered(&service, &receiver);
    receiver.answer(|_| (500, String::new()));
    put(service.address, "M", "missing", "Thorvald");
    put(service.address, "B", "unclaimed", "Thorvald");
    receiver.until("it was tried twice", |events| events.len() >= 3);
    let tried = receiver.events();
    assert!(tried.iter().all(|post| post.header("webhook-id") == tried[0].header("webhook-id")), "{tried:?}");
    receiver.answer(agree);
    receiver.until("all are taken", |events| {
        events.iter().filter(|post| post.json()["type"] == "first_candidate").count() >= 2
    });
    let mut ids: Vec<String> = receiver.events().iter().map(|post| post.header("webhook-id").to_owned()).collect();
    ids.dedup();
    assert_eq!(ids.len(), 3, "in order, each until it was taken: {ids:?}");
    assert!(service.get("/metrics").text().contains("crossmatch_webhook_posts_total{outcome=\"refused\"}"));
}

#[test]
fn a_webhook_is_its_keys_and_ends_with_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys.toml");
    let mut keys = KeyFile::default();
    let mut make = |scopes: &[Scope]| key(&mut keys, scopes);
    let (admin, one, other) = (make(&[Scope::Admin]), make(&[Scope::MatchRead]), make(&[Scope::MatchRead]));
    keys.write(&path).unwrap();
    let service = Service::start_guarded(Guard::with_keys(&path, 0).unwrap());
    let call = |key: &str, method: &str, path: &str| {
        service.call(method, path).header("Authorization", &format!("Bearer {key}"))
    };
    let receivers = [Receiver::start(agree), Receiver::start(agree)];
    let made: Vec<Value> = [&one, &other]
        .iter()
        .zip(&receivers)
        .map(|(key, receiver)| register(call(key, "POST", WEBHOOKS), &receiver.url(), &json!({})).json())
        .collect();
    let listed = |key: &str| call(key, "GET", WEBHOOKS).send(b"").json()["webhooks"].as_array().unwrap().len();
    assert_eq!([listed(&one), listed(&other), listed(&admin)], [1, 1, 2]);
    let remove = |key: &str, webhook: &Value| {
        call(key, "DELETE", &format!("{WEBHOOKS}/{}", webhook["id"].as_str().unwrap())).send(b"").status
    };
    assert_eq!(remove(&one, &made[1]), 204);
    assert_eq!(listed(&other), 1, "another's webhook stays");

    assert!(keys.revoke(one.split('_').nth(1).unwrap(), Timestamp::now()));
    keys.write(&path).unwrap();
    let store = |id: &str, kind: &str, name: &str| {
        let path = format!("/v1/records/a/{id}?matches=false");
        assert_eq!(call(&admin, "PUT", &path).send(named(kind, name).as_bytes()).status, 201);
    };
    store("M", "missing", "Thorvald");
    store("B", "unclaimed", "Thorvald");
    receivers[1].until("the other is told", |events| !pairs_of(events, "a/B").is_empty());
    assert!(receivers[0].events().is_empty(), "a revoked key is told nothing");
    let list = call(&admin, "GET", WEBHOOKS).send(b"").json();
    assert_eq!((&list["webhooks"][0]["active"], &list["webhooks"][1]["active"]), (&json!(false), &json!(true)));

    assert_eq!(remove(&other, &made[1]), 204);
    let mark = Receiver::start(agree);
    assert_eq!(register(call(&admin, "POST", WEBHOOKS), &mark.url(), &json!({})).status, 201);
    store("B2", "unclaimed", "Thorvald");
    mark.until("the mark is told", |events| !pairs_of(events, "a/B2").is_empty());
    assert!(receivers[1].pairs_of("a/B2").is_empty(), "it was removed");
}

#[test]
fn what_was_not_taken_is_posted_after_kill_9() {
    let directory = tempfile::tempdir().unwrap();
    let options = [
        "--webhook-http",
        "--webhook-allow",
        "127.0.0.0/8,::1/128",
        "--event-min-bits",
        "5",
        "--webhook-retry-ms",
        "100",
    ];
    let receiver = Receiver::start(agree);
    let program = Program::start_with(&options, directory.path());
    let made = register(Call::new(program.address, "POST", WEBHOOKS), &receiver.url(), &json!({"min_bits": 10})).json();
    receiver.answer(|_| (503, String::new()));
    put(program.address, "M", "missing", "Thorvald");
    put(program.address, "B", "unclaimed", "Thorvald");
    receiver.until("it is tried", |events| !events.is_empty());
    let first = receiver.events().remove(0);
    program.kill();
    receiver.answer(agree);
    let program = Program::start_with(&options, directory.path());
    receiver.until("it is taken", |events| events.iter().any(|post| post.json()["type"] == "first_candidate"));
    let pairs = receiver.pairs_of("a/B");
    assert!(pairs.len() >= 2 && pairs.iter().all(|post| post.header("webhook-id") == first.header("webhook-id")));
    let list = Call::new(program.address, "GET", WEBHOOKS).send(b"").json();
    assert_eq!(list["webhooks"][0]["id"], made["id"]);
    program.kill();
    // What was taken is not posted a third time, and what comes next is.
    let taken = receiver.pairs_of("a/B").len();
    let program = Program::start_with(&options, directory.path());
    put(program.address, "B2", "unclaimed", "Thorvald");
    receiver.until("the next is taken", |events| !pairs_of(events, "a/B2").is_empty());
    assert_eq!(receiver.pairs_of("a/B").len(), taken);
    program.kill();
}

#[test]
fn https_is_spoken_with_whom_the_system_trusts_and_nobody_else() {
    let fixture = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls").join(name);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let chain = rustls::pki_types::pem::PemObject::from_pem_file(fixture("certificate.pem")).unwrap();
    let key = rustls::pki_types::pem::PemObject::from_pem_file(fixture("key.pem")).unwrap();
    let tls = tls.with_no_client_auth().with_single_cert(vec![chain], key).unwrap();
    let receiver = Receiver::with_tls(agree, Some(tls));
    let directory = tempfile::tempdir().unwrap();
    let empty = directory.path().join("nobody.pem");
    std::fs::write(&empty, "").unwrap();
    for (trusted, status) in [(&fixture("certificate.pem"), 201), (&empty, 422)] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_crossmatch"));
        command.env("SSL_CERT_FILE", trusted).env("CROSSMATCH_WEBHOOK_ALLOW", "127.0.0.0/8,::1/128");
        let index = tempfile::tempdir().unwrap();
        let program = Program::start(command, index.path());
        let url = format!("https://localhost:{}/", receiver.address.port());
        let answer = register(Call::new(program.address, "POST", WEBHOOKS), &url, &json!({}));
        assert_eq!(answer.status, status, "{}", answer.text());
        program.kill();
    }
}
