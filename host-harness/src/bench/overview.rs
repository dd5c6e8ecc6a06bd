//! One picture of all benchmarks, for a page that shows no more than pictures.

use svg::Document;
use svg::node::element::{Circle, Line as Stroke, Rectangle, Style, Text};

use super::report::Line;
use super::stats::Series;

const LABELS: f64 = 230.0;
const WIDTH: f64 = 900.0;
const ROW: f64 = 18.0;
const HEAD: f64 = 56.0;
/// How often as long as without a runtime a benchmark may take, to be in the picture.
const TICKS: [f64; 7] = [0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0];

/// How long each benchmark takes beside the same work without a runtime, if that can be
/// done: a dot for each runtime, to the left of the other is better.
pub fn overview(lines: &[Line]) -> Document {
    let rows: Vec<(&Line, [f64; 2])> = lines
        .iter()
        .filter_map(|line| Some((line, over_floor(line)?)))
        .collect();
    let height = HEAD + ROW * rows.len() as f64 + 8.0;
    let mut plot = Document::new()
        .set("viewBox", (0.0, 0.0, WIDTH, height))
        .set("width", WIDTH)
        .set("height", height)
        .add(Style::new(STYLE))
        .add(
            Rectangle::new()
                .set("class", "paper")
                .set("width", WIDTH)
                .set("height", height),
        );
    plot = plot.add(label(
        "time beside the floor (1), logarithmic",
        LABELS,
        16.0,
    ));
    for (index, (name, class)) in [("wit-async", "own"), ("wit-bindgen 0.63", "v63")]
        .into_iter()
        .enumerate()
    {
        let left = WIDTH - 260.0 + 110.0 * index as f64;
        plot = plot
            .add(dot(class, left, 12.0))
            .add(label(name, left + 8.0, 16.0));
    }
    for tick in TICKS {
        let x = place(tick);
        let class = if tick == 1.0 { "floor" } else { "grid" };
        plot = plot
            .add(
                Stroke::new()
                    .set("class", class)
                    .set("x1", x)
                    .set("x2", x)
                    .set("y1", HEAD - 8.0)
                    .set("y2", height - 8.0),
            )
            .add(label(&tick.to_string(), x, HEAD - 14.0).set("text-anchor", "middle"));
    }
    for (index, (line, ratios)) in rows.iter().enumerate() {
        let y = HEAD + ROW * (index as f64 + 0.5);
        let [own, other] = ratios.map(place);
        plot = plot
            .add(label(&line.name, LABELS - 12.0, y + 4.0).set("text-anchor", "end"))
            .add(
                Stroke::new()
                    .set("class", "span")
                    .set("x1", own)
                    .set("x2", other)
                    .set("y1", y)
                    .set("y2", y),
            )
            .add(dot("v63", other, y))
            .add(dot("own", own, y));
    }
    plot
}

/// On wit-async and on wit-bindgen.
fn over_floor(line: &Line) -> Option<[f64; 2]> {
    let median = |series: &Series| series.median().filter(|median| *median > 0.0);
    let floor = median(&line.measured.floor)?;
    let own = median(&line.measured.own)?;
    let other = median(&line.measured.wit_bindgen)?;
    Some([own / floor, other / floor])
}

/// Where a ratio is; what is beyond the ends is there.
fn place(ratio: f64) -> f64 {
    let [least, .., most] = TICKS;
    let part = (ratio / least).ln() / (most / least).ln();
    LABELS + part.clamp(0.0, 1.0) * (WIDTH - LABELS - 20.0)
}

fn label(content: &str, x: f64, y: f64) -> Text {
    Text::new(content).set("x", x).set("y", y)
}

fn dot(class: &str, x: f64, y: f64) -> Circle {
    Circle::new()
        .set("class", class)
        .set("cx", x)
        .set("cy", y)
        .set("r", 4)
}

const STYLE: &str = "
text { font: 12px system-ui, sans-serif; fill: #222; }
.paper { fill: #fff; }
.grid { stroke: #ddd; }
.floor { stroke: #777; }
.span { stroke: #bbb; stroke-width: 2; }
.own { fill: #1f77b4; }
.v63 { fill: #d95f02; }
";

#[cfg(test)]
mod tests {
    use super::super::rounds::What;
    use super::super::rows::{Runtime, rows};
    use super::*;

    fn line(figures: &[(Runtime, f64)]) -> Line {
        let mut line = Line::new(&rows()[0], What::All);
        for (runtime, figure) in figures {
            line.measured.series(*runtime).push(*figure);
        }
        line
    }

    #[test]
    fn what_has_a_floor_is_in_the_picture() {
        use Runtime::{Floor, Own, WitBindgen};
        let all = line(&[(Own, 3.0), (WitBindgen, 6.0), (Floor, 2.0)]);
        let without = line(&[(Own, 3.0), (WitBindgen, 6.0)]);
        assert_eq!(over_floor(&all), Some([1.5, 3.0]));
        assert_eq!(over_floor(&without), None);
        let dots = |lines: &[Line]| overview(lines).to_string().matches("<circle").count();
        // Two of them are the key.
        assert_eq!(dots(&[]), 2);
        assert_eq!(dots(&[all, without]), 4);
    }

    #[test]
    fn what_takes_longer_is_further_right_and_nothing_is_outside() {
        assert!(place(1.0) < place(1.5));
        assert_eq!(place(0.01), LABELS);
        assert_eq!(place(1e9), WIDTH - 20.0);
    }
}
