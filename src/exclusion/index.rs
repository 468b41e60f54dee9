//! Every exclusion by record, in memory: what a match asks for.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rustc_hash::{FxHashMap, FxHashSet};
use uuid::Uuid;

use super::Exclusion;
use crate::record::{ExclusionMethod, Reference};

/// The exclusions of a collection.
#[derive(Default)]
pub struct Exclusions {
    of: FxHashMap<Reference, BTreeMap<Uuid, Ruling>>,
    pairs: FxHashMap<Uuid, [Reference; 2]>,
    /// When those end that do.
    ends: BTreeSet<(Timestamp, Uuid)>,
}

/// What one record's list needs to know of an exclusion.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Ruling {
    other: Reference,
    method: ExclusionMethod,
    expires: Option<Timestamp>,
    resolved: bool,
}

impl Ruling {
    fn is_in_force(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|end| now < end)
    }
}

impl Exclusions {
    /// Adds one.
    pub fn add(&mut self, exclusion: &Exclusion) {
        let decision = &exclusion.decision;
        self.ends.extend(decision.expires.map(|end| (end, exclusion.id)));
        self.pairs.insert(exclusion.id, [decision.a.clone(), decision.b.clone()]);
        for (one, other) in [(&decision.a, &decision.b), (&decision.b, &decision.a)] {
            let ruling = Ruling {
                other: other.clone(),
                method: decision.method,
                expires: decision.expires,
                resolved: decision.resolved,
            };
            self.of.entry(one.clone()).or_default().insert(exclusion.id, ruling);
        }
    }

    /// Removes one, and says whose person is not known any more.
    pub fn remove(&mut self, id: Uuid) -> Vec<Reference> {
        let mut reopened = Vec::new();
        for one in self.pairs.remove(&id).into_iter().flatten() {
            let Some(rulings) = self.of.get_mut(&one) else { continue };
            let removed = rulings.remove(&id);
            if let Some(end) = removed.as_ref().and_then(|ruling| ruling.expires) {
                self.ends.remove(&(end, id));
            }
            if rulings.is_empty() {
                self.of.remove(&one);
            }
            if removed.is_some_and(|ruling| ruling.resolved) && self.resolved_with(&one).is_none() {
                reopened.push(one);
            }
        }
        reopened
    }

    /// The records ruled out for this one.
    pub fn ruled_out(&self, reference: &Reference, now: Timestamp) -> FxHashSet<Reference> {
        let rulings = self.of.get(reference).into_iter().flat_map(BTreeMap::values);
        rulings.filter(|ruling| ruling.is_in_force(now)).map(|ruling| ruling.other.clone()).collect()
    }

    /// The first exclusion in force between two records, and what it was decided by.
    pub fn between(&self, a: &Reference, b: &Reference, now: Timestamp) -> Option<(Uuid, ExclusionMethod)> {
        let mut rulings = self.of.get(a)?.iter();
        let (id, ruling) = rulings.find(|(_, ruling)| ruling.other == *b && ruling.is_in_force(now))?;
        Some((*id, ruling.method))
    }

    /// When the next exclusion ends after a moment.
    pub fn next_end(&self, after: Timestamp) -> Option<Timestamp> {
        self.ends.range((after, Uuid::max())..).map(|(end, _)| *end).find(|end| *end > after)
    }

    /// One record of each pair whose exclusion ended after a moment and up to another.
    pub fn ended(&self, after: Timestamp, upto: Timestamp) -> BTreeSet<Reference> {
        let ended = self.ends.range((after, Uuid::nil())..=(upto, Uuid::max())).filter(|(end, _)| *end > after);
        ended.filter_map(|(_, id)| self.pairs.get(id)).map(|[one, _]| one.clone()).collect()
    }

    /// The record that this one is confirmed to be one person with.
    pub fn resolved_with(&self, reference: &Reference) -> Option<&Reference> {
        let ruling = self.of.get(reference)?.values().find(|ruling| ruling.resolved)?;
        Some(&ruling.other)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{decision, exclusion};
    use super::super::{Decision, Exclusion};
    use super::*;

    fn reference(id: &str) -> Reference {
        Reference::new("x", id).expect("a reference")
    }

    fn decided(id: u128, decision: Decision) -> Exclusion {
        Exclusion { decision, ..exclusion(id, reference("1"), reference("2")) }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a moment")
    }

    #[test]
    fn a_pair_is_ruled_out_both_ways_while_any_exclusion_is_in_force() {
        let mut index = Exclusions::default();
        let first = decided(1, Decision { expires: Some(at(100)), ..decision("1", "2") });
        let second = decided(2, Decision { expires: Some(at(200)), ..decision("2", "1") });
        index.add(&first);
        index.add(&second);
        let ended = |index: &Exclusions, after, upto| index.ended(at(after), at(upto)).into_iter().collect::<Vec<_>>();
        assert_eq!(ended(&index, 0, 99), []);
        assert_eq!(ended(&index, 99, 100), [reference("1")]);
        assert_eq!(ended(&index, 100, 200), [reference("2")]);
        assert_eq!([0, 100, 200].map(|second| index.next_end(at(second))), [Some(at(100)), Some(at(200)), None]);
        let ruled_out = |index: &Exclusions, now| {
            let both =
                [("1", "2"), ("2", "1")].map(|(a, b)| index.ruled_out(&reference(a), at(now)).contains(&reference(b)));
            assert_eq!(both[0], both[1]);
            assert_eq!(both[0], index.between(&reference("1"), &reference("2"), at(now)).is_some());
            both[0]
        };
        assert!(ruled_out(&index, 99) && ruled_out(&index, 199) && !ruled_out(&index, 200));
        assert!(index.remove(second.id).is_empty());
        assert!(ruled_out(&index, 99) && !ruled_out(&index, 100));
        index.remove(first.id);
        assert!(!ruled_out(&index, 0) && index.of.is_empty() && index.pairs.is_empty() && index.ends.is_empty());
    }

    #[test]
    fn a_record_stays_resolved_until_its_last_resolution_is_gone() {
        let mut index = Exclusions::default();
        let found_in_two_places = [("1", "2"), ("1", "3")].map(|(a, b)| Decision { resolved: true, ..decision(a, b) });
        let [one, two] = found_in_two_places;
        let (one, two) = (decided(1, one), decided(2, two));
        index.add(&one);
        index.add(&two);
        assert_eq!(index.remove(one.id), [reference("2")]);
        assert_eq!(index.resolved_with(&reference("1")), Some(&reference("3")));
        assert_eq!(index.resolved_with(&reference("2")), None);
        assert_eq!(index.remove(two.id), [reference("1"), reference("3")]);
    }
}
