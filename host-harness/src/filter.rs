//! Which scenarios a command is about.

/// Parts of names; none of them means everything.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    parts: Vec<String>,
}

/// How alike two names must be to be called near.
const NEAR: f64 = 0.6;

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
            .filter(|(likeness, _)| *likeness >= NEAR)
            .collect();
        near.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
        let asked: Vec<String> = self.parts.iter().map(|part| format!("`{part}`")).collect();
        let mut text = format!("no scenario matches {}, of {total}", asked.join(" or "));
        if near.is_empty() {
            text.push_str("; `list` shows them all");
        } else {
            text.push_str("; near names are:");
            for (_, name) in near.into_iter().take(MOST) {
                text.push_str("\n    ");
                text.push_str(name);
            }
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

    #[test]
    fn near_names_are_offered() {
        let text = Filter::new(vec!["yelds-once".to_owned()]).nothing(NAMES.into_iter());
        assert!(
            text.contains("`yelds-once`") && text.contains("smoke/yields-once"),
            "{text}"
        );
        assert!(!text.contains("streams/one"), "{text}");
    }

    #[test]
    fn without_near_names_the_way_to_all_names_is_told() {
        let text = Filter::new(vec!["qqqqqqqqqqq".to_owned()]).nothing(NAMES.into_iter());
        assert!(text.contains("of 3") && text.contains("`list`"), "{text}");
    }
}
