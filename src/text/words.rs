//! How a text comes apart into words, the same for records and for queries.
//!
//! A word is a run of letters, digits and the marks on them, in lower case and without accents. Scripts
//! that do not divide their words (Chinese, Japanese, Thai and their neighbours) come apart into characters:
//! a word sought in them is then a phrase, found wherever it stands. Nothing is dropped for its length:
//! what is longer than [`LONGEST`] goes on in the next word, here and in the query alike.

use tantivy::tokenizer::{AsciiFoldingFilter, TextAnalyzer, Token, TokenStream, Tokenizer};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The name under which an index knows this way of taking texts apart. Bump the number with any change of
/// it: an index with another name is built anew.
pub(super) const NAME: &str = "crossmatch_words_1";

/// The longest word in characters, before its accents are taken off.
const LONGEST: usize = 128;

/// Takes texts apart.
pub(super) fn analyzer() -> TextAnalyzer {
    TextAnalyzer::builder(Words::default()).filter(AsciiFoldingFilter).build()
}

/// The words of a text, in order.
pub(super) fn words_of(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    analyzer().token_stream(text).process(&mut |token| words.push(token.text.clone()));
    words
}

#[derive(Clone, Default)]
struct Words {
    token: Token,
}

struct WordStream<'a> {
    text: &'a str,
    /// The first byte not read yet.
    at: usize,
    token: &'a mut Token,
}

impl Tokenizer for Words {
    type TokenStream<'a> = WordStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> WordStream<'a> {
        self.token.reset();
        WordStream { text, at: 0, token: &mut self.token }
    }
}

impl TokenStream for WordStream<'_> {
    fn advance(&mut self) -> bool {
        self.token.text.clear();
        while let Some((from, to)) = next_word(self.text, self.at) {
            self.at = to;
            fold(&self.text[from..to], &mut self.token.text);
            // A mark alone folds to nothing.
            if !self.token.text.is_empty() {
                self.token.offset_from = from;
                self.token.offset_to = to;
                self.token.position = self.token.position.wrapping_add(1);
                return true;
            }
        }
        false
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

/// Where the first word at or after byte `at` begins and ends.
fn next_word(text: &str, at: usize) -> Option<(usize, usize)> {
    let rest = &text[at..];
    let (start, first) = rest.char_indices().find(|(_, c)| c.is_alphanumeric())?;
    let from = at + start;
    let mut to = from + first.len_utf8();
    for (length, c) in text[to..].chars().enumerate() {
        let joins = is_combining_mark(c) || (c.is_alphanumeric() && !stands_alone(first) && !stands_alone(c));
        if !joins || length + 1 == LONGEST {
            break;
        }
        to += c.len_utf8();
    }
    Some((from, to))
}

/// Whether a character is of a script that does not divide its words.
fn stands_alone(c: char) -> bool {
    matches!(u32::from(c),
        0x0E01..=0x0EFF         // Thai, Lao
        | 0x1000..=0x109F       // Burmese
        | 0x1780..=0x17FF       // Khmer
        | 0x3005..=0x3007 | 0x3041..=0x30FF | 0x31F0..=0x31FF | 0xFF66..=0xFF9F // kana
        | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x2_0000..=0x3_FFFF // Han
    )
}

/// Lower case, compatibility forms as their plain ones, without the accents of alphabets. Marks outside
/// U+0300 to U+036F stay: in the scripts of India they are vowels.
fn fold(word: &str, folded: &mut String) {
    if word.is_ascii() {
        folded.extend(word.chars().map(|c| c.to_ascii_lowercase()));
        return;
    }
    let plain = word.nfkd().flat_map(char::to_lowercase).nfkd().filter(|c| !('\u{300}'..='\u{36F}').contains(c));
    // The two small sigmas are one letter.
    folded.extend(plain.nfc().map(|c| if c == 'ς' { 'σ' } else { c }));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: &[&str]) {
        assert_eq!(words_of(text), expected, "{text}");
    }

    #[test]
    fn words_are_lower_case_without_accents_however_they_were_typed() {
        check("José ÁLVAREZ-Núñez", &["jose", "alvarez", "nunez"]);
        check("Jose\u{301}", &["jose"]);
        check("Straße Øre Łódź İstanbul", &["strasse", "ore", "lodz", "istanbul"]);
        check("ＡＢＣ １２", &["abc", "12"]);
        check("O'Brien, 5'10\"", &["o", "brien", "5", "10"]);
    }

    #[test]
    fn other_scripts_keep_their_words() {
        check("Иван Петров", &["иван", "петров"]);
        check("ΟΔΥΣΣΕΥΣ οδυσσεύς", &["οδυσσευσ", "οδυσσευσ"]);
        check("हिन्दी", &["हिन्दी"]);
        check("محمد علي", &["محمد", "علي"]);
        check("김철수 씨", &["김철수", "씨"]);
        check("山田さん", &["山", "田", "さ", "ん"]);
        check("は", &["は"]);
        check("が", &words_of("か\u{3099}").iter().map(String::as_str).collect::<Vec<_>>());
    }

    #[test]
    fn a_long_word_goes_on_in_the_next() {
        let words = words_of(&"x".repeat(300));
        assert_eq!(words.iter().map(String::len).collect::<Vec<_>>(), [128, 128, 44]);
    }

    proptest! {
        #[test]
        fn offsets_lie_on_characters_in_order_and_words_are_never_empty(text in any::<String>()) {
            let mut analyzer = analyzer();
            let mut stream = analyzer.token_stream(&text);
            let mut end = 0;
            while let Some(token) = stream.next() {
                prop_assert!(end <= token.offset_from && token.offset_from < token.offset_to);
                prop_assert!(text.get(token.offset_from..token.offset_to).is_some());
                prop_assert!(!token.text.is_empty());
                end = token.offset_to;
            }
        }
    }
}
