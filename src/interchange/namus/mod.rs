//! NamUs: the case JSON of its public API, missing (MP), unidentified (UP) and unclaimed (UCP) persons.
//!
//! A file is one case, a list of cases, a map from number to case, or several of these after each other; it
//! is read as a stream, a case at a time. Inches and pounds become centimetres and kilograms. What a form
//! holds because it had to hold something - an age of 18 to 99, a year 0, "None" - becomes unknown and is
//! counted. Left out on purpose: descriptions of hair and of the habit of wearing glasses, contacts, images,
//! and everything about the handling of the case.

mod dates;
mod measures;
mod person;
mod places;
mod raw;
mod remains;
mod stream;

use std::cell::RefCell;
use std::io::BufRead;
use std::ops::ControlFlow;

use self::raw::{Raw, object, word};
use super::{Case, Each, ReadError, Refusal, Unused};
use crate::record::json::{self, Tree};
use crate::record::{Kind, Record, Reference};

/// The source of the records unless another is asked for.
pub const SOURCE: &str = "namus";

/// The longest narrative of a record, in characters.
const NARRATIVE_MAX: usize = 65_536;

/// Reads one case after another as records of `source`.
pub fn read(input: impl BufRead, source: &str, each: &mut Each<'_>) -> Result<ControlFlow<()>, ReadError> {
    let mut number = 0;
    stream::cases(input, &mut |key, tree| {
        number += 1;
        each(case(number, key, &tree, source))
    })
}

fn case(number: u64, key: Option<String>, tree: &Tree, source: &str) -> Case {
    let unused = RefCell::default();
    let raw = Raw::new(tree, &unused);
    let kind = kind(raw);
    let id = id(raw, kind);
    let record = translate(raw, kind, id.as_deref(), source);
    let unused: Unused = unused.into_inner();
    Case { number, id: id.or(key), record, unused }
}

fn translate(raw: Raw<'_>, kind: Option<Kind>, id: Option<&str>, source: &str) -> Result<(Reference, Record), Refusal> {
    let kind = kind.ok_or(Refusal::UnknownKind)?;
    let reference = Reference::new(source, id.ok_or(Refusal::NoId)?).map_err(Refusal::Reference)?;
    let (_, record) = json::read(&native(raw, kind)).map_err(Refusal::Invalid)?;
    Ok((reference, record))
}

/// Which side a case is, by its number's letters or else by what only such a case has.
fn kind(raw: Raw<'_>) -> Option<Kind> {
    let number = raw.text("idFormatted").unwrap_or_default();
    let letters = number.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    match letters.to_ascii_uppercase().as_str() {
        "MP" => Some(Kind::Missing),
        "UP" => Some(Kind::Unidentified),
        "UCP" => Some(Kind::Unclaimed),
        _ if raw.has("sighting") || raw.has("circumstances.circumstancesOfDisappearance") => Some(Kind::Missing),
        _ if raw.has("circumstances.dateFound") || raw.has("detailsOfRecovery") => Some(Kind::Unidentified),
        _ if raw.has("circumstances.dateBodyFound") => Some(Kind::Unclaimed),
        _ => None,
    }
}

/// The case's number as it is known; where only its digits are there, with the letters of its kind.
fn id(raw: Raw<'_>, kind: Option<Kind>) -> Option<String> {
    if let Some(number) = raw.text("idFormatted") {
        return Some(number.to_owned());
    }
    let letters = match kind? {
        Kind::Missing => "MP",
        Kind::Unidentified => "UP",
        Kind::Unclaimed => "UCP",
    };
    raw.number("id").map(|number| format!("{letters}{number}"))
}

/// The case in the contract's form, without its reference.
fn native(case: Raw<'_>, kind: Kind) -> Tree {
    let living = case.name("circumstances.status").is_some_and(|status| status.contains("Living"));
    let date = dates::event(case, kind);
    let event = event(case, kind, date);
    let (last_contact, found) = if kind == Kind::Missing { (event, None) } else { (None, event) };
    let death = if living { None } else { dates::death(case, date) };
    object([
        ("kind", Some(word(kind.code()))),
        ("identifiers", person::identifiers(case, kind)),
        ("names", person::names(case)),
        ("sex", person::sex(case)),
        ("ancestry", person::ancestry(case)),
        ("birth_date", dates::birth(case)),
        ("age_years", measures::age(case, kind)),
        ("height_cm", measures::height(case)),
        ("weight_kg", measures::weight(case)),
        ("hair_color", person::hair(case)),
        ("eye_color", person::eyes(case)),
        ("last_contact", last_contact),
        ("found", found),
        ("death_date", death),
        ("living", living.then_some(Tree::Bool(true))),
        ("remains", remains::remains(case)),
        ("features", remains::features(case)),
        ("belongings", remains::belongings(case)),
        ("narrative", narrative(case, kind)),
    ])
    .unwrap_or(Tree::Null)
}

fn event(case: Raw<'_>, kind: Kind, date: Option<&str>) -> Option<Tree> {
    let section = if kind == Kind::Missing { "sighting" } else { "circumstances" };
    object([("date", date.map(word)), ("place", case.at(section).and_then(places::place))])
}

fn narrative(case: Raw<'_>, kind: Kind) -> Option<Tree> {
    let text = case.text(match kind {
        Kind::Missing => "circumstances.circumstancesOfDisappearance",
        Kind::Unidentified | Kind::Unclaimed => "circumstances.circumstancesOfRecovery",
    })?;
    Some(case.cut(text, NARRATIVE_MAX))
}
