//! Blood groups: ABO and the Rh factor, each as rare as it is.
//!
//! `LR = (1 - e) [same] / f + e` for the group and, where both records give it, for the factor: with the chance e one of
//! the records is wrong, and says nothing. f are the missing persons' shares, smoothed with those of US donors (American
//! Red Cross). `O` is O of either factor. Groups and factors are inherited apart, so that the two multiply.

use serde::{Deserialize, Serialize};

use super::{About, Attribute, Evidence, Part, Scale};
use crate::model::{Bits, Model};
use crate::record::{BloodType, Kind, Record};

/// The attribute.
pub struct BloodTypes;

/// A blood type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Value {
    /// O, A, B, AB.
    abo: u8,
    /// Positive, negative.
    rh: Option<u8>,
}

/// How many missing persons have each.
#[derive(Clone, Default)]
pub struct Statistics {
    abo: [i64; 4],
    rh: [i64; 2],
}

/// A query made ready.
pub struct Prepared<'a> {
    model: &'a Model,
    query: Value,
    abo: [f64; 4],
    rh: [f64; 2],
}

impl Attribute for BloodTypes {
    const ABOUT: About = About {
        name: "blood_type",
        needs: "a blood group on both",
        levels: &[
            ("same", "the same group, and the same Rh factor where both give it"),
            ("different_factor", "the same group, but different Rh factors"),
            ("different", "different groups"),
        ],
        floor: Bits(-14_000),
        cap: Bits(10_000),
        professional: false,
        source: "American Red Cross (shares of US donors)",
        reading: 1,
    };
    type Value = Value;
    type Statistics = Statistics;
    type Prepared<'a> = Prepared<'a>;
    type Known = ();

    fn read(record: &Record) -> Option<Value> {
        record.blood_type.map(Value::from)
    }

    fn is_sound(value: &Value) -> bool {
        value.abo < 4 && value.rh.is_none_or(|rh| rh < 2)
    }

    fn count(statistics: &mut Statistics, kind: Kind, value: &Value, by: i64) {
        if kind == Kind::Missing {
            statistics.abo[usize::from(value.abo)] += by;
            if let Some(rh) = value.rh {
                statistics.rh[usize::from(rh)] += by;
            }
        }
    }

    fn prepare<'a>(scale: Scale<'a, Statistics>, query: &'a Value) -> Prepared<'a> {
        let Scale { model, statistics, .. } = scale;
        let abo = shares(model, statistics.abo, model.blood_type.abo_shares);
        let rh = shares(model, statistics.rh, model.blood_type.rh_shares);
        Prepared { model, query: *query, abo, rh }
    }

    fn weigh(prepared: &Prepared<'_>, candidate: &Value) -> Bits {
        let (abo, rh) = prepared.bits(*candidate);
        abo + rh.unwrap_or(Bits::ZERO)
    }

    fn explain(prepared: &Prepared<'_>, candidate: &Value) -> Option<Evidence> {
        let (abo, rh) = prepared.bits(*candidate);
        let (ours, theirs) = (prepared.query, *candidate);
        let level = match (ours.abo == theirs.abo, ours.rh.zip(theirs.rh).is_none_or(|(a, b)| a == b)) {
            (true, true) => "same",
            (true, false) => "different_factor",
            (false, _) => "different",
        };
        // In one order whoever asks: the group and the factor say nothing of which record is which.
        let mut words = [ours.word(), theirs.word()];
        words.sort_unstable();
        let summary = if words[0] == words[1] { format!("both {}", words[0]) } else { words.join(" and ") };
        let part =
            |name, bits, same: bool| Part { name, bits, summary: if same { "same" } else { "different" }.to_owned() };
        let group = part("abo", abo, ours.abo == theirs.abo);
        let parts = rh.map_or(Vec::new(), |rh| vec![group, part("rh", rh, ours.rh == theirs.rh)]);
        let bits = abo + rh.unwrap_or(Bits::ZERO);
        Some(Evidence { parts, ..Evidence::plain(&Self::ABOUT, bits, level, summary) })
    }
}

impl Value {
    fn word(self) -> String {
        let group = ["O", "A", "B", "AB"][usize::from(self.abo)];
        let factor = self.rh.map_or("", |rh| ["+", "-"][usize::from(rh)]);
        format!("{group}{factor}")
    }
}

impl From<BloodType> for Value {
    fn from(blood: BloodType) -> Self {
        let (abo, rh) = match blood {
            BloodType::O => (0, None),
            BloodType::OPositive => (0, Some(0)),
            BloodType::ONegative => (0, Some(1)),
            BloodType::A => (1, None),
            BloodType::APositive => (1, Some(0)),
            BloodType::ANegative => (1, Some(1)),
            BloodType::B => (2, None),
            BloodType::BPositive => (2, Some(0)),
            BloodType::BNegative => (2, Some(1)),
            BloodType::Ab => (3, None),
            BloodType::AbPositive => (3, Some(0)),
            BloodType::AbNegative => (3, Some(1)),
        };
        Self { abo, rh }
    }
}

/// Shares of the missing persons, smoothed with the expected ones.
fn shares<const N: usize>(model: &Model, counts: [i64; N], expected: [f64; N]) -> [f64; N] {
    let total = counts.iter().sum::<i64>() as f64 + model.smoothing;
    std::array::from_fn(|at| (counts[at] as f64 + model.smoothing * expected[at]) / total)
}

impl Prepared<'_> {
    /// What the group says, and what the factor says where both have it.
    fn bits(&self, candidate: Value) -> (Bits, Option<Bits>) {
        let error = self.model.blood_type.error;
        let ratio = |share: f64, same: bool| Bits::of_ratio(if same { (1.0 - error) / share + error } else { error });
        let abo = ratio(self.abo[usize::from(self.query.abo)], self.query.abo == candidate.abo);
        let rh = self.query.rh.zip(candidate.rh);
        (abo, rh.map(|(ours, theirs)| ratio(self.rh[usize::from(ours)], ours == theirs)))
    }
}
