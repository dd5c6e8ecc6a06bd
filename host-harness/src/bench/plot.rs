//! Plots, as SVG that lies within a page.

use svg::Document;
use svg::node::element::path::Data;
use svg::node::element::{Circle, Group, Line as Stroke, Path, Rectangle, Text};

use super::report::{Line, number};
use super::rows::Runtime;
use super::stats::Series;

/// The class of what is drawn of a runtime.
pub const RUNTIMES: [(Runtime, &str); 3] = [
    (Runtime::Own, "own"),
    (Runtime::WitBindgen, "v63"),
    (Runtime::Floor, "floor"),
];

fn series(line: &Line, runtime: Runtime) -> &Series {
    match runtime {
        Runtime::Own => &line.measured.own,
        Runtime::WitBindgen => &line.measured.wit_bindgen,
        Runtime::Floor => &line.measured.floor,
    }
}

fn text(content: &str, x: f64, y: f64) -> Text {
    Text::new(content).set("x", x).set("y", y)
}

/// A bar for each runtime, as long as its median.
pub fn bars(line: &Line) -> Document {
    const WIDTH: f64 = 440.0;
    const LABELS: f64 = 90.0;
    const FIGURES: f64 = 90.0;
    const BAR: f64 = 18.0;
    const GAP: f64 = 6.0;
    let medians = RUNTIMES.map(|(runtime, _)| series(line, runtime).median());
    let most = medians.iter().flatten().copied().fold(0.0, f64::max);
    let height = (BAR + GAP) * RUNTIMES.len() as f64;
    let mut plot = Document::new().set("viewBox", (0.0, 0.0, WIDTH, height));
    for ((index, (runtime, class)), median) in RUNTIMES.iter().enumerate().zip(medians) {
        let top = (BAR + GAP) * index as f64;
        let base = top + BAR * 0.75;
        plot = plot.add(text(runtime.name(), LABELS - 8.0, base).set("text-anchor", "end"));
        let Some(median) = median else {
            plot = plot.add(text("-", LABELS + 8.0, base));
            continue;
        };
        let length = (WIDTH - LABELS - FIGURES) * median / most;
        plot = plot
            .add(
                Rectangle::new()
                    .set("class", *class)
                    .set("x", LABELS)
                    .set("y", top)
                    .set("width", length.max(1.0))
                    .set("height", BAR),
            )
            .add(text(&number(median), LABELS + length + 8.0, base));
    }
    plot
}

/// A line for each runtime, over the number that a curve is of. Both scales are
/// logarithmic.
pub fn curve(lines: &[&Line]) -> Document {
    const WIDTH: f64 = 640.0;
    const HEIGHT: f64 = 320.0;
    let points = |runtime| {
        let point = move |line: &&Line| {
            let (_, at) = line.curve?;
            Some((f64::from(at), series(line, runtime).median()?))
        };
        lines.iter().filter_map(point).collect::<Vec<_>>()
    };
    let curves = RUNTIMES.map(|(runtime, class)| (class, points(runtime)));
    let all = || curves.iter().flat_map(|(_, points)| points);
    let across = Scale::over(all().map(|(at, _)| *at), 60.0, WIDTH - 20.0);
    let up = Scale::over(all().map(|(_, figure)| *figure), HEIGHT - 30.0, 10.0);
    let mut plot = Document::new().set("viewBox", (0.0, 0.0, WIDTH, HEIGHT));
    for decade in up.decades() {
        let y = up.place(decade);
        let grid = Stroke::new()
            .set("class", "grid")
            .set("x1", 60.0)
            .set("x2", WIDTH - 20.0)
            .set("y1", y)
            .set("y2", y);
        let label = text(&whole(decade), 54.0, y + 4.0).set("text-anchor", "end");
        plot = plot.add(grid).add(label);
    }
    for line in lines {
        if let Some((_, at)) = line.curve {
            let x = across.place(f64::from(at));
            let label = text(&at.to_string(), x, HEIGHT - 10.0).set("text-anchor", "middle");
            plot = plot.add(label);
        }
    }
    for (class, points) in &curves {
        let mut group = Group::new().set("class", *class);
        let mut data = Data::new();
        for (index, (at, figure)) in points.iter().enumerate() {
            let place = (across.place(*at), up.place(*figure));
            data = match index {
                0 => data.move_to(place),
                _ => data.line_to(place),
            };
            let dot = Circle::new()
                .set("cx", place.0)
                .set("cy", place.1)
                .set("r", 3);
            group = group.add(dot);
        }
        plot = plot.add(group.add(Path::new().set("d", data)));
    }
    plot
}

/// A number that is a power of ten.
fn whole(decade: f64) -> String {
    if decade < 1.0 {
        format!("{decade}")
    } else {
        format!("{decade:.0}")
    }
}

/// A logarithmic scale between two places.
struct Scale {
    least: f64,
    most: f64,
    from: f64,
    to: f64,
}

impl Scale {
    fn over(figures: impl Iterator<Item = f64> + Clone, from: f64, to: f64) -> Scale {
        let least = figures.clone().fold(f64::INFINITY, f64::min).log10();
        let most = figures.fold(0.0, f64::max).log10();
        // A single figure is in the middle.
        let slack = if most > least { 0.0 } else { 0.5 };
        Scale {
            least: least - slack,
            most: most + slack,
            from,
            to,
        }
    }

    fn place(&self, figure: f64) -> f64 {
        let part = (figure.log10() - self.least) / (self.most - self.least);
        self.from + part * (self.to - self.from)
    }

    fn decades(&self) -> impl Iterator<Item = f64> + use<> {
        let (first, last) = (self.least.ceil() as i32, self.most.floor() as i32);
        (first..=last).map(|power| 10f64.powi(power))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_goes_from_one_place_to_the_other() {
        let scale = Scale::over([1.0, 100.0].into_iter(), 0.0, 200.0);
        assert_eq!(scale.place(1.0), 0.0);
        assert_eq!(scale.place(10.0), 100.0);
        assert_eq!(scale.place(100.0), 200.0);
        assert_eq!(scale.decades().collect::<Vec<_>>(), [1.0, 10.0, 100.0]);
    }

    #[test]
    fn a_single_figure_has_a_place() {
        let scale = Scale::over([7.0].into_iter(), 0.0, 200.0);
        assert_eq!(scale.place(7.0), 100.0);
    }
}
