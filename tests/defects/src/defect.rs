//! One defect: a file `NAME.toml` beside this package's manifest.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

/// A breakage of the runtime, and who must notice it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Defect {
    /// The name of its file, without the extension.
    #[serde(skip)]
    pub name: String,
    /// What is broken, in one line.
    pub title: String,
    /// What it does to those who use the runtime.
    pub why: String,
    /// The file that is changed, from the root of the repository.
    pub file: String,
    /// What is replaced; it occurs in the file exactly once.
    pub find: String,
    /// What takes its place.
    pub replace: String,
    /// Who must notice.
    pub red: Vec<Red>,
}

/// One that a defect must turn red.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Entry")]
pub struct Red {
    /// Which sort it is.
    pub kind: Kind,
    /// Its full name.
    pub name: String,
    /// A part of what the failure says: red for this reason, not for another.
    pub failure: Option<String>,
}

/// Who may notice.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A native test, by its program and its path in there.
    Test,
    /// A native test that notices only under Miri.
    Miri,
    /// A guest on wasmtime, by the name that `host-harness list` prints.
    Scenario,
}

/// How a file names one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    test: Option<String>,
    miri: Option<String>,
    scenario: Option<String>,
    failure: Option<String>,
}

impl TryFrom<Entry> for Red {
    type Error = &'static str;

    fn try_from(entry: Entry) -> Result<Red, &'static str> {
        let (kind, name) = match (entry.test, entry.miri, entry.scenario) {
            (Some(name), None, None) => (Kind::Test, name),
            (None, Some(name), None) => (Kind::Miri, name),
            (None, None, Some(name)) => (Kind::Scenario, name),
            _ => return Err("one `test`, one `miri` or one `scenario` has to go red"),
        };
        if kind != Kind::Scenario && !name.contains("::") {
            return Err("a test is named by its program too, as in `native::stream::name`");
        }
        Ok(Red {
            kind,
            name,
            failure: entry.failure,
        })
    }
}

/// Every defect in `directory`, by name.
///
/// # Errors
///
/// When a file cannot be read or is not a defect.
pub fn load(directory: &Path) -> Result<Vec<Defect>> {
    let mut defects = Vec::new();
    for entry in fs::read_dir(directory).with_context(|| directory.display().to_string())? {
        let path = entry?.path();
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.extension().is_none_or(|extension| extension != "toml") || name == "Cargo" {
            continue;
        }
        let shown = path.display();
        let text = fs::read_to_string(&path).with_context(|| format!("could not read {shown}"))?;
        let defect: Defect =
            toml::from_str(&text).with_context(|| format!("{shown} is no defect"))?;
        if defect.red.is_empty() {
            bail!("{shown} names nobody who must notice");
        }
        defects.push(Defect { name, ..defect });
    }
    defects.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(defects)
}

impl Defect {
    /// The text of the file in the tree `root`, with the defect.
    ///
    /// # Errors
    ///
    /// When the text to replace is not there exactly once, or would not change.
    pub fn applied(&self, root: &Path) -> Result<String> {
        let Defect {
            name,
            file,
            find,
            replace,
            ..
        } = self;
        let text = fs::read_to_string(root.join(file)).with_context(|| {
            format!("{name}: expected a file {file}; name the one that has the text now")
        })?;
        let found = text.matches(find.as_str()).count();
        if found != 1 {
            bail!(
                "{name}: expected its text once in {file}, found it {found} times; choose the text \
                 anew so that it breaks the same thing:\n{find}"
            );
        }
        if find == replace {
            bail!("{name}: replaces a text with itself");
        }
        Ok(text.replace(find.as_str(), replace))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn defects() -> Vec<Defect> {
        load(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("defects that can be read")
    }

    #[test]
    fn every_text_occurs_once() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let problems: Vec<String> = defects()
            .iter()
            .filter_map(|defect| defect.applied(&root).err())
            .map(|error| format!("{error:#}"))
            .collect();
        assert!(problems.is_empty(), "{}", problems.join("\n\n"));
    }

    #[test]
    fn there_are_enough() {
        assert!(
            defects().len() >= 20,
            "expected at least 20 defects, found {}",
            defects().len()
        );
    }

    fn red(text: &str) -> Result<Red, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn a_test_or_a_scenario_goes_red() {
        let test = red("test = 'native::stream::name'\nfailure = 'left'").expect("a test");
        assert_eq!(test.kind, Kind::Test);
        assert_eq!(test.name, "native::stream::name");
        assert_eq!(test.failure.as_deref(), Some("left"));
        let scenario = red("scenario = 'smoke/name@guest'").expect("a scenario");
        assert_eq!(scenario.kind, Kind::Scenario);
        assert_eq!(scenario.failure, None);
        let miri = red("miri = 'native::cabi::name'").expect("a test under Miri");
        assert_eq!(miri.kind, Kind::Miri);
        for wrong in [
            "failure = 'left'",
            "test = 'a::b'\nscenario = 'a/b'",
            "test = 'name'",
            "miri = 'name'",
            "tests = 'a::b'",
        ] {
            assert!(red(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_text_that_is_gone_is_told() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut defect = defects().swap_remove(0);
        defect.file = "Cargo.toml".to_owned();
        defect.find = "no manifest has this line".to_owned();
        let error = defect
            .applied(root)
            .expect_err("the text is not there")
            .to_string();
        assert!(error.contains("found it 0 times"), "{error}");
        defect.find = ".workspace".to_owned();
        let error = defect
            .applied(root)
            .expect_err("the text is there often")
            .to_string();
        assert!(error.contains("expected its text once"), "{error}");
    }
}
