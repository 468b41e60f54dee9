//! How old, how tall, how heavy: ranges of numbers, in the contract's units.

use super::raw::{Raw, object};
use crate::interchange::Reason;
use crate::record::Kind;
use crate::record::json::Tree;

/// Exact by definition (international yard and pound agreement, 1959).
const CM_PER_INCH: f64 = 2.54;
const KG_PER_POUND: f64 = 0.453_592_37;

/// An age range at least so wide fits every adult: the forms are filled in as 18-99, 19-99, 16-99 or 1-99.
const WIDTH_OF_ANY_ADULT: f64 = 80.0;

/// The limits of what a person can be; outside is a slip of the keys, such as feet entered as inches.
struct Limits {
    low: f64,
    high: f64,
}

/// From a foetus to the tallest person alive (Kösen, 251 cm).
const INCHES: Limits = Limits { low: 5.0, high: 99.0 };
/// From a foetus to the heaviest person known (Minnoch, about 1,400 lb).
const POUNDS: Limits = Limits { low: 1.0, high: 1_400.0 };
/// Up to the oldest person known (Calment, 122 years).
const YEARS: Limits = Limits { low: 0.0, high: 122.0 };

/// The height in centimetres.
pub(super) fn height(case: Raw<'_>) -> Option<Tree> {
    measure(case, ["heightFrom", "heightTo", "heightCertainty"], &INCHES, CM_PER_INCH)
}

/// The weight in kilograms.
pub(super) fn weight(case: Raw<'_>) -> Option<Tree> {
    measure(case, ["weightFrom", "weightTo", "weightCertainty"], &POUNDS, KG_PER_POUND)
}

fn measure(case: Raw<'_>, [from, to, certainty]: [&str; 3], limits: &Limits, factor: f64) -> Option<Tree> {
    let section = case.at("subjectDescription")?;
    // "Cannot Estimate" is noted by reading it; a number beside it is not an estimate either.
    if section.has(certainty) && section.name(certainty).is_none() {
        return None;
    }
    let (from, to) = ends(section, from, to, limits);
    let convert = |number: f64| (number * factor).round().max(1.0);
    Some(range(convert(from.or(to)?), convert(to.or(from)?)))
}

/// Both ends, the lower first, as far as they can be true.
fn ends(section: Raw<'_>, from: &str, to: &str, limits: &Limits) -> (Option<f64>, Option<f64>) {
    let from = section.number_within(from, limits.low, limits.high);
    let to = section.number_within(to, limits.low, limits.high);
    match (from, to) {
        (Some(low), Some(high)) if low > high => {
            section.note(Reason::UpsideDown);
            // 72 to 70 was swapped; 160 to 16 lost a digit, and 16 says nothing.
            if high * 2.0 >= low { (to, from) } else { (from, None) }
        }
        ends => ends,
    }
}

fn range(min: f64, max: f64) -> Tree {
    object([("min", Some(Tree::Number(min))), ("max", Some(Tree::Number(max)))]).unwrap_or(Tree::Null)
}

/// The age: of the missing at last contact, of the others at death.
pub(super) fn age(case: Raw<'_>, kind: Kind) -> Option<Tree> {
    let stated = [
        ("subjectIdentification", "computedMissingMinAge", "computedMissingMaxAge"),
        ("subjectIdentification", "missingMinAge", "missingMaxAge"),
    ];
    let estimated = [("subjectDescription", "estimatedAgeFrom", "estimatedAgeTo")];
    let fields = if kind == Kind::Unidentified { &estimated[..] } else { &stated[..] };
    let numbers = fields.iter().find_map(|(section, from, to)| {
        let section = case.at(section)?;
        (section.has(from) || section.has(to)).then(|| ages(section, from, to))
    });
    let group = || group(case.name("subjectDescription.estimatedAgeGroup")?);
    let (min, max) = match numbers {
        Some(Some(ages)) => ages,
        // The numbers have been noted; the group beside them may still narrow the age.
        Some(None) => group().and_then(Result::ok)?,
        None => group()?.map_err(|reason| case.note(reason)).ok()?,
    };
    Some(range(min, max))
}

fn ages(section: Raw<'_>, from: &str, to: &str) -> Option<(f64, f64)> {
    let (from, to) = ends(section, from, to, &YEARS);
    // An end alone is the age; an upper end alone is no more than that.
    let (min, max) = (from.or(to.map(|_| 0.0))?, to.or(from)?);
    let any_adult = max - min >= WIDTH_OF_ANY_ADULT;
    if any_adult {
        section.note(Reason::AgeOfAnyAdult);
    }
    (!any_adult).then_some((min, max))
}

/// What an age group says in years, on the generous side.
fn group(name: &str) -> Option<Result<(f64, f64), Reason>> {
    let ages = match name {
        "Fetus" => (0.0, 0.0),
        "Infant" => (0.0, 1.0),
        "PreAdolescent" => (2.0, 11.0),
        "Adolescent" => (12.0, 17.0),
        "Late Teen/Young Adult" => (16.0, 25.0),
        "Adult" => return Some(Err(Reason::AgeOfAnyAdult)),
        _ => match name.strip_prefix("Adult - Pre ").and_then(|age| age.parse().ok()) {
            Some(limit @ 20_u8..=YEARS_MAX) => (18.0, f64::from(limit) - 1.0),
            _ => return Some(Err(Reason::UnknownCode)),
        },
    };
    Some(Ok(ages))
}

/// [`YEARS`]' upper limit.
const YEARS_MAX: u8 = 122;
