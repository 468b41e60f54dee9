//! What callers are told without asking: a pair that became strong enough, a first candidate that is another now.
//!
//! An event holds identifiers, bits and ranks, nothing of what a record says: whoever wants the evidence asks for it and
//! is shown what its key may see. Each caller has a threshold of its own: [`Told::seen_from`] says what of an event is
//! news at that threshold. No clock: whoever makes an event names the moment.

mod webhook;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::Bits;
use crate::record::Reference;

pub use webhook::Webhook;

/// One event, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// From 1, without a gap, in the order in which writes were weighed.
    pub sequence: u64,
    /// When the write was weighed.
    pub at: Timestamp,
    /// What happened.
    pub told: Told,
}

/// A record and what its pair weighs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct First {
    /// The candidate.
    pub record: Reference,
    /// The pair's score.
    pub score: Bits,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Told {
    /// A pair weighs more than it did.
    Pair {
        /// The missing person.
        missing: Reference,
        /// The unidentified or unclaimed body.
        body: Reference,
        /// Which of the two was written.
        written: Reference,
        /// What the pair weighs now.
        score: Bits,
        /// What it weighed before; none: less than is followed, or it was on no list.
        before: Option<Bits>,
        /// The place of the body among the candidates of the missing, and the reverse, from 1.
        ranks: [u64; 2],
    },
    /// The first candidate of a record, or its score, is another.
    First {
        /// Whose candidate.
        record: Reference,
        /// The first now; none: no candidate weighs enough.
        now: Option<First>,
        /// The first before.
        before: Option<First>,
    },
    /// The log lost the thread: writes before this were not weighed.
    Gap,
}

impl Told {
    /// What of it is news to somebody who hears of pairs from `least` on; none: nothing is.
    ///
    /// A pair is news once each time it rises over the threshold. Candidates below it are not there.
    pub fn seen_from(&self, least: Bits) -> Option<Self> {
        match self {
            Self::Pair { score, before, .. } => {
                let rises = *score >= least && before.is_none_or(|before| before < least);
                rises.then(|| self.clone())
            }
            Self::First { record, now, before } => {
                let enough = |first: &Option<First>| first.clone().filter(|first| first.score >= least);
                let (now, before) = (enough(now), enough(before));
                let record_of = |first: &Option<First>| first.as_ref().map(|first| first.record.clone());
                (record_of(&now) != record_of(&before)).then(|| Self::First { record: record.clone(), now, before })
            }
            Self::Gap => Some(Self::Gap),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reference(id: u8) -> Reference {
        Reference::new("x", &id.to_string()).expect("a reference")
    }

    fn pair(before: Option<i32>, score: i32) -> Told {
        Told::Pair {
            missing: reference(1),
            body: reference(2),
            written: reference(1),
            score: Bits(score),
            before: before.map(Bits),
            ranks: [1, 1],
        }
    }

    proptest! {
        /// However a pair's weight goes up and down, whoever hears of it from a threshold on is told as often as it rises
        /// over that threshold.
        #[test]
        fn a_pair_is_news_once_a_rise(scores in prop::collection::vec(0..10_i32, 1..20), least in 0..10_i32) {
            let (mut told, mut rises, mut before) = (0, 0, None);
            for score in scores {
                rises += usize::from(score >= least && before.is_none_or(|before| before < least));
                // The log has an event for every rise, whatever the threshold.
                if before.is_none_or(|before| before < score) {
                    told += usize::from(pair(before, score).seen_from(Bits(least)).is_some());
                }
                before = Some(score);
            }
            prop_assert_eq!(told, rises);
        }

        /// Whoever applies what it is told of first candidates knows the first candidate at its threshold at any time.
        #[test]
        fn the_first_candidate_is_known_from_its_changes(
            firsts in prop::collection::vec(prop::option::of((1..4_u8, 0..10_i32)), 1..20),
            least in 0..10_i32,
        ) {
            let first = |of: Option<(u8, i32)>| of.map(|(id, score)| First { record: reference(id), score: Bits(score) });
            let (mut known, mut before) = (None, None);
            for now in firsts {
                let told = Told::First { record: reference(9), now: first(now), before: first(before) };
                if let Some(Told::First { now, .. }) = told.seen_from(Bits(least)) {
                    known = now.map(|first| first.record);
                }
                before = now;
                let visible = now.filter(|(_, score)| *score >= least).map(|(id, _)| reference(id));
                prop_assert_eq!(&known, &visible);
            }
        }
    }
}
