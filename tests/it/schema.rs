//! The reader of records against `record.schema.json`, with a validator that knows only the schema.
//!
//! Bodies are generated from the schema itself, so that a field added there is tested at once, and then
//! damaged: values replaced, members removed and added, lists lengthened. In both directions: what the schema
//! refuses we refuse, and what we refuse beyond it is on [`FAULTS_OF_SENSE`], each with an example here.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use crossmatch::record::json::{self, FAULTS_OF_SENSE, Fault, Invalid, SCHEMA_VALUE};
use crossmatch::record::{Record, Reference};
use jsonschema::Validator;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Value, json};

static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| jsonschema::validator_for(&SCHEMA_VALUE).unwrap());

fn read_text(body: &str) -> Result<(Option<Reference>, Record), Vec<Fault>> {
    json::read(&json::parse(body.as_bytes()).unwrap()).map_err(|invalid| match invalid {
        Invalid::Faults(faults) => faults,
        Invalid::Json { .. } => unreachable!("read does not parse"),
    })
}

fn read(body: &Value) -> Result<(Option<Reference>, Record), Vec<Fault>> {
    read_text(&body.to_string())
}

/// A schema with its reference followed.
fn resolve(schema: &'static Value) -> &'static Value {
    match schema["$ref"].as_str() {
        Some(pointer) => SCHEMA_VALUE.pointer(pointer.trim_start_matches('#')).unwrap(),
        None => schema,
    }
}

/// The contract allows `null` for an absent field; the schema does not. Takes those away, and no others.
fn without_nulls(body: &Value, schema: &'static Value) -> Value {
    let schema = resolve(schema);
    match body {
        Value::Object(members) => {
            let known = |name: &str| schema["properties"].get(name);
            let kept = members.iter().filter(|(name, value)| !(value.is_null() && known(name).is_some()));
            let member = |(name, value): (&String, &Value)| match known(name) {
                Some(schema) => (name.clone(), without_nulls(value, schema)),
                None => (name.clone(), without_nulls(value, &schema["additionalProperties"])),
            };
            Value::Object(kept.map(member).collect())
        }
        Value::Array(items) => items.iter().map(|item| without_nulls(item, &schema["items"])).collect(),
        other => other.clone(),
    }
}

/// Texts for fields that have no pattern: dates and differences, right and nearly right, and plain words.
const TEXTS: &[&str] = &[
    "1970",
    "1970-05",
    "1970-05-02",
    "1970/1980",
    "../1990",
    "1971/1970",
    "1970-02-30",
    "263G",
    "315.1C",
    "16024-365",
    "",
    "Anna",
    "Иван",
    "O'Brien-Núñez",
    "TAT L ARM",
    "x",
];
/// Names of members whose names are data.
const KEYS: &[&str] = &["1", "17", "32", "33", "18", "48", "D3S1358", "TH01", "ncic", "a/b", "m~n"];
/// What a value is replaced by, next to what the schema itself gives.
const ODD: &[&str] = &[
    "null",
    "true",
    "0",
    "-1",
    "-0.0",
    "90.5",
    "181",
    "1e300",
    "12345678901234567890",
    "\"\"",
    "\"x\"",
    "\"white\"",
    "\"missing\"",
    "\"1970-13\"",
    "\"MM\"",
    "\"MODFLCRM\"",
    "\"/R\"",
    "\"9.3\"",
    "\"9.33\"",
    "\"US\"",
    "\"Us\"",
    "\"1-2\"",
    "\"01020304050607080910\"",
    "\"US\\n\"",
    "[]",
    "{}",
    "[null]",
    "[\"x\"]",
    "[\"brown\"]",
    "[\"brown\",\"brown\"]",
    "{\"min\":1,\"max\":2}",
    "{\"1\":\"V\"}",
    "[[]]",
    "{\"teeth\":{}}",
];
/// What a text is lengthened by; nothing: shortened; a word: put in that case.
const NUDGES: &[&str] = &["", "lower", "A", "9", ".", ".9", "/", "\n", " ", "é"];
/// Around the lengths the schema limits.
const LENGTHS: &[usize] =
    &[10, 11, 40, 41, 64, 65, 100, 101, 128, 129, 200, 201, 400, 401, 8_000, 8_001, 65_536, 65_537];

/// Values that a schema accepts.
fn values_of(schema: &'static Value) -> BoxedStrategy<Value> {
    let schema = resolve(schema);
    if let Some(values) = schema["enum"].as_array() {
        return select(values.as_slice()).boxed();
    }
    match schema["type"].as_str().unwrap() {
        "object" => objects_of(schema),
        "array" => lists_of(schema),
        "string" => match schema["pattern"].as_str() {
            Some(pattern) => {
                let inner = pattern.trim_start_matches('^').trim_end_matches('$');
                proptest::string::string_regex(inner).unwrap().prop_map(Value::from).boxed()
            }
            None => {
                let most = schema["maxLength"].as_u64().unwrap_or(u64::MAX) as usize;
                let fits = move |text: &str| text.chars().take(most).collect::<String>();
                select(TEXTS).prop_map(move |text| Value::from(fits(text))).boxed()
            }
        },
        "number" => {
            let low = schema["minimum"].as_f64().unwrap_or(-1e6);
            let high = schema["maximum"].as_f64().unwrap_or(1e6);
            let whole = (low.ceil() as i64..=high.floor() as i64).prop_map(Value::from);
            prop_oneof![4 => whole, 1 => (low..=high).prop_map(Value::from), 1 => Just(json!(low)), 1 => Just(json!(high))]
                .boxed()
        }
        "boolean" => any::<bool>().prop_map(Value::from).boxed(),
        other => panic!("the schema has a type that this test cannot make: {other}"),
    }
}

fn objects_of(schema: &'static Value) -> BoxedStrategy<Value> {
    let Some(properties) = schema["properties"].as_object() else {
        let members = (select(KEYS).prop_map(str::to_owned), values_of(&schema["additionalProperties"]));
        return prop::collection::vec(members, 0..4).prop_map(|members| members.into_iter().collect()).boxed();
    };
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    // A record with every field would nearly always have one fault of sense.
    let chance = (4.0 / properties.len() as f64).min(0.6);
    let mut members = Just(Map::new()).boxed();
    for (name, schema) in properties {
        let value = match required.contains(&name.as_str()) {
            true => values_of(schema).prop_map(Some).boxed(),
            false => prop::option::weighted(chance, values_of(schema)).boxed(),
        };
        members = (members, value)
            .prop_map(move |(mut members, value)| {
                members.extend(value.map(|value| (name.clone(), value)));
                members
            })
            .boxed();
    }
    members.prop_map(Value::Object).boxed()
}

fn lists_of(schema: &'static Value) -> BoxedStrategy<Value> {
    let least = schema["minItems"].as_u64().unwrap_or(0) as usize;
    let most = schema["maxItems"].as_u64().unwrap_or(3).min(3) as usize;
    let unique = schema["uniqueItems"].as_bool().unwrap_or(false);
    let items = prop::collection::vec(values_of(&schema["items"]), least..=most);
    items
        .prop_map(move |mut items| {
            let mut seen = BTreeSet::new();
            items.retain(|item| !unique || seen.insert(item.to_string()));
            Value::Array(items)
        })
        .boxed()
}

/// One change somewhere in a body.
#[derive(Clone, Debug)]
enum Damage {
    Replace(Value),
    Remove,
    Add(&'static str, Value),
    Lengthen(usize),
    /// A text a little longer or shorter, or in the other case: just outside a pattern.
    Nudge(&'static str),
}

fn some_damage() -> impl Strategy<Value = (Index, Damage)> {
    let odd = || select(ODD).prop_map(|text| serde_json::from_str::<Value>(text).unwrap());
    let long = (select(LENGTHS), select(vec!["x", "é", "山"]));
    let names = [KEYS, &["kind", "source", "id", "Kind", "latitude", "date", "note", "use", "teeth", "min"]].concat();
    let damage = prop_oneof![
        4 => odd().prop_map(Damage::Replace),
        1 => long.prop_map(|(length, letter)| Damage::Replace(letter.repeat(length).into())),
        2 => Just(Damage::Remove),
        2 => (select(names), odd()).prop_map(|(name, value)| Damage::Add(name, value)),
        2 => select(vec![2_usize, 3, 32, 33, 200, 201]).prop_map(Damage::Lengthen),
        4 => select(NUDGES).prop_map(Damage::Nudge),
    ];
    (any::<Index>(), damage)
}

/// The JSON pointers of every value in a body.
fn pointers(body: &Value) -> Vec<String> {
    let below = |name: &str, value: &Value| -> Vec<String> {
        let name = name.replace('~', "~0").replace('/', "~1");
        pointers(value).into_iter().map(|rest| format!("/{name}{rest}")).collect()
    };
    let mut found = vec![String::new()];
    match body {
        Value::Object(members) => found.extend(members.iter().flat_map(|(name, value)| below(name, value))),
        Value::Array(items) => {
            found.extend(items.iter().enumerate().flat_map(|(number, item)| below(&number.to_string(), item)));
        }
        _ => {}
    }
    found
}

fn damage(body: &mut Value, pointer: &str, damage: Damage) {
    match (damage, body.pointer_mut(pointer).unwrap()) {
        (Damage::Replace(by), value) => *value = by,
        (Damage::Add(name, by), Value::Object(members)) => drop(members.insert(name.to_owned(), by)),
        (Damage::Lengthen(to), Value::Array(items)) if !items.is_empty() => {
            *items = items.iter().cycle().take(to).cloned().collect();
        }
        (Damage::Nudge(by), Value::String(text)) => nudge(text, by),
        (Damage::Remove, _) if !pointer.is_empty() => remove(body, pointer),
        _ => {}
    }
}

fn nudge(text: &mut String, by: &str) {
    match by {
        "" => drop(text.pop()),
        "lower" => *text = text.to_lowercase(),
        letter => text.push_str(letter),
    }
}

fn remove(body: &mut Value, pointer: &str) {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match body.pointer_mut(parent).unwrap() {
        Value::Object(members) => drop(members.remove(&name.replace("~1", "/").replace("~0", "~"))),
        Value::Array(items) => drop(items.remove(name.parse().unwrap())),
        _ => unreachable!("only objects and arrays hold values"),
    }
}

fn bodies() -> impl Strategy<Value = Value> {
    (values_of(&SCHEMA_VALUE), prop::collection::vec(some_damage(), 0..4)).prop_map(|(mut body, damages)| {
        for (place, what) in damages {
            let places = pointers(&body);
            damage(&mut body, place.get::<String>(&places), what);
        }
        body
    })
}

/// What the reader says of a body must follow from what the schema says.
fn check(body: &Value) -> Result<(), TestCaseError> {
    let accepted = VALIDATOR.is_valid(&without_nulls(body, &SCHEMA_VALUE));
    match read(body) {
        Ok((_, record)) => {
            prop_assert!(accepted, "the schema refuses what was read");
            let written = json::write(&record);
            let again = read_text(&written);
            prop_assert!(again.is_ok_and(|(_, again)| again == record), "written and read again it is another");
        }
        Err(faults) => {
            prop_assert!(!faults.is_empty(), "refused without a fault");
            for fault in &faults {
                prop_assert!(body.pointer(&fault.pointer).is_some(), "{} points nowhere", fault.pointer);
            }
            let sense = faults.iter().all(|fault| FAULTS_OF_SENSE.contains(&fault.code));
            prop_assert!(!accepted || sense, "the schema accepts what was refused: {faults:?}");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_reader_and_the_schema_refuse_the_same(body in bodies()) {
        check(&body)?;
    }

    #[test]
    fn what_is_generated_from_the_schema_it_accepts(body in values_of(&SCHEMA_VALUE)) {
        prop_assert!(VALIDATOR.is_valid(&body));
    }
}

/// Each value of a body with every field, damaged in every way there is, one at a time.
#[test]
fn one_damage_anywhere_is_judged_alike() {
    let full = full();
    let odd = ODD.iter().map(|text| Damage::Replace(serde_json::from_str(text).unwrap()));
    let nudges = NUDGES.iter().map(|by| Damage::Nudge(by));
    let added = ["note", "1"].map(|name| Damage::Add(name, Value::Null));
    let ways: Vec<Damage> = odd.chain(nudges).chain(added).chain([Damage::Remove, Damage::Lengthen(2)]).collect();
    for pointer in pointers(&full) {
        for way in &ways {
            let mut body = full.clone();
            damage(&mut body, &pointer, way.clone());
            check(&body).unwrap_or_else(|error| panic!("{pointer} {way:?}: {error}"));
        }
    }
}

/// Every limit and every list of the schema, just inside and just outside.
#[test]
fn every_limit_of_the_schema_is_the_readers() {
    for (pointer, inside, outside) in
        [("/names", 32, 33), ("/features", 200, 201), ("/belongings", 200, 201), ("/dna/relatives", 32, 33)]
    {
        for (length, right) in [(inside, true), (outside, false)] {
            let mut body = full();
            let items = body.pointer_mut(pointer).unwrap().as_array_mut().unwrap();
            *items = vec![items[0].clone(); length];
            assert_eq!((read(&body).is_ok(), VALIDATOR.is_valid(&body)), (right, right), "{pointer} {length}");
        }
    }
    for (pointer, most) in [
        ("/identifiers/ncic", 128),
        ("/names/0/given", 200),
        ("/names/0/middle", 200),
        ("/names/0/family", 200),
        ("/names/0/suffix", 40),
        ("/names/0/full", 400),
        ("/last_contact/place/region", 100),
        ("/last_contact/place/county", 100),
        ("/last_contact/place/locality", 200),
        ("/features/0/code", 10),
        ("/features/0/site", 200),
        ("/features/0/description", 8_000),
        ("/belongings/0/description", 8_000),
        ("/narrative", 65_536),
    ] {
        for (length, right) in [(most, true), (most + 1, false)] {
            let mut body = full();
            *body.pointer_mut(pointer).unwrap() = "é".repeat(length).into();
            assert_eq!((read(&body).is_ok(), VALIDATOR.is_valid(&body)), (right, right), "{pointer} {length}");
        }
    }
}

/// A body with every field of the schema and no fault.
fn full() -> Value {
    let place = json!({"country": "US", "region": "Ohio", "county": "Lake", "locality": "Mentor", "latitude": 41.6,
                       "longitude": -81.3, "radius_km": 5});
    let str = json!({"D3S1358": ["15", "16"], "TH01": ["9.3"]});
    json!({
        "source": "namus", "id": "MP1", "kind": "missing", "identifiers": {"ncic": "M123"},
        "names": [{"given": "A", "middle": "B", "family": "C", "suffix": "Jr", "full": "A B C", "use": "alias"}],
        "sex": "female", "ancestry": ["white"], "birth_date": "1970", "age_years": {"min": 20, "max": 30},
        "height_cm": {"min": 160, "max": 165.5}, "weight_kg": {"min": 50, "max": 60}, "hair_color": ["brown"],
        "eye_color": ["blue"], "blood_type": "AB-", "last_contact": {"date": "1999-05", "place": place},
        "found": {"date": "2000/2001", "place": place}, "death_date": "../2001", "living": false,
        "remains": {"condition": "skeleton", "not_recovered": ["hands"]},
        "features": [{"kind": "tattoo", "code": "TAT L ARM", "site": "left arm", "description": "an anchor"}],
        "belongings": [{"kind": "jewelry", "description": "a ring", "position": "on_body"}],
        "dental": {"notation": "fdi", "date": "1998", "teeth": {"11": "V", "36": "MO"}},
        "fingerprint_class": "0102030405060708PI10",
        "dna": {"str": str, "mtdna": ["263G"], "mtdna_range": ["16024-365"], "y_str": str,
                "relatives": [{"relation": "mother", "str": str, "mtdna": ["263G"], "y_str": str}]},
        "narrative": "Last seen.", "verified": false,
    })
}

/// Asserts that a body has exactly these faults.
fn check_faults(body: &str, expected: &[(&str, &str)]) {
    let faults = read_text(body).err().unwrap_or_default();
    let found: BTreeSet<(&str, &str)> = faults.iter().map(|fault| (fault.pointer.as_str(), fault.code)).collect();
    assert_eq!(found, expected.iter().copied().collect(), "{body}");
}

#[test]
fn a_body_with_every_field_is_read_and_written_whole() {
    let body = full();
    assert_eq!(body.as_object().unwrap().len(), SCHEMA_VALUE["properties"].as_object().unwrap().len());
    let (reference, record) = read(&body).unwrap();
    assert_eq!(reference.unwrap().as_str(), "namus/MP1");
    let mut expected = body;
    for name in ["source", "id"] {
        expected.as_object_mut().unwrap().remove(name);
    }
    assert_eq!(serde_json::from_str::<Value>(&json::write(&record)).unwrap(), expected);
}

/// Faults that do not touch each other: where, what is put there, the fault's code.
const FAULTS: &[(&str, &str, &str)] = &[
    ("/source", "\"a b\"", "invalid_source"),
    ("/id", "\"\"", "invalid_id"),
    ("/kind", "\"lost\"", "unknown_value"),
    ("/identifiers/ncic", "7", "wrong_type"),
    ("/names/0/given", "[]", "wrong_type"),
    ("/sex", "\"f\"", "unknown_value"),
    ("/ancestry/0", "\"green\"", "unknown_value"),
    ("/birth_date", "\"1970-02-30\"", "invalid_date"),
    ("/age_years", "{\"min\": 3, \"max\": 2}", "invalid_range"),
    ("/height_cm/min", "\"160\"", "wrong_type"),
    ("/weight_kg", "{\"min\": -3, \"max\": 2}", "invalid_range"),
    ("/hair_color", "\"brown\"", "wrong_type"),
    ("/blood_type", "\"C\"", "unknown_value"),
    ("/last_contact/place/latitude", "91", "out_of_range"),
    ("/found/place/country", "\"usa\"", "invalid_country"),
    ("/living", "\"no\"", "wrong_type"),
    ("/remains/condition", "\"fine\"", "unknown_value"),
    ("/features/0/code", "\"TAT LEFT ARM\"", "too_long"),
    ("/belongings/0/position", "\"far\"", "unknown_value"),
    ("/dental/teeth/36", "\"MM\"", "invalid_tooth"),
    ("/fingerprint_class", "\"ZZ02030405060708PI10\"", "invalid_fingerprints"),
    ("/dna/str/TH01", "[\"1\", \"2\", \"3\"]", "too_many_items"),
    ("/dna/mtdna/0", "\"0G\"", "invalid_mtdna"),
    ("/dna/relatives/0/relation", "\"friend\"", "unknown_value"),
    ("/verified", "0", "wrong_type"),
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn all_faults_of_a_body_are_reported_together(chosen in prop::sample::subsequence(FAULTS, 0..=FAULTS.len())) {
        let mut body = full();
        for (pointer, value, _) in &chosen {
            *body.pointer_mut(pointer).unwrap() = serde_json::from_str(value).unwrap();
        }
        let expected: Vec<(&str, &str)> = chosen.iter().map(|(pointer, _, code)| (*pointer, *code)).collect();
        check_faults(&body.to_string(), &expected);
    }
}

/// Said where the body meets its path, in `http`, which has the path.
const SAID_BY_HTTP: &str = "wrong_reference";

#[test]
fn each_fault_of_sense_has_an_example_that_the_schema_accepts() {
    let examples = [
        (r#"{"kind": "missing", "age_years": {"min": 2, "max": 1}}"#, "/age_years", "invalid_range"),
        (r#"{"kind": "missing", "birth_date": "1970-02-30"}"#, "/birth_date", "invalid_date"),
        (r#"{"kind": "missing", "found": {"date": "1971/1970"}}"#, "/found/date", "invalid_date"),
        (r#"{"kind": "missing", "dental": {"teeth": {"33": "V"}}}"#, "/dental/teeth/33", "invalid_tooth"),
        (r#"{"kind": "missing", "dental": {"teeth": {"3": "MM"}}}"#, "/dental/teeth/3", "invalid_tooth"),
        (
            r#"{"kind": "missing", "fingerprint_class": "0002030405060708PI10"}"#,
            "/fingerprint_class",
            "invalid_fingerprints",
        ),
        (r#"{"kind": "missing", "dna": {"mtdna": ["0G"]}}"#, "/dna/mtdna/0", "invalid_mtdna"),
        (r#"{"kind": "missing", "dna": {"mtdna_range": ["0-9"]}}"#, "/dna/mtdna_range/0", "invalid_mtdna"),
        (r#"{"kind": "missing", "found": {"place": {"latitude": 1}}}"#, "/found/place", "half_a_point"),
        (r#"{"kind": "missing", "kind": "missing"}"#, "/kind", "duplicate_field"),
        (r#"{"kind": "missing", "dental": {"teeth": {"1": "V", "1": "X"}}}"#, "/dental/teeth/1", "duplicate_field"),
    ];
    let mut said: BTreeSet<&str> = [SAID_BY_HTTP].into();
    for (body, pointer, code) in examples {
        assert!(VALIDATOR.is_valid(&serde_json::from_str(body).unwrap()), "{body}");
        check_faults(body, &[(pointer, code)]);
        said.insert(code);
    }
    assert_eq!(said, FAULTS_OF_SENSE.iter().copied().collect());
}

#[test]
fn faults_point_to_the_value_or_to_where_a_field_is_missing() {
    check_faults(r#"{}"#, &[("", "missing_field")]);
    check_faults(r#"[]"#, &[("", "wrong_type")]);
    check_faults(r#"{"kind": "missing", "age_years": {"max": 1}}"#, &[("/age_years", "missing_field")]);
    check_faults(r#"{"kind": "missing", "features": [{}]}"#, &[("/features/0", "missing_field")]);
    check_faults(r#"{"kind": "missing", "a/b~c": 1}"#, &[("/a~1b~0c", "unknown_field")]);
    let long = "x".repeat(500);
    check_faults(&format!(r#"{{"kind": "missing", "{long}": 1}}"#), &[(&format!("/{long}"), "unknown_field")]);
}
