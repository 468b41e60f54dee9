//! The text index against its naive twin, which reads every text of every record, and its life on disk.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::words::words_of;
use super::{Field, SearchError, SearchPage, SearchRequest, TextError, TextIndex};
use crate::record::{DateInterval, Kind, Record, Reference, Sex, json as record_json};

type Records = BTreeMap<Reference, Record>;

fn record(value: &Value) -> Record {
    let tree = record_json::parse(value.to_string().as_bytes()).expect("JSON");
    record_json::read(&tree).expect("a valid record").1
}

fn reference(number: usize) -> Reference {
    Reference::new("test", &format!("R{number}")).expect("a reference")
}

fn narrative(text: &str) -> Record {
    record(&json!({"kind": "missing", "narrative": text}))
}

fn asking(query: &str) -> SearchRequest {
    SearchRequest { query: query.to_owned(), limit: 100, ..SearchRequest::default() }
}

/// An index over records, and the directory that goes with it.
struct Fixture {
    records: Records,
    index: TextIndex,
    _directory: TempDir,
}

impl Fixture {
    fn of(records: impl IntoIterator<Item = Record>) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let records: Records =
            records.into_iter().enumerate().map(|(number, record)| (reference(number), record)).collect();
        let (index, sequence) = TextIndex::open(directory.path()).expect("a new index");
        assert_eq!(sequence, None);
        for (reference, record) in &records {
            index.stage(reference, record).expect("staged");
        }
        index.commit(1).expect("committed");
        Self { records, index, _directory: directory }
    }

    fn page(&self, request: &SearchRequest) -> Result<SearchPage, SearchError> {
        self.index.search(request, |reference| self.records.get(reference).cloned())
    }

    fn found(&self, query: &str) -> Vec<String> {
        let page = self.page(&asking(query)).expect("a page");
        let mut found: Vec<String> = page.hits.iter().map(|hit| hit.record.id().to_owned()).collect();
        found.sort();
        found
    }
}

fn check(records: &[Record], query: &str, expected: &[&str]) {
    assert_eq!(Fixture::of(records.to_vec()).found(query), expected, "{query}");
}

mod twin {
    //! What a query means, by reading everything.

    use super::*;

    #[derive(Clone, Debug)]
    pub(super) enum Sought {
        Word(&'static str),
        Phrase(&'static str, &'static str),
        Prefix(&'static str),
        Typos(&'static str, usize),
    }

    #[derive(Clone, Debug)]
    pub(super) struct Clause {
        pub(super) excluded: bool,
        pub(super) field: Option<Field>,
        pub(super) sought: Sought,
    }

    impl Clause {
        pub(super) fn write(&self) -> String {
            let sought = match self.sought {
                Sought::Word(word) => word.to_owned(),
                Sought::Phrase(a, b) => format!("\"{a} {b}\""),
                Sought::Prefix(word) => format!("{word}*"),
                Sought::Typos(word, most) => format!("{word}~{most}"),
            };
            let field = self.field.map(|field| format!("{}:", field.name())).unwrap_or_default();
            format!("{}{field}{sought}", if self.excluded { "-" } else { "" })
        }

        fn holds(&self, record: &Record) -> bool {
            let fields = Field::ALL.into_iter().filter(|&field| self.field.is_none_or(|own| own == field));
            let found = fields.flat_map(|field| field.texts(record)).any(|text| self.is_in(&words_of(&text)));
            found != self.excluded
        }

        fn is_in(&self, words: &[String]) -> bool {
            match self.sought {
                Sought::Word(word) => words.iter().any(|own| own == word),
                Sought::Phrase(a, b) => words.windows(2).any(|pair| pair == [a, b]),
                Sought::Prefix(word) => words.iter().any(|own| own.starts_with(word)),
                Sought::Typos(word, most) => words.iter().any(|own| strsim::osa_distance(own, word) <= most),
            }
        }
    }

    fn passes(record: &Record, request: &SearchRequest) -> bool {
        let event = record.event();
        let region = event.and_then(|event| event.place.as_ref()).and_then(|place| place.region.as_ref());
        let date =
            event.and_then(|event| event.date.as_ref()).filter(|date| date.first().is_some() || date.last().is_some());
        let asked =
            |from: &DateInterval| from.first().zip(date.and_then(DateInterval::last)).is_none_or(|(a, b)| a <= b);
        let until = |to: &DateInterval| to.last().zip(date.and_then(DateInterval::first)).is_none_or(|(a, b)| a >= b);
        request.kind.is_none_or(|kind| kind == record.kind)
            && request.sex.is_none_or(|sex| record.sex == Some(sex))
            && request
                .region
                .as_ref()
                .is_none_or(|asked| region.is_some_and(|region| region.to_lowercase() == asked.to_lowercase()))
            && request.from.as_ref().is_none_or(|from| date.is_some() && asked(from))
            && request.to.as_ref().is_none_or(|to| date.is_some() && until(to))
    }

    pub(super) fn found(records: &Records, clauses: &[Clause], request: &SearchRequest) -> BTreeSet<Reference> {
        let hits = records.iter().filter(|(_, record)| passes(record, request));
        hits.filter(|(_, record)| clauses.iter().all(|clause| clause.holds(record)))
            .map(|(reference, _)| reference.clone())
            .collect()
    }
}

const VOCABULARY: &[&str] =
    &["anchor", "anchors", "rose", "nose", "red", "arm", "tattoo", "jose", "jo", "иван", "ring", "a"];
const REGIONS: &[&str] = &["Kansas", "KANSAS", "New York", "Québec"];
const DATES: &[&str] = &["2001", "2001-05", "2003-02-01", "1999/2002", "../2000", "2002/..", "../.."];

fn some_words() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(VOCABULARY), 1..5).prop_map(|words| words.join(" "))
}

fn some_record() -> impl Strategy<Value = Record> {
    let texts = (some_words(), some_words(), some_words(), some_words(), some_words());
    let kinds = prop::sample::select(vec!["missing", "unidentified", "unclaimed"]);
    let sexes = prop::option::of(prop::sample::select(vec!["female", "male"]));
    let region = prop::option::of(prop::sample::select(REGIONS));
    let date = prop::option::of(prop::sample::select(DATES));
    (kinds, sexes, region, date, texts).prop_map(|(kind, sex, region, date, texts)| {
        let event = json!({"date": date, "place": {"region": region, "locality": texts.4}});
        record(&json!({
            "kind": kind, "sex": sex, "narrative": texts.0,
            "names": [{"given": texts.1}, {"full": texts.2}],
            "features": [{"kind": "scar", "description": texts.3}, {"kind": "other", "site": texts.2}],
            "belongings": [{"kind": "other", "description": texts.1}],
            "last_contact": (kind == "missing").then_some(&event),
            "found": (kind != "missing").then_some(&event),
        }))
    })
}

fn some_clause() -> impl Strategy<Value = twin::Clause> {
    let word = || prop::sample::select(VOCABULARY);
    let sought = prop_oneof![
        4 => word().prop_map(twin::Sought::Word),
        1 => (word(), word()).prop_map(|(a, b)| twin::Sought::Phrase(a, b)),
        1 => word().prop_map(twin::Sought::Prefix),
        1 => (word(), 1_usize..3).prop_map(|(word, most)| twin::Sought::Typos(word, most)),
    ];
    let field = prop::option::weighted(0.3, prop::sample::select(Field::ALL.to_vec()));
    (prop::bool::weighted(0.3), field, sought).prop_map(|(excluded, field, sought)| twin::Clause {
        excluded,
        field,
        sought,
    })
}

fn some_request() -> impl Strategy<Value = (Vec<twin::Clause>, SearchRequest)> {
    let clauses = prop::collection::vec(some_clause(), 1..4).prop_map(|mut clauses| {
        clauses[0].excluded = false;
        clauses
    });
    let kind = prop::option::weighted(0.3, prop::sample::select(Kind::ALL));
    let sex = prop::option::weighted(0.3, prop::sample::select(Sex::ALL));
    let region = prop::option::weighted(0.3, prop::sample::select(vec!["kansas", "NEW YORK", "quÉbec", "york"]));
    let date = || prop::option::weighted(0.3, prop::sample::select(DATES));
    (clauses, kind, sex, region, date(), date()).prop_map(|(clauses, kind, sex, region, from, to)| {
        let date = |text: &str| DateInterval::parse(text).expect("a date");
        let query: Vec<String> = clauses.iter().map(twin::Clause::write).collect();
        let request = SearchRequest {
            kind,
            sex,
            region: region.map(str::to_owned),
            from: from.map(date),
            to: to.map(date),
            ..asking(&query.join(" "))
        };
        (clauses, request)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_index_finds_what_reading_everything_finds(
        records in prop::collection::vec(some_record(), 1..60),
        requests in prop::collection::vec(some_request(), 40),
    ) {
        let fixture = Fixture::of(records);
        for (clauses, request) in requests {
            let page = fixture.page(&request).expect("a page");
            let found: BTreeSet<Reference> = page.hits.iter().map(|hit| hit.record.clone()).collect();
            let expected = twin::found(&fixture.records, &clauses, &request);
            prop_assert_eq!(page.total, expected.len() as u64);
            prop_assert_eq!(&found, &expected, "{}", request.query);
            prop_assert!(page.hits.iter().all(|hit| !hit.highlights.is_empty()));
        }
    }

    #[test]
    fn no_query_stops_the_index(queries in prop::collection::vec(r#"([-"*~:12 ]|names|\\|é|山|anchor|.){0,30}"#, 64)) {
        let fixture = Fixture::of([narrative("anchor é 山 names"), narrative("anchor")]);
        for query in queries {
            let outcome = fixture.page(&asking(&query));
            prop_assert!(!matches!(outcome, Err(SearchError::Index(_))), "{query}");
        }
    }

    #[test]
    fn pages_cover_each_hit_once_in_order(
        records in prop::collection::vec(some_record(), 1..60),
        request in some_request(),
        limit in 1_usize..9,
    ) {
        let fixture = Fixture::of(records);
        let mut request = request.1;
        let whole = fixture.page(&request).expect("a page").hits;
        let order = |a: &super::Hit, b: &super::Hit| b.score.total_cmp(&a.score).then(a.record.cmp(&b.record));
        prop_assert!(whole.is_sorted_by(|a, b| order(a, b).is_lt()));
        request.limit = limit;
        let mut paged = Vec::new();
        loop {
            let page = fixture.page(&request).expect("a page");
            prop_assert_eq!(page.total, whole.len() as u64);
            prop_assert!(page.hits.len() <= limit);
            paged.extend(page.hits);
            request.page_token = page.next_page_token;
            if request.page_token.is_none() {
                break;
            }
        }
        prop_assert_eq!(paged, whole);
    }
}

#[test]
fn every_field_is_found_by_its_name_and_by_none() {
    let all = record(&json!({
        "kind": "missing", "narrative": "one",
        "names": [{"given": "two", "middle": "three", "family": "four", "suffix": "five"}, {"full": "six"}],
        "features": [{"kind": "tattoo", "code": "seven", "site": "eight", "description": "nine"}],
        "belongings": [{"kind": "footwear", "description": "ten"}],
        "last_contact": {"place": {"country": "US", "region": "eleven", "county": "twelve", "locality": "thirteen"}},
    }));
    let fixture = Fixture::of([all]);
    for (field, words) in [
        ("narrative", "one"),
        ("names", "two three four five six"),
        ("features", "tattoo seven eight nine"),
        ("belongings", "footwear ten"),
        ("places", "us eleven twelve thirteen"),
    ] {
        for word in words.split(' ') {
            let page = fixture.page(&asking(&format!("{field}:{word}"))).expect("a page");
            let [hit] = &page.hits[..] else { panic!("{field}:{word}") };
            assert_eq!(hit.highlights[0].0, field);
            assert!(hit.highlights[0].1.to_lowercase().contains(&format!("<b>{word}</b>")), "{:?}", hit.highlights);
            assert_eq!(fixture.found(word), ["R0"], "{word}");
            let elsewhere = if field == "names" { "places" } else { "names" };
            assert!(fixture.found(&format!("{elsewhere}:{word}")).is_empty(), "{word}");
        }
    }
    assert_eq!(fixture.found("names:\"two three four\""), ["R0"]);
    assert!(fixture.found("\"five six\"").is_empty(), "a phrase does not run from one text into the next");
}

#[test]
fn accents_case_and_scripts_do_not_hide_a_word() {
    let texts = ["José Núñez", "Иван Петров", "山田太郎は行方不明です", "O'Brien's anchor"].map(narrative);
    check(&texts, "jose NUNEZ", &["R0"]);
    check(&texts, "ПЕТРОВ", &["R1"]);
    check(&texts, "山田", &["R2"]);
    check(&texts, "田山", &[]);
    check(&texts, "o'brien", &["R3"]);
}

#[test]
fn typos_are_forgiven_as_many_as_asked_for_and_the_right_spelling_comes_first() {
    let texts = ["jonson", "johnson", "johnsen", "joansohn"].map(narrative);
    check(&texts, "johnson~1", &["R0", "R1", "R2"]);
    check(&texts, "johnson~2", &["R0", "R1", "R2", "R3"]);
    let page = Fixture::of(texts).page(&asking("johnson~2")).expect("a page");
    assert_eq!(page.hits[0].record, reference(1));
}

#[test]
fn passages_are_short_html_with_the_words_in_bold() {
    let long = format!("{} a <i>Red</i> rose & thorn {}", "x ".repeat(500), "y ".repeat(500));
    let fixture = Fixture::of([narrative(&long)]);
    let page = fixture.page(&asking("red ro*")).expect("a page");
    let [("narrative", passage)] = &page.hits[0].highlights[..] else { panic!("one passage") };
    assert!(passage.contains("&lt;i&gt;<b>Red</b>&lt;/i&gt; <b>rose</b> &amp; thorn"), "{passage}");
    assert!(passage.len() < 400);
}

#[test]
fn an_update_replaces_and_a_removal_removes() {
    let fixture = Fixture::of([narrative("anchor"), narrative("rose")]);
    fixture.index.stage(&reference(0), &narrative("ring")).expect("staged");
    fixture.index.remove(&reference(1));
    assert_eq!(fixture.found("anchor"), ["R0"], "not before the commit");
    fixture.index.commit(2).expect("committed");
    assert!(fixture.found("anchor").is_empty() && fixture.found("rose").is_empty());
    assert_eq!(fixture.found("ring"), ["R0"]);
}

#[test]
fn the_last_of_several_changes_between_two_commits_counts() {
    let fixture = Fixture::of([]);
    for text in ["anchor", "rose"] {
        fixture.index.stage(&reference(0), &narrative(text)).expect("staged");
    }
    fixture.index.stage(&reference(1), &narrative("rose")).expect("staged");
    fixture.index.remove(&reference(1));
    fixture.index.commit(2).expect("committed");
    let page = fixture.index.search(&asking("rose"), |_| Some(narrative("rose"))).expect("a page");
    assert_eq!(page.hits.iter().map(|hit| hit.record.clone()).collect::<Vec<_>>(), [reference(0)]);
}

#[test]
fn a_hit_whose_record_is_gone_is_left_out() {
    let fixture = Fixture::of([narrative("anchor"), narrative("anchor")]);
    let only = |wanted: &Reference| fixture.records.get(wanted).filter(|_| *wanted == reference(1)).cloned();
    let page = fixture.index.search(&asking("anchor"), only).expect("a page");
    assert_eq!(page.hits.len(), 1);
    assert_eq!(page.hits[0].record, reference(1));
}

#[test]
fn a_page_goes_on_behind_the_last_record_when_others_came_in_between() {
    let fixture = Fixture::of((0..6).map(|_| narrative("anchor")));
    let mut request = SearchRequest { limit: 3, ..asking("anchor") };
    let first = fixture.page(&request).expect("a page");
    let earlier = Reference::new("a", "first").expect("a reference");
    fixture.index.stage(&earlier, &narrative("anchor")).expect("staged");
    fixture.index.commit(2).expect("committed");
    request.page_token = first.next_page_token;
    let second = fixture.page(&request).expect("a page");
    let ids: Vec<&str> = second.hits.iter().map(|hit| hit.record.id()).collect();
    assert_eq!(ids, ["R3", "R4", "R5"]);
    assert_eq!(second.next_page_token, None);
}

#[test]
fn a_token_of_another_hand_or_another_search_is_refused() {
    let fixture = Fixture::of((0..3).map(|_| narrative("anchor")));
    let request = SearchRequest { limit: 1, ..asking("anchor") };
    let token = fixture.page(&request).expect("a page").next_page_token.expect("a second page");
    let mut flipped = token.clone().into_bytes();
    flipped[0] ^= 1;
    let flipped = String::from_utf8(flipped).expect("ASCII");
    for wrong in ["", "x", "00", "é", &token[2..], &flipped, &token.repeat(2)] {
        let request = SearchRequest { page_token: Some(wrong.to_owned()), ..request.clone() };
        assert_eq!(fixture.page(&request), Err(SearchError::PageToken), "{wrong}");
    }
    let other = SearchRequest { kind: Some(Kind::Missing), page_token: Some(token), ..request };
    assert_eq!(fixture.page(&other), Err(SearchError::PageToken));
}

/// Fills a directory with one record under sequence 7 and closes it.
fn fill(directory: &Path) {
    let (index, _) = TextIndex::open(directory).expect("opens");
    index.stage(&reference(0), &narrative("anchor")).expect("staged");
    index.commit(7).expect("committed");
}

fn finds_anchor(index: &TextIndex) -> bool {
    let page = index.search(&asking("anchor"), |_| Some(narrative("anchor"))).expect("a page");
    !page.hits.is_empty()
}

#[test]
fn what_was_committed_is_there_after_opening_again_and_what_was_not_is_not() {
    let directory = tempfile::tempdir().expect("a directory");
    fill(directory.path());
    let (index, sequence) = TextIndex::open(directory.path()).expect("opens");
    assert_eq!(sequence, Some(7));
    assert!(finds_anchor(&index));
    index.remove(&reference(0));
    drop(index);
    let (index, sequence) = TextIndex::open(directory.path()).expect("opens");
    assert_eq!((sequence, finds_anchor(&index)), (Some(7), true));
}

#[test]
fn a_directory_that_another_has_is_left_alone() {
    let directory = tempfile::tempdir().expect("a directory");
    fill(directory.path());
    let (first, _) = TextIndex::open(directory.path()).expect("opens");
    assert!(matches!(TextIndex::open(directory.path()), Err(TextError::Locked(_))));
    assert!(finds_anchor(&first));
}

/// Opens a damaged directory: it must be empty, usable, and whole when it is opened once more.
fn check_built_anew(directory: &Path, damage: &str) {
    let (index, sequence) = TextIndex::open(directory).unwrap_or_else(|error| panic!("{damage}: {error}"));
    assert_eq!((sequence, finds_anchor(&index)), (None, false), "{damage}");
    drop(index);
    fill(directory);
    assert_eq!(TextIndex::open(directory).expect("opens").1, Some(7), "{damage}");
}

fn damaged(mut bytes: Vec<u8>, damage: &str) -> Vec<u8> {
    match damage {
        "flipped" => bytes[0] ^= 1,
        "cut" => bytes.truncate(bytes.len() / 2),
        _ => bytes.clear(),
    }
    bytes
}

#[test]
fn any_damaged_file_is_noticed_and_the_index_is_built_anew() {
    let sample = tempfile::tempdir().expect("a directory");
    fill(sample.path());
    let files = fs::read_dir(sample.path()).expect("a directory").map(|entry| entry.expect("an entry").file_name());
    let files: Vec<String> = files.map(|name| name.into_string().expect("UTF-8")).collect();
    for file in files.iter().filter(|file| !file.ends_with(".lock")) {
        let extension = file.rsplit('.').next().expect("an extension");
        for damage in ["flipped", "cut", "emptied"] {
            let directory = tempfile::tempdir().expect("a directory");
            fill(directory.path());
            let same =
                fs::read_dir(directory.path()).expect("a directory").map(|entry| entry.expect("an entry").path());
            let path = same
                .into_iter()
                .find(|path| path.to_string_lossy().ends_with(&format!(".{extension}")) || path.ends_with(file))
                .expect("the same file");
            fs::write(&path, damaged(fs::read(&path).expect("readable"), damage)).expect("writable");
            check_built_anew(directory.path(), &format!("{extension} {damage}"));
        }
    }
}

#[test]
fn a_foreign_or_older_directory_is_built_anew() {
    let foreign = tempfile::tempdir().expect("a directory");
    fs::write(foreign.path().join("letter.txt"), "not an index").expect("writable");
    check_built_anew(foreign.path(), "foreign");

    let older = tempfile::tempdir().expect("a directory");
    fill(older.path());
    let meta = older.path().join("meta.json");
    let text = fs::read_to_string(&meta).expect("readable").replace("crossmatch_words_1", "crossmatch_words_0");
    fs::write(&meta, text).expect("writable");
    check_built_anew(older.path(), "older");
}
