//! Ten fingers and their NCIC codes. A person's fingers go together: some have mostly whorls, some arches.

use super::dice::Dice;

/// The pattern of one finger.
#[derive(Clone, Copy)]
enum Finger {
    Arch { tented: bool },
    Loop { radial: bool, ridges: u8 },
    Whorl { pattern: char, tracing: char },
}

/// Ten fingers, right thumb to left little finger.
pub(super) struct Prints([Finger; 10]);

/// Whorls per hundred, from thumb to little finger, where a person tends neither way.
const WHORLS: [f64; 5] = [38.0, 30.0, 18.0, 42.0, 14.0];
/// Arches per hundred.
const ARCHES: [f64; 5] = [3.0, 11.0, 8.0, 2.5, 1.5];

impl Prints {
    pub(super) fn new(dice: &mut Dice) -> Self {
        let tendency = dice.normal();
        let right: [Finger; 5] = std::array::from_fn(|at| finger(dice, at, tendency));
        // The other hand mirrors the finger more often than chance would.
        let left: [Finger; 5] =
            std::array::from_fn(
                |at| if dice.chance(0.3) { mirrored(dice, right[at]) } else { finger(dice, at, tendency) },
            );
        Self(std::array::from_fn(|at| if at < 5 { right[at] } else { left[at - 5] }))
    }

    /// The classification by one clerk: counts off by a ridge or two, tracings and small patterns mistaken,
    /// fingers scarred or not available.
    pub(super) fn classified(&self, dice: &mut Dice, lost: f64) -> String {
        let mut class = String::with_capacity(20);
        for finger in self.0 {
            class.push_str(&match dice.unit() {
                x if x < lost => if dice.chance(0.7) { "NA" } else { "SR" }.to_owned(),
                _ => code(reread(dice, finger)),
            });
        }
        class
    }
}

fn finger(dice: &mut Dice, at: usize, tendency: f64) -> Finger {
    let whorl = (WHORLS[at] * (1.0 + 0.7 * tendency)).clamp(1.0, 90.0);
    let arch = (ARCHES[at] * (1.0 - 0.9 * tendency)).clamp(0.2, 60.0);
    match dice.unit() * 100.0 {
        x if x < whorl => Finger::Whorl {
            pattern: dice.weighted(&[('P', 50), ('C', 17), ('D', 17), ('X', 16)]),
            tracing: dice.weighted(&[('I', 32), ('M', 36), ('O', 32)]),
        },
        x if x < (whorl + arch).min(97.0) => Finger::Arch { tented: dice.chance(0.5) },
        _ => Finger::Loop {
            radial: dice.chance(if at == 1 { 0.25 } else { 0.03 }),
            ridges: (if at == 0 { 17.0 } else { 12.5 } + 4.5 * dice.normal()).clamp(1.0, 32.0) as u8,
        },
    }
}

fn mirrored(dice: &mut Dice, finger: Finger) -> Finger {
    match finger {
        Finger::Loop { radial, ridges } => Finger::Loop { radial, ridges: counted(dice, ridges, 2) },
        other => other,
    }
}

fn counted(dice: &mut Dice, ridges: u8, most: u32) -> u8 {
    let off = dice.below(2 * most + 1) as i32 - most as i32;
    (i32::from(ridges) + off).clamp(1, 49) as u8
}

fn reread(dice: &mut Dice, finger: Finger) -> Finger {
    match finger {
        Finger::Loop { radial, ridges } if dice.chance(0.35) => {
            Finger::Loop { radial, ridges: counted(dice, ridges, 2) }
        }
        Finger::Arch { tented } if dice.chance(0.06) => Finger::Arch { tented: !tented },
        Finger::Whorl { pattern, .. } if dice.chance(0.06) => {
            Finger::Whorl { pattern, tracing: dice.pick(&['I', 'M', 'O']) }
        }
        Finger::Whorl { tracing, .. } if dice.chance(0.05) => {
            Finger::Whorl { pattern: dice.pick(&['P', 'C', 'D']), tracing }
        }
        other => other,
    }
}

fn code(finger: Finger) -> String {
    match finger {
        Finger::Arch { tented: true } => "TT".to_owned(),
        Finger::Arch { tented: false } => "AA".to_owned(),
        Finger::Loop { radial, ridges } => format!("{:02}", ridges + if radial { 50 } else { 0 }),
        Finger::Whorl { pattern, tracing } => format!("{pattern}{tracing}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Finger as Read, FingerprintClass};
    use crate::simulate::dice::Purpose;

    #[test]
    fn patterns_are_as_common_as_in_the_files() {
        let mut dice = Dice::new(1, Purpose::Prints, 0, 0);
        let fingers: Vec<Read> = (0..1_000)
            .flat_map(|_| {
                let class = Prints::new(&mut dice).classified(&mut dice, 0.0);
                FingerprintClass::parse(&class).expect("a class").fingers().collect::<Vec<_>>()
            })
            .collect();
        let share = |test: fn(&Read) -> bool| fingers.iter().filter(|f| test(f)).count() * 100 / fingers.len();
        assert!((57..70).contains(&share(|f| matches!(f, Read::Loop { .. }))));
        assert!((23..36).contains(&share(|f| matches!(f, Read::Whorl { .. }))));
        assert!((3..9).contains(&share(|f| matches!(f, Read::Arch { .. }))));
    }
}
