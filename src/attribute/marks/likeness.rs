//! What one mark against another is worth, before each is given at most one of the other side.
//!
//! ```text
//! bits(a, b) = sort + site + side + measure + words - unlike words - log2(number of marks that it could be)
//! sort        log2(P(b's | a's, one mark) / share of b's in the collection)
//! site        the same among the marks of one sort: most piercings are in ears; a site's neighbours share what is left
//! side        log2(agreement / 1/2), or its contrary
//! measure     log2(P(as far apart | one) / P(as far apart | two)) of sizes and the like
//! words       log2(agreement / share of the sort's marks with the term): the rarest in full, the others by `independence`,
//!             because words of one mark go together: "praying" and "hands". A word that is a slip of the pen from
//!             another counts as the commoner of the two, less what slips are rare. Where no word is shared, a class
//!             that both are of counts.
//! unlike      words that both have left over: "rose" is not "skull"; the sort counts only where a word or class is shared
//!             or one side has no words. Of two serial numbers or long inscriptions that differ, one is of another thing
//! ```
//!
//! All of it is the same whichever of the two marks asks. Shares are those of the collection, so that bits are calibrated
//! to it: a mark of somebody else is as often like this one as its terms are frequent.

use super::census::{Census, is_exact};
use super::measure::{Measure, Sizes};
use super::terms::{Distance, TERMS};
use super::vocabulary::SHORTEST;
use super::{CLASS, EXACT, Head, MOST, Marks, Terms, term};
use crate::model::{Bits, MarksModel};

/// A query's marks, made ready to be weighed against many.
pub(in crate::attribute) struct Likeness<'a> {
    census: &'a Census,
    model: &'a MarksModel,
    smoothing: f64,
    weights: Weights,
    marks: &'a Marks,
    ready: Vec<Ready>,
    /// The most that each mark can be worth without a shared word, by whether the candidate's has words, and its sort; and
    /// the most of these.
    most: [Vec<([i32; MOST], i32)>; 2],
    /// The first letters of words whose slips are looked for though no word is shared: the place alone tells enough.
    slips: u32,
    /// Sorted by slot, term and mark.
    terms: Vec<Term>,
    /// Where the terms of each slot begin; [`NOWHERE`]: it has none.
    slots: Box<[u16; SLOTS]>,
}

/// Parameters in thousandths.
struct Weights {
    independence: i64,
    slip: i32,
    slips_from: i32,
    unlike: i32,
    unlike_most: i32,
    other_number: i32,
    cap: i32,
    exact_cap: i32,
    sizes: Sizes,
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
            other_number: bits(model.other_number_bits),
            cap: bits(model.cap_bits),
            exact_cap: bits(model.exact_cap_bits),
            sizes: Sizes::new(model),
        }
    }
}

/// Slots of the query's terms: a term is a hash, and its lowest bits are its slot.
const SLOTS: usize = 1_024;

const NOWHERE: u16 = u16::MAX;

fn slot(term: u32) -> usize {
    term as usize % SLOTS
}

/// A term of the query.
#[derive(Clone, Copy)]
struct Term {
    term: u32,
    /// The mark that has it, and the mark's sort.
    mark: u8,
    sort: u8,
    /// Its bits against a mark of another sort, and of the same.
    bits: [i32; 2],
}

/// What a mark of the query says of a candidate's sort, site and side.
struct Ready {
    sorts: Vec<i32>,
    sort: u8,
    /// Against a mark of another sort, and of the same, by site and one; 0 is not said.
    sites: [Vec<i32>; 2],
    /// The most that any site is worth.
    most_of_site: i32,
    sides: [i32; 4],
    measure: Measure,
    numbered: bool,
    words: i32,
    odd: u32,
}

/// What two marks share in words.
#[derive(Clone, Copy, Default)]
struct Shared {
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
        let sorts = census.sorts(smoothing);
        let placed = marks.iter().any(|(head, _)| head.site > 0);
        let sites = if placed { census.sites(smoothing) } else { Vec::new() };
        let mut ready = Vec::new();
        for (head, _) in marks.iter() {
            let of_sort = || census.sites_of_sort(&sites, head.sort, smoothing);
            let sites = match head.site.checked_sub(1) {
                None => [(); 2].map(|()| vec![0; usize::from(TERMS.sites()) + 1]),
                Some(site) => [site_bits(model, &sites, site), site_bits(model, &of_sort(), site)],
            };
            ready.push(Ready {
                sorts: (0..sorts.len()).map(|other| sort_bits(model, &sorts, usize::from(head.sort), other)).collect(),
                sort: head.sort,
                most_of_site: sites.iter().flatten().copied().fold(0, i32::max),
                sites,
                sides: std::array::from_fn(|other| side_bits(model, head.side, other as u8)),
                measure: head.measure,
                numbered: head.numbered,
                words: i32::from(head.words),
                odd: head.odd,
            });
        }
        let weights = Weights::new(model);
        let most_of = |ready: &Ready, sort: usize, worded: bool| {
            let side = ready.sides.iter().copied().fold(0, i32::max);
            // Where both have words, and share none, that both are of one sort is nothing.
            let sort = if worded && ready.words > 0 { ready.sorts[sort].min(0) } else { ready.sorts[sort] };
            sort + ready.most_of_site + side + ready.measure.most(&weights.sizes)
        };
        let most = [false, true].map(|worded| {
            let of_sort = |sort| {
                let mut most = [i32::MIN; MOST];
                most.iter_mut().zip(&ready).for_each(|(most, ready)| *most = most_of(ready, sort, worded));
                (most, most.into_iter().fold(i32::MIN, i32::max))
            };
            (0..sorts.len()).map(of_sort).collect()
        });
        let telling = ready.iter().filter(|ready| ready.most_of_site >= weights.slips_from);
        let slips = telling.fold(0, |slips, ready| slips | ready.odd);
        let (terms, slots) = (Vec::new(), Box::new([NOWHERE; SLOTS]));
        let mut likeness = Self { census, model, smoothing, weights, marks, ready, most, slips, terms, slots };
        likeness.enter_terms();
        likeness
    }

    fn enter_terms(&mut self) {
        for (mark, (_, terms)) in self.marks.iter().enumerate() {
            for term in terms.iter() {
                let bits = [None, Some(self.ready[mark].sort)].map(|sort| self.term_bits(sort, term));
                self.terms.push(Term { term, mark: mark as u8, sort: self.ready[mark].sort, bits });
            }
        }
        self.terms.sort_unstable_by_key(|term| (slot(term.term), term.term, term.mark));
        for (at, Term { term, .. }) in self.terms.iter().enumerate().rev() {
            self.slots[slot(*term)] = at as u16;
        }
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

    /// Calls `found` with a mark of the query, one of the candidate, what the two are worth in thousandths of a bit, and
    /// whether they share a serial number or a long inscription: for each two that are worth more than `least`, and for
    /// some that are not.
    pub(in crate::attribute) fn weigh(
        &self,
        candidate: &Marks,
        least: i32,
        mut found: impl FnMut(usize, usize, i32, bool),
    ) {
        let tries = log2_thousandths(self.ready.len().max(candidate.len()));
        let mut shared = [Shared::default(); MOST];
        for (theirs, (head, terms)) in candidate.iter().enumerate() {
            let sharing = self.share(terms, head.sort, &mut shared);
            // Words that are not shared only cost.
            let mut marks = sharing | self.more_than(least.saturating_add(tries), &head) | self.may_slip(head.odd);
            while marks != 0 {
                let mine = marks.trailing_zeros() as usize;
                marks &= marks - 1;
                let ready = &self.ready[mine];
                let place = ready.sites[usize::from(ready.sort == head.sort)][usize::from(head.site)];
                let side = ready.sides[usize::from(head.side)];
                let measure = ready.measure.bits(head.measure, &self.weights.sizes);
                let sort = ready.sorts[usize::from(head.sort)];
                let bits = sort + place + side + measure - tries;
                let shares = sharing >> mine & 1 == 1;
                let may_slip = ready.odd & head.odd != 0 && (shares || place >= self.weights.slips_from);
                if !shares && !may_slip && bits <= least {
                    continue;
                }
                let mut words = std::mem::take(&mut shared[mine]);
                if may_slip && place + words.sum >= self.weights.slips_from {
                    self.add_slips(&mut words, candidate, (mine, theirs));
                }
                let words_bits = self.words_bits(&words, ready.words, i32::from(head.words));
                let cap = if words.exact { self.weights.exact_cap } else { self.weights.cap };
                // Two words that nobody takes for one another: that both are scars does not make them one scar.
                let other = words.says_nothing() && ready.words.min(i32::from(head.words)) > 0;
                let alike = if other { sort.max(0) } else { 0 };
                let bits = (bits - alike + words_bits).min(cap);
                // However alike two devices are, with two numbers they are two.
                let two = ready.numbered && head.numbered && !words.exact;
                let bits = if two { bits.min(0) + self.weights.other_number } else { bits };
                found(mine, theirs, bits, words.exact);
            }
        }
    }

    /// The marks that may be worth more than `least` beside another without sharing a word, a bit each.
    #[inline(always)]
    fn more_than(&self, least: i32, head: &Head) -> u32 {
        let (most, most_of_all) = &self.most[usize::from(head.words > 0)][usize::from(head.sort)];
        if *most_of_all <= least {
            return 0;
        }
        let most = most[..self.ready.len()].iter().enumerate();
        most.fold(0, |marks, (mark, most)| marks | u32::from(*most > least) << mark)
    }

    /// The marks of which a word may be one of these initials but for a slip of the pen, where the place alone tells enough
    /// to look for it.
    #[inline(always)]
    fn may_slip(&self, odd: u32) -> u32 {
        if self.slips & odd == 0 {
            return 0;
        }
        let may = |ready: &Ready| ready.most_of_site >= self.weights.slips_from && ready.odd & odd != 0;
        self.ready.iter().enumerate().fold(0, |marks, (mark, ready)| marks | u32::from(may(ready)) << mark)
    }

    /// Adds the terms of a candidate's mark to what each of the query's has in common with it; those that have any, a bit
    /// each.
    fn share(&self, terms: Terms<'_>, sort: u8, shared: &mut [Shared; MOST]) -> u32 {
        let mut sharing = 0;
        for term in terms.iter() {
            let from = self.slots[slot(term)];
            if from == NOWHERE {
                continue;
            }
            let known = self.terms[usize::from(from)..].iter();
            for known in known.take_while(|known| slot(known.term) == slot(term)).filter(|known| known.term == term) {
                shared[usize::from(known.mark)].add(term, known.bits[usize::from(known.sort == sort)]);
                sharing |= 1 << known.mark;
            }
        }
        sharing
    }

    /// Adds the words that one of the two wrote with a slip of the pen.
    #[cold]
    fn add_slips(&self, shared: &mut Shared, candidate: &Marks, (mine, theirs): (usize, usize)) {
        let (my_sort, their_sort) = (self.ready[mine].sort, candidate.head(theirs).sort);
        let sort = (my_sort == their_sort).then_some(my_sort);
        let (my_terms, their_terms) = (self.marks.terms(mine), candidate.terms(theirs));
        let left =
            |word: &&str, other: Terms<'_>| word.len() >= SHORTEST && !other.iter().any(|other| other == term(word));
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
        if shared.words == 0 {
            return shared.class + unlike;
        }
        let more = i64::from(shared.sum - shared.most) * self.weights.independence / 1_000;
        shared.most + more as i32 + unlike
    }
}

impl Shared {
    const fn says_nothing(&self) -> bool {
        self.words == 0 && self.class == 0 && !self.exact
    }

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
    let around = |site: u8| -> f64 {
        let near = (0..shares.len() as u8).filter(|other| TERMS.distance(site, *other) == Distance::Near);
        near.map(|other| shares[usize::from(other)]).sum()
    };
    let own = around(site);
    let anywhere = 1.0 - model.site_same - model.site_near;
    let weigh = |other: u8| match TERMS.distance(site, other) {
        Distance::Same => model.site_same / shares[usize::from(site)] + anywhere,
        // The more crowded of the two neighbourhoods, so that who asks means nothing.
        Distance::Near => model.site_near / own.max(around(other)) + anywhere,
        Distance::Apart => anywhere,
    };
    std::iter::once(0).chain((0..shares.len() as u8).map(|other| Bits::of_ratio(weigh(other)).0)).collect()
}

/// Left against right; where one of them is not said or both are, nothing.
fn side_bits(model: &MarksModel, a: u8, b: u8) -> i32 {
    match (a, b) {
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
