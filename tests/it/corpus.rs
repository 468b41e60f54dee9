//! What the fuzzer found, and what seeds it, again: no parser of outside input panics on it, cut short or not.

use std::fs;
use std::path::Path;

use proptest::prelude::*;

#[path = "../../fuzz/targets.rs"]
mod targets;

/// Every input of a target's corpus, in the order of their names.
fn inputs(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut files: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

#[test]
fn no_input_of_a_corpus_does_harm() {
    for (target, run) in targets::TARGETS {
        let inputs = inputs(target);
        assert!(!inputs.is_empty(), "the corpus of {target} is empty");
        inputs.iter().for_each(|input| run(input));
    }
}

#[test]
fn every_target_has_its_program_and_every_corpus_its_target() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
    for (target, _) in targets::TARGETS {
        assert!(manifest.contains(&format!("name = \"{target}\"")), "fuzz/Cargo.toml does not know {target}");
        let program = fs::read_to_string(fuzz.join(format!("fuzz_targets/{target}.rs"))).unwrap();
        assert!(program.contains(&format!("targets::{target}(")), "{target} fuzzes another");
    }
    for entry in fs::read_dir(fuzz.join("corpus")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(targets::TARGETS.iter().any(|(target, _)| *target == name), "nothing fuzzes the corpus {name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    // Reaches the values of every attribute, whatever the form of the file is by then.
    #[test]
    fn a_columns_file_with_wrong_bytes_and_a_checksum_that_holds_does_no_harm(
        wrong in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let mut bytes = targets::whole_columns();
        wrong.iter().for_each(|(at, byte)| *at.get_mut(&mut bytes) = *byte);
        targets::columns(&bytes);
    }
}
