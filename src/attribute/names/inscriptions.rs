//! Names read from what is inscribed on a body or written on what it carried.
//!
//! A tattoo "ROSA" is seldom the bearer's own name, and a wallet's card nearly always is. Both are told as words in quotes,
//! after "name", or after a paper that bears its owner's name; what is read here is only a candidate, and the weighing says
//! how little it may mean.

use crate::record::Record;

/// Candidates that are read from one record.
const MOST: usize = 6;

/// Words after which an inscription follows, in capitals or quotes.
const LEADS: &[&str] =
    &["name", "named", "names", "reads", "says", "inscribed", "engraved", "inscription", "monogrammed"];

/// Papers and the like that bear their owner's name, whole.
const PAPERS: &[&str] = &[
    "id",
    "identification",
    "card",
    "license",
    "licence",
    "passport",
    "badge",
    "prescription",
    "bracelet",
    "wristband",
    "bottle",
    "tag",
    "permit",
    "visa",
];

/// Words between one of these and the name.
const BETWEEN: &[&str] =
    &["of", "for", "to", "the", "in", "is", "was", "belonging", "issued", "reading", "bearing", "with"];

/// Words in inscriptions that are nobody's name.
const NOT_NAMES: &[&str] = &[
    "mom", "dad", "mother", "father", "love", "rip", "forever", "usa", "usmc", "usn", "army", "navy", "us", "the",
    "and", "of", "in", "my", "on", "with", "for", "to", "jesus", "god", "made", "size", "only", "me", "can", "judge",
    "hate", "a", "is", "brand", "nike", "adidas", "levis", "hanes", "large", "medium", "small", "xl",
];

/// The texts that may be names, in the order in which the record tells them.
pub(super) fn names(record: &Record) -> Vec<String> {
    let marks = record.features.iter().filter_map(|feature| feature.description.as_deref());
    let things = record.belongings.iter().map(|thing| thing.description.as_str());
    let mut found = Vec::new();
    for text in marks.chain(things) {
        found.extend(told(text).map(str::to_owned));
    }
    found.dedup();
    found.truncate(MOST);
    found
}

/// What stands in quotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split(['"', '\u{201c}', '\u{201d}', '\u{ab}', '\u{bb}']).skip(1).step_by(2).map(str::trim)
}

/// What a text tells that may be a name.
fn told(text: &str) -> impl Iterator<Item = &str> {
    quoted(text).chain(after_lead(text)).filter(|text| may_be_name(text))
}

/// The capitalized words after "name" and the like; after a paper two at least, since it may say where it is from.
fn after_lead(text: &str) -> impl Iterator<Item = &str> {
    let starts = text
        .char_indices()
        .filter(|&(at, c)| c.is_alphabetic() && !text[..at].chars().next_back().is_some_and(char::is_alphabetic));
    let mixed = text.chars().any(char::is_lowercase);
    starts.filter_map(move |(at, _)| {
        let word = first_word(&text[at..]);
        let is_one_of = |words: &[&str]| words.iter().any(|other| other.eq_ignore_ascii_case(word));
        let (lead, paper) = (is_one_of(LEADS), is_one_of(PAPERS));
        let (rest, between) = after_between(&text[at + word.len()..]);
        // Where everything is in capitals, only "name of" tells that a name follows.
        let told = (lead && (mixed || between)) || (paper && mixed);
        let name = if told { capitalized(rest)? } else { return None };
        (lead || name.split_whitespace().count() > 1).then_some(name)
    })
}

fn first_word(text: &str) -> &str {
    text.split(|c: char| !c.is_alphabetic()).next().unwrap_or("")
}

/// A text without the words that stand between a paper and its owner's name, and whether there were any.
fn after_between(text: &str) -> (&str, bool) {
    let (mut rest, mut between) = (text, false);
    loop {
        rest = rest.trim_start_matches([' ', ':']);
        let word = first_word(rest);
        if word.is_empty() || !BETWEEN.iter().any(|other| other.eq_ignore_ascii_case(word)) {
            return (rest, between);
        }
        (rest, between) = (&rest[word.len()..], true);
    }
}

/// The words in capitals that a text begins with; a family name may stand first, before a comma.
fn capitalized(text: &str) -> Option<&str> {
    let mut end = 0;
    for (at, word) in text.split_inclusive(' ').enumerate() {
        if !word.starts_with(char::is_uppercase) {
            break;
        }
        end += word.len();
        let word = word.trim_end();
        let goes_on = word.ends_with(char::is_alphabetic)
            || (at == 0 && word.ends_with(','))
            || (word.len() == 2 && word.ends_with('.'));
        if !goes_on {
            break;
        }
    }
    (end > 0).then(|| text[..end].trim_end_matches(|c: char| !c.is_alphabetic()))
}

/// One to three words of letters, none of which is nobody's name.
fn may_be_name(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let letters = |word: &&str| word.chars().filter(|c| c.is_alphabetic()).count() >= 3;
    (1..=3).contains(&words.len())
        && words.iter().any(letters)
        && text.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | '.' | ',' | '-' | '\''))
        && !words.iter().any(|word| NOT_NAMES.iter().any(|other| other.eq_ignore_ascii_case(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let found: Vec<&str> = told(text).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn quoted_and_named_words_may_be_names() {
        check("TATTOO \"ROSA\" ON LEFT ARM", &["ROSA"]);
        check("wallet with card in the name of John Doe", &["John Doe"]);
        check("ID card John Quistgaard", &["John Quistgaard"]);
        check("wallet with ID of QUISTGAARD, JOHN", &["QUISTGAARD, JOHN"]);
        check("prescription bottle for J. Quistgaard", &["J. Quistgaard"]);
        check("hospital bracelet reading Ann Quist", &["Ann Quist"]);
        check("DRIVERS LICENSE IN THE NAME OF JOHN DOE", &["JOHN DOE"]);
        check("Idaho ID card from Boise", &[]);
        check("BLACK SHOES, NO NAME BRAND", &[]);
        check("Jacket, name Maria Lopez on collar", &["Maria Lopez"]);
        check("tattoo reads \u{201c}In Memory of Ed\u{201d}", &[]);
        check("\"MOM\" in heart, \"Luis 1985\"", &[]);
        check("blue jeans size 32", &[]);
    }
}
