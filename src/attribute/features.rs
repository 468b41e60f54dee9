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

use super::marks::{
    Census, Described, Domain, Draft, Language, Likeness, MOST, Marks, Pair, Pairing, Reading, language, read,
    read_code,
};
use super::{About, Attribute, Detail, Evidence, Facing, Preservation, Scale};
use crate::model::{Bits, Model};
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
        professional: false,
        source: "term frequencies of the collection; agreement fitted on twins of published cases",
        reading: 5,
    };
    type Value = Value;
    type Statistics = Statistics;
    type Prepared<'a> = Prepared<'a>;
    type Known = ();

    fn read(record: &Record) -> Option<Value> {
        let (mut drafts, mut denied) = (Vec::new(), 0);
        let texts = record.features.iter().flat_map(|feature| [&feature.site, &feature.description]);
        let language = language(Domain::Body, texts.flatten().map(String::as_str));
        for feature in &record.features {
            let reading = marks_of(feature, language);
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
        Prepared { query, facing, likeness, costs: Costs::new(model) }
    }

    #[inline(always)]
    fn fetch(candidate: &Value) {
        candidate.marks.fetch();
    }

    fn weigh(prepared: &Prepared<'_>, candidate: &Value) -> Bits {
        prepared.weigh(candidate).bits
    }

    fn explain(prepared: &Prepared<'_>, candidate: &Value) -> Option<Evidence> {
        let weighed = prepared.weigh(candidate);
        let (ante, post) = prepared.facing.ante_post(prepared.query, candidate);
        let mut pairs = weighed.pairs;
        pairs.sort_by_key(|pair| std::cmp::Reverse(pair.value));
        let strongest = pairs.first().map_or(0, |pair| pair.value);
        let level = match strongest {
            DISTINCTIVE.. => "distinctive",
            1.. => "similar",
            _ if weighed.bits < Bits(-800) => "absent",
            _ => "nothing_shared",
        };
        let agree = pairs.iter().take(4).map(|pair| told_pair(ante, post, pair));
        let agree: Vec<String> = agree.collect();
        let alone = ante.marks.len() - pairs.len();
        let mut summary = match agree.is_empty() {
            true => "no mark of one is told of the other".to_owned(),
            false => agree.join("; "),
        };
        if alone > 0 && weighed.absent.0 <= -500 {
            let which = (0..ante.marks.len()).filter(|a| pairs.iter().all(|pair| pair.row != *a));
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
fn marks_of(feature: &Feature, language: Language) -> Reading {
    let sort = feature.kind as u8;
    let text = |text: &Option<String>| {
        text.as_deref().map(|text| read(Domain::Body, sort, text, language)).unwrap_or_default()
    };
    let code = feature.code.as_deref().map(|code| read_code(sort, code, language)).unwrap_or_default();
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

fn told_pair(ante: &Value, post: &Value, pair: &Pair) -> String {
    let bits = Bits(pair.value).to_f64();
    format!("{} = {} ({bits:.1})", ante.told(pair.row), post.told(pair.column))
}

impl Value {
    /// Each mark as its clerk described it.
    pub fn described(&self) -> impl Iterator<Item = Described<'_>> {
        self.marks.described()
    }

    fn told(&self, mark: usize) -> String {
        let sort = FeatureKind::ALL.get(usize::from(self.marks.head(mark).sort));
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
    cap: Bits,
}

impl Costs {
    fn new(model: &Model) -> Self {
        let model = &model.features;
        let bits = |preservation: usize, sort: FeatureKind| match (sort, preservation) {
            (FeatureKind::Amputation, _) => model.absent_part_bits[preservation.min(2)],
            (FeatureKind::Fracture | FeatureKind::Artificial, _) => model.absent_bone_bits[preservation.min(2)],
            (_, 2..) => 0.0,
            (FeatureKind::Tattoo, _) => model.absent_tattoo_bits[preservation],
            _ => model.absent_bits[preservation],
        };
        let thousandths = |bits: f64| Bits::from_f64(bits).0;
        let of_sort = |preservation: usize, sort: usize| {
            let bits = bits(preservation, FeatureKind::ALL[sort]);
            let large = if sort == FeatureKind::Amputation as usize { 1.0 } else { model.large_factor };
            [thousandths(bits), thousandths(bits * large)]
        };
        Self {
            absent: std::array::from_fn(|preservation| std::array::from_fn(|sort| of_sort(preservation, sort))),
            denied: thousandths(model.denied_bits),
            gained: thousandths(model.gained_bits),
            floor: thousandths(model.floor_bits),
            noted: Bits::of_ratio(model.noted).0,
            cap: Bits::from_f64(model.cap_bits).min(Features::ABOUT.cap),
        }
    }

    /// A mark of the missing person that is not told of the remains.
    fn absent(&self, value: &Value, mark: usize, remains: &Value) -> i32 {
        let head = value.marks.head(mark);
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
        let denied = earlier.denied & 1 << value.marks.head(mark).sort != 0;
        self.gained + if denied { self.denied / 2 } else { 0 }
    }
}

/// A pair of records as it was weighed: rows are the earlier record's marks, columns the later one's.
struct Weighed {
    pairs: Vec<Pair>,
    /// What the marks without a partner cost.
    absent: Bits,
    bits: Bits,
}

impl Prepared<'_> {
    fn weigh(&self, candidate: &Value) -> Weighed {
        let (ante, post) = self.facing.ante_post(self.query, candidate);
        let (turned, directed) = (self.facing.query_is_post(), self.facing.query != self.facing.candidate);
        let costs = &self.costs;
        let mut lost = [0; MOST];
        let mut gained = [0; MOST];
        for (mark, lost) in lost.iter_mut().enumerate().take(ante.marks.len()) {
            *lost = if directed { costs.absent(ante, mark, post) } else { costs.gained(ante, mark, post) };
        }
        for (mark, gained) in gained.iter_mut().enumerate().take(post.marks.len()) {
            *gained = costs.gained(post, mark, ante);
        }
        let mut pairing = Pairing::default();
        let mut cap = costs.cap;
        let most_lost = |costs: &[i32; MOST]| costs.iter().copied().fold(0, i32::min);
        let least = most_lost(&lost) + most_lost(&gained) - costs.noted;
        self.likeness.weigh(&candidate.marks, least, |mine, theirs, bits, exact| {
            let (row, column) = if turned { (theirs, mine) } else { (mine, theirs) };
            let value = bits + costs.noted;
            let gain = value - lost[row] - gained[column];
            cap = if exact && gain > 0 { Features::ABOUT.cap } else { cap };
            pairing.offer(Pair { row, column, value, gain });
        });
        let pairs = pairing.best();
        let (mut agree, mut alone) = (0, lost.iter().sum::<i32>() + gained.iter().sum::<i32>());
        for pair in &pairs {
            agree += pair.value;
            alone -= lost[pair.row] + gained[pair.column];
        }
        let absent = alone.max(costs.floor);
        let bits = Bits(agree + absent).within(Features::ABOUT.floor, cap);
        Weighed { pairs, absent: Bits(absent), bits }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::json;

    fn record(kind: &str, condition: &str, marks: &[(&str, &str)]) -> Record {
        let marks: Vec<_> =
            marks.iter().map(|(kind, text)| serde_json::json!({"kind": kind, "description": text})).collect();
        let mut record = serde_json::json!({"kind": kind, "features": marks});
        if kind != "missing" {
            record["remains"] = serde_json::json!({"condition": condition});
        }
        json::read(&json::parse(record.to_string().as_bytes()).expect("JSON")).expect("a record").1
    }

    /// Marks such as many have, so that frequencies are those of a small collection.
    fn statistics() -> Statistics {
        let mut statistics = Statistics::default();
        let common = [
            "rose on left arm",
            "skull on right arm",
            "tribal band left arm",
            "cross on chest",
            "butterfly lower back",
        ];
        for text in common.iter().cycle().take(400) {
            let value = Features::read(&record("missing", "", &[("tattoo", text), ("scar", "scar on abdomen")]));
            value.iter().for_each(|value| Features::count(&mut statistics, Kind::Missing, value, 1));
        }
        statistics
    }

    fn evidence(missing: &[(&str, &str)], condition: &str, body: &[(&str, &str)]) -> Evidence {
        let (model, statistics) = (Model::default(), statistics());
        let facing = Facing { query: Kind::Missing, candidate: Kind::Unidentified };
        let query = Features::read(&record("missing", "", missing)).expect("marks");
        let candidate = Features::read(&record("unidentified", condition, body)).expect("marks");
        let prepared = Features::prepare(Scale { model: &model, statistics: &statistics, facing }, &query);
        Features::explain(&prepared, &candidate).expect("evidence")
    }

    #[test]
    fn marks_agree_as_far_as_they_are_rare() {
        let check = |missing: &str, body: &str, level: &str| {
            let told = evidence(&[("tattoo", missing)], "recognizable", &[("tattoo", body)]);
            assert_eq!(told.level, level, "{missing} = {body}: {told:?}");
        };
        check(
            "Compass rose with \"TRUE NORTH\" on left forearm",
            "LT F0REARM: C0MPASS, LETTERING TRUE N0RTH",
            "distinctive",
        );
        check("TATTOO (PATRICA) on right leg", "LEG: PATRICIA", "distinctive");
        check("piranha tattoo on his left arm", "- piranha on lt arm", "distinctive");
        check("rose on left arm", "R0SE LT ARM", "similar");
        check("rose on left arm", "flower on arm", "similar");
        check("rose on left arm", "skull on right arm", "absent");
        check("large eagle with spread wings on chest", "cross on ankle", "absent");
    }

    #[test]
    fn a_mark_is_the_same_in_another_language() {
        let pairs = [
            ("scar", "scar on left eyebrow", "CICATRIZ EN CEJA IZQ."),
            ("scar", "burn scar on right forearm", "cicatrice de brûlure à l'avant-bras droit"),
            ("tattoo", "butterfly on right ankle", "Tatuaje de mariposa en tobillo derecho"),
            ("tattoo", "LT CALF: SPIDER WEB", "TATOUAGE TOILE D'ARAIGNÉE MOLLET G."),
            ("scar", "mole on right cheek", "Lunar en mejilla derecha"),
            ("scar", "Cicatriz de apendicectomía", "cicatrice d'appendicectomie"),
            ("tattoo", "scorpion on neck", "alacrán en la nuca"),
        ];
        for (kind, one, other) in pairs {
            let bits = |one, other| evidence(&[(kind, one)], "recognizable", &[(kind, other)]).bits.0;
            assert!(bits(one, other) > 2_000, "{one} = {other}: {}", bits(one, other));
            assert_eq!(bits(one, other), bits(other, one), "{one} = {other}");
            assert!(bits(one, other) > bits(one, "skull on left wrist") + 2_000, "{one}");
        }
    }

    #[test]
    fn what_should_be_seen_and_is_not_costs() {
        let bits =
            |missing: (&str, &str), condition: &str, body: (&str, &str)| evidence(&[missing], condition, &[body]).bits;
        let eagle = ("tattoo", "large eagle across chest");
        let (fresh, decayed) = (
            bits(eagle, "recognizable", ("scar", "scar on knee")),
            bits(eagle, "decomposed", ("scar", "scar on knee")),
        );
        assert!((-3_000..=-1_000).contains(&fresh.0), "{fresh:?}");
        assert!(fresh < decayed, "decay hides it");
        let bones = bits(eagle, "skeleton", ("fracture", "healed fracture of rib"));
        assert!(decayed < bones && bones.0 > -300, "bones show no skin: {bones:?}");
        assert!(bits(("scar", "scar on knee"), "recognizable", eagle).0 > -500, "it may be new");
        assert!(bits(eagle, "recognizable", ("tattoo", "None")) < fresh, "it is said not to be there");
        assert!(bits(("artificial", "plate in left femur"), "skeleton", ("fracture", "old fracture of nose")).0 < -200);
    }

    #[test]
    fn each_mark_has_one_partner_at_most() {
        let once = evidence(&[("tattoo", "dragon on neck")], "recognizable", &[("tattoo", "dragon on neck")]).bits;
        let twice = evidence(
            &[("tattoo", "dragon on neck; dragon on left neck")],
            "recognizable",
            &[("tattoo", "dragon on neck")],
        );
        assert!(twice.bits < once, "{twice:?}");
        assert_eq!(twice.details[0], ("marks_that_agree", Detail::Count(1)));
        assert!(
            evidence(&[("tattoo", "dragon on neck")], "recognizable", &[("tattoo", "dragon on neck")])
                .summary
                .contains("tattoo: dragon, neck = tattoo: dragon, neck")
        );
    }
}
