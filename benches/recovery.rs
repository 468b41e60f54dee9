//! The columns' file: how long a restart takes.

use std::hint::black_box;

use criterion::Criterion;
use crossmatch::corpus::ColumnsFile;

use super::collection::Collection;
use super::report::{Report, measure};

pub(crate) fn bench(criterion: &mut Criterion, report: &mut Report, collection: &Collection) {
    let size = collection.size;
    let mut pieces = Vec::new();
    let times = measure(criterion, &format!("recovery/encode/{size}"), || {
        pieces = ColumnsFile::encode(&collection.snapshot).expect("a file");
    });
    let bytes = pieces.concat();
    report.add("recovery encode", size, &times).floor(bytes.len() as u64);
    if bytes.is_empty() {
        return;
    }
    let times = measure(criterion, &format!("recovery/decode/{size}"), || {
        black_box(ColumnsFile::decode(&bytes).expect("columns"));
    });
    let note = format!("{:.0} bytes a record on disk", bytes.len() as f64 / size as f64);
    report.add("recovery decode", size, &times).floor(bytes.len() as u64).note(note);
}
