//! Reading a collection of known truth: three files of records, and pairs of identifiers with their tier.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use rustc_hash::FxHashMap;

use crate::cli::Failure;
use crate::record::json::{self, Invalid};
use crate::record::{Kind, Record, Reference};

/// Two records of one person.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pair {
    /// The missing person's record.
    pub(super) missing: Reference,
    /// The unidentified or unclaimed record.
    pub(super) other: Reference,
    /// The side of `other`.
    pub(super) kind: Kind,
    /// What both carry, in the words of `truth.tsv`.
    pub(super) tier: String,
}

/// A line of `truth.tsv`.
struct Truth {
    missing: String,
    other: String,
    tier: String,
}

/// A directory of records and truth. Records are streamed, not held; what is kept is who they are.
pub(super) struct Collection {
    files: Vec<PathBuf>,
    truth: Vec<Truth>,
    /// Every missing person's record, in the file's order.
    pub(super) missing: Vec<Reference>,
    /// Lines that are no records, and why.
    pub(super) refused: Vec<String>,
    /// Records that the truth names, by identifier.
    named: FxHashMap<String, Option<(Reference, Kind)>>,
}

impl Collection {
    /// Finds the files and reads the truth.
    pub(super) fn open(directory: &Path) -> Result<Self, Failure> {
        let files = ["missing", "unidentified", "unclaimed"].map(|name| find(directory, name));
        let truth = truth(&directory.join("truth.tsv"))?;
        let ids = truth.iter().flat_map(|truth| [&truth.missing, &truth.other]);
        let named = ids.map(|id| (id.clone(), None)).collect();
        Ok(Self {
            files: files.into_iter().collect::<Result<_, _>>()?,
            truth,
            missing: Vec::new(),
            refused: Vec::new(),
            named,
        })
    }

    /// Every record, file by file.
    pub(super) fn records(&mut self) -> impl Iterator<Item = Result<(Reference, Record), Failure>> {
        let (missing, named, refused) = (&mut self.missing, &mut self.named, &mut self.refused);
        self.files.iter().flat_map(|path| lines(path)).filter_map(move |line| {
            let (reference, record) = match line {
                Ok(Ok(read)) => read,
                Ok(Err(reason)) => {
                    refused.push(reason);
                    return None;
                }
                Err(failure) => return Some(Err(failure)),
            };
            if record.kind == Kind::Missing {
                missing.push(reference.clone());
            }
            if let Some(known) = named.get_mut(reference.id()) {
                *known = Some((reference.clone(), record.kind));
            }
            Some(Ok((reference, record)))
        })
    }

    /// The identifiers that the truth names.
    pub(super) fn names(&self) -> BTreeSet<String> {
        self.named.keys().cloned().collect()
    }

    /// The pairs, once all records have been read.
    pub(super) fn pairs(&self) -> Result<Vec<Pair>, Failure> {
        let known = |id: &String| {
            let known = self.named.get(id).and_then(Clone::clone);
            known.ok_or_else(|| Failure(format!("truth.tsv names {id}, which is in none of the three files")))
        };
        let pairs = self.truth.iter().map(|truth| {
            let (other, kind) = known(&truth.other)?;
            Ok(Pair { missing: known(&truth.missing)?.0, other, kind, tier: truth.tier.clone() })
        });
        pairs.collect()
    }
}

/// The file of one side, compressed or not.
fn find(directory: &Path, name: &str) -> Result<PathBuf, Failure> {
    let paths = ["ndjson.gz", "ndjson"].map(|ending| directory.join(format!("{name}.{ending}")));
    let there = paths.into_iter().find(|path| path.exists());
    there.ok_or_else(|| {
        Failure(format!("{} has neither {name}.ndjson nor {name}.ndjson.gz; it must hold one", directory.display()))
    })
}

fn truth(path: &Path) -> Result<Vec<Truth>, Failure> {
    let text =
        fs::read_to_string(path).map_err(|error| Failure::doing(format!("cannot read {}", path.display()), error))?;
    let line = |(at, line): (usize, &str)| match line.split('\t').collect::<Vec<_>>()[..] {
        [missing, other, tier] => {
            Ok(Truth { missing: missing.to_owned(), other: other.to_owned(), tier: tier.to_owned() })
        }
        _ => Err(Failure(format!("{}:{}: expected missing id, other id and tier", path.display(), at + 1))),
    };
    text.lines().enumerate().map(line).collect()
}

/// A record, or why a line is none; a failure where the file cannot be read at all.
type Line = Result<Result<(Reference, Record), String>, Failure>;

/// The records of a file; one that cannot be opened is one failure.
fn lines(path: &Path) -> Box<dyn Iterator<Item = Line> + '_> {
    let failed = move |error| Failure::doing(format!("cannot read {}", path.display()), error);
    let file: Box<dyn Read> = match File::open(path) {
        Err(error) => return Box::new(std::iter::once(Err(failed(error)))),
        Ok(file) if path.extension().is_some_and(|ending| ending == "gz") => Box::new(MultiGzDecoder::new(file)),
        Ok(file) => Box::new(file),
    };
    let lines = BufReader::new(file).split(b'\n').enumerate();
    Box::new(lines.map(move |(at, line)| {
        let record = json::parse(&line.map_err(failed)?).and_then(|tree| json::read_with_reference(&tree));
        Ok(record.map_err(|invalid| format!("{}:{}: {}", path.display(), at + 1, reason(&invalid))))
    }))
}

/// The first fault, without the record's data.
fn reason(invalid: &Invalid) -> String {
    match invalid {
        Invalid::Faults(faults) if !faults.is_empty() => format!("{}: {}", faults[0].pointer, faults[0].detail),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(truth: &str) -> tempfile::TempDir {
        let directory = tempfile::tempdir().expect("a directory");
        let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).expect("written");
        write("missing.ndjson", "{\"source\":\"x\",\"id\":\"M1\",\"kind\":\"missing\"}\n");
        write("unidentified.ndjson", "{\"source\":\"y\",\"id\":\"U1\",\"kind\":\"unidentified\"}\n");
        write("unclaimed.ndjson", "");
        write("truth.tsv", truth);
        directory
    }

    fn read(directory: &Path) -> Result<Vec<Pair>, Failure> {
        let mut collection = Collection::open(directory)?;
        collection.records().try_for_each(|record| record.map(drop))?;
        collection.pairs()
    }

    #[test]
    fn a_line_that_is_no_record_is_told_and_does_not_stop_the_rest() {
        let directory = directory("");
        let check = |name: &str, text: &str, expected: &str| {
            fs::write(directory.path().join(name), text).expect("written");
            let mut collection = Collection::open(directory.path()).expect("a collection");
            assert!(collection.records().all(|record| record.is_ok()));
            assert!(collection.refused.iter().any(|reason| reason.contains(expected)), "{expected}");
        };
        check("missing.ndjson", "{\"source\":\"x\",\"id\":\"M1\",\"kind\":\"lost\"}\n", "missing.ndjson:1: /kind");
        check("unclaimed.ndjson", "{", "unclaimed.ndjson:1");
    }

    #[test]
    fn pairs_get_their_sources_from_the_records() {
        let directory = directory("M1\tU1\tdental\n");
        let pairs = read(directory.path()).expect("pairs");
        let reference = |text| Reference::parse(text).expect("a reference");
        let (missing, other) = (reference("x/M1"), reference("y/U1"));
        assert_eq!(pairs, [Pair { missing, other, kind: Kind::Unidentified, tier: "dental".to_owned() }]);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let check = |name: &str, text: &str, expected: &str| {
            let directory = directory("M1\tU1\tdental\n");
            fs::write(directory.path().join(name), text).expect("written");
            let failure = read(directory.path()).expect_err(expected).to_string();
            assert!(failure.contains(expected), "{failure}");
        };
        check("truth.tsv", "M1\tU2\tdental\n", "U2");
        check("truth.tsv", "M1 U1\n", "truth.tsv:1");
        let directory = directory("");
        fs::remove_file(directory.path().join("unclaimed.ndjson")).expect("removed");
        assert!(read(directory.path()).expect_err("a file is missing").to_string().contains("unclaimed.ndjson"));
    }
}
