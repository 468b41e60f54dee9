//! Numbers that other systems gave the case: one shared number is nearly decisive.

use std::collections::BTreeSet;

use super::{About, Attribute, Detail, Evidence, Scale};
use crate::model::{Bits, Model};
use crate::record::{Kind, Record};

/// The attribute.
pub struct Identifiers;

/// System to number, both reduced to what is the same in every spelling.
type Value = BTreeSet<(Box<str>, Box<str>)>;

/// A query made ready.
pub struct Prepared<'a> {
    model: &'a Model,
    query: &'a Value,
}

impl Attribute for Identifiers {
    const ABOUT: About = About {
        name: "identifiers",
        needs: "a number of the same system on both",
        levels: &[("same", "a number is the same"), ("different", "the numbers of every common system differ")],
        floor: Bits(-2_000),
        cap: Bits(24_000),
        professional: true,
        source: "default; no published figure",
        reading: 2,
    };
    type Value = Value;
    type Statistics = ();
    type Prepared<'a> = Prepared<'a>;
    type Known = ();

    fn read(record: &Record) -> Option<Value> {
        let plain = |text: &str| -> Box<str> {
            text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect::<String>().into()
        };
        let numbers: Value = record.identifiers.iter().map(|(system, number)| (plain(system), plain(number))).collect();
        let numbers: Value = numbers.into_iter().filter(|(_, number)| !number.is_empty()).collect();
        (!numbers.is_empty()).then_some(numbers)
    }

    fn count((): &mut (), _: Kind, _: &Value, _: i64) {}

    fn prepare<'a>(scale: Scale<'a, ()>, query: &'a Value) -> Prepared<'a> {
        Prepared { model: scale.model, query }
    }

    fn weigh(prepared: &Prepared<'_>, candidate: &Value) -> Bits {
        bits(prepared.model, compare(prepared.query, candidate))
    }

    fn explain(prepared: &Prepared<'_>, candidate: &Value) -> Option<Evidence> {
        let (same, different) = compare(prepared.query, candidate);
        let (level, summary) = match (same, different) {
            (0, 0) => return None,
            (0, n) => ("different", format!("{n} numbers of common systems differ")),
            (n, _) => ("same", format!("{n} numbers are the same")),
        };
        let details = vec![("same", Detail::Count(same)), ("different", Detail::Count(different))];
        let bits = bits(prepared.model, (same, different));
        Some(Evidence { details, ..Evidence::plain(&Self::ABOUT, bits, level, summary) })
    }
}

/// In how many common systems a number is the same, and in how many none is: a system may be written in two ways, with a
/// number each.
fn compare(query: &Value, candidate: &Value) -> (u64, u64) {
    let (mut same, mut different) = (0, 0);
    let mut theirs = candidate.iter().peekable();
    for (system, _) in query {
        while theirs.next_if(|one| one.0 < *system).is_some() {}
        let mut found = None;
        while let Some(one) = theirs.next_if(|one| one.0 == *system) {
            found = Some(found.unwrap_or(false) || query.contains(one));
        }
        match found {
            Some(true) => same += 1,
            Some(false) => different += 1,
            None => {}
        }
    }
    (same, different)
}

fn bits(model: &Model, (same, different): (u64, u64)) -> Bits {
    let bits = match (same, different) {
        (0, 0) => 0.0,
        (0, _) => model.identifiers.different_bits,
        (_, _) => model.identifiers.same_bits,
    };
    Bits::from_f64(bits).within(Identifiers::ABOUT.floor, Identifiers::ABOUT.cap)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_that_is_written_in_two_ways_keeps_both_numbers() {
        let numbers = |numbers: &[(&str, &str)]| -> Value {
            numbers.iter().map(|(system, number)| ((*system).into(), (*number).into())).collect()
        };
        let both = numbers(&[("NCIC", "A1"), ("NCIC", "B2"), ("NAMUS", "7")]);
        for other in ["A1", "B2"] {
            assert_eq!(compare(&both, &numbers(&[("NCIC", other)])), (1, 0));
            assert_eq!(compare(&numbers(&[("NCIC", other), ("NAMUS", "8")]), &both), (1, 1));
        }
        assert_eq!(compare(&both, &numbers(&[("NCIC", "C3")])), (0, 1));
    }
}
