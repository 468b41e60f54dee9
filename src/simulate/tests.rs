//! What holds for whole collections: the same bytes, records that read, twins that exist, shares as published.

use std::collections::BTreeSet;

use proptest::prelude::{ProptestConfig, any, prop_assert, proptest};

use super::{Counts, Simulated, Simulation};
use crate::record::{Kind, Record, Reference, json};

fn simulation(counts: [u64; 4], seed: u64) -> Simulation {
    let [missing, unidentified, unclaimed, twins] = counts;
    Simulation::new(Counts { missing, unidentified, unclaimed, twins }, seed).expect("twins fit")
}

fn read(simulated: &Simulated) -> (Reference, Record) {
    let tree = json::parse(simulated.json.as_bytes()).expect("JSON");
    json::read_with_reference(&tree).unwrap_or_else(|faults| panic!("{faults:?} in {}", simulated.json))
}

fn all(simulation: Simulation) -> impl Iterator<Item = Simulated> {
    Kind::ALL.iter().flat_map(move |&kind| simulation.records(kind))
}

#[test]
fn a_seed_is_a_collection() {
    let lines = |seed| all(simulation([40, 40, 40, 20], seed)).map(|r| r.json).collect::<Vec<_>>();
    assert_eq!(lines(7), lines(7));
    let (seven, eight) = (lines(7), lines(8));
    assert!(seven.iter().zip(&eight).all(|(a, b)| a != b));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_record_reads_without_fault(seed in any::<u64>(), index in 0_u64..1_000_000) {
        let simulation = simulation([1_000_000, 1_000_000, 1_000_000, 900_000], seed);
        for &kind in Kind::ALL {
            let simulated = simulation.record(kind, index);
            let (reference, record) = read(&simulated);
            prop_assert!(reference.id() == simulated.id && record.kind == kind);
        }
    }
}

#[test]
fn twins_exist_once_and_every_one_is_told() {
    for counts in [[30, 20, 20, 15], [5, 5, 5, 5], [10, 0, 10, 10], [10, 10, 0, 7], [3, 2, 2, 0], [1, 1, 0, 1]] {
        let simulation = simulation(counts, 3);
        let ids: BTreeSet<String> = all(simulation).map(|record| record.id).collect();
        let twins: Vec<_> = simulation.twins().collect();
        assert_eq!(twins.len() as u64, counts[3], "{counts:?}");
        assert!(twins.iter().all(|twin| ids.contains(&twin.missing) && ids.contains(&twin.other)), "{counts:?}");
        let others: BTreeSet<&String> = twins.iter().map(|twin| &twin.other).collect();
        assert_eq!(others.len(), twins.len(), "{counts:?}");
    }
}

#[test]
fn more_twins_than_records_are_refused() {
    let counts = |missing, unidentified, unclaimed, twins| Counts { missing, unidentified, unclaimed, twins };
    assert!(Simulation::new(counts(3, 9, 9, 4), 1).is_err());
    assert!(Simulation::new(counts(9, 2, 1, 4), 1).is_err());
    assert!(Simulation::new(counts(9, 2, 2, 4), 1).is_ok());
}

/// The index behind the letter of an identifier.
fn index(id: &str) -> u64 {
    id[1..].parse().expect("digits")
}

#[test]
fn twins_are_one_person() {
    let simulation = simulation([600, 400, 200, 500], 11);
    let (mut same_sex, mut told, mut in_order, mut names) = (0, 0, 0, 0);
    for twin in simulation.twins() {
        let kind = if twin.other.starts_with('U') { Kind::Unidentified } else { Kind::Unclaimed };
        let (_, a) = read(&simulation.record(Kind::Missing, index(&twin.missing)));
        let (_, b) = read(&simulation.record(kind, index(&twin.other)));
        told += usize::from(b.sex.is_some());
        same_sex += usize::from(a.sex == b.sex);
        let day = |record: &Record| record.event().and_then(|event| event.date.as_ref()?.last());
        in_order += usize::from(day(&a) <= day(&b));
        names += usize::from(kind == Kind::Unclaimed && a.names[0].family == b.names[0].family);
        let shared = a.dental.is_some() && b.dental.is_some();
        assert_eq!(twin.tier.contains("dental"), shared, "{}", twin.tier);
    }
    assert!(same_sex * 100 > told * 95, "{same_sex} of {told}");
    assert!(in_order > 480, "{in_order}");
    assert!(names > 110, "{names}");
}

/// Share of records that have something, in per cent.
fn share(records: &[Record], has: impl Fn(&Record) -> bool) -> i64 {
    (records.iter().filter(|record| has(record)).count() * 100 / records.len()) as i64
}

#[test]
fn shares_of_fields_are_as_published() {
    let simulation = simulation([3_000, 3_000, 3_000, 900], 5);
    let of = |kind| simulation.records(kind).map(|simulated| read(&simulated).1).collect::<Vec<_>>();
    let (missing, unidentified, unclaimed) = (of(Kind::Missing), of(Kind::Unidentified), of(Kind::Unclaimed));
    let check = |records: &[Record], what: &str, has: fn(&Record) -> bool, target: i64| {
        let found = share(records, has);
        assert!((found - target).abs() <= 4, "{what}: {found} %, target {target} %");
    };
    check(&missing, "teeth", |r| r.dental.is_some(), 36);
    check(&missing, "dna", |r| r.dna.is_some(), 29);
    check(&missing, "prints", |r| r.fingerprint_class.is_some(), 20);
    check(&missing, "features", |r| !r.features.is_empty(), 46);
    check(&missing, "belongings", |r| !r.belongings.is_empty(), 45);
    check(&missing, "birth date", |r| r.birth_date.is_some(), 50);
    check(&unidentified, "teeth", |r| r.dental.is_some(), 52);
    check(&unidentified, "dna", |r| r.dna.is_some(), 45);
    check(&unidentified, "prints", |r| r.fingerprint_class.is_some(), 19);
    check(&unidentified, "features", |r| !r.features.is_empty(), 22);
    check(&unidentified, "belongings", |r| !r.belongings.is_empty(), 55);
    check(&unidentified, "height", |r| r.height_cm.is_some(), 70);
    check(&unidentified, "weight", |r| r.weight_kg.is_some(), 43);
    check(&unidentified, "hair", |r| !r.hair_color.is_empty(), 49);
    check(&unidentified, "eyes", |r| !r.eye_color.is_empty(), 23);
    check(&unidentified, "ancestry", |r| !r.ancestry.is_empty(), 74);
    check(&unidentified, "sex", |r| r.sex.is_some(), 91);
    check(&unclaimed, "features", |r| !r.features.is_empty(), 15);
    check(&unclaimed, "belongings", |r| !r.belongings.is_empty(), 14);
    check(&unclaimed, "birth date", |r| r.birth_date.is_some(), 42);
}
