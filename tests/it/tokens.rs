//! Tokens of an identity provider: good ones open what they grant, forged ones open nothing, keys rotate.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use crossmatch::access::{Guard, KeyFile, NewKey, OidcOptions, Refresh, Scope};
use crossmatch::audit;
use jiff::Timestamp;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents,
};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::Answer;
use crate::crash::Program;
use crate::service::{Service, until};

const ISSUER: &str = "https://login.example.org/realms/agency";
const AUDIENCE: &str = "crossmatch";
const RECORD: &str = "/v1/records/namus/MP7";

/// A key of the provider.
struct Key {
    id: &'static str,
    pair: Pair,
}

enum Pair {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
}

impl Key {
    fn rsa(id: &'static str) -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/oidc/rsa.pem");
        let key = PrivateKeyDer::from_pem_file(file).unwrap();
        Self { id, pair: Pair::Rsa(RsaKeyPair::from_pkcs8(key.secret_der()).unwrap()) }
    }

    fn ec(id: &'static str) -> Self {
        let (random, algorithm) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
        let key = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        Self { id, pair: Pair::Ec(EcdsaKeyPair::from_pkcs8(algorithm, key.as_ref(), &random).unwrap()) }
    }

    const fn algorithm(&self) -> &'static str {
        match self.pair {
            Pair::Rsa(_) => "RS256",
            Pair::Ec(_) => "ES256",
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).unwrap();
                signature
            }
            Pair::Ec(pair) => pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec(),
        }
    }

    fn jwk(&self) -> Value {
        match &self.pair {
            Pair::Rsa(pair) => {
                let RsaPublicKeyComponents { n, e } = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public());
                json!({"kid": self.id, "kty": "RSA", "use": "sig", "alg": "RS256", "n": encoded(&n), "e": encoded(&e)})
            }
            Pair::Ec(pair) => {
                let point = pair.public_key().as_ref();
                let (x, y) = (encoded(&point[1..33]), encoded(&point[33..]));
                json!({"kid": self.id, "kty": "EC", "crv": "P-256", "x": x, "y": y})
            }
        }
    }

    fn header(&self) -> Value {
        json!({"alg": self.algorithm(), "typ": "JWT", "kid": self.id})
    }

    fn token(&self, claims: &Value) -> String {
        signed(&self.header(), claims, |message| self.sign(message))
    }
}

fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn signed(header: &Value, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let message = format!("{}.{}", encoded(header.to_string().as_bytes()), encoded(claims.to_string().as_bytes()));
    let signature = sign(message.as_bytes());
    format!("{message}.{}", encoded(&signature))
}

fn now() -> i64 {
    Timestamp::now().as_second()
}

/// Claims of a token that is good, with these words.
fn claims(words: &str) -> Value {
    json!({"iss": ISSUER, "aud": AUDIENCE, "sub": "coroner-7", "iat": now(), "exp": now() + 300, "scope": words})
}

fn with(mut value: Value, name: &str, changed: Value) -> Value {
    value[name] = changed;
    value
}

fn without(mut value: Value, name: &str) -> Value {
    value.as_object_mut().unwrap().remove(name);
    value
}

fn set_of(keys: &[&Key]) -> String {
    json!({"keys": keys.iter().map(|key| key.jwk()).collect::<Vec<_>>()}).to_string()
}

fn options(jwks: &str) -> OidcOptions {
    let text = str::to_owned;
    OidcOptions {
        issuer: text(ISSUER),
        audience: text(AUDIENCE),
        jwks: text(jwks),
        claim: text("scope"),
        calls_per_second: 0,
        refresh: Refresh { least: Duration::from_millis(1), most: Duration::from_secs(3_600) },
    }
}

/// A file with a set of keys.
struct Jwks(TempDir);

impl Jwks {
    fn new(keys: &[&Key]) -> Self {
        let file = Self(TempDir::new().unwrap());
        file.write(&set_of(keys));
        file
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("jwks.json")
    }

    fn options(&self) -> OidcOptions {
        options(self.path().to_str().unwrap())
    }

    fn write(&self, text: &str) {
        let mut file = tempfile::NamedTempFile::new_in(self.0.path()).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file.persist(self.path()).unwrap();
    }

    fn guard(&self) -> Guard {
        Guard::Open.and_tokens(self.options()).unwrap()
    }
}

fn send(service: &Service, token: &str, method: &str, path: &str, body: &str) -> Answer {
    service.call(method, path).header("Authorization", &format!("Bearer {token}")).send(body.as_bytes())
}

fn get(service: &Service, token: &str) -> Answer {
    send(service, token, "GET", RECORD, "")
}

#[test]
fn a_good_token_opens_and_the_trail_names_issuer_and_subject() {
    let keys = [Key::rsa("r"), Key::ec("e")];
    let jwks = Jwks::new(&[&keys[0], &keys[1]]);
    let service = Service::start_guarded(jwks.guard());
    for key in &keys {
        assert_eq!(get(&service, &key.token(&claims("openid records:read"))).status, 404, "{}", key.id);
        let audiences = with(claims("records:read"), "aud", json!(["other", AUDIENCE]));
        assert_eq!(get(&service, &key.token(&audiences)).status, 404);
        let nearly = with(with(claims("records:read"), "exp", json!(now() - 5)), "nbf", json!(now() + 5));
        assert_eq!(get(&service, &key.token(&nearly)).status, 404, "clocks differ by seconds");
    }
    let trail = std::fs::read_to_string(service.trail().join(audit::FILE)).unwrap();
    let line: Value = serde_json::from_str(trail.lines().next().unwrap()).unwrap();
    assert_eq!((&line["who"], &line["action"]), (&json!(format!("oidc:{ISSUER}#coroner-7")), &json!("read")));
}

#[track_caller]
fn refused(service: &Service, token: &str, code: &str, words: &str) {
    let answer = get(service, token);
    let problem = answer.problem();
    assert_eq!((answer.status, problem["code"].as_str()), (401, Some(code)), "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains(words), "{problem} has no {words}");
    assert!(answer.header("www-authenticate").unwrap().contains("invalid_token"));
}

#[test]
fn a_token_whose_claims_do_not_fit_opens_nothing() {
    let keys = [Key::rsa("r"), Key::ec("e")];
    let service = Service::guarded(Jwks::new(&[&keys[0], &keys[1]]).guard());
    let good = claims("admin");
    for key in &keys {
        let changed = |name: &str, value: Value| key.token(&with(good.clone(), name, value));
        refused(&service, &changed("exp", json!(now() - 60)), "expired_token", "expired");
        refused(&service, &changed("nbf", json!(now() + 60)), "invalid_token", "nbf");
        refused(&service, &changed("iss", json!("https://login.example.org")), "invalid_token", "issuer");
        refused(&service, &changed("iss", json!(format!("{ISSUER}/"))), "invalid_token", "issuer");
        refused(&service, &changed("aud", json!("another")), "invalid_token", "audience");
        refused(&service, &changed("aud", json!([])), "invalid_token", "audience");
        refused(&service, &changed("exp", json!("tomorrow")), "invalid_token", "exp");
        refused(&service, &changed("nbf", json!("tomorrow")), "invalid_token", "wrong form");
        for name in ["iss", "aud", "sub", "exp"] {
            refused(&service, &key.token(&without(good.clone(), name)), "invalid_token", name);
        }
        for subject in [json!(""), json!("a\nb"), json!("x".repeat(256)), json!("ü")] {
            refused(&service, &changed("sub", subject), "invalid_token", "subject");
        }
    }
}

#[test]
fn a_forged_token_opens_nothing() {
    let (rsa, ec, foreign) = (Key::rsa("r"), Key::ec("e"), Key::ec("e"));
    let service = Service::guarded(Jwks::new(&[&rsa, &ec]).guard());
    let good = claims("admin");
    let check = |token: &str, words: &str| refused(&service, token, "invalid_token", words);
    check(&foreign.token(&good), "signature");
    check(&Key::ec("unknown").token(&good), "kid");
    check(&signed(&without(ec.header(), "kid"), &good, |message| ec.sign(message)), "kid");
    for none in ["none", "None", "nOnE", "", "HS384", "PS256", "EdDSA"] {
        for key in [&rsa, &ec] {
            check(&signed(&with(key.header(), "alg", json!(none)), &good, |_| Vec::new()), "RS256 or ES256");
            check(&signed(&with(key.header(), "alg", json!(none)), &good, |message| key.sign(message)), "RS256");
        }
    }
    // The public key taken for a secret.
    let jwk = rsa.jwk();
    let modulus = URL_SAFE_NO_PAD.decode(jwk["n"].as_str().unwrap()).unwrap();
    for secret in [modulus, jwk["n"].as_str().unwrap().into(), jwk.to_string().into_bytes()] {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, &secret);
        let header = with(rsa.header(), "alg", json!("HS256"));
        check(&signed(&header, &good, |message| hmac::sign(&secret, message).as_ref().to_vec()), "RS256");
    }
    // A key used by another algorithm than its own.
    check(&signed(&with(ec.header(), "alg", json!("RS256")), &good, |message| ec.sign(message)), "kid");
    check(&signed(&with(rsa.header(), "alg", json!("ES256")), &good, |message| rsa.sign(message)), "kid");
    // A key that the token brings along.
    let along = with(with(foreign.header(), "jwk", foreign.jwk()), "jku", json!("http://127.0.0.1/"));
    check(&signed(&along, &good, |message| foreign.sign(message)), "signature");
    let critical = with(ec.header(), "crit", json!(["exp"]));
    check(&signed(&critical, &good, |message| ec.sign(message)), "crit");
    for key in [&rsa, &ec] {
        let token = key.token(&claims("records:read"));
        let parts: Vec<&str> = token.split('.').collect();
        let tampered = encoded(good.to_string().as_bytes());
        check(&format!("{}.{tampered}.{}", parts[0], parts[2]), "signature");
        check(&format!("{}.{}.", parts[0], parts[1]), "signature");
        check(&format!("{}.{}", parts[0], parts[1]), "JSON Web Token");
        check(&format!("{token}.{}", parts[2]), "JSON Web Token");
        check(parts[1], "JSON Web Token");
    }
    check("xmjwt", "JSON Web Token");
    refused(&service, "xm_000000000000_00", "unknown_key", "not known");
}

#[test]
fn a_token_may_do_what_its_claim_grants_and_no_more() {
    let key = Key::ec("e");
    let service = Service::start_guarded(Jwks::new(&[&key]).guard());
    let token = |words: &str| key.token(&claims(words));
    let code = |answer: Answer| (answer.status, answer.problem()["code"].as_str().unwrap().to_owned());
    let missing = (403, "missing_scope".to_owned());
    for words in ["", "openid profile", "match:read", "records:write", "ADMIN", "clearance source:*"] {
        assert_eq!(code(get(&service, &token(words))), missing, "{words}");
    }
    let put = |words: &str, path: &str, body: &str| send(&service, &token(words), "PUT", path, body);
    let (path, record) = (format!("{RECORD}?matches=false"), r#"{"kind":"missing","dental":{"teeth":{"3":"MODFL"}}}"#);
    for words in ["records:write", "records:write source:ncic", "admin source:namu"] {
        assert_eq!(code(put(words, &path, record)), (403, "source_not_allowed".to_owned()), "{words}");
    }
    assert_eq!(put("records:write source:ncic source:namus", &path, record).status, 201);
    assert_eq!(put("admin source:*", "/v1/records/any/1", record).status, 201);
    assert!(!get(&service, &token("records:read")).text().contains("MODFL"));
    assert!(get(&service, &token("records:read clearance")).text().contains("MODFL"));
}

#[test]
fn the_claim_may_lie_deeper_and_be_a_list() {
    let key = Key::ec("e");
    let jwks = Jwks::new(&[&key]);
    let claim = "/resource_access/crossmatch/roles".to_owned();
    let service = Service::guarded(Guard::Open.and_tokens(OidcOptions { claim, ..jwks.options() }).unwrap());
    let roles = json!({"crossmatch": {"roles": ["records:read"]}});
    assert_eq!(get(&service, &key.token(&with(claims("admin"), "resource_access", roles))).status, 503);
    assert_eq!(get(&service, &key.token(&claims("admin"))).status, 403);
}

#[test]
fn keys_and_tokens_open_side_by_side_and_each_subject_has_its_allowance() {
    let key = Key::ec("e");
    let jwks = Jwks::new(&[&key]);
    let file = jwks.0.path().join("keys.toml");
    let mut keys = KeyFile::default();
    let (name, scopes) = ("a test".to_owned(), vec![Scope::RecordsRead]);
    let new = NewKey { name, scopes, sources: None, clearance: false, calls_per_second: None, expires: None };
    let secret = keys.create(new, Timestamp::now()).unwrap();
    keys.write(&file).unwrap();
    let guard = Guard::with_keys(&file, 0).unwrap();
    let guard = guard.and_tokens(OidcOptions { calls_per_second: 1, ..jwks.options() }).unwrap();
    let service = Service::guarded(guard);
    assert_eq!(get(&service, &secret).status, 503);
    let of = |subject: &str| key.token(&with(claims("records:read"), "sub", json!(subject)));
    let statuses: Vec<u16> = (0..20).map(|at| get(&service, &with_jitter(&key, at)).status).collect();
    assert!(statuses[0] == 503 && statuses.contains(&429), "other tokens, one subject: {statuses:?}");
    assert_eq!(get(&service, &of("another")).status, 503);
    let answer = service.get(RECORD);
    assert_eq!((answer.status, &answer.problem()["code"]), (401, &json!("no_key")));
}

/// Ever another token of one subject.
fn with_jitter(key: &Key, at: i64) -> String {
    key.token(&with(claims("records:read"), "exp", json!(now() + 100 + at)))
}

#[test]
fn keys_rotate_in_the_file_without_a_restart() {
    let (old, new) = (Key::ec("old"), Key::ec("new"));
    let jwks = Jwks::new(&[&old]);
    let service = Service::guarded(jwks.guard());
    let opens = |key: &Key| get(&service, &key.token(&claims("records:read"))).status == 503;
    assert!(opens(&old) && !opens(&new));
    jwks.write(&set_of(&[&old, &new]));
    assert!(opens(&old) && opens(&new));
    for broken in ["", "{", r#"{"keys":[]}"#, r#"{"keys":[{"kid":"x","kty":"oct","k":"AA"}]}"#] {
        jwks.write(broken);
        assert!(opens(&old) && opens(&new), "{broken:?} leaves the keys as they were");
    }
    jwks.write(&set_of(&[&new]));
    assert!(!opens(&old) && opens(&new));
}

/// A provider's address, whose answer may be changed.
struct Provider {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct State {
    status: u16,
    text: String,
    fetches: usize,
    /// Connections that are never answered, where it stalls.
    stalled: Option<Vec<TcpStream>>,
    stop: bool,
}

impl Provider {
    fn start(text: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State { status: 200, text, ..State::default() }));
        let shared = Arc::clone(&state);
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut state = shared.lock().unwrap();
                if state.stop {
                    return;
                }
                state.fetches += 1;
                if let Some(stalled) = &mut state.stalled {
                    stalled.push(stream);
                    continue;
                }
                let head = BufReader::new(stream.try_clone().unwrap()).lines();
                head.map_while(Result::ok).take_while(|line| !line.is_empty()).for_each(drop);
                let (status, text) = (state.status, &state.text);
                let head = format!("HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {}\r\n", text.len());
                let _ = stream.write_all(format!("{head}\r\n{text}").as_bytes());
            }
        });
        Self { address, state, thread: Some(thread) }
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap());
    }

    fn fetches(&self) -> usize {
        self.state.lock().unwrap().fetches
    }

    fn options(&self) -> OidcOptions {
        options(&format!("http://{}/jwks", self.address))
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.change(|state| state.stop = true);
        let _ = TcpStream::connect(self.address);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

#[test]
fn keys_of_an_address_are_fetched_when_one_is_missed_and_stay_when_it_fails() {
    let (old, new) = (Key::ec("old"), Key::ec("new"));
    let provider = Provider::start(set_of(&[&old]));
    let service = Service::guarded(Guard::Open.and_tokens(provider.options()).unwrap());
    let opens = |key: &Key| get(&service, &key.token(&claims("records:read"))).status == 503;
    assert!(opens(&old));
    for _ in 0..5 {
        assert!(opens(&old));
    }
    assert_eq!(provider.fetches(), 1, "what is known is not fetched again");
    provider.change(|state| state.text = set_of(&[&old, &new]));
    until("the new key is fetched", || opens(&new));
    for (status, text) in [(500, set_of(&[])), (200, String::new()), (302, String::new()), (200, set_of(&[]))] {
        let before = provider.fetches();
        provider.change(|state| (state.status, state.text) = (status, text));
        until("it is fetched in vain", || !opens(&Key::ec("none")) && provider.fetches() > before);
        assert!(opens(&old) && opens(&new), "the last good set stays");
    }
    let metrics = send(&service, &old.token(&claims("admin")), "GET", "/metrics", "");
    let failed = metrics.text().lines().find_map(|line| line.strip_prefix("crossmatch_oidc_key_fetches_failed_total "));
    assert!(failed.unwrap().parse::<u64>().unwrap() >= 4, "an operator sees it");
}

#[test]
fn no_call_waits_for_a_fetch_and_fetches_do_not_follow_calls() {
    let key = Key::ec("e");
    let provider = Provider::start(set_of(&[&key]));
    let refresh = Refresh { least: Duration::from_secs(3_600), most: Duration::from_secs(7_200) };
    let rare = Service::guarded(Guard::Open.and_tokens(OidcOptions { refresh, ..provider.options() }).unwrap());
    let eager = Service::guarded(Guard::Open.and_tokens(provider.options()).unwrap());
    let before = provider.fetches();
    let unknown = Key::ec("unknown").token(&claims("admin"));
    (0..50).for_each(|_| assert_eq!(get(&rare, &unknown).status, 401));
    assert_eq!(provider.fetches(), before, "an unknown key fetches nothing so soon after the fetch before");
    provider.change(|state| state.stalled = Some(Vec::new()));
    until("a fetch hangs", || get(&eager, &unknown).status == 401 && provider.fetches() > before);
    let begun = Instant::now();
    for _ in 0..20 {
        assert_eq!(get(&eager, &unknown).status, 401);
        assert_eq!(get(&eager, &key.token(&claims("records:read"))).status, 503);
    }
    assert!(begun.elapsed() < Duration::from_secs(5), "calls waited: {:?}", begun.elapsed());
    provider.change(|state| state.stalled = None);
}

#[test]
fn a_provider_that_does_not_answer_at_the_start_is_asked_again() {
    let key = Key::ec("e");
    let provider = Provider::start(String::new());
    let service = Service::guarded(Guard::Open.and_tokens(provider.options()).unwrap());
    let opens = || get(&service, &key.token(&claims("records:read"))).status == 503;
    assert!(!opens());
    provider.change(|state| state.text = set_of(&[&key]));
    until("the keys are fetched", opens);
}

#[test]
fn the_program_takes_tokens_as_its_options_say() {
    let key = Key::rsa("r");
    let jwks = Jwks::new(&[&key]);
    let file = jwks.path();
    let file = file.to_str().unwrap();
    let index = jwks.0.path().join("index");
    let all = ["--oidc-issuer", ISSUER, "--oidc-audience", AUDIENCE, "--oidc-jwks", file, "--oidc-claim", "roles"];
    let program = Program::start_with(&all, &index);
    let status = |program: &Program, claims: &Value| {
        let call = crate::client::Call::new(program.address, "GET", RECORD);
        call.header("Authorization", &format!("Bearer {}", key.token(claims))).send(b"").status
    };
    assert_eq!(status(&program, &with(claims(""), "roles", json!(["records:read"]))), 404);
    assert_eq!(status(&program, &claims("records:read")), 403);
    program.kill();
    // From this machine alone: a proxy could change what is in clear text.
    let provider = Provider::start(set_of(&[&key]));
    let mut command = Command::new(env!("CARGO_BIN_EXE_crossmatch"));
    command.env("CROSSMATCH_OIDC_ISSUER", ISSUER).env("CROSSMATCH_OIDC_AUDIENCE", AUDIENCE);
    command.env("CROSSMATCH_OIDC_JWKS", provider.options().jwks);
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        command.env(name, "http://127.0.0.1:9");
    }
    let program = Program::start(command, &index);
    assert_eq!(status(&program, &claims("records:read")), 404);
    program.kill();
    let crossmatch = |options: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_crossmatch"));
        let output = command.args(["serve", "--index-dir"]).arg(&index).args(options).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, said) = crossmatch(&all[..4]);
    assert!(code == Some(2) && said.contains("--oidc-jwks"), "{said}");
    for (jwks, words) in
        [("none.json", "none.json"), ("http://example.org/jwks", "https"), (env!("CARGO_MANIFEST_DIR"), "keys in")]
    {
        let (code, said) = crossmatch(&["--oidc-issuer", ISSUER, "--oidc-audience", AUDIENCE, "--oidc-jwks", jwks]);
        assert!(code == Some(1) && said.contains(words), "{said}");
    }
    let config = jwks.0.path().join("config.toml");
    std::fs::write(&config, format!("oidc_issuer = \"{ISSUER}\"\n")).unwrap();
    let (code, said) = crossmatch(&["--config", config.to_str().unwrap()]);
    assert!(code == Some(1) && said.contains("oidc_jwks"), "{said}");
}
