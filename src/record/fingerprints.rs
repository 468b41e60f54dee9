//! NCIC fingerprint classification: ten fingers, two characters each, right thumb to left little finger.

use thiserror::Error;

/// What the two characters of one finger say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Finger {
    /// Plain (`AA`) or tented (`TT`) arch.
    Arch {
        /// Tented.
        tented: bool,
    },
    /// A loop with its ridge count, 1 to 49; written plus 50 where it opens to the thumb.
    Loop {
        /// Opens towards the thumb.
        radial: bool,
        /// Ridges between core and delta.
        ridges: u8,
    },
    /// A whorl: plain, central pocket, double or accidental (`P C D X`), tracing inner, meeting or outer (`I M O`).
    Whorl {
        /// `P`, `C`, `D` or `X`.
        pattern: u8,
        /// `I`, `M` or `O`.
        tracing: u8,
    },
    /// Amputated in life (`XX`).
    Amputated,
    /// Scarred (`SR`), not available (`NA`), not printable (`UP`), not classifiable (`UC`) or no information (`//`).
    Unknown,
}

/// A classification, in capitals.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct FingerprintClass {
    text: Box<str>,
}

/// Why a text is not a classification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidFingerprints {
    /// Not 20 letters, digits and slashes.
    #[error("a fingerprint classification is 20 characters, two for each of ten fingers")]
    Length,
    /// A finger with no NCIC code.
    #[error(
        "finger {0} has no NCIC code: a ridge count (01-49, 51-99), AA, TT, or one of P C D X with I M O, XX, SR, NA, UP, UC, //"
    )]
    Finger(usize),
}

impl FingerprintClass {
    /// Reads a classification, in either case.
    pub fn parse(text: &str) -> Result<Self, InvalidFingerprints> {
        let text = text.to_ascii_uppercase();
        if text.len() != 20 || !text.is_ascii() {
            return Err(InvalidFingerprints::Length);
        }
        for (at, pair) in text.as_bytes().chunks(2).enumerate() {
            finger(pair[0], pair[1]).ok_or(InvalidFingerprints::Finger(at + 1))?;
        }
        Ok(Self { text: text.into() })
    }

    /// The fingers, right thumb to left little finger.
    pub fn fingers(&self) -> impl Iterator<Item = Finger> {
        self.text.as_bytes().chunks(2).map(|pair| finger(pair[0], pair[1]).unwrap_or(Finger::Unknown))
    }
}

impl serde::Serialize for FingerprintClass {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

fn finger(a: u8, b: u8) -> Option<Finger> {
    match (a, b) {
        (b'A', b'A') => Some(Finger::Arch { tented: false }),
        (b'T', b'T') => Some(Finger::Arch { tented: true }),
        (b'X', b'X') => Some(Finger::Amputated),
        (b'S', b'R') | (b'N', b'A') | (b'U', b'P' | b'C') | (b'/', b'/') => Some(Finger::Unknown),
        (b'P' | b'C' | b'D' | b'X', b'I' | b'M' | b'O') => Some(Finger::Whorl { pattern: a, tracing: b }),
        (b'0'..=b'9', b'0'..=b'9') => match (a - b'0') * 10 + (b - b'0') {
            ridges @ 1..=49 => Some(Finger::Loop { radial: false, ridges }),
            ridges @ 51..=99 => Some(Finger::Loop { radial: true, ridges: ridges - 50 }),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_the_list_is_read_in_either_case() {
        let class = FingerprintClass::parse("6912aattdIPOxmXXSR//").expect("a classification");
        let fingers: Vec<Finger> = class.fingers().collect();
        assert_eq!(fingers[0], Finger::Loop { radial: true, ridges: 19 });
        assert_eq!(fingers[1], Finger::Loop { radial: false, ridges: 12 });
        assert_eq!(fingers[4], Finger::Whorl { pattern: b'D', tracing: b'I' });
        assert_eq!(fingers[7..], [Finger::Amputated, Finger::Unknown, Finger::Unknown]);
    }

    #[test]
    fn the_finger_without_a_code_is_named() {
        let wrong = |text| FingerprintClass::parse(text).err();
        assert_eq!(wrong("0102030405060708ZZ10"), Some(InvalidFingerprints::Finger(9)));
        assert_eq!(wrong("0002030405060708PI10"), Some(InvalidFingerprints::Finger(1)));
        assert_eq!(wrong("5002030405060708PI10"), Some(InvalidFingerprints::Finger(1)));
        assert_eq!(wrong("01"), Some(InvalidFingerprints::Length));
        assert_eq!(wrong("éééééééééé"), Some(InvalidFingerprints::Length));
    }
}
