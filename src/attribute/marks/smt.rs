//! NCIC's codes of scars, marks and tattoos: what each means, looked up and never parsed.

use std::sync::LazyLock;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::record::FeatureKind;

/// What a code stands for.
pub(super) struct Meaning {
    pub(super) kind: FeatureKind,
    /// The word that tells it from others of its kind.
    pub(super) word: Option<&'static str>,
    /// The place it names, and what else it says.
    pub(super) text: &'static str,
}

static CODES: LazyLock<FxHashMap<&'static str, Meaning>> = LazyLock::new(|| {
    let lines = || LINES.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('\t'));
    let heads: FxHashMap<&str, &'static str> =
        lines().filter_map(|(code, kind)| Some((code.strip_suffix(" *")?, kind))).collect();
    let meaning = |(code, text): (&'static str, &'static str)| {
        let head = heads.get(code.split(' ').next()?).copied().unwrap_or("other");
        let (kind, word) = head.split_once(' ').map_or((head, None), |(kind, word)| (kind, Some(word)));
        let kind = FeatureKind::parse(kind).unwrap_or(FeatureKind::Other);
        (!code.ends_with('*')).then_some((code, Meaning { kind, word, text }))
    };
    lines().filter_map(meaning).collect()
});

const LINES: &str = include_str!("../data/smt_codes.tsv");

/// The longest code in words.
pub(super) const WORDS: usize = 3;

/// What a code means; upper or lower case, words apart by one blank.
pub(super) fn meaning(code: &str) -> Option<&'static Meaning> {
    CODES.get(code.trim().to_uppercase().as_str())
}

/// The first words of codes of several words, in lower case.
static FIRST_WORDS: LazyLock<FxHashSet<String>> = LazyLock::new(|| {
    let first = |code: &str| code.split_once(' ').map(|(first, _)| first.to_lowercase());
    CODES.keys().filter_map(|code| first(code)).collect()
});

/// Whether a lower-case word of a text may be the first of a code of several: letters of other scripts have capitals that
/// are a code's.
pub(super) fn may_begin_with(word: &str) -> bool {
    !word.is_ascii() || FIRST_WORDS.contains(word)
}

/// What words of a text mean as a code. Codes of no kind are ordinary words.
pub(super) fn in_text(words: &str) -> Option<&'static Meaning> {
    meaning(words).filter(|meaning| meaning.kind != FeatureKind::Other)
}

/// Every code.
#[cfg(test)]
pub(super) fn all() -> impl Iterator<Item = (&'static str, &'static Meaning)> {
    CODES.iter().map(|(code, meaning)| (*code, meaning))
}
