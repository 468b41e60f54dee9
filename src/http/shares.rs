//! How many of something one caller, and all together, may have at once: open streams, challenges under way.
//!
//! A share is given back when it is dropped, however its holder ends. Memory is bounded by what is held.

use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;

use super::problem::Problem;

/// What is shared.
pub(super) struct Shares {
    /// In all, and of one caller.
    most: [usize; 2],
    held: Mutex<FxHashMap<String, usize>>,
}

impl Shares {
    pub(super) fn new(most: [usize; 2]) -> Arc<Self> {
        Arc::new(Self { most, held: Mutex::default() })
    }

    /// Takes one for a caller, by its id.
    pub(super) fn take(self: &Arc<Self>, caller: &str) -> Result<Share, Problem> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let own = held.get(caller).copied().unwrap_or(0);
        if own >= self.most[1] || held.values().sum::<usize>() >= self.most[0] {
            return Err(Problem::Busy);
        }
        held.insert(caller.to_owned(), own + 1);
        Ok(Share { of: Arc::clone(self), caller: caller.to_owned() })
    }
}

/// One of them, until it is dropped.
pub(super) struct Share {
    of: Arc<Shares>,
    caller: String,
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut held = self.of.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = held.get_mut(&self.caller) {
            *own -= 1;
            if *own == 0 {
                held.remove(&self.caller);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_has_more_than_a_share_and_all_no_more_than_there_is() {
        let shares = Shares::new([3, 2]);
        let mut own = vec![shares.take("one").expect("the first"), shares.take("one").expect("the second")];
        assert!(shares.take("one").is_err());
        let other = shares.take("other").expect("another's");
        assert!(shares.take("third").is_err(), "there is none left");
        own.pop();
        let third = shares.take("third").expect("given back");
        drop((own, other, third));
        assert!(shares.held.lock().expect("not poisoned").is_empty());
    }
}
