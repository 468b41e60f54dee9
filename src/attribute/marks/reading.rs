//! From a clerk's text to marks or things: one mark a part of the body, one thing a sort of thing.
//!
//! A full stop or a new line ends a mark. A comma or an "and" ends one where what follows is complete in itself: it names
//! another place or sort of mark, or another thing. What is negated is left out, but the sorts of mark that a clerk says
//! are not there are remembered.

use super::language::{ENGLISH, Language};
use super::measure::Measure;
use super::smt;
use super::terms::TERMS;
use super::tokens::{Break, Token, tokens};
use super::vocabulary::Sense;
use crate::record::FeatureKind;

/// What clerks write before the size of a thing.
const SIZES: [&str; 5] = ["size", "sz", "talla", "taille", "pointure"];

/// The term for an organ that is where it belongs.
const INTACT: &str = "intact";

/// Terms that say where on a site, or how, and not what.
const MODIFIERS: [&str; 9] = ["rear", "front", "upper", "lower", "middle", "inner", "outer", "small", "dark"];

/// What a text tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::attribute) enum Domain {
    /// Marks of the body.
    Body,
    /// What is worn and carried.
    Things,
}

/// A mark or thing as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::attribute) struct Draft {
    /// The number of its kind's code.
    pub(in crate::attribute) sort: u8,
    /// Bit 0: left, bit 1: right; 0 is not said.
    pub(in crate::attribute) side: u8,
    /// A site of the vocabulary; none is not said.
    pub(in crate::attribute) site: Option<u8>,
    pub(in crate::attribute) large: bool,
    pub(super) measure: Measure,
    /// Terms in the order in which they were said, each once.
    pub(in crate::attribute) terms: Vec<String>,
    /// Serial numbers and long inscriptions, whole.
    pub(in crate::attribute) exact: Vec<String>,
    /// The word for its sort, once it was said.
    said: Option<&'static str>,
    /// The sort of thing.
    thing: Option<&'static str>,
}

/// Marks or things of one text.
#[derive(Default)]
pub(in crate::attribute) struct Reading {
    pub(in crate::attribute) drafts: Vec<Draft>,
    /// Sorts of mark that are said not to be there: a bit each.
    pub(in crate::attribute) denied: u16,
}

/// Reads a text about a mark or thing of some sort in the language of the record.
pub(in crate::attribute) fn read(domain: Domain, sort: u8, text: &str, language: Language) -> Reading {
    let items = items(domain, &tokens(text, language), language);
    let says_none = items.iter().any(|item| item.sense == Sense::Not);
    if says_none && items.iter().all(|item| matches!(item.sense, Sense::Not | Sense::Filler)) {
        return Reading { drafts: Vec::new(), denied: 1 << sort };
    }
    let mut reader = Reader::new(domain, sort, language);
    let segments: Vec<&[Item]> = items.chunk_by(|_, next| next.before == Break::None).collect();
    for (at, segment) in segments.iter().enumerate() {
        let next = segments.get(at + 1).filter(|next| next[0].before == Break::Weak);
        reader.segment(segment, next.is_some_and(|next| has_thing(next)));
    }
    reader.finish(&inscriptions(&items))
}

/// Reads a code of NCIC's list; a text where it is none of them.
pub(in crate::attribute) fn read_code(sort: u8, code: &str, language: Language) -> Reading {
    let Some(meaning) = smt::meaning(code) else { return read(Domain::Body, sort, code, language) };
    let mut reader = Reader::new(Domain::Body, sort, &ENGLISH);
    reader.segment(&code_items(meaning, Break::Strong), false);
    reader.finish(&[])
}

/// A word or phrase of the text, and what it is.
#[derive(Clone, Debug)]
struct Item {
    sense: Sense,
    /// The word as it stands where the sense is [`Sense::Term`] of nothing known.
    word: String,
    before: Break,
    quotation: u16,
    /// Part of a code: one mark whatever it says.
    coded: bool,
}

fn has_thing(segment: &[Item]) -> bool {
    segment.iter().any(|item| matches!(item.sense, Sense::Thing(_)))
}

/// Puts codes and phrases together and gives every word its sense. Joining words become breaks.
fn items(domain: Domain, tokens: &[Token], language: Language) -> Vec<Item> {
    let mut items = Vec::new();
    let (mut at, mut joined) = (0, false);
    while at < tokens.len() {
        let before = if joined { tokens[at].before.max(Break::Weak) } else { tokens[at].before };
        joined = false;
        if let Some((meaning, words)) = code(domain, &tokens[at..]) {
            items.extend(code_items(meaning, before));
            at += words;
            continue;
        }
        if let Some((size, words)) = size(domain, &tokens[at..]) {
            let quotation = tokens[at].quotation;
            items.push(Item { sense: Sense::Measure(size), word: String::new(), before, quotation, coded: false });
            at += words;
            continue;
        }
        let (sense, words) = sense(domain, &tokens[at..], language);
        let quotation = tokens[at].quotation;
        match sense {
            Sense::Join if quotation == 0 => {
                joined = true;
                // A break before the joining word holds for the word after it.
                if before == Break::Strong && at + 1 < tokens.len() {
                    items.push(Item { sense: Sense::Filler, word: String::new(), before, quotation, coded: false });
                }
            }
            _ => items.push(Item { sense, word: tokens[at].word.clone(), before, quotation, coded: false }),
        }
        at += words;
    }
    items
}

/// The words up to the next break or the end of a quotation.
fn run(tokens: &[Token], most: usize) -> usize {
    let first = tokens[0].quotation;
    let more = tokens[1..].iter().take(most - 1);
    1 + more.take_while(|token| token.before == Break::None && token.quotation == first).count()
}

/// A size, and its words with that which says so.
fn size(domain: Domain, tokens: &[Token]) -> Option<(Measure, usize)> {
    if domain == Domain::Body || !SIZES.contains(&&*tokens[0].word) {
        return None;
    }
    let words: Vec<&str> = tokens[1..].iter().take(2).map(|token| &*token.word).collect();
    Some(Measure::size(&words).map_or((Measure::default(), 1), |(size, words)| (size, 1 + words)))
}

fn joined(tokens: &[Token], with: &str) -> String {
    tokens.iter().map(|token| &*token.word).collect::<Vec<_>>().join(with)
}

fn code(domain: Domain, tokens: &[Token]) -> Option<(&'static smt::Meaning, usize)> {
    if domain == Domain::Things || tokens[0].quotation > 0 || !smt::may_begin_with(&tokens[0].word) {
        return None;
    }
    let longest = run(tokens, smt::WORDS);
    (2..=longest).rev().find_map(|words| Some((smt::in_text(&joined(&tokens[..words], " "))?, words)))
}

/// A code's items: its kind, and what its meaning says, in one piece.
fn code_items(meaning: &smt::Meaning, before: Break) -> Vec<Item> {
    let item = |sense, word: &str| Item { sense, word: word.into(), before: Break::None, quotation: 0, coded: true };
    let mut said = vec![Item { before, ..item(Sense::Kind(meaning.kind, meaning.word), "") }];
    let plain = meaning.text.split('(').next().unwrap_or("");
    for token in tokens(plain, &ENGLISH) {
        match sense(Domain::Body, std::slice::from_ref(&token), &ENGLISH).0 {
            Sense::Kind(_, word) => said.extend(word.map(|word| item(Sense::Term(word), word))),
            sense => said.push(item(sense, &token.word)),
        }
    }
    said
}

/// The sense of the longest phrase that begins here, and its words. An inscription is read alike in every language.
fn sense(domain: Domain, tokens: &[Token], language: Language) -> (Sense, usize) {
    let first = &tokens[0];
    let quoted = first.quotation > 0;
    let language = if quoted { &ENGLISH } else { language };
    let known = |word: &str| language.sense(domain, word).filter(|sense| !quoted || tells_quoted(*sense));
    if language.begins_phrase(&first.word) {
        let phrase = (2..=run(tokens, 4)).rev().find_map(|words| Some((known(&joined(&tokens[..words], "_"))?, words)));
        if let Some(phrase) = phrase {
            return phrase;
        }
    }
    let mended = || language.mended(&first.word).and_then(known);
    (known(&first.word).or_else(mended).unwrap_or(Sense::Term("")), 1)
}

/// Whether a word has its sense in an inscription, which has no left arm and denies nothing.
const fn tells_quoted(sense: Sense) -> bool {
    matches!(sense, Sense::Term(_) | Sense::Filler)
}

/// Serial numbers, and inscriptions of three words or a dozen letters: the place of their first word, and the whole.
fn inscriptions(items: &[Item]) -> Vec<String> {
    let quoted = items.chunk_by(|a, b| a.quotation == b.quotation).filter(|words| words[0].quotation > 0);
    let whole = quoted.map(|words| words.iter().map(|item| &*item.word).collect::<Vec<_>>());
    let long = whole.filter(|words| words.len() > 2 || words.iter().map(|word| word.len()).sum::<usize>() > 11);
    let serial = |word: &&Item| word.word.bytes().filter(u8::is_ascii_digit).count() >= 5;
    let serials = items.iter().filter(serial).map(|item| item.word.clone());
    long.map(|words| words.join(" ")).chain(serials).collect()
}

impl Draft {
    fn new(sort: u8) -> Self {
        Self { sort, ..Self::default() }
    }

    fn add(&mut self, term: &str) {
        self.large |= TERMS.is_large(term);
        if !term.is_empty() && !self.terms.iter().any(|other| other == term) {
            self.terms.push(term.to_owned());
        }
    }

    /// Takes over what another reading of the same mark says and this one leaves open.
    pub(in crate::attribute) fn complete(&mut self, other: &Self) {
        if !self.measure.is_said() {
            self.measure = other.measure;
        }
        if self.said.is_none() && other.said.is_some() {
            (self.sort, self.said) = (other.sort, other.said);
        }
        match (self.site, other.site) {
            (None, Some(site)) => (self.site, self.side) = (Some(site), self.side | other.side),
            (Some(own), Some(site)) if self.side == 0 && TERMS.region(own) == TERMS.region(site) => {
                self.side = other.side;
                self.place(site);
            }
            _ => {}
        }
    }

    /// Takes a site in: the smaller of two that lie within each other, otherwise the first.
    fn place(&mut self, site: u8) {
        match self.site {
            None => self.site = Some(site),
            Some(held) if TERMS.within(site, held) => self.site = Some(site),
            Some(held) if TERMS.within(held, site) => {}
            Some(_) => self.add(TERMS.site_name(site)),
        }
    }

    /// An "upper left arm" is an upper arm.
    fn refine(&mut self) {
        if self.site.is_none()
            && self.sort == FeatureKind::Scar as u8
            && let Some((site, side)) = self.terms.iter().find_map(|term| TERMS.place(term))
        {
            (self.site, self.side) = (Some(site), if self.side == 0 { side } else { self.side });
        }
        let part = |word: &String| Some((self.site.and_then(|site| TERMS.part(site, word))?, word.clone()));
        if let Some((part, word)) = self.terms.iter().find_map(part) {
            self.site = Some(part);
            self.terms.retain(|term| *term != word);
        }
    }

    fn says_nothing(&self) -> bool {
        self.terms.is_empty() && self.site.is_none() && self.said.is_none() && !self.measure.is_said()
    }
}

struct Reader {
    domain: Domain,
    sort: u8,
    side_follows: bool,
    reading: Reading,
    draft: Draft,
    negated: bool,
}

impl Reader {
    fn new(domain: Domain, sort: u8, language: Language) -> Self {
        let side_follows = language.side_follows();
        let draft = Draft::new(sort);
        Self { domain, sort, side_follows, reading: Reading::default(), draft, negated: false }
    }

    /// Takes the words up to the next break in.
    fn segment(&mut self, items: &[Item], thing_follows: bool) {
        let strong = items[0].before == Break::Strong;
        if strong {
            self.end(self.sort);
        } else if self.starts_another(items, thing_follows) {
            self.end(self.draft.sort);
        }
        let only_sorts = items.iter().all(|item| matches!(item.sense, Sense::Kind(..) | Sense::Filler));
        self.negated &= !strong && only_sorts;
        for (at, item) in items.iter().enumerate() {
            let place_follows = items.get(at + 1).is_some_and(|next| match next.sense {
                Sense::Site(_) => matches!(item.sense, Sense::Side(_)),
                Sense::Side(_) => self.side_follows && matches!(item.sense, Sense::Site(_)),
                _ => false,
            });
            self.item(item, place_follows);
        }
    }

    /// Whether what follows a comma is a mark of its own.
    fn starts_another(&self, items: &[Item], thing_follows: bool) -> bool {
        let has = |what: fn(&Sense) -> bool| items.iter().any(|item| what(&item.sense));
        let draft = &self.draft;
        match self.domain {
            Domain::Things => {
                let only_size = has(|sense| matches!(sense, Sense::Measure(_)))
                    && items.iter().all(|item| matches!(item.sense, Sense::Measure(_) | Sense::Filler));
                draft.thing.is_some() && (has_thing(items) || (thing_follows && !only_size))
            }
            Domain::Body => {
                let sort = has(|sense| matches!(sense, Sense::Kind(..)));
                let site = has(|sense| matches!(sense, Sense::Site(_)));
                let side = has(|sense| matches!(sense, Sense::Side(_)));
                // "Back of neck, large, pigmented birthmark": so far nothing but where and how.
                let tells = |term: &String| !TERMS.is_large(term) && !MODIFIERS.contains(&&**term);
                let complete = draft.said.is_some() || (draft.site.is_some() && draft.terms.iter().any(tells));
                (sort && complete)
                    || (site && draft.site.is_some())
                    || (side && draft.side != 0 && draft.site.is_some())
            }
        }
    }

    /// Takes a word in; `whole`: a side and a site stand together here.
    fn item(&mut self, item: &Item, whole: bool) {
        let next_mark = whole && self.draft.side != 0 && self.draft.site.is_some();
        if next_mark && !item.coded && !self.negated {
            self.end(self.draft.sort);
        }
        match item.sense {
            Sense::Filler | Sense::Join => {}
            Sense::Not => self.negated = true,
            Sense::But => self.negated = false,
            Sense::Kind(kind, _) if self.negated => {
                self.reading.denied |= 1 << kind as u8;
                // "Ears not pierced": the place is that of what is not there.
                if self.draft.said.is_none() && self.draft.terms.is_empty() {
                    self.draft = Draft::new(self.sort);
                }
            }
            Sense::Measure(measure) => {
                let measure = if self.negated { measure.negated() } else { measure };
                if measure.is_said() {
                    self.draft.measure = measure;
                }
            }
            _ if self.negated => {}
            Sense::Side(side) => self.draft.side |= side,
            Sense::Site(site) => self.draft.place(site),
            Sense::Kind(kind, word) => self.sort(kind, word, item.coded),
            Sense::Thing(thing) => self.thing(thing),
            Sense::Term("") => self.draft.add(&singular(&item.word)),
            Sense::Term(term) => self.draft.add(term),
        }
    }

    fn sort(&mut self, kind: FeatureKind, word: Option<&'static str>, coded: bool) {
        let name = word.unwrap_or(kind.code());
        let again = self.draft.said == Some(name) && (self.draft.site.is_some() || !self.draft.terms.is_empty());
        if again && !coded {
            self.end(self.sort);
        }
        // "Scar from a burn": the first word is the sort, the other tells more of it.
        if self.draft.said.is_none() {
            self.draft.sort = kind as u8;
            self.draft.said = Some(name);
        }
        self.draft.add(word.unwrap_or(""));
    }

    fn thing(&mut self, thing: &'static str) {
        let classes = (self.draft.thing.and_then(|held| TERMS.class(held)), TERMS.class(thing));
        if matches!(classes, (Some(held), Some(other)) if held != other) {
            self.end(self.sort);
        }
        self.draft.thing = self.draft.thing.or(Some(thing));
        self.draft.add(thing);
    }

    /// Ends the mark; the next one is of this sort unless it says otherwise.
    fn end(&mut self, sort: u8) {
        let mut draft = std::mem::replace(&mut self.draft, Draft::new(sort));
        draft.refine();
        let is_there = draft.terms.iter().any(|term| term == INTACT);
        draft.terms.retain(|term| term != INTACT);
        let nothing_special = is_there && draft.terms.iter().any(|term| TERMS.is_organ(term));
        if !draft.says_nothing() && !nothing_special {
            self.reading.drafts.push(draft);
        }
    }

    /// Whole inscriptions go with the mark that has all of their words.
    fn finish(mut self, exact: &[String]) -> Reading {
        self.end(self.sort);
        for whole in exact {
            let last = singular(whole.split(' ').next_back().unwrap_or(whole));
            let of = self.reading.drafts.iter_mut().find(|draft| draft.terms.contains(&last));
            if let Some(draft) = of.filter(|draft| !draft.exact.contains(whole)) {
                draft.exact.push(whole.clone());
            }
        }
        self.reading
    }
}

/// The word without the s of the plural.
fn singular(word: &str) -> String {
    match word.strip_suffix('s') {
        Some(stem) if stem.len() > 3 && !stem.ends_with(['s', 'u', 'i']) => stem.to_owned(),
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::language::language;
    use super::*;

    fn told(domain: Domain, draft: &Draft) -> String {
        let kind = match domain {
            Domain::Body => FeatureKind::ALL[usize::from(draft.sort)].code(),
            Domain::Things => "",
        };
        let side = ["", "left", "right", "both"][usize::from(draft.side)];
        let site = draft.site.map_or("", |site| TERMS.site_name(site));
        let (words, measure) = (draft.terms.join(" "), draft.measure.told());
        [kind, side, site, &words, &measure].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }

    #[track_caller]
    fn check(domain: Domain, kind: FeatureKind, text: &str, expected: &str) {
        let reading = read(domain, kind as u8, text, language(domain, std::iter::once(text)));
        let drafts: Vec<String> = reading.drafts.iter().map(|draft| told(domain, draft)).collect();
        assert_eq!(drafts.join(" / "), expected, "{text}");
    }

    #[test]
    fn marks_are_read() {
        use FeatureKind::{Amputation, Other, Piercing, Scar, Tattoo};
        let check = |kind, text, expected| check(Domain::Body, kind, text, expected);
        check(
            Tattoo,
            "Compass rose with \"TRUE NORTH\" on left forearm",
            "tattoo left forearm compass rose true north",
        );
        check(Tattoo, "LT F0REARM: C0MPASS, LETTERING TRUE N0RTH", "tattoo left forearm compass initial true north");
        check(
            Scar,
            "scar on his right wrist, right knee and left elbow",
            "scar right wrist / scar right knee / scar left elbow",
        );
        check(
            Tattoo,
            "Betty Boop left shoulder blade; Tribal lower back",
            "tattoo left upperback betty boop / tattoo lowerback tribal",
        );
        check(
            Tattoo,
            "TATTOO RT ARM VAMPIRE TATTOO LEFT ARM SKULL",
            "tattoo right arm vampire / tattoo left arm skull",
        );
        check(Tattoo, "LEFT ARM ROSE RIGHT ARM SKULL", "tattoo left arm rose / tattoo right arm skull");
        check(Tattoo, "upper left arm: eagle", "tattoo left upperarm eagle");
        check(
            Scar,
            "DARK BIRTHMARK ON BACK OF L THIGH. BIRTHMARK ON NECK",
            "scar left thigh dark birthmark rear / scar neck birthmark",
        );
        check(Other, "mole on her right cheek", "scar right cheek mole");
        check(Piercing, "Pierced ears and nose", "piercing ear / piercing nose");
        check(Amputation, "Missing right little finger", "amputation right pinky missing");
        check(Scar, "healed wound abdomen", "scar abdomen");
        check(Tattoo, "Physical Identifier: TAT R SHLD : NCIC ASHLEY", "tattoo right shoulder ashley");
        check(Scar, "DISC RTHGH, vertical", "scar right thigh birthmark vertical");
    }

    #[test]
    fn what_is_denied_is_no_mark() {
        let denied = |kind: FeatureKind, text: &str| {
            let reading = read(Domain::Body, kind as u8, text, language(Domain::Body, std::iter::once(text)));
            (reading.drafts.len(), reading.denied)
        };
        let bit = |kind: FeatureKind| 1_u16 << kind as u8;
        use FeatureKind::{Piercing, Scar, Tattoo};
        assert_eq!(denied(Tattoo, "None"), (0, bit(Tattoo)));
        assert_eq!(denied(Tattoo, "None found."), (0, bit(Tattoo)));
        assert_eq!(denied(Scar, "No known scars, marks or tattoos"), (0, bit(Scar) | bit(Tattoo)));
        assert_eq!(denied(Scar, "denies tattoos; scar on chin"), (1, bit(Tattoo)));
        assert_eq!(denied(Scar, "No tattoos but scar on chin"), (1, bit(Tattoo)));
        assert_eq!(denied(Piercing, "Unknown"), (0, 0));
        assert_eq!(denied(Piercing, "N/A"), (0, 0));
        assert_eq!(denied(Piercing, "Ears not pierced"), (0, bit(Piercing)));
    }

    #[test]
    fn things_are_read() {
        let check = |text, expected| check(Domain::Things, FeatureKind::Tattoo, text, expected);
        check(
            "White T-shirt, yellow denim pants, black and white ball cap.",
            "white tshirt / yellow jeans pants / black white hat",
        );
        check("BLUE JEANS TEE SHIRT", "jeans / tshirt");
        check("Orange shirt blue jeans, size 32", "orange shirt / jeans size 32");
        check("Nike shoes, size 9 1/2", "nike shoes size 9.5");
        check("shirt (size XL), size of a child's", "shirt child size XL");
        check("watch with brown leather band", "watch brown leather band");
        check("None", "");
        check("BR0WN C0WB0Y B00TS WITH BIRD DESIGN.", "brown cowboy boots bird");
        check("HE IS NOT WEARING HIS GLASSES.", "");
    }

    #[test]
    fn whole_inscriptions_and_serial_numbers_are_kept() {
        let exact = |text: &str| {
            read(Domain::Things, 0, text, &ENGLISH).drafts.into_iter().flat_map(|draft| draft.exact).collect::<Vec<_>>()
        };
        assert_eq!(exact("Ring engraved \"Forever yours Ed\", watch no. 4107612"), ["forever yours ed", "4107612"]);
        assert_eq!(exact("\"Nike\" shirt"), [""; 0]);
    }

    #[test]
    fn every_code_of_ncics_list_is_one_mark_with_its_kind_side_and_site() {
        let mut faults = Vec::new();
        let mut codes = 0;
        for (code, meaning) in smt::all() {
            codes += 1;
            let reading = read_code(FeatureKind::Other as u8, code, &ENGLISH);
            let [draft] = &reading.drafts[..] else {
                faults.push(format!("{code}: {} marks", reading.drafts.len()));
                continue;
            };
            let text = meaning.text.split('(').next().unwrap_or("").to_lowercase();
            let words: Vec<&str> = text.split(|c: char| !c.is_alphabetic()).collect();
            let side = u8::from(words.contains(&"left")) | u8::from(words.contains(&"right")) << 1;
            let side = if words.contains(&"both") { 3 } else { side };
            let site = words.iter().any(|word| matches!(ENGLISH.sense(Domain::Body, word), Some(Sense::Site(_))));
            if draft.sort != meaning.kind as u8 || draft.side != side || draft.site.is_some() != site {
                faults.push(format!("{code}: {} is not {}", told(Domain::Body, draft), meaning.text));
            }
            if code.contains(' ') && meaning.kind != FeatureKind::Other {
                let inside = read(Domain::Body, FeatureKind::Other as u8, &format!("{code}, as noted"), &ENGLISH);
                if inside.drafts.first().is_none_or(|inside| (inside.sort, inside.side) != (draft.sort, draft.side)) {
                    faults.push(format!("{code}: not read within a text"));
                }
            }
        }
        assert_eq!(codes, 850);
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}
