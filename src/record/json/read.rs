//! From a [`Tree`](super::Tree) to a [`Record`]: every field of the schema, by type.

use std::collections::BTreeMap;

use super::reader::{Node, Object};
use crate::record::dna::Alleles;
use crate::record::{
    Allele, Belonging, Chart, DateInterval, Dna, Event, Feature, FingerprintClass, MtDifference, MtRange, Name,
    NameUse, Notation, Place, Range, Record, Reference, Relative, Remains, Str,
};

/// The schema's limits on lists and texts, in items and characters.
mod limit {
    pub(super) const NAMES: usize = 32;
    pub(super) const FEATURES: usize = 200;
    pub(super) const BELONGINGS: usize = 200;
    pub(super) const RELATIVES: usize = 32;
    pub(super) const NAME_PART: usize = 200;
    pub(super) const SUFFIX: usize = 40;
    pub(super) const FULL_NAME: usize = 400;
    pub(super) const IDENTIFIER: usize = 128;
    pub(super) const DESCRIPTION: usize = 8_000;
    pub(super) const NARRATIVE: usize = 65_536;
}

pub(super) fn record(node: &Node<'_>) -> Option<(Option<Reference>, Record)> {
    let object = node.object()?;
    let reference = reference(&object);
    let kind = object.required("kind").and_then(|kind| kind.code());
    let record = Record {
        kind: kind.unwrap_or(crate::record::Kind::Missing),
        identifiers: object.field("identifiers").map(|node| identifiers(&node)).unwrap_or_default(),
        names: object.field("names").map(|node| names(&node)).unwrap_or_default(),
        sex: object.field("sex").and_then(|node| node.code()),
        ancestry: codes(&object, "ancestry"),
        birth_date: date(&object, "birth_date"),
        age_years: range(&object, "age_years"),
        height_cm: range(&object, "height_cm"),
        weight_kg: range(&object, "weight_kg"),
        hair_color: codes(&object, "hair_color"),
        eye_color: codes(&object, "eye_color"),
        blood_type: object.field("blood_type").and_then(|node| node.code()),
        last_contact: object.field("last_contact").and_then(|node| event(&node)),
        found: object.field("found").and_then(|node| event(&node)),
        death_date: date(&object, "death_date"),
        living: object.field("living").and_then(|node| node.boolean()),
        remains: object.field("remains").and_then(|node| remains(&node)),
        features: list(&object, "features", limit::FEATURES, feature),
        belongings: list(&object, "belongings", limit::BELONGINGS, belonging),
        dental: object.field("dental").and_then(|node| dental(&node)),
        fingerprint_class: object.field("fingerprint_class").and_then(|node| fingerprints(&node)),
        dna: object.field("dna").and_then(|node| dna(&node)),
        narrative: text(&object, "narrative", limit::NARRATIVE),
        verified: object.field("verified").and_then(|node| node.boolean()).unwrap_or(true),
    };
    object.refuse_unknown();
    Some((reference, record))
}

fn reference(object: &Object<'_, '_>) -> Option<Reference> {
    let source = object.field("source");
    let id = object.field("id");
    if let Some(node) = &source {
        node.parsed("invalid_source", |source| Reference::new(source, "x"));
    }
    if let Some(node) = &id {
        node.parsed("invalid_id", |id| Reference::new("x", id));
    }
    Reference::new(source?.text()?, id?.text()?).ok()
}

fn identifiers(node: &Node<'_>) -> BTreeMap<String, String> {
    let entries = node.entries().into_iter();
    entries.filter_map(|(name, node)| Some((name.to_owned(), node.text_within(limit::IDENTIFIER)?))).collect()
}

fn names(node: &Node<'_>) -> Vec<Name> {
    let names = node.list(limit::NAMES).into_iter().filter_map(|node| name(&node));
    names
        .filter(|name| [&name.given, &name.middle, &name.family, &name.full].iter().any(|part| part.is_some()))
        .collect()
}

fn name(node: &Node<'_>) -> Option<Name> {
    let object = node.object()?;
    let name = Name {
        given: text(&object, "given", limit::NAME_PART),
        middle: text(&object, "middle", limit::NAME_PART),
        family: text(&object, "family", limit::NAME_PART),
        suffix: text(&object, "suffix", limit::SUFFIX),
        full: text(&object, "full", limit::FULL_NAME),
        use_: object.field("use").and_then(|node| node.code()).unwrap_or(NameUse::Legal),
    };
    object.refuse_unknown();
    Some(name)
}

fn event(node: &Node<'_>) -> Option<Event> {
    let object = node.object()?;
    let event = Event { date: date(&object, "date"), place: object.field("place").and_then(|node| place(&node)) };
    object.refuse_unknown();
    (event.date.is_some() || event.place.is_some()).then_some(event)
}

fn place(node: &Node<'_>) -> Option<Place> {
    let object = node.object()?;
    let place = Place {
        country: object.field("country").and_then(|node| node.parsed("invalid_country", country)),
        region: text(&object, "region", 100),
        county: text(&object, "county", 100),
        locality: text(&object, "locality", 200),
        latitude: number_within(&object, "latitude", -90.0, 90.0),
        longitude: number_within(&object, "longitude", -180.0, 180.0),
        radius_km: number_within(&object, "radius_km", 0.0, f64::MAX),
    };
    if object.field("latitude").is_some() != object.field("longitude").is_some() {
        node.fault("half_a_point", "`latitude` and `longitude` come together");
    }
    object.refuse_unknown();
    let known = [&place.country, &place.region, &place.county, &place.locality].iter().any(|part| part.is_some())
        || place.latitude.is_some()
        || place.radius_km.is_some();
    known.then_some(place)
}

fn country(code: &str) -> Result<String, &'static str> {
    let right = code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase());
    right.then(|| code.to_owned()).ok_or("a country is two capital letters, as in ISO 3166-1")
}

fn remains(node: &Node<'_>) -> Option<Remains> {
    let object = node.object()?;
    let remains = Remains {
        condition: object.field("condition").and_then(|node| node.code()),
        not_recovered: codes(&object, "not_recovered"),
    };
    object.refuse_unknown();
    (remains.condition.is_some() || !remains.not_recovered.is_empty()).then_some(remains)
}

fn feature(node: &Node<'_>) -> Option<Feature> {
    let object = node.object()?;
    let kind = object.required("kind").and_then(|node| node.code());
    let code = text(&object, "code", 10);
    let site = text(&object, "site", 200);
    let description = text(&object, "description", limit::DESCRIPTION);
    object.refuse_unknown();
    Some(Feature { kind: kind?, code, site, description })
}

fn belonging(node: &Node<'_>) -> Option<Belonging> {
    let object = node.object()?;
    let kind = object.required("kind").and_then(|node| node.code());
    let description = object.required("description").map(|node| node.text_within(limit::DESCRIPTION));
    let position = object.field("position").and_then(|node| node.code());
    object.refuse_unknown();
    Some(Belonging { kind: kind?, description: description?.unwrap_or_default(), position })
}

fn dental(node: &Node<'_>) -> Option<Chart> {
    let object = node.object()?;
    let notation = object.field("notation").and_then(|node| node.parsed("unknown_value", notation));
    let date = date(&object, "date");
    let mut chart = Chart::new(notation.unwrap_or(Notation::Universal), date);
    if let Some(teeth) = object.required("teeth") {
        for (number, node) in teeth.entries() {
            node.parsed("invalid_tooth", |code| chart.list(number, code));
        }
    }
    object.refuse_unknown();
    Some(chart)
}

fn notation(code: &str) -> Result<Notation, &'static str> {
    match code {
        "universal" => Ok(Notation::Universal),
        "fdi" => Ok(Notation::Fdi),
        _ => Err("a notation is one of: universal, fdi"),
    }
}

fn fingerprints(node: &Node<'_>) -> Option<FingerprintClass> {
    node.parsed("invalid_fingerprints", FingerprintClass::parse)
}

fn dna(node: &Node<'_>) -> Option<Dna> {
    let object = node.object()?;
    let dna = Dna {
        str: object.field("str").and_then(|node| profile(&node)),
        mtdna: object.field("mtdna").map(|node| differences(&node)).unwrap_or_default(),
        mtdna_range: list(&object, "mtdna_range", usize::MAX, mt_range),
        y_str: object.field("y_str").and_then(|node| profile(&node)),
        relatives: list(&object, "relatives", limit::RELATIVES, relative),
    };
    object.refuse_unknown();
    (dna != Dna::default()).then_some(dna)
}

fn relative(node: &Node<'_>) -> Option<Relative> {
    let object = node.object()?;
    let relation = object.required("relation").and_then(|node| node.code());
    let str = object.field("str").and_then(|node| profile(&node));
    let mtdna = object.field("mtdna").map(|node| differences(&node)).unwrap_or_default();
    let y_str = object.field("y_str").and_then(|node| profile(&node));
    object.refuse_unknown();
    Some(Relative { relation: relation?, str, mtdna, y_str })
}

fn profile(node: &Node<'_>) -> Option<Str> {
    let mut loci = BTreeMap::new();
    for (locus, node) in node.entries() {
        let alleles: Vec<Option<Allele>> = node.list(2).iter().map(allele).collect();
        match alleles[..] {
            [] => node.fault("too_few_items", "a locus has one or two alleles"),
            [Some(first)] => drop(loci.insert(locus.into(), Alleles { first, second: None })),
            [Some(first), second @ Some(_)] => drop(loci.insert(locus.into(), Alleles { first, second })),
            _ => {}
        }
    }
    (!loci.is_empty()).then_some(Str { loci })
}

fn allele(node: &Node<'_>) -> Option<Allele> {
    let wrong = "an allele is one or two digits, with one decimal if need be, such as 9.3";
    node.parsed("invalid_allele", |text| Allele::parse(text).ok_or(wrong))
}

fn differences(node: &Node<'_>) -> Vec<MtDifference> {
    let wrong = "a difference is a position from 1 to 16569 and what stands there, such as 263G, 315.1C or 523d";
    let items = node.list(usize::MAX).into_iter();
    items.filter_map(|node| node.parsed("invalid_mtdna", |text| MtDifference::parse(text).ok_or(wrong))).collect()
}

fn mt_range(node: &Node<'_>) -> Option<MtRange> {
    let wrong = "a range is two positions from 1 to 16569, such as 16024-16365";
    node.parsed("invalid_mtdna", |text| MtRange::parse(text).ok_or(wrong))
}

fn range(object: &Object<'_, '_>, name: &'static str) -> Option<Range> {
    let node = object.field(name)?;
    let ends = node.object()?;
    let min = ends.required("min").and_then(|node| node.number());
    let max = ends.required("max").and_then(|node| node.number());
    ends.refuse_unknown();
    Range::new(min?, max?).map_err(|error| node.fault("invalid_range", error)).ok()
}

fn date(object: &Object<'_, '_>, name: &'static str) -> Option<DateInterval> {
    object.field(name)?.parsed("invalid_date", DateInterval::parse)
}

fn number_within(object: &Object<'_, '_>, name: &'static str, low: f64, high: f64) -> Option<f64> {
    let node = object.field(name)?;
    let number = node.number()?;
    if !(low..=high).contains(&number) {
        let limit = if high == f64::MAX { format!("from {low} up") } else { format!("from {low} to {high}") };
        node.fault("out_of_range", format_args!("expected a number {limit}"));
    }
    Some(number)
}

fn text(object: &Object<'_, '_>, name: &'static str, most: usize) -> Option<String> {
    object.field(name)?.text_within(most)
}

fn codes<C: super::Code + PartialEq>(object: &Object<'_, '_>, name: &'static str) -> Vec<C> {
    object.field(name).map(|node| node.distinct(Node::code)).unwrap_or_default()
}

fn list<T>(object: &Object<'_, '_>, name: &'static str, most: usize, read: impl Fn(&Node<'_>) -> Option<T>) -> Vec<T> {
    let items = object.field(name).map(|node| node.list(most)).unwrap_or_default();
    items.iter().filter_map(read).collect()
}
