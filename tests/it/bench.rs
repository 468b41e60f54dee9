//! `crossmatch bench` loads what it was asked to, drives every kind of call and says how quick each was.

use std::process::Command;

#[test]
fn it_prints_throughput_percentiles_and_memory() {
    let program = env!("CARGO_BIN_EXE_crossmatch");
    let output = Command::new(program).args(["bench", "--records", "200", "--clients", "3", "--seconds", "1"]).output();
    let output = output.unwrap();
    let (told, complaint) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{complaint}");
    for name in ["load, records:batch", "match", "insert with match", "search"] {
        let line =
            told.lines().find(|line| line.starts_with(&format!("{name:22}"))).unwrap_or_else(|| panic!("{told}"));
        let figures: Vec<f64> = line[22..].split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let expected = if name.starts_with("load") { 1 } else { 4 };
        assert_eq!(figures.len(), expected, "{line}");
        // A machine that is busy with something else may not come to one a second.
        let is_told = figures[0] >= 0.0 && figures[1..].iter().all(|figure| *figure > 0.0);
        assert!(is_told && figures[1..].is_sorted(), "{line}");
    }
    assert!(told.contains("200 records, 3 clients, 1 s each; "), "{told}");
}

#[test]
fn a_soak_looks_at_the_memory_again_and_again() {
    let program = env!("CARGO_BIN_EXE_crossmatch");
    let output = Command::new(program).args(["bench", "--records", "100", "--clients", "2", "--soak", "20"]).output();
    let output = output.unwrap();
    let (told, complaint) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() || complaint.contains("memory grows"), "{complaint}");
    assert_eq!(format!("{told}{complaint}").lines().filter(|line| line.ends_with(" MB")).count(), 20, "{told}");
}

#[test]
fn it_refuses_what_it_cannot_measure() {
    let refused = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_crossmatch")).arg("bench").args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    };
    refused(&[]);
    refused(&["--records", "0"]);
    refused(&["--records", "100", "--clients", "0"]);
}
