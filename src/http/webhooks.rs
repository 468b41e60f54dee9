//! `/v1/webhooks`: where events are posted to.
//!
//! A webhook belongs to the key that made it and is told what that key may ask for. It is registered only when whoever
//! answers at its address has agreed to it by sending back a challenge; its secret is answered that one time.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::web::{self, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::audit::Note;
use super::openapi::Refused;
use super::post::{self, Outcome};
use super::problem::Problem;
use super::{App, Shared, addresses, body, events, guard, parameters};
use crate::access::Scope;
use crate::engine::{Engine, Events, Registered};
use crate::event::Webhook;
use crate::model::Bits;
use crate::record::json::{self as record_json, Node};

/// Challenges under way in all, and of one caller.
pub(super) const CHALLENGES: [usize; 2] = [16, 2];

/// Where events are to be posted.
#[derive(Deserialize, ToSchema)]
#[expect(dead_code, reason = "documents what `wanted` reads")]
struct NewWebhook {
    /// An address of https, without user name and fragment, that anybody can reach or that a setting of the service
    /// allows (`webhook_allow`).
    #[schema(min_length = 1, max_length = 2_000, example = "https://cases.example.org/crossmatch")]
    url: String,
    /// Tell of pairs from so many bits on; not less, and unless told otherwise, what the service follows pairs from.
    #[schema(nullable = false, example = 20.0)]
    min_bits: Option<f64>,
}

/// A webhook.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Webhook)]
pub(super) struct WebhookAnswer {
    /// Sorts by when it was made.
    #[schema(format = "uuid", example = "019b2f3e-7c1a-7cc2-b3ad-0c6d2f1f9a01")]
    id: String,
    /// Where events are posted.
    url: String,
    /// It is told of pairs from so many bits on.
    #[schema(example = 20.0)]
    min_bits: f64,
    /// Whose it is: `key:` and the key's id, or `anyone` where the service asks for no keys.
    #[schema(example = "key:5d0c3c9a2b41")]
    owner: String,
    /// When it was made.
    #[schema(format = DateTime)]
    created: String,
    /// It has been told everything up to this event.
    #[schema(example = "1f0c9a2b-17")]
    told: String,
    /// False: its key is not good any more, and it is told nothing.
    active: bool,
    /// What posts are signed with. Only in the answer to the call that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    secret: Option<String>,
}

/// The webhooks of a caller.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Webhooks {
    /// In the order in which they were made.
    webhooks: Vec<WebhookAnswer>,
}

impl WebhookAnswer {
    fn new(webhook: Webhook, told: u64, app: &App, events: Events<'_>) -> Self {
        Self {
            id: webhook.id.to_string(),
            min_bits: webhook.least.to_f64(),
            created: webhook.created.to_string(),
            told: events::id(events.log(), told),
            active: guard::stands(app, &webhook.owner),
            url: webhook.url,
            owner: webhook.owner,
            secret: None,
        }
    }
}

/// Register a webhook
///
/// The service first posts `{"type": "challenge", "challenge": "..."}` to the address, which must answer within 15 s, with a
/// status from 200 to 299 and `{"challenge": "..."}` with the same text; only then is it registered. From then on each event of `GET
/// /v1/events` that reaches `min_bits` is posted as one JSON `Event`, in order, until it is taken with a status from 200
/// to 299: after a failure again, with pauses that double up to ten minutes, as long as the event is kept. It may come
/// twice: `webhook-id` is the event's id. Posts are signed as Standard Webhooks has it: `webhook-signature` is `v1,` and
/// the base64 of the HMAC-SHA256 of `{webhook-id}.{webhook-timestamp}.{body}`, its key the base64 of the secret behind
/// `whsec_`; refuse what is older than a few minutes. Redirects are not followed. A caller has one webhook an address: where
/// an answer was lost, the same call with the same `Idempotency-Key` is answered the same, its secret with it, and makes
/// nothing new. Challenges under way are at most 2 of a caller, 16 in all.
#[utoipa::path(
    post, path = "/v1/webhooks", tag = "events", operation_id = "createWebhook",
    params(("Idempotency-Key" = Option<String>, Header, nullable = false, pattern = "^[!-~]{1,255}$",
        description = "Of the caller's choice: the same call with the same key again makes nothing new")),
    request_body(content = NewWebhook, content_type = "application/json", description = "The webhook"),
    responses(
        (status = 201, description = "Registered, by this call or by an earlier one with the same key", body = WebhookAnswer,
            headers(("Location" = String, description = "Where the webhook is"))),
        Refused::<400>, Refused::<408>, Refused::<409>, Refused::<413>, Refused::<415>, Refused::<422>,
        Refused::<500>, Refused::<503>, Refused::<507>,
    )
)]
pub(super) async fn create(app: Shared, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    parameters::none(&request)?;
    let key = parameters::idempotency_key(&request)?;
    let text = body::json(&request, payload, &app).await?;
    let engine = app.engine()?;
    let events = events::of(&engine)?;
    let owner = guard::caller(&request).id.clone();
    if !guard::stands(&app, &owner) {
        return Err(Problem::WebhookNeedsKey);
    }
    let is_http = app.limits.telling.webhook_http;
    let read = |node: &Node<'_>| wanted(node, is_http, events);
    let (url, least) = record_json::read_by(&record_json::parse(&text)?, read)?;
    let secret = post::secret().ok_or(Problem::Internal)?;
    let webhook = Webhook { id: Uuid::now_v7(), owner, url, least, secret, created: Timestamp::now(), key };
    // Whatever comes of it: also a challenge that fails was sent to somebody.
    Note::new(format!("register webhook {}", webhook.id), []).leave(&request);
    // Nobody is posted to for a webhook that may not be; what another call registers meanwhile counts afterwards.
    let (reader, new) = (Arc::clone(&engine), webhook.clone());
    let may = web::block(move || events::of(&reader)?.may_register(&new).map_err(Problem::from)).await;
    let webhook = match made(may.map_err(|_| Problem::Internal)??)? {
        Some(webhook) => webhook,
        None => agreed(&app, &engine, webhook).await?,
    };
    // It may be the one that the same call has made before.
    Note::new(format!("register webhook {}", webhook.id), []).leave(&request);
    let location = (LOCATION, format!("/v1/webhooks/{}", webhook.id));
    let secret = Some(webhook.secret.clone());
    let told = events.webhook(webhook.id)?.map_or(0, |(_, told)| told);
    let answer = WebhookAnswer { secret, ..WebhookAnswer::new(webhook, told, &app, events) };
    Ok(HttpResponse::build(StatusCode::CREATED).insert_header(location).json(answer))
}

/// Registers a webhook if whoever answers at its address agrees. Its like, if the same call has made one meanwhile.
async fn agreed(app: &App, engine: &Arc<Engine>, webhook: Webhook) -> Result<Webhook, Problem> {
    let challenging = app.challenges.take(&webhook.owner)?;
    tokio::select! {
        agreed = challenge(app, &webhook.url, &webhook.secret) => agreed?,
        // A stop of the service waits for no receiver.
        () = app.stopped() => return Err(Problem::Stopping),
    }
    let (writer, new) = (Arc::clone(engine), webhook.clone());
    let registered = web::block(move || events::of(&writer)?.register(&new).map_err(Problem::from)).await;
    let made = made(registered.map_err(|_| Problem::Internal)??)?;
    drop(challenging);
    Ok(made.unwrap_or(webhook))
}

/// List the webhooks
///
/// Those that the key has made; with the scope `admin`, all. Without their secrets.
#[utoipa::path(
    get, path = "/v1/webhooks", tag = "events", operation_id = "listWebhooks",
    responses(
        (status = 200, description = "The webhooks", body = Webhooks),
        Refused::<400>, Refused::<500>, Refused::<503>,
    )
)]
pub(super) async fn list(app: Shared, request: HttpRequest) -> Result<HttpResponse, Problem> {
    parameters::none(&request)?;
    let engine = app.engine()?;
    let found = {
        let reader = Arc::clone(&engine);
        let found = web::block(move || events::of(&reader)?.webhooks().map_err(Problem::from)).await;
        found.map_err(|_| Problem::Internal)??
    };
    let events = events::of(&engine)?;
    let own = found.into_iter().filter(|(webhook, _)| is_own(&request, webhook));
    let webhooks = own.map(|(webhook, told)| WebhookAnswer::new(webhook, told, &app, events)).collect();
    Note::new("list webhooks", []).leave(&request);
    Ok(HttpResponse::Ok().json(Webhooks { webhooks }))
}

/// Remove a webhook
///
/// Nothing is posted any more but what is under way. Also succeeds when the key has no such webhook.
#[utoipa::path(
    delete, path = "/v1/webhooks/{id}", tag = "events", operation_id = "deleteWebhook",
    params(("id" = String, Path, format = "uuid", description = "The webhook")),
    responses(
        (status = 204, description = "The key has no such webhook now"),
        Refused::<400>, Refused::<500>, Refused::<503>, Refused::<507>,
    )
)]
pub(super) async fn delete(app: Shared, request: HttpRequest, id: Path<String>) -> Result<HttpResponse, Problem> {
    let id = Uuid::parse_str(&id).map_err(|_| Problem::InvalidWebhookId)?;
    parameters::none(&request)?;
    let engine = app.engine()?;
    let reader = Arc::clone(&engine);
    let found = web::block(move || events::of(&reader)?.webhook(id).map_err(Problem::from)).await;
    let found = found.map_err(|_| Problem::Internal)??;
    Note::new(format!("remove webhook {id}"), []).leave(&request);
    if found.is_some_and(|(webhook, _)| is_own(&request, &webhook)) {
        let removed = web::block(move || events::of(&engine)?.unregister(id).map_err(Problem::from)).await;
        removed.map_err(|_| Problem::Internal)??;
    }
    Ok(HttpResponse::NoContent().finish())
}

fn is_own(request: &HttpRequest, webhook: &Webhook) -> bool {
    let caller = guard::caller(request);
    caller.id == webhook.owner || caller.may(Scope::Admin)
}

/// The webhook that the same call has made before; none: there is none in the way of a new one.
fn made(registered: Registered) -> Result<Option<Webhook>, Problem> {
    match registered {
        Registered::New => Ok(None),
        Registered::Again(webhook) => Ok(Some(webhook)),
        Registered::KeyTaken => Err(Problem::KeyReused),
        Registered::Known(id) => Err(Problem::WebhookExists(id)),
        Registered::TooMany => Err(Problem::TooManyWebhooks),
    }
}

/// Asks whoever answers at an address whether it agrees.
async fn challenge(app: &App, url: &str, secret: &str) -> Result<(), Problem> {
    let challenge = Uuid::new_v4().simple().to_string();
    let id = format!("challenge-{}", Uuid::now_v7());
    let body = json!({"type": "challenge", "challenge": challenge}).to_string();
    let outcome = app.post.send((url, secret), &id, body).await;
    let detail = match outcome {
        Outcome::Taken(answer) => {
            let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
            if answer["challenge"] == challenge.as_str() {
                return Ok(());
            }
            "its answer does not have the challenge"
        }
        Outcome::Refused(_) => "its answer's status is not from 200 to 299",
        Outcome::Unreachable => "it did not answer in time, over a connection that can be trusted",
        Outcome::NotAllowed => {
            "its address is not one that anybody can reach, and the setting webhook_allow does not name it"
        }
    };
    Err(Problem::WebhookNotConfirmed(detail))
}

/// Reads a webhook; every fault is noted.
fn wanted(node: &Node<'_>, may_be_http: bool, events: Events<'_>) -> Option<(String, Bits)> {
    let object = node.object()?;
    let url = object.required("url");
    let text = url.as_ref().and_then(|node| node.text_within(addresses::URL_MAX));
    let fault = text.as_ref().and_then(|text| addresses::fault(text, may_be_http));
    if let (Some(node), Some(fault)) = (&url, fault) {
        node.fault("invalid_url", fault);
    }
    let bits = object.field("min_bits");
    let asked = bits.as_ref().and_then(Node::number);
    let least = events::threshold(asked, events).map_err(|detail| {
        if let Some(node) = &bits {
            node.fault("out_of_range", detail);
        }
    });
    object.refuse_unknown();
    Some((text?, least.ok()?))
}
