//! Small random collections: few values, so that records resemble each other and scores tie.

use crossmatch::record::{Record, Reference, json};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// A record of any kind with any of the weighed fields.
pub(crate) fn record() -> impl Strategy<Value = Record> {
    let who =
        (one_of(&["missing", "unidentified", "unclaimed"]), optional(one_of(&["female", "male"])), looks(), names());
    let when = (
        optional(ages()),
        optional(one_of(&["1980", "1981-04-02", "1979/1983"])),
        optional(dates()),
        optional(place()),
    );
    let body = (optional(measures(150, 30)), optional(measures(50, 40)), condition(), optional(teeth()), features());
    let rest = (
        optional(one_of(&["A-1", "B-2"])),
        prop::bool::weighted(0.9),
        optional(dna()),
        blood(),
        optional(fingers()),
        belongings(),
    );
    (who, when, body, rest).prop_map(|((kind, sex, looks, names), (age, birth, date, place), body, rest)| {
        let (number, verified, dna, blood, fingers, belongings) = rest;
        let (height, weight, condition, dental, features) = body;
        let mut record = Map::new();
        record.insert("kind".into(), json!(kind));
        record.insert("verified".into(), json!(verified));
        let mut put = |name: &str, value: Option<Value>| value.map(|value| record.insert(name.into(), value));
        put("sex", sex.map(Value::from));
        put("names", Some(names));
        put("age_years", age);
        put("birth_date", birth.map(Value::from));
        put("height_cm", height);
        put("weight_kg", weight);
        put("remains", condition);
        put("dental", dental);
        put("fingerprint_class", fingers);
        put("features", Some(features));
        put("belongings", Some(belongings));
        put("identifiers", number.map(|number| json!({"ncic": number})));
        put("dna", dna);
        put("blood_type", blood.map(Value::from));
        put("ancestry", Some(looks.0));
        put("hair_color", Some(looks.1));
        put("eye_color", Some(looks.2));
        let event = json!({"date": date, "place": place});
        put(if kind == "missing" { "last_contact" } else { "found" }, Some(event));
        read(&Value::Object(record))
    })
}

/// One of a few references, so that records are replaced and deleted.
pub(crate) fn reference() -> impl Strategy<Value = Reference> {
    (one_of(&["a", "b"]), 0..20_u8)
        .prop_map(|(source, id)| Reference::new(source, &id.to_string()).expect("a reference"))
}

/// Reads a record from JSON.
pub(crate) fn read(value: &Value) -> Record {
    let tree = json::parse(value.to_string().as_bytes()).expect("JSON");
    json::read(&tree).unwrap_or_else(|faults| panic!("{faults:?}")).1
}

fn one_of(values: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(values)
}

fn optional<T: std::fmt::Debug>(value: impl Strategy<Value = T>) -> impl Strategy<Value = Option<T>> {
    prop::option::weighted(0.7, value)
}

fn looks() -> impl Strategy<Value = (Value, Value, Value)> {
    let some = |codes: &'static [&'static str]| prop::sample::subsequence(codes, 0..=2).prop_map(|codes| json!(codes));
    (some(&["white", "black", "other"]), some(&["black", "brown", "gray"]), some(&["brown", "blue", "gray"]))
}

fn names() -> impl Strategy<Value = Value> {
    let name = (
        one_of(&["Robert", "Bob", "Roberta", "R", "Ana María"]),
        one_of(&["Smith", "Smyth", "García López"]),
        any::<bool>(),
    )
        .prop_map(|(given, family, swap)| match swap {
            true => json!({"given": family, "family": given}),
            false => json!({"given": given, "middle": "Lee", "family": family}),
        });
    prop::collection::vec(name, 0..3).prop_map(Value::from)
}

fn ages() -> impl Strategy<Value = Value> {
    (0..70_u8, 0..20_u8).prop_map(|(age, width)| json!({"min": age, "max": age + width}))
}

fn dates() -> impl Strategy<Value = &'static str> {
    one_of(&["2001-05-06", "2001-05", "2001", "2003-01-01", "1999-12-31", "2001-05-01", "../2002"])
}

fn place() -> impl Strategy<Value = Value> {
    let point = prop::sample::select(&[(35.1, -90.0), (35.15, -90.05), (36.2, -86.8), (21.3, -157.8)][..]);
    (point, one_of(&["TN", "AR"]), any::<bool>()).prop_map(|((latitude, longitude), region, known)| match known {
        true => json!({"country": "US", "region": region, "latitude": latitude, "longitude": longitude}),
        false => json!({"country": "US", "region": region}),
    })
}

fn measures(from: u16, width: u16) -> impl Strategy<Value = Value> {
    (from..from + width, 0..8_u16).prop_map(|(least, width)| json!({"min": least, "max": least + width}))
}

fn condition() -> impl Strategy<Value = Option<Value>> {
    let condition = one_of(&["recognizable", "decomposed", "skeleton", "partial_skeleton"]);
    optional(condition.prop_map(|condition| json!({"condition": condition})))
}

fn teeth() -> impl Strategy<Value = Value> {
    prop::collection::btree_map(
        (1..33_u8).prop_map(|n| n.to_string()),
        one_of(&["V", "X", "MO", "MODC", "/", "U"]),
        1..32,
    )
    .prop_map(|teeth| json!({"teeth": teeth}))
}

fn fingers() -> impl Strategy<Value = Value> {
    let finger = one_of(&["03", "05", "14", "62", "AA", "TT", "PI", "CM", "XX", "SR", "//"]);
    prop::collection::vec(finger, 10).prop_map(|fingers| fingers.concat().into())
}

fn features() -> impl Strategy<Value = Value> {
    let feature = (
        one_of(&["tattoo", "scar"]),
        one_of(&["rose LT ARM", "Scar on left arm; skull", "R0SE, MARISOL", "no tattoos", "MOM 1985"]),
    )
        .prop_map(|(kind, text)| json!({"kind": kind, "description": text}));
    prop::collection::vec(feature, 0..3).prop_map(Value::from)
}

/// Profiles of three loci, of the person, of relatives or both, and lines.
fn dna() -> impl Strategy<Value = Value> {
    let relation = one_of(&["mother", "father", "full_sibling", "half_sibling", "aunt_uncle", "cousin"]);
    let relative = (relation, profile(), optional(mtdna())).prop_map(|(relation, profile, mtdna)| {
        let mut relative = json!({"relation": relation, "str": profile});
        relative.as_object_mut().expect("an object").extend(mtdna.map(|mtdna| ("mtdna".to_owned(), mtdna)));
        relative
    });
    let relatives = prop::collection::vec(relative, 0..3);
    (prop::option::of(profile()), prop::option::of(mtdna()), prop::option::of(0..3_u8), relatives).prop_map(
        |(own, mtdna, y, relatives)| {
            let mut dna = Map::new();
            dna.insert("relatives".into(), json!(relatives));
            own.map(|own| dna.insert("str".into(), own));
            mtdna.map(|mtdna| dna.insert("mtdna".into(), mtdna));
            y.map(|y| dna.insert("y_str".into(), json!({"DYS19": [(14 + y).to_string()], "DYS391": ["11"]})));
            Value::Object(dna)
        },
    )
}

fn profile() -> impl Strategy<Value = Value> {
    let alleles = prop::collection::vec(one_of(&["8", "9", "11", "11.3"]), 1..=2);
    prop::collection::btree_map(one_of(&["TPOX", "D5S818", "FGA"]), alleles, 1..=3).prop_map(|loci| json!(loci))
}

fn mtdna() -> impl Strategy<Value = Value> {
    prop::sample::subsequence(&["263G", "16126C", "152Y", "16189C"][..], 1..=3).prop_map(|found| json!(found))
}

fn blood() -> impl Strategy<Value = Option<&'static str>> {
    optional(one_of(&["O", "O+", "O-", "A+", "AB"]))
}

fn belongings() -> impl Strategy<Value = Value> {
    let texts = &["blue jeans", "JEANS, NIKE SH0ES SIZE 10", "ring \"A.B. 1985\"", "red shirt and nike shoes", "none"];
    let thing = (one_of(&["clothing", "jewelry"]), one_of(texts))
        .prop_map(|(kind, text)| json!({"kind": kind, "description": text}));
    prop::collection::vec(thing, 0..3).prop_map(Value::from)
}
