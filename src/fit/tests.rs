//! Estimators find the figures that pairs were made with.

use std::collections::BTreeMap;

use super::*;
use crate::corpus::CorpusWriter;
use crate::record::json;

fn record(text: &str) -> Record {
    let tree = json::parse(text.as_bytes()).expect("JSON");
    json::read(&tree).unwrap_or_else(|faults| panic!("{faults:?}")).1
}

pub(in crate::fit) fn pair(missing: &str, body: &str) -> Pair {
    Pair {
        missing: record(&format!("{{\"kind\":\"missing\",{missing}}}")),
        body: record(&format!("{{\"kind\":\"unidentified\",{body}}}")),
    }
}

fn estimates(pairs: &[Pair]) -> (Vec<Estimate>, String) {
    let model = Model::default();
    let snapshot = CorpusWriter::default().snapshot(0);
    let sample = Sample { model: &model, pairs, snapshot: &snapshot };
    let estimates = fit(&sample);
    let lines = lines(&sample, &estimates);
    Model::parse(&lines).unwrap_or_else(|error| panic!("{error}: {lines}"));
    (estimates, lines)
}

/// What one estimator says of pairs, by the parameter's name.
pub(in crate::fit) fn found(estimator: Estimator, pairs: &[Pair]) -> BTreeMap<String, Value> {
    let model = Model::default();
    let snapshot = CorpusWriter::default().snapshot(0);
    let estimates = estimator(&Sample { model: &model, pairs, snapshot: &snapshot });
    estimates.into_iter().map(|estimate| (estimate.key, estimate.new)).collect()
}

/// Numbers that look drawn and are always the same (Steele, Lea and Flood 2014: SplitMix).
pub(in crate::fit) struct Draw(pub(in crate::fit) u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(in crate::fit) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(in crate::fit) fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// Below `n`.
    pub(in crate::fit) fn below(&mut self, n: usize) -> usize {
        (self.unit() * n as f64) as usize
    }

    /// A place in a list of shares.
    pub(in crate::fit) fn place(&mut self, shares: &[f64]) -> usize {
        let mut left = self.unit();
        let found = shares.iter().position(|share| {
            left -= share;
            left < 0.0
        });
        found.unwrap_or(shares.len() - 1)
    }
}

#[track_caller]
fn check(pairs: &[Pair], key: &str, at: Option<usize>, expected: f64, within: f64) {
    let (estimates, lines) = estimates(pairs);
    let estimate = estimates.iter().find(|estimate| estimate.key == key).unwrap_or_else(|| panic!("no {key}: {lines}"));
    let found = at.map_or(Some(&estimate.new), |at| estimate.new.get(at)).and_then(Value::as_float);
    let found = found.unwrap_or_else(|| panic!("{key} has another form: {:?}", estimate.new));
    assert!((found - expected).abs() <= within, "{key} is {found}, not {expected}");
}

#[test]
fn an_error_of_sex_is_the_share_that_differs() {
    let skeleton = "\"remains\":{\"condition\":\"skeleton\"}";
    let pairs: Vec<Pair> = (0..400)
        .map(|n| {
            let found = if n % 10 == 0 { "female" } else { "male" };
            pair("\"sex\":\"male\"", &format!("\"sex\":\"{found}\",{skeleton}"))
        })
        .collect();
    check(&pairs, "sex.error_skeleton", None, 0.1, 0.004);
    // Nothing was seen of parts: the figure stays what it was.
    let (estimates, lines) = estimates(&pairs);
    assert!(estimates.iter().all(|estimate| estimate.key != "sex.error_parts"), "{lines}");
    assert!(
        lines.contains("# was 0.053; standard error") && lines.contains("400 pairs\nerror_skeleton = 0.09"),
        "{lines}"
    );
}

#[test]
fn a_height_has_its_bias_and_its_spread_whatever_slips() {
    let pairs: Vec<Pair> = (0..200_i32)
        .map(|n| {
            // Normal quantiles by their rank, and one in twenty a slip of two feet.
            let error = if n % 20 == 0 { 61.0 } else { normal(f64::from(n) / 200.0 + 0.0025) * 3.0 };
            let found = 175.0 - 2.0 + error;
            pair(
                "\"height_cm\":{\"min\":175,\"max\":175}",
                &format!("\"height_cm\":{{\"min\":{found},\"max\":{found}}}"),
            )
        })
        .collect();
    check(&pairs, "build.height_bias_cm", None, -2.0, 0.3);
    check(&pairs, "build.height_error_cm", Some(0), 3.0, 0.4);
    check(&pairs, "build.height_error_cm", Some(2), Model::default().build.height_error_cm[2], 1e-9);
}

/// The normal quantile, well enough for a test (Tukey's lambda).
fn normal(share: f64) -> f64 {
    4.91 * (share.powf(0.14) - (1.0 - share).powf(0.14))
}

#[test]
fn a_confusion_is_counted_row_by_row() {
    let pairs: Vec<Pair> = (0..500)
        .map(|n| {
            let found = if n % 4 == 0 { "hazel" } else { "brown" };
            pair("\"eye_color\":[\"brown\"]", &format!("\"eye_color\":[\"{found}\"]"))
        })
        .collect();
    let (estimates, _) = estimates(&pairs);
    let eyes = estimates.iter().find(|estimate| estimate.key == "appearance.eyes_fresh").expect("an estimate");
    let hazel = eyes.new.get(0).and_then(|row| row.get(3)).and_then(Value::as_float).expect("a share");
    assert!((hazel - 0.245).abs() < 0.005, "{hazel}");
    assert_eq!(eyes.new.get(1), Some(&list(&Model::default().appearance.eyes_fresh[1])));
}

#[test]
fn a_gap_and_a_distance_are_measured_by_class() {
    let pairs: Vec<Pair> = (0..120_u32)
        .map(|n| {
            // 60 to 299 days, and either next door or 30 km on average.
            let day = 1 + n % 28;
            let (month, km) = (5 + n % 8, if n % 2 == 0 { 0.5 } else { 10.0 + f64::from(n) / 2.0 });
            let place =
                |north: f64| format!("\"place\":{{\"latitude\":{north},\"longitude\":{}}}", f64::from(n) - 170.0);
            pair(
                &format!("\"last_contact\":{{\"date\":\"2001-03-01\",{}}}", place(35.0)),
                &format!(
                    "\"remains\":{{\"condition\":\"skeleton\"}},\"found\":{{\"date\":\"2001-{month:02}-{day:02}\",{}}}",
                    place(35.0 + km / 111.2)
                ),
            )
        })
        .collect();
    let (estimates, lines) = estimates(&pairs);
    let gaps = estimates.iter().find(|estimate| estimate.key == "timeline.post_mortem").expect("an estimate");
    let median = gaps.new.get(7).and_then(|row| row.get("median_days")).and_then(Value::as_float).expect("days");
    assert!((170.0..210.0).contains(&median), "{median}");
    let shares = estimates.iter().find(|estimate| estimate.key == "place.shares").expect("an estimate");
    let near = shares.new.get(0).and_then(Value::as_float).expect("a share");
    assert!((0.38..0.55).contains(&near), "{lines}");
}

#[test]
fn every_estimate_is_of_a_parameter_and_a_row_sums_to_one() {
    assert_eq!(row(&[0.0, 0.0, 7.0], &[0.3, 0.3, 0.4], 20.0).iter().sum::<f64>(), 1.0);
    assert_eq!((rounded(0.012_345), rounded(-1_234.5), rounded(0.0)), (0.0123, -1_230.0, 0.0));
    let (middle, spread) = middle_and_spread(&[1.0, 2.0, 3.0, 4.0, 1_000.0]);
    assert_eq!((middle, spread), (3.0, 1.4826));
    assert_eq!(estimates(&[]).0, []);
}
