//! The figures of an evaluation, as a table for people and as JSON.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;

use crate::evaluate::{Ranks, Weighed, cllr, minimum_cllr, percentile};
use crate::record::Kind;

/// What one query gave.
pub(super) struct Outcome {
    /// The query's side.
    pub(super) kind: Kind,
    /// What both records of the pair carry.
    pub(super) tier: String,
    /// Where the true record stands; none: beyond the list.
    pub(super) rank: Option<u64>,
    /// What the true record weighs.
    pub(super) same_bits: f64,
    /// What some other missing persons weigh.
    pub(super) different_bits: Vec<f64>,
    /// Time inside the engine.
    pub(super) match_us: u64,
    /// Time of the call.
    pub(super) wall_us: u64,
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

/// All figures.
#[derive(Serialize)]
pub(super) struct Report {
    rows: Vec<Row>,
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
        Self {
            rows,
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
        // Writing to a string does not fail.
        let _ = writeln!(text, "\nmatch  p50 {}, p99 {}", told(self.match_us.p50), told(self.match_us.p99));
        let _ = writeln!(text, "call   p50 {}, p99 {}", told(self.wall_us.p50), told(self.wall_us.p99));
        let _ = writeln!(text, "load   {} records in {:.1} s", self.load.records, self.load.seconds);
        text
    }
}

impl Row {
    fn line(&self) -> String {
        let percent = |share: f64| format!("{:.1} %", 100.0 * share);
        let cost = |cost: Option<f64>| cost.map_or("-".to_owned(), |cost| format!("{cost:.4}"));
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

fn row(tier: String, outcomes: &[&Outcome]) -> Row {
    let ranks = Ranks::new(outcomes.iter().map(|outcome| outcome.rank));
    let same: Vec<Weighed> = outcomes.iter().map(|outcome| Weighed::one(outcome.same_bits)).collect();
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
    let weight = 1.0 / outcome.different_bits.len().max(1) as f64;
    outcome.different_bits.iter().map(move |&bits| Weighed { bits, weight })
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
        let different_bits = vec![-3.0, -5.0];
        Outcome { kind, tier: tier.to_owned(), rank, same_bits, different_bits, match_us: 1_500, wall_us: 2_000 }
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
    fn the_json_holds_the_same_figures() {
        let json: serde_json::Value = serde_json::from_str(&report().json()).expect("JSON");
        assert_eq!(json["rows"][5]["n"], 3);
        assert_eq!(json["rows"][0]["median_rank"], serde_json::Value::Null);
        assert_eq!(json["wall_us"]["p99"], 2_000);
    }
}
