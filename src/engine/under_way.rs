//! Calls that wait for a thread of the pool, or have one, and the snapshot that they share.
//!
//! A call must see what was written before it came; what was written while it waited it may see. So those that wait
//! together are answered from one snapshot: what is worked out once for a snapshot is worked out once for all of them. Where
//! every caller writes and matches, that is once for as many writes as there are callers, and not for each.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Shared;
use crate::corpus::Snapshot;

/// A call that waits or runs.
pub(super) struct UnderWay {
    pub(super) shared: Arc<Shared>,
    /// Calls that were under way when it came.
    pub(super) ahead: u64,
    /// The last write before it came.
    must_see: u64,
}

impl UnderWay {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        let ahead = shared.under_way.fetch_add(1, Ordering::Relaxed);
        Self { shared: Arc::clone(shared), ahead, must_see: shared.snapshot.load().sequence() }
    }

    /// The one that others have, if it is new enough, or else the latest. New enough is also as new as the last decision:
    /// decisions are read as they are now, and a record that one has brought back would be missed beside them.
    pub(super) fn snapshot(&self) -> Arc<Snapshot> {
        let must_see = self.must_see.max(self.shared.last_decision.load(Ordering::Acquire));
        let joint = self.shared.joint.load_full().filter(|joint| joint.sequence() >= must_see);
        joint.unwrap_or_else(|| {
            let latest = self.shared.snapshot.load_full();
            self.shared.joint.store(Some(Arc::clone(&latest)));
            latest
        })
    }

    /// Whether the one that others have is too old for it, and so for whoever comes later.
    fn is_ahead_of_joint(&self) -> bool {
        self.shared.joint.load().as_ref().is_some_and(|joint| joint.sequence() < self.must_see)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        // Acquire and release: else a snapshot that another call has stored could come after this `None`.
        let is_last = self.shared.under_way.fetch_sub(1, Ordering::AcqRel) == 1;
        // A snapshot that nobody will ask for would only take room. Calls that need none, like searches, let go of it, too.
        if is_last || self.is_ahead_of_joint() {
            self.shared.joint.store(None);
        }
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;
    use tokio::runtime::Runtime;
    use tokio::task::JoinSet;

    use super::super::{Engine, EngineOptions, MatchRequest};
    use super::*;
    use crate::exclusion::Decision;
    use crate::model::Model;
    use crate::record::{ExclusionMethod, Kind, Record, Reference, json};

    fn reference(id: &str) -> Reference {
        Reference::parse(&format!("test/{id}")).expect("a reference")
    }

    fn record(kind: &str) -> Record {
        let tree = json::parse(format!(r#"{{"kind":"{kind}","sex":"male"}}"#).as_bytes()).expect("JSON");
        json::read(&tree).expect("a record").1
    }

    struct Service {
        engine: Engine,
        runtime: Runtime,
        _directory: TempDir,
    }

    impl Service {
        fn new() -> Self {
            let directory = tempfile::tempdir().expect("a directory");
            let options =
                EngineOptions { threads: 1, write_queue: 8, match_queue: 16, model: Model::default(), events: None };
            let engine = Engine::open(directory.path(), &options).expect("an engine");
            let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
            Self { engine, runtime, _directory: directory }
        }

        fn put(&self, id: &str) {
            let put = self.engine.put(reference(id), record("missing"), None, None);
            self.runtime.block_on(put).expect("a put");
        }

        fn call(&self) -> UnderWay {
            UnderWay::new(&self.engine.shared)
        }
    }

    #[test]
    fn calls_that_wait_together_share_a_snapshot_with_all_that_came_before_them() {
        let service = Service::new();
        let first = service.call();
        service.put("a");
        let second = service.call();
        service.put("b");
        // Made when the first has its turn: with both writes.
        let joint = first.snapshot();
        assert_eq!(joint.sequence(), 2);
        service.put("c");
        let third = service.call();
        assert!(Arc::ptr_eq(&second.snapshot(), &joint), "it came before the third write");
        let newer = third.snapshot();
        assert_eq!(newer.sequence(), 3);
        assert!(Arc::ptr_eq(&first.snapshot(), &newer), "from now on there is a newer one to share");
    }

    #[test]
    fn a_snapshot_is_held_only_while_a_call_is_under_way() {
        let service = Service::new();
        let (first, second) = (service.call(), service.call());
        let shared = Arc::downgrade(&first.snapshot());
        service.put("a");
        drop(first);
        assert!(shared.upgrade().is_some());
        drop(second);
        assert!(shared.upgrade().is_none(), "it would take room for as long as nobody asks");
    }

    #[test]
    fn calls_that_need_no_snapshot_do_not_hold_an_old_one() {
        let service = Service::new();
        let (first, search) = (service.call(), service.call());
        let shared = Arc::downgrade(&first.snapshot());
        drop(first);
        service.put("a");
        let (later, last) = (service.call(), service.call());
        drop(search);
        assert!(shared.upgrade().is_some(), "whoever came before the write may share it yet");
        drop(later);
        assert!(shared.upgrade().is_none(), "whoever comes later cannot");
        drop(last);
    }

    #[test]
    fn what_is_decided_is_seen_with_all_that_it_brings_back() {
        let service = Service::new();
        ["a", "b"].into_iter().for_each(|id| service.put(id));
        let decision = Decision {
            a: reference("a"),
            b: reference("b"),
            method: ExclusionMethod::Dna,
            by: "Ada County Coroner".to_owned(),
            reason: "no doubt".to_owned(),
            expires: None,
            resolved: true,
        };
        let decided = service.runtime.block_on(service.engine.exclude(decision, None, None)).expect("a decision");
        let (first, second) = (service.call(), service.call());
        assert_eq!(first.snapshot().records(Kind::Missing), 0);
        assert!(service.runtime.block_on(service.engine.withdraw(decided.exclusion.id, None)).expect("a withdrawal"));
        assert_eq!(
            second.snapshot().records(Kind::Missing),
            2,
            "it came before, but is not told that they are one person"
        );
    }

    /// Through the pool, with many at once: whoever was told that a write is done finds it.
    #[test]
    fn whoever_writes_and_matches_is_matched_with_what_was_written() {
        let service = Service::new();
        // There is always one to share.
        let held = service.call();
        held.snapshot();
        let engine = Arc::new(service.engine);
        let write_and_match = |at: usize| {
            let engine = Arc::clone(&engine);
            async move {
                let (missing, body) = (reference(&format!("m{at}")), reference(&format!("u{at}")));
                for (reference, kind) in [(&missing, "missing"), (&body, "unidentified")] {
                    engine.put(reference.clone(), record(kind), None, None).await.expect("a put");
                }
                let request = MatchRequest { limit: 100, min_bits: None, kind: None, include_unverified: false };
                let list = engine.matches(&body, request).await.expect("a match").expect("a record");
                assert!(list.candidates.iter().any(|candidate| candidate.record == missing), "{missing}");
            }
        };
        service.runtime.block_on(async {
            for round in 0..8 {
                let mut callers: JoinSet<()> = (0..8).map(|at| write_and_match(round * 8 + at)).collect();
                while let Some(done) = callers.join_next().await {
                    done.expect("a caller who is told the truth");
                }
            }
        });
    }
}
