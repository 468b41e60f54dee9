//! Walking a [`Tree`] and noting every fault on the way, each with its JSON pointer.
//!
//! Reading never stops at a fault: what cannot be read is left out of the half-built value, which is thrown
//! away at the end if any fault was noted. Details name codes, fields and limits, never a person's data.
//!
//! A fault is noted by the value at fault. Where that stands is looked for at the end, in one walk over the whole body: what
//! is right, which is nearly everything, needs no pointer.

use std::cell::RefCell;
use std::fmt::{Display, Write};

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;
use smallvec::SmallVec;

use super::tree::{Member, Tree};

/// One thing wrong with a body, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// JSON pointer (RFC 6901) to the value at fault; empty: the whole body.
    pub pointer: String,
    /// Stable name of the fault.
    pub code: &'static str,
    /// What is wrong and what would be right.
    pub detail: String,
}

/// A value that is one of a closed list, with its code in JSON.
pub trait Code: Copy + 'static {
    /// Every value.
    const ALL: &'static [Self];

    /// The value's code.
    fn code(self) -> &'static str;
}

/// What all nodes of one walk have noted.
#[derive(Default)]
pub(super) struct Faults(RefCell<Vec<Noted>>);

struct Noted {
    /// The address of the value at fault.
    value: usize,
    code: &'static str,
    detail: String,
}

fn address(value: &Tree) -> usize {
    std::ptr::from_ref(value).addr()
}

impl Faults {
    /// The faults in the order in which they were noted, each with its place below the root.
    pub(super) fn placed(self, root: &Tree) -> Vec<Fault> {
        let noted = self.0.into_inner();
        let mut pointers: FxHashMap<usize, String> = noted.iter().map(|noted| (noted.value, String::new())).collect();
        if !pointers.is_empty() {
            place(root, &mut String::new(), &mut pointers);
        }
        let pointer = |value: usize| pointers.get(&value).cloned().unwrap_or_default();
        let placed =
            noted.into_iter().map(|Noted { value, code, detail }| Fault { pointer: pointer(value), code, detail });
        placed.collect()
    }
}

/// Tells where each value that is asked for stands.
fn place(value: &Tree, pointer: &mut String, pointers: &mut FxHashMap<usize, String>) {
    if let Some(asked) = pointers.get_mut(&address(value)) {
        asked.clone_from(pointer);
    }
    let here = pointer.len();
    let mut below = |name: &dyn Display, value: &Tree| {
        let _ = write!(pointer, "/{name}");
        place(value, pointer, pointers);
        pointer.truncate(here);
    };
    match value {
        Tree::List(items) => items.iter().enumerate().for_each(|(at, item)| below(&at, item)),
        Tree::Object(members) => {
            members.iter().for_each(|(name, value)| below(&name.replace('~', "~0").replace('/', "~1"), value));
        }
        Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::Text(_) => {}
    }
}

/// One value, and the faults of its walk.
#[derive(Clone, Copy)]
pub struct Node<'a> {
    tree: &'a Tree,
    faults: &'a Faults,
}

impl<'a> Node<'a> {
    pub(super) const fn root(tree: &'a Tree, faults: &'a Faults) -> Self {
        Self { tree, faults }
    }

    const fn below(self, tree: &'a Tree) -> Self {
        Self { tree, faults: self.faults }
    }

    /// Notes a fault of this value.
    pub fn fault(&self, code: &'static str, detail: impl Display) {
        let detail = detail.to_string();
        self.faults.0.borrow_mut().push(Noted { value: address(self.tree), code, detail });
    }

    fn wrong_type(&self, expected: &str) {
        self.fault("wrong_type", format_args!("expected {expected}, found {}", self.tree.what()));
    }

    /// The members of an object.
    pub fn object(&self) -> Option<Object<'_, 'a>> {
        let Tree::Object(members) = self.tree else {
            self.wrong_type("an object");
            return None;
        };
        let mut seen = FxHashSet::default();
        for (at, (name, tree)) in members.iter().enumerate() {
            let stands_before = match members.len() {
                ..=FEW => members[..at].iter().any(|(before, _)| before == name),
                _ => !seen.insert(name),
            };
            if stands_before {
                self.below(tree).fault("duplicate_field", "the field stands twice");
            }
        }
        Some(Object { node: self, members, known: RefCell::default() })
    }

    /// The members of an object whose names are data.
    pub fn entries(&self) -> Vec<(&'a str, Self)> {
        let Some(object) = self.object() else { return Vec::new() };
        object.members.iter().map(|(name, tree)| (name.as_str(), self.below(tree))).collect()
    }

    /// The items of an array of at most `most`.
    pub fn list(&self, most: usize) -> Vec<Self> {
        let Tree::List(items) = self.tree else {
            self.wrong_type("an array");
            return Vec::new();
        };
        if items.len() > most {
            self.fault("too_many_items", format_args!("{} items; at most {most}", items.len()));
        }
        items.iter().take(most).map(|item| self.below(item)).collect()
    }

    /// The items of an array whose items differ from each other, each read by `read`.
    pub fn distinct<T: PartialEq>(&self, read: impl Fn(&Self) -> Option<T>) -> Vec<T> {
        let mut found = Vec::new();
        for item in self.list(usize::MAX) {
            match read(&item) {
                Some(value) if found.contains(&value) => item.fault("duplicate_item", "the value stands twice"),
                Some(value) => found.push(value),
                None => {}
            }
        }
        found
    }

    /// Any string.
    pub fn text(&self) -> Option<&'a str> {
        match self.tree {
            Tree::Text(text) => Some(text),
            _ => {
                self.wrong_type("a string");
                None
            }
        }
    }

    /// A string of at most `most` characters; an empty one is unknown.
    pub fn text_within(&self, most: usize) -> Option<String> {
        let text = self.text()?;
        let length = text.chars().count();
        if length > most {
            self.fault("too_long", format_args!("{length} characters; at most {most}"));
        }
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// Any number.
    pub fn number(&self) -> Option<f64> {
        match self.tree {
            Tree::Number(number) => Some(*number),
            _ => {
                self.wrong_type("a number");
                None
            }
        }
    }

    /// `true` or `false`.
    pub fn boolean(&self) -> Option<bool> {
        match self.tree {
            Tree::Bool(value) => Some(*value),
            _ => {
                self.wrong_type("true or false");
                None
            }
        }
    }

    /// One of a closed list.
    pub fn code<C: Code>(&self) -> Option<C> {
        let text = self.text()?;
        let known = C::ALL.iter().copied().find(|value| value.code() == text);
        if known.is_none() {
            let codes: Vec<&str> = C::ALL.iter().map(|value| value.code()).collect();
            self.fault("unknown_value", format_args!("{:?} is not one of: {}", short(text), codes.join(", ")));
        }
        known
    }

    /// A string read by `parse`, its error noted under `code`.
    pub fn parsed<T, E: Display>(&self, code: &'static str, parse: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        parse(self.text()?).map_err(|error| self.fault(code, error)).ok()
    }
}

/// Members that are compared with each other, one by one.
const FEW: usize = 24;

/// An object whose fields are known: what is never asked for is a fault.
pub struct Object<'n, 'a> {
    node: &'n Node<'a>,
    members: &'a [Member],
    known: RefCell<SmallVec<[&'static str; FEW]>>,
}

impl<'a> Object<'_, 'a> {
    /// A field; absent and `null` are the same.
    pub fn field(&self, name: &'static str) -> Option<Node<'a>> {
        self.known.borrow_mut().push(name);
        let tree = self.members.iter().find(|(key, _)| key == name).map(|(_, tree)| tree)?;
        (*tree != Tree::Null).then(|| self.node.below(tree))
    }

    /// A field that must be there.
    pub fn required(&self, name: &'static str) -> Option<Node<'a>> {
        let field = self.field(name);
        if field.is_none() {
            self.node.fault("missing_field", format_args!("the field `{name}` is required"));
        }
        field
    }

    /// Notes every field that was never asked for.
    pub fn refuse_unknown(self) {
        let known = self.known.into_inner();
        for (name, tree) in self.members.iter().filter(|(name, _)| !known.contains(&name.as_str())) {
            let likeness = |known: &&str| if name.len() <= SHORT { strsim::jaro_winkler(name, known) } else { 0.0 };
            let nearest = known.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
            let hint = match nearest.filter(|known| likeness(known) > 0.85) {
                Some(known) => format!("; did you mean `{known}`?"),
                None => String::new(),
            };
            let detail = format_args!("unknown field `{}`{hint}", short(name)).to_string();
            self.node.below(tree).fault("unknown_field", detail);
        }
    }
}

/// Characters of a value that an error shows.
const SHORT: usize = 64;

/// Enough of a value to recognize it in an error.
fn short(text: &str) -> String {
    match text.char_indices().nth(SHORT) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
