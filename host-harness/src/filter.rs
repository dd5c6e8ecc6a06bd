//! Which scenarios a command is about.

/// Parts of names; none of them means everything.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    parts: Vec<String>,
}

/// How alike two names must be to be called near.
const NEAR: f64 = 0.6;

/// How many near names are shown, even if none is near.
const LEAST: usize = 3;

/// How many near names are worth reading.
const MOST: usize = 8;

impl Filter {
    /// A name matches if it contains one of `parts`.
    pub fn new(parts: Vec<String>) -> Filter {
        Filter { parts }
    }

    /// Whether `name` is among what was asked for.
    pub fn matches(&self, name: &str) -> bool {
        self.parts.is_empty() || self.parts.iter().any(|part| name.contains(part.as_str()))
    }

    /// What to say when nothing matched.
    pub fn nothing<'a>(&self, names: impl Iterator<Item = &'a str> + Clone) -> String {
        let total = names.clone().count();
        let mut near: Vec<(f64, &str)> = names
            .map(|name| {
                let alike = self.parts.iter().map(|part| likeness(part, name));
                (alike.fold(0.0, f64::max), name)
            })
            .collect();
        near.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
        let alike = near
            .iter()
            .take_while(|(likeness, _)| *likeness >= NEAR)
            .count();
        near.truncate(alike.clamp(LEAST, MOST));
        let asked: Vec<String> = self.parts.iter().map(|part| format!("`{part}`")).collect();
        let mut text = format!(
            "no scenario matches {}, of {total} that `list` shows; the nearest names are:",
            asked.join(" or "),
        );
        for (_, name) in near {
            text.push_str("\n    ");
            text.push_str(name);
        }
        text
    }
}

/// Of the part with the whole name, or with one of the name's own parts.
fn likeness(part: &str, name: &str) -> f64 {
    let pieces = name.split(['/', '@']).chain([name]);
    pieces
        .map(|piece| strsim::normalized_damerau_levenshtein(part, piece))
        .fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 3] = [
        "smoke/yields-once",
        "smoke/returns-at-once",
        "streams/one@guest",
    ];

    #[test]
    fn a_part_of_the_name_is_enough() {
        let filter = Filter::new(vec!["yields".to_owned(), "@guest".to_owned()]);
        let matching: Vec<&str> = NAMES
            .into_iter()
            .filter(|name| filter.matches(name))
            .collect();
        assert_eq!(matching, ["smoke/yields-once", "streams/one@guest"]);
        assert!(Filter::default().matches("anything"));
    }

    const MANY: [&str; 5] = [
        "a/one",
        "a/two",
        "a/three",
        "smoke/yields-once",
        "smoke/four",
    ];

    #[test]
    fn near_names_come_first() {
        let text = Filter::new(vec!["smokey/yield".to_owned()]).nothing(MANY.into_iter());
        let mut lines = text.lines();
        assert!(
            lines
                .next()
                .is_some_and(|line| line.contains("`smokey/yield`, of 5")),
            "{text}"
        );
        assert_eq!(
            lines.next().map(str::trim),
            Some("smoke/yields-once"),
            "{text}"
        );
    }

    #[test]
    fn some_names_are_offered_even_if_none_is_near() {
        let text = Filter::new(vec!["qqqqqqqqqqq".to_owned()]).nothing(MANY.into_iter());
        assert_eq!(text.lines().count(), 1 + LEAST, "{text}");
        assert!(text.contains("`list`"), "{text}");
    }
}
