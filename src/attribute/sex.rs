//! Sex: wrong as often as the way it was determined is.
//!
//! `LR = P(post | ante) / sum over s of f(s) P(post | s)`, where f are the shares among the missing. Errors:
//! 0.5 % on a body with flesh, 5.3 % from a skeleton (Thomas et al. 2016: 94.7 % of 360 right), 15 % from a part, and
//! little better than chance from the bones of a child. An intersex person is mostly taken for one of the other two, and
//! always from bones.

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
    /// Whether these are the bones of a child.
    child: bool,
}

/// Bones tell the sex from about this age on.
const GROWN_YEARS: f64 = 14.0;

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
        reading: 2,
    };
    type Value = Value;
    type Statistics = Statistics;
    type Prepared<'a> = Prepared<'a>;
    type Known = ();

    fn read(record: &Record) -> Option<Value> {
        let from = Preservation::of(record);
        let bones = matches!(from, Preservation::Skeleton | Preservation::Parts);
        let child = bones && record.age_years.is_some_and(|age| age.max() < GROWN_YEARS);
        Some(Value { sex: record.sex? as u8, from, child })
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
            Preservation::Skeleton | Preservation::Parts if post.child => ", from a child's bones",
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

/// The chance that bones are taken for an intersex person's.
const INTERSEX_IN_BONES: f64 = 0.001;

impl Prepared<'_> {
    /// P(what was determined | the person's sex).
    fn likely(&self, ante: u8, post: &Value) -> f64 {
        if ante == Sex::Intersex as u8 {
            let seen =
                if post.from == Preservation::Fleshed { self.model.sex.intersex_seen } else { INTERSEX_IN_BONES };
            return if post.sex == ante { seen } else { (1.0 - seen) / 2.0 };
        }
        let wrong = match post.from {
            _ if post.child => self.model.sex.error_child,
            Preservation::Fleshed => self.model.sex.error_fleshed,
            Preservation::Altered => self.model.sex.error_altered,
            Preservation::Skeleton => self.model.sex.error_skeleton,
            Preservation::Parts => self.model.sex.error_parts,
        };
        if ante == post.sex { 1.0 - wrong } else { wrong / 2.0 }
    }
}
