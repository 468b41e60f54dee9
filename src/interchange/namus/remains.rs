//! What was seen of the body and beside it: condition, marks, clothes.

use super::raw::{Raw, codes, list, object, word};
use crate::interchange::Reason;
use crate::record::json::Tree;

/// The most marks, and the most belongings, of a record.
const ITEMS_MAX: usize = 200;
/// The longest description, in characters.
const DESCRIPTION_MAX: usize = 8_000;
/// A belonging that begins with "no" and is not longer, in words, says that there was none.
const WORDS_OF_NONE: usize = 5;

/// The condition of the remains and what was not recovered.
pub(super) fn remains(case: Raw<'_>) -> Option<Tree> {
    let details = case.at("detailsOfRecovery")?;
    let parts = [
        ("headNotRecovered", "head"),
        ("torsoNotRecovered", "torso"),
        ("limbsNotRecovered", "limbs"),
        ("handsNotRecovered", "hands"),
    ];
    let missing = parts.into_iter().filter(|(flag, _)| details.is_set(flag)).map(|(_, part)| part);
    object([("condition", condition(details).map(word)), ("not_recovered", codes(missing))])
}

fn condition(details: Raw<'_>) -> Option<&'static str> {
    let name = details.name("conditionOfRemains")?;
    let state = name.strip_prefix("Not recognizable - ").unwrap_or(name);
    // By the beginning: the publisher has lengthened some of the names over the years.
    let known = [
        ("Recognizable", "recognizable"),
        ("Decomposing", "decomposed"),
        ("Insect", "insect_activity"),
        ("Partial remains with soft tissue", "partial_soft_tissue"),
        ("Mummified", "mummified"),
        ("Charred", "burned"),
        ("Traumatic", "traumatized"),
        ("Near complete or complete skeleton", "skeleton"),
        ("Partial skeletal parts", "partial_skeleton"),
    ];
    let found = known.into_iter().find(|(beginning, _)| state.starts_with(beginning)).map(|(_, code)| code);
    if found.is_none() {
        details.note(Reason::UnknownCode);
    }
    found
}

/// The marks of the body. A description of several stays one: taking it apart is the attribute's business.
pub(super) fn features(case: Raw<'_>) -> Option<Tree> {
    list(some(case, "physicalFeatureDescriptions").into_iter().filter_map(feature).collect())
}

fn feature(raw: Raw<'_>) -> Option<Tree> {
    let kind = match raw.name("physicalFeature") {
        Some("Tattoo") => "tattoo",
        Some("Scar/mark") => "scar",
        Some("Piercing") => "piercing",
        Some("Amputation") => "amputation",
        Some("Deformity") => "deformity",
        Some("Artificial body part/aid") => "artificial",
        Some("Finger and toe nails") => "nails",
        Some(name) => other_kind(name),
        None => "other",
    };
    let description = raw.text("description");
    // A mark that nobody described was still seen; one described as "None" was not.
    let seen = description.is_some() || (!raw.has("description") && kind != "other");
    let description = description.map(|text| raw.cut(text, DESCRIPTION_MAX));
    if seen { object([("kind", Some(word(kind))), ("description", description)]) } else { None }
}

fn other_kind(name: &str) -> &'static str {
    let name = name.to_lowercase();
    let known = [("fracture", "fracture"), ("medical", "medical"), ("implant", "medical"), ("surg", "medical")];
    known.into_iter().find(|(part, _)| name.contains(part)).map_or("other", |(_, kind)| kind)
}

/// Clothes and things, with where they were.
pub(super) fn belongings(case: Raw<'_>) -> Option<Tree> {
    list(some(case, "clothingAndAccessoriesArticles").into_iter().filter_map(belonging).collect())
}

fn belonging(raw: Raw<'_>) -> Option<Tree> {
    let description = raw.text("description")?;
    if says_none(description) {
        raw.note(Reason::SaysNone);
        return None;
    }
    let kind = match raw.name("article") {
        Some("Clothing") => "clothing",
        Some("Footwear") => "footwear",
        Some("Jewelry") => "jewelry",
        Some("Accessories") => "accessory",
        Some("Eyewear") => "eyewear",
        _ => "other",
    };
    let position = match raw.name("location") {
        Some("On the Body") => Some("on_body"),
        Some("Near the Body") => Some("near_body"),
        _ => None,
    };
    object([
        ("kind", Some(word(kind))),
        ("description", Some(raw.cut(description, DESCRIPTION_MAX))),
        ("position", position.map(word)),
    ])
}

/// "no", "NO FOOTWEAR", "no clothing with body".
fn says_none(description: &str) -> bool {
    let mut words = description.split_whitespace();
    words.next().is_some_and(|word| word.eq_ignore_ascii_case("no")) && words.count() < WORDS_OF_NONE
}

/// The items of a list that a record has room for.
fn some<'a>(case: Raw<'a>, path: &str) -> Vec<Raw<'a>> {
    let mut items = case.items(path);
    for _ in ITEMS_MAX..items.len() {
        case.note(Reason::TooMany);
    }
    items.truncate(ITEMS_MAX);
    items
}
