//! Every level of every attribute, with a missing person and a body that are at it, whichever of the two asks.

use std::collections::BTreeSet;

use crossmatch::corpus::{CorpusWriter, Encoded, Snapshot};
use crossmatch::model::Model;
use crossmatch::record::{Kind, Reference};
use crossmatch::simulate::{Counts, Simulation};
use serde_json::{Value, json};

use crate::population::read;

/// Attribute, level, missing person and body.
fn pairs() -> impl Iterator<Item = (&'static str, &'static str, Value, Value)> {
    let lines = include_str!("levels.tsv").lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| {
        let [attribute, level, missing, body] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        (attribute, level, serde_json::from_str(missing).unwrap(), serde_json::from_str(body).unwrap())
    })
}

fn collection() -> Snapshot {
    let simulation = Simulation::new(Counts { missing: 400, unidentified: 200, unclaimed: 50, twins: 100 }, 7).unwrap();
    let mut writer = CorpusWriter::default();
    for one in Kind::ALL.iter().flat_map(|kind| simulation.records(*kind)) {
        let mut record: Value = serde_json::from_str(&one.json).unwrap();
        let named = record.as_object_mut().unwrap();
        ["source", "id"].into_iter().for_each(|name| drop(named.remove(name)));
        writer.put(Reference::new(one.source, &one.id).unwrap(), &read(&record));
    }
    writer.snapshot(1)
}

#[test]
fn every_level_has_its_pair() {
    let (snapshot, model) = (collection(), Model::default());
    let (mut faults, mut seen) = (Vec::new(), BTreeSet::new());
    for (attribute, level, mut missing, mut body) in pairs() {
        missing["kind"] = json!("missing");
        body["kind"] = json!("unidentified");
        let columns = snapshot.columns().iter().find(|columns| columns.about().name == attribute).unwrap();
        let [missing, body] = [read(&missing), read(&body)];
        let told = [(&missing, &body), (&body, &missing)].map(|(query, candidate)| {
            let query = Encoded::of(query);
            columns.weigher(&model, &query, candidate.kind)?.explain_record(candidate)
        });
        let levels = told.each_ref().map(|evidence| evidence.as_ref().map(|evidence| evidence.level));
        if levels != [Some(level); 2] {
            faults.push(format!("{attribute}: {levels:?}, not {level}: {told:?}"));
        }
        seen.insert((attribute, level));
    }
    for columns in snapshot.columns() {
        let about = columns.about();
        let without = about.levels.iter().filter(|(level, _)| !seen.contains(&(about.name, *level)));
        faults.extend(without.map(|(level, _)| format!("{}: nothing is {level}", about.name)));
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}
