//! Height and weight given sex, each by normal densities with the report's and the estimate's errors added.
//!
//! `LR = (1 - e) N(post; ante + bias, s^2) / N(post; population) + e`: a clerk's slip costs bits, never
//! everything. Weight is weighed in logarithms, given height (they depend on each other), the less the more the
//! body has decayed, and not at all on bones or on a body without its limbs or its trunk. Children grow: by the years to the
//! body's estimated age, or, where that tells nothing, by half of what was left, with a wide shoulder. Population and errors: NHANES 2017-2018 (CDC), and twins of published cases.

use std::f64::consts::{LN_2, LOG2_E, TAU};

use serde::{Deserialize, Serialize};

use super::{About, Attribute, Detail, Evidence, Facing, Part, Preservation, Scale};
use crate::model::{Bits, BuildModel, Model, Normal, exp2, log2};
use crate::record::{BodyRegion, Kind, Range, Record, Sex};

/// Up to this age the height at last contact says less.
const ADULT_AGE: f64 = 19.0;

/// The attribute.
pub struct Build;

/// Heights in millimetres, weights in tenths of a kilogram.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Value {
    /// Place in [`Sex::ALL`]; 3 is unknown.
    sex: u8,
    /// Years short of adult at last contact.
    growing: u8,
    /// The age of a body that may still have grown, in years; 0 is unknown or grown.
    age: u8,
    from: Preservation,
    height: Option<Span>,
    weight: Option<Span>,
}

/// The middle of a range, and how far each end is from it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Span {
    middle: u32,
    half: u32,
}

impl Span {
    /// Tenths of the range's unit; a measure of 0 is unknown.
    fn of(range: Range) -> Option<Self> {
        let tenths = |value: f64| (value * 10.0).round().min(1e6) as u32;
        let middle = tenths(range.middle());
        (middle > 0).then(|| Self { middle, half: tenths((range.max() - range.min()) / 2.0) })
    }

    fn middle(self) -> f64 {
        f64::from(self.middle) * 0.1
    }

    /// The variance of a value that may be anywhere in the range.
    fn variance(self) -> f64 {
        let half = f64::from(self.half) * 0.1;
        half * half * (1.0 / 3.0)
    }
}

/// A query made ready.
pub struct Prepared<'a> {
    model: &'a Model,
    facing: Facing,
    query: Ready<'a>,
    given: GivenHeight,
}

/// Weights of people of one height, by sex: how much heavier by centimetre, and their spread, in logarithms.
struct GivenHeight {
    slope: [f64; 3],
    sd: [f64; 3],
}

impl GivenHeight {
    fn new(model: &BuildModel) -> Self {
        let correlation = model.height_weight_correlation;
        let [heights, weights] = [&model.height_cm, &model.weight_log_kg];
        Self {
            slope: std::array::from_fn(|sex| correlation * weights[sex].sd / heights[sex].sd),
            sd: weights.map(|weight| weight.sd * (1.0 - correlation * correlation).sqrt()),
        }
    }
}

/// A value, and the natural logarithm of its weight; none: it has no weight.
#[derive(Clone, Copy)]
struct Ready<'a> {
    value: &'a Value,
    log_kg: Option<f64>,
}

impl<'a> Ready<'a> {
    #[inline(always)]
    fn new(value: &'a Value) -> Self {
        Self { value, log_kg: value.weight.map(|weight| log2(weight.middle()) * LN_2) }
    }
}

impl Attribute for Build {
    const ABOUT: About = About {
        name: "build",
        needs: "height or weight on both",
        levels: &[
            ("within_one_error", "nearer than one standard error"),
            ("within_two_errors", "nearer than two standard errors"),
            ("beyond_two_errors", "further apart"),
        ],
        floor: Bits(-8_000),
        cap: Bits(8_000),
        professional: false,
        source: "NHANES 2017-2018 (reported and measured, 5,685 adults); stature from long bones 2.4 to 4.0 cm",
        reading: 2,
    };
    type Value = Value;
    type Statistics = ();
    type Prepared<'a> = Prepared<'a>;
    type Known = ();

    fn read(record: &Record) -> Option<Value> {
        let age = record.age_years.filter(|_| record.kind == Kind::Missing).map_or(ADULT_AGE, |age| age.middle());
        let from = Preservation::of(record);
        let bones = matches!(from, Preservation::Skeleton | Preservation::Parts);
        // What is left of a body without its limbs does not weigh what it weighed; its height is estimated from what is left.
        let mut gone = record.remains.iter().flat_map(|remains| &remains.not_recovered);
        let whole = !gone.any(|region| matches!(region, BodyRegion::Limbs | BodyRegion::Torso));
        let exact = |age: &Range| age.max() - age.min() <= EXACT_YEARS;
        let body = record.age_years.filter(|_| record.kind != Kind::Missing).filter(exact).map(|age| age.middle());
        let value = Value {
            sex: record.sex.map_or(3, |sex| sex as u8),
            growing: (ADULT_AGE - age).clamp(0.0, ADULT_AGE) as u8,
            age: body.filter(|age| *age < ADULT_AGE).map_or(0, |age| age as u8),
            from,
            height: record.height_cm.and_then(Span::of),
            weight: record.weight_kg.filter(|_| !bones && whole).and_then(Span::of),
        };
        (value.height.is_some() || value.weight.is_some()).then_some(value)
    }

    fn is_sound(value: &Value) -> bool {
        usize::from(value.sex) <= Sex::ALL.len()
    }

    fn count((): &mut (), _: Kind, _: &Value, _: i64) {}

    fn prepare<'a>(scale: Scale<'a, ()>, query: &'a Value) -> Prepared<'a> {
        let given = GivenHeight::new(&scale.model.build);
        Prepared { model: scale.model, facing: scale.facing, query: Ready::new(query), given }
    }

    #[inline(always)]
    fn weigh(prepared: &Prepared<'_>, candidate: &Value) -> Bits {
        let pair = prepared.pair(candidate);
        pair.height().map_or(Bits::ZERO, |height| height.bits) + pair.weight().map_or(Bits::ZERO, |weight| weight.bits)
    }

    fn explain(prepared: &Prepared<'_>, candidate: &Value) -> Option<Evidence> {
        let pair = prepared.pair(candidate);
        let (ante, post) = (pair.ante.value, pair.post.value);
        let fields = [
            ("height", "cm", ante.height, post.height, pair.height()),
            ("weight", "kg", ante.weight, post.weight, pair.weight()),
        ];
        let (mut parts, mut details, mut worst) = (Vec::new(), Vec::new(), 0.0_f64);
        for (name, unit, ante, post, likely) in fields {
            let (Some(ante), Some(post), Some(likely)) = (ante, post, likely) else { continue };
            let summary = format!("{name} {} {unit} reported, {} {unit} estimated", tell(ante), tell(post));
            parts.push(Part { name, bits: likely.bits, summary });
            let measure = if name == "height" { "height_difference_cm" } else { "weight_difference_kg" };
            details.push((measure, Detail::Measure((post.middle() - ante.middle()).abs().round())));
            worst = worst.max(likely.errors().abs());
        }
        let level = match worst {
            errors if errors <= 1.0 => "within_one_error",
            errors if errors <= 2.0 => "within_two_errors",
            _ => "beyond_two_errors",
        };
        let summary = parts.iter().map(|part| part.summary.as_str()).collect::<Vec<_>>().join("; ");
        let bits = parts.iter().map(|part| part.bits).sum();
        let plain = Evidence::plain(&Self::ABOUT, bits, level, summary);
        (!parts.is_empty()).then_some(Evidence { parts, details, ..plain })
    }
}

fn tell(span: Span) -> String {
    let (middle, half) = (span.middle(), f64::from(span.half) / 10.0);
    if span.half == 0 { format!("{middle:.0}") } else { format!("{:.0} to {:.0}", middle - half, middle + half) }
}

/// The bits of one measure, and how far the two values are apart, with the variance of that.
struct Measured {
    bits: Bits,
    apart: f64,
    variance: f64,
}

impl Measured {
    /// How many standard errors the two values are apart.
    fn errors(&self) -> f64 {
        self.apart / self.variance.sqrt()
    }
}

struct Pair<'a> {
    model: &'a BuildModel,
    given: &'a GivenHeight,
    ante: Ready<'a>,
    post: Ready<'a>,
}

impl Prepared<'_> {
    #[inline(always)]
    fn pair<'p>(&'p self, candidate: &'p Value) -> Pair<'p> {
        let candidate = Ready::new(candidate);
        let (ante, post) = if self.facing.query_is_post() { (candidate, self.query) } else { (self.query, candidate) };
        Pair { model: &self.model.build, given: &self.given, ante, post }
    }
}

impl Pair<'_> {
    #[inline(always)]
    fn height(&self) -> Option<Measured> {
        let (ante, post) = (self.ante.value.height?, self.post.value.height?);
        let error = self.model.height_error_cm[self.post.value.from as usize];
        let (factor, uncertain) = self.grown(&STATURE);
        let mean = (ante.middle() + self.model.height_bias_cm) * factor;
        let grown = ante.middle() * uncertain;
        let variance = error * error + ante.variance() + post.variance() / 4.0 + grown * grown;
        let population = self.model.height_cm[self.sex()];
        let anyone = 0.94 * population.density(post.middle()) + 0.06 * CHILDREN_CM.density(post.middle());
        let by_chance = self.of_its_age(&STATURE).map_or(anyone, |share| {
            let mean = population.mean * share;
            let child = Normal { mean, sd: CHILD_SPREAD * mean };
            CHILD * child.density(post.middle()) + (1.0 - CHILD) * anyone
        });
        Some(self.mixed(post.middle() - mean, variance, by_chance))
    }

    /// In natural logarithms, given the height where both know it.
    #[inline(always)]
    fn weight(&self) -> Option<Measured> {
        let (ante, post) = (self.ante.value.weight?, self.post.value.weight?);
        let (before, found) = (self.ante.log_kg?, self.post.log_kg?);
        let relative = |span: Span| span.variance() / (span.middle() * span.middle());
        let from = self.post.value.from as usize;
        let (factor, uncertain) = self.grown(&MASS);
        let (error, grown) = (self.model.weight_error_log[from], uncertain / factor);
        let variance = error * error + relative(ante) + relative(post) / 4.0 + grown * grown;
        let growth = if factor == 1.0 { 0.0 } else { factor.ln() };
        let mean = before + self.model.weight_bias_log[from] + growth;
        let sex = self.sex();
        let (heights, weights) = (self.model.height_cm[sex], self.model.weight_log_kg[sex]);
        let given = match (self.ante.value.height, self.post.value.height) {
            (Some(_), Some(height)) => {
                let mean = weights.mean + self.given.slope[sex] * (height.middle() - heights.mean).clamp(-25.0, 25.0);
                Normal { mean, sd: self.given.sd[sex] }
            }
            _ => weights,
        };
        let anyone = 0.94 * given.density(found) + 0.06 * CHILDREN_LOG_KG.density(found);
        let by_chance = self.of_its_age(&MASS).map_or(anyone, |share| {
            let child = Normal { mean: weights.mean + share.ln(), sd: weights.sd };
            CHILD * child.density(found) + (1.0 - CHILD) * anyone
        });
        Some(self.mixed(found - mean, variance, by_chance))
    }

    /// What a measure at last contact is expected to have grown to, as a factor, and the factor's error: by the age of the
    /// body, or half of what was left. `shares`: of the grown person's measure, by age.
    fn grown(&self, shares: &[f64; GROWN]) -> (f64, f64) {
        let from = GROWN - 1 - usize::from(self.ante.value.growing).min(GROWN - 1);
        let share = shares[from];
        match usize::from(self.post.value.age) {
            _ if from == GROWN - 1 => (1.0, 0.0),
            0 => {
                let half = (1.0 / share - 1.0) / 2.0;
                (1.0 + half, half)
            }
            age => {
                let age = age.clamp(from, GROWN - 1);
                let factor = shares[age] / share;
                let a_year = (shares[(age + 1).min(GROWN - 1)] - shares[age]) / share;
                (factor, a_year + GROWTH_ERROR * (factor - 1.0))
            }
        }
    }

    /// The share of a grown person's measure at the age of the body, where that is a child's: of whom the time line says the
    /// age, the height tells only what it adds.
    fn of_its_age(&self, shares: &[f64; GROWN]) -> Option<f64> {
        let age = usize::from(self.post.value.age);
        (age > 0).then(|| shares[age.min(GROWN - 1)])
    }

    /// The sex that either record gives, by its place in the populations.
    fn sex(&self) -> usize {
        usize::from(self.ante.value.sex.min(self.post.value.sex).min(2))
    }

    #[inline(always)]
    fn mixed(&self, apart: f64, variance: f64, by_chance: f64) -> Measured {
        let slip = self.model.slip;
        let precision = 1.0 / variance;
        let expected = exp2(-0.5 * LOG2_E * apart * apart * precision) * (precision * (1.0 / TAU)).sqrt();
        // Both are nothing where they are beyond all numbers.
        let ratio = (1.0 - slip) * expected / by_chance.max(f64::MIN_POSITIVE) + slip;
        Measured { bits: Bits::of_ratio(ratio).within(Bits(-4_000), Bits(4_000)), apart, variance }
    }
}

/// An estimate of age that is wider does not tell how much a child has grown.
const EXACT_YEARS: f64 = 6.0;

/// Years of age up to which people grow, and one.
const GROWN: usize = ADULT_AGE as usize + 1;
/// Height and weight at each year of age, of those at 19: medians of both sexes (CDC growth charts 2000).
const STATURE: [f64; GROWN] = [
    0.29, 0.44, 0.51, 0.56, 0.61, 0.65, 0.69, 0.725, 0.76, 0.79, 0.82, 0.85, 0.885, 0.92, 0.95, 0.975, 0.985, 0.993,
    0.998, 1.0,
];
const MASS: [f64; GROWN] = [
    0.05, 0.155, 0.19, 0.22, 0.25, 0.28, 0.315, 0.35, 0.39, 0.44, 0.50, 0.56, 0.63, 0.71, 0.79, 0.86, 0.91, 0.95, 0.98,
    1.0,
];
/// How surely a body estimated to be a child's is one, and the spread of children's heights at one age.
const CHILD: f64 = 0.9;
const CHILD_SPREAD: f64 = 0.055;
/// How far growth is off what is expected, of itself.
const GROWTH_ERROR: f64 = 0.2;

/// One in seventeen is a child.
const CHILDREN_CM: Normal = Normal { mean: 120.0, sd: 32.0 };
const CHILDREN_LOG_KG: Normal = Normal { mean: 3.1, sd: 0.6 };

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::record::json as reader;

    fn value(kind: &str, fields: &Json) -> Option<Value> {
        let mut body = fields.clone();
        body["kind"] = json!(kind);
        let tree = reader::parse(body.to_string().as_bytes()).expect("JSON");
        Build::read(&reader::read(&tree).unwrap_or_else(|_| panic!("{body}")).1)
    }

    fn bits(missing: &Json, body: &Json) -> f64 {
        let (missing, body) =
            (value("missing", missing).expect("a build"), value("unidentified", body).expect("a build"));
        let facing = Facing { query: Kind::Missing, candidate: Kind::Unidentified };
        let model = Model::default();
        let scale = Scale { model: &model, statistics: &(), facing };
        Build::weigh(&Build::prepare(scale, &missing), &body).to_f64()
    }

    fn measure(age: [u8; 2], height: f64, weight: f64) -> Json {
        let range = |least: f64, most: f64| json!({"min": least, "max": most});
        json!({"sex": "male", "age_years": range(f64::from(age[0]), f64::from(age[1])),
            "height_cm": range(height, height), "weight_kg": range(weight, weight)})
    }

    #[test]
    fn a_child_grows_with_the_years_to_the_age_of_the_body() {
        let child = measure([8, 8], 125.0, 26.0);
        let [small, grown] = [(125.0, 26.0), (168.0, 58.0)].map(|(height, weight)| measure([15, 17], height, weight));
        assert!(bits(&child, &grown) > 0.0 && bits(&child, &small) < -3.0, "{}", bits(&child, &small));
        let soon = measure([8, 9], 126.0, 26.0);
        let tall = measure([8, 9], 168.0, 58.0);
        assert!(
            bits(&child, &soon) > 0.5 && bits(&child, &tall) < -5.0,
            "{} {}",
            bits(&child, &soon),
            bits(&child, &tall)
        );
        let open = measure([5, 20], 150.0, 40.0);
        assert!(bits(&child, &open) > 0.0, "nobody knows how much: {}", bits(&child, &open));
        let adult = measure([30, 30], 180.0, 80.0);
        assert!(bits(&adult, &measure([30, 30], 180.0, 80.0)) > bits(&adult, &measure([30, 30], 170.0, 80.0)));
    }

    #[test]
    fn what_nobody_can_measure_is_no_more_than_a_slip() {
        let slips = |height: f64| bits(&measure([30, 30], 1_000.0, 80.0), &measure([30, 30], height, 80.0));
        assert!(slips(3_000.0) < -1.5 && slips(1e9) < -1.5, "{} {}", slips(3_000.0), slips(1e9));
    }

    #[test]
    fn a_body_without_its_limbs_has_no_weight_of_its_own() {
        let with = |gone: &Json| {
            let mut body = measure([30, 30], 180.0, 35.0);
            body["remains"] = json!({"condition": "recognizable", "not_recovered": gone});
            body
        };
        let adult = measure([30, 30], 180.0, 80.0);
        assert!(bits(&adult, &with(&json!(["limbs"]))) > 1.0 && bits(&adult, &with(&json!([]))) < 0.0);
    }
}
