//! What one mark against another is worth, before each is given at most one of the other side.
//!
//! ```text
//! bits(a, b) = sort + site + side + words - unlike words - log2(number of marks that it could be)
//! sort, site  log2(P(b's | a's, one mark) / share of b's in the collection); a site's neighbours share what is left over
//! side        log2(agreement / 1/2), or its contrary
//! words       log2(agreement / share of marks with the term): the rarest in full, the others by `independence`,
//!             because words of one mark go together: "praying" and "hands". A word that is a slip of the pen from
//!             another counts as the commoner of the two, less what slips are rare. Where no word is shared, a class
//!             that both are of counts.
//! unlike      words that both have left over: "rose" is not "skull"
//! ```
//!
//! All of it is the same whichever of the two marks asks. Shares are those of the collection, so that bits are calibrated
//! to it: a mark of somebody else is as often like this one as its terms are frequent.

use super::census::{Census, is_exact};
use super::vocabulary::{Distance, ENGLISH};
use super::{CLASS, EXACT, MOST, Marks, term};
use crate::model::{Bits, MarksModel};

/// What every pair of marks is worth: a row a mark of the query.
pub(in crate::attribute) struct Table {
    columns: usize,
    bits: [i32; MOST * MOST],
    /// Whether a serial number or a long inscription is the same in some pair.
    exact: bool,
}

impl Table {
    /// Thousandths of a bit for a mark of the query and one of the candidate.
    pub(in crate::attribute) fn bits(&self, query: usize, candidate: usize) -> i32 {
        self.bits[query * self.columns + candidate]
    }

    /// Whether some pair shares a serial number or a long inscription.
    pub(in crate::attribute) fn has_exact(&self) -> bool {
        self.exact
    }
}

/// A query's marks, made ready to be weighed against many.
pub(in crate::attribute) struct Likeness<'a> {
    census: &'a Census,
    model: &'a MarksModel,
    smoothing: f64,
    weights: Weights,
    marks: &'a Marks,
    ready: Vec<Ready>,
    /// Sorted by term: the term, the mark that has it, its bits.
    terms: Vec<(u32, u8, i32)>,
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

/// What a mark of the query says of a candidate's sort, site and side.
struct Ready {
    sorts: Vec<i32>,
    /// By site and one; 0 is not said.
    sites: Vec<i32>,
    sides: [i32; 4],
    words: i32,
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
                sites: site_bits(model, &sites, head.site),
                sides: std::array::from_fn(|other| side_bits(model, head.side, other as u8)),
                words: i32::from(head.words),
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
                likeness.terms.push((term, mark as u8, likeness.term_bits(term)));
            }
        }
        likeness.terms.sort_unstable();
        for (term, ..) in &likeness.terms {
            likeness.filter[*term as usize / 64 % FILTER] |= 1 << (term % 64);
        }
        likeness
    }

    fn term_bits(&self, term: u32) -> i32 {
        let agreement = if term & CLASS != 0 { self.model.class_agreement } else { self.model.term_agreement };
        Bits::of_ratio(agreement / self.census.share(term, self.smoothing)).0.max(0)
    }

    /// Weighs every mark of the query against every one of the candidate.
    pub(in crate::attribute) fn weigh(&self, candidate: &Marks) -> Table {
        let mut table = Table { columns: candidate.len(), bits: [0; MOST * MOST], exact: false };
        let shared = self.shared(candidate);
        let mut shared = &shared[..];
        let tries = log2_thousandths(self.ready.len().max(candidate.len()));
        for (mine, ready) in self.ready.iter().enumerate() {
            for (theirs, head) in candidate.heads().iter().enumerate() {
                let place = ready.sites[usize::from(head.site)];
                let mut words = Shared { pair: mine * MOST + theirs, ..Shared::default() };
                if let Some((first, rest)) = shared.split_first()
                    && first.pair == words.pair
                {
                    (words, shared) = (*first, rest);
                }
                let left = [ready.words - words.words, i32::from(head.words) - words.words];
                if left[0] > 0 && left[1] > 0 && place + words.sum >= self.weights.slips_from {
                    self.add_slips(&mut words, candidate);
                }
                let bits = ready.sorts[usize::from(head.sort)] + place + ready.sides[usize::from(head.side & 3)];
                let words_bits = self.words_bits(&words, ready.words, i32::from(head.words));
                table.exact |= words.exact;
                let cap = if words.exact { self.weights.exact_cap } else { self.weights.cap };
                table.bits[mine * table.columns + theirs] = (bits + words_bits - tries).min(cap);
            }
        }
        table
    }

    /// The pairs that share words, in the order of pairs.
    fn shared(&self, candidate: &Marks) -> Vec<Shared> {
        let mut found: Vec<Shared> = Vec::new();
        for (theirs, terms) in candidate.terms().enumerate() {
            for &term in terms.iter().filter(|term| self.may_have(**term)) {
                let from = self.terms.partition_point(|(known, ..)| *known < term);
                for &(_, mine, bits) in self.terms[from..].iter().take_while(|(known, ..)| *known == term) {
                    let pair = usize::from(mine) * MOST + theirs;
                    let at = found.iter().position(|shared| shared.pair == pair).unwrap_or_else(|| {
                        found.push(Shared { pair, ..Shared::default() });
                        found.len() - 1
                    });
                    found[at].add(term, bits);
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
        let left = |from: &'a Marks, mark: usize, other: &[u32]| -> Vec<&'a str> {
            from.words(mark).filter(|word| word.len() >= SHORTEST && !other.contains(&term(word))).collect()
        };
        let (mine, theirs) = (shared.pair / MOST, shared.pair % MOST);
        let my_terms = self.marks.terms().nth(mine).unwrap_or(&[]);
        let their_terms = candidate.terms().nth(theirs).unwrap_or(&[]);
        let my_words = left(self.marks, mine, their_terms);
        let mut slips: Vec<(i32, u32, u32)> = Vec::new();
        for word in candidate.words(theirs).filter(|word| word.len() >= SHORTEST && !my_terms.contains(&term(word))) {
            for my_word in my_words.iter().filter(|my_word| is_slip(my_word, word)) {
                let (a, b) = (term(my_word), term(word));
                let bits = self.term_bits(a).min(self.term_bits(b)) + self.weights.slip;
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

/// Shorter words are as often another word as a slip.
const SHORTEST: usize = 5;

/// Whether two words are one letter apart, or two swapped ones; of long words two.
fn is_slip(a: &str, b: &str) -> bool {
    let most = if a.len().min(b.len()) >= 9 { 2 } else { 1 };
    a.len().abs_diff(b.len()) <= most
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
