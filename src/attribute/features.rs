//! Marks of the body: tattoos, scars, piercings, implants, amputations, as two clerks describe them.
//!
//! Each mark is read into sort, side, site and words ([`marks`](super::marks)), and each of one side is given at most one of
//! the other, so that the sum is the most there is:
//!
//! ```text
//! bits = sum over pairs (likeness + log2 noted) + max(floor, sum over the marks without a partner of what they cost)
//! ```
//!
//! `noted` is the chance that the other clerk told of the mark at all. A mark costs when it should be there and is not. Time
//! has a direction: a tattoo of the missing person is still there on preserved skin, and costs the more the larger it is;
//! a mark that only the remains have may be new. Bones show no skin: there only bone, metal and missing parts cost, but
//! whatever was seen on them counts for the pair.
//!
//! A name in a tattoo is weighed here only against words of the other side's marks, and by `names` only against the other
//! side's names: no letter counts twice.

use serde::{Deserialize, Serialize};

use super::marks::{Census, Domain, Draft, Likeness, Marks, Pairs, Reading, Table, assign, read, read_code};
use super::{About, Attribute, Detail, Evidence, Facing, Preservation, Scale};
use crate::model::{Bits, FeaturesModel, Model};
use crate::record::{BodyRegion, Feature, FeatureKind, Kind, Record};

/// The attribute.
pub struct Features;

/// Marks, and what there was to see them on.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Value {
    marks: Marks,
    /// Sorts of mark that are said not to be there: a bit each.
    denied: u16,
    preservation: Preservation,
    /// Parts of the body that were not recovered: a bit each.
    gone: u8,
}

/// How rare each term, site and sort of mark is.
#[derive(Clone, Default)]
pub struct Statistics(Census);

/// A query made ready.
pub struct Prepared<'a> {
    model: &'a FeaturesModel,
    query: &'a Value,
    facing: Facing,
    likeness: Likeness<'a>,
    costs: Costs,
}

impl Attribute for Features {
    const ABOUT: About = About {
        name: "features",
        needs: "a described mark on both",
        levels: &[
            ("distinctive", "a mark agrees that few have"),
            ("similar", "a mark agrees that many have"),
            ("nothing_shared", "no mark agrees"),
            ("absent", "marks of the missing person that should be seen on the remains are not told of them"),
        ],
        floor: Bits(-3_000),
        cap: Bits(20_000),
        source: "term frequencies of the collection; agreement fitted on twins of published cases",
        reading: 2,
    };
    type Value = Value;
    type Statistics = Statistics;
    type Prepared<'a> = Prepared<'a>;

    fn read(record: &Record) -> Option<Value> {
        let (mut drafts, mut denied) = (Vec::new(), 0);
        for feature in &record.features {
            let reading = marks_of(feature);
            drafts.extend(reading.drafts);
            denied |= reading.denied;
        }
        let gone = record.remains.iter().flat_map(|remains| &remains.not_recovered);
        let gone = gone.fold(0, |gone, region| gone | 1 << *region as u8);
        let value = Value { marks: Marks::pack(drafts), denied, preservation: Preservation::of(record), gone };
        (value.marks.len() > 0 || denied != 0).then_some(value)
    }

    fn count(statistics: &mut Statistics, _: Kind, value: &Value, by: i64) {
        statistics.0.count(&value.marks, by);
    }

    fn prepare<'a>(scale: Scale<'a, Statistics>, query: &'a Value) -> Prepared<'a> {
        let Scale { model, statistics, facing } = scale;
        let likeness = Likeness::new(&statistics.0, &model.features.marks, model.smoothing, &query.marks);
        Prepared { model: &model.features, query, facing, likeness, costs: Costs::new(model) }
    }

    fn weigh(prepared: &Prepared<'_>, candidate: &Value) -> Bits {
        prepared.weigh(candidate).bits
    }

    fn explain(prepared: &Prepared<'_>, candidate: &Value) -> Option<Evidence> {
        let weighed = prepared.weigh(candidate);
        let (ante, post) = prepared.facing.ante_post(prepared.query, candidate);
        let mut pairs: Vec<(i32, usize, usize)> =
            weighed.pairs.iter().map(|(a, b)| (-weighed.value(prepared, a, b), a, b)).collect();
        pairs.sort_unstable();
        let strongest = pairs.first().map_or(0, |(less, ..)| -less);
        let level = match strongest {
            DISTINCTIVE.. => "distinctive",
            1.. => "similar",
            _ if weighed.bits < Bits(-800) => "absent",
            _ => "nothing_shared",
        };
        let agree = pairs
            .iter()
            .take(4)
            .map(|&(less, a, b)| format!("{} = {} ({:.1})", ante.told(a), post.told(b), Bits(-less).to_f64()));
        let agree: Vec<String> = agree.collect();
        let alone = ante.marks.len() - pairs.len();
        let mut summary = match agree.is_empty() {
            true => "no mark of one is told of the other".to_owned(),
            false => agree.join("; "),
        };
        if alone > 0 && weighed.absent.0 <= -500 {
            let which = (0..ante.marks.len()).filter(|a| pairs.iter().all(|(_, paired, _)| paired != a));
            let which: Vec<String> = which.take(3).map(|a| ante.told(a)).collect();
            summary = format!("{summary}; not told of the remains: {}", which.join(", "));
        }
        let count = |count: usize| Detail::Count(count as u64);
        let details = vec![
            ("marks_that_agree", count(pairs.len())),
            ("only_on_the_earlier", count(alone)),
            ("only_on_the_later", count(post.marks.len() - pairs.len())),
            ("absent_bits", Detail::Measure(weighed.absent.to_f64())),
        ];
        Some(Evidence { details, ..Evidence::plain(&Self::ABOUT, weighed.bits, level, summary) })
    }
}

/// From here on a mark is called distinctive: one in 30 has it.
const DISTINCTIVE: i32 = 5_000;

/// A feature's marks: its site and code stand for what the description leaves open.
fn marks_of(feature: &Feature) -> Reading {
    let sort = feature.kind as u8;
    let text = |text: &Option<String>| text.as_deref().map(|text| read(Domain::Body, sort, text)).unwrap_or_default();
    let code = feature.code.as_deref().map(|code| read_code(sort, code)).unwrap_or_default();
    let (site, mut reading) = (text(&feature.site), text(&feature.description));
    reading.denied |= code.denied;
    let apart: Vec<Draft> = code.drafts.into_iter().chain(site.drafts).collect();
    if reading.drafts.is_empty() && reading.denied == 0 {
        reading.drafts.extend(apart.first().cloned());
    }
    for draft in &mut reading.drafts {
        apart.iter().for_each(|apart| draft.complete(apart));
    }
    reading
}

impl Value {
    fn told(&self, mark: usize) -> String {
        let sort = FeatureKind::ALL.get(usize::from(self.marks.heads()[mark].sort));
        self.marks.told(mark, sort.map_or("mark", |sort| sort.code()))
    }
}

/// What marks cost that have no partner.
struct Costs {
    /// By preservation, sort, and whether it is large.
    absent: [[[i32; 2]; FeatureKind::ALL.len()]; 4],
    denied: i32,
    gained: i32,
    floor: i32,
    noted: i32,
}

impl Costs {
    fn new(model: &Model) -> Self {
        let model = &model.features;
        let bits = |preservation: usize, sort: FeatureKind| match (sort, preservation) {
            (FeatureKind::Fracture | FeatureKind::Artificial | FeatureKind::Amputation, _) => {
                model.absent_bone_bits[preservation.min(2)]
            }
            (_, 2..) => 0.0,
            (FeatureKind::Tattoo, _) => model.absent_tattoo_bits[preservation],
            _ => model.absent_bits[preservation],
        };
        let thousandths = |bits: f64| Bits::from_f64(bits).0;
        let of_sort = |preservation: usize, sort: usize| {
            let bits = bits(preservation, FeatureKind::ALL[sort]);
            [thousandths(bits), thousandths(bits * model.large_factor)]
        };
        Self {
            absent: std::array::from_fn(|preservation| std::array::from_fn(|sort| of_sort(preservation, sort))),
            denied: thousandths(model.denied_bits),
            gained: thousandths(model.gained_bits),
            floor: thousandths(model.floor_bits),
            noted: Bits::of_ratio(model.noted).0,
        }
    }

    /// A mark of the missing person that is not told of the remains.
    fn absent(&self, value: &Value, mark: usize, remains: &Value) -> i32 {
        let head = value.marks.heads()[mark];
        let gone = |region: BodyRegion| remains.gone & 1 << region as u8 != 0;
        let not_there = remains.gone != 0
            && match head.region() {
                "head" => gone(BodyRegion::Head),
                "torso" => gone(BodyRegion::Torso),
                "" => true,
                _ => gone(BodyRegion::Limbs) || (gone(BodyRegion::Hands) && head.is_on("hand")),
            };
        if not_there {
            return 0;
        }
        let sort = usize::from(head.sort).min(FeatureKind::ALL.len() - 1);
        let absent = self.absent[remains.preservation as usize][sort][usize::from(head.large)];
        let denied = remains.denied & 1 << head.sort != 0 && absent < 0;
        absent + if denied { self.denied } else { 0 }
    }

    /// A mark of the remains, or of either of two of one kind, that the other is not told to have.
    fn gained(&self, value: &Value, mark: usize, earlier: &Value) -> i32 {
        let denied = earlier.denied & 1 << value.marks.heads()[mark].sort != 0;
        self.gained + if denied { self.denied / 2 } else { 0 }
    }
}

/// A pair of records as it was weighed.
struct Weighed {
    table: Table,
    pairs: Pairs,
    turned: bool,
    absent: Bits,
    bits: Bits,
}

impl Weighed {
    /// What a pair of the earlier record's mark and the later one's is worth.
    fn value(&self, prepared: &Prepared<'_>, ante: usize, post: usize) -> i32 {
        let (query, candidate) = if self.turned { (post, ante) } else { (ante, post) };
        self.table.bits(query, candidate) + prepared.costs.noted
    }
}

impl Prepared<'_> {
    fn weigh(&self, candidate: &Value) -> Weighed {
        let (ante, post) = self.facing.ante_post(self.query, candidate);
        let turned = self.facing.query_is_post();
        let directed = self.facing.query != self.facing.candidate;
        let absent = |mark| {
            if directed { self.costs.absent(ante, mark, post) } else { self.costs.gained(ante, mark, post) }
        };
        let (rows, columns) = (ante.marks.len(), post.marks.len());
        let table = self.likeness.weigh(&candidate.marks);
        let mut weighed = Weighed { table, pairs: assign(&[], 0, 0), turned, absent: Bits::ZERO, bits: Bits::ZERO };
        let mut gains = [0; super::marks::MOST * super::marks::MOST];
        let mut lost = [0; super::marks::MOST];
        let mut gained = [0; super::marks::MOST];
        (0..rows).for_each(|row| lost[row] = absent(row));
        (0..columns).for_each(|column| gained[column] = self.costs.gained(post, column, ante));
        for row in 0..rows {
            for column in 0..columns {
                gains[row * columns + column] = weighed.value(self, row, column) - lost[row] - gained[column];
            }
        }
        weighed.pairs = assign(&gains[..rows * columns], rows, columns);
        let (mut agree, mut alone) = (0, lost.iter().sum::<i32>() + gained.iter().sum::<i32>());
        for (row, column) in weighed.pairs.iter() {
            agree += weighed.value(self, row, column);
            alone -= lost[row] + gained[column];
        }
        let cap = if weighed.table.has_exact() { Features::ABOUT.cap } else { Bits::from_f64(self.model.cap_bits) };
        weighed.absent = Bits(alone.max(self.costs.floor));
        weighed.bits = Bits(agree + weighed.absent.0).within(Features::ABOUT.floor, cap.min(Features::ABOUT.cap));
        weighed
    }
}
