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

use super::marks::{Census, Domain, Likeness, Marks, Pair, Pairing, language, read};
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
    /// What a thing without a partner costs, and all of them.
    absent: i32,
    floor: i32,
    /// log2 of the chance that a thing is still worn, at the most.
    most_worn: i32,
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
        professional: false,
        source: "term frequencies of the collection; agreement fitted on twins of published cases",
        reading: 4,
    };
    type Value = Value;
    type Statistics = Statistics;
    type Prepared<'a> = Prepared<'a>;
    type Known = ();

    fn read(record: &Record) -> Option<Value> {
        let language = language(Domain::Things, record.belongings.iter().map(|thing| thing.description.as_str()));
        let read = |thing: &crate::record::Belonging| {
            read(Domain::Things, thing.kind as u8, &thing.description, language).drafts
        };
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
        let model = &model.belongings;
        Prepared {
            model,
            query,
            facing,
            likeness,
            absent: Bits::from_f64(model.absent_bits).0,
            floor: Bits::from_f64(model.floor_bits).0,
            most_worn: Bits::of_ratio(model.worn_soon.max(model.worn_later)).0,
        }
    }

    #[inline(always)]
    fn fetch(candidate: &Value) {
        candidate.things.fetch();
    }

    fn weigh(prepared: &Prepared<'_>, candidate: &Value) -> Bits {
        prepared.weigh(candidate).bits
    }

    fn explain(prepared: &Prepared<'_>, candidate: &Value) -> Option<Evidence> {
        let weighed = prepared.weigh(candidate);
        let (ante, post) = prepared.facing.ante_post(prepared.query, candidate);
        let mut pairs = weighed.pairs;
        pairs.sort_by_key(|pair| std::cmp::Reverse(pair.value));
        let level = match pairs.first().map_or(0, |pair| pair.value) {
            DISTINCTIVE.. => "distinctive",
            1.. => "similar",
            _ => "nothing_shared",
        };
        let agree = pairs.iter().take(4).map(|pair| told_pair(ante, post, pair));
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

fn told_pair(ante: &Value, post: &Value, pair: &Pair) -> String {
    let bits = Bits(pair.value).to_f64();
    format!("{} = {} ({bits:.1})", ante.told(pair.row), post.told(pair.column))
}

impl Value {
    fn told(&self, thing: usize) -> String {
        let sort = BelongingKind::ALL.get(usize::from(self.things.head(thing).sort));
        self.things.told(thing, sort.map_or("thing", |sort| sort.code()))
    }
}

/// The fewest days that may lie between last contact and finding; none where a date is not known.
fn gap_days(ante: &Value, post: &Value) -> Option<i32> {
    let ((_, last), (first, _)) = (ante.days?, post.days?);
    Some((first - last).max(0))
}

/// Whether it stays with its owner for years.
fn lasts(value: &Value, thing: usize) -> bool {
    let sort = usize::from(value.things.head(thing).sort);
    matches!(BelongingKind::ALL.get(sort), Some(BelongingKind::Jewelry | BelongingKind::Eyewear))
}

/// A pair of records as it was weighed: rows are the earlier record's things, columns the later one's.
struct Weighed {
    pairs: Vec<Pair>,
    bits: Bits,
}

impl Prepared<'_> {
    fn weigh(&self, candidate: &Value) -> Weighed {
        let (ante, post) = self.facing.ante_post(self.query, candidate);
        let turned = self.facing.query_is_post();
        let mut worn = None;
        let mut pairing = Pairing::default();
        let least = 2 * self.absent - self.most_worn;
        self.likeness.weigh(&candidate.things, least, |mine, theirs, bits, _| {
            // Nearly all end here, without a logarithm.
            if bits <= least {
                return;
            }
            let (row, column) = if turned { (theirs, mine) } else { (mine, theirs) };
            let worn = worn.get_or_insert_with(|| self.worn(ante, post));
            let value = bits + worn[usize::from(lasts(ante, row))];
            pairing.offer(Pair { row, column, value, gain: value - 2 * self.absent });
        });
        let pairs = pairing.best();
        let agree: i32 = pairs.iter().map(|pair| pair.value).sum();
        let alone = self.absent * (ante.things.len() + post.things.len() - 2 * pairs.len()) as i32;
        let bits = Bits(agree + alone.max(self.floor)).within(Belongings::ABOUT.floor, Belongings::ABOUT.cap);
        Weighed { pairs, bits }
    }

    /// log2 of the chance that garments, and what lasts, are still worn.
    fn worn(&self, ante: &Value, post: &Value) -> [i32; 2] {
        let gap = gap_days(ante, post).map_or(f64::INFINITY, f64::from);
        let (soon, later) = (self.model.worn_soon, self.model.worn_later);
        let worn = |days: f64| Bits::of_ratio(later + (soon - later) * (-gap / days).exp()).0;
        [worn(self.model.worn_days), worn(self.model.lasting_days)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Model;
    use crate::record::json;

    fn record(kind: &str, date: &str, things: &[(&str, &str)]) -> Record {
        let things: Vec<_> =
            things.iter().map(|(kind, text)| serde_json::json!({"kind": kind, "description": text})).collect();
        let event = if kind == "missing" { "last_contact" } else { "found" };
        let record = serde_json::json!({"kind": kind, "belongings": things, event: {"date": date}});
        json::read(&json::parse(record.to_string().as_bytes()).expect("JSON")).expect("a record").1
    }

    fn evidence(missing: (&str, &str), found: &str, body: (&str, &str)) -> Evidence {
        let mut statistics = Statistics::default();
        let common = ["blue jeans", "white t-shirt", "black shoes", "blue jeans and black jacket", "gray sweatshirt"];
        for text in common.iter().cycle().take(400) {
            let value =
                Belongings::read(&record("missing", "2001-05-06", &[("clothing", text), ("jewelry", "gold ring")]));
            value.iter().for_each(|value| Belongings::count(&mut statistics, Kind::Missing, value, 1));
        }
        let model = Model::default();
        let facing = Facing { query: Kind::Unidentified, candidate: Kind::Missing };
        let query = Belongings::read(&record("unidentified", found, &[body])).expect("things");
        let candidate = Belongings::read(&record("missing", "2001-05-06", &[missing])).expect("things");
        let prepared = Belongings::prepare(Scale { model: &model, statistics: &statistics, facing }, &query);
        Belongings::explain(&prepared, &candidate).expect("evidence")
    }

    #[test]
    fn things_agree_as_far_as_they_are_rare() {
        let check = |missing: (&str, &str), body: (&str, &str), level: &str| {
            let told = evidence(missing, "2001-05-09", body);
            assert_eq!(told.level, level, "{missing:?} = {body:?}: {told:?}");
        };
        check(("jewelry", "ring engraved \"Forever Ed\""), ("jewelry", "RING, ENGRAVED \"F0REVER ED\""), "distinctive");
        check(
            ("clothing", "jacket, name Okonkwo on collar"),
            ("clothing", "jacket with OKONKWO in collar"),
            "distinctive",
        );
        check(("footwear", "brown cowboy boots with bird design"), ("footwear", "BR0WN C0WB0Y B00TS"), "distinctive");
        check(("clothing", "blue jeans"), ("clothing", "green parka"), "nothing_shared");
        check(("footwear", "brown cowboy boots"), ("footwear", "Botas vaqueras color café"), "distinctive");
        check(("jewelry", "silver medal on a chain"), ("jewelry", "chaîne avec médaille en argent"), "distinctive");
        let jeans = evidence(("clothing", "blue jeans"), "2001-05-09", ("clothing", "BLUE DENIM PANTS"));
        assert!((-500..1_500).contains(&jeans.bits.0), "blue jeans are nearly nothing: {jeans:?}");
    }

    #[test]
    fn days_after_last_contact_it_weighs_most() {
        let bits = |kind: &'static str, found: &str| evidence((kind, "red poncho"), found, (kind, "poncho, red")).bits;
        assert!(bits("clothing", "2001-05-08") > bits("clothing", "2001-07-06"));
        assert!(bits("clothing", "2001-07-06") > bits("clothing", "2011-05-06"));
        assert!(bits("jewelry", "2001-07-06") > bits("clothing", "2001-07-06"), "jewellery stays with its owner");
    }
}
