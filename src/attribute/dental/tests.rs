//! Teeth: what every sort of pair is told, that time and surfaces count, and that tables weigh as plain formulas do.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::history::Changes;
use super::*;
use crate::model::Model;
use crate::record::json;

/// A chart: `32V` is 32 untouched teeth, `/` none. A body's where it has a year of finding, else that of a person missing
/// since 2000.
fn value(teeth: &str, found: Option<u16>) -> Value {
    match found {
        None => read(teeth, "", "\"kind\":\"missing\",\"last_contact\":{\"date\":\"2000-06-01\"}"),
        Some(year) => read(teeth, "", &format!("\"kind\":\"unidentified\",\"found\":{{\"date\":\"{year}-07-01\"}}")),
    }
}

/// A record with a chart: codes, other members of the chart, other members of the record.
fn read(teeth: &str, chart: &str, rest: &str) -> Value {
    let codes = teeth.split(' ').flat_map(|word| {
        let letters = word.trim_start_matches(|letter: char| letter.is_ascii_digit());
        let times = word[..word.len() - letters.len()].parse().unwrap_or(1);
        std::iter::repeat_n(letters, times)
    });
    let teeth: Vec<String> = codes.zip(1..).map(|(code, number)| format!("\"{number}\":\"{code}\"")).collect();
    let text = format!("{{{rest},\"dental\":{{{chart}\"teeth\":{{{}}}}}}}", teeth.join(","));
    let tree = json::parse(text.as_bytes()).expect("JSON");
    let record = json::read(&tree).unwrap_or_else(|faults| panic!("{faults:?}")).1;
    Dental::read(&record).expect("a chart")
}

static MODEL: LazyLock<Model> = LazyLock::new(Model::default);
const FACING: Facing = Facing { query: Kind::Unidentified, candidate: Kind::Missing };

fn weighed(ante: &Value, post: &Value, statistics: &Statistics) -> (Bits, Option<Evidence>) {
    let prepared = Dental::prepare(Scale { model: &MODEL, statistics, facing: FACING }, post);
    (Dental::weigh(&prepared, ante), Dental::explain(&prepared, ante))
}

/// Among missing persons as the model expects them.
fn bits(ante: &str, post: &str, found: u16) -> i32 {
    weighed(&value(ante, None), &value(post, Some(found)), &Statistics::default()).0.0
}

#[test]
fn every_pair_has_its_level_and_its_sign() {
    // Missing person, body, level, in words, for or against.
    let cases = [
        ("2V MO 2V MODC 20V X 5V", "2V MO 2V MODC 20V X 5V", "consistent", "32 teeth agree, 0 later", 1),
        ("2V MO 29V", "X V MO 2V O 26V", "consistent", "30 teeth agree, 2 later treated, 0 contradict", 1),
        ("2V MO 2V MODC 20V X 5V", "2V MO 2V MODC 20V 6V", "mostly_consistent", "31 teeth agree, 0 later", 1),
        ("2V MO OL 8V 6X 4V X 9V", "3V O 2V OF 16V X 8V", "inconsistent", "contradict", -1),
        ("32X", "32V", "inconsistent", "0 teeth agree, 0 later treated, 32 contradict", -1),
        ("V 31/", "V 31/", "consistent", "1 teeth agree, 0 later treated, 0 contradict, 31 not comparable", 1),
    ];
    for (ante, post, level, words, sign) in cases {
        let (bits, told) = weighed(&value(ante, None), &value(post, Some(2001)), &Statistics::default());
        let told = told.expect("teeth to compare");
        assert!(told.level == level && told.summary.contains(words), "{ante} {post}: {} {}", told.level, told.summary);
        assert_eq!(bits.0.signum(), sign, "{ante} {post}: {bits:?}");
    }
    let (bits, told) = weighed(&value("V 31/", None), &value("/ V 30/", Some(2001)), &Statistics::default());
    assert_eq!((bits, told), (Bits::ZERO, None));
}

#[test]
fn treatment_takes_time_and_never_goes_back() {
    let (before, after) = ("2V MO 29V", "O V MO 3V O X 5V OL MO 17V");
    assert!(bits(before, after, 2018) > bits(before, after, 2000) + 1_000);
    assert!(bits(before, after, 2010) > bits(after, before, 2010) + 3_000);
    let dated = |date: &str| {
        let missing = "\"kind\":\"missing\",\"last_contact\":{\"date\":\"2000-06-01\"}";
        let ante = read(before, &format!("\"date\":\"{date}\","), missing);
        weighed(&ante, &value(after, Some(2000)), &Statistics::default()).0
    };
    assert!(dated("1985-01-01") > dated("2000-01-01"), "an old chart has had the more time");
}

#[test]
fn surfaces_break_ties_and_grow() {
    let of = |after: &str| bits("2V MO 5V 24/", &format!("2V {after} 5V 24/"), 2001);
    assert!(of("MO") > of("MOD") && of("MOD") > of("F"), "{} {} {}", of("MO"), of("MOD"), of("F"));
    assert!(of("MOR") > of("DL"), "a root canal is one more");
    let rare = bits("2V MODFL 29/", "2V MODFL 29/", 2001);
    assert!(rare > bits("2V O 29/", "2V O 29/", 2001), "what is rare tells more");
}

#[test]
fn a_chart_that_may_be_a_default_neither_helps_nor_harms_much() {
    let default = bits("32V", "2V MO OL 8V 3X 8V MOD X 6V X", 2001);
    assert!((-2_500..0).contains(&default), "{default}");
    assert!(bits("V X 30V", "2V MO OL 8V 3X 8V MOD X 6V X", 2001) < default - 3_000);
}

#[test]
fn a_neighbours_number_is_tried_before_a_contradiction_counts() {
    // A premolar was taken and the gap closed: one dentist counts on, the other does not.
    let (ante, shifted, scattered) = ("V MO OL X V O 26V", "V MO OL V O 27V", "V V OL V V O 26V");
    let (bits, told) = weighed(&value(ante, None), &value(shifted, Some(2001)), &Statistics::default());
    let told = told.expect("teeth to compare");
    assert!(told.summary.contains("0 contradict") && told.summary.contains("neighbour's number"), "{}", told.summary);
    let (others, told) = weighed(&value(ante, None), &value(scattered, Some(2001)), &Statistics::default());
    assert!(bits > others, "{bits:?} {others:?}");
    assert!(told.expect("teeth to compare").summary.contains("2 contradict"));
}

#[test]
fn what_goes_together_does_not_count_tooth_by_tooth() {
    // Dentures: a toothless mouth is one in a hundred, not one in 2^32.
    assert!((5_000..9_000).contains(&bits("32X", "32X", 2001)), "{}", bits("32X", "32X", 2001));
    assert!((4_000..7_500).contains(&bits("16X 16/", "16X 16/", 2001)), "{}", bits("16X 16/", "16X 16/", 2001));
    // Third molars are taken all four.
    let thirds = bits("X 14V 2X 14V X", "X 14V 2X 14V X", 2001);
    assert!((3_000..7_000).contains(&thirds), "{thirds}");
}

#[test]
fn what_nobody_else_has_is_weighed_too() {
    for (others, times) in [("32V", 300), ("32V", 10_000_000), ("32X", 10_000_000), ("2V MO 10V MO 18V", 1_000_000)] {
        let mut statistics = Statistics::default();
        Dental::count(&mut statistics, Kind::Missing, &value(others, None), times);
        for (ante, post) in [("32X", "32X"), ("32V", "32X"), ("32X", "32V"), ("28X 4/", "28X 4/"), ("32MODC", "32MODC")]
        {
            let (ante, post) = (value(ante, None), value(post, Some(2001)));
            let prepared = Dental::prepare(Scale { model: &MODEL, statistics: &statistics, facing: FACING }, &post);
            let naive = naive(&prepared, &ante, &post, &statistics).within(Dental::ABOUT.floor, Dental::ABOUT.cap);
            let weighed = Dental::weigh(&prepared, &ante);
            assert!((weighed.0 - naive.0).abs() <= 1, "{times} {others}: {weighed:?} {naive:?}");
        }
    }
}

/// The formula of the module's doc, tooth by tooth and without tables.
fn naive(prepared: &Prepared<'_>, ante: &Value, post: &Value, statistics: &Statistics) -> Bits {
    let model = prepared.model;
    let (before, after) = (ante.states().map(usize::from), post.states().map(usize::from));
    let compared = |tooth: usize| before[tooth] != UNKNOWN && after[tooth] != UNKNOWN;
    let teeth: Vec<usize> = (0..TEETH).filter(|&tooth| compared(tooth)).collect();
    let surfaces = Surfaces::new(model, statistics);
    let changes = history::changes(model);
    let population = Population::new(model, statistics, &changes[history::period(TYPICAL_YEARS)]);
    let steps = numbering::steps(model);
    let tooth = |years: &Changes, from: usize, to: usize| {
        let codes = [ante.teeth[from], post.teeth[to]].map(usize::from);
        let alike = codes.iter().all(|code| *code < CODES) && history::group(from) == history::group(to);
        years[before[from]][after[to]] * if alike { surfaces.ratio(to, codes[0], codes[1]) } else { 1.0 }
    };
    let charted = ante.span.years_alive().unwrap_or(model.undated_years);
    let gap = ante.span.years_to(post.span).unwrap_or(0.0).max(0.0);
    let [soon, late] = [charted, charted + gap / 2.0].map(|years| &changes[history::period(years)]);
    let all = |years| teeth.iter().map(|&at| tooth(years, at, at)).product::<f64>();
    let (died, lived) = ((1.0 - model.lived_on) * all(soon), model.lived_on * all(late));
    let mut likely = died + lived;
    let years = if lived > died { late } else { soon };
    for quadrant in (0..4).map(|quadrant| quadrant * QUADRANT..(quadrant + 1) * QUADRANT) {
        if quadrant.clone().all(|at| !compared(at) || before[at] <= after[at]) {
            continue;
        }
        let as_other = |at: usize, offset: isize| match at as isize + offset {
            _ if !compared(at) => 1.0,
            other if !quadrant.contains(&(other as usize)) => population.overall(at, after[at]),
            other if before[other as usize] == UNKNOWN => population.overall(at, after[at]),
            other => tooth(years, other as usize, at),
        };
        let mut paths = [1.0, 0.0, 0.0];
        for at in quadrant.clone() {
            let reached = |to: usize| (0..3).map(|from| paths[from] * steps[from][to]).sum::<f64>();
            paths = std::array::from_fn(|to| reached(to) * as_other(at, OFFSETS[to]));
        }
        likely *= paths.iter().sum::<f64>() / quadrant.clone().map(|at| as_other(at, 0)).product::<f64>();
    }
    let of_class = |class: usize| {
        let chance_of =
            |at: usize| f64::from(population.commoner[at][after[at]][class]) * population.overall(at, after[at]);
        let chance = teeth.iter().map(|&at| chance_of(at)).product::<f64>();
        population.shares(post.age)[class] * chance
    };
    let chance: f64 = (0..CLASSES).map(of_class).sum();
    let untouched = before.iter().filter(|state| **state == 0).count();
    let default = untouched >= usize::from(ALL_UNTOUCHED) && before.iter().all(|state| [0, UNKNOWN].contains(state));
    let default = if default { model.untouched_default } else { model.misfiled };
    Bits::of_ratio(((1.0 - default) * likely + default * chance) / chance)
}

fn charts() -> impl Strategy<Value = String> {
    let code = prop::sample::select(&["V", "V", "V", "V", "MO", "O", "MODC", "X", "/", "U"][..]);
    prop::collection::vec(code, TEETH)
        .prop_filter("a tooth", |codes| codes.iter().any(|code| !["/", "U"].contains(code)))
        .prop_map(|codes| codes.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn tables_weigh_as_the_formula_does_whichever_side_asks(
        others in prop::collection::vec(charts(), 0..20), ante in charts(), post in charts(),
        alike in 0..=TEETH, ages in prop::collection::vec(0..=AGES.len() as u8 + 1, 21),
    ) {
        // Charts of one person for the most part, so that some do not contradict.
        let aged = |(chart, age): (&String, &u8)| Value { age: *age, ..value(chart, None) };
        let others: Vec<Value> = others.iter().zip(&ages).map(aged).collect();
        let (ante, mut post) = (value(&ante, None), Value { age: ages[20], ..value(&post, Some(2_009)) });
        post.teeth[..alike].copy_from_slice(&ante.teeth[..alike]);
        let mut statistics = Statistics::default();
        others.iter().for_each(|other| Dental::count(&mut statistics, Kind::Missing, other, 1));
        let prepared = Dental::prepare(Scale { model: &MODEL, statistics: &statistics, facing: FACING }, &post);
        let weighed = Dental::weigh(&prepared, &ante);
        let naive = naive(&prepared, &ante, &post, &statistics).within(Dental::ABOUT.floor, Dental::ABOUT.cap);
        prop_assert!((weighed.0 - naive.0).abs() <= 1, "{weighed:?} {naive:?}");
        let mirrored = Facing { query: Kind::Missing, candidate: Kind::Unidentified };
        let other = Dental::prepare(Scale { model: &MODEL, statistics: &statistics, facing: mirrored }, &ante);
        prop_assert_eq!(Dental::weigh(&other, &post), weighed);
        others.iter().for_each(|other| Dental::count(&mut statistics, Kind::Missing, other, -1));
        prop_assert_eq!((statistics.charts, *statistics.surfaces), ([0; CLASSES], [[0; CODES]; GROUPS]));
        prop_assert_eq!(statistics.by_age, [[0; CLASSES]; AGES.len() + 1]);
    }
}

#[test]
fn what_is_common_at_an_age_tells_little_at_it() {
    let mut statistics = Statistics::default();
    let at = |chart: &str, age: u8| Value { age, ..value(chart, None) };
    let toothless = ["X"; TEETH].join(" ");
    let sound = ["V"; TEETH].join(" ");
    let treated = [["MO"; 8], ["V"; 8], ["X"; 8], ["V"; 8]].concat().join(" ");
    for (chart, age, times) in [(&sound, 1, 60), (&treated, 1, 20), (&treated, 6, 40), (&toothless, 6, 40)] {
        Dental::count(&mut statistics, Kind::Missing, &at(chart, age), times);
    }
    let bits = |chart: &str, age: u8| {
        let value = at(chart, age);
        let scale = Scale { model: &MODEL, statistics: &statistics, facing: FACING };
        Dental::weigh(&Dental::prepare(scale, &value), &value).to_f64()
    };
    assert!(bits(&toothless, 6) + 2.0 < bits(&toothless, 1), "{} {}", bits(&toothless, 6), bits(&toothless, 1));
    assert!(bits(&sound, 1) + 1.0 < bits(&sound, 6), "{} {}", bits(&sound, 1), bits(&sound, 6));
    let unknown = bits(&toothless, 0);
    assert!(bits(&toothless, 6) < unknown && unknown < bits(&toothless, 1), "{unknown}");
}
