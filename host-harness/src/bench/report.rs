//! What rows came to: for people, or as JSON.

use serde_json::json;

use super::rows::Row;
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
    /// All figures.
    pub measured: Measured,
}

impl Line {
    /// Of a row, of which instructions were counted, or the time was taken.
    pub fn new(row: &Row, counted: bool, measured: Measured) -> Line {
        Line {
            name: row.name.clone(),
            unit: match counted {
                true => row.unit.replace("ns", "instr."),
                false => row.unit.to_owned(),
            },
            curve: row.curve,
            measured,
        }
    }

    /// One JSON object. Where there is no floor, it says `null`.
    pub fn json(&self) -> String {
        let Measured {
            own,
            wit_bindgen,
            floor,
        } = &self.measured;
        json!({
            "name": self.name,
            "unit": self.unit,
            "wit_async": own.median(),
            "wit_bindgen": wit_bindgen.median(),
            "floor": floor.median(),
            "speedup": self.measured.speedup(),
            "over_floor": self.measured.over_floor(),
            "spread": {
                "wit_async": own.spread(),
                "wit_bindgen": wit_bindgen.spread(),
                "floor": floor.spread(),
            },
        })
        .to_string()
    }
}

/// A table with a line for each row.
pub fn table(lines: &[Line]) -> String {
    let width = lines.iter().map(|line| line.name.len()).max().unwrap_or(0);
    let mut text = format!(
        "{:width$}  {:12}  {:>16}  {:>16}  {:>16}  {:>8}  {:>10}",
        "", "unit", "wit-async", "wit-bindgen", "floor", "speedup", "over floor",
    );
    for line in lines {
        let measured = &line.measured;
        text.push_str(&format!(
            "\n{:width$}  {:12}  {:>16}  {:>16}  {:>16}  {:>8}  {:>10}",
            line.name,
            line.unit,
            figure(&measured.own),
            figure(&measured.wit_bindgen),
            figure(&measured.floor),
            ratio(measured.speedup()),
            ratio(measured.over_floor()),
        ));
    }
    text.push_str(
        "\n\nmedians of all rounds, ± half of what the half in the middle spans; speedup: \
         wit-bindgen / wit-async, over floor: wit-async / floor, both the median of the ratios of \
         each round",
    );
    text
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
    use super::super::rows::{Runtime, rows};
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
        Line::new(row.expect("a row of this name"), false, measured)
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
