//! The service's doubt of itself is worth something: a right list agrees with its exhaustive weighing, a wrong one never.
//! What the queries of a snapshot share is that snapshot's, whatever is written meanwhile.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crossmatch::corpus::{CorpusWriter, Encoded, Snapshot};
use crossmatch::matching::{CandidateList, Request, Search, agrees};
use crossmatch::model::Model;
use crossmatch::record::{Kind, Record, Reference, json};
use crossmatch::simulate::{Counts, Simulation};
use proptest::prelude::*;
use rustc_hash::FxHashSet;

use crate::population::{record, reference};

/// A small collection, and a query with its list.
fn with_a_list(check: impl Fn(&CandidateList, &dyn Fn(&CandidateList) -> bool)) {
    let counts = Counts { missing: 300, unidentified: 60, unclaimed: 60, twins: 20 };
    let simulation = Simulation::new(counts, 3).expect("a collection");
    let mut writer = CorpusWriter::default();
    let mut query = None;
    for record in Kind::ALL.iter().flat_map(|&kind| simulation.records(kind)) {
        let tree = json::parse(record.json.as_bytes()).expect("JSON");
        let (reference, record) = json::read_with_reference(&tree).expect("a record");
        writer.put(reference.clone(), &record);
        query = query.or_else(|| (record.kind == Kind::Unidentified).then_some((reference, record)));
    }
    let (snapshot, model) = (writer.snapshot(1), Model::default());
    let (reference, record) = query.expect("remains");
    let others = snapshot.rows(Kind::Missing).iter().filter_map(|row| row.reference.clone());
    let ruled_out = others.step_by(50).collect();
    let request = Request {
        limit: 10,
        min_bits: None,
        kind: None,
        include_unverified: true,
        itself: Some(&reference),
        ruled_out: &ruled_out,
    };
    let list = Search::new(&snapshot, &model, &Encoded::of(&record), request).scan(None).list();
    check(&list, &|list| agrees(list, &snapshot, &model, &record, request));
}

#[test]
fn a_list_agrees_with_itself_weighed_again() {
    with_a_list(|list, agrees| assert!(agrees(list)));
}

#[test]
fn whatever_is_wrong_with_a_list_is_seen() {
    let faults: [fn(&mut CandidateList); 8] = [
        |list| list.candidates.swap(0, 1),
        |list| drop(list.candidates.remove(3)),
        |list| drop(list.candidates.pop()),
        |list| list.candidates[2].weight.score.0 += 1,
        |list| list.candidates[4].weight.evidence[0].bits.0 -= 1,
        |list| list.none_of_these += 1e-5,
        |list| list.searched.records -= 1,
        |list| list.searched.excluded += 1,
    ];
    with_a_list(|list, agrees| {
        for (at, fault) in faults.iter().enumerate() {
            let mut wrong = list.clone();
            fault(&mut wrong);
            assert!(!agrees(&wrong), "fault {at}");
        }
    });
}

#[derive(Clone, Debug)]
enum Step {
    Put(Reference, Box<Record>),
    Remove(Reference),
    Snapshot,
    /// Asks one of the snapshots.
    Ask(usize, Box<Record>),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (reference(), record()).prop_map(|(reference, record)| Step::Put(reference, Box::new(record))),
        1 => reference().prop_map(Step::Remove),
        2 => Just(Step::Snapshot),
        3 => (any::<usize>(), record()).prop_map(|(at, record)| Step::Ask(at, Box::new(record))),
    ];
    prop::collection::vec(step, 1..40)
}

/// A snapshot, which queries share, and another of the same records, which nobody has asked before.
struct Shared {
    snapshot: Snapshot,
    afresh: Snapshot,
}

impl Shared {
    fn of(writer: &CorpusWriter, records: &BTreeMap<Reference, Record>) -> Self {
        let mut other = CorpusWriter::default();
        records.iter().for_each(|(reference, record)| other.put(reference.clone(), record));
        Self { snapshot: writer.snapshot(0), afresh: other.snapshot(0) }
    }

    fn lists_what_weighing_by_itself_gives(&self, query: &Record) -> bool {
        static MODEL: LazyLock<Model> = LazyLock::new(Model::default);
        let ruled_out = FxHashSet::default();
        let (min_bits, kind, itself) = (None, None, None);
        let request = Request { limit: 5, min_bits, kind, include_unverified: true, itself, ruled_out: &ruled_out };
        let list = Search::new(&self.snapshot, &MODEL, &Encoded::of(query), request).scan(None).list();
        [&self.snapshot, &self.afresh].into_iter().all(|snapshot| agrees(&list, snapshot, &MODEL, query, request))
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn queries_share_nothing_with_another_snapshot(steps in steps()) {
        let (mut writer, mut records) = (CorpusWriter::default(), BTreeMap::new());
        let (mut snapshots, mut queries) = (Vec::new(), Vec::new());
        for step in steps {
            match step {
                Step::Put(reference, record) => {
                    writer.put(reference.clone(), &record);
                    records.insert(reference, *record);
                }
                Step::Remove(reference) => {
                    writer.remove(&reference);
                    records.remove(&reference);
                }
                Step::Snapshot => snapshots.push(Shared::of(&writer, &records)),
                Step::Ask(at, query) => {
                    if let Some(snapshot) = at.checked_rem(snapshots.len()).and_then(|at| snapshots.get(at)) {
                        prop_assert!(snapshot.lists_what_weighing_by_itself_gives(&query));
                    }
                    queries.push(query);
                }
            }
        }
        for snapshot in &snapshots {
            for query in queries.iter().take(2) {
                prop_assert!(snapshot.lists_what_weighing_by_itself_gives(query));
            }
        }
    }
}
