//! What must hold of every attribute's evidence, over a simulated population; the registry says which there are.
//!
//! Over different people the mean likelihood ratio is at most 1, and at most one pair in k reaches k. Unknown is 0. Who
//! asks means nothing. Time has a direction. And a record that loses something never gains: the expected bits of the
//! right pair only fall.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use crossmatch::corpus::{AnyColumns, CorpusWriter, Encoded, Snapshot};
use crossmatch::model::Model;
use crossmatch::record::{Kind, Record, Reference, json};
use crossmatch::simulate::{Counts, Simulation};
use serde_json::{Value, json};

use crate::population::read;

/// Faults that are known and open: the attribute, the property, and what is wrong. A line goes when its fault does.
const OPEN_FAULTS: &[(&str, &str, &str)] = &[];

/// Unlikely enough that a sound attribute passes whatever the seed.
const ERRORS: f64 = 3.0;
/// Remains that are weighed against every missing person.
const QUERIES: usize = 320;

static MODEL: LazyLock<Model> = LazyLock::new(Model::default);
static PEOPLE: LazyLock<People> = LazyLock::new(People::new);

/// A simulated collection, and who is who in it.
struct People {
    snapshot: Snapshot,
    /// The JSON of both records of each twin: of the missing person, and of the remains or the unclaimed body.
    twins: Vec<(Value, Value)>,
    /// Bodies, each with the row of its twin.
    bodies: Vec<(Record, Option<usize>)>,
}

impl People {
    fn new() -> Self {
        let counts = Counts { missing: 1_200, unidentified: 500, unclaimed: 300, twins: 600 };
        let simulation = Simulation::new(counts, 20_261).expect("a collection");
        let truth: BTreeMap<String, String> = simulation.twins().map(|twin| (twin.other, twin.missing)).collect();
        let mut writer = CorpusWriter::default();
        let mut all: BTreeMap<String, Value> = BTreeMap::new();
        for kind in Kind::ALL {
            for one in simulation.records(*kind) {
                let mut value: Value = serde_json::from_str(&one.json).expect("JSON");
                let identity = value.as_object_mut().expect("an object");
                identity.remove("source");
                identity.remove("id");
                // The simulation gives no numbers of other systems: every fourth person has one.
                let person = truth.get(&one.id).unwrap_or(&one.id);
                if person.ends_with(['0', '4', '8']) {
                    identity.insert("identifiers".into(), json!({"ncic": person}));
                }
                writer.put(Reference::new(one.source, &one.id).expect("a reference"), &read(&value));
                all.insert(one.id, value);
            }
        }
        let snapshot = writer.snapshot(1);
        let row_of = |id: &str| {
            let rows = snapshot.rows(Kind::Missing).iter();
            rows.map(|row| row.reference.as_ref()).position(|name| name.is_some_and(|name| name.id() == id))
        };
        let twins = truth.iter().map(|(body, missing)| (all[missing].clone(), all[body].clone())).collect();
        let bodies = all.iter().filter(|(_, value)| value["kind"] != "missing");
        let bodies = bodies.map(|(id, value)| (read(value), truth.get(id).and_then(|twin| row_of(twin))));
        let bodies = bodies.collect();
        Self { snapshot, twins, bodies }
    }

    fn attributes(&self) -> impl Iterator<Item = (&'static str, &dyn AnyColumns)> {
        self.snapshot.columns().iter().map(|columns| (columns.about().name, &**columns))
    }
}

/// A mean, and its error from so many independent parts.
struct Mean {
    mean: f64,
    error: f64,
}

fn mean(parts: &[f64]) -> Mean {
    let n = parts.len().max(1) as f64;
    let mean = parts.iter().sum::<f64>() / n;
    let variance = parts.iter().map(|part| (part - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
    Mean { mean, error: (variance / n).sqrt() }
}

fn is_open(attribute: &str, property: &str) -> bool {
    OPEN_FAULTS.iter().any(|(known, of, _)| (*known, *of) == (attribute, property))
}

#[track_caller]
fn none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// The ratios of each body that has the attribute with every other missing person who has it.
fn different_people(columns: &dyn AnyColumns) -> Vec<Vec<f64>> {
    let people = &*PEOPLE;
    let every = (people.bodies.len() / QUERIES).max(1);
    let queries = people.bodies.iter().step_by(every);
    let ratios = queries.filter_map(|(body, twin)| {
        let body = Encoded::of(body);
        let weigher = columns.weigher(&MODEL, &body, Kind::Missing)?;
        let table = weigher.table();
        let rows = (0..people.snapshot.rows(Kind::Missing).len()).filter(|row| Some(*row) != *twin);
        let codes = rows.map(|row| weigher.code(row)).filter(|code| *code != 0);
        let ratios: Vec<f64> = codes.map(|code| (f64::from(table[code as usize]) / 1_000.0).exp2()).collect();
        (!ratios.is_empty()).then_some(ratios)
    });
    ratios.collect()
}

#[test]
#[expect(clippy::print_stdout, reason = "shows, with --nocapture, how near each attribute is to its limit")]
fn different_people_weigh_at_most_one_on_average_and_one_in_k_reaches_k() {
    let mut faults = Vec::new();
    for (name, columns) in PEOPLE.attributes() {
        let ratios = different_people(columns);
        assert!(ratios.len() > 10, "{name}: nothing to test it on");
        let of_query =
            |share: &dyn Fn(&[f64]) -> f64| mean(&ratios.iter().map(|ratios| share(ratios)).collect::<Vec<_>>());
        // A mean of ratios hangs on the rarest; that of ratios cut off at 100 is surer, and cannot be above 1 either.
        for (property, most) in [("mean", f64::MAX), ("mean below 100", 100.0)] {
            let mean =
                of_query(&|ratios| ratios.iter().map(|ratio| ratio.min(most)).sum::<f64>() / ratios.len() as f64);
            println!("{name}: {property} {:.3} ({:.3}) over {} queries", mean.mean, mean.error, ratios.len());
            if mean.mean > 1.0 + ERRORS * mean.error && !is_open(name, property) {
                faults.push(format!(
                    "{name}: the {property} of different people is {:.3} ({:.3})",
                    mean.mean, mean.error
                ));
            }
        }
        for k in [2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 1_024.0] {
            let reach =
                of_query(&|ratios| ratios.iter().filter(|ratio| **ratio >= k).count() as f64 / ratios.len() as f64);
            if reach.mean > 1.0 / k + ERRORS * reach.error && !is_open(name, "one in k") {
                faults.push(format!("{name}: an LR of {k} is reached by one in {:.1}", 1.0 / reach.mean));
            }
        }
    }
    none(&faults);
}

#[test]
fn the_model_says_of_every_attribute_whether_it_can_be_collected() {
    let silent = PEOPLE.attributes().map(|(name, _)| name).filter(|name| MODEL.collect.get(name).is_none());
    assert_eq!(silent.collect::<Vec<_>>(), [""; 0], "`[collect]` in default.toml has no line for these");
}

#[test]
fn unknown_is_nothing() {
    let people = &*PEOPLE;
    for (name, columns) in people.attributes() {
        for kind in Kind::ALL {
            let blank = read(&json!({"kind": kind.code()}));
            let nothing = columns.weigher(&MODEL, &Encoded::of(&blank), Kind::Missing).is_none();
            assert!(nothing, "{name}: a blank query weighs something");
            for (body, _) in people.bodies.iter().take(40) {
                let body = Encoded::of(body);
                let Some(weigher) = columns.weigher(&MODEL, &body, *kind) else { continue };
                assert!(weigher.explain_record(&blank).is_none(), "{name}: a blank candidate weighs something");
                assert_eq!(weigher.table()[0], 0, "{name}");
            }
        }
    }
}

fn bits(columns: &dyn AnyColumns, query: &Record, candidate: &Record) -> i32 {
    let query = Encoded::of(query);
    let weigher = columns.weigher(&MODEL, &query, candidate.kind);
    weigher.and_then(|weigher| weigher.explain_record(candidate)).map_or(0, |evidence| evidence.bits.0)
}

#[test]
fn who_asks_means_nothing() {
    let people = &*PEOPLE;
    let records: Vec<(Record, Record)> = people.twins.iter().map(|(a, b)| (read(a), read(b))).collect();
    for (name, columns) in people.attributes() {
        for ((missing, _), (_, body)) in
            records.iter().zip(records.iter().skip(1)).chain(records.iter().map(|p| (p, p))).take(100)
        {
            let (asked, mirrored) = (bits(columns, missing, body), bits(columns, body, missing));
            assert_eq!(asked, mirrored, "{name}: the missing person's query and the body's weigh differently");
        }
    }
}

/// Attributes whose two values may change places between two records of one kind: neither is the earlier state.
const SYMMETRIC: &[&str] = &["identifiers", "features", "blood_type"];

#[test]
fn where_neither_is_earlier_the_two_change_places() {
    let people = &*PEOPLE;
    let missing: Vec<Record> = people.twins.iter().take(80).map(|(missing, _)| read(missing)).collect();
    let mut faults = Vec::new();
    for (name, columns) in
        people.attributes().filter(|(name, _)| SYMMETRIC.contains(name) && !is_open(name, "symmetric"))
    {
        for (a, b) in missing.iter().zip(missing.iter().skip(1)) {
            let (forth, back) = (bits(columns, a, b), bits(columns, b, a));
            if forth != back {
                faults.push(format!("{name}: {forth} one way, {back} the other"));
            }
        }
    }
    none(&faults);
}

/// Attributes that know the direction of time: what can become of a person, earlier and later. The other way round it
/// must weigh less.
fn directions() -> Vec<(&'static str, Value, Value)> {
    let teeth = |treated: &'static str| -> Value {
        let code = |tooth: u8| if tooth < 5 { treated } else { "V" };
        let teeth: BTreeMap<String, &str> = (2..16).map(|tooth| (tooth.to_string(), code(tooth))).collect();
        json!({"dental": {"teeth": teeth}})
    };
    let marks = |marks: &[&str]| {
        let marks: Vec<Value> = marks.iter().map(|text| json!({"kind": "tattoo", "description": text})).collect();
        json!({"features": marks, "remains": {"condition": "recognizable"}})
    };
    let on = |date: &str| json!({"date": date});
    vec![
        ("dental", teeth("V"), teeth("X")),
        (
            "fingerprints",
            json!({"fingerprint_class": "PI12////////////////"}),
            json!({"fingerprint_class": "XX12////////////////"}),
        ),
        ("timeline", on("2001-05-06"), on("2002-03-04")),
        (
            "build",
            json!({"age_years": {"min": 12, "max": 12}, "height_cm": {"min": 150, "max": 150}}),
            json!({"age_years": {"min": 15, "max": 15}, "height_cm": {"min": 170, "max": 170}}),
        ),
        (
            "features",
            marks(&["rose on left arm"]),
            marks(&["rose on left arm", "large eagle with spread wings on chest"]),
        ),
    ]
}

/// A record of a kind with some fields; a date stands where the kind has it.
fn with(kind: &str, fields: &Value) -> Record {
    let mut record = fields.clone();
    let members = record.as_object_mut().expect("an object");
    members.insert("kind".into(), json!(kind));
    if let Some(date) = members.remove("date") {
        members.insert(if kind == "missing" { "last_contact" } else { "found" }.into(), json!({"date": date}));
    }
    if kind == "missing" {
        members.remove("remains");
    }
    read(&record)
}

#[test]
fn what_time_cannot_undo_weighs_less() {
    let mut faults = Vec::new();
    for (name, columns) in PEOPLE.attributes() {
        for (_, earlier, later) in directions().iter().filter(|(of, ..)| *of == name) {
            let forth = bits(columns, &with("missing", earlier), &with("unidentified", later));
            let back = bits(columns, &with("missing", later), &with("unidentified", earlier));
            if forth <= back && !is_open(name, "direction") {
                faults.push(format!("{name}: {forth} as time goes, {back} against it"));
            }
        }
    }
    none(&faults);
}

/// Takes something from a record; false: there was nothing to take.
type Damage = fn(&mut Value) -> bool;

/// Blurs a record. Every field is blanked as well.
const BLURS: &[(&str, Damage)] = &[
    ("a wider age", |record| widen(record, "age_years", 5.0)),
    ("a wider height", |record| widen(record, "height_cm", 6.0)),
    ("a wider weight", |record| widen(record, "weight_kg", 10.0)),
    ("only the year of the event", |record| {
        ["/last_contact/date", "/found/date"].iter().any(|at| record.pointer_mut(at).is_some_and(only_year))
    }),
    ("only the year of birth", |record| record.pointer_mut("/birth_date").is_some_and(only_year)),
    ("no point", |record| {
        let places = ["/last_contact/place", "/found/place"];
        places.iter().any(|at| match record.pointer_mut(at).and_then(Value::as_object_mut) {
            Some(place) if place.contains_key("region") => {
                place.remove("latitude").and(place.remove("longitude")).is_some()
            }
            _ => false,
        })
    }),
    ("half of the teeth", |record| halve_members(record, "/dental/teeth")),
    ("half of the fingers", |record| {
        let Some(half) = record["fingerprint_class"].as_str().map(|class| format!("{}//////////", &class[..10])) else {
            return false;
        };
        std::mem::replace(&mut record["fingerprint_class"], json!(half)) != json!(half)
    }),
    ("half of the loci", |record| halve_members(record, "/dna/str")),
    ("one mark", |record| truncate(record, "/features", 1)),
    ("one thing", |record| truncate(record, "/belongings", 1)),
    ("one hair colour fewer", |record| truncate(record, "/hair_color", 1)),
    ("initials", |record| {
        let names = record.get_mut("names").and_then(Value::as_array_mut);
        names.is_some_and(|names| names.iter_mut().filter_map(|name| only_initial(name).then_some(())).count() > 0)
    }),
];

fn widen(record: &mut Value, field: &str, by: f64) -> bool {
    let Some(range) = record.get_mut(field).and_then(Value::as_object_mut) else { return false };
    for (end, by) in [("min", -by), ("max", by)] {
        if let Some(value) = range.get(end).and_then(Value::as_f64) {
            range.insert(end.into(), json!((value + by).max(0.0)));
        }
    }
    true
}

fn only_year(date: &mut Value) -> bool {
    match date.as_str().map(str::to_owned) {
        Some(text) if text.len() > 4 && !text.contains('/') => {
            *date = json!(text[..4]);
            true
        }
        _ => false,
    }
}

fn halve_members(record: &mut Value, at: &str) -> bool {
    let Some(members) = record.pointer_mut(at).and_then(Value::as_object_mut) else { return false };
    let before = members.len();
    let half: Vec<String> = members.keys().skip(1).step_by(2).cloned().collect();
    half.iter().for_each(|name| drop(members.remove(name)));
    members.len() < before
}

fn truncate(record: &mut Value, at: &str, to: usize) -> bool {
    let list = record.pointer_mut(at).and_then(Value::as_array_mut);
    list.is_some_and(|list| {
        let longer = list.len() > to;
        list.truncate(to);
        longer
    })
}

fn only_initial(name: &mut Value) -> bool {
    let Some(given) = name["given"].as_str().map(str::to_owned) else { return false };
    name["given"] = json!(given.chars().take(1).collect::<String>());
    given.chars().count() > 1
}

/// The record without something; none: it has not got it.
fn damaged(record: &Value, damage: &dyn Fn(&mut Value) -> bool) -> Option<Record> {
    let mut record = record.clone();
    if !damage(&mut record) {
        return None;
    }
    let tree = json::parse(record.to_string().as_bytes()).ok()?;
    json::read(&tree).ok().map(|(_, record)| record)
}

/// What each attribute gains, on average over pairs of one person, when their records are damaged.
fn gains(what: &str, damage: &dyn Fn(&mut Value) -> bool, faults: &mut Vec<String>) {
    const PAIRS: usize = 40;
    let people = &*PEOPLE;
    for side in ["missing person", "body"] {
        let of = |(missing, body): &(Value, Value)| {
            let (missing_read, body_read) = (read(missing), read(body));
            match side {
                "body" => damaged(body, damage).map(|damaged| (body_read, damaged, missing_read)),
                _ => damaged(missing, damage).map(|damaged| (missing_read, damaged, body_read)),
            }
        };
        let pairs: Vec<(Record, Record, Record)> = people.twins.iter().filter_map(of).take(PAIRS).collect();
        for (name, columns) in people.attributes().filter(|_| pairs.len() >= 10) {
            let gains = pairs.iter().map(|(whole, damaged, other)| {
                f64::from(bits(columns, damaged, other) - bits(columns, whole, other)) / 1_000.0
            });
            let gain = mean(&gains.collect::<Vec<_>>());
            if gain.mean > ERRORS * gain.error + 0.02 && !is_open(name, what) {
                faults.push(format!(
                    "{name}: the right pair gains {:.3} ({:.3}) bits by {what} of the {side}",
                    gain.mean, gain.error
                ));
            }
        }
    }
}

#[test]
fn a_damaged_record_gains_nothing() {
    let mut faults = Vec::new();
    let fields: BTreeSet<&String> = PEOPLE
        .twins
        .iter()
        .flat_map(|(a, b)| [a, b])
        .filter_map(Value::as_object)
        .flat_map(|members| members.keys())
        .collect();
    for field in fields.into_iter().filter(|field| !["kind", "verified", "narrative"].contains(&field.as_str())) {
        let blank = |record: &mut Value| record.as_object_mut().and_then(|members| members.remove(field)).is_some();
        gains(&format!("no {field}"), &blank, &mut faults);
    }
    for (what, blur) in BLURS {
        gains(what, blur, &mut faults);
    }
    none(&faults);
}
