//! Fingers: what every sort of pair is told, how far a class goes, and that tables weigh as plain formulas do.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::model::Model;
use crate::record::json;

/// A classification, fingers apart for the eye; a body's where it has a year of finding, else that of a person missing
/// since 2000.
fn value(fingers: &str, found: Option<u16>) -> Value {
    let rest = match found {
        None => "\"kind\":\"missing\",\"last_contact\":{\"date\":\"2000-06-01\"}".to_owned(),
        Some(year) => format!("\"kind\":\"unidentified\",\"found\":{{\"date\":\"{year}-07-01\"}}"),
    };
    let text = format!("{{{rest},\"fingerprint_class\":\"{}\"}}", fingers.replace(' ', ""));
    let tree = json::parse(text.as_bytes()).expect("JSON");
    let record = json::read(&tree).unwrap_or_else(|faults| panic!("{faults:?}")).1;
    Fingerprints::read(&record).expect("a finger")
}

static MODEL: LazyLock<Model> = LazyLock::new(Model::default);
const FACING: Facing = Facing { query: Kind::Unidentified, candidate: Kind::Missing };

fn weighed(ante: &Value, post: &Value) -> (Bits, Option<Evidence>) {
    let statistics = Statistics::default();
    let prepared = Fingerprints::prepare(Scale { model: &MODEL, statistics: &statistics, facing: FACING }, post);
    (Fingerprints::weigh(&prepared, ante), Fingerprints::explain(&prepared, ante))
}

fn bits(ante: &str, post: &str) -> i32 {
    weighed(&value(ante, None), &value(post, Some(2_001))).0.0
}

const HANDS: &str = "16 62 AA PI 12 CM 08 TT 13 11";
/// Few enough to stay below the cap.
const FEW: &str = "16 // AA // // // 08 // // //";

#[test]
fn every_pair_has_its_level_and_its_sign() {
    // Missing person, body, level, in words, for or against.
    let cases = [
        (HANDS, HANDS, "agree", "10 fingers agree, 0 close, 0 differ, 0 not comparable", 1),
        (HANDS, "14 62 AA PI SR CM 04 TT 13 11", "agree", "8 fingers agree, 1 close, 0 differ, 1 not comparable", 1),
        (HANDS, "16 62 TT PM 12 PM 08 02 13 11", "agree", "6 fingers agree, 4 close, 0 differ", 1),
        (HANDS, "16 62 AA PI 12 CM 08 TT 02 XX", "mostly_agree", "8 fingers agree, 1 close, 1 differ", 1),
        (HANDS, "PI 12 14 08 11 09 PO 14 CI XO", "differ", "1 finger agrees, 0 close, 9 differ", -1),
        (
            "NA SR UP UC // 05 // // // //",
            "// // // // // 06 // // // //",
            "agree",
            "1 finger agrees, 0 close, 0 differ, 9",
            1,
        ),
    ];
    for (ante, post, level, words, sign) in cases {
        let (bits, told) = weighed(&value(ante, None), &value(post, Some(2_001)));
        let told = told.expect("fingers to compare");
        assert!(told.level == level && told.summary.contains(words), "{ante} {post}: {} {}", told.level, told.summary);
        assert_eq!(bits.0.signum(), sign, "{ante} {post}: {bits:?}");
    }
    let unlike = weighed(&value("05 SR SR SR SR SR SR SR SR SR", None), &value("NA 05 // // // // // // // //", None));
    assert_eq!(unlike, (Bits::ZERO, None));
}

#[test]
fn nearer_counts_tell_more() {
    let of = |finger: &str| bits(FEW, &FEW.replacen("16", finger, 1));
    let order = ["16", "17", "18", "20", "21", "30"];
    assert!(order.is_sorted_by(|near, far| of(near) > of(far)), "{:?}", order.map(of));
    assert!(of("SR") > of("20") && of("SR") < of("18"), "none at all stands between what agrees and what hardly does");
}

#[test]
fn what_is_taken_for_each_other_costs_less_than_what_is_not() {
    let check = |before: &str, likely: &str, unlikely: &str| {
        let of = |finger: &str| bits(&FEW.replacen("08", before, 1), &FEW.replacen("08", finger, 1));
        assert!(of(before) > of(likely) && of(likely) > of(unlikely), "{before} {likely} {unlikely}");
    };
    check("AA", "TT", "14");
    check("TT", "02", "18");
    check("02", "TT", "PI");
    check("CI", "PI", "DI");
    check("PI", "PM", "AA");
    check("PI", "PM", "PO");
    check("08", "10", "58");
}

#[test]
fn a_finger_is_lost_in_the_order_of_time_and_never_comes_back() {
    let lost = FEW.replacen("16", "XX", 1);
    let later = |year| weighed(&value(FEW, None), &value(&lost, Some(year))).0;
    assert!(later(2_001) > later(1_999));
    assert!(later(2_001).0 > bits(&lost, FEW), "no finger grows back");
    assert!(bits(&lost, &lost) > bits(FEW, FEW), "a missing finger is rare");
}

#[test]
fn a_class_excludes_well_and_identifies_badly() {
    let alike = bits("PI PI PI PI PI PI PI PI PI PI", "PI PI PI PI PI PI PI PI PI PI");
    let mixed = bits(HANDS, HANDS);
    assert!(alike < mixed - 1_000 || mixed == Fingerprints::ABOUT.cap.0, "{alike} {mixed}");
    assert!(bits("10 10 10 10 10 10 10 10 10 10", "PI PI PI PI PI PI PI PI PI PI") < -9_000);
    // The two hands are often alike: the second tells less than the first.
    let of_one_hand = bits("PI AA 62 // // // // // // //", "PI AA 62 // // // // // // //");
    let of_both = bits("PI AA 62 // // PI AA 62 // //", "PI AA 62 // // PI AA 62 // //");
    assert!(of_both < 2 * of_one_hand - 2_000, "{of_one_hand} {of_both}");
}

/// The formula of the module's doc, finger by finger and without tables.
fn naive(prepared: &Prepared<'_>, ante: &Value, post: &Value) -> Bits {
    let (model, population) = (prepared.model, &prepared.population);
    let print = |value: &Value, finger: usize| Print::of(value.fingers[finger]);
    let after = |finger: usize| print(post, finger).filter(|_| print(ante, finger).is_some());
    let backwards = ante.span.years_to(post.span).is_some_and(|years| years < 0.0);
    let finger = |finger: usize| {
        let (Some(before), Some(after)) = (print(ante, finger), print(post, finger)) else { return 1.0 };
        let impossible = backwards && after.kind == AMPUTATED && before.kind != AMPUTATED;
        let read = if impossible { 0.0 } else { reading::likely(model, before, after) };
        (1.0 - model.slip) * read + model.slip * population.overall(finger, post.fingers[finger])
    };
    let likely: f64 = (0..FINGERS).map(finger).product();
    let of_class = |class: usize| {
        let alone =
            |finger: usize| after(finger).map_or(1.0, |_| population.chance(finger, post.fingers[finger])[class]);
        let pairs = (0..HAND).map(|right| match (after(right), after(right + HAND)) {
            (Some(one), Some(other)) => {
                let mirrored = Population::mirrored(model, one, other);
                alone(right) * ((1.0 - model.mirrored) * alone(right + HAND) + model.mirrored * mirrored)
            }
            _ => alone(right) * alone(right + HAND),
        });
        population.shares[class] * pairs.product::<f64>()
    };
    let chance: f64 = (0..CLASSES).map(of_class).sum();
    Bits::of_ratio(((1.0 - model.misfiled) * likely + model.misfiled * chance) / chance)
}

fn hands() -> impl Strategy<Value = String> {
    let finger = prop::sample::select(&["05", "07", "14", "62", "AA", "TT", "PI", "CM", "DO", "XX", "SR", "//"][..]);
    prop::collection::vec(finger, FINGERS)
        .prop_filter("a finger", |fingers| fingers.iter().any(|finger| !["SR", "//"].contains(finger)))
        .prop_map(|fingers| fingers.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn tables_weigh_as_the_formula_does_whichever_side_asks(
        others in prop::collection::vec(hands(), 0..20), ante in hands(), post in hands(),
        found in prop::sample::select(&[1_999, 2_009][..]), alike in 0..=FINGERS,
    ) {
        let others: Vec<Value> = others.iter().map(|fingers| value(fingers, None)).collect();
        let (ante, mut post) = (value(&ante, None), value(&post, Some(found)));
        post.fingers[..alike].copy_from_slice(&ante.fingers[..alike]);
        let mut statistics = Statistics::default();
        others.iter().for_each(|other| Fingerprints::count(&mut statistics, Kind::Missing, other, 1));
        let prepared = Fingerprints::prepare(Scale { model: &MODEL, statistics: &statistics, facing: FACING }, &post);
        let weighed = Fingerprints::weigh(&prepared, &ante);
        let about = Fingerprints::ABOUT;
        let naive = naive(&prepared, &ante, &post).within(about.floor, about.cap);
        prop_assert!((weighed.0 - naive.0).abs() <= 1, "{weighed:?} {naive:?}");
        let mirrored = Facing { query: Kind::Missing, candidate: Kind::Unidentified };
        let other = Fingerprints::prepare(Scale { model: &MODEL, statistics: &statistics, facing: mirrored }, &ante);
        prop_assert_eq!(Fingerprints::weigh(&other, &post), weighed);
        others.iter().for_each(|other| Fingerprints::count(&mut statistics, Kind::Missing, other, -1));
        prop_assert_eq!(statistics.people, [0; CLASSES]);
    }

}

#[test]
fn all_that_a_finger_may_be_read_as_comes_to_no_more_than_one() {
    let prints = || (1..CODES as u8).filter_map(Print::of);
    for before in prints() {
        let all: f64 = prints().map(|after| reading::likely(&MODEL.fingerprints, before, after)).sum();
        assert!((0.6..=1.0 + 1e-9).contains(&all), "{all}");
    }
}
