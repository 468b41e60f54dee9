//! What follows from an attribute's counts and the model alone: the first query works it out, and all others share it.

use std::sync::{Arc, OnceLock};

use crate::model::Model;

/// Something that holds until the counts change, for one model. Counts that are copied share it.
pub(super) struct Derived<T>(Arc<OnceLock<(String, Arc<T>)>>);

impl<T> Clone for Derived<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Default for Derived<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T> Derived<T> {
    /// What follows by a model. Whoever asks at the same time works out the same: nobody waits.
    pub(super) fn get(&self, model: &Model, work_out: impl FnOnce() -> T) -> Arc<T> {
        match self.0.get() {
            Some((hash, kept)) if hash == model.hash() => Arc::clone(kept),
            Some(_) => Arc::new(work_out()),
            None => {
                let made = Arc::new(work_out());
                // Another may have been first: then this one is only the query's.
                let _ = self.0.set((model.hash().to_owned(), Arc::clone(&made)));
                made
            }
        }
    }

    /// The counts have changed. What others share stays as it is.
    pub(super) fn forget(&mut self) {
        let is_empty = Arc::get_mut(&mut self.0).is_some_and(|mine| mine.get().is_none());
        if !is_empty {
            self.0 = Arc::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_worked_out_once_a_model_until_it_is_forgotten() {
        let (model, other) = (Model::default(), Model::parse("presence = 0.2").expect("a model"));
        let mut derived = Derived::default();
        assert_eq!((*derived.get(&model, || 1), *derived.get(&model, || 2), *derived.get(&other, || 3)), (1, 1, 3));
        let copy = derived.clone();
        derived.forget();
        assert_eq!((*derived.get(&model, || 4), *copy.get(&model, || 5)), (4, 1));
    }
}
