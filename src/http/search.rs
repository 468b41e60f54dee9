//! `/v1/search`: full text.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::audit::Note;
use super::openapi::{KindCode, Refused, SexCode};
use super::parameters::Parameters;
use super::problem::Problem;
use super::{Shared, deadline};
use crate::record::DateInterval;
use crate::text::{Hit, SearchPage, SearchRequest};

/// The longest query, in characters.
const QUERY_MAX: usize = 1_000;
/// The longest region and page token, in characters.
const TEXT_MAX: usize = 1_000;

/// One page of records found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SearchPage)]
pub(super) struct Page {
    /// The hits, best first.
    hits: Vec<HitAnswer>,
    /// How many records there are in all.
    #[schema(example = 42)]
    total: u64,
    /// Asks for the next page; null: this is the last.
    #[schema(required = true)]
    next_page_token: Option<String>,
}

/// One record found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Hit)]
struct HitAnswer {
    /// `source/id`.
    #[schema(example = "sim/U000007")]
    record: String,
    /// Its side.
    #[schema(value_type = KindCode)]
    kind: &'static str,
    /// BM25.
    #[schema(example = 7.25)]
    score: f32,
    /// Where the words were found.
    highlights: Vec<Highlight>,
}

/// A passage in which words of the query were found.
#[derive(Debug, Serialize, ToSchema)]
struct Highlight {
    /// The record's field.
    #[schema(example = "features")]
    field: &'static str,
    /// The passage, escaped for HTML, with the words in `<b>`.
    #[schema(example = "tattoo of an <b>anchor</b>")]
    html: String,
}

impl From<Hit> for HitAnswer {
    fn from(hit: Hit) -> Self {
        let highlights = hit.highlights.into_iter().map(|(field, html)| Highlight { field, html }).collect();
        Self { record: hit.record.to_string(), kind: hit.kind.code(), score: hit.score, highlights }
    }
}

impl From<SearchPage> for Page {
    fn from(page: SearchPage) -> Self {
        let hits = page.hits.into_iter().map(HitAnswer::from).collect();
        Self { hits, total: page.total, next_page_token: page.next_page_token }
    }
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what `asked` reads")]
struct SearchParameters {
    /// The words. `"exact phrase"`, `field:word`, `prefix*`, and `word~1` for a typo.
    #[param(min_length = 1, max_length = 1_000, example = "anchor tattoo")]
    q: String,
    /// Only this side.
    #[param(nullable = false)]
    kind: Option<KindCode>,
    /// Only this sex.
    #[param(nullable = false)]
    sex: Option<SexCode>,
    /// Only this region, as it is written in the records, in either case.
    #[param(nullable = false, min_length = 1, max_length = 1_000)]
    region: Option<String>,
    /// Only events that may have been on or after the first day of this date (`YYYY`, `YYYY-MM`, `YYYY-MM-DD`).
    #[param(nullable = false, pattern = "^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$")]
    from: Option<String>,
    /// Only events that may have been on or before the last day of this date.
    #[param(nullable = false, pattern = "^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$")]
    to: Option<String>,
    /// At most so many hits.
    #[param(minimum = 1, maximum = 100, default = 10)]
    limit: Option<u32>,
    /// Where the page begins: the `next_page_token` of an earlier answer.
    #[param(nullable = false, min_length = 1, max_length = 1_000)]
    page_token: Option<String>,
    /// Refuse with 504 what is not ready after so many milliseconds.
    #[param(minimum = 1, maximum = 3_600_000)]
    timeout_ms: Option<u32>,
}

/// Search the text of the records
///
/// Full text over narratives, features, belongings, names and places. A write is found within a second.
#[utoipa::path(
    get, path = "/v1/search", tag = "search", operation_id = "search",
    params(SearchParameters),
    responses(
        (status = 200, description = "One page of hits", body = Page),
        Refused::<400>, Refused::<500>, Refused::<503>, Refused::<504>,
    )
)]
pub(super) async fn search(app: Shared, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (asked, timeout) = asked(&request)?;
    let engine = app.engine()?;
    let page = deadline::within(timeout, engine.search(asked)).await?;
    let seen = page.hits.iter().map(|hit| hit.record.clone()).collect();
    Note { seen, ..Note::new("search", []) }.leave(&request);
    Ok(HttpResponse::Ok().json(Page::from(page)))
}

fn asked(request: &HttpRequest) -> Result<(SearchRequest, Option<Duration>), Problem> {
    let mut parameters = Parameters::of(request)?;
    let query = parameters.read("q", "1 to 1000 characters", |q| within(q, QUERY_MAX))?;
    let query = query.ok_or_else(|| Problem::InvalidParameter {
        name: "q".to_owned(),
        detail: "is required: the words to search for".to_owned(),
    })?;
    let asked = SearchRequest {
        query,
        kind: parameters.code("kind")?,
        sex: parameters.code("sex")?,
        region: parameters.read("region", "1 to 1000 characters", |region| within(region, TEXT_MAX))?,
        from: date(&mut parameters, "from")?,
        to: date(&mut parameters, "to")?,
        limit: parameters.limit()?,
        page_token: parameters
            .read("page_token", "one that an earlier answer gave", |token| within(token, TEXT_MAX))?,
    };
    let timeout = deadline::of(&mut parameters)?;
    parameters.finish()?;
    Ok((asked, timeout))
}

fn date(parameters: &mut Parameters, name: &str) -> Result<Option<DateInterval>, Problem> {
    parameters.read(name, "a date: YYYY, YYYY-MM or YYYY-MM-DD", |text| DateInterval::parse(text).ok())
}

fn within(text: &str, most: usize) -> Option<String> {
    (!text.trim().is_empty() && text.chars().count() <= most).then(|| text.to_owned())
}
