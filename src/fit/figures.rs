//! Estimates as lines of a model file: new figures with the old ones beside them.

use std::fmt::Write;

use toml::Value;

use super::{Estimate, Sample, rounded};

/// A model file with what the pairs would change, and comments on what they would not.
///
/// A figure stays where it is nearer to the new one than the new one's standard error.
pub fn lines(sample: &Sample<'_>, estimates: &[Estimate]) -> String {
    let mut text = format!("# From {} pairs of one person.\n", sample.pairs.len());
    let mut last = "";
    for estimate in estimates {
        let Some(old) = sample.old(&estimate.key) else { continue };
        let (table, name) = estimate.key.split_once('.').unwrap_or(("", &estimate.key));
        if table != last {
            let _ = writeln!(text, "\n[{table}]");
            last = table;
        }
        let _ = writeln!(text, "{}", line(name, old, estimate));
    }
    text
}

fn line(name: &str, old: &Value, estimate: &Estimate) -> String {
    let Estimate { new, error, pairs, moved, .. } = estimate;
    let rests = format!("standard error {}, {pairs} pairs", rounded(*error));
    match (moved, new) {
        (false, Value::Array(_)) => format!("# {name} stays as it is: nothing is further off than the {rests}"),
        (false, new) => format!("# {name} = {old} stays: {new}, {rests}"),
        (true, Value::Array(list)) => {
            let changes: Vec<String> = changes("", old, new).iter().map(|change| format!("# {change}\n")).collect();
            format!("# {rests}\n{}{name} = {}", changes.concat(), written(list))
        }
        (true, new) => format!("# was {old}; {rests}\n{name} = {new}"),
    }
}

/// The figures of a list that differ, each with its place.
fn changes(at: &str, old: &Value, new: &Value) -> Vec<String> {
    match (old, new) {
        (Value::Array(old), Value::Array(new)) => {
            let pairs = old.iter().zip(new).enumerate();
            pairs.flat_map(|(place, (old, new))| changes(&format!("{at}[{place}]"), old, new)).collect()
        }
        (old, new) if old == new => Vec::new(),
        (old, new) => vec![format!("{at} {old} -> {new}")],
    }
}

/// A list on one line, or one of lists and tables with a line for each.
fn written(list: &[Value]) -> String {
    let words: Vec<String> = list.iter().map(Value::to_string).collect();
    match list.iter().any(|value| !value.is_float()) {
        true => format!("[\n  {},\n]", words.join(",\n  ")),
        false => format!("[{}]", words.join(", ")),
    }
}

/// The largest difference of two figures of one form; spreads by their ratio, as their error is.
pub(super) fn distance(old: &Value, new: &Value) -> f64 {
    match (old, new) {
        (Value::Float(old), Value::Float(new)) => (old - new).abs(),
        (Value::Array(old), Value::Array(new)) => old.iter().zip(new).map(|(a, b)| distance(a, b)).fold(0.0, f64::max),
        (Value::Table(old), Value::Table(new)) => {
            let pairs = old.iter().filter_map(|(name, old)| Some((name, old.as_float()?, new.get(name)?.as_float()?)));
            let apart = |(name, old, new): (&String, f64, f64)| match name.starts_with("median") {
                true => (new / old).ln().abs(),
                false => (old - new).abs(),
            };
            pairs.map(apart).fold(0.0, f64::max)
        }
        _ => 0.0,
    }
}
