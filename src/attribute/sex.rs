//! Sex: wrong as often as the way it was determined is.
//!
//! `LR = P(post | ante) / sum over s of f(s) P(post | s)`, where f are the shares among the missing. Errors:
//! 0.5 % on a body with flesh, 5.3 % from a skeleton (Thomas et al. 2016: 94.7 % of 360 right), 15 % from a part.

use serde::{Deserialize, Serialize};

use super::{About, Attribute, Evidence, Facing, Preservation, Scale};
use crate::model::{Bits, Model};
use crate::record::{Kind, Record, Sex};

/// The attribute.
pub struct Sexes;

/// Sex and what it was read from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Value {
    sex: u8,
    from: Preservation,
}

/// How many missing persons are of each sex, in the order of [`Sex::ALL`].
#[derive(Clone, Default)]
pub struct Statistics {
    missing: [i64; 3],
}

/// A query made ready.
pub struct Prepared<'a> {
    model: &'a Model,
    facing: Facing,
    query: &'a Value,
    shares: [f64; 3],
}

impl Attribute for Sexes {
    const ABOUT: About = About {
        name: "sex",
        needs: "sex on both",
        levels: &[("same", "the same sex"), ("different", "different sexes")],
        floor: Bits(-8_000),
        cap: Bits(6_000),
        professional: false,
        source: "Thomas et al. 2016 (sex from 360 skeletons)",
        reading: 1,
    };
    type Value = Value;
    type Statistics = Statistics;
    type Prepared<'a> = Prepared<'a>;

    fn read(record: &Record) -> Option<Value> {
        Some(Value { sex: record.sex? as u8, from: Preservation::of(record) })
    }

    fn is_sound(value: &Value) -> bool {
        usize::from(value.sex) < Sex::ALL.len()
    }

    fn count(statistics: &mut Statistics, kind: Kind, value: &Value, by: i64) {
        if kind == Kind::Missing {
            statistics.missing[usize::from(value.sex)] += by;
        }
    }

    fn prepare<'a>(scale: Scale<'a, Statistics>, query: &'a Value) -> Prepared<'a> {
        let expected = scale.model.sex.shares;
        let weight = scale.model.smoothing;
        let total: f64 = scale.statistics.missing.iter().sum::<i64>() as f64 + weight;
        let share = |at: usize| (scale.statistics.missing[at] as f64 + weight * expected[at]) / total;
        Prepared { model: scale.model, facing: scale.facing, query, shares: [share(0), share(1), share(2)] }
    }

    fn weigh(prepared: &Prepared<'_>, candidate: &Value) -> Bits {
        let (ante, post) = prepared.facing.ante_post(prepared.query, candidate);
        let likely = |ante: u8| prepared.likely(ante, post);
        let by_chance: f64 = (0..3).map(|sex| prepared.shares[usize::from(sex)] * likely(sex)).sum();
        Bits::of_ratio(likely(ante.sex) / by_chance).within(Self::ABOUT.floor, Self::ABOUT.cap)
    }

    fn explain(prepared: &Prepared<'_>, candidate: &Value) -> Option<Evidence> {
        let (ante, post) = prepared.facing.ante_post(prepared.query, candidate);
        let word = |value: &Value| Sex::ALL[usize::from(value.sex)].code();
        let from = match post.from {
            Preservation::Fleshed => "",
            Preservation::Altered => ", altered remains",
            Preservation::Skeleton => ", from the skeleton",
            Preservation::Parts => ", from parts of a skeleton",
        };
        let (level, summary) = if ante.sex == post.sex {
            ("same", format!("both {}{from}", word(ante)))
        } else {
            ("different", format!("{} reported, {} determined{from}", word(ante), word(post)))
        };
        Some(Evidence::plain(&Self::ABOUT, Self::weigh(prepared, candidate), level, summary))
    }
}

impl Prepared<'_> {
    /// P(what was determined | the person's sex).
    fn likely(&self, ante: u8, post: &Value) -> f64 {
        let wrong = match post.from {
            Preservation::Fleshed => self.model.sex.error_fleshed,
            Preservation::Altered => self.model.sex.error_altered,
            Preservation::Skeleton => self.model.sex.error_skeleton,
            Preservation::Parts => self.model.sex.error_parts,
        };
        if ante == post.sex { 1.0 - wrong } else { wrong / 2.0 }
    }
}
