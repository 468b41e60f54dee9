//! Teeth: tooth by tooth, P(post code | ante code), over the chart's chance in the population.
//!
//! A tooth's history only advances: untouched, restored, crowned, extracted; the other way round is a charting
//! error (errors in 28 to 47 % of charts, Kieser 2006: 3 to 4 % a pair). Teeth are far from independent (half of
//! the young have none restored, dentures take all at once), so the denominator is a mixture over classes of
//! missing persons with about as many treated teeth: within a class teeth are nearly independent. Restored surfaces
//! break ties. Cap 16 bits, the most that a population of 57,980 charts can support (OdontoSearch).

use serde::{Deserialize, Serialize};

use super::{About, Attribute, Detail, Evidence, Facing, Scale};
use crate::model::{Bits, Model, TOOTH_STATES};
use crate::record::{Kind, Record, Tooth, ToothState};

const TEETH: usize = 32;
/// Classes by the number of treated teeth: none, to 4, to 9, to 15, more.
const CLASSES: usize = 5;

/// The attribute.
pub struct Dental;

/// The codes in universal order.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Value {
    teeth: [u8; TEETH],
}

type PerTooth<T> = [[[T; TOOTH_STATES]; TEETH]; CLASSES];

/// The states of the missing persons' teeth, by class.
#[derive(Clone)]
pub struct Statistics {
    charts: [i64; CLASSES],
    states: Box<PerTooth<i64>>,
}

impl Default for Statistics {
    fn default() -> Self {
        Self { charts: [0; CLASSES], states: Box::new([[[0; TOOTH_STATES]; TEETH]; CLASSES]) }
    }
}

/// A query made ready.
pub struct Prepared<'a> {
    model: &'a Model,
    facing: Facing,
    query: &'a Value,
    class_shares: [f64; CLASSES],
    /// P(post state | class), for each tooth.
    by_chance: Box<PerTooth<f64>>,
}

impl Attribute for Dental {
    const ABOUT: About = About {
        name: "dental",
        needs: "at least one tooth charted on both",
        levels: &[
            ("consistent", "no tooth contradicts"),
            ("mostly_consistent", "one contradiction in sixteen teeth or fewer"),
            ("inconsistent", "more contradictions"),
        ],
        floor: Bits(-14_000),
        cap: Bits(16_000),
        source: "Kieser 2006 (charting errors); NHANES tooth counts; OdontoSearch (cap)",
        reading: 1,
    };
    type Value = Value;
    type Statistics = Statistics;
    type Prepared<'a> = Prepared<'a>;

    fn read(record: &Record) -> Option<Value> {
        let teeth = record.dental.as_ref()?.teeth();
        let charted = teeth.iter().any(|tooth| tooth.state().is_some());
        charted.then(|| Value { teeth: teeth.map(Tooth::byte) })
    }

    fn count(statistics: &mut Statistics, kind: Kind, value: &Value, by: i64) {
        if kind != Kind::Missing {
            return;
        }
        let class = value.class();
        statistics.charts[class] += by;
        for (tooth, state) in value.states().enumerate() {
            if let Some(state) = state {
                statistics.states[class][tooth][state] += by;
            }
        }
    }

    fn prepare<'a>(scale: Scale<'a, Statistics>, query: &'a Value) -> Prepared<'a> {
        let Scale { model, statistics, facing } = scale;
        let charts = statistics.charts.iter().sum::<i64>() as f64 + model.smoothing;
        let class_shares =
            std::array::from_fn(|class| (statistics.charts[class] as f64 + model.smoothing / CLASSES as f64) / charts);
        let mut by_chance: Box<PerTooth<f64>> = Box::new([[[0.0; TOOTH_STATES]; TEETH]; CLASSES]);
        for class in 0..CLASSES {
            for tooth in 0..TEETH {
                by_chance[class][tooth] = chances(model, &statistics.states[class][tooth], class);
            }
        }
        Prepared { model, facing, query, class_shares, by_chance }
    }

    fn weigh(prepared: &Prepared<'_>, candidate: &Value) -> Bits {
        let (ante, post) = prepared.facing.ante_post(prepared.query, candidate);
        prepared.bits(ante, post)
    }

    fn explain(prepared: &Prepared<'_>, candidate: &Value) -> Option<Evidence> {
        let (ante, post) = prepared.facing.ante_post(prepared.query, candidate);
        let (mut agree, mut explainable, mut unexplainable) = (0_u64, 0, 0);
        for pair in ante.states().zip(post.states()) {
            match pair {
                (Some(ante), Some(post)) if ante == post => agree += 1,
                (Some(ante), Some(post)) if ante < post => explainable += 1,
                (Some(_), Some(_)) => unexplainable += 1,
                _ => {}
            }
        }
        let compared = agree + explainable + unexplainable;
        if compared == 0 {
            return None;
        }
        let incomparable = TEETH as u64 - compared;
        let level = match unexplainable {
            0 => "consistent",
            n if n * 16 <= compared => "mostly_consistent",
            _ => "inconsistent",
        };
        let summary = format!(
            "{agree} teeth agree, {explainable} later treated, {unexplainable} contradict, {incomparable} not comparable"
        );
        let counts = [agree, explainable, unexplainable, incomparable].map(Detail::Count);
        let details = ["agree", "explainable", "unexplainable", "incomparable"].into_iter().zip(counts).collect();
        Some(Evidence { details, ..Evidence::plain(&Self::ABOUT, prepared.bits(ante, post), level, summary) })
    }
}

impl Value {
    /// Untouched 0, restored 1, crowned 2, extracted 3. A tooth that never erupted says as little as none.
    fn states(&self) -> impl Iterator<Item = Option<usize>> {
        self.teeth.iter().map(|&byte| match Tooth::from_byte(byte).state()? {
            ToothState::Unerupted => None,
            ToothState::Virgin => Some(0),
            ToothState::Restored => Some(1),
            ToothState::Crown => Some(2),
            ToothState::Extracted => Some(3),
        })
    }

    fn class(&self) -> usize {
        match self.states().flatten().filter(|&state| state > 0).count() {
            0 => 0,
            1..=4 => 1,
            5..=9 => 2,
            10..=15 => 3,
            _ => 4,
        }
    }
}

/// P(post state) for one tooth in one class: the ante states' shares through the changes of a lifetime.
fn chances(model: &Model, counts: &[i64; TOOTH_STATES], class: usize) -> [f64; TOOTH_STATES] {
    let expected = model.dental.expected[class];
    let total = counts.iter().sum::<i64>() as f64 + model.dental.smoothing;
    let share = |state: usize| (counts[state] as f64 + model.dental.smoothing * expected[state]) / total;
    std::array::from_fn(|post| (0..TOOTH_STATES).map(|ante| share(ante) * model.dental.change[ante][post]).sum())
}

impl Prepared<'_> {
    fn bits(&self, ante: &Value, post: &Value) -> Bits {
        let model = &self.model.dental;
        let mut likely = 1.0;
        let mut chance = self.class_shares;
        for (at, pair) in ante.states().zip(post.states()).enumerate() {
            let (Some(before), Some(after)) = pair else { continue };
            likely *= model.change[before][after];
            if before == after && matches!(before, 1 | 2) {
                let same = ante.teeth[at] == post.teeth[at];
                likely *= if same { model.same_surfaces_ratio } else { model.other_surfaces_ratio };
            }
            for (chance, teeth) in chance.iter_mut().zip(self.by_chance.iter()) {
                *chance *= teeth[at][after];
            }
        }
        let ratio = likely / chance.iter().sum::<f64>();
        let bits = model.independence * ratio.log2();
        Bits::from_f64(bits).within(Dental::ABOUT.floor, Dental::ABOUT.cap)
    }
}
