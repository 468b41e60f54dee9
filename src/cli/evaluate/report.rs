//! The figures of an evaluation, as a table for people and as JSON.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;

use crate::evaluate::{
    Bin, Claim, Ranks, Strength, Weighed, calibration_error, cllr, minimum_cllr, percentile, reliability,
};
use crate::record::Kind;

/// Attributes and their bits.
pub(super) type Attributes = Vec<(&'static str, f64)>;

/// What one query gave.
pub(super) struct Outcome {
    /// The query's side.
    pub(super) kind: Kind,
    /// What both records of the pair carry.
    pub(super) tier: String,
    /// Where the true record stands; none: beyond the list.
    pub(super) rank: Option<u64>,
    /// What each attribute says of the true record.
    pub(super) same: Attributes,
    /// What each says of some other missing persons.
    pub(super) different: Vec<Attributes>,
    /// The probabilities of the list.
    pub(super) claims: Vec<Claim>,
    /// Time inside the engine.
    pub(super) match_us: u64,
    /// Time of the call.
    pub(super) wall_us: u64,
}

impl Outcome {
    fn same_bits(&self) -> f64 {
        sum(&self.same)
    }
}

fn sum(attributes: &Attributes) -> f64 {
    attributes.iter().map(|(_, bits)| bits).sum()
}

/// How long loading took.
#[derive(Clone, Copy, Serialize)]
pub(super) struct Load {
    pub(super) records: u64,
    pub(super) seconds: f64,
}

/// The figures of one tier, or of several together.
#[derive(Serialize)]
struct Row {
    tier: String,
    n: usize,
    rank_1: f64,
    top_10: f64,
    top_50: f64,
    /// None: beyond the list.
    median_rank: Option<f64>,
    cllr: Option<f64>,
    minimum_cllr: Option<f64>,
}

/// Percentiles of a time, in microseconds.
#[derive(Serialize)]
struct Times {
    p50: Option<u64>,
    p99: Option<u64>,
}

/// One attribute over the pairs for which it had something to say.
#[derive(Serialize)]
struct AttributeRow {
    attribute: &'static str,
    same_pairs: usize,
    same_bits: f64,
    same_misled: f64,
    different_pairs: usize,
    different_bits: f64,
    different_misled: f64,
    different_ratio: f64,
    cllr: Option<f64>,
    minimum_cllr: Option<f64>,
}

/// Candidates of about the same probability.
#[derive(Serialize)]
pub(super) struct ReliabilityRow {
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) candidates: usize,
    pub(super) claimed: f64,
    pub(super) right: f64,
    pub(super) error: f64,
}

/// What is drawn and not told.
pub(super) struct Curves {
    /// The sides, and how often the true record stands at each rank or before.
    pub(super) ranks: Vec<(String, Ranks)>,
    /// The bits of pairs of one person, and of two, ascending.
    pub(super) same: Vec<f64>,
    pub(super) different: Vec<f64>,
}

/// All figures.
#[derive(Serialize)]
pub(super) struct Report {
    rows: Vec<Row>,
    attributes: Vec<AttributeRow>,
    pub(super) reliability: Vec<ReliabilityRow>,
    calibration_error: Option<f64>,
    #[serde(skip)]
    pub(super) curves: Curves,
    match_us: Times,
    wall_us: Times,
    load: Load,
}

impl Report {
    /// The figures of these queries.
    pub(super) fn new(outcomes: &[Outcome], load: Load) -> Self {
        let mut rows = Vec::new();
        for kind in [Kind::Unidentified, Kind::Unclaimed] {
            let mut tiers: BTreeMap<&str, Vec<&Outcome>> = BTreeMap::new();
            let side: Vec<&Outcome> = outcomes.iter().filter(|outcome| outcome.kind == kind).collect();
            for outcome in &side {
                tiers.entry(&outcome.tier).or_default().push(outcome);
            }
            rows.extend(tiers.iter().map(|(tier, outcomes)| row((*tier).to_owned(), outcomes)));
            if !side.is_empty() {
                rows.push(row(format!("{}, overall", kind.code()), &side));
            }
        }
        rows.push(row("overall".to_owned(), &outcomes.iter().collect::<Vec<_>>()));
        let claims: Vec<Claim> = outcomes.iter().flat_map(|outcome| outcome.claims.iter().copied()).collect();
        let bins = reliability(&claims);
        Self {
            rows,
            attributes: attributes(outcomes),
            reliability: bins.iter().map(ReliabilityRow::from).collect(),
            calibration_error: calibration_error(&bins),
            curves: Curves::new(outcomes),
            match_us: times(outcomes.iter().map(|outcome| outcome.match_us)),
            wall_us: times(outcomes.iter().map(|outcome| outcome.wall_us)),
            load,
        }
    }

    /// One JSON object, on one line.
    pub(super) fn json(&self) -> String {
        // Strings, finite numbers and lists: nothing that JSON cannot hold.
        serde_json::to_string(self).unwrap_or_default() + "\n"
    }

    /// A table and three lines under it.
    pub(super) fn table(&self) -> String {
        let mut text = format!("{:<30}{:>6}", "", "n") + "  rank 1  top 10  top 50  median     Cllr  min Cllr\n";
        for row in &self.rows {
            text += &row.line();
        }
        text += "\nbits              one person: pairs    mean  misled   two people: pairs    mean  misled  mean LR     Cllr  min Cllr\n";
        for row in &self.attributes {
            text += &row.line();
        }
        text += "\nif on the list      candidates  claimed    right   +/-\n";
        for row in &self.reliability {
            text += &row.line();
        }
        // Writing to a string does not fail.
        let _ = writeln!(text, "calibration error {}", cost(self.calibration_error));
        let _ = writeln!(text, "\nmatch  p50 {}, p99 {}", told(self.match_us.p50), told(self.match_us.p99));
        let _ = writeln!(text, "call   p50 {}, p99 {}", told(self.wall_us.p50), told(self.wall_us.p99));
        let _ = writeln!(text, "load   {} records in {:.1} s", self.load.records, self.load.seconds);
        text
    }
}

impl Row {
    fn line(&self) -> String {
        let median = match self.median_rank {
            Some(rank) => format!("{rank}"),
            None if self.n == 0 => "-".to_owned(),
            None => ">100".to_owned(),
        };
        let (first, ten, fifty) = (percent(self.rank_1), percent(self.top_10), percent(self.top_50));
        let (cllr, least) = (cost(self.cllr), cost(self.minimum_cllr));
        format!("{:<30}{:>6}{first:>8}{ten:>8}{fifty:>8}{median:>8}{cllr:>9}{least:>10}\n", self.tier, self.n)
    }
}

impl AttributeRow {
    fn line(&self) -> String {
        let Self { attribute, same_pairs, same_bits, different_pairs, different_bits, different_ratio, .. } = self;
        let (same, different) = (percent(self.same_misled), percent(self.different_misled));
        let (cllr, least) = (cost(self.cllr), cost(self.minimum_cllr));
        format!(
            "{attribute:<16}{same_pairs:>19}{same_bits:>8.2}{same:>8}{different_pairs:>20}{different_bits:>8.2}\
             {different:>8}{different_ratio:>9.3}{cllr:>9}{least:>10}\n"
        )
    }
}

impl From<&Bin> for ReliabilityRow {
    fn from(bin: &Bin) -> Self {
        let &Bin { from, to, count, claimed, right, error } = bin;
        Self { from, to, candidates: count, claimed, right, error }
    }
}

impl ReliabilityRow {
    fn line(&self) -> String {
        let range = format!("{} to {}", percent(self.from), percent(self.to));
        let (claimed, right, error) = (percent(self.claimed), percent(self.right), percent(self.error));
        format!("{range:<18}{:>12}{claimed:>9}{right:>9}{error:>8}\n", self.candidates)
    }
}

impl Curves {
    fn new(outcomes: &[Outcome]) -> Self {
        let of = |kind| outcomes.iter().filter(move |outcome| outcome.kind == kind);
        let ranks = [Kind::Unidentified, Kind::Unclaimed]
            .map(|kind| (kind.code().to_owned(), Ranks::new(of(kind).map(|outcome| outcome.rank))));
        let mut same: Vec<f64> = outcomes.iter().map(Outcome::same_bits).collect();
        let mut different: Vec<f64> = outcomes.iter().flat_map(|outcome| outcome.different.iter().map(sum)).collect();
        same.sort_by(f64::total_cmp);
        different.sort_by(f64::total_cmp);
        Self { ranks: ranks.into_iter().filter(|(_, ranks)| ranks.count() > 0).collect(), same, different }
    }
}

/// Every attribute that had something to say, by name.
fn attributes(outcomes: &[Outcome]) -> Vec<AttributeRow> {
    let mut bits: BTreeMap<&'static str, [Vec<f64>; 2]> = BTreeMap::new();
    for outcome in outcomes {
        outcome.same.iter().for_each(|(name, told)| bits.entry(name).or_default()[0].push(*told));
        let different = outcome.different.iter().flatten();
        different.for_each(|(name, told)| bits.entry(name).or_default()[1].push(*told));
    }
    let row = |(attribute, [same, different]): (&'static str, [Vec<f64>; 2])| {
        let strength = Strength::new(&same, &different);
        AttributeRow {
            attribute,
            same_pairs: strength.pairs[0],
            same_bits: strength.same_bits,
            same_misled: strength.same_misled,
            different_pairs: strength.pairs[1],
            different_bits: strength.different_bits,
            different_misled: strength.different_misled,
            different_ratio: strength.different_ratio,
            cllr: strength.cllr,
            minimum_cllr: strength.minimum_cllr,
        }
    };
    bits.into_iter().map(row).collect()
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

fn cost(cost: Option<f64>) -> String {
    cost.map_or("-".to_owned(), |cost| format!("{cost:.4}"))
}

fn row(tier: String, outcomes: &[&Outcome]) -> Row {
    let ranks = Ranks::new(outcomes.iter().map(|outcome| outcome.rank));
    let same: Vec<Weighed> = outcomes.iter().map(|outcome| Weighed::one(outcome.same_bits())).collect();
    let different: Vec<Weighed> = outcomes.iter().flat_map(|outcome| different(outcome)).collect();
    Row {
        tier,
        n: ranks.count(),
        rank_1: ranks.within(1),
        top_10: ranks.within(10),
        top_50: ranks.within(50),
        median_rank: ranks.median(),
        cllr: cllr(&same, &different),
        minimum_cllr: minimum_cllr(&same, &different),
    }
}

/// A query's other pairs. Each query counts once, however many of them were drawn.
fn different(outcome: &Outcome) -> impl Iterator<Item = Weighed> {
    let weight = 1.0 / outcome.different.len().max(1) as f64;
    outcome.different.iter().map(move |bits| Weighed { bits: sum(bits), weight })
}

fn times(values: impl Iterator<Item = u64>) -> Times {
    let mut sorted: Vec<u64> = values.collect();
    sorted.sort_unstable();
    Times { p50: percentile(&sorted, 0.5), p99: percentile(&sorted, 0.99) }
}

/// A time in milliseconds.
fn told(time_us: Option<u64>) -> String {
    time_us.map_or("-".to_owned(), |us| format!("{:.2} ms", us as f64 / 1_000.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOAD: Load = Load { records: 3, seconds: 0.5 };

    fn outcome(kind: Kind, tier: &str, rank: Option<u64>, same_bits: f64) -> Outcome {
        let claims =
            vec![Claim { probability: 0.95, right: rank == Some(1) }, Claim { probability: 0.02, right: false }];
        let same = vec![("place", same_bits - 1.0), ("sex", 1.0)];
        let different = vec![vec![("sex", 0.5), ("place", -3.5)], vec![("sex", -5.0)]];
        Outcome { kind, tier: tier.to_owned(), rank, same, different, claims, match_us: 1_500, wall_us: 2_000 }
    }

    fn report() -> Report {
        let outcomes = [
            outcome(Kind::Unidentified, "description", Some(1), 9.0),
            outcome(Kind::Unidentified, "dental", None, -4.0),
            outcome(Kind::Unclaimed, "name", Some(12), 5.0),
        ];
        Report::new(&outcomes, LOAD)
    }

    #[test]
    fn every_tier_has_a_row_and_each_side_its_sum() {
        let rows: Vec<(String, usize)> = report().rows.iter().map(|row| (row.tier.clone(), row.n)).collect();
        let row = |tier: &str, n| (tier.to_owned(), n);
        let expected = [
            row("dental", 1),
            row("description", 1),
            row("unidentified, overall", 2),
            row("name", 1),
            row("unclaimed, overall", 1),
            row("overall", 3),
        ];
        assert_eq!(rows, expected);
    }

    #[test]
    fn the_table_says_what_lies_beyond_the_list() {
        let table = report().table();
        let dental = table.lines().find(|line| line.starts_with("dental")).expect("a row");
        assert!(dental.contains(">100") && dental.contains("0.0 %"), "{dental}");
        assert!(table.contains("match  p50 1.50 ms, p99 1.50 ms"), "{table}");
        assert!(Report::new(&[], LOAD).table().contains("3 records in 0.5 s"));
    }

    #[test]
    fn each_attribute_says_how_often_it_misleads() {
        let report = report();
        let sex = report.attributes.iter().find(|row| row.attribute == "sex").expect("a row");
        assert_eq!((sex.same_pairs, sex.same_misled, sex.different_pairs, sex.different_misled), (3, 0.0, 6, 0.5));
        let place = report.attributes.iter().find(|row| row.attribute == "place").expect("a row");
        assert!((place.same_misled - 1.0 / 3.0).abs() < 1e-12 && place.different_bits == -3.5);
        let counts: Vec<usize> = report.reliability.iter().map(|row| row.candidates).collect();
        assert_eq!((counts, report.curves.same.len(), report.curves.different.len()), (vec![3, 3], 3, 6));
    }

    #[test]
    fn the_json_holds_the_same_figures() {
        let json: serde_json::Value = serde_json::from_str(&report().json()).expect("JSON");
        assert_eq!(json["rows"][5]["n"], 3);
        assert_eq!(json["rows"][0]["median_rank"], serde_json::Value::Null);
        assert_eq!(json["wall_us"]["p99"], 2_000);
    }
}
