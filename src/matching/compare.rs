//! One pair on its own: what it weighs, and whether it would be on the list.

use rustc_hash::FxHashSet;

use super::answer::{Comparison, WhyNot};
use super::{Request, Search, Told, faces};
use crate::corpus::{Encoded, Snapshot};
use crate::model::Model;
use crate::record::{Record, Reference};

/// Two records, each named if it is stored, and the length of the list that the pair may be on.
#[derive(Clone, Copy)]
pub struct Pair<'a> {
    /// The query's reference.
    pub a: Option<&'a Reference>,
    /// The query.
    pub a_record: &'a Record,
    /// The candidate's reference.
    pub b: Option<&'a Reference>,
    /// The candidate.
    pub b_record: &'a Record,
    /// Candidates that a list shows.
    pub limit: usize,
    /// Records that are on no list of `a`, as a person decided.
    pub ruled_out: &'a FxHashSet<Reference>,
    /// What a person decided that keeps the pair from the list.
    pub decided: Option<&'a WhyNot>,
}

impl Pair<'_> {
    /// Weighs the pair as the query's search would: the list is that of the kinds that `a` faces, or of `b`'s kind where
    /// it does not face that.
    pub fn compare(self, snapshot: &Snapshot, model: &Model) -> Comparison {
        let request = Request {
            limit: 0,
            min_bits: None,
            kind: (!self.faces()).then_some(self.b_record.kind),
            include_unverified: false,
            itself: self.a,
            ruled_out: self.ruled_out,
        };
        let query = Encoded::of(self.a_record);
        let search = Search::new(snapshot, model, &query, request);
        let told = search.explain_record(self.b_record);
        let scanned = search.scan(self.b.map(|name| (told.score(), name)));
        let why_not = self.barred().or_else(|| self.below_the_list(scanned.before() + 1, &told));
        let searched =
            self.b.is_some_and(|b| !self.ruled_out.contains(b)) && self.b_record.verified && !self.is_one_record();
        Comparison { weight: scanned.weight(told, searched), why_not }
    }

    fn faces(self) -> bool {
        faces(self.a_record.kind).contains(&self.b_record.kind)
    }

    fn is_one_record(self) -> bool {
        self.a.is_some() && self.a == self.b
    }

    /// What keeps the pair from every list, whatever it weighs.
    fn barred(self) -> Option<WhyNot> {
        let (a, b) = (self.a_record.kind.code(), self.b_record.kind.code());
        if self.is_one_record() {
            Some(WhyNot::new("same_record", "a record is not its own candidate"))
        } else if let Some(decided) = self.decided {
            Some(decided.clone())
        } else if a == b {
            let detail = format!("both records are {a}: such pairs are listed only when asked for with ?kind={a}");
            Some(WhyNot::new("same_kind", detail))
        } else if !self.faces() {
            Some(WhyNot::new("kinds_do_not_face", format!("{b} records are not searched for {a} ones")))
        } else if !self.b_record.verified {
            let detail = "nobody has verified the record yet: \
                          it is listed only when asked for with ?include_unverified=true";
            Some(WhyNot::new("not_verified", detail))
        } else {
            None
        }
    }

    /// Whether others weigh more. A record that is not stored has no rank.
    fn below_the_list(self, rank: u64, told: &Told) -> Option<WhyNot> {
        if self.b.is_none() || rank <= self.limit as u64 {
            return None;
        }
        let shown = format!("rank {rank}, and the list shows {}", self.limit);
        if told.evidence.iter().any(|evidence| evidence.level == "impossible_order") {
            let detail = format!("found more than a week before the last contact; {shown}");
            return Some(WhyNot::new("impossible_order_of_dates", detail));
        }
        Some(WhyNot::new("below_the_list", format!("{shown}; {}", told.against())))
    }
}

impl Told {
    /// What weighs most against the pair, in words.
    fn against(&self) -> String {
        match self.evidence.iter().filter(|evidence| evidence.bits.0 < 0).min_by_key(|evidence| evidence.bits) {
            Some(worst) => format!("{} weighs most against it, {} bits", worst.attribute, worst.bits.to_f64()),
            None => "nothing speaks against it, but others have more for them".to_owned(),
        }
    }
}
