//! The pairs that weigh enough to be followed, as of the last write of either record, and what becomes of them when one
//! is weighed again.
//!
//! Each pair stands under both its records, so that a record's candidates lie together and the first of them is known
//! without weighing anything. A pair's bits are the same from either side.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use redb::{ReadableTable, Table, TableDefinition, WriteTransaction};

use crate::event::{First, Told};
use crate::model::Bits;
use crate::record::Reference;

/// A record and one of its candidates to their thousandths of a bit.
const PAIRS: TableDefinition<'_, (&str, &str), i32> = TableDefinition::new("pairs");

/// A record that was written, and every pair of it that weighs enough, as its list has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weighed {
    /// The record.
    pub record: Reference,
    /// Whether it is a missing person, and the others are bodies; of no account where there are no pairs.
    pub is_missing: bool,
    /// The others and their scores; none where the record is on no list.
    pub pairs: Vec<(Reference, Bits)>,
}

/// The candidates of one record.
type Candidates = BTreeMap<Reference, Bits>;

/// The table in a transaction.
pub(super) struct Pairs<'t>(Table<'t, (&'static str, &'static str), i32>);

impl<'t> Pairs<'t> {
    pub(super) fn open(transaction: &'t WriteTransaction) -> Result<Self, redb::Error> {
        Ok(Self(transaction.open_table(PAIRS)?))
    }

    /// Makes the pairs of a record what they weigh now, and says what happened.
    pub(super) fn settle(&mut self, weighed: &Weighed) -> Result<Vec<Told>, redb::Error> {
        let record = &weighed.record;
        let before = self.of(record)?;
        let now: Candidates = weighed.pairs.iter().cloned().collect();
        let others = before.keys().chain(now.keys().filter(|other| !before.contains_key(*other)));
        let changed: Vec<&Reference> = others.filter(|other| before.get(*other) != now.get(*other)).collect();
        let (mut pairs, mut firsts) = (Vec::new(), Vec::new());
        firsts.extend(first_change(record, &before, &now));
        for other in changed {
            let others_before = self.of(other)?;
            let mut others_now = others_before.clone();
            match now.get(other) {
                Some(score) => others_now.insert(record.clone(), *score),
                None => others_now.remove(record),
            };
            self.keep(record, other, now.get(other).copied())?;
            if let Some(&score) = now.get(other).filter(|score| before.get(other).is_none_or(|before| before < score)) {
                let sides = [(record, rank(&now, other)), (other, rank(&others_now, record))];
                let [missing, body] = if weighed.is_missing { sides } else { [sides[1], sides[0]] };
                pairs.push(Told::Pair {
                    missing: missing.0.clone(),
                    body: body.0.clone(),
                    written: record.clone(),
                    score,
                    before: before.get(other).copied(),
                    ranks: [missing.1, body.1],
                });
            }
            firsts.extend(first_change(other, &others_before, &others_now));
        }
        Ok(pairs.into_iter().chain(firsts).collect())
    }

    /// Takes over the pairs of a record that are not known yet, and says nothing of them.
    pub(super) fn take_stock(&mut self, weighed: &Weighed) -> Result<(), redb::Error> {
        let known = self.of(&weighed.record)?;
        for (other, score) in weighed.pairs.iter().filter(|(other, _)| !known.contains_key(other)) {
            self.keep(&weighed.record, other, Some(*score))?;
        }
        Ok(())
    }

    /// Forgets every pair.
    pub(super) fn forget(transaction: &WriteTransaction) -> Result<(), redb::Error> {
        transaction.delete_table(PAIRS)?;
        transaction.open_table(PAIRS)?;
        Ok(())
    }

    fn of(&self, record: &Reference) -> Result<Candidates, redb::Error> {
        let mut found = Candidates::new();
        for item in self.0.range((record.as_str(), "")..)? {
            let (key, score) = item?;
            let (of, other) = key.value();
            if of != record.as_str() {
                break;
            }
            found.extend(Reference::parse(other).ok().map(|other| (other, Bits(score.value()))));
        }
        Ok(found)
    }

    fn keep(&mut self, a: &Reference, b: &Reference, score: Option<Bits>) -> Result<(), redb::Error> {
        for key in [(a.as_str(), b.as_str()), (b.as_str(), a.as_str())] {
            match score {
                Some(score) => _ = self.0.insert(key, score.0)?,
                None => _ = self.0.remove(key)?,
            }
        }
        Ok(())
    }
}

/// Bits descending, then reference ascending, as on every list.
fn first(candidates: &Candidates) -> Option<First> {
    let (record, score) = candidates.iter().min_by_key(|(record, score)| (Reverse(**score), *record))?;
    Some(First { record: record.clone(), score: *score })
}

fn first_change(record: &Reference, before: &Candidates, now: &Candidates) -> Option<Told> {
    let (before, now) = (first(before), first(now));
    (before != now).then(|| Told::First { record: record.clone(), now, before })
}

/// The place of a candidate, from 1.
fn rank(candidates: &Candidates, of: &Reference) -> u64 {
    let place = |record: &Reference, score: Bits| (Reverse(score), record.clone());
    let Some(own) = candidates.get(of).map(|score| place(of, *score)) else { return 0 };
    1 + candidates.iter().filter(|(record, score)| place(record, **score) < own).count() as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reference(side: char, id: usize) -> Reference {
        Reference::new("x", &format!("{side}{id}")).expect("a reference")
    }

    /// Every pair's weight, by missing and body.
    type World = BTreeMap<(usize, usize), i32>;

    fn candidates(world: &World, of: (char, usize)) -> Vec<(i32, Reference)> {
        let of_record = world.iter().filter(|((m, b), _)| if of.0 == 'm' { *m == of.1 } else { *b == of.1 });
        let mut found: Vec<(i32, Reference)> = of_record
            .map(|((m, b), score)| (*score, if of.0 == 'm' { reference('b', *b) } else { reference('m', *m) }))
            .collect();
        found.sort_by_key(|(score, other)| (Reverse(*score), other.clone()));
        found
    }

    proptest! {
        /// Whatever is written in whatever order, what is told is what a naive look at every list before and after the
        /// write finds: each pair that rose with its ranks, and each first candidate that changed.
        #[test]
        fn what_is_told_is_what_the_lists_show(
            writes in prop::collection::vec(
                (prop::bool::ANY, 0..3_usize, prop::collection::btree_map(0..3_usize, 0..4_i32, 0..3)), 1..20),
        ) {
            let database = redb::Builder::new().create_with_backend(redb::backends::InMemoryBackend::new()).expect("a file");
            let mut world = World::new();
            for (is_missing, id, weights) in writes {
                let before = world.clone();
                let key = |other| if is_missing { (id, other) } else { (other, id) };
                world.retain(|(m, b), _| if is_missing { *m != id } else { *b != id });
                world.extend(weights.iter().map(|(other, score)| (key(*other), *score)));
                let (own, others) = if is_missing { ('m', 'b') } else { ('b', 'm') };
                let record = reference(own, id);
                let pairs = weights.iter().map(|(other, score)| (reference(others, *other), Bits(*score))).collect();
                let transaction = database.begin_write().expect("a transaction");
                let told = Pairs::open(&transaction).expect("the table")
                    .settle(&Weighed { record: record.clone(), is_missing, pairs }).expect("settled");
                transaction.commit().expect("a commit");

                let mut expected = Vec::new();
                for ((m, b), score) in &world {
                    let was = before.get(&(*m, *b));
                    if was.is_none_or(|was| was < score) {
                        let place = |of, other: Reference| {
                            1 + candidates(&world, of).iter().position(|(_, found)| *found == other).expect("listed") as u64
                        };
                        expected.push(Told::Pair {
                            missing: reference('m', *m),
                            body: reference('b', *b),
                            written: record.clone(),
                            score: Bits(*score),
                            before: was.map(|was| Bits(*was)),
                            ranks: [place(('m', *m), reference('b', *b)), place(('b', *b), reference('m', *m))],
                        });
                    }
                }
                for of in ['m', 'b'].into_iter().flat_map(|side| (0..3).map(move |id| (side, id))) {
                    let first = |world: &World| candidates(world, of).first().cloned()
                        .map(|(score, record)| First { record, score: Bits(score) });
                    if first(&before) != first(&world) {
                        let record = reference(of.0, of.1);
                        expected.push(Told::First { record, now: first(&world), before: first(&before) });
                    }
                }
                let sorted = |told: Vec<Told>| {
                    let mut texts: Vec<String> = told.iter().map(|told| format!("{told:?}")).collect();
                    texts.sort();
                    texts
                };
                prop_assert_eq!(sorted(told), sorted(expected));
            }
        }
    }
}
