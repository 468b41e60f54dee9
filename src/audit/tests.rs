//! A trail holds what was appended, shows every change of it, and goes on after anything that happens to its file.

use std::fs;
use std::path::{Path, PathBuf};

use super::*;

fn entry(action: &str, record: &str) -> Entry {
    Entry {
        at: Timestamp::UNIX_EPOCH,
        since: None,
        count: None,
        who: "key:1".to_owned(),
        from: Some("127.0.0.1".to_owned()),
        action: action.to_owned(),
        records: vec![record.to_owned()],
        seen: Vec::new(),
        exclusion: None,
        status: 200,
        model: None,
        request_id: "r".to_owned(),
    }
}

fn append(trail: &Trail, entries: impl IntoIterator<Item = Entry>) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    entries.into_iter().for_each(|entry| runtime.block_on(trail.append(entry)));
}

/// A directory with a trail of `count` lines, and the trail's file.
fn trail(count: usize) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("a directory");
    let trail = Trail::open(directory.path()).expect("a trail");
    append(&trail, (0..count).map(|at| entry("compare", &format!("a/{}", at % 7))));
    let file = directory.path().join(FILE);
    (directory, file)
}

fn sequences(page: &Page) -> Vec<u64> {
    let sequence = |line: &String| serde_json::from_str::<serde_json::Value>(line).expect("JSON")["sequence"].as_u64();
    page.lines.iter().filter_map(sequence).collect()
}

#[test]
fn every_change_of_the_file_breaks_the_chain_at_its_line() {
    let (_directory, file) = trail(9);
    let text = fs::read_to_string(&file).expect("the file");
    let whole = verify(&file, None).expect("a chain");
    assert_eq!(whole.lines, 9);
    let lines: Vec<&str> = text.lines().collect();
    let check = |lines: &[&str], broken: u64| {
        fs::write(&file, lines.join("\n") + "\n").expect("written");
        let found = verify(&file, None).expect_err("a broken chain").to_string();
        assert!(found.starts_with(&format!("line {broken}:")), "{found}");
    };
    for at in 0..lines.len() {
        let changed = lines[at].replace("key:1", "key:2");
        let line = at as u64 + 1;
        check(&[&lines[..at], &[changed.as_str()], &lines[at + 1..]].concat(), line);
        check(&[&lines[..=at], &lines[at..]].concat(), line + 1);
        if at + 1 < lines.len() {
            check(&[&lines[..at], &lines[at + 1..]].concat(), line);
        }
    }
    // What is cut off at the end leaves a chain that holds, without the head that was kept elsewhere.
    fs::write(&file, lines[..5].join("\n") + "\n").expect("written");
    let cut = verify(&file, Some(&whole.head)).expect("a chain");
    assert_eq!((cut.lines, cut.contains), (5, false));
    fs::write(&file, &text).expect("written");
    assert!(verify(&file, Some(&cut.head)).expect("a chain").contains);
}

#[test]
fn a_trail_goes_on_where_it_was_and_cuts_off_half_a_line() {
    let (directory, file) = trail(3);
    let whole = fs::read(&file).expect("the file");
    fs::write(&file, [&whole[..], b"{\"sequence\":4,\"prev"].concat()).expect("written");
    let again = Trail::open(directory.path()).expect("the trail again");
    append(&again, [entry("read", "a/1")]);
    assert_eq!(sequences(&again.page(0, 10, None).expect("a page")), [1, 2, 3, 4]);
    drop(again);
    assert_eq!(verify(&file, None).expect("a chain").lines, 4);
}

#[test]
fn a_file_that_is_no_trail_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join(FILE);
    fs::write(&file, "{}\n").expect("written");
    assert!(matches!(Trail::open(directory.path()), Err(TrailError::Broken { .. })));
    assert_eq!(fs::read(&file).expect("the file"), b"{}\n");
}

#[test]
fn one_process_writes_a_trail() {
    let directory = tempfile::tempdir().expect("a directory");
    let _first = Trail::open(directory.path()).expect("a trail");
    assert!(matches!(Trail::open(directory.path()), Err(TrailError::Locked(_))));
}

/// All lines from page to page.
fn walk(trail: &Trail, limit: usize, record: Option<&str>) -> Vec<u64> {
    let (mut after, mut found) = (0, Vec::new());
    loop {
        let page = trail.page(after, limit, record).expect("a page");
        assert!(page.lines.len() <= limit);
        found.extend(sequences(&page));
        let Some(next) = page.next else { return found };
        after = next;
    }
}

#[test]
fn pages_hold_every_line_once_also_after_a_restart() {
    let directory = tempfile::tempdir().expect("a directory");
    let trail = Trail::open(directory.path()).expect("a trail");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let all = (0..5_000).map(|at| trail.append(entry("compare", &format!("a/{}", at % 7))));
    runtime.block_on(futures_util::future::join_all(all));
    let of_one: Vec<u64> = (1..=5_000).filter(|at| at % 7 == 4).collect();
    let check = |trail: &Trail| {
        assert_eq!(walk(trail, 97, None), (1..=5_000).collect::<Vec<u64>>());
        assert_eq!(walk(trail, 97, Some("a/3")), of_one);
        assert_eq!(walk(trail, 10, Some("a/33")), Vec::<u64>::new());
    };
    check(&trail);
    drop(trail);
    check(&Trail::open(directory.path()).expect("the trail again"));
    assert!(walk(&Trail::open(Path::new(directory.path())).expect("again"), 1_000, None).len() == 5_000);
}
