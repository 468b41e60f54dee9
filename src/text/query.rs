//! The query language, from a text to clauses. An own parser, small enough to be sure of: those of general
//! search libraries have looped and panicked on hostile queries.
//!
//! ```text
//! anchor tattoo        both words, in any field
//! "left forearm"       the words in this order
//! names:smith          in this field; also names:"john smith"
//! jo*                  words that begin so
//! jonson~1             words with at most so many typos, 1 or 2
//! -eagle               not this; stands before any of the above
//! ```
//!
//! Words without letters or digits (`&`, `-`) are skipped, as they are in the records. Every other thing
//! that cannot be read is refused with a sentence that says what would be right; it never repeats the words,
//! which may name a person.

use super::words::words_of;
use super::{Field, SearchError};

/// The longest query in characters.
const LENGTH_MAX: usize = 1_000;
/// The most clauses.
const CLAUSES_MAX: usize = 32;
/// The most clauses that stand for many words: each reads the whole dictionary of its fields.
const OPEN_CLAUSES_MAX: usize = 8;
/// The longest word that typos are forgiven in: its automaton grows with its length.
const TYPOS_LENGTH_MAX: usize = 32;

const EMPTY: &str = "the query is empty: give at least one word that is not excluded, such as anchor";
const TOO_LONG: &str = "the query is too long: at most 1000 characters";
const TOO_MANY: &str = "the query has too many parts: at most 32 words and phrases";
const TOO_MANY_OPEN: &str = "the query has too many words with * or ~: at most 8";
const UNKNOWN_FIELD: &str = "no such field: before a colon stands narrative, features, belongings, names or places; \
                             to search for words with a colon between them, put them in double quotes";
const EMPTY_FIELD: &str =
    "a field is followed, without a space, by a word or a phrase: names:smith or names:\"john smith\"";
const UNBALANCED: &str = "a double quote is not closed: a phrase stands between two, such as \"left forearm\"";
const INSIDE: &str =
    "a phrase in double quotes stands alone, with a space before and after it; before it only - or a field";
const EMPTY_PHRASE: &str = "a phrase in double quotes needs at least one word";
const STAR: &str = "* stands at the end of one word of letters and digits, such as jo*";
const TILDE: &str = "~ stands at the end of one word of letters and digits, with 1 or 2 after it, such as jonson~1";
const TILDE_LENGTH: &str = "typos are forgiven in words of at most 32 characters";

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Clause {
    /// What it asks for must not be there.
    pub(super) excluded: bool,
    /// Where; none: in any field.
    pub(super) field: Option<Field>,
    /// What.
    pub(super) sought: Sought,
}

impl Clause {
    /// Whether the clause is about this field.
    pub(super) fn covers(&self, field: Field) -> bool {
        self.field.is_none_or(|own| own == field)
    }
}

/// What a clause asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sought {
    /// One word, or several in this order. Never empty.
    Words(Vec<String>),
    /// A word that begins so.
    Prefix(String),
    /// A word with at most so many typos.
    Typos(String, u8),
}

impl Sought {
    /// Whether a word of a record is one of those asked for.
    pub(super) fn has_word(&self, word: &str) -> bool {
        match self {
            Self::Words(words) => words.iter().any(|own| own == word),
            Self::Prefix(prefix) => word.starts_with(prefix.as_str()),
            Self::Typos(own, most) => strsim::osa_distance(own, word) <= usize::from(*most),
        }
    }

    const fn is_open(&self) -> bool {
        matches!(self, Self::Prefix(_) | Self::Typos(..))
    }
}

/// Reads a query. At least one clause is not excluded.
pub(super) fn parse(text: &str) -> Result<Vec<Clause>, SearchError> {
    if text.chars().nth(LENGTH_MAX).is_some() {
        return Err(refused(TOO_LONG));
    }
    let mut clauses = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (found, after) = clause(rest)?;
        clauses.extend(found);
        rest = after.trim_start();
    }
    let open = clauses.iter().filter(|clause| clause.sought.is_open()).count();
    match () {
        () if clauses.len() > CLAUSES_MAX => Err(refused(TOO_MANY)),
        () if open > OPEN_CLAUSES_MAX => Err(refused(TOO_MANY_OPEN)),
        () if clauses.iter().all(|clause| clause.excluded) => Err(refused(EMPTY)),
        () => Ok(clauses),
    }
}

fn refused(why: &str) -> SearchError {
    SearchError::Query(why.to_owned())
}

/// The clause at the beginning of a text that does not begin with a space, and what is left of the text.
fn clause(text: &str) -> Result<(Option<Clause>, &str), SearchError> {
    let positive = text.strip_prefix('-');
    let (field, text) = field(positive.unwrap_or(text))?;
    let (sought, rest) = match text.strip_prefix('"') {
        Some(phrase) => quoted(phrase)?,
        None => bare(text)?,
    };
    if sought.is_none() && field.is_some() {
        return Err(refused(EMPTY_FIELD));
    }
    Ok((sought.map(|sought| Clause { excluded: positive.is_some(), field, sought }), rest))
}

/// The field before a colon. Letters before a colon are meant as one; `10:30` is not.
fn field(text: &str) -> Result<(Option<Field>, &str), SearchError> {
    match text.split_once(':') {
        Some((name, rest)) if !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_') => {
            let field = Field::ALL.into_iter().find(|field| field.name().eq_ignore_ascii_case(name));
            field.map(|field| (Some(field), rest)).ok_or_else(|| refused(UNKNOWN_FIELD))
        }
        _ => Ok((None, text)),
    }
}

/// A phrase, behind its opening quote.
fn quoted(text: &str) -> Result<(Option<Sought>, &str), SearchError> {
    let (phrase, rest) = text.split_once('"').ok_or_else(|| refused(UNBALANCED))?;
    if !rest.is_empty() && !rest.starts_with(char::is_whitespace) {
        return Err(refused(INSIDE));
    }
    match words_of(phrase) {
        words if words.is_empty() => Err(refused(EMPTY_PHRASE)),
        words => Ok((Some(Sought::Words(words)), rest)),
    }
}

/// A word up to the next space; none where it has neither letters nor digits.
fn bare(text: &str) -> Result<(Option<Sought>, &str), SearchError> {
    let (word, rest) = text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()));
    if word.contains('"') {
        let quotes = text.matches('"').count();
        return Err(refused(if quotes == 1 { UNBALANCED } else { INSIDE }));
    }
    let sought = if word.contains('*') {
        Some(Sought::Prefix(single(word.strip_suffix('*').unwrap_or_default(), STAR)?))
    } else if word.contains('~') {
        Some(typos(word)?)
    } else {
        // Several words where punctuation divides them, as in O'Brien: then a phrase.
        Some(words_of(word)).filter(|words| !words.is_empty()).map(Sought::Words)
    };
    Ok((sought, rest))
}

fn typos(word: &str) -> Result<Sought, SearchError> {
    let (word, most) = match (word.strip_suffix("~1"), word.strip_suffix("~2")) {
        (Some(word), _) => (word, 1),
        (_, Some(word)) => (word, 2),
        _ => return Err(refused(TILDE)),
    };
    let word = single(word, TILDE)?;
    if word.chars().count() > TYPOS_LENGTH_MAX {
        return Err(refused(TILDE_LENGTH));
    }
    Ok(Sought::Typos(word, most))
}

/// The one word of a text with no other symbol in it.
fn single(text: &str, otherwise: &str) -> Result<String, SearchError> {
    match &mut words_of(text)[..] {
        [word] if !text.contains(['*', '~']) => Ok(std::mem::take(word)),
        _ => Err(refused(otherwise)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(words: &[&str]) -> Sought {
        Sought::Words(words.iter().map(|&word| word.to_owned()).collect())
    }

    fn check(query: &str, expected: &[(bool, Option<Field>, Sought)]) {
        let expected: Vec<Clause> =
            expected.iter().cloned().map(|(excluded, field, sought)| Clause { excluded, field, sought }).collect();
        assert_eq!(parse(query), Ok(expected), "{query}");
    }

    #[test]
    fn every_form_is_read() {
        check("Anchor  tattoo", &[(false, None, words(&["anchor"])), (false, None, words(&["tattoo"]))]);
        check(r#""left forearm""#, &[(false, None, words(&["left", "forearm"]))]);
        check("names:Smith", &[(false, Some(Field::Names), words(&["smith"]))]);
        check(r#"Places:"Salt Lake""#, &[(false, Some(Field::Places), words(&["salt", "lake"]))]);
        check("jo*", &[(false, None, Sought::Prefix("jo".into()))]);
        check("names:jonson~1", &[(false, Some(Field::Names), Sought::Typos("jonson".into(), 1))]);
        check("a b~2", &[(false, None, words(&["a"])), (false, None, Sought::Typos("b".into(), 2))]);
        check("a -eagle", &[(false, None, words(&["a"])), (true, None, words(&["eagle"]))]);
        check(
            r#"a -features:"red rose""#,
            &[(false, None, words(&["a"])), (true, Some(Field::Features), words(&["red", "rose"]))],
        );
    }

    #[test]
    fn punctuation_divides_words_and_alone_is_skipped() {
        check("O'Brien", &[(false, None, words(&["o", "brien"]))]);
        check("smith & - wesson", &[(false, None, words(&["smith"])), (false, None, words(&["wesson"]))]);
        check("10:30", &[(false, None, words(&["10", "30"]))]);
        check("山田", &[(false, None, words(&["山", "田"]))]);
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_what_would_be_right() {
        let many = "a ".repeat(33);
        let open = "a* ".repeat(9);
        let (long, long_word) = ("x".repeat(1_001), format!("{}~1", "x".repeat(33)));
        for (query, why) in [
            ("", EMPTY),
            (" \t", EMPTY),
            ("-eagle", EMPTY),
            ("!!!", EMPTY),
            (long.as_str(), TOO_LONG),
            (many.as_str(), TOO_MANY),
            (open.as_str(), TOO_MANY_OPEN),
            ("shoes:red", UNKNOWN_FIELD),
            ("-source:x", UNKNOWN_FIELD),
            ("http://x", UNKNOWN_FIELD),
            ("names:", EMPTY_FIELD),
            ("names: smith", EMPTY_FIELD),
            ("names:!", EMPTY_FIELD),
            ("\"left", UNBALANCED),
            ("left\"", UNBALANCED),
            ("\"a\" \"", UNBALANCED),
            ("a\"b\"", INSIDE),
            ("\"a\"b", INSIDE),
            ("\"a\"~1", INSIDE),
            ("\"\"", EMPTY_PHRASE),
            ("names:\"-\"", EMPTY_PHRASE),
            ("*", STAR),
            ("names:*", STAR),
            ("j*n", STAR),
            ("jo**", STAR),
            ("o'b*", STAR),
            ("-*", STAR),
            ("jo~1*", STAR),
            ("~1", TILDE),
            ("jon~", TILDE),
            ("jon~3", TILDE),
            ("jon~1~1", TILDE),
            ("a-b~1", TILDE),
            (long_word.as_str(), TILDE_LENGTH),
        ] {
            assert_eq!(parse(query), Err(refused(why)), "{query}");
        }
    }

    #[test]
    fn a_refusal_never_repeats_the_words() {
        for query in ["zzyzx:red", "\"zzyzx", "zzyzx~9", "zz*yzx", "-zzyzx"] {
            let SearchError::Query(why) = parse(query).expect_err("refused") else { panic!("{query}") };
            assert!(!why.contains("zz"), "{why}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            let _ = parse(&text);
        }

        #[test]
        fn any_heap_of_symbols_is_read_or_refused(text in r#"([-"*~:12 ]|names|\\|é|山|a){0,40}"#) {
            if let Ok(clauses) = parse(&text) {
                prop_assert!(clauses.iter().any(|clause| !clause.excluded));
                for clause in clauses {
                    let empty = match &clause.sought {
                        Sought::Words(words) => words.is_empty() || words.iter().any(String::is_empty),
                        Sought::Prefix(word) | Sought::Typos(word, _) => word.is_empty(),
                    };
                    prop_assert!(!empty);
                }
            }
        }
    }
}
