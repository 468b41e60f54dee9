//! How two clerks read one finger, and how common patterns are.
//!
//! A slip puts any finger of the population in the place of the one that was read. What a clerk cannot have read by
//! mistake (a whorl for an arch) is a slip: so often are there slips, by how often another finger would be told from this
//! one. What slips add to every other cell is known then, and taken from it. Whole classifications of other people are
//! taken for slips.

use rustc_hash::FxHashMap;
use toml::{Table, Value};

use super::appearance::from_counts;
use super::{Estimate, LEAST, Pair, Sample, middle_and_spread, rounded};
use crate::record::Finger;

/// Fingers that the figure in use counts as.
const PRIOR_FINGERS: f64 = 100.0;
const FINGERS: usize = 10;
const PATTERNS: [u8; 4] = *b"PCDX";
const TRACINGS: [u8; 3] = *b"IMO";

/// Every parameter that tells how a finger is read a second time.
pub(super) fn readings(sample: &Sample<'_>) -> Vec<Estimate> {
    let readings = Readings::of(sample);
    let (slip, estimates) = (readings.slip(sample), readings.estimates(sample));
    slip.into_iter().chain(estimates).filter(|estimate| estimate.pairs >= LEAST).collect()
}

/// The shares of patterns, whorls and tracings, and the ridges of loops, among the missing of the pairs.
pub(super) fn population(sample: &Sample<'_>) -> Vec<Estimate> {
    let people = sample.pairs.iter().filter_map(|pair| pair.missing.fingerprint_class.as_ref());
    let fingers: Vec<(usize, Finger)> = people.flat_map(|class| class.fingers().enumerate()).collect();
    let matrix = |place: &dyn Fn(usize, Finger) -> Option<(usize, usize)>, rows: usize, columns: usize| {
        let mut counts = vec![vec![0.0; columns]; rows];
        for (row, column) in fingers.iter().filter_map(|&(at, finger)| place(at, finger)) {
            counts[row][column] += 1.0;
        }
        counts
    };
    let patterns = matrix(&|at, finger| Some((at % 5, pattern(finger)?)), 5, 5);
    let whorls = matrix(&|_, finger| Some((0, whorl(finger)?.0)), 1, PATTERNS.len());
    let tracings = matrix(&|_, finger| Some((0, whorl(finger)?.1)), 1, TRACINGS.len());
    let estimates = [
        from_counts(sample, "fingerprints.patterns", &patterns, PRIOR_FINGERS),
        sample.shares_of("fingerprints.whorls", &whorls[0], PRIOR_FINGERS),
        sample.shares_of("fingerprints.tracings", &tracings[0], PRIOR_FINGERS),
        ridges(sample, &fingers),
    ];
    estimates.into_iter().flatten().filter(|estimate| estimate.pairs >= LEAST).collect()
}

/// Mean and spread of the ridge counts, of thumbs and of other fingers. Counts vary as they do, so the mean is a mean.
fn ridges(sample: &Sample<'_>, fingers: &[(usize, Finger)]) -> Option<Estimate> {
    let (mut rows, mut largest, mut all) = (Vec::new(), 0.0_f64, 0);
    for others in [false, true] {
        let counts = fingers.iter().filter(|(at, _)| (at % 5 != 0) == others).filter_map(|(_, finger)| match finger {
            Finger::Loop { ridges, .. } => Some(f64::from(*ridges)),
            _ => None,
        });
        let counts: Vec<f64> = counts.collect();
        if counts.len() < LEAST {
            return None;
        }
        let mean = counts.iter().sum::<f64>() / counts.len() as f64;
        let (_, spread) = middle_and_spread(&counts);
        let figures = [("mean", mean), ("sd", spread.max(0.5))];
        rows.push(Value::Table(Table::from_iter(
            figures.map(|(key, new)| (key.to_owned(), Value::Float(rounded(new)))),
        )));
        largest = largest.max(spread / (counts.len() as f64).sqrt());
        all += counts.len();
    }
    sample.estimate("fingerprints.ridges", Value::Array(rows), largest, all)
}

/// Arches plain and tented, loops ulnar and radial, whorls.
const fn pattern(finger: Finger) -> Option<usize> {
    match finger {
        Finger::Arch { tented } => Some(tented as usize),
        Finger::Loop { radial, .. } => Some(2 + radial as usize),
        Finger::Whorl { .. } => Some(4),
        Finger::Amputated | Finger::Unknown => None,
    }
}

/// The pattern and the tracing of a whorl.
fn whorl(finger: Finger) -> Option<(usize, usize)> {
    let Finger::Whorl { pattern, tracing } = finger else { return None };
    let place = |letters: &[u8], letter: u8| letters.iter().position(|one| *one == letter);
    Some((place(&PATTERNS, pattern)?, place(&TRACINGS, tracing)?))
}

const fn is_loop(finger: Finger) -> bool {
    matches!(finger, Finger::Loop { .. })
}

const fn is_arch(finger: Finger) -> bool {
    matches!(finger, Finger::Arch { .. })
}

const PLAIN: Finger = Finger::Arch { tented: false };
const TENTED: Finger = Finger::Arch { tented: true };

/// Whether no clerk reads the one for the other by mistake.
fn told_apart(before: Finger, after: Finger) -> bool {
    let apart = |one: Finger, other: Finger| {
        is_arch(one) && whorl(other).is_some() || one == PLAIN && is_loop(other) || one == Finger::Amputated
    };
    after != Finger::Amputated && before != after && (apart(before, after) || apart(after, before))
}

/// Fingers that both records classify.
struct Readings {
    /// The finger, as it was read before and after.
    fingers: Vec<(usize, Finger, Finger)>,
    /// How often each finger was read as what afterwards.
    after: [FxHashMap<Finger, f64>; FINGERS],
    /// The share of slips.
    slip: f64,
}

impl Readings {
    fn of(sample: &Sample<'_>) -> Self {
        let mut readings = Self { fingers: Vec::new(), after: Default::default(), slip: 0.0 };
        for Pair { missing, body } in sample.pairs {
            let (Some(before), Some(after)) = (&missing.fingerprint_class, &body.fingerprint_class) else { continue };
            for (at, (before, after)) in before.fingers().zip(after.fingers()).enumerate().take(FINGERS) {
                if before != Finger::Unknown && after != Finger::Unknown {
                    readings.fingers.push((at, before, after));
                    *readings.after[at].entry(after).or_default() += 1.0;
                }
            }
        }
        let (slips, chances) = readings.counted(told_apart);
        readings.slip = if chances > 0.0 { (slips / chances).min(0.5) } else { 0.0 };
        readings
    }

    /// How many fingers were read so, and how many would be if all of them were slips.
    fn counted(&self, so: impl Fn(Finger, Finger) -> bool) -> (f64, f64) {
        let (mut own, mut slips) = (0.0, 0.0);
        for &(at, before, after) in &self.fingers {
            own += f64::from(u8::from(so(before, after)));
            let others = &self.after[at];
            let fits: f64 = others.iter().filter(|(other, _)| so(before, **other)).map(|(_, count)| count).sum();
            slips += fits / others.values().sum::<f64>();
        }
        (own, slips)
    }

    /// How many fingers were read so, slips left out.
    fn read(&self, so: impl Fn(Finger, Finger) -> bool) -> f64 {
        let (own, slips) = self.counted(so);
        (own - self.slip * slips).max(0.0)
    }

    /// `fingerprints.slip`. It rests on the slips that are seen as such.
    fn slip(&self, sample: &Sample<'_>) -> Option<Estimate> {
        let (slips, chances) = self.counted(told_apart);
        sample.share_of("fingerprints.slip", (slips, chances), PRIOR_FINGERS)
    }

    fn estimates(&self, sample: &Sample<'_>) -> Vec<Estimate> {
        let loops = |before, after| is_loop(before) && is_loop(after);
        let tented = |before, after| before == TENTED && (is_arch(after) || is_loop(after));
        let of_one = |finger| matches!(finger, Finger::Loop { ridges: 1, .. });
        let print = |finger| finger != Finger::Amputated;
        let whorl_or_loop = |finger| is_loop(finger) || whorl(finger).is_some();
        let swapped = self.read(|before, after| is_arch(before) && is_arch(after) && before != after);
        let arches = self.read(|before, after| before == PLAIN && is_arch(after) || tented(before, after));
        let small = self.read(|before, after| before == TENTED && is_loop(after));
        let larger = self.read(|before, after| before == TENTED && is_loop(after) && !of_one(after));
        let shares_of = [
            ("tented_for_plain", swapped, arches),
            ("tented_for_small", small, self.read(tented)),
            ("each_ridge_more", larger, small),
            ("turned", self.read(|a, b| loops(a, b) && pattern(a) != pattern(b)), self.read(loops)),
            (
                "loop_for_whorl",
                self.read(|a, b| is_loop(a) && whorl(b).is_some() || whorl(a).is_some() && is_loop(b)),
                self.read(|a, b| whorl_or_loop(a) && whorl_or_loop(b)),
            ),
            (
                "lost_since",
                self.read(|a, b| print(a) && !print(b)),
                self.fingers.iter().filter(|(_, before, _)| print(*before)).count() as f64,
            ),
        ];
        let of = |(name, hit, all): (&str, f64, f64)| {
            sample.share_of(&format!("fingerprints.{name}"), (hit, all), PRIOR_FINGERS)
        };
        let shares_of = shares_of.into_iter().filter_map(of);
        shares_of.chain(self.ridges_off(sample)).chain(self.whorls(sample)).collect()
    }

    /// How many ridges two counts of one loop lie apart.
    fn ridges_off(&self, sample: &Sample<'_>) -> Option<Estimate> {
        let off = |apart: usize| {
            move |before, after| match (before, after) {
                (Finger::Loop { ridges: one, .. }, Finger::Loop { ridges: other, .. }) => {
                    usize::from(one.abs_diff(other)).min(6) == apart
                }
                _ => false,
            }
        };
        let counts: Vec<f64> = (0..7).map(|apart| self.read(off(apart))).collect();
        sample.shares_of("fingerprints.ridges_off", &counts, PRIOR_FINGERS)
    }

    /// The patterns and the tracings of whorls.
    fn whorls(&self, sample: &Sample<'_>) -> Vec<Estimate> {
        let matrix = |key: &str, size: usize, of: fn((usize, usize)) -> usize| {
            let cell = |row: usize, column: usize| {
                self.read(|a, b| whorl(a).zip(whorl(b)).is_some_and(|(a, b)| (of(a), of(b)) == (row, column)))
            };
            let rows = (0..size).map(|row| (0..size).map(|column| cell(row, column)).collect());
            from_counts(sample, key, &rows.collect::<Vec<Vec<f64>>>(), PRIOR_FINGERS)
        };
        let patterns = matrix("fingerprints.whorl_for_whorl", PATTERNS.len(), |(pattern, _)| pattern);
        let tracings = matrix("fingerprints.tracing_for_tracing", TRACINGS.len(), |(_, tracing)| tracing);
        patterns.into_iter().chain(tracings).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Draw, found, pair};
    use super::*;

    const SLIP: f64 = 0.04;
    const TENTED_FOR_PLAIN: f64 = 0.15;
    const TENTED_FOR_SMALL: f64 = 0.2;
    const EACH_RIDGE_MORE: f64 = 0.5;
    const TURNED: f64 = 0.05;
    const LOOP_FOR_WHORL: f64 = 0.03;
    const RIDGES_OFF: [f64; 7] = [0.5, 0.2, 0.15, 0.08, 0.04, 0.02, 0.01];
    const WHORL: [f64; 4] = [0.8, 0.1, 0.06, 0.04];
    const TRACING: [f64; 3] = [0.8, 0.15, 0.05];
    const PATTERN: [f64; 5] = [0.15, 0.15, 0.3, 0.1, 0.3];

    fn drawn(draw: &mut Draw) -> Finger {
        match draw.place(&PATTERN) {
            kind @ (0 | 1) => Finger::Arch { tented: kind == 1 },
            4 => Finger::Whorl { pattern: PATTERNS[draw.below(4)], tracing: TRACINGS[draw.below(3)] },
            kind => Finger::Loop { radial: kind == 3, ridges: 1 + (draw.below(9) + draw.below(9)) as u8 },
        }
    }

    /// One letter of four or three for another, by its distance in the circle.
    fn turned(draw: &mut Draw, letters: &[u8], letter: u8, shares: &[f64]) -> u8 {
        let at = letters.iter().position(|one| *one == letter).expect("a letter");
        letters[(at + draw.place(shares)) % letters.len()]
    }

    fn read_again(draw: &mut Draw, finger: Finger) -> Finger {
        if draw.chance(SLIP) {
            return drawn(draw);
        }
        match finger {
            PLAIN if draw.chance(TENTED_FOR_PLAIN) => TENTED,
            TENTED => match draw.place(&[TENTED_FOR_PLAIN, TENTED_FOR_SMALL, 1.0]) {
                0 => PLAIN,
                1 => {
                    let mut ridges = 1;
                    while draw.chance(EACH_RIDGE_MORE) {
                        ridges += 1;
                    }
                    Finger::Loop { radial: draw.chance(0.5), ridges }
                }
                _ => TENTED,
            },
            Finger::Loop { radial, ridges } => {
                let tented = TENTED_FOR_SMALL * EACH_RIDGE_MORE.powi(i32::from(ridges) - 1);
                match draw.place(&[tented, LOOP_FOR_WHORL, 1.0]) {
                    0 => TENTED,
                    1 => Finger::Whorl { pattern: PATTERNS[draw.below(4)], tracing: TRACINGS[draw.below(3)] },
                    _ => {
                        let ridges = ridges + 10 + draw.place(&RIDGES_OFF) as u8 - 10;
                        Finger::Loop { radial: radial != draw.chance(TURNED), ridges }
                    }
                }
            }
            Finger::Whorl { pattern, tracing } => match draw.chance(LOOP_FOR_WHORL) {
                true => Finger::Loop { radial: draw.chance(0.5), ridges: 1 + draw.below(30) as u8 },
                false => {
                    let pattern = turned(draw, &PATTERNS, pattern, &WHORL);
                    Finger::Whorl { pattern, tracing: turned(draw, &TRACINGS, tracing, &TRACING) }
                }
            },
            other => other,
        }
    }

    fn written(fingers: &[Finger]) -> String {
        let code = |finger: &Finger| match *finger {
            Finger::Arch { tented } => if tented { "TT" } else { "AA" }.to_owned(),
            Finger::Loop { radial, ridges } => format!("{:02}", ridges + if radial { 50 } else { 0 }),
            Finger::Whorl { pattern, tracing } => format!("{}{}", char::from(pattern), char::from(tracing)),
            Finger::Amputated => "XX".to_owned(),
            Finger::Unknown => "//".to_owned(),
        };
        format!("\"fingerprint_class\":\"{}\"", fingers.iter().map(code).collect::<String>())
    }

    fn people(count: usize) -> Vec<Pair> {
        let mut draw = Draw(7);
        let person = |_| {
            let before: Vec<Finger> = (0..FINGERS).map(|_| drawn(&mut draw)).collect();
            let after: Vec<Finger> = before.iter().map(|finger| read_again(&mut draw, *finger)).collect();
            pair(&written(&before), &written(&after))
        };
        (0..count).map(person).collect()
    }

    #[test]
    fn the_figures_that_fingers_were_read_with_are_found() {
        let found = found(readings, &people(3_000));
        let near = |name: &str, at: &[usize], expected: f64, within: f64| {
            let value = found.get(&format!("fingerprints.{name}")).unwrap_or_else(|| panic!("no {name}: {found:?}"));
            let value = at.iter().try_fold(value, |value, at| value.get(*at)).and_then(Value::as_float);
            let value = value.expect("a figure");
            assert!((value - expected).abs() <= within, "{name}{at:?} is {value}, not {expected}");
        };
        near("slip", &[], SLIP, 0.006);
        near("tented_for_plain", &[], TENTED_FOR_PLAIN, 0.015);
        near("tented_for_small", &[], TENTED_FOR_SMALL, 0.02);
        near("each_ridge_more", &[], EACH_RIDGE_MORE, 0.05);
        near("turned", &[], TURNED, 0.008);
        near("loop_for_whorl", &[], LOOP_FOR_WHORL, 0.006);
        RIDGES_OFF.iter().enumerate().for_each(|(apart, share)| near("ridges_off", &[apart], *share, 0.015));
        WHORL.iter().enumerate().for_each(|(step, share)| near("whorl_for_whorl", &[1, (1 + step) % 4], *share, 0.02));
        TRACING.iter().enumerate().for_each(|(step, share)| {
            near("tracing_for_tracing", &[2, (2 + step) % 3], *share, 0.02);
        });
    }

    #[test]
    fn patterns_are_as_common_as_they_were_drawn() {
        let found = found(population, &people(1_000));
        let patterns = found.get("fingerprints.patterns").expect("patterns");
        for (kind, share) in PATTERN.iter().enumerate() {
            let thumbs = patterns.get(0).and_then(|row| row.get(kind)).and_then(Value::as_float).expect("a share");
            assert!((thumbs - share).abs() < 0.04, "{kind}: {thumbs}, not {share}");
        }
        let ridges = found.get("fingerprints.ridges").and_then(|rows| rows.get(1)).and_then(|row| row.get("mean"));
        assert!(ridges.and_then(Value::as_float).is_some_and(|mean| (mean - 9.0).abs() < 0.3), "{ridges:?}");
    }

    #[test]
    fn few_fingers_say_nothing() {
        assert!(found(readings, &people(1)).is_empty());
        assert!(found(population, &[]).is_empty());
    }
}
