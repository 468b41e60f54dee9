//! Teeth with a history: when each was filled, crowned and lost, and what two dentists charted of it.
//!
//! A chart is a function of the history and an age, so a later chart can only have gone further. How fast
//! follows from the share of adults with each tooth filled and missing, and from how much a person's teeth
//! have in common.

use std::sync::LazyLock;

use super::dice::{Dice, exp, ln};
use super::sheet::ChartSheet;
use super::tables::lines;

/// Years of risk behind the table's shares: its adults are about 48, their teeth erupted at about 8.
const YEARS_AT_RISK: f64 = 40.0;
/// Crowns per filled tooth and year.
const CROWN_RATE: f64 = 0.006;
/// Share of the table's losses that the people in these records have: they are younger and have no dentures.
const LOSS: f64 = 0.42;
/// Ages at which the teeth of a quadrant erupt, from the third molar to the central incisor.
const ERUPTION: [f64; 8] = [19.0, 12.0, 6.0, 11.0, 10.0, 11.0, 8.0, 7.0];
/// The surfaces that fillings cover, by how common they are: in molars and premolars, and in front.
const BACK: [(&str, u32); 10] = [
    ("O", 34),
    ("MO", 10),
    ("DO", 12),
    ("MOD", 12),
    ("OL", 10),
    ("OF", 9),
    ("MODF", 8),
    ("MODFL", 8),
    ("F", 3),
    ("MODL", 3),
];
const FRONT: [(&str, u32); 8] =
    [("M", 30), ("D", 16), ("L", 10), ("F", 12), ("MF", 8), ("DL", 8), ("MDL", 9), ("MFL", 6)];

/// Filled and lost per year at risk, for each tooth; third molars as their neighbours.
static RATES: LazyLock<[(f64, f64); 32]> = LazyLock::new(|| {
    let mut rates = [(0.0, 0.0); 32];
    for (index, filled, lost) in lines(include_str!("../attribute/data/nhanes_teeth.txt")).filter_map(rate) {
        rates[index] = (filled, lost);
    }
    for (third, second) in [(0, 1), (15, 14), (16, 17), (31, 30)] {
        rates[third] = rates[second];
    }
    rates
});

fn rate(line: &str) -> Option<(usize, f64, f64)> {
    let numbers: Vec<f64> = line.split(' ').filter_map(|word| word.parse().ok()).collect();
    let [number, sound, filled, missing] = numbers[..] else { return None };
    let per_year = |share: f64| -ln(1.0 - share) / YEARS_AT_RISK;
    Some((
        number as usize - 1,
        per_year(filled / (sound + filled)),
        LOSS * per_year(missing / (sound + filled + missing)),
    ))
}

/// What happens to one tooth, by age; never: far beyond any age.
struct Tooth {
    erupts: f64,
    filled: f64,
    surfaces: &'static str,
    crowned: f64,
    root_canal: bool,
    lost: f64,
}

/// A person's 32 permanent teeth in universal order.
pub(super) struct Teeth(Vec<Tooth>);

impl Teeth {
    pub(super) fn new(dice: &mut Dice) -> Self {
        // Half the young have no filling, and a few have most teeth filled: a person's teeth go together.
        let frailty = exp(1.0 * dice.normal() - 0.5);
        let extracts_thirds = dice.chance(0.45).then(|| dice.between(16.0, 25.0));
        Self((0..32).map(|index| Tooth::new(dice, index, frailty, extracts_thirds)).collect())
    }

    /// The codes at an age.
    fn at(&self, age: f64) -> Vec<String> {
        self.0.iter().map(|tooth| tooth.at(age)).collect()
    }

    /// What the dentist's file said at that age: a few teeth left out, a default where nobody looked.
    pub(super) fn ante_mortem(&self, dice: &mut Dice, age: f64, date: Option<String>) -> ChartSheet {
        let mut teeth = self.at(age);
        if dice.chance(0.03) {
            teeth = vec!["V".to_owned(); 32];
        }
        leave_out(dice, &mut teeth, 0.04);
        err(dice, &mut teeth, 0.012);
        ChartSheet { notation: "universal", date, teeth }
    }

    /// What was charted of the remains: teeth lost after death, surfaces read otherwise, neighbours mistaken.
    pub(super) fn post_mortem(&self, dice: &mut Dice, age: f64, loss: f64) -> ChartSheet {
        let mut teeth = self.at(age);
        leave_out(dice, &mut teeth, loss);
        err(dice, &mut teeth, 0.025);
        if dice.chance(0.08) {
            let quadrant = dice.below(4) as usize * 8;
            let from = quadrant + dice.below(6) as usize;
            teeth[from..quadrant + 8].rotate_left(1);
        }
        ChartSheet { notation: "universal", date: None, teeth }
    }
}

impl Tooth {
    fn new(dice: &mut Dice, index: usize, frailty: f64, extracts_thirds: Option<f64>) -> Self {
        let place = if index % 16 < 8 { index % 8 } else { 7 - index % 8 };
        let third = place == 0;
        let (fill_rate, loss_rate) = RATES[index];
        let erupts = ERUPTION[place] + if third && dice.chance(0.12) { 200.0 } else { dice.normal() * 0.7 };
        let filled = erupts + 2.0 + dice.wait(fill_rate * frailty * if third { 0.3 } else { 1.0 });
        // Losses come late: the risk is small before thirty.
        let lost =
            (erupts.max(12.0) + 8.0 + dice.wait(loss_rate * frailty)).max(if dice.chance(0.9) { 22.0 } else { 12.0 });
        Self {
            erupts,
            filled,
            surfaces: dice.weighted(if place < 5 { &BACK[..] } else { &FRONT[..] }),
            crowned: filled + dice.wait(CROWN_RATE),
            root_canal: dice.chance(0.05),
            lost: extracts_thirds.filter(|_| third).unwrap_or(lost),
        }
    }

    fn at(&self, age: f64) -> String {
        if age >= self.lost {
            return "X".to_owned();
        }
        if age < self.erupts {
            return "U".to_owned();
        }
        let crown = if age >= self.crowned { "C" } else { "" };
        let canal = if self.root_canal { "R" } else { "" };
        if age >= self.filled { format!("{}{crown}{canal}", self.surfaces) } else { "V".to_owned() }
    }
}

fn leave_out(dice: &mut Dice, teeth: &mut [String], share: f64) {
    for tooth in teeth {
        if dice.chance(share) {
            *tooth = if dice.chance(0.02) { "/R" } else { "/" }.to_owned();
        }
    }
}

/// A charting error now and then: a surface more or less, a filling missed or imagined.
fn err(dice: &mut Dice, teeth: &mut [String], share: f64) {
    for tooth in teeth.iter_mut().filter(|tooth| !matches!(tooth.as_str(), "X" | "U" | "/" | "/R")) {
        if !dice.chance(share) {
            continue;
        }
        match (tooth.as_str(), dice.below(3)) {
            ("V", 0) => "O".clone_into(tooth),
            ("V", _) => {}
            (surfaces, 0 | 1) if surfaces.len() > 1 => drop(tooth.pop()),
            (surfaces, 1) if !surfaces.contains('D') => *tooth = format!("{surfaces}D"),
            (_, 2) if dice.chance(0.4) => "V".clone_into(tooth),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Tooth as Charted, ToothState};
    use crate::simulate::dice::Purpose;

    fn mouth(number: u64) -> Teeth {
        Teeth::new(&mut Dice::new(1, Purpose::Teeth, 0, number))
    }

    #[test]
    fn a_tooth_only_goes_further() {
        let state = |code: &String| Charted::parse(code).expect("a code").state();
        for number in 0..200 {
            let teeth = mouth(number);
            for (young, old) in teeth.at(25.0).iter().zip(teeth.at(45.0)) {
                assert!(state(young) <= state(&old), "{young} {old}");
            }
        }
    }

    #[test]
    fn adults_have_about_as_many_sound_and_lost_teeth_as_in_the_files() {
        let codes: Vec<String> = (0..500).flat_map(|number| mouth(number).at(38.0)).collect();
        let share = |code: &str| codes.iter().filter(|c| *c == code).count() * 100 / codes.len();
        assert!((60..80).contains(&share("V")), "{}", share("V"));
        assert!((7..17).contains(&share("X")), "{}", share("X"));
        assert!(codes.iter().any(|code| Charted::parse(code).expect("a code").state() == Some(ToothState::Crown)));
    }

    #[test]
    fn children_have_teeth_to_come() {
        let codes = mouth(1).at(7.0);
        assert!(codes.iter().filter(|code| *code == "U").count() > 16);
    }
}
