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
    for tick in up.ticks() {
        let y = up.place(tick);
        let grid = Stroke::new()
            .set("class", "grid")
            .set("x1", 60.0)
            .set("x2", WIDTH - 20.0)
            .set("y1", y)
            .set("y2", y);
        let label = text(&tick.to_string(), 54.0, y + 4.0).set("text-anchor", "end");
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

/// A logarithmic scale between two places.
struct Scale {
    /// The first and the last are its ends.
    ticks: Vec<f64>,
    from: f64,
    to: f64,
}

impl Scale {
    /// From the tick below the least figure to the one above the most.
    fn over(figures: impl Iterator<Item = f64> + Clone, from: f64, to: f64) -> Scale {
        let least = figures.clone().fold(f64::INFINITY, f64::min);
        let most = figures.fold(0.0, f64::max);
        let powers = least.log10().floor() as i32..=most.log10().ceil() as i32;
        let steps = powers.flat_map(|power| [1.0, 2.0, 5.0].map(|step| step * 10f64.powi(power)));
        let ticks: Vec<f64> = steps.collect();
        let below = ticks.iter().rposition(|tick| *tick <= least).unwrap_or(0);
        let above = ticks.iter().position(|tick| *tick > most);
        let ticks = ticks[below..=above.unwrap_or(ticks.len() - 1)].to_vec();
        Scale { ticks, from, to }
    }

    fn place(&self, figure: f64) -> f64 {
        let (Some(least), Some(most)) = (self.ticks.first(), self.ticks.last()) else {
            return self.from;
        };
        let part = (figure / least).log10() / (most / least).log10();
        self.from + part * (self.to - self.from)
    }

    /// All ticks, or powers of ten only, where there are many.
    fn ticks(&self) -> impl Iterator<Item = f64> {
        const MANY: usize = 8;
        let many = self.ticks.len() > MANY;
        let shown = move |tick: &f64| !many || tick.log10().fract() == 0.0;
        self.ticks.iter().copied().filter(shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_goes_from_one_place_to_the_other() {
        let scale = Scale::over([1.0, 90.0].into_iter(), 0.0, 200.0);
        assert_eq!(scale.place(1.0), 0.0);
        assert_eq!(scale.place(10.0), 100.0);
        assert_eq!(scale.place(100.0), 200.0);
        let ticks = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0];
        assert_eq!(scale.ticks().collect::<Vec<_>>(), ticks);
    }

    #[test]
    fn a_narrow_scale_has_ticks_and_a_wide_one_has_few() {
        let narrow = Scale::over([4100.0, 9300.0].into_iter(), 0.0, 200.0);
        assert_eq!(
            narrow.ticks().collect::<Vec<_>>(),
            [2000.0, 5000.0, 10000.0]
        );
        let wide = Scale::over([0.3, 9000.0].into_iter(), 0.0, 200.0);
        assert_eq!(
            wide.ticks().collect::<Vec<_>>(),
            [1.0, 10.0, 100.0, 1000.0, 10000.0]
        );
    }

    #[test]
    fn a_single_figure_has_a_place() {
        let scale = Scale::over([7.0].into_iter(), 0.0, 200.0);
        let place = scale.place(7.0);
        assert!(place > 0.0 && place < 200.0, "{place}");
    }
}
