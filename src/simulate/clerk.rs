//! How one clerk writes: capitals with a zero for the letter O, sides and sites in full or abbreviated, the
//! order of words, synonyms, typing errors.

use super::dice::Dice;

/// A side of the body.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

/// One clerk's habits, the same for the whole of a record.
#[derive(Clone, Copy)]
pub(super) struct Clerk {
    capitals: bool,
    zero_for_o: bool,
    /// Sites as codes, such as `L F/ARM`.
    pub(super) abbreviates: bool,
    /// Several marks or things in one description.
    pub(super) one_line: bool,
    /// Site in a field of its own.
    pub(super) site_apart: bool,
    /// The words a description begins with: which of the orders.
    pub(super) order: u32,
    sides: (&'static str, &'static str),
    /// Typing errors a word.
    slips: f64,
}

impl Clerk {
    pub(super) fn new(dice: &mut Dice) -> Self {
        let capitals = dice.chance(0.22);
        let abbreviates = dice.chance(if capitals { 0.4 } else { 0.08 });
        Self {
            capitals,
            zero_for_o: capitals && dice.chance(0.25),
            abbreviates,
            one_line: dice.chance(0.55),
            site_apart: !abbreviates && dice.chance(0.05),
            order: dice.below(4),
            sides: dice.weighted(&[
                (("left", "right"), if abbreviates { 2 } else { 60 }),
                (("Left", "Right"), 12),
                (("LT", "RT"), if abbreviates { 30 } else { 8 }),
                (("L", "R"), if abbreviates { 50 } else { 4 }),
                (("lft", "rt"), 4),
                (("L.", "R."), 2),
            ]),
            slips: if dice.chance(0.3) { 0.04 } else { 0.004 },
        }
    }

    /// The word for a side.
    pub(super) const fn side(&self, side: Side) -> &'static str {
        match side {
            Side::Left => self.sides.0,
            Side::Right => self.sides.1,
        }
    }

    /// The text as this clerk types it.
    pub(super) fn typed(&self, dice: &mut Dice, text: &str) -> String {
        let slipped: Vec<String> = text.split(' ').map(|word| self.word(dice, word)).collect();
        let text = slipped.join(" ");
        match (self.capitals, self.zero_for_o) {
            (true, true) => text.to_uppercase().replace('O', "0"),
            (true, false) => text.to_uppercase(),
            (false, _) => text,
        }
    }

    fn word(&self, dice: &mut Dice, word: &str) -> String {
        if word.len() > 3 && dice.chance(self.slips) { slip(dice, word) } else { word.to_owned() }
    }
}

/// A typing error: a letter lost, doubled, swapped with its neighbour or hit beside.
pub(super) fn slip(dice: &mut Dice, word: &str) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    if letters.len() < 3 {
        return word.to_owned();
    }
    // The first letter is the one that people get right.
    let at = 1 + dice.below(letters.len() as u32 - 2) as usize;
    match dice.below(4) {
        0 => drop(letters.remove(at)),
        1 => letters.insert(at, letters[at]),
        2 => letters.swap(at, at + 1),
        _ => letters[at] = beside(dice, letters[at]),
    }
    letters.into_iter().collect()
}

/// A key next to this one.
fn beside(dice: &mut Dice, letter: char) -> char {
    const ROWS: [&str; 3] = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];
    let keys = ROWS.iter().find(|row| row.contains(letter)).map_or("e", |row| row);
    let keys: Vec<char> = keys.chars().collect();
    let at = keys.iter().position(|&key| key == letter).unwrap_or(0);
    let to = if at == 0 || (at + 1 < keys.len() && dice.chance(0.5)) { at + 1 } else { at - 1 };
    keys.get(to).copied().unwrap_or('e')
}

/// One of the wordings of a thing, the first more often than the others.
pub(super) fn wording(dice: &mut Dice, wordings: &[&'static str]) -> &'static str {
    if wordings.len() == 1 || dice.chance(0.5) { wordings[0] } else { dice.pick(wordings) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::dice::Purpose;

    #[test]
    fn a_slip_keeps_the_first_letter_and_most_of_the_word() {
        let mut dice = Dice::new(1, Purpose::MissingClerk, 0, 0);
        for _ in 0..500 {
            let slipped = slip(&mut dice, "shoulder");
            assert!(slipped.starts_with('s') && strsim::osa_distance(&slipped, "shoulder") <= 1, "{slipped}");
        }
        assert_eq!(slip(&mut dice, "of"), "of");
        assert!(!slip(&mut dice, "Núñez").is_empty());
    }

    #[test]
    fn some_clerks_write_capitals_with_a_zero() {
        let mut dice = Dice::new(1, Purpose::MissingClerk, 0, 0);
        let texts: Vec<String> =
            (0..300).map(|_| Clerk::new(&mut dice).typed(&mut dice, "yellow rose on arm")).collect();
        for form in ["yellow rose on arm", "YELLOW ROSE ON ARM", "YELL0W R0SE 0N ARM"] {
            assert!(texts.iter().any(|text| text == form), "{form}");
        }
    }
}
