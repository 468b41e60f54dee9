//! The house rules, as far as a text search can hold them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A source file: its path below `src` and its text.
struct Source {
    path: String,
    text: String,
}

impl Source {
    /// The room that the file belongs to: `src/text/query.rs` and `src/text.rs` to `text`.
    fn room(&self) -> &str {
        self.path.split('/').next().unwrap().trim_end_matches(".rs")
    }

    /// Its lines without comments.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        lines_of_code(&self.text)
    }

    /// Its code outside of tests, which stand last in a file or in a file of their own.
    fn product(&self) -> impl Iterator<Item = (usize, &str)> {
        let tests = self.path.ends_with("/tests.rs") || self.path.contains("/tests/");
        let end = self.text.find("#[cfg(test)]\nmod tests {").unwrap_or(self.text.len());
        lines_of_code(if tests { "" } else { &self.text[..end] })
    }
}

fn lines_of_code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate().map(|(number, line)| (number + 1, line));
    lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below a folder of the project.
fn sources(folder: &str) -> Vec<Source> {
    let base = root().join(folder);
    let mut folders: Vec<PathBuf> = vec![base.clone()];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(&base).unwrap().to_string_lossy().replace('\\', "/");
                sources.push(Source { path: name, text: fs::read_to_string(&path).unwrap() });
            }
        }
    }
    assert!(folder != "src" || sources.len() > 20, "the sources are not where this test looks");
    sources
}

fn check(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// Faults of every line of code outside of tests that holds one of `words`, in files that `guilty` picks.
fn lines_with(words: &[&str], guilty: impl Fn(&Source) -> bool) -> Vec<String> {
    let sources = sources("src");
    let mut faults = Vec::new();
    for source in sources.iter().filter(|source| guilty(source)) {
        for (number, line) in source.product() {
            let found = words.iter().filter(|word| line.contains(**word));
            faults.extend(found.map(|word| format!("src/{}:{number} has `{word}`", source.path)));
        }
    }
    faults
}

#[test]
fn every_file_opens_with_what_it_is_for() {
    for folder in ["src", "tests", "benches", "examples"] {
        let silent = sources(folder).into_iter().filter(|source| !source.text.starts_with("//! "));
        check(&silent.map(|source| format!("{folder}/{} does not open with `//!`", source.path)).collect::<Vec<_>>());
    }
}

/// The rooms, each with those it may use beside itself. A new room needs its line here.
const ROOMS: &[(&str, &str)] = &[
    ("record", ""),
    ("exclusion", "record"),
    ("event", "model record"),
    ("followed", ""),
    ("outbound", ""),
    ("access", "followed outbound"),
    ("audit", ""),
    ("processor", ""),
    ("model", "record processor"),
    ("attribute", "model record corpus processor"),
    ("corpus", "model record attribute processor"),
    ("text", "record"),
    ("store", "model record exclusion event"),
    ("matching", "model record attribute corpus text store"),
    ("engine", "model record exclusion event attribute corpus text store matching settings"),
    ("settings", "model record engine"),
    ("telemetry", "model record matching engine settings"),
    ("interchange", "record"),
    ("simulate", "record model attribute"),
    ("evaluate", "model record attribute corpus matching engine interchange"),
    ("fit", "model record attribute corpus matching"),
    (
        "http",
        "access followed outbound audit model record exclusion event attribute matching engine text settings telemetry",
    ),
    (
        "cli",
        "access audit outbound model record attribute corpus text store matching engine settings telemetry interchange simulate evaluate fit http",
    ),
    ("main", ""),
    ("lib", ""),
];

#[test]
fn rooms_use_only_the_rooms_below_them() {
    let mut faults = BTreeSet::new();
    for source in sources("src") {
        let Some((room, may)) = ROOMS.iter().find(|(room, _)| *room == source.room()) else {
            faults.insert(format!("src/{}: the room has no line in this test", source.path));
            continue;
        };
        for (number, line) in source.code() {
            for used in
                line.split("crate::").skip(1).filter_map(|rest| rest.split(|c: char| !c.is_alphanumeric()).next())
            {
                let is_room = ROOMS.iter().any(|(room, _)| *room == used);
                if is_room && used != *room && !may.split(' ').any(|below| below == used) {
                    faults.insert(format!("src/{}:{number}: {room} uses {used}", source.path));
                }
            }
        }
    }
    check(&faults.into_iter().collect::<Vec<_>>());
}

#[test]
fn each_outer_thing_is_known_to_one_room() {
    for (thing, rooms) in [
        ("actix_", &["http"][..]),
        ("tantivy", &["text"]),
        ("redb", &["store"]),
        ("clap::", &["cli", "main", "settings"]),
    ] {
        let mut faults = lines_with(&[thing], |source| !rooms.contains(&source.room()));
        // `cli/serve.rs` starts the runtime that `http` runs on.
        faults.retain(|fault| !(thing == "actix_" && fault.starts_with("src/cli/serve.rs")));
        check(&faults);
    }
}

/// A record, its weights and its list depend on nothing but their inputs. The stopwatch of a match is in
/// `engine`, which runs its phases.
#[test]
fn the_inner_rooms_have_no_disk_no_clock_and_no_chance() {
    let outer = ["std::fs", "std::net", "std::env", "Instant", "SystemTime", "rand::", "rand_chacha", "tokio::"];
    check(&lines_with(&outer, |source| {
        ["record", "exclusion", "event", "model", "attribute", "matching"].contains(&source.room())
    }));
}

#[test]
fn names_say_what_a_file_holds() {
    let vague = ["utils", "util", "common", "helpers", "helper", "misc", "stuff"];
    let mut faults = Vec::new();
    for folder in ["src", "tests", "benches"] {
        for source in sources(folder) {
            let parts = source.path.trim_end_matches(".rs").split('/');
            let found = parts.filter(|part| vague.contains(part) || part.ends_with("_v2"));
            faults.extend(found.map(|part| format!("{folder}/{}: `{part}` says nothing", source.path)));
        }
    }
    check(&faults);
}

#[test]
fn nothing_is_left_for_later() {
    check(&lines_with(&["todo!", "unimplemented!", "dbg!"], |_| true));
}

#[test]
fn every_dependency_says_why_it_is_there() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let (mut within, mut said, mut faults, mut seen) = (false, false, Vec::new(), 0);
    for line in manifest.lines() {
        match line {
            _ if line.starts_with('[') => (within, said) = (line.ends_with("dependencies]"), false),
            _ if line.starts_with('#') => said = true,
            _ if within && line.contains('=') && !line.starts_with([' ', '}']) => {
                seen += 1;
                let name = line.split(' ').next().unwrap();
                // A family of crates may share the comment of its first.
                if !said
                    && !manifest.contains(&format!("\n{} =", name.rsplit_once('-').map_or("", |(family, _)| family)))
                {
                    faults.push(format!("Cargo.toml: `{name}` has no comment above it"));
                }
                said = false;
            }
            _ => {}
        }
    }
    assert!(seen > 20, "the dependencies are not where this test looks");
    check(&faults);
}
