//! A disk that fails at any change of the file loses nothing that was acknowledged, goes on being read, and is written
//! again when it can be.

use std::collections::BTreeMap;
use std::path::Path;

use uuid::Uuid;

use super::disk::faults::fail_after;
use super::{Applied, Asked, ExclusionsRequest, Origin, Refusal, Store, StoreError, Write};
use crate::exclusion::tests::exclusion;
use crate::record::Reference;

/// What is stored: version and text by reference, and the exclusions with their reviews by number.
type Contents = (BTreeMap<Reference, (u64, String)>, BTreeMap<Uuid, bool>);

fn reference(id: usize) -> Reference {
    Reference::new("store", &id.to_string()).expect("a reference")
}

fn put(id: usize, text: &str) -> Write {
    let json = format!(r#"{{"kind":"missing","narrative":"{}"}}"#, text.repeat(100));
    Write::Put { reference: reference(id), json, if_version: None }
}

/// An exclusion of two records, numbered after the first.
fn exclude(a: usize, b: usize) -> Write {
    let (a, b) = (reference(a), reference(b));
    let exclusion = exclusion(a.id().parse().expect("a number"), a, b);
    Write::Exclude { exclusion: Box::new(exclusion), key: None }
}

fn withdraw(id: u128) -> Write {
    Write::Withdraw { id: Uuid::from_u128(id) }
}

/// Records that the last commit deletes.
const DELETED: usize = 30;

/// Commits of all sorts: the first makes the file grow, the last deletes.
fn commits() -> Vec<Vec<Asked>> {
    let commits: [Vec<Write>; 4] = [
        (0..60).map(|id| put(id, "first")).collect(),
        vec![
            put(3, "second"),
            Write::Delete { reference: reference(4), if_version: None },
            put(4, "again"),
            exclude(1, 2),
            exclude(3, 5),
        ],
        (50..90).map(|id| put(id, "third")).chain([put(3, "reopens"), withdraw(1)]).collect(),
        (0..DELETED).map(|id| Write::Delete { reference: reference(id), if_version: None }).collect(),
    ];
    commits.into_iter().map(|writes| writes.into_iter().map(Asked::from).collect()).collect()
}

fn contents(store: &Store) -> Contents {
    let mut found = BTreeMap::new();
    store
        .each(64, |batch| {
            for (reference, json) in batch {
                let version = store.get(&reference).expect("a read").expect("the record").version;
                found.insert(reference, (version, json));
            }
        })
        .expect("every record");
    let all = ExclusionsRequest { after: None, record: None, review: None, limit: usize::MAX };
    let exclusions = store.exclusions(&all).expect("every exclusion").into_iter();
    (found, exclusions.map(|exclusion| (exclusion.id, exclusion.review)).collect())
}

/// What the contents become.
fn after(mut contents: Contents, writes: &[Asked], applied: &[Applied]) -> Contents {
    for (asked, applied) in writes.iter().zip(applied) {
        match (&asked.write, applied) {
            (Write::Put { reference, json, .. }, Applied::Inserted(version) | Applied::Replaced(version)) => {
                contents.0.insert(reference.clone(), (*version, json.clone()));
                // Only the third record's exclusion is still there when the record changes.
                contents.1.entry(Uuid::from_u128(3)).and_modify(|review| *review |= *reference == self::reference(3));
            }
            (Write::Delete { reference, .. }, Applied::Deleted) => drop(contents.0.remove(reference)),
            (Write::Exclude { exclusion, .. }, Applied::Excluded(id)) => {
                assert_eq!(*id, exclusion.id);
                contents.1.insert(*id, false);
            }
            (Write::Withdraw { id }, Applied::Deleted) => drop(contents.1.remove(id)),
            _ => {}
        }
    }
    contents
}

/// The contents before each commit and after the last, where nothing fails.
fn in_order() -> Vec<Contents> {
    let directory = tempfile::tempdir().expect("a directory");
    let store = Store::open(directory.path()).expect("a store");
    let mut states = vec![Contents::default()];
    for writes in commits() {
        store.apply(&writes).expect("a commit");
        states.push(contents(&store));
    }
    states
}

/// Fails at one change of the file, goes on, and says whether it came to that.
fn fails_once_at(directory: &Path, change: u32, in_order: &[Contents]) -> bool {
    let store = Store::open(directory).expect("a store");
    let mut acknowledged = Contents::default();
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

#[test]
fn the_records_are_for_their_own_user_alone() {
    use std::os::unix::fs::PermissionsExt;

    let directory = tempfile::tempdir().expect("a directory");
    let _store = Store::open(directory.path()).expect("a store");
    let mode = |name: &str| directory.path().join(name).metadata().expect(name).permissions().mode();
    assert_eq!(mode("records.redb") & 0o077, 0);
    let made = directory.path().join("made");
    drop(Store::open(&made).expect("a store"));
    assert_eq!(made.metadata().expect("the directory").permissions().mode() & 0o077, 0);
}

#[test]
fn a_write_is_kept_with_its_call_until_it_is_forgotten() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = Store::open(directory.path()).expect("a store");
    let by = |call: &str| Origin { request_id: call.to_owned(), caller: "key:a\tb".to_owned() };
    let asked = |id, call: &str| Asked { write: put(id, "text"), by: Some(by(call)) };
    store.apply(&[asked(1, "r1"), put(2, "text").into(), asked(3, "r2"), asked(3, "r3")]).expect("a commit");
    let called = [(reference(1), by("r1")), (reference(3), by("r2"))];
    assert_eq!(store.called().expect("the calls"), called, "what changed nothing is not kept");
    let changes = store.changes_since(0, 9).expect("a read").expect("the changes");
    assert_eq!(changes, [(1, reference(1)), (2, reference(2)), (3, reference(3))]);
    store.forget_changes(2).expect("a commit");
    assert_eq!(store.called().expect("the calls"), called[1..]);
}

#[test]
fn a_damaged_page_is_an_error_and_never_the_end_of_the_program() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = Store::open(directory.path()).expect("a store");
    commits().iter().for_each(|writes| drop(store.apply(writes).expect("a commit")));
    drop(store);
    let file = directory.path().join(super::RECORDS_FILE);
    let sound = std::fs::read(&file).expect("the file");
    let mut refused = 0;
    for page in (4_096..sound.len()).step_by(4_096) {
        let mut damaged = sound.clone();
        damaged[page..][..64].fill(0xa5);
        std::fs::write(&file, &damaged).expect("a file");
        let read = Store::open(directory.path()).and_then(|store| {
            (0..90).try_for_each(|id| store.get(&reference(id)).map(drop))?;
            store.each(16, drop)?;
            store.apply(&[put(200, "after").into()])
        });
        refused += usize::from(matches!(read, Err(StoreError::Unusable { .. })));
        assert!(matches!(read, Ok(_) | Err(StoreError::Unusable { .. } | StoreError::Disk { .. })), "{read:?}");
    }
    assert!(refused > 3, "{refused}");
}
