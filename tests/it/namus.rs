//! NamUs cases become records: each trap of the published data, in invented cases of the same shape.

use std::ops::ControlFlow;

use crossmatch::interchange::{Case, Reason, namus};
use crossmatch::record::json;
use serde_json::{Value, json};

const MISSING: &str = include_str!("../fixtures/namus/missing.json");
const UNIDENTIFIED: &str = include_str!("../fixtures/namus/unidentified.json");
const UNCLAIMED: &str = include_str!("../fixtures/namus/unclaimed.json");
const ONE_CASE: &str = include_str!("../fixtures/namus/one_case.json");
const BAD_CASES: &str = include_str!("../fixtures/namus/bad_cases.json");

fn cases(text: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    let read = namus::read(text.as_bytes(), namus::SOURCE, &mut |case| {
        cases.push(case);
        ControlFlow::Continue(())
    });
    assert!(read.unwrap().is_continue());
    cases
}

/// The record of the case with this number, and what was left out of it.
fn record(text: &str, id: &str) -> (Value, Vec<(Reason, u64)>) {
    let case = cases(text).into_iter().find(|case| case.id.as_deref() == Some(id)).unwrap();
    let (reference, record) = case.record.unwrap();
    assert_eq!(reference.as_str(), format!("namus/{id}"));
    (serde_json::from_str(&json::write(&record)).unwrap(), case.unused.iter().collect())
}

#[test]
fn a_full_case_of_a_missing_person_is_translated_field_by_field() {
    let (record, unused) = record(MISSING, "MP1001");
    let expected = json!({
        "kind": "missing",
        "identifiers": {"ncmec": "7000001"},
        "names": [
            {"given": "Orla", "middle": "Wren", "family": "Quillfeather", "use": "legal"},
            {"given": "Bo", "family": "Quillfeather", "use": "nickname"},
            {"given": "Skip", "family": "Quillfeather", "use": "nickname"},
            {"full": "Nell Vance", "use": "nickname"},
        ],
        "sex": "female",
        "ancestry": ["white", "hispanic"],
        "age_years": {"min": 31, "max": 31},
        "height_cm": {"min": 173, "max": 183},
        "weight_kg": {"min": 73, "max": 90},
        "hair_color": ["dyed"],
        "eye_color": ["blue", "brown"],
        "last_contact": {"date": "1994-08-22", "place": {
            "country": "US", "region": "VT", "county": "Quillan", "locality": "Marrow Bay",
            "latitude": 44.475_844_2, "longitude": -73.212_121}},
        "features": [
            {"kind": "tattoo", "description": "1. Anchor on LT forearm\n2. YELL0W bird on RT ankle"},
            {"kind": "scar", "description": "Burn on chin"},
            {"kind": "nails", "description": "Bitten short"},
            {"kind": "piercing"},
        ],
        "belongings": [
            {"kind": "accessory", "description": "Tin whistle"},
            {"kind": "eyewear", "description": "Round glasses"},
        ],
        "narrative": "Left the harbour at Marrow Bay in a green skiff.",
    });
    assert_eq!(record, expected);
    assert_eq!(unused, [(Reason::SaysUnknown, 1)]);
}

#[test]
fn what_says_nothing_becomes_unknown_and_is_counted() {
    let (record, unused) = record(MISSING, "MP1002");
    let expected = json!({
        "kind": "missing",
        "names": [{"given": "Tobin", "family": "Marsh", "use": "legal"}],
        "weight_kg": {"min": 73, "max": 73},
        "last_contact": {"place": {"country": "US", "region": "KS"}},
    });
    assert_eq!(record, expected);
    let expected = [
        (Reason::SaysUnknown, 4),       // sex, ethnicity, hair, a feature
        (Reason::SaysNone, 5),          // middle name, narrative, a feature, two belongings
        (Reason::EmptyText, 3),         // nicknames, town, a belonging
        (Reason::AgeOfAnyAdult, 1),     // 18 to 99
        (Reason::ImplausibleNumber, 1), // height 0
        (Reason::ImplausibleDate, 1),   // 0001-01-01
        (Reason::UpsideDown, 1),        // 160 to 16 lb
        (Reason::CountyAll, 1),
        (Reason::PointOfTheCountry, 1),
        (Reason::MissingEye, 1),
        (Reason::UnknownCode, 1), // eye colour "Other"
    ];
    assert_eq!(unused, expected);
}

/// Some fields of a record, by JSON pointer; null: not there.
fn check(text: &str, id: &str, expected: &[(&str, Value)]) {
    let (record, _) = record(text, id);
    for (pointer, value) in expected {
        assert_eq!(record.pointer(pointer).unwrap_or(&Value::Null), value, "{id} {pointer}");
    }
}

fn check_unused(text: &str, id: &str, expected: &[(Reason, u64)]) {
    assert_eq!(record(text, id).1, expected, "{id}");
}

fn range(min: u32, max: u32) -> Value {
    json!({"min": min, "max": max})
}

#[test]
fn odd_shapes_of_the_missing_are_read() {
    let expected = [
        ("/identifiers", json!({"agency_case": "94-0031"})),
        ("/age_years", range(4, 4)),
        ("/height_cm", range(178, 183)),
        ("/weight_kg", range(68, 68)),
        ("/ancestry", json!(["asian", "pacific_islander"])),
        ("/sex", json!("male")),
        ("/hair_color", json!(["dyed"])),
        ("/eye_color", json!(["hazel"])),
        ("/last_contact/date", json!("1980-02-29")),
        ("/last_contact/place/locality", json!("Marrow Bay")),
        ("/last_contact/place/latitude", Value::Null),
    ];
    check(MISSING, "MP1003", &expected);
    check_unused(MISSING, "MP1003", &[(Reason::UpsideDown, 1), (Reason::PointOfAState, 1)]);
    let expected = [
        ("/age_years", range(40, 40)),
        ("/height_cm", range(168, 168)),
        ("/weight_kg", range(82, 82)),
        ("/ancestry", json!(["other"])),
        ("/hair_color", Value::Null),
        ("/eye_color", json!(["green"])),
        ("/last_contact", json!({"place": {"country": "US", "region": "PR"}})),
    ];
    check(MISSING, "MP1004", &expected);
}

#[test]
fn the_unidentified_have_remains_a_death_and_possible_names() {
    let (record, unused) = record(UNIDENTIFIED, "UP2001");
    let expected = json!({
        "kind": "unidentified",
        "identifiers": {"examiner_case": "ME-2001"},
        "names": [
            {"given": "Alder", "family": "Finch", "use": "possible"},
            {"given": "Birdie", "family": "Finch", "use": "possible"},
        ],
        "sex": "male",
        "ancestry": ["white"],
        "birth_date": "1989/1991",
        "age_years": {"min": 0, "max": 1},
        "height_cm": {"min": 61, "max": 61},
        "found": {"date": "1991-06-15", "place": {
            "country": "US", "region": "VT", "county": "Quillan", "locality": "Marrow Bay"}},
        "death_date": "1990/1991-06-15",
        "remains": {"condition": "partial_skeleton", "not_recovered": ["head", "hands"]},
        "features": [{"kind": "deformity", "description": "Healed left radius"}],
        "belongings": [
            {"kind": "clothing", "description": "Knitted cap, red", "position": "on_body"},
            {"kind": "other", "description": "Wicker basket", "position": "near_body"},
        ],
        "narrative": "Seen from the ferry.",
    });
    assert_eq!(record, expected);
    assert_eq!(unused, [(Reason::SaysUnknown, 2), (Reason::MissingEye, 2)]);
}

#[test]
fn an_age_of_any_adult_gives_way_to_the_age_group() {
    check(UNIDENTIFIED, "UP2002", &[("/age_years", range(18, 39)), ("/birth_date", Value::Null)]);
    check(UNIDENTIFIED, "UP2003", &[("/age_years", Value::Null)]);
    check(UNIDENTIFIED, "UP2004", &[("/age_years", range(40, 50))]);
    check(UNIDENTIFIED, "UP2005", &[("/age_years", range(12, 17))]);
    check(UNIDENTIFIED, "UP2006", &[("/age_years", range(30, 30))]);
    let expected = [
        (Reason::AgeOfAnyAdult, 1),
        (Reason::BirthOfAnyAdult, 1),
        (Reason::YearZero, 1),
        (Reason::ImplausibleNumber, 1), // 818 inches
        (Reason::IncompleteInterval, 1),
    ];
    check_unused(UNIDENTIFIED, "UP2002", &expected);
}

#[test]
fn a_death_lies_in_its_years_its_interval_and_before_the_finding() {
    check(UNIDENTIFIED, "UP2002", &[("/death_date", json!("../1996"))]);
    check(UNIDENTIFIED, "UP2003", &[("/death_date", json!("1978-02-15/1978-03-02"))]);
    check(UNIDENTIFIED, "UP2004", &[("/death_date", json!("2004-04-08/2004-04-29"))]);
    check_unused(UNIDENTIFIED, "UP2004", &[(Reason::UpsideDown, 1), (Reason::DeathAfterFound, 1)]);
    check(UNIDENTIFIED, "UP2005", &[("/death_date", Value::Null), ("/living", json!(true))]);
    check(UNIDENTIFIED, "UP2006", &[("/death_date", json!("1991/2000"))]);
    check_unused(UNIDENTIFIED, "UP2006", &[(Reason::Contradiction, 1)]);
}

#[test]
fn conditions_are_known_by_their_beginnings() {
    for (id, condition) in [("UP2002", "recognizable"), ("UP2003", "decomposed"), ("UP2004", "insect_activity")] {
        check(UNIDENTIFIED, id, &[("/remains", json!({"condition": condition}))]);
    }
}

#[test]
fn the_unclaimed_have_a_name_and_a_finding() {
    let expected = [
        ("/kind", json!("unclaimed")),
        ("/names", json!([{"given": "Hester", "family": "Loom", "use": "legal"}])),
        ("/birth_date", json!("1946")),
        ("/ancestry", json!(["black"])),
        ("/hair_color", json!(["gray"])),
        ("/found/place/radius_km", json!(30)),
        ("/narrative", json!("Died at home.")),
    ];
    check(UNCLAIMED, "UCP3001", &expected);
    let expected = [("/birth_date", Value::Null), ("/age_years", range(60, 90)), ("/found/date", json!("2020-07"))];
    check(UNCLAIMED, "UCP3002", &expected);
    check_unused(UNCLAIMED, "UCP3002", &[(Reason::YearZero, 1)]);
}

#[test]
fn cases_are_found_however_the_file_lays_them_out() {
    let ids = |text: &str| cases(text).into_iter().map(|case| case.id.unwrap()).collect::<Vec<_>>();
    assert_eq!(ids(ONE_CASE), ["MP1003"]);
    assert_eq!(ids(UNCLAIMED), ["UCP3001", "UCP3002"]);
    assert_eq!(ids(&format!("{ONE_CASE}{UNCLAIMED}")), ["MP1003", "UCP3001", "UCP3002"]);
    for nothing in ["", " \n", "{}", "[]"] {
        assert!(ids(nothing).is_empty(), "{nothing:?}");
    }
}

#[test]
fn a_bad_case_is_refused_by_its_number_and_stops_nothing() {
    let found: Vec<_> = cases(BAD_CASES)
        .into_iter()
        .map(|case| (case.number, case.id, case.record.map(drop).map_err(|refusal| refusal.code())))
        .collect();
    let expected = [
        (1, Some("1".to_owned()), Err("unknown_kind")),
        (2, Some("2".to_owned()), Err("unknown_kind")),
        (3, Some("MP 9 (old)".to_owned()), Err("invalid_reference")),
        (4, Some("MP4004".to_owned()), Ok(())),
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_file_that_breaks_off_keeps_the_cases_before() {
    let mut read = 0;
    let end = MISSING.find("\"1003\"").unwrap();
    let result = namus::read(&MISSING.as_bytes()[..end], "namus", &mut |_| {
        read += 1;
        ControlFlow::Continue(())
    });
    assert!(result.unwrap_err().to_string().starts_with("not JSON: the text ends too early at line "));
    assert_eq!(read, 2);
}

#[test]
fn reading_stops_where_it_is_told_to() {
    let mut read = 0;
    let result = namus::read(MISSING.as_bytes(), "namus", &mut |_| {
        read += 1;
        ControlFlow::Break(())
    });
    assert!(result.unwrap().is_break());
    assert_eq!(read, 1);
}
