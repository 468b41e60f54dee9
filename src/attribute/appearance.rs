//! Ancestry, hair and eyes as one: they depend on each other, and brown eyes must not count twice.
//!
//! `LR = P(post look | ante look) / P(post look)`. The numerator is a product of three confusion matrices
//! (ancestry wrong in 9 % of 99 FBI cases; sandy, blond and brown run together, gray and white; the eyes of the
//! dead cloud). The denominator averages it over the joint looks of the missing, so correlated colours are
//! discounted. Only fields that both records have take part; of several values on a record any may be the right one.

use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use super::derived::Derived;
use super::{About, Attribute, Evidence, Facing, Part, Preservation, Scale};
use crate::model::{Bits, Model};
use crate::record::{Ancestry, EyeColor, HairColor, Kind, Record};

const A: usize = Ancestry::ALL.len();
const H: usize = HairColor::ALL.len();
const E: usize = EyeColor::ALL.len();
/// Counts of one record with several values are shared among them in whole units of this.
const UNIT: i64 = 5_040;

/// The attribute.
pub struct Appearance;

/// Sets of colours and ancestries, one bit each in the order of their lists; 0 is unknown.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Value {
    ancestry: u16,
    hair: u16,
    eyes: u16,
    altered: bool,
}

/// Joint looks of the missing persons of whom all three are known, in units of a record.
#[derive(Clone)]
pub struct Statistics {
    looks: Box<[[[i64; E]; H]; A]>,
    total: i64,
    /// How often each look is found, with fresh and with altered eyes.
    chances: [Derived<Looks>; 2],
}

impl Default for Statistics {
    fn default() -> Self {
        Self { looks: Box::new([[[0; E]; H]; A]), total: 0, chances: Default::default() }
    }
}

/// By ancestry, hair and eyes; behind the last of each the sum of all.
type Looks = [[[f64; E + 1]; H + 1]; A + 1];

/// A query made ready.
pub struct Prepared<'a> {
    model: &'a Model,
    facing: Facing,
    query: &'a Value,
    statistics: &'a Statistics,
    /// P(post look), for fresh and for altered eyes: made when the first candidate asks.
    by_chance: [OnceLock<Arc<Looks>>; 2],
}

impl Attribute for Appearance {
    const ABOUT: About = About {
        name: "appearance",
        needs: "one of ancestry, hair and eyes on both",
        levels: &[
            ("consistent", "nothing contradicts"),
            ("partly", "some agree, some contradict"),
            ("different", "everything contradicts"),
        ],
        floor: Bits(-8_000),
        cap: Bits(9_000),
        professional: false,
        source: "confusions fitted on twins of published cases; ancestry error: 9 % of 99 FBI cases",
        reading: 1,
    };
    type Value = Value;
    type Statistics = Statistics;
    type Prepared<'a> = Prepared<'a>;
    type Known = ();

    fn read(record: &Record) -> Option<Value> {
        let value = Value {
            ancestry: record.ancestry.iter().fold(0, |set, &one| set | 1 << one as u16),
            hair: record.hair_color.iter().fold(0, |set, &one| set | 1 << one as u16),
            eyes: record.eye_color.iter().fold(0, |set, &one| set | 1 << one as u16),
            altered: Preservation::of(record) != Preservation::Fleshed,
        };
        (value.ancestry | value.hair | value.eyes != 0).then_some(value)
    }

    fn is_sound(value: &Value) -> bool {
        [(value.ancestry, A), (value.hair, H), (value.eyes, E)].into_iter().all(|(set, members)| set >> members == 0)
    }

    fn count(statistics: &mut Statistics, kind: Kind, value: &Value, by: i64) {
        let looks = value.ancestry.count_ones() * value.hair.count_ones() * value.eyes.count_ones();
        if kind != Kind::Missing || looks == 0 {
            return;
        }
        statistics.chances.iter_mut().for_each(Derived::forget);
        let share = UNIT / i64::from(looks) * by;
        for a in members(value.ancestry) {
            for h in members(value.hair) {
                for e in members(value.eyes) {
                    statistics.looks[a][h][e] += share;
                    statistics.total += share;
                }
            }
        }
    }

    fn prepare<'a>(scale: Scale<'a, Statistics>, query: &'a Value) -> Prepared<'a> {
        let Scale { model, statistics, facing } = scale;
        Prepared { model, facing, query, statistics, by_chance: [OnceLock::new(), OnceLock::new()] }
    }

    fn weigh(prepared: &Prepared<'_>, candidate: &Value) -> Bits {
        let (ante, post) = prepared.facing.ante_post(prepared.query, candidate);
        prepared.bits(&common(ante, post, 3))
    }

    fn explain(prepared: &Prepared<'_>, candidate: &Value) -> Option<Evidence> {
        let (ante, post) = prepared.facing.ante_post(prepared.query, candidate);
        let upto = |fields| prepared.bits(&common(ante, post, fields));
        let cumulated = [Bits::ZERO, upto(1), upto(2), upto(3)];
        let fields = [
            ("ancestry", ante.ancestry, post.ancestry, codes::<Ancestry> as fn(u16) -> String),
            ("hair", ante.hair, post.hair, codes::<HairColor>),
            ("eyes", ante.eyes, post.eyes, codes::<EyeColor>),
        ];
        let compared = fields.iter().enumerate().filter(|(_, (_, ante, post, _))| ante & post != 0 || ante * post != 0);
        let parts: Vec<Part> = compared
            .map(|(at, (name, ante, post, codes))| Part {
                name,
                bits: Bits(cumulated[at + 1].0 - cumulated[at].0),
                summary: tell(name, &codes(*ante), &codes(*post)),
            })
            .collect();
        let agreeing = fields.iter().filter(|(_, ante, post, _)| ante & post != 0).count();
        let level = match agreeing {
            n if n == parts.len() => "consistent",
            0 => "different",
            _ => "partly",
        };
        let summary = parts.iter().map(|part| part.summary.as_str()).collect::<Vec<_>>().join("; ");
        (!parts.is_empty()).then(|| Evidence { parts, ..Evidence::plain(&Self::ABOUT, cumulated[3], level, summary) })
    }
}

/// The pair with unknown taken for both where one side does not know; only the first `fields` fields.
fn common(ante: &Value, post: &Value, fields: usize) -> (Value, Value) {
    let both = |a: u16, b: u16, at: usize| if a != 0 && b != 0 && at < fields { (a, b) } else { (0, 0) };
    let (ancestry, hair, eyes) =
        (both(ante.ancestry, post.ancestry, 0), both(ante.hair, post.hair, 1), both(ante.eyes, post.eyes, 2));
    (
        Value { ancestry: ancestry.0, hair: hair.0, eyes: eyes.0, ..*ante },
        Value { ancestry: ancestry.1, hair: hair.1, eyes: eyes.1, ..*post },
    )
}

fn tell(name: &str, ante: &str, post: &str) -> String {
    if ante == post { format!("{name} {ante} on both") } else { format!("{name} {ante} reported, {post} found") }
}

fn codes<C: crate::record::json::Code>(set: u16) -> String {
    members(set).map(|at| C::ALL[at].code()).collect::<Vec<_>>().join("/")
}

fn members(set: u16) -> impl Iterator<Item = usize> {
    let rest = std::iter::successors(Some(set), |set| Some(set & set.wrapping_sub(1)));
    rest.take_while(|set| *set != 0).map(|set| set.trailing_zeros() as usize)
}

impl Prepared<'_> {
    fn bits(&self, (ante, post): &(Value, Value)) -> Bits {
        let eyes = self.eyes(post.altered);
        let likely = matrix_share(&self.model.appearance.ancestry, ante.ancestry, post.ancestry)
            * matrix_share(&self.model.appearance.hair, ante.hair, post.hair)
            * matrix_share(eyes, ante.eyes, post.eyes);
        let about = &Appearance::ABOUT;
        Bits::of_ratio(likely / self.chance_of(post)).within(about.floor, about.cap)
    }

    fn eyes(&self, altered: bool) -> &[[f64; E]; E] {
        if altered { &self.model.appearance.eyes_altered } else { &self.model.appearance.eyes_fresh }
    }

    /// P(post look), summed over what is unknown and over every value it may be.
    fn chance_of(&self, post: &Value) -> f64 {
        let looks = self.by_chance[usize::from(post.altered)].get_or_init(|| {
            let chances = &self.statistics.chances[usize::from(post.altered)];
            chances.get(self.model, || *self.look_chances(post.altered))
        });
        // Behind the last of each stands the sum of all.
        let any = |set: u16, all: usize| if set == 0 { 1 << all } else { set };
        let mut sum = 0.0;
        for a in members(any(post.ancestry, A)) {
            for h in members(any(post.hair, H)) {
                sum += members(any(post.eyes, E)).map(|e| looks[a][h][e]).sum::<f64>();
            }
        }
        sum
    }

    /// The joint looks of the missing, smoothed, each axis seen through its confusions.
    fn look_chances(&self, altered: bool) -> Box<Looks> {
        let expected = &self.model.appearance;
        let total = self.statistics.total as f64 / UNIT as f64 + self.model.smoothing;
        let mut looks: Box<Looks> = Box::new([[[0.0; E + 1]; H + 1]; A + 1]);
        for (a, h, e) in cells() {
            let seen = self.statistics.looks[a][h][e] as f64 / UNIT as f64;
            let prior = expected.ancestry_shares[a] * expected.hair_shares[h] * expected.eyes_shares[e];
            looks[a][h][e] = (seen + self.model.smoothing * prior) / total;
        }
        let mut by_ancestry: Box<Looks> = Box::new([[[0.0; E + 1]; H + 1]; A + 1]);
        for (a, h, e) in cells() {
            by_ancestry[a][h][e] = (0..A).map(|from| looks[from][h][e] * expected.ancestry[from][a]).sum();
        }
        for (a, h, e) in cells() {
            looks[a][h][e] = (0..H).map(|from| by_ancestry[a][from][e] * expected.hair[from][h]).sum();
        }
        let eyes = self.eyes(altered);
        for (a, h, e) in cells() {
            by_ancestry[a][h][e] = (0..E).map(|from| looks[a][h][from] * eyes[from][e]).sum();
        }
        with_sums(by_ancestry)
    }
}

/// The same with the sums along each axis.
fn with_sums(mut looks: Box<Looks>) -> Box<Looks> {
    for a in 0..A {
        for h in 0..H {
            looks[a][h][E] = looks[a][h][..E].iter().sum();
        }
        for e in 0..=E {
            looks[a][H][e] = (0..H).map(|h| looks[a][h][e]).sum();
        }
    }
    for h in 0..=H {
        for e in 0..=E {
            looks[A][h][e] = (0..A).map(|a| looks[a][h][e]).sum();
        }
    }
    looks
}

fn cells() -> impl Iterator<Item = (usize, usize, usize)> {
    (0..A).flat_map(|a| (0..H).flat_map(move |h| (0..E).map(move |e| (a, h, e))))
}

/// P(one of the post values | one of the ante values, each as likely); 1 where nothing is known.
fn matrix_share<const N: usize>(matrix: &[[f64; N]; N], ante: u16, post: u16) -> f64 {
    if ante == 0 {
        return 1.0;
    }
    let rows: f64 = members(ante).map(|row| members(post).map(|column| matrix[row][column]).sum::<f64>()).sum();
    rows / f64::from(ante.count_ones())
}
