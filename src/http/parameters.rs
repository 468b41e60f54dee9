//! Query parameters, read strictly: an unknown name, a name twice or a value out of range is refused by name. And the one
//! header that calls have in common.

use std::ops::RangeInclusive;
use std::str::FromStr;

use actix_web::HttpRequest;
use actix_web::http::header::HeaderName;
use actix_web::web::Query;

use super::problem::Problem;
use crate::record::json::Code;

/// How many candidates or hits an answer may list.
const LIMITS: RangeInclusive<usize> = 1..=100;
/// How many it lists unless told.
const LIMIT_DEFAULT: usize = 10;
/// Characters of a name that an error repeats.
const NAME_SHOWN: usize = 64;
/// More than any call knows: checking names against each other must stay cheap.
const PARAMETERS: usize = 32;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The longest key of a call.
const KEY_MAX: usize = 255;

/// The parameters of one call that nobody has asked for yet.
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub(super) fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let pairs = Query::<Vec<(String, String)>>::from_query(request.query_string());
        let pairs = pairs.map_err(|_| refused("?", "is not of the form name=value"))?.into_inner();
        for (at, (name, _)) in pairs.iter().enumerate() {
            if at == PARAMETERS {
                return Err(refused(name, "is one too many"));
            }
            if pairs[..at].iter().any(|(earlier, _)| earlier == name) {
                return Err(refused(name, "stands twice"));
            }
        }
        Ok(Self(pairs))
    }

    /// The text of a parameter.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.swap_remove(at).1)
    }

    /// A parameter read by `read`, refused with `expected`.
    pub(super) fn read<T>(
        &mut self,
        name: &str,
        expected: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.text(name) else { return Ok(None) };
        read(&text).map(Some).ok_or_else(|| refused(name, &format!("must be {expected}")))
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, name: &str, otherwise: bool) -> Result<bool, Problem> {
        Ok(self.read(name, "true or false", |text| bool::from_str(text).ok())?.unwrap_or(otherwise))
    }

    /// `limit`.
    pub(super) fn limit(&mut self) -> Result<usize, Problem> {
        let limit = self.read("limit", "a whole number from 1 to 100", |text| {
            usize::from_str(text).ok().filter(|limit| LIMITS.contains(limit))
        })?;
        Ok(limit.unwrap_or(LIMIT_DEFAULT))
    }

    /// One of a closed list.
    pub(super) fn code<C: Code>(&mut self, name: &str) -> Result<Option<C>, Problem> {
        let codes: Vec<&str> = C::ALL.iter().map(|value| value.code()).collect();
        let expected = format!("one of: {}", codes.join(", "));
        self.read(name, &expected, |text| C::ALL.iter().copied().find(|value| value.code() == text))
    }

    /// Refuses what nobody asked for.
    pub(super) fn finish(self) -> Result<(), Problem> {
        match self.0.first() {
            Some((name, _)) => Err(refused(name, "is not one that this call knows")),
            None => Ok(()),
        }
    }
}

/// Refuses every parameter.
pub(super) fn none(request: &HttpRequest) -> Result<(), Problem> {
    Parameters::of(request)?.finish()
}

/// The key of a call that makes something once, if it has one.
pub(super) fn idempotency_key(request: &HttpRequest) -> Result<Option<String>, Problem> {
    let headers = request.headers();
    let Some(key) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let visible = |text: &&str| (1..=KEY_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    let refused =
        Problem::InvalidHeader { name: "Idempotency-Key", detail: "must be 1 to 255 visible ASCII characters" };
    let once = headers.get_all(IDEMPOTENCY_KEY).count() == 1;
    key.to_str().ok().filter(visible).filter(|_| once).map(|key| Some(key.to_owned())).ok_or(refused)
}

fn refused(name: &str, detail: &str) -> Problem {
    Problem::InvalidParameter { name: name.chars().take(NAME_SHOWN).collect(), detail: detail.to_owned() }
}
