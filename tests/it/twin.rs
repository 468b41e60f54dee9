//! The engine equals its naive twin to the bit: every pair weighed one by one, no columns, no dictionaries, no plan.
//!
//! For random collections built by any sequence of inserts, replacements, deletes and decisions on pairs, on 1 to 8 threads, before and
//! after a restart, every figure of every list and every comparison is the twin's.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use crossmatch::attribute::{
    About, Appearance, Attribute, Belongings, BloodTypes, Build, Dental, Dna, Evidence, Facing, Features, Fingerprints,
    Identifiers, Names, Places, Scale, Sexes, Timeline,
};
use crossmatch::engine::{Engine, EngineError, EngineOptions, MatchRequest, Subject};
use crossmatch::exclusion::Decision;
use crossmatch::matching::{CandidateList, Informative, Weight, faces};
use crossmatch::model::{Bits, CollectedFrom, CollectedPart, Model};
use crossmatch::record::{BodyRegion, Condition, ExclusionMethod, Kind, Record, Reference};
use proptest::prelude::*;

use crate::population::{record, reference};

static MODEL: LazyLock<Model> = LazyLock::new(Model::default);

type Collection = BTreeMap<Reference, Record>;

/// What people decided: pairs both ways, and whether each is one person.
#[derive(Default)]
struct Decisions(BTreeMap<(Reference, Reference), bool>);

impl Decisions {
    fn set(&mut self, a: &Reference, b: &Reference, resolved: Option<bool>) {
        for pair in [(a.clone(), b.clone()), (b.clone(), a.clone())] {
            match resolved {
                Some(resolved) => _ = self.0.insert(pair, resolved),
                None => _ = self.0.remove(&pair),
            }
        }
    }

    fn resolved(&self) -> BTreeSet<&Reference> {
        self.0.iter().filter(|(_, resolved)| **resolved).map(|((one, _), _)| one).collect()
    }
}

/// One attribute over a collection: statistics counted afresh, and every pair weighed on its own.
struct Column {
    about: &'static About,
    read: BTreeSet<Reference>,
    pairs: BTreeMap<(Reference, Reference), Evidence>,
}

fn column<A: Attribute>(collection: &Collection) -> Column {
    let values = collection.iter().filter_map(|(name, record)| Some((name, record.kind, A::read(record)?)));
    let values: Vec<(&Reference, Kind, A::Value)> = values.collect();
    let mut statistics = A::Statistics::default();
    values.iter().for_each(|(_, kind, value)| A::count(&mut statistics, *kind, value, 1));
    let mut pairs = BTreeMap::new();
    for (itself, query, value) in &values {
        for side in Kind::ALL {
            let facing = Facing { query: *query, candidate: *side };
            let prepared = A::prepare(Scale { model: &MODEL, statistics: &statistics, facing }, value);
            for (name, _, candidate) in values.iter().filter(|(_, kind, _)| kind == side) {
                let evidence = weigh::<A>(&prepared, candidate);
                evidence.map(|evidence| pairs.insert(((*itself).clone(), (*name).clone()), evidence));
            }
        }
    }
    Column { about: &A::ABOUT, read: values.into_iter().map(|(name, ..)| name.clone()).collect(), pairs }
}

fn weigh<A: Attribute>(prepared: &A::Prepared<'_>, candidate: &A::Value) -> Option<Evidence> {
    let evidence = A::explain(prepared, candidate);
    let told = evidence.as_ref().map_or(Bits::ZERO, |evidence| evidence.bits);
    assert_eq!(A::weigh(prepared, candidate), told, "{} is told as it is weighed", A::ABOUT.name);
    assert!((A::ABOUT.floor..=A::ABOUT.cap).contains(&told), "{} keeps to its floor and cap", A::ABOUT.name);
    evidence
}

/// A collection, and what each attribute says of each pair.
struct Weighed {
    collection: Collection,
    columns: Vec<Column>,
}

impl Weighed {
    fn new(collection: Collection) -> Self {
        let columns = vec![
            column::<Sexes>(&collection),
            column::<Appearance>(&collection),
            column::<Build>(&collection),
            column::<Timeline>(&collection),
            column::<Places>(&collection),
            column::<Features>(&collection),
            column::<Belongings>(&collection),
            column::<Dental>(&collection),
            column::<Dna>(&collection),
            column::<BloodTypes>(&collection),
            column::<Fingerprints>(&collection),
            column::<Names>(&collection),
            column::<Identifiers>(&collection),
        ];
        Self { collection, columns }
    }

    fn pair(&self, query: &Reference, candidate: &Reference) -> Vec<Evidence> {
        let pair = (query.clone(), candidate.clone());
        self.columns.iter().filter_map(|column| column.pairs.get(&pair)).cloned().collect()
    }

    /// What a missing attribute would tell of a pair if it were collected, naively; none where it cannot be had.
    fn expects(&self, column: &Column, query: &Reference, candidate: &Reference) -> Option<f64> {
        let collect = MODEL.collect.get(column.about.name)?;
        let [query_has, candidate_has] = [query, candidate].map(|name| column.read.contains(name));
        let gone = |record: &Record, region| {
            record.remains.as_ref().is_some_and(|remains| remains.not_recovered.contains(&region))
        };
        let is_gone = |record: &Record| match collect.part {
            None => false,
            Some(CollectedPart::Head) => gone(record, BodyRegion::Head),
            Some(CollectedPart::Hands) => gone(record, BodyRegion::Hands) || gone(record, BodyRegion::Limbs),
        };
        let can = |record: &Record| match (collect.from, record.condition()) {
            _ if record.kind == Kind::Missing => true,
            _ if is_gone(record) => false,
            (CollectedFrom::Any, _) => true,
            (CollectedFrom::Flesh, condition) => {
                !matches!(condition, Some(Condition::Skeleton | Condition::PartialSkeleton))
            }
            (CollectedFrom::None, _) => false,
        };
        let both = query_has && candidate_has;
        let examined = [(query, query_has), (candidate, candidate_has)].into_iter().filter(|(_, has)| !has || both);
        if !examined.into_iter().all(|(name, _)| can(&self.collection[name])) {
            return None;
        }
        let side = self.collection[candidate].kind;
        let others: Vec<&Reference> = column.read.iter().filter(|name| self.collection[*name].kind == side).collect();
        if !query_has || others.is_empty() {
            return Some(collect.bits);
        }
        let bits = |other: &&Reference| {
            column.pairs.get(&(query.clone(), (*other).clone())).map_or(0.0, |evidence| evidence.bits.to_f64())
        };
        let weighed: Vec<f64> = others.iter().map(bits).collect();
        let count = weighed.len() as f64;
        let share = weighed.iter().map(|bits| bits.exp2()).sum::<f64>() / count;
        let told = weighed.iter().map(|bits| bits.exp2() * bits).sum::<f64>() / count;
        let unseen = collect.bits.max((count + 1.0).log2());
        let expected = told / share.max(1.0) + (1.0 - share).max(0.0) * unseen;
        Some(expected.clamp(0.0, column.about.cap.to_f64()))
    }

    /// Checks the engine's proposal for a pair: it tells what it claims, and nothing tells more.
    fn assert_most_informative(&self, query: &Reference, candidate: &Reference, weight: &Weight) {
        let missing = self.columns.iter().filter(|column| weight.missing.contains(&column.about.name));
        let proposals = missing.filter_map(|column| Some((column.about.name, self.expects(column, query, candidate)?)));
        let proposals: Vec<(&str, f64)> = proposals.collect();
        let most = proposals.iter().map(|(_, bits)| *bits).fold(0.0, f64::max);
        match weight.most_informative_missing {
            None => assert!(most < 0.002, "{most} bits are to be had"),
            Some(Informative { attribute, expected }) => {
                let naive = proposals.iter().find(|(name, _)| *name == attribute).expect("a missing attribute").1;
                assert!((expected.to_f64() - naive).abs() < 0.002, "{attribute}: {expected:?}, {naive}");
                assert!(naive > most - 0.002, "{attribute} {naive}, but another tells {most}");
            }
        }
    }
}

fn sum(evidence: &[Evidence]) -> Bits {
    evidence.iter().map(|evidence| evidence.bits).sum()
}

/// The twin's list: all pairs, sorted; and the probabilities in plain floating point.
struct Twin {
    excluded: u64,
    ranked: Vec<(Reference, Vec<Evidence>)>,
    posteriors: Vec<f64>,
    none_of_these: f64,
}

fn twin(weighed: &Weighed, decisions: &Decisions, itself: &Reference, sides: &[Kind]) -> Twin {
    let everybody = weighed.collection.iter();
    let candidates =
        everybody.filter(|(name, record)| record.verified && *name != itself && sides.contains(&record.kind));
    let (excluded, open): (Vec<_>, Vec<_>) =
        candidates.partition(|(name, _)| decisions.0.contains_key(&(itself.clone(), (*name).clone())));
    let mut ranked: Vec<_> = open.into_iter().map(|(name, _)| (name.clone(), weighed.pair(itself, name))).collect();
    ranked.sort_by_key(|(name, evidence)| (std::cmp::Reverse(sum(evidence)), name.clone()));
    let presence = MODEL.presence;
    let prior = Bits::of_ratio(presence / ranked.len().max(1) as f64).to_f64().exp2();
    let terms: Vec<f64> = ranked.iter().map(|(_, evidence)| prior * sum(evidence).to_f64().exp2()).collect();
    let all = 1.0 - presence + terms.iter().sum::<f64>();
    let excluded = excluded.len() as u64;
    Twin {
        excluded,
        ranked,
        posteriors: terms.iter().map(|term| term / all).collect(),
        none_of_these: (1.0 - presence) / all,
    }
}

fn assert_equal(list: &CandidateList, twin: &Twin, attributes: usize, limit: usize) {
    assert_eq!((list.searched.records, list.searched.excluded), (twin.ranked.len() as u64, twin.excluded));
    assert_eq!(list.candidates.len(), twin.ranked.len().min(limit));
    assert!((list.none_of_these - twin.none_of_these).abs() < 1e-6);
    for ((candidate, (name, evidence)), posterior) in list.candidates.iter().zip(&twin.ranked).zip(&twin.posteriors) {
        assert_eq!(&candidate.record, name);
        assert_eq!(candidate.weight.score, sum(evidence), "{name}");
        assert!((candidate.weight.posterior - posterior).abs() < 1e-6);
        let mut told = candidate.weight.evidence.clone();
        told.sort_by_key(|told| evidence.iter().position(|other| other.attribute == told.attribute));
        assert_eq!(&told, evidence, "{name}");
        let parts = evidence.iter().filter(|evidence| !evidence.parts.is_empty());
        for whole in parts {
            let parts: Bits = whole.parts.iter().map(|part| part.bits).sum();
            assert_eq!(parts, whole.bits, "the parts of {} add up", whole.attribute);
        }
        assert_eq!(candidate.weight.missing.len() + evidence.len(), attributes);
    }
}

/// Some record of a few put or deleted.
#[derive(Clone, Debug)]
enum Change {
    Put(Reference, Box<Record>),
    Delete(Reference),
    /// Rules a pair out, or confirms it where that is true, or takes the decision back.
    Decide(Reference, Reference, bool),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let put = (reference(), record()).prop_map(|(name, record)| Change::Put(name, Box::new(record)));
    let delete = reference().prop_map(Change::Delete);
    let decide = (reference(), reference(), prop::bool::weighted(0.2))
        .prop_map(|(a, b, resolved)| Change::Decide(a, b, resolved));
    prop::collection::vec(prop_oneof![8 => put, 2 => delete, 3 => decide], 1..60)
}

fn decision(a: &Reference, b: &Reference, resolved: bool) -> Decision {
    let (a, b, method) = (a.clone(), b.clone(), ExclusionMethod::Other);
    Decision { a, b, method, by: "somebody".to_owned(), reason: "a reason".to_owned(), expires: None, resolved }
}

fn options(threads: usize) -> EngineOptions {
    EngineOptions { threads, write_queue: 100, match_queue: 100, model: MODEL.clone(), events: None }
}

fn request(limit: usize, kind: Option<Kind>) -> MatchRequest {
    MatchRequest { limit, min_bits: None, kind, include_unverified: false }
}

/// Checks the lists of all records but those whose person is known, which have none and are part of no sum.
async fn check_every_list(
    engine: &Engine,
    everything: &Collection,
    weighed: &Weighed,
    decisions: &Decisions,
    limit: usize,
) {
    for name in everything.keys().filter(|name| !weighed.collection.contains_key(*name)) {
        let list = engine.matches(name, request(limit, None)).await.expect("an answer").expect("the record");
        assert!(list.candidates.is_empty() && list.resolved_with.is_some() && list.searched.records == 0);
    }
    check_lists(engine, weighed, decisions, limit).await;
}

async fn check_lists(engine: &Engine, weighed: &Weighed, decisions: &Decisions, limit: usize) {
    let attributes = weighed.columns.len();
    for (name, query) in &weighed.collection {
        let expected = twin(weighed, decisions, name, faces(query.kind));
        let stored = engine.matches(name, request(limit, None)).await.expect("an answer").expect("the record");
        assert_equal(&stored, &expected, attributes, limit);
        let inline = engine.match_record(query.clone(), request(limit, None)).await.expect("an answer");
        if expected.excluded == 0 {
            assert_eq!(inline.candidates, stored.candidates, "a stored and an inline query find the same");
        }
        let same =
            engine.matches(name, request(limit, Some(query.kind))).await.expect("an answer").expect("the record");
        assert_equal(&same, &twin(weighed, decisions, name, &[query.kind]), attributes, limit);
        if let Some(best) = stored.candidates.first() {
            weighed.assert_most_informative(name, &best.record, &best.weight);
        }
        for candidate in stored.candidates.iter().take(3) {
            let pair = (Subject::Stored(name.clone()), Subject::Stored(candidate.record.clone()));
            let compared = engine.compare(pair.0, pair.1, limit).await.expect("an answer").expect("both records");
            assert_eq!((&compared.weight, &compared.why_not), (&candidate.weight, &None));
            let pair = (Subject::Stored(candidate.record.clone()), Subject::Stored(name.clone()));
            let mirrored = engine.compare(pair.0, pair.1, limit).await.expect("an answer").expect("both records");
            assert_eq!(mirrored.weight.evidence, candidate.weight.evidence, "whichever side asks");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_engine_equals_the_naive_twin(changes in changes(), threads in 1..=8_usize, limit in 1..12_usize) {
        let directory = tempfile::tempdir().expect("a directory");
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let (mut collection, mut decisions, mut ids) = (Collection::new(), Decisions::default(), BTreeMap::new());
        let engine = Engine::open(directory.path(), &options(threads)).expect("an engine");
        for change in changes {
            match change {
                Change::Put(name, record) => {
                    runtime.block_on(engine.put(name.clone(), (*record).clone(), None, None)).expect("a put");
                    collection.insert(name, *record);
                }
                Change::Delete(name) => {
                    let existed = runtime.block_on(engine.delete(name.clone(), None, None)).expect("a delete");
                    prop_assert_eq!(existed, collection.remove(&name).is_some());
                }
                Change::Decide(a, b, _) if a == b => {}
                Change::Decide(a, b, resolved) => {
                    let pair = (a.clone().min(b.clone()), a.clone().max(b.clone()));
                    if let Some(id) = ids.remove(&pair) {
                        prop_assert!(runtime.block_on(engine.withdraw(id, None)).expect("a withdrawal"));
                        decisions.set(&a, &b, None);
                        continue;
                    }
                    let known = collection.contains_key(&a) && collection.contains_key(&b);
                    match runtime.block_on(engine.exclude(decision(&a, &b, resolved), None, None)) {
                        Ok(decided) => {
                            ids.insert(pair, decided.exclusion.id);
                            decisions.set(&a, &b, Some(resolved));
                            prop_assert!(known);
                        }
                        Err(error) => prop_assert!(!known && matches!(error, EngineError::NoSuchRecord(_))),
                    }
                }
            }
        }
        let resolved = decisions.resolved();
        let mut open = collection.clone();
        open.retain(|name, _| !resolved.contains(name));
        let weighed = Weighed::new(open);
        runtime.block_on(check_every_list(&engine, &collection, &weighed, &decisions, limit));
        drop(engine);
        let engine = Engine::open(directory.path(), &options(1)).expect("the engine again");
        runtime.block_on(check_every_list(&engine, &collection, &weighed, &decisions, limit));
    }
}
