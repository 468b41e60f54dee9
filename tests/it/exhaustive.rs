//! The service's doubt of itself is worth something: a right list agrees with its exhaustive weighing, a wrong one never.

use crossmatch::corpus::CorpusWriter;
use crossmatch::matching::{CandidateList, Request, Search, agrees};
use crossmatch::model::Model;
use crossmatch::record::{Kind, json};
use crossmatch::simulate::{Counts, Simulation};

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
    let list = Search::new(&snapshot, &model, &record, request).scan(None).list();
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
