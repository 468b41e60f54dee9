//! One function for every parser of outside input: it is given any bytes, and must neither panic nor break what it promises.
//!
//! The fuzzer (`cargo +nightly fuzz run TARGET`) looks for inputs; those worth keeping are in `corpus/TARGET`, and `cargo
//! test` tries each of them again (`tests/it/corpus.rs`).

use std::ops::ControlFlow;
use std::sync::LazyLock;

use crossmatch::corpus::{ColumnsFile, CorpusWriter, Encoded, Snapshot};
use crossmatch::http::Cutter;
use crossmatch::interchange::{Case, namus, native};
use crossmatch::matching::{self, Request, Search};
use crossmatch::model::{Bits, Model};
use crossmatch::record::json::{self, Invalid};
use crossmatch::record::{DateInterval, Kind, Record, Reference};
use crossmatch::simulate::{Counts, Simulation};
use crossmatch::text::{SearchRequest, TextIndex};
use serde_json::{Value, json};

/// What is done with an input.
pub(crate) type Target = fn(&[u8]);

/// What is fuzzed, by the name of its corpus.
pub(crate) const TARGETS: &[(&str, Target)] = &[
    ("batch", batch),
    ("columns", columns),
    ("date", date),
    ("dental", dental),
    ("fingerprint", fingerprint),
    ("marks", marks),
    ("model", model),
    ("names", names),
    ("namus", namus),
    ("record", record),
    ("search", search),
];

/// Records to weigh what was read against.
static COLLECTION: LazyLock<(Snapshot, Vec<Record>)> = LazyLock::new(|| {
    let counts = Counts { missing: 24, unidentified: 24, unclaimed: 24, twins: 6 };
    let simulation = Simulation::new(counts, 3).expect("a collection");
    let (mut writer, mut records) = (CorpusWriter::default(), Vec::new());
    for &kind in Kind::ALL {
        for at in 0..simulation.count(kind) {
            let made = simulation.record(kind, at).json;
            let read = json::parse(made.as_bytes()).and_then(|tree| json::read_with_reference(&tree));
            let (reference, record) = read.expect("a record");
            writer.put(reference, &record);
            records.push(record);
        }
    }
    (writer.snapshot(1), records)
});
static MODEL: LazyLock<Model> = LazyLock::new(Model::default);

/// A record's JSON: what is read is written as the same record, and can be weighed against anything.
pub(crate) fn record(bytes: &[u8]) {
    let Ok(tree) = json::parse(bytes) else { return };
    match json::read(&tree) {
        Ok((_, record)) => {
            let written = json::write(&record);
            let again = json::parse(written.as_bytes()).and_then(|tree| json::read(&tree));
            assert_eq!(again.map(|(_, record)| json::write(&record)), Ok(written));
            weigh(&record);
        }
        Err(Invalid::Faults(faults)) => {
            assert!(!faults.is_empty());
            assert!(faults.iter().all(|fault| fault.pointer.is_empty() || fault.pointer.starts_with('/')));
        }
        Err(Invalid::Json { .. }) => panic!("it was JSON before"),
    }
}

/// Of every candidate in a collection the evidence sums to its score.
fn list(snapshot: &Snapshot, record: &Record) {
    let ruled_out = Default::default();
    let request =
        Request { limit: 5, min_bits: None, kind: None, include_unverified: true, itself: None, ruled_out: &ruled_out };
    for candidate in Search::new(snapshot, &MODEL, &Encoded::of(record), request).scan(None).list().candidates {
        let sum: Bits = candidate.weight.evidence.iter().map(|evidence| evidence.bits).sum();
        assert_eq!(sum, candidate.weight.score);
    }
}

/// The evidence of every candidate sums to its score, whoever asks.
fn weigh(record: &Record) {
    let (snapshot, records) = &*COLLECTION;
    list(snapshot, record);
    for other in records.iter().step_by(9).filter(|other| other.kind != record.kind) {
        let bits = |a: &Record, b: &Record| -> Bits {
            let told = matching::evidence(snapshot, &MODEL, a, std::iter::once(b));
            told.iter().flatten().map(|evidence| evidence.bits).sum()
        };
        let facing = matching::faces(record.kind).contains(&other.kind);
        assert!(!facing || bits(record, other) == bits(other, record), "{} {}", record.kind.code(), other.kind.code());
    }
}

/// Reads a record with one field out of `text`, which has been wrapped into what the field asks for.
fn field(kind: &str, name: &str, value: Value) {
    let mut whole = json!({ "kind": kind });
    whole[name] = value;
    record(whole.to_string().as_bytes());
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

/// The class of ten fingers.
pub(crate) fn fingerprint(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    field("missing", "fingerprint_class", json!(text));
}

/// Teeth, one a line: number, blank, state; the first line is the notation.
pub(crate) fn dental(bytes: &[u8]) {
    let Some((notation, lines)) = text(bytes).and_then(|text| text.split_once('\n')) else { return };
    let teeth: serde_json::Map<String, Value> = lines
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(tooth, state)| (tooth.into(), state.into()))
        .collect();
    field("unidentified", "dental", json!({ "notation": notation, "teeth": teeth }));
}

/// What clerks write of marks and belongings, one a line.
pub(crate) fn marks(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    let told = |name: &str, kind: &str| -> Value {
        text.lines()
            .filter(|line| !line.trim().is_empty())
            .take(20)
            .map(|line| json!({name: kind, "description": line}))
            .collect()
    };
    field("missing", "features", told("kind", "tattoo"));
    field("unidentified", "features", told("kind", "other"));
    field("unidentified", "belongings", told("category", "jewelry"));
}

/// Names in any script: whole ones, one a line.
pub(crate) fn names(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    let whole: Value = text.lines().take(5).map(|line| json!({ "use": "legal", "full": line })).collect();
    field("missing", "names", whole.clone());
    field("unclaimed", "names", whole);
}

/// A date or an interval of dates: what is read is written so that it is read again.
pub(crate) fn date(bytes: &[u8]) {
    let Some(Ok(interval)) = text(bytes).map(DateInterval::parse) else { return };
    let again = DateInterval::parse(interval.as_str()).expect("what was read is read again");
    assert_eq!((interval.first(), interval.last()), (again.first(), again.last()));
    assert!(interval.first().zip(interval.last()).is_none_or(|(first, last)| first <= last));
    field("missing", "birth_date", json!(interval.as_str()));
}

/// A body of lines, in pieces of any size: the lines are those of the whole, and each is read as an import reads it.
pub(crate) fn batch(bytes: &[u8]) {
    let Some((&size, body)) = bytes.split_first() else { return };
    let cut = |size: usize| {
        let (mut cutter, mut lines) = (Cutter::new(64), Vec::new());
        for piece in body.chunks(size) {
            cutter.push(piece);
            lines.extend(std::iter::from_fn(|| cutter.next()));
        }
        lines.extend(cutter.last());
        lines
    };
    assert_eq!(cut(usize::from(size).max(1)), cut(body.len().max(1)));
    let mut seen = 0;
    let mut each = |case: Case| {
        assert!(case.number > seen, "lines are told in order");
        seen = case.number;
        ControlFlow::Continue(())
    };
    let _ = native::read(body, None, &mut each);
}

/// Cases as NamUs publishes them.
pub(crate) fn namus(bytes: &[u8]) {
    let mut each = |case: Case| {
        if let Ok((_, read)) = case.record {
            record(json::write(&read).as_bytes());
        }
        ControlFlow::Continue(())
    };
    let _ = namus::read(bytes, namus::SOURCE, &mut each);
}

/// A search: refused, or answered within its limit.
pub(crate) fn search(bytes: &[u8]) {
    static INDEX: LazyLock<(tempfile::TempDir, TextIndex)> = LazyLock::new(|| {
        let directory = tempfile::tempdir().expect("a directory");
        let (index, _) = TextIndex::open(directory.path()).expect("an index");
        for (at, record) in COLLECTION.1.iter().enumerate() {
            index.stage(&Reference::new("sim", &at.to_string()).expect("a reference"), record).expect("staged");
        }
        index.commit(1).expect("a commit");
        (directory, index)
    });
    let Some(text) = text(bytes) else { return };
    let (query, token) = text.split_once('\n').map_or((text, None), |(query, token)| (query, Some(token.to_owned())));
    let request = SearchRequest { query: query.to_owned(), limit: 3, page_token: token, ..SearchRequest::default() };
    let fetch = |reference: &Reference| COLLECTION.1.get(reference.id().parse::<usize>().ok()?).cloned();
    if let Ok(page) = INDEX.1.search(&request, fetch) {
        assert!(page.hits.len() <= 3);
    }
}

/// A columns' file of the collection, without what stands before its body.
pub(crate) fn whole_columns() -> Vec<u8> {
    ColumnsFile::encode(&COLLECTION.0).expect("a columns' file")[1..].concat()
}

/// The columns' file behind a checksum that holds, as only somebody who can write the file could make it. What can be read is
/// written as the same, and can be searched.
pub(crate) fn columns(bytes: &[u8]) {
    let framed = ColumnsFile::framed(bytes);
    if let Ok((writer, sequence)) = ColumnsFile::decode(&framed) {
        let snapshot = writer.snapshot(sequence);
        let encoded = ColumnsFile::encode(&snapshot).expect("what was read is written").concat();
        let (again, sequence) = ColumnsFile::decode(&encoded).expect("what was written is read");
        assert!(ColumnsFile::encode(&again.snapshot(sequence)).expect("the same").concat() == encoded);
        COLLECTION.1.iter().step_by(24).for_each(|record| list(&snapshot, record));
    }
    assert!(ColumnsFile::decode(bytes).is_err() || bytes.len() > 24);
}

/// A model's file.
pub(crate) fn model(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    if let Ok(model) = Model::parse(text) {
        let (snapshot, records) = &*COLLECTION;
        let _ = matching::evidence(snapshot, &model, &records[0], records.iter().skip(24).step_by(8));
    }
}
