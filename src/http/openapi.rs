//! The specification, generated from the code: OpenAPI 3.1.
//!
//! Operations and answers stand beside their handlers. The record is not described twice: its component is the
//! schema that the reader of records is tested against.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use actix_web::http::{Method, StatusCode};
use serde_json::{Value, json};
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{Schema, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, ObjectBuilder, OneOfBuilder, Ref, RefOr, Required, Response, ResponseBuilder};
use utoipa::{IntoResponses, Modify, OpenApi, PartialSchema, ToSchema};

use super::problem::{MEDIA_TYPE, ProblemBody};
use super::{
    attributes, audit, backup, batch, compare, docs, events, exclusions, guard, matches, probes, records, search,
    webhooks,
};
use crate::record::json::{Code, SCHEMA_VALUE};
use crate::record::{ExclusionMethod, Kind, Sex};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "crossmatch",
        description = "Weighs missing persons against unidentified remains and unclaimed bodies, on all attributes at \
                       once, in bits.\n\nEvery error is an RFC 9457 problem with a stable `code` and the `request_id` \
                       of the service's log. Unknown fields, values and parameters are refused by name.\n\nEvery answer names \
                       the parameters that its evidence was weighed with in `Crossmatch-Model`, their SHA-256.",
    ),
    servers((url = "/", description = "This service")),
    tags(
        (name = "records", description = "Store and remove records"),
        (name = "matching", description = "Candidates and evidence"),
        (name = "exclusions", description = "Pairs that people ruled out or confirmed"),
        (name = "events", description = "Be told without asking"),
        (name = "search", description = "Full text"),
        (name = "operation", description = "For whoever runs the service"),
    ),
    paths(
        records::put, records::get, records::delete, matches::of_stored, batch::batch, matches::of_inline,
        compare::compare, exclusions::create, exclusions::list, exclusions::get, exclusions::delete, events::stream,
        webhooks::create, webhooks::list, webhooks::delete, search::search, attributes::attributes, audit::list, backup::backup, probes::alive, probes::ready, probes::metrics,
        docs::specification,
    ),
    components(schemas(ProblemBody, events::EventAnswer, KindCode, SexCode, ExclusionMethodCode)),
    modifiers(&Guarded),
)]
struct Api;

/// Adds to every call what `guard` asks of it.
struct Guarded;

impl Modify for Guarded {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        for (path, item) in &mut openapi.paths.paths {
            let operations = [
                (Method::GET, &mut item.get),
                (Method::PUT, &mut item.put),
                (Method::POST, &mut item.post),
                (Method::DELETE, &mut item.delete),
            ];
            for (method, operation) in operations {
                if let (Some(operation), Some(told)) = (operation, guard::told(&method, path)) {
                    ask(operation, &told);
                }
            }
        }
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer);
        let bearer =
            bearer.description(Some("A key that `crossmatch keys create` made, or a token of the identity provider, where the service asks for them"));
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("key", SecurityScheme::Http(bearer.build()));
    }
}

fn ask(operation: &mut Operation, told: &str) {
    // A batch may have no line.
    if let Some(RefOr::T(body)) = &mut operation.request_body
        && body.content.contains_key("application/json")
    {
        body.required = Some(Required::True);
    }
    let description = operation.description.take().unwrap_or_default();
    operation.description = Some(format!("{description}\n\n{told}"));
    operation.security = Some(vec![SecurityRequirement::default(), SecurityRequirement::new("key", [""; 0])]);
    for responses in [Refused::<401>::responses(), Refused::<403>::responses(), Refused::<429>::responses()] {
        operation.responses.responses.extend(responses);
    }
}

static SPECIFICATION: LazyLock<String> = LazyLock::new(|| {
    let mut whole = serde_norway::to_value(Api::openapi()).unwrap_or_default();
    if let Some(schemas) =
        whole.get_mut("components").and_then(|components| components.get_mut("schemas")?.as_mapping_mut())
    {
        for (name, schema) in schemas_of_record() {
            let schema = serde_norway::to_value(schema).unwrap_or_default();
            schemas.insert(name.into(), schema);
        }
    }
    let text = serde_norway::to_string(&whole).unwrap_or_default();
    format!("# Generated by `crossmatch openapi`.\n{text}")
});

/// The record's schema as components: its definitions beside it, each under its own name.
fn schemas_of_record() -> Vec<(String, Value)> {
    let mut record = SCHEMA_VALUE.clone();
    rewrite_references(&mut record);
    admit_null(&mut record);
    let definitions = record.as_object_mut().and_then(|members| {
        members.remove("$schema");
        members.remove("$defs")
    });
    let mut schemas = vec![("Record".to_owned(), record)];
    if let Some(Value::Object(definitions)) = definitions {
        schemas.extend(definitions.into_iter().map(|(name, schema)| (component(&name), schema)));
    }
    schemas
}

/// `range` in the record's schema is `Range` among the components.
fn component(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Points every reference at the components.
fn rewrite_references(schema: &mut Value) {
    match schema {
        Value::Object(members) => members.iter_mut().for_each(|(name, value)| match value {
            Value::String(target) if name == "$ref" => {
                if let Some(definition) = target.strip_prefix("#/$defs/") {
                    *target = format!("#/components/schemas/{}", component(definition));
                }
            }
            other => rewrite_references(other),
        }),
        Value::Array(items) => items.iter_mut().for_each(rewrite_references),
        _ => {}
    }
}

/// Says in schemas what the record's own says in words: a member that may be absent may be `null` as well.
fn admit_null(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            let required = members.get("required").cloned().unwrap_or_default();
            let is_required =
                |name: &String| required.as_array().is_some_and(|names| names.iter().any(|one| one == name));
            if let Some(Value::Object(properties)) = members.get_mut("properties") {
                properties.iter_mut().filter(|(name, _)| !is_required(name)).for_each(|(_, value)| or_null(value));
            }
            members.values_mut().for_each(admit_null);
        }
        Value::Array(items) => items.iter_mut().for_each(admit_null),
        _ => {}
    }
}

/// The same schema, or `null`.
fn or_null(schema: &mut Value) {
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.push(Value::Null);
    }
    if let Some(kind) = schema.get_mut("type") {
        *kind = json!([kind.take(), "null"]);
    } else if schema.get("$ref").is_some() {
        *schema = json!({ "anyOf": [schema.take(), { "type": "null" }] });
    }
}

/// Describes [`Kind`], wherever a call or an answer has its code.
pub(super) struct KindCode;

impl PartialSchema for KindCode {
    fn schema() -> RefOr<Schema> {
        codes::<Kind>("Which of the three sides of the case a record is")
    }
}

impl ToSchema for KindCode {
    fn name() -> Cow<'static, str> {
        "Kind".into()
    }
}

/// Describes [`Sex`].
pub(super) struct SexCode;

impl PartialSchema for SexCode {
    fn schema() -> RefOr<Schema> {
        codes::<Sex>("Biological sex")
    }
}

impl ToSchema for SexCode {
    fn name() -> Cow<'static, str> {
        "Sex".into()
    }
}

/// Describes [`ExclusionMethod`].
pub(super) struct ExclusionMethodCode;

impl PartialSchema for ExclusionMethodCode {
    fn schema() -> RefOr<Schema> {
        codes::<ExclusionMethod>("By what a pair was ruled out or confirmed")
    }
}

impl ToSchema for ExclusionMethodCode {
    fn name() -> Cow<'static, str> {
        "ExclusionMethod".into()
    }
}

fn codes<C: Code>(description: &str) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(C::ALL.iter().map(|value| value.code())))
        .description(Some(description))
        .build()
        .into()
}

/// A record.
pub(super) fn record() -> Ref {
    Ref::from_schema_name("Record")
}

/// A side of a comparison: a record, or the reference of a stored one.
pub(super) fn side() -> Schema {
    let reference = ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some("^[A-Za-z0-9._-]{1,64}/[A-Za-z0-9._:-]{1,128}$"))
        .description(Some("`source/id`"));
    Schema::OneOf(OneOfBuilder::new().item(reference).item(record()).build())
}

/// `openapi.yaml`, the same text every time.
pub fn specification() -> &'static str {
    &SPECIFICATION
}

/// A response with a problem, described by its status.
pub(super) struct Refused<const STATUS: u16>;

impl<const STATUS: u16> IntoResponses for Refused<STATUS> {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let schema = Ref::from_schema_name("Problem");
        let response = ResponseBuilder::new()
            .description(meaning(STATUS))
            .content(MEDIA_TYPE, ContentBuilder::new().schema(Some(schema)).build())
            .build();
        BTreeMap::from([(STATUS.to_string(), response.into())])
    }
}

/// What a status means in every operation that can answer it.
fn meaning(status: u16) -> &'static str {
    match status {
        401 => "There is no key or token, or not a good one",
        403 => "The key or token may not do this",
        429 => "Too many calls of this caller; try again after `Retry-After`",
        400 => "A parameter, a header, the path or the JSON cannot be read",
        404 => "There is no such record or exclusion",
        408 => "The next piece of the body did not arrive in time",
        409 => {
            "There is one already, or one that says the contrary; there are too many; or what the call made was taken back"
        }
        412 => "Another version is stored than the caller expected",
        413 => "The body is longer than the limit",
        415 => "The body is in a form that the call does not take",
        422 => "The body is JSON, but not what the call takes: every fault, with its pointer",
        500 => "The service failed",
        503 => "Busy, stopping or not ready; try again after `Retry-After`",
        504 => "The answer was not ready within `timeout_ms`; nothing was cut short",
        507 => "The disk is full; nothing was changed",
        _ => StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("refused"),
    }
}
