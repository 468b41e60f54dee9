//! What one mark against another is worth, before each is given at most one of the other side.
//!
//! ```text
//! bits(a, b) = sort + site + side + words - unlike words - log2(number of marks that it could be)
//! sort        log2(P(b's | a's, one mark) / share of b's in the collection)
//! site        the same among the marks of one sort: most piercings are in ears; a site's neighbours share what is left
//! side        log2(agreement / 1/2), or its contrary
//! words       log2(agreement / share of the sort's marks with the term): the rarest in full, the others by `independence`,
//!             because words of one mark go together: "praying" and "hands". A word that is a slip of the pen from
//!             another counts as the commoner of the two, less what slips are rare. Where no word is shared, a class
//!             that both are of counts.
//! unlike      words that both have left over: "rose" is not "skull"
//! ```
//!
//! All of it is the same whichever of the two marks asks. Shares are those of the collection, so that bits are calibrated
//! to it: a mark of somebody else is as often like this one as its terms are frequent.

use super::census::{Census, is_exact};
use super::vocabulary::{Distance, ENGLISH, SHORTEST};
use super::{CLASS, EXACT, MOST, Marks, term};
use crate::model::{Bits, MarksModel};

/// A query's marks, made ready to be weighed against many.
pub(in crate::attribute) struct Likeness<'a> {
    census: &'a Census,
    model: &'a MarksModel,
    smoothing: f64,
    weights: Weights,
    marks: &'a Marks,
    ready: Vec<Ready>,
    /// Sorted by term.
    terms: Vec<Term>,
    /// A bit for each term's lowest bits: whoever has none of them shares no word.
    filter: Box<[u64; FILTER]>,
}

/// Parameters in thousandths.
struct Weights {
    independence: i64,
    slip: i32,
    slips_from: i32,
    unlike: i32,
    unlike_most: i32,
    cap: i32,
    exact_cap: i32,
}

impl Weights {
    fn new(model: &MarksModel) -> Self {
        let bits = |bits: f64| Bits::from_f64(bits).0;
        Self {
            independence: i64::from(bits(model.independence)),
            slip: bits(model.slip_bits),
            slips_from: bits(model.slips_from_bits),
            unlike: bits(model.unlike_bits),
            unlike_most: bits(model.unlike_most_bits),
            cap: bits(model.cap_bits),
            exact_cap: bits(model.exact_cap_bits),
        }
    }
}

/// Words of the filter.
const FILTER: usize = 64;

/// A term of the query.
#[derive(Clone, Copy)]
struct Term {
    term: u32,
    /// The mark that has it.
    mark: u8,
    /// Its bits against a mark of another sort, and of the same.
    bits: [i32; 2],
}

/// What a mark of the query says of a candidate's sort, site and side.
struct Ready {
    sorts: Vec<i32>,
    sort: u8,
    /// Against a mark of another sort, and of the same, by site and one; 0 is not said.
    sites: [Vec<i32>; 2],
    sides: [i32; 4],
    words: i32,
    odd: u32,
}

/// What two marks share in words.
#[derive(Clone, Copy, Default)]
struct Shared {
    /// The pair: query's mark times [`MOST`] and candidate's.
    pair: usize,
    sum: i32,
    most: i32,
    class: i32,
    words: i32,
    exact: bool,
}

impl<'a> Likeness<'a> {
    /// Makes a query's marks ready.
    pub(in crate::attribute) fn new(
        census: &'a Census,
        model: &'a MarksModel,
        smoothing: f64,
        marks: &'a Marks,
    ) -> Self {
        let (sorts, sites) = (census.sorts(smoothing), census.sites(smoothing));
        let mut ready = Vec::new();
        for head in marks.heads() {
            ready.push(Ready {
                sorts: (0..sorts.len()).map(|other| sort_bits(model, &sorts, usize::from(head.sort), other)).collect(),
                sort: head.sort,
                sites: [
                    site_bits(model, &sites, head.site),
                    site_bits(model, &census.sites_of_sort(head.sort, smoothing), head.site),
                ],
                sides: std::array::from_fn(|other| side_bits(model, head.side, other as u8)),
                words: i32::from(head.words),
                odd: head.odd,
            });
        }
        let mut likeness = Self {
            census,
            model,
            smoothing,
            weights: Weights::new(model),
            marks,
            ready,
            terms: Vec::new(),
            filter: Box::new([0; FILTER]),
        };
        for (mark, terms) in marks.terms().enumerate() {
            for &term in terms {
                let bits = [None, Some(marks.heads()[mark].sort)].map(|sort| likeness.term_bits(sort, term));
                likeness.terms.push(Term { term, mark: mark as u8, bits });
            }
        }
        likeness.terms.sort_unstable_by_key(|term| (term.term, term.mark));
        for Term { term, .. } in &likeness.terms {
            likeness.filter[*term as usize / 64 % FILTER] |= 1 << (term % 64);
        }
        likeness
    }

    /// What a term is worth among marks of one sort, or of any.
    fn term_bits(&self, sort: Option<u8>, term: u32) -> i32 {
        let agreement = if term & CLASS != 0 { self.model.class_agreement } else { self.model.term_agreement };
        let share = match sort {
            Some(sort) => self.census.share_of_sort(sort, term, self.smoothing),
            None => self.census.share(term, self.smoothing),
        };
        Bits::of_ratio(agreement / share).0.max(0)
    }

    /// Calls `found` with each mark of the query, each of the candidate, what the two are worth in thousandths of a bit,
    /// and whether they share a serial number or a long inscription.
    pub(in crate::attribute) fn weigh(&self, candidate: &Marks, mut found: impl FnMut(usize, usize, i32, bool)) {
        let shared = self.shared(candidate);
        let mut shared = &shared[..];
        let tries = log2_thousandths(self.ready.len().max(candidate.len()));
        for (mine, ready) in self.ready.iter().enumerate() {
            for (theirs, head) in candidate.heads().iter().enumerate() {
                let place = ready.sites[usize::from(ready.sort == head.sort)][usize::from(head.site)];
                let mut words = Shared { pair: mine * MOST + theirs, ..Shared::default() };
                if let Some((first, rest)) = shared.split_first()
                    && first.pair == words.pair
                {
                    (words, shared) = (*first, rest);
                }
                if ready.odd & head.odd != 0 && place + words.sum >= self.weights.slips_from {
                    self.add_slips(&mut words, candidate);
                }
                let bits = ready.sorts[usize::from(head.sort)] + place + ready.sides[usize::from(head.side & 3)];
                let words_bits = self.words_bits(&words, ready.words, i32::from(head.words));
                let cap = if words.exact { self.weights.exact_cap } else { self.weights.cap };
                found(mine, theirs, (bits + words_bits - tries).min(cap), words.exact);
            }
        }
    }

    /// The pairs that share words, in the order of pairs.
    fn shared(&self, candidate: &Marks) -> Vec<Shared> {
        let mut found: Vec<Shared> = Vec::new();
        for ((theirs, terms), head) in candidate.terms().enumerate().zip(candidate.heads()) {
            for &term in terms.iter().filter(|term| self.may_have(**term)) {
                let from = self.terms.partition_point(|known| known.term < term);
                for known in self.terms[from..].iter().take_while(|known| known.term == term) {
                    let pair = usize::from(known.mark) * MOST + theirs;
                    let same_sort = self.ready[usize::from(known.mark)].sort == head.sort;
                    let at = found.iter().position(|shared| shared.pair == pair).unwrap_or_else(|| {
                        found.push(Shared { pair, ..Shared::default() });
                        found.len() - 1
                    });
                    found[at].add(term, known.bits[usize::from(same_sort)]);
                }
            }
        }
        found.sort_unstable_by_key(|shared| shared.pair);
        found
    }

    fn may_have(&self, term: u32) -> bool {
        self.filter[term as usize / 64 % FILTER] & 1 << (term % 64) != 0
    }

    /// Adds the words that one of the two wrote with a slip of the pen.
    #[cold]
    fn add_slips(&self, shared: &mut Shared, candidate: &Marks) {
        let (mine, theirs) = (shared.pair / MOST, shared.pair % MOST);
        let (my_sort, their_sort) = (self.ready[mine].sort, candidate.heads()[theirs].sort);
        let sort = (my_sort == their_sort).then_some(my_sort);
        let my_terms = self.marks.terms().nth(mine).unwrap_or(&[]);
        let their_terms = candidate.terms().nth(theirs).unwrap_or(&[]);
        let left = |word: &&str, other: &[u32]| word.len() >= SHORTEST && !other.contains(&term(word));
        let my_words: Vec<&str> = self.marks.words(mine).filter(|word| left(word, their_terms)).collect();
        let mut slips: Vec<(i32, u32, u32)> = Vec::new();
        for word in candidate.words(theirs).filter(|word| left(word, my_terms)) {
            for my_word in my_words.iter().filter(|my_word| is_slip(my_word, word)) {
                let (a, b) = (term(my_word), term(word));
                let bits = self.term_bits(sort, a).min(self.term_bits(sort, b)) + self.weights.slip;
                slips.push((-bits, a.min(b), a.max(b)));
            }
        }
        slips.sort_unstable();
        let mut taken: Vec<u32> = Vec::new();
        for (less, a, b) in slips.into_iter().filter(|(less, ..)| *less < 0) {
            if !taken.contains(&a) && !taken.contains(&b) {
                taken.extend([a, b]);
                shared.add(a & !(CLASS | EXACT), -less);
            }
        }
    }

    fn words_bits(&self, shared: &Shared, mine: i32, theirs: i32) -> i32 {
        let classed = i32::from(shared.words == 0 && shared.class > 0);
        let left = (mine - shared.words - classed).min(theirs - shared.words - classed).max(0);
        let unlike = (left * self.weights.unlike).max(self.weights.unlike_most);
        let more = i64::from(shared.sum - shared.most) * self.weights.independence / 1_000;
        let words = if shared.words == 0 { shared.class } else { shared.most + more as i32 };
        words + unlike
    }
}

impl Shared {
    fn add(&mut self, term: u32, bits: i32) {
        if term & CLASS != 0 && !is_exact(term) {
            self.class = self.class.max(bits);
            return;
        }
        self.exact |= is_exact(term);
        self.words += i32::from(!is_exact(term));
        self.sum += bits;
        self.most = self.most.max(bits);
    }
}

/// Whether two words that begin alike are one letter apart, or two swapped ones; of long words two.
fn is_slip(a: &str, b: &str) -> bool {
    let most = if a.len().min(b.len()) >= 9 { 2 } else { 1 };
    a.len().abs_diff(b.len()) <= most
        && a.as_bytes()[0] == b.as_bytes()[0]
        && a.bytes().all(|byte| !byte.is_ascii_digit())
        && strsim::osa_distance(a, b) <= most
}

/// A mark of another sort is a clerk's choice of word now and then.
fn sort_bits(model: &MarksModel, shares: &[f64], a: usize, b: usize) -> i32 {
    let same = if a == b { model.sort_agreement / shares[a] } else { 0.0 };
    Bits::of_ratio(same + 1.0 - model.sort_agreement).0
}

/// What a site is worth against every other, by its place and one.
fn site_bits(model: &MarksModel, shares: &[f64], site: u8) -> Vec<i32> {
    let Some(site) = site.checked_sub(1) else { return vec![0; shares.len() + 1] };
    let around = |site: u8| -> f64 {
        let near = (0..shares.len() as u8).filter(|other| ENGLISH.distance(site, *other) == Distance::Near);
        near.map(|other| shares[usize::from(other)]).sum()
    };
    let own = around(site);
    let anywhere = 1.0 - model.site_same - model.site_near;
    let weigh = |other: u8| match ENGLISH.distance(site, other) {
        Distance::Same => model.site_same / shares[usize::from(site)] + anywhere,
        // The more crowded of the two neighbourhoods, so that who asks means nothing.
        Distance::Near => model.site_near / own.max(around(other)) + anywhere,
        Distance::Apart => anywhere,
    };
    std::iter::once(0).chain((0..shares.len() as u8).map(|other| Bits::of_ratio(weigh(other)).0)).collect()
}

/// Left against right; where one of them is not said or both are, nothing.
fn side_bits(model: &MarksModel, a: u8, b: u8) -> i32 {
    match (a & 3, b & 3) {
        (1, 1) | (2, 2) => Bits::of_ratio(2.0 * model.side_agreement).0,
        (1, 2) | (2, 1) => Bits::of_ratio(2.0 * (1.0 - model.side_agreement)).0,
        _ => 0,
    }
}

/// log2 of 1 to [`MOST`] in thousandths.
fn log2_thousandths(count: usize) -> i32 {
    const LOG2: [i32; MOST + 1] =
        [0, 0, 1_000, 1_585, 2_000, 2_322, 2_585, 2_807, 3_000, 3_170, 3_322, 3_459, 3_585, 3_700, 3_807, 3_907, 4_000];
    LOG2[count.min(MOST)]
}
