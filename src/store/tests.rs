//! A disk that fails at any change of the file loses nothing that was acknowledged, goes on being read, and is written
//! again when it can be.

use std::collections::BTreeMap;
use std::path::Path;

use super::disk::faults::fail_after;
use super::{Applied, Refusal, Store, StoreError, Write};
use crate::record::Reference;

/// What is stored: version and text by reference.
type Contents = BTreeMap<Reference, (u64, String)>;

fn reference(id: usize) -> Reference {
    Reference::new("store", &id.to_string()).expect("a reference")
}

fn put(id: usize, text: &str) -> Write {
    Write::Put { reference: reference(id), json: text.repeat(100), if_version: None }
}

/// Records that the last commit deletes.
const DELETED: usize = 30;

/// Commits of all sorts: the first makes the file grow, the last deletes.
fn commits() -> Vec<Vec<Write>> {
    vec![
        (0..60).map(|id| put(id, "first")).collect(),
        vec![put(3, "second"), Write::Delete { reference: reference(4) }, put(4, "again")],
        (50..90).map(|id| put(id, "third")).collect(),
        (0..DELETED).map(|id| Write::Delete { reference: reference(id) }).collect(),
    ]
}

fn contents(store: &Store) -> Contents {
    let mut found = Contents::new();
    store
        .each(64, |batch| {
            for (reference, json) in batch {
                let version = store.get(&reference).expect("a read").expect("the record").version;
                found.insert(reference, (version, json));
            }
        })
        .expect("every record");
    found
}

/// What the contents become.
fn after(mut contents: Contents, writes: &[Write], applied: &[Applied]) -> Contents {
    for (write, applied) in writes.iter().zip(applied) {
        match (write, applied) {
            (Write::Put { reference, json, .. }, Applied::Inserted(version) | Applied::Replaced(version)) => {
                contents.insert(reference.clone(), (*version, json.clone()));
            }
            (Write::Delete { reference }, Applied::Deleted) => drop(contents.remove(reference)),
            _ => {}
        }
    }
    contents
}

/// The contents before each commit and after the last, where nothing fails.
fn in_order() -> Vec<Contents> {
    let directory = tempfile::tempdir().expect("a directory");
    let store = Store::open(directory.path()).expect("a store");
    let mut states = vec![Contents::new()];
    for writes in commits() {
        store.apply(&writes).expect("a commit");
        states.push(contents(&store));
    }
    states
}

/// Fails at one change of the file, goes on, and says whether it came to that.
fn fails_once_at(directory: &Path, change: u32, in_order: &[Contents]) -> bool {
    let store = Store::open(directory).expect("a store");
    let mut acknowledged = Contents::new();
    fail_after(Some(change));
    let mut failed = false;
    for (at, writes) in commits().iter().enumerate() {
        let (applied, _) = store.apply(writes).unwrap_or_else(|error| {
            assert!(matches!(error, StoreError::Disk { refusal: Refusal::Full, .. }), "{error}");
            assert!(!failed, "a disk with room is written again");
            failed = true;
            let before = contents(&store);
            assert!(in_order[at..=at + 1].contains(&before), "all of the commit is there or nothing of it");
            assert!(matches!(store.apply(writes), Err(StoreError::Disk { refusal: Refusal::Full, .. })));
            assert_eq!(contents(&store), before, "reading goes on");
            fail_after(None);
            acknowledged = before;
            store.apply(writes).expect("a disk with room")
        });
        acknowledged = after(std::mem::take(&mut acknowledged), writes, &applied);
        assert_eq!(contents(&store), acknowledged);
    }
    fail_after(None);
    drop(store);
    assert_eq!(contents(&Store::open(directory).expect("the store again")), acknowledged);
    failed
}

/// Fails at one change of the file and never again writes it, as when the power is cut.
fn ends_at(directory: &Path, change: u32, in_order: &[Contents]) {
    let store = Store::open(directory).expect("a store");
    fail_after(Some(change));
    let commits = commits();
    let acknowledged = commits.iter().take_while(|writes| store.apply(writes).is_ok()).count();
    drop(store);
    fail_after(None);
    let found = contents(&Store::open(directory).expect("the store again"));
    let states = &in_order[acknowledged..in_order.len().min(acknowledged + 2)];
    assert!(states.contains(&found), "what was acknowledged, and at most the commit that failed");
}

#[test]
fn every_change_of_the_file_may_fail_once() {
    let in_order = in_order();
    let mut change = 0;
    while fails_once_at(tempfile::tempdir().expect("a directory").path(), change, &in_order) {
        change += 1;
    }
    assert!(change > 20, "{change}");
}

#[test]
fn every_change_of_the_file_may_be_the_last() {
    let in_order = in_order();
    for change in 0..40 {
        ends_at(tempfile::tempdir().expect("a directory").path(), change, &in_order);
    }
}
