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

    /// What is asked for and matches none of `names`.
    pub fn vain<'a>(&self, names: impl Iterator<Item = &'a str> + Clone) -> Filter {
        let vain = |part: &&String| !names.clone().any(|name| name.contains(part.as_str()));
        Filter::new(self.parts.iter().filter(vain).cloned().collect())
    }

    /// Whether everything is asked for.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// What to say when no scenario matched.
    pub fn nothing<'a>(&self, names: impl Iterator<Item = &'a str> + Clone) -> String {
        self.none_of("scenario", " that `list` shows", names)
    }

    /// What to say when nothing of a kind matched, and where its names can be seen.
    pub fn none_of<'a>(
        &self,
        kind: &str,
        shown: &str,
        names: impl Iterator<Item = &'a str> + Clone,
    ) -> String {
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
            "no {kind} matches {}, of {total}{shown}; the nearest names are:",
            asked.join(" or "),
        );
        for (_, name) in near {
            text.push_str("\n    ");
            text.push_str(name);
        }
        text
    }
}

/// How near a part is to a name: with each of its pieces to the piece at the same
/// place, to one elsewhere, or to a word.
fn likeness(part: &str, name: &str) -> f64 {
    let part = part.to_lowercase();
    let asked: Vec<&str> = part
        .split(['/', '@'])
        .filter(|piece| !piece.is_empty())
        .collect();
    let pieces: Vec<&str> = name.split(['/', '@']).collect();
    let alike = strsim::normalized_damerau_levenshtein;
    let nearest = |(place, asked): (usize, &&str)| {
        let there = pieces.get(place).map_or(0.0, |piece| alike(asked, piece));
        let elsewhere = pieces.iter().map(|piece| 0.9 * alike(asked, piece));
        let words = pieces.iter().flat_map(|piece| piece.split('-'));
        let words = words.map(|word| 0.8 * alike(asked, word));
        elsewhere.chain(words).fold(there, f64::max)
    };
    let sum: f64 = asked.iter().enumerate().map(nearest).sum();
    sum / asked.len().max(1) as f64
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
    fn themes_and_words_are_near_too() {
        let names = [
            "a/b/spawn-once",
            "tasks/solo/spawn-once",
            "tasks/solo/yields",
            "x/tasks/y",
        ];
        let first = |part: &str| {
            let text = Filter::new(vec![part.to_owned()]).nothing(names.into_iter());
            text.lines().nth(1).map(|line| line.trim().to_owned())
        };
        assert_eq!(first("taks/").as_deref(), Some("tasks/solo/spawn-once"));
        assert_eq!(
            first("tasks/solo/YIELD").as_deref(),
            Some("tasks/solo/yields")
        );
        assert_eq!(
            first("tasks/solo/SPAWN").as_deref(),
            Some("tasks/solo/spawn-once")
        );
    }

    #[test]
    fn what_matches_nothing_is_told_beside_what_matches() {
        let filter = Filter::new(vec!["yields".to_owned(), "nosuch".to_owned()]);
        let vain = filter.vain(NAMES.into_iter());
        assert!(!vain.is_empty());
        assert!(
            vain.nothing(NAMES.into_iter())
                .contains("matches `nosuch`, of 3")
        );
        assert!(Filter::default().vain(NAMES.into_iter()).is_empty());
    }

    #[test]
    fn some_names_are_offered_even_if_none_is_near() {
        let text = Filter::new(vec!["qqqqqqqqqqq".to_owned()]).nothing(MANY.into_iter());
        assert_eq!(text.lines().count(), 1 + LEAST, "{text}");
        assert!(text.contains("`list`"), "{text}");
    }
}
