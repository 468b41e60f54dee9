//! `/v1/audit`: the trail of calls; and what a call tells it.

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::{self, Data};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use jiff::Timestamp;
use utoipa::{IntoParams, ToSchema};

use super::exchange::RequestId;
use super::openapi::Refused;
use super::parameters::Parameters;
use super::problem::Problem;
use super::{App, Shared, guard};
use crate::audit::Entry;
use crate::engine::{Engine, Origin};
use crate::matching::CandidateList;
use crate::record::Reference;

/// What a call has to tell the trail once it is answered; a handler leaves it with the request.
#[derive(Clone, Debug, Default)]
pub(super) struct Note {
    pub(super) action: Cow<'static, str>,
    pub(super) records: Vec<Reference>,
    pub(super) seen: Vec<Reference>,
    pub(super) exclusion: Option<String>,
}

impl Note {
    /// Something done to, or asked about, some records.
    pub(super) fn new(action: impl Into<Cow<'static, str>>, records: impl IntoIterator<Item = Reference>) -> Self {
        Self { action: action.into(), records: records.into_iter().collect(), ..Self::default() }
    }

    /// Adds the pairs that a list shows.
    pub(super) fn showing(mut self, list: Option<&CandidateList>) -> Self {
        let candidates = list.into_iter().flat_map(|list| &list.candidates);
        self.seen.extend(candidates.map(|candidate| candidate.record.clone()));
        self
    }

    /// Leaves the note with the request, in the place of an earlier one.
    pub(super) fn leave(self, request: &HttpRequest) {
        if let Some(slot) = request.extensions().get::<Slot>() {
            slot.0.replace(Some(self));
        }
    }

    /// The line of a call that ended with this status.
    pub(super) fn entry(self, call: &Call, status: u16) -> Entry {
        let texts = |references: Vec<Reference>| references.iter().map(Reference::to_string).collect();
        Entry {
            at: Timestamp::now(),
            since: None,
            count: None,
            who: call.who.clone(),
            from: call.from.clone(),
            action: self.action.into_owned(),
            records: texts(self.records),
            seen: texts(self.seen),
            exclusion: self.exclusion,
            status,
            model: call.app.opened().map(|engine| engine.model_hash().to_owned()),
            request_id: call.request_id.clone(),
        }
    }
}

/// Where a call's note lies: it is there also when the request is gone, in a handler that panicked.
#[derive(Clone, Default)]
pub(super) struct Slot(Rc<RefCell<Option<Note>>>);

impl Slot {
    /// Takes the note out.
    pub(super) fn take(&self) -> Option<Note> {
        self.0.take()
    }
}

/// What is the same for everything that one call tells.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) app: Arc<App>,
    pub(super) who: String,
    pub(super) from: Option<String>,
    pub(super) request_id: String,
}

impl Call {
    /// What is known of a request that came through.
    pub(super) fn of(app: &Arc<App>, request: &HttpRequest) -> Self {
        Self {
            app: Arc::clone(app),
            who: guard::caller(request).id.clone(),
            from: request.peer_addr().map(|address| address.ip().to_string()),
            request_id: RequestId::of(request).as_str().to_owned(),
        }
    }

    /// The same, as the store keeps it with a write.
    pub(super) fn origin(&self) -> Origin {
        Origin { request_id: self.request_id.clone(), caller: self.who.clone() }
    }

    /// Tells the trail; returns when the line is in its file.
    pub(super) async fn tell(&self, note: Note, status: u16) {
        self.app.trail.append(note.entry(self, status)).await;
    }
}

/// The call of a request that came through, as the store keeps it with a write.
pub(super) fn origin(request: &HttpRequest) -> Origin {
    Origin { request_id: RequestId::of(request).as_str().to_owned(), caller: guard::caller(request).id.clone() }
}

/// Tells the trail of writes that it does not know: they were made, and the service ended before it could tell of their
/// calls.
pub(super) async fn catch_up(app: &Arc<App>, engine: &Arc<Engine>) -> Result<(), String> {
    let (reader, engine) = (Arc::clone(app), Arc::clone(engine));
    // Probes are answered meanwhile: the trail may be long.
    let looked_up = web::block(move || {
        let called = engine.called().map_err(|error| error.to_string())?;
        let writes = called.iter().map(|(reference, by)| (by.request_id.as_str(), reference.as_str()));
        let untold = reader.trail.untold(writes).map_err(|error| error.to_string())?;
        Ok::<_, String>(untold.into_iter().map(|at| called[at].clone()).collect::<Vec<_>>())
    });
    for (reference, by) in looked_up.await.map_err(|error| error.to_string())?? {
        app.trail
            .append(Entry {
                at: Timestamp::now(),
                since: None,
                count: None,
                who: by.caller,
                from: None,
                action:
                    "a write that was made before the service broke off; whether its call was answered is not known"
                        .into(),
                records: vec![reference.to_string()],
                seen: Vec::new(),
                exclusion: None,
                status: StatusCode::INTERNAL_SERVER_ERROR.as_u16(),
                model: None,
                request_id: by.request_id,
            })
            .await;
    }
    Ok(())
}

/// Some lines of the trail.
#[derive(ToSchema)]
#[schema(as = AuditPage)]
#[expect(dead_code, reason = "documents what `list` writes around lines that are text already")]
pub(super) struct Page {
    /// Oldest first, as they are in the file.
    entries: Vec<AuditEntry>,
    /// Asks for the next page; null: this is the last for now.
    #[schema(required = true)]
    next_page_token: Option<String>,
}

/// One line of the trail. Identifiers only.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the lines of the file")]
pub(super) struct AuditEntry {
    /// From 1, without a gap.
    #[schema(minimum = 1)]
    sequence: u64,
    /// The hash of the line before.
    previous: String,
    /// When the call was answered; of several, the last.
    #[schema(format = DateTime)]
    at: String,
    /// When the first of several calls was answered. Only of a line that counts calls.
    #[schema(format = DateTime)]
    since: Option<String>,
    /// How many calls the line counts: of refused calls by nobody, or over an allowance, only the first of a minute are
    /// told one by one. Without it, one.
    #[schema(minimum = 1)]
    count: Option<u64>,
    /// The caller: `key:` and the key's id, `oidc:` and the token's issuer, `#` and its subject, `anyone` where the service
    /// asks for neither, `nobody` where it was not known, `several` of calls from more addresses
    /// than are counted apart.
    #[schema(example = "key:5d0c3c9a2b41")]
    who: String,
    /// The address that the call came from.
    from: Option<String>,
    /// What was asked.
    #[schema(example = "compare")]
    action: String,
    /// The records that the call names.
    records: Option<Vec<String>>,
    /// The records that the answer shows.
    seen: Option<Vec<String>>,
    /// The exclusion that it is about.
    exclusion: Option<String>,
    /// The status of the answer.
    status: u16,
    /// The hash of the model's parameters.
    model: Option<String>,
    /// The call's id, as in the log.
    request_id: String,
    /// SHA-256 of the line without this member.
    hash: String,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what `list` reads")]
struct ListParameters {
    /// Only lines that name or show this record.
    #[param(nullable = false, pattern = "^[A-Za-z0-9._-]{1,64}/[A-Za-z0-9._:-]{1,128}$", example = "demo/MP1")]
    record: Option<String>,
    /// At most so many.
    #[param(minimum = 1, maximum = 100, default = 10)]
    limit: Option<u32>,
    /// Where the page begins: the `next_page_token` of an earlier answer.
    #[param(nullable = false, pattern = "^[0-9]{1,19}$")]
    page_token: Option<String>,
}

/// Read the audit trail
///
/// Every look at a pair or a record, every write and decision, and every call that was refused. A page may be short, even
/// empty, and still not be the last: `next_page_token` says.
#[utoipa::path(
    get, path = "/v1/audit", tag = "operation", operation_id = "listAudit",
    params(ListParameters),
    responses(
        (status = 200, description = "One page of the trail", body = Page),
        Refused::<400>, Refused::<500>,
    )
)]
pub(super) async fn list(app: Shared, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let mut parameters = Parameters::of(&request)?;
    let limit = parameters.limit()?;
    let record = parameters.read("record", "a reference, `source/id`", |text| Reference::parse(text).ok())?;
    let after = parameters.read("page_token", "one that an earlier answer gave", |text| text.parse().ok())?;
    parameters.finish()?;
    Note::new("audit", record.clone()).leave(&request);
    let app: Arc<App> = Data::into_inner(app);
    let record = record.as_ref().map(Reference::to_string);
    let found = web::block(move || app.trail.page(after.unwrap_or(0), limit, record.as_deref())).await;
    let page = found.map_err(|_| Problem::Internal)?.map_err(|error| {
        tracing::error!(%error, "the trail cannot be read");
        Problem::Store { doing: "read the trail" }
    })?;
    let (entries, next) = (page.lines.join(","), page.next.map_or("null".to_owned(), |next| format!("\"{next}\"")));
    let text = format!(r#"{{"entries":[{entries}],"next_page_token":{next}}}"#);
    Ok(HttpResponse::Ok().content_type("application/json").body(text))
}
