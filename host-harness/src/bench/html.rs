//! A page with plots, that needs nothing but itself.

use super::machine::Machine;
use super::plot;
use super::report::{COUNTED, EXPLAINED, Line, counts, number, ratio};

/// The page.
pub fn page(machine: &Machine, lines: &[Line]) -> String {
    let mut body = format!(
        "<h1>wit-async, measured side by side</h1>\n<pre>{}</pre>\n",
        escape(&machine.to_string())
    );
    body.push_str("<p>");
    for (runtime, class) in plot::RUNTIMES {
        let name = runtime.name();
        body.push_str(&format!("<span class=\"key {class}\"></span>{name} "));
    }
    body.push_str("</p>\n");
    curves(&mut body, lines);
    body.push_str("<h2>Benchmarks</h2>\n<p>Medians; shorter is better.</p>\n<section>\n");
    for line in lines {
        body.push_str(&format!(
            "<figure><figcaption><b>{}</b> {}, speedup {}, over floor {}</figcaption>{}</figure>\n",
            escape(&line.name),
            escape(&line.unit),
            ratio(line.measured.speedup()),
            ratio(line.measured.over_floor()),
            plot::bars(line),
        ));
    }
    body.push_str("</section>\n");
    table(&mut body, lines);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>wit-async, measured</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}</body>\n\
         </html>\n"
    )
}

/// A plot for each curve that has more than one point.
fn curves(body: &mut String, lines: &[Line]) {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in lines.iter().filter_map(|line| line.curve) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let of = |name: &str| -> Vec<&Line> {
        let on = |line: &&Line| line.curve.is_some_and(|(curve, _)| curve == name);
        lines.iter().filter(on).collect()
    };
    let curves: Vec<_> = names
        .into_iter()
        .map(|name| (name, of(name)))
        .filter(|(_, points)| points.len() > 1)
        .collect();
    if curves.is_empty() {
        return;
    }
    body.push_str("<h2>How it scales</h2>\n<section>\n");
    for (name, points) in curves {
        body.push_str(&format!(
            "<figure class=\"curve\"><figcaption><b>{}</b> {}, both scales logarithmic</figcaption>\
             {}</figure>\n",
            escape(name),
            escape(&points[0].unit),
            plot::curve(&points),
        ));
    }
    body.push_str("</section>\n");
}

fn table(body: &mut String, lines: &[Line]) {
    body.push_str(
        "<h2>Figures</h2>\n<table>\n<tr><th>benchmark<th>unit<th>wit-async<th>wit-bindgen<th>floor\
         <th>speedup<th>over floor",
    );
    for (_, title, _) in COUNTED {
        body.push_str(&format!("<th>{title}"));
    }
    body.push('\n');
    let figure = |median: Option<f64>| median.map_or_else(|| "-".to_owned(), number);
    for line in lines {
        let measured = &line.measured;
        body.push_str(&format!(
            "<tr><td>{}<td>{}<td>{}<td>{}<td>{}<td>{}<td>{}",
            escape(&line.name),
            escape(&line.unit),
            figure(measured.own.median()),
            figure(measured.wit_bindgen.median()),
            figure(measured.floor.median()),
            ratio(measured.speedup()),
            ratio(measured.over_floor()),
        ));
        for (_, _, figure) in COUNTED {
            body.push_str(&format!("<td>{}", counts(line, figure)));
        }
        body.push('\n');
    }
    body.push_str(&format!("</table>\n<p>{}</p>\n", escape(EXPLAINED)));
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

const STYLE: &str = "
:root { color-scheme: light dark; --own: #1f77b4; --v63: #d95f02; --floor: #7a7a7a; }
body { font: 14px/1.4 system-ui, sans-serif; max-width: 1400px; margin: 2em auto; padding: 0 1em; }
section { display: grid; grid-template-columns: repeat(auto-fill, minmax(420px, 1fr)); gap: 1em; }
figure { margin: 0; padding: 0.8em; border: 1px solid #8884; border-radius: 6px; }
figure.curve { grid-column: span 1; }
svg { display: block; width: 100%; height: auto; margin-top: 0.5em; }
svg text { font: 11px system-ui, sans-serif; fill: currentColor; }
svg path { fill: none; stroke-width: 2; }
rect.own, .own circle { fill: var(--own); }
rect.v63, .v63 circle { fill: var(--v63); }
rect.floor, .floor circle { fill: var(--floor); }
.own path { stroke: var(--own); }
.v63 path { stroke: var(--v63); }
.floor path { stroke: var(--floor); }
.grid { stroke: #8884; }
.key { display: inline-block; width: 1em; height: 1em; margin: 0 0.4em 0 1em; }
.key.own { background: var(--own); }
.key.v63 { background: var(--v63); }
.key.floor { background: var(--floor); }
table { border-collapse: collapse; }
td, th { padding: 0.1em 0.8em; text-align: right; }
td:first-child, th:first-child { text-align: left; }
";

#[cfg(test)]
mod tests {
    use super::super::counted::Counted;
    use super::super::rounds::What;
    use super::super::rows::rows;
    use super::*;

    #[test]
    fn a_page_has_bars_and_curves_and_nothing_from_elsewhere() {
        let lines: Vec<Line> = rows()
            .iter()
            .map(|row| {
                let mut line = Line::new(row, What::All);
                for runtime in row.runtimes() {
                    line.measured.series(runtime).push(f64::from(row.size));
                }
                line.counted = row.runs_in_guests().then(Counted::default);
                line
            })
            .collect();
        let page = page(&Machine::default(), &lines);
        let curves = page.matches("<figure class=\"curve\">").count();
        assert_eq!(curves, 5);
        assert_eq!(page.matches("<svg").count(), lines.len() + curves);
        assert!(page.contains("stream&lt;u8&gt;, guest to guest"));
        assert!(page.contains("<th>host calls<th>deliveries<th>allocations<th>context\n"));
        assert!(page.contains("<td>0 / 0 / -"));
        let outside = page.replace("http://www.w3.org/2000/svg", "");
        for link in ["http", "src=", "<link", "@import", "url("] {
            assert!(!outside.contains(link), "{link}");
        }
        assert!(!page.contains("NaN"));
    }
}
