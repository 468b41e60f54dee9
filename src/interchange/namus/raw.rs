//! Reading values out of a published case, and noting those that say nothing.
//!
//! Like the reader of records, but lenient: what cannot be used is unknown, never a fault. A coded value is
//! an object with a `name` in one place and a bare string in another; both are read.

use std::cell::RefCell;

use crate::interchange::{Reason, Unused};
use crate::record::json::{Member, Tree};

/// One value of a case, and the notes that all values of the case share.
#[derive(Clone, Copy)]
pub(super) struct Raw<'a> {
    tree: &'a Tree,
    unused: &'a RefCell<Unused>,
}

impl<'a> Raw<'a> {
    pub(super) fn new(tree: &'a Tree, unused: &'a RefCell<Unused>) -> Self {
        Self { tree, unused }
    }

    pub(super) fn note(self, reason: Reason) {
        self.unused.borrow_mut().note(reason);
    }

    /// The value at a dotted path below this one; null is none.
    pub(super) fn at(self, path: &str) -> Option<Self> {
        let tree = path.split('.').try_fold(self.tree, |tree, name| tree.member(name))?;
        (*tree != Tree::Null).then_some(Self { tree, ..self })
    }

    /// Whether there is a value at the path.
    pub(super) fn has(self, path: &str) -> bool {
        self.at(path).is_some()
    }

    /// The items of a list; a lone value is a list of one.
    pub(super) fn items(self, path: &str) -> Vec<Self> {
        match self.at(path).map(|found| found.tree) {
            None => Vec::new(),
            Some(Tree::List(items)) => items.iter().map(|tree| Self { tree, ..self }).collect(),
            Some(tree) => vec![Self { tree, ..self }],
        }
    }

    /// A text that says something, without the blanks around it.
    pub(super) fn text(self, path: &str) -> Option<&'a str> {
        self.at(path)?.meaning()
    }

    /// A coded value's name.
    pub(super) fn name(self, path: &str) -> Option<&'a str> {
        self.at(path)?.own_name()
    }

    /// The name of this coded value.
    pub(super) fn own_name(self) -> Option<&'a str> {
        match self.tree {
            Tree::Object(_) => self.at("name").or_else(|| self.at("localizedName"))?.meaning(),
            _ => self.meaning(),
        }
    }

    fn meaning(self) -> Option<&'a str> {
        let Tree::Text(text) = self.tree else {
            self.note(Reason::WrongType);
            return None;
        };
        match silence(text) {
            Some(reason) => {
                self.note(reason);
                None
            }
            None => Some(text.trim()),
        }
    }

    /// A number, also one written as a text.
    pub(super) fn number(self, path: &str) -> Option<f64> {
        let found = self.at(path)?;
        match found.tree {
            Tree::Number(number) => Some(*number),
            Tree::Text(_) => {
                let number = found.meaning()?.parse().ok().filter(|number: &f64| number.is_finite());
                if number.is_none() {
                    self.note(Reason::WrongType);
                }
                number
            }
            _ => {
                self.note(Reason::WrongType);
                None
            }
        }
    }

    /// A number between two limits; one outside is noted.
    pub(super) fn number_within(self, path: &str, low: f64, high: f64) -> Option<f64> {
        let number = self.number(path)?;
        let plausible = (low..=high).contains(&number);
        if !plausible {
            self.note(Reason::ImplausibleNumber);
        }
        plausible.then_some(number)
    }

    /// Whether a flag is set.
    pub(super) fn is_set(self, path: &str) -> bool {
        self.at(path).is_some_and(|found| *found.tree == Tree::Bool(true))
    }

    /// A text cut to at most `most` characters.
    pub(super) fn cut(self, text: &str, most: usize) -> Tree {
        match text.char_indices().nth(most) {
            Some((at, _)) => {
                self.note(Reason::TooLong);
                Tree::Text(text[..at].to_owned())
            }
            None => Tree::Text(text.to_owned()),
        }
    }
}

/// Why a text says nothing, if so. English and Spanish, as the forms are filled in.
fn silence(text: &str) -> Option<Reason> {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    match words.join(" ").trim_end_matches(['.', '!', '?']) {
        "" | "-" | "--" => Some(Reason::EmptyText),
        "none" | "n/a" | "n.a" | "not applicable" | "none known" | "none noted" | "none reported" | "nothing"
        | "ninguno" | "ninguna" => Some(Reason::SaysNone),
        "unknown"
        | "unk"
        | "unsure"
        | "uncertain"
        | "not known"
        | "unknown at this time"
        | "not known at this time"
        | "undetermined"
        | "cannot estimate"
        | "cannot determine"
        | "desconocido" => Some(Reason::SaysUnknown),
        _ => None,
    }
}

/// An object of the members that are known; none if there are none.
pub(super) fn object<const N: usize>(members: [(&str, Option<Tree>); N]) -> Option<Tree> {
    let known = members.into_iter().filter_map(|(name, value)| Some((name.into(), value?)));
    let known: Vec<Member> = known.collect();
    (!known.is_empty()).then_some(Tree::Object(known))
}

/// A list of the items; none if there are none.
pub(super) fn list(items: Vec<Tree>) -> Option<Tree> {
    (!items.is_empty()).then_some(Tree::List(items))
}

/// A list of codes, each once.
pub(super) fn codes(codes: impl IntoIterator<Item = &'static str>) -> Option<Tree> {
    let mut distinct: Vec<&'static str> = Vec::new();
    for code in codes {
        if !distinct.contains(&code) {
            distinct.push(code);
        }
    }
    list(distinct.into_iter().map(word).collect())
}

/// A text.
pub(super) fn word(text: &str) -> Tree {
    Tree::Text(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_says_nothing_is_known_by_its_words_not_by_its_letters() {
        for (text, expected) in [
            ("", Some(Reason::EmptyText)),
            ("  ", Some(Reason::EmptyText)),
            ("NONE.", Some(Reason::SaysNone)),
            ("N/A", Some(Reason::SaysNone)),
            ("NOT  KNOWN", Some(Reason::SaysUnknown)),
            ("Unknown at this time", Some(Reason::SaysUnknown)),
            ("Unknown ring", None),
            ("none, barefooted", None),
            ("Na", None),
        ] {
            assert_eq!(silence(text), expected, "{text:?}");
        }
    }
}
