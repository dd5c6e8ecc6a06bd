//! Runs those who are to notice, and compares what they say with what was expected.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::defect::{Defect, Kind, Red};
use crate::harness::Harness;
use crate::native::Native;
use crate::runner::{Outcomes, Runner};
use crate::scratch::Scratch;

/// Where defects are tried, and by whom.
pub struct Check {
    /// The repository, which nobody breaks.
    pub root: PathBuf,
    /// The copy of it.
    pub place: PathBuf,
    /// Runs scenarios; there if one has to be.
    pub harness: Option<Harness>,
    /// Runs native tests.
    pub native: Native,
    /// Runs native tests under Miri.
    pub miri: Native,
}

impl Check {
    /// Demands that everybody passes as long as nothing is broken; returns how many
    /// they are.
    ///
    /// # Errors
    ///
    /// When somebody does not pass.
    pub fn sound(&self, chosen: &[&Defect]) -> Result<usize> {
        let reds: Vec<&Red> = chosen.iter().flat_map(|defect| &defect.red).collect();
        let outcomes = self.outcomes(&reds, None)?;
        let runners = self.runners(&reds);
        let names: BTreeSet<(Kind, &str)> = runners
            .iter()
            .flat_map(|(kind, _, names)| names.iter().map(|name| (*kind, *name)))
            .collect();
        let mut problems = Vec::new();
        for (kind, name) in &names {
            match outcomes[kind].get(*name) {
                Some(None) => {}
                Some(Some(failure)) => {
                    problems.push(format!("{name} fails: {}", first_line(failure)));
                }
                None => problems.push(format!(
                    "{name} did not run: it does not compile, or there is none of this name"
                )),
            }
        }
        if !problems.is_empty() {
            bail!(
                "nothing is broken yet, but\n    {}",
                problems.join("\n    ")
            );
        }
        Ok(names.len())
    }

    /// Demands that all who are to notice a defect do; returns what each of them said.
    ///
    /// # Errors
    ///
    /// When one of them does not notice, or the defect breaks more than it should.
    pub fn noticed(&self, defect: &Defect) -> Result<String> {
        let reds: Vec<&Red> = defect.red.iter().collect();
        let outcomes = self.outcomes(&reds, Some(defect))?;
        for (kind, runner, _) in self.runners(&reds) {
            let control = runner.control();
            match outcomes[&kind].get(control) {
                Some(None) => {}
                Some(Some(failure)) => bail!("{control} has to pass, but: {failure}"),
                None => bail!("{control} did not run: the defect does not compile"),
            }
        }
        let mut shown = Vec::new();
        let mut problems = Vec::new();
        for Red {
            kind,
            name,
            failure,
        } in reds
        {
            match (outcomes[kind].get(name), failure) {
                (Some(Some(found)), Some(expected)) if !found.contains(expected.as_str()) => {
                    problems.push(format!(
                        "{name} is red, but not with `{expected}`:\n{found}"
                    ));
                }
                (Some(Some(found)), _) => {
                    shown.push(format!("    red {name}: {}", first_line(found)));
                }
                (Some(None), _) => problems.push(format!(
                    "{name} passes although {}. {}",
                    defect.title, defect.why
                )),
                (None, _) => problems.push(format!(
                    "{name} did not run: the defect does not compile there"
                )),
            }
        }
        if !problems.is_empty() {
            bail!("{}", problems.join("\n    "));
        }
        Ok(shown.join("\n"))
    }

    /// Runs who is named by `reds`, in the copy, which has `defect`.
    fn outcomes(&self, reds: &[&Red], defect: Option<&Defect>) -> Result<BTreeMap<Kind, Outcomes>> {
        let scratch = Scratch::mirror(&self.root, &self.place)?;
        if let Some(defect) = defect {
            scratch.write(&defect.file, &defect.applied(&self.root)?)?;
        }
        self.runners(reds)
            .into_iter()
            .map(|(kind, runner, names)| Ok((kind, runner.run(&scratch, &names)?)))
            .collect()
    }

    /// The runners that are needed, with the names for each, its control included.
    fn runners<'a>(&'a self, reds: &[&'a Red]) -> Vec<(Kind, &'a dyn Runner, Vec<&'a str>)> {
        let harness = self.harness.as_ref().map(|harness| harness as &dyn Runner);
        let runners: [(Kind, Option<&dyn Runner>); 3] = [
            (Kind::Test, Some(&self.native)),
            (Kind::Miri, Some(&self.miri)),
            (Kind::Scenario, harness),
        ];
        runners
            .into_iter()
            .filter_map(|(kind, runner)| {
                let runner = runner?;
                let named = reds.iter().filter(|red| red.kind == kind);
                let mut names: Vec<&str> = named.map(|red| red.name.as_str()).collect();
                if names.is_empty() {
                    return None;
                }
                names.push(runner.control());
                Some((kind, runner, names))
            })
            .collect()
    }
}

/// What was found, as far as it fits a line.
fn first_line(text: &str) -> String {
    const WIDTH: usize = 160;
    text.lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(WIDTH)
        .collect()
}
