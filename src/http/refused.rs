//! Refused calls that cost their caller nothing: told to the trail one by one while they are few, counted when they are
//! many.
//!
//! Whoever has no key, or has used up its allowance, may call again at once: a line for each such call would let anybody
//! fill the disk. So of every interval the first are lines of their own, and the rest become one line for each caller,
//! address and status, with how many they were, since when and until when. Memory is bounded: what comes from more places
//! than are kept apart shares one line.

use std::convert::Infallible;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use rustc_hash::FxHashMap;

use super::App;
use super::audit::Call;
use crate::audit::Entry;

/// After so long what was counted is told.
const INTERVAL: Duration = Duration::from_secs(60);
/// Calls of one interval that are told by themselves.
const ONE_BY_ONE: usize = 64;
/// Callers and addresses that are kept apart in one interval.
const APART: usize = 256;

/// The refused calls of this interval.
#[derive(Default)]
pub(super) struct Refused(Mutex<Interval>);

#[derive(Default)]
struct Interval {
    told: usize,
    counted: FxHashMap<Origin, Count>,
    /// Those from more places than are kept apart, by status.
    others: FxHashMap<u16, Count>,
}

#[derive(PartialEq, Eq, Hash)]
struct Origin {
    who: String,
    from: Option<String>,
    status: u16,
}

struct Count {
    calls: u64,
    since: Timestamp,
    last: Timestamp,
    /// Of the last.
    request_id: String,
}

impl Refused {
    /// Whether a call that ended so is told by itself: if not, it is counted.
    pub(super) fn is_told(&self, call: &Call, status: u16, now: Timestamp) -> bool {
        if !matches!(status, 401 | 429) {
            return true;
        }
        let mut interval = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if interval.told < ONE_BY_ONE {
            interval.told += 1;
            return true;
        }
        let origin = Origin { who: call.who.clone(), from: call.from.clone(), status };
        let new = || Count { calls: 0, since: now, last: now, request_id: String::new() };
        let is_apart = interval.counted.len() < APART || interval.counted.contains_key(&origin);
        let count = if is_apart {
            interval.counted.entry(origin).or_insert_with(new)
        } else {
            interval.others.entry(status).or_insert_with(new)
        };
        count.calls += 1;
        (count.last, count.request_id) = (now, call.request_id.clone());
        false
    }

    /// Ends the interval: the lines of what was counted.
    fn end(&self) -> Vec<Entry> {
        let interval = mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let others = interval.others.into_iter();
        let others = others.map(|(status, count)| (Origin { who: "several".to_owned(), from: None, status }, count));
        interval.counted.into_iter().chain(others).map(|(origin, count)| count.entry(origin)).collect()
    }
}

impl Count {
    fn entry(self, origin: Origin) -> Entry {
        Entry {
            at: self.last,
            since: Some(self.since),
            count: Some(self.calls),
            who: origin.who,
            from: origin.from,
            action: "refused calls".to_owned(),
            records: Vec::new(),
            seen: Vec::new(),
            exclusion: None,
            status: origin.status,
            model: None,
            request_id: self.request_id,
        }
    }
}

/// Tells the trail what was counted.
pub(super) async fn tell(app: &App) {
    for entry in app.refused.end() {
        app.trail.append(entry).await;
    }
}

/// Does so after every interval.
pub(super) async fn follow(app: Arc<App>) -> Infallible {
    loop {
        tokio::time::sleep(INTERVAL).await;
        tell(&app).await;
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{app, call};
    use super::*;

    fn moment(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a moment")
    }

    #[test]
    fn few_are_told_and_of_many_each_is_counted_in_bounded_memory() {
        let (app, _directory) = app();
        let refused = Refused::default();
        let mut told = 0;
        let mut send = |address: usize, second: i64| {
            let call = call(&app, "nobody", &format!("192.0.{}.{}", address / 256, address % 256));
            told += usize::from(refused.is_told(&call, 401, moment(second)));
        };
        (0..3_000).for_each(|at| send(at % 1_000, at as i64));
        assert_eq!(told, ONE_BY_ONE);
        let lines = refused.end();
        assert_eq!(lines.len(), APART + 1);
        assert_eq!(lines.iter().filter_map(|line| line.count).sum::<u64>(), (3_000 - ONE_BY_ONE) as u64);
        let several: Vec<&Entry> = lines.iter().filter(|line| line.from.is_none()).collect();
        assert_eq!((several.len(), several[0].who.as_str(), several[0].at), (1, "several", moment(2_999)));
        let one = lines.iter().find(|line| line.from.as_deref() == Some("192.0.0.100")).expect("an address");
        assert_eq!((one.count, one.since, one.at), (Some(3), Some(moment(100)), moment(2_100)));
        assert!(refused.end().is_empty());
    }

    #[test]
    fn what_costs_the_caller_something_is_always_told() {
        let (app, _directory) = app();
        let (refused, call) = (Refused::default(), call(&app, "key:1", "192.0.2.1"));
        let told = |status| (0..2 * ONE_BY_ONE).filter(|_| refused.is_told(&call, status, moment(0))).count();
        assert_eq!((told(403), told(429), told(200)), (2 * ONE_BY_ONE, ONE_BY_ONE, 2 * ONE_BY_ONE));
    }
}
