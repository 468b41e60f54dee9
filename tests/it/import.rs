//! `crossmatch import` as a user runs it: destinations, counts, reports, exit codes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread::JoinHandle;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/namus").join(name)
}

fn import(arguments: &[&str], files: &[&Path], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_crossmatch"))
        .arg("import")
        .args(arguments)
        .args(files)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that has no use for its input may be gone already.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn lines(bytes: &[u8]) -> Vec<Value> {
    text(bytes).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

const DRY_NAMUS: [&str; 3] = ["--dry-run", "--format", "namus"];

#[test]
fn a_dry_run_prints_records_that_native_reads_back_unchanged() {
    let files = [fixture("missing.json"), fixture("unidentified.json"), fixture("unclaimed.json")];
    let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    let printed = import(&DRY_NAMUS, &files, b"");
    assert!(printed.status.success());
    assert_eq!(lines(&printed.stdout).len(), 12);
    assert_eq!(lines(&printed.stdout)[0]["source"], "namus");
    let counts = text(&printed.stderr);
    assert!(counts.starts_with("read 12, stored 0, unchanged 0, refused 0\nvalues not used: "), "{counts}");
    assert!(counts.contains("\n  county_all "), "{counts}");
    let again = import(&["--dry-run"], &[Path::new("-")], &printed.stdout);
    assert_eq!(again.stdout, printed.stdout);
    assert_eq!(text(&again.stderr), "read 12, stored 0, unchanged 0, refused 0\n");
}

#[test]
fn gzip_is_known_by_its_bytes() {
    let plain = std::fs::read(fixture("one_case.json")).unwrap();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&plain).unwrap();
    let packed = encoder.finish().unwrap();
    let expected = import(&DRY_NAMUS, &[&fixture("one_case.json")], b"").stdout;
    assert!(!expected.is_empty());
    assert_eq!(import(&DRY_NAMUS, &[Path::new("-")], &packed).stdout, expected);
    let torn = import(&DRY_NAMUS, &[Path::new("-")], &packed[..packed.len() / 2]);
    assert_eq!(torn.status.code(), Some(1));
}

#[test]
fn the_source_can_be_named() {
    let named = import(&["--dry-run", "--format", "namus", "--source", "doe"], &[&fixture("one_case.json")], b"");
    assert_eq!(lines(&named.stdout)[0]["source"], "doe");
    let input = b"{\"id\":\"1\",\"kind\":\"missing\"}\n{\"source\":\"own\",\"id\":\"2\",\"kind\":\"missing\"}\n";
    let named = import(&["--dry-run", "--source", "doe"], &[Path::new("-")], input);
    let sources: Vec<Value> = lines(&named.stdout).iter().map(|line| line["source"].clone()).collect();
    assert_eq!(sources, ["doe", "own"]);
}

#[test]
fn refusals_are_reported_and_stop_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let report = directory.path().join("report.ndjson");
    let input = concat!(
        "{\"source\":\"a\",\"id\":\"1\",\"kind\":\"missing\"}\n\n",
        "{\"source\":\"a\",\"id\":\"2\",\"kind\":\"missing\",\"sex\":\"x\",\"birth_date\":\"never\"}\n",
        "{oops\n",
        "{\"source\":\"a\",\"id\":\"3\",\"kind\":\"unclaimed\"}"
    );
    let arguments = ["--dry-run", "--report", report.to_str().unwrap()];
    let done = import(&arguments, &[Path::new("-")], input.as_bytes());
    assert!(done.status.success());
    assert_eq!(lines(&done.stdout).len(), 2);
    let told = text(&done.stderr);
    assert!(
        told.starts_with("crossmatch: -: case 3 (2) is refused: the record has 2 faults; first /sex: unknown_value\n"),
        "{told}"
    );
    assert!(told.ends_with("read 4, stored 0, unchanged 0, refused 2\n"), "{told}");
    let report = lines(&std::fs::read(report).unwrap());
    let of = |line: &Value| (line["case"].clone(), line["code"].clone());
    assert_eq!(
        report.iter().map(of).collect::<Vec<_>>(),
        [(json!(3), json!("invalid_record")), (json!(4), json!("invalid_json"))]
    );
    assert_eq!(report[0]["errors"].as_array().unwrap().len(), 2);
}

#[test]
fn what_cannot_be_done_exits_with_one_and_says_how_to_mend_it() {
    let check = |arguments: &[&str], file: &Path, words: &str| {
        let done = import(arguments, &[file], b"");
        assert_eq!(done.status.code(), Some(1), "{words}");
        assert!(text(&done.stderr).contains(words), "{words}: {}", text(&done.stderr));
    };
    for format in ["namus-csv", "ncic", "pfif"] {
        check(&["--format", format], Path::new("-"), "is not supported yet; use --format native or namus");
    }
    check(&["--dry-run"], Path::new("/no/such/file"), "1 of 1 files could not be read to the end");
    let case = fixture("one_case.json");
    check(&["--format", "namus", "--to", "127.0.0.1"], &case, "--to takes an address such as http://");
    // A port that was free a moment ago and that nobody listens on.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("http://127.0.0.1:{port}");
    check(&["--format", "namus", "--to", &address], &case, "start it with `crossmatch serve`");
}

#[test]
fn a_broken_file_does_not_stop_the_next() {
    let done = import(&DRY_NAMUS, &[Path::new("/no/such/file"), &fixture("one_case.json")], b"");
    assert_eq!(done.status.code(), Some(1));
    assert_eq!(lines(&done.stdout).len(), 1);
}

/// A service that answers one request after another with the given bodies (or 503 for none), and then
/// hands back the lines it was sent.
fn service(answers: Vec<Option<String>>) -> (String, JoinHandle<Vec<Vec<Value>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let serve = move || answers.into_iter().map(|answer| exchange(listener.accept().unwrap().0, answer)).collect();
    (address, std::thread::spawn(serve))
}

fn exchange(stream: TcpStream, answer: Option<String>) -> Vec<Value> {
    let mut stream = BufReader::new(stream);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        head.push(line.trim().to_lowercase());
    }
    assert_eq!(head[0], "post /v1/records:batch http/1.1");
    assert!(head.contains(&"content-type: application/x-ndjson".to_owned()));
    let length = head.iter().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    let (status, answer) = answer.map_or(("503 Busy\r\nretry-after: 0", String::new()), |answer| ("200 OK", answer));
    let length = answer.len();
    let reply = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{answer}");
    stream.get_mut().write_all(reply.as_bytes()).unwrap();
    lines(&body)
}

#[test]
fn records_go_to_a_service_that_may_be_busy_and_answers_a_line_a_line() {
    let answers = [
        json!({"line": 1, "source": "namus", "id": "MP1001", "status": 201, "version": 1}),
        json!({"line": 2, "source": "namus", "id": "MP1002", "status": 200, "version": 1, "unchanged": true}),
        json!({"line": 3, "status": 422, "error": {"code": "invalid_record", "title": "Invalid", "detail": "no"}}),
        json!({"line": 4, "source": "namus", "id": "MP1004", "status": 200, "version": 7}),
    ];
    let answers = answers.iter().map(|answer| format!("{answer}\n")).collect();
    let (address, service) = service(vec![None, Some(answers)]);
    let done = import(&["--format", "namus", "--to", &address], &[&fixture("missing.json")], b"");
    let told = text(&done.stdout);
    assert!(done.status.success(), "{}", text(&done.stderr));
    assert!(told.starts_with("read 4, stored 2, unchanged 1, refused 1\nvalues not used: "), "{told}");
    assert!(text(&done.stderr).ends_with("missing.json: case 3 (MP1003) is refused: no\n"));
    let requests = service.join().unwrap();
    assert_eq!(requests[0], requests[1]);
    let ids: Vec<&Value> = requests[1].iter().map(|line| &line["id"]).collect();
    assert_eq!(ids, ["MP1001", "MP1002", "MP1003", "MP1004"]);
}

#[test]
fn a_service_that_stops_in_the_middle_is_not_taken_for_done() {
    let (address, service) = service(vec![Some("{\"line\":1,\"status\":201,\"version\":1}\n".to_owned())]);
    let done = import(&["--format", "namus", "--to", &address], &[&fixture("missing.json")], b"");
    assert_eq!(done.status.code(), Some(1));
    assert!(text(&done.stderr).contains("answered 1 of 4 lines; import again"), "{}", text(&done.stderr));
    service.join().unwrap();
}
