//! One finger as a small number: what a table of the query is looked up with.

use crate::record::Finger;

/// Kinds of pattern: two arches, two loops, twelve whorls, and no finger.
pub(super) const KINDS: usize = 17;
pub(super) const PLAIN_ARCH: usize = 0;
pub(super) const TENTED_ARCH: usize = 1;
pub(super) const ULNAR: usize = 2;
pub(super) const RADIAL: usize = 3;
const WHORLS: usize = 4;
pub(super) const AMPUTATED: usize = 16;
/// Ridge counts of loops, 1 to 49; 0 for none.
pub(super) const RIDGES: usize = 50;
/// Codes: none, every kind without ridges, and every loop.
pub(super) const CODES: usize = LOOPS + 2 * (RIDGES - 1);
/// The code of a finger without information.
pub(super) const UNKNOWN: u8 = 0;
const LOOPS: usize = KINDS + 1;

const PATTERNS: [u8; 4] = *b"PCDX";
const TRACINGS: [u8; 3] = *b"IMO";

/// The code of a finger.
pub(super) fn code(finger: Finger) -> u8 {
    let place = |letters: &[u8], letter| letters.iter().position(|&one| one == letter).unwrap_or(0);
    let code = match finger {
        Finger::Unknown => return UNKNOWN,
        Finger::Arch { tented } => PLAIN_ARCH + usize::from(tented) + 1,
        Finger::Whorl { pattern, tracing } => WHORLS + place(&PATTERNS, pattern) * 3 + place(&TRACINGS, tracing) + 1,
        Finger::Amputated => AMPUTATED + 1,
        Finger::Loop { radial, ridges } => {
            LOOPS + usize::from(radial) * (RIDGES - 1) + usize::from(ridges).clamp(1, RIDGES - 1) - 1
        }
    };
    code as u8
}

/// A finger whose code is known.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Print {
    /// One of [`KINDS`].
    pub(super) kind: usize,
    /// 0 where it is no loop.
    pub(super) ridges: usize,
}

impl Print {
    /// What a code stands for; none: [`UNKNOWN`].
    pub(super) fn of(code: u8) -> Option<Self> {
        match usize::from(code) {
            0 => None,
            // Loops have codes of their own, by their ridges.
            code @ 1..LOOPS => Some(Self { kind: code - 1, ridges: 0 }).filter(|print| !print.is_loop()),
            code => {
                let (radial, ridges) = ((code - LOOPS) / (RIDGES - 1), (code - LOOPS) % (RIDGES - 1) + 1);
                Some(Self { kind: ULNAR + radial, ridges })
            }
        }
    }

    pub(super) const fn is_loop(self) -> bool {
        matches!(self.kind, ULNAR | RADIAL)
    }

    pub(super) const fn is_arch(self) -> bool {
        matches!(self.kind, PLAIN_ARCH | TENTED_ARCH)
    }

    /// The pattern (plain, central pocket, double, accidental) and tracing (inner, meeting, outer) of a whorl.
    pub(super) const fn whorl(self) -> Option<(usize, usize)> {
        if self.kind < WHORLS || self.kind >= AMPUTATED {
            return None;
        }
        Some(((self.kind - WHORLS) / 3, (self.kind - WHORLS) % 3))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::FingerprintClass;

    #[test]
    fn every_code_stands_for_one_finger() {
        let text = |kind: usize| match kind {
            PLAIN_ARCH => "AA".to_owned(),
            TENTED_ARCH => "TT".to_owned(),
            AMPUTATED => "XX".to_owned(),
            whorl => format!("{}{}", char::from(PATTERNS[(whorl - 4) / 3]), char::from(TRACINGS[(whorl - 4) % 3])),
        };
        for number in 1..CODES as u8 {
            let Some(print) = Print::of(number) else { continue };
            let written = match print.kind {
                ULNAR => format!("{:02}", print.ridges),
                RADIAL => format!("{}", print.ridges + 50),
                kind => text(kind),
            };
            let class = FingerprintClass::parse(&written.repeat(10)).expect("a classification");
            assert!(class.fingers().all(|finger| code(finger) == number), "{written}");
        }
        assert_eq!(Print::of(UNKNOWN).map(|print| print.kind), None);
    }
}
