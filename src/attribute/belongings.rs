//! Clothes, shoes, jewellery, papers: what was worn and carried at last contact and what was found with the body.
//!
//! Each thing is read into its sort, colours, brand, size and inscription ([`marks`](super::marks)), and each of one side is
//! given at most one of the other:
//!
//! ```text
//! bits = sum over pairs (likeness + log2 P(still worn)) + max(floor, sum over the things without a partner of what they cost)
//! ```
//!
//! Likeness is rarity: "blue jeans" are nearly nothing, a name in a jacket is much. What is worn changes from day to day,
//! so a thing weighs most when the body was found within days of last contact; jewellery and glasses stay with their owner.
//! It never falls to nothing: most of the dead lie where they are since the days of last contact, in what they wore then.
//! A thing that only one of them has says little: clothes are changed, taken and lost.
//!
//! A name in a ring is weighed here only against words of the other side's things, and by `names` only against names.

use serde::{Deserialize, Serialize};

use super::marks::{Census, Domain, Likeness, MOST, Marks, Pairs, Table, assign, read};
use super::{About, Attribute, Detail, Evidence, Facing, Scale};
use crate::model::{BelongingsModel, Bits};
use crate::record::{BelongingKind, Kind, Record};

/// The attribute.
pub struct Belongings;

/// Things, and the days on which the person may last have been seen with them or was found.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Value {
    things: Marks,
    days: Option<(i32, i32)>,
}

/// How rare each term and sort of thing is.
#[derive(Clone, Default)]
pub struct Statistics(Census);

/// A query made ready.
pub struct Prepared<'a> {
    model: &'a BelongingsModel,
    query: &'a Value,
    facing: Facing,
    likeness: Likeness<'a>,
}

impl Attribute for Belongings {
    const ABOUT: About = About {
        name: "belongings",
        needs: "a described garment or thing on both",
        levels: &[
            ("distinctive", "a thing agrees that few have"),
            ("similar", "a thing agrees that many have"),
            ("nothing_shared", "no thing agrees"),
        ],
        floor: Bits(-1_500),
        cap: Bits(8_000),
        source: "term frequencies of the collection; agreement fitted on twins of published cases",
        reading: 1,
    };
    type Value = Value;
    type Statistics = Statistics;
    type Prepared<'a> = Prepared<'a>;

    fn read(record: &Record) -> Option<Value> {
        let read = |thing: &crate::record::Belonging| read(Domain::Things, thing.kind as u8, &thing.description).drafts;
        let things = Marks::pack(record.belongings.iter().flat_map(read).collect());
        let date = record.event().and_then(|event| event.date.as_ref());
        let days = date.and_then(|date| Some((date.first()?.number(), date.last()?.number())));
        (things.len() > 0).then_some(Value { things, days })
    }

    fn count(statistics: &mut Statistics, _: Kind, value: &Value, by: i64) {
        statistics.0.count(&value.things, by);
    }

    fn prepare<'a>(scale: Scale<'a, Statistics>, query: &'a Value) -> Prepared<'a> {
        let Scale { model, statistics, facing } = scale;
        let likeness = Likeness::new(&statistics.0, &model.belongings.marks, model.smoothing, &query.things);
        Prepared { model: &model.belongings, query, facing, likeness }
    }

    fn weigh(prepared: &Prepared<'_>, candidate: &Value) -> Bits {
        prepared.weigh(candidate).bits
    }

    fn explain(prepared: &Prepared<'_>, candidate: &Value) -> Option<Evidence> {
        let weighed = prepared.weigh(candidate);
        let (ante, post) = prepared.facing.ante_post(prepared.query, candidate);
        let mut pairs: Vec<(i32, usize, usize)> =
            weighed.pairs.iter().map(|(a, b)| (-weighed.value(ante, a, b), a, b)).collect();
        pairs.sort_unstable();
        let level = match pairs.first().map_or(0, |(less, ..)| -less) {
            DISTINCTIVE.. => "distinctive",
            1.. => "similar",
            _ => "nothing_shared",
        };
        let agree = pairs
            .iter()
            .take(4)
            .map(|&(less, a, b)| format!("{} = {} ({:.1})", ante.told(a), post.told(b), Bits(-less).to_f64()));
        let agree: Vec<String> = agree.collect();
        let summary =
            if agree.is_empty() { "nothing of one is told of the other".to_owned() } else { agree.join("; ") };
        let count = |count: usize| Detail::Count(count as u64);
        let mut details = vec![
            ("things_that_agree", count(pairs.len())),
            ("only_at_last_contact", count(ante.things.len() - pairs.len())),
            ("only_on_the_body", count(post.things.len() - pairs.len())),
        ];
        details.extend(gap_days(ante, post).map(|days| ("days_between", Detail::Count(days as u64))));
        Some(Evidence { details, ..Evidence::plain(&Self::ABOUT, weighed.bits, level, summary) })
    }
}

/// From here on a thing is called distinctive.
const DISTINCTIVE: i32 = 4_000;

impl Value {
    fn told(&self, thing: usize) -> String {
        let sort = BelongingKind::ALL.get(usize::from(self.things.heads()[thing].sort));
        self.things.told(thing, sort.map_or("thing", |sort| sort.code()))
    }
}

/// The fewest days that may lie between last contact and finding; none where a date is not known.
fn gap_days(ante: &Value, post: &Value) -> Option<i32> {
    let ((_, last), (first, _)) = (ante.days?, post.days?);
    Some((first - last).max(0))
}

/// A pair of records as it was weighed.
struct Weighed {
    table: Table,
    pairs: Pairs,
    turned: bool,
    /// log2 of the chance that garments, and what lasts, are still worn.
    worn: [i32; 2],
    bits: Bits,
}

impl Weighed {
    /// What a pair of the earlier record's thing and the later one's is worth.
    fn value(&self, ante: &Value, of_ante: usize, of_post: usize) -> i32 {
        let (query, candidate) = if self.turned { (of_post, of_ante) } else { (of_ante, of_post) };
        self.table.bits(query, candidate) + self.worn[usize::from(lasts(ante, of_ante))]
    }
}

/// Whether it stays with its owner for years.
fn lasts(value: &Value, thing: usize) -> bool {
    let sort = usize::from(value.things.heads()[thing].sort);
    matches!(BelongingKind::ALL.get(sort), Some(BelongingKind::Jewelry | BelongingKind::Eyewear))
}

impl Prepared<'_> {
    fn weigh(&self, candidate: &Value) -> Weighed {
        let (ante, post) = self.facing.ante_post(self.query, candidate);
        let gap = gap_days(ante, post).map_or(f64::INFINITY, f64::from);
        let soon = [self.model.worn_days, self.model.lasting_days].map(|days| (-gap / days).exp());
        let worn = soon.map(|soon| self.model.worn_later + (self.model.worn_soon - self.model.worn_later) * soon);
        let (rows, columns) = (ante.things.len(), post.things.len());
        let absent = Bits::from_f64(self.model.absent_bits * (0.5 + 0.5 * soon[0]) / 2.0).0;
        let mut weighed = Weighed {
            table: self.likeness.weigh(&candidate.things),
            pairs: assign(&[], 0, 0),
            turned: self.facing.query_is_post(),
            worn: worn.map(|share| Bits::of_ratio(share).0),
            bits: Bits::ZERO,
        };
        let mut gains = [0; MOST * MOST];
        for row in 0..rows {
            for column in 0..columns {
                gains[row * columns + column] = weighed.value(ante, row, column) - 2 * absent;
            }
        }
        weighed.pairs = assign(&gains[..rows * columns], rows, columns);
        let agree: i32 = weighed.pairs.iter().map(|(row, column)| weighed.value(ante, row, column)).sum();
        let paired = weighed.pairs.iter().count();
        let alone = absent * (rows + columns - 2 * paired) as i32;
        let alone = alone.max(Bits::from_f64(self.model.floor_bits).0);
        weighed.bits = Bits(agree + alone).within(Belongings::ABOUT.floor, Belongings::ABOUT.cap);
        weighed
    }
}
