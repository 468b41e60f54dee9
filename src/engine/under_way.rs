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
    /// How many there were.
    pub(super) before: u64,
    /// The last write before it.
    after: u64,
}

impl UnderWay {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        let before = shared.under_way.fetch_add(1, Ordering::Relaxed);
        Self { shared: Arc::clone(shared), before, after: shared.snapshot.load().sequence() }
    }

    /// The one that others have, if it is new enough, or else the latest.
    pub(super) fn snapshot(&self) -> Arc<Snapshot> {
        let joint = self.shared.joint.load_full().filter(|joint| joint.sequence() >= self.after);
        joint.unwrap_or_else(|| {
            let latest = self.shared.snapshot.load_full();
            self.shared.joint.store(Some(Arc::clone(&latest)));
            latest
        })
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        // The last to go sees what the others have left there.
        if self.shared.under_way.fetch_sub(1, Ordering::AcqRel) == 1 {
            // Nobody waits: what it alone holds would only take room.
            self.shared.joint.store(None);
        }
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;
    use tokio::runtime::Runtime;

    use super::super::{Engine, EngineOptions};
    use super::*;
    use crate::model::Model;
    use crate::record::{Reference, json};

    struct Service {
        engine: Engine,
        runtime: Runtime,
        _directory: TempDir,
    }

    impl Service {
        fn new() -> Self {
            let directory = tempfile::tempdir().expect("a directory");
            let options =
                EngineOptions { threads: 1, write_queue: 8, match_queue: 8, model: Model::default(), events: None };
            let engine = Engine::open(directory.path(), &options).expect("an engine");
            let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
            Self { engine, runtime, _directory: directory }
        }

        fn put(&self, id: &str) {
            let reference = Reference::parse(&format!("test/{id}")).expect("a reference");
            let tree = json::parse(br#"{"kind":"missing","sex":"male"}"#).expect("JSON");
            let (_, record) = json::read(&tree).expect("a record");
            self.runtime.block_on(self.engine.put(reference, record, None, None)).expect("a put");
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
}
