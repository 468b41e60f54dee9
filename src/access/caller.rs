//! A caller that was let in, and what it may do.

use std::num::NonZeroU32;
use std::sync::{Arc, LazyLock};

use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use serde::{Deserialize, Serialize};

/// One thing that a caller may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    /// Put and delete records of the sources it has.
    #[serde(rename = "records:write")]
    RecordsWrite,
    /// Ask for candidates, comparisons, exclusions and events.
    #[serde(rename = "match:read")]
    MatchRead,
    /// Read and search records.
    #[serde(rename = "records:read")]
    RecordsRead,
    /// Decide on pairs.
    #[serde(rename = "exclusions:write")]
    ExclusionsWrite,
    /// Read the audit trail.
    #[serde(rename = "audit:read")]
    AuditRead,
    /// All of these, and what is only for whoever runs the service.
    #[serde(rename = "admin")]
    Admin,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 6] =
        [Self::RecordsWrite, Self::MatchRead, Self::RecordsRead, Self::ExclusionsWrite, Self::AuditRead, Self::Admin];

    /// Its name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::RecordsWrite => "records:write",
            Self::MatchRead => "match:read",
            Self::RecordsRead => "records:read",
            Self::ExclusionsWrite => "exclusions:write",
            Self::AuditRead => "audit:read",
            Self::Admin => "admin",
        }
    }

    /// The scope with this name.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.code() == code)
    }
}

type Limiter = RateLimiter<NotKeyed, InMemoryState, DefaultClock, StateInformationMiddleware>;

/// Whoever makes a call.
#[derive(Debug)]
pub struct Caller {
    /// Names the caller in logs and in the audit trail; not a secret.
    pub id: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// The sources whose records it may write; none: every source.
    pub sources: Option<Vec<String>>,
    /// Whether it may see teeth, prints, DNA and identifiers.
    pub clearance: bool,
    /// How often it may call; none: as often as it likes.
    pub allowance: Option<Arc<Allowance>>,
}

/// Calls a second, and as many at once.
#[derive(Debug)]
pub struct Allowance {
    per_second: NonZeroU32,
    limiter: Limiter,
}

/// What is left of an allowance after a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// Calls a second.
    pub per_second: u32,
    /// Calls that may be made at once now; none: this one was one too many.
    pub remaining: Option<u32>,
    /// Seconds until there is one more, at least 1.
    pub seconds: u64,
}

impl Allowance {
    /// So many calls a second.
    pub fn new(per_second: NonZeroU32) -> Self {
        let limiter = RateLimiter::direct(Quota::per_second(per_second));
        Self { per_second, limiter: limiter.with_middleware::<StateInformationMiddleware>() }
    }

    /// How many calls a second it is for.
    pub const fn per_second(&self) -> NonZeroU32 {
        self.per_second
    }

    /// Takes one call.
    pub fn take(&self) -> Left {
        let per_second = self.per_second.get();
        match self.limiter.check() {
            Ok(state) => Left { per_second, remaining: Some(state.remaining_burst_capacity()), seconds: 1 },
            Err(until) => {
                let wait = until.wait_time_from(DefaultClock::default().now());
                Left { per_second, remaining: None, seconds: wait.as_secs() + 1 }
            }
        }
    }
}

impl Caller {
    /// Whoever reaches a service that asks nobody.
    pub fn anyone() -> Arc<Self> {
        static ANYONE: LazyLock<Arc<Caller>> = LazyLock::new(|| {
            let (id, scopes) = ("anyone".to_owned(), vec![Scope::Admin]);
            Arc::new(Caller { id, scopes, sources: None, clearance: true, allowance: None })
        });
        Arc::clone(&ANYONE)
    }

    /// Whoever is not known: it may do nothing.
    pub fn nobody() -> Arc<Self> {
        static NOBODY: LazyLock<Arc<Caller>> = LazyLock::new(|| {
            let id = "nobody".to_owned();
            Arc::new(Caller { id, scopes: Vec::new(), sources: Some(Vec::new()), clearance: false, allowance: None })
        });
        Arc::clone(&NOBODY)
    }

    /// Whether it may do this.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.iter().any(|&own| own == scope || own == Scope::Admin)
    }

    /// Whether it may write records of this source.
    pub fn may_write(&self, source: &str) -> bool {
        self.sources.as_ref().is_none_or(|sources| sources.iter().any(|own| own == source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(scopes: &[Scope], sources: Option<&[&str]>) -> Caller {
        let sources = sources.map(|sources| sources.iter().map(|&source| source.to_owned()).collect());
        Caller { id: "k".to_owned(), scopes: scopes.to_vec(), sources, clearance: false, allowance: None }
    }

    #[test]
    fn a_scope_is_that_scope_alone_and_admin_is_all() {
        for own in Scope::ALL {
            let caller = caller(&[own], None);
            let may: Vec<Scope> = Scope::ALL.into_iter().filter(|&scope| caller.may(scope)).collect();
            assert_eq!(may, if own == Scope::Admin { Scope::ALL.to_vec() } else { vec![own] });
        }
    }

    #[test]
    fn sources_are_whole_names() {
        let some = caller(&[Scope::RecordsWrite], Some(&["namus", "ncic"]));
        assert!(some.may_write("namus") && !some.may_write("nam") && !some.may_write("namus2"));
        assert!(caller(&[], None).may_write("any") && !caller(&[], Some(&[])).may_write("any"));
    }

    #[test]
    fn an_allowance_runs_out_and_says_when_to_come_again() {
        let allowance = Allowance::new(NonZeroU32::MIN.saturating_add(2));
        let left: Vec<Option<u32>> = (0..4).map(|_| allowance.take().remaining).collect();
        assert_eq!(left, [Some(2), Some(1), Some(0), None]);
        assert!((1..=2).contains(&allowance.take().seconds));
    }
}
