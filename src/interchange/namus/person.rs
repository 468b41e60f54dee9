//! Who: names, numbers, sex, ancestry, colours of hair and eyes.

use super::raw::{Raw, codes, list, object, word};
use crate::interchange::Reason;
use crate::record::Kind;
use crate::record::json::Tree;

/// The most names a record holds.
const NAMES_MAX: usize = 32;
/// The longest part of a name and the longest number, in characters.
const NAME_PART_MAX: usize = 200;
const NUMBER_MAX: usize = 128;

/// The names: that of the missing and the unclaimed, the possible ones of the unidentified, nicknames.
pub(super) fn names(case: Raw<'_>) -> Option<Tree> {
    let of = |section: &str, fields: [&str; 4], uses: [&str; 2]| {
        case.at(section).map(|section| names_of(section, fields, uses)).unwrap_or_default()
    };
    let stated = ["firstName", "middleName", "lastName", "nicknames"];
    let possible = ["possibleFirstName", "possibleMiddleName", "possibleLastName", "possibleNicknames"];
    let mut names = of("subjectIdentification", stated, ["legal", "nickname"]);
    names.extend(of("subjectDescription", possible, ["possible", "possible"]));
    if names.len() > NAMES_MAX {
        case.note(Reason::TooMany);
        names.truncate(NAMES_MAX);
    }
    list(names)
}

fn names_of(section: Raw<'_>, [given, middle, family, nicknames]: [&str; 4], [full, nick]: [&str; 2]) -> Vec<Tree> {
    let part = |field: &str| Some(section.cut(section.text(field)?, NAME_PART_MAX));
    let family = part(family);
    let mut names: Vec<Tree> =
        object([("given", part(given)), ("middle", part(middle)), ("family", family.clone())]).into_iter().collect();
    for name in &mut names {
        add_use(name, full);
    }
    let nicknames = section.text(nicknames).unwrap_or_default().split([',', ';', '/', '\n']);
    for nickname in nicknames.map(|text| text.trim_matches(|c: char| c.is_whitespace() || "\"'“”‘’()".contains(c)))
    {
        if !nickname.is_empty() {
            names.push(nickname_of(section.cut(nickname, NAME_PART_MAX), family.clone(), nick));
        }
    }
    names
}

/// One word is a given name beside the family name; several may be a whole other name.
fn nickname_of(nickname: Tree, family: Option<Tree>, use_: &str) -> Tree {
    let whole = matches!(&nickname, Tree::Text(text) if text.contains(' '));
    let (field, family) = if whole { ("full", None) } else { ("given", family) };
    let mut name = object([(field, Some(nickname)), ("family", family)]).unwrap_or(Tree::Null);
    add_use(&mut name, use_);
    name
}

fn add_use(name: &mut Tree, use_: &str) {
    if let Tree::Object(members) = name {
        members.push(("use".into(), word(use_)));
    }
}

/// Numbers that others gave the case. An agency's number means something only beside numbers of such
/// agencies: the examiners of bodies and the seekers of the missing count apart, under two names.
pub(super) fn identifiers(case: Raw<'_>, kind: Kind) -> Option<Tree> {
    let agency = match kind {
        Kind::Missing => "agency_case",
        Kind::Unidentified | Kind::Unclaimed => "examiner_case",
    };
    let number = |field: &str| {
        let text = case.text(field)?;
        let fits = text.chars().count() <= NUMBER_MAX;
        if !fits {
            case.note(Reason::TooLong);
        }
        fits.then(|| word(text))
    };
    object([("ncmec", number("caseIdentification.ncmecNumber")), (agency, number("caseIdentification.caseNumber"))])
}

/// The sex; it stands with the description or, for the unclaimed, with the name.
pub(super) fn sex(case: Raw<'_>) -> Option<Tree> {
    match either(case, "sex")?.own_name()? {
        "Male" => Some(word("male")),
        "Female" => Some(word("female")),
        "Intersex" => Some(word("intersex")),
        _ => {
            case.note(Reason::UnknownCode);
            None
        }
    }
}

/// The ancestries: objects in a list, or one string; `primaryEthnicity` where there is no list.
pub(super) fn ancestry(case: Raw<'_>) -> Option<Tree> {
    let listed = ["subjectDescription.ethnicities", "subjectIdentification.ethnicities"];
    let listed: Vec<Raw<'_>> = listed.into_iter().flat_map(|path| case.items(path)).collect();
    let stated = if listed.is_empty() { either(case, "primaryEthnicity").into_iter().collect() } else { listed };
    // An ethnicity object without name says nothing, as its absence would.
    let names = stated.into_iter().filter_map(Raw::own_name).flat_map(|name| name.split(','));
    codes(names.filter_map(|name| ancestry_code(case, name.trim())))
}

fn ancestry_code(case: Raw<'_>, name: &str) -> Option<&'static str> {
    let code = match name {
        "White / Caucasian" => "white",
        "Black / African American" => "black",
        "Hispanic / Latino" => "hispanic",
        "Asian" => "asian",
        "American Indian / Alaska Native" => "indigenous",
        "Hawaiian / Pacific Islander" => "pacific_islander",
        "Middle Eastern" | "Middle Eastern / North African" => "middle_eastern",
        "Other" => "other",
        // Several, unnamed.
        "Multiple" | "Uncertain" | "Unknown" => return none(case, Reason::SaysUnknown),
        _ => return none(case, Reason::UnknownCode),
    };
    Some(code)
}

/// The hair's colour.
pub(super) fn hair(case: Raw<'_>) -> Option<Tree> {
    codes([hair_code(case, case.name("physicalDescription.hairColor")?)?])
}

/// A colour that no hair has is dyed.
fn hair_code(case: Raw<'_>, name: &str) -> Option<&'static str> {
    let code = match name {
        "Black" => "black",
        "Brown" => "brown",
        "Blond/Strawberry" => "blond",
        "Sandy" => "sandy",
        "Red/Auburn" => "red",
        "Gray or Partially Gray" => "gray",
        "White" => "white",
        "Bald" | "Completely Bald" => "bald",
        "Orange" | "Purple" | "Blue" | "Green" | "Pink" => "dyed",
        _ => return none(case, Reason::UnknownCode),
    };
    Some(code)
}

/// The eyes' colours, left and right: two where they differ.
pub(super) fn eyes(case: Raw<'_>) -> Option<Tree> {
    let sides = ["physicalDescription.leftEyeColor", "physicalDescription.rightEyeColor"];
    codes(sides.into_iter().filter_map(|side| eye_code(case, case.name(side)?)))
}

fn eye_code(case: Raw<'_>, name: &str) -> Option<&'static str> {
    let code = match name {
        "Brown" => "brown",
        "Blue" => "blue",
        "Green" => "green",
        "Hazel" => "hazel",
        "Gray" => "gray",
        "Black" => "black",
        "Maroon" => "maroon",
        "Pink" => "pink",
        "Multicolored" | "Multi-Colored" => "multicolored",
        "Missing Eye" => return none(case, Reason::MissingEye),
        _ => return none(case, Reason::UnknownCode),
    };
    Some(code)
}

fn either<'a>(case: Raw<'a>, field: &str) -> Option<Raw<'a>> {
    let sections = ["subjectDescription", "subjectIdentification"];
    sections.into_iter().find_map(|section| case.at(section)?.at(field))
}

fn none(case: Raw<'_>, reason: Reason) -> Option<&'static str> {
    case.note(reason);
    None
}
