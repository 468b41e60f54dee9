//! From a clerk's text to words: where sentences and lists break, what stands in quotes, capitals with a zero for the
//! letter O, accents, initials with full stops, fractions and dates.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::language::Language;
use super::reading::Domain;
use super::vocabulary::Sense;

/// What stands between two words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Break {
    None,
    /// A comma, a bracket, a dash, an "and": another mark may follow.
    Weak,
    /// A full stop, a new line: another one follows.
    Strong,
}

/// A word in lower case.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) word: String,
    pub(super) before: Break,
    /// Which quotation it stands in, from 1; 0: in none.
    pub(super) quotation: u16,
}

/// The words of a text in a language, whose abbreviations a full stop does not end.
pub(super) fn tokens(text: &str, language: Language) -> Vec<Token> {
    let mut reader = Reader {
        language,
        chars: text.chars().collect(),
        at: 0,
        before: Break::Strong,
        open: None,
        quotations: 0,
        tokens: Vec::new(),
    };
    while let Some(c) = reader.peek(0) {
        if c.is_alphanumeric() { reader.word() } else { reader.mark(c) }
    }
    reader.tokens
}

struct Reader {
    language: Language,
    chars: Vec<char>,
    at: usize,
    before: Break,
    /// The mark that ends the quotation.
    open: Option<char>,
    quotations: u16,
    tokens: Vec<Token>,
}

impl Reader {
    fn peek(&self, ahead: isize) -> Option<char> {
        self.chars.get(self.at.checked_add_signed(ahead)?).copied()
    }

    fn is(&self, ahead: isize, what: impl Fn(char) -> bool) -> bool {
        self.peek(ahead).is_some_and(what)
    }

    /// Takes a word and what holds it together.
    fn word(&mut self) {
        let mut word = String::new();
        while let Some(c) = self.peek(0) {
            let next = |what: fn(char) -> bool| self.is(1, what);
            let inside = match c {
                '\'' | '\u{2019}' => next(char::is_alphabetic),
                '.' => self.is(-1, |c| c.is_ascii_digit()) && next(|c| c.is_ascii_digit()) || self.is_initial(),
                '/' => self.is(-1, |c| c.is_ascii_digit()) && next(|c| c.is_ascii_digit()),
                c => c.is_alphanumeric(),
            };
            if !inside {
                break;
            }
            if c == '\'' || c == '\u{2019}' {
                // "mother's": the owner.
                if self.is(1, |c| c.eq_ignore_ascii_case(&'s')) && !self.is(2, char::is_alphanumeric) {
                    self.at += 2;
                    break;
                }
            } else if c != '.' || self.is(1, |c| c.is_ascii_digit()) {
                word.push(c);
            }
            self.at += 1;
        }
        self.push(word);
    }

    /// Whether the full stop stands in "C.S.": a single letter before it and after it.
    fn is_initial(&self) -> bool {
        let letter = |c: char| c.is_alphabetic();
        let no_word = |c: char| !c.is_alphanumeric();
        self.is(-1, letter)
            && self.peek(-2).is_none_or(no_word)
            && self.is(1, letter)
            && self.peek(2).is_none_or(no_word)
    }

    fn push(&mut self, mut word: String) {
        if word.is_ascii() {
            word.make_ascii_lowercase();
        } else {
            word = word.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect();
        }
        let date = word.matches('/').count() > 1 || word.split('/').any(|part| part.len() > 2);
        if date && word.contains('/') {
            word.split('/').for_each(|part| self.add(part.to_owned()));
        } else {
            self.add(word);
        }
    }

    fn add(&mut self, word: String) {
        if word.is_empty() {
            return;
        }
        let quotation = if self.open.is_some() { self.quotations } else { 0 };
        self.tokens.push(Token { word: mended_zeros(word), before: self.before, quotation });
        self.before = Break::None;
    }

    /// Takes what is no word.
    fn mark(&mut self, c: char) {
        let spaced = self.peek(-1).is_none_or(char::is_whitespace) && self.peek(1).is_none_or(char::is_whitespace);
        let found = match c {
            '\n' | '\r' | ';' | '\u{2022}' | '|' => Break::Strong,
            '.' | '!' | '?' if self.peek(1).is_none_or(char::is_whitespace) && !self.is_shortened() => Break::Strong,
            '/' if self.is(1, |c| c == '/') => Break::Strong,
            ',' | '(' | ')' | '[' | ']' | '&' | '+' => Break::Weak,
            '/' | '-' | '\u{2013}' | '\u{2014}' if spaced => Break::Weak,
            _ => Break::None,
        };
        self.before = self.before.max(found);
        self.quote(c);
        self.at += 1;
    }

    fn quote(&mut self, c: char) {
        if self.open == Some(c) && !(c == '\'' && self.is(1, char::is_alphanumeric)) {
            self.open = None;
            return;
        }
        let starts = !self.is(-1, char::is_alphanumeric) && self.is(1, |c| !c.is_whitespace());
        let end = match c {
            // After a number it is an inch.
            '"' if !self.is(-1, |c| c.is_ascii_digit()) => '"',
            '\'' if starts => '\'',
            '\u{201c}' | '\u{201d}' => '\u{201d}',
            '\u{2018}' if starts => '\u{2019}',
            '\u{ab}' => '\u{bb}',
            _ => return,
        };
        if self.open.is_none() && self.chars[self.at + 1..].contains(&end) {
            self.open = Some(end);
            self.quotations += 1;
        }
    }

    /// Whether the full stop belongs to "LT.", "R." or "Dec."
    fn is_shortened(&self) -> bool {
        let before = self.tokens.last().filter(|_| self.is(-1, char::is_alphabetic));
        before.is_some_and(|token| {
            let sense = self.language.sense(Domain::Body, &token.word);
            let short = token.word.len() <= 4 && matches!(sense, Some(Sense::Side(_)));
            let month = matches!(sense, Some(Sense::Term(month)) if month.ends_with('m')
                && month.starts_with(['0', '1']));
            short || month || token.word.len() == 1 || self.language.is_shortened(&token.word)
        })
    }
}

/// The letter O where a zero stands among letters; a number without the zeros before it.
fn mended_zeros(word: String) -> String {
    if !word.contains('0') {
        return word;
    }
    let letters = word.chars().any(char::is_alphabetic);
    let other_digits = word.chars().any(|c| c.is_ascii_digit() && c != '0');
    match (letters, other_digits) {
        (true, false) => word.replace('0', "o"),
        (false, true) if word.len() == 2 => word.trim_start_matches('0').to_owned(),
        _ => word,
    }
}

#[cfg(test)]
mod tests {
    use super::super::language::ENGLISH;
    use super::*;

    /// Words apart by blanks; `,` and `;` before a word for what stands before it; quoted words in single quotes.
    fn check(text: &str, expected: &str) {
        let told = tokens(text, &ENGLISH).iter().skip(1).fold(
            tokens(text, &ENGLISH).first().map_or(String::new(), quoted),
            |told, token| {
                let before = match token.before {
                    Break::None => "",
                    Break::Weak => ",",
                    Break::Strong => ";",
                };
                format!("{told}{before} {}", quoted(token))
            },
        );
        assert_eq!(told, expected, "{text}");
    }

    fn quoted(token: &Token) -> String {
        if token.quotation > 0 { format!("'{}'", token.word) } else { token.word.clone() }
    }

    #[test]
    fn texts_fall_into_words() {
        check("BR0WN C0WB0Y B00TS, SIZE 10", "brown cowboy boots, size 10");
        check("LT. F/ARM: rose; R. leg - skull", "lt f arm rose; r leg, skull");
        check("\"LOVE\" at arm then \"C.S.\" on wrist.", "'love' at arm then 'cs' on wrist");
        check("Scar 1/2\" long, 3\" wide", "scar 1/2 long, 3 wide");
        check("the words 'Heaven's Door' under her chin", "the words 'heaven' 'door' under her chin");
        check("‘Laquita’ Dec. 18, 2008; born 12/08/1985", "'laquita' dec 18, 2008; born 12 8 1985");
        check("María's ring (gold)\n.22 pistol", "maria ring, gold; 22 pistol");
        check("ARM : TAT L FRT ROSE // LOUIS A", "arm tat l frt rose; louis a");
    }

    proptest::proptest! {
        #[test]
        fn any_text_can_be_read(text in ".{0,80}") {
            for token in tokens(&text, &ENGLISH) {
                assert!(!token.word.is_empty());
            }
        }
    }
}
