//! What a mark or thing has one of a few values of, which exclude each other: the size of a shoe or garment, whether somebody
//! is circumcised.
//!
//! Such a value tells by how many have it, not by how many clerks write it down; and another value speaks against.

use crate::model::{Bits, MarksModel};

/// A value, or that none is said (0).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Measure(pub(super) u8);

/// Sizes in numbers are counted in halves, up to here.
const HALVES: u8 = 120;
/// The smallest of the sizes in letters.
const LETTERS: u8 = 150;
const CIRCUMCISED: u8 = 200;
const UNCIRCUMCISED: u8 = 201;
/// The first number that is a size in inches, such as that of a waist: two apart are as near as one below.
const INCHES: u8 = 2 * 20;

impl Measure {
    /// Reads the words behind "size", and says how many of them it is.
    pub(super) fn size(words: &[&str]) -> Option<(Self, usize)> {
        let letters = |words: &[&str]| {
            Some(match words {
                ["xs" | "xsmall", ..] => (0, 1),
                ["s" | "sm" | "small", ..] => (1, 1),
                ["m" | "med" | "medium", ..] => (2, 1),
                ["l" | "lg" | "large", ..] => (3, 1),
                ["xl" | "xlarge", ..] => (4, 1),
                ["x" | "extra", "large", ..] => (4, 2),
                ["xxl" | "2xl" | "2x", ..] => (5, 1),
                ["xxxl" | "3xl" | "3x", ..] => (6, 1),
                _ => return None,
            })
        };
        if let Some((rank, words)) = letters(words) {
            return Some((Self(LETTERS + rank), words));
        }
        let (first, rest) = words.split_first()?;
        // The width of a shoe may stand behind it: "10D".
        let number = first.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
        let whole: f64 = number.parse().ok().filter(|number| (1.0..=f64::from(HALVES / 2)).contains(number))?;
        let half = rest.first() == Some(&"1/2");
        let halves = (whole * 2.0).round() as u8 + u8::from(half);
        Some((Self(halves), if half { 2 } else { 1 }))
    }

    /// What a term says, if it is one of such values.
    pub(super) fn of_term(term: &str) -> Option<Self> {
        match term {
            "circumcised" => Some(Self(CIRCUMCISED)),
            "uncircumcised" => Some(Self(UNCIRCUMCISED)),
            _ => None,
        }
    }

    /// What it says where it is negated; nothing of a size.
    pub(super) const fn negated(self) -> Self {
        match self.0 {
            CIRCUMCISED => Self(UNCIRCUMCISED),
            UNCIRCUMCISED => Self(CIRCUMCISED),
            _ => Self(0),
        }
    }

    /// Whether a value is said.
    pub(super) const fn is_said(self) -> bool {
        self.0 > 0
    }

    /// Whether it is one that can be, from a file.
    pub(super) const fn is_sound(self) -> bool {
        self.0 <= HALVES + 1
            || (self.0 >= LETTERS && self.0 < LETTERS + 7)
            || matches!(self.0, CIRCUMCISED | UNCIRCUMCISED)
    }

    /// In words; empty where none is said.
    pub(super) fn told(self) -> String {
        match self.0 {
            0 => String::new(),
            CIRCUMCISED => "circumcised".to_owned(),
            UNCIRCUMCISED => "uncircumcised".to_owned(),
            letters if letters >= LETTERS => {
                let names = ["XS", "S", "M", "L", "XL", "2XL", "3XL"];
                format!("size {}", names[usize::from(letters - LETTERS).min(names.len() - 1)])
            }
            halves => format!("size {}", f64::from(halves) / 2.0),
        }
    }

    /// What two are worth in thousandths of a bit; nothing where one is not said or they are of different scales.
    #[inline(always)]
    pub(super) fn bits(self, other: Self, sizes: &Sizes) -> i32 {
        if self.0 == 0 || other.0 == 0 {
            return 0;
        }
        // How far apart two are near, by scale.
        let scale = |value: u8| match value {
            CIRCUMCISED.. => (1, 0),
            LETTERS.. => (2, 1),
            INCHES.. => (3, 4),
            _ => (4, 2),
        };
        let (of_one, near) = scale(self.0);
        let place = match self.0.abs_diff(other.0) {
            _ if of_one != scale(other.0).0 => return 0,
            0 => 0,
            apart if apart <= near => 1,
            _ => 2,
        };
        sizes.0[place]
    }

    /// The most that it can be worth beside any other, or none.
    pub(super) fn most(self, sizes: &Sizes) -> i32 {
        if self.is_said() { sizes.0.into_iter().fold(0, i32::max) } else { 0 }
    }
}

/// What the same value, one near it and another are worth in thousandths of a bit.
pub(super) struct Sizes([i32; 3]);

impl Sizes {
    pub(super) fn new(model: &MarksModel) -> Self {
        let [one, two] = [model.sizes_of_one, model.sizes_of_two];
        Self(std::array::from_fn(|place| Bits::of_ratio(one[place] / two[place]).0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Model;

    #[test]
    fn sizes_are_read_with_their_halves_widths_and_letters() {
        let check = |words: &[&str], told: &str, read: usize| {
            let found = Measure::size(words).map(|(size, read)| (size.told(), read));
            assert_eq!(found, (!told.is_empty()).then(|| (told.to_owned(), read)), "{words:?}");
            assert!(Measure::size(words).is_none_or(|(size, _)| size.is_sound() && size.is_said()));
        };
        check(&["9"], "size 9", 1);
        check(&["9.5", "boots"], "size 9.5", 1);
        check(&["9", "1/2", "boots"], "size 9.5", 2);
        check(&["10d"], "size 10", 1);
        check(&["x", "large"], "size XL", 2);
        check(&["medium", "shirt"], "size M", 1);
        check(&["60", "1/2"], "size 60.5", 2);
        for none in [&["of"][..], &[], &["0"], &["1998"], &["unknown"], &["x"]] {
            check(none, "", 0);
        }
    }

    #[test]
    fn the_same_speaks_for_the_pair_another_against_it_and_scales_do_not_mix() {
        let sizes = Sizes::new(&Model::default().belongings.marks);
        let size = |word: &str| Measure::size(&[word]).expect("a size").0;
        let bits = |a: &str, b: &str| size(a).bits(size(b), &sizes);
        assert!(bits("9", "9") > 1_500 && bits("9", "9.5").abs() < 1_000 && bits("9", "12") < -1_500);
        assert!(bits("m", "m") > bits("m", "l") && bits("m", "l") > bits("m", "xxl"));
        assert_eq!((bits("9", "34"), bits("9", "l"), size("9").bits(Measure::default(), &sizes)), (0, 0, 0));
        let [yes, no] = ["circumcised", "uncircumcised"].map(|term| Measure::of_term(term).expect("a value"));
        assert!(yes.bits(no, &sizes) < -1_500 && yes.negated() == no && no.negated() == yes);
        assert_eq!(size("9").negated(), Measure::default());
        // Whatever a model says of what is near.
        let sizes = Sizes([-700, 2_600, -2_000]);
        assert!(size("9").most(&sizes) == size("9").bits(size("9.5"), &sizes) && Measure::default().most(&sizes) == 0);
    }
}
