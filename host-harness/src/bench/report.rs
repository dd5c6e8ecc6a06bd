//! What rows came to: for people, or as JSON.

use serde_json::{Map, Value, json};

use super::counted::Counted;
use super::counts::Counts;
use super::rounds::What;
use super::rows::{Row, Runtime};
use super::stats::{Measured, Series};

/// A row and what it came to.
#[derive(Clone, Debug)]
pub struct Line {
    /// The name of the row.
    pub name: String,
    /// What a figure is of.
    pub unit: String,
    /// What the row is one point of, and at which number.
    pub curve: Option<(&'static str, u32)>,
    /// All figures, of which there are none if nothing was timed.
    pub measured: Measured,
    /// What the runner calls and allocates, if that was counted.
    pub counted: Option<Counted>,
}

impl Line {
    /// Of a row, with no figures yet.
    pub fn new(row: &Row, what: What) -> Line {
        Line {
            name: row.name.clone(),
            unit: match what {
                What::All => row.unit.to_owned(),
                What::Instructions => row.unit.replace("ns", "instr."),
                What::Counts => row.unit.replace("ns/", "per "),
            },
            curve: row.curve,
            measured: Measured::default(),
            counted: None,
        }
    }

    fn is_timed(&self) -> bool {
        self.measured.own.median().is_some()
    }

    /// One JSON object. Where there is no floor, it says `null`.
    pub fn json(&self) -> String {
        let mut object = Map::new();
        object.insert("name".into(), json!(self.name));
        object.insert("unit".into(), json!(self.unit));
        if self.is_timed() {
            self.add_times(&mut object);
        }
        if let Some(counted) = &self.counted {
            add_counts(&mut object, counted);
        }
        Value::Object(object).to_string()
    }

    fn add_times(&self, object: &mut Map<String, Value>) {
        let Measured {
            own,
            wit_bindgen,
            floor,
        } = &self.measured;
        let medians = [own, wit_bindgen, floor].map(|series| json!(series.median()));
        object.extend(KEYS.map(str::to_owned).into_iter().zip(medians));
        object.insert("speedup".into(), json!(self.measured.speedup()));
        object.insert("over_floor".into(), json!(self.measured.over_floor()));
        let spreads = [own, wit_bindgen, floor].map(|series| json!(series.spread()));
        object.insert("spread".into(), by_runtime(spreads));
    }
}

/// What the runtimes are called in JSON, in their order.
const KEYS: [&str; 3] = ["wit_async", "wit_bindgen", "floor"];

fn by_runtime(values: [Value; 3]) -> Value {
    KEYS.map(str::to_owned).into_iter().zip(values).collect()
}

/// What is counted: what it is called in JSON and in tables, and the figure.
type Figure = (&'static str, &'static str, fn(&Counts) -> f64);

/// Calls that leave the guest, those of the host, allocations, and calls that do not leave
/// the guest.
pub const COUNTED: [Figure; 4] = [
    ("calls", "host calls", Counts::calls),
    ("deliveries", "deliveries", Counts::deliveries),
    ("allocations", "allocations", Counts::allocations),
    ("context", "context", Counts::context),
];

fn add_counts(object: &mut Map<String, Value>, counted: &Counted) {
    for (key, _, figure) in COUNTED {
        let figures = counted.each(figure).map(|figure| json!(figure));
        object.insert(key.into(), by_runtime(figures));
    }
    let which = |counts: &Counts| -> Value {
        let calls = counts.by_name();
        calls
            .map(|(name, count)| (name.to_owned(), json!(count)))
            .collect()
    };
    let which = [
        which(&counted.own),
        which(&counted.wit_bindgen),
        counted.floor.as_ref().map_or(Value::Null, which),
    ];
    object.insert("which".into(), by_runtime(which));
}

/// A table with a line for each row: its times, what was counted, or both.
pub fn table(lines: &[Line]) -> String {
    let timed = lines.iter().any(Line::is_timed);
    let counted = lines.iter().any(|line| line.counted.is_some());
    let width = lines.iter().map(|line| line.name.len()).max().unwrap_or(0);
    let mut text = format!("{:width$}  {:12}", "", "unit");
    if timed {
        let [own, wit_bindgen, floor] = Runtime::ALL.map(Runtime::name);
        text.push_str(&format!(
            "  {own:>16}  {wit_bindgen:>16}  {floor:>16}  {:>8}  {:>10}",
            "speedup", "over floor",
        ));
    }
    if counted {
        for (_, title, _) in COUNTED {
            text.push_str(&format!("  {title:>18}"));
        }
    }
    for line in lines {
        text.push_str(&format!("\n{:width$}  {:12}", line.name, line.unit));
        if timed {
            let measured = &line.measured;
            text.push_str(&format!(
                "  {:>16}  {:>16}  {:>16}  {:>8}  {:>10}",
                figure(&measured.own),
                figure(&measured.wit_bindgen),
                figure(&measured.floor),
                ratio(measured.speedup()),
                ratio(measured.over_floor()),
            ));
        }
        if counted {
            for (_, _, figure) in COUNTED {
                text.push_str(&format!("  {:>18}", counts(line, figure)));
            }
        }
    }
    if timed {
        text.push_str(
            "\n\nmedians of all rounds, ± half of what the half in the middle spans; speedup: \
             wit-bindgen / wit-async, over floor: wit-async / floor, both the median of the ratios \
             of each round",
        );
    }
    if counted {
        text.push_str("\n\n");
        text.push_str(EXPLAINED);
    }
    text
}

/// What the figures are that were counted.
pub const EXPLAINED: &str = "host calls, deliveries, allocations, context: on wit-async / \
     wit-bindgen / floor, exactly, of the runner alone and in steady state; host calls are those \
     that leave the guest, deliveries those of its callbacks by the host, context those of \
     `context.get` and `context.set`, which hosts compile to a load and a store";

/// A figure on each runtime.
pub fn counts(line: &Line, figure: fn(&Counts) -> f64) -> String {
    let Some(counted) = &line.counted else {
        return "-".to_owned();
    };
    let figures = counted.each(figure);
    figures
        .map(|figure| figure.map_or_else(|| "-".to_owned(), exact))
        .join(" / ")
}

/// With no more digits than it takes, and at most two behind the point.
fn exact(figure: f64) -> String {
    let text = format!("{figure:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A median with its spread.
fn figure(series: &Series) -> String {
    match (series.median(), series.spread()) {
        (Some(median), Some(spread)) => {
            format!("{} ±{:>3.0} %", number(median), spread * 50.0)
        }
        _ => "-".to_owned(),
    }
}

/// With three or more digits.
pub fn number(figure: f64) -> String {
    match figure {
        100.0.. => format!("{figure:.0}"),
        10.0.. => format!("{figure:.1}"),
        _ => format!("{figure:.2}"),
    }
}

/// A ratio, where there is one.
pub fn ratio(ratio: Option<f64>) -> String {
    ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{}x", number(ratio)))
}

#[cfg(test)]
mod tests {
    use super::super::rows::rows;
    use super::*;

    fn line(name: &str, floor: bool) -> Line {
        let rows = rows();
        let row = rows.iter().find(|row| row.name == name);
        let mut measured = Measured::default();
        for figure in [2.0, 4.0, 3.0] {
            measured.series(Runtime::Own).push(figure);
            measured.series(Runtime::WitBindgen).push(figure * 2.0);
            if floor {
                measured.series(Runtime::Floor).push(figure / 2.0);
            }
        }
        Line {
            measured,
            ..Line::new(row.expect("a row of this name"), What::All)
        }
    }

    fn counted() -> Counted {
        let counts = |figures: &[(&str, f64)]| {
            let figures = figures.iter();
            figures
                .map(|(name, count)| (name.to_string(), *count))
                .collect()
        };
        Counted {
            own: counts(&[("import", 1.0), ("context.get", 2.0), ("allocation", 0.0)]),
            wit_bindgen: counts(&[
                ("import", 1.0),
                ("waitable.join", 2.5),
                ("allocation", 1.25),
            ]),
            floor: None,
        }
    }

    #[test]
    fn what_was_counted_stands_beside_the_times() {
        let mut line = line("task/spawn/1", false);
        line.counted = Some(counted());
        let object: Value = serde_json::from_str(&line.json()).expect("JSON");
        assert_eq!(object["wit_async"], 3.0);
        assert_eq!(
            object["calls"],
            json!({ "wit_async": 1.0, "wit_bindgen": 3.5, "floor": null })
        );
        assert_eq!(object["allocations"]["wit_bindgen"], 1.25);
        assert_eq!(object["context"]["wit_async"], 2.0);
        assert_eq!(object["which"]["wit_bindgen"]["waitable.join"], 2.5);
        assert_eq!(object["which"]["wit_async"], json!({ "import": 1.0 }));
        let text = table(&[line]);
        for part in ["speedup", "1 / 3.5 / -", "0 / 1.25 / -", "2 / 0 / -"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn where_nothing_was_timed_there_are_no_times() {
        let rows = rows();
        let row = rows.iter().find(|row| row.name == "import/ready");
        let line = Line {
            counted: Some(counted()),
            ..Line::new(row.expect("a row of this name"), What::Counts)
        };
        let object: Value = serde_json::from_str(&line.json()).expect("JSON");
        assert_eq!(object["unit"], "per call");
        assert_eq!(object.get("wit_async"), None);
        assert_eq!(object["calls"]["wit_async"], 1.0);
        let text = table(&[line]);
        assert!(
            text.contains("host calls") && !text.contains("speedup"),
            "{text}"
        );
    }

    #[test]
    fn what_is_exact_has_no_more_digits_than_it_takes() {
        for (figure, text) in [(0.0, "0"), (10.0, "10"), (1.5, "1.5"), (2.0 / 3.0, "0.67")] {
            assert_eq!(exact(figure), text);
        }
    }

    #[test]
    fn a_line_of_json_has_what_it_should() {
        let text = line("import/ready", true).json();
        let object: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(object["name"], "import/ready");
        assert_eq!(object["unit"], "ns/call");
        assert_eq!(object["wit_async"], 3.0);
        assert_eq!(object["wit_bindgen"], 6.0);
        assert_eq!(object["floor"], 1.5);
        assert_eq!(object["speedup"], 2.0);
        assert_eq!(object["over_floor"], 2.0);
        assert!(!text.contains('\n'));
    }

    #[test]
    fn where_there_is_no_floor_the_keys_are_there() {
        let text = line("task/spawn/1", false).json();
        let object: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(object.get("floor"), Some(&serde_json::Value::Null));
        assert_eq!(object.get("over_floor"), Some(&serde_json::Value::Null));
        assert_eq!(object["speedup"], 2.0);
    }

    #[test]
    fn a_row_that_loses_is_in_the_table() {
        let mut slow = line("import/ready", true);
        slow.measured.own = slow.measured.wit_bindgen.clone();
        slow.measured.wit_bindgen = slow.measured.floor.clone();
        let text = table(&[slow]);
        assert!(text.contains("import/ready"), "{text}");
        assert!(text.contains("0.25x"), "{text}");
    }
}
