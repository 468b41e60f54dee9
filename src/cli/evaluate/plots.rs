//! The figures of an evaluation as pictures: the ranks, the reliability of the probabilities, and a Tippett plot.

use std::fs;
use std::path::Path;

use super::report::{Curves, ReliabilityRow, Report};
use super::svg::{Axis, Chart};
use crate::cli::Failure;

/// Candidates that a list shows at most.
const RANKS: [u64; 18] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 20, 30, 40, 50, 65, 80, 100];

/// Writes `cmc.svg`, `reliability.svg` and `tippett.svg` into a directory, made if need be.
pub(super) fn write(report: &Report, directory: &Path) -> Result<(), Failure> {
    fs::create_dir_all(directory)
        .map_err(|error| Failure::doing(format_args!("cannot create {}", directory.display()), error))?;
    let plots = [
        ("cmc.svg", ranks(&report.curves)),
        ("reliability.svg", reliability(&report.reliability)),
        ("tippett.svg", tippett(&report.curves)),
    ];
    plots.into_iter().try_for_each(|(name, text)| {
        let path = directory.join(name);
        fs::write(&path, text).map_err(|error| Failure::doing(format_args!("cannot write {}", path.display()), error))
    })
}

fn percents(title: &'static str) -> Axis {
    let marks = (0..=10).step_by(2).map(|tenth| (f64::from(tenth) / 10.0, format!("{} %", tenth * 10)));
    Axis { title, from: 0.0, to: 1.0, marks: marks.collect() }
}

/// The cumulative match characteristic: how often the true record stands at a rank or before.
fn ranks(curves: &Curves) -> String {
    let marks = [1, 2, 5, 10, 20, 50, 100].map(|rank| (f64::from(rank).log10(), rank.to_string()));
    let x = Axis { title: "rank on the list", from: 0.0, to: 2.0, marks: marks.to_vec() };
    let mut chart =
        Chart::new("How often the right record stands at a rank or before", x, percents("share of queries"));
    for (side, ranks) in &curves.ranks {
        let points = RANKS.map(|rank| ((rank as f64).log10(), ranks.within(rank)));
        chart.curve(&format!("{side} (n = {})", ranks.count()), &points);
    }
    chart.finish((0.6, 0.75))
}

/// The probabilities of the lists against how often they were right, with two standard errors.
fn reliability(rows: &[ReliabilityRow]) -> String {
    let y = percents("share that was right");
    let mut chart = Chart::new("How often a candidate is right, by its probability", percents("probability given"), y);
    chart.guide("as often as claimed", &[(0.0, 0.0), (1.0, 1.0)]);
    for row in rows {
        chart.point((row.claimed, row.right), (row.right - 2.0 * row.error, row.right + 2.0 * row.error));
    }
    chart.finish((0.05, 0.06))
}

/// How many pairs of one person, and of two, reach so many bits.
fn tippett(curves: &Curves) -> String {
    let ends = [curves.same.as_slice(), &curves.different].map(|bits| (bits.first().copied(), bits.last().copied()));
    let least = ends.iter().filter_map(|(least, _)| *least).fold(0.0, f64::min);
    let most = ends.iter().filter_map(|(_, most)| *most).fold(0.0, f64::max);
    let (from, to) = ((least / 10.0).floor() * 10.0, (most / 10.0).ceil().max(1.0) * 10.0);
    let marks = (from as i32..=to as i32).step_by(10).map(|bits| (f64::from(bits), bits.to_string())).collect();
    let x = Axis { title: "bits of the pair", from, to, marks };
    let mut chart = Chart::new("How many pairs reach so many bits", x, percents("share of pairs at or above"));
    chart.guide("", &[(0.0, 0.0), (0.0, 1.0)]);
    for (name, bits) in [("one person", &curves.same), ("two people", &curves.different)] {
        let reach = |step: i32| {
            let at = from + (to - from) * f64::from(step) / 200.0;
            let below = bits.partition_point(|&bits| bits < at);
            (at, 1.0 - below as f64 / bits.len().max(1) as f64)
        };
        chart.curve(&format!("{name} (n = {})", bits.len()), &(0..=200).map(reach).collect::<Vec<_>>());
    }
    chart.finish((0.6, 0.08))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::Ranks;

    fn curves() -> Curves {
        let ranks = vec![("unidentified".to_owned(), Ranks::new([Some(1), Some(4), None]))];
        Curves { ranks, same: vec![-3.0, 8.0, 21.0], different: vec![-31.0, -9.0, 1.0] }
    }

    #[test]
    fn what_is_drawn_is_what_was_measured() {
        let chart = ranks(&curves());
        // A third at rank 1: a third of the way up; two thirds from rank 4 on.
        assert!(chart.contains("points=\"72.0,296.0 "), "{chart}");
        assert!(chart.contains("696.0,172.0\""), "{chart}");
        assert!(chart.contains("unidentified (n = 3)"), "{chart}");
        let tippett = tippett(&curves());
        assert!(tippett.contains(">-40<") && tippett.contains(">30<"), "{tippett}");
        assert!(tippett.contains("72.0,48.0 ") && tippett.contains("696.0,420.0\""), "{tippett}");
    }

    #[test]
    fn every_picture_is_xml_that_needs_nothing_else() {
        let rows = [ReliabilityRow { from: 0.5, to: 0.65, candidates: 9, claimed: 0.6, right: 0.4, error: 0.16 }];
        for picture in [ranks(&curves()), reliability(&rows), tippett(&curves())] {
            let (opened, closed) =
                (picture.matches('<').count(), picture.matches("/>").count() + picture.matches("</").count());
            assert_eq!(opened, closed + picture.matches("</").count(), "{picture}");
            assert!(picture.starts_with("<svg ") && !picture.contains("NaN") && !picture.contains("href"), "{picture}");
        }
    }

    #[test]
    fn each_picture_is_a_file_of_its_own() {
        let directory = tempfile::tempdir().expect("a directory");
        let plots = directory.path().join("deep/plots");
        let report = Report::new(&[], super::super::report::Load { records: 0, seconds: 0.0 });
        write(&report, &plots).expect("written");
        for name in ["cmc.svg", "reliability.svg", "tippett.svg"] {
            assert!(fs::read_to_string(plots.join(name)).expect("a file").ends_with("</svg>\n"), "{name}");
        }
        let failure = write(&report, &plots.join("cmc.svg")).expect_err("a file is no directory");
        assert!(failure.to_string().contains("cmc.svg"), "{failure}");
    }

    #[test]
    fn nothing_measured_is_an_empty_frame() {
        let none = Curves { ranks: Vec::new(), same: Vec::new(), different: Vec::new() };
        assert!(!tippett(&none).contains("NaN") && ranks(&none).ends_with("</svg>\n"));
    }
}
