//! A small chart in SVG: axes, lines, points and a legend, and nothing that needs a font, a script or another file.

use std::fmt::Write;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 480.0;
const LEFT: f64 = 72.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 48.0;
const BOTTOM: f64 = 60.0;
/// Told apart by people who do not see all colours (Okabe and Ito).
const COLOURS: [&str; 4] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7"];
const GRAY: &str = "#767676";

/// One axis: its words, its ends, the values that are marked, and how they are written.
pub(super) struct Axis {
    pub(super) title: &'static str,
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) marks: Vec<(f64, String)>,
}

impl Axis {
    fn share(&self, value: f64) -> f64 {
        ((value - self.from) / (self.to - self.from)).clamp(0.0, 1.0)
    }
}

/// A chart that is being drawn.
pub(super) struct Chart {
    x: Axis,
    y: Axis,
    body: String,
    /// Names, and how their lines are drawn.
    legend: Vec<(String, String)>,
}

impl Chart {
    /// The frame, its marks and words.
    pub(super) fn new(title: &str, x: Axis, y: Axis) -> Self {
        let mut chart = Self { x, y, body: String::new(), legend: Vec::new() };
        let (left, right, top, bottom) = (LEFT, WIDTH - RIGHT, TOP, HEIGHT - BOTTOM);
        chart.text((LEFT, 28.0), "start", "font-size=\"17\" font-weight=\"bold\"", title);
        for at in 0..chart.x.marks.len() {
            let (value, words) = chart.x.marks[at].clone();
            let x = chart.place(value, chart.y.from).0;
            chart.stroke((x, top), (x, bottom), "stroke=\"#e5e5e5\"");
            chart.text((x, bottom + 20.0), "middle", "", &words);
        }
        for at in 0..chart.y.marks.len() {
            let (value, words) = chart.y.marks[at].clone();
            let y = chart.place(chart.x.from, value).1;
            chart.stroke((left, y), (right, y), "stroke=\"#e5e5e5\"");
            chart.text((left - 8.0, y + 4.5), "end", "", &words);
        }
        chart.stroke((left, bottom), (right, bottom), "stroke=\"#333\"");
        chart.stroke((left, top), (left, bottom), "stroke=\"#333\"");
        let (across, up) = (chart.x.title, chart.y.title);
        chart.text((f64::midpoint(left, right), HEIGHT - 16.0), "middle", "", across);
        let middle = f64::midpoint(top, bottom);
        chart.text((20.0, middle), "middle", &format!("transform=\"rotate(-90 20 {middle})\""), up);
        chart
    }

    /// A curve with an entry in the legend.
    pub(super) fn curve(&mut self, name: &str, points: &[(f64, f64)]) {
        let colour = COLOURS[self.legend.len() % COLOURS.len()];
        let style = format!("stroke=\"{colour}\" stroke-width=\"2.5\"");
        self.path(points, &style);
        self.legend.push((name.to_owned(), style));
    }

    /// A thin dashed line for comparison.
    pub(super) fn guide(&mut self, name: &str, points: &[(f64, f64)]) {
        self.path(points, &format!("stroke=\"{GRAY}\" stroke-dasharray=\"5 4\""));
        if !name.is_empty() {
            self.legend.push((name.to_owned(), format!("stroke=\"{GRAY}\" stroke-dasharray=\"5 4\"")));
        }
    }

    /// A point, and a bar from the lower to the upper end of what it may be.
    pub(super) fn point(&mut self, (x, y): (f64, f64), (low, high): (f64, f64)) {
        let ((at, above), (_, below)) = (self.place(x, high), self.place(x, low));
        let (_, middle) = self.place(x, y);
        let colour = COLOURS[0];
        self.stroke((at, above), (at, below), &format!("stroke=\"{colour}\" stroke-width=\"1.5\""));
        let _ = writeln!(self.body, "<circle cx=\"{at:.1}\" cy=\"{middle:.1}\" r=\"5\" fill=\"{colour}\"/>");
    }

    /// The whole picture. `corner`: where the legend's upper left stands, as shares of the frame.
    pub(super) fn finish(mut self, corner: (f64, f64)) -> String {
        let (x, y) = (LEFT + corner.0 * (WIDTH - LEFT - RIGHT), TOP + corner.1 * (HEIGHT - TOP - BOTTOM));
        for (at, (name, style)) in std::mem::take(&mut self.legend).into_iter().enumerate() {
            let y = y + 22.0 * at as f64;
            self.stroke((x, y), (x + 26.0, y), &style);
            self.text((x + 34.0, y + 4.5), "start", "", &name);
        }
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" \
             height=\"{HEIGHT}\" font-family=\"sans-serif\" font-size=\"13\" fill=\"#222\">\n\
             <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n{}</svg>\n",
            self.body
        )
    }

    fn place(&self, x: f64, y: f64) -> (f64, f64) {
        let across = LEFT + self.x.share(x) * (WIDTH - LEFT - RIGHT);
        (across, HEIGHT - BOTTOM - self.y.share(y) * (HEIGHT - TOP - BOTTOM))
    }

    fn path(&mut self, points: &[(f64, f64)], style: &str) {
        let places = points.iter().map(|&(x, y)| self.place(x, y));
        let places: Vec<String> = places.map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let _ = writeln!(self.body, "<polyline fill=\"none\" {style} points=\"{}\"/>", places.join(" "));
    }

    fn stroke(&mut self, from: (f64, f64), to: (f64, f64), style: &str) {
        let ((x1, y1), (x2, y2)) = (from, to);
        let _ = writeln!(self.body, "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" {style}/>");
    }

    fn text(&mut self, (x, y): (f64, f64), anchor: &str, more: &str, words: &str) {
        let words = words.replace('&', "&amp;").replace('<', "&lt;");
        let _ = writeln!(self.body, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" {more}>{words}</text>");
    }
}
