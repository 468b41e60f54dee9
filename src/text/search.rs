//! From a request to a page of hits: the clauses as a tantivy query, the order, the page, the passages.
//!
//! Hits come by score, in thousandths so that rounding in another order of additions is no difference, then
//! by reference. A page token holds how deep its page was and the record it ended with: the next page begins
//! behind that record, wherever it stands after the commits in between.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use tantivy::collector::sort_key::{NaturalComparator, SortByString};
use tantivy::collector::{Count, SegmentSortKeyComputer, SortKeyComputer, TopDocs};
use tantivy::query::{
    AutomatonWeight, BooleanQuery, ConstScoreQuery, DfaWrapper, EnableScoring, FuzzyTermQuery, Occur, PhraseQuery,
    Query, RangeQuery, TermQuery, Weight,
};
use tantivy::schema::{self, IndexRecordOption};
use tantivy::snippet::SnippetGenerator;
use tantivy::{DocId, Order, Score, SegmentReader, TantivyError, Term};

use super::index::{Fields, REFERENCE, TextIndex, fold_region};
use super::query::{Clause, Sought, parse};
use super::{Field, Hit, SearchError, SearchPage, SearchRequest, words};
use crate::record::{Record, Reference};

/// How many hits can be paged through.
const DEPTH_MAX: usize = 10_000;
/// The longest passage in bytes.
const PASSAGE_MAX: usize = 200;
/// The most passages of one field.
const PASSAGES_MAX: usize = 3;

impl TextIndex {
    /// One page of hits. `fetch` gives the record of a reference; a hit whose record is gone is left out.
    pub fn search(
        &self,
        request: &SearchRequest,
        fetch: impl Fn(&Reference) -> Option<Record>,
    ) -> Result<SearchPage, SearchError> {
        let clauses = parse(&request.query)?;
        let after = request.page_token.as_deref().map(|token| PageEnd::read(token, request)).transpose()?;
        let (ranked, total) = self.ranked(&self.compile(&clauses, request)?, request, after.as_ref())?;
        let page = page_of(&ranked, request, after.as_ref());
        let hits = page.hits.iter().filter_map(|(score, reference)| hit(*score, reference, &clauses, &fetch)).collect();
        Ok(SearchPage { hits, total, next_page_token: page.next.map(|end| end.write(request)) })
    }

    /// The best hits, down to behind the page asked for, and how many there are in all.
    fn ranked(
        &self,
        query: &dyn Query,
        request: &SearchRequest,
        after: Option<&PageEnd>,
    ) -> Result<(Vec<(u32, Reference)>, u64), SearchError> {
        // A page more than needed: the record that the last page ended with may have moved down.
        let depth = after.map_or(0, |end| end.depth) + 2 * request.limit.max(1);
        let order = (Thousandths, (SortByString::for_field(REFERENCE), Order::Asc));
        let top = TopDocs::with_limit(depth.min(DEPTH_MAX) + 1).order_by(order);
        let (top, total) = self.reader.searcher().search(query, &(top, Count)).map_err(|error| failed(&error))?;
        let ranked = top.into_iter().map(|((score, reference), _)| {
            let reference = Reference::parse(&reference.unwrap_or_default());
            reference.map(|reference| (score, reference)).map_err(|error| SearchError::Index(error.to_string()))
        });
        Ok((ranked.collect::<Result<_, _>>()?, total as u64))
    }

    fn compile(&self, clauses: &[Clause], request: &SearchRequest) -> Result<BooleanQuery, SearchError> {
        let mut parts = Vec::with_capacity(clauses.len());
        for clause in clauses {
            let occur = if clause.excluded { Occur::MustNot } else { Occur::Must };
            parts.push((occur, self.in_its_fields(clause)?));
        }
        let filters = filters(&self.fields, request).into_iter();
        parts.extend(filters.map(|filter| (Occur::Must, Box::new(ConstScoreQuery::new(filter, 0.0)) as _)));
        Ok(BooleanQuery::new(parts))
    }

    fn in_its_fields(&self, clause: &Clause) -> Result<Box<dyn Query>, SearchError> {
        let fields = self.fields.texts().filter(|(field, _)| clause.covers(*field)).map(|(_, at)| at);
        let parts: Vec<Box<dyn Query>> = match &clause.sought {
            // Tantivy 0.27 asks an excluded phrase for documents before the one it stands at, which the phrase
            // asserts against; a union does not. Twice, so that the union of one field stays one.
            Sought::Words(words) if clause.excluded => {
                fields.flat_map(|at| [words_in(at, words), words_in(at, words)]).collect()
            }
            Sought::Words(words) => fields.map(|at| words_in(at, words)).collect(),
            Sought::Prefix(word) => open_word(word, 0, true, fields)?,
            Sought::Typos(word, most) => open_word(word, *most, false, fields)?,
        };
        Ok(Box::new(BooleanQuery::union(parts)))
    }
}

fn failed(error: &TantivyError) -> SearchError {
    SearchError::Index(error.to_string())
}

fn words_in(field: schema::Field, words: &[String]) -> Box<dyn Query> {
    let term = |word: &String| Term::from_field_text(field, word);
    match words {
        [word] => Box::new(TermQuery::new(term(word), IndexRecordOption::WithFreqs)),
        words => Box::new(PhraseQuery::new(words.iter().map(term).collect())),
    }
}

/// A word that stands for many, in several fields, with one automaton for all of them. The word itself,
/// where it is found as it is, comes first.
fn open_word(
    word: &str,
    typos: u8,
    prefix: bool,
    fields: impl Iterator<Item = schema::Field>,
) -> Result<Vec<Box<dyn Query>>, SearchError> {
    let build = if prefix { FuzzyTermQuery::new_prefix } else { FuzzyTermQuery::new };
    let mut automaton = None;
    let mut parts: Vec<Box<dyn Query>> = Vec::new();
    for field in fields {
        let term = Term::from_field_text(field, word);
        let shared = match &automaton {
            Some(shared) => Arc::clone(shared),
            None => {
                let built = build(term.clone(), typos, true).automaton().map_err(|error| failed(&error))?;
                Arc::clone(automaton.insert(Arc::new(built)))
            }
        };
        parts.push(Box::new(AutomatonQuery { field, automaton: shared }));
        parts.push(Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs)));
    }
    Ok(parts)
}

/// Any word that an automaton accepts.
#[derive(Clone)]
struct AutomatonQuery {
    field: schema::Field,
    automaton: Arc<DfaWrapper>,
}

impl std::fmt::Debug for AutomatonQuery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AutomatonQuery")
    }
}

impl Query for AutomatonQuery {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(AutomatonWeight::<DfaWrapper>::new(self.field, Arc::clone(&self.automaton))))
    }
}

fn filters(fields: &Fields, request: &SearchRequest) -> Vec<Box<dyn Query>> {
    let mut filters: Vec<Box<dyn Query>> = Vec::new();
    let codes = [
        (fields.kind, request.kind.map(|kind| kind.code().to_owned())),
        (fields.sex, request.sex.map(|sex| sex.code().to_owned())),
        (fields.region, request.region.as_deref().map(fold_region)),
    ];
    for (field, code) in codes {
        let term = code.map(|code| Term::from_field_text(field, &code));
        filters.extend(term.map(|term| Box::new(TermQuery::new(term, IndexRecordOption::Basic)) as _));
    }
    // An open end bounds nothing, but still only a date passes.
    if let Some(from) = &request.from {
        let day = from.first().map_or(i64::MIN, |day| day.number().into());
        let bound = Bound::Included(Term::from_field_i64(fields.last_day, day));
        filters.push(Box::new(RangeQuery::new(bound, Bound::Unbounded)));
    }
    if let Some(to) = &request.to {
        let day = to.last().map_or(i64::MAX, |day| day.number().into());
        let bound = Bound::Included(Term::from_field_i64(fields.first_day, day));
        filters.push(Box::new(RangeQuery::new(Bound::Unbounded, bound)));
    }
    filters
}

/// BM25 in thousandths.
#[derive(Clone, Copy, Debug)]
struct Thousandths;

impl SortKeyComputer for Thousandths {
    type SortKey = u32;
    type Child = Self;
    type Comparator = NaturalComparator;

    fn requires_scoring(&self) -> bool {
        true
    }

    fn segment_sort_key_computer(&self, _: &SegmentReader) -> tantivy::Result<Self> {
        Ok(Self)
    }
}

impl SegmentSortKeyComputer for Thousandths {
    type SortKey = u32;
    type SegmentSortKey = u32;
    type SegmentComparator = NaturalComparator;

    fn segment_sort_key(&mut self, _: DocId, score: Score) -> u32 {
        (score * 1_000.0).round() as u32
    }

    fn convert_segment_sort_key(&self, score: u32) -> u32 {
        score
    }
}

/// Where a page ended.
struct PageEnd {
    /// How many hits there were down to its end.
    depth: usize,
    /// The last of them.
    last: Reference,
}

impl PageEnd {
    /// The token: hexadecimal digits of the depth, the request's checksum, the reference and a checksum.
    fn write(&self, request: &SearchRequest) -> String {
        let mut bytes = (self.depth as u32).to_le_bytes().to_vec();
        bytes.extend(checksum_of(request).to_le_bytes());
        bytes.extend(self.last.as_str().as_bytes());
        bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Reads a token that was written for the same request.
    fn read(token: &str, request: &SearchRequest) -> Result<Self, SearchError> {
        let bytes = from_hex(token).ok_or(SearchError::PageToken)?;
        let (body, sum) = bytes.split_last_chunk::<4>().ok_or(SearchError::PageToken)?;
        let (depth, rest) = body.split_first_chunk::<4>().ok_or(SearchError::PageToken)?;
        let (request_sum, last) = rest.split_first_chunk::<4>().ok_or(SearchError::PageToken)?;
        let depth = u32::from_le_bytes(*depth) as usize;
        let last = std::str::from_utf8(last).ok().and_then(|last| Reference::parse(last).ok());
        let ours = crc32fast::hash(body) == u32::from_le_bytes(*sum)
            && checksum_of(request) == u32::from_le_bytes(*request_sum)
            && depth < DEPTH_MAX;
        last.filter(|_| ours).map(|last| Self { depth, last }).ok_or(SearchError::PageToken)
    }
}

/// Of all that decides which hits there are and in which order.
fn checksum_of(request: &SearchRequest) -> u32 {
    let date = |date: &Option<crate::record::DateInterval>| date.as_ref().map(|date| date.as_str().to_owned());
    let parts = (&request.query, request.kind, request.sex, request.region.as_ref());
    crc32fast::hash(format!("{parts:?} {:?} {:?}", date(&request.from), date(&request.to)).as_bytes())
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let pairs = text.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    });
    pairs.collect()
}

/// The hits of one page, and where it ends if there is another.
struct Page<'a> {
    hits: &'a [(u32, Reference)],
    next: Option<PageEnd>,
}

fn page_of<'a>(ranked: &'a [(u32, Reference)], request: &SearchRequest, after: Option<&PageEnd>) -> Page<'a> {
    let start = after.map_or(0, |end| {
        let place = ranked.iter().position(|(_, reference)| *reference == end.last);
        place.map_or(end.depth, |place| place + 1)
    });
    let most = ranked.len().min(DEPTH_MAX);
    let start = start.min(most);
    let end = (start + request.limit.max(1)).min(most);
    let hits = &ranked[start..end];
    let last = hits.last().filter(|_| end < most);
    Page { hits, next: last.map(|(_, last)| PageEnd { depth: end, last: last.clone() }) }
}

fn hit(
    score: u32,
    reference: &Reference,
    clauses: &[Clause],
    fetch: impl Fn(&Reference) -> Option<Record>,
) -> Option<Hit> {
    let record = fetch(reference)?;
    Some(Hit {
        record: reference.clone(),
        kind: record.kind,
        score: score as f32 / 1_000.0,
        highlights: Field::ALL.into_iter().flat_map(|field| passages(field, clauses, &record)).collect(),
    })
}

/// The passages of one field in which words were found.
fn passages(field: Field, clauses: &[Clause], record: &Record) -> Vec<(&'static str, String)> {
    let sought: Vec<&Sought> =
        clauses.iter().filter(|clause| !clause.excluded && clause.covers(field)).map(|clause| &clause.sought).collect();
    let found = field.texts(record).into_iter().filter_map(|text| passage(&text, &sought));
    found.take(PASSAGES_MAX).map(|passage| (field.name(), passage)).collect()
}

/// The best passage of a text in HTML.
fn passage(text: &str, sought: &[&Sought]) -> Option<String> {
    let words = words::words_of(text).into_iter().filter(|word| sought.iter().any(|sought| sought.has_word(word)));
    let words: BTreeMap<String, Score> = words.map(|word| (word, 1.0)).collect();
    // Tantivy asks for a field only to read documents, of which there is none here.
    let generator = SnippetGenerator::new(words, words::analyzer(), schema::Field::from_field_id(0), PASSAGE_MAX);
    Some(generator.snippet(text)).filter(|snippet| !snippet.is_empty()).map(|snippet| snippet.to_html())
}
