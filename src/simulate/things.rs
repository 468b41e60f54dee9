//! Clothes, shoes, jewellery and what people carry, and how two clerks describe one of them.

use std::sync::LazyLock;

use super::clerk::{Clerk, wording};
use super::dice::Dice;
use super::names;
use super::person::Woman;
use super::sheet::BelongingSheet;
use super::tables::{WORDS, Weighted, lines};
use crate::record::{BelongingKind, Position};

/// What a thing can be, of `things.txt`.
struct Sort {
    kind: BelongingKind,
    sex: &'static str,
    /// c, b, z, i, s: see the file.
    features: &'static str,
    wordings: Vec<&'static str>,
}

static SORTS: LazyLock<Weighted<Sort>> =
    LazyLock::new(|| Weighted::new(lines(include_str!("data/things.txt")).filter_map(sort)));

fn sort(line: &'static str) -> Option<(Sort, u32)> {
    let fields: Vec<&str> = line.split('|').collect();
    let [kind, sex, weight, features, wordings] = fields[..] else { return None };
    let sort = Sort { kind: BelongingKind::parse(kind)?, sex, features, wordings: wordings.split(';').collect() };
    Some((sort, weight.parse().ok()?))
}

/// A thing that a person wears or carries.
pub(super) struct Thing {
    sort: &'static Sort,
    color: Option<&'static str>,
    brand: Option<&'static str>,
    size: Option<&'static str>,
    inscription: Option<String>,
}

/// What someone has on.
pub(super) fn outfit(dice: &mut Dice, woman: Woman) -> Vec<Thing> {
    let wanted = 2 + dice.below(5) as usize;
    let mut things: Vec<Thing> = Vec::new();
    while things.len() < wanted {
        let sort = SORTS.pick(dice);
        let fits = matches!((sort.sex, woman.0), ("b", _) | ("f", true) | ("m", false));
        if fits && !things.iter().any(|thing| std::ptr::eq(thing.sort, sort)) {
            things.push(thing(dice, sort));
        }
    }
    things
}

fn thing(dice: &mut Dice, sort: &'static Sort) -> Thing {
    let has = |letter: char| sort.features.contains(letter);
    let metal = sort.kind == BelongingKind::Jewelry;
    let color = if metal { "metal" } else { "color" };
    Thing {
        sort,
        color: (metal || has('c')).then(|| WORDS.pick(color, dice)),
        brand: (has('b') && dice.chance(0.4)).then(|| WORDS.pick("brand", dice)),
        size: (has('z') && dice.chance(0.3)).then(|| size(dice, sort.kind)),
        inscription: (has('i') && dice.chance(0.4)).then(|| inscription(dice)),
    }
}

fn size(dice: &mut Dice, kind: BelongingKind) -> &'static str {
    match kind {
        BelongingKind::Footwear => dice.pick(&["7", "8", "8 1/2", "9", "9 1/2", "10", "10 1/2", "11", "12"]),
        _ => dice.pick(&["small", "medium", "large", "XL", "XXL", "30", "32", "34", "36"]),
    }
}

fn inscription(dice: &mut Dice) -> String {
    let woman = Woman(dice.chance(0.5));
    let given = names::any_given(dice, woman, 1970).name;
    match dice.below(3) {
        0 => given.to_owned(),
        1 => format!("{given} {}", names::any_surname(dice)),
        _ => format!("{} {}", &given[..1], &names::any_surname(dice)[..1]),
    }
}

impl Thing {
    /// Whether it stays with its owner for years.
    pub(super) fn lasting(&self) -> bool {
        self.sort.features.contains('s')
    }

    fn description(&self, dice: &mut Dice) -> String {
        let mut words = Vec::new();
        words.extend(self.color.filter(|_| !dice.chance(0.12)));
        words.extend(self.brand.filter(|_| !dice.chance(0.3)));
        words.push(wording(dice, &self.sort.wordings));
        let mut text = words.join(" ");
        if let Some(size) = self.size.filter(|_| !dice.chance(0.3)) {
            text = format!("{text}, size {size}");
        }
        if let Some(words) = self.inscription.as_ref().filter(|_| !dice.chance(0.25)) {
            text = format!("{text} engraved \"{words}\"");
        }
        text
    }
}

/// The things as one clerk writes them down: a thing a line, or those of one kind in one.
pub(super) fn described(dice: &mut Dice, clerk: &Clerk, things: &[&Thing], found: bool) -> Vec<BelongingSheet> {
    let mut belongings: Vec<BelongingSheet> = Vec::new();
    for thing in things {
        let text = thing.description(dice);
        let description = clerk.typed(dice, &text);
        let kind = thing.sort.kind;
        match belongings.iter_mut().find(|belonging| clerk.one_line && belonging.kind == kind) {
            Some(belonging) => belonging.description = format!("{}, {description}", belonging.description),
            None => {
                let position = found.then(|| dice.weighted(&[(Position::OnBody, 70), (Position::NearBody, 30)]));
                belongings.push(BelongingSheet { kind, description, position });
            }
        }
    }
    belongings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::dice::Purpose;

    #[test]
    fn every_line_of_the_table_is_read() {
        assert_eq!(SORTS.items().len(), lines(include_str!("data/things.txt")).count());
    }

    #[test]
    fn an_outfit_suits_its_owner() {
        let mut dice = Dice::new(1, Purpose::Things, 0, 0);
        for _ in 0..300 {
            assert!(outfit(&mut dice, Woman(true)).iter().all(|thing| thing.sort.sex != "m"));
            assert!(outfit(&mut dice, Woman(false)).iter().all(|thing| thing.sort.sex != "f"));
        }
    }
}
