//! `/v1/compare`: the full evidence for one pair.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use utoipa::ToSchema;

use super::Shared;
use super::answer::ComparisonAnswer;
use super::audit::Note;
use super::openapi::Refused;
use super::parameters::Parameters;
use super::problem::Problem;
use super::{body, deadline, guard, openapi};
use crate::engine::Subject;
use crate::record::Reference;
use crate::record::json::{self, Fault, Invalid, Member, Tree};

/// A pair to be weighed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "documents what `sides` reads")]
struct Pair {
    /// The query: a record, or the reference of a stored one.
    #[schema(schema_with = openapi::side)]
    a: (),
    /// The other side: a record, or the reference of a stored one.
    #[schema(schema_with = openapi::side)]
    b: (),
    /// The length of the list that the pair may be on.
    #[schema(minimum = 1, maximum = 100, default = 10, nullable = false)]
    limit: Option<u32>,
}

/// Compare a pair
///
/// The full evidence, also where the pair would never be a candidate, and why it would not be one.
#[utoipa::path(
    post, path = "/v1/compare", tag = "matching", operation_id = "compare",
    params(("timeout_ms" = Option<u32>, Query, nullable = false, minimum = 1, maximum = 3_600_000,
        description = "Refuse with 504 what is not ready after so many milliseconds")),
    request_body(content = Pair, content_type = "application/json", description = "The two sides",
        example = json!({"a": "demo/MP1", "b": "sim/U000007"})),
    responses(
        (status = 200, description = "The pair's weight and why", body = ComparisonAnswer),
        Refused::<400>, Refused::<404>, Refused::<408>, Refused::<413>, Refused::<415>, Refused::<422>,
        Refused::<500>, Refused::<503>, Refused::<504>,
    )
)]
pub(super) async fn compare(app: Shared, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let mut parameters = Parameters::of(&request)?;
    let timeout = deadline::of(&mut parameters)?;
    parameters.finish()?;
    let text = body::json(&request, payload, &app).await?;
    let Sides { a, b, limit } = body::parsed(text, sides).await?;
    let names = [name(&a), name(&b)];
    Note::new("compare", [&a, &b].into_iter().filter_map(stored)).leave(&request);
    let engine = app.engine()?;
    let compared = deadline::within(timeout, engine.compare(a, b, limit)).await?;
    let comparison = compared.map_err(Problem::NoSuchRecord)?;
    Ok(HttpResponse::Ok().json(ComparisonAnswer::new(names, comparison, guard::caller(&request).clearance)))
}

struct Sides {
    a: Subject,
    b: Subject,
    limit: usize,
}

fn stored(subject: &Subject) -> Option<Reference> {
    match subject {
        Subject::Stored(reference) => Some(reference.clone()),
        Subject::Inline(_) => None,
    }
}

fn name(subject: &Subject) -> Option<String> {
    stored(subject).map(|reference| reference.to_string())
}

fn sides(text: &[u8]) -> Result<Sides, Problem> {
    let tree = json::parse(text)?;
    let Tree::Object(members) = &tree else {
        let detail = format!("expected an object, found {}", tree.what());
        return Err(Problem::InvalidRecord(vec![fault("", "wrong_type", detail)]));
    };
    let mut faults = unknown(members);
    let a = side(&tree, "a", &mut faults);
    let b = side(&tree, "b", &mut faults);
    let limit = limit(&tree, &mut faults);
    match (a, b, limit) {
        (Some(a), Some(b), Some(limit)) if faults.is_empty() => Ok(Sides { a, b, limit }),
        _ => Err(Problem::InvalidRecord(faults)),
    }
}

fn fault(pointer: &str, code: &'static str, detail: impl Into<String>) -> Fault {
    Fault { pointer: pointer.to_owned(), code, detail: detail.into() }
}

/// Members that a comparison does not have, or has twice.
fn unknown(members: &[Member]) -> Vec<Fault> {
    const KNOWN: [&str; 3] = ["a", "b", "limit"];
    let twice = |name: &&str| members.iter().filter(|(member, _)| member == name).count() > 1;
    let strange = members.iter().filter(|(name, _)| !KNOWN.contains(&name.as_str())).map(|(name, _)| {
        let name: String = name.chars().take(64).collect();
        let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
        fault(&pointer, "unknown_field", format!("unknown field `{name}`; a comparison has `a`, `b` and `limit`"))
    });
    let repeated = KNOWN.into_iter().filter(twice);
    strange
        .chain(repeated.map(|name| fault(&format!("/{name}"), "duplicate_field", "the field stands twice")))
        .collect()
}

/// One side, its faults noted below its own pointer.
fn side(tree: &Tree, name: &'static str, faults: &mut Vec<Fault>) -> Option<Subject> {
    let pointer = format!("/{name}");
    match tree.member(name) {
        None | Some(Tree::Null) => {
            faults.push(fault("", "missing_field", format!("the field `{name}` is required")));
            None
        }
        Some(Tree::Text(text)) => Reference::parse(text)
            .map(Subject::Stored)
            .map_err(|error| faults.push(fault(&pointer, "invalid_reference", error.to_string())))
            .ok(),
        Some(record @ Tree::Object(_)) => match json::read(record) {
            Ok((_, record)) => Some(Subject::Inline(Box::new(record))),
            Err(Invalid::Faults(found)) => {
                faults.extend(found.into_iter().map(|f| Fault { pointer: format!("{pointer}{}", f.pointer), ..f }));
                None
            }
            Err(Invalid::Json { .. }) => None,
        },
        Some(other) => {
            let detail = format!("expected a record or a reference, found {}", other.what());
            faults.push(fault(&pointer, "wrong_type", detail));
            None
        }
    }
}

fn limit(tree: &Tree, faults: &mut Vec<Fault>) -> Option<usize> {
    match tree.member("limit") {
        None | Some(Tree::Null) => Some(10),
        Some(Tree::Number(limit)) if limit.fract() == 0.0 && (1.0..=100.0).contains(limit) => Some(*limit as usize),
        Some(_) => {
            faults.push(fault("/limit", "out_of_range", "a whole number from 1 to 100"));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str)]) {
        let faults = match sides(text.as_bytes()) {
            Ok(_) => Vec::new(),
            Err(Problem::InvalidRecord(faults)) => faults,
            Err(other) => panic!("{other:?}"),
        };
        let found: Vec<(&str, &str)> = faults.iter().map(|fault| (fault.pointer.as_str(), fault.code)).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn every_fault_of_a_pair_has_its_pointer() {
        check(r#"{"a":"s/1","b":{"kind":"missing"},"limit":3}"#, &[]);
        check("[]", &[("", "wrong_type")]);
        check("{}", &[("", "missing_field"), ("", "missing_field")]);
        check(r#"{"a":"s","b":7}"#, &[("/a", "invalid_reference"), ("/b", "wrong_type")]);
        check(
            r#"{"a":{"kind":"lost"},"b":{"kind":"missing","sex":1}}"#,
            &[("/a/kind", "unknown_value"), ("/b/sex", "wrong_type")],
        );
        check(
            r#"{"a":"s/1","b":"s/2","a":"s/3","x/y":1,"limit":0}"#,
            &[("/x~1y", "unknown_field"), ("/a", "duplicate_field"), ("/limit", "out_of_range")],
        );
    }
}
