//! Hard pairs of names in many languages: how people are really written, and how different people are nearly alike.
//!
//! Our own, of no particular people. A line: language, `+` for one person or `-` for two, one name, the other. Every second
//! line was never looked at while the model was fitted.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::LazyLock;

use super::{Attribute, Names, Statistics, Value};
use crate::attribute::{Facing, Scale};
use crate::model::{Bits, Model};
use crate::record::{Kind, Name, NameUse};

/// The pairs.
const PAIRS: &str = include_str!("pairs.txt");

/// One pair and what it is worth.
struct Weighed {
    language: &'static str,
    same: bool,
    bits: Bits,
}

/// The value of a record with one name.
pub(super) fn value(full: &str) -> Value {
    let none = || None;
    let name = Name {
        given: none(),
        middle: none(),
        family: none(),
        suffix: none(),
        full: Some(full.into()),
        use_: NameUse::Legal,
    };
    Value(super::Folds::One(super::Folded::of(&name)))
}

static MODEL: LazyLock<Model> = LazyLock::new(Model::default);

/// The bits of two names where nothing is known of the collection, both ways.
fn bits(a: &str, b: &str) -> Bits {
    let statistics = Statistics::default();
    let facing = Facing { query: Kind::Missing, candidate: Kind::Unclaimed };
    let weigh = |a: &Value, b: &Value| {
        Names::weigh(&Names::prepare(Scale { model: &MODEL, statistics: &statistics, facing }, a), b)
    };
    let (a, b) = (value(a), value(b));
    assert_eq!(weigh(&a, &b), weigh(&b, &a));
    weigh(&a, &b)
}

fn weighed() -> Vec<Weighed> {
    let line = |line: &'static str| {
        let (language, rest) = line.split_once(' ').expect("a language");
        let (sign, names) = rest.split_once(' ').expect("a sign");
        let (a, b) = names.split_once(" = ").expect("two names");
        Weighed { language, same: sign == "+", bits: bits(a, b) }
    };
    PAIRS.lines().map(line).collect()
}

/// Precision, recall and F1 at more than so many bits.
fn figures<'a>(pairs: impl Iterator<Item = &'a Weighed>, threshold: Bits) -> [f64; 3] {
    let (mut right, mut wrong, mut missed) = (0.0, 0.0, 0.0);
    for pair in pairs {
        match (pair.bits > threshold, pair.same) {
            (true, true) => right += 1.0,
            (true, false) => wrong += 1.0,
            (false, true) => missed += 1.0,
            (false, false) => {}
        }
    }
    let share = |of: f64| if right == 0.0 { 0.0 } else { right / (right + of) };
    let (precision, recall) = (share(wrong), share(missed));
    [precision, recall, 2.0 * right / f64::max(2.0 * right + wrong + missed, 1.0)]
}

fn report(all: &[Weighed]) -> String {
    let mut languages: BTreeMap<&str, Vec<&Weighed>> = BTreeMap::new();
    all.iter().for_each(|pair| languages.entry(pair.language).or_default().push(pair));
    languages.iter().fold(String::new(), |mut text, (language, pairs)| {
        let [precision, recall, f1] = figures(pairs.iter().copied(), Bits::ZERO);
        let _ = writeln!(text, "{language} {:3} precision {precision:.3} recall {recall:.3} F1 {f1:.3}", pairs.len());
        text
    })
}

#[test]
fn one_person_is_told_from_two_in_any_script() {
    let all = weighed();
    let half = |held_out: usize| all.iter().skip(held_out).step_by(2);
    let [fitted, held_out] = [0, 1].map(|at| figures(half(at), Bits::ZERO));
    let text = report(&all);
    assert!(fitted[2] >= 0.9, "{fitted:?}\n{text}");
    assert!(held_out[2] >= 0.9, "{held_out:?}\n{text}");
}

/// A query that has met every part of the collection's names beforehand weighs every one of them as one that has not.
#[test]
fn meeting_every_part_once_changes_nothing() {
    let names = PAIRS.lines().flat_map(|line| line.splitn(3, ' ').nth(2).expect("names").split(" = "));
    let values: Vec<Value> = names.map(value).collect();
    let mut statistics = Statistics::default();
    values.iter().for_each(|value| Names::count(&mut statistics, Kind::Missing, value, 1));
    for query in values.iter().step_by(23) {
        let facing = Facing { query: Kind::Unclaimed, candidate: Kind::Missing };
        let scale = || Scale { model: &MODEL, statistics: &statistics, facing };
        let (one_by_one, at_once) = (Names::prepare(scale(), query), Names::prepare_for_all(scale(), query));
        for value in &values {
            assert_eq!(Names::weigh(&one_by_one, value), Names::weigh(&at_once, value));
        }
    }
}
